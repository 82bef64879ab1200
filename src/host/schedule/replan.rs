//! The plan: every touched meeting decided once, and the difference to what is stored.

use super::bots::{Target, Wanted, changes};
use super::identity::{Known, assign, name, name_of_errand, place};
use super::rules::TenantRules;
use super::sent::{Errands, Open};
use super::sighting::occurrence_of;
use super::{errand, room};
use crate::copies::ConnectionId as CopyId;
use crate::engine::{self, Planned};
use crate::event::identity::EventCopy;
use crate::event::{Address, ConnectedUser, Occurrence, Question};
use crate::explain;
use crate::host::bots::Spec;
use crate::host::dispatch::key::late_at;
use crate::host::model::{
    Calendar, CalendarId, Connection, ConnectionId, ConnectionState, Dispatch, DispatchState, Errand, EventId, Meeting,
    OutboxEvent, Outcome, OverrideRow, Sighting, Tenant,
};
use crate::host::planted::{self, Bug};
use crate::host::store::Write;
use crate::time::{Instant, Zone};
use crate::value::words::Verb;
use crate::value::{DecidedBy, Decision, NotRecordable, OnLiveCancel, Override, Overrides};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What a plan is made from. `sightings` holds every sighting that shares a UID, or a room and start, with any other of them
/// or with one that is gone, and those of every meeting whose bot is in such a room for that start.
#[derive(Clone, Copy, Debug)]
pub struct PlanInput<'a> {
    /// The time.
    pub now: Instant,
    /// The tenant.
    pub tenant: &'a Tenant,
    /// Its rules and lists.
    pub rules: &'a TenantRules,
    /// Its connections.
    pub connections: &'a [Connection],
    /// Its calendars.
    pub calendars: &'a [Calendar],
    /// The overrides on the UIDs of the sightings.
    pub overrides: &'a [OverrideRow],
    /// The sightings as they are to be.
    pub sightings: &'a [Sighting],
    /// The bots that were sent by hand to rooms of the sightings, or of sightings that are gone.
    pub errands: &'a [Errand],
    /// Every stored meeting that was seen as one of the sightings or errands, or as one that is gone, or that has the name of a new
    /// one.
    pub meetings: &'a [Meeting],
    /// The dispatches of those meetings, by meeting and epoch.
    pub dispatches: &'a [Dispatch],
    /// What cannot be read, and must not be taken for gone.
    pub sealed: &'a Sealed,
}

/// What this version cannot read. A meeting that has to do with it stays as it is, with its bots, until it can be read again:
/// whether somebody may record it, and whether a bot was asked for, may stand in what cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Names of meetings.
    pub meetings: BTreeSet<String>,
    /// Sightings as meetings name them.
    pub places: BTreeSet<String>,
}

/// The writes that make the plan, the guard of the tenant's plan version first. Empty where nothing changes.
#[must_use]
pub fn replan(input: PlanInput<'_>) -> Vec<Write> {
    let (copies, unreadable) = copies(input);
    let sightings: Vec<engine::Sighting<'_>> = copies
        .iter()
        .map(|copy| engine::Sighting {
            rules: copy.rules,
            occurrence: &copy.occurrence,
            user: &copy.user,
            overrides: copy.overrides,
        })
        .collect();
    let mut plan = engine::plan(&input.rules.lists, &sightings, &Zone::utc());
    if planted::is(Bug::SameUidIsSame) {
        let mut known = BTreeSet::new();
        plan.retain(|planned| known.insert((planned.occurrence.uid.clone(), planned.occurrence.start.instant(&Zone::utc()))));
    }
    let mut places: Vec<BTreeSet<String>> =
        plan.iter().map(|planned| planned.members.iter().map(|at| place(copies[*at].sighting)).collect()).collect();
    let errands = Errands::of(&input, &plan, &places);
    for (places, joined) in places.iter_mut().zip(&errands.joined) {
        places.extend(joined.iter().map(|open| errand::place(open.errand.id)));
    }
    let alone = errands.alone.iter().map(|sent| {
        let left = sent.iter().flat_map(|open| open.forgotten(&input, &places));
        left.chain(sent.iter().map(|open| errand::place(open.errand.id))).collect()
    });
    let alone: Vec<BTreeSet<String>> = alone.collect();
    places.extend(alone);
    let shown: BTreeSet<String> = places.iter().flatten().cloned().collect();
    let rooms =
        plan.iter().map(|planned| room::of(&planned.occurrence).filter(|_| outcome(&planned.decision) == Outcome::Record));
    let rooms = rooms.chain(std::iter::repeat(None));
    let known: Vec<Known> = places.iter().cloned().zip(rooms).map(|(places, room)| Known { places, room }).collect();
    let mut stored = assign(&known, input.meetings, input.dispatches);
    let sealed: BTreeSet<String> = unreadable.into_iter().chain(input.sealed.places.iter().cloned()).collect();
    let is_sealed = |places: &BTreeSet<String>| !sealed.is_disjoint(places);
    let stays = |meeting: &Meeting| meeting.sightings.iter().any(|place| sealed.contains(place));
    let mut planner = Differ::new(input, &copies, stored.iter().flatten().map(|meeting| meeting.id.clone()).collect());
    for (stored, planned) in stored.iter_mut().zip(&plan) {
        *stored = stored.or_else(|| planner.revived(planned));
    }
    let mut writes = Vec::new();
    // Those that go first: a plan that is stored in pieces never has two bots for what was one meeting and is another.
    let kept: BTreeSet<&str> = stored.iter().flatten().map(|meeting| meeting.id.as_str()).collect();
    for meeting in input.meetings.iter().filter(|meeting| !kept.contains(meeting.id.as_str()) && !stays(meeting)) {
        writes.extend(planner.gone(meeting, meeting.sightings.iter().any(|place| shown.contains(place))));
    }
    for (((planned, places), stored), sent) in plan.iter().zip(places).zip(&stored).zip(&errands.joined) {
        if !is_sealed(&places) && !stored.is_some_and(stays) {
            writes.extend(planner.meeting(planned, places, *stored, sent));
        }
    }
    for (sent, stored) in errands.alone.iter().zip(&stored[plan.len()..]) {
        if !stored.is_some_and(stays) {
            writes.extend(planner.alone(sent, *stored));
        }
    }
    if !writes.is_empty() {
        writes.insert(0, Write::PlanVersion(input.tenant.plan_version));
    }
    writes
}

/// A sighting with everything that its decision depends on.
struct Copy<'a> {
    sighting: &'a Sighting,
    connection: &'a Connection,
    occurrence: Occurrence,
    user: ConnectedUser,
    rules: &'a engine::RuleSet,
    overrides: Overrides,
    mark: String,
}

/// The copies that count, those of the lowest connection first, and of one calendar's the earlier occurrence: ties go to the first.
/// And the sightings that nobody can say anything about: they cannot be read, or their calendar or connection cannot, which must be
/// there since they are.
fn copies(input: PlanInput<'_>) -> (Vec<Copy<'_>>, BTreeSet<String>) {
    let connections: BTreeMap<_, _> = input.connections.iter().map(|connection| (connection.id, connection)).collect();
    let owner: BTreeMap<CalendarId, &Connection> =
        input.calendars.iter().filter_map(|calendar| Some((calendar.id, *connections.get(&calendar.connection)?))).collect();
    let (mut copies, mut unreadable) = (Vec::new(), BTreeSet::new());
    for sighting in input.sightings {
        let owner = owner.get(&sighting.calendar).copied();
        if owner.is_some_and(|connection| !shows(connection.state)) {
            continue;
        }
        match owner.and_then(|connection| copy(input, sighting, connection)) {
            Some(copy) => copies.push(copy),
            None => drop(unreadable.insert(place(sighting))),
        }
    }
    copies.sort_by(|one, other| order(one).cmp(&order(other)));
    (copies, unreadable)
}

/// What comes first among copies: whose they are, and which occurrence of which meeting they are. Not how a provider spells that: in
/// some mailboxes an exception goes by another UID than its series.
fn order<'b>(copy: &'b Copy<'_>) -> impl Ord + 'b {
    let Sighting { calendar, uid, occurrence, id, .. } = copy.sighting;
    (copy.connection.id, *calendar, uid.as_deref(), occurrence.as_str(), id.as_str())
}

/// Whether what a connection showed still counts. Where the grant was lost, what was planned stays planned.
fn shows(state: ConnectionState) -> bool {
    matches!(state, ConnectionState::Active | ConnectionState::Reconnect)
}

/// `None` where the stored form cannot be read any more: its meeting is left alone until a pass over the calendar, which makes
/// every sighting anew where anything changed, has written it again.
fn copy<'a>(input: PlanInput<'a>, sighting: &'a Sighting, connection: &'a Connection) -> Option<Copy<'a>> {
    let occurrence = occurrence_of(sighting).ok()?;
    let mark = mark(&occurrence);
    let overrides = overrides(input.overrides, sighting, connection, &mark);
    let user = ConnectedUser {
        addresses: connection.addresses.iter().filter_map(|address| Address::parse(address)).collect(),
        zone: connection.zone.as_deref().and_then(Zone::named),
        bots: input.tenant.bots.iter().filter_map(|address| Address::parse(address)).collect(),
    };
    Some(Copy { rules: input.rules.of(&connection.user), sighting, connection, occurrence, user, overrides, mark })
}

/// What a person can see of whose meeting it is: the organizer, else the room, else nothing.
#[must_use]
pub fn mark(occurrence: &Occurrence) -> String {
    let copy = EventCopy::of(occurrence);
    match (copy.organizer, copy.room) {
        (Some(organizer), _) => format!("organizer:{organizer}"),
        (None, Some(room)) => format!("room:{}", room.room()),
        (None, None) => String::new(),
    }
}

fn overrides(rows: &[OverrideRow], sighting: &Sighting, connection: &Connection, mark: &str) -> Overrides {
    let holds = |row: &&OverrideRow| {
        let uid =
            sighting.uid.as_ref() == Some(&row.uid) || (row.occurrence.is_none() && sighting.family.as_ref() == Some(&row.uid));
        uid && row.mark == mark && row.user.as_ref().is_none_or(|user| *user == connection.user)
    };
    if planted::is(Bug::WordUnheard) {
        return Overrides::default();
    }
    let strongest = |on_series: bool| {
        rows.iter()
            .filter(holds)
            .filter(|row| {
                row.occurrence.as_ref().map_or(on_series, |occurrence| !on_series && *occurrence == sighting.occurrence)
            })
            .map(|row| if row.stop { Override::Stop } else { Override::Record })
            .max()
    };
    Overrides { occurrence: strongest(false), series: strongest(true) }
}

/// Compares the plan with what is stored.
struct Differ<'a> {
    input: PlanInput<'a>,
    copies: &'a [Copy<'a>],
    /// Names in use, so that no new meeting takes one.
    names: BTreeSet<String>,
    /// The stored meetings, by name.
    stored: BTreeMap<&'a str, &'a Meeting>,
    /// Their dispatches, in the order in which they were given.
    dispatches: BTreeMap<&'a str, Vec<&'a Dispatch>>,
}

impl<'a> Differ<'a> {
    fn new(input: PlanInput<'a>, copies: &'a [Copy<'a>], names: BTreeSet<String>) -> Self {
        let mut dispatches: BTreeMap<&str, Vec<&Dispatch>> = BTreeMap::new();
        input.dispatches.iter().for_each(|row| dispatches.entry(&row.meeting).or_default().push(row));
        let stored = input.meetings.iter().map(|meeting| (meeting.id.as_str(), meeting)).collect();
        Self { input, copies, names, stored, dispatches }
    }

    fn meeting(
        &mut self,
        planned: &Planned,
        places: BTreeSet<String>,
        stored: Option<&Meeting>,
        sent: &[Open<'_>],
    ) -> Vec<Write> {
        let id = stored.map_or_else(|| self.new_name(planned), |meeting| meeting.id.clone());
        if self.input.sealed.meetings.contains(&id) {
            return Vec::new();
        }
        let mut meeting = self.row(planned, id, places, stored);
        let mut wanted = (meeting.outcome == Outcome::Record).then(|| wanted(&meeting, planned)).flatten();
        let dispatches = self.dispatches(&meeting.id);
        let (mut writes, sent) = self.not_late(sent);
        if let (Some(first), Some(last)) = (sent.first(), sent.last()) {
            let settings = &self.input.rules.organisation().outline().default_settings;
            wanted = Some(first.wanted(&meeting.id, meeting.start, wanted, last, settings));
            meeting = sent_to(meeting, &sent);
        }
        // One that was moved as well is no longer the meeting that its bot is in.
        let stands = dispatches.last().is_some_and(|last| last.start == meeting.start);
        let stands_without_link = stands && only_link_is_gone(&planned.decision);
        let by_hand = sent.is_empty() && dispatches.last().is_some_and(|last| !last.calendar);
        let target = Target {
            tenant: meeting.tenant,
            meeting: &meeting.id,
            wanted: wanted.as_ref(),
            why: if by_hand { TAKEN_BACK } else { &meeting.reason },
            live_stays: planned.settings.on_live_cancel == OnLiveCancel::Stay || stands_without_link,
            joins: joins(stored, &sent),
        };
        let bots = changes(&dispatches, target, self.input.now);
        if planted::is(Bug::NoIsNotStored) && meeting.outcome == Outcome::Skip && stored.is_none() {
            return writes;
        }
        if stored != Some(&meeting) {
            let newly = meeting.conflict && !stored.is_some_and(|stored| stored.conflict);
            let told = newly.then(|| Write::Event(conflict(&meeting, self.input.now)));
            writes.push(Write::Meeting(meeting));
            writes.extend(told);
        }
        writes.extend(bots);
        writes
    }

    /// A meeting that no calendar shows, and that bots were sent to.
    fn alone(&mut self, sent: &[Open<'_>], stored: Option<&Meeting>) -> Vec<Write> {
        let (mut writes, sent) = self.not_late(sent);
        let (Some(first), Some(last)) = (sent.first(), sent.last()) else { return writes };
        let id = stored.map_or_else(|| self.unused(|mark| name_of_errand(first.errand.id, mark)), |meeting| meeting.id.clone());
        // A bot that is there goes on with what it was sent for.
        let start = self.live_start(&id).unwrap_or(first.errand.at);
        let meeting = Meeting {
            tenant: self.input.tenant.id,
            id,
            sightings: sent.iter().map(|open| errand::place(open.errand.id)).collect::<BTreeSet<_>>().into_iter().collect(),
            start,
            end: None,
            outcome: Outcome::Record,
            by: ConnectionId::default(),
            rule: None,
            reason: String::new(),
            record: json!({}).to_string(),
            conflict: false,
            version: stored.map_or(0, |meeting| meeting.version),
        };
        let meeting = sent_to(meeting, &sent);
        let settings = &self.input.rules.organisation().outline().default_settings;
        let wanted = first.wanted(&meeting.id, meeting.start, None, last, settings);
        let (why, live_stays, joins) = (&meeting.reason, false, joins(stored, &sent));
        let target = Target { tenant: meeting.tenant, meeting: &meeting.id, wanted: Some(&wanted), why, live_stays, joins };
        let bots = changes(&self.dispatches(&meeting.id), target, self.input.now);
        if stored != Some(&meeting) {
            writes.push(Write::Meeting(meeting));
        }
        writes.extend(bots);
        writes
    }

    /// The errands that still want something; the others are over.
    fn not_late<'b, 'c>(&self, sent: &'b [Open<'c>]) -> (Vec<Write>, Vec<&'b Open<'c>>) {
        let (late, open): (Vec<_>, Vec<_>) = sent.iter().partition(|open| open.is_late(&self.input));
        (late.into_iter().map(|open| Write::ErrandOver(open.errand.id)).collect(), open)
    }

    /// A stored meeting that no calendar shows any more, and that no bot is sent to; `joined`: what showed it shows another now.
    fn gone(&self, meeting: &Meeting, joined: bool) -> Vec<Write> {
        let dispatches = self.dispatches(&meeting.id);
        let by_hand = !meeting.sightings.is_empty() && meeting.sightings.iter().all(|place| errand::of_place(place).is_some());
        let is_over = match by_hand {
            // Its bot came and went, or could not come.
            true => matches!(dispatches.last(), Some(last) if matches!(last.state, DispatchState::Ended | DispatchState::Missed)),
            // With its bot still there, it goes on to its end; sources that drop what is past call nothing off.
            false => {
                let is_live = dispatches.last().is_some_and(|last| last.state.is_live());
                let until = if is_live { meeting.end } else { Some(late_at(meeting.start, meeting.end, 0)) };
                until.is_some_and(|until| until <= self.input.now)
            }
        };
        if is_over {
            return Vec::new();
        }
        let why = match (joined, by_hand) {
            (true, _) => "it is one with another meeting",
            (false, true) => TAKEN_BACK,
            (false, false) => "no calendar shows it any more",
        };
        let target = Target { tenant: meeting.tenant, meeting: &meeting.id, wanted: None, why, live_stays: false, joins: false };
        let mut writes = changes(&dispatches, target, self.input.now);
        let gone = Meeting {
            sightings: Vec::new(),
            outcome: Outcome::NotRecordable,
            rule: None,
            reason: why.to_owned(),
            conflict: false,
            ..meeting.clone()
        };
        if gone != *meeting {
            writes.insert(0, Write::Meeting(gone));
        }
        writes
    }

    /// A meeting of the same name that no calendar showed for a while: it goes on, with the bots it had.
    fn revived(&mut self, planned: &Planned) -> Option<&'a Meeting> {
        let copy = &self.copies[planned.deciding];
        let name = name(copy.sighting, &copy.mark);
        let gone = *self.stored.get(name.as_str()).filter(|meeting| meeting.sightings.is_empty())?;
        self.names.insert(name).then_some(gone)
    }

    fn new_name(&mut self, planned: &Planned) -> String {
        let copy = &self.copies[planned.deciding];
        self.unused(|mark| name(copy.sighting, &format!("{}{mark}", copy.mark)))
    }

    /// The first name that no meeting has, `mark` growing.
    fn unused(&mut self, name: impl Fn(&str) -> String) -> String {
        let mut mark = String::new();
        loop {
            let name = name(&mark);
            if self.names.insert(name.clone()) && !self.stored.contains_key(name.as_str()) {
                return name;
            }
            mark.push('\'');
        }
    }

    /// The start that the bot of a meeting was sent for, where it is there or on its way.
    fn live_start(&self, meeting: &str) -> Option<Instant> {
        let last = self.dispatches.get(meeting)?.last()?;
        (last.state.is_live() && last.state != DispatchState::Planned).then_some(last.start)
    }

    fn dispatches(&self, meeting: &str) -> Vec<Dispatch> {
        self.dispatches.get(meeting).into_iter().flatten().map(|row| (*row).clone()).collect()
    }

    fn row(&self, planned: &Planned, id: String, places: BTreeSet<String>, stored: Option<&Meeting>) -> Meeting {
        let copy = &self.copies[planned.deciding];
        let rule = match planned.decision {
            Decision::Decided { by: DecidedBy::Rule(index), .. } if !planted::is(Bug::WrongRule) => {
                Some(copy.rules.outline().rules[usize::from(index)].id.clone())
            }
            _ => None,
        };
        Meeting {
            tenant: self.input.tenant.id,
            id,
            sightings: places.into_iter().collect(),
            start: start_of(planned, copy),
            end: planned.occurrence.end.known().map(|end| end.instant(&Zone::utc())),
            outcome: outcome(&planned.decision),
            by: copy.connection.id,
            rule,
            reason: planned.reason.clone(),
            record: self.record(planned, copy),
            conflict: planned.conflict,
            version: stored.map_or(0, |meeting| meeting.version),
        }
    }

    /// The decision in full: what it was made from and why (`I7`).
    fn record(&self, planned: &Planned, copy: &Copy<'_>) -> String {
        let question = Question {
            occurrence: &planned.occurrence,
            user: &copy.user,
            overrides: copy.overrides,
            lists: &self.input.rules.lists,
        };
        let lists: BTreeMap<&str, &str> =
            self.input.rules.lists.iter().map(|(name, list)| (name, list.version.as_str())).collect();
        json!({
            "rules": self.input.rules.versions,
            "lists": lists,
            "copies": planned.members.iter().map(|at| self.copies[*at].connection.id.0).collect::<Vec<CopyId>>(),
            "decided_for": copy.connection.id.0,
            "settings": explain::settings_to_json(&planned.settings),
            "explanation": if planted::is(Bug::NoRecord) { serde_json::Value::Null } else { copy.rules.explain(&question).json() },
        })
        .to_string()
    }
}

/// Whoever is in a meeting needs no way in (C25).
fn only_link_is_gone(decision: &Decision) -> bool {
    matches!(decision, Decision::NotRecordable(NotRecordable::NoLink))
}

fn start_of(planned: &Planned, copy: &Copy<'_>) -> Instant {
    let start = planned.occurrence.start.instant(&Zone::utc());
    match copy.user.zone.as_ref().filter(|_| planted::is(Bug::LocalIsUtc)) {
        Some(zone) => Zone::utc().instant(zone.civil(start)),
        None => start,
    }
}

fn outcome(decision: &Decision) -> Outcome {
    match decision {
        Decision::NotRecordable(_) => Outcome::NotRecordable,
        Decision::Decided { verb: Verb::Record, .. } => Outcome::Record,
        Decision::Decided { verb: Verb::Skip, .. } => Outcome::Skip,
    }
}

/// The bot that a recorded meeting should have.
fn wanted(meeting: &Meeting, planned: &Planned) -> Option<Wanted> {
    let link = planned.occurrence.facts.link.known()?.as_ref()?;
    let settings = &planned.settings;
    let spec = Spec::of(&meeting.id, link, settings);
    Some(Wanted { start: meeting.start, end: meeting.end, join_secs: Some(settings.join), sent: None, spec })
}

/// Whether a bot is sent to a stored meeting that it was not sent to before.
fn joins(stored: Option<&Meeting>, sent: &[&Open<'_>]) -> bool {
    stored.is_some_and(|stored| sent.iter().any(|open| !stored.sightings.contains(&errand::place(open.errand.id))))
}

/// Why a bot that a person sent leaves.
const TAKEN_BACK: &str = "taken back by hand";

/// The meeting with the bots that were sent to it, told in its decision.
fn sent_to(meeting: Meeting, sent: &[&Open<'_>]) -> Meeting {
    let mut record: serde_json::Value = serde_json::from_str(&meeting.record).unwrap_or_default();
    record["by_hand"] = sent.iter().map(|open| open.errand.id.0).collect();
    let record = record.to_string();
    match (meeting.outcome, meeting.reason.is_empty()) {
        // What the calendar says holds as well, and comes first.
        (Outcome::Record, false) => Meeting { record, ..meeting },
        (_, true) => Meeting { record, reason: "sent by hand".to_owned(), ..meeting },
        (_, false) => {
            let reason = format!("sent by hand; without that: {}", meeting.reason);
            Meeting { outcome: Outcome::Record, rule: None, reason, record, ..meeting }
        }
    }
}

fn conflict(meeting: &Meeting, now: Instant) -> OutboxEvent {
    let body = json!({ "meeting": meeting.id, "start": meeting.start.to_string() }).to_string();
    OutboxEvent {
        tenant: meeting.tenant,
        id: EventId::default(),
        kind: "meeting.conflict".into(),
        subject: meeting.id.clone(),
        body,
        at: now,
    }
}
