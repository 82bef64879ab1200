//! What people do to meetings.

use super::{Changed, Content, End, Exception, Guest, Meeting, MeetingId, Repeats, Truth};
use crate::host::model::Origin;
use crate::time::{Civil, ClockTime, Elapsed, Instant};
use crate::value::Response;
use std::collections::BTreeMap;

/// One thing done to a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Changes what it is about: of a series, of every occurrence.
    Content(Change),
    /// Moves it. Of a series: every occurrence, and those changed on their own fall back into line.
    Move {
        /// The new (first) start on the clocks of its zone. Of a series it must be at another time of day.
        first: Civil,
        /// The new length.
        mins: u32,
    },
    /// Calls it off.
    Cancel,
    /// Calls it off and makes the same anew, with another UID.
    Recreate,
    /// Throws away one person's own copy.
    Drop(String),
    /// Makes a series of a single event, or a single event of a series, or repeats it otherwise.
    Repeat(Option<Repeats>),
    /// Ends the series before an occurrence and goes on with another from that day at another time: "this and following".
    Split {
        /// The original start of the first occurrence of the new series.
        original: Instant,
        /// The time of day of the new series.
        time: ClockTime,
    },
    /// Changes what one occurrence is about.
    Occurrence(Instant, Change),
    /// Moves one occurrence, named by its original start.
    MoveOccurrence {
        /// The original start.
        original: Instant,
        /// The new start.
        start: Instant,
        /// The new length.
        mins: u32,
    },
    /// Calls one occurrence off.
    CancelOccurrence(Instant),
}

/// One change of what a meeting is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another title.
    Title(String),
    /// Another link, or none.
    Link(Option<String>),
    /// A guest's answer.
    Respond(String, Response),
    /// Whether guests see each other.
    HideGuests(bool),
    /// Whether it is private.
    Private(bool),
    /// One more guest.
    Invite(Guest),
    /// One guest less.
    Uninvite(String),
}

/// What an edit came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Whether anything is otherwise than before.
    pub changed: bool,
    /// The meeting that the edit made.
    pub made: Option<MeetingId>,
}

impl Change {
    /// Whether the change is a guest's own, which raises no sequence number.
    fn is_answer(&self) -> bool {
        matches!(self, Self::Respond(..))
    }

    fn apply(&self, content: &mut Content) {
        match self {
            Self::Title(title) => content.title.clone_from(title),
            Self::Link(link) => content.link.clone_from(link),
            Self::Respond(who, response) => {
                content.guests.iter_mut().filter(|guest| guest.address == *who).for_each(|guest| guest.response = *response);
            }
            Self::HideGuests(hidden) => content.guests_hidden = *hidden,
            Self::Private(private) => content.private = *private,
            Self::Invite(guest) if content.find_guest(&guest.address).is_none() => content.guests.push(guest.clone()),
            Self::Invite(_) => {}
            Self::Uninvite(who) => content.guests.retain(|guest| guest.address != *who),
        }
    }
}

impl Truth {
    /// Does it. Edits that make no sense for the meeting as it stands change nothing.
    pub fn apply(&mut self, now: Instant, id: MeetingId, edit: &Edit) -> Applied {
        let before = self.meeting(id).clone();
        let mut meeting = before.clone();
        if meeting.cancelled {
            return Applied::default();
        }
        let mut made = None;
        match edit {
            Edit::Recreate => {
                meeting.cancelled = true;
                made = Some(self.anew(&before, now));
            }
            Edit::Split { original, time } => made = self.split(&mut meeting, *original, *time, now),
            _ => change(&mut meeting, edit, now),
        }
        if meeting == before {
            return Applied::default();
        }
        let own = matches!(edit, Edit::Drop(_)) || matches!(edit, Edit::Content(change) if change.is_answer());
        meeting.sequence += i64::from(!own);
        let single_out = matches!(edit, Edit::Occurrence(..) | Edit::MoveOccurrence { .. } | Edit::CancelOccurrence(_));
        if !single_out {
            meeting.updated = now;
        }
        self.push(now, id, meeting);
        Applied { changed: true, made: made.map(|made| self.create(now, made)) }
    }

    /// The same meeting under another identity.
    fn anew(&self, meeting: &Meeting, now: Instant) -> Meeting {
        let (uid, handle) = self.mint(&meeting.organizer);
        Meeting { uid, handle, sequence: 0, created: now, updated: now, ..meeting.clone() }
    }

    /// Cuts a series and gives what goes on; nothing where `original` names no later occurrence.
    fn split(&self, meeting: &mut Meeting, original: Instant, time: ClockTime, now: Instant) -> Option<Meeting> {
        let repeats = meeting.repeats?;
        let first = meeting.zone.civil(original);
        let known = repeats.starts(meeting.first, &meeting.zone, original, original + Elapsed::from_secs(1));
        if original <= meeting.start() || known.is_empty() {
            return None;
        }
        let end = match repeats.end {
            End::After(times) => End::After(times - repeats.count_before(meeting.first, &meeting.zone, original)),
            end => end,
        };
        let mut next = Meeting {
            first: first.date().to_datetime(time),
            repeats: Some(Repeats { end, ..repeats }),
            exceptions: BTreeMap::new(),
            ..self.anew(meeting, now)
        };
        if let Some(stem) = meeting.uid.strip_suffix("@google.com") {
            // Google names the rest after the whole (G2.5).
            let family = stem.split_once("_R").map_or(stem, |(family, _)| family);
            let handle = format!("{family}_R{}", first.strftime("%Y%m%dT%H%M%S"));
            if self.find_handle(&handle).is_none() {
                next.uid = format!("{handle}@google.com");
                next.handle = handle;
            }
        }
        meeting.repeats = Some(Repeats { end: End::On(first.date().yesterday().ok()?), ..repeats });
        meeting.exceptions.retain(|known, _| *known < original);
        Some(next)
    }

    /// The first account that has this address keeps its calendar there.
    #[must_use]
    pub fn origin_of(&self, address: &str) -> Option<Origin> {
        self.by_address.get(address).and_then(|ids| ids.first()).map(|id| self.account(*id).origin)
    }
}

fn change(meeting: &mut Meeting, edit: &Edit, now: Instant) {
    match edit {
        Edit::Content(change) => {
            change.apply(&mut meeting.content);
            for exception in meeting.exceptions.values_mut() {
                if let Exception::Changed(changed) = exception {
                    let before = changed.content.clone();
                    change.apply(&mut changed.content);
                    if changed.content != before {
                        changed.updated = now;
                    }
                }
            }
        }
        Edit::Move { first, mins } => move_all(meeting, *first, *mins),
        Edit::Cancel => meeting.cancelled = true,
        Edit::Drop(who) => {
            meeting.dropped.insert(who.clone());
        }
        Edit::Repeat(repeats) if !meeting.all_day => {
            let fits = repeats.is_none_or(|repeats| repeats.is_on(meeting.first.date(), meeting.first.date()));
            if fits && meeting.repeats != *repeats {
                meeting.repeats = *repeats;
                meeting.exceptions.clear();
            }
        }
        Edit::Occurrence(original, change) => {
            with_occurrence(meeting, *original, now, |changed| change.apply(&mut changed.content));
        }
        Edit::MoveOccurrence { original, start, mins } => {
            with_occurrence(meeting, *original, now, |changed| (changed.start, changed.mins) = (*start, *mins));
        }
        Edit::CancelOccurrence(original) if is_on(meeting, *original) => {
            let cancelled = matches!(meeting.exceptions.get(original), Some(Exception::Cancelled { .. }));
            if !cancelled {
                meeting.exceptions.insert(*original, Exception::Cancelled { at: now });
            }
        }
        Edit::Repeat(_) | Edit::CancelOccurrence(_) | Edit::Recreate | Edit::Split { .. } => {}
    }
}

/// A series moves to another time of day only, on a day that its rule names: so no old original start is a new one, and what
/// providers say about an old one cannot be read as about a new one.
fn move_all(meeting: &mut Meeting, first: Civil, mins: u32) {
    if let Some(repeats) = meeting.repeats {
        if first.time() == meeting.first.time() || !repeats.is_on(first.date(), first.date()) {
            return;
        }
        meeting.exceptions.clear();
    }
    (meeting.first, meeting.mins) = (first, mins);
}

fn is_on(meeting: &Meeting, original: Instant) -> bool {
    let second = Elapsed::from_secs(1);
    meeting.repeats.is_some_and(|repeats| !repeats.starts(meeting.first, &meeting.zone, original, original + second).is_empty())
}

/// Changes an occurrence that takes place, and notes when; an untouched one stays one that is like its series.
fn with_occurrence(meeting: &mut Meeting, original: Instant, now: Instant, change: impl FnOnce(&mut Changed)) {
    let known = match meeting.exceptions.get(&original) {
        Some(Exception::Cancelled { .. }) => return,
        Some(Exception::Changed(changed)) => (**changed).clone(),
        None if is_on(meeting, original) => {
            Changed { start: original, mins: meeting.mins, content: meeting.content.clone(), updated: now }
        }
        None => return,
    };
    let mut changed = known.clone();
    change(&mut changed);
    if changed != known {
        changed.updated = now;
        meeting.exceptions.insert(original, Exception::Changed(Box::new(changed)));
    }
}
