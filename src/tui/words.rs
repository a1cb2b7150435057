//! Names of causes, steps, states and areas as people say them.

use super::paint::Look;
use super::theme::Theme;
use crate::analysis::timeline::Relation;
use crate::checks::Status;
use crate::diagnosis::{Likelihood, Named};
use crate::exchange::Area;
use ratatui::style::Style;

/// What a verdict names.
pub fn verdict(look: &Look, named: Named) -> &'static str {
    verdict_of(look, named.id())
}

/// The same by its id.
pub fn verdict_of<'a>(look: &Look, id: &'a str) -> &'a str {
    match id {
        "none" => look.say("nothing wrong in this window", "không có gì bất thường trong khoảng này"),
        "inconclusive" => look.say("inconclusive", "chưa đủ bằng chứng"),
        id => cause(look, id),
    }
}

/// A cause in words; its id where there are none.
pub fn cause<'a>(look: &Look, id: &'a str) -> &'a str {
    let (en, vi) = match id {
        "overload" => ("overload", "quá tải"),
        "cpu-credits-exhausted" => ("CPU credits exhausted", "hết CPU credit"),
        "memory-exhausted" => ("memory exhausted", "hết bộ nhớ"),
        "process-down" => ("process down", "tiến trình đã chết"),
        "in-place-deploy" => ("deployment in place", "triển khai tại chỗ"),
        "rolling-replacement" => ("rolling replacement", "thay máy cuốn chiếu"),
        "instance-power-event" => ("instance stopped or rebooted", "máy bị tắt hoặc khởi động lại"),
        "os-restart" => ("restart from inside the host", "khởi động lại từ trong máy"),
        "host-failure" => ("host failure", "hỏng máy chủ vật lý"),
        "scale-in" => ("scale-in", "thu hẹp số máy"),
        "spot-interruption" => ("spot interruption", "thu hồi spot"),
        "target-security-group" => ("targets' security group", "security group của target"),
        "balancer-security-group" => ("balancer's security group", "security group của balancer"),
        "network-acl-or-route" => ("network ACL or route", "network ACL hoặc định tuyến"),
        "host-firewall" => ("firewall on the host", "tường lửa trên máy"),
        "port-mismatch" => ("wrong port", "sai cổng"),
        "network-allowance" => ("network allowance exceeded", "vượt hạn mức mạng của máy"),
        "os-limit" => ("limit of the operating system", "giới hạn hệ điều hành"),
        "zone-or-aws-event" => ("zone or AWS event", "sự cố zone hoặc AWS"),
        "balancer-capacity" => ("balancer capacity", "năng lực balancer"),
        "fail-open" => ("fail-open: every target unhealthy", "fail-open: mọi target đều lỗi"),
        "new-target-not-ready" => ("new target not ready", "target mới chưa sẵn sàng"),
        "stale-target-address" => ("stale target address", "địa chỉ target đã cũ"),
        "traffic-shift" => ("traffic shift", "chuyển hướng lưu lượng"),
        "keepalive-race" => ("keep-alive race", "tranh chấp keep-alive"),
        "slow-target" => ("slow target", "target chậm"),
        "app-errors" => ("application errors", "lỗi ứng dụng"),
        "no-targets" => ("no targets", "không có target"),
        "target-tls" => ("TLS to the targets", "TLS tới target"),
        "alarm-artefact" => ("the alarm itself", "do chính alarm"),
        "lambda-auth-waf" => ("Lambda, login or WAF", "Lambda, đăng nhập hoặc WAF"),
        _ => return id,
    };
    look.say(en, vi)
}

/// A step of the runbook in two or three words.
pub fn step<'a>(look: &Look, id: &'a str) -> &'a str {
    let (en, vi) = match id {
        "ask-infra-team" => ("infra team touched it?", "đội hạ tầng có đụng?"),
        "ask-app-team" => ("app team deployed?", "đội ứng dụng có deploy?"),
        "aws-status" => ("AWS itself failing?", "bản thân AWS có lỗi?"),
        "request-count" => ("requests", "số request"),
        "network-in" => ("network in", "mạng vào"),
        "status-check" => ("status checks", "status check"),
        "cpu" => ("CPU", "CPU"),
        "instance-power-events" => ("power events", "tắt / bật máy"),
        "access-log-5xx" => ("5xx in access log", "5xx trong access log"),
        "alarm-definition" => ("alarm definition", "định nghĩa alarm"),
        "health-check-config" => ("health check", "health check"),
        "firewall" => ("firewall path", "đường qua firewall"),
        "app-log" => ("application log", "log ứng dụng"),
        "correlation" => ("correlation", "tương quan"),
        "verdict" => ("verdict", "kết luận"),
        "target-health" => ("target health", "sức khỏe target"),
        "change-events" => ("changes", "thay đổi"),
        "capacity" => ("capacity", "năng lực"),
        _ => return id,
    };
    look.say(en, vi)
}

/// A step in at most 13 cells, for a narrow column.
pub fn step_short<'a>(look: &Look, id: &'a str) -> &'a str {
    match id {
        "ask-infra-team" => look.say("infra team?", "đội hạ tầng?"),
        "ask-app-team" => look.say("app team?", "đội ứng dụng?"),
        "aws-status" => look.say("AWS itself?", "do AWS?"),
        "access-log-5xx" => look.say("5xx in log", "5xx trong log"),
        "alarm-definition" => look.say("alarm rule", "luật alarm"),
        "firewall" => look.say("firewall path", "firewall"),
        "app-log" => look.say("app log", "log ứng dụng"),
        id => step(look, id),
    }
}

/// What a step asks, in a sentence.
pub fn question(look: &Look, id: &str) -> &'static str {
    match id {
        "ask-infra-team" => look.say(
            "Did the infrastructure team touch anything on this path before the errors?",
            "Đội hạ tầng có thay đổi gì trên đường này trước khi lỗi không?",
        ),
        "ask-app-team" => {
            look.say("Did the application team deploy or change anything?", "Đội ứng dụng có triển khai hay thay đổi gì không?")
        }
        "aws-status" => look.say("Was AWS itself failing at that time?", "Bản thân AWS có gặp sự cố lúc đó không?"),
        "request-count" => look.say("Do the errors coincide with a rise in requests?", "Lỗi có trùng với lúc request tăng không?"),
        "network-in" => look.say("Did traffic into the targets change?", "Lưu lượng vào target có thay đổi không?"),
        "status-check" => {
            look.say("Did instance, system or EBS status checks fail?", "Status check của máy, hệ thống hay EBS có lỗi không?")
        }
        "cpu" => look.say("Were the targets short of CPU?", "Target có thiếu CPU không?"),
        "instance-power-events" => {
            look.say("Were targets stopped, started, rebooted or terminated?", "Target có bị tắt, bật, khởi động lại hay hủy không?")
        }
        "access-log-5xx" => look.say("Which requests failed, how, and on which target?", "Request nào lỗi, lỗi kiểu gì, ở target nào?"),
        "alarm-definition" => {
            look.say("Is the alarm's threshold right, and as the code says?", "Ngưỡng của alarm có đúng, có khớp với mã không?")
        }
        "health-check-config" => {
            look.say("Does the health check test what clients use?", "Health check có kiểm tra đúng thứ client dùng không?")
        }
        "firewall" => look.say("Is the path from the balancer to the targets open?", "Đường từ balancer tới target có thông không?"),
        "app-log" => look.say("Does the application's log say anything unusual?", "Log ứng dụng có gì bất thường không?"),
        "correlation" => {
            look.say("Which metric moves with the errors, and which moved first?", "Chỉ số nào đi cùng với lỗi, chỉ số nào đổi trước?")
        }
        "verdict" => look.say("What does it all come to?", "Tổng hợp lại là gì?"),
        _ => "",
    }
}

pub fn likelihood(look: &Look, l: Likelihood) -> &'static str {
    match l {
        Likelihood::Confirmed => look.say("confirmed", "xác nhận"),
        Likelihood::Likely => look.say("likely", "khả năng cao"),
        Likelihood::Undecided => look.say("undecided", "chưa rõ"),
        Likelihood::Unlikely => look.say("unlikely", "ít khả năng"),
        Likelihood::RuledOut => look.say("ruled out", "đã loại"),
        Likelihood::Unknown => look.say("unknown", "không rõ"),
    }
}

pub fn likelihood_style(theme: &Theme, l: Likelihood) -> Style {
    match l {
        Likelihood::Confirmed | Likelihood::Likely => theme.bad,
        Likelihood::Undecided => theme.warn,
        Likelihood::Unlikely => theme.text,
        Likelihood::RuledOut => theme.dim,
        Likelihood::Unknown => theme.unknown,
    }
}

/// The sign of a step's state; each stands beside a word.
pub fn status_sign(s: Status) -> &'static str {
    match s {
        Status::Pass => "✓",
        Status::Warn => "!",
        Status::Fail => "‼",
        Status::NotApplicable => "–",
        Status::Unknown => "~",
        Status::Ask => "?",
        Status::Waiting => "…",
    }
}

pub fn status(look: &Look, s: Status) -> &'static str {
    match s {
        Status::Pass => look.say("nothing wrong", "ổn"),
        Status::Warn => look.say("look at it", "cần xem"),
        Status::Fail => look.say("found", "phát hiện"),
        Status::NotApplicable => look.say("does not apply", "không áp dụng"),
        Status::Unknown => look.say("cannot tell", "không xác định"),
        Status::Ask => look.say("ask somebody", "cần hỏi"),
        Status::Waiting => look.say("on its way", "đang chờ"),
    }
}

pub fn status_style(theme: &Theme, s: Status) -> Style {
    match s {
        Status::Pass => theme.good,
        Status::Warn => theme.warn,
        Status::Fail => theme.bad,
        Status::NotApplicable | Status::Waiting => theme.dim,
        Status::Unknown => theme.unknown,
        Status::Ask => theme.info,
    }
}

/// A part of the world that is read.
pub fn area(look: &Look, a: Area) -> &'static str {
    match a {
        Area::Identity => look.say("who we are", "danh tính"),
        Area::Alarm => look.say("alarm", "alarm"),
        Area::AlarmHistory => look.say("alarm history", "lịch sử alarm"),
        Area::Balancer => look.say("balancer", "balancer"),
        Area::TargetHealth => look.say("target health", "sức khỏe target"),
        Area::BalancerMetrics => look.say("balancer metrics", "chỉ số balancer"),
        Area::Instances => look.say("instances", "máy"),
        Area::HostMetrics => look.say("host metrics", "chỉ số máy"),
        Area::Changes => look.say("changes (CloudTrail)", "thay đổi (CloudTrail)"),
        Area::Lifecycle => look.say("scaling and deployments", "co giãn và triển khai"),
        Area::Network => look.say("network rules", "quy tắc mạng"),
        Area::AccessLog => look.say("access log", "access log"),
        Area::HealthCheckLog => look.say("health-check log", "log health check"),
        Area::AppLog => look.say("application log", "log ứng dụng"),
        Area::Consoles => look.say("consoles of machines", "console của máy"),
        Area::AlarmCode => look.say("alarm in Terraform", "alarm trong Terraform"),
        Area::AwsHealth => look.say("AWS Health", "AWS Health"),
        Area::Baseline => look.say("earlier days", "các ngày trước"),
        Area::People => look.say("people", "con người"),
    }
}

/// What of the balancer's path a happening is about.
pub fn relation(look: &Look, r: Relation) -> &'static str {
    match r {
        Relation::Target => look.say("a target", "một target"),
        Relation::TargetGroup => look.say("the target group", "target group"),
        Relation::TargetNetwork => look.say("the targets' network", "mạng của target"),
        Relation::Balancer => look.say("the balancer", "load balancer"),
        Relation::BalancerNetwork => look.say("the balancer's network", "mạng của load balancer"),
        Relation::Fleet => look.say("the fleet", "nhóm máy"),
        Relation::Alarm => look.say("the alarm", "báo động"),
        Relation::Vpc => look.say("the same VPC", "cùng VPC"),
        Relation::AccountWide => look.say("the account", "cả tài khoản"),
        Relation::Unrelated => look.say("elsewhere", "nơi khác"),
    }
}
