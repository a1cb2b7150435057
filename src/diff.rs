//! Two incidents side by side: same shape, same hour, same target? What differs in verdict, checks and
//! settings. Says nothing of which is the better one.

use crate::analysis::Episode;
use crate::analysis::grid;
use crate::case::Case;
use crate::case::topology::short_name;
use crate::judge::{Judged, judge};
use crate::recording::{self, NotACase};
use crate::report::document::{Document, Line, Table};
use crate::report::impact::Impact;
use crate::report::{plain, words};
use crate::say;
use crate::text::{Lang, Text};
use chrono::{Duration, Timelike};
use std::path::Path;

/// How far the shapes of two incidents are compared, in minutes around their onsets.
const BEFORE: i64 = 10;
const AFTER: i64 = 50;

/// Why two files cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum NotComparable {
    #[error(transparent)]
    Input(#[from] NotACase),
    #[error("{0}: this case says nothing of what was asked, so there is nothing to compare")]
    Empty(std::path::PathBuf),
}

/// One side of the comparison.
struct Side {
    case: Case,
    judged: Judged,
    impact: Impact,
}

impl Side {
    fn of(case: Case, judged: Judged) -> Self {
        let impact = Impact::of(&case, &judged);
        Self { case, judged, impact }
    }

    fn read(path: &Path) -> Result<Self, NotComparable> {
        let case = Case::from_facts(recording::read(path)?.facts);
        let judged = judge(&case, None).ok_or_else(|| NotComparable::Empty(path.into()))?;
        Ok(Self::of(case, judged))
    }

    fn episode(&self) -> Option<&Episode> {
        self.judged.analysis.main_episode()
    }

    /// The target with the most failures, and its share of them.
    fn worst_target(&self) -> Option<(String, f64)> {
        let log = self.impact.logged.as_ref()?;
        let (target, n) = log.targets.iter().find(|(t, _)| t != "-")?;
        Some((target.clone(), *n as f64 / log.failed.max(1) as f64))
    }

    /// Errors by the minute around the onset, as shares of the largest.
    fn shape(&self) -> Option<Vec<f64>> {
        let onset = crate::time::floor_to(self.episode()?.onset, 60);
        let grid = grid::of(&self.case, &grid::errors_key(&self.case)?, self.judged.window);
        let at = |m: i64| grid.at(onset + Duration::minutes(m)).number().unwrap_or(0.0);
        let values: Vec<f64> = (-BEFORE..AFTER).map(at).collect();
        let top = values.iter().copied().fold(0.0, f64::max);
        (top > 0.0).then(|| values.iter().map(|v| v / top).collect())
    }
}

/// Reads two case files and compares them.
///
/// # Errors
/// When one of them is no case or holds nothing.
pub fn run(first: &Path, second: &Path, lang: Lang) -> Result<String, NotComparable> {
    Ok(told(&Side::read(first)?, &Side::read(second)?, lang))
}

/// The comparison of two judged cases as text of 80 columns.
pub fn diff(first: (&Case, &Judged), second: (&Case, &Judged), lang: Lang) -> String {
    told(&Side::of(first.0.clone(), first.1.clone()), &Side::of(second.0.clone(), second.1.clone()), lang)
}

fn told(a: &Side, b: &Side, lang: Lang) -> String {
    let get = |t: Text| t.get(lang).to_owned();
    let mut doc = Document { title: get(say!("Two incidents compared", "So sánh hai sự cố")), ..Document::default() };
    doc.list(sameness(a, b).into_iter().map(|t| Line::from(get(t))).collect());
    doc.heading(2, get(say!("Side by side", "Đặt cạnh nhau")));
    doc.table(table(&facts(a, lang), &facts(b, lang), lang));
    doc.heading(2, get(say!("Steps that came out differently", "Các bước cho kết quả khác nhau")));
    let steps = steps(a, b, lang);
    if steps.rows.is_empty() {
        doc.paragraph(get(say!("None.", "Không có.")));
    }
    doc.table(steps);
    doc.heading(2, get(say!("Settings that differ", "Cấu hình khác nhau")));
    let settings = differing(&settings(a), &settings(b), lang);
    if settings.rows.is_empty() {
        doc.paragraph(get(say!("None that was read.", "Không có gì trong những thứ đã đọc.")));
    }
    doc.table(settings);
    plain::write(&doc)
}

/// The sentences that matter most.
fn sameness(a: &Side, b: &Side) -> Vec<Text> {
    [Some(verdicts(a, b)), shapes(a, b), hours(a, b), targets(a, b)].into_iter().flatten().collect()
}

fn verdicts(a: &Side, b: &Side) -> Text {
    let (x, y) = (words::named(a.judged.verdict.cause), words::named(b.judged.verdict.cause));
    if x == y {
        let Text { en, vi } = x;
        say!("same verdict: {en}", "cùng kết luận: {vi}")
    } else {
        let (xe, xv, ye, yv) = (x.en, x.vi, y.en, y.vi);
        say!("different verdicts: {xe}, then {ye}", "kết luận khác nhau: {xv}, rồi {yv}")
    }
}

fn shapes(a: &Side, b: &Side) -> Option<Text> {
    let r = correlation(&a.shape()?, &b.shape()?)?;
    let r2 = (r * 100.0).round() / 100.0;
    Some(if r >= 0.8 {
        say!("same shape of the errors over time (correlation {r2})", "lỗi diễn biến theo thời gian giống nhau (tương quan {r2})")
    } else {
        say!("a different shape of the errors over time (correlation {r2})", "lỗi diễn biến theo thời gian khác nhau (tương quan {r2})")
    })
}

fn hours(a: &Side, b: &Side) -> Option<Text> {
    let (x, y) = (a.episode()?.onset, b.episode()?.onset);
    let minutes = (i64::from(x.num_seconds_from_midnight()) - i64::from(y.num_seconds_from_midnight())).abs() / 60;
    let apart = minutes.min(24 * 60 - minutes);
    let (from, to) = (x.format("%a %H:%M"), y.format("%a %H:%M"));
    Some(if apart <= 15 {
        say!("same hour of the day: {from} and {to} UTC", "cùng giờ trong ngày: {from} và {to} UTC")
    } else {
        say!("a different hour of the day: {from} and {to} UTC", "khác giờ trong ngày: {from} và {to} UTC")
    })
}

fn targets(a: &Side, b: &Side) -> Option<Text> {
    let ((x, p), (y, q)) = (a.worst_target()?, b.worst_target()?);
    let (p, q) = (words::share(p, 1.0, Lang::En), words::share(q, 1.0, Lang::En));
    Some(if x == y {
        say!("same worst target: {x} ({p}, then {q} of the failures)", "cùng target tệ nhất: {x} ({p}, rồi {q} số lỗi)")
    } else {
        say!("another worst target: {x} ({p}), then {y} ({q})", "target tệ nhất khác nhau: {x} ({p}), rồi {y} ({q})")
    })
}

/// Pearson's; `None` when one side does not move.
fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len().min(y.len()) as f64;
    let mean = |v: &[f64]| v.iter().sum::<f64>() / n;
    let (mx, my) = (mean(x), mean(y));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xy += (a - mx) * (b - my);
        xx += (a - mx).powi(2);
        yy += (b - my).powi(2);
    }
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

/// Labels and values that stand side by side.
type Rows = Vec<(String, String)>;

fn facts(s: &Side, lang: Lang) -> Rows {
    let get = |t: Text| t.get(lang).to_owned();
    let unknown = || get(say!("not known", "không rõ"));
    let e = s.episode();
    let count = |n: f64| words::count(n, lang);
    let place = s.case.load_balancer.as_ref().map(|lb| lb.name.to_string());
    let group = s.case.alarm.as_ref().and_then(|a| a.dimensions.get("TargetGroup")).map(|d| short_name(d).to_owned());
    let lasted =
        |e: &Episode| e.end.map_or_else(|| get(say!("still lasts", "chưa dứt")), |end| words::seconds((end - e.onset).num_seconds(), lang));
    let logged = s.impact.logged.as_ref();
    vec![
        (get(say!("Load balancer", "Load balancer")), place.unwrap_or_else(unknown)),
        (get(say!("Target group", "Target group")), group.unwrap_or_else(unknown)),
        (get(say!("Verdict", "Kết luận")), get(words::named(s.judged.verdict.cause))),
        (get(say!("Confidence", "Độ tin cậy")), get(words::confidence(s.judged.verdict.confidence))),
        (get(say!("Onset", "Bắt đầu")), e.map_or_else(unknown, |e| words::date_and_clock(e.onset))),
        (get(say!("Lasted", "Kéo dài")), e.map_or_else(unknown, lasted)),
        (get(say!("Stretches of errors", "Số đợt lỗi")), s.judged.analysis.episodes.len().to_string()),
        (get(say!("Errors", "Số lỗi")), count(s.impact.errors)),
        (get(say!("Peak in one period", "Đỉnh trong một chu kỳ")), e.map_or_else(unknown, |e| count(e.peak))),
        (get(say!("Failed requests", "Yêu cầu thất bại")), logged.map_or_else(unknown, |l| count(l.failed as f64))),
        (
            get(say!("Share of requests", "Tỷ lệ yêu cầu")),
            logged.map_or_else(unknown, |l| words::share(l.failed as f64, l.all as f64, lang)),
        ),
        (
            get(say!("Most frequent failure", "Kiểu lỗi nhiều nhất")),
            logged.and_then(|l| l.signatures.first()).map_or_else(unknown, |(s, _)| s.id().to_owned()),
        ),
        (get(say!("Targets", "Số target")), s.case.target_health.len().to_string()),
        (get(say!("Checks that ran", "Số bước đã chạy")), format!("{}/{}", s.judged.coverage.ran, s.judged.coverage.total)),
    ]
}

fn table(a: &Rows, b: &Rows, lang: Lang) -> Table {
    let head = [Text::default(), say!("First", "Thứ nhất"), say!("Second", "Thứ hai")];
    let mut table = Table::new(head.map(|h| h.get(lang).to_owned()));
    for ((label, x), (_, y)) in a.iter().zip(b) {
        table.row([label, x, y].map(|w| Line::from(w.as_str())));
    }
    table
}

fn steps(a: &Side, b: &Side, lang: Lang) -> Table {
    let head = [say!("Step", "Bước"), say!("First", "Thứ nhất"), say!("Second", "Thứ hai")];
    let mut table = Table::new(head.map(|h| h.get(lang).to_owned()));
    for x in &a.judged.outcomes {
        let Some(y) = b.judged.outcomes.iter().find(|o| o.check == x.check && o.status != x.status) else { continue };
        let cell = |o: &crate::checks::Outcome| format!("{}: {}", words::status(o.status).get(lang), o.summary.get(lang));
        table.row([words::step(x.check).get(lang).to_owned(), cell(x), cell(y)].map(Line::from));
    }
    table
}

/// Settings by name, as far as they were read.
fn settings(s: &Side) -> Rows {
    let mut out = Rows::new();
    if let Some(a) = &s.case.alarm {
        out.push(("alarm threshold".into(), a.threshold.to_string()));
        out.push(("alarm datapoints".into(), format!("{} of {} × {} s", a.datapoints_to_alarm, a.evaluation_periods, a.period)));
        out.push(("alarm missing data".into(), a.treat_missing_data.clone()));
    }
    if let Some(lb) = &s.case.load_balancer {
        out.extend(lb.attributes.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
    for g in &s.case.target_groups {
        let (c, name) = (&g.health_check, &g.name);
        let path = c.path.as_ref().map_or("", |p| p.as_str());
        out.push((format!("{name} health check"), format!("{} {path} every {} s, {} failures", c.port, c.interval, c.unhealthy_threshold)));
        out.extend(g.attributes.iter().map(|(k, v)| (format!("{name} {k}"), v.clone())));
    }
    for g in s.case.security_groups.values() {
        let rules = |egress| g.rules.iter().filter(|r| r.egress == egress).count();
        out.push((format!("{} rules", g.id), format!("{} in, {} out", rules(false), rules(true))));
    }
    out
}

/// Settings that both sides have with different values, or only one has.
fn differing(a: &Rows, b: &Rows, lang: Lang) -> Table {
    let head = [say!("Setting", "Cấu hình"), say!("First", "Thứ nhất"), say!("Second", "Thứ hai")];
    let mut table = Table::new(head.map(|h| h.get(lang).to_owned()));
    let of = |rows: &Rows, name: &str| rows.iter().find(|(k, _)| k == name).map_or_else(|| "–".to_owned(), |(_, v)| v.clone());
    let mut names: Vec<&String> = a.iter().chain(b).map(|(k, _)| k).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|n| seen.insert(*n));
    for name in names {
        let (x, y) = (of(a, name), of(b, name));
        if x != y {
            table.row([name.clone(), x, y].map(Line::from));
        }
    }
    table
}
