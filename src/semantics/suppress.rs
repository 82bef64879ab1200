//! Suppressions: `# lint: allow <code> until <date> "<reason>"` takes away one finding on the next piece.
//!
//! They run twice, each time last: over the remarks of the check, and over the findings of the lints, which not everybody asks
//! for. A suppression is looked at where remarks of its code are made, so that none counts as unused only because its finding
//! was not looked for; what is wrong with a suppression as such, its date included, the check says. An error of the check
//! cannot be suppressed: rules that hold one are not whole, and nobody may run them. A suppression of a remark that is not
//! there, or past its date, is a remark itself.

use crate::diagnostic::{Code, Diagnostic, Severity, nearest};
use crate::semantics::CheckInput;
use crate::source::Span;
use crate::syntax::ast::{Allow, File};

/// Takes away the remarks of the check that the authors of `input` allowed, and reports suppressions that are wrong, unused or
/// expired.
///
/// A remark belongs to a piece when its place lies in it.
pub fn suppress(input: &CheckInput<'_>, remarks: &mut Vec<Diagnostic>) {
    each(input, remarks, |allow| match readable(input, allow) {
        Err(wrong) => Looked::Wrong(wrong),
        Ok(code) if code.is_finding() => Looked::Elsewhere,
        Ok(code) => Looked::Allows(code),
    });
}

/// Takes away the findings of the lints that the authors of `input` allowed, and reports suppressions that are unused. Those of
/// codes that `looked_for` denies stay as they are.
pub fn suppress_findings(input: &CheckInput<'_>, findings: &mut Vec<Diagnostic>, looked_for: impl Fn(Code) -> bool) {
    each(input, findings, |allow| match readable(input, allow) {
        Ok(code) if code.is_finding() && looked_for(code) => Looked::Allows(code),
        _ => Looked::Elsewhere,
    });
}

/// What a pass makes of one suppression.
enum Looked {
    /// It takes away remarks of this code.
    Allows(Code),
    /// It can do nothing, for this reason.
    Wrong(Box<Diagnostic>),
    /// Another pass looks at it.
    Elsewhere,
}

fn each(input: &CheckInput<'_>, findings: &mut Vec<Diagnostic>, look: impl Fn(&Allow) -> Looked) {
    let mut remarks = Vec::new();
    let mut open = Findings::of(findings);
    for file in input.files {
        for (piece, allow) in allowed(&file.tree) {
            match look(allow) {
                Looked::Allows(code) => remarks.extend(apply(piece, allow, code, findings, &mut open)),
                Looked::Wrong(remark) => remarks.push(*remark),
                Looked::Elsewhere => {}
            }
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

/// The code that a suppression is about, where it is one and still holds.
fn readable(input: &CheckInput<'_>, allow: &Allow) -> Result<Code, Box<Diagnostic>> {
    let (written, at) = (allow.code.value.as_str(), allow.code.at.0);
    let Some(code) = Code::named(written) else {
        let diagnostic = Diagnostic::new(Code::BadSuppression, at, format!("no finding has the code `{written}`"));
        return Err(Box::new(match nearest(written, Code::ALL.iter().map(|code| code.as_str())) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        }));
    };
    if let (Some(until), Some(today)) = (allow.until, input.today)
        && until < today
    {
        let message = format!("this suppression of `{written}` ended on {until}");
        return Err(Box::new(Diagnostic::new(Code::ExpiredSuppression, allow.at.0, message)));
    }
    Ok(code)
}

/// Applies one suppression; what is wrong with it.
fn apply(piece: Span, allow: &Allow, code: Code, findings: &[Diagnostic], open: &mut Findings) -> Option<Diagnostic> {
    let mut errors = false;
    let mut found: Option<usize> = None;
    for at in open.inside(findings, piece, code) {
        match findings[at].severity {
            Severity::Error if !code.is_finding() => errors = true,
            _ => found = Some(found.map_or(at, |first| first.min(at))),
        }
    }
    if let Some(found) = found {
        open.taken[found] = true;
        return None;
    }
    if errors {
        let message = format!("`{}` is an error, and errors cannot be suppressed", code.as_str());
        return Some(Diagnostic::new(Code::BadSuppression, allow.code.at.0, message));
    }
    let message = format!("there is no `{}` here to suppress", code.as_str());
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
