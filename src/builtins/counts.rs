//! Counts of people, and what holds for how many of them.
//!
//! > `every` is false over nobody; `any` over an incomplete list is true if a visible person matches, else unknown; `every` is
//! > false if a visible one fails, else unknown; counts compare as far as they are certain (five visible people satisfy
//! > `attendees >= 3`; plus-guests count with certainty and are unknown to every test).
//!
//! > `one-on-one`: exactly two people who have not declined. `attendees`: declined people count.

use crate::builtins::people::{Roster, Tally};
use crate::builtins::{Answer, Context, PersonCond};
use crate::value::UnknownReason;
use crate::value::words::{Comparison, PersonRole, Quantifier};

impl Context<'_> {
    /// `any attendee is external`, `every …`, `no …`, `at least N …`, `at most N …`, `exactly N …`.
    #[must_use]
    pub fn people(&self, quantifier: Quantifier, test: &PersonCond) -> Answer {
        let roster = self.roster();
        let passing = || roster.tally(Answer::Unknown(UnknownReason::PlusGuests), |member| self.person(member, test));
        match quantifier {
            Quantifier::Any => at_least(&passing(), 1),
            Quantifier::No => at_least(&passing(), 1).not(),
            Quantifier::AtLeast(number) => at_least(&passing(), number.into()),
            Quantifier::AtMost(number) => at_least(&passing(), u64::from(number) + 1).not(),
            Quantifier::Exactly(number) => passing().ask(&[number.into()], |count| count == u64::from(number)),
            Quantifier::Every => self.every(roster, test),
        }
    }

    /// False over nobody; a visible person who fails settles it, one who may be there and cannot be seen leaves it open.
    fn every(&self, roster: &Roster<'_>, test: &PersonCond) -> Answer {
        let visible = Answer::all(roster.members.iter().map(|member| self.person(member, test)));
        let unseen = roster
            .open
            .or(roster.organizer_hidden)
            .or((roster.unnamed > 0).then_some(UnknownReason::PlusGuests))
            .map_or(Answer::True, Answer::Unknown);
        match visible.and(unseen) {
            Answer::True if roster.members.is_empty() => Answer::False,
            answer => answer,
        }
    }

    /// `attendees >= 3`, as far as the number of people is certain.
    #[must_use]
    pub fn count(&self, comparison: Comparison) -> Answer {
        compare(&self.roster().tally(Answer::True, |_| Answer::True), comparison)
    }

    /// `one-on-one`: exactly two people have not declined.
    #[must_use]
    pub fn one_on_one(&self) -> Answer {
        let coming = self.roster().tally(Answer::Unknown(UnknownReason::PlusGuests), |member| {
            self.person(member, &PersonCond::Response(crate::value::Response::Declined)).not()
        });
        coming.ask(&[2], |count| count == 2)
    }

    /// `organizer is external`, `creator in partners`.
    #[must_use]
    pub fn role(&self, role: PersonRole, test: &PersonCond) -> Answer {
        match self.find_role(role) {
            Ok(member) => self.person(&member, test),
            Err(reason) => Answer::Unknown(reason),
        }
    }
}

/// What is certain about the number of `people` comparing like this.
#[must_use]
pub fn compare(people: &Tally, comparison: Comparison) -> Answer {
    let breaks = match comparison {
        Comparison::Eq(n) | Comparison::Ne(n) | Comparison::Lt(n) => [n, n],
        Comparison::Le(n) | Comparison::Gt(n) | Comparison::Ge(n) => [n, n],
        Comparison::Between(from, to) => [from, to],
    };
    people.ask(&breaks, |count| holds(comparison, count))
}

fn at_least(people: &Tally, number: u64) -> Answer {
    people.ask(&[number], |count| count >= number)
}

/// Whether `value` compares like this: a count, or a duration in seconds.
///
/// ```
/// use callsheet::builtins::counts::holds;
/// use callsheet::value::words::Comparison;
/// assert!(holds(Comparison::Between(3, 9), 9));
/// assert!(!holds(Comparison::Lt(600), 600));
/// ```
#[must_use]
pub fn holds(comparison: Comparison, value: u64) -> bool {
    match comparison {
        Comparison::Eq(other) => value == other,
        Comparison::Ne(other) => value != other,
        Comparison::Lt(other) => value < other,
        Comparison::Le(other) => value <= other,
        Comparison::Gt(other) => value > other,
        Comparison::Ge(other) => value >= other,
        Comparison::Between(from, to) => (from..=to).contains(&value),
    }
}
