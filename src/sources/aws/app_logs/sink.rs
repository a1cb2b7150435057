//! Where the lines of a log group go: an application's to the engine of application logs, a balancer's own
//! (delivered to CloudWatch Logs instead of S3) to the access-log engine. The first lines decide.

use super::groups::Line;
use crate::accesslog::other_logs::{HealthChecks, connection, health_check};
use crate::accesslog::scan::Collect;
use crate::accesslog::summary::Summary;
use crate::accesslog::{AccessLog, line};
use crate::applog::Engine;
use crate::exchange::What;
use crate::time::{Time, Window};
use chrono::DateTime;

/// Lines that are looked at to tell what a group holds.
const LOOKED_AT: usize = 50;

/// A reader of the kind of lines that the group holds.
pub(super) enum Sink {
    Application(Box<Engine>),
    Access(Box<Summary>),
    HealthChecks(HealthChecks),
    /// Client connections of the balancer: read, counted, and of no help here.
    Connections(u64),
}

impl Sink {
    /// For a group that begins with these lines; what is not surely the balancer's is an application's.
    pub fn of(lines: &[Line], group: &str, window: Window) -> Self {
        let first: Vec<&[u8]> = lines.iter().map(|l| l.message.trim_end().as_bytes()).filter(|l| !l.is_empty()).take(LOOKED_AT).collect();
        let most = |is: fn(&[u8]) -> bool| first.iter().filter(|l| is(l)).count() * 2 > first.len();
        if most(|l| line::glance(l).is_some()) {
            Self::Access(Box::new(Summary::new(Some(window))))
        } else if most(|l| health_check(l).is_some()) {
            Self::HealthChecks(HealthChecks::new(Some(window)))
        } else if most(|l| connection(l).is_some()) {
            Self::Connections(0)
        } else {
            Self::Application(Box::new(Engine::new(group, window, chrono_tz::UTC)))
        }
    }

    /// Takes lines; gives back the newest time of them.
    pub fn take(&mut self, lines: Vec<Line>) -> Option<Time> {
        let at = |l: &Line| l.timestamp.and_then(DateTime::from_timestamp_millis);
        let latest = lines.iter().filter_map(at).max();
        for line in lines {
            match self {
                Self::Application(engine) => told(engine, &line, at(&line)),
                Self::Access(summary) => summary.take(line.message.trim_end().as_bytes()),
                Self::HealthChecks(checks) => checks.take(line.message.trim_end().as_bytes()),
                Self::Connections(n) => *n += 1,
            }
        }
        latest
    }

    /// What was read so far.
    pub fn so_far(&self, group: &str, window: Window, incomplete: bool) -> Vec<What> {
        match self {
            Self::Application(engine) => application(engine),
            Self::Access(summary) => {
                let read = summary.clone().into_log();
                let log = AccessLog { source: format!("log group {group}").into(), window: Some(window), incomplete, ..read };
                vec![What::AccessLog(Box::new(log))]
            }
            Self::HealthChecks(checks) => vec![What::HealthCheckRecords(checks.clone().into_records())],
            Self::Connections(_) => Vec::new(),
        }
    }
}

fn application(engine: &Engine) -> Vec<What> {
    let events = engine.events();
    let log = What::AppLog(Box::new(engine.snapshot()));
    if events.is_empty() { vec![log] } else { vec![log, What::Events(events)] }
}

/// One event may hold a whole stack trace.
fn told(engine: &mut Engine, line: &Line, at: Option<Time>) {
    let stream = engine.stream(&line.log_stream_name);
    for part in line.message.trim_end().split('\n') {
        match at {
            Some(at) => engine.event(stream, at, part.as_bytes()),
            None => engine.line(stream, part.as_bytes()),
        }
    }
}
