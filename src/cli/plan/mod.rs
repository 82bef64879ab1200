//! `callsheet plan`, the main job offline: which meetings get a bot, when, by which rule, and why not.

mod ics;
pub(super) mod json;
pub(super) mod row;
pub(super) mod table;
mod timeline;

use super::input::{AskerArgs, CalendarFile, RuleArgs, read_calendars, say_unreadable};
use super::text::terminal_columns;
use super::window::WindowArgs;
use super::{CliError, Outcome, counted, print};
use crate::engine::{self, Sighting};
use crate::event::{ConnectedUser, Occurrence, Window};
use crate::time::{Instant, Zone};
use crate::value::Overrides;
use row::{Mark, Row};
use std::path::PathBuf;

/// Arguments of `callsheet plan`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// Calendar files: .ics, a Google events list, a Graph calendar view; each is one user's calendar
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    calendar: Vec<PathBuf>,
    #[command(flatten)]
    window: WindowArgs,
    #[command(flatten)]
    asker: AskerArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A table and a timeline for people
    Table,
    /// One JSON document
    Json,
    /// The planned recordings as a calendar
    Ics,
}

/// Columns of the table where the output is no terminal.
const WIDTH_DEFAULT: usize = 120;

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let Some(rules) = args.rules.rule_set()? else { return Ok(Outcome::Findings) };
    let reader = args.asker.reader();
    let window = args.window.window(&reader)?;
    let lists = args.asker.lists(&rules)?;
    let files = read_calendars(&args.calendar, &reader)?;
    let (seen, unreadable) = occurrences(&files, &window, &reader);
    let users: Vec<ConnectedUser> = files.iter().map(|file| args.asker.user(&file.name, &file.calendar)).collect();
    let sightings: Vec<Sighting<'_>> = seen
        .iter()
        .flat_map(|(calendar, found)| found.iter().map(move |occurrence| (*calendar, occurrence)))
        .map(|(calendar, occurrence)| Sighting {
            rules: &rules,
            occurrence,
            user: &users[calendar],
            overrides: Overrides::default(),
        })
        .collect();
    let plan = engine::plan(&lists, &sightings, &reader);
    if plan.is_empty() {
        super::events::say_empty(&window, files.iter().map(|file| &file.calendar), &reader);
    }
    let rows: Vec<Row> = plan.iter().map(|planned| Row::of(planned, &reader)).collect();
    print(&match args.format {
        Format::Table => page(&rows, &files, &window, &reader),
        Format::Json => json::document(&rules, &plan, &window, &reader),
        Format::Ics => ics::ics(&plan, &rows, &reader, Instant::now()),
    })?;
    Ok(Outcome::findings_if(unreadable))
}

/// The occurrences of each calendar in the window, and whether some part of a calendar could not be read.
fn occurrences(files: &[CalendarFile], window: &Window, reader: &Zone) -> (Vec<(usize, Vec<Occurrence>)>, bool) {
    let mut unreadable = false;
    let mut seen = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let found = file.calendar.occurrences(window.clone(), reader);
        say_unreadable(&file.name, &found.unreadable);
        unreadable |= !found.unreadable.is_empty() || !file.calendar.unreadable.is_empty();
        seen.push((index, found.occurrences));
    }
    (seen, unreadable)
}

/// Heading, table, timeline, sum.
fn page(rows: &[Row], files: &[CalendarFile], window: &Window, reader: &Zone) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let last = window.end.checked_sub(crate::time::Elapsed::from_secs(1)).unwrap_or(window.end);
    let day = |instant: Instant| reader.civil(instant).strftime("%-d %b %Y").to_string();
    let mut page =
        format!("{} to {}, times in {}, {}\n\n", day(window.start), day(last), reader.name(), counted(files.len(), "calendar"));
    page += &table::table(rows, reader, width());
    let strips = timeline::timeline(rows);
    if !strips.is_empty() {
        page += "\n";
        page += &strips;
    }
    page += "\n";
    page += &sum(rows);
    page
}

fn sum(rows: &[Row]) -> String {
    let count = |test: fn(&Mark) -> bool| rows.iter().filter(|row| test(&row.mark)).count();
    let joined = count(|mark| matches!(mark, Mark::Joins(_)));
    let skipped = count(|mark| matches!(mark, Mark::Skipped));
    let not_recordable = count(|mark| matches!(mark, Mark::NotRecordable));
    format!("{}: {joined} with a bot, {skipped} skipped, {not_recordable} not recordable\n", counted(rows.len(), "meeting"))
}

/// The columns that the environment says or the terminal has.
pub(super) fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.or_else(terminal_columns).filter(|columns| *columns >= 60).unwrap_or(WIDTH_DEFAULT)
}
