//! Connections that are gone: what is left to do for them at their providers, by [`oauth::cut`](crate::host::oauth::cut).

use super::work::Work;
use super::{Stop, rest};
use crate::host::context::Context;
use crate::host::model::ConnectionId;
use crate::host::oauth::cut::part;
use crate::host::store::StoreError;
use crate::time::Elapsed;

/// How often what is due is looked for.
const LOOK_EVERY: Elapsed = Elapsed::from_secs(5);
/// Most that are read at once.
const BATCH: usize = 64;

/// Sees to what is due until `stop`.
pub async fn run(host: Context, mut stop: Stop) {
    let mut nothing: Work<ConnectionId> = Work::new(1);
    while !stop.is_set() {
        if !host.store.is_full()
            && let Err(error) = round(&host, &stop).await
        {
            tracing::warn!(error = %error, "connections that are gone could not be seen to");
        }
        rest(&host, LOOK_EVERY, &mut nothing, &mut stop).await;
    }
}

/// Sees to what is due, one after the other: nobody waits for it.
///
/// # Errors
/// [`StoreError`].
pub async fn round(host: &Context, stop: &Stop) -> Result<(), StoreError> {
    for row in host.store.due_partings(host.now(), BATCH).await? {
        if stop.is_set() {
            break;
        }
        part(host, &row).await?;
    }
    Ok(())
}
