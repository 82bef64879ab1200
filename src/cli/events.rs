//! `callsheet events`: the meetings of calendar files as rules see them.

use super::input::{read_calendars, say_unreadable};
use super::text::{fit, one_line};
use super::window::WindowArgs;
use super::{CliError, Outcome, counted, print, say};
use crate::event::{Calendar, Occurrence, Window};
use crate::providers::normal::{Detail, occurrence_to_json};
use crate::time::{Instant, Moment, Zone};
use crate::value::{Closed, Fact};
use std::path::PathBuf;

/// Arguments of `callsheet events`.
#[derive(clap::Args)]
pub struct Args {
    /// Calendar files: .ics, a Google events list, a Graph calendar view; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    window: WindowArgs,
    /// The reader's zone, for floating times and for days [default: UTC]
    #[arg(long, value_name = "ZONE", value_parser = super::input::parse_zone)]
    zone: Option<Zone>,
    /// Print every fact that rules can read, as `eval` wants it
    #[arg(long)]
    full: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// One JSON object a line
    Jsonl,
    /// A table for people
    Table,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let reader = args.zone.clone().unwrap_or_else(Zone::utc);
    let window = args.window.window(&reader)?;
    let mut unreadable = false;
    let mut occurrences = Vec::new();
    let files = read_calendars(&args.files, &reader)?;
    for file in &files {
        unreadable |= !file.calendar.unreadable.is_empty();
        let found = file.calendar.occurrences(window.clone(), &reader);
        say_unreadable(&file.name, &found.unreadable);
        unreadable |= !found.unreadable.is_empty();
        occurrences.extend(found.occurrences);
    }
    occurrences.sort_by_cached_key(|occurrence| occurrence.start.instant(&reader));
    if occurrences.is_empty() {
        say_empty(&window, files.iter().map(|file| &file.calendar), &reader);
    }
    let detail = if args.full { Detail::Full } else { Detail::Short };
    let mut data = String::new();
    for occurrence in &occurrences {
        match args.format {
            Format::Jsonl => data += &occurrence_to_json(occurrence, detail).to_string(),
            Format::Table => data += &row(occurrence, &reader),
        }
        data.push('\n');
    }
    print(&data)?;
    Ok(Outcome::findings_if(unreadable))
}

/// One line of the table: when, status, title, people, platform.
fn row(occurrence: &Occurrence, reader: &Zone) -> String {
    let facts = &*occurrence.facts;
    let when = match &occurrence.start {
        Moment::Day(date) => format!("{} all day", date.strftime("%a %Y-%m-%d")),
        Moment::Timed { at, .. } => reader.civil(*at).strftime("%a %Y-%m-%d %H:%M").to_string(),
    };
    let title = match &facts.title {
        Fact::Known(Some(text)) => one_line(&text.content),
        Fact::Known(None) => "(no title)".into(),
        Fact::Unknown(reason) => format!("({reason})"),
    };
    let platform = facts.link.known().and_then(Option::as_ref).map_or("", |link| link.platform);
    let people = facts.people.attendees.len();
    format!("{}  {}  {}  {:>3} listed  {platform}", fit(&when, 20), fit(facts.status.word(), 9), fit(&title, 44), people)
        .trim_end()
        .to_owned()
}

/// Says that the window is empty, and what the files span, so that nobody wonders.
pub(super) fn say_empty<'a>(window: &Window, calendars: impl Iterator<Item = &'a Calendar>, reader: &Zone) {
    let day = |instant: Instant| reader.civil(instant).date().to_string();
    let mut starts: Vec<Instant> = Vec::new();
    let mut entries = 0;
    for calendar in calendars {
        entries += calendar.events.len();
        starts.extend(calendar.events.iter().map(|event| event.start.instant(reader)));
    }
    let span = match (starts.iter().min(), starts.iter().max()) {
        (Some(first), Some(last)) => format!(
            "; its {} start between {} and {}",
            counted(entries, "entry").replace("entrys", "entries"),
            day(*first),
            day(*last)
        ),
        _ => "; there are no events in it".into(),
    };
    say(&format!(
        "note: nothing starts between {} and {}{span}; choose days with --from and --to",
        day(window.start),
        day(window.end)
    ));
}
