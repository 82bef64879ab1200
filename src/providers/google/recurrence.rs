//! The lines of a series: RRULE, EXRULE, RDATE and EXDATE as RFC 5545 writes them, but for the file around them.

use crate::event::Recurrence;
use crate::providers::ics::dates::{length, written};
use crate::providers::zones::resolve_name;
use crate::time::{Moment, Zone};
use crate::value::UnknownReason;

/// Reads the lines; the second part says what is wrong with them. Civil times without a zone are ones of `zone`.
pub fn read<'a>(lines: impl Iterator<Item = &'a str>, zone: &Zone) -> (Recurrence, Vec<&'static str>) {
    let mut recurrence = Recurrence::default();
    let mut wrong = Vec::new();
    for line in lines.flat_map(str::lines).map(str::trim).filter(|line| !line.is_empty()) {
        if let Err(why) = add(&mut recurrence, line, zone) {
            wrong.push(why);
        }
    }
    (recurrence, wrong)
}

fn add(recurrence: &mut Recurrence, line: &str, zone: &Zone) -> Result<(), &'static str> {
    let property = Line::read(line);
    let name = property.as_ref().map_or(line, |property| property.name);
    let name = name.split(';').next().unwrap_or_default().to_ascii_uppercase();
    let Some(property) = property else {
        recurrence.unreadable = Some(UnknownReason::RuleUnreadable);
        return Err("a line of its recurrence has no value");
    };
    match name.as_str() {
        "RRULE" | "EXRULE" if property.value.is_empty() => {
            recurrence.unreadable = Some(UnknownReason::RuleUnreadable);
            Err("a rule of its recurrence is empty")
        }
        "RRULE" => {
            recurrence.rules.push(property.value.to_owned());
            Ok(())
        }
        "EXRULE" => {
            recurrence.exclusion_rules.push(property.value.to_owned());
            Ok(())
        }
        "RDATE" | "EXDATE" => add_dates(recurrence, &name, &property, zone),
        _ => Err("a line of its recurrence is none of RRULE, EXRULE, RDATE and EXDATE"),
    }
}

fn add_dates(recurrence: &mut Recurrence, name: &str, property: &Line<'_>, zone: &Zone) -> Result<(), &'static str> {
    let (zone, known) = match property.parameter("TZID").map(resolve_name) {
        None => (zone.clone(), true),
        Some(Some(named)) => (named, true),
        Some(None) => (zone.clone(), false),
    };
    let mut broken = false;
    for value in property.value.split(',').filter(|value| !value.trim().is_empty()) {
        match (name, period(value, &zone)) {
            (_, None) => broken = true,
            ("RDATE", Some(period)) => recurrence.extra.push(period),
            (_, Some((start, _))) => recurrence.excluded.push(start),
        }
    }
    match (broken, known) {
        (true, _) => Err("a date of its recurrence cannot be read"),
        (false, false) => Err("a date of its recurrence is in a zone that cannot be resolved, and is read in the event's own"),
        (false, true) => Ok(()),
    }
}

/// A date, a time, or a period with its end.
fn period(value: &str, zone: &Zone) -> Option<(Moment, Option<Moment>)> {
    let (start, end) = value.split_once('/').map_or((value, None), |(start, end)| (start, Some(end)));
    let start = written(start)?.in_zone(zone);
    let end = match end {
        None => None,
        Some(end) => Some(length(end).map(|length| length.after(&start)).or_else(|| Some(written(end)?.in_zone(zone)))?),
    };
    Some((start, end))
}

/// A content line without folds.
struct Line<'a> {
    name: &'a str,
    parameters: &'a str,
    value: &'a str,
}

impl<'a> Line<'a> {
    /// Cuts at the first colon outside of quotes.
    fn read(line: &'a str) -> Option<Self> {
        let mut quoted = false;
        let colon = line.bytes().position(|byte| {
            quoted ^= byte == b'"';
            byte == b':' && !quoted
        })?;
        let (head, value) = (&line[..colon], line[colon + 1..].trim());
        let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
        Some(Self { name: name.trim(), parameters, value })
    }

    fn parameter(&self, wanted: &str) -> Option<&'a str> {
        let pairs = self.parameters.split(';').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_with_zones_types_and_periods() {
        let zone = Zone::named("Europe/Helsinki").expect("a zone");
        let lines = [
            "RRULE:FREQ=WEEKLY;BYDAY=TU",
            "EXDATE;TZID=\"Europe/Berlin\":20260303T100000,20260310T100000Z",
            "EXDATE;VALUE=DATE:20260317",
            "RDATE;VALUE=PERIOD:20260318T100000/PT1H",
            "rdate:20260319T100000",
        ];
        let (recurrence, wrong) = read(lines.into_iter(), &zone);
        assert_eq!(wrong, Vec::<&str>::new());
        let told = |moment: &Moment| match moment {
            Moment::Day(date) => date.to_string(),
            Moment::Timed { at, .. } => at.to_string(),
        };
        assert_eq!(
            recurrence.excluded.iter().map(told).collect::<Vec<_>>(),
            ["2026-03-03T09:00:00Z", "2026-03-10T10:00:00Z", "2026-03-17"]
        );
        let extra: Vec<_> = recurrence.extra.iter().map(|(start, end)| (told(start), end.as_ref().map(told))).collect();
        assert_eq!(
            extra,
            [
                ("2026-03-18T08:00:00Z".to_owned(), Some("2026-03-18T09:00:00Z".to_owned())),
                ("2026-03-19T08:00:00Z".to_owned(), None)
            ]
        );
    }

    #[test]
    fn broken_lines_are_told_and_spoil_no_others() {
        let lines = [
            "RRULE;",
            "EXDATE:x,20260303T100000Z",
            "DTSTART:20260303",
            "RRULE:FREQ=DAILY",
            "EXDATE;TZID=Nowhere:20260303T100000",
        ];
        let (recurrence, wrong) = read(lines.into_iter(), &Zone::utc());
        assert_eq!(wrong.len(), 4);
        assert_eq!((recurrence.rules.len(), recurrence.excluded.len()), (1, 2));
        assert_eq!(recurrence.unreadable, Some(UnknownReason::RuleUnreadable));
    }
}
