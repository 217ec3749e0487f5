//! Which addresses a push may go to: public ones, and those of the networks that are allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network in CIDR form, such as `10.1.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// Reads `address/prefix`; a bare address is a network of one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address.parse().ok()?, Some(prefix.parse().ok()?)),
            None => (text.trim().parse().ok()?, None),
        };
        let most = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        let prefix = prefix.unwrap_or(most);
        (prefix <= most).then_some(Self { address, prefix })
    }

    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Networks that are allowed although they are not public.
#[derive(Clone, Debug, Default)]
pub(crate) struct Networks(Vec<Network>);

impl Networks {
    /// Reads a list, separated by commas; gives what is none.
    pub(crate) fn parse(list: &str) -> Result<Self, String> {
        let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
        let networks: Result<Vec<_>, _> =
            parts.map(|part| Network::parse(part).ok_or_else(|| part.to_owned())).collect();
        networks.map(Self)
    }

    /// Whether a push may go there.
    pub(crate) fn admit(&self, address: IpAddr) -> bool {
        let address = canonical(address);
        is_public(address) || self.0.iter().any(|network| network.contains(address))
    }
}

/// The IPv4 address inside an IPv6 one that merely carries it.
fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    let carried = match six.segments() {
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(six.to_bits()),
        [0x2002, ..] => Some(six.to_bits() >> 80),
        // The old form ::a.b.c.d; :: and ::1 are addresses of their own.
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => Some(six.to_bits()),
        _ => None,
    };
    match carried.map(|bits| u32::try_from(bits & u128::from(u32::MAX))) {
        Some(Ok(four)) => IpAddr::V4(Ipv4Addr::from_bits(four)),
        Some(Err(_)) | None => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => is_public_four(four),
        IpAddr::V6(six) => is_public_six(six),
    }
}

fn is_public_four(four: Ipv4Addr) -> bool {
    let [a, b, c, _] = four.octets();
    let reserved = match (a, b, c) {
        // This network, carrier-grade NAT (Alibaba Cloud's metadata is in it), benchmarks, what is
        // multicast or reserved.
        (0, ..) | (100, 64..=127, _) | (198, 18..=19, _) | (224..=255, ..) => true,
        // Protocols, 6to4 relays, documentation.
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !(reserved || four.is_private() || four.is_loopback() || four.is_link_local())
}

/// Only what is given out as global unicast, less what leads elsewhere or documents.
fn is_public_six(six: Ipv6Addr) -> bool {
    match six.segments() {
        // Teredo, benchmarks and other protocols; documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(networks: &str, address: &str) -> bool {
        Networks::parse(networks).unwrap().admit(address.parse().unwrap())
    }

    #[test]
    fn private_loopback_link_local_and_metadata_addresses_are_refused_in_every_spelling() {
        for address in [
            "127.0.0.1",
            "127.8.9.1",
            "0.0.0.0",
            "10.0.0.5",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "2001:0:4136:e378::1",
            "2001:db8::1",
            "100::1",
        ] {
            assert!(!admits("", address), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_admitted() {
        for address in
            ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2002:808:808::1"]
        {
            assert!(admits("", address), "{address}");
        }
    }

    #[test]
    fn an_allowed_network_is_admitted_and_its_neighbours_are_not() {
        assert!(admits("127.0.0.0/8, ::1", "127.0.0.1"));
        assert!(admits("127.0.0.0/8, ::1", "::1"));
        assert!(admits("127.0.0.0/8", "::ffff:127.0.0.1"));
        assert!(admits("10.1.0.0/16", "10.1.255.1"));
        assert!(!admits("10.1.0.0/16", "10.2.0.1"));
        assert!(admits("fd00::/8", "fd12::1"));
        assert!(admits("0.0.0.0/0", "192.168.0.1"));
    }

    #[test]
    fn what_is_no_network_is_named() {
        for wrong in ["10.0.0.0/33", "10.0.0", "lan", "::/129", "10.0.0.0/-1"] {
            assert_eq!(Networks::parse(&format!("127.0.0.1,{wrong}")).unwrap_err(), wrong);
        }
    }
}
