//! Regular expressions: read and measured while checking, built only when a decision first needs one.
//!
//! Checking 64 KiB of rules must stay cheap whatever the author wrote, and a checked rule must never fail. So a pattern is
//! accepted only after its automata, forward and backward, were compiled under [`PATTERN_SIZE_MAX`]: the same compilation,
//! under the same limit, is the only part of a later build that can refuse a pattern. All patterns of a set together may take
//! [`SET_SIZE_MAX`], and that sum also bounds what measuring them costs; a pattern that is refused counts as a full one.
//!
//! Before that a pattern is only parsed. Classes such as `\w` and `\p{..}` are tables of hundreds of ranges, and looking them
//! up costs more than all the rest: 256 bytes can name a hundred. They are counted first ([`CLASSES_MAX`]).

use crate::builtins::text::{PATTERN_NEST_MAX, PATTERN_SIZE_MAX};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::Limits;
use crate::syntax::ast::Located;
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::{self, Ast, ClassPerlKind, ClassSetItem, Visitor};
use regex_syntax::hir::Hir;
use regex_syntax::hir::translate::TranslatorBuilder;
use std::collections::HashMap;
use std::convert::Infallible;

/// Most bytes that the automata of all patterns of a set may take.
pub const SET_SIZE_MAX: usize = 1024 * 1024;

/// Most classes such as `\w` that all patterns of a set may use; `\d` and `\s` are small, and four of them count as one.
/// `\p{..}` counts as four: where case does not matter, the other case of every letter in it is looked up.
pub const CLASSES_MAX: usize = 128;

/// The distinct patterns of a rule set.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    /// Whether each pattern, with its flags, can be used.
    seen: HashMap<(String, String), bool>,
    /// Bytes that all of them take together.
    size: usize,
    /// Quarters of a class such as `\w` that all of them use.
    classes: usize,
    /// Too many were written, and the author was told.
    refused: bool,
}

impl Patterns {
    /// Checks one pattern; `None` where it cannot be used, which is reported.
    pub fn check(
        &mut self,
        pattern: &Located<String>,
        flags: &str,
        limits: &Limits,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<()> {
        let key = (pattern.value.clone(), flags.to_owned());
        if let Some(usable) = self.seen.get(&key) {
            return usable.then_some(());
        }
        if pattern.value.len() > limits.pattern_bytes {
            let message = format!(
                "this regular expression takes {} bytes, and at most {} are allowed",
                pattern.value.len(),
                limits.pattern_bytes
            );
            diagnostics.push(Diagnostic::new(Code::LimitExceeded, pattern.at.0, message));
            return None;
        }
        if self.seen.len() >= limits.regexes {
            if !self.refused {
                let message = format!("more than {} different regular expressions in one rule set", limits.regexes);
                diagnostics.push(
                    Diagnostic::new(Code::LimitExceeded, pattern.at.0, message)
                        .help("`contains any of [..]` compares with any number of texts"),
                );
            }
            self.refused = true;
            return None;
        }
        let usable = self.measure(pattern, flags, diagnostics);
        self.seen.insert(key, usable);
        usable.then_some(())
    }

    fn measure(&mut self, pattern: &Located<String>, flags: &str, diagnostics: &mut Vec<Diagnostic>) -> bool {
        let at = pattern.at.0;
        let mut refuse = |message: String| diagnostics.push(Diagnostic::new(Code::RegexTooLarge, at, message).help(SMALLER));
        let parsed = ParserBuilder::new()
            .nest_limit(PATTERN_NEST_MAX)
            .ignore_whitespace(flags.contains('x'))
            .build()
            .parse(&pattern.value);
        let parsed = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                diagnostics.push(unreadable(pattern, error.span(), error.kind().to_string()));
                return false;
            }
        };
        self.classes += count_classes(&parsed);
        if self.classes > CLASSES_MAX * 4 {
            refuse(format!("the regular expressions of a rule set may use {CLASSES_MAX} classes such as `\\w` together"));
            return false;
        }
        if self.size > SET_SIZE_MAX {
            refuse(format!("the regular expressions of a rule set may take {SET_SIZE_MAX} bytes together, compiled"));
            return false;
        }
        let mut translator =
            TranslatorBuilder::new().case_insensitive(flags.contains('i')).dot_matches_new_line(flags.contains('s')).build();
        let read = match translator.translate(&pattern.value, &parsed) {
            Ok(read) => read,
            Err(error) => {
                diagnostics.push(unreadable(pattern, error.span(), error.kind().to_string()));
                return false;
            }
        };
        let size = compiled_size(&read);
        self.size += size.unwrap_or(PATTERN_SIZE_MAX);
        if size.is_none() {
            refuse(format!("this regular expression takes more than {PATTERN_SIZE_MAX} bytes, compiled"));
        }
        size.is_some()
    }
}

const SMALLER: &str = "counted repetitions and classes such as `\\w` or `\\p{..}` multiply; `[a-z]` is small";

/// Quarters of a class such as `\w` that a pattern uses: what reading it costs.
fn count_classes(parsed: &Ast) -> usize {
    ast::visit(parsed, Classes { quarters: 0 }).unwrap_or_else(|never| match never {})
}

struct Classes {
    quarters: usize,
}

impl Classes {
    fn perl(&mut self, class: &ast::ClassPerl) {
        self.quarters += match class.kind {
            ClassPerlKind::Digit | ClassPerlKind::Space => 1,
            ClassPerlKind::Word => 4,
        };
    }
}

impl Visitor for Classes {
    type Output = usize;
    type Err = Infallible;

    fn finish(self) -> Result<usize, Infallible> {
        Ok(self.quarters)
    }

    fn visit_pre(&mut self, part: &Ast) -> Result<(), Infallible> {
        match part {
            Ast::ClassPerl(class) => self.perl(class),
            Ast::ClassUnicode(_) => self.quarters += 16,
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Infallible> {
        match item {
            ClassSetItem::Perl(class) => self.perl(class),
            ClassSetItem::Unicode(_) => self.quarters += 16,
            // A range can hold every letter there is.
            ClassSetItem::Range(range) if !range.end.c.is_ascii() => self.quarters += 16,
            _ => {}
        }
        Ok(())
    }
}

/// Bytes that the larger automaton of a pattern takes; `None` past the limit.
fn compiled_size(read: &Hir) -> Option<usize> {
    let config = Config::new().nfa_size_limit(Some(PATTERN_SIZE_MAX));
    let forward = Compiler::new().configure(config.clone().which_captures(WhichCaptures::All)).build_from_hir(read).ok()?;
    let backward = config.which_captures(WhichCaptures::None).reverse(true);
    let backward = Compiler::new().configure(backward).build_from_hir(read).ok()?;
    Some(forward.memory_usage().max(backward.memory_usage()))
}

/// Points at the very characters where the place of the pattern in the file allows it.
fn unreadable(pattern: &Located<String>, inside: &ast::Span, what: String) -> Diagnostic {
    let whole = pattern.at.0;
    let at = within(whole, pattern.value.len(), inside.start.offset..inside.end.offset);
    Diagnostic::new(Code::RegexInvalid, at.unwrap_or(whole), format!("this regular expression cannot be read: {what}"))
}

/// The part of a literal that holds bytes `range` of its value: only where nothing in it was escaped.
fn within(literal: Span, value_len: usize, range: std::ops::Range<usize>) -> Option<Span> {
    let quotes = match literal.range().len().checked_sub(value_len)? {
        0 => 0,
        // One slash or quotation mark on each side; flags may follow.
        2..=5 => 1,
        _ => return None,
    };
    let start = literal.range().start + quotes;
    Some(Span::new(literal.source, start + range.start, start + range.end.max(range.start)))
}
