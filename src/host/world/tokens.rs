//! The authorization server: refresh tokens in, access tokens out.
//!
//! Access tokens are `name~7`: what opens the account, and how often it was renewed before. Refresh tokens are `refresh-name~7`. Most
//! renewals give a new refresh token, as Microsoft does, and some give none, as Google does. Whoever shows one that is older than one
//! that was shown before has lost the newer one, and gets `invalid_grant` from then on: a client that uses what it has not stored does
//! so sooner or later.

use super::Answered;
use super::dice::hash;
use crate::host::http::{NetError, Request, Response};
use crate::time::{Elapsed, Instant};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// Where it is.
pub const URL: &str = "https://oauth.example/token";
/// How long an access token holds.
const LIFE_SECS: i64 = 3600;

/// What it knows of one account.
#[derive(Clone, Debug, Default)]
struct Grant {
    /// The newest refresh token that was given.
    given: u64,
    /// The newest that was shown.
    shown: u64,
    /// Its user took it back.
    revoked: bool,
}

/// The server.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    grants: BTreeMap<String, Grant>,
    /// Until when access tokens hold.
    access: BTreeMap<String, Instant>,
    /// How often it was asked.
    asked: u64,
    /// Of a thousand requests so many meet a fault.
    pub faults: u64,
}

/// The account and the number of a token.
#[must_use]
pub fn parts(token: &str) -> Option<(&str, u64)> {
    let (name, number) = token.rsplit_once('~')?;
    Some((name, number.parse().ok()?))
}

/// The refresh token of an account that was never renewed.
#[must_use]
pub fn first(name: &str) -> String {
    format!("refresh-{name}~0")
}

/// The account that a request for a token is about, and the number of the refresh token.
#[must_use]
pub fn about(request: &Request) -> Option<(String, u64)> {
    let mut form = url::form_urlencoded::parse(&request.body);
    let (_, token) = form.find(|(name, _)| name == "refresh_token")?;
    let (name, number) = parts(token.strip_prefix("refresh-")?)?;
    Some((name.to_owned(), number))
}

impl Tokens {
    /// The user of an account takes the grant back.
    pub fn revoke(&mut self, name: &str) {
        self.grants.entry(name.to_owned()).or_default().revoked = true;
    }

    /// Whether an access token ran out, or was never given. Those without a number were not given here.
    #[must_use]
    pub fn refuses(&self, bearer: &str, now: Instant) -> bool {
        parts(bearer).is_some() && self.access.get(bearer).is_none_or(|until| *until <= now)
    }

    /// Answers a request.
    pub fn handle(&mut self, now: Instant, request: &Request, is_clear: bool) -> Answered {
        self.asked += 1;
        let dice = hash(&format!("token {} {now}", self.asked));
        let soon = Duration::from_millis(50 + dice % 200);
        let Some((name, number)) = about(request) else {
            let refused = Response::json(400, &json!({ "error": "invalid_request" }));
            return Answered { after: soon, result: Ok(refused) };
        };
        let meets = !is_clear && dice / 1000 % 1000 < self.faults;
        let fault = (dice / 7_000_000) % 5;
        if meets && fault == 0 {
            return Answered { after: soon, result: Ok(Response::empty(503)) };
        }
        if meets && fault == 1 {
            return Answered { after: soon, result: Err(NetError::NotSent) };
        }
        let response = self.renewed(now, &name, number, !dice.is_multiple_of(7));
        match fault {
            // It arrives twice: what was given first is lost.
            2 if meets => Answered { after: soon, result: Ok(self.renewed(now, &name, number, true)) },
            3 if meets => Answered { after: Duration::from_secs(4), result: Ok(response) },
            // Done, and nobody hears of it.
            4 if meets => Answered { after: request.timeout, result: Err(NetError::Ambiguous) },
            _ => Answered { after: soon, result: Ok(response) },
        }
    }

    fn renewed(&mut self, now: Instant, name: &str, number: u64, rotates: bool) -> Response {
        let grant = self.grants.entry(name.to_owned()).or_default();
        if grant.revoked || number < grant.shown || number > grant.given {
            return Response::json(400, &json!({ "error": "invalid_grant" }));
        }
        grant.shown = number;
        if rotates {
            grant.given += 1;
        }
        let access = format!("{name}~{}", if rotates { grant.given } else { number });
        let mut body = json!({ "access_token": access, "token_type": "Bearer", "expires_in": LIFE_SECS });
        if rotates {
            body["refresh_token"] = format!("refresh-{name}~{}", grant.given).into();
        }
        self.access.insert(access, now + Elapsed::from_secs(LIFE_SECS));
        Response::json(200, &body)
    }
}
