//! What load programs and the tests of the real binary share: a world on loopback, hosts as processes, a PostgreSQL server.

#![allow(dead_code, reason = "each program uses its part")]

pub mod figures;
pub mod gateway;
pub mod kills;
pub mod postgres;
pub mod process;
pub mod served;
