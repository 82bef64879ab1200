//! A program as text, for people: instructions with labels, the constants they use, the rules they come from.

use crate::builtins::{DayTest, SetField, ValueSet};
use crate::code::operand::{Operand, ZoneIdx, kinds_in};
use crate::code::program::{ClockTest, Constants, DateRuleText, PeopleSet, Program, Season};
use crate::code::{Op, Opcode};
use crate::time::Date;
use crate::value::Closed;
use crate::value::outline::{RuleOutline, ZoneRule};
use crate::value::words::{
    ClockWindow, Comparison, Cycle, Edge, Layer, ListKind, MinuteOfDay, OccurrenceIs, Quantifier, Rate, Repeats, TextField,
    TextOp, Verb, WEEKDAYS,
};
use crate::value::{Conference, EventKind, Provider, Response, ShowsAs, SourceKind, Status, Truth, Visibility};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The listing of a program: main code, questions, person blocks, constants, and what each instruction does.
///
/// For people only: it can show any program, also one that does not verify.
#[must_use]
pub fn listing(program: &Program) -> String {
    let mut text = String::new();
    let listing = Listing { program, labels: labels(program) };
    listing.write(&mut text).expect("a String takes everything");
    text
}

struct Listing<'a> {
    program: &'a Program,
    /// The instructions that are jumped to, numbered in their order.
    labels: BTreeMap<usize, usize>,
}

fn labels(program: &Program) -> BTreeMap<usize, usize> {
    let targets: BTreeSet<usize> = program.code.ops.iter().filter_map(Op::target).map(|to| to.index()).collect();
    targets.into_iter().zip(1..).collect()
}

impl Listing<'_> {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let atoms = self.program.outline.atoms.len();
        writeln!(out, "main:")?;
        let mut places = self.program.places.iter().peekable();
        for at in self.within(self.program.code.main()) {
            self.write_label(out, at)?;
            while let Some(place) = places.next_if(|place| place.at as usize <= at) {
                self.write_rule(out, usize::from(place.rule))?;
            }
            self.write_op(out, at)?;
        }
        self.write_rules_without_code(out)?;
        writeln!(out, "questions:")?;
        for (question, at) in self.within(self.program.code.questions(atoms)).enumerate() {
            writeln!(out, "q{question}:  ; {}", self.program.outline.atoms[question].text)?;
            self.write_op(out, at)?;
        }
        for (block, range) in self.program.code.each_block(atoms) {
            writeln!(out, "block[{}]:", block.0)?;
            for at in self.within(range) {
                self.write_label(out, at)?;
                self.write_op(out, at)?;
            }
        }
        writeln!(out, "constants:")?;
        write_constants(out, &self.program.constants)?;
        writeln!(out, "legend:")?;
        let used: BTreeSet<Opcode> = self.program.code.ops.iter().map(Op::opcode).collect();
        for opcode in used {
            writeln!(out, "  {:<17}{}", opcode.name(), opcode.meaning())?;
        }
        Ok(())
    }

    /// The part of `range` that exists, in a program that may not be well formed.
    fn within(&self, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let end = self.program.code.ops.len();
        range.start.min(end)..range.end.min(end)
    }

    fn write_rule(&self, out: &mut String, index: usize) -> std::fmt::Result {
        let Some(rule) = self.program.outline.rules.get(index) else { return Ok(()) };
        writeln!(out, "  ; rule[{index}] `{}`: {}{}", rule.id, verb(rule), self.line(rule))
    }

    /// Where the rule stands, as `, policy.rules:12`.
    fn line(&self, rule: &RuleOutline) -> String {
        let sources = &self.program.origin.sources;
        match sources.iter().find(|(id, _)| *id == rule.span.source) {
            Some((_, source)) => format!(", {}:{}", source.name, sources.position(rule.span).line),
            None => String::new(),
        }
    }

    fn write_rules_without_code(&self, out: &mut String) -> std::fmt::Result {
        let with_code: BTreeSet<u16> = self.program.places.iter().map(|place| place.rule).collect();
        for (index, rule) in self.program.outline.rules.iter().enumerate() {
            if with_code.contains(&(index as u16)) {
                continue;
            }
            let why = if rule.shadow { "shadow, never decides" } else { "can never decide" };
            writeln!(out, "  ; rule[{index}] `{}`: {why}{}", rule.id, self.line(rule))?;
        }
        Ok(())
    }

    fn write_label(&self, out: &mut String, at: usize) -> std::fmt::Result {
        match self.labels.get(&at) {
            Some(label) => writeln!(out, "L{label}:"),
            None => Ok(()),
        }
    }

    fn write_op(&self, out: &mut String, at: usize) -> std::fmt::Result {
        let op = &self.program.code.ops[at];
        let mut line = format!("{at:>5}  {:<17}", op.opcode().name());
        let mut names = op.opcode().operands().iter();
        let mut result = Ok(());
        let mut asked = None;
        op.each_operand(|operand| {
            let name = names.next().copied().unwrap_or_default();
            if let Operand::Question(question) = operand {
                asked = self.program.outline.atoms.get(question.index());
            }
            if result.is_ok() {
                result = write!(line, " {}", self.operand(op, name, operand));
            }
        });
        result?;
        if let Some(asked) = asked {
            line = format!("{line:<40} ; {}", asked.text);
        }
        writeln!(out, "{}", line.trim_end())
    }

    fn operand(&self, op: &Op, name: &str, operand: Operand) -> String {
        match operand {
            Operand::Reg(register) => format!("r{}", register.0),
            Operand::Question(question) => format!("q{}", question.0),
            Operand::Addr(to) => match self.labels.get(&to.index()) {
                Some(label) => format!("-> L{label}"),
                None => format!("-> {}", to.0),
            },
            Operand::TextField(field) => text_field(field).into(),
            Operand::TextOp(how) => text_op(how).into(),
            Operand::Quantifier(quantifier) => quantifier_words(quantifier),
            Operand::Edge(Edge::Starts) => "starts".into(),
            Operand::Edge(Edge::Ends) => "ends".into(),
            Operand::OccurrenceIs(OccurrenceIs::First) => "first".into(),
            Operand::OccurrenceIs(OccurrenceIs::Moved) => "moved".into(),
            Operand::OccurrenceIs(OccurrenceIs::Changed) => "changed".into(),
            Operand::SetField(field) => set_field(field).into(),
            Operand::ValueSet(values) => match op {
                Op::AskIs { field, .. } => format!("[{}]", values_words(*field, values)),
                _ => format!("{name} [{}]", join(kinds_in(values).map(Closed::word))),
            },
            Operand::Response(response) => response.word().into(),
            Operand::Truth(Truth::True) => "True".into(),
            Operand::Truth(Truth::False) => "False".into(),
            Operand::Truth(Truth::Unknown) => "Unknown".into(),
            indexed => format!("{}[{}]", indexed.pool(), place(indexed)),
        }
    }
}

fn place(operand: Operand) -> u16 {
    match operand {
        Operand::Rule(index) => index.0,
        Operand::Block(index) => index.0,
        Operand::TextsIdx(index) => index.0,
        Operand::PatternIdx(index) => index.0,
        Operand::PeopleIdx(index) => index.0,
        Operand::ProvidedIdx(index) => index.0,
        Operand::ComparisonIdx(index) => index.0,
        Operand::ClockIdx(index) => index.0,
        Operand::DateRuleIdx(index) => index.0,
        Operand::RepeatsIdx(index) => index.0,
        Operand::SeasonIdx(index) => index.0,
        Operand::ZoneIdx(index) => index.0,
        _ => 0,
    }
}

/// Items of one constant that are shown; a longer one ends with their number.
const ITEMS_SHOWN_MAX: usize = 8;

fn write_constants(out: &mut String, constants: &Constants) -> std::fmt::Result {
    fn pool<T>(out: &mut String, name: &str, pool: &[T], show: impl Fn(&T) -> String) -> std::fmt::Result {
        pool.iter().enumerate().try_for_each(|(index, item)| writeln!(out, "  {name}[{index}] = {}", show(item)))
    }
    let zone = |index: ZoneIdx| constants.zones.get(index.index()).map_or("?".into(), zone_words);
    pool(out, "texts", &constants.texts, |texts| items(texts.iter().map(|text| format!("{text:?}"))))?;
    pool(out, "pattern", &constants.patterns, |pattern| format!("{:?} {}", pattern.pattern, pattern.flags).trim_end().into())?;
    pool(out, "people", &constants.people, people)?;
    pool(out, "provided", &constants.provided, |list| format!("{} of {}", list.name, list_kind(list.kind)))?;
    pool(out, "compare", &constants.comparisons, |comparison| comparison_words(*comparison))?;
    pool(out, "clock", &constants.clocks, |clock| clock_words(clock, &zone(clock.zone)))?;
    pool(out, "dates", &constants.date_rules, |rule| date_rule_words(rule, &zone(rule.zone)))?;
    pool(out, "repeats", &constants.repeats, |repeats| repeats_words(*repeats))?;
    pool(out, "season", &constants.seasons, |season| season_words(season, &zone(season.zone)))
}

fn items(all: impl ExactSizeIterator<Item = String>) -> String {
    let count = all.len();
    let shown = join(all.take(ITEMS_SHOWN_MAX));
    if count > ITEMS_SHOWN_MAX { format!("[{shown}, … {count} in all]") } else { format!("[{shown}]") }
}

fn join(words: impl Iterator<Item = impl Into<String>>) -> String {
    words.map(Into::into).collect::<Vec<String>>().join(", ")
}

fn verb(rule: &RuleOutline) -> String {
    let word = match (rule.tier.rank(), rule.tier.verb()) {
        (1 | 3, _) => "never record",
        (2, _) => "always record locked",
        (5, _) => "always record",
        (_, Verb::Record) => "record",
        (_, Verb::Skip) => "skip",
    };
    let layer = match rule.layer {
        Layer::Organisation => "organisation",
        Layer::User => "user",
    };
    format!("tier {}, {layer}, {word}", rule.tier.rank())
}

fn text_field(field: TextField) -> &'static str {
    match field {
        TextField::Title => "title",
        TextField::Description => "description",
        TextField::Location => "location",
        TextField::Calendar => "calendar",
    }
}

fn text_op(how: TextOp) -> &'static str {
    match how {
        TextOp::Is => "is",
        TextOp::Contains => "contains",
        TextOp::StartsWith => "starts-with",
        TextOp::EndsWith => "ends-with",
    }
}

fn quantifier_words(quantifier: Quantifier) -> String {
    match quantifier {
        Quantifier::Any => "any".into(),
        Quantifier::Every => "every".into(),
        Quantifier::No => "no".into(),
        Quantifier::AtLeast(number) => format!("at-least({number})"),
        Quantifier::AtMost(number) => format!("at-most({number})"),
        Quantifier::Exactly(number) => format!("exactly({number})"),
    }
}

fn set_field(field: SetField) -> &'static str {
    match field {
        SetField::MyResponse => "my-response",
        SetField::Status => "status",
        SetField::Visibility => "visibility",
        SetField::ShowsAs => "shows-as",
        SetField::Kind => "kind",
        SetField::Provider => "provider",
        SetField::Conference => "conference",
        SetField::Source => "source",
    }
}

fn values_words(field: SetField, values: ValueSet) -> String {
    fn words<T: Closed>(values: ValueSet) -> String {
        join(T::WORDS.iter().enumerate().filter(|(place, _)| values.0 & 1 << place != 0).map(|(_, word)| *word))
    }
    match field {
        SetField::MyResponse => words::<Response>(values),
        SetField::Status => words::<Status>(values),
        SetField::Visibility => words::<Visibility>(values),
        SetField::ShowsAs => words::<ShowsAs>(values),
        SetField::Kind => words::<EventKind>(values),
        SetField::Provider => words::<Provider>(values),
        SetField::Conference => words::<Conference>(values),
        SetField::Source => words::<SourceKind>(values),
    }
}

fn list_kind(kind: ListKind) -> &'static str {
    match kind {
        ListKind::People => "people",
        ListKind::Texts => "texts",
        ListKind::Dates => "dates",
    }
}

fn people(set: &PeopleSet) -> String {
    let all: Vec<String> =
        set.addresses.iter().map(ToString::to_string).chain(set.domains.iter().map(ToString::to_string)).collect();
    items(all.into_iter())
}

fn comparison_words(comparison: Comparison) -> String {
    match comparison {
        Comparison::Eq(n) => format!("= {n}"),
        Comparison::Ne(n) => format!("!= {n}"),
        Comparison::Lt(n) => format!("< {n}"),
        Comparison::Le(n) => format!("<= {n}"),
        Comparison::Gt(n) => format!("> {n}"),
        Comparison::Ge(n) => format!(">= {n}"),
        Comparison::Between(from, to) => format!("between {from} and {to}"),
    }
}

fn clock_words(clock: &ClockTest, zone: &str) -> String {
    let minute = |at: MinuteOfDay| format!("{:02}:{:02}", at / 60, at % 60);
    let window = clock.window.map(|window| match window {
        ClockWindow::Before(at) => format!("before {} ", minute(at)),
        ClockWindow::After(at) => format!("after {} ", minute(at)),
        ClockWindow::At(at) => format!("at {} ", minute(at)),
        ClockWindow::Between { from, to, overnight } => {
            format!("between {} and {} {}", minute(from), minute(to), if overnight { "overnight " } else { "" })
        }
    });
    let days = clock.days.as_ref().map(|days| match days {
        DayTest::Weekdays(set) => format!("on {} ", weekdays(*set)),
        DayTest::Dates(dates) => format!("on {} ", items(dates.iter().map(Date::to_string))),
        DayTest::List(list) => format!("on provided[{list}] "),
    });
    format!("{}{}in {zone}", window.unwrap_or_default(), days.unwrap_or_default())
}

fn weekdays(set: crate::time::WeekdaySet) -> String {
    join(WEEKDAYS.iter().filter(|(_, day)| set.contains(*day)).map(|(word, _)| *word))
}

fn date_rule_words(rule: &DateRuleText, zone: &str) -> String {
    let from = rule.counting_from.map(|date| format!("counting from {date} ")).unwrap_or_default();
    format!("{:?} {from}in {zone}", rule.rule)
}

fn repeats_words(repeats: Repeats) -> String {
    let cycle = |cycle: Cycle| match cycle {
        Cycle::Daily => "day",
        Cycle::Weekly => "week",
        Cycle::Monthly => "month",
        Cycle::Yearly => "year",
    };
    let mut words = Vec::new();
    match repeats.rate {
        Some(Rate::Freq(freq)) => words.push(format!("by {}", cycle(freq))),
        Some(Rate::Every(interval, freq)) => words.push(format!("every {interval} {}", cycle(freq))),
        None => {}
    }
    words.extend(repeats.on.map(|days| format!("on {}", weekdays(days))));
    words.extend(repeats.at_least.map(|times| format!("at least {times} times")));
    words.extend(repeats.at_most.map(|times| format!("at most {times} times")));
    if repeats.forever {
        words.push("forever".into());
    }
    if words.is_empty() { "at all".into() } else { words.join(" ") }
}

fn season_words(season: &Season, zone: &str) -> String {
    let from = season.from.map(|date| format!("from {date} ")).unwrap_or_default();
    let until = season.until.map(|date| format!("until {date} ")).unwrap_or_default();
    format!("{from}{until}in {zone}")
}

fn zone_words(zone: &ZoneRule) -> String {
    match zone {
        ZoneRule::Named(zone) => zone.name().into(),
        ZoneRule::UserElseEvent => "the user's zone, else the event's".into(),
    }
}
