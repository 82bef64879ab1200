//! `--fix`: writes what fixes say into the files.
//!
//! Only a fix that keeps every decision is applied, unless somebody asks for all; of several alternatives none is. Fixes are
//! looked for again in what they made, until none is left or [`ROUNDS_MAX`] is reached. Nothing is written that the check
//! refuses where it did not refuse before, and a fix that leads there is left out.

use crate::cli::{CliError, counted, input};
use crate::diagnostic::{Diagnostic, Effect, Fix, Severity};
use crate::engine::{self, Checked, RuleText};
use crate::lint::Options;
use crate::source::{SourceId, Span};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which fixes are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fixes {
    /// Those after which every meeting is decided as before
    Safe,
    /// Those that may change decisions too
    All,
}

/// Most times that fixes are looked for in what fixes made.
const ROUNDS_MAX: usize = 10;

/// What fixing came to.
pub struct Fixed {
    /// The files as they are now, checked.
    pub checked: Checked,
    /// How many fixes of each code were applied.
    pub applied: BTreeMap<&'static str, usize>,
}

impl Fixed {
    /// One line: `fixed 3 findings: 2 pattern-subsumed, 1 unused-name`.
    pub fn summary(&self) -> String {
        let total = self.applied.values().sum();
        if total == 0 {
            return "nothing to fix".into();
        }
        let each: Vec<String> = self.applied.iter().map(|(code, count)| format!("{count} {code}")).collect();
        format!("fixed {}: {}", counted(total, "finding"), each.join(", "))
    }
}

/// Applies fixes until none is left; nothing is written.
pub fn fix(checked: Checked, texts: &[RuleText], fixes: Fixes, options: &Options) -> Fixed {
    let mut texts = texts.to_vec();
    let mut fixed = Fixed { checked, applied: BTreeMap::new() };
    for _ in 0..ROUNDS_MAX {
        let remarks = fixed.checked.remarks(options);
        let wanted: Vec<(&Diagnostic, &Fix)> =
            remarks.iter().filter_map(|remark| Some((remark, the_fix(remark, fixes)?))).collect();
        if !round(&mut fixed, &mut texts, &wanted) {
            break;
        }
    }
    fixed
}

/// The one fix of a remark, where it is of the wanted sort.
fn the_fix(remark: &Diagnostic, fixes: Fixes) -> Option<&Fix> {
    let [fix] = remark.fixes.as_slice() else { return None };
    (fixes == Fixes::All || fix.effect == Effect::KeepsDecisions).then_some(fix)
}

/// Applies fixes that can be applied together. Whether any was.
fn round(fixed: &mut Fixed, texts: &mut Vec<RuleText>, wanted: &[(&Diagnostic, &Fix)]) -> bool {
    attempt_some(fixed, texts, &apart(wanted))
}

/// Applies all of them, or, where the check then finds an error that was not there, one half. The other half waits for the next
/// round, since places move with the first fix.
fn attempt_some(fixed: &mut Fixed, texts: &mut Vec<RuleText>, wanted: &[(&Diagnostic, &Fix)]) -> bool {
    if wanted.is_empty() || attempt(fixed, texts, wanted) {
        return !wanted.is_empty();
    }
    let (first, second) = wanted.split_at(wanted.len() / 2);
    !first.is_empty() && (attempt_some(fixed, texts, first) || attempt_some(fixed, texts, second))
}

fn attempt(fixed: &mut Fixed, texts: &mut Vec<RuleText>, wanted: &[(&Diagnostic, &Fix)]) -> bool {
    let mut changed = texts.clone();
    let mut edits: Vec<&(Span, String)> = wanted.iter().flat_map(|(_, fix)| &fix.edits).collect();
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(*span));
    for (span, new) in edits {
        changed[usize::from(span.source.0)].text.replace_range(span.range(), new);
    }
    let checked = engine::check(&changed, &fixed.checked.options);
    if errors(&checked) > errors(&fixed.checked) || changed == *texts {
        return false;
    }
    *texts = changed;
    fixed.checked = checked;
    for (remark, _) in wanted {
        *fixed.applied.entry(remark.code.as_str()).or_default() += 1;
    }
    true
}

fn errors(checked: &Checked) -> usize {
    checked.diagnostics.iter().filter(|remark| remark.severity == Severity::Error).count()
}

/// The fixes whose places do not touch those of an earlier one.
fn apart<'a>(wanted: &[(&'a Diagnostic, &'a Fix)]) -> Vec<(&'a Diagnostic, &'a Fix)> {
    let mut taken: Vec<Span> = Vec::new();
    let mut apart = Vec::new();
    for (remark, fix) in wanted {
        let touches = |span: &Span| taken.iter().any(|other| touch(*span, *other));
        if !fix.edits.is_empty() && !fix.edits.iter().any(|(span, _)| touches(span)) {
            taken.extend(fix.edits.iter().map(|(span, _)| *span));
            apart.push((*remark, *fix));
        }
    }
    apart
}

fn touch(a: Span, b: Span) -> bool {
    a.source == b.source && a.start <= b.end && b.start <= a.end
}

/// Writes the files whose text is another one now.
pub fn write(fixed: &Fixed, before: &[RuleText], paths: &[PathBuf]) -> Result<(), CliError> {
    for ((number, text), path) in (0_u16..).zip(before).zip(paths) {
        let now = &fixed.checked.sources.get(SourceId(number)).text;
        if *now != text.text {
            std::fs::write(path, now).map_err(|source| CliError::Write { name: input::shown(path), source })?;
        }
    }
    Ok(())
}
