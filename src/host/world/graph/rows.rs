//! Events, occurrences and what is told of them, in Graph's spelling.

use super::uid::shown;
use crate::host::world::calendar::{Account, Changed, Content, Copy, End, Every, Guest, Meeting, Repeats};
use crate::host::world::dice::hash;
use crate::time::{Date, Elapsed, Instant, Zone};
use crate::value::Response;
use serde_json::{Value, json};

/// A window of time, half open.
pub type Window = std::ops::Range<Instant>;

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The id of the event.
    pub id: String,
    /// When it begins.
    pub start: Instant,
    /// `OID.` and so on, of occurrences and exceptions (`M6.10`).
    pub occurrence_id: Option<String>,
    /// The row as JSON.
    pub value: Value,
}

/// Length of the ids of singles and masters; those of occurrences are longer.
const ENTRY_ID_LEN: usize = 40;

/// The id of a meeting in a mailbox: no two mailboxes share one.
pub fn entry_id(account: &Account, handle: &str) -> String {
    let of = |part: &str| hash(&format!("{part} {} {handle}", account.address));
    format!("AAkALgAA{:016x}{:016x}", of("a"), of("b"))
}

/// The id of the single event or master that an id belongs to.
pub fn master_of(id: &str) -> &str {
    id.get(..ENTRY_ID_LEN).unwrap_or(id)
}

fn occurrence_entry_id(master: &str, original: Instant) -> String {
    format!("{master}BB{:010x}", original.as_second())
}

/// What a round of changes has of a copy in a window: singles, exceptions and masters whole, occurrences in outline (`M6.7`).
pub fn delta(copy: &Copy<'_>, window: &Window) -> Vec<Row> {
    let mut rows = rows(copy, window, outline);
    if copy.whole && copy.meeting.repeats.is_some() && !rows.is_empty() {
        rows.push(master(copy));
    }
    rows
}

/// Every occurrence that touches a window, whole.
pub fn view(copy: &Copy<'_>, window: &Window) -> Vec<Row> {
    rows(copy, window, occurrence)
}

/// Every occurrence that touches a window, those that are like their series as `plain` tells them.
fn rows(copy: &Copy<'_>, window: &Window, plain: fn(&Copy<'_>, Instant) -> Row) -> Vec<Row> {
    let meeting = copy.meeting;
    let touches = |start: Instant, mins: u32| start < window.end && start + Elapsed::from_mins(i64::from(mins)) > window.start;
    if meeting.repeats.is_none() && copy.whole {
        return Some(single(copy)).filter(|_| touches(meeting.start(), meeting.mins)).into_iter().collect();
    }
    let originals = copy.plain_originals(window.start.checked_sub(meeting.length()).unwrap_or(Instant::MIN), window.end);
    let plain = originals.into_iter().filter(|start| touches(*start, meeting.mins)).map(|start| plain(copy, start));
    let changed = copy.exceptions.iter().filter_map(|(original, changed)| Some((*original, (*changed)?)));
    let changed = changed.filter(|(_, changed)| touches(changed.start, changed.mins));
    plain.chain(changed.map(|(original, changed)| exception(copy, original, changed))).collect()
}

/// The entry with this id, whole.
pub fn by_id(copy: &Copy<'_>, id: &str) -> Option<Row> {
    let meeting = copy.meeting;
    if id.len() == ENTRY_ID_LEN {
        return copy.whole.then(|| if meeting.repeats.is_some() { master(copy) } else { single(copy) });
    }
    let digits = id.get(ENTRY_ID_LEN..)?.strip_prefix("BB")?;
    let original = Instant::from_second(i64::from_str_radix(digits, 16).ok()?).ok()?;
    match copy.exceptions.get(&original) {
        Some(changed) => changed.map(|changed| exception(copy, original, changed)),
        None => {
            let on = copy.plain_originals(original, original + Elapsed::from_secs(1));
            on.first().filter(|_| meeting.repeats.is_some()).map(|original| occurrence(copy, *original))
        }
    }
}

/// The names of the occurrences that do not take place.
pub fn cancelled(copy: &Copy<'_>) -> Value {
    let master = entry_id(copy.account, &copy.meeting.handle);
    let gone = copy.exceptions.iter().filter(|(_, changed)| changed.is_none());
    gone.map(|(original, _)| occurrence_name(copy.meeting, &master, *original)).collect()
}

/// The exceptions, whole.
pub fn exceptions(copy: &Copy<'_>) -> Value {
    let changed = copy.exceptions.iter().filter_map(|(original, changed)| Some((*original, (*changed)?)));
    changed.map(|(original, changed)| exception(copy, original, changed).value).collect()
}

fn single(copy: &Copy<'_>) -> Row {
    let meeting = copy.meeting;
    let id = entry_id(copy.account, &meeting.handle);
    let mut value = event(copy, &id, &meeting.content, meeting.updated);
    value["type"] = json!("singleInstance");
    times(&mut value, meeting, meeting.start(), meeting.mins);
    Row { id, start: meeting.start(), occurrence_id: None, value }
}

fn master(copy: &Copy<'_>) -> Row {
    let meeting = copy.meeting;
    let mut row = single(copy);
    row.value["type"] = json!("seriesMaster");
    row.value["recurrence"] = meeting.repeats.map_or(Value::Null, |repeats| recurrence(meeting, &repeats));
    row
}

/// An occurrence that is like its series, told in full.
fn occurrence(copy: &Copy<'_>, start: Instant) -> Row {
    let meeting = copy.meeting;
    let plain = Changed { start, mins: meeting.mins, content: meeting.content.clone(), updated: meeting.updated };
    let mut row = exception(copy, start, &plain);
    row.value["type"] = json!("occurrence");
    row
}

/// An occurrence that is like its series, told in outline.
fn outline(copy: &Copy<'_>, start: Instant) -> Row {
    let meeting = copy.meeting;
    let master = entry_id(copy.account, &meeting.handle);
    let id = occurrence_entry_id(&master, start);
    let mut value = json!({
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": format!("W/\"{}\"", change_key(meeting.updated)),
        "id": id,
        "seriesMasterId": master,
        "type": "occurrence",
    });
    times(&mut value, meeting, start, meeting.mins);
    let name = occurrence_name(meeting, &master, start);
    Row { id, start, occurrence_id: Some(name), value }
}

fn change_key(updated: Instant) -> String {
    format!("{:x}", updated.as_microsecond())
}

fn exception(copy: &Copy<'_>, original: Instant, changed: &Changed) -> Row {
    let meeting = copy.meeting;
    let master = entry_id(copy.account, &meeting.handle);
    let id = occurrence_entry_id(&master, original);
    let mut value = event(copy, &id, &changed.content, changed.updated);
    let date = meeting.zone.civil(original).date();
    if copy.whole {
        value["type"] = json!("exception");
        value["seriesMasterId"] = json!(master);
        value["originalStart"] = json!(stamp(original));
        // Some mailboxes date the UIDs of occurrences, some do not (M7.4).
        value["iCalUId"] = json!(shown(&meeting.uid, Some(date).filter(|_| dates_uids(copy.account))));
    } else {
        // Who is invited to one occurrence alone gets an event with a dated UID.
        value["type"] = json!("singleInstance");
        value["iCalUId"] = json!(shown(&meeting.uid, Some(date)));
    }
    times(&mut value, meeting, changed.start, changed.mins);
    let name = copy.whole.then(|| occurrence_name(meeting, &master, original));
    Row { id, start: changed.start, occurrence_id: name, value }
}

fn dates_uids(account: &Account) -> bool {
    hash(&account.address).is_multiple_of(2)
}

fn occurrence_name(meeting: &Meeting, master: &str, original: Instant) -> String {
    format!("OID.{master}.{}", meeting.zone.civil(original).date())
}

/// Everything but when it is and of which type.
fn event(copy: &Copy<'_>, id: &str, content: &Content, updated: Instant) -> Value {
    let meeting = copy.meeting;
    let organizes = copy.organizes();
    let change = change_key(updated);
    let title = if meeting.cancelled { format!("Canceled: {}", content.title) } else { content.title.clone() };
    let teams = content.link.as_deref().filter(|link| link.contains("://teams."));
    let zone = zone_name(&meeting.zone);
    let own = content.find_guest(&copy.account.address).map_or("none", |guest| response(guest.response));
    let place = json!({ "displayName": content.location, "locationType": "default", "uniqueIdType": "unknown" });
    let places = if content.location.is_empty() { json!([]) } else { json!([place]) };
    json!({
        "@odata.type": "#microsoft.graph.event",
        "@odata.etag": format!("W/\"{change}\""),
        "id": id,
        "createdDateTime": stamp(meeting.created),
        "lastModifiedDateTime": stamp(updated),
        "changeKey": change,
        "categories": [],
        "originalStartTimeZone": zone,
        "originalEndTimeZone": zone,
        "iCalUId": shown(&meeting.uid, None),
        "reminderMinutesBeforeStart": 15,
        "isReminderOn": true,
        "hasAttachments": false,
        "subject": title,
        "bodyPreview": content.description.chars().take(255).collect::<String>(),
        "importance": "normal",
        "sensitivity": if content.private { "private" } else { "normal" },
        "isAllDay": meeting.all_day,
        "isCancelled": meeting.cancelled,
        "isOrganizer": organizes,
        "responseRequested": true,
        "seriesMasterId": null,
        "showAs": "busy",
        "webLink": format!("https://outlook.office365.com/owa/?itemid={id}"),
        "onlineMeetingUrl": null,
        "isOnlineMeeting": teams.is_some(),
        "onlineMeetingProvider": if teams.is_some() { "teamsForBusiness" } else { "unknown" },
        "allowNewTimeProposals": true,
        "isDraft": false,
        "hideAttendees": content.guests_hidden,
        "responseStatus": { "response": if organizes { "organizer" } else { own }, "time": "0001-01-01T00:00:00Z" },
        "body": { "contentType": "html", "content": body(content) },
        "location": place,
        "locations": places,
        "recurrence": null,
        "attendees": copy.guests(content).map(attendee).collect::<Vec<Value>>(),
        "organizer": { "emailAddress": email(&meeting.organizer) },
        "onlineMeeting": teams.map(|link| json!({ "joinUrl": link })),
    })
}

/// Links of other services than Microsoft's own stand in the text (`M7.11`).
fn body(content: &Content) -> String {
    let link = content.link.as_deref().map(|link| format!("<p><a href=\"{link}\">{link}</a></p>")).unwrap_or_default();
    format!("<html><body><p>{}</p>{link}</body></html>", content.description)
}

fn email(address: &str) -> Value {
    let name = address.split('@').next().unwrap_or_default();
    json!({ "name": name, "address": address })
}

fn attendee(guest: &Guest) -> Value {
    let kind = match (guest.room, guest.optional) {
        (true, _) => "resource",
        (false, true) => "optional",
        (false, false) => "required",
    };
    let status = json!({ "response": response(guest.response), "time": "0001-01-01T00:00:00Z" });
    json!({ "type": kind, "status": status, "emailAddress": email(&guest.address) })
}

fn response(response: Response) -> &'static str {
    match response {
        Response::Accepted => "accepted",
        Response::Tentative => "tentativelyAccepted",
        Response::Declined => "declined",
        Response::None => "notResponded",
        Response::Organizer => "organizer",
    }
}

/// Readings in UTC, as asked for. A whole day is midnight as it stands, in whatever zone (`M7.14`).
fn times(value: &mut Value, meeting: &Meeting, start: Instant, mins: u32) {
    let begin = if meeting.all_day { Zone::utc().instant(meeting.first) } else { start };
    value["start"] = time(begin);
    value["end"] = time(begin + Elapsed::from_mins(i64::from(mins)));
}

fn time(at: Instant) -> Value {
    json!({ "dateTime": Zone::utc().civil(at).strftime("%Y-%m-%dT%H:%M:%S.0000000").to_string(), "timeZone": "UTC" })
}

fn stamp(at: Instant) -> String {
    format!("{}.{:07}Z", Zone::utc().civil(at).strftime("%Y-%m-%dT%H:%M:%S"), at.subsec_nanosecond() / 100)
}

/// Exchange's own names of zones, where it is known to have one (`M7.2`).
fn zone_name(zone: &Zone) -> &str {
    const NAMES: [(&str, &str); 5] = [
        ("Europe/London", "GMT Standard Time"),
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("America/New_York", "Eastern Standard Time"),
        ("America/Los_Angeles", "Pacific Standard Time"),
        ("Asia/Tokyo", "Tokyo Standard Time"),
    ];
    NAMES.iter().find(|(iana, _)| *iana == zone.name()).map_or(zone.name(), |(_, own)| own)
}

fn recurrence(meeting: &Meeting, repeats: &Repeats) -> Value {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let first = meeting.first.date();
    let pattern = |kind: &str, interval: u8, day: i8, days: Vec<&str>| {
        json!({
            "type": kind,
            "interval": interval,
            "month": 0,
            "dayOfMonth": day,
            "daysOfWeek": days,
            "firstDayOfWeek": "monday",
            "index": "first",
        })
    };
    let pattern = match repeats.every {
        Every::Days(step) => pattern("daily", step, 0, Vec::new()),
        Every::Weeks(step, set) => {
            let days = set.iter().map(|day| DAYS[usize::try_from(day.to_monday_zero_offset()).expect("0 to 6")]);
            pattern("weekly", step, 0, days.collect())
        }
        Every::Months(step) => pattern("absoluteMonthly", step, first.day(), Vec::new()),
    };
    let (kind, end, count) = match repeats.end {
        End::Never => ("noEnd", Date::constant(1, 1, 1), 0),
        End::On(date) => ("endDate", date, 0),
        End::After(times) => ("numbered", Date::constant(1, 1, 1), times),
    };
    let range = json!({
        "type": kind,
        "startDate": first.to_string(),
        "endDate": end.to_string(),
        "recurrenceTimeZone": zone_name(&meeting.zone),
        "numberOfOccurrences": count,
    });
    json!({ "pattern": pattern, "range": range })
}
