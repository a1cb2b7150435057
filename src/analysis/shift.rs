//! How one series changed when the errors began, against what it did before.

use super::parts::in_parts;
use super::scene::{OfHost, Scene, Shifts, locked};
use crate::analysis::Order;
use crate::analysis::grid::{self, Grid};
use crate::analysis::onset::{self, Change};
use crate::case::series::{Series, SeriesKey, Track};
use crate::metrics;
use crate::metrics::usual::{floor, scale, transformed};
use crate::time::{Time, Window};
use chrono::Duration;
use std::sync::Arc;

/// A series before and during the errors.
#[derive(Clone, Debug)]
pub struct Shift {
    key: Arc<SeriesKey>,
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
    measured(scene, key, &Numbers::Laid(scene.grid(key)))
}

/// The shift of a metric of every host that has one, in the order of their ids; computed once for a scene.
pub fn of_hosts(scene: &Scene, metric: &'static str) -> Shifts {
    let known = locked(&scene.shifts).get(metric).cloned();
    known.unwrap_or_else(|| {
        let one = |host: &OfHost| {
            let id = scene.hosts[host.place].id;
            Some((id.into(), measured(scene, host.key, &Numbers::of(scene, metric, host.track)?)?))
        };
        let all: Shifts = in_parts(&scene.of_hosts(metric), HOSTS_A_WORKER, |part| part.iter().filter_map(one).collect()).into();
        locked(&scene.shifts).insert(metric, all.clone());
        all
    })
}

/// Fewer are not worth a thread.
const HOSTS_A_WORKER: usize = 300;

/// The numbers of a series in time: its own if it is one stretch, else those of the grid that its stretches are laid on.
enum Numbers<'a> {
    Own(&'a Series),
    Laid(Grid),
}

impl<'a> Numbers<'a> {
    /// Of a host's metric: silence means nothing.
    fn of(scene: &Scene, metric: &str, track: &'a Track) -> Option<Self> {
        let shown = grid::shown(metrics::find(metric)?, track, scene.looked, scene.around)?;
        let laid = || Self::Laid(grid::on_grid(track, shown, scene.around, None));
        Some(if track.outline().is_some() { Self::Own(shown) } else { laid() })
    }

    fn period(&self) -> u32 {
        match self {
            Self::Own(series) => series.period,
            Self::Laid(grid) => grid.period,
        }
    }

    /// Periods that begin inside `window`, absent ones included.
    fn within(&self, window: Window) -> &[f64] {
        match self {
            Self::Own(series) => series.values_in(window),
            Self::Laid(grid) => &grid.values[grid.range(window)],
        }
    }

    fn median(&self, window: Window) -> Option<f64> {
        grid::median(known(std::iter::once(self.within(window))))
    }

    fn largest(&self, window: Window) -> Option<(Time, f64)> {
        let numbers = self.within(window).iter().enumerate().filter(|(_, v)| !v.is_nan());
        let (at, highest) = numbers.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        let begin = match self {
            Self::Own(series) => series.time(series.places_in(window).start),
            Self::Laid(grid) => grid.time(grid.range(window).start)?,
        };
        Some((begin + Duration::seconds(i64::from(self.period()) * at as i64), *highest))
    }
}

/// What is known of some parts of a series, in one piece.
fn known<'a>(parts: impl Iterator<Item = &'a [f64]> + Clone) -> Vec<f64> {
    let mut all = Vec::with_capacity(parts.clone().map(<[f64]>::len).sum());
    parts.for_each(|part| all.extend(part.iter().filter(|v| !v.is_nan())));
    all
}

fn measured(scene: &Scene, key: &SeriesKey, numbers: &Numbers) -> Option<Shift> {
    let period = numbers.period();
    let before = numbers.median(scene.before).or_else(|| numbers.median(longer(scene)))?;
    let during = grid::median(known(scene.windows.iter().map(|w| numbers.within(reach(*w, period)))))?;
    let highest = numbers.largest(reach(scene.near, period))?;
    Some(Shift { key: Arc::new(key.clone()), before, during, highest, period })
}

/// All that is known of the time before.
fn longer(scene: &Scene) -> Window {
    Window { start: scene.around.start, ..scene.before }
}

/// The window with the period that its start falls in.
fn reach(window: Window, period: u32) -> Window {
    window.aligned(period)
}
