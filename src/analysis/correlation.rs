//! Which metric really moves with the errors. Ranking is easy; the work is in keeping silent: a series is
//! called associated only if it follows the errors better than it follows them at other alignments in
//! time, and if its step is large for what it usually does. `docs/judgement.md` has the measured reasons.

mod fit;
mod pulse;
mod silence;

use super::grid::{self, Grid};
use super::parts::in_parts;
use super::{Correlation, Direction, Episode, Order, onset};
use crate::case::Case;
use crate::case::series::{Series, SeriesKey, Track};
use crate::metrics::usual::{self, Usual, transformed};
use crate::metrics::{self, Metric, Role};
use crate::time::{Time, Window};
use chrono::Duration;
use fit::{Bench, Fit};
use pulse::{Pulse, Shape};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows kept of each role, the best; every series is compared all the same.
const KEPT: usize = 200;
/// The threshold of association for one candidate, and how it grows with their number: among thousands,
/// chance reaches higher.
const LEAST_SCORE: f64 = 0.15;
const PER_DECADE: f64 = 0.03;
/// The least step at onset, in units of the usual change.
const LEAST_STEP: f64 = 4.0;

/// One series in the context of the errors, on its own period.
struct Candidate<'a> {
    key: Cow<'a, SeriesKey>,
    metric: &'static Metric,
    start: Time,
    values: Cow<'a, [f64]>,
    period: u32,
    /// Where that is known already.
    usual: Option<Usual>,
}

/// A candidate with its shape and what its best alignment reaches.
struct Entrant<'a> {
    candidate: Candidate<'a>,
    shape: Arc<Shape>,
    reach: f64,
}

/// The series of the case that move with the errors, best first within each role.
pub fn rank(case: &Case, window: Window, episodes: &[Episode]) -> Vec<Correlation> {
    let Some(pulse) = Pulse::of(case, window, episodes) else { return Vec::new() };
    let mut by_role: BTreeMap<Role, Vec<Entrant>> = BTreeMap::new();
    for entrant in entrants(case, &pulse) {
        by_role.entry(entrant.candidate.metric.role).or_default().push(entrant);
    }
    let silent = silence::find(case, &pulse);
    let mut rows = Vec::new();
    for (role, entrants) in by_role {
        let claim = claim_from(entrants.len());
        let best = best_of(&entrants);
        let ranked = in_parts(&best, ROWS_A_WORKER, |part| part.iter().map(|(e, f)| row(role, claim, e, *f, &pulse)).collect());
        rows.extend(numbered(with_silent(ranked, if role == Role::Cause { &silent } else { &[] })));
    }
    rows
}

/// Everything that could move with the errors, in the order of the keys.
fn entrants<'a>(case: &'a Case, pulse: &Pulse) -> Vec<Entrant<'a>> {
    let series: Vec<(&SeriesKey, &Track)> = case.series.iter().collect();
    let published = |part: &[(&'a SeriesKey, &'a Track)]| reaching(candidates(case, part, pulse.looked, pulse.context), pulse);
    let mut entrants = in_parts(&series, SERIES_A_WORKER, published);
    entrants.extend(reaching(derived(case, pulse.looked, pulse.context), pulse));
    entrants
}

/// Fewer are not worth a thread.
const SERIES_A_WORKER: usize = 3000;
const ROWS_A_WORKER: usize = 50;

fn reaching<'a>(candidates: impl Iterator<Item = Candidate<'a>>, pulse: &Pulse) -> Vec<Entrant<'a>> {
    let (mut shapes, mut bench) = (Shapes::default(), Bench::default());
    let entrant = |candidate: Candidate<'a>| {
        let shape = shapes.of(pulse, &candidate);
        let reach = bench.reach(&candidate, &shape)?;
        Some(Entrant { candidate, shape, reach })
    };
    candidates.filter_map(entrant).collect()
}

/// The score from which an association is claimed among `n` candidates.
pub fn claim_from(n: usize) -> f64 {
    LEAST_SCORE + PER_DECADE * (n.max(1) as f64).log10()
}

/// Shapes by period and place in time: most series share one.
#[derive(Default)]
struct Shapes {
    known: Vec<((u32, Time, usize), Arc<Shape>)>,
}

impl Shapes {
    fn of(&mut self, pulse: &Pulse, candidate: &Candidate) -> Arc<Shape> {
        let id = (candidate.period, candidate.start, candidate.values.len());
        if let Some((_, known)) = self.known.iter().rev().find(|(known, _)| *known == id) {
            return known.clone();
        }
        let shape = Arc::new(Shape::new(pulse, candidate.start, candidate.period, candidate.values.len()));
        self.known.push((id, shape.clone()));
        shape
    }
}

/// Every published series, with zeros where silence means zero.
fn candidates<'a>(
    case: &'a Case,
    series: &[(&'a SeriesKey, &'a Track)],
    looked: Window,
    context: Window,
) -> impl Iterator<Item = Candidate<'a>> {
    let mut flows: BTreeMap<&BTreeMap<String, String>, Option<Grid>> = BTreeMap::new();
    series.iter().filter_map(move |&(key, track)| {
        let metric = track.outline().map_or_else(|| metrics::find(&key.metric), |o| Some(o.metric))?;
        if metric.role == Role::Context {
            return None;
        }
        let stretch = grid::shown(metric, track, looked, context)?;
        let flow = if metric.sparse {
            flows.entry(&key.dimensions).or_insert_with(|| grid::flow(case, key, looked, context)).as_ref()
        } else {
            None
        };
        Some(candidate(key, metric, track, stretch, context, flow))
    })
}

fn candidate<'a>(
    key: &'a SeriesKey,
    metric: &'static Metric,
    track: &'a Track,
    stretch: &'a Series,
    context: Window,
    flow: Option<&Grid>,
) -> Candidate<'a> {
    let key = Cow::Borrowed(key);
    let period = stretch.period;
    match track.outline().filter(|_| !metric.sparse) {
        Some(whole) if context.start <= whole.window.start && whole.window.end <= context.end => {
            let values = Cow::Borrowed(&stretch.values[..]);
            Candidate { key, metric, start: stretch.start, values, period, usual: Some(whole.usual) }
        }
        Some(_) => {
            let index = |t: Time| {
                (t - stretch.start).num_seconds().div_euclid(i64::from(period.max(1))).clamp(0, stretch.values.len() as i64) as usize
            };
            let from = index(context.start);
            let values = Cow::Borrowed(&stretch.values[from..index(context.end).max(from)]);
            Candidate { key, metric, start: stretch.time(from), values, period, usual: None }
        }
        None => {
            let grid = grid::on_grid(track, stretch, context, flow);
            let (start, values) = known_part(grid.start.unwrap_or(context.start), grid.period, grid.values);
            Candidate { key, metric, start, values: Cow::Owned(values), period, usual: None }
        }
    }
}

/// Without what is unknown at either end: at alignments with nothing, chance would seem to reach nothing.
fn known_part(start: Time, period: u32, mut values: Vec<f64>) -> (Time, Vec<f64>) {
    let last = values.iter().rposition(|v| !v.is_nan()).map_or(0, |i| i + 1);
    values.truncate(last);
    let first = values.iter().position(|v| !v.is_nan()).unwrap_or(0);
    values.drain(..first);
    (start + Duration::seconds(i64::from(period) * first as i64), values)
}

/// Series computed here that may be causes.
fn derived(case: &Case, looked: Window, context: Window) -> impl Iterator<Item = Candidate<'_>> {
    let keys = grid::derived::keys(case).into_iter().filter(|k| k.metric != "LogFailures");
    keys.filter_map(move |key| {
        let metric = metrics::find(&key.metric)?;
        let grid = grid::around(case, &key, looked, context);
        let (start, values) = known_part(grid.start?, grid.period, grid.values);
        Some(Candidate { key: Cow::Owned(key), metric, start, values: Cow::Owned(values), period: grid.period, usual: None })
    })
}

/// The [`KEPT`] best of them by score. A score never exceeds its reach, so most need no null.
fn best_of<'e, 'a>(entrants: &'e [Entrant<'a>]) -> Vec<(&'e Entrant<'a>, Fit)> {
    let mut order: Vec<(f64, usize)> = entrants.iter().map(|e| e.reach).zip(0..).collect();
    order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut best: Vec<(&Entrant, Fit)> = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for promising in order.chunks(2 * KEPT) {
        let left: Vec<&Entrant> = promising.iter().filter(|(reach, _)| *reach > last).map(|(_, i)| &entrants[*i]).collect();
        if left.is_empty() {
            break;
        }
        best.extend(in_parts(&left, ROWS_A_WORKER, |part| {
            let mut bench = Bench::default();
            part.iter().filter_map(|e| Some((*e, bench.fit(&e.candidate, &e.shape)?))).collect()
        }));
        let worst = keep_best(&mut best);
        if best.len() == KEPT {
            last = worst;
        }
    }
    best
}

/// Sorts, cuts, and gives the worst score kept.
fn keep_best(best: &mut Vec<(&Entrant, Fit)>) -> f64 {
    best.sort_by(|(a, f), (b, g)| g.score.total_cmp(&f.score).then_with(|| a.candidate.key.cmp(&b.candidate.key)));
    best.truncate(KEPT);
    best.last().map_or(f64::NEG_INFINITY, |(_, f)| f.score)
}

fn row(role: Role, claim: f64, entrant: &Entrant, fit: Fit, pulse: &Pulse) -> Correlation {
    let (c, shape) = (&entrant.candidate, &entrant.shape);
    let x: Vec<f64> = c.values.iter().map(|v| transformed(c.metric, *v)).collect();
    let floor = usual::floor(c.metric, &x);
    let step = shape.step(&x, fit.lag, floor);
    let change = pulse.episode.as_ref().and_then(|e| onset::of(&x, c.start, c.period, e, floor));
    let (before, during) = shape.before_and_during(&c.values, fit.lag);
    let lag = fit.lag * i64::from(c.period);
    let order = match (role, &pulse.episode) {
        (Role::Consequence | Role::Alarm, _) => Order::Consequence,
        (_, Some(e)) => order_of(change, fit.lag, e),
        _ => Order::Coincides,
    };
    Correlation {
        key: c.key.clone().into_owned(),
        role,
        rank: 0,
        score: fit.score,
        r: fit.r,
        r_by_chance: fit.by_chance,
        lag,
        onset: change.map(|c| c.at),
        onset_uncertainty: change.map_or(c.period, |c| c.uncertainty),
        direction: if fit.r < 0.0 { Direction::Down } else { Direction::Up },
        order,
        before,
        during,
        step,
        associated: !fit.by_effect && fit.score >= claim && step >= LEAST_STEP,
        went_silent: false,
        by_effect: fit.by_effect,
    }
}

/// The onset decides; without one, a lag of two periods or more.
fn order_of(change: Option<onset::Change>, lag: i64, episode: &Episode) -> Order {
    match change {
        Some(c) => onset::order(c.at, c.uncertainty, episode),
        None if lag <= -2 => Order::Leads,
        None if lag >= 2 => Order::Follows,
        None => Order::Coincides,
    }
}

/// Puts targets that fell silent before what scores less.
fn with_silent(mut ranked: Vec<Correlation>, silent: &[Correlation]) -> Vec<Correlation> {
    ranked.retain(|c| !silent.iter().any(|s| s.key == c.key));
    ranked.extend(silent.iter().cloned());
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.key.cmp(&b.key)));
    ranked
}

fn numbered(ranked: Vec<Correlation>) -> impl Iterator<Item = Correlation> {
    ranked.into_iter().zip(1..).map(|(c, rank)| Correlation { rank, ..c })
}

/// How long before the errors "before" is, and the guard between.
const PRE: Duration = Duration::minutes(30);
const GUARD: Duration = Duration::minutes(5);

#[cfg(test)]
mod tests;
