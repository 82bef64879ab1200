//! The whole host against the simulated world, on a clock that only moves when nothing else does.
//!
//! The same loops that serve run here, on the store in memory and one thread; seeds decide everything. An oracle reads the
//! world's own history and says which bots there must have been, and which must not: it shares the rules and the reading of
//! calendars with the host, and nothing of sync, plan, store or dispatch.

use super::app;
use super::bots::Backend;
use super::clock::{Boxed, Clock};
use super::context::Context;
use super::model::TenantId;
use super::store::{Commit, Memory, Store};
use super::world::calendar::{Account, AccountId, Truth};
use super::world::dice::Dice;
use super::world::script::{self, Plan, Size};
use super::world::shared::Shared;
use super::world::weather::{Sky, Weather};
use super::world::{World, connected, feed};
use crate::engine::{self, CheckOptions, RuleSet, RuleText, check};
use crate::event::{Address, ConnectedUser, Occurrence, ProvidedLists};
use crate::time::{Elapsed, Instant, Zone};
use crate::value::words::Verb;
use crate::value::{Decision, Overrides};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

const TENANT: TenantId = TenantId(1);
/// What was known this long before the start, and still held at the start, must have been followed.
const SETTLED: Elapsed = Elapsed::from_mins(20);

/// A clock that runs on tokio's, which is paused.
struct VirtualClock {
    start: Instant,
    begun: tokio::time::Instant,
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        self.start + Elapsed::try_from(self.begun.elapsed()).expect("a run is short")
    }

    fn sleep_until(&self, at: Instant) -> Boxed<'_, ()> {
        let left = at.duration_since(self.now());
        let left = std::time::Duration::try_from(left).unwrap_or_default();
        Box::pin(tokio::time::sleep(left))
    }
}

/// One run: what it is made of.
struct Run {
    seed: u64,
    sky: Sky,
    days: u32,
    users: usize,
    meetings: usize,
    /// How often the host is killed.
    crashes: u32,
}

/// What came of a run.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    /// Meetings that had to have a bot.
    wanted: usize,
    /// Meetings that had to have none.
    unwanted: usize,
    /// What was wrong, by invariant.
    wrong: Vec<String>,
    /// Digest of everything that the world was asked and answered.
    trace: u64,
}

fn begin() -> Instant {
    "2026-03-25T06:00:00Z".parse().expect("an instant")
}

/// A meeting as people see it: where, and when.
type Place = (String, Instant);

impl Run {
    async fn report(&self) -> Report {
        let start = begin();
        let size = Size { start, days: self.days, users: self.users, meetings: self.meetings, domain: "acme.example".into() };
        let plan = script::plan(self.seed, &size);
        let end = start + Elapsed::from_hours(24 * i64::from(self.days));
        let mut weather = Weather::under(self.sky, self.seed);
        weather.clears_at = Some(end);
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock { start, begun: tokio::time::Instant::now() });
        let shared = Shared::new(World::new(vec![plan.clone()], weather), clock.clone());
        let store = Memory::new();
        let writes = connected::rows(TENANT, "Acme", &plan, "https://feeds.example", "https://hooks.example/acme");
        Store::Memory(store.clone()).commit(Commit { tenant: TENANT, writes }).await.expect("a new store takes it");
        let mut dice = Dice::of(self.seed, "crashes");
        for life in 0..self.crashes {
            let left = end.duration_since(clock.now()) / i32::try_from(self.crashes + 1 - life).expect("few crashes");
            let early = Elapsed::from_secs(dice.below(3600).cast_signed()).min(left);
            self.live(&plan, &store, &shared, &clock, life, clock.now() + left - early).await;
        }
        self.live(&plan, &store, &shared, &clock, self.crashes, end).await;
        let world = shared.world().clone();
        let mut report = Oracle::of(&plan).report(&world, start, end);
        report.trace = world.trace();
        for wrong in &mut report.wrong {
            wrong.push_str(&told(&world, &Store::Memory(store.clone()), wrong).await);
        }
        report.wrong.extend(world.audit.violations().iter().map(|violation| format!("I9 {violation:?}")));
        report
    }

    /// One life of a host: it starts with what the store has, and is killed.
    async fn live(&self, plan: &Plan, store: &Memory, shared: &Shared, clock: &Arc<dyn Clock>, life: u32, until: Instant) {
        let mut host =
            Context::new(Store::Memory(store.clone()), Arc::new(shared.clone()), clock.clone(), format!("host-{life}"));
        host.credentials = Arc::new(connected::credentials(&plan.accounts));
        let backend = Backend::Callsheet { base_url: "https://bots.example".into(), token: "token".to_owned().into() };
        let (_stopper, stop) = app::stopper();
        let running = tokio::spawn(app::run(host, backend, stop));
        clock.sleep_until(until).await;
        running.abort();
        // Whatever the abort drops is dropped before the next life begins.
        let _ = running.await;
    }
}

/// Says from the world's history which meetings must have a bot.
struct Oracle<'a> {
    accounts: &'a [Account],
    users: Vec<ConnectedUser>,
    rules: RuleSet,
}

impl<'a> Oracle<'a> {
    fn of(plan: &'a Plan) -> Self {
        let text = RuleText { name: "acme.rules".into(), text: plan.rules.clone(), layer: None };
        let rules = check(&[text], &CheckOptions::default()).rule_set.expect("the script's rules pass the check");
        let users = plan.accounts.iter().map(|account| ConnectedUser {
            addresses: Address::parse(&account.address).into_iter().collect(),
            zone: Some(account.zone.clone()),
            bots: vec![],
        });
        Self { accounts: &plan.accounts, users: users.collect(), rules }
    }

    /// The meetings that start in `[from, to)` and should have a bot, as the calendars stood at a revision.
    ///
    /// With each, how long after the start its bot joins; negative: before.
    fn recorded(&self, truth: &Truth, rev: u64, from: Instant, to: Instant) -> BTreeMap<Place, i64> {
        let mut seen: Vec<(usize, Occurrence)> = Vec::new();
        for (number, account) in self.accounts.iter().enumerate() {
            let document = feed::document(truth, AccountId(number), rev);
            let calendar = crate::providers::ics::read(document.as_bytes(), &account.zone).expect("the world writes calendars");
            seen.extend(
                calendar.occurrences(from..to, &account.zone).occurrences.into_iter().map(|occurrence| (number, occurrence)),
            );
        }
        let sightings: Vec<engine::Sighting<'_>> = seen
            .iter()
            .map(|(number, occurrence)| engine::Sighting {
                rules: &self.rules,
                occurrence,
                user: &self.users[*number],
                overrides: Overrides::default(),
            })
            .collect();
        let plan = engine::plan(&ProvidedLists::default(), &sightings, &Zone::utc());
        let recorded = plan.iter().filter(|planned| matches!(planned.decision, Decision::Decided { verb: Verb::Record, .. }));
        recorded
            .filter_map(|planned| {
                let link = planned.occurrence.facts.link.known()?.as_ref()?;
                let place = (format!("{}/{}", link.platform, link.id), planned.occurrence.start.instant(&Zone::utc()));
                Some((place, planned.settings.join))
            })
            .collect()
    }

    fn report(&self, world: &World, start: Instant, end: Instant) -> Report {
        let truth = &world.truth;
        let mut report = Report::default();
        let joined = joined(world);
        for (place, times) in &joined {
            if times.len() > 1 {
                report.wrong.push(format!("I6 {} bots in {} at {}", times.len(), place.0, place.1));
            }
        }
        let mut step = start + SETTLED + SETTLED;
        let last = end - Elapsed::from_hours(1);
        while step < last {
            let next = step + Elapsed::from_mins(15);
            self.quarter(truth, &joined, step..next, &mut report);
            step = next;
        }
        report
    }

    /// The meetings that start in a quarter of an hour.
    fn quarter(
        &self,
        truth: &Truth,
        joined: &BTreeMap<Place, Vec<Instant>>,
        span: std::ops::Range<Instant>,
        report: &mut Report,
    ) {
        // Every state of the world since what was known then must have been followed.
        let revisions = truth.rev_at(span.start - SETTLED)..=truth.rev_at(span.end);
        let views: Vec<BTreeMap<Place, i64>> = revisions.map(|rev| self.recorded(truth, rev, span.start, span.end)).collect();
        let all: BTreeSet<&Place> = views.iter().flat_map(BTreeMap::keys).collect();
        let in_span = joined.keys().filter(|(_, start)| span.contains(start));
        for place in all.iter().copied().chain(in_span).collect::<BTreeSet<_>>() {
            let times = joined.get(place).map_or(&[][..], Vec::as_slice);
            if views.iter().all(|view| view.contains_key(place)) {
                report.wanted += 1;
                let on_time = |at: &Instant| {
                    let join = views[0][place];
                    (join - 21..=join.max(0) + 600).contains(&at.duration_since(place.1).as_secs())
                };
                if !times.iter().any(on_time) {
                    report.wrong.push(format!("I1 no bot in {} at {}", place.0, place.1));
                }
            } else if views.iter().all(|view| !view.contains_key(place)) {
                report.unwanted += 1;
                if !times.is_empty() {
                    report.wrong.push(format!("I2 a bot in {} at {} that nobody wants", place.0, place.1));
                }
            }
        }
    }
}

/// The bots that were in a meeting, by place: when they joined.
fn joined(world: &World) -> BTreeMap<Place, Vec<Instant>> {
    let mut joined: BTreeMap<Place, Vec<Instant>> = BTreeMap::new();
    for bot in world.bots.all().values() {
        let Some(joins_at) = bot.joins_at.filter(|_| bot.accepted_at.is_some()) else { continue };
        if bot.recalled_at.is_some_and(|recalled| recalled <= joins_at) {
            continue;
        }
        let text = |name: &str| bot.spec[name].as_str().expect("the host says so").to_owned();
        let start: Instant = text("start").parse().expect("an instant");
        joined.entry((text("room"), start)).or_default().push(joins_at);
    }
    joined
}

/// What the bot service and the store know of the start that a finding names, for whoever looks into it.
async fn told(world: &World, store: &Store, wrong: &str) -> String {
    let start = wrong.split(" at ").nth(1).and_then(|rest| rest.split(' ').next()).and_then(|at| at.parse::<Instant>().ok());
    let Some(start) = start else { return String::new() };
    let mut text = String::new();
    for bot in world.bots.all().values().filter(|bot| bot.spec["start"] == start.to_string().as_str()) {
        let times = (bot.accepted_at, bot.joins_at, bot.leaves_at, bot.recalled_at);
        let _ = write!(text, "\n    bot in {}: accepted, joins, leaves, recalled {times:?}", bot.spec["room"]);
    }
    for meeting in store.meetings(TENANT, start, start + Elapsed::from_secs(1), 100).await.expect("read") {
        let dispatches = store.dispatches_of(TENANT, std::slice::from_ref(&meeting.id)).await.expect("read");
        let states: Vec<&str> = dispatches.iter().map(|dispatch| dispatch.state.word()).collect();
        let _ = write!(text, "\n    {} {} {:?}: {states:?}", meeting.outcome.word(), meeting.reason, meeting.sightings);
    }
    text
}

async fn check_runs(seeds: std::ops::Range<u64>, sky: Sky, crashes: u32) {
    let (mut wanted, mut wrong) = (0, Vec::new());
    for seed in seeds {
        let report = Run { seed, sky, days: 2, users: 4, meetings: 24, crashes }.report().await;
        wanted += report.wanted;
        wrong.extend(report.wrong.into_iter().map(|what| format!("seed {seed}: {what}")));
    }
    assert!(wrong.is_empty(), "{sky:?}, {crashes} crashes, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(wanted > 20, "only {wanted} meetings had to be recorded");
}

#[tokio::test(start_paused = true)]
async fn every_wanted_meeting_has_one_bot_in_calm_weather() {
    check_runs(0..6, Sky::Calm, 0).await;
}

#[tokio::test(start_paused = true)]
async fn every_wanted_meeting_has_one_bot_however_flaky_the_world() {
    check_runs(100..104, Sky::Flaky, 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_killed_goes_on_where_it_was() {
    check_runs(200..204, Sky::Calm, 12).await;
}

#[test]
fn one_seed_gives_one_trace() {
    let trace = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(Run { seed: 7, sky: Sky::Flaky, days: 1, users: 3, meetings: 12, crashes: 2 }.report())
    };
    assert_eq!(trace(), trace());
}
