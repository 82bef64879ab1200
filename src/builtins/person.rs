//! Questions about one person.
//!
//! > PERSON-TEST: `is PERSON`, `in LIST`, `from @domain` (or `from any of [..]`), `accepted` `tentative` `declined`
//! > `has not answered`, `is optional`, or a parenthesised combination.
//! > PERSON: `me` (all own addresses), a `person` name, an address, `internal`, `external`, `organizer`.
//! > `internal` = in `our domains`; `external` = a readable address that is not internal.
//!
//! Three-valued per person: whoever has an address that cannot be read is neither internal nor external, and every question
//! about who they are is unknown. A person who is listed under several addresses passes by any of them.

use crate::builtins::lists::find_list;
use crate::builtins::people::Member;
use crate::builtins::{Answer, Context, PersonCond};
use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::value::{Fact, Response, UnknownReason};

impl Context<'_> {
    /// What is known about `member` passing `test`.
    #[must_use]
    pub fn person(&self, member: &Member<'_>, test: &PersonCond) -> Answer {
        match test {
            PersonCond::Me => self.is_me(member),
            PersonCond::Internal => self.is_internal(member),
            PersonCond::External => self.is_internal(member).not(),
            PersonCond::Organizer => self.is_organizer(member),
            PersonCond::Addresses(addresses) => by_address(member, |address| addresses.contains(address)),
            PersonCond::In(list) => match find_list(self.tables.lists, self.question.lists, *list) {
                Fact::Known(list) => by_address(member, |address| list.covers(address)),
                Fact::Unknown(reason) => Answer::Unknown(reason),
            },
            PersonCond::From(domains) => by_address(member, |address| is_covered(address, domains)),
            PersonCond::Response(response) => has_answered(member, *response),
            PersonCond::Optional => member.optional.clone().into(),
            PersonCond::All(tests) => Answer::all(tests.iter().map(|test| self.person(member, test))),
            PersonCond::Any(tests) => Answer::any(tests.iter().map(|test| self.person(member, test))),
            PersonCond::Not(test) => self.person(member, test).not(),
        }
    }

    /// `is me`: without known own addresses only the provider's mark tells.
    fn is_me(&self, member: &Member<'_>) -> Answer {
        if member.is_me {
            return Answer::True;
        }
        if self.question.user.addresses.is_empty() {
            return Answer::Unknown(UnknownReason::UserUnknown);
        }
        by_address(member, |_| false)
    }

    /// `is internal`: at one of the own domains; unknown where none is known.
    fn is_internal(&self, member: &Member<'_>) -> Answer {
        if self.tables.own_domains.is_empty() {
            return Answer::Unknown(UnknownReason::NoOwnDomains);
        }
        by_address(member, |address| is_covered(address, self.tables.own_domains))
    }

    /// `is organizer`: the one who called the meeting; nobody, where a calendar or a bot did.
    fn is_organizer(&self, member: &Member<'_>) -> Answer {
        if member.is_organizer {
            return Answer::True;
        }
        match &self.question.occurrence.facts.people.organizer {
            Fact::Unknown(reason) => Answer::Unknown(*reason),
            Fact::Known(organizer) if organizer.address.is_none() => Answer::Unknown(UnknownReason::AddressUnreadable),
            Fact::Known(_) => by_address(member, |_| false),
        }
    }
}

/// Whether some address of the person passes; unknown where none does and one cannot be read.
fn by_address(member: &Member<'_>, passes: impl Fn(&Address) -> bool) -> Answer {
    if member.addresses.iter().any(|address| passes(address)) {
        return Answer::True;
    }
    if member.unreadable { Answer::Unknown(UnknownReason::AddressUnreadable) } else { Answer::False }
}

fn is_covered(address: &Address, domains: &[DomainPattern]) -> bool {
    domains.iter().any(|pattern| pattern.covers(address.domain()))
}

/// `accepted`, `tentative`, `declined`, `has not answered`. Whoever called the meeting counts as having accepted.
fn has_answered(member: &Member<'_>, asked: Response) -> Answer {
    match &member.response {
        Fact::Unknown(reason) => Answer::Unknown(*reason),
        Fact::Known(Response::Organizer) => (asked == Response::Accepted).into(),
        Fact::Known(response) => (*response == asked).into(),
    }
}
