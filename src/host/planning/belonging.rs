//! What is decided together: sightings that may be one meeting, the bots that people sent there, and the bots that are there.
//!
//! A change reaches further than itself: by a UID, by a room at a start, by a bot that somebody sent to that room, or that is known as one
//! with what is reached, and by a bot that is in that room or on its way, whose meeting may show another room by now, or none. Whatever is
//! reached is read, and reaches further.

use super::{Difference, PlanError, planted, saturating};
use crate::host::context::Context;
use crate::host::model::{Calendar, CalendarId, Errand, Sighting, TenantId};
use crate::host::planted::Bug;
use crate::host::schedule::identity::{of_place, place};
use crate::host::schedule::{errand, room};
use crate::host::store::StoreError;
use crate::time::{Elapsed, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// How often more sightings are looked for that belong to those found; real meetings need two rounds.
const ROUNDS_MAX: u32 = 8;
/// How long before a meeting its bot is asked for at most: rules may want it a day before.
const AHEAD: Elapsed = Elapsed::from_hours(25);

/// Every sighting, as it is to be, that belongs with one that changed: by UID, or by room and start, over any number of steps.
pub(super) async fn touched(
    host: &Context,
    row: &Calendar,
    difference: &Difference<'_>,
    own: &[Sighting],
) -> Result<Touched, PlanError> {
    let mut reach = Reach::default();
    difference.fresh.iter().chain(&difference.before).chain(&difference.gone).for_each(|sighting| reach.add(sighting));
    let found = difference.fresh.iter().map(|sighting| (place(sighting), (*sighting).clone())).collect();
    let open = host.store.open_errands(row.tenant).await?;
    let gone = difference.gone.iter().map(|sighting| place(sighting)).collect();
    belonging(host, row.tenant, reach, Begun { gone, ..Touched::begun(found, open) }, Some((row.id, own))).await
}

/// What is decided anew together.
pub(super) struct Touched {
    pub(super) sightings: Vec<Sighting>,
    pub(super) errands: Vec<Errand>,
}

/// What was found so far, by place, and every open errand.
pub(super) struct Begun {
    found: BTreeMap<String, Sighting>,
    open: Vec<Errand>,
    /// What is seen no more: a bot may have been sent to what it was.
    gone: Vec<String>,
}

impl Touched {
    pub(super) fn begun(found: BTreeMap<String, Sighting>, open: Vec<Errand>) -> Begun {
        Begun { found, open, gone: Vec::new() }
    }
}

/// What was found, with every sighting and errand that the reach of any of them holds. `own` is a calendar with its sightings as
/// they are to be, which count instead of those that are stored.
pub(super) async fn belonging(
    host: &Context,
    tenant: TenantId,
    mut reach: Reach,
    Begun { mut found, open, gone }: Begun,
    own: Option<(CalendarId, &[Sighting])>,
) -> Result<Touched, PlanError> {
    let mut bots = Bots::default();
    for _ in 0..ROUNDS_MAX {
        let one_with = one_with(host, tenant, &mut reach, found.keys().chain(&gone), &open).await?;
        let (uids, rooms) = reach.list();
        let mut others = host.store.sightings_like(tenant, &uids, &rooms).await?;
        // All that is shown in a room at about the time of an errand: it may be for any of it.
        let sent: Vec<Around> =
            open.iter().filter(|errand| reach.sends(errand)).map(|errand| around(errand, host.now())).collect();
        for Around { room, from, to } in &sent {
            others.extend(host.store.sightings_in(tenant, room, *from, *to).await?);
        }
        let mut served = bots.places(host, tenant, &reach).await?;
        served.extend(one_with);
        served.sort();
        if !served.is_empty() {
            others.extend(host.store.sightings_at(tenant, &served).await?);
        }
        let others = others.into_iter().filter(|sighting| own.is_none_or(|(calendar, _)| sighting.calendar != calendar));
        let others = others.filter(|_| !planted::is(Bug::OwnCopiesOnly));
        let is_near = |sighting: &&Sighting| {
            reach.holds(sighting)
                || sent.iter().any(|around| around.holds(sighting))
                || served.binary_search(&place(sighting)).is_ok()
        };
        let own = own.iter().flat_map(|(_, sightings)| *sightings).filter(is_near);
        let mut all = others.chain(own.cloned()).collect::<Vec<_>>();
        all.retain(|sighting| !found.contains_key(&place(sighting)));
        if all.is_empty() {
            break;
        }
        for sighting in all {
            reach.add(&sighting);
            found.insert(place(&sighting), sighting);
        }
    }
    let errands = open.into_iter().filter(|errand| reach.sends(errand)).collect();
    Ok(Touched { sightings: found.into_values().collect(), errands })
}

/// What the meetings are seen as that an errand is known as one with: an errand that is reached reaches them, and they reach it, for
/// calendars may show no room of them any more.
async fn one_with(
    host: &Context,
    tenant: TenantId,
    reach: &mut Reach,
    places: impl Iterator<Item = &String>,
    open: &[Errand],
) -> Result<Vec<String>, StoreError> {
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let sent = open.iter().filter(|errand| reach.sends(errand)).map(|errand| errand::place(errand.id));
    let places: Vec<String> = places.cloned().chain(sent).collect();
    let mut seen_as = Vec::new();
    for meeting in host.store.meetings_of(tenant, &places).await? {
        let mut sent = open.iter().filter(|errand| meeting.sightings.contains(&errand::place(errand.id))).peekable();
        if sent.peek().is_some() {
            sent.for_each(|errand| reach.add_errand(errand));
            seen_as.extend(meeting.sightings.iter().filter(|place| of_place(place).is_some()).cloned());
        }
    }
    Ok(seen_as)
}

/// Bots that are under way, as far as it was looked for them.
#[derive(Default)]
struct Bots {
    /// The starts of the meetings whose bots were looked for.
    starts: BTreeSet<Instant>,
    /// Where each is, or goes, and for which meeting.
    there: Vec<((String, Instant), String)>,
}

impl Bots {
    /// What the meetings are seen as, ascending, that have a bot in one of the rooms at its start, or on its way there.
    async fn places(&mut self, host: &Context, tenant: TenantId, reach: &Reach) -> Result<Vec<String>, StoreError> {
        let (from, to) = (saturating(host.now(), -room::LOOK_BACK), saturating(host.now(), AHEAD));
        let starts = reach.rooms.iter().map(|(_, start)| *start).filter(|start| (from..to).contains(start));
        for start in starts.filter(|start| self.starts.insert(*start)) {
            let bots = host.store.dispatches_under_way(tenant, start).await?;
            self.there.extend(bots.into_iter().filter_map(|bot| Some((room::of_bot(&bot)?, bot.meeting))));
        }
        let served = self.there.iter().filter(|(there, _)| reach.rooms.contains(there));
        let served: Vec<String> = served.map(|(_, meeting)| meeting.clone()).collect();
        if served.is_empty() { Ok(Vec::new()) } else { host.store.places_of(tenant, &served).await }
    }
}

/// A room at some time.
struct Around<'a> {
    room: &'a str,
    from: Instant,
    to: Instant,
}

/// Where and when the meetings begin that an errand can be for.
fn around(errand: &Errand, now: Instant) -> Around<'_> {
    let (from, to) = (saturating(errand.at, -errand::LOOK_BACK), saturating(errand.at.max(now), errand::LOOK_BACK));
    Around { room: &errand.room, from, to }
}

impl Around<'_> {
    fn holds(&self, sighting: &Sighting) -> bool {
        sighting.room.as_deref() == Some(self.room) && (self.from..self.to).contains(&sighting.start)
    }
}

/// The UIDs and rooms of a set of sightings, and of errands beside them.
#[derive(Default)]
pub(super) struct Reach {
    uids: BTreeSet<String>,
    rooms: BTreeSet<(String, Instant)>,
    /// The rooms of errands: a bot that is there for one serves the others.
    sent_to: BTreeSet<String>,
}

impl Reach {
    pub(super) fn add(&mut self, sighting: &Sighting) {
        self.uids.extend(sighting.uid.clone());
        self.rooms.extend(sighting.room.clone().map(|room| (room, sighting.start)));
    }

    pub(super) fn add_errand(&mut self, errand: &Errand) {
        self.sent_to.insert(errand.room.clone());
    }

    fn holds(&self, sighting: &Sighting) -> bool {
        let by_uid = sighting.uid.as_ref().is_some_and(|uid| self.uids.contains(uid));
        by_uid || sighting.room.as_ref().is_some_and(|room| self.rooms.contains(&(room.clone(), sighting.start)))
    }

    /// Whether an errand sends a bot to one of the rooms.
    fn sends(&self, errand: &Errand) -> bool {
        let from = (errand.room.clone(), Instant::MIN);
        let in_room = self.rooms.range(from..).next().is_some_and(|(room, _)| *room == errand.room);
        in_room || self.sent_to.contains(&errand.room)
    }

    fn list(&self) -> (Vec<String>, Vec<(String, Instant)>) {
        (self.uids.iter().cloned().collect(), self.rooms.iter().cloned().collect())
    }
}
