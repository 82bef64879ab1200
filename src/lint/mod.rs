//! Lints: remarks on rules that can be used, but are probably not meant like that.
//!
//! [`LINTS`] is the list; a lint is a function from the [`Subject`] to remarks, in a file of its own or of its family. Each code
//! that it reports stands in the table of [`codes`](crate::diagnostic::codes) under `linting`, and has a page with an example
//! that fails and one that does not: `docs/findings/CODE.md`.
//!
//! A lint sees the files as written and the effective list as resolved. Where the author erred in a rule, the rule is in the
//! files and not in the list; what is right gets its findings all the same. The same files always have the same findings: a lint
//! that could take long counts its steps, and nobody looks at a clock.

mod options;
mod walk;
mod edit;
mod conditions;
mod policy;
mod dates;
mod people;
mod example;
mod proofs;
mod reach;
mod settings;
mod words;
mod unicode;
mod regexes;
mod subsumed;
mod clock;
mod facts;
mod cures;
mod changes;
mod untested;

pub use changes::{CHANGES, Change, changes, named};
pub use cures::cure;
pub use example::event as example_event;
pub use options::{Options, SET_STEPS, can_change};

use crate::analysis::Model;
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::semantics::hir::Hir;
use crate::semantics::{CheckInput, RuleFile, suppress_findings};
use crate::source::Sources;
use crate::syntax::ast::{Piece, Rule};
use crate::value::outline::{Cond, RuleOutline};

/// What lints look at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The files as written, and what their meaning depends on.
    pub input: &'a CheckInput<'a>,
    /// The effective list of the rules that are right.
    pub hir: &'a Hir,
    /// The same rules, to be asked which meetings they can decide about.
    pub model: &'a Model<'a>,
    /// The texts; places point into them.
    pub sources: &'a Sources,
    /// What a team wants.
    pub options: &'a Options,
}

/// A check of rules that can be used.
#[derive(Clone, Copy, Debug)]
pub struct Lint {
    /// What it reports.
    pub codes: &'static [Code],
    /// Adds its remarks, in any order; the levels are seen to later.
    pub run: fn(&Subject<'_>, &mut Vec<Diagnostic>),
}

/// Every lint.
pub const LINTS: &[Lint] = &[
    Lint { codes: &[Code::DuplicateCondition], run: conditions::duplicates },
    Lint { codes: &[Code::LongCondition], run: conditions::long },
    Lint { codes: proofs::CODES, run: proofs::all },
    Lint { codes: &[Code::RulesMergeable], run: policy::mergeable },
    Lint { codes: &[Code::BroadAlways], run: reach::broad_always },
    Lint { codes: &[Code::FreeMailDomain], run: people::free_mail },
    Lint { codes: &[Code::OwnDomainAsCustomer], run: people::own_as_customer },
    Lint { codes: &[Code::AnyVsEvery], run: people::any_vs_every },
    Lint { codes: &[Code::KeywordHitsCommonWords], run: words::common },
    Lint { codes: &[Code::ConfusableOrBidiText], run: unicode::confusable },
    Lint { codes: &[Code::RegexMatchesEverything, Code::RegexMatchesNothing], run: regexes::constant },
    Lint { codes: &[Code::RegexIsPlainText], run: regexes::plain },
    Lint { codes: &[Code::UnescapedDot], run: regexes::unescaped_dot },
    Lint { codes: &[Code::PatternSubsumed], run: subsumed },
    Lint { codes: &[Code::TimeWithoutZone], run: clock::without_zone },
    Lint { codes: &[Code::DstEdge], run: clock::dst_edge },
    Lint { codes: &[Code::ExpiredRule], run: dates::expired },
    Lint { codes: &[Code::NeverActiveYet], run: dates::not_begun },
    Lint { codes: &[Code::WeekdayVsHoliday], run: dates::on_holidays },
    Lint { codes: &[Code::UnknownProviderFact], run: facts::untold },
    Lint { codes: &[Code::JoinOffsetBeyondDuration], run: settings::late_join },
    Lint { codes: &[Code::MissingBecauseOnNever], run: policy::missing_because },
    Lint { codes: &[Code::IdStyle], run: policy::id_style },
    Lint { codes: &[Code::RuleUntested], run: policy::untested },
    Lint { codes: &[Code::ConditionUncovered], run: untested::conditions },
];

fn subsumed(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    subsumed::items(subject, findings);
    regexes::subsumed(subject, findings);
}

/// The findings of all lints that are on, by place; without those that the authors allowed, and with the suppressions that
/// allowed nothing.
#[must_use]
pub fn findings(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let is_on = |code: Code| subject.options.level(code) > Level::Off;
    let mut findings = Vec::new();
    for lint in LINTS.iter().filter(|lint| lint.codes.iter().any(|code| is_on(*code))) {
        (lint.run)(subject, &mut findings);
    }
    findings.retain(|finding| is_on(finding.code));
    findings.sort_by(|a, b| (a.primary.span, a.code, &a.message).cmp(&(b.primary.span, b.code, &b.message)));
    findings.dedup();
    // What is said about a change is not looked for here, and so nobody misses it.
    suppress_findings(subject.input, &mut findings, |code| is_on(code) && !CHANGES.contains(&code));
    subject.options.apply(&mut findings);
    findings.sort_by_key(|finding| (finding.primary.span, finding.code));
    findings
}

impl<'a> Subject<'a> {
    /// Every rule as written, file by file.
    pub fn rules(&self) -> impl Iterator<Item = (&'a RuleFile, &'a Piece<Rule>)> + use<'a> {
        self.input.files.iter().flat_map(|file| file.tree.rules.iter().map(move |rule| (file, rule)))
    }

    /// The rule as resolved; `None` where the author erred in it.
    #[must_use]
    pub fn resolved(&self, rule: &Piece<Rule>) -> Option<&'a RuleOutline> {
        self.hir.outline.rules.iter().find(|outline| outline.span == rule.at.0)
    }

    /// The rule as written that a resolved one came from.
    #[must_use]
    pub fn written(&self, rule: &RuleOutline) -> Option<(&'a RuleFile, &'a Piece<Rule>)> {
        self.rules().find(|(_, piece)| piece.at.0 == rule.span)
    }
}

/// Whether a condition asks the atom of this number.
fn asks(condition: &Cond, atom: usize) -> bool {
    match condition {
        Cond::Atom(index) => usize::from(*index) == atom,
        Cond::And(parts) | Cond::Or(parts) => parts.iter().any(|part| asks(part, atom)),
        Cond::Not(part) | Cond::Surely(part) | Cond::Possibly(part) => asks(part, atom),
    }
}
