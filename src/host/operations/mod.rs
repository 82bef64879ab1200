//! What people who run a host ask of it: tenants, connections, rules, overrides, bots sent by hand, receivers.
//!
//! Each operation is a function over the store. It works beside hosts that run on the same database: rows are guarded by their
//! versions, and what decisions are made from commits together with the mark that makes some host decide anew
//! ([`app::plans`](super::app::plans)). To spare people the wait, an operation follows its own mark at once.
//!
//! Deliberately absent: how any of it is asked for or shown.

pub mod connections;
pub mod errands;
pub mod keys;
pub mod lists;
pub mod oauth_clients;
pub mod overrides;
pub mod receivers;
pub mod rules;
pub mod tenants;
pub mod users;
#[cfg(test)]
mod tests;

use super::audit;
use super::clock::Boxed;
use super::context::Context;
use super::http::{Egress, NetError, Request, Response};
use super::model::{Tenant, TenantId};
use super::planning::{PlanError, catch_up};
use super::seal::SealError;
use super::store::{Commit, CommitError, StoreError, Write};

/// How often an operation is done again because somebody else was faster.
const TRIES_MAX: u32 = 8;
/// Most changes that wait at once.
const CHANGES_MAX: usize = 10_000;

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// Something that was named is not there.
    #[error("there is no {what} {name}")]
    Unknown {
        /// `tenant`, `meeting` and the like.
        what: &'static str,
        /// As it was named.
        name: String,
    },
    /// It cannot be done as it was asked for.
    #[error("{0}")]
    Refused(String),
    /// Others were faster every time.
    #[error("others changed it {TRIES_MAX} times over; try again")]
    Contended,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The change is stored, and the plan does not follow it yet.
    #[error("the change is stored, but meetings could not be decided anew: {0}")]
    Plan(#[from] PlanError),
}

impl OperationError {
    fn unknown(what: &'static str, name: impl ToString) -> Self {
        Self::Unknown { what, name: name.to_string() }
    }
}

/// The way out of who only works on the store: nothing is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Egress for Nowhere {
    fn call(&self, _: Request) -> Boxed<'_, Result<Response, NetError>> {
        Box::pin(async { Err(NetError::NotSent) })
    }
}

/// The tenant.
///
/// # Errors
/// [`OperationError::Unknown`] where there is none.
pub async fn tenant(host: &Context, tenant: TenantId) -> Result<Tenant, OperationError> {
    host.store.tenant(tenant).await?.ok_or_else(|| OperationError::unknown("tenant", tenant))
}

/// Commits; false where somebody else was faster.
async fn commit(host: &Context, tenant: TenantId, writes: Vec<Write>) -> Result<bool, OperationError> {
    let writes = audit::told(host, tenant, writes).await?;
    match host.store.commit(Commit { tenant, writes }).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(_)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Decides anew what changes of the tenant concern; how many rows followed. A host that is faster leaves nothing to do.
async fn follow(host: &Context, tenant: TenantId) -> Result<usize, OperationError> {
    let mut rows = 0;
    for change in host.store.undecided(CHANGES_MAX).await?.into_iter().filter(|change| change.tenant == tenant) {
        rows += catch_up(host, &change).await?;
    }
    Ok(rows)
}
