//! What a calendar tells about an event, besides when it happens.

use crate::event::People;
use crate::event::link::Link;
use crate::value::{EventKind, Fact, Provider, Response, ShowsAs, SourceKind, Status, Visibility};

/// The facts of an event, shared by all occurrences that do not differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The title; `None` where the entry has none, which conditions read as the empty text.
    pub title: Fact<Option<Text>>,
    /// The description, reduced from HTML to text.
    pub description: Fact<Option<Text>>,
    /// The place, as written.
    pub location: Fact<Option<Text>>,
    /// The name of the calendar that the event lies in.
    pub calendar: Fact<Option<Text>>,
    /// Organizer, creator and attendees.
    pub people: People,
    /// Whether the event stands.
    pub status: Status,
    /// Who may see it.
    pub visibility: Fact<Visibility>,
    /// How it shows in the owner's calendar.
    pub shows_as: Fact<ShowsAs>,
    /// What sort of entry it is.
    pub kind: EventKind,
    /// What the connected user answered, where the calendar itself says so; else it is read off the attendees by address.
    pub my_response: Fact<Response>,
    /// Whose service holds the event.
    pub provider: Provider,
    /// How it came to us.
    pub source: SourceKind,
    /// The meeting link. `Known(None)`: there is none.
    pub link: Fact<Option<Link>>,
    /// Changes that the organizer has not sent yet (`M7.6`).
    pub draft: bool,
}

/// A text as a calendar has it, cut at its limit on a character boundary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The kept part.
    pub content: String,
    /// Whether something was cut off: a hit in the kept part is certain, a miss is unknown.
    pub cut: bool,
}

/// Most bytes kept of a title, a location or a calendar's name.
pub const SHORT_TEXT_BYTES_MAX: usize = 1024;
/// Most bytes kept of a description, after its reduction to text.
pub const DESCRIPTION_BYTES_MAX: usize = 64 * 1024;

impl Text {
    /// `content` cut to at most `bytes_max` bytes, on a character boundary.
    #[must_use]
    pub fn cut(mut content: String, bytes_max: usize) -> Self {
        let cut = content.len() > bytes_max;
        if cut {
            content.truncate(content.floor_char_boundary(bytes_max));
        }
        Self { content, cut }
    }

    /// A title, a location or a calendar's name.
    #[must_use]
    pub fn short(content: impl Into<String>) -> Self {
        Self::cut(content.into(), SHORT_TEXT_BYTES_MAX)
    }

    /// A description.
    #[must_use]
    pub fn long(content: impl Into<String>) -> Self {
        Self::cut(content.into(), DESCRIPTION_BYTES_MAX)
    }
}
