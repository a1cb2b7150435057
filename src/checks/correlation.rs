//! The step `correlation`: which metric moves with the errors, and which moved first. Consequences are named
//! apart; where one burst is all there is, that is said.

use super::numbers::{name, origin, short, unit};
use super::{Book, Check, Outcome, Status, Value, cannot_tell};
use crate::analysis::{Analysis, Correlation, Direction, Order};
use crate::analysis::scene::Scene;
use crate::case::Case;
use crate::exchange::Area;
use crate::metrics::Role;
use crate::say;
use crate::text::Text;
use crate::time::in_words;
use chrono::Duration;
use std::collections::BTreeMap;

pub struct Step;

/// Rows filed of each kind.
const SHOWN: usize = 6;

impl Check for Step {
    fn id(&self) -> &'static str {
        "correlation"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::BalancerMetrics, Area::HostMetrics]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let (case, analysis) = (scene.case, scene.analysis);
        if analysis.correlations.is_empty() {
            return without(self.id(), case, analysis, self.needs());
        }
        let of = |role: Role| analysis.correlations.iter().filter(move |c| c.role == role);
        let causes: Vec<&Correlation> = of(Role::Cause).filter(|c| c.associated || c.by_effect).take(SHOWN).collect();
        let effects: Vec<&Correlation> = of(Role::Consequence).filter(|c| c.associated).take(3).collect();
        let (status, words) = judged(analysis, &causes, of(Role::Cause).count());
        let ids: Vec<String> = causes.iter().chain(&effects).map(|c| file(case, c, book)).collect();
        let mut outcome = Outcome::new(self.id(), status, words).with(ids).brief(causes.first().map_or_else(none_brief, |c| brief(c)));
        outcome.details = details(analysis, &effects);
        outcome
    }
}

fn none_brief() -> Text {
    say!("no metric moves along", "không chỉ số nào")
}

/// `−3 min CPUUtilization`
fn brief(c: &Correlation) -> Text {
    let (metric, minutes) = (&c.key.metric, (c.lag.abs() + 30) / 60);
    match (c.lag, minutes) {
        (_, 0) => say!("with {metric}", "cùng {metric}"),
        (..0, _) => Text::same(format!("−{minutes} min {metric}")),
        (0.., _) => Text::same(format!("+{minutes} min {metric}")),
    }
}

fn without(check: &'static str, case: &Case, analysis: &Analysis, needs: &[Area]) -> Outcome {
    if analysis.episodes.is_empty() && !case.series.is_empty() && crate::analysis::grid::errors_key(case).is_some_and(|k| case.series.get(&k).is_some()) {
        let words = say!("no errors in the window to compare with", "không có lỗi trong khoảng này để so");
        return Outcome::new(check, Status::Pass, words);
    }
    cannot_tell(check, case, needs)
}

fn judged(analysis: &Analysis, causes: &[&Correlation], compared: usize) -> (Status, Text) {
    let Some(best) = causes.first() else {
        let words = say!(
            "none of {compared} series moves with the errors beyond chance",
            "trong {compared} chuỗi số liệu không chuỗi nào biến đổi cùng lỗi hơn mức ngẫu nhiên"
        );
        return (Status::Warn, words);
    };
    let alike = analysis.correlations.iter().filter(|c| c.role == Role::Cause && c.associated && c.key.metric == best.key.metric).count();
    let Text { en, vi } = headline(best);
    let words = match alike {
        0 | 1 => say!("{en}", "{vi}"),
        n => say!("{en}; alike on {n} series", "{vi}; tương tự ở {n} chuỗi"),
    };
    (if best.by_effect { Status::Warn } else { Status::Fail }, words)
}

/// `CPUUtilization of i-0ab rises 3 min before the errors`
fn headline(c: &Correlation) -> Text {
    let Text { en: name, vi: name_vi } = name(&c.key);
    if c.went_silent {
        return say!("{name} stops with the errors: the host went silent", "{name_vi} ngừng khi có lỗi: máy im lặng");
    }
    let (verb, verb_vi) = if c.direction == Direction::Up { ("rises", "tăng") } else { ("falls", "giảm") };
    let Text { en: order, vi: order_vi } = order(c);
    say!("{name} {verb} {order}", "{name_vi} {verb_vi} {order_vi}")
}

fn order(c: &Correlation) -> Text {
    let by = in_words(Duration::seconds(c.lag));
    match c.order {
        Order::Leads if c.lag < 0 => say!("{by} before the errors", "{by} trước lỗi"),
        Order::Leads => say!("before the errors", "trước lỗi"),
        Order::Follows if c.lag > 0 => say!("{by} after the errors", "{by} sau lỗi"),
        Order::Follows => say!("after the errors began", "sau khi bắt đầu lỗi"),
        Order::Coincides => say!("with the errors", "cùng với lỗi"),
        Order::Consequence => say!("with the errors, as their consequence", "cùng với lỗi, là hệ quả"),
    }
}

fn strength(score: f64) -> Text {
    match score {
        0.5.. => say!("very strong", "rất mạnh"),
        0.35.. => say!("strong", "mạnh"),
        _ => say!("moderate", "vừa"),
    }
}

fn sentence(c: &Correlation) -> Text {
    let Text { en: head, vi: head_vi } = headline(c);
    if c.went_silent {
        return Text { en: head, vi: head_vi };
    }
    let (before, during) = (short(c.before, unit(&c.key)), short(c.during, unit(&c.key)));
    let (r, chance, step) = (c.r.abs(), c.r_by_chance, c.step);
    if c.by_effect {
        return say!(
            "{head}: {before} → {during}; the errors fill too much of the data to say what chance would do (r {r:.2})",
            "{head_vi}: {before} → {during}; lỗi chiếm quá nhiều dữ liệu nên không biết mức ngẫu nhiên (r {r:.2})"
        );
    }
    let Text { en: how, vi: how_vi } = strength(c.score);
    say!(
        "{head}: {before} → {during}, {how}: r {r:.2}, where 95 % of other alignments in time stay below {chance:.2}; {step:.1} times its usual change",
        "{head_vi}: {before} → {during}, {how_vi}: r {r:.2}, trong khi 95 % cách dời thời gian khác chỉ dưới {chance:.2}; gấp {step:.1} lần mức đổi thường ngày"
    )
}

fn file(case: &Case, c: &Correlation, book: &mut Book) -> String {
    let kind = if c.role == Role::Cause { "cause" } else { "consequence" };
    let values = vec![
        Value::new("score", c.score),
        Value::new("r", c.r),
        Value::new("r by chance", c.r_by_chance),
        Value::new("lag", c.lag as f64).unit("s"),
    ];
    let values = match c.onset {
        Some(at) => values.into_iter().chain([Value::new("onset uncertainty", f64::from(c.onset_uncertainty)).unit("s").at(at)]).collect(),
        None => values,
    };
    let area = if c.key.instance().is_some() { Area::HostMetrics } else { Area::BalancerMetrics };
    book.add_from(format!("correlation.{kind}.{}", c.rank), sentence(c), area, values, origin(case, area))
}

fn details(analysis: &Analysis, effects: &[&Correlation]) -> Vec<Text> {
    let bursts = analysis.episodes.iter().filter(|e| !e.isolated).count();
    let mut out = Vec::new();
    if bursts == 1 {
        out.push(say!(
            "There is one stretch of errors only: that a metric moved with it says little by itself; order in time and size say more.",
            "Chỉ có một đợt lỗi: việc một số liệu biến đổi cùng lúc tự nó nói lên ít điều; thứ tự thời gian và độ lớn nói nhiều hơn."
        ));
    } else if bursts > 1 {
        out.push(say!("{bursts} stretches of errors were compared at once.", "Đã so cùng lúc {bursts} đợt lỗi."));
    }
    if analysis.correlations.iter().any(|c| c.by_effect) {
        out.push(say!(
            "The errors fill 40 % of the data or more: series are ranked by the size of their change; a wider window would tell more.",
            "Lỗi chiếm từ 40 % dữ liệu: các chuỗi được xếp theo độ lớn thay đổi; khoảng thời gian rộng hơn sẽ cho biết nhiều hơn."
        ));
    }
    let by_metric = grouped(analysis);
    if !by_metric.is_empty() {
        let list = by_metric.join(", ");
        out.push(say!("Moves with the errors: {list}.", "Biến đổi cùng lỗi: {list}."));
    }
    if !effects.is_empty() {
        let names: Vec<&str> = effects.iter().map(|c| c.key.metric.as_str()).collect();
        let list = names.join(", ");
        out.push(say!("Consequences, never causes: {list}.", "Là hệ quả, không phải nguyên nhân: {list}."));
    }
    out
}

/// `CPUUtilization ↑ 12`, by metric and direction.
fn grouped(analysis: &Analysis) -> Vec<String> {
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    for c in analysis.correlations.iter().filter(|c| c.role == Role::Cause && c.associated) {
        *counts.entry((c.key.metric.as_str(), c.direction == Direction::Up)).or_default() += 1;
    }
    counts.into_iter().map(|((metric, up), n)| format!("{metric} {} ({n})", if up { "↑" } else { "↓" })).collect()
}
