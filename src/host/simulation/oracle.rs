//! The invariants, each held against the world's history, the journals of its services and what the store has at the end.
//!
//! What is wrong is said in texts that begin with the invariant's name.

use super::expected::{Cluster, Oracle, Place, View, links};
use super::hands::Hands;
use super::heard::Heard;
use super::life::{Setting, TENANT};
use super::run::{Kind, Report};
use crate::event::identity::normalise_uid;
use crate::host::dispatch::key::{LATE_SECS, SPREAD_MILLIS};
use crate::host::model::{
    Calendar, Channel, Delivery, Dispatch, DispatchState, EndpointId, EndpointState, EventId, Meeting, OutboxEvent, Outcome,
    Sighting,
};
use crate::host::outbox::delivery::{DELAYS, message_id};
use crate::host::schedule::{self, errand, identity};
use crate::host::store::{DueDelivery, PassedOver};
use crate::host::sync::calendar_of;
use crate::host::sync::share::TAKEN_OVER;
use crate::host::world::World;
use crate::host::world::bots::{Bot, Happened};
use crate::host::world::calendar::{MeetingId, State};
use crate::host::world::push::ENDED_ALONE;
use crate::time::{Elapsed, Instant, Zone};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A change is followed within this time where nothing goes wrong: the five minutes between two reads with their jitter, the
/// list of calendars that is made anew every half minute, and some seconds.
pub(super) const SETTLED: Elapsed = Elapsed::from_mins(7);
/// Every Graph calendar is viewed as a whole so often: six hours, an hour between calendars, and the time of a pass.
const VIEWED: Elapsed = Elapsed::from_mins(7 * 60 + 10);
/// A bot in time joins at most this much after its second.
pub(super) const PUNCTUAL_SECS: i64 = 5;
/// A dispatch that could not be made is told within this time after its deadline.
pub(super) const TOLD_SECS: i64 = 60;
/// Most of anything that a run stores.
const ALL: usize = 1_000_000;

/// What the store has at the end.
pub(super) struct Stored {
    meetings: Vec<Meeting>,
    /// By where they are seen.
    sightings: BTreeMap<String, Sighting>,
    /// What of the sightings is not what the entries of their calendar say.
    unlike: Vec<String>,
    calendars: Vec<Calendar>,
    dispatches: Vec<Dispatch>,
    events: Vec<OutboxEvent>,
    pending: Vec<DueDelivery>,
    dead: Vec<Delivery>,
    endpoints: Vec<(EndpointId, String, EndpointState)>,
    channels: Vec<Channel>,
}

impl Stored {
    pub(super) async fn of(setting: &Setting) -> Self {
        let store = setting.store();
        let meetings = store.meetings(TENANT, Instant::MIN, Instant::MAX, ALL).await.expect("a store in memory");
        let sightings = store.all_sightings(TENANT).await.expect("a store in memory");
        let sightings = sightings.into_iter().map(|sighting| (identity::place(&sighting), sighting)).collect();
        let calendars = store.calendars(TENANT).await.expect("a store in memory");
        let (mut unlike, mut channels) = (Vec::new(), Vec::new());
        for calendar in &calendars {
            unlike.extend(unlike_entries(setting, calendar).await);
            channels.extend(store.channels_of(TENANT, calendar.id).await.expect("a store in memory"));
        }
        let ids: Vec<String> = meetings.iter().map(|meeting| meeting.id.clone()).collect();
        let dispatches = store.dispatches_of(TENANT, &ids).await.expect("a store in memory");
        let events = store.events(TENANT, EventId(0), ALL).await.expect("a store in memory");
        let pending = store.due_deliveries(Instant::MAX, ALL, ALL, &PassedOver::default()).await.expect("a store in memory");
        let endpoints = store.endpoints(TENANT).await.expect("a store in memory");
        let mut dead = Vec::new();
        for endpoint in &endpoints {
            dead.extend(store.dead_deliveries(TENANT, endpoint.id, ALL).await.expect("a store in memory"));
        }
        let endpoints = endpoints.into_iter().map(|row| (row.id, row.url, row.state)).collect();
        Self { meetings, sightings, unlike, calendars, dispatches, events, pending, dead, endpoints, channels }
    }

    /// Names everything in it.
    pub(super) fn digest(&self) -> u64 {
        let mut text = format!("{:?} {:?} {:?}", self.meetings, self.dispatches, self.events);
        // What `Debug` keeps to itself.
        let of_meetings = self.meetings.iter().flat_map(|row| row.sightings.iter().chain([&row.reason, &row.record]));
        let of_dispatches = self.dispatches.iter().flat_map(|row| std::iter::once(&row.spec).chain(&row.reason));
        let of_events = self.events.iter().flat_map(|row| [&row.subject, &row.body]);
        of_meetings.chain(of_dispatches).chain(of_events).for_each(|part| text.push_str(part));
        crate::host::world::dice::hash(&text)
    }
}

/// Changes are read with what they belong to, and the rest of a calendar is left as it was: in the end that must come to what reading
/// all of its entries gives. A look at one occurrence is ahead of the entries until the next pass.
async fn unlike_entries(setting: &Setting, calendar: &Calendar) -> Vec<String> {
    let (store, now) = (setting.store(), setting.now());
    let (Some(to), true) = (calendar.expanded_to, calendar.cursor.is_some()) else { return Vec::new() };
    let connections = store.connections(TENANT).await.expect("a store in memory");
    let zone = connections.iter().find(|row| row.id == calendar.connection).and_then(|row| row.zone.as_deref());
    let reader = zone.and_then(Zone::named).unwrap_or_else(Zone::utc);
    let entries = store.entries(TENANT, calendar.id).await.expect("a store in memory");
    let Ok(read) = calendar_of(calendar.origin, &entries, &reader) else { return Vec::new() };
    let own = schedule::sightings_of(calendar.id, &read, &(now..to), &reader).sightings;
    let mut stored = store.sightings(TENANT, calendar.id).await.expect("a store in memory");
    stored.retain(|sighting| (now..to).contains(&sighting.start));
    let (own, stored): (BTreeSet<_>, BTreeSet<_>) = (own.iter().map(named).collect(), stored.iter().map(named).collect());
    let wrong = own.symmetric_difference(&stored);
    wrong.map(|(id, at, body)| format!("I8 calendar {} shows {id} otherwise: {at} {body}", calendar.id)).collect()
}

fn named(sighting: &Sighting) -> (String, Instant, String) {
    (sighting.id.clone(), sighting.start, sighting.body.to_string())
}

/// Everything that the invariants speak about.
pub(super) struct Case<'a> {
    pub(super) kind: Kind,
    pub(super) world: &'a World,
    pub(super) oracle: &'a Oracle<'a>,
    /// What people did by hand.
    pub(super) hands: &'a Hands,
    pub(super) heard: &'a Heard,
    pub(super) stored: &'a Stored,
    /// From the begin to when faults stopped.
    pub(super) span: Range<Instant>,
    /// When the last host died.
    pub(super) end: Instant,
    pub(super) horizon: Elapsed,
    /// When hosts were killed or held up.
    pub(super) incidents: &'a [Range<Instant>],
    pub(super) lines: &'a BTreeSet<String>,
    pub(super) metrics: &'a str,
}

/// An event about a dispatch.
struct About<'a> {
    event: &'a OutboxEvent,
    meeting: String,
    start: Instant,
    epoch: u64,
    bot: String,
    reason: Option<String>,
    /// A calendar wanted it by then.
    is_calendars: bool,
}

impl<'a> About<'a> {
    fn of(event: &'a OutboxEvent) -> Option<Self> {
        let body: Value = serde_json::from_str(&event.body).ok()?;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let start = text("start")?.parse().ok()?;
        let (meeting, epoch, bot) = (text("meeting")?, body["epoch"].as_u64()?, text("bot")?);
        let is_calendars = body["triggers"].as_array().is_some_and(|whom| whom.contains(&"calendar".into()));
        Some(Self { event, meeting, start, epoch, bot, reason: text("reason"), is_calendars })
    }
}

impl Case<'_> {
    /// What is wrong.
    pub(super) fn report(&self) -> Report {
        let mut report = Report::default();
        let about = self.about();
        let clusters = self.oracle.clusters(&self.span, Elapsed::from_hours(6));
        report.lives = clusters.iter().map(|cluster| cluster.lives).sum();
        self.bots(&clusters, &about, &mut report);
        let mut wrong = Vec::new();
        self.one_key_one_place(&mut wrong);
        self.effects_are_kept(&about, &mut wrong);
        self.events_arrive(&mut wrong);
        self.events_are_told_once(&about, &mut wrong);
        self.misses_are_told(&about, &mut wrong);
        self.nobody_is_hurried(&mut wrong);
        self.nothing_personal(&mut wrong);
        self.plan_is_right(&mut wrong);
        wrong.extend(self.stored.unlike.iter().cloned());
        report.wrong.extend(wrong);
        report
    }

    fn about(&self) -> Vec<About<'_>> {
        self.stored.events.iter().filter_map(About::of).collect()
    }

    /// The rooms of bots that were missed, and when it was told.
    pub(super) fn told_missed(&self) -> Vec<(String, Instant)> {
        let by_key: BTreeMap<&str, &Dispatch> = self.stored.dispatches.iter().map(|row| (row.key.as_str(), row)).collect();
        let missed = self.about().into_iter().filter(|told| told.event.kind == "dispatch.missed");
        missed.filter_map(|told| Some((place_of(&by_key.get(told.bot.as_str())?.spec)?.0, told.event.at))).collect()
    }

    /// I1, I2, I3 and I6: who has a bot, and who has none.
    fn bots(&self, clusters: &[Cluster], about: &[About<'_>], report: &mut Report) {
        let joined = joined(self.world);
        let by_key: BTreeMap<&str, &Dispatch> = self.stored.dispatches.iter().map(|row| (row.key.as_str(), row)).collect();
        let mut missed: BTreeMap<Place, Vec<(Instant, bool)>> = BTreeMap::new();
        for told in about.iter().filter(|told| told.event.kind == "dispatch.missed") {
            // A bot that was sent for one start may be adopted by a meeting that has another one, and is told with that.
            let Some((room, _)) = by_key.get(told.bot.as_str()).and_then(|row| place_of(&row.spec)) else { continue };
            let place = (room, told.start);
            let for_good = told.reason.as_deref() == Some("platform-not-supported");
            missed.entry(place).or_default().push((told.event.at, for_good));
        }
        for (place, bots) in &mut joined.clone() {
            bots.sort_by_key(|(_, bot)| bot.joins_at);
            // Two at a time: one that left is followed by another where its meeting comes back. And one whose recall does not
            // get through stays while another comes for the meeting that was made anew.
            let recalled = |bot: &Bot| bot.recalled_at.is_some_and(|at| self.heard.bots_troubled(at - Elapsed::from_mins(5), at));
            if bots.windows(2).any(|pair| left_at(pair[0].1) > pair[1].1.joins_at && !recalled(pair[0].1)) {
                report.wrong.push(format!("I6 {} bots in {} at {}", bots.len(), place.0, place.1));
            }
        }
        let mut known: BTreeSet<&Place> = BTreeSet::new();
        self.sent_bots(clusters, report);
        for cluster in clusters {
            let places: BTreeSet<&Place> = cluster.views.iter().flat_map(|view| view.wanted.keys()).collect();
            let rooms: BTreeSet<&str> = places.iter().map(|(room, _)| room).chain(&cluster.former).map(String::as_str).collect();
            let there = joined.keys().filter(|(room, _)| rooms.contains(room.as_str()));
            let places: BTreeSet<&Place> = places.iter().copied().chain(there).collect();
            for place in &places {
                self.place(cluster, place, joined.get(*place).map_or(&[][..], Vec::as_slice), &missed, report);
            }
            known.extend(places);
        }
        let unknown = joined.iter().filter(|(place, _)| !known.contains(place) && self.span.contains(&place.1));
        let unknown = unknown.filter(|(place, _)| !self.hands.sent_to(&place.0));
        let is_explained = |(place, bots): &(&Place, &Vec<(&str, &Bot)>)| {
            let knew = |one: &Cluster| bots.iter().all(|(_, bot)| self.followed_what_it_knew(one, place, bot));
            clusters.iter().any(|one| self.is_patchwork(one, place, bots) || knew(one))
        };
        for (place, _) in unknown.filter(|there| !is_explained(there)) {
            report.wrong.push(format!("I2 a bot in {} at {} of which nobody ever knew", place.0, place.1));
        }
    }

    /// Whether hosts may have seen a change of a meeting in one calendar and not yet in another, and put together what never was: a
    /// title of now and a room of before, or a room of now and a start of before. Such bots are called back as soon as the other
    /// calendar is read.
    fn is_patchwork(&self, cluster: &Cluster, (room, start): &Place, bots: &[(&str, &Bot)]) -> bool {
        let sent = |bot: &Bot| {
            let at = bot.accepted_at?;
            let views = cluster.within(at - SETTLED, at);
            let had_start = |view: &View| view.linkless.contains(start) || view.rooms.iter().any(|(_, known)| known == start);
            let was_there = views.iter().any(had_start) && self.oracle.had_link_to(cluster, room, at - SETTLED..at);
            // As long as one of the calendars cannot be read, that goes on.
            let known = |to: Instant| cluster.accounts.iter().map(|account| self.heard.known_at(*account, to, SETTLED)).min();
            let in_time = |recalled: Instant| recalled < at + SETTLED || known(recalled).is_some_and(|known| known < at);
            Some(was_there && bot.recalled_at.is_some_and(in_time))
        };
        cluster.accounts.len() > 1 && bots.iter().all(|(_, bot)| sent(bot).unwrap_or(false))
    }

    fn place(
        &self,
        cluster: &Cluster,
        place: &Place,
        bots: &[(&str, &Bot)],
        missed: &BTreeMap<Place, Vec<(Instant, bool)>>,
        report: &mut Report,
    ) {
        let (room, start) = (&place.0, place.1);
        let join = cluster.views.iter().find_map(|view| view.wanted.get(place)).copied().unwrap_or(0);
        let fire = start + Elapsed::from_secs(join.min(0)) - Elapsed::from_millis(SPREAD_MILLIS.cast_signed());
        let late = start + Elapsed::from_secs(LATE_SECS + join.max(0));
        let known = cluster.accounts.iter().map(|account| self.heard.known_at(*account, fire, SETTLED)).min();
        let known = known.unwrap_or(fire).min(self.undisturbed(fire));
        if known < self.span.start + SETTLED || late > self.span.end {
            return;
        }
        // That a bot was missed is told within a minute; what is called off until then is not.
        let views = cluster.within(known, late + Elapsed::from_secs(TOLD_SECS));
        let moved =
            |to: &Place| cluster.views.iter().any(|view| view.wanted.keys().any(|other| other.0 == to.0 && other.1 != to.1));
        let name = |plain: &'static str| if moved(place) { "I3" } else { plain };
        if views.iter().all(|view| view.wanted.contains_key(place)) {
            report.wanted += 1;
            let troubled = self.heard.bots_troubled(fire - Elapsed::from_mins(2), late);
            let disturbed = self.is_disturbed(fire - Elapsed::from_mins(2), late);
            let most = if troubled || disturbed { LATE_SECS + 30 } else { PUNCTUAL_SECS };
            let is_sent_to = self.hands.sent_to(room);
            // One that a person sends while the meeting runs is asked for until ten minutes after that, for both.
            let asked_until = |bot: &Bot| {
                let during = |at: Instant| fire <= at && bot.leaves_at.is_none_or(|leaves| at < leaves);
                let sent = self.hands.sent().iter().filter(|sent| sent.room == *room && during(sent.at));
                let asked = sent.map(|sent| sent.at + Elapsed::from_secs(LATE_SECS + 30)).max();
                let own = start + Elapsed::from_secs(join.max(0) + most);
                asked.filter(|_| troubled || disturbed).map_or(own, |asked| asked.max(own))
            };
            let on_time = |bot: &Bot| {
                // One that was sent is there before.
                if is_sent_to {
                    return is_there(bot, start + Elapsed::from_secs(join - 21), asked_until(bot));
                }
                let after = bot.joins_at.map_or(i64::MAX, |at| at.duration_since(start).as_secs());
                (join - 21..=if most == PUNCTUAL_SECS { join } else { join.max(0) } + most).contains(&after)
            };
            // Where bots cannot be had it is enough to say so, but not before it is too late.
            let late_enough = |(at, for_good): &(Instant, bool)| *for_good || *at >= late - Elapsed::from_mins(1);
            let told = troubled && missed.get(place).is_some_and(|times| times.iter().any(late_enough));
            let too_late = |bot: &Bot| bot.accepted_at.is_some_and(|at| at > late + Elapsed::from_mins(1));
            if !is_sent_to && bots.iter().any(|(_, bot)| too_late(bot)) {
                report.wrong.push(format!("I1 a bot was sent too late to {room} at {start}"));
            }
            let in_room = is_sent_to && self.in_room(room).any(on_time);
            if !bots.iter().any(|(_, bot)| on_time(bot)) && !in_room && !told {
                let when: Vec<String> = bots.iter().map(|(_, bot)| format!("{:?}", bot.joins_at)).collect();
                report.wrong.push(format!("{} no bot in time in {room} at {start}: {when:?}", name("I1")));
            }
        } else if views.iter().all(|view| !view.wanted.contains_key(place)) {
            report.unwanted += 1;
            // What Graph ends in silence is seen by the look before the bot, where that can be had.
            let unverified = |(key, _): &(&str, &Bot)| self.stored.dispatches.iter().any(|row| row.key == **key && !row.verified);
            let is_hidden = || bots.iter().all(unverified) && self.ends_in_silence(cluster, start);
            let is_sent_to = self.hands.sent_to(room);
            if !is_sent_to && !is_hidden() && bots.iter().any(|(_, bot)| !self.followed_what_it_knew(cluster, place, bot)) {
                report.wrong.push(format!("{} a bot in {room} at {start} that nobody wants", name("I2")));
            }
        } else {
            self.left_in_time(cluster, place, bots, report);
        }
    }

    /// Whether a bot was sent because somebody said so while a change of the calendars could not be known, and was called back, or left
    /// before that could be known: words of now and calendars of before, which were never there together.
    fn followed_what_it_knew(&self, cluster: &Cluster, place: &Place, bot: &Bot) -> bool {
        let was_wanted = |at: Instant| {
            let known = cluster.accounts.iter().map(|account| self.heard.known_at(*account, at, SETTLED)).min();
            known.is_some_and(|known| self.oracle.is_wanted_by_what_was_known(cluster, place, (known, at)))
        };
        // Whoever is in it needs no link.
        let has_no_link = |at: Instant| cluster.within(at, at).iter().any(|view| view.linkless.contains(&place.1));
        let is_over = bot.recalled_at.is_some() || bot.leaves_at.is_some_and(|at| was_wanted(at) || has_no_link(at));
        is_over && bot.accepted_at.is_some_and(was_wanted)
    }

    /// I2: a bot that was asked for, and then not wanted any more, leaves.
    fn left_in_time(&self, cluster: &Cluster, place: &Place, bots: &[(&str, &Bot)], report: &mut Report) {
        let Some(last) = cluster.views.iter().rposition(|view| view.wanted.contains_key(place)) else { return };
        let Some(unwanted) = cluster.views.get(last + 1).map(|view| view.from) else { return };
        // A recall is asked for until it is heard.
        let troubled = self.heard.bots_troubled(unwanted, unwanted + SETTLED);
        let bound = unwanted + SETTLED + Elapsed::from_mins(if troubled { 15 } else { 1 });
        let known = cluster.accounts.iter().map(|account| self.heard.known_at(*account, bound, SETTLED)).min();
        let calm = known.is_some_and(|known| known >= unwanted) && !self.is_disturbed(unwanted, bound);
        let hopeless = troubled && self.kind != Kind::Liars;
        // Looks after the claim end some minutes after it.
        // Of those, whoever sent a bot says how long it stays.
        if self.hands.sent_to(&place.0) || !calm || bound > self.span.end || hopeless || self.ends_in_silence(cluster, unwanted) {
            return;
        }
        // A meeting that is said to have begun earlier goes on in the same room, and so does one that has another room when it is too
        // late for another bot.
        let earlier = |view: &View| view.wanted.keys().any(|other| other.0 == place.0 && other.1 < place.1);
        let is_late = unwanted + SETTLED > place.1 + Elapsed::from_secs(LATE_SECS);
        let elsewhere = |view: &View| is_late && view.wanted.keys().any(|other| other.1 == place.1);
        let goes_on = |view: &View| earlier(view) || elsewhere(view) || view.linkless.contains(&place.1);
        if cluster.within(unwanted, bound).iter().any(goes_on) {
            return;
        }
        for (_, bot) in bots {
            if bot.leaves_at.is_some_and(|leaves| leaves > bound) && bot.recalled_at.is_none_or(|at| at > bound) {
                report.wrong.push(format!("I2 a bot stays in {} at {}, unwanted since {unwanted}", place.0, place.1));
            }
        }
    }

    /// Whether a Graph calendar may not yet have told at `at` that it has something no more.
    fn ends_in_silence(&self, cluster: &Cluster, at: Instant) -> bool {
        self.oracle.is_silent(cluster, at - VIEWED)
    }

    /// The time before which nothing disturbed the hosts long enough for a change to be followed until `at`.
    fn undisturbed(&self, at: Instant) -> Instant {
        let settled = at - SETTLED;
        // Where hosts share the reading, the calendars of one that is away are nobody's for a while.
        let unread = if matches!(self.kind, Kind::Hosts | Kind::Push | Kind::PushLost) { TAKEN_OVER } else { Elapsed::ZERO };
        let touching = self.incidents.iter().filter(|range| range.start < at && range.end + unread > settled);
        touching.map(|range| range.start - SETTLED).min().unwrap_or(at)
    }

    /// The rows of an account's channels at the end, for whoever looks into it.
    fn channels(&self, account: &str) -> String {
        let own = self.stored.channels.iter().filter(|row| account.parse().is_ok_and(|number: u64| row.calendar.0 == number + 1));
        let line = |row: &Channel| {
            let (state, tries, due) =
                (row.state.word(), row.tries, row.due_at.map_or_else(|| "-".to_owned(), |at| at.to_string()));
            format!("\n    {} {state}, made {}, ends {}, due {due}, {tries} tries", row.kind.word(), row.made_at, row.expires_at)
        };
        own.map(line).collect()
    }

    /// How long, of this time, every mailbox had a host that had not just been disturbed.
    fn quiet(&self, from: Instant, to: Instant) -> Elapsed {
        let mut ranges: Vec<(Instant, Instant)> =
            self.incidents.iter().map(|range| (range.start.max(from), (range.end + TAKEN_OVER).min(to))).collect();
        ranges.sort_unstable();
        let (mut quiet, mut until) = (Elapsed::ZERO, from);
        for (start, end) in ranges.into_iter().filter(|(start, end)| start < end) {
            quiet += start.duration_since(until).max(Elapsed::ZERO);
            until = until.max(end);
        }
        quiet + to.duration_since(until).max(Elapsed::ZERO)
    }

    pub(super) fn is_disturbed(&self, from: Instant, to: Instant) -> bool {
        self.incidents.iter().any(|range| range.start <= to && range.end >= from)
    }

    /// I3: a bot that was accepted for one start or room is never made another of.
    fn one_key_one_place(&self, wrong: &mut Vec<String>) {
        for (key, bot) in self.world.bots.all() {
            let place = |spec: &Value| (spec["room"].clone(), spec["start"].clone());
            if bot.former.iter().any(|former| !former.is_null() && place(former) != place(&bot.spec)) {
                wrong.push(format!("I3 the bot {key} was told another place or start under its key"));
            }
        }
    }

    /// I5: what the bot service did for us is stored, and told.
    fn effects_are_kept(&self, about: &[About<'_>], wrong: &mut Vec<String>) {
        let rows: BTreeMap<&str, &Dispatch> = self.stored.dispatches.iter().map(|row| (row.key.as_str(), row)).collect();
        let told: BTreeSet<(&str, &str)> = about.iter().map(|told| (told.event.kind.as_str(), told.bot.as_str())).collect();
        for (key, bot) in self.world.bots.all().iter().filter(|(_, bot)| bot.accepted_at.is_some()) {
            let Some(row) = rows.get(key.as_str()) else {
                wrong.push(format!("I5 nobody remembers the bot {key}"));
                continue;
            };
            let settled = bot.accepted_at.is_some_and(|at| at + Elapsed::from_mins(5) < self.end);
            let followed = matches!(row.state, DispatchState::Accepted | DispatchState::Joined | DispatchState::Ended);
            if followed && settled && !told.contains(&("dispatch.accepted", key.as_str())) {
                wrong.push(format!("I5 that the bot {key} was accepted was never told"));
            }
        }
        for row in &self.stored.dispatches {
            let kinds: &[&str] = match row.state {
                DispatchState::Joined => &["dispatch.joined"],
                DispatchState::Ended => &["dispatch.ended"],
                DispatchState::Recalled => &["dispatch.recalled"],
                DispatchState::Withdrawn => &["dispatch.withdrawn"],
                _ => &[],
            };
            for kind in kinds.iter().filter(|kind| !told.contains(&(**kind, row.key.as_str()))) {
                wrong.push(format!("I5 {kind} of {} was never told", row.key));
            }
        }
    }

    /// I5: every event arrives at every receiver, or is given up where people can see it.
    fn events_arrive(&self, wrong: &mut Vec<String>) {
        let journal = self.world.receivers.journal();
        let arrived: BTreeSet<(&str, &str)> = journal
            .iter()
            .filter(|line| (200..300).contains(&line.status))
            .map(|line| (line.receiver.as_str(), line.id.as_str()))
            .collect();
        let dead: BTreeSet<(EndpointId, EventId)> = self.stored.dead.iter().map(|row| (row.endpoint, row.event)).collect();
        let pending: BTreeMap<(EndpointId, EventId), &Delivery> =
            self.stored.pending.iter().map(|due| ((due.endpoint.id, due.event.id), &due.delivery)).collect();
        let kinds: BTreeMap<String, &str> =
            self.stored.events.iter().map(|event| (message_id(event), event.kind.as_str())).collect();
        for (endpoint, url, state) in &self.stored.endpoints {
            let name = url.rsplit('/').next().unwrap_or_default();
            for event in self.stored.events.iter().filter(|_| *state == EndpointState::Active) {
                let key = (*endpoint, event.id);
                let overdue = Elapsed::from_mins(2);
                let waits = pending.get(&key).is_some_and(|row| row.due_at.is_some_and(|due| due + overdue > self.end));
                if !arrived.contains(&(name, message_id(event).as_str())) && !dead.contains(&key) && !waits {
                    wrong.push(format!("I5 {} of {} never arrived at {name}", event.kind, event.at));
                }
            }
        }
        for line in journal {
            if kinds.get(&line.id).is_none_or(|kind| *kind != line.kind) {
                wrong.push(format!("I5 {} was told under {} and is stored nowhere", line.kind, line.id));
            }
        }
    }

    /// I6: one logical event a fact, under one id, with one body.
    fn events_are_told_once(&self, about: &[About<'_>], wrong: &mut Vec<String>) {
        let once = ["dispatch.accepted", "dispatch.joined", "dispatch.ended", "dispatch.recalled", "dispatch.missed"];
        let mut told: BTreeMap<(&str, &str, u64), u32> = BTreeMap::new();
        for told_of in about.iter().filter(|told| once.contains(&told.event.kind.as_str())) {
            *told.entry((&told_of.event.kind, &told_of.meeting, told_of.epoch)).or_default() += 1;
        }
        for ((kind, meeting, epoch), times) in told.iter().filter(|(_, times)| **times > 1) {
            wrong.push(format!("I6 {kind} of {meeting}, epoch {epoch}, was told {times} times"));
        }
        let mut bodies: BTreeMap<&str, &[u8]> = BTreeMap::new();
        for line in self.world.receivers.journal() {
            if *bodies.entry(&line.id).or_insert(&line.body) != line.body.as_slice() {
                wrong.push(format!("I6 {} has two bodies", line.id));
            }
        }
        let mut ids: BTreeMap<&[u8], &str> = BTreeMap::new();
        for line in self.world.receivers.journal() {
            if *ids.entry(&line.body).or_insert(&line.id) != line.id {
                wrong.push(format!("I6 {} was told under two ids, {} and another", line.kind, line.id));
            }
        }
    }

    /// I15: every planned dispatch comes to an end that is told, in time and with a reason.
    fn misses_are_told(&self, about: &[About<'_>], wrong: &mut Vec<String>) {
        let mut events: BTreeMap<(&str, u64), Vec<&About<'_>>> = BTreeMap::new();
        for told in about {
            events.entry((&told.meeting, told.epoch)).or_default().push(told);
        }
        for row in &self.stored.dispatches {
            let own = events.get(&(row.meeting.as_str(), u64::from(row.epoch))).map_or(&[][..], Vec::as_slice);
            // What is moved into the past is missed when it is moved.
            let planned = own.iter().filter(|told| told.event.kind.starts_with("recording.")).map(|told| told.event.at).max();
            // Who takes a bot back leaves it to those for whom it may be late already.
            let room = place_of(&row.spec).map(|(room, _)| room);
            let taken_back = self.hands.sent().iter().filter(|sent| Some(&sent.room) == room.as_ref());
            let taken_back = taken_back.filter_map(|sent| sent.recalled_at).max();
            let changed = planned.into_iter().chain(taken_back.filter(|at| *at <= self.end)).max();
            let deadline = row.late_at.max(changed.unwrap_or(row.late_at)) + Elapsed::from_secs(TOLD_SECS);
            let of = |kind: &str| own.iter().find(|told| told.event.kind == kind);
            let open = matches!(row.state, DispatchState::Planned | DispatchState::Claimed | DispatchState::Unknown);
            if open && deadline < self.end && of("dispatch.missed").is_none() {
                wrong.push(format!("I15 {} is {} long after {}", row.key, row.state.word(), row.late_at));
            }
            if row.state != DispatchState::Missed {
                continue;
            }
            match of("dispatch.missed") {
                None => wrong.push(format!("I15 that {} was missed was never told", row.key)),
                Some(told) if told.reason.as_ref().is_none_or(String::is_empty) => {
                    wrong.push(format!("I15 nobody said why {} was missed", row.key));
                }
                Some(told) if told.event.at > deadline && of("dispatch.accepted").is_none() => {
                    // Nobody tells when a calendar let go of it, and left it to a person for whom it was late already.
                    let was_calendars = own.iter().any(|told| told.is_calendars);
                    let is_left = was_calendars && !row.calendar;
                    if !is_left && !self.is_disturbed(row.late_at, deadline) {
                        let (meeting, at) = (&row.meeting, told.event.at);
                        wrong.push(format!("I15 that {} of {meeting} was missed was told at {at}, after {deadline}", row.key));
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// I9: quotas are kept, wishes to wait are heard, and tries come no sooner than published.
    fn nobody_is_hurried(&self, wrong: &mut Vec<String>) {
        let forged = self.world.push.counts().get("forged").copied().unwrap_or(0);
        let seen = ["forged", "unknown"].map(|outcome| self.counted(&format!("callsheet_push_total{{outcome=\"{outcome}\"}}")));
        if seen.iter().sum::<u64>() < forged {
            wrong.push(format!("I9 of {forged} messages that somebody made up, {seen:?} were seen through"));
        }
        for violation in self.world.audit.violations().iter().take(20) {
            // Channels are renewed eight minutes before their end; hosts that died one after the other may have had no three of them.
            let quiet = self.quiet(violation.at - Elapsed::from_mins(8), violation.at);
            if violation.what != ENDED_ALONE || quiet >= Elapsed::from_mins(3) {
                wrong.push(format!("I9 {violation:?}, {quiet} quiet before{}", self.channels(&violation.who)));
            }
        }
        let crowded = self.world.push.crowded();
        wrong.extend(crowded.iter().map(|(account, count)| format!("I9 account {} has {count} channels", account.0)));
        wrong.extend(self.heard.hurried().iter().take(20).cloned());
        // Elsewhere, calendars are read again where a reading failed, a bot is near, or another host takes over.
        if matches!(self.kind, Kind::Push | Kind::PushLost) {
            wrong.extend(self.heard.read_too_often().into_iter().take(20));
        }
        for (who, tries) in self.heard.tries() {
            for (number, pair) in tries.windows(2).enumerate() {
                // A try whose host died is made again when its hold is over.
                let delay = DELAYS.get(number).copied().unwrap_or(DELAYS[0]);
                let least = (delay * 9 / 10).min(Elapsed::from_secs(25));
                let least = if self.incidents.is_empty() { delay * 9 / 10 } else { least.min(Elapsed::from_secs(4)) };
                if pair[1].duration_since(pair[0]) < least {
                    wrong.push(format!("I9 {who} was tried at {} and again at {}", pair[0], pair[1]));
                }
            }
        }
    }

    /// I10: nothing that people wrote, nobody's address and no token in what leaves the host.
    fn nothing_personal(&self, wrong: &mut Vec<String>) {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for line in self.world.receivers.journal() {
            if seen.insert(&line.id)
                && let Some(found) = personal(&String::from_utf8_lossy(&line.body))
            {
                wrong.push(format!("I10 a webhook {} holds {found:?}", line.kind));
            }
        }
        wrong.extend(self.lines.iter().filter_map(|line| Some(format!("I10 a log line holds {:?}", personal(line)?))));
        wrong.extend(personal(self.metrics).map(|found| format!("I10 the metrics hold {found:?}")));
    }

    /// I7 and I8: at the end the plan is the oracle's, with a record for every yes and no.
    fn plan_is_right(&self, wrong: &mut Vec<String>) {
        let span = self.end..self.span.start + self.horizon;
        let told = self.oracle.at_the_end(&span);
        let key = |start: Instant, calendars: BTreeSet<usize>| (start, calendars);
        let mut stored: BTreeMap<_, Vec<&Meeting>> = BTreeMap::new();
        // What a Graph calendar ceased to have in silence is found by its next view, and before a bot is sent.
        let open = self.oracle.open_at(self.end, SETTLED, VIEWED);
        let is_open = |row: &Meeting| {
            let seen = row.sightings.iter().filter_map(|place| self.stored.sightings.get(place));
            seen.filter_map(|sighting| sighting.uid.as_ref()).any(|uid| open.contains(uid))
        };
        let told: Vec<_> = told.into_iter().filter(|told| told.uid.as_ref().is_none_or(|uid| !open.contains(uid))).collect();
        let inside = |meeting: &&Meeting| span.contains(&meeting.start) && !meeting.sightings.is_empty() && !is_open(meeting);
        for meeting in self.stored.meetings.iter().filter(inside) {
            let calendars = meeting.sightings.iter().filter_map(|sighting| sighting.split('/').next()?.parse::<usize>().ok());
            stored.entry(key(meeting.start, calendars.map(|number| number - 1).collect())).or_default().push(meeting);
        }
        let mut found: BTreeSet<&str> = BTreeSet::new();
        for told in &told {
            let here = stored.get(&key(told.start, told.calendars.clone())).map_or(&[][..], Vec::as_slice);
            let own =
                here.iter().find(|row| row.outcome.word() == told.outcome && row.rule == told.rule && found.insert(&row.id));
            match own {
                None if told.bot.is_some() => wrong.push(format!("I8 no bot is planned for {told:?}")),
                None if here.is_empty() => wrong.push(format!("I7 nothing was decided about {told:?}")),
                None => wrong.push(format!("I7 {} was decided about {told:?}", here[0].outcome.word())),
                Some(row) => wrong.extend(self.recorded(row)),
            }
        }
        for row in stored.values().flatten().filter(|row| row.outcome == Outcome::Record && !found.contains(row.id.as_str())) {
            wrong.push(format!("I8 a bot is planned for {} at {} that nobody wants", row.id, row.start));
        }
        let recorded: BTreeSet<&str> =
            self.stored.meetings.iter().filter(|row| row.outcome == Outcome::Record).map(|row| row.id.as_str()).collect();
        let planned = self.stored.dispatches.iter().filter(|row| row.state == DispatchState::Planned);
        for row in planned.filter(|row| span.contains(&row.start) && !recorded.contains(row.meeting.as_str())) {
            wrong.push(format!("I8 a dispatch is planned for {} at {} that has none", row.meeting, row.start));
        }
    }

    /// What the hosts counted under a name.
    fn counted(&self, name: &str) -> u64 {
        let found = self.metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        found.and_then(|count| count.parse().ok()).unwrap_or(0)
    }

    /// What is wrong with the record of a decision that is right, and with its dispatch.
    fn recorded(&self, row: &Meeting) -> Option<String> {
        let record: Value = serde_json::from_str(&row.record).unwrap_or_default();
        let complete = record["explanation"].is_object() && !record["rules"].is_null() && record["copies"].is_array();
        if !complete || row.reason.is_empty() {
            return Some(format!("I7 the decision about {} has no record", row.id));
        }
        if row.outcome != Outcome::Record || row.start < self.end + Elapsed::from_mins(10) {
            return None;
        }
        let last = self.stored.dispatches.iter().rev().find(|dispatch| dispatch.meeting == row.id);
        let right = last.is_some_and(|last| last.start == row.start && last.state == DispatchState::Planned);
        (!right).then(|| format!("I8 {} at {} has no dispatch: {:?}", row.id, row.start, last.map(|last| last.state)))
    }
}

/// The first thing in a text that people wrote, or that opens something.
fn personal(text: &str) -> Option<&'static str> {
    const TELLING: [&str; 16] = [
        "@",
        "https://",
        "token-",
        "Bearer",
        "whsec_",
        "Agenda",
        "second floor",
        "Quarterly numbers",
        "Customer call",
        "Roadmap",
        "Salary",
        "Incident review",
        "Hiring committee",
        "Please join",
        "Design critique",
        "Budget draft",
    ];
    TELLING.into_iter().find(|telling| text.contains(telling))
}

fn place_of(spec: &str) -> Option<Place> {
    place(&serde_json::from_str(spec).ok()?)
}

pub(super) fn place(spec: &Value) -> Option<Place> {
    Some((spec["room"].as_str()?.to_owned(), spec["start"].as_str()?.parse().ok()?))
}

/// When a bot left, or was called back.
pub(super) fn left_at(bot: &Bot) -> Option<Instant> {
    bot.leaves_at.into_iter().chain(bot.recalled_at).min()
}

/// Whether a bot was in its room at any time from `from` to `to`.
pub(super) fn is_there(bot: &Bot, from: Instant, to: Instant) -> bool {
    bot.joins_at.is_some_and(|at| at <= to && left_at(bot).is_none_or(|left| left > from.max(at)))
}

/// The bots that were in a meeting, by place.
fn joined(world: &World) -> BTreeMap<Place, Vec<(&str, &Bot)>> {
    let mut joined: BTreeMap<Place, Vec<(&str, &Bot)>> = BTreeMap::new();
    for (key, bot) in world.bots.all() {
        let Some(joins_at) = bot.joins_at.filter(|_| bot.accepted_at.is_some()) else { continue };
        if bot.recalled_at.is_some_and(|recalled| recalled <= joins_at) {
            continue;
        }
        if let Some(place) = place(&bot.spec) {
            joined.entry(place).or_default().push((key, bot));
        }
    }
    joined
}

/// What the world, the bot service and the store know of what a finding names, a room, a stored meeting or a UID, for whoever
/// looks into it.
pub(super) fn told(world: &World, hands: &Hands, stored: &Stored, wrong: &str) -> String {
    let in_room = |spec: &str| place_of(spec).is_some_and(|(room, _)| wrong.contains(&room));
    let by_room = stored.dispatches.iter().filter(|row| in_room(&row.spec)).map(|row| row.meeting.as_str());
    let by_name = stored.meetings.iter().map(|row| row.id.as_str()).filter(|id| wrong.contains(*id));
    let named: BTreeSet<&str> = by_room.chain(by_name).collect();
    let seen: Vec<&Sighting> = stored
        .meetings
        .iter()
        .filter(|row| named.contains(row.id.as_str()))
        .flat_map(|row| &row.sightings)
        .filter_map(|place| stored.sightings.get(place))
        .collect();
    let mut text = String::new();
    let mut uids: BTreeSet<String> = seen.iter().filter_map(|sighting| sighting.uid.clone()).collect();
    for number in 0..world.truth.meeting_count() {
        let states = world.truth.states(MeetingId(number));
        let first = &states[0].meeting;
        let uid = normalise_uid(&first.uid).norm;
        let room = |state: &State| {
            let mut links = links(&state.meeting).filter_map(|link| errand::link(link).ok());
            links.any(|link| wrong.contains(&format!("{}/{}", link.platform, link.id)))
        };
        if wrong.contains(&first.uid) || uid.as_ref().is_some_and(|uid| uids.contains(uid)) || states.iter().any(room) {
            uids.extend(uid);
            text.extend(states.iter().map(|state| format!("\n    {} {:?}", state.at, state.meeting)));
        }
    }
    text += &hands.told(wrong, &uids);
    for (key, bot) in
        world.bots.all().iter().filter(|(_, bot)| bot.spec["room"].as_str().is_some_and(|room| wrong.contains(room)))
    {
        let times = [bot.accepted_at, bot.joins_at, bot.leaves_at, bot.recalled_at];
        let times = times.map(|at| at.map_or_else(|| "-".to_owned(), |at| at.to_string())).join(" ");
        text += &format!("\n    bot {} for {}: accepted, joins, leaves, recalled {times}", &key[..6], bot.spec["start"]);
    }
    let accounts = wrong.split_once("calendars: {").and_then(|(_, rest)| rest.split_once('}')).map_or("", |(list, _)| list);
    for number in accounts.split(", ").filter_map(|number| number.parse::<u64>().ok()) {
        let calendar = stored.calendars.iter().find(|calendar| calendar.id.0 == number + 1);
        text += &format!("\n    account {number}: {:?}", calendar.map(|row| (row.origin, row.state, row.synced_at, &row.cursor)));
    }
    for (place, row) in stored.sightings.iter().filter(|(_, row)| row.uid.as_ref().is_some_and(|uid| uids.contains(uid))) {
        let calendar = stored.calendars.iter().find(|calendar| calendar.id == row.calendar);
        let read = calendar.map(|calendar| (calendar.origin, calendar.state, calendar.synced_at, calendar.cursor.is_some()));
        text += &format!("\n    seen as {place}: {} {:?} {:?} {read:?}", row.start, row.room, row.entry);
    }
    let shown = |row: &&Meeting| {
        named.contains(row.id.as_str())
            || row
                .sightings
                .iter()
                .filter_map(|place| stored.sightings.get(place))
                .any(|seen| seen.uid.as_ref().is_some_and(|uid| uids.contains(uid)))
    };
    for row in stored.meetings.iter().filter(shown) {
        text += &format!("\n    {} {} {} {} {:?}", row.id, row.start, row.outcome.word(), row.reason, row.sightings);
        for row in stored.dispatches.iter().filter(|dispatch| dispatch.meeting == row.id) {
            text +=
                &format!("\n      {}, epoch {}, {}: {} {:?}", &row.key[..6], row.epoch, row.start, row.state.word(), row.reason);
            let own = stored.events.iter().filter(|event| event.body.contains(&row.key));
            text.extend(own.map(|event| format!(", {} {}", event.kind, event.at)));
        }
    }
    text
}

/// How often each thing happened to bots.
pub(super) fn happened(world: &World) -> BTreeMap<Happened, u64> {
    let mut count = BTreeMap::new();
    world.bots.journal().iter().for_each(|line| *count.entry(line.what).or_default() += 1);
    count
}
