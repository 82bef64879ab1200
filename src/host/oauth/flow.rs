//! The way of one user from a link to a grant: which step may follow which.
//!
//! Each step takes a flow as it is stored, with what came in, and answers with the flow as it is to be stored; committed under the
//! version that was read, so that it happens once, however often and wherever it is tried. What opened a step is gone with it.
//!
//! ```text
//! offered ─ the link is followed by a press of the button → begun ─ the provider sends the browser back → parked
//!         ─ the tenant's server says whose browser it is → bound ─ the code is exchanged → connected
//! ```
//!
//! Where whoever hears that word opens nothing, the flow is *handed* over in between, and *bound* by whoever takes it over.
//!
//! Any of them may end in *failed*, with a reason. No clock and no randomness: both come in.

use super::secret::hash;
use crate::host::model::grants::{Flow, FlowState};
use crate::host::model::{ConnectionId, Origin, TenantId};
use crate::time::{Elapsed, Instant};

/// How long a flow may take.
pub const LIFE: Elapsed = Elapsed::from_mins(10);
/// Longest code of a provider, in bytes.
pub const CODE_BYTES_MAX: usize = 8 * 1024;

/// Why a step is not taken. The flow stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its time is over.
    #[error("it took too long")]
    Expired,
    /// That step was taken already, or is not due.
    #[error("it was used before")]
    Used,
}

/// What a flow is to be for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its number.
    pub id: u64,
    /// The provider.
    pub provider: Origin,
    /// The client.
    pub client: String,
    /// The user.
    pub user: String,
    /// Where the browser goes at the end.
    pub return_url: String,
    /// For whoever opens the link.
    pub bare: bool,
}

/// A link is given out.
#[must_use]
pub fn offered(wanted: Wanted, reference: &str, now: Instant) -> Flow {
    Flow {
        tenant: wanted.tenant,
        id: wanted.id,
        provider: wanted.provider,
        client: wanted.client,
        user: wanted.user,
        return_url: wanted.return_url,
        bare: wanted.bare,
        state: FlowState::Offered,
        ref_hash: Some(hash(reference)),
        state_hash: None,
        cookie_hash: None,
        nonce_hash: None,
        session_hash: None,
        verifier: None,
        code: None,
        reason: None,
        connection: None,
        made_at: now,
        expires_at: now.checked_add(LIFE).unwrap_or(Instant::MAX),
        version: 0,
    }
}

/// Whether the flow stands where it must, in time.
///
/// # Errors
/// [`Refused`].
pub fn stands(flow: &Flow, state: FlowState, now: Instant) -> Result<(), Refused> {
    match flow.state == state {
        false => Err(Refused::Used),
        true if now >= flow.expires_at => Err(Refused::Expired),
        true => Ok(()),
    }
}

/// The secrets of a browser that begins.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// Goes to the provider and comes back.
    pub state: &'a str,
    /// Stays with the browser.
    pub cookie: &'a str,
    /// Goes into the ID token.
    pub nonce: &'a str,
    /// The PKCE verifier, sealed.
    pub verifier: &'a str,
}

/// The button was pressed: the link is used up.
///
/// # Errors
/// [`Refused`].
pub fn begun(flow: &Flow, begin: Begin<'_>, now: Instant) -> Result<Flow, Refused> {
    stands(flow, FlowState::Offered, now)?;
    Ok(Flow {
        state: FlowState::Begun,
        ref_hash: None,
        state_hash: Some(hash(begin.state)),
        cookie_hash: Some(hash(begin.cookie)),
        nonce_hash: Some(hash(begin.nonce)),
        verifier: Some(begin.verifier.to_owned()),
        ..flow.clone()
    })
}

/// What a browser came back with.
#[derive(Clone, Copy, Debug)]
pub struct Back<'a> {
    /// The client that the path names.
    pub client: &'a str,
    /// The browser's cookie.
    pub cookie: Option<&'a str>,
    /// Whether the answer names another server than the client's.
    pub is_mixed_up: bool,
    /// The code, sealed; or why there is none.
    pub answer: Result<&'a str, &'static str>,
    /// A new secret for the tenant.
    pub session: &'a str,
}

/// The browser is back. The state is used up whatever comes of it, and a code is only put aside.
///
/// # Errors
/// [`Refused`]: then nothing happens.
pub fn back(flow: &Flow, back: Back<'_>, now: Instant) -> Result<Flow, Refused> {
    stands(flow, FlowState::Begun, now)?;
    let is_browser = back.cookie.is_some_and(|cookie| flow.cookie_hash.as_deref() == Some(&hash(cookie)));
    let fault = match back.answer {
        _ if back.client != flow.client => Some("another-client"),
        _ if !is_browser => Some("another-browser"),
        _ if back.is_mixed_up => Some("another-issuer"),
        Err(why) => Some(why),
        Ok(_) => None,
    };
    Ok(match (fault, back.answer) {
        (None, Ok(code)) => Flow {
            state: FlowState::Parked,
            state_hash: None,
            session_hash: Some(hash(back.session)),
            code: Some(code.to_owned()),
            ..flow.clone()
        },
        (fault, _) => failed(flow, fault.unwrap_or("no-code")),
    })
}

/// The tenant's server says whose browser it was. Another user's: the code is thrown away.
///
/// # Errors
/// [`Refused`].
pub fn bound(flow: &Flow, user: &str, now: Instant) -> Result<Flow, Refused> {
    stands(flow, FlowState::Parked, now)?;
    if flow.user != user {
        return Ok(failed(flow, "another-user"));
    }
    Ok(Flow { state: FlowState::Bound, session_hash: None, cookie_hash: None, ..flow.clone() })
}

/// Of a bare flow: whoever opened the link was told who will receive access, and pressed the button again.
///
/// # Errors
/// [`Refused`].
pub fn confirmed(flow: &Flow, cookie: Option<&str>, now: Instant) -> Result<Flow, Refused> {
    stands(flow, FlowState::Parked, now)?;
    let is_browser = cookie.is_some_and(|cookie| flow.cookie_hash.as_deref() == Some(&hash(cookie)));
    Ok(match (flow.bare, is_browser) {
        (true, true) => Flow { state: FlowState::Bound, session_hash: None, cookie_hash: None, ..flow.clone() },
        (true, false) => failed(flow, "another-browser"),
        (false, _) => failed(flow, "not-bare"),
    })
}

/// A flow that is bound, for others to exchange its code; one that failed as it is.
#[must_use]
pub fn handed_over(flow: Flow) -> Flow {
    match flow.state {
        FlowState::Bound => Flow { state: FlowState::Handed, ..flow },
        _ => flow,
    }
}

/// The code of a flow that was handed over is being exchanged, here and nowhere else; too late, it failed.
///
/// # Errors
/// [`Refused::Used`].
pub fn taken_over(flow: &Flow, now: Instant) -> Result<Flow, Refused> {
    match stands(flow, FlowState::Handed, now) {
        Ok(()) => Ok(Flow { state: FlowState::Bound, ..flow.clone() }),
        Err(Refused::Expired) => Ok(failed(flow, "expired")),
        Err(Refused::Used) => Err(Refused::Used),
    }
}

/// The calendar is connected.
#[must_use]
pub fn connected(flow: &Flow, connection: ConnectionId) -> Flow {
    Flow { state: FlowState::Connected, connection: Some(connection), ..emptied(flow) }
}

/// It came to nothing.
#[must_use]
pub fn failed(flow: &Flow, reason: &'static str) -> Flow {
    Flow { state: FlowState::Failed, reason: Some(reason.to_owned()), ..emptied(flow) }
}

/// Without anything that opens anything.
fn emptied(flow: &Flow) -> Flow {
    Flow {
        ref_hash: None,
        state_hash: None,
        cookie_hash: None,
        nonce_hash: None,
        session_hash: None,
        verifier: None,
        code: None,
        ..flow.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_handed_over_by_who_is_bound_and_taken_over_once_and_in_time() {
        let now = Instant::UNIX_EPOCH;
        let wanted = Wanted {
            tenant: TenantId(1),
            id: 1,
            provider: Origin::Google,
            client: "c".to_owned(),
            user: "ana".to_owned(),
            return_url: "https://app.example".to_owned(),
            bare: false,
        };
        let parked = Flow { state: FlowState::Parked, code: Some("sealed".to_owned()), ..offered(wanted, "reference", now) };
        let handed = handed_over(bound(&parked, "ana", now).expect("it is time"));
        assert_eq!((handed.state, handed.code.as_deref()), (FlowState::Handed, Some("sealed")));
        let taken = taken_over(&handed, now).expect("it is time");
        assert_eq!((taken.state, taken.code.as_deref()), (FlowState::Bound, Some("sealed")));
        assert_eq!(taken_over(&taken, now).map(|flow| flow.state), Err(Refused::Used));
        let late = taken_over(&handed, handed.expires_at).expect("it fails");
        assert_eq!((late.state, late.reason.as_deref(), late.code), (FlowState::Failed, Some("expired"), None));
        // Whose browser it was not: the code goes nowhere.
        let other = handed_over(bound(&parked, "eve", now).expect("it is time"));
        assert_eq!((other.state, other.reason.as_deref(), other.code), (FlowState::Failed, Some("another-user"), None));
    }
}
