//! What checks and causes look at: the stretches of errors, the group and the targets in question, and which of
//! them failed.

use crate::accesslog::{AccessLog, Signature};
use crate::analysis::grid::{self, Grid};
use crate::analysis::shift::Shift;
use crate::analysis::{Analysis, Episode, episodes, localisation};
use crate::case::Case;
use crate::case::series::{SeriesKey, Track};
use crate::case::topology::{Instance, TargetGroup, dimension_of};
use crate::time::{Time, Window};
use chrono::Duration;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

/// A machine behind the balancer.
pub struct Host<'a> {
    pub id: &'a str,
    pub instance: Option<&'a Instance>,
    /// Whether it failed; `None` where no access log tells.
    pub failing: Option<bool>,
}

/// The case as the signals see it.
pub struct Scene<'a> {
    pub case: &'a Case,
    pub analysis: &'a Analysis,
    /// The stretches of errors; everything looked at, if there are none.
    pub windows: Vec<Window>,
    /// The main stretch, if there is any.
    pub episode: Option<&'a Episode>,
    /// From shortly before the errors to their end.
    pub near: Window,
    /// What counts as "before".
    pub before: Window,
    /// What is looked at, with every stretch of errors in it.
    pub looked: Window,
    /// The same with hours around it.
    pub around: Window,
    pub errors_key: Option<SeriesKey>,
    pub errors: Grid,
    pub requests: Grid,
    /// The group that fails, as a dimension value.
    pub group: Option<String>,
    pub hosts: Vec<Host<'a>>,
    pub log: Option<LogView<'a>>,
    /// By metric, of every host that publishes it.
    hosts_of: RefCell<HashMap<&'static str, Rc<[OfHost<'a>]>>>,
    /// By metric, of every host; see [`super::shift::of_hosts`].
    pub(super) shifts: RefCell<HashMap<&'static str, Shifts>>,
}

/// A metric of one host.
pub(super) struct OfHost<'a> {
    pub id: &'a str,
    pub key: &'a SeriesKey,
    pub track: &'a Track,
}

/// How a metric of every host moved, by host.
pub(super) type Shifts = Rc<[(Rc<str>, Shift)]>;

/// The access log inside the stretches of errors.
pub struct LogView<'a> {
    pub log: &'a AccessLog,
    pub by_signature: BTreeMap<Signature, u64>,
    /// Connection failures by target: refused, timed out.
    pub by_target: BTreeMap<&'a str, (u64, u64)>,
    /// Requests answered by target.
    pub answered: BTreeMap<&'a str, u64>,
}

impl LogView<'_> {
    pub fn count(&self, signature: Signature) -> f64 {
        self.by_signature.get(&signature).copied().unwrap_or(0) as f64
    }

    /// Failed connections.
    pub fn connections(&self) -> f64 {
        self.count(Signature::Refused) + self.count(Signature::ConnectTimeout)
    }

    /// Every failure that is not the client's.
    pub fn all(&self) -> f64 {
        self.by_signature.iter().filter(|(s, _)| **s != Signature::ClientGone).map(|(_, n)| *n as f64).sum()
    }
}

impl<'a> Scene<'a> {
    pub fn of(case: &'a Case, analysis: &'a Analysis) -> Self {
        let window = analysis.window.unwrap_or(Window { start: Time::default(), end: Time::default() });
        let windows = localisation::windows(window, &analysis.episodes);
        let episode = analysis.main_episode();
        let main = episode.map_or(window, |e| Window { start: e.onset, end: e.end.unwrap_or(window.end.max(e.onset)) });
        let around = episodes::context(windows.iter().copied().fold(window, |a, b| a.hull(&b)));
        let errors_key = grid::errors_key(case);
        let looked = windows.iter().copied().fold(window, |a, b| a.hull(&b));
        let grid = |key: &SeriesKey| grid::around(case, key, looked, around);
        let errors = errors_key.as_ref().map(&grid).unwrap_or_default();
        let requests = errors_key.as_ref().map(|k| grid(&grid::beside(k, "RequestCount"))).unwrap_or_default();
        let log = case.access_log.as_ref().filter(|l| covers(l, main)).map(|l| view(l, &windows));
        let hosts = hosts(case, log.as_ref());
        let group = group(case, analysis, errors_key.as_ref());
        Self {
            case,
            analysis,
            near: main.widened(Duration::minutes(10), Duration::zero()),
            before: Window { start: main.start - Duration::minutes(35), end: main.start - Duration::minutes(5) },
            windows,
            episode,
            looked,
            around,
            errors_key,
            errors,
            requests,
            group,
            hosts,
            log,
            hosts_of: RefCell::default(),
            shifts: RefCell::default(),
        }
    }

    /// A series with hours around, on the period that shows what is looked at best.
    pub fn grid(&self, key: &SeriesKey) -> Grid {
        grid::around(self.case, key, self.looked, self.around)
    }

    /// A metric of every host that publishes it, in the order of their ids; looked up once for a scene.
    pub(super) fn of_hosts(&self, metric: &'static str) -> Rc<[OfHost<'a>]> {
        let find = || {
            let of_host = |(key, track): (&'a SeriesKey, &'a Track)| Some(OfHost { id: key.instance()?, key, track });
            self.case.series.of(metric).filter_map(of_host).collect()
        };
        self.hosts_of.borrow_mut().entry(metric).or_insert_with(find).clone()
    }

    /// A stretch of errors that stands out, not a lone breach.
    pub fn is_real(&self) -> bool {
        self.episode.is_some_and(|e| !e.isolated)
    }

    pub fn onset(&self) -> Option<Time> {
        self.episode.map(|e| e.onset)
    }

    /// The stretch of the main episode.
    pub fn main(&self) -> Window {
        Window { start: self.near.start + Duration::minutes(10), end: self.near.end }
    }

    /// Seconds that the main stretch lasted so far.
    pub fn length(&self) -> i64 {
        self.main().span().num_seconds()
    }

    /// Connection errors in the stretches.
    pub fn total(&self) -> f64 {
        self.windows.iter().filter_map(|w| self.errors.sum(*w)).sum::<f64>() + 0.0
    }

    /// The sum of a balancer metric in the stretches, beside the alarm's series; of the whole balancer if
    /// the metric has no group.
    pub fn sum(&self, metric: &str) -> Option<f64> {
        let key = self.key(metric)?;
        let grid = self.grid(&key);
        if grid.is_blank() {
            return None;
        }
        Some(self.windows.iter().filter_map(|w| grid.sum(*w)).sum())
    }

    /// The series of a metric nearest to what the alarm watches.
    pub fn key(&self, metric: &str) -> Option<SeriesKey> {
        let beside = self.errors_key.as_ref().map(|k| grid::beside(k, metric)).filter(|k| self.case.series.get(k).is_some());
        let of_group = || {
            let group = self.group.as_deref()?;
            let mut keys: Vec<_> = self.case.series.of(metric).map(|(k, _)| k).filter(|k| k.group() == Some(group)).collect();
            keys.sort_by_key(|k| k.dimensions.len());
            keys.first().map(|k| (*k).clone())
        };
        // A count of which nothing was published is still a series of zeros.
        let of_balancer = || {
            let balancer = self.errors_key.as_ref()?.dimension("LoadBalancer")?;
            let sparse = crate::metrics::find(metric).is_some_and(|m| m.sparse && m.namespace == "AWS/ApplicationELB");
            sparse.then(|| SeriesKey::new(metric, [("LoadBalancer", balancer)]))
        };
        beside.or_else(of_group).or_else(|| grid::widest(self.case, metric)).or_else(of_balancer)
    }

    /// The group in question, as configured.
    pub fn target_group(&self) -> Option<&'a TargetGroup> {
        let all = self.case.groups_in_question();
        let named = self.group.as_deref().and_then(|g| all.iter().find(|t| dimension_of(&t.arn) == g).copied());
        named.or_else(|| all.first().copied().filter(|_| all.len() == 1))
    }

    /// The healthy hosts of the group in question.
    pub fn healthy_key(&self) -> Option<SeriesKey> {
        let keys = self.case.series.of("HealthyHostCount").map(|(k, _)| k).filter(|k| k.zone().is_none());
        keys.filter(|k| self.group.is_none() || k.group() == self.group.as_deref()).min().cloned()
    }

    /// Hosts that failed where that is known, all of them otherwise.
    pub fn suspects(&self) -> Vec<&Host<'a>> {
        let failing: Vec<_> = self.hosts.iter().filter(|h| h.failing == Some(true)).collect();
        if failing.is_empty() { self.hosts.iter().collect() } else { failing }
    }

    /// Whether single failing targets are known.
    pub fn knows_failing(&self) -> bool {
        self.hosts.iter().any(|h| h.failing == Some(true))
    }

    /// The last moment of which anything is known.
    pub fn data_end(&self) -> Time {
        self.case.now().unwrap_or(self.around.end)
    }
}

fn covers(log: &AccessLog, main: Window) -> bool {
    log.lines > 0 && log.window.is_none_or(|w| w.overlaps(&Window { end: main.end.max(main.start + Duration::seconds(1)), ..main }))
}

fn view<'a>(log: &'a AccessLog, windows: &[Window]) -> LogView<'a> {
    let inside = |t: Time| windows.iter().any(|w| w.widened(Duration::minutes(1), Duration::minutes(1)).contains(t));
    let mut view = LogView { log, by_signature: BTreeMap::new(), by_target: BTreeMap::new(), answered: BTreeMap::new() };
    for row in log.failures.iter().filter(|f| inside(f.minute)) {
        *view.by_signature.entry(row.signature).or_default() += row.count;
        let entry = match row.signature {
            Signature::Refused => &mut view.by_target.entry(&row.target).or_default().0,
            Signature::ConnectTimeout => &mut view.by_target.entry(&row.target).or_default().1,
            _ => continue,
        };
        *entry += row.count;
    }
    view.by_target.remove("-");
    for row in log.requests.iter().filter(|r| inside(r.minute)) {
        *view.answered.entry(&row.target).or_default() += row.ok;
    }
    view
}

fn hosts<'a>(case: &'a Case, log: Option<&LogView>) -> Vec<Host<'a>> {
    let asked: BTreeSet<&str> = case.groups_in_question().iter().map(|g| g.arn.as_str()).collect();
    let of_groups = |wanted: bool| {
        let states = case.target_health.values().filter(move |t| asked.contains(t.target_group.as_str()) == wanted);
        states.map(|t| t.id.as_str()).filter(|id| id.starts_with("i-")).collect::<BTreeSet<_>>()
    };
    let (ours, others) = (of_groups.clone()(true), of_groups(false));
    let known = case.instances.keys().map(String::as_str).filter(|id| ours.contains(id) || !others.contains(id));
    let ids: BTreeSet<&str> = ours.iter().copied().chain(known).collect();
    let failing = log.map(|l| failing(case, l));
    ids.into_iter().map(|id| Host { id, instance: case.instances.get(id), failing: failing.as_ref().map(|f| f.contains(id)) }).collect()
}

/// Instances behind the addresses that failed noticeably.
fn failing(case: &Case, log: &LogView) -> BTreeSet<String> {
    let all = log.connections();
    let by_address: BTreeMap<&str, &str> = case
        .interfaces
        .values()
        .filter_map(|i| Some((i.private_ip.as_str(), i.instance.as_deref()?)))
        .chain(case.instances.values().filter_map(|i| Some((i.private_ip.as_deref()?, i.id.as_str()))))
        .collect();
    let noticeable = log.by_target.iter().filter(|(_, (a, b))| (a + b) as f64 >= 0.03 * all);
    noticeable.filter_map(|(target, _)| by_address.get(address(target)).map(|id| (*id).to_owned())).collect()
}

/// `10.0.1.5` out of `10.0.1.5:8080`, and the same for IPv6.
pub fn address(target: &str) -> &str {
    let (address, _) = target.rsplit_once(':').unwrap_or((target, ""));
    address.trim_start_matches('[').trim_end_matches(']')
}

fn group(case: &Case, analysis: &Analysis, errors_key: Option<&SeriesKey>) -> Option<String> {
    if let Some(named) = errors_key.and_then(SeriesKey::group) {
        return Some(named.to_owned());
    }
    let worst = analysis.place.groups.first().filter(|s| s.errors > 0.0).map(|s| s.name.as_str());
    let by_name = worst.and_then(|w| case.target_groups.iter().find(|g| &*g.name == w || dimension_of(&g.arn).contains(w)));
    let only = case.target_groups.first().filter(|_| case.target_groups.len() == 1);
    by_name.or(only).map(|g| dimension_of(&g.arn).to_owned())
}
