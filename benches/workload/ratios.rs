//! Timing several ways of doing the same work so that a busy machine cannot decide it.
//!
//! Everybody does a short stretch of work in turn, many rounds of it, and is timed by the processor time that the kernel gave
//! to the thread. What is read off is the median of these stretches, and of that the ratio to somebody else's.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// One way of doing the work.
pub struct Runner<'r> {
    /// How tables call it.
    pub name: String,
    /// Does one piece of the work: the one of this number, of endlessly many.
    pub work: Box<dyn FnMut(usize) + 'r>,
}

impl<'r> Runner<'r> {
    /// Somebody who does `work`.
    pub fn new(name: impl Into<String>, work: impl FnMut(usize) + 'r) -> Self {
        Self { name: name.into(), work: Box::new(work) }
    }
}

/// How much is done.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Rounds in which everybody has a turn.
    pub rounds: usize,
    /// How long a turn takes, at least.
    pub turn: Duration,
    /// Pieces of work of a turn, at least: few pieces differ too much.
    pub pieces_min: usize,
}

impl Effort {
    /// For figures that are written down.
    pub const FULL: Self = Self { rounds: 31, turn: Duration::from_millis(10), pieces_min: 100 };
    /// To see that it runs.
    pub const SMOKE: Self = Self { rounds: 3, turn: Duration::from_micros(500), pieces_min: 5 };

    /// The same with other least pieces of a turn.
    #[must_use]
    pub fn with_pieces(self, pieces_min: usize) -> Self {
        Self { pieces_min, ..self }
    }
}

/// Nanoseconds of the thread for one piece of work.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub median: f64,
    /// What a tenth of the turns were below: what it takes undisturbed.
    pub p10: f64,
}

/// Times all runners, in turns.
pub fn race(runners: &mut [Runner<'_>], effort: Effort) -> Vec<Timing> {
    let mut turns: Vec<Turns> = runners.iter_mut().map(|runner| Turns::warmed_up(runner, effort)).collect();
    for _ in 0..effort.rounds {
        for (runner, turns) in runners.iter_mut().zip(&mut turns) {
            turns.take(runner);
        }
    }
    turns.into_iter().map(Turns::timing).collect()
}

/// What one runner did.
struct Turns {
    /// Pieces of a turn.
    pieces: usize,
    next: usize,
    /// Nanoseconds of a piece, for each turn.
    times: Vec<f64>,
}

impl Turns {
    /// Finds out how many pieces fill a turn.
    fn warmed_up(runner: &mut Runner<'_>, effort: Effort) -> Self {
        let mut turns = Self { pieces: 1, next: 0, times: Vec::new() };
        loop {
            let spent = turns.spend(runner);
            if spent >= effort.turn && turns.pieces >= effort.pieces_min {
                return turns;
            }
            let missing = effort.turn.as_nanos() as f64 / spent.as_nanos().max(1) as f64;
            let wanted = (turns.pieces as f64 * missing.clamp(1.0, 8.0) * 1.1).ceil() as usize;
            turns.pieces = wanted.max(turns.pieces + 1).max(effort.pieces_min.min(turns.pieces * 8));
        }
    }

    fn take(&mut self, runner: &mut Runner<'_>) {
        let spent = self.spend(runner);
        self.times.push(spent.as_nanos() as f64 / self.pieces as f64);
    }

    fn spend(&mut self, runner: &mut Runner<'_>) -> Duration {
        let before = thread_time();
        for piece in self.next..self.next + self.pieces {
            (runner.work)(piece);
        }
        self.next += self.pieces;
        thread_time() - before
    }

    fn timing(mut self) -> Timing {
        self.times.sort_by(f64::total_cmp);
        let at = |share: usize| self.times[self.times.len() * share / 100];
        Timing { median: at(50), p10: at(10) }
    }
}

/// Processor time of this thread.
pub fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
