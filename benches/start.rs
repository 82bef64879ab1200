//! What a start of the command costs: `callsheet eval` decides about one meeting by 50 rules, beside a process that does nothing.
//!
//! - `cargo bench --profile load --no-default-features --features cli --bench start`: the table
//! - `-- --write`: written into `BENCHMARKS.md` as well
//! - `-- --test`: everything once, to see that it runs
//!
//! Each process is asked, when it has ended and before it is forgotten, how long it was on a processor: in its own code, and in the
//! kernel, which starts it and takes it apart.

#[path = "workload/mod.rs"]
#[expect(dead_code, unused_imports, reason = "each program uses its part")]
mod workload;

use callsheet::providers::normal::{Detail, occurrence_to_json};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use workload::tables::{self, Table};
use workload::vocabulary::ME;
use workload::{Size, events, rules, written};

const SEED: u64 = 1;

/// What a process is to burn that shows whether burnt time is seen.
const BURNT: Duration = Duration::from_millis(100);

fn main() {
    if std::env::args().any(|argument| argument == BURN) {
        return burn();
    }
    let smoke = std::env::args().any(|argument| argument == "--test");
    let figures = figures(if smoke { 3 } else { 51 });
    println!("{figures}");
    if std::env::args().any(|argument| argument == "--write") {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCHMARKS.md");
        tables::write_section(&file, "start", &figures);
    }
}

/// How this program is told to be the process that burns time.
const BURN: &str = "--burn";

/// Keeps a processor busy for some time, as this thread is told it.
fn burn() {
    while workload::ratios::thread_time() < BURNT {
        std::hint::black_box(());
    }
}

/// The table, and how it came about.
fn figures(rounds: usize) -> String {
    let folder = Folder::new();
    let program = env!("CARGO_BIN_EXE_callsheet");
    let rules_file = |size: Size| folder.file(&format!("{}.rules", size.count()), &written::text(&rules(size)));
    let (five, fifty) = (rules_file(Size::S), rules_file(Size::M));
    let occurrence = written::occurrence(&events(SEED, 1)[0]);
    let event = folder.file("event.jsonl", &format!("{}\n", occurrence_to_json(&occurrence, Detail::Full)));
    let eval = |rules: &Path, input: &Path| Run::new(program, &["eval", &rules.to_string_lossy(), "--me", ME], input);
    let runs = [
        ("an empty process (`true`)", Run::new("true", &[], &event)),
        ("`callsheet --version`", Run::new(program, &["--version"], &event)),
        ("`callsheet eval` of one event, 5 rules", eval(&five, &event)),
        ("`callsheet eval` of no event, 50 rules", eval(&fifty, Path::new("/dev/null"))),
        (EVAL, eval(&fifty, &event)),
    ];
    let mut times = runs.each_ref().map(|_| Vec::new());
    for _ in 0..rounds {
        runs.iter().zip(&mut times).for_each(|((_, run), times)| times.push(run.processor_time()));
    }
    let burnt = Run::new(std::env::current_exe().expect("this program"), &[BURN], &event).processor_time();
    assert!(burnt > BURNT && burnt < BURNT * 2, "a process that burns {BURNT:?} shows {burnt:?}");
    let medians = times.map(median);
    let mut table = Table::new(["process", "processor time", "more than an empty one", "at most"]);
    for ((name, _), time) in runs.iter().zip(medians) {
        let most = if *name == EVAL { "3 ms" } else { "" };
        table.row([*name, &told(time), &told(time.saturating_sub(medians[0])), most]);
    }
    format!(
        "Medians of {rounds} rounds in turns, load average {}; a process that burns 100 ms shows {}.\n\n{}",
        tables::load_average(),
        told(burnt),
        table.markdown()
    )
}

/// How tables call what has a bound.
const EVAL: &str = "`callsheet eval` of one event, 50 rules";

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn told(time: Duration) -> String {
    tables::time(time.as_nanos() as f64)
}

/// A process that can be run again and again.
struct Run {
    program: PathBuf,
    arguments: Vec<String>,
    /// What it reads.
    input: PathBuf,
}

impl Run {
    fn new(program: impl Into<PathBuf>, arguments: &[&str], input: &Path) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { program: program.into(), arguments, input: input.to_owned() }
    }

    /// Runs it to its end, and asks the kernel how long it had a processor.
    ///
    /// # Panics
    /// Where it fails, or where the kernel keeps no such account.
    fn processor_time(&self) -> Duration {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(File::open(&self.input).expect("a file that was written"))
            .stdout(Stdio::null())
            .spawn()
            .expect("a program that can be run");
        // What has ended and was not waited for can still be asked.
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a child has a number");
        waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).expect("a child that ends");
        let account = std::fs::read_to_string(format!("/proc/{}/schedstat", child.id())).expect("the kernel's account");
        let status = child.wait().expect("a child that has ended");
        assert!(status.success(), "{} {:?}: {status}", self.program.display(), self.arguments);
        let nanoseconds = account.split(' ').next().and_then(|first| first.parse().ok()).expect("time on a processor");
        Duration::from_nanos(nanoseconds)
    }
}

/// A folder of this process, deleted behind it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("callsheet-start-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for files");
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file can be written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = std::fs::remove_dir_all(&self.0);
    }
}
