//! Rules for some days only: which are over, which have not begun, and which forget that holidays are days of the week.

use super::{Subject, asks, edit};
use crate::builtins::{Atom, DayTest};
use crate::diagnostic::{Code, Diagnostic, Effect};
use crate::value::words::ListKind;

/// `expired-rule`
pub(super) fn expired(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(today) = subject.input.today else { return };
    for (_, rule) in subject.rules() {
        let action = &rule.value.action;
        if let Some(until) = action.value.until.filter(|until| *until < today) {
            let message = format!("the rule `{}` was for meetings until {until}, and they are over", rule.name.value);
            let mut finding = Diagnostic::new(Code::ExpiredRule, action.at.0, message).label("can be removed");
            if let Some(edits) = edit::without_piece(subject, rule.at.0) {
                finding = finding.safe_fix("remove the rule", edits);
                // Meetings of the past are decided otherwise where they are looked at again.
                finding.fixes.iter_mut().for_each(|fix| fix.effect = Effect::ChangesDecisions);
            }
            findings.push(finding);
        }
    }
}

/// `never-active-yet`
pub(super) fn not_begun(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let Some(today) = subject.input.today else { return };
    for (_, rule) in subject.rules() {
        let action = &rule.value.action;
        if let Some(from) = action.value.from.filter(|from| *from > today) {
            let message = format!("the rule `{}` is for meetings from {from} on, and none has begun yet", rule.name.value);
            findings.push(Diagnostic::new(Code::NeverActiveYet, action.at.0, message).label("not active yet"));
        }
    }
}

/// `weekday-vs-holiday`: a rule asks for days of the week, and neither it nor a rule before it asks for dates.
pub(super) fn on_holidays(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let hir = subject.hir;
    let asked = |atom: &Atom| match atom {
        Atom::Clock { days: Some(DayTest::Weekdays(_)), .. } => Some(Asked::Weekdays),
        Atom::Clock { days: Some(DayTest::Dates(_) | DayTest::List(_)), .. } | Atom::DateRule { .. } => Some(Asked::Dates),
        _ => None,
    };
    for rule in &hir.outline.rules {
        let atoms = hir.atoms.iter().zip(&hir.outline.atoms).enumerate();
        let mut questions = atoms.filter(|(at, _)| asks(&rule.condition, *at)).map(|(_, (atom, shown))| (asked(atom), shown));
        if questions.clone().any(|(asked, _)| asked == Some(Asked::Dates)) {
            return;
        }
        let Some((_, weekdays)) = questions.find(|(asked, _)| *asked == Some(Asked::Weekdays)) else { continue };
        let message = format!("`{}` asks for days of the week, and holidays are some of them", rule.id);
        findings.push(Diagnostic::new(Code::WeekdayVsHoliday, weekdays.span, message).help(left_out(subject)));
    }
}

/// What a condition about days asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Weekdays,
    Dates,
}

/// How holidays are left out, with a list of dates that is there.
fn left_out(subject: &Subject<'_>) -> String {
    match subject.hir.lists.iter().find(|list| list.kind == ListKind::Dates) {
        Some(list) => format!("`unless starts on any of {}` leaves the dates of that list out", list.name),
        None => "a list of dates and `unless starts on any of holidays` leave them out".to_owned(),
    }
}
