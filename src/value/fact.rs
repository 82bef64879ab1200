//! Facts that may be hidden, and why.

use std::fmt;

/// Something a rule can ask about an event: known, or hidden for a stated reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Fact<T> {
    /// The calendar tells.
    Known(T),
    /// It does not.
    Unknown(UnknownReason),
}

impl<T> Fact<T> {
    /// The value, where it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Why the value is not known.
    pub fn unknown(&self) -> Option<UnknownReason> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(reason) => Some(*reason),
        }
    }

    /// The same fact about something derived from the value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(f(value)),
            Self::Unknown(reason) => Fact::Unknown(reason),
        }
    }

    /// Borrows the value.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Known(value) => Fact::Known(value),
            Self::Unknown(reason) => Fact::Unknown(*reason),
        }
    }
}

macro_rules! reasons {
    ($($name:ident = $code:literal, $words:literal;)+) => {
        /// Why an event cannot answer a question. Each has a code for machines and words for people.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum UnknownReason {
            $(#[doc = $words] $name,)+
        }

        impl UnknownReason {
            /// Every reason, in table order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The kebab-case code, as written in JSON.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The reason in words, without a full stop.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

reasons! {
    PrivateEvent = "private-event", "the event is private and shows no details";
    GuestsHidden = "guests-hidden", "the guest list is hidden";
    GuestsCut = "guests-cut", "the guest list is cut short";
    GroupSize = "group-size", "a group of unknown size is invited";
    PlusGuests = "plus-guests", "a guest brings others who are not named";
    AddressUnreadable = "address-unreadable", "an address cannot be read";
    OrganizerIsCalendar = "organizer-is-calendar", "the organizer is a calendar or a group, not a person";
    SourceListsNoPeople = "source-lists-no-people", "the source lists no people";
    NotStated = "not-stated", "the source does not say";
    ZoneUnresolved = "zone-unresolved", "the time zone cannot be resolved";
    ZoneGuessed = "zone-guessed", "the time zone had to be guessed";
    MasterUnreadable = "master-unreadable", "the series this occurrence belongs to cannot be read";
    RuleUnreadable = "rule-unreadable", "the recurrence rule cannot be read";
    ListNotSupplied = "list-not-supplied", "a provided list was not supplied";
    NoOwnDomains = "no-own-domains", "no own domains are known";
    UserUnknown = "user-unknown", "the connected user's address is not known";
    TextCut = "text-cut", "the text was cut at its limit";
    EndUnspecified = "end-unspecified", "the end is not specified";
    PatternUnusable = "pattern-unusable", "a regular expression could not be built";
    LinkPending = "link-pending", "the meeting link is still being made";
    LinkWrapped = "link-wrapped", "the meeting link is wrapped in a form that cannot be decoded";
}

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl UnknownReason {
    /// The reason with this code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}
