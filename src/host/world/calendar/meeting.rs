//! A meeting as it stands, and what each account's calendar shows of it.

use super::{Account, Repeats};
use crate::host::model::Origin;
use crate::time::{Civil, Elapsed, Instant, Zone};
use crate::value::Response;
use std::collections::{BTreeMap, BTreeSet};

/// A meeting as it stands: single or series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// The iCalendar UID that its organizer's calendar gave it.
    pub uid: String,
    /// What provider ids are made of: unlike the UID, no two meetings share it.
    pub handle: String,
    /// The organizer's address.
    pub organizer: String,
    /// What it is about, for the single event or for every occurrence that is not changed on its own.
    pub content: Content,
    /// The zone it repeats in.
    pub zone: Zone,
    /// The (first) start, on the clocks of `zone`.
    pub first: Civil,
    /// How long it takes; of whole days a multiple of 1440.
    pub mins: u32,
    /// Whether it takes whole days. Never of a series.
    pub all_day: bool,
    /// How it repeats.
    pub repeats: Option<Repeats>,
    /// Occurrences that were changed on their own, by original start.
    pub exceptions: BTreeMap<Instant, Exception>,
    /// Called off by the organizer.
    pub cancelled: bool,
    /// Addresses of people who threw away their own copy.
    pub dropped: BTreeSet<String>,
    /// Grows with every edit by the organizer.
    pub sequence: i64,
    /// When it was made.
    pub created: Instant,
    /// When it was last edited; edits of single occurrences do not count.
    pub updated: Instant,
}

/// What a meeting or an occurrence is about.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Content {
    /// The title.
    pub title: String,
    /// The description, plain.
    pub description: String,
    /// The place.
    pub location: String,
    /// The meeting link.
    pub link: Option<String>,
    /// Who is invited, rooms among them; the organizer is not.
    pub guests: Vec<Guest>,
    /// Visible to the people in it only.
    pub private: bool,
    /// Guests see of the guest list only themselves.
    pub guests_hidden: bool,
}

/// Somebody who is invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// The address.
    pub address: String,
    /// The answer.
    pub response: Response,
    /// Invited as optional.
    pub optional: bool,
    /// A room, not a person.
    pub room: bool,
}

impl Guest {
    /// A person who has not answered.
    #[must_use]
    pub fn person(address: impl Into<String>) -> Self {
        Self { address: address.into(), response: Response::None, optional: false, room: false }
    }

    /// The same guest with an answer.
    #[must_use]
    pub fn answered(self, response: Response) -> Self {
        Self { response, ..self }
    }
}

/// An occurrence that is unlike its series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exception {
    /// It does not take place.
    Cancelled {
        /// Since when.
        at: Instant,
    },
    /// It takes place otherwise.
    Changed(Box<Changed>),
}

/// An occurrence with times and content of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// When it begins.
    pub start: Instant,
    /// How long it takes.
    pub mins: u32,
    /// What it is about.
    pub content: Content,
    /// When it was last edited.
    pub updated: Instant,
}

/// A meeting as one account's calendar holds it.
#[derive(Clone, Debug)]
pub struct Copy<'a> {
    /// The meeting.
    pub meeting: &'a Meeting,
    /// Whose calendar it is.
    pub account: &'a Account,
    /// Whether the event or the whole series is there; else only the occurrences in `exceptions` are.
    pub whole: bool,
    /// Occurrences unlike their series by original start; `None`: none takes place for this account.
    pub exceptions: BTreeMap<Instant, Option<&'a Changed>>,
}

/// An occurrence that takes place, as one account's calendar truly has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The UID of the meeting.
    pub uid: String,
    /// The original start, of a series.
    pub original: Option<Instant>,
    /// When it begins.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
    /// Whether it takes whole days.
    pub all_day: bool,
    /// Whether it still shows although the organizer called it off.
    pub cancelled: bool,
    /// The organizer.
    pub organizer: String,
    /// What it is about.
    pub content: Content,
}

impl Meeting {
    /// When it (first) begins.
    #[must_use]
    pub fn start(&self) -> Instant {
        self.zone.instant(self.first)
    }

    /// How long an occurrence takes that is not changed.
    #[must_use]
    pub fn length(&self) -> Elapsed {
        Elapsed::from_mins(i64::from(self.mins))
    }

    /// The original starts in `[from, to)` of a series; of a single event its start, where it lies there.
    #[must_use]
    pub fn originals(&self, from: Instant, to: Instant) -> Vec<Instant> {
        match &self.repeats {
            Some(repeats) => repeats.starts(self.first, &self.zone, from, to),
            None => Some(self.start()).filter(|start| (from..to).contains(start)).into_iter().collect(),
        }
    }

    /// Everybody who has to do with it: organizer, guests, guests of single occurrences.
    #[must_use]
    pub fn audience(&self) -> BTreeSet<&str> {
        let changed = self.exceptions.values().filter_map(|exception| match exception {
            Exception::Changed(changed) => Some(&changed.content),
            Exception::Cancelled { .. } => None,
        });
        let guests = changed.chain([&self.content]).flat_map(|content| &content.guests);
        guests.map(|guest| guest.address.as_str()).chain([self.organizer.as_str()]).collect()
    }

    /// The copy in a calendar, where there is one.
    ///
    /// Of a meeting that was called off, Google keeps nothing to show, Graph keeps the guests' copies (`M7.5`), a feed all. Who
    /// declines loses the copy at Graph (`M7.9`).
    #[must_use]
    pub fn copy_of<'a>(&'a self, account: &'a Account) -> Option<Copy<'a>> {
        let organizes = self.organizer == account.address;
        let gone = self.cancelled
            && match account.origin {
                Origin::Google => true,
                Origin::Graph => organizes,
                Origin::Feed => false,
            };
        if gone || self.dropped.contains(&account.address) {
            return None;
        }
        let whole = organizes || self.content.is_for(account);
        let mut exceptions = BTreeMap::new();
        for (original, exception) in &self.exceptions {
            let changed = match exception {
                Exception::Changed(changed) if organizes || changed.content.is_for(account) => Some(&**changed),
                _ => None,
            };
            if whole || changed.is_some() {
                exceptions.insert(*original, changed);
            }
        }
        (whole || !exceptions.is_empty()).then_some(Copy { meeting: self, account, whole, exceptions })
    }
}

impl Content {
    /// The guest with this address.
    #[must_use]
    pub fn find_guest(&self, address: &str) -> Option<&Guest> {
        self.guests.iter().find(|guest| guest.address == address)
    }

    /// Whether a calendar has it for being invited.
    fn is_for(&self, account: &Account) -> bool {
        self.find_guest(&account.address)
            .is_some_and(|guest| account.origin != Origin::Graph || guest.response != Response::Declined)
    }
}

impl Copy<'_> {
    /// Whether the calendar is the organizer's.
    #[must_use]
    pub fn organizes(&self) -> bool {
        self.meeting.organizer == self.account.address
    }

    /// The guests that the calendar's owner sees.
    pub fn guests<'c>(&self, content: &'c Content) -> impl Iterator<Item = &'c Guest> {
        let all = self.organizes() || !content.guests_hidden;
        let own = self.account.address.clone();
        content.guests.iter().filter(move |guest| all || guest.address == own)
    }

    /// The original starts in `[from, to)` that no exception stands for; none where only single occurrences are there.
    #[must_use]
    pub fn plain_originals(&self, from: Instant, to: Instant) -> Vec<Instant> {
        if !self.whole {
            return Vec::new();
        }
        let mut originals = self.meeting.originals(from, to);
        originals.retain(|original| !self.exceptions.contains_key(original));
        originals
    }

    /// The occurrences that start in `[from, to)`, ascending; those that were called off are not among them, but for events
    /// that still show with that mark.
    #[must_use]
    pub fn occurrences(&self, from: Instant, to: Instant) -> Vec<Occurrence> {
        let meeting = self.meeting;
        let series = meeting.repeats.is_some();
        let made = |original: Instant, start: Instant, mins: u32, content: &Content| Occurrence {
            uid: meeting.uid.clone(),
            original: series.then_some(original),
            start,
            end: start + Elapsed::from_mins(i64::from(mins)),
            all_day: meeting.all_day,
            cancelled: meeting.cancelled,
            organizer: meeting.organizer.clone(),
            content: content.clone(),
        };
        let plain = self.plain_originals(from, to).into_iter();
        let mut found: Vec<Occurrence> = plain.map(|start| made(start, start, meeting.mins, &meeting.content)).collect();
        for (original, changed) in &self.exceptions {
            let changed = changed.filter(|changed| (from..to).contains(&changed.start));
            found.extend(changed.map(|changed| made(*original, changed.start, changed.mins, &changed.content)));
        }
        found.sort_by_key(|occurrence| (occurrence.start, occurrence.original));
        found
    }
}
