//! Stand-ins for addresses that keep what networks are: two addresses that share a prefix share one of the
//! same length afterwards, so every rule that let one in still does. Each octet keeps its number of digits.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address as bits, so that both kinds are treated alike: octets of 8 bits or groups of 16.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Bits {
    value: u128,
    six: bool,
}

/// How one place in the tree of prefixes flips: the lowest `bits` bits, as the secret says at the `attempt`th try.
#[derive(Clone, Copy, Debug)]
struct Flip {
    bits: u32,
    attempt: u32,
}

/// Everything above a unit.
type Place = (bool, u32, u128);

pub(super) struct Addresses<S> {
    secret: S,
    /// Units that were seen, with how many of their bits are network.
    seen: BTreeMap<Place, BTreeSet<(u32, u32)>>,
    flips: BTreeMap<Place, Flip>,
    known: BTreeSet<Bits>,
}

impl Bits {
    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(a) => Self { value: u128::from(u32::from(a)), six: false },
            IpAddr::V6(a) => Self { value: u128::from(a), six: true },
        }
    }

    fn address(self) -> IpAddr {
        if self.six { IpAddr::V6(Ipv6Addr::from(self.value)) } else { IpAddr::V4(Ipv4Addr::from(self.value as u32)) }
    }

    fn width(self) -> u32 {
        if self.six { 128 } else { 32 }
    }

    fn unit(self) -> u32 {
        if self.six { 16 } else { 8 }
    }

    fn unit_at(self, i: u32) -> u32 {
        (self.value >> (self.width() - (i + 1) * self.unit())) as u32 & ((1 << self.unit()) - 1)
    }

    fn above(self, i: u32) -> Place {
        let shift = self.width() - i * self.unit();
        (self.six, i, if shift >= 128 { 0 } else { self.value >> shift })
    }

    /// Leading bits that say what kind of address it is and tell nothing about whose.
    fn kind_bits(self) -> u32 {
        match self.address() {
            IpAddr::V4(a) => match a.octets() {
                [0 | 127 | 224..=255, ..] | [169, 254, ..] => 32,
                [172, 16..=31, ..] => 12,
                [192, 168, ..] => 16,
                [100, 64..=127, ..] => 10,
                _ => 8,
            },
            IpAddr::V6(a) if a.is_loopback() || a.is_unspecified() || a.is_multicast() => 128,
            IpAddr::V6(_) => 16,
        }
    }
}

/// Digits as written: decimal for octets, hexadecimal for groups.
fn digits(v: u32, six: bool) -> u32 {
    if six { v.checked_ilog(16).map_or(0, |n| n + 1) } else { v.checked_ilog10().unwrap_or(0) + 1 }
}

impl<S: BuildHasher> Addresses<S> {
    pub fn new(secret: S) -> Self {
        Self { secret, seen: BTreeMap::new(), flips: BTreeMap::new(), known: BTreeSet::new() }
    }

    /// Remembers an address, or a network of `length` bits, so that its digits can be kept.
    pub fn see(&mut self, address: IpAddr, length: u32) {
        let bits = Bits::of(address);
        if bits.kind_bits() < bits.width() {
            self.known.insert(bits);
        }
        for i in 0..bits.width() / bits.unit() {
            let network = length.saturating_sub(i * bits.unit()).min(bits.unit());
            self.seen.entry(bits.above(i)).or_default().insert((bits.unit_at(i), network));
        }
    }

    /// How many different addresses were seen that get a stand-in.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// The stand-in; bits behind `length` stay as they are, which for a network is 0.
    pub fn stand_in(&mut self, address: IpAddr, length: u32) -> IpAddr {
        let bits = Bits::of(address);
        let (kind, unit) = (bits.kind_bits(), bits.unit());
        let mut out = 0u128;
        for i in 0..bits.width() / unit {
            let fixed = kind.saturating_sub(i * unit).min(unit);
            let network = length.saturating_sub(i * unit).min(unit);
            let flip = self.flip(bits.above(i), unit - fixed, unit);
            let mapped = self.mapped(bits.above(i), bits.unit_at(i), flip, unit);
            let host = (1u32 << (unit - network)) - 1;
            out = out << unit | u128::from(mapped & !host | bits.unit_at(i) & host);
        }
        Bits { value: out, six: bits.six }.address()
    }

    fn flip(&mut self, place: Place, most: u32, unit: u32) -> Flip {
        if let Some(flip) = self.flips.get(&place) {
            return *flip;
        }
        let tries = (1..=most).rev().flat_map(|bits| (0..32).map(move |attempt| Flip { bits, attempt }));
        let values = self.seen.get(&place).cloned().unwrap_or_default();
        // Best is what nobody else had: then no stand-in is somebody's real address.
        let new = |flip: &Flip| self.keeps_digits(place, &values, *flip, unit) && self.is_new(place, &values, *flip, unit);
        let keeps = |flip: &Flip| self.keeps_digits(place, &values, *flip, unit);
        // Groups of zeros are what `::` stands for: they have no digits to change.
        let otherwise = if values.iter().all(|(v, _)| place.0 && *v == 0) { 0 } else { most };
        let found = tries.clone().find(new).or_else(|| tries.clone().find(keeps));
        let flip = found.unwrap_or(Flip { bits: otherwise, attempt: 0 });
        self.flips.insert(place, flip);
        flip
    }

    /// Whether every unit seen at a place keeps its digits, and something changes at all.
    fn keeps_digits(&self, place: Place, values: &BTreeSet<(u32, u32)>, flip: Flip, unit: u32) -> bool {
        let mut changed = false;
        for (v, network) in values {
            let host = (1u32 << (unit - network)) - 1;
            let mapped = self.mapped(place, *v, flip, unit) & !host | v & host;
            changed |= mapped != *v;
            if digits(mapped, place.0) != digits(*v, place.0) {
                return false;
            }
        }
        changed
    }

    /// Whether no stand-in at a place is another's original.
    fn is_new(&self, place: Place, values: &BTreeSet<(u32, u32)>, flip: Flip, unit: u32) -> bool {
        let originals: BTreeSet<u32> = values.iter().filter(|(_, network)| *network == unit).map(|(v, _)| *v).collect();
        originals.iter().all(|v| !originals.contains(&self.mapped(place, *v, flip, unit)))
    }

    /// Each bit is flipped or not by what stands before it, so prefixes stay prefixes.
    fn mapped(&self, place: Place, v: u32, flip: Flip, unit: u32) -> u32 {
        (0..flip.bits).fold(v, |out, bit| {
            let before = v >> (bit + 1);
            let turn = self.secret.hash_one((place, flip.bits, flip.attempt, unit, bit, before)) & 1;
            out ^ (turn as u32) << bit
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::hash::{BuildHasherDefault, DefaultHasher};

    type Fixed = BuildHasherDefault<DefaultHasher>;

    fn shared(a: u32, b: u32) -> u32 {
        (a ^ b).leading_zeros()
    }

    proptest! {
        #[test]
        fn shared_prefixes_stay_as_long_as_they_were(all in proptest::collection::vec(any::<u32>(), 2..40)) {
            let mut addresses = Addresses::new(Fixed::default());
            let ip = |v: u32| IpAddr::V4(v.into());
            for v in &all { addresses.see(ip(*v), 32); }
            let out: Vec<u32> = all.iter().map(|v| match addresses.stand_in(ip(*v), 32) { IpAddr::V4(a) => a.into(), IpAddr::V6(_) => 0 }).collect();
            for i in 0..all.len() {
                for j in 0..i {
                    prop_assert_eq!(shared(all[i], all[j]), shared(out[i], out[j]));
                }
            }
        }
    }

    #[test]
    fn digits_stay_and_networks_still_hold_their_hosts() {
        let mut addresses = Addresses::new(Fixed::default());
        let ip = |t: &str| t.parse::<IpAddr>().unwrap();
        let all = [
            ("10.20.0.0", 16),
            ("10.20.16.0", 20),
            ("10.20.17.5", 32),
            ("10.20.1.57", 32),
            ("10.20.240.0", 24),
            ("203.0.113.77", 32),
            ("2406:da14:1::57", 128),
        ];
        for (a, n) in all {
            addresses.see(ip(a), n);
        }
        let out: Vec<String> = all.iter().map(|(a, n)| addresses.stand_in(ip(a), *n).to_string()).collect();
        for ((a, _), o) in all.iter().zip(&out) {
            assert_eq!(a.len(), o.len(), "{a} {o}");
            assert_ne!(a, o);
        }
        let v4 = |t: &str| u32::from(t.parse::<Ipv4Addr>().unwrap());
        assert!(shared(v4(&out[1]), v4(&out[2])) >= 20, "{out:?}");
        assert!(out[0].ends_with(".0.0") && out[1].ends_with(".0"));
    }

    #[test]
    fn addresses_that_belong_to_nobody_stay() {
        let mut addresses = Addresses::new(Fixed::default());
        for text in ["0.0.0.0", "127.0.0.1", "169.254.169.254", "255.255.255.255", "::", "::1"] {
            let ip = text.parse::<IpAddr>().unwrap();
            assert_eq!(addresses.stand_in(ip, if ip.is_ipv4() { 32 } else { 128 }), ip);
        }
    }
}
