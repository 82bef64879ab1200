//! The five services that a bot can join: what their links look like, and which meeting one names.
//!
//! An identity holds what names the meeting and nothing that lets anyone in: passwords, tokens and the names of guests stay
//! in the address alone (`U11.9`). Pages of these services that are no way into a meeting (dial-in numbers, settings,
//! recordings, registration, installation) have other paths and are no links (`U11.7`).

use super::address::{Address, query_value, segments};
use super::decode;
use crate::value::{Closed, Conference};

/// What a link of one of these services names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Meeting {
    pub(super) conference: Conference,
    pub(super) id: String,
    /// Whether the link alone leads into the meeting.
    pub(super) joinable: bool,
}

/// The hosts of a service: each stands for itself and everything below it.
struct Platform {
    conference: Conference,
    hosts: &'static [&'static str],
    /// The identity that the link names, and whether the link leads into the meeting.
    read: fn(&Address) -> Option<(String, bool)>,
}

const PLATFORMS: &[Platform] = &[
    Platform { conference: Conference::Meet, hosts: &["meet.google.com"], read: meet },
    Platform {
        conference: Conference::Zoom,
        hosts: &["zoom.us", "zoom.com", "zoom.com.cn", "zoom-x.de", "zoomgov.com"],
        read: zoom,
    },
    Platform {
        conference: Conference::Teams,
        hosts: &["teams.microsoft.com", "teams.cloud.microsoft", "teams.microsoft.us", "teams.live.com"],
        read: teams,
    },
    Platform { conference: Conference::Webex, hosts: &["webex.com"], read: webex },
    Platform { conference: Conference::Goto, hosts: &["meet.goto.com", "gotomeeting.com", "gotomeet.me"], read: goto },
];

/// The hosts of all platforms.
pub(super) fn hosts() -> impl Iterator<Item = &'static str> {
    known().map(|(_, host)| host)
}

/// The hosts of all platforms with the platform's name.
pub(super) fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    PLATFORMS.iter().flat_map(|platform| platform.hosts.iter().map(|host| (platform.conference.word(), *host)))
}

/// The meeting that `address` leads to.
pub(super) fn recognise(address: &Address) -> Option<Meeting> {
    let platform = PLATFORMS.iter().find(|platform| platform.hosts.iter().any(|host| address.is_at(host)))?;
    let (id, joinable) = (platform.read)(address)?;
    Some(Meeting { conference: platform.conference, id, joinable })
}

/// Meet: a code of three, four and three letters, or a nickname; `lookup` names need a sign-in to become a code.
fn meet(address: &Address) -> Option<(String, bool)> {
    if address.host() != "meet.google.com" || !address.is_web() {
        return None;
    }
    match address.segments()[..] {
        [code] | ["_meet", code] if is_meet_code(code) => Some((code.to_ascii_lowercase(), true)),
        [name] | ["_meet", name] if is_meet_nickname(name) => Some((name.to_owned(), true)),
        ["lookup", name] => Some((format!("lookup/{name}"), false)),
        _ => None,
    }
}

fn is_meet_code(code: &str) -> bool {
    let parts: Vec<&str> = code.split('-').collect();
    parts.iter().map(|part| part.len()).eq([3, 4, 3]) && parts.concat().bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Nicknames have a hyphen here: words without one are Meet's own pages.
fn is_meet_nickname(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    plain && (5..=60).contains(&name.len()) && name.contains('-') && !name.starts_with('-') && !name.ends_with('-')
}

/// Zoom: the meeting number, or the personal room's name with its account's host.
fn zoom(address: &Address) -> Option<(String, bool)> {
    let segments = address.segments();
    let id = match segments[..] {
        ["j" | "w" | "s" | "webinar", number] | ["wc", "join", number] | ["wc", number, "join" | "start"] => {
            meeting_number(number)?
        }
        ["join"] => meeting_number(address.query_raw("confno")?)?,
        ["my", name] if is_room_name(name) => format!("{}/my/{}", zoom_account(address.host()), name.to_lowercase()),
        _ => return None,
    };
    Some((id, true))
}

/// Real numbers have nine to eleven digits; shorter ones are taken too, since nothing else has these paths.
fn meeting_number(text: &str) -> Option<String> {
    ((5..=11).contains(&text.len()) && is_digits(text)).then(|| text.to_owned())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_room_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@' | b'+'))
}

/// The host without the name of a data centre (`us02web`), which is not part of the account.
fn zoom_account(host: &str) -> &str {
    match host.split_once('.') {
        Some((label, account)) if label == "www" || label.starts_with("us") && label.ends_with("web") => account,
        _ => host,
    }
}

/// Teams: the thread and message that hold the meeting, or the meeting's number.
fn teams(address: &Address) -> Option<(String, bool)> {
    if address.host().starts_with("dialin.") {
        return None;
    }
    let inner = match address.segments()[..] {
        // The page that offers the program or the browser.
        ["dl", "launcher", "launcher.html"] => Some(decode::percent(address.query_raw("url")?)),
        ["light-meetings", "launch"] => return light_meeting(address.query_raw("coords")?).map(|id| (id, true)),
        _ => None,
    };
    let path_id = || teams_path(address.path());
    let id = match inner {
        Some(inner) => teams_path(inner.strip_prefix("/_#").unwrap_or(&inner)),
        None => path_id().or_else(|| teams_path(address.fragment()?)),
    };
    id.map(|id| (id, true))
}

fn teams_path(path: &str) -> Option<String> {
    let path = path.split(['?', '#', '&']).next().unwrap_or_default();
    match segments(path)[..] {
        ["l", "meetup-join", thread] => Some(thread_id(thread, "0")),
        ["l", "meetup-join", thread, message, ..] => Some(thread_id(thread, message)),
        ["meet", number] if is_digits(number) && (9..=20).contains(&number.len()) => Some(number.to_owned()),
        _ => None,
    }
}

/// Tenant and organizer stay out: they are in some copies of a link only, and the thread is unique without them.
fn thread_id(thread: &str, message: &str) -> String {
    format!("{}/{}", decode::fully(thread), decode::fully(message))
}

/// The light client carries the meeting as base64 of JSON.
fn light_meeting(coords: &str) -> Option<String> {
    let bytes = decode::base64(&decode::percent(coords))?;
    let coords: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    let text = |key: &str| coords.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    match (text("conversationId"), text("meetingCode")) {
        (Some(thread), _) => Some(thread_id(thread, text("messageId").unwrap_or("0"))),
        (None, Some(code)) if is_digits(code) => Some(code.to_owned()),
        _ => None,
    }
}

/// Webex: the site with the meeting's id, or with the name of a personal room.
fn webex(address: &Address) -> Option<(String, bool)> {
    let host = address.host();
    let id = match address.segments()[..] {
        [.., "j.php" | "g.php" | "e.php"] => format!("{host}/{}", decode::percent(address.query_raw("mtid")?)),
        ["meet" | "join", name] if is_room_name(name) => format!("{host}/{}", name.to_lowercase()),
        ["wbxmjs", "joinservice", "sites", site, "meeting", "download", id] => format!("{site}.webex.com/{id}"),
        ["webappng", "sites", site, "meeting", "download" | "info", id] => format!("{site}.webex.com/{id}"),
        ["webappng", "sites", site, "dashboard", "pmr", name] => format!("{site}.webex.com/{}", name.to_lowercase()),
        _ => return None,
    };
    Some((id, true))
}

/// Pages of the service that stand where a room's name could.
const GOTO_PAGES: &[&str] = &["install", "download", "support", "help", "join", "new", "login", "dialin"];

/// GoTo: the meeting's number, or the room's name.
fn goto(address: &Address) -> Option<(String, bool)> {
    let segments = address.segments();
    let name = match segments[..] {
        _ if address.is_at("gotomeeting.com") => match segments[..] {
            ["join", id] | ["meeting", "join", id] => goto_number(id)?,
            [] => goto_number(address.query_raw("meetingid")?)?,
            _ => return None,
        },
        [page, ..] if GOTO_PAGES.iter().any(|known| known.eq_ignore_ascii_case(page)) => return None,
        [room] => goto_number(room).unwrap_or_else(|| room.to_lowercase()),
        [profile, room] => format!("{profile}/{room}").to_lowercase(),
        _ => return None,
    };
    Some((name, true))
}

/// Nine digits, also in groups of three.
fn goto_number(text: &str) -> Option<String> {
    let digits = text.replace('-', "");
    (is_digits(&digits) && (6..=12).contains(&digits.len())).then_some(digits)
}

/// Whether an address holds a password or a token: joining with it needs no more questions.
pub(super) fn has_secret(address: &Address) -> bool {
    let keys = ["pwd", "p", "passcode", "password", "tk"];
    let fragment = address.fragment().and_then(|fragment| fragment.split_once('?')).map(|(_, query)| query);
    keys.iter().any(|key| address.query_raw(key).is_some() || fragment.is_some_and(|query| query_value(query, key).is_some()))
}
