//! What the host says to bot services and hears from them.
//!
//! A [`Backend`] turns *create*, *find* and *recall* of a key into an [`Exchange`]: a request, and what to make of its answer,
//! which is either the host's answer or the next request. Nothing here sends anything; every status and every body, however
//! broken, is some answer, and none of them panics.
//!
//! `contract` is callsheet's own interface (`docs/bot-backend.md`), which promises all that the dispatch protocol wants: one bot
//! a key for good, fences, tombstones. `recall` and `attendee` are services that promise less; `docs/bot-services.md` says what
//! they lack and how it is made up for.
//!
//! How an answer is judged:
//! - *accepted, none, confirmed*: only where the service says so in its own words and names our key;
//! - *refused*: where a server that did it could not have answered so: a status below 500 that is no success, a redirect,
//!   a connection that was never made. Should it lie, the recall that ends every missed dispatch cleans up;
//! - *ambiguous*: everything else: a success without its body, a page of HTML, another key, an error of a server or of something
//!   before it, no answer.

mod answer;
mod attendee;
mod contract;
mod exchange;
mod listing;
mod recall;
mod spec;
#[cfg(test)]
mod tests;

pub use answer::{BotState, CreateAnswer, FindAnswer, RecallAnswer, Word};
pub use exchange::{Exchange, Heard};
pub use recall::Region;
pub use spec::{Spec, SpecError};

use crate::time::Instant;
use secrecy::SecretString;

/// A bot service, and how to reach it. `Debug` shows no token.
#[derive(Clone, Debug)]
pub enum Backend {
    /// A backend that keeps callsheet's contract.
    Callsheet {
        /// Where `/bots/{key}` lies, without a slash at its end.
        base_url: String,
        /// The bearer token.
        token: SecretString,
    },
    /// Recall.ai.
    Recall {
        /// Where `/api/v1` lies, without a slash at its end: [`Region::base_url`].
        base_url: String,
        /// The API key.
        token: SecretString,
    },
    /// Attendee, hosted or one's own.
    Attendee {
        /// Where `/api/v1` lies, without a slash at its end: `https://app.attendee.dev`.
        base_url: String,
        /// The API key.
        token: SecretString,
    },
}

/// A bot to ask for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Its key.
    pub key: &'a str,
    /// What the service is told.
    pub spec: &'a Spec,
    /// Guards against hosts that were paused.
    pub fence: u64,
    /// Which try this is.
    pub attempt: u32,
}

impl Backend {
    /// Asks for a bot. `now` tells whether its time to join is still ahead.
    #[must_use]
    pub fn create(&self, wanted: Wanted<'_>, now: Instant) -> Exchange<CreateAnswer> {
        let key = wanted.key.to_owned();
        match self {
            Self::Callsheet { base_url, token } => {
                let request = contract::create_request(base_url, token, wanted);
                Exchange::one(request, move |answer| contract::read_create(&key, answer))
            }
            Self::Recall { base_url, token } => {
                let request = recall::create_request(base_url, token, wanted, now);
                Exchange::one(request, move |answer| recall::read_create(&key, answer))
            }
            Self::Attendee { base_url, token } => {
                let request = attendee::create_request(base_url, token, wanted, now);
                Exchange::one(request, move |answer| attendee::read_create(&key, answer))
            }
        }
    }

    /// Asks what the service has under a key.
    #[must_use]
    pub fn find(&self, key: &str) -> Exchange<FindAnswer> {
        match self {
            Self::Callsheet { base_url, token } => {
                let (request, key) = (contract::find_request(base_url, token, key), key.to_owned());
                Exchange::one(request, move |answer| contract::read_find(&key, answer))
            }
            Self::Recall { base_url, token } => listing::find(recall::service(base_url, token), key),
            Self::Attendee { base_url, token } => listing::find(attendee::service(base_url, token), key),
        }
    }

    /// Asks that no bot of a key joins or stays.
    #[must_use]
    pub fn recall(&self, key: &str, fence: u64) -> Exchange<RecallAnswer> {
        match self {
            Self::Callsheet { base_url, token } => {
                let (request, key) = (contract::recall_request(base_url, token, key, fence), key.to_owned());
                Exchange::one(request, move |answer| contract::read_recall(&key, answer))
            }
            Self::Recall { base_url, token } => listing::recall(recall::service(base_url, token), key),
            Self::Attendee { base_url, token } => listing::recall(attendee::service(base_url, token), key),
        }
    }
}
