//! The atomic conditions: what a rule can ask an event, resolved, and what each answer is.
//!
//! An [`Atom`] is one such question with its operands: names looked up, texts folded, zones found. Rules are trees of atoms
//! ([`crate::semantics::hir`]); programs hold them as constants. The meaning of each family stands in its own file, once, and
//! both evaluators go by it: [`Context::answer`] is the one place where a question meets an occurrence.

mod answer;
pub mod clock;
pub mod closed;
mod context;
pub mod counts;
pub mod dates;
pub mod lists;
pub mod literals;
pub mod people;
mod person;
mod read;
mod recordable;
pub mod repeats;
pub mod text;

pub use answer::Answer;
pub use context::{Context, Tables};
pub use read::read;

use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::time::{Date, WeekdaySet};
use crate::value::Response;
use crate::value::outline::ZoneRule;
use crate::value::words::{
    ClockWindow, Comparison, Edge, Flag, ListKind, OccurrenceIs, PersonRole, Quantifier, Repeats, TextField, TextOp,
};

/// A question about an occurrence that has one of three answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the fields are those of the condition as written, resolved")]
pub enum Atom {
    /// `title contains any of [..]`
    Text { field: TextField, op: TextOp, texts: Texts },
    /// `title matches /../i`
    Matches { field: TextField, pattern: String, flags: String },
    /// `organizer is external`
    Person { role: PersonRole, test: PersonCond },
    /// `any attendee is external`
    People { quantifier: Quantifier, test: PersonCond },
    /// `attendees >= 3`
    Count(Comparison),
    /// `duration < 10m`, in seconds
    Duration(Comparison),
    /// `starts between 09:00 and 18:00 on mon..fri`
    Clock { edge: Edge, window: Option<ClockWindow>, days: Option<DayTest>, zone: ZoneRule },
    /// `starts on rrule ".."`
    DateRule { edge: Edge, rule: String, counting_from: Option<Date>, zone: ZoneRule },
    /// `repeats weekly`
    Repeats(Repeats),
    /// `occurrence is moved`
    Occurrence(OccurrenceIs),
    /// `visibility is any of [private, confidential]`
    Is { set: SetField, values: ValueSet },
    /// `has link`
    Flag(Flag),
}

/// The texts that a text is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Texts {
    /// Written in the rules: folded, without duplicates, in the author's order, at least one.
    Written(Vec<String>),
    /// A list of the rule set's table: written or provided.
    List(ListIdx),
}

/// A question about one person.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words of the language")]
pub enum PersonCond {
    /// One of the connected user's own addresses.
    Me,
    Internal,
    External,
    /// The one who called the meeting.
    Organizer,
    /// One of these addresses: an address as written, or all of a `person`.
    Addresses(Vec<Address>),
    In(ListIdx),
    From(Vec<DomainPattern>),
    /// `accepted`, `tentative`, `declined`; `None` for `has not answered`.
    Response(Response),
    Optional,
    All(Vec<PersonCond>),
    Any(Vec<PersonCond>),
    Not(Box<PersonCond>),
}

/// A list of the rule set, by its place in the table.
pub type ListIdx = u16;

/// A list that conditions refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListTable {
    /// Its name, which is also the name a provided list is supplied under.
    pub name: String,
    /// What it holds.
    pub kind: ListKind,
    /// Its items; `None` for a list that the tenant provides with each decision.
    pub items: Option<ListItems>,
}

/// The items of a list, each kind in its own member.
///
/// INVARIANT: addresses, domains and dates stand in ascending order, without duplicates, as [`ListItems::sorted`] leaves them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListItems {
    /// Addresses, of a list of people.
    pub addresses: Vec<Address>,
    /// Domains, of a list of people.
    pub domains: Vec<DomainPattern>,
    /// Folded texts, of a list of texts.
    pub texts: Vec<String>,
    /// Dates, of a list of dates.
    pub dates: Vec<Date>,
}

/// Which local days.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DayTest {
    /// On these weekdays.
    Weekdays(WeekdaySet),
    /// On these dates.
    Dates(Vec<Date>),
    /// On the dates of a list.
    List(ListIdx),
}

/// Which closed set a condition asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words of the language")]
#[repr(u8)]
pub enum SetField {
    MyResponse,
    Status,
    Visibility,
    ShowsAs,
    Kind,
    Provider,
    Conference,
    Source,
}

impl SetField {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::MyResponse,
        Self::Status,
        Self::Visibility,
        Self::ShowsAs,
        Self::Kind,
        Self::Provider,
        Self::Conference,
        Self::Source,
    ];
}

/// Some values of a closed set, by their place in [`Closed::ALL`](crate::value::Closed::ALL).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ValueSet(pub u16);
