//! What lanes are called, short enough for their column, and why one is empty.

use crate::case::gaps::Reason;
use crate::tui::app::App;
use crate::tui::board::{Empty, Lane, Place};
use crate::tui::clock;
use crate::tui::paint::{self, Look};

/// `CPUUtilization i-0ab12`, cut at the metric first so that the place stays readable.
pub fn name(look: &Look, lane: &Lane, width: u16) -> String {
    let metric = short_metric(lane.subject.metric.name);
    let place = place_words(look, &lane.subject.place);
    if lane.subject.child {
        return format!("  {}", paint::cut_inside(&place, width.saturating_sub(2)));
    }
    if place.is_empty() {
        return paint::cut(metric, width).into_owned();
    }
    let left = width.saturating_sub(paint::width_of(&place) + 1);
    if left < 8 {
        return paint::cut(&format!("{metric} {place}"), width).into_owned();
    }
    format!("{} {place}", paint::cut(metric, left))
}

/// The metric's name without what every name here has in common.
fn short_metric(name: &str) -> &str {
    match name {
        "TargetConnectionErrorCount" => "TargetConnectionErrors",
        "RequestsPerHealthyTarget" => "Requests/healthy host",
        "HTTPCode_ELB_500_Count" => "ELB 500",
        "HTTPCode_ELB_502_Count" => "ELB 502",
        "HTTPCode_ELB_503_Count" => "ELB 503",
        "HTTPCode_ELB_504_Count" => "ELB 504",
        "HTTPCode_ELB_5XX_Count" => "ELB 5XX",
        "HTTPCode_Target_5XX_Count" => "Target 5XX",
        "HTTPCode_Target_2XX_Count" => "Target 2XX",
        "StatusCheckFailed_Instance" => "Status inst.",
        "StatusCheckFailed_System" => "Status system",
        "StatusCheckFailed_AttachedEBS" => "Status EBS",
        "ClientTLSNegotiationErrorCount" => "Client TLS errors",
        "TargetTLSNegotiationErrorCount" => "Target TLS errors",
        "LogFailures" => "Failures in access log",
        "ErrorRate" => "Errors / requests",
        _ => name,
    }
}

fn place_words(look: &Look, place: &Place) -> String {
    match place {
        Place::Itself => String::new(),
        Place::Named(id) => short_id(id),
        Place::Hosts(n) => format!("{n} {}", look.say("hosts", "máy")),
        Place::WorstOf(id, n) => format!("{}/{n}", tail_of(id)),
        Place::RestOf(n) => format!("{} {n}{}", look.say("highest of", "cao nhất của"), look.say(" more", "")),
    }
}

/// `…7890`: enough to tell the worst host from the others.
fn tail_of(id: &str) -> String {
    match id.strip_prefix("i-") {
        Some(hex) if hex.len() > 5 && hex.is_ascii() => format!("…{}", &hex[hex.len() - 4..]),
        _ => id.to_owned(),
    }
}

/// `i-0abcdef1234567890` as `i-0ab…7890`: both ends tell instances apart.
pub fn short_id(id: &str) -> String {
    match id.strip_prefix("i-") {
        Some(hex) if hex.len() > 9 && hex.is_ascii() => format!("i-{}…{}", &hex[..3], &hex[hex.len() - 4..]),
        _ => id.to_owned(),
    }
}

pub(super) fn statistic(lane: &Lane) -> String {
    let statistic = if lane.grid.statistic.is_empty() { lane.subject.metric.statistic } else { &lane.grid.statistic };
    let short = match statistic {
        "Maximum" => "Max",
        "Minimum" => "Min",
        "Average" => "Avg",
        other => other,
    };
    match lane.grid.period {
        0 => short.to_owned(),
        p if p < 300 => format!("{short} {p}s"),
        p if p < 3600 => format!("{short} {}m", p / 60),
        p => format!("{short} {}h", p / 3600),
    }
}

/// Why there are no bars.
pub(super) fn empty_words(app: &App, lane: &Lane, empty: &Empty) -> String {
    let say = |en, vi| app.look.say(en, vi).to_owned();
    match empty {
        Empty::NotAsked => say("not asked yet", "chưa hỏi"),
        Empty::Nothing if lane.subject.metric.sparse => say("nothing published", "không có số liệu"),
        Empty::Nothing => say("CloudWatch has no data here", "CloudWatch không có số liệu"),
        Empty::OnItsWay => {
            let since = app.case.busy.values().map(|(t, _)| *t).min();
            let age = since.map(|t| clock::age(t, app.now())).unwrap_or_default();
            format!("{} {age}", app.look.say("on its way,", "đang đọc,"))
        }
        Empty::Gap(gap) => {
            let why = reason_words(&app.look, gap.reason);
            gap.action.as_ref().map_or_else(|| format!("{why}: {}", gap.detail), |a| format!("{why}: {a}"))
        }
    }
}

pub fn reason_words(look: &Look, reason: Reason) -> &'static str {
    match reason {
        Reason::Denied => look.say("denied", "bị từ chối quyền"),
        Reason::Throttled => look.say("throttled", "bị giới hạn tốc độ"),
        Reason::NotEnabled => look.say("not enabled", "chưa bật"),
        Reason::TooFresh => look.say("too fresh to tell", "còn quá mới"),
        Reason::BeyondRetention => look.say("too old, no longer kept", "quá cũ, không còn lưu"),
        Reason::Timeout => look.say("timed out", "quá thời gian"),
        Reason::Unavailable => look.say("unavailable", "không truy cập được"),
        Reason::NotApplicable => look.say("not applicable", "không áp dụng"),
    }
}
