//! Ask and Fact: the two words between the program and the world.
//!
//! Sources answer asks with facts; a case absorbs facts; a case file is a list of facts. What is not a
//! fact did not happen. New kinds of fact are new rows of [`What`]; old programs skip those they do not
//! know and say so.

mod reading;

use crate::accesslog::AccessLog;
use crate::applog::AppLog;
use crate::case::{
    alarm::{Alarm, AlarmChange, CodeAlarm, CompositeAlarm},
    answers::Answer,
    events::{Event, Reach},
    gaps::Gap,
    health::{HealthCheckRecord, TargetHealth},
    network::{Interface, NetworkAcl, PrefixList, Probe, RouteTable, SecurityGroup, Subnet},
    series::Series,
    topology::{Console, EcsService, HostAgent, Identity, Instance, InstanceStatus, Listener, LoadBalancer, TargetGroup},
};
use crate::text::Foreign;
use crate::time::{Time, Window};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The parts of the world that are asked about one by one, in the order in which they help a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    Identity,
    Alarm,
    AlarmHistory,
    Balancer,
    TargetHealth,
    BalancerMetrics,
    Instances,
    HostMetrics,
    /// CloudTrail.
    Changes,
    /// Auto Scaling, ECS, CodeDeploy: where targets come and go.
    Lifecycle,
    Network,
    AccessLog,
    HealthCheckLog,
    AppLog,
    /// What consoles of machines say; only on request.
    Consoles,
    /// The alarm's definition in Terraform files.
    AlarmCode,
    /// AWS Health and zonal shifts.
    AwsHealth,
    /// Earlier days, for comparison.
    Baseline,
    /// What people said.
    People,
}

/// Something wanted from the sources. The newest ask of an area wins; facts of older ones still count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    pub area: Area,
    pub window: Window,
    /// Seconds; what the metrics should be fetched at, if the area is about metrics.
    pub period: Option<u32>,
    /// What is meant, by id, where it is not everything of the area: instances whose consoles are wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// Somebody agreed to pay for what the first reading left out because of its price: that is what is meant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over_ceiling: bool,
    pub generation: u64,
    /// Nothing more is wanted of the area: its reading ends where it is.
    #[serde(default)]
    pub stop: bool,
}

impl Ask {
    /// Everything of an area.
    pub fn new(area: Area, window: Window, period: Option<u32>, generation: u64) -> Self {
        Self { area, window, period, subjects: Vec::new(), over_ceiling: false, generation, stop: false }
    }
}

/// One thing that is true, when it was learned, and from where.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// When it was learned.
    pub at: Time,
    /// The call or the file it came from, so that every number can be traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    #[serde(flatten)]
    pub what: What,
}

/// Where a fact came from: an API operation (`cloudwatch:GetMetricData`) and what it was asked, or a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    pub operation: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
}

/// What an incident was asked about, before anything was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// The alarm name, ARN, URL … as given.
    pub target: Foreign,
    /// The time of the incident, if the user or the alarm's message said so.
    pub at: Option<Time>,
    /// What is gathered; the incident lies somewhere inside.
    pub window: Window,
    /// "Now" for the case: nothing after it can be known.
    pub now: Time,
    /// Name of the demo, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demo: Option<String>,
}

/// Everything that can be learned. `fact` names the kind in a case file, `value` holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", content = "value", rename_all = "snake_case")]
pub enum What {
    Subject(Subject),
    Identity(Identity),
    Alarm(Alarm),
    AlarmChanges(Vec<AlarmChange>),
    /// Composite alarms that the alarm is a child of.
    CompositeAlarms(Vec<CompositeAlarm>),
    LoadBalancer(LoadBalancer),
    TargetGroups(Vec<TargetGroup>),
    Listeners(Vec<Listener>),
    TargetHealth(Vec<TargetHealth>),
    HealthCheckRecords(Vec<HealthCheckRecord>),
    Instances(Vec<Instance>),
    InstanceStatuses(Vec<InstanceStatus>),
    HostAgents(Vec<HostAgent>),
    Consoles(Vec<Console>),
    EcsServices(Vec<EcsService>),
    Series(Vec<Series>),
    Events(Vec<Event>),
    /// How far a source of events has been read.
    Reach(Reach),
    SecurityGroups(Vec<SecurityGroup>),
    NetworkAcls(Vec<NetworkAcl>),
    RouteTables(Vec<RouteTable>),
    Subnets(Vec<Subnet>),
    Interfaces(Vec<Interface>),
    PrefixLists(Vec<PrefixList>),
    /// The newest of a target replaces the one before.
    Probes(Vec<Probe>),
    /// Tallies of the access log; the newest replaces the one before.
    AccessLog(Box<AccessLog>),
    /// Templates of one application log; the newest of the same name replaces the one before.
    AppLog(Box<AppLog>),
    CodeAlarms(Vec<CodeAlarm>),
    /// Composite alarms in files, all of them.
    CodeComposites(Vec<CodeAlarm>),
    Answer(Answer),
    Gap(Gap),
    /// Metrics or queries that were not asked for: they would have cost more than the ceiling. Beside the gap that says so.
    Unasked(Unasked),
    /// Calls made so far, by operation; the newest replaces the one before.
    Cost(Cost),
    /// An area is being read; `detail` says what and how far (`page 6, back to 01:40`).
    Busy {
        area: Area,
        detail: Foreign,
    },
    /// Nothing more will come for an area, whether it was read or not.
    Settled {
        area: Area,
    },
}

/// What was left out because of its price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unasked {
    pub area: Area,
    pub metrics: u64,
    /// In US dollars, from list prices.
    pub estimated_usd: f64,
    /// It may be more: how much there is to read is not known before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

/// What the calls of a case amount to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    pub calls: BTreeMap<String, u64>,
    /// Metrics asked of GetMetricData: the one thing here that CloudWatch bills.
    pub metrics_requested: u64,
    /// In US dollars, from list prices.
    pub estimated_usd: f64,
}
