//! Who is asking: the client's network address, through proxies that are trusted and no others.
//!
//! `X-Forwarded-For` is read from the right: each proxy appends the address that it saw, so everything left of the
//! last address that a trusted proxy vouches for was typed by the client.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

/// The client of a request, as [`address`] found it; every request carries one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client(pub IpAddr);

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(IpAddr::V6(Ipv6Addr::UNSPECIFIED))))
    }
}

/// A range of addresses, `10.0.0.0/8` or a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `ADDRESS` or `ADDRESS/BITS`; the error says what is wrong and gives an example.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no network (write `10.0.0.0/8`, `fd00::/8` or a single address)");
        let (address, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(a, b)| (a, Some(b)));
        let address = canonical(address.parse().map_err(|_| wrong())?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }

    /// This machine: what a proxy beside us speaks from.
    pub fn loopback() -> Vec<Self> {
        vec![
            Self { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), bits: 8 },
            Self { address: IpAddr::V6(Ipv6Addr::LOCALHOST), bits: 128 },
        ]
    }

    /// Is `address` in it?
    pub fn contains(&self, address: IpAddr) -> bool {
        cut(canonical(address), self.bits) == cut(self.address, self.bits)
    }
}

/// The client's address: `peer`, or what a chain of trusted proxies says that it is; `::` where it says nothing that can
/// be read.
pub fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = canonical(peer);
    let hops: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(str::trim)
        .collect();
    for hop in hops.iter().rev() {
        if !is_trusted(client) {
            break;
        }
        // The proxy forwards for somebody whom it cannot name: that is nobody of this machine or network.
        let Some(next) = read_hop(hop) else { return IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
        client = canonical(next);
    }
    client
}

/// What limits are counted by: the IPv4 /24 or the IPv6 /48, which one household or attacker usually holds whole.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    let address = canonical(address);
    cut(address, if address.is_ipv4() { 24 } else { 48 })
}

/// Loopback, private (RFC 1918, RFC 4193) or link-local.
pub fn is_private(address: IpAddr) -> bool {
    match canonical(address) {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Of the public internet: not private, and none of the other ranges that are set aside (RFC 6890 and its registries). An
/// IPv4 address that is wrapped in an IPv6 one is as public as it is by itself.
pub fn is_public(address: IpAddr) -> bool {
    match canonical(address) {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let special = a == 0 || a >= 224 || (a, b, c) == (192, 0, 0) || (a, b, c) == (192, 88, 99);
            let trials = (a == 198 && (18..20).contains(&b)) || v4.is_documentation();
            !(is_private(v4.into()) || shared || special || trials)
        }
        IpAddr::V6(v6) => match v6.segments() {
            // ::/96, NAT64's 64:ff9b::/96, 6to4's 2002::/16.
            [0, 0, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
                let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
                is_public(Ipv4Addr::new(a, b, c, d).into())
            }
            // Global unicast is 2000::/3; in it are tunnels (2001::/23) and examples (2001:db8::/32, 3fff::/20).
            [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
            [0x3fff, second, ..] => second >= 0x1000,
            [first, ..] => (0x2000..0x4000).contains(&first),
        },
    }
}

/// One element of `X-Forwarded-For`; some proxies add the port.
fn read_hop(hop: &str) -> Option<IpAddr> {
    hop.parse()
        .ok()
        .or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|with_port| with_port.ip()))
        .or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

/// IPv4 in IPv6's clothes (a dual-stack listener) as IPv4, so that one rule holds for both.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn cut(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits.min(32))).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn forwarded(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn believes_only_trusted_proxies_and_from_the_right() {
        let trusted = [Network::parse("127.0.0.0/8").unwrap(), Network::parse("10.0.0.0/8").unwrap()];
        for (peer, values, client) in [
            ("203.0.113.9", &["1.2.3.4"][..], "203.0.113.9"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            ("::ffff:127.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            ("127.0.0.1", &["6.6.6.6", "1.2.3.4, 10.1.1.1"], "1.2.3.4"),
            ("127.0.0.1", &["1.2.3.4:5678"], "1.2.3.4"),
            ("127.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1"),
            ("127.0.0.1", &["[2001:db8::1]"], "2001:db8::1"),
            ("127.0.0.1", &["1.2.3.4, unknown"], "::"),
            ("127.0.0.1", &["1.2.3.4, "], "::"),
            ("127.0.0.1", &["unknown, 1.2.3.4"], "1.2.3.4"),
        ] {
            assert_eq!(address(ip(peer), &forwarded(values), &trusted), ip(client), "{peer} {values:?}");
        }
    }

    #[test]
    fn networks() {
        let inside = |network: &str, address: &str| Network::parse(network).unwrap().contains(ip(address));
        assert!(inside("0.0.0.0/0", "8.8.8.8") && !inside("0.0.0.0/0", "::1"));
        assert!(inside("192.0.2.7", "192.0.2.7") && !inside("192.0.2.7", "192.0.2.8"));
        assert!(inside("2001:db8::/32", "2001:db8:ffff::1") && !inside("2001:db8::/32", "2001:db9::1"));
        assert!(inside("::/0", "2001:db8::1"));
        for wrong in ["", "10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/-1", "localhost", "10.0.0.0/8/8"] {
            assert!(Network::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_of_the_public_internet() {
        for address in [
            "1.1.1.1",
            "93.184.216.34",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(is_public(ip(address)), "{address}");
        }
        for address in [
            "127.0.0.1",
            "127.1.2.3",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "2002:a00:1::1",
            "100::1",
            "4000::1",
        ] {
            assert!(!is_public(ip(address)), "{address}");
        }
    }

    #[test]
    fn neighbours_share_a_limit() {
        assert_eq!(neighbourhood(ip("203.0.113.9")), ip("203.0.113.0"));
        assert_eq!(neighbourhood(ip("::ffff:203.0.113.9")), ip("203.0.113.0"));
        assert_eq!(neighbourhood(ip("2001:db8:1:2:3::4")), ip("2001:db8:1::"));
    }
}
