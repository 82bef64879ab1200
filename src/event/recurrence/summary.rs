//! What conditions ask about a series: its pattern, and how often it happens.

use super::rule::Rule;
use super::walk::{Span, walk};
use super::{Clock, OCCURRENCES_MAX, Rules};
use crate::event::{Freq, Pattern, Recurrence, SeriesSummary};
use crate::time::{Civil, Moment, WeekdaySet, Zone};
use crate::value::{Fact, UnknownReason};
use std::ops::ControlFlow;

/// The parts of a series' rule that conditions ask about; several rules are told by the first.
#[must_use]
pub fn summary(start: &Moment, recurrence: &Recurrence, rules: &Rules, reader: &Zone) -> SeriesSummary {
    if let Some(reason) = recurrence.unreadable.or((!rules.wrong.is_empty()).then_some(UnknownReason::RuleUnreadable)) {
        return SeriesSummary { pattern: Fact::Unknown(reason), times: Fact::Unknown(reason) };
    }
    let Some(rule) = rules.included.first() else {
        let times = u32::try_from(recurrence.extra.len() + 1).unwrap_or(u32::MAX);
        return SeriesSummary { pattern: Fact::Known(None), times: Fact::Known(Some(times)) };
    };
    SeriesSummary {
        pattern: Fact::Known(Some(pattern(rule, start))),
        times: times(rule, start.civil(), rule.until.map(|until| Clock::of(start, reader).until(until))),
    }
}

fn pattern(rule: &Rule, start: &Moment) -> Pattern {
    let named = rule.by_day.iter().fold(WeekdaySet::default(), |days, (_, day)| days.with(*day));
    let implied = rule.by_day.is_empty() && rule.freq == Freq::Weekly;
    let weekdays = if implied { named.with(start.civil().weekday()) } else { named };
    Pattern { freq: rule.freq, interval: rule.interval, weekdays: Fact::Known(weekdays) }
}

/// COUNT, or how many times come before UNTIL; `None` where the rule never ends.
fn times(rule: &Rule, start: Civil, last: Option<Civil>) -> Fact<Option<u32>> {
    if let Some(count) = rule.count {
        return Fact::Known(Some(count));
    }
    if rule.until.is_none() {
        return Fact::Known(None);
    }
    let mut times: u32 = 0;
    let walked = walk(rule, start, last, Span { from: start, to: Civil::MAX }, &mut |_| {
        times += 1;
        if times as usize > OCCURRENCES_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    match walked {
        Ok(_) if times as usize <= OCCURRENCES_MAX => Fact::Known(Some(times)),
        _ => Fact::Unknown(UnknownReason::RuleUnreadable),
    }
}
