//! Closed sets: `status is confirmed`, `visibility is any of [private, confidential]`.
//!
//! > `my response is` `accepted` `tentative` `declined` `none` `organizer`, `any of [..]`; `status` `visibility` `shows as`
//! > `kind` `provider` `conference` `source`: `is X`, `is any of [X, Y]` of a closed set.

use crate::builtins::{Answer, Context, SetField, ValueSet};
use crate::event::Facts;
use crate::value::{Closed, Conference, Fact, Response, UnknownReason};

impl ValueSet {
    /// The set of these values.
    ///
    /// ```
    /// use callsheet::builtins::ValueSet;
    /// use callsheet::value::Visibility;
    /// let private = ValueSet::of(&[Visibility::Private, Visibility::Confidential]);
    /// assert!(private.contains(Visibility::Private) && !private.contains(Visibility::Public));
    /// ```
    #[must_use]
    pub fn of<T: Closed>(values: &[T]) -> Self {
        Self(values.iter().fold(0, |set, value| set | 1 << value.index()))
    }

    /// Whether the value is in the set.
    #[must_use]
    pub fn contains<T: Closed>(self, value: T) -> bool {
        self.holds(value.index())
    }

    /// Whether the value at this place is in the set.
    #[must_use]
    pub fn holds(self, place: usize) -> bool {
        self.0 & 1 << place != 0
    }
}

impl Context<'_> {
    /// `visibility is any of [private, confidential]`
    #[must_use]
    pub fn closed(&self, set: SetField, values: ValueSet) -> Answer {
        match set {
            SetField::MyResponse => self.my_response().map(|response| values.contains(response)),
            other => stated(&self.question.occurrence.facts, other).map(|place| values.holds(place)),
        }
        .into()
    }

    /// What the connected user answered: as the calendar says, else as the guest list says about them.
    #[must_use]
    pub fn my_response(&self) -> Fact<Response> {
        let stated = &self.question.occurrence.facts.my_response;
        let Fact::Unknown(reason) = stated else { return stated.clone() };
        match self.roster().me() {
            Some(me) => me.response.clone(),
            None if self.question.user.addresses.is_empty() => Fact::Unknown(UnknownReason::UserUnknown),
            None => Fact::Unknown(*reason),
        }
    }
}

/// What the calendar itself states, by its place in the set. The user's answer may stand in the guest list instead:
/// [`Context::my_response`].
#[must_use]
pub fn stated(facts: &Facts, set: SetField) -> Fact<usize> {
    match set {
        SetField::MyResponse => place(&facts.my_response),
        SetField::Status => Fact::Known(facts.status.index()),
        SetField::Visibility => place(&facts.visibility),
        SetField::ShowsAs => place(&facts.shows_as),
        SetField::Kind => Fact::Known(facts.kind.index()),
        SetField::Provider => Fact::Known(facts.provider.index()),
        SetField::Conference => {
            facts.link.as_ref().map(|link| link.as_ref().map_or(Conference::None, |link| link.conference).index())
        }
        SetField::Source => Fact::Known(facts.source.index()),
    }
}

fn place<T: Closed>(value: &Fact<T>) -> Fact<usize> {
    value.as_ref().map(|value| value.index())
}
