//! The whole host against the simulated world, on a clock that only moves when nothing else does.
//!
//! The same loops that serve run here, on the store in memory and one thread; seeds decide everything. An [`oracle`] reads the
//! world's own history and the journals of its services, and holds the invariants (`reliability.md` 2) against them: I1 to I3,
//! I5 to I10 and I15, also where people say stop or record about meetings and send bots by hand. I4 and I11 to I14 are held
//! elsewhere: this world has one tenant, and no tokens are refreshed in it.
//!
//! A finding is printed with the command that makes its run again. `CALLSHEET_LIFECYCLES=1000000` makes the sample larger.

pub(in crate::host) mod clock;
mod doors;
mod ear;
mod expected;
mod hands;
pub(in crate::host) mod heard;
pub(in crate::host) mod life;
mod oracle;
mod run;
mod sample;
mod sent;
pub(in crate::host) mod switch;
mod tests;

use mimalloc::MiMalloc;

/// Runs make and drop small texts all the time, on every core.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
