//! `/v1/events`: the meetings of the horizon, what was decided about each and why; and what people say about them.

use super::auth::Scope;
use super::dispatches::{Bot, bot};
use super::page::{ITEMS_MAX, Page, Paging};
use super::problem::Problem;
use super::route::{Call, Doc, Json, Routes, Shown};
use super::{Shared, time};
use crate::host::model::{Connection, Dispatch, Meeting, Outcome, OverrideRow, Sighting, TenantId};
use crate::host::operations::overrides::{About, clear, say};
use crate::host::schedule::errand;
use crate::host::schedule::identity::{of_place, place};
use crate::host::store::StoreError;
use crate::time::Instant;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Where a bot can join.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    /// The platform, such as `zoom`.
    pub platform: Option<String>,
    /// The address. It may hold a password.
    pub url: Option<String>,
}

/// A meeting: one occurrence, however many calendars show it, and what was decided about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Event {
    /// Names it for good.
    pub id: String,
    /// The title, where a calendar shows it.
    pub title: Option<String>,
    /// The start.
    #[schema(format = DateTime)]
    pub start: String,
    /// The end, where it is known.
    #[schema(format = DateTime)]
    pub end: Option<String>,
    /// Where it meets, where a bot can join.
    pub link: Option<Link>,
    /// What was decided: `record`, `skip` or `not-recordable`.
    pub decision: String,
    /// The rule that decided, where a rule did.
    pub rule: Option<String>,
    /// Why, in a few words.
    pub reason: String,
    /// The connection whose copy decided, where a calendar shows it.
    pub decided_for: Option<String>,
    /// The end user of that connection.
    pub user: Option<String>,
    /// How many calendars show it.
    pub copies: usize,
    /// The bots that people sent to it by hand.
    pub by_hand: Vec<String>,
    /// Another meeting claims the same UID and occurrence, and agrees on nothing else.
    pub conflict: bool,
    /// Its bots, the newest last.
    pub bots: Vec<Bot>,
}

/// A meeting with its decision in full.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventInFull {
    /// The meeting.
    pub event: Event,
    /// The decision record: what it was made from, and its explanation.
    #[schema(value_type = Object)]
    pub record: Value,
}

/// Meetings that changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Changes {
    /// In the order in which they last changed.
    pub items: Vec<Event>,
    /// What to ask for next: everything that changes after this.
    pub watermark: String,
    /// Whether there is more already.
    pub more: bool,
}

/// Which meetings.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventWindow {
    /// Those that start at this instant or later; now where it is not said.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Those that start before this instant.
    #[schema(format = DateTime)]
    to: Option<String>,
    /// Those with this decision alone.
    decision: Option<Decision>,
    /// Most items of the answer; 50 where it is not said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[schema(min_length = 1, max_length = 2048)]
    cursor: Option<String>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// A bot joins.
    Record,
    /// Rules, a person or the default keep bots out.
    Skip,
    /// No bot could or may join.
    NotRecordable,
}

/// Since when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Since {
    /// `watermark` of the answer before; from the beginning where it is not said.
    #[schema(min_length = 1, max_length = 2048)]
    since: Option<String>,
    /// Most items of the answer; 50 where it is not said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
}

/// A person's word.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// What is to be.
    word: StopOrRecord,
    /// About its whole series.
    #[serde(default)]
    series: bool,
    /// About this end user's copy alone.
    #[schema(min_length = 1, max_length = 256)]
    user: Option<String>,
}

/// A person's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StopOrRecord {
    /// No bot, whatever rules say; one that is there leaves.
    Stop,
    /// A bot, whatever rules say.
    Record,
}

/// About what a word is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cleared {
    /// About its whole series.
    series: Option<bool>,
    /// About this end user's copy alone; about every copy where it is not said.
    #[schema(min_length = 1, max_length = 256)]
    user: Option<String>,
}

/// A person's word, as it is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Override)]
pub struct OverrideView {
    /// What was said.
    pub word: StopOrRecord,
    /// The end user whose copy it holds for; null: every copy.
    pub user: Option<String>,
    /// The UID of the event or, of a series, of its family.
    pub uid: String,
    /// The occurrence; null: the whole series.
    pub occurrence: Option<String>,
    /// Whose meeting it was said about: the organizer, or the room.
    pub of: String,
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let doc = |id, summary, scope| Doc { id, tag: "events", summary, scope, refusals: &[] };
    let read = |id, summary| doc(id, summary, Scope::Read);
    let changes_of =
        "Meetings in the order in which they last changed, from a watermark on. One that is long past goes without a word.";
    let said = "Says stop or record about a meeting or its series; it outlives every change of the calendar.";
    Routes::default()
        .on(Method::GET, "/v1/events", read("listEvents", "The meetings of a window, by start."), list)
        .on(Method::GET, "/v1/event-changes", read("listEventChanges", changes_of), changes)
        .on(Method::GET, "/v1/events/{event}", read("getEvent", "A meeting, with its decision explained in full."), one)
        .on(Method::PUT, "/v1/events/{event}/override", doc("putOverride", said, Scope::Write), put_word)
        .on(
            Method::DELETE,
            "/v1/events/{event}/override",
            doc("clearOverride", "Takes back what was said.", Scope::Write),
            take_back,
        )
        .on(Method::GET, "/v1/overrides", read("listOverrides", "Everything that was said about meetings."), overrides)
}

/// The meetings as they are shown.
pub async fn shown(shared: &Shared, tenant: TenantId, meetings: Vec<Meeting>) -> Result<Vec<Event>, StoreError> {
    let store = &shared.host.store;
    let names: Vec<String> = meetings.iter().map(|meeting| meeting.id.clone()).collect();
    let places = meetings.iter().flat_map(|meeting| &meeting.sightings).filter(|place| of_place(place).is_some());
    let places: Vec<String> = places.cloned().collect();
    let (dispatches, sightings, connections) =
        tokio::try_join!(store.dispatches_of(tenant, &names), store.sightings_at(tenant, &places), store.connections(tenant))?;
    let mut bots: BTreeMap<String, Vec<Dispatch>> = BTreeMap::new();
    for row in dispatches {
        bots.entry(row.meeting.clone()).or_default().push(row);
    }
    let sightings: BTreeMap<String, Sighting> = sightings.into_iter().map(|row| (place(&row), row)).collect();
    Ok(meetings.into_iter().map(|meeting| event(meeting, &sightings, &connections, &mut bots)).collect())
}

fn event(
    meeting: Meeting,
    sightings: &BTreeMap<String, Sighting>,
    connections: &[Connection],
    bots: &mut BTreeMap<String, Vec<Dispatch>>,
) -> Event {
    let bodies = meeting.sightings.iter().filter_map(|place| sightings.get(place));
    let bodies: Vec<Value> = bodies.filter_map(|row| serde_json::from_str(&row.body).ok()).collect();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let link = bodies.iter().map(|body| &body["conference"]).find(|link| link["joinable"] == true);
    let by = connections.iter().find(|row| row.id == meeting.by);
    let by_hand: Vec<String> =
        meeting.sightings.iter().filter_map(|place| errand::of_place(place)).map(|id| id.to_string()).collect();
    Event {
        title: bodies.iter().find_map(|body| text(&body["title"])),
        start: time::shown(meeting.start),
        end: meeting.end.map(time::shown),
        link: link.map(|link| Link { platform: text(&link["platform"]), url: text(&link["url"]) }),
        decision: meeting.outcome.word().to_owned(),
        decided_for: by.map(|row| row.id.to_string()),
        user: by.map(|row| row.user.clone()),
        copies: meeting.sightings.len() - by_hand.len(),
        by_hand,
        conflict: meeting.conflict,
        bots: bots.remove(&meeting.id).unwrap_or_default().into_iter().map(bot).collect(),
        rule: meeting.rule,
        reason: meeting.reason,
        id: meeting.id,
    }
}

async fn list(call: Call<EventWindow>) -> Result<Shown<Page<Event>>, Problem> {
    let tenant = call.tenant();
    let limit = usize::from(call.query.limit.unwrap_or(50).clamp(1, ITEMS_MAX));
    let now = call.host.now();
    let from = call.query.from.as_deref().and_then(time::read).unwrap_or(now);
    let to = call.query.to.as_deref().and_then(time::read).unwrap_or(Instant::MAX);
    let (from, after) = match &call.query.cursor {
        Some(cursor) => {
            let (at, after): (String, String) = call.shared.cursors.read(tenant, "events", cursor)?;
            (time::read(&at).unwrap_or(from), after)
        }
        None => (from, String::new()),
    };
    let wanted = call.query.decision.map(|decision| match decision {
        Decision::Record => Outcome::Record,
        Decision::Skip => Outcome::Skip,
        Decision::NotRecordable => Outcome::NotRecordable,
    });
    let (mut found, mut next, mut size) = (Vec::new(), (from, after), limit + 1);
    // Those of other decisions and those of the same start before take places: more rows, until there are enough.
    loop {
        let batch = call.host.store.meetings(tenant, next.0, to, size).await?;
        let is_last = batch.len() < size;
        let behind: Vec<Meeting> = batch.into_iter().filter(|row| (row.start, &row.id) > (next.0, &next.1)).collect();
        let is_stuck = behind.is_empty() && size == BATCH_MAX;
        if let Some(last) = behind.last() {
            next = (last.start, last.id.clone());
        }
        found.extend(behind.into_iter().filter(|row| wanted.is_none_or(|wanted| row.outcome == wanted)));
        if is_last || is_stuck || found.len() > limit {
            break;
        }
        size = BATCH_MAX.min(size * 4);
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let at = |row: &Meeting| call.shared.cursors.made(tenant, "events", &(time::shown(row.start), &row.id));
    let next = found.last().filter(|_| more).map(at);
    Ok(Shown(Page { items: shown(&call.shared, tenant, found).await?, next }))
}

/// Most meetings that are read at once: more than start at one instant.
const BATCH_MAX: usize = 2000;

async fn changes(call: Call<Since>) -> Result<Shown<Changes>, Problem> {
    let tenant = call.tenant();
    let limit = usize::from(call.query.limit.unwrap_or(50).clamp(1, ITEMS_MAX));
    let after: (u64, String) = match &call.query.since {
        Some(since) => call
            .shared
            .cursors
            .read(tenant, "changes", since)
            .map_err(|_| Problem::refused("since", "is no watermark of this list"))?,
        None => (0, String::new()),
    };
    let mut rows = call.host.store.meetings_changed(tenant, (after.0, &after.1), limit + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().map_or(after, |(changed, row)| (*changed, row.id.clone()));
    let watermark = call.shared.cursors.made(tenant, "changes", &last);
    let meetings = rows.into_iter().map(|(_, row)| row).collect();
    Ok(Shown(Changes { items: shown(&call.shared, tenant, meetings).await?, watermark, more }))
}

/// The meeting that the path names.
async fn named<Q, B>(call: &Call<Q, B>) -> Result<Meeting, Problem> {
    let found = call.host.store.meetings_named(call.tenant(), &[call.name("event").to_owned()]).await?;
    found.into_iter().next().ok_or_else(Problem::absent)
}

async fn one(call: Call) -> Result<Shown<EventInFull>, Problem> {
    let meeting = named(&call).await?;
    let record = serde_json::from_str(&meeting.record).ok().filter(Value::is_object).unwrap_or_else(|| serde_json::json!({}));
    let event = shown(&call.shared, call.tenant(), vec![meeting]).await?.pop().ok_or_else(Problem::absent)?;
    Ok(Shown(EventInFull { event, record }))
}

async fn put_word(call: Call<super::route::NoQuery, Json<Word>>) -> Result<Shown<Event>, Problem> {
    let meeting = named(&call).await?;
    let Json(Word { word, series, user }) = &call.body;
    let about = About { meeting: &meeting.id, series: *series, user: user.as_deref() };
    say(&call.host, call.tenant(), about, *word == StopOrRecord::Stop).await?;
    again(&call.shared, call.tenant(), meeting).await
}

async fn take_back(call: Call<Cleared>) -> Result<Shown<Event>, Problem> {
    let meeting = named(&call).await?;
    let about = About { meeting: &meeting.id, series: call.query.series.unwrap_or_default(), user: call.query.user.as_deref() };
    clear(&call.host, call.tenant(), about).await?;
    again(&call.shared, call.tenant(), meeting).await
}

/// The meeting as it is after a change; one that went with it, as it was.
async fn again(shared: &Shared, tenant: TenantId, meeting: Meeting) -> Result<Shown<Event>, Problem> {
    let found = shared.host.store.meetings_named(tenant, std::slice::from_ref(&meeting.id)).await?;
    let row = found.into_iter().next().unwrap_or(meeting);
    let event = shown(shared, tenant, vec![row]).await?.pop().ok_or_else(Problem::absent)?;
    Ok(Shown(event))
}

async fn overrides(call: Call<Paging>) -> Result<Shown<Page<OverrideView>>, Problem> {
    let (tenant, limit) = (call.tenant(), call.query.limit());
    let cursors = &call.shared.cursors;
    let key = |row: &OverrideRow| (row.uid.clone(), row.user.clone(), row.occurrence.clone(), row.mark.clone());
    let after = match &call.query.cursor {
        Some(cursor) => Some(cursors.read(tenant, "overrides", cursor)?),
        None => None,
    };
    let rows = call.host.store.all_overrides(tenant).await?.into_iter();
    let behind = rows.filter(|row| after.as_ref().is_none_or(|after| key(row) > *after));
    let view = |row: OverrideRow| OverrideView {
        word: if row.stop { StopOrRecord::Stop } else { StopOrRecord::Record },
        user: row.user,
        uid: row.uid,
        occurrence: row.occurrence,
        of: row.mark,
    };
    let place = |row: &OverrideRow| cursors.made(tenant, "overrides", &key(row));
    Ok(Shown(Page::of(behind.take(limit + 1).collect(), limit, place, view)))
}
