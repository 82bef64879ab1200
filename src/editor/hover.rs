//! What stands under the pointer: a name with what it stands for, a condition or a setting in words, a rule as a sentence.

use super::walk::{Visitor, visit};
use super::words::{about, about_condition, about_setting};
use super::{NameKind, NameUse, Snapshot};
use crate::describe::{self, Surroundings};
use crate::semantics::RuleFile;
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Condition, Piece, Rule, Setting};
use crate::syntax::text::scan::Scan;
use crate::value::shown;

/// What to show, and the place that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// Markdown.
    pub text: String,
    /// What it is about.
    pub span: Span,
}

/// Most characters of an author's title.
const TITLE_CHARS_MAX: usize = 200;

impl Snapshot {
    /// What to show about a place.
    #[must_use]
    pub fn hover(&self, source: SourceId, offset: usize) -> Option<Hover> {
        let file = self.file(source)?;
        let named = self.names.given_at(source, offset);
        (named.and_then(|(name, given)| self.name(name, given)))
            .or_else(|| inner(file, offset))
            .or_else(|| rule_at(file, offset).map(|piece| Hover { text: rule(file, piece), span: piece.name.at.0 }))
            .or_else(|| self.word(source, offset))
    }

    fn name(&self, name: &NameUse, given: &NameUse) -> Option<Hover> {
        let file = self.file(given.span.source)?;
        let (tree, around) = (&file.tree, Surroundings::of(&file.tree));
        let on = |at: Span| at.start <= given.span.start && given.span.end <= at.end;
        let text = match given.kind {
            NameKind::List => describe::list(tree.lists.iter().find(|piece| on(piece.name.at.0))?),
            NameKind::Person => describe::person(tree.people.iter().find(|piece| on(piece.name.at.0))?),
            NameKind::Definition => describe::definition(tree.definitions.iter().find(|piece| on(piece.name.at.0))?, around),
            NameKind::Rule => rule(file, tree.rules.iter().find(|piece| on(piece.name.at.0))?),
        };
        Some(Hover { text: if given.kind == NameKind::Rule { text } else { plain(&text) }, span: name.span })
    }

    /// A word of the language outside of rules.
    fn word(&self, source: SourceId, offset: usize) -> Option<Hover> {
        let text = self.text(source);
        let scan = Scan::of(text);
        let token = scan.tokens.iter().find(|token| token.range.contains(&offset))?;
        let about = about(&text[token.range.clone()])?;
        Some(Hover { text: about.to_owned(), span: Span::new(source, token.range.start, token.range.end) })
    }
}

/// The innermost condition or setting at a place.
fn inner(file: &RuleFile, offset: usize) -> Option<Hover> {
    let mut seeker = Seeker { around: Surroundings::of(&file.tree), offset, found: None };
    visit(&file.tree, &mut seeker);
    seeker.found
}

struct Seeker<'a> {
    around: Surroundings<'a>,
    offset: usize,
    found: Option<Hover>,
}

impl Seeker<'_> {
    fn is_here(&self, span: Span) -> bool {
        span.range().contains(&self.offset)
    }
}

impl Visitor for Seeker<'_> {
    fn condition(&mut self, condition: &Condition) {
        if !self.is_here(condition.at.0) {
            return;
        }
        let told = plain(&describe::condition(condition, self.around));
        let about = about_condition(&condition.kind).map(|about| format!("\n\n{about}")).unwrap_or_default();
        self.found = Some(Hover { text: format!("{}.{about}", capital(&told)), span: condition.at.0 });
    }

    fn setting(&mut self, setting: &Setting) {
        let whole = setting.key.at.0.to(setting.value.at.0);
        if self.is_here(whole) {
            let told = plain(&describe::setting(setting));
            let about = about_setting(&setting.key.value).map(|about| format!("\n\n{about}")).unwrap_or_default();
            self.found = Some(Hover { text: format!("{}.{about}", capital(&told)), span: whole });
        }
    }
}

fn rule_at(file: &RuleFile, offset: usize) -> Option<&Piece<Rule>> {
    file.tree.rules.iter().find(|piece| piece.at.0.range().contains(&offset))
}

/// **customer-calls** — Customer calls, and the sentence.
fn rule(file: &RuleFile, piece: &Piece<Rule>) -> String {
    let title =
        piece.value.title.as_ref().map(|title| format!(" — {}", plain(&shown(title, TITLE_CHARS_MAX)))).unwrap_or_default();
    let sentence = plain(&describe::rule(&piece.value, Surroundings::of(&file.tree)));
    format!("**{}**{title}\n\n{sentence}", piece.name.value)
}

/// A sentence as Markdown: what an author wrote is shown, not obeyed.
fn plain(sentence: &str) -> String {
    let mut out = String::with_capacity(sentence.len());
    for character in sentence.chars() {
        if matches!(character, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' | '&') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
