//! Where providers find the hosts of a run: the one public address behind which all of them are.

use super::switch::Switch;
use crate::host::clock::Boxed;
use crate::host::context::Context;
use crate::host::http::{Egress, NetError, Request, Response};
use crate::host::push::door;
use std::sync::{Arc, Mutex, PoisonError};

/// The hosts that were begun, and whether each still lives.
#[derive(Default)]
pub(in crate::host) struct Doors(Mutex<Vec<(Arc<Switch>, Context)>>);

impl Doors {
    /// A host begins.
    pub(in crate::host) fn open(&self, switch: &Arc<Switch>, host: &Context) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((switch.clone(), host.clone()));
    }

    /// The newest that lives: another one than that which asked, where there are two.
    fn living(&self) -> Option<Context> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|(switch, _)| !switch.is_dead());
        hosts.last().map(|(_, host)| host.clone())
    }
}

impl Egress for Doors {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        Box::pin(async move {
            let Some(host) = self.living() else { return Err(NetError::NotSent) };
            Ok(door::answer(&host, &request).await)
        })
    }
}
