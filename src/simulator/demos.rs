//! The incidents that ship in the binary, as scenarios: `cargo run --example make_demos` lets them happen
//! and writes the case files.

use super::cause::Cause;
use super::scenario::{Decoy, Scenario, Sight};
use crate::time::Time;
use chrono::{DateTime, Duration};

/// Every demo by name, the default one first.
pub fn all() -> Vec<Scenario> {
    vec![overload(), process_down(), security_group()]
}

fn at(text: &str) -> Time {
    DateTime::parse_from_rfc3339(text).map(Into::into).unwrap_or_default()
}

/// Four hours up to a little after `now`, the fault at `onset`.
fn demo(name: &str, cause: Cause, seed: u64, onset: &str, now: &str) -> Scenario {
    let now = at(now);
    let start = crate::time::floor_to(now - Duration::hours(4), 300);
    Scenario {
        demo: Some(name.into()),
        start,
        now,
        onset: (at(onset) - start).num_seconds(),
        decoys: Vec::new(),
        trail_noise: 340,
        background: 0.03,
        ..Scenario::plain(cause, seed)
    }
}

/// A campaign brings three times the traffic; half of the fleet reports every five minutes only.
fn overload() -> Scenario {
    Scenario {
        lasts: Some(1500),
        targets: 8,
        detailed: 0.5,
        system: "shop".into(),
        service: "storefront".into(),
        role_names: vec!["店舗フロント".into(), "静的配信".into()],
        requests_per_minute: 21_000.0,
        decoys: vec![Decoy::OtherDeployment, Decoy::SecretRotation],
        ..demo("overload", Cause::Overload, 10, "2026-11-20T02:09:20Z", "2026-11-20T03:12:40Z")
    }
}

/// One process dies at night; the health check asks an agent on another port and sees nothing.
fn process_down() -> Scenario {
    let mut s = Scenario {
        lasts: Some(1620),
        targets: 6,
        system: "pay".into(),
        service: "checkout".into(),
        role_names: vec!["決済API".into(), "thanh-toán-nội-bộ".into()],
        requests_per_minute: 5400.0,
        decoys: vec![Decoy::CronCpu, Decoy::InstanceTypeChange],
        ..demo("process-down", Cause::ProcessDown, 3, "2026-11-19T17:41:10Z", "2026-11-19T18:55:30Z")
    };
    s.health.port = "9090".into();
    s.health.path = Some("/agent/health".into());
    s
}

/// A Terraform run takes the rule for the application's port away; open connections live on for a while.
fn security_group() -> Scenario {
    let mut s = Scenario {
        lasts: None,
        targets: 6,
        system: "web".into(),
        service: "api".into(),
        role_names: vec!["máy-chủ-api".into(), "静的配信".into()],
        requests_per_minute: 7200.0,
        decoys: vec![Decoy::OtherSecurityGroup, Decoy::DeniedAttempt, Decoy::OtherDeployment],
        sight: Sight { aws_health: true, ..Sight::default() },
        ..demo("security-group", Cause::TargetSecurityGroup, 3, "2026-11-20T06:31:05Z", "2026-11-20T07:02:20Z")
    };
    s.health.port = "8081".into();
    s
}
