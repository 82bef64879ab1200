//! A world and its clock, shared by everybody who asks: the host in process, a server, and those who watch.

use super::World;
use crate::host::clock::{Boxed, Clock};
use crate::host::http::{Egress, NetError, Request, Response};
use crate::time::{Elapsed, Instant};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is to be told is looked for at least this often: others let things happen as well.
const POST_EVERY: Elapsed = Elapsed::from_secs(1);

/// A world with a clock. Cloning it shares it.
#[derive(Clone)]
pub struct Shared {
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Clock>,
    /// The way to who is told of changes.
    door: Option<Arc<dyn Egress>>,
}

impl Shared {
    /// Shares `world`; every call happens when `clock` says that it does.
    #[must_use]
    pub fn new(world: World, clock: Arc<dyn Clock>) -> Self {
        Self { world: Arc::new(Mutex::new(world)), clock, door: None }
    }

    /// The same world, which can tell of changes by this way.
    #[must_use]
    pub fn with_door(self, door: Arc<dyn Egress>) -> Self {
        Self { door: Some(door), ..self }
    }

    /// Brings what is to be told, as its time comes; without a way to anybody, nothing is. Does not end.
    pub async fn post(self) {
        let Some(door) = self.door.clone() else { return };
        loop {
            let now = self.clock.now();
            let (due, next) = {
                let mut world = self.world();
                world.advance(now);
                let due = world.push.take_due(now);
                let next = world.next_step().into_iter().chain(world.push.next_due()).min();
                (due, next)
            };
            for message in due {
                let answer = door.call(message.request.clone()).await;
                let now = self.clock.now();
                self.world().push.brought(now, message, &answer);
            }
            let now = self.clock.now();
            let next = next.unwrap_or(Instant::MAX).min(now + POST_EVERY).max(now + Elapsed::from_millis(1));
            self.clock.sleep_until(next).await;
        }
    }

    /// Asks the addresses that a request names whether they are wanted, where it names any.
    pub async fn validate(&self, request: &Request) {
        let Some(door) = &self.door else { return };
        let probes = self.world().validations(request);
        for probe in probes {
            let answer = door.call(probe.clone()).await;
            self.world().validated(&probe, &answer);
        }
    }

    /// The world, for a look or a change. Never hold it over an `.await`.
    pub fn world(&self) -> MutexGuard<'_, World> {
        // A panic elsewhere leaves a world that is as good as any other.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One exchange, and how long its client waits for it at least, where nothing else is said in `no_answer`.
    pub(super) async fn exchange(&self, request: &Request, no_answer: Option<Duration>) -> Result<Response, NetError> {
        self.validate(request).await;
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
