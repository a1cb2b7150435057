//! Metrics that are 0 or 1, of every host at once: read in one pass over the series, without laying a grid
//! for each.

use super::grid;
use super::scene::Scene;
use crate::case::series::Track;
use crate::metrics;
use crate::time::{Time, Window};

/// What one host's state says inside a window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct State {
    /// Periods with a value.
    pub known: usize,
    /// Periods that could have one by now.
    pub wanted: usize,
    /// When it was first 1.
    pub raised: Option<Time>,
}

impl State {
    /// 0 to 1.
    pub fn share_known(&self) -> f64 {
        self.known as f64 / self.wanted.max(1) as f64
    }
}

/// The state of each host by its place in the scene, `None` of those that do not publish `metric`, inside `window`;
/// nothing is expected `until` a time or later.
pub fn of(scene: &Scene, metric: &'static str, window: Window, until: Time) -> Vec<Option<State>> {
    let mut all = vec![None; scene.hosts.len()];
    for host in scene.of_hosts(metric).iter() {
        all[host.place] = state(scene, metric, host.track, window, until).or(all[host.place]);
    }
    all
}

fn state(scene: &Scene, metric: &str, track: &Track, window: Window, until: Time) -> Option<State> {
    let published = Window { end: window.end.min(until), ..window };
    if let Some(whole) = track.outline().filter(|o| o.usual.absent == 0 && o.usual.high < 1.0) {
        let known = whole.window.intersect(&published).map_or(0, |w| w.starts(whole.period));
        let shown = whole.window.overlaps(&scene.looked) || whole.window.overlaps(&scene.around);
        return shown.then(|| State { known, wanted: published.starts(whole.period), raised: None });
    }
    let best = grid::shown(metrics::find(metric)?, track, scene.looked, scene.around)?;
    let stretches = track.stretches().iter().filter(|s| s.period == best.period && s.statistic == best.statistic);
    let mut state = State { wanted: published.starts(best.period), ..State::default() };
    for stretch in stretches {
        state.known += stretch.values_in(published).iter().filter(|v| !v.is_nan()).count();
        state.raised = [state.raised, stretch.first(window, |v| v >= 1.0)].into_iter().flatten().min();
    }
    Some(state)
}
