//! Calendars kept in sync: each read at its time, those with a meeting near first.

use super::round::{Key, Round, woken};
use super::work::Work;
use super::{Stop, rest};
use crate::host::context::{Context, PassState};
use crate::host::credentials;
use crate::host::http::Request;
use crate::host::model::{Calendar, CalendarId, CalendarState, Connection, ConnectionState, EventId, OutboxEvent, TenantId};
use crate::host::oauth::refresh;
use crate::host::planning::{Absorbed, PlanError, absorb};
use crate::host::planted::{self, Bug};
use crate::host::store::{Commit, CommitError, StoreError, Write};
use crate::host::sync::cadence::state_after;
use crate::host::sync::quota::{Ended, Limits, Verdict, Wish};
use crate::host::sync::share::Turn;
use crate::host::sync::{self, Answer, Pass, Step, SyncError};
use crate::time::{Elapsed, Instant};
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeSet;
use tokio::sync::mpsc;

/// Most calendars that are read at once: where an answer takes a third of a second, 230,000 in five minutes.
const WIDTH: usize = 256;
/// Most requests of one pass; the machines end long before.
const CALLS_MAX: usize = 10_000;
/// How long a request may wait for quota before its pass is given up until the next time.
const PATIENCE: Elapsed = Elapsed::from_mins(5);

/// Why nothing is asked of a mailbox that is another host's.
const ELSEWHERE: SyncError = SyncError::Retry("another host reads this mailbox");
/// How soon to look again where the host has not renewed its part of the quotas in time.
const TURN_LOOK: Elapsed = Elapsed::from_millis(500);

/// So many passes in a row whose token was refused mean that the grant is gone.
const REFUSALS_MAX: u32 = 3;

/// Why a calendar was not read, or not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The provider, or the way to it.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The store, or the plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> Self {
        Self::Plan(error.into())
    }
}

/// Reads what is due until `stop`, then waits for what is under way.
pub async fn run(host: Context, mut stop: Stop) {
    let mut work: Work<Key> = Work::new(WIDTH);
    let mut round = Round::default();
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut reading = BTreeSet::new();
    while !stop.is_set() {
        while let Ok((key, outcome)) = told.try_recv() {
            reading.remove(&key);
            round.ended(&host, key, &outcome);
        }
        // What broke off says nothing: it is read again like what failed, ever more seldom, and does not stop for good.
        let broken: Vec<Key> = reading.difference(work.busy()).copied().collect();
        for key in broken {
            reading.remove(&key);
            host.pass_ended(key.1, Err("broke-off"));
            host.metrics.pass("broke-off");
            round.ended(&host, key, &Err(SyncError::Retry("broke off").into()));
        }
        round.list(&host).await;
        // What cannot be stored is not fetched.
        while work.has_room()
            && !host.store.is_full()
            && let Some((key, wake)) = round.next_due(host.now())
        {
            reading.insert(key);
            let (host, tell, begun) = (host.clone(), tell.clone(), host.now());
            work.start(key, async move {
                let is_whole = wake.is_some_and(|wake| wake.whole);
                let outcome = read_how(&host, key.0, key.1, is_whole).await;
                // Where this fails, the calendar is read once more.
                if let (Some(wake), Ok(_)) = (&wake, &outcome)
                    && let Err(error) = woken(&host, wake, begun).await
                {
                    tracing::warn!(error = %error, "that a calendar was read could not be written down");
                }
                // The loop ended meanwhile: nobody plans the next read.
                let _ = tell.send((key, outcome));
            });
        }
        let longest = round.wait(host.now());
        rest(&host, longest, &mut work, &mut stop).await;
    }
    work.drained().await;
}

/// Reads one calendar to the end, stores what it found with what follows from it, and marks what failed.
///
/// # Errors
/// [`ReadError`]; then nothing of the calendar changed but perhaps its state.
pub async fn read(host: &Context, tenant: TenantId, calendar: CalendarId) -> Result<Absorbed, ReadError> {
    read_how(host, tenant, calendar, false).await
}

/// The same; where changes may never have been told of, without a cursor (`M8.7`).
async fn read_how(host: &Context, tenant: TenantId, calendar: CalendarId, whole: bool) -> Result<Absorbed, ReadError> {
    let Some(row) = host.store.calendar(tenant, calendar).await? else { return Err(PlanError::Gone.into()) };
    let Some(connection) = host.store.connection(tenant, row.connection).await? else { return Err(PlanError::Gone.into()) };
    if connection.state != ConnectionState::Active {
        return Ok(Absorbed::default());
    }
    // Taken over meanwhile; the list of calendars does not hold it any more.
    if host.turn(connection.id) == Turn::Others {
        return Err(ELSEWHERE.into());
    }
    if planted::is(Bug::AddressInLog) {
        tracing::info!(why = connection.addresses.join(" "), "calendar read");
    }
    let row = if whole { Calendar { cursor: None, ..row } } else { row };
    match pass(host, &row, &connection).await {
        Ok(found) => {
            host.pass_ended(calendar, Ok(()));
            let is_quiet = found.changes == sync::Changes::default();
            let _turn = if is_quiet { None } else { host.turn_of(tenant).await };
            let absorbed = match absorb(host, &row, &found).await {
                // Whoever was faster has newer pages; the next read goes on from there.
                Err(PlanError::Overtaken) => Absorbed::default(),
                absorbed => absorbed?,
            };
            host.metrics.pass(if absorbed.writes == 0 { "quiet" } else { "changed" });
            Ok(absorbed)
        }
        Err(ReadError::Sync(error)) => {
            let state = host.pass_ended(calendar, Err(error.word()));
            let failures = state.failures;
            host.metrics.pass(error.word());
            tracing::info!(tenant = tenant.0, calendar = calendar.0, outcome = error.word(), failures, "calendar not read");
            mark(host, &row, &connection, &error, state).await?;
            Err(error.into())
        }
        Err(error) => Err(error),
    }
}

/// The pass itself: no write, only requests.
async fn pass(host: &Context, row: &Calendar, connection: &Connection) -> Result<sync::Finished, ReadError> {
    let now = host.now();
    let host = &host.in_terms_of(row.tenant).await?;
    let window = now..now.checked_add(host.horizon).unwrap_or(Instant::MAX);
    let (mut pass, mut request) = Pass::start(&host.bases, row, window, now);
    for _ in 0..CALLS_MAX {
        let patience = host.now().checked_add(PATIENCE).unwrap_or(Instant::MAX);
        let answer = call(host, connection, request, patience).await?;
        let mut step = pass.step(answer);
        if let Step::Entries(waiting) = step {
            step = waiting.entries(host.store.entries(row.tenant, row.id).await?);
        }
        match step {
            Step::Call(next, wanted) => (pass, request) = (next, wanted),
            Step::Done(found) => return Ok(found),
            Step::Failed(_) if planted::is(Bug::FailedPassIsEmpty) => return Ok(nothing_listed()),
            Step::Failed(error) => return Err(error.into()),
            Step::Entries(_) => return Err(SyncError::Retry("asked twice for what is stored").into()),
        }
    }
    Err(SyncError::Retry("too many requests in one pass").into())
}

/// What a planted bug makes of a failure.
fn nothing_listed() -> sync::Finished {
    sync::Finished { changes: sync::Changes { complete: true, ..sync::Changes::default() }, ..sync::Finished::default() }
}

/// One request of a connection: waits for quota, shows the token, counts the answer. Everything that is asked of providers is asked
/// here, and by the one host whose mailbox it is (see [`share`](crate::host::sync::share)).
///
/// # Errors
/// [`SyncError`] where it could not be sent before `deadline`, or the mailbox is another host's.
pub async fn call(host: &Context, connection: &Connection, request: Request, deadline: Instant) -> Result<Answer, SyncError> {
    called(host, connection, request, (deadline, Reach::Own)).await
}

/// The same for a request that ends something for good, as stopping a channel does: whichever host was asked to cut a connection sends
/// it, since its reader may be gone by the time that it would come to it. It counts in this host's part of the client's quota.
///
/// # Errors
/// [`SyncError`] where it could not be sent before `deadline`.
pub async fn last_call(
    host: &Context,
    connection: &Connection,
    request: Request,
    deadline: Instant,
) -> Result<Answer, SyncError> {
    called(host, connection, request, (deadline, Reach::Any)).await
}

/// Whose mailboxes a request may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Those that this host reads.
    Own,
    /// Anybody's.
    Any,
}

async fn called(host: &Context, connection: &Connection, request: Request, when: (Instant, Reach)) -> Result<Answer, SyncError> {
    let token = refresh::bearer(host, connection).await?;
    let answer = sent(host, connection, shown(&request, token.as_ref()), when).await?;
    let is_refused = matches!(&answer, Ok(response) if response.status == 401);
    let Some(token) = token.filter(|_| is_refused) else { return Ok(answer) };
    // Once more with another token, where there is another one (`G4.4`).
    match refresh::after_refusal(host, connection, &token).await? {
        Some(other) => sent(host, connection, shown(&request, Some(&other)), when).await,
        None => Ok(answer),
    }
}

fn shown(request: &Request, token: Option<&SecretString>) -> Request {
    match token {
        Some(token) => request.clone().header("authorization", credentials::header(token)),
        None => request.clone(),
    }
}

/// One exchange, when there is quota for it.
async fn sent(
    host: &Context,
    connection: &Connection,
    request: Request,
    (deadline, reach): (Instant, Reach),
) -> Result<Answer, SyncError> {
    let wish = Wish { id: host.number(), client: connection.client.clone(), mailbox: connection.id.0, deadline };
    let limits = Limits::of(connection.origin);
    loop {
        let turn = if reach == Reach::Any { Turn::Now } else { host.turn(connection.id) };
        let verdict = match turn {
            Turn::Now => host.governor().wish(host.now(), &wish, limits),
            Turn::Later => Verdict::Wait(host.now().checked_add(TURN_LOOK).unwrap_or(Instant::MAX)),
            Turn::Others => {
                host.governor().withdraw(&wish);
                return Err(ELSEWHERE);
            }
        };
        match verdict {
            Verdict::Grant => break,
            Verdict::Wait(_) if planted::is(Bug::GovernorSilent) => break,
            Verdict::Wait(until) if until > wish.deadline => {
                host.governor().withdraw(&wish);
                return Err(SyncError::Retry("no quota in time"));
            }
            Verdict::Wait(until) => host.clock.sleep_until(until).await,
        }
    }
    let answer = host.call(request).await;
    let how = match &answer {
        Err(_) => Ended::Nothing,
        Ok(response) => match sync::error::of_answer(connection.origin, response) {
            Some(SyncError::Throttled { .. }) if planted::is(Bug::ProviderHurried) => Ended::Answered,
            Some(SyncError::Throttled { wait, scope }) => Ended::Throttled { scope, wait },
            _ => Ended::Answered,
        },
    };
    host.governor().ended(host.now(), &wish, how);
    Ok(answer)
}

/// Writes down what a failure means for the calendar or its connection; most mean nothing that lasts.
async fn mark(
    host: &Context,
    row: &Calendar,
    connection: &Connection,
    error: &SyncError,
    passes: PassState,
) -> Result<(), StoreError> {
    let mut writes = Vec::new();
    let state = state_after(error, passes.failures, passes.repeats);
    if state != row.state && state != CalendarState::Active {
        writes.push(Write::Calendar(Calendar { state, ..row.clone() }));
        writes.push(Write::Event(event(host, row.tenant, "calendar.unreadable", error, connection)));
    }
    let lost = match error {
        SyncError::Reconnect(_) => Some(ConnectionState::Reconnect),
        SyncError::PermissionMissing(_) => Some(ConnectionState::PermissionMissing),
        // One refusal is a token that ran out; one after the other is a grant that is gone.
        SyncError::RefreshToken if passes.repeats >= REFUSALS_MAX => Some(ConnectionState::Reconnect),
        _ => None,
    };
    if let Some(state) = lost.filter(|state| *state != connection.state) {
        writes.push(Write::Connection(Connection { state, ..connection.clone() }));
        // What it showed counts no more; where only the grant is gone, what was planned stays.
        writes.extend((state == ConnectionState::PermissionMissing).then_some(Write::Undecided(None)));
        writes.push(Write::Event(event(host, row.tenant, "connection.lost", error, connection)));
    }
    if writes.is_empty() {
        return Ok(());
    }
    match host.store.commit(Commit { tenant: row.tenant, writes }).await {
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
    }
}

fn event(host: &Context, tenant: TenantId, kind: &str, error: &SyncError, connection: &Connection) -> OutboxEvent {
    let reason = match error {
        SyncError::RefreshToken => "grant-refused",
        // What a person can do about it depends on why.
        SyncError::Reconnect(why) => why,
        other => other.word(),
    };
    let body = json!({ "connection": connection.id.0, "user": connection.user, "reason": reason }).to_string();
    let subject = format!("connection/{}", connection.id);
    OutboxEvent { tenant, id: EventId::default(), kind: kind.to_owned(), subject, body, at: host.now() }
}
