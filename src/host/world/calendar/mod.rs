//! The truth: accounts, meetings, and every state that a meeting ever had.
//!
//! Providers show what is here, in their own ways and late if the weather says so; an oracle asks what was true when. Every
//! edit makes a new state with its time and a revision number that grows over the whole world: cursors and tokens of the
//! simulated providers are such numbers, and what changed since one is the difference of two states.
//!
//! Deliberately absent: faults, and anything a host decides.

mod edit;
mod meeting;
mod repeats;

pub use edit::{Applied, Change, Edit};
pub use meeting::{Changed, Content, Copy, Exception, Guest, Meeting, Occurrence};
pub use repeats::{End, Every, Repeats};

use super::dice::hash;
use super::tokens;
use crate::host::model::Origin;
use crate::time::{Instant, Zone};
use std::collections::{BTreeMap, BTreeSet};

/// Names an account: its place in the list of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub usize);

/// Names a meeting: its place in the list of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MeetingId(pub usize);

/// A user's account with one calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What people call the user.
    pub name: String,
    /// The address that meetings know the user by.
    pub address: String,
    /// Who keeps the calendar.
    pub origin: Origin,
    /// The user's zone.
    pub zone: Zone,
    /// The OAuth client that the host uses for it: quotas are counted per client.
    pub client: String,
    /// The bearer token that opens it; of a feed, the name in its URL.
    pub token: String,
}

/// A meeting as it stood from one moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Since when.
    pub at: Instant,
    /// The revision that brought it.
    pub rev: u64,
    /// The meeting.
    pub meeting: Meeting,
}

/// Everything that was ever true.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    accounts: Vec<Account>,
    by_address: BTreeMap<String, Vec<AccountId>>,
    by_token: BTreeMap<String, AccountId>,
    /// States by meeting, ascending by revision; never empty.
    meetings: Vec<Vec<State>>,
    /// By account: what changed with which revision, ascending.
    logs: Vec<Vec<(u64, MeetingId)>>,
    /// By account: every meeting that ever had to do with it.
    known: Vec<BTreeSet<MeetingId>>,
    by_handle: BTreeMap<String, MeetingId>,
    /// When each revision came, ascending; revision 1 is the first.
    times: Vec<Instant>,
}

impl Truth {
    /// Adds an account. Its calendar holds what its address is already invited to only from the next edit of that on, so
    /// accounts come first.
    pub fn add_account(&mut self, account: Account) -> AccountId {
        let id = AccountId(self.accounts.len());
        self.by_address.entry(account.address.clone()).or_default().push(id);
        self.by_token.insert(account.token.clone(), id);
        self.accounts.push(account);
        self.logs.push(Vec::new());
        self.known.push(BTreeSet::new());
        id
    }

    /// The accounts, by number.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// An account.
    #[must_use]
    pub fn account(&self, id: AccountId) -> &Account {
        &self.accounts[id.0]
    }

    /// The account that a token opens.
    #[must_use]
    pub fn find_token(&self, token: &str) -> Option<AccountId> {
        // Of a token that was renewed: what opens the account, without how often.
        let token = tokens::parts(token).map_or(token, |(name, _)| name);
        self.by_token.get(token).copied()
    }

    /// Makes a token worthless and puts another in its place.
    pub fn change_token(&mut self, id: AccountId, token: String) {
        let old = std::mem::replace(&mut self.accounts[id.0].token, token.clone());
        self.by_token.remove(&old);
        self.by_token.insert(token, id);
    }

    /// The meeting with this handle.
    #[must_use]
    pub fn find_handle(&self, handle: &str) -> Option<MeetingId> {
        self.by_handle.get(handle).copied()
    }

    /// The newest revision; 0 before the first.
    #[must_use]
    pub fn rev(&self) -> u64 {
        self.times.len() as u64
    }

    /// The newest revision that was there at `at`.
    #[must_use]
    pub fn rev_at(&self, at: Instant) -> u64 {
        self.times.partition_point(|time| *time <= at) as u64
    }

    /// A new revision in which nothing is otherwise than before.
    pub fn tick(&mut self, now: Instant) -> u64 {
        // Time never runs backwards here, whatever the caller's clock does.
        let at = self.times.last().map_or(now, |last| now.max(*last));
        self.times.push(at);
        self.rev()
    }

    /// When a revision came.
    #[must_use]
    pub fn time_of(&self, rev: u64) -> Option<Instant> {
        let place = usize::try_from(rev.checked_sub(1)?).ok()?;
        self.times.get(place).copied()
    }

    /// How many meetings there ever were; their numbers count from 0.
    #[must_use]
    pub fn meeting_count(&self) -> usize {
        self.meetings.len()
    }

    /// All states of a meeting, ascending.
    #[must_use]
    pub fn states(&self, id: MeetingId) -> &[State] {
        &self.meetings[id.0]
    }

    /// The meeting as it stands.
    #[must_use]
    pub fn meeting(&self, id: MeetingId) -> &Meeting {
        &self.meetings[id.0].last().expect("a meeting has a state from its making on").meeting
    }

    /// The state of a meeting at a revision; `None` before it was made.
    #[must_use]
    pub fn state_at(&self, id: MeetingId, rev: u64) -> Option<&State> {
        let states = self.states(id);
        let after = states.partition_point(|state| state.rev <= rev);
        states[..after].last()
    }

    /// What an account's calendar holds of a meeting at a revision.
    #[must_use]
    pub fn copy_at(&self, account: AccountId, id: MeetingId, rev: u64) -> Option<Copy<'_>> {
        self.state_at(id, rev)?.meeting.copy_of(self.account(account))
    }

    /// Every meeting that ever had to do with an account, whether or not its calendar holds it now.
    pub fn known_to(&self, account: AccountId) -> impl Iterator<Item = MeetingId> + '_ {
        self.known[account.0].iter().copied()
    }

    /// The meetings that changed for an account in the revisions `(from, to]`, each once.
    #[must_use]
    pub fn changed_for(&self, account: AccountId, from: u64, to: u64) -> BTreeSet<MeetingId> {
        let log = &self.logs[account.0];
        let begin = log.partition_point(|(rev, _)| *rev <= from);
        log[begin..].iter().take_while(|(rev, _)| *rev <= to).map(|(_, id)| *id).collect()
    }

    /// When anything last changed for an account, up to a revision.
    #[must_use]
    pub fn last_change(&self, account: AccountId, rev: u64) -> Option<Instant> {
        self.time_of(self.last_rev(account, rev)?)
    }

    /// The last revision up to this one that changed anything for an account.
    #[must_use]
    pub fn last_rev(&self, account: AccountId, rev: u64) -> Option<u64> {
        let log = &self.logs[account.0];
        let after = log.partition_point(|(known, _)| *known <= rev);
        log[..after].last().map(|(rev, _)| *rev)
    }

    /// The occurrences that start in `[from, to)` in an account's calendar as it was at a revision, by start, with the meeting
    /// of each.
    #[must_use]
    pub fn occurrences(&self, account: AccountId, rev: u64, from: Instant, to: Instant) -> Vec<(MeetingId, Occurrence)> {
        let copies = self.known_to(account).filter_map(|id| Some((id, self.copy_at(account, id, rev)?)));
        let mut found: Vec<_> = copies
            .flat_map(|(id, copy)| copy.occurrences(from, to).into_iter().map(move |occurrence| (id, occurrence)))
            .collect();
        found.sort_by(|(a_id, a), (b_id, b)| (a.start, a_id, a.original).cmp(&(b.start, b_id, b.original)));
        found
    }

    /// Adds a meeting.
    pub fn create(&mut self, now: Instant, meeting: Meeting) -> MeetingId {
        let id = MeetingId(self.meetings.len());
        self.by_handle.insert(meeting.handle.clone(), id);
        self.meetings.push(Vec::new());
        self.push(now, id, meeting);
        id
    }

    /// A UID and a handle that nobody has, as the organizer's calendar would make them.
    #[must_use]
    pub fn mint(&self, organizer: &str) -> (String, String) {
        let number = self.meetings.len();
        let chance = |part: &str| hash(&format!("{organizer} {number} {part}"));
        let origin = self.by_address.get(organizer).and_then(|ids| ids.first()).map(|id| self.account(*id).origin);
        let handle = format!("{:013x}{:013x}", chance("a") >> 12, chance("b") >> 12);
        let uid = match origin {
            Some(Origin::Google) => format!("{handle}@google.com"),
            Some(Origin::Graph) => super::graph::own_uid(chance("c"), chance("d"), chance("e")),
            Some(Origin::Feed) | None => format!("{:08X}-{number}@{}", chance("f") >> 32, domain(organizer)),
        };
        (uid, handle)
    }

    /// Adds a state.
    fn push(&mut self, now: Instant, id: MeetingId, meeting: Meeting) {
        let rev = self.tick(now);
        let at = self.time_of(rev).expect("made just now");
        let states = &mut self.meetings[id.0];
        let before = states.last().map(|state| state.meeting.audience()).unwrap_or_default();
        let concerned: BTreeSet<&str> = before.union(&meeting.audience()).copied().collect();
        let accounts: BTreeSet<AccountId> =
            concerned.iter().filter_map(|address| self.by_address.get(*address)).flatten().copied().collect();
        for account in accounts {
            self.logs[account.0].push((rev, id));
            self.known[account.0].insert(id);
        }
        states.push(State { at, rev, meeting });
    }
}

fn domain(address: &str) -> &str {
    address.split_once('@').map_or("example.com", |(_, domain)| domain)
}
