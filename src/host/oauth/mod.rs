//! Connecting calendars: a user grants access once, and the host keeps it.
//!
//! [`flow`] is the way of one user from a link to a grant, step by step, each of which happens once; [`connect`] walks it, [`pages`]
//! are what browsers see of it. [`token`] speaks with a provider's token endpoint, [`identity`] says whose account answered,
//! [`refresh`] keeps access tokens, and [`cut`] gives a grant back. [`clients`] are the registrations that all of it is done with.
//!
//! Whoever opens a link is not thereby the user that it was made for: a connection is made when the tenant's own server says whose
//! browser came back ([`connect::complete`]). A link for whoever opens it (*bare*) is the tenant's choice, and the connection says so.
//!
//! Deliberately absent: signatures of ID tokens. They come from the token endpoint itself, over TLS (OpenID Connect Core 3.1.3.7).
//!
//! Source: reliability.md 6.1; providers.md B5, B9.

pub mod clients;
pub mod connect;
pub mod cut;
pub mod flow;
pub mod handed;
pub mod identity;
pub mod pages;
pub mod refresh;
pub mod secret;
#[cfg(test)]
mod tests;
pub mod token;
mod view;

pub use clients::{Client, Endpoints, House};

/// What the operator sets.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where browsers reach this host, without a slash at its end; without it nobody connects.
    pub public_url: Option<String>,
    /// The operator's own clients, for tenants that have none of their own.
    pub houses: Vec<House>,
}
