//! The integration suite: one binary.

#[cfg(all(feature = "host", feature = "cli"))]
mod admin;
#[cfg(all(feature = "host", feature = "cli"))]
mod api;
#[cfg(all(feature = "host", feature = "cli"))]
mod bots;
mod builtins;
mod bytecode;
mod changes;
mod commands;
#[cfg(all(feature = "host", feature = "cli"))]
#[path = "support/connect/mod.rs"]
mod connect;
#[cfg(all(feature = "host", feature = "cli"))]
mod connect_attacks;
#[cfg(all(feature = "host", feature = "cli"))]
mod connect_pages;
#[cfg(all(feature = "host", feature = "cli"))]
mod connect_troubles;
#[cfg(all(feature = "host", feature = "cli"))]
mod connecting;
mod copies;
mod coverage;
mod diffing;
#[cfg(feature = "host")]
mod documents;
mod describe;
mod editor;
mod editors;
mod equivalence;
mod examples;
mod examples_told;
mod explain;
#[cfg(all(feature = "host", feature = "cli"))]
mod faults;
mod findings;
mod proofs;
mod fuzzed;
mod google;
mod graph;
mod ics;
mod ics_samples;
mod identity;
mod integrations;
mod json_form;
#[cfg(all(feature = "host", feature = "cli"))]
mod kills;
mod layers;
mod linting;
mod links;
#[cfg(all(feature = "host", feature = "cli"))]
#[path = "support/load/mod.rs"]
mod load;
mod matching;
mod read;
mod recurrence;
#[cfg(all(feature = "host", feature = "cli"))]
mod roles;
mod semantics;
mod small_world;
#[cfg(all(feature = "host", feature = "cli"))]
#[path = "support/api.rs"]
mod served_api;
#[cfg(all(feature = "host", feature = "cli"))]
mod sockets;
mod support;
#[cfg(all(feature = "host", feature = "cli"))]
mod targets;
mod testing;
mod text_grammar;
mod text_reader;
mod text_round_trip;
mod verifier;
#[cfg(feature = "host")]
mod webhooks;
mod workload;
mod zones;
