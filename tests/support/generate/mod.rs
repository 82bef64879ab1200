//! Random rule sets and occurrences, from a seed: drawn from one small vocabulary, so that conditions meet what they ask for.

pub mod files;
pub mod occurrences;
pub mod rules;

use callsheet::event::Address;
use callsheet::event::address::DomainPattern;
use callsheet::time::{Date, Zone};

/// A small generator of pseudo-random numbers (SplitMix64): the same numbers for the same seed, everywhere.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x9e37_79b9_7f4a_7c15)
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    pub fn between(&mut self, from: usize, to: usize) -> usize {
        from + self.below(to - from + 1)
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }

    /// Between `least` and `most` of `from`, repetitions included.
    pub fn some<T: Clone>(&mut self, least: usize, most: usize, from: &[T]) -> Vec<T> {
        (0..self.between(least, most)).map(|_| self.pick(from).clone()).collect()
    }

    pub fn maybe<T>(&mut self, n: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(n).then(|| make(self))
    }
}

/// Addresses of people, some of one person, some that look like others.
pub const PEOPLE: &[&str] = &[
    "me@acme.com",
    "me.too@acme.co.uk",
    "dana@acme.com",
    "dana.k@acme.co.uk",
    "kim@acme.com",
    "ann@customer.com",
    "bob@mail.bigco.com",
    "eve@bigco.com",
    "ceo@partner.example",
    "x@evilacme.com",
    "kai@xn--bcher-kva.example",
];

/// What stands in a calendar where an address should.
pub const UNREADABLE: &[&str] = &["no address", "unknownorganizer", "\"a@acme.com\"@evil.net@"];

pub const DOMAINS: &[&str] = &["@acme.com", "@acme.co.uk", "@customer.com", "@*.bigco.com", "@bigco.com", "@*.acme.com"];

/// Words of titles and rules: case, width, composition and script differ on purpose.
pub const WORDS: &[&str] = &[
    "interview",
    "Interview",
    "面接",
    "demo",
    "DEMO",
    "Straße",
    "STRASSE",
    "ﬁnance",
    "Finance",
    "HR",
    "salary",
    "[no recording]",
    "1:1",
    "é",
    "e\u{301}",
    "İstanbul",
    "ſ",
    "Ⅷ",
    "ｗｅｂ",
    "sync",
    "",
];

pub const ZONES: &[&str] = &["Europe/London", "Asia/Tokyo", "America/New_York", "UTC", "Asia/Kolkata"];

pub const LIST_NAMES: &[&str] = &["customers", "vips", "interviews", "holidays"];

pub fn address(text: &str) -> Address {
    Address::parse(text).expect("the vocabulary holds addresses")
}

pub fn domain(text: &str) -> DomainPattern {
    DomainPattern::parse(text).expect("the vocabulary holds domains")
}

pub fn zone(dice: &mut Dice) -> Zone {
    Zone::named(dice.pick::<&str>(ZONES)).expect("the vocabulary holds zones")
}

/// A day around the spring clock changes of 2026, which differ between America and Europe.
pub fn date(dice: &mut Dice) -> Date {
    let first = Date::constant(2026, 3, 6);
    let days = i64::try_from(dice.below(28)).expect("small");
    first.checked_add(callsheet::time::Elapsed::from_hours(24 * days)).expect("in range")
}
