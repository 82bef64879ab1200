//! What the programming interface keeps and asks for.

use super::rows::{calendar, commit, connection, meeting, tenant};
use super::{CALENDAR, ONE, Store, WORKS, Write, put, refused, with_calendar};
use crate::host::audit::broken_at;
use crate::host::model::{ApiKey, AuditRow, KeyId, RequestRow, RulesRow, Sighting, TenantId};
use crate::time::Instant;

fn at(secs: i64) -> Instant {
    Instant::from_second(secs).expect("in range")
}

fn key(tenant: u64, id: u64, version: u64) -> ApiKey {
    let (name, hash, scopes) = (format!("key {id}"), format!("hash {id}"), vec!["read".to_owned()]);
    ApiKey { tenant: TenantId(tenant), id: KeyId(id), name, hash, scopes, made_at: at(1), revoked_at: None, version }
}

fn request(name: &str, secs: i64, version: u64) -> RequestRow {
    let (name, hash) = (name.to_owned(), "h".to_owned());
    RequestRow { tenant: ONE, name, hash, made_at: at(secs), status: None, body: String::new(), version }
}

fn line(tenant: u64, subject: &str) -> Write {
    let (actor, action, subject) = ("admin".to_owned(), "rules.set".to_owned(), subject.to_owned());
    Write::Audit(AuditRow { tenant: TenantId(tenant), at: at(5), actor, action, subject, ..AuditRow::default() })
}

pub(super) async fn keys_are_guarded_and_found_by_digest(store: Store) {
    put(&store, [tenant(1), Write::ApiKey(key(1, 7, 0))]).await;
    refused(&store, [Write::ApiKey(key(1, 7, 0))], "api key").await;
    store.commit(commit(2, [tenant(2), Write::ApiKey(key(2, 8, 0))])).await.expect(WORKS);
    assert_eq!(store.api_key("hash 8").await.expect(WORKS), Some(key(2, 8, 1)));
    assert_eq!(store.api_key("hash 9").await.expect(WORKS), None);
    let revoked = ApiKey { revoked_at: Some(at(9)), ..key(1, 7, 1) };
    put(&store, [Write::ApiKey(revoked.clone())]).await;
    assert_eq!(store.api_keys(ONE).await.expect(WORKS), [ApiKey { version: 2, ..revoked }]);
    put(&store, [Write::RemoveTenant]).await;
    assert_eq!(store.api_key("hash 7").await.expect(WORKS), None);
    assert!(store.api_key("hash 8").await.expect(WORKS).is_some());
}

pub(super) async fn the_audit_is_a_chain_for_each_tenant_and_outlives_it(store: Store) {
    put(&store, [tenant(1), line(1, "a"), line(1, "b")]).await;
    store.commit(commit(2, [tenant(2), line(2, "a")])).await.expect(WORKS);
    put(&store, [line(1, "c")]).await;
    let lines = store.audit(ONE, 0, 10).await.expect(WORKS);
    assert_eq!(lines.iter().map(|line| (line.number, line.subject.as_str())).collect::<Vec<_>>(), [(1, "a"), (2, "b"), (3, "c")]);
    assert_eq!(broken_at(&lines), None);
    assert_eq!(store.audit(ONE, 1, 1).await.expect(WORKS), lines[1..2]);
    // What is taken back leaves no line.
    refused(&store, [line(1, "d"), Write::PlanVersion(99)], "plan").await;
    put(&store, [Write::RemoveTenant]).await;
    assert_eq!(store.audit(ONE, 0, 10).await.expect(WORKS), lines);
    assert_eq!(store.audit(TenantId(2), 0, 10).await.expect(WORKS).len(), 1);
}

pub(super) async fn requests_are_guarded_and_forgotten(store: Store) {
    put(&store, [tenant(1), Write::Request(request("a", 10, 0)), Write::Request(request("b", 20, 0))]).await;
    refused(&store, [Write::Request(request("a", 10, 0))], "request").await;
    let done = RequestRow { status: Some(201), body: "{}".to_owned(), ..request("a", 10, 1) };
    put(&store, [Write::Request(done.clone())]).await;
    assert_eq!(store.request(ONE, "a").await.expect(WORKS), Some(RequestRow { version: 2, ..done }));
    assert_eq!(store.request(TenantId(2), "a").await.expect(WORKS), None);
    put(&store, [Write::RemoveRequests(at(20))]).await;
    assert_eq!(store.request(ONE, "a").await.expect(WORKS), None);
    put(&store, [Write::RemoveRequest("b".to_owned())]).await;
    assert_eq!(store.request(ONE, "b").await.expect(WORKS), None);
}

pub(super) async fn meetings_come_in_the_order_of_their_changes(store: Store) {
    put(&store, [tenant(1)]).await;
    put(&store, [Write::PlanVersion(0), Write::Meeting(meeting(1, "b", 0)), Write::Meeting(meeting(1, "a", 0))]).await;
    put(&store, [Write::PlanVersion(1), Write::Meeting(meeting(1, "c", 0))]).await;
    let seen = async |after: (u64, &str), limit| -> Vec<(u64, String)> {
        let rows = store.meetings_changed(ONE, after, limit).await.expect(WORKS);
        rows.into_iter().map(|(changed, row)| (changed, row.id)).collect()
    };
    let name = |changed, id: &str| (changed, id.to_owned());
    assert_eq!(seen((0, ""), 10).await, [name(1, "a"), name(1, "b"), name(2, "c")]);
    assert_eq!(seen((1, "a"), 1).await, [name(1, "b")]);
    put(&store, [Write::PlanVersion(2), Write::Meeting(meeting(1, "a", 1))]).await;
    assert_eq!(seen((1, "a"), 10).await, [name(1, "b"), name(2, "c"), name(3, "a")]);
    put(&store, [Write::RemoveMeeting("c".to_owned())]).await;
    assert_eq!(seen((1, "b"), 10).await, [name(3, "a")]);
}

pub(super) async fn rules_come_by_version_and_go_with_their_user(store: Store) {
    let rules = |user: Option<&str>, version| {
        let user = user.map(str::to_owned);
        RulesRow { tenant: ONE, user, version, text: format!("text {version}") }
    };
    put(&store, [tenant(1)]).await;
    put(&store, [1, 2, 3].map(|version| Write::Rules(rules(None, version)))).await;
    put(&store, [Write::Rules(rules(Some("ana"), 1)), Write::Rules(rules(Some("an"), 1))]).await;
    assert_eq!(store.rule_versions(ONE, None, 3, 10).await.expect(WORKS), [rules(None, 2), rules(None, 1)]);
    assert_eq!(store.rule_versions(ONE, None, u64::MAX, 1).await.expect(WORKS), [rules(None, 3)]);
    put(&store, [Write::RemoveRules("ana".to_owned())]).await;
    assert_eq!(store.rule_versions(ONE, Some("ana"), 9, 10).await.expect(WORKS), []);
    assert_eq!(store.rules(ONE).await.expect(WORKS), [rules(None, 3), rules(Some("an"), 1)]);
    put(&store, [Write::List("a".to_owned(), "b".to_owned()), Write::RemoveList("a".to_owned())]).await;
    assert_eq!(store.lists(ONE).await.expect(WORKS), []);
}

pub(super) async fn sightings_are_found_by_their_places(store: Store) {
    with_calendar(&store).await;
    put(&store, [Write::Connection(connection(1, 5)), Write::Calendar(calendar(1, 5, 12, 0))]).await;
    let sighting = |calendar, id: &str| Sighting {
        calendar,
        id: id.to_owned(),
        uid: None,
        family: None,
        occurrence: "single".to_owned(),
        start: at(1),
        room: None,
        entry: None,
        body: "".into(),
    };
    put(&store, ["a", "b/c", "d"].map(|id| Write::Sighting(sighting(CALENDAR, id)))).await;
    let places = ["2/b/c", "2/a", "12/d", "errand/2", "nonsense", "3/a"].map(str::to_owned);
    let found = store.sightings_at(ONE, &places).await.expect(WORKS);
    assert_eq!(found, [sighting(CALENDAR, "a"), sighting(CALENDAR, "b/c")]);
    assert_eq!(store.sightings_at(TenantId(2), &places).await.expect(WORKS), []);
}
