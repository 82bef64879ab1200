//! Many runs: seeds shared out to threads, findings gathered, and how often each fault met.

use super::run::{Kind, Report, Run};
use crate::host::world::bots::Happened;
use crate::host::world::weather::{Fault, Kind as Request};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// One run in so many is made twice.
const TWICE_EVERY: u64 = 25;
/// Findings of so many runs are enough.
const FAILING_MAX: usize = 12;

/// What came of many runs.
#[derive(Default)]
pub(super) struct Sample {
    pub(super) runs: u64,
    pub(super) lives: usize,
    pub(super) wanted: usize,
    pub(super) unwanted: usize,
    /// Runs made twice.
    pub(super) twice: u64,
    /// Findings, each with the command that makes its run again.
    pub(super) wrong: Vec<String>,
    met: BTreeMap<(Fault, Request), u64>,
    happened: BTreeMap<Happened, u64>,
    incidents: BTreeMap<&'static str, u64>,
    /// Lives by kind of run.
    kinds: BTreeMap<Kind, usize>,
    /// Whether people did things by hand.
    by_hand: bool,
}

impl Sample {
    /// The runs that `make` has for the numbers from 0 on, until there were so many lives or [`FAILING_MAX`] runs went wrong.
    pub(super) fn until(lives: usize, make: impl Fn(u64) -> Run + Sync) -> Self {
        let (number, sample) = (AtomicU64::new(0), Mutex::new(Self::default()));
        let (done, failing) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while done.load(Ordering::Relaxed) < lives && failing.load(Ordering::Relaxed) < FAILING_MAX {
                        let number = number.fetch_add(1, Ordering::Relaxed);
                        let run = make(number);
                        let report = run.report();
                        let again = (number % TWICE_EVERY == 0).then(|| run.report());
                        done.fetch_add(report.lives, Ordering::Relaxed);
                        failing.fetch_add(usize::from(!report.wrong.is_empty()), Ordering::Relaxed);
                        sample.lock().expect("no thread panics with it").add(&run, report, again.as_ref());
                    }
                });
            }
        });
        sample.into_inner().expect("no thread panicked with it")
    }

    fn add(&mut self, run: &Run, mut report: Report, again: Option<&Report>) {
        self.runs += 1;
        self.by_hand |= run.by_hand;
        if let Some(again) = again {
            self.twice += 1;
            if *again != report {
                report.wrong.push("the same run gave another trace".to_owned());
            }
        }
        self.lives += report.lives;
        self.wanted += report.wanted;
        self.unwanted += report.unwanted;
        *self.kinds.entry(run.kind).or_default() += report.lives;
        report.met.into_iter().for_each(|(key, count)| *self.met.entry(key).or_default() += count);
        report.happened.into_iter().for_each(|(key, count)| *self.happened.entry(key).or_default() += count);
        report.incidents.into_iter().for_each(|(key, count)| *self.incidents.entry(key).or_default() += count);
        if !report.wrong.is_empty() {
            let more = report.wrong.len().saturating_sub(4);
            let first: Vec<String> = report.wrong.into_iter().take(4).collect();
            self.wrong.push(format!("{}\n  and {more} more; to see it again:\n  {}", first.join("\n"), run.command()));
        }
    }

    /// How often each fault met each kind of request, and what else happened.
    pub(super) fn coverage(&self) -> String {
        let mut text = format!(
            "{} lives in {} runs ({} made twice): {} bots wanted, {} places without\n",
            self.lives, self.runs, self.twice, self.wanted, self.unwanted
        );
        for (kind, lives) in &self.kinds {
            write!(text, "{}: {lives}  ", kind.word()).expect("a text takes everything");
        }
        text.push('\n');
        for fault in Fault::all() {
            let kinds = Request::ALL.into_iter().filter_map(|kind| Some((kind, self.met.get(&(fault, kind))?)));
            let kinds: Vec<String> = kinds.map(|(kind, count)| format!("{kind:?} {count}")).collect();
            writeln!(text, "{fault:?}: {}", kinds.join(", ")).expect("a text takes everything");
        }
        let _ = writeln!(text, "bots: {:?}\nhosts and people: {:?}", self.happened, self.incidents);
        text
    }

    /// Faults that never happened although they could have.
    pub(super) fn missing(&self) -> Vec<String> {
        let mut missing: Vec<String> = Vec::new();
        let met = |fault: Fault| Request::ALL.into_iter().any(|kind| self.met.contains_key(&(fault, kind)));
        missing.extend(Fault::all().filter(|fault| !met(*fault)).map(|fault| format!("{fault:?}")));
        let incidents = [
            "killed",
            "held up",
            "dark hour",
            "cursors forgotten",
            "clock ahead",
            "clock behind",
            "clock still",
            "skewed",
            "died",
            "left",
            "joined",
        ];
        let people = ["stop said", "record said", "word taken back", "bot sent", "bot sent again", "bot called back"];
        let incidents = incidents.into_iter().chain(people.into_iter().filter(|_| self.by_hand));
        missing.extend(incidents.filter(|word| !self.incidents.contains_key(word)).map(str::to_owned));
        let bots = [Happened::Accepted, Happened::Refused, Happened::Left, Happened::Again];
        missing.extend(bots.into_iter().filter(|what| !self.happened.contains_key(what)).map(|what| format!("{what:?}")));
        missing
    }
}
