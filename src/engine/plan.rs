//! From the occurrences of several calendars to one plan: which meeting gets a bot, and why.

use super::RuleSet;
use crate::copies::{self, GroupDecision, MemberDecision, complete_facts, decide_group};
use crate::event::identity::{EventCopy, same_occurrence_groups};
use crate::event::{ConnectedUser, Occurrence, ProvidedLists, Question};
use crate::time::Zone;
use crate::value::{Decision, Overrides, Settings};
use crate::vm::{Batch, Machine, Preparer};
use std::collections::{BTreeMap, BTreeSet};

/// One occurrence as one connected user's calendar shows it.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
    /// The organisation's rules and this user's together.
    pub rules: &'a RuleSet,
    /// The occurrence.
    pub occurrence: &'a Occurrence,
    /// Whose calendar it lies in.
    pub user: &'a ConnectedUser,
    /// What people said about it.
    pub overrides: Overrides,
}

/// One meeting of the plan.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The copy that decided, with its facts completed from the others.
    pub occurrence: Occurrence,
    /// Which of the sightings decided.
    pub deciding: usize,
    /// The sightings that are this meeting, the deciding one among them, ascending.
    pub members: Vec<usize>,
    /// Other meetings of the plan claim the same UID and occurrence, and agree with this one on nothing else.
    pub conflict: bool,
    /// What holds.
    pub decision: Decision,
    /// How the bot behaves, where one comes.
    pub settings: Settings,
    /// Why, in a few words.
    pub reason: String,
}

/// Decides every meeting once, however many calendars show it.
///
/// Copies of one occurrence are completed from each other, each is decided for its owner, and the strongest decision holds.
/// Meetings with one room and one start get one bot. Ascending by start; of equals, the first sighting wins.
#[must_use]
pub fn plan(lists: &ProvidedLists, sightings: &[Sighting<'_>], reader: &Zone) -> Vec<Planned> {
    let identities: Vec<EventCopy> = sightings.iter().map(|sighting| EventCopy::of(sighting.occurrence)).collect();
    let grouping = same_occurrence_groups(&identities);
    let contested: BTreeSet<usize> = grouping.conflicts.iter().flat_map(|conflict| conflict.events.iter().copied()).collect();
    let completed = completed(sightings, &grouping.events);
    let decisions = decided(lists, sightings, &completed);
    let mut planner = Planner { lists, sightings, completed: completed.into_iter().map(Some).collect(), decisions };
    let mut plan: Vec<Planned> = grouping
        .dispatches
        .iter()
        .map(|events| {
            let groups: Vec<&[usize]> = events.iter().map(|event| grouping.events[*event].as_slice()).collect();
            Planned { conflict: events.iter().any(|event| contested.contains(event)), ..planner.meeting(&groups) }
        })
        .collect();
    plan.sort_by(|a, b| {
        let key = |planned: &Planned| (planned.occurrence.start.instant(reader), planned.occurrence.uid.clone());
        key(a).cmp(&key(b))
    });
    plan
}

/// Most sightings that are decided together: what is made ready of them lies in memory at once.
const TOGETHER_MAX: usize = 1024;

/// The sightings with their facts completed from the other copies of their events.
fn completed(sightings: &[Sighting<'_>], events: &[Vec<usize>]) -> Vec<Occurrence> {
    let mut completed: BTreeMap<usize, Occurrence> = BTreeMap::new();
    for event in events {
        let copy = |at: &usize| {
            let Sighting { occurrence, user, .. } = sightings[*at];
            copies::Copy { connection: *at as u64, occurrence, user }
        };
        let copies: Vec<copies::Copy<'_>> = event.iter().map(copy).collect();
        completed.extend(event.iter().copied().zip(complete_facts(&copies)));
    }
    debug_assert_eq!(completed.len(), sightings.len(), "each sighting is of one event");
    completed.into_values().collect()
}

/// What each sighting is decided to be for its owner, those of one rule set together.
fn decided(lists: &ProvidedLists, sightings: &[Sighting<'_>], completed: &[Occurrence]) -> Vec<Decision> {
    let mut by_rules: BTreeMap<*const RuleSet, Vec<usize>> = BTreeMap::new();
    for (place, sighting) in sightings.iter().enumerate() {
        by_rules.entry(std::ptr::from_ref(sighting.rules)).or_default().push(place);
    }
    let (mut preparer, mut machine, mut decided) = (Preparer::default(), Machine::new(), Vec::new());
    let mut decisions: BTreeMap<usize, Decision> = BTreeMap::new();
    for places in by_rules.values().flat_map(|places| places.chunks(TOGETHER_MAX)) {
        let mut batch = Batch::default();
        places.iter().for_each(|at| preparer.add(question(lists, &sightings[*at], &completed[*at]), &mut batch));
        decided.clear();
        sightings[places[0]].rules.decide_batch(&mut machine, &batch, &mut decided);
        decisions.extend(places.iter().copied().zip(decided.iter().copied()));
    }
    decisions.into_values().collect()
}

fn question<'q>(lists: &'q ProvidedLists, sighting: &Sighting<'q>, occurrence: &'q Occurrence) -> Question<'q> {
    Question { occurrence, user: sighting.user, overrides: sighting.overrides, lists }
}

struct Planner<'a> {
    lists: &'a ProvidedLists,
    sightings: &'a [Sighting<'a>],
    /// The completed occurrence of each sighting, until it decides about its meeting.
    completed: Vec<Option<Occurrence>>,
    decisions: Vec<Decision>,
}

/// A copy and its vote.
struct Member {
    sighting: usize,
    vote: MemberDecision,
}

impl Planner<'_> {
    /// Decides one meeting: the groups of copies that share its bot.
    fn meeting(&mut self, groups: &[&[usize]]) -> Planned {
        let mut members: Vec<Member> = groups.iter().copied().flatten().map(|sighting| self.member(*sighting)).collect();
        if groups.len() > 1 {
            self.limit_vetoes(groups, &mut members);
        }
        let votes: Vec<MemberDecision> = members.iter().map(|member| member.vote).collect();
        let deciding = match decide_group(&votes).expect("a meeting has at least one copy") {
            GroupDecision::Decided { by, .. } => votes.iter().position(|vote| vote.connection == by),
            GroupDecision::NotRecordable(why) => votes.iter().position(|vote| vote.decision == Decision::NotRecordable(why)),
        };
        let mut places: Vec<usize> = members.iter().map(|member| member.sighting).collect();
        places.sort_unstable();
        let Member { sighting, vote } = members.swap_remove(deciding.expect("the decision is that of a member"));
        let occurrence = self.completed[sighting].take().expect("a sighting is of one meeting");
        let rules = self.sightings[sighting].rules;
        let reason = rules.reason(&question(self.lists, &self.sightings[sighting], &occurrence));
        Planned {
            deciding: sighting,
            members: places,
            conflict: false,
            decision: vote.decision,
            settings: rules.settings(&vote.decision).clone(),
            reason,
            occurrence,
        }
    }

    fn member(&self, sighting: usize) -> Member {
        let outline = self.sightings[sighting].rules.outline();
        Member { sighting, vote: MemberDecision::of(sighting as u64, outline, self.decisions[sighting]) }
    }

    /// A group that joins the others only by room and start may veto only if its organizer is internal or the same.
    fn limit_vetoes(&self, groups: &[&[usize]], members: &mut [Member]) {
        let organizer = |member: &Member| {
            let occurrence = self.completed[member.sighting].as_ref()?;
            occurrence.facts.people.organizer.known().and_then(|person| person.address.clone())
        };
        let organizers: Vec<_> = members.iter().map(organizer).collect();
        let group_of = |sighting: usize| groups.iter().position(|group| group.contains(&sighting));
        let groups_of: Vec<_> = members.iter().map(|member| group_of(member.sighting)).collect();
        for at in 0..members.len() {
            let own = &organizers[at];
            let rules = self.sightings[members[at].sighting].rules;
            let internal = own.as_ref().is_some_and(|address| rules.is_internal(address));
            let shared =
                own.is_some() && (0..members.len()).any(|other| groups_of[other] != groups_of[at] && organizers[other] == *own);
            members[at].vote.may_veto = internal || shared;
        }
    }
}
