//! Texts: titles and their like, under words to look for and regular expressions.
//!
//! What is asked of one text is a product of automata; a text that all of them accept is searched for, shortest first. Before
//! that, what people usually ask is tried: a text that is made of the words themselves. Texts that are hidden, or cut at their
//! limit, come last.
//!
//! Words are compared with the folded text, expressions with the text as written. A letter here is therefore a character as
//! written together with what it folds to, and so that characters that are composed by folding are not overlooked, some letters
//! are a character and an accent.

mod lists;
mod patterns;
mod search;
mod words;

pub(in crate::analysis) use patterns::Patterns;

use super::{Allowed, Ask, What, place, provided};
use crate::analysis::budget::{Budget, Limit};
use crate::analysis::model::Model;
use crate::analysis::witness::Draft;
use crate::builtins::text::{FoldedText, Pattern};
use crate::builtins::{Atom, Texts};
use crate::event::Text;
use crate::event::facts::{DESCRIPTION_BYTES_MAX, SHORT_TEXT_BYTES_MAX};
use crate::value::words::{TextField, TextOp};
use crate::value::{Fact, Truth, UnknownReason};

const FIELDS: [TextField; 4] = [TextField::Title, TextField::Description, TextField::Location, TextField::Calendar];

/// Chooses the texts that `asks` ask about, and what stands in provided lists.
pub(super) fn solve(model: &Model<'_>, asks: &[&Ask<'_>], draft: &mut Draft, budget: &mut Budget) -> Result<bool, Limit> {
    let tests: Vec<Test<'_>> = asks.iter().filter_map(|ask| Test::of(model, ask)).collect();
    let mut given_up = None;
    for supply in lists::supplies(&tests) {
        match with_lists(&tests, &supply, model.patterns(), draft, budget) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(limit) => given_up = Some(limit),
        }
    }
    given_up.map_or(Ok(false), Err)
}

/// A text in which every expression of `found` finds something and none of `missed` does; `None` where there is none: proven.
///
/// An expression is a pattern and its flags.
///
/// # Errors
/// The bound that was hit.
pub fn text_between(found: &[(&str, &str)], missed: &[(&str, &str)], budget: &mut Budget) -> Result<Option<String>, Limit> {
    let found: Vec<Asks<'_>> = found.iter().map(|(pattern, flags)| Asks::Pattern(pattern, flags)).collect();
    let missed: Vec<Asks<'_>> = missed.iter().map(|(pattern, flags)| Asks::Pattern(pattern, flags)).collect();
    let hits = found.iter().map(|asks| search::Want { asks, hit: true });
    let misses = missed.iter().map(|asks| search::Want { asks, hit: false });
    search::find(&hits.chain(misses).collect::<Vec<_>>(), false, &Patterns::default(), budget)
}

/// A condition about a text.
#[derive(Clone, Debug)]
struct Test<'a> {
    field: TextField,
    asks: Asks<'a>,
    allowed: Allowed,
}

#[derive(Clone, Debug)]
enum Asks<'a> {
    Words(TextOp, &'a [String]),
    Provided(TextOp, &'a str),
    Pattern(&'a str, &'a str),
}

impl<'a> Test<'a> {
    fn of(model: &'a Model<'_>, ask: &'a Ask<'a>) -> Option<Self> {
        let (field, asks) = match ask.what {
            What::Atom(Atom::Text { field, op, texts: Texts::Written(texts) }) => (*field, Asks::Words(*op, texts)),
            What::Atom(Atom::Text { field, op, texts: Texts::List(list) }) => match provided(model, ask.side, *list) {
                Some(name) => (*field, Asks::Provided(*op, name)),
                None => {
                    let table = model.side(ask.side).hir.lists.get(usize::from(*list))?;
                    (*field, Asks::Words(*op, &table.items.as_ref()?.texts))
                }
            },
            What::Atom(Atom::Matches { field, pattern, flags }) => (*field, Asks::Pattern(pattern, flags)),
            _ => return None,
        };
        Some(Self { field, asks, allowed: ask.allowed })
    }

    /// What the test answers about a text, where no provided list is asked.
    fn answer(&self, text: &FoldedText<'_>) -> Truth {
        match &self.asks {
            Asks::Words(op, texts) => texts.iter().map(|word| text.compare(*op, word).truth()).fold(Truth::False, Truth::or),
            Asks::Pattern(pattern, flags) => {
                Pattern::build(pattern, flags).map_or(Truth::Unknown, |pattern| text.matches(&pattern).truth())
            }
            Asks::Provided(..) => Truth::Unknown,
        }
    }
}

/// Chooses all texts, where these lists are supplied.
fn with_lists(
    tests: &[Test<'_>],
    supply: &lists::Supply<'_>,
    patterns: &Patterns,
    draft: &mut Draft,
    budget: &mut Budget,
) -> Result<bool, Limit> {
    if lists::clash(tests, supply) {
        return Ok(false);
    }
    for field in FIELDS {
        let own: Vec<&Test<'_>> = tests.iter().filter(|test| test.field == field).collect();
        if own.is_empty() {
            continue;
        }
        let long = lists::wants_length(tests, field, supply);
        match of_field(field, &own, long, supply, patterns, budget)? {
            Some(text) => *draft.text(field) = text,
            None => return Ok(false),
        }
    }
    lists::fill(tests, supply, draft).map(|()| true)
}

/// A text that answers all tests of its field.
fn of_field(
    field: TextField,
    tests: &[&Test<'_>],
    long: bool,
    supply: &lists::Supply<'_>,
    patterns: &Patterns,
    budget: &mut Budget,
) -> Result<Option<Fact<Option<Text>>>, Limit> {
    let (of_lists, others): (Vec<&Test<'_>>, Vec<&Test<'_>>) =
        tests.iter().partition(|test| matches!(test.asks, Asks::Provided(..)));
    let lists_answer = of_lists.iter().all(|test| supply.allows(test));
    let hidden = Fact::Unknown(UnknownReason::PrivateEvent);
    let may_hide = tests.iter().all(|test| test.allowed.has_unknown());
    if lists_answer {
        if let Some(text) = whole(&others, long, patterns, budget)? {
            let text = if text.is_empty() { None } else { Some(Text { content: text, cut: false }) };
            return Ok(Some(Fact::Known(text)));
        }
        if may_hide {
            return Ok(Some(hidden));
        }
        if of_lists.is_empty() && others.iter().any(|test| test.allowed.has_unknown()) {
            return cut(field, &others, patterns, budget).map(|text| text.map(|text| Fact::Known(Some(text))));
        }
        return Ok(None);
    }
    Ok(may_hide.then_some(hidden))
}

/// A text that is neither hidden nor cut.
fn whole(tests: &[&Test<'_>], long: bool, patterns: &Patterns, budget: &mut Budget) -> Result<Option<String>, Limit> {
    let mut wants = Vec::new();
    for test in tests {
        match (test.allowed.has(Truth::True), test.allowed.has(Truth::False)) {
            (true, true) => {}
            (false, false) => return Ok(None),
            (hit, _) => wants.push(search::Want { asks: &test.asks, hit }),
        }
    }
    search::find(&wants, long, patterns, budget)
}

/// A text that was cut at its limit. What is asked of the whole is asked of the kept part, as far as that settles it.
fn cut(field: TextField, tests: &[&Test<'_>], patterns: &Patterns, budget: &mut Budget) -> Result<Option<Text>, Limit> {
    let mut wants = Vec::new();
    let begins: Vec<(Asks<'_>, bool)> = tests.iter().filter_map(|test| begins(test)).collect();
    for test in tests {
        let (can_hit, can_miss) = (test.allowed.has(Truth::True), test.allowed.has(Truth::False));
        match &test.asks {
            Asks::Words(TextOp::Is | TextOp::EndsWith, words) => {
                let impossible = matches!(&test.asks, Asks::Words(TextOp::EndsWith, _)) && words.iter().any(String::is_empty);
                if !test.allowed.has_unknown() && (impossible || !can_miss) {
                    return Ok(None);
                }
            }
            Asks::Words(TextOp::Contains, _) | Asks::Pattern(..) => match (can_hit, test.allowed.has_unknown()) {
                (true, true) => {}
                (false, false) => return Ok(None),
                (hit, _) => wants.push(search::Want { asks: &test.asks, hit }),
            },
            Asks::Words(TextOp::StartsWith, _) => match (can_hit, can_miss) {
                (true, true) => {}
                (false, false) => return Err(Limit::Unwritten),
                (hit, _) => wants.push(search::Want { asks: &test.asks, hit }),
            },
            Asks::Provided(..) => return Ok(None),
        }
    }
    wants.extend(begins.iter().map(|(asks, hit)| search::Want { asks, hit: *hit }));
    let Some(kept) = search::find(&wants, false, patterns, budget)? else { return Ok(None) };
    lengthened(field, &kept, tests).map(Some).ok_or(Limit::Unwritten)
}

/// `is` of a cut text: certainly not, where it begins otherwise, and else unknown.
fn begins<'a>(test: &Test<'a>) -> Option<(Asks<'a>, bool)> {
    let Asks::Words(TextOp::Is, words) = test.asks else { return None };
    match (test.allowed.has_unknown(), test.allowed.has(Truth::False)) {
        (true, true) => None,
        (unknown, _) => Some((Asks::Words(TextOp::StartsWith, words), unknown)),
    }
}

/// The kept part with something behind it that changes no answer, past its limit.
fn lengthened(field: TextField, kept: &str, tests: &[&Test<'_>]) -> Option<Text> {
    let limit = match place(field) {
        1 => DESCRIPTION_BYTES_MAX,
        _ => SHORT_TEXT_BYTES_MAX,
    };
    [" ~", " x", " 0", "\n", "~", "x", "0"].into_iter().find_map(|filler| {
        let long = format!("{kept}{}", filler.repeat(limit / filler.len() + 1));
        let text = Text::cut(long, limit);
        let folded = FoldedText::of(Some(&text));
        tests.iter().all(|test| test.allowed.has(test.answer(&folded))).then(|| text.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(found: &[&str], missed: &[&str]) -> Result<Option<String>, Limit> {
        let [found, missed] = [found, missed].map(|patterns| patterns.iter().map(|pattern| (*pattern, "")).collect::<Vec<_>>());
        text_between(&found, &missed, &mut Budget::default())
    }

    #[test]
    fn everything_and_nothing_are_told() {
        for (pattern, everything, nothing) in [
            ("", true, false),
            (".*", true, false),
            ("^", true, false),
            ("^.*$", false, false),
            ("(?s)^.*$", true, false),
            ("a|[^a]|^$", true, false),
            (".", false, false),
            ("a", false, false),
            ("a$b", false, true),
            ("[^\\s\\S]", false, true),
            ("\\p{Greek}{2}", false, false),
            (r"a\bb", false, true),
            (r"\b|^\W*$", true, false),
        ] {
            assert_eq!(between(&[], &[pattern]).map(|text| text.is_none()), Ok(everything), "{pattern}");
            assert_eq!(between(&[pattern], &[]).map(|text| text.is_none()), Ok(nothing), "{pattern}");
        }
    }

    #[test]
    fn an_expression_covers_what_it_is_found_in() {
        for (outer, inner, expected) in [
            ("demo", "demos", true),
            ("demos", "demo", false),
            ("^demo", "demo", false),
            ("demo", "^demo$", true),
            ("[a-z]", "q", true),
            ("[a-z]", "Q", false),
            ("a.*b", "axxb", true),
            (r"demo", r"\bdemo\b", true),
            (r"\bdemo\b", "demo", false),
            (r"\bdemo\b", r"(?:^|\W)demo(?:\W|$)", true),
        ] {
            assert_eq!(between(&[inner], &[outer]).map(|text| text.is_none()), Ok(expected), "{outer} {inner}");
        }
    }

    #[test]
    fn nobody_knows_past_the_bound() {
        assert_eq!(between(&["(a|b)*a(a|b){16}c$d"], &[]), Err(Limit::Pattern));
    }
}
