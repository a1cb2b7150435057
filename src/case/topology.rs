//! Who we are, and what is wired to what: balancer, listeners, rules, target groups, instances.

use crate::text::Foreign;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The caller and where it looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    pub account: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Foreign>,
    pub arn: Foreign,
    pub region: String,
    /// When the credentials end, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
}

/// An Application Load Balancer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancer {
    pub arn: String,
    pub name: Foreign,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    pub vpc: String,
    pub state: String,
    pub security_groups: Vec<String>,
    /// One a zone.
    pub zones: Vec<Zone>,
    /// `idle_timeout.timeout_seconds` → `60` and so on, as AWS names them.
    pub attributes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Foreign>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    pub name: String,
    pub subnet: String,
}

/// The `LoadBalancer`/`TargetGroup` dimension value: the tail of the ARN.
pub fn dimension_of(arn: &str) -> &str {
    let tail = arn.rsplit(':').next().unwrap_or(arn);
    tail.strip_prefix("loadbalancer/").unwrap_or(tail)
}

/// `api-8080` out of `targetgroup/api-8080/0123456789abcdef`, or out of an ARN.
pub fn short_name(dimension: &str) -> &str {
    let mut parts = dimension_of(dimension).split('/');
    match (parts.next(), parts.next()) {
        (Some("app" | "net" | "targetgroup"), Some(name)) => name,
        (Some(first), _) => first,
        _ => dimension,
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TargetGroup {
    pub arn: String,
    pub name: Foreign,
    /// `instance`, `ip`, `lambda` or `alb`.
    pub target_type: String,
    pub protocol: Option<String>,
    pub port: Option<u16>,
    pub vpc: Option<String>,
    /// `ipv4` or `ipv6`: how targets named by instance are reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<String>,
    pub health_check: HealthCheck,
    /// `deregistration_delay.timeout_seconds` → `300` and so on.
    pub attributes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Foreign>,
}

/// Durations in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    pub enabled: bool,
    pub protocol: Option<String>,
    /// `traffic-port` or a number.
    pub port: String,
    pub path: Option<Foreign>,
    pub interval: u32,
    pub timeout: u32,
    pub healthy_threshold: u32,
    pub unhealthy_threshold: u32,
    /// HTTP codes that count as healthy: `200`, `200-399`.
    pub matcher: Option<String>,
}

impl Default for HealthCheck {
    /// The API's defaults.
    fn default() -> Self {
        Self {
            enabled: true,
            protocol: Some("HTTP".into()),
            port: "traffic-port".into(),
            path: Some("/".into()),
            interval: 30,
            timeout: 5,
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            matcher: Some("200".into()),
        }
    }
}

impl HealthCheck {
    /// The port checked for a target on `traffic_port`.
    pub fn port_for(&self, traffic_port: u16) -> u16 {
        self.port.parse().unwrap_or(traffic_port)
    }

    /// About how long a dead target keeps receiving traffic, in seconds.
    pub fn detection_seconds(&self) -> u32 {
        self.interval.saturating_mul(self.unhealthy_threshold).saturating_add(self.timeout)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    pub arn: String,
    pub port: u16,
    pub protocol: String,
    /// By priority; the default rule last.
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub arn: String,
    /// `10` or `default`.
    pub priority: String,
    /// `path-pattern /api/*` and so on, one a condition.
    pub conditions: Vec<Foreign>,
    /// `forward`, `redirect`, `fixed-response`, `authenticate-oidc`, …
    pub action: String,
    /// For `forward`.
    pub forwards: Vec<Forward>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Forward {
    pub target_group: String,
    pub weight: u32,
}

/// An EC2 instance behind the balancer, now or at the time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    pub id: String,
    pub name: Option<Foreign>,
    pub instance_type: String,
    pub zone: String,
    pub subnet: String,
    pub vpc: String,
    pub private_ip: Option<String>,
    #[serde(default)]
    pub ipv6: Vec<String>,
    pub state: String,
    /// `Client.UserInitiatedShutdown` and so on.
    pub state_reason: Option<Foreign>,
    pub launch_time: Option<Time>,
    /// One-minute metrics (`true`) or five-minute ones.
    pub detailed_monitoring: bool,
    pub security_groups: Vec<String>,
    pub auto_scaling_group: Option<Foreign>,
    /// `spot` or nothing.
    pub lifecycle: Option<String>,
    /// `standard` or `unlimited`, for burstable types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Foreign>,
}

impl Instance {
    /// T2, T3, T3a, T4g: types that live on CPU credits.
    pub fn is_burstable(&self) -> bool {
        ["t2.", "t3.", "t3a.", "t4g."].iter().any(|family| self.instance_type.starts_with(family))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InstanceStatus {
    pub id: String,
    /// `ok`, `impaired`, `initializing`, `insufficient-data`, `not-applicable`.
    pub system: String,
    pub instance: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ebs: Option<String>,
    pub scheduled: Vec<ScheduledEvent>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScheduledEvent {
    /// `instance-reboot`, `system-maintenance`, `instance-retirement`, …
    pub code: String,
    pub description: Foreign,
    pub not_before: Option<Time>,
    pub not_after: Option<Time>,
}

/// An ECS service that registers its tasks with one of the groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EcsService {
    pub arn: String,
    /// Names, as metrics have them.
    pub cluster: Foreign,
    pub name: Foreign,
    pub target_groups: Vec<String>,
    pub task_definition: String,
    pub desired: u32,
    pub running: u32,
    /// The container behind the balancer.
    pub container: Foreign,
    /// Seconds from SIGTERM to SIGKILL of that container; `None` when its definition was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<u32>,
}

/// What Systems Manager says of its agent on an instance: whether the operating system there is alive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostAgent {
    pub instance: String,
    /// `Online`, `ConnectionLost` or `Inactive`.
    pub ping: String,
    pub last_heard: Option<Time>,
}

/// What the console of an instance tells of starts and troubles of its kernel; nothing else of it is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Console {
    pub instance: String,
    /// When the output was last updated.
    pub updated: Option<Time>,
    /// When the machine started last, as its own first lines say.
    pub booted: Option<Time>,
    pub lines: Vec<ConsoleLine>,
}

/// A line of the console that tells of trouble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsoleLine {
    pub sign: ConsoleSign,
    /// `None` when nothing in the output tells when the machine had started.
    pub at: Option<Time>,
    pub text: Foreign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleSign {
    OutOfMemory,
    Panic,
    /// A task or a processor that hangs.
    Hung,
    ConnectionTableFull,
    SynFlood,
    TooManyFiles,
    DiskFull,
    DiskError,
    Shutdown,
}
