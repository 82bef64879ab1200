//! Links that a mail gateway or a redirect has wrapped: unwrapped by their text alone.
//!
//! Nothing is ever fetched: following a wrapper would report a click, use up single-use links and let a stranger's
//! invitation choose what address this program talks to.

use super::address::Address;
use super::decode;

/// Most wrappers taken off one address (`U11.4`).
pub(super) const HOPS_MAX: usize = 8;

/// What an address is, seen as a wrapper.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrapped {
    /// No wrapper.
    No,
    /// A wrapper around this address.
    Target(String),
    /// A wrapper whose target only its gateway knows, perhaps with the target's domain.
    Opaque(Option<String>),
}

/// How a wrapper carries its target.
#[derive(Clone, Copy)]
enum Form {
    /// As the value of the first of these query parameters that is there; else it carries none.
    Query(&'static [&'static str]),
    /// The same, but without the parameter the wrapper is an older, opaque form.
    QueryOrOpaque(&'static [&'static str]),
    /// Proofpoint's second form: `-` for `%` and `_` for `/`, in parameter `u`.
    DashedQuery,
    /// Proofpoint's third form, in the path.
    Proofpoint,
    /// As the last part of the path, percent-encoded; else opaque.
    LastSegment,
    /// Nowhere; a parameter `domain` may hint at it.
    Opaque,
}

/// The known wrappers: host (a leading dot: below it), begin of the path, form.
const WRAPPERS: &[(&str, &str, Form)] = &[
    (".safelinks.protection.outlook.com", "/", Form::Query(&["url"])),
    (".safelinks.protection.office365.us", "/", Form::Query(&["url"])),
    ("statics.teams.cdn.office.net", "/evergreen-assets/safelinks/", Form::Query(&["url"])),
    ("staticsint.teams.cdn.office.net", "/evergreen-assets/safelinks/", Form::Query(&["url"])),
    ("outlook.office.com", "/mail/safelink.html", Form::Query(&["url"])),
    ("outlook.office365.com", "/mail/safelink.html", Form::Query(&["url"])),
    ("meet.google.com", "/linkredirect", Form::Query(&["dest"])),
    ("urldefense.proofpoint.com", "/v1/url", Form::Query(&["u"])),
    ("urldefense.proofpoint.com", "/v2/url", Form::DashedQuery),
    ("urldefense.com", "/v1/url", Form::Query(&["u"])),
    ("urldefense.com", "/v2/url", Form::DashedQuery),
    ("urldefense.proofpoint.com", "/v3/", Form::Proofpoint),
    ("urldefense.com", "/v3/", Form::Proofpoint),
    ("urldefense.us", "/v3/", Form::Proofpoint),
    ("linkprotect.cudasvc.com", "/url", Form::Query(&["a"])),
    ("clicktime.symantec.com", "/", Form::QueryOrOpaque(&["u"])),
    ("secure-web.cisco.com", "/", Form::LastSegment),
    ("protect.fireeye.com", "/", Form::QueryOrOpaque(&["u"])),
    ("protect2.fireeye.com", "/", Form::QueryOrOpaque(&["u"])),
    ("protect.trellix.com", "/", Form::QueryOrOpaque(&["u"])),
    ("protect2.trellix.com", "/", Form::QueryOrOpaque(&["u"])),
    (".mimecastprotect.com", "/s/", Form::Opaque),
];

/// Hosts and begins of the path of the wrappers, for tests.
pub(super) fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    WRAPPERS.iter().map(|(host, path, _)| (*host, *path))
}

/// Takes one wrapper off.
pub(super) fn unwrap(address: &Address) -> Wrapped {
    let Some(form) = form(address) else { return Wrapped::No };
    match form {
        Form::Query(keys) => query_target(address, keys).map_or(Wrapped::No, Wrapped::Target),
        Form::QueryOrOpaque(keys) => query_target(address, keys).map_or_else(|| opaque(address), Wrapped::Target),
        Form::DashedQuery => match address.query_raw("u") {
            Some(dashed) => Wrapped::Target(decode::address(&decode::percent(&dashed.replace('-', "%").replace('_', "/")))),
            None => opaque(address),
        },
        Form::Proofpoint => proofpoint(address).map_or_else(|| opaque(address), Wrapped::Target),
        Form::LastSegment => {
            // Its own path does not matter, and the target may bring a query of its own.
            let last = address.path_and_query().rsplit_once('/').map(|(_, last)| decode::address(last));
            last.filter(|target| target.contains("://")).map_or_else(|| opaque(address), Wrapped::Target)
        }
        Form::Opaque => opaque(address),
    }
}

fn form(address: &Address) -> Option<Form> {
    let listed = WRAPPERS.iter().find(|(host, path, _)| {
        let host_fits = if host.starts_with('.') { address.host().ends_with(host) } else { address.host() == *host };
        host_fits && address.path().starts_with(path)
    });
    if let Some((.., form)) = listed {
        return Some(*form);
    }
    if is_google(address.host()) && address.path() == "/url" {
        return Some(Form::Query(&["q", "url"]));
    }
    let mimecast = address.host().strip_suffix(".mimecast.com").is_some_and(|label| label.starts_with("protect-"));
    (mimecast && address.path().starts_with("/s/")).then_some(Form::Opaque)
}

/// Google under any of its country domains.
fn is_google(host: &str) -> bool {
    let host = host.strip_prefix("www.").unwrap_or(host);
    let Some(suffix) = host.strip_prefix("google.") else { return false };
    psl::suffix(host.as_bytes())
        .is_some_and(|known| known.typ() == Some(psl::Type::Icann) && known.as_bytes() == suffix.as_bytes())
}

fn query_target(address: &Address, keys: &[&str]) -> Option<String> {
    let value = keys.iter().find_map(|key| address.query_raw(key))?;
    let target = decode::address(&decode::percent(value));
    target.contains("://").then_some(target)
}

fn opaque(address: &Address) -> Wrapped {
    Wrapped::Opaque(address.query_raw("domain").map(|domain| decode::percent(domain).to_ascii_lowercase()))
}

/// `__<address>__;<base64>!…`: each `*` in the address stands for the next character of the base64 text, each `**` and a
/// letter for a run of them, whose length the letter codes.
fn proofpoint(address: &Address) -> Option<String> {
    let text = address.after_host().strip_prefix("/v3/__")?;
    let (masked, rest) = text.rsplit_once("__;").or_else(|| text.rsplit_once("__"))?;
    let coded = rest.split('!').next().unwrap_or_default();
    let filling = String::from_utf8(decode::base64(coded)?).ok()?;
    let target = fill(masked, &filling)?;
    // Some paths lose one of two slashes on the way.
    match target.split_once(":/") {
        Some((scheme, rest)) if !rest.starts_with('/') => Some(format!("{scheme}://{rest}")),
        _ => Some(target),
    }
}

/// Puts the characters of `filling` where `masked` has its stars.
fn fill(masked: &str, filling: &str) -> Option<String> {
    let mut filling = filling.chars();
    let mut filled = String::with_capacity(masked.len());
    let mut rest = masked;
    while let Some((before, after)) = rest.split_once('*') {
        filled.push_str(before);
        let run = after.strip_prefix('*').and_then(|coded| Some((run_length(*coded.as_bytes().first()?)?, &coded[1..])));
        let (length, after) = run.unwrap_or((1, after));
        // INVARIANT: never longer than `masked` and `filling` together; a run takes what there is.
        filled.extend(filling.by_ref().take(length));
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// The length that a letter codes: `A` is 2, then on through `Z`, `a` to `z`, `0` to `9`, `-`, `_`.
fn run_length(letter: u8) -> Option<usize> {
    let at = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(usize::from(at) + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(written: &str) -> Wrapped {
        unwrap(&Address::read(written).expect("an address"))
    }

    #[test]
    fn every_gateway_is_unwrapped() {
        let zoom = "https://zoom.us/j/5551112222?pwd=a.1";
        let encoded = "https%3A%2F%2Fzoom.us%2Fj%2F5551112222%3Fpwd%3Da.1";
        let wrappers = [
            format!("https://eur03.safelinks.protection.outlook.com/?url={encoded}&data=05%7C02&reserved=0"),
            format!("https://gcc02.safelinks.protection.office365.us/ap/t-59584e83/?url={encoded}&data=x"),
            format!(
                "https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/atp-safelinks.html?url={encoded}&locale=en"
            ),
            format!("https://outlook.office.com/mail/safelink.html?url={encoded}&corid=1"),
            format!("https://www.google.com/url?q={encoded}&sa=D"),
            format!("https://www.google.co.uk/url?sa=t&url={encoded}"),
            format!("https://urldefense.proofpoint.com/v1/url?u={encoded}&k=x"),
            "https://urldefense.proofpoint.com/v2/url?u=https-3A__zoom.us_j_5551112222-3Fpwd-3Da.1&d=DwMF&c=x".to_owned(),
            "https://urldefense.com/v3/__https://zoom.us/j/5551112222?pwd=a.1__;!!Abc!xyz$".to_owned(),
            "https://urldefense.com/v3/__https:/zoom.us/j/5551112222*pwd=a.1__;Pw!!Abc!xyz$".to_owned(),
            "https://urldefense.us/v3/__https://zoom.us/j/5551112222**Apwd=a.1__;Pw!!Abc!xyz$".to_owned(),
            format!("https://linkprotect.cudasvc.com/url?a={encoded}&c=E,1"),
            format!("https://clicktime.symantec.com/3LJ?u={encoded}"),
            format!("https://secure-web.cisco.com/1abcDEF-x/{encoded}"),
            format!("https://protect2.fireeye.com/v1/url?k=1&q=1&e=2&u={encoded}"),
        ];
        for wrapper in wrappers {
            assert_eq!(target(&wrapper), Wrapped::Target(zoom.to_owned()), "{wrapper}");
        }
    }

    #[test]
    fn proofpoint_runs_take_several_characters() {
        assert_eq!(fill("a*b**Bc", "-xyz").as_deref(), Some("a-bxyzc"));
        assert_eq!(fill("**_", "x").as_deref(), Some("x"));
        assert_eq!(fill("**", "xy").as_deref(), Some("xy"));
    }

    #[test]
    fn opaque_gateways_say_what_they_hint_at() {
        assert_eq!(target("https://protect-eu.mimecast.com/s/AbCd?domain=zoom.us"), Wrapped::Opaque(Some("zoom.us".to_owned())));
        assert_eq!(target("https://url.us.m.mimecastprotect.com/s/AbCd"), Wrapped::Opaque(None));
        assert_eq!(target("https://clicktime.symantec.com/AbCd"), Wrapped::Opaque(None));
        assert_eq!(target("https://secure-web.cisco.com/1abc"), Wrapped::Opaque(None));
    }

    #[test]
    fn look_alike_gateways_are_none() {
        for written in [
            "https://google.evil.example/url?q=https%3A%2F%2Fzoom.us",
            "https://evilsafelinks.protection.outlook.com.evil.example/?url=x",
            "https://protect-eu.mimecast.com.evil.example/s/x",
        ] {
            assert_eq!(target(written), Wrapped::No, "{written}");
        }
    }
}
