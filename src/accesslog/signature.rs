//! How a request failed, read from its status, its three times and how long it took. Knows one line at a
//! time and nothing of the balancer's settings.

use super::Signature;
use super::line::{Line, status};

const SECOND: i64 = 1_000_000;
/// A connection that is not answered is given up after ten seconds; no setting changes that.
const CONNECT_TIMEOUT: i64 = 10 * SECOND;
const TOLERANCE: i64 = 300_000;
/// "At once", with room for one SYN that was lost and sent again.
const AT_ONCE: i64 = 1_500_000;
/// The network says "host unreachable" on the second or third SYN, sent after 3 and 7 s.
const SYN_SENT_AGAIN: [i64; 2] = [3 * SECOND, 7 * SECOND];
/// A target that closes a connection under a request does so at once; when a request dies later, the
/// deregistration delay has run out under it.
const RACE: i64 = 5 * SECOND;

/// Whether the status is a failure of this program's concern: 5xx, or 460.
#[inline]
pub fn is_failure(status: u16) -> bool {
    (500..600).contains(&status) || status == 460
}

/// The signature of a failed request. The rows of the method's table, top down: what the balancer says by
/// its own reason, then what the target answered, then by status and times.
pub fn of(line: &Line) -> Signature {
    let code = status(line.status()).unwrap_or(0);
    let answered = line.target_status() != b"-";
    match code {
        460 => Signature::ClientGone,
        // Lambda, authentication, WAF: not a connection to a target.
        _ if line.error_reason() != b"-" => Signature::Other5xx,
        _ if line.target_status().starts_with(b"5") => Signature::App5xx,
        _ if answered => Signature::Other5xx,
        503 if line.target() == b"-" && !by_rule(line) => Signature::NoTarget,
        502 if line.target() != b"-" => bad_gateway(line),
        504 if line.target() != b"-" => gateway_timeout(line),
        _ => Signature::Other5xx,
    }
}

/// A rule answered 5xx on purpose: a maintenance page.
fn by_rule(line: &Line) -> bool {
    memchr::memmem::find(line.actions(), b"fixed-response").is_some()
}

fn bad_gateway(line: &Line) -> Signature {
    // Without a time of arrival the elapsed time is unknown; the three times alone then decide.
    let elapsed = line.elapsed().unwrap_or(0);
    match (line.request_time(), line.target_time(), line.response_time()) {
        (None, None, None) if refused_after(elapsed) => Signature::Refused,
        (Some(_), Some(_), None) if elapsed < RACE => Signature::KeepaliveRace,
        (_, _, None) if elapsed < AT_ONCE || about(elapsed, CONNECT_TIMEOUT) => Signature::Tls,
        (Some(_), _, None) => Signature::DeregistrationCut,
        _ => Signature::Other5xx,
    }
}

fn gateway_timeout(line: &Line) -> Signature {
    let elapsed = line.elapsed().unwrap_or(CONNECT_TIMEOUT);
    match (line.request_time(), line.target_time(), line.response_time()) {
        (None, None, None) if about(elapsed, CONNECT_TIMEOUT) => Signature::ConnectTimeout,
        (Some(_), _, None) => Signature::SlowTarget,
        _ => Signature::Other5xx,
    }
}

fn refused_after(elapsed: i64) -> bool {
    elapsed < AT_ONCE || SYN_SENT_AGAIN.iter().any(|t| about(elapsed, *t))
}

fn about(elapsed: i64, expected: i64) -> bool {
    (elapsed - expected).abs() <= TOLERANCE
}

/// A success whose connection took about 1, 3 or 7 s: its SYN was lost and sent again, the early sign of
/// an accept queue that overflows.
pub fn is_syn_retry(request_time: Option<i64>) -> bool {
    const NEAR: i64 = 150_000;
    request_time.is_some_and(|t| [SECOND, 3 * SECOND, 7 * SECOND].iter().any(|s| (0..=NEAR).contains(&(t - s))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line with what decides: target, three times, status, target status, seconds it took, reason.
    fn line(target: &str, times: &str, codes: &str, took: f64, reason: &str, actions: &str) -> String {
        let answered = chrono::DateTime::from_timestamp_micros(1_763_600_000_000_000 + (took * 1e6) as i64).unwrap();
        let answered = answered.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        format!(
            r#"http {answered} app/web/1 1.2.3.4:5 {target} {times} {codes} 34 366 "GET http://a:80/ HTTP/1.1" "ua" - - arn:x:targetgroup/g/1 "t" "-" "-" 0 2025-11-20T00:53:20.000000Z "{actions}" "-" "{reason}" "{target}" "-" "-" "-""#
        )
    }

    fn signature(target: &str, times: &str, codes: &str, took: f64, reason: &str) -> Signature {
        of(&Line::read(line(target, times, codes, took, reason, "forward").as_bytes()))
    }

    #[test]
    fn the_table_row_by_row() {
        use Signature::*;
        for (target, times, codes, took, expected) in [
            ("10.0.1.5:80", "-1 -1 -1", "502 -", 0.002, Refused),
            ("10.0.1.5:80", "-1 -1 -1", "502 -", 1.02, Refused),
            ("10.0.1.5:80", "-1 -1 -1", "502 -", 3.06, Refused),
            ("10.0.1.5:80", "-1 -1 -1", "502 -", 10.0, Tls),
            ("10.0.1.5:80", "-1 -1 -1", "502 -", 40.0, Other5xx),
            ("10.0.1.5:80", "-1 -1 -1", "504 -", 10.002, ConnectTimeout),
            ("10.0.1.5:80", "-1 -1 -1", "504 -", 9.75, ConnectTimeout),
            ("10.0.1.5:80", "-1 -1 -1", "504 -", 60.0, Other5xx),
            ("10.0.1.5:80", "0.003 0.000 -1", "502 -", 0.003, KeepaliveRace),
            ("10.0.1.5:80", "0.000 0.412 -1", "502 -", 0.412, KeepaliveRace),
            ("10.0.1.5:80", "0.001 -1 -1", "504 -", 60.001, SlowTarget),
            ("10.0.1.5:80", "0.001 60.0 -1", "504 -", 60.001, SlowTarget),
            // With an idle timeout of 10 s only field 6 tells a slow target from a silent one.
            ("10.0.1.5:80", "0.001 -1 -1", "504 -", 10.0, SlowTarget),
            ("10.0.1.5:80", "0.000 -1 -1", "502 -", 0.01, Tls),
            ("-", "-1 -1 -1", "503 -", 0.0, NoTarget),
            ("10.0.1.5:80", "0.001 0.020 0.000", "500 500", 0.021, App5xx),
            ("10.0.1.5:80", "0.001 0.020 0.000", "502 502", 0.021, App5xx),
            ("10.0.1.5:80", "0.001 2.020 -1", "460 -", 2.1, ClientGone),
            ("10.0.1.5:80", "0.001 290.0 -1", "502 -", 290.0, DeregistrationCut),
            ("10.0.1.5:80", "0.001 -1 -1", "502 -", 30.0, DeregistrationCut),
            ("10.0.1.5:80", "0.001 0.020 0.000", "502 200", 0.021, Other5xx),
            ("-", "-1 -1 -1", "500 -", 0.0, Other5xx),
            ("-", "-1 -1 -1", "561 -", 0.0, Other5xx),
        ] {
            assert_eq!(signature(target, times, codes, took, "-"), expected, "{target} {times} {codes} {took}");
        }
    }

    #[test]
    fn a_lambda_or_waf_failure_is_no_refused_connection() {
        assert_eq!(signature("-", "0.000 0.001 0.000", "502 -", 0.001, "LambdaInvalidResponse"), Signature::Other5xx);
        assert_eq!(signature("10.0.1.5:80", "-1 -1 -1", "502 -", 0.001, "WAFConnectionError"), Signature::Other5xx);
    }

    #[test]
    fn a_maintenance_page_is_no_missing_target() {
        let page = line("-", "-1 -1 -1", "503 -", 0.0, "-", "fixed-response");
        assert_eq!(of(&Line::read(page.as_bytes())), Signature::Other5xx);
    }

    /// A pod that had gone while its target was draining, as somebody's log has it.
    #[test]
    fn ten_seconds_to_the_millisecond() {
        let text = r#"http 2023-01-05T09:22:52.872000Z app/k8s/9 10.1.2.3:40000 10.1.4.5:8080 -1 -1 -1 504 - 200 303 "GET http://a:80/health HTTP/1.1" "ua" - - arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/k8s-x/2 "Root=1-1" "-" "-" 1 2023-01-05T09:22:42.870000Z "forward" "-" "-" "10.1.4.5:8080" "-" "-" "-""#;
        let line = Line::read(text.as_bytes());
        assert_eq!(line.elapsed(), Some(10_002_000));
        assert_eq!(of(&line), Signature::ConnectTimeout);
    }

    #[test]
    fn successes_after_a_lost_syn_are_recognised() {
        let times = ["1.001", "3.020", "7.100"];
        assert!(times.iter().all(|t| is_syn_retry(Some((t.parse::<f64>().unwrap() * 1e6) as i64))));
        assert!(!is_syn_retry(Some(2_000_000)) && !is_syn_retry(Some(1_300_000)) && !is_syn_retry(None));
    }
}
