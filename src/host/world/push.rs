//! Google's channels and Graph's subscriptions: who is told of what changes, and everything that goes wrong with it (`G3`, `M8`).
//!
//! The world keeps what is to be told until somebody takes it to the host's door: [`Shared::post`](super::shared::Shared::post),
//! in process as over HTTP. Before a subscription of Graph is there, its addresses are asked to show that they are wanted, while the
//! request for it is still open ([`World::validations`]).

use super::World;
use super::ask::Ask;
use super::calendar::{AccountId, Truth};
use super::dice::{Dice, hash};
use super::weather::Service;
use super::{google, graph};
use crate::host::http::{Method, NetError, Purpose, Request, Response};
use crate::host::model::Origin;
use crate::time::{Elapsed, Instant};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How messages go wrong: chances in a thousand, for each.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// Of a message to be lost.
    pub lost: u32,
    /// To come a hundred times within twenty seconds, each with one that somebody else made up.
    pub flood: u32,
    /// To come up to two minutes late, behind others.
    pub late: u32,
    /// To come twice.
    pub twice: u32,
    /// To be accompanied by one that somebody else made up.
    pub forged: u32,
    /// To say that there is no such calendar, though there is.
    pub absent: u32,
    /// Of a channel to fall silent long before it ends.
    pub silent: u32,
    /// Of an account to have a calendar that cannot be watched.
    pub refused: u32,
    /// Of the first message to be there before the answer, rather than after it.
    pub early: u32,
    /// Of addresses to be taken for ones that did not answer.
    pub unproven: u32,
    /// What is granted at the most, where it is less than asked for.
    pub life: Option<Elapsed>,
    /// Whoever leaves a calendar without channel is noted.
    pub holds_to_account: bool,
    /// From here on nothing goes wrong any more, and those who were not told of something are told of it once.
    pub ends_at: Option<Instant>,
}

/// Longest life that is granted: a week, less for Graph (`M8.3`).
const LIFE: Elapsed = Elapsed::from_mins(10_080);
/// How long after a change its message comes, at the most.
const PROMPT_MILLIS: u64 = 5_000;
/// What the audit says of a calendar that was left without a channel.
pub const ENDED_ALONE: &str = "push channel ended without another";
/// So many messages make a flood.
const FLOOD: u32 = 100;
/// So often a message is brought to a door that does not take it.
const TRIES: u32 = 8;

/// A channel or subscription.
#[derive(Clone, Debug)]
struct Channel {
    account: AccountId,
    service: Service,
    /// Google's token, Graph's client state.
    secret: String,
    /// Where messages go; of Graph, those about the subscription too.
    address: String,
    lifecycle: String,
    resource: String,
    expires_at: Instant,
    /// From when on it is silent.
    silent_at: Option<Instant>,
    messages: u64,
}

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Message {
    /// What is sent.
    pub request: Request,
    account: AccountId,
    is_forged: bool,
    tries: u32,
    /// It tells of a change.
    tells: bool,
}

/// Who is told of changes.
#[derive(Clone, Debug)]
pub struct Push {
    /// What goes wrong.
    pub manner: Manner,
    channels: BTreeMap<String, Channel>,
    due: BTreeMap<(Instant, u64), Message>,
    count: u64,
    dice: Dice,
    /// Up to which revision changes were told.
    told_to: u64,
    /// Addresses that showed that they are wanted.
    proven: BTreeSet<String>,
    /// What nobody was told of: whose, and when.
    untold: Vec<(AccountId, Instant)>,
    counts: BTreeMap<&'static str, u64>,
    has_made_good: bool,
}

impl Default for Push {
    fn default() -> Self {
        Self {
            manner: Manner::default(),
            channels: BTreeMap::new(),
            due: BTreeMap::new(),
            count: 0,
            dice: Dice::of(0, "push"),
            told_to: 0,
            proven: BTreeSet::new(),
            untold: Vec::new(),
            counts: BTreeMap::new(),
            has_made_good: false,
        }
    }
}

impl Push {
    /// Lets messages go wrong like this, by the chances of a seed.
    pub fn set(&mut self, manner: Manner, seed: u64) {
        (self.manner, self.dice) = (manner, Dice::of(seed, "push"));
    }

    /// When the next message is to be brought.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.due.keys().next().map(|(at, _)| *at)
    }

    /// The messages whose time has come.
    pub fn take_due(&mut self, now: Instant) -> Vec<Message> {
        let later = self.due.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.due, later).into_values().collect()
    }

    /// What came of a message: whoever does not take it is asked again (`G3.9`).
    pub fn brought(&mut self, now: Instant, message: Message, answer: &Result<Response, NetError>) {
        let status = answer.as_ref().map_or(0, |response| response.status);
        let word = match (message.is_forged, status) {
            (true, 200..=299) => "forged",
            (false, 200..=299) => "brought",
            _ => "not taken",
        };
        self.note(word);
        let again = matches!(status, 0 | 500 | 502 | 503 | 504) && !message.is_forged;
        if again && message.tries < TRIES {
            let wait = Elapsed::from_secs(5 << message.tries.min(6));
            self.enqueue(now + wait, Message { tries: message.tries + 1, ..message });
        } else if again && message.tells {
            self.untold.push((message.account, now));
        }
    }

    /// What nobody was told of.
    #[must_use]
    pub fn untold(&self) -> &[(AccountId, Instant)] {
        &self.untold
    }

    /// How often each thing happened.
    #[must_use]
    pub fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }

    /// How many channels and subscriptions there are.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// The accounts with more than two channels, as there are while one takes the place of another.
    #[must_use]
    pub fn crowded(&self) -> Vec<(AccountId, usize)> {
        let mut counts: BTreeMap<AccountId, usize> = BTreeMap::new();
        self.channels.values().for_each(|channel| *counts.entry(channel.account).or_default() += 1);
        counts.into_iter().filter(|(_, count)| *count > 2).collect()
    }

    fn note(&mut self, word: &'static str) {
        *self.counts.entry(word).or_default() += 1;
    }

    fn enqueue(&mut self, at: Instant, message: Message) {
        self.count += 1;
        self.due.insert((at, self.count), message);
    }

    /// Tells of everything that changed up to the newest revision, and ends what has come to its end.
    pub(super) fn advance(&mut self, now: Instant, truth: &Truth, audit: &mut super::audit::Audit) {
        self.end(now, audit);
        let rev = truth.rev();
        if rev > self.told_to && !self.channels.is_empty() {
            let told_to = self.told_to;
            let ids: Vec<String> = self.channels.keys().cloned().collect();
            for id in ids {
                let account = self.channels[&id].account;
                let changed = truth.changed_for(account, told_to, rev);
                if !changed.is_empty() {
                    self.tell(&id, truth.last_change(account, rev).unwrap_or(now).max(now));
                }
            }
        }
        self.told_to = rev;
        if self.manner.ends_at.is_some_and(|at| at <= now) && !self.has_made_good {
            self.make_good(now);
        }
    }

    /// From now on all is well, and the next change of a calendar tells of those before it.
    fn make_good(&mut self, now: Instant) {
        self.has_made_good = true;
        let (life, holds, ends_at) = (self.manner.life, self.manner.holds_to_account, self.manner.ends_at);
        self.manner = Manner { life, holds_to_account: holds, ends_at, ..Manner::default() };
        self.channels.values_mut().for_each(|channel| channel.silent_at = None);
        let untold: BTreeSet<AccountId> = self.untold.iter().map(|(account, _)| *account).collect();
        let told = self.channels.iter().filter(|(_, channel)| untold.contains(&channel.account));
        let ids: Vec<String> = told.map(|(id, _)| id.clone()).collect();
        for id in ids {
            self.tell(&id, now);
        }
    }

    fn end(&mut self, now: Instant, audit: &mut super::audit::Audit) {
        let over: Vec<String> =
            self.channels.iter().filter(|(_, channel)| channel.expires_at <= now).map(|(id, _)| id.clone()).collect();
        for id in over {
            let channel = self.channels.remove(&id).expect("listed just now");
            self.note("ended");
            let others = self.channels.values().any(|other| other.account == channel.account);
            if self.manner.holds_to_account && !others && channel.silent_at.is_none() {
                audit.violate(channel.expires_at, ENDED_ALONE, &channel.account.0.to_string());
            }
        }
    }

    /// Tells of a change through one channel.
    fn tell(&mut self, id: &str, now: Instant) {
        let channel = self.channels.get_mut(id).expect("a channel that is there");
        channel.messages += 1 + self.dice.below(3);
        let (account, is_silent) = (channel.account, channel.silent_at.is_some_and(|at| at <= now));
        let manner = self.manner.clone();
        if is_silent || self.dice.chance(manner.lost) {
            self.note(if is_silent { "silent" } else { "lost" });
            self.untold.push((account, now));
            return;
        }
        let state = if self.dice.chance(manner.absent) { "not_exists" } else { "exists" };
        let times = if self.dice.chance(manner.twice) { 2 } else { 1 };
        for _ in 0..times {
            let mut millis = self.dice.below(PROMPT_MILLIS);
            if self.dice.chance(manner.late) {
                millis += self.dice.below(115_000);
                self.note("late");
            }
            let message = self.message(id, state, false);
            self.enqueue(now + Elapsed::from_millis(millis.cast_signed()), message);
        }
        if self.dice.chance(manner.forged) {
            let message = self.message(id, "exists", true);
            self.enqueue(now, message);
        }
        if times == 2 {
            self.note("twice");
        }
        if self.dice.chance(manner.flood) {
            self.note("flood");
            for _ in 0..FLOOD {
                let millis = self.dice.below(20_000).cast_signed();
                for is_forged in [false, true] {
                    let message = self.message(id, "exists", is_forged);
                    self.enqueue(now + Elapsed::from_millis(millis), message);
                }
            }
        }
    }

    /// A message of a channel as it stands; a forged one shows what somebody made up.
    fn message(&self, id: &str, state: &str, is_forged: bool) -> Message {
        let channel = &self.channels[id];
        let secret = if is_forged { "made-up" } else { channel.secret.as_str() };
        let request = Request::new(Purpose::Webhook, Method::Post, channel.address.clone());
        let request = match channel.service {
            Service::Graph => request.json(&json!({ "value": [{
                "subscriptionId": id,
                "clientState": secret,
                "changeType": "updated",
                "resource": channel.resource,
                "subscriptionExpirationDateTime": channel.expires_at.to_string(),
                "resourceData": { "@odata.type": "#Microsoft.Graph.Event", "id": "AAMk" },
                "tenantId": "00000000-0000-0000-0000-000000000001",
            }] })),
            _ => request
                .header("x-goog-channel-id", id)
                .header("x-goog-channel-token", secret)
                .header("x-goog-message-number", channel.messages.to_string())
                .header("x-goog-resource-id", channel.resource.clone())
                .header("x-goog-resource-state", state)
                .header("x-goog-resource-uri", "https://www.googleapis.com/calendar/v3/calendars/primary/events?alt=json"),
        };
        Message { request, account: channel.account, is_forged, tries: 0, tells: state != "sync" }
    }

    /// Lets a lifecycle message of Graph come for every subscription of an account (`M8.7`).
    pub fn say(&mut self, now: Instant, account: AccountId, event: &str) {
        let ids: Vec<String> =
            self.channels.iter().filter(|(_, channel)| channel.account == account).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let channel = &self.channels[&id];
            let body = json!({ "value": [{
                "subscriptionId": id,
                "clientState": channel.secret,
                "lifecycleEvent": event,
                "subscriptionExpirationDateTime": channel.expires_at.to_string(),
            }] });
            let request = Request::new(Purpose::Webhook, Method::Post, channel.lifecycle.clone()).json(&body);
            let message = Message { request, account, is_forged: false, tries: 0, tells: event == "missed" };
            self.enqueue(now, message);
            if event == "subscriptionRemoved" {
                self.channels.remove(&id);
            }
        }
    }

    /// Ends every channel of an account without a word.
    pub fn drop_channels(&mut self, account: AccountId) {
        self.channels.retain(|_, channel| channel.account != account);
    }

    /// Whether the account's calendar cannot be watched.
    fn refuses(&self, account: AccountId) -> bool {
        hash(&format!("push {}", account.0)) % 1000 < u64::from(self.manner.refused)
    }

    fn grant(&mut self, now: Instant, id: String, mut channel: Channel, asked: Option<Instant>) -> (String, Channel) {
        let longest = now + self.manner.life.unwrap_or(LIFE).min(LIFE);
        channel.expires_at = asked.map_or(longest, |asked| asked.min(longest));
        if self.dice.chance(self.manner.silent) {
            let secs = self.dice.below(1800).cast_signed();
            channel.silent_at = Some(now + Elapsed::from_secs(secs));
        }
        self.note("granted");
        self.channels.insert(id.clone(), channel.clone());
        (id, channel)
    }

    fn watch_google(&mut self, now: Instant, account: AccountId, body: &Value) -> Response {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (id, address) = (text("id"), text("address"));
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
        if id.is_empty() || id.len() > 64 || !id.bytes().all(known) || text("token").len() > 256 {
            return google::error(400, "invalid", "Invalid channel");
        }
        if self.channels.contains_key(&id) {
            return google::error(400, "channelIdNotUnique", "Channel id not unique");
        }
        if self.refuses(account) {
            return google::error(
                400,
                "pushNotSupportedForRequestedResource",
                "Push notifications are not supported by this resource.",
            );
        }
        let asked = text("expiration").parse().ok().and_then(|millis| Instant::from_millisecond(millis).ok());
        if asked.is_some_and(|asked| asked <= now) {
            return google::error(400, "pushInvalidTtl", "Invalid time to live");
        }
        let resource = format!("resource-{}", account.0);
        let channel = Channel {
            account,
            service: Service::Google,
            secret: text("token"),
            address,
            lifecycle: String::new(),
            resource,
            expires_at: now,
            silent_at: None,
            messages: 1,
        };
        let (id, channel) = self.grant(now, id, channel, asked);
        let all_lost = self.manner.lost >= 1000;
        if !all_lost {
            // Before the answer, which takes some milliseconds, or after it (G3.5).
            let wait = if self.dice.chance(self.manner.early) { 0 } else { 400 };
            let message = self.message(&id, "sync", false);
            self.enqueue(now + Elapsed::from_millis(wait), message);
        }
        let expiration = channel.expires_at.as_millisecond().to_string();
        let uri = "https://www.googleapis.com/calendar/v3/calendars/primary/events?alt=json";
        Response::json(
            200,
            &json!({ "kind": "api#channel", "id": id, "resourceId": channel.resource, "resourceUri": uri,
            "token": channel.secret, "expiration": expiration }),
        )
    }

    fn stop_google(&mut self, now: Instant, audit: &mut super::audit::Audit, account: AccountId, body: &Value) -> Response {
        let id = body["id"].as_str().unwrap_or_default();
        let found = self.channels.get(id).is_some_and(|channel| {
            channel.account == account && body["resourceId"] == json!(channel.resource) && channel.service == Service::Google
        });
        if !found {
            return google::error(404, "notFound", "Channel not found for project");
        }
        let channel = self.channels.remove(id).expect("found just now");
        self.note("stopped");
        if self.manner.holds_to_account && !self.channels.values().any(|other| other.account == channel.account) {
            audit.violate(now, "push channel stopped before another lived", &account.0.to_string());
        }
        Response::empty(204)
    }

    fn subscribe(&mut self, now: Instant, account: AccountId, body: &Value) -> Response {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (address, lifecycle) = (text("notificationUrl"), text("lifecycleNotificationUrl"));
        if self.refuses(account) {
            return graph::error(
                403,
                "ExtensionError",
                "Operation: Create; Exception: [subscription is not allowed for this mailbox]",
            );
        }
        if text("clientState").len() > 128 || !text("resource").ends_with("/events") {
            return graph::error(400, "InvalidRequest", "Invalid subscription");
        }
        let is_proven = [&address, &lifecycle].into_iter().all(|url| self.proven.remove(url.as_str()));
        if !is_proven || self.dice.chance(self.manner.unproven) {
            self.note("not validated");
            return graph::error(400, "ValidationError", "Subscription validation request failed.");
        }
        let resource = text("resource");
        let id = format!("subscription-{:016x}", hash(&format!("{} {}", account.0, self.count)) ^ self.dice.roll());
        let asked = text("expirationDateTime").parse().ok();
        let channel = Channel {
            account,
            service: Service::Graph,
            secret: text("clientState"),
            address,
            lifecycle,
            resource,
            expires_at: now,
            silent_at: None,
            messages: 0,
        };
        let (id, channel) = self.grant(now, id, channel, asked);
        Response::json(201, &subscription(&id, &channel))
    }

    fn change_subscription(&mut self, now: Instant, account: AccountId, (method, id): (Method, &str), body: &Value) -> Response {
        let missing = || graph::error(404, "ResourceNotFound", "The object was not found.");
        let longest = now + self.manner.life.unwrap_or(LIFE).min(LIFE);
        let Some(channel) = self.channels.get_mut(id).filter(|channel| channel.account == account) else { return missing() };
        if method == Method::Delete {
            self.channels.remove(id);
            self.note("stopped");
            return Response::empty(204);
        }
        let asked: Option<Instant> = body["expirationDateTime"].as_str().and_then(|text| text.parse().ok());
        channel.expires_at = asked.map_or(longest, |asked| asked.min(longest));
        let told = subscription(id, channel);
        self.note("extended");
        Response::json(200, &told)
    }

    /// What an address answered to a validation.
    fn prove(&mut self, probe: &Request, answer: &Result<Response, NetError>) {
        let Some((address, query)) = probe.url.split_once('?') else { return };
        let token = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "validationToken");
        let is_plain = |response: &Response| {
            let kind = response.find_header("content-type").unwrap_or_default();
            response.status == 200 && kind.starts_with("text/plain")
        };
        let echoed = answer.as_ref().ok().filter(|response| is_plain(response)).map(|response| response.body.clone());
        if token.is_some_and(|(_, token)| echoed == Some(token.into_owned().into_bytes())) {
            self.proven.insert(address.to_owned());
            self.note("validated");
        }
    }
}

fn subscription(id: &str, channel: &Channel) -> Value {
    json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#subscriptions/$entity",
        "id": id,
        "resource": channel.resource,
        "changeType": "created,updated,deleted",
        "clientState": channel.secret,
        "notificationUrl": channel.address,
        "lifecycleNotificationUrl": channel.lifecycle,
        "expirationDateTime": channel.expires_at.to_string(),
    })
}

impl World {
    /// What must be asked of addresses before the request, one for a subscription, is answered (`M8.2`): they must be given back the
    /// token in the query.
    #[must_use]
    pub fn validations(&self, request: &Request) -> Vec<Request> {
        if request.method != Method::Post || request.url != format!("{}/v1.0/subscriptions", self.bases.graph) {
            return Vec::new();
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let addresses = ["notificationUrl", "lifecycleNotificationUrl"].map(|name| body[name].as_str().map(str::to_owned));
        let probe = |address: String| {
            let token = format!("Validation: Testing client application reachability, Request-Id: {:x}", hash(&address));
            let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
            Request::new(Purpose::Webhook, Method::Post, format!("{address}?validationToken={token}"))
        };
        addresses.into_iter().flatten().map(probe).collect()
    }

    /// What an address answered to one of [`World::validations`].
    pub fn validated(&mut self, probe: &Request, answer: &Result<Response, NetError>) {
        self.push.prove(probe, answer);
    }

    /// Answers a request about channels; `None`: it is about something else.
    pub(super) fn about_push(&mut self, (now, until): (Instant, Instant), service: Service, ask: &Ask<'_>) -> Option<Response> {
        let parts = ask.parts();
        let is_push = match (service, parts.as_slice()) {
            (Service::Google, ["calendar", "v3", "calendars", _, "events", "watch"] | ["calendar", "v3", "channels", "stop"]) => {
                ask.method() == Method::Post
            }
            (Service::Graph, ["v1.0", "subscriptions"]) => ask.method() == Method::Post,
            (Service::Graph, ["v1.0", "subscriptions", _]) => matches!(ask.method(), Method::Patch | Method::Delete),
            _ => false,
        };
        if !is_push {
            return None;
        }
        let origin = if service == Service::Google { Origin::Google } else { Origin::Graph };
        let account = ask.bearer().and_then(|token| self.truth.find_token(token));
        let Some(account) = account.filter(|id| self.truth.account(*id).origin == origin) else {
            return Some(match service {
                Service::Google => google::error(401, "authError", "Invalid Credentials"),
                _ => graph::error(401, "InvalidAuthenticationToken", "Access token is empty or invalid."),
            });
        };
        let refused = match service {
            Service::Google => self.google.admit(&self.truth, &mut self.audit, now, account),
            _ => self.graph.admit(&self.truth, &mut self.audit, (now, until), account),
        };
        if refused.is_some() {
            return refused;
        }
        let body: Value = serde_json::from_slice(&ask.request.body).unwrap_or_default();
        Some(match (service, parts.as_slice()) {
            (Service::Google, [.., "stop"]) => self.push.stop_google(now, &mut self.audit, account, &body),
            (Service::Google, _) => self.push.watch_google(now, account, &body),
            (_, [_, _, id]) => self.push.change_subscription(now, account, (ask.method(), id), &body),
            _ => self.push.subscribe(now, account, &body),
        })
    }
}
