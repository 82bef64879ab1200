//! Proven findings: held to random rules over random meetings, and to what they say of small files.

use crate::support::generate::Dice;
use crate::support::generate::files::files;
use crate::support::generate::occurrences::{Asked, asked};
use callsheet::diagnostic::{Code, Diagnostic};
use callsheet::engine::{CheckOptions, Checked, RuleText, check};
use callsheet::event::SeriesFacts;
use callsheet::lint::Options;
use callsheet::syntax::printer;
use callsheet::value::{Conference, DecidedBy, Decision, Fact, Overrides, Truth};
use std::collections::BTreeMap;

/// Rule sets of a run; `CALLSHEET_RULE_SETS` asks for more.
const SETS: u64 = 60;
/// Meetings that each is held to.
const MEETINGS: usize = 400;
/// Rules in a hundred of which nothing could be found out, at the most.
const UNDECIDED_PERCENT_MAX: usize = 1;

fn sets() -> u64 {
    std::env::var("CALLSHEET_RULE_SETS").ok().and_then(|sets| sets.parse().ok()).unwrap_or(SETS)
}

/// The same meeting as the analysis takes meetings to be: see the background in `callsheet::analysis`.
pub fn within_background(mut asked: Asked) -> Option<Asked> {
    let occurrence = &mut asked.occurrence;
    asked.overrides = Overrides::default();
    if occurrence.series == SeriesFacts::NotRecurring {
        (occurrence.first, occurrence.moved, occurrence.changed) = (Fact::Known(false), Fact::Known(false), Fact::Known(false));
    }
    if occurrence.moved == Fact::Known(true) {
        occurrence.changed = Fact::Known(true);
    }
    let takes_no_part = |person: &callsheet::event::Person| {
        person.non_participant || person.address.as_ref().is_some_and(|address| asked.user.bots.contains(address))
    };
    if asked.occurrence.facts.people.organizer.known().is_some_and(takes_no_part) {
        return None;
    }
    let link = asked.occurrence.facts.link.known().and_then(Option::as_ref);
    if link.is_some_and(|link| link.joinable && matches!(link.conference, Conference::Other | Conference::None)) {
        return None;
    }
    // `dana` is listed under one of two addresses, and the user under one.
    let is_dana = |written: &str| written.starts_with("dana");
    let people = &asked.occurrence.facts.people;
    let named = people.attendees.iter().chain(people.organizer.known()).filter_map(|person| person.address.as_ref());
    let mut danas: Vec<&str> = named.clone().map(|address| address.as_str()).filter(|address| is_dana(address)).collect();
    danas.sort_unstable();
    danas.dedup();
    let mut mine: Vec<String> = named
        .filter(|address| asked.user.addresses.contains(address))
        .map(ToString::to_string)
        .chain(people.attendees.iter().chain(people.organizer.known()).filter(|p| p.is_self).map(|p| p.written.clone()))
        .collect();
    mine.sort_unstable();
    mine.dedup();
    (danas.len() < 2 && mine.len() < 2).then_some(asked)
}

struct Case {
    seed: u64,
    texts: Vec<String>,
    checked: Checked,
    findings: Vec<Diagnostic>,
    meetings: Vec<Asked>,
}

fn case(seed: u64) -> Case {
    let mut dice = Dice::new(seed);
    let texts: Vec<String> = files(&mut dice).iter().map(printer::text).collect();
    let of = |(at, text): (usize, &String)| RuleText { name: format!("{at}.rules"), text: text.clone(), layer: None };
    let named: Vec<RuleText> = texts.iter().enumerate().map(of).collect();
    let checked = check(&named, &CheckOptions::default());
    let findings = checked.findings(&Options::default());
    let meetings = (0..MEETINGS).filter_map(|_| within_background(asked(&mut dice))).collect();
    Case { seed, texts, checked, findings, meetings }
}

impl Case {
    /// What is wrong with the findings, by these meetings.
    fn wrong(&self) -> Option<String> {
        let rules = self.checked.rule_set.as_ref()?;
        for (at, outline) in rules.outline().rules.iter().enumerate() {
            let of_rule = |code: Code| {
                self.findings.iter().any(|finding| {
                    finding.code == code
                        && finding.primary.span.source == outline.span.source
                        && finding.primary.span.range().start >= outline.span.range().start
                        && finding.primary.span.range().end <= outline.span.range().end
                })
            };
            let (never, always) = (of_rule(Code::RuleNeverMatches), of_rule(Code::ConditionAlwaysTrue));
            let covered = of_rule(Code::RuleShadowed) || of_rule(Code::RuleOverridden);
            if !never && !always && !covered {
                continue;
            }
            for meeting in &self.meetings {
                let question = meeting.question();
                let Decision::Decided { by, .. } = rules.decide_plainly(&question) else { continue };
                let explanation = rules.trace(&question);
                let truth = explanation.conditions[at];
                let active = explanation.active[at] == Truth::True;
                let false_claim = match () {
                    () if never && truth == Truth::True && active => "rule-never-matches",
                    () if always && truth == Truth::False => "condition-always-true",
                    // Where its condition is unknown a rule that declines may act all the same.
                    () if covered && truth == Truth::True && by == DecidedBy::Rule(u16::try_from(at).expect("few")) => {
                        "rule-shadowed or -overridden"
                    }
                    () => continue,
                };
                return Some(format!(
                    "seed {}: {false_claim} of `{}` ({:#?}) is not so for {:?} {:?} {:?}\n{}",
                    self.seed,
                    outline.id,
                    self.findings,
                    meeting.occurrence,
                    meeting.user,
                    meeting.lists,
                    self.texts.join("\n---\n")
                ));
            }
        }
        None
    }
}

#[test]
fn no_finding_is_false_and_few_are_missing() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut rules = 0;
    let mut undecided = Vec::new();
    let first = std::env::var("CALLSHEET_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    for seed in first..first + sets() {
        let case = case(seed);
        rules += case.checked.rule_count();
        if let Some(wrong) = case.wrong() {
            panic!("{wrong}");
        }
        for finding in &case.findings {
            *counts.entry(finding.code.as_str()).or_default() += 1;
            if finding.code == Code::Undecided {
                undecided.push(format!("seed {seed}: {} {:?}", finding.message, finding.help));
            }
        }
    }
    println!("{rules} rules: {counts:?}\n{}", undecided.join("\n"));
    assert!(undecided.len() * 100 <= rules * UNDECIDED_PERCENT_MAX, "{} of {rules} undecided", undecided.len());
}

#[test]
fn nothing_is_left_open_about_the_examples() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules-examples");
    let entries = std::fs::read_dir(root).expect("the examples").map(|entry| entry.expect("an entry").path());
    let mut examples = 0;
    for folder in entries.filter(|path| path.is_dir()) {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(folder.join(format!("{name}.rules"))).expect("its rules");
        let checked = check(&[RuleText { name: name.clone(), text, layer: None }], &CheckOptions::default());
        let open = checked.findings(&Options::default()).into_iter().filter(|finding| finding.code == Code::Undecided);
        assert_eq!(open.map(|finding| finding.message).collect::<Vec<_>>(), Vec::<String>::new(), "{name}");
        examples += 1;
    }
    assert!(examples > 3, "only {examples} examples were read");
}

/// Findings of these codes about a file, as `code: message`.
fn about(text: &str) -> Vec<String> {
    let checked = check(&[RuleText { name: "a.rules".to_owned(), text: text.to_owned(), layer: None }], &CheckOptions::default());
    let proven = [Code::RuleNeverMatches, Code::RuleShadowed, Code::RuleOverridden, Code::Undecided];
    let findings = checked.findings(&Options::default()).into_iter().filter(|finding| proven.contains(&finding.code));
    findings.map(|finding| format!("{}: {}", finding.code.as_str(), finding.message)).collect()
}

#[test]
fn a_user_elsewhere_has_other_mondays_than_utc() {
    let rules = |zone: &str| {
        format!(
            "layer user\nrule a:\n  record\n  when starts on mon{zone}\n\nrule b:\n  skip\n  when starts on mon\n  unless title is \"x\"\n"
        )
    };
    assert_eq!(about(&rules(" in \"UTC\"")), Vec::<String>::new());
    assert_eq!(about(&rules(" in \"Asia/Tokyo\"")), Vec::<String>::new());
    assert_eq!(about(&rules("")), ["rule-shadowed: `b` never decides: `a` decides about all of its meetings"]);
}
