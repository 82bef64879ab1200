//! What push remembers: channels that were looked up, windows, and how much may still be looked up for names that nobody knows.

use super::window::Windows;
use crate::host::model::Channel;
use crate::time::{Elapsed, Instant};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long a channel that was looked up is believed to be as it was.
const BELIEVED: Elapsed = Elapsed::from_mins(5);
/// Most channels of a provider that are remembered; with more, all are forgotten, and looked up again as their messages come.
const CHANNELS_MAX: usize = 200_000;
/// Most names that are remembered because nobody has them; with more, all are forgotten.
const NOBODYS_MAX: usize = 10_000;
/// Most names a second that are looked up in the store and not remembered: those that nobody knows, mostly forged.
pub(super) const LOOKUPS_MAX: u32 = 50;
/// A provider that has not answered for this long asks about the nonce no more.
const ASKING_MAX: Elapsed = Elapsed::from_mins(15);

/// By what a message names a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// Google's channel id.
    Id(&'a str),
    /// The last part of the path that Graph posts to.
    Nonce(&'a str),
}

impl Name<'_> {
    /// The name, and which of the two it is: a nonce that is shown as an id says nothing of the nonce.
    fn in_full(self) -> String {
        match self {
            Self::Id(id) => format!("id {id}"),
            Self::Nonce(nonce) => format!("nonce {nonce}"),
        }
    }
}

/// Channels by one of their names, and when each was looked up.
type Known = BTreeMap<String, (Instant, Arc<Channel>)>;

#[derive(Default)]
pub(super) struct Memory {
    pub(super) windows: Windows,
    by_id: Known,
    by_nonce: Known,
    /// Names that were looked up and that nobody has. Nobody will: a name is drawn by chance, and its row is there before anybody
    /// hears of it.
    nobodys: BTreeSet<String>,
    /// Nonces of subscriptions that are being asked for.
    asking: BTreeMap<String, Instant>,
    /// The second, and how many names were looked up in it.
    lookups: (i64, u32),
}

impl Memory {
    /// The channel of this name, if it was looked up lately.
    pub(super) fn find(&self, name: Name<'_>, now: Instant) -> Option<Arc<Channel>> {
        let (at, channel) = match name {
            Name::Id(id) => self.by_id.get(id)?,
            Name::Nonce(nonce) => self.by_nonce.get(nonce)?,
        };
        (*at <= now && now.duration_since(*at) < BELIEVED).then(|| channel.clone())
    }

    pub(super) fn remember(&mut self, name: Name<'_>, now: Instant, channel: Arc<Channel>) {
        let (known, name) = match name {
            Name::Id(id) => (&mut self.by_id, id),
            Name::Nonce(nonce) => (&mut self.by_nonce, nonce),
        };
        if known.len() >= CHANNELS_MAX {
            known.clear();
        }
        known.insert(name.to_owned(), (now, channel));
    }

    pub(super) fn forget(&mut self, name: Name<'_>) {
        match name {
            Name::Id(id) => self.by_id.remove(id),
            Name::Nonce(nonce) => self.by_nonce.remove(nonce),
        };
    }

    /// Whether nobody has the name, as far as is remembered.
    pub(super) fn is_nobodys(&self, name: Name<'_>) -> bool {
        self.nobodys.contains(&name.in_full())
    }

    pub(super) fn remember_nobodys(&mut self, name: Name<'_>) {
        if self.nobodys.len() >= NOBODYS_MAX {
            self.nobodys.clear();
        }
        self.nobodys.insert(name.in_full());
    }

    /// Whether one more name may be looked up in this second.
    pub(super) fn may_look_up(&mut self, now: Instant) -> bool {
        let second = now.as_second();
        if self.lookups.0 != second {
            self.lookups = (second, 0);
        }
        self.lookups.1 += 1;
        self.lookups.1 <= LOOKUPS_MAX
    }

    /// A name that was looked up and is there costs nothing of what may be looked up.
    pub(super) fn was_there(&mut self) {
        self.lookups.1 = self.lookups.1.saturating_sub(1);
    }

    pub(super) fn asking(&mut self, nonce: &str, now: Instant) {
        self.asking.retain(|_, since| now.duration_since(*since) < ASKING_MAX);
        self.asking.insert(nonce.to_owned(), now);
    }

    pub(super) fn asked(&mut self, nonce: &str) {
        self.asking.remove(nonce);
    }

    pub(super) fn is_asking(&self, nonce: &str) -> bool {
        self.asking.contains_key(nonce)
    }
}
