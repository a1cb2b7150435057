//! One metric taken apart: every target, zone or group that publishes it, on one axis. What does not fit with
//! a row each is folded, the worst standing for its row, so that hundreds of targets are seen at once.

use super::axis::Axis;
use super::board::{Lane, Place, Shows, Subject, part_of};
use super::panes::lanes::short_id;
use crate::analysis::grid::columns::Column;
use crate::analysis::grid::{self, Grid, derived};
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::case::topology::short_name;
use crate::metrics::{Metric, Scope, Unit};

/// In which order, and so which parts share a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    #[default]
    Worst,
    Zone,
    Name,
}

impl By {
    pub fn next(self) -> Self {
        match self {
            Self::Worst => Self::Zone,
            Self::Zone => Self::Name,
            Self::Name => Self::Worst,
        }
    }
}

/// What is to be seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    pub metric: &'static Metric,
    pub axis: Axis,
    pub by: By,
    /// Rows of the screen.
    pub rows: u16,
}

/// One part, or several folded into one row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The worst of them.
    pub key: SeriesKey,
    pub zone: String,
    pub count: usize,
    pub lane: Lane,
    worst: f64,
}

/// Everything of a metric, folded to the screen.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    pub rows: Vec<Row>,
    pub total: usize,
    /// Rows of the screen for each; 1 makes it a heat map.
    pub height: u16,
}

/// The series of a metric that are parts of one whole: its hosts, else its zones and groups.
pub fn keys(case: &Case, metric: &Metric) -> Vec<SeriesKey> {
    let mut all: Vec<SeriesKey> = if metric.scopes == [Scope::Derived] {
        derived::keys(case).into_iter().filter(|k| k.metric == metric.name).collect()
    } else {
        case.series.of(metric.name).map(|(k, _)| k.clone()).collect()
    };
    if all.iter().any(|k| k.instance().is_some()) {
        all.retain(|k| k.instance().is_some());
    }
    all
}

impl Parts {
    pub fn build(case: &Case, wish: &Wish) -> Self {
        let mut rows: Vec<Row> = keys(case, wish.metric).into_iter().map(|key| row(case, key, wish)).collect();
        let total = rows.len();
        sort(&mut rows, wish);
        let mut rows = fold(rows, wish);
        let top = top(&rows, wish.metric);
        rows.iter_mut().for_each(|r| r.lane.top = top);
        let height = (wish.rows / (rows.len().max(1) as u16)).clamp(1, 6);
        Self { rows, total, height }
    }
}

fn row(case: &Case, key: SeriesKey, wish: &Wish) -> Row {
    let (window, n) = (wish.axis.window(), usize::from(wish.axis.columns));
    let columns = grid::of(case, &key, window).columns(window, n);
    let zone = key.instance().and_then(|id| case.instances.get(id)).map(|i| i.zone.clone());
    let zone = zone.or_else(|| key.zone().map(str::to_owned)).unwrap_or_default();
    let subject =
        Subject { metric: wish.metric, place: Place::Named(part_of(&key)), shows: Shows::one(&key), key: Some(key.clone()), child: true };
    let lane = Lane { subject, grid: Grid::default(), columns, top: 1.0, ghost: None, correlation: None, empty: None };
    let worst = lane.columns.iter().map(|c| badness(wish.metric, c)).fold(f64::NEG_INFINITY, f64::max);
    Row { key, zone, count: 1, lane, worst }
}

/// Larger is worse: of minima and of credits the low ones are.
fn badness(metric: &Metric, column: &Column) -> f64 {
    let low_is_bad = metric.statistic == "Minimum" || metric.name == "CPUCreditBalance";
    let v = if low_is_bad { -column.low } else { column.high };
    if v.is_nan() { f64::NEG_INFINITY } else { v }
}

fn sort(rows: &mut [Row], wish: &Wish) {
    rows.sort_by(|a, b| {
        let worst = b.worst.total_cmp(&a.worst).then_with(|| a.key.cmp(&b.key));
        match wish.by {
            By::Worst => worst,
            By::Zone => a.zone.cmp(&b.zone).then(worst),
            By::Name => a.key.cmp(&b.key),
        }
    });
}

/// As many neighbours to a row as it takes; by zone, zones keep to themselves.
fn fold(rows: Vec<Row>, wish: &Wish) -> Vec<Row> {
    let room = usize::from(wish.rows.max(1));
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        match groups.last_mut() {
            Some(group) if wish.by != By::Zone || group[0].zone == row.zone => group.push(row),
            _ => groups.push(vec![row]),
        }
    }
    let needed = |each: usize| groups.iter().map(|g| g.len().div_ceil(each)).sum::<usize>();
    let most = groups.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let each = (1..=most).find(|each| needed(*each) <= room).unwrap_or(most);
    let mut folded = Vec::new();
    for group in groups {
        let mut rest = group.into_iter().peekable();
        while rest.peek().is_some() {
            folded.extend(rest.by_ref().take(each).reduce(|a, b| together(a, b, wish.metric)));
        }
    }
    folded
}

/// The worse of both in every column.
fn together(mut a: Row, b: Row, metric: &Metric) -> Row {
    for (x, y) in a.lane.columns.iter_mut().zip(&b.lane.columns) {
        let mark = x.mark.max(y.mark);
        if badness(metric, y) > badness(metric, x) {
            *x = *y;
        }
        x.mark = mark;
    }
    a.count += b.count;
    if b.worst > a.worst { Row { key: b.key, worst: b.worst, ..a } } else { a }
}

fn top(rows: &[Row], metric: &Metric) -> f64 {
    let seen = rows.iter().flat_map(|r| &r.lane.columns).map(|c| c.high).filter(|v| v.is_finite()).fold(0.0, f64::max);
    let floor = match metric.unit {
        Unit::Percent => 100.0,
        Unit::State => 1.0,
        _ => 0.0,
    };
    let top = f64::max(seen, floor);
    if top > 0.0 { top } else { 1.0 }
}

/// `i-0ab…8f90 +7`, with the zone where there is room.
pub fn name(row: &Row) -> String {
    let zone = row.zone.rsplit('-').next().unwrap_or_default();
    let (id, zone) = match (row.key.instance(), row.key.group()) {
        (Some(id), _) => (short_id(id), zone),
        (None, Some(group)) => (short_name(group).to_owned(), zone),
        (None, None) => (part_of(&row.key), ""),
    };
    let more = if row.count > 1 { format!(" +{}", row.count - 1) } else { String::new() };
    format!("{id}{more} {zone}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::series::Series;
    use crate::exchange::{Fact, What};
    use crate::metrics;
    use crate::time::{Time, Window};
    use chrono::{DateTime, Duration};
    use proptest::prelude::*;

    fn at(minute: i64) -> Time {
        DateTime::from_timestamp(1_763_604_300 + minute * 60, 0).unwrap()
    }

    /// Hosts whose CPU is their number in every minute; host 7 peaks.
    fn case(hosts: usize) -> Case {
        let series = |i: usize| Series {
            key: SeriesKey::new("CPUUtilization", [("InstanceId", format!("i-{i:017x}").as_str())]),
            statistic: "Average".into(),
            period: 60,
            start: at(0),
            values: (0..60).map(|m| if i == 7 && m == 30 { 99.0 } else { (i % 50) as f64 }).collect(),
        };
        let what = What::Series((0..hosts).map(series).collect());
        Case::from_facts([Fact { at: at(60), origin: None, what }])
    }

    fn wish(rows: u16, by: By) -> Wish {
        let axis = Axis::new(Window::new(at(0), at(0) + Duration::hours(1)), 60);
        Wish { metric: metrics::find("CPUUtilization").unwrap(), axis, by, rows }
    }

    #[test]
    fn hundreds_of_targets_fold_to_the_screen_and_the_one_that_peaks_is_seen() {
        let parts = Parts::build(&case(300), &wish(40, By::Worst));
        assert!(parts.rows.len() <= 40 && parts.height == 1);
        assert_eq!((parts.total, parts.rows.iter().map(|r| r.count).sum::<usize>()), (300, 300));
        assert_eq!(parts.rows[0].key.instance(), Some("i-00000000000000007"));
        assert_eq!(parts.rows[0].lane.columns[30].high, 99.0);
    }

    #[test]
    fn a_few_become_small_charts() {
        let parts = Parts::build(&case(4), &wish(20, By::Name));
        assert_eq!((parts.rows.len(), parts.height), (4, 5));
        assert_eq!(name(&parts.rows[0]), "i-000…0000");
    }

    proptest! {
        #[test]
        fn every_part_is_in_exactly_one_row(hosts in 0usize..120, rows in 0u16..60, by in prop::sample::select(vec![By::Worst, By::Zone, By::Name])) {
            let parts = Parts::build(&case(hosts), &wish(rows, by));
            prop_assert_eq!(parts.rows.iter().map(|r| r.count).sum::<usize>(), hosts);
            prop_assert!(parts.rows.len() <= usize::from(rows.max(1)));
            prop_assert!(parts.rows.len() as u16 * parts.height <= rows.max(1) || parts.rows.is_empty());
        }
    }
}
