//! Rows of push: the channels through which providers tell of changes, and the calendars that are to be read because of it.

use super::{CalendarId, Origin, TenantId};
use crate::time::Instant;

/// Where a channel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChannelState {
    /// The provider is being asked for it. The row is there first, since its messages can be there before the answer (`G3.5`).
    Asked,
    /// The provider has it.
    Live,
    /// Another one took its place; it is stopped after the time in which both deliver (`G3.11`).
    Replaced,
    /// To be stopped: nobody wants it any more.
    Stopping,
    /// The provider has it no more, as far as is known. Kept for a while, for the messages that still come.
    Gone,
    /// The provider would not give it: the calendar is polled until the time to ask again (`G3.14`, `M8.9`).
    Refused,
}
words!(ChannelState {
    Asked = "asked",
    Live = "live",
    Replaced = "replaced",
    Stopping = "stopping",
    Gone = "gone",
    Refused = "refused",
});

impl ChannelState {
    /// Whether the calendar is not to be watched anew while it has a channel like this.
    #[must_use]
    pub fn occupies(self) -> bool {
        matches!(self, Self::Asked | Self::Live | Self::Refused)
    }
}

/// A Google channel or a Graph subscription for one calendar.
#[derive(Clone, PartialEq, Eq)]
pub struct Channel {
    /// Whose it is.
    pub tenant: TenantId,
    /// Names it: a random UUID, which Google calls the channel by.
    pub id: String,
    /// The calendar that it tells of.
    pub calendar: CalendarId,
    /// Who is to tell.
    pub kind: Origin,
    /// The SHA-256, in hexadecimal, of what its messages must show: Google's token, Graph's client state.
    pub digest: String,
    /// The last part of the path that Graph posts to; of Google there is none.
    pub nonce: Option<String>,
    /// What the provider calls it: Google's resource, Graph's subscription. Without it, it cannot be stopped (`G3.12`).
    pub resource: Option<String>,
    /// Where it stands.
    pub state: ChannelState,
    /// When it ends by itself: as asked for, then as granted (`G3.4`, `M8.3`).
    pub expires_at: Instant,
    /// When it was asked for.
    pub made_at: Instant,
    /// When the host next does something about it.
    pub due_at: Option<Instant>,
    /// How often in a row that was tried in vain; counted before each try.
    pub tries: u32,
    /// The number of the last message that was taken note of in this row.
    pub seen: u64,
    /// When a message last came that was taken note of in this row: only then does the channel stand for reading (`G3.10`).
    pub heard_at: Option<Instant>,
    /// When a read found what the channel had not told: it stands for reading no more, until something comes through it again.
    pub doubted_at: Option<Instant>,
    /// Grows with every change.
    pub version: u64,
}

impl Channel {
    /// Until when its messages stand for reading the calendar every few minutes, if they do.
    #[must_use]
    pub fn stands_until(&self) -> Option<Instant> {
        let is_heard = self.heard_at.is_some() && self.doubted_at.is_none_or(|doubted| Some(doubted) < self.heard_at);
        (self.state == ChannelState::Live && is_heard).then_some(self.expires_at)
    }
}

/// A calendar that is to be read because somebody said that it changed: a note for whichever host reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// Whose calendar.
    pub tenant: TenantId,
    /// The calendar.
    pub calendar: CalendarId,
    /// From when on it is to be read.
    pub due_at: Instant,
    /// One reading must begin at or after this.
    pub until: Instant,
    /// The whole calendar is to be read, since changes may never have been told of (`M8.7`).
    pub whole: bool,
    /// Given by the store with every change; one that is unchanged after a reading is done with.
    pub number: u64,
}
