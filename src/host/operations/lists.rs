//! Provided lists: what rules name and do not hold.

use super::{OperationError, commit, follow, tenant};
use crate::engine::parse_provided_list;
use crate::host::context::{Context, LoadRulesError};
use crate::host::model::TenantId;
use crate::host::planning::PlanError;
use crate::host::store::Write;

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Most lists of a tenant.
const LISTS_MAX: usize = 1000;

/// Makes or replaces a list; how many rows followed.
///
/// # Errors
/// [`OperationError::Refused`] where rules name it and it is none of the kind that they want.
pub async fn set(host: &Context, id: TenantId, name: &str, text: &str) -> Result<usize, OperationError> {
    let row = tenant(host, id).await?;
    let refused = |why: String| Err(OperationError::Refused(why));
    if name.len() > NAME_BYTES_MAX {
        return refused("the name is too long".to_owned());
    }
    let known = host.store.lists(id).await?;
    let stored = known.iter().find(|(known, _)| known == name);
    if stored.is_none() && known.len() >= LISTS_MAX {
        return refused("there are too many lists".to_owned());
    }
    let rules = host.rules(&row).await.map_err(|error| match error {
        LoadRulesError::Rules(error) => OperationError::Plan(PlanError::Rules(error)),
        LoadRulesError::Store(error) => OperationError::Store(error),
    })?;
    for kind in rules.kinds_of(name) {
        if let Err(error) = parse_provided_list(kind, text) {
            return refused(error.to_string());
        }
    }
    if stored.is_some_and(|(_, stored)| stored == text) {
        return Ok(0);
    }
    changed(host, id, Write::List(name.to_owned(), text.to_owned())).await
}

/// Removes a list; how many rows followed.
///
/// # Errors
/// [`OperationError::Unknown`].
pub async fn remove(host: &Context, id: TenantId, name: &str) -> Result<usize, OperationError> {
    if !host.store.lists(id).await?.iter().any(|(known, _)| known == name) {
        return Err(OperationError::unknown("list", name));
    }
    changed(host, id, Write::RemoveList(name.to_owned())).await
}

async fn changed(host: &Context, id: TenantId, write: Write) -> Result<usize, OperationError> {
    if !commit(host, id, vec![write, Write::Undecided(None)]).await? {
        return Err(OperationError::Contended);
    }
    follow(host, id).await
}
