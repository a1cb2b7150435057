//! The lanes as they will be drawn: which ones, in which order, folded to columns. Built when data, window
//! or size change, so that drawing costs what the screen costs and not what the data costs.

mod folding;
mod subjects;

pub use subjects::part_of;

use super::axis::Axis;
use super::compare::Compared;
use crate::analysis::Correlation;
use crate::analysis::grid::Grid;
use crate::analysis::grid::columns::Column;
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::judge::Judged;
use crate::metrics::{ERRORS, Metric};
use crate::time::Window;
use std::collections::HashMap;
use std::sync::Arc;

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
    pub shows: Shows,
    /// The series that stands for it in rankings and in the working.
    pub key: Option<SeriesKey>,
    pub child: bool,
}

/// Series by their keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Shows {
    These(Arc<[SeriesKey]>),
    /// All of the metric, thousands perhaps.
    Every,
}

impl Shows {
    pub fn one(key: &SeriesKey) -> Self {
        Self::These([key.clone()].into())
    }
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
    /// From what the lanes were made.
    made: Option<(u64, Axis, Option<Compared>)>,
}

impl Board {
    /// Finds and orders the lanes, to be filled anew.
    pub fn arrange(&mut self, case: &Case, scores: &Scores, wish: &Wish) {
        self.subjects = subjects::subjects(case, scores, wish);
    }

    /// Where to begin so that `selected` is in sight.
    pub fn offset_for(&self, selected: usize, room: usize) -> usize {
        let pinned = self.pinned();
        let room = room.saturating_sub(pinned).max(1);
        let rest = self.subjects.len().saturating_sub(pinned);
        selected.saturating_sub(pinned).saturating_sub(room / 2).min(rest.saturating_sub(room))
    }

    /// Folds the lanes in sight to their columns. Those that were in sight before, of the same facts (by their
    /// version) and on the same axis, are as they were: a judgement only reorders them.
    pub fn fill(&mut self, case: &Case, facts: u64, scores: &Scores, sight: &Sight) {
        let pinned = self.pinned();
        let room = sight.room.saturating_sub(pinned).max(1);
        let shown = self.subjects.iter().take(pinned).chain(self.subjects.iter().skip(pinned + sight.offset).take(room));
        let made = Some((facts, sight.axis, sight.compare));
        let mut before = if self.made == made { std::mem::take(&mut self.lanes) } else { Vec::new() };
        let lane = |subject: &Subject| match before.iter().position(|lane| lane.subject == *subject) {
            Some(i) => Lane { correlation: scores.of(subject).cloned(), ..before.swap_remove(i) },
            None => folding::lane(case, subject.clone(), sight, scores),
        };
        self.lanes = shown.map(lane).collect();
        self.made = made;
        self.holds_then = sight.compare.is_some_and(|c| holds(case, c.then(sight.axis.window())));
        (self.axis, self.offset) = (Some(sight.axis), sight.offset);
    }

    /// One lane by itself, for the big chart.
    pub fn one(case: &Case, scores: &Scores, subject: Subject, axis: Axis, compare: Option<Compared>) -> Lane {
        folding::lane(case, subject, &Sight { axis, compare, offset: 0, room: 1 }, scores)
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

/// Where each series stands in the ranking; made once a judgement, since a judgement may rank thousands.
#[derive(Clone, Debug, Default)]
pub struct Ranking {
    places: HashMap<SeriesKey, usize>,
    of_metric: HashMap<String, Vec<usize>>,
}

pub fn ranking(judged: &Judged) -> Ranking {
    let mut ranking = Ranking::default();
    for (i, c) in judged.analysis.correlations.iter().enumerate() {
        ranking.places.insert(c.key.clone(), i);
        ranking.of_metric.entry(c.key.metric.clone()).or_default().push(i);
    }
    ranking
}

/// What the ranking says, by series.
#[derive(Clone, Copy)]
pub struct Scores<'a> {
    pub judged: Option<&'a Judged>,
    pub ranking: &'a Ranking,
}

impl<'a> Scores<'a> {
    fn of_key(&self, key: &SeriesKey) -> Option<&'a Correlation> {
        self.judged?.analysis.correlations.get(*self.ranking.places.get(key)?)
    }

    /// The row of the series that stands for a lane.
    fn of(&self, subject: &Subject) -> Option<&'a Correlation> {
        self.of_key(subject.key.as_ref()?)
    }

    /// Every row of a metric: few, however many series there are.
    fn of_metric(&self, metric: &str) -> impl Iterator<Item = &'a Correlation> + use<'a> {
        let rows = self.judged.map_or(&[][..], |j| &j.analysis.correlations[..]);
        let places = self.ranking.of_metric.get(metric).map_or(&[][..], |places| &places[..]);
        places.iter().filter_map(|i| rows.get(*i))
    }

    /// The best of what a lane is about.
    fn best(&self, subject: &Subject) -> Option<&'a Correlation> {
        let by_score = |a: &&Correlation, b: &&Correlation| a.score.total_cmp(&b.score);
        match &subject.shows {
            Shows::Every => self.of_metric(subject.metric.name).max_by(by_score),
            Shows::These(keys) => subject.key.iter().chain(&**keys).filter_map(|k| self.of_key(k)).max_by(by_score),
        }
    }
}

/// The alarm's threshold, where the alarm is on the errors themselves.
pub fn threshold(case: &Case) -> Option<f64> {
    case.alarm.as_ref().filter(|a| a.metric == ERRORS).map(|a| a.threshold)
}
