//! Google and feeds.

use super::*;
use crate::host::world::google::Google;
use crate::providers::{google, ics};
use std::collections::BTreeMap;

const LIST: &str = "https://www.googleapis.com/calendar/v3/calendars/primary/events?singleEvents=false&maxResults=20";

/// All pages of a list; a sync token makes it incremental. The bodies, and the next sync token.
fn list(world: &mut World, now: Instant, account: AccountId, sync: Option<&str>) -> (String, String) {
    let mut bodies = String::new();
    let mut page: Option<String> = None;
    for _ in 0..1000 {
        let mut url = LIST.to_owned();
        let parameters = [("syncToken", sync.map(str::to_owned)), ("pageToken", page)];
        for (name, value) in parameters.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            url.push_str(&format!("&{name}={value}"));
        }
        let response = read(world, now, account, &url);
        assert_eq!(response.status, 200, "{:?}", String::from_utf8_lossy(&response.body));
        bodies.push_str(&String::from_utf8(response.body.clone()).expect("text"));
        let read = google::read_page(&response.body, &Zone::utc()).expect("a page");
        assert_eq!(read.calendar.unreadable, []);
        page = read.next_page_token;
        if let Some(token) = read.next_sync_token {
            return (bodies, token);
        }
    }
    panic!("a list without an end");
}

/// The rows of a client that keeps what incremental lists tell.
#[derive(Default)]
struct Mirror {
    rows: BTreeMap<String, serde_json::Value>,
    token: Option<String>,
}

impl Mirror {
    fn sync(&mut self, world: &mut World, now: Instant, account: AccountId) {
        let (bodies, token) = list(world, now, account, self.token.as_deref());
        for page in serde_json::Deserializer::from_str(&bodies).into_iter::<serde_json::Value>() {
            for row in page.expect("JSON")["items"].as_array().expect("items").clone() {
                let id = row["id"].as_str().expect("an id").to_owned();
                let gone = row["status"] == "cancelled" && row.get("recurringEventId").is_none();
                if gone {
                    self.rows.remove(&id);
                } else {
                    self.rows.insert(id, row);
                }
            }
        }
        self.token = Some(token);
    }

    fn text(&self, own: &str) -> String {
        // What is cancelled of a series that is gone is of no interest.
        let orphaned = |row: &serde_json::Value| {
            let master = row["recurringEventId"].as_str();
            row["status"] == "cancelled" && master.is_some_and(|master| !self.rows.contains_key(master))
        };
        let rows: Vec<&serde_json::Value> = self.rows.values().filter(|row| !orphaned(row)).collect();
        if rows.is_empty() {
            return String::new();
        }
        let calendar = google::read(serde_json::json!(rows).to_string().as_bytes(), &Zone::utc()).expect("rows");
        read_text(&calendar, own, &Zone::utc())
    }
}

#[test]
fn a_full_google_list_is_the_truth() {
    let mut seen = 0;
    for seed in 0..12 {
        let plan = script::plan(seed, &size());
        let mut world = world(seed);
        for now in looks(&plan) {
            world.advance(now);
            for account in accounts_at(&world, Origin::Google) {
                let (bodies, _) = list(&mut world, now, account, None);
                let own = world.truth.account(account).address.clone();
                let calendar = google::read(bodies.as_bytes(), &Zone::utc()).expect("pages");
                let truth = truth_text(&world, account);
                assert_same(
                    &read_text(&calendar, &own, &Zone::utc()),
                    &truth,
                    &format!("seed {seed} at {now}, account {account:?}"),
                );
                seen += truth.lines().count();
            }
        }
        assert_eq!(world.audit.violations(), []);
    }
    assert!(seen > 2_000, "{seen} occurrences are too few to tell");
}

#[test]
fn a_client_that_follows_googles_tokens_has_the_truth() {
    for seed in 100..112 {
        let plan = script::plan(seed, &size());
        let mut world = world(seed);
        let mut mirrors: BTreeMap<AccountId, Mirror> = BTreeMap::new();
        for now in looks(&plan) {
            for account in accounts_at(&world, Origin::Google) {
                let mirror = mirrors.entry(account).or_default();
                mirror.sync(&mut world, now, account);
                let own = world.truth.account(account).address.clone();
                assert_same(
                    &mirror.text(&own),
                    &truth_text(&world, account),
                    &format!("seed {seed} at {now}, account {account:?}"),
                );
            }
        }
    }
}

#[test]
fn a_feed_is_the_truth() {
    let mut seen = 0;
    for seed in 200..215 {
        let plan = script::plan(seed, &size());
        let mut world = world(seed);
        for now in looks(&plan) {
            world.advance(now);
            for account in accounts_at(&world, Origin::Feed) {
                let own = world.truth.account(account).clone();
                let url = format!("https://feeds.example/{}.ics", own.token);
                let response = ok(world.call(now, &Request::new(Purpose::Feed, Method::Get, &url)));
                let calendar = ics::read(&response.body, &Zone::utc()).expect("a calendar");
                let truth = truth_text(&world, account);
                assert_same(&read_text(&calendar, &own.address, &Zone::utc()), &truth, &format!("seed {seed} at {now}"));
                let tag = response.find_header("etag").expect("a tag").to_owned();
                let again = Request::new(Purpose::Feed, Method::Get, &url).header("if-none-match", tag);
                assert_eq!(ok(world.call(now, &again)).status, 304);
                seen += truth.lines().count();
            }
        }
    }
    assert!(seen > 500, "{seen} occurrences are too few to tell");
}

#[test]
fn what_google_refuses() {
    let mut world = world(1);
    let account = accounts_at(&world, Origin::Google)[0];
    let now = start();
    let (_, token) = list(&mut world, now, account, None);
    let events = "https://www.googleapis.com/calendar/v3/calendars/primary/events";
    let mut text = String::new();
    let mut ask = |world: &mut World, now: Instant, what: &str, url: &str| {
        let response = read(world, now, account, url);
        let reason = json(&response)["error"]["errors"][0]["reason"].as_str().unwrap_or_default().to_owned();
        text.push_str(&format!("{what}: {} {reason}\n", response.status));
    };
    for name in
        ["iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"]
    {
        ask(&mut world, now, name, &format!("{LIST}&syncToken={token}&{name}=x"));
    }
    ask(&mut world, now, "deletions left out", &format!("{LIST}&syncToken={token}&showDeleted=false"));
    ask(&mut world, now, "other parameters", &format!("{events}?syncToken={token}"));
    ask(&mut world, now, "no token at all", &format!("{LIST}&syncToken=none"));
    ask(&mut world, now, "a page of another list", &format!("{LIST}&pageToken=p1-7-0-x"));
    ask(&mut world, now, "an unknown event", &format!("{events}/unknown"));
    ask(&mut world, now, "another's calendar", "https://www.googleapis.com/calendar/v3/calendars/eve@elsewhere.example/events");
    ask(&mut world, now + Elapsed::from_hours(24 * 29), "an old token", &format!("{LIST}&syncToken={token}"));
    world.forget_cursors(now, account);
    ask(&mut world, now, "a forgotten token", &format!("{LIST}&syncToken={token}"));
    world.truth.change_token(account, "other".into());
    let stranger = Request::new(Purpose::Provider, Method::Get, LIST).header("authorization", "Bearer nobody");
    text.push_str(&format!("an unknown bearer: {}\n", ok(world.call(now, &stranger)).status));
    expect_test::expect![[r#"
        iCalUID: 400 invalidParameter
        orderBy: 400 invalidParameter
        privateExtendedProperty: 400 invalidParameter
        q: 400 invalidParameter
        sharedExtendedProperty: 400 invalidParameter
        timeMin: 400 invalidParameter
        timeMax: 400 invalidParameter
        updatedMin: 400 invalidParameter
        deletions left out: 400 invalidParameter
        other parameters: 400 invalidParameter
        no token at all: 410 fullSyncRequired
        a page of another list: 400 invalid
        an unknown event: 404 notFound
        another's calendar: 404 notFound
        an old token: 410 fullSyncRequired
        a forgotten token: 410 fullSyncRequired
        an unknown bearer: 401
    "#]]
    .assert_eq(&text);
}

#[test]
fn googles_quota_is_a_sliding_minute() {
    let mut world = world(2);
    let account = accounts_at(&world, Origin::Google)[0];
    world.google =
        Google { limits: crate::host::world::google::Limits { user_per_minute: 3, ..world.google.limits }, ..world.google };
    let statuses: Vec<u16> = [0, 20, 40, 59, 60, 61]
        .into_iter()
        .map(|secs| read(&mut world, start() + Elapsed::from_secs(secs), account, LIST).status)
        .collect();
    assert_eq!(statuses, [200, 200, 200, 403, 200, 403]);
    assert_eq!(world.audit.violation_count(), 2);
}
