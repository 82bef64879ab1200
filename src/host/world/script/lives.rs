//! The lives of meetings: how each comes to be, and what is done to it.

use super::words::{OUTSIDERS, TITLES};
use super::{Size, Step, What, in_order};
use crate::host::world::calendar::{
    Account, AccountId, Change, Content, Edit, End, Every, Guest, Meeting, MeetingId, Repeats, Truth,
};
use crate::host::world::dice::Dice;
use crate::time::{ClockTime, Date, Elapsed, Instant, WeekdaySet};
use crate::value::Response;
use std::collections::BTreeMap;

/// Lengths in minutes.
const LENGTHS: [u32; 7] = [15, 25, 30, 45, 50, 60, 90];
/// Seconds from an occurrence's start to an edit where hosts decide (`C` 3).
const MOMENTS: [i64; 8] = [-600, -300, -100, -89, -45, -1, 10, 120];

/// What is meant to happen to a meeting; its details are drawn when its time has come.
enum Wish {
    Create(Box<Meeting>),
    /// Something, to the meeting that was made under this handle, around the occurrence that was to start then.
    Change(String, Instant),
    /// Somebody else sends an event with the UID of that meeting to a user who is not in it.
    CopyUid(String),
}

/// Everything that happens in a run, played through once.
pub fn steps(dice: &mut Dice, accounts: &[Account], (size, hours): (&Size, u64)) -> Vec<Step> {
    let mut scratch = Truth::default();
    accounts.iter().for_each(|account| {
        scratch.add_account(account.clone());
    });
    let mut wishes: Vec<(Instant, Wish)> = Vec::new();
    for number in 0..size.meetings {
        life(dice, accounts, (size, hours), number, &mut wishes);
    }
    wishes.sort_by_key(|(at, _)| *at);
    let mut steps = Vec::new();
    for (at, wish) in wishes {
        let what = match wish {
            Wish::Create(meeting) => What::Create(Box::new(named(&scratch, *meeting, at))),
            Wish::CopyUid(handle) => match uid_copy(dice, &scratch, &handle, at) {
                Some(copy) => What::Create(Box::new(copy)),
                None => continue,
            },
            Wish::Change(handle, near) => {
                let id = scratch.find_handle(&handle).expect("made before it is changed");
                let edit = edit(dice, &scratch, id, near);
                What::Edit(handle, edit)
            }
        };
        let before = scratch.rev();
        Step { at, what: what.clone() }.apply(&mut scratch);
        // What changed nothing did not happen.
        steps.extend((scratch.rev() > before).then_some(Step { at, what }));
    }
    in_order(steps)
}

/// A meeting that is made under the handle `m…` takes its final names when it is made.
fn named(scratch: &Truth, meeting: Meeting, at: Instant) -> Meeting {
    let (uid, _) = scratch.mint(&meeting.organizer);
    let uid = if uid.ends_with("@google.com") { format!("{}@google.com", meeting.handle) } else { uid };
    Meeting { uid, created: at, updated: at, ..meeting }
}

fn life(dice: &mut Dice, accounts: &[Account], (size, hours): (&Size, u64), number: usize, wishes: &mut Vec<(Instant, Wish)>) {
    let mut meeting = meeting(dice, accounts, (size, hours));
    meeting.handle = format!("m{:010x}{number:06}", dice.roll() >> 24);
    let horizon = size.start + Elapsed::from_hours(24 * i64::from(size.days));
    let starts = meeting.originals(size.start, horizon);
    let Some(first) = starts.first().copied() else { return };
    let late = dice.chance(300);
    let created = if late { first - Elapsed::from_secs(minutes(dice, 600) * 60 - 120) } else { size.start - days(dice, 20) };
    let created = if late { created.max(size.start) } else { created };
    let handle = meeting.handle.clone();
    if dice.chance(20) {
        wishes.push((created + Elapsed::from_secs(60), Wish::CopyUid(handle.clone())));
    }
    wishes.push((created, Wish::Create(Box::new(meeting))));
    let count = match dice.below(20) {
        0..=8 => 0,
        9..=14 => 1,
        15..=17 => 2,
        _ => 4,
    };
    for _ in 0..count {
        let near = *dice.pick(&starts);
        let at = if dice.chance(500) {
            near + Elapsed::from_secs(*dice.pick(&MOMENTS))
        } else {
            near - Elapsed::from_secs(minutes(dice, 60 * 24) * 60)
        };
        let at = at.max(created + Elapsed::from_secs(30)).max(size.start);
        wishes.push((at, Wish::Change(handle.clone(), near)));
    }
}

fn minutes(dice: &mut Dice, most: u64) -> i64 {
    i64::try_from(dice.below(most)).expect("few minutes")
}

fn days(dice: &mut Dice, most: u64) -> Elapsed {
    Elapsed::from_secs(3600 + minutes(dice, most * 24 * 60) * 60)
}

fn meeting(dice: &mut Dice, accounts: &[Account], (size, hours): (&Size, u64)) -> Meeting {
    let host = dice.pick(accounts);
    let outside = dice.chance(150);
    let organizer = if outside { (*dice.pick(&OUTSIDERS)).to_owned() } else { host.address.clone() };
    let mut guests: Vec<Guest> = if outside { vec![Guest::person(&host.address)] } else { Vec::new() };
    for _ in 0..1 + dice.below(4) {
        let address = if dice.chance(250) { (*dice.pick(&OUTSIDERS)).to_owned() } else { dice.pick(accounts).address.clone() };
        let known = address == organizer || guests.iter().any(|guest| guest.address == address);
        let answer =
            *dice.pick(&[Response::None, Response::Accepted, Response::Accepted, Response::Tentative, Response::Declined]);
        let optional = dice.chance(100);
        guests.extend((!known).then(|| Guest { optional, ..Guest::person(address).answered(answer) }));
    }
    if dice.chance(100) {
        guests.push(Guest { room: true, ..Guest::person("room-3@rooms.example").answered(Response::Accepted) });
    }
    let all_day = dice.chance(40);
    let series = !all_day && dice.chance(350);
    let day = i64::try_from(dice.below(u64::from(size.days.max(1)))).expect("few days");
    // Series began some weeks ago.
    let back = if series { 7 * minutes(dice, 5) } else { 0 };
    let date = host.zone.civil(size.start + Elapsed::from_hours(24 * (day - back))).date();
    let quarter = if dice.chance(600) { 0 } else { 15 * i8::try_from(dice.below(4)).expect("below 4") };
    let hour = i8::try_from(8 + dice.below(hours)).expect("below 24");
    let time = if all_day { ClockTime::midnight() } else { ClockTime::constant(hour, quarter, 0, 0) };
    let mins = if all_day { 1440 * (1 + u32::try_from(dice.below(3)).expect("below 3")) } else { *dice.pick(&LENGTHS) };
    let repeats = series.then(|| repeats(dice, date)).flatten();
    let has_link = dice.chance(850);
    let link = has_link.then(|| link(dice));
    Meeting {
        uid: String::new(),
        handle: String::new(),
        organizer,
        content: Content {
            title: (*dice.pick(&TITLES)).to_owned(),
            description: if dice.chance(400) {
                "Agenda to follow; bring questions, notes & numbers.".to_owned()
            } else {
                String::new()
            },
            location: if dice.chance(200) { "Room 3, second floor".to_owned() } else { String::new() },
            link,
            guests,
            private: dice.chance(60),
            guests_hidden: dice.chance(50),
        },
        zone: host.zone.clone(),
        first: date.to_datetime(time),
        mins,
        all_day,
        repeats,
        exceptions: BTreeMap::new(),
        cancelled: false,
        dropped: std::collections::BTreeSet::new(),
        sequence: 0,
        created: Instant::UNIX_EPOCH,
        updated: Instant::UNIX_EPOCH,
    }
}

/// A rule that has a start on `date`.
fn repeats(dice: &mut Dice, date: Date) -> Option<Repeats> {
    let own = WeekdaySet::default().with(date.weekday());
    let every = match dice.below(6) {
        0 => Every::Days(1),
        1 => Every::Days(2),
        2 => Every::Weeks(2, own),
        3 => Every::Weeks(1, own.with(date.weekday().next()).with(date.weekday().next().next())),
        4 if date.day() <= 28 => Every::Months(1),
        _ => Every::Weeks(1, own),
    };
    let end = match dice.below(3) {
        0 => End::On(date.checked_add(Elapsed::from_hours(24 * (30 + minutes(dice, 40)))).ok()?),
        1 => End::After(20 + u32::try_from(dice.below(60)).ok()?),
        _ => End::Never,
    };
    Some(Repeats { every, end })
}

/// A link that nobody else has.
pub fn link(dice: &mut Dice) -> String {
    let mut letters = |count: usize| -> String {
        (0..count).map(|_| char::from(b'a' + u8::try_from(dice.below(26)).expect("below 26"))).collect()
    };
    let code = format!("{}-{}-{}", letters(3), letters(4), letters(3));
    match dice.below(3) {
        0 => format!("https://meet.google.com/{code}"),
        1 => format!("https://us02web.zoom.us/j/{}", 80_000_000_000 + dice.below(9_999_999_999)),
        _ => {
            format!("https://teams.microsoft.com/meet/{}?p={}", 20_000_000_000 + dice.below(9_999_999_999), code.replace('-', ""))
        }
    }
}

/// An event by a stranger that has the UID of a meeting, for a user who is not in that.
fn uid_copy(dice: &mut Dice, scratch: &Truth, handle: &str, at: Instant) -> Option<Meeting> {
    let original = scratch.meeting(scratch.find_handle(handle)?);
    let audience = original.audience();
    let apart: Vec<&Account> = scratch.accounts().iter().filter(|account| !audience.contains(account.address.as_str())).collect();
    let victim = apart.first()?;
    let content = Content {
        title: "Please join".to_owned(),
        link: Some(link(dice)),
        guests: vec![Guest::person(&victim.address)],
        ..Content::default()
    };
    Some(Meeting {
        handle: format!("{handle}x"),
        organizer: "eve@elsewhere.example".to_owned(),
        content,
        exceptions: BTreeMap::new(),
        created: at,
        updated: at,
        sequence: original.sequence + 5,
        ..original.clone()
    })
}

/// Something to do to a meeting as it stands, around the occurrence that was to start at `near`.
fn edit(dice: &mut Dice, scratch: &Truth, id: MeetingId, near: Instant) -> Edit {
    let meeting = scratch.meeting(id);
    let series = meeting.repeats.is_some();
    if series && dice.chance(650) {
        return match dice.below(8) {
            0 | 1 => Edit::CancelOccurrence(near),
            2..=4 => Edit::MoveOccurrence { original: near, start: near + shift(dice), mins: *dice.pick(&LENGTHS) },
            5 => Edit::Split { original: near, time: later(meeting.first.time(), dice) },
            _ => Edit::Occurrence(near, change(dice, scratch, meeting)),
        };
    }
    match dice.below(16) {
        0..=2 => Edit::Cancel,
        3 => Edit::Recreate,
        4..=6 if series => {
            Edit::Move { first: meeting.first.date().to_datetime(later(meeting.first.time(), dice)), mins: meeting.mins }
        }
        4..=6 => {
            let start = meeting.start() + if meeting.all_day { Elapsed::from_hours(24) } else { shift(dice) };
            Edit::Move { first: meeting.zone.civil(start), mins: meeting.mins }
        }
        7 => Edit::Drop(somebody(dice, meeting)),
        8 if series => Edit::Repeat(None),
        8 => Edit::Repeat(repeats(dice, meeting.first.date())),
        _ => Edit::Content(change(dice, scratch, meeting)),
    }
}

/// Up to four hours earlier or later in steps of a quarter of an hour, or a day later.
fn shift(dice: &mut Dice) -> Elapsed {
    if dice.chance(150) {
        return Elapsed::from_hours(24);
    }
    let quarters = minutes(dice, 16) + 1;
    Elapsed::from_mins(15 * if dice.chance(300) { -quarters } else { quarters })
}

/// Another time of day, not so late that it were another day.
fn later(time: ClockTime, dice: &mut Dice) -> ClockTime {
    let hour = (time.hour() + 1 + i8::try_from(dice.below(3)).expect("below 3")).min(22);
    ClockTime::constant(hour, (time.minute() + 15) % 60, 0, 0)
}

fn somebody(dice: &mut Dice, meeting: &Meeting) -> String {
    match meeting.content.guests.as_slice() {
        [] => meeting.organizer.clone(),
        guests => dice.pick(guests).address.clone(),
    }
}

/// The accounts that could be invited: none whose calendar has another event of this UID, since no provider keeps two.
fn strangers<'a>(scratch: &'a Truth, meeting: &Meeting) -> Vec<&'a Account> {
    let accounts = scratch.accounts().iter().enumerate();
    let has_other = |number: usize| {
        let known = scratch.known_to(AccountId(number)).map(|id| scratch.meeting(id));
        known.into_iter().any(|known| known.uid == meeting.uid && known.handle != meeting.handle)
    };
    let free = accounts.filter(|(number, account)| account.address != meeting.organizer && !has_other(*number));
    free.map(|(_, account)| account).collect()
}

fn change(dice: &mut Dice, scratch: &Truth, meeting: &Meeting) -> Change {
    match dice.below(10) {
        0 | 1 => Change::Title((*dice.pick(&TITLES)).to_owned()),
        2 => Change::Link(None),
        3 | 4 => Change::Link(Some(link(dice))),
        5 | 6 => {
            let answer = *dice.pick(&[Response::Accepted, Response::Declined, Response::Declined, Response::Tentative]);
            Change::Respond(somebody(dice, meeting), answer)
        }
        7 => {
            let others = strangers(scratch, meeting);
            match others.as_slice() {
                [] => Change::Title((*dice.pick(&TITLES)).to_owned()),
                others => Change::Invite(Guest::person(&dice.pick(others).address)),
            }
        }
        8 => Change::Uninvite(somebody(dice, meeting)),
        _ if dice.chance(500) => Change::HideGuests(!meeting.content.guests_hidden),
        _ => Change::Private(!meeting.content.private),
    }
}
