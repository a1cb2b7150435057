//! Trace ids, `1-58337262-36d228ad5d99923122bbe354`: the balancer logs one with each request and hands it to the
//! target, whose application may log it, too. A sample of those that failed is kept to be looked for there.

use super::Signature;
use crate::text::Foreign;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Failed requests that are kept by their ids.
const MOST: usize = 1000;
/// `1-`, eight digits, `-`, twenty-four digits.
const LENGTH: usize = 35;
/// The digits of chance at its end.
const CHANCE: usize = 24;

/// The root of a trace: 32 bits of time and 96 of chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(u128);

impl TraceId {
    /// The first id in a text: what `Root=` names, or an id that stands by itself. A part that the balancer
    /// added (`Self=`) is another id than the one handed on.
    ///
    /// Every line of a log is looked at, so this leaps: an id ends in 24 hexadecimal digits, and of any 24
    /// bytes in a row only the last needs to be looked at to know that they are not those.
    #[inline]
    pub fn find(text: &[u8]) -> Option<Self> {
        let mut at = CHANCE - 1;
        while let Some(byte) = text.get(at) {
            if byte.is_ascii_hexdigit() {
                let (id, end) = Self::around(text, at);
                if id.is_some() {
                    return id;
                }
                at = end;
            }
            at += CHANCE;
        }
        None
    }

    /// The id whose digits stand around a place, if it is one, and where they end.
    fn around(text: &[u8], at: usize) -> (Option<Self>, usize) {
        let is_other = |b: &u8| !b.is_ascii_hexdigit();
        let first = text[..at].iter().rposition(is_other).map_or(0, |n| n + 1);
        let end = text[at..].iter().position(is_other).map_or(text.len(), |n| at + n);
        let begin = first.checked_sub(LENGTH - CHANCE);
        let added = |begin: usize| text[..begin].ends_with(b"Self=");
        (begin.and_then(|b| Self::at(text, b).filter(|_| !added(b))), end)
    }

    /// The id that begins at a place.
    fn at(text: &[u8], begin: usize) -> Option<Self> {
        let id = text.get(begin..begin + LENGTH)?;
        let stands_alone = |byte: Option<&u8>| byte.is_none_or(|b| !b.is_ascii_alphanumeric());
        let framed = matches!(id, [b'1', b'-', ..]) && id[10] == b'-';
        let alone = stands_alone(begin.checked_sub(1).and_then(|n| text.get(n))) && stands_alone(text.get(begin + LENGTH));
        if !framed || !alone {
            return None;
        }
        id[2..10].iter().chain(&id[11..]).try_fold(0, |sum, b| Some(sum << 4 | u128::from(char::from(*b).to_digit(16)?))).map(Self)
    }

    /// The 24 digits of chance, which tell it from every other.
    pub fn chance(self) -> String {
        format!("{:024x}", self.0 & (u128::MAX >> 32))
    }

    /// Spread evenly whatever the ids are, and the same everywhere.
    pub fn hash(self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 64)) as u64;
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1-{:08x}-{}", self.0 >> 96, self.chance())
    }
}

/// A failed request by its trace id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Traced {
    pub id: Foreign,
    pub signature: Signature,
    pub target: String,
}

/// Failed requests by trace id: those with the smallest hashes, so that any order and any number of workers
/// keep the same, and every request has the same chance.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    /// By hash.
    kept: BTreeMap<(u64, TraceId), Kept>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    signature: Signature,
    target: Box<[u8]>,
}

impl Traces {
    pub fn saw(&mut self, trace: &[u8], signature: Signature, target: &[u8]) {
        let Some(id) = TraceId::find(trace) else { return };
        let key = (id.hash(), id);
        let fits = self.kept.len() < MOST || self.kept.last_key_value().is_some_and(|(last, _)| key <= *last);
        if fits {
            self.keep(key, Kept { signature, target: target.into() });
        }
    }

    /// Requests that share an id count as one, by the same rule whoever comes first.
    fn keep(&mut self, key: (u64, TraceId), new: Kept) {
        let kept = self.kept.entry(key).or_insert_with(|| new.clone());
        if new < *kept {
            *kept = new;
        }
        if self.kept.len() > MOST {
            self.kept.pop_last();
        }
    }

    pub fn merge(&mut self, other: Self) {
        other.kept.into_iter().for_each(|(key, kept)| self.keep(key, kept));
    }

    /// In order of their ids.
    pub fn into_rows(self) -> Vec<Traced> {
        let row = |(id, kept): (TraceId, Kept)| Traced {
            id: id.to_string().into(),
            signature: kept.signature,
            target: String::from_utf8_lossy(&kept.target).into_owned(),
        };
        let mut rows: Vec<Traced> = self.kept.into_iter().map(|((_, id), kept)| row((id, kept))).collect();
        rows.sort();
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "1-58337262-36d228ad5d99923122bbe354";

    #[test]
    fn ids_are_found_as_programs_write_them() {
        for text in [
            format!("Root={ID}"),
            format!("Self=1-67891234-12456789abcdef0123456780;Root={ID}"),
            format!("10.0.0.1 - - \"GET / HTTP/1.1\" 200 12 \"Root={ID};Parent=53995c3f42cd8ad8;Sampled=1\""),
            format!("2026-11-20T13:00:01Z INFO trace={ID} handled"),
            format!(r#"{{"time":"2026-11-20","xray":"{ID}","status":200}}"#),
            ID.to_ascii_uppercase(),
        ] {
            assert_eq!(TraceId::find(text.as_bytes()).map(|id| id.to_string()).as_deref(), Some(ID), "{text}");
        }
        for text in ["", "-", "1-", "2026-11-20", &ID[..34], &format!("{ID}0"), &format!("1{ID}"), &ID.replace('6', "g")] {
            assert_eq!(TraceId::find(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_order_and_any_parting_keep_the_same(numbers in proptest::collection::vec(any::<u128>(), 0..40), cut in any::<proptest::sample::Index>()) {
            let id = |n: &u128| TraceId(*n).to_string();
            let all = |numbers: &[u128]| {
                let mut traces = Traces::default();
                numbers.iter().for_each(|n| traces.saw(id(n).as_bytes(), if n % 2 == 0 { Signature::Refused } else { Signature::Tls }, b"t"));
                traces
            };
            let at = if numbers.is_empty() { 0 } else { cut.index(numbers.len()) };
            let mut parts = all(&numbers[at..]);
            parts.merge(all(&numbers[..at]));
            prop_assert_eq!(parts.into_rows(), all(&numbers).into_rows());
        }

        #[test]
        fn an_id_reads_as_it_is_written(n in any::<u128>()) {
            prop_assert_eq!(TraceId::find(TraceId(n).to_string().as_bytes()), Some(TraceId(n)));
        }

        #[test]
        fn an_id_is_found_wherever_it_stands(before in "[ -~]{0,60}", after in "[ -~]{0,60}", n in any::<u128>()) {
            let id = TraceId(n).to_string();
            let text = format!("{before} {id} {after}");
            let slow = (0..text.len()).find_map(|at| TraceId::at(text.as_bytes(), at).filter(|_| !text[..at].ends_with("Self=")));
            prop_assert_eq!(TraceId::find(text.as_bytes()), slow);
        }

        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(prop_oneof![Just(b'1'), Just(b'-'), Just(b'a'), any::<u8>()], 0..100)) {
            let _ = TraceId::find(&bytes);
        }
    }
}
