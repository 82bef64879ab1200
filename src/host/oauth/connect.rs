//! A flow, walked: links given out, browsers sent and received, codes exchanged, connections made.
//!
//! Every step is one commit under the version of the flow that was read: of two who try it, one does it. Nothing is asked of a
//! provider before the step that allows it is stored.

use super::clients::{self, Client};
use super::flow::{self, CODE_BYTES_MAX, Refused};
use super::handed;
use super::identity::{self, Account};
use super::secret::{self, NoRandom, hash, is_secret};
use super::token::{self, TokenError, Tokens};
use crate::host::audit::Pseudonyms;
use crate::host::context::Context;
use crate::host::http::{Method, Purpose, Request};
use crate::host::model::grants::{Flow, FlowState, Grant};
use crate::host::model::{
    AuditRow, Calendar, CalendarId, CalendarState, Connection, ConnectionId, ConnectionState, Origin, Tenant, TenantId,
};
use crate::host::seal::{Place, SealError};
use crate::host::store::{Commit, CommitError, Handle, StoreError, Write};
use crate::time::{Elapsed, Instant};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;

/// Longest name of a user, in bytes.
pub const USER_BYTES_MAX: usize = 256;
/// How long flows are kept after their end, so that one can ask what became of them.
const KEPT: Elapsed = Elapsed::from_hours(24);
/// How often a connection is stored again because somebody else changed it.
const TRIES_MAX: u32 = 8;

/// Why nothing was begun, or a step not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The operator has not set what is needed.
    #[error("this host connects no calendars: {0}")]
    NotSet(&'static str),
    /// There is no client for the provider.
    #[error("there is no OAuth client for this provider")]
    NoClient,
    /// The return URL is none of those that were registered.
    #[error("the return URL is not registered for this tenant")]
    ReturnUrl,
    /// Bare links need a return URL that was registered for them, and a client of the tenant's own.
    #[error("links without completion are not allowed here: {0}")]
    NotBare(&'static str),
    /// The user has no usable name.
    #[error("a user is named by 1 to {USER_BYTES_MAX} bytes without control characters")]
    User,
    /// What was shown opens nothing: it never did, was used, or is another tenant's.
    #[error("it opens nothing, or not any more")]
    Unknown,
    /// It would have, in time.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The vault.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] NoRandom),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a link is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The provider.
    pub provider: Origin,
    /// The user, as the customer calls them.
    pub user: String,
    /// Where the browser goes at the end.
    pub return_url: String,
    /// For whoever opens the link.
    pub bare: bool,
}

/// A link that was given out.
#[derive(Clone)]
pub struct Offered {
    /// The flow.
    pub flow: Flow,
    /// The link. It opens one page for ten minutes.
    pub url: String,
}

fn public_url(host: &Context) -> Result<&str, ConnectError> {
    host.oauth.public_url.as_deref().ok_or(ConnectError::NotSet("`api.public_url` is not configured"))
}

/// Gives out a link.
///
/// # Errors
/// [`ConnectError`].
pub async fn offer(host: &Context, tenant: TenantId, ask: Ask) -> Result<Offered, ConnectError> {
    let public_url = public_url(host)?;
    if !host.vault.seals() {
        return Err(ConnectError::NotSet("it has no root key"));
    }
    if ask.user.is_empty() || ask.user.len() > USER_BYTES_MAX || ask.user.chars().any(char::is_control) {
        return Err(ConnectError::User);
    }
    let registered = host.store.return_urls(tenant).await?;
    let registered = registered.iter().find(|row| row.url == ask.return_url).ok_or(ConnectError::ReturnUrl)?;
    let client = clients::to_grant_to(host, tenant, ask.provider).await?.ok_or(ConnectError::NoClient)?;
    if ask.bare && !registered.bare {
        return Err(ConnectError::NotBare("the return URL is not registered for them"));
    }
    if ask.bare && client.is_house {
        return Err(ConnectError::NotBare("they need an OAuth client of your own"));
    }
    let (reference, now) = (secret::fresh()?, host.now());
    let wanted = flow::Wanted {
        tenant,
        id: host.store.next_id().await?,
        provider: ask.provider,
        client: client.id,
        user: ask.user,
        return_url: ask.return_url,
        bare: ask.bare,
    };
    let flow = flow::offered(wanted, &reference, now);
    // Those of yesterday go on the way.
    let past = now.checked_sub(KEPT).unwrap_or(Instant::MIN);
    let commit = Commit { tenant, writes: vec![Write::Flow(flow.clone()), Write::RemoveFlows(past)] };
    stored(host.store.commit(commit).await)?;
    tracing::info!(tenant = tenant.0, flow = flow.id, provider = ask.provider.word(), "a link to connect was given out");
    Ok(Offered { flow: Flow { version: 1, ..flow }, url: format!("{public_url}/connect/{reference}") })
}

/// Of two who take a step, one does.
fn stored(done: Result<(), CommitError>) -> Result<(), ConnectError> {
    match done {
        Ok(()) => Ok(()),
        Err(CommitError::Conflict(_)) => Err(Refused::Used.into()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Stores a step; the flow as it is now stored.
pub(super) async fn step(host: &Context, flow: Flow) -> Result<Flow, ConnectError> {
    stored(host.store.commit(Commit { tenant: flow.tenant, writes: vec![Write::Flow(flow.clone())] }).await)?;
    Ok(Flow { version: flow.version + 1, ..flow })
}

/// A line in the tenant's audit. That it could not be written stops nothing; the log has it as well.
async fn audit(host: &Context, flow: &Flow, action: &str, subject: String) {
    let actor = host.actor.clone().unwrap_or_else(|| "browser".to_owned());
    let row = AuditRow { tenant: flow.tenant, at: host.now(), actor, action: action.to_owned(), subject, ..AuditRow::default() };
    for _ in 0..TRIES_MAX {
        match host.store.commit(Commit { tenant: flow.tenant, writes: vec![Write::Audit(row.clone())] }).await {
            Err(CommitError::Conflict(_)) => {}
            _ => return,
        }
    }
}

async fn found(host: &Context, handle: Handle<'_>) -> Result<Flow, ConnectError> {
    host.store.flow_of(handle).await?.ok_or(ConnectError::Unknown)
}

/// What the page of a link shows. Looking uses nothing up: programs that scan mail follow links as well.
///
/// # Errors
/// [`ConnectError`].
pub async fn look(host: &Context, reference: &str) -> Result<(Flow, Tenant, Client), ConnectError> {
    if !is_secret(reference) {
        return Err(ConnectError::Unknown);
    }
    let flow = found(host, Handle::Ref(&hash(reference))).await?;
    flow::stands(&flow, FlowState::Offered, host.now())?;
    let tenant = host.store.tenant(flow.tenant).await?.ok_or(ConnectError::Unknown)?;
    let client = clients::named(host, flow.tenant, &flow.client).await?.ok_or(ConnectError::NoClient)?;
    Ok((flow, tenant, client))
}

/// Where a browser goes, and the cookie that it takes along.
pub struct Sent {
    /// The provider's page.
    pub url: String,
    /// The cookie's name.
    pub name: String,
    /// Its value.
    pub cookie: String,
}

/// The name of the cookie of a flow whose state has this digest: several flows of one browser do not meet.
#[must_use]
pub fn cookie_name(state_hash: &str) -> String {
    format!("__Host-callsheet-{}", state_hash.get(..16).unwrap_or_default())
}

fn verifier_place(flow: &Flow) -> Place {
    Place {
        tenant: flow.tenant,
        table: "connect_flows",
        column: "verifier",
        row: flow.id.to_string(),
        provider: flow.provider.word(),
    }
}

fn code_place(flow: &Flow) -> Place {
    Place { column: "code", ..verifier_place(flow) }
}

/// Where the refresh token of a connection is sealed for.
#[must_use]
pub fn token_place(tenant: TenantId, connection: ConnectionId, provider: Origin) -> Place {
    Place { tenant, table: "connections", column: "token", row: connection.to_string(), provider: provider.word() }
}

/// The button of a link was pressed: it is used up, and the browser goes to the provider.
///
/// # Errors
/// [`ConnectError`].
pub async fn begin(host: &Context, reference: &str) -> Result<Sent, ConnectError> {
    let (flow, _, client) = look(host, reference).await?;
    let (state, cookie, nonce) = (secret::fresh()?, secret::fresh()?, secret::fresh()?);
    let verifier = SecretString::from(secret::fresh()?);
    let redirect_uri = client.redirect_uri(public_url(host)?);
    let url = token::authorize_url(&client, &redirect_uri, (&state, &nonce, &verifier)).map_err(|_| ConnectError::NoClient)?;
    let sealed = host.vault.seal(&host.store, &verifier_place(&flow), &verifier).await?;
    let begin = flow::Begin { state: &state, cookie: &cookie, nonce: &nonce, verifier: &sealed };
    step(host, flow::begun(&flow, begin, host.now())?).await?;
    Ok(Sent { url, name: cookie_name(&hash(&state)), cookie })
}

/// What stood in the URL that a browser came back to.
#[derive(Clone, Debug, Default)]
pub struct Returned {
    /// Our state.
    pub state: Option<String>,
    /// The code.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// More about that. Only numbers of Microsoft's are looked for in it.
    pub description: Option<String>,
    /// Who answers.
    pub iss: Option<String>,
}

/// Where a browser that came back goes.
pub enum Landing {
    /// To the tenant.
    Away(String),
    /// Nowhere: a page tells why, in this word.
    Stay(&'static str),
    /// Whoever opened the link is asked once more.
    Ask {
        /// The flow.
        flow: Box<Flow>,
        /// What is to receive access.
        tenant: String,
        /// Opens the next step.
        session: String,
        /// What the browser showed, to be kept under [`confirm_cookie_name`].
        cookie: String,
    },
}

/// The return URL with what the tenant is told.
fn away(flow: &Flow, told: &[(&str, &str)]) -> String {
    match url::Url::parse(&flow.return_url) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(told).append_pair("flow", &flow.id.to_string());
            url.into()
        }
        // It was registered as a URL.
        Err(_) => flow.return_url.clone(),
    }
}

/// What a provider's refusal means, in a word of ours (`G5.7`, `M9.9`).
fn refusal(provider: Origin, returned: &Returned) -> &'static str {
    let said = returned.description.as_deref().unwrap_or_default();
    let needs_admin = ["AADSTS90094", "AADSTS90095", "AADSTS90093", "AADSTS65001"].iter().any(|code| said.contains(code));
    match returned.error.as_deref() {
        Some("consent_required") if provider == Origin::Graph => "admin-consent-needed",
        Some("admin_policy_enforced") => "admin-consent-needed",
        Some(_) if provider == Origin::Graph && needs_admin => "admin-consent-needed",
        Some("access_denied") => "access-denied",
        Some("temporarily_unavailable" | "server_error") => "provider-unavailable",
        Some(_) => "provider-refused",
        None => "no-code",
    }
}

/// A browser came back to the place of a client. `cookie` looks one up by its name.
///
/// # Errors
/// [`ConnectError`]: nothing was stored.
pub async fn back(
    host: &Context,
    client: &str,
    returned: &Returned,
    cookie: impl FnOnce(&str) -> Option<String>,
) -> Result<Landing, ConnectError> {
    let state = returned.state.as_deref().filter(|state| is_secret(state)).ok_or(ConnectError::Unknown)?;
    let state_hash = hash(state);
    let before = found(host, Handle::State(&state_hash)).await?;
    let known = clients::named(host, before.tenant, &before.client).await?;
    let names = |iss: &String| known.as_ref().is_some_and(|client| client.endpoints.is_issuer(iss, None));
    let is_mixed_up = returned.iss.as_ref().is_some_and(|iss| !names(iss));
    let usable = |code: &&String| !code.is_empty() && code.len() <= CODE_BYTES_MAX && !code.chars().any(char::is_control);
    let answer = match (&returned.error, returned.code.as_ref().filter(usable)) {
        (None, Some(code)) => Ok(host.vault.seal(&host.store, &code_place(&before), &SecretString::from(code.as_str())).await?),
        _ => Err(refusal(before.provider, returned)),
    };
    let (cookie, session) = (cookie(&cookie_name(&state_hash)), secret::fresh()?);
    let answer = answer.as_deref().map_err(|why| *why);
    let back = flow::Back { client, cookie: cookie.as_deref(), is_mixed_up, answer, session: &session };
    let flow = step(host, flow::back(&before, back, host.now())?).await?;
    if flow.state == FlowState::Parked {
        if !flow.bare {
            return Ok(Landing::Away(away(&flow, &[("session_ref", &session)])));
        }
        let tenant = host.store.tenant(flow.tenant).await?.ok_or(ConnectError::Unknown)?.name;
        let cookie = cookie.unwrap_or_default();
        return Ok(Landing::Ask { flow: Box::new(flow), tenant, session, cookie });
    }
    let reason = flow.reason.clone().unwrap_or_default();
    tracing::info!(tenant = flow.tenant.0, flow = flow.id, reason, "a flow to connect ended");
    audit(host, &flow, "connect.failed", format!("flow/{} {reason}", flow.id)).await;
    // Whoever came back to the wrong place, or is not who began, learns nothing of the tenant's.
    Ok(match answer {
        Err(why) if why == reason => Landing::Away(away(&flow, &[("error", why)])),
        _ => Landing::Stay("another-browser"),
    })
}

/// What came of a flow.
#[derive(Clone)]
pub struct Ended {
    /// The flow.
    pub flow: Flow,
    /// The connection, where there is one.
    pub connection: Option<Connection>,
    /// The calendar user.
    pub name: Option<String>,
    /// Another link, where the user can do something about it.
    pub again: Option<String>,
    /// Where an administrator can do something about it.
    pub admin_consent: Option<String>,
}

/// The tenant's server says whose browser brought it the session reference.
///
/// # Errors
/// [`ConnectError::Unknown`] for one that is another tenant's, as for one that never was.
pub async fn complete(host: &Context, tenant: TenantId, session: &str, user: &str) -> Result<Ended, ConnectError> {
    if !is_secret(session) {
        return Err(ConnectError::Unknown);
    }
    let flow = found(host, Handle::Session(&hash(session))).await?;
    if flow.tenant != tenant || flow.bare {
        return Err(ConnectError::Unknown);
    }
    finish(host, flow::bound(&flow, user, host.now())?).await
}

/// Whoever opened a bare link was told who receives access, and said yes. `cookie` looks one up by its name.
///
/// # Errors
/// [`ConnectError`].
pub async fn confirm(host: &Context, session: &str, cookie: impl FnOnce(&str) -> Option<String>) -> Result<Ended, ConnectError> {
    if !is_secret(session) {
        return Err(ConnectError::Unknown);
    }
    let flow = found(host, Handle::Session(&hash(session))).await?;
    let cookie = cookie(&confirm_cookie_name(session));
    finish(host, flow::confirmed(&flow, cookie.as_deref(), host.now())?).await
}

/// The name of the cookie that a bare flow is confirmed with.
#[must_use]
pub fn confirm_cookie_name(session: &str) -> String {
    cookie_name(&hash(session))
}

/// The return URL of a flow that ended.
#[must_use]
pub fn landed(ended: &Ended) -> String {
    match (&ended.name, ended.flow.reason.as_deref()) {
        _ if is_pending(&ended.flow) => away(&ended.flow, &[("error", "pending")]),
        (Some(name), None) => away(&ended.flow, &[("connected", name)]),
        (_, reason) => away(&ended.flow, &[("error", reason.unwrap_or("failed"))]),
    }
}

/// What became of a flow.
///
/// # Errors
/// [`ConnectError::Unknown`].
pub async fn look_back(host: &Context, tenant: TenantId, id: u64) -> Result<Ended, ConnectError> {
    let flow = host.store.flow(tenant, id).await?.ok_or(ConnectError::Unknown)?;
    let is_over = matches!(flow.state, FlowState::Connected | FlowState::Failed);
    let flow = if !is_over && host.now() >= flow.expires_at { flow::failed(&flow, "expired") } else { flow };
    let mut ended = Ended { flow, connection: None, name: None, again: None, admin_consent: None };
    if let Some(connection) = ended.flow.connection {
        ended.connection = host.store.connection(tenant, connection).await?;
        ended.name = host.store.grant(tenant, connection).await?.map(|grant| grant.name);
    }
    if ended.flow.reason.as_deref() == Some("admin-consent-needed") {
        let client = clients::named(host, tenant, &ended.flow.client).await?;
        ended.admin_consent = client.zip(host.oauth.public_url.as_ref()).and_then(|(client, url)| client.admin_consent(url));
    }
    Ok(ended)
}

/// Whether it is known whose browser it was, and not yet what comes of it.
pub(super) fn is_pending(flow: &Flow) -> bool {
    matches!(flow.state, FlowState::Handed | FlowState::Bound)
}

/// Stores on whose word a flow goes on, and sees to its end: here, or where it is handed over to.
async fn finish(host: &Context, flow: Flow) -> Result<Ended, ConnectError> {
    let flow = if host.vault.hands_over() { flow::handed_over(flow) } else { flow };
    let flow = step(host, flow).await?;
    let flow = match flow.state {
        FlowState::Bound => exchanged(host, flow).await?,
        FlowState::Handed => {
            audit(host, &flow, "connect.handed-over", format!("flow/{}", flow.id)).await;
            handed::awaited(host, flow).await?
        }
        _ => flow,
    };
    end(host, flow).await
}

/// Exchanges the code of a flow that is bound, and makes the connection; the flow as it is then.
pub(super) async fn exchanged(host: &Context, flow: Flow) -> Result<Flow, ConnectError> {
    match granted(host, &flow).await {
        Ok((client, tokens, account)) => taken(host, &flow, &client, tokens, account).await,
        Err(Fault::Word(word)) => fail(host, &flow, word).await,
        Err(Fault::Error(error)) => Err(error),
    }
}

/// Why a code came to nothing.
enum Fault {
    Word(&'static str),
    Error(ConnectError),
}

impl<E: Into<ConnectError>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// What the provider gave for the code, and whose account it is.
async fn granted(host: &Context, flow: &Flow) -> Result<(Client, Tokens, Account), Fault> {
    let client = clients::named(host, flow.tenant, &flow.client).await?.ok_or(Fault::Word("client-removed"))?;
    let (Some(code), Some(verifier)) = (&flow.code, &flow.verifier) else { return Err(Fault::Word("no-code")) };
    let code = host.vault.open(&host.store, &code_place(flow), code).await?;
    let verifier = host.vault.open(&host.store, &verifier_place(flow), verifier).await?;
    let redirect_uri = client.redirect_uri(public_url(host)?);
    let tokens = match token::exchange(host, &client, &redirect_uri, (code, verifier)).await {
        Ok(tokens) => tokens,
        Err(TokenError::Gone(_)) => return Err(Fault::Word("code-refused")),
        Err(TokenError::Operator(word)) => {
            host.tokens.client_refused(host, &client.id, word);
            return Err(Fault::Word("client-refused"));
        }
        Err(TokenError::Later(_)) => return Err(Fault::Word("provider-unavailable")),
    };
    host.tokens.client_works(&client.id);
    let id_token = tokens.id_token.as_ref().ok_or(Fault::Word("no-identity"))?;
    let account = identity::of_token(&client, id_token.expose_secret(), flow.nonce_hash.as_deref(), host.now());
    match account {
        Ok(account) => Ok((client, tokens, account)),
        Err(error) => {
            tracing::warn!(tenant = flow.tenant.0, flow = flow.id, why = error.0, "an ID token is not believed");
            Err(Fault::Word("identity-not-believed"))
        }
    }
}

/// The user's connection at this provider that was made by a grant.
async fn of_user(host: &Context, flow: &Flow) -> Result<Option<(Connection, Grant)>, StoreError> {
    let grants = host.store.grants(flow.tenant).await?;
    for connection in host.store.connections(flow.tenant).await? {
        let is_theirs = connection.user == flow.user && connection.origin == flow.provider;
        if let Some(grant) = grants.iter().find(|grant| is_theirs && grant.connection == connection.id) {
            return Ok(Some((connection, grant.clone())));
        }
    }
    Ok(None)
}

/// Makes the connection out of what was granted, or mends the one that there is.
async fn taken(host: &Context, flow: &Flow, client: &Client, tokens: Tokens, account: Account) -> Result<Flow, ConnectError> {
    let suffices = tokens.scopes.as_ref().is_none_or(|scopes| client.scopes().suffice(scopes));
    let addresses = if suffices { addresses(host, client, &tokens, &account).await } else { Vec::new() };
    for _ in 0..TRIES_MAX {
        let known = of_user(host, flow).await?;
        if known.as_ref().is_some_and(|(_, grant)| grant.account != account.hash) {
            give_back(host, client, &account, &tokens).await?;
            return fail(host, flow, "another-account").await;
        }
        // Of a grant that is gone the token is as good as none.
        let holds =
            |(connection, grant): &(Connection, Grant)| connection.state == ConnectionState::Active && grant.client == client.id;
        let held = known.as_ref().filter(|known| holds(known)).and_then(|(connection, _)| connection.token.as_ref());
        let reason = match (suffices, &tokens.refresh, held) {
            (false, ..) => Some("permission-missing"),
            (true, None, None) => Some("no-refresh-token"),
            _ => None,
        };
        // What works is not taken away because somebody granted less the second time.
        let works = known
            .as_ref()
            .is_some_and(|(connection, _)| connection.state == ConnectionState::Active && connection.token.is_some());
        if let Some(reason) = reason.filter(|_| works) {
            return fail(host, flow, reason).await;
        }
        let made = made(host, flow, client, &account, (known.clone(), reason, addresses.clone())).await?;
        let mut writes = made.writes;
        let connection = made.connection;
        if let (None, Some(refresh)) = (reason, &tokens.refresh) {
            let sealed = host.vault.seal(&host.store, &token_place(flow.tenant, connection.id, flow.provider), refresh).await?;
            let was = known.as_ref().and_then(|(connection, _)| connection.token.clone());
            writes.push(Write::Token { connection: connection.id, was, is: Some(sealed) });
        }
        let ended = Flow { reason: reason.map(str::to_owned), ..flow::connected(flow, connection.id) };
        let ended = if reason.is_some() { Flow { state: FlowState::Failed, ..ended } } else { ended };
        writes.push(Write::Flow(ended.clone()));
        match host.store.commit(Commit { tenant: flow.tenant, writes }).await {
            Ok(()) => {
                if reason.is_none() {
                    host.tokens.keep(host, &connection, tokens.access.clone(), tokens.life);
                }
                replaced(host, flow, client, known).await;
                let what = if reason.is_some() { "connect.failed" } else { "connect.made" };
                // The connection is made: where the key for pseudonyms cannot be had, its number must do.
                let names = Pseudonyms::of(host, flow.tenant).await.ok();
                let whose = names.map_or_else(String::new, |names| format!(" {}", names.of_user(flow.tenant, &flow.user)));
                audit(host, flow, what, format!("connection/{}{whose}", connection.id)).await;
                tracing::info!(tenant = flow.tenant.0, connection = connection.id.0, reason, "a calendar was granted");
                return Ok(Flow { version: ended.version + 1, ..ended });
            }
            Err(CommitError::Conflict("flow")) => return Err(Refused::Used.into()),
            // Somebody refreshes the token that is being replaced, or changes the connection.
            Err(CommitError::Conflict(_)) => {}
            Err(CommitError::Store(error)) => return Err(error.into()),
        }
    }
    Err(Refused::Used.into())
}

struct Made {
    connection: Connection,
    writes: Vec<Write>,
}

/// The connection's rows, without its token.
async fn made(
    host: &Context,
    flow: &Flow,
    client: &Client,
    account: &Account,
    (known, reason, addresses): (Option<(Connection, Grant)>, Option<&'static str>, Vec<String>),
) -> Result<Made, ConnectError> {
    let state = match reason {
        None => ConnectionState::Active,
        Some("permission-missing") => ConnectionState::PermissionMissing,
        Some(_) => ConnectionState::Reconnect,
    };
    let is_new = known.is_none();
    let (connection, grant) = match known {
        Some(known) => known,
        None => fresh_rows(host, flow, client, account).await?,
    };
    let addresses = if addresses.is_empty() { connection.addresses.clone() } else { addresses };
    let connection = Connection { client: client.id.clone(), state, addresses, ..connection };
    let grant = Grant {
        client: client.id.clone(),
        bare: flow.bare,
        reason: reason.map(str::to_owned),
        owner: None,
        lease_until: None,
        ..grant
    };
    let mut writes = vec![Write::Connection(connection.clone()), Write::Grant(grant)];
    if is_new {
        let reference = if flow.provider == Origin::Google { "primary" } else { "" };
        let calendar = CalendarId(host.store.next_id().await?);
        writes.push(Write::Calendar(Calendar::unread(flow.tenant, calendar, connection.id, flow.provider, reference.to_owned())));
    } else {
        let own = host.store.calendars(flow.tenant).await?.into_iter().filter(|row| row.connection == connection.id);
        let tired = own.filter(|row| row.state != CalendarState::Active && reason.is_none());
        writes.extend(tired.map(|row| Write::Calendar(Calendar { state: CalendarState::Active, ..row })));
        writes.push(Write::Undecided(None));
    }
    Ok(Made { connection, writes })
}

async fn fresh_rows(
    host: &Context,
    flow: &Flow,
    client: &Client,
    account: &Account,
) -> Result<(Connection, Grant), ConnectError> {
    let id = ConnectionId(host.store.next_id().await?);
    let connection = Connection {
        tenant: flow.tenant,
        id,
        user: flow.user.clone(),
        origin: flow.provider,
        client: client.id.clone(),
        addresses: Vec::new(),
        zone: None,
        state: ConnectionState::Active,
        token_file: None,
        token: None,
    };
    let grant = Grant {
        tenant: flow.tenant,
        connection: id,
        client: client.id.clone(),
        account: account.hash.clone(),
        name: format!("cu_{}", secret::word()?),
        bare: flow.bare,
        reason: None,
        owner: None,
        lease_until: None,
        version: 0,
    };
    Ok((connection, grant))
}

/// The account's own addresses, to know the user among attendees; none where the provider does not say.
async fn addresses(host: &Context, client: &Client, tokens: &Tokens, account: &Account) -> Vec<String> {
    if client.provider != Origin::Graph {
        return account.address.iter().cloned().collect();
    }
    let url = format!("{}/me?$select=mail,userPrincipalName", host.bases.graph);
    let mut request = Request::new(Purpose::Provider, Method::Get, url)
        .header("authorization", crate::host::credentials::header(&tokens.access))
        .header("accept", "application/json");
    request.timeout = Duration::from_secs(10);
    request.answer_bytes_max = 64 * 1024;
    let Ok(answer) = host.call(request).await else { return Vec::new() };
    let told: Value = if answer.status == 200 { serde_json::from_slice(&answer.body).unwrap_or_default() } else { Value::Null };
    let mut found: Vec<String> = ["mail", "userPrincipalName"]
        .iter()
        .filter_map(|name| told[name].as_str())
        .filter(|text| crate::event::Address::parse(text).is_some())
        .map(str::to_ascii_lowercase)
        .collect();
    found.dedup();
    found
}

/// A grant that is not wanted goes back, unless somebody else lives by it: providers take all of an account's grants to a client back
/// with one.
async fn give_back(host: &Context, client: &Client, account: &Account, tokens: &Tokens) -> Result<(), StoreError> {
    if host.store.grants_alike(&client.id, &account.hash).await?.is_empty() {
        token::revoke(host, client, tokens.refresh.as_ref().unwrap_or(&tokens.access)).await;
    }
    Ok(())
}

/// The token that a reconnect replaced goes back (`G5.5`) where it was granted to another client. With the same client it is the same
/// grant of the same account, and taking it back would take the new token with it; of those the provider drops the oldest itself.
async fn replaced(host: &Context, flow: &Flow, client: &Client, known: Option<(Connection, Grant)>) {
    let Some((connection, grant)) = known.filter(|(_, grant)| grant.client != client.id) else { return };
    let Some(sealed) = connection.token else { return };
    let place = token_place(flow.tenant, connection.id, flow.provider);
    let others = host.store.grants_alike(&grant.client, &grant.account).await;
    let former = clients::known(host, flow.tenant, &grant.client).await;
    if let (Ok(others), Ok(Some(former))) = (others, former)
        && others.is_empty()
        && let Ok(token) = host.vault.open(&host.store, &place, &sealed).await
    {
        token::revoke(host, &former, &token).await;
    }
}

async fn fail(host: &Context, flow: &Flow, reason: &'static str) -> Result<Flow, ConnectError> {
    let failed = step(host, flow::failed(flow, reason)).await?;
    tracing::info!(tenant = flow.tenant.0, flow = flow.id, reason, "a flow to connect ended");
    audit(host, flow, "connect.failed", format!("flow/{} {reason}", flow.id)).await;
    Ok(failed)
}

/// What came of it, with another link where the user can do something about it.
async fn end(host: &Context, flow: Flow) -> Result<Ended, ConnectError> {
    let mut ended = look_back(host, flow.tenant, flow.id).await?;
    if ended.flow.reason.as_deref() == Some("another-user") {
        tracing::warn!(tenant = flow.tenant.0, flow = flow.id, "a calendar was about to be connected for another user");
        audit(host, &flow, "connect.another-user", format!("flow/{}", flow.id)).await;
    }
    if matches!(ended.flow.reason.as_deref(), Some("permission-missing" | "no-refresh-token")) {
        let ask = Ask { provider: flow.provider, user: flow.user.clone(), return_url: flow.return_url.clone(), bare: flow.bare };
        ended.again = offer(host, flow.tenant, ask).await.ok().map(|offered| offered.url);
    }
    Ok(ended)
}
