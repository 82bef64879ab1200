//! A commit, statement by statement, inside a transaction that somebody else begins and ends.
//!
//! A guard is part of the statement that it guards: the row that must be there is named in its condition, and no row touched
//! means that somebody was faster. What a row belongs to is held by foreign keys.

mod grants;

use super::args::{border, flag, key, list, maybe_number, maybe_text, maybe_time, number, place, text, time};
use super::link::{Fail, Link};
use super::rows;
use super::statements as sql;
use crate::host::audit;
use crate::host::model::{
    ApiKey, AuditRow, Calendar, CalendarId, Channel, Connection, Delivery, Dispatch, Endpoint, Entry, Errand, KeyRow, Meeting,
    OutboxEvent, OverrideRow, RequestRow, RulesRow, Sighting, Tenant, TenantId, Wake,
};
use crate::host::store::{Commit, Write, acts_at};

/// Makes the changes of `commit`; the first failure means that the transaction must be taken back.
pub(super) async fn apply(link: &mut impl Link, commit: &Commit) -> Result<(), Fail> {
    for write in &commit.writes {
        one(link, commit.tenant, write).await?;
    }
    for calendar in commit.grown() {
        link.run(sql::GROW_CALENDAR, vec![number(commit.tenant.0), number(calendar.0)]).await?;
    }
    Ok(())
}

/// Exactly one row must have been touched.
fn guard(touched: u64, what: &'static str) -> Result<(), Fail> {
    if touched == 1 { Ok(()) } else { Err(Fail::Conflict(what)) }
}

/// The row that this one belongs to must be there.
fn belongs<T>(done: Result<T, Fail>, to: &'static str) -> Result<T, Fail> {
    done.map_err(|fail| match fail {
        fail if fail.is_foreign_key() => Fail::Conflict(to),
        other => other,
    })
}

/// Makes one change of a commit.
pub(super) async fn one(link: &mut impl Link, tenant: TenantId, write: &Write) -> Result<(), Fail> {
    let t = || number(tenant.0);
    match write {
        Write::Tenant(row) => put_tenant(link, row).await,
        Write::RemoveTenant => remove_tenant(link, tenant).await,
        Write::PlanVersion(version) => guard(link.run(sql::GROW_PLAN, vec![t(), number(*version)]).await?, "plan"),
        Write::Connection(row) => put_connection(link, row).await,
        Write::RemoveConnection(id) => remove(link.run(sql::REMOVE_CONNECTION, vec![t(), number(id.0)]).await),
        Write::Token { connection, was, is } => {
            let args = vec![t(), number(connection.0), maybe_text(was.as_deref()), maybe_text(is.as_deref())];
            guard(link.run(sql::CHANGE_TOKEN, args).await?, "token")
        }
        Write::RemoveToken(id) => remove(link.run(sql::REMOVE_TOKEN, vec![t(), number(id.0)]).await),
        Write::TenantKey(row) => add_tenant_key(link, row).await,
        Write::Lent { version, lent } => {
            let args = vec![t(), number(*version), text(lent)];
            guard(link.run(sql::LEND, args).await?, "tenant key")
        }
        Write::Rewrapped { version, was, wrapped, root } => {
            let args = vec![t(), number(*version), text(was), text(wrapped), text(root)];
            guard(link.run(sql::REWRAP_KEY, args).await?, "tenant key")
        }
        Write::Calendar(row) => put_calendar(link, row).await,
        Write::Entry(calendar, row) => put_entry(link, tenant, *calendar, row).await,
        Write::RemoveEntry(calendar, id) => remove(link.run(sql::REMOVE_ENTRY, vec![t(), number(calendar.0), text(id)]).await),
        Write::Sighting(row) => put_sighting(link, tenant, row).await,
        Write::RemoveSighting(calendar, id) => {
            remove(link.run(sql::REMOVE_SIGHTING, vec![t(), number(calendar.0), text(id)]).await)
        }
        Write::Meeting(row) => put_meeting(link, row).await,
        Write::RemoveMeeting(id) => remove(link.run(sql::REMOVE_MEETING, vec![t(), text(id)]).await),
        Write::Dispatch(row) => put_dispatch(link, row).await,
        Write::Errand(row) => put_errand(link, row).await,
        Write::ErrandOver(id) => remove(link.run(sql::END_ERRAND, vec![t(), number(id.0)]).await),
        Write::RemoveErrand(id) => remove(link.run(sql::REMOVE_ERRAND, vec![t(), number(id.0)]).await),
        Write::Override(row) => put_override(link, row).await,
        Write::RemoveOverride(row) => {
            let (user, occurrence) = (key(row.user.as_deref()), key(row.occurrence.as_deref()));
            remove(link.run(sql::REMOVE_OVERRIDE, vec![t(), user, text(&row.uid), occurrence, text(&row.mark)]).await)
        }
        Write::Rules(row) => add_rules(link, row).await,
        Write::RemoveRules(user) => remove(link.run(sql::REMOVE_USER_RULES, vec![t(), key(Some(user))]).await),
        Write::RemoveList(name) => remove(link.run(sql::REMOVE_LIST, vec![t(), text(name)]).await),
        Write::ApiKey(row) => put_api_key(link, row).await,
        Write::Audit(row) => add_audit(link, row).await,
        Write::Request(row) => put_request(link, row).await,
        Write::RemoveRequest(name) => remove(link.run(sql::REMOVE_REQUEST, vec![t(), text(name)]).await),
        Write::RemoveRequests(before) => remove(link.run(sql::REMOVE_OLD_REQUESTS, vec![t(), border(*before)]).await),
        Write::List(name, body) => guard(link.run(sql::PUT_LIST, vec![t(), text(name), text(body)]).await?, "list"),
        Write::Endpoint(row) => put_endpoint(link, row).await,
        Write::RemoveEndpoint(id) => remove(link.run(sql::REMOVE_ENDPOINT, vec![t(), number(id.0)]).await),
        Write::Event(row) => add_event(link, row).await,
        Write::RemoveEvent(id) => remove(link.run(sql::REMOVE_EVENT, vec![t(), number(id.0)]).await),
        Write::Delivery(row) => change_delivery(link, row).await,
        Write::Client(row) => grants::put_client(link, row).await,
        Write::RemoveClient(id) => remove(link.run(sql::REMOVE_CLIENT, vec![t(), text(id)]).await),
        Write::ReturnUrl(row) => grants::put_return_url(link, row).await,
        Write::RemoveReturnUrl(url) => remove(link.run(sql::REMOVE_RETURN_URL, vec![t(), text(url)]).await),
        Write::Flow(row) => grants::put_flow(link, row).await,
        Write::RemoveFlows(before) => remove(link.run(sql::REMOVE_FLOWS_BEFORE, vec![t(), border(*before)]).await),
        Write::RemoveFlowsOf(user) => remove(link.run(sql::REMOVE_FLOWS_OF, vec![t(), text(user)]).await),
        Write::Grant(row) => grants::put_grant(link, row).await,
        Write::Parting(row) => grants::put_parting(link, row).await,
        Write::RemoveParting(id) => remove(link.run(sql::REMOVE_PARTING, vec![t(), number(id.0)]).await),
        Write::Undecided(uid) => put_undecided(link, tenant, uid.as_deref()).await,
        Write::Decided(uid, seen) => remove(link.run(sql::FORGET_UNDECIDED, vec![t(), key(uid.as_deref()), number(*seen)]).await),
        Write::Channel(row) => put_channel(link, row).await,
        Write::RemoveChannel(id) => remove(link.run(sql::REMOVE_CHANNEL, vec![t(), text(id)]).await),
        Write::Wake(row) => put_wake(link, row).await,
        Write::Woken(calendar, seen, begun) => {
            let args = || vec![t(), number(calendar.0), number(*seen), time(*begun)];
            link.run(sql::END_WAKE, args()).await?;
            remove(link.run(sql::PUT_OFF_WAKE, args()).await)
        }
    }
}

/// What is not there need not be removed.
fn remove(done: Result<u64, Fail>) -> Result<(), Fail> {
    done.map(drop)
}

/// A number that a row has is never given to another. Where it was given before it was used, nothing is written.
async fn take_number(link: &mut impl Link, taken: u64) -> Result<(), Fail> {
    link.run(sql::TAKE_NUMBER, vec![number(taken)]).await.map(drop)
}

async fn put_tenant(link: &mut impl Link, row: &Tenant) -> Result<(), Fail> {
    let args = vec![number(row.id.0), text(&row.name), list(&row.own_domains), list(&row.bots), number(row.plan_version)];
    let args = args
        .into_iter()
        .chain([maybe_number(row.keep_days.map(u64::from)), maybe_number(row.horizon_days.map(u64::from))])
        .collect();
    guard(link.run(sql::PUT_TENANT, args).await?, "tenant")?;
    take_number(link, row.id.0).await
}

/// Rows that belong to others go with them.
async fn remove_tenant(link: &mut impl Link, tenant: TenantId) -> Result<(), Fail> {
    let t = || vec![number(tenant.0)];
    link.run(sql::REMOVE_TENANT, t()).await?;
    let acting = link.rows(sql::COUNT_ACTING, t(), rows::count).await?;
    if acting.first().is_some_and(|count| *count > 0) {
        return Err(Fail::Conflict("dispatches"));
    }
    let tables = [
        sql::REMOVE_CONNECTIONS,
        sql::REMOVE_MEETINGS,
        sql::REMOVE_ERRANDS,
        sql::REMOVE_OVERRIDES,
        sql::REMOVE_RULES,
        sql::REMOVE_LISTS,
        sql::REMOVE_ENDPOINTS,
        sql::REMOVE_EVENTS,
        sql::REMOVE_EVENT_NUMBERS,
        sql::REMOVE_API_KEYS,
        sql::REMOVE_REQUESTS,
        sql::REMOVE_UNDECIDED,
        sql::REMOVE_CLIENTS,
        sql::REMOVE_RETURN_URLS,
        sql::REMOVE_FLOWS,
        sql::REMOVE_PARTINGS,
    ];
    for statement in tables {
        link.run(statement, t()).await?;
    }
    Ok(())
}

/// Numbered like the rows are, so that no number comes twice.
async fn put_undecided(link: &mut impl Link, tenant: TenantId, uid: Option<&str>) -> Result<(), Fail> {
    let given = link.rows(sql::NEXT_NUMBER, vec![], rows::count).await?;
    let next = *given.first().expect("the statement returns the row that it wrote");
    link.run(sql::PUT_UNDECIDED, vec![number(tenant.0), key(uid), number(next)]).await.map(drop)
}

async fn put_connection(link: &mut impl Link, row: &Connection) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        number(row.id.0),
        text(&row.user),
        text(row.origin.word()),
        text(&row.client),
        list(&row.addresses),
        maybe_text(row.zone.as_deref()),
        text(row.state.word()),
        maybe_text(row.token_file.as_deref()),
        maybe_text(row.token.as_deref()),
    ];
    guard(link.run(sql::PUT_CONNECTION, args).await?, "connection")?;
    take_number(link, row.id.0).await
}

async fn add_tenant_key(link: &mut impl Link, row: &KeyRow) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        number(row.version),
        text(&row.wrapped),
        text(&row.root),
        time(row.made_at),
        maybe_text(row.lent.as_deref()),
    ];
    guard(belongs(link.run(sql::ADD_TENANT_KEY, args).await, "tenant")?, "tenant key")
}

async fn put_calendar(link: &mut impl Link, row: &Calendar) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        number(row.id.0),
        number(row.connection.0),
        text(row.origin.word()),
        text(&row.reference),
        maybe_text(row.cursor.as_deref()),
        text(row.state.word()),
        maybe_time(row.synced_at),
        maybe_time(row.expanded_to),
        number(row.version),
    ];
    let statement = if row.version == 0 { sql::ADD_CALENDAR } else { sql::CHANGE_CALENDAR };
    guard(belongs(link.run(statement, args).await, "connection")?, "calendar")?;
    if row.version == 0 { take_number(link, row.id.0).await } else { Ok(()) }
}

async fn put_entry(link: &mut impl Link, tenant: TenantId, calendar: CalendarId, row: &Entry) -> Result<(), Fail> {
    let args = vec![number(tenant.0), number(calendar.0), text(&row.id), text(&row.body)];
    guard(belongs(link.run(sql::PUT_ENTRY, args).await, "calendar")?, "entry")
}

async fn put_sighting(link: &mut impl Link, tenant: TenantId, row: &Sighting) -> Result<(), Fail> {
    let place = row.room.as_ref().map(|room| place(room, row.start));
    let args = vec![
        number(tenant.0),
        number(row.calendar.0),
        text(&row.id),
        maybe_text(row.uid.as_deref()),
        maybe_text(row.family.as_deref()),
        text(&row.occurrence),
        time(row.start),
        maybe_text(row.room.as_deref()),
        maybe_text(row.entry.as_deref()),
        text(&row.body),
        maybe_text(place.as_deref()),
    ];
    guard(belongs(link.run(sql::PUT_SIGHTING, args).await, "calendar")?, "sighting")
}

async fn put_meeting(link: &mut impl Link, row: &Meeting) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        text(&row.id),
        list(&row.sightings),
        time(row.start),
        maybe_time(row.end),
        text(row.outcome.word()),
        number(row.by.0),
        maybe_text(row.rule.as_deref()),
        text(&row.reason),
        text(&row.record),
        flag(row.conflict),
        number(row.version),
    ];
    let seen = || vec![number(row.tenant.0), text(&row.id), list(&row.sightings)];
    if row.version == 0 {
        guard(link.run(sql::ADD_MEETING, args).await?, "meeting")?;
    } else {
        guard(link.run(sql::CHANGE_MEETING, args).await?, "meeting")?;
        link.run(sql::FORGET_SEEN, seen()).await?;
    }
    link.run(sql::PUT_SEEN, seen()).await.map(drop)
}

async fn put_dispatch(link: &mut impl Link, row: &Dispatch) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        text(&row.meeting),
        number(row.epoch),
        text(&row.key),
        text(row.state.word()),
        maybe_time(row.due_at),
        time(row.fire_at),
        time(row.start),
        time(row.late_at),
        text(&row.spec),
        number(row.fence),
        maybe_text(row.owner.as_deref()),
        maybe_time(row.lease_until),
        number(row.attempts),
        flag(row.verified),
        maybe_text(row.reason.as_deref()),
        flag(row.calendar),
        maybe_number(row.errand.map(|errand| errand.0)),
        number(row.version),
        maybe_time(acts_at(row)),
    ];
    let statement = if row.version == 0 { sql::ADD_DISPATCH } else { sql::CHANGE_DISPATCH };
    guard(belongs(link.run(statement, args).await, "meeting")?, "dispatch")
}

async fn put_errand(link: &mut impl Link, row: &Errand) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        number(row.id.0),
        maybe_text(row.name.as_deref()),
        text(&row.room),
        text(&row.url),
        maybe_text(row.title.as_deref()),
        time(row.at),
        text(row.state.word()),
        time(row.made_at),
        number(row.version),
    ];
    let statement = if row.version == 0 { sql::ADD_ERRAND } else { sql::CHANGE_ERRAND };
    guard(link.run(statement, args).await?, "errand")?;
    if row.version == 0 { take_number(link, row.id.0).await } else { Ok(()) }
}

async fn put_override(link: &mut impl Link, row: &OverrideRow) -> Result<(), Fail> {
    let (user, occurrence) = (key(row.user.as_deref()), key(row.occurrence.as_deref()));
    let args = vec![number(row.tenant.0), user, text(&row.uid), occurrence, text(&row.mark), flag(row.stop)];
    guard(link.run(sql::PUT_OVERRIDE, args).await?, "override")
}

async fn add_rules(link: &mut impl Link, row: &RulesRow) -> Result<(), Fail> {
    let args = vec![number(row.tenant.0), key(row.user.as_deref()), number(row.version), text(&row.text)];
    guard(link.run(sql::ADD_RULES, args).await?, "rules")
}

async fn put_api_key(link: &mut impl Link, row: &ApiKey) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        number(row.id.0),
        text(&row.name),
        text(&row.hash),
        list(&row.scopes),
        time(row.made_at),
        maybe_time(row.revoked_at),
        number(row.version),
    ];
    let statement = if row.version == 0 { sql::ADD_API_KEY } else { sql::CHANGE_API_KEY };
    guard(link.run(statement, args).await?, "api key")?;
    if row.version == 0 { take_number(link, row.id.0).await } else { Ok(()) }
}

/// On PostgreSQL two may read the same last line; the key of the table lets one of them through.
async fn add_audit(link: &mut impl Link, row: &AuditRow) -> Result<(), Fail> {
    let last = link.rows(sql::LAST_AUDIT, vec![number(row.tenant.0)], rows::audit).await?;
    let next = audit::chained(last.first(), row);
    let args = vec![
        number(next.tenant.0),
        number(next.number),
        time(next.at),
        text(&next.actor),
        text(&next.action),
        text(&next.subject),
        text(&next.digest),
    ];
    guard(link.run(sql::ADD_AUDIT, args).await?, "audit")
}

async fn put_request(link: &mut impl Link, row: &RequestRow) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        text(&row.name),
        text(&row.hash),
        time(row.made_at),
        maybe_number(row.status.map(u64::from)),
        text(&row.body),
        number(row.version),
    ];
    let statement = if row.version == 0 { sql::ADD_REQUEST } else { sql::CHANGE_REQUEST };
    guard(link.run(statement, args).await?, "request")
}

async fn put_endpoint(link: &mut impl Link, row: &Endpoint) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        number(row.id.0),
        text(&row.url),
        list(&row.secrets),
        text(row.state.word()),
        maybe_time(row.failing_since),
        maybe_time(row.due_at),
        number(row.tries),
        maybe_text(row.last.as_deref()),
        flag(row.configured),
        number(row.version),
    ];
    let statement = if row.version == 0 { sql::ADD_ENDPOINT } else { sql::CHANGE_ENDPOINT };
    guard(link.run(statement, args).await?, "endpoint")?;
    if row.version == 0 { take_number(link, row.id.0).await } else { Ok(()) }
}

async fn add_event(link: &mut impl Link, row: &OutboxEvent) -> Result<(), Fail> {
    let tenant = row.tenant.0;
    let args = vec![number(tenant), text(&row.kind), text(&row.subject), text(&row.body), time(row.at)];
    let given = link.rows(sql::ADD_EVENT, args, rows::count).await?;
    let event = *given.first().expect("the statement returns the row that it wrote");
    // On PostgreSQL a receiver can go between the look and the insert.
    belongs(link.run(sql::ADD_DELIVERIES, vec![number(tenant), number(event), time(row.at)]).await, "endpoint").map(drop)
}

async fn change_delivery(link: &mut impl Link, row: &Delivery) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        number(row.event.0),
        number(row.endpoint.0),
        text(row.state.word()),
        maybe_time(row.due_at),
        number(row.attempts),
        maybe_text(row.last.as_deref()),
        number(row.version),
    ];
    guard(link.run(sql::CHANGE_DELIVERY, args).await?, "delivery")
}

async fn put_channel(link: &mut impl Link, row: &Channel) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        text(&row.id),
        number(row.calendar.0),
        text(row.kind.word()),
        text(&row.digest),
        maybe_text(row.nonce.as_deref()),
        maybe_text(row.resource.as_deref()),
        text(row.state.word()),
        time(row.expires_at),
        time(row.made_at),
        maybe_time(row.due_at),
        number(row.tries),
        number(row.seen),
        maybe_time(row.heard_at),
        maybe_time(row.doubted_at),
        number(row.version),
    ];
    let statement = if row.version == 0 { sql::ADD_CHANNEL } else { sql::CHANGE_CHANNEL };
    guard(belongs(link.run(statement, args).await, "calendar")?, "channel")
}

/// Numbered like what is undecided.
async fn put_wake(link: &mut impl Link, row: &Wake) -> Result<(), Fail> {
    let given = link.rows(sql::NEXT_NUMBER, vec![], rows::count).await?;
    let next = *given.first().expect("the statement returns the row that it wrote");
    let (tenant, calendar) = (number(row.tenant.0), number(row.calendar.0));
    let args = vec![tenant, calendar, number(next), time(row.due_at), time(row.until), flag(row.whole)];
    belongs(link.run(sql::PUT_WAKE, args).await, "calendar").map(drop)
}
