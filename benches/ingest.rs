//! From the bytes that Google sends of a meeting to what rules decide about it, beside serde_json, which reads the same bytes and
//! decides nothing.
//!
//! - `cargo bench --profile load --no-default-features --features calendars --bench ingest`: the table of ratios
//! - `-- --write`: written into `BENCHMARKS.md` as well
//! - `-- --test`: everything once, to see that it runs
//!
//! Read the ratios of one run, not the times.

#[path = "workload/mod.rs"]
#[expect(dead_code, unused_imports, reason = "each program uses its part")]
mod workload;

use callsheet::engine::{Machine, RuleSet};
use callsheet::event::Occurrence;
use callsheet::providers::google;
use callsheet::time::{Elapsed, Instant, Zone};
use callsheet::value::Provider;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::borrow::Cow;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use workload::google::google_json;
use workload::ratios::{Effort, Runner, Timing, race};
use workload::tables::{self, Table};
use workload::written::{self, Asker};
use workload::{Event, Size, agree, events, rules};

// The same for everybody.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: u64 = 1;

/// Meetings of a page.
const PAGE: usize = 100;

/// Rule sets that decide.
const SIZES: [Size; 3] = [Size::S, Size::M, Size::L];

fn main() {
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let (effort, count) = if asked("--test") { (Effort::SMOKE, PAGE) } else { (Effort::FULL, 2_000) };
    let figures = figures(&Corpus::new(count), effort);
    println!("{figures}");
    if asked("--write") {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCHMARKS.md");
        tables::write_section(&file, "ingest", &figures);
    }
}

/// Meetings, and what is sent of each.
struct Corpus {
    events: Vec<Event>,
    bodies: Vec<Vec<u8>>,
    /// The same in pages, as `events.list` answers.
    pages: Vec<Vec<u8>>,
    asker: Asker,
}

impl Corpus {
    fn new(count: usize) -> Self {
        let sent_by_google = |event| Event { provider: Provider::Google, ..event };
        let events: Vec<Event> = events(SEED, count).into_iter().map(sent_by_google).collect();
        let bodies: Vec<Vec<u8>> = events.iter().map(google_json).collect();
        let pages = bodies.chunks_exact(PAGE).map(page).collect();
        Self { events, bodies, pages, asker: Asker::new() }
    }

    fn body(&self, at: usize) -> &[u8] {
        &self.bodies[at % self.bodies.len()]
    }

    fn page(&self, at: usize) -> &[u8] {
        &self.pages[at % self.pages.len()]
    }

    /// The meeting as the host gets it: read, and expanded around its start.
    fn occurrence(&self, at: usize) -> Occurrence {
        let utc = Zone::utc();
        let calendar = google::read(self.body(at), &utc).expect("what Google sends can be read");
        let start = Instant::from_second(self.events[at % self.events.len()].start_secs).expect("a start of these years");
        let window = start - Elapsed::from_hours(12)..start + Elapsed::from_hours(12);
        let mut occurrences = calendar.occurrences(window, &utc).occurrences.into_iter();
        occurrences.find(|one| one.start.instant(&utc) == start).expect("the occurrence that starts then")
    }

    fn bytes_mean(&self) -> usize {
        self.bodies.iter().map(Vec::len).sum::<usize>() / self.bodies.len()
    }
}

/// A page of `events.list` with these meetings.
fn page(bodies: &[Vec<u8>]) -> Vec<u8> {
    let head = br#"{"kind":"calendar#events","timeZone":"Europe/London","accessRole":"owner","nextSyncToken":"CPDAlvWDx70CEPDA","items":["#;
    [head.as_slice(), &bodies.join(&b','), b"]}"].concat()
}

/// The table of ratios, and how it came about.
fn figures(corpus: &Corpus, effort: Effort) -> String {
    let sets = SIZES.map(|size| written::rule_set(&rules(size)));
    let mut text = format!(
        "{} events of {} bytes on average, seed {SEED}; medians of processor time, {} rounds in turns, load average {}.\n\n",
        corpus.events.len(),
        corpus.bytes_mean(),
        effort.rounds,
        tables::load_average()
    );
    let mut table = Table::new(["from the bytes of one event", "time", "ratio", "at most"]);
    one_by_one(&mut table, corpus, &sets, effort);
    in_pages(&mut table, corpus, effort);
    let _ = writeln!(text, "{}", table.markdown());
    for (size, rule_set) in SIZES.iter().zip(&sets) {
        text += &agreement(*size, rule_set, corpus);
    }
    text
}

/// How tables call what all else is measured against.
const TYPED: &str = "serde_json, typed";

/// Times reading one event after the other, and deciding about each.
fn one_by_one(table: &mut Table, corpus: &Corpus, sets: &[RuleSet; 3], effort: Effort) {
    let utc = Zone::utc();
    let mut runners = vec![
        Runner::new(TYPED, |at| drop(black_box(serde_json::from_slice::<Typed<'_>>(corpus.body(at))))),
        Runner::new("serde_json, typed, only what the rules below ask", |at| {
            drop(black_box(serde_json::from_slice::<Asked<'_>>(corpus.body(at))));
        }),
        Runner::new("serde_json, `IgnoredAny`", |at| _ = black_box(serde_json::from_slice::<IgnoredAny>(corpus.body(at)))),
        Runner::new("serde_json, `Value`", |at| drop(black_box(serde_json::from_slice::<Value>(corpus.body(at))))),
        Runner::new("callsheet, to an event", |at| drop(black_box(google::read(corpus.body(at), &utc)))),
        Runner::new("callsheet, to an occurrence", |at| drop(black_box(corpus.occurrence(at)))),
    ];
    for (size, rule_set) in SIZES.iter().zip(sets) {
        let mut machine = Machine::new();
        runners.push(Runner::new(decision_of(*size), move |at| {
            _ = black_box(agree::decide(rule_set, &mut machine, &corpus.asker, &corpus.occurrence(at)));
        }));
    }
    let timings = race(&mut runners, effort);
    for (runner, timing) in runners.iter().zip(&timings) {
        let most = if runner.name == decision_of(Size::M) { "0.65" } else { "" };
        table.row([&runner.name, &tables::time(timing.median), &tables::ratio(timing.median / timings[0].median), most]);
    }
}

fn decision_of(size: Size) -> String {
    format!("callsheet, to a decision, {} rules", size.label())
}

/// Times reading pages, of which each event has its share.
fn in_pages(table: &mut Table, corpus: &Corpus, effort: Effort) {
    let utc = Zone::utc();
    let mut runners = [
        Runner::new(format!("{TYPED}, a share of a page of {PAGE}"), |at| {
            drop(black_box(serde_json::from_slice::<TypedPage<'_>>(corpus.page(at))));
        }),
        Runner::new(format!("callsheet, to an event, a share of a page of {PAGE}"), |at| {
            drop(black_box(google::read(corpus.page(at), &utc)));
        }),
    ];
    let timings = race(&mut runners, effort.with_pieces(1));
    let share = |timing: &Timing| tables::time(timing.median / PAGE as f64);
    for (runner, timing) in runners.iter().zip(&timings) {
        table.row([&runner.name, &share(timing), &tables::ratio(timing.median / timings[0].median), ""]);
    }
}

/// Whether what was sent is decided about as the event itself is.
fn agreement(size: Size, rule_set: &RuleSet, corpus: &Corpus) -> String {
    let (mut machine, some) = (Machine::new(), corpus.events.len().min(500));
    let mut decide = |occurrence: &Occurrence| agree::decide(rule_set, &mut machine, &corpus.asker, occurrence);
    let differs = |at: &usize| decide(&corpus.occurrence(*at)) != decide(&written::occurrence(&corpus.events[*at]));
    let different = (0..some).filter(differs).count();
    format!("- {} rules: {different} of {some} decided differently than the event that the bytes were made of.\n", size.label())
}

/// What rules can ask of an event, and what tells it from others: everything is borrowed that holds no escapes.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Typed<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "iCalUID")]
    ical_uid: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    updated: Cow<'a, str>,
    sequence: i64,
    #[serde(borrow)]
    summary: Cow<'a, str>,
    #[serde(borrow)]
    description: Cow<'a, str>,
    #[serde(borrow)]
    location: Cow<'a, str>,
    start: Time<'a>,
    end: Time<'a>,
    recurrence: Vec<Line<'a>>,
    organizer: Person<'a>,
    creator: Person<'a>,
    attendees: Vec<Person<'a>>,
    #[serde(borrow)]
    visibility: Cow<'a, str>,
    #[serde(borrow)]
    transparency: Cow<'a, str>,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    hangout_link: Cow<'a, str>,
    conference_data: ConferenceData<'a>,
}

/// A page of such events.
#[derive(Deserialize)]
#[expect(dead_code, reason = "what was read is looked at by nobody")]
struct TypedPage<'a> {
    #[serde(borrow)]
    items: Vec<Typed<'a>>,
}

/// What the workload's rules ask of an event, and nothing else.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Asked<'a> {
    #[serde(borrow)]
    summary: Cow<'a, str>,
    start: Time<'a>,
    end: Time<'a>,
    recurrence: Vec<Line<'a>>,
    organizer: Guest<'a>,
    attendees: Vec<Guest<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Time<'a> {
    #[serde(borrow)]
    date: Cow<'a, str>,
    #[serde(borrow)]
    date_time: Cow<'a, str>,
    #[serde(borrow)]
    time_zone: Cow<'a, str>,
}

/// A line of a series; serde borrows in members alone.
#[derive(Deserialize)]
#[serde(transparent)]
#[expect(dead_code, reason = "what was read is looked at by nobody")]
struct Line<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Person<'a> {
    #[serde(borrow)]
    email: Cow<'a, str>,
    #[serde(borrow)]
    display_name: Cow<'a, str>,
    #[serde(borrow)]
    response_status: Cow<'a, str>,
    #[serde(rename = "self")]
    is_self: bool,
    organizer: bool,
    optional: bool,
    resource: bool,
    additional_guests: u32,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Guest<'a> {
    #[serde(borrow)]
    email: Cow<'a, str>,
    #[serde(borrow)]
    response_status: Cow<'a, str>,
    #[serde(rename = "self")]
    is_self: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ConferenceData<'a> {
    #[serde(borrow)]
    entry_points: Vec<EntryPoint<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct EntryPoint<'a> {
    #[serde(borrow)]
    entry_point_type: Cow<'a, str>,
    #[serde(borrow)]
    uri: Cow<'a, str>,
}
