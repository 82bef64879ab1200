//! Clocks and their zones.

use super::{Subject, walk};
use crate::builtins::{Atom, DayTest};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast::ConditionKind;
use crate::time::{Civil, Date, Instant, Zone};
use crate::value::outline::ZoneRule;
use crate::value::words::{ClockWindow, Layer, MinuteOfDay};

/// `time-without-zone`: the organisation asks for a time of day and does not say where. Once a file.
pub(super) fn without_zone(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for file in subject.input.files.iter().filter(|file| file.layer() == Layer::Organisation && file.tree.timezone.is_none()) {
        let mut told = false;
        let mut look = |condition: &crate::syntax::ast::Condition| {
            let ConditionKind::Clock { window: Some(_), zone: None, .. } = &condition.kind else { return };
            if !std::mem::replace(&mut told, true) {
                findings.push(
                    Diagnostic::new(Code::TimeWithoutZone, condition.at.0, "a time of day, and the file names no time zone")
                        .label("read in each user's own zone")
                        .help("write `timezone \"Europe/London\"` in the file, or `in \"Europe/London\"` here"),
                );
            }
        };
        let rules = file.tree.rules.iter().flat_map(|rule| rule.value.when.iter().chain(&rule.value.unless));
        let defined = file.tree.definitions.iter().map(|piece| &piece.value.condition);
        rules.map(|clause| &clause.value).chain(defined).for_each(|condition| walk::each_part(condition, &mut look));
    }
}

/// `dst-edge`: a window begins or ends at a time that does not exist, or comes twice, on some day soon.
pub(super) fn dst_edge(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(today) = subject.input.today else { return };
    for (atom, outline) in subject.hir.atoms.iter().zip(&subject.hir.outline.atoms) {
        let Atom::Clock { window: Some(window), days, zone: ZoneRule::Named(zone), .. } = atom else { continue };
        let Some(change) = changes(zone, today).into_iter().find(|change| meets(*window, days.as_ref(), change)) else {
            continue;
        };
        let what = if change.skipped { "does not exist" } else { "comes twice" };
        let message = format!("{} {what} on {} in {}", shown(change.edge(*window)), change.day, zone.name());
        findings.push(
            Diagnostic::new(Code::DstEdge, outline.span, message)
                .label("the clocks change")
                .help("a meeting at that hour may be inside the window or not, as the calendar has it"),
        );
    }
}

/// A change of the clocks: the local times from `from` up to `to` of a day are skipped, or come twice.
struct Change {
    day: Date,
    from: MinuteOfDay,
    to: MinuteOfDay,
    skipped: bool,
}

impl Change {
    fn holds(&self, minute: MinuteOfDay) -> bool {
        self.from < minute && minute < self.to
    }

    /// The edge of a window that lies in the change.
    fn edge(&self, window: ClockWindow) -> MinuteOfDay {
        edges(window).into_iter().find(|minute| self.holds(*minute)).unwrap_or(self.from)
    }
}

fn edges(window: ClockWindow) -> Vec<MinuteOfDay> {
    match window {
        ClockWindow::Before(minute) | ClockWindow::After(minute) | ClockWindow::At(minute) => vec![minute],
        ClockWindow::Between { from, to, .. } => vec![from, to],
    }
}

fn meets(window: ClockWindow, days: Option<&DayTest>, change: &Change) -> bool {
    let that_day = match days {
        Some(DayTest::Weekdays(set)) => set.contains(change.day.weekday()),
        Some(DayTest::Dates(dates)) => dates.contains(&change.day),
        Some(DayTest::List(_)) => false,
        None => true,
    };
    that_day && edges(window).into_iter().any(|minute| change.holds(minute))
}

/// Days that are looked at: the next year, in which every change of a zone's rule comes once.
const DAYS: i32 = 366;

/// The changes of a zone in the year from `today` on.
fn changes(zone: &Zone, today: Date) -> Vec<Change> {
    let offset_at = |day: i32| {
        let date = today.checked_add(jiff::Span::new().days(day)).ok()?;
        let noon = zone.instant(date.at(12, 0, 0, 0));
        Some((noon, zone.offset_secs(noon)))
    };
    let noons: Vec<(Instant, i32)> = (0..DAYS).filter_map(offset_at).collect();
    noons.windows(2).filter(|pair| pair[0].1 != pair[1].1).filter_map(|pair| change(zone, pair[0], pair[1])).collect()
}

/// The change between two noons of different offset: the first second with another one.
fn change(zone: &Zone, (before, old): (Instant, i32), (after, new): (Instant, i32)) -> Option<Change> {
    let (mut low, mut high) = (before.as_second(), after.as_second());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let same = zone.offset_secs(Instant::from_second(middle).ok()?) == old;
        (low, high) = if same { (middle, high) } else { (low, middle) };
    }
    let local = |offset: i32| -> Option<Civil> { Some(Zone::utc().civil(Instant::from_second(high + i64::from(offset)).ok()?)) };
    let (first, last) = (local(old.min(new))?, local(old.max(new))?);
    let minute = |civil: Civil| MinuteOfDay::try_from(i32::from(civil.hour()) * 60 + i32::from(civil.minute())).ok();
    let to = if last.date() == first.date() { minute(last)? } else { 24 * 60 };
    Some(Change { day: first.date(), from: minute(first)?, to, skipped: new > old })
}

fn shown(minute: MinuteOfDay) -> String {
    crate::syntax::literal::clock(minute)
}
