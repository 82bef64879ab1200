//! Tests in rule files.

use super::Reader;
use super::expected::TEST_CLAUSES;
use super::grammar::{Pair, Rule, parts_of};
use super::pieces::{commented, piece};
use crate::diagnostic::Code;
use crate::syntax::ast::*;

impl Reader<'_> {
    pub fn test(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let (mut name, mut given, mut event, mut expect) = (None, Vec::new(), None, None);
        let mut broken = false;
        for part in parts_of(pair) {
            let at = self.at(&part);
            match part.as_rule() {
                Rule::test_head => name = Some(self.test_head(part)),
                Rule::given => given.push(commented(self.given(part), at)),
                Rule::event => {
                    let entries = self.event(part);
                    self.once(&mut event, "`event`", commented(entries, at));
                }
                Rule::expect => {
                    let expected = self.expect(part);
                    self.once(&mut expect, "`expect`", commented(expected, at));
                }
                Rule::EOI => {}
                _ => {
                    self.broken_test_clause(&part);
                    broken = true;
                }
            }
        }
        let Some(name) = name else { return };
        for (missing, what) in [(event.is_none(), "`event`"), (expect.is_none(), "`expect`")] {
            if missing && !broken {
                self.report(Code::MissingPart, name.at, format!("this test has no {what}"));
            }
        }
        let (Some(event), Some(expect)) = (event, expect) else { return };
        self.file.tests.push(piece(name, Test { given, event, expect }, at));
    }

    fn test_head(&mut self, pair: Pair<'_>) -> Located<String> {
        self.located_string(&parts_of(pair).nth(1).expect("a sentence"))
    }

    fn given(&mut self, pair: Pair<'_>) -> GivenList {
        let mut parts = parts_of(pair).skip(2);
        let name = self.located(&parts.next().expect("a name"));
        GivenList { name, items: self.list_items(parts.next().expect("items")) }
    }

    fn event(&mut self, pair: Pair<'_>) -> Vec<EventEntry> {
        self.event_entries(parts_of(pair))
    }

    fn expect(&mut self, pair: Pair<'_>) -> Expectation {
        let mut expectation = Expectation { outcome: ExpectedOutcome::Default, with: Vec::new() };
        for part in parts_of(pair) {
            match part.as_rule() {
                Rule::not_recordable => expectation.outcome = ExpectedOutcome::NotRecordable,
                Rule::decided => expectation.outcome = self.decided(part),
                Rule::expect_with => expectation.with = self.expect_with(part),
                _ => {}
            }
        }
        expectation
    }

    fn decided(&mut self, pair: Pair<'_>) -> ExpectedOutcome {
        let mut parts = parts_of(pair);
        let verb = self.verb(parts.next().expect("a verb"));
        ExpectedOutcome::Decided { verb, by: parts.last().map(|name| self.located(&name)) }
    }

    fn expect_with(&mut self, pair: Pair<'_>) -> Vec<Setting> {
        self.with_settings(pair)
    }

    /// A head or a clause that went wrong, or text where a clause should begin.
    fn broken_test_clause(&mut self, pair: &Pair<'_>) {
        match pair.as_rule() {
            Rule::broken_test_head => self.explain_again(Rule::only_test_head, pair),
            Rule::broken_test_clause => self.explain_again(Rule::only_test_clause, pair),
            _ => self.stray(pair, TEST_CLAUSES),
        }
    }
}
