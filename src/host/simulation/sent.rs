//! I1, I2 and I6 of bots that people send by hand: they come, stay until they are called back, and are one with a calendar's.

use super::expected::{Cluster, View};
use super::hands::Sent;
use super::oracle::{Case, PUNCTUAL_SECS, SETTLED, TOLD_SECS, is_there, left_at, place};
use super::run::{Kind, Report};
use crate::host::dispatch::key::LATE_SECS;
use crate::host::schedule::errand::{LOOK_BACK, WINDOW};
use crate::host::world::bots::Bot;
use crate::time::{Elapsed, Instant};
use std::collections::BTreeSet;

/// Bots are up to twenty seconds early, and so may the one be that is there until then.
const EARLY: Elapsed = Elapsed::from_secs(21);
/// A bot that is called back has left after this time.
const CALLED_BACK: Elapsed = Elapsed::from_mins(1);

/// Whether a bot went by itself in this time, because the meeting was over or nobody knew whether it was.
fn went(bot: &Bot, from: Instant, to: Instant) -> bool {
    bot.leaves_at.is_some_and(|at| from < at && at <= to && bot.recalled_at.is_none_or(|recalled| recalled > at))
}

impl Case<'_> {
    /// The bots that were in a room, whatever the meeting.
    pub(super) fn in_room<'b>(&'b self, room: &'b str) -> impl Iterator<Item = &'b Bot> {
        let all = self.world.bots.all().values();
        all.filter(move |bot| bot.accepted_at.is_some() && bot.joins_at.is_some() && bot.spec["room"].as_str() == Some(room))
    }

    /// What became of the bots that people sent.
    pub(super) fn sent_bots(&self, clusters: &[Cluster], report: &mut Report) {
        for sent in self.hands.sent() {
            let views: Vec<&View> = clusters.iter().flat_map(|cluster| &cluster.views).collect();
            let starts: BTreeSet<Instant> = views.iter().flat_map(|view| view.starts_in(&sent.room)).collect();
            self.comes(sent, &starts, report);
            self.is_left_alone(sent, report);
            self.leaves_when_called_back(sent, &starts, report);
            if starts.len() < 2 {
                self.is_alone(sent, report);
            }
        }
    }

    /// I1: it is there when it was wanted.
    fn comes(&self, sent: &Sent, starts: &BTreeSet<Instant>, report: &mut Report) {
        let late = sent.at + Elapsed::from_secs(LATE_SECS);
        // Who takes it back before it is told that none came is told nothing.
        let is_open = sent.recalled_at.is_none_or(|at| at > late + Elapsed::from_secs(TOLD_SECS));
        if !is_open || sent.at < self.span.start + SETTLED || late > self.span.end {
            return;
        }
        report.wanted += 1;
        let from = sent.at - Elapsed::from_mins(2);
        let troubled = self.heard.bots_troubled(from, late);
        let secs = if troubled || self.is_disturbed(from, late) { LATE_SECS + 30 } else { PUNCTUAL_SECS };
        // For the meeting that it is one with it is asked for until that one's bot is late.
        let one_with =
            starts.range(sent.at - LOOK_BACK..sent.at + WINDOW).next_back().map_or(sent.at, |start| sent.at.max(*start));
        let from_when = if secs == PUNCTUAL_SECS { sent.at } else { one_with };
        let bound = from_when + Elapsed::from_secs(secs);
        let came = self.in_room(&sent.room).any(|bot| is_there(bot, sent.at - EARLY, bound));
        if !came && (!troubled || !self.is_missed(sent)) {
            report.wrong.push(format!("I1 no bot in {} for {}, to which a person sent one", sent.room, sent.at));
        }
    }

    /// Whether it was told that no bot of this room could come. Bots are asked for up to twenty seconds early.
    fn is_missed(&self, sent: &Sent) -> bool {
        let told = self.told_missed();
        told.iter().any(|(room, at)| *room == sent.room && *at >= sent.at - EARLY)
    }

    /// I2: hosts call none back that a person sent, but to send another one at once.
    fn is_left_alone(&self, sent: &Sent, report: &mut Report) {
        let called_back = |bot: &&Bot| bot.recalled_at.filter(|at| Some(*at) <= bot.leaves_at && bot.joins_at <= Some(*at));
        for at in self.in_room(&sent.room).filter_map(|bot| called_back(&bot)) {
            let wanted = at > sent.at && sent.recalled_at.is_none_or(|recalled| recalled > at + SETTLED);
            let is_over = self.is_missed(sent) || self.in_room(&sent.room).any(|bot| went(bot, sent.at, at));
            let bound = at + CALLED_BACK;
            let troubled = self.heard.bots_troubled(at, bound) || self.is_disturbed(at, bound);
            if wanted && !is_over && !troubled && !self.in_room(&sent.room).any(|bot| is_there(bot, bound, bound)) {
                report.wrong.push(format!("I2 a bot was called back at {at} from {}, to which a person sent it", sent.room));
            }
        }
    }

    /// I2: one that was called back leaves, unless calendars want it.
    fn leaves_when_called_back(&self, sent: &Sent, starts: &BTreeSet<Instant>, report: &mut Report) {
        let Some(at) = sent.recalled_at else { return };
        let troubled = self.heard.bots_troubled(at, at + CALLED_BACK);
        let bound = at + CALLED_BACK + if troubled { Elapsed::from_mins(15) } else { Elapsed::ZERO };
        let others = self.hands.sent().iter().filter(|other| other.room == sent.room).count();
        let hopeless = troubled && self.kind != Kind::Liars;
        if !starts.is_empty() || others > 1 || hopeless || bound > self.span.end || self.is_disturbed(at, bound) {
            return;
        }
        report.unwanted += 1;
        // Of meetings that begin later nobody says here who wants them.
        let is_judged = |bot: &&Bot| place(&bot.spec).is_some_and(|(_, start)| start < self.span.end);
        if self.in_room(&sent.room).filter(is_judged).any(|bot| is_there(bot, bound, Instant::MAX)) {
            report.wrong.push(format!("I2 a bot stays in {}, from which it was called back at {at}", sent.room));
        }
    }

    /// I6: a room that at most one meeting of calendars is in has never two bots at once.
    fn is_alone(&self, sent: &Sent, report: &mut Report) {
        let mut bots: Vec<&Bot> =
            self.in_room(&sent.room).filter(|bot| bot.recalled_at.is_none_or(|at| Some(at) > bot.joins_at)).collect();
        bots.sort_by_key(|bot| bot.joins_at);
        let deaf = |bot: &Bot| bot.recalled_at.is_some_and(|at| self.heard.bots_troubled(at - Elapsed::from_mins(5), at));
        if bots.windows(2).any(|pair| left_at(pair[0]) > pair[1].joins_at && !deaf(pair[0])) {
            report.wrong.push(format!("I6 {} bots in {}, to which a person sent one for {}", bots.len(), sent.room, sent.at));
        }
    }
}
