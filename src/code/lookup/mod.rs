//! What the machine looks things up in: the constants of a verified program, in forms that answer fast.
//!
//! Everything here follows from the program and holds nothing of its own, so it is never stored.

mod addresses;
mod guards;
mod index;
mod needed;
mod patterns;
mod people;
mod scan;
mod titles;

pub use addresses::AddressesAsked;
pub use index::{About, Index, Strategy};
pub use patterns::{Built, PATTERNS_MAX, patterns_built};
pub use people::{Hashed, PeopleKeys, hash_of};
pub use titles::{Form, Hit, Titles};

use crate::code::Op;
use crate::code::operand::{Block, DateRuleIdx, PatternIdx, Question, TextsIdx};
use crate::code::program::{DateRuleText, PeopleSet, Program};
use crate::event::Address;
use crate::event::recurrence::Rule;
use crate::value::EventKind;
use patterns::Slot;
use std::sync::Arc;

/// The constants of a program, ready for use. Shared by all machines that run the program.
#[derive(Debug)]
pub struct Lookup {
    patterns: Vec<Slot>,
    date_rules: Vec<Option<Rule>>,
    /// For each pool entry the places of its texts in ascending order of the texts.
    texts: Vec<Box<[u32]>>,
    /// `our domains`, ascending.
    own: PeopleSet,
    /// Each address of a `person` with the number of that person, ascending.
    aliases: Vec<(Address, u32)>,
    /// The first instruction of each person block.
    blocks: Vec<usize>,
    /// What blocks ask for that ask for addresses alone.
    asked: Vec<Option<AddressesAsked>>,
    /// How many instructions at the begin refuse nothing that is as usual.
    refusals: usize,
    titles: Titles,
    /// Which questions a scan of the title tells about.
    scanned: Box<[bool]>,
    index: Option<Index>,
}

impl Lookup {
    /// For a program that is run like that; by its size, where nothing is said.
    pub(in crate::code) fn of(program: &Program, strategy: Option<Strategy>) -> Self {
        let constants = &program.constants;
        let mut own = PeopleSet { addresses: Vec::new(), domains: program.own_domains.clone() };
        own.domains.sort_unstable();
        own.domains.dedup();
        let people = (0_u32..).zip(&program.aliases);
        let mut aliases: Vec<(Address, u32)> =
            people.flat_map(|(person, addresses)| addresses.iter().map(move |address| (address.clone(), person))).collect();
        aliases.sort_unstable();
        aliases.dedup();
        let (titles, title_costs) = Titles::of(program);
        let mut scanned = vec![false; program.outline.atoms.len()];
        title_costs.iter().for_each(|(question, _)| scanned[usize::from(*question)] = true);
        let index = match strategy {
            Some(Strategy::Plain) => None,
            Some(Strategy::Indexed) => Index::of(program, &title_costs),
            None => Index::of(program, &title_costs).filter(|(_, guarded)| *guarded >= index::GUARDED_MIN),
        };
        Self {
            refusals: program.code.ops[program.code.main()].iter().take_while(|op| spares_the_usual(op)).count(),
            titles,
            asked: AddressesAsked::of_blocks(program),
            scanned: scanned.into(),
            index: index.map(|(index, _)| index),
            patterns: constants.patterns.iter().map(|_| Slot::default()).collect(),
            date_rules: constants.date_rules.iter().map(read_date_rule).collect(),
            texts: constants.texts.iter().map(|texts| ascending(texts)).collect(),
            own,
            aliases,
            blocks: program.code.each_block(program.outline.atoms.len()).map(|(_, range)| range.start).collect(),
        }
    }

    /// The regular expression, built when it is first asked for.
    #[must_use]
    pub fn pattern(&self, program: &Program, index: PatternIdx) -> Arc<Built> {
        self.patterns[index.index()].get(&program.constants.patterns[index.index()])
    }

    /// The date rule, read. `None` where it is no test of dates, which no checked rule set holds.
    #[must_use]
    pub fn date_rule(&self, index: DateRuleIdx) -> Option<&Rule> {
        self.date_rules[index.index()].as_ref()
    }

    /// Whether `text` is one of the texts.
    #[must_use]
    pub fn holds_text(&self, program: &Program, index: TextsIdx, text: &str) -> bool {
        let texts = &program.constants.texts[index.index()];
        self.texts[index.index()].binary_search_by(|place| texts[*place as usize].as_str().cmp(text)).is_ok()
    }

    /// The questions that a scan of the title tells about.
    #[must_use]
    pub fn titles(&self) -> &Titles {
        &self.titles
    }

    /// Whether a scan of the title tells about a question.
    #[must_use]
    pub fn is_scanned(&self, question: Question) -> bool {
        self.scanned[question.index()]
    }

    /// Which rules are worth trying for an event, where that is worth looking up.
    #[must_use]
    pub fn index(&self) -> Option<&Index> {
        self.index.as_ref()
    }

    /// The first instruction that could refuse an occurrence that is as usual: confirmed, timed, with a link that bots can join, and
    /// not declined.
    #[must_use]
    pub fn refusals(&self) -> usize {
        self.refusals
    }

    /// What a person block asks for, where that is the address alone.
    #[must_use]
    pub fn addresses_asked(&self, block: Block) -> Option<&AddressesAsked> {
        self.asked[block.index()].as_ref()
    }

    /// Whether some `person` of the rules has addresses.
    #[must_use]
    pub fn has_aliases(&self) -> bool {
        !self.aliases.is_empty()
    }

    /// The first instruction of a person block.
    #[must_use]
    pub fn block_start(&self, block: Block) -> usize {
        self.blocks[block.index()]
    }

    /// `our domains`.
    #[must_use]
    pub fn own(&self) -> &PeopleSet {
        &self.own
    }

    /// The persons of the rules that this is an address of, ascending.
    pub fn aliases(&self, address: &Address) -> impl Iterator<Item = u32> {
        let from = self.aliases.partition_point(|(listed, _)| listed < address);
        self.aliases[from..].iter().take_while(move |(listed, _)| listed == address).map(|(_, person)| *person)
    }
}

/// Whether an instruction refuses nothing that is as usual.
fn spares_the_usual(op: &Op) -> bool {
    match op {
        Op::RefuseKindsBut { kinds } => kinds.contains(EventKind::Default),
        Op::RefuseCancelled {}
        | Op::RefuseDraft {}
        | Op::RefuseAllDay {}
        | Op::RefuseSubHourly {}
        | Op::RefuseDeclined {}
        | Op::RefuseUnjoinable {} => true,
        _ => false,
    }
}

/// A rule that is no test of dates could take long to answer, or never settle.
fn read_date_rule(written: &DateRuleText) -> Option<Rule> {
    Rule::parse(&written.rule).ok().filter(|rule| rule.date_rule_problem(written.counting_from).is_none())
}

fn ascending(texts: &[String]) -> Box<[u32]> {
    let mut places: Vec<u32> = (0..).take(texts.len()).collect();
    places.sort_unstable_by_key(|place| texts[*place as usize].as_str());
    places.into()
}

impl PeopleSet {
    /// Whether the set holds the address, or a domain that covers it.
    #[must_use]
    pub fn covers(&self, address: &Address) -> bool {
        self.addresses.binary_search(address).is_ok() || self.covers_domain(address.domain())
    }

    /// A domain is covered by itself, and by `@*.` of every domain above it.
    fn covers_domain(&self, domain: &str) -> bool {
        if self.domains.is_empty() {
            return false;
        }
        let holds = |domain: &str, below: bool| {
            self.domains.binary_search_by(|listed| (listed.domain(), listed.is_below()).cmp(&(domain, below))).is_ok()
        };
        holds(domain, false) || domain.match_indices('.').any(|(dot, _)| holds(&domain[dot + 1..], true))
    }
}
