//! What is said about a change of rules: held to random changes of random rules over random meetings.

use crate::proofs::within_background;
use crate::support::generate::Dice;
use crate::support::generate::files::files;
use crate::support::generate::occurrences::{Asked, asked};
use callsheet::compare::{Comparison, Decider, Effect, SideOf};
use callsheet::diagnostic::Code;
use callsheet::engine::{CheckOptions, Checked, Machine, RuleText, check};
use callsheet::event::Question;
use callsheet::lint::Options;
use callsheet::syntax::ast::{
    At, Commented, Condition, ConditionKind, File, List, Located, RecordableEntry, RecordableValue, Setting, SettingValue,
    Tiered, Trivia, Verb,
};
use callsheet::syntax::printer;
use callsheet::value::{Decision, Override, Overrides};

/// Changes of a run; `CALLSHEET_RULE_SETS` asks for more.
const CHANGES: u64 = 60;
/// Meetings that each is held to.
const MEETINGS: usize = 400;
/// Changes in a hundred of which something could not be found out, at the most.
const UNDECIDED_PERCENT_MAX: usize = 8;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn checked(texts: &[String]) -> Checked {
    let text = |(at, text): (usize, &String)| RuleText { name: format!("{at}.rules"), text: text.clone(), layer: None };
    let texts: Vec<RuleText> = texts.iter().enumerate().map(text).collect();
    check(&texts, &CheckOptions::default())
}

fn commented<T>(value: T) -> Commented<T> {
    Commented { value, at: At::default(), trivia: Trivia::default() }
}

/// Changes one thing that somebody could change.
fn change(dice: &mut Dice, files: &mut [File; 2]) {
    let file = &mut files[dice.below(2)];
    let rule = dice.below(file.rules.len());
    let other = dice.below(file.rules.len());
    match dice.below(15) {
        0 => drop(file.rules.remove(rule)),
        1 => file.rules.swap(rule, other),
        2 => {
            let verb = *dice.pick(&[Tiered::NeverRecord, Tiered::AlwaysRecord { locked: false }, Tiered::Record, Tiered::Skip]);
            file.rules[rule].value.action.value.verb = verb;
        }
        3 => file.rules[rule].value.when = file.rules[other].value.when.clone(),
        4 => file.rules[rule].value.unless = None,
        5 => {
            let condition = file.rules[rule].value.when.take().map(|when| {
                let kind = ConditionKind::Not(Box::new(when.value));
                commented(Condition { kind, at: At::default(), trivia: Trivia::default() })
            });
            file.rules[rule].value.when = condition;
        }
        6 => file.default = dice.maybe(2, |dice| commented(*dice.pick(&[Verb::Record, Verb::Skip]))),
        7 => file.rules[rule].value.action.value.shadow ^= true,
        8 => {
            let key = Located { value: "join".to_owned(), at: At::default() };
            let value = Located { value: SettingValue::Offset(-30), at: At::default() };
            file.defaults = Some(commented(vec![Setting { key, value, trivia: Trivia::default() }]));
        }
        9 => {
            let value = RecordableValue::AllDay(true);
            let widened = vec![RecordableEntry { value, at: At::default(), trivia: Trivia::default() }];
            files[0].recordable = dice.maybe(2, |_| commented(widened));
        }
        10 => file.rules[rule].value.with = None,
        11 => {
            if let Some(domains) = &mut files[0].our_domains {
                domains.value.truncate(1);
            }
        }
        12 | 13 => {
            let lists = files[0].lists.iter_mut().filter_map(|list| match &mut list.value {
                List::Items(items) if items.len() > 1 => Some(items),
                _ => None,
            });
            lists.for_each(|items| drop(items.pop()));
        }
        _ => {
            let when = file.rules[rule].value.when.clone();
            let other = file.rules[other].value.when.clone();
            if let (Some(when), Some(other)) = (when, other) {
                let kind = ConditionKind::Any(vec![when.value, other.value]);
                file.rules[rule].value.when = Some(commented(Condition { kind, at: At::default(), trivia: Trivia::default() }));
            }
        }
    }
}

struct Case {
    old: Checked,
    new: Checked,
    comparison: Comparison,
    meetings: Vec<Asked>,
}

/// `None` where the change leaves no rules that can be used.
fn case(seed: u64) -> Option<Case> {
    let mut dice = Dice::new(seed ^ 0xd1ff);
    let mut files = files(&mut dice);
    let old = checked(&files.iter().map(printer::text).collect::<Vec<_>>());
    for _ in 0..dice.between(1, 2) {
        change(&mut dice, &mut files);
        if files.iter().any(|file| file.rules.is_empty()) {
            return None;
        }
    }
    let new = checked(&files.iter().map(printer::text).collect::<Vec<_>>());
    let comparison = new.compared_with(&old)?;
    let meetings = (0..MEETINGS).filter_map(|_| within_background(asked(&mut dice))).collect();
    Some(Case { old, new, comparison, meetings })
}

impl Case {
    fn decisions(&self, question: &Question<'_>) -> [Decision; 2] {
        let mut machine = Machine::new();
        [&self.old, &self.new].map(|side| side.rule_set.as_ref().expect("usable").decide(&mut machine, question))
    }

    fn is_same(&self, [old, new]: [Decision; 2]) -> bool {
        let outline = |side: &'_ Checked| side.rule_set.as_ref().expect("usable").outline().clone();
        Effect::of(&outline(&self.old), old).is_same(&Effect::of(&outline(&self.new), new))
    }

    /// Whether the comparison tells of such a change, or says that it does not know.
    fn tells(&self, [old, new]: [Decision; 2], overrides: Overrides) -> bool {
        let class = |class: &&callsheet::compare::Class| {
            class.overrides == overrides
                && (Decider::of(class.old), Decider::of(class.new)) == (Decider::of(old), Decider::of(new))
        };
        let open =
            |side: SideOf, decider: Decider| self.comparison.open.iter().any(|open| open.side == side && open.decider == decider);
        self.comparison.classes.iter().any(|one| class(&one))
            || open(SideOf::Old, Decider::of(old))
            || open(SideOf::New, Decider::of(new))
    }

    fn texts(&self) -> String {
        let of = |side: &Checked| side.sources.iter().map(|(_, source)| source.text.clone()).collect::<Vec<_>>().join("\n---\n");
        format!("{}\n======\n{}\n{:#?}", of(&self.old), of(&self.new), self.comparison)
    }
}

/// What happened over all changes.
#[derive(Debug, Default)]
struct Figures {
    changes: usize,
    classes: usize,
    same: usize,
    undecided: usize,
    meetings: usize,
}

#[test]
fn every_meeting_that_is_decided_otherwise_is_in_a_class_and_every_class_has_one() {
    let first = number("CALLSHEET_SEED", 0);
    let mut figures = Figures::default();
    for seed in first..first + number("CALLSHEET_RULE_SETS", CHANGES) {
        let Some(case) = case(seed) else { continue };
        figures.changes += 1;
        figures.classes += case.comparison.classes.len();
        figures.same += usize::from(case.comparison.is_same());
        figures.undecided += usize::from(!case.comparison.open.is_empty());
        for class in &case.comparison.classes {
            let question = Question { overrides: class.overrides, ..class.witness.question() };
            let decisions = case.decisions(&question);
            assert_eq!(decisions, [class.old, class.new], "seed {seed}: {}", case.texts());
            assert!(!case.is_same(decisions), "seed {seed}: {}", case.texts());
        }
        let findings = case.new.change_findings(&case.old, &case.comparison, &Options::default());
        let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
        assert!(!codes.contains(&Code::NoOpEdit) || case.comparison.is_same());
        for meeting in &case.meetings {
            let wrong = case.wrong(meeting, &codes);
            assert_eq!(wrong, None, "seed {seed}: {:?} {:?}\n{}", meeting.occurrence, meeting.user, case.texts());
            figures.meetings += usize::from(!case.is_same(case.decisions(&meeting.question())));
        }
    }
    println!("{figures:?}");
    assert!(figures.changes > 30 && figures.classes > 30 && figures.same > 5, "{figures:?}");
    assert!(figures.undecided * 100 <= figures.changes * UNDECIDED_PERCENT_MAX, "{figures:?}");
}

impl Case {
    /// What the comparison does not tell of a meeting, or the findings do not.
    fn wrong(&self, meeting: &Asked, codes: &[Code]) -> Option<String> {
        let question = meeting.question();
        let decisions = self.decisions(&question);
        if !self.is_same(decisions) {
            if !self.tells(decisions, Overrides::default()) {
                return Some(format!("{decisions:?}"));
            }
            let [old, new] = [&self.old, &self.new].map(|side| side.rule_set.as_ref().expect("usable").outline());
            let (before, after) = (Effect::of(old, decisions[0]), Effect::of(new, decisions[1]));
            let told = |code: Code| codes.contains(&code) || codes.contains(&Code::Undecided);
            if !before.records() && after.records() && !told(Code::WidensRecording) {
                return Some("widens-recording".to_owned());
            }
            if before.is_never() && !after.is_never() && after.strength.is_some() && !told(Code::WeakensNever) {
                return Some("weakens-never".to_owned());
            }
            return None;
        }
        // Where nothing changes without a person's word, it brings other settings or nothing.
        let is_decided = |decision: &Decision| matches!(decision, Decision::Decided { .. });
        [Override::Record, Override::Stop].into_iter().find_map(|word| {
            let overrides = Overrides { occurrence: Some(word), series: None };
            let asked = self.decisions(&Question { overrides, ..question });
            let is_persons = asked.iter().all(|decision| Decider::of(*decision) == Decider::Person);
            let told = self.is_same(asked) || (is_persons && self.tells(asked, overrides));
            (decisions.iter().all(is_decided) && !told).then(|| format!("{word:?}: {asked:?}"))
        })
    }
}
