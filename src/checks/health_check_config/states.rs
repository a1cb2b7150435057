//! What the balancer says of each target today.

use super::{Finding, Weight};
use crate::case::Case;
use crate::case::health::TargetHealth;
use crate::case::topology::TargetGroup;
use crate::exchange::Area;
use crate::say;
use crate::text::Text;

pub fn of(case: &Case, group: &TargetGroup) -> Vec<Finding> {
    let targets: Vec<_> = case.target_health.values().filter(|t| t.target_group == group.arn).collect();
    let mut found: Vec<_> = targets.iter().filter_map(|t| state(t)).collect();
    found.extend(targets.iter().filter_map(|t| anomaly(t)));
    found.extend(counts(&targets));
    found
}

fn name(target: &TargetHealth) -> String {
    target.port.map_or_else(|| target.id.clone(), |p| format!("{}:{p}", target.id))
}

fn state(target: &TargetHealth) -> Option<Finding> {
    let weight = match target.state.as_str() {
        "healthy" => return None,
        "initial" | "draining" => Weight::Note,
        _ => Weight::Warn,
    };
    let (name, state) = (name(target), &target.state);
    let reason = target.reason.as_deref().unwrap_or("—");
    let Text { en, vi } = meaning(reason);
    let said = target.description.as_ref().map(|d| format!(" “{d}”")).unwrap_or_default();
    let words = say!("{name} is {state} now: {reason}{en}{said}", "{name} hiện {state}: {reason}{vi}{said}");
    Some(Finding::new(weight, format!("state.{name}"), words).from(Area::TargetHealth))
}

/// What a reason code means for somebody who must act on it.
fn meaning(reason: &str) -> Text {
    match reason {
        "Target.Timeout" => say!(" (no answer in time: hung, overloaded, or packets dropped)", " (không trả lời kịp: treo, quá tải, hoặc gói tin bị bỏ)"),
        "Target.FailedHealthChecks" => {
            say!(" (connection failed or the answer was broken: nobody listens, or it is refused)", " (kết nối hỏng hoặc trả lời sai dạng: không ai lắng nghe hoặc bị từ chối)")
        }
        "Target.ResponseCodeMismatch" => say!(" (it answered, with a code outside the matcher)", " (có trả lời nhưng mã nằm ngoài matcher)"),
        "Target.NotInUse" => say!(" (no listener forwards to it, or its zone is not enabled)", " (không listener nào chuyển tới, hoặc zone chưa bật)"),
        "Target.InvalidState" => say!(" (stopped or terminated)", " (đã dừng hoặc bị xoá)"),
        "Target.IpUnusable" => say!(" (the balancer itself uses this address)", " (địa chỉ này load balancer đang dùng)"),
        "Target.DeregistrationInProgress" => say!(" (leaving, its open requests may end)", " (đang rời đi, request đang mở được phép kết thúc)"),
        "Elb.InternalError" => say!(" (a fault of the balancer's own)", " (lỗi của chính load balancer)"),
        _ => Text::default(),
    }
}

fn anomaly(target: &TargetHealth) -> Option<Finding> {
    let name = name(target);
    target.anomalous.filter(|a| *a).map(|_| {
        let words = say!(
            "{name} is flagged anomalous by the balancer: more 5xx or failed connections than its peers",
            "{name} bị load balancer đánh dấu bất thường: nhiều 5xx hoặc kết nối hỏng hơn các target khác"
        );
        Finding::new(Weight::Warn, format!("anomalous.{name}"), words).from(Area::TargetHealth)
    })
}

fn counts(targets: &[&TargetHealth]) -> Option<Finding> {
    let (healthy, all) = (targets.iter().filter(|t| t.state == "healthy").count(), targets.len());
    let draining = targets.iter().filter(|t| t.state == "draining").count();
    if all == 0 {
        return None;
    }
    let weight = if healthy == 0 { Weight::Fail } else { Weight::Note };
    let words = say!(
        "{healthy} of {all} targets are healthy now, {draining} draining; the balancer keeps no history of this",
        "hiện {healthy} trên {all} target healthy, {draining} đang draining; load balancer không lưu lịch sử này"
    );
    Some(Finding::new(weight, "now", words).from(Area::TargetHealth).value("healthy", healthy as f64, "targets").value("registered", all as f64, "targets"))
}
