//! One timeline of everything that changed: merged, related to the balancer's path, ranked.

mod grouping;
mod kinds;
mod likelihood;
mod path;

use super::Episode;
use crate::case::events::{ActorKind, Event, EventSource};
use crate::case::{Case, Derive};
use crate::time::{Time, Window};
use chrono::Duration;
use grouping::Seen;
use likelihood::OUT_OF_SCOPE;
use path::Path;
use std::collections::BTreeMap;

/// A likelihood from which an event is strong evidence, and one from which it is any.
pub const STRONG: f64 = 15.0;
pub const WEAK: f64 = 3.0;

/// Happenings in order of time, noise folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    pub entries: Vec<Entry>,
    /// How many events in the window are not about this balancer's path.
    pub folded: usize,
    /// The same by what they could do elsewhere.
    pub folded_kinds: BTreeMap<Kind, usize>,
}

/// One happening on the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Keys into [`Case::events`], the first one leading.
    pub events: Vec<(Time, EventSource, String)>,
    pub at: Time,
    pub end: Option<Time>,
    pub kind: Kind,
    pub relation: Relation,
    /// What of the path it touches, by name: `i-0ab…`, `sg-0cd…`.
    pub touches: Option<String>,
    /// Negative before the onset.
    pub seconds_from_onset: Option<i64>,
    /// From 1; nearest the path and the onset first.
    pub rank: u32,
    /// How much likelier such an event is here than anywhere (1 = no news).
    pub likelihood: f64,
    /// The call failed and changed nothing.
    pub attempt: bool,
    /// Follows from failing targets (a replacement, an alarm) and so begins nothing.
    pub symptom: bool,
}

/// What a happening can do to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    InstancePower,
    InstanceChange,
    SecurityGroup,
    NetworkAclOrRoute,
    Balancer,
    TargetRegistration,
    Scaling,
    Deployment,
    /// A process on a target started, stopped or died by itself.
    Process,
    Spot,
    ZonalShift,
    AwsFault,
    Alarm,
    SomebodyOnTheBox,
    Certificate,
    Other,
}

/// How near to the balancer's path, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// A target of then or of now.
    Target,
    TargetGroup,
    /// A security group or interface of the targets, or their subnet's ACL or routes.
    TargetNetwork,
    /// The balancer, its listeners or rules.
    Balancer,
    /// The balancer's own security group, subnets.
    BalancerNetwork,
    /// The scaling group, service or deployment behind the targets.
    Fleet,
    /// The alarm that brought us here; not on the path of any request.
    Alarm,
    /// The same network, nothing of the path.
    Vpc,
    AccountWide,
    Unrelated,
}

impl Relation {
    /// The word in the JSON report.
    pub fn id(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::TargetGroup => "target_group",
            Self::TargetNetwork => "target_network",
            Self::Balancer => "balancer",
            Self::BalancerNetwork => "balancer_network",
            Self::Fleet => "fleet",
            Self::Alarm => "alarm",
            Self::Vpc => "vpc",
            Self::AccountWide => "account",
            Self::Unrelated => "unrelated",
        }
    }

    /// Near enough to break connections between balancer and targets.
    pub fn is_on_path(self) -> bool {
        self <= Self::Fleet
    }
}

impl Entry {
    /// The leading event.
    pub fn event<'a>(&self, case: &'a Case) -> Option<&'a Event> {
        self.events.first().and_then(|key| case.events.get(key))
    }
}

impl Entry {
    /// Every event of the happening, the leading one first.
    pub fn parts<'a>(&self, case: &'a Case) -> impl Iterator<Item = &'a Event> {
        self.events.iter().filter_map(|key| case.events.get(key))
    }

    /// Touched the path, changed something, and was not itself a consequence.
    pub fn may_be_a_cause(&self) -> bool {
        self.relation.is_on_path() && !self.attempt && !self.symptom
    }
}

impl Timeline {
    /// What touched the path, most telling first.
    pub fn on_path(&self) -> Vec<&Entry> {
        let mut all: Vec<_> = self.entries.iter().filter(|e| e.may_be_a_cause()).collect();
        all.sort_by_key(|e| e.rank);
        all
    }

    /// The most telling happening of one kind on the path.
    pub fn first_of(&self, kind: Kind) -> Option<&Entry> {
        self.on_path().into_iter().find(|e| e.kind == kind)
    }
}

/// Everything that happened, whatever window is looked at.
#[derive(PartialEq)]
struct Happenings(Vec<Happening>);

#[derive(PartialEq)]
struct Happening {
    /// Not weighed yet.
    entry: Entry,
    /// Its source has not ended it.
    running: bool,
    /// How much its events can do to connections, as [`kinds::power`] says.
    power: f64,
}

impl Derive for Happenings {
    /// Before the path is known everything counts as account-wide.
    fn from(case: &Case) -> Self {
        let path = Path::of(case);
        let seen: Vec<Seen> = case.events.values().map(|event| see(event, &path)).collect();
        Self(grouping::group(&seen).iter().map(|parts| happening(&seen, parts)).collect())
    }
}

/// The timeline of the window.
pub fn build(case: &Case, window: Window, episodes: &[Episode]) -> Timeline {
    let all = case.derived::<Happenings>();
    let inside = |e: &Entry| e.at < window.end && e.end.unwrap_or(e.at) >= window.start;
    let likelihoods = Likelihoods::of(case, window, &all.0, episodes);
    let (kept, folded): (Vec<&Happening>, Vec<&Happening>) = all.0.iter().filter(|h| inside(&h.entry)).partition(|h| is_kept(&h.entry));
    let mut folded_kinds = BTreeMap::new();
    for h in &folded {
        *folded_kinds.entry(h.entry.kind).or_default() += h.entry.events.len();
    }
    let entries = kept.into_iter().map(|h| likelihoods.weighed(h)).collect();
    Timeline { entries: ranked(entries, episodes), folded: folded_kinds.values().sum(), folded_kinds }
}

fn see<'a>(event: &'a Event, path: &Path) -> Seen<'a> {
    let kind = kinds::of(event);
    let (relation, touches) = path.relate(event, kind);
    Seen { event, kind, relation, touches }
}

/// One entry of all its parts; time and range are those of the parts on the path.
fn happening(seen: &[Seen], parts: &[usize]) -> Happening {
    let all = || parts.iter().map(|i| &seen[*i]);
    let changed: Vec<&Seen> = all().filter(|s| s.event.error.is_none()).collect();
    let of: Vec<&Seen> = if changed.is_empty() { all().collect() } else { changed };
    let nearest = of.iter().min_by_key(|s| s.relation).copied().unwrap_or(&seen[parts[0]]);
    let kind = kind_of(&of, nearest);
    let leader = leader(&of, kind, nearest);
    let timed: Vec<&&Seen> = of.iter().filter(|s| s.relation.is_on_path() || !nearest.relation.is_on_path()).collect();
    let start = timed.iter().map(|s| s.event.at).min().unwrap_or(nearest.event.at);
    let last = timed.iter().map(|s| s.event.end.unwrap_or(s.event.at)).max().unwrap_or(start);
    let key = |s: &Seen| (s.event.at, s.event.source, s.event.id.clone());
    let rest = all().filter(|s| !std::ptr::eq(s.event, leader.event)).map(key);
    let of_balancer = nearest.relation == Relation::BalancerNetwork;
    let entry = Entry {
        events: std::iter::once(key(leader)).chain(rest).collect(),
        at: start,
        end: Some(last).filter(|last| *last > start && !timed.iter().any(|s| is_running(s.event))),
        kind,
        relation: nearest.relation,
        touches: nearest.touches.clone(),
        seconds_from_onset: None,
        rank: 0,
        likelihood: 1.0,
        attempt: of.iter().all(|s| s.event.error.is_some()),
        symptom: of.iter().all(|s| kinds::is_symptom(s.event)),
    };
    let power = all().filter(|s| s.kind == kind).map(|s| kinds::power(s.event, kind, of_balancer)).fold(0.0, f64::max);
    Happening { entry, running: all().any(|s| is_running(s.event)), power }
}

/// A deployment is more than the scaling and the registrations it is made of; a reclaim more than both.
fn kind_of(parts: &[&Seen], nearest: &Seen) -> Kind {
    // Tasks that come and go by a scaling policy are no deployment.
    let scaled = parts.iter().any(|s| crate::changes::ecs::is_scaling(s.event));
    if scaled && !parts.iter().any(|s| matches!(&*s.event.name, "Deployment" | "UpdateService" | "CreateDeployment")) {
        return Kind::Scaling;
    }
    // A machine that was stopped and started again is launched, too: that alone is no scaling.
    let only_launched = parts.iter().filter(|s| s.kind == Kind::Scaling).all(|s| s.event.source == EventSource::Ec2);
    if only_launched && nearest_power(parts) {
        return Kind::InstancePower;
    }
    let order = [Kind::Spot, Kind::Deployment, Kind::Scaling];
    if parts.len() == 1 || !parts.iter().any(|s| order.contains(&s.kind)) {
        return nearest.kind;
    }
    order.into_iter().find(|kind| parts.iter().any(|s| s.kind == *kind)).unwrap_or(nearest.kind)
}

fn nearest_power(parts: &[&Seen]) -> bool {
    let call = |s: &&&Seen| s.kind == Kind::InstancePower && s.event.source == EventSource::CloudTrail;
    let others = parts.iter().any(|s| matches!(s.kind, Kind::Spot | Kind::Deployment));
    !others && parts.iter().any(|s| call(&s))
}

/// Who began it: the first call by a person or a program, else the first part of the kind.
fn leader<'a>(parts: &[&'a Seen<'a>], kind: Kind, nearest: &'a Seen<'a>) -> &'a Seen<'a> {
    let of_kind = || parts.iter().filter(|s| s.kind == kind);
    let asked =
        of_kind().find(|s| matches!(s.event.actor.kind, ActorKind::Person | ActorKind::Role) && s.event.source == EventSource::CloudTrail);
    asked.or_else(|| of_kind().find(|s| s.relation == nearest.relation)).or_else(|| of_kind().next()).copied().unwrap_or(nearest)
}

/// A range that its source has not ended yet.
fn is_running(event: &Event) -> bool {
    event.end.is_none()
        && matches!(&*event.name, "Deployment" | "InstanceRefresh")
        && matches!(event.source, EventSource::Ecs | EventSource::CodeDeploy | EventSource::AutoScaling)
}

/// What the likelihood of a happening depends on besides itself.
struct Likelihoods<'a> {
    /// The real episodes, the one that counts first.
    real: Vec<&'a Episode>,
    onset: Option<Time>,
    /// How long was read.
    minutes: f64,
    /// How many of a kind there were in that time, on the path and off it.
    counts: BTreeMap<(Kind, bool), usize>,
}

impl<'a> Likelihoods<'a> {
    fn of(case: &Case, window: Window, all: &[Happening], episodes: &'a [Episode]) -> Self {
        let read = case.window().map_or(window, |w| w.hull(&window));
        let mut counts: BTreeMap<(Kind, bool), usize> = BTreeMap::new();
        // Launches and deployments of weeks ago, which some sources tell too, are not of these hours.
        let inside = |e: &&Entry| e.at < read.end && e.end.unwrap_or(e.at) >= read.start;
        let counted = all.iter().map(|h| &h.entry).filter(|e| is_counted(e)).filter(inside);
        counted.for_each(|e| *counts.entry((e.kind, e.relation.is_on_path())).or_default() += 1);
        let minutes = read.span().num_minutes().max(30) as f64;
        Self { real: main_first(episodes), onset: main(episodes).map(|e| e.onset), minutes, counts }
    }

    /// The entry with its distance from the onset and its likelihood.
    fn weighed(&self, happening: &Happening) -> Entry {
        let mut e = happening.entry.clone();
        e.seconds_from_onset = self.onset.map(|o| (e.at - o).num_seconds());
        if self.real.is_empty() || !is_counted(&e) {
            return e;
        }
        let others = self.counts.get(&(e.kind, e.relation.is_on_path())).copied().unwrap_or(1);
        let first = self.real.iter().map(|r| r.onset).min().unwrap_or(e.at);
        let end = e.end.unwrap_or(if happening.running { first.max(e.at) } else { e.at });
        let scope = if e.relation.is_on_path() || is_account_fault(&e) { 1.0 } else { OUT_OF_SCOPE };
        e.likelihood = likelihood::ratio(e.kind, e.at, end, &self.real, others, self.minutes) * scope * happening.power;
        e
    }
}

fn is_counted(e: &Entry) -> bool {
    !e.attempt && !e.symptom
}

/// A fault of AWS in our region or zone reaches the path without naming it.
fn is_account_fault(e: &Entry) -> bool {
    matches!(e.kind, Kind::AwsFault | Kind::ZonalShift) && e.relation == Relation::AccountWide
}

/// The episode that everything is measured against: the largest real one.
fn main(episodes: &[Episode]) -> Option<&Episode> {
    episodes.iter().filter(|e| !e.isolated).max_by(|a, b| a.total.total_cmp(&b.total)).or_else(|| episodes.first())
}

/// The real episodes, the one that counts first.
fn main_first(episodes: &[Episode]) -> Vec<&Episode> {
    let mut real: Vec<&Episode> = episodes.iter().filter(|e| !e.isolated).collect();
    real.sort_by(|a, b| b.total.total_cmp(&a.total).then(a.onset.cmp(&b.onset)));
    real
}

fn is_kept(e: &Entry) -> bool {
    e.relation != Relation::Unrelated && !(e.relation == Relation::Vpc && e.kind == Kind::Other)
}

/// Ranked by what they may explain, then kept in order of time.
fn ranked(mut entries: Vec<Entry>, episodes: &[Episode]) -> Vec<Entry> {
    let onset = main(episodes).map(|e| e.onset);
    let away = |e: &Entry| onset.map_or(Duration::zero(), |o| (e.at - o).abs());
    entries.sort_by(|a, b| {
        let begins_nothing = |e: &Entry| e.attempt || e.symptom;
        let order = begins_nothing(a).cmp(&begins_nothing(b)).then(b.likelihood.total_cmp(&a.likelihood));
        order.then(a.relation.cmp(&b.relation)).then(away(a).cmp(&away(b))).then(a.at.cmp(&b.at))
    });
    entries.iter_mut().zip(1..).for_each(|(e, rank)| e.rank = rank);
    entries.sort_by_key(|e| (e.at, e.rank));
    entries
}

#[cfg(test)]
#[path = "timeline/tests.rs"]
pub(crate) mod tests;
