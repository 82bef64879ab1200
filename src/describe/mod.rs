//! Rules told: each as one English sentence, from the tree as written.
//!
//! A sentence says what the rule does, when, unless what, and how its bot behaves; lists, people and definitions by their names,
//! clocks with the zone that they are read in. It leaves nothing out that decides, besides the end of very long texts and lists,
//! and no two conditions share one: what binds is said by parentheses wherever words could be read in two ways.
//!
//! Deliberately absent: whether any of it is right ([`crate::semantics`]), and what a meeting made of it ([`crate::explain`]).

mod conditions;
mod people;
mod settings;
mod times;

pub use settings::setting;

use crate::syntax::ast::{Action, Commented, Condition, Definition, File, List, ListItem, Piece, Rule, Tiered};
use crate::syntax::text::is_address;
use crate::value::words::{ListKind, Verb};
use crate::value::{quoted, shown};

/// Most characters of one of the author's texts.
const TEXT_CHARS_MAX: usize = 200;
/// Most items of a list that are named one by one.
const ITEMS_SHOWN: usize = 12;

/// What the words of a rule depend on, besides the rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings<'a> {
    /// The `timezone` of its file.
    pub zone: Option<&'a str>,
}

impl<'a> Surroundings<'a> {
    /// Those of the rules of a file.
    #[must_use]
    pub fn of(file: &'a File) -> Self {
        Self { zone: file.timezone.as_ref().map(|zone| zone.value.as_str()) }
    }
}

/// What a rule does, as one sentence.
///
/// ```
/// use callsheet::describe::{Surroundings, rule};
/// use callsheet::source::SourceId;
/// use callsheet::syntax::{Limits, parse};
/// let text = "rule demos:\n  record\n  when title contains \"demo\" and not one-on-one\n  unless attendees > 20";
/// let (file, _) = parse(SourceId(0), text, &Limits::default());
/// assert_eq!(
///     rule(&file.rules[0].value, Surroundings::of(&file)),
///     "Record a meeting when the title contains \"demo\" and it is not a one-on-one, unless there are more than 20 attendees."
/// );
/// ```
#[must_use]
pub fn rule(rule: &Rule, around: Surroundings<'_>) -> String {
    let reason = rule.because.as_ref().map(|because| format!("; the reason: {}", quoted(&because.value, TEXT_CHARS_MAX)));
    format!("{}{}.", clause(rule, around), reason.unwrap_or_default())
}

/// The same without the author's reason.
#[must_use]
pub fn rule_without_reason(rule: &Rule, around: Surroundings<'_>) -> String {
    clause(rule, around) + "."
}

fn clause(rule: &Rule, around: Surroundings<'_>) -> String {
    let Rule { action, when, unless, with, .. } = rule;
    let mut out = head(&action.value, when.is_some());
    if let Some(Commented { value, .. }) = when {
        out.push_str(&format!(" when {}", condition(value, around)));
    }
    if let Some(Commented { value, .. }) = unless {
        out.push_str(&format!(", unless {}", condition(value, around)));
    }
    if let Some(with) = with.as_ref().filter(|with| !with.value.is_empty()) {
        let settings: Vec<String> = with.value.iter().map(setting).collect();
        out.push_str(&format!("; {}", settings.join(", ")));
    }
    out
}

/// What a condition asks, in words that can follow "when".
#[must_use]
pub fn condition(condition: &Condition, around: Surroundings<'_>) -> String {
    conditions::whole(condition, around)
}

/// What a definition stands for, as one sentence.
#[must_use]
pub fn definition(piece: &Piece<Definition>, around: Surroundings<'_>) -> String {
    format!("{} means that {}.", name(&piece.name.value), condition(&piece.value.condition, around))
}

/// What a list holds, as one sentence.
#[must_use]
pub fn list(piece: &Piece<List>) -> String {
    let name = name(&piece.name.value);
    match &piece.value {
        List::Provided(kind) => {
            let kind = match kind.value {
                ListKind::People => "people",
                ListKind::Texts => "texts",
                ListKind::Dates => "dates",
            };
            format!("{name} is a list of {kind} that is kept outside of the rules.")
        }
        List::Items(items) if items.is_empty() => format!("{name} is a list of nothing."),
        List::Items(items) => {
            format!("{name} is a list of {}: {}.", items.len(), some(items.iter().map(|item| list_item(&item.value))))
        }
    }
}

/// Whose addresses a name stands for, as one sentence.
#[must_use]
pub fn person(piece: &Piece<crate::syntax::ast::PersonAlias>) -> String {
    let addresses = some(piece.value.addresses.iter().map(|written| address(&written.value)));
    format!("{} is whoever has one of the addresses {addresses}.", name(&piece.name.value))
}

/// What happens where no rule decides, as one sentence.
#[must_use]
pub fn default(verb: Verb) -> &'static str {
    match verb {
        Verb::Record => "Record every meeting that no rule decides about.",
        Verb::Skip => "Skip every meeting that no rule decides about.",
    }
}

/// `Always record a meeting that starts from 2026-01-01 on`
fn head(action: &Action, has_condition: bool) -> String {
    let verb = match action.verb {
        Tiered::NeverRecord => "Never record",
        Tiered::AlwaysRecord { locked: false } => "Always record",
        Tiered::AlwaysRecord { locked: true } => "Whatever users say, always record",
        Tiered::Record => "Record",
        Tiered::Skip => "Skip",
    };
    let meeting = match (has_condition, action.verb) {
        (true, _) => "a meeting",
        (false, Tiered::NeverRecord) => "any meeting",
        (false, _) => "every meeting",
    };
    let dates = match (action.from, action.until) {
        (None, None) => String::new(),
        (Some(from), None) => format!(" that starts on {from} or later"),
        (None, Some(until)) => format!(" that starts on {until} or earlier"),
        (Some(from), Some(until)) => format!(" that starts from {from} to {until}"),
    };
    let sentence = format!("{verb} {meeting}{dates}");
    if !action.shadow {
        return sentence;
    }
    let mut letters = sentence.chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    format!("Only on trial, without effect: {first}{}", letters.as_str())
}

fn list_item(item: &ListItem) -> String {
    match item {
        ListItem::Person(written) => address(written),
        ListItem::Text(text) => quoted(text, TEXT_CHARS_MAX),
        ListItem::Date(date) => date.to_string(),
    }
}

/// An address or a domain; in quotes where it is none that could stand bare.
fn address(written: &str) -> String {
    if is_address(written) { shown(written, TEXT_CHARS_MAX) } else { quoted(written, TEXT_CHARS_MAX) }
}

/// The name of a list, a person or a definition, set apart from the words around it.
fn name(name: &str) -> String {
    format!("`{}`", shown(name, TEXT_CHARS_MAX))
}

/// `a, b, c`; of very many the first, and how many more.
fn some(items: impl ExactSizeIterator<Item = String>) -> String {
    let count = items.len();
    let mut shown: Vec<String> = items.take(ITEMS_SHOWN).collect();
    if count > ITEMS_SHOWN {
        shown.push(format!("… and {} more", count - ITEMS_SHOWN));
    }
    shown.join(", ")
}
