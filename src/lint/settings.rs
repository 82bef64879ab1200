//! Settings that cannot do what they say.

use super::Subject;
use crate::builtins::Atom;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::literal;
use crate::value::outline::Cond;
use crate::value::words::{Comparison, Verb};

/// `join-offset-beyond-duration`: the bot comes when a meeting that the rule lets in is over.
pub(super) fn late_join(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for outline in &subject.hir.outline.rules {
        let Ok(join) = u64::try_from(outline.settings.join) else { continue };
        let (least, most) = durations(subject, &outline.condition);
        // Without a bound there is always some meeting that is shorter; that is nothing to remark on.
        let bounded = least > 0 || most.is_some();
        if outline.tier.verb() != Verb::Record || join == 0 || !bounded || join < least.max(1) {
            continue;
        }
        let Some((_, rule)) = subject.written(outline) else { continue };
        let at = rule.value.with.as_ref().map_or(rule.name.at.0, |with| {
            with.value.iter().find(|setting| setting.key.value == "join").map_or(with.at.0, |setting| setting.value.at.0)
        });
        let shown = literal::duration(join);
        let message = match most {
            Some(most) if join >= most => format!("the bot joins {shown} after the start, when every such meeting is over"),
            _ if least > 0 => {
                format!("the bot joins {shown} after the start, when a meeting of {} is over", literal::duration(least))
            }
            _ => continue,
        };
        findings.push(
            Diagnostic::new(Code::JoinOffsetBeyondDuration, at, message).help("let it join earlier, or ask for longer meetings"),
        );
    }
}

/// The least and the most seconds that a meeting lasts for which a condition holds, as far as its form tells.
fn durations(subject: &Subject<'_>, condition: &Cond) -> (u64, Option<u64>) {
    match condition {
        Cond::Atom(index) => match &subject.hir.atoms[usize::from(*index)] {
            Atom::Duration(comparison) => match *comparison {
                Comparison::Eq(secs) => (secs, Some(secs)),
                Comparison::Lt(secs) => (0, Some(secs.saturating_sub(1))),
                Comparison::Le(secs) => (0, Some(secs)),
                Comparison::Gt(secs) => (secs.saturating_add(1), None),
                Comparison::Ge(secs) => (secs, None),
                Comparison::Between(least, most) => (least, Some(most)),
                Comparison::Ne(_) => (0, None),
            },
            _ => (0, None),
        },
        Cond::And(parts) => parts.iter().fold((0, None), |(least, most), part| {
            let (other_least, other_most) = durations(subject, part);
            (least.max(other_least), [most, other_most].into_iter().flatten().min())
        }),
        Cond::Or(parts) => {
            let each: Vec<_> = parts.iter().map(|part| durations(subject, part)).collect();
            let least = each.iter().map(|(least, _)| *least).min().unwrap_or(0);
            let most = each.iter().map(|(_, most)| *most).collect::<Option<Vec<u64>>>();
            (least, most.and_then(|all| all.into_iter().max()))
        }
        Cond::Surely(part) | Cond::Possibly(part) => durations(subject, part),
        Cond::Not(_) => (0, None),
    }
}
