//! What every store does alike is named one by one, and tried on each; [`random`] lets them do anything at all, and compares. What one database does alone stands in [`files`] and [`servers`].

mod api;
mod calendars;
mod channels;
mod commits;
mod deliveries;
mod erasure;
mod files;
mod grants;
mod hosts;
mod meetings;
#[path = "../../../tests/support/load/postgres.rs"]
mod postgres;
mod random;
mod rows;
mod servers;
mod sealed;
mod spoiled;

use super::{CommitError, Memory, Moment, Store, StoreError, Write};
use crate::host::model::{CalendarId, TenantId};
use rows::{calendar, commit, connection, tenant};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A runtime on this thread, with the time of the machine.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime without threads")
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    runtime().block_on(work)
}

/// A folder for one test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("callsheet-store-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        Self(path)
    }

    /// The URL of a database in it.
    fn url(&self) -> String {
        format!("sqlite:{}", self.0.join("store.db").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

const ONE: TenantId = TenantId(1);
const CALENDAR: CalendarId = CalendarId(2);
const WORKS: &str = "the store works";

/// Commits for tenant 1, and expects that it holds.
async fn put(store: &Store, writes: impl IntoIterator<Item = Write>) {
    store.commit(commit(1, writes)).await.expect("no guard is in the way");
}

/// Commits for tenant 1, and expects this conflict.
async fn refused(store: &Store, writes: impl IntoIterator<Item = Write>, expected: &str) {
    match store.commit(commit(1, writes)).await {
        Err(CommitError::Conflict(what)) => assert_eq!(what, expected),
        other => panic!("not a conflict: {other:?}"),
    }
}

/// Tenant 1, its connection 1 and calendar 2.
async fn with_calendar(store: &Store) {
    put(store, [tenant(1), Write::Connection(connection(1, 1)), Write::Calendar(calendar(1, 1, 2, 0))]).await;
}

async fn open(url: &str) -> Store {
    Store::open(url).await.expect("the database is there")
}

/// Each named case, on every store.
macro_rules! on_every_store {
    ($($about:ident { $($case:ident)* })*) => {
        mod memory {
            $($(#[test]
            fn $case() {
                super::block_on(super::$about::$case(super::Store::Memory(super::Memory::new())));
            })*)*
        }

        mod sqlite {
            $($(#[test]
            fn $case() {
                let folder = super::Folder::new();
                super::block_on(async {
                    let store = super::open(&folder.url()).await;
                    super::$about::$case(store.clone()).await;
                    store.close().await;
                });
            })*)*
        }

        mod postgresql {
            $($(#[test]
            fn $case() {
                let Some(url) = super::postgres::database() else { return };
                super::block_on(async {
                    let store = super::open(&url).await;
                    super::$about::$case(store.clone()).await;
                    store.close().await;
                });
            })*)*
        }
    };
}

on_every_store! {
    api {
        keys_are_guarded_and_found_by_digest
        the_audit_is_a_chain_for_each_tenant_and_outlives_it
        requests_are_guarded_and_forgotten
        meetings_come_in_the_order_of_their_changes
        rules_come_by_version_and_go_with_their_user
        sightings_are_found_by_their_places
    }
    erasure {
        nothing_is_left_of_a_user_who_was_erased
    }
    calendars {
        a_tenant_is_made_once_and_its_plan_version_is_left_alone
        tenants_come_by_number
        plan_version_is_a_guard
        numbers_are_never_given_twice
        calendars_are_guarded_by_version
        a_calendar_needs_its_connection
        entries_come_by_id_and_grow_the_calendar
        entries_and_sightings_need_their_calendar
        removing_a_connection_takes_all_it_holds
        sightings_are_found_by_uid_and_by_room
        sightings_follow_their_last_write
    }
    channels {
        channels_are_guarded_by_version
        a_calendar_has_one_channel_that_is_asked_for
        channels_are_found_by_what_messages_name
        due_channels_come_by_time
        calendars_without_a_channel_are_found
        a_channel_stands_for_reading_once_it_was_heard
        wakes_keep_the_earliest_begin_and_the_latest_end
    }
    meetings {
        meetings_are_guarded_by_version
        meetings_come_by_start_inside_the_window
        meetings_are_found_by_sighting
        removing_a_meeting_takes_its_dispatches
        dispatches_are_guarded_by_version_and_fence
        a_dispatch_needs_its_meeting
        dispatches_come_by_meeting_and_epoch
        bots_under_way_are_found_by_the_start_of_their_meeting
        due_dispatches_come_by_when_a_host_may_act
        what_is_taken_up_becomes_what_was_decided
        watched_are_active_and_come_in_pages
        near_are_calendars_whose_bots_set_out
        errands_are_guarded_by_version_and_end_once
        errands_come_by_when_and_the_open_ones_by_number
        dispatches_are_found_by_errand
        overrides_are_found_by_uid
        sightings_of_a_family_are_found
        meetings_are_past_when_nothing_is_left_to_do
        what_is_undecided_waits_for_its_own_number
        removing_a_tenant_takes_everything_but_never_a_bot
        rules_are_numbered_without_gaps
        lists_are_replaced_by_name
    }
    deliveries {
        events_ascend_and_reach_active_receivers
        deliveries_are_guarded_by_version
        receivers_are_guarded_by_version
        due_receivers_come_by_when
        events_that_nobody_awaits_are_past
        due_deliveries_are_shared_out_between_receivers
        dead_deliveries_come_by_event
        removing_a_receiver_takes_its_deliveries
    }
    sealed {
        keys_are_numbered_without_gaps_and_need_their_tenant
        a_key_is_rewrapped_from_the_root_that_was_read
        what_a_key_lends_is_found_missing_until_the_newest_lends_it
        keys_go_with_their_tenant_and_no_other
        a_token_changes_from_what_was_read_alone
        tokens_under_other_keys_come_in_pages
        receivers_that_are_not_sealed_are_found
    }
    grants {
        clients_and_return_urls_are_their_tenants
        flows_are_guarded_by_version_and_found_by_what_opens_them
        flows_that_were_handed_over_are_found_until_they_are_taken
        a_grant_needs_its_connection_and_goes_with_it
        partings_are_guarded_due_by_time_and_go_with_their_tenant
    }
    commits {
        tenants_with_equal_numbers_never_meet
        a_row_of_another_tenant_is_refused
        a_failed_commit_changes_nothing
        writes_hold_in_their_order
        instants_are_kept_to_the_microsecond
        any_text_comes_back_as_it_was
    }
}

#[test]
fn a_hook_sees_each_operation_and_can_lose_it_or_its_answer() {
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    let memory = Memory::new();
    // The first commit is lost, of the second only the answer.
    let faulty = memory.with_hook(Arc::new(move |operation, moment| {
        let number = counter.fetch_add(1, Ordering::Relaxed);
        assert_eq!(operation, "commit");
        let fails = matches!((number, moment), (0, Moment::Before) | (2, Moment::After));
        if fails { Err(StoreError::Unavailable) } else { Ok(()) }
    }));
    let (faulty, healthy) = (Store::Memory(faulty), Store::Memory(memory));
    block_on(async {
        assert!(faulty.commit(rows::commit(1, [rows::tenant(1)])).await.is_err());
        assert_eq!(healthy.tenant(TenantId(1)).await.expect("nothing fails here"), None);
        assert!(faulty.commit(rows::commit(1, [rows::tenant(1)])).await.is_err());
        assert!(healthy.tenant(TenantId(1)).await.expect("nothing fails here").is_some());
    });
    assert_eq!(seen.load(Ordering::Relaxed), 3);
}
