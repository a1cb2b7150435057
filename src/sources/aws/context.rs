//! What every area's reader works with: AWS, the options, everything learned so far, and the way out for
//! facts. A reader is `async fn gather(ctx: &Context)`; it reads what it needs from the case so far,
//! waits for areas it depends on, says facts and gaps, and returns. Whoever started it settles its area.

use super::actions::Action;
use super::call::Aws;
use super::errors::CallError;
use super::guard::USD_PER_METRIC;
use super::options::LiveOptions;
use crate::case::Case;
use crate::case::gaps::{Gap, Reason};
use crate::exchange::{Area, Fact, Origin, Unasked, What};
use crate::time::{Time, Window};
use chrono::Duration;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::{mpsc, watch};

/// How much further out metrics are read.
const METRICS_BEFORE: Duration = Duration::minutes(150);
const METRICS_AFTER: Duration = Duration::minutes(30);

/// Handed to every reader; clones are cheap and share the case.
#[derive(Clone)]
pub struct Context {
    pub aws: Aws,
    pub options: Arc<LiveOptions>,
    /// What is gathered; the incident lies somewhere inside.
    pub window: Window,
    /// "Now" for the case.
    pub now: Time,
    /// Somebody asks for this, after the first reading; what metrics cost then was settled before.
    later: bool,
    /// Somebody agreed to pay for it, whatever it costs.
    agreed: bool,
    board: Arc<Board>,
}

/// What something would cost.
pub(super) struct Price {
    /// Metrics of GetMetricData in it.
    pub metrics: u64,
    pub usd: f64,
    /// Nobody can tell beforehand how much more than that it may be.
    pub at_least: bool,
    /// What it is, for the gap.
    pub words: String,
}

impl Price {
    /// `6 metrics would cost about $0.00006 on top of $0.1, more than the ceiling of $0.1`, and what would allow it.
    fn refused(&self, spent: f64, ceiling: f64) -> String {
        let Self { usd, words, .. } = self;
        if self.at_least {
            return format!(
                "not asked: {words} would cost more than ${usd:.4}, nobody can tell how much, so it is not known to stay under the ceiling of ${ceiling} (--cost-ceiling 0 sets none, nor does cost-ceiling-usd = 0 in config.toml)"
            );
        }
        let enough = enough(spent + usd);
        format!(
            "not asked: {words} would cost about ${usd:.4} on top of ${spent:.4}, more than the ceiling of ${ceiling} (--cost-ceiling {enough} would allow it, or cost-ceiling-usd in config.toml)"
        )
    }
}

/// A round number of US dollars above this one, with room for an estimate that is a tenth off.
pub fn enough(usd: f64) -> f64 {
    let usd = usd * 1.1;
    let step = 10_f64.powf((usd.max(1e-6).log10() - 1.0).floor());
    // Dividing by a whole number leaves no 0.30000000000000004.
    (usd / step).ceil() / (1.0 / step).round().max(1.0) * step.max(1.0)
}

/// What all readers share.
pub(super) struct Board {
    case: RwLock<Case>,
    facts: mpsc::Sender<Vec<Fact>>,
    settled: watch::Sender<BTreeSet<Area>>,
    /// What was allowed under the ceiling, in US dollars, spent already or not.
    allowed: Mutex<f64>,
}

impl Board {
    pub(crate) fn new(facts: mpsc::Sender<Vec<Fact>>) -> Arc<Self> {
        Arc::new(Self { case: RwLock::default(), facts, settled: watch::Sender::default(), allowed: Mutex::default() })
    }

    /// Takes so much out of what may still be spent. Readers work side by side: what another was allowed counts before
    /// it is asked.
    fn reserve(&self, usd: f64, ceiling: f64, spent: f64) -> bool {
        let mut allowed = self.allowed.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = spent.max(*allowed) + usd <= ceiling;
        *allowed += if fits { usd } else { 0.0 };
        fits
    }

    /// Takes facts into the case so far and sends them on.
    pub(super) async fn learn(&self, facts: Vec<Fact>) {
        {
            let mut case = self.case.write().unwrap_or_else(PoisonError::into_inner);
            facts.iter().cloned().for_each(|fact| case.absorb(fact));
        }
        let settle = |f: &Fact| if let What::Settled { area } = f.what { Some(area) } else { None };
        let settling: Vec<Area> = facts.iter().filter_map(settle).collect();
        // A session that ended wants no more facts; its source is about to be stopped.
        let _ = self.facts.send(facts).await;
        // Only after the facts are out: the last area to settle ends the source.
        self.settled.send_modify(|s| s.extend(settling));
    }

    /// Until nothing more will come for any of these.
    pub(super) async fn all_settled(&self, areas: &[Area]) {
        // The sender is ours, so the channel cannot be closed.
        let _ = self.settled.subscribe().wait_for(|s| areas.iter().all(|a| s.contains(a))).await;
    }

    /// Until nobody takes facts any more.
    pub(super) async fn hung_up(&self) {
        self.facts.closed().await;
    }

    pub(super) fn case<T>(&self, read: impl FnOnce(&Case) -> T) -> T {
        read(&self.case.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Context {
    pub(super) fn new(aws: Aws, options: Arc<LiveOptions>, window: Window, board: Arc<Board>) -> Self {
        let now = options.now;
        Self { aws, options, window, now, later: false, agreed: false, board }
    }

    /// The same with another window.
    pub fn with_window(&self, window: Window) -> Self {
        Self { window, ..self.clone() }
    }

    /// The same with another window at a later "now".
    pub(super) fn at(&self, window: Window, now: Time) -> Self {
        Self { window, now: now.max(self.now), later: true, ..self.clone() }
    }

    /// The same for the first window, with everything that it may cost.
    pub(super) fn whatever_it_costs(&self, now: Time) -> Self {
        Self { agreed: true, ..self.at(self.window, now) }
    }

    /// Whether somebody asked for this, after the first reading.
    pub(super) fn is_later(&self) -> bool {
        self.later
    }

    /// Whether so many more metrics may be asked for; otherwise that is said, with what they would cost.
    pub(super) async fn may_ask_metrics(&self, area: Area, subject: &str, metrics: usize) -> bool {
        let usd = metrics as f64 * USD_PER_METRIC;
        let price = Price { metrics: metrics as u64, usd, at_least: false, words: format!("{metrics} metrics") };
        // The screen says what a zoom or a comparison costs before it asks.
        self.later || self.may_spend(area, subject, price).await
    }

    /// Whether so much more may be spent under the ceiling; otherwise that is said.
    pub(super) async fn may_spend(&self, area: Area, subject: &str, price: Price) -> bool {
        let (Some(ceiling), false) = (self.options.cost_ceiling, self.agreed) else { return true };
        let spent = self.aws.count().cost().estimated_usd;
        if !price.at_least && self.board.reserve(price.usd, ceiling, spent) {
            return true;
        }
        self.gap(area, subject, Reason::Unavailable, price.refused(spent, ceiling)).await;
        let Price { metrics, usd, at_least, .. } = price;
        self.learn(What::Unasked(Unasked { area, metrics, estimated_usd: usd, at_least })).await;
        false
    }

    /// Metrics reach further out than everything else, for a baseline.
    pub(super) fn metrics_window(&self) -> Window {
        let wide = self.window.widened(METRICS_BEFORE, METRICS_AFTER);
        Window { end: wide.end.min(self.now.max(self.window.end)), ..wide }
    }

    /// More will come for an area after all.
    pub(super) async fn reopen(&self, area: Area, why: &str) {
        self.board.settled.send_modify(|s| _ = s.remove(&area));
        self.busy(area, why).await;
    }

    /// Whether nothing more will come for an area.
    pub(super) fn is_settled(&self, area: Area) -> bool {
        self.board.settled.borrow().contains(&area)
    }

    /// Reads from what is known so far: `ctx.case(|c| c.target_groups.clone())`. Never hold on to it.
    pub fn case<T>(&self, read: impl FnOnce(&Case) -> T) -> T {
        self.board.case(read)
    }

    /// Says a fact that came from nowhere in particular.
    pub async fn learn(&self, what: What) {
        self.say(None, what).await;
    }

    /// Says a fact and the call it came from; make the origin with [`origin`] or [`file_origin`].
    pub async fn learn_from(&self, origin: Origin, what: What) {
        self.say(Some(origin), what).await;
    }

    async fn say(&self, origin: Option<Origin>, what: What) {
        self.board.learn(vec![Fact { at: super::clock::now(), origin, what }]).await;
    }

    /// Says what is being read and how far (`page 6, back to 01:40`).
    pub async fn busy(&self, area: Area, detail: impl AsRef<str> + Send) {
        let detail = detail.as_ref().into();
        self.learn(What::Busy { area, detail }).await;
    }

    /// Says that something could not be read.
    pub async fn gap(&self, area: Area, subject: &str, reason: Reason, detail: impl AsRef<str> + Send) {
        let detail = detail.as_ref().into();
        self.learn(What::Gap(Gap { area, subject: subject.into(), reason, action: None, detail })).await;
    }

    /// The value, or a gap of `area` about `subject` and `None`.
    pub async fn or_gap<T>(&self, area: Area, subject: &str, result: Result<T, CallError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.learn(What::Gap(error.gap(area, subject))).await;
                None
            }
        }
    }

    /// Waits until nothing more will come for an area, whether it was read or not.
    pub async fn until(&self, area: Area) {
        let mut settled = self.board.settled.subscribe();
        // The sender lives in the board that we hold, so this ends only by the area settling.
        let _ = settled.wait_for(|s| s.contains(&area)).await;
    }

    /// Nothing more will come for `area`; also says what the calls so far amount to.
    pub(super) async fn settle(&self, area: Area) {
        let at = super::clock::now();
        let cost = What::Cost(self.aws.count().cost());
        let facts = [cost, What::Settled { area }].map(|what| Fact { at, origin: None, what });
        self.board.learn(facts.into()).await;
    }

    #[cfg(test)]
    pub(crate) fn for_tests(aws: Aws, options: LiveOptions, window: Window) -> (Self, mpsc::Receiver<Vec<Fact>>) {
        let (facts, learned) = mpsc::channel(1024);
        (Self::new(aws, Arc::new(options), window, Board::new(facts)), learned)
    }
}

/// Where a fact came from: the call and what it was asked.
pub fn origin<K: Into<String>, V: Into<String>>(action: Action, parameters: impl IntoIterator<Item = (K, V)>) -> Origin {
    Origin { operation: action.name(), parameters: parameters.into_iter().map(|(k, v)| (k.into(), v.into())).collect() }
}

/// Where a fact came from: a file or a folder on this machine.
pub fn file_origin(path: &std::path::Path) -> Origin {
    Origin { operation: "file".into(), parameters: [("path".to_owned(), path.display().to_string())].into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_ceiling_that_is_enough_is_a_round_number() {
        for (usd, words) in [(2.05, "2.3"), (0.0143, "0.016"), (0.000_02, "0.000023"), (41.0, "46"), (410.0, "460"), (0.91, "1.1")] {
            assert_eq!(enough(usd).to_string(), words);
        }
    }

    proptest! {
        #[test]
        fn a_ceiling_that_is_enough_is_enough(usd in 0.000_01..10_000_f64) {
            prop_assert!(enough(usd) >= usd && enough(usd) <= usd * 1.25 && enough(usd).to_string().len() < 10, "{}", enough(usd));
        }
    }
}
