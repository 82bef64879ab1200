//! The schedule, the states and the messages of deliveries.

use super::*;
use crate::host::model::{EndpointId, TenantId};
use crate::host::outbox::receiver;
use expect_test::expect;
use proptest::prelude::*;
use std::fmt::Write as _;

fn at(secs: i64) -> Instant {
    Instant::from_second(1_800_000_000 + secs).expect("an instant")
}

fn delivery() -> Delivery {
    Delivery {
        tenant: TenantId(7),
        event: EventId(41),
        endpoint: EndpointId(3),
        state: DeliveryState::Pending,
        due_at: Some(at(0)),
        attempts: 0,
        last: None,
        version: 1,
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        tenant: TenantId(7),
        id: EndpointId(3),
        url: "https://hooks.example.com/callsheet?key=canary".to_owned(),
        secrets: vec!["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned()],
        state: EndpointState::Active,
        failing_since: None,
        due_at: None,
        tries: 0,
        last: None,
        configured: false,
        version: 1,
    }
}

fn opened() -> Vec<secrecy::SecretString> {
    endpoint().secrets.iter().map(|text| text.as_str().into()).collect()
}

fn event() -> OutboxEvent {
    OutboxEvent {
        tenant: TenantId(7),
        id: EventId(41),
        kind: "dispatch.accepted".to_owned(),
        subject: "m-1".to_owned(),
        body: r#"{"meeting": "m-1", "number": 1.50}"#.to_owned(),
        at: at(0),
    }
}

fn status(status: u16) -> Result<Response, NetError> {
    Ok(Response::empty(status))
}

fn asking(status: u16, retry_after: &str) -> Result<Response, NetError> {
    let headers = vec![("retry-after".to_owned(), retry_after.to_owned())];
    Ok(Response { status, headers, body: Vec::new() })
}

fn begun(delivery: &Delivery, now: Instant) -> Delivery {
    match attempt(delivery, now) {
        Next::Try(begun) => begun,
        other => panic!("no try: {other:?}"),
    }
}

/// One line: what an answer to the first try does.
fn line(outcome: &Result<Response, NetError>, endpoint: &Endpoint) -> String {
    let tried = begun(&delivery(), at(0));
    let Answered { delivery, endpoint, notice } = answered(&tried, endpoint, at(2), outcome, 0);
    let mut line = format!("{} {}", delivery.last.unwrap_or_default(), delivery.state.word());
    if let Some(due) = delivery.due_at {
        write!(line, ", due after {} ms", due.duration_since(at(2)).as_millis()).expect("a string");
    }
    if let Some(endpoint) = endpoint {
        write!(line, "; {}, failing: {}", endpoint.state.word(), endpoint.failing_since.is_some()).expect("a string");
    }
    if let Some(notice) = notice {
        write!(line, "; {} {} {}", notice.kind, notice.subject, notice.body).expect("a string");
    }
    line + "\n"
}

#[test]
fn message_is_type_time_sequence_subject_and_data_as_stored() {
    let text = String::from_utf8(message(&event()).expect("a message")).expect("text");
    expect![[
        r#"{"type":"dispatch.accepted","timestamp":"2027-01-15T08:00:00Z","sequence":41,"subject":"m-1","data":{"meeting": "m-1", "number": 1.50}}"#
    ]]
    .assert_eq(&text);
}

#[test]
fn events_that_can_never_be_sent_die_with_a_word() {
    let broken = OutboxEvent { body: "{".to_owned(), ..event() };
    assert_eq!(message(&broken), Err(MessageError::NotJson));
    let two = OutboxEvent { body: r#"{}, "type": "forged""#.to_owned(), ..event() };
    assert_eq!(message(&two), Err(MessageError::NotJson));
    let long = OutboxEvent { body: format!("\"{}\"", "x".repeat(MESSAGE_BYTES_MAX)), ..event() };
    assert!(matches!(message(&long), Err(MessageError::TooLong(bytes)) if bytes > MESSAGE_BYTES_MAX));
    let unsigned = Endpoint { secrets: Vec::new(), ..endpoint() };
    let why = request(&event(), &unsigned, &[], at(0)).expect_err("nothing to sign with");
    let dead = undeliverable(&delivery(), why);
    assert_eq!((dead.state, dead.due_at, dead.last.as_deref()), (DeliveryState::Dead, None, Some("no-secret")));
}

#[test]
fn request_is_signed_bounded_and_what_a_receiver_accepts() {
    let now = at(5);
    let request = request(&event(), &endpoint(), &opened(), now).expect("a request");
    assert_eq!((request.purpose, request.method, request.timeout), (Purpose::Webhook, Method::Post, TRY_TIMEOUT));
    assert_eq!(request.answer_bytes_max, ANSWER_BYTES_MAX);
    let secret = sign::Secret::parse(&endpoint().secrets[0]).expect("a secret");
    assert_eq!(sign::verify(&request.headers, &request.body, &secret, now), Ok(()));
    assert_eq!(request.find_header("webhook-id"), Some("evt_7_41"));
    assert!(!format!("{request:?}").contains("canary"));
}

#[test]
fn every_answer_has_its_consequence() {
    let mut lines = String::new();
    for code in [200, 204, 299, 301, 302, 307, 308, 400, 401, 404, 410, 413, 500, 100, 0] {
        lines += &line(&status(code), &endpoint());
    }
    for outcome in [NetError::NotSent, NetError::Forbidden, NetError::Ambiguous, NetError::BadUrl, NetError::TooLarge] {
        lines += &line(&Err(outcome), &endpoint());
    }
    expect![[r#"
        200 delivered
        204 delivered
        299 delivered
        301 pending, due after 5494 ms; active, failing: true
        302 pending, due after 5494 ms; active, failing: true
        307 pending, due after 5494 ms; active, failing: true
        308 pending, due after 5494 ms; active, failing: true
        400 pending, due after 5494 ms; active, failing: true
        401 pending, due after 5494 ms; active, failing: true
        404 pending, due after 5494 ms; active, failing: true
        410 dead; disabled, failing: true; endpoint.disabled endpoint/3 {"endpoint":3,"reason":"gone","failing_since":"2027-01-15T08:00:02Z"}
        413 pending, due after 5494 ms; active, failing: true
        500 pending, due after 5494 ms; active, failing: true
        100 pending, due after 5494 ms; active, failing: true
        0 pending, due after 5494 ms; active, failing: true
        unreachable pending, due after 5494 ms; active, failing: true
        unreachable pending, due after 5494 ms; active, failing: true
        no-answer pending, due after 5494 ms; active, failing: true
        bad-url pending, due after 5494 ms; active, failing: true
        answer-too-large pending, due after 5494 ms; active, failing: true
    "#]].assert_eq(&lines);
}

#[test]
fn retry_after_is_obeyed_within_bounds_and_never_shortens_the_schedule() {
    let mut lines = String::new();
    for (code, text) in [
        (429, "120"),
        (503, "3600"),
        (502, "60"),
        (504, "60"),
        (429, "1"),
        (503, "99999999"),
        (500, "120"),
        (429, "soon"),
        (429, "-5"),
    ] {
        write!(lines, "{text} -> {}", line(&asking(code, text), &endpoint())).expect("a string");
    }
    expect![[r#"
        120 -> 429 pending, due after 120000 ms; active, failing: true
        3600 -> 503 pending, due after 3600000 ms; active, failing: true
        60 -> 502 pending, due after 60000 ms; active, failing: true
        60 -> 504 pending, due after 60000 ms; active, failing: true
        1 -> 429 pending, due after 5494 ms; active, failing: true
        99999999 -> 503 pending, due after 86400000 ms; active, failing: true
        120 -> 500 pending, due after 5494 ms; active, failing: true
        soon -> 429 pending, due after 5494 ms; active, failing: true
        -5 -> 429 pending, due after 5494 ms; active, failing: true
    "#]]
    .assert_eq(&lines);
}

#[test]
fn receiver_that_fails_for_five_days_is_disabled_with_one_notice() {
    let failing = Endpoint { failing_since: Some(at(2) - FAILING_MAX), ..endpoint() };
    let younger = Endpoint { failing_since: Some(at(3) - FAILING_MAX), ..endpoint() };
    let disabled = Endpoint { state: EndpointState::Disabled, ..failing.clone() };
    let lines = [
        line(&status(500), &endpoint()),
        line(&status(500), &younger),
        line(&status(500), &failing),
        line(&status(500), &disabled),
        line(&status(410), &disabled),
        line(&status(200), &failing),
        line(&status(200), &endpoint()),
    ];
    expect![[r#"
        500 pending, due after 5494 ms; active, failing: true
        500 pending, due after 5494 ms
        500 pending, due after 5494 ms; disabled, failing: true; endpoint.disabled endpoint/3 {"endpoint":3,"reason":"failing","failing_since":"2027-01-10T08:00:02Z"}
        500 pending, due after 5494 ms
        410 dead
        200 delivered; active, failing: false
        200 delivered
    "#]].assert_eq(&lines.concat());
    let again = receiver::enabled(&disabled, at(9));
    assert_eq!((again.state, again.failing_since), (EndpointState::Active, None));
}

#[test]
fn dead_delivery_is_replayed_for_a_whole_schedule_and_a_live_one_is_not() {
    let (dead, _) = run(delivery(), 1, |_| status(500));
    assert_eq!((dead.state, dead.attempts, dead.due_at), (DeliveryState::Dead, TRIES_MAX, None));
    let back = replay(&dead, at(9)).expect("dead");
    assert_eq!(attempt(&back, at(8)), Next::Nothing);
    let (dead_again, times) = run(back, 1, |_| status(500));
    assert_eq!((dead_again.state, dead_again.attempts, times.len()), (DeliveryState::Dead, 2 * TRIES_MAX, 10));
    assert_eq!(replay(&delivery(), at(9)), None);
    let (delivered, _) = run(delivery(), 1, |_| status(200));
    assert_eq!(replay(&delivered, at(9)), None);
}

#[test]
fn last_try_that_never_ended_is_given_up_and_earlier_ones_are_made_again() {
    let lost = |attempts| Delivery { attempts, last: Some(TRYING.to_owned()), ..delivery() };
    assert_eq!(begun(&lost(9), at(0)).attempts, 10);
    let Next::GiveUp(dead) = attempt(&lost(10), at(0)) else { panic!("a poisonous delivery is tried for ever") };
    assert_eq!((dead.state, dead.attempts, dead.last.as_deref()), (DeliveryState::Dead, 10, Some("no-answer")));
    // Called back before its process died again: one more round, counted too.
    let back = replay(&dead, at(0)).expect("dead");
    assert_eq!(begun(&back, at(0)).attempts, 11);
    assert!(matches!(attempt(&lost(u32::MAX), at(0)), Next::GiveUp(_)));
}

/// Runs a delivery until nothing is due any more: the row, and the start of every try.
fn run(mut row: Delivery, seed: u64, mut answer: impl FnMut(u32) -> Result<Response, NetError>) -> (Delivery, Vec<Instant>) {
    let mut receiver = endpoint();
    let mut times = Vec::new();
    while let Some(now) = row.due_at {
        let tried = match attempt(&row, now) {
            Next::Try(tried) => tried,
            Next::GiveUp(dead) => return (dead, times),
            Next::Nothing => panic!("due, and nothing to do"),
        };
        times.push(now);
        assert!(times.len() <= TRIES_MAX as usize, "more tries than published");
        let answered = answered(&tried, &receiver, now, &answer(tried.attempts), seed);
        receiver = answered.endpoint.unwrap_or(receiver);
        row = answered.delivery;
    }
    (row, times)
}

proptest! {
    /// R22: with answers that take no time, tries are the published delays apart, give or take the jitter; then it is dead.
    #[test]
    fn tries_keep_the_published_schedule(seed in any::<u64>(), event in any::<u64>(), bad in prop::sample::select(vec![0u16, 301, 400, 404, 500, 503])) {
        let first = Delivery { event: EventId(event), ..delivery() };
        let outcome = if bad == 0 { Err(NetError::Ambiguous) } else { status(bad) };
        let (dead, times) = run(first.clone(), seed, |_| outcome.clone());
        prop_assert_eq!((dead.state, dead.due_at, dead.attempts), (DeliveryState::Dead, None, TRIES_MAX));
        prop_assert_eq!(times[0], at(0));
        prop_assert_eq!(times.len(), DELAYS.len() + 1);
        for (pair, delay) in times.windows(2).zip(DELAYS) {
            let off = (pair[1].duration_since(pair[0]) - delay).abs();
            prop_assert!(off <= delay / 10, "{off:?} off {delay:?}");
        }
        prop_assert_eq!(run(first, seed, |_| outcome.clone()).1, times);
    }

    /// From any row, a try that begins ends the chance of another one until it must be over.
    #[test]
    fn two_tries_are_never_under_way(
        state in prop::sample::select(DeliveryState::ALL),
        attempts in 0u32..40,
        due in prop::option::of(-100i64..100),
        last in prop::sample::select(vec![None, Some("500"), Some(TRYING), Some(REPLAYED)]),
        meanwhile in 0i64..=15,
    ) {
        let row = Delivery { state, attempts, due_at: due.map(at), last: last.map(str::to_owned), ..delivery() };
        match attempt(&row, at(0)) {
            Next::Try(tried) => {
                prop_assert!(state == DeliveryState::Pending && due.is_some_and(|due| due <= 0));
                prop_assert_eq!(tried.attempts, attempts + 1);
                prop_assert_eq!(attempt(&tried, at(meanwhile)), Next::Nothing);
                prop_assert!(Elapsed::try_from(TRY_TIMEOUT).expect("short") < HOLD);
            }
            Next::GiveUp(dead) => prop_assert_eq!((dead.state, dead.attempts), (DeliveryState::Dead, attempts)),
            Next::Nothing => prop_assert!(state != DeliveryState::Pending || due.is_none_or(|due| due > 0)),
        }
    }

    /// The id and the body are those of the event alone; the timestamp and the signature are those of the try.
    #[test]
    fn ids_and_bodies_are_stable_over_tries(gaps in prop::collection::vec(1i64..100_000, 1..10)) {
        let mut now = 0;
        let first = request(&event(), &endpoint(), &opened(), at(0)).expect("a request");
        for gap in gaps {
            now += gap;
            let again = request(&event(), &endpoint(), &opened(), at(now)).expect("a request");
            prop_assert_eq!(again.find_header(sign::ID_HEADER), first.find_header(sign::ID_HEADER));
            prop_assert_eq!(&again.body, &first.body);
            prop_assert_ne!(again.find_header(sign::SIGNATURE_HEADER), first.find_header(sign::SIGNATURE_HEADER));
        }
    }

    /// Whatever receivers answer in whatever order, a delivery ends, and its success is final.
    #[test]
    fn every_delivery_ends(answers in prop::collection::vec(prop::sample::select(vec![200u16, 301, 410, 429, 500, 0]), 10), seed in any::<u64>()) {
        let (row, times) = run(delivery(), seed, |attempts| match answers[attempts as usize - 1] {
            0 => Err(NetError::NotSent),
            code => asking(code, "7"),
        });
        let good = answers.iter().position(|code| matches!(code, 200 | 410));
        prop_assert_eq!(times.len(), good.map_or(10, |place| place + 1));
        let delivered = good.is_some_and(|place| answers[place] == 200);
        prop_assert_eq!(row.state == DeliveryState::Delivered, delivered);
        prop_assert_eq!(row.due_at, None);
    }
}
