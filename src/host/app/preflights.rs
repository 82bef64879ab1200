//! Meetings read once more before their bots are sent (`C3`, `M6.8`): what changed since the last pass is followed, and a dispatch
//! whose meeting could not be seen is marked as not verified.
//!
//! Each planned dispatch is looked at twice. The first look leaves time for a pass over the whole calendar; it is left out where
//! one has just been made. The second comes seconds before the claim, and has until then: a provider that does not answer delays
//! no bot.
//!
//! Where hosts share the store, each lists all looks, and makes those at meetings of the mailboxes that it reads itself: nobody else
//! may ask these. So what a look confirmed is known to one host, and `dispatches` leaves the claim to it for a moment.

use super::work::Work;
use super::{Stop, rest, syncs};
use crate::host::context::Context;
use crate::host::dispatch::protocol::{self, Input};
use crate::host::model::{
    Calendar, Connection, ConnectionState, Dispatch, DispatchState, Errand, ErrandState, Meeting, Origin, Sighting,
};
use crate::host::planning::{Compared, PlanError, absorb_single, redecide_errand};
use crate::host::planted::{self, Bug};
use crate::host::schedule::{errand, occurrence_of, room};
use crate::host::store::{Commit, CommitError, StoreError, Write};
use crate::host::sync::share::Turn;
use crate::host::sync::{entry_to_ask, related, single};
use crate::time::{Elapsed, Instant, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// Most meetings that are looked at at once.
const WIDTH: usize = 256;
/// How often what is planned is listed.
const LIST_EVERY: Elapsed = Elapsed::from_secs(5);
/// Most dispatches that are listed.
const LISTED_MAX: usize = 32_768;
/// The first look is so long before the planned second at the least, and so much longer at the most.
const FIRST: (Elapsed, Elapsed) = (Elapsed::from_secs(60), Elapsed::from_secs(300));
/// The same of the second look.
const LAST: (Elapsed, Elapsed) = (Elapsed::from_secs(5), Elapsed::from_secs(20));

/// Most copies that a look goes through, each deciding once the one before was found to have changed.
const COPIES_MAX: usize = 5;
/// Graph tells nobody that an occurrence was called off (`M6.8`), so its meetings are looked at again this long after the second
/// of their bots: until people have come in.
const AFTERWARDS: [Elapsed; 3] = [Elapsed::from_secs(45), Elapsed::from_secs(150), Elapsed::from_secs(330)];
/// How long a look after the claim may take.
const PATIENCE: Elapsed = Elapsed::from_secs(10);

/// Names a look: the key of the dispatch, the instant, and which look it is.
type Look = (String, Instant, Which);

/// The looks at one meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// Minutes before the claim.
    First,
    /// Seconds before it.
    Last,
    /// After it.
    Afterwards,
}

/// Looks at meetings whose bots are about to be sent, until `stop`; then waits for what is under way.
pub async fn run(host: Context, mut stop: Stop) {
    let mut work: Work<Look> = Work::new(WIDTH);
    let mut agenda = Agenda::default();
    while !stop.is_set() {
        agenda.list(&host).await;
        while work.has_room()
            && let Some((look, dispatch)) = agenda.next_due(host.now())
        {
            let (host, which) = (host.clone(), look.2);
            work.start(look, async move {
                let deadline = if which == Which::Afterwards { host.now() + PATIENCE } else { dispatch.fire_at };
                look_at(&host, &dispatch, which, deadline).await;
            });
        }
        let longest = agenda.wait(host.now());
        rest(&host, longest, &mut work, &mut stop).await;
    }
    work.drained().await;
}

/// The looks to come.
#[derive(Default)]
struct Agenda {
    due: BTreeMap<(Instant, Look), Dispatch>,
    /// Looks that were taken up, until their bots are sent.
    taken: BTreeSet<Look>,
    listed: Option<Instant>,
}

impl Agenda {
    async fn list(&mut self, host: &Context) {
        let now = host.now();
        if self.listed.is_some_and(|at| at <= now && now < at + LIST_EVERY) {
            return;
        }
        let before = now + FIRST.0 + FIRST.1 + LIST_EVERY;
        let planned = match host.store.due_dispatches(before, LISTED_MAX).await {
            Ok(planned) => planned,
            Err(error) => return tracing::warn!(error = %error, "planned dispatches could not be read"),
        };
        self.listed = Some(now);
        self.due.clear();
        for dispatch in planned {
            for (at, which) in looks_at(&dispatch, now) {
                let look = (dispatch.key.clone(), at, which);
                if !self.taken.contains(&look) {
                    self.due.insert((at, look), dispatch.clone());
                }
            }
        }
        self.taken.retain(|(_, at, _)| *at + FIRST.0 + FIRST.1 > now);
    }

    /// The next look whose time has come.
    fn next_due(&mut self, now: Instant) -> Option<(Look, Dispatch)> {
        let ((at, _), _) = self.due.first_key_value()?;
        if *at > now {
            return None;
        }
        let ((_, look), dispatch) = self.due.pop_first()?;
        self.taken.insert(look.clone());
        Some((look, dispatch))
    }

    fn wait(&self, now: Instant) -> Elapsed {
        let next = self.due.first_key_value().map_or(LIST_EVERY, |((at, _), _)| at.duration_since(now));
        next.clamp(Elapsed::from_millis(1), LIST_EVERY)
    }
}

/// The looks at a meeting that are still to come, or are due.
fn looks_at(dispatch: &Dispatch, now: Instant) -> Vec<(Instant, Which)> {
    match dispatch.state {
        // No calendar shows what it was sent to: only the room is looked at.
        DispatchState::Planned if !dispatch.calendar && dispatch.fire_at > now => {
            vec![(instant_of(dispatch, Which::Last), Which::Last)]
        }
        _ if !dispatch.calendar => Vec::new(),
        DispatchState::Planned if dispatch.fire_at > now => {
            [Which::First, Which::Last].map(|which| (instant_of(dispatch, which), which)).into()
        }
        DispatchState::Claimed | DispatchState::Unknown | DispatchState::Accepted | DispatchState::Joined => {
            let looks = AFTERWARDS.map(|after| (dispatch.fire_at + after, Which::Afterwards));
            looks.into_iter().filter(|(at, _)| *at + LIST_EVERY > now).collect()
        }
        _ => Vec::new(),
    }
}

/// When to look before the claim: stable for a dispatch, and spread over all.
fn instant_of(dispatch: &Dispatch, which: Which) -> Instant {
    let (least, spread) = if which == Which::First { FIRST } else { LAST };
    let begin = u64::from(which == Which::Last);
    let digits = dispatch.key.bytes().fold(begin, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let more = i64::try_from(digits % u64::try_from(spread.as_millis()).unwrap_or(1)).unwrap_or(0);
    dispatch.fire_at - least - Elapsed::from_millis(more)
}

/// What came of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The meeting stands as it is planned.
    Confirmed,
    /// A pass has just shown it.
    Recent,
    /// It does not; the plan was changed.
    Changed,
    /// Nothing was seen.
    Unread,
    /// Another host reads the mailbox, and looks.
    Elsewhere,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Recent => "recent",
            Self::Changed => "changed",
            Self::Unread => "unread",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// How long a bot that is late already waits for the look at its meeting.
const LATE_PATIENCE: Elapsed = Elapsed::from_secs(5);
/// A bot is late from this long after its planned second on.
const LATE: Elapsed = Elapsed::from_secs(2);

/// Looks at the meeting of a bot that was claimed late, because its host was away, the meeting was moved or a try was refused:
/// what is known may be old by now. The claim as it stands after that, `None` where the plan is another one. A bot in time waits for no
/// provider, but its room is looked at, which may have had nobody to look before, and no more does one that a person waits for, whatever
/// calendars say; one that is late for the sake of many others, where its meeting was looked at before, waits for nothing.
pub async fn claim_after_look(host: &Context, claimed: Dispatch) -> Option<Dispatch> {
    let now = host.now();
    let was_looked_at = host.has_many_bots() && host.has_looked_at(&claimed.key, now);
    if claimed.state != DispatchState::Claimed || was_looked_at {
        return Some(claimed);
    }
    let in_time = !claimed.calendar || now <= claimed.fire_at + LATE || host.is_confirmed(&claimed.key, now);
    let is_changed = if in_time || is_waited_for(host, &claimed).await {
        adopts(host, &claimed).await.unwrap_or(false)
    } else {
        look_at(host, &claimed, Which::Last, now + LATE_PATIENCE).await == Outcome::Changed
    };
    if !is_changed {
        return Some(claimed);
    }
    // Where the store fails, the claim runs out, and the bot is looked for before it is asked for.
    let rows = host.store.dispatches_of(claimed.tenant, std::slice::from_ref(&claimed.meeting)).await.ok()?;
    // A person, or another calendar, may still want the bot that this claim is about.
    let stands = |row: &Dispatch| (row.epoch, row.state, row.fence) == (claimed.epoch, claimed.state, claimed.fence);
    rows.into_iter().find(stands)
}

/// Whether the time has come for which a person sent the bot.
async fn is_waited_for(host: &Context, claimed: &Dispatch) -> bool {
    let Some(id) = claimed.errand else { return false };
    let row = host.store.errand(claimed.tenant, id).await.ok().flatten();
    row.is_some_and(|row| row.state == ErrandState::Open && errand::is_due(&row, host.now()))
}

/// Looks at the copy that decided about a meeting, and lets the plan follow what it shows. Where that changed it, the copy that
/// decides now is looked at; nothing is confirmed before one was found as it is planned.
pub async fn look_at(host: &Context, dispatch: &Dispatch, which: Which, deadline: Instant) -> Outcome {
    let looked = async {
        let mut changed = false;
        for _ in 0..COPIES_MAX {
            match seen(host, dispatch, which, deadline).await {
                Ok(Outcome::Changed) => changed = true,
                Ok(outcome) => return (changed, outcome),
                Err(error) => {
                    tracing::info!(tenant = dispatch.tenant.0, error = %error, "a meeting could not be read before its bot");
                    return (changed, Outcome::Unread);
                }
            }
        }
        (changed, Outcome::Unread)
    };
    let begun = host.now();
    let (changed, last) = tokio::select! {
        biased;
        outcome = looked => outcome,
        () = host.clock.sleep_until(deadline) => (false, Outcome::Unread),
    };
    host.looked_at(&dispatch.key, begun);
    if last == Outcome::Confirmed {
        host.confirm(&dispatch.key, begun);
    }
    let outcome = if changed { Outcome::Changed } else { last };
    host.metrics.preflight(outcome.word());
    outcome
}

async fn seen(host: &Context, dispatch: &Dispatch, which: Which, deadline: Instant) -> Result<Outcome, PlanError> {
    // Before anybody is asked: a provider that is away must not bring a second bot.
    if which == Which::Last && adopts(host, dispatch).await? {
        return Ok(Outcome::Changed);
    }
    let meetings = host.store.meetings_named(dispatch.tenant, std::slice::from_ref(&dispatch.meeting)).await?;
    let Some(meeting) = meetings.first() else { return Ok(Outcome::Unread) };
    if !dispatch.calendar {
        wait_for_room(host, dispatch, meeting).await?;
        return Ok(Outcome::Confirmed);
    }
    let Some((row, connection, sighting)) = deciding_copy(host, meeting).await? else { return Ok(Outcome::Unread) };
    let outcome = compared(host, dispatch, (&row, &connection, &sighting), which, deadline).await?;
    if outcome == Outcome::Changed || which == Which::Afterwards || dispatch.errand.is_some() {
        return Ok(outcome);
    }
    wait_for_room(host, dispatch, meeting).await?;
    Ok(outcome)
}

/// Reads the one occurrence, or its whole calendar where that cannot be asked for one.
async fn compared(
    host: &Context,
    dispatch: &Dispatch,
    (row, connection, sighting): (&Calendar, &Connection, &Sighting),
    which: Which,
    deadline: Instant,
) -> Result<Outcome, PlanError> {
    if connection.state != ConnectionState::Active {
        return Ok(Outcome::Unread);
    }
    if host.turn(connection.id) == Turn::Others {
        return Ok(Outcome::Elsewhere);
    }
    // A pass that was just made needs no other; of a Graph calendar it may have missed a deletion (`M6.8`).
    let enough = if which == Which::First { FIRST.0 } else { LAST.0 };
    let recent = host.pass_state(row.id).read_at.filter(|at| host.now().duration_since(*at) < enough);
    if which == Which::Afterwards && row.origin != Origin::Graph {
        return Ok(Outcome::Recent);
    }
    if let Some(at) = recent.filter(|_| which == Which::First || row.origin != Origin::Graph) {
        host.confirm(&dispatch.key, at);
        return Ok(Outcome::Recent);
    }
    let Some(id) = id_to_ask(host, row, connection, sighting).await? else {
        let read = syncs::read(host, row.tenant, row.id).await;
        return Ok(if read.is_ok() { Outcome::Confirmed } else { Outcome::Unread });
    };
    let Some(request) = single::request(&host.bases, row, &id) else { return Ok(Outcome::Unread) };
    let answer = match syncs::call(host, connection, request, deadline).await {
        Ok(answer) => answer,
        Err(_) => return Ok(Outcome::Unread),
    };
    let fresh = match single::read(row.origin, &id, answer) {
        single::Single::Present(entry) => Some(entry),
        single::Single::Gone => None,
        single::Single::Unavailable(_) => return Ok(Outcome::Unread),
    };
    match absorb_single(host, row.tenant, row.id, &sighting.id, fresh.as_ref()).await? {
        Compared::Same => Ok(Outcome::Confirmed),
        Compared::Changed => Ok(Outcome::Changed),
    }
}

/// Whether a bot that a person sent is in the room where this one is about to go, and serves from now on whoever wanted this one
/// (`C22`).
async fn adopts(host: &Context, dispatch: &Dispatch) -> Result<bool, PlanError> {
    let now = host.now();
    let mut open = host.store.open_errands(dispatch.tenant).await?;
    open.retain(|errand| errand::is_due(errand, now));
    if open.is_empty() || planted::is(Bug::RoomNotLookedAt) {
        return Ok(false);
    }
    let rooms = rooms_of(host, dispatch, &open).await?;
    for errand in open.iter().filter(|errand| rooms.contains(&errand.room)) {
        if redecide_errand(host, errand).await? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The rooms that calendars and people want a bot in, as its meeting is known at this moment.
async fn rooms_of(host: &Context, dispatch: &Dispatch, open: &[Errand]) -> Result<BTreeSet<String>, StoreError> {
    let places = host.store.places_of(dispatch.tenant, std::slice::from_ref(&dispatch.meeting)).await?;
    let shown = host.store.sightings_at(dispatch.tenant, &places).await?;
    let sent = open.iter().filter(|errand| places.contains(&errand::place(errand.id))).map(|errand| errand.room.clone());
    Ok(shown.into_iter().filter_map(|sighting| sighting.room).chain(sent).collect())
}

/// Lets the bot wait where another meeting is still in its room, and no longer where none is.
async fn wait_for_room(host: &Context, dispatch: &Dispatch, meeting: &Meeting) -> Result<(), PlanError> {
    let Some(name) = room::name_of(dispatch) else { return Ok(()) };
    let from = dispatch.start - room::LOOK_BACK;
    let there = host.store.sightings_in(dispatch.tenant, &name, from, dispatch.start).await?;
    let occupied_until = room::occupied_until(dispatch, meeting, &there);
    let Some(next) = protocol::step(dispatch, host.now(), Input::RoomSeen { occupied_until }).next else { return Ok(()) };
    match host.store.commit(Commit { tenant: next.tenant, writes: vec![Write::Dispatch(next)] }).await {
        // Changed meanwhile: the next look sees to it.
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// The calendar, connection and sighting of the copy that decided, or, where that shows another start than the meeting has, of one
/// that its start is known from: a fuller copy gives the others what they share, and may be gone by now.
async fn deciding_copy(host: &Context, meeting: &Meeting) -> Result<Option<(Calendar, Connection, Sighting)>, StoreError> {
    let mut best: Option<((bool, bool), Calendar, Sighting)> = None;
    for sighting in host.store.sightings_at(meeting.tenant, &meeting.sightings).await? {
        let Some(row) = host.store.calendar(meeting.tenant, sighting.calendar).await? else { continue };
        let (shows_start, decided) = (sighting.start == meeting.start, row.connection == meeting.by);
        let rank = (!shows_start, !decided);
        if (shows_start || decided) && best.as_ref().is_none_or(|(known, ..)| rank < *known) {
            best = Some((rank, row, sighting));
        }
    }
    let Some((_, row, sighting)) = best else { return Ok(None) };
    let connection = host.store.connection(meeting.tenant, row.connection).await?;
    Ok(connection.map(|connection| (row, connection, sighting)))
}

/// The provider's id of the one occurrence; `None` where it has no such, as in feeds.
async fn id_to_ask(
    host: &Context,
    row: &Calendar,
    connection: &Connection,
    sighting: &Sighting,
) -> Result<Option<String>, StoreError> {
    if row.origin == Origin::Feed {
        return Ok(None);
    }
    let Ok(occurrence) = occurrence_of(sighting) else { return Ok(None) };
    let reader = connection.zone.as_deref().and_then(Zone::named).unwrap_or_else(Zone::utc);
    let entries = host.store.entries(row.tenant, row.id).await?;
    let entries = related(row.origin, &entries, sighting.entry.iter().cloned().collect()).entries;
    Ok(entry_to_ask(row.origin, &entries, &reader).id_of(&occurrence, &reader))
}
