//! Sets of packets: ranges of addresses times ranges of ports, and taking a rule's share out of them.
//! Knows nothing of security groups or ACLs.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Consecutive addresses of one family, both ends inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Addresses {
    pub v6: bool,
    pub first: u128,
    pub last: u128,
}

impl Addresses {
    /// One address.
    pub fn one(ip: IpAddr) -> Self {
        let n = number(ip);
        Self { v6: ip.is_ipv6(), first: n, last: n }
    }

    /// `10.0.0.0/16`, `2001:db8::/56`, or a bare address.
    pub fn parse(cidr: &str) -> Option<Self> {
        let (ip, length) = match cidr.trim().split_once('/') {
            Some((ip, length)) => (ip, Some(length.parse::<u32>().ok()?)),
            None => (cidr.trim(), None),
        };
        let ip: IpAddr = ip.parse().ok()?;
        let bits = if ip.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(bits);
        if length > bits {
            return None;
        }
        let host = if length == bits { 0 } else { (u128::MAX >> (128 - bits)) >> length };
        let first = number(ip) & !host;
        Some(Self { v6: bits == 128, first, last: first | host })
    }

    pub fn contains(&self, ip: IpAddr) -> bool {
        let n = number(ip);
        self.v6 == ip.is_ipv6() && self.first <= n && n <= self.last
    }

    pub fn intersect(&self, other: &Self) -> Option<Self> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (self.v6 == other.v6 && first <= last).then_some(Self { v6: self.v6, first, last })
    }

    /// Length of the prefix, if this is a whole one.
    pub fn prefix(&self) -> Option<u32> {
        let host = self.last - self.first;
        let whole = host.checked_add(1).is_none_or(u128::is_power_of_two) && self.first & host == 0;
        whole.then(|| if self.v6 { 128 } else { 32 } - host.count_ones())
    }

    fn address(&self, n: u128) -> IpAddr {
        if self.v6 { IpAddr::V6(Ipv6Addr::from(n)) } else { IpAddr::V4(Ipv4Addr::from(n as u32)) }
    }
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// As a CIDR where it is one, else `first–last`.
impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix() {
            Some(length) => write!(f, "{}/{length}", self.address(self.first)),
            None => write!(f, "{}–{}", self.address(self.first), self.address(self.last)),
        }
    }
}

/// Ports, both ends inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ports {
    pub first: u16,
    pub last: u16,
}

impl Ports {
    pub const ALL: Self = Self { first: 0, last: u16::MAX };
    /// Where the balancer's connections come from and the answers go to.
    pub const EPHEMERAL: Self = Self { first: 1024, last: u16::MAX };

    pub fn one(port: u16) -> Self {
        Self { first: port, last: port }
    }

    fn intersect(self, other: Self) -> Option<Self> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (first <= last).then_some(Self { first, last })
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}–{}", self.first, self.last) }
    }
}

/// Every address of a range with every port of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub addresses: Addresses,
    pub ports: Ports,
}

impl Block {
    fn intersect(&self, other: &Self) -> Option<Self> {
        Some(Self { addresses: self.addresses.intersect(&other.addresses)?, ports: self.ports.intersect(other.ports)? })
    }

    /// What is left of this block without `hole`, which lies inside it.
    fn without(self, hole: &Self) -> impl Iterator<Item = Self> {
        let (a, h) = (self.addresses, hole.addresses);
        let (p, q) = (self.ports, hole.ports);
        let below = (a.first < h.first).then(|| Self { addresses: Addresses { last: h.first - 1, ..a }, ports: p });
        let above = (h.last < a.last).then(|| Self { addresses: Addresses { first: h.last + 1, ..a }, ports: p });
        let lower = (p.first < q.first).then(|| Self { addresses: h, ports: Ports { last: q.first - 1, ..p } });
        let upper = (q.last < p.last).then(|| Self { addresses: h, ports: Ports { first: q.last + 1, ..p } });
        [below, above, lower, upper].into_iter().flatten()
    }
}

/// A set of packets, by the other side's address and the destination port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic(Vec<Block>);

impl Traffic {
    pub fn new(addresses: impl IntoIterator<Item = Addresses>, ports: Ports) -> Self {
        let mut all = Self::default();
        for addresses in addresses {
            let mut new = Self(vec![Block { addresses, ports }]);
            all.0.iter().for_each(|b| drop(new.take(b)));
            all.0.extend(new.0);
        }
        all
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has_v6(&self) -> bool {
        self.0.iter().any(|b| b.addresses.v6)
    }

    /// Takes out what a rule speaks of and gives it back.
    pub fn take(&mut self, rule: &Block) -> Self {
        let mut taken = Vec::new();
        let mut left = Vec::with_capacity(self.0.len());
        for block in self.0.drain(..) {
            match block.intersect(rule) {
                Some(part) => {
                    left.extend(block.without(&part));
                    taken.push(part);
                }
                None => left.push(block),
            }
        }
        self.0 = left;
        Self(taken)
    }

    pub fn blocks(&self) -> &[Block] {
        &self.0
    }
}

/// `10.0.1.0/24 port 8080`; only the first few blocks.
impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        for (i, b) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{} port {}", if i > 0 { ", " } else { "" }, b.addresses, b.ports)?;
        }
        if self.0.len() > SHOWN { f.write_str(", …") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cidr(text: &str) -> Addresses {
        Addresses::parse(text).unwrap()
    }

    #[test]
    fn cidrs_are_read_and_shown() {
        for text in ["10.0.0.0/16", "0.0.0.0/0", "::/0", "2001:db8::/56", "10.0.0.7/32", "::1/128"] {
            assert_eq!(cidr(text).to_string(), text);
        }
        assert_eq!(cidr("10.0.0.9/24").to_string(), "10.0.0.0/24");
        assert_eq!(cidr("10.0.0.9").to_string(), "10.0.0.9/32");
        assert!(cidr("::/0").contains("fe80::1".parse().unwrap()) && !cidr("::/0").contains("1.2.3.4".parse().unwrap()));
        for text in ["10.0.0.0/33", "::/129", "10.0.0/8", "", "/", "10.0.0.0/-1", "pl-0ab"] {
            assert_eq!(Addresses::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_hole_in_the_middle_leaves_four_sides() {
        let mut all = Traffic::new([cidr("10.0.0.0/30")], Ports { first: 1, last: 9 });
        let taken = all.take(&Block { addresses: cidr("10.0.0.1/32"), ports: Ports { first: 4, last: 6 } });
        assert_eq!(taken.to_string(), "10.0.0.1/32 port 4–6");
        assert_eq!(all.blocks().len(), 4);
    }

    fn small_block() -> impl Strategy<Value = Block> {
        (0u128..12, 0u128..12, 0u16..12, 0u16..12).prop_map(|(a, b, p, q)| Block {
            addresses: Addresses { v6: false, first: a.min(b), last: a.max(b) },
            ports: Ports { first: p.min(q), last: p.max(q) },
        })
    }

    fn cells(t: &Traffic) -> Vec<(u128, u16)> {
        let inside = |b: &Block| {
            (b.addresses.first..=b.addresses.last).flat_map(|a| (b.ports.first..=b.ports.last).map(move |p| (a, p))).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = t.blocks().iter().flat_map(inside).collect();
        all.sort_unstable();
        all
    }

    proptest! {
        #[test]
        fn taking_splits_and_loses_nothing(start in small_block(), rules in proptest::collection::vec(small_block(), 0..6)) {
            let mut left = Traffic(vec![start]);
            let whole = cells(&left);
            let mut seen = Vec::new();
            for rule in &rules {
                let taken = left.take(rule);
                for (a, p) in cells(&taken) {
                    prop_assert!(rule.addresses.first <= a && a <= rule.addresses.last && rule.ports.first <= p && p <= rule.ports.last);
                }
                seen.extend(cells(&taken));
            }
            seen.extend(cells(&left));
            seen.sort_unstable();
            prop_assert_eq!(seen, whole);
        }
    }
}
