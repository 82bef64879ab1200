//! Rule sets of five, fifty, a thousand and ten thousand rules. The first that matches decides.

use super::dice::Dice;
use super::vocabulary::{self, COLLEAGUES, MANAGER, THE_CUSTOMER, Vocabulary};
use callsheet::value::words::Verb;
use callsheet::value::{Provider, Response};

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: String,
    pub verb: Verb,
    pub condition: Condition,
}

/// All that rules of the workload ask.
#[derive(Clone, Debug)]
pub enum Condition {
    /// A regular expression is found in the title, whatever the case.
    TitleMatches(String),
    /// One of these stands in the title, whatever the case; in lower case here.
    TitleContains(Vec<String>),
    /// Somebody comes from one of these domains.
    AnyAttendeeFrom(Vec<String>),
    /// Everybody comes from one of these domains.
    EveryAttendeeFrom(Vec<String>),
    /// Everybody is one of us.
    EveryAttendeeInternal,
    /// Somebody has this address.
    AnyAttendeeIs(String),
    /// This address called the meeting.
    OrganizerIs(String),
    /// Somebody from this domain called the meeting.
    OrganizerFrom(String),
    AttendeesAtLeast(u32),
    AttendeesAtMost(u32),
    /// Minutes.
    DurationAtLeast(u32),
    /// Starts in this stretch of the day, from and until a minute of it, on the clock of the rules. No whole-day event does.
    StartsBetween(u32, u32),
    RepeatsWeekly,
    MyResponseIs(Response),
    ProviderIs(Provider),
    /// Two people have not declined.
    OneOnOne,
    AllDay,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// How many rules a set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    S,
    M,
    L,
    Xl,
}

impl Size {
    pub const ALL: [Self; 4] = [Self::S, Self::M, Self::L, Self::Xl];

    /// How many rules.
    pub fn count(self) -> usize {
        match self {
            Self::S => 5,
            Self::M => 50,
            Self::L => 1_000,
            Self::Xl => 10_000,
        }
    }

    /// How it is written in tables.
    pub fn label(self) -> &'static str {
        match self {
            Self::S => "5",
            Self::M => "50",
            Self::L => "1,000",
            Self::Xl => "10,000",
        }
    }
}

/// The rule set of a size.
pub fn rules(size: Size) -> Vec<Rule> {
    match size {
        Size::S => small(),
        Size::M => medium(),
        Size::L | Size::Xl => Author::new(size).large(size.count()),
    }
}

fn rule(name: impl Into<String>, verb: Verb, condition: Condition) -> Rule {
    Rule { name: name.into(), verb, condition }
}

fn texts(all: &[&str]) -> Vec<String> {
    all.iter().map(|text| (*text).to_owned()).collect()
}

/// Colleagues among themselves come last: first, they would end many a decision at the first rule.
fn small() -> Vec<Rule> {
    vec![
        rule("customer", Verb::Record, Condition::AnyAttendeeFrom(texts(&[THE_CUSTOMER]))),
        rule("private", Verb::Skip, Condition::TitleMatches(r"\b(private|confidential|hr)\b".to_owned())),
        rule("manager", Verb::Skip, Condition::All(vec![Condition::OneOnOne, Condition::AnyAttendeeIs(MANAGER.to_owned())])),
        rule("weekly", Verb::Record, Condition::All(vec![Condition::RepeatsWeekly, Condition::AttendeesAtLeast(3)])),
        rule("internal", Verb::Record, Condition::EveryAttendeeInternal),
    ]
}

/// Twenty of titles, twenty of domains, what a handful of others ask, and the broad ones at the end.
fn medium() -> Vec<Rule> {
    let mut author = Author::new(Size::M);
    let mut rules: Vec<Rule> =
        (0..40).map(|place| if place % 2 == 0 { author.title_matches() } else { author.domains() }).collect();
    rules.extend((0..5).map(|_| author.composite()));
    rules.extend([
        rule("private", Verb::Skip, Condition::TitleContains(texts(&["private", "[off the record]"]))),
        rule("manager", Verb::Skip, Condition::All(vec![Condition::OneOnOne, Condition::AnyAttendeeIs(MANAGER.to_owned())])),
        rule("whole-days", Verb::Skip, Condition::All(vec![Condition::AllDay, Condition::EveryAttendeeInternal])),
        rule("weekly", Verb::Record, Condition::All(vec![Condition::RepeatsWeekly, Condition::AttendeesAtLeast(3)])),
        rule(
            "team",
            Verb::Record,
            Condition::All(vec![
                Condition::EveryAttendeeInternal,
                Condition::AttendeesAtLeast(3),
                Condition::StartsBetween(9 * 60, 16 * 60),
            ]),
        ),
    ]);
    named(rules)
}

/// Gives every rule a name of its own.
fn named(mut rules: Vec<Rule>) -> Vec<Rule> {
    for (place, rule) in rules.iter_mut().enumerate() {
        rule.name = format!("{}-{place}", rule.name);
    }
    rules
}

/// Words further back are met too seldom for a rule to be about them, those further in front too often.
const WORDS_OF_RULES: std::ops::Range<usize> = 60..1_800;

/// How many different regular expressions a set may hold: what callsheet takes of them together is bounded, so that in the
/// largest set each is used by several rules.
const PATTERNS_MAX: usize = 500;

/// Somebody who writes many rules.
struct Author {
    dice: Dice,
    vocabulary: Vocabulary,
    /// Regular expressions written so far.
    patterns: Vec<String>,
}

impl Author {
    fn new(size: Size) -> Self {
        Self { dice: Dice::new(size.count() as u64), vocabulary: Vocabulary::new(), patterns: Vec::new() }
    }

    /// Of a thousand: 240 regular expressions, 160 texts, 400 of domains, 200 of several conditions, mixed.
    fn large(&mut self, count: usize) -> Vec<Rule> {
        let rule = |place: usize| match place * 7 % 25 {
            0..6 => self.title_matches(),
            6..10 => self.title_contains(),
            10..20 => self.domains(),
            _ => self.composite(),
        };
        named((0..count).map(rule).collect())
    }

    fn verb(&mut self) -> Verb {
        *self.dice.pick(&[Verb::Record, Verb::Skip])
    }

    fn title_matches(&mut self) -> Rule {
        let pattern = self.pattern();
        rule("pattern", self.verb(), Condition::TitleMatches(pattern))
    }

    fn title_contains(&mut self) -> Rule {
        let texts = self.title_texts();
        rule("text", self.verb(), texts)
    }

    fn domains(&mut self) -> Rule {
        let count = *self.dice.pick(&[1, 1, 1, 2, 3, 5]);
        let domains = self.customers(count);
        rule("domains", self.verb(), Condition::AnyAttendeeFrom(domains))
    }

    fn composite(&mut self) -> Rule {
        let condition = match self.dice.between(0, 25) {
            0..6 => vec![Condition::AnyAttendeeFrom(self.customers(3)), Condition::AttendeesAtLeast(self.number(2, 6))],
            6..10 => {
                vec![self.title_texts(), Condition::RepeatsWeekly, Condition::Not(Box::new(Condition::EveryAttendeeInternal))]
            }
            10..13 => vec![Condition::OrganizerIs(self.colleague()), Condition::AttendeesAtLeast(self.number(5, 12))],
            13..16 => vec![Condition::OneOnOne, Condition::AnyAttendeeIs(self.colleague())],
            16..19 => vec![self.starts(), Condition::TitleMatches(self.pattern())],
            19..21 => vec![Condition::DurationAtLeast(60), Condition::OrganizerFrom(self.customers(1).remove(0))],
            21..23 => vec![
                Condition::Any(vec![self.title_texts(), Condition::AnyAttendeeFrom(self.customers(2))]),
                Condition::MyResponseIs(*self.dice.pick(&[Response::Accepted, Response::Tentative])),
            ],
            23 => vec![
                Condition::ProviderIs(*self.dice.pick(&[Provider::Google, Provider::Microsoft])),
                Condition::AttendeesAtMost(self.number(4, 9)),
                self.title_texts(),
            ],
            _ => vec![Condition::EveryAttendeeFrom(self.customers(6)), Condition::Not(Box::new(Condition::AllDay))],
        };
        rule("composite", self.verb(), Condition::All(condition))
    }

    fn starts(&mut self) -> Condition {
        let from = self.number(7, 14) * 60;
        Condition::StartsBetween(from, from + 240)
    }

    fn number(&mut self, from: usize, to: usize) -> u32 {
        self.dice.between(from, to) as u32
    }

    fn colleague(&mut self) -> String {
        vocabulary::colleague(self.dice.between(0, COLLEAGUES))
    }

    /// Domains that few meetings are with.
    fn customers(&mut self, count: usize) -> Vec<String> {
        let customers = &self.vocabulary.customers[8..900];
        let mut found: Vec<String> = (0..count).map(|_| self.dice.pick(customers).clone()).collect();
        found.sort();
        found.dedup();
        found
    }

    fn title_texts(&mut self) -> Condition {
        let count = *self.dice.pick(&[1, 1, 2, 3]);
        let foreign = self.dice.happens(0.05);
        let text = |author: &mut Self| if foreign { author.foreign_pair() } else { author.word() };
        Condition::TitleContains((0..count).map(|_| text(self)).collect())
    }

    fn word(&mut self) -> String {
        self.vocabulary.words[self.dice.between(WORDS_OF_RULES.start, WORDS_OF_RULES.end)].clone()
    }

    fn foreign_pair(&mut self) -> String {
        let foreign = &self.vocabulary.foreign;
        format!("{} {}", self.dice.pick(foreign), self.dice.pick(foreign))
    }

    /// Six of ten are nothing but words; the others have gaps, endings and numbers.
    fn pattern(&mut self) -> String {
        if self.patterns.len() == PATTERNS_MAX {
            return self.dice.pick(&self.patterns).clone();
        }
        let [one, two, three] = [self.word(), self.word(), self.word()];
        let pattern = match self.dice.between(0, 20) {
            0..4 => format!(r"\b{one}\b"),
            4..9 => format!(r"\b({one}|{two})\b"),
            9..12 => format!(r"\b({one}|{two}|{three})\b"),
            12..14 => format!(r"\b{one}.*\b{two}\b"),
            14..16 => format!(r"\b{one}s?\b"),
            16 => format!(r"\b{one}\s+({two}|{three})"),
            17 => format!(r"\b{one}[ -][0-9]+"),
            18 => format!(r"^({one}|{two})\b"),
            _ => format!(r"\b(re|fwd)?:?\s*{one}$"),
        };
        self.patterns.push(pattern.clone());
        pattern
    }
}
