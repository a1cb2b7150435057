//! The catalog of metrics: one row a metric. Adding one here fetches, draws and ranks it.

pub mod usual;

use crate::case::series::SeriesKey;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a metric is measured of, and so which dimensions it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// `LoadBalancer`
    Balancer,
    /// `AvailabilityZone, LoadBalancer`
    Zone,
    /// `LoadBalancer, TargetGroup`
    Group,
    /// `AvailabilityZone, LoadBalancer, TargetGroup`
    GroupZone,
    /// `InstanceId`
    Instance,
    /// `AutoScalingGroupName`
    ScalingGroup,
    /// `ClusterName, ServiceName`
    EcsService,
    /// `InstanceId` and whatever else the CloudWatch agent adds.
    Agent,
    /// Computed here from others.
    Derived,
}

/// How a metric may be used when causes are weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The alarm metric and its parts: correlated by construction.
    Alarm,
    /// May be a cause.
    Cause,
    /// A consequence of failing connections; never offered as a cause.
    Consequence,
    /// Shown, not ranked.
    Context,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Count,
    Percent,
    Bytes,
    Seconds,
    Credits,
    /// 0 or 1.
    State,
}

/// One row of the catalog.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// The id: CloudWatch's own name, also of derived metrics.
    pub name: &'static str,
    pub namespace: &'static str,
    pub scopes: &'static [Scope],
    /// The statistic that is right for it.
    pub statistic: &'static str,
    pub unit: Unit,
    /// Published only when not zero: absent means 0 where requests flowed, else unknown.
    pub sparse: bool,
    pub role: Role,
    /// The finest period it is ever published at, in seconds (five minutes for basic-only metrics).
    pub finest: u32,
    /// Place in the runbook's own order; lanes are drawn in it.
    pub order: u16,
}

impl Metric {
    /// Whether it counts things in a period.
    pub fn is_count(&self) -> bool {
        self.unit == Unit::Count && self.statistic == "Sum"
    }
}

/// A metric by its name.
pub fn find(name: &str) -> Option<&'static Metric> {
    static BY_NAME: LazyLock<HashMap<&str, &Metric>> = LazyLock::new(|| CATALOG.iter().map(|m| (m.name, m)).collect());
    BY_NAME.get(name).copied()
}

/// Whether a series tells if an earlier time was like this one: what may be a cause, for the balancer as a whole
/// and for each host.
pub fn tells_of_earlier(key: &SeriesKey) -> bool {
    if key.instance().is_some() {
        return matches!(key.metric.as_str(), "CPUUtilization" | "NetworkIn");
    }
    let named = matches!(key.metric.as_str(), "HealthyHostCount" | "TargetResponseTime");
    key.zone().is_none() && (named || find(&key.metric).is_some_and(|m| matches!(m.role, Role::Alarm | Role::Cause)))
}

/// The alarm metric that all this is about.
pub const ERRORS: &str = "TargetConnectionErrorCount";

const ALB: &str = "AWS/ApplicationELB";
const EC2: &str = "AWS/EC2";
const ALL: &[Scope] = &[Scope::Balancer, Scope::Zone, Scope::Group, Scope::GroupZone];
const LB: &[Scope] = &[Scope::Balancer, Scope::Zone];
const TG: &[Scope] = &[Scope::Group, Scope::GroupZone];
const HOST: &[Scope] = &[Scope::Instance];

#[allow(clippy::too_many_arguments, reason = "one argument a column of the table below")]
const fn row(
    order: u16,
    name: &'static str,
    namespace: &'static str,
    scopes: &'static [Scope],
    statistic: &'static str,
    unit: Unit,
    sparse: bool,
    role: Role,
    finest: u32,
) -> Metric {
    Metric { name, namespace, scopes, statistic, unit, sparse, role, finest, order }
}

/// Every metric the runbook and the causes need, in the order of the runbook.
#[rustfmt::skip]
pub const CATALOG: &[Metric] = &[
    row(10, ERRORS, ALB, ALL, "Sum", Unit::Count, true, Role::Alarm, 60),
    row(20, "RequestCount", ALB, ALL, "Sum", Unit::Count, false, Role::Cause, 60),
    row(21, "RequestsPerHealthyTarget", "", &[Scope::Derived], "Sum", Unit::Count, false, Role::Cause, 60),
    row(22, "NewConnectionCount", ALB, LB, "Sum", Unit::Count, true, Role::Cause, 60),
    row(23, "ActiveConnectionCount", ALB, LB, "Sum", Unit::Count, true, Role::Consequence, 60),
    row(24, "RejectedConnectionCount", ALB, LB, "Sum", Unit::Count, true, Role::Cause, 60),
    row(25, "TargetTLSNegotiationErrorCount", ALB, ALL, "Sum", Unit::Count, true, Role::Cause, 60),
    row(26, "ClientTLSNegotiationErrorCount", ALB, LB, "Sum", Unit::Count, true, Role::Cause, 60),
    row(30, "NetworkIn", EC2, HOST, "Sum", Unit::Bytes, false, Role::Cause, 60),
    row(31, "NetworkOut", EC2, HOST, "Sum", Unit::Bytes, false, Role::Cause, 60),
    row(32, "NetworkPacketsIn", EC2, HOST, "Sum", Unit::Count, false, Role::Cause, 300),
    row(40, "StatusCheckFailed", EC2, HOST, "Maximum", Unit::State, false, Role::Cause, 60),
    row(41, "StatusCheckFailed_Instance", EC2, HOST, "Maximum", Unit::State, false, Role::Cause, 60),
    row(42, "StatusCheckFailed_System", EC2, HOST, "Maximum", Unit::State, false, Role::Cause, 60),
    row(43, "StatusCheckFailed_AttachedEBS", EC2, HOST, "Maximum", Unit::State, false, Role::Cause, 60),
    row(50, "CPUUtilization", EC2, HOST, "Average", Unit::Percent, false, Role::Cause, 60),
    row(51, "CPUCreditBalance", EC2, HOST, "Average", Unit::Credits, false, Role::Cause, 300),
    row(52, "CPUSurplusCreditBalance", EC2, HOST, "Average", Unit::Credits, false, Role::Cause, 300),
    row(53, "EBSIOBalance%", EC2, HOST, "Minimum", Unit::Percent, false, Role::Cause, 300),
    row(54, "EBSByteBalance%", EC2, HOST, "Minimum", Unit::Percent, false, Role::Cause, 300),
    row(60, "HealthyHostCount", ALB, TG, "Minimum", Unit::Count, false, Role::Consequence, 60),
    row(61, "UnHealthyHostCount", ALB, TG, "Maximum", Unit::Count, false, Role::Consequence, 60),
    row(62, "AnomalousHostCount", ALB, TG, "Maximum", Unit::Count, false, Role::Consequence, 60),
    row(63, "UnhealthyRoutingRequestCount", ALB, TG, "Sum", Unit::Count, true, Role::Consequence, 60),
    row(64, "UnhealthyStateRouting", ALB, TG, "Maximum", Unit::Count, true, Role::Consequence, 60),
    row(70, "TargetResponseTime", ALB, ALL, "Average", Unit::Seconds, true, Role::Consequence, 60),
    row(71, "RequestCountPerTarget", ALB, &[Scope::Group], "Sum", Unit::Count, false, Role::Consequence, 60),
    row(80, "HTTPCode_ELB_502_Count", ALB, LB, "Sum", Unit::Count, true, Role::Consequence, 60),
    row(81, "HTTPCode_ELB_503_Count", ALB, LB, "Sum", Unit::Count, true, Role::Consequence, 60),
    row(82, "HTTPCode_ELB_504_Count", ALB, LB, "Sum", Unit::Count, true, Role::Consequence, 60),
    row(83, "HTTPCode_ELB_500_Count", ALB, LB, "Sum", Unit::Count, true, Role::Consequence, 60),
    row(84, "HTTPCode_ELB_5XX_Count", ALB, LB, "Sum", Unit::Count, true, Role::Consequence, 60),
    row(85, "HTTPCode_Target_5XX_Count", ALB, ALL, "Sum", Unit::Count, true, Role::Consequence, 60),
    row(86, "HTTPCode_Target_2XX_Count", ALB, ALL, "Sum", Unit::Count, true, Role::Consequence, 60),
    row(90, "ErrorRate", "", &[Scope::Derived], "Average", Unit::Percent, false, Role::Alarm, 60),
    row(91, "LogFailures", "", &[Scope::Derived], "Sum", Unit::Count, false, Role::Consequence, 60),
    row(100, "mem_used_percent", "CWAgent", &[Scope::Agent], "Maximum", Unit::Percent, false, Role::Cause, 60),
    row(101, "swap_used_percent", "CWAgent", &[Scope::Agent], "Maximum", Unit::Percent, false, Role::Cause, 60),
    row(102, "ethtool_conntrack_allowance_exceeded", "CWAgent", &[Scope::Agent], "Sum", Unit::Count, false, Role::Cause, 60),
    row(103, "ethtool_pps_allowance_exceeded", "CWAgent", &[Scope::Agent], "Sum", Unit::Count, false, Role::Cause, 60),
    row(104, "netstat_tcp_time_wait", "CWAgent", &[Scope::Agent], "Maximum", Unit::Count, false, Role::Cause, 60),
    row(110, "ECSCPUUtilization", "AWS/ECS", &[Scope::EcsService], "Average", Unit::Percent, false, Role::Cause, 60),
    row(111, "ECSMemoryUtilization", "AWS/ECS", &[Scope::EcsService], "Average", Unit::Percent, false, Role::Cause, 60),
    row(112, "RunningTaskCount", "ECS/ContainerInsights", &[Scope::EcsService], "Minimum", Unit::Count, false, Role::Context, 60),
    row(113, "PendingTaskCount", "ECS/ContainerInsights", &[Scope::EcsService], "Maximum", Unit::Count, false, Role::Context, 60),
];

impl Metric {
    /// CloudWatch's own name, which two namespaces may share.
    pub fn cloudwatch_name(&self) -> &'static str {
        self.name.strip_prefix("ECS").unwrap_or(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_in_order() {
        for pair in CATALOG.windows(2) {
            assert!(pair[0].order < pair[1].order, "{} and {}", pair[0].name, pair[1].name);
        }
        let mut names: Vec<_> = CATALOG.iter().map(|m| m.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CATALOG.len());
    }

    #[test]
    fn balancer_codes_have_no_target_group() {
        for m in CATALOG.iter().filter(|m| m.name.starts_with("HTTPCode_ELB") || m.name.ends_with("ConnectionCount")) {
            assert!(!m.scopes.contains(&Scope::Group), "{}", m.name);
        }
    }
}
