//! The grammar, and the one way to run it.

use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};

#[derive(pest_derive::Parser)]
#[grammar = "grammar/rules.pest"]
struct Grammar;

/// What a production matched.
pub(super) type Pair<'i> = pest::iterators::Pair<'i, Rule>;

/// Where a text stopped to make sense, and what would have made sense there.
#[derive(Debug)]
pub(super) struct Failure {
    /// In the text that was read.
    pub offset: usize,
    /// Productions that were tried there.
    pub expected: Vec<Rule>,
}

/// Reads all of `text` as `production`.
pub(super) fn read(production: Rule, text: &str) -> Result<Pair<'_>, Failure> {
    let error = match Grammar::parse(production, text) {
        Ok(mut pairs) => return Ok(pairs.next().expect("an entry is no silent production")),
        Err(error) => error,
    };
    let offset = match error.location {
        InputLocation::Pos(offset) | InputLocation::Span((offset, _)) => offset,
    };
    let expected = match error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    Err(Failure { offset, expected })
}

/// What a pair holds, without signs.
pub(super) fn parts_of(pair: Pair<'_>) -> impl Iterator<Item = Pair<'_>> {
    let sign = |part: &Pair<'_>| {
        matches!(part.as_rule(), Rule::equals | Rule::colon | Rule::open_list | Rule::open_set | Rule::open_group)
    };
    pair.into_inner().filter(move |part| !sign(part))
}

/// The one pair inside another.
pub(super) fn only(pair: Pair<'_>) -> Pair<'_> {
    parts_of(pair).next().expect("the production holds one")
}
