//! Tests of people that ask for nothing but the address: most of those that are written.

use crate::code::Op;
use crate::code::lookup::people::{Hashed, above, hash_of};
use crate::code::operand::PeopleIdx;
use crate::code::program::{PeopleSet, Program};
use crate::event::address::DomainPattern;

/// A person block that asks for the address alone.
#[derive(Debug)]
pub struct AddressesAsked {
    /// The set of people that is asked for; `None` for the own domains.
    set: Option<PeopleIdx>,
    /// Whether those pass who are in none of its domains.
    is_negated: bool,
    /// Each address that is named itself.
    addresses: Hashes,
    /// Each domain that is named itself.
    exact: Hashes,
    /// Each domain of which those below it are named.
    above: Hashes,
}

/// Up to so many hashes are compared one after the other.
const FEW: usize = 8;

impl AddressesAsked {
    /// What each person block asks for, where it is no more than that.
    pub(super) fn of_blocks(program: &Program) -> Vec<Option<Self>> {
        let blocks = program.code.each_block(program.outline.atoms.len());
        blocks.map(|(_, piece)| Self::of(program, &program.code.ops[piece])).collect()
    }

    fn of(program: &Program, ops: &[Op]) -> Option<Self> {
        let (set, is_negated) = match *ops {
            [Op::IsAmong { dst, people }, Op::Answer { from }] if dst == from => (Some(people), false),
            [Op::IsInternal { dst }, Op::Answer { from }] if dst == from => (None, false),
            [Op::IsExternal { dst }, Op::Answer { from }] if dst == from => (None, true),
            _ => return None,
        };
        // Without own domains nobody is known to be internal or external.
        if set.is_none() && program.own_domains.is_empty() {
            return None;
        }
        let named = set.map(|set| &program.constants.people[set.index()]);
        let domains = named.map_or(&program.own_domains, |set| &set.domains);
        let of_domains = |below: bool| {
            let chosen = (0..).zip(domains).filter(|(_, domain)| domain.is_below() == below);
            Hashes::of(chosen.map(|(place, domain)| (place, domain.domain())))
        };
        let addresses = named.map_or(&[][..], |set| &set.addresses);
        Some(Self {
            set,
            is_negated,
            addresses: Hashes::of((0..).zip(addresses.iter().map(|address| address.as_str()))),
            exact: of_domains(false),
            above: of_domains(true),
        })
    }

    fn people<'p>(&self, program: &'p Program) -> Option<&'p PeopleSet> {
        self.set.map(|set| &program.constants.people[set.index()])
    }

    /// Whether single addresses are named.
    #[must_use]
    pub fn names_addresses(&self) -> bool {
        !self.addresses.is_empty()
    }

    /// Whether an address of this hash may be named itself: nearly always that settles it.
    #[must_use]
    #[inline]
    pub fn may_name(&self, hash: u32) -> bool {
        self.addresses.has(hash)
    }

    /// Whether an address is named itself.
    #[must_use]
    #[inline]
    pub fn names<'a>(&self, program: &Program, address: Hashed<impl Fn() -> &'a str>) -> bool {
        self.may_name(address.hash) && self.names_surely(program, address.hash, (address.text)())
    }

    fn names_surely(&self, program: &Program, hash: u32, address: &str) -> bool {
        let people = self.people(program);
        people.is_some_and(|people| self.addresses.holds(|place| people.addresses[place].as_str(), hash, address))
    }

    /// Whether somebody with an address in `domain` passes, whichever it is.
    #[must_use]
    #[inline]
    pub fn passes_domain<'d>(&self, program: &Program, domain: Hashed<impl Fn() -> &'d str>) -> bool {
        self.covers(program, domain) != self.is_negated
    }

    #[inline]
    fn covers<'d>(&self, program: &Program, domain: Hashed<impl Fn() -> &'d str>) -> bool {
        let may_be_named = self.exact.has(domain.hash) || !self.above.is_empty();
        may_be_named && self.covers_surely(program, domain.hash, (domain.text)())
    }

    fn covers_surely(&self, program: &Program, hash: u32, domain: &str) -> bool {
        let domains: &[DomainPattern] = self.people(program).map_or(&program.own_domains, |people| &people.domains);
        let named = |place: usize| domains[place].domain();
        let is_below = || above(domain).any(|above| self.above.holds(named, hash_of(above), above));
        self.exact.holds(named, hash, domain) || !self.above.is_empty() && is_below()
    }
}

/// Names by their hashes, with their places, ascending.
#[derive(Debug)]
struct Hashes {
    hashes: Box<[u32]>,
    places: Box<[u32]>,
}

impl Hashes {
    fn of<'t>(named: impl Iterator<Item = (u32, &'t str)>) -> Self {
        let mut hashes: Vec<(u32, u32)> = named.map(|(place, text)| (hash_of(text), place)).collect();
        hashes.sort_unstable();
        let (hashes, places): (Vec<u32>, Vec<u32>) = hashes.into_iter().unzip();
        Self { hashes: hashes.into(), places: places.into() }
    }

    fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether something of this hash is named: nearly always that settles it.
    #[inline]
    fn has(&self, hash: u32) -> bool {
        if self.hashes.len() <= FEW { self.hashes.contains(&hash) } else { self.hashes.binary_search(&hash).is_ok() }
    }

    fn holds<'p>(&self, named: impl Fn(usize) -> &'p str, hash: u32, text: &str) -> bool {
        let few = self.hashes.len() <= FEW;
        let first = if few { 0 } else { self.hashes.partition_point(|known| *known < hash) };
        let known = self.hashes[first..].iter().zip(&self.places[first..]).take_while(|(known, _)| few || **known == hash);
        known.into_iter().any(|(known, place)| *known == hash && named(*place as usize) == text)
    }
}
