//! What checks and causes look at: the stretches of errors, the group and the targets in question, and which of
//! them failed.

use crate::accesslog::{AccessLog, FailureRow, Roster, Signature};
use crate::analysis::grid::{self, Grid};
use crate::analysis::shift::Shift;
use crate::analysis::{Analysis, Episode, episodes, localisation};
use crate::case::Case;
use crate::case::addresses::Addresses;
use crate::case::series::{SeriesKey, Track};
use crate::case::topology::{Instance, TargetGroup, dimension_of};
use crate::time::{Time, Window};
use chrono::Duration;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A machine behind the balancer.
pub struct Host<'a> {
    /// Among the hosts of the scene.
    pub place: usize,
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
    /// Where a host is among them, by its id.
    places: HashMap<&'a str, usize>,
    pub log: Option<LogView<'a>>,
    /// By metric, of every host that publishes it.
    hosts_of: Mutex<HashMap<&'static str, Arc<[OfHost<'a>]>>>,
    /// By metric, of every host; see [`super::shift::of_hosts`].
    pub(super) shifts: Mutex<HashMap<&'static str, Shifts>>,
}

/// A metric of one host.
pub(super) struct OfHost<'a> {
    /// Of the host in [`Scene::hosts`].
    pub place: usize,
    pub key: &'a SeriesKey,
    pub track: &'a Track,
}

/// How a metric of every host moved, by host.
pub(super) type Shifts = Arc<[(Arc<str>, Shift)]>;

/// The access log inside the stretches of errors.
pub struct LogView<'a> {
    pub log: &'a AccessLog,
    pub by_signature: BTreeMap<Signature, u64>,
    /// Connection failures by target: refused, timed out.
    pub by_target: BTreeMap<&'a str, (u64, u64)>,
    /// Requests answered by target.
    pub answered: BTreeMap<&'a str, u64>,
    /// Its targets, numbered.
    pub roster: Arc<Roster>,
}

impl<'a> LogView<'a> {
    /// Failed connections in some windows, each with the number of its target.
    pub fn failed_connections(&self, windows: &[Window]) -> impl Iterator<Item = (usize, &'a FailureRow)> + use<'_, 'a> {
        localisation::each_once(windows).flat_map(|w| self.roster.failures(self.log, w)).filter(|(_, r)| r.signature.is_failed_connection())
    }

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
        let log = case.access_log.as_ref().filter(|l| covers(l, main)).map(|l| view(case, l, &windows));
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
            places: hosts.iter().map(|h| h.id).zip(0..).collect(),
            hosts,
            log,
            hosts_of: Mutex::default(),
            shifts: Mutex::default(),
        }
    }

    /// A series with hours around, on the period that shows what is looked at best.
    pub fn grid(&self, key: &SeriesKey) -> Grid {
        grid::around(self.case, key, self.looked, self.around)
    }

    /// A metric of each of the hosts that publishes it, in the order of their ids; looked up once for a scene.
    pub(super) fn of_hosts(&self, metric: &'static str) -> Arc<[OfHost<'a>]> {
        let find = || {
            let of_host = |(key, track): (&'a SeriesKey, &'a Track)| Some(OfHost { place: *self.places.get(key.instance()?)?, key, track });
            self.case.series.of(metric).filter_map(of_host).collect()
        };
        locked(&self.hosts_of).entry(metric).or_insert_with(find).clone()
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

/// What is remembered here is whole after every line, whoever panicked.
pub(super) fn locked<T>(memory: &Mutex<T>) -> MutexGuard<'_, T> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

fn covers(log: &AccessLog, main: Window) -> bool {
    log.lines > 0 && log.window.is_none_or(|w| w.overlaps(&Window { end: main.end.max(main.start + Duration::seconds(1)), ..main }))
}

fn view<'a>(case: &Case, log: &'a AccessLog, windows: &[Window]) -> LogView<'a> {
    let near: Vec<Window> = windows.iter().map(|w| w.widened(Duration::minutes(1), Duration::minutes(1))).collect();
    let roster = case.derived::<Roster>();
    let mut by_signature = BTreeMap::new();
    let mut failed: Vec<Option<(&str, (u64, u64))>> = vec![None; roster.len()];
    for (target, row) in localisation::each_once(&near).flat_map(|w| roster.failures(log, w)) {
        *by_signature.entry(row.signature).or_default() += row.count;
        let (_, (refused, silent)) = match row.signature {
            Signature::Refused | Signature::ConnectTimeout => failed[target].get_or_insert((&row.target, (0, 0))),
            _ => continue,
        };
        *(if row.signature == Signature::Refused { refused } else { silent }) += row.count;
    }
    let mut answered: Vec<Option<(&str, u64)>> = vec![None; roster.len()];
    for (target, row) in localisation::each_once(&near).flat_map(|w| roster.requests(log, w)) {
        answered[target].get_or_insert((&row.target, 0)).1 += row.ok;
    }
    let mut by_target: BTreeMap<_, _> = failed.into_iter().flatten().collect();
    by_target.remove("-");
    LogView { log, by_signature, by_target, answered: answered.into_iter().flatten().collect(), roster }
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
    let host = |(place, id): (usize, &'a str)| Host {
        place,
        id,
        instance: case.instances.get(id),
        failing: failing.as_ref().map(|f| f.contains(id)),
    };
    ids.into_iter().enumerate().map(host).collect()
}

/// Instances behind the addresses that failed noticeably.
fn failing(case: &Case, log: &LogView) -> BTreeSet<String> {
    let all = log.connections();
    let addresses = case.derived::<Addresses>();
    let noticeable = log.by_target.iter().filter(|(_, (a, b))| (a + b) as f64 >= 0.03 * all);
    noticeable.filter_map(|(target, _)| addresses.home(address(target))?.instance.clone()).collect()
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
