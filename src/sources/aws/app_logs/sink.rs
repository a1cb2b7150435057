//! Where the lines of a log group go: an application's to the engine of application logs, a balancer's own
//! (delivered to CloudWatch Logs instead of S3) to the access-log engine. The first lines decide.

use super::groups::Line;
use crate::accesslog::AccessLog;
use crate::accesslog::names::Kind;
use crate::accesslog::other_logs::HealthChecks;
use crate::accesslog::record;
use crate::accesslog::scan::Collect;
use crate::accesslog::summary::Summary;
use crate::applog::Engine;
use crate::exchange::What;
use crate::time::{Time, Window};
use chrono::DateTime;

/// Lines that are looked at to tell what a group holds.
const LOOKED_AT: usize = 50;

/// A reader of what the group holds.
pub(super) enum Sink {
    Application(Box<Engine>),
    Balancer(Box<Balancer>),
}

/// A balancer's own logs: one group may hold all three.
pub(super) struct Balancer {
    access: Summary,
    checks: HealthChecks,
    /// Lines by kind. Client connections are counted, and of no help here.
    pub lines: Lines,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Malformed ones included.
    pub access: u64,
    pub checks: u64,
    pub connections: u64,
}

/// Whether most of these lines are a balancer's own.
pub(super) fn is_balancers(lines: &[Line]) -> bool {
    let first: Vec<&[u8]> = lines.iter().map(|l| l.message.trim_end().as_bytes()).filter(|l| !l.is_empty()).take(LOOKED_AT).collect();
    first.iter().filter(|l| record::plain(l).is_some()).count() * 2 > first.len()
}

impl Sink {
    /// For a group that begins with these lines; what is not surely the balancer's is an application's.
    pub fn of(lines: &[Line], group: &str, window: Window) -> Self {
        if is_balancers(lines) {
            let (access, checks) = (Summary::new(Some(window)), HealthChecks::new(Some(window)));
            Self::Balancer(Box::new(Balancer { access, checks, lines: Lines::default() }))
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
                Self::Balancer(balancer) => balancer.take(line.message.trim_end().as_bytes()),
            }
        }
        latest
    }

    /// What was read so far.
    pub fn so_far(&self, group: &str, window: Window, incomplete: bool) -> Vec<What> {
        match self {
            Self::Application(engine) => application(engine),
            Self::Balancer(balancer) => balancer.so_far(group, window, incomplete),
        }
    }
}

impl Balancer {
    fn take(&mut self, text: &[u8]) {
        match record::plain(text) {
            Some((Kind::HealthCheck, line)) => {
                self.lines.checks += 1;
                self.checks.take(&line);
            }
            Some((Kind::Connection, _)) => self.lines.connections += 1,
            Some((_, line)) => {
                self.lines.access += 1;
                self.access.take(&line);
            }
            None => {
                self.lines.access += 1;
                self.access.take(text);
            }
        }
    }

    fn so_far(&self, group: &str, window: Window, incomplete: bool) -> Vec<What> {
        let mut learned = Vec::new();
        if self.lines.access > 0 {
            let read = self.access.clone().into_log();
            let log = AccessLog { source: format!("log group {group}").into(), window: Some(window), incomplete, ..read };
            learned.push(What::AccessLog(Box::new(log)));
        }
        if self.lines.checks > 0 {
            learned.push(What::HealthCheckRecords(self.checks.clone().into_records()));
        }
        learned
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
