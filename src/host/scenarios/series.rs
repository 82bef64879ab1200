//! Series whose occurrences go their own ways: `providers.md` C 5, 6, 7, 12, 23.

use super::stage::{ANN, BEN, CAT, OUTSIDER, Stage, address, at, meeting, zone};
use crate::host::model::Origin;
use crate::host::world::calendar::{AccountId, Change, Edit, End, Every, Meeting, Repeats};
use crate::host::world::weather::{Fault, Kind};
use crate::time::{ClockTime, Elapsed};

/// The meeting of a scenario, every day for as many days, the second time on at its start.
fn daily(organizer: (&str, Origin), times: u32) -> Meeting {
    daily_with(organizer, times, &[OUTSIDER])
}

fn daily_with(organizer: (&str, Origin), times: u32, guests: &[&str]) -> Meeting {
    let mut series = meeting(organizer, guests);
    series.first = zone().civil(at(-24 * 3600));
    series.created = at(-48 * 3600);
    series.repeats = Some(Repeats { every: Every::Days(1), end: End::After(times) });
    series
}

#[tokio::test(start_paused = true)]
async fn an_occurrence_that_is_called_off_alone_loses_its_bot_alone() {
    for organizer in [ANN, BEN, CAT] {
        let edits = vec![(-1800, Edit::CancelOccurrence(at(0)))];
        let mut stage = Stage::new(&[organizer], vec![daily(organizer, 9)], edits).await;
        stage.live_until(24 * 3600 + 60).await;
        let stays = stage.stays();
        assert!(matches!(stays[..], [(86290..=86310, _)]), "{organizer:?}: {stays:?}\n{}", stage.told().await);
    }
}

/// Graph tells nobody; only a read of the occurrence shows it.
#[tokio::test(start_paused = true)]
async fn an_occurrence_that_vanishes_silently_is_missed_by_the_last_look() {
    let edits = vec![(-400, Edit::CancelOccurrence(at(0)))];
    let mut stage = Stage::new(&[BEN], vec![daily(BEN, 9)], edits).await;
    stage.live_until(600).await;
    assert_eq!(stage.stays(), [], "{}", stage.told().await);
}

/// Whose calendar decides shows it moved, without its guests; one of these still shows it, with all of them, and tells nobody that it
/// is gone from there. What was known of the start came from the copy that shows more.
#[tokio::test(start_paused = true)]
async fn an_occurrence_that_moves_away_from_its_guests_leaves_no_bot_behind() {
    let moves = Edit::MoveOccurrence { original: at(0), start: at(7200), mins: 30 };
    let alone = [BEN.0, OUTSIDER].map(|guest| (-3000, Edit::Occurrence(at(0), Change::Uninvite(address(guest)))));
    let edits = std::iter::once((-3000, moves)).chain(alone).collect();
    let mut stage = Stage::new(&[ANN, BEN], vec![daily_with(ANN, 2, &[OUTSIDER, BEN.0])], edits).await;
    stage.live_until(9000).await;
    assert!(matches!(stage.stays()[..], [(7000..=7110, _)]), "{:?}\n{}", stage.stays(), stage.told().await);
}

#[tokio::test(start_paused = true)]
async fn the_tombstone_of_a_moved_occurrence_takes_back_that_one_only() {
    let edits =
        vec![(-3000, Edit::MoveOccurrence { original: at(0), start: at(900), mins: 30 }), (-600, Edit::CancelOccurrence(at(0)))];
    for organizer in [ANN, BEN, CAT] {
        let mut stage = Stage::new(&[organizer], vec![daily(organizer, 9)], edits.clone()).await;
        stage.live_until(24 * 3600 + 60).await;
        let stays = stage.stays();
        assert!(matches!(stays[..], [(86290..=86310, _)]), "{organizer:?}: {stays:?}\n{}", stage.told().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_series_that_is_split_has_no_gap_and_no_double() {
    let split = Edit::Split { original: at(0), time: ClockTime::constant(10, 30, 0, 0) };
    for organizer in [ANN, BEN, CAT] {
        let mut stage = Stage::new(&[organizer], vec![daily(organizer, 4)], vec![(-1800, split.clone())]).await;
        stage.live_until(3 * 24 * 3600).await;
        let starts: Vec<i64> = stage.stays().iter().map(|(joined, _)| (joined + 110).div_euclid(600) * 600).collect();
        assert_eq!(starts, [1800, 86_400 + 1800, 2 * 86_400 + 1800], "{organizer:?}\n{}", stage.told().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_resync_of_what_is_known_changes_nothing() {
    for organizer in [ANN, BEN] {
        let mut stage = Stage::new(&[organizer], vec![daily(organizer, 9)], vec![]).await;
        stage.live_until(-1800).await;
        let before = stage.events().await.len();
        let now = stage.setting.now();
        stage.setting.shared.world().forget_cursors(now, AccountId(0));
        stage.live_until(-900).await;
        assert_eq!(stage.events().await.len(), before, "{}", stage.told().await);
    }
}

/// A page of a full listing fails: what is missing is not gone.
#[tokio::test(start_paused = true)]
async fn a_listing_that_breaks_off_deletes_nothing() {
    let mut many: Vec<Meeting> = (0..1200)
        .map(|number| Meeting {
            uid: format!("filler{number}@google.com"),
            handle: format!("filler{number:04}"),
            first: zone().civil(at(3600 * 24 * 3) + Elapsed::from_mins(number * 7)),
            ..meeting(ANN, &[OUTSIDER])
        })
        .collect();
    many.push(meeting(ANN, &[OUTSIDER]));
    let mut stage = Stage::new(&[ANN], many, vec![]).await;
    stage.live_until(-1800).await;
    let before = stage.events().await.len();
    assert!(before > 1200, "{before}");
    let now = stage.setting.now();
    {
        let mut world = stage.setting.shared.world();
        world.forget_cursors(now, AccountId(0));
        // The incremental call is told to begin anew; then page 3 of 5 breaks.
        world.weather.strike(Kind::GoogleList, 4, Fault::Broken);
    }
    stage.live_until(-900).await;
    assert_eq!(stage.events().await.len(), before);
    stage.live_until(60).await;
    assert_eq!(stage.stays().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_series_without_end_is_planned_to_the_horizon_only() {
    let mut endless = daily(ANN, 1);
    endless.repeats = Some(Repeats { every: Every::Days(1), end: End::Never });
    let mut stage = Stage::new(&[ANN], vec![endless], vec![]).await;
    stage.live_until(-3000).await;
    let planned = stage.events().await.iter().filter(|event| event.kind == "recording.planned").count();
    // Today's, and fourteen days.
    assert_eq!(planned, 15);
    stage.live_until(-3000 + 3 * 24 * 3600).await;
    let planned = stage.events().await.iter().filter(|event| event.kind == "recording.planned").count();
    assert!((17..=18).contains(&planned), "{planned}");
}

/// Two occurrences of a series in one room at one start are one meeting, which the earlier of the two decides, however their provider
/// spells the UID of an exception.
#[tokio::test(start_paused = true)]
async fn an_occurrence_that_is_moved_onto_the_next_one_decides_for_both() {
    const RULES: &str = "callsheet 1\nlayer organisation\nour domains @acme.example\n\n\
        rule short:\n  record\n  when duration < 40m\n\nrule long:\n  record\n  when duration >= 40m\n";
    for organizer in [ANN, BEN, CAT] {
        // Today's onto tomorrow's, and the other way round.
        for (original, onto) in [(at(0), at(24 * 3600)), (at(24 * 3600), at(0))] {
            let edits = vec![(-3000, Edit::MoveOccurrence { original, start: onto, mins: 50 })];
            let mut stage = Stage::new(&[organizer], vec![daily(organizer, 9)], edits).await;
            stage.is_ruled_by(RULES).await;
            stage.live_until(-1800).await;
            let earlier = if original < onto { "long" } else { "short" };
            assert_eq!(stage.rules_at(onto).await, [earlier], "{organizer:?}");
            assert_eq!(stage.rules_at(original).await, [""; 0], "{organizer:?}");
        }
    }
}
