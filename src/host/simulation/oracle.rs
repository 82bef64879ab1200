//! What had to happen, said from the world's own history.
//!
//! It shares the rules and the reading of calendars with the host, and nothing of sync, plan, store or dispatch.

use super::life::TENANT;
use super::run::Report;
use crate::engine::{self, CheckOptions, RuleSet, RuleText, check};
use crate::event::{Address, ConnectedUser, Occurrence, ProvidedLists};
use crate::host::store::Store;
use crate::host::world::calendar::{Account, AccountId, Truth};
use crate::host::world::script::Plan;
use crate::host::world::{World, feed};
use crate::time::{Elapsed, Instant, Zone};
use crate::value::words::Verb;
use crate::value::{Decision, Overrides};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What was known this long before the start, and still held at the start, must have been followed.
const SETTLED: Elapsed = Elapsed::from_mins(20);

/// A meeting as people see it: where, and when.
type Place = (String, Instant);

/// Says from the world's history which meetings must have a bot.
pub(super) struct Oracle<'a> {
    accounts: &'a [Account],
    users: Vec<ConnectedUser>,
    rules: RuleSet,
}

impl<'a> Oracle<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
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

    pub(super) fn report(&self, world: &World, start: Instant, end: Instant) -> Report {
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
pub(super) async fn told(world: &World, store: &Store, wrong: &str) -> String {
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
