//! What is done about a dispatch next, and what must be written down first.
//!
//! ```text
//! planned --due--> claimed --create--> accepted --> joined --> ended
//!    |                |  \--no answer--> unknown --find--> accepted | planned
//!    |                \--withdraw--> recalling --recall--> recalled
//!    \--withdraw--> withdrawn          too late, refused, failed --> missed
//! ```
//!
//! [`step`] is pure: a row, the time and something that happened go in; the row to store and what to do then come out. Whoever
//! drives it commits the row (guarded by the version that was read) and the events in one transaction, and performs the other
//! effects only after that. A commit that conflicts is dropped with its effects: somebody else was faster.
//!
//! Promises, each held by a test below:
//! - One key, one accepted bot, whatever is repeated, delayed or lost; and one bot where the service works before it is too late.
//! - A recall wins over everything and is asked for until it is confirmed. It outranks a create that is still on its way by its
//!   higher fence and by the tombstone that it leaves.
//! - Nothing is missed silently: every row comes to an end, and every end but a bot that left says why.
//! - Each kind of event is told once for each epoch.
//! - The fence never falls. A clock that jumps fires nothing twice and skips nothing in silence.
//!
//! What a row means where its state alone does not say it:
//! - **a fence above 0**: a host claimed it at some time, so that the service may know the key;
//! - **planned, with a reason**: the last try was refused, and that is why;
//! - **unknown, accepted or joined, because of [`UNCONFIRMED`]**: it was told as missed while a bot may have been there; it is
//!   looked for, and told as accepted where it turns up, for a bot that nobody follows could not be recalled either;
//! - **missed or recalled, but due**: final and told; what a late request may have left is being recalled;
//! - **recalling, with a lease**: until then a request that was under way can still arrive.

mod answers;
mod due;
mod row;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub use due::is_due;

use crate::host::bots::{BotState, CreateAnswer, FindAnswer, RecallAnswer, Spec};
use crate::host::model::{Dispatch, DispatchState, EventId, OutboxEvent};
use crate::host::planted::{self, Bug};
use crate::time::Instant;
use serde_json::json;

/// How long a claim holds.
pub const LEASE_SECS: i64 = 15;
/// A holder does nothing more for its claim after this much of it.
pub const ACT_SECS: i64 = 10;
/// Clocks of hosts may differ by this much; a lease that ends later than that was made by a clock that jumped.
pub const SKEW_SECS_MAX: i64 = 60;
/// Longest pause between two tries that the service did not ask for.
pub const BACKOFF_SECS_MAX: i64 = 30;
/// Longest pause between two tries that a service may ask for.
pub const RETRY_AFTER_SECS_MAX: i64 = 5 * 60;
/// Tries of one bot: an hour of refusals. Nearly always it is too late long before.
pub const ATTEMPTS_MAX: u32 = 128;
/// An ambiguous create is looked up after this long: sooner it may not have arrived.
pub const FIND_FIRST_SECS: i64 = 2;
/// A find or recall that nobody answered is repeated after this long.
pub const ASK_AGAIN_SECS: i64 = 10;
/// A young recall after this long already: whoever asked may have died, and the next bot of the meeting sets out after
/// [`HEAD_START_SECS`].
pub const RECALL_AGAIN_SECS: i64 = 2;
/// A find or recall that was answered with nothing usable is repeated after this long.
pub const UNCLEAR_SECS: i64 = 3;
/// This long after the deadline a dispatch that is still unclear is told as missed (I15: within a minute).
pub const GRACE_SECS: i64 = 45;
/// A bot that was accepted is looked at this long after its planned second, which keeps the looks as spread as the bots are.
pub const LOOK_FIRST_SECS: i64 = 120;
/// But not sooner than this after it was accepted.
pub const LOOK_SOONEST_SECS: i64 = 30;
/// Shortest and longest time between two looks at a bot.
pub const LOOK_SECS: (i64, i64) = (60, 15 * 60);
/// And at one that should have left so long ago.
pub const LOOK_AT_END_SECS: i64 = 5;
/// This long after the start nobody looks any more.
pub const WATCH_SECS_MAX: i64 = 36 * 60 * 60;
/// A request that was under way when its bot was recalled can still arrive for this long.
pub const QUIET_SECS: i64 = 60;
/// Services without tombstones are asked this often whether something arrived after all.
pub const QUIET_LOOK_SECS: i64 = 15;

/// How long the recall of a bot is under way before another sets out for the same meeting.
pub const HEAD_START_SECS: i64 = 3;

/// Why a dispatch is told as missed while a bot may be there.
pub const UNCONFIRMED: &str = "unconfirmed";
/// The mark of a bot that a calendar, or another person, adopted from the one who sent it, until it is seen; and why it ended where
/// it never was: it had left before.
pub const UNSEEN: &str = "unseen";
/// The same of a calendar's bot that a person adopted.
pub const UNSEEN_BY_SENDER: &str = "unseen-by-sender";

/// Something that happened to a dispatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// Its time has come, by the clock of this host.
    Due {
        /// Who claims it, should it be claimed.
        host: &'a str,
    },
    /// What came of [`Effect::Create`].
    CreateAnswered {
        /// The fence of the request.
        fence: u64,
        /// The answer.
        answer: CreateAnswer,
    },
    /// What came of [`Effect::Find`].
    Found {
        /// The fence of the request.
        fence: u64,
        /// The answer.
        answer: FindAnswer,
    },
    /// What came of [`Effect::Recall`].
    RecallAnswered {
        /// The fence of the request.
        fence: u64,
        /// The answer.
        answer: RecallAnswer,
    },
    /// No bot is wanted any more, or another one is; why, in a few words.
    Withdraw(&'a str),
    /// A read of the event shortly before the claim confirmed it, or could not.
    PreflightAnswered {
        /// Whether it was confirmed.
        confirmed: bool,
    },
    /// Another meeting is still in the room, or no longer: no bot before this.
    RoomSeen {
        /// When that meeting ends, or this one starts; `None` where the room is free at the planned second.
        occupied_until: Option<Instant>,
    },
    /// The service told by itself what the bot does.
    BotState(BotState),
}

/// What to do once the row is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask for the bot.
    Create {
        /// Its key.
        key: String,
        /// What the service is told.
        spec: Box<Spec>,
        /// Guards against hosts that were paused.
        fence: u64,
        /// Which try this is. A try that nobody answered is repeated under its number, one that was refused is not: a service
        /// that remembers answers by it must not repeat a refusal.
        attempt: u32,
        /// After this instant the request must not be sent, and its answer is not waited for.
        until: Instant,
    },
    /// Ask what the service has.
    Find {
        /// The key.
        key: String,
        /// To be given back with the answer.
        fence: u64,
    },
    /// Ask that no bot of the key joins or stays.
    Recall {
        /// The key.
        key: String,
        /// Above the fence of every create.
        fence: u64,
    },
    /// Something to tell. Not to be performed but committed, with the row.
    Tell(OutboxEvent),
}

/// What follows from an [`Input`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// The row to store; `None`: nothing changes. Its version is the one that was given.
    pub next: Option<Dispatch>,
    /// What to do after that, in order.
    pub effects: Vec<Effect>,
}

impl Step {
    /// The events to commit with the row.
    pub fn told(&self) -> impl Iterator<Item = OutboxEvent> + '_ {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Tell(event) => Some(event.clone()),
            _ => None,
        })
    }

    /// The requests to send after the commit.
    pub fn requests(&self) -> impl Iterator<Item = &Effect> + '_ {
        self.effects.iter().filter(|effect| !matches!(effect, Effect::Tell(_)))
    }
}

/// What follows when `input` happens to `dispatch` at `now`.
#[must_use]
pub fn step(dispatch: &Dispatch, now: Instant, input: Input<'_>) -> Step {
    match input {
        Input::Due { host } => due::due(dispatch, now, host),
        Input::CreateAnswered { fence, answer } => answers::create_answered(dispatch, now, fence, answer),
        Input::Found { fence, answer } => answers::found(dispatch, now, fence, answer),
        Input::RecallAnswered { fence, answer } => answers::recall_answered(dispatch, now, fence, answer),
        Input::Withdraw(why) => answers::withdrawn(dispatch, now, why),
        Input::PreflightAnswered { confirmed } => answers::preflight_answered(dispatch, confirmed),
        Input::RoomSeen { occupied_until } => answers::room_seen(dispatch, now, occupied_until),
        Input::BotState(state) => answers::bot_state(dispatch, now, state),
    }
}

/// Whether a bot that somebody adopted had left before, as far as anybody saw.
#[must_use]
pub fn left_unseen(dispatch: &Dispatch) -> bool {
    dispatch.state == DispatchState::Ended && row::unseen(dispatch).is_some()
}

/// Whether it was a calendar's, and the person who adopted it had none.
#[must_use]
pub fn left_sender(dispatch: &Dispatch) -> bool {
    left_unseen(dispatch) && dispatch.reason.as_deref() == Some(UNSEEN_BY_SENDER)
}

/// Whether nobody knows if there is a bot, and it was told as missed.
#[must_use]
pub fn is_given_up(dispatch: &Dispatch) -> bool {
    dispatch.state == DispatchState::Unknown && row::was_told_missed(dispatch)
}

/// An event about a dispatch: no title, nobody's address.
#[must_use]
pub fn event(kind: &str, dispatch: &Dispatch, reason: Option<&str>, now: Instant) -> OutboxEvent {
    let address = Some(&dispatch.spec).filter(|_| planted::is(Bug::AddressInWebhook));
    let mut body = json!({
        "meeting": dispatch.meeting,
        "start": dispatch.start.to_string(),
        "epoch": dispatch.epoch,
        "bot": dispatch.key,
        "verified": dispatch.verified,
        "triggers": dispatch.triggers(),
        "errand": dispatch.errand.map(|errand| errand.0),
        "reason": reason,
    });
    if let Some(address) = address {
        body["spec"] = json!(address);
    }
    OutboxEvent {
        tenant: dispatch.tenant,
        id: EventId::default(),
        kind: kind.to_owned(),
        subject: dispatch.meeting.clone(),
        body: body.to_string(),
        at: now,
    }
}
