//! One strict reading of an address: what this module sees is what a browser would open.

use super::scan::SCHEMES;
use url::Url;

/// An address whose host is exactly the one written in it.
#[derive(Debug)]
pub(super) struct Address {
    url: Url,
    host: String,
}

/// What Microsoft's cloud access proxy puts behind the host of a page.
const PROXY_SUFFIX: &str = ".mcas.ms";

impl Address {
    /// Reads `written`; `None` for whatever is no address of a web page or a meeting program, and for tricks.
    ///
    /// Tricks are all that makes two readers see two hosts: a user name (`zoom.us@evil.example`), a port, backslashes,
    /// control characters, escapes or other scripts in the host (`U11.3`). A service's own links have none of them.
    pub(super) fn read(written: &str) -> Option<Self> {
        let (_, rest) = written.split_once("://")?;
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let mut url = Url::parse(written).ok()?;
        if !SCHEMES.contains(&url.scheme()) || !authority.is_ascii() {
            return None;
        }
        let mut host = url.host_str()?.to_ascii_lowercase();
        let bare = authority.rsplit_once(':').filter(|_| url.port().is_none()).map_or(authority, |(bare, _)| bare);
        if !bare.eq_ignore_ascii_case(&host) || url.port().is_some() {
            return None;
        }
        if let Some(inner) = host.strip_suffix(PROXY_SUFFIX) {
            host = inner.to_owned();
            url.set_host(Some(&host)).ok()?;
        }
        let host = host.strip_suffix('.').unwrap_or(&host).to_owned();
        Some(Self { url, host })
    }

    /// The host in lower case, without a final dot.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Whether the host is `domain` or lies below it.
    pub(super) fn is_at(&self, domain: &str) -> bool {
        self.host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// Whether the address is for a browser.
    pub(super) fn is_web(&self) -> bool {
        matches!(self.url.scheme(), "http" | "https")
    }

    /// The path as written.
    pub(super) fn path(&self) -> &str {
        self.url.path()
    }

    /// The parts of the path that are not empty.
    pub(super) fn segments(&self) -> Vec<&str> {
        segments(self.url.path())
    }

    /// The value of a query parameter, still encoded; its name in any case.
    pub(super) fn query_raw(&self, key: &str) -> Option<&str> {
        query_value(self.url.query()?, key)
    }

    /// The value of a parameter of the query, or else of the fragment, still encoded.
    pub(super) fn parameter(&self, key: &str) -> Option<&str> {
        self.query_raw(key).or_else(|| query_value(self.fragment()?, key))
    }

    /// What follows `#`.
    pub(super) fn fragment(&self) -> Option<&str> {
        self.url.fragment()
    }

    /// Path, query and fragment.
    pub(super) fn after_host(&self) -> &str {
        &self.url[url::Position::BeforePath..]
    }

    /// Path and query.
    pub(super) fn path_and_query(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// The whole address.
    pub(super) fn as_str(&self) -> &str {
        self.url.as_str()
    }
}

/// The parts of a path that are not empty.
pub(super) fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

/// The value of a parameter in a query, still encoded; its name in any case, an empty value is none.
pub(super) fn query_value<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(name, value)| name.eq_ignore_ascii_case(key) && !value.is_empty()).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tricks_with_hosts_are_refused() {
        for written in [
            "https://zoom.us@evil.example/j/1",
            "https://evil.example\\@zoom.us/j/1",
            "https://user:secret@zoom.us/j/1",
            "https://zoom.us:8443/j/1",
            "https://zoom%2eus/j/1",
            "https://ｚoom.us/j/1",
            "https://zo\u{ad}om.us/j/1",
            "https://zoom\u{3002}us/j/1",
            "https://zo\tom.us/j/1",
            "ftp://zoom.us/j/1",
            "javascript://zoom.us/j/1",
            "https:///zoom.us/j/1",
            "zoom.us/j/1",
        ] {
            assert!(Address::read(written).is_none(), "{written}");
        }
    }

    #[test]
    fn hosts_lie_below_a_domain_at_a_dot_only() {
        let at = |written: &str| Address::read(written).is_some_and(|address| address.is_at("zoom.us"));
        assert!(at("https://zoom.us/j/1") && at("HTTPS://US02web.Zoom.US:443/j/1") && at("https://zoom.us./j/1"));
        assert!(!at("https://evilzoom.us/j/1") && !at("https://zoom.us.evil.example/j/1"));
    }

    #[test]
    fn the_proxy_suffix_comes_off() {
        let address = Address::read("https://teams.microsoft.com.mcas.ms/meet/1").expect("an address");
        assert_eq!(address.as_str(), "https://teams.microsoft.com/meet/1");
    }
}
