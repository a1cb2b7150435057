//! Numbers in sentences: short, with their unit, the same everywhere a check speaks.

use crate::analysis::shift::Shift;
use crate::analysis::{Order, scene::Scene};
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::case::topology::short_name;
use crate::exchange::{Area, Origin};
use crate::metrics::{self, Unit};
use crate::say;
use crate::text::Text;
use crate::time::in_words;

/// `81.2 k`, `1.2 GiB`, `96 %`, `420 ms`.
pub(super) fn short(v: f64, unit: Unit) -> String {
    match unit {
        _ if v.is_nan() => "?".into(),
        Unit::Percent => format!("{v:.0} %"),
        Unit::Seconds if v < 1.0 => format!("{:.0} ms", 1000.0 * v),
        Unit::Seconds => format!("{v:.1} s"),
        Unit::Bytes => scaled(v, 1024.0, &["B", "KiB", "MiB", "GiB", "TiB"]),
        Unit::Count | Unit::Credits | Unit::State => scaled(v, 1000.0, &["", "k", "M", "G"]),
    }
}

fn scaled(v: f64, step: f64, units: &[&str]) -> String {
    let (mut v, mut i) = (v, 0);
    while v.abs() >= step && i + 1 < units.len() {
        (v, i) = (v / step, i + 1);
    }
    let digits = if i == 0 && v.fract() == 0.0 { 0 } else { 1 };
    format!("{v:.digits$} {}", units[i]).trim_end().to_owned()
}

/// `RequestCount of api-8080`, `CPUUtilization of i-0ab12`.
pub(super) fn name(key: &SeriesKey) -> Text {
    let metric = &key.metric;
    let place = key.instance().map(str::to_owned).or_else(|| {
        let group = key.group().map(short_name);
        let parts: Vec<&str> = group.into_iter().chain(key.zone()).chain(key.dimension("ServiceName")).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    });
    match place {
        Some(place) => say!("{metric} of {place}", "{metric} của {place}"),
        None => Text::same(metric.clone()),
    }
}

/// The unit of a series.
pub(super) fn unit(key: &SeriesKey) -> Unit {
    metrics::find(&key.metric).map_or(Unit::Count, |m| m.unit)
}

/// `, 4 min before the errors`, where the order is certain.
pub(super) fn when(scene: &Scene, s: &Shift) -> Text {
    let Some((onset, change)) = scene.onset().zip(s.change(scene)) else { return Text::default() };
    let apart = in_words(onset - change.at);
    match s.order(scene) {
        Some(Order::Leads) => say!(", {apart} before the errors", ", {apart} trước khi có lỗi"),
        Some(Order::Follows) => say!(", {apart} after the errors began", ", {apart} sau khi bắt đầu lỗi"),
        _ => say!(", together with the errors", ", cùng lúc với lỗi"),
    }
}

/// The call that the numbers of an area came from.
pub(super) fn origin(case: &Case, area: Area) -> Option<Origin> {
    case.origins.get(&area).and_then(|all| all.last()).cloned()
}

/// What a step on hosts says when there are none: not applicable to targets that are no EC2 instances.
pub(super) fn no_hosts(check: &'static str, case: &Case, areas: &[Area]) -> super::Outcome {
    let groups = case.groups_in_question();
    let instances = groups.iter().any(|g| g.target_type == "instance") || !case.instances.is_empty();
    if !groups.is_empty() && !instances && areas.iter().all(|a| !case.is_waiting_for(*a)) {
        let kinds: std::collections::BTreeSet<&str> = groups.iter().map(|g| g.target_type.as_str()).collect();
        let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
        let words = say!(
            "the targets are not EC2 instances ({kinds}): they have no such metric",
            "target không phải EC2 instance ({kinds}): không có số liệu này"
        );
        return super::Outcome::new(check, super::Status::NotApplicable, words);
    }
    super::cannot_tell(check, case, areas)
}
