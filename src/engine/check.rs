//! Rule texts to a rule set, or to remarks about them.

use super::RuleSet;
use crate::analysis::{Model, STEPS, Side};
use crate::code::{self, Origin};
use crate::codegen;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::event::address::DomainPattern;
use crate::lint::{self, Subject};
use crate::semantics::{self, CheckInput, RuleFile};
use crate::source::{Sources, Span};
use crate::syntax::{self, Limits};
use crate::time::Date;
use crate::value::words::Layer;

/// One rule text as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    /// What the author calls it, usually a path.
    pub name: String,
    /// The whole text, in either form.
    pub text: String,
    /// Whose rules they are, where the caller knows; the file must not say otherwise.
    pub layer: Option<Layer>,
}

/// What checking depends on, besides the texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckOptions {
    /// The tenant's own domains.
    pub own_domains: Vec<DomainPattern>,
    /// How much the texts may hold.
    pub limits: Limits,
    /// The day against which expiry dates are checked; `None`: they are not.
    pub today: Option<Date>,
}

/// What checking came to.
#[derive(Debug)]
pub struct Checked {
    /// The texts; remarks point into them.
    pub sources: Sources,
    /// The files as read, with what their authors erred in left out.
    pub files: Vec<RuleFile>,
    /// What they were checked with.
    pub options: CheckOptions,
    /// Remarks, by file and place; at most as many as the limits say.
    pub diagnostics: Vec<Diagnostic>,
    /// The compiled rules; `None` where a remark is an error.
    pub rule_set: Option<RuleSet>,
}

/// Reads and checks rule texts, and compiles them where no error stands against it.
///
/// ```
/// use callsheet::engine::{CheckOptions, RuleText, check};
///
/// let text = RuleText { name: "team.rules".into(), text: "rule all:\n  record\n  when repeats".into(), layer: None };
/// assert!(check(&[text], &CheckOptions::default()).rule_set.is_some());
/// ```
#[must_use]
pub fn check(texts: &[RuleText], options: &CheckOptions) -> Checked {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    let mut files = Vec::new();
    for text in texts {
        let source = sources.add(&text.name, &text.text);
        let (tree, mut found) = syntax::parse(source, &text.text, &options.limits);
        diagnostics.append(&mut found);
        files.push(RuleFile { source, tree, layer: text.layer });
    }
    let input = input(&files, options);
    let hir = semantics::lower(&input, &mut diagnostics);
    semantics::suppress(&input, &mut diagnostics);
    diagnostics.sort_by_key(|remark| (remark.primary.span, remark.code));
    diagnostics.dedup();
    let usable = diagnostics.iter().all(|remark| remark.severity < Severity::Error);
    let compiled = usable.then(|| RuleSet::compile(hir, origin(&sources, &files, options)));
    let rule_set = match compiled.transpose() {
        Ok(rule_set) => rule_set,
        Err(steps) => {
            diagnostics.push(too_costly(steps));
            None
        }
    };
    syntax::cap(&mut diagnostics, &options.limits);
    Checked { sources, files, options: options.clone(), diagnostics, rule_set }
}

/// The remark on rules that no decision could go through in bounded time: no single place is to blame.
fn too_costly(steps: u64) -> Diagnostic {
    let message = format!("one decision by these rules could take {steps} steps, more than {}", code::COST_MAX);
    Diagnostic::new(Code::LimitExceeded, Span::default(), message).help(
        "conditions on provided lists of texts cost most: use fewer of them, or ask about the title instead of the description",
    )
}

impl Checked {
    /// How many rules were read.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.files.iter().map(|file| file.tree.rules.len()).sum()
    }
}

impl Checked {
    /// What the lints find in the files, by place, at the levels that `options` say.
    ///
    /// Checking does not look for findings: it takes longer, and rules with findings can be used. Rules in which the author
    /// erred have none, the others have theirs. Findings that an author allowed are left out; suppressions that allowed nothing
    /// are among them.
    #[must_use]
    pub fn findings(&self, options: &lint::Options) -> Vec<Diagnostic> {
        self.with_subject(options, lint::findings)
    }

    /// All there is to say about the files: the remarks of the check and [`Checked::findings`], by place, at the levels that
    /// `options` say.
    #[must_use]
    pub fn remarks(&self, options: &lint::Options) -> Vec<Diagnostic> {
        let mut remarks = self.diagnostics.clone();
        options.apply(&mut remarks);
        self.with_subject(options, |subject| {
            remarks.append(&mut lint::findings(subject));
            lint::cure(subject, &mut remarks);
        });
        remarks.sort_by_key(|remark| (remark.primary.span, remark.code));
        remarks
    }

    /// The same at the usual levels, for somebody who waits for an answer: with fewer steps for what is proven, so that more may
    /// stay undecided. A tenth of a second, on whatever rules.
    #[must_use]
    pub fn brief_remarks(&self) -> Vec<Diagnostic> {
        self.remarks(&lint::Options { steps: STEPS, ..lint::Options::default() })
    }

    /// What lints look at: the rules are resolved anew, since only those without errors were kept.
    fn with_subject<T>(&self, options: &lint::Options, look: impl FnOnce(&Subject<'_>) -> T) -> T {
        let input = input(&self.files, &self.options);
        let hir = semantics::lower(&input, &mut Vec::new());
        // Rules beside one with an error are asked too: by a program that holds those that are right.
        let healthy = match &self.rule_set {
            Some(_) => None,
            None => code::verify(codegen::emit(&hir, origin(&self.sources, &self.files, &self.options))).ok(),
        };
        let program = self.rule_set.as_ref().map(RuleSet::program).or(healthy.as_ref());
        let model = Model::of(Side::new(&hir, program));
        look(&Subject { input: &input, hir: &hir, model: &model, sources: &self.sources, options })
    }
}

/// What the meaning of the files depends on.
pub(super) fn input<'a>(files: &'a [RuleFile], options: &'a CheckOptions) -> CheckInput<'a> {
    CheckInput { files, own_domains: &options.own_domains, limits: options.limits, today: options.today }
}

/// What a program keeps of how it came about.
fn origin(sources: &Sources, files: &[RuleFile], options: &CheckOptions) -> Origin {
    Origin {
        sources: sources.clone(),
        layers: files.iter().map(RuleFile::layer).collect(),
        tenant_domains: options.own_domains.clone(),
        compiler: env!("CARGO_PKG_VERSION").into(),
        zone_database: crate::time::database_version().into(),
    }
}
