//! The one syntax tree of both forms: rules as written, nothing resolved.
//!
//! Two trees are equal when they say the same in the same order with the same comments, wherever they were written: places
//! ([`At`]) take no part in equality. Spellings that mean one thing are one tree (`a and b` and `all of (a, b)`, `any of ["a"]`
//! and `"a"`, `90m` and `1h30m`), so a printer has one canonical text for each tree.
//!
//! Comments live in the [`Trivia`] of the nearest place that both forms can carry one: a piece, a setting, a clause of a
//! rule, a condition, an item of a list.

use crate::source::Span;
use crate::time::{Civil, Date, WeekdaySet};
use crate::value::{Conference, EventKind, Provider, Response, ShowsAs, SourceKind, Status, Visibility};

pub use crate::value::words::*;

/// Where the author wrote something. Equal to every other place, so that trees compare by what they say.
#[derive(Clone, Copy, Debug, Default)]
pub struct At(pub Span);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for At {}

/// Something with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub at: At,
}

/// Comments around something, without the `#` and one space after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trivia {
    /// On lines of their own before it.
    pub before: Vec<String>,
    /// On the line where it ends.
    pub end: Option<String>,
}

/// Something that both forms can carry comments on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commented<T> {
    /// What was written.
    pub value: T,
    /// Where.
    pub at: At,
    /// The comments around it.
    pub trivia: Trivia,
}

/// A rule file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    /// `callsheet 1`. `None` where the author left it out; version 1 is meant, and the printers write it.
    pub header: Option<Commented<()>>,
    /// `layer …`
    pub layer: Option<Commented<Layer>>,
    /// `our domains @…, @…`: patterns as written.
    pub our_domains: Option<Commented<Vec<Item<String>>>>,
    /// `timezone "…"`
    pub timezone: Option<Commented<String>>,
    /// `default record` / `default skip`
    pub default: Option<Commented<Verb>>,
    /// `defaults with { … }`
    pub defaults: Option<Commented<Vec<Setting>>>,
    /// `recordable { … }`
    pub recordable: Option<Commented<Vec<RecordableEntry>>>,
    /// `limits { … }`
    pub limits: Option<Commented<Vec<Limit>>>,
    /// `list …`, in file order, as all below.
    pub lists: Vec<Piece<List>>,
    /// `person …`
    pub people: Vec<Piece<PersonAlias>>,
    /// `define …`
    pub definitions: Vec<Piece<Definition>>,
    /// `rule …`
    pub rules: Vec<Piece<Rule>>,
    /// `test …`
    pub tests: Vec<Piece<Test>>,
    /// Comments after the last piece.
    pub tail: Vec<String>,
}

/// A named piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<T> {
    /// Its name: an id that is unique among the pieces of its kind. Of a test: the sentence in quotes.
    pub name: Located<String>,
    /// What it says.
    pub value: T,
    /// The whole piece.
    pub at: At,
    /// Comments before it, and after its head (`rule id:  # here`).
    pub trivia: Trivia,
    /// `# lint: allow …` directives, which stand right before the piece.
    pub allow: Vec<Allow>,
}

/// `# lint: allow <code> until <date> "<reason>"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The code of the finding.
    pub code: Located<String>,
    /// The last day it holds.
    pub until: Option<Date>,
    /// Why.
    pub reason: Option<String>,
    /// The whole directive.
    pub at: At,
}

/// An item of a list in brackets.
pub type Item<T> = Commented<T>;

/// `list name = [ … ]` or `list name provided people`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// Written in the file.
    Items(Vec<Item<ListItem>>),
    /// Kept by the tenant outside of the file.
    Provided(Located<ListKind>),
}

/// One item as written. Checked later: an address may turn out to be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListItem {
    /// `@customer.com`, `@*.bigco.com` or `ceo@partner.example`
    Person(String),
    /// `"interview"`
    Text(String),
    /// `2026-12-24`
    Date(Date),
}

/// `person name = [ … ]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonAlias {
    /// The addresses, as written.
    pub addresses: Vec<Item<String>>,
}

/// `define name = condition`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What the name stands for.
    pub condition: Condition,
}

/// `rule id "Title": …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The title in quotes.
    pub title: Option<String>,
    /// The line that says what to do, with its comments.
    pub action: Commented<Action>,
    /// `when …`
    pub when: Option<Commented<Condition>>,
    /// `unless …`
    pub unless: Option<Commented<Condition>>,
    /// `with { … }`
    pub with: Option<Commented<Vec<Setting>>>,
    /// `because "…"`
    pub because: Option<Commented<String>>,
}

/// `never record`, `always record locked`, `record from 2026-01-01 until 2026-06-30 shadow`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// The verb, which is the tier.
    pub verb: Tiered,
    /// Evaluated and reported, never effective.
    pub shadow: bool,
    /// First local start date the rule is for.
    pub from: Option<Date>,
    /// Last one.
    pub until: Option<Date>,
}

/// One entry of `with { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The key as written.
    pub key: Located<String>,
    /// Its value.
    pub value: Located<SettingValue>,
    /// Comments.
    pub trivia: Trivia,
}

/// The value of a setting, typed by its spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingValue {
    /// `"Acme Notetaker"`
    Text(String),
    /// `["sales", "emea"]`
    Texts(Vec<Item<String>>),
    /// `leave`, `stay`, `yes`, `no`. JSON writes `yes` and `no` as `true` and `false`, other words as strings; the key tells
    /// a word from a text there.
    Word(String),
    /// `180d`
    Duration(Seconds),
    /// `2m before start` (negative) or `30s after start`, in seconds after the start.
    Offset(i64),
    /// `3`. For keys that start with `x_`.
    Number(i64),
}

/// One entry of `recordable { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordableEntry {
    /// What is widened.
    pub value: RecordableValue,
    /// Where.
    pub at: At,
    /// Comments.
    pub trivia: Trivia,
}

/// What the organisation lets bots join beyond the usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordableValue {
    /// `all_day: yes`
    AllDay(bool),
    /// `declined: yes`
    Declined(bool),
    /// `kinds: [default, from_gmail]`
    Kinds(Vec<Item<EventKind>>),
}

/// One entry of `limits { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The setting it caps or fixes, as written.
    pub key: Located<String>,
    /// `at most …` or a fixed value.
    pub value: Located<LimitValue>,
    /// Comments.
    pub trivia: Trivia,
}

/// How a limit acts on a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitValue {
    /// `at most 90d`, `at most 5m before start`
    AtMost(SettingValue),
    /// `"Acme Notetaker"`: nobody may say otherwise.
    Fixed(SettingValue),
}

/// A condition with its comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What it asks.
    pub kind: ConditionKind,
    /// Where.
    pub at: At,
    /// Comments; they survive where the condition is an element of `all of`, `any of`, `none of`, or a clause's whole.
    pub trivia: Trivia,
}

/// What a condition asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConditionKind {
    /// `all of (…)`, `a and b`
    All(Vec<Condition>),
    /// `any of (…)`, `a or b`
    Any(Vec<Condition>),
    /// `none of (…)`
    None(Vec<Condition>),
    /// `not c`
    Not(Box<Condition>),
    /// `surely (c)`
    Surely(Box<Condition>),
    /// `possibly (c)`
    Possibly(Box<Condition>),
    /// The name of a definition.
    Use(Located<String>),
    /// `title contains "…"`
    Text {
        /// Which text.
        field: TextField,
        /// How it is compared.
        op: TextOp,
        /// With what.
        operand: Operand<String>,
    },
    /// `title matches /…/flags`
    Matches {
        /// Which text.
        field: TextField,
        /// The pattern between the slashes, with `\/` for a slash already undone.
        pattern: Located<String>,
        /// `i`, `s`, `x`, in this order, each at most once.
        flags: String,
    },
    /// `organizer …`, `creator …`
    Person {
        /// Who is asked about.
        role: PersonRole,
        /// What.
        test: PersonTest,
    },
    /// `any attendee …`
    Attendees {
        /// How many must pass.
        quantifier: Quantifier,
        /// What.
        test: PersonTest,
    },
    /// `attendees >= 3`
    Count(Comparison),
    /// `duration < 10m`, in seconds.
    Duration(Comparison),
    /// `starts between 09:00 and 18:00 on mon..fri in "Asia/Tokyo"`
    Clock {
        /// Which end of the event.
        edge: Edge,
        /// The time of day.
        window: Option<ClockWindow>,
        /// The days.
        on: Option<Days>,
        /// The zone.
        zone: Option<Located<String>>,
    },
    /// `starts on rrule "…" counting from 2026-01-05`
    DateRule {
        /// Which end of the event.
        edge: Edge,
        /// The rule as written.
        rule: Located<String>,
        /// Where intervals count from.
        counting_from: Option<Date>,
        /// The zone.
        zone: Option<Located<String>>,
    },
    /// `repeats …`
    Repeats(Repeats),
    /// `occurrence is moved`
    Occurrence(OccurrenceIs),
    /// `my response is accepted`, `visibility is any of [private, confidential]`
    Is(ClosedSet),
    /// `one-on-one`, `all-day`, `has link`
    Flag(Flag),
    /// Where the author erred: already reported, asks nothing. Never printed.
    Error,
}

/// A value, several, or the name of a list of them. One item without comments and a plain value are the same tree: `One`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand<T> {
    /// `"a"`
    One(Located<T>),
    /// `any of ["a", "b"]`
    Several(Vec<Item<T>>),
    /// `any of interviews`
    List(Located<String>),
}

/// A question about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonTest {
    /// What it asks.
    pub kind: PersonTestKind,
    /// Where.
    pub at: At,
    /// Comments.
    pub trivia: Trivia,
}

/// What is asked about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonTestKind {
    /// `is PERSON`
    Is(PersonRef),
    /// `in LIST`
    In(Located<String>),
    /// `from @domain`, `from any of […]`; patterns as written, with their `@`. Never [`Operand::List`].
    From(Operand<String>),
    /// `accepted`, `tentative`, `declined`, `has not answered` ([`Response::None`]). Never [`Response::Organizer`].
    Response(Response),
    /// `is optional`
    Optional,
    /// `a and b`, `all of (a, b)`
    All(Vec<PersonTest>),
    /// `a or b`, `any of (a, b)`
    Any(Vec<PersonTest>),
    /// `none of (a, b)`
    None(Vec<PersonTest>),
    /// `not a`
    Not(Box<PersonTest>),
    /// Where the author erred: already reported.
    Error,
}

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonRef {
    /// The connected user, at any of their own addresses.
    Me,
    /// In `our domains`.
    Internal,
    /// A readable address that is not internal.
    External,
    /// Who called the meeting.
    Organizer,
    /// The name of a `person` piece.
    Name(Located<String>),
    /// An address as written.
    Address(Located<String>),
}

/// Which days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Days {
    /// `on mon..fri, sun`
    Weekdays(WeekdaySet),
    /// `on 2026-12-24`, `on any of [2026-12-24, …]`, `on any of holidays`
    Dates(Operand<Date>),
}

/// A closed set asked for with `is X` or `is any of [X, Y]`; one value and a list of one are the same tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum ClosedSet {
    MyResponse(Vec<Response>),
    Status(Vec<Status>),
    Visibility(Vec<Visibility>),
    ShowsAs(Vec<ShowsAs>),
    Kind(Vec<EventKind>),
    Provider(Vec<Provider>),
    Conference(Vec<Conference>),
    Source(Vec<SourceKind>),
}

/// `test "…": …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// `given list customers = […]`
    pub given: Vec<Commented<GivenList>>,
    /// `event { … }`
    pub event: Commented<Vec<EventEntry>>,
    /// `expect …`
    pub expect: Commented<Expectation>,
}

/// The items that a list has in one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenList {
    /// Which list.
    pub name: Located<String>,
    /// Its items.
    pub items: Vec<Item<ListItem>>,
}

/// One entry of a test's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventEntry {
    /// The key as written.
    pub key: Located<String>,
    /// Its value.
    pub value: Located<EventValue>,
    /// Comments.
    pub trivia: Trivia,
}

/// The value of an entry of a test's event. Which key takes which is checked later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventValue {
    /// `"Catch-up"`
    Text(String),
    /// `me`, `dana@acme.com`, the name of a person, or a word of a closed set. JSON: a string; the key tells it from a text.
    Word(String),
    /// `hidden`
    Hidden,
    /// `[me, dana@acme.com declined]`
    Guests(Vec<Item<Guest>>),
    /// `2026-03-02 10:00`, `2026-03-02 10:00 in "Asia/Tokyo"`
    At(Civil, Option<Located<String>>),
    /// `2026-03-02`: a whole day.
    Day(Date),
    /// `30m`
    Duration(Seconds),
    /// `yes`, `no`
    Flag(bool),
}

/// One guest of a test's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// `me`, an address, or the name of a person.
    pub who: Located<String>,
    /// The answer; accepted where none is written.
    pub response: Option<Response>,
    /// Invited as optional.
    pub optional: bool,
    /// `room`, `resource`, `group`; a person where none is written.
    pub kind: Option<GuestKind>,
}

/// What a guest stands for, besides a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum GuestKind {
    Room,
    Resource,
    Group,
}

/// `expect …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// What must come out.
    pub outcome: ExpectedOutcome,
    /// `with { … }`: settings that must hold, others may differ.
    pub with: Vec<Setting>,
}

/// What a test expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedOutcome {
    /// `not recordable`
    NotRecordable,
    /// `default`: no rule decides.
    Default,
    /// `record`, `skip`, each with `by ID` where the rule matters.
    Decided {
        /// Record or skip.
        verb: Verb,
        /// The deciding rule.
        by: Option<Located<String>>,
    },
}
