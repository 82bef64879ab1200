//! The canonical text of a file.
//!
//! Pieces stand by kind: settings, lists and people, definitions, rules, tests. Whatever fits into the columns and carries no
//! comments stands on one line, anything else has its elements one a line. The layout follows from the tree alone.

use super::inline::{address, answer, condition, head, list, tail, test_element, test_head, who};
use super::layout::{Close, Lines, is_commented};
use crate::syntax::ast::*;
use crate::syntax::literal::{clock, duration, quote};
use crate::time::Date;
use crate::value::Closed;

/// A file in its canonical layout. Reading it gives the same tree, unless the tree holds an error.
#[must_use]
pub fn text(file: &File) -> String {
    let mut lines = Lines::default();
    settings_of_file(&mut lines, file);
    lines.blank();
    for list in &file.lists {
        piece(&mut lines, list, |lines, close| print_list(lines, list, close));
    }
    for person in &file.people {
        let head = format!("person {} = ", person.name.value);
        piece(&mut lines, person, |lines, close| items(lines, &head, &person.value.addresses, |text| address(text), close));
    }
    lines.blank();
    for define in &file.definitions {
        let head = format!("define {} = ", define.name.value);
        piece(&mut lines, define, |lines, close| whole_condition(lines, &head, &define.value.condition, close));
    }
    for rule in &file.rules {
        lines.blank();
        print_rule(&mut lines, rule);
    }
    for test in &file.tests {
        lines.blank();
        print_test(&mut lines, test);
    }
    if !file.tail.is_empty() {
        lines.blank();
        lines.comments(&file.tail);
    }
    lines.finish()
}

fn settings_of_file(lines: &mut Lines, file: &File) {
    match &file.header {
        Some(header) => commented(lines, header, |lines, (), end| lines.line("callsheet 1", end)),
        None => lines.line("callsheet 1", None),
    }
    if let Some(layer) = &file.layer {
        commented(lines, layer, |lines, layer, end| lines.line(&format!("layer {}", layer_word(*layer)), end));
    }
    if let Some(domains) = &file.our_domains {
        commented(lines, domains, |lines, domains, end| print_our_domains(lines, domains, end));
    }
    if let Some(zone) = &file.timezone {
        commented(lines, zone, |lines, zone, end| lines.line(&format!("timezone {}", quote(zone)), end));
    }
    if let Some(default) = &file.default {
        commented(lines, default, |lines, verb, end| lines.line(&format!("default {}", verb_word(*verb)), end));
    }
    if let Some(defaults) = &file.defaults {
        commented(lines, defaults, |lines, settings, end| print_settings(lines, "defaults with ", settings, end));
    }
    if let Some(recordable) = &file.recordable {
        commented(lines, recordable, |lines, entries, end| {
            braces(lines, "recordable ", entries, |entry| &entry.trivia, recordable_entry, print_recordable_entry, end);
        });
    }
    if let Some(limits) = &file.limits {
        commented(lines, limits, |lines, entries, end| {
            braces(lines, "limits ", entries, |entry| &entry.trivia, limit, print_limit, end);
        });
    }
}

/// Something with its comments around it.
fn commented<T>(lines: &mut Lines, value: &Commented<T>, print: impl FnOnce(&mut Lines, &T, Option<&str>)) {
    lines.comments(&value.trivia.before);
    print(lines, &value.value, value.trivia.end.as_deref());
}

/// A piece whose end comment stands on its last line.
fn piece<T>(lines: &mut Lines, piece: &Piece<T>, print: impl FnOnce(&mut Lines, Close<'_>)) {
    comments_of_piece(lines, piece);
    print(lines, Close { text: "", end: piece.trivia.end.as_deref() });
}

fn comments_of_piece<T>(lines: &mut Lines, piece: &Piece<T>) {
    lines.comments(&piece.trivia.before);
    for allow in &piece.allow {
        let until = allow.until.map(|date| format!(" until {date}")).unwrap_or_default();
        let reason = allow.reason.as_deref().map(|reason| format!(" {}", quote(reason))).unwrap_or_default();
        lines.line(&format!("# lint: allow {}{until}{reason}", allow.code.value), None);
    }
}

fn print_our_domains(lines: &mut Lines, domains: &[Item<String>], end: Option<&str>) {
    let bare: Vec<String> = domains.iter().map(|domain| address(&domain.value)).collect();
    let line = format!("our domains {}", bare.join(", "));
    if !domains.is_empty() && lines.fits(&line) && !domains.iter().any(|domain| is_commented(&domain.trivia)) {
        lines.line(&line, end);
    } else {
        items(lines, "our domains ", domains, |text| address(text), Close { text: "", end });
    }
}

fn print_list(lines: &mut Lines, list: &Piece<List>, close: Close<'_>) {
    let name = &list.name.value;
    match &list.value {
        List::Items(written) => items(lines, &format!("list {name} = "), written, list_item, close),
        List::Provided(kind) => lines.line(&format!("list {name} provided {}", list_kind(kind.value)), close.end),
    }
}

/// `head [a, b]`, or one item a line.
fn items<T>(lines: &mut Lines, head: &str, items: &[Item<T>], spell: impl Fn(&T) -> String, close: Close<'_>) {
    let one_line = format!("{head}{}{}", list(items, &spell), close.text);
    if lines.fits(&one_line) && !items.iter().any(|item| is_commented(&item.trivia)) {
        return lines.line(&one_line, close.end);
    }
    let closing = format!("]{}", close.text);
    lines.block(
        &format!("{head}["),
        items,
        Close { text: &closing, end: close.end },
        |item| &item.trivia,
        |lines, item, close| lines.line(&format!("{}{}", spell(&item.value), close.text), close.end),
    );
}

/// `head { a: 1, b: 2 }`, or one entry a line. An entry with comments inside has no text on one line.
fn braces<T>(
    lines: &mut Lines,
    head: &str,
    entries: &[T],
    trivia: impl Fn(&T) -> &Trivia,
    inline: impl Fn(&T) -> Option<String>,
    print: impl Fn(&mut Lines, &T, Close<'_>),
    end: Option<&str>,
) {
    if entries.is_empty() {
        return lines.line(&format!("{head}{{}}"), end);
    }
    if !entries.iter().any(|entry| is_commented(trivia(entry)))
        && let Some(inline) = entries.iter().map(inline).collect::<Option<Vec<String>>>()
    {
        let one_line = format!("{head}{{ {} }}", inline.join(", "));
        if lines.fits(&one_line) {
            return lines.line(&one_line, end);
        }
    }
    lines.block(&format!("{head}{{"), entries, Close { text: "}", end }, trivia, print);
}

fn print_settings(lines: &mut Lines, head: &str, settings: &[Setting], end: Option<&str>) {
    let inline = |setting: &Setting| Some(format!("{}: {}", setting.key.value, setting_value(&setting.value.value)?));
    braces(lines, head, settings, |setting| &setting.trivia, inline, print_setting, end);
}

fn print_setting(lines: &mut Lines, setting: &Setting, close: Close<'_>) {
    let head = format!("{}: ", setting.key.value);
    print_setting_value(lines, &head, &setting.value.value, close);
}

fn print_setting_value(lines: &mut Lines, head: &str, value: &SettingValue, close: Close<'_>) {
    match (value, setting_value(value)) {
        (SettingValue::Texts(texts), _) => items(lines, head, texts, |text| quote(text), close),
        (_, Some(value)) => lines.line(&format!("{head}{value}{}", close.text), close.end),
        (_, None) => {}
    }
}

/// A value on one line; `None` where comments stand in it.
fn setting_value(value: &SettingValue) -> Option<String> {
    Some(match value {
        SettingValue::Text(text) => quote(text),
        SettingValue::Texts(texts) if texts.iter().any(|text| is_commented(&text.trivia)) => return None,
        SettingValue::Texts(texts) => list(texts, |text| quote(text)),
        SettingValue::Word(word) => word.clone(),
        SettingValue::Duration(seconds) => duration(*seconds),
        SettingValue::Offset(seconds) => {
            format!("{} {} start", duration(seconds.unsigned_abs()), if *seconds < 0 { "before" } else { "after" })
        }
        SettingValue::Number(number) => number.to_string(),
    })
}

fn limit(limit: &Limit) -> Option<String> {
    let (words, value) = limit_value(&limit.value.value);
    Some(format!("{}: {words}{}", limit.key.value, setting_value(value)?))
}

fn print_limit(lines: &mut Lines, limit: &Limit, close: Close<'_>) {
    let (words, value) = limit_value(&limit.value.value);
    print_setting_value(lines, &format!("{}: {words}", limit.key.value), value, close);
}

fn limit_value(value: &LimitValue) -> (&'static str, &SettingValue) {
    match value {
        LimitValue::AtMost(value) => ("at most ", value),
        LimitValue::Fixed(value) => ("", value),
    }
}

fn recordable_entry(entry: &RecordableEntry) -> Option<String> {
    Some(match &entry.value {
        RecordableValue::AllDay(flag) => format!("all_day: {}", yes_or_no(*flag)),
        RecordableValue::Declined(flag) => format!("declined: {}", yes_or_no(*flag)),
        RecordableValue::Kinds(kinds) if kinds.iter().any(|kind| is_commented(&kind.trivia)) => return None,
        RecordableValue::Kinds(kinds) => format!("kinds: {}", list(kinds, |kind| kind.word().to_owned())),
    })
}

fn print_recordable_entry(lines: &mut Lines, entry: &RecordableEntry, close: Close<'_>) {
    match (&entry.value, recordable_entry(entry)) {
        (RecordableValue::Kinds(kinds), _) => items(lines, "kinds: ", kinds, |kind| kind.word().to_owned(), close),
        (_, Some(entry)) => lines.line(&format!("{entry}{}", close.text), close.end),
        (_, None) => {}
    }
}

fn print_rule(lines: &mut Lines, rule: &Piece<Rule>) {
    comments_of_piece(lines, rule);
    let title = rule.value.title.as_deref().map(|title| format!(" {}", quote(title))).unwrap_or_default();
    lines.line(&format!("rule {}{title}:", rule.name.value), rule.trivia.end.as_deref());
    lines.indented(|lines| {
        let Rule { action, when, unless, with, because, .. } = &rule.value;
        commented(lines, action, |lines, action, end| lines.line(&action_line(action), end));
        for (word, clause) in [("when ", when), ("unless ", unless)] {
            if let Some(clause) = clause {
                commented(lines, clause, |lines, condition, end| {
                    whole_condition(lines, word, condition, Close { text: "", end });
                });
            }
        }
        if let Some(with) = with {
            commented(lines, with, |lines, settings, end| print_settings(lines, "with ", settings, end));
        }
        if let Some(because) = because {
            commented(lines, because, |lines, reason, end| lines.line(&format!("because {}", quote(reason)), end));
        }
    });
}

fn action_line(action: &Action) -> String {
    let mut line = match action.verb {
        Tiered::NeverRecord => "never record",
        Tiered::AlwaysRecord { locked: false } => "always record",
        Tiered::AlwaysRecord { locked: true } => "always record locked",
        Tiered::Record => "record",
        Tiered::Skip => "skip",
    }
    .to_owned();
    if let Some(from) = action.from {
        line += &format!(" from {from}");
    }
    if let Some(until) = action.until {
        line += &format!(" until {until}");
    }
    if action.shadow { line + " shadow" } else { line }
}

fn print_test(lines: &mut Lines, test: &Piece<Test>) {
    comments_of_piece(lines, test);
    lines.line(&format!("test {}:", quote(&test.name.value)), test.trivia.end.as_deref());
    lines.indented(|lines| {
        for given in &test.value.given {
            commented(lines, given, |lines, given, end| {
                items(lines, &format!("given list {} = ", given.name.value), &given.items, list_item, Close { text: "", end });
            });
        }
        commented(lines, &test.value.event, |lines, entries, end| {
            let inline = |entry: &EventEntry| Some(format!("{}: {}", entry.key.value, event_value(&entry.value.value)?));
            braces(lines, "event ", entries, |entry| &entry.trivia, inline, print_event_entry, end);
        });
        commented(lines, &test.value.expect, |lines, expect, end| {
            let outcome = outcome(&expect.outcome);
            if expect.with.is_empty() {
                lines.line(&format!("expect {outcome}"), end);
            } else {
                print_settings(lines, &format!("expect {outcome} with "), &expect.with, end);
            }
        });
    });
}

fn outcome(outcome: &ExpectedOutcome) -> String {
    match outcome {
        ExpectedOutcome::NotRecordable => "not recordable".to_owned(),
        ExpectedOutcome::Default => "default".to_owned(),
        ExpectedOutcome::Decided { verb, by: None } => verb_word(*verb).to_owned(),
        ExpectedOutcome::Decided { verb, by: Some(rule) } => format!("{} by {}", verb_word(*verb), rule.value),
    }
}

fn print_event_entry(lines: &mut Lines, entry: &EventEntry, close: Close<'_>) {
    let head = format!("{}: ", entry.key.value);
    match (&entry.value.value, event_value(&entry.value.value)) {
        (EventValue::Guests(guests), _) => items(lines, &head, guests, guest, close),
        (_, Some(value)) => lines.line(&format!("{head}{value}{}", close.text), close.end),
        (_, None) => {}
    }
}

/// A value on one line; `None` where comments stand in it.
fn event_value(value: &EventValue) -> Option<String> {
    Some(match value {
        EventValue::Text(text) => quote(text),
        EventValue::Word(word) => who(word),
        EventValue::Hidden => "hidden".to_owned(),
        EventValue::Guests(guests) if guests.iter().any(|guest| is_commented(&guest.trivia)) => return None,
        EventValue::Guests(guests) => list(guests, guest),
        EventValue::At(civil, zone) => {
            let minute = u16::try_from(i32::from(civil.hour()) * 60 + i32::from(civil.minute())).unwrap_or_default();
            let zone = zone.as_ref().map(|zone| format!(" in {}", quote(&zone.value))).unwrap_or_default();
            format!("{} {}{zone}", civil.date(), clock(minute))
        }
        EventValue::Day(date) => date.to_string(),
        EventValue::Duration(seconds) => duration(*seconds),
        EventValue::Flag(flag) => yes_or_no(*flag).to_owned(),
    })
}

fn guest(guest: &Guest) -> String {
    let mut text = who(&guest.who.value);
    if let Some(response) = guest.response {
        text += &format!(" {}", answer(response));
    }
    if guest.optional {
        text += " optional";
    }
    match guest.kind {
        None => text,
        Some(GuestKind::Room) => text + " room",
        Some(GuestKind::Resource) => text + " resource",
        Some(GuestKind::Group) => text + " group",
    }
}

/// The condition of a clause: its own comments are none, those of the clause count.
fn whole_condition(lines: &mut Lines, head: &str, whole: &Condition, close: Close<'_>) {
    if !has_comments(whole) {
        let one_line = format!("{head}{}{}", condition(whole), close.text);
        if lines.fits(&one_line) {
            return lines.line(&one_line, close.end);
        }
    }
    broken_condition(lines, head, &whole.kind, close);
}

/// A condition over several lines, where it can be broken.
fn broken_condition(lines: &mut Lines, before: &str, kind: &ConditionKind, close: Close<'_>) {
    let group = |lines: &mut Lines, word: &str, elements: &[Condition]| {
        let closing = format!("){}", close.text);
        let close = Close { text: &closing, end: close.end };
        lines.block(
            &format!("{before}{word} of ("),
            elements,
            close,
            |element| &element.trivia,
            |lines, element, close| {
                whole_condition(lines, "", element, close);
            },
        );
    };
    match kind {
        ConditionKind::All(elements) => group(lines, "all", elements),
        ConditionKind::Any(elements) => group(lines, "any", elements),
        ConditionKind::None(elements) => group(lines, "none", elements),
        ConditionKind::Not(operand) => broken_condition(lines, &format!("{before}not "), &operand.kind, close),
        ConditionKind::Surely(operand) => in_parentheses(lines, &format!("{before}surely ("), operand, close),
        ConditionKind::Possibly(operand) => in_parentheses(lines, &format!("{before}possibly ("), operand, close),
        ConditionKind::Person { test, .. } | ConditionKind::Attendees { test, .. } => {
            let before = format!("{before}{}", head(kind));
            if matches!(test.kind, PersonTestKind::Not(_)) {
                // A `not` stands in parentheses only.
                lines.line(&format!("{before}("), None);
                lines.indented(|lines| whole_test(lines, test, Close { text: "", end: None }));
                lines.line(&format!("){}", close.text), close.end);
            } else {
                broken_test(lines, &before, &test.kind, close);
            }
        }
        ConditionKind::Text { operand: Operand::Several(texts), .. } => {
            items(lines, &format!("{before}{}", head(kind)), texts, |text| quote(text), close);
        }
        ConditionKind::Clock { on: Some(Days::Dates(Operand::Several(dates))), .. } => {
            let closing = format!("{}{}", tail(kind), close.text);
            items(lines, &format!("{before}{}", head(kind)), dates, Date::to_string, Close { text: &closing, end: close.end });
        }
        _ => lines.line(&format!("{before}{}{}", head(kind), close.text), close.end),
    }
}

fn in_parentheses(lines: &mut Lines, head: &str, inner: &Condition, close: Close<'_>) {
    lines.line(head, None);
    lines.indented(|lines| whole_condition(lines, "", inner, Close { text: "", end: None }));
    lines.line(&format!("){}", close.text), close.end);
}

fn whole_test(lines: &mut Lines, test: &PersonTest, close: Close<'_>) {
    if !test_has_comments(test) {
        let one_line = format!("{}{}", test_element(test), close.text);
        if lines.fits(&one_line) {
            return lines.line(&one_line, close.end);
        }
    }
    broken_test(lines, "", &test.kind, close);
}

/// A test over several lines, where it can be broken.
fn broken_test(lines: &mut Lines, before: &str, kind: &PersonTestKind, close: Close<'_>) {
    let group = |lines: &mut Lines, word: &str, elements: &[PersonTest]| {
        let closing = format!("){}", close.text);
        let close = Close { text: &closing, end: close.end };
        lines.block(&format!("{before}{word} of ("), elements, close, |test| &test.trivia, whole_test);
    };
    match kind {
        PersonTestKind::All(elements) => group(lines, "all", elements),
        PersonTestKind::Any(elements) => group(lines, "any", elements),
        PersonTestKind::None(elements) => group(lines, "none", elements),
        PersonTestKind::Not(operand) => broken_test(lines, &format!("{before}not "), &operand.kind, close),
        PersonTestKind::From(Operand::Several(domains)) => {
            items(lines, &format!("{before}{}", test_head(kind)), domains, |domain| address(domain), close);
        }
        _ => lines.line(&format!("{before}{}{}", test_head(kind), close.text), close.end),
    }
}

/// Whether comments stand inside a condition.
fn has_comments(condition: &Condition) -> bool {
    let several = |elements: &[Condition]| elements.iter().any(|element| is_commented(&element.trivia) || has_comments(element));
    match &condition.kind {
        ConditionKind::All(elements) | ConditionKind::Any(elements) | ConditionKind::None(elements) => several(elements),
        ConditionKind::Not(operand) | ConditionKind::Surely(operand) | ConditionKind::Possibly(operand) => has_comments(operand),
        ConditionKind::Text { operand: Operand::Several(texts), .. } => texts.iter().any(|text| is_commented(&text.trivia)),
        ConditionKind::Clock { on: Some(Days::Dates(Operand::Several(dates))), .. } => {
            dates.iter().any(|date| is_commented(&date.trivia))
        }
        ConditionKind::Person { test, .. } | ConditionKind::Attendees { test, .. } => test_has_comments(test),
        _ => false,
    }
}

fn test_has_comments(test: &PersonTest) -> bool {
    match &test.kind {
        PersonTestKind::All(elements) | PersonTestKind::Any(elements) | PersonTestKind::None(elements) => {
            elements.iter().any(|test| is_commented(&test.trivia) || test_has_comments(test))
        }
        PersonTestKind::Not(operand) => test_has_comments(operand),
        PersonTestKind::From(Operand::Several(domains)) => domains.iter().any(|domain| is_commented(&domain.trivia)),
        _ => false,
    }
}

fn list_item(item: &ListItem) -> String {
    match item {
        ListItem::Person(written) => address(written),
        ListItem::Text(text) => quote(text),
        ListItem::Date(date) => date.to_string(),
    }
}

fn list_kind(kind: ListKind) -> &'static str {
    match kind {
        ListKind::People => "people",
        ListKind::Texts => "texts",
        ListKind::Dates => "dates",
    }
}

fn layer_word(layer: Layer) -> &'static str {
    match layer {
        Layer::Organisation => "organisation",
        Layer::User => "user",
    }
}

fn verb_word(verb: Verb) -> &'static str {
    match verb {
        Verb::Record => "record",
        Verb::Skip => "skip",
    }
}

fn yes_or_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}
