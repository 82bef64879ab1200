//! Bots that people send by hand, planned with what they are sent to in one commit; and what follows when one is over.

use super::{MEETINGS_MAX, PlanError, Reach, Stored, TRIES_MAX, Touched, belonging, commit, planned, saturating};
use crate::host::audit;
use crate::host::context::Context;
use crate::host::model::{Errand, ErrandId, ErrandState, Meeting, Sighting, TenantId};
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
    let (touched, mut gone) = touched_in_room(host, &row, open).await?;
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
        let open = host.store.open_errands(row.tenant).await?;
        // One that was due when it was sent was made one then with whoever has a bot there.
        let was_due = errand::is_due(row, row.made_at);
        let (touched, mut gone) = match was_due {
            true => (touched_by(host, row, open).await?, Vec::new()),
            false => touched_in_room(host, row, open).await?,
        };
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
    touched_with(host, row, open, Vec::new()).await
}

/// The same with the meetings whose bots are in the room although calendars show none there any more: what shows them elsewhere, or
/// nowhere, and what they were seen as that no calendar shows.
async fn touched_in_room(host: &Context, row: &Errand, open: Vec<Errand>) -> Result<(Touched, Vec<String>), PlanError> {
    let (mut shown, mut gone) = (Vec::new(), Vec::new());
    for meeting in with_a_bot_there(host, row).await? {
        let seen = host.store.sightings_at(row.tenant, &meeting.sightings).await?;
        if seen.is_empty() {
            gone.extend(meeting.sightings.into_iter().filter(|place| of_place(place).is_some()));
        }
        shown.extend(seen);
    }
    Ok((touched_with(host, row, open, shown).await?, gone))
}

async fn touched_with(host: &Context, row: &Errand, open: Vec<Errand>, shown: Vec<Sighting>) -> Result<Touched, PlanError> {
    let mut reach = Reach::default();
    reach.add_errand(row);
    let mut found = seen_with(host, row.tenant, row.id).await?;
    found.extend(shown.into_iter().map(|sighting| (place(&sighting), sighting)));
    found.values().for_each(|sighting| reach.add(sighting));
    belonging(host, row.tenant, reach, Touched::begun(found, open), None).await
}

/// The meetings whose bots are in the room of an errand, or on their way, once its time has come.
async fn with_a_bot_there(host: &Context, row: &Errand) -> Result<Vec<Meeting>, StoreError> {
    let Ok(link) = errand::link(&row.url) else { return Ok(Vec::new()) };
    if row.state != ErrandState::Open || !errand::is_due(row, host.now()) {
        return Ok(Vec::new());
    }
    let (from, to) = (saturating(row.at, -errand::LOOK_BACK), saturating(host.now(), errand::WINDOW));
    let mut meetings = host.store.meetings(row.tenant, from, to, MEETINGS_MAX).await?;
    let names: Vec<String> = meetings.iter().map(|meeting| meeting.id.clone()).collect();
    let bots = host.store.dispatches_of(row.tenant, &names).await?;
    let there: BTreeSet<&str> = bots.iter().filter(|bot| errand::is_there(bot, &link)).map(|bot| bot.meeting.as_str()).collect();
    meetings.retain(|meeting| there.contains(meeting.id.as_str()));
    Ok(meetings)
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
