//! Questions that the row of an occurrence answers by itself.

use crate::builtins::{SetField, counts};
use crate::code::operand::ComparisonIdx;
use crate::code::{Op, Verified};
use crate::value::Truth;
use crate::value::words::Quantifier;
use crate::vm::facts::Facts;
use crate::vm::guests::Guests;

/// The answer to the question of `op`; `None` where more must be looked at than the row.
#[inline]
pub(in crate::vm) fn told(op: &Op, verified: &Verified, facts: Facts<'_>, guests: Guests<'_>) -> Option<Truth> {
    told_to(One { facts, guests }, op, verified).flatten()
}

/// Asks a question of one row or of many, while its constants are at hand.
pub(in crate::vm) trait Asks {
    type Answer;

    /// `test` answers for one row; `None` where that row does not tell.
    fn ask(self, test: impl Fn(Facts<'_>, Guests<'_>) -> Option<Truth>) -> Self::Answer;
}

struct One<'t> {
    facts: Facts<'t>,
    guests: Guests<'t>,
}

impl Asks for One<'_> {
    type Answer = Option<Truth>;

    #[inline]
    fn ask(self, test: impl Fn(Facts<'_>, Guests<'_>) -> Option<Truth>) -> Option<Truth> {
        test(self.facts, self.guests)
    }
}

/// Has `asks` ask the question of `op`; `None` where rows answer no such question.
#[inline]
pub(in crate::vm) fn told_to<A: Asks>(asks: A, op: &Op, verified: &Verified) -> Option<A::Answer> {
    let (program, lookup) = (verified.program(), verified.lookup());
    let comparison = |at: ComparisonIdx| program.constants.comparisons[at.index()];
    Some(match *op {
        Op::AskAttendees { quantifier, test } => {
            let asked = lookup.addresses_asked(test)?;
            asks.ask(|_, guests| {
                let (passing, all) = guests.count_passing(asked, program)?;
                Some(quantify(quantifier, passing, all).into())
            })
        }
        Op::AskOrganizer { test } => {
            let asked = lookup.addresses_asked(test)?;
            asks.ask(|_, guests| Some(guests.organizer_passes(asked, program)?.into()))
        }
        Op::AskCount { comparison: at } => {
            let comparison = comparison(at);
            asks.ask(|_, guests| Some(counts::compare(&guests.count(), comparison).truth()))
        }
        Op::AskOneOnOne {} => asks.ask(|_, guests| Some(guests.coming().ask(&[2], |count| count == 2).truth())),
        Op::AskDuration { comparison: at } => {
            let comparison = comparison(at);
            asks.ask(|facts, _| Some(facts.length().map_or(Truth::Unknown, |secs| counts::holds(comparison, secs).into())))
        }
        Op::AskRepeats { repeats } => {
            let asked = &program.constants.repeats[repeats.index()];
            asks.ask(|facts, _| Some(facts.repeats(asked)))
        }
        Op::AskIs { field, values } => asks.ask(|facts, _| match facts.stated(field) {
            Some(place) => Some(values.holds(place).into()),
            None => (field != SetField::MyResponse).then_some(Truth::Unknown),
        }),
        Op::AskAllDay {} => asks.ask(|facts, _| Some(facts.is_all_day().into())),
        _ => return None,
    })
}

/// What holds for so many people of all, each of whom is known.
pub(in crate::vm) fn quantify(quantifier: Quantifier, passing: u64, all: u64) -> bool {
    match quantifier {
        Quantifier::Every => passing == all && all > 0,
        Quantifier::Any => passing > 0,
        Quantifier::No => passing == 0,
        Quantifier::AtLeast(number) => passing >= number.into(),
        Quantifier::AtMost(number) => passing <= number.into(),
        Quantifier::Exactly(number) => passing == u64::from(number),
    }
}
