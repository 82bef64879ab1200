//! Addresses: which are public, and networks that an operator names.
//!
//! An address counts as public when it lies in space meant for hosts on the internet and in no range of [`CLOSED`]. What carries an
//! IPv4 address inside an IPv6 one is either unwrapped first (IPv4-mapped) or closed as a whole (6to4, NAT64, Teredo), so
//! that no spelling of an address leads around the table. One consequence: behind DNS64 nothing that has only IPv4 is reached.
//!
//! Source: reliability.md 6.3; IANA special-purpose address registries.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses: those that agree with `base` in the first `bits` bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    base: IpAddr,
    bits: u8,
}

/// Why a text names no network that may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubnetError {
    /// It is not an address, a slash and a number of bits.
    #[error("a network is an address and a length, for example `192.168.1.0/24`")]
    Unreadable,
    /// Bits after the prefix are set: an address was written where a network is asked for.
    #[error("the address has bits beyond its length: write `{0}`")]
    BitsBeyond(Subnet),
    /// It is not inside private, loopback, shared (100.64.0.0/10) or unique local space.
    #[error("only private networks can be opened")]
    NotPrivate,
}

impl Subnet {
    const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Self {
        Self { base: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits }
    }

    const fn v6(head: [u16; 4], bits: u8) -> Self {
        let [a, b, c, d] = head;
        Self { base: IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)), bits }
    }

    /// Whether the address lies inside. An IPv4-mapped one counts as IPv4.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let differ = base.to_bits() ^ address.to_bits();
                differ.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let differ = base.to_bits() ^ address.to_bits();
                differ.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }

    /// Reads a network that an operator may open to receivers and feeds: `192.168.1.0/24`, `fd00::/8`.
    ///
    /// # Errors
    /// [`SubnetError`]. Link-local space is refused as well: machines in data centres keep their credentials there.
    pub fn private(text: &str) -> Result<Self, SubnetError> {
        let subnet = Self::any(text)?;
        let inside = OPENABLE.iter().any(|space| space.bits <= subnet.bits && space.contains(subnet.base));
        if inside { Ok(subnet) } else { Err(SubnetError::NotPrivate) }
    }

    /// Reads any network.
    ///
    /// # Errors
    /// [`SubnetError`].
    pub fn any(text: &str) -> Result<Self, SubnetError> {
        let (base, bits) = text.split_once('/').ok_or(SubnetError::Unreadable)?;
        let base: IpAddr = base.parse().map_err(|_| SubnetError::Unreadable)?;
        if base != base.to_canonical() {
            return Err(SubnetError::Unreadable);
        }
        let digits = bits.len() <= 3 && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits: u8 = bits.parse().ok().filter(|_| digits).ok_or(SubnetError::Unreadable)?;
        let start = match base {
            IpAddr::V4(base) if bits <= 32 => {
                IpAddr::V4(Ipv4Addr::from_bits(base.to_bits() & u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0)))
            }
            IpAddr::V6(base) if bits <= 128 => {
                IpAddr::V6(Ipv6Addr::from_bits(base.to_bits() & u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0)))
            }
            _ => return Err(SubnetError::Unreadable),
        };
        let subnet = Self { base: start, bits };
        if start != base {
            return Err(SubnetError::BitsBeyond(subnet));
        }
        Ok(subnet)
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

impl fmt::Debug for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an operator can open, whole or in part.
const OPENABLE: &[Subnet] = &[
    Subnet::v4(10, 0, 0, 0, 8),
    Subnet::v4(172, 16, 0, 0, 12),
    Subnet::v4(192, 168, 0, 0, 16),
    Subnet::v4(100, 64, 0, 0, 10),
    Subnet::v4(127, 0, 0, 0, 8),
    Subnet { base: IpAddr::V6(Ipv6Addr::LOCALHOST), bits: 128 },
    Subnet::v6([0xfc00, 0, 0, 0], 7),
];

/// Space that no URL of a tenant or user may lead to, with what it is.
pub const CLOSED: &[(Subnet, &str)] = &[
    (Subnet::v4(0, 0, 0, 0, 8), "this network"),
    (Subnet::v4(10, 0, 0, 0, 8), "private"),
    (Subnet::v4(100, 64, 0, 0, 10), "shared by carriers"),
    (Subnet::v4(127, 0, 0, 0, 8), "loopback"),
    // A public address, but what answers there is the hypervisor of a large cloud, with the machine's credentials.
    (Subnet::v4(168, 63, 129, 16, 32), "cloud metadata"),
    (Subnet::v4(169, 254, 0, 0, 16), "link-local"),
    (Subnet::v4(172, 16, 0, 0, 12), "private"),
    (Subnet::v4(192, 0, 0, 0, 24), "protocol assignments"),
    (Subnet::v4(192, 0, 2, 0, 24), "documentation"),
    (Subnet::v4(192, 88, 99, 0, 24), "6to4 relays"),
    (Subnet::v4(192, 168, 0, 0, 16), "private"),
    (Subnet::v4(198, 18, 0, 0, 15), "benchmarking"),
    (Subnet::v4(198, 51, 100, 0, 24), "documentation"),
    (Subnet::v4(203, 0, 113, 0, 24), "documentation"),
    (Subnet::v4(224, 0, 0, 0, 4), "multicast"),
    (Subnet::v4(240, 0, 0, 0, 4), "reserved"),
    (Subnet { base: IpAddr::V6(Ipv6Addr::UNSPECIFIED), bits: 128 }, "unspecified"),
    (Subnet { base: IpAddr::V6(Ipv6Addr::LOCALHOST), bits: 128 }, "loopback"),
    (Subnet { base: IpAddr::V6(Ipv6Addr::UNSPECIFIED), bits: 96 }, "IPv4-compatible"),
    (Subnet { base: IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0)), bits: 96 }, "IPv4-translated"),
    (Subnet::v6([0x64, 0xff9b, 0, 0], 96), "NAT64"),
    (Subnet::v6([0x64, 0xff9b, 1, 0], 48), "NAT64"),
    (Subnet::v6([0x100, 0, 0, 0], 64), "discard"),
    (Subnet::v6([0x2001, 0, 0, 0], 32), "Teredo"),
    (Subnet::v6([0x2001, 0, 0, 0], 23), "protocol assignments"),
    (Subnet::v6([0x2001, 0xdb8, 0, 0], 32), "documentation"),
    (Subnet::v6([0x2002, 0, 0, 0], 16), "6to4"),
    (Subnet::v6([0x3fff, 0, 0, 0], 20), "documentation"),
    (Subnet::v6([0x5f00, 0, 0, 0], 16), "segment routing"),
    (Subnet::v6([0xfc00, 0, 0, 0], 7), "unique local"),
    (Subnet::v6([0xfe80, 0, 0, 0], 10), "link-local"),
    (Subnet::v6([0xfec0, 0, 0, 0], 10), "site-local"),
    (Subnet::v6([0xff00, 0, 0, 0], 8), "multicast"),
];

/// The only IPv6 space that was ever given to hosts on the internet.
const GLOBAL_V6: Subnet = Subnet::v6([0x2000, 0, 0, 0], 3);

/// Why the address is not public; `None` where it is.
#[must_use]
pub fn closed(address: IpAddr) -> Option<&'static str> {
    let address = address.to_canonical();
    let row = CLOSED.iter().find(|(space, _)| space.contains(address));
    let unassigned = address.is_ipv6() && !GLOBAL_V6.contains(address);
    row.map(|(_, why)| *why).or(unassigned.then_some("unassigned"))
}

/// Whether no exchange over TCP can have this address as its other end, or only one with the machine's surroundings: true of
/// nothing that an operator would configure.
#[must_use]
pub fn senseless(address: IpAddr) -> bool {
    matches!(
        closed(address),
        Some("this network" | "unspecified" | "multicast" | "reserved" | "link-local" | "discard" | "cloud metadata")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use proptest::prelude::*;

    /// The address, moved by so many: the edges of a range and what lies beside it.
    fn moved(address: IpAddr, by: i128) -> Option<IpAddr> {
        match address {
            IpAddr::V4(v4) => u32::try_from(i128::from(v4.to_bits()) + by).ok().map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
            IpAddr::V6(v6) => Some(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits().wrapping_add_signed(by)))),
        }
    }

    fn last(subnet: Subnet) -> IpAddr {
        match subnet.base {
            IpAddr::V4(v4) => {
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() | u32::MAX.checked_shr(subnet.bits.into()).unwrap_or(0)))
            }
            IpAddr::V6(v6) => {
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() | u128::MAX.checked_shr(subnet.bits.into()).unwrap_or(0)))
            }
        }
    }

    #[test]
    fn every_range_is_closed_to_its_edges_and_what_lies_beside_it_is_known() {
        let mut lines = String::new();
        for &(space, _) in CLOSED {
            let inside = [space.base, last(space)].map(|address| closed(address).expect("an edge of a closed range"));
            let beside = [moved(space.base, -1), moved(last(space), 1)];
            let beside = beside.map(|address| address.map_or("-", |address| closed(address).unwrap_or("public")));
            lines += &format!("{space} {} to {}; before: {}, after: {}\n", inside[0], inside[1], beside[0], beside[1]);
        }
        expect![[r#"
            0.0.0.0/8 this network to this network; before: -, after: public
            10.0.0.0/8 private to private; before: public, after: public
            100.64.0.0/10 shared by carriers to shared by carriers; before: public, after: public
            127.0.0.0/8 loopback to loopback; before: public, after: public
            168.63.129.16/32 cloud metadata to cloud metadata; before: public, after: public
            169.254.0.0/16 link-local to link-local; before: public, after: public
            172.16.0.0/12 private to private; before: public, after: public
            192.0.0.0/24 protocol assignments to protocol assignments; before: public, after: public
            192.0.2.0/24 documentation to documentation; before: public, after: public
            192.88.99.0/24 6to4 relays to 6to4 relays; before: public, after: public
            192.168.0.0/16 private to private; before: public, after: public
            198.18.0.0/15 benchmarking to benchmarking; before: public, after: public
            198.51.100.0/24 documentation to documentation; before: public, after: public
            203.0.113.0/24 documentation to documentation; before: public, after: public
            224.0.0.0/4 multicast to multicast; before: public, after: reserved
            240.0.0.0/4 reserved to reserved; before: multicast, after: -
            ::/128 unspecified to unspecified; before: multicast, after: loopback
            ::1/128 loopback to loopback; before: unspecified, after: IPv4-compatible
            ::/96 unspecified to IPv4-compatible; before: multicast, after: unassigned
            ::ffff:0:0:0/96 IPv4-translated to IPv4-translated; before: unassigned, after: unassigned
            64:ff9b::/96 NAT64 to NAT64; before: unassigned, after: unassigned
            64:ff9b:1::/48 NAT64 to NAT64; before: unassigned, after: unassigned
            100::/64 discard to discard; before: unassigned, after: unassigned
            2001::/32 Teredo to Teredo; before: public, after: protocol assignments
            2001::/23 Teredo to protocol assignments; before: public, after: public
            2001:db8::/32 documentation to documentation; before: public, after: public
            2002::/16 6to4 to 6to4; before: public, after: public
            3fff::/20 documentation to documentation; before: public, after: public
            5f00::/16 segment routing to segment routing; before: unassigned, after: unassigned
            fc00::/7 unique local to unique local; before: unassigned, after: unassigned
            fe80::/10 link-local to link-local; before: unassigned, after: site-local
            fec0::/10 site-local to site-local; before: link-local, after: multicast
            ff00::/8 multicast to multicast; before: site-local, after: unspecified
        "#]]
        .assert_eq(&lines);
    }

    #[test]
    fn networks_that_can_be_opened_are_private_ones() {
        let texts = [
            "192.168.1.0/24",
            "10.0.0.0/8",
            "127.0.0.1/32",
            "172.20.0.0/16",
            "100.100.0.0/16",
            "fd12:3456::/32",
            "::1/128",
            "fc00::/7",
            "192.168.1.7/24",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/7",
            "169.254.0.0/16",
            "169.254.169.254/32",
            "fe80::/10",
            "8.8.8.0/24",
            "2001:db8::/32",
            "fc00::/6",
            "192.168.1.0",
            "192.168.1.0/33",
            "192.168.1.0/+8",
            "192.168.1.0/0024",
            "::ffff:10.0.0.0/104",
            "/8",
            "home",
            "",
        ];
        let lines: Vec<String> = texts
            .iter()
            .map(|text| match Subnet::private(text) {
                Ok(subnet) => format!("{text}: {subnet}\n"),
                Err(error) => format!("{text}: {error}\n"),
            })
            .collect();
        expect![[r#"
            192.168.1.0/24: 192.168.1.0/24
            10.0.0.0/8: 10.0.0.0/8
            127.0.0.1/32: 127.0.0.1/32
            172.20.0.0/16: 172.20.0.0/16
            100.100.0.0/16: 100.100.0.0/16
            fd12:3456::/32: fd12:3456::/32
            ::1/128: ::1/128
            fc00::/7: fc00::/7
            192.168.1.7/24: the address has bits beyond its length: write `192.168.1.0/24`
            0.0.0.0/0: only private networks can be opened
            ::/0: only private networks can be opened
            10.0.0.0/7: only private networks can be opened
            169.254.0.0/16: only private networks can be opened
            169.254.169.254/32: only private networks can be opened
            fe80::/10: only private networks can be opened
            8.8.8.0/24: only private networks can be opened
            2001:db8::/32: only private networks can be opened
            fc00::/6: only private networks can be opened
            192.168.1.0: a network is an address and a length, for example `192.168.1.0/24`
            192.168.1.0/33: a network is an address and a length, for example `192.168.1.0/24`
            192.168.1.0/+8: a network is an address and a length, for example `192.168.1.0/24`
            192.168.1.0/0024: a network is an address and a length, for example `192.168.1.0/24`
            ::ffff:10.0.0.0/104: a network is an address and a length, for example `192.168.1.0/24`
            /8: a network is an address and a length, for example `192.168.1.0/24`
            home: a network is an address and a length, for example `192.168.1.0/24`
            : a network is an address and a length, for example `192.168.1.0/24`
        "#]]
        .assert_eq(&lines.concat());
    }

    proptest! {
        /// However an IPv4 address is wrapped into IPv6, it is not more public than bare.
        #[test]
        fn wrapping_opens_nothing(bits in any::<u32>()) {
            let v4 = Ipv4Addr::from_bits(bits);
            let [a, b] = [(bits >> 16) as u16, bits as u16];
            prop_assert_eq!(closed(IpAddr::V6(v4.to_ipv6_mapped())), closed(IpAddr::V4(v4)));
            for wrapped in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, a, b),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, a, b),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, a, b),
                Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, !a, !b),
            ] {
                prop_assert!(closed(IpAddr::V6(wrapped)).is_some(), "{wrapped}");
            }
        }

        /// The standard library's own judgements, where it has them, are never looser than ours.
        #[test]
        fn what_the_standard_library_calls_special_is_closed(v4 in any::<u32>(), v6 in any::<u128>()) {
            let v4 = Ipv4Addr::from_bits(v4);
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_broadcast() || v4.is_documentation() || v4.is_multicast() {
                prop_assert!(closed(IpAddr::V4(v4)).is_some(), "{v4}");
            }
            let v6 = Ipv6Addr::from_bits(v6);
            if v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_multicast() || v6.is_loopback() {
                prop_assert!(closed(IpAddr::V6(v6)).is_some(), "{v6}");
            }
        }
    }
}
