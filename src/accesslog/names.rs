//! What the name of a log object tells: its kind, the balancer, the node, and which five minutes it holds.
//! `…/123456789012_elasticloadbalancing_eu-west-1_app.web.50dc6c495c0c9188_20261120T1305Z_10.0.9.7_4xq2m7.log.gz`

use crate::time::{Time, Window};
use chrono::{Duration, NaiveDate, NaiveDateTime};

/// The plain-text object the balancer writes when logging is switched on.
const TEST_FILE: &str = "ELBAccessLogTestFile";
/// One object holds five minutes, and the name says their end.
pub const SPAN: Duration = Duration::minutes(5);
/// Entries are seen a little outside their five minutes, and clocks differ.
const SLACK: Duration = Duration::minutes(5);

/// What a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Access,
    Connection,
    HealthCheck,
    /// The object that only proves the bucket can be written.
    Test,
}

/// The parts of an object's name that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    pub kind: Kind,
    /// `app.web.50dc6c495c0c9188`
    pub balancer: Option<&'a str>,
    /// The end of its five minutes.
    pub end: Option<Time>,
    /// The balancer node's address.
    pub node: Option<&'a str>,
}

impl<'a> Name<'a> {
    /// Reads a file name, a path or a key; names of any other form tell nothing but their kind.
    pub fn read(path: &'a str) -> Self {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let parts: Vec<&str> = name.split('_').collect();
        let at = parts.iter().position(|p| end_time(p).is_some());
        let part = |n: Option<usize>| n.and_then(|n| parts.get(n)).copied();
        Self {
            kind: kind(name),
            balancer: part(at.and_then(|n| n.checked_sub(1))),
            end: part(at).and_then(end_time),
            node: part(at.map(|n| n + 1)).filter(|p| p.parse::<std::net::IpAddr>().is_ok()),
        }
    }

    /// Whether the object can hold entries of the window; a name without a time always can.
    pub fn may_hold(&self, window: Window) -> bool {
        self.end.is_none_or(|end| end - SPAN - SLACK < window.end && window.start < end + SLACK)
    }
}

fn kind(name: &str) -> Kind {
    match name {
        _ if name.starts_with(TEST_FILE) => Kind::Test,
        _ if name.starts_with("conn_log") => Kind::Connection,
        _ if name.starts_with("health_check_log") => Kind::HealthCheck,
        _ => Kind::Access,
    }
}

fn end_time(part: &str) -> Option<Time> {
    (part.len() == 14).then(|| NaiveDateTime::parse_from_str(part, "%Y%m%dT%H%MZ").ok()).flatten().map(|t| t.and_utc())
}

/// `app.web.50dc6c495c0c9188` out of a balancer's ARN.
pub fn balancer_in_keys(arn: &str) -> String {
    crate::case::topology::dimension_of(arn).replace('/', ".")
}

/// The folder under which a balancer's objects lie, day by day.
pub fn folder(prefix: &str, account: &str, region: &str) -> String {
    let prefix = prefix.trim_matches('/');
    let lead = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    format!("{lead}AWSLogs/{account}/elasticloadbalancing/{region}/")
}

/// The days, as `2026/11/20/`, whose folders may hold entries of the window. An object lies under the day
/// it was delivered: some minutes, rarely hours, after its entries.
pub fn days(window: Window) -> Vec<String> {
    let first = window.start.date_naive();
    let last = (window.end + Duration::hours(1)).date_naive();
    first.iter_days().take_while(|d| *d <= last).take(60).map(day_folder).collect()
}

fn day_folder(day: NaiveDate) -> String {
    day.format("%Y/%m/%d/").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "p/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/2026/11/20/123456789012_elasticloadbalancing_eu-west-1_app.my-lb.50dc6c495c0c9188_20261120T1305Z_10.0.9.7_4xq2m7.log.gz";

    fn t(text: &str) -> Time {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    #[test]
    fn a_name_tells_balancer_time_and_node() {
        let name = Name::read(KEY);
        assert_eq!(name.kind, Kind::Access);
        assert_eq!((name.balancer, name.node), (Some("app.my-lb.50dc6c495c0c9188"), Some("10.0.9.7")));
        assert_eq!(name.end, Some(t("2026-11-20T13:05:00Z")));
        assert_eq!(
            balancer_in_keys("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/my-lb/50dc6c495c0c9188"),
            "app.my-lb.50dc6c495c0c9188"
        );
    }

    #[test]
    fn kinds_are_told_apart_and_other_names_tell_nothing() {
        assert_eq!(Name::read("health_check_log_1_x_app.a.b_20261120T1305Z_1.2.3.4_r.log.gz").kind, Kind::HealthCheck);
        assert_eq!(Name::read("conn_log.1_x_app.a.b_20261120T1305Z_1.2.3.4_r.log.gz").kind, Kind::Connection);
        assert_eq!(Name::read("AWSLogs/1/ELBAccessLogTestFile").kind, Kind::Test);
        assert_eq!(Name::read("access.log"), Name { kind: Kind::Access, balancer: None, end: None, node: None });
    }

    #[test]
    fn objects_are_picked_by_the_five_minutes_before_their_time() {
        let window = Window::new(t("2026-11-20T13:20:00Z"), t("2026-11-20T13:40:00Z"));
        let holds = |end: &str| Name::read(&KEY.replace("20261120T1305Z", end)).may_hold(window);
        assert!(!holds("20261120T1315Z") && holds("20261120T1320Z") && holds("20261120T1345Z") && !holds("20261120T1350Z"));
        assert!(Name::read("access.log").may_hold(window));
    }

    #[test]
    fn a_window_before_midnight_is_delivered_the_next_day_too() {
        let window = Window::new(t("2026-11-20T22:30:00Z"), t("2026-11-20T23:30:00Z"));
        assert_eq!(days(window), ["2026/11/20/", "2026/11/21/"]);
        assert_eq!(folder("/team/lb/", "1", "eu-west-1"), "team/lb/AWSLogs/1/elasticloadbalancing/eu-west-1/");
    }
}
