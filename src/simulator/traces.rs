//! Trace ids: which failed requests the balancer's log names, and which of them arrived and stand in the log of an
//! application that writes the id of each request, as nginx does with `$http_x_amzn_trace_id`.

use super::logs::Logs;
use super::plan::Second;
use super::random::Rng;
use crate::accesslog::trace::Traced;
use crate::accesslog::{AccessLog, FailureRow, Signature};
use crate::applog::{AppLog, Engine, Joined};
use crate::time::{Time, Window};
use chrono::Duration;

/// Failed requests that the balancer's log is asked for by their ids.
const MOST: u64 = 1000;

/// An evenly spread sample of the failed requests.
pub fn named(failures: &[FailureRow], rng: &mut Rng) -> Vec<Traced> {
    let total: u64 = failures.iter().map(|f| f.count).sum();
    let every = total.div_ceil(MOST).max(1);
    let (mut before, mut traces) = (0, Vec::new());
    for row in failures {
        let after = before + row.count;
        let of_row = after.div_ceil(every) - u64::div_ceil(before, every);
        traces.extend((0..of_row).map(|_| Traced {
            id: new_id(row.minute + Duration::seconds(rng.between(0, 59)), rng).into(),
            signature: row.signature,
            target: row.target.clone(),
        }));
        before = after;
    }
    traces.sort();
    traces
}

/// As the balancer makes one: the second, and chance.
pub fn new_id(at: Time, rng: &mut Rng) -> String {
    format!("1-{:08x}-{}", at.timestamp(), rng.hex(24))
}

/// `10.0.1.5 - - "GET /api/v1/items HTTP/1.1" 200 512 rt=0.041 "Root=1-…"`
pub fn line(host: &str, status: u16, seconds: f64, id: &str) -> String {
    format!("{host} - - \"GET /api/v1/items HTTP/1.1\" {status} 512 rt={seconds:.3} \"Root={id}\"")
}

impl Logs<'_> {
    /// What looking for the balancer's failed requests in the application's log finds: each request that the
    /// application handled left one line with its id.
    pub fn joined(&self, access: &AccessLog, app: &AppLog) -> Option<Joined> {
        let window = app.window.filter(|_| !access.traces.is_empty())?;
        let mut engine = Engine::new(&app.name, window, chrono_tz::UTC);
        for traced in &access.traces {
            if let Some((host, at, status, took)) = self.arrived(traced, window) {
                let stream = engine.stream(&host);
                engine.event(stream, at, line(&host, status, took, &traced.id).as_bytes());
            }
        }
        let requests = app.templates.iter().filter(|t| t.pattern.contains("Root=")).map(|t| t.total).sum();
        Some(Joined { requests, ..engine.take_traces().join(access) })
    }

    /// Where and when a failed request was handled all the same, and what the application answered after how long. A
    /// request whose connection failed was not, nor one whose connection was closed on it or whose host went off.
    fn arrived(&self, traced: &Traced, window: Window) -> Option<(String, Time, u16, f64)> {
        let (status, took) = match traced.signature {
            Signature::SlowTarget => (200, 63.0),
            Signature::App5xx => (500, 0.046),
            Signature::ClientGone => (499, 1.2),
            _ => return None,
        };
        let seconds = i64::from_str_radix(traced.id.get(2..10)?, 16).ok()?;
        let at = Time::from_timestamp(seconds, 0)? + Duration::seconds(took as Second);
        let target = self.world.targets.iter().position(|t| t.group == 0 && t.address() == traced.target)?;
        let minute = usize::try_from((at - self.scenario.start).num_minutes()).ok().filter(|m| *m < self.run.minutes)?;
        let handled = window.contains(at) && !self.run.host(minute, target).off && !self.is_closed(minute, target);
        handled.then(|| (self.world.targets[target].ip.clone(), at, status, took))
    }
}
