//! Bots that people send by hand, planned with what they are sent to in one commit; and what follows when one is over.

use super::{MEETINGS_MAX, PlanError, Reach, Stored, TRIES_MAX, Touched, belonging, commit, planned, saturating};
use crate::host::audit;
use crate::host::context::Context;
use crate::host::model::{Errand, ErrandId, ErrandState, Sighting, TenantId};
use crate::host::schedule::errand;
use crate::host::schedule::identity::{of_place, place};
use crate::host::store::{StoreError, Write};
use std::collections::{BTreeMap, BTreeSet};

/// Stores an errand as it is to be, and lets the plan follow; how many rows that took. `None` where somebody else was faster, or
/// changed the plan since the tenant's `plan_version` was read.
///
/// # Errors
/// [`PlanError`]; then nothing was stored.
pub async fn absorb_errand(host: &Context, plan_version: u64, row: Errand) -> Result<Option<usize>, PlanError> {
    let Some(tenant) = host.store.tenant(row.tenant).await? else { return Err(PlanError::Gone) };
    if tenant.plan_version != plan_version {
        return Ok(None);
    }
    let mut open = host.store.open_errands(row.tenant).await?;
    open.retain(|other| other.id != row.id);
    open.extend(Some(row.clone()).filter(|row| row.state == ErrandState::Open));
    let touched = touched_by(host, &row, open).await?;
    let mut gone = forgotten(host, &row).await?;
    gone.push(errand::place(row.id));
    let mut writes = planned(host, &tenant, touched, Stored::SeenAs(&gone)).await?;
    if writes.is_empty() {
        writes.push(Write::PlanVersion(plan_version));
    }
    writes.push(Write::Errand(row.clone()));
    commit(host, row.tenant, audit::told_of_none(host, row.tenant, writes)).await
}

/// Decides anew about a bot that was sent and what it may be for; how many rows followed.
///
/// # Errors
/// [`PlanError`].
pub async fn redecide_errand(host: &Context, row: &Errand) -> Result<usize, PlanError> {
    for _ in 0..TRIES_MAX {
        let Some(tenant) = host.store.tenant(row.tenant).await? else { return Err(PlanError::Gone) };
        let touched = touched_by(host, row, host.store.open_errands(row.tenant).await?).await?;
        // One that was due when it was sent was made one with them then.
        let mut gone = if errand::is_due(row, row.made_at) { Vec::new() } else { forgotten(host, row).await? };
        gone.push(errand::place(row.id));
        let writes = planned(host, &tenant, touched, Stored::SeenAs(&gone)).await?;
        if let Some(writes) = commit(host, row.tenant, writes).await? {
            return Ok(writes);
        }
    }
    Err(PlanError::Contended)
}

/// The errands of the same room that are open, and everything that the errand was known as one with.
pub(super) async fn touched_by(host: &Context, row: &Errand, open: Vec<Errand>) -> Result<Touched, PlanError> {
    let mut reach = Reach::default();
    reach.add_errand(row);
    let found = seen_with(host, row.tenant, row.id).await?;
    found.values().for_each(|sighting| reach.add(sighting));
    belonging(host, row.tenant, reach, Touched::begun(found, open), None).await
}

/// What the meetings were seen as whose bots are in the room although no calendar shows them any more.
async fn forgotten(host: &Context, row: &Errand) -> Result<Vec<String>, StoreError> {
    let Ok(link) = errand::link(&row.url) else { return Ok(Vec::new()) };
    if row.state != ErrandState::Open || !errand::is_due(row, host.now()) {
        return Ok(Vec::new());
    }
    let (from, to) = (saturating(row.at, -errand::LOOK_BACK), host.now());
    let meetings = host.store.meetings(row.tenant, from, to, MEETINGS_MAX).await?;
    let names: Vec<String> = meetings.iter().map(|meeting| meeting.id.clone()).collect();
    let bots = host.store.dispatches_of(row.tenant, &names).await?;
    let there: BTreeSet<&str> = bots.iter().filter(|bot| errand::is_there(bot, &link)).map(|bot| bot.meeting.as_str()).collect();
    let mut left = Vec::new();
    for meeting in meetings.iter().filter(|meeting| there.contains(meeting.id.as_str())) {
        let mut shown = false;
        for (calendar, id) in meeting.sightings.iter().filter_map(|place| of_place(place)) {
            shown |= host.store.sightings(row.tenant, calendar).await?.iter().any(|sighting| sighting.id == id);
        }
        if !shown {
            left.extend(meeting.sightings.iter().filter(|place| of_place(place).is_some()).cloned());
        }
    }
    Ok(left)
}

/// The sightings of the meetings that an errand is known as one with.
async fn seen_with(host: &Context, tenant: TenantId, id: ErrandId) -> Result<BTreeMap<String, Sighting>, StoreError> {
    let meetings = host.store.meetings_of(tenant, &[errand::place(id)]).await?;
    let mut found = BTreeMap::new();
    for (calendar, id) in meetings.iter().flat_map(|meeting| &meeting.sightings).filter_map(|place| of_place(place)) {
        let shown = host.store.sightings(tenant, calendar).await?;
        found.extend(shown.into_iter().filter(|sighting| sighting.id == id).map(|sighting| (place(&sighting), sighting)));
    }
    Ok(found)
}
