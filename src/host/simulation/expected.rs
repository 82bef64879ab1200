//! What had to happen, said from the world's own history: a plain, slow program that shares the rules and the reading of
//! calendars with the host, and nothing of sync, plan, store or dispatch.

use super::hands::Hands;
use crate::engine::{self, CheckOptions, RuleSet, RuleText, check};
use crate::event::identity::{EventCopy, normalise_uid};
use crate::event::{Address, ConnectedUser, Occurrence, ProvidedLists};
use crate::host::model::{Origin, Outcome};
use crate::host::schedule::errand;
use crate::host::world::calendar::{AccountId, Exception, Meeting, MeetingId, State, Truth};
use crate::host::world::feed;
use crate::host::world::script::Plan;
use crate::host::world::weather::STALE_MOST;
use crate::time::{Elapsed, Instant, Zone};
use crate::value::words::Verb;
use crate::value::{DecidedBy, Decision, NotRecordable, UnknownReason};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// A meeting as people see it: where, and when.
pub(super) type Place = (String, Instant);

/// What is decided about an occurrence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Told {
    pub(super) start: Instant,
    /// The calendars that show it, by number of their accounts.
    pub(super) calendars: BTreeSet<usize>,
    pub(super) outcome: &'static str,
    pub(super) rule: Option<String>,
    /// Where a bot goes, and how long after the start; negative: before.
    pub(super) bot: Option<(String, i64)>,
    is_linkless: bool,
    /// The room, whether a bot goes there or not.
    room: Option<String>,
    /// Its normalised UID.
    pub(super) uid: Option<String>,
    /// Names it.
    name: String,
}

/// How some meetings that have to do with each other stand from an instant on.
pub(super) struct View {
    pub(super) from: Instant,
    /// Who is to have a bot, and how long after the start it joins.
    pub(super) wanted: BTreeMap<Place, i64>,
    /// When something begins that lacks nothing but a link: whoever is in it needs none (`C` 25).
    pub(super) linkless: BTreeSet<Instant>,
    /// Where people meet, with a bot or without.
    pub(super) rooms: BTreeSet<Place>,
}

impl View {
    /// The starts of the meetings in a room, with a bot or without.
    pub(super) fn starts_in(&self, room: &str) -> impl Iterator<Item = Instant> {
        let rooms = self.rooms.iter().filter(move |(known, _)| known == room).map(|(_, start)| *start);
        rooms.collect::<Vec<_>>().into_iter()
    }
}

/// Meetings that ever shared a UID or a room, and how they stood over time.
pub(super) struct Cluster {
    /// The accounts that ever had one of them.
    pub(super) accounts: BTreeSet<usize>,
    /// Ascending; each holds until the next.
    pub(super) views: Vec<View>,
    /// How many occurrences there were.
    pub(super) lives: usize,
    /// Rooms that they were in shortly before the begin, and no longer: a stale answer shows that, and hosts follow it.
    pub(super) former: BTreeSet<String>,
    /// The meetings.
    ids: Vec<MeetingId>,
}

impl Cluster {
    /// The views that held at any time in `[from, to]`.
    pub(super) fn within(&self, from: Instant, to: Instant) -> &[View] {
        let first = self.views.partition_point(|view| view.from <= from).saturating_sub(1);
        let end = self.views.partition_point(|view| view.from <= to);
        &self.views[first..end.max(first)]
    }
}

/// Reads calendars and decides.
pub(super) struct Oracle<'a> {
    truth: &'a Truth,
    users: Vec<ConnectedUser>,
    rules: RuleSet,
    /// What people say about meetings.
    hands: &'a Hands,
    /// Who knows of each meeting.
    holders: BTreeMap<MeetingId, BTreeSet<usize>>,
}

impl<'a> Oracle<'a> {
    pub(super) fn of(plan: &Plan, truth: &'a Truth, hands: &'a Hands) -> Self {
        let text = RuleText { name: "acme.rules".into(), text: plan.rules.clone(), layer: None };
        let rules = check(&[text], &CheckOptions::default()).rule_set.expect("the script's rules pass the check");
        let users = plan.accounts.iter().map(|account| ConnectedUser {
            addresses: Address::parse(&account.address).into_iter().collect(),
            zone: Some(account.zone.clone()),
            bots: vec![],
        });
        let mut holders: BTreeMap<MeetingId, BTreeSet<usize>> = BTreeMap::new();
        for number in 0..plan.accounts.len() {
            for id in truth.known_to(AccountId(number)) {
                holders.entry(id).or_default().insert(number);
            }
        }
        Self { truth, users: users.collect(), rules, hands, holders }
    }

    /// All meetings, together with those that they have to do with, as they stood over `span`; what begins up to `before` it is
    /// shown as well.
    pub(super) fn clusters(&self, span: &Range<Instant>, before: Elapsed) -> Vec<Cluster> {
        groups(self.truth).iter().map(|ids| self.cluster(ids, span, before)).collect()
    }

    fn cluster(&self, ids: &[MeetingId], span: &Range<Instant>, before: Elapsed) -> Cluster {
        let shown = span.start - before..span.end;
        let base = self.truth.rev_at(span.start);
        let turns = self.hands.turns(&self.uids(ids)).into_iter().map(|at| (at, self.truth.rev_at(at)));
        let edits = ids.iter().flat_map(|id| self.truth.states(*id)).filter(|state| state.rev > base);
        let edits = edits.map(|state| (state.at, state.rev));
        let moments: BTreeSet<(Instant, u64)> = edits.chain(turns).chain([(Instant::MIN, base)]).collect();
        let accounts = ids.iter().filter_map(|id| self.holders.get(id)).flatten().copied().collect();
        let mut names: BTreeSet<String> = BTreeSet::new();
        let views = moments.iter().map(|(from, rev)| {
            let told = self.decided(ids, (*rev, *from), &shown);
            names.extend(told.iter().filter(|told| span.contains(&told.start)).map(|told| told.name.clone()));
            let linkless = told.iter().filter(|told| told.is_linkless).map(|told| told.start).collect();
            let rooms = told.iter().filter_map(|told| Some((told.room.clone()?, told.start))).collect();
            let wanted = told.into_iter().filter_map(|told| {
                let (room, join) = told.bot?;
                Some(((room, told.start), join))
            });
            View { from: *from, wanted: wanted.collect(), linkless, rooms }
        });
        let views = views.collect();
        Cluster { accounts, views, lives: names.len(), former: self.former(ids, span.start, &shown), ids: ids.to_vec() }
    }

    /// Whether a bot was wanted in a place by what people had said up to `at`, had calendars stood then as at any time since `known`.
    pub(super) fn is_wanted_by_what_was_known(&self, cluster: &Cluster, place: &Place, (known, at): (Instant, Instant)) -> bool {
        let (base, last) = (self.truth.rev_at(known), self.truth.rev_at(at));
        let states = cluster.ids.iter().flat_map(|id| self.truth.states(*id)).map(|state| state.rev);
        let revs: BTreeSet<u64> = states.filter(|rev| (base + 1..=last).contains(rev)).chain([base]).collect();
        let span = place.1..place.1 + Elapsed::from_secs(1);
        let told = revs.iter().flat_map(|rev| self.decided(&cluster.ids, (*rev, at), &span));
        told.filter_map(|told| Some((told.bot?.0, told.start))).any(|wanted| wanted == *place)
    }

    /// Whether one of these meetings had a link to a room at any time in `span`.
    pub(super) fn had_link_to(&self, cluster: &Cluster, room: &str, span: Range<Instant>) -> bool {
        let (base, last) = (self.truth.rev_at(span.start), self.truth.rev_at(span.end));
        let leads_there = |state: &State| {
            let mut links = links(&state.meeting).filter_map(|link| errand::link(link).ok());
            links.any(|link| format!("{}/{}", link.platform, link.id) == room)
        };
        cluster.ids.iter().any(|id| {
            let states = self.truth.states(*id);
            let first = states.partition_point(|state| state.rev <= base).saturating_sub(1);
            states[first..].iter().take_while(|state| state.rev <= last).any(leads_there)
        })
    }

    /// The rooms that these meetings were in shortly before the begin, where that was changed by then.
    fn former(&self, ids: &[MeetingId], begin: Instant, shown: &Range<Instant>) -> BTreeSet<String> {
        let (before, base) = (self.truth.rev_at(begin - STALE_MOST), self.truth.rev_at(begin));
        let states = ids.iter().flat_map(|id| self.truth.states(*id));
        let changes: BTreeSet<u64> = states.map(|state| state.rev).filter(|rev| (before + 1..=base).contains(rev)).collect();
        let former = changes.iter().map(|rev| self.decided(ids, (rev - 1, begin), shown));
        former.flatten().filter_map(|told| told.room).collect()
    }

    /// Everything that is decided at the end about what starts in `span`.
    pub(super) fn at_the_end(&self, span: &Range<Instant>) -> Vec<Told> {
        let rev = self.truth.rev();
        let mut told: Vec<Told> =
            groups(self.truth).iter().flat_map(|ids| self.decided(ids, (rev, Instant::MAX), span)).collect();
        told.sort();
        told
    }

    /// What is decided about these meetings as they stood at a revision, and by what people said up to an instant.
    fn decided(&self, ids: &[MeetingId], (rev, at): (u64, Instant), span: &Range<Instant>) -> Vec<Told> {
        let mut seen: Vec<(usize, Occurrence)> = Vec::new();
        let accounts: BTreeSet<usize> = ids.iter().filter_map(|id| self.holders.get(id)).flatten().copied().collect();
        for number in accounts {
            let account = AccountId(number);
            if ids.iter().all(|id| self.truth.copy_at(account, *id, rev).is_none()) {
                continue;
            }
            let held = ids.iter().copied().filter(|id| self.holders.get(id).is_some_and(|holders| holders.contains(&number)));
            let document = feed::document_of(self.truth, account, rev, held);
            let zone = &self.truth.account(account).zone;
            let calendar = crate::providers::ics::read(document.as_bytes(), zone).expect("the world writes calendars");
            let mut occurrences = calendar.occurrences(span.clone(), zone).occurrences;
            self.hide_guests(account, (ids, rev), span, &mut occurrences);
            seen.extend(occurrences.into_iter().map(|occurrence| (number, occurrence)));
        }
        // What decides alike is ordered by whose it is and which occurrence it is, as hosts do: an occurrence that was moved onto
        // another one of its series decides as the earlier of the two.
        seen.sort_by_cached_key(|(number, occurrence)| {
            let copy = EventCopy::of(occurrence);
            (*number, copy.uid.norm, copy.key.to_string())
        });
        let sightings: Vec<engine::Sighting<'_>> = seen
            .iter()
            .map(|(number, occurrence)| engine::Sighting {
                rules: &self.rules,
                occurrence,
                user: &self.users[*number],
                overrides: self.hands.said_of(occurrence, at),
            })
            .collect();
        let plan = engine::plan(&ProvidedLists::default(), &sightings, &Zone::utc());
        plan.iter().map(|planned| self.told(planned, &seen)).collect()
    }

    /// Says of what an account sees that guests are hidden from it, as Google and Graph do (`G2.12`); a calendar file has no word
    /// for it.
    fn hide_guests(&self, account: AccountId, (ids, rev): (&[MeetingId], u64), span: &Range<Instant>, seen: &mut [Occurrence]) {
        if self.truth.account(account).origin == Origin::Feed {
            return;
        }
        let copies = ids.iter().filter_map(|id| self.truth.copy_at(account, *id, rev)).filter(|copy| !copy.organizes());
        let there = copies.flat_map(|copy| copy.occurrences(span.start, span.end));
        let hidden: BTreeSet<_> = there
            .filter(|own| own.content.guests_hidden)
            .map(|own| (own.uid, own.original.unwrap_or(own.start), own.start))
            .collect();
        for occurrence in seen {
            let start = occurrence.start.instant(&Zone::utc());
            let original = occurrence.recurrence_id.as_ref().map_or(start, |original| original.instant(&Zone::utc()));
            if hidden.contains(&(occurrence.uid.clone(), original, start)) {
                Arc::make_mut(&mut occurrence.facts).people.incomplete = Some(UnknownReason::GuestsHidden);
            }
        }
    }

    /// The normalised UIDs of these meetings.
    fn uids(&self, ids: &[MeetingId]) -> BTreeSet<String> {
        ids.iter().filter_map(|id| normalise_uid(&self.truth.meeting(*id).uid).norm).collect()
    }

    /// The UIDs of meetings that have to do with one of which not everything can be known yet at `end`: it was changed within
    /// `settled` before, or a Graph calendar ceased to have an occurrence of it within `viewed`.
    pub(super) fn open_at(&self, end: Instant, settled: Elapsed, viewed: Elapsed) -> BTreeSet<String> {
        let silent = |ids: &[MeetingId]| self.ended_in_silence(ids, end - viewed);
        let is_new = |id: &MeetingId| self.truth.states(*id).iter().any(|state| state.at > end - settled);
        let open = groups(self.truth).into_iter().filter(|ids| ids.iter().any(is_new) || silent(ids));
        open.flat_map(|ids| self.uids(&ids)).collect()
    }

    /// Whether a Graph calendar may not yet have told that it ceased since then to have an occurrence of one of a cluster's meetings.
    pub(super) fn is_silent(&self, cluster: &Cluster, since: Instant) -> bool {
        self.ended_in_silence(&cluster.ids, since)
    }

    /// Whether a Graph calendar ceased to have an occurrence of one of these since then while it still has the series: until its view
    /// is read, nothing tells (`M6.8`).
    fn ended_in_silence(&self, ids: &[MeetingId], since: Instant) -> bool {
        let (from, to) = (since - Elapsed::from_hours(24 * 40), since + Elapsed::from_hours(24 * 40));
        let base = self.truth.rev_at(since);
        let changed = |id: &&MeetingId| self.truth.states(**id).last().is_some_and(|state| state.rev > base);
        for id in ids.iter().filter(changed) {
            let holders = self.holders.get(id).into_iter().flatten().map(|number| AccountId(*number));
            for account in holders.filter(|id| self.truth.account(*id).origin == Origin::Graph) {
                let originals = |rev: u64| {
                    let copy = self.truth.copy_at(account, *id, rev)?;
                    Some(copy.occurrences(from, to).into_iter().filter_map(|own| own.original).collect::<BTreeSet<Instant>>())
                };
                let mut known = originals(base);
                for state in self.truth.states(*id).iter().filter(|state| state.rev > base) {
                    let now = originals(state.rev);
                    if matches!((&known, &now), (Some(known), Some(now)) if !known.is_subset(now)) {
                        return true;
                    }
                    known = now;
                }
            }
        }
        false
    }

    fn told(&self, planned: &engine::Planned, seen: &[(usize, Occurrence)]) -> Told {
        let record = matches!(planned.decision, Decision::Decided { verb: Verb::Record, .. });
        let link = planned.occurrence.facts.link.known().and_then(Option::as_ref);
        let room = link.map(|link| format!("{}/{}", link.platform, link.id));
        let outcome = match &planned.decision {
            Decision::NotRecordable(_) => Outcome::NotRecordable,
            Decision::Decided { verb: Verb::Record, .. } => Outcome::Record,
            Decision::Decided { verb: Verb::Skip, .. } => Outcome::Skip,
        };
        let rule = match planned.decision {
            Decision::Decided { by: DecidedBy::Rule(index), .. } => {
                Some(self.rules.outline().rules[usize::from(index)].id.clone())
            }
            _ => None,
        };
        let occurrence = &planned.occurrence;
        let original = occurrence.recurrence_id.as_ref().map(|id| id.instant(&Zone::utc()).to_string());
        Told {
            start: occurrence.start.instant(&Zone::utc()),
            calendars: planned.members.iter().map(|at| seen[*at].0).collect(),
            outcome: outcome.word(),
            rule,
            bot: room.clone().filter(|_| record).map(|room| (room, planned.settings.join)),
            uid: normalise_uid(&occurrence.uid).norm,
            room,
            is_linkless: planned.decision == Decision::NotRecordable(NotRecordable::NoLink),
            name: format!("{} {}", occurrence.uid, original.unwrap_or_default()),
        }
    }
}

/// The links of a meeting and of its occurrences.
pub(super) fn links(meeting: &Meeting) -> impl Iterator<Item = &str> {
    let changed = meeting.exceptions.values().filter_map(|exception| match exception {
        Exception::Changed(changed) => changed.content.link.as_deref(),
        Exception::Cancelled { .. } => None,
    });
    changed.chain(meeting.content.link.as_deref())
}

/// The meetings, those together that ever shared a UID or a link.
fn groups(truth: &Truth) -> Vec<Vec<MeetingId>> {
    let mut leader: Vec<usize> = (0..truth.meeting_count()).collect();
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for number in 0..leader.len() {
        for state in truth.states(MeetingId(number)) {
            for mark in links(&state.meeting).map(str::to_owned).chain([state.meeting.uid.clone()]) {
                let other = *first.entry(mark).or_insert(number);
                let (one, other) = (root(&leader, number), root(&leader, other));
                leader[one.max(other)] = one.min(other);
            }
        }
    }
    let mut groups: BTreeMap<usize, Vec<MeetingId>> = BTreeMap::new();
    for number in 0..leader.len() {
        groups.entry(root(&leader, number)).or_default().push(MeetingId(number));
    }
    groups.into_values().collect()
}

fn root(leader: &[usize], mut number: usize) -> usize {
    while leader[number] != number {
        number = leader[number];
    }
    number
}
