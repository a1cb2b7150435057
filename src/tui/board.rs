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
    pub fn arrange(&mut self, case: &Case, scores: &Scores, wish: &Wish) {
        self.subjects = subjects::subjects(case, scores, wish);
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
    pub fn fill(&mut self, case: &Case, scores: &Scores, sight: &Sight) {
        let pinned = self.pinned();
        let room = sight.room.saturating_sub(pinned).max(1);
        let shown = self.subjects.iter().take(pinned).chain(self.subjects.iter().skip(pinned + sight.offset).take(room));
        self.lanes = shown.map(|s| folding::lane(case, s.clone(), sight, scores)).collect();
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
pub type Ranking = HashMap<SeriesKey, usize>;

pub fn ranking(judged: &Judged) -> Ranking {
    judged.analysis.correlations.iter().enumerate().map(|(i, c)| (c.key.clone(), i)).collect()
}

/// What the ranking says, by series.
#[derive(Clone, Copy)]
pub struct Scores<'a> {
    pub judged: Option<&'a Judged>,
    pub ranking: &'a Ranking,
}

impl<'a> Scores<'a> {
    fn of_key(&self, key: &SeriesKey) -> Option<&'a Correlation> {
        self.judged?.analysis.correlations.get(*self.ranking.get(key)?)
    }

    fn best<'k>(&self, keys: impl IntoIterator<Item = &'k SeriesKey>) -> Option<&'a Correlation> {
        keys.into_iter().filter_map(|k| self.of_key(k)).max_by(|a, b| a.score.total_cmp(&b.score))
    }
}

/// The alarm's threshold, where the alarm is on the errors themselves.
pub fn threshold(case: &Case) -> Option<f64> {
    case.alarm.as_ref().filter(|a| a.metric == ERRORS).map(|a| a.threshold)
}
