//! Faults by seed: what goes wrong between a client and a service, and how often.
//!
//! Every run has one sky. Most runs are calm, so that they get deep; a few are storms. Faults are drawn per request from one
//! row of numbers, so that the same requests in the same order meet the same faults.

use super::dice::Dice;
use crate::time::{Elapsed, Instant};
use std::collections::BTreeMap;
use std::time::Duration;

/// How a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sky {
    /// Nothing goes wrong.
    Calm,
    /// Something goes wrong with one request in twenty.
    Flaky,
    /// Something goes wrong with one request in four.
    Storm,
    /// Every service has another sky every hour.
    Swizzle,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The request never arrives; half of the time the client can tell.
    Lost,
    /// It arrives and is carried out, and the answer does not come back.
    Unanswered,
    /// The service answers 5xx, having carried it out or not.
    Broken,
    /// The service asks to wait.
    Throttled,
    /// The service has forgotten the cursor.
    Expired,
    /// The answer takes seconds.
    Slow,
    /// The request arrives twice.
    Twice,
    /// The answer shows how it was some minutes ago.
    Stale,
    /// The token does not hold this time.
    Unauthorized,
    /// The body ends in the middle.
    Torn,
    /// A page for people comes instead of data.
    Html,
    /// The body does not end.
    Endless,
    /// The service does not answer for minutes.
    Dark,
}

/// The services of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Service {
    Google,
    Graph,
    Feeds,
    Bots,
    Hooks,
}

impl Service {
    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Graph => "graph",
            Self::Feeds => "feeds",
            Self::Bots => "bots",
            Self::Hooks => "hooks",
        }
    }
}

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Kind {
    GoogleList,
    GoogleGet,
    GoogleWatch,
    GraphDelta,
    GraphView,
    GraphGet,
    GraphWatch,
    Feed,
    BotCreate,
    BotFind,
    BotRecall,
    Hook,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::GoogleList,
        Self::GoogleGet,
        Self::GoogleWatch,
        Self::GraphDelta,
        Self::GraphView,
        Self::GraphGet,
        Self::GraphWatch,
        Self::Feed,
        Self::BotCreate,
        Self::BotFind,
        Self::BotRecall,
        Self::Hook,
    ];

    /// Whose kind it is.
    #[must_use]
    pub fn service(self) -> Service {
        match self {
            Self::GoogleList | Self::GoogleGet | Self::GoogleWatch => Service::Google,
            Self::GraphDelta | Self::GraphView | Self::GraphGet | Self::GraphWatch => Service::Graph,
            Self::Feed => Service::Feeds,
            Self::BotCreate | Self::BotFind | Self::BotRecall => Service::Bots,
            Self::Hook => Service::Hooks,
        }
    }

    fn is_calendar(self) -> bool {
        let is_read = !matches!(self, Self::GoogleWatch | Self::GraphWatch);
        is_read && matches!(self.service(), Service::Google | Service::Graph | Service::Feeds)
    }
}

/// How far back stale answers look at the least, and at the most.
const STALE_LEAST: Elapsed = Elapsed::from_secs(10);
/// See `STALE_LEAST`.
pub const STALE_MOST: Elapsed = Elapsed::from_secs(300);

/// Chances of each fault in ten thousand requests, under a flaky sky and in a storm.
const CHANCES: [(Fault, u64, u64); 13] = [
    (Fault::Lost, 50, 300),
    (Fault::Unanswered, 50, 300),
    (Fault::Broken, 100, 500),
    (Fault::Throttled, 50, 300),
    (Fault::Expired, 20, 200),
    (Fault::Slow, 100, 400),
    (Fault::Twice, 50, 200),
    (Fault::Stale, 80, 400),
    (Fault::Unauthorized, 10, 50),
    (Fault::Torn, 30, 150),
    (Fault::Html, 30, 150),
    (Fault::Endless, 10, 50),
    (Fault::Dark, 2, 20),
];

impl Fault {
    /// Every fault.
    pub fn all() -> impl Iterator<Item = Self> {
        CHANCES.iter().map(|(fault, ..)| *fault)
    }

    /// Whether a request of this kind can meet it.
    #[must_use]
    pub fn meets(self, kind: Kind) -> bool {
        match self {
            Self::Lost | Self::Unanswered | Self::Broken | Self::Slow | Self::Twice | Self::Dark | Self::Throttled => true,
            Self::Expired => matches!(kind, Kind::GoogleList | Kind::GraphDelta),
            Self::Stale | Self::Torn => kind.is_calendar(),
            Self::Unauthorized => matches!(kind.service(), Service::Google | Service::Graph),
            Self::Html | Self::Endless => kind == Kind::Feed,
        }
    }
}

/// The faults of a run.
#[derive(Clone, Debug)]
pub struct Weather {
    /// How the run is.
    pub sky: Sky,
    /// From here on nothing goes wrong any more that was not ordered.
    pub clears_at: Option<Instant>,
    dice: Dice,
    dark: BTreeMap<Service, Instant>,
    met: BTreeMap<(Fault, Kind), u64>,
    asked: BTreeMap<Kind, u64>,
    /// Faults that were ordered, by kind and number of the request.
    strikes: BTreeMap<(Kind, u64), Fault>,
    /// What a service does more often than its sky says: chances in ten thousand requests.
    habits: BTreeMap<(Service, Fault), u64>,
    seed: u64,
}

impl Weather {
    /// The weather of a seed: five runs in ten are calm, two are storms.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice::of(seed, "sky");
        let sky = match dice.below(10) {
            0..=4 => Sky::Calm,
            5..=7 => Sky::Flaky,
            _ => Sky::Storm,
        };
        Self::under(sky, seed)
    }

    /// The faults of a seed under a sky.
    #[must_use]
    pub fn under(sky: Sky, seed: u64) -> Self {
        Self {
            sky,
            clears_at: None,
            dice: Dice::of(seed, "weather"),
            dark: BTreeMap::new(),
            met: BTreeMap::new(),
            asked: BTreeMap::new(),
            strikes: BTreeMap::new(),
            habits: BTreeMap::new(),
            seed,
        }
    }

    /// Lets a service do something more often than its sky says: so many more chances in ten thousand requests.
    pub fn habit(&mut self, service: Service, fault: Fault, chances: u64) {
        self.habits.insert((service, fault), chances);
    }

    /// Lets the request of this kind that comes as number `nth` from now, counted from 1, meet a fault under any sky.
    pub fn strike(&mut self, kind: Kind, nth: u64, fault: Fault) {
        let before = self.asked.get(&kind).copied().unwrap_or(0);
        self.strikes.insert((kind, before + nth), fault);
    }

    /// Keeps a service dark until then, under any sky.
    pub fn darken(&mut self, service: Service, until: Instant) {
        self.dark.insert(service, until);
    }

    /// What goes wrong with a request, if anything does.
    pub fn meet(&mut self, now: Instant, kind: Kind) -> Option<Fault> {
        let asked = self.asked.entry(kind).or_default();
        *asked += 1;
        let ordered = self.strikes.remove(&(kind, *asked));
        let is_dark = self.dark.get(&kind.service()).is_some_and(|until| now < *until);
        let is_calm = self.sky == Sky::Calm && self.habits.is_empty();
        let is_clear = is_calm || self.clears_at.is_some_and(|clears_at| now >= clears_at);
        let fault = match ordered {
            Some(fault) => Some(fault),
            None if is_dark => Some(Fault::Dark),
            None if is_clear => None,
            None => self.draw(now, kind),
        };
        if fault == Some(Fault::Dark) && !is_dark {
            let minutes = 1 + i64::try_from(self.dice.below(15)).expect("below 15");
            self.dark.insert(kind.service(), now + Elapsed::from_mins(minutes));
        }
        if let Some(fault) = fault {
            *self.met.entry((fault, kind)).or_default() += 1;
        }
        fault
    }

    fn draw(&mut self, now: Instant, kind: Kind) -> Option<Fault> {
        let mut drawn = self.dice.below(10_000);
        let sky = self.sky_over(now, kind.service());
        for (fault, flaky, storm) in CHANCES.into_iter().filter(|(fault, ..)| fault.meets(kind)) {
            let own = match sky {
                Sky::Calm | Sky::Swizzle => 0,
                Sky::Flaky => flaky,
                Sky::Storm => storm,
            };
            let chance = own + self.habits.get(&(kind.service(), fault)).copied().unwrap_or(0);
            if drawn < chance {
                return Some(fault);
            }
            drawn -= chance;
        }
        None
    }

    /// The sky over a service.
    fn sky_over(&self, now: Instant, service: Service) -> Sky {
        match self.sky {
            Sky::Swizzle => {
                let hour = now.as_second().div_euclid(3600).unsigned_abs();
                let mut dice = Dice::of(self.seed ^ (hour << 8), service.word());
                *dice.pick(&[Sky::Calm, Sky::Calm, Sky::Flaky, Sky::Storm])
            }
            sky => sky,
        }
    }

    /// How long an answer takes.
    pub fn delay(&mut self, fault: Option<Fault>) -> Duration {
        match fault {
            Some(Fault::Slow) => Duration::from_millis(1_000 + self.dice.below(29_000)),
            _ => Duration::from_millis(5 + self.dice.below(75)),
        }
    }

    /// How far back a stale answer looks.
    pub fn staleness(&mut self) -> Elapsed {
        STALE_LEAST + Elapsed::from_secs(self.dice.below(290).cast_signed())
    }

    /// One of two ways that a fault can go.
    pub fn coin(&mut self) -> bool {
        self.dice.chance(500)
    }

    /// One of several numbers that a fault can have.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        *self.dice.pick(choices)
    }

    /// How many requests met a fault.
    #[must_use]
    pub fn met_count(&self) -> u64 {
        self.met.values().sum()
    }

    /// How often each fault met each kind of request.
    #[must_use]
    pub fn met(&self) -> &BTreeMap<(Fault, Kind), u64> {
        &self.met
    }

    /// How many requests of each kind there were.
    #[must_use]
    pub fn asked(&self) -> &BTreeMap<Kind, u64> {
        &self.asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_has_every_fault_for_every_kind_that_can_meet_it() {
        let mut weather = Weather::under(Sky::Storm, 3);
        for number in 0..400_000 {
            // Hours apart, so that darkness ends.
            let now = Instant::from_second(number * 7200).expect("a time");
            weather.meet(now, Kind::ALL[usize::try_from(number).expect("small") % Kind::ALL.len()]);
        }
        for fault in Fault::all() {
            for kind in Kind::ALL {
                assert_eq!(weather.met().contains_key(&(fault, kind)), fault.meets(kind), "{fault:?} {kind:?}");
            }
        }
    }

    #[test]
    fn darkness_lasts_minutes_and_clears() {
        let mut weather = Weather::under(Sky::Storm, 5);
        let at = |secs: i64| Instant::from_second(secs).expect("a time");
        let begin = (0..100_000).find(|secs| weather.meet(at(*secs), Kind::Hook) == Some(Fault::Dark)).expect("a dark time");
        assert_eq!(weather.meet(at(begin + 59), Kind::Hook), Some(Fault::Dark));
        assert_ne!(weather.meet(at(begin + 15 * 60), Kind::Hook), Some(Fault::Dark));
        weather.clears_at = Some(at(begin + 3600));
        assert!((0..1000).all(|more| weather.meet(at(begin + 3600 + more), Kind::Hook).is_none()));
    }

    #[test]
    fn skies_are_mostly_calm() {
        let calm = (0..1000).filter(|seed| Weather::of(*seed).sky == Sky::Calm).count();
        let storms = (0..1000).filter(|seed| Weather::of(*seed).sky == Sky::Storm).count();
        assert!((420..580).contains(&calm) && (130..270).contains(&storms), "{calm} {storms}");
    }
}
