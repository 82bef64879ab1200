//! The contract between the compiler and the machine: instructions, programs, their bytes, and the proof that they are sound.
//!
//! [`codegen`](crate::codegen) writes a [`Program`]; [`encode`] and [`decode`] store it; [`verify`](verify()) makes it
//! [`Verified`], which is all that [`vm`](crate::vm) accepts; [`listing`](listing()) shows it.
//!
//! Deliberately absent: the compiler that writes programs and the machine that runs them.

mod encode;
mod fields;
mod flow;
mod listing;
mod lookup;
pub mod opcode;
pub mod operand;
pub mod program;
mod verify;
mod wire;

pub use encode::{FORMAT_VERSION, LANGUAGE_VERSION, LoadError, PROGRAM_BYTES_MAX, decode, encode, with_checksum};
pub use flow::REGISTERS_MAX;
pub use listing::listing;
pub use lookup::{
    About, AddressesAsked, Built, Form, Hashed, Hit, Index, Lookup, PATTERNS_MAX, PeopleKeys, Strategy, Titles, hash_of,
    patterns_built,
};
pub use opcode::{Op, Opcode, Part};
pub use program::{Code, Constants, Origin, Program};
pub use verify::{COST_MAX, Verified, VerifyError, verify, verify_as};
pub use wire::DEPTH_MAX;
