//! Questions about people, found by their addresses and domains.

use crate::code::Op;
use crate::code::lookup::needed::{COMMON, Leaf, cost_of, needed_by_blocks};
use crate::code::operand::PeopleIdx;
use crate::code::program::Program;
use crate::value::words::Quantifier;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Which questions somebody's address may answer with yes.
#[derive(Debug, Default)]
pub struct PeopleKeys {
    table: HashTable<Key>,
    /// A bit for each hash of a key: most of what is looked up is not there.
    filter: Box<[u64]>,
    /// The questions of all keys.
    told: Vec<u16>,
    has_addresses: bool,
    has_below: bool,
}

/// Bits of the filter for each key.
const FILTER_BITS_EACH: usize = 16;

/// An address or a domain that rules name.
#[derive(Clone, Copy, Debug)]
struct Key {
    kind: KeyKind,
    /// The set of people that it stands in; `None` for the own domains.
    set: Option<PeopleIdx>,
    /// Its place there.
    place: u32,
    /// Where its questions begin.
    from: u32,
    count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum KeyKind {
    Address,
    Domain,
    Below,
}

/// Most addresses and domains that are kept for the questions of a program, each as often as a question names it: many questions
/// may name one long list.
const NAMES_MAX: usize = 65_536;

/// An address or a domain where a question names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Named<'p> {
    kind: KeyKind,
    text: &'p str,
    question: u16,
    set: Option<PeopleIdx>,
    place: u32,
}

/// A quick hash of an address or a domain: the same in every program, and only in this process.
#[must_use]
pub fn hash_of(text: &str) -> u32 {
    (rustc_hash::FxBuildHasher.hash_one(text) >> 16) as u32
}

/// An address or a domain by its hash. The text is fetched only where hashes agree: it lies far away.
#[derive(Clone, Copy)]
pub struct Hashed<F> {
    /// What [`hash_of`] makes of the text.
    pub hash: u32,
    /// Fetches the text.
    pub text: F,
}

impl Hashed<()> {
    /// A text that is at hand.
    pub fn of<'t>(text: &'t str) -> Hashed<impl Fn() -> &'t str> {
        Hashed { hash: hash_of(text), text: move || text }
    }
}

/// The domains above a domain.
pub(super) fn above(domain: &str) -> impl Iterator<Item = &str> {
    domain.match_indices('.').map(|(dot, _)| &domain[dot + 1..])
}

impl KeyKind {
    #[inline]
    fn hash(self, of_text: u32) -> u64 {
        (u64::from(of_text) + ((self as u64) << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl PeopleKeys {
    /// The keys of some questions, each with the leaves of its test.
    fn of(program: &Program, questions: &[(u16, Vec<Leaf>)]) -> Self {
        let mut named: Vec<Named<'_>> = Vec::new();
        for (question, leaf) in questions.iter().flat_map(|(question, leaves)| leaves.iter().map(move |leaf| (*question, leaf))) {
            let set = leaf.set;
            let addresses = set.iter().flat_map(|set| &program.constants.people[set.index()].addresses);
            named.extend((0..).zip(addresses).map(|(place, address)| {
                let (kind, text) = (KeyKind::Address, address.as_str());
                Named { kind, text, question, set, place }
            }));
            named.extend((0..).zip(leaf.domains(program)).map(|(place, domain)| {
                let (kind, text) = (if domain.is_below() { KeyKind::Below } else { KeyKind::Domain }, domain.domain());
                Named { kind, text, question, set, place }
            }));
        }
        named.sort_unstable();
        let bits = (named.len() * FILTER_BITS_EACH).next_power_of_two().max(64);
        let mut keys = Self { filter: vec![0; bits / 64].into(), ..Self::default() };
        for same in named.chunk_by(|one, other| (one.kind, one.text) == (other.kind, other.text)) {
            let Named { kind, text, set, place, .. } = same[0];
            let from = keys.told.len() as u32;
            keys.told.extend(same.iter().map(|named| named.question));
            let key = Key { kind, set, place, from, count: same.len() as u32 };
            keys.has_addresses |= kind == KeyKind::Address;
            keys.has_below |= kind == KeyKind::Below;
            let hash = kind.hash(hash_of(text));
            let (word, bit) = keys.filter_place(hash);
            keys.filter[word] |= bit;
            keys.table.insert_unique(hash, key, |key| key.kind.hash(hash_of(key.text(program))));
        }
        keys
    }

    /// Whether rules name single addresses.
    #[must_use]
    pub fn has_addresses(&self) -> bool {
        self.has_addresses
    }

    /// The questions that name an address.
    #[must_use]
    #[inline]
    pub fn of_address<'a>(&self, program: &Program, address: Hashed<impl Fn() -> &'a str>) -> &[u16] {
        if self.has_addresses { self.find(program, KeyKind::Address, address) } else { &[] }
    }

    /// Shows the questions that name a domain, or the domains above it.
    pub fn each_of_domain<'d>(&self, program: &Program, domain: Hashed<impl Fn() -> &'d str>, mut found: impl FnMut(&[u16])) {
        if self.has_below {
            for above in above((domain.text)()) {
                found(self.find(program, KeyKind::Below, Hashed::of(above)));
            }
        }
        found(self.find(program, KeyKind::Domain, domain));
    }

    /// The word of the filter and the bit in it that stand for a hash.
    #[inline]
    fn filter_place(&self, hash: u64) -> (usize, u64) {
        let place = (hash >> 20) as usize & (self.filter.len() * 64 - 1);
        (place / 64, 1 << (place % 64))
    }

    #[inline]
    fn find<'t>(&self, program: &Program, kind: KeyKind, hashed: Hashed<impl Fn() -> &'t str>) -> &[u16] {
        let hash = kind.hash(hashed.hash);
        let (word, bit) = self.filter_place(hash);
        if self.filter[word] & bit == 0 {
            return &[];
        }
        self.find_surely(program, kind, hash, (hashed.text)())
    }

    #[inline(never)]
    fn find_surely(&self, program: &Program, kind: KeyKind, hash: u64, text: &str) -> &[u16] {
        let is_it = |key: &Key| key.kind == kind && key.text(program) == text;
        self.table.find(hash, is_it).map_or(&[], |key| &self.told[key.from as usize..][..key.count as usize])
    }
}

impl Key {
    fn text<'p>(&self, program: &'p Program) -> &'p str {
        let place = self.place as usize;
        match (self.kind, self.set) {
            (KeyKind::Address, Some(set)) => program.constants.people[set.index()].addresses[place].as_str(),
            (_, Some(set)) => program.constants.people[set.index()].domains[place].domain(),
            (_, None) => program.own_domains[place].domain(),
        }
    }
}

/// The questions of a program that are found by the addresses of people, and by those of the organizer; with each, how rare
/// its people are.
pub(super) fn keys(program: &Program) -> (PeopleKeys, PeopleKeys, Vec<(u16, u32)>) {
    let blocks = needed_by_blocks(program);
    let mut found: [Vec<(u16, Vec<Leaf>)>; 2] = Default::default();
    let mut costs = Vec::new();
    let mut names_left = NAMES_MAX;
    let questions = program.code.questions(program.outline.atoms.len());
    for (question, op) in (0..).zip(&program.code.ops[questions]) {
        let (kind, block) = match *op {
            Op::AskAttendees { quantifier: Quantifier::Any | Quantifier::Every, test } => (0, test),
            Op::AskAttendees { quantifier: Quantifier::AtLeast(1..) | Quantifier::Exactly(1..), test } => (0, test),
            Op::AskOrganizer { test } => (1, test),
            _ => continue,
        };
        let Some(leaves) = &blocks[block.index()] else { continue };
        let cost = cost_of(leaves, program);
        let named: usize = leaves.iter().map(|leaf| leaf.count(program)).sum();
        if cost < COMMON && named <= names_left {
            names_left -= named;
            found[kind].push((question, leaves.clone()));
            costs.push((question, if kind == 0 { cost } else { cost / 4 }));
        }
    }
    let [people, organizers] = found;
    (PeopleKeys::of(program, &people), PeopleKeys::of(program, &organizers), costs)
}
