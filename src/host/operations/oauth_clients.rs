//! OAuth clients of tenants, and where browsers may be sent after a calendar was connected.

use super::{OperationError, commit, tenant};
use crate::host::context::Context;
use crate::host::model::grants::{ClientRow, ReturnUrl};
use crate::host::model::{ConnectionId, Origin, TenantId};
use crate::host::oauth::clients::{AUTHORITY_DEFAULT, secret_place};
use crate::host::oauth::{Endpoints, secret};
use crate::host::store::Write;
use secrecy::SecretString;

/// Most return URLs of a tenant.
const URLS_MAX: usize = 100;
/// Longest return URL, in bytes.
const URL_BYTES_MAX: usize = 2048;

/// A client to be made.
#[derive(Debug)]
pub struct Wanted {
    /// The provider.
    pub provider: Origin,
    /// What the provider calls it.
    pub client_id: String,
    /// Its secret.
    pub secret: SecretString,
    /// Of Microsoft: whose accounts may grant.
    pub authority: Option<String>,
    /// Where the provider is, as JSON, where it is not where it publishes to be.
    pub endpoints: Option<String>,
}

/// Adds a client. Its redirect URI is `{public_url}/oauth/callback/{id}`, which the provider must be told.
///
/// # Errors
/// [`OperationError::Refused`] names what cannot be.
pub async fn add(host: &Context, id: TenantId, wanted: Wanted) -> Result<ClientRow, OperationError> {
    tenant(host, id).await?;
    let refused = |why: String| OperationError::Refused(why);
    let plain = |text: &str| !text.is_empty() && text.len() <= 512 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain(&wanted.client_id) {
        return Err(refused("the client id must be plain text without spaces".into()));
    }
    let authority = match (wanted.provider, wanted.authority) {
        (Origin::Graph, authority) => authority.unwrap_or_else(|| AUTHORITY_DEFAULT.to_owned()),
        (_, None) => String::new(),
        (_, Some(_)) => return Err(refused("only Microsoft's clients have an authority".into())),
    };
    if !authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
        return Err(refused("an authority is the id or the domain of a directory, or one of Microsoft's words".into()));
    }
    if let Some(text) = &wanted.endpoints {
        Endpoints::parse(text).map_err(|why| refused(format!("the endpoints are not usable: {why}")))?;
    }
    let word = secret::word().map_err(|error| refused(error.to_string()))?;
    let sealed = host.vault.seal(&host.store, &secret_place(id, &word, wanted.provider), &wanted.secret).await;
    let row = ClientRow {
        tenant: id,
        id: word,
        provider: wanted.provider,
        client_id: wanted.client_id,
        secret: sealed.map_err(|error| refused(error.to_string()))?,
        authority,
        endpoints: wanted.endpoints,
        enabled: true,
    };
    match commit(host, id, vec![Write::Client(row.clone())]).await? {
        true => Ok(row),
        false => Err(OperationError::Contended),
    }
}

/// The client of this word.
///
/// # Errors
/// [`OperationError::Unknown`].
pub async fn find(host: &Context, id: TenantId, word: &str) -> Result<ClientRow, OperationError> {
    let all = host.store.oauth_clients(id).await?;
    all.into_iter().find(|row| row.id == word).ok_or_else(|| OperationError::unknown("OAuth client", word))
}

/// The connections that live by a client: without it none of them gets another access token, and each is read for as long as a host
/// has one, an hour at the most. What was planned for them stays.
///
/// # Errors
/// [`OperationError::Unknown`].
pub async fn connections_of(host: &Context, id: TenantId, word: &str) -> Result<Vec<ConnectionId>, OperationError> {
    find(host, id, word).await?;
    let grants = host.store.grants(id).await?;
    Ok(grants.into_iter().filter(|grant| grant.client == word).map(|grant| grant.connection).collect())
}

/// Lets a client be used, or no more: no link is given out for one that is disabled, no code exchanged and no token renewed. Its
/// connections stay, wait, and go on when it is enabled again; they can be cut meanwhile, which gives their grants back.
///
/// # Errors
/// [`OperationError`].
pub async fn set_enabled(host: &Context, id: TenantId, word: &str, enabled: bool) -> Result<ClientRow, OperationError> {
    let row = ClientRow { enabled, ..find(host, id, word).await? };
    match commit(host, id, vec![Write::Client(row.clone())]).await? {
        true => Ok(row),
        false => Err(OperationError::Contended),
    }
}

/// Removes a client, with its secret: what was granted to it can neither be renewed nor given back from here any more. Where
/// connections live by it, only `anyway`.
///
/// # Errors
/// [`OperationError::Refused`] where connections live by it.
pub async fn remove(host: &Context, id: TenantId, word: &str, anyway: bool) -> Result<(), OperationError> {
    let own = connections_of(host, id, word).await?;
    if !own.is_empty() && !anyway {
        let why = format!(
            "connections live by it ({}), and their grants could not be given back: disconnect them first, disable it, or say that it is \
             to go all the same",
            own.len()
        );
        return Err(OperationError::Refused(why));
    }
    commit(host, id, vec![Write::RemoveClient(word.to_owned())]).await.map(drop)
}

/// Lets browsers be sent to a URL; `bare`: flows that end there may be completed by whoever opened the link.
///
/// # Errors
/// [`OperationError::Refused`].
pub async fn add_return_url(host: &Context, id: TenantId, url: &str, bare: bool) -> Result<ReturnUrl, OperationError> {
    tenant(host, id).await?;
    let refused = |why: &str| Err(OperationError::Refused(why.to_owned()));
    let Some(read) = url::Url::parse(url).ok().filter(|_| url.len() <= URL_BYTES_MAX) else { return refused("it is no URL") };
    // Plain HTTP on this machine is for those who write the tenant's program.
    let near = matches!(read.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if read.scheme() != "https" && !(read.scheme() == "http" && near) {
        return refused("a return URL begins with `https://`");
    }
    if read.as_str() != url || read.fragment().is_some() || !read.username().is_empty() || read.password().is_some() {
        return refused("a return URL is written plainly: no fragment, no credentials, nothing that browsers would rewrite");
    }
    let known = host.store.return_urls(id).await?;
    if known.len() >= URLS_MAX && known.iter().all(|row| row.url != url) {
        return refused("there are too many return URLs");
    }
    let row = ReturnUrl { tenant: id, url: url.to_owned(), bare };
    match commit(host, id, vec![Write::ReturnUrl(row.clone())]).await? {
        true => Ok(row),
        false => Err(OperationError::Contended),
    }
}

/// No longer.
///
/// # Errors
/// [`OperationError`].
pub async fn remove_return_url(host: &Context, id: TenantId, url: &str) -> Result<(), OperationError> {
    if !host.store.return_urls(id).await?.iter().any(|row| row.url == url) {
        return Err(OperationError::unknown("return URL", url));
    }
    commit(host, id, vec![Write::RemoveReturnUrl(url.to_owned())]).await.map(drop)
}
