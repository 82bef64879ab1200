//! For a person: the classes of meetings that change, each with an example, and the real ones.

use super::calendar;
use super::{Told, words};
use crate::cli::counted;
use crate::cli::lint::human::counts;
use crate::cli::lint::report::Report;
use crate::cli::text::{steady, wrapped};
use crate::compare::{Class, Decider, Open, SideOf};
use crate::engine::Checked;
use crate::lint::{example_event, named};
use crate::value::Overrides;
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

const HEADING: Style = Style::new().bold();
const RECORD: Style = AnsiColor::Green.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// Most classes under one heading, and most questions that stayed open; programs read all of them.
const SHOWN_MAX: usize = 12;

/// Everything but the findings.
pub fn page(told: &Told<'_>) -> String {
    let mut page = String::new();
    let _ = writeln!(page, "{HEADING}{} → {}{HEADING:#}: {}\n", names(told.old.0, told), names(told.new.0, told), verdict(told));
    let (mut heading, mut shown) = (String::new(), 0);
    for class in sorted(told) {
        let (before, after) = (class.before(told.old.1.outline()), class.after(told.new.1.outline()));
        let mut next = words::outcomes(&before, &after);
        if class.overrides != Overrides::default() {
            next.push_str(" (recordings that people ask for)");
        }
        if next != heading {
            let style = if after.records() && !before.records() { RECORD } else { HEADING };
            more(&mut page, shown, "classes of meetings");
            let _ = writeln!(page, "{style}{next}{style:#}");
            (heading, shown) = (next, 0);
        }
        shown += 1;
        if shown <= SHOWN_MAX {
            one(&mut page, told, class);
        }
    }
    more(&mut page, shown, "classes of meetings");
    for open in told.comparison.open.iter().take(SHOWN_MAX) {
        let _ = writeln!(page, "not found out: {} (the bound was: {})", question(told, *open), open.limit.words());
    }
    more(&mut page, told.comparison.open.len(), "questions");
    if !told.comparison.open.is_empty() {
        page.push('\n');
    }
    if let Some(real) = told.real {
        page += &calendar::page(real);
        page.push('\n');
    }
    page
}

/// Says how many are left out.
fn more(page: &mut String, count: usize, of_what: &str) {
    if count > SHOWN_MAX {
        let _ = writeln!(page, "  … and {} more {of_what}: --format json tells all\n", count - SHOWN_MAX);
    }
}

/// Classes of one heading together; those that record more come first.
fn sorted<'a>(told: &Told<'a>) -> Vec<&'a Class> {
    let mut classes: Vec<&Class> = told.comparison.classes.iter().collect();
    classes.sort_by_cached_key(|class| {
        let (before, after) = (class.before(told.old.1.outline()), class.after(told.new.1.outline()));
        let widens = after.records() && !before.records();
        (class.overrides.occurrence, !before.is_never(), !widens, words::outcomes(&before, &after))
    });
    classes
}

fn verdict(told: &Told<'_>) -> String {
    match (told.comparison.classes.len(), told.comparison.is_same()) {
        (0, true) => "every meeting is decided as before".to_owned(),
        (0, false) => "no meeting was found that is decided otherwise".to_owned(),
        (count, _) => format!(
            "{} of meetings {} decided otherwise",
            counted(count, "class").replace("classs", "classes"),
            if count == 1 { "is" } else { "are" }
        ),
    }
}

fn one(page: &mut String, told: &Told<'_>, class: &Class) {
    let (old, new) = (told.old.1.outline(), told.new.1.outline());
    let (from, to) = (words::decider(old, class.old), words::decider(new, class.new));
    let who = if from == to { from } else { format!("{from} → {to}") };
    let _ = writeln!(page, "  {}", steady(&who));
    for line in words::settings(&class.before(old), &class.after(new)) {
        let _ = writeln!(page, "{}", wrapped(&format!("    {}", steady(&line)), 6));
    }
    let example = wrapped(&format!("    for example {}", steady(&example_event(&class.witness))), 6);
    let _ = writeln!(page, "{}\n", example.replacen("for example", &format!("{FAINT}for example{FAINT:#}"), 1));
}

/// What could not be found out, as a clause.
fn question(told: &Told<'_>, open: Open) -> String {
    match (open.side, open.decider) {
        (_, Decider::Person) => "whether recordings that people ask for change".to_owned(),
        (SideOf::Old, decider) => {
            format!("what becomes of all meetings of {} in the old rules", named(told.old.1.outline(), decider))
        }
        (SideOf::New, decider) => {
            format!("which meetings came to {} in the new rules", named(told.new.1.outline(), decider))
        }
    }
}

/// The files of a side; those that are the same on both are left out.
fn names(side: &Checked, told: &Told<'_>) -> String {
    let is_on = |side: &Checked, text: &str| side.sources.iter().any(|(_, other)| other.text == text);
    let is_on_both = |text: &str| is_on(told.old.0, text) && is_on(told.new.0, text);
    let all: Vec<(&str, &str)> = side.sources.iter().map(|(_, source)| (source.name.as_str(), source.text.as_str())).collect();
    let own: Vec<(&str, &str)> = all.iter().copied().filter(|(_, text)| !is_on_both(text)).collect();
    let shown = if own.is_empty() { all } else { own };
    shown.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// One line: `2 classes of meetings are decided otherwise: 1 error, 1 warning`.
pub fn summary(told: &Told<'_>, report: Report<'_>) -> String {
    let found = counts(report);
    if found.is_empty() { format!("{}, no findings", verdict(told)) } else { format!("{}: {found}", verdict(told)) }
}
