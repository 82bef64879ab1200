//! From the occurrences of several calendars to one plan: which meeting gets a bot, and why.

use super::RuleSet;
use crate::copies::{self, GroupDecision, MemberDecision, complete_facts, decide_group};
use crate::event::identity::{EventCopy, same_occurrence_groups};
use crate::event::{ConnectedUser, Occurrence, ProvidedLists, Question};
use crate::time::Zone;
use crate::value::{Decision, Overrides, Settings};
use crate::vm::Machine;
use std::collections::BTreeSet;

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
    let mut planner = Planner { lists, sightings, machine: Machine::new() };
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

struct Planner<'a> {
    lists: &'a ProvidedLists,
    sightings: &'a [Sighting<'a>],
    machine: Machine,
}

/// A copy with its facts completed, and its vote.
struct Member {
    sighting: usize,
    occurrence: Occurrence,
    vote: MemberDecision,
}

impl Planner<'_> {
    /// Decides one meeting: the groups of copies that share its bot.
    fn meeting(&mut self, groups: &[&[usize]]) -> Planned {
        let mut members: Vec<Member> = groups.iter().flat_map(|group| self.decided(group)).collect();
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
        let Member { sighting, occurrence, vote } = members.swap_remove(deciding.expect("the decision is that of a member"));
        let rules = self.sightings[sighting].rules;
        let reason = rules.reason(&Self::question(self.lists, &self.sightings[sighting], &occurrence));
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

    /// Completes the copies of one event from each other and decides each for its owner.
    fn decided(&mut self, group: &[usize]) -> Vec<Member> {
        let copies: Vec<copies::Copy<'_>> = group
            .iter()
            .map(|&at| {
                let Sighting { occurrence, user, .. } = self.sightings[at];
                copies::Copy { connection: at as u64, occurrence, user }
            })
            .collect();
        let completed = complete_facts(&copies);
        group
            .iter()
            .zip(completed)
            .map(|(&sighting, occurrence)| {
                let rules = self.sightings[sighting].rules;
                let question = Self::question(self.lists, &self.sightings[sighting], &occurrence);
                let decision = rules.decide(&mut self.machine, &question);
                Member { sighting, vote: MemberDecision::of(sighting as u64, rules.outline(), decision), occurrence }
            })
            .collect()
    }

    /// A group that joins the others only by room and start may veto only if its organizer is internal or the same.
    fn limit_vetoes(&self, groups: &[&[usize]], members: &mut [Member]) {
        let organizer =
            |member: &Member| member.occurrence.facts.people.organizer.known().and_then(|person| person.address.clone());
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

    fn question<'q>(lists: &'q ProvidedLists, sighting: &Sighting<'q>, occurrence: &'q Occurrence) -> Question<'q> {
        Question { occurrence, user: sighting.user, overrides: sighting.overrides, lists }
    }
}
