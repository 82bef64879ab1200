//! The whole product on one machine: the simulated company on loopback, the host beside it, a store in a fresh folder.

use super::Args;
use super::start::{Part, open, serve};
use super::world;
use crate::cli::{CliError, Outcome, say};
use crate::host::clock::{Clock, SystemClock};
use crate::host::setup::TENANT;
use crate::host::store::Commit;
use crate::host::world::serve::router;
use crate::host::world::shared::Shared;
use crate::host::world::weather::{Sky, Weather};
use crate::host::world::{World, connected, demo};
use crate::host::{api, app};
use std::sync::Arc;

pub(super) async fn run(args: &Args) -> Result<Outcome, CliError> {
    let cannot = |what: &'static str| move |source| CliError::Write { name: what.into(), source };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let plan = demo::plan(clock.now());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(cannot("a port on loopback"))?;
    let address = listener.local_addr().map_err(cannot("a port on loopback"))?;
    let world = World::new(vec![plan.clone()], Weather::under(Sky::Calm, 1));
    let shared = Shared::new(world, clock.clone()).with_door(Arc::new(world::network()?));
    let router = router(&shared, &format!("http://{address}"));
    let bases = shared.world().bases.clone();
    let (stopper, mut stop) = app::stopper();
    let postman = tokio::spawn(shared.clone().post());
    let simulated =
        tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(async move { stop.set().await }).await });

    let folder = std::env::temp_dir().join(format!("callsheet-sandbox-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(cannot("a folder for the store"))?;
    let store = match &args.store {
        Some(url) => open(url).await?,
        None => open(&format!("sqlite:{}", folder.join("sandbox.db").display())).await?,
    };
    let (host, backend) = world::context(store, clock, &bases, connected::credentials(&plan.accounts))?;
    let writes = connected::rows(TENANT, "Larkspur", &plan, &bases.feeds, &format!("{}/larkspur", bases.hooks));
    host.store.commit(Commit { tenant: TENANT, writes }).await.map_err(|error| CliError::Usage(error.to_string()))?;
    say(&format!("the simulated company is on http://{address}; its state in {}", folder.display()));
    let listen = args.listen.as_deref().unwrap_or("127.0.0.1:0");
    let settings = api::Settings { guard: world::guard()?, ..api::Settings::of_this_process() };
    let outcome =
        serve(args, host, Part::All(backend), (&settings, Vec::new()), listen, "callsheet sandbox: Larkspur, six people").await;
    stopper.stop();
    // The world has nothing to finish that anybody waits for.
    simulated.abort();
    postman.abort();
    let removed = if args.store.is_none() { std::fs::remove_dir_all(&folder) } else { Ok(()) };
    removed.map_err(cannot("the sandbox's folder"))?;
    outcome
}
