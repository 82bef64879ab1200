//! Bots that people send by hand, beside what calendars want: `providers.md` C 22.

use super::stage::{
    ANN, BEN, LINK, LINK_ELSEWHERE, LINK_NEW_PASSWORD, OUTSIDER, Stage, at, linked, meeting, moved, titled, zone,
};
use crate::host::model::{ErrandId, EventId, Tenant, TenantId};
use crate::host::operations::errands::{Sent, Wanted, recall, send};
use crate::host::operations::overrides::{About, say};
use crate::host::simulation::life::TENANT;
use crate::host::store::{Commit, Write};
use crate::host::world::calendar::{Edit, Meeting};
use crate::host::world::script::What;
use crate::host::world::weather::Service;
use expect_test::{Expect, expect};
use std::fmt::Write as _;

/// Somebody sends a bot at this moment.
async fn sends(stage: &Stage, tenant: TenantId, link: &str) -> (Sent, bool) {
    let wanted = Wanted { link: link.into(), at: None, title: None, name: None };
    send(&stage.setting.host("desk"), tenant, wanted).await.expect("sent")
}

async fn takes_back(stage: &Stage, errand: ErrandId) {
    recall(&stage.setting.host("desk"), TENANT, errand).await.expect("there is one");
}

/// What happened, and for whom each event of it says that the bot is.
async fn check(stage: &Stage, expected: Expect) {
    let mut text = String::new();
    for line in stage.told().await.lines().filter(|line| !line.contains("dispatch.") && !line.contains("recording.")) {
        let _ = writeln!(text, "{line}");
    }
    for event in stage.events().await {
        let body: serde_json::Value = serde_json::from_str(&event.body).expect("JSON");
        let whom: Vec<&str> = body["triggers"].as_array().into_iter().flatten().filter_map(|word| word.as_str()).collect();
        let reason = body["reason"].as_str().map(|reason| format!(": {reason}")).unwrap_or_default();
        let secs = event.at.duration_since(at(0)).as_secs();
        let _ = writeln!(text, "{:<7}{} for {}{reason}", format!("{secs}s"), event.kind, whom.join(", "));
    }
    expected.assert_eq(&text);
}

/// Ann's meeting, in her calendar from so many seconds on.
fn shown_from(secs: i64) -> Vec<(i64, What)> {
    let shown = Meeting { created: at(secs), updated: at(secs), ..meeting(ANN, &[OUTSIDER]) };
    vec![(secs, What::Create(Box::new(shown)))]
}

#[tokio::test(start_paused = true)]
async fn the_calendar_adopts_a_bot_that_was_sent_five_minutes_before() {
    // The invitation comes when the bot is there.
    let mut stage = Stage::with_steps(&[ANN, BEN], vec![], shown_from(-290)).await;
    stage.live_until(-300).await;
    sends(&stage, TENANT, LINK).await;
    stage.live_until(3400).await;
    check(
        &stage,
        expect![[r#"
            -299s  A is accepted
            -299s  A joins
            3300s  A leaves at the end
            -300s  recording.planned for manual
            -299s  dispatch.accepted for manual
            -299s  dispatch.joined for manual
            -275s  recording.adopted for manual, calendar
            3325s  dispatch.ended for manual, calendar
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_is_sent_early_is_the_one_that_the_calendar_planned() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    stage.live_until(-300).await;
    sends(&stage, TENANT, LINK_NEW_PASSWORD).await;
    stage.live_until(1900).await;
    check(
        &stage,
        expect![[r#"
            -299s  A is accepted
            -299s  A joins
            1800s  A leaves at the end
            -3599s recording.planned for calendar
            -300s  recording.adopted for manual, calendar
            -299s  dispatch.accepted for manual, calendar
            -299s  dispatch.joined for manual, calendar
            1800s  dispatch.ended for manual, calendar
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_sends_a_bot_where_the_calendars_is_gets_that_one() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    stage.live_until(-60).await;
    // Another address of the same meeting.
    let (sent, known) = sends(&stage, TENANT, LINK_NEW_PASSWORD).await;
    assert!(!known && sent.bot.is_some_and(|bot| bot.calendar));
    stage.live_until(1900).await;
    check(
        &stage,
        expect![[r#"
            -107s  A is accepted
            -107s  A joins
            1800s  A leaves at the end
            -3599s recording.planned for calendar
            -107s  dispatch.accepted for calendar
            -107s  dispatch.joined for calendar
            -60s   recording.adopted for manual, calendar
            1800s  dispatch.ended for manual, calendar
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_was_sent_stays_when_the_meeting_is_called_off() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![(60, Edit::Cancel)]).await;
    stage.live_until(-300).await;
    let (sent, _) = sends(&stage, TENANT, LINK).await;
    stage.live_until(600).await;
    assert_eq!(stage.stays().len(), 1, "{}", stage.told().await);
    check(
        &stage,
        expect![[r#"
            -299s  A is accepted
            -299s  A joins
            -3599s recording.planned for calendar
            -300s  recording.adopted for manual, calendar
            -299s  dispatch.accepted for manual, calendar
            -299s  dispatch.joined for manual, calendar
        "#]],
    )
    .await;
    // And leaves when the person who sent it says so.
    takes_back(&stage, sent.errand.id).await;
    stage.live_until(700).await;
    let events = stage.events().await;
    assert!(events.last().is_some_and(|event| event.kind == "dispatch.recalled"), "{}", stage.told().await);
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_is_taken_back_stays_while_the_calendar_wants_it() {
    for sent_at in [-300, -60] {
        let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
        stage.live_until(sent_at).await;
        let (sent, _) = sends(&stage, TENANT, LINK).await;
        stage.live_until(120).await;
        takes_back(&stage, sent.errand.id).await;
        stage.live_until(1900).await;
        assert!(matches!(stage.stays()[..], [(_, 1800)]), "{sent_at}: {}", stage.told().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_is_taken_back_before_it_goes_leaves_the_calendars_plan_as_it_was() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    stage.live_until(-1200).await;
    let wanted = Wanted { link: LINK.into(), at: Some(at(-400)), title: None, name: None };
    let (sent, _) = send(&stage.setting.host("desk"), TENANT, wanted).await.expect("sent");
    stage.live_until(-900).await;
    takes_back(&stage, sent.errand.id).await;
    stage.live_until(1900).await;
    check(
        &stage,
        expect![[r#"
            -107s  A is accepted
            -107s  A joins
            1800s  A leaves at the end
            -3599s recording.planned for calendar
            -1200s recording.adopted for manual, calendar
            -900s  recording.moved for calendar
            -107s  dispatch.accepted for calendar
            -107s  dispatch.joined for calendar
            1805s  dispatch.ended for calendar
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_bot_without_a_calendar_comes_and_is_taken_back() {
    let mut stage = Stage::new(&[ANN], vec![], vec![]).await;
    stage.live_until(-300).await;
    let (sent, _) = sends(&stage, TENANT, LINK).await;
    stage.live_until(600).await;
    takes_back(&stage, sent.errand.id).await;
    stage.live_until(700).await;
    check(
        &stage,
        expect![[r#"
            -299s  A is accepted
            -299s  A joins
            600s   A is recalled and leaves
            -300s  recording.planned for manual
            -299s  dispatch.accepted for manual
            -299s  dispatch.joined for manual
            600s   dispatch.recalled for manual: taken back by hand
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn one_link_twice_is_one_bot() {
    let mut stage = Stage::new(&[ANN], vec![], vec![]).await;
    let (first, known) = sends(&stage, TENANT, LINK).await;
    assert!(!known);
    let again = sends(&stage, TENANT, LINK_NEW_PASSWORD).await;
    assert!(again.1 && again.0.errand.id == first.errand.id);
    // Most of an hour later its bot is still there.
    stage.live_until(-600).await;
    assert!(sends(&stage, TENANT, LINK).await.1);
    stage.live_until(120).await;
    assert_eq!(stage.stays().len(), 1, "{}", stage.told().await);
    // Another meeting has another bot.
    assert!(!sends(&stage, TENANT, LINK_ELSEWHERE).await.1);
    stage.live_until(180).await;
    assert_eq!(stage.stays().len(), 2, "{}", stage.told().await);
}

#[tokio::test(start_paused = true)]
async fn customers_never_share_a_bot() {
    let other = TenantId(2);
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    let row = Tenant { id: other, name: "Other".into(), own_domains: vec![], bots: vec![], plan_version: 0, ..Tenant::default() };
    stage.setting.store().commit(Commit { tenant: other, writes: vec![Write::Tenant(row)] }).await.expect("stored");
    stage.live_until(-300).await;
    assert!(!sends(&stage, other, LINK).await.1);
    stage.live_until(120).await;
    assert_eq!(stage.stays().len(), 2, "{}", stage.told().await);
    for (tenant, whom) in [(TENANT, r#"["calendar"]"#), (other, r#"["manual"]"#)] {
        let events = stage.setting.store().events(tenant, EventId(0), 100).await.expect("read");
        assert!(!events.is_empty() && events.iter().all(|event| event.body.contains(whom)), "{events:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_meeting_that_moves_away_leaves_the_bot_where_it_was_sent_and_gets_another() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![(60, moved(7200))]).await;
    stage.live_until(-300).await;
    sends(&stage, TENANT, LINK).await;
    stage.live_until(7300).await;
    check(
        &stage,
        expect![[r#"
            -299s  A is accepted
            -299s  A joins
            1800s  A leaves at the end
            7108s  B is accepted
            7108s  B joins
            -3599s recording.planned for calendar
            -300s  recording.adopted for manual, calendar
            -299s  dispatch.accepted for manual, calendar
            -299s  dispatch.joined for manual, calendar
            88s    recording.planned for calendar
            1800s  dispatch.ended for manual
            7108s  dispatch.accepted for calendar
            7108s  dispatch.joined for calendar
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_is_still_in_the_room_is_adopted_at_the_turn_of_the_calendar() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    // Far too early to be meant for the meeting.
    stage.live_until(-1800).await;
    sends(&stage, TENANT, LINK).await;
    stage.live_until(120).await;
    check(
        &stage,
        expect![[r#"
            -1799s A is accepted
            -1799s A joins
            -3599s recording.planned for calendar
            -1800s recording.planned for manual
            -1799s dispatch.accepted for manual
            -1799s dispatch.joined for manual
            -115s  dispatch.withdrawn for calendar: it is one with another meeting
            -115s  recording.adopted for manual, calendar
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_was_sent_comes_whatever_rules_say_until_a_person_says_stop() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![(-1800, titled("Weekly talk (private)"))]).await;
    stage.live_until(-300).await;
    let (sent, _) = sends(&stage, TENANT, LINK).await;
    let name = sent.meeting.expect("planned at once").id;
    stage.live_until(60).await;
    let about = About { meeting: &name, series: false, user: None };
    say(&stage.setting.host("desk"), TENANT, about, true).await.expect("said");
    stage.live_until(120).await;
    check(
        &stage,
        expect![[r#"
            -299s  A is accepted
            -299s  A joins
            60s    A is recalled and leaves
            -3599s recording.planned for calendar
            -1763s dispatch.withdrawn for calendar: by quiet
            -300s  recording.planned for manual
            -299s  dispatch.accepted for manual
            -299s  dispatch.joined for manual
            60s    dispatch.recalled for manual: taken back by hand
        "#]],
    )
    .await;
}

/// It stays an hour where nobody knows of an end. Whether it is still there was asked ever more rarely, and the meeting had none.
#[tokio::test(start_paused = true)]
async fn a_bot_that_left_before_the_turn_of_the_calendar_is_followed_by_another() {
    let later = Meeting { first: zone().civil(at(480)), ..meeting(ANN, &[OUTSIDER]) };
    let mut stage = Stage::new(&[ANN], vec![later], vec![]).await;
    stage.live_until(-3590).await;
    sends(&stage, TENANT, LINK).await;
    stage.live_until(700).await;
    assert!(matches!(stage.stays()[..], [(-3590..=-3580, 10..=20), (360..=390, 2280)]), "{}", stage.told().await);
}

/// Two meetings of a room, one after the other: the bot is for the one that runs.
#[tokio::test(start_paused = true)]
async fn a_bot_that_is_sent_between_two_meetings_is_for_the_one_that_runs() {
    let next = Meeting {
        uid: "second@google.com".into(),
        handle: "second".into(),
        first: zone().civil(at(1800)),
        ..meeting(ANN, &[OUTSIDER])
    };
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER]), next], vec![]).await;
    stage.live_until(1600).await;
    let (sent, _) = sends(&stage, TENANT, LINK).await;
    assert_eq!(sent.meeting.map(|meeting| meeting.start), Some(at(0)));
    stage.live_until(3700).await;
    assert!(matches!(stage.stays()[..], [(_, 1800), (1800..=1801, 3600)]), "{}", stage.told().await);
}

/// Sends a bot that is to be there so many seconds after the start.
async fn sends_for(stage: &Stage, link: &str, secs: i64) -> Sent {
    let wanted = Wanted { link: link.into(), at: Some(at(secs)), title: None, name: None };
    let (sent, known) = send(&stage.setting.host("desk"), TENANT, wanted).await.expect("sent");
    assert!(!known, "it is another one");
    sent
}

/// A calendar's meeting that a person sends another bot to had no look at its room, and a second bot came.
#[tokio::test(start_paused = true)]
async fn a_bot_that_is_still_in_the_room_is_adopted_by_a_meeting_that_another_is_sent_to() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    stage.live_until(-2700).await;
    sends(&stage, TENANT, LINK).await;
    stage.live_until(-1500).await;
    sends_for(&stage, LINK, 240).await;
    stage.live_until(1900).await;
    // It stays an hour; the meeting that goes on has what it needs.
    assert!(matches!(stage.stays()[..], [(-2700..=-2699, 900..=901)]), "{}", stage.told().await);
}

/// The same where the bot is sent for before the turn of the calendar.
#[tokio::test(start_paused = true)]
async fn a_bot_that_is_still_in_the_room_is_the_one_that_is_sent_for_later() {
    // A bot that nobody wants any more leaves, and one that a calendar wants stays as long as any that was sent.
    for (meetings, leaves) in [(vec![], 120), (vec![meeting(ANN, &[OUTSIDER])], 900)] {
        let mut stage = Stage::new(&[ANN], meetings, vec![]).await;
        stage.live_until(-2700).await;
        let (first, _) = sends(&stage, TENANT, LINK).await;
        stage.live_until(-1800).await;
        let second = sends_for(&stage, LINK_NEW_PASSWORD, -600).await;
        stage.live_until(-300).await;
        assert!(matches!(stage.stays()[..], [(-2700..=-2699, 900..=901)]), "{}", stage.told().await);
        // Who takes the first back takes nothing from the second, long after its time.
        stage.live_until(60).await;
        takes_back(&stage, first.errand.id).await;
        stage.live_until(120).await;
        assert!(matches!(stage.stays()[..], [(-2700..=-2699, 900..=901)]), "{}", stage.told().await);
        takes_back(&stage, second.errand.id).await;
        stage.live_until(1900).await;
        let left: Vec<i64> = stage.stays().iter().map(|(_, left)| *left).collect();
        assert!(matches!(left[..], [at] if (leaves..=leaves + 1).contains(&at)), "{}", stage.told().await);
    }
}

/// One that left before the time of the next is followed by that.
#[tokio::test(start_paused = true)]
async fn a_bot_that_left_before_another_was_wanted_is_followed_by_that() {
    let mut stage = Stage::new(&[ANN], vec![], vec![]).await;
    stage.live_until(-3590).await;
    let (first, _) = sends(&stage, TENANT, LINK).await;
    stage.live_until(-1800).await;
    sends_for(&stage, LINK, -600).await;
    stage.live_until(-700).await;
    takes_back(&stage, first.errand.id).await;
    stage.live_until(60).await;
    assert!(matches!(stage.stays()[..], [(_, -700..=-699), (-620..=-599, 2980..=3001)]), "{}", stage.told().await);
}

/// A bot is followed by no second one whatever keeps hosts from looking at the room before the turn of the calendar.
#[tokio::test(start_paused = true)]
async fn a_bot_that_is_still_in_the_room_is_adopted_though_the_provider_is_away_or_the_host_was() {
    for (dark, away) in [(true, None), (false, Some((-140, -108))), (true, Some((-140, -108)))] {
        let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
        stage.live_until(-1800).await;
        sends(&stage, TENANT, LINK).await;
        stage.live_until(-1500).await;
        if dark {
            stage.setting.shared.world().weather.darken(Service::Google, at(300));
        }
        if let Some((from, until)) = away {
            stage.live_until(from).await;
            stage.nobody_until(until).await;
        }
        stage.live_until(120).await;
        assert_eq!(stage.stays().len(), 1, "{dark} {away:?}: {}", stage.told().await);
    }
}

/// How often it was told that a bot was missed.
async fn misses(stage: &Stage) -> usize {
    stage.events().await.iter().filter(|event| event.kind == "dispatch.missed").count()
}

/// The bot in the room left while the bot service was away, and nobody came for who counted on it.
#[tokio::test(start_paused = true)]
async fn a_bot_that_left_unseen_before_another_was_wanted_is_told_as_missed() {
    for meetings in [vec![], vec![Meeting { first: zone().civil(at(150)), ..meeting(ANN, &[OUTSIDER]) }]] {
        let mut stage = Stage::new(&[ANN], meetings.clone(), vec![]).await;
        stage.live_until(-3590).await;
        sends(&stage, TENANT, LINK).await;
        stage.live_until(-1700).await;
        if meetings.is_empty() {
            sends_for(&stage, LINK, 60).await;
        }
        stage.live_until(-60).await;
        stage.setting.shared.world().weather.darken(Service::Bots, at(900));
        stage.live_until(1200).await;
        assert_eq!((stage.stays().len(), misses(&stage).await), (1, 1), "{}", stage.told().await);
    }
}

/// Whoever wanted the first was told that it is missed; nobody told the person who came later.
#[tokio::test(start_paused = true)]
async fn a_bot_that_is_sent_after_the_calendars_was_missed_is_another_one() {
    for (light_at, stays, told) in [(1400, 0, 2), (900, 1, 1)] {
        let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
        stage.live_until(-200).await;
        stage.setting.shared.world().weather.darken(Service::Bots, at(light_at));
        stage.live_until(700).await;
        sends(&stage, TENANT, LINK).await;
        stage.live_until(1700).await;
        assert_eq!((stage.stays().len(), misses(&stage).await), (stays, told), "{}", stage.told().await);
    }
}

/// The bot that a person sent had been told as missed, and the calendar's meeting counted on it.
#[tokio::test(start_paused = true)]
async fn a_meeting_whose_turn_comes_after_a_bot_that_was_sent_was_missed_gets_another() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    stage.live_until(-1500).await;
    stage.setting.shared.world().weather.darken(Service::Bots, at(1400));
    sends(&stage, TENANT, LINK).await;
    stage.live_until(1700).await;
    assert_eq!((stage.stays().len(), misses(&stage).await), (0, 2), "{}", stage.told().await);
}

/// The calendar's bot was there when the room was looked at, and left with its meeting seconds later.
#[tokio::test(start_paused = true)]
async fn a_bot_that_leaves_with_its_meeting_serves_nobody_who_wants_one_right_after() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    stage.live_until(600).await;
    sends_for(&stage, LINK, 1805).await;
    stage.live_until(2000).await;
    // Bots are some seconds early, and this one waits until the room is free.
    assert!(matches!(stage.stays()[..], [(_, 1800), (1800..=1806, _)]), "{}", stage.told().await);
}

/// The calendar's plan for the bot was an old one: the look at it before the bot changed that, and the claim was left to run out.
#[tokio::test(start_paused = true)]
async fn a_bot_that_is_sent_to_a_meeting_that_has_just_moved_away_comes_at_once() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![(-601, moved(86_400))]).await;
    stage.live_until(-600).await;
    sends(&stage, TENANT, LINK).await;
    stage.live_until(-300).await;
    assert!(matches!(stage.stays()[..], [(-600..=-595, _)]), "{}", stage.told().await);
}

/// A person counted on the calendar's bot, which left with its meeting while nobody could see it: another one comes, or it is told.
#[tokio::test(start_paused = true)]
async fn who_counts_on_a_calendars_bot_that_had_left_gets_another_or_hears_of_it() {
    // The second comes after the end of its meeting, and does not leave with that.
    for (light_at, bots, told) in [(2300, 2, 0), (2405, 1, 1), (2420, 1, 1), (2600, 1, 1)] {
        let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
        stage.live_until(1790).await;
        stage.setting.shared.world().weather.darken(Service::Bots, at(light_at));
        sends(&stage, TENANT, LINK).await;
        stage.live_until(3000).await;
        let accepted = stage.told().await.matches(" is accepted").count();
        assert_eq!((accepted, misses(&stage).await), (bots, told), "{light_at}: {}", stage.told().await);
    }
}

/// A calendar showed its meeting without a link, and nothing led from the room to the bot that had stayed there (`C` 25).
#[tokio::test(start_paused = true)]
async fn a_bot_that_stays_though_its_link_is_gone_is_the_one_that_is_sent() {
    for at_once in [true, false] {
        let edits = vec![(-90, linked(None)), (700, titled("Weekly walk"))];
        let mut stage = Stage::new(&[ANN, BEN], vec![meeting(ANN, &[OUTSIDER, BEN.0])], edits).await;
        stage.live_until(400).await;
        let sent = if at_once { sends(&stage, TENANT, LINK_NEW_PASSWORD).await.0 } else { sends_for(&stage, LINK, 480).await };
        stage.live_until(1200).await;
        // What is read of the meeting meanwhile leaves the bot to both, and the bot goes on as it did before, when it is taken back.
        takes_back(&stage, sent.errand.id).await;
        stage.live_until(1900).await;
        assert!(matches!(stage.stays()[..], [(-107, 1800)]), "{at_once}: {}", stage.told().await);
    }
}

/// Nothing led any more from a meeting that was called off to the bot that a person had sent there, after it had lost its link.
#[tokio::test(start_paused = true)]
async fn a_bot_that_was_sent_stays_when_the_meeting_loses_its_link_and_is_called_off() {
    let edits = vec![(-100, linked(None)), (120, Edit::Cancel)];
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], edits).await;
    stage.live_until(-300).await;
    let (sent, _) = sends(&stage, TENANT, LINK).await;
    stage.live_until(900).await;
    takes_back(&stage, sent.errand.id).await;
    stage.live_until(1000).await;
    assert!(matches!(stage.stays()[..], [(-299, 900..=905)]), "{}", stage.told().await);
}

/// The bot of a meeting was missed, and who sent one when that was over got one that left with it: the moment it came.
#[tokio::test(start_paused = true)]
async fn a_bot_that_is_sent_when_its_meeting_is_over_does_not_leave_with_it() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    stage.live_until(-200).await;
    stage.setting.shared.world().weather.darken(Service::Bots, at(2400));
    stage.live_until(2200).await;
    sends(&stage, TENANT, LINK).await;
    stage.live_until(3000).await;
    assert!(matches!(stage.stays()[..], [(2400..=2430, 6000..=6030)]), "{}", stage.told().await);
}

/// The last look at its meeting was waited for, which says nothing that matters to who sends a bot now.
#[tokio::test(start_paused = true)]
async fn a_bot_that_is_sent_now_waits_for_no_provider() {
    for secs in [-900, -600, -300] {
        let mut stage = Stage::new(&[BEN], vec![meeting(BEN, &[OUTSIDER])], vec![]).await;
        stage.live_until(secs - 5).await;
        stage.setting.shared.world().weather.darken(Service::Graph, at(600));
        stage.live_until(secs).await;
        sends(&stage, TENANT, LINK).await;
        stage.live_until(120).await;
        let came = stage.stays().first().map(|(came, _)| came - secs);
        assert!(matches!(came, Some(0..=1)), "{came:?}: {}", stage.told().await);
    }
}

/// A person counted on a bot that was there when it was sent for later, and that left before its time: the errand was over with it.
#[tokio::test(start_paused = true)]
async fn a_bot_that_left_before_its_time_is_followed_by_another() {
    let long = Meeting { mins: 60, ..meeting(ANN, &[OUTSIDER]) };
    for meetings in [vec![], vec![long]] {
        let mut stage = Stage::new(&[ANN], meetings, vec![]).await;
        // It stays an hour.
        stage.live_until(-1200).await;
        let (first, _) = sends(&stage, TENANT, LINK).await;
        stage.live_until(1200).await;
        sends_for(&stage, LINK, 2700).await;
        takes_back(&stage, first.errand.id).await;
        stage.live_until(3500).await;
        let there = stage.stays().iter().filter(|(came, left)| (*came..*left).contains(&2705)).count();
        assert_eq!(there, 1, "{}", stage.told().await);
    }
}
