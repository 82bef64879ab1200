//! Google Calendar, version 3: `events.list` and `events.get` for one calendar per account (`G1`, `G2`, `G4`).
//!
//! Rows are made of the truth when they are asked for; a token holds the revision that its reader knows, so that an incremental
//! list is the difference of two states. Pages show what holds when they are asked for, not when the listing began: what
//! changes meanwhile comes again with the next sync.

mod rows;

use super::ask::Ask;
use super::audit::Audit;
use super::calendar::{AccountId, Truth};
use super::dice::hash;
use crate::host::http::{Method, Response};
use crate::host::model::Origin;
use crate::time::{Elapsed, Instant};
use rows::{Row, rows};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Google's calendar service.
#[derive(Clone, Debug)]
pub struct Google {
    /// How much a client and a user may ask.
    pub limits: Limits,
    /// Tokens of an account that are older than this revision are refused (`G1.8`).
    pub forgotten: BTreeMap<AccountId, u64>,
}

/// Quotas and lifetimes (`G4.1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests a minute of one OAuth client.
    pub client_per_minute: usize,
    /// Requests a minute of one user by one client.
    pub user_per_minute: usize,
    /// How long a sync token is good for.
    pub token_days: i64,
}

impl Default for Google {
    fn default() -> Self {
        let limits = Limits { client_per_minute: 10_000, user_per_minute: 600, token_days: 28 };
        Self { limits, forgotten: BTreeMap::new() }
    }
}

/// What a request is answered with besides the truth: how much of it shows, and whether a fault says that it is too much.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The time.
    pub now: Instant,
    /// The revision that shows; an older one than the newest is a stale answer.
    pub rev: u64,
}

/// What the eight parameters are that no request with a sync token may have (`G1.3`).
const REFUSED: [&str; 8] =
    ["iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"];
/// Parameters that may differ between the first list and the ones with its token.
const FREE: [&str; 5] = ["pageToken", "syncToken", "maxResults", "timeMin", "timeMax"];
/// Rows of a page where nobody says otherwise, and at most (`G1.2`).
const PAGE_ROWS: (usize, usize) = (250, 2500);

impl Google {
    /// Answers a request.
    pub fn handle(&self, truth: &Truth, audit: &mut Audit, shown: Shown, ask: &Ask<'_>) -> Response {
        let account = match ask.bearer().and_then(|token| truth.find_token(token)) {
            Some(id) if truth.account(id).origin == Origin::Google => id,
            _ => return error(401, "authError", "Invalid Credentials"),
        };
        if let Some(refused) = self.admit(truth, audit, shown.now, account) {
            return refused;
        }
        match (ask.method(), ask.parts().as_slice()) {
            (Method::Get, ["calendar", "v3", "calendars", calendar, "events"]) if own(truth, account, calendar) => {
                self.list(truth, account, shown, ask)
            }
            (Method::Get, ["calendar", "v3", "calendars", calendar, "events", id]) if own(truth, account, calendar) => {
                get(truth, account, shown, id)
            }
            _ => error(404, "notFound", "Not Found"),
        }
    }

    /// Counts a request in; an answer where it is one too many.
    pub(super) fn admit(&self, truth: &Truth, audit: &mut Audit, now: Instant, account: AccountId) -> Option<Response> {
        let (client, minute) = (&truth.account(account).client, Elapsed::from_secs(60));
        let (by_client, by_user) = (self.limits.client_per_minute, self.limits.user_per_minute);
        if !audit.take(now, "google client quota", client, (by_client, minute)) {
            return Some(error(403, "rateLimitExceeded", "Rate Limit Exceeded"));
        }
        if !audit.take(now, "google user quota", &format!("{client}/{}", account.0), (by_user, minute)) {
            return Some(error(403, "userRateLimitExceeded", "User Rate Limit Exceeded"));
        }
        None
    }

    fn list(&self, truth: &Truth, account: AccountId, shown: Shown, ask: &Ask<'_>) -> Response {
        let parameters = ask.query.iter().filter(|(name, _)| !FREE.contains(&name.as_str()));
        let mut parameters: Vec<String> = parameters.map(|(name, value)| format!("{name}={value}")).collect();
        parameters.sort();
        let parameters = hash(&parameters.join("&")) & 0xFFFF_FFFF;
        let since = match ask.find("syncToken") {
            None => None,
            Some(token) => match self.check_sync(token, account, shown, ask, parameters) {
                Ok(since) => Some(since),
                Err(answer) => return answer,
            },
        };
        let page = match ask.find("pageToken") {
            None => PageToken { began: shown.rev, after: None },
            Some(token) => match PageToken::read(token, since, parameters) {
                Some(page) => page,
                None => return error(400, "invalid", "Invalid page token value."),
            },
        };
        // A later page never shows less than the listing began with: what it hid, the token would hide for good.
        let rev = shown.rev.max(page.began);
        let listed = match since {
            Some(since) => changed(truth, account, since, rev),
            None => all(truth, account, rev, &Filters::of(ask)),
        };
        let rows_max = ask.number("maxResults").unwrap_or(PAGE_ROWS.0).clamp(1, PAGE_ROWS.1);
        let mut left = listed.into_iter().skip_while(|(place, _)| page.after.as_ref().is_some_and(|after| place <= after));
        let rows: Vec<(Place, Row)> = left.by_ref().take(rows_max).collect();
        let mut answer = head(truth, account, shown);
        match (rows.last(), left.next()) {
            (Some((last, _)), Some(_)) => {
                answer["nextPageToken"] = json!(PageToken { after: Some(last.clone()), ..page }.write(since, parameters));
            }
            _ => answer["nextSyncToken"] = json!(format!("s{}-{}-{parameters:x}", page.began, shown.now.as_second())),
        }
        answer["items"] = rows.into_iter().map(|(_, row)| row.value).collect();
        keep_fields(&mut answer, ask.find("fields"));
        Response::json(200, &answer)
    }

    /// The revision that a sync token stands for.
    fn check_sync(&self, token: &str, account: AccountId, shown: Shown, ask: &Ask<'_>, parameters: u64) -> Result<u64, Response> {
        if let Some(refused) = REFUSED.iter().find(|name| ask.find(name).is_some()) {
            return Err(error(400, "invalidParameter", &format!("Sync token cannot be combined with {refused}.")));
        }
        if ask.find("showDeleted") == Some("false") {
            return Err(error(400, "invalidParameter", "showDeleted cannot be false with a sync token."));
        }
        let invalid = || error(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.");
        let parts: Option<(u64, i64, u64)> = token.strip_prefix('s').and_then(|rest| {
            let mut parts = rest.splitn(3, '-');
            let (rev, at, parameters) = (parts.next()?, parts.next()?, parts.next()?);
            Some((rev.parse().ok()?, at.parse().ok()?, u64::from_str_radix(parameters, 16).ok()?))
        });
        let Some((rev, issued, with)) = parts else { return Err(invalid()) };
        if with != parameters {
            return Err(error(400, "invalidParameter", "The parameters differ from those of the initial list."));
        }
        let old = shown.now.as_second() - issued > self.limits.token_days * 24 * 3600;
        if old || self.forgotten.get(&account).is_some_and(|forgotten| rev < *forgotten) {
            return Err(invalid());
        }
        Ok(rev)
    }
}

/// Where a page goes on.
#[derive(Clone, Debug)]
struct PageToken {
    /// The newest revision when the listing began.
    began: u64,
    /// The place of the last row of the page before.
    after: Option<Place>,
}

/// Where a row stands in a listing: by a number made of its id, so that instances come before and after their masters (`G1.15`).
type Place = (u64, String);

fn place(row: &Row) -> Place {
    (hash(&row.id), row.id.clone())
}

impl PageToken {
    fn write(&self, since: Option<u64>, parameters: u64) -> String {
        let after = self.after.as_ref().map_or("", |(_, id)| id.as_str());
        let since = since.map_or_else(String::new, |since| since.to_string());
        format!("p{}-{since}-{parameters:x}-{after}", self.began)
    }

    /// A page token is good for the request that it came from only (`G1.6`).
    fn read(token: &str, since: Option<u64>, parameters: u64) -> Option<Self> {
        let mut parts = token.strip_prefix('p')?.splitn(4, '-');
        let began = parts.next()?.parse().ok()?;
        let same_since = parts.next()? == since.map_or_else(String::new, |since| since.to_string());
        let same_parameters = u64::from_str_radix(parts.next()?, 16).ok()? == parameters;
        let after = parts.next()?;
        (same_since && same_parameters).then(|| Self { began, after: Some((hash(after), after.to_owned())) })
    }
}

/// What a full list leaves out.
struct Filters {
    from: Option<Instant>,
    to: Option<Instant>,
    deleted: bool,
}

impl Filters {
    fn of(ask: &Ask<'_>) -> Self {
        Self { from: ask.instant("timeMin"), to: ask.instant("timeMax"), deleted: ask.find("showDeleted") == Some("true") }
    }

    /// `timeMin` looks at the end, `timeMax` at the start, both exclusive (`G1.10`).
    fn keep(&self, row: &Row) -> bool {
        self.from.is_none_or(|from| row.ends.is_none_or(|ends| ends > from)) && self.to.is_none_or(|to| row.starts < to)
    }
}

/// Every row of an account at a revision, and where asked for what is left of deleted ones.
fn all(truth: &Truth, account: AccountId, rev: u64, filters: &Filters) -> BTreeMap<Place, Row> {
    let mut found = BTreeMap::new();
    for id in truth.known_to(account) {
        if let Some(copy) = truth.copy_at(account, id, rev) {
            found.extend(rows(&copy).into_iter().filter(|row| filters.keep(row)).map(|row| (place(&row), row)));
        } else if filters.deleted {
            let states = truth.states(id).iter().rev().filter(|state| state.rev <= rev);
            let last = states.filter_map(|state| state.meeting.copy_of(truth.account(account))).next();
            let gone = last.map(|copy| rows(&copy)).unwrap_or_default();
            found.extend(gone.iter().map(|row| (place(row), row.tombstone())));
        }
    }
    found
}

/// The rows that are otherwise than at revision `since`, and tombstones of those that are gone.
fn changed(truth: &Truth, account: AccountId, since: u64, rev: u64) -> BTreeMap<Place, Row> {
    let mut found = BTreeMap::new();
    for id in truth.changed_for(account, since, rev) {
        let of = |rev| truth.copy_at(account, id, rev).map(|copy| rows(&copy)).unwrap_or_default();
        let before: BTreeMap<Place, Row> = of(since).into_iter().map(|row| (place(&row), row)).collect();
        let now: BTreeMap<Place, Row> = of(rev).into_iter().map(|row| (place(&row), row)).collect();
        for (place, row) in before.iter().filter(|(place, _)| !now.contains_key(*place)) {
            found.insert(place.clone(), row.tombstone());
        }
        found.extend(now.into_iter().filter(|(place, row)| before.get(place).is_none_or(|known| known.value != row.value)));
    }
    found
}

/// The members of a page besides its rows.
fn head(truth: &Truth, account: AccountId, shown: Shown) -> Value {
    let own = truth.account(account);
    let updated = truth.last_change(account, shown.rev).unwrap_or(Instant::UNIX_EPOCH);
    json!({
        "kind": "calendar#events",
        "etag": format!("\"p{}\"", shown.rev),
        "summary": own.address,
        "description": "",
        "updated": rows::stamp(updated),
        "timeZone": own.zone.name(),
        "accessRole": "owner",
        "defaultReminders": [{ "method": "popup", "minutes": 10 }],
    })
}

/// Keeps the members of a page that `fields` names (`G1.18`); what is inside of `items` stays whole.
fn keep_fields(page: &mut Value, fields: Option<&str>) {
    let (Some(fields), Some(members)) = (fields, page.as_object_mut()) else { return };
    let mut depth = 0;
    let mut names = vec![String::new()];
    for c in fields.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ if depth == 0 => names.last_mut().expect("begun with one name").push(c),
            _ => {}
        }
    }
    let named: Vec<&str> = names.iter().map(|name| name.split('/').next().unwrap_or_default().trim()).collect();
    members.retain(|name, _| named.contains(&name.as_str()) || named.contains(&"*"));
}

/// One entry by id, or one instance of a series, changed or not.
fn get(truth: &Truth, account: AccountId, shown: Shown, id: &str) -> Response {
    let meeting = match truth.find_handle(id) {
        Some(meeting) => Some(meeting),
        None => id.rsplit_once('_').and_then(|(master, _)| truth.find_handle(master)),
    };
    let missing = || error(404, "notFound", "Not Found");
    let Some(meeting) = meeting else { return missing() };
    let copy = truth.copy_at(account, meeting, shown.rev);
    let known = |rows: Vec<Row>| rows.into_iter().find(|row| row.id == id);
    if let Some(row) = copy.as_ref().and_then(|copy| known(rows(copy)).or_else(|| rows::instance(copy, id))) {
        return Response::json(200, &row.value);
    }
    // What was deleted lately is still found, as such.
    let states = truth.states(meeting).iter().rev().filter(|state| state.rev <= shown.rev);
    let mut copies = states.filter_map(|state| state.meeting.copy_of(truth.account(account)));
    let gone = copies.find_map(|copy| known(rows(&copy)).or_else(|| rows::instance(&copy, id)));
    gone.map_or_else(missing, |row| Response::json(200, &row.tombstone().value))
}

fn own(truth: &Truth, account: AccountId, calendar: &str) -> bool {
    calendar == "primary" || calendar == truth.account(account).address
}

/// An error in the form that all of Google's interfaces share (`G4.2`).
#[must_use]
pub fn error(code: u16, reason: &str, message: &str) -> Response {
    let domain = match reason {
        "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded" => "usageLimits",
        "fullSyncRequired" => "calendar",
        _ => "global",
    };
    let errors = json!([{ "domain": domain, "reason": reason, "message": message }]);
    Response::json(code, &json!({ "error": { "errors": errors, "code": code, "message": message } }))
}
