//! What health checks saw: nothing, fewer targets, none at all, targets that were taken out or had just come.

use super::Asked;
use crate::analysis::grid;
use crate::checks::Value;
use crate::say;
use crate::time::Window;
use chrono::Duration;

pub(super) fn ask(asked: &mut Asked) {
    let scene = asked.scene;
    if !scene.is_real() {
        return;
    }
    let Some(key) = scene.healthy_key() else { return };
    let healthy = scene.grid(&key);
    let unhealthy = scene.grid(&grid::beside(&key, "UnHealthyHostCount"));
    let (Some(usual), Some(onset)) = (healthy.median(scene.before), scene.onset()) else { return };
    let during = Window { start: onset - Duration::minutes(5), end: scene.near.end + Duration::minutes(5) };
    let Some((at, least)) = healthy.smallest(during) else { return };
    let sick_before = unhealthy.median(scene.before).unwrap_or(0.0);
    let sick = unhealthy.largest(during).map_or(0.0, |(_, v)| v) - sick_before;
    none_healthy(asked, least, usual);
    sick_already(asked, sick_before);
    let values = || {
        vec![
            Value::new("HealthyHostCount before", usual),
            Value::new("HealthyHostCount least", least).at(at),
            Value::new("UnHealthyHostCount rise", sick.max(0.0)),
        ]
    };
    let lost = usual - least;
    let words = say!(
        "HealthyHostCount: {usual:.0} before, {least:.0} at the least; UnHealthyHostCount rose by {sick:.0}",
        "HealthyHostCount: {usual:.0} trước đó, thấp nhất {least:.0}; UnHealthyHostCount tăng {sick:.0}"
    );
    flat(asked, lost, sick, &words, values());
    if lost < 0.5 || unhealthy.is_blank() {
        if !unhealthy.is_blank() {
            asked.no("targets-left", 1.0, words, values());
        }
    } else if lost - sick >= 0.5 && sick < 0.5 * lost {
        asked.yes("targets-left", 1.0, words, values());
    } else {
        asked.no("targets-left", 1.0, words, values());
    }
    joined(asked, &healthy, usual);
}

/// Targets that had been found unhealthy long before get requests again when no healthy one is left.
fn sick_already(asked: &mut Asked, sick: f64) {
    let words =
        say!("{sick:.0} target(s) had been unhealthy since before the errors", "{sick:.0} target đã không khoẻ từ trước khi có lỗi");
    let values = vec![Value::new("UnHealthyHostCount before", sick)];
    if sick >= 0.5 {
        asked.yes("unhealthy-before", 1.0, words, values);
    } else {
        asked.no("unhealthy-before", 1.0, words, values);
    }
}

fn none_healthy(asked: &mut Asked, least: f64, usual: f64) {
    let scene = asked.scene;
    let routed = scene.key("UnhealthyRoutingRequestCount").map(|_| scene.sum("UnhealthyRoutingRequestCount").unwrap_or(0.0)).unwrap_or(0.0);
    let requests: f64 = scene.windows.iter().filter_map(|w| scene.requests.sum(*w)).sum();
    let words = say!(
        "HealthyHostCount fell to {least:.0}; {routed:.0} requests were sent to unhealthy targets for want of healthy ones",
        "HealthyHostCount giảm còn {least:.0}; {routed:.0} request được gửi tới target không khoẻ vì không còn target khoẻ"
    );
    let values = vec![Value::new("HealthyHostCount", least), Value::new("UnhealthyRoutingRequestCount", routed)];
    if (least < 0.5 && usual >= 0.5 && requests > 0.0) || routed > 0.0 {
        asked.yes("none-healthy", 1.0, words, values);
    } else if least >= 0.5 {
        asked.no("none-healthy", 1.0, words, values);
    }
}

/// Unchanged counts say something only when health checks had the time to notice.
fn flat(asked: &mut Asked, lost: f64, sick: f64, words: &crate::text::Text, values: Vec<Value>) {
    let scene = asked.scene;
    let needed = scene.target_group().map_or(75, |g| g.health_check.detection_seconds()) + 60;
    if lost > 0.4 || sick > 0.4 {
        asked.no("health-flat", 1.0, words.clone(), values);
    } else if scene.length() >= i64::from(needed) {
        asked.yes("health-flat", 1.0, words.clone(), values);
    } else {
        asked.unknown(
            "health-flat",
            say!(
                "the errors ended before health checks can notice ({needed} s): their silence says nothing",
                "lỗi hết trước khi health check kịp nhận ra ({needed} giây): im lặng không nói lên điều gì"
            ),
        );
    }
}

fn joined(asked: &mut Asked, healthy: &grid::Grid, usual: f64) {
    let Some(onset) = asked.scene.onset() else { return };
    let just_before = Window { start: onset - Duration::minutes(10), end: onset + Duration::minutes(2) };
    let Some((at, most)) = healthy.largest(just_before) else { return };
    let earlier = Window { start: onset - Duration::minutes(30), end: onset - Duration::minutes(10) };
    let was = healthy.median(earlier).unwrap_or(usual);
    let words = say!(
        "HealthyHostCount rose from {was:.0} to {most:.0} in the ten minutes before the errors",
        "HealthyHostCount tăng từ {was:.0} lên {most:.0} trong mười phút trước khi có lỗi"
    );
    let flat = say!("no target joined in the ten minutes before the errors", "không có target nào vào trong mười phút trước khi có lỗi");
    let values = vec![Value::new("before", was), Value::new("most", most).at(at)];
    if most >= was + 0.5 {
        asked.yes("targets-joined-first", 1.0, words, values);
    } else {
        asked.no("targets-joined-first", 1.0, flat, values);
    }
}
