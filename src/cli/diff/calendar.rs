//! The meetings of real calendars that a change of rules decides otherwise.
//!
//! Each calendar is planned by the old rules and by the new ones, as `callsheet plan` does; what differs is told.

use super::words;
use crate::cli::input::{AskerArgs, CalendarFile, read_bytes, read_calendar, say_unreadable, shown};
use crate::cli::plan::row::Row;
use crate::cli::plan::table::{copies, times};
use crate::cli::plan::width;
use crate::cli::text::{cut, fit, steady, wrapped};
use crate::cli::window::WindowArgs;
use crate::cli::{CliError, counted, events, say};
use crate::compare::Effect;
use crate::copies::Strength;
use crate::engine::{self, Planned, RuleSet, Sighting};
use crate::event::{Calendar, ConnectedUser, Occurrence, Window};
use crate::providers::normal::read_occurrence;
use crate::time::{Instant, Zone};
use crate::value::words::Verb;
use crate::value::{Decision, Fact, Overrides, fold};
use anstyle::{AnsiColor, Style};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
use unicode_width::UnicodeWidthStr;

/// What two rule sets make of the meetings in calendars.
pub struct Real {
    /// How many meetings there are.
    pub total: usize,
    /// Those that are decided otherwise, ascending by start.
    pub changes: Vec<Change>,
    /// The words in the titles of those that stay, with how many hold each.
    staying: BTreeMap<String, usize>,
    /// The days that were looked at.
    pub window: Window,
    /// In whose zone days are shown.
    pub reader: Zone,
    /// Whether some part of a calendar could not be read.
    pub unreadable: bool,
}

/// A meeting that is decided otherwise.
pub struct Change {
    pub before: Planned,
    pub after: Planned,
    /// Who decided and who decides, in words.
    who: [String; 2],
    strengths: [Option<Strength>; 2],
}

impl Change {
    pub fn effect_before(&self) -> Effect<'_> {
        effect(self.strengths[0], &self.before)
    }

    pub fn effect_after(&self) -> Effect<'_> {
        effect(self.strengths[1], &self.after)
    }
}

fn effect(strength: Option<Strength>, planned: &Planned) -> Effect<'_> {
    let records = matches!(planned.decision, Decision::Decided { verb: Verb::Record, .. });
    Effect { strength, settings: records.then_some(&planned.settings) }
}

/// Meetings with the same change.
pub struct Group {
    /// `skip → record`
    pub outcomes: String,
    /// How many.
    pub count: usize,
    /// A word that several of their titles hold, and how many do.
    pub word: Option<(String, usize)>,
}

/// The occurrences of one calendar, and whose it is.
struct Seen {
    user: ConnectedUser,
    occurrences: Vec<Occurrence>,
}

impl Real {
    /// Plans the calendars by both rule sets.
    ///
    /// # Errors
    /// A calendar that cannot be read, and lists that the rules do not have.
    pub fn read(
        paths: &[PathBuf],
        old: &RuleSet,
        new: &RuleSet,
        window: &WindowArgs,
        asker: &AskerArgs,
    ) -> Result<Self, CliError> {
        let reader = asker.reader();
        let window = window.window(&reader)?;
        let lists = asker.lists_of(&[old, new])?;
        let mut real = Self { total: 0, changes: Vec::new(), staying: BTreeMap::new(), window, reader, unreadable: false };
        let seen = real.see(paths, asker)?;
        let plan = |rules| {
            let sightings: Vec<Sighting<'_>> = seen
                .iter()
                .flat_map(|seen| seen.occurrences.iter().map(move |occurrence| (occurrence, &seen.user)))
                .map(|(occurrence, user)| Sighting { rules, occurrence, user, overrides: Overrides::default() })
                .collect();
            engine::plan(&lists, &sightings, &real.reader)
        };
        let (before, after) = (plan(old), plan(new));
        real.compare(old, new, before, after);
        Ok(real)
    }

    fn see(&mut self, paths: &[PathBuf], asker: &AskerArgs) -> Result<Vec<Seen>, CliError> {
        let mut seen = Vec::new();
        let mut files = Vec::new();
        for path in paths {
            let bytes = read_bytes(path)?;
            if let Some(occurrences) = self.lines(&shown(path), &bytes) {
                let user = asker.user(&shown(path), &nobodys());
                seen.push(Seen { user, occurrences });
                continue;
            }
            let CalendarFile { name, calendar } = read_calendar(path, &bytes, &self.reader)?;
            let found = calendar.occurrences(self.window.clone(), &self.reader);
            say_unreadable(&name, &found.unreadable);
            self.unreadable |= !found.unreadable.is_empty() || !calendar.unreadable.is_empty();
            seen.push(Seen { user: asker.user(&name, &calendar), occurrences: found.occurrences });
            files.push(calendar);
        }
        if seen.iter().all(|seen| seen.occurrences.is_empty()) {
            events::say_empty(&self.window, files.iter(), &self.reader);
        }
        Ok(seen)
    }

    /// The occurrences of the form that `events --full` prints, where the first line is of it.
    fn lines(&mut self, name: &str, bytes: &[u8]) -> Option<Vec<Occurrence>> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
        read_occurrence(lines.peek()?.1).ok()?;
        let mut occurrences = Vec::new();
        for (number, line) in lines {
            match read_occurrence(line) {
                Ok(occurrence) if self.window.contains(&occurrence.start.instant(&self.reader)) => occurrences.push(occurrence),
                Ok(_) => {}
                Err(error) => {
                    say(&format!("{name}: line {}: {error}", number + 1));
                    self.unreadable = true;
                }
            }
        }
        Some(occurrences)
    }

    /// Copies of a meeting are the same sightings in both plans.
    fn compare(&mut self, old: &RuleSet, new: &RuleSet, before: Vec<Planned>, after: Vec<Planned>) {
        self.total = after.len();
        let mut of_old: BTreeMap<Vec<usize>, Planned> =
            before.into_iter().map(|planned| (planned.members.clone(), planned)).collect();
        for after in after {
            let before = of_old.remove(&after.members).expect("calendars are grouped by their entries alone");
            let strengths = [Strength::of(old.outline(), before.decision), Strength::of(new.outline(), after.decision)];
            let who = [words::decider(old.outline(), before.decision), words::decider(new.outline(), after.decision)];
            let change = Change { before, after, who, strengths };
            if change.effect_before().is_same(&change.effect_after()) {
                for word in title_words(&change.after) {
                    *self.staying.entry(word).or_default() += 1;
                }
            } else {
                self.changes.push(change);
            }
        }
    }

    /// The changes by what changes, the most frequent first.
    pub fn groups(&self) -> Vec<Group> {
        let mut of: BTreeMap<String, Vec<&Change>> = BTreeMap::new();
        for change in &self.changes {
            of.entry(words::outcomes(&change.effect_before(), &change.effect_after())).or_default().push(change);
        }
        let mut groups: Vec<Group> = of
            .into_iter()
            .map(|(outcomes, changes)| Group { outcomes, count: changes.len(), word: self.telling_word(&changes) })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.count));
        groups
    }

    /// The word that most titles of these meetings hold, among those that several hold and that are at least twice as frequent
    /// here as in the titles of the meetings that stay; the longest of several, then the first by letters.
    fn telling_word(&self, changes: &[&Change]) -> Option<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for word in changes.iter().flat_map(|change| title_words(&change.after)) {
            *counts.entry(word).or_default() += 1;
        }
        let stay = self.total - self.changes.len();
        let is_telling = |(word, count): &(String, usize)| {
            let elsewhere = self.staying.get(word).copied().unwrap_or(0);
            *count > 1 && count * stay >= 2 * elsewhere * changes.len()
        };
        let telling = counts.into_iter().filter(is_telling);
        telling.max_by(|(one, of_one), (other, of_other)| {
            of_one.cmp(of_other).then(one.chars().count().cmp(&other.chars().count())).then(other.cmp(one))
        })
    }
}

/// Shortest word of a title that is counted.
const WORD_CHARS_MIN: usize = 3;

/// The words of a title, folded, each once; numbers are none.
fn title_words(planned: &Planned) -> BTreeSet<String> {
    let Fact::Known(Some(title)) = &planned.occurrence.facts.title else { return BTreeSet::new() };
    let folded = fold(&title.content);
    let words = folded.split(|character: char| !character.is_alphanumeric());
    let is_word = |word: &&str| word.chars().count() >= WORD_CHARS_MIN && !word.chars().all(char::is_numeric);
    words.filter(is_word).map(str::to_owned).collect()
}

fn nobodys() -> Calendar {
    Calendar { name: None, owner: None, zone: None, events: Vec::new(), unreadable: Vec::new() }
}

const HEADING: Style = Style::new().bold();
const RECORD: Style = AnsiColor::Green.on_default().bold();

/// Columns of a title, at the most and at the least.
const TITLE_MAX: usize = 36;
const TITLE_MIN: usize = 12;
/// Columns of who decided and who decides, at the least; where there are fewer, they stand on a line of their own.
const WHY_MIN: usize = 24;
/// Columns before a title, and of what stands around title and outcome.
const BEFORE_TITLE: usize = 2 + 12 + 2;
const BESIDE_TITLE: usize = BEFORE_TITLE + 2;

/// Heading, sum and table.
pub fn page(real: &Real) -> String {
    let last = real.window.end.checked_sub(crate::time::Elapsed::from_secs(1)).unwrap_or(real.window.end);
    let day = |instant: Instant| real.reader.civil(instant).strftime("%-d %b %Y").to_string();
    let mut page = format!("{HEADING}{}{HEADING:#}\n", wrapped(&headline(real), 2));
    let _ = writeln!(page, "{} to {}, times in {}", day(real.window.start), day(last), real.reader.name());
    let rows: Vec<(Row, &Change)> = real.changes.iter().map(|change| (Row::of(&change.after, &real.reader), change)).collect();
    let outcome = |change: &Change| words::outcomes(&change.effect_before(), &change.effect_after());
    let outcome_width = rows.iter().map(|(_, change)| outcome(change).width()).max().unwrap_or(0);
    let room = width().saturating_sub(BESIDE_TITLE + outcome_width).clamp(TITLE_MIN, TITLE_MAX);
    let title_width = rows.iter().map(|(row, _)| row.title.width() + copies(row).len()).max().unwrap_or(0).min(room);
    let mut shown_day = None;
    for (row, change) in &rows {
        if shown_day != Some(row.day) {
            let _ = writeln!(page, "\n{HEADING}{}{HEADING:#}", row.day.strftime("%A %-d %B %Y"));
            shown_day = Some(row.day);
        }
        let copies = copies(row);
        let title = cut(&row.title, title_width.saturating_sub(copies.len())) + &copies;
        let style = if change.effect_after().records() && !change.effect_before().records() { RECORD } else { Style::new() };
        let [from, to] = &change.who;
        let why = if from == to { from.clone() } else { format!("{from} → {to}") };
        let head = format!("  {}  {}  ", fit(&times(row), 12), fit(&title, title_width));
        let (rest, why) = (width().saturating_sub(head.width() + outcome_width + 2), steady(&why));
        if rest >= WHY_MIN {
            let _ = writeln!(page, "{head}{style}{}{style:#}  {}", fit(&outcome(change), outcome_width), cut(&why, rest));
        } else {
            let below = cut(&why, width().saturating_sub(BEFORE_TITLE).max(WHY_MIN));
            let _ = writeln!(page, "{head}{style}{}{style:#}\n{:BEFORE_TITLE$}{below}", outcome(change), "");
        }
    }
    page
}

/// `41 of 612 meetings change: 37 skip → record (5 of them with "legal" in the title), 4 record, with other settings`.
fn headline(real: &Real) -> String {
    let all = counted(real.total, "meeting");
    if real.changes.is_empty() {
        return format!("none of {all} changes");
    }
    let groups: Vec<String> = real
        .groups()
        .iter()
        .map(|group| {
            let word = group.word.as_ref().map(|(word, count)| {
                let of = if *count == group.count { "all".to_owned() } else { format!("{count} of them") };
                format!(" ({of} with \"{word}\" in the title)")
            });
            format!("{} {}{}", group.count, group.outcomes, steady(&word.unwrap_or_default()))
        })
        .collect();
    let verb = if real.changes.len() == 1 { "changes" } else { "change" };
    format!("{} of {all} {verb}: {}", real.changes.len(), groups.join("; "))
}
