//! The case: everything that is known about one incident. It changes only by [`Case::absorb`].

pub mod addresses;
pub mod alarm;
pub mod answers;
mod derived;
pub mod events;
pub mod gaps;
pub mod health;
pub mod network;
pub mod series;
pub mod topology;

use crate::accesslog::{AccessLog, Roster};
use crate::applog::AppLog;
use crate::changes;
use crate::exchange::{Area, Cost, Fact, Origin, Subject, Unasked, What};
use crate::text::Foreign;
use crate::time::{Time, Window};
use alarm::{Alarm, AlarmChange, CodeAlarm, CompositeAlarm};
use answers::Answer;
use events::{Event, EventSource, Reach};
use gaps::{Gap, Reason};
use health::{HealthCheckRecord, TargetHealth};
use network::{Interface, NetworkAcl, PrefixList, Probe, RouteTable, SecurityGroup, Subnet};
use series::SeriesStore;
use std::collections::{BTreeMap, BTreeSet};
use topology::{Console, EcsService, HostAgent, Identity, Instance, InstanceStatus, Listener, LoadBalancer, TargetGroup, dimension_of};

pub use derived::{Derive, Derived};

/// Everything known about one incident.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    pub subject: Option<Subject>,
    pub identity: Option<Identity>,
    pub alarm: Option<Alarm>,
    pub alarm_changes: Vec<AlarmChange>,
    /// Those that the alarm is a child of.
    pub composite_alarms: Vec<CompositeAlarm>,
    pub code_alarms: Vec<CodeAlarm>,
    /// Composite alarms in files.
    pub code_composites: Vec<CodeAlarm>,
    pub load_balancer: Option<LoadBalancer>,
    pub target_groups: Vec<TargetGroup>,
    pub listeners: Vec<Listener>,
    /// By (group ARN, target id, port).
    pub target_health: BTreeMap<(String, String, Option<u16>), TargetHealth>,
    pub health_checks: Vec<HealthCheckRecord>,
    /// By instance id; those of then and of now.
    pub instances: BTreeMap<String, Instance>,
    pub instance_statuses: BTreeMap<String, InstanceStatus>,
    /// By instance id.
    pub host_agents: BTreeMap<String, HostAgent>,
    pub consoles: BTreeMap<String, Console>,
    /// By ARN.
    pub ecs_services: BTreeMap<String, EcsService>,
    pub series: SeriesStore,
    /// By time, then source and id; one entry an id.
    pub events: BTreeMap<(Time, EventSource, String), Event>,
    pub reaches: BTreeMap<EventSource, Reach>,
    pub security_groups: BTreeMap<String, SecurityGroup>,
    pub network_acls: BTreeMap<String, NetworkAcl>,
    pub route_tables: BTreeMap<String, RouteTable>,
    pub subnets: BTreeMap<String, Subnet>,
    pub interfaces: BTreeMap<String, Interface>,
    pub prefix_lists: BTreeMap<String, PrefixList>,
    /// By `address:port`; connects tried from here.
    pub probes: BTreeMap<String, Probe>,
    pub access_log: Option<AccessLog>,
    /// By the log's name.
    pub app_logs: BTreeMap<String, AppLog>,
    pub answers: Vec<Answer>,
    pub gaps: BTreeSet<Gap>,
    /// What the readings of events so far could not see; the next one may.
    pub blind_spots: BTreeSet<Gap>,
    /// Gaps told again of areas that are being read once more.
    pub retold: BTreeMap<Area, BTreeSet<Gap>>,
    pub cost: Cost,
    /// Left out because of its price, by area; what it would cost altogether.
    pub unasked: BTreeMap<Area, Unasked>,
    /// Areas being read, with what is known of the progress.
    pub busy: BTreeMap<Area, (Time, Foreign)>,
    /// Areas of which nothing more will come.
    pub settled: BTreeSet<Area>,
    /// Where each area's facts came from, newest last.
    pub origins: BTreeMap<Area, Vec<Origin>>,
    /// When each of them was read, the last time if it was read again.
    pub fetched: BTreeMap<Origin, Time>,
    /// Worked out from all the others already: see [`Case::derived`].
    pub derived: Derived,
}

impl Case {
    /// Builds a case from facts in order.
    pub fn from_facts(facts: impl IntoIterator<Item = Fact>) -> Self {
        let mut case = Self::default();
        for fact in facts {
            case.absorb(fact);
        }
        case
    }

    /// Takes in one fact. Facts may come late, twice and in any order.
    pub fn absorb(&mut self, fact: Fact) {
        self.derived = Derived::default();
        if let (Some(origin), Some(area)) = (fact.origin, fact.what.area()) {
            let fetched = self.fetched.entry(origin.clone()).or_insert(fact.at);
            *fetched = fact.at.max(*fetched);
            let seen = self.origins.entry(area).or_default();
            if !seen.contains(&origin) {
                seen.push(origin);
            }
        }
        match fact.what {
            What::Subject(s) => self.subject = Some(s),
            What::Identity(i) => self.identity = Some(i),
            What::Alarm(a) => self.alarm = Some(a),
            What::AlarmChanges(changes) => {
                self.happened(changes.iter().filter_map(changes::alarms::event));
                self.alarm_changes.extend(changes);
                self.alarm_changes.sort_by(|a, b| (a.at, &a.summary).cmp(&(b.at, &b.summary)));
                self.alarm_changes.dedup();
            }
            What::CompositeAlarms(all) => put(&mut self.composite_alarms, all, |a| a.name.to_string()),
            What::LoadBalancer(lb) => self.load_balancer = Some(lb),
            What::TargetGroups(groups) => put(&mut self.target_groups, groups, |g| g.arn.clone()),
            What::Listeners(listeners) => put(&mut self.listeners, listeners, |l| l.arn.clone()),
            What::TargetHealth(states) => {
                self.target_health.extend(states.into_iter().map(|t| ((t.target_group.clone(), t.id.clone(), t.port), t)))
            }
            What::HealthCheckRecords(records) => {
                self.health_checks.extend(records);
                self.health_checks.sort_by(|a, b| (a.at, &a.target).cmp(&(b.at, &b.target)));
                self.health_checks.dedup();
            }
            What::Instances(all) => {
                self.happened(all.iter().flat_map(changes::instances::of_instance));
                self.instances.extend(all.into_iter().map(|i| (i.id.clone(), i)));
            }
            What::InstanceStatuses(all) => {
                self.happened(all.iter().flat_map(changes::instances::of_status));
                self.instance_statuses.extend(all.into_iter().map(|i| (i.id.clone(), i)));
            }
            What::HostAgents(all) => self.host_agents.extend(all.into_iter().map(|a| (a.instance.clone(), a))),
            What::Consoles(all) => {
                self.happened(all.iter().flat_map(changes::console::events));
                self.gaps.retain(|g| g.area != Area::Consoles || &*g.subject != changes::console::UNASKED);
                self.consoles.extend(all.into_iter().map(|c| (c.instance.clone(), c)));
            }
            What::EcsServices(all) => self.ecs_services.extend(all.into_iter().map(|s| (s.arn.clone(), s))),
            What::Series(all) => all.into_iter().for_each(|s| self.series.absorb(s)),
            What::Events(all) => self.happened(all),
            What::Reach(r) => {
                self.reaches.insert(r.source, r);
                self.blind_spots = self.reaches.values().flat_map(Reach::gaps).collect();
            }
            What::SecurityGroups(all) => self.security_groups.extend(all.into_iter().map(|g| (g.id.clone(), g))),
            What::NetworkAcls(all) => self.network_acls.extend(all.into_iter().map(|a| (a.id.clone(), a))),
            What::RouteTables(all) => self.route_tables.extend(all.into_iter().map(|r| (r.id.clone(), r))),
            What::Subnets(all) => self.subnets.extend(all.into_iter().map(|s| (s.id.clone(), s))),
            What::Interfaces(all) => self.interfaces.extend(all.into_iter().map(|i| (i.id.clone(), i))),
            What::Probes(all) => self.probes.extend(all.into_iter().map(|p| (p.target.clone(), p))),
            What::PrefixLists(all) => self.prefix_lists.extend(all.into_iter().map(|p| (p.id.clone(), p))),
            What::AccessLog(mut log) => {
                log.put_in_order();
                self.access_log = Some(*log);
            }
            What::AppLog(log) => {
                self.app_logs.insert(log.name.to_string(), *log);
            }
            What::CodeAlarms(all) => self.code_alarms = all,
            What::CodeComposites(all) => self.code_composites = all,
            What::Answer(a) => self.answers.push(a),
            What::Gap(g) => {
                if let Some(retold) = self.retold.get_mut(&g.area) {
                    retold.insert(g.clone());
                }
                self.gaps.insert(g);
            }
            What::Unasked(u) => {
                let all = self.unasked.entry(u.area).or_insert(Unasked { metrics: 0, estimated_usd: 0.0, ..u });
                (all.metrics, all.estimated_usd) = (all.metrics + u.metrics, all.estimated_usd + u.estimated_usd);
                all.at_least |= u.at_least;
            }
            What::Cost(c) => self.cost = c,
            What::Busy { area, detail } => {
                if self.settled.remove(&area) {
                    self.retold.insert(area, BTreeSet::new());
                    self.unasked.remove(&area);
                }
                let since = self.busy.get(&area).map_or(fact.at, |(since, _)| *since);
                self.busy.insert(area, (since, detail));
            }
            What::Settled { area } => {
                self.busy.remove(&area);
                self.settled.insert(area);
                // Read once more without being told again: whatever stood in the way is gone.
                if let Some(retold) = self.retold.remove(&area) {
                    self.gaps.retain(|g| g.area != area || !g.reason.may_pass() || retold.contains(g));
                }
            }
        }
    }

    fn happened(&mut self, events: impl IntoIterator<Item = Event>) {
        self.events.extend(events.into_iter().map(|e| ((e.at, e.source, e.id.clone()), e)));
    }

    /// "Now" for this case.
    pub fn now(&self) -> Option<Time> {
        self.subject.as_ref().map(|s| s.now)
    }

    /// Everything that was gathered, unless nothing was.
    pub fn window(&self) -> Option<Window> {
        self.subject.as_ref().map(|s| s.window)
    }

    /// The alarm's own series' dimensions name the group; without one every group of the balancer counts.
    pub fn groups_in_question(&self) -> Vec<&TargetGroup> {
        let named = self.alarm.as_ref().and_then(|a| a.dimensions.get("TargetGroup"));
        let picked: Vec<_> = self.target_groups.iter().filter(|g| named.is_none_or(|d| dimension_of(&g.arn) == d)).collect();
        if picked.is_empty() { self.target_groups.iter().collect() } else { picked }
    }

    /// The gaps of some areas.
    pub fn gaps_of<'a>(&'a self, areas: &'a [Area]) -> impl Iterator<Item = &'a Gap> + 'a {
        self.gaps.iter().filter(move |g| areas.contains(&g.area))
    }

    /// Whether something may have been changed that was not read: then "no event" is no finding.
    pub fn may_miss_changes(&self) -> bool {
        const SOURCES: [Area; 2] = [Area::Changes, Area::Lifecycle];
        let closed = |g: &Gap| SOURCES.contains(&g.area) && g.reason != Reason::NotApplicable;
        SOURCES.into_iter().any(|a| self.is_waiting_for(a)) || self.gaps.iter().chain(&self.blind_spots).any(closed)
    }

    /// Whether something of the area is still to come.
    pub fn is_waiting_for(&self, area: Area) -> bool {
        !self.settled.contains(&area)
    }

    /// The newest answer to a step, if a person gave one.
    pub fn answer_to(&self, check: &str) -> Option<&Answer> {
        self.answers.iter().filter(|a| a.check == check).max_by_key(|a| a.at)
    }
}

impl Derive for Roster {
    fn from(case: &Case) -> Self {
        case.access_log.as_ref().map(Self::of).unwrap_or_default()
    }
}

/// Adds or replaces by key, keeping the order of arrival.
fn put<T>(into: &mut Vec<T>, new: Vec<T>, key: impl Fn(&T) -> String) {
    for item in new {
        match into.iter_mut().find(|old| key(old) == key(&item)) {
            Some(old) => *old = item,
            None => into.push(item),
        }
    }
}

impl What {
    /// The area a fact belongs to, where there is just one.
    pub fn area(&self) -> Option<Area> {
        Some(match self {
            Self::Identity(_) => Area::Identity,
            Self::Alarm(_) | Self::CompositeAlarms(_) => Area::Alarm,
            Self::AlarmChanges(_) => Area::AlarmHistory,
            Self::LoadBalancer(_) | Self::TargetGroups(_) | Self::Listeners(_) => Area::Balancer,
            Self::TargetHealth(_) => Area::TargetHealth,
            Self::HealthCheckRecords(_) => Area::HealthCheckLog,
            Self::Instances(_) | Self::InstanceStatuses(_) | Self::HostAgents(_) => Area::Instances,
            Self::Consoles(_) => Area::Consoles,
            Self::EcsServices(_) => Area::Lifecycle,
            Self::Series(all) => match all.first() {
                Some(s) if s.key.instance().is_some() => Area::HostMetrics,
                _ => Area::BalancerMetrics,
            },
            Self::Events(all) => match all.first()?.source {
                EventSource::CloudTrail => Area::Changes,
                EventSource::AutoScaling | EventSource::Ecs | EventSource::CodeDeploy => Area::Lifecycle,
                EventSource::AwsHealth | EventSource::ZonalShift => Area::AwsHealth,
                EventSource::Alarm => Area::AlarmHistory,
                EventSource::Ec2 => Area::Instances,
                EventSource::AppLog => Area::AppLog,
            },
            Self::Reach(r) => r.area,
            Self::SecurityGroups(_)
            | Self::NetworkAcls(_)
            | Self::RouteTables(_)
            | Self::Subnets(_)
            | Self::Interfaces(_)
            | Self::Probes(_)
            | Self::PrefixLists(_) => Area::Network,
            Self::AccessLog(_) => Area::AccessLog,
            Self::AppLog(_) => Area::AppLog,
            Self::CodeAlarms(_) | Self::CodeComposites(_) => Area::AlarmCode,
            Self::Answer(_) => Area::People,
            Self::Gap(g) => g.area,
            Self::Unasked(u) => u.area,
            Self::Busy { area, .. } | Self::Settled { area } => *area,
            Self::Subject(_) | Self::Cost(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gaps::Reason;

    fn facts(all: Vec<What>) -> Case {
        Case::from_facts(all.into_iter().map(|what| Fact { at: Time::default(), origin: None, what }))
    }

    /// After new credentials, one key reads everything once more: what was denied then is no gap any more.
    #[test]
    fn a_gap_is_closed_when_its_area_is_read_again_without_it() {
        let area = Area::HostMetrics;
        let gap =
            |detail: &str, reason| What::Gap(Gap { area, subject: "GetMetricData".into(), reason, action: None, detail: detail.into() });
        let (busy, settled) = (What::Busy { area, detail: "again".into() }, What::Settled { area });
        let first = vec![gap("expired", Reason::Denied), gap("no agent", Reason::NotEnabled), settled.clone(), busy];
        assert_eq!(facts(first.clone()).gaps.len(), 2, "it stands while the area is being read");
        let again = |more: Vec<What>| facts([first.clone(), more, vec![settled.clone()]].concat());
        let left: Vec<_> = again(vec![]).gaps.into_iter().map(|g| g.reason).collect();
        assert_eq!(left, [Reason::NotEnabled]);
        assert_eq!(again(vec![gap("expired", Reason::Denied)]).gaps.len(), 2, "told again, it stays");
    }
}
