//! Running the tests that stand in rule files.

use super::{Checked, check::input};
use crate::semantics::prepare;
use crate::source::Span;
use crate::vm::Machine;

/// How one test came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestOutcome {
    /// The sentence that names it.
    pub name: String,
    /// The whole piece.
    pub span: Span,
    /// What is not as expected, and the explanation of what happened instead; `None` where it passed.
    pub failure: Option<String>,
}

impl Checked {
    /// Runs all tests of the files, in file order; none where the rules have errors.
    ///
    /// A test of a file decides by the effective list of all files together.
    #[must_use]
    pub fn run_tests(&self) -> Vec<TestOutcome> {
        let Some(rules) = &self.rule_set else { return Vec::new() };
        let mut machine = Machine::new();
        prepare(&input(&self.files, &self.options))
            .into_iter()
            .map(|test| {
                let question = test.question();
                let decision = rules.decide(&mut machine, &question);
                let unmet = test.unmet(rules.outline(), decision);
                let failure =
                    (!unmet.is_empty()).then(|| format!("{}\n{}", unmet.join("\n"), rules.explain(&question).sentences()));
                TestOutcome { name: test.name.clone(), span: test.span, failure }
            })
            .collect()
    }
}
