//! Provider calls of a day, for a hundred thousand calendars on some OAuth clients: the host's own cadence and governor, driven
//! over a simulated day. An audit that knows nothing of the governor counts every sliding window.
//!
//! A calendar has three recorded meetings a day; eight percent of a day's meetings begin in its busiest hour, seven in ten of
//! those on the hour. Each pass is one request, as it is where nothing changed; each meeting is looked at twice before its bot,
//! where its calendar has not just been read. With push, a calendar has six changes a day that it is told of, each read at once.
//!
//! `quotas [CALENDARS]`: 100,000.
//!
//! Control of the same run: how many requests a second the machine makes of an empty server, for a client's most in a minute.

#[path = "../tests/support/load/mod.rs"]
mod load;

use callsheet::host::model::{CalendarId, Origin};
use callsheet::host::sync::cadence::{Cadence, NEAR, NEAR_AFTER, PERIOD, Standing, slowness, slowness_pushed};
use callsheet::host::sync::quota::{Ended, Governor, Limits, Verdict, Wish};
use callsheet::host::world::audit::Audit;
use callsheet::host::world::dice::Dice;
use callsheet::time::{Elapsed, Instant};
use load::figures::tell_controls;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Duration;

/// How long a request may wait for quota, as the host has it.
const PATIENCE: Elapsed = Elapsed::from_mins(5);
/// Most calendars that are read at once, of all clients and of one, as the host has it.
const WIDTH: (usize, usize) = (256, 128);
/// How long a provider takes for an answer.
const ANSWER: Elapsed = Elapsed::from_millis(300);
/// How often it is looked which calendars have a meeting near, as the host has it.
const LIST_EVERY: Elapsed = Elapsed::from_secs(30);
/// Meetings of a calendar in a day.
const MEETINGS: usize = 3;
/// Looks at each meeting before its bot is asked for: so long before at the least, and so much longer at the most. None is made
/// where the calendar was read no longer ago than the first. As the host has it.
const LOOKS: [(Elapsed, Elapsed); 2] =
    [(Elapsed::from_secs(60), Elapsed::from_secs(300)), (Elapsed::from_secs(5), Elapsed::from_secs(20))];
/// Changes of a calendar in a day, of which push would tell.
const CHANGES: usize = 6;
/// From the start of a meeting back to the second of its bot: at the least, and how much earlier at the most.
const LEAD: (Elapsed, Elapsed) = (Elapsed::from_secs(90), Elapsed::from_secs(20));

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--test");
    let count: usize =
        std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(if smoke { 500 } else { 100_000 });
    println!(
        "{count} calendars, one day\n{:<12} {:>12} {:>12} {:>10} {:>10} {:>7} {:>20} {:>20} {:>8}",
        "clients",
        "calls/client",
        "peak/minute",
        "passes not",
        "bots not",
        "beyond",
        "age of quiet, s",
        "age of near, s",
        "slowest"
    );
    println!(
        "{:<12} {:>12} {:>12} {:>10} {:>10} {:>7} {:>20} {:>20} {:>8}",
        "", "and day", "of 10,000", "in 5 min", "looked at", "quota", "p50 / p99 / most", "p50 / p99 / most", "period"
    );
    let cases: &[(usize, bool)] =
        if smoke { &[(1, false)] } else { &[(1, false), (2, false), (3, false), (4, false), (1, true)] };
    for (clients, pushed) in cases {
        let day = Day::new(count, *clients, *pushed).live(if smoke { 2 } else { 24 });
        println!("{}", day.line());
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(tell_controls(256, Duration::from_secs(if smoke { 1 } else { 4 })));
}

/// What happens at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A calendar is to be read; the second number tells plans that were replaced.
    Read(u32, u32),
    /// A read waits for quota since its deadline less [`PATIENCE`].
    Again(u32, Instant),
    /// A read has its answer.
    Answered(u32),
    /// Push tells of a change.
    Pushed(u32),
    /// A meeting is to be looked at before the second of its bot, unless the calendar was read no longer ago than this.
    Look(u32, Instant, Elapsed),
    /// A look waits for quota.
    LookAgain(u32, Instant, Elapsed),
    /// It is asked which calendars have a meeting near.
    List,
}

struct Day {
    begin: Instant,
    clients: Vec<Client>,
    calendars: Vec<Calendar>,
    /// Starts of meetings, ascending, with their calendar.
    starts: Vec<(Instant, u32)>,
    events: BinaryHeap<Reverse<(Instant, What)>>,
    governor: Governor,
    audit: Audit,
    pushed: bool,
    reading: usize,
    unserved: u64,
    unseen: u64,
    ages: [Ages; 2],
}

struct Client {
    name: String,
    calendars: usize,
    near: usize,
    slowness: u32,
    slowness_pushed: u32,
    slowest: u32,
    calls: u64,
    reading: usize,
    /// Those that wait until fewer are being read.
    due: BTreeSet<(Instant, u32)>,
}

struct Calendar {
    standing: Standing,
    plan: u32,
    due: Option<Instant>,
    read_at: Option<Instant>,
}

/// How old what was known had become when it was read anew, in seconds: a count for each.
struct Ages(Vec<u64>);

impl Ages {
    fn add(&mut self, age: Elapsed) {
        let second = usize::try_from(age.as_secs()).unwrap_or(0).min(self.0.len() - 1);
        self.0[second] += 1;
    }

    /// The age below which so many thousandths of the reads were.
    fn at(&self, per_mille: u64) -> usize {
        let all: u64 = self.0.iter().sum();
        let mut left = (all * per_mille).div_ceil(1000).max(1);
        for (second, count) in self.0.iter().enumerate() {
            if *count >= left {
                return second;
            }
            left -= count;
        }
        0
    }

    fn told(&self) -> String {
        format!("{} / {} / {}", self.at(500), self.at(990), self.at(1000))
    }
}

impl Day {
    fn new(count: usize, clients: usize, pushed: bool) -> Self {
        let begin: Instant = "2026-03-02T00:00:00Z".parse().expect("an instant");
        let mut dice = Dice::of(1, "quotas");
        let mut day = Self {
            begin,
            clients: (0..clients).map(|number| Client::new(number, count / clients)).collect(),
            calendars: Vec::new(),
            starts: Vec::new(),
            events: BinaryHeap::new(),
            governor: Governor::default(),
            audit: Audit::default(),
            pushed,
            reading: 0,
            unserved: 0,
            unseen: 0,
            ages: [Ages(vec![0; 100_000]), Ages(vec![0; 100_000])],
        };
        for number in 0..u32::try_from(count).expect("not so many") {
            // Each in the middle of its period already: a host that starts reads all at once, as soon as quota allows.
            let standing = Standing { pushed, slowness: 100, ..Standing::default() };
            day.calendars.push(Calendar { standing, plan: 0, due: None, read_at: None });
            let first = begin + Elapsed::from_millis(dice.below(300_000).cast_signed());
            day.plan(number, first);
            for _ in 0..MEETINGS {
                let start = begin + start(&mut dice);
                day.starts.push((start, number));
                let mut earlier = |most: Elapsed| Elapsed::from_millis(dice.below(most.as_millis() as u64).cast_signed());
                let fire = start - LEAD.0 - earlier(LEAD.1);
                let looks = LOOKS.map(|(least, spread)| (fire - least - earlier(spread), What::Look(number, fire, least)));
                day.events.extend(looks.map(Reverse));
            }
            if pushed {
                for _ in 0..CHANGES {
                    let at = begin + Elapsed::from_secs(dice.below(86_400).cast_signed());
                    day.events.push(Reverse((at, What::Pushed(number))));
                }
            }
        }
        day.starts.sort_unstable();
        day.events.push(Reverse((begin, What::List)));
        day
    }

    fn live(mut self, hours: i64) -> Self {
        let end = self.begin + Elapsed::from_hours(hours);
        while let Some(Reverse((now, what))) = self.events.pop() {
            if now >= end {
                break;
            }
            match what {
                What::Read(calendar, plan) if self.calendars[calendar as usize].plan == plan => {
                    let client = self.client_of(calendar);
                    self.clients[client].due.insert((now, calendar));
                    self.start(now);
                }
                What::Read(..) => {}
                What::Again(calendar, deadline) => self.read(now, calendar, deadline),
                What::Answered(calendar) => self.ended(now, calendar),
                What::Pushed(calendar) if self.calendars[calendar as usize].due.is_some_and(|due| due > now) => {
                    self.plan(calendar, now);
                }
                What::Pushed(_) => {}
                What::Look(calendar, fire, enough) => {
                    let read_at = self.calendars[calendar as usize].read_at;
                    if read_at.is_none_or(|at| now.duration_since(at) >= enough) {
                        self.look(now, calendar, fire, enough);
                    }
                }
                What::LookAgain(calendar, fire, enough) => self.look(now, calendar, fire, enough),
                What::List => self.list(now),
            }
        }
        self
    }

    fn client_of(&self, calendar: u32) -> usize {
        calendar as usize % self.clients.len()
    }

    /// Begins to read what is due, as far as there is room.
    fn start(&mut self, now: Instant) {
        while self.reading < WIDTH.0 {
            let open = self.clients.iter_mut().filter(|client| client.reading < WIDTH.1 && !client.due.is_empty());
            let Some(client) = open.min_by_key(|client| client.due.first().copied()) else { return };
            let Some((_, calendar)) = client.due.pop_first() else { return };
            client.reading += 1;
            self.reading += 1;
            self.calendars[calendar as usize].due = None;
            self.read(now, calendar, now + PATIENCE);
        }
    }

    fn wish(&mut self, now: Instant, calendar: u32, deadline: Instant, id: u64) -> Verdict {
        let client = self.client_of(calendar);
        let limits = Limits::of(Origin::Google);
        let wish = Wish { id, client: self.clients[client].name.clone(), mailbox: u64::from(calendar), deadline };
        let verdict = self.governor.wish(now, &wish, limits);
        match verdict {
            Verdict::Grant => {
                self.audit.take(now, "client", &wish.client, (10_000, Elapsed::from_secs(60)));
                self.clients[client].calls += 1;
                self.governor.ended(now, &wish, Ended::Answered);
                Verdict::Grant
            }
            Verdict::Wait(until) if until > deadline => {
                self.governor.withdraw(&wish);
                Verdict::Wait(until)
            }
            wait => wait,
        }
    }

    fn read(&mut self, now: Instant, calendar: u32, deadline: Instant) {
        match self.wish(now, calendar, deadline, u64::from(calendar) * 2) {
            Verdict::Wait(until) if until <= deadline => self.events.push(Reverse((until, What::Again(calendar, deadline)))),
            Verdict::Wait(_) => {
                self.unserved += 1;
                self.calendars[calendar as usize].standing.failures += 1;
                self.events.push(Reverse((now, What::Answered(calendar))));
            }
            Verdict::Grant => {
                let known = &mut self.calendars[calendar as usize];
                known.standing.failures = 0;
                if let Some(before) = known.read_at.replace(now) {
                    let near = known.standing.next_start.is_some_and(|start| start - NEAR <= before && now <= start);
                    self.ages[usize::from(near)].add(now.duration_since(before));
                }
                self.events.push(Reverse((now + ANSWER, What::Answered(calendar))));
            }
        }
    }

    fn ended(&mut self, now: Instant, calendar: u32) {
        let client = self.client_of(calendar);
        self.clients[client].reading -= 1;
        self.reading -= 1;
        self.replan(now, calendar);
        self.start(now);
    }

    fn look(&mut self, now: Instant, calendar: u32, fire: Instant, enough: Elapsed) {
        match self.wish(now, calendar, fire, u64::from(calendar) * 2 + 1) {
            Verdict::Wait(until) if until <= fire => {
                self.events.push(Reverse((until, What::LookAgain(calendar, fire, enough))));
            }
            // The bot is sent nevertheless, and told of as not verified.
            Verdict::Wait(_) => self.unseen += u64::from(enough == LOOKS[1].0),
            Verdict::Grant => {}
        }
    }

    fn replan(&mut self, now: Instant, calendar: u32) {
        let client = &self.clients[self.client_of(calendar)];
        let (slowness, slowness_pushed) = (client.slowness, client.slowness_pushed);
        let known = &mut self.calendars[calendar as usize];
        (known.standing.slowness, known.standing.slowness_pushed) = (slowness, slowness_pushed);
        let due = Cadence { seed: 7 }.due(CalendarId(u64::from(calendar)), now, &known.standing);
        self.plan(calendar, due);
    }

    fn plan(&mut self, calendar: u32, at: Instant) {
        let known = &mut self.calendars[calendar as usize];
        known.plan += 1;
        known.due = Some(at);
        self.events.push(Reverse((at, What::Read(calendar, known.plan))));
    }

    /// Which calendars have a meeting near, and how slow each client is for it; those with news are read sooner.
    fn list(&mut self, now: Instant) {
        let from = self.starts.partition_point(|(start, _)| *start < now - NEAR_AFTER);
        let to = self.starts.partition_point(|(start, _)| *start < now + NEAR + PERIOD);
        let near: Vec<(Instant, u32)> = self.starts[from..to].to_vec();
        self.clients.iter_mut().for_each(|client| client.near = 0);
        let count = self.clients.len();
        for (start, calendar) in near.iter().rev() {
            self.clients[*calendar as usize % count].near += 1;
            let known = &mut self.calendars[*calendar as usize];
            let news = known.standing.next_start != Some(*start);
            known.standing.next_start = Some(*start);
            let sooner = Cadence { seed: 7 }.due(CalendarId(u64::from(*calendar)), now, &known.standing);
            if news && known.due.is_some_and(|due| sooner < due) {
                self.plan(*calendar, sooner);
            }
        }
        for client in &mut self.clients {
            if self.pushed {
                // With a meeting near, one that is pushed is read like one that is polled and has none.
                client.slowness = slowness(client.near, 0, 10_000);
                client.slowness_pushed = slowness_pushed(client.calendars.saturating_sub(client.near), (client.near, 0), 10_000);
            } else {
                client.slowness = slowness(client.calendars, client.near, 10_000);
            }
            client.slowest = client.slowest.max(client.slowness);
        }
        self.events.push(Reverse((now + LIST_EVERY, What::List)));
    }

    fn line(&self) -> String {
        let calls = self.clients.iter().map(|client| client.calls).max().unwrap_or(0);
        let slowest = self.clients.iter().map(|client| client.slowest).max().unwrap_or(100);
        let name = format!("{}{}", self.clients.len(), if self.pushed { ", push" } else { ", polled" });
        format!(
            "{name:<12} {calls:>12} {:>12} {:>10} {:>10} {:>7} {:>20} {:>20} {:>6} s",
            self.audit.peaks().get("client").copied().unwrap_or(0),
            self.unserved,
            self.unseen,
            self.audit.violation_count(),
            self.ages[0].told(),
            self.ages[1].told(),
            PERIOD.as_secs() * i64::from(slowest) / 100,
        )
    }
}

impl Client {
    fn new(number: usize, calendars: usize) -> Self {
        let due = BTreeSet::new();
        Self {
            name: format!("client-{number}"),
            calendars,
            near: 0,
            slowness: 100,
            slowness_pushed: 100,
            slowest: 100,
            calls: 0,
            reading: 0,
            due,
        }
    }
}

/// When a meeting begins: eight percent in the busiest hour, on the hour seven times of ten.
fn start(dice: &mut Dice) -> Elapsed {
    // Percent of the meetings in each hour of the day.
    const HOURS: [u64; 24] = [1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7, 6, 5, 6, 8, 8, 7, 6, 4, 3, 2, 2, 1, 1];
    let mut left = dice.below(HOURS.iter().sum());
    let hour = HOURS.iter().position(|share| {
        let here = left < *share;
        left = left.saturating_sub(*share);
        here
    });
    let minute = match dice.below(10) {
        0..=6 => 0,
        7 | 8 => 30,
        _ => 15,
    };
    Elapsed::from_mins(i64::try_from(hour.unwrap_or(23)).expect("of a day") * 60 + minute)
}
