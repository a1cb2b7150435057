//! How a fact is read: what was learned goes straight into its type. A derived reader would keep all of it, number
//! by number, in a general form first, because it shares a structure with other fields.

use super::{Fact, Origin, What};
use crate::time::Time;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::fmt;

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(OfFact)
    }
}

struct OfFact;

impl<'de> Visitor<'de> for OfFact {
    type Value = Fact;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a fact: `at`, `fact`, `value` and perhaps `origin`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fact, A::Error> {
        let (mut at, mut origin, mut kind, mut what) = (None::<Time>, None::<Origin>, None::<String>, None::<What>);
        let mut early = None::<Value>;
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), &kind) {
                ("at", _) => at = Some(map.next_value()?),
                ("origin", _) => origin = map.next_value()?,
                ("fact", _) => kind = Some(map.next_value()?),
                ("value", Some(kind)) => what = Some(of_kind(kind, &mut map)?),
                // Written by somebody else, in another order.
                ("value", None) => early = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let at = at.ok_or_else(|| A::Error::missing_field("at"))?;
        let kind = kind.ok_or_else(|| A::Error::missing_field("fact"))?;
        let what = match what {
            Some(what) => what,
            None => late(&kind, early).map_err(A::Error::custom)?,
        };
        Ok(Fact { at, origin, what })
    }
}

fn of_kind<'de, A: MapAccess<'de>>(kind: &str, map: &mut A) -> Result<What, A::Error> {
    What::deserialize(MapAccessDeserializer::new(Tagged { kind, next: Next::Kind, map }))
}

fn late(kind: &str, value: Option<Value>) -> Result<What, serde_json::Error> {
    let value = value.ok_or_else(|| serde_json::Error::missing_field("value"))?;
    What::deserialize(serde_json::json!({ "fact": kind, "value": value }))
}

/// The two fields that [`What`] is made of; the second is read where it stands.
struct Tagged<'a, A> {
    kind: &'a str,
    next: Next,
    map: &'a mut A,
}

enum Next {
    Kind,
    Value,
    Nothing,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Tagged<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let name = match self.next {
            Next::Kind => "fact",
            Next::Value => "value",
            Next::Nothing => return Ok(None),
        };
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::Kind => {
                self.next = Next::Value;
                seed.deserialize(self.kind.into_deserializer())
            }
            Next::Value | Next::Nothing => self.map.next_value_seed(seed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#""value":{"check":"ask-infra-team","answer":"no","note":"x","by":"Linh","at":"2026-11-20T02:40:00Z"}"#;

    fn read(text: &str) -> Result<Fact, String> {
        serde_json::from_str(text).map_err(|e| e.to_string())
    }

    #[test]
    fn fields_may_stand_in_any_order_and_others_are_passed_over() {
        let settled = r#"{"at":"2026-11-20T02:40:00Z","fact":"settled","value":{"area":"network"}}"#;
        let turned = r#"{"new":[1,{}],"value":{"area":"network"},"fact":"settled","at":"2026-11-20T02:40:00Z"}"#;
        assert_eq!(read(settled).unwrap(), read(turned).unwrap());
    }

    #[test]
    fn what_is_missing_or_not_known_is_named() {
        let said = |text: &str| read(text).unwrap_err();
        assert!(said(&format!(r#"{{"fact":"answer",{ANSWER}}}"#)).contains("missing field `at`"));
        assert!(said(&format!(r#"{{"at":"2026-11-20T02:40:00Z",{ANSWER}}}"#)).contains("missing field `fact`"));
        assert!(said(r#"{"at":"2026-11-20T02:40:00Z","fact":"settled"}"#).contains("missing field `value`"));
        assert!(said(r#"{"at":"2026-11-20T02:40:00Z","fact":"dream","value":{}}"#).contains("unknown variant `dream`"));
        assert!(said(r#"{"at":"2026-11-20T02:40:00Z","value":{},"fact":"dream"}"#).contains("unknown variant `dream`"));
    }
}
