//! How much of the rules their tests show, and the tests that are missing.

use super::{Checked, check::input};
use crate::analysis::Model;
use crate::coverage::{self, Coverage, Missing};
use crate::semantics::RuleFile;
use crate::source::Form;
use crate::syntax::ast::{File, Piece, Test};
use crate::syntax::printer;

impl Checked {
    /// What the tests of the files show of the rules, and of what they do not show whether it can happen. `None` where the rules
    /// have errors.
    ///
    /// ```
    /// use callsheet::coverage::Measure;
    /// use callsheet::engine::{CheckOptions, RuleText, check};
    ///
    /// let text = "rule weekly:\n  record\n  when repeats weekly\n\n\
    ///     test \"a series\":\n  event { repeats: \"FREQ=WEEKLY\" }\n  expect record by weekly\n";
    /// let checked = check(&[RuleText { name: "team.rules".into(), text: text.into(), layer: None }], &CheckOptions::default());
    /// let coverage = checked.coverage().expect("rules without errors");
    /// let share = coverage.share(|goal| goal.measure() == Measure::Condition);
    /// assert_eq!((share.shown, share.all), (1, 2));
    /// ```
    #[must_use]
    pub fn coverage(&self) -> Option<Coverage> {
        let model = Model::of(self.rule_set.as_ref()?.side());
        let mut coverage = coverage::measure(&input(&self.files, &self.options), &model)?;
        coverage::prove(&mut coverage, &model, |_| true);
        Some(coverage)
    }

    /// Tests for what `coverage` says is possible and not shown. None where the rules have errors.
    #[must_use]
    pub fn missing_tests(&self, coverage: &Coverage) -> Missing {
        let Some(rules) = &self.rule_set else { return Missing::default() };
        coverage::missing_tests(&input(&self.files, &self.options), &Model::of(rules.side()), coverage)
    }

    /// The text of each file with these tests at its end. A JSON file is laid out anew; nothing else in it changes.
    #[must_use]
    pub fn texts_with(&self, missing: &Missing) -> Vec<String> {
        let with = |(at, file): (usize, &RuleFile)| {
            let text = &self.sources.get(file.source).text;
            let tests: Vec<Piece<Test>> =
                missing.tests.iter().filter(|(of, _)| *of == at).map(|(_, test)| test.clone()).collect();
            match (tests.is_empty(), Form::of(text)) {
                (true, _) => text.clone(),
                (false, Form::Text) => format!("{}\n\n{}", text.trim_end(), test_pieces(tests)),
                (false, Form::Json) => {
                    let mut tree = file.tree.clone();
                    tree.tests.extend(tests);
                    printer::json(&tree)
                }
            }
        };
        self.files.iter().enumerate().map(with).collect()
    }
}

/// Tests as pieces of the text form.
#[must_use]
pub fn test_pieces(tests: Vec<Piece<Test>>) -> String {
    let file = printer::text(&File { tests, ..File::default() });
    // A file begins with its version, which stands above already.
    file.split_once('\n').map_or(String::new(), |(_, pieces)| pieces.trim_start().to_owned())
}
