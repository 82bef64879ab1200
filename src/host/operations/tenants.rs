//! Tenants: made, changed, and removed without leaving a bot behind.

use super::{OperationError, TRIES_MAX, commit, follow, tenant};
use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::host::context::Context;
use crate::host::model::{Dispatch, DispatchState, Tenant, TenantId};
use crate::host::oauth::cut;
use crate::host::schedule::bots::{Target, changes};
use crate::host::store::Write;
use crate::time::{Elapsed, Instant};
use std::collections::BTreeMap;

/// What of a tenant is to be; `None`: as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What people call it.
    pub name: Option<String>,
    /// Its own domains.
    pub own_domains: Option<Vec<String>>,
    /// Addresses of its recording bots.
    pub bots: Option<Vec<String>>,
    /// How many days what is past is kept, and how many are planned ahead; `None`: as the operator set it for all.
    pub days: Option<(Option<u16>, Option<u16>)>,
}

/// Makes a tenant.
///
/// # Errors
/// [`OperationError::Refused`] where a domain or address is none.
pub async fn add(host: &Context, wanted: Wanted) -> Result<Tenant, OperationError> {
    let id = TenantId(host.store.next_id().await?);
    let blank = Tenant { id, name: String::new(), own_domains: vec![], bots: vec![], plan_version: 0, ..Tenant::default() };
    let row = changed(blank, wanted)?;
    match commit(host, id, vec![Write::Tenant(row.clone())]).await? {
        true => Ok(row),
        false => Err(OperationError::Contended),
    }
}

/// Changes a tenant, and decides its meetings anew; how many rows followed.
///
/// # Errors
/// As for [`add`], and [`OperationError::Unknown`].
pub async fn change(host: &Context, id: TenantId, wanted: Wanted) -> Result<usize, OperationError> {
    let row = changed(tenant(host, id).await?, wanted)?;
    // The row has no guard of its own: two who change it at once both hold, one after the other.
    if !commit(host, id, vec![Write::Tenant(row), Write::Undecided(None)]).await? {
        return Err(OperationError::Contended);
    }
    follow(host, id).await
}

fn changed(row: Tenant, wanted: Wanted) -> Result<Tenant, OperationError> {
    for domain in wanted.own_domains.iter().flatten() {
        DomainPattern::parse(domain).map_err(|why| OperationError::Refused(format!("`{domain}` is no domain: {why}")))?;
    }
    for address in wanted.bots.iter().flatten() {
        Address::parse(address).ok_or_else(|| OperationError::Refused(format!("`{address}` is no address")))?;
    }
    Ok(Tenant {
        name: wanted.name.unwrap_or(row.name),
        own_domains: wanted.own_domains.unwrap_or(row.own_domains),
        bots: wanted.bots.unwrap_or(row.bots),
        keep_days: wanted.days.map_or(row.keep_days, |(keep, _)| keep),
        horizon_days: wanted.days.map_or(row.horizon_days, |(_, horizon)| horizon),
        ..row
    })
}

/// What removing a tenant came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Plans that no host had acted on: taken back.
    pub withdrawn: usize,
    /// Bots that a host had asked for: being recalled.
    pub recalling: usize,
    /// Of all its dispatches, and of its grants at providers, those that a host must still see to. The tenant is gone when none is left.
    pub left: usize,
}

/// How often it is looked whether bots have been recalled.
const LOOK_EVERY: Elapsed = Elapsed::from_millis(500);
/// Most meetings of a tenant, and how many of them are taken back in one commit.
const MEETINGS_MAX: usize = 1_000_000;
const BATCH_MEETINGS: usize = 500;

/// Removes a tenant: its calendars at once, then its plans and bots, and everything else when no bot is left. Waits for hosts to
/// recall its bots until `until`; where that is not enough, the rest is done by removing it again.
///
/// # Errors
/// [`OperationError`]; what was done stays done.
pub async fn remove(host: &Context, id: TenantId, until: Instant) -> Result<Removal, OperationError> {
    tenant(host, id).await?;
    // First the calendars and what was sent by hand, so that nobody plans again what is taken back. Should we end here, a host takes it back.
    let connections = host.store.connections(id).await?;
    let sent = host.store.open_errands(id).await?;
    let left = cut::partings(host, &connections.iter().collect::<Vec<_>>()).await?;
    connections.iter().for_each(|row| host.tokens.forget(row));
    let cut = connections.iter().map(|row| Write::RemoveConnection(row.id)).chain(left);
    let cut = cut.chain(sent.iter().map(|row| Write::ErrandOver(row.id))).chain([Write::Undecided(None)]).collect();
    if !commit(host, id, cut).await? {
        return Err(OperationError::Contended);
    }
    let mut removal = taken_back(host, id).await?;
    loop {
        removal.left = to_act_on(host, id).await? + to_part_with(host, id).await?;
        if removal.left == 0 && commit(host, id, vec![Write::RemoveTenant]).await? {
            host.vault.forget(id);
            return Ok(removal);
        }
        if host.now() >= until {
            return Ok(removal);
        }
        host.clock.sleep_until((host.now() + LOOK_EVERY).min(until)).await;
    }
}

/// Takes back every plan and every bot.
async fn taken_back(host: &Context, id: TenantId) -> Result<Removal, OperationError> {
    let mut removal = Removal::default();
    let meetings = host.store.meetings(id, Instant::MIN, Instant::MAX, MEETINGS_MAX).await?;
    let names: Vec<String> = meetings.into_iter().map(|meeting| meeting.id).collect();
    for names in names.chunks(BATCH_MEETINGS) {
        let mut tries = 0;
        loop {
            let row = tenant(host, id).await?;
            let (writes, found) = withdrawals(id, host.store.dispatches_of(id, names).await?, host.now());
            if writes.is_empty() {
                break;
            }
            let guarded = std::iter::once(Write::PlanVersion(row.plan_version)).chain(writes).collect();
            if commit(host, id, guarded).await? {
                removal.withdrawn += found.withdrawn;
                removal.recalling += found.recalling;
                break;
            }
            tries += 1;
            if tries == TRIES_MAX {
                return Err(OperationError::Contended);
            }
        }
    }
    Ok(removal)
}

fn withdrawals(tenant: TenantId, dispatches: Vec<Dispatch>, now: Instant) -> (Vec<Write>, Removal) {
    let mut by_meeting: BTreeMap<String, Vec<Dispatch>> = BTreeMap::new();
    dispatches.into_iter().for_each(|row| by_meeting.entry(row.meeting.clone()).or_default().push(row));
    let mut writes = Vec::new();
    for (meeting, rows) in &by_meeting {
        let target = Target { tenant, meeting, wanted: None, why: "the customer is gone", live_stays: false, joins: false };
        writes.extend(changes(rows, target, now));
    }
    let into = |state| writes.iter().filter(|write| matches!(write, Write::Dispatch(row) if row.state == state)).count();
    let found = Removal { withdrawn: into(DispatchState::Withdrawn), recalling: into(DispatchState::Recalling), left: 0 };
    (writes, found)
}

/// For how many connections something is left to do at their providers: what is needed for it goes with the tenant.
async fn to_part_with(host: &Context, id: TenantId) -> Result<usize, OperationError> {
    let now = host.now();
    Ok(host.store.partings(id).await?.iter().filter(|row| row.until > now).count())
}

/// How many dispatches a host must still see to.
async fn to_act_on(host: &Context, id: TenantId) -> Result<usize, OperationError> {
    let meetings = host.store.meetings(id, Instant::MIN, Instant::MAX, MEETINGS_MAX).await?;
    let names: Vec<String> = meetings.into_iter().map(|meeting| meeting.id).collect();
    let dispatches = host.store.dispatches_of(id, &names).await?;
    Ok(dispatches.iter().filter(|row| row.due_at.is_some()).count())
}
