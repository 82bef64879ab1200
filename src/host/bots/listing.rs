//! Services that find bots by listing them, and know no tombstones.
//!
//! Our key travels in every bot's metadata; to *find* is to list the bots with that metadata. To *recall* is to list them, make the
//! live ones go, and list again, until none is live. A find that shows more than one live bot, which happens where a service's own
//! protection against repeats was got round, keeps one and makes the others go.

use super::answer::{BotState, FindAnswer, RecallAnswer, Word};
use super::exchange::{Exchange, Heard, find_unanswered, object, recall_by_status, recall_unanswered};
use crate::host::http::{Method, NetError, Request, Response};
use serde_json::{Map, Value};

/// The metadata that holds our key.
pub(super) const KEY: &str = "callsheet_key";
/// Bots of one key that one conversation makes go; the next one does the rest.
const DISMISSED_MAX: usize = 4;
/// A page of bots with all that a service knows about them.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;
const ID_BYTES_MAX: usize = 64;

/// How to speak to a service. `Clone`, for every request of a conversation needs it.
#[derive(Clone)]
pub(super) struct Service {
    /// Where its bots lie, with what stands before an id: `https://…/api/v1/bots/`.
    pub(super) bots: String,
    /// The list of the bots of a key: what follows its value in the address.
    pub(super) list: String,
    /// What follows an id to make a bot leave.
    pub(super) leave: &'static str,
    /// What follows an id to delete a bot that did not set out yet.
    pub(super) delete: &'static str,
    /// A request with its authorization.
    pub(super) authorized: fn(Method, String, &secrecy::SecretString) -> Request,
    pub(super) token: secrecy::SecretString,
    /// What a bot is doing, and whether it did not set out yet.
    pub(super) state: fn(&Map<String, Value>) -> (BotState, bool),
}

/// A bot as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listed {
    id: String,
    state: BotState,
    is_waiting: bool,
}

pub(super) fn find(service: Service, key: &str) -> Exchange<FindAnswer> {
    let (request, key) = (service.list_request(key), key.to_owned());
    Exchange::more(request, move |answer| {
        let response = match answer {
            Ok(response) => response,
            Err(error) => return Heard::Answer(find_unanswered(error)),
        };
        let Some(bots) = service.read_list(&key, &response) else { return Heard::Answer(FindAnswer::Ambiguous) };
        let Some(kept) = best(&bots) else { return Heard::Answer(FindAnswer::None) };
        let answer = FindAnswer::Bot(bots[kept].state.clone());
        let surplus = bots.into_iter().enumerate().filter(|(at, bot)| *at != kept && bot.state.is_live()).map(|(_, bot)| bot);
        // Whether the others went is seen at the next look.
        service.dismiss(surplus.take(DISMISSED_MAX).collect(), answer)
    })
}

pub(super) fn recall(service: Service, key: &str) -> Exchange<RecallAnswer> {
    let (request, key) = (service.list_request(key), key.to_owned());
    Exchange::more(request, move |answer| {
        let response = match answer {
            Ok(response) if response.status == 200 => response,
            Ok(response) => return Heard::Answer(recall_by_status(&response)),
            Err(error) => return Heard::Answer(recall_unanswered(error)),
        };
        let Some(bots) = service.read_list(&key, &response) else { return Heard::Answer(RecallAnswer::Ambiguous) };
        let live: Vec<Listed> = bots.into_iter().filter(|bot| bot.state.is_live()).take(DISMISSED_MAX).collect();
        if live.is_empty() {
            return Heard::Answer(RecallAnswer::Absent);
        }
        // Asked to leave is not left: only a list without live bots confirms it.
        service.dismiss(live, RecallAnswer::Ambiguous)
    })
}

/// The bot that stands for the key: one in the meeting before one on its way, before one that is over; the first of its kind.
fn best(bots: &[Listed]) -> Option<usize> {
    let rank = |bot: &Listed| match bot.state {
        BotState::Joined => 0,
        BotState::Coming => 1,
        BotState::Ended => 2,
        BotState::Failed(_) => 3,
    };
    (0..bots.len()).min_by_key(|at| rank(&bots[*at]))
}

impl Service {
    fn list_request(&self, key: &str) -> Request {
        let mut request = (self.authorized)(Method::Get, format!("{}{key}", self.list), &self.token);
        request.answer_bytes_max = PAGE_BYTES_MAX;
        request
    }

    /// The bots of our key. `None` where the answer is not a list, or where it can hide some: a page with another one after it
    /// and none of ours on it, or a list that was not narrowed down to our key.
    fn read_list(&self, key: &str, response: &Response) -> Option<Vec<Listed>> {
        if response.status != 200 {
            return None;
        }
        let body = object(response)?;
        let listed = body.get("results")?.as_array()?;
        let ours: Vec<Listed> = listed.iter().filter_map(|bot| self.read_bot(key, bot.as_object()?)).collect();
        let is_whole = body.get("next").is_none_or(Value::is_null) && ours.len() == listed.len();
        (is_whole || !ours.is_empty()).then_some(ours)
    }

    fn read_bot(&self, key: &str, bot: &Map<String, Value>) -> Option<Listed> {
        if !is_ours(key, bot) {
            return None;
        }
        let id = id(bot)?.to_owned();
        let (state, is_waiting) = (self.state)(bot);
        Some(Listed { id, state, is_waiting })
    }

    /// Makes the bots go, one after the other, then answers.
    fn dismiss<A: Send + 'static>(self, mut bots: Vec<Listed>, answer: A) -> Heard<A> {
        let Some(bot) = bots.pop() else { return Heard::Answer(answer) };
        if !bot.is_waiting {
            let leave = self.request(Method::Post, &bot.id, self.leave);
            return Heard::Ask(Exchange::more(leave, move |_| self.dismiss(bots, answer)));
        }
        let delete = self.request(Method::Delete, &bot.id, self.delete);
        Heard::Ask(Exchange::more(delete, move |deleted| {
            if deleted.is_ok_and(|response| matches!(response.status, 200..=299 | 404)) {
                return self.dismiss(bots, answer);
            }
            // It set out meanwhile.
            let leave = self.request(Method::Post, &bot.id, self.leave);
            Heard::Ask(Exchange::more(leave, move |_| self.dismiss(bots, answer)))
        }))
    }

    fn request(&self, method: Method, id: &str, then: &str) -> Request {
        (self.authorized)(method, format!("{}{id}{then}", self.bots), &self.token)
    }
}

/// Whether the metadata holds our key.
pub(super) fn is_ours(key: &str, bot: &Map<String, Value>) -> bool {
    bot.get("metadata").and_then(|metadata| metadata.get(KEY)).and_then(Value::as_str) == Some(key)
}

/// The id, where it can stand in an address as it is.
pub(super) fn id(bot: &Map<String, Value>) -> Option<&str> {
    let id = bot.get("id")?.as_str()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (!id.is_empty() && id.len() <= ID_BYTES_MAX && id.bytes().all(is_plain)).then_some(id)
}

/// The answer of a create: the bot of the body, where it is ours.
pub(super) fn read_created(
    key: &str,
    answer: Result<Response, NetError>,
    state: fn(&Map<String, Value>) -> (BotState, bool),
    otherwise: fn(&Response) -> super::CreateAnswer,
) -> super::CreateAnswer {
    let response = match answer {
        Ok(response) => response,
        Err(error) => return super::exchange::create_unanswered(error),
    };
    if !matches!(response.status, 200 | 201) {
        return otherwise(&response);
    }
    match object(&response).filter(|bot| is_ours(key, bot) && id(bot).is_some()) {
        Some(bot) => super::CreateAnswer::Accepted(state(&bot).0),
        None => super::CreateAnswer::Ambiguous,
    }
}

/// A word of a body's member.
pub(super) fn word(body: &Map<String, Value>, member: &str) -> Option<Word> {
    body.get(member)?.as_str().map(Word::of)
}
