//! Meetings in which the conditions of the small world come out in every way.

use callsheet::event::link::Link;
use callsheet::event::{Address, ConnectedUser, Facts, Occurrence, People, Person, PersonKind, Revision, SeriesFacts, Text};
use callsheet::time::{Elapsed, Instant, Moment, Zone};
use callsheet::value::{Conference, EventKind, Fact, Provider, Response, ShowsAs, SourceKind, Status, UnknownReason, Visibility};
use std::sync::Arc;

/// A meeting of which nothing is special.
pub struct Meeting {
    pub occurrence: Occurrence,
    pub user: ConnectedUser,
}

/// The user under an address that cannot be read, whom the calendar marks.
const MYSELF: &str = "myself unreadable";
const ME: &str = "me@acme.example";

fn plain() -> Meeting {
    let start: Instant = "2026-03-02T10:00:00Z".parse().expect("an instant");
    let organizer = Person { response: Fact::Known(Response::Organizer), ..Person::at(ME) };
    let link = Link {
        conference: Conference::Meet,
        platform: "meet",
        id: "abc".to_owned(),
        url: "https://meet.example/abc".to_owned(),
        joinable: true,
    };
    let facts = Facts {
        title: Fact::Known(None),
        description: Fact::Known(None),
        location: Fact::Known(None),
        calendar: Fact::Known(None),
        people: People {
            organizer: Fact::Known(organizer.clone()),
            creator: Fact::Known(organizer),
            attendees: Vec::new(),
            incomplete: None,
        },
        status: Status::Confirmed,
        visibility: Fact::Known(Visibility::Default),
        shows_as: Fact::Known(ShowsAs::Busy),
        kind: EventKind::Default,
        my_response: Fact::Known(Response::Accepted),
        provider: Provider::Google,
        source: SourceKind::Api,
        link: Fact::Known(Some(link)),
        draft: false,
    };
    let at = |at: Instant| Moment::Timed { at, zone: Zone::utc() };
    let occurrence = Occurrence {
        uid: "small".to_owned(),
        provider_id: None,
        recurrence_id: None,
        series: SeriesFacts::NotRecurring,
        start: at(start),
        end: Fact::Known(at(start + Elapsed::from_mins(30))),
        first: Fact::Known(false),
        moved: Fact::Known(false),
        changed: Fact::Known(false),
        sub_hourly: false,
        revision: Revision::default(),
        facts: Arc::new(facts),
    };
    let me = Address::parse(ME).expect("an address");
    Meeting { occurrence, user: ConnectedUser { addresses: vec![me], zone: Some(Zone::utc()), bots: Vec::new() } }
}

fn with_facts(change: impl FnOnce(&mut Facts)) -> Meeting {
    let mut meeting = plain();
    let mut facts = Facts::clone(&meeting.occurrence.facts);
    change(&mut facts);
    meeting.occurrence.facts = Arc::new(facts);
    meeting
}

fn hidden<T>() -> Fact<T> {
    Fact::Unknown(UnknownReason::PrivateEvent)
}

pub fn titles() -> Vec<Meeting> {
    let whole = [
        "",
        "x",
        "alpha",
        "alpha x",
        "x alpha",
        "beta",
        "alpha beta",
        "beta alpha",
        "x alpha beta",
        "alphabeta",
        "a b",
        "alpha a b",
        "x alpha a b",
        "beta a b",
        "alphabeta a b",
        "betaalpha a b",
        "alpha b",
        "x alpha b",
    ];
    let cut = whole.iter().flat_map(|kept| [format!("{kept}{}", " x".repeat(1000)), format!("{kept}{}", "x ".repeat(1000))]);
    let known = whole.iter().map(|title| (*title).to_owned()).chain(cut).map(|title| Fact::Known(Some(Text::short(title))));
    known.chain([hidden()]).map(|title| with_facts(|facts| facts.title = title)).collect()
}

pub fn visibilities() -> Vec<Meeting> {
    use Visibility::{Confidential, Default, Private, Public};
    let known = [Default, Public, Private, Confidential].map(Fact::Known);
    known.into_iter().chain([hidden()]).map(|visibility| with_facts(|facts| facts.visibility = visibility)).collect()
}

pub fn lengths() -> Vec<Meeting> {
    let of = |end: Fact<i64>| {
        let mut meeting = plain();
        let Moment::Timed { at, zone } = meeting.occurrence.start.clone() else { unreachable!("it has a clock time") };
        let end = end.as_ref().map(|minutes| Moment::Timed { at: at + Elapsed::from_mins(*minutes), zone });
        meeting.occurrence.end = end;
        meeting
    };
    [Fact::Known(10), Fact::Known(30), Fact::Known(60), Fact::Unknown(UnknownReason::EndUnspecified)].map(of).into()
}

pub fn starts() -> Vec<Meeting> {
    let mut meetings = Vec::new();
    for day in ["2026-03-02", "2026-03-03", "2026-03-07"] {
        for clock in ["06:00", "10:00", "14:00", "20:00"] {
            for guess in [false, true] {
                let at: Instant = format!("{day}T{clock}:00Z").parse().expect("an instant");
                let zone = if guess { Zone::utc().as_guess() } else { Zone::utc() };
                let mut meeting = plain();
                meeting.occurrence.start = Moment::Timed { at, zone: zone.clone() };
                meeting.occurrence.end = Fact::Known(Moment::Timed { at: at + Elapsed::from_mins(30), zone });
                meetings.push(meeting);
            }
        }
    }
    meetings
}

/// Everybody who can be told apart: the user, a colleague, guests of two companies and of none of them, some twice, and somebody
/// whose address cannot be read; the organizer one of them, hidden, a calendar or a room.
pub fn guests() -> Vec<Meeting> {
    const CAST: [(&str, usize); 7] = [
        (ME, 1),
        ("in@acme.example", 2),
        ("ann@x.example", 2),
        ("bo@y.example", 2),
        ("cy@z.example", 2),
        ("unreadable", 2),
        (MYSELF, 1),
    ];
    /// The user is mostly a colleague, and may be anybody; `None`: nobody knows.
    const USERS: [Option<&str>; 5] = [Some(ME), Some("ann@x.example"), Some("bo@y.example"), Some("cy@z.example"), None];
    let mut lists: Vec<Vec<Person>> = vec![Vec::new()];
    for (address, most) in CAST {
        let with = |list: &Vec<Person>, count: usize| {
            let more = (0..count).map(|nth| {
                let written = if nth == 0 { address.to_owned() } else { format!("{nth}{address}") };
                let is_self = address == MYSELF;
                Person { response: Fact::Known(Response::Accepted), is_self, ..Person::at(&written) }
            });
            list.iter().cloned().chain(more).collect::<Vec<Person>>()
        };
        lists = lists
            .iter()
            .flat_map(|list| (0..=most).map(move |count| (list, count)))
            .map(|(list, count)| with(list, count))
            .collect();
    }
    lists.retain(|list| list.len() <= 4);
    // That somebody said no is one thing, that nobody told whether they come another.
    let one_without_yes = |list: &Vec<Person>| {
        let answers = [Fact::Known(Response::Declined), Fact::Unknown(UnknownReason::NotStated)];
        let changed = (0..list.len()).flat_map(|at| answers.clone().map(|answer| (at, answer)));
        let with = |(at, answer): (usize, Fact<Response>)| {
            let mut list = list.clone();
            list[at].response = answer;
            list
        };
        changed.map(with).collect::<Vec<_>>()
    };
    let with_answers: Vec<Vec<Person>> = lists.iter().flat_map(one_without_yes).collect();
    lists.extend(with_answers);
    let mut meetings = Vec::new();
    for list in &lists {
        for organizer in organizers(list) {
            let ways = USERS
                .iter()
                .flat_map(|user| [(user, false, false), (user, true, false), (user, false, true), (user, true, true)]);
            for (user, incomplete, more) in ways {
                // Nobody is there under two addresses.
                let is_me = |person: &Person| user.is_some_and(|user| person.written == user);
                let twice = list.iter().any(|person| person.is_self) && list.iter().any(is_me);
                if (more && list.is_empty()) || twice {
                    continue;
                }
                let mut meeting = with_facts(|facts| {
                    facts.people.attendees.clone_from(list);
                    facts.people.organizer = organizer.clone();
                    facts.people.incomplete = incomplete.then_some(UnknownReason::GuestsHidden);
                    if more {
                        facts.people.attendees[0].plus_guests = 1;
                    }
                });
                meeting.user.addresses = user.iter().filter_map(|address| Address::parse(address)).collect();
                meetings.push(meeting);
            }
        }
    }
    meetings
}

fn organizers(list: &[Person]) -> Vec<Fact<Person>> {
    // The organizer accepted, whatever the list says; the first of each kind is enough.
    let listed = list.iter().filter(|person| person.response == Fact::Known(Response::Accepted)).cloned().map(Fact::Known);
    let room = Person { kind: PersonKind::Room, ..Person::at("room@acme.example") };
    listed.chain([hidden(), Fact::Unknown(UnknownReason::OrganizerIsCalendar), Fact::Known(room)]).collect()
}
