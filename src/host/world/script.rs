//! What happens in a run, made from a seed: who there is, which meetings they have, and what they do to them when.
//!
//! The edits are made by playing them through once, so that each makes sense where it comes. Half of them come close to the
//! start of an occurrence, where a host can go wrong.

mod lives;
mod words;

use super::calendar::{Account, Edit, Meeting, Truth};
use super::dice::Dice;
use crate::host::model::Origin;
use crate::time::{Instant, Zone};
pub use lives::link;
pub use words::RULES;

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: Instant,
    /// What.
    pub what: What,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A meeting is made.
    Create(Box<Meeting>),
    /// Something is done to the meeting with this handle.
    Edit(String, Edit),
}

impl Step {
    /// Does it.
    pub fn apply(self, truth: &mut Truth) {
        match self.what {
            What::Create(meeting) => {
                truth.create(self.at, *meeting);
            }
            What::Edit(handle, edit) => {
                let id = truth.find_handle(&handle);
                id.map(|id| truth.apply(self.at, id, &edit));
            }
        }
    }
}

/// A run: who is there, what happens, and the rules that decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The accounts, of one organisation.
    pub accounts: Vec<Account>,
    /// What happens, ascending by time; what was there before the start has earlier times.
    pub steps: Vec<Step>,
    /// The organisation's rules.
    pub rules: String,
    /// The organisation's domain.
    pub domain: String,
}

/// How large a run is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// When it starts.
    pub start: Instant,
    /// How many days it takes.
    pub days: u32,
    /// How many users the organisation has; at least one.
    pub users: usize,
    /// How many meetings they are invited to.
    pub meetings: usize,
    /// The organisation's domain; keeps runs apart that share a world.
    pub domain: String,
}

/// Meetings begin in so many hours from eight on.
const WORKING_HOURS: u64 = 10;

/// The zones that people live in.
const ZONES: [&str; 4] = ["Europe/London", "Europe/Berlin", "America/New_York", "Asia/Tokyo"];

/// The zone that most people of a seed's run live in.
#[must_use]
pub fn home(seed: u64) -> Zone {
    zone(&mut Dice::of(seed, "script"))
}

/// The run of a seed.
#[must_use]
pub fn plan(seed: u64, size: &Size) -> Plan {
    plan_within(seed, size, WORKING_HOURS)
}

/// The run of a seed in which meetings begin in the first so many hours from eight on.
#[must_use]
pub fn plan_within(seed: u64, size: &Size, hours: u64) -> Plan {
    let mut dice = Dice::of(seed, "script");
    let home = zone(&mut dice);
    let accounts: Vec<Account> = (0..size.users.max(1)).map(|number| account(&mut dice, number, size, &home)).collect();
    let steps = lives::steps(&mut dice, &accounts, (size, hours));
    let rules = dice.pick(&RULES).replace("OUR_DOMAIN", &size.domain);
    Plan { accounts, steps, rules, domain: size.domain.clone() }
}

fn zone(dice: &mut Dice) -> Zone {
    let name: &&str = dice.pick(&ZONES);
    Zone::named(name).expect("a zone of the database")
}

fn account(dice: &mut Dice, number: usize, size: &Size, home: &Zone) -> Account {
    let origin = match dice.below(20) {
        0..=9 => Origin::Google,
        10..=16 => Origin::Graph,
        _ => Origin::Feed,
    };
    let names = words::NAMES;
    let name = names[number % names.len()];
    let address =
        if number < names.len() { format!("{name}@{}", size.domain) } else { format!("{name}{number}@{}", size.domain) };
    let abroad = dice.chance(200).then(|| zone(dice));
    Account {
        name: name.to_owned(),
        origin,
        zone: abroad.unwrap_or_else(|| home.clone()),
        client: format!("{}-client-{}", origin.word(), size.domain),
        token: format!("token-{number}-{:016x}", super::dice::hash(&address)),
        address,
    }
}

/// The steps by time; as they were given where times agree.
#[must_use]
pub fn in_order(mut steps: Vec<Step>) -> Vec<Step> {
    steps.sort_by_key(|step| step.at);
    steps
}
