//! The lanes as they will be drawn: which ones, in which order, folded to columns. Built when data, window
//! or size change, so that drawing costs what the screen costs and not what the data costs.

use super::axis::Axis;
use super::compare::Compared;
use crate::analysis::grid::columns::Column;
use crate::analysis::grid::{self, Grid, Mark};
use crate::analysis::{Correlation, grid::derived};
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::case::topology::short_name;
use crate::exchange::Area;
use crate::judge::Judged;
use crate::metrics::{self, CATALOG, ERRORS, Metric, Role, Scope};
use crate::time::Window;
use std::collections::HashMap;

/// The order of the lanes; the errors are first in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Correlation,
    Runbook,
    Name,
}

/// How far lanes of many hosts or zones are unfolded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fold {
    #[default]
    One,
    /// The worst three and the rest as a band.
    Worst,
    All,
    /// Every host one row of shades.
    Heat,
}

impl Fold {
    pub fn next(self) -> Self {
        match self {
            Self::One => Self::Worst,
            Self::Worst => Self::All,
            Self::All => Self::Heat,
            Self::Heat => Self::One,
        }
    }
}

/// What a lane is about, before its numbers are looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    pub metric: &'static Metric,
    pub place: Place,
    /// The series it shows; several are summed or banded.
    pub keys: Vec<SeriesKey>,
    /// The series that stands for it in rankings and in the working.
    pub key: Option<SeriesKey>,
    pub child: bool,
}

/// Of what, in a word beside the metric's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The balancer or group in question: nothing need be said.
    Itself,
    Named(String),
    /// Their sum.
    Hosts(usize),
    WorstOf(String, usize),
    RestOf(usize),
}

/// Why a lane has no numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Empty {
    NotAsked,
    OnItsWay,
    Gap(crate::case::gaps::Gap),
    /// Read, and CloudWatch had nothing.
    Nothing,
}

/// One lane, folded to the columns of the axis.
#[derive(Clone, Debug)]
pub struct Lane {
    pub subject: Subject,
    pub grid: Grid,
    pub columns: Vec<Column>,
    /// The top of its scale.
    pub top: f64,
    pub ghost: Option<(Grid, Vec<Column>)>,
    pub correlation: Option<Correlation>,
    pub empty: Option<Empty>,
}

impl Lane {
    /// The number a column is drawn by.
    pub fn level(&self, column: &Column) -> f64 {
        if self.subject.metric.statistic == "Minimum" { column.low } else { column.high }
    }

    pub fn is_errors(&self) -> bool {
        self.subject.metric.name == ERRORS
    }
}

/// Which lanes there are to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    pub window: Window,
    pub order: Order,
    pub fold: Fold,
    pub filter: String,
}

/// Which of them are drawn, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    pub axis: Axis,
    pub compare: Option<Compared>,
    pub offset: usize,
    /// How many lanes there is room for.
    pub room: usize,
}

/// All subjects in order, and the lanes that fit.
#[derive(Clone, Debug, Default)]
pub struct Board {
    pub axis: Option<Axis>,
    pub subjects: Vec<Subject>,
    /// Index of the first lane in `lanes` after the pinned one.
    pub offset: usize,
    /// The pinned errors, then those from `offset` on.
    pub lanes: Vec<Lane>,
    /// Whether anything is held of the time that is compared with.
    pub holds_then: bool,
}

impl Board {
    /// Finds and orders the lanes; none is folded yet.
    pub fn arrange(&mut self, case: &Case, judged: Option<&Judged>, wish: &Wish) {
        self.subjects = subjects(case, &Scores::of(judged), wish);
        self.lanes.clear();
    }

    /// Where to begin so that `selected` is in sight.
    pub fn offset_for(&self, selected: usize, room: usize) -> usize {
        let pinned = self.pinned();
        let room = room.saturating_sub(pinned).max(1);
        let rest = self.subjects.len().saturating_sub(pinned);
        selected.saturating_sub(pinned).saturating_sub(room / 2).min(rest.saturating_sub(room))
    }

    /// Folds the lanes in sight to their columns.
    pub fn fill(&mut self, case: &Case, judged: Option<&Judged>, sight: &Sight) {
        let scores = Scores::of(judged);
        let pinned = self.pinned();
        let room = sight.room.saturating_sub(pinned).max(1);
        let shown = self.subjects.iter().take(pinned).chain(self.subjects.iter().skip(pinned + sight.offset).take(room));
        self.lanes = shown.map(|s| lane(case, s.clone(), sight, &scores)).collect();
        self.holds_then = sight.compare.is_some_and(|c| holds(case, c.then(sight.axis.window())));
        (self.axis, self.offset) = (Some(sight.axis), sight.offset);
    }

    /// One lane by itself, for the big chart.
    pub fn one(case: &Case, judged: Option<&Judged>, subject: Subject, axis: Axis, compare: Option<Compared>) -> Lane {
        lane(case, subject, &Sight { axis, compare, offset: 0, room: 1 }, &Scores::of(judged))
    }

    /// The errors stay on top while others scroll.
    fn pinned(&self) -> usize {
        usize::from(self.subjects.first().is_some_and(|s| s.metric.name == ERRORS))
    }

    /// The index in `subjects` of the `i`th lane shown.
    pub fn subject_index(&self, i: usize) -> usize {
        if i < self.pinned() { i } else { i + self.offset }
    }

    /// The lane of a subject, if it is on the screen.
    pub fn lane_of(&self, subject: usize) -> Option<&Lane> {
        (0..self.lanes.len()).find(|i| self.subject_index(*i) == subject).and_then(|i| self.lanes.get(i))
    }
}

/// Whether any series reaches into `window`.
pub fn holds(case: &Case, window: Window) -> bool {
    case.series.iter().any(|(_, track)| track.best("", window).is_some())
}

/// What the ranking says, by series.
struct Scores<'a>(HashMap<&'a SeriesKey, &'a Correlation>);

impl<'a> Scores<'a> {
    fn of(judged: Option<&'a Judged>) -> Self {
        Self(judged.iter().flat_map(|j| &j.analysis.correlations).map(|c| (&c.key, c)).collect())
    }

    fn best<'k>(&self, keys: impl IntoIterator<Item = &'k SeriesKey>) -> Option<&'a Correlation> {
        keys.into_iter().filter_map(|k| self.0.get(k).copied()).max_by(|a, b| a.score.total_cmp(&b.score))
    }
}

/// Metrics that have a lane even while, or because, nothing is known of them.
const ALWAYS: [&str; 6] = [ERRORS, "RequestCount", "NetworkIn", "StatusCheckFailed", "CPUUtilization", "HealthyHostCount"];

fn subjects(case: &Case, scores: &Scores, wish: &Wish) -> Vec<Subject> {
    let derived = derived::keys(case);
    let main = grid::errors_key(case);
    let mut families: Vec<Vec<Subject>> = CATALOG
        .iter()
        .filter(|m| m.name == ERRORS || wish.filter.is_empty() || m.name.to_lowercase().contains(&wish.filter))
        .map(|m| family(case, m, main.as_ref(), &derived, scores, wish))
        .filter(|f| !f.is_empty())
        .collect();
    arrange(&mut families, scores, wish.order);
    families.into_iter().flatten().collect()
}

fn arrange(families: &mut [Vec<Subject>], scores: &Scores, order: Order) {
    let head = |f: &Vec<Subject>| f.first().map_or((true, 0, ""), |s| (s.metric.name != ERRORS, s.metric.order, s.metric.name));
    let score = |f: &Vec<Subject>| {
        f.first().and_then(|s| scores.best(s.key.iter().chain(&s.keys))).map_or((false, 0.0), |c| (c.associated, c.score))
    };
    match order {
        Order::Runbook => families.sort_by_key(|f| (head(f).0, head(f).1)),
        Order::Name => families.sort_by_key(|f| (head(f).0, head(f).2)),
        Order::Correlation => families.sort_by(|a, b| {
            let ((a_claimed, a_score), (b_claimed, b_score)) = (score(a), score(b));
            (head(a).0, b_claimed).cmp(&(head(b).0, a_claimed)).then(b_score.total_cmp(&a_score)).then(head(a).1.cmp(&head(b).1))
        }),
    }
}

/// The lanes of one metric: the one that stands for it, then what is unfolded.
fn family(
    case: &Case,
    metric: &'static Metric,
    main: Option<&SeriesKey>,
    derived: &[SeriesKey],
    scores: &Scores,
    wish: &Wish,
) -> Vec<Subject> {
    let keys: Vec<&SeriesKey> = if metric.scopes == [Scope::Derived] {
        derived.iter().filter(|k| k.metric == metric.name).collect()
    } else {
        case.series.of(metric.name).map(|(k, _)| k).collect()
    };
    if keys.is_empty() {
        let always = ALWAYS.contains(&metric.name);
        return if always { vec![Subject { metric, place: Place::Itself, keys: Vec::new(), key: None, child: false }] } else { Vec::new() };
    }
    if keys.iter().any(|k| k.instance().is_some()) { hosts(case, metric, &keys, scores, wish) } else { places(metric, &keys, main, wish) }
}

/// A metric of the balancer: the place of the alarm first, zones and groups when unfolded.
fn places(metric: &'static Metric, keys: &[&SeriesKey], main: Option<&SeriesKey>, wish: &Wish) -> Vec<Subject> {
    let beside = main.map(|m| grid::beside(m, metric.name));
    let first = keys.iter().find(|k| Some(**k) == beside.as_ref()).or_else(|| keys.iter().min_by_key(|k| (k.dimensions.len(), *k)));
    let Some(first) = first.copied() else { return Vec::new() };
    let place = first.zone().map_or(Place::Itself, |z| Place::Named(z.into()));
    let head = Subject { metric, place, keys: vec![first.clone()], key: Some(first.clone()), child: false };
    if wish.fold == Fold::One {
        return vec![head];
    }
    let children = keys.iter().filter(|k| **k != first).map(|k| Subject {
        metric,
        place: Place::Named(part_of(k)),
        keys: vec![(*k).clone()],
        key: Some((*k).clone()),
        child: true,
    });
    std::iter::once(head).chain(children).collect()
}

/// What a key is about, in a word: instance, zone, group, signature.
pub fn part_of(key: &SeriesKey) -> String {
    if let Some(id) = key.instance() {
        return id.to_owned();
    }
    for name in ["Signature", "Target"] {
        if let Some(v) = key.dimension(name) {
            return v.to_owned();
        }
    }
    match (key.group(), key.zone()) {
        (Some(g), Some(z)) => format!("{} {z}", short_name(g)),
        (Some(g), None) => short_name(g).to_owned(),
        (None, Some(z)) => z.to_owned(),
        (None, None) => key.dimension("LoadBalancer").map_or_else(String::new, |lb| short_name(lb).to_owned()),
    }
}

/// A metric of hosts: their sum or the worst one, then as far as it is unfolded.
fn hosts(case: &Case, metric: &'static Metric, keys: &[&SeriesKey], scores: &Scores, wish: &Wish) -> Vec<Subject> {
    let one = |key: &SeriesKey, child| Subject {
        metric,
        place: Place::Named(part_of(key)),
        keys: vec![key.clone()],
        key: Some(key.clone()),
        child,
    };
    if let [only] = keys {
        return vec![one(only, false)];
    }
    let ranked = worst_first(case, metric, keys, scores, wish.window);
    let all: Vec<SeriesKey> = keys.iter().map(|k| (*k).clone()).collect();
    let worst = ranked[0].clone();
    let head = if metric.statistic == "Sum" {
        Subject { metric, place: Place::Hosts(keys.len()), keys: all, key: Some(worst), child: false }
    } else {
        Subject { metric, place: Place::WorstOf(part_of(&worst), keys.len()), keys: vec![worst.clone()], key: Some(worst), child: false }
    };
    let shown = match wish.fold {
        Fold::One => 0,
        Fold::Worst => 3.min(ranked.len()),
        Fold::All | Fold::Heat => ranked.len(),
    };
    let rest: Vec<SeriesKey> = ranked[shown..].iter().map(|k| (*k).clone()).collect();
    let band = (wish.fold == Fold::Worst && !rest.is_empty()).then(|| Subject {
        metric,
        place: Place::RestOf(rest.len()),
        key: rest.first().cloned(),
        keys: rest,
        child: true,
    });
    std::iter::once(head).chain(ranked[..shown].iter().map(|k| one(k, true))).chain(band).collect()
}

/// By how they move with the errors where that is known, then by their extreme.
fn worst_first<'a>(case: &Case, metric: &Metric, keys: &[&'a SeriesKey], scores: &Scores, window: Window) -> Vec<&'a SeriesKey> {
    let sign = if metric.statistic == "Minimum" || metric.name == "CPUCreditBalance" { -1.0 } else { 1.0 };
    let extreme = |key: &SeriesKey| {
        let track = case.series.get(key);
        let best = track.and_then(|t| t.best(metric.statistic, window).or_else(|| t.best("", window)));
        best.map_or(f64::NEG_INFINITY, |s| s.points(window).map(|(_, v)| v * sign).fold(f64::NEG_INFINITY, f64::max))
    };
    let mut ranked: Vec<(f64, f64, &SeriesKey)> =
        keys.iter().map(|k| (scores.0.get(*k).filter(|c| c.associated).map_or(0.0, |c| c.score), extreme(k), *k)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(b.2)));
    ranked.into_iter().map(|(_, _, k)| k).collect()
}

fn lane(case: &Case, subject: Subject, sight: &Sight, scores: &Scores) -> Lane {
    let (window, n) = (sight.axis.window(), usize::from(sight.axis.columns));
    let (grid, columns) = folded(case, &subject, window, n);
    let ghost = sight.compare.map(|c| folded(case, &subject, c.then(window), n));
    let empty = grid.is_blank().then(|| why_empty(case, &subject, &grid)).flatten();
    let correlation = scores.best(subject.key.iter()).cloned();
    let mut lane = Lane { subject, grid, columns, top: 1.0, ghost, correlation, empty };
    lane.top = top(case, &lane);
    lane
}

fn folded(case: &Case, subject: &Subject, window: Window, n: usize) -> (Grid, Vec<Column>) {
    match subject.keys.as_slice() {
        [] => (Grid::default(), vec![Column::default(); n]),
        [one] => {
            let grid = grid::of(case, one, window);
            let columns = grid.columns(window, n);
            (grid, columns)
        }
        many => {
            let band = matches!(subject.place, Place::RestOf(_)) && subject.metric.statistic != "Sum";
            let grid = many.iter().map(|k| grid::of(case, k, window)).reduce(|a, b| together(a, &b, band)).unwrap_or_default();
            let columns = grid.columns(window, n);
            (grid, columns)
        }
    }
}

/// Two hosts in one lane: their sum, or the larger of both.
fn together(mut a: Grid, b: &Grid, band: bool) -> Grid {
    if a.period != b.period || a.len() != b.len() {
        return if a.is_blank() { b.clone() } else { a };
    }
    for i in 0..a.len() {
        let (x, y) = (a.values[i], b.values[i]);
        a.values[i] = match (x.is_nan(), y.is_nan()) {
            (true, _) => y,
            (_, true) => x,
            _ if band => x.max(y),
            _ => x + y,
        };
        a.marks[i] = a.marks[i].max(b.marks[i]);
    }
    a
}

fn area_of(metric: &Metric) -> Area {
    if metric.scopes.iter().any(|s| matches!(s, Scope::Instance | Scope::Agent)) { Area::HostMetrics } else { Area::BalancerMetrics }
}

fn why_empty(case: &Case, subject: &Subject, grid: &Grid) -> Option<Empty> {
    if grid.marks.iter().any(|m| *m != Mark::NotAsked) && subject.metric.sparse {
        return None;
    }
    let area = area_of(subject.metric);
    if let Some(gap) = case.gaps.iter().find(|g| g.area == area) {
        return Some(Empty::Gap(gap.clone()));
    }
    Some(if case.busy.contains_key(&area) {
        Empty::OnItsWay
    } else if case.settled.contains(&area) {
        Empty::Nothing
    } else {
        Empty::NotAsked
    })
}

/// The top of the scale: 100 for shares, 1 for states, else the largest value, its ghost and the threshold.
fn top(case: &Case, lane: &Lane) -> f64 {
    let largest = |columns: &[Column]| columns.iter().map(|c| c.high).filter(|v| v.is_finite()).fold(0.0, f64::max);
    let seen = largest(&lane.columns).max(lane.ghost.as_ref().map_or(0.0, |(_, c)| largest(c)));
    let floor = match lane.subject.metric.unit {
        metrics::Unit::Percent if lane.subject.metric.role != Role::Alarm => 100.0,
        metrics::Unit::State => 1.0,
        _ => 0.0,
    };
    let threshold = if lane.is_errors() { threshold(case).unwrap_or(0.0) * 1.1 } else { 0.0 };
    let top = seen.max(floor).max(if threshold < seen * 20.0 { threshold } else { 0.0 });
    if top > 0.0 { top } else { 1.0 }
}

/// The alarm's threshold, where the alarm is on the errors themselves.
pub fn threshold(case: &Case) -> Option<f64> {
    case.alarm.as_ref().filter(|a| a.metric == ERRORS).map(|a| a.threshold)
}
