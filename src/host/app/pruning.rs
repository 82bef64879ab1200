//! What is long past goes: meetings with their bots, bots that were sent by hand, events with their deliveries, a person's word on an
//! occurrence.
//!
//! In small commits, so that nobody waits for them; where nothing is old enough, nothing is written. A meeting of which a
//! dispatch is left to act on stays, and so does an event that a receiver still waits for. Of overrides those go whose occurrence
//! was to begin long ago and is shown nowhere, as it would be if it had been moved ahead. Those on a series stay, and so do those
//! on an event that happens once: its key does not say when, and it may have been moved to where nobody looks yet.

use super::{Stop, rest};
use crate::host::api::REQUESTS_KEPT;
use crate::host::app::work::Work;
use crate::host::context::Context;
use crate::host::model::{OverrideRow, Tenant, TenantId};
use crate::host::store::{Commit, CommitError, StoreError, Write};
use crate::time::{Date, Elapsed, Instant, Zone};
use std::collections::BTreeSet;

/// How often what is past is looked for.
const LOOK_EVERY: Elapsed = Elapsed::from_hours(1);
/// How long a full disk is left alone.
const LOOK_AGAIN: Elapsed = Elapsed::from_secs(60);
/// Most rows of one kind in one commit.
const BATCH_ROWS: usize = 200;
/// Most commits for one tenant in one round; what is left waits for the next.
const BATCHES_MAX: usize = 500;

/// Removes what is past until `stop`.
pub async fn run(host: Context, mut stop: Stop) {
    let mut nothing: Work<TenantId> = Work::new(1);
    while !stop.is_set() {
        // What is removed is written down first.
        if host.store.is_full() {
            rest(&host, LOOK_AGAIN, &mut nothing, &mut stop).await;
            continue;
        }
        match round(&host, &stop).await {
            Ok(0) => {}
            Ok(rows) => tracing::info!(rows, "what was past was removed"),
            Err(error) => tracing::warn!(error = %error, "what is past could not be removed"),
        }
        rest(&host, LOOK_EVERY, &mut nothing, &mut stop).await;
    }
}

/// One round over all tenants; how many meetings, events and overrides it removed.
///
/// # Errors
/// [`StoreError`]; what was removed before stays removed.
pub async fn round(host: &Context, stop: &Stop) -> Result<usize, StoreError> {
    let mut removed = 0;
    for tenant in host.store.tenants().await? {
        let keep = tenant.keep_days.map_or(host.keep, |days| Elapsed::from_hours(24 * i64::from(days)));
        let before = host.now().checked_sub(keep).unwrap_or(Instant::MIN);
        forget_requests(host, tenant.id).await?;
        for _ in 0..BATCHES_MAX {
            let rows = batch(host, tenant.id, before).await?;
            removed += rows;
            if rows == 0 || stop.is_set() {
                break;
            }
        }
    }
    Ok(removed)
}

/// Requests that can no longer be repeated. They do not count: who waits for what is past waits for none of them.
async fn forget_requests(host: &Context, tenant: TenantId) -> Result<(), StoreError> {
    let before = host.now().checked_sub(REQUESTS_KEPT).unwrap_or(Instant::MIN);
    match host.store.commit(Commit { tenant, writes: vec![Write::RemoveRequests(before)] }).await {
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
    }
}

/// Overrides on occurrences that were to begin before `before`, and that no calendar shows; at most [`BATCH_ROWS`].
async fn past_overrides(host: &Context, tenant: TenantId, before: Instant) -> Result<Vec<OverrideRow>, StoreError> {
    let mut past = host.store.all_overrides(tenant).await?;
    past.retain(|row| row.occurrence.as_deref().and_then(day_of).is_some_and(|day| day < before));
    if past.is_empty() {
        return Ok(past);
    }
    let uids: BTreeSet<String> = past.iter().map(|row| row.uid.clone()).collect();
    let shown = host.store.sightings_like(tenant, &uids.into_iter().collect::<Vec<_>>(), &[]).await?;
    let shown: BTreeSet<(Option<&str>, &str)> =
        shown.iter().map(|sighting| (sighting.uid.as_deref(), sighting.occurrence.as_str())).collect();
    past.retain(|row| !shown.contains(&(Some(row.uid.as_str()), row.occurrence.as_deref().unwrap_or_default())));
    past.truncate(BATCH_ROWS);
    Ok(past)
}

/// When an occurrence was to begin, as its key tells it; a day ends everywhere two days later. `None` for an event that happens
/// once.
fn day_of(occurrence: &str) -> Option<Instant> {
    if let Ok(at) = occurrence.parse::<Instant>() {
        return Some(at);
    }
    let date: Date = occurrence.strip_prefix("date:").unwrap_or(occurrence).parse().ok()?;
    Zone::utc().instant(date.at(0, 0, 0, 0)).checked_add(Elapsed::from_hours(48)).ok()
}

/// One commit; how many rows it removed. 0 too where somebody planned meanwhile: then the next round sees to it.
async fn batch(host: &Context, tenant: TenantId, before: Instant) -> Result<usize, StoreError> {
    let Some(Tenant { plan_version, .. }) = host.store.tenant(tenant).await? else { return Ok(0) };
    let meetings = host.store.past_meetings(tenant, before, BATCH_ROWS).await?;
    let events = host.store.past_events(tenant, before, BATCH_ROWS).await?;
    let errands = host.store.errands(tenant, Instant::MIN, before, BATCH_ROWS).await?;
    let errands = errands.into_iter().map(|row| Write::RemoveErrand(row.id));
    // Plans that know a meeting as stored must not be made while it goes.
    let guard = (!meetings.is_empty()).then_some(Write::PlanVersion(plan_version));
    let overrides = past_overrides(host, tenant, before).await?;
    let rows = meetings.into_iter().map(Write::RemoveMeeting).chain(events.into_iter().map(Write::RemoveEvent));
    let rows = rows.chain(overrides.into_iter().map(Write::RemoveOverride)).chain(errands);
    let writes: Vec<Write> = guard.into_iter().chain(rows).collect();
    if writes.is_empty() {
        return Ok(0);
    }
    let count = writes.len();
    match host.store.commit(Commit { tenant, writes }).await {
        Ok(()) => Ok(count),
        Err(CommitError::Conflict(_)) => Ok(0),
        Err(CommitError::Store(error)) => Err(error),
    }
}
