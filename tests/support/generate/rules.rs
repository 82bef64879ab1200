//! Random rule sets, resolved: every form of condition, every tier, lists of both kinds.

use super::{DOMAINS, Dice, LIST_NAMES, PEOPLE, WORDS, address, date, domain, zone};
use callsheet::builtins::{Atom, DayTest, ListItems, ListTable, PersonCond, SetField, Texts, ValueSet};
use callsheet::code::Origin;
use callsheet::semantics::hir::Hir;
use callsheet::source::{Sources, Span};
use callsheet::time::WeekdaySet;
use callsheet::value::outline::{AtomOutline, Cond, Outline, Recordable, RuleOutline, Tier, ZoneRule};
use callsheet::value::words::{
    ClockWindow, Comparison, Cycle, Edge, Flag, Layer, ListKind, MinuteOfDay, OccurrenceIs, PersonRole, Quantifier, Rate,
    Repeats, TextField, TextOp, Verb,
};
use callsheet::value::{Closed, EventKind, ExtraValue, OnLiveCancel, Response, Settings, fold};

/// The text that the spans of generated rules point into.
const TEXT: &str = "rule generated:\n  record\n";

/// A rule set with the sources that its spans lie in.
pub fn rule_set(dice: &mut Dice) -> (Hir, Origin) {
    let mut sources = Sources::default();
    let source = sources.add("generated.rules", TEXT);
    let span = Span::new(source, 0, TEXT.len());
    let origin = Origin {
        sources,
        layers: vec![Layer::Organisation],
        tenant_domains: vec![domain("@acme.com")],
        compiler: "test".into(),
        zone_database: callsheet::time::database_version().into(),
    };
    (hir(dice, span), origin)
}

fn hir(dice: &mut Dice, span: Span) -> Hir {
    let lists = lists(dice);
    let mut atoms: Vec<Atom> = Vec::new();
    for _ in 0..dice.between(1, 14) {
        let new = atom(dice);
        if !atoms.contains(&new) {
            atoms.push(new);
        }
    }
    let mut rules: Vec<RuleOutline> = (0..dice.below(13)).map(|index| rule(dice, index, atoms.len(), span)).collect();
    rules.sort_by_key(|rule| rule.tier.rank());
    let outline = Outline {
        rules,
        atoms: (0..atoms.len()).map(|atom| AtomOutline { text: format!("atom {atom}"), span }).collect(),
        recordable: recordable(dice),
        default: (*dice.pick(&[Verb::Record, Verb::Skip]), *dice.pick(&[None, Some(Layer::Organisation), Some(Layer::User)])),
        default_settings: settings(dice),
    };
    let own = dice.some(0, 2, &DOMAINS[..3]).into_iter().map(domain).collect();
    let aliases = [vec!["dana@acme.com", "dana.k@acme.co.uk"], vec!["me.too@acme.co.uk", "eve@bigco.com"]];
    let aliases = aliases.iter().filter(|_| dice.one_in(2)).map(|person| person.iter().map(|text| address(text)).collect());
    Hir { aliases: aliases.collect(), outline, atoms, lists, own_domains: own }
}

/// A written or a provided list of each name; the kind goes with the name.
fn lists(dice: &mut Dice) -> Vec<ListTable> {
    let kinds = [ListKind::People, ListKind::People, ListKind::Texts, ListKind::Dates];
    let items = |dice: &mut Dice, kind| match kind {
        ListKind::People => ListItems {
            addresses: dice.some(0, 3, PEOPLE).into_iter().map(address).collect(),
            domains: dice.some(0, 3, DOMAINS).into_iter().map(domain).collect(),
            ..ListItems::default()
        },
        ListKind::Texts => ListItems { texts: words(dice, 0, 12), ..ListItems::default() },
        ListKind::Dates => ListItems { dates: (0..dice.below(4)).map(|_| date(dice)).collect(), ..ListItems::default() },
    };
    let named = LIST_NAMES.iter().zip(kinds);
    named
        .map(|(name, kind)| {
            let items = (!dice.one_in(2)).then(|| items(dice, kind).sorted());
            ListTable { name: (*name).into(), kind, items }
        })
        .collect()
}

fn words(dice: &mut Dice, least: usize, most: usize) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for word in dice.some(least, most, WORDS) {
        let word = fold(word);
        if !texts.contains(&word) {
            texts.push(word);
        }
    }
    texts
}

fn rule(dice: &mut Dice, index: usize, atoms: usize, span: Span) -> RuleOutline {
    let tier = *dice.pick(&[
        Tier::OrganisationNever,
        Tier::Locked,
        Tier::UserNever,
        Tier::Always,
        Tier::Ordered(Verb::Record),
        Tier::Ordered(Verb::Record),
        Tier::Ordered(Verb::Skip),
    ]);
    let (from, until) = (dice.maybe(6, date), dice.maybe(6, date));
    RuleOutline {
        id: format!("rule-{index}"),
        title: dice.maybe(3, |_| "A title".into()),
        layer: *dice.pick(&[Layer::Organisation, Layer::User]),
        tier,
        shadow: dice.one_in(10),
        from,
        until,
        zone: zone_rule(dice),
        condition: if dice.one_in(12) { Cond::And(Vec::new()) } else { condition(dice, atoms, 3) },
        because: dice.maybe(4, |_| "It was agreed".into()),
        settings: settings(dice),
        span,
        text: "when …".into(),
    }
}

fn condition(dice: &mut Dice, atoms: usize, depth: usize) -> Cond {
    let part = |dice: &mut Dice| Box::new(condition(dice, atoms, depth - 1));
    let parts = |dice: &mut Dice| {
        let least = usize::from(!dice.one_in(10));
        (0..dice.between(least, 4)).map(|_| condition(dice, atoms, depth - 1)).collect()
    };
    match if depth == 0 { 0 } else { dice.below(9) } {
        0..=2 => Cond::Atom(dice.below(atoms) as u16),
        3 | 4 => Cond::And(parts(dice)),
        5 => Cond::Or(parts(dice)),
        6 => Cond::Not(part(dice)),
        7 => Cond::Surely(part(dice)),
        _ => Cond::Possibly(part(dice)),
    }
}

fn atom(dice: &mut Dice) -> Atom {
    match dice.below(16) {
        0..=2 => Atom::Text { field: field(dice), op: text_op(dice), texts: texts(dice) },
        // Building a pattern is what costs most in the plain evaluator, so patterns are rare.
        3 if dice.one_in(4) => {
            let pattern = *dice.pick(&["(hr|salary)", "^1:1", "demo$", "面.", "[a-z]+ [A-Z]", ""]);
            Atom::Matches { field: field(dice), pattern: pattern.into(), flags: (*dice.pick(&["", "i", "s"])).into() }
        }
        3 | 4 => Atom::Person { role: *dice.pick(&[PersonRole::Organizer, PersonRole::Creator]), test: person_test(dice, 2) },
        5..=7 => Atom::People { quantifier: quantifier(dice), test: person_test(dice, 2) },
        8 => Atom::Count(comparison(dice, 6)),
        9 => Atom::Duration(comparison(dice, 180).scaled()),
        10 | 11 => {
            let window = dice.maybe(2, window);
            let days = if window.is_none() { Some(day_test(dice)) } else { dice.maybe(2, day_test) };
            Atom::Clock { edge: edge(dice), window, days, zone: zone_rule(dice) }
        }
        12 if dice.one_in(2) => date_rule(dice),
        12 => Atom::Repeats(cycle_repeats(dice)),
        13 => Atom::Occurrence(*dice.pick(&[OccurrenceIs::First, OccurrenceIs::Moved, OccurrenceIs::Changed])),
        14 => closed_set(dice),
        _ => Atom::Flag(*dice.pick(&[Flag::OneOnOne, Flag::AllDay, Flag::HasLink])),
    }
}

fn date_rule(dice: &mut Dice) -> Atom {
    let counted = dice.one_in(3);
    let rules: &[&str] = match counted {
        true => &["FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "FREQ=MONTHLY", "FREQ=YEARLY;INTERVAL=2"],
        false => &["FREQ=MONTHLY;BYDAY=-1FR", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=DAILY;BYMONTH=3", "FREQ=YEARLY;BYYEARDAY=80"],
    };
    Atom::DateRule {
        edge: edge(dice),
        rule: (*dice.pick(rules)).into(),
        counting_from: counted.then(|| date(dice)),
        zone: zone_rule(dice),
    }
}

/// Comparisons of minutes, in seconds.
trait Scaled {
    fn scaled(self) -> Self;
}

impl Scaled for Comparison {
    fn scaled(self) -> Self {
        match self {
            Self::Eq(n) => Self::Eq(60 * n),
            Self::Ne(n) => Self::Ne(60 * n),
            Self::Lt(n) => Self::Lt(60 * n),
            Self::Le(n) => Self::Le(60 * n),
            Self::Gt(n) => Self::Gt(60 * n),
            Self::Ge(n) => Self::Ge(60 * n),
            Self::Between(from, to) => Self::Between(60 * from, 60 * to),
        }
    }
}

pub(super) fn field(dice: &mut Dice) -> TextField {
    *dice.pick(&[TextField::Title, TextField::Title, TextField::Description, TextField::Location, TextField::Calendar])
}

pub(super) fn text_op(dice: &mut Dice) -> TextOp {
    *dice.pick(&[TextOp::Is, TextOp::Contains, TextOp::Contains, TextOp::StartsWith, TextOp::EndsWith])
}

fn texts(dice: &mut Dice) -> Texts {
    if dice.one_in(3) { Texts::List(2) } else { Texts::Written(words(dice, 1, 3)) }
}

fn person_test(dice: &mut Dice, depth: usize) -> PersonCond {
    let parts = |dice: &mut Dice| (0..dice.between(1, 3)).map(|_| person_test(dice, depth - 1)).collect();
    match if depth == 0 { dice.below(9) } else { dice.below(14) } {
        0 => PersonCond::Me,
        1 => PersonCond::Internal,
        2 => PersonCond::External,
        3 => PersonCond::Organizer,
        4 => PersonCond::Addresses(dice.some(1, 2, PEOPLE).into_iter().map(address).collect()),
        5 => PersonCond::In(dice.below(2) as u16),
        6 => PersonCond::From(dice.some(1, 2, DOMAINS).into_iter().map(domain).collect()),
        7 => PersonCond::Response(*dice.pick(&[Response::Accepted, Response::Tentative, Response::Declined, Response::None])),
        8 => PersonCond::Optional,
        9 | 10 => PersonCond::All(parts(dice)),
        11 | 12 => PersonCond::Any(parts(dice)),
        _ => PersonCond::Not(Box::new(person_test(dice, depth - 1))),
    }
}

pub(super) fn quantifier(dice: &mut Dice) -> Quantifier {
    let number = dice.below(4) as u32;
    *dice.pick(&[
        Quantifier::Any,
        Quantifier::Every,
        Quantifier::Every,
        Quantifier::No,
        Quantifier::AtLeast(number),
        Quantifier::AtMost(number),
        Quantifier::Exactly(number),
    ])
}

pub(super) fn comparison(dice: &mut Dice, most: usize) -> Comparison {
    let n = dice.below(most + 1) as u64;
    let to = n + dice.below(3) as u64;
    *dice.pick(&[
        Comparison::Eq(n),
        Comparison::Ne(n),
        Comparison::Lt(n),
        Comparison::Le(n),
        Comparison::Gt(n),
        Comparison::Ge(n),
        Comparison::Between(n, to),
    ])
}

pub(super) fn edge(dice: &mut Dice) -> Edge {
    *dice.pick(&[Edge::Starts, Edge::Ends])
}

pub(super) fn window(dice: &mut Dice) -> ClockWindow {
    let minute = |dice: &mut Dice| 15 * dice.below(4 * 24 + 1) as MinuteOfDay;
    let (one, other) = (minute(dice), minute(dice));
    let (from, to) = (one.min(other), one.max(other));
    match dice.below(5) {
        0 => ClockWindow::Before(one),
        1 => ClockWindow::After(one),
        2 => ClockWindow::At(one.min(24 * 60 - 1)),
        3 => ClockWindow::Between { from, to, overnight: false },
        _ => ClockWindow::Between { from: to, to: from, overnight: true },
    }
}

fn day_test(dice: &mut Dice) -> DayTest {
    match dice.below(4) {
        0 => {
            let mut dates: Vec<_> = (0..dice.between(1, 3)).map(|_| date(dice)).collect();
            dates.sort_unstable();
            dates.dedup();
            DayTest::Dates(dates)
        }
        1 => DayTest::List(3),
        _ => DayTest::Weekdays(WeekdaySet(dice.between(1, 127) as u8)),
    }
}

fn zone_rule(dice: &mut Dice) -> ZoneRule {
    if dice.one_in(2) { ZoneRule::UserElseEvent } else { ZoneRule::Named(zone(dice)) }
}

pub(super) fn cycle_repeats(dice: &mut Dice) -> Repeats {
    let cycle = |dice: &mut Dice| *dice.pick(&[Cycle::Daily, Cycle::Weekly, Cycle::Weekly, Cycle::Monthly, Cycle::Yearly]);
    Repeats {
        rate: dice.maybe(2, |dice| {
            let cycle = cycle(dice);
            if dice.one_in(2) { Rate::Freq(cycle) } else { Rate::Every(dice.between(1, 3) as u32, cycle) }
        }),
        on: dice.maybe(3, |dice| WeekdaySet(1 << dice.below(7))),
        at_least: dice.maybe(4, |dice| dice.between(1, 5) as u32),
        at_most: dice.maybe(4, |dice| dice.between(1, 5) as u32),
        forever: dice.one_in(6),
    }
}

fn closed_set(dice: &mut Dice) -> Atom {
    let sets = [
        (SetField::MyResponse, 5),
        (SetField::Status, 2),
        (SetField::Visibility, 4),
        (SetField::ShowsAs, 5),
        (SetField::Kind, 7),
        (SetField::Provider, 3),
        (SetField::Conference, 7),
        (SetField::Source, 3),
    ];
    let (set, values) = *dice.pick(&sets);
    Atom::Is { set, values: ValueSet(dice.between(1, (1 << values) - 1) as u16) }
}

fn recordable(dice: &mut Dice) -> Recordable {
    let kinds = if dice.one_in(2) { vec![EventKind::Default] } else { dice.some(1, 3, EventKind::ALL) };
    Recordable { all_day: dice.one_in(3), declined: dice.one_in(3), kinds }
}

fn settings(dice: &mut Dice) -> Settings {
    let mut settings = Settings { join: -(dice.below(600) as i64), ..Settings::default() };
    if dice.one_in(3) {
        settings.keep = Some(86_400 * dice.between(1, 180) as u64);
        settings.bot_name = Some("Acme Notetaker".into());
        settings.tags = dice.some(0, 2, WORDS).into_iter().map(Into::into).collect();
        settings.on_live_cancel = OnLiveCancel::Stay;
        settings.extra.insert("x_room".into(), ExtraValue::Number(dice.below(9) as i64 - 4));
        settings.extra.insert("x_flag".into(), ExtraValue::Flag(dice.one_in(2)));
    }
    settings
}
