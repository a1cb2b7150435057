//! Words and numbers as the documents write them, in each language.

use crate::accesslog::Signature;
use crate::case::answers::Said;
use crate::case::events::EventSource;
use crate::case::gaps::Reason;
use crate::checks::Status;
use crate::diagnosis::{Confidence, Likelihood, Named};
use crate::exchange::Area;
use crate::metrics::Unit;
use crate::say;
use crate::text::{Lang, Text};
use crate::time::{Time, Window};

/// A whole number with separators: `1,914`, `1.914`.
pub fn count(n: f64, lang: Lang) -> String {
    let digits = format!("{:.0}", n.abs());
    let separator = if lang == Lang::Vi { '.' } else { ',' };
    let mut out = String::from(if n <= -0.5 { "−" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// About three digits, never more than the number carries: `0.42`, `12.5`, `1,914`.
pub fn number(v: f64, lang: Lang) -> String {
    let decimals = match v.abs() {
        0.0 => 0,
        ..1.0 => 2,
        ..100.0 => 1,
        _ => 0,
    };
    if decimals == 0 || v.fract() == 0.0 {
        return count(v, lang);
    }
    let text = format!("{:.decimals$}", v.abs());
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let text = if lang == Lang::Vi { text.replace('.', ",") } else { text.to_owned() };
    format!("{}{text}", if v < 0.0 { "−" } else { "" })
}

/// A share as per cent: `6.1 %`, `< 0.1 %`.
pub fn share(part: f64, whole: f64, lang: Lang) -> String {
    let percent = if whole > 0.0 { part / whole * 100.0 } else { 0.0 };
    if percent > 0.0 && percent < 0.1 { format!("< {} %", number(0.1, lang)) } else { format!("{} %", number(percent, lang)) }
}

/// A value with its unit, large ones shortened: `1.2 GiB`, `96 %`.
pub fn value(v: f64, unit: Unit, lang: Lang) -> String {
    match unit {
        Unit::Bytes => bytes(v, lang),
        Unit::Percent => format!("{} %", number(v, lang)),
        Unit::Seconds if v < 1.0 => format!("{} ms", number(v * 1000.0, lang)),
        Unit::Seconds => format!("{} s", number(v, lang)),
        Unit::Count | Unit::Credits | Unit::State => number(v, lang),
    }
}

/// Bytes in binary multiples.
pub fn bytes(v: f64, lang: Lang) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let step = units.iter().enumerate().rev().find(|(i, _)| v.abs() >= 1024f64.powi(*i as i32)).map_or(0, |(i, _)| i);
    format!("{} {}", number(v / 1024f64.powi(step as i32), lang), units[step])
}

/// A duration given in seconds: `45 s`, `1 min`, `29 min`, `2 h 05 min`.
pub fn seconds(s: i64, lang: Lang) -> String {
    let s = s.abs();
    let whole = s > 0 && s < 120 && s % 60 == 0;
    let words = if whole { format!("{} min", s / 60) } else { crate::time::in_words(chrono::Duration::seconds(s)) };
    match lang {
        Lang::En => words,
        Lang::Vi => words.split(' ').map(unit_in_vietnamese).collect::<Vec<_>>().join(" "),
    }
}

fn unit_in_vietnamese(word: &str) -> &str {
    match word {
        "s" => "giây",
        "min" => "phút",
        "h" => "giờ",
        "d" => "ngày",
        other => other,
    }
}

/// `−4 min`, `+29 min`, `0 s`: negative before.
pub fn offset(s: i64, lang: Lang) -> String {
    let sign = match s {
        ..0 => "−",
        0 => "",
        _ => "+",
    };
    format!("{sign}{}", seconds(s, lang))
}

/// `02:12`, `02:12:40`; with the date when `window` spans several days.
pub fn clock(t: Time, window: Window) -> String {
    let seconds = t.timestamp() % 60 != 0;
    let one_day = window.start.date_naive() == (window.end - chrono::Duration::seconds(1)).date_naive();
    let same_day = one_day && t.date_naive() == window.start.date_naive();
    let format = match (same_day, seconds) {
        (true, false) => "%H:%M",
        (true, true) => "%H:%M:%S",
        (false, false) => "%Y-%m-%d %H:%M",
        (false, true) => "%Y-%m-%d %H:%M:%S",
    };
    t.format(format).to_string()
}

/// `2026-11-20 02:12 UTC`
pub fn date_and_clock(t: Time) -> String {
    t.format(if t.timestamp() % 60 == 0 { "%Y-%m-%d %H:%M UTC" } else { "%Y-%m-%d %H:%M:%S UTC" }).to_string()
}

/// `2026-11-20 02:00–03:00 UTC`
pub fn span(w: Window) -> String {
    let end = if w.start.date_naive() == w.end.date_naive() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    format!("{}–{} UTC", w.start.format("%Y-%m-%d %H:%M"), w.end.format(end))
}

pub fn likelihood(l: Likelihood) -> Text {
    match l {
        Likelihood::Confirmed => say!("confirmed", "đã xác nhận"),
        Likelihood::Likely => say!("likely", "nhiều khả năng"),
        Likelihood::Undecided => say!("undecided", "chưa rõ"),
        Likelihood::Unlikely => say!("unlikely", "ít khả năng"),
        Likelihood::RuledOut => say!("ruled out", "đã loại trừ"),
        Likelihood::Unknown => say!("not known", "không rõ"),
    }
}

pub fn confidence(c: Confidence) -> Text {
    match c {
        Confidence::High => say!("high", "cao"),
        Confidence::Medium => say!("medium", "trung bình"),
        Confidence::Low => say!("low", "thấp"),
    }
}

pub fn status(s: Status) -> Text {
    match s {
        Status::Pass => say!("no problem", "không có vấn đề"),
        Status::Warn => say!("suspicious", "đáng ngờ"),
        Status::Fail => say!("problem found", "có vấn đề"),
        Status::NotApplicable => say!("does not apply", "không áp dụng"),
        Status::Unknown => say!("could not tell", "không xác định được"),
        Status::Ask => say!("nobody asked yet", "chưa hỏi ai"),
        Status::Waiting => say!("still being read", "đang đọc"),
    }
}

pub fn said(s: Said) -> Text {
    match s {
        Said::Yes => say!("yes", "có"),
        Said::No => say!("no", "không"),
        Said::DontKnow => say!("doesn't know", "không biết"),
        Said::Done => say!("done", "đã làm"),
        Said::NotDone => say!("taken back", "rút lại"),
    }
}

pub fn reason(r: Reason) -> Text {
    match r {
        Reason::Denied => say!("not permitted", "không được phép"),
        Reason::Throttled => say!("AWS asked to slow down", "AWS yêu cầu gọi chậm lại"),
        Reason::NotEnabled => say!("not switched on", "chưa bật"),
        Reason::TooFresh => say!("too fresh to have arrived", "quá mới, chưa về tới"),
        Reason::BeyondRetention => say!("older than what is kept", "cũ hơn thời gian lưu giữ"),
        Reason::Timeout => say!("no answer in time", "không trả lời kịp"),
        Reason::Unavailable => say!("not available", "không có"),
        Reason::NotApplicable => say!("does not apply", "không áp dụng"),
    }
}

pub fn area(a: Area) -> Text {
    match a {
        Area::Identity => say!("who is asking", "danh tính người gọi"),
        Area::Alarm => say!("the alarm", "cảnh báo"),
        Area::AlarmHistory => say!("the alarm's history", "lịch sử cảnh báo"),
        Area::Balancer => say!("the load balancer's settings", "cấu hình load balancer"),
        Area::TargetHealth => say!("target health", "tình trạng target"),
        Area::BalancerMetrics => say!("load balancer metrics", "metric của load balancer"),
        Area::Instances => say!("instances", "các instance"),
        Area::HostMetrics => say!("instance metrics", "metric của instance"),
        Area::Changes => say!("CloudTrail", "CloudTrail"),
        Area::Lifecycle => say!("scaling and deployments", "co giãn và triển khai"),
        Area::Network => say!("network settings", "cấu hình mạng"),
        Area::AccessLog => say!("access log", "access log"),
        Area::HealthCheckLog => say!("health-check log", "log health check"),
        Area::AppLog => say!("application log", "log ứng dụng"),
        Area::Consoles => say!("consoles of instances", "console của instance"),
        Area::AlarmCode => say!("Terraform code", "mã Terraform"),
        Area::AwsHealth => say!("AWS Health", "AWS Health"),
        Area::Baseline => say!("earlier days", "những ngày trước"),
        Area::People => say!("people", "con người"),
    }
}

/// Who tells of an event.
pub fn source(s: EventSource) -> Text {
    match s {
        EventSource::CloudTrail => Text::same("CloudTrail"),
        EventSource::AutoScaling => Text::same("Auto Scaling"),
        EventSource::Ecs => Text::same("ECS"),
        EventSource::CodeDeploy => Text::same("CodeDeploy"),
        EventSource::AwsHealth => Text::same("AWS Health"),
        EventSource::ZonalShift => say!("zonal shifts", "zonal shift"),
        EventSource::Alarm => say!("the alarm's history", "lịch sử cảnh báo"),
        EventSource::Ec2 => Text::same("EC2"),
        EventSource::AppLog => say!("application log", "log ứng dụng"),
    }
}

pub fn signature(s: Signature) -> Text {
    match s {
        Signature::Refused => say!("connection refused (502 at once)", "bị từ chối kết nối (502 ngay)"),
        Signature::ConnectTimeout => say!("connection never answered (504 after 10 s)", "kết nối không được trả lời (504 sau 10 giây)"),
        Signature::KeepaliveRace => {
            say!("target closed an open connection under the request (502)", "target đóng kết nối đang mở giữa yêu cầu (502)")
        }
        Signature::SlowTarget => {
            say!("no answer within the idle timeout (504)", "không trả lời trong idle timeout (504)")
        }
        Signature::Tls => say!("TLS with the target failed", "TLS với target thất bại"),
        Signature::NoTarget => say!("no target to send to (503)", "không có target để gửi (503)"),
        Signature::App5xx => say!("the application itself answered 5xx", "chính ứng dụng trả 5xx"),
        Signature::ClientGone => say!("the client left first (460)", "client bỏ đi trước (460)"),
        Signature::DeregistrationCut => {
            say!("cut when the deregistration delay ran out (502)", "bị cắt khi hết deregistration delay (502)")
        }
        Signature::Other5xx => say!("another 5xx", "lỗi 5xx khác"),
    }
}

/// The name of what was found, or of finding nothing.
pub fn named(n: Named) -> Text {
    match n {
        Named::Cause(id) => cause(id),
        Named::Nothing => say!("nothing was wrong", "không có gì sai"),
        Named::Inconclusive => say!("inconclusive", "chưa kết luận được"),
    }
}

/// A cause as people call it.
pub fn cause(id: &str) -> Text {
    match id {
        "overload" => say!("overload", "quá tải"),
        "cpu-credits-exhausted" => say!("CPU credits used up", "hết CPU credit"),
        "memory-exhausted" => say!("memory used up", "hết bộ nhớ"),
        "process-down" => say!("process down", "tiến trình đã chết"),
        "in-place-deploy" => say!("deployment in place", "triển khai tại chỗ"),
        "rolling-replacement" => say!("rolling replacement of targets", "thay target cuốn chiếu"),
        "instance-power-event" => say!("instance stopped, started or rebooted", "instance bị dừng, bật hoặc khởi động lại"),
        "os-restart" => say!("restart inside the operating system", "khởi động lại từ trong hệ điều hành"),
        "host-failure" => say!("host failure", "hỏng máy chủ vật lý"),
        "scale-in" => say!("scale-in", "thu hẹp số instance"),
        "spot-interruption" => say!("spot interruption", "spot bị thu hồi"),
        "target-security-group" => say!("security group of the targets", "security group của target"),
        "balancer-security-group" => say!("security group of the load balancer", "security group của load balancer"),
        "network-acl-or-route" => say!("network ACL or route", "network ACL hoặc route"),
        "host-firewall" => say!("firewall on the host", "tường lửa trên máy"),
        "port-mismatch" => say!("port mismatch", "sai cổng"),
        "network-allowance" => say!("network allowance of the instance exceeded", "vượt hạn mức mạng của instance"),
        "os-limit" => say!("limit of the operating system", "giới hạn của hệ điều hành"),
        "zone-or-aws-event" => say!("trouble in a zone or at AWS", "sự cố ở một zone hoặc phía AWS"),
        "balancer-capacity" => say!("capacity of the load balancer", "năng lực của load balancer"),
        "fail-open" => say!("fail-open: all targets unhealthy", "fail-open: mọi target đều unhealthy"),
        "new-target-not-ready" => say!("new target not ready", "target mới chưa sẵn sàng"),
        "stale-target-address" => say!("stale target address", "địa chỉ target đã cũ"),
        "traffic-shift" => say!("traffic shifted", "lưu lượng bị chuyển hướng"),
        "keepalive-race" => say!("keep-alive race", "tranh chấp keep-alive"),
        "slow-target" => say!("slow target", "target chậm"),
        "app-errors" => say!("errors of the application", "lỗi của ứng dụng"),
        "no-targets" => say!("no targets", "không có target"),
        "target-tls" => say!("TLS towards the targets", "TLS tới target"),
        "alarm-artefact" => say!("artefact of the alarm", "do cách đặt cảnh báo"),
        "lambda-auth-waf" => say!("Lambda, authentication or WAF", "Lambda, xác thực hoặc WAF"),
        other => Text::same(other),
    }
}

/// A runbook step as people call it.
pub fn step(id: &str) -> Text {
    match id {
        "ask-infra-team" => say!("Did the infrastructure team touch anything?", "Nhóm hạ tầng có động vào gì không?"),
        "ask-app-team" => say!("Did the application team touch anything?", "Nhóm ứng dụng có động vào gì không?"),
        "aws-status" => say!("Was AWS itself failing?", "AWS có đang gặp sự cố không?"),
        "request-count" => say!("Requests against the errors", "Số yêu cầu so với lỗi"),
        "network-in" => say!("NetworkIn of the targets", "NetworkIn của target"),
        "status-check" => say!("Status checks of the targets", "Status check của target"),
        "cpu" => say!("CPU of the targets", "CPU của target"),
        "instance-power-events" => say!("Reboots, stops and starts", "Khởi động lại, dừng, bật instance"),
        "access-log-5xx" => say!("5xx in the access log", "5xx trong access log"),
        "alarm-definition" => say!("The alarm's definition", "Định nghĩa cảnh báo"),
        "health-check-config" => say!("Health check settings", "Cấu hình health check"),
        "firewall" => say!("Path through the firewalls", "Đường đi qua các tường lửa"),
        "app-log" => say!("The application's log", "Log của ứng dụng"),
        "correlation" => say!("What moves with the errors", "Cái gì biến động cùng lỗi"),
        "verdict" => say!("Verdict", "Kết luận"),
        other => Text::same(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::CAUSES;

    #[test]
    fn numbers_read_as_each_language_writes_them() {
        assert_eq!((count(1_234_567.0, Lang::En), count(1914.0, Lang::Vi)), ("1,234,567".into(), "1.914".into()));
        assert_eq!([0.0, 0.423, 12.54, 100.7, -3.0].map(|v| number(v, Lang::En)), ["0", "0.42", "12.5", "101", "−3"]);
        assert_eq!(number(12.54, Lang::Vi), "12,5");
        assert_eq!((share(61.0, 1000.0, Lang::En), share(1.0, 1e6, Lang::En)), ("6.1 %".into(), "< 0.1 %".into()));
        assert_eq!((bytes(1.3e9, Lang::En), bytes(0.0, Lang::En)), ("1.2 GiB".into(), "0 B".into()));
    }

    #[test]
    fn durations_and_offsets_say_their_unit() {
        assert_eq!([0, 45, 60, 300, 7500].map(|s| seconds(s, Lang::En)), ["0 s", "45 s", "1 min", "5 min", "2 h 05 min"]);
        assert_eq!(seconds(7500, Lang::Vi), "2 giờ 05 phút");
        assert_eq!([-240, 0, 20].map(|s| offset(s, Lang::En)), ["−4 min", "0 s", "+20 s"]);
    }

    #[test]
    fn every_cause_and_step_has_a_name() {
        assert!(CAUSES.iter().all(|id| cause(id).vi != *id));
        assert!(crate::checks::RUNBOOK.iter().all(|c| step(c.id()).en != c.id()));
    }
}
