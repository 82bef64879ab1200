//! What the hosts of a run asked, and how it went: what an oracle must know to say what could be known, and who was hurried.

use super::ear;
use crate::host::http::{Method, NetError, Purpose, Request, Response};
use crate::host::world::calendar::AccountId;
use crate::host::world::tokens;
use crate::time::{Elapsed, Instant};
use std::collections::BTreeMap;
use std::ops::Range;

/// A request about a calendar.
#[derive(Clone, Copy, Debug)]
struct Read {
    at: Instant,
    is_clean: bool,
    /// It lists what a calendar has, or had changed: a look at one meeting says nothing of the others.
    lists: bool,
    /// It was told of something there is that there is none.
    is_denied: bool,
}

impl Read {
    /// Something besides the reading of a calendar.
    fn other(at: Instant, is_clean: bool) -> Self {
        Self { at, is_clean, lists: false, is_denied: false }
    }
}

/// Requests that lie no further apart belong to one pass.
const PASS: Elapsed = Elapsed::from_secs(25);
/// Whoever asks this much too early is not in a hurry.
const GRACE: Elapsed = Elapsed::from_millis(500);

/// What was asked.
#[derive(Default)]
pub(in crate::host) struct Heard {
    /// Accounts by what opens them.
    accounts: BTreeMap<String, usize>,
    reads: BTreeMap<usize, Vec<Read>>,
    /// When a bot service did not do what it was asked.
    bot_troubles: Vec<Instant>,
    /// When a provider asked everybody to wait.
    throttles: Vec<Instant>,
    /// Who is to be left alone, from when that was heard until when.
    waits: BTreeMap<String, Range<Instant>>,
    /// Tries of each event at each receiver.
    tries: BTreeMap<String, Vec<Instant>>,
    /// Until when a token of an account is being asked for.
    renewing: BTreeMap<String, Instant>,
    /// Who was asked before the time that they named.
    hurried: Vec<String>,
    /// When hosts began: they read everything at once.
    begun: Vec<Instant>,
    /// When readings of an account's calendar began that its provider let begin.
    readings: BTreeMap<usize, Vec<Instant>>,
}

/// A calendar is read once in this time, whatever notifications come (`reliability.md` 6.4).
const SPACED: Elapsed = Elapsed::from_secs(10);

/// Whether a request begins the reading of a calendar's changes: the first page, with the cursor of the last reading.
fn begins_reading(request: &Request) -> bool {
    let Some((path, query)) = request.url.split_once('?') else { return false };
    let has = |name: &str| url::form_urlencoded::parse(query.as_bytes()).any(|(known, _)| known == name);
    let is_google = path.ends_with("/events") && has("syncToken") && !has("pageToken");
    request.method == Method::Get && (is_google || path.ends_with("/delta") && has("$deltatoken"))
}

/// Whether a request lists what a calendar has, or its changes.
fn lists(request: &Request) -> bool {
    let path = request.url.split_once('?').map_or(request.url.as_str(), |(path, _)| path);
    request.purpose == Purpose::Feed || ["/events", "/delta", "/calendarView"].iter().any(|end| path.ends_with(end))
}

impl Heard {
    /// Nothing yet; `tokens` open the accounts in their order.
    pub(in crate::host) fn of(tokens: impl Iterator<Item = String>) -> Self {
        Self { accounts: tokens.enumerate().map(|(number, token)| (token, number)).collect(), ..Self::default() }
    }

    /// A new host knows of no wish to wait.
    pub(in crate::host) fn host_began(&mut self, now: Instant) {
        self.begun.push(now);
        self.waits.retain(|who, _| who.starts_with("hook "));
        self.renewing.clear();
    }

    /// Notes a request and its answer, which was there at `answered`.
    pub(in crate::host) fn note(
        &mut self,
        (now, answered): (Instant, Instant),
        request: &Request,
        result: &Result<Response, NetError>,
        met_fault: bool,
    ) {
        let bad = !matches!(result, Ok(Response { status: 200..=399, .. }));
        if ear::is_loud() {
            let status = result.as_ref().map_or(0, |response| response.status);
            let account = self.account(request).map(|number| format!(" of account {number}")).unwrap_or_default();
            println!("{now} {:?} {}{account} {status} until {answered}", request.method, request.url);
        }
        if request.url == tokens::URL {
            return self.note_token((now, answered), request, bad);
        }
        match request.purpose {
            Purpose::Provider | Purpose::Feed => {
                let account = self.account(request);
                if let Some(account) = account {
                    let is_denied = met_fault && matches!(result, Ok(Response { status: 404, .. }));
                    let read = Read { at: now, is_clean: !met_fault, lists: lists(request), is_denied };
                    self.reads.entry(account).or_default().push(read);
                    if begins_reading(request) && matches!(result, Ok(Response { status: 200, .. })) {
                        self.readings.entry(account).or_default().push(now);
                    }
                    self.asked_to_wait((now, answered), format!("account {account}"), result);
                }
                if matches!(result, Ok(Response { status: 403 | 429 | 503, .. })) {
                    self.throttles.push(now);
                }
            }
            Purpose::Bots => {
                if bad && request.method != Method::Get || met_fault {
                    self.bot_troubles.push(now);
                }
            }
            Purpose::Webhook => {
                let id = request.find_header("webhook-id").unwrap_or_default();
                let who = format!("hook {} {id}", request.url);
                self.asked_to_wait((now, answered), who.clone(), result);
                self.tries.entry(who).or_default().push(now);
            }
        }
    }

    /// Who has no token reads nothing; and nobody asks for one while somebody else does (I13).
    fn note_token(&mut self, (now, answered): (Instant, Instant), request: &Request, bad: bool) {
        let Some((name, _)) = tokens::about(request) else { return };
        if let Some(account) = self.accounts.get(&name) {
            self.reads.entry(*account).or_default().push(Read::other(now, !bad));
        }
        if self.renewing.get(&name).is_some_and(|until| *until > now) {
            self.hurried.push(format!("I13 a token of {name} was asked for at {now}, while somebody else asked for one"));
        }
        // A host that was killed meanwhile hears no answer, and another one may ask.
        self.renewing.insert(name, answered);
    }

    /// Notes that an access token is used whose refresh token is not stored.
    pub(in crate::host) fn lost_lineage(&mut self, now: Instant, number: u64, stored: Option<u64>) {
        self.hurried.push(format!("I13 an access token of renewal {number} was used at {now}, and stored is {stored:?}"));
    }

    /// What changed and nobody told of: until the next reading, it could not be known.
    pub(in crate::host) fn not_told(&mut self, untold: &[(AccountId, Instant)]) {
        for (account, at) in untold {
            let reads = self.reads.entry(account.0).or_default();
            let place = reads.partition_point(|read| read.at <= *at);
            reads.insert(place, Read::other(*at, false));
        }
    }

    /// The account that a request is about.
    pub(in crate::host) fn account(&self, request: &Request) -> Option<usize> {
        let token = match request.find_header("authorization") {
            Some(header) => header.strip_prefix("Bearer ").map(|token| tokens::parts(token).map_or(token, |(name, _)| name))?,
            None => request.url.rsplit('/').next()?.strip_suffix(".ics")?,
        };
        self.accounts.get(token).copied()
    }

    fn asked_to_wait(&mut self, (now, answered): (Instant, Instant), who: String, result: &Result<Response, NetError>) {
        // Whoever has not heard it yet does nothing wrong.
        if let Some(wait) = self.waits.get(&who).filter(|wait| wait.start <= now && now + GRACE < wait.end) {
            self.hurried.push(format!("I9 {who} was asked at {now}, and had asked to be left alone until {}", wait.end));
        }
        let asked = result.as_ref().ok().filter(|response| matches!(response.status, 429 | 503)).and_then(Response::retry_after);
        match asked.and_then(|wait| Elapsed::try_from(wait).ok()) {
            Some(wait) => self.waits.insert(who, answered..now + wait),
            None => self.waits.remove(&who),
        };
    }

    /// Whose calendar was read twice within [`SPACED`], though no host had begun in between.
    pub(in crate::host) fn read_too_often(&self) -> Vec<String> {
        let began = |from: Instant, to: Instant| self.begun.iter().any(|at| (from - SPACED..=to).contains(at));
        let pairs =
            self.readings.iter().flat_map(|(account, times)| times.windows(2).map(move |pair| (account, pair[0], pair[1])));
        let close = pairs.filter(|(_, first, next)| next.duration_since(*first) + GRACE < SPACED && !began(*first, *next));
        close.map(|(account, first, next)| format!("I9 account {account} was read at {first} and again at {next}")).collect()
    }

    /// Who was asked before the time that they named.
    pub(in crate::host) fn hurried(&self) -> &[String] {
        &self.hurried
    }

    /// The tries of each event at each receiver, ascending.
    pub(in crate::host) fn tries(&self) -> &BTreeMap<String, Vec<Instant>> {
        &self.tries
    }

    /// Whether a bot service failed anybody in this time.
    pub(in crate::host) fn bots_troubled(&self, from: Instant, to: Instant) -> bool {
        let first = self.bot_troubles.partition_point(|at| *at < from);
        self.bot_troubles.get(first).is_some_and(|at| *at <= to)
    }

    /// From when on the state of an account's calendar was known at `at`, where every change is known within `settled` in good
    /// weather.
    pub(in crate::host) fn known_at(&self, account: usize, at: Instant, settled: Elapsed) -> Instant {
        let fine = at - settled;
        let long_before = at - Elapsed::from_hours(3);
        let reads = self.reads.get(&account).map_or(&[][..], Vec::as_slice);
        let end = reads.partition_point(|read| read.at < at);
        let recent = reads[..end].iter().rev().take_while(|read| read.at >= long_before);
        let held = self.throttles.iter().any(|throttle| (long_before..at).contains(throttle));
        if !held && recent.clone().all(|read| read.is_clean) {
            return fine;
        }
        // The begin of the last pass that nothing disturbed, and that had time to be taken over.
        let (mut begin, mut clean, mut listed, mut next) = (None, true, false, None::<Instant>);
        let is_taken_over = |begin: Option<Instant>| begin.filter(|begin| *begin + Elapsed::from_mins(2) < at);
        for read in reads[..end].iter().rev() {
            if next.is_some_and(|next: Instant| next.duration_since(read.at) > PASS) {
                if clean && listed && is_taken_over(begin).is_some() {
                    break;
                }
                (clean, listed) = (true, false);
            }
            // That is believed until the next pass, whatever was known before.
            if read.is_denied {
                return Instant::MIN;
            }
            clean &= read.is_clean;
            listed |= read.lists;
            begin = Some(read.at);
            next = Some(read.at);
        }
        is_taken_over(begin).filter(|_| clean && listed).map_or(Instant::MIN, |begin| begin.min(fine))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An instant so many minutes from a fixed one.
    fn at(minutes: i64) -> Instant {
        Instant::UNIX_EPOCH + Elapsed::from_mins(minutes)
    }

    /// What is known at half an hour of a calendar that was read for the last time at ten minutes, and then asked for these things,
    /// each with its answer and whether that met a fault.
    fn known(asked: &[(i64, &str, u16, bool)]) -> Instant {
        let mut heard = Heard::of(std::iter::once("ann".to_owned()));
        for (minute, path, status, met_fault) in [(10, "calendarView/delta", 200, false)].iter().chain(asked) {
            let url = format!("https://graph.example/v1.0/me/{path}");
            let request = Request::new(Purpose::Provider, Method::Get, url).header("authorization", "Bearer ann");
            let result = Ok(Response { status: *status, ..Response::default() });
            heard.note((at(*minute), at(*minute)), &request, &result, *met_fault);
        }
        heard.known_at(0, at(30), Elapsed::from_mins(7))
    }

    #[test]
    fn a_look_at_one_meeting_is_no_reading_of_a_calendar() {
        let failed = (20, "calendarView/delta", 500, true);
        assert_eq!(known(&[failed, (25, "events/x", 200, false)]), at(10));
        assert_eq!(known(&[failed, (22, "calendarView/delta", 200, false)]), at(22));
    }

    #[test]
    fn what_a_service_denied_by_mistake_is_known_again_by_the_next_reading() {
        let denied = (20, "events/x", 404, true);
        assert_eq!(known(&[denied]), Instant::MIN);
        assert_eq!(known(&[denied, (22, "calendarView/delta", 200, false)]), at(22));
    }
}
