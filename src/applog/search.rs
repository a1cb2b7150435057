//! The balancer's failed requests looked for in a log group that is too large to be read: one query of Logs
//! Insights for a bounded number of trace ids, and the same result from its rows. Knows no network.

use super::{Engine, Joined};
use crate::accesslog::insights::Row;
use crate::accesslog::trace::{TraceId, Traced};
use crate::accesslog::{AccessLog, RequestRow, Signature};
use crate::time::Window;
use chrono::Duration;
use std::cmp::Reverse;

/// Requests of one query: with what is asked of them it stays well below the 10,000 characters a query may have.
const MOST: usize = 200;
/// A request may be logged when it ends, and a log may lag.
const BEFORE: Duration = Duration::minutes(1);
const AFTER: Duration = Duration::minutes(5);

/// Failed requests that are worth looking for, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    traces: Vec<Traced>,
    requests: Vec<RequestRow>,
    span: Window,
}

impl Search {
    /// For the most telling of a balancer's failed requests; `None` if none of them can be looked for.
    pub fn of(log: &AccessLog, window: Window) -> Option<Self> {
        let span = span(log)?.intersect(&window)?;
        let traces = most_telling(&log.traces);
        let requests = log.requests.iter().filter(|r| span.contains(r.minute)).cloned().collect();
        (!traces.is_empty()).then_some(Self { traces, requests, span })
    }

    /// From the first failure to the last, with some room.
    pub fn span(&self) -> Window {
        self.span
    }

    /// How many requests are looked for.
    pub fn ids(&self) -> usize {
        self.traces.len()
    }

    /// How many requests the log tells of at all, and the lines of those looked for: in one scan.
    pub fn query(&self) -> String {
        let chances: Vec<String> = self.traces.iter().filter_map(|t| Some(TraceId::find(t.id.as_bytes())?.chance())).collect();
        [
            "fields @message",
            "parse @message /(?<root>1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24})/",
            &format!("parse @message /(?<wanted>{})/", chances.join("|")),
            "filter ispresent(root)",
            "stats count_distinct(root) as requests, earliest(@message) as first, latest(@message) as last by wanted",
        ]
        .join("\n| ")
    }

    /// The rows of the query, as if the log had been read.
    pub fn joined(&self, rows: &[Row]) -> Joined {
        let mut engine = Engine::new("", self.span, chrono_tz::UTC);
        let stream = engine.stream("");
        let field = |row: &Row, name: &str| row.get(name).cloned().unwrap_or_default();
        let wanted = rows.iter().filter(|row| !field(row, "wanted").is_empty());
        for message in wanted.flat_map(|row| [field(row, "first"), field(row, "last")]) {
            message.trim_end().split('\n').for_each(|line| engine.event(stream, self.span.start, line.as_bytes()));
        }
        let access = AccessLog { traces: self.traces.clone(), requests: self.requests.clone(), ..AccessLog::default() };
        let requests = rows.iter().filter_map(|row| field(row, "requests").parse::<f64>().ok()).sum::<f64>() as u64;
        Joined { requests, ..engine.take_traces().join(&access) }
    }
}

/// When requests failed that were meant for a target.
fn span(log: &AccessLog) -> Option<Window> {
    let minutes = || log.failures.iter().filter(|f| f.signature != Signature::NoTarget).map(|f| f.minute);
    Some(Window { start: minutes().min()? - BEFORE, end: minutes().max()? + AFTER })
}

/// Half of them, or more if there are not enough others, failed to connect: whether they arrived says most. In the
/// order of their hashes, which knows no time and no target.
fn most_telling(traces: &[Traced]) -> Vec<Traced> {
    let hash = |t: &Traced| TraceId::find(t.id.as_bytes()).map(TraceId::hash);
    let mut all: Vec<(Option<u64>, &Traced)> = traces.iter().map(|t| (hash(t), t)).collect();
    all.retain(|(hash, t)| hash.is_some() && t.signature != Signature::NoTarget);
    all.sort();
    let (connections, others): (Vec<_>, Vec<_>) = all.into_iter().map(|(_, t)| t).partition(|t| t.signature.is_failed_connection());
    let of_connections = MOST - others.len().min(MOST / 2);
    let mut chosen: Vec<&Traced> = connections.into_iter().take(of_connections).collect();
    chosen.extend(others.into_iter().take(MOST - chosen.len()));
    chosen.sort_by_key(|t| (Reverse(t.signature.is_failed_connection()), &t.id));
    chosen.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::FailureRow;
    use crate::time::Time;

    fn at(minute: i64) -> Time {
        Time::from_timestamp(1_795_176_000 + minute * 60, 0).unwrap()
    }

    fn id(n: u32) -> String {
        format!("1-58337262-{n:024x}")
    }

    fn log(traces: impl IntoIterator<Item = (u32, Signature)>) -> AccessLog {
        let row = |minute: i64, signature| FailureRow {
            minute: at(minute),
            target: "10.0.0.1:80".into(),
            signature,
            status: 502,
            node: "-".into(),
            group: "g".into(),
            static_file: false,
            count: 1,
        };
        let of_minute =
            |minute| RequestRow { minute: at(minute), target: "10.0.0.1:80".into(), group: "g".into(), ok: 100, failed: 0, syn_retries: 0 };
        AccessLog {
            failures: vec![row(20, Signature::Refused), row(25, Signature::SlowTarget), row(50, Signature::NoTarget)],
            requests: (0..60).map(of_minute).collect(),
            traces: traces.into_iter().map(|(n, signature)| Traced { id: id(n).into(), signature, target: "t".into() }).collect(),
            ..AccessLog::default()
        }
    }

    fn window() -> Window {
        Window { start: at(0), end: at(60) }
    }

    fn row(fields: &[(&str, &str)]) -> Row {
        fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn failed_connections_come_first_and_others_get_their_half() {
        let some = |n: u32, others: u32| {
            let all = (0..n).map(|i| (i, Signature::Refused)).chain((0..others).map(|i| (10_000 + i, Signature::SlowTarget)));
            let search = Search::of(&log(all), window()).unwrap();
            let refused = search.traces.iter().filter(|t| t.signature == Signature::Refused).count();
            (refused, search.traces.len() - refused)
        };
        assert_eq!(some(500, 500), (100, 100));
        assert_eq!(some(500, 3), (197, 3));
        assert_eq!(some(3, 500), (3, 197));
        let full = Search::of(&log((0..500).map(|i| (i, Signature::Refused))), window()).unwrap();
        assert!(full.query().len() < 6000, "{}", full.query().len());
        assert_eq!(full.span(), Window { start: at(19), end: at(30) }, "what had no target cannot have arrived");
        assert_eq!(Search::of(&log([(1, Signature::NoTarget)]), window()), None);
        assert_eq!(Search::of(&AccessLog::default(), window()), None);
    }

    #[test]
    fn rows_come_to_what_reading_would_have_found() {
        let search = Search::of(&log([(1, Signature::Refused), (2, Signature::SlowTarget), (3, Signature::SlowTarget)]), window()).unwrap();
        let access = format!("10.0.0.9 - - \"GET /a HTTP/1.1\" 499 0 \"Root={}\"", id(2));
        let json = format!(r#"{{"level":"info","msg":"done","status":504,"path":"/a","trace":"Root={}"}}"#, id(3));
        let started = format!("INFO request {} began", id(3));
        let chance = |n: u32| format!("{n:024x}");
        let rows = [
            row(&[("requests", "900")]),
            row(&[("requests", "1"), ("wanted", &chance(2)), ("first", &access), ("last", &access)]),
            row(&[("requests", "1"), ("wanted", &chance(3)), ("first", &started), ("last", &json)]),
        ];
        let joined = search.joined(&rows);
        assert_eq!((joined.requests, joined.answered, joined.tells_absence()), (902, 1100, true));
        assert_eq!((joined.of(Signature::is_failed_connection), joined.of(|s| s == Signature::SlowTarget)), ((1, 0), (2, 2)));
        assert_eq!(joined.statuses_in_words(), "499, 504");
    }

    #[test]
    fn a_log_without_trace_ids_tells_of_no_request() {
        let joined = Search::of(&log([(1, Signature::Refused)]), window()).unwrap().joined(&[]);
        assert_eq!((joined.requests, joined.tells_absence()), (0, false));
    }
}
