//! What a live investigation is asked to do, from the command line. Reads no network.

use super::session::Wishes;
use crate::cli::Common;
use crate::time::{NotATime, Time, parse, parse_duration};
use chrono::Duration;
use chrono_tz::Tz;
use std::path::PathBuf;

/// Everything the live source is told before it starts.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// Alarm name, ARN, URL or `-`, as given.
    pub target: String,
    /// The alarm's JSON, when the target is `-`.
    pub message: Option<String>,
    pub wishes: Wishes,
    pub when: When,
    /// `s3://BUCKET/PREFIX`, a directory, or `athena:DATABASE.TABLE`; the balancer's own setting if `None`.
    pub access_logs: Option<String>,
    pub app_log_groups: Vec<String>,
    pub app_logs: Vec<PathBuf>,
    /// Zone of log files whose lines name none.
    pub log_zone: Tz,
    /// What the clock that wrote them was off by.
    pub log_shift: Duration,
    /// Where objects of S3 are kept for the next time, and how many bytes of them.
    pub cache: Option<(PathBuf, u64)>,
    pub terraform: Option<PathBuf>,
    pub probe: bool,
    /// Read the consoles of failing machines, too.
    pub console: bool,
    /// In US dollars: the first reading leaves out what would cost more than this in all; `None` for no limit.
    pub cost_ceiling: Option<f64>,
    pub now: Time,
}

/// The time of the incident as far as the user said it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct When {
    pub at: Option<Time>,
    pub from: Option<Time>,
    pub to: Option<Time>,
    pub window: Option<Duration>,
}

/// A flag that cannot be understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadOption {
    #[error("{flag}: {why}")]
    Time { flag: &'static str, why: NotATime },
    #[error("--window: “{0}” is not a duration such as 90m or 2h")]
    Window(String),
    #[error("--log-shift: “{0}” is not a duration of up to two days such as -9h or 90m")]
    Shift(String),
    #[error("--from is not before --to")]
    Backwards,
}

impl LiveOptions {
    /// From the flags. `message` is what stood on stdin when the target is `-`; `zone` holds for times
    /// without one.
    ///
    /// # Errors
    /// [`BadOption`] names the flag and what was expected.
    pub fn new(common: &Common, target: &str, message: Option<String>, now: Time, zone: Tz) -> Result<Self, BadOption> {
        Ok(Self {
            target: target.to_owned(),
            message,
            wishes: Wishes::of(common),
            when: When::new(common, now, zone)?,
            access_logs: common.access_logs.clone(),
            app_log_groups: common.app_log_group.clone(),
            app_logs: common.app_log.clone(),
            log_zone: Tz::UTC,
            log_shift: shift(common)?,
            cache: None,
            terraform: common.terraform.clone(),
            probe: common.probe,
            console: common.console,
            cost_ceiling: None,
            now,
        })
    }
}

/// `-9h`: what a clock was off by.
fn shift(common: &Common) -> Result<Duration, BadOption> {
    let Some(text) = &common.log_shift else { return Ok(Duration::zero()) };
    let (back, width) = text.strip_prefix('-').map_or((false, text.trim_start_matches('+')), |rest| (true, rest));
    let width = parse_duration(width).filter(|d| *d <= Duration::days(2)).ok_or_else(|| BadOption::Shift(crate::text::clean(text)))?;
    Ok(if back { -width } else { width })
}

impl When {
    fn new(common: &Common, now: Time, zone: Tz) -> Result<Self, BadOption> {
        let time = |flag, text: &Option<String>| {
            text.as_ref().map(|t| parse(t, now, zone).map_err(|why| BadOption::Time { flag, why })).transpose()
        };
        let window = common.window.as_ref().map(|w| parse_duration(w).ok_or_else(|| BadOption::Window(w.clone()))).transpose()?;
        let when = Self { at: time("--at", &common.at)?, from: time("--from", &common.from)?, to: time("--to", &common.to)?, window };
        match (when.from, when.to) {
            (Some(from), Some(to)) if from >= to => Err(BadOption::Backwards),
            _ => Ok(when),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_off_either_way() {
        let shift = |text: &str| super::shift(&Common { log_shift: Some(text.into()), ..Common::default() });
        assert_eq!(
            (shift("-9h"), shift("90m"), shift("+1h")),
            (Ok(Duration::hours(-9)), Ok(Duration::minutes(90)), Ok(Duration::hours(1)))
        );
        assert!(shift("soon").unwrap_err().to_string().contains("-9h") && shift("-900h").is_err());
    }
}
