//! A host that is killed again and again while meetings begin, move and are called off; and what the world saw of it.
//!
//! The world lives in this process, so it survives every kill, and it alone is asked: the journal of its bot backend, what its
//! webhook receiver got, and the truth of its calendars.

use super::process::{Folder, Host};
use super::served::Served;
use callsheet::host::model::{Origin, TenantId};
use callsheet::host::store::{Commit, Store};
use callsheet::host::world::bots::{Bot, Happened};
use callsheet::host::world::calendar::{Account, Content, Edit, Guest, Meeting, MeetingId};
use callsheet::host::world::connected;
use callsheet::host::world::dice::Dice;
use callsheet::host::world::script::{Plan, Step, What, in_order};
use callsheet::host::world::{Bases, World};
use callsheet::time::{Elapsed, Instant, Zone};
use callsheet::value::Response;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

/// A run.
pub struct Run<'a> {
    /// The host's program.
    pub program: &'a str,
    /// Where the host keeps its state.
    pub store: &'a str,
    /// Decides everything but how fast the machine is.
    pub seed: u64,
    /// How often the host is killed.
    pub kills: u32,
    /// Milliseconds between a start and the kill: shortest and longest.
    pub gap: (u64, u64),
    /// Meetings that get a bot, a second.
    pub rate: u64,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Kills that hit a living host.
    pub kills: u32,
    /// Meetings that had to have a bot in the end, and those that had to have none.
    pub meetings: (usize, usize),
    /// Bots that the backend took.
    pub accepted: usize,
    /// Requests for a bot that the backend had already: the answer to the first had been lost.
    pub repeated: usize,
    /// Bots that were recalled.
    pub recalled: usize,
    /// Events that the receiver got, and how often it got one again.
    pub events: (usize, usize),
    /// The longest that two bots were in one meeting, which had moved just then.
    pub overlap_secs: f64,
    /// From the last start until nothing was missing any more.
    pub settled_secs: f64,
    /// What was lost, doubled or wrong; empty where all is well.
    pub wrong: Vec<String>,
}

const TENANT: TenantId = TenantId(1);
const USERS: usize = 12;
const DOMAIN: &str = "acme.example";
const RULES: &str = "callsheet 1\nlayer organisation\nour domains @acme.example\ndefault skip\n\nrule calls:\n  record\n  when title contains \"call\"\n";
/// A bot is asked for this long before the meeting, and up to twenty seconds earlier.
const LEAD_SECS: i64 = 90;
/// From the making of the world to the first bot.
const AHEAD_SECS: i64 = 3;
/// The host gets this long to settle once nobody kills it any more: a lease, a hold of a delivery, a read of every calendar.
const PATIENCE: Duration = Duration::from_secs(180);

impl Run<'_> {
    /// Kills and checks.
    pub fn run(&self) -> Report {
        let mut scene = self.scene();
        for _ in 0..self.kills {
            let mut host = scene.start();
            let gap = self.gap.0 + scene.dice.below(self.gap.1 - self.gap.0 + 1);
            std::thread::sleep(Duration::from_millis(gap));
            if !host.has_ended() {
                scene.report.kills += 1;
            }
            host.kill();
        }
        scene.settle()
    }

    /// How long the run is expected to last, in seconds.
    fn length_secs(&self) -> i64 {
        i64::from(self.kills) * i64::try_from(self.gap.0 + self.gap.1).expect("milliseconds") / 2000 + 1
    }

    /// The world that the run is made in, its people in the store. No host runs yet.
    pub fn scene(&self) -> Scene {
        self.scene_behind(None)
    }

    /// The same, its services asked for at the address that stands in front of the world's.
    pub fn scene_behind(&self, front: Option<&str>) -> Scene {
        let begin = Instant::now();
        let mut dice = Dice::of(self.seed, "kills");
        let plan = plan(&mut dice, begin, self.length_secs(), self.rate);
        let served = Served::behind(plan.clone(), self.seed, front);
        let bases = served.shared.world().bases.clone();
        let rows = connected::rows(TENANT, "Acme", &plan, &bases.feeds, &format!("{}/acme", bases.hooks));
        served.runtime.block_on(async {
            let store = Store::open(self.store).await.expect("the database is there");
            store.commit(Commit { tenant: TENANT, writes: rows }).await.expect("a new store takes it");
            store.close().await;
        });
        let last_step = plan.steps.iter().map(|step| step.at).max().unwrap_or(begin);
        Scene {
            accounts: plan.accounts,
            bases,
            served,
            folder: Folder::new("kills"),
            report: Report::default(),
            dice,
            last_step,
            program: self.program.to_owned(),
            store: self.store.to_owned(),
        }
    }
}

/// A world, and a store with its people, to run hosts on.
pub struct Scene {
    /// The world.
    pub served: Served,
    /// Its people.
    pub accounts: Vec<Account>,
    /// Where its services are asked for.
    pub bases: Bases,
    /// Where the hosts' output goes.
    pub folder: Folder,
    /// What came of it so far.
    pub report: Report,
    dice: Dice,
    /// When the last thing happens in the world.
    last_step: Instant,
    program: String,
    store: String,
}

impl Scene {
    /// Starts a host.
    pub fn start(&self) -> Host {
        self.start_limited(None)
    }

    /// Starts a host that may write no file longer than so many KiB: past that, writing fails as on a disk that is broken.
    pub fn start_limited(&self, file_kib_max: Option<u64>) -> Host {
        Host::start_limited(&self.program, &self.store, &self.served.address, &self.folder.log(), file_kib_max)
    }

    /// What the hosts said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.folder.log()).unwrap_or_default()
    }

    /// How many bots the backend took so far.
    pub fn accepted(&self) -> usize {
        count(&self.served.shared.world(), &[Happened::Accepted])
    }

    /// Waits until nothing happens any more in the world.
    pub fn wait_for_the_end(&self) {
        while Instant::now() < self.last_step {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the end of all that happens, then for a last host to make good what is missing: it reads every calendar at
    /// once, and those that run already within minutes.
    pub fn settle(self) -> Report {
        self.wait_for_the_end();
        let host = self.start();
        self.settle_by(vec![host])
    }

    /// The same, by hosts that run already.
    pub fn settle_by(mut self, hosts: Vec<Host>) -> Report {
        self.wait_for_the_end();
        let begun = std::time::Instant::now();
        let mut report = std::mem::take(&mut self.report);
        loop {
            std::thread::sleep(Duration::from_millis(200));
            report.wrong = wrong(&mut self.served.shared.world());
            if report.wrong.is_empty() || begun.elapsed() > PATIENCE {
                break;
            }
        }
        report.settled_secs = begun.elapsed().as_secs_f64();
        for host in hosts {
            if !host.stop(Duration::from_secs(30)) {
                report.wrong.push("the host did not stop when it was asked to".to_owned());
            }
        }
        // What it finished while it stopped counts as well.
        report.wrong.extend(wrong(&mut self.served.shared.world()));
        report.fill(&self.served.shared.world());
        if !report.wrong.is_empty() {
            let log = self.said();
            let last: Vec<&str> = log.lines().rev().take(30).collect();
            report.wrong.push(format!("the hosts' last words: {last:#?}"));
        }
        report
    }
}

fn count(world: &World, what: &[Happened]) -> usize {
    world.bots.journal().iter().filter(|line| what.contains(&line.what)).count()
}

impl Report {
    fn fill(&mut self, world: &World) {
        let count = |what: &[Happened]| count(world, what);
        self.accepted = count(&[Happened::Accepted]);
        self.repeated = count(&[Happened::Again, Happened::Changed]);
        self.recalled = count(&[Happened::Recalled, Happened::Left, Happened::Tombstoned]);
        let ids: BTreeSet<&str> = world.receivers.journal().iter().map(|delivered| delivered.id.as_str()).collect();
        self.events = (ids.len(), world.receivers.journal().len() - ids.len());
        self.overlap_secs = overlap(world).as_secs_f64();
        let wanted = wanted(world);
        let with = wanted.values().filter(|start| start.is_some()).count();
        self.meetings = (with, wanted.len() - with);
    }

    /// One line of a table.
    pub fn line(&self, name: &str) -> String {
        format!(
            "{name:<12} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>8.1} s {:>8.1} s {:>6}",
            self.kills,
            self.meetings.0,
            self.accepted,
            self.repeated,
            self.recalled,
            self.events.0,
            self.events.1,
            self.overlap_secs,
            self.settled_secs,
            self.wrong.len()
        )
    }

    /// The head of that table.
    pub fn head() -> String {
        format!(
            "{:<12} {:>5} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>10} {:>10} {:>6}",
            "store", "kills", "meetings", "accepted", "repeated", "recalled", "events", "again", "overlap", "settled", "wrong"
        )
    }
}

/// Meetings that begin one after the other, half of them made while the run goes on; one in ten moves and one in ten is called
/// off within seconds of the request for its bot.
fn plan(dice: &mut Dice, begin: Instant, length_secs: i64, rate: u64) -> Plan {
    let accounts: Vec<Account> = (0..USERS).map(account).collect();
    let mut steps = Vec::new();
    let count = u64::try_from(length_secs).expect("a run goes forward") * rate;
    for number in 0..count {
        let fire = begin + Elapsed::from_secs(AHEAD_SECS) + Elapsed::from_millis((number * 1000 / rate).cast_signed());
        let meeting = meeting(dice, number, fire, &accounts);
        let made = if dice.chance(500) {
            begin - Elapsed::from_mins(10)
        } else {
            fire - Elapsed::from_secs(dice.below(8).cast_signed())
        };
        let edited = made.max(begin).max(fire - Elapsed::from_secs(6)) + Elapsed::from_millis(dice.below(12_000).cast_signed());
        let edit = match dice.below(10) {
            0 => Some(Edit::Cancel),
            1 => {
                let later = Elapsed::from_secs(5 + dice.below(20).cast_signed());
                Some(Edit::Move { first: meeting.zone.civil(meeting.zone.instant(meeting.first) + later), mins: 30 })
            }
            _ => None,
        };
        steps.extend(edit.map(|edit| Step { at: edited, what: What::Edit(meeting.handle.clone(), edit) }));
        steps.push(Step { at: made, what: What::Create(Box::new(meeting)) });
    }
    Plan { accounts, steps: in_order(steps), rules: RULES.to_owned(), domain: DOMAIN.to_owned() }
}

/// The token of connection 7 is `token-7`: see `serve --world`.
fn account(place: usize) -> Account {
    let origin = match place % 4 {
        0 | 1 => Origin::Google,
        2 => Origin::Graph,
        _ => Origin::Feed,
    };
    Account {
        name: format!("user{place}"),
        address: format!("user{place}@{DOMAIN}"),
        origin,
        zone: Zone::utc(),
        client: "load".to_owned(),
        token: format!("token-{}", place + 1),
    }
}

/// A meeting whose bot is asked for around `fire`. One in eight is not to be recorded.
fn meeting(dice: &mut Dice, number: u64, fire: Instant, accounts: &[Account]) -> Meeting {
    let whole = Instant::from_second(fire.as_second() + LEAD_SECS + 10).expect("close to a time");
    let google: Vec<&Account> = accounts.iter().filter(|account| account.origin == Origin::Google).collect();
    let organizer = dice.pick(&google).address.clone();
    let guests = (0..1 + dice.below(3)).map(|_| Guest::person(dice.pick(accounts).address.clone()).answered(Response::Accepted));
    let guests: Vec<Guest> = guests.filter(|guest| guest.address != organizer).collect();
    let title = if dice.chance(125) { "Private" } else { "Sales call" };
    let handle = format!("meeting{number:06}load");
    Meeting {
        uid: format!("{handle}@google.com"),
        content: Content {
            title: title.to_owned(),
            link: Some(format!("https://us02web.zoom.us/j/8{number:010}")),
            guests,
            ..Content::default()
        },
        handle,
        organizer,
        zone: Zone::utc(),
        first: Zone::utc().civil(whole),
        mins: 30,
        all_day: false,
        repeats: None,
        exceptions: BTreeMap::new(),
        cancelled: false,
        dropped: BTreeSet::new(),
        sequence: 0,
        created: fire - Elapsed::from_hours(1),
        updated: fire - Elapsed::from_hours(1),
    }
}

/// By link: when the meeting begins that must have a bot; `None` where none may come.
fn wanted(world: &World) -> BTreeMap<String, Option<Instant>> {
    let meetings = (0..world.truth.meeting_count()).map(|id| world.truth.meeting(MeetingId(id)));
    meetings
        .filter_map(|meeting| {
            let recorded = !meeting.cancelled && meeting.content.title.contains("call");
            Some((meeting.content.link.clone()?, recorded.then(|| meeting.zone.instant(meeting.first))))
        })
        .collect()
}

/// What is not as it must be, by the world's journals alone.
fn wrong(world: &mut World) -> Vec<String> {
    world.advance(Instant::now());
    let mut wrong = Vec::new();
    bots(world, &mut wrong);
    events(world, &mut wrong);
    wrong
}

fn live(bot: &Bot) -> bool {
    bot.accepted_at.is_some() && bot.recalled_at.is_none()
}

/// One bot for each meeting that is to have one, none for the others, never two in one.
fn bots(world: &World, wrong: &mut Vec<String>) {
    let mut of: BTreeMap<&str, Vec<(&str, &Bot)>> = BTreeMap::new();
    for (key, bot) in world.bots.all() {
        of.entry(bot.spec["url"].as_str().unwrap_or_default()).or_default().push((key, bot));
    }
    for (link, start) in wanted(world) {
        let bots = of.get(link.as_str()).map(Vec::as_slice).unwrap_or_default();
        let count = bots.iter().filter(|(_, bot)| live(bot)).count();
        if count != usize::from(start.is_some()) {
            wrong.push(format!("{link}: {count} bots, wanted {:?}", start.map(|start| start.to_string())));
        }
        let told = bots.iter().find(|(_, bot)| live(bot)).map(|(_, bot)| bot.spec["start"].as_str().unwrap_or_default());
        if let (Some(start), Some(told)) = (start, told)
            && told.parse::<Instant>().ok() != Some(start)
        {
            wrong.push(format!("{link}: the bot was told {told}, the meeting begins at {start}"));
        }
    }
    let moved = moved(world);
    for (link, bots) in &of {
        let made = bots.iter().filter(|(_, bot)| bot.accepted_at.is_some()).count();
        // One that was moved gets another bot, and the first is recalled.
        if made > 1 && !moved.contains(*link) {
            wrong.push(format!("{link}: {made} bots for a meeting that stayed where it was"));
        }
    }
    let mut made = BTreeSet::new();
    for line in world.bots.journal().iter().filter(|line| line.what == Happened::Accepted) {
        if !made.insert(&line.key) {
            wrong.push(format!("{}: made twice", line.key));
        }
    }
}

/// The links of meetings that were moved.
fn moved(world: &World) -> BTreeSet<String> {
    let states = (0..world.truth.meeting_count()).map(|id| world.truth.states(MeetingId(id)));
    let moved = states.filter(|states| states.iter().any(|state| state.meeting.first != states[0].meeting.first));
    moved.filter_map(|states| states[0].meeting.content.link.clone()).collect()
}

/// The longest time that two bots were in one meeting: one that moved just as its first bot came.
fn overlap(world: &World) -> Elapsed {
    let of: BTreeMap<&str, &str> =
        world.bots.all().iter().map(|(key, bot)| (key.as_str(), bot.spec["url"].as_str().unwrap_or_default())).collect();
    let mut inside: BTreeMap<&str, (usize, Instant)> = BTreeMap::new();
    let mut longest = Elapsed::ZERO;
    for line in world.bots.journal() {
        let (count, since) = inside.entry(of.get(line.key.as_str()).copied().unwrap_or_default()).or_insert((0, line.at));
        match line.what {
            Happened::Joined => (*count, *since) = (*count + 1, line.at),
            Happened::Left => {
                if *count > 1 {
                    longest = longest.max(line.at.duration_since(*since));
                }
                *count = count.saturating_sub(1);
            }
            _ => {}
        }
    }
    longest
}

/// Every event arrived, none with two contents, and every bot is told of once.
fn events(world: &World, wrong: &mut Vec<String>) {
    let mut bodies: BTreeMap<u64, &[u8]> = BTreeMap::new();
    for delivered in world.receivers.journal() {
        let number = delivered.id.rsplit('_').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        if *bodies.entry(number).or_insert(&delivered.body) != delivered.body {
            wrong.push(format!("{}: two events under one id", delivered.id));
        }
    }
    let last = bodies.keys().next_back().copied().unwrap_or(0);
    let missing = last - bodies.len() as u64;
    if missing > 0 {
        wrong.push(format!("{missing} of {last} events did not arrive"));
    }
    let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
    for body in bodies.values() {
        let event: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        *told.entry((word(&event["type"]), word(&event["data"]["bot"]))).or_default() += 1;
    }
    for ((kind, bot), count) in &told {
        if *count > 1 && kind.starts_with("dispatch.") {
            wrong.push(format!("{bot}: {kind} was told {count} times"));
        }
        if kind == "dispatch.missed" {
            wrong.push(format!("{bot}: missed"));
        }
    }
    for (key, _) in world.bots.all().iter().filter(|(_, bot)| live(bot)) {
        if !told.contains_key(&("dispatch.accepted".to_owned(), key.clone())) {
            wrong.push(format!("{key}: the backend has the bot, and nobody was told"));
        }
    }
}

/// The first of what is wrong, for a message.
pub fn first(wrong: &[String]) -> String {
    let mut text = format!("{} things are wrong", wrong.len());
    for line in wrong.iter().take(20).chain(wrong.last()) {
        let _ = write!(text, "\n  {line}");
    }
    text
}
