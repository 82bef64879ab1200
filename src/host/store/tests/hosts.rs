//! Who shares the store.

use super::{Folder, WORKS, block_on, open, postgres};
use crate::host::clock::SystemClock;
use crate::host::store::{Member, Memory, Store};
use crate::time::Elapsed;
use std::sync::Arc;
use std::time::Duration;

const LEASE: Elapsed = Elapsed::from_millis(300);
const KEPT: Elapsed = Elapsed::from_millis(900);

async fn attend(store: &Store, host: &str) -> Vec<Member> {
    store.attend(host, LEASE, KEPT).await.expect(WORKS)
}

fn told(members: &[Member]) -> String {
    let told = members.iter().map(|member| format!("{} {}", member.host, member.renewals));
    told.collect::<Vec<_>>().join(", ")
}

async fn hosts_learn_of_each_other(store: Store) {
    assert!(store.is_shared());
    assert_eq!(told(&attend(&store, "b").await), "b 1");
    let joined = attend(&store, "b").await[0].joined;
    assert_eq!(told(&attend(&store, "a").await), "a 1, b 2");
    // Each word comes with how often it was said, and a host keeps the time at which it joined.
    let members = attend(&store, "b").await;
    assert_eq!((told(&members).as_str(), members[1].joined), ("a 1, b 3", joined));
    assert!(members[0].joined >= joined && joined.is_some());
    assert_eq!(store.members().await.expect(WORKS), members);
    // One that was away for longer than a lease has joined anew; its row stayed meanwhile.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let members = attend(&store, "b").await;
    assert_eq!(told(&members), "a 1, b 4");
    assert!(members[1].joined > joined);
    // Who leaves is gone at once, who is never seen again after a while.
    store.leave("b").await.expect(WORKS);
    store.leave("nobody").await.expect(WORKS);
    assert_eq!(told(&store.members().await.expect(WORKS)), "a 1");
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(told(&attend(&store, "c").await), "c 1");
}

async fn nobody_shares_it_and_nothing_is_written(store: Store) {
    assert!(!store.is_shared());
    for host in ["a", "b", "a"] {
        assert_eq!(attend(&store, host).await, [Member { host: host.to_owned(), joined: None, renewals: 1 }]);
    }
    assert_eq!(store.members().await.expect(WORKS), []);
    store.leave("a").await.expect(WORKS);
}

#[test]
fn hosts_learn_of_each_other_in_memory() {
    block_on(hosts_learn_of_each_other(Store::Memory(Memory::new().with_time(Arc::new(SystemClock)))));
}

#[test]
fn hosts_learn_of_each_other_on_postgresql() {
    let Some(url) = postgres::database() else { return };
    block_on(async {
        let store = open(&url).await;
        hosts_learn_of_each_other(store.clone()).await;
        store.close().await;
    });
}

#[test]
fn a_store_without_time_is_one_host_s() {
    block_on(nobody_shares_it_and_nothing_is_written(Store::Memory(Memory::new())));
    let folder = Folder::new();
    block_on(async {
        let store = open(&folder.url()).await;
        let size = || {
            std::fs::read_dir(&folder.0)
                .expect("the folder is there")
                .map(|file| {
                    let file = file.expect("it can be listed");
                    (file.file_name(), file.metadata().map(|meta| meta.len()).unwrap_or(0))
                })
                .collect::<std::collections::BTreeSet<_>>()
        };
        let before = size();
        nobody_shares_it_and_nothing_is_written(store.clone()).await;
        assert_eq!(size(), before);
        store.close().await;
    });
}

#[test]
fn hosts_that_attend_at_once_see_each_other_when_they_attend_again() {
    let Some(url) = postgres::database() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = open(&url).await;
        let long = Elapsed::from_secs(60);
        let hosts: Vec<_> = (0..8)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move {
                    let name = format!("host {number}");
                    for _ in 0..20 {
                        store.attend(&name, long, long).await.expect(WORKS);
                    }
                })
            })
            .collect();
        for host in hosts {
            host.await.expect("nothing panics");
        }
        let members = store.members().await.expect(WORKS);
        assert_eq!(members.iter().map(|member| member.renewals).collect::<Vec<_>>(), [20; 8]);
        store.close().await;
    });
}
