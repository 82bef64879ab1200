//! A person's word on a meeting or its series: stop, record, or nothing any more.
//!
//! It is stored by UID, occurrence and whose meeting it was said about, so that it outlives every resync and no stranger's copy of
//! the UID inherits it, or takes it away (providers.md C2). Copies of a meeting that show another organizer or room get a word of
//! their own.

use super::{OperationError, commit, errands, follow};
use crate::host::context::Context;
use crate::host::model::{Connection, Meeting, OverrideRow, Sighting, TenantId};
use crate::host::schedule::replan::mark;
use crate::host::schedule::{errand, occurrence_of};
use crate::host::store::Write;
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// What a word is said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About<'a> {
    /// The meeting, by its name.
    pub meeting: &'a str,
    /// Its whole series.
    pub series: bool,
    /// This user's copy alone; `None`: every copy.
    pub user: Option<&'a str>,
}

/// Fewest letters of a meeting's name that stand for all of it.
const LETTERS_MIN: usize = 4;
/// Most meetings that are looked through for a name.
const MEETINGS_MAX: usize = 1_000_000;

/// The meeting of this name, or the only one whose name begins like this.
///
/// # Errors
/// [`OperationError::Unknown`]; [`OperationError::Refused`] where several begin so.
pub async fn meeting(host: &Context, tenant: TenantId, name: &str) -> Result<Meeting, OperationError> {
    if let Some(found) = host.store.meetings_named(tenant, &[name.to_owned()]).await?.into_iter().next() {
        return Ok(found);
    }
    if name.len() < LETTERS_MIN {
        return Err(OperationError::unknown("meeting", name));
    }
    let mut found = host.store.meetings(tenant, Instant::MIN, Instant::MAX, MEETINGS_MAX).await?;
    found.retain(|meeting| meeting.id.starts_with(name));
    match found.len() {
        0 | 1 => found.pop().ok_or_else(|| OperationError::unknown("meeting", name)),
        several => Err(OperationError::Refused(format!("{several} meetings begin with {name}"))),
    }
}

/// Says stop or record; how many rows followed.
///
/// # Errors
/// [`OperationError::Refused`] where no calendar shows the meeting to whom it is said.
pub async fn say(host: &Context, tenant: TenantId, about: About<'_>, stop: bool) -> Result<usize, OperationError> {
    let recalled = if stop && about.user.is_none() { recalled(host, tenant, about.meeting).await? } else { Recalled::default() };
    if recalled.all {
        return Ok(recalled.count);
    }
    let copies = copies(host, tenant, about).await?;
    // Copies that were read at different times may call the same occurrence differently: it has become one of a series in one of them.
    let mut rows: BTreeMap<(String, Option<String>, String), OverrideRow> = BTreeMap::new();
    for (sighting, _) in &copies {
        let Some(uid) = said_about(sighting, about.series) else { continue };
        let Ok(occurrence) = occurrence_of(sighting) else { continue };
        let row = OverrideRow {
            tenant,
            user: about.user.map(str::to_owned),
            uid: uid.to_owned(),
            occurrence: (!about.series).then(|| sighting.occurrence.clone()),
            mark: mark(&occurrence),
            stop,
        };
        rows.insert((row.uid.clone(), row.occurrence.clone(), row.mark.clone()), row);
    }
    if rows.is_empty() {
        return Err(OperationError::Refused(format!(
            "no copy of meeting {} has a UID by which it can be known again",
            about.meeting
        )));
    }
    let uids: BTreeSet<String> = rows.keys().map(|(uid, ..)| uid.clone()).collect();
    let writes = rows.into_values().map(Write::Override).chain(uids.into_iter().map(|uid| Write::Undecided(Some(uid))));
    if !commit(host, tenant, writes.collect()).await? {
        return Err(OperationError::Contended);
    }
    follow(host, tenant).await
}

/// What a stop took back of the bots that were sent by hand.
#[derive(Clone, Copy, Default)]
struct Recalled {
    count: usize,
    /// Nothing else showed the meeting.
    all: bool,
}

/// Takes back the bots that were sent to a meeting: who says stop means them as well. One that is sent after that goes.
async fn recalled(host: &Context, tenant: TenantId, name: &str) -> Result<Recalled, OperationError> {
    let meeting = meeting(host, tenant, name).await?;
    let sent: Vec<_> = meeting.sightings.iter().filter_map(|place| errand::of_place(place)).collect();
    for errand in &sent {
        errands::recall(host, tenant, *errand).await?;
    }
    Ok(Recalled { count: sent.len(), all: !sent.is_empty() && sent.len() == meeting.sightings.len() })
}

/// Takes back what was said; how many words, and how many rows followed.
///
/// # Errors
/// As for [`say`].
pub async fn clear(host: &Context, tenant: TenantId, about: About<'_>) -> Result<(usize, usize), OperationError> {
    let copies = copies(host, tenant, About { user: None, ..about }).await?;
    let said: BTreeSet<(String, Option<String>, String)> = copies
        .iter()
        .filter_map(|(sighting, _)| {
            let occurrence = (!about.series).then(|| sighting.occurrence.clone());
            let mark = mark(&occurrence_of(sighting).ok()?);
            Some((said_about(sighting, about.series)?.to_owned(), occurrence, mark))
        })
        .collect();
    let uids: Vec<String> = said.iter().map(|(uid, ..)| uid.clone()).collect();
    let rows = host.store.overrides(tenant, &uids).await?.into_iter().filter(|row| {
        said.contains(&(row.uid.clone(), row.occurrence.clone(), row.mark.clone()))
            && (about.user.is_none() || row.user.as_deref() == about.user)
    });
    let gone: Vec<OverrideRow> = rows.collect();
    let count = gone.len();
    if count == 0 {
        return Ok((0, 0));
    }
    let uids: BTreeSet<String> = gone.iter().map(|row| row.uid.clone()).collect();
    let removed = gone.into_iter().map(Write::RemoveOverride);
    let writes = removed.chain(uids.into_iter().map(|uid| Write::Undecided(Some(uid)))).collect();
    if !commit(host, tenant, writes).await? {
        return Err(OperationError::Contended);
    }
    Ok((count, follow(host, tenant).await?))
}

/// The UID by which a word on the sighting, or on its series, is found again.
fn said_about(sighting: &Sighting, series: bool) -> Option<&str> {
    let family = sighting.family.as_deref().filter(|_| series);
    family.or(sighting.uid.as_deref())
}

/// The copies of a meeting that a word is said about, each with its connection.
async fn copies(host: &Context, tenant: TenantId, about: About<'_>) -> Result<Vec<(Sighting, Connection)>, OperationError> {
    let meeting = meeting(host, tenant, about.meeting).await?;
    let (shown, calendars, connections) = tokio::try_join!(
        host.store.sightings_at(tenant, &meeting.sightings),
        host.store.calendars(tenant),
        host.store.connections(tenant)
    )?;
    let mut copies = Vec::new();
    for sighting in shown {
        let calendar = calendars.iter().find(|calendar| calendar.id == sighting.calendar);
        let connection = calendar.and_then(|calendar| connections.iter().find(|row| row.id == calendar.connection));
        let wanted = connection.filter(|row| about.user.is_none_or(|user| row.user == user));
        copies.extend(wanted.map(|connection| (sighting, connection.clone())));
    }
    if copies.is_empty() {
        let whom = about.user.map_or_else(|| "no calendar shows".to_owned(), |user| format!("no calendar of {user} shows"));
        return Err(OperationError::Refused(format!("{whom} meeting {}", about.meeting)));
    }
    Ok(copies)
}
