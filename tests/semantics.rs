//! From rule texts to what they mean: remarks, the effective list, settings, layers and tiers.

use callsheet::diagnostic::{Diagnostic, Severity};
use callsheet::event::address::DomainPattern;
use callsheet::reference;
use callsheet::semantics::hir::Hir;
use callsheet::semantics::{CheckInput, RuleFile, lower, prepare, suppress};
use callsheet::source::{Position, Sources};
use callsheet::syntax::{Limits, parse};
use callsheet::time::Date;
use callsheet::value::outline::{Cond, Outline, Tier};
use callsheet::value::words::{Layer, Verb};
use expect_test::{Expect, expect};
use std::fmt::Write as _;

/// What a check starts from, besides the texts.
struct Check {
    limits: Limits,
    own_domains: Vec<DomainPattern>,
    today: Option<Date>,
}

impl Default for Check {
    fn default() -> Self {
        Self { limits: Limits::default(), own_domains: Vec::new(), today: Some(Date::constant(2026, 3, 1)) }
    }
}

impl Check {
    /// Reads, lowers and suppresses; every text is a file, of the layer that it says.
    fn run<T>(&self, texts: &[&str], look: impl FnOnce(&CheckInput<'_>, &Hir, &[Diagnostic], &Sources) -> T) -> T {
        let mut sources = Sources::default();
        let mut diagnostics = Vec::new();
        let mut files = Vec::new();
        for (number, text) in texts.iter().enumerate() {
            let source = sources.add(format!("{number}.rules"), *text);
            let (tree, mut found) = parse(source, text, &self.limits);
            diagnostics.append(&mut found);
            files.push(RuleFile { source, tree, layer: None });
        }
        let input = CheckInput { files: &files, own_domains: &self.own_domains, limits: self.limits, today: self.today };
        let hir = lower(&input, &mut diagnostics);
        suppress(&input, &mut diagnostics);
        look(&input, &hir, &diagnostics, &sources)
    }

    #[expect(clippy::needless_pass_by_value, reason = "as expect-test has it")]
    fn remarks(&self, texts: &[&str], expected: Expect) {
        expected.assert_eq(&self.run(texts, |_, _, diagnostics, sources| told(diagnostics, sources)));
    }
}

fn told(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let span = diagnostic.primary.span;
        let source = sources.get(span.source);
        let Position { line, column } = sources.position(span);
        let file = if span.source.0 == 0 { String::new() } else { format!("{}:", source.name) };
        let place = &source.text[span.range()];
        let place: String = place.lines().next().unwrap_or_default().chars().take(60).collect();
        let code = diagnostic.code.as_str();
        writeln!(out, "{severity}[{code}] {file}{line}:{column} `{place}`: {}", diagnostic.message).expect("a string");
        for help in &diagnostic.help {
            writeln!(out, "  help: {help}").expect("a string");
        }
    }
    out
}

#[track_caller]
fn remarks(text: &str, expected: Expect) {
    Check::default().remarks(&[text], expected);
}

/// `text` with own domains, a rule around `condition`, and nothing that is only there for other tests.
#[track_caller]
fn condition_remarks(condition: &str, expected: Expect) {
    remarks(&format!("our domains @acme.com\nrule r:\n  record\n  when {condition}\n"), expected);
}

/// Runs the tests that stand in the texts; one line for each that fails.
#[track_caller]
fn tests_pass(texts: &[&str]) {
    Check::default().run(texts, |input, hir, diagnostics, sources| {
        let errors: Vec<_> = diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
        assert!(errors.is_empty(), "{}", told(&errors, sources));
        let tests = prepare(input);
        assert!(!tests.is_empty(), "no test to run");
        let mut failed = String::new();
        for test in tests {
            let decision = reference::decide(hir, &test.question());
            for unmet in test.unmet(&hir.outline, decision) {
                writeln!(failed, "{}: {unmet}", test.name).expect("a string");
            }
        }
        assert!(failed.is_empty(), "{failed}");
    });
}

/// The effective list, a line for each rule.
fn listing(outline: &Outline) -> String {
    let mut out = String::new();
    for rule in &outline.rules {
        let tier = match rule.tier {
            Tier::Ordered(Verb::Record) => "6 record".to_owned(),
            Tier::Ordered(Verb::Skip) => "6 skip".to_owned(),
            other => format!("{} {}", other.rank(), if other.verb() == Verb::Record { "always" } else { "never" }),
        };
        let layer = if rule.layer == Layer::User { "user" } else { "organisation" };
        writeln!(out, "{tier} {layer} {}: {}", rule.id, shown(&rule.condition)).expect("a string");
    }
    for (number, atom) in outline.atoms.iter().enumerate() {
        writeln!(out, "{number}: {}", atom.text).expect("a string");
    }
    out
}

fn shown(condition: &Cond) -> String {
    let many = |word: &str, parts: &[Cond]| format!("{word}({})", parts.iter().map(shown).collect::<Vec<_>>().join(" "));
    match condition {
        Cond::Atom(index) => index.to_string(),
        Cond::And(parts) => many("and", parts),
        Cond::Or(parts) => many("or", parts),
        Cond::Not(part) => format!("not {}", shown(part)),
        Cond::Surely(part) => format!("surely {}", shown(part)),
        Cond::Possibly(part) => format!("possibly {}", shown(part)),
    }
}

const POLICY: &str = r#"
# Acme's recording policy
callsheet 1
layer organisation
our domains @acme.com, @acme.co.uk
timezone "Europe/London"
default skip

list customers = [@customer.com, @*.bigco.com, ceo@partner.example]
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

test "customers are recorded, with the settings of the rule":
  event { attendees: [me, ann@mail.bigco.com] }
  expect record by customer-calls with { join: 2m before start, keep: 180d, bot_name: "Acme Notetaker" }

test "an unless keeps a rule away":
  event { title: "Catch-up [no recording]", attendees: [me, ann@mail.bigco.com] }
  expect default

test "salaries stay private":
  event { title: "Salary review", attendees: [me, ann@mail.bigco.com] }
  expect skip by hr-private

test "a title that cannot be seen may be about salaries":
  event { title: hidden, attendees: [me, ann@mail.bigco.com] }
  expect skip by hr-private

test "a shadow rule decides nothing":
  event { title: "Demo", attendees: [me, kim@other.example], start: 2026-03-02 10:00 }
  expect default

test "a hidden list is no reason to record":
  event { attendees: hidden }
  expect skip by boss-one-on-one

test "declined meetings are not recordable":
  event { my_response: declined }
  expect not recordable

test "a person's word beats a declined answer":
  event { my_response: declined, override: record }
  expect record

test "a stop beats the always rule":
  event { attendees: [me, ann@mail.bigco.com], override: stop }
  expect skip

test "the works council beats a person's word":
  event { title: "HR", override: record }
  expect skip by hr-private

test "internal meetings":
  event { attendees: [me, kim@acme.com, lee@acme.co.uk] }
  expect record by internal-meetings
"#;

#[test]
fn the_policy_of_the_manual_means_what_it_says() {
    tests_pass(&[POLICY]);
    Check::default().run(&[POLICY], |_, hir, diagnostics, sources| {
        assert_eq!(told(diagnostics, sources), "");
        expect![[r#"
            1 never organisation hr-private: or(0 1)
            5 always organisation customer-calls: and(2 not 3)
            6 skip organisation boss-one-on-one: and(4 5)
            6 record organisation weekly-syncs: and(6 7)
            6 record organisation office-hour-demos: and(8 9 10)
            6 record organisation month-end: 11
            6 record organisation internal-meetings: 12
            0: title matches /\b(hr|salary|confidential)\b/i
            1: visibility is private
            2: any attendee in customers
            3: title contains "[no recording]"
            4: one-on-one
            5: any attendee is boss
            6: repeats weekly
            7: attendees >= 3
            8: any attendee is external
            9: title contains any of ["demo", "poc"]
            10: starts between 09:00 and 18:00 on mon..fri
            11: starts on rrule "FREQ=MONTHLY;BYDAY=-1FR"
            12: every attendee is internal
        "#]]
        .assert_eq(&listing(&hir.outline));
    });
}

#[test]
fn user_rules_stand_where_their_tier_says() {
    let organisation = r#"
layer organisation
our domains @acme.com
rule o-skip: skip when title contains "a"
rule o-always: always record when title contains "b"
rule o-locked: always record locked when title contains "c"
rule o-never: never record when title contains "d"
"#;
    let user = r#"
layer user
default record
rule u-record: record when title contains "b"
rule u-never: never record when title contains "e"
rule u-always: always record when title contains "a"

test "the organisation's never wins": event { title: "abcde" } expect skip by o-never
test "a locked rule beats the user's never": event { title: "ce" } expect record by o-locked
test "the user's never beats a person's word": event { title: "e", override: record } expect skip by u-never
test "a person's stop beats always": event { title: "b", override: stop } expect skip
test "the occurrence outranks its series": event { title: "b", override: record, series_override: stop } expect record
test "the organisation's always is cited first": event { title: "ab" } expect record by o-always
test "always beats the ordered rules": event { title: "a" } expect record by u-always
test "the user's default": event { title: "x" } expect default
"#;
    tests_pass(&[organisation, user]);
    tests_pass(&[user, organisation]);
    Check::default().run(&[organisation, user], |_, hir, _, _| {
        expect![[r#"
        1 never organisation o-never: 0
        2 always organisation o-locked: 1
        3 never user u-never: 2
        5 always organisation o-always: 3
        5 always user u-always: 4
        6 record user u-record: 3
        6 skip organisation o-skip: 4
        0: title contains "d"
        1: title contains "c"
        2: title contains "e"
        3: title contains "b"
        4: title contains "a"
    "#]]
        .assert_eq(&listing(&hir.outline))
    });
}

#[test]
fn definitions_are_put_in_for_their_names() {
    let text = r#"
define big = attendees >= 5
define big-and-long = big and duration > 1h
rule r: record when big-and-long or not big
rule s: skip when surely (attendees >= 5) and possibly (one-on-one) and none of (big, repeats)
"#;
    Check::default().run(&[text], |_, hir, diagnostics, sources| {
        assert_eq!(told(diagnostics, sources), "");
        expect![[r#"
            6 record organisation r: or(and(0 1) not 0)
            6 skip organisation s: and(surely 0 possibly 2 not or(0 3))
            0: attendees >= 5
            1: duration > 1h
            2: one-on-one
            3: repeats
        "#]]
        .assert_eq(&listing(&hir.outline));
    });
}

#[test]
fn names_that_are_wrong_are_told_with_what_was_meant() {
    remarks(
        r#"
our domains @acme.com
list customers = ["a"]
list customers = ["b"]
list holidays = [2026-12-24]
person boss = [dana@acme.com]
define late = starts after 18:00
define later = latest and late
define latest = one-on-one
rule r: record when any attendee in costumers
rule r: record when any attendee in boss
rule s: record when any attendee is bos
rule t: skip when title contains any of holidays and lat
rule u: skip when any attendee in customers and starts on any of holidays
rule v: skip when latest and later and any attendee is boss
test "x": event {} expect record by w
test "x": event {} expect skip by vv
"#,
        expect![[r#"
            error[duplicate-id] 4:6 `customers`: two lists are called `customers`
              help: ids are unique in a layer: tests, explanations and suppressions name pieces by them
            error[undefined-name] 8:16 `latest`: `latest` is not defined yet here
              help: a definition uses earlier ones only, so that none can go round in a circle
            error[undefined-name] 10:37 `costumers`: no list is called `costumers`
              help: did you mean `customers`?
            error[duplicate-id] 11:6 `r`: two rules are called `r`
              help: ids are unique in a layer: tests, explanations and suppressions name pieces by them
            error[undefined-name] 11:37 `boss`: no list is called `boss`
              help: `boss` is a person, and a list is needed here
            error[undefined-name] 12:37 `bos`: no person is called `bos`
              help: did you mean `boss`?
            error[type-mismatch] 13:41 `holidays`: `holidays` is a list of dates, and a list of texts is needed here
            error[undefined-name] 13:54 `lat`: no definition is called `lat`
              help: did you mean `late`?
            error[type-mismatch] 14:35 `customers`: `customers` is a list of texts, and a list of people is needed here
            error[test-stale] 16:37 `w`: the test expects the rule `w`, and no rule has this id
            error[duplicate-id] 17:6 `"x"`: two tests are called `x`
            error[test-stale] 17:35 `vv`: the test expects the rule `vv`, and no rule has this id
        "#]],
    );
}

#[test]
fn unused_names_are_warned_about_once_for_each() {
    remarks(
        r#"
list used = ["a"]
list unused = ["b"]
list by-unused = ["c"]
person nobody = [a@acme.com]
define idle = title contains any of by-unused
rule r: record when title contains any of used
"#,
        expect![[r#"
            warning[unused-name] 3:6 `unused`: no rule uses the list `unused`
            warning[unused-name] 4:6 `by-unused`: no rule uses the list `by-unused`
            warning[unused-name] 5:8 `nobody`: no rule uses the person `nobody`
            warning[unused-name] 6:8 `idle`: no rule uses the definition `idle`
        "#]],
    );
}

#[test]
fn lists_hold_one_kind() {
    remarks(
        r#"
list mixed = ["a", 2026-12-24]
list empty = []
person nobody = []
list broken = [a@b, @co.uk, @nodots]
rule r: record when any attendee in mixed or any attendee in empty or any attendee is nobody or any attendee in broken
rule s: record when any attendee is not-an@address
rule t: record when any attendee from @co.uk
rule u: record when any attendee from any of [@*.com, @acme.com]
"#,
        expect![[r#"
            error[mixed-list] 2:20 `2026-12-24`: the list `mixed` holds texts and dates
              help: a list holds people, texts or dates, one kind each
            error[empty-list] 3:6 `empty`: the list `empty` has no items
              help: nothing can be in an empty list; a list that is filled elsewhere is written `provided people`
            error[empty-list] 4:8 `nobody`: the person `nobody` has no address
            error[bad-address] 5:16 `a@b`: `a@b` is not a mail address
            error[bad-domain] 5:21 `@co.uk`: `@co.uk` cannot be used as a domain
            error[bad-domain] 5:29 `@nodots`: `@nodots` cannot be used as a domain
            error[bad-address] 7:37 `not-an@address`: `not-an@address` is not a mail address
            error[bad-domain] 8:39 `@co.uk`: `@co.uk` cannot be used as a domain
            error[bad-domain] 9:47 `@*.com`: `@*.com` cannot be used as a domain
        "#]],
    );
}

#[test]
fn layers_keep_to_themselves() {
    Check::default().remarks(
        &[
            "layer organisation\nlist theirs = [\"a\"]\nrule r: record when title contains any of mine\nrule s: skip when title contains any of theirs",
            "layer user\nour domains @acme.com\nrecordable { all_day: yes }\nlimits { keep: at most 90d }\nlist mine = [\"b\"]\nrule r: always record locked when title contains any of theirs\nrule t: record when title contains any of mine",
        ],
        expect![[r#"
            error[layer-violation] 3:43 `mine`: the organisation's rules cannot see the user's list `mine`
              help: a user's rules see the organisation's names, not the other way
            error[layer-violation] 1.rules:2:1 `our domains @acme.com`: only the organisation's file may say `our domains`
            error[layer-violation] 1.rules:3:1 `recordable { all_day: yes }`: only the organisation's file may say `recordable`
            error[layer-violation] 1.rules:4:1 `limits { keep: at most 90d }`: only the organisation's file may say `limits`
            error[layer-violation] 1.rules:6:9 `always record locked`: only the organisation's file may say `locked`
        "#]],
    );
}

#[test]
fn a_layer_that_the_command_contradicts_is_refused() {
    let text = "layer user\nrule r: record when one-on-one";
    let mut sources = Sources::default();
    let source = sources.add("0.rules", text);
    let limits = Limits::default();
    let (tree, mut diagnostics) = parse(source, text, &limits);
    let files = [RuleFile { source, tree, layer: Some(Layer::Organisation) }];
    let _ = lower(&CheckInput { files: &files, own_domains: &[], limits, today: None }, &mut diagnostics);
    expect![[r#"
        error[layer-conflict] 1:1 `layer user`: this file says `layer user`, and was given as one of the organisation
          help: `--org` and `--user` must say what the file says, or be left out
    "#]]
    .assert_eq(&told(&diagnostics, &sources));
}

#[test]
fn files_of_one_layer_must_agree() {
    Check::default().remarks(
        &[
            "default skip\nrecordable { all_day: yes }\nrule r: record when all-day",
            "default record\nrecordable { declined: yes }\nrule s: record when one-on-one",
        ],
        expect![[r#"
            error[duplicate-clause] 1.rules:1:1 `default record`: two files of one layer say `default`, and only one can hold
            error[duplicate-clause] 1.rules:2:1 `recordable { declined: yes }`: two files of one layer say `recordable`, and only one can hold
        "#]],
    );
}

#[test]
fn own_domains_are_ones_own() {
    remarks(
        "our domains @gmail.com, @acme.com, @co.uk\nrule r: record when any attendee is internal",
        expect![[r#"
        error[public-mail-domain] 1:13 `@gmail.com`: everyone can have an address at `gmail.com`: it is nobody's own domain
        error[bad-domain] 1:36 `@co.uk`: `@co.uk` cannot be used as a domain
    "#]],
    );
    remarks(
        "rule r: record when any attendee is internal\nrule s: record when any attendee is external",
        expect![[r#"
        error[no-own-domains] 1:34 `is internal`: who is internal cannot be told: no own domain is known
          help: write `our domains @your-company.example` in the organisation's file, or give `--our-domains`
    "#]],
    );
    let tenant = Check { own_domains: vec![DomainPattern::parse("@acme.com").expect("a domain")], ..Check::default() };
    tenant.remarks(&["rule r: record when any attendee is internal"], expect![[""]]);
}

#[test]
fn ranges_that_hold_nothing_are_refused() {
    for (condition, expected) in [
        (
            "attendees between 5 and 3",
            expect![[r#"
            error[empty-range] 4:8 `attendees between 5 and 3`: the range ends before it begins, so nothing lies in it
        "#]],
        ),
        (
            "attendees < 0",
            expect![[r#"
            error[empty-range] 4:8 `attendees < 0`: nothing is less than 0
        "#]],
        ),
        (
            "duration between 2h and 1h",
            expect![[r#"
            error[empty-range] 4:8 `duration between 2h and 1h`: the range ends before it begins, so nothing lies in it
        "#]],
        ),
        (
            "starts between 18:00 and 09:00",
            expect![[r#"
            error[empty-range] 4:8 `starts between 18:00 and 09:00`: nothing lies between 18:00 and 09:00 of one day
              help: write `between 18:00 and 09:00 overnight` for a window that runs past midnight
        "#]],
        ),
        (
            "starts between 09:00 and 09:00",
            expect![[r#"
            error[empty-range] 4:8 `starts between 09:00 and 09:00`: nothing lies between 09:00 and 09:00 of one day
        "#]],
        ),
        (
            "starts between 09:00 and 18:00 overnight",
            expect![[r#"
            error[value-out-of-range] 4:8 `starts between 09:00 and 18:00 overnight`: the window from 09:00 to 18:00 does not run past midnight
              help: leave `overnight` out
        "#]],
        ),
        (
            "starts before 00:00",
            expect![[r#"
            error[empty-range] 4:8 `starts before 00:00`: nothing is before 00:00
        "#]],
        ),
        (
            "starts at 24:00",
            expect![[r#"
            error[empty-range] 4:8 `starts at 24:00`: nothing starts at 24:00: that is 00:00 of the next day
        "#]],
        ),
        (
            "repeats at least 5 times at most 3 times",
            expect![[r#"
            error[empty-range] 4:8 `repeats at least 5 times at most 3 times`: no series has at least so many occurrences and at most so few
        "#]],
        ),
        (
            "repeats every 0 days",
            expect![[r#"
            error[value-out-of-range] 4:22 `0`: a series repeats every 1 or more, not every 0
        "#]],
        ),
        (
            "at least 0 attendees is external",
            expect![[r#"
            error[value-out-of-range] 4:8 `at least 0 attendees is external`: `at least 0` attendees is always true
              help: numbers start at 1 here
        "#]],
        ),
    ] {
        condition_remarks(condition, expected);
    }
    remarks(
        "rule r: record from 2026-06-30 until 2026-01-01 when one-on-one",
        expect![[r#"
        error[empty-range] 1:9 `record from 2026-06-30 until 2026-01-01`: the rule ends before it begins, so it is never active
    "#]],
    );
}

#[test]
fn zones_patterns_and_dates_are_checked_at_their_place() {
    for (condition, expected) in [
        (
            "starts after 18:00 in \"Europe/Germany\"",
            expect![[r#"
            error[unknown-zone] 4:30 `"Europe/Germany"`: no time zone is called `Europe/Germany`
              help: zones are named like `Europe/London`
        "#]],
        ),
        (
            "starts after 18:00 in \"Europe/Londn\"",
            expect![[r#"
            error[unknown-zone] 4:30 `"Europe/Londn"`: no time zone is called `Europe/Londn`
              help: did you mean `Europe/London`?
        "#]],
        ),
        (
            "title matches /a(b/",
            expect![[r#"
            error[regex-invalid] 4:24 `(`: this regular expression cannot be read: unclosed group
        "#]],
        ),
        (
            r"title matches /(?<x>a)\k<x>/i",
            expect![[r#"
            error[regex-invalid] 4:30 `\k`: this regular expression cannot be read: unrecognized escape sequence
        "#]],
        ),
        (
            r"title matches /\w{2000}/",
            expect![[r#"
            error[regex-too-large] 4:22 `/\w{2000}/`: this regular expression takes more than 65536 bytes, compiled
              help: counted repetitions and classes such as `\w` or `\p{..}` multiply; `[a-z]` is small
        "#]],
        ),
        (
            "title contains \"\"",
            expect![[r#"
            warning[constant-condition] 4:23 `""`: every text contains the empty text
        "#]],
        ),
        (
            "status is cancelled",
            expect![[r#"
            error[unknown-value] 4:18 `cancelled`: `cancelled` is not a value of `status`
              help: it is one of `confirmed`, `tentative`
        "#]],
        ),
        (
            "starts on rrule \"FREQ=HOURLY\"",
            expect![[r#"
            error[bad-date-rule] 4:24 `"FREQ=HOURLY"`: this recurrence rule is no test of dates: a test of dates repeats daily, weekly, monthly or yearly
              help: the last Friday of a month is `"FREQ=MONTHLY;BYDAY=-1FR"`
        "#]],
        ),
        (
            "starts on rrule \"FREQ=WEEKLY;COUNT=3\"",
            expect![[r#"
            error[bad-date-rule] 4:24 `"FREQ=WEEKLY;COUNT=3"`: this recurrence rule is no test of dates: a test of dates has no COUNT
              help: the last Friday of a month is `"FREQ=MONTHLY;BYDAY=-1FR"`
        "#]],
        ),
        (
            "starts on rrule \"FREQ=WEEKLY;INTERVAL=2\"",
            expect![[r#"
            error[bad-date-rule] 4:24 `"FREQ=WEEKLY;INTERVAL=2"`: this recurrence rule is no test of dates: an INTERVAL over 1 needs `counting from` a date
              help: the last Friday of a month is `"FREQ=MONTHLY;BYDAY=-1FR"`
        "#]],
        ),
        ("starts on rrule \"FREQ=WEEKLY;INTERVAL=2\" counting from 2026-01-05", expect![[""]]),
        (
            "starts on rrule \"every week\"",
            expect![[r#"
            error[bad-date-rule] 4:24 `"every week"`: this recurrence rule is no test of dates: a part is not `NAME=VALUE`
              help: the last Friday of a month is `"FREQ=MONTHLY;BYDAY=-1FR"`
        "#]],
        ),
    ] {
        condition_remarks(condition, expected);
    }
    remarks(
        "timezone \"Mars/Olympus\"\nrule r: record when one-on-one",
        expect![[r#"
        error[unknown-zone] 1:1 `timezone "Mars/Olympus"`: no time zone is called `Mars/Olympus`
          help: zones are named like `Europe/London`
    "#]],
    );
}

#[test]
fn conditions_that_never_change_are_warned_about() {
    remarks(
        "rule r: record when all-day\nrule s: record when has link",
        expect![[r#"
        warning[constant-condition] 1:21 `all-day`: a whole-day event is not recordable, so this is never true
          help: `recordable { all_day: yes }` in the organisation's file lets rules decide about them
        warning[constant-condition] 2:21 `has link`: without a link no rule is asked, so this is always true
    "#]],
    );
    remarks("recordable { all_day: yes }\nrule r: record when all-day", expect![[""]]);
}

#[test]
fn settings_are_typed() {
    remarks(
        r#"
defaults with { keep: "long", langauge: "en" }
limits { tags: at most ["a"], keep: at most 90d }
rule r: record when one-on-one with {
  join: 90s,
  keep: 0s,
  bot_name: "",
  language: "english_us",
  tags: "sales",
  on_live_cancel: maybe,
  x_priority: 3,
  colour: "red",
}
rule s: skip when one-on-one with { keep: 3d }
rule t: record when one-on-one with { join: 2d before start }
"#,
        expect![[r#"
            error[bad-setting] 2:23 `"long"`: `keep` takes a length of time such as `180d`
            error[bad-setting] 2:31 `langauge`: there is no setting `langauge`
              help: did you mean `language`?
            error[bad-setting] 3:16 `at most ["a"]`: `tags` has no most: it can only be fixed
              help: `join` and `keep` can be limited with `at most`
            error[bad-setting] 5:9 `90s`: `join` takes a time such as `2m before start`
            error[value-out-of-range] 6:9 `0s`: `keep` is more than nothing and at most 100 years
            error[value-out-of-range] 7:13 `""`: `bot_name` has 1 to 100 characters
            error[bad-language-tag] 8:13 `"english_us"`: this is not a language tag of BCP 47
              help: tags look like `en`, `de-CH` or `zh-Hant-TW`
            error[bad-setting] 9:9 `"sales"`: `tags` takes texts in brackets such as `["sales"]`
            error[bad-setting] 10:19 `maybe`: `on_live_cancel` takes `leave` or `stay`
            error[bad-setting] 12:3 `colour`: there is no setting `colour`
              help: settings are join, keep, bot_name, language, tags, on_live_cancel; keys that start with `x_` pass to the bot
            warning[setting-on-skip] 14:30 `with { keep: 3d }`: settings on a rule that never lets a bot join
            error[value-out-of-range] 15:45 `2d before start`: `join` is within a day of the start
        "#]],
    );
}

#[test]
fn settings_merge_key_by_key_and_users_are_capped() {
    let organisation = r#"
layer organisation
defaults with { keep: 365d, tags: ["org"], language: "en" }
limits { keep: at most 90d, join: at most 5m before start, bot_name: "Acme Notetaker" }
rule org: record when title is "org" with { join: 10m before start, bot_name: "Own" }
"#;
    let user = r#"
layer user
defaults with { keep: 180d, tags: ["mine", "too"] }
rule user: record when title is "user" with { join: 10m before start, bot_name: "Spy", x_note: "kept" }
rule short: record when title is "short" with { keep: 7d, join: 1m before start }

test "the organisation is not capped":
  event { title: "org" }
  expect record by org with { join: 10m before start, keep: 365d, bot_name: "Own", tags: ["org"], language: "en" }
test "a user is":
  event { title: "user" }
  expect record by user with { join: 5m before start, keep: 90d, bot_name: "Acme Notetaker", tags: ["mine", "too"], language: "en", x_note: "kept" }
test "what is within the limits stays":
  event { title: "short" }
  expect record by short with { keep: 7d, join: 1m before start }
test "a person's word takes the defaults":
  event { title: "other", override: record }
  expect record with { keep: 90d, tags: ["mine", "too"] }
"#;
    tests_pass(&[organisation, user]);
    Check::default().run(&[organisation, user], |_, hir, _, _| {
        let capped: Vec<String> =
            hir.outline.rules.iter().map(|rule| format!("{}: {}", rule.id, rule.settings.capped.join("; "))).collect();
        expect![[r#"
            user: `join` is 5m before start, the most that the organisation allows; `keep` is 90d, the most that the organisation allows; `bot_name` is Acme Notetaker, fixed by the organisation
            short: `bot_name` is Acme Notetaker, fixed by the organisation
            org: "#]].assert_eq(&capped.join("\n"));
    });
}

#[test]
fn suppressions_take_away_one_finding_until_their_day() {
    remarks(
        r#"
# lint: allow unused-name until 2026-12-31 "filled next week"
list later = ["a"]
# lint: allow unused-name until 2026-02-01 "long ago"
list old = ["a"]
# lint: allow unused-name
rule r: record when one-on-one
# lint: allow unusd-name
rule s: record when title is "a"
# lint: allow undefined-name
rule t: record when any attendee in nothing
"#,
        expect![[r#"
            warning[unused-name] 5:6 `old`: no rule uses the list `old`
            error[undefined-name] 11:37 `nothing`: no list is called `nothing`
            error[expired-suppression] 4:1 `# lint: allow unused-name until 2026-02-01 "long ago"`: this suppression of `unused-name` ended on 2026-02-01
            warning[unused-suppression] 6:1 `# lint: allow unused-name`: there is no `unused-name` here to suppress
            error[bad-suppression] 8:1 `# lint: allow unusd-name`: no finding has the code `unusd-name`
              help: did you mean `unused-name`?
            error[bad-suppression] 10:1 `# lint: allow undefined-name`: `undefined-name` is an error, and errors cannot be suppressed
        "#]],
    );
}

#[test]
fn events_of_tests_are_typed() {
    remarks(
        r#"
list written = ["a"]
list asked provided people
rule r: record when title contains any of written or any attendee in asked
test "a":
  given list written = ["b"]
  given list asked = ["b"]
  given list missing = ["b"]
  event { titel: "x", start: "soon", attendees: [nobody, a@b], status: maybe, duration: 10m }
  expect record
test "b":
  event { start: 2026-03-02, all_day: no, kind: meeting, zone: "Nowhere" }
  expect record
"#,
        expect![[r#"
            error[misplaced] 6:14 `written`: the items of `written` stand in the file, so a test cannot give others
            error[type-mismatch] 7:14 `asked`: `asked` is a list of people, not of texts
            error[undefined-name] 8:14 `missing`: no list is called `missing`
            error[unknown-key] 9:11 `titel`: a test's event has no `titel`
              help: did you mean `title`?
            error[type-mismatch] 9:30 `"soon"`: `start` takes a time such as `2026-03-02 10:00`, or a day
            error[undefined-name] 9:50 `nobody`: no person is called `nobody`
            error[bad-address] 9:58 `a@b`: `a@b` is not a mail address
            error[unknown-value] 9:72 `maybe`: `status` is not `maybe`
              help: one of confirmed, tentative, cancelled
            error[type-mismatch] 12:18 `2026-03-02`: `start` takes a time as well, where `all_day` is `no`
            error[unknown-value] 12:49 `meeting`: `kind` is not `meeting`
              help: one of default, focus, out_of_office, working_location, birthday, from_gmail, other
            error[unknown-zone] 12:64 `"Nowhere"`: no time zone is called `Nowhere`
              help: zones are named like `Europe/London`
        "#]],
    );
}

#[test]
fn given_lists_are_the_tests_own() {
    tests_pass(&[r#"
list customers provided people
rule r: record when any attendee in customers
test "not supplied": event { attendees: [me, ann@bigco.com] } expect default
test "supplied":
  given list customers = [@bigco.com]
  event { attendees: [me, ann@bigco.com] }
  expect record by r
"#]);
}

#[test]
fn series_of_tests_are_recurrence_rules() {
    tests_pass(&[r#"
rule four: record when repeats weekly on mon at most 4 times
rule orphan: skip when repeats monthly
rule last-friday: always record when starts on rrule "FREQ=MONTHLY;BYDAY=-1FR"
rule other-week: record when starts on rrule "FREQ=WEEKLY;INTERVAL=2" counting from 2026-01-06
rule elsewhere: record when occurrence is moved
test "a weekly series": event { repeats: "FREQ=WEEKLY;COUNT=4" } expect record by four
test "until counts": event { repeats: "FREQ=WEEKLY;UNTIL=20260126T100000Z" } expect record by four
test "one too many": event { repeats: "FREQ=WEEKLY;COUNT=5" } expect default
test "a hidden series may be monthly": event { repeats: hidden } expect skip by orphan
test "the last friday": event { start: 2026-03-27 10:00 } expect record by last-friday
test "another friday": event { start: 2026-03-20 10:00 } expect default
test "every second tuesday": event { start: 2026-01-20 10:00 } expect record by other-week
test "the tuesday between": event { start: 2026-01-13 10:00 } expect default
test "moved": event { repeats: "FREQ=DAILY", occurrence: moved } expect record by elsewhere
"#]);
    remarks(
        "rule r: record when repeats\ntest \"t\": event { repeats: \"every day\" } expect default",
        expect![[r#"
        error[bad-date-rule] 2:28 `"every day"`: this recurrence rule cannot be read: a part is not `NAME=VALUE`
    "#]],
    );
}

#[test]
fn dates_of_a_rule_are_local_start_dates() {
    tests_pass(&[r#"
timezone "Asia/Tokyo"
rule spring: record from 2026-03-01 until 2026-03-31
rule early: never record until 2026-03-10 when title is "x"
test "inside": event { start: 2026-03-31 23:30 } expect record by spring
test "after": event { start: 2026-04-01 00:00 } expect default
test "local in the rule's zone": event { start: 2026-03-31 23:30 in "Europe/London" } expect default
test "a whole day is its date": event { start: 2026-03-01, all_day: yes } expect not recordable
test "outside of its dates not even a never acts": event { title: hidden, start: 2026-03-11 10:00 } expect record by spring
test "inside it does": event { title: hidden, start: 2026-03-10 10:00 } expect skip by early
"#]);
}

#[test]
fn limits_name_themselves_and_their_value() {
    let few = |change: fn(&mut Limits)| {
        let mut check = Check::default();
        change(&mut check.limits);
        check
    };
    let rules = "rule a: record when one-on-one\nrule b: record when one-on-one\nrule c: skip when one-on-one";
    few(|limits| limits.rules = 2).remarks(
        &[rules],
        expect![[r#"
        error[limit-exceeded] 3:6 `c`: more than 2 rules in one set
    "#]],
    );
    let patterns = "rule a: record when title matches /a/ or title matches /a/ or title matches /b/ or title matches /c/";
    few(|limits| limits.regexes = 2).remarks(
        &[patterns],
        expect![[r#"
        error[limit-exceeded] 1:98 `/c/`: more than 2 different regular expressions in one rule set
          help: `contains any of [..]` compares with any number of texts
    "#]],
    );
    few(|limits| limits.pattern_bytes = 4).remarks(
        &["rule a: record when title matches /abcde/"],
        expect![[r#"
        error[limit-exceeded] 1:35 `/abcde/`: this regular expression takes 5 bytes, and at most 4 are allowed
    "#]],
    );
    let items = "list a = [\"a\", \"b\"]\nrule r: record when title contains any of [\"c\", \"d\"] or title is any of a";
    few(|limits| limits.list_items = 3).remarks(
        &[items],
        expect![[r#"
        error[limit-exceeded] 2:21 `title contains any of ["c", "d"]`: more than 3 list items in one file
          help: a list that the tenant keeps outside of the file may be longer: `list name provided people`
    "#]],
    );
    let paid = "person p = [a@a.example, b@a.example]\nrule r: record when organizer is p or creator is p";
    few(|limits| limits.conditions = 7).remarks(
        &[paid],
        expect![[r#"
        error[limit-exceeded] 2:47 `is p`: the rules hold more than 7 conditions, with definitions and people put in for their names
    "#]],
    );
    let own = format!("rule r: record with {{ tags: [\"a\"], x_a: \"{}\", x_b: 1 }}", "x".repeat(4000));
    let own_limit = expect![[r#"
        error[limit-exceeded] 1:36 `x_a`: tags and `x_` settings take more than 4096 bytes in one place
    "#]];
    Check::default().remarks(&[&own], own_limit);
    let deep = "define a = not (not (not (one-on-one)))\ndefine b = not (not (not a))\nrule r: record when not (not (not b))";
    few(|limits| limits.depth = 8).remarks(
        &[deep],
        expect![[r#"
        error[nested-too-deep] 3:35 `b`: conditions are nested 9 deep here, and at most 8 levels are allowed
          help: names count with the nesting of what they define
    "#]],
    );
}

#[test]
fn definitions_that_double_each_other_stay_bounded() {
    let mut text = "define d0 = one-on-one and repeats\n".to_owned();
    for number in 1..40 {
        writeln!(text, "define d{number} = d{0} and (d{0} or d{0})", number - 1).expect("a string");
    }
    text.push_str("rule r: record when d39\n");
    let check = Check { limits: Limits { depth: 1000, ..Limits::default() }, ..Check::default() };
    check.remarks(
        &[&text],
        expect![[r#"
        warning[unused-name] 1:8 `d0`: no rule uses the definition `d0`
        warning[unused-name] 2:8 `d1`: no rule uses the definition `d1`
        warning[unused-name] 3:8 `d2`: no rule uses the definition `d2`
        warning[unused-name] 4:8 `d3`: no rule uses the definition `d3`
        warning[unused-name] 5:8 `d4`: no rule uses the definition `d4`
        warning[unused-name] 6:8 `d5`: no rule uses the definition `d5`
        warning[unused-name] 7:8 `d6`: no rule uses the definition `d6`
        warning[unused-name] 8:8 `d7`: no rule uses the definition `d7`
        warning[unused-name] 9:8 `d8`: no rule uses the definition `d8`
        error[limit-exceeded] 9:13 `d7`: the rules hold more than 20000 conditions, with definitions and people put in for their names
        warning[unused-name] 10:8 `d9`: no rule uses the definition `d9`
        warning[unused-name] 11:8 `d10`: no rule uses the definition `d10`
        warning[unused-name] 12:8 `d11`: no rule uses the definition `d11`
        warning[unused-name] 13:8 `d12`: no rule uses the definition `d12`
        warning[unused-name] 14:8 `d13`: no rule uses the definition `d13`
        warning[unused-name] 15:8 `d14`: no rule uses the definition `d14`
        warning[unused-name] 16:8 `d15`: no rule uses the definition `d15`
        warning[unused-name] 17:8 `d16`: no rule uses the definition `d16`
        warning[unused-name] 18:8 `d17`: no rule uses the definition `d17`
        warning[unused-name] 19:8 `d18`: no rule uses the definition `d18`
        warning[unused-name] 20:8 `d19`: no rule uses the definition `d19`
        warning[unused-name] 21:8 `d20`: no rule uses the definition `d20`
        warning[unused-name] 22:8 `d21`: no rule uses the definition `d21`
        warning[unused-name] 23:8 `d22`: no rule uses the definition `d22`
        warning[unused-name] 24:8 `d23`: no rule uses the definition `d23`
        warning[unused-name] 25:8 `d24`: no rule uses the definition `d24`
        warning[unused-name] 26:8 `d25`: no rule uses the definition `d25`
        warning[unused-name] 27:8 `d26`: no rule uses the definition `d26`
        warning[unused-name] 28:8 `d27`: no rule uses the definition `d27`
        warning[unused-name] 29:8 `d28`: no rule uses the definition `d28`
        warning[unused-name] 30:8 `d29`: no rule uses the definition `d29`
        warning[unused-name] 31:8 `d30`: no rule uses the definition `d30`
        warning[unused-name] 32:8 `d31`: no rule uses the definition `d31`
        warning[unused-name] 33:8 `d32`: no rule uses the definition `d32`
        warning[unused-name] 34:8 `d33`: no rule uses the definition `d33`
        warning[unused-name] 35:8 `d34`: no rule uses the definition `d34`
        warning[unused-name] 36:8 `d35`: no rule uses the definition `d35`
        warning[unused-name] 37:8 `d36`: no rule uses the definition `d36`
        warning[unused-name] 38:8 `d37`: no rule uses the definition `d37`
        warning[unused-name] 39:8 `d38`: no rule uses the definition `d38`
        warning[unused-name] 40:8 `d39`: no rule uses the definition `d39`
    "#]],
    );
}

#[test]
fn many_large_patterns_are_refused_before_they_cost_much() {
    let mut text = String::new();
    for number in 0..64 {
        writeln!(text, "rule r{number}: record when title matches /x{number}\\w/").expect("a string");
    }
    let refused = Check::default().run(&[&text], |_, hir, diagnostics, _| {
        assert_eq!(hir.outline.rules.len() + diagnostics.len(), 64);
        diagnostics.iter().filter(|found| found.code.as_str() == "regex-too-large").count()
    });
    assert!(refused > 0 && refused < 64, "{refused}");
}

#[test]
fn whatever_is_measured_can_be_built() {
    use callsheet::builtins::text::Pattern;
    for pattern in
        [r"\w", r"\w{4}", r"\W{3}", r"(?i)\pL+", r"[^a]{40}", r".{60}", r"(a|b|c){100}", r"\b\w+\b", r"(?i)straße{3}", r"\d{30}"]
    {
        for flags in ["", "i", "s"] {
            let text = format!("rule r: record when title matches /{pattern}/{flags}");
            let accepted = Check::default().run(&[&text], |_, hir, _, _| !hir.outline.rules.is_empty());
            assert_eq!(Pattern::build(pattern, flags).is_some(), accepted, "/{pattern}/{flags}");
        }
    }
}

#[test]
fn classes_are_counted_before_they_are_looked_up() {
    let mut text = String::new();
    for number in 0..64 {
        writeln!(text, "rule r{number}: record when title matches /{number}{}/i", r"\PL".repeat(30)).expect("a string");
    }
    let mut messages = Check::default()
        .run(&[&text], |_, _, diagnostics, _| diagnostics.iter().map(|found| found.message.clone()).collect::<Vec<_>>());
    messages.dedup();
    let expected = expect![[r#"
        this regular expression takes more than 65536 bytes, compiled
        the regular expressions of a rule set may use 128 classes such as `\w` together"#]];
    expected.assert_eq(&messages.join("\n"));
}

/// One rule for every form of condition, and every way to combine them.
const EVERYTHING: &str = r#"
our domains @acme.com
timezone "Europe/London"
list words = ["demo", "面接"]
list customers provided people
list closed-days provided dates
list topics provided texts
person boss = [dana@acme.com, me@acme.com]
define busy = attendees >= 5 or duration > 2h
recordable { all_day: yes, declined: yes, kinds: [default, focus, other] }
rule a: never record when title matches /\b(hr|salary)\b/i or visibility is any of [private, confidential]
rule b: always record locked when any attendee in customers unless description contains any of topics
rule c: skip when one-on-one and any attendee (is boss and not declined)
rule d: record when every attendee (is internal or from any of [@partner.example, @*.bigco.com]) and busy
rule e: skip when starts between 22:00 and 06:00 overnight on fri in "Asia/Tokyo" or ends after 18:00 on any of closed-days
rule f: record when starts on rrule "FREQ=MONTHLY;BYDAY=-1FR" or repeats weekly on mon at least 4 times
rule g: skip when location ends with "room" or calendar starts with any of words or title is ""
rule h: record when surely (at least 2 attendees has not answered) or possibly (exactly 1 attendee is optional)
rule i: skip when organizer is external or creator in customers or occurrence is moved or my response is tentative
rule j: record from 2026-01-01 until 2026-06-30 when no attendee is me and none of (shows as is free, conference is zoom)
rule k: record when repeats forever and attendees between 2 and 9 and at most 3 attendees is organizer
"#;

mod any_event {
    use super::*;
    use callsheet::event::link::Link;
    use callsheet::event::{
        ConnectedUser, Facts, Occurrence, People, Person, PersonKind, ProvidedList, ProvidedLists, Question, Revision,
        SeriesFacts, Text,
    };
    use callsheet::time::{Instant, Moment, Zone};
    use callsheet::value::{
        Closed, Conference, DecidedBy, Decision, Fact, NotRecordable, Override, Overrides, Truth, UnknownReason,
    };
    use proptest::prelude::*;
    use proptest::sample::select;
    use std::sync::Arc;

    fn fact<T: Clone + std::fmt::Debug + 'static>(value: impl Strategy<Value = T> + 'static) -> impl Strategy<Value = Fact<T>> {
        prop_oneof![3 => value.prop_map(Fact::Known), 1 => select(UnknownReason::ALL).prop_map(Fact::Unknown)]
    }

    fn closed<T: Closed + std::fmt::Debug>() -> impl Strategy<Value = T> {
        select(T::ALL)
    }

    fn text() -> impl Strategy<Value = Fact<Option<Text>>> {
        let content = prop_oneof!["HR|demo|面接 room|", ".*", ".{1020,1030}"];
        fact(proptest::option::of((content, any::<bool>()).prop_map(|(content, cut)| Text { content, cut })))
    }

    fn person() -> impl Strategy<Value = Person> {
        let written = select(vec![
            "me@acme.com",
            "dana@acme.com",
            "ann@mail.bigco.com",
            "x@partner.example",
            "undisclosed",
            "\"a@acme.com\"@evil.net",
            "",
        ]);
        let kind = select(vec![PersonKind::Person, PersonKind::Group, PersonKind::Room, PersonKind::Resource]);
        (written, fact(closed()), fact(any::<bool>()), kind, any::<u32>(), any::<bool>(), any::<bool>()).prop_map(
            |(written, response, optional, kind, plus, is_self, non_participant)| Person {
                response,
                optional,
                kind,
                plus_guests: plus,
                is_self,
                non_participant,
                ..Person::at(written)
            },
        )
    }

    fn moment() -> impl Strategy<Value = Moment> {
        let zone = select(vec!["UTC", "Asia/Tokyo", "America/St_Johns", "Pacific/Apia"]);
        let day =
            (-9999i16..=9999, 1i8..=12, 1i8..=28).prop_map(|(year, month, day)| Moment::Day(Date::constant(year, month, day)));
        let wide = Instant::MIN.as_second()..=Instant::MAX.as_second();
        let near = 1_760_000_000i64..1_790_000_000;
        let timed = (prop_oneof![wide, near], zone).prop_map(|(second, zone)| Moment::Timed {
            at: Instant::from_second(second).expect("in range"),
            zone: Zone::named(zone).expect("a zone"),
        });
        prop_oneof![1 => day, 3 => timed]
    }

    fn facts() -> impl Strategy<Value = Facts> {
        let people = (
            fact(person()),
            fact(person()),
            proptest::collection::vec(person(), 0..6),
            proptest::option::of(select(UnknownReason::ALL)),
        );
        let link = fact(proptest::option::of((closed::<Conference>(), any::<bool>())));
        let texts = (text(), text(), text(), text());
        let sets = (closed(), fact(closed()), fact(closed()), closed(), fact(closed()), closed(), closed());
        (texts, people, sets, link, any::<bool>()).prop_map(|(texts, people, sets, link, draft)| Facts {
            title: texts.0,
            description: texts.1,
            location: texts.2,
            calendar: texts.3,
            people: People { organizer: people.0, creator: people.1, attendees: people.2, incomplete: people.3 },
            status: sets.0,
            visibility: sets.1,
            shows_as: sets.2,
            kind: sets.3,
            my_response: sets.4,
            provider: sets.5,
            source: sets.6,
            link: link.map(|link| {
                link.map(|(conference, joinable)| Link {
                    conference,
                    platform: conference.word(),
                    id: String::new(),
                    url: String::new(),
                    joinable,
                })
            }),
            draft,
        })
    }

    fn occurrence() -> impl Strategy<Value = Occurrence> {
        let series = prop_oneof![Just(SeriesFacts::NotRecurring), select(UnknownReason::ALL).prop_map(SeriesFacts::Orphan)];
        let marks = (fact(any::<bool>()), fact(any::<bool>()), fact(any::<bool>()), any::<bool>());
        (facts(), moment(), fact(moment()), series, marks).prop_map(|(facts, start, end, series, marks)| Occurrence {
            uid: String::new(),
            provider_id: None,
            recurrence_id: None,
            series,
            start,
            end,
            first: marks.0,
            moved: marks.1,
            changed: marks.2,
            sub_hourly: marks.3,
            revision: Revision::default(),
            facts: Arc::new(facts),
        })
    }

    fn overrides() -> impl Strategy<Value = Overrides> {
        let word = || proptest::option::of(select(vec![Override::Record, Override::Stop]));
        (word(), word()).prop_map(|(occurrence, series)| Overrides { occurrence, series })
    }

    proptest! {
        #[test]
        fn a_checked_set_decides_about_every_event(occurrence in occurrence(), overrides in overrides(), known in any::<bool>()) {
            Check::default().run(&[EVERYTHING], |_, hir, diagnostics, sources| {
                assert_eq!(told(diagnostics, sources), "");
                let mut user = ConnectedUser::default();
                let mut lists = ProvidedLists::default();
                if known {
                    user.addresses = hir.aliases.concat();
                    lists.insert("customers", ProvidedList::default());
                }
                let question = Question { occurrence: &occurrence, user: &user, overrides, lists: &lists };
                let decision = reference::decide(hir, &question);
                let trace = reference::trace(hir, &question);
                assert_eq!(trace.atoms.len(), hir.atoms.len());
                check_against_trace(hir, decision, &trace, overrides);
            });
        }
    }

    /// The full pass shows why the decision is what it is.
    fn check_against_trace(hir: &Hir, decision: Decision, trace: &callsheet::value::Trace, overrides: Overrides) {
        let matches = |rule: usize| {
            let outline = &hir.outline.rules[rule];
            !outline.shadow && outline.tier.matches(trace.active[rule].and(trace.conditions[rule]))
        };
        let before = |rank: u8| (0..hir.outline.rules.len()).filter(move |rule| hir.outline.rules[*rule].tier.rank() < rank);
        match decision {
            Decision::NotRecordable(NotRecordable::Declined | NotRecordable::AllDay) => panic!("the rules widen both"),
            Decision::NotRecordable(_) => {}
            Decision::Decided { by: DecidedBy::Rule(rule), verb } => {
                let rule = usize::from(rule);
                assert!(matches(rule) && (0..rule).all(|earlier| !matches(earlier)));
                assert_eq!(verb, hir.outline.rules[rule].tier.verb());
                assert!(verb == Verb::Skip || trace.conditions[rule] == Truth::True);
                assert!(overrides.effective().is_none() || hir.outline.rules[rule].tier.rank() < 4);
            }
            Decision::Decided { by: DecidedBy::Override(word), .. } => {
                assert_eq!(Some(word), overrides.effective());
                assert!(before(4).all(|rule| !matches(rule)));
            }
            Decision::Decided { by: DecidedBy::Default(_), .. } => assert!(before(8).all(|rule| !matches(rule))),
        }
    }
}

#[test]
fn rules_that_no_decision_could_go_through_are_refused() {
    let lists: String = (0..120).map(|at| format!("list words{at} provided texts\n")).collect();
    let rules: String =
        (0..120).map(|at| format!("rule r{at}:\n  record\n  when description contains any of words{at}\n")).collect();
    let text = callsheet::engine::RuleText { name: "costly.rules".into(), text: lists + &rules, layer: None };
    let checked = callsheet::engine::check(&[text], &callsheet::engine::CheckOptions::default());
    assert!(checked.rule_set.is_none());
    let codes: Vec<&str> = checked.diagnostics.iter().map(|remark| remark.code.as_str()).collect();
    assert_eq!(codes, ["limit-exceeded"]);
}
