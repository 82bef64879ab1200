//! Tests of people that ask for nothing but the domain of their address: most of those that are written.

use crate::code::Op;
use crate::code::lookup::people::{Hashed, above, hash_of};
use crate::code::operand::PeopleIdx;
use crate::code::program::Program;
use crate::event::address::DomainPattern;

/// A person block that asks for the domain alone.
#[derive(Debug)]
pub struct DomainsAsked {
    /// The set of people that is asked for; `None` for the own domains.
    set: Option<PeopleIdx>,
    /// Whether those pass who are in none of its domains.
    is_negated: bool,
    /// Each domain that is named itself.
    exact: Hashes,
    /// Each domain of which those below it are named.
    above: Hashes,
}

/// Domains by their hashes, with their places, ascending.
type Hashes = Box<[(u64, u32)]>;

/// Up to so many hashes are compared one after the other.
const FEW: usize = 8;

impl DomainsAsked {
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
        let asked = Self { set, is_negated, exact: Box::default(), above: Box::default() };
        let has_addresses = set.is_some_and(|set| !program.constants.people[set.index()].addresses.is_empty());
        // Without own domains nobody is known to be internal or external.
        if has_addresses || set.is_none() && program.own_domains.is_empty() {
            return None;
        }
        let domains = asked.domains(program);
        let hashes = |below: bool| {
            let named = (0..).zip(domains).filter(|(_, domain)| domain.is_below() == below);
            let mut hashes: Vec<(u64, u32)> = named.map(|(place, domain)| (hash_of(domain.domain()), place)).collect();
            hashes.sort_unstable();
            hashes.into_boxed_slice()
        };
        Some(Self { exact: hashes(false), above: hashes(true), ..asked })
    }

    fn domains<'p>(&self, program: &'p Program) -> &'p [DomainPattern] {
        match self.set {
            Some(set) => &program.constants.people[set.index()].domains,
            None => &program.own_domains,
        }
    }

    /// Whether somebody with an address in `domain` passes.
    #[must_use]
    pub fn passes<'d>(&self, program: &Program, domain: Hashed<impl Fn() -> &'d str>) -> bool {
        self.covers(program, domain) != self.is_negated
    }

    fn covers<'d>(&self, program: &Program, domain: Hashed<impl Fn() -> &'d str>) -> bool {
        let domains = self.domains(program);
        !self.above.is_empty() && above((domain.text)()).any(|above| holds(&self.above, domains, Hashed::of(above)))
            || holds(&self.exact, domains, domain)
    }
}

fn holds<'d>(hashes: &Hashes, domains: &[DomainPattern], domain: Hashed<impl Fn() -> &'d str>) -> bool {
    let hash = domain.hash;
    let first = if hashes.len() <= FEW { 0 } else { hashes.partition_point(|(known, _)| *known < hash) };
    let alike = hashes[first..].iter().take_while(|(known, _)| *known <= hash).filter(|(known, _)| *known == hash);
    alike.into_iter().any(|(_, place)| domains[*place as usize].domain() == (domain.text)())
}
