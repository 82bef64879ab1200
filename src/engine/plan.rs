//! From the occurrences of several calendars to one plan: which meeting gets a bot, and why.

use super::RuleSet;
use crate::copies::{self, GroupDecision, MemberDecision, complete_facts, decide_group};
use crate::event::identity::{EventCopy, same_occurrence_groups};
use crate::event::{ConnectedUser, Occurrence, ProvidedLists, Question};
use crate::time::Zone;
use crate::value::{Decision, Overrides, Settings};
use crate::vm::Machine;

/// One occurrence as one connected user's calendar shows it.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'a> {
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
    /// What holds.
    pub decision: Decision,
    /// How the bot behaves, where one comes.
    pub settings: Settings,
    /// Why, in a few words.
    pub reason: String,
    /// In how many calendars the meeting stands.
    pub copies: usize,
}

/// Decides every meeting once, however many calendars show it.
///
/// Copies of one occurrence are completed from each other, each is decided for its owner, and the strongest decision holds.
/// Meetings with one room and one start get one bot. Ascending by start.
#[must_use]
pub fn plan(rules: &RuleSet, lists: &ProvidedLists, sightings: &[Sighting<'_>], reader: &Zone) -> Vec<Planned> {
    let identities: Vec<EventCopy> = sightings.iter().map(|sighting| EventCopy::of(sighting.occurrence)).collect();
    let grouping = same_occurrence_groups(&identities);
    let mut planner = Planner { rules, lists, sightings, machine: Machine::new() };
    let mut plan: Vec<Planned> = grouping
        .dispatches
        .iter()
        .map(|events| {
            let groups: Vec<&[usize]> = events.iter().map(|event| grouping.events[*event].as_slice()).collect();
            planner.meeting(&groups)
        })
        .collect();
    plan.sort_by(|a, b| {
        let key = |planned: &Planned| (planned.occurrence.start.instant(reader), planned.occurrence.uid.clone());
        key(a).cmp(&key(b))
    });
    plan
}

struct Planner<'a> {
    rules: &'a RuleSet,
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
        let copies = members.len();
        let member = members.swap_remove(deciding.expect("the decision is that of a member"));
        let decision = member.vote.decision;
        let reason = self.rules.reason(&self.question(&member.occurrence, member.sighting));
        Planned { settings: self.rules.settings(&decision).clone(), decision, reason, copies, occurrence: member.occurrence }
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
                let question = Self::question_of(self.lists, &self.sightings[sighting], &occurrence);
                let decision = self.rules.decide(&mut self.machine, &question);
                Member { sighting, vote: MemberDecision::of(sighting as u64, self.rules.outline(), decision), occurrence }
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
            let internal = own.as_ref().is_some_and(|address| self.rules.is_internal(address));
            let shared =
                own.is_some() && (0..members.len()).any(|other| groups_of[other] != groups_of[at] && organizers[other] == *own);
            members[at].vote.may_veto = internal || shared;
        }
    }

    fn question<'q>(&'q self, occurrence: &'q Occurrence, sighting: usize) -> Question<'q> {
        Self::question_of(self.lists, &self.sightings[sighting], occurrence)
    }

    fn question_of<'q>(lists: &'q ProvidedLists, sighting: &Sighting<'q>, occurrence: &'q Occurrence) -> Question<'q> {
        Question { occurrence, user: sighting.user, overrides: sighting.overrides, lists }
    }
}
