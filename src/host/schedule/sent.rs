//! Errands in a plan: which of its meetings each is for, and what it wants of their bots.

use super::bots::{Sent, Wanted};
use super::errand::{Candidate, fit, is_due, is_there, link, of_place, place};
use super::names::bounded;
use super::replan::PlanInput;
use crate::engine::Planned;
use crate::event::identity::RoomKey;
use crate::event::link::Link;
use crate::host::bots::Spec;
use crate::host::dispatch::key::late_at;
use crate::host::dispatch::protocol;
use crate::host::model::{Dispatch, Errand, ErrandState};
use crate::host::planted::{self, Bug};
use crate::time::{Elapsed, Instant, Zone};
use crate::value::words::Verb;
use crate::value::{Decision, Settings};
use std::collections::BTreeSet;

/// An errand that is open, with where it leads.
pub(super) struct Open<'a> {
    pub(super) errand: &'a Errand,
    link: Link,
}

impl Open<'_> {
    /// What the bot service is told, where rules say nothing about the meeting.
    fn spec(&self, meeting: &str, settings: &Settings) -> Spec {
        Spec::of(meeting, &self.link, settings)
    }

    /// The bot of a meeting that calendars want as `calendar`, and a person sent; `last`: the errand there whose time comes last.
    pub(super) fn wanted(
        &self,
        meeting: &str,
        start: Instant,
        calendar: Option<Wanted>,
        last: &Self,
        settings: &Settings,
    ) -> Wanted {
        let own = || Wanted { start, end: None, join_secs: None, sent: None, spec: self.spec(meeting, settings) };
        let wanted = calendar.unwrap_or_else(own);
        let sent = Sent { errand: self.errand.id, at: self.errand.at, last: last.errand.at, url: self.link.url.clone() };
        // Who has a link at hand knows it better than an invitation.
        let spec = Spec { url: self.link.url.clone(), ..wanted.spec };
        Wanted { sent: Some(sent), spec, ..wanted }
    }

    /// What the meetings were seen as that no calendar shows any more, and whose bot is still in the room: that one is for the errand.
    pub(super) fn forgotten(&self, input: &PlanInput<'_>, shown: &[BTreeSet<String>]) -> Vec<String> {
        if !is_due(self.errand, input.now) {
            return Vec::new();
        }
        let is_shown = |place: &String| shown.iter().any(|places| places.contains(place));
        let left =
            rooms_bots(input, self).filter(|places| !places.iter().any(|place| is_shown(place) || of_place(place).is_some()));
        left.flatten().cloned().collect()
    }

    /// Whether its time went by, although it is open: the bot of another errand was there, and left. One that nobody saw there did
    /// not serve it, and that is told.
    pub(super) fn is_late(&self, input: &PlanInput<'_>) -> bool {
        let own = place(self.errand.id);
        let had_one = || input.dispatches.iter().any(|row| row.errand == Some(self.errand.id) && !protocol::left_sender(row));
        let is_own =
            |row: &Dispatch| input.meetings.iter().any(|meeting| meeting.id == row.meeting && meeting.sightings.contains(&own));
        let left_unseen = || input.dispatches.iter().any(|row| protocol::left_unseen(row) && is_own(row));
        let is_past = late_at(self.errand.at, None, 0) <= input.now;
        is_past && !had_one() && !left_unseen() && rooms_bots(input, self).next().is_none()
    }

    /// Whether its own bot is in the room, or on its way.
    fn is_there(&self, input: &PlanInput<'_>) -> bool {
        let own = place(self.errand.id);
        rooms_bots(input, self).any(|sightings| sightings.contains(&own))
    }
}

/// The errands of a plan, ascending by when their bots should be there.
pub(super) struct Errands<'a> {
    /// Those of each meeting that calendars show.
    pub(super) joined: Vec<Vec<Open<'a>>>,
    /// Those that are for no such meeting, together where one bot serves them.
    pub(super) alone: Vec<Vec<Open<'a>>>,
}

impl<'a> Errands<'a> {
    /// Which meetings of the plan its errands are for; `places` are those of its meetings.
    pub(super) fn of(input: &PlanInput<'a>, plan: &[Planned], places: &[BTreeSet<String>]) -> Self {
        let mut errands = Self { joined: plan.iter().map(|_| Vec::new()).collect(), alone: Vec::new() };
        let mut open: Vec<&Errand> = input.errands.iter().filter(|errand| errand.state == ErrandState::Open).collect();
        open.sort_by_key(|errand| (errand.at, errand.id));
        for errand in open {
            // A link that was read when it was sent, and by this version is none: its bot, if it has one, is taken back.
            let Ok(link) = link(&errand.url) else { continue };
            let open = Open { errand, link };
            let fits = plan
                .iter()
                .zip(places)
                .enumerate()
                .filter_map(|(at, (planned, places))| Some((fits(input, &open, planned, places)?, at)));
            match fits.min().filter(|_| !planted::is(Bug::ErrandStaysAlone)) {
                Some((_, at)) => errands.joined[at].push(open),
                None if planted::is(Bug::ErrandForgotten) => {}
                None => errands.alone.push(vec![open]),
            }
        }
        if !planted::is(Bug::ErrandStaysAlone) {
            errands.unite(input);
        }
        errands
    }

    /// Lets a bot that is in a room serve whoever else sent one there whose time has come by now.
    fn unite(&mut self, input: &PlanInput<'_>) {
        for open in std::mem::take(&mut self.alone).into_iter().flatten() {
            let is_there = open.is_there(input);
            let awaits = |group: &[Open<'_>]| {
                let others = || group.iter().filter(|other| other.errand.room == open.errand.room);
                let is_awaited = || others().any(|other| is_due(other.errand, input.now));
                let is_served = || is_due(open.errand, input.now) && others().any(|other| other.is_there(input));
                is_there && is_awaited() || is_served()
            };
            match self.joined.iter_mut().chain(&mut self.alone).find(|group| awaits(group)) {
                Some(group) => group.push(open),
                None => self.alone.push(vec![open]),
            }
        }
        let groups = self.joined.iter_mut().chain(&mut self.alone);
        groups.for_each(|group| group.sort_by_key(|open| (open.errand.at, open.errand.id)));
    }
}

/// How well a meeting of the plan fits an errand.
fn fits(input: &PlanInput<'_>, open: &Open<'_>, planned: &Planned, places: &BTreeSet<String>) -> Option<(bool, bool, bool, u64)> {
    let in_room: Vec<&[String]> = rooms_bots(input, open).collect();
    let shares = |sightings: &[String]| sightings.iter().any(|sighting| places.contains(sighting));
    let has_bot = in_room.iter().any(|sightings| shares(sightings));
    // Where a calendar shows no link any more, whoever is in the meeting is where its bot is (C25).
    let shown = RoomKey::of_occurrence(&planned.occurrence).map(|room| bounded(room.room()) == open.errand.room);
    if !shown.unwrap_or(has_bot) {
        return None;
    }
    let start = planned.occurrence.start.instant(&Zone::utc());
    let wants = matches!(planned.decision, Decision::Decided { verb: Verb::Record, .. });
    let join = Elapsed::from_secs(planned.settings.join);
    let own = place(open.errand.id);
    let candidate = Candidate {
        start,
        end: planned.occurrence.end.known().map(|end| end.instant(&Zone::utc())),
        turn: wants.then(|| start.checked_add(join).unwrap_or(Instant::MAX)),
        has_bot,
        known: input.meetings.iter().any(|meeting| meeting.sightings.contains(&own) && shares(&meeting.sightings)),
    };
    let there = in_room.iter().any(|sightings| sightings.contains(&own));
    fit(open.errand, &candidate, there, input.now)
}

/// The sightings of every stored meeting whose bot is in the room of an errand, or on its way.
fn rooms_bots<'b>(input: &'b PlanInput<'_>, open: &'b Open<'_>) -> impl Iterator<Item = &'b [String]> {
    let live = input.dispatches.iter().filter(|row| is_there(row, &open.link));
    live.filter_map(|row| input.meetings.iter().find(|meeting| meeting.id == row.meeting))
        .map(|meeting| meeting.sightings.as_slice())
}
