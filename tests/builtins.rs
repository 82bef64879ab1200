//! Every form of condition, where it is true, where it is false and where it is unknown.

use callsheet::builtins::people::Aliases;
use callsheet::builtins::{Answer, Atom, Context, DayTest, ListItems, ListTable, PersonCond, SetField, Tables, Texts, ValueSet};
use callsheet::event::address::DomainPattern;
use callsheet::event::link::Link;
use callsheet::event::{
    Address, ConnectedUser, Facts, Freq, Occurrence, Pattern, People, Person, PersonKind, ProvidedList, ProvidedLists, Question,
    Revision, SeriesFacts, SeriesSummary, Text,
};
use callsheet::time::{Civil, Date, Moment, Weekday, WeekdaySet, Zone};
use callsheet::value::outline::{Recordable, ZoneRule};
use callsheet::value::words::{
    ClockWindow, Comparison, Cycle, Edge, Flag, ListKind, OccurrenceIs, PersonRole, Quantifier, Rate, Repeats, TextField, TextOp,
};
use callsheet::value::{
    Conference, EventKind, Fact, NotRecordable, Override, Overrides, Provider, Response, ShowsAs, SourceKind, Status,
    UnknownReason, Visibility,
};
use std::sync::Arc;

/// A meeting of `me@acme.com` on Monday 2 March 2026 from 10:00 to 10:30 in London, and what the rules know.
#[derive(Clone)]
struct Scene {
    facts: Facts,
    occurrence: Occurrence,
    user: ConnectedUser,
    overrides: Overrides,
    provided: ProvidedLists,
    lists: Vec<ListTable>,
    own_domains: Vec<DomainPattern>,
    aliases: Vec<Vec<Address>>,
}

fn london() -> Zone {
    Zone::named("Europe/London").expect("it is a zone")
}

fn timed(civil: &str) -> Moment {
    let zone = london();
    let civil: Civil = civil.parse().expect("a civil time");
    Moment::Timed { at: zone.instant(civil), zone }
}

fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

fn domain(text: &str) -> DomainPattern {
    DomainPattern::parse(text).expect("a domain")
}

fn guest(written: &str, response: Response) -> Person {
    Person { response: Fact::Known(response), optional: Fact::Known(false), ..Person::at(written) }
}

fn scene() -> Scene {
    let facts = Facts {
        title: Fact::Known(Some(Text::short("Weekly Sync"))),
        description: Fact::Known(None),
        location: Fact::Known(None),
        calendar: Fact::Known(None),
        people: People {
            organizer: Fact::Known(guest("me@acme.com", Response::Accepted)),
            creator: Fact::Unknown(UnknownReason::NotStated),
            attendees: Vec::new(),
            incomplete: None,
        },
        status: Status::Confirmed,
        visibility: Fact::Known(Visibility::Default),
        shows_as: Fact::Known(ShowsAs::Busy),
        kind: EventKind::Default,
        my_response: Fact::Unknown(UnknownReason::NotStated),
        provider: Provider::Google,
        source: SourceKind::Api,
        link: Fact::Known(Some(Link {
            conference: Conference::Meet,
            platform: "meet",
            id: "abc".to_owned(),
            url: "https://meet.google.com/abc-defg-hij".to_owned(),
            joinable: true,
        })),
        draft: false,
    };
    let occurrence = Occurrence {
        uid: "uid".to_owned(),
        provider_id: None,
        recurrence_id: None,
        series: SeriesFacts::NotRecurring,
        start: timed("2026-03-02T10:00"),
        end: Fact::Known(timed("2026-03-02T10:30")),
        first: Fact::Known(false),
        moved: Fact::Known(false),
        changed: Fact::Known(false),
        sub_hourly: false,
        revision: Revision::default(),
        facts: Arc::new(facts.clone()),
    };
    Scene {
        facts,
        occurrence,
        user: ConnectedUser { addresses: vec![address("me@acme.com")], zone: None, bots: vec![address("bot@notes.example")] },
        overrides: Overrides::default(),
        provided: ProvidedLists::default(),
        lists: Vec::new(),
        own_domains: vec![domain("@acme.com")],
        aliases: Vec::new(),
    }
}

impl Scene {
    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }

    fn guests(&self, guests: impl IntoIterator<Item = Person>) -> Self {
        self.with(|scene| scene.facts.people.attendees = guests.into_iter().collect())
    }

    fn hidden(&self) -> Self {
        self.with(|scene| scene.facts.people.incomplete = Some(UnknownReason::GuestsHidden))
    }

    fn ask<T>(&self, question: impl FnOnce(&Context<'_>) -> T) -> T {
        let occurrence = Occurrence { facts: Arc::new(self.facts.clone()), ..self.occurrence.clone() };
        let question_asked =
            Question { occurrence: &occurrence, user: &self.user, overrides: self.overrides, lists: &self.provided };
        let aliases = Aliases::of(&self.aliases);
        let tables = Tables { lists: &self.lists, own_domains: &self.own_domains, aliases: &aliases };
        question(&Context::new(&question_asked, tables))
    }

    #[track_caller]
    fn check(&self, atom: &Atom, expected: Answer) {
        assert_eq!(self.ask(|context| context.answer(atom)), expected, "{atom:?}");
    }
}

const TRUE: Answer = Answer::True;
const FALSE: Answer = Answer::False;

fn unknown(reason: UnknownReason) -> Answer {
    Answer::Unknown(reason)
}

fn title(op: TextOp, operand: &str) -> Atom {
    Atom::Text { field: TextField::Title, op, texts: Texts::Written(vec![callsheet::value::fold(operand)]) }
}

fn titled(content: &str, cut: bool) -> Scene {
    scene().with(|scene| scene.facts.title = Fact::Known(Some(Text { content: content.to_owned(), cut })))
}

#[test]
fn texts_compare_under_folding() {
    let event = titled("Große ﬁnance DEMO", false);
    event.check(&title(TextOp::Contains, "FINANCE"), TRUE);
    event.check(&title(TextOp::StartsWith, "GROSSE"), TRUE);
    event.check(&title(TextOp::EndsWith, "Demo"), TRUE);
    event.check(&title(TextOp::Is, "grosse finance demo"), TRUE);
    event.check(&title(TextOp::Is, "demo"), FALSE);
    event.check(&title(TextOp::EndsWith, "dem"), FALSE);
    let absent = scene().with(|scene| scene.facts.title = Fact::Known(None));
    absent.check(&title(TextOp::Is, ""), TRUE);
    absent.check(&title(TextOp::Contains, "a"), FALSE);
    let hidden = scene().with(|scene| scene.facts.title = Fact::Unknown(UnknownReason::PrivateEvent));
    hidden.check(&title(TextOp::Contains, "a"), unknown(UnknownReason::PrivateEvent));
}

#[test]
fn a_cut_text_is_certain_only_where_the_rest_cannot_matter() {
    let cut = titled("Sales review of the quarter", true);
    let open = unknown(UnknownReason::TextCut);
    cut.check(&title(TextOp::Contains, "review"), TRUE);
    cut.check(&title(TextOp::Contains, "salary"), open);
    cut.check(&title(TextOp::StartsWith, "sales"), TRUE);
    cut.check(&title(TextOp::StartsWith, "hr"), FALSE);
    cut.check(&title(TextOp::StartsWith, "sales review of the quarter in detail"), open);
    cut.check(&title(TextOp::Is, "hr"), FALSE);
    cut.check(&title(TextOp::Is, "sales review of the quarter in detail"), open);
    cut.check(&title(TextOp::EndsWith, "quarter"), open);
    // What was cut off may have been an accent of the last letter.
    titled("cafe", true).check(&title(TextOp::Is, "café latte"), open);
}

#[test]
fn any_of_several_texts_is_enough() {
    let texts = Texts::Written(vec!["demo".to_owned(), "sync".to_owned()]);
    let atom = Atom::Text { field: TextField::Title, op: TextOp::Contains, texts };
    scene().check(&atom, TRUE);
    let list = |items| ListTable { name: "words".to_owned(), kind: ListKind::Texts, items };
    let atom = Atom::Text { field: TextField::Title, op: TextOp::Contains, texts: Texts::List(0) };
    let written = ListItems { texts: vec!["sync".to_owned()], ..ListItems::default() };
    scene().with(|scene| scene.lists = vec![list(Some(written))]).check(&atom, TRUE);
    let provided = scene().with(|scene| scene.lists = vec![list(None)]);
    provided.check(&atom, unknown(UnknownReason::ListNotSupplied));
    provided.with(|scene| scene.provided.insert("words", ProvidedList::default())).check(&atom, FALSE);
}

#[test]
fn patterns_read_the_text_as_it_is() {
    let atom = |pattern: &str, flags: &str| Atom::Matches {
        field: TextField::Title,
        pattern: pattern.to_owned(),
        flags: flags.to_owned(),
    };
    let event = titled("HR: Straße", false);
    event.check(&atom(r"\bhr\b", ""), FALSE);
    event.check(&atom(r"\bhr\b", "i"), TRUE);
    event.check(&atom("strasse", "i"), FALSE);
    event.check(&atom("^HR$", ""), FALSE);
    event.check(&atom("(", ""), unknown(UnknownReason::PatternUnusable));
    let cut = titled("team demo", true);
    cut.check(&atom("demo", ""), TRUE);
    cut.check(&atom(r"\bteam\b", ""), TRUE);
    cut.check(&atom("demo$", ""), unknown(UnknownReason::TextCut));
    cut.check(&atom(r"demo\b", ""), unknown(UnknownReason::TextCut));
    cut.check(&atom("poc", ""), unknown(UnknownReason::TextCut));
}

fn any(test: PersonCond) -> Atom {
    Atom::People { quantifier: Quantifier::Any, test }
}

fn people(quantifier: Quantifier, test: PersonCond) -> Atom {
    Atom::People { quantifier, test }
}

fn count(comparison: Comparison) -> Atom {
    Atom::Count(comparison)
}

#[test]
fn one_person_counts_once() {
    let me_twice = scene().guests([guest("ME@acme.com", Response::Accepted), guest("kim@acme.com", Response::None)]);
    me_twice.check(&count(Comparison::Eq(2)), TRUE);
    let aliases = me_twice.with(|scene| scene.user.addresses.push(address("kim@acme.com")));
    aliases.check(&count(Comparison::Eq(1)), TRUE);
    let person = me_twice.with(|scene| scene.aliases = vec![vec![address("me@acme.com"), address("kim@acme.com")]]);
    person.check(&count(Comparison::Eq(1)), TRUE);
    let unreadable = scene().guests([guest("kim", Response::None), guest("kim", Response::Accepted)]);
    unreadable.check(&count(Comparison::Eq(2)), TRUE);
}

#[test]
fn an_entry_can_show_that_two_others_are_one_person() {
    let mut event = scene().guests([
        guest("dana@acme.com", Response::None),
        guest("dana@home.example", Response::Declined),
        guest("dana.k@acme.co.uk", Response::Accepted),
    ]);
    event.aliases = vec![
        vec![address("dana@acme.com"), address("dana.k@acme.co.uk")],
        vec![address("dana@home.example"), address("dana.k@acme.co.uk")],
    ];
    event.check(&count(Comparison::Eq(2)), TRUE);
    // The later statement wins.
    event.check(&any(PersonCond::Response(Response::Declined)), FALSE);
    event.check(&people(Quantifier::Exactly(2), PersonCond::Response(Response::Accepted)), TRUE);
}

#[test]
fn rooms_things_bots_and_bystanders_are_no_people() {
    let mut room = guest("room@acme.com", Response::Accepted);
    room.kind = PersonKind::Room;
    let mut screen = guest("screen@acme.com", Response::Accepted);
    screen.kind = PersonKind::Resource;
    let mut bystander = guest("fyi@acme.com", Response::Accepted);
    bystander.non_participant = true;
    let event = scene().guests([room, screen, bystander, guest("bot@notes.example", Response::Accepted)]);
    event.check(&count(Comparison::Eq(1)), TRUE);
}

#[test]
fn counts_compare_as_far_as_they_are_certain() {
    let five = scene().guests((0..4).map(|n| guest(&format!("p{n}@acme.com"), Response::Declined)));
    five.check(&count(Comparison::Eq(5)), TRUE);
    let hidden = five.hidden();
    let open = unknown(UnknownReason::GuestsHidden);
    hidden.check(&count(Comparison::Ge(3)), TRUE);
    hidden.check(&count(Comparison::Lt(5)), FALSE);
    hidden.check(&count(Comparison::Ge(6)), open);
    hidden.check(&count(Comparison::Eq(4)), FALSE);
    hidden.check(&count(Comparison::Ne(4)), TRUE);
    hidden.check(&count(Comparison::Ne(7)), open);
    hidden.check(&count(Comparison::Between(2, 9)), open);
    hidden.check(&count(Comparison::Between(1, 4)), FALSE);
    let plus = five.with(|scene| scene.facts.people.attendees[0].plus_guests = 3);
    plus.check(&count(Comparison::Eq(8)), TRUE);
    plus.check(&people(Quantifier::Every, PersonCond::Internal), unknown(UnknownReason::PlusGuests));
    plus.check(&any(PersonCond::External), unknown(UnknownReason::PlusGuests));
    plus.check(&people(Quantifier::AtLeast(9), PersonCond::External), FALSE);
    let unseen = five.with(|scene| scene.facts.people.organizer = Fact::Unknown(UnknownReason::NotStated));
    unseen.check(&count(Comparison::Ge(4)), TRUE);
    unseen.check(&count(Comparison::Ge(5)), unknown(UnknownReason::NotStated));
    unseen.check(&count(Comparison::Ge(6)), FALSE);
}

#[test]
fn quantifiers_are_three_valued() {
    let outside = || guest("ceo@partner.example", Response::None);
    let mixed = scene().guests([outside(), guest("kim@acme.com", Response::Accepted)]);
    let inside = scene().guests([guest("kim@acme.com", Response::Accepted)]);
    let odd = scene().guests([guest("undisclosed recipients", Response::None)]);
    let nobody = scene().with(|scene| scene.facts.people.organizer = Fact::Unknown(UnknownReason::OrganizerIsCalendar));
    let open = unknown(UnknownReason::GuestsHidden);
    let unreadable = unknown(UnknownReason::AddressUnreadable);
    for (quantifier, of_mixed, of_inside, of_hidden_mixed, of_hidden_inside, of_odd, of_nobody) in [
        (Quantifier::Any, TRUE, FALSE, TRUE, open, unreadable, FALSE),
        (Quantifier::Every, FALSE, FALSE, FALSE, FALSE, FALSE, FALSE),
        (Quantifier::No, FALSE, TRUE, FALSE, open, unreadable, TRUE),
        (Quantifier::AtLeast(2), FALSE, FALSE, open, open, FALSE, FALSE),
        (Quantifier::AtMost(1), TRUE, TRUE, open, open, TRUE, TRUE),
        (Quantifier::Exactly(1), TRUE, FALSE, open, open, unreadable, FALSE),
    ] {
        let external = people(quantifier, PersonCond::External);
        mixed.check(&external, of_mixed);
        inside.check(&external, of_inside);
        mixed.hidden().check(&external, of_hidden_mixed);
        inside.hidden().check(&external, of_hidden_inside);
        odd.check(&external, of_odd);
        nobody.check(&external, of_nobody);
    }
    let every_internal = people(Quantifier::Every, PersonCond::Internal);
    inside.check(&every_internal, TRUE);
    mixed.check(&every_internal, FALSE);
    inside.hidden().check(&every_internal, open);
    odd.check(&every_internal, unreadable);
    nobody.check(&every_internal, FALSE);
    nobody.hidden().check(&every_internal, open);
}

#[test]
fn a_group_is_one_attendee_of_unknown_size() {
    let mut group = guest("sales@acme.com", Response::None);
    group.kind = PersonKind::Group;
    let event = scene().guests([group]);
    let open = unknown(UnknownReason::GroupSize);
    event.check(&count(Comparison::Ge(2)), TRUE);
    event.check(&count(Comparison::Le(2)), open);
    event.check(&people(Quantifier::Every, PersonCond::Internal), open);
    event.check(&any(PersonCond::From(vec![domain("@acme.com")])), TRUE);
    event.check(&Atom::Flag(Flag::OneOnOne), open);
}

#[test]
fn more_people_than_are_looked_at_leave_the_list_open() {
    let crowd = scene().guests((0..1001).map(|n| guest(&format!("p{n}@acme.com"), Response::None)));
    crowd.check(&count(Comparison::Ge(1000)), TRUE);
    crowd.check(&count(Comparison::Le(2000)), unknown(UnknownReason::GuestsCut));
}

#[test]
fn one_on_one_counts_who_has_not_declined() {
    let one_on_one = Atom::Flag(Flag::OneOnOne);
    let two = scene().guests([guest("dana@acme.com", Response::None)]);
    two.check(&one_on_one, TRUE);
    let three = scene().guests([guest("dana@acme.com", Response::None), guest("kim@acme.com", Response::Declined)]);
    three.check(&one_on_one, TRUE);
    scene().check(&one_on_one, FALSE);
    two.hidden().check(&one_on_one, unknown(UnknownReason::GuestsHidden));
    let unsaid = scene().guests([guest("dana@acme.com", Response::None), Person::at("kim@acme.com")]);
    unsaid.check(&one_on_one, unknown(UnknownReason::NotStated));
    let crowd = scene().guests((0..3).map(|n| guest(&format!("p{n}@acme.com"), Response::None))).hidden();
    crowd.check(&one_on_one, FALSE);
}

#[test]
fn who_a_person_is() {
    let event = scene().guests([guest("dana@acme.com", Response::Tentative), guest("ann@mail.bigco.com", Response::None)]);
    event.check(&any(PersonCond::Me), TRUE);
    event.check(&any(PersonCond::Addresses(vec![address("dana@acme.com")])), TRUE);
    event.check(&any(PersonCond::Addresses(vec![address("dana@acme.co.uk")])), FALSE);
    event.check(&any(PersonCond::From(vec![domain("@*.bigco.com")])), TRUE);
    event.check(&any(PersonCond::From(vec![domain("@bigco.com")])), FALSE);
    let both = PersonCond::All(vec![PersonCond::External, PersonCond::Not(Box::new(PersonCond::Response(Response::None)))]);
    event.check(&any(both), FALSE);
    let organizer = PersonCond::All(vec![PersonCond::Organizer, PersonCond::Me]);
    event.check(&any(organizer), TRUE);
    let strangers = event.with(|scene| scene.own_domains.clear());
    strangers.check(&any(PersonCond::Internal), unknown(UnknownReason::NoOwnDomains));
    strangers.check(&any(PersonCond::External), unknown(UnknownReason::NoOwnDomains));
    let somebody = event.with(|scene| scene.user.addresses.clear());
    somebody.check(&any(PersonCond::Me), unknown(UnknownReason::UserUnknown));
    let marked = somebody.with(|scene| scene.facts.people.attendees[0].is_self = true);
    marked.check(&any(PersonCond::Me), TRUE);
}

#[test]
fn people_of_a_list_are_found_by_address_and_by_domain() {
    let event = scene().guests([guest("ann@mail.bigco.com", Response::None)]);
    let list = |items| ListTable { name: "customers".to_owned(), kind: ListKind::People, items };
    let items = |addresses: &[&str], domains: &[&str]| ListItems {
        addresses: addresses.iter().map(|text| address(text)).collect(),
        domains: domains.iter().map(|text| domain(text)).collect(),
        ..ListItems::default()
    };
    let listed = any(PersonCond::In(0));
    let written = |found: ListItems| event.with(|scene| scene.lists = vec![list(Some(found.sorted()))]);
    written(items(&["ceo@x.example", "ann@mail.bigco.com"], &[])).check(&listed, TRUE);
    written(items(&[], &["@*.bigco.com", "@acme.co.uk"])).check(&listed, TRUE);
    written(items(&["ceo@x.example"], &["@bigco.com"])).check(&listed, FALSE);
    let provided = event.with(|scene| scene.lists = vec![list(None)]);
    provided.check(&listed, unknown(UnknownReason::ListNotSupplied));
    let supplied = ProvidedList { domains: [domain("@mail.bigco.com")].into(), ..ProvidedList::default() };
    provided.with(|scene| scene.provided.insert("customers", supplied)).check(&listed, TRUE);
}

#[test]
fn an_organizer_who_is_not_listed_has_accepted() {
    let accepted = any(PersonCond::Response(Response::Accepted));
    scene().check(&accepted, TRUE);
    scene().check(&any(PersonCond::Response(Response::None)), FALSE);
    let listed = scene().guests([guest("me@acme.com", Response::Declined)]);
    listed.check(&accepted, FALSE);
    let unsaid = scene().guests([Person::at("me@acme.com")]);
    unsaid.check(&accepted, TRUE);
}

#[test]
fn organizer_and_creator_are_asked_alone() {
    let is = |role, test| Atom::Person { role, test };
    scene().check(&is(PersonRole::Organizer, PersonCond::Me), TRUE);
    scene().check(&is(PersonRole::Organizer, PersonCond::External), FALSE);
    scene().check(&is(PersonRole::Creator, PersonCond::Me), unknown(UnknownReason::NotStated));
    let calendar = scene().with(|scene| scene.facts.people.organizer = Fact::Unknown(UnknownReason::OrganizerIsCalendar));
    calendar.check(&is(PersonRole::Organizer, PersonCond::Me), unknown(UnknownReason::OrganizerIsCalendar));
    let assistant = scene().with(|scene| scene.facts.people.creator = Fact::Known(Person::at("kim@acme.com")));
    assistant.check(&is(PersonRole::Creator, PersonCond::Internal), TRUE);
    assistant.check(&is(PersonRole::Creator, PersonCond::Organizer), FALSE);
    assistant.check(&is(PersonRole::Creator, PersonCond::Response(Response::Accepted)), unknown(UnknownReason::NotStated));
}

fn clock(edge: Edge, window: Option<ClockWindow>, days: Option<DayTest>) -> Atom {
    Atom::Clock { edge, window, days, zone: ZoneRule::UserElseEvent }
}

fn from_to(start: &str, end: &str) -> Scene {
    scene().with(|scene| {
        scene.occurrence.start = timed(start);
        scene.occurrence.end = Fact::Known(timed(end));
    })
}

fn on(days: &[Weekday]) -> Option<DayTest> {
    Some(DayTest::Weekdays(days.iter().fold(WeekdaySet::default(), |set, day| set.with(*day))))
}

const TEN: u16 = 10 * 60;

#[test]
fn starts_take_the_left_border_and_ends_the_right_one() {
    let event = from_to("2026-03-02T10:00", "2026-03-02T10:30");
    let starts = |window| clock(Edge::Starts, Some(window), None);
    let ends = |window| clock(Edge::Ends, Some(window), None);
    let between = |from, to| ClockWindow::Between { from, to, overnight: false };
    event.check(&starts(ClockWindow::Before(TEN)), FALSE);
    event.check(&starts(ClockWindow::After(TEN)), TRUE);
    event.check(&starts(ClockWindow::At(TEN)), TRUE);
    event.check(&starts(between(TEN, TEN + 30)), TRUE);
    event.check(&starts(between(TEN - 30, TEN)), FALSE);
    event.check(&ends(between(TEN, TEN + 30)), TRUE);
    event.check(&ends(between(TEN + 30, TEN + 60)), FALSE);
    event.check(&ends(ClockWindow::At(TEN + 30)), TRUE);
    event.check(&ends(ClockWindow::Before(TEN + 30)), FALSE);
    let open = event.with(|scene| scene.occurrence.end = Fact::Unknown(UnknownReason::EndUnspecified));
    open.check(&ends(ClockWindow::Before(TEN)), unknown(UnknownReason::EndUnspecified));
}

#[test]
fn an_overnight_window_belongs_to_the_day_it_opened() {
    let night = ClockWindow::Between { from: 22 * 60, to: 6 * 60, overnight: true };
    let friday = |edge| clock(edge, Some(night), on(&[Weekday::Friday]));
    from_to("2026-03-06T22:00", "2026-03-06T23:00").check(&friday(Edge::Starts), TRUE);
    from_to("2026-03-07T01:00", "2026-03-07T02:00").check(&friday(Edge::Starts), TRUE);
    from_to("2026-03-07T06:00", "2026-03-07T07:00").check(&friday(Edge::Starts), FALSE);
    from_to("2026-03-06T01:00", "2026-03-06T02:00").check(&friday(Edge::Starts), FALSE);
    from_to("2026-03-06T21:00", "2026-03-07T06:00").check(&friday(Edge::Ends), TRUE);
    from_to("2026-03-06T21:00", "2026-03-06T22:00").check(&friday(Edge::Ends), FALSE);
    from_to("2026-03-06T21:00", "2026-03-07T00:00").check(&friday(Edge::Ends), TRUE);
}

#[test]
fn an_end_at_midnight_belongs_to_the_day_before() {
    let evening = ClockWindow::Between { from: 18 * 60, to: 24 * 60, overnight: false };
    let event = from_to("2026-03-06T20:00", "2026-03-07T00:00");
    event.check(&clock(Edge::Ends, Some(evening), on(&[Weekday::Friday])), TRUE);
    event.check(&clock(Edge::Ends, None, on(&[Weekday::Friday])), TRUE);
    event.check(&clock(Edge::Ends, Some(ClockWindow::At(0)), None), TRUE);
    event.check(&clock(Edge::Ends, Some(ClockWindow::At(24 * 60)), None), TRUE);
    event.check(&clock(Edge::Ends, Some(ClockWindow::Before(9 * 60)), None), FALSE);
}

#[test]
fn zones_are_named_or_the_users_or_the_events() {
    let monday_ten = clock(Edge::Starts, Some(ClockWindow::At(TEN)), on(&[Weekday::Monday]));
    scene().check(&monday_ten, TRUE);
    scene().with(|scene| scene.user.zone = Zone::named("Asia/Tokyo")).check(&monday_ten, FALSE);
    let tokyo = Zone::named("Asia/Tokyo").expect("it is a zone");
    let in_tokyo =
        Atom::Clock { edge: Edge::Starts, window: Some(ClockWindow::At(19 * 60)), days: None, zone: ZoneRule::Named(tokyo) };
    scene().check(&in_tokyo, TRUE);
}

#[test]
fn a_whole_day_event_has_days_and_no_clock() {
    let day = |day| Moment::Day(Date::constant(2026, 3, day));
    let event = scene().with(|scene| {
        scene.occurrence.start = day(2);
        scene.occurrence.end = Fact::Known(day(4));
    });
    event.check(&clock(Edge::Starts, Some(ClockWindow::After(0)), None), FALSE);
    event.check(&clock(Edge::Starts, None, on(&[Weekday::Monday])), TRUE);
    event.check(&clock(Edge::Ends, None, on(&[Weekday::Tuesday])), TRUE);
    event.check(&Atom::Flag(Flag::AllDay), TRUE);
    scene().check(&Atom::Flag(Flag::AllDay), FALSE);
    event.check(&Atom::Duration(Comparison::Eq(2 * 86_400)), TRUE);
}

#[test]
fn days_are_dates_too() {
    let date = Date::constant(2026, 3, 2);
    scene().check(&clock(Edge::Starts, None, Some(DayTest::Dates(vec![date]))), TRUE);
    scene().check(&clock(Edge::Starts, None, Some(DayTest::Dates(vec![Date::constant(2026, 3, 3)]))), FALSE);
    let listed = clock(Edge::Starts, None, Some(DayTest::List(0)));
    let table = |items| ListTable { name: "holidays".to_owned(), kind: ListKind::Dates, items };
    let written = table(Some(ListItems { dates: vec![date], ..ListItems::default() }));
    scene().with(|scene| scene.lists = vec![written]).check(&listed, TRUE);
    let provided = scene().with(|scene| scene.lists = vec![table(None)]);
    provided.check(&listed, unknown(UnknownReason::ListNotSupplied));
}

#[test]
fn durations_are_elapsed_time() {
    scene().check(&Atom::Duration(Comparison::Eq(1800)), TRUE);
    scene().check(&Atom::Duration(Comparison::Lt(600)), FALSE);
    // The night in which London's clocks go forward is an hour shorter.
    let night = from_to("2026-03-28T23:00", "2026-03-29T05:00");
    night.check(&Atom::Duration(Comparison::Eq(5 * 3600)), TRUE);
    let open = scene().with(|scene| scene.occurrence.end = Fact::Unknown(UnknownReason::EndUnspecified));
    open.check(&Atom::Duration(Comparison::Lt(600)), unknown(UnknownReason::EndUnspecified));
}

#[test]
fn series_are_asked_by_their_rule() {
    let series = |pattern, times| {
        scene().with(|scene| {
            scene.occurrence.series = SeriesFacts::Of(Arc::new(SeriesSummary { pattern, times }));
        })
    };
    let weekdays = WeekdaySet::default().with(Weekday::Monday).with(Weekday::Wednesday);
    let pattern = Pattern { freq: Freq::Weekly, interval: 2, weekdays: Fact::Known(weekdays) };
    let weekly = series(Fact::Known(Some(pattern)), Fact::Known(None));
    let ask = |change: fn(&mut Repeats)| {
        let mut asked = Repeats::default();
        change(&mut asked);
        Atom::Repeats(asked)
    };
    let any_rate = ask(|_| {});
    let is_weekly = ask(|asked| asked.rate = Some(Rate::Freq(Cycle::Weekly)));
    let every_two = ask(|asked| asked.rate = Some(Rate::Every(2, Cycle::Weekly)));
    let every_one = ask(|asked| asked.rate = Some(Rate::Every(1, Cycle::Weekly)));
    let on_monday = ask(|asked| asked.on = Some(WeekdaySet::default().with(Weekday::Monday)));
    let on_friday = ask(|asked| asked.on = Some(WeekdaySet::default().with(Weekday::Friday)));
    let forever = ask(|asked| asked.forever = true);
    let four_times = ask(|asked| asked.at_least = Some(4));
    let at_most = ask(|asked| asked.at_most = Some(4));
    for atom in [&any_rate, &is_weekly, &every_two, &on_monday, &forever, &four_times] {
        weekly.check(atom, TRUE);
        scene().check(atom, FALSE);
    }
    for atom in [&every_one, &on_friday, &at_most] {
        weekly.check(atom, FALSE);
    }
    let four = series(Fact::Known(None), Fact::Known(Some(4)));
    four.check(&four_times, TRUE);
    four.check(&at_most, TRUE);
    four.check(&forever, FALSE);
    four.check(&is_weekly, FALSE);
    let reason = UnknownReason::MasterUnreadable;
    let orphan = scene().with(|scene| scene.occurrence.series = SeriesFacts::Orphan(reason));
    orphan.check(&any_rate, TRUE);
    for atom in [&is_weekly, &every_two, &on_monday, &forever, &at_most] {
        orphan.check(atom, unknown(reason));
    }
}

#[test]
fn an_occurrence_is_first_moved_or_changed() {
    let moved = scene().with(|scene| scene.occurrence.moved = Fact::Known(true));
    moved.check(&Atom::Occurrence(OccurrenceIs::Moved), TRUE);
    moved.check(&Atom::Occurrence(OccurrenceIs::First), FALSE);
    let orphan = scene().with(|scene| scene.occurrence.changed = Fact::Unknown(UnknownReason::MasterUnreadable));
    orphan.check(&Atom::Occurrence(OccurrenceIs::Changed), unknown(UnknownReason::MasterUnreadable));
}

#[test]
fn closed_sets_hold_values_or_not() {
    let is = |set, values| Atom::Is { set, values };
    let event = scene();
    event.check(&is(SetField::Status, ValueSet::of(&[Status::Confirmed])), TRUE);
    event.check(&is(SetField::Status, ValueSet::of(&[Status::Tentative])), FALSE);
    event.check(&is(SetField::Visibility, ValueSet::of(&[Visibility::Private, Visibility::Default])), TRUE);
    event.check(&is(SetField::ShowsAs, ValueSet::of(&[ShowsAs::Free])), FALSE);
    event.check(&is(SetField::Kind, ValueSet::of(&[EventKind::Default])), TRUE);
    event.check(&is(SetField::Provider, ValueSet::of(&[Provider::Ics])), FALSE);
    event.check(&is(SetField::Conference, ValueSet::of(&[Conference::Meet])), TRUE);
    event.check(&is(SetField::Source, ValueSet::of(&[SourceKind::Feed])), FALSE);
    let hidden = event.with(|scene| {
        scene.facts.visibility = Fact::Unknown(UnknownReason::NotStated);
        scene.facts.shows_as = Fact::Unknown(UnknownReason::NotStated);
        scene.facts.link = Fact::Unknown(UnknownReason::LinkPending);
    });
    hidden.check(&is(SetField::Visibility, ValueSet::of(&[Visibility::Private])), unknown(UnknownReason::NotStated));
    hidden.check(&is(SetField::ShowsAs, ValueSet::of(&[ShowsAs::Busy])), unknown(UnknownReason::NotStated));
    hidden.check(&is(SetField::Conference, ValueSet::of(&[Conference::Zoom])), unknown(UnknownReason::LinkPending));
    hidden.check(&Atom::Flag(Flag::HasLink), unknown(UnknownReason::LinkPending));
    event.check(&Atom::Flag(Flag::HasLink), TRUE);
    let bare = event.with(|scene| scene.facts.link = Fact::Known(None));
    bare.check(&Atom::Flag(Flag::HasLink), FALSE);
    bare.check(&is(SetField::Conference, ValueSet::of(&[Conference::None])), TRUE);
}

#[test]
fn my_response_is_the_calendars_word_or_the_lists() {
    let is = |response| Atom::Is { set: SetField::MyResponse, values: ValueSet::of(&[response]) };
    let listed = scene().guests([guest("me@acme.com", Response::Tentative)]);
    listed.check(&is(Response::Tentative), TRUE);
    listed.with(|scene| scene.facts.my_response = Fact::Known(Response::Declined)).check(&is(Response::Declined), TRUE);
    scene().check(&is(Response::Organizer), TRUE);
    let stranger = scene().with(|scene| scene.user.addresses = vec![address("kim@acme.com")]);
    stranger.check(&is(Response::Accepted), unknown(UnknownReason::NotStated));
    stranger.with(|scene| scene.user.addresses.clear()).check(&is(Response::Accepted), unknown(UnknownReason::UserUnknown));
}

#[test]
fn what_is_not_recordable_is_told_by_its_first_reason() {
    let why = |scene: &Scene| scene.ask(|context| context.not_recordable(&Recordable::default()));
    assert_eq!(why(&scene()), None);
    let declined = scene().with(|scene| scene.facts.my_response = Fact::Known(Response::Declined));
    assert_eq!(why(&declined), Some(NotRecordable::Declined));
    let wanted = declined.with(|scene| scene.overrides.occurrence = Some(Override::Record));
    assert_eq!(why(&wanted), None);
    let linkless = wanted.with(|scene| scene.facts.link = Fact::Known(None));
    assert_eq!(why(&linkless), Some(NotRecordable::NoLink));
    let focus = linkless.with(|scene| scene.facts.kind = EventKind::Focus);
    assert_eq!(why(&focus), Some(NotRecordable::Kind(EventKind::Focus)));
    let cancelled = focus.with(|scene| scene.facts.status = Status::Cancelled);
    assert_eq!(why(&cancelled), Some(NotRecordable::Cancelled));
    let draft = scene().with(|scene| scene.facts.draft = true);
    assert_eq!(why(&draft), Some(NotRecordable::Draft));
    let fast = scene().with(|scene| scene.occurrence.sub_hourly = true);
    assert_eq!(why(&fast), Some(NotRecordable::SubHourly));
    let all_day = scene().with(|scene| scene.occurrence.start = Moment::Day(Date::constant(2026, 3, 2)));
    assert_eq!(why(&all_day), Some(NotRecordable::AllDay));
    let pending = scene().with(|scene| scene.facts.link = Fact::Unknown(UnknownReason::LinkPending));
    assert_eq!(why(&pending), Some(NotRecordable::LinkUnknown(UnknownReason::LinkPending)));
    let widened = Recordable { all_day: true, declined: true, kinds: vec![EventKind::Focus] };
    assert_eq!(declined.with(|scene| scene.facts.kind = EventKind::Focus).ask(|context| context.not_recordable(&widened)), None);
}
