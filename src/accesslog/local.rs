//! Access logs and health-check logs that lie on this machine, for a case.

use super::names::Kind;
use super::other_logs::HealthChecks;
use super::scan::{self, Damage, Found, Progress, Scanned};
use super::summary::Summary;
use super::{AccessLog, count_by};
use crate::case::gaps::{Gap, Reason};
use crate::case::health::HealthCheckRecord;
use crate::exchange::Area;
use crate::text::Foreign;
use crate::time::Window;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// Damaged objects that are named one by one.
const NAMED: usize = 50;

/// Reads the access logs under some paths. What could not be read is a gap each, and the rest is read.
pub fn read_access(
    paths: &[PathBuf],
    window: Option<Window>,
    stop: &AtomicBool,
    progress: &(dyn Fn(Progress) + Sync),
) -> (AccessLog, Vec<Gap>) {
    let found = Found::under(paths, Kind::Access, window);
    let (parts, scanned) = scan::run(&found.jobs, scan::workers(), stop, progress, || Summary::new(window));
    let mut all = Summary::new(window);
    for part in parts {
        all.merge(part);
    }
    let mut log = all.into_log();
    let damaged = damage(&found, &scanned);
    log.source = source(paths);
    log.window = window;
    log.files = scanned.files;
    log.bytes = scanned.bytes;
    log.left_out = found.outside.len() as u64;
    log.incomplete = scanned.stopped;
    log.damaged = damaged.iter().take(NAMED).map(|d| format!("{}: {}", d.name, d.why).into()).collect();
    let mut gaps = gaps(Area::AccessLog, &damaged);
    if scanned.files == 0 && damaged.is_empty() {
        gaps.push(nothing_found(Area::AccessLog, paths, found.outside.len()));
    }
    (log, gaps)
}

/// Reads the health-check logs under some paths, if there are any.
pub fn read_health_checks(paths: &[PathBuf], window: Option<Window>, stop: &AtomicBool) -> (Vec<HealthCheckRecord>, Vec<Gap>) {
    let found = Found::under(paths, Kind::HealthCheck, window);
    let (parts, scanned) = scan::run(&found.jobs, scan::workers(), stop, &|_| {}, || HealthChecks::new(window));
    let mut all = HealthChecks::new(window);
    for part in parts {
        all.merge(part);
    }
    let mut gaps = gaps(Area::HealthCheckLog, &damage(&found, &scanned));
    if scanned.files == 0 {
        gaps.push(nothing_found(Area::HealthCheckLog, paths, found.outside.len()));
    }
    (all.into_records(), gaps)
}

/// Where the logs were read, in words.
pub fn source(paths: &[PathBuf]) -> Foreign {
    paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ").into()
}

fn damage(found: &Found, scanned: &Scanned) -> Vec<Damage> {
    found.damaged.iter().chain(&scanned.damaged).cloned().collect()
}

fn gaps(area: Area, damaged: &[Damage]) -> Vec<Gap> {
    let gap =
        |d: &Damage| Gap { area, subject: d.name.clone().into(), reason: Reason::Unavailable, action: None, detail: d.words().en.into() };
    damaged.iter().take(NAMED).map(gap).collect()
}

fn nothing_found(area: Area, paths: &[PathBuf], outside: usize) -> Gap {
    let detail = if outside > 0 {
        format!("{outside} log files are there, none of them of this window")
    } else {
        "there are no log files of this kind".to_owned()
    };
    Gap { area, subject: source(paths), reason: Reason::Unavailable, action: None, detail: detail.into() }
}

/// Failures an access log holds altogether.
pub fn total(log: &AccessLog) -> u64 {
    count_by(log.failures.iter(), |_| ()).into_values().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::line::tests::REFUSED;

    #[test]
    fn a_directory_is_read_and_what_is_damaged_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
        write("a.log", format!("{REFUSED}\n{REFUSED}\n").as_bytes());
        write("empty.log.gz", b"");
        write("broken.log.gz", &[0x1f, 0x8b, 8, 0, 1, 2, 3]);
        write("ELBAccessLogTestFile", b"Enable AccessLog for ELB");
        write("README.md", b"not a log");
        write("health_check_log_1.log", b"http 2026-11-20T13:00:00.000000Z 0.1 10.0.1.5:8080 api-8080 PASS 200 -\n");
        let paths = [dir.path().to_path_buf()];
        let (log, gaps) = read_access(&paths, None, &AtomicBool::new(false), &|_| {});
        assert_eq!((log.files, log.lines, log.malformed, total(&log)), (3, 2, 0, 2));
        assert_eq!((gaps.len(), log.damaged.len()), (1, 1));
        assert!(gaps[0].subject.contains("broken.log.gz"));
        let (records, gaps) = read_health_checks(&paths, None, &AtomicBool::new(false));
        assert_eq!((records.len(), gaps.len()), (1, 0));
    }

    #[test]
    fn nothing_there_is_a_gap_and_not_a_quiet_log() {
        let dir = tempfile::tempdir().unwrap();
        let (_, gaps) = read_access(&[dir.path().into()], None, &AtomicBool::new(false), &|_| {});
        assert_eq!(gaps.len(), 1);
        let (_, gaps) = read_access(&[dir.path().join("gone")], None, &AtomicBool::new(false), &|_| {});
        assert_eq!(gaps.len(), 1);
    }
}
