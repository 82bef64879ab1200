//! `callsheet explain`: the decision about one meeting, in sentences.

use super::input::{AskerArgs, RuleArgs, read_calendars, say_unreadable, shown};
use super::{CliError, Outcome, print};
use crate::event::{Calendar, Occurrence, Question, Window};
use crate::time::{Date, Elapsed, Instant, Moment, Zone};
use crate::value::Overrides;
use std::path::PathBuf;

/// Arguments of `callsheet explain`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// The calendar file
    #[arg(long, value_name = "FILE")]
    calendar: PathBuf,
    /// The meeting: its UID, and for one occurrence of a series its start after an `@`, as `events` prints them
    #[arg(long, value_name = "UID[@START]")]
    event: String,
    #[command(flatten)]
    asker: AskerArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// Sentences
    Text,
    /// One JSON document
    Json,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let Some(rules) = args.rules.rule_set()? else { return Ok(Outcome::Findings) };
    let reader = args.asker.reader();
    let lists = args.asker.lists(&rules)?;
    let file = read_calendars(std::slice::from_ref(&args.calendar), &reader)?.remove(0);
    let user = args.asker.user(&file.name, &file.calendar);
    let name = Name::parse(&args.event);
    let found = file.calendar.occurrences(name.window(&file.calendar, &reader), &reader);
    let Some(occurrence) = name.find(&found.occurrences, &reader) else {
        say_unreadable(&file.name, &found.unreadable);
        return Err(CliError::Content { name: shown(&args.calendar), why: name.not_found(&file.calendar) });
    };
    let question = Question { occurrence, user: &user, overrides: Overrides::default(), lists: &lists };
    let explanation = rules.explain(&question);
    print(&match args.format {
        Format::Text => explanation.sentences() + "\n",
        Format::Json => serde_json::to_string_pretty(&explanation.json()).expect("a JSON value prints") + "\n",
    })?;
    Ok(Outcome::findings_if(!file.calendar.unreadable.is_empty()))
}

/// Days around a start that are looked through: enough for any zone.
const DAYS_AROUND: i64 = 2;
const DAYS_OF_A_YEAR: i64 = 366;

/// `UID[@START]`. A UID may itself hold an `@`, so the last part counts as a start only if it reads as one.
struct Name<'a> {
    uid: &'a str,
    start: Option<Start>,
}

enum Start {
    At(Instant),
    On(Date),
}

impl<'a> Name<'a> {
    fn parse(text: &'a str) -> Self {
        if let Some((uid, start)) = text.rsplit_once('@') {
            if let Ok(at) = start.parse() {
                return Self { uid, start: Some(Start::At(at)) };
            }
            if let Ok(date) = super::window::parse_date(start) {
                return Self { uid, start: Some(Start::On(date)) };
            }
        }
        Self { uid: text, start: None }
    }

    /// Without a start, the first occurrence is meant: no entry of the event begins more than a year before it.
    fn window(&self, calendar: &Calendar, reader: &Zone) -> Window {
        let around = |from: Instant, to: Instant, hours: i64| {
            let margin = Elapsed::from_hours(hours);
            from.checked_sub(margin).unwrap_or(Instant::MIN)..to.checked_add(margin).unwrap_or(Instant::MAX)
        };
        match &self.start {
            Some(Start::At(at)) => around(*at, *at, DAYS_AROUND * 24),
            Some(Start::On(date)) => {
                let at = Moment::Day(*date).instant(reader);
                around(at, at, DAYS_AROUND * 24)
            }
            None => {
                let own = calendar.events.iter().filter(|event| event.uid == self.uid);
                let first = own.map(|event| event.start.instant(reader)).min().unwrap_or(Instant::MIN);
                around(first, first, DAYS_OF_A_YEAR * 24)
            }
        }
    }

    fn find<'o>(&self, occurrences: &'o [Occurrence], reader: &Zone) -> Option<&'o Occurrence> {
        occurrences.iter().filter(|occurrence| occurrence.uid == self.uid).find(|occurrence| match &self.start {
            None => true,
            Some(Start::At(at)) => occurrence.start.instant(reader) == *at,
            Some(Start::On(date)) => match &occurrence.start {
                Moment::Day(day) => day == date,
                Moment::Timed { at, .. } => reader.civil(*at).date() == *date,
            },
        })
    }

    fn not_found(&self, calendar: &Calendar) -> String {
        if calendar.events.iter().any(|event| event.uid == self.uid) {
            return "the event is there, but nothing of it starts then; `callsheet events` lists its occurrences".into();
        }
        "no event has this UID; `callsheet events` lists them".into()
    }
}
