//! Who is who: UIDs, occurrences, rooms, and what makes copies one event.

use callsheet::event::identity::{EventCopy, OccurrenceKey, RoomKey, normalise_uid, same_occurrence_groups};
use callsheet::event::link::{LinkSource, find};
use callsheet::event::{Address, Calendar, EntryKind, Event, Occurrence, SeriesFacts};
use callsheet::providers::{google, graph};
use callsheet::time::{Moment, Zone};
use callsheet::value::{Fact, UnknownReason};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use proptest::test_runner::TestRng;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const PLAIN: &str =
    "040000008200E00074C5B7101A82E00800000000488EBEE15C16DC0100000000000000001000000045C9FC6D54F33F41B380736C02CD275A";
const FOREIGN: &str = "040000008200E00074C5B7101A82E0080000000000000000000000000000000000000000320000007643616C2D55696401000000376B756B7571726665646C6D3266397430766B3275397130616240676F6F676C652E636F6D00";
const SHORT: &str = "040000008200E00074C5B7101A82E00800000000000000000000000000000000000000001A0000007643616C2D55696401000000612D3140782E6578616D706C6500";

/// `uid` as somebody else's calendar would wrap it.
fn wrap(uid: &str) -> String {
    let data: String =
        [b"vCal-Uid\x01\x00\x00\x00", uid.as_bytes(), b"\x00"].concat().iter().map(|byte| format!("{byte:02X}")).collect();
    format!("{}{:08X}{data}", &FOREIGN[..72], (data.len() / 2).swap_bytes() >> 32)
}

#[test]
fn uids_have_one_spelling() {
    let dated = format!("{}07EA0309{}", &FOREIGN[..32], &FOREIGN[40..]);
    let wrong_length = format!("{}FFFFFFFF{}", &FOREIGN[..72], &FOREIGN[80..]);
    let told = |uid: &str| {
        let uid = normalise_uid(uid);
        let date = uid.instance_date.map_or(String::new(), |date| format!(" on {date}"));
        let family = uid.series_family.map_or(String::new(), |family| format!(" of {family}"));
        format!("{}{date}{family}\n", uid.norm.as_deref().unwrap_or("none"))
    };
    let not_text = format!("{}7643616C2D55696401000000FF4100", &FOREIGN[..80]);
    let inputs = [
        PLAIN,
        &PLAIN.to_lowercase(),
        &format!("{}07EA0309{}", &PLAIN[..32], &PLAIN[40..]),
        FOREIGN,
        &dated,
        SHORT,
        &FOREIGN[..FOREIGN.len() - 2],
        &wrong_length,
        &wrap(FOREIGN),
        &wrap(&wrap(FOREIGN)),
        &PLAIN[..60],
        &PLAIN[..79],
        "abc_R20260309T090000@google.com",
        "abc_R20260309@google.com",
        "abc_Rx@google.com",
        "_R20260309@google.com",
        " Mixed-Case@Example.com ",
        "",
        "  ",
        &not_text,
        "e\u{301}-uid",
    ];
    expect![[r#"
        040000008200E00074C5B7101A82E00800000000488EBEE15C16DC0100000000000000001000000045C9FC6D54F33F41B380736C02CD275A
        040000008200E00074C5B7101A82E00800000000488EBEE15C16DC0100000000000000001000000045C9FC6D54F33F41B380736C02CD275A
        040000008200E00074C5B7101A82E00800000000488EBEE15C16DC0100000000000000001000000045C9FC6D54F33F41B380736C02CD275A on 2026-03-09
        7kukuqrfedlm2f9t0vk2u9q0ab@google.com
        7kukuqrfedlm2f9t0vk2u9q0ab@google.com on 2026-03-09
        a-1@x.example
        7kukuqrfedlm2f9t0vk2u9q0ab@google.com
        7kukuqrfedlm2f9t0vk2u9q0ab@google.com
        7kukuqrfedlm2f9t0vk2u9q0ab@google.com
        7kukuqrfedlm2f9t0vk2u9q0ab@google.com
        040000008200E00074C5B7101A82E00800000000488EBEE15C16DC010000
        040000008200E00074C5B7101A82E00800000000488EBEE15C16DC0100000000000000001000000
        abc_R20260309T090000@google.com of abc@google.com
        abc_R20260309@google.com of abc@google.com
        abc_Rx@google.com
        _R20260309@google.com
        Mixed-Case@Example.com
        none
        none
        \xffA
        é-uid
    "#]].assert_eq(&inputs.iter().map(|uid| told(uid)).collect::<String>());
}

/// The occurrence that an entry is, read alone.
fn occurrence(event: &Event) -> Occurrence {
    let (recurrence_id, series) = match &event.kind {
        EntryKind::Instance { recurrence_id, .. } => {
            (Some(recurrence_id.clone()), SeriesFacts::Orphan(UnknownReason::MasterUnreadable))
        }
        _ => (None, SeriesFacts::NotRecurring),
    };
    Occurrence {
        uid: event.uid.clone(),
        provider_id: event.provider_id.clone(),
        recurrence_id,
        series,
        start: event.start.clone(),
        end: event.end.clone(),
        first: Fact::Known(false),
        moved: Fact::Known(false),
        changed: Fact::Known(false),
        sub_hourly: false,
        revision: event.revision,
        facts: event.facts.clone(),
    }
}

fn copies(calendar: &Calendar) -> Vec<EventCopy> {
    calendar.events.iter().map(|event| EventCopy::of(&occurrence(event))).collect()
}

#[test]
fn occurrences_are_named_by_their_original_start() {
    let google = google::read(
        json!({"items": [
            {"id": "s", "iCalUID": "single", "start": {"dateTime": "2026-03-02T10:00:00Z"}},
            {"id": "t_1", "recurringEventId": "t", "originalStartTime": {"dateTime": "2026-03-02T10:00:00+01:00"}, "start": {"dateTime": "2026-03-03T12:00:00+01:00"}},
            {"id": "d_1", "recurringEventId": "d", "originalStartTime": {"date": "2026-03-02"}, "start": {"date": "2026-03-03"}},
            {"id": "o", "iCalUID": format!("{}07EA0309{}", &PLAIN[..32], &PLAIN[40..]), "start": {"dateTime": "2026-03-09T10:00:00Z"}},
            {"id": "m_1", "recurringEventId": "m", "originalStartTime": {"date": "2026-03-02"}, "start": {"dateTime": "2026-03-03T12:00:00Z"}},
        ]})
        .to_string()
        .as_bytes(),
        &Zone::utc(),
    );
    let keys: Vec<String> = copies(&google.expect("events")).iter().map(|copy| copy.key.to_string()).collect();
    assert_eq!(keys, ["single", "2026-03-02T09:00:00Z", "2026-03-02", "date:2026-03-09", "date:2026-03-02"]);
}

#[test]
fn one_meeting_seen_through_two_providers_is_one_event() {
    let link = "https://us02web.zoom.us/j/5551112222";
    let by_google = google::read(
        json!({"items": [{"id": "a_20260309T090000Z", "iCalUID": "7kukuqrfedlm2f9t0vk2u9q0ab@google.com", "recurringEventId": "a", "location": format!("{link}?pwd=x"),
            "originalStartTime": {"dateTime": "2026-03-09T09:00:00Z", "timeZone": "Europe/London"}, "start": {"dateTime": "2026-03-09T09:00:00Z", "timeZone": "Europe/London"},
            "organizer": {"email": "dana@acme.com"}}]})
        .to_string()
        .as_bytes(),
        &Zone::utc(),
    );
    // Invited to one occurrence: the date is in the UID, the organizer is spelled as an alias.
    let by_graph = graph::read(
        json!({"value": [{"id": "b", "type": "singleInstance", "iCalUId": format!("{}07EA0309{}", &FOREIGN[..32], &FOREIGN[40..]), "location": {"displayName": link},
            "start": {"dateTime": "2026-03-09T09:00:00.0000000", "timeZone": "UTC"}, "organizer": {"emailAddress": {"address": "dana.k@acme.co.uk"}}}]})
        .to_string()
        .as_bytes(),
        &Zone::utc(),
    );
    let copies: Vec<EventCopy> =
        [by_google, by_graph].into_iter().flat_map(|calendar| copies(&calendar.expect("events"))).collect();
    let grouping = same_occurrence_groups(&copies);
    assert_eq!((grouping.events, grouping.dispatches, grouping.conflicts), (vec![vec![0, 1]], vec![vec![0]], vec![]));
}

/// `uid occurrence organizer room`, with `-` for nothing.
fn copy(line: &str) -> EventCopy {
    let [uid, key, organizer, room] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    let key = match key.split_once(':') {
        None if key == "single" => OccurrenceKey::Single,
        Some(("date", date)) => OccurrenceKey::OnDate(date.parse().expect("a date")),
        _ => OccurrenceKey::At(key.parse().expect("an instant")),
    };
    let start = match &key {
        OccurrenceKey::At(at) => *at,
        _ => "2026-03-09T09:00:00Z".parse().expect("an instant"),
    };
    let room = (room != "-").then(|| {
        let link = find(&[LinkSource::Url(&format!("https://zoom.us/j/{room}"))]).known().cloned().flatten().expect("a link");
        RoomKey::of(&link, start).expect("a room")
    });
    EventCopy {
        uid: normalise_uid(uid.trim_matches('-')),
        key,
        zone: Zone::named("Europe/London").expect("a zone"),
        organizer: Address::parse(organizer),
        room,
    }
}

fn check(lines: &[&str], expected: Expect) {
    let copies: Vec<EventCopy> = lines.iter().map(|line| copy(line)).collect();
    let grouping = same_occurrence_groups(&copies);
    let conflicts: Vec<String> =
        grouping.conflicts.iter().map(|conflict| format!("{} {} {:?}", conflict.uid, conflict.key, conflict.events)).collect();
    expected.assert_eq(&format!("events {:?}, dispatches {:?}, conflicts {conflicts:?}", grouping.events, grouping.dispatches));
}

#[test]
fn copies_need_more_than_a_uid_to_be_one_event() {
    check(
        &["u single a@x.com -", "u single a@x.com -", "u single b@x.com -"],
        expect![[r#"events [[0, 1], [2]], dispatches [[0], [1]], conflicts ["u single [0, 1]"]"#]],
    );
    check(
        &["u single a@x.com 5551112222", "u single b@x.com 5551112222", "u single b@x.com -"],
        expect!["events [[0, 1, 2]], dispatches [[0]], conflicts []"],
    );
    check(
        &["u single - -", "u single - -"],
        expect![[r#"events [[0], [1]], dispatches [[0], [1]], conflicts ["u single [0, 1]"]"#]],
    );
    check(
        &["u 2026-03-09T09:00:00Z a@x.com -", "u 2026-03-16T09:00:00Z a@x.com -", "u date:2026-03-09 a@x.com -"],
        expect!["events [[0, 2], [1]], dispatches [[0], [1]], conflicts []"],
    );
    // Two on one day: a date alone names neither.
    check(
        &["u 2026-03-09T09:00:00Z a@x.com -", "u 2026-03-09T15:00:00Z a@x.com -", "u date:2026-03-09 a@x.com -"],
        expect!["events [[0], [1], [2]], dispatches [[0], [1], [2]], conflicts []"],
    );
    // No UID, or another one: only the room joins, and only at the same start.
    check(
        &["u single a@x.com 5551112222", "- single c@y.com 5551112222", "v 2026-03-10T09:00:00Z a@x.com 5551112222"],
        expect!["events [[0], [1], [2]], dispatches [[0, 1], [2]], conflicts []"],
    );
}

#[test]
fn links_that_no_bot_joins_make_no_room() {
    let link = find(&[LinkSource::Url("https://meet.jit.si/acme")]).known().cloned().flatten().expect("a link");
    assert_eq!(RoomKey::of(&link, "2026-03-09T09:00:00Z".parse().expect("an instant")), None);
    let room = copy("u single a@x.com 5551112222").room.expect("a room");
    assert_eq!(room.to_string(), "zoom:5551112222@2026-03-09T09:00:00Z");
    assert_eq!(
        OccurrenceKey::At("2026-03-09T23:30:00Z".parse().expect("an instant"))
            .date_in(&Zone::named("Asia/Tokyo").expect("a zone"))
            .map(|date| date.to_string())
            .as_deref(),
        Some("2026-03-10")
    );
    assert!(Moment::Day("2026-03-09".parse().expect("a date")).is_day());
}

fn any_copy() -> impl Strategy<Value = EventCopy> {
    let part = |choices: &'static [&'static str]| prop::sample::select(choices);
    let key = part(&[
        "single",
        "2026-03-09T09:00:00Z",
        "2026-03-09T15:00:00Z",
        "2026-03-10T09:00:00Z",
        "date:2026-03-09",
        "date:2026-03-10",
    ]);
    (part(&["u", "v", "-"]), key, part(&["a@x.com", "b@x.com", "c@y.com", "-"]), part(&["5551112222", "5553334444", "-"]))
        .prop_map(|(uid, key, organizer, room)| copy(&format!("{uid} {key} {organizer} {room}")))
}

proptest! {
    #[test]
    fn the_order_of_the_copies_decides_nothing(copies in prop::collection::vec(any_copy(), 0..12), seed in any::<[u8; 32]>()) {
        let mut order: Vec<usize> = (0..copies.len()).collect();
        let mut random = TestRng::from_seed(prop::test_runner::RngAlgorithm::ChaCha, &seed);
        for last in (1..order.len()).rev() {
            order.swap(last, (random.next_u32() as usize) % (last + 1));
        }
        let shuffled: Vec<EventCopy> = order.iter().map(|place| copies[*place].clone()).collect();
        let (one, other) = (same_occurrence_groups(&copies), same_occurrence_groups(&shuffled));
        // Each as sets of places in the first order.
        let events = |events: &[Vec<usize>], place: &dyn Fn(usize) -> usize| -> Vec<BTreeSet<usize>> { events.iter().map(|members| members.iter().map(|copy| place(*copy)).collect()).collect() };
        let (here, there) = (events(&one.events, &|copy| copy), events(&other.events, &|copy| order[copy]));
        prop_assert_eq!(here.iter().cloned().collect::<BTreeSet<_>>(), there.iter().cloned().collect::<BTreeSet<_>>());
        let joined = |lists: &[Vec<usize>], events: &[BTreeSet<usize>]| -> BTreeSet<BTreeSet<BTreeSet<usize>>> { lists.iter().map(|list| list.iter().map(|event| events[*event].clone()).collect()).collect() };
        prop_assert_eq!(joined(&one.dispatches, &here), joined(&other.dispatches, &there));
        let conflicts = |grouping: &callsheet::event::identity::Grouping, events: &[BTreeSet<usize>]| -> BTreeMap<String, BTreeSet<BTreeSet<usize>>> {
            grouping.conflicts.iter().map(|conflict| (format!("{} {}", conflict.uid, conflict.key), conflict.events.iter().map(|event| events[*event].clone()).collect())).collect()
        };
        prop_assert_eq!(conflicts(&one, &here), conflicts(&other, &there));
        // Every copy is in one event, every event in one dispatch.
        prop_assert_eq!(one.events.concat().into_iter().collect::<BTreeSet<_>>().len(), copies.len());
        prop_assert_eq!(one.events.concat().len(), copies.len());
        prop_assert_eq!(one.dispatches.concat().len(), one.events.len());
    }

    #[test]
    fn uids_are_read_without_a_fault_and_once_and_for_all(uid in "(040000008200e00074C5B7101A82E008|7643616C2D55696401000000|[0-9a-fA-F]{8}|_R20260309|@google.com|\\PC){0,14}") {
        let once = normalise_uid(&uid);
        if let Some(norm) = &once.norm {
            prop_assert_eq!(normalise_uid(norm).norm, Some(norm.clone()));
        }
    }
}
