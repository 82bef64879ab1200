//! An authorization server in a few lines, for attacks: it holds a code to its client, redirect URI and verifier as RFC 6749 and 7636
//! say, and can be told to answer wrongly.

use callsheet::host::clock::Boxed;
use callsheet::host::http::{Egress, NetError, Request, Response};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// The scope that opens calendars at Google.
pub const CALENDAR: &str = "https://www.googleapis.com/auth/calendar.events.readonly";

/// Parameters of a URL or a form.
pub type Pairs = BTreeMap<String, String>;

pub fn pairs(text: &str) -> Pairs {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

pub fn query(url: &str) -> Pairs {
    pairs(url.split_once('?').map_or("", |(_, query)| query))
}

#[derive(Clone)]
struct Code {
    asked: Pairs,
    account: String,
}

/// What a token endpoint does that does not answer well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Carries out what it is asked, and its answer comes too late.
    Late,
    /// Answers with this status.
    Status(u16),
    /// Answers with a page for people.
    Page,
    /// Refuses with this error.
    Refuses(&'static str),
}

/// What the server does.
#[derive(Default)]
pub struct Manner {
    codes: BTreeMap<String, Code>,
    pub issued: u64,
    /// Requests of the token endpoint, by grant type and what came of them.
    pub exchanges: Vec<String>,
    pub revoked: Vec<String>,
    /// Claims that stand in ID tokens instead of the right ones.
    pub claims: BTreeMap<String, Value>,
    /// What is granted instead of what was asked for.
    pub scope: Option<String>,
    pub no_refresh_token: bool,
    /// What the token endpoint does instead of answering.
    pub trouble: Option<Trouble>,
    /// Of Microsoft: the directory of its accounts.
    pub directory: Option<String>,
    /// Every token that was given out.
    pub secrets: Vec<String>,
}

/// The server; cloning it shares it.
#[derive(Clone, Default)]
pub struct Server(Arc<Mutex<Manner>>);

impl Server {
    pub fn manner(&self) -> MutexGuard<'_, Manner> {
        self.0.lock().expect("nobody panics with it")
    }

    /// From now on it does what it should.
    pub fn recovers(&self) {
        let mut manner = self.manner();
        (manner.trouble, manner.no_refresh_token, manner.scope) = (None, false, None);
        manner.claims.clear();
    }

    /// Its user says yes: where the browser is sent.
    pub fn consent(&self, authorize_url: &str, account: &str) -> String {
        let asked = query(authorize_url);
        let mut manner = self.manner();
        manner.issued += 1;
        let code = format!("code-{}-{account}", manner.issued);
        let mut url = url::Url::parse(&asked["redirect_uri"]).expect("a URL");
        url.query_pairs_mut().append_pair("code", &code).append_pair("state", &asked["state"]);
        manner.secrets.push(code.clone());
        manner.codes.insert(code, Code { asked, account: account.to_owned() });
        url.into()
    }

    /// Its user says no, in these words.
    pub fn refuse(&self, authorize_url: &str, error: &[(&str, &str)]) -> String {
        let asked = query(authorize_url);
        let mut url = url::Url::parse(&asked["redirect_uri"]).expect("a URL");
        url.query_pairs_mut().extend_pairs(error).append_pair("state", &asked["state"]);
        url.into()
    }

    fn token(&self, form: &Pairs) -> Response {
        let mut manner = self.manner();
        let refused = |error: &str| Response::json(400, &json!({ "error": error }));
        match form.get("grant_type").map(String::as_str) {
            Some("authorization_code") => {
                let Some(code) = form.get("code").and_then(|code| manner.codes.remove(code)) else {
                    manner.exchanges.push("code unknown".to_owned());
                    return refused("invalid_grant");
                };
                let verifier = form.get("code_verifier").cloned().unwrap_or_default();
                let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
                let holds = code.asked["code_challenge"] == BASE64URL_NOPAD.encode(digest.as_ref())
                    && code.asked["code_challenge_method"] == "S256"
                    && form.get("redirect_uri") == code.asked.get("redirect_uri")
                    && form.get("client_id") == code.asked.get("client_id");
                if !holds {
                    manner.exchanges.push("code refused".to_owned());
                    return refused("invalid_grant");
                }
                manner.exchanges.push("code".to_owned());
                manner.granted(&code.asked, &code.account)
            }
            Some("refresh_token") => {
                let Some(refresh) = form.get("refresh_token").filter(|text| manner.secrets.contains(*text)) else {
                    return refused("invalid_grant");
                };
                // The same refresh token goes on, as Google's do.
                let access = format!("access-for-{refresh}");
                manner.secrets.push(access.clone());
                Response::json(200, &json!({ "access_token": access, "token_type": "Bearer", "expires_in": 3600 }))
            }
            _ => refused("unsupported_grant_type"),
        }
    }
}

impl Manner {
    fn granted(&mut self, asked: &Pairs, account: &str) -> Response {
        self.issued += 1;
        let (access, refresh) = (format!("access-{}", self.issued), format!("refresh-{}", self.issued));
        let mut claims = json!({
            "iss": "https://accounts.google.com", "aud": asked["client_id"], "sub": account, "exp": 4_000_000_000_i64,
            "nonce": asked["nonce"], "email": format!("{account}@acme.example"), "email_verified": true,
        });
        if let Some(directory) = &self.directory {
            claims["iss"] = format!("https://login.microsoftonline.com/{directory}/v2.0").into();
            claims["tid"] = directory.as_str().into();
            claims["oid"] = account.into();
        }
        for (name, value) in &self.claims {
            claims[name] = value.clone();
        }
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let id_token = match self.claims.get("whole") {
            Some(text) => text.as_str().unwrap_or_default().to_owned(),
            None => format!("{}.{}.{}", part(&json!({ "alg": "RS256" })), part(&claims), "c2lnbmF0dXJl"),
        };
        self.secrets.extend([access.clone(), refresh.clone()]);
        let scope = self.scope.clone().unwrap_or_else(|| asked["scope"].clone());
        let mut body = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": 3600, "scope": scope, "id_token": id_token,
        });
        if !self.no_refresh_token {
            body["refresh_token"] = refresh.into();
        }
        Response::json(200, &body)
    }
}

impl Egress for Server {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        let form = pairs(&String::from_utf8_lossy(&request.body));
        let answer = match request.url.as_str() {
            url if url.ends_with("/token") => {
                let trouble = self.manner().trouble;
                let answer = self.token(&form);
                match trouble {
                    None => answer,
                    Some(Trouble::Late) => return Box::pin(std::future::ready(Err(NetError::Ambiguous))),
                    Some(Trouble::Status(status)) => Response::empty(status),
                    Some(Trouble::Page) => Response { status: 200, headers: Vec::new(), body: b"<html>Wait</html>".to_vec() },
                    Some(Trouble::Refuses(error)) => Response::json(400, &json!({ "error": error })),
                }
            }
            url if url.ends_with("/channels/stop") => {
                self.manner().exchanges.push("stop".to_owned());
                Response::empty(204)
            }
            url if url.contains("/me?") => Response::json(200, &json!({ "mail": "ana@acme.example" })),
            url if url.ends_with("/revoke") => {
                self.manner().exchanges.push("revoke".to_owned());
                self.manner().revoked.push(form.get("token").cloned().unwrap_or_default());
                Response::empty(200)
            }
            _ => Response::empty(404),
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}
