//! How far a rule reaches, as its form tells.

use super::Subject;
use crate::builtins::{Atom, SetField};
use crate::diagnostic::{Code, Diagnostic};
use crate::value::outline::{Cond, Tier};
use crate::value::words::Flag;

/// `broad-always`: a rule that always records and asks neither for people nor for a text.
pub(super) fn broad_always(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for outline in &subject.hir.outline.rules {
        if !matches!(outline.tier, Tier::Always | Tier::Locked) || outline.shadow || narrows(subject, &outline.condition, true) {
            continue;
        }
        let Some((_, rule)) = subject.written(outline) else { continue };
        let message = format!("the rule `{}` always records, whoever takes part and whatever it is about", outline.id);
        findings.push(
            Diagnostic::new(Code::BroadAlways, rule.value.action.at.0, message)
                .label("no `skip` of anybody holds against this")
                .help("ask for people or for the title, or write `record`, which later rules and users can except from"),
        );
    }
}

/// Whether a condition that must be true (or must not be) asks for people or for a text.
fn narrows(subject: &Subject<'_>, condition: &Cond, wanted: bool) -> bool {
    match condition {
        Cond::Atom(index) => match &subject.hir.atoms[usize::from(*index)] {
            Atom::Text { .. } | Atom::Matches { .. } => wanted,
            Atom::Person { .. } | Atom::People { .. } | Atom::Count(_) | Atom::Flag(Flag::OneOnOne) => true,
            Atom::Is { set: SetField::Kind | SetField::Conference | SetField::Visibility, .. } => wanted,
            _ => false,
        },
        Cond::And(parts) if wanted => parts.iter().any(|part| narrows(subject, part, wanted)),
        Cond::Or(parts) if wanted => !parts.is_empty() && parts.iter().all(|part| narrows(subject, part, wanted)),
        Cond::And(parts) => !parts.is_empty() && parts.iter().all(|part| narrows(subject, part, wanted)),
        Cond::Or(parts) => parts.iter().any(|part| narrows(subject, part, wanted)),
        Cond::Not(part) => narrows(subject, part, !wanted),
        Cond::Surely(part) | Cond::Possibly(part) => narrows(subject, part, wanted),
    }
}
