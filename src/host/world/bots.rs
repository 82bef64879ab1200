//! The bot backend: bots by key, idempotent, with tombstones and fences, as `docs/bot-backend.md` has it.
//!
//! A bot joins at the second it was told, or when it is accepted where that is later, and leaves at the end of the meeting.
//! Whoever recalls a key that has no bot leaves a tombstone: no bot is ever made under it (`reliability.md` 4.5).

use super::ask::Ask;
use super::dice::Dice;
use crate::host::http::{Method, Response};
use crate::time::{Elapsed, Instant};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What happened to a bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happened {
    /// It was asked for, and will come.
    Accepted,
    /// It was asked for again; nothing new.
    Again,
    /// It was asked for again with another body, before it set out, and took that on.
    Changed,
    /// It was asked for after its key was recalled.
    RefusedTombstoned,
    /// It was asked for, and there was no room, or it was none that can be made.
    Refused,
    /// Somebody with an older fence asked.
    RefusedFenced,
    /// It is in the meeting.
    Joined,
    /// The meeting was over and it left.
    Ended,
    /// It was recalled before it joined.
    Recalled,
    /// It was recalled from the meeting, and left.
    Left,
    /// A key without a bot was recalled.
    Tombstoned,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Instant,
    /// The key.
    pub key: String,
    /// What happened.
    pub what: Happened,
}

/// A bot, or the tombstone of a key that has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bot {
    /// What the backend was told about it, as it came; `null` for a tombstone.
    pub spec: Value,
    /// When it was accepted.
    pub accepted_at: Option<Instant>,
    /// When it joins, or did.
    pub joins_at: Option<Instant>,
    /// When it leaves, or did.
    pub leaves_at: Option<Instant>,
    /// When its key was recalled.
    pub recalled_at: Option<Instant>,
    /// The highest fence that was seen.
    pub fence: u64,
    /// What it was told before it took on what it is told now.
    pub former: Vec<Value>,
}

/// All bots.
#[derive(Clone, Debug, Default)]
pub struct Bots {
    /// So many of a thousand requests for a new bot are refused.
    pub refusals: u32,
    asked: u64,
    bots: BTreeMap<String, Bot>,
    journal: Vec<Line>,
    /// What is to happen by itself: joining and leaving.
    changes: BTreeSet<(Instant, String)>,
}

/// How long a bot stays where nobody told the end of the meeting.
const STAY_MAX: Elapsed = Elapsed::from_hours(1);

impl Bots {
    /// Lets bots join and leave whose time has come.
    pub fn advance(&mut self, now: Instant) {
        while let Some((at, key)) = self.changes.first().filter(|(at, _)| *at <= now).cloned() {
            self.changes.remove(&(at, key.clone()));
            let bot = &self.bots[&key];
            if bot.recalled_at.is_some() {
                continue;
            }
            if bot.joins_at == Some(at) {
                self.note(at, &key, Happened::Joined);
            }
            if self.bots[&key].leaves_at == Some(at) {
                self.note(at, &key, Happened::Ended);
            }
        }
    }

    /// When a bot joins or leaves next.
    #[must_use]
    pub fn next_change(&self) -> Option<Instant> {
        self.changes.first().map(|(at, _)| *at)
    }

    /// All bots and tombstones, by key.
    #[must_use]
    pub fn all(&self) -> &BTreeMap<String, Bot> {
        &self.bots
    }

    /// Everything that happened, in order.
    #[must_use]
    pub fn journal(&self) -> &[Line] {
        &self.journal
    }

    fn note(&mut self, at: Instant, key: &str, what: Happened) {
        self.journal.push(Line { at, key: key.to_owned(), what });
    }

    /// Answers a request for `/bots/KEY`.
    pub fn handle(&mut self, now: Instant, ask: &Ask<'_>) -> Response {
        self.advance(now);
        if ask.bearer().is_none_or(str::is_empty) {
            return problem(401, "no-token");
        }
        let ["bots", key] = ask.parts()[..] else { return problem(404, "no-such-path") };
        let key = key.to_owned();
        match ask.method() {
            Method::Put => self.create(now, &key, ask),
            Method::Get => match self.bots.get(&key) {
                Some(bot) => Response::json(200, &told(&key, bot, now)),
                None => problem(404, "unknown-key"),
            },
            Method::Delete => self.recall(now, &key, ask),
            Method::Post | Method::Patch => problem(405, "no-such-method"),
        }
    }

    fn create(&mut self, now: Instant, key: &str, ask: &Ask<'_>) -> Response {
        let Ok(spec) = serde_json::from_slice::<Value>(&ask.request.body) else { return problem(400, "bad-request") };
        let instant = |member: &str| spec[member].as_str().and_then(|text| text.parse::<Instant>().ok());
        let (Some(join_at), Some(_)) = (instant("join_at"), spec["url"].as_str()) else { return problem(400, "bad-request") };
        let (end, fence) = (instant("end"), fence_of(ask));
        let known = self.bots.get(key);
        let refusal = match known {
            Some(bot) if bot.recalled_at.is_some() => Some((Happened::RefusedTombstoned, problem(410, "tombstoned"))),
            Some(bot) if fence < bot.fence => Some((Happened::RefusedFenced, problem(409, "stale-fence"))),
            _ => None,
        };
        if let Some((what, answer)) = refusal {
            self.note(now, key, what);
            return answer;
        }
        let accepted_at = known.and_then(|bot| bot.accepted_at);
        let former = known.map(|bot| bot.former.iter().chain([&bot.spec]).cloned().collect()).unwrap_or_default();
        let set_out = known.is_some_and(|bot| bot.joins_at.is_some_and(|at| at <= now));
        let same = known.is_some_and(|bot| bot.spec == spec);
        if accepted_at.is_none()
            && let Some(answer) = self.no_room(key)
        {
            self.note(now, key, Happened::Refused);
            return answer;
        }
        let what = match accepted_at {
            None => Happened::Accepted,
            Some(_) if set_out || same => Happened::Again,
            Some(_) => Happened::Changed,
        };
        if what == Happened::Again {
            self.bots.entry(key.to_owned()).and_modify(|bot| bot.fence = fence);
        } else {
            // A bot that did not set out yet takes on what it is told now.
            let before = self.bots.get(key).into_iter().flat_map(|bot| [bot.joins_at, bot.leaves_at]).flatten();
            for at in before {
                self.changes.remove(&(at, key.to_owned()));
            }
            let joins_at = join_at.max(now);
            let leaves_at = end.unwrap_or(joins_at + STAY_MAX).max(joins_at);
            self.changes.extend([(joins_at, key.to_owned()), (leaves_at, key.to_owned())]);
            let (accepted_at, joins_at, leaves_at) = (accepted_at.or(Some(now)), Some(joins_at), Some(leaves_at));
            self.bots.insert(key.to_owned(), Bot { spec, accepted_at, joins_at, leaves_at, recalled_at: None, fence, former });
        }
        self.note(now, key, what);
        let status = if what == Happened::Accepted { 201 } else { 200 };
        Response::json(status, &told(key, &self.bots[key], now))
    }

    /// A refusal, where this one is to be refused: nearly always one that may be asked again.
    fn no_room(&mut self, key: &str) -> Option<Response> {
        if self.refusals == 0 {
            return None;
        }
        self.asked += 1;
        let mut dice = Dice::of(self.asked, key);
        let wait = |mut response: Response, secs: &str| {
            response.headers.push(("retry-after".to_owned(), secs.to_owned()));
            response
        };
        dice.chance(self.refusals).then(|| match dice.below(16) {
            0..=5 => wait(problem(503, "no-capacity"), "4"),
            6..=9 => problem(507, "no-capacity"),
            10..=14 => wait(problem(429, "too-many"), "20"),
            _ => problem(422, "platform-not-supported"),
        })
    }

    /// Obeyed whatever its fence. A bot that has left by itself stays one that did.
    fn recall(&mut self, now: Instant, key: &str, ask: &Ask<'_>) -> Response {
        let left = |bot: &Bot| bot.leaves_at.is_some_and(|at| at <= now);
        let what = match self.bots.get(key) {
            None => Some(Happened::Tombstoned),
            Some(bot) if bot.recalled_at.is_some() || left(bot) => None,
            Some(bot) if bot.joins_at.is_some_and(|at| at <= now) => Some(Happened::Left),
            Some(_) => Some(Happened::Recalled),
        };
        let fence = fence_of(ask);
        let tombstone = || Bot {
            spec: Value::Null,
            accepted_at: None,
            joins_at: None,
            leaves_at: None,
            recalled_at: None,
            fence,
            former: vec![],
        };
        let bot = self.bots.entry(key.to_owned()).or_insert_with(tombstone);
        bot.fence = bot.fence.max(fence);
        if let Some(what) = what {
            bot.recalled_at = Some(now);
            if what == Happened::Left {
                bot.leaves_at = Some(now);
            }
            self.note(now, key, what);
        }
        Response::json(200, &told(key, &self.bots[key], now))
    }
}

/// The fence that a request names; 0 where it names none.
fn fence_of(ask: &Ask<'_>) -> u64 {
    ask.request.find_header("callsheet-fence").and_then(|fence| fence.parse().ok()).unwrap_or(0)
}

/// What the backend says of a key.
fn told(key: &str, bot: &Bot, now: Instant) -> Value {
    let past = |at: Option<Instant>| at.is_some_and(|at| at <= now);
    let state = match bot {
        Bot { recalled_at: Some(_), .. } => "recalled",
        _ if past(bot.leaves_at) => "ended",
        _ if past(bot.joins_at) => "joined",
        _ => "scheduled",
    };
    json!({ "key": key, "state": state })
}

/// A problem in the form of RFC 9457.
fn problem(status: u16, code: &str) -> Response {
    let mut response = Response::json(status, &json!({ "title": code.replace('-', " "), "status": status, "code": code }));
    response.headers = vec![("content-type".to_owned(), "application/problem+json".to_owned())];
    response
}
