//! Codes that are handed over: a process that opens nothing receives them, one that does exchanges them.
//!
//! Taking a flow over is one commit under its version, as every step: of two that try, one does, and no code is shown twice.

use super::connect::{ConnectError, exchanged, is_pending, step};
use super::flow;
use crate::host::context::Context;
use crate::host::model::grants::{Flow, FlowState};
use crate::time::{Elapsed, Instant};

/// How long whoever handed a code over waits for what comes of it, before saying that it is under way. An exchange takes a second or
/// two; requests are given up after a minute.
const WAIT_MAX: Elapsed = Elapsed::from_secs(10);
/// How often is looked.
const LOOK_EVERY: Elapsed = Elapsed::from_millis(200);

/// Waits for the end of a flow that was handed over; as it is then, or after ten seconds.
pub(super) async fn awaited(host: &Context, flow: Flow) -> Result<Flow, ConnectError> {
    let asked = host.clock.monotonic();
    loop {
        let seen = host.store.flow(flow.tenant, flow.id).await?.ok_or(ConnectError::Unknown)?;
        if !is_pending(&seen) || host.clock.monotonic() - asked >= WAIT_MAX {
            return Ok(seen);
        }
        host.clock.sleep_until(host.now().checked_add(LOOK_EVERY).unwrap_or(Instant::MAX)).await;
    }
}

/// Takes over a flow that was handed over, and exchanges its code.
///
/// # Errors
/// [`ConnectError`]; [`ConnectError::Refused`] where somebody else was faster.
pub async fn take_over(host: &Context, flow: &Flow) -> Result<(), ConnectError> {
    let taken = step(host, flow::taken_over(flow, host.now())?).await?;
    if taken.state == FlowState::Bound {
        exchanged(host, taken).await?;
    }
    Ok(())
}
