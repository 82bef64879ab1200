//! Suppressions: `# lint: allow <code> until <date> "<reason>"` takes away one finding on the next piece.
//!
//! Runs last, over the findings of every pass. An error cannot be suppressed: rules that hold one are not whole, and nobody
//! may run them. A suppression of a finding that is not there, or past its date, is a finding itself.

use crate::diagnostic::{Code, Diagnostic, Severity, nearest};
use crate::semantics::CheckInput;
use crate::source::Span;
use crate::syntax::ast::{Allow, File};

/// Takes away the findings that the authors of `input` allowed, and reports suppressions that are wrong, unused or expired.
///
/// A finding belongs to a piece when its place lies in it.
pub fn suppress(input: &CheckInput<'_>, findings: &mut Vec<Diagnostic>) {
    let mut remarks = Vec::new();
    let mut open = Findings::of(findings);
    for file in input.files {
        for (piece, allow) in allowed(&file.tree) {
            remarks.extend(apply(input, piece, allow, findings, &mut open));
        }
    }
    let mut taken = open.taken.into_iter();
    findings.retain(|_| taken.next() != Some(true));
    findings.append(&mut remarks);
}

/// Findings by place, so that those of a piece are found without looking at all of them.
struct Findings {
    order: Vec<usize>,
    /// Which of the findings were taken away.
    taken: Vec<bool>,
}

impl Findings {
    fn of(findings: &[Diagnostic]) -> Self {
        let mut order: Vec<usize> = (0..findings.len()).collect();
        order.sort_by_key(|at| findings[*at].primary.span);
        Self { order, taken: vec![false; findings.len()] }
    }

    /// The findings of one code in a piece that are still there.
    fn inside(&self, findings: &[Diagnostic], piece: Span, code: Code) -> impl Iterator<Item = usize> {
        let first = self.order.partition_point(|at| findings[*at].primary.span < Span { end: piece.start, ..piece });
        let begun = self.order[first..].iter().copied().take_while(move |at| {
            let place = findings[*at].primary.span;
            place.source == piece.source && place.start <= piece.end
        });
        begun.filter(move |at| !self.taken[*at] && findings[*at].code == code && findings[*at].primary.span.end <= piece.end)
    }
}

/// Applies one suppression; what is wrong with it.
fn apply(input: &CheckInput<'_>, piece: Span, allow: &Allow, findings: &[Diagnostic], open: &mut Findings) -> Option<Diagnostic> {
    let (written, at) = (allow.code.value.as_str(), allow.code.at.0);
    let known = Code::ALL.iter().map(|code| code.as_str());
    let Some(code) = Code::ALL.iter().copied().find(|code| code.as_str() == written) else {
        let diagnostic = Diagnostic::new(Code::BadSuppression, at, format!("no finding has the code `{written}`"));
        return Some(match nearest(written, known) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
    };
    if let (Some(until), Some(today)) = (allow.until, input.today)
        && until < today
    {
        let message = format!("this suppression of `{written}` ended on {until}");
        return Some(Diagnostic::new(Code::ExpiredSuppression, allow.at.0, message));
    }
    let mut errors = false;
    let mut found: Option<usize> = None;
    for at in open.inside(findings, piece, code) {
        match findings[at].severity {
            Severity::Error => errors = true,
            _ => found = Some(found.map_or(at, |first| first.min(at))),
        }
    }
    if let Some(found) = found {
        open.taken[found] = true;
        return None;
    }
    if errors {
        let message = format!("`{written}` is an error, and errors cannot be suppressed");
        return Some(Diagnostic::new(Code::BadSuppression, at, message));
    }
    let message = format!("there is no `{written}` here to suppress");
    Some(Diagnostic::new(Code::UnusedSuppression, allow.at.0, message).label("can be removed"))
}

/// Every suppression of a file with the piece that it stands before.
fn allowed(file: &File) -> impl Iterator<Item = (Span, &Allow)> {
    macro_rules! of {
        ($pieces:expr) => {
            $pieces.iter().flat_map(|piece| piece.allow.iter().map(move |allow| (piece.at.0, allow)))
        };
    }
    of!(file.lists).chain(of!(file.people)).chain(of!(file.definitions)).chain(of!(file.rules)).chain(of!(file.tests))
}
