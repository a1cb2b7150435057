//! How one series changed when the errors began, against what it did before.

use super::scene::Scene;
use crate::analysis::Order;
use crate::analysis::correlation::{floor, scale, transformed};
use crate::analysis::grid::{self, Grid};
use crate::analysis::onset::{self, Change};
use crate::case::series::{SeriesKey, Track};
use crate::metrics;
use crate::time::{Time, Window};
use std::collections::HashSet;
use std::rc::Rc;

/// A series before and during the errors.
#[derive(Clone, Debug)]
pub struct Shift {
    key: SeriesKey,
    pub before: f64,
    pub during: f64,
    /// The largest near the errors.
    pub highest: (Time, f64),
    pub period: u32,
}

impl Shift {
    /// `during / before`; a rise from nothing counts from 1.
    pub fn ratio(&self) -> f64 {
        self.during / self.before.max(1e-9).max(if self.before == 0.0 { 1.0 } else { 0.0 })
    }

    pub fn rose(&self, scene: &Scene, ratio: f64) -> bool {
        self.ratio() >= ratio && self.deviations(scene) >= 3.0
    }

    pub fn fell(&self, scene: &Scene, ratio: f64) -> bool {
        self.ratio() <= ratio && self.deviations(scene) <= -3.0
    }

    /// The change of the median in usual deviations of the time before; worked out when asked for.
    pub fn deviations(&self, scene: &Scene) -> f64 {
        let Some(metric) = metrics::find(&self.key.metric) else { return 0.0 };
        let grid = scene.grid(&self.key);
        let mut history = grid.collected(longer(scene));
        history.iter_mut().for_each(|v| *v = transformed(metric, *v));
        let deviation = scale(&history, floor(metric, &grid.values));
        (transformed(metric, self.during) - transformed(metric, self.before)) / deviation
    }

    /// Where the series left its level near the errors, if it did; worked out when asked for.
    pub fn change(&self, scene: &Scene) -> Option<Change> {
        let metric = metrics::find(&self.key.metric)?;
        let grid = scene.grid(&self.key);
        let (episode, start) = scene.episode.zip(grid.start)?;
        let near = onset::near(episode, start, grid.period, grid.len());
        let x: Vec<f64> = grid.values[near.clone()].iter().map(|v| transformed(metric, *v)).collect();
        onset::of(&x, grid.time(near.start)?, grid.period, episode, floor(metric, &grid.values))
    }

    /// Whether that was before or after the errors, as far as both resolutions can tell.
    pub fn order(&self, scene: &Scene) -> Option<Order> {
        let (episode, change) = scene.episode.zip(self.change(scene))?;
        Some(onset::order(change.at, change.uncertainty, episode))
    }

    /// The change came before or with the errors, as far as resolution tells.
    pub fn not_after(&self, scene: &Scene) -> bool {
        self.order(scene).is_none_or(|o| matches!(o, Order::Leads | Order::Coincides))
    }
}

/// The shift of a series; `None` where before or during is not known.
pub fn of(scene: &Scene, key: &SeriesKey) -> Option<Shift> {
    measured(scene, key, &scene.grid(key))
}

/// The shift of a metric of every host that has one, in the order of their ids; computed once for a scene.
pub fn of_hosts(scene: &Scene, metric: &'static str) -> Rc<[(String, Shift)]> {
    if let Some(known) = scene.shifts.borrow().get(metric) {
        return known.clone();
    }
    let ours: HashSet<&str> = scene.hosts.iter().map(|h| h.id).collect();
    let one = |(key, track): (&SeriesKey, &Track)| {
        let id = key.instance().filter(|id| ours.contains(id))?;
        Some((id.to_owned(), measured(scene, key, &scene.grid_of(key, track)?)?))
    };
    let all: Rc<[_]> = scene.case.series.of(metric).filter_map(one).collect();
    scene.shifts.borrow_mut().insert(metric, all.clone());
    all
}

fn measured(scene: &Scene, key: &SeriesKey, grid: &Grid) -> Option<Shift> {
    let before = grid.median(scene.before).or_else(|| grid.median(longer(scene)))?;
    let inside: Vec<f64> = scene.windows.iter().flat_map(|w| grid.known(reach(*w, grid.period))).collect();
    let during = grid::median(inside)?;
    let near = reach(scene.near, grid.period);
    Some(Shift { key: key.clone(), before, during, highest: grid.largest(near)?, period: grid.period })
}

/// All that is known of the time before.
fn longer(scene: &Scene) -> Window {
    Window { start: scene.around.start, ..scene.before }
}

/// The window with the period that its start falls in.
fn reach(window: Window, period: u32) -> Window {
    window.aligned(period)
}
