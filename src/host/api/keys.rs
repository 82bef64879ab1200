//! `/v1/keys`: the keys of this interface.

use super::auth::Scope;
use super::page::{Page, Paging};
use super::problem::Problem;
use super::random;
use super::route::{Call, Doc, Gone, Json, NoQuery, Routes, Shown, Told};
use super::time;
use crate::host::model::{ApiKey, KeyId};
use crate::host::operations::OperationError;
use crate::host::operations::keys::{Leave, add, revoke};
use axum::http::Method;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is for.
    #[schema(min_length = 1, max_length = 50)]
    name: String,
    /// What it allows: no more than the key that makes it.
    #[schema(min_items = 1, max_items = 4)]
    scopes: Vec<ScopeName>,
}

/// What a key allows.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeName {
    /// To look.
    Read,
    /// To change rules, overrides, bots, receivers.
    Write,
    /// To connect calendars and cut them.
    Connect,
    /// To make keys, to erase, to set how long things are kept, and to read the audit.
    Admin,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Read => Self::Read,
            ScopeName::Write => Self::Write,
            ScopeName::Connect => Self::Connect,
            ScopeName::Admin => Self::Admin,
        }
    }
}

/// A key of this interface.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
pub struct KeyView {
    /// Names it, in the audit as well.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub made_at: String,
    /// Since when it opens nothing any more.
    #[schema(format = DateTime)]
    pub revoked_at: Option<String>,
    /// The key itself, in the answer that made it and nowhere else.
    pub secret: Option<String>,
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let doc = |id, summary| Doc { id, tag: "keys", summary, scope: Scope::Admin, refusals: &[] };
    let revokes = "Makes it open nothing any more, from the next request on; not the last one that can make others.";
    Routes::default()
        .on(Method::GET, "/v1/keys", doc("listKeys", "The keys, by number, revoked ones too."), list)
        .on(Method::POST, "/v1/keys", doc("addKey", "Makes a key, which is shown once."), make)
        .on(Method::DELETE, "/v1/keys/{key}", doc("revokeKey", revokes), take_out)
}

fn shown(row: &ApiKey, secret: Option<String>) -> KeyView {
    KeyView {
        id: row.id.to_string(),
        name: row.name.clone(),
        scopes: row.scopes.clone(),
        made_at: time::shown(row.made_at),
        revoked_at: row.revoked_at.map(time::shown),
        secret,
    }
}

async fn list(call: Call<Paging>) -> Result<Shown<Page<KeyView>>, Problem> {
    let (tenant, limit) = (call.tenant(), call.query.limit());
    let cursors = &call.shared.cursors;
    let after: u64 = match &call.query.cursor {
        Some(cursor) => cursors.read(tenant, "keys", cursor)?,
        None => 0,
    };
    let rows = call.host.store.api_keys(tenant).await?.into_iter().filter(|row| row.id.0 > after);
    let place = |row: &ApiKey| cursors.made(tenant, "keys", &row.id.0);
    Ok(Shown(Page::of(rows.take(limit + 1).collect(), limit, place, |row| shown(&row, None))))
}

async fn make(call: Call<NoQuery, Json<NewKey>>) -> Result<Told<KeyView>, Problem> {
    let Json(NewKey { name, scopes }) = call.body;
    let scopes: BTreeSet<Scope> = scopes.into_iter().map(Scope::from).collect();
    if let Some(scope) = scopes.difference(&call.caller.scopes).next() {
        return Err(Problem::refused("/scopes", format!("has `{}`, which the key that asks lacks itself", scope.word())));
    }
    let made = add(&call.host, call.caller.tenant, &name, &scopes, &random()).await;
    let (row, secret) = made.map_err(|error| match error {
        OperationError::Refused(why) => Problem::refused("/name", why),
        other => other.into(),
    })?;
    Ok(Told(shown(&row, Some(secret)), shown(&row, None)))
}

async fn take_out(call: Call) -> Result<Gone, Problem> {
    let revoked = revoke(&call.host, call.tenant(), KeyId(call.number("key")?), Leave::OneThatMakesOthers).await;
    call.shared.keys.forget(call.tenant());
    revoked?;
    Ok(Gone)
}
