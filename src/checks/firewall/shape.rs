//! Whether the errors grew as this kind of block makes them grow: connections that were open live on under
//! a security group and die at once under an ACL.

use crate::analysis::Analysis;
use crate::case::Case;
use crate::case::series::Series;
use crate::checks::{Book, Value};
use crate::exchange::Area;
use crate::metrics::ERRORS;
use crate::path::HopKind;
use crate::say;
use crate::time::{Time, Window};
use chrono::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// At their level within two minutes.
    Step,
    /// Still growing after four.
    Ramp,
}

/// Minutes from the onset until four fifths of the highest of the first fifteen.
fn minutes_to_level(series: &Series, onset: Time) -> Option<i64> {
    let window = Window { start: onset, end: onset + Duration::minutes(15) };
    let points: Vec<_> = series.points(window).collect();
    let top = points.iter().map(|(_, v)| *v).fold(0.0, f64::max);
    if top <= 0.0 || points.len() < 3 || series.period > 60 {
        return None;
    }
    let (t, _) = points.iter().find(|(_, v)| *v >= 0.8 * top)?;
    Some((*t - onset).num_minutes())
}

/// The shape of the errors' beginning, if minutes tell.
pub fn of(case: &Case, analysis: &Analysis) -> Option<(Shape, i64)> {
    let (onset, window) = (analysis.onset()?, analysis.window?);
    let group = case.alarm.as_ref().and_then(|a| a.dimensions.get("TargetGroup"));
    let mut tracks: Vec<_> = case.series.of(ERRORS).filter(|(k, _)| k.zone().is_none()).collect();
    tracks.sort_by_key(|(k, _)| (k.group() != group.map(String::as_str), k.dimensions.len()));
    let minutes = tracks.iter().find_map(|(_, t)| minutes_to_level(t.best("Sum", window)?, onset))?;
    match minutes {
        ..=1 => Some((Shape::Step, minutes)),
        4.. => Some((Shape::Ramp, minutes)),
        _ => None,
    }
}

/// Files how the shape fits a block of this kind.
pub fn file(case: &Case, analysis: &Analysis, kind: HopKind, book: &mut Book) -> Option<String> {
    let (shape, minutes) = of(case, analysis)?;
    let group = matches!(kind, HopKind::BalancerSecurityGroup | HopKind::TargetSecurityGroup);
    let edge = HopKind::ACL_AND_ROUTE.contains(&kind);
    let words = match (shape, group, edge) {
        (Shape::Ramp, true, _) => say!(
            "the errors grew over {minutes} min: that fits a security group, under which open connections live on until they are idle",
            "lỗi tăng dần trong {minutes} phút: khớp với security group, vì kết nối đang mở vẫn sống đến khi nhàn rỗi"
        ),
        (Shape::Step, _, true) => say!(
            "the errors were at their level within {minutes} min: that fits an ACL or a route, which cut open connections at once",
            "lỗi đạt mức cao trong {minutes} phút: khớp với ACL hoặc route, vì chúng cắt ngay kết nối đang mở"
        ),
        (Shape::Step, true, _) => say!(
            "the errors were at their level within {minutes} min: faster than a security group alone usually makes it (open connections live on), unless few were kept open",
            "lỗi đạt mức cao trong {minutes} phút: nhanh hơn mức một security group thường gây ra (kết nối đang mở vẫn sống), trừ khi ít kết nối được giữ"
        ),
        (Shape::Ramp, _, true) => say!(
            "the errors grew over {minutes} min: slower than an ACL or a route makes it, which cut open connections at once",
            "lỗi tăng dần trong {minutes} phút: chậm hơn mức ACL hoặc route gây ra, vì chúng cắt ngay kết nối đang mở"
        ),
        _ => return None,
    };
    Some(book.add("path.shape", words, Area::BalancerMetrics, vec![Value::new("minutes to level", minutes as f64).unit("min")]))
}
