//! The table of targets: what strangers write to get inside, and what must still work.

use super::*;
use crate::host::net::address::CLOSED;
use expect_test::expect;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use targets::{BAD, FORBIDDEN};

mod targets;

/// Allowed, and what is really asked for.
const FINE: &[(&str, &str)] = &[
    ("https://hooks.example.com", "https://hooks.example.com/"),
    ("https://hooks.example.com/", "https://hooks.example.com/"),
    ("https://hooks.example.com:443/", "https://hooks.example.com/"),
    ("https://hooks.example.com:0443/", "https://hooks.example.com/"),
    ("https://hooks.example.com:/", "https://hooks.example.com/"),
    ("HTTPS://Hooks.Example.COM/Path", "https://hooks.example.com/Path"),
    ("https://hooks.example.com./in", "https://hooks.example.com/in"),
    ("https://hooks.example.com/a/../b", "https://hooks.example.com/b"),
    ("https://hooks.example.com/a%2F..%2Fb", "https://hooks.example.com/a%2F..%2Fb"),
    ("https://hooks.example.com/in?key=a%20b&x=@y", "https://hooks.example.com/in?key=a%20b&x=@y"),
    ("https://hooks.example.com?key=1", "https://hooks.example.com/?key=1"),
    ("https://hooks.example.com/in#part", "https://hooks.example.com/in"),
    ("https://hooks.example.com#@127.0.0.1/", "https://hooks.example.com/"),
    ("https://hooks.example.com?@127.0.0.1/", "https://hooks.example.com/?@127.0.0.1/"),
    ("https://hooks.example.com/@127.0.0.1", "https://hooks.example.com/@127.0.0.1"),
    ("https://hooks.example.com/https://127.0.0.1/", "https://hooks.example.com/https://127.0.0.1/"),
    ("https://hooks.example.com/?u=https://127.0.0.1/", "https://hooks.example.com/?u=https://127.0.0.1/"),
    ("https://bücher.example.com/", "https://xn--bcher-kva.example.com/"),
    ("https://xn--bcher-kva.example.com/", "https://xn--bcher-kva.example.com/"),
    ("https://hooks。example。com/", "https://hooks.example.com/"),
    ("https://ｈooks.example.com/", "https://hooks.example.com/"),
    ("https://hooks.example.com。/", "https://hooks.example.com/"),
    ("https://127.0.0.1.example.com/", "https://127.0.0.1.example.com/"),
    ("https://127-0-0-1.example.com/", "https://127-0-0-1.example.com/"),
    ("https://0x7f.example.com/", "https://0x7f.example.com/"),
    ("https://localhost.example.com/", "https://localhost.example.com/"),
    ("https://local/.example.com", ""),
    ("https://my_hooks.example.com/", "https://my_hooks.example.com/"),
    ("https://a.b.c.d.e.f.example.co.uk/", "https://a.b.c.d.e.f.example.co.uk/"),
    ("https://1e100.net/", "https://1e100.net/"),
    ("https://internal.example.com/", "https://internal.example.com/"),
    ("https://hooks.example.com//double", "https://hooks.example.com//double"),
];

fn verdict(guard: &Guard, purpose: Purpose, text: &str) -> String {
    match guard.check_url(purpose, text) {
        Ok(target) => format!("{} {:?}", target.url(), target.reach()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn strangers_urls_are_judged_by_the_table() {
    let guard = Guard::default();
    let mut wrong = Vec::new();
    let mut judge = |text: &str, expected: &str| {
        for purpose in [Purpose::Webhook, Purpose::Feed] {
            let found = verdict(&guard, purpose, text);
            if found != expected {
                wrong.push(format!("{purpose:?} {text:?}: {found}, not {expected}"));
            }
        }
    };
    for text in BAD {
        judge(text, &NetError::BadUrl.to_string());
    }
    for text in FORBIDDEN {
        judge(text, &NetError::Forbidden.to_string());
    }
    for (text, asked) in FINE {
        let expected = if asked.is_empty() { NetError::Forbidden.to_string() } else { format!("{asked} Public") };
        judge(text, &expected);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let distinct: BTreeSet<&str> = BAD.iter().chain(FORBIDDEN).copied().chain(FINE.iter().map(|(text, _)| *text)).collect();
    assert!(distinct.len() >= 300, "only {} targets", distinct.len());
}

/// Every edge of every closed range, in every spelling that a URL knows.
#[test]
fn closed_addresses_are_refused_in_every_spelling() {
    let guard = Guard::default();
    let mut tried = 0;
    let mut refuse = |host: String| {
        for purpose in [Purpose::Webhook, Purpose::Feed] {
            let text = format!("https://{host}/");
            assert_eq!(guard.check_url(purpose, &text), Err(NetError::Forbidden), "{text}");
        }
        tried += 1;
    };
    for address in edges() {
        match address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                let bits = v4.to_bits();
                for host in [
                    format!("{a}.{b}.{c}.{d}"),
                    format!("{a}.{b}.{c}.{d}."),
                    format!("{bits}"),
                    format!("0x{bits:x}"),
                    format!("0{bits:o}"),
                    format!("0x{a:x}.0{b:o}.{c}.0x{d:X}"),
                    format!("{a}.{}", bits & 0xff_ffff),
                    format!("{a}.{b}.{}", bits & 0xffff),
                    format!("[::ffff:{v4}]"),
                    format!("[::ffff:{:x}:{:x}]", bits >> 16, bits & 0xffff),
                    format!("[::{v4}]"),
                    format!("[64:ff9b::{v4}]"),
                    format!("[2002:{:x}:{:x}::]", bits >> 16, bits & 0xffff),
                ] {
                    refuse(host);
                }
            }
            IpAddr::V6(v6) => {
                refuse(format!("[{v6}]"));
                refuse(format!("[{}]", v6.segments().map(|part| format!("{part:04X}")).join(":")));
            }
        }
    }
    assert!(tried >= 300, "only {tried} targets");
}

/// First and last address of every closed range.
fn edges() -> Vec<IpAddr> {
    let last = |text: &str| {
        let (base, bits) = text.split_once('/').expect("a network");
        let bits: u32 = bits.parse().expect("a length");
        match base.parse().expect("an address") {
            IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() | u32::MAX.checked_shr(bits).unwrap_or(0))),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() | u128::MAX.checked_shr(bits).unwrap_or(0))),
        }
    };
    let first = |text: &str| text.split_once('/').expect("a network").0.parse().expect("an address");
    CLOSED.iter().map(|(space, _)| space.to_string()).flat_map(|text| [first(&text), last(&text)]).collect()
}

#[test]
fn one_closed_address_among_public_ones_refuses_all() {
    let guard = Guard::default();
    let public: [IpAddr; 2] = ["93.184.216.34", "2606:4700:4700::1111"].map(|text| text.parse().expect("an address"));
    assert_eq!(guard.check_addresses(Reach::Public, &public), Ok(()));
    assert_eq!(guard.check_addresses(Reach::Public, &[]), Err(NetError::NotSent));
    for closed in edges() {
        for mixed in [[closed, public[0], public[1]], [public[0], public[1], closed], [public[0], closed, public[1]]] {
            assert_eq!(guard.check_addresses(Reach::Public, &mixed), Err(NetError::Forbidden), "{closed}");
        }
        assert_eq!(guard.check_addresses(Reach::Opened, &[closed]), Err(NetError::Forbidden), "{closed}");
    }
    assert_eq!(guard.check_addresses(Reach::Opened, &public), Err(NetError::Forbidden));
    assert_eq!(guard.check_addresses(Reach::Near, &public), Err(NetError::Forbidden));
}

#[test]
fn own_addresses_are_closed_in_every_spelling() {
    let own: IpAddr = "93.184.216.34".parse().expect("an address");
    let home = Subnet::private("192.168.1.0/24").expect("a network");
    let host: IpAddr = "192.168.1.2".parse().expect("an address");
    let guard = Guard::default().close_own(own).close_own(host).open(home);
    let mapped: IpAddr = "::ffff:93.184.216.34".parse().expect("an address");
    for address in [own, mapped, host] {
        assert_eq!(guard.check_addresses(Reach::Public, &[address]), Err(NetError::Forbidden));
        assert_eq!(guard.check_addresses(Reach::Opened, &[address]), Err(NetError::Forbidden));
    }
    assert_eq!(guard.check_addresses(Reach::Configured, &[own]), Ok(()));
}

/// Lines of URL and verdict.
fn check(guard: &Guard, purpose: Purpose, urls: &[&str], expected: expect_test::Expect) {
    let lines: Vec<String> = urls.iter().map(|url| format!("{url} -> {}\n", verdict(guard, purpose, url))).collect();
    expected.assert_eq(&lines.concat());
}

#[test]
fn opened_networks_are_reached_and_nothing_else_opens_with_them() {
    let guard = Guard::default().open(Subnet::private("192.168.1.0/24").expect("a network")).allow_port(8443);
    check(
        &guard,
        Purpose::Webhook,
        &[
            "http://192.168.1.10:8080/hook",
            "https://192.168.1.10/",
            "https://192.168.2.10/",
            "http://127.0.0.1/",
            "https://8.8.8.8/",
            "https://[::ffff:192.168.1.10]/",
            "http://nas.local/hook",
            "https://hooks.example.com/",
            "https://hooks.example.com:8443/",
            "https://hooks.example.com:8444/",
            "http://hooks.example.com/",
            "http://user@192.168.1.10/",
            "ftp://192.168.1.10/",
            "http://192.168.1.10:0/",
        ],
        expect![[r#"
            http://192.168.1.10:8080/hook -> http://192.168.1.10:8080/hook Opened
            https://192.168.1.10/ -> https://192.168.1.10/ Opened
            https://192.168.2.10/ -> address not allowed
            http://127.0.0.1/ -> address not allowed
            https://8.8.8.8/ -> address not allowed
            https://[::ffff:192.168.1.10]/ -> https://[::ffff:c0a8:10a]/ Opened
            http://nas.local/hook -> http://nas.local/hook Opened
            https://hooks.example.com/ -> https://hooks.example.com/ Public
            https://hooks.example.com:8443/ -> https://hooks.example.com:8443/ Public
            https://hooks.example.com:8444/ -> https://hooks.example.com:8444/ Opened
            http://hooks.example.com/ -> http://hooks.example.com/ Opened
            http://user@192.168.1.10/ -> not a usable URL
            ftp://192.168.1.10/ -> not a usable URL
            http://192.168.1.10:0/ -> not a usable URL
        "#]],
    );
    let at = |text: &str| [text.parse().expect("an address")];
    assert_eq!(guard.check_addresses(Reach::Opened, &at("192.168.1.10")), Ok(()));
    assert_eq!(guard.check_addresses(Reach::Public, &at("192.168.1.10")), Ok(()));
    for address in ["192.168.2.10", "127.0.0.1", "10.0.0.1", "169.254.169.254", "93.184.216.34"] {
        assert_eq!(guard.check_addresses(Reach::Opened, &at(address)), Err(NetError::Forbidden), "{address}");
    }
}

#[test]
fn operators_hosts_may_be_anywhere_by_https_and_here_by_http() {
    for purpose in [Purpose::Provider, Purpose::Bots] {
        check(
            &Guard::default(),
            purpose,
            &[
                "https://www.googleapis.com/calendar/v3/x?syncToken=a%3D#b",
                "https://bots.internal:9443/v1",
                "https://10.0.0.5/",
                "https://[fd00::1]:9443/",
                "http://127.0.0.1:8080/",
                "http://[::1]:8080/",
                "http://localhost:8080/",
                "http://bots.internal/",
                "http://10.0.0.5/",
                "http://93.184.216.34/",
                "http://169.254.169.254/",
                "https://169.254.169.254/",
                "https://[fe80::1]/",
                "https://0/",
                "https://224.0.0.1/",
                "https://user:word@bots.internal/",
                "file:///bots",
                "https://bots.internal:0/",
            ],
            expect![[r#"
                https://www.googleapis.com/calendar/v3/x?syncToken=a%3D#b -> https://www.googleapis.com/calendar/v3/x?syncToken=a%3D Configured
                https://bots.internal:9443/v1 -> https://bots.internal:9443/v1 Configured
                https://10.0.0.5/ -> https://10.0.0.5/ Configured
                https://[fd00::1]:9443/ -> https://[fd00::1]:9443/ Configured
                http://127.0.0.1:8080/ -> http://127.0.0.1:8080/ Near
                http://[::1]:8080/ -> http://[::1]:8080/ Near
                http://localhost:8080/ -> http://localhost:8080/ Near
                http://bots.internal/ -> http://bots.internal/ Near
                http://10.0.0.5/ -> address not allowed
                http://93.184.216.34/ -> address not allowed
                http://169.254.169.254/ -> address not allowed
                https://169.254.169.254/ -> address not allowed
                https://[fe80::1]/ -> address not allowed
                https://0/ -> address not allowed
                https://224.0.0.1/ -> address not allowed
                https://user:word@bots.internal/ -> not a usable URL
                file:///bots -> not a usable URL
                https://bots.internal:0/ -> not a usable URL
            "#]],
        );
    }
    let guard = Guard::default().open(Subnet::private("10.0.0.0/24").expect("a network"));
    check(
        &guard,
        Purpose::Bots,
        &["http://10.0.0.5:8080/", "http://10.0.1.5:8080/", "http://bots.internal/"],
        expect![[r#"
        http://10.0.0.5:8080/ -> http://10.0.0.5:8080/ Near
        http://10.0.1.5:8080/ -> address not allowed
        http://bots.internal/ -> http://bots.internal/ Near
    "#]],
    );
    let addresses = |text: &str| [text.parse::<IpAddr>().expect("an address")];
    assert_eq!(guard.check_addresses(Reach::Near, &addresses("10.0.0.5")), Ok(()));
    assert_eq!(guard.check_addresses(Reach::Near, &addresses("::ffff:127.0.0.1")), Ok(()));
    assert_eq!(guard.check_addresses(Reach::Configured, &addresses("::ffff:169.254.169.254")), Err(NetError::Forbidden));
}

#[test]
fn lengths_are_bounded() {
    let guard = Guard::default();
    let long = |bytes: usize| format!("https://hooks.example.com/{}", "x".repeat(bytes));
    assert!(guard.check_url(Purpose::Provider, &long(URL_BYTES_MAX - 100)).is_ok());
    assert_eq!(guard.check_url(Purpose::Provider, &long(URL_BYTES_MAX)), Err(NetError::BadUrl));
    let label = "a".repeat(64);
    assert_eq!(guard.check_url(Purpose::Webhook, &format!("https://{label}.com/")), Err(NetError::BadUrl));
    assert!(guard.check_url(Purpose::Webhook, &format!("https://{}.com/", &label[1..])).is_ok());
    let name = format!("{}com", "abcdefghi.".repeat(26));
    assert_eq!(guard.check_url(Purpose::Webhook, &format!("https://{name}/")), Err(NetError::BadUrl));
}

proptest::proptest! {
    /// Whatever the text, the guard answers, and what it lets through is HTTPS to a dotted name on port 443 without credentials.
    #[test]
    fn what_passes_is_plain(text in "(https://)?[a-z0-9.@:/\\\\#?%\\[\\]\\-_\u{ff0e}\u{3002}\u{ff11}]{0,40}") {
        if let Ok(target) = Guard::default().check_url(Purpose::Webhook, &text) {
            let url = target.url();
            proptest::prop_assert_eq!((url.scheme(), url.port_or_known_default()), ("https", Some(443)));
            proptest::prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
            let name = url.domain().expect("a name");
            proptest::prop_assert!(name.contains('.') && name.parse::<IpAddr>().is_err());
            // A second reading changes nothing.
            proptest::prop_assert_eq!(Guard::default().check_url(Purpose::Webhook, url.as_str()), Ok(target));
        }
    }
}
