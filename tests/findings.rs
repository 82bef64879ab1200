//! What the lints find, what they leave alone, and that their pages tell the truth.

use crate::support::generate::Dice;
use crate::support::generate::files::files;
use crate::support::generate::occurrences::{Asked, asked};
use callsheet::diagnostic::{Code, Diagnostic, Effect, Fix, Level};
use callsheet::engine::{CheckOptions, Checked, Machine, RuleText, check};
use callsheet::lint::{LINTS, Options};
use callsheet::source::SourceId;
use callsheet::syntax::literal::shown;
use callsheet::syntax::printer;
use callsheet::time::Date;
use callsheet::value::{Closed, Provider};
use expect_test::{Expect, expect};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

const TODAY: Date = Date::constant(2026, 3, 1);

fn checked(texts: &[&str]) -> Checked {
    let text = |(number, text): (usize, &&str)| RuleText { name: format!("{number}.rules"), text: (*text).into(), layer: None };
    let texts: Vec<RuleText> = texts.iter().enumerate().map(text).collect();
    check(&texts, &CheckOptions { today: Some(TODAY), ..CheckOptions::default() })
}

/// The findings of one code, whatever its level is by default.
fn of_code(checked: &Checked, code: Code) -> Vec<Diagnostic> {
    let mut options = Options::default();
    if code.level() == Level::Off {
        options.levels.insert(code, Level::Info);
    }
    options.providers = Provider::ALL.to_vec();
    checked.findings(&options).into_iter().filter(|finding| finding.code == code).collect()
}

fn told(findings: &[Diagnostic], checked: &Checked) -> String {
    let mut out = String::new();
    for finding in findings {
        let span = finding.primary.span;
        let place = checked.sources.position(span);
        let written: String = checked.sources.slice(span).lines().next().unwrap_or_default().chars().take(60).collect();
        let code = finding.code.as_str();
        let (written, message) = (shown(&written), &finding.message);
        writeln!(out, "{code} {}:{} `{written}`: {message}", place.line, place.column).expect("a string");
        for help in &finding.help {
            writeln!(out, "  help: {help}").expect("a string");
        }
        for fix in &finding.fixes {
            let sure = if fix.effect == Effect::KeepsDecisions { "fix" } else { "fix?" };
            writeln!(out, "  {sure}: {}", fix.title).expect("a string");
        }
    }
    out
}

/// The findings of one code in one file.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as expect-test has it")]
fn finds(code: &str, text: &str, expected: Expect) {
    let checked = checked(&[text]);
    let errors: Vec<_> = checked.diagnostics.iter().filter(|remark| remark.code.level() == Level::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    expected.assert_eq(&told(&of_code(&checked, Code::named(code).expect("a code")), &checked));
}

#[test]
fn every_finding_is_that_of_one_lint() {
    let mut reported = BTreeSet::new();
    for code in LINTS.iter().flat_map(|lint| lint.codes) {
        assert!(code.is_finding() && reported.insert(*code), "{}", code.as_str());
    }
}

fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section `{heading}`"));
    rest.split("\n## ").next().unwrap_or_default()
}

/// The rule files in a section: several are checked together.
fn examples(section: &str) -> Vec<&str> {
    let files: Vec<&str> = section.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!files.is_empty(), "no example");
    files
}

#[test]
fn every_finding_has_a_page_that_says_what_the_table_says() {
    for code in Code::ALL.iter().copied().filter(|code| code.is_finding()) {
        let (name, page) = (code.as_str(), code.page().expect("a page"));
        assert!(page.starts_with(&format!("# {name}\n\n*{}* — {}.\n", code.level().word(), code.about())), "{name}: the head");
        assert!(section(page, "Why").len() > 40, "{name}");
    }
}

#[test]
fn the_examples_of_the_pages_are_true() {
    for code in LINTS.iter().flat_map(|lint| lint.codes).copied() {
        let (name, page) = (code.as_str(), code.page().expect("a page"));
        assert!(section(page, "How to allow it").contains(name), "{name}");
        for (heading, expected) in [("Avoid", true), ("Prefer", false)] {
            let checked = checked(&examples(section(page, heading)));
            let usable = checked.rule_set.is_some();
            assert!(usable, "{name}, {heading}: {}", told(&checked.diagnostics, &checked));
            let found = of_code(&checked, code);
            assert_eq!(!found.is_empty(), expected, "{name}, {heading}: {}", told(&found, &checked));
        }
    }
}

#[test]
fn suppressions_of_findings_are_looked_at_with_the_findings() {
    let text = r#"
# lint: allow duplicate-condition "as the works council wrote it"
rule a: record when repeats or repeats
# lint: allow duplicate-condition
rule b: record when one-on-one
# lint: allow duplicate-condition until 2026-02-01
rule c: record when attendees > 3 or attendees > 3
"#;
    let checked = checked(&[text]);
    expect![[r#"
        expired-suppression 6:1 `# lint: allow duplicate-condition until 2026-02-01`: this suppression of `duplicate-condition` ended on 2026-02-01
    "#]]
    .assert_eq(&told(&checked.diagnostics, &checked));
    expect![[r#"
        unused-suppression 4:1 `# lint: allow duplicate-condition`: there is no `duplicate-condition` here to suppress
        duplicate-condition 7:38 `attendees > 3`: this condition stands here twice
          fix: remove the second one
    "#]]
    .assert_eq(&told(&checked.findings(&Options::default()), &checked));
    // What is not looked for is not missed either.
    let off = Options { levels: [(Code::DuplicateCondition, Level::Off)].into(), ..Options::default() };
    assert_eq!(told(&checked.findings(&off), &checked), "");
}

#[test]
fn rules_beside_a_broken_one_have_their_findings() {
    let checked = checked(&["rule a: record when organiser is me\nrule b: record when repeats or repeats\n"]);
    assert!(checked.rule_set.is_none());
    assert_eq!(checked.findings(&Options::default()).len(), 1);
}

#[test]
fn levels_say_what_is_remarked_on_and_how_much_it_matters() {
    let checked = checked(&["list l = [\"a\"]\nrule b: record when repeats or repeats\n"]);
    let levels = |levels: &[(Code, Level)]| {
        let options = Options { levels: levels.iter().copied().collect(), ..Options::default() };
        let remarks = checked.remarks(&options);
        remarks.iter().map(|remark| (remark.code.as_str(), remark.severity)).collect::<Vec<_>>()
    };
    use callsheet::diagnostic::Severity;
    assert_eq!(levels(&[]), [("unused-name", Severity::Warning), ("duplicate-condition", Severity::Info)]);
    assert_eq!(
        levels(&[(Code::UnusedName, Level::Off), (Code::DuplicateCondition, Level::Error)]),
        [("duplicate-condition", Severity::Error)]
    );
}

/// `condition` in a rule of an organisation with an own domain.
#[track_caller]
fn finds_in(code: &str, condition: &str, expected: Expect) {
    finds(code, &format!("our domains @acme.com\nrule r:\n  record\n  when {condition}\n"), expected);
}

#[test]
fn duplicate_conditions() {
    finds(
        "duplicate-condition",
        "define d = all of (repeats, not one-on-one, not one-on-one)\nrule r: record when none of (d, repeats, d) or one-on-one\n",
        expect![[r#"
            duplicate-condition 1:45 `not one-on-one`: this condition stands here twice
              fix: remove the second one
            duplicate-condition 2:42 `d`: this condition stands here twice
              fix: remove the second one
        "#]],
    );
    finds_in(
        "duplicate-condition",
        "any attendee (is external and not declined and is external)",
        expect![[r#"
        duplicate-condition 4:55 `is external`: this condition stands here twice
          fix: remove the second one
    "#]],
    );
    // Parentheses are in the way of an edit, not of the finding.
    finds_in(
        "duplicate-condition",
        "(repeats) or one-on-one or (repeats)",
        expect![[r#"
        duplicate-condition 4:36 `repeats`: this condition stands here twice
    "#]],
    );
    finds(
        "duplicate-condition",
        r#"{"callsheet":1,"rules":[{"id":"r","do":"record","when":{"any":[{"flag":"one_on_one"},{"repeats":true},{"flag":"one_on_one"}]}}]}"#,
        expect![[r#"
            duplicate-condition 1:103 `{"flag":"one_on_one"}`: this condition stands here twice
              fix: remove the second one
        "#]],
    );
}

#[test]
fn long_conditions() {
    let many = |count: usize| format!("rule r: record when any of ({})", vec!["repeats"; count].join(", "));
    finds("long-condition", &many(12), expect![[""]]);
    finds(
        "long-condition",
        &many(13),
        expect![[r#"
        long-condition 1:6 `r`: the rule `r` asks 13 conditions, more than 12
          help: `define` gives conditions that belong together a name
    "#]],
    );
}

#[test]
fn rules_that_always_record_ask_for_people_or_a_text() {
    for narrow in
        ["title contains \"demo\"", "repeats and attendees >= 3", "not (any attendee is external or repeats)", "organizer is me"]
    {
        finds("broad-always", &format!("our domains @a.example\nrule r: always record when {narrow}"), expect![[""]]);
    }
    finds(
        "broad-always",
        "rule a: always record unless title contains \"x\"\nrule b: record\nrule c: always record shadow",
        expect![[r#"
            broad-always 1:9 `always record`: the rule `a` always records, whoever takes part and whatever it is about
              help: ask for people or for the title, or write `record`, which later rules and users can except from
        "#]],
    );
    finds(
        "broad-always",
        "rule a: always record locked when repeats or title contains \"x\"",
        expect![[r#"
        broad-always 1:9 `always record locked`: the rule `a` always records, whoever takes part and whatever it is about
          help: ask for people or for the title, or write `record`, which later rules and users can except from
    "#]],
    );
}

#[test]
fn public_mail_providers_are_no_customers() {
    finds(
        "free-mail-domain",
        "list l = [@gmx.de, @a.example]\ndefine d = any attendee in l or organizer from @gmail.com\nrule a: always record when d\n\
         rule b: record when any attendee from @gmail.com\n\
         rule c: always record when any attendee from @gmail.com and title contains \"interview\"\n\
         rule d: always record when no attendee from @gmail.com",
        expect![[r#"
            free-mail-domain 1:11 `@gmx.de`: everyone can have an address at `@gmx.de`, and `a` always records
              help: name the addresses that are meant, or ask for the title too
            free-mail-domain 2:48 `@gmail.com`: everyone can have an address at `@gmail.com`, and `a` always records
              help: name the addresses that are meant, or ask for the title too
        "#]],
    );
}

#[test]
fn own_domains_are_no_customers() {
    finds(
        "own-domain-as-customer",
        "our domains @acme.com, @*.acme.com\nlist key-clients = [@x.example, @eu.acme.com, me@acme.com]\nlist staff = [@acme.com]\n\
         rule a: record when any attendee in key-clients or any attendee in staff\n\
         rule b: record when any attendee (is external and from any of [@acme.com, @x.example])",
        expect![[r#"
            own-domain-as-customer 2:33 `@eu.acme.com`: `@eu.acme.com` is one of our own, in a list called `key-clients`
            own-domain-as-customer 2:47 `me@acme.com`: `me@acme.com` is one of our own, in a list called `key-clients`
            own-domain-as-customer 5:64 `@acme.com`: nobody is external and `@acme.com`: that is one of our own
        "#]],
    );
}

#[test]
fn every_attendee_includes_the_user() {
    finds_in(
        "any-vs-every",
        "every attendee is external or no attendee is internal",
        expect![[r#"
        any-vs-every 4:8 `every attendee is external`: `every attendee is external` is asked of the connected user and the organizer too
          help: with you and a customer invited this is false; `any attendee is external` is true there
        any-vs-every 4:38 `no attendee is internal`: `no attendee is internal` is asked of the connected user and the organizer too
          help: with you and a customer invited this is false; `any attendee is external` is true there
    "#]],
    );
    finds_in(
        "any-vs-every",
        "every attendee from any of [@a.example, @b.example] or every attendee from @acme.com",
        expect![[r#"
            any-vs-every 4:8 `every attendee from any of [@a.example, @b.example]`: `every attendee` is asked of the connected user and the organizer too
              help: with you and a customer invited this is false; `any attendee` is true there
        "#]],
    );
    finds_in("any-vs-every", "every attendee is internal or no attendee is external or any attendee is external", expect![[""]]);
}

#[test]
fn keywords_inside_of_common_words() {
    finds_in(
        "keyword-hits-common-words",
        "title contains \"HR\"",
        expect![[r#"
        keyword-hits-common-words 4:23 `"HR"`: `HR` also stands in words like `christmas`
          help: as a word of its own it is `matches /\bHR\b/i`
          fix?: ask for the word `HR`
    "#]],
    );
    finds_in(
        "keyword-hits-common-words",
        "title contains any of [\"ai\", \"demo\", \"sync\", \"1:1\", \" hr \"]",
        expect![[r#"
            keyword-hits-common-words 4:31 `"ai"`: `ai` also stands in words like `again`
              help: as a word of its own it is `matches /\bai\b/i`
        "#]],
    );
    finds_in(
        "keyword-hits-common-words",
        "calendar contains \"hr\" or title is \"hr\" or title contains \"面接\"",
        expect![[""]],
    );
}

#[test]
fn characters_that_deceive() {
    finds_in(
        "confusable-or-bidi-text",
        "title contains \"p\u{0430}ypal\"",
        expect![[r#"
        confusable-or-bidi-text 4:24 `pаypal`: `pаypal` mixes letters of several scripts, which look alike
    "#]],
    );
    finds_in(
        "confusable-or-bidi-text",
        "title contains \"a\u{202e}\u{2066}b\" # c\u{200b}",
        expect![[r#"
        confusable-or-bidi-text 4:25 `\u{202e}\u{2066}`: a character that turns the direction of writing stands here (U+202E)
          fix?: remove it
        confusable-or-bidi-text 4:33 `\u{200b}`: a character that cannot be seen stands here (U+200B)
          fix?: remove it
    "#]],
    );
    for fine in [
        "面接interview",
        "日本語とカタカナ",
        "Größe",
        "Ελλάδα",
        "می\u{200c}خواهم",
        "👩\u{200d}💻",
        "מבחן\u{200f}!",
        "µ-meter",
        "Zürich–Київ",
    ] {
        finds_in("confusable-or-bidi-text", &format!("title contains \"{fine}\""), expect![[""]]);
    }
}

#[test]
fn regular_expressions_that_say_nothing() {
    finds_in(
        "regex-matches-everything",
        "title matches /x*/ or title matches /.+/ or title matches /^|a/",
        expect![[r#"
        regex-matches-everything 4:22 `/x*/`: every text matches this regular expression, the empty one too
        regex-matches-everything 4:66 `/^|a/`: every text matches this regular expression, the empty one too
    "#]],
    );
    finds_in(
        "regex-matches-nothing",
        "title matches /a^b/ or title matches /[^\\s\\S]/ or title matches /a$/",
        expect![[r#"
        regex-matches-nothing 4:22 `/a^b/`: no text matches this regular expression
        regex-matches-nothing 4:45 `/[^\s\S]/`: no text matches this regular expression
    "#]],
    );
}

#[test]
fn regular_expressions_that_are_texts() {
    let texts = ["/demo/i", "/^demo call$/i", "/^(a|b)/i", "/.*面接.*/", "/\\[rec\\]/i", "/12\\.5$/"];
    finds_in(
        "regex-is-plain-text",
        &texts.map(|pattern| format!("title matches {pattern}")).join(" or "),
        expect![[r#"
        regex-is-plain-text 4:22 `/demo/`: this regular expression is a plain text
          help: `contains "demo"` says the same, and finds every spelling of its letters
          fix?: write `contains "demo"`
        regex-is-plain-text 4:47 `/^demo call$/`: this regular expression is a plain text
          help: `is "demo call"` says the same, and finds every spelling of its letters
          fix?: write `is "demo call"`
        regex-is-plain-text 4:79 `/^(a|b)/`: this regular expression is a plain text
          help: `starts with any of ["a", "b"]` says the same, and finds every spelling of its letters
          fix?: write `starts with any of ["a", "b"]`
        regex-is-plain-text 4:106 `/.*面接.*/`: this regular expression is a plain text
          help: `contains "面接"` says the same, and finds every spelling of its letters
          fix?: write `contains "面接"`
        regex-is-plain-text 4:132 `/\[rec\]/`: this regular expression is a plain text
          help: `contains "[rec]"` says the same, and finds every spelling of its letters
          fix?: write `contains "[rec]"`
        regex-is-plain-text 4:160 `/12\.5$/`: this regular expression is a plain text
          help: `ends with "12.5"` says the same, and finds every spelling of its letters
          fix?: write `ends with "12.5"`
    "#]],
    );
    for pattern in ["/demo/", "/\\bdemo\\b/i", "/a.b/i", "/^a|b$/i", "/(?-i:demo)/i", "/(?-i)demo/i", "/a+/i", "/ /"] {
        finds_in("regex-is-plain-text", &format!("title matches {pattern}"), expect![[""]]);
    }
}

#[test]
fn dots_of_domains() {
    finds_in(
        "unescaped-dot",
        "description matches /(zoom|crm).acme.com\\/j/ or title matches /a.b|x\\.com|.com/",
        expect![[r#"
            unescaped-dot 4:28 `/(zoom|crm).acme.com\/j/`: this dot stands for any character, not only for a dot
        "#]],
    );
    finds(
        "unescaped-dot",
        r#"{"callsheet":1,"rules":[{"id":"r","do":"record","when":{"title":{"matches":"acme.com"}}}]}"#,
        expect![[r#"
            unescaped-dot 1:81 `.`: this dot stands for any character, not only for a dot
              fix?: write `\.`
        "#]],
    );
}

#[test]
fn items_that_others_cover() {
    finds_in(
        "pattern-subsumed",
        "title contains any of [\"interview\", \"Phone INTERVIEW\", \"Interview\"]",
        expect![[r#"
        pattern-subsumed 4:44 `"Phone INTERVIEW"`: whatever "Phone INTERVIEW" finds, "interview" finds already
          fix: remove "Phone INTERVIEW"
        pattern-subsumed 4:63 `"Interview"`: "Interview" stands here twice
          fix: remove "Interview"
    "#]],
    );
    finds_in(
        "pattern-subsumed",
        "title is any of [\"a\", \"ab\"] or title ends with any of [\"ab\", \"b\"]",
        expect![[r#"
        pattern-subsumed 4:63 `"ab"`: whatever "ab" finds, "b" finds already
          fix: remove "ab"
    "#]],
    );
    finds_in(
        "pattern-subsumed",
        "any attendee from any of [@*.a.example, @b.a.example, @a.example]",
        expect![[r#"
        pattern-subsumed 4:48 `@b.a.example`: whatever @b.a.example finds, @*.a.example finds already
          fix: remove @b.a.example
    "#]],
    );
    finds_in(
        "pattern-subsumed",
        "title matches /interview|phone interview|^x/i or title matches /(a|b)/",
        expect![[r#"
        pattern-subsumed 4:33 `phone interview`: wherever `phone interview` is found, `interview` is found already
    "#]],
    );
    finds(
        "pattern-subsumed",
        "list l = [\"a\", \"ab\", \"a\"]\nlist d = [2026-01-01, 2026-01-01]\n\
         rule r: record when title contains any of l or title is any of l or starts on any of d",
        expect![[r#"
            pattern-subsumed 1:22 `"a"`: "a" stands here twice
              fix: remove "a"
            pattern-subsumed 2:23 `2026-01-01`: 2026-01-01 stands here twice
              fix: remove 2026-01-01
        "#]],
    );
}

#[test]
fn clocks_without_a_zone_and_at_its_edges() {
    let rule = "rule r: record when starts before 02:30 or starts after 10:00";
    finds(
        "time-without-zone",
        rule,
        expect![[r#"
        time-without-zone 1:21 `starts before 02:30`: a time of day, and the file names no time zone
          help: write `timezone "Europe/London"` in the file, or `in "Europe/London"` here
    "#]],
    );
    finds("time-without-zone", &format!("layer user\n{rule}"), expect![[""]]);
    finds("time-without-zone", &format!("timezone \"Europe/Berlin\"\n{rule}"), expect![[""]]);
    finds(
        "dst-edge",
        &format!("timezone \"Europe/Berlin\"\n{rule}"),
        expect![[r#"
        dst-edge 2:21 `starts before 02:30`: 02:30 does not exist on 2026-03-29 in Europe/Berlin
          help: a meeting at that hour may be inside the window or not, as the calendar has it
    "#]],
    );
    finds(
        "dst-edge",
        "timezone \"Europe/London\"\nrule r: record when starts between 01:30 and 03:00 on mon..fri or ends before 01:30 on sun",
        expect![[r#"
            dst-edge 2:67 `ends before 01:30 on sun`: 01:30 does not exist on 2026-03-29 in Europe/London
              help: a meeting at that hour may be inside the window or not, as the calendar has it
        "#]],
    );
    finds("dst-edge", &format!("timezone \"Asia/Tokyo\"\n{rule}"), expect![[""]]);
}

#[test]
fn clocks_stand_apart_in_other_ways_over_the_year() {
    let rule = |sydney: &str| {
        let london = "starts between 10:00 and 10:30 in \"Europe/London\"";
        format!("rule at-{}:\n  record\n  when {london} and starts between {sydney} in \"Australia/Sydney\"\n\n", &sydney[..2])
    };
    let rules = ["19:00 and 19:30", "20:00 and 20:30", "21:00 and 21:30", "22:00 and 22:30"].map(rule).concat();
    finds(
        "rule-never-matches",
        &rules,
        expect![[r#"
        rule-never-matches 13:6 `at-22`: no meeting makes the condition of `at-22` true
          help: these cannot come out as the rule needs them: `starts between 10:00 and 10:30 in "Europe/London"`, `starts between 22:00 and 22:30 in "Australia/Sydney"`
    "#]],
    );
}

#[test]
fn dates_by_rule_come_round_after_many_years() {
    let rules = r#"
rule leap-day-on-a-monday-after-a-century:
  record from 2093-01-01
  when starts on rrule "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29" and starts on mon

rule never:
  record
  when starts on rrule "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"

rule every-two-weeks-and-another-day:
  record
  when starts on rrule "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO" counting from 2026-01-05 and starts on tue
"#;
    finds(
        "rule-never-matches",
        rules,
        expect![[r#"
        rule-never-matches 6:6 `never`: no meeting makes the condition of `never` true
        rule-never-matches 10:6 `every-two-weeks-and-another-day`: no meeting makes the condition of `every-two-weeks-and-another-day` true
          help: these cannot come out as the rule needs them: `starts on rrule "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO" counting from 2026-01-05`, `starts on tue`
    "#]],
    );
}

#[test]
fn rules_for_days_that_are_over_or_to_come() {
    let text = "# why\nrule a: record until 2026-02-28\n\nrule b: record from 2026-03-01 until 2026-03-01\nrule c: record from 2026-03-02\n";
    finds(
        "expired-rule",
        text,
        expect![[r#"
        expired-rule 2:9 `record until 2026-02-28`: the rule `a` was for meetings until 2026-02-28, and they are over
          fix?: remove the rule
    "#]],
    );
    finds(
        "never-active-yet",
        text,
        expect![[r#"
        never-active-yet 5:9 `record from 2026-03-02`: the rule `c` is for meetings from 2026-03-02 on, and none has begun yet
    "#]],
    );
}

#[test]
fn facts_that_a_provider_never_tells() {
    finds_in(
        "unknown-provider-fact",
        "calendar is \"work\" or creator is me",
        expect![[r#"
        unknown-provider-fact 4:8 `calendar is "work"`: calendars of microsoft never say what the calendar is called, so this is unknown there
          help: a rule that records does not match where its condition is unknown
        unknown-provider-fact 4:30 `creator is me`: calendars of microsoft and ics never say who created an event, so this is unknown there
          help: a rule that records does not match where its condition is unknown
    "#]],
    );
    finds(
        "unknown-provider-fact",
        "rule r: never record when creator is me",
        expect![[r#"
        unknown-provider-fact 1:27 `creator is me`: calendars of microsoft and ics never say who created an event, so this is unknown there
          help: a rule that keeps bots away matches where its condition is unknown
    "#]],
    );
}

#[test]
fn bots_that_come_too_late() {
    let late = |condition: &str| format!("defaults with {{ join: 30m after start }}\nrule r: record when {condition}\n");
    finds(
        "join-offset-beyond-duration",
        &late("duration <= 30m"),
        expect![[r#"
        join-offset-beyond-duration 2:6 `r`: the bot joins 30m after the start, when every such meeting is over
          help: let it join earlier, or ask for longer meetings
    "#]],
    );
    finds(
        "join-offset-beyond-duration",
        &late("duration between 20m and 2h and repeats"),
        expect![[r#"
        join-offset-beyond-duration 2:6 `r`: the bot joins 30m after the start, when a meeting of 20m is over
          help: let it join earlier, or ask for longer meetings
    "#]],
    );
    for fine in ["duration > 30m", "repeats", "duration < 1h", "duration >= 31m or duration >= 1h", "not duration <= 30m"] {
        finds("join-offset-beyond-duration", &late(fine), expect![[""]]);
    }
}

#[test]
fn what_a_team_may_want() {
    let text = "list Gäste = [\"a\"]\nrule my_rule: never record when title contains any of Gäste\nrule b: skip because \"x\"\n\
                test \"t\": event { title: \"a\" } expect skip by my_rule\n";
    finds(
        "missing-because-on-never",
        text,
        expect![[r#"
        missing-because-on-never 2:6 `my_rule`: the rule `my_rule` forbids recording and does not say why
          help: add `because "…"`: whoever is denied a recording is shown it
    "#]],
    );
    finds(
        "id-style",
        text,
        expect![[r#"
        id-style 1:6 `Gäste`: the name `Gäste` is not of the style of this team
        id-style 2:6 `my_rule`: the name `my_rule` is not of the style of this team
    "#]],
    );
    finds(
        "rule-untested",
        text,
        expect![[r#"
        rule-untested 3:6 `b`: no test expects the rule `b`
          help: a test names it with `expect … by b`
    "#]],
    );
}

/// Without the findings that are proven: they have no fixes, and take longer than all others together.
fn without_proofs() -> Options {
    let proven = LINTS.iter().find(|lint| lint.codes.contains(&Code::RuleShadowed)).expect("the proofs");
    let codes = proven.codes.iter().copied().chain([Code::Undecided]);
    Options { levels: codes.map(|code| (code, Level::Off)).collect(), ..Options::default() }
}

/// Random rule sets whose fixes are tried, and events that each meets before and after.
const FIXED_SETS: u64 = 120;
const EVENTS_PER_SET: u64 = 40;

#[test]
fn a_fix_that_is_said_to_keep_decisions_keeps_them() {
    let events: Vec<Asked> = (0..2_000).map(|seed| asked(&mut Dice::new(seed))).collect();
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..FIXED_SETS {
        let mut dice = Dice::new(seed ^ 0xf17e_0000_0000);
        let trees = files(&mut dice);
        let print = if seed % 2 == 0 { printer::text } else { printer::json };
        let before = checked(&trees.each_ref().map(print).each_ref().map(String::as_str));
        let Some(rules) = &before.rule_set else { continue };
        for remark in before.remarks(&without_proofs()) {
            for fix in remark.fixes.iter().filter(|fix| fix.effect == Effect::KeepsDecisions) {
                let texts: Vec<String> = before.sources.iter().map(|(id, source)| fixed(id, &source.text, fix)).collect();
                let after = checked(&texts.iter().map(String::as_str).collect::<Vec<_>>());
                // A test may give items to a list that no rule uses; `--fix` leaves such a list.
                let Some(now) = &after.rule_set else {
                    assert_eq!(remark.code, Code::UnusedName, "{}\n{}", told(&after.diagnostics, &after), texts.join("\n"));
                    continue;
                };
                let count = |checked: &Checked| {
                    checked.remarks(&without_proofs()).iter().filter(|other| other.code == remark.code).count()
                };
                assert!(count(&after) < count(&before), "{remark:?}");
                let mut machine = Machine::new();
                for _ in 0..EVENTS_PER_SET {
                    let question = dice.pick(&events).question();
                    let (was, is) = (rules.decide(&mut machine, &question), now.decide(&mut machine, &question));
                    assert_eq!(was, is, "{remark:?}\n{}", texts.join("\n"));
                    assert_eq!(rules.settings(&was), now.settings(&is), "{remark:?}");
                }
                *tried.entry(remark.code.as_str()).or_default() += 1;
            }
        }
    }
    for code in ["duplicate-condition", "pattern-subsumed", "unused-name"] {
        assert!(tried.get(code).is_some_and(|tried| *tried >= 10), "{tried:?}");
    }
}

/// A text with the edits of a fix that lie in it.
fn fixed(id: SourceId, text: &str, fix: &Fix) -> String {
    let mut edits: Vec<_> = fix.edits.iter().filter(|(span, _)| span.source == id).collect();
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(*span));
    let mut text = text.to_owned();
    edits.into_iter().for_each(|(span, new)| text.replace_range(span.range(), new));
    text
}

#[test]
fn remarks_of_the_check_have_fixes_where_the_text_is_plain() {
    let text = "list l = [\"x\"]\n\n# about d\ndefine d = repeats\n\n# lint: allow unused-name\nrule a:\n  never record\n  when repeats\n  with { keep: 1d }\n\nrule b: skip with { keep: 1d }\n";
    let checked = checked(&[text]);
    let mut out = String::new();
    for remark in checked.remarks(&Options::default()) {
        for fix in &remark.fixes {
            writeln!(out, "--- {}, {}\n{}", remark.code.as_str(), fix.title, fixed(SourceId(0), text, fix)).expect("a string");
        }
    }
    expect![[r#"
        --- unused-name, remove it
        # about d
        define d = repeats

        # lint: allow unused-name
        rule a:
          never record
          when repeats
          with { keep: 1d }

        rule b: skip with { keep: 1d }

        --- unused-name, remove it
        list l = ["x"]

        # lint: allow unused-name
        rule a:
          never record
          when repeats
          with { keep: 1d }

        rule b: skip with { keep: 1d }

        --- unused-suppression, remove the suppression
        list l = ["x"]

        # about d
        define d = repeats

        rule a:
          never record
          when repeats
          with { keep: 1d }

        rule b: skip with { keep: 1d }

        --- setting-on-skip, remove the settings
        list l = ["x"]

        # about d
        define d = repeats

        # lint: allow unused-name
        rule a:
          never record
          when repeats

        rule b: skip with { keep: 1d }

    "#]]
    .assert_eq(&out);
}

/// Each file of `tests/planted/` is one policy with one defect, named after the code that finds it.
#[test]
fn every_planted_defect_is_found_under_its_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/planted");
    let mut missed = String::new();
    let mut found = BTreeSet::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the planted files") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a rule file");
        let wanted = Code::named(name.split('.').next().expect("a name"));
        let mut options = Options { providers: Provider::ALL.to_vec(), ..Options::default() };
        options.levels.extend(wanted.filter(|code| code.level() == Level::Off).map(|code| (code, Level::Info)));
        let checked = checked(&[&text]);
        let remarks = checked.remarks(&options);
        match wanted {
            Some(code) if remarks.iter().any(|remark| remark.code == code) => count += usize::from(found.insert(name)),
            Some(_) => writeln!(missed, "{name}: {}", told(&remarks, &checked)).expect("a string"),
            None => assert!(name == "clean" && remarks.is_empty(), "{name}: {}", told(&remarks, &checked)),
        }
    }
    assert_eq!(missed, "");
    assert!(count >= 60, "{count}");
    // Each lint is held to one at least.
    for code in LINTS.iter().flat_map(|lint| lint.codes) {
        assert!(found.iter().any(|name| name.split('.').next() == Some(code.as_str())), "{}", code.as_str());
    }
}

/// Texts made of pieces of the planted files.
const SPLICED: u64 = 250;

#[test]
fn whatever_the_text_lints_find_the_same_twice_and_name_places_in_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/planted");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("the planted files").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let texts: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).expect("a rule file")).collect();
    let off = Code::ALL.iter().copied().filter(|code| code.level() == Level::Off);
    let options = Options { levels: off.map(|code| (code, Level::Info)).collect(), ..Options::default() };
    let mut findings = 0;
    for seed in 0..SPLICED {
        let mut dice = Dice::new(seed ^ 0x5b11_ce00_0000);
        let text = spliced(&texts, &mut dice);
        let checked = checked(&[&text]);
        let remarks = checked.remarks(&options);
        assert_eq!(remarks, self::checked(&[&text]).remarks(&options), "{text}");
        let errors = checked.diagnostics.iter().any(|remark| remark.code.level() == Level::Error);
        for remark in &remarks {
            let labels = std::iter::once(&remark.primary).chain(&remark.secondary).map(|label| label.span);
            let edits = remark.fixes.iter().flat_map(|fix| fix.edits.iter().map(|(span, _)| *span));
            for span in labels.chain(edits) {
                assert!(text.get(span.range()).is_some(), "{remark:?}\n{text}");
            }
            let safe = remark.fixes.iter().filter(|fix| fix.effect == Effect::KeepsDecisions && !errors);
            for fix in safe.filter(|_| remark.code != Code::UnusedName) {
                let after = self::checked(&[&fixed(SourceId(0), &text, fix)]);
                let worse = after.diagnostics.iter().find(|remark| remark.code.level() == Level::Error);
                assert!(worse.is_none(), "{remark:?}\n{worse:?}\n{text}");
            }
        }
        findings += remarks.iter().filter(|remark| remark.code.is_finding()).count();
    }
    assert!(findings > 100, "{findings}");
}

/// A text with some ranges of it gone, said twice, or taken from another text.
fn spliced(texts: &[String], dice: &mut Dice) -> String {
    let place = |dice: &mut Dice, text: &str| text.floor_char_boundary(dice.below(text.len() + 1));
    let mut text = dice.pick(texts).clone();
    for _ in 0..dice.between(1, 4) {
        let other = dice.pick(texts);
        let from = place(dice, other);
        let taken = &other[from..other.ceil_char_boundary((from + dice.below(120)).min(other.len()))];
        let start = place(dice, &text);
        let end = text.ceil_char_boundary((start + dice.below(60)).min(text.len()));
        match dice.below(3) {
            0 => text.replace_range(start..end, ""),
            1 => text.insert_str(start, taken),
            _ => text.replace_range(start..end, taken),
        }
    }
    text
}
