//! The balancer's logs as JSON records, the other form in which CloudWatch Logs gets them: told apart by
//! their fields and written out as the lines of S3, so that one engine reads both. Knows no tallies.

use super::line;
use super::names::Kind;
use super::other_logs::{connection, health_check};
use super::tally::as_written;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A field of a line: the names it goes by in records, and whether the line quotes it.
struct Field(&'static [&'static str], Form);

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Bare,
    Quoted,
    Time,
    /// Address and port, in one field or in two; the names begin with this word.
    Place(&'static str),
    /// `GET http://host:80/path HTTP/1.1`, whole or in three parts.
    Request,
}

use Form::{Bare, Place, Quoted, Request};

/// The access log's fields, in the order of its lines.
const ACCESS: [Field; 34] = [
    Field(&["type"], Bare),
    Field(&["time", "timestamp"], Form::Time),
    Field(&["elb"], Bare),
    Field(&["client_port"], Place("client")),
    Field(&["target_port"], Place("target")),
    Field(&["request_processing_time"], Bare),
    Field(&["target_processing_time"], Bare),
    Field(&["response_processing_time"], Bare),
    Field(&["elb_status_code"], Bare),
    Field(&["target_status_code"], Bare),
    Field(&["received_bytes"], Bare),
    Field(&["sent_bytes"], Bare),
    Field(&["request_line", "request"], Request),
    Field(&["user_agent"], Quoted),
    Field(&["ssl_cipher"], Bare),
    Field(&["ssl_protocol"], Bare),
    Field(&["target_group_arn"], Bare),
    Field(&["trace_id"], Quoted),
    Field(&["domain_name"], Quoted),
    Field(&["chosen_cert_arn"], Quoted),
    Field(&["matched_rule_priority"], Bare),
    Field(&["request_creation_time"], Form::Time),
    Field(&["actions_executed"], Quoted),
    Field(&["redirect_url"], Quoted),
    Field(&["error_reason", "lambda_error_reason"], Quoted),
    Field(&["target_port_list"], Quoted),
    Field(&["target_status_code_list"], Quoted),
    Field(&["classification"], Quoted),
    Field(&["classification_reason"], Quoted),
    Field(&["conn_trace_id"], Bare),
    Field(&["transformed_host"], Quoted),
    Field(&["transformed_uri"], Quoted),
    Field(&["request_transform_status"], Quoted),
    Field(&["ip_address", "node_ip"], Bare),
];

const HEALTH_CHECK: [Field; 8] = [
    Field(&["type"], Bare),
    Field(&["time", "timestamp"], Form::Time),
    Field(&["latency"], Bare),
    Field(&["target_addr", "target_address"], Bare),
    Field(&["target_group_id", "target_group"], Bare),
    Field(&["status"], Bare),
    Field(&["status_code"], Bare),
    Field(&["reason_code"], Bare),
];

const CONNECTION: [Field; 13] = [
    Field(&["time", "timestamp"], Form::Time),
    Field(&["client_ip"], Bare),
    Field(&["client_port"], Bare),
    Field(&["listener_port"], Bare),
    Field(&["tls_protocol"], Bare),
    Field(&["tls_cipher"], Bare),
    Field(&["tls_handshake_latency"], Bare),
    Field(&["leaf_client_cert_subject"], Quoted),
    Field(&["leaf_client_cert_validity"], Bare),
    Field(&["leaf_client_cert_serial_number"], Bare),
    Field(&["tls_verify_status"], Bare),
    Field(&["conn_trace_id"], Bare),
    Field(&["tls_keyexchange"], Bare),
];

/// Without these, which whoever sets up a delivery may leave out, it cannot be told how a request failed.
const NEEDED: [&str; 5] =
    ["elb_status_code", "target_status_code", "request_processing_time", "target_processing_time", "response_processing_time"];

/// Which of the balancer's logs a line or a record is of, and the line itself; `None` for anything else.
pub fn plain(text: &[u8]) -> Option<(Kind, Cow<'_, [u8]>)> {
    if text.first() == Some(&b'{') {
        let (kind, line) = written_out(text)?;
        return (kind_of(&line) == Some(kind)).then_some((kind, line.into()));
    }
    kind_of(text).map(|kind| (kind, text.into()))
}

/// The line of a request that a line or a record tells of; `None` for anything else.
pub fn access(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    plain(text).filter(|(kind, _)| *kind == Kind::Access).map(|(_, line)| line)
}

/// The names of a record's fields as they stand there; `None` for what is no record.
pub fn names(text: &[u8]) -> Option<Vec<String>> {
    let fields: Map<String, Value> = serde_json::from_slice(text).ok()?;
    Some(fields.into_iter().map(|(name, _)| name).collect())
}

fn kind_of(line: &[u8]) -> Option<Kind> {
    if line::glance(line).is_some() {
        Some(Kind::Access)
    } else if health_check(line).is_some() {
        Some(Kind::HealthCheck)
    } else {
        connection(line).map(|_| Kind::Connection)
    }
}

fn written_out(record: &[u8]) -> Option<(Kind, Vec<u8>)> {
    let record = Record::read(record)?;
    let (kind, fields) = if record.has("elb_status_code") {
        (Kind::Access, ACCESS.as_slice())
    } else if record.has("target_group_id") && record.has("status") {
        (Kind::HealthCheck, HEALTH_CHECK.as_slice())
    } else if record.has("listener_port") && record.has("conn_trace_id") {
        (Kind::Connection, CONNECTION.as_slice())
    } else {
        return None;
    };
    let whole = kind != Kind::Access || NEEDED.iter().all(|name| record.has(name));
    whole.then(|| (kind, record.line(fields)))
}

/// A flat record, its names in one spelling.
struct Record(BTreeMap<String, Value>);

impl Record {
    fn read(text: &[u8]) -> Option<Self> {
        let fields: Map<String, Value> = serde_json::from_slice(text).ok()?;
        Some(Self(fields.into_iter().map(|(name, value)| (spelled(&name), value)).collect()))
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A value as the log writes it; empty when there is none.
    fn text(&self, name: &str) -> Cow<'_, str> {
        match self.0.get(name) {
            Some(Value::String(text)) => text.into(),
            // Never as `1e-7`, which would read as a second.
            Some(Value::Number(n)) if n.is_f64() => n.as_f64().map_or_else(String::new, |n| format!("{n:.6}")).into(),
            Some(Value::Number(n)) => n.to_string().into(),
            _ => "".into(),
        }
    }

    fn first(&self, names: &[&str]) -> Cow<'_, str> {
        names.iter().map(|name| self.text(name)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn line(&self, fields: &[Field]) -> Vec<u8> {
        let mut line = Vec::with_capacity(700);
        for Field(names, form) in fields {
            if !line.is_empty() {
                line.push(b' ');
            }
            let value = match form {
                Bare | Quoted => self.first(names),
                Form::Time => self.time(names),
                Place(word) => self.place(word),
                Request => self.request(names),
            };
            put(&mut line, &value, matches!(form, Quoted | Request));
        }
        line
    }

    /// A time in words, or in milliseconds since 1970.
    fn time(&self, names: &[&str]) -> Cow<'_, str> {
        let millis = names.iter().find_map(|name| self.0.get(*name)?.as_i64());
        millis.and_then(|ms| ms.checked_mul(1000)).map_or_else(|| self.first(names), |micros| as_written(micros).into())
    }

    /// `10.0.1.5:8080` from one field or from two.
    fn place(&self, word: &str) -> Cow<'_, str> {
        let port = self.text(&format!("{word}_port"));
        if port.contains(':') || port == "-" {
            return port;
        }
        let address = self.first(&[&format!("{word}_ip"), word]).into_owned();
        match (address.as_str(), &*port) {
            ("" | "-", _) => "-".into(),
            (_, "") => address.into(),
            (_, port) => format!("{address}:{port}").into(),
        }
    }

    fn request(&self, names: &[&str]) -> Cow<'_, str> {
        let whole = self.first(names);
        if !whole.is_empty() || !self.has("request_url") {
            return whole;
        }
        let part = |name: &str| self.first(&[name, "-"]).into_owned();
        [part("request_verb"), part("request_url"), part("request_proto")].join(" ").into()
    }
}

/// Names in one spelling: `target:port` and `target_port` are the same.
pub(super) fn spelled(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

/// What would end a field early is written as the balancer itself writes it.
fn put(line: &mut Vec<u8>, value: &str, quoted: bool) {
    let quote = if quoted { &b"\""[..] } else { b"" };
    line.extend_from_slice(quote);
    for byte in if value.is_empty() { "-" } else { value }.bytes() {
        let ends = byte == b'"' || byte < b' ' || (!quoted && byte == b' ');
        if ends { line.extend_from_slice(format!("\\x{byte:02x}").as_bytes()) } else { line.push(byte) }
    }
    line.extend_from_slice(quote);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::line::tests::REFUSED;
    use crate::accesslog::line::{Fields, Line};
    use proptest::prelude::*;
    use serde_json::json;

    /// The fields of a line under the names that a delivery gives them.
    fn record_of(line: &str) -> Value {
        let fields = Fields::of(line.as_bytes()).map(|f| String::from_utf8_lossy(f).replace("\\x22", "\"").into());
        ACCESS.iter().map(|f| f.0[0].to_owned()).zip(fields).collect::<Map<String, Value>>().into()
    }

    fn access(record: &Value) -> Option<String> {
        let text = record.to_string();
        let (kind, line) = plain(text.as_bytes())?;
        (kind == Kind::Access).then(|| String::from_utf8_lossy(&line).into_owned())
    }

    #[test]
    fn a_record_becomes_the_line_that_s3_would_hold() {
        assert_eq!(access(&record_of(REFUSED)).as_deref(), Some(REFUSED));
    }

    #[test]
    fn fields_go_by_several_names_and_numbers_are_numbers() {
        let mut record = record_of(REFUSED);
        let fields = record.as_object_mut().unwrap();
        for name in ["target_port", "client_port", "request_line", "elb_status_code", "request_processing_time", "time"] {
            fields.remove(name);
        }
        fields.extend(
            [
                ("target:port", json!("10.0.1.5:8080")),
                ("client_ip", json!("203.0.113.9")),
                ("client_port", json!(2817)),
                ("request_verb", json!("GET")),
                ("request_url", json!("https://www.example.com:443/cart/42?x=1")),
                ("request_proto", json!("HTTP/1.1")),
                ("elb_status_code", json!(502)),
                ("request_processing_time", json!(-1)),
                ("time", json!(1_795_179_601_123_i64)),
                ("resource_arn", json!("arn:aws:…")),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let line = access(&record).unwrap();
        assert_eq!(line, REFUSED.replace("01.123456Z", "01.123000Z"));
    }

    #[test]
    fn a_delivery_without_the_times_is_no_line_that_could_be_judged() {
        let mut record = record_of(REFUSED);
        record.as_object_mut().unwrap().remove("target_processing_time");
        assert_eq!(access(&record), None);
    }

    #[test]
    fn a_request_that_chose_no_target_has_none() {
        let mut record = record_of(REFUSED);
        record["target_port"] = json!("-");
        assert_eq!(Line::read(access(&record).unwrap().as_bytes()).target(), b"-");
        record.as_object_mut().unwrap().remove("target_port");
        assert_eq!(Line::read(access(&record).unwrap().as_bytes()).target(), b"-");
    }

    #[test]
    fn health_checks_and_connections_are_told_apart() {
        let check = json!({"type": "http", "time": "2025-10-31T12:44:58.901409Z", "latency": "1.121980746", "target_addr": "172.31.31.9:80",
            "target_group_id": "HCLogsTestIPs", "status": "FAIL", "status_code": "502", "reason_code": "TargetError", "ip_address": "10.0.0.1"});
        let (kind, line) = plain(check.to_string().as_bytes()).map(|(k, l)| (k, l.into_owned())).unwrap();
        assert_eq!(kind, Kind::HealthCheck);
        assert_eq!(line, b"http 2025-10-31T12:44:58.901409Z 1.121980746 172.31.31.9:80 HCLogsTestIPs FAIL 502 TargetError");
        let connection = json!({"time": "2025-10-31T12:44:58.901409Z", "client_ip": "203.0.113.1", "client_port": 36280, "listener_port": 443,
            "tls_protocol": "TLSv1.2", "tls_cipher": "x", "tls_handshake_latency": 0.005, "tls_verify_status": "Success", "conn_trace_id": "TID_3"});
        assert_eq!(plain(connection.to_string().as_bytes()).map(|(k, _)| k), Some(Kind::Connection));
        for other in [r#"{"status": 500, "time": "2025-10-31T12:44:58Z"}"#, "{}", "{", "[1]", "", "plain text"] {
            assert!(plain(other.as_bytes()).is_none(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn no_value_breaks_out_of_its_field(value in "\\PC*|[ \"\\x00-\\x1f]{0,8}", which in 0..ACCESS.len()) {
            let mut record = record_of(REFUSED);
            record[ACCESS[which].0[0]] = json!(value);
            if let Some(line) = access(&record) {
                prop_assert_eq!(Fields::of(line.as_bytes()).count(), ACCESS.len());
                prop_assert!(!line.contains('\n'));
            }
        }
    }
}
