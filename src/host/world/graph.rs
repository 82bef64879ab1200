//! Microsoft Graph: `calendarView/delta`, `calendarView` and `events/{id}` of one mailbox per account (`M6`, `M7`, `M9`).
//!
//! What bites is here: the window of a delta is frozen in its links, rows of occurrences tell hardly anything, the end of a
//! single occurrence of a series makes no row at all, and links are lost at any time.

mod rows;
pub mod uid;

use super::ask::Ask;
use super::audit::Audit;
use super::calendar::{AccountId, Copy, Truth};
use super::google::Shown;
use crate::host::http::{Method, Response};
use crate::host::model::Origin;
use crate::time::{Elapsed, Instant};
use rows::{Row, Window};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
pub use uid::own_uid;

/// Graph's calendar service.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Requests of one client and mailbox in ten minutes (`M9.1`).
    pub mailbox_per_ten_minutes: usize,
    /// Requests of one client and mailbox at a time (`M9.1`).
    pub at_once: usize,
    /// Links of an account that are older than this revision are refused (`M6.12`).
    pub forgotten: BTreeMap<AccountId, u64>,
    /// Ends of the exchanges that are going on, by mailbox.
    going_on: BTreeMap<AccountId, BTreeSet<(Instant, u64)>>,
    count: u64,
    /// Ids of entries in mailboxes.
    ids: BTreeMap<String, (AccountId, super::calendar::MeetingId)>,
    /// Up to which revision `ids` are known.
    ids_to: BTreeMap<AccountId, u64>,
    /// The last listing of each account: its later pages need not be made anew.
    listed: BTreeMap<AccountId, Listed>,
}

/// What changed in a window between two revisions, by place.
#[derive(Clone, Debug)]
struct Listed {
    between: (Option<u64>, u64),
    window: Window,
    rows: BTreeMap<(u64, String), Value>,
}

impl Default for Graph {
    fn default() -> Self {
        Self {
            mailbox_per_ten_minutes: 10_000,
            at_once: 4,
            forgotten: BTreeMap::new(),
            going_on: BTreeMap::new(),
            count: 0,
            ids: BTreeMap::new(),
            ids_to: BTreeMap::new(),
            listed: BTreeMap::new(),
        }
    }
}

/// Rows of a page where nobody says otherwise, and at most.
const PAGE_ROWS: (usize, usize) = (10, 1000);
/// The answers to "too many at once" ask to wait this long.
const WAIT_SECS: u32 = 5;

impl Graph {
    /// Answers a request. `base`: what links begin with. `until`: when the exchange will have ended.
    pub fn handle(
        &mut self,
        truth: &Truth,
        audit: &mut Audit,
        (shown, until): (Shown, Instant),
        ask: &Ask<'_>,
        base: &str,
    ) -> Response {
        let account = match ask.bearer().and_then(|token| truth.find_token(token)) {
            Some(id) if truth.account(id).origin == Origin::Graph => id,
            _ => return error(401, "InvalidAuthenticationToken", "Access token is empty or invalid."),
        };
        if let Some(refused) = self.admit(truth, audit, (shown.now, until), account) {
            return refused;
        }
        check_preferences(audit, shown.now, account, ask);
        let parts = ask.parts();
        let inside = match parts.as_slice() {
            ["v1.0", "me", inside @ ..] => inside,
            ["v1.0", "users", user, inside @ ..] if *user == truth.account(account).address => inside,
            _ => return error(404, "ResourceNotFound", "Resource not found."),
        };
        let inside = match inside {
            ["calendars", calendar, inside @ ..] if *calendar == truth.account(account).address => inside,
            ["calendars", ..] => return error(404, "ErrorItemNotFound", "The specified object was not found in the store."),
            ["calendar", inside @ ..] => inside,
            inside => inside,
        };
        let path = format!("{base}/{}", parts.join("/"));
        match (ask.method(), inside) {
            (Method::Get, ["calendarView", "delta"]) => self.delta(truth, account, shown, ask, &path),
            (Method::Get, ["calendarView"]) => view(truth, account, shown, ask, &path),
            (Method::Get, ["events", id]) => self.event(truth, account, shown, ask, id),
            _ => error(404, "ResourceNotFound", "Resource not found."),
        }
    }

    /// Counts a request in; an answer where it is one too many.
    pub(super) fn admit(
        &mut self,
        truth: &Truth,
        audit: &mut Audit,
        (now, until): (Instant, Instant),
        account: AccountId,
    ) -> Option<Response> {
        let who = format!("{}/{}", truth.account(account).client, account.0);
        let wait = |response: Response| {
            let mut response = response;
            response.headers.push(("retry-after".to_owned(), WAIT_SECS.to_string()));
            Some(response)
        };
        let throttled = || error(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.");
        let going_on = self.going_on.entry(account).or_default();
        going_on.retain(|(end, _)| *end > now);
        if going_on.len() >= self.at_once {
            audit.violate(now, "graph requests at once", &who);
            return wait(throttled());
        }
        self.count += 1;
        going_on.insert((until, self.count));
        let ten_minutes = (self.mailbox_per_ten_minutes, Elapsed::from_mins(10));
        if audit.take(now, "graph mailbox quota", &who, ten_minutes) { None } else { wait(throttled()) }
    }

    fn delta(&mut self, truth: &Truth, account: AccountId, shown: Shown, ask: &Ask<'_>, path: &str) -> Response {
        let unsupported = ["$select", "$filter", "$orderby", "$expand", "$search"];
        if unsupported.iter().any(|name| ask.find(name).is_some()) {
            return error(400, "ErrorInvalidUrlQuery", "The following parameters are not supported with change tracking.");
        }
        let token = match ask.find("$deltatoken").or(ask.find("$skiptoken")) {
            Some(token) => match Token::read(token) {
                Some(token) => token,
                None => return forgotten(path),
            },
            None => match window(ask) {
                Ok(window) => Token { since: None, began: shown.rev, window, after: None },
                Err(answer) => return answer,
            },
        };
        let known = token.after.as_ref().map_or(token.since.unwrap_or(token.began), |_| token.began);
        if self.forgotten.get(&account).is_some_and(|forgotten| known < *forgotten) {
            return forgotten(path);
        }
        // A new round begins where the round before began; later pages of it say when this one did.
        let began = if token.after.is_some() { token.began } else { shown.rev };
        let rev = shown.rev.max(began);
        let between = (token.since, rev);
        let known = self.listed.remove(&account).filter(|known| known.between == between && known.window == token.window);
        let listed = known.unwrap_or_else(|| {
            let rows = changed(truth, account, between, &token.window);
            Listed { between, window: token.window.clone(), rows }
        });
        let rows_max = page_size(ask).clamp(1, PAGE_ROWS.1);
        let after = token.after.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let mut left = listed.rows.range((after, Bound::Unbounded));
        let rows: Vec<(&(u64, String), &Value)> = left.by_ref().take(rows_max).collect();
        let mut answer = context(truth, account);
        match (rows.last(), left.next()) {
            (Some((last, _)), Some(_)) => {
                let next = Token { began, after: Some((*last).clone()), ..token };
                answer["@odata.nextLink"] = json!(format!("{path}?$skiptoken={}", next.write()));
            }
            _ => {
                let next = Token { since: Some(began), began, after: None, ..token };
                answer["@odata.deltaLink"] = json!(format!("{path}?$deltatoken={}", next.write()));
            }
        }
        answer["value"] = rows.into_iter().map(|(_, value)| value.clone()).collect();
        self.listed.insert(account, listed);
        Response::json(200, &answer)
    }

    /// One entry by id: a single event, a series master, an occurrence or an exception.
    fn event(&mut self, truth: &Truth, account: AccountId, shown: Shown, ask: &Ask<'_>, id: &str) -> Response {
        self.learn_ids(truth, account);
        let master = rows::master_of(id);
        let missing = || error(404, "ErrorItemNotFound", "The specified object was not found in the store.");
        let Some((_, meeting)) = self.ids.get(master).filter(|(owner, _)| *owner == account) else { return missing() };
        let Some(copy) = truth.copy_at(account, *meeting, shown.rev) else { return missing() };
        let Some(row) = rows::by_id(&copy, id) else { return missing() };
        let mut value = row.value;
        let select: Option<Vec<&str>> = ask.find("$select").map(|names| names.split(',').map(str::trim).collect());
        let selected = |name: &str| select.as_ref().is_some_and(|names| names.contains(&name));
        let expanded = ask.find("$expand").unwrap_or_default();
        // These come with an explicit select only (M6.8).
        if copy.meeting.repeats.is_some() && id == master {
            if selected("cancelledOccurrences") {
                value["cancelledOccurrences"] = rows::cancelled(&copy);
            }
            if expanded.contains("exceptionOccurrences") {
                value["exceptionOccurrences"] = rows::exceptions(&copy);
            }
        }
        if selected("occurrenceId")
            && let Some(name) = row.occurrence_id
        {
            value["occurrenceId"] = json!(name);
        }
        if let (Some(names), Some(members)) = (&select, value.as_object_mut()) {
            let kept = |name: &str| name.starts_with("@odata") || name == "id" || name == "exceptionOccurrences";
            members.retain(|name, _| kept(name) || names.contains(&name.as_str()));
        }
        let mut answer = context(truth, account);
        answer.as_object_mut().expect("an object").extend(value.as_object().cloned().unwrap_or_default());
        Response::json(200, &answer)
    }

    /// Learns the ids of what came to an account since the last time.
    fn learn_ids(&mut self, truth: &Truth, account: AccountId) {
        let known = self.ids_to.insert(account, truth.rev()).unwrap_or(0);
        for meeting in truth.changed_for(account, known, truth.rev()) {
            let id = rows::entry_id(truth.account(account), &truth.meeting(meeting).handle);
            self.ids.insert(id, (account, meeting));
        }
    }
}

/// What a link holds: everything, since its owner sends nothing else.
#[derive(Clone, Debug)]
struct Token {
    /// The revision that the reader knows.
    since: Option<u64>,
    /// The newest revision when the round began.
    began: u64,
    /// The window that was asked for first (`M6.1`).
    window: Window,
    /// The place of the last row of the page before.
    after: Option<(u64, String)>,
}

impl Token {
    fn write(&self) -> String {
        let since = self.since.map_or_else(String::new, |since| since.to_string());
        let (from, to) = (self.window.start.as_second(), self.window.end.as_second());
        let after = self.after.as_ref().map_or("", |(_, id)| id.as_str());
        format!("{since}.{}.{from}.{to}.{after}", self.began)
    }

    fn read(token: &str) -> Option<Self> {
        let mut parts = token.splitn(5, '.');
        let since = Some(parts.next()?).filter(|since| !since.is_empty()).map(str::parse).transpose().ok()?;
        let began = parts.next()?.parse().ok()?;
        let mut instant = || Instant::from_second(parts.next()?.parse().ok()?).ok();
        let window = instant()?..instant()?;
        let after = parts.next().filter(|id| !id.is_empty()).map(place);
        Some(Self { since, began, window, after })
    }
}

fn place(id: &str) -> (u64, String) {
    (super::dice::hash(id), id.to_owned())
}

/// The rows of a window that are otherwise than at revision `since`.
///
/// What is gone is told as removed, whether it was deleted or moved out of the window (`M6.6`); but of a series that is still
/// there, the end of one occurrence is told to nobody (`M6.8`).
fn changed(
    truth: &Truth,
    account: AccountId,
    (since, rev): (Option<u64>, u64),
    window: &Window,
) -> BTreeMap<(u64, String), Value> {
    let Some(since) = since else {
        let copies = truth.known_to(account).filter_map(|id| truth.copy_at(account, id, rev));
        return copies.flat_map(|copy| rows::delta(&copy, window)).map(|row| (place(&row.id), row.value)).collect();
    };
    let mut found = BTreeMap::new();
    for id in truth.changed_for(account, since, rev) {
        let of = |rev| {
            let rows = truth.copy_at(account, id, rev).map(|copy| rows::delta(&copy, window)).unwrap_or_default();
            rows.into_iter().map(|row| (row.id.clone(), row)).collect::<BTreeMap<String, Row>>()
        };
        let (before, now) = (of(since), of(rev));
        let copy = truth.copy_at(account, id, rev);
        for (id, _) in before.iter().filter(|(id, _)| !now.contains_key(*id)) {
            let moved_out = copy.as_ref().is_some_and(|copy| rows::by_id(copy, id).is_some());
            if moved_out || !now.contains_key(rows::master_of(id)) {
                found.insert(place(id), json!({ "@removed": { "reason": "deleted" }, "id": id }));
            }
        }
        let news = now.into_iter().filter(|(id, row)| before.get(id).is_none_or(|known| known.value != row.value));
        found.extend(news.map(|(id, row)| (place(&id), row.value)));
    }
    found
}

/// Whole rows of every occurrence in a window, by start; never masters (`M6.9`).
fn view(truth: &Truth, account: AccountId, shown: Shown, ask: &Ask<'_>, path: &str) -> Response {
    let window = match window(ask) {
        Ok(window) => window,
        Err(answer) => return answer,
    };
    let copies: Vec<Copy<'_>> = truth.known_to(account).filter_map(|id| truth.copy_at(account, id, shown.rev)).collect();
    let mut rows: Vec<Row> = copies.iter().flat_map(|copy| rows::view(copy, &window)).collect();
    rows.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    let size = ask.number("$top").unwrap_or_else(|| page_size(ask)).clamp(1, PAGE_ROWS.1);
    let skip = ask.number("$skip").unwrap_or(0);
    let mut answer = context(truth, account);
    if skip.saturating_add(size) < rows.len() {
        let kept = ask.query.iter().filter(|(name, _)| name != "$skip");
        let kept = kept.map(|(name, value)| format!("{name}={}&", value.replace('+', "%2B"))).collect::<String>();
        answer["@odata.nextLink"] = json!(format!("{path}?{kept}$skip={}", skip + size));
    }
    answer["value"] = rows.into_iter().skip(skip).take(size).map(|row| row.value).collect();
    Response::json(200, &answer)
}

/// Longest window that is listed.
const WINDOW_DAYS_MAX: i64 = 1825;

/// Both bounds are needed (`M6.15`), and not too far apart.
fn window(ask: &Ask<'_>) -> Result<Window, Response> {
    match (ask.instant("startDateTime"), ask.instant("endDateTime")) {
        (Some(start), Some(end)) if end.duration_since(start).as_hours() > 24 * WINDOW_DAYS_MAX => {
            Err(error(400, "ErrorCalendarViewRangeTooBig", "The requested time duration exceeds the set limit of 1825 days."))
        }
        (Some(start), Some(end)) if start < end => Ok(start..end),
        _ => Err(error(
            400,
            "ErrorInvalidParameter",
            "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.",
        )),
    }
}

/// The page size is a preference that no link remembers (`M6.13`).
fn page_size(ask: &Ask<'_>) -> usize {
    let preferences = preferences(ask);
    let named = preferences.iter().find_map(|preference| preference.strip_prefix("odata.maxpagesize="));
    named.and_then(|size| size.trim_matches('"').parse().ok()).unwrap_or(PAGE_ROWS.0)
}

fn preferences(ask: &Ask<'_>) -> Vec<String> {
    let headers = ask.request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("prefer"));
    headers.flat_map(|(_, value)| value.split(',')).map(|value| value.trim().to_owned()).collect()
}

/// Every request must ask for UTC and for ids that last, also those of later pages (`M6.13`).
fn check_preferences(audit: &mut Audit, now: Instant, account: AccountId, ask: &Ask<'_>) {
    let preferences = preferences(ask);
    let has = |name: &str, wanted: &str| {
        let pairs = preferences.iter().filter_map(|preference| preference.split_once('='));
        pairs.into_iter().any(|(known, value)| known == name && value.trim_matches('"').eq_ignore_ascii_case(wanted))
    };
    if !has("outlook.timezone", "UTC") || !has("IdType", "ImmutableId") {
        audit.violate(now, "graph prefer", &account.0.to_string());
    }
}

fn context(truth: &Truth, account: AccountId) -> Value {
    let user = truth.account(account).address.replace('@', "%40");
    json!({ "@odata.context": format!("https://graph.microsoft.com/v1.0/$metadata#users('{user}')/calendarView") })
}

/// The answer to a link that nobody remembers (`M6.11`).
fn forgotten(path: &str) -> Response {
    let mut response = error(410, "SyncStateNotFound", "The sync state generation is not found.");
    response.headers.push(("location".to_owned(), format!("{path}?$deltatoken=")));
    response
}

/// An error in Graph's form.
#[must_use]
pub fn error(status: u16, code: &str, message: &str) -> Response {
    Response::json(status, &json!({ "error": { "code": code, "message": message, "innerError": {} } }))
}
