//! Commits about connecting calendars.

use super::{belongs, guard, take_number};
use crate::host::model::grants::{ClientRow, Flow, Grant, Parting, ReturnUrl};
use crate::host::store::sql::args::{flag, list, maybe_number, maybe_text, maybe_time, number, text, time};
use crate::host::store::sql::link::{Fail, Link};
use crate::host::store::sql::statements as sql;

pub(super) async fn put_client(link: &mut impl Link, row: &ClientRow) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        text(&row.id),
        text(row.provider.word()),
        text(&row.client_id),
        text(&row.secret),
        text(&row.authority),
        maybe_text(row.endpoints.as_deref()),
        flag(row.enabled),
    ];
    guard(link.run(sql::PUT_CLIENT, args).await?, "client")
}

pub(super) async fn put_return_url(link: &mut impl Link, row: &ReturnUrl) -> Result<(), Fail> {
    let args = vec![number(row.tenant.0), text(&row.url), flag(row.bare)];
    guard(link.run(sql::PUT_RETURN_URL, args).await?, "return url")
}

pub(super) async fn put_flow(link: &mut impl Link, row: &Flow) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        number(row.id),
        text(row.provider.word()),
        text(&row.client),
        text(&row.user),
        text(&row.return_url),
        flag(row.bare),
        text(row.state.word()),
        maybe_text(row.ref_hash.as_deref()),
        maybe_text(row.state_hash.as_deref()),
        maybe_text(row.cookie_hash.as_deref()),
        maybe_text(row.nonce_hash.as_deref()),
        maybe_text(row.session_hash.as_deref()),
        maybe_text(row.verifier.as_deref()),
        maybe_text(row.code.as_deref()),
        maybe_text(row.reason.as_deref()),
        maybe_number(row.connection.map(|connection| connection.0)),
        time(row.made_at),
        time(row.expires_at),
        number(row.version),
    ];
    let statement = if row.version == 0 { sql::ADD_FLOW } else { sql::CHANGE_FLOW };
    guard(link.run(statement, args).await?, "flow")?;
    if row.version == 0 { take_number(link, row.id).await } else { Ok(()) }
}

pub(super) async fn put_grant(link: &mut impl Link, row: &Grant) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        number(row.connection.0),
        text(&row.client),
        text(&row.account),
        text(&row.name),
        flag(row.bare),
        maybe_text(row.reason.as_deref()),
        maybe_text(row.owner.as_deref()),
        maybe_time(row.lease_until),
        number(row.version),
    ];
    let statement = if row.version == 0 { sql::ADD_GRANT } else { sql::CHANGE_GRANT };
    guard(belongs(link.run(statement, args).await, "connection")?, "grant")
}

pub(super) async fn put_parting(link: &mut impl Link, row: &Parting) -> Result<(), Fail> {
    let args = vec![
        number(row.tenant.0),
        number(row.connection.0),
        text(row.provider.word()),
        text(&row.client),
        text(&row.account),
        maybe_text(row.token.as_deref()),
        maybe_text(row.token_file.as_deref()),
        list(&row.channels),
        time(row.due_at),
        time(row.until),
        number(row.tries),
        number(row.version),
    ];
    let statement = if row.version == 0 { sql::ADD_PARTING } else { sql::CHANGE_PARTING };
    guard(link.run(statement, args).await?, "parting")
}
