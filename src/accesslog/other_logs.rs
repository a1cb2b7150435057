//! The balancer's two smaller logs in the same engine: what its health checks saw, and what its clients'
//! connections came to. Both are plain words between spaces, and bounded.

use super::line::{Fields, Stamp};
use super::names::Kind;
use super::question::Span;
use super::record;
use super::scan::Collect;
use super::tally::{Census, each_line};
use crate::case::health::HealthCheckRecord;
use crate::time::{Time, Window};

/// Records that are kept; a record is one check of one target by one node, or one change with the
/// unchanged ones between dropped.
const MOST_RECORDS: usize = 200_000;

/// `http 2025-10-31T12:44:58.901409Z 1.121980746 172.31.31.9:80 HCLogsTestIPs FAIL 502 TargetError`
pub fn health_check(line: &[u8]) -> Option<HealthCheckRecord> {
    let mut fields = Fields::of(line).map(|f| String::from_utf8_lossy(f).into_owned());
    let _kind = fields.next()?;
    let stamp = fields.next()?;
    let at = Time::from_timestamp_micros(Stamp::read(stamp.as_bytes())?.micros())?;
    let latency = fields.next()?.parse().ok().filter(|l: &f64| l.is_finite() && *l >= 0.0);
    let (target, target_group) = (fields.next()?, fields.next()?);
    let passed = match fields.next()?.as_str() {
        "PASS" => true,
        "FAIL" => false,
        _ => return None,
    };
    let status_code = fields.next().and_then(|s| s.parse().ok());
    let reason = fields.next().filter(|r| r != "-" && !r.is_empty());
    Some(HealthCheckRecord { at, target, target_group, passed, status_code, reason, latency })
}

/// Keeps the health checks of a window.
#[derive(Clone, Debug)]
pub struct HealthChecks {
    span: Span,
    pub census: Census,
    pub records: Vec<HealthCheckRecord>,
    /// Records that no longer fitted.
    pub dropped: u64,
}

impl HealthChecks {
    pub fn new(window: Option<Window>) -> Self {
        Self { span: window.map_or(Span::EVER, Into::into), census: Census::default(), records: Vec::new(), dropped: 0 }
    }

    fn line(&mut self, line: &[u8]) {
        self.census.lines += 1;
        let read = health_check(line).or_else(|| match record::plain(line) {
            Some((Kind::HealthCheck, line)) => health_check(&line),
            _ => None,
        });
        match read {
            None => self.census.malformed(line),
            Some(r) if !self.span.contains(r.at.timestamp_micros()) => self.census.outside += 1,
            Some(_) if self.records.len() >= MOST_RECORDS => self.dropped += 1,
            Some(record) => self.records.push(record),
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.census.add(other.census);
        self.dropped += other.dropped;
        self.records.extend(other.records);
        self.dropped += self.records.len().saturating_sub(MOST_RECORDS) as u64;
        self.records.truncate(MOST_RECORDS);
    }

    /// In order of time and target.
    pub fn into_records(mut self) -> Vec<HealthCheckRecord> {
        self.records.sort_by(|a, b| (a.at, &a.target, &a.target_group).cmp(&(b.at, &b.target, &b.target_group)));
        self.records
    }
}

impl Collect for HealthChecks {
    fn begin(&mut self, _: &str) {}

    fn take(&mut self, lines: &[u8]) {
        each_line(lines, |line| self.line(line));
    }

    fn overlong(&mut self, beginning: &[u8]) {
        self.census.lines += 1;
        self.census.malformed(beginning);
    }
}

/// One connection of a client: when, from where, and what its TLS handshake came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    pub at: Time,
    pub client: String,
    pub listener_port: u16,
    /// `-` without TLS.
    pub tls_protocol: String,
    /// Seconds.
    pub handshake: Option<f64>,
    /// `Success`, `Failed:ClientCertUntrusted`, `-`.
    pub verified: String,
    /// Joins the access log's `conn_trace_id`.
    pub trace: String,
}

/// `timestamp client_ip client_port listener_port tls_protocol tls_cipher tls_handshake_latency subject
/// validity serial verify_status conn_trace_id …`
pub fn connection(line: &[u8]) -> Option<Connection> {
    let fields: Vec<String> = Fields::of(line).map(|f| String::from_utf8_lossy(f).into_owned()).take(12).collect();
    let [at, client, client_port, listener, protocol, _, latency, _, _, _, verified, trace] = fields.as_slice() else { return None };
    Some(Connection {
        at: Time::from_timestamp_micros(Stamp::read(at.as_bytes())?.micros())?,
        client: format!("{client}:{client_port}"),
        listener_port: listener.parse().ok()?,
        tls_protocol: protocol.clone(),
        handshake: latency.parse().ok().filter(|l: &f64| l.is_finite() && *l >= 0.0),
        verified: verified.clone(),
        trace: trace.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FAIL: &str = "http 2025-10-31T12:44:58.901409Z 1.121980746 172.31.31.9:80 HCLogsTestIPs FAIL 502 TargetError";

    #[test]
    fn a_failed_check_says_why() {
        let record = health_check(FAIL.as_bytes()).unwrap();
        assert_eq!((record.target.as_str(), record.target_group.as_str(), record.passed), ("172.31.31.9:80", "HCLogsTestIPs", false));
        assert_eq!((record.status_code, record.reason.as_deref(), record.latency), (Some(502), Some("TargetError"), Some(1.121980746)));
        assert_eq!(crate::time::rfc3339(record.at), "2025-10-31T12:44:58.901409Z");
    }

    #[test]
    fn a_passed_check_has_no_reason_and_silence_no_status() {
        let pass = health_check(b"https 2025-10-31T12:44:58.901409Z 0.002 [fd00::9]:443 g PASS 200 -").unwrap();
        assert!(pass.passed && pass.reason.is_none());
        let silent = health_check(b"http 2025-10-31T12:44:58.901409Z 10.0 172.31.31.9:80 g FAIL - ConnectionTimedOut").unwrap();
        assert_eq!((silent.status_code, silent.reason.as_deref()), (None, Some("ConnectionTimedOut")));
    }

    #[test]
    fn lines_are_counted_and_bad_ones_named() {
        let mut checks = HealthChecks::new(None);
        checks.take(format!("{FAIL}\nhttp cut\n{FAIL}\n").as_bytes());
        assert_eq!((checks.census.lines, checks.census.malformed, checks.records.len()), (3, 1, 2));
    }

    #[test]
    fn a_connection_is_read() {
        let line = br#"2025-10-31T12:44:58.901409Z 203.0.113.1 36280 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 0.005 "CN=a b" NotBefore=2023;NotAfter=2024 FEF2 Failed:ClientCertUntrusted TID_3 -"#;
        let c = connection(line).unwrap();
        assert_eq!(
            (c.client.as_str(), c.listener_port, c.verified.as_str(), c.trace.as_str()),
            ("203.0.113.1:36280", 443, "Failed:ClientCertUntrusted", "TID_3")
        );
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_readers(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (health_check(&bytes), connection(&bytes));
        }
    }
}
