//! What people do by hand while hosts run: they say stop or record about a meeting and take that back, and send bots to rooms and
//! call them back.
//!
//! What was done is remembered in words of its own, by which an oracle says what must follow: the operations alone see the store.

use super::life::{Setting, TENANT};
use crate::event::Occurrence;
use crate::event::identity::{EventCopy, RoomKey};
use crate::host::model::{ErrandId, ErrandState, Meeting, Outcome};
use crate::host::operations::errands::{self, Wanted};
use crate::host::operations::overrides::{self, About};
use crate::host::schedule::errand;
use crate::host::schedule::occurrence_of;
use crate::host::world::dice::Dice;
use crate::host::world::script;
use crate::time::{Elapsed, Instant};
use crate::value::{Override, Overrides};
use std::collections::BTreeSet;

/// Something that a person does. What it is about is drawn when its time has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    /// Says stop about a meeting that is to get a bot, or record about another one.
    Say,
    /// Takes back what was said about a meeting.
    Clear,
    /// Sends a bot to a room that no calendar knows.
    SendElsewhere,
    /// Sends a bot to the room of a meeting, or to one that a bot was sent to before.
    SendToMeeting,
    /// Takes back a bot that was sent.
    CallBack,
}

impl Deed {
    /// What people do in a run, in turn.
    pub(super) const ALL: [Self; 7] =
        [Self::Say, Self::SendElsewhere, Self::SendToMeeting, Self::Say, Self::CallBack, Self::SendToMeeting, Self::Clear];
}

/// What a person said about the copies of an occurrence, or of a series, while it held.
#[derive(Clone, Debug)]
pub(super) struct Word {
    about: Target,
    stop: bool,
    pub(super) from: Instant,
    pub(super) until: Option<Instant>,
}

/// The copies that a word is about: no stranger's copy of a UID is among them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    uid: String,
    /// Of a whole series: none.
    occurrence: Option<String>,
    organizer: Option<String>,
    /// Where nobody knows who organizes it.
    room: Option<String>,
}

impl Target {
    fn of(occurrence: &Occurrence, series: bool) -> Option<Self> {
        let copy = EventCopy::of(occurrence);
        let family = copy.uid.series_family.filter(|_| series);
        let organizer = copy.organizer.map(|address| address.to_string());
        let room = copy.room.as_ref().filter(|_| organizer.is_none()).map(RoomKey::room);
        Some(Self {
            uid: family.or(copy.uid.norm)?,
            occurrence: (!series).then(|| copy.key.to_string()),
            room: room.map(|room| room.to_owned()),
            organizer,
        })
    }

    fn holds(&self, occurrence: &Occurrence) -> bool {
        let same = |series| Self::of(occurrence, series).is_some_and(|own| own == *self);
        let of_series = || Self { occurrence: None, ..Self::of(occurrence, false).unwrap_or_else(|| self.clone()) } == *self;
        if self.occurrence.is_some() { same(false) } else { same(true) || of_series() }
    }
}

/// A bot that a person sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    id: ErrandId,
    link: String,
    /// As the bot service is told it.
    pub(super) room: String,
    /// When it is to be there.
    pub(super) at: Instant,
    /// When a person took it back, or said stop about its meeting.
    pub(super) recalled_at: Option<Instant>,
}

/// The people, and what they did.
pub(super) struct Hands {
    dice: Dice,
    words: Vec<Word>,
    sent: Vec<Sent>,
}

impl Hands {
    pub(super) fn new(seed: u64) -> Self {
        Self { dice: Dice::of(seed, "hands"), words: Vec::new(), sent: Vec::new() }
    }

    /// The bots that were sent.
    pub(super) fn sent(&self) -> &[Sent] {
        &self.sent
    }

    /// Whether a bot was ever sent to this room.
    pub(super) fn sent_to(&self, room: &str) -> bool {
        self.sent.iter().any(|sent| sent.room == room)
    }

    /// What holds for an occurrence at an instant.
    pub(super) fn said_of(&self, occurrence: &Occurrence, at: Instant) -> Overrides {
        let stands = |word: &&Word| word.from <= at && word.until.is_none_or(|until| at < until);
        let strongest = |on_series: bool| {
            let words = self.words.iter().filter(stands).filter(|word| word.about.occurrence.is_none() == on_series);
            words.filter(|word| word.about.holds(occurrence)).map(Word::says).max()
        };
        Overrides { occurrence: strongest(false), series: strongest(true) }
    }

    /// When what people say about meetings of these UIDs changes.
    pub(super) fn turns(&self, uids: &BTreeSet<String>) -> Vec<Instant> {
        let words = self.words.iter().filter(|word| uids.contains(&word.about.uid));
        words.flat_map(|word| std::iter::once(word.from).chain(word.until)).collect()
    }

    /// The bots that were sent to rooms that a finding names, and what was said about meetings of these UIDs, for whoever looks into
    /// it.
    pub(super) fn told(&self, wrong: &str, uids: &BTreeSet<String>) -> String {
        let sent = self.sent.iter().filter(|sent| wrong.contains(&sent.room));
        let words = self.words.iter().filter(|word| uids.contains(&word.about.uid));
        let until = |at: Option<Instant>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let sent = sent.map(|sent| format!("\n    sent {} for {}, taken back {}", sent.id, sent.at, until(sent.recalled_at)));
        let words = words.map(|word| format!("\n    said {:?} from {} until {}", word.says(), word.from, until(word.until)));
        sent.chain(words).collect()
    }

    /// Does it; how it is called, where there was something to do.
    pub(super) async fn act(&mut self, setting: &Setting, deed: Deed) -> Option<&'static str> {
        let done = match deed {
            Deed::Say => self.say(setting).await,
            Deed::Clear => self.clear(setting).await,
            Deed::SendElsewhere => {
                let link = script::link(&mut self.dice);
                self.send(setting, link).await
            }
            Deed::SendToMeeting => {
                let link = self.link(setting).await?;
                self.send(setting, link).await
            }
            Deed::CallBack => self.call_back(setting).await,
        };
        self.look_after(setting).await;
        done
    }

    /// One of the meetings that begin about now, bots that were sent alone among them.
    async fn meeting(&mut self, setting: &Setting, is_fit: impl Fn(&Meeting) -> bool) -> Option<Meeting> {
        let (from, to) = (setting.now() - Elapsed::from_mins(20), setting.now() + Elapsed::from_mins(90));
        let mut near = setting.store().meetings(TENANT, from, to, 1000).await.expect("a store in memory");
        near.retain(|row| !row.sightings.is_empty() && is_fit(row));
        (!near.is_empty()).then(|| self.dice.pick(&near).clone())
    }

    /// What a word on the meeting is about.
    async fn targets(setting: &Setting, meeting: &Meeting, series: bool) -> BTreeSet<Target> {
        let shown = setting.store().sightings_at(TENANT, &meeting.sightings).await.expect("a store in memory");
        let shown = shown.iter().map(|sighting| occurrence_of(sighting).expect("the hosts wrote it"));
        shown.filter_map(|occurrence| Target::of(&occurrence, series)).collect()
    }

    async fn say(&mut self, setting: &Setting) -> Option<&'static str> {
        let meeting = self.meeting(setting, |_| true).await?;
        let (series, stop) = (self.dice.chance(250), meeting.outcome == Outcome::Record);
        let targets = Self::targets(setting, &meeting, series).await;
        let about = About { meeting: &meeting.id, series, user: None };
        overrides::say(&setting.host("desk"), TENANT, about, stop).await.ok()?;
        let now = setting.now();
        // Whatever was said about the same before holds no more.
        self.end(&targets, now);
        self.words.extend(targets.into_iter().map(|about| Word { about, stop, from: now, until: None }));
        Some(if stop { "stop said" } else { "record said" })
    }

    async fn clear(&mut self, setting: &Setting) -> Option<&'static str> {
        let meeting = self.meeting(setting, |_| true).await?;
        for series in [false, true] {
            let targets = Self::targets(setting, &meeting, series).await;
            let about = About { meeting: &meeting.id, series, user: None };
            if !self.words.iter().any(|word| word.until.is_none() && targets.contains(&word.about)) {
                continue;
            }
            let (count, _) = overrides::clear(&setting.host("desk"), TENANT, about).await.ok()?;
            assert!(count > 0, "what was said about {} is forgotten", meeting.id);
            self.end(&targets, setting.now());
            return Some("word taken back");
        }
        None
    }

    fn end(&mut self, targets: &BTreeSet<Target>, now: Instant) {
        let stands = |word: &&mut Word| word.until.is_none() && targets.contains(&word.about);
        self.words.iter_mut().filter(stands).for_each(|word| word.until = Some(now));
    }

    /// The link of a meeting, or one that a bot was sent to.
    async fn link(&mut self, setting: &Setting) -> Option<String> {
        if !self.sent.is_empty() && self.dice.chance(250) {
            return Some(self.dice.pick(&self.sent).link.clone());
        }
        let meeting = self.meeting(setting, |row| row.sightings.iter().any(|place| errand::of_place(place).is_none())).await?;
        let shown = setting.store().sightings_at(TENANT, &meeting.sightings).await.expect("a store in memory");
        let shown = shown.iter().map(|sighting| occurrence_of(sighting).expect("the hosts wrote it"));
        shown.filter_map(|own| Some(own.facts.link.known()?.as_ref()?.url.clone())).next()
    }

    async fn send(&mut self, setting: &Setting, link: String) -> Option<&'static str> {
        let ahead = Elapsed::from_secs(self.dice.below(1800).cast_signed());
        let at = self.dice.chance(400).then(|| setting.now() + ahead);
        let read = errand::link(&link).ok()?;
        let wanted = Wanted { link: link.clone(), at, title: None, name: None };
        let (sent, known) = errands::send(&setting.host("desk"), TENANT, wanted).await.ok()?;
        let room = format!("{}/{}", read.platform, read.id);
        let (id, at) = (sent.errand.id, sent.errand.at);
        if !known {
            self.sent.push(Sent { id, link, room, at, recalled_at: None });
        }
        Some(if known { "bot sent again" } else { "bot sent" })
    }

    async fn call_back(&mut self, setting: &Setting) -> Option<&'static str> {
        let open: Vec<ErrandId> = self.sent.iter().filter(|sent| sent.recalled_at.is_none()).map(|sent| sent.id).collect();
        if open.is_empty() {
            return None;
        }
        let id = *self.dice.pick(&open);
        let sent = errands::recall(&setting.host("desk"), TENANT, id).await.ok()?;
        (sent.errand.state == ErrandState::Recalled).then_some("bot called back")
    }

    /// Sees which bots were called back by now: who says stop means them as well.
    async fn look_after(&mut self, setting: &Setting) {
        for sent in self.sent.iter_mut().filter(|sent| sent.recalled_at.is_none()) {
            let row = setting.store().errand(TENANT, sent.id).await.expect("a store in memory").expect("it was sent");
            sent.recalled_at = (row.state == ErrandState::Recalled).then(|| setting.now());
        }
    }
}

impl Word {
    fn says(&self) -> Override {
        if self.stop { Override::Stop } else { Override::Record }
    }
}
