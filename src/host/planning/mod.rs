//! Bringing the plan up to date: from what a pass over a calendar found, from a rule that changed, from the clock.
//!
//! Each of these reads what it needs, computes the writes with [`schedule`], and commits them together with
//! what caused them. Where another host was faster, it starts again from fresh reads.

use super::context::{Context, LoadRulesError};
use super::model::{Calendar, CalendarId, CalendarState, Dispatch, Entry, Meeting, Sighting, Tenant, TenantId, Undecided};
use super::planted::{self, Bug};
use super::schedule::{self, PlanInput, Sealed, TenantRules, errand, identity::place, replan};
use super::store::{Commit, CommitError, StoreError, Write};
use super::sync::{Changes, CursorStep, Finished, calendar_of, first_of_change, related_to_change};
use crate::event::{Unreadable, Window};
use crate::time::{Elapsed, Instant, Zone};
use std::collections::{BTreeMap, BTreeSet};

mod belonging;
mod errands;
mod single;

use belonging::{Reach, Touched, belonging, touched};
pub use errands::{absorb_errand, redecide_errand};
pub use single::{Compared, absorb_single};

/// How often work is done again because somebody else was faster.
const TRIES_MAX: u32 = 20;
/// Occurrences stay stored for this long after their start.
const PAST_DAYS: i64 = 1;
/// The horizon of a calendar is extended when it has less than this left of it.
const EXTEND_HOURS: i64 = 24;

/// Why the plan was not brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The tenant's rules cannot be used.
    #[error(transparent)]
    Rules(#[from] schedule::RulesError),
    /// Others were faster every time.
    #[error("changed by others {TRIES_MAX} times over")]
    Contended,
    /// The calendar or the tenant is gone.
    #[error("no longer there")]
    Gone,
    /// Somebody else changed the calendar since it was read: what was read is old.
    #[error("overtaken by others")]
    Overtaken,
    /// What a provider said about one event cannot be read.
    #[error("an event cannot be read")]
    Unreadable,
}

impl From<LoadRulesError> for PlanError {
    fn from(error: LoadRulesError) -> Self {
        match error {
            LoadRulesError::Rules(error) => Self::Rules(error),
            LoadRulesError::Store(error) => Self::Store(error),
        }
    }
}

/// What bringing up to date came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Absorbed {
    /// How many rows were written; 0 for a quiet pass.
    pub writes: usize,
    /// How many of them are entries of the calendar that are otherwise than before.
    pub entries: usize,
    /// What of the calendar could not be read.
    pub unreadable: Vec<Unreadable>,
}

/// Stores what a pass over a calendar found, with everything that follows from it, in one commit, or, where that is much, in
/// pieces of whole series, the last of them with the cursor. `began` is the calendar as it was when the pass began.
///
/// # Errors
/// [`PlanError`]; then nothing was stored, or not all, and another pass may be made.
pub async fn absorb(host: &Context, began: &Calendar, found: &Finished) -> Result<Absorbed, PlanError> {
    let tenant = began.tenant;
    let host = &host.in_terms_of(tenant).await?;
    let mut version = began.version;
    let mut done = Absorbed::default();
    let mut tries = 0;
    while tries < TRIES_MAX {
        let Some(row) = host.store.calendar(tenant, began.id).await? else { return Err(PlanError::Gone) };
        // A slow pass must not put old pages, or an old cursor, over what a faster one or a single read has stored.
        if row.version != version {
            return Err(PlanError::Overtaken);
        }
        if planted::is(Bug::CursorBeforeChanges) {
            let early = Write::Calendar(passed(row.clone(), found, host.now()));
            commit(host, tenant, vec![early]).await?;
        }
        let Some(row) = host.store.calendar(tenant, began.id).await? else { return Err(PlanError::Gone) };
        let Piece { writes, unreadable, is_last } = absorbed(host, row, found).await?;
        let entries = writes.iter().filter(|write| matches!(write, Write::Entry(..) | Write::RemoveEntry(..))).count();
        let Some(writes) = commit(host, tenant, writes).await? else {
            tries += 1;
            continue;
        };
        done.writes += writes;
        done.entries += entries;
        done.unreadable.extend(unreadable);
        if is_last {
            return Ok(done);
        }
        version += 1;
    }
    Err(PlanError::Contended)
}

/// What is committed at once of what a pass found.
struct Piece {
    writes: Vec<Write>,
    unreadable: Vec<Unreadable>,
    is_last: bool,
}

impl Piece {
    fn all(writes: Vec<Write>) -> Self {
        Self { writes, unreadable: Vec::new(), is_last: true }
    }
}

/// Decides every occurrence of a tenant anew: after a change of rules, lists or own domains.
///
/// # Errors
/// [`PlanError`].
pub async fn redecide(host: &Context, tenant: TenantId) -> Result<usize, PlanError> {
    let (mut done, mut tries) = (0, 0);
    while tries < TRIES_MAX {
        let Some(row) = host.store.tenant(tenant).await? else { return Err(PlanError::Gone) };
        let mut writes = planned(host, &row, everything(host, tenant).await?, Stored::All).await?;
        let is_last = cut(&mut writes, host.piece);
        match commit(host, tenant, writes).await? {
            Some(writes) if is_last => return Ok(done + writes),
            Some(writes) => done += writes,
            None => tries += 1,
        }
    }
    Err(PlanError::Contended)
}

/// What would be written if these were the tenant's rules, and everything were decided anew. Nothing is.
///
/// # Errors
/// [`PlanError`].
pub async fn considered(host: &Context, tenant: &Tenant, rules: &TenantRules) -> Result<Vec<Write>, PlanError> {
    planned_by(host, tenant, rules, everything(host, tenant.id).await?, Stored::All).await
}

/// Leaves about so many writes of a plan, those of whole meetings, and says whether they were all.
fn cut(writes: &mut Vec<Write>, most: usize) -> bool {
    fn meeting(write: &Write) -> Option<&str> {
        match write {
            Write::Meeting(meeting) => Some(&meeting.id),
            Write::Dispatch(dispatch) => Some(&dispatch.meeting),
            _ => None,
        }
    }
    // What names no meeting stays with the one before.
    let begins = |at: usize| {
        let before = writes[..at].iter().rev().find_map(meeting);
        meeting(&writes[at]).is_some_and(|id| before != Some(id))
    };
    let end = (most.max(1) + 1..writes.len()).find(|at| begins(*at));
    end.inspect(|end| writes.truncate(*end)).is_none()
}

/// All that a tenant's calendars show, and all bots that are sent by hand.
async fn everything(host: &Context, tenant: TenantId) -> Result<Touched, StoreError> {
    Ok(Touched { sightings: host.store.all_sightings(tenant).await?, errands: host.store.open_errands(tenant).await? })
}

/// Decides anew what a change concerns that others made: of rules, lists, domains, overrides, connections, errands. Done as often as
/// somebody likes, it changes nothing more.
///
/// # Errors
/// [`PlanError`]; then the change still waits.
pub async fn catch_up(host: &Context, undecided: &Undecided) -> Result<usize, PlanError> {
    let done = Write::Decided(undecided.uid.clone(), undecided.number);
    let (mut count, mut tries) = (0, 0);
    while tries < TRIES_MAX {
        let mut writes = match (host.store.tenant(undecided.tenant).await?, &undecided.uid) {
            (None, _) => Vec::new(),
            (Some(row), None) => planned(host, &row, everything(host, row.id).await?, Stored::All).await?,
            (Some(row), Some(uid)) => {
                let sent = errand::of_place(uid);
                let errand = match sent {
                    Some(id) => host.store.errand(row.id, id).await?,
                    None => None,
                };
                let touched = match errand {
                    Some(errand) => errands::touched_by(host, &errand, host.store.open_errands(row.id).await?).await?,
                    None => named(host, row.id, uid).await?,
                };
                let gone: Vec<String> = sent.map(|_| uid.clone()).into_iter().collect();
                planned(host, &row, touched, Stored::SeenAs(&gone)).await?
            }
        };
        let is_last = cut(&mut writes, host.piece);
        if is_last {
            writes.push(done.clone());
        }
        match commit(host, undecided.tenant, writes).await? {
            Some(writes) if is_last => return Ok(count + writes - 1),
            Some(writes) => count += writes,
            None => tries += 1,
        }
    }
    Err(PlanError::Contended)
}

/// Every sighting of a UID or family, and all that belong with them.
async fn named(host: &Context, tenant: TenantId, uid: &str) -> Result<Touched, PlanError> {
    let mut first = host.store.sightings_like(tenant, &[uid.to_owned()], &[]).await?;
    first.extend(host.store.sightings_of_family(tenant, uid).await?);
    let mut reach = Reach::default();
    first.iter().for_each(|sighting| reach.add(sighting));
    let found = first.into_iter().map(|sighting| (place(&sighting), sighting)).collect();
    let open = host.store.open_errands(tenant).await?;
    belonging(host, tenant, reach, Touched::begun(found, open), None).await
}

/// Commits; `None` where somebody else was faster.
async fn commit(host: &Context, tenant: TenantId, writes: Vec<Write>) -> Result<Option<usize>, PlanError> {
    if writes.is_empty() {
        return Ok(Some(0));
    }
    let count = writes.len();
    match host.store.commit(Commit { tenant, writes }).await {
        Ok(()) => Ok(Some(count)),
        Err(CommitError::Conflict(_)) => Ok(None),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// The writes that follow from what a pass found, or from the first piece of it.
async fn absorbed(host: &Context, row: Calendar, found: &Finished) -> Result<Piece, PlanError> {
    let now = host.now();
    let horizon = saturating(now, host.horizon);
    let near = row.expanded_to.is_none_or(|to| to < saturating(now, host.horizon - Elapsed::from_hours(EXTEND_HOURS)));
    if found.changes == Changes::default() && !near {
        return Ok(Piece::all(quiet(row, found, now)));
    }
    let stored = host.store.entries(row.tenant, row.id).await?;
    let changes = found.changes.against(&stored);
    if changes == Changes::default() && !near {
        return Ok(Piece::all(quiet(row, found, now)));
    }
    let whole = changes.upsert.len() + changes.remove.len();
    let changes = if whole > host.piece { first_of_change(row.origin, &changes, &stored, host.piece) } else { changes };
    let is_last = changes.upsert.len() + changes.remove.len() == whole;
    let reader = reader_of(host, &row).await?;
    let entries = applied(&stored, &changes);
    let known = host.store.sightings(row.tenant, row.id).await?;
    // What else belongs to the calendar is as it was. When its time to be extended comes, or something stored of it cannot be read
    // any more, all of it is read.
    let related = if near { None } else { related_to_change(row.origin, &stored, &entries, &changes.ids()) };
    let shown =
        related.as_ref().and_then(|related| known.iter().map(|sighting| related.shows(sighting)).collect::<Option<Vec<_>>>());
    let related = related.filter(|_| shown.is_some());
    let window = kept_window(host);
    let read = related.as_ref().map_or(&entries, |related| &related.entries);
    let (seen, broken) = match calendar_of(row.origin, read, &reader) {
        Ok(calendar) => (schedule::sightings_of(row.id, &calendar, &window, &reader), None),
        Err(error) => (schedule::Seen::default(), Some(Unreadable { place: "calendar".into(), why: error.to_string() })),
    };
    let mut shown = shown.into_iter().flatten();
    let (known, others): (Vec<_>, Vec<_>) = known.into_iter().partition(|_| shown.next().unwrap_or(true));
    let difference = Difference::of(&known, &seen.sightings, &window);
    let expanded_to = if related.is_some() { row.expanded_to } else { Some(horizon) };
    let after = if is_last { passed(row.clone(), found, now) } else { row.clone() };
    let mut writes = vec![Write::Calendar(Calendar { expanded_to, ..after })];
    writes.extend(entry_writes(row.id, &changes));
    writes.extend(difference.writes(row.id));
    let own: Vec<Sighting> = others.into_iter().chain(seen.sightings.iter().cloned()).collect();
    writes.extend(replanned(host, &row, &difference, &own).await?);
    Ok(Piece { writes, unreadable: seen.unreadable.into_iter().chain(broken).collect(), is_last })
}

/// The zone that a calendar is read in: that of its connection.
async fn reader_of(host: &Context, row: &Calendar) -> Result<Zone, StoreError> {
    let connection = host.store.connection(row.tenant, row.connection).await?;
    let zone = connection.and_then(|connection| connection.zone).and_then(|zone| Zone::named(&zone));
    Ok(zone.unwrap_or_else(Zone::utc))
}

/// The window whose occurrences are stored.
fn kept_window(host: &Context) -> Window {
    let now = host.now();
    saturating(now, Elapsed::from_hours(-24 * PAST_DAYS))..saturating(now, host.horizon)
}

/// The writes of the plan that follow from changed sightings of a calendar; `own` are all of its sightings as they are to be.
async fn replanned(
    host: &Context,
    row: &Calendar,
    difference: &Difference<'_>,
    own: &[Sighting],
) -> Result<Vec<Write>, PlanError> {
    if difference.is_empty() {
        return Ok(Vec::new());
    }
    let Some(tenant) = host.store.tenant(row.tenant).await? else { return Err(PlanError::Gone) };
    let touched = touched(host, row, difference, own).await?;
    let gone: Vec<String> = difference.gone.iter().map(|sighting| place(sighting)).collect();
    planned(host, &tenant, touched, Stored::SeenAs(&gone)).await
}

/// What a pass writes that changed nothing: nothing, unless its cursor must be kept or the calendar had been given up.
fn quiet(row: Calendar, found: &Finished, now: Instant) -> Vec<Write> {
    let news = found.cursor != CursorStep::Keep || row.state != CalendarState::Active || row.synced_at.is_none();
    if news { vec![Write::Calendar(passed(row, found, now))] } else { Vec::new() }
}

/// The calendar's row after a pass that came through.
fn passed(row: Calendar, found: &Finished, now: Instant) -> Calendar {
    let cursor = match &found.cursor {
        CursorStep::Keep => row.cursor,
        CursorStep::Store(cursor) => Some(cursor.clone()),
        CursorStep::Drop => None,
    };
    Calendar { cursor, state: CalendarState::Active, synced_at: Some(now), ..row }
}

fn saturating(at: Instant, by: Elapsed) -> Instant {
    at.checked_add(by).unwrap_or(if by.is_negative() { Instant::MIN } else { Instant::MAX })
}

fn entry_writes(calendar: CalendarId, changes: &Changes) -> Vec<Write> {
    let removed = changes.remove.iter().map(|id| Write::RemoveEntry(calendar, id.clone()));
    removed.chain(changes.upsert.iter().map(|entry| Write::Entry(calendar, entry.clone()))).collect()
}

/// The entries after the changes, by id.
fn applied(stored: &[Entry], changes: &Changes) -> Vec<Entry> {
    let mut entries: BTreeMap<&str, &Entry> = stored.iter().map(|entry| (entry.id.as_str(), entry)).collect();
    for id in &changes.remove {
        entries.remove(id.as_str());
    }
    entries.extend(changes.upsert.iter().map(|entry| (entry.id.as_str(), entry)));
    entries.into_values().cloned().collect()
}

/// How the sightings of a calendar change.
struct Difference<'a> {
    /// New or changed, as they are to be.
    fresh: Vec<&'a Sighting>,
    /// Changed, as they were.
    before: Vec<&'a Sighting>,
    /// No longer there.
    gone: Vec<&'a Sighting>,
    /// Past, and no longer kept: that changes no plan.
    old: Vec<&'a Sighting>,
}

impl<'a> Difference<'a> {
    fn of(known: &'a [Sighting], seen: &'a [Sighting], window: &Window) -> Self {
        let known_by_id: BTreeMap<&str, &Sighting> = known.iter().map(|sighting| (sighting.id.as_str(), sighting)).collect();
        let seen_ids: BTreeSet<&str> = seen.iter().map(|sighting| sighting.id.as_str()).collect();
        let fresh: Vec<&Sighting> =
            seen.iter().filter(|sighting| known_by_id.get(sighting.id.as_str()) != Some(sighting)).collect();
        let before = fresh.iter().filter_map(|sighting| known_by_id.get(sighting.id.as_str()).copied()).collect();
        let stays = planted::is(Bug::SightingsStay);
        let missing = known.iter().filter(|sighting| !stays && !seen_ids.contains(sighting.id.as_str()));
        let (old, gone) = missing.partition(|sighting| sighting.start < window.start);
        Self { fresh, before, gone, old }
    }

    fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.gone.is_empty()
    }

    fn writes(&self, calendar: CalendarId) -> Vec<Write> {
        let removed = self.gone.iter().chain(&self.old).map(|sighting| Write::RemoveSighting(calendar, sighting.id.clone()));
        removed.chain(self.fresh.iter().map(|sighting| Write::Sighting((*sighting).clone()))).collect()
    }
}

/// Which stored meetings a plan is compared with.
#[derive(Clone, Copy)]
enum Stored<'a> {
    /// Those that were seen as one of the sightings or errands at hand, or as one of these, which are no more.
    SeenAs(&'a [String]),
    /// All that are not over.
    All,
}

/// Most meetings of a tenant that are decided anew at once.
const MEETINGS_MAX: usize = 1_000_000;

/// The writes of the plan over what was touched.
async fn planned(host: &Context, tenant: &Tenant, touched: Touched, stored: Stored<'_>) -> Result<Vec<Write>, PlanError> {
    let rules = host.rules(tenant).await?;
    planned_by(host, tenant, &rules, touched, stored).await
}

async fn planned_by(
    host: &Context,
    tenant: &Tenant,
    rules: &TenantRules,
    touched: Touched,
    stored: Stored<'_>,
) -> Result<Vec<Write>, PlanError> {
    let Touched { sightings, errands } = touched;
    let connections = host.store.connections(tenant.id).await?;
    let calendars = host.store.calendars(tenant.id).await?;
    let uids: BTreeSet<String> =
        sightings.iter().flat_map(|sighting| sighting.uid.iter().chain(&sighting.family)).cloned().collect();
    let overrides = host.store.overrides(tenant.id, &uids.into_iter().collect::<Vec<_>>()).await?;
    let meetings = match stored {
        Stored::SeenAs(gone) => {
            let sent = errands.iter().map(|row| errand::place(row.id));
            let places: Vec<String> = sightings.iter().map(place).chain(sent).chain(gone.iter().cloned()).collect();
            host.store.meetings_of(tenant.id, &places).await?
        }
        Stored::All => {
            let from = saturating(host.now(), Elapsed::from_hours(-24 * PAST_DAYS));
            host.store.meetings(tenant.id, from, Instant::MAX, MEETINGS_MAX).await?
        }
    };
    let now = host.now();
    let mut known = Known { meetings, dispatches: Vec::new() };
    let mut fresh = known.meetings.iter().map(|meeting| meeting.id.clone()).collect::<Vec<_>>();
    for _ in 0..NAMES_MAX {
        known.dispatches.extend(host.store.dispatches_of(tenant.id, &fresh).await?);
        let sealed = sealed(host, tenant.id).await?;
        let writes = replan(PlanInput {
            sealed: &sealed,
            now,
            tenant,
            rules,
            connections: &connections,
            calendars: &calendars,
            overrides: &overrides,
            sightings: &sightings,
            errands: &errands,
            meetings: &known.meetings,
            dispatches: &known.dispatches,
        });
        // A name that is in use already belongs to a meeting that nobody showed for a while, or that is another one by now.
        let named = host.store.meetings_named(tenant.id, &new_names(&writes)).await?;
        // What was not read just now, or before, must not be planned over.
        let is_sealed = sealed_meetings(host, tenant.id) != sealed.meetings;
        if named.is_empty() && !is_sealed {
            return Ok(writes);
        }
        fresh = named.iter().map(|meeting| meeting.id.clone()).collect();
        known.meetings.extend(named);
    }
    Err(PlanError::Contended)
}

/// The meetings of a tenant that stand as they are, because they or one of their dispatches cannot be read, and the sightings
/// that belong to them or cannot be read themselves.
async fn sealed(host: &Context, tenant: TenantId) -> Result<Sealed, StoreError> {
    let meetings = sealed_meetings(host, tenant);
    let unreadable = host.store.unreadable().into_iter().filter(|row| row.tenant == tenant && row.table == "sightings");
    let mut places: BTreeSet<String> = unreadable.map(|row| row.key.join("/")).collect();
    if !meetings.is_empty() {
        let ids: Vec<String> = meetings.iter().cloned().collect();
        places.extend(host.store.places_of(tenant, &ids).await?);
    }
    Ok(Sealed { meetings, places })
}

fn sealed_meetings(host: &Context, tenant: TenantId) -> BTreeSet<String> {
    let unreadable = host.store.unreadable().into_iter().filter(|row| row.tenant == tenant);
    unreadable.filter(|row| matches!(row.table, "meetings" | "dispatches")).filter_map(|row| row.key.into_iter().next()).collect()
}

/// How often a plan is made again because a name was in use.
const NAMES_MAX: usize = 8;

/// The stored rows that a plan is compared with.
struct Known {
    meetings: Vec<Meeting>,
    dispatches: Vec<Dispatch>,
}

/// The names of the meetings that a plan makes.
fn new_names(writes: &[Write]) -> Vec<String> {
    let made = writes.iter().filter_map(|write| match write {
        Write::Meeting(meeting) if meeting.version == 0 => Some(meeting.id.clone()),
        _ => None,
    });
    made.collect()
}

#[cfg(test)]
pub(in crate::host) mod tests;
