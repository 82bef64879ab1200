//! Cancel or move at any instant from ten minutes before the start to ten seconds after it: `providers.md` C 3.

use super::stage::{ANN, BEN, CAT, Stage, meeting, moved};
use crate::host::model::Origin;
use crate::host::world::calendar::Edit;

/// A change this long before the claim, which is at the latest 90 s and at the earliest 110 s before the start, is always known.
const KNOWN_SECS: i64 = 110 + 60;
/// What could not be known in time is followed this soon: a poll each minute near a meeting, and the calls it takes.
const FOLLOWED_SECS: i64 = 75;

async fn stays_after(organizer: (&'static str, Origin), secs: i64, edit: Edit, until: i64) -> Vec<(i64, i64)> {
    let mut stage = Stage::new(&[organizer], vec![meeting(organizer, &["rosa@greenmile.example"])], vec![(secs, edit)]).await;
    stage.live_until(until).await;
    stage.stays()
}

/// Instants that together come near every phase of a dispatch; each organizer gets other ones.
fn instants(shift: i64) -> impl Iterator<Item = i64> {
    let far = (-600..-180).step_by(97);
    let near = (-180..=10).step_by(9);
    far.chain(near).map(move |secs| (secs + shift).min(10))
}

#[tokio::test(start_paused = true)]
async fn a_meeting_cancelled_at_any_instant_has_no_bot_soon_after() {
    for (shift, organizer) in [ANN, BEN, CAT].into_iter().enumerate() {
        for secs in instants(shift as i64 * 3) {
            let stays = stays_after(organizer, secs, Edit::Cancel, 180).await;
            if secs < -KNOWN_SECS {
                assert_eq!(stays, [], "{organizer:?} cancelled at {secs}");
            } else {
                assert!(
                    stays.iter().all(|(_, left)| *left <= secs + FOLLOWED_SECS) && stays.len() <= 1,
                    "{organizer:?} cancelled at {secs}: {stays:?}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_meeting_moved_at_any_instant_has_its_bot_at_the_new_time_and_no_other() {
    for (shift, organizer) in [ANN, BEN, CAT].into_iter().enumerate() {
        for secs in instants(shift as i64 * 3) {
            let stays = stays_after(organizer, secs, moved(3600), 3700).await;
            let (old, new): (Vec<_>, Vec<_>) = stays.iter().partition(|(joined, _)| *joined < 1800);
            assert!(matches!(new[..], [(3490..=3510, _)]), "{organizer:?} moved at {secs}: {stays:?}");
            if secs < -KNOWN_SECS {
                assert_eq!(old, [], "{organizer:?} moved at {secs}");
            } else {
                let soon = old.iter().all(|(_, left)| *left <= secs + FOLLOWED_SECS);
                assert!(soon && old.len() <= 1, "{organizer:?} moved at {secs}: {stays:?}");
            }
        }
    }
}
