//! What a request may reach: the guard against URLs that lead inside.
//!
//! Two kinds of URLs. Those of webhook receivers and feeds come from tenants and users: HTTPS on port 443 to a name, and every
//! address of the name must be public. Those of providers and the bot backend come from the operator: HTTPS to wherever, or plain HTTP on
//! this machine. An operator who runs receivers at home names private networks ([`Guard::open`]): what the rules for strangers refuse
//! is then still reached when *all* of its addresses lie in those networks, and only then.
//!
//! [`Guard::check_url`] judges the text and says by which [`Reach`] the addresses must be judged; [`Guard::check_addresses`] judges
//! those, once they are known, and whoever asks must connect to these very addresses. The URL to send to is the parsed one
//! ([`Target::url`]), never the text, so that nobody reads it a second time in another way.
//!
//! Source: providers.md W13.11; reliability.md 6.3.

use super::address::{self, Subnet};
use crate::host::http::{NetError, Purpose};
use std::net::IpAddr;
use url::{Host, Url};

/// Most bytes of a URL. Cursors of providers run to several thousand.
pub const URL_BYTES_MAX: usize = 16 * 1024;

/// Which addresses a target may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// Public ones, and those of opened networks.
    Public,
    /// Those of opened networks only.
    Opened,
    /// Those of this machine, and of opened networks: the operator's plain HTTP.
    Near,
    /// Whatever the operator configured, besides what nobody can mean.
    Configured,
}

/// Where a request goes, as far as the URL alone says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
    reach: Reach,
}

impl Target {
    /// The URL to send to: parsed, without fragment, the name without its final dot.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// How its addresses are to be judged.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.reach
    }
}

/// What the operator allows beyond the rules. The default allows nothing.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    opened: Vec<Subnet>,
    ports: Vec<u16>,
    own: Vec<IpAddr>,
}

impl Guard {
    /// Opens a private network to receivers and feeds, on any port and over plain HTTP as well.
    #[must_use]
    pub fn open(mut self, network: Subnet) -> Self {
        self.opened.push(network);
        self
    }

    /// Allows another port than 443 for public receivers and feeds.
    #[must_use]
    pub fn allow_port(mut self, port: u16) -> Self {
        self.ports.push(port);
        self
    }

    /// Closes a public address of the operator's own, so that nobody makes the host talk to itself from inside.
    #[must_use]
    pub fn close_own(mut self, address: IpAddr) -> Self {
        self.own.push(address.to_canonical());
        self
    }

    /// Whether any private network is open.
    #[must_use]
    pub fn opens_networks(&self) -> bool {
        !self.opened.is_empty()
    }

    /// Judges the text of a URL.
    ///
    /// # Errors
    /// [`NetError::BadUrl`] where it is no URL, or its scheme, port or credentials are not for this purpose;
    /// [`NetError::Forbidden`] where it names an address, or a name that cannot be public.
    pub fn check_url(&self, purpose: Purpose, text: &str) -> Result<Target, NetError> {
        let mut url = plainly_written(text)?;
        url.set_fragment(None);
        let host = match url.host().ok_or(NetError::BadUrl)? {
            Host::Domain(name) => Host::Domain(absolute_name(name).ok_or(NetError::BadUrl)?.to_owned()),
            Host::Ipv4(address) => Host::Ipv4(address),
            Host::Ipv6(address) => Host::Ipv6(address),
        };
        if let Host::Domain(name) = &host {
            url.set_host(Some(name)).map_err(|_| NetError::BadUrl)?;
        }
        let secure = url.scheme() == "https";
        let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(NetError::BadUrl)?;
        let reach = match purpose {
            Purpose::Provider | Purpose::Bots if secure => Reach::Configured,
            Purpose::Provider | Purpose::Bots => Reach::Near,
            Purpose::Feed | Purpose::Webhook => self.reach_of_stranger(&host, secure, port)?,
        };
        match host {
            Host::Ipv4(address) => self.check_addresses(reach, &[IpAddr::V4(address)])?,
            Host::Ipv6(address) => self.check_addresses(reach, &[IpAddr::V6(address)])?,
            Host::Domain(_) => (),
        }
        Ok(Target { url, reach })
    }

    /// What is refused here may still be meant for an opened network; its addresses will tell.
    fn reach_of_stranger(&self, host: &Host<String>, secure: bool, port: u16) -> Result<Reach, NetError> {
        let refused = match host {
            _ if !secure => NetError::BadUrl,
            _ if port != 443 && !self.ports.contains(&port) => NetError::BadUrl,
            Host::Domain(name) if public_name(name) => return Ok(Reach::Public),
            _ => NetError::Forbidden,
        };
        if self.opens_networks() { Ok(Reach::Opened) } else { Err(refused) }
    }

    /// Judges the addresses of a name: one that is not allowed refuses all, as whoever mixes them is up to something.
    ///
    /// # Errors
    /// [`NetError::Forbidden`]; [`NetError::NotSent`] where there is no address.
    pub fn check_addresses(&self, reach: Reach, addresses: &[IpAddr]) -> Result<(), NetError> {
        if addresses.is_empty() {
            return Err(NetError::NotSent);
        }
        let allowed = addresses.iter().all(|address| self.allows(reach, address.to_canonical()));
        if allowed { Ok(()) } else { Err(NetError::Forbidden) }
    }

    fn allows(&self, reach: Reach, address: IpAddr) -> bool {
        let opened = self.opened.iter().any(|network| network.contains(address));
        let own = self.own.contains(&address);
        match reach {
            Reach::Public => !own && (opened || address::closed(address).is_none()),
            Reach::Opened => !own && opened,
            Reach::Near => opened || address.is_loopback(),
            Reach::Configured => !address::senseless(address),
        }
    }
}

/// Parses a URL that is written plainly: `scheme://host…` in so many characters. The URL standard forgives more (missing
/// slashes, backslashes, line breaks, escapes in the host), which nobody needs and two parsers read in two ways.
fn plainly_written(text: &str) -> Result<Url, NetError> {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("https" | "http")) || text.len() > URL_BYTES_MAX {
        return Err(NetError::BadUrl);
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(NetError::BadUrl);
    }
    let authority = text.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    // `@` ends credentials even where they are empty; `%` in a host hides its letters.
    if authority.is_none_or(|authority| authority.is_empty() || authority.contains(['@', '%'])) {
        return Err(NetError::BadUrl);
    }
    Url::parse(text).map_err(|_| NetError::BadUrl)
}

/// The name without its final dot, where its labels are those of a name (RFC 1035 §2.3.4).
fn absolute_name(name: &str) -> Option<&str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let sound = name.len() <= 253
        && name.split('.').all(|label| {
            let written = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            (1..=63).contains(&label.len()) && written
        });
    sound.then_some(name)
}

/// Names that mean something on this machine or in this network only, and those that mean nothing anywhere.
///
/// Source: RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476; ICANN's reservation of `internal`; and what private networks use.
const LOCAL_SUFFIXES: &[&str] = &[
    "alt",
    "arpa",
    "corp",
    "domain",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "onion",
    "private",
    "test",
];

/// Whether the name can be one on the internet. Only for an early answer: what counts are the addresses.
fn public_name(name: &str) -> bool {
    let Some((_, last)) = name.rsplit_once('.') else { return false };
    !LOCAL_SUFFIXES.contains(&last) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
