//! Rules resolved and typed, for one connected user.
//!
//! Names are gone, lists stand in a table, conditions are trees over atoms that occur once each. What an author wrote wrongly
//! is not here; it was reported while lowering.

use crate::builtins::{Atom, ListTable};
use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::value::outline::Outline;

/// The organisation's and one user's rules together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hir {
    /// The rules in effective order.
    pub outline: Outline,
    /// The questions behind [`Outline::atoms`], in the same order.
    pub atoms: Vec<Atom>,
    /// The lists that atoms refer to.
    pub lists: Vec<ListTable>,
    /// `our domains`: the tenant's and the organisation's. Empty: none known, so `internal` is unknown.
    pub own_domains: Vec<DomainPattern>,
    /// The addresses of each `person`: one human being, however often listed.
    pub aliases: Vec<Vec<Address>>,
}
