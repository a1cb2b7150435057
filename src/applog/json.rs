//! Lines that are JSON: time, level and message out of the fields that loggers, Docker and journald use.

use super::Level;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// What is used of a line.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    pub time: Option<Moment<'a>>,
    pub level: Level,
    pub message: Option<Cow<'a, str>>,
    /// The host or container, where the line names it.
    pub stream: Option<Cow<'a, str>>,
    /// The status of a request, in access lines.
    pub status: Option<u16>,
    pub path: Option<Cow<'a, str>>,
}

/// A time as text or as a number.
#[derive(Debug)]
pub enum Moment<'a> {
    Text(Cow<'a, str>),
    Millis(i64),
}

/// Reads a line that begins with `{`; `None` if it is not JSON after all.
pub fn read(line: &[u8]) -> Option<Fields<'_>> {
    serde_json::from_slice(line).ok()
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "time" | "timestamp" | "@timestamp" | "ts" | "t" | "datetime" | "date" | "eventTime" | "asctime" => {
                    fields.time = map.next_value::<Scalar>()?.moment().or(fields.time);
                }
                "_SOURCE_REALTIME_TIMESTAMP" | "__REALTIME_TIMESTAMP" => {
                    let written = map.next_value::<Scalar>()?.moment();
                    fields.time = fields.time.or(written);
                }
                "level" | "severity" | "lvl" | "levelname" | "loglevel" | "log.level" => fields.level = map.next_value::<Scalar>()?.level(),
                "PRIORITY" => fields.level = map.next_value::<Scalar>()?.priority(),
                "message" | "msg" | "MESSAGE" | "log" | "event" | "error" if fields.message.is_none() => {
                    fields.message = map.next_value::<Scalar>()?.text();
                }
                // Not "host": in access lines that is what the client asked for.
                "hostname" | "_HOSTNAME" | "container_name" | "instance_id" => fields.stream = map.next_value::<Scalar>()?.text(),
                "status" | "status_code" | "statusCode" | "response_code" => fields.status = map.next_value::<Scalar>()?.status(),
                "path" | "uri" | "url" | "request_uri" => fields.path = map.next_value::<Scalar>()?.text(),
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(fields)
    }
}

/// A key or a string, borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match Scalar::deserialize(d)? {
            Scalar::Text(t) => Ok(Self(t)),
            _ => Ok(Self(Cow::Borrowed(""))),
        }
    }
}

/// A value, as far as it is one thing.
enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(f64),
    Other,
}

impl<'a> Scalar<'a> {
    fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(t) => Some(t),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(*n),
            Self::Text(t) if t.len() < 24 => t.parse().ok(),
            _ => None,
        }
    }

    /// Seconds, milliseconds, microseconds or nanoseconds since 1970, by their size.
    fn moment(self) -> Option<Moment<'a>> {
        match self.number() {
            Some(n) => {
                let millis = match n.abs() {
                    n if n < 1e11 => n * 1e3,
                    n if n < 1e14 => n,
                    n if n < 1e17 => n / 1e3,
                    n => n / 1e6,
                };
                (n > 1e8 && millis.is_finite()).then_some(Moment::Millis(millis as i64))
            }
            None => self.text().map(Moment::Text),
        }
    }

    fn level(self) -> Level {
        match &self {
            Self::Text(t) => super::line::level_word(t.as_bytes()),
            // Bunyan's and pino's numbers.
            Self::Number(n) => match *n as i64 {
                60.. => Level::Fatal,
                50..60 => Level::Error,
                40..50 => Level::Warn,
                30..40 => Level::Info,
                10..30 => Level::Debug,
                _ => Level::Unknown,
            },
            Self::Other => Level::Unknown,
        }
    }

    /// Syslog's numbers, as journald keeps them.
    fn priority(self) -> Level {
        match self.number().map(|n| n as i64) {
            Some(0..=2) => Level::Fatal,
            Some(3) => Level::Error,
            Some(4) => Level::Warn,
            Some(5 | 6) => Level::Info,
            Some(7) => Level::Debug,
            _ => Level::Unknown,
        }
    }

    fn status(self) -> Option<u16> {
        self.number().filter(|n| (100.0..600.0).contains(n)).map(|n| n as u16)
    }
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(v)))
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(v.to_owned())))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(v as f64))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(v as f64))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    /// Text with control characters or in no valid UTF-8 is written as its bytes by journald.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let (mut bytes, mut is_text) = (Vec::new(), true);
        while let Some(element) = seq.next_element::<Scalar>()? {
            match element.number().filter(|n| (0.0..256.0).contains(n) && n.fract() == 0.0) {
                Some(byte) if is_text => bytes.push(byte as u8),
                _ => is_text = false,
            }
        }
        let text = (is_text && !bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned());
        Ok(text.map_or(Scalar::Other, |t| Scalar::Text(Cow::Owned(t))))
    }
}
