//! What a frame costs: 24 lanes over 1,000 targets × 180 minutes at 200×60, beside the same over a tenth of
//! the data, and what a zoom step costs in memory. Figures are the median of many runs of this machine.

use alb_triage::case::alarm::Alarm;
use alb_triage::case::series::{Series, SeriesKey};
use alb_triage::exchange::{Area, Fact, Subject, What};
use alb_triage::judge::judge;
use alb_triage::time::{Time, Window};
use alb_triage::tui::{App, Msg, Options, Screen, draw};
use chrono::DateTime;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::hint::black_box;
use std::time::{Duration, Instant};

const HOST_METRICS: [(&str, &str); 12] = [
    ("NetworkIn", "Sum"),
    ("NetworkOut", "Sum"),
    ("NetworkPacketsIn", "Sum"),
    ("StatusCheckFailed", "Maximum"),
    ("StatusCheckFailed_Instance", "Maximum"),
    ("StatusCheckFailed_System", "Maximum"),
    ("StatusCheckFailed_AttachedEBS", "Maximum"),
    ("CPUUtilization", "Average"),
    ("CPUCreditBalance", "Average"),
    ("CPUSurplusCreditBalance", "Average"),
    ("EBSIOBalance%", "Minimum"),
    ("EBSByteBalance%", "Minimum"),
];
const BALANCER_METRICS: [(&str, &str); 12] = [
    ("TargetConnectionErrorCount", "Sum"),
    ("RequestCount", "Sum"),
    ("NewConnectionCount", "Sum"),
    ("ActiveConnectionCount", "Sum"),
    ("RejectedConnectionCount", "Sum"),
    ("HealthyHostCount", "Minimum"),
    ("UnHealthyHostCount", "Maximum"),
    ("TargetResponseTime", "Average"),
    ("HTTPCode_ELB_502_Count", "Sum"),
    ("HTTPCode_ELB_504_Count", "Sum"),
    ("HTTPCode_Target_5XX_Count", "Sum"),
    ("HTTPCode_Target_2XX_Count", "Sum"),
];
const MINUTES: i64 = 180;

fn at(minute: i64) -> Time {
    DateTime::from_timestamp(1_763_604_300 + minute * 60, 0).unwrap_or_default()
}

fn series(metric: &str, statistic: &str, dimension: (&str, &str), salt: i64) -> Series {
    let value = |m: i64| (((m * 7919 + salt * 104_729) % 997) as f64) + if (80..110).contains(&m) { 4000.0 } else { 0.0 };
    Series {
        key: SeriesKey::new(metric, [dimension]),
        statistic: statistic.into(),
        period: 60,
        start: at(0),
        values: (0..MINUTES).map(value).collect(),
    }
}

fn facts(targets: i64) -> Vec<Fact> {
    let window = Window { start: at(0), end: at(MINUTES) };
    let subject = Subject { target: "errors".into(), at: None, window, now: at(MINUTES), demo: None };
    let alarm =
        Alarm { metric: "TargetConnectionErrorCount".into(), period: 60, threshold: 10.0, evaluation_periods: 1, ..Alarm::default() };
    let balancer = BALANCER_METRICS.iter().enumerate().map(|(i, (m, s))| series(m, s, ("LoadBalancer", "app/web/1"), i as i64));
    let hosts = (0..targets).flat_map(|t| {
        let id = format!("i-{t:017x}");
        HOST_METRICS.map(|(m, s)| series(m, s, ("InstanceId", &id), t))
    });
    let settled = [Area::BalancerMetrics, Area::HostMetrics].map(|area| What::Settled { area });
    [What::Subject(subject), What::Alarm(alarm), What::Series(balancer.collect()), What::Series(hosts.collect())]
        .into_iter()
        .chain(settled)
        .map(|what| Fact { at: at(MINUTES), origin: None, what })
        .collect()
}

fn median(n: usize, mut f: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<Duration> = (0..n).map(|_| f()).collect();
    all.sort_unstable();
    all[n / 2]
}

fn timed<T>(f: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(f());
    start.elapsed()
}

fn app(targets: i64, size: (u16, u16)) -> Option<App> {
    let mut app = App::new(&Options::default()).ok()?;
    app.update(Msg::Resize(size.0, size.1));
    app.update(Msg::Facts(facts(targets)));
    Some(app)
}

fn key(app: &mut App, c: char) {
    app.update(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
}

fn main() {
    println!("{:<58}{:>12}", "200×60, 24 lanes, 180 minutes", "median");
    let mut frames = Vec::new();
    for targets in [100, 1000] {
        let Some(mut app) = app(targets, (200, 60)) else { return };
        let frame = median(200, || timed(|| draw(&app)));
        frames.push(frame);
        println!("{:<58}{frame:>12.1?}", format!("frame, state to buffer, {targets} targets"));
        let mut screen = Screen::default();
        screen.bytes(draw(&app));
        let mut forward = false;
        let step = median(100, || {
            forward = !forward;
            timed(|| {
                key(&mut app, if forward { 'l' } else { 'h' });
                screen.bytes(draw(&app))
            })
        });
        println!("{:<58}{step:>12.1?}", format!("cursor step, key to bytes, {targets} targets"));
        let zoom = median(11, || {
            let zoom = timed(|| key(&mut app, '+'));
            key(&mut app, 'u');
            zoom
        });
        println!("{:<58}{zoom:>12.1?}", format!("zoom step, re-fold and re-order, {} series", targets * 12 + 12));
        let judging = median(3, || timed(|| judge(&app.case, None)));
        println!("{:<58}{judging:>12.1?}", format!("judgement of the whole window, {} series", targets * 12 + 12));
    }
    let growth = frames[1].as_secs_f64() / frames[0].as_secs_f64();
    println!("{:<58}{growth:>11.2}×", "frame with ten times the data");
    if let Some(small) = app(1000, (80, 24)) {
        println!("{:<58}{:>12.1?}", "frame at 80×24, 1000 targets", median(200, || timed(|| draw(&small))));
    }
}
