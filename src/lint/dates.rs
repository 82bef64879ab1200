//! Rules for some days only: which are over, and which have not begun.

use super::{Subject, edit};
use crate::diagnostic::{Code, Diagnostic, Effect};

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
