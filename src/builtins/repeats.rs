//! Series: how an event repeats, and what sets an occurrence apart.
//!
//! > `repeats`: alone; `daily` `weekly` `monthly` `yearly` (the rule's FREQ, any interval); `every N days/weeks/months/years`
//! > (exact); `on DAYS` (BYDAY, implied by DTSTART if absent); `at least/at most N times`; `forever`; chained in this order.
//! > Of an orphan occurrence: `repeats` true, the rest unknown. `occurrence is`: `first` `moved` `changed`.
//!
//! `on mon, wed` asks whether the series repeats on each of these days; it may do so on others too. What happens once does
//! not repeat, in no way.

use crate::builtins::{Answer, Context};
use crate::event::{Freq, Pattern, SeriesSummary};
use crate::time::WeekdaySet;
use crate::value::words::{Cycle, OccurrenceIs, Rate, Repeats};
use crate::value::{Fact, UnknownReason};

impl Context<'_> {
    /// `repeats weekly on mon at least 4 times`
    #[must_use]
    pub fn repeats(&self, asked: &Repeats) -> Answer {
        repeats(self.question.occurrence.series.summary(), asked)
    }

    /// `occurrence is first`, `moved`, `changed`
    #[must_use]
    pub fn occurrence_is(&self, asked: OccurrenceIs) -> Answer {
        let occurrence = self.question.occurrence;
        match asked {
            OccurrenceIs::First => occurrence.first.clone(),
            OccurrenceIs::Moved => occurrence.moved.clone(),
            OccurrenceIs::Changed => occurrence.changed.clone(),
        }
        .into()
    }
}

/// The same of what a series tells ([`SeriesFacts::summary`](crate::event::SeriesFacts::summary)).
#[must_use]
pub fn repeats(series: Option<Result<&SeriesSummary, UnknownReason>>, asked: &Repeats) -> Answer {
    match series {
        None => Answer::False,
        Some(Err(_)) if *asked == Repeats::default() => Answer::True,
        Some(Err(reason)) => Answer::Unknown(reason),
        Some(Ok(series)) => series_repeats(series, asked),
    }
}

/// The same where no more is known of a series than its frequency, or that there is none; `None` where more is asked.
#[must_use]
pub fn repeats_by(freq: Option<Freq>, asked: &Repeats) -> Option<bool> {
    let Some(own) = freq else { return Some(false) };
    match *asked {
        Repeats { rate: Some(Rate::Freq(cycle)), on: None, at_least: None, at_most: None, forever: false } => {
            Some(own == self::freq(cycle))
        }
        _ => None,
    }
}

fn series_repeats(series: &SeriesSummary, asked: &Repeats) -> Answer {
    let times = |holds: &dyn Fn(Option<u32>) -> bool| Answer::from(series.times.clone().map(holds));
    Answer::all([
        asked.rate.map_or(Answer::True, |rate| has_rate(&series.pattern, rate)),
        asked.on.map_or(Answer::True, |days| is_on_days(&series.pattern, days)),
        asked.at_least.map_or(Answer::True, |least| times(&|times| times.is_none_or(|times| times >= least))),
        asked.at_most.map_or(Answer::True, |most| times(&|times| times.is_some_and(|times| times <= most))),
        if asked.forever { times(&|times| times.is_none()) } else { Answer::True },
    ])
}

/// A series of extra dates alone has no rate.
fn has_rate(pattern: &Fact<Option<Pattern>>, rate: Rate) -> Answer {
    let has = |pattern: Option<&Pattern>| {
        pattern.is_some_and(|pattern| match rate {
            Rate::Freq(cycle) => pattern.freq == freq(cycle),
            Rate::Every(interval, cycle) => pattern.freq == freq(cycle) && pattern.interval == interval,
        })
    };
    pattern.as_ref().map(|pattern| has(pattern.as_ref())).into()
}

fn is_on_days(pattern: &Fact<Option<Pattern>>, days: WeekdaySet) -> Answer {
    match pattern {
        Fact::Unknown(reason) => Answer::Unknown(*reason),
        Fact::Known(None) => Answer::False,
        Fact::Known(Some(pattern)) => pattern.weekdays.clone().map(|of_series| of_series.is_superset(days)).into(),
    }
}

/// The frequency that a rule's word asks for.
#[must_use]
pub fn freq(cycle: Cycle) -> Freq {
    match cycle {
        Cycle::Daily => Freq::Daily,
        Cycle::Weekly => Freq::Weekly,
        Cycle::Monthly => Freq::Monthly,
        Cycle::Yearly => Freq::Yearly,
    }
}
