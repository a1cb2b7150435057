use crate::analysis::Analysis;
use crate::analysis::scene::Scene;
use super::*;
use crate::analysis::timeline::tests::{case, episode, minutes, onset, window};
use crate::applog::{Engine, Level};
use crate::exchange::What;
use chrono::Duration;

fn run(case: &Case) -> (Outcome, Book) {
    let analysis = Analysis { window: Some(window()), episodes: vec![episode()], ..Analysis::default() };
    let mut book = Book::default();
    (Step.run(&Scene::of(case, &analysis), &mut book), book)
}

/// Three ordinary lines a minute in the whole window, then `more`.
fn log(more: &[(i64, &str)], until: Time) -> AppLog {
    let mut engine = Engine::new("app.log", window(), chrono_tz::UTC);
    let stream = engine.stream("web-i-0aaaaaaaaaaaaaaa1");
    let mut at = window().start;
    let mut lines: Vec<(Time, String)> = Vec::new();
    while at < until {
        lines.extend((0..3).map(|n| (at + Duration::seconds(n * 20), format!("INFO request {n} served"))));
        at += Duration::minutes(1);
    }
    lines.extend(more.iter().map(|(m, line)| (minutes(*m), (*line).to_owned())));
    lines.sort();
    for (t, line) in &lines {
        engine.event(stream, *t, line.as_bytes());
    }
    engine.snapshot()
}

fn known(log: AppLog) -> Case {
    case([What::AppLog(Box::new(log)), What::Settled { area: Area::AppLog }])
}

#[test]
fn an_ordinary_log_passes() {
    let (outcome, _) = run(&known(log(&[], window().end)));
    assert_eq!(outcome.status, Status::Pass, "{}", outcome.summary.en);
}

#[test]
fn a_new_sign_at_the_onset_is_told_with_its_meaning() {
    let more: Vec<(i64, &str)> = (0..15).map(|m| (m, "[crit] accept4() failed (24: Too many open files)")).collect();
    let (outcome, book) = run(&known(log(&more, window().end)));
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.summary.en.contains("Too many open files") && outcome.summary.en.contains("no file descriptor is left"), "{}", outcome.summary.en);
    assert!(outcome.evidence[0].starts_with("applog.too-many-files.app.log"));
    assert!(book.get(&outcome.evidence[0]).is_some());
}

#[test]
fn an_error_that_bursts_warns_and_one_that_was_always_there_does_not() {
    let steady: Vec<(i64, &str)> = (-170..55).map(|m| (m, "ERROR mail server does not answer")).collect();
    assert_eq!(run(&known(log(&steady, window().end))).0.status, Status::Pass);
    let burst: Vec<(i64, &str)> = (0..200).map(|n| (n % 15, "ERROR mail server does not answer")).chain(steady).collect();
    let (outcome, _) = run(&known(log(&burst, window().end)));
    assert_eq!(outcome.status, Status::Warn);
    assert!(outcome.summary.en.contains("instead of"), "{}", outcome.summary.en);
}

#[test]
fn a_target_that_falls_silent_while_requests_come_is_told() {
    let series = crate::case::series::Series {
        key: SeriesKey::new("RequestCount", [("LoadBalancer", "app/web/1")]),
        statistic: "Sum".into(),
        period: 60,
        start: onset(),
        values: vec![100.0; 30],
    };
    let silent = log(&[], onset() - Duration::minutes(3));
    let waiting = case([What::AppLog(Box::new(silent)), What::Series(vec![series]), What::Settled { area: Area::AppLog }]);
    let (outcome, _) = run(&waiting);
    assert_eq!(outcome.status, Status::Fail);
    assert!(outcome.summary.en.contains("fell silent from"), "{}", outcome.summary.en);
}

#[test]
fn what_was_not_read_turns_nothing_green() {
    let mut partial = log(&[], window().end);
    partial.incomplete = true;
    assert_eq!(run(&known(partial)).0.status, Status::Unknown);
    assert_eq!(run(&case([])).0.status, Status::Waiting);
    assert_eq!(run(&case([What::Settled { area: Area::AppLog }])).0.status, Status::Unknown);
}

#[test]
fn levels_order_by_gravity() {
    assert!(Level::Fatal > Level::Error && Level::Error > Level::Info);
}
