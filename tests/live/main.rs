//! The real binary against a server that speaks as AWS does: which calls each command makes, what a recorded
//! case is worth, and what is said when there are no usable credentials.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on should stop")]

#[path = "../aws_stub/mod.rs"]
mod aws_stub;
mod commands;
mod credentials;
mod recorded;

use alb_triage::case::Case;
use alb_triage::simulator;
use alb_triage::simulator::Scenario;
use aws_stub::Stub;
use chrono::Duration;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The demo's incident as if it had happened within the last day, so that AWS would still remember it.
#[allow(clippy::disallowed_methods, reason = "the binary under test reads the clock, too")]
fn incident() -> Case {
    let scenario = simulator::demos::all().into_iter().find(|s| s.demo.as_deref() == Some("security-group")).unwrap();
    let days = Duration::days((chrono::Utc::now() - scenario.now).num_days());
    let recent = Scenario { start: scenario.start + days, now: scenario.now + days, ..scenario };
    Case::from_facts(simulator::simulate(&recent).facts)
}

fn alarm_of(case: &Case) -> String {
    case.alarm.as_ref().unwrap().name.to_string()
}

/// The environment of a user who has nothing but this home.
fn environment(home: &Path) -> Vec<(&'static str, String)> {
    let inside = |name: &str| home.join(name).display().to_string();
    vec![
        ("PATH", std::env::var("PATH").unwrap_or_default()),
        ("HOME", home.display().to_string()),
        ("XDG_STATE_HOME", inside("state")),
        ("XDG_DATA_HOME", inside("data")),
        ("XDG_CONFIG_HOME", inside("config")),
        ("XDG_CACHE_HOME", inside("cache")),
        ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ("AWS_CONFIG_FILE", inside("aws-config")),
        ("AWS_SHARED_CREDENTIALS_FILE", inside("aws-credentials")),
        ("AWS_REGION", "ap-northeast-1".into()),
        ("LANG", "C.UTF-8".into()),
        ("TZ", "UTC".into()),
    ]
}

/// With keys that the server takes.
fn session(home: &Path, stub: &Stub) -> Vec<(&'static str, String)> {
    let keys = [("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing"), ("AWS_ENDPOINT_URL", stub.url.as_str())];
    environment(home).into_iter().chain(keys.map(|(k, v)| (k, v.to_owned()))).collect()
}

/// Runs the binary without a terminal, on a thread of its own: the server answers on this one.
async fn run(environment: Vec<(&'static str, String)>, args: &[&str]) -> Output {
    let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
    let run = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alb-triage"));
        command.env_clear().envs(environment).args(args).stdin(Stdio::null());
        command.output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
