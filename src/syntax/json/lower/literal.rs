//! Words and literals: what single strings stand for.

use crate::syntax::ast::*;
use crate::syntax::json::value::Node;
use crate::syntax::literal::{read_clock, read_date};
use crate::time::{Civil, ClockTime, WeekdaySet};
use crate::value::Closed;

pub use crate::syntax::literal::read_date as date;

pub fn layer(node: &Node<'_>) -> Option<Layer> {
    match node.text()? {
        "organisation" => Some(Layer::Organisation),
        "user" => Some(Layer::User),
        _ => None,
    }
}

pub fn verb(node: &Node<'_>) -> Option<Verb> {
    match node.text()? {
        "record" => Some(Verb::Record),
        "skip" => Some(Verb::Skip),
        _ => None,
    }
}

/// The verb of a rule. `locked` beside another verb was remarked on.
pub fn tiered(node: &Node<'_>, locked: bool) -> Option<Tiered> {
    match node.text()? {
        "never_record" => Some(Tiered::NeverRecord),
        "always_record" => Some(Tiered::AlwaysRecord { locked }),
        "record" => Some(Tiered::Record),
        "skip" => Some(Tiered::Skip),
        _ => None,
    }
}

pub fn list_kind(node: &Node<'_>) -> Option<ListKind> {
    match node.text()? {
        "people" => Some(ListKind::People),
        "texts" => Some(ListKind::Texts),
        "dates" => Some(ListKind::Dates),
        _ => None,
    }
}

pub fn closed<T: Closed>(node: &Node<'_>) -> Option<T> {
    T::from_word(node.text()?)
}

pub fn flag(node: &Node<'_>) -> Option<Flag> {
    match node.text()? {
        "one_on_one" => Some(Flag::OneOnOne),
        "all_day" => Some(Flag::AllDay),
        "has_link" => Some(Flag::HasLink),
        _ => None,
    }
}

pub fn occurrence(node: &Node<'_>) -> Option<OccurrenceIs> {
    match node.text()? {
        "first" => Some(OccurrenceIs::First),
        "moved" => Some(OccurrenceIs::Moved),
        "changed" => Some(OccurrenceIs::Changed),
        _ => None,
    }
}

/// `weekly`, and `weeks` as the unit of an interval.
pub fn cycle(node: &Node<'_>) -> Option<Cycle> {
    match node.text()? {
        "daily" | "days" => Some(Cycle::Daily),
        "weekly" | "weeks" => Some(Cycle::Weekly),
        "monthly" | "months" => Some(Cycle::Monthly),
        "yearly" | "years" => Some(Cycle::Yearly),
        _ => None,
    }
}

pub fn guest_kind(node: &Node<'_>) -> Option<GuestKind> {
    match node.text()? {
        "room" => Some(GuestKind::Room),
        "resource" => Some(GuestKind::Resource),
        "group" => Some(GuestKind::Group),
        _ => None,
    }
}

/// `["mon", "fri"]`; `None` where an item is no weekday.
pub fn weekdays(node: &Node<'_>) -> Option<WeekdaySet> {
    let mut days = WeekdaySet::default();
    for item in node.items() {
        let word = item.text()?;
        let (_, day) = WEEKDAYS.iter().find(|(known, _)| *known == word)?;
        days = days.with(*day);
    }
    (days != WeekdaySet::default()).then_some(days)
}

pub fn clock(node: &Node<'_>) -> Option<MinuteOfDay> {
    read_clock(node.text()?)
}

pub fn number<T: std::str::FromStr>(node: &Node<'_>) -> Option<T> {
    match node.kind {
        crate::syntax::json::value::Kind::Number(written) => written.parse().ok(),
        _ => None,
    }
}

/// Whether a text has the shape of a date, so that it must be a day that exists.
pub fn looks_like_date(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// `2026-03-02T10:00`
pub fn moment(text: &str) -> Option<Civil> {
    let (day, time) = text.split_once('T')?;
    let minute = read_clock(time)?;
    let time = ClockTime::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).ok()?;
    Some(read_date(day)?.to_datetime(time))
}

pub fn length_of(node: &Node<'_>) -> Option<Seconds> {
    length(node.text()?)
}

/// The seconds of a length of time of ISO 8601 in days, hours, minutes and seconds.
///
/// Each part has at most nine digits, so the sum stays far below the limits of 64 bits.
fn length(text: &str) -> Option<Seconds> {
    let mut seconds: Seconds = 0;
    let mut rest = text.strip_prefix('P')?;
    let mut in_time = false;
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            (rest, in_time) = (time, true);
        }
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: Seconds = rest[..end].parse().ok()?;
        let unit = match (rest.as_bytes()[end], in_time) {
            (b'D', false) => 86_400,
            (b'H', true) => 3_600,
            (b'M', true) => 60,
            (b'S', true) => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[end + 1..];
    }
    Some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_iso_8601() {
        let read = ["PT10M", "PT1H30M", "P180D", "P1DT2H", "PT90S", "PT0S", "P999999999DT999999999H"].map(length);
        let day = 86_400;
        let most = 999_999_999 * (day + 3_600);
        assert_eq!(read, [600, 5_400, 180 * day, day + 7_200, 90, 0, most].map(Some));
        assert_eq!(["10M", "P1M", "PT1D", "P1", "P1W", "PTT1H", "P99999999999999999999D"].map(length), [None; 7]);
    }

    #[test]
    fn moments_have_a_day_and_a_time() {
        assert_eq!(moment("2026-03-02T10:05").map(|civil| civil.to_string()).as_deref(), Some("2026-03-02T10:05:00"));
        assert_eq!(["2026-02-30T10:00", "2026-03-02", "2026-03-02T24:00"].map(moment), [None; 3]);
    }
}
