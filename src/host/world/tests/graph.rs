//! Graph: the full view, and the delta with its touched series read again.

use super::*;
use crate::providers::graph;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ME: &str = "https://graph.microsoft.com/v1.0/me";

fn bounds() -> String {
    let window = window();
    format!("startDateTime={}&endDateTime={}", window.start, window.end)
}

/// Every row behind a link, and the delta link at the end of it.
fn follow(world: &mut World, now: Instant, account: AccountId, link: &str) -> (Vec<Value>, Option<String>) {
    let mut rows = Vec::new();
    let mut link = link.to_owned();
    for page in 0..1000 {
        // One after the other: the next request is sent when the answer before it is there.
        let now = now + Elapsed::from_millis(100 * page);
        let response = read(world, now, account, &link);
        assert_eq!(response.status, 200, "{:?}", String::from_utf8_lossy(&response.body));
        let body = self::json(&response);
        rows.extend(body["value"].as_array().expect("rows").clone());
        match body["@odata.nextLink"].as_str() {
            Some(next) => link = next.to_owned(),
            None => return (rows, body["@odata.deltaLink"].as_str().map(str::to_owned)),
        }
    }
    panic!("links without an end");
}

fn converted(rows: &[Value], own: &str) -> Calendar {
    let user = own.replace('@', "%40");
    let page = json!({ "@odata.context": format!("x/$metadata#users('{user}')/calendarView"), "value": rows });
    graph::read(page.to_string().as_bytes(), &Zone::utc()).expect("a page")
}

#[test]
fn graphs_full_view_is_the_truth() {
    let mut seen = 0;
    for seed in 300..312 {
        let plan = script::plan(seed, &size());
        let mut world = world(seed);
        for now in looks(&plan) {
            world.advance(now);
            for account in accounts_at(&world, Origin::Graph) {
                let (rows, _) = follow(&mut world, now, account, &format!("{ME}/calendarView?{}&$top=50", bounds()));
                let own = world.truth.account(account).address.clone();
                let truth = truth_text(&world, account);
                assert_same(&read_text(&converted(&rows, &own), &own, &Zone::utc()), &truth, &format!("seed {seed} at {now}"));
                seen += truth.lines().count();
            }
        }
        assert_eq!(world.audit.violations(), []);
    }
    assert!(seen > 2_000, "{seen} occurrences are too few to tell");
}

/// A client that keeps the rows of rounds, and reads every series again that it knows of.
#[derive(Default)]
struct Mirror {
    rows: BTreeMap<String, Value>,
    link: Option<String>,
}

impl Mirror {
    fn sync(&mut self, world: &mut World, now: Instant, account: AccountId) {
        let first = format!("{ME}/calendarView/delta?{}", bounds());
        let (rows, link) = follow(world, now, account, self.link.as_ref().unwrap_or(&first));
        assert!(link.is_some());
        self.link = link;
        for row in rows {
            let id = row["id"].as_str().expect("an id").to_owned();
            match row.get("@removed") {
                Some(_) => self.rows.remove(&id),
                None => self.rows.insert(id, row),
            };
        }
    }

    /// Singles as the rounds tell them; of each series the master and its exceptions as they are read now.
    fn rows(&self, world: &mut World, now: Instant, account: AccountId) -> Vec<Value> {
        let singles = self.rows.values().filter(|row| row["type"] == "singleInstance");
        let mut rows: Vec<Value> = singles.cloned().collect();
        let masters: BTreeSet<&str> = self.rows.values().filter_map(|row| row["seriesMasterId"].as_str()).collect();
        for (number, id) in masters.into_iter().enumerate() {
            let later = now + Elapsed::from_millis(100 * i64::try_from(number).expect("few") + 60_000);
            let response =
                read(world, later, account, &format!("{ME}/events/{id}?$select={SELECT}&$expand=exceptionOccurrences"));
            if response.status == 404 {
                continue;
            }
            let mut master = self::json(&response);
            let exceptions = master["exceptionOccurrences"].take();
            rows.push(master);
            rows.extend(exceptions.as_array().cloned().unwrap_or_default());
        }
        rows
    }
}

const SELECT: &str = "type,iCalUId,subject,body,location,start,end,originalStartTimeZone,originalEndTimeZone,isAllDay,isCancelled,\
    isDraft,isOrganizer,isOnlineMeeting,hideAttendees,organizer,attendees,sensitivity,showAs,responseStatus,onlineMeeting,\
    recurrence,cancelledOccurrences,lastModifiedDateTime";

#[test]
fn a_client_that_follows_graphs_links_and_reads_series_again_has_the_truth() {
    for seed in 400..412 {
        let plan = script::plan(seed, &size());
        let mut world = world(seed);
        let mut mirrors: BTreeMap<AccountId, Mirror> = BTreeMap::new();
        for now in looks(&plan) {
            for account in accounts_at(&world, Origin::Graph) {
                let mirror = mirrors.entry(account).or_default();
                mirror.sync(&mut world, now, account);
                // Series are read a minute later: what happens meanwhile would show in them and not in the singles.
                let truth = truth_text(&world, account);
                let mut still = world.clone();
                let rows = mirror.rows(&mut still, now, account);
                let own = world.truth.account(account).address.clone();
                if still.truth.rev() == world.truth.rev() {
                    assert_same(
                        &read_text(&converted(&rows, &own), &own, &Zone::utc()),
                        &truth,
                        &format!("seed {seed} at {now}"),
                    );
                }
            }
        }
    }
}

#[test]
fn the_end_of_one_occurrence_is_told_to_nobody_and_a_move_out_of_the_window_is() {
    use crate::host::world::calendar::Edit;
    let mut found = None;
    for seed in 0..100 {
        let mut world = world(seed);
        world.advance(start());
        let accounts = accounts_at(&world, Origin::Graph);
        let rows = accounts.into_iter().find_map(|account| {
            let window = window();
            let occurrences = world.truth.occurrences(account, world.truth.rev(), window.start, window.end);
            let series = occurrences.into_iter().find(|(id, occurrence)| {
                occurrence.original == Some(occurrence.start)
                    && world.truth.meeting(*id).exceptions.is_empty()
                    && !occurrence.cancelled
            });
            series.map(|(id, occurrence)| (account, id, occurrence))
        });
        if let Some((account, id, occurrence)) = rows {
            found = Some((world, account, id, occurrence));
            break;
        }
    }
    let (mut world, account, id, occurrence) = found.expect("a series in a hundred runs");
    let now = start();
    let mut mirror = Mirror::default();
    mirror.sync(&mut world, now, account);
    let original = occurrence.original.expect("of a series");
    let known = |mirror: &Mirror| {
        mirror
            .rows
            .values()
            .filter(|row| row["start"]["dateTime"].as_str().is_some_and(|at| at.starts_with(&original.to_string()[..19])))
            .count()
    };
    let before = known(&mirror);
    world.truth.apply(now, id, &Edit::CancelOccurrence(original));
    mirror.sync(&mut world, now + Elapsed::from_secs(60), account);
    assert_eq!(known(&mirror), before, "no row says that it is gone");
    let next = world.truth.meeting(id).originals(original + Elapsed::from_secs(1), window().end)[0];
    let away = window().end + Elapsed::from_hours(48);
    let rows = mirror.rows.len();
    world.truth.apply(now, id, &Edit::MoveOccurrence { original: next, start: away, mins: 30 });
    mirror.sync(&mut world, now + Elapsed::from_secs(120), account);
    assert_eq!(mirror.rows.len(), rows - 1, "what moved out of the window is removed");
}

#[test]
fn what_graph_refuses_and_minds() {
    let mut world = world(3);
    let account = accounts_at(&world, Origin::Graph)[0];
    let now = start();
    let mut text = String::new();
    let (_, link) = follow(&mut world, now, account, &format!("{ME}/calendarView/delta?{}", bounds()));
    let link = link.expect("a link");
    let mut ask = |world: &mut World, secs: i64, what: &str, url: &str| {
        let response = read(world, now + Elapsed::from_secs(secs), account, url);
        let code = self::json(&response)["error"]["code"].as_str().unwrap_or_default().to_owned();
        text.push_str(&format!(
            "{what}: {} {code} {}\n",
            response.status,
            response.find_header("retry-after").unwrap_or_default()
        ));
    };
    ask(&mut world, 60, "no window", &format!("{ME}/calendarView"));
    let decade = "startDateTime=2020-01-01T00:00:00&endDateTime=2030-01-01T00:00:00Z";
    ask(&mut world, 61, "ten years", &format!("{ME}/calendarView?{decade}"));
    ask(&mut world, 61, "select on a delta", &format!("{ME}/calendarView/delta?{}&$select=subject", bounds()));
    ask(&mut world, 62, "an unknown event", &format!("{ME}/events/unknown"));
    world.forget_cursors(now, account);
    ask(&mut world, 63, "a forgotten link", &link);
    for _ in 0..5 {
        ask(&mut world, 70, "at once", &format!("{ME}/calendarView?{}", bounds()));
    }
    expect_test::expect![[r#"
        no window: 400 ErrorInvalidParameter 
        ten years: 400 ErrorCalendarViewRangeTooBig 
        select on a delta: 400 ErrorInvalidUrlQuery 
        an unknown event: 404 ErrorItemNotFound 
        a forgotten link: 410 SyncStateNotFound 
        at once: 200  
        at once: 200  
        at once: 200  
        at once: 200  
        at once: 429 ApplicationThrottled 5
    "#]]
    .assert_eq(&text);
    let token = world.truth.account(account).token.clone();
    let bare = Request::new(Purpose::Provider, Method::Get, format!("{ME}/calendarView?{}", bounds()));
    ok(world.call(now + Elapsed::from_secs(90), &bare.header("authorization", format!("Bearer {token}"))));
    let minded: Vec<&str> = world.audit.violations().iter().map(|violation| violation.what).collect();
    assert_eq!(minded, ["graph requests at once", "graph prefer"]);
}
