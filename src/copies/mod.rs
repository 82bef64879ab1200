//! One meeting in the calendars of several connected users: facts shared across the copies, and the decision over all of them.
//!
//! Which copies are one occurrence is settled before (`ARCHITECTURE.md`: normalised UID, occurrence, organizer or room). Here
//! they are first completed ([`complete_facts`]), then each is decided by its owner's effective list, and the strongest
//! decision holds ([`decide_group`]). Nothing here depends on the order in which copies arrive.

mod complete;
mod decide;

pub use complete::{Copy, complete_facts};
pub use decide::{GroupDecision, MemberDecision, Strength, decide_group};

/// Names a connection (one connected user's calendar account) among those of a tenant; ties go to the lowest.
pub type ConnectionId = u64;
