//! Provided lists of texts: whatever they hold is up to the tenant, so an item is made for every hit that is wanted.

use super::{Asks, Test};
use crate::analysis::budget::Limit;
use crate::analysis::witness::Draft;
use crate::builtins::text::FoldedText;
use crate::value::words::{TextField, TextOp};
use crate::value::{Fact, Truth};

/// Which provided lists are supplied.
#[derive(Clone, Debug, Default)]
pub(super) struct Supply<'a> {
    lists: Vec<(&'a str, bool)>,
}

impl Supply<'_> {
    fn is_supplied(&self, name: &str) -> bool {
        self.lists.iter().any(|(list, supplied)| *list == name && *supplied)
    }

    /// Whether a test of a provided list can answer as asked while its text is seen.
    pub fn allows(&self, test: &Test<'_>) -> bool {
        match test.asks {
            Asks::Provided(_, name) if self.is_supplied(name) => test.allowed.has(Truth::True) || test.allowed.has(Truth::False),
            _ => test.allowed.has_unknown(),
        }
    }
}

/// Every combination of lists that are supplied and lists that are not, all supplied first.
pub(super) fn supplies<'a>(tests: &[Test<'a>]) -> Vec<Supply<'a>> {
    let mut names: Vec<&str> = tests.iter().filter_map(list).collect();
    names.sort_unstable();
    names.dedup();
    names.iter().fold(vec![Supply::default()], |supplies, name| {
        let with = |supplied: bool| {
            supplies.iter().cloned().map(move |mut supply| {
                supply.lists.push((*name, supplied));
                supply
            })
        };
        with(true).chain(with(false)).collect()
    })
}

fn list<'a>(test: &Test<'a>) -> Option<&'a str> {
    match test.asks {
        Asks::Provided(_, name) => Some(name),
        _ => None,
    }
}

/// Whether a supplied list would have to hit in a stronger way than it must not in a weaker one, on one text: what equals an
/// item begins and ends with it, and what does that contains it.
pub(super) fn clash(tests: &[Test<'_>], supply: &Supply<'_>) -> bool {
    let supplied = |test: &&Test<'_>| list(test).is_some_and(|name| supply.is_supplied(name));
    // Whoever must hit needs a text that is seen, so that nothing about the same text is unknown.
    let strong = tests.iter().filter(supplied).filter(|test| must_hit(test) && !test.allowed.has_unknown());
    let misses = |strong: &Test<'_>, weak: &Test<'_>| {
        must_miss(weak) && weak.field == strong.field && list(weak) == list(strong) && implies(strong, weak)
    };
    strong.into_iter().any(|strong| tests.iter().filter(supplied).any(|weak| misses(strong, weak)))
}

fn must_hit(test: &Test<'_>) -> bool {
    !test.allowed.has(Truth::False)
}

fn must_miss(test: &Test<'_>) -> bool {
    !test.allowed.has(Truth::True)
}

fn implies(strong: &Test<'_>, weak: &Test<'_>) -> bool {
    let op = |test: &Test<'_>| match test.asks {
        Asks::Provided(op, _) => op,
        _ => TextOp::Is,
    };
    op(strong) == op(weak) || op(strong) == TextOp::Is || op(weak) == TextOp::Contains
}

/// Whether a text of some length leaves more room for items: where an item is to hit it, and not something else.
pub(super) fn wants_length(tests: &[Test<'_>], field: TextField, supply: &Supply<'_>) -> bool {
    let supplied = |test: &&Test<'_>| list(test).is_some_and(|name| supply.is_supplied(name));
    let of_list = |name: Option<&str>| tests.iter().filter(|test| list(test) == name).count();
    tests.iter().filter(supplied).any(|test| test.field == field && must_hit(test) && of_list(list(test)) > 1)
}

/// Writes the supplied lists: an item for each hit, which hits nothing that must be missed.
pub(super) fn fill(tests: &[Test<'_>], supply: &Supply<'_>, draft: &mut Draft) -> Result<(), Limit> {
    for (name, _) in supply.lists.iter().filter(|(_, supplied)| *supplied) {
        let own = || tests.iter().filter(|test| list(test) == Some(*name));
        let mut items = Vec::new();
        for test in own().filter(|test| must_hit(test)) {
            let Some(text) = seen(draft, test.field) else { continue };
            let misses = |item: &String| own().filter(|test| must_miss(test)).all(|test| !hits(draft, test, item));
            let item = candidates(test, &text).into_iter().find(misses).ok_or(Limit::Unwritten)?;
            items.push(item);
        }
        draft.supply(name, |list| list.texts.extend(items));
    }
    Ok(())
}

/// The folded text, where it is seen.
fn seen(draft: &mut Draft, field: TextField) -> Option<String> {
    match draft.text(field) {
        Fact::Known(text) => Some(text.as_ref().map(|text| crate::value::fold(&text.content)).unwrap_or_default()),
        Fact::Unknown(_) => None,
    }
}

fn hits(draft: &Draft, test: &Test<'_>, item: &str) -> bool {
    let mut draft = draft.clone();
    let Fact::Known(text) = draft.text(test.field) else { return false };
    let Asks::Provided(op, _) = test.asks else { return false };
    FoldedText::of(text.as_ref()).compare(op, item).truth() != Truth::False
}

/// Items that hit a text in the way of the test: those that hit in no stronger way first.
fn candidates(test: &Test<'_>, text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let part = |from: usize, to: usize| chars.get(from..to).map(|part| part.iter().collect::<String>());
    let last = chars.len();
    let mut parts = match test.asks {
        Asks::Provided(TextOp::Contains, _) => {
            vec![part(1, last.saturating_sub(1)), part(1, 2), part(0, last.saturating_sub(1)), part(1, last)]
        }
        Asks::Provided(TextOp::StartsWith, _) => vec![part(0, last.saturating_sub(1)), part(0, 1)],
        Asks::Provided(TextOp::EndsWith, _) => vec![part(1, last), part(last.saturating_sub(1), last)],
        _ => Vec::new(),
    };
    parts.push(Some(text.to_owned()));
    parts.into_iter().flatten().filter(|item| !item.is_empty() || text.is_empty()).collect()
}
