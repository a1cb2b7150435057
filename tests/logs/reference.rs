//! A reader of access logs that does everything the slow and obvious way, written from the format's
//! description and sharing nothing with the engine.

use alb_triage::accesslog::question::{Column, Question};
use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use std::collections::BTreeMap;
use std::net::IpAddr;

type Rows = BTreeMap<Vec<String>, (u64, String, String)>;

/// Rows, lines, malformed lines, lines outside the span.
pub fn count(objects: &[(String, Vec<u8>)], question: &Question) -> (Rows, u64, u64, u64) {
    let (mut rows, mut lines, mut malformed, mut outside) = (Rows::new(), 0, 0, 0);
    for (name, text) in objects {
        let node_in_name = name.split('_').nth(5).unwrap_or("-").to_owned();
        for line in text.split_inclusive(|b| *b == b'\n') {
            lines += 1;
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(entry) = Entry::read(line) else {
                malformed += 1;
                continue;
            };
            let micros = entry.time.timestamp_micros();
            if micros < question.span.from || micros >= question.span.to {
                outside += 1;
                continue;
            }
            let failed = (500..=599).contains(&entry.status) || entry.status == 460;
            let wanted = question.statuses.is_empty() || question.statuses.iter().any(|s| (s.from..=s.to).contains(&entry.status));
            if !wanted || !(failed || question.all) {
                continue;
            }
            let key: Vec<String> = question.columns.iter().map(|c| entry.column(*c, &node_in_name)).collect();
            let at = entry.time.to_rfc3339_opts(SecondsFormat::Micros, true);
            let row = rows.entry(key).or_insert((0, at.clone(), at.clone()));
            row.0 += 1;
            row.1 = row.1.clone().min(at.clone());
            row.2 = row.2.clone().max(at);
        }
    }
    (rows, lines, malformed, outside)
}

struct Entry {
    fields: Vec<String>,
    time: DateTime<Utc>,
    status: u16,
}

/// Character by character: a quote opens and closes, a space outside quotes parts.
fn split(line: &[u8]) -> Option<Vec<String>> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), Vec::new(), false);
    for byte in line {
        match byte {
            b'"' => quoted = !quoted,
            b' ' if !quoted => fields.push(std::mem::take(&mut field)),
            b => field.push(*b),
        }
    }
    // A space at the very end begins no further field.
    if !field.is_empty() || line.last() != Some(&b' ') {
        fields.push(field);
    }
    let text = |f: Vec<u8>| if f.is_empty() { "-".to_owned() } else { String::from_utf8_lossy(&f).into_owned() };
    (!quoted).then(|| fields.into_iter().map(text).collect())
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.fZ").ok().map(|t| t.and_utc())
}

impl Entry {
    fn read(line: &[u8]) -> Option<Self> {
        let fields = split(line)?;
        if fields.len() < 29 || fields[8].len() != 3 {
            return None;
        }
        let (time, status) = (time(&fields[1])?, fields[8].parse().ok()?);
        Some(Self { fields, time, status })
    }

    fn column(&self, column: Column, node_in_name: &str) -> String {
        let f = |n: usize| self.fields.get(n).cloned().unwrap_or_else(|| "-".into());
        match column {
            Column::Minute => f(1)[..16].to_owned(),
            Column::Target => f(4),
            Column::Status => f(8),
            Column::TargetStatus => f(9),
            Column::Signature => self.signature().to_owned(),
            Column::Zone => "-".into(),
            Column::Node => Some(f(33)).filter(|n| n.parse::<IpAddr>().is_ok()).unwrap_or_else(|| node_in_name.into()),
            Column::Group => f(16).split('/').nth(1).filter(|n| !n.is_empty()).map_or_else(|| f(16), str::to_owned),
            Column::Method => f(12).split(' ').next().filter(|m| !m.is_empty()).unwrap_or("-").to_owned(),
            Column::Path => path(&f(12)),
            Column::ErrorReason => f(24),
        }
    }

    /// The method's table, row by row.
    fn signature(&self) -> &'static str {
        let f = |n: usize| self.fields[n].as_str();
        let secs = |n: usize| self.fields[n].parse::<f64>().unwrap_or(-1.0);
        let (request, target, response) = (secs(5), secs(6), secs(7));
        let took = time(f(21)).map_or(0.0, |created| (self.time - created).num_microseconds().unwrap_or(0) as f64 / 1e6);
        let near = |t: f64| (took - t).abs() <= 0.300_000_1;
        let nothing_sent = request < 0.0 && target < 0.0 && response < 0.0;
        if self.status == 460 {
            return "client-gone";
        }
        if !(500..600).contains(&self.status) {
            return "-";
        }
        if f(24) != "-" {
            return "other-5xx";
        }
        if f(9).starts_with('5') {
            return "app-5xx";
        }
        if f(9) != "-" {
            return "other-5xx";
        }
        if self.status == 503 && f(4) == "-" && !f(22).contains("fixed-response") {
            return "no-target";
        }
        if f(4) == "-" {
            return "other-5xx";
        }
        if self.status == 502 && nothing_sent && (took < 1.5 || near(3.0) || near(7.0)) {
            return "refused";
        }
        if self.status == 504 && nothing_sent && near(10.0) {
            return "connect-timeout";
        }
        if self.status == 502 && request >= 0.0 && target >= 0.0 && response < 0.0 && took < 5.0 {
            return "keepalive-race";
        }
        if self.status == 504 && request >= 0.0 && response < 0.0 {
            return "slow-target";
        }
        if self.status == 502 && response < 0.0 && (took < 1.5 || near(10.0)) {
            return "tls";
        }
        if self.status == 502 && request >= 0.0 && response < 0.0 {
            return "deregistration-cut";
        }
        "other-5xx"
    }
}

fn path(request: &str) -> String {
    let Some((_, rest)) = request.split_once(' ') else { return "-".into() };
    let url = rest.rsplit_once(' ').map_or(rest, |(url, _)| url);
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let Some(slash) = after.find('/') else { return "-".into() };
    after[slash..].split('?').next().unwrap_or("-").to_owned()
}
