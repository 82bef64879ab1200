//! One run: a seed, its world, and the lives of hosts in it.

use super::life::Setting;
use super::oracle::{Oracle, told};
use crate::host::world::dice::Dice;
use crate::host::world::script::{self, Size};
use crate::host::world::weather::{Sky, Weather};
use crate::time::{Elapsed, Instant};

/// One run: what it is made of.
pub(super) struct Run {
    pub(super) seed: u64,
    pub(super) sky: Sky,
    pub(super) days: u32,
    pub(super) users: usize,
    pub(super) meetings: usize,
    /// How often the host is killed.
    pub(super) crashes: u32,
}

/// What came of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// Meetings that had to have a bot.
    pub(super) wanted: usize,
    /// Meetings that had to have none.
    pub(super) unwanted: usize,
    /// What was wrong, by invariant.
    pub(super) wrong: Vec<String>,
    /// Digest of everything that the world was asked and answered.
    pub(super) trace: u64,
}

fn begin() -> Instant {
    "2026-03-25T06:00:00Z".parse().expect("an instant")
}

impl Run {
    pub(super) async fn report(&self) -> Report {
        let start = begin();
        let size = Size { start, days: self.days, users: self.users, meetings: self.meetings, domain: "acme.example".into() };
        let plan = script::plan(self.seed, &size);
        let end = start + Elapsed::from_hours(24 * i64::from(self.days));
        let mut weather = Weather::under(self.sky, self.seed);
        weather.clears_at = Some(end);
        let setting = Setting::of(plan, weather, start).await;
        let mut dice = Dice::of(self.seed, "crashes");
        for life in 0..self.crashes {
            let left = end.duration_since(setting.now()) / i32::try_from(self.crashes + 1 - life).expect("few crashes");
            let early = Elapsed::from_secs(dice.below(3600).cast_signed()).min(left);
            setting.live(&format!("host-{life}"), setting.now() + left - early).await;
        }
        setting.live(&format!("host-{}", self.crashes), end).await;
        let world = setting.shared.world().clone();
        let mut report = Oracle::of(&setting.plan).report(&world, start, end);
        report.trace = world.trace();
        for wrong in &mut report.wrong {
            wrong.push_str(&told(&world, &setting.store(), wrong).await);
        }
        report.wrong.extend(world.audit.violations().iter().map(|violation| format!("I9 {violation:?}")));
        report
    }
}
