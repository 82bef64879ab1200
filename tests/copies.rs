//! Several copies of one occurrence: completed facts, and the strongest decision.

use callsheet::copies::{Copy, GroupDecision, MemberDecision, Strength, complete_facts, decide_group};
use callsheet::event::link::Link;
use callsheet::event::{Address, ConnectedUser, Facts, Occurrence, People, Person, Revision, SeriesFacts, Text};
use callsheet::time::{Date, Moment};
use callsheet::value::words::Verb;
use callsheet::value::{
    Conference, DecidedBy, Decision, EventKind, Fact, NotRecordable, Provider, Response, ShowsAs, SourceKind, Status,
    UnknownReason, Visibility,
};
use proptest::prelude::*;
use std::sync::Arc;

const HIDDEN: UnknownReason = UnknownReason::GuestsHidden;

fn person(address: &str, response: Response) -> Person {
    Person { response: Fact::Known(response), ..Person::at(address) }
}

/// A copy that shows everything.
fn occurrence(title: &str, attendees: Vec<Person>) -> Occurrence {
    let link = Link {
        conference: Conference::Meet,
        platform: "meet",
        id: "abc-defg-hij".to_owned(),
        url: "https://meet.google.com/abc-defg-hij".to_owned(),
        joinable: true,
    };
    Occurrence {
        uid: "1@acme.example".to_owned(),
        provider_id: None,
        recurrence_id: None,
        series: SeriesFacts::NotRecurring,
        start: Moment::Day(Date::constant(2026, 3, 2)),
        end: Fact::Known(Moment::Day(Date::constant(2026, 3, 3))),
        first: Fact::Known(false),
        moved: Fact::Known(false),
        changed: Fact::Known(false),
        sub_hourly: false,
        revision: Revision::default(),
        facts: Arc::new(Facts {
            title: Fact::Known(Some(Text::short(title))),
            description: Fact::Known(None),
            location: Fact::Known(None),
            calendar: Fact::Known(Some(Text::short("Work"))),
            people: People {
                organizer: Fact::Known(Person::at("dana@acme.example")),
                creator: Fact::Unknown(UnknownReason::NotStated),
                attendees,
                incomplete: None,
            },
            status: Status::Confirmed,
            visibility: Fact::Known(Visibility::Default),
            shows_as: Fact::Known(ShowsAs::Busy),
            kind: EventKind::Default,
            my_response: Fact::Unknown(UnknownReason::NotStated),
            provider: Provider::Google,
            source: SourceKind::Api,
            link: Fact::Known(Some(link)),
            draft: false,
        }),
    }
}

fn user(address: &str) -> ConnectedUser {
    ConnectedUser { addresses: vec![Address::parse(address).expect("an address")], ..ConnectedUser::default() }
}

/// The same occurrence in a calendar that shows its owner's own entry alone.
fn hidden(own: Person) -> Occurrence {
    let mut copy = occurrence("", vec![own]);
    let facts = Arc::make_mut(&mut copy.facts);
    facts.title = Fact::Unknown(UnknownReason::PrivateEvent);
    facts.link = Fact::Known(None);
    facts.people.organizer = Fact::Unknown(HIDDEN);
    facts.people.incomplete = Some(HIDDEN);
    facts.visibility = Fact::Known(Visibility::Private);
    facts.calendar = Fact::Known(Some(Text::short("Home")));
    copy
}

#[test]
fn shared_facts_are_completed_and_own_facts_stay() {
    let full = occurrence(
        "Review",
        vec![
            Person { is_self: true, ..person("dana@acme.example", Response::Accepted) },
            person("kim@acme.example", Response::None),
            person("pat@customer.example", Response::Accepted),
        ],
    );
    let poor = hidden(Person { is_self: true, ..person("kim@acme.example", Response::Declined) });
    let (dana, kim) = (user("dana@acme.example"), user("kim@acme.example"));
    let copies = [Copy { connection: 7, occurrence: &poor, user: &kim }, Copy { connection: 8, occurrence: &full, user: &dana }];
    let complete = complete_facts(&copies);
    let facts = &complete[0].facts;
    assert_eq!(facts.title, full.facts.title);
    assert_eq!(facts.link, full.facts.link);
    assert_eq!(facts.people.organizer.known().map(|organizer| organizer.written.as_str()), Some("dana@acme.example"));
    assert_eq!(facts.people.incomplete, None);
    assert_eq!(facts.people.attendees.len(), 3);
    let own: Vec<&str> = facts.people.attendees.iter().filter(|person| person.is_self).map(|person| &*person.written).collect();
    assert_eq!(own, ["kim@acme.example"]);
    assert_eq!(facts.people.attendees[1].response, Fact::Known(Response::Declined));
    assert_eq!(facts.my_response, Fact::Known(Response::Declined));
    assert_eq!(facts.visibility, Fact::Known(Visibility::Private));
    assert_eq!(facts.calendar, poor.facts.calendar);
    let facts = &complete[1].facts;
    assert_eq!(facts.my_response, Fact::Known(Response::Accepted));
    assert_eq!(facts.people.attendees[1].response, Fact::Known(Response::None));
}

#[test]
fn completing_does_not_depend_on_the_order_of_copies() {
    let one = occurrence("One", vec![person("dana@acme.example", Response::Accepted)]);
    let two = occurrence("Two", vec![person("dana@acme.example", Response::Declined)]);
    let three = hidden(person("kim@acme.example", Response::Accepted));
    let nobody = ConnectedUser::default();
    let copy = |connection, occurrence| Copy { connection, occurrence, user: &nobody };
    let mut copies = vec![copy(1, &three), copy(2, &one), copy(3, &two)];
    let expected = complete_facts(&copies);
    assert!(expected.iter().all(|copy| copy.facts.title == one.facts.title), "ties go to the lowest connection");
    copies.rotate_left(1);
    let mut turned = complete_facts(&copies);
    turned.rotate_right(1);
    assert_eq!(turned, expected);
}

#[test]
fn copies_that_were_completed_are_complete() {
    let full = occurrence("Review", vec![person("dana@acme.example", Response::Accepted)]);
    let poor = hidden(person("kim@acme.example", Response::Accepted));
    let nobody = ConnectedUser::default();
    let once = complete_facts(&[
        Copy { connection: 1, occurrence: &full, user: &nobody },
        Copy { connection: 2, occurrence: &poor, user: &nobody },
    ]);
    let again = complete_facts(&[
        Copy { connection: 1, occurrence: &once[0], user: &nobody },
        Copy { connection: 2, occurrence: &once[1], user: &nobody },
    ]);
    assert_eq!(again, once);
    assert!(complete_facts(&[]).is_empty());
}

const STRENGTHS: [Strength; 8] = [
    Strength::OrganisationNever,
    Strength::Locked,
    Strength::UserNever,
    Strength::Stop,
    Strength::RecordOverride,
    Strength::Always,
    Strength::Record,
    Strength::Skip,
];

fn member(connection: u64, strength: Option<Strength>, keep: Option<u64>, may_veto: bool) -> MemberDecision {
    let decision = strength.map_or(Decision::NotRecordable(NotRecordable::NoLink), |strength| Decision::Decided {
        verb: strength.verb(),
        by: DecidedBy::Default(None),
    });
    MemberDecision { connection, decision, strength, keep, may_veto }
}

fn winner(members: &[MemberDecision]) -> (Strength, u64) {
    match decide_group(members) {
        Some(GroupDecision::Decided { strength, by, verb, .. }) => {
            assert_eq!(strength.verb(), verb);
            (strength, by)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_strongest_of_two_decides() {
    for (place, stronger) in STRENGTHS.iter().enumerate() {
        for weaker in &STRENGTHS[place + 1..] {
            let members = [member(1, Some(*weaker), Some(1), true), member(2, Some(*stronger), None, true)];
            assert_eq!(winner(&members), (*stronger, 2));
        }
    }
}

#[test]
fn ties_go_to_the_shortest_keep_then_to_the_lowest_connection() {
    let always = Some(Strength::Always);
    let members = [member(1, always, None, true), member(3, always, Some(90), true), member(2, always, Some(90), true)];
    assert_eq!(winner(&members), (Strength::Always, 2));
}

#[test]
fn a_copy_that_is_not_recordable_has_no_vote() {
    let members = [member(1, None, None, true), member(2, Some(Strength::Skip), None, true)];
    assert_eq!(winner(&members), (Strength::Skip, 2));
    let none = decide_group(&[member(1, None, None, true)]);
    assert_eq!(none, Some(GroupDecision::NotRecordable(NotRecordable::NoLink)));
    assert_eq!(decide_group(&[]), None);
}

#[test]
fn strangers_in_the_same_room_cannot_keep_the_bot_out() {
    let members = [member(1, Some(Strength::OrganisationNever), None, false), member(2, Some(Strength::Record), None, true)];
    assert_eq!(winner(&members), (Strength::Record, 2));
    let members = [member(1, Some(Strength::OrganisationNever), None, true), member(2, Some(Strength::Record), None, true)];
    assert_eq!(winner(&members), (Strength::OrganisationNever, 1));
}

fn members() -> impl Strategy<Value = Vec<MemberDecision>> {
    let one = (prop::option::weighted(0.9, 0..STRENGTHS.len()), prop::option::of(1..4_u64), prop::bool::weighted(0.8));
    prop::collection::vec(one, 1..6).prop_map(|members| {
        let numbered = (1..).zip(members);
        numbered.map(|(id, (strength, keep, veto))| member(id, strength.map(|at| STRENGTHS[at]), keep, veto)).collect()
    })
}

fn verb(group: Option<GroupDecision>) -> Option<Verb> {
    match group {
        Some(GroupDecision::Decided { verb, .. }) => Some(verb),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_members_does_not_matter(members in members(), turn in 0..6_usize) {
        let mut other = members.clone();
        let len = other.len();
        other.rotate_left(turn % len);
        if turn > 2 {
            other.reverse();
        }
        prop_assert_eq!(decide_group(&other), decide_group(&members));
    }

    #[test]
    fn one_more_veto_never_makes_a_recording(members in members(), at in 0..STRENGTHS.len()) {
        let strength = STRENGTHS[at];
        prop_assume!(strength.verb() == Verb::Skip);
        let mut more = members.clone();
        more.push(member(99, Some(strength), None, true));
        if verb(decide_group(&members)) != Some(Verb::Record) {
            prop_assert_eq!(verb(decide_group(&more)), Some(Verb::Skip));
        }
    }

    #[test]
    fn a_stronger_word_for_skipping_never_makes_a_recording(members in members(), at in 0..6_usize) {
        let mut stronger = members.clone();
        let place = at % members.len();
        if members[place].strength.is_some() && members[place].may_veto {
            stronger[place] = member(members[place].connection, Some(Strength::OrganisationNever), None, true);
            prop_assert_eq!(verb(decide_group(&stronger)), Some(Verb::Skip));
        }
    }
}
