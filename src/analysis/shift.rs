//! How one series changed when the errors began, against what it did before.

use super::scene::Scene;
use crate::analysis::correlation::{floor, scale, transformed};
use crate::analysis::grid;
use crate::analysis::onset::{self, Change};
use crate::analysis::{Direction, Order};
use crate::case::series::SeriesKey;
use crate::metrics;
use crate::time::Time;

/// A series before and during the errors.
#[derive(Clone, Debug)]
pub struct Shift {
    pub before: f64,
    pub during: f64,
    /// The largest near the errors.
    pub highest: (Time, f64),
    pub change: Option<Change>,
    pub order: Option<Order>,
    pub period: u32,
    /// The change of the median in usual deviations.
    pub deviations: f64,
}

impl Shift {
    /// `during / before`; a rise from nothing counts from 1.
    pub fn ratio(&self) -> f64 {
        self.during / self.before.max(1e-9).max(if self.before == 0.0 { 1.0 } else { 0.0 })
    }

    pub fn rose(&self, ratio: f64) -> bool {
        self.ratio() >= ratio && self.deviations >= 3.0
    }

    pub fn fell(&self, ratio: f64) -> bool {
        self.ratio() <= ratio && self.deviations <= -3.0
    }

    /// The change came before or with the errors, as far as resolution tells.
    pub fn not_after(&self) -> bool {
        self.order.is_none_or(|o| matches!(o, Order::Leads | Order::Coincides))
    }

    pub fn changed_up(&self) -> bool {
        self.change.is_some_and(|c| c.direction == Direction::Up)
    }
}

/// The shift of a series; `None` where before or during is not known.
pub fn of(scene: &Scene, key: &SeriesKey) -> Option<Shift> {
    let metric = metrics::find(&key.metric)?;
    let grid = scene.grid(key);
    let before = grid.median(scene.before).or_else(|| {
        let longer = crate::time::Window { start: scene.around.start, ..scene.before };
        grid.median(longer)
    })?;
    let inside: Vec<f64> = scene.windows.iter().flat_map(|w| grid.numbers(reach(*w, grid.period))).map(|(_, v)| v).collect();
    let during = grid::median(inside)?;
    let near = reach(scene.near, grid.period);
    let x: Vec<f64> = grid.values.iter().map(|v| transformed(metric, *v)).collect();
    let least = floor(metric, &x);
    let history: Vec<f64> =
        grid.numbers(crate::time::Window { start: scene.around.start, ..scene.before }).map(|(_, v)| transformed(metric, v)).collect();
    let deviation = scale(&history, least);
    let change = scene.episode.zip(grid.start).and_then(|(e, start)| onset::of(&x, start, grid.period, e, least));
    let order = scene.episode.zip(change).map(|(e, c)| onset::order(c.at, c.uncertainty, e));
    Some(Shift {
        before,
        during,
        highest: grid.largest(near)?,
        change,
        order,
        period: grid.period,
        deviations: (transformed(metric, during) - transformed(metric, before)) / deviation,
    })
}

/// The window with the period that its start falls in.
fn reach(window: crate::time::Window, period: u32) -> crate::time::Window {
    window.aligned(period)
}
