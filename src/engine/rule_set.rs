//! Checked and compiled rules of one organisation and one user.

use super::{CheckOptions, RuleText, check};
use crate::analysis::Side;
use crate::builtins::people::Aliases;
use crate::builtins::{self, Context, Tables};
use crate::code::{self, LoadError, Origin, Verified, VerifyError};
use crate::describe::{self, Surroundings};
use crate::event::Question;
use crate::explain::{self, Case, Explanation, Held};
use crate::semantics::hir::Hir;
use crate::source::{SourceId, Sources, Span};
use crate::syntax::ast::File;
use crate::syntax::{self, Limits};
use crate::value::outline::Outline;
use crate::value::words::ListKind;
use crate::value::{DecidedBy, Decision, NotRecordable, Overrides, Reading, Settings, Trace};
use crate::{codegen, reference, vm};
use std::sync::OnceLock;

/// Rules that were checked and compiled: decides, and explains.
///
/// Shared between threads; each thread decides with a [`vm::Machine`] of its own.
#[derive(Debug)]
pub struct RuleSet {
    program: Verified,
    hir: Hir,
    aliases: Aliases,
    /// Each rule as one sentence: told when first asked for, since most sets never explain anything.
    sentences: OnceLock<Vec<String>>,
}

/// Why bytes are no rule set.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// They cannot be read as a program.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// They are a program that nobody may run.
    #[error("not a program that may run: {0}")]
    Verify(#[from] VerifyError),
    /// The rules inside are refused by this version.
    #[error("the rules inside no longer pass the check: {0}")]
    Source(String),
    /// The rules inside compile to something else with this version: compile them again.
    #[error("the rules inside compile to another program with this version")]
    Stale,
}

impl RuleSet {
    /// Compiles what was checked.
    ///
    /// # Errors
    /// The steps that one decision could take, where they are more than a decision may cost.
    pub(super) fn compile(hir: Hir, origin: Origin) -> Result<Self, u64> {
        let program = match code::verify(codegen::emit(&hir, origin)) {
            Err(VerifyError::TooCostly(steps)) => return Err(steps),
            verified => verified.expect("the compiler writes well-formed programs"),
        };
        let aliases = Aliases::of(&hir.aliases);
        Ok(Self { program, hir, aliases, sentences: OnceLock::new() })
    }

    /// The program, for whoever asks what it can decide.
    pub(super) fn program(&self) -> &Verified {
        &self.program
    }

    /// The rules, for whoever asks what they can decide.
    pub(super) fn side(&self) -> Side<'_> {
        Side::new(&self.hir, Some(&self.program))
    }

    /// Decides about one occurrence.
    #[must_use]
    pub fn decide(&self, machine: &mut vm::Machine, question: &Question<'_>) -> Decision {
        machine.decide(&self.program, question)
    }

    /// The same about an occurrence that was prepared before, for these rules or others.
    #[must_use]
    pub fn decide_prepared(&self, machine: &mut vm::Machine, prepared: vm::Prepared<'_>) -> Decision {
        machine.decide_prepared(&self.program, prepared)
    }

    /// Decides about all that was prepared together, in order, and adds the decisions to `decided`: many times faster than about one
    /// after the other.
    pub fn decide_batch(&self, machine: &mut vm::Machine, batch: &vm::Batch<'_>, decided: &mut Vec<Decision>) {
        machine.decide_batch(&self.program, batch, decided);
    }

    /// Decides by the plain evaluator; always the same as [`RuleSet::decide`], slower.
    #[must_use]
    pub fn decide_plainly(&self, question: &Question<'_>) -> Decision {
        reference::decide(&self.hir, question)
    }

    /// Answers every condition of every rule, without short cuts.
    #[must_use]
    pub fn trace(&self, question: &Question<'_>) -> Trace {
        reference::trace(&self.hir, question)
    }

    /// The settings that a decision brings.
    #[must_use]
    pub fn settings(&self, decision: &Decision) -> &Settings {
        match decision {
            Decision::Decided { by: DecidedBy::Rule(index), .. } => &self.outline().rules[usize::from(*index)].settings,
            _ => &self.outline().default_settings,
        }
    }

    /// Explains the decision about one occurrence.
    #[must_use]
    pub fn explain(&self, question: &Question<'_>) -> Explanation {
        let seen = self.seen(question);
        explain::explain(&Case { sentences: self.sentences(), ..seen.case(self, question.overrides) })
    }

    /// The reason of the decision in a few words, for tables.
    #[must_use]
    pub fn reason(&self, question: &Question<'_>) -> String {
        explain::reason(&self.seen(question).case(self, question.overrides))
    }

    /// The rules in outline.
    #[must_use]
    pub fn outline(&self) -> &Outline {
        &self.program.program().outline
    }

    /// The lists that the tenant provides with each decision.
    pub fn provided_lists(&self) -> impl Iterator<Item = (&str, ListKind)> {
        self.hir.lists.iter().filter(|list| list.items.is_none()).map(|list| (list.name.as_str(), list.kind))
    }

    /// Whether an address is certainly one of the organisation's own.
    #[must_use]
    pub fn is_internal(&self, address: &crate::event::Address) -> bool {
        self.hir.own_domains.iter().any(|pattern| pattern.covers(address.domain()))
    }

    /// Most steps that one decision can take, proven before it runs.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.program.cost()
    }

    /// The instructions, readable.
    #[must_use]
    pub fn listing(&self) -> String {
        code::listing(self.program.program())
    }

    /// The compiled rules as bytes, with their source inside.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        code::encode(self.program.program())
    }

    /// Reads what [`RuleSet::to_bytes`] wrote. Trusts no byte: the program is verified, and its source is compiled again and
    /// must give the same program.
    ///
    /// # Errors
    /// [`RestoreError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RestoreError> {
        let program = code::verify(code::decode(bytes)?)?;
        let origin = &program.program().origin;
        let texts: Vec<RuleText> = origin
            .sources
            .iter()
            .zip(&origin.layers)
            .map(|((_, source), layer)| RuleText { name: source.name.clone(), text: source.text.clone(), layer: Some(*layer) })
            .collect();
        let own_domains = origin.tenant_domains.clone();
        let checked = check(&texts, &CheckOptions { own_domains, ..CheckOptions::default() });
        let Some(again) = checked.rule_set else {
            let message = checked.diagnostics.first().map_or_else(String::new, |remark| remark.message.clone());
            return Err(RestoreError::Source(message));
        };
        if again.program.program().code == program.program().code { Ok(again) } else { Err(RestoreError::Stale) }
    }

    /// The texts that the rules were compiled from.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.program.program().origin.sources
    }

    /// Each rule as one sentence, in effective order.
    fn sentences(&self) -> &[String] {
        self.sentences.get_or_init(|| {
            let trees: Vec<(SourceId, File)> =
                (self.sources().iter()).map(|(id, source)| (id, syntax::parse(id, &source.text, &Limits::default()).0)).collect();
            let sentence = |span: Span| {
                let (_, tree) = trees.iter().find(|(id, _)| *id == span.source)?;
                let piece = tree.rules.iter().find(|piece| piece.at.0 == span)?;
                Some(describe::rule_without_reason(&piece.value, Surroundings::of(tree)))
            };
            self.outline().rules.iter().map(|rule| sentence(rule.span).unwrap_or_default()).collect()
        })
    }

    /// What every condition found and read.
    fn seen(&self, question: &Question<'_>) -> Seen {
        let tables = Tables { lists: &self.hir.lists, own_domains: &self.hir.own_domains, aliases: &self.aliases };
        let nobody_spoke = Question { overrides: Overrides::default(), ..*question };
        let refused = |question| Context::new(question, tables).not_recordable(&self.outline().recordable);
        let not_recordable = refused(&nobody_spoke);
        // A person's word helps against a refusal, and not against what stands behind it.
        let not_recordable = not_recordable.map(|first| refused(question).unwrap_or(first));
        Seen {
            trace: vm::trace(&self.program, question),
            readings: builtins::read(&self.hir.atoms, tables, question),
            not_recordable,
            decision: vm::Machine::new().decide(&self.program, question),
        }
    }
}

/// One question, fully looked at.
struct Seen {
    trace: Trace,
    readings: Vec<Reading>,
    not_recordable: Option<NotRecordable>,
    decision: Decision,
}

impl Seen {
    fn case<'a>(&'a self, rules: &'a RuleSet, overrides: Overrides) -> Case<'a> {
        Case {
            outline: rules.outline(),
            trace: &self.trace,
            readings: &self.readings,
            not_recordable: self.not_recordable,
            overrides,
            decision: self.decision,
            held: Held::ThisCopy,
            sources: rules.sources(),
            sentences: &[],
        }
    }
}
