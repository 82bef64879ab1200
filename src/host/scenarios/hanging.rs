//! Receivers that take every connection and never answer (reliability.md T21, 6.3): they hold up themselves and nobody else.

use super::stage::{ANN, OUTSIDER, Stage, at, meeting};
use crate::host::model::{Endpoint, EndpointId, EndpointState, EventId, OutboxEvent, Tenant, TenantId};
use crate::host::outbox::delivery::message_id;
use crate::host::store::{Commit, Write};
use crate::host::world::connected::SECRET;
use crate::time::Instant;
use std::collections::BTreeMap;

/// A neighbour with so many receivers, at the hosts that `host` names, and something to tell them all at each of `times`.
async fn neighbour(stage: &Stage, id: u64, receivers: u64, host: impl Fn(u64) -> String, times: &[i64]) {
    let tenant = TenantId(id);
    let name = format!("neighbour {id}");
    let row = Tenant { id: tenant, name, own_domains: vec![], bots: vec![], plan_version: 0, ..Tenant::default() };
    let endpoints = (0..receivers).map(|number| {
        let url = format!("https://{}.hanging.example/{id}/{number}", host(number));
        let endpoint = Endpoint::unproven(tenant, EndpointId(1000 * id + number), url, SECRET.to_owned(), at(-3600));
        Write::Endpoint(Endpoint { state: EndpointState::Active, due_at: None, ..endpoint })
    });
    let event = |secs: &i64| {
        let (kind, subject, body) = ("meeting.conflict".to_owned(), "a meeting".to_owned(), "{}".to_owned());
        Write::Event(OutboxEvent { tenant, id: EventId(0), kind, subject, body, at: at(*secs) })
    };
    let writes = std::iter::once(Write::Tenant(row)).chain(endpoints).chain(times.iter().map(event)).collect();
    stage.setting.store().commit(Commit { tenant, writes }).await.expect("new rows");
}

/// The longest that an event of the office waited until its receiver had it, in seconds.
async fn longest_wait(stage: &Stage) -> i64 {
    let events = stage.events().await;
    assert!(events.len() >= 3, "{events:?}");
    let arrived: BTreeMap<String, Instant> =
        stage.setting.shared.world().receivers.journal().iter().map(|line| (line.id.clone(), line.at)).collect();
    let wait = |event: &OutboxEvent| arrived[&message_id(event)].duration_since(event.at).as_secs();
    events.iter().map(wait).max().expect("events")
}

/// Events fall due just before those of the office do: when it is planned, when the bot is accepted, when it joins.
const TIMES: [i64; 8] = [-3600, -3600, -3599, -3599, -110, -109, -100, -99];

async fn office() -> Stage {
    Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await
}

#[tokio::test(start_paused = true)]
async fn seventy_receivers_of_one_tenant_that_hang_delay_no_other_tenant() {
    let mut stage = office().await;
    neighbour(&stage, 2, 70, |number| format!("host{number}"), &TIMES).await;
    stage.live_until(60).await;
    assert!(longest_wait(&stage).await <= 2);
}

#[tokio::test(start_paused = true)]
async fn ten_tenants_with_hundreds_of_hosts_that_hang_delay_no_other_tenant() {
    let mut stage = office().await;
    for tenant in 2..12 {
        neighbour(&stage, tenant, 30, |number| format!("host{tenant}-{number}"), &TIMES).await;
    }
    stage.live_until(60).await;
    assert!(longest_wait(&stage).await <= 2);
}

#[tokio::test(start_paused = true)]
async fn a_host_name_that_hangs_is_probed_and_not_hammered() {
    let mut stage = office().await;
    for tenant in 2..5 {
        neighbour(&stage, tenant, 10, |_| "shared".to_owned(), &TIMES).await;
    }
    stage.live_until(60).await;
    assert!(longest_wait(&stage).await <= 2);
    let hung = stage.setting.shared.world().receivers.hung().clone();
    let asked: usize = hung.values().map(Vec::len).sum();
    // At first as many as the share of a host name; then a probe of 15 s after each pause of at most 60 s, for an hour.
    assert!((40..=16 + 3660 / 60).contains(&asked), "asked {asked} times");
    let urls: Vec<&String> = hung.keys().collect();
    assert!(urls.len() >= 16, "only {urls:?} were asked");
    // What was held back was not tried, and is not lost.
    let store = stage.setting.store();
    let mut pending = 0;
    for tenant in (2..5).map(TenantId) {
        for endpoint in store.endpoints(tenant).await.expect("read") {
            pending +=
                store.delivery_counts(tenant, endpoint.id).await.expect("read").iter().map(|(_, count)| count).sum::<u64>();
        }
    }
    assert_eq!(pending, 3 * 10 * TIMES.len() as u64);
    let due = store.due_deliveries(Instant::MAX, 10_000, 10_000, &Default::default()).await.expect("read");
    let tried: u32 = due.iter().map(|due| due.delivery.attempts).sum();
    assert_eq!(tried as usize, asked);
}

#[tokio::test(start_paused = true)]
async fn receivers_that_never_asked_for_it_are_not_hammered_with_challenges() {
    let mut stage = office().await;
    let tenant = TenantId(2);
    let row = Tenant {
        id: tenant,
        name: "neighbour".to_owned(),
        own_domains: vec![],
        bots: vec![],
        plan_version: 0,
        ..Tenant::default()
    };
    // The sandbox's receiver answers 404 to longer paths, which is no proof.
    let endpoints = (0..500).map(|number| {
        let url = format!("https://hooks.example/victim/{number}");
        Write::Endpoint(Endpoint::unproven(tenant, EndpointId(2000 + number), url, SECRET.to_owned(), at(-3600)))
    });
    let writes = std::iter::once(Write::Tenant(row)).chain(endpoints).collect();
    stage.setting.store().commit(Commit { tenant, writes }).await.expect("new rows");
    stage.live_until(-1800).await;
    let asked: u32 = stage.setting.store().endpoints(tenant).await.expect("read").iter().map(|row| row.tries).sum();
    // Once a second until the breaker opens, then once a minute.
    assert!((20..=60).contains(&asked), "asked {asked} times in half an hour");
}
