//! The protocol against a world that loses, delays and repeats: random hosts, a small model of a bot service, and what must hold.

use super::tests::{at, planned, seconds};
use super::{Effect, Input, QUIET_SECS, UNCONFIRMED, step};
use crate::host::bots::{BotState, CreateAnswer, FindAnswer, RecallAnswer, Word};
use crate::host::model::{Dispatch, DispatchState};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The two kinds of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One bot a key, fences, tombstones.
    Contract,
    /// Remembers the answer to a try, finds by listing, keeps no tombstones; a request arrives within a minute or never.
    Listing,
}

/// A bot of the service.
#[derive(Clone, Debug)]
struct Bot {
    attempt: u32,
    state: BotState,
}

#[derive(Clone, Debug)]
struct Service {
    kind: Kind,
    tombstone: bool,
    fence: u64,
    bots: Vec<Bot>,
}

impl Service {
    fn live(&self) -> usize {
        self.bots.iter().filter(|bot| bot.state.is_live()).count()
    }

    fn create(&mut self, fence: u64, attempt: u32) -> CreateAnswer {
        let known = self.bots.iter().find(|bot| self.kind == Kind::Contract || bot.attempt == attempt);
        if self.kind == Kind::Contract {
            if self.tombstone {
                return CreateAnswer::Tombstoned;
            }
            if fence < self.fence {
                return CreateAnswer::Ambiguous;
            }
            self.fence = fence;
        }
        if let Some(bot) = known {
            return CreateAnswer::Accepted(bot.state.clone());
        }
        self.bots.push(Bot { attempt, state: BotState::Coming });
        CreateAnswer::Accepted(BotState::Coming)
    }

    fn find(&mut self) -> FindAnswer {
        if self.tombstone {
            return FindAnswer::Tombstoned;
        }
        let rank = |bot: &Bot| (!bot.state.is_live(), bot.state != BotState::Joined);
        let Some(kept) = (0..self.bots.len()).min_by_key(|at| rank(&self.bots[*at])) else { return FindAnswer::None };
        for (at, bot) in self.bots.iter_mut().enumerate().filter(|(_, bot)| bot.state.is_live()) {
            if at != kept {
                bot.state = BotState::Ended;
            }
        }
        FindAnswer::Bot(self.bots[kept].state.clone())
    }

    fn recall(&mut self, fence: u64) -> RecallAnswer {
        let had = self.live() > 0;
        self.bots.iter_mut().filter(|bot| bot.state.is_live()).for_each(|bot| bot.state = BotState::Ended);
        if self.kind == Kind::Contract {
            self.fence = self.fence.max(fence);
            self.tombstone = true;
            return RecallAnswer::Confirmed;
        }
        if had { RecallAnswer::Ambiguous } else { RecallAnswer::Absent }
    }
}

/// A create that may still arrive, long after its host gave up on it.
#[derive(Clone, Debug)]
struct Ghost {
    fence: u64,
    attempt: u32,
    sent: i64,
}

struct World {
    now: i64,
    row: Dispatch,
    /// What each host read last: it may act on it much later.
    read: Vec<Dispatch>,
    service: Service,
    wire: Vec<(usize, Effect)>,
    answers: Vec<(usize, Input<'static>)>,
    ghosts: Vec<Ghost>,
    told: BTreeMap<String, (i64, Option<String>)>,
    create_fences: BTreeSet<u64>,
    withdrawn: bool,
    hard: bool,
}

const HOSTS: usize = 3;
const NAMES: [&str; HOSTS] = ["a", "b", "c"];

impl World {
    fn new(kind: Kind) -> Self {
        let service = Service { kind, tombstone: false, fence: 0, bots: Vec::new() };
        let row = planned();
        Self {
            now: -110,
            read: vec![row.clone(); HOSTS],
            row,
            service,
            wire: Vec::new(),
            answers: Vec::new(),
            ghosts: Vec::new(),
            told: BTreeMap::new(),
            create_fences: BTreeSet::new(),
            withdrawn: false,
            hard: false,
        }
    }

    /// Commits what follows from `input` for the row as `host` read it, if nobody was faster, and puts the requests on the wire.
    fn act(&mut self, host: usize, read: &Dispatch, input: Input<'_>) {
        let step = step(read, at(self.now), input);
        let Some(mut next) = step.next.clone() else {
            assert!(step.effects.is_empty(), "an effect without a commit");
            return;
        };
        if read.version != self.row.version {
            return;
        }
        assert!(next.fence >= self.row.fence, "the fence fell");
        next.version += 1;
        self.row = next;
        for event in step.told() {
            let body: Value = serde_json::from_str(&event.body).expect("JSON");
            let reason = body["reason"].as_str().map(str::to_owned);
            assert!(event.kind != "dispatch.missed" || reason.is_some(), "missed in silence");
            let before = self.told.insert(event.kind.clone(), (self.now, reason));
            assert!(before.is_none(), "{} told twice", event.kind);
        }
        for effect in step.requests() {
            if let Effect::Create { fence, .. } = effect {
                assert!(self.create_fences.insert(*fence), "two requests under one fence");
            }
            self.wire.push((host, effect.clone()));
        }
    }

    /// Sends one request. `luck` says what becomes of it.
    fn perform(&mut self, at: usize, luck: u8) {
        let (host, effect) = self.wire.remove(at);
        let answered = luck != 3;
        let input = match effect {
            Effect::Create { fence, attempt, until, .. } => {
                // The holder looks at its clock before it sends; only a pause right after that lets it send later.
                if self.service.kind == Kind::Listing && self.now > seconds(until) {
                    return;
                }
                let answer = match luck {
                    1 => CreateAnswer::Refused { after: None, reason: Word::of("no-capacity") },
                    2 => {
                        self.ghosts.push(Ghost { fence, attempt, sent: self.now });
                        CreateAnswer::Ambiguous
                    }
                    4 => {
                        let _ = self.service.create(fence, attempt);
                        CreateAnswer::Ambiguous
                    }
                    5 => CreateAnswer::Ambiguous,
                    6 => {
                        self.hard = true;
                        CreateAnswer::RefusedForGood(Word::of("unsupported-platform"))
                    }
                    _ => self.service.create(fence, attempt),
                };
                Input::CreateAnswered { fence, answer }
            }
            Effect::Find { fence, .. } => {
                let answer = if matches!(luck, 1 | 2 | 5) { FindAnswer::Ambiguous } else { self.service.find() };
                Input::Found { fence, answer }
            }
            Effect::Recall { fence, .. } => {
                let answer = match luck {
                    1 => RecallAnswer::Failed { after: None, reason: Word::of("throttled") },
                    2 | 5 => RecallAnswer::Ambiguous,
                    4 => {
                        let _ = self.service.recall(fence);
                        RecallAnswer::Ambiguous
                    }
                    _ => self.service.recall(fence),
                };
                Input::RecallAnswered { fence, answer }
            }
            Effect::Tell(_) => return,
        };
        if answered {
            self.answers.push((host, input));
        }
    }

    fn haunt(&mut self, at: usize) {
        let ghost = self.ghosts.remove(at);
        if self.service.kind == Kind::Contract || self.now - ghost.sent < QUIET_SECS - 15 {
            let _ = self.service.create(ghost.fence, ghost.attempt);
        }
    }

    fn is_over(&self) -> bool {
        self.row.due_at.is_none()
    }

    /// One thing of a bad day.
    fn misfortune(&mut self, what: u8, which: u8, luck: u8) {
        let host = usize::from(which) % HOSTS;
        match what % 12 {
            // Mostly seconds; now and then an outage that lasts past the deadline.
            0 | 1 => self.now += if luck < 230 { i64::from(luck) % 25 } else { i64::from(luck) },
            2 => self.read[host] = self.row.clone(),
            // A host acts on what it read some time ago.
            3 => {
                let read = self.read[host].clone();
                self.act(host, &read, Input::Due { host: NAMES[host] });
            }
            4 | 5 => {
                let read = self.row.clone();
                self.act(host, &read, Input::Due { host: NAMES[host] });
            }
            6 | 7 if !self.wire.is_empty() => self.perform(usize::from(which) % self.wire.len(), luck % 7),
            8 if !self.answers.is_empty() => {
                let (host, input) = self.answers.remove(usize::from(which) % self.answers.len());
                let read = self.row.clone();
                self.act(host, &read, input);
            }
            // A crash: its requests were not sent, its answers are not heard.
            9 => {
                self.wire.retain(|(owner, _)| *owner != host);
                self.answers.retain(|(owner, _)| *owner != host);
            }
            10 if !self.ghosts.is_empty() => self.haunt(usize::from(which) % self.ghosts.len()),
            11 if which < 12 => {
                let read = self.row.clone();
                self.withdrawn = true;
                self.act(host, &read, Input::Withdraw("cancelled"));
            }
            _ => {}
        }
    }

    /// Everything works from now on. Returns how many rounds it took to come to an end.
    fn recover(&mut self) -> usize {
        for round in 0..1_000 {
            while !self.wire.is_empty() {
                self.perform(0, 0);
            }
            while !self.answers.is_empty() {
                let (host, input) = self.answers.remove(0);
                let read = self.row.clone();
                self.act(host, &read, input);
            }
            if self.is_over() {
                return round;
            }
            let due = self.row.due_at.map_or(self.now, seconds);
            self.now = self.now.max(due);
            let state = if self.now >= 1800 { BotState::Ended } else { BotState::Joined };
            if self.now >= 0 {
                self.service.bots.iter_mut().filter(|bot| bot.state.is_live()).for_each(|bot| bot.state = state.clone());
            }
            let read = self.row.clone();
            self.act(0, &read, Input::Due { host: "a" });
        }
        panic!("no end: {:?}", self.row);
    }
}

fn check(kind: Kind, day: &[(u8, u8, u8)]) {
    let mut world = World::new(kind);
    for (what, which, luck) in day {
        world.misfortune(*what, *which, *luck);
    }
    let (calm_at, withdrawn_then) = (world.now, world.withdrawn);
    // What was still on its way arrives now or never.
    while !world.ghosts.is_empty() && kind == Kind::Listing {
        world.haunt(0);
    }
    let rounds = world.recover();
    assert!(rounds < 200, "{rounds} rounds");
    while !world.ghosts.is_empty() {
        world.haunt(0);
    }
    let told = |kind: &str| world.told.get(kind);
    let state = world.row.state;

    assert!(world.service.live() == 0, "a bot is left behind a row that is {}", state.word());
    if kind == Kind::Contract {
        assert!(world.service.bots.len() <= 1, "two bots of one key");
    }
    match state {
        DispatchState::Ended => assert!(told("dispatch.accepted").is_some() && !world.service.bots.is_empty()),
        DispatchState::Missed => assert!(told("dispatch.missed").is_some()),
        DispatchState::Recalled => assert!(withdrawn_then && told("dispatch.recalled").is_some()),
        DispatchState::Withdrawn => assert!(withdrawn_then && world.service.bots.is_empty()),
        state => panic!("{} is no end", state.word()),
    }
    let late = seconds(world.row.late_at);
    if let Some((told_at, reason)) = told("dispatch.missed") {
        let known_by = late.max(calm_at) + 60;
        assert!(*told_at <= known_by, "missed was told at {told_at}, by {known_by} at the latest");
        assert!(world.hard || *told_at >= late, "missed before it was late");
        assert!(reason.as_deref() != Some(UNCONFIRMED) || *told_at >= late + 45);
    }
    if !withdrawn_then && !world.hard && calm_at + 120 < late {
        assert_eq!(state, DispatchState::Ended, "the service worked in time, and no bot came");
        assert!(told("dispatch.missed").is_none());
        if kind == Kind::Contract {
            assert_eq!(world.service.bots.len(), 1);
        }
    }
    if withdrawn_then && told("dispatch.withdrawn").is_none() {
        assert!(told("dispatch.recalled").is_some() || told("dispatch.missed").is_some() || told("dispatch.ended").is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_one_bot_at_most_and_every_end_is_told(day in prop::collection::vec(any::<(u8, u8, u8)>(), 0..160)) {
        check(Kind::Contract, &day);
    }

    #[test]
    fn a_service_that_keeps_no_tombstones_leaves_no_bot_behind(day in prop::collection::vec(any::<(u8, u8, u8)>(), 0..160)) {
        check(Kind::Listing, &day);
    }

    /// However the clock jumps and whoever asks: while a claim lives nobody creates, and no step panics.
    #[test]
    fn clocks_that_jump_fire_no_live_claim_again(times in prop::collection::vec((-7_200i64..7_200, 0usize..HOSTS), 1..40)) {
        let mut row = planned();
        let mut claimed: Option<i64> = None;
        for (now, host) in times {
            let step = step(&row, at(now), Input::Due { host: NAMES[host] });
            let creates = step.requests().filter(|effect| matches!(effect, Effect::Create { .. })).count();
            prop_assert!(creates == 0 || claimed.is_none());
            prop_assert!(creates == 0 || (-100..600).contains(&now));
            if creates > 0 {
                claimed = Some(now);
            }
            row = step.next.unwrap_or(row);
        }
    }
}
