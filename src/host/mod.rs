//! The host: keeps calendars in sync, plans one bot a meeting, dispatches it at the right minute, and tells what happened.
//!
//! What the host decides is a pure function or a step machine over rows and answers; the rest of it moves bytes. All of its
//! state lies in one [`store`]; a change and the effects it causes are one [`store::Commit`]. Everything it says to the world
//! goes through [`http::Egress`], everything it knows of time comes from [`clock::Clock`], so that the same code runs against
//! the simulated [`world`] and against the real one.
//!
//! Deliberately absent: opinions about meetings. Those are the rules'.

pub mod api;
pub mod app;
pub mod audit;
pub mod bots;
pub mod clock;
pub mod config;
pub mod context;
pub mod credentials;
pub mod dispatch;
pub mod health;
pub mod http;
pub mod log;
pub mod metrics;
pub mod model;
pub mod net;
pub mod oauth;
pub mod operations;
pub mod outbox;
pub mod planning;
pub mod push;
mod planted;
pub mod schedule;
pub mod seal;
pub mod setup;
pub mod store;
pub mod strangers;
pub mod sync;
pub mod world;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod scenarios;
