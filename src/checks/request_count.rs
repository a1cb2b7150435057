//! The step `request-count`: did requests rise, before or after the errors began, what did each healthy
//! target get, and was the same load carried before?

use super::numbers::{name, origin, short, when};
use super::{Book, Check, Outcome, Status, Value, cannot_tell};
use crate::analysis::baseline;
use crate::analysis::grid;
use crate::analysis::scene::Scene;
use crate::analysis::shift::{self, Shift};
use crate::analysis::Order;
use crate::case::series::SeriesKey;
use crate::exchange::Area;
use crate::metrics::Unit;
use crate::say;
use crate::text::Text;

pub struct Step;

/// A rise that may mean overload, and one that may mean nothing.
const ROSE: f64 = 1.5;
const A_LITTLE: f64 = 1.2;

impl Check for Step {
    fn id(&self) -> &'static str {
        "request-count"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::BalancerMetrics]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let case = scene.case;
        let Some(key) = scene.key("RequestCount") else { return cannot_tell(self.id(), case, self.needs()) };
        let outcome = match shift::of(scene, &key) {
            Some(s) if scene.is_real() => during_errors(scene, &key, &s, book),
            _ => quiet(scene, &key, book),
        };
        let Some(outcome) = outcome else { return cannot_tell(self.id(), case, self.needs()) };
        outcome.detail(say!(
            "RequestCount counts requests for which a target was chosen, those whose connection then failed included; requests answered 503 for want of a target are not in it.",
            "RequestCount đếm request đã được chọn target, kể cả khi kết nối sau đó lỗi; request trả 503 vì không có target thì không nằm trong đó."
        ))
    }
}

/// Without errors there is nothing to compare with: what is usual is said.
fn quiet(scene: &Scene, key: &SeriesKey, book: &mut Book) -> Option<Outcome> {
    let window = scene.analysis.window?;
    let grid = grid::of(scene.case, key, window);
    let (usual, (at, most)) = (grid.median(window)?, grid.largest(window)?);
    let (a, b, each) = (short(usual, Unit::Count), short(most, Unit::Count), grid.period);
    let words = say!(
        "{a} requests in {each} s usually, {b} at the most; no stretch of errors to hold against it",
        "thường {a} request mỗi {each} giây, nhiều nhất {b}; không có đợt lỗi nào để so"
    );
    let values = vec![Value::new("median", usual).unit("requests"), Value::new("most", most).unit("requests").at(at)];
    let id = book.add_from("requests.usual", words.clone(), Area::BalancerMetrics, values, origin(scene.case, Area::BalancerMetrics));
    Some(Outcome::new("request-count", Status::Pass, words).with([id]).brief(say!("{a} usually", "thường {a}")))
}

fn during_errors(scene: &Scene, key: &SeriesKey, s: &Shift, book: &mut Book) -> Option<Outcome> {
    let (status, words) = judged(scene, key, s);
    let values = vec![
        Value::new("before", s.before).unit("requests"),
        Value::new("during", s.during).unit("requests"),
        Value::new("highest", s.highest.1).unit("requests").at(s.highest.0),
        Value::new("ratio", s.ratio()).unit("×"),
    ];
    let id = book.add_from("requests.change", words.clone(), Area::BalancerMetrics, values, origin(scene.case, Area::BalancerMetrics));
    let more = per_target(scene, book).into_iter().chain(earlier(scene, key, s, book)).chain(dose(scene, key, s, book));
    let (ratio, during) = (s.ratio(), short(s.during, Unit::Count));
    let brief = say!("×{ratio:.1} to {during}", "×{ratio:.1}, tới {during}");
    Some(Outcome::new("request-count", status, words).with(std::iter::once(id).chain(more)).brief(brief))
}

fn judged(scene: &Scene, key: &SeriesKey, s: &Shift) -> (Status, Text) {
    let Text { en: name, vi: name_vi } = name(key);
    let (before, during, ratio, each) = (short(s.before, Unit::Count), short(s.during, Unit::Count), s.ratio(), s.period);
    let Text { en: when, vi: when_vi } = when(scene, s);
    let words = say!(
        "{name} ×{ratio:.1}: {before} → {during} in {each} s{when}",
        "{name_vi} ×{ratio:.1}: {before} → {during} mỗi {each} giây{when_vi}"
    );
    let flat = say!(
        "{name} did not rise: {before} before, {during} during the errors (per {each} s)",
        "{name_vi} không tăng: {before} trước, {during} trong lúc lỗi (mỗi {each} giây)"
    );
    match ratio {
        _ if s.rose(scene, ROSE) && s.order(scene) != Some(Order::Follows) => (Status::Fail, words),
        _ if s.rose(scene, A_LITTLE) => (Status::Warn, words),
        _ if s.fell(scene, 0.7) => (Status::Warn, words),
        _ => (Status::Pass, flat),
    }
}

/// What each healthy target got: it rises with the load and with every target lost.
fn per_target(scene: &Scene, book: &mut Book) -> Option<String> {
    let healthy = scene.healthy_key()?;
    let s = shift::of(scene, &grid::beside(&healthy, "RequestsPerHealthyTarget"))?;
    let (before, during, ratio) = (short(s.before, Unit::Count), short(s.during, Unit::Count), s.ratio());
    let Text { en: when, vi: when_vi } = when(scene, &s);
    let words = say!(
        "each healthy target got {before} before and {during} during the errors (×{ratio:.1}){when}",
        "mỗi target khoẻ nhận {before} trước và {during} trong lúc lỗi (×{ratio:.1}){when_vi}"
    );
    let values = vec![Value::new("before", s.before).unit("requests"), Value::new("during", s.during).unit("requests")];
    Some(book.add_from("requests.per-healthy-target", words, Area::BalancerMetrics, values, origin(scene.case, Area::BalancerMetrics)))
}

/// The same hours of earlier days.
fn earlier(scene: &Scene, key: &SeriesKey, s: &Shift, book: &mut Book) -> Option<String> {
    let days = baseline::earlier(scene.case, key, scene.main());
    let nearest = days.iter().filter(|d| d.known >= 0.5).min_by_key(|d| (d.days_before % 7 != 0, d.days_before))?;
    let (then, now, ago) = (short(nearest.median, Unit::Count), short(s.during, Unit::Count), nearest.days_before);
    let words = say!(
        "at the same hours {ago} day(s) before: {then}, against {now} during the errors",
        "cùng giờ {ago} ngày trước: {then}, so với {now} trong lúc lỗi"
    );
    let values = vec![Value::new("then", nearest.median).unit("requests"), Value::new("days before", ago as f64)];
    Some(book.add_from("requests.earlier", words, Area::Baseline, values, origin(scene.case, Area::BalancerMetrics)))
}

/// Whether this much was carried without errors at other times.
fn dose(scene: &Scene, key: &SeriesKey, s: &Shift, book: &mut Book) -> Option<String> {
    let errors = scene.errors_key.as_ref()?;
    let dose = baseline::dose(scene.case, key, errors, &scene.windows, 0.97 * s.during)?;
    let (at, most) = dose.carried?;
    let (level, most_words, quiet, periods) = (short(s.during, Unit::Count), short(most, Unit::Count), dose.quiet, dose.periods);
    let words = say!(
        "{level} or more came in {periods} other periods, {quiet} of them without errors; the most ever carried without errors: {most_words}",
        "mức {level} trở lên có ở {periods} chu kỳ khác, {quiet} trong đó không lỗi; mức cao nhất từng chịu được không lỗi: {most_words}"
    );
    let values = vec![Value::new("periods", periods as f64), Value::new("without errors", quiet as f64), Value::new("most carried", most).at(at)];
    Some(book.add_from("requests.carried", words, Area::BalancerMetrics, values, origin(scene.case, Area::BalancerMetrics)))
}
