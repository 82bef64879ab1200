//! Series: every shape that the conditions can tell apart is tried.
//!
//! A rule's weekdays and the weekday on which one occurrence happens to start are taken to be independent: an occurrence can be
//! moved to any day.

use super::{Ask, What};
use crate::analysis::budget::{Budget, Limit};
use crate::analysis::witness::Draft;
use crate::builtins::Atom;
use crate::event::{Freq, Pattern, SeriesFacts, SeriesSummary};
use crate::time::WeekdaySet;
use crate::value::words::{OccurrenceIs, Rate, Repeats};
use crate::value::{Fact, Truth, UnknownReason};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Chooses a series, or none, and what sets the occurrence apart in it.
pub(super) fn solve(asks: &[&Ask<'_>], draft: &mut Draft, budget: &mut Budget) -> Result<bool, Limit> {
    let asked: Vec<(&Repeats, &Ask<'_>)> = asks.iter().filter_map(|ask| Some((repeats(ask)?, *ask))).collect();
    for single in [true, false] {
        let Some(apart) = set_apart(asks, single) else { continue };
        let found = if single {
            let fits = asked.iter().all(|(_, ask)| ask.allowed.has(Truth::False));
            fits.then_some(SeriesFacts::NotRecurring)
        } else {
            recurring(&asked, budget)?
        };
        if let Some(series) = found {
            draft.series = series;
            [draft.first, draft.moved, draft.changed] = apart;
            return Ok(true);
        }
    }
    Ok(false)
}

fn repeats<'a>(ask: &Ask<'a>) -> Option<&'a Repeats> {
    match ask.what {
        What::Atom(Atom::Repeats(repeats)) => Some(repeats),
        _ => None,
    }
}

/// `first`, `moved` and `changed`, answering as asked.
fn set_apart(asks: &[&Ask<'_>], single: bool) -> Option<[Fact<bool>; 3]> {
    let values: &[Option<bool>] = if single { &[Some(false)] } else { &[Some(false), Some(true), None] };
    let fits = |facts: [Option<bool>; 3]| {
        asks.iter().all(|ask| match ask.what {
            What::Atom(Atom::Occurrence(asked)) => ask.allowed.has(facts[place(*asked)].map_or(Truth::Unknown, Truth::from)),
            _ => true,
        })
    };
    for &first in values {
        for &moved in values {
            // What was moved was changed.
            for &changed in values.iter().filter(|changed| moved != Some(true) || **changed == Some(true)) {
                if fits([first, moved, changed]) {
                    return Some([first, moved, changed].map(fact));
                }
            }
        }
    }
    None
}

fn place(asked: OccurrenceIs) -> usize {
    match asked {
        OccurrenceIs::First => 0,
        OccurrenceIs::Moved => 1,
        OccurrenceIs::Changed => 2,
    }
}

const UNSEEN: UnknownReason = UnknownReason::MasterUnreadable;

fn fact<T>(value: Option<T>) -> Fact<T> {
    value.map_or(Fact::Unknown(UNSEEN), Fact::Known)
}

/// A series that answers as asked.
fn recurring(asked: &[(&Repeats, &Ask<'_>)], budget: &mut Budget) -> Result<Option<SeriesFacts>, Limit> {
    for shape in shapes(asked) {
        budget.take(asked.len() as u64 + 1)?;
        if asked.iter().all(|(repeats, ask)| ask.allowed.has(shape.answer(repeats))) {
            return Ok(Some(shape.facts()));
        }
    }
    let orphan = |repeats: &Repeats| if *repeats == Repeats::default() { Truth::True } else { Truth::Unknown };
    let is_orphan = asked.iter().all(|(repeats, ask)| ask.allowed.has(orphan(repeats)));
    Ok(is_orphan.then_some(SeriesFacts::Orphan(UNSEEN)))
}

/// The shape of a series; `None` inside of a member: hidden.
#[derive(Clone, Copy)]
struct Shape {
    /// Frequency and interval; `Some(None)`: extra dates alone.
    rate: Option<Option<(Freq, u32)>>,
    days: Option<WeekdaySet>,
    /// `Some(None)`: for ever.
    times: Option<Option<u32>>,
}

/// One shape for each combination that `asked` can tell apart.
fn shapes(asked: &[(&Repeats, &Ask<'_>)]) -> impl Iterator<Item = Shape> {
    let mut intervals = BTreeSet::from([1]);
    let mut sets = BTreeSet::from([WeekdaySet(1), WeekdaySet(0)]);
    let mut times = BTreeSet::from([1, 10]);
    for (repeats, _) in asked {
        if let Some(Rate::Every(interval, _)) = repeats.rate {
            intervals.extend([interval, interval.saturating_add(1)]);
        }
        if let Some(on) = repeats.on {
            let joined: Vec<WeekdaySet> = sets.iter().map(|set| WeekdaySet(set.0 | on.0)).collect();
            sets.extend(joined);
            sets.insert(on);
        }
        for limit in [repeats.at_least, repeats.at_most].into_iter().flatten() {
            times.extend([limit.saturating_sub(1).max(1), limit.max(1), limit.saturating_add(1)]);
        }
    }
    let freqs = [Freq::Weekly, Freq::Daily, Freq::Monthly, Freq::Yearly, Freq::Hourly];
    let rated = freqs.into_iter().flat_map(move |freq| intervals.clone().into_iter().map(move |every| Some(Some((freq, every)))));
    let rates: Vec<_> = rated.chain([Some(None), None]).collect();
    let days: Vec<_> = sets.into_iter().map(Some).chain([None]).collect();
    let times: Vec<_> = [Some(None)].into_iter().chain(times.into_iter().map(|times| Some(Some(times)))).chain([None]).collect();
    rates.into_iter().flat_map(move |rate| {
        let times = times.clone();
        days.clone().into_iter().flat_map(move |days| times.clone().into_iter().map(move |times| Shape { rate, days, times }))
    })
}

impl Shape {
    /// What [`crate::builtins`] answers about a series of this shape.
    fn answer(self, asked: &Repeats) -> Truth {
        let known = |holds: Option<bool>| holds.map_or(Truth::Unknown, Truth::from);
        let rate = |rate: Rate| {
            known(self.rate.map(|own| match (rate, own) {
                (_, None) => false,
                (Rate::Freq(cycle), Some((freq, _))) => freq == crate::builtins::repeats::freq(cycle),
                (Rate::Every(interval, cycle), Some((freq, every))) => {
                    freq == crate::builtins::repeats::freq(cycle) && every == interval
                }
            }))
        };
        let on = |on: WeekdaySet| match self.rate {
            None => Truth::Unknown,
            Some(None) => Truth::False,
            Some(Some(_)) => known(self.days.map(|days| days.is_superset(on))),
        };
        let times = |holds: &dyn Fn(Option<u32>) -> bool| known(self.times.map(holds));
        [
            asked.rate.map(rate),
            asked.on.map(on),
            asked.at_least.map(|least| times(&|times| times.is_none_or(|times| times >= least))),
            asked.at_most.map(|most| times(&|times| times.is_some_and(|times| times <= most))),
            asked.forever.then(|| times(&|times| times.is_none())),
        ]
        .into_iter()
        .flatten()
        .fold(Truth::True, Truth::and)
    }

    fn facts(self) -> SeriesFacts {
        let pattern = |(freq, interval)| Pattern { freq, interval, weekdays: fact(self.days) };
        SeriesFacts::Of(Arc::new(SeriesSummary {
            pattern: fact(self.rate.map(|rate| rate.map(pattern))),
            times: fact(self.times),
        }))
    }
}
