//! `/v1/tenant`: its own domains and bots, how long and how far ahead things are kept; erasing it, and erasing an end user.

use super::auth::Scope;
use super::problem::Problem;
use super::route::{Call, Doc, Json, NoQuery, Routes, Shown};
use crate::host::config::{HORIZON_DAYS_MAX, KEEP_DAYS};
use crate::host::context::Context;
use crate::host::model::{Tenant, TenantId};
use crate::host::operations::{tenants, users};
use crate::time::Elapsed;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a tenant sets.
#[derive(Debug, Serialize, ToSchema)]
pub struct Settings {
    /// What people call it.
    pub name: String,
    /// Its own domains, as in `our domains`.
    pub own_domains: Vec<String>,
    /// Addresses of its recording bots.
    pub bots: Vec<String>,
    /// How many days past meetings, events and deliveries are kept; null: as the operator set it.
    pub keep_days: Option<u16>,
    /// How many days ahead meetings are planned; null: as the operator set it.
    pub horizon_days: Option<u16>,
}

/// A domain or an address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(min_length = 1, max_length = 320)]
pub struct Name(String);

/// What is to be set. What is left out becomes empty, or as the operator set it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSettings {
    /// What people call it.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Its own domains, each with `@` in front.
    #[serde(default)]
    #[schema(max_items = 200, value_type = Vec<Name>)]
    own_domains: Vec<Name>,
    /// Addresses of its recording bots.
    #[serde(default)]
    #[schema(max_items = 200, value_type = Vec<Name>)]
    bots: Vec<Name>,
    /// How many days past meetings, events and deliveries are kept.
    #[schema(minimum = 7, maximum = 3660)]
    keep_days: Option<u16>,
    /// How many days ahead meetings are planned.
    #[schema(minimum = 1, maximum = 60)]
    horizon_days: Option<u16>,
}

// The schema names the numbers again.
const _: () = assert!(KEEP_DAYS.0 == 7 && KEEP_DAYS.1 == 3660 && HORIZON_DAYS_MAX == 60);

/// That it is meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The number of the tenant, so that nobody erases it by accident: `tenant` of the refusal says it.
    #[schema(min_length = 1, max_length = 20)]
    confirm: String,
}

/// What erasing a tenant comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Erasure {
    /// Plans that no host had acted on: taken back.
    pub withdrawn: usize,
    /// Bots that a host had asked for: being recalled.
    pub recalling: usize,
    /// Bots that a host must still see to: while there are some, ask again.
    pub left: usize,
}

/// What erasing an end user comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserErasure {
    /// Connections that were removed, with everything their calendars showed.
    pub connections: usize,
    /// Meetings that only they showed, and that went with them.
    pub events: usize,
    /// Meetings whose bots must be recalled first: while there are some, ask again.
    pub left: usize,
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let doc = |id, summary, scope| Doc { id, tag: "tenant", summary, scope, refusals: &[] };
    let sets = "Sets them; future meetings are decided anew.";
    let erases = "Erases the tenant: its calendars at once, then its bots, then everything else, its keys too. The audit stays.";
    let erases_user = "Erases an end user: connections, what their calendars showed, their rules and what was said for them.";
    Routes::default()
        .on(Method::GET, "/v1/tenant", doc("getTenant", "What the tenant sets.", Scope::Read), get)
        .on(Method::PUT, "/v1/tenant", doc("putTenant", sets, Scope::Admin), put)
        .on(Method::DELETE, "/v1/tenant", doc("eraseTenant", erases, Scope::Admin), erase)
        .on(Method::DELETE, "/v1/users/{user}", doc("eraseUser", erases_user, Scope::Admin), erase_user)
}

async fn read(host: &Context, tenant: TenantId) -> Result<Shown<Settings>, Problem> {
    let row = host.store.tenant(tenant).await?.ok_or_else(Problem::absent)?;
    let Tenant { name, own_domains, bots, keep_days, horizon_days, .. } = row;
    Ok(Shown(Settings { name, own_domains, bots, keep_days, horizon_days }))
}

async fn get(call: Call) -> Result<Shown<Settings>, Problem> {
    read(&call.host, call.tenant()).await
}

async fn put(call: Call<NoQuery, Json<NewSettings>>) -> Result<Shown<Settings>, Problem> {
    let tenant = call.tenant();
    let Json(NewSettings { name, own_domains, bots, keep_days, horizon_days }) = call.body;
    let texts = |names: Vec<Name>| Some(names.into_iter().map(|name| name.0).collect());
    let wanted = tenants::Wanted {
        name: Some(name),
        own_domains: texts(own_domains),
        bots: texts(bots),
        days: Some((keep_days, horizon_days)),
    };
    tenants::change(&call.host, tenant, wanted).await?;
    read(&call.host, tenant).await
}

/// How long hosts are waited for to recall bots.
const PATIENCE: Elapsed = Elapsed::from_secs(20);

async fn erase(call: Call<Confirm>) -> Result<Shown<Erasure>, Problem> {
    let tenant = call.tenant();
    if call.query.confirm != tenant.to_string() {
        return Err(Problem::refused("confirm", format!("must be `{tenant}`, the number of this tenant")));
    }
    let until = call.host.now() + PATIENCE;
    let removed = tenants::remove(&call.host, tenant, until).await;
    call.shared.keys.forget(tenant);
    let tenants::Removal { withdrawn, recalling, left } = removed?;
    Ok(Shown(Erasure { withdrawn, recalling, left }))
}

async fn erase_user(call: Call) -> Result<Shown<UserErasure>, Problem> {
    let users::Erased { connections, meetings, left } = users::erase(&call.host, call.tenant(), call.name("user")).await?;
    Ok(Shown(UserErasure { connections, events: meetings, left }))
}
