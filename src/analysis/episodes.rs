//! Stretches of errors that stand out of the background. Works on the alarm's own series; the alarm's
//! state is no witness, it may last long after the errors (or never have begun).

use super::Episode;
use super::grid::{self, Grid, Mark};
use crate::case::Case;
use crate::case::alarm::Alarm;
use crate::metrics::ERRORS;
use crate::time::{Time, Window};
use chrono::Duration;

/// How much around the looked-at window tells what is usual.
const CONTEXT: Duration = Duration::hours(4);
/// Log-likelihood ratio from which a stretch is an episode.
const LEAST_SCORE: f64 = 10.0;
/// So many errors in one period are a burst, if they stand out of the background.
const BURST: f64 = 8.0;
/// An episode that reaches this near to the end of the data may still last.
const STILL: Duration = Duration::minutes(3);
/// Without errors for so long, an episode is over.
const REST: Duration = Duration::minutes(15);
/// Errors a minute that are always to be expected, and that an episode has at the least.
const FLOOR: f64 = 0.05;
const LEAST_RATE: f64 = 0.5;
/// No larger share of the requests is ever taken for a background: where nothing was asked before, the failing
/// itself would be all there is to learn from.
const MOST_USUAL: f64 = 0.02;

/// The alarm's series and the requests beside it, from which episodes are found.
#[derive(Clone, Debug, Default)]
pub struct Errors {
    pub errors: Grid,
    /// Requests at the same periods; 1 each where they are not known.
    requests: Vec<f64>,
    requests_known: bool,
    threshold: Option<Threshold>,
}

/// The alarm's threshold for one period of the data.
#[derive(Clone, Copy, Debug)]
struct Threshold {
    value: f64,
    inclusive: bool,
}

impl Threshold {
    fn of(alarm: &Alarm, period: u32) -> Option<Self> {
        let plain = alarm.metric == ERRORS && alarm.statistic == "Sum" && alarm.comparison.starts_with("GreaterThan");
        let value = alarm.threshold * f64::from(period) / f64::from(alarm.period.max(1).max(period));
        plain.then_some(Self { value, inclusive: alarm.comparison.contains("OrEqual") })
    }

    fn breached(self, errors: f64) -> bool {
        errors > 0.0 && (errors > self.value || (self.inclusive && errors >= self.value))
    }
}

/// The window with what lies around it.
pub fn context(window: Window) -> Window {
    window.widened(CONTEXT, CONTEXT)
}

/// The errors in and around `window`.
pub fn errors(case: &Case, window: Window) -> Option<Errors> {
    let key = grid::errors_key(case)?;
    let errors = grid::around(case, &key, window, context(window));
    if errors.is_empty() {
        return None;
    }
    let flow = grid::flow(case, &key, window, context(window));
    let requests = (0..errors.len()).map(|i| requests_in(flow.as_ref(), &errors, i)).collect();
    let threshold = case.alarm.as_ref().and_then(|a| Threshold::of(a, errors.period));
    let requests_known = flow.is_some_and(|f| !f.is_blank());
    Some(Errors { errors, requests, requests_known, threshold })
}

/// Requests of period `i` of the errors' grid. Without any requests data one is as good as another.
fn requests_in(flow: Option<&Grid>, errors: &Grid, i: usize) -> f64 {
    let Some(flow) = flow.filter(|f| !f.is_blank()) else { return 1.0 };
    let share = f64::from(errors.period) / f64::from(flow.period.max(1));
    errors.time(i).and_then(|t| flow.at(t).number()).map_or(0.0, |r| r * share.min(1.0))
}

/// The episodes of the alarm's metric that touch `window`, in order of time.
pub fn find(case: &Case, window: Window) -> Vec<Episode> {
    let Some(data) = errors(case, window) else { return Vec::new() };
    let found: Vec<_> = data.stretches().into_iter().filter_map(|s| data.episode(s)).collect();
    found.into_iter().filter(|e| e.onset < window.end && e.end.is_none_or(|end| end > window.start)).collect()
}

/// Indices from (inclusive) and to (exclusive) of a stretch.
type Stretch = (usize, usize);

impl Errors {
    fn minutes(&self) -> f64 {
        f64::from(self.errors.period.max(1)) / 60.0
    }

    fn at(&self, i: usize) -> f64 {
        if self.errors.values[i].is_nan() { 0.0 } else { self.errors.values[i] }
    }

    /// Stretches that stand out, found again three times with what was found left out of the background.
    fn stretches(&self) -> Vec<Stretch> {
        let mut excluded = self.first_guess();
        let mut found = Vec::new();
        for _ in 0..3 {
            let usual = self.background(&excluded);
            let scores = self.scores(&usual, true);
            let stands_out = |(stretch, score): &(Stretch, f64)| *score >= LEAST_SCORE || self.is_burst(*stretch, &usual);
            let all = maximal_stretches(&scores);
            let pieces = |all: &mut dyn Iterator<Item = &(Stretch, f64)>| -> Vec<Stretch> {
                all.flat_map(|(stretch, _)| self.split(*stretch, &scores)).collect()
            };
            // What merely reaches a threshold is what a low threshold is reached by every day: it stays in the background.
            excluded = self.around(&pieces(&mut all.iter().filter(|s| stands_out(s))));
            found = pieces(&mut all.iter().filter(|s| stands_out(s) || self.breaches(s.0)));
        }
        found
    }

    /// The tenth of the periods with the most errors.
    fn first_guess(&self) -> Vec<bool> {
        let all: Vec<f64> = (0..self.errors.len()).map(|i| self.at(i)).collect();
        let high = grid::quantile(all.clone(), 0.9).unwrap_or(0.0);
        all.iter().map(|e| *e > high).collect()
    }

    fn around(&self, found: &[Stretch]) -> Vec<bool> {
        let guard = (2.0 / self.minutes()).ceil() as usize;
        let mut excluded = vec![false; self.errors.len()];
        for (from, to) in found {
            let to = (*to + guard).min(excluded.len());
            excluded[from.saturating_sub(guard)..to].fill(true);
        }
        excluded
    }

    /// Errors to be expected in each period: their usual share of the requests.
    fn background(&self, excluded: &[bool]) -> Vec<f64> {
        let known = |i: &usize| !self.errors.values[*i].is_nan();
        let left: Vec<usize> = (0..self.errors.len()).filter(|i| !excluded[*i]).filter(known).collect();
        let enough = left.len() as f64 * self.minutes() >= 20.0;
        let from = if enough { left } else { (0..self.errors.len()).filter(known).collect() };
        let (errors, requests) = from.iter().fold((0.0, 0.0), |(e, r), i| (e + self.at(*i), r + self.requests[*i]));
        let share = if requests > 0.0 { errors / requests } else { 0.0 };
        let share = if self.requests_known { share.min(MOST_USUAL) } else { share };
        self.requests.iter().map(|r| (share * r).max(FLOOR * self.minutes())).collect()
    }

    /// Log-likelihood ratio of each period for "an episode" against "as usual"; 0 where nothing is known.
    fn scores(&self, usual: &[f64], with_threshold: bool) -> Vec<f64> {
        let (minutes, least) = (self.minutes(), LEAST_RATE * self.minutes());
        let wanted = self.threshold.filter(|_| with_threshold).map_or(0.0, |t| 0.3 * t.value);
        let score = |i: usize| {
            let (low, high) = (usual[i], (4.0 * usual[i]).max(wanted).max(least));
            (self.at(i) * (high / low).ln() - (high - low)).clamp(-1.5 * minutes, 4.0 * minutes)
        };
        (0..self.errors.len()).map(|i| if self.errors.values[i].is_nan() { 0.0 } else { score(i) }).collect()
    }

    /// A stretch cut where nothing happened for long, if what remains stands out by itself. A log-likelihood
    /// ratio alone would join two long bursts over an hour of rest.
    fn split(&self, (from, to): Stretch, scores: &[f64]) -> Vec<Stretch> {
        let rest = (REST.num_seconds() / i64::from(self.errors.period.max(1))).max(1) as usize;
        let mut pieces: Vec<Stretch> = Vec::new();
        for i in (from..to).filter(|i| scores[*i] > 0.0) {
            match pieces.last_mut() {
                Some(last) if i - last.1 < rest => last.1 = i + 1,
                _ => pieces.push((i, i + 1)),
            }
        }
        let sum = |(a, b): Stretch| scores[a..b].iter().sum::<f64>();
        let standing: Vec<_> =
            pieces.into_iter().filter(|p| sum(*p) >= LEAST_SCORE || self.breaches(*p) || self.peak(*p) >= BURST).collect();
        if standing.is_empty() { vec![(from, to)] } else { standing }
    }

    /// A minute or two may be all there is before health checks take a dead target out: many errors at once
    /// stand out whatever the length.
    fn is_burst(&self, (from, to): Stretch, usual: &[f64]) -> bool {
        (from..to).any(|i| {
            let high = (4.0 * usual[i]).max(LEAST_RATE * self.minutes());
            let ratio = self.at(i) * (high / usual[i]).ln() - (high - usual[i]);
            self.at(i) >= BURST && ratio >= 1.5 * LEAST_SCORE
        })
    }

    fn breaches(&self, (from, to): Stretch) -> bool {
        self.threshold.is_some_and(|t| (from..to).any(|i| t.breached(self.at(i))))
    }

    fn peak(&self, (from, to): Stretch) -> f64 {
        (from..to).map(|i| self.at(i)).fold(0.0, f64::max)
    }

    fn episode(&self, (from, to): Stretch) -> Option<Episode> {
        let first = self.beginning((from, to))?;
        let last = (from..to).rev().find(|i| self.at(*i) > 0.0)?;
        let usual = self.background(&self.around(&[(from, to)]));
        let score = self.score_without_alarm((from, to), &usual);
        let burst = self.is_burst((from, to), &usual);
        let onset = self.errors.time(first)?;
        let end = self.errors.time(last + 1)?;
        Some(Episode {
            onset,
            onset_uncertainty: self.errors.period,
            end: (end + STILL < self.data_end()?).then_some(end),
            peak: self.peak((first, last + 1)),
            total: (first..=last).map(|i| self.at(i)).sum(),
            score,
            isolated: score < LEAST_SCORE && !burst,
        })
    }

    /// The first period with errors, leaving out the odd stray that happens to come shortly before many.
    fn beginning(&self, (from, to): Stretch) -> Option<usize> {
        let least = 0.02 * self.peak((from, to));
        let strays = |i: usize| (from..i).map(|j| self.at(j)).sum::<f64>();
        let first = (from..to).find(|i| self.at(*i) > 0.0)?;
        let many = (from..to).find(|i| self.at(*i) >= least && self.at(*i) > 0.0)?;
        Some(if strays(many) <= least.min(3.0) { many } else { first })
    }

    /// The score that the stretch would have whatever the alarm's threshold: the best part of it counts.
    fn score_without_alarm(&self, (from, to): Stretch, usual: &[f64]) -> f64 {
        let scores = self.scores(usual, false);
        maximal_stretches(&scores[from..to]).into_iter().map(|(_, s)| s).fold(0.0, f64::max)
    }

    /// Where the last known period ends.
    fn data_end(&self) -> Option<Time> {
        let last = self.errors.marks.iter().rposition(|m| *m >= Mark::Quiet)?;
        self.errors.time(last + 1)
    }
}

/// All maximal scoring stretches with their scores (Ruzzo and Tompa 1999), in order; linear time.
fn maximal_stretches(scores: &[f64]) -> Vec<(Stretch, f64)> {
    struct Part {
        from: usize,
        to: usize,
        before: f64,
        after: f64,
    }
    let mut parts: Vec<Part> = Vec::new();
    let mut sum = 0.0;
    for (i, score) in scores.iter().enumerate() {
        let before = sum;
        sum += score;
        if *score <= 0.0 {
            continue;
        }
        let mut part = Part { from: i, to: i + 1, before, after: sum };
        while let Some(j) = parts.iter().rposition(|p| p.before < part.before) {
            if parts[j].after >= part.after {
                break;
            }
            (part.from, part.before) = (parts[j].from, parts[j].before);
            parts.truncate(j);
        }
        parts.push(part);
    }
    parts.into_iter().map(|p| ((p.from, p.to), p.after - p.before)).collect()
}

#[cfg(test)]
mod tests;
