//! The text form: what is read, and what is said about what cannot be.

use callsheet::diagnostic::{Style, render};
use callsheet::source::{Position, SourceId, Sources};
use callsheet::syntax::{Limits, cap, text};
use expect_test::{Expect, expect};

/// The example of the language page.
pub const PAGE: &str = r##"# Acme's recording policy
callsheet 1
layer organisation
our domains @acme.com, @acme.co.uk
timezone "Europe/London"
default skip

list customers = [@customer.com, @*.bigco.com, ceo@partner.example]
list interviews = ["interview", "面接", "screening call"]
person boss = [dana@acme.com, dana.k@acme.co.uk]

rule hr-private "HR and legal stay private":
  never record
  when title matches /\b(hr|salary|confidential)\b/i or visibility is private
  because "Works council agreement 2025-04"

rule customer-calls "Customer calls":
  always record
  when any attendee in customers
  unless title contains "[no recording]"
  with { bot_name: "Acme Notetaker", join: 2m before start, keep: 180d }

rule boss-one-on-one "1:1 with my manager":
  skip
  when one-on-one and any attendee is boss

rule weekly-syncs:
  record
  when repeats weekly and attendees >= 3

rule office-hour-demos:
  record from 2026-01-01 until 2026-06-30 shadow
  when all of (
    any attendee is external,
    title contains any of ["demo", "poc"],
    starts between 09:00 and 18:00 on mon..fri,
  )

rule month-end:
  record
  when starts on rrule "FREQ=MONTHLY;BYDAY=-1FR"

rule internal-meetings "Record all internal meetings":
  record
  when every attendee is internal

test "a 1:1 with the manager is left alone":
  event { title: "Catch-up", attendees: [me, dana@acme.com], start: 2026-03-02 10:00, duration: 30m }
  expect skip by boss-one-on-one
"##;

/// All diagnostics of a text, drawn.
fn drawn(rules: &str) -> String {
    let mut sources = Sources::default();
    let source = sources.add("team.rules", rules);
    let (_, diagnostics) = text::parse(source, rules, &Limits::default());
    diagnostics.iter().map(|diagnostic| render(diagnostic, &sources, Style::Plain) + "\n").collect()
}

fn check(rules: &str, expected: Expect) {
    expected.assert_eq(&drawn(rules));
}

#[test]
fn the_page_s_example_is_read_without_a_word() {
    check(PAGE, expect![[""]]);
}

#[test]
fn every_error_of_a_file_is_reported_in_one_run() {
    check(
        r#"callsheet 1
rule a:
  record
  when organiser is internal
rule b:
  record
  when (title contains "x" or attendees >= 3
  unless visibility is privat
rule c
  skip
  when title contains "x and all-day
list d = [@a.com @b.com]
timezone Europe/London
rulle e:
  skip
"#,
        expect![[r#"
            error[unknown-subject]: a meeting has no `organiser`
             --> team.rules:4:8
              |
            4 |   when organiser is internal
              |        ^^^^^^^^^ not something a condition can ask about
              |
              = help: did you mean `organizer`?
            error[syntax-error]: this `(` is never closed
             --> team.rules:7:8
              |
            7 |   when (title contains "x" or attendees >= 3
              |        ^                                   - a `)` is missing by here
            error[unknown-value]: `privat` is not a value of `visibility`
             --> team.rules:8:24
              |
            8 |   unless visibility is privat
              |                        ^^^^^^
              |
              = help: did you mean `private`?
              = help: it is one of `default`, `public`, `private`, `confidential`
            error[syntax-error]: expected `:` or a text in quotes after `c`
             --> team.rules:9:6
              |
            9 | rule c
              |      ^
            error[syntax-error]: this text is never closed
              --> team.rules:11:23
               |
            11 |   when title contains "x and all-day
               |                       ^^^^^^^^^^^^^^ a closing `"` is missing on this line
            error[syntax-error]: expected a comma, found `@b.com`
              --> team.rules:12:18
               |
            12 | list d = [@a.com @b.com]
               |                  ^^^^^^
            error[syntax-error]: expected a text in quotes, found `Europe/London`
              --> team.rules:13:10
               |
            13 | timezone Europe/London
               |          ^^^^^^^^^^^^^
            error[syntax-error]: `rulle` begins no piece of a rule file
              --> team.rules:14:1
               |
            14 | rulle e:
               | ^^^^^
               |
               = help: did you mean `rule`?
        "#]],
    );
}

#[test]
fn diagnostics_past_the_shown_ones_are_counted() {
    let limits = Limits { diagnostics: 2, ..Limits::default() };
    let rules = "list a = [b c, d, e, f]";
    let (_, mut diagnostics) = text::parse(SourceId(0), rules, &limits);
    cap(&mut diagnostics, &limits);
    let said: Vec<(&str, usize)> =
        diagnostics.iter().map(|diagnostic| (diagnostic.message.as_str(), diagnostic.primary.span.range().start)).collect();
    expect![[r#"
        [
            (
                "expected a text in quotes, an address or a date, found `b`",
                10,
            ),
            (
                "expected a text in quotes, an address or a date, found `d`",
                15,
            ),
            (
                "2 more remarks are not shown",
                18,
            ),
        ]
    "#]]
    .assert_debug_eq(&said);
}

/// One line for each diagnostic: code, place, message, help.
fn brief(rules: &str) -> String {
    let (_, diagnostics) = text::parse(SourceId(0), rules, &Limits::default());
    let mut lines = String::new();
    for diagnostic in diagnostics {
        let place = Position::of(rules, diagnostic.primary.span.range().start);
        let (line, column) = (place.line, place.column);
        lines += &format!("{}[{line}:{column}] {}\n", diagnostic.code.as_str(), diagnostic.message);
        for help in &diagnostic.help {
            lines += &format!("  help: {help}\n");
        }
    }
    lines
}

/// What is said about each condition, one a rule.
fn conditions(conditions: &[&str], expected: Expect) {
    let mut said = String::new();
    for condition in conditions {
        let rules = format!("define x = {condition}\n");
        said += &format!("{condition}\n");
        for line in brief(&rules).lines() {
            said += &format!("    {line}\n");
        }
    }
    expected.assert_eq(&said);
}

#[test]
fn words_that_nobody_knows() {
    conditions(
        &[
            "organiser is internal",
            "titel contains \"x\"",
            "foo bar",
            "subject contains \"x\"",
            "title has \"x\"",
            "title contain \"x\"",
            "title = \"x\"",
            "Title is \"x\"",
            "any atendee is external",
            "anyone is external",
            "attendees is 3",
            "attendees == 3",
            "attendees > three",
            "duration < 10 minutes",
            "duration < 1h90",
            "duration > 1w",
            "visibility is privat",
            "visibility = private",
            "status is cancelled",
            "kind is any of [focus, brithday]",
            "repeats weakly",
            "repeats every week",
            "repeats on monday",
            "starts on monday",
            "starts at 9",
            "starts at 25:00",
            "starts between 9:00 to 17:00",
            "starts between 9:00 or 17:00 and all-day",
            "starts 09:00",
            "starts",
            "occurrence is mooved",
            "my response is yes",
            "my respons is declined",
            "has links",
            "shows busy",
            "one on one",
            "all day",
            "me is organizer",
        ],
        expect![[r#"
            organiser is internal
                unknown-subject[1:12] a meeting has no `organiser`
                  help: did you mean `organizer`?
            titel contains "x"
                unknown-subject[1:12] a meeting has no `titel`
                  help: did you mean `title`?
            foo bar
                syntax-error[1:16] expected `and`, `or` or the end of the condition, found `bar`
            subject contains "x"
                unknown-subject[1:12] a meeting has no `subject`
                  help: did you mean `title`?
            title has "x"
                unknown-operator[1:18] expected `is`, `contains`, `starts with`, `ends with` or `matches`, found `has`
            title contain "x"
                unknown-operator[1:18] expected `is`, `contains`, `starts with`, `ends with` or `matches`, found `contain`
                  help: did you mean `contains`?
            title = "x"
                unknown-operator[1:18] expected `is`, `contains`, `starts with`, `ends with` or `matches`, found `=`
            Title is "x"
                unknown-subject[1:12] a meeting has no `Title`
                  help: did you mean `title`?
            any atendee is external
                syntax-error[1:16] expected `attendee`, `attendees` or `of`, found `atendee`
                  help: did you mean `attendee`?
            anyone is external
                unknown-subject[1:12] a meeting has no `anyone`
                  help: did you mean `any attendee`?
            attendees is 3
                unknown-operator[1:22] expected `between` or a comparison such as `>= 3`, found `is`
            attendees == 3
                unknown-operator[1:22] `==` is written `=`
                  help: did you mean `=`?
            attendees > three
                syntax-error[1:24] expected a number, found `three`
            duration < 10 minutes
                syntax-error[1:23] expected a length of time such as `10m` or `1h30m`, found `10`
            duration < 1h90
                syntax-error[1:23] expected a length of time such as `10m` or `1h30m`, found `1h90`
            duration > 1w
                syntax-error[1:23] expected a length of time such as `10m` or `1h30m`, found `1w`
            visibility is privat
                unknown-value[1:26] `privat` is not a value of `visibility`
                  help: did you mean `private`?
                  help: it is one of `default`, `public`, `private`, `confidential`
            visibility = private
                unknown-operator[1:23] expected `is`, found `=`
            status is cancelled
                unknown-value[1:22] `cancelled` is not a value of `status`
                  help: it is one of `confirmed`, `tentative`
            kind is any of [focus, brithday]
                unknown-value[1:35] `brithday` is not a value of `kind`
                  help: did you mean `birthday`?
                  help: it is one of `default`, `focus`, `out_of_office`, `working_location`, `birthday`, `from_gmail`, `other`
            repeats weakly
                unknown-operator[1:20] expected `daily`, `weekly`, `monthly`, `yearly`, `at`, `every`, `forever`, `on`, `and`, `or` or the end of the condition, found `weakly`
                  help: did you mean `weekly`?
            repeats every week
                syntax-error[1:26] expected a number, found `week`
            repeats on monday
                syntax-error[1:23] expected days such as `mon..fri`, found `monday`
                  help: did you mean `mon`?
            starts on monday
                syntax-error[1:22] expected `any`, `rrule`, days such as `mon..fri` or a date such as `2026-01-31`, found `monday`
                  help: did you mean `mon`?
            starts at 9
                syntax-error[1:22] expected a time of day such as `09:00`, found `9`
            starts at 25:00
                value-out-of-range[1:22] there is no time of day `25:00`
                  help: times go from `00:00` to `24:00`
            starts between 9:00 to 17:00
                syntax-error[1:32] expected `and`, found `to`
            starts between 9:00 or 17:00 and all-day
                syntax-error[1:27] expected `and` after `9:00`
                syntax-error[1:35] expected a condition, found `17:00`
                mixed-and-or[1:41] `and` and `or` do not mix without parentheses
                  help: write `starts between 9:00 or (17:00 and all-day)` or `(starts between 9:00 or 17:00) and all-day`
            starts 09:00
                unknown-operator[1:19] expected `before`, `after`, `at`, `between` or `on`, found `09:00`
            starts
                syntax-error[1:12] expected `before`, `after`, `at`, `between` or `on` after `starts`
            occurrence is mooved
                unknown-value[1:26] `mooved` is not a value of `occurrence`
                  help: did you mean `moved`?
                  help: it is one of `first`, `moved`, `changed`
            my response is yes
                unknown-value[1:27] `yes` is not a value of `my response`
                  help: it is one of `accepted`, `tentative`, `declined`, `none`, `organizer`
            my respons is declined
                syntax-error[1:15] expected `response`, found `respons`
                  help: did you mean `response`?
            has links
                syntax-error[1:16] expected `link`, found `links`
                  help: did you mean `link`?
            shows busy
                syntax-error[1:18] expected `as`, found `busy`
            one on one
                unknown-subject[1:12] `one-on-one` is one word, with hyphens
                  help: did you mean `one-on-one`?
            all day
                unknown-subject[1:12] `all-day` is one word, with hyphens
                  help: did you mean `all-day`?
            me is organizer
                syntax-error[1:12] expected a condition, found `me`
        "#]],
    );
}

#[test]
fn structure_that_does_not_hold() {
    conditions(
        &[
            "",
            "and all-day",
            "all-day and",
            "all-day or or has link",
            "all-day and has link or one-on-one",
            "(all-day",
            "all-day)",
            "all of ()",
            "all of (all-day,, has link)",
            "all of all-day",
            "all of (all-day has link)",
            "surely all-day",
            "not",
            "(all-day or has link) and one-on-one or repeats",
            "title contains \"x",
            "title contains \"a\\q\"",
            "title matches foo",
            "title matches /a/gi",
            "title matches /a",
            "title contains any of \"a\"",
            "title contains any of [\"a\" \"b\"]",
            "title contains [\"a\"]",
            "title contains any of [a, b]",
            "starts on 2026-02-30",
            "starts on rrule FREQ=DAILY",
            "all-day; has link",
            "title contains \u{201c}x\u{201d}",
            "all-day && has link",
        ],
        expect![[r#"

                syntax-error[1:10] expected a condition after `=`
            and all-day
                syntax-error[1:10] expected a condition after `=`
            all-day and
                syntax-error[1:20] expected a condition after `and`
            all-day or or has link
                syntax-error[1:20] expected a condition after `or`
            all-day and has link or one-on-one
                mixed-and-or[1:33] `and` and `or` do not mix without parentheses
                  help: write `(all-day and has link) or one-on-one` or `all-day and (has link or one-on-one)`
            (all-day
                syntax-error[1:12] this `(` is never closed
            all-day)
                syntax-error[1:19] `)` closes nothing
            all of ()
                empty-list[1:19] a list of conditions needs at least one
            all of (all-day,, has link)
                syntax-error[1:27] expected a condition after `,`
            all of all-day
                syntax-error[1:19] expected `(`, found `all-day`
            all of (all-day has link)
                syntax-error[1:28] expected `and`, `or` or the end of the condition, found `has`
            surely all-day
                syntax-error[1:19] expected `(`, found `all-day`
            not
                syntax-error[1:12] expected a condition after `not`
            (all-day or has link) and one-on-one or repeats
                mixed-and-or[1:49] `and` and `or` do not mix without parentheses
                  help: write `((all-day or has link) and one-on-one) or repeats` or `(all-day or has link) and (one-on-one or repeats)`
            title contains "x
                syntax-error[1:27] this text is never closed
            title contains "a\q"
                syntax-error[1:29] this escape does not exist
                  help: a text knows `\"`, `\\`, `\n`, `\t` and `\u{1f600}`; write `\\` for a backslash
            title matches foo
                syntax-error[1:26] expected a regular expression such as `/stand-?up/i`, found `foo`
            title matches /a/gi
                unknown-value[1:29] a regular expression has no flag `g`
                  help: the flags are `i` (any case), `s` (`.` matches line ends) and `x` (blanks mean nothing)
            title matches /a
                syntax-error[1:26] this regular expression is never closed
            title contains any of "a"
                syntax-error[1:34] expected `[` or a name, found `"a"`
            title contains any of ["a" "b"]
                syntax-error[1:39] expected a comma, found `"b"`
            title contains ["a"]
                syntax-error[1:27] expected `any` or a text in quotes, found `[`
            title contains any of [a, b]
                syntax-error[1:35] expected a text in quotes, found `a`
                syntax-error[1:38] expected a text in quotes, found `b`
            starts on 2026-02-30
                value-out-of-range[1:22] there is no day `2026-02-30`
            starts on rrule FREQ=DAILY
                syntax-error[1:28] expected a text in quotes, found `FREQ`
            all-day; has link
                syntax-error[1:19] expected `and`, `or` or the end of the condition, found `;`
            title contains “x”
                syntax-error[1:27] expected `any` or a text in quotes, found `“x”`
                  help: a text stands in straight quotes, `"`
            all-day && has link
                unknown-operator[1:20] `&&` is written `and`
                  help: did you mean `and`?
        "#]],
    );
}

#[test]
fn a_not_in_the_wrong_place() {
    conditions(
        &[
            "any attendee is not boss",
            "every attendee is not internal",
            "organizer is not external",
            "title is not \"x\"",
            "visibility is not private",
            "any attendee not in customers",
            "any attendee (is not internal)",
            "at least 2 attendees not from @a.com",
            "title does not contain \"x\"",
            "any attendee is not boss and all-day",
            "any attendee not from any of [@a.com, @b.com]",
            "title does not match /x/",
        ],
        expect![[r#"
            any attendee is not boss
                ambiguous-not[1:28] this `not` can be read in two ways
                  help: write `no attendee is boss` or `any attendee (not is boss)`
            every attendee is not internal
                ambiguous-not[1:30] this `not` can be read in two ways
                  help: write `not every attendee is internal` or `every attendee (not is internal)`
            organizer is not external
                ambiguous-not[1:25] `not` stands before what it denies
                  help: write `not organizer is external`
            title is not "x"
                ambiguous-not[1:21] `not` stands before what it denies
                  help: write `not title is "x"`
            visibility is not private
                ambiguous-not[1:26] `not` stands before what it denies
                  help: write `not visibility is private`
            any attendee not in customers
                ambiguous-not[1:25] this `not` can be read in two ways
                  help: write `no attendee in customers` or `any attendee (not in customers)`
            any attendee (is not internal)
                ambiguous-not[1:29] `not` stands before what it denies
                  help: write `not is internal`
            at least 2 attendees not from @a.com
                ambiguous-not[1:33] this `not` can be read in two ways
                  help: write `not at least 2 attendees from @a.com` or `at least 2 attendees (not from @a.com)`
            title does not contain "x"
                ambiguous-not[1:23] `not` stands before what it denies
                  help: write `not title contains "x"`
            any attendee is not boss and all-day
                ambiguous-not[1:28] this `not` can be read in two ways
                  help: write `no attendee is boss` or `any attendee (not is boss)`
            any attendee not from any of [@a.com, @b.com]
                ambiguous-not[1:25] this `not` can be read in two ways
                  help: write `no attendee from any of [@a.com, @b.com]` or `any attendee (not from any of [@a.com, @b.com])`
            title does not match /x/
                ambiguous-not[1:23] `not` stands before what it denies
                  help: write `not title matches /x/`
        "#]],
    );
}

#[test]
fn people_that_cannot_be_tested_so() {
    conditions(
        &[
            "any attendee",
            "any attendee boss",
            "any attendee is",
            "any attendee is in customers",
            "any attendee from acme.com",
            "any attendee from any of @a.com",
            "any attendee (is external and declined or accepted)",
            "any attendee (is external",
            "any attendee is external and declined",
            "organizer external",
            "any attendee in [@a.com]",
            "any attendee in @a.com",
            "at least two attendees are external",
            "exactly 99999999999 attendees is me",
            "any attendee is organiser",
            "any attendee acepted",
            "any attendee has answered",
        ],
        expect![[r#"
            any attendee
                syntax-error[1:16] expected a test such as `is external`, `in customers`, `from @acme.com` or `declined` after `attendee`
            any attendee boss
                unknown-operator[1:25] expected a test such as `is external`, `in customers`, `from @acme.com` or `declined`, found `boss`
            any attendee is
                syntax-error[1:25] expected somebody such as `me`, `external`, `dana@acme.com` or the name of a person after `is`
            any attendee is in customers
                syntax-error[1:28] expected somebody such as `me`, `external`, `dana@acme.com` or the name of a person, found `in`
                  help: leave out `is`
            any attendee from acme.com
                syntax-error[1:30] expected `any` or an address such as `dana@acme.com` or `@acme.com`, found `acme.com`
            any attendee from any of @a.com
                syntax-error[1:37] expected `[`, found `@a.com`
            any attendee (is external and declined or accepted)
                mixed-and-or[1:51] `and` and `or` do not mix without parentheses
                  help: write `(is external and declined) or accepted` or `is external and (declined or accepted)`
            any attendee (is external
                syntax-error[1:25] this `(` is never closed
            any attendee is external and declined
                syntax-error[1:41] expected a condition, found the test `declined` without a person
                  help: two tests of one person stand in parentheses: `any attendee (is external and declined)`
            organizer external
                unknown-operator[1:22] expected a test such as `is external`, `in customers`, `from @acme.com` or `declined`, found `external`
            any attendee in [@a.com]
                syntax-error[1:28] expected a name, found `[`
                  help: `in` takes the name of a list; for domains write `from any of [`…`]`
            any attendee in @a.com
                syntax-error[1:28] expected a name, found `@a.com`
                  help: `in` takes the name of a list; for a domain write `from`
            at least two attendees are external
                syntax-error[1:21] expected a number, found `two`
            exactly 99999999999 attendees is me
                value-out-of-range[1:20] `99999999999` is not a number from 0 to 4294967295
            any attendee is organiser
            any attendee acepted
                unknown-operator[1:25] expected a test such as `is external`, `in customers`, `from @acme.com` or `declined`, found `acepted`
                  help: did you mean `accepted`?
            any attendee has answered
                syntax-error[1:29] expected `not`, found `answered`
        "#]],
    );
}

#[test]
fn pieces_that_lack_something() {
    let pieces = [
        "rule: record",
        "rule a: when all-day",
        "rule a record",
        "rule a b: record",
        "rule default: record",
        "rule \"x\": record",
        "rule a:\n  record\n  wehn all-day",
        "rule a:\n  recrod\n  when all-day",
        "rule a: record record",
        "rule a:\n  never recrd",
        "rule a: record from 2026-13-01",
        "rule a: record form 2026-01-01",
        "rule a:\n  record\n  when all-day\n  when has link",
        "rule a:\n  record\n  with { keep 3d }",
        "rule a:\n  record\n  with { keep: 3d, keep: 4d }",
        "rule a: record with { keep: }",
        "rule a:\n  record\n  because no",
        "rule a: record\n  foo bar",
        "list a",
        "list a = \"x\"",
        "list a = [x]",
        "list a = [\"x\" \"y\"]",
        "list a provided things",
        "list title = []",
        "list a = [\"x\"] foo",
        "person p = dana@a.com",
        "person p = [dana]",
        "callsheet 2",
        "layer organization",
        "timezone London",
        "default maybe",
        "defaults { keep: 3d }",
        "our domain @a.com",
        "our domains acme.com",
        "recordable { allday: yes }",
        "recordable { all_day: sure }",
        "recordable { kinds: focus }",
        "limits { keep: at 3d }",
        "limits { keep: at most }",
        "timezone \"a\"\ntimezone \"b\"",
        "layer user\ncallsheet 1",
        "test \"x\":\n  event { title: }\n  expect skip",
        "test \"x\":\n  expect skip",
        "test \"x\":\n  event {}\n  expects skip",
        "test \"x\":\n  event {}\n  expect skip for a",
        "test \"x\":\n  event { attendees: [me acepted] }\n  expect default",
        "test \"x\":\n  event { start: 2026-01-01 24:00 }\n  expect default",
        "test x:\n  event {}\n  expect skip",
        "hello world",
        "when all-day",
        "# lint: ignore x\nrule a: record",
        "# lint: allow x\ncallsheet 1",
        "rule a: record  # lint: allow x",
    ];
    let mut said = String::new();
    for piece in pieces {
        said += &format!("{}\n", piece.replace('\n', "⏎"));
        for line in brief(piece).lines() {
            said += &format!("    {line}\n");
        }
    }
    expect![[r#"
        rule: record
            syntax-error[1:5] expected a name, found `:`
        rule a: when all-day
            missing-part[1:6] the rule `a` does not say what to do
              help: add `record`, `skip`, `always record` or `never record`
        rule a record
            syntax-error[1:6] expected `:` or a text in quotes after `a`
        rule a b: record
            syntax-error[1:8] expected `:` or a text in quotes, found `b`
        rule default: record
        rule "x": record
            syntax-error[1:6] expected a name, found `"x"`
        rule a:⏎  record⏎  wehn all-day
            syntax-error[3:3] expected `from`, `shadow`, `until` or the next clause, found `wehn`
              help: did you mean `when`?
        rule a:⏎  recrod⏎  when all-day
            syntax-error[2:3] `recrod` begins no clause
              help: a clause begins with `never record`, `always record`, `record`, `skip`, `when`, `unless`, `with`, `because`
              help: did you mean `record`?
        rule a: record record
            duplicate-clause[1:16] the action is written twice
        rule a:⏎  never recrd
            syntax-error[2:9] expected `record`, found `recrd`
              help: did you mean `record`?
        rule a: record from 2026-13-01
            value-out-of-range[1:21] there is no day `2026-13-01`
        rule a: record form 2026-01-01
            syntax-error[1:16] expected `from`, `shadow`, `until` or the next clause, found `form`
              help: did you mean `from`?
        rule a:⏎  record⏎  when all-day⏎  when has link
            duplicate-clause[4:3] `when` is written twice
        rule a:⏎  record⏎  with { keep 3d }
            syntax-error[3:15] expected `:`, found `3d`
        rule a:⏎  record⏎  with { keep: 3d, keep: 4d }
            duplicate-clause[3:20] `keep` is written twice
        rule a: record with { keep: }
            syntax-error[1:27] expected a value after `:`
        rule a:⏎  record⏎  because no
            syntax-error[3:11] expected a text in quotes, found `no`
        rule a: record⏎  foo bar
            syntax-error[2:3] expected `from`, `shadow`, `until` or the next clause, found `foo`
        list a
            syntax-error[1:6] expected `=` or `provided` after `a`
        list a = "x"
            syntax-error[1:10] expected `[`, found `"x"`
        list a = [x]
            syntax-error[1:11] expected a text in quotes, an address or a date, found `x`
        list a = ["x" "y"]
            syntax-error[1:15] expected a comma, found `"y"`
        list a provided things
            unknown-value[1:17] `things` is not something that a list holds
              help: it is one of `people`, `texts`, `dates`
        list title = []
            reserved-name[1:6] `title` is a word of the language, so nothing can have it as a name
              help: choose another name, such as `my-title`
        list a = ["x"] foo
            syntax-error[1:16] expected a new line with the next piece, found `foo`
        person p = dana@a.com
            syntax-error[1:12] expected `[`, found `dana@a.com`
        person p = [dana]
            syntax-error[1:13] expected an address such as `dana@acme.com` or `@acme.com`, found `dana`
        callsheet 2
            unknown-version[1:11] this program does not know version 2 of the language
              help: it knows version 1
        layer organization
            unknown-value[1:7] `organization` is not a value of `layer`
              help: did you mean `organisation`?
              help: it is one of `organisation`, `user`
        timezone London
            syntax-error[1:10] expected a text in quotes, found `London`
        default maybe
            syntax-error[1:9] expected `record` or `skip`, found `maybe`
        defaults { keep: 3d }
            syntax-error[1:10] expected `with`, found `{`
        our domain @a.com
            syntax-error[1:5] expected `domains`, found `domain`
              help: did you mean `domains`?
        our domains acme.com
            syntax-error[1:13] expected an address such as `dana@acme.com` or `@acme.com`, found `acme.com`
        recordable { allday: yes }
            unknown-key[1:14] `recordable` has no `allday`
              help: it takes `all_day`, `declined` and `kinds`
              help: did you mean `all_day`?
        recordable { all_day: sure }
            type-mismatch[1:23] this is `yes` or `no`
        recordable { kinds: focus }
            type-mismatch[1:21] `kinds` takes a list, such as `[default]`
        limits { keep: at 3d }
            syntax-error[1:19] expected `most` or a comma, found `3d`
        limits { keep: at most }
            syntax-error[1:19] expected a value after `most`
        timezone "a"⏎timezone "b"
            duplicate-clause[2:1] `timezone` is written twice
        layer user⏎callsheet 1
            misplaced[2:1] `callsheet` and the version stand first in a file
        test "x":⏎  event { title: }⏎  expect skip
            syntax-error[2:16] expected a value after `:`
        test "x":⏎  expect skip
            missing-part[1:6] this test has no `event`
        test "x":⏎  event {}⏎  expects skip
            syntax-error[3:3] expected the next clause, found `expects`
              help: did you mean `expect`?
        test "x":⏎  event {}⏎  expect skip for a
            syntax-error[3:15] expected `by`, `with` or the next clause, found `for`
        test "x":⏎  event { attendees: [me acepted] }⏎  expect default
            unknown-value[2:26] `acepted` is not something to say about a guest
              help: did you mean `accepted`?
              help: it is one of `accepted`, `tentative`, `declined`, `optional`, `room`, `resource`, `group`
        test "x":⏎  event { start: 2026-01-01 24:00 }⏎  expect default
            value-out-of-range[2:29] an event begins and ends before `24:00`
              help: write `00:00` of the next day
        test x:⏎  event {}⏎  expect skip
            syntax-error[1:6] expected a text in quotes, found `x`
        hello world
            syntax-error[1:1] `hello` begins no piece of a rule file
              help: a piece begins with `rule`, `list`, `person`, `define`, `test` or a setting such as `timezone`
        when all-day
            syntax-error[1:1] `when` begins no piece of a rule file
              help: a piece begins with `rule`, `list`, `person`, `define`, `test` or a setting such as `timezone`
        # lint: ignore x⏎rule a: record
            bad-suppression[1:1] a `lint:` comment says `allow` and a code
              help: write `# lint: allow <code> until <date> "<reason>"` on the line before the piece
        # lint: allow x⏎callsheet 1
            bad-suppression[1:1] a `lint:` comment here suppresses nothing
              help: it belongs on a line of its own right before a `rule`, `list`, `person`, `define` or `test`
        rule a: record  # lint: allow x
            bad-suppression[1:17] a `lint:` comment here suppresses nothing
              help: it belongs on a line of its own right before a `rule`, `list`, `person`, `define` or `test`
    "#]]
    .assert_eq(&said);
}

#[test]
fn any_word_will_do_as_the_id_of_a_rule() {
    for word in ["all", "record", "internal", "default", "test", "when"] {
        let text = format!(
            "rule {word}:\n  record\n  when repeats\n\ntest \"t\":\n  event {{ repeats: \"FREQ=DAILY\" }}\n  expect record by {word}\n"
        );
        let (tree, diagnostics) =
            callsheet::syntax::parse(callsheet::source::SourceId(0), &text, &callsheet::syntax::Limits::default());
        assert!(diagnostics.is_empty(), "{word}: {diagnostics:?}");
        assert_eq!(tree.rules[0].name.value, word);
    }
}
