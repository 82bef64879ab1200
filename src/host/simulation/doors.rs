//! Where providers find the hosts of a run: the one public address behind which all of them are.

use super::switch::Switch;
use crate::host::clock::Boxed;
use crate::host::context::Context;
use crate::host::http::{Egress, NetError, Request, Response};
use crate::host::push::door;
use std::sync::{Arc, Mutex, PoisonError};

/// The hosts that were begun, and whether each still lives.
#[derive(Default)]
pub(in crate::host) struct Doors(Mutex<Open>);

#[derive(Default)]
struct Open {
    hosts: Vec<(Arc<Switch>, Context)>,
    /// How many requests came.
    count: usize,
}

impl Doors {
    /// A host begins.
    pub(in crate::host) fn open(&self, switch: &Arc<Switch>, host: &Context) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).hosts.push((switch.clone(), host.clone()));
    }

    /// One after the other of those that live; nobody waits for one that is held up.
    fn living(&self) -> Option<Context> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.hosts.retain(|(switch, _)| !switch.is_dead());
        open.count += 1;
        let ready: Vec<&Context> =
            open.hosts.iter().filter(|(switch, host)| !switch.is_held(host.now())).map(|(_, host)| host).collect();
        ready.get(open.count % ready.len().max(1)).map(|host| (*host).clone())
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
