//! The simulated world: calendars, providers, bot services and webhook receivers, all in one deterministic model.
//!
//! The host runs against it in tests, where [`World::call`] answers its requests in process, and in `callsheet serve
//! --sandbox`, where [`serve`] puts the same model on loopback. What is true lies in [`calendar`]; the services show it in
//! their own ways, under the [`weather`] of the run. A seed and the calls, each with its time, decide every answer.
//!
//! Deliberately absent: clocks, threads, global state, and whatever the host believes.

mod ask;
pub mod audit;
pub mod bots;
pub mod calendar;
pub mod connected;
pub mod demo;
pub mod dice;
pub mod feed;
pub mod google;
pub mod graph;
pub mod push;
pub mod receiver;
pub mod script;
pub mod serve;
pub mod shared;
pub mod tokens;
pub mod weather;
#[cfg(test)]
mod tests;

use crate::host::http::{Method, NetError, Request, Response};
use crate::time::{Instant, http_date};
use ask::Ask;
use audit::Audit;
use bots::Bots;
use calendar::{AccountId, Truth};
use dice::{hash, hash_bytes};
use feed::Feeds;
use google::{Google, Shown};
use graph::Graph;
use receiver::Receivers;
use script::{Plan, Step};
use std::collections::VecDeque;
use std::time::Duration;
use tokens::Tokens;
use weather::{Fault, Kind, Service, Weather};

/// The URLs that the services lie below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bases {
    /// Google Calendar.
    pub google: String,
    /// Microsoft Graph.
    pub graph: String,
    /// Feeds.
    pub feeds: String,
    /// The bot backend.
    pub bots: String,
    /// Webhook receivers.
    pub hooks: String,
}

impl Default for Bases {
    fn default() -> Self {
        Self {
            google: "https://www.googleapis.com".into(),
            graph: "https://graph.microsoft.com".into(),
            feeds: "https://feeds.example".into(),
            bots: "https://bots.example".into(),
            hooks: "https://hooks.example".into(),
        }
    }
}

impl Bases {
    /// All services below one address, each under its own first part of the path.
    #[must_use]
    pub fn below(address: &str) -> Self {
        let below = |name: &str| format!("{address}/{name}");
        Self { google: below("google"), graph: below("graph"), feeds: below("feeds"), bots: below("bots"), hooks: below("hooks") }
    }

    fn all(&self) -> [(Service, &str); 5] {
        [
            (Service::Google, &self.google),
            (Service::Graph, &self.graph),
            (Service::Feeds, &self.feeds),
            (Service::Bots, &self.bots),
            (Service::Hooks, &self.hooks),
        ]
    }
}

/// What comes of a request: nothing happens before `after` is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// How long it takes.
    pub after: Duration,
    /// The answer.
    pub result: Result<Response, NetError>,
}

/// The world.
#[derive(Clone, Debug)]
pub struct World {
    /// What is and was true.
    pub truth: Truth,
    /// Google Calendar.
    pub google: Google,
    /// Microsoft Graph.
    pub graph: Graph,
    /// Calendar feeds.
    pub feeds: Feeds,
    /// Who is told of changes.
    pub push: push::Push,
    /// The bot backend.
    pub bots: Bots,
    /// Webhook receivers.
    pub receivers: Receivers,
    /// Access tokens.
    pub tokens: Tokens,
    /// What clients did that they must not do.
    pub audit: Audit,
    /// What goes wrong.
    pub weather: Weather,
    /// Where the services are.
    pub bases: Bases,
    /// What is going to happen, ascending by time.
    steps: VecDeque<Step>,
    trace: u64,
}

impl World {
    /// The world of some plans, one an organisation. What they say happens when its time has come, and somebody calls or
    /// [`advance`]s.
    ///
    /// [`advance`]: Self::advance
    #[must_use]
    pub fn new(plans: Vec<Plan>, weather: Weather) -> Self {
        let mut truth = Truth::default();
        let mut steps = Vec::new();
        for plan in plans {
            plan.accounts.into_iter().for_each(|account| {
                truth.add_account(account);
            });
            steps.extend(plan.steps);
        }
        Self {
            truth,
            google: Google::default(),
            graph: Graph::default(),
            feeds: Feeds::default(),
            push: push::Push::default(),
            bots: Bots::default(),
            receivers: Receivers::default(),
            tokens: Tokens::default(),
            audit: Audit::default(),
            weather,
            bases: Bases::default(),
            steps: script::in_order(steps).into(),
            trace: 0,
        }
    }

    /// Lets everything happen whose time has come.
    pub fn advance(&mut self, now: Instant) {
        while self.steps.front().is_some_and(|step| step.at <= now) {
            let step = self.steps.pop_front().expect("looked at just now");
            step.apply(&mut self.truth);
            self.push.advance(now, &self.truth, &mut self.audit);
        }
        self.push.advance(now, &self.truth, &mut self.audit);
        self.bots.advance(now);
    }

    /// When something happens next by itself.
    #[must_use]
    pub fn next_step(&self) -> Option<Instant> {
        let step = self.steps.front().map(|step| step.at);
        step.into_iter().chain(self.bots.next_change()).min()
    }

    /// Makes every cursor of an account worthless.
    pub fn forget_cursors(&mut self, now: Instant, account: AccountId) {
        let rev = self.truth.tick(now);
        self.google.forgotten.insert(account, rev);
        self.graph.forgotten.insert(account, rev);
    }

    /// A number made of every answer so far: equal for equal runs.
    #[must_use]
    pub fn trace(&self) -> u64 {
        self.trace
    }

    /// Answers a request that is sent at `now`.
    pub fn call(&mut self, now: Instant, request: &Request) -> Answered {
        self.advance(now);
        let mut answered = self.answer(now, request);
        if let Ok(response) = &mut answered.result {
            response.headers.push(("date".to_owned(), http_date(now)));
        }
        let told = match &answered.result {
            Ok(response) => format!("{} {}", response.status, hash_bytes(&response.body)),
            Err(error) => error.to_string(),
        };
        let line = format!("{:x} {now} {} {} {:?} {told}", self.trace, request.method.word(), request.url, answered.after);
        self.trace = hash(&line);
        answered
    }

    fn answer(&mut self, now: Instant, request: &Request) -> Answered {
        if receiver::hangs(&request.url) {
            self.receivers.hung.entry(request.url.clone()).or_default().push(now);
            return Answered { after: request.timeout, result: Err(NetError::Ambiguous) };
        }
        if request.url == tokens::URL {
            let is_clear = self.weather.clears_at.is_some_and(|clears_at| now >= clears_at);
            return self.tokens.handle(now, request, is_clear);
        }
        let bases = self.bases.clone();
        let found = bases.all().into_iter().find_map(|(service, base)| Some((service, base, Ask::read(request, base)?)));
        let Some((service, base, ask)) = found else {
            return Answered { after: Duration::from_millis(1), result: Err(NetError::NotSent) };
        };
        let kind = kind_of(service, &ask);
        if ask.bearer().is_some_and(|bearer| self.tokens.refuses(bearer, now)) {
            return Answered { after: Duration::from_millis(20), result: Ok(self.refusal(Fault::Unauthorized, service)) };
        }
        let fault = self.weather.meet(now, kind);
        let delay = self.weather.delay(fault);
        let silent = Answered { after: request.timeout, result: Err(NetError::Ambiguous) };
        let after = match fault {
            Some(Fault::Lost | Fault::Dark) if self.weather.coin() => {
                return Answered { after: delay, result: Err(NetError::NotSent) };
            }
            Some(Fault::Lost | Fault::Dark) => return silent,
            Some(fault @ (Fault::Throttled | Fault::Expired | Fault::Unauthorized)) => {
                return Answered { after: delay, result: Ok(self.refusal(fault, service)) };
            }
            Some(Fault::Broken) => {
                let status = self.weather.pick(&[500, 502, 503, 504]);
                if self.weather.coin() {
                    self.carry_out(now, (service, base), &ask, (fault, delay));
                }
                return Answered { after: delay, result: Ok(Response::empty(status)) };
            }
            Some(Fault::Unanswered) => request.timeout,
            _ => delay.min(request.timeout),
        };
        let response = self.carry_out(now, (service, base), &ask, (fault, after));
        if after >= request.timeout {
            return silent;
        }
        let response = altered(response, fault);
        let result = match fault {
            Some(Fault::Endless) => Err(NetError::TooLarge),
            _ if response.body.len() > request.answer_bytes_max => Err(NetError::TooLarge),
            _ => Ok(response),
        };
        Answered { after, result }
    }

    /// Lets the service see the request, twice where the fault is that.
    fn carry_out(
        &mut self,
        now: Instant,
        (service, base): (Service, &str),
        ask: &Ask<'_>,
        (fault, after): (Option<Fault>, Duration),
    ) -> Response {
        let rev = match fault {
            Some(Fault::Stale) => self.truth.rev_at(now - self.weather.staleness()),
            _ => self.truth.rev(),
        };
        let shown = Shown { now, rev };
        let until = now + crate::time::Elapsed::try_from(after).unwrap_or(crate::time::Elapsed::MAX);
        if let Some(response) = self.about_push((now, until), service, ask) {
            return response;
        }
        let mut once = || match service {
            Service::Google => self.google.handle(&self.truth, &mut self.audit, shown, ask),
            Service::Graph => self.graph.handle(&self.truth, &mut self.audit, (shown, until), ask, base),
            Service::Feeds => self.feeds.handle(&self.truth, shown, ask),
            Service::Bots => self.bots.handle(now, ask),
            Service::Hooks => self.receivers.handle(now, ask),
        };
        // Who reads twice by a fault of the network must not be blamed for it.
        let twice = fault == Some(Fault::Twice) && matches!(service, Service::Bots | Service::Hooks);
        if twice {
            once();
        }
        once()
    }

    /// What a service says that does not want to.
    fn refusal(&mut self, fault: Fault, service: Service) -> Response {
        let response = match (fault, service) {
            (Fault::Expired, Service::Google) => google::error(410, "fullSyncRequired", "Sync token is no longer valid."),
            (Fault::Expired, _) => graph::error(410, "SyncStateNotFound", "The sync state generation is not found."),
            (Fault::Unauthorized, Service::Google) => google::error(401, "authError", "Invalid Credentials"),
            (Fault::Unauthorized, _) => graph::error(401, "InvalidAuthenticationToken", "Access token has expired."),
            (_, Service::Google) => match self.weather.pick(&[0, 1, 2]) {
                0 => google::error(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
                1 => google::error(403, "rateLimitExceeded", "Rate Limit Exceeded"),
                _ => google::error(429, "rateLimitExceeded", "Rate Limit Exceeded"),
            },
            (_, Service::Graph) => graph::error(429, "TooManyRequests", "Too many requests."),
            _ => Response::empty(429),
        };
        self.waiting(response, fault, service)
    }

    /// Most services say how long to wait; Google does not.
    fn waiting(&mut self, mut response: Response, fault: Fault, service: Service) -> Response {
        if fault == Fault::Throttled && service != Service::Google && self.weather.coin() {
            let secs = self.weather.pick(&["1", "5", "30", "120"]);
            response.headers.push(("retry-after".to_owned(), secs.to_owned()));
        }
        response
    }
}

/// What a fault does to the body of an answer.
fn altered(mut response: Response, fault: Option<Fault>) -> Response {
    match fault {
        Some(Fault::Torn) if response.status == 200 => response.body.truncate(response.body.len() / 2),
        Some(Fault::Html) => {
            response = Response::empty(200);
            response.headers.push(("content-type".to_owned(), "text/html".to_owned()));
            response.body = b"<!doctype html><html><body><h1>Please sign in</h1></body></html>".to_vec();
        }
        _ => {}
    }
    response
}

fn kind_of(service: Service, ask: &Ask<'_>) -> Kind {
    let path = ask.parts();
    match (service, ask.method()) {
        (Service::Google, Method::Post) => Kind::GoogleWatch,
        (Service::Google, _) if path.last() == Some(&"events") => Kind::GoogleList,
        (Service::Graph, Method::Post | Method::Patch | Method::Delete) => Kind::GraphWatch,
        (Service::Google, _) => Kind::GoogleGet,
        (Service::Graph, _) if path.last() == Some(&"delta") => Kind::GraphDelta,
        (Service::Graph, _) if path.last() == Some(&"calendarView") => Kind::GraphView,
        (Service::Graph, _) => Kind::GraphGet,
        (Service::Feeds, _) => Kind::Feed,
        (Service::Bots, Method::Get) => Kind::BotFind,
        (Service::Bots, Method::Delete) => Kind::BotRecall,
        (Service::Bots, _) => Kind::BotCreate,
        (Service::Hooks, _) => Kind::Hook,
    }
}
