//! Two hours of following an incident in compressed time, against a server that throttles, breaks, falls silent,
//! cuts answers in half, denies, lets credentials expire, over a network that goes away, while the clock jumps:
//! memory must stay flat, the screen alive, and at the end no minute may be missing. Prints a table; fails when
//! something was lost or memory grew by more than a quarter.
//!
//!     cargo run --release --example endurance
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a measurement that cannot go on should stop"
)]

#[path = "../tests/aws_stub/mod.rs"]
mod aws_stub;

use alb_triage::case::Case;
use alb_triage::cli::Common;
use alb_triage::judge::judge;
use alb_triage::simulator::{self, Scenario};
use alb_triage::sources::aws::LiveOptions;
use alb_triage::sources::aws::call::Aws;
use alb_triage::sources::aws::gather::start_with;
use alb_triage::sources::{Link, wire};
use alb_triage::time::{Time, Window, floor_to, rfc3339};
use alb_triage::tui::{App, Effect, Kind, Msg, Options, Screen, draw};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_stub::{Reply, Stub};
use chrono::Duration;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tokio::net::{TcpListener, TcpStream};

/// Minutes of the session, and how long one takes here.
const MINUTES: i64 = 120;
const MINUTE: std::time::Duration = std::time::Duration::from_millis(250);

/// From which minute to which what goes wrong.
const FAULTS: [(i64, i64, &str); 8] = [
    (10, 18, "throttled"),
    (24, 30, "error-500"),
    (36, 42, "cut-off"),
    (48, 53, "silent"),
    (60, 66, "denied"),
    (72, 78, "expired"),
    (84, 88, "gone"),
    (96, 100, "throttled"),
];

/// At which minute the clock jumps by how many minutes; a minute later it is right again.
const JUMPS: [(i64, i64); 2] = [(55, 10), (110, -10)];

/// Four hours that end now; the errors begin in the third.
fn scenario(now: Time) -> Scenario {
    let overload = simulator::demos::all().into_iter().find(|s| s.demo.as_deref() == Some("overload")).unwrap();
    Scenario { start: now - Duration::hours(4), now, onset: 9000, lasts: Some(2400), ..overload }
}

fn truth(now: Time) -> Case {
    Case::from_facts(simulator::simulate(&scenario(now)).facts)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next(), args.next()) {
        (Some("server"), Some(now), Some(mode)) => serve(now.parse().unwrap(), mode.into()).await,
        _ => follow().await,
    }
}

/// The server is a process of its own, so that the memory measured is the program's.
async fn serve(now: i64, mode: PathBuf) {
    let stub = Stub::telling(truth(chrono::DateTime::from_timestamp(now, 0).unwrap())).await;
    for operation in ["GetMetricData", "DescribeTargetHealth", "LookupEvents"] {
        let mode = mode.clone();
        stub.on(operation, move |_| fault(&std::fs::read_to_string(&mode).unwrap_or_default()));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    network(listener, stub.url.trim_start_matches("http://"), &mode).await;
}

/// What lies between program and server. While it is gone nobody listens, and what was connected is cut.
async fn network(listener: TcpListener, server: &str, mode: &Path) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    let mut connections = tokio::task::JoinSet::new();
    loop {
        if std::fs::read_to_string(mode).is_ok_and(|m| m == "gone") {
            listener = None;
            connections.shutdown().await;
        } else if listener.is_none() {
            listener = TcpListener::bind(address).await.ok();
        }
        let Some(open) = &listener else {
            tokio::time::sleep(MINUTE / 10).await;
            continue;
        };
        if let Ok(Ok((mut client, _))) = tokio::time::timeout(MINUTE / 10, open.accept()).await {
            let server = server.to_owned();
            connections.spawn(async move {
                let mut server = TcpStream::connect(server).await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await
            });
        }
        while connections.try_join_next().is_some() {}
    }
}

fn fault(mode: &str) -> Option<Reply> {
    Some(match mode {
        "throttled" => Reply::error(400, "ThrottlingException"),
        "error-500" => Reply::error(500, "InternalFailure"),
        "cut-off" => Reply::CutOff(Box::new(Reply::error(200, "InternalFailure"))),
        "silent" => Reply::Silence,
        "denied" => Reply::error(403, "AccessDenied"),
        "expired" => Reply::error(403, "ExpiredToken"),
        _ => return None,
    })
}

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(now: Time, mode: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["server", &now.timestamp().to_string(), mode.to_str().unwrap()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn session(url: &str) -> Aws {
    let seconds = std::time::Duration::from_secs;
    let timeouts = TimeoutConfig::builder().connect_timeout(seconds(1)).read_timeout(seconds(1)).build();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .endpoint_url(url)
        .timeout_config(timeouts)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("testing", "testing", None, None, "test")))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .build();
    Aws::from_config(config, None, seconds(2))
}

/// The session as the runtime leads it: facts in, asks out, a frame after each.
struct Led {
    app: App,
    link: Link,
    screen: Screen,
    facts: usize,
    bytes: usize,
    slowest: std::time::Duration,
}

impl Led {
    fn take(&mut self, msg: Msg) {
        let begun = Instant::now();
        for effect in self.app.update(msg) {
            if let Effect::Ask(ask) = effect {
                self.link.asks.send(ask).unwrap();
            }
        }
        self.bytes += self.screen.bytes(draw(&self.app)).len();
        self.slowest = self.slowest.max(begun.elapsed());
    }

    /// Takes in what comes for so long.
    async fn listen(&mut self, wait: std::time::Duration) {
        let end = Instant::now() + wait;
        while let Ok(facts) = tokio::time::timeout(end.saturating_duration_since(Instant::now()), self.link.facts.recv()).await {
            let facts = facts.expect("the source ended");
            self.facts += facts.len();
            self.take(Msg::Facts(facts));
        }
    }

    fn judge(&mut self) {
        let judged = judge(&self.app.case, None).unwrap();
        self.take(Msg::Judged(Box::new(judged)));
    }

    fn press(&mut self, keys: &str) {
        for c in keys.chars() {
            self.take(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
    }
}

fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap_or_default().to_owned();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}

async fn follow() {
    let now = floor_to(chrono::Utc::now(), 60);
    let begin = now - Duration::hours(2) - Duration::minutes(5);
    let mode = std::env::temp_dir().join(format!("alb-triage-endurance-{}", std::process::id()));
    let server = Server::start(now, &mode);
    let common =
        Common { from: Some(rfc3339(begin - Duration::hours(2) + Duration::minutes(10))), to: Some(rfc3339(begin)), ..Common::default() };
    let target = truth(now).alarm.unwrap().name.to_string();
    let (link, end) = wire();
    start_with(Some(session(&server.url)), LiveOptions::new(&common, &target, None, begin, chrono_tz::UTC).unwrap(), end);
    let app = App::new(&Options { kind: Kind::Live, ..Options::default() }).unwrap();
    let mut led = Led { app, link, screen: Screen::default(), facts: 0, bytes: 0, slowest: std::time::Duration::ZERO };
    led.take(Msg::Resize(120, 40));
    led.take(Msg::Tick(begin));
    led.listen(std::time::Duration::from_secs(20)).await;
    led.judge();
    println!(
        "{:>6}  {:<10} {:>9} {:>8} {:>7} {:>6} {:>10} {:>10}",
        "minute", "server", "MiB", "facts", "calls", "gaps", "slowest", "written"
    );
    let mut early = f64::NAN;
    for minute in 1..=MINUTES {
        let what = FAULTS.iter().find(|(from, to, _)| (*from..*to).contains(&minute)).map_or("", |f| f.2);
        std::fs::write(&mode, what).unwrap();
        let jump = JUMPS.iter().find(|(at, _)| *at == minute).map_or(0, |(_, by)| *by);
        led.take(Msg::Tick(begin + Duration::minutes(minute + jump)));
        led.listen(MINUTE).await;
        // Keys that look about but do not leave now: going back in time would end following.
        led.press(["o", "w", "t", "D", "V", "l"][minute as usize % 6]);
        if minute % 10 == 0 {
            led.judge();
            report(&led, minute, what);
        }
        if minute == 30 {
            early = memory();
        }
    }
    std::fs::write(&mode, "").unwrap();
    led.take(Msg::Tick(begin + Duration::minutes(MINUTES + 2)));
    led.listen(std::time::Duration::from_secs(15)).await;
    led.judge();
    report(&led, MINUTES + 2, "well");
    let (_, lost) = (
        std::fs::remove_file(&mode),
        lost(&led.app.case, &truth(now), Window { start: begin, end: begin + Duration::minutes(MINUTES - 3) }),
    );
    let late = memory();
    println!("\nminutes lost: {lost}; memory after 30 min {early:.0} MiB, at the end {late:.0} MiB");
    assert_eq!(lost, 0, "something was lost");
    assert!(late < early * 1.25, "memory grew");
}

fn report(led: &Led, minute: i64, what: &str) {
    let case = &led.app.case;
    let calls: u64 = case.cost.calls.values().sum();
    println!(
        "{minute:>6}  {what:<10} {:>9.1} {:>8} {calls:>7} {:>6} {:>7.1} ms {:>6.1} KiB",
        memory(),
        led.facts,
        case.gaps.len(),
        led.slowest.as_secs_f64() * 1e3,
        led.bytes as f64 / 1024.0
    );
}

/// Points that the server has and the session has not, of every series it reads.
fn lost(case: &Case, truth: &Case, window: Window) -> usize {
    let missing = |(key, track): (&_, &alb_triage::case::series::Track)| {
        let Some(ours) = case.series.get(key) else { return 0 };
        let theirs = track.stretches().iter().filter(|s| s.period == 60).flat_map(|s| s.points(window).map(move |p| (&s.statistic, p.0)));
        let held = |statistic: &str, t: Time| {
            ours.stretches().iter().any(|s| s.statistic == statistic && s.index(t).is_some_and(|i| !s.values[i].is_nan()))
        };
        let known: Vec<_> = ours.stretches().iter().map(|s| s.statistic.as_str()).collect();
        theirs.filter(|(statistic, t)| known.contains(&statistic.as_str()) && !held(statistic, *t)).count()
    };
    truth.series.iter().map(missing).sum()
}
