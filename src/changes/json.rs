//! Reading JSON that may be anything: keys in either case, lists in every shape that AWS gives them,
//! parts missing or null. Nothing here fails, and everything kept is bounded.

use crate::text::clean;
use crate::time::Time;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// The most of one record that is kept, in bytes of JSON.
pub const RAW_LIMIT: usize = 16 * 1024;

/// The member `key`, whichever case its letters have (`GroupId`, `groupId`); null counts as absent.
pub fn get<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    let found = object.get(key).or_else(|| object.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v));
    found.filter(|v| !v.is_null())
}

/// The member at the end of a path of keys.
pub fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |v, key| get(v, key))
}

/// The string at `key`.
pub fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    get(value, key)?.as_str()
}

/// A string, number or truth value at `key`, as text; also of `{"value": …}`.
pub fn word(value: &Value, key: &str) -> Option<String> {
    let found = get(value, key)?;
    scalar(found).or_else(|| scalar(get(found, "value")?))
}

/// A string, number or truth value as text.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(clean(s)),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// The items of the list at `key`: a JSON list, EC2's `{"items": […]}`, a query list's `{"member": …}`, or one thing.
pub fn items<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    get(value, key).map(elements).unwrap_or_default()
}

fn elements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(all) => all.iter().collect(),
        Value::Object(_) => match ["items", "item", "member"].iter().find_map(|key| get(value, key)) {
            Some(inner) => elements(inner),
            None => vec![value],
        },
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// The strings of the list at `key`.
pub fn words(value: &Value, key: &str) -> Vec<String> {
    items(value, key).into_iter().filter_map(scalar).collect()
}

/// A time at `key`: seconds or milliseconds since 1970, or ISO 8601.
pub fn time(value: &Value, key: &str) -> Option<Time> {
    match get(value, key)? {
        Value::Number(n) => epoch(n.as_f64()?),
        Value::String(s) => parse_time(s),
        _ => None,
    }
}

/// ISO 8601 as services write it, or a number of seconds in a string.
pub fn parse_time(text: &str) -> Option<Time> {
    let text = text.trim();
    if let Ok(t) = DateTime::parse_from_rfc3339(text) {
        return Some(t.with_timezone(&Utc));
    }
    ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z"]
        .iter()
        .find_map(|f| DateTime::parse_from_str(text, f).ok())
        .map(|t| t.with_timezone(&Utc))
        .or_else(|| epoch(text.parse().ok()?))
}

fn epoch(seconds: f64) -> Option<Time> {
    let milliseconds = if seconds.abs() > 1e11 { seconds } else { seconds * 1000.0 };
    if !milliseconds.is_finite() || milliseconds.abs() > 4e14 {
        return None;
    }
    DateTime::from_timestamp_millis(milliseconds.round() as i64)
}

/// The record as it is kept: strings harmless, everything within [`RAW_LIMIT`].
pub fn bounded(value: &Value) -> Value {
    for (string, list) in [(4096, 200), (512, 40), (96, 8)] {
        let pruned = prune(value, string, list, 24);
        if pruned.to_string().len() <= RAW_LIMIT {
            return pruned;
        }
    }
    Value::String(format!("cut: the record is longer than {} KiB", RAW_LIMIT / 1024))
}

fn prune(value: &Value, string: usize, list: usize, depth: usize) -> Value {
    match value {
        Value::String(s) => Value::String(cut(s, string)),
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::String("…".into()),
        Value::Array(all) => Value::Array(all.iter().take(list).map(|v| prune(v, string, list, depth - 1)).collect()),
        Value::Object(all) => {
            Value::Object(all.iter().take(list).map(|(k, v)| (cut(k, 128), prune(v, string, list, depth - 1))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// At most `limit` bytes of the text, cleaned.
pub fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return clean(text);
    }
    let end = (0..=limit).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
    clean(&text[..end]) + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_read_in_every_shape() {
        for list in [json!({"l": ["a", "b"]}), json!({"L": {"items": ["a", "b"]}}), json!({"l": {"member": ["a", "b"]}})] {
            assert_eq!(words(&list, "l"), ["a", "b"]);
        }
        assert!(words(&json!({"l": null}), "l").is_empty());
        assert_eq!(words(&json!({"l": "a"}), "l"), ["a"]);
    }

    #[test]
    fn records_stay_bounded_and_harmless() {
        let huge = json!({"a": "\u{1b}[2J".repeat(10_000), "b": vec!["x".repeat(3000); 500]});
        let kept = bounded(&huge).to_string();
        assert!(kept.len() <= RAW_LIMIT && !kept.contains("u001b"), "{}", kept.len());
    }

    #[test]
    fn times_come_as_numbers_and_as_text() {
        let t = DateTime::from_timestamp(1_770_000_000, 0);
        for v in
            [json!({"t": 1_770_000_000}), json!({"t": 1.77e9}), json!({"t": "2026-02-02T02:40:00Z"}), json!({"t": 1_770_000_000_000_i64})]
        {
            assert_eq!(time(&v, "t"), t, "{v}");
        }
        assert_eq!(time(&json!({"t": 1e300}), "t"), None);
    }
}
