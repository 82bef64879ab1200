//! The token endpoint of a provider: codes and refresh tokens in, tokens out; and what its refusals mean.
//!
//! The requests are made and the answers read by the `oauth2` crate, over the host's own way out, which follows no redirect. No text of
//! a provider gets into an error: refusals are told by words of ours.

use super::clients::Client;
use crate::host::clock::Boxed;
use crate::host::context::Context;
use crate::host::http::{Method, Purpose, Request};
use crate::host::model::Origin;
use crate::host::seal::SealError;
use crate::host::sync::SyncError;
use crate::host::sync::error::{Word, of_net, of_token};
use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a token endpoint may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest answer of one.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Longest token that is taken, in bytes: what is longer fits in no header.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// How long an access token counts for where the provider does not say, and at most.
const LIFE_DEFAULT: Duration = Duration::from_secs(600);
const LIFE_MAX: Duration = Duration::from_secs(24 * 3600);

/// What a token endpoint gave.
#[derive(Debug)]
pub struct Tokens {
    /// Opens the calendar for a while.
    pub access: SecretString,
    /// For how long.
    pub life: Duration,
    /// Gives the next access token, where one came.
    pub refresh: Option<SecretString>,
    /// What was granted; `None`: what was asked for.
    pub scopes: Option<Vec<String>>,
    /// Whose account it is.
    pub id_token: Option<SecretString>,
}

/// Why there are no tokens, by what is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The grant is gone: its user must connect again.
    #[error("grant gone: {0}")]
    Gone(Word),
    /// The client is at fault: an alarm for the operator; users stay connected.
    #[error("the client is refused: {0}")]
    Operator(Word),
    /// Ask again later. The provider may have done it all the same.
    #[error("no tokens yet: {0}")]
    Later(Word),
}

impl TokenError {
    /// The reason, in a word.
    #[must_use]
    pub fn word(self) -> Word {
        match self {
            Self::Gone(word) | Self::Operator(word) | Self::Later(word) => word,
        }
    }
}

/// As the providers' refusals are told apart everywhere.
impl From<SyncError> for TokenError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Reconnect(word) | SyncError::PermissionMissing(word) => Self::Gone(word),
            SyncError::Operator(word) => Self::Operator(word),
            SyncError::Retry(word) => Self::Later(word),
            other => Self::Later(other.word()),
        }
    }
}

impl From<SealError> for TokenError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Store(_) | SealError::Contended => Self::Later("store"),
            SealError::Wrap(_) => Self::Later("root-key"),
            // Nothing that its user could cure.
            _ => Self::Operator("secret-not-opened"),
        }
    }
}

/// What is asked for, and what must be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(Origin);

impl Scopes {
    /// Those of a provider.
    #[must_use]
    pub fn of(provider: Origin) -> Self {
        Self(provider)
    }

    /// What is asked for: the least that serves (`G5.6`, `M9.4`).
    #[must_use]
    pub fn asked(self) -> String {
        match self.0 {
            Origin::Graph => "openid offline_access User.Read Calendars.Read",
            _ => "openid email https://www.googleapis.com/auth/calendar.events.readonly",
        }
        .to_owned()
    }

    /// Whether calendars can be read with what was granted; more than was asked for does as well (`G5.3`).
    #[must_use]
    pub fn suffice(self, granted: &[String]) -> bool {
        let enough: &[&str] = match self.0 {
            Origin::Graph => &["calendars.read", "calendars.readwrite"],
            _ => &["calendar", "calendar.readonly", "calendar.events", "calendar.events.readonly"],
        };
        granted.iter().any(|scope| {
            let scope = scope.to_ascii_lowercase();
            let bare = match self.0 {
                Origin::Graph => scope.strip_prefix("https://graph.microsoft.com/").unwrap_or(&scope),
                _ => scope.strip_prefix("https://www.googleapis.com/auth/").unwrap_or_default(),
            };
            enough.contains(&bare)
        })
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Beside {
    #[serde(default)]
    id_token: Option<String>,
}

impl ExtraTokenFields for Beside {}

type Answer = StandardTokenResponse<Beside, BasicTokenType>;
type Way = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// Why there was no answer that could be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unanswered(TokenError);

fn way(client: &Client, redirect_uri: Option<&str>) -> Result<Way, TokenError> {
    let wrong = |_| TokenError::Operator("endpoints");
    let way = oauth2::Client::new(ClientId::new(client.client_id.clone()))
        .set_auth_uri(AuthUrl::new(client.endpoints.authorize.clone()).map_err(wrong)?)
        .set_token_uri(TokenUrl::new(client.endpoints.token.clone()).map_err(wrong)?)
        .set_auth_type(AuthType::RequestBody);
    Ok(match redirect_uri {
        Some(uri) => way.set_redirect_uri(RedirectUrl::new(uri.to_owned()).map_err(wrong)?),
        None => way,
    })
}

/// The host's way out, as the crate wants one. Futures are boxed, or the compiler loses sight of what they borrow.
struct Out<'a>(&'a Context);

impl<'c> AsyncHttpClient<'c> for Out<'_> {
    type Error = Unanswered;
    type Future = Boxed<'c, Result<HttpResponse, Unanswered>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(sent(self.0, request))
    }
}

/// One exchange over the host's way out. What says nothing about the grant is kept from being read as if it did.
async fn sent(host: &Context, asked: HttpRequest) -> Result<HttpResponse, Unanswered> {
    let (parts, body) = asked.into_parts();
    let mut request = Request::new(Purpose::Provider, Method::Post, parts.uri.to_string());
    for (name, value) in &parts.headers {
        request = request.header(name.as_str(), value.to_str().map_err(|_| Unanswered(TokenError::Later("header")))?);
    }
    request.body = body;
    request.timeout = PATIENCE;
    request.answer_bytes_max = ANSWER_BYTES_MAX;
    let answer = host.call(request).await;
    let refused = answer.as_ref().map_or_else(|error| Some(of_net(Origin::Google, *error)), of_token);
    let answer = match (answer, refused) {
        (Ok(answer), None) => answer,
        (_, refused) => return Err(Unanswered(refused.map_or(TokenError::Later("no-answer"), Into::into))),
    };
    // The crate takes nothing but 200 for success, which is what a new answer has.
    Ok(HttpResponse::new(answer.body))
}

/// The URL that a browser is sent to.
///
/// # Errors
/// [`TokenError::Operator`] where the client's endpoints are none.
pub fn authorize_url(
    client: &Client,
    redirect_uri: &str,
    (state, nonce, verifier): (&str, &str, &SecretString),
) -> Result<String, TokenError> {
    let way = way(client, Some(redirect_uri))?;
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.expose_secret().to_owned()));
    let mut request = way
        .authorize_url(|| CsrfToken::new(state.to_owned()))
        .add_scope(Scope::new(client.scopes().asked()))
        .set_pkce_challenge(challenge)
        .add_extra_param("nonce", nonce);
    // Without consent a returning user yields no refresh token (`G5.1`); Microsoft is asked whose account it is to be.
    request = match client.provider {
        Origin::Graph => request.add_extra_param("prompt", "select_account"),
        _ => request.add_extra_param("access_type", "offline").add_extra_param("prompt", "consent"),
    };
    Ok(request.url().0.into())
}

/// Exchanges a code.
///
/// # Errors
/// [`TokenError`].
pub fn exchange<'a>(
    host: &'a Context,
    client: &'a Client,
    redirect_uri: &'a str,
    (code, verifier): (SecretString, SecretString),
) -> Boxed<'a, Result<Tokens, TokenError>> {
    Box::pin(async move {
        let secret = client.secret(host).await?;
        let way = way(client, Some(redirect_uri))?.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        let out = Out(host);
        let answer = way
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
            .request_async(&out)
            .await;
        told(answer)
    })
}

/// Exchanges a refresh token.
///
/// # Errors
/// [`TokenError`].
pub fn refresh<'a>(host: &'a Context, client: &'a Client, token: &'a SecretString) -> Boxed<'a, Result<Tokens, TokenError>> {
    Box::pin(async move {
        let secret = client.secret(host).await?;
        let way = way(client, None)?.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        let out = Out(host);
        let token = RefreshToken::new(token.expose_secret().to_owned());
        told(way.exchange_refresh_token(&token).request_async(&out).await)
    })
}

/// Gives a grant back; whether the provider said that it took it. Where it has no place for that, false.
pub async fn revoke(host: &Context, client: &Client, token: &SecretString) -> bool {
    let Some(url) = &client.endpoints.revoke else { return false };
    let Ok(secret) = client.secret(host).await else { return false };
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token.expose_secret())
        .append_pair("token_type_hint", "refresh_token")
        .append_pair("client_id", &client.client_id)
        .append_pair("client_secret", secret.expose_secret())
        .finish();
    let mut request = Request::new(Purpose::Provider, Method::Post, url.clone())
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json");
    request.body = form.into_bytes();
    request.timeout = PATIENCE;
    request.answer_bytes_max = ANSWER_BYTES_MAX;
    host.call(request).await.is_ok_and(|answer| (200..300).contains(&answer.status))
}

fn told(answer: Result<Answer, RequestTokenError<Unanswered, BasicErrorResponse>>) -> Result<Tokens, TokenError> {
    let answer = answer.map_err(|error| match error {
        RequestTokenError::Request(Unanswered(error)) => error,
        _ => TokenError::Later("no-token-answer"),
    })?;
    let usable =
        |text: &str| !text.is_empty() && text.len() <= TOKEN_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    let access = answer.access_token().secret();
    let refresh = answer.refresh_token().map(|token| token.secret()).filter(|token| !token.is_empty());
    if !usable(access) || refresh.is_some_and(|token| !usable(token)) {
        return Err(TokenError::Later("no-token-answer"));
    }
    Ok(Tokens {
        access: SecretString::from(access.as_str()),
        life: answer.expires_in().unwrap_or(LIFE_DEFAULT).min(LIFE_MAX),
        refresh: refresh.map(|token| SecretString::from(token.as_str())),
        scopes: answer.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
        id_token: answer.extra_fields().id_token.as_deref().map(SecretString::from),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::oauth::Endpoints;
    use crate::host::oauth::clients::tests_client;
    use expect_test::expect;

    #[test]
    fn scopes_that_open_no_calendar_do_not_suffice() {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (provider, granted, suffices) in [
            (Origin::Google, "openid https://www.googleapis.com/auth/calendar.events.readonly", true),
            (Origin::Google, "https://www.googleapis.com/auth/calendar", true),
            (Origin::Google, "openid https://www.googleapis.com/auth/userinfo.email", false),
            (Origin::Google, "calendar.events.readonly", false),
            (Origin::Google, "https://www.googleapis.com/auth/calendar.calendarlist.readonly", false),
            (Origin::Graph, "User.Read Calendars.Read openid", true),
            (Origin::Graph, "https://graph.microsoft.com/calendars.read", true),
            (Origin::Graph, "User.Read Calendars.ReadBasic", false),
            (Origin::Graph, "", false),
        ] {
            assert_eq!(Scopes::of(provider).suffice(&list(granted)), suffices, "{granted}");
        }
    }

    #[test]
    fn a_browser_is_sent_with_everything_that_ties_the_answer_to_it() {
        let client = tests_client(Origin::Google, Endpoints::published(Origin::Google, ""));
        let url =
            authorize_url(&client, "https://us.example/oauth/callback/abc", ("the-state", "the-nonce", &"v".repeat(43).into()));
        let url = url::Url::parse(&url.expect("its endpoints are URLs")).expect("a URL");
        let query: String = url.query_pairs().map(|(name, value)| format!("{name}={value}\n")).collect();
        expect![[r#"
            response_type=code
            client_id=client-1
            state=the-state
            code_challenge=7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM
            code_challenge_method=S256
            redirect_uri=https://us.example/oauth/callback/abc
            scope=openid email https://www.googleapis.com/auth/calendar.events.readonly
            nonce=the-nonce
            access_type=offline
            prompt=consent
        "#]]
        .assert_eq(&query);
    }
}
