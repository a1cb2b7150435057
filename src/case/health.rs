//! Target health: what the balancer says now, and what its health-check log said then.

use crate::text::Foreign;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// One target of one group as `DescribeTargetHealth` sees it now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TargetHealth {
    pub target_group: String,
    /// Instance id, address, function or balancer ARN.
    pub id: String,
    pub port: Option<u16>,
    pub zone: Option<String>,
    pub health_check_port: Option<u16>,
    /// `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`.
    pub state: String,
    /// `Target.Timeout`, `Target.FailedHealthChecks`, …
    pub reason: Option<String>,
    pub description: Option<Foreign>,
    /// Flagged by the balancer's own anomaly detection; `None` when it did not say.
    pub anomalous: Option<bool>,
}

/// One line of the balancer's health-check log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheckRecord {
    pub at: Time,
    /// `10.0.1.5:8080`
    pub target: String,
    pub target_group: String,
    pub passed: bool,
    pub status_code: Option<u16>,
    pub reason: Option<String>,
    /// Seconds.
    pub latency: Option<f64>,
}
