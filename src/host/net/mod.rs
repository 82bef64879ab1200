//! The real network: what may be reached, and the client that reaches it.
//!
//! [`address`] knows which addresses are public, [`guard`] what each purpose may reach, [`client`] sends. Deliberately absent:
//! calendar files on this machine, which never pass through here.

pub mod address;
pub mod guard;
pub mod client;
pub mod files;
