//! A world and its clock, shared by everybody who asks: the host in process, a server, and those who watch.

use super::World;
use crate::host::clock::{Boxed, Clock};
use crate::host::http::{Egress, NetError, Request, Response};
use crate::time::Elapsed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A world with a clock. Cloning it shares it.
#[derive(Clone)]
pub struct Shared {
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Clock>,
}

impl Shared {
    /// Shares `world`; every call happens when `clock` says that it does.
    #[must_use]
    pub fn new(world: World, clock: Arc<dyn Clock>) -> Self {
        Self { world: Arc::new(Mutex::new(world)), clock }
    }

    /// The world, for a look or a change. Never hold it over an `.await`.
    pub fn world(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere leaves a world that is as good as any other.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One exchange, and how long its client waits for it at least, where nothing else is said in `no_answer`.
    pub(super) async fn exchange(&self, request: &Request, no_answer: Option<Duration>) -> Result<Response, NetError> {
        let now = self.clock.now();
        let answered = self.world().call(now, request);
        let wait = no_answer.filter(|_| answered.result.is_err()).unwrap_or(answered.after);
        let until = Elapsed::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok());
        self.clock.sleep_until(until.unwrap_or(now)).await;
        answered.result
    }
}

/// The host's way out, where the world is in process.
impl Egress for Shared {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        Box::pin(async move { self.exchange(&request, None).await })
    }
}
