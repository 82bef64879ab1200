//! `/v1/lists/{name}`: the lists that rules name and do not hold.

use super::auth::Scope;
use super::page::{Page, Paging};
use super::problem::Problem;
use super::route::{Call, Content, Doc, Gone, NoQuery, Routes, Schemas, Shown};
use super::{Shared, route};
use crate::host::operations::lists;
use axum::http::Method;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A list as it was sent: one item a line.
#[derive(Debug)]
pub struct ListBody(String);

impl Content for ListBody {
    const KINDS: &'static [&'static str] = &["text/plain"];

    fn read(_: &Shared, _: &str, bytes: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(bytes).map_err(|_| Problem::field("", "is no UTF-8"))?;
        Ok(Self(text.to_owned()))
    }

    fn schemas(_: &mut Schemas) -> Vec<(&'static str, Value)> {
        vec![(
            "text/plain",
            json!({ "type": "string", "description": "One item a line; empty lines and lines that begin with `#` are left out." }),
        )]
    }
}

/// A list on its way out.
#[derive(Debug)]
pub struct ListText(String);

impl route::Answer for ListText {
    const STATUS: u16 = 200;

    fn schemas(_: &mut Schemas) -> Vec<(&'static str, Value)> {
        vec![("text/plain", json!({ "type": "string" }))]
    }

    fn answered(self) -> route::Answered {
        let kind = "text/plain; charset=utf-8";
        route::Answered { status: Self::STATUS, kind, body: self.0, kept: None, version: None }
    }
}

/// A provided list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List {
    /// Its name, as rules have it.
    pub name: String,
    /// Its length.
    pub bytes: usize,
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let doc = |id, summary, scope| Doc { id, tag: "lists", summary, scope, refusals: &[] };
    let one = "/v1/lists/{list}";
    let puts = "Makes or replaces a list; meetings are decided anew. One that is none of the kind that rules want is refused.";
    Routes::default()
        .on(Method::GET, "/v1/lists", doc("listLists", "The provided lists, by name.", Scope::Read), all)
        .on(Method::GET, one, doc("getList", "One list, as it was sent.", Scope::Read), get)
        .on(Method::PUT, one, doc("putList", puts, Scope::Write), put)
        .on(Method::DELETE, one, doc("removeList", "Removes a list: rules then count it as not supplied.", Scope::Write), delete)
}

async fn all(call: Call<Paging>) -> Result<Shown<Page<List>>, Problem> {
    let (tenant, limit) = (call.tenant(), call.query.limit());
    let cursors = &call.shared.cursors;
    let after: String = match &call.query.cursor {
        Some(cursor) => cursors.read(tenant, "lists", cursor)?,
        None => String::new(),
    };
    let rows = call.host.store.lists(tenant).await?.into_iter().filter(|(name, _)| *name > after);
    let place = |row: &(String, String)| cursors.made(tenant, "lists", &row.0);
    let page = Page::of(rows.take(limit + 1).collect(), limit, place, |(name, text)| List { name, bytes: text.len() });
    Ok(Shown(page))
}

async fn get(call: Call) -> Result<ListText, Problem> {
    let rows = call.host.store.lists(call.tenant()).await?;
    let row = rows.into_iter().find(|(name, _)| name == call.name("list")).ok_or_else(Problem::absent)?;
    Ok(ListText(row.1))
}

async fn put(call: Call<NoQuery, ListBody>) -> Result<Shown<List>, Problem> {
    let name = call.name("list").to_owned();
    lists::set(&call.host, call.tenant(), &name, &call.body.0).await?;
    Ok(Shown(List { name, bytes: call.body.0.len() }))
}

async fn delete(call: Call) -> Result<Gone, Problem> {
    lists::remove(&call.host, call.tenant(), call.name("list")).await?;
    Ok(Gone)
}
