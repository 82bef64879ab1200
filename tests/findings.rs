//! What the lints find, what they leave alone, and that their pages tell the truth.

use callsheet::diagnostic::{Code, Diagnostic, Effect, Level};
use callsheet::engine::{CheckOptions, Checked, RuleText, check};
use callsheet::lint::{LINTS, Options};
use callsheet::time::Date;
use expect_test::{Expect, expect};
use std::collections::BTreeSet;
use std::fmt::Write as _;

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
    checked.findings(&options).into_iter().filter(|finding| finding.code == code).collect()
}

fn told(findings: &[Diagnostic], checked: &Checked) -> String {
    let mut out = String::new();
    for finding in findings {
        let span = finding.primary.span;
        let place = checked.sources.position(span);
        let written: String = checked.sources.slice(span).lines().next().unwrap_or_default().chars().take(60).collect();
        let code = finding.code.as_str();
        writeln!(out, "{code} {}:{} `{written}`: {}", place.line, place.column, finding.message).expect("a string");
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
fn files(section: &str) -> Vec<&str> {
    let files: Vec<&str> = section.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!files.is_empty(), "no example");
    files
}

#[test]
fn every_finding_has_a_page_whose_examples_are_true() {
    for code in Code::ALL.iter().copied().filter(|code| code.is_finding()) {
        let (name, page) = (code.as_str(), code.page().expect("a page"));
        assert!(page.starts_with(&format!("# {name}\n\n*{}* — {}.\n", code.level().word(), code.about())), "{name}: the head");
        assert!(section(page, "Why").len() > 40 && section(page, "How to allow it").contains(name), "{name}");
        for (heading, expected) in [("Avoid", true), ("Prefer", false)] {
            let checked = checked(&files(section(page, heading)));
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
rule b: record when repeats
# lint: allow duplicate-condition until 2026-02-01
rule c: record when repeats or repeats
"#;
    let checked = checked(&[text]);
    expect![[r#"
        expired-suppression 6:1 `# lint: allow duplicate-condition until 2026-02-01`: this suppression of `duplicate-condition` ended on 2026-02-01
    "#]]
    .assert_eq(&told(&checked.diagnostics, &checked));
    expect![[r#"
        unused-suppression 4:1 `# lint: allow duplicate-condition`: there is no `duplicate-condition` here to suppress
        duplicate-condition 7:32 `repeats`: this condition stands here twice
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

#[test]
fn duplicate_conditions() {
    finds(
        "duplicate-condition",
        "define d = all of (repeats, not one-on-one, not one-on-one)\nrule r: record when none of (d, repeats, d) or one-on-one\n",
        expect![[r#"
            duplicate-condition 1:45 `not one-on-one`: this condition stands here twice
            duplicate-condition 2:42 `d`: this condition stands here twice
        "#]],
    );
}
