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
        self.0 & 1 << value.index() != 0
    }
}

impl Context<'_> {
    /// `visibility is any of [private, confidential]`
    #[must_use]
    pub fn closed(&self, set: SetField, values: ValueSet) -> Answer {
        match set {
            SetField::MyResponse => is_in(self.my_response(), values),
            stated => is_stated(&self.question.occurrence.facts, stated, values),
        }
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

/// The same of what the calendar itself states. The user's answer may stand in the guest list instead: [`Context::my_response`].
#[must_use]
pub fn is_stated(facts: &Facts, set: SetField, values: ValueSet) -> Answer {
    match set {
        SetField::MyResponse => is_in(facts.my_response.clone(), values),
        SetField::Status => values.contains(facts.status).into(),
        SetField::Visibility => is_in(facts.visibility.clone(), values),
        SetField::ShowsAs => is_in(facts.shows_as.clone(), values),
        SetField::Kind => values.contains(facts.kind).into(),
        SetField::Provider => values.contains(facts.provider).into(),
        SetField::Conference => {
            let of_link = facts.link.as_ref().map(|link| link.as_ref().map_or(Conference::None, |link| link.conference));
            is_in(of_link, values)
        }
        SetField::Source => values.contains(facts.source).into(),
    }
}

fn is_in<T: Closed>(value: Fact<T>, values: ValueSet) -> Answer {
    value.map(|value| values.contains(value)).into()
}
