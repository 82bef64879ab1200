//! Conditions.

use super::Reader;
use super::grammar::{Pair, Rule, only, parts_of};
use crate::diagnostic::{Code, Effect, Fix};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::time::{Date, Weekday, WeekdaySet};
use crate::value::Status;

impl Reader<'_> {
    /// A chain of `and` or of `or`, or a condition alone.
    pub fn condition(&mut self, pair: Pair<'_>) -> Condition {
        let at = self.at(&pair);
        let (mut elements, mut places, mut connectives) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts_of(pair) {
            if part.as_rule() == Rule::connective {
                connectives.push(self.connective(part));
            } else {
                places.push(self.at(&part));
                elements.push(self.element(part));
            }
        }
        self.refuse_mixed(&places, &connectives);
        group_chain(elements, &connectives, |connective, elements| {
            let kind = match connective {
                Connective::And => ConditionKind::All(elements),
                Connective::Or => ConditionKind::Any(elements),
            };
            Condition { kind, at, trivia: Trivia::default() }
        })
    }

    pub fn connective(&mut self, pair: Pair<'_>) -> (Connective, At) {
        let at = self.at(&pair);
        let connective = if only(pair).as_rule() == Rule::kw_and { Connective::And } else { Connective::Or };
        (connective, at)
    }

    fn element(&mut self, pair: Pair<'_>) -> Condition {
        let pair = match complete(pair) {
            Ok(pair) => pair,
            Err(pair) => {
                let at = self.at(&pair);
                return Condition { kind: self.broken_condition(&pair), at, trivia: Trivia::default() };
            }
        };
        let at = self.at(&pair);
        let kind = match pair.as_rule() {
            Rule::use_name => self.use_name(pair),
            Rule::negation => self.negation(pair),
            // Parentheses leave no trace; what is inside keeps its own place.
            Rule::group => return self.group(pair),
            Rule::all_of => self.all_of(pair),
            Rule::any_of => self.any_of(pair),
            Rule::none_of => self.none_of(pair),
            Rule::surely => self.surely(pair),
            Rule::possibly => self.possibly(pair),
            Rule::text => self.text(pair),
            Rule::matches => self.matches(pair),
            Rule::attendees => self.attendees(pair),
            Rule::count => self.count(pair),
            Rule::person_condition => self.person_condition(pair),
            Rule::duration_condition => self.duration_condition(pair),
            Rule::date_rule => self.date_rule(pair),
            Rule::clock_condition => self.clock_condition(pair),
            Rule::repeats => self.repeats(pair),
            Rule::occurrence => self.occurrence(pair),
            Rule::closed => self.closed(pair),
            Rule::flag => flag(pair),
            Rule::nothing => self.nothing(&pair, "a condition", ConditionKind::Error),
            _ => self.broken_condition(&pair),
        };
        Condition { kind, at, trivia: Trivia::default() }
    }

    fn use_name(&mut self, pair: Pair<'_>) -> ConditionKind {
        ConditionKind::Use(self.located(&only(pair)))
    }

    fn negation(&mut self, pair: Pair<'_>) -> ConditionKind {
        let operand = parts_of(pair).nth(1).expect("`not` has an operand");
        ConditionKind::Not(Box::new(self.element(operand)))
    }

    fn group(&mut self, pair: Pair<'_>) -> Condition {
        self.condition(only(pair))
    }

    fn all_of(&mut self, pair: Pair<'_>) -> ConditionKind {
        ConditionKind::All(self.conditions(pair))
    }

    fn any_of(&mut self, pair: Pair<'_>) -> ConditionKind {
        ConditionKind::Any(self.conditions(pair))
    }

    fn none_of(&mut self, pair: Pair<'_>) -> ConditionKind {
        ConditionKind::None(self.conditions(pair))
    }

    fn conditions(&mut self, pair: Pair<'_>) -> Vec<Condition> {
        let list = parts_of(pair).find(|part| part.as_rule() == Rule::conditions).expect("a list of conditions");
        let at = self.at(&list);
        let elements: Vec<Condition> = parts_of(list).map(|part| self.condition(part)).collect();
        if elements.is_empty() {
            self.report(Code::EmptyList, at, "a list of conditions needs at least one");
        }
        elements
    }

    fn surely(&mut self, pair: Pair<'_>) -> ConditionKind {
        ConditionKind::Surely(Box::new(self.group(parts_of(pair).nth(1).expect("`surely` has an operand"))))
    }

    fn possibly(&mut self, pair: Pair<'_>) -> ConditionKind {
        ConditionKind::Possibly(Box::new(self.group(parts_of(pair).nth(1).expect("`possibly` has an operand"))))
    }

    fn text(&mut self, pair: Pair<'_>) -> ConditionKind {
        let mut parts = parts_of(pair);
        let field = text_field(parts.next().expect("a field"));
        let op = text_op(parts.next().expect("an operator"));
        let operand = self.text_operand(parts.last().expect("an operand"));
        ConditionKind::Text { field, op, operand }
    }

    fn text_operand(&mut self, pair: Pair<'_>) -> Operand<String> {
        match pair.as_rule() {
            Rule::string => Operand::One(self.located_string(&pair)),
            Rule::name => Operand::List(self.located(&pair)),
            _ => Operand::Several(self.text_list(pair)),
        }
    }

    fn matches(&mut self, pair: Pair<'_>) -> ConditionKind {
        let mut parts = parts_of(pair);
        let field = text_field(parts.next().expect("a field"));
        let (pattern, flags) = self.regex(&parts.last().expect("a pattern"));
        ConditionKind::Matches { field, pattern, flags }
    }

    fn person_condition(&mut self, pair: Pair<'_>) -> ConditionKind {
        let mut parts = parts_of(pair);
        let role = person_role(parts.next().expect("a role"));
        ConditionKind::Person { role, test: self.person_test(parts.next().expect("a test")) }
    }

    fn attendees(&mut self, pair: Pair<'_>) -> ConditionKind {
        let mut parts = parts_of(pair);
        let quantifier = self.quantifier(parts.next().expect("a quantifier"));
        ConditionKind::Attendees { quantifier, test: self.person_test(parts.nth(1).expect("a test")) }
    }

    fn quantifier(&mut self, pair: Pair<'_>) -> Quantifier {
        let mut parts = parts_of(pair);
        let kind = parts.next().expect("a word").as_rule();
        let number = parts.next().map_or(0, |number| self.number(&number, u32::MAX));
        match kind {
            Rule::kw_any => Quantifier::Any,
            Rule::kw_every => Quantifier::Every,
            Rule::kw_no => Quantifier::No,
            Rule::at_least => Quantifier::AtLeast(number),
            Rule::at_most => Quantifier::AtMost(number),
            _ => Quantifier::Exactly(number),
        }
    }

    fn count(&mut self, pair: Pair<'_>) -> ConditionKind {
        ConditionKind::Count(self.comparison(pair, |reader, part| u64::from(reader.number(part, u32::MAX))))
    }

    fn duration_condition(&mut self, pair: Pair<'_>) -> ConditionKind {
        ConditionKind::Duration(self.comparison(pair, Self::duration))
    }

    fn comparison(&mut self, pair: Pair<'_>, mut value: impl FnMut(&mut Self, &Pair<'_>) -> u64) -> Comparison {
        let mut parts = parts_of(pair).skip(1);
        let first = parts.next().expect("a comparison");
        if first.as_rule() != Rule::compare_op {
            let values: Vec<u64> = first
                .into_inner()
                .filter(|part| matches!(part.as_rule(), Rule::number | Rule::duration))
                .map(|part| value(self, &part))
                .collect();
            return Comparison::Between(values[0], values[1]);
        }
        let value = value(self, &parts.next().expect("a value"));
        match first.as_str().trim_end() {
            "=" => Comparison::Eq(value),
            "!=" => Comparison::Ne(value),
            "<" => Comparison::Lt(value),
            "<=" => Comparison::Le(value),
            ">" => Comparison::Gt(value),
            _ => Comparison::Ge(value),
        }
    }

    fn clock_condition(&mut self, pair: Pair<'_>) -> ConditionKind {
        let mut parts = parts_of(pair);
        let edge = edge(parts.next().expect("an edge"));
        let (mut window, mut on, mut zone) = (None, None, None);
        for part in parts {
            match part.as_rule() {
                Rule::window => window = Some(self.window(part)),
                Rule::on_days => match self.on_days(part) {
                    Some(days) => on = Some(days),
                    None => return ConditionKind::Error,
                },
                _ => zone = Some(self.zone(part)),
            }
        }
        ConditionKind::Clock { edge, window, on, zone }
    }

    fn window(&mut self, pair: Pair<'_>) -> ClockWindow {
        let window = only(pair);
        let kind = window.as_rule();
        let mut overnight = false;
        let mut clocks = Vec::new();
        for part in parts_of(window) {
            match part.as_rule() {
                Rule::clock => clocks.push(self.clock(&part)),
                Rule::kw_overnight => overnight = true,
                _ => {}
            }
        }
        match kind {
            Rule::before => ClockWindow::Before(clocks[0]),
            Rule::after => ClockWindow::After(clocks[0]),
            Rule::at => ClockWindow::At(clocks[0]),
            _ => ClockWindow::Between { from: clocks[0], to: clocks[1], overnight },
        }
    }

    /// `None` where a date does not exist.
    fn on_days(&mut self, pair: Pair<'_>) -> Option<Days> {
        let days = parts_of(pair).last().expect("days");
        Some(match days.as_rule() {
            Rule::weekdays => Days::Weekdays(weekdays(days)),
            Rule::date => Days::Dates(Operand::One(Located { value: self.date(&days)?, at: self.at(&days) })),
            Rule::name => Days::Dates(Operand::List(self.located(&days))),
            _ => Days::Dates(Operand::Several(self.date_list(days))),
        })
    }

    pub fn zone(&mut self, pair: Pair<'_>) -> Located<String> {
        self.located_string(&parts_of(pair).last().expect("a zone"))
    }

    fn date_rule(&mut self, pair: Pair<'_>) -> ConditionKind {
        let mut parts = parts_of(pair);
        let edge = edge(parts.next().expect("an edge"));
        let (mut rule, mut counting_from, mut zone) = (None, None, None);
        for part in parts {
            match part.as_rule() {
                Rule::string => rule = Some(self.located_string(&part)),
                Rule::counting_from => counting_from = self.counting_from(part),
                Rule::zone => zone = Some(self.zone(part)),
                _ => {}
            }
        }
        ConditionKind::DateRule { edge, rule: rule.expect("a rule in quotes"), counting_from, zone }
    }

    fn counting_from(&mut self, pair: Pair<'_>) -> Option<Date> {
        self.date(&parts_of(pair).last().expect("a date"))
    }

    fn repeats(&mut self, pair: Pair<'_>) -> ConditionKind {
        let mut repeats = Repeats::default();
        for part in parts_of(pair) {
            match part.as_rule() {
                Rule::frequency => repeats.rate = Some(Rate::Freq(frequency(part))),
                Rule::every => repeats.rate = Some(self.every(part)),
                Rule::on_weekdays => repeats.on = Some(on_weekdays(part)),
                Rule::at_least_times => repeats.at_least = Some(self.at_least_times(part)),
                Rule::at_most_times => repeats.at_most = Some(self.at_most_times(part)),
                Rule::forever => repeats.forever = true,
                _ => {}
            }
        }
        ConditionKind::Repeats(repeats)
    }

    fn every(&mut self, pair: Pair<'_>) -> Rate {
        let mut parts = parts_of(pair).skip(1);
        let written = parts.next().expect("a number");
        let number = self.number(&written, u32::MAX);
        if number == 0 && written.as_str() == "0" {
            let at = self.at(&written);
            self.report(Code::ValueOutOfRange, at, "a series repeats every 1 or more, not every 0");
        }
        Rate::Every(number, cycle(parts.next().expect("a unit")))
    }

    fn at_least_times(&mut self, pair: Pair<'_>) -> u32 {
        self.number(&parts_of(pair).nth(2).expect("a number"), u32::MAX)
    }

    fn at_most_times(&mut self, pair: Pair<'_>) -> u32 {
        self.number(&parts_of(pair).nth(2).expect("a number"), u32::MAX)
    }

    fn occurrence(&mut self, pair: Pair<'_>) -> ConditionKind {
        let word = parts_of(pair).last().expect("a word");
        match word.as_str() {
            "first" => ConditionKind::Occurrence(OccurrenceIs::First),
            "moved" => ConditionKind::Occurrence(OccurrenceIs::Moved),
            "changed" => ConditionKind::Occurrence(OccurrenceIs::Changed),
            _ => {
                self.unknown_value(&word, "a value of `occurrence`", &["first", "moved", "changed"]);
                ConditionKind::Error
            }
        }
    }

    fn closed(&mut self, pair: Pair<'_>) -> ConditionKind {
        let mut parts = parts_of(pair);
        let field = only(parts.next().expect("a field")).as_rule();
        let operand = parts.last().expect("a value");
        let words = if operand.as_rule() == Rule::word { vec![operand] } else { self.word_list(operand) };
        let set = match field {
            Rule::my_response => self.closed_values(&words, "a value of `my response`").map(ClosedSet::MyResponse),
            Rule::kw_status => self.status_values(&words).map(ClosedSet::Status),
            Rule::kw_visibility => self.closed_values(&words, "a value of `visibility`").map(ClosedSet::Visibility),
            Rule::shows_as => self.closed_values(&words, "a value of `shows as`").map(ClosedSet::ShowsAs),
            Rule::kw_kind => self.closed_values(&words, "a value of `kind`").map(ClosedSet::Kind),
            Rule::kw_provider => self.closed_values(&words, "a value of `provider`").map(ClosedSet::Provider),
            Rule::kw_conference => self.closed_values(&words, "a value of `conference`").map(ClosedSet::Conference),
            _ => self.closed_values(&words, "a value of `source`").map(ClosedSet::Source),
        };
        set.map_or(ConditionKind::Error, ConditionKind::Is)
    }

    /// `None` where a word is unknown.
    fn closed_values<T: crate::value::Closed>(&mut self, words: &[Pair<'_>], of: &str) -> Option<Vec<T>> {
        let values: Vec<Option<T>> = words.iter().map(|word| self.closed_value(word, of, |_| false)).collect();
        values.into_iter().collect()
    }

    /// A cancelled meeting is not recordable, so no rule asks for it.
    fn status_values(&mut self, words: &[Pair<'_>]) -> Option<Vec<Status>> {
        let refused = |status| status == Status::Cancelled;
        let values: Vec<_> = words.iter().map(|word| self.closed_value(word, "a value of `status`", refused)).collect();
        values.into_iter().collect()
    }

    /// Reports `and` beside `or`, with both readings as fixes where somebody will look at them.
    pub fn refuse_mixed(&mut self, elements: &[At], connectives: &[(Connective, At)]) {
        let Some(first) = connectives.first() else { return };
        let Some((_, other)) = connectives.iter().find(|(connective, _)| *connective != first.0) else { return };
        let shown = !self.is_full() && elements.len() <= READ_ELEMENTS_MAX;
        let readings =
            [Connective::And, Connective::Or].map(|tighter| shown.then(|| self.reading(elements, connectives, tighter)));
        let diagnostic = self.report(Code::MixedAndOr, *other, "`and` and `or` do not mix without parentheses");
        diagnostic.secondary.push(crate::diagnostic::Label { span: first.1.0, text: String::new() });
        let [Some(one), Some(two)] = readings else { return };
        let readings = [one, two];
        let written: Vec<String> = readings.iter().map(|fix| fix.title.trim_start_matches("write ").to_owned()).collect();
        diagnostic.help.push(format!("write {}", written.join(" or ")));
        diagnostic.fixes.extend(readings);
    }

    /// The chain with the runs of `tighter` in parentheses.
    fn reading(&self, elements: &[At], connectives: &[(Connective, At)], tighter: Connective) -> Fix {
        let mut edits = Vec::new();
        let mut shown = String::new();
        for (index, at) in elements.iter().enumerate() {
            let binds = |place: Option<usize>| place.and_then(|place| connectives.get(place)).is_some_and(|(c, _)| *c == tighter);
            let (before, after) = (binds(index.checked_sub(1)), binds(Some(index)));
            if index > 0 {
                shown.push_str(if connectives[index - 1].0 == Connective::And { " and " } else { " or " });
            }
            if after && !before {
                edits.push((Span::new(self.source, at.0.range().start, at.0.range().start), "(".to_owned()));
                shown.push('(');
            }
            shown.push_str(&crate::syntax::literal::shown(&one_line(&self.text[at.0.range()])));
            if before && !after {
                edits.push((Span::new(self.source, at.0.range().end, at.0.range().end), ")".to_owned()));
                shown.push(')');
            }
        }
        Fix { title: format!("write `{shown}`"), edits, effect: Effect::ChangesDecisions }
    }
}

/// In longer chains nobody can see where the parentheses would stand.
const READ_ELEMENTS_MAX: usize = 64;

/// What an element is, without its wrapper; `Err` where something in it or behind it does not belong there.
pub(super) fn complete(pair: Pair<'_>) -> Result<Pair<'_>, Pair<'_>> {
    let inner = match pair.as_rule() {
        Rule::complete | Rule::complete_test if ends_with(&pair, Rule::broken_tail) => return Err(pair),
        Rule::complete | Rule::complete_test => only(pair),
        _ => pair,
    };
    let broken = match inner.as_rule() {
        Rule::group | Rule::test_group => ends_with(&inner, Rule::rest),
        Rule::all_of
        | Rule::any_of
        | Rule::none_of
        | Rule::surely
        | Rule::possibly
        | Rule::test_all
        | Rule::test_any
        | Rule::test_none => inner.clone().into_inner().next_back().is_some_and(|brackets| ends_with(&brackets, Rule::rest)),
        _ => false,
    };
    if broken { Err(inner) } else { Ok(inner) }
}

fn ends_with(pair: &Pair<'_>, production: Rule) -> bool {
    pair.clone().into_inner().next_back().is_some_and(|last| last.as_rule() == production)
}

/// What joins the elements of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connective {
    And,
    Or,
}

/// The elements of a chain under its connective; where both are mixed, `and` binds tighter until the author says otherwise.
pub(super) fn group_chain<T>(
    mut elements: Vec<T>,
    connectives: &[(Connective, At)],
    group: impl Fn(Connective, Vec<T>) -> T,
) -> T {
    let any_or = connectives.iter().any(|(connective, _)| *connective == Connective::Or);
    let mut runs: Vec<Vec<T>> = Vec::new();
    for (index, element) in elements.drain(..).enumerate() {
        match runs.last_mut() {
            Some(run) if connectives[index - 1].0 == Connective::And => run.push(element),
            _ => runs.push(vec![element]),
        }
    }
    let mut runs: Vec<T> =
        runs.into_iter().map(|mut run| if run.len() == 1 { run.remove(0) } else { group(Connective::And, run) }).collect();
    if any_or { group(Connective::Or, runs) } else { runs.remove(0) }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text_field(pair: Pair<'_>) -> TextField {
    match only(pair).as_rule() {
        Rule::kw_title => TextField::Title,
        Rule::kw_description => TextField::Description,
        Rule::kw_location => TextField::Location,
        _ => TextField::Calendar,
    }
}

fn text_op(pair: Pair<'_>) -> TextOp {
    match parts_of(pair).next().expect("a word").as_rule() {
        Rule::kw_is => TextOp::Is,
        Rule::kw_contains => TextOp::Contains,
        Rule::kw_starts => TextOp::StartsWith,
        _ => TextOp::EndsWith,
    }
}

fn person_role(pair: Pair<'_>) -> PersonRole {
    if only(pair).as_rule() == Rule::kw_organizer { PersonRole::Organizer } else { PersonRole::Creator }
}

fn edge(pair: Pair<'_>) -> Edge {
    if only(pair).as_rule() == Rule::kw_starts { Edge::Starts } else { Edge::Ends }
}

fn flag(pair: Pair<'_>) -> ConditionKind {
    ConditionKind::Flag(match parts_of(pair).next().expect("a word").as_rule() {
        Rule::kw_one_on_one => Flag::OneOnOne,
        Rule::kw_all_day => Flag::AllDay,
        _ => Flag::HasLink,
    })
}

fn frequency(pair: Pair<'_>) -> Cycle {
    match only(pair).as_rule() {
        Rule::kw_daily => Cycle::Daily,
        Rule::kw_weekly => Cycle::Weekly,
        Rule::kw_monthly => Cycle::Monthly,
        _ => Cycle::Yearly,
    }
}

fn cycle(pair: Pair<'_>) -> Cycle {
    match only(pair).as_rule() {
        Rule::kw_day | Rule::kw_days => Cycle::Daily,
        Rule::kw_week | Rule::kw_weeks => Cycle::Weekly,
        Rule::kw_month | Rule::kw_months => Cycle::Monthly,
        _ => Cycle::Yearly,
    }
}

fn on_weekdays(pair: Pair<'_>) -> WeekdaySet {
    weekdays(parts_of(pair).last().expect("weekdays"))
}

fn weekdays(pair: Pair<'_>) -> WeekdaySet {
    parts_of(pair).fold(WeekdaySet::default(), |days, range| WeekdaySet(days.0 | day_range(range).0))
}

/// `fri..mon` runs over the weekend.
fn day_range(pair: Pair<'_>) -> WeekdaySet {
    let mut ends = parts_of(pair).map(weekday);
    let first = ends.next().expect("a day");
    let last = ends.next().unwrap_or(first);
    let mut days = WeekdaySet::default().with(first);
    let mut day = first;
    while day != last {
        day = day.next();
        days = days.with(day);
    }
    days
}

fn weekday(pair: Pair<'_>) -> Weekday {
    let known = WEEKDAYS.iter().find(|(word, _)| *word == pair.as_str());
    known.map_or(Weekday::Monday, |(_, day)| *day)
}
