//! The office that the sandbox shows: six people of a small company and the next hours of their calendars.
//!
//! Always the same but for the time of day: everything lies around the moment at which the sandbox starts.

use super::calendar::{Account, Change, Content, Edit, End, Every, Guest, Meeting, Repeats};
use super::script::{Plan, Step, What, in_order};
use crate::host::model::Origin;
use crate::time::{Elapsed, Instant, WeekdaySet, Zone};
use crate::value::Response;
use std::collections::{BTreeMap, BTreeSet};

/// The company's domain.
pub const DOMAIN: &str = "larkspur.example";

/// The company's rules.
pub const RULES: &str = r#"# Larkspur, a maker of garden robots: customers are recorded, salaries and interviews are not.
callsheet 1
layer organisation
our domains @larkspur.example
default skip
defaults with { bot_name: "Larkspur Notes", keep: 90d }

rule private-talk "Salaries and interviews stay private":
  never record
  when title matches /\b(salary|interview)\b/i or visibility is private
  because "What is said about people stays with them"

rule customers "Customer calls":
  always record
  when any attendee is external
  unless title contains "[off the record]"

rule declined:
  skip
  when my response is declined

rule reviews "Reviews and demos":
  record
  when title contains any of ["review", "demo", "retro"]

rule larger "Four or more of us":
  record
  when every attendee is internal and attendees >= 4
"#;

/// Who works there: name, who keeps the calendar, zone.
const PEOPLE: [(&str, Origin, &str); 6] = [
    ("ada", Origin::Google, "Europe/London"),
    ("boris", Origin::Graph, "Europe/Berlin"),
    ("chandra", Origin::Google, "Europe/London"),
    ("delia", Origin::Graph, "Europe/London"),
    ("emil", Origin::Feed, "Europe/Berlin"),
    ("fumiko", Origin::Google, "Europe/Berlin"),
];

const ROSA: &str = "rosa@greenmile.example";
const TOM: &str = "tom@hedgerow.example";
const UMA: &str = "uma@candidates.example";

/// One meeting: minutes from the start of the demonstration, length, title, organizer, guests, link.
type Row = (i64, u32, &'static str, &'static str, &'static [&'static str], &'static str);

const MEETINGS: [Row; 25] = [
    (-20, 60, "Firmware review: mower mk 3", "chandra", &["ada", "fumiko", "boris"], "https://meet.google.com/fir-mwar-rev"),
    (4, 30, "Greenmile: order of 200 mowers", "ada", &["boris", ROSA], "https://us02web.zoom.us/j/81234500001?pwd=larkspur"),
    (6, 15, "Daily", "fumiko", &["ada", "chandra"], "https://meet.google.com/dai-lyya-bcd"),
    (10, 25, "1:1 Boris / Delia", "delia", &["boris"], "https://teams.microsoft.com/meet/21234500002?p=quiet"),
    (15, 45, "Sprint demo 41", "chandra", &["ada", "boris", "delia", "emil", "fumiko"], "https://meet.google.com/spr-demo-abc"),
    (20, 30, "Salary round, second draft", "delia", &["ada", "boris"], "https://teams.microsoft.com/meet/21234500003?p=closed"),
    (25, 45, "Interview: motor control", "fumiko", &["chandra", UMA], "https://meet.google.com/int-view-abc"),
    (30, 30, "Hedgerow: support contract", "boris", &["delia", TOM], "https://teams.microsoft.com/meet/21234500004?p=hedge"),
    (35, 60, "Focus: blade guard drawings", "emil", &[], ""),
    (40, 30, "Quarterly numbers", "ada", &["boris", "delia", "fumiko"], "https://us02web.zoom.us/j/81234500005"),
    (45, 15, "Parts in short supply", "boris", &["emil"], ""),
    (60, 50, "Greenmile: site visit planning", "delia", &["boris", ROSA], "https://teams.microsoft.com/meet/21234500006?p=site"),
    (60, 30, "Battery supplier, options", "emil", &["fumiko", "ada"], "https://us02web.zoom.us/j/81234500007"),
    (75, 45, "Incident review: the hedge in Leeds", "fumiko", &["chandra", "ada", TOM], "https://meet.google.com/inc-iden-tab"),
    (80, 25, "Hedgerow [off the record]", "boris", &[TOM], "https://teams.microsoft.com/meet/21234500008?p=off"),
    (90, 60, "Design critique: charging dock", "ada", &["chandra", "fumiko", "emil"], "https://meet.google.com/des-crit-abc"),
    (105, 30, "Board preparation", "ada", &["delia"], "https://meet.google.com/boa-prep-abc"),
    (120, 45, "Greenmile: weekly", "ada", &["boris", "delia", ROSA], "https://us02web.zoom.us/j/81234500009"),
    (125, 15, "Coffee with Uma", "chandra", &[UMA], ""),
    (150, 60, "Retro", "chandra", &["fumiko", "emil"], "https://meet.google.com/ret-rosp-abc"),
    (
        165,
        30,
        "Works council",
        "delia",
        &["boris", "emil", "ada", "chandra"],
        "https://teams.microsoft.com/meet/21234500010?p=wc",
    ),
    (180, 30, "Hedgerow: invoice questions", "delia", &[TOM], "https://teams.microsoft.com/meet/21234500011?p=inv"),
    (200, 45, "Robot names, round two", "fumiko", &["ada", "boris", "chandra"], "https://meet.google.com/rob-name-abc"),
    (225, 30, "Handover to the night shift", "emil", &["chandra"], "https://us02web.zoom.us/j/81234500012"),
    (240, 60, "Pricing for spring", "boris", &["ada", "delia"], "https://teams.microsoft.com/meet/21234500013?p=spring"),
];

/// Meetings that are series: place in the list, whether daily (else weekly).
const SERIES: [(usize, bool); 3] = [(2, true), (3, false), (17, false)];

/// The company and what happens in its calendars during the first hour.
#[must_use]
pub fn plan(start: Instant) -> Plan {
    let accounts: Vec<Account> = PEOPLE.iter().map(account).collect();
    let made = start - Elapsed::from_hours(30);
    let mut steps: Vec<Step> = MEETINGS
        .iter()
        .enumerate()
        .map(|(place, row)| Step { at: made, what: What::Create(Box::new(meeting(place, row, &accounts, start, made))) })
        .collect();
    steps.extend(edits(start));
    Plan { accounts, steps: in_order(steps), rules: RULES.to_owned(), domain: DOMAIN.to_owned() }
}

fn account((name, origin, zone): &(&str, Origin, &str)) -> Account {
    Account {
        name: (*name).to_owned(),
        address: address(name),
        origin: *origin,
        zone: Zone::named(zone).expect("a zone of the database"),
        client: "sandbox".to_owned(),
        token: format!("sandbox-{name}"),
    }
}

fn address(name: &str) -> String {
    if name.contains('@') { name.to_owned() } else { format!("{name}@{DOMAIN}") }
}

fn handle(place: usize) -> String {
    format!("larkspur{place:02}demo")
}

fn meeting(place: usize, row: &Row, accounts: &[Account], start: Instant, made: Instant) -> Meeting {
    let (minutes, mins, title, host, guests, link) = row;
    let host = accounts.iter().find(|account| account.name == *host).expect("one of the company");
    // On whole minutes, as calendars have it.
    let minute = Instant::from_second(start.as_second().div_euclid(60) * 60).expect("close to a time");
    let first = host.zone.civil(minute + Elapsed::from_mins(*minutes));
    let series = SERIES.iter().find(|(known, _)| *known == place).map(|(_, daily)| match daily {
        true => Every::Days(1),
        false => Every::Weeks(1, WeekdaySet::default().with(first.weekday())),
    });
    let response = |at: usize| if at % 3 == 2 { Response::Tentative } else { Response::Accepted };
    let guests = guests.iter().enumerate().map(|(at, guest)| Guest::person(address(guest)).answered(response(at)));
    let handle = handle(place);
    let number = place as u64;
    let uid = match host.origin {
        Origin::Google => format!("{handle}@google.com"),
        Origin::Graph => super::graph::own_uid(number << 32, 0x1A2B_3C4D_5E6F_7081, number),
        Origin::Feed => format!("{handle}@{DOMAIN}"),
    };
    Meeting {
        uid,
        handle,
        organizer: host.address.clone(),
        content: Content {
            title: (*title).to_owned(),
            link: Some((*link).to_owned()).filter(|link| !link.is_empty()),
            guests: guests.collect(),
            ..Content::default()
        },
        zone: host.zone.clone(),
        first,
        mins: *mins,
        all_day: false,
        repeats: series.map(|every| Repeats { every, end: End::Never }),
        exceptions: BTreeMap::new(),
        cancelled: false,
        dropped: BTreeSet::new(),
        sequence: 0,
        created: made,
        updated: made,
    }
}

/// What people do while the demonstration runs: a little of everything that a host has to follow.
fn edits(start: Instant) -> Vec<Step> {
    let minute = |minutes: i64| {
        let whole = Instant::from_second(start.as_second().div_euclid(60) * 60).expect("close to a time");
        whole + Elapsed::from_mins(minutes)
    };
    let step = |minutes: i64, place: usize, edit: Edit| Step {
        at: start + Elapsed::from_mins(minutes),
        what: What::Edit(handle(place), edit),
    };
    let zone = |name: &str| {
        let zone = PEOPLE.iter().find(|(known, ..)| *known == name).map(|(.., zone)| *zone);
        zone.and_then(Zone::named).expect("a zone of the database")
    };
    let moved = |name: &str, minutes: i64, mins: u32| Edit::Move { first: zone(name).civil(minute(minutes)), mins };
    vec![
        step(2, 10, Edit::Content(Change::Link(Some("https://teams.microsoft.com/meet/21234500014?p=parts".into())))),
        step(3, 9, moved("ada", 50, 30)),
        step(5, 7, Edit::Cancel),
        step(8, 12, Edit::Content(Change::Invite(Guest::person(TOM)))),
        step(12, 15, Edit::Content(Change::Title("Design critique [moved to paper]".into()))),
        step(16, 20, moved("delia", 45, 30)),
        step(22, 11, Edit::Content(Change::Respond(address("boris"), Response::Declined))),
        step(30, 13, Edit::Content(Change::Link(Some("https://meet.google.com/inc-room-two".into())))),
        step(40, 17, Edit::CancelOccurrence(minute(120))),
        step(50, 24, Edit::Recreate),
    ]
}
