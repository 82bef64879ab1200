//! Meeting links: which service, which meeting, which address to join.
//!
//! [`find`] reads the places of an event where a link can stand, in their order of precedence, and tells the one to join.
//! Everything happens offline: a link that a mail gateway wrapped is unwrapped where its text allows, and reported as
//! unknown where only the gateway knows it. The time it takes grows with the length of the texts and with nothing else.
//!
//! Deliberately absent: guesses. A host is one of the tables' or it is none of a meeting service.

mod address;
mod decode;
mod platforms;
mod scan;
mod services;
mod wrappers;

use crate::value::{Closed, Conference, Fact, UnknownReason};
use address::Address;
use std::fmt;
use wrappers::Wrapped;

/// A meeting link found in an event.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// The service as rules know it.
    pub conference: Conference,
    /// The service's own name, for output: `meet`, `zoom`, `jitsi`, …
    pub platform: &'static str,
    /// What names the meeting, without passwords or tokens; equal for equal meetings of one platform.
    pub id: String,
    /// The address to join, unwrapped; it may hold a password and never lands in a log (`U11.9`).
    pub url: String,
    /// Whether a bot can join: a known platform, a join page.
    pub joinable: bool,
}

/// Without the address, which may hold a password (`U11.9`).
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joinable = if self.joinable { "" } else { ", not joinable" };
        write!(f, "Link({} {}{joinable})", self.platform, self.id)
    }
}

/// A place in an event where a link can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkSource<'a> {
    /// A field that holds one address: conference data, a join field, the event's own URL.
    Url(&'a str),
    /// Free text: a location, a plain description.
    Text(&'a str),
    /// Text that is or may be HTML: the addresses of its anchors come before the ones in its text.
    Html(&'a str),
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The link to join. Unknown where an address is wrapped in a form that cannot be decoded, and nothing better is there.
    pub link: Fact<Option<Link>>,
    /// Which of the sources it comes from.
    pub source: Option<usize>,
    /// Other meetings that could be joined instead, in their order (`U11.8`); at most [`OTHERS_MAX`].
    pub others: Vec<Link>,
}

/// Most other meetings that are told of.
pub const OTHERS_MAX: usize = 8;

/// The name that output uses for a platform, where `word` is one.
#[must_use]
pub fn platform_word(word: &str) -> Option<&'static str> {
    let joined = Conference::from_word(word).map(Closed::word);
    joined.or_else(|| services::name_of(word))
}

/// The link to join among `sources`, which come in their order of precedence (`U11.1`).
///
/// ```
/// use callsheet::event::link::{LinkSource, find};
/// let notes = "Join: https://nam11.safelinks.protection.outlook.com/?url=https%3A%2F%2Fzoom.us%2Fj%2F5551112222%3Fpwd%3Dx";
/// let found = find(&[LinkSource::Text("Room 5"), LinkSource::Html(notes)]);
/// let link = found.known().unwrap().as_ref().unwrap();
/// assert_eq!((link.platform, link.id.as_str()), ("zoom", "5551112222"));
/// assert_eq!(link.url, "https://zoom.us/j/5551112222?pwd=x");
/// ```
#[must_use]
pub fn find(sources: &[LinkSource<'_>]) -> Fact<Option<Link>> {
    search(sources).link
}

/// Like [`find`], and tells where the link stood and what else could be joined.
///
/// A link that can be joined comes before one that cannot, wherever they stand; then the earlier source wins (`U11.8`), and
/// in one source the earlier meeting, in the fullest of its spellings (`U11.2`).
#[must_use]
pub fn search(sources: &[LinkSource<'_>]) -> Found {
    let mut joinable: Vec<(usize, Candidate)> = Vec::new();
    let mut fallback: Option<(usize, Fact<Option<Link>>)> = None;
    for (index, source) in sources.iter().enumerate() {
        for written in scan::addresses(*source) {
            match resolve(&written) {
                Resolved::Meeting(candidate) if candidate.link.joinable => add(&mut joinable, index, candidate),
                Resolved::Meeting(candidate) => {
                    fallback.get_or_insert((index, Fact::Known(Some(candidate.link))));
                }
                // Behind an address that only a gateway can read may be the meeting: in one source it outweighs a
                // service that no bot joins.
                Resolved::Opaque => {
                    let behind = fallback.as_ref().is_some_and(|(earlier, _)| *earlier < index);
                    if !behind {
                        fallback = Some((index, Fact::Unknown(UnknownReason::LinkWrapped)));
                    }
                }
                Resolved::Nothing => {}
            }
        }
    }
    let mut joinable = joinable.into_iter().map(|(index, candidate)| (index, candidate.link));
    match (joinable.next(), fallback) {
        (Some((index, link)), _) => {
            Found { link: Fact::Known(Some(link)), source: Some(index), others: joinable.map(|(_, link)| link).collect() }
        }
        (None, Some((index, link))) => Found { link, source: Some(index), others: Vec::new() },
        (None, None) => Found { link: Fact::Known(None), source: None, others: Vec::new() },
    }
}

/// Adds a meeting, or, in the source that it was first seen in, a fuller spelling of it.
fn add(meetings: &mut Vec<(usize, Candidate)>, index: usize, candidate: Candidate) {
    let same = |known: &&mut (usize, Candidate)| {
        known.1.link.platform == candidate.link.platform && known.1.link.id == candidate.link.id
    };
    if let Some((known, fullest)) = meetings.iter_mut().find(same) {
        if *known == index && candidate.fullness() > fullest.fullness() {
            *fullest = candidate;
        }
    } else if meetings.len() <= OTHERS_MAX {
        meetings.push((index, candidate));
    }
}

/// `text` with every wrapped address in it replaced by what it wraps, where that can be read.
///
/// ```
/// use callsheet::event::link::unwrap_text;
/// let wrapped = "See https://www.google.com/url?q=https%3A%2F%2Facme.com%2Fdoc&sa=D.";
/// assert_eq!(unwrap_text(wrapped), "See https://acme.com/doc.");
/// ```
#[must_use]
pub fn unwrap_text(text: &str) -> String {
    let mut unwrapped = String::with_capacity(text.len());
    let mut from = 0;
    for (start, end) in scan::in_text(text) {
        unwrapped.push_str(&text[from..start]);
        match peel(&text[start..end]) {
            Some((Ok(address), hops)) if hops > 0 => unwrapped.push_str(address.as_str()),
            _ => unwrapped.push_str(&text[start..end]),
        }
        from = end;
    }
    unwrapped.push_str(&text[from..]);
    unwrapped
}

/// A meeting under one spelling of its address.
struct Candidate {
    link: Link,
    has_secret: bool,
}

impl Candidate {
    /// With a password before without one, then the longer address.
    fn fullness(&self) -> (bool, usize) {
        (self.has_secret, self.link.url.len())
    }
}

enum Resolved {
    Meeting(Candidate),
    Opaque,
    Nothing,
}

/// What stands behind an address as written.
fn resolve(written: &str) -> Resolved {
    match peel(written) {
        Some((Ok(address), _)) => recognise(&address)
            .or_else(|| recognise(&Address::read(ascii_start(written)?)?))
            .map_or(Resolved::Nothing, Resolved::Meeting),
        // A hint that names no meeting service makes it some other link.
        Some((Err(hint), _)) if hint.as_deref().is_none_or(may_hold_meetings) => Resolved::Opaque,
        Some((Err(_), _)) => Resolved::Nothing,
        None => Resolved::Nothing,
    }
}

/// `written` up to the first character that is not ASCII, where there is one: scripts without spaces write on right there.
fn ascii_start(written: &str) -> Option<&str> {
    written.find(|c: char| !c.is_ascii()).map(|end| &written[..end])
}

/// Takes all wrappers off and counts them. `Err`: an opaque one is left, or more than anybody would use.
fn peel(written: &str) -> Option<(Result<Address, Option<String>>, usize)> {
    let mut address = Address::read(&decode::address(written))?;
    for hops in 0..wrappers::HOPS_MAX {
        match wrappers::unwrap(&address) {
            Wrapped::No => return Some((Ok(address), hops)),
            Wrapped::Target(target) => address = Address::read(&target)?,
            Wrapped::Opaque(hint) => return Some((Err(hint), hops)),
        }
    }
    match wrappers::unwrap(&address) {
        Wrapped::No => Some((Ok(address), wrappers::HOPS_MAX)),
        _ => Some((Err(None), wrappers::HOPS_MAX)),
    }
}

/// The meeting behind an address that is not wrapped.
fn recognise(address: &Address) -> Option<Candidate> {
    let after_scheme = address.as_str().split_once("://").map_or("", |(_, rest)| rest);
    if decode::hides_address(after_scheme) {
        return None;
    }
    let (conference, platform, id, joinable) = match platforms::recognise(address) {
        Some(meeting) => (meeting.conference, meeting.conference.word(), meeting.id, meeting.joinable),
        None => {
            let (name, id) = services::recognise(address)?;
            (Conference::Other, name, id, false)
        }
    };
    let link = Link { conference, platform, id, url: address.as_str().to_owned(), joinable };
    Some(Candidate { link, has_secret: platforms::has_secret(address) })
}

/// Whether a domain that a wrapper hints at is a meeting service's.
fn may_hold_meetings(domain: &str) -> bool {
    let at = |host: &str| domain == host || domain.strip_suffix(host).is_some_and(|rest| rest.ends_with('.'));
    let within = |host: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    let listed = |host: &str| at(host) || within(host);
    platforms::hosts().any(listed) || wrappers::known().any(|(host, _)| at(host.trim_start_matches('.')))
}

/// Every host of a meeting service that links are recognised by, as the tables write it, with the service's name.
pub fn known_hosts() -> impl Iterator<Item = (&'static str, &'static str)> {
    platforms::known().chain(services::hosts())
}
