//! The lanes that a document shows: the errors first, then what the runbook looks at, then whatever else
//! moved with the errors; all on one time axis, with the numbered events that lie on it.

use super::words;
use crate::analysis::grid::{self, Grid, derived};
use crate::analysis::timeline::{Entry, Relation};
use crate::case::Case;
use crate::case::events::{Event, EventSource};
use crate::case::series::SeriesKey;
use crate::case::topology::short_name;
use crate::judge::Judged;
use crate::metrics::{self, ERRORS, Unit};
use crate::text::Lang;
use crate::time::{Time, Window, floor_to};
use chrono::Duration;
use std::collections::BTreeSet;

/// The most lanes that a document shows.
const MOST: usize = 12;
/// The most events that get a number.
const MOST_NUMBERED: usize = 9;

/// Metrics of the runbook that are always shown when there is data.
const RUNBOOK: [&str; 9] = [
    "RequestCount",
    "RequestsPerHealthyTarget",
    "NetworkIn",
    "StatusCheckFailed",
    "CPUUtilization",
    "HealthyHostCount",
    "HTTPCode_ELB_5XX_Count",
    "TargetResponseTime",
    "LogFailures",
];

/// One series, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    pub key: SeriesKey,
    /// `CPUUtilization i-0ab12 (api-1)`
    pub label: String,
    pub statistic: String,
    pub unit: Unit,
    pub grid: Grid,
}

/// Lanes over one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Lanes {
    pub window: Window,
    pub lanes: Vec<Lane>,
    pub marks: Vec<Mark>,
    /// Stretches of errors; open ones end with the window.
    pub episodes: Vec<Window>,
    pub lang: Lang,
}

impl Lanes {
    /// Round times for the axis, at most nine of them.
    pub fn ticks(&self) -> Vec<Time> {
        const STEPS: [i64; 12] = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
        let span = self.window.span().num_seconds();
        let step = STEPS.into_iter().find(|s| span / s <= 8).unwrap_or_else(|| 86400 * (span / 86400 / 8 + 1));
        let first = floor_to(self.window.start + Duration::seconds(step - 1), u32::try_from(step).unwrap_or(86400));
        (0..9).map(|i| first + Duration::seconds(step * i)).take_while(|t| *t <= self.window.end).collect()
    }
}

/// A numbered event.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// From 1, in order of time.
    pub number: usize,
    pub at: Time,
    pub end: Option<Time>,
    /// Which event of the case.
    pub event: (Time, EventSource, String),
    /// What, and by whom.
    pub words: String,
}

impl Lane {
    pub fn of(case: &Case, key: &SeriesKey, window: Window) -> Self {
        let grid = grid::of(case, key, window);
        let metric = metrics::find(&key.metric);
        let statistic = if grid.statistic.is_empty() { metric.map_or("", |m| m.statistic) } else { &grid.statistic };
        Self {
            label: label(case, key),
            statistic: statistic.to_owned(),
            unit: metric.map_or(Unit::Count, |m| m.unit),
            key: key.clone(),
            grid,
        }
    }

    /// `Sum / 1 min`, `Average / 5 min`, as CloudWatch writes it.
    pub fn measure(&self) -> String {
        format!("{} / {}", self.statistic, words::seconds(i64::from(self.grid.period), Lang::En))
    }

    /// A name for the file of the `i`th lane: lower case, digits and dashes.
    pub fn file_name(&self, i: usize) -> String {
        let raw = format!("lane-{:02}-{}", i + 1, self.label.to_lowercase());
        let parts: Vec<_> = raw.split(|c: char| !c.is_ascii_alphanumeric()).filter(|p| !p.is_empty()).collect();
        parts.join("-").chars().take(80).collect()
    }
}

/// Metric and place: group, zone, instance with its name.
pub fn label(case: &Case, key: &SeriesKey) -> String {
    let mut out = key.metric.clone();
    for (name, value) in &key.dimensions {
        let words = match name.as_str() {
            "LoadBalancer" if key.group().is_some() || key.dimensions.len() > 1 => continue,
            "LoadBalancer" | "TargetGroup" => short_name(value).to_owned(),
            "InstanceId" => instance(case, value),
            _ => value.clone(),
        };
        out.push(' ');
        out.push_str(&words);
    }
    out
}

fn instance(case: &Case, id: &str) -> String {
    match case.instances.get(id).and_then(|i| i.name.as_ref()) {
        Some(name) => format!("{id} ({name})"),
        None => id.to_owned(),
    }
}

/// The lanes of a case as judged.
pub fn choose(case: &Case, judged: &Judged, lang: Lang) -> Lanes {
    let window = judged.window;
    let mut keys: Vec<SeriesKey> = grid::errors_key(case).into_iter().collect();
    keys.extend(RUNBOOK.iter().filter_map(|metric| speaking(case, judged, metric)));
    keys.extend(judged.analysis.correlations.iter().filter(|c| c.associated && c.key.metric != ERRORS).map(|c| c.key.clone()));
    // The best one of each metric speaks for the others.
    let mut seen = BTreeSet::new();
    keys.retain(|k| seen.insert(k.metric.clone()));
    let lanes = keys.iter().map(|k| Lane::of(case, k, window)).filter(|l| !l.grid.is_blank()).take(MOST).collect();
    let episodes = judged.analysis.episodes.iter().map(|e| Window::new(e.onset, e.end.unwrap_or(window.end))).collect();
    Lanes { window, lanes, marks: marks(case, judged), episodes, lang }
}

/// Of all series of a metric the one that moves most with the errors, or else the widest.
fn speaking(case: &Case, judged: &Judged, metric: &str) -> Option<SeriesKey> {
    let ranked = judged.analysis.correlations.iter().filter(|c| c.key.metric == metric && c.associated);
    let best = ranked.max_by(|a, b| a.score.total_cmp(&b.score)).map(|c| c.key.clone());
    let computed = || derived::keys(case).into_iter().filter(|k| k.metric == metric).min_by_key(|k| (k.dimensions.len(), k.clone()));
    best.or_else(|| grid::widest(case, metric)).or_else(computed)
}

/// Events on the path, the best ranked ones, numbered in order of time.
fn marks(case: &Case, judged: &Judged) -> Vec<Mark> {
    let near = |e: &&Entry| e.relation <= Relation::Fleet && judged.window.contains(e.at);
    let mut best: Vec<&Entry> = judged.analysis.timeline.entries.iter().filter(near).collect();
    best.sort_by_key(|e| e.rank);
    best.truncate(MOST_NUMBERED);
    best.sort_by_key(|e| e.at);
    let numbered = best.into_iter().filter_map(|e| Some((e, e.event(case)?))).enumerate();
    let mark = |(i, (entry, event)): (usize, (&Entry, &Event))| {
        let key = entry.events.first().cloned()?;
        Some(Mark { number: i + 1, at: entry.at, end: entry.end, event: key, words: in_words(event) })
    };
    numbered.filter_map(mark).collect()
}

/// `RevokeSecurityGroupIngress: tcp 8080 removed from sg-0f00 (bob)`
fn in_words(event: &Event) -> String {
    let what = if event.summary.is_empty() || event.summary == event.name { String::new() } else { format!(": {}", event.summary) };
    let who = if event.actor.name.is_empty() { String::new() } else { format!(" ({})", event.actor.name) };
    format!("{}{what}{who}", event.name)
}

/// A lane as one row of block characters, `columns` wide; `·` is zero, a blank is unknown.
pub fn sparkline(grid: &Grid, window: Window, columns: usize) -> String {
    let columns = grid.columns(window, columns);
    let top = columns.iter().map(|c| c.high).filter(|v| v.is_finite()).fold(0.0, f64::max);
    columns.iter().map(|c| glyph(c.high, top)).collect()
}

fn glyph(v: f64, top: f64) -> char {
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    if v.is_nan() {
        ' '
    } else if v <= 0.0 {
        '·'
    } else {
        STEPS[((v / top * 8.0).ceil() as usize).clamp(1, 8) - 1]
    }
}
