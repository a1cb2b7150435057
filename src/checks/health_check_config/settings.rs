//! Settings against sense.

use super::{Finding, Weight};
use crate::accesslog::Signature;
use crate::case::Case;
use crate::case::topology::TargetGroup;
use crate::exchange::Area;
use crate::say;

/// Longer than this a dead target does harm for a long time, in seconds.
const SLOW_DETECTION: u32 = 90;

/// What is to be said of one group's own settings.
pub fn of_group(case: &Case, group: &TargetGroup) -> Vec<Finding> {
    let check = &group.health_check;
    if !check.enabled {
        let words = say!("health checks are off: dead targets keep their traffic", "health check đang tắt: target chết vẫn nhận traffic");
        return vec![Finding::new(Weight::Warn, "off", words)];
    }
    let found = [
        port(case, group),
        protocol(group),
        matcher(group),
        path(group),
        Some(detection(group)),
        timeout(group),
        Some(recovery(group)),
        deregistration(group),
        stopping(case, group),
        slow_start(group),
        fail_open(group),
        cross_zone(case, group),
        mitigation(group),
    ];
    found.into_iter().flatten().collect()
}

/// And of the balancer's.
pub fn of_balancer(case: &Case) -> Vec<Finding> {
    let attribute = |name| case.load_balancer.as_ref()?.attributes.get(name)?.parse::<u32>().ok();
    let Some(idle) = attribute("idle_timeout.timeout_seconds") else { return Vec::new() };
    let words = say!(
        "the balancer keeps idle connections {idle} s: the application must keep them longer (Node and uvicorn 5 s, gunicorn 2 s, Apache 5 s, Puma 20 s, nginx 75 s by default), or requests fail with 502 without counting as connection errors",
        "load balancer giữ kết nối nhàn rỗi {idle} s: ứng dụng phải giữ lâu hơn (mặc định Node và uvicorn 5 s, gunicorn 2 s, Apache 5 s, Puma 20 s, nginx 75 s), nếu không request sẽ lỗi 502 mà không tính là lỗi kết nối"
    );
    vec![Finding::new(Weight::Note, "idle-timeout", words).value("idle timeout", f64::from(idle), "s")]
}

fn port(case: &Case, group: &TargetGroup) -> Option<Finding> {
    let mut differing = case.target_health.values().filter(|t| t.target_group == group.arn).filter_map(|t| {
        let traffic = t.port.or(group.port)?;
        let checked = t.health_check_port.unwrap_or_else(|| group.health_check.port_for(traffic));
        (checked != traffic).then_some((checked, traffic))
    });
    let own = || group.port.map(|p| (group.health_check.port_for(p), p)).filter(|(c, t)| c != t);
    let (checked, traffic) = differing.next().or_else(own)?;
    let words = say!(
        "the health check asks port {checked}, traffic goes to port {traffic}: a target stays healthy while nothing listens on {traffic}",
        "health check hỏi cổng {checked}, traffic đi vào cổng {traffic}: target vẫn healthy dù không ai lắng nghe ở {traffic}"
    );
    Some(Finding::new(Weight::Warn, "port", words).value("checked", f64::from(checked), "port").value("traffic", f64::from(traffic), "port"))
}

fn protocol(group: &TargetGroup) -> Option<Finding> {
    let (traffic, checked) = (group.protocol.as_ref()?, group.health_check.protocol.as_ref()?);
    (traffic != checked).then(|| {
        let words = say!(
            "traffic speaks {traffic}, the health check {checked}: a TLS fault of the target does not show in its health",
            "traffic dùng {traffic}, health check dùng {checked}: lỗi TLS của target không hiện ra ở tình trạng health"
        );
        Finding::new(Weight::Warn, "protocol", words)
    })
}

/// The highest code that counts as healthy: `200,301` or `200-399`.
fn highest_code(matcher: &str) -> Option<u16> {
    matcher.split([',', '-']).filter_map(|c| c.trim().parse().ok()).max()
}

fn matcher(group: &TargetGroup) -> Option<Finding> {
    let codes = group.health_check.matcher.as_ref().filter(|_| group.health_check.protocol.as_deref() != Some("TCP"))?;
    let high = highest_code(codes).filter(|h| *h >= 300 && *h < 1000)?;
    let (weight, words) = if high >= 400 {
        let words = say!(
            "codes {codes} count as healthy: an application that answers errors passes its check",
            "mã {codes} được coi là healthy: ứng dụng trả lỗi vẫn qua được health check"
        );
        (Weight::Warn, words)
    } else {
        let words = say!(
            "codes {codes} count as healthy: a redirect passes without the application behind it",
            "mã {codes} được coi là healthy: chỉ cần redirect là qua, không cần ứng dụng phía sau"
        );
        (Weight::Note, words)
    };
    Some(Finding::new(weight, "matcher", words))
}

fn path(group: &TargetGroup) -> Option<Finding> {
    let path = group.health_check.path.as_deref()?;
    (path == "/").then(|| {
        let words = say!(
            "the check asks “/”: make sure that it needs the application and not only the web server",
            "health check hỏi “/”: hãy chắc rằng đường dẫn này cần đến ứng dụng chứ không chỉ web server"
        );
        Finding::new(Weight::Note, "path", words)
    })
}

fn detection(group: &TargetGroup) -> Finding {
    let check = &group.health_check;
    let (n, interval, threshold) = (check.detection_seconds(), check.interval, check.unhealthy_threshold);
    let words = say!(
        "a dead target keeps receiving traffic for about {n} s ({threshold} failed checks, one every {interval} s); shorter outages never show in the health counts",
        "target đã chết vẫn nhận traffic khoảng {n} s ({threshold} lần hỏng, mỗi {interval} s một lần); sự cố ngắn hơn không bao giờ hiện ở số đếm health"
    );
    let weight = if n > SLOW_DETECTION { Weight::Warn } else { Weight::Note };
    Finding::new(weight, "detection", words).value("detection", f64::from(n), "s")
}

fn timeout(group: &TargetGroup) -> Option<Finding> {
    let (timeout, interval) = (group.health_check.timeout, group.health_check.interval);
    (timeout >= interval).then(|| {
        let words = say!(
            "a check may take {timeout} s though the next one starts after {interval} s: checks overlap",
            "một lần kiểm tra có thể kéo dài {timeout} s trong khi lần sau bắt đầu sau {interval} s: các lần kiểm tra chồng lên nhau"
        );
        Finding::new(Weight::Warn, "timeout", words)
    })
}

fn recovery(group: &TargetGroup) -> Finding {
    let n = group.health_check.healthy_threshold.saturating_mul(group.health_check.interval);
    let words = say!(
        "a recovered target gets traffic again after about {n} s; a new one after its first passed check",
        "target đã phục hồi nhận lại traffic sau khoảng {n} s; target mới thì ngay sau lần kiểm tra đạt đầu tiên"
    );
    Finding::new(Weight::Note, "recovery", words).value("recovery", f64::from(n), "s")
}

fn number(group: &TargetGroup, name: &str) -> Option<u32> {
    group.attributes.get(name)?.parse().ok()
}

fn deregistration(group: &TargetGroup) -> Option<Finding> {
    let delay = number(group, "deregistration_delay.timeout_seconds")?;
    let (weight, words) = if delay == 0 {
        let words = say!(
            "the deregistration delay is 0: requests in flight are cut when a target leaves",
            "deregistration delay bằng 0: request đang xử lý bị cắt khi target rời đi"
        );
        (Weight::Warn, words)
    } else {
        let words = say!(
            "a leaving target has {delay} s for its open requests: it must not stop before they end (ECS sends SIGKILL after stopTimeout, 30 s unless set)",
            "target rời đi có {delay} s cho request đang mở: không được dừng trước khi xong (ECS gửi SIGKILL sau stopTimeout, mặc định 30 s)"
        );
        (Weight::Note, words)
    };
    Some(Finding::new(weight, "deregistration", words).value("deregistration delay", f64::from(delay), "s"))
}

/// The delay against the time that the service gives its containers to stop.
fn stopping(case: &Case, group: &TargetGroup) -> Option<Finding> {
    let delay = number(group, "deregistration_delay.timeout_seconds")?;
    let service = case.ecs_services.values().find(|s| s.target_groups.contains(&group.arn))?;
    let stop = service.stop_timeout?;
    let (name, container) = (&service.name, &service.container);
    let cut = case.access_log.iter().flat_map(|l| &l.failures).filter(|r| r.signature == Signature::DeregistrationCut).map(|r| r.count).sum::<u64>();
    let (weight, words) = if stop >= delay {
        let words = say!(
            "ECS service {name} gives its container {container} {stop} s to stop, not less than the deregistration delay of {delay} s",
            "ECS service {name} cho container {container} {stop} s để dừng, không ít hơn deregistration delay {delay} s"
        );
        (Weight::Note, words)
    } else {
        let words = say!(
            "ECS service {name} kills its container {container} {stop} s after it asked it to stop, though the balancer lets open requests run for {delay} s: longer ones are cut if the stop begins before they end; raise stopTimeout or lower the delay",
            "ECS service {name} giết container {container} sau {stop} s kể từ khi yêu cầu dừng, trong khi load balancer cho request đang mở chạy {delay} s: request dài hơn sẽ bị cắt nếu việc dừng bắt đầu trước khi chúng xong; hãy tăng stopTimeout hoặc giảm delay"
        );
        // Nearly every service has these defaults; it is a fault where requests were really cut.
        (if cut > 0 { Weight::Warn } else { Weight::Note }, words)
    };
    let finding = Finding::new(weight, "stop-timeout", words).from(Area::Lifecycle);
    Some(finding.value("stop timeout", f64::from(stop), "s").value("deregistration delay", f64::from(delay), "s"))
}

fn slow_start(group: &TargetGroup) -> Option<Finding> {
    let seconds = number(group, "slow_start.duration_seconds")?;
    let words = if seconds == 0 {
        say!("no slow start: a new target gets its full share at once", "không có slow start: target mới nhận ngay đủ phần traffic")
    } else {
        say!("slow start: a new target's share grows over {seconds} s", "slow start: phần traffic của target mới tăng dần trong {seconds} s")
    };
    Some(Finding::new(Weight::Note, "slow-start", words).value("slow start", f64::from(seconds), "s"))
}

fn fail_open(group: &TargetGroup) -> Option<Finding> {
    let minimum = group.attributes.get("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count")?;
    let share = group.attributes.get("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage").map_or("off", String::as_str);
    (minimum != "1" || share != "off").then(|| {
        let words = say!(
            "with fewer than {minimum} healthy targets (or {share} %) the balancer sends to all of them, dead ones too",
            "khi có ít hơn {minimum} target healthy (hoặc {share} %), load balancer gửi tới tất cả, kể cả target chết"
        );
        Finding::new(Weight::Note, "fail-open-setting", words)
    })
}

fn cross_zone(case: &Case, group: &TargetGroup) -> Option<Finding> {
    let off = group.attributes.get("load_balancing.cross_zone.enabled").is_some_and(|v| v == "false");
    off.then(|| {
        let healthy = |zone: &str| {
            let of_group = case.target_health.values().filter(|t| t.target_group == group.arn && t.zone.as_deref() == Some(zone));
            of_group.filter(|t| t.state == "healthy").count()
        };
        let zones = case.load_balancer.as_ref().map(|lb| lb.zones.as_slice()).unwrap_or_default();
        let counts: Vec<_> = zones.iter().map(|z| (z.name.as_str(), healthy(&z.name))).collect();
        let list = counts.iter().map(|(z, n)| format!("{z}: {n}")).collect::<Vec<_>>().join(", ");
        let weight = if counts.iter().any(|(_, n)| *n == 0) && !case.target_health.is_empty() { Weight::Fail } else { Weight::Note };
        let words = say!(
            "cross-zone is off: each zone's nodes send only to targets of their own zone; healthy targets now: {list}",
            "cross-zone đang tắt: node của mỗi zone chỉ gửi tới target cùng zone; target healthy hiện tại: {list}"
        );
        Finding::new(weight, "cross-zone", words)
    })
}

fn mitigation(group: &TargetGroup) -> Option<Finding> {
    let on = group.attributes.get("load_balancing.algorithm.anomaly_mitigation")? == "on";
    let words = if on {
        say!("anomaly mitigation is on: the balancer itself sends less to a target that fails", "anomaly mitigation đang bật: load balancer tự giảm traffic tới target lỗi")
    } else {
        say!(
            "anomaly mitigation is off: a target that refuses connections but passes its checks keeps its full share",
            "anomaly mitigation đang tắt: target từ chối kết nối nhưng vẫn qua health check sẽ nhận đủ phần traffic"
        )
    };
    Some(Finding::new(Weight::Note, "anomaly-mitigation", words))
}
