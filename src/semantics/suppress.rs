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
    for file in input.files {
        for (piece, allow) in allowed(&file.tree) {
            remarks.extend(apply(input, piece, allow, findings));
        }
    }
    findings.append(&mut remarks);
}

/// Applies one suppression; what is wrong with it.
fn apply(input: &CheckInput<'_>, piece: Span, allow: &Allow, findings: &mut Vec<Diagnostic>) -> Option<Diagnostic> {
    let (written, at) = (allow.code.value.as_str(), allow.code.at.0);
    let known = Code::ALL.iter().map(|code| code.as_str());
    let Some(code) = Code::ALL.iter().copied().find(|code| code.as_str() == written) else {
        let diagnostic = Diagnostic::new(Code::BadSuppression, at, format!("no finding has the code `{written}`"));
        return Some(match nearest(written, known) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
    };
    let is_meant = |finding: &Diagnostic| finding.code == code && is_inside(finding.primary.span, piece);
    if let (Some(until), Some(today)) = (allow.until, input.today)
        && until < today
    {
        let message = format!("this suppression of `{written}` ended on {until}");
        return Some(Diagnostic::new(Code::ExpiredSuppression, allow.at.0, message));
    }
    if let Some(found) = findings.iter().position(|finding| is_meant(finding) && finding.severity != Severity::Error) {
        findings.remove(found);
        return None;
    }
    if findings.iter().any(is_meant) {
        let message = format!("`{written}` is an error, and errors cannot be suppressed");
        return Some(Diagnostic::new(Code::BadSuppression, at, message));
    }
    let message = format!("there is no `{written}` here to suppress");
    Some(Diagnostic::new(Code::UnusedSuppression, allow.at.0, message).label("can be removed"))
}

fn is_inside(place: Span, piece: Span) -> bool {
    place.source == piece.source && piece.start <= place.start && place.end <= piece.end
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
