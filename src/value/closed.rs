//! The closed sets of values that conditions compare with `is`: one table, spelled the same in text, JSON and output.

macro_rules! closed_sets {
    ($($(#[$doc:meta])* $set:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            #[repr(u8)]
            pub enum $set { $($(#[$value_doc])* $value,)+ }

            impl Closed for $set {
                const ALL: &'static [Self] = &[$(Self::$value),+];
                const WORDS: &'static [&'static str] = &[$($word),+];
                fn index(self) -> usize { self as usize }
            }
        )+
    };
}

/// A closed set of values with one word each.
pub trait Closed: Copy + PartialEq + 'static {
    /// Every value, in table order.
    const ALL: &'static [Self];
    /// The word of each value, in the same order.
    const WORDS: &'static [&'static str];
    /// The place of the value in [`Closed::ALL`].
    fn index(self) -> usize;

    /// How the value is spelled in rules, JSON and output.
    fn word(self) -> &'static str {
        Self::WORDS[self.index()]
    }

    /// The value that `word` spells.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().position(|known| *known == word).map(|index| Self::ALL[index])
    }
}

closed_sets! {
    /// What an attendee answered.
    Response {
        /// Said yes.
        Accepted = "accepted",
        /// Said maybe.
        Tentative = "tentative",
        /// Said no.
        Declined = "declined",
        /// Has not answered.
        None = "none",
        /// Called the meeting, and so was not asked.
        Organizer = "organizer",
    }
    /// Whether the event stands.
    Status {
        /// It stands.
        Confirmed = "confirmed",
        /// It may yet change.
        Tentative = "tentative",
        /// It was called off. Not recordable, so no rule can ask for it; output shows it.
        Cancelled = "cancelled",
    }
    /// Who may see the event.
    Visibility {
        /// As the calendar says.
        Default = "default",
        /// Everyone.
        Public = "public",
        /// The people in it.
        Private = "private",
        /// The people in it, by another provider's word.
        Confidential = "confidential",
    }
    /// How the event shows in the owner's calendar.
    ShowsAs {
        /// Busy.
        Busy = "busy",
        /// Free.
        Free = "free",
        /// Tentatively busy.
        Tentative = "tentative",
        /// Out of office.
        OutOfOffice = "out_of_office",
        /// Working elsewhere.
        Elsewhere = "elsewhere",
    }
    /// What sort of calendar entry this is.
    EventKind {
        /// An ordinary meeting.
        Default = "default",
        /// Time kept free for work.
        Focus = "focus",
        /// An absence.
        OutOfOffice = "out_of_office",
        /// A place of work.
        WorkingLocation = "working_location",
        /// A birthday.
        Birthday = "birthday",
        /// Made from a mail by the provider.
        FromGmail = "from_gmail",
        /// A kind that this version does not know.
        Other = "other",
    }
    /// Whose calendar service holds the event.
    Provider {
        /// Google Calendar.
        Google = "google",
        /// Microsoft 365 and Outlook, through Graph.
        Microsoft = "microsoft",
        /// An iCalendar file, feed or invitation.
        Ics = "ics",
    }
    /// The meeting service of the event's link.
    Conference {
        /// Google Meet.
        Meet = "meet",
        /// Zoom.
        Zoom = "zoom",
        /// Microsoft Teams.
        Teams = "teams",
        /// Cisco Webex.
        Webex = "webex",
        /// GoTo Meeting.
        Goto = "goto",
        /// A service that is recognised but that no bot joins.
        Other = "other",
        /// No meeting link.
        None = "none",
    }
    /// How the event came to us.
    SourceKind {
        /// Read through a provider's API.
        Api = "api",
        /// Read from a published feed or file.
        Feed = "feed",
        /// Received as an invitation.
        Invite = "invite",
    }
}
