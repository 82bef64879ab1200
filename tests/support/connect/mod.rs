//! Connecting calendars in tests: a host on loopback, an authorization server that holds to what it is told, and browsers.

pub mod browser;
pub mod scene;
pub mod server;
