//! One run: a kind of trouble, a seed, its world, and the lives of hosts in it.

use super::expected::Oracle;
use super::hands::{Deed, Hands};
use super::life::{HOOK, Living, Setting, TENANT};
use super::oracle::{Case, Stored, happened, told};
use super::switch::Death;
use super::{clock, ear};
use crate::host::clock::Clock;
use crate::host::model::{Endpoint, EndpointId};
use crate::host::store::{Commit, Moment, Write};
use crate::host::sync::quota::{Limits, Rate};
use crate::host::world::bots::Happened;
use crate::host::world::calendar::AccountId;
use crate::host::world::connected;
use crate::host::world::dice::{Dice, hash};
use crate::host::world::push::Manner;
use crate::host::world::receiver::Manner as Receives;
use crate::host::world::script::{self, Size};
use crate::host::world::weather::{Fault, Kind as Request, Service, Sky, Weather};
use crate::time::{ClockTime, Date, Elapsed, Instant};
use std::collections::BTreeMap;
use std::ops::Range;

/// What goes wrong in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Nothing.
    Calm,
    /// One request in twenty.
    Flaky,
    /// One request in four.
    Storm,
    /// Each service otherwise every hour.
    Swizzle,
    /// Services do not answer for an hour.
    Dark,
    /// The bot service refuses, does and does not say so, answers late.
    Liars,
    /// Receivers redirect, hang, ask to wait, are gone.
    Receivers,
    /// The host is killed at operations of every sort.
    Crashes,
    /// Two to five hosts share the store; they are held up, killed, stop and join, and the clock of one may be wrong from the begin
    /// on.
    Hosts,
    /// The host's clock is set forth and back, or stands still.
    Jumps,
    /// The quota is just enough.
    Quota,
    /// Providers tell of changes: late, twice, in another order, in floods, and now and then not at all; and so do others. One to three
    /// hosts, which are held up, killed, stop and join.
    Push,
    /// Providers promise to tell of changes, and nothing ever comes; to the same hosts.
    PushLost,
}

impl Kind {
    pub(super) const ALL: [Self; 13] = [
        Self::Calm,
        Self::Flaky,
        Self::Storm,
        Self::Swizzle,
        Self::Dark,
        Self::Liars,
        Self::Receivers,
        Self::Crashes,
        Self::Hosts,
        Self::Jumps,
        Self::Quota,
        Self::Push,
        Self::PushLost,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Flaky => "flaky",
            Self::Storm => "storm",
            Self::Swizzle => "swizzle",
            Self::Dark => "dark",
            Self::Liars => "liars",
            Self::Receivers => "receivers",
            Self::Crashes => "crashes",
            Self::Hosts => "hosts",
            Self::Jumps => "jumps",
            Self::Quota => "quota",
            Self::Push => "push",
            Self::PushLost => "push-lost",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    fn sky(self) -> Sky {
        match self {
            Self::Flaky => Sky::Flaky,
            Self::Storm => Sky::Storm,
            Self::Swizzle => Sky::Swizzle,
            _ => Sky::Calm,
        }
    }
}

/// One run: what it is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) kind: Kind,
    pub(super) seed: u64,
    pub(super) users: usize,
    pub(super) meetings: usize,
    /// How long, from the morning on.
    pub(super) hours: i64,
    /// Where the first host dies, besides what its kind brings.
    pub(super) death: Option<Death>,
    /// Whether people say things and send bots by hand.
    pub(super) by_hand: bool,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// Occurrences that began in the run, each followed from its first sighting to its end.
    pub(super) lives: usize,
    /// Places that had to have a bot.
    pub(super) wanted: usize,
    /// Places that had to have none.
    pub(super) unwanted: usize,
    /// What was wrong, by invariant.
    pub(super) wrong: Vec<String>,
    /// Digest of everything that the world was asked and answered, and of what was stored at the end.
    pub(super) trace: u64,
    /// How often each fault met each kind of request.
    pub(super) met: BTreeMap<(Fault, Request), u64>,
    /// How often each thing happened to bots.
    pub(super) happened: BTreeMap<Happened, u64>,
    /// How often hosts met each sort of incident.
    pub(super) incidents: BTreeMap<&'static str, u64>,
    /// How many operations the last host made, looks aside.
    pub(super) operations: u64,
}

/// Something that happens to hosts.
#[derive(Clone, Copy, Debug)]
enum Incident {
    /// Dies at an operation that comes soon.
    Doom(Death),
    /// Is held up.
    Hold(usize, Elapsed),
    /// Dies without a word, if it is not the last one.
    Kill(usize),
    /// Stops in order, if it is not the last one.
    Leave(usize),
    /// Another host begins.
    Join,
    /// Its clock shows another time.
    SetOff(i64),
    /// Its clock stands still.
    Stop,
    /// A service is dark for an hour.
    Darken(Service),
    /// Every cursor of an account is worthless from now on.
    Forget(usize),
    /// A person does something by hand.
    Hand(Deed),
}

/// How messages of providers go wrong.
fn pushing(kind: Kind, ends_at: Option<Instant>) -> Manner {
    // Channels end several times in a run.
    let usual = Manner { life: Some(Elapsed::from_mins(40)), holds_to_account: true, ends_at, ..Manner::default() };
    match kind {
        Kind::PushLost => Manner { lost: 1000, ends_at: None, ..usual },
        _ => Manner {
            lost: 20,
            late: 200,
            twice: 100,
            forged: 200,
            absent: 50,
            silent: 20,
            refused: 150,
            early: 500,
            unproven: 100,
            flood: 30,
            ..usual
        },
    }
}

/// A death at one of the operations that come next.
fn doom(dice: &mut Dice) -> Incident {
    let moment = if dice.chance(500) { Moment::Before } else { Moment::After };
    let commits_only = dice.chance(700);
    Incident::Doom(Death { operation: 1 + dice.below(6), moment, commits_only })
}

/// How long runs of a sample last: a morning.
const HOURS: i64 = 4;
/// All meetings begin within so many hours: time that only passes costs as much as time in which something happens.
const BUSY_HOURS: u64 = 2;
/// People do one thing by hand for so many meetings, and each of what they do at least once.
const MEETINGS_A_DEED: usize = 6;
/// Days on which runs begin: working days, days before zones change their clocks, the end of a year.
const DAYS: [(i16, i8, i8); 6] = [(2026, 3, 25), (2026, 5, 12), (2026, 3, 28), (2026, 3, 7), (2026, 10, 24), (2026, 12, 31)];

impl Run {
    /// How many meetings runs of a sample have.
    pub(super) const USUAL: usize = 120;
    /// The same of runs of a large sample.
    pub(super) const DENSE: usize = 240;

    /// The run of a seed, as large as runs of a sample are.
    pub(super) fn of(kind: Kind, seed: u64) -> Self {
        Self { kind, seed, users: 16, meetings: Self::USUAL, hours: HOURS, death: None, by_hand: true }
    }

    /// The command that makes the same run again.
    pub(super) fn command(&self) -> String {
        let Self { kind, seed, users, meetings, hours, by_hand, .. } = self;
        let by_hand = if *by_hand { "" } else { "CALLSHEET_BY_HAND=0 " };
        format!(
            "{by_hand}CALLSHEET_SEED={seed} CALLSHEET_SKY={} CALLSHEET_SIZE={users}x{meetings}x{hours} cargo test --lib host::simulation::tests::replay -- --nocapture",
            kind.word()
        )
    }

    fn start(&self) -> Instant {
        let (year, month, day) = *Dice::of(self.seed, "day").pick(&DAYS);
        let morning = Date::constant(year, month, day).to_datetime(ClockTime::constant(7, 15, 0, 0));
        script::home(self.seed).instant(morning)
    }

    /// How many hosts share the store at first.
    fn host_count(&self) -> usize {
        match self.kind {
            Kind::Hosts => *Dice::of(self.seed, "hosts").pick(&[2, 3, 4, 5]),
            Kind::Push | Kind::PushLost => *Dice::of(self.seed, "hosts").pick(&[1, 2, 3]),
            _ => 1,
        }
    }

    /// Sets the quota of the OAuth clients at Google, for the world and for the hosts.
    fn limit_google(setting: &mut Setting, minute: usize) {
        setting.shared.world().google.limits.client_per_minute = minute;
        let own = Limits::of(crate::host::model::Origin::Google);
        let client = Rate { count: minute, window: Elapsed::from_secs(60) };
        setting.limits = Some(Limits { client, ..own });
    }

    /// How long the hosts live on after the faults stopped: until everything must have been made good.
    fn cooling(&self) -> Elapsed {
        match self.kind {
            Kind::Flaky | Kind::Storm | Kind::Swizzle | Kind::Dark => Elapsed::from_mins(80),
            _ => Elapsed::from_mins(12),
        }
    }

    /// Makes the run in a runtime of its own.
    pub(super) fn report(&self) -> Report {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        // A paused clock moves while the runtime is parked, and then only.
        builder.enable_time().start_paused(true).on_thread_unpark(clock::moved);
        let runtime = builder.build().expect("a runtime");
        clock::forgotten();
        let (report, _) = ear::listening(|| runtime.block_on(self.lived()));
        clock::forgotten();
        report
    }

    async fn lived(&self) -> Report {
        let start = self.start();
        let size = Size { start, days: 1, users: self.users, meetings: self.meetings, domain: "acme.example".into() };
        let plan = script::plan_within(self.seed, &size, BUSY_HOURS);
        let faults_end = start + Elapsed::from_hours(self.hours);
        let end = faults_end + self.cooling();
        let mut weather = Weather::under(self.kind.sky(), self.seed);
        weather.clears_at = Some(faults_end);
        let mut setting = Setting::of(plan, weather, start).await;
        setting.horizon = Elapsed::from_hours(28);
        // Every other run stores in pieces what others store at once, so that hosts die between them as well.
        if self.seed % 2 == 1 {
            setting.piece = 3;
        }
        // The token endpoint has the weather of the others.
        setting.shared.world().tokens.faults = match self.kind {
            Kind::Flaky | Kind::Swizzle => 50,
            Kind::Storm => 250,
            _ => 0,
        };
        self.prepare(&mut setting);
        let postman = setting.push.then(|| tokio::spawn(setting.shared.clone().post()));
        self.add_receivers(&setting).await;
        let mut dice = Dice::of(self.seed, "incidents");
        let mut incidents = self.incidents(&mut dice, start, faults_end);
        incidents.extend(self.deeds(start, faults_end));
        incidents.sort_by_key(|(at, _)| *at);
        let mut hands = Hands::new(self.seed);
        if ear::is_loud() {
            println!("{incidents:#?}");
        }
        let (lives, counts, operations) = self.live(&setting, &incidents, end, &mut hands).await;
        if let Some(postman) = postman {
            postman.abort();
        }
        setting.heard.lock().expect("no host is left").not_told(setting.shared.world().push.untold());
        let stored = Stored::of(&setting).await;
        let world = setting.shared.world().clone();
        let oracle = Oracle::of(&setting.plan, &world.truth, &hands);
        let heard = setting.heard.lock().expect("no host is left");
        let lines = ear::lines();
        let case = Case {
            kind: self.kind,
            world: &world,
            oracle: &oracle,
            hands: &hands,
            heard: &heard,
            stored: &stored,
            span: start..faults_end,
            end,
            horizon: setting.horizon,
            incidents: &lives,
            lines: &lines,
            metrics: &setting.metrics.text(),
        };
        let mut report = case.report();
        for wrong in &mut report.wrong {
            wrong.push_str(&told(&world, &hands, &stored, wrong));
        }
        report.trace = hash(&format!("{} {}", world.trace(), stored.digest()));
        report.met = world.weather.met().clone();
        report.happened = happened(&world);
        report.incidents = counts;
        report.operations = operations;
        report
    }

    /// What of the world is otherwise from the begin on.
    fn prepare(&self, setting: &mut Setting) {
        match self.kind {
            Kind::Hosts => {
                setting.tells_time = true;
                // Less than the hosts would ask for, if each took the whole.
                let minute = self.users.max(2 * self.host_count());
                Self::limit_google(setting, minute);
            }
            Kind::Quota => Self::limit_google(setting, 2 * self.users),
            Kind::Push | Kind::PushLost => setting.tells_time = self.host_count() > 1,
            _ => {}
        }
        let mut world = setting.shared.world();
        match self.kind {
            Kind::Liars => {
                let habits = [(Fault::Unanswered, 1500), (Fault::Broken, 500), (Fault::Slow, 1500), (Fault::Twice, 500)];
                habits.into_iter().for_each(|(fault, chances)| world.weather.habit(Service::Bots, fault, chances));
                world.bots.refusals = 150;
            }
            Kind::Receivers => {
                world.weather.habit(Service::Hooks, Fault::Unanswered, 700);
                let manners = [
                    ("moved", Receives::Fails(301)),
                    ("gone", Receives::Fails(410)),
                    ("busy", Receives::AsksToWait(400)),
                    ("shaky", Receives::FailsFirst(2)),
                ];
                manners.into_iter().for_each(|(name, manner)| world.receivers.set(name, manner));
            }
            Kind::Push | Kind::PushLost => {
                setting.push = true;
                let manner = pushing(self.kind, world.weather.clears_at);
                world.push.set(manner, self.seed);
            }
            _ => {}
        }
    }

    /// Receivers besides the one that takes everything.
    async fn add_receivers(&self, setting: &Setting) {
        if self.kind == Kind::Receivers {
            let names = ["moved", "gone", "busy", "shaky"].into_iter().zip(2..);
            let first = setting.store().endpoints(TENANT).await.expect("a store in memory").remove(0);
            let writes = names.map(|(name, number)| {
                let url = HOOK.replace("acme", name);
                let secrets = vec![connected::SECRET.to_owned()];
                Write::Endpoint(Endpoint { id: EndpointId(number), url, secrets, version: 0, ..first.clone() })
            });
            let writes = writes.collect();
            setting.store().commit(Commit { tenant: TENANT, writes }).await.expect("new rows");
        }
    }

    /// What happens to hosts, in any order.
    fn incidents(&self, dice: &mut Dice, start: Instant, end: Instant) -> Vec<(Instant, Incident)> {
        let length = u64::try_from(end.duration_since(start).as_secs()).expect("ahead");
        let any = |dice: &mut Dice| start + Elapsed::from_secs(dice.below(length.saturating_sub(1800)).cast_signed());
        match self.kind {
            Kind::Crashes => (0..12).map(|_| (any(dice), doom(dice))).collect(),
            // A host that is alone dies at operations of every sort; of several, one after the other is away for a while as well.
            Kind::Push | Kind::PushLost => {
                let hosts = self.host_count();
                let dooms = (0..if hosts > 1 { 3 } else { 6 }).map(|_| (any(dice), doom(dice))).collect::<Vec<_>>();
                let away = (0..if hosts > 1 { 6 } else { 0 }).flat_map(|number| {
                    let (at, secs) = (any(dice), Elapsed::from_secs(dice.below(400).cast_signed()));
                    let incident = match number {
                        0 | 1 => Incident::Kill(number),
                        2 => Incident::Leave(number),
                        _ => Incident::Hold(number, secs),
                    };
                    let follows = (!matches!(incident, Incident::Hold(..))).then_some((at + secs, Incident::Join));
                    std::iter::once((at, incident)).chain(follows)
                });
                let away: Vec<_> = away.collect();
                dooms.into_iter().chain(away).collect()
            }
            Kind::Hosts => (0..12)
                .flat_map(|number| {
                    // Around the seconds at which hosts are busy.
                    let quarter = any(dice).as_second() / 900 * 900 - 130 + dice.below(60).cast_signed();
                    let at = Instant::from_second(quarter).expect("a time").max(start);
                    let (place, secs) = (number % self.host_count(), Elapsed::from_secs(dice.below(600).cast_signed()));
                    let incident = match number {
                        8 | 9 => Incident::Kill(place),
                        10 => Incident::Leave(place),
                        _ => Incident::Hold(place, secs),
                    };
                    let follows = (!matches!(incident, Incident::Hold(..))).then_some((at + secs, Incident::Join));
                    std::iter::once((at, incident)).chain(follows)
                })
                .collect(),
            Kind::Jumps => (0..4)
                .flat_map(|_| {
                    let at = any(dice);
                    let what = match *dice.pick(&[3600, -3600, 60, -60, 0]) {
                        0 => Incident::Stop,
                        secs => Incident::SetOff(secs),
                    };
                    let back = at + Elapsed::from_secs(30 + dice.below(270).cast_signed());
                    [(at, what), (back, Incident::SetOff(0))]
                })
                .collect(),
            Kind::Dark => {
                let services = [Service::Google, Service::Graph, Service::Feeds, Service::Bots, Service::Hooks];
                let dark = (0..3).map(|_| (any(dice), Incident::Darken(*dice.pick(&services)))).collect::<Vec<_>>();
                let forgotten = (0..self.users).map(|account| (any(dice), Incident::Forget(account)));
                dark.into_iter().chain(forgotten.collect::<Vec<_>>()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What people do by hand, while meetings begin.
    fn deeds(&self, start: Instant, end: Instant) -> Vec<(Instant, Incident)> {
        if !self.by_hand {
            return Vec::new();
        }
        let mut dice = Dice::of(self.seed, "deeds");
        let length = end.duration_since(start).as_secs().unsigned_abs().saturating_sub(3600);
        let any = |dice: &mut Dice| start + Elapsed::from_secs(600 + dice.below(length.max(1200)).cast_signed());
        let count = (self.meetings / MEETINGS_A_DEED).max(Deed::ALL.len());
        Deed::ALL.iter().cycle().take(count).map(|deed| (any(&mut dice), Incident::Hand(*deed))).collect()
    }

    /// Lets hosts live until `end`; when something happened to them, and how often.
    async fn live(
        &self,
        setting: &Setting,
        incidents: &[(Instant, Incident)],
        end: Instant,
        hands: &mut Hands,
    ) -> (Vec<Range<Instant>>, BTreeMap<&'static str, u64>, u64) {
        let mut number = 0;
        let mut next = || {
            number += 1;
            setting.begin(&format!("host-{number}"))
        };
        let skewed = usize::from(self.kind == Kind::Hosts);
        let mut hosts: Vec<Living> = (skewed..self.host_count()).map(|_| next()).collect();
        let (mut disturbed, mut counts): (Vec<Range<Instant>>, BTreeMap<&'static str, u64>) = Default::default();
        if self.kind == Kind::Hosts {
            let off = *Dice::of(self.seed, "skew").pick(&[0, 3600, -3600, 60]);
            *counts.entry("skewed").or_default() += u64::from(off != 0);
            hosts.push(setting.begin_off("host-skewed", off));
        }
        if let Some(death) = self.death {
            hosts[0].switch.doom(death);
        }
        let mut steps = incidents.iter().peekable();
        loop {
            let until = steps.peek().map_or(end, |(at, _)| *at);
            let (first, died) = (hosts[0].switch.clone(), setting.clock.sleep_until(until));
            let is_dead = tokio::select! {
                biased;
                () = first.died() => true,
                () = died => false,
            };
            let now = setting.now();
            if is_dead {
                hosts.remove(0).kill().await;
                hosts.insert(0, next());
                disturbed.push(now..now + Elapsed::from_secs(60));
                *counts.entry("killed").or_default() += 1;
                continue;
            }
            let Some((_, incident)) = steps.next() else { break };
            match *incident {
                Incident::Doom(death) => hosts[0].switch.doom(death),
                Incident::Hold(place, long) if !hosts.iter().any(|host| host.switch.is_held(now)) => {
                    let place = place % hosts.len();
                    hosts[place].switch.hold(now + long);
                    disturbed.push(now..now + long + Elapsed::from_secs(60));
                    *counts.entry("held up").or_default() += 1;
                }
                Incident::Kill(place) | Incident::Leave(place) if hosts.len() > 1 => {
                    let (place, leaves) = (place % hosts.len(), matches!(incident, Incident::Leave(_)));
                    let host = hosts.remove(place);
                    // What is held up cannot be asked to stop.
                    if leaves && !host.switch.is_held(now) {
                        host.leave().await
                    } else {
                        host.kill().await
                    }
                    disturbed.push(now..setting.now() + Elapsed::from_secs(60));
                    *counts.entry(if leaves { "left" } else { "died" }).or_default() += 1;
                }
                Incident::Join => {
                    hosts.push(next());
                    disturbed.push(now..now);
                    *counts.entry("joined").or_default() += 1;
                }
                Incident::Hold(..) | Incident::Kill(_) | Incident::Leave(_) => {}
                // No excuse for anything: the host is to know better than its clock.
                Incident::SetOff(secs) => {
                    hosts[0].clock.set_off(secs);
                    if secs != 0 {
                        *counts.entry(if secs > 0 { "clock ahead" } else { "clock behind" }).or_default() += 1;
                    }
                }
                Incident::Stop => {
                    hosts[0].clock.stop();
                    *counts.entry("clock still").or_default() += 1;
                }
                Incident::Darken(service) => {
                    setting.shared.world().weather.darken(service, now + Elapsed::from_hours(1));
                    *counts.entry("dark hour").or_default() += 1;
                }
                Incident::Hand(deed) => {
                    if let Some(done) = hands.act(setting, deed).await {
                        *counts.entry(done).or_default() += 1;
                    }
                }
                Incident::Forget(account) => {
                    setting.shared.world().forget_cursors(now, AccountId(account));
                    *counts.entry("cursors forgotten").or_default() += 1;
                }
            }
        }
        let operations = hosts[0].switch.operations();
        for host in hosts {
            host.kill().await;
        }
        (disturbed, counts, operations)
    }
}
