//! Random rule files that pass the check, as trees: one of the organisation, one of a user, sharing names.

use super::rules::{comparison, cycle_repeats, edge, field, quantifier, text_op, window};
use super::{DOMAINS, Dice, LIST_NAMES, PEOPLE, WORDS, ZONES, date};
use callsheet::syntax::ast::{
    Action, At, ClockWindow, ClosedSet, Commented, Comparison, Condition, ConditionKind, Days, Definition, File, Flag, Item,
    Layer, Limit, LimitValue, List, ListItem, ListKind, Located, OccurrenceIs, Operand, PersonAlias, PersonRef, PersonRole,
    PersonTest, PersonTestKind, Piece, Quantifier, RecordableEntry, RecordableValue, Repeats, Rule, Setting, SettingValue,
    Tiered, Trivia, Verb,
};
use callsheet::time::WeekdaySet;
use callsheet::value::{Closed, EventKind, Response, Status};

/// Files of both layers.
pub fn files(dice: &mut Dice) -> [File; 2] {
    let mut organisation = file(dice, Layer::Organisation, 0);
    let kinds = [ListKind::People, ListKind::People, ListKind::Texts, ListKind::Dates];
    organisation.lists = LIST_NAMES.iter().zip(kinds).map(|(name, kind)| piece(name, list(dice, kind))).collect();
    organisation.people = vec![piece("boss", alias(&["dana@acme.com", "dana.k@acme.co.uk"]))];
    organisation.our_domains = Some(commented(vec![item("@acme.com".to_owned()), item("@acme.co.uk".to_owned())]));
    if dice.one_in(3) {
        organisation.recordable = Some(commented(recordable(dice)));
    }
    if dice.one_in(3) {
        organisation.limits = Some(commented(limits(dice)));
    }
    let earlier = organisation.definitions.len();
    [organisation, file(dice, Layer::User, earlier)]
}

fn file(dice: &mut Dice, layer: Layer, earlier: usize) -> File {
    let mut file = File { header: Some(commented(())), layer: Some(commented(layer)), ..File::default() };
    if dice.one_in(2) {
        file.timezone = Some(commented((*dice.pick(ZONES)).to_owned()));
    }
    if dice.one_in(2) {
        file.default = Some(commented(*dice.pick(&[Verb::Record, Verb::Skip])));
    }
    if dice.one_in(3) {
        file.defaults = Some(commented(settings(dice)));
    }
    for index in earlier..earlier + dice.below(4) {
        let definition = Definition { condition: condition(dice, index, 2) };
        file.definitions.push(piece(&definition_name(index), definition));
    }
    let known = earlier + file.definitions.len();
    for index in 0..dice.between(1, 7) {
        file.rules.push(piece(&format!("rule-{index}"), rule(dice, layer, known)));
    }
    file
}

fn definition_name(index: usize) -> String {
    format!("named-{index}")
}

fn located<T>(value: T) -> Located<T> {
    Located { value, at: At::default() }
}

fn commented<T>(value: T) -> Commented<T> {
    Commented { value, at: At::default(), trivia: Trivia::default() }
}

fn item<T>(value: T) -> Item<T> {
    commented(value)
}

fn piece<T>(name: &str, value: T) -> Piece<T> {
    Piece { name: located(name.to_owned()), value, at: At::default(), trivia: Trivia::default(), allow: Vec::new() }
}

fn alias(addresses: &[&str]) -> PersonAlias {
    PersonAlias { addresses: addresses.iter().map(|address| item((*address).to_owned())).collect() }
}

fn list(dice: &mut Dice, kind: ListKind) -> List {
    if dice.one_in(2) {
        return List::Provided(located(kind));
    }
    let one = |dice: &mut Dice| match kind {
        ListKind::People if dice.one_in(2) => ListItem::Person((*dice.pick(DOMAINS)).to_owned()),
        ListKind::People => ListItem::Person((*dice.pick(PEOPLE)).to_owned()),
        ListKind::Texts => ListItem::Text(word(dice)),
        ListKind::Dates => ListItem::Date(date(dice)),
    };
    List::Items((0..dice.between(1, 4)).map(|_| item(one(dice))).collect())
}

/// A word that something is: nothing is compared with the empty text.
fn word(dice: &mut Dice) -> String {
    (*dice.pick(&WORDS[..WORDS.len() - 1])).to_owned()
}

fn rule(dice: &mut Dice, layer: Layer, definitions: usize) -> Rule {
    let locked = layer == Layer::Organisation && dice.one_in(2);
    let verb = *dice.pick(&[Tiered::NeverRecord, Tiered::AlwaysRecord { locked }, Tiered::Record, Tiered::Record, Tiered::Skip]);
    let (one, other) = (date(dice), date(dice));
    let action = Action {
        verb,
        shadow: dice.one_in(10),
        from: dice.maybe(6, |_| one.min(other)),
        until: dice.maybe(6, |_| one.max(other)),
    };
    let clause = |dice: &mut Dice| commented(condition(dice, definitions, 3));
    let records = matches!(verb, Tiered::Record | Tiered::AlwaysRecord { .. });
    Rule {
        title: dice.maybe(4, |_| "A title".to_owned()),
        action: commented(action),
        when: (!dice.one_in(10)).then(|| clause(dice)),
        unless: dice.maybe(5, clause),
        with: if records { dice.maybe(3, |dice| commented(settings(dice))) } else { None },
        because: dice.maybe(4, |_| commented("It was agreed".to_owned())),
    }
}

fn settings(dice: &mut Dice) -> Vec<Setting> {
    let known = [
        ("join", SettingValue::Offset(-60 * dice.between(1, 10) as i64)),
        ("keep", SettingValue::Duration(86_400 * dice.between(1, 180) as u64)),
        ("bot_name", SettingValue::Text("Acme Notetaker".to_owned())),
        ("language", SettingValue::Text("en-GB".to_owned())),
        ("tags", SettingValue::Texts(vec![item("sales".to_owned())])),
        ("on_live_cancel", SettingValue::Word("stay".to_owned())),
        ("x_number", SettingValue::Number(dice.below(9) as i64 - 4)),
    ];
    let kept = known.into_iter().filter(|_| dice.one_in(2));
    let mut entries: Vec<Setting> = kept
        .map(|(key, value)| Setting { key: located(key.to_owned()), value: located(value), trivia: Trivia::default() })
        .collect();
    if entries.is_empty() {
        let value = located(SettingValue::Word("leave".to_owned()));
        entries.push(Setting { key: located("on_live_cancel".to_owned()), value, trivia: Trivia::default() });
    }
    entries
}

fn recordable(dice: &mut Dice) -> Vec<RecordableEntry> {
    let mut kinds = vec![EventKind::Default];
    kinds.extend(EventKind::ALL[1..].iter().filter(|_| dice.one_in(3)));
    [
        RecordableValue::AllDay(dice.one_in(2)),
        RecordableValue::Declined(dice.one_in(2)),
        RecordableValue::Kinds(kinds.into_iter().map(item).collect()),
    ]
    .into_iter()
    .map(|value| RecordableEntry { value, at: At::default(), trivia: Trivia::default() })
    .collect()
}

fn limits(dice: &mut Dice) -> Vec<Limit> {
    let limit = |key: &str, value| Limit { key: located(key.to_owned()), value: located(value), trivia: Trivia::default() };
    vec![
        limit("keep", LimitValue::AtMost(SettingValue::Duration(86_400 * dice.between(1, 90) as u64))),
        limit("join", LimitValue::AtMost(SettingValue::Offset(-300))),
    ]
}

/// A condition that may use the definitions numbered below `definitions`.
fn condition(dice: &mut Dice, definitions: usize, depth: usize) -> Condition {
    let part = |dice: &mut Dice| Box::new(condition(dice, definitions, depth - 1));
    let parts = |dice: &mut Dice, least| (0..dice.between(least, 3)).map(|_| condition(dice, definitions, depth - 1)).collect();
    let kind = match if depth == 0 { 0 } else { dice.below(11) } {
        0..=3 => atom(dice),
        4 if definitions > 0 => ConditionKind::Use(located(definition_name(dice.below(definitions)))),
        4 | 5 => ConditionKind::All(parts(dice, 2)),
        6 => ConditionKind::Any(parts(dice, 2)),
        7 => ConditionKind::None(parts(dice, 1)),
        8 => ConditionKind::Not(part(dice)),
        9 => ConditionKind::Surely(part(dice)),
        _ => ConditionKind::Possibly(part(dice)),
    };
    Condition { kind, at: At::default(), trivia: Trivia::default() }
}

fn atom(dice: &mut Dice) -> ConditionKind {
    match dice.below(17) {
        0..=2 => ConditionKind::Text { field: field(dice), op: text_op(dice), operand: operand(dice, "interviews", word) },
        // Building a pattern is what costs most in the plain evaluator, so patterns are rare.
        3 if dice.one_in(6) => {
            let pattern = *dice.pick(&["(hr|salary)", "^1:1", "demo$", "面.", "a/b", "[a-z]+ [A-Z]"]);
            ConditionKind::Matches { field: field(dice), pattern: located(pattern.to_owned()), flags: "i".to_owned() }
        }
        3 | 4 => {
            ConditionKind::Person { role: *dice.pick(&[PersonRole::Organizer, PersonRole::Creator]), test: person_test(dice, 2) }
        }
        5..=8 => ConditionKind::Attendees { quantifier: some_quantifier(dice), test: person_test(dice, 2) },
        9 => ConditionKind::Count(some_comparison(dice, 6)),
        10 => ConditionKind::Duration(some_comparison(dice, 12 * 900)),
        11 | 12 => clock(dice),
        13 => date_rule(dice),
        14 => ConditionKind::Repeats(possible_repeats(dice)),
        15 => closed_set(dice),
        _ if dice.one_in(2) => {
            ConditionKind::Occurrence(*dice.pick(&[OccurrenceIs::First, OccurrenceIs::Moved, OccurrenceIs::Changed]))
        }
        _ => ConditionKind::Flag(*dice.pick(&[Flag::OneOnOne, Flag::AllDay, Flag::HasLink])),
    }
}

/// `at least 0` always holds, so nobody may write it.
fn some_quantifier(dice: &mut Dice) -> Quantifier {
    match quantifier(dice) {
        Quantifier::AtLeast(0) => Quantifier::AtLeast(1),
        other => other,
    }
}

/// A way to repeat that some series has.
fn possible_repeats(dice: &mut Dice) -> Repeats {
    let repeats = cycle_repeats(dice);
    let bounded = repeats.forever || repeats.at_least > repeats.at_most;
    Repeats { at_most: if bounded { None } else { repeats.at_most }, ..repeats }
}

/// A comparison that some number meets.
fn some_comparison(dice: &mut Dice, most: usize) -> Comparison {
    match comparison(dice, most) {
        Comparison::Lt(0) => Comparison::Lt(1),
        other => other,
    }
}

/// A window that some time of day lies in.
fn some_window(dice: &mut Dice) -> ClockWindow {
    match window(dice) {
        ClockWindow::Before(0) => ClockWindow::Before(15),
        ClockWindow::After(1440) => ClockWindow::After(1425),
        ClockWindow::Between { from, to, overnight: false } if from == to => {
            ClockWindow::Between { from: from.min(1425), to: to.min(1425) + 15, overnight: false }
        }
        other => other,
    }
}

/// One value, several, or the list of that name.
fn operand<T: PartialEq>(dice: &mut Dice, list: &str, one: impl Fn(&mut Dice) -> T) -> Operand<T> {
    match dice.below(4) {
        0 => Operand::List(located(list.to_owned())),
        1 => {
            let mut several = vec![one(dice)];
            // One item alone is the same tree as a plain value.
            while several.len() < 2 {
                let next = one(dice);
                if !several.contains(&next) {
                    several.push(next);
                }
            }
            Operand::Several(several.into_iter().map(item).collect())
        }
        _ => Operand::One(located(one(dice))),
    }
}

fn zone(dice: &mut Dice) -> Option<Located<String>> {
    dice.maybe(3, |dice| located((*dice.pick(ZONES)).to_owned()))
}

fn clock(dice: &mut Dice) -> ConditionKind {
    let edge = edge(dice);
    let window = dice.maybe(2, some_window);
    let on = if window.is_none() { Some(days(dice)) } else { dice.maybe(2, days) };
    ConditionKind::Clock { edge, window, on, zone: zone(dice) }
}

fn days(dice: &mut Dice) -> Days {
    if dice.one_in(2) {
        Days::Weekdays(WeekdaySet(dice.between(1, 127) as u8))
    } else {
        Days::Dates(operand(dice, "holidays", date))
    }
}

fn date_rule(dice: &mut Dice) -> ConditionKind {
    let (rule, counted) = *dice.pick(&[
        ("FREQ=MONTHLY;BYDAY=-1FR", false),
        ("FREQ=WEEKLY;BYDAY=MO,WE,FR", false),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", true),
        ("FREQ=DAILY;INTERVAL=3", true),
    ]);
    let counting_from = counted.then(|| date(dice));
    ConditionKind::DateRule { edge: edge(dice), rule: located(rule.to_owned()), counting_from, zone: zone(dice) }
}

fn closed_set(dice: &mut Dice) -> ConditionKind {
    fn some<T: Closed>(dice: &mut Dice, all: &[T]) -> Vec<T> {
        let kept: Vec<T> = all.iter().copied().filter(|_| dice.one_in(2)).collect();
        if kept.is_empty() { vec![all[0]] } else { kept }
    }
    ConditionKind::Is(match dice.below(8) {
        0 => ClosedSet::MyResponse(some(dice, Response::ALL)),
        1 => ClosedSet::Status(some(dice, &[Status::Confirmed, Status::Tentative])),
        2 => ClosedSet::Visibility(some(dice, Closed::ALL)),
        3 => ClosedSet::ShowsAs(some(dice, Closed::ALL)),
        4 => ClosedSet::Kind(some(dice, Closed::ALL)),
        5 => ClosedSet::Provider(some(dice, Closed::ALL)),
        6 => ClosedSet::Conference(some(dice, Closed::ALL)),
        _ => ClosedSet::Source(some(dice, Closed::ALL)),
    })
}

fn person_test(dice: &mut Dice, depth: usize) -> PersonTest {
    let parts = |dice: &mut Dice, least| (0..dice.between(least, 3)).map(|_| person_test(dice, depth - 1)).collect();
    let kind = match if depth == 0 { dice.below(7) } else { dice.below(11) } {
        0..=2 => PersonTestKind::Is(person_ref(dice)),
        3 => PersonTestKind::In(located((*dice.pick(&LIST_NAMES[..2])).to_owned())),
        4 => PersonTestKind::From(match operand(dice, "", |dice| (*dice.pick(DOMAINS)).to_owned()) {
            Operand::List(_) => Operand::One(located("@customer.com".to_owned())),
            operand => operand,
        }),
        5 => PersonTestKind::Response(*dice.pick(&[Response::Accepted, Response::Tentative, Response::Declined, Response::None])),
        6 => PersonTestKind::Optional,
        7 => PersonTestKind::All(parts(dice, 2)),
        8 => PersonTestKind::Any(parts(dice, 2)),
        9 => PersonTestKind::None(parts(dice, 1)),
        _ => PersonTestKind::Not(Box::new(person_test(dice, depth - 1))),
    };
    PersonTest { kind, at: At::default(), trivia: Trivia::default() }
}

fn person_ref(dice: &mut Dice) -> PersonRef {
    match dice.below(7) {
        0 => PersonRef::Me,
        1 | 2 => PersonRef::Internal,
        3 => PersonRef::External,
        4 => PersonRef::Organizer,
        5 => PersonRef::Name(located("boss".to_owned())),
        _ => PersonRef::Address(located((*dice.pick(PEOPLE)).to_owned())),
    }
}
