//! OAuth clients: registrations with the providers, of tenants and of the operator.

use super::token::Scopes;
use crate::host::context::Context;
use crate::host::model::grants::ClientRow;
use crate::host::model::{Origin, TenantId};
use crate::host::seal::{Place, SealError};
use crate::host::store::StoreError;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// Whose accounts may grant, where a Microsoft client says nothing: those of any organisation.
pub const AUTHORITY_DEFAULT: &str = "organizations";

/// Where a provider's authorization server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    /// Where browsers are sent.
    pub authorize: String,
    /// Where codes and refresh tokens are exchanged.
    pub token: String,
    /// Where grants are given back, where that is possible.
    #[serde(default)]
    pub revoke: Option<String>,
    /// Who it says it is; `{tenantid}` stands for the directory of the account.
    pub issuer: String,
    /// Where an administrator consents for all of a directory.
    #[serde(default)]
    pub admin_consent: Option<String>,
}

impl Endpoints {
    /// Where the provider publishes to be.
    #[must_use]
    pub fn published(provider: Origin, authority: &str) -> Self {
        if provider == Origin::Graph {
            let below = |path: &str| format!("https://login.microsoftonline.com/{authority}/{path}");
            return Self {
                authorize: below("oauth2/v2.0/authorize"),
                token: below("oauth2/v2.0/token"),
                revoke: None,
                issuer: "https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(),
                admin_consent: Some(below("v2.0/adminconsent")),
            };
        }
        Self {
            authorize: "https://accounts.google.com/o/oauth2/v2/auth".to_owned(),
            token: "https://oauth2.googleapis.com/token".to_owned(),
            revoke: Some("https://oauth2.googleapis.com/revoke".to_owned()),
            issuer: "https://accounts.google.com".to_owned(),
            admin_consent: None,
        }
    }

    /// Those that the operator set for a client.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let read: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let all =
            [Some(&read.authorize), Some(&read.token), read.revoke.as_ref(), read.admin_consent.as_ref(), Some(&read.issuer)];
        for url in all.into_iter().flatten() {
            let usable = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
            if !usable {
                return Err(format!("`{url}` is no URL"));
            }
        }
        Ok(read)
    }

    /// Whether `issuer` is this server, answering for an account of `directory`. Without one, that of any directory counts.
    #[must_use]
    pub fn is_issuer(&self, issuer: &str, directory: Option<&str>) -> bool {
        let Some((before, after)) = self.issuer.split_once("{tenantid}") else {
            // Google names itself with and without the scheme.
            return issuer == self.issuer
                || self.issuer.strip_prefix("https://") == Some(issuer) && issuer == "accounts.google.com";
        };
        let named = issuer.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        named.is_some_and(|named| directory.map_or_else(|| is_directory(named), |directory| named == directory))
    }

    /// The origin of the page that browsers are sent to.
    #[must_use]
    pub fn authorize_origin(&self) -> String {
        url::Url::parse(&self.authorize).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }
}

/// Whether the text can be the id of a directory.
fn is_directory(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// A client of the operator, which tenants without one of their own may use. A shared one is safe only where the tenant's server says
/// who came back, so it serves no bare links.
#[derive(Clone, Debug)]
pub struct House {
    /// The provider.
    pub provider: Origin,
    /// What the provider calls it.
    pub client_id: String,
    /// Its secret; `None` in a process that exchanges nothing.
    pub secret: Option<SecretString>,
    /// Of Microsoft: whose accounts may grant.
    pub authority: String,
    /// Where the provider is.
    pub endpoints: Endpoints,
}

impl House {
    /// Its word; no client of a tenant has one like it.
    #[must_use]
    pub fn id(&self) -> String {
        format!("house-{}", self.provider.word())
    }
}

/// A client, as flows and refreshes use it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its word.
    pub id: String,
    /// The provider.
    pub provider: Origin,
    /// What the provider calls it.
    pub client_id: String,
    /// Whose accounts may grant.
    pub authority: String,
    /// Where the provider is.
    pub endpoints: Endpoints,
    /// Whether it is the operator's.
    pub is_house: bool,
    /// Whether anything new may be asked for with it.
    pub enabled: bool,
    secret: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    Open(Option<SecretString>),
    Sealed(TenantId, String),
}

/// Where the secret of a tenant's client is sealed for.
#[must_use]
pub fn secret_place(tenant: TenantId, id: &str, provider: Origin) -> Place {
    Place { tenant, table: "oauth_clients", column: "secret", row: id.to_owned(), provider: provider.word() }
}

impl Client {
    /// Its secret, for the token endpoint alone.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn secret(&self, host: &Context) -> Result<SecretString, SealError> {
        match &self.secret {
            Kept::Open(secret) => secret.clone().ok_or(SealError::NotThisRole),
            Kept::Sealed(tenant, sealed) => {
                host.vault.open(&host.store, &secret_place(*tenant, &self.id, self.provider), sealed).await
            }
        }
    }

    /// What must be granted.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        Scopes::of(self.provider)
    }

    /// Where the provider sends browsers back to: another place for every client, so that an answer of one provider is never taken for
    /// another's.
    #[must_use]
    pub fn redirect_uri(&self, public_url: &str) -> String {
        format!("{public_url}/oauth/callback/{}", self.id)
    }

    /// Where an administrator can consent for everybody.
    #[must_use]
    pub fn admin_consent(&self, public_url: &str) -> Option<String> {
        let mut url = url::Url::parse(self.endpoints.admin_consent.as_ref()?).ok()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.client_id)
            .append_pair("scope", &self.scopes().asked())
            .append_pair("redirect_uri", &self.redirect_uri(public_url));
        Some(url.into())
    }

    fn of_row(row: &ClientRow) -> Self {
        let own = row.endpoints.as_ref().and_then(|text| Endpoints::parse(text).ok());
        Self {
            id: row.id.clone(),
            provider: row.provider,
            client_id: row.client_id.clone(),
            authority: row.authority.clone(),
            endpoints: own.unwrap_or_else(|| Endpoints::published(row.provider, &row.authority)),
            is_house: false,
            enabled: row.enabled,
            secret: Kept::Sealed(row.tenant, row.secret.clone()),
        }
    }

    fn of_house(house: &House) -> Self {
        Self {
            id: house.id(),
            provider: house.provider,
            client_id: house.client_id.clone(),
            authority: house.authority.clone(),
            endpoints: house.endpoints.clone(),
            is_house: true,
            enabled: true,
            secret: Kept::Open(house.secret.clone()),
        }
    }
}

/// The client that a tenant's users grant to: its own where it has any for the provider, else the operator's.
///
/// # Errors
/// [`StoreError`].
pub async fn to_grant_to(host: &Context, tenant: TenantId, provider: Origin) -> Result<Option<Client>, StoreError> {
    let own: Vec<ClientRow> =
        host.store.oauth_clients(tenant).await?.into_iter().filter(|row| row.provider == provider).collect();
    if own.is_empty() {
        return Ok(host.oauth.houses.iter().find(|house| house.provider == provider).map(Client::of_house));
    }
    Ok(own.iter().find(|row| row.enabled).map(Client::of_row))
}

/// The client of this word, as far as a tenant may use it: for flows, and for new tokens.
///
/// # Errors
/// [`StoreError`].
pub async fn named(host: &Context, tenant: TenantId, id: &str) -> Result<Option<Client>, StoreError> {
    Ok(known(host, tenant, id).await?.filter(|client| client.enabled))
}

/// The same, whether it may be used or not: what was granted to it can still be given back.
///
/// # Errors
/// [`StoreError`].
pub async fn known(host: &Context, tenant: TenantId, id: &str) -> Result<Option<Client>, StoreError> {
    if let Some(house) = host.oauth.houses.iter().find(|house| house.id() == id) {
        return Ok(Some(Client::of_house(house)));
    }
    let own = host.store.oauth_clients(tenant).await?;
    Ok(own.iter().find(|row| row.id == id).map(Client::of_row))
}

/// A client of the operator for tests.
#[cfg(test)]
pub(super) fn tests_client(provider: Origin, endpoints: Endpoints) -> Client {
    Client::of_house(&House {
        provider,
        client_id: "client-1".to_owned(),
        secret: Some("client-secret".to_owned().into()),
        authority: AUTHORITY_DEFAULT.to_owned(),
        endpoints,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_itself_and_of_microsoft_that_of_the_accounts_directory() {
        let google = Endpoints::published(Origin::Google, "");
        let microsoft = Endpoints::published(Origin::Graph, AUTHORITY_DEFAULT);
        let of = |directory: &str| format!("https://login.microsoftonline.com/{directory}/v2.0");
        assert!(google.is_issuer("https://accounts.google.com", None));
        assert!(google.is_issuer("accounts.google.com", None));
        assert!(microsoft.is_issuer(&of("72f988bf-86f1"), Some("72f988bf-86f1")));
        assert!(microsoft.is_issuer(&of("72f988bf-86f1"), None));
        for (endpoints, issuer, directory) in [
            (&google, "https://accounts.google.com.evil.example".to_owned(), None),
            (&google, "https://accounts.google.com/".to_owned(), None),
            (&google, of("x"), None),
            (&microsoft, of("72f988bf-86f1"), Some("other")),
            (&microsoft, of(""), None),
            (&microsoft, of("a/../b"), None),
            (&microsoft, "https://accounts.google.com".to_owned(), None),
        ] {
            assert!(!endpoints.is_issuer(&issuer, directory), "{issuer}");
        }
    }

    #[test]
    fn endpoints_of_an_operator_are_urls_and_nothing_unknown() {
        let good = r#"{"authorize": "https://a.example/x", "token": "https://a.example/t", "issuer": "https://a.example"}"#;
        assert_eq!(Endpoints::parse(good).map(|read| read.authorize_origin()), Ok("https://a.example".to_owned()));
        for wrong in ["{}", &good.replace("https://a.example/t", "ftp://a.example"), &good.replace("token", "tokens"), "x"] {
            assert!(Endpoints::parse(wrong).is_err(), "{wrong}");
        }
    }
}
