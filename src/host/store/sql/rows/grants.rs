//! Rows about connecting calendars.

use super::{Answer, Row};
use crate::host::model::grants::{ClientRow, Flow, FlowState, Grant, Parting, ReturnUrl};
use crate::host::model::{ConnectionId, Origin, TenantId};
use crate::host::store::sql::link::Cells;

pub(in crate::host::store::sql) fn client(cells: &mut dyn Cells) -> Answer<ClientRow> {
    let mut row = Row::of(cells, "oauth_clients", 2);
    Ok(ClientRow {
        tenant: TenantId(row.count()?),
        id: row.text()?,
        provider: row.word(Origin::from_word)?,
        client_id: row.text()?,
        secret: row.text()?,
        authority: row.text()?,
        endpoints: row.maybe_text()?,
        enabled: row.flag()?,
    })
}

pub(in crate::host::store::sql) fn return_url(cells: &mut dyn Cells) -> Answer<ReturnUrl> {
    let mut row = Row::of(cells, "return_urls", 1);
    Ok(ReturnUrl { tenant: TenantId(row.count()?), url: row.text()?, bare: row.flag()? })
}

pub(in crate::host::store::sql) fn flow(cells: &mut dyn Cells) -> Answer<Flow> {
    let mut row = Row::of(cells, "connect_flows", 2);
    Ok(Flow {
        tenant: TenantId(row.count()?),
        id: row.count()?,
        provider: row.word(Origin::from_word)?,
        client: row.text()?,
        user: row.text()?,
        return_url: row.text()?,
        bare: row.flag()?,
        state: row.word(FlowState::from_word)?,
        ref_hash: row.maybe_text()?,
        state_hash: row.maybe_text()?,
        cookie_hash: row.maybe_text()?,
        nonce_hash: row.maybe_text()?,
        session_hash: row.maybe_text()?,
        verifier: row.maybe_text()?,
        code: row.maybe_text()?,
        reason: row.maybe_text()?,
        connection: row.maybe_count()?.map(ConnectionId),
        made_at: row.time()?,
        expires_at: row.time()?,
        version: row.count()?,
    })
}

pub(in crate::host::store::sql) fn grant(cells: &mut dyn Cells) -> Answer<Grant> {
    let mut row = Row::of(cells, "grants", 2);
    Ok(Grant {
        tenant: TenantId(row.count()?),
        connection: ConnectionId(row.count()?),
        client: row.text()?,
        account: row.text()?,
        name: row.text()?,
        bare: row.flag()?,
        reason: row.maybe_text()?,
        owner: row.maybe_text()?,
        lease_until: row.maybe_time()?,
        version: row.count()?,
    })
}

pub(in crate::host::store::sql) fn parting(cells: &mut dyn Cells) -> Answer<Parting> {
    let mut row = Row::of(cells, "partings", 2);
    Ok(Parting {
        tenant: TenantId(row.count()?),
        connection: ConnectionId(row.count()?),
        provider: row.word(Origin::from_word)?,
        client: row.text()?,
        account: row.text()?,
        token: row.maybe_text()?,
        token_file: row.maybe_text()?,
        channels: row.list()?,
        due_at: row.time()?,
        until: row.time()?,
        tries: row.count()?,
        version: row.count()?,
    })
}
