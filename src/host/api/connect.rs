//! `/v1/calendar/connect`: links by which end users grant access to their calendars, and what came of them.

use super::auth::Scope;
use super::problem::{Kind, Problem};
use super::route::{Call, Doc, Json, NoQuery, Routes, Shown, Told};
use super::time;
use crate::host::model::{ConnectionState, Origin};
use crate::host::oauth::connect::{self, Ask, ConnectError, Ended, Offered};
use crate::host::seal::SealError;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// For whom, and where the browser goes at the end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectAsk {
    /// The end user, as you call them. Only a session of this user completes the flow.
    #[schema(min_length = 1, max_length = 256)]
    pub customer_user_id: String,
    /// Where the browser goes at the end: one of your registered return URLs, character for character.
    #[schema(min_length = 1, max_length = 2048)]
    pub return_url: String,
    /// `session` (you say whose browser came back) or `bare` (whoever opens the link; only where the return URL was registered for it).
    #[serde(default)]
    pub mode: Mode,
}

/// How a flow is completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// By your server, which knows its user.
    #[default]
    Session,
    /// By whoever opened the link.
    Bare,
}

/// What your return URL was called with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteAsk {
    /// The parameter `session_ref` of your return URL.
    #[schema(min_length = 1, max_length = 128)]
    pub session_ref: String,
    /// The end user whose browser brought it, as you call them.
    #[schema(min_length = 1, max_length = 256)]
    pub customer_user_id: String,
}

/// A flow.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectFlow)]
pub struct FlowView {
    /// Names it.
    pub flow: String,
    /// `google` or `microsoft`.
    pub provider: String,
    /// `offered`, `begun`, `parked`, `handed`, `bound`, `connected` or `failed`. What is `handed` or `bound` is under way: ask again.
    pub state: String,
    /// Why it failed: `access-denied`, `admin-consent-needed`, `permission-missing`, `no-refresh-token`, `another-account`,
    /// `another-user`, `expired` and others, which docs/connecting.md explains.
    pub reason: Option<String>,
    /// Where to send the end user; shown once.
    pub redirect_url: Option<String>,
    /// Where an administrator of the user's organisation can agree, where that is what it takes.
    pub admin_consent_url: Option<String>,
    /// Names the calendar user, once connected; it survives reconnecting.
    pub calendar_user: Option<String>,
    /// The connection, once there is one.
    pub connection: Option<String>,
    /// Its state: `active`, `reconnect`, `permission-missing` or `disconnected`.
    pub connection_state: Option<String>,
    /// After this no step is taken.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

fn provider_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Graph => "microsoft",
        _ => "google",
    }
}

impl FlowView {
    fn offered(offered: &Offered, url: Option<String>) -> Self {
        let flow = &offered.flow;
        Self {
            flow: flow.id.to_string(),
            provider: provider_word(flow.provider).to_owned(),
            state: flow.state.word().to_owned(),
            reason: None,
            redirect_url: url,
            admin_consent_url: None,
            calendar_user: None,
            connection: None,
            connection_state: None,
            expires_at: time::shown(flow.expires_at),
        }
    }

    fn ended(ended: Ended) -> Self {
        let flow = ended.flow;
        Self {
            flow: flow.id.to_string(),
            provider: provider_word(flow.provider).to_owned(),
            state: flow.state.word().to_owned(),
            reason: flow.reason,
            redirect_url: ended.again,
            admin_consent_url: ended.admin_consent,
            calendar_user: ended.name,
            connection: flow.connection.map(|connection| connection.to_string()),
            connection_state: ended.connection.map(|row| ConnectionState::word(row.state).to_owned()),
            expires_at: time::shown(flow.expires_at),
        }
    }
}

impl From<ConnectError> for Problem {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::NotSet(_) | ConnectError::NoClient => Self::new(Kind::Refused, error.to_string()),
            ConnectError::ReturnUrl => Self::refused("/return_url", "is not registered for this tenant"),
            ConnectError::NotBare(why) => Self::refused("/mode", why),
            ConnectError::User => Self::refused("/customer_user_id", error.to_string()),
            ConnectError::Unknown => Self::absent(),
            ConnectError::Refused(_) => Self::new(Kind::Refused, error.to_string()),
            ConnectError::Store(error) => error.into(),
            ConnectError::Seal(SealError::NotLent) => Self::not_lent(),
            ConnectError::Seal(_) | ConnectError::Random(_) => {
                tracing::error!(error = %error, "a calendar cannot be connected");
                Self::new(Kind::Unavailable, "the host cannot seal or open secrets at the moment")
            }
        }
    }
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let doc = |id, summary| Doc { id, tag: "connect", summary, scope: Scope::Connect, refusals: &[Kind::Refused] };
    Routes::default()
        .on(
            Method::POST,
            "/v1/calendar/connect/google",
            doc("connectGoogle", "A link by which an end user connects a Google calendar."),
            google,
        )
        .on(
            Method::POST,
            "/v1/calendar/connect/microsoft",
            doc("connectMicrosoft", "A link by which an end user connects a Microsoft calendar."),
            microsoft,
        )
        .on(
            Method::POST,
            "/v1/calendar/connect/complete",
            Doc {
                refusals: &[Kind::Refused, Kind::Absent],
                ..doc("completeConnect", "Says whose browser came to the return URL; a flow for another user is thrown away.")
            },
            complete,
        )
        .on(Method::GET, "/v1/calendar/connect/flows/{flow}", doc("getConnectFlow", "What became of a flow, for a day."), one)
}

async fn google(call: Call<NoQuery, Json<ConnectAsk>>) -> Result<Told<FlowView>, Problem> {
    offer(call, Origin::Google).await
}

async fn microsoft(call: Call<NoQuery, Json<ConnectAsk>>) -> Result<Told<FlowView>, Problem> {
    offer(call, Origin::Graph).await
}

async fn offer(call: Call<NoQuery, Json<ConnectAsk>>, provider: Origin) -> Result<Told<FlowView>, Problem> {
    let tenant = call.tenant();
    let Json(body) = call.body;
    let bare = body.mode == Mode::Bare;
    let ask = Ask { provider, user: body.customer_user_id, return_url: body.return_url, bare };
    let offered = connect::offer(&call.host, tenant, ask).await?;
    let url = Some(offered.url.clone());
    Ok(Told(FlowView::offered(&offered, url), FlowView::offered(&offered, None)))
}

async fn complete(call: Call<NoQuery, Json<CompleteAsk>>) -> Result<Shown<FlowView>, Problem> {
    let tenant = call.tenant();
    let Json(body) = call.body;
    let ended = connect::complete(&call.host, tenant, &body.session_ref, &body.customer_user_id).await?;
    Ok(Shown(FlowView::ended(ended)))
}

async fn one(call: Call) -> Result<Shown<FlowView>, Problem> {
    let flow = call.number("flow")?;
    Ok(Shown(FlowView::ended(connect::look_back(&call.host, call.tenant(), flow).await?)))
}
