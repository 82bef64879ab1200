//! Each row of the protocol as a story: what happened at which second from the start, and what followed.

use super::{Effect, Input, LEASE_SECS, Step, event, is_due, step};
use crate::host::bots::{BotState, CreateAnswer, FindAnswer, RecallAnswer, Spec, Word};
use crate::host::dispatch::key::{Keyed, late_at};
use crate::host::model::{Dispatch, DispatchState, ErrandId, TenantId};
use crate::time::{Elapsed, Instant};
use expect_test::{Expect, expect};
use serde_json::Value;
use std::fmt::Write as _;
use std::time::Duration;

pub(super) const PASSWORD: &str = "hunter2";

/// So many seconds after the start.
pub(super) fn at(secs: i64) -> Instant {
    "2026-03-02T10:00:00Z".parse::<Instant>().expect("an instant").checked_add(Elapsed::from_secs(secs)).expect("near")
}

pub(super) fn seconds(instant: Instant) -> i64 {
    instant.duration_since(at(0)).as_secs()
}

/// A bot that is to be asked for 100 seconds before the start.
pub(super) fn planned() -> Dispatch {
    let spec = Spec {
        meeting: "m-1".into(),
        join_at: at(-90),
        start: at(0),
        end: Some(at(1800)),
        platform: "zoom".into(),
        room: "zoom/123".into(),
        url: format!("https://zoom.us/j/123?pwd={PASSWORD}"),
        bot_name: None,
        language: None,
        keep_secs: None,
        tags: Vec::new(),
        extra: serde_json::Map::new(),
    };
    Dispatch {
        tenant: TenantId(1),
        meeting: "m-1".into(),
        epoch: 0,
        key: Keyed { tenant: TenantId(1), meeting: "m-1", epoch: 0 }.key(),
        state: DispatchState::Planned,
        due_at: Some(at(-100)),
        fire_at: at(-100),
        start: at(0),
        late_at: late_at(at(0), Some(at(1800)), -90),
        spec: spec.to_text(),
        fence: 0,
        owner: None,
        lease_until: None,
        attempts: 0,
        verified: false,
        reason: None,
        calendar: true,
        errand: None,
        version: 1,
    }
}

const DUE: Input<'static> = Input::Due { host: "a" };
const NOT_THERE: FindAnswer = FindAnswer::None;

fn created(fence: u64, answer: CreateAnswer) -> Input<'static> {
    Input::CreateAnswered { fence, answer }
}

fn accepted(fence: u64) -> Input<'static> {
    created(fence, CreateAnswer::Accepted(BotState::Coming))
}

fn refused(fence: u64) -> Input<'static> {
    created(fence, CreateAnswer::Refused { after: None, reason: Word::of("no-capacity") })
}

fn found(fence: u64, answer: FindAnswer) -> Input<'static> {
    Input::Found { fence, answer }
}

fn recalled(fence: u64, answer: RecallAnswer) -> Input<'static> {
    Input::RecallAnswered { fence, answer }
}

fn show(row: &Dispatch, step: &Step) -> String {
    let mut text = String::new();
    let Some(next) = &step.next else {
        assert!(step.effects.is_empty(), "effects without a row");
        return "–".into();
    };
    assert_eq!(next.version, row.version, "the store counts versions");
    let due = next.due_at.map_or("never".to_owned(), |due| seconds(due).to_string());
    write!(text, "{} #{} ~{} due {due}", next.state.word(), next.fence, next.attempts).expect("text");
    if let Some(reason) = &next.reason {
        write!(text, " ({reason})").expect("text");
    }
    for effect in &step.effects {
        match effect {
            Effect::Create { fence, attempt, until, .. } => {
                write!(text, "; create #{fence} ~{attempt} until {}", seconds(*until))
            }
            Effect::Find { fence, .. } => write!(text, "; find #{fence}"),
            Effect::Recall { fence, .. } => write!(text, "; recall #{fence}"),
            Effect::Tell(event) => {
                let body: Value = serde_json::from_str(&event.body).expect("JSON");
                write!(text, "; {}{}", event.kind, body["reason"].as_str().map(|why| format!(" ({why})")).unwrap_or_default())
            }
        }
        .expect("text");
    }
    text
}

/// `#`: fence, `~`: attempts; a dash: nothing changes.
fn story(happened: &[(i64, Input<'_>)], expected: Expect) -> Dispatch {
    from(planned(), happened, expected)
}

fn from(mut row: Dispatch, happened: &[(i64, Input<'_>)], expected: Expect) -> Dispatch {
    let mut text = String::new();
    for (secs, input) in happened {
        let step = step(&row, at(*secs), input.clone());
        writeln!(text, "{secs}: {}", show(&row, &step)).expect("text");
        row = step.next.unwrap_or(row);
    }
    expected.assert_eq(&text);
    row
}

#[test]
fn bot_is_asked_for_followed_and_seen_off() {
    let happened = [
        (-110, DUE),
        (-105, Input::PreflightAnswered { confirmed: true }),
        (-100, DUE),
        (-95, DUE),
        (-94, accepted(1)),
        (20, DUE),
        (21, found(1, FindAnswer::Bot(BotState::Joined))),
        (81, DUE),
        (82, found(1, FindAnswer::Bot(BotState::Joined))),
        (1801, Input::BotState(BotState::Ended)),
        (1802, Input::BotState(BotState::Ended)),
        (1803, Input::Withdraw("cancelled")),
        (1804, DUE),
    ];
    let row = story(
        &happened,
        expect![[r#"
        -110: –
        -105: planned #0 ~0 due -100
        -100: claimed #1 ~1 due -85; create #1 ~1 until -90
        -95: –
        -94: accepted #1 ~1 due 20; dispatch.accepted
        20: accepted #1 ~1 due 80; find #1
        21: joined #1 ~1 due 81; dispatch.joined
        81: joined #1 ~1 due 141; find #1
        82: –
        1801: ended #1 ~1 due never; dispatch.ended
        1802: –
        1803: –
        1804: –
    "#]],
    );
    assert!(row.verified);
}

#[test]
fn refused_tries_back_off_and_miss_at_the_deadline_with_the_last_reason() {
    let asked = created(3, CreateAnswer::Refused { after: Some(Duration::from_millis(90_500)), reason: Word::of("throttled") });
    let greedy = created(4, CreateAnswer::Refused { after: Some(Duration::from_secs(86_400)), reason: Word::of("throttled") });
    let happened = [
        (-100, DUE),
        (-99, refused(1)),
        (-98, DUE),
        (-97, refused(2)),
        (-96, DUE),
        (-95, DUE),
        (-94, asked),
        (-3, DUE),
        (-2, DUE),
        (-1, greedy),
        (299, DUE),
        (300, created(5, CreateAnswer::Refused { after: None, reason: Word::of("no-capacity") })),
        (599, DUE),
        (600, refused(6)),
        (600, DUE),
        (601, recalled(2, RecallAnswer::Confirmed)),
        (602, DUE),
    ];
    story(
        &happened,
        expect![[r#"
            -100: claimed #1 ~1 due -85; create #1 ~1 until -90
            -99: planned #1 ~1 due -98 (no-capacity)
            -98: claimed #2 ~2 due -83 (no-capacity); create #2 ~2 until -88
            -97: planned #2 ~2 due -95 (no-capacity)
            -96: –
            -95: claimed #3 ~3 due -80 (no-capacity); create #3 ~3 until -85
            -94: planned #3 ~3 due -3 (throttled)
            -3: claimed #4 ~4 due 12 (throttled); create #4 ~4 until 7
            -2: –
            -1: planned #4 ~4 due 299 (throttled)
            299: claimed #5 ~5 due 314 (throttled); create #5 ~5 until 309
            300: planned #5 ~5 due 316 (no-capacity)
            599: claimed #6 ~6 due 614 (no-capacity); create #6 ~6 until 609
            600: missed #7 ~6 due 600 (no-capacity); dispatch.missed (no-capacity)
            600: missed #7 ~6 due 602 (no-capacity); recall #7
            601: missed #7 ~6 due never (no-capacity)
            602: –
        "#]],
    );
}

#[test]
fn ambiguous_create_is_looked_up_before_it_is_repeated_as_the_same_try() {
    let happened = [
        (-100, DUE),
        (-92, created(1, CreateAnswer::Ambiguous)),
        (-91, DUE),
        (-90, DUE),
        (-89, found(1, FindAnswer::Ambiguous)),
        (-86, DUE),
        (-85, found(1, NOT_THERE)),
        (-84, DUE),
        (-83, created(2, CreateAnswer::Ambiguous)),
        (-81, DUE),
        (-80, found(2, FindAnswer::Bot(BotState::Joined))),
    ];
    story(
        &happened,
        expect![[r#"
        -100: claimed #1 ~1 due -85; create #1 ~1 until -90
        -92: unknown #1 ~0 due -90
        -91: –
        -90: unknown #1 ~0 due -80; find #1
        -89: unknown #1 ~0 due -86
        -86: unknown #1 ~0 due -76; find #1
        -85: planned #1 ~0 due -84
        -84: claimed #2 ~1 due -69; create #2 ~1 until -74
        -83: unknown #2 ~0 due -81
        -81: unknown #2 ~0 due -71; find #2
        -80: joined #2 ~0 due -20; dispatch.accepted; dispatch.joined
    "#]],
    );
}

#[test]
fn lease_that_ran_out_is_taken_over_by_a_find_and_its_holder_counts_no_more() {
    let happened = [
        (-100, DUE),
        (-86, DUE),
        (-85, Input::Due { host: "b" }),
        (-84, refused(1)),
        (-84, created(1, CreateAnswer::Ambiguous)),
        (-83, found(1, NOT_THERE)),
        (-82, found(2, NOT_THERE)),
        (-81, Input::Due { host: "b" }),
        (-80, created(1, CreateAnswer::RefusedForGood(Word::of("bad")))),
        (-79, accepted(1)),
        (-78, accepted(3)),
    ];
    story(
        &happened,
        expect![[r#"
        -100: claimed #1 ~1 due -85; create #1 ~1 until -90
        -86: –
        -85: unknown #2 ~1 due -75; find #2
        -84: –
        -84: –
        -83: –
        -82: planned #2 ~1 due -81
        -81: claimed #3 ~2 due -66; create #3 ~2 until -71
        -80: –
        -79: accepted #3 ~2 due 20; dispatch.accepted
        -78: –
    "#]],
    );
}

#[test]
fn withdrawn_before_any_claim_needs_no_recall() {
    story(
        &[(-200, Input::Withdraw("cancelled")), (-199, Input::Withdraw("again")), (-100, DUE)],
        expect![[r#"
        -200: withdrawn #0 ~0 due never (cancelled); dispatch.withdrawn (cancelled)
        -199: –
        -100: –
    "#]],
    );
}

#[test]
fn recall_overtakes_a_create_and_is_repeated_until_confirmed() {
    let happened = [
        (-100, DUE),
        (-99, Input::Withdraw("moved")),
        (-98, accepted(1)),
        (-98, Input::BotState(BotState::Joined)),
        (-97, Input::Withdraw("cancelled")),
        (-96, recalled(2, RecallAnswer::Ambiguous)),
        (-93, DUE),
        (-92, recalled(2, RecallAnswer::Failed { after: Some(Duration::from_secs(20)), reason: Word::of("throttled") })),
        (-72, DUE),
        (-62, DUE),
        (-61, recalled(2, RecallAnswer::Confirmed)),
        (-60, recalled(2, RecallAnswer::Confirmed)),
        (-59, DUE),
    ];
    story(
        &happened,
        expect![[r#"
            -100: claimed #1 ~1 due -85; create #1 ~1 until -90
            -99: recalling #2 ~1 due -97 (moved); recall #2
            -98: –
            -98: –
            -97: –
            -96: recalling #2 ~1 due -93 (moved)
            -93: recalling #2 ~1 due -87 (moved); recall #2
            -92: recalling #2 ~1 due -72 (moved)
            -72: recalling #2 ~1 due -62 (moved); recall #2
            -62: recalling #2 ~1 due -52 (moved); recall #2
            -61: recalled #2 ~1 due never (moved); dispatch.recalled (moved)
            -60: –
            -59: –
        "#]],
    );
}

/// A host died after it had stored that it recalls, and before it asked. The next bot of a meeting that moved set out after
/// [`super::HEAD_START_SECS`], and the recall was repeated ten seconds after the first: two bots in one meeting for seven.
#[test]
fn a_young_recall_is_repeated_before_the_next_bot_sets_out() {
    story(
        &[(-100, DUE), (-99, Input::Withdraw("moved")), (-97, DUE), (-95, DUE), (-91, DUE), (-83, DUE), (-73, DUE)],
        expect![[r#"
            -100: claimed #1 ~1 due -85; create #1 ~1 until -90
            -99: recalling #2 ~1 due -97 (moved); recall #2
            -97: recalling #2 ~1 due -95 (moved); recall #2
            -95: recalling #2 ~1 due -91 (moved); recall #2
            -91: recalling #2 ~1 due -83 (moved); recall #2
            -83: recalling #2 ~1 due -73 (moved); recall #2
            -73: recalling #2 ~1 due -63 (moved); recall #2
        "#]],
    );
}

#[test]
fn service_without_tombstones_is_watched_until_requests_have_arrived() {
    let absent = |fence| recalled(fence, RecallAnswer::Absent);
    let happened = [
        (-100, DUE),
        (-99, Input::Withdraw("moved")),
        (-98, absent(2)),
        (-83, DUE),
        (-38, DUE),
        // Asked before the minute was over, heard after.
        (-38, absent(2)),
        (-37, absent(3)),
    ];
    let row = story(
        &happened,
        expect![[r#"
            -100: claimed #1 ~1 due -85; create #1 ~1 until -90
            -99: recalling #2 ~1 due -97 (moved); recall #2
            -98: recalling #2 ~1 due -83 (moved)
            -83: recalling #2 ~1 due -73 (moved); recall #2
            -38: recalling #3 ~1 due -28 (moved); recall #3
            -38: recalling #3 ~1 due -23 (moved)
            -37: recalled #3 ~1 due never (moved); dispatch.recalled (moved)
        "#]],
    );
    // It came even later than that: the service tells of it, and it is made to go.
    from(
        row,
        &[(0, Input::BotState(BotState::Joined)), (1, absent(3)), (2, absent(4))],
        expect![[r#"
            0: recalled #4 ~1 due 10 (moved); recall #4
            1: recalled #4 ~1 due 16 (moved)
            2: recalled #4 ~1 due never (moved)
        "#]],
    );
}

#[test]
fn planned_again_after_a_try_is_recalled_not_just_withdrawn() {
    story(
        &[(-100, DUE), (-99, refused(1)), (-98, Input::Withdraw("cancelled"))],
        expect![[r#"
            -100: claimed #1 ~1 due -85; create #1 ~1 until -90
            -99: planned #1 ~1 due -98 (no-capacity)
            -98: recalling #2 ~1 due -96 (cancelled); recall #2
        "#]],
    );
}

#[test]
fn unclear_at_the_deadline_is_told_within_a_minute_and_still_looked_for() {
    let happened = [
        (-100, DUE),
        (-92, created(1, CreateAnswer::Ambiguous)),
        (590, DUE),
        (600, DUE),
        (610, found(1, FindAnswer::Ambiguous)),
        (645, DUE),
        (655, DUE),
    ];
    let row = story(
        &happened,
        expect![[r#"
        -100: claimed #1 ~1 due -85; create #1 ~1 until -90
        -92: unknown #1 ~0 due -90
        590: unknown #1 ~0 due 600; find #1
        600: unknown #1 ~0 due 610; find #1
        610: unknown #1 ~0 due 613
        645: unknown #1 ~0 due 655 (unconfirmed); dispatch.missed (unconfirmed); find #1
        655: unknown #1 ~0 due 665 (unconfirmed); find #1
    "#]],
    );
    from(
        row.clone(),
        &[(700, found(1, NOT_THERE)), (700, DUE)],
        expect![[r#"
        700: missed #2 ~0 due 700 (unconfirmed)
        700: missed #2 ~0 due 712 (unconfirmed); recall #2
    "#]],
    );
    from(
        row.clone(),
        &[(700, Input::Withdraw("cancelled"))],
        expect![[r#"
            700: recalling #2 ~0 due 702 (cancelled); recall #2
        "#]],
    );
    let there = found(1, FindAnswer::Bot(BotState::Coming));
    from(
        row.clone(),
        &[(700, there), (760, found(1, NOT_THERE)), (770, DUE)],
        expect![[r#"
        700: accepted #1 ~0 due 730 (unconfirmed); dispatch.accepted (unconfirmed)
        760: missed #2 ~0 due 760 (unconfirmed)
        770: missed #2 ~0 due 791 (unconfirmed); recall #2
    "#]],
    );
    from(
        row,
        &[(40 * 3600, DUE)],
        expect![[r#"
        144000: missed #2 ~0 due 144000 (unconfirmed)
    "#]],
    );
}

#[test]
fn refusal_for_good_tombstone_and_failed_bot_are_missed_at_once() {
    story(
        &[(-100, DUE), (-99, created(1, CreateAnswer::RefusedForGood(Word::of("unsupported-platform"))))],
        expect![[r#"
        -100: claimed #1 ~1 due -85; create #1 ~1 until -90
        -99: missed #2 ~1 due -99 (unsupported-platform); dispatch.missed (unsupported-platform)
    "#]],
    );
    story(
        &[(-100, DUE), (-99, created(1, CreateAnswer::Tombstoned))],
        expect![[r#"
        -100: claimed #1 ~1 due -85; create #1 ~1 until -90
        -99: missed #2 ~1 due -99 (tombstoned); dispatch.missed (tombstoned)
    "#]],
    );
    story(
        &[(-100, DUE), (-99, accepted(1)), (5, Input::BotState(BotState::Failed(Word::of("not_admitted"))))],
        expect![[r#"
        -100: claimed #1 ~1 due -85; create #1 ~1 until -90
        -99: accepted #1 ~1 due 20; dispatch.accepted
        5: missed #2 ~1 due 5 (not-admitted); dispatch.missed (not-admitted)
    "#]],
    );
    story(
        &[
            (-100, DUE),
            (-99, accepted(1)),
            (5, Input::BotState(BotState::Joined)),
            (9, Input::BotState(BotState::Failed(Word::of("crash")))),
        ],
        expect![[r#"
            -100: claimed #1 ~1 due -85; create #1 ~1 until -90
            -99: accepted #1 ~1 due 20; dispatch.accepted
            5: joined #1 ~1 due 65; dispatch.joined
            9: ended #1 ~1 due never (crash); dispatch.ended (crash)
        "#]],
    );
}

#[test]
fn bot_that_vanished_is_believed_only_when_it_is_late() {
    let happened = [(-100, DUE), (-99, accepted(1)), (20, DUE), (21, found(1, NOT_THERE)), (601, found(1, NOT_THERE))];
    story(
        &happened,
        expect![[r#"
        -100: claimed #1 ~1 due -85; create #1 ~1 until -90
        -99: accepted #1 ~1 due 20; dispatch.accepted
        20: accepted #1 ~1 due 80; find #1
        21: –
        601: missed #2 ~1 due 601 (vanished); dispatch.missed (vanished)
    "#]],
    );
    let happened = [(-100, DUE), (-99, accepted(1)), (30 * 3600, DUE), (36 * 3600, DUE)];
    story(
        &happened,
        expect![[r#"
        -100: claimed #1 ~1 due -85; create #1 ~1 until -90
        -99: accepted #1 ~1 due 20; dispatch.accepted
        108000: accepted #1 ~1 due 108900; find #1
        129600: missed #2 ~1 due 129600 (never-joined); dispatch.missed (never-joined)
    "#]],
    );
}

#[test]
fn spec_that_cannot_be_read_is_missed_without_a_try() {
    let row = Dispatch { spec: "{".into(), ..planned() };
    from(
        row,
        &[(-100, DUE)],
        expect![[r#"
        -100: missed #0 ~0 due never (spec-unreadable); dispatch.missed (spec-unreadable)
    "#]],
    );
}

#[test]
fn clock_that_jumped_forward_misses_aloud() {
    story(
        &[(3600, DUE)],
        expect![[r#"
        3600: missed #0 ~0 due never (late); dispatch.missed (late)
    "#]],
    );
}

#[test]
fn clock_that_jumped_back_fires_nothing_twice_and_strands_nothing() {
    // Claimed an hour ahead of time; the holder died. Nobody waits an hour for the lease, and the service is asked first.
    let mut ahead = planned();
    ahead.late_at = at(7200);
    let row = from(
        ahead,
        &[(3500, DUE), (3501, DUE), (-100, DUE), (-99, found(2, NOT_THERE))],
        expect![[r#"
        3500: claimed #1 ~1 due 3515; create #1 ~1 until 3510
        3501: –
        -100: unknown #2 ~1 due -90; find #2
        -99: planned #2 ~1 due -98
    "#]],
    );
    // The next try waits for its pause, whatever the clock does; a pause that no clock of today made is over.
    from(
        row.clone(),
        &[(-99, DUE), (-97, DUE)],
        expect![[r#"
        -99: –
        -97: claimed #3 ~2 due -82; create #3 ~2 until -87
    "#]],
    );
    let stale = Dispatch { due_at: Some(at(3500)), ..row.clone() };
    from(
        stale,
        &[(-98, DUE)],
        expect![[r#"
        -98: claimed #3 ~2 due -83; create #3 ~2 until -88
    "#]],
    );
    from(
        row,
        &[(-3600, DUE)],
        expect![[r#"
        -3600: –
    "#]],
    );
    // A clock that jumps back before the planned second waits for it again.
    assert!(!is_due(&planned(), at(-4000)));
}

#[test]
fn attempts_end() {
    let row = Dispatch { attempts: super::ATTEMPTS_MAX, fence: 200, reason: Some("no-capacity".into()), ..planned() };
    from(
        row,
        &[(-100, DUE)],
        expect![[r#"
        -100: missed #201 ~128 due -100 (no-capacity); dispatch.missed (no-capacity)
    "#]],
    );
}

#[test]
fn holder_must_stop_before_its_lease_ends() {
    let step = step(&planned(), at(-100), DUE);
    let row = step.next.expect("claimed");
    let Some(Effect::Create { until, .. }) = step.effects.first() else { panic!("no create") };
    assert_eq!(row.lease_until.expect("a lease").duration_since(*until), Elapsed::from_secs(5));
    assert_eq!(seconds(row.lease_until.expect("a lease")), -100 + LEASE_SECS);
}

#[test]
fn nothing_that_can_be_printed_holds_the_password() {
    let row = planned();
    assert!(row.spec.contains(PASSWORD));
    let step = step(&row, at(-100), DUE);
    let events: String = step.told().map(|event| event.body).collect();
    let broken = Spec::read(&row.spec.replace("start", "begin")).expect_err("no start");
    let printed = format!("{row:?}{row:#?}{step:?}{broken:?}{broken}{events}");
    assert!(!printed.contains(PASSWORD), "{printed}");
    assert!(format!("{step:?}").contains("Create"), "the spec was printed at all");
}

#[test]
fn events_name_everybody_who_wants_the_bot() {
    let told = |calendar, errand| {
        let row = Dispatch { calendar, errand, ..planned() };
        let body: Value = serde_json::from_str(&event("dispatch.joined", &row, None, at(0)).body).expect("JSON");
        format!("{} {}", body["triggers"], body["errand"])
    };
    assert_eq!(told(true, None), r#"["calendar"] null"#);
    assert_eq!(told(false, Some(ErrandId(7))), r#"["manual"] 7"#);
    assert_eq!(told(true, Some(ErrandId(7))), r#"["manual","calendar"] 7"#);
}
