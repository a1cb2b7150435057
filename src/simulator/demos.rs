//! The incidents that ship in the binary, as scenarios: `cargo run --example make_demos` lets them happen
//! and writes the case files.

use super::cause::Cause;
use super::scenario::{Decoy, Scenario, Sight};
use crate::time::Time;
use chrono::{DateTime, Duration};

/// Every demo by name, the default one first.
pub fn all() -> Vec<Scenario> {
    vec![
        overload(),
        process_down(),
        security_group(),
        reboot(),
        scale_in(),
        deploy(),
        network_acl(),
        credits(),
        zone(),
        noise(),
        double_fault(),
    ]
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
        sight: Sight { host_agents: true, ..Sight::default() },
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
        sight: Sight { trace_ids: true, host_agents: true, ..Sight::default() },
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
        ..demo("process-down", Cause::ProcessDown, 7, "2026-11-19T17:41:10Z", "2026-11-19T18:55:30Z")
    };
    s.health.port = "9090".into();
    s.health.path = Some("/agent/health".into());
    (s.sight.consoles, s.sight.health_check_log) = (true, true);
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
        sight: Sight { aws_health: true, host_agents: true, trace_ids: true, ..Sight::default() },
        ..demo("security-group", Cause::TargetSecurityGroup, 3, "2026-11-20T06:31:05Z", "2026-11-20T07:02:20Z")
    };
    s.health.port = "8081".into();
    s
}

/// Somebody reboots a target in working hours: refused, silent, refused, well.
fn reboot() -> Scenario {
    Scenario {
        lasts: Some(600),
        targets: 4,
        system: "portal".into(),
        service: "web".into(),
        role_names: vec!["会員ポータル".into(), "portal-static".into()],
        requests_per_minute: 4800.0,
        decoys: vec![Decoy::OtherSecurityGroup, Decoy::SecretRotation],
        sight: Sight { host_agents: true, consoles: true, ..Sight::default() },
        ..demo("reboot", Cause::PowerEvent, 11, "2026-11-19T05:14:30Z", "2026-11-19T05:52:10Z")
    }
}

/// A scheduled action makes the fleet smaller; instances go before their requests do.
fn scale_in() -> Scenario {
    Scenario {
        lasts: Some(600),
        targets: 10,
        system: "media".into(),
        service: "thumbs".into(),
        role_names: vec!["サムネイル生成".into(), "media-admin".into()],
        requests_per_minute: 16_000.0,
        decoys: vec![Decoy::CronCpu, Decoy::OtherDeployment],
        ..demo("scale-in", Cause::ScaleIn, 4, "2026-11-19T13:05:40Z", "2026-11-19T13:41:00Z")
    }
}

/// New code is put on every host in turn, without taking it out of the balancer first.
fn deploy() -> Scenario {
    Scenario {
        lasts: Some(600),
        targets: 8,
        system: "booking".into(),
        service: "reserve".into(),
        role_names: vec!["đặt-phòng".into(), "予約管理".into()],
        requests_per_minute: 9600.0,
        decoys: vec![Decoy::OtherSecurityGroup, Decoy::SmallSurge],
        sight: Sight { trace_ids: true, host_agents: true, ..Sight::default() },
        ..demo("deploy", Cause::InPlaceDeploy, 10, "2026-11-19T02:32:15Z", "2026-11-19T03:20:45Z")
    }
}

/// A deny rule in the network ACL of one zone's subnet: everything to it stops at once.
fn network_acl() -> Scenario {
    Scenario {
        lasts: None,
        targets: 6,
        system: "erp".into(),
        service: "orders".into(),
        role_names: vec!["受注API".into(), "erp-static".into()],
        requests_per_minute: 6600.0,
        decoys: vec![Decoy::OtherDeployment, Decoy::OtherSecurityGroup],
        sight: Sight { host_agents: true, health_check_log: true, ..Sight::default() },
        ..demo("nacl", Cause::NetworkAcl, 13, "2026-11-20T08:21:50Z", "2026-11-20T08:43:30Z")
    }
}

/// Small burstable instances work off their last CPU credits; traffic is as on any day.
fn credits() -> Scenario {
    Scenario {
        lasts: Some(2400),
        targets: 5,
        instance_type: "t3.medium".into(),
        usual_load: 0.27,
        detailed: 0.0,
        system: "campus".into(),
        service: "lms".into(),
        role_names: vec!["học-trực-tuyến".into(), "campus-static".into()],
        requests_per_minute: 6000.0,
        decoys: vec![Decoy::OtherDeployment],
        ..demo("credits", Cause::CpuCredits, 5, "2026-11-20T04:26:00Z", "2026-11-20T05:31:10Z")
    }
}

/// One zone goes dark; nobody in the account touched anything.
fn zone() -> Scenario {
    Scenario {
        lasts: Some(1900),
        targets: 9,
        zones: 3,
        system: "live".into(),
        service: "chat".into(),
        role_names: vec!["ライブチャット".into(), "live-static".into()],
        requests_per_minute: 14_000.0,
        sight: Sight { aws_health: true, host_agents: true, ..Sight::default() },
        decoys: vec![Decoy::OtherSecurityGroup, Decoy::InstanceTypeChange],
        ..demo("zone", Cause::Zone, 8, "2026-11-20T10:02:25Z", "2026-11-20T11:06:00Z")
    }
}

/// The alarm fires on single stray errors: nothing is wrong but its threshold.
fn noise() -> Scenario {
    Scenario {
        lasts: Some(600),
        targets: 6,
        background: 0.09,
        system: "docs".into(),
        service: "wiki".into(),
        role_names: vec!["社内Wiki".into(), "docs-static".into()],
        requests_per_minute: 5200.0,
        decoys: vec![Decoy::OtherDeployment, Decoy::CronCpu],
        datapoints: (1, 1),
        ..demo("noise", Cause::AlarmArtefact, 3, "2026-11-19T08:10:00Z", "2026-11-19T09:15:20Z")
    }
}

/// A process dies on one target, and near it in time the hardware under another.
fn double_fault() -> Scenario {
    let mut s = Scenario {
        causes: vec![Cause::ProcessDown, Cause::HostFailure],
        lasts: Some(1500),
        targets: 6,
        system: "pos".into(),
        service: "register".into(),
        role_names: vec!["レジ連携".into(), "pos-static".into()],
        requests_per_minute: 6900.0,
        decoys: vec![Decoy::OtherDeployment],
        ..demo("double", Cause::ProcessDown, 9, "2026-11-20T11:33:10Z", "2026-11-20T12:27:45Z")
    };
    s.health.port = "8081".into();
    s
}
