//! The stage of the scenarios: a small office, what happens in it, and what is told of it afterwards.

use crate::host::app;
use crate::host::clock::{Clock, Timekeeper};
use crate::host::model::{Origin, OutboxEvent, RulesRow};
use crate::host::simulation::clock::VirtualClock;
use crate::host::simulation::life::{Setting, TENANT};
use crate::host::store::{Commit, Write};
use crate::host::world::bots::Happened;
use crate::host::world::calendar::{Account, Change, Content, Edit, Guest, Meeting};
use crate::host::world::graph;
use crate::host::world::script::{Plan, Step, What, in_order};
use crate::host::world::weather::{Sky, Weather};
use crate::time::{Elapsed, Instant, Zone};
use crate::value::Response;
use expect_test::Expect;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// The start that the meeting of a scenario has first.
pub(super) const START: &str = "2026-03-25T10:00:00Z";
/// Its link.
pub(super) const LINK: &str = "https://us02web.zoom.us/j/81234500001?pwd=first";
/// The same meeting under another password.
pub(super) const LINK_NEW_PASSWORD: &str = "https://us02web.zoom.us/j/81234500001?pwd=second";
/// Another meeting.
pub(super) const LINK_ELSEWHERE: &str = "https://us02web.zoom.us/j/81234500099";
/// The handle of the meeting.
pub(super) const MEETING: &str = "weeklytalk";
/// An address that nobody in the office has.
pub(super) const OUTSIDER: &str = "rosa@greenmile.example";

/// The people: one with each provider.
pub(super) const ANN: (&str, Origin) = ("ann", Origin::Google);
pub(super) const BEN: (&str, Origin) = ("ben", Origin::Graph);
pub(super) const CAT: (&str, Origin) = ("cat", Origin::Feed);

const RULES: &str = "callsheet 1\nlayer organisation\nour domains @acme.example\ndefault record\n\n\
    rule quiet:\n  never record\n  when title contains \"private\"\n";

/// The start and so many seconds.
pub(super) fn at(secs: i64) -> Instant {
    START.parse::<Instant>().expect("an instant") + Elapsed::from_secs(secs)
}

pub(super) fn address(name: &str) -> String {
    if name.contains('@') { name.to_owned() } else { format!("{name}@acme.example") }
}

/// A meeting of half an hour at [`START`], made the day before.
pub(super) fn meeting(organizer: (&str, Origin), guests: &[&str]) -> Meeting {
    let made = at(-24 * 3600);
    let uid = match organizer.1 {
        Origin::Google => format!("{MEETING}@google.com"),
        Origin::Graph => graph::own_uid(7, 8, 9),
        Origin::Feed => format!("{MEETING}@acme.example"),
    };
    let guests = guests.iter().map(|guest| Guest::person(address(guest)).answered(Response::Accepted));
    Meeting {
        uid,
        handle: MEETING.to_owned(),
        organizer: address(organizer.0),
        content: Content { title: "Weekly talk".into(), link: Some(LINK.into()), guests: guests.collect(), ..Content::default() },
        zone: zone(),
        first: zone().civil(at(0)),
        mins: 30,
        all_day: false,
        repeats: None,
        exceptions: BTreeMap::new(),
        cancelled: false,
        dropped: BTreeSet::new(),
        sequence: 0,
        created: made,
        updated: made,
    }
}

pub(super) fn zone() -> Zone {
    Zone::named("Europe/London").expect("a zone of the database")
}

/// Moves the meeting to so many seconds after its first start.
pub(super) fn moved(secs: i64) -> Edit {
    Edit::Move { first: zone().civil(at(secs)), mins: 30 }
}

pub(super) fn titled(title: &str) -> Edit {
    Edit::Content(Change::Title(title.into()))
}

pub(super) fn linked(link: Option<&str>) -> Edit {
    Edit::Content(Change::Link(link.map(str::to_owned)))
}

/// Seconds from the start.
fn when(instant: Instant) -> String {
    format!("{}s", instant.duration_since(at(0)).as_secs())
}

/// An office with its meetings, and a host that comes and goes.
pub(super) struct Stage {
    pub(super) setting: Setting,
    lives: u32,
}

impl Stage {
    /// People with their calendars, and what happens in them: the time from [`START`], and what. An hour before that start.
    pub(super) async fn new(people: &[(&str, Origin)], meetings: Vec<Meeting>, edits: Vec<(i64, Edit)>) -> Self {
        let edits = edits.into_iter().map(|(secs, edit)| (secs, What::Edit(MEETING.to_owned(), edit)));
        Self::with_steps(people, meetings, edits.collect()).await
    }

    /// The same with any steps.
    pub(super) async fn with_steps(people: &[(&str, Origin)], meetings: Vec<Meeting>, steps: Vec<(i64, What)>) -> Self {
        let accounts = people.iter().map(|(name, origin)| Account {
            name: (*name).to_owned(),
            address: address(name),
            origin: *origin,
            zone: zone(),
            client: "house".to_owned(),
            token: format!("token-{name}"),
        });
        let made = meetings.into_iter().map(|meeting| Step { at: meeting.created, what: What::Create(Box::new(meeting)) });
        let later = steps.into_iter().map(|(secs, what)| Step { at: at(secs), what });
        let plan = Plan {
            accounts: accounts.collect(),
            steps: in_order(made.chain(later).collect()),
            rules: RULES.to_owned(),
            domain: "acme.example".to_owned(),
        };
        Self { setting: Setting::of(plan, Weather::under(Sky::Calm, 1), at(-3600)).await, lives: 0 }
    }

    /// The organisation has these rules from now on.
    pub(super) async fn is_ruled_by(&self, rules: &str) {
        let row = RulesRow { tenant: TENANT, user: None, version: 2, text: rules.to_owned() };
        self.setting.store().commit(Commit { tenant: TENANT, writes: vec![Write::Rules(row)] }).await.expect("stored");
    }

    /// The rules that decided what is shown to begin then, ascending.
    pub(super) async fn rules_at(&self, start: Instant) -> Vec<String> {
        let mut meetings = self.setting.store().meetings(TENANT, start, start + Elapsed::from_secs(1), 100).await.expect("read");
        // Those that were one with another at last are remembered, and seen nowhere.
        meetings.retain(|meeting| !meeting.sightings.is_empty());
        let mut rules: Vec<String> = meetings.into_iter().filter_map(|meeting| meeting.rule).collect();
        rules.sort_unstable();
        rules
    }

    /// A host lives until so many seconds after [`START`], and is killed then.
    pub(super) async fn live_until(&mut self, secs: i64) {
        self.lives += 1;
        self.setting.live(&format!("host-{}", self.lives), at(secs)).await;
    }

    /// Nobody lives until then.
    pub(super) async fn nobody_until(&self, secs: i64) {
        self.setting.clock.sleep_until(at(secs)).await;
    }

    /// A host whose clock can be set runs until then; `during` sees to it meanwhile.
    pub(super) async fn live_with_clock(&mut self, secs: i64, during: impl AsyncFnOnce(&VirtualClock)) {
        self.lives += 1;
        let own = self.setting.clock.twin();
        let mut host = self.setting.host(&format!("host-{}", self.lives));
        host.clock = Arc::new(Timekeeper::new(own.clone()));
        let (_stopper, stop) = app::stopper();
        let running = tokio::spawn(app::run(host, self.setting.backend(), stop));
        during(&own).await;
        self.nobody_until(secs).await;
        running.abort();
        let _ = running.await;
    }

    /// What the bot service saw, what webhook receivers were told, and how it all ended.
    pub(super) async fn check(&self, expected: Expect) {
        expected.assert_eq(&self.told().await);
    }

    /// The same as text: bots are A, B and so on, in the order in which they were asked for.
    pub(super) async fn told(&self) -> String {
        let world = self.setting.shared.world().clone();
        let mut names: BTreeMap<&str, char> = BTreeMap::new();
        let mut text = String::new();
        let mut letters = 'A'..='Z';
        for line in world.bots.journal() {
            let name = *names.entry(&line.key).or_insert_with(|| letters.next().expect("few bots"));
            let what = match line.what {
                Happened::Accepted => "is accepted",
                Happened::Again => "is asked for again",
                Happened::Changed => "is changed",
                Happened::RefusedTombstoned => "is refused after its recall",
                Happened::RefusedFenced => "is refused for an old fence",
                Happened::Refused => "is refused",
                Happened::Joined => "joins",
                Happened::Ended => "leaves at the end",
                Happened::Recalled => "is recalled before it joins",
                Happened::Left => "is recalled and leaves",
                Happened::Tombstoned => "is recalled before it was asked for",
            };
            let _ = writeln!(text, "{:<7}{name} {what}", when(line.at));
        }
        for event in self.events().await {
            let reason = serde_json::from_str::<serde_json::Value>(&event.body).expect("JSON")["reason"].clone();
            let reason = reason.as_str().map(|reason| format!(": {reason}")).unwrap_or_default();
            let _ = writeln!(text, "{:<7}{}{reason}", when(event.at), event.kind);
        }
        text
    }

    /// Every event of the outbox, in order.
    pub(super) async fn events(&self) -> Vec<OutboxEvent> {
        self.setting.store().events(TENANT, Default::default(), 10_000).await.expect("read")
    }

    /// When bots were in a meeting: joined, and left or recalled.
    pub(super) fn stays(&self) -> Vec<(i64, i64)> {
        let world = self.setting.shared.world().clone();
        let secs = |at: Instant| at.duration_since(self::at(0)).as_secs();
        let bots = world.bots.all().values().filter_map(|bot| {
            let joined = bot.joins_at.filter(|_| bot.accepted_at.is_some())?;
            let left = bot.leaves_at.into_iter().chain(bot.recalled_at).min()?;
            (joined < left).then(|| (secs(joined), secs(left)))
        });
        let mut stays: Vec<(i64, i64)> = bots.collect();
        stays.sort_unstable();
        stays
    }
}
