//! Rules: the head, the action and the clauses.

use super::Reader;
use super::expected::RULE_CLAUSES;
use super::grammar::{Pair, Rule, parts_of};
use super::pieces::{commented, piece};
use crate::diagnostic::Code;
use crate::syntax::ast::Rule as RulePiece;
use crate::syntax::ast::*;
use crate::time::Date;

/// What was read of a rule so far.
#[derive(Default)]
struct Clauses {
    name: Option<Located<String>>,
    title: Option<String>,
    action: Option<Commented<Action>>,
    when: Option<Commented<Condition>>,
    unless: Option<Commented<Condition>>,
    with: Option<Commented<Vec<Setting>>>,
    because: Option<Commented<String>>,
    /// Something broken was reported: what is missing may be in it.
    broken: bool,
}

impl Reader<'_> {
    pub fn rule(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let mut clauses = Clauses::default();
        for part in parts_of(pair) {
            let at = self.at(&part);
            match part.as_rule() {
                Rule::rule_head => (clauses.name, clauses.title) = self.rule_head(part),
                Rule::broken_rule_head => {
                    clauses.name = self.broken_rule_head(&part);
                    clauses.broken = true;
                }
                Rule::action => {
                    let action = self.action(part);
                    self.once(&mut clauses.action, "the action", commented(action, at));
                }
                Rule::when => {
                    let condition = self.when(part);
                    self.once(&mut clauses.when, "`when`", commented(condition, at));
                }
                Rule::unless => {
                    let condition = self.unless(part);
                    self.once(&mut clauses.unless, "`unless`", commented(condition, at));
                }
                Rule::with => {
                    let settings = self.with(part);
                    self.once(&mut clauses.with, "`with`", commented(settings, at));
                }
                Rule::because => {
                    let reason = self.because(part);
                    self.once(&mut clauses.because, "`because`", commented(reason, at));
                }
                Rule::EOI => {}
                _ => {
                    self.broken_rule_clause(&part);
                    clauses.broken = true;
                }
            }
        }
        let Clauses { name: Some(name), title, action, when, unless, with, because, broken } = clauses else { return };
        if action.is_none() && !broken {
            self.report(Code::MissingPart, name.at, format!("the rule `{}` does not say what to do", name.value))
                .help
                .push("add `record`, `skip`, `always record` or `never record`".to_owned());
        }
        let Some(action) = action else { return };
        self.file.rules.push(piece(name, RulePiece { title, action, when, unless, with, because }, at));
    }

    /// Keeps the first clause of a kind; a second one is reported.
    pub fn once<T>(&mut self, slot: &mut Option<Commented<T>>, what: &str, clause: Commented<T>) {
        match slot {
            Some(first) => self.duplicate(what, clause.at, first.at),
            None => *slot = Some(clause),
        }
    }

    fn rule_head(&mut self, pair: Pair<'_>) -> (Option<Located<String>>, Option<String>) {
        let mut parts = parts_of(pair).skip(1);
        let name = self.located(&parts.next().expect("a name"));
        let title = parts.next().map(|title| self.string(&title));
        (Some(name), title)
    }

    /// The name, where at least that can be told.
    fn broken_rule_head(&mut self, pair: &Pair<'_>) -> Option<Located<String>> {
        self.explain_again(Rule::only_rule_head, pair);
        let head = self.at(pair);
        let name = self.scan.at_or_after(head.0.range().start + "rule".len())?;
        let word = &self.text[name.range.clone()];
        let inside = name.range.end <= head.0.range().end && super::grammar::read(Rule::only_rule_id, word).is_ok();
        let at = At(crate::source::Span::new(self.source, name.range.start, name.range.end));
        inside.then(|| Located { value: word.to_owned(), at })
    }

    fn action(&mut self, pair: Pair<'_>) -> Action {
        let mut action = Action { verb: Tiered::Record, shadow: false, from: None, until: None };
        let (mut from, mut until, mut shadow) = (None, None, None);
        for part in parts_of(pair) {
            let at = self.at(&part);
            match part.as_rule() {
                Rule::never_record => action.verb = Tiered::NeverRecord,
                Rule::always_record => action.verb = always_record(part),
                Rule::skip => action.verb = Tiered::Skip,
                Rule::from => {
                    let date = self.from(part);
                    self.once(&mut from, "`from`", commented(date, at));
                }
                Rule::until => {
                    let date = self.until(part);
                    self.once(&mut until, "`until`", commented(date, at));
                }
                Rule::shadow => self.once(&mut shadow, "`shadow`", commented((), at)),
                _ => {}
            }
        }
        action.from = from.and_then(|from| from.value);
        action.until = until.and_then(|until| until.value);
        action.shadow = shadow.is_some();
        action
    }

    fn from(&mut self, pair: Pair<'_>) -> Option<Date> {
        self.date(&parts_of(pair).last().expect("a date"))
    }

    fn until(&mut self, pair: Pair<'_>) -> Option<Date> {
        self.date(&parts_of(pair).last().expect("a date"))
    }

    fn when(&mut self, pair: Pair<'_>) -> Condition {
        self.condition(parts_of(pair).last().expect("a condition"))
    }

    fn unless(&mut self, pair: Pair<'_>) -> Condition {
        self.condition(parts_of(pair).last().expect("a condition"))
    }

    fn with(&mut self, pair: Pair<'_>) -> Vec<Setting> {
        self.with_settings(pair)
    }

    fn because(&mut self, pair: Pair<'_>) -> String {
        self.string(&parts_of(pair).last().expect("a text"))
    }

    /// A clause that went wrong, or text where a clause should begin.
    fn broken_rule_clause(&mut self, pair: &Pair<'_>) {
        match pair.as_rule() {
            Rule::broken_rule_clause => self.explain_again(Rule::only_rule_clause, pair),
            _ => self.stray(pair, RULE_CLAUSES),
        }
    }
}

fn always_record(pair: Pair<'_>) -> Tiered {
    Tiered::AlwaysRecord { locked: parts_of(pair).any(|part| part.as_rule() == Rule::kw_locked) }
}
