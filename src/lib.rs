#![doc = include_str!("../ARCHITECTURE.md")]

pub mod source;
pub mod time;
pub mod value;
pub mod diagnostic;
pub mod event;
pub mod builtins;
pub mod syntax;
pub mod semantics;
pub mod code;
pub mod codegen;
pub mod vm;
pub mod copies;
pub mod explain;
pub mod reference;
pub mod engine;
#[cfg(any(feature = "cli", feature = "host"))]
pub mod providers;
#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "cli")]
pub mod cli;
