//! End users, erased: what they connected, what their calendars showed, what they and others said for them.

use super::{OperationError, TRIES_MAX, commit, follow, tenant};
use crate::host::context::Context;
use crate::host::model::{Connection, EventId, Meeting, TenantId};
use crate::host::oauth::cut;
use crate::host::store::Write;
use crate::time::Instant;
use serde_json::Value;
use std::collections::BTreeSet;

/// What erasing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Connections that were removed.
    pub connections: usize,
    /// Meetings that nobody else shows, and that were removed.
    pub meetings: usize,
    /// Those of them whose bots a host must still see to. They go when that is done, by erasing again.
    pub left: usize,
}

/// Most meetings and events of a tenant.
const ROWS_MAX: usize = 1_000_000;
/// Meetings and events that go in one commit.
const BATCH: usize = 500;

/// Erases an end user. Their connections, calendars and what those showed go at once, and so do their rules, what was said for them
/// alone, what receivers were told of their connections, and the answers kept for requests that are repeated; what others show of the
/// same meetings is decided anew. Meetings that nobody else shows go with their bots, as far as no bot must be recalled.
///
/// # Errors
/// [`OperationError::Unknown`] where nothing is known of the user; what was done stays done.
pub async fn erase(host: &Context, id: TenantId, user: &str) -> Result<Erased, OperationError> {
    tenant(host, id).await?;
    let all = host.store.connections(id).await?;
    let own: Vec<&Connection> = all.iter().filter(|row| row.user == user).collect();
    let has_rules = !host.store.rule_versions(id, Some(user), i64::MAX as u64, 1).await?.is_empty();
    let overrides = host.store.all_overrides(id).await?.into_iter().filter(|row| row.user.as_deref() == Some(user));
    let overrides: Vec<Write> = overrides.map(Write::RemoveOverride).collect();
    let forgotten = abandoned(host, id).await?;
    if own.is_empty() && !has_rules && overrides.is_empty() && forgotten.is_empty() {
        return Err(OperationError::unknown("user", user));
    }
    let events = told_of(host, id, &own).await?;
    // Providers first: once the connections are gone, so is what gives the grants back.
    for row in &own {
        cut::parted(host, row).await?;
    }
    let cut = own.iter().map(|row| Write::RemoveConnection(row.id));
    let writes = cut.chain([Write::RemoveRules(user.to_owned()), Write::RemoveRequests(Instant::MAX)]).chain(overrides);
    let writes = writes.chain([Write::RemoveFlowsOf(user.to_owned())]);
    if !commit(host, id, writes.chain([Write::Undecided(None)]).collect()).await? {
        return Err(OperationError::Contended);
    }
    for batch in events.chunks(BATCH) {
        commit(host, id, batch.iter().copied().map(Write::RemoveEvent).collect()).await?;
    }
    follow(host, id).await?;
    let (meetings, left) = removed(host, id).await?;
    Ok(Erased { connections: own.len(), meetings, left })
}

/// The events about connections, and about meetings that will be gone: their bodies name people.
async fn told_of(host: &Context, id: TenantId, own: &[&Connection]) -> Result<Vec<EventId>, OperationError> {
    let numbers: BTreeSet<u64> = own.iter().map(|row| row.id.0).collect();
    let events = host.store.events(id, EventId(0), ROWS_MAX).await?;
    let about = |body: &str| {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        body["connection"].as_u64().is_some_and(|number| numbers.contains(&number))
    };
    Ok(events.into_iter().filter(|event| about(&event.body)).map(|event| event.id).collect())
}

/// The meetings that nothing shows any more: no calendar that is still there, and nobody who sent a bot.
async fn abandoned(host: &Context, id: TenantId) -> Result<Vec<Meeting>, OperationError> {
    let calendars: BTreeSet<String> = host.store.calendars(id).await?.iter().map(|row| format!("{}/", row.id)).collect();
    let mut meetings = host.store.meetings(id, Instant::MIN, Instant::MAX, ROWS_MAX).await?;
    let is_there = |place: &String| {
        place.split_once('/').is_some_and(|(calendar, _)| calendar == "errand" || calendars.contains(&format!("{calendar}/")))
    };
    meetings.retain(|meeting| !meeting.sightings.iter().any(is_there));
    Ok(meetings)
}

/// Removes abandoned meetings of which no bot is left to act on, with what was told of them; how many, and how many must stay.
async fn removed(host: &Context, id: TenantId) -> Result<(usize, usize), OperationError> {
    let (mut gone, mut left) = (0, 0);
    let names: Vec<String> = abandoned(host, id).await?.into_iter().map(|meeting| meeting.id).collect();
    for names in names.chunks(BATCH) {
        for attempt in 1.. {
            let version = tenant(host, id).await?.plan_version;
            let acting = host.store.dispatches_of(id, names).await?;
            let acting: BTreeSet<&str> =
                acting.iter().filter(|row| row.due_at.is_some()).map(|row| row.meeting.as_str()).collect();
            let free: Vec<&String> = names.iter().filter(|name| !acting.contains(name.as_str())).collect();
            let events = host.store.events(id, EventId(0), ROWS_MAX).await?;
            let told = events.iter().filter(|event| free.iter().any(|name| event.subject.contains(name.as_str())));
            let told: Vec<Write> = told.map(|event| Write::RemoveEvent(event.id)).collect();
            let meetings = free.iter().map(|name| Write::RemoveMeeting((*name).clone()));
            let writes = std::iter::once(Write::PlanVersion(version)).chain(meetings).chain(told).collect();
            if commit(host, id, writes).await? {
                gone += free.len();
                left += names.len() - free.len();
                break;
            }
            if attempt == TRIES_MAX {
                return Err(OperationError::Contended);
            }
        }
    }
    Ok((gone, left))
}
