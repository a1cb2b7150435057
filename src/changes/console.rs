//! What the console output of an instance tells: when it started, and troubles of its kernel. Everything else
//! in it is dropped at once, since it may hold secrets. Which instances are worth asking stands here, too.

use crate::accesslog::count_by;
use crate::case::Case;
use crate::case::addresses::Addresses;
use crate::case::events::{Actor, Event, EventSource};
use crate::case::topology::{Console, ConsoleLine, ConsoleSign};
use crate::time::{Time, floor_to};
use chrono::{DateTime, Duration};

/// Bytes that are looked at, from the end; EC2 keeps 64 kB.
const LONGEST: usize = 256 * 1024;
/// Lines of trouble that are kept, and characters of each.
const MOST: usize = 40;
const WIDEST: usize = 200;

/// The first words of a kernel.
const KERNEL: &str = "Linux version ";

/// The subject of the gap that stands until somebody asks.
pub const UNASKED: &str = "console output";

/// Words that tell, the surest first.
const SIGNS: &[(ConsoleSign, &[&str])] = &[
    (ConsoleSign::OutOfMemory, &["Out of memory", "out of memory: Kill", "oom-kill", "oom_reaper", "Killed process"]),
    (ConsoleSign::Panic, &["Kernel panic", "BUG: unable to handle", "general protection fault"]),
    (ConsoleSign::ConnectionTableFull, &["nf_conntrack: table full", "nf_conntrack: nf_conntrack: table full"]),
    (ConsoleSign::SynFlood, &["ossible SYN flooding"]),
    (ConsoleSign::TooManyFiles, &["Too many open files", "file-max limit"]),
    (ConsoleSign::DiskFull, &["No space left on device"]),
    (ConsoleSign::Hung, &["blocked for more than", "soft lockup", "hung_task", "rcu_sched self-detected stall"]),
    (ConsoleSign::DiskError, &["I/O error", "Remounting filesystem read-only", "EXT4-fs error", "XFS (", "nvme nvme0: I/O"]),
    (ConsoleSign::Shutdown, &["reboot: Power down", "reboot: Restarting system", "Reached target Shutdown", "Reached target Reboot"]),
];

/// Reads the output of one instance. Hostile text is bounded and cleaned.
pub fn read(instance: &str, updated: Option<Time>, output: &str) -> Console {
    let tail = &output[output.ceil_char_boundary(output.len().saturating_sub(LONGEST))..];
    let starts = starts(tail);
    let mut lines: Vec<ConsoleLine> = starts.iter().flat_map(|(text, booted)| troubles(text, *booted)).collect();
    lines.drain(..lines.len().saturating_sub(MOST));
    let booted = starts.last().and_then(|(_, booted)| *booted);
    Console { instance: instance.into(), updated, booted, lines }
}

/// The output cut at each start of the kernel, with the time of that start where its own lines tell: lines count
/// their seconds from it.
fn starts(output: &str) -> Vec<(&str, Option<Time>)> {
    let line_of = |at: usize| output[..at].rfind('\n').map_or(0, |n| n + 1);
    let mut cuts: Vec<usize> = output.match_indices(KERNEL).map(|(at, _)| line_of(at)).filter(|at| *at > 0).collect();
    cuts.dedup();
    let mut from = 0;
    let parts = cuts.into_iter().chain([output.len()]).map(|to| &output[std::mem::replace(&mut from, to)..to]);
    parts.map(|text| (text, text.lines().find_map(booted))).collect()
}

fn troubles(text: &str, booted: Option<Time>) -> impl Iterator<Item = ConsoleLine> {
    text.lines().filter_map(move |line| {
        let sign = sign(line)?;
        Some(ConsoleLine { sign, at: booted.and_then(|b| at(b, line)), text: super::json::cut(line.trim(), WIDEST).into() })
    })
}

fn sign(line: &str) -> Option<ConsoleSign> {
    // `XFS (nvme0n1p1): Mounting` is no error.
    let found = SIGNS.iter().find(|(_, words)| words.iter().any(|w| line.contains(w)))?.0;
    let harmless =
        found == ConsoleSign::DiskError && line.contains("XFS (") && !["error", "corrupt", "shut"].iter().any(|w| line.contains(w));
    (!harmless).then_some(found)
}

/// `[  123.456789] …`: seconds since the start.
fn uptime(line: &str) -> Option<f64> {
    let inside = line.trim_start().strip_prefix('[')?.split_once(']')?.0;
    inside.trim().parse().ok().filter(|s: &f64| s.is_finite() && *s >= 0.0 && *s < 1e9)
}

fn at(booted: Time, line: &str) -> Option<Time> {
    booted.checked_add_signed(Duration::seconds(uptime(line)? as i64))
}

/// When the machine started, by a line that tells both the time of day and the seconds since.
fn booted(line: &str) -> Option<Time> {
    let (at, up) = by_cloud_init(line).or_else(|| by_clock(line))?;
    let up = Duration::milliseconds((up.clamp(0.0, 1e7) * 1000.0) as i64);
    at.checked_sub_signed(up).map(|t| floor_to(t, 1))
}

/// `Cloud-init v. 24.1 running 'init' at Tue, 24 Nov 2026 02:12:16 +0000. Up 9.45 seconds.`
fn by_cloud_init(line: &str) -> Option<(Time, f64)> {
    let (_, rest) = line.split_once("Cloud-init v.")?;
    let (_, rest) = rest.split_once("' at ")?;
    let (date, rest) = rest.split_once(". Up ")?;
    let up = rest.split_whitespace().next()?.parse().ok()?;
    Some((DateTime::parse_from_rfc2822(date.trim()).ok()?.to_utc(), up))
}

/// `[    0.913409] rtc_cmos 00:00: setting system clock to 2026-11-24T02:12:07 UTC (1795486327)`
fn by_clock(line: &str) -> Option<(Time, f64)> {
    let (_, rest) = line.split_once("setting system clock to ")?;
    let seconds = rest.rsplit_once('(')?.1.split_once(')')?.0.parse().ok()?;
    Some((DateTime::from_timestamp(seconds, 0)?, uptime(line)?))
}

/// Instances worth asking, at most so many: those that failed most, by the access log; those that failed their
/// status check or are not healthy now; then any.
pub fn in_question(case: &Case, most: usize) -> Vec<String> {
    let addresses = case.derived::<Addresses>();
    let failed = case.access_log.iter().flat_map(|l| &l.failures).filter(|r| r.signature.is_failed_connection());
    let mut counts: Vec<_> = count_by(failed, |r| r.target.as_str()).into_iter().collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let address = |target: &str| target.rsplit_once(':').map_or(target, |(host, _)| host).trim_matches(['[', ']']).to_owned();
    let failing = counts.iter().filter_map(|(target, _)| addresses.instance(case, &address(target))).map(|i| i.id.as_str());
    let status = case
        .series
        .of("StatusCheckFailed")
        .filter(|(_, t)| t.may_exceed(0.0) && t.stretches().iter().any(|s| s.values.iter().any(|v| *v > 0.0)));
    let unwell = case.target_health.values().filter(|t| t.state != "healthy" || t.anomalous == Some(true)).map(|t| t.id.as_str());
    let unwell = unwell.filter(|id| case.instances.contains_key(*id));
    let all = failing.chain(status.filter_map(|(k, _)| k.instance())).chain(unwell);
    let mut chosen: Vec<String> = Vec::new();
    for id in all.chain(case.instances.keys().map(String::as_str)) {
        if chosen.len() < most && !chosen.iter().any(|c| c == id) {
            chosen.push(id.to_owned());
        }
    }
    chosen
}

/// The start, and each trouble whose time is known.
pub fn events(console: &Console) -> Vec<Event> {
    let id = &console.instance;
    let event = |at: Time, name: &str, words: String| Event {
        id: format!("console/{id}/{name}/{}", at.timestamp_millis()),
        at,
        end: None,
        source: EventSource::Ec2,
        name: name.into(),
        service: "ec2.amazonaws.com".into(),
        actor: Actor::default(),
        resources: vec![id.as_str().into()],
        summary: words.into(),
        error: None,
        raw: None,
    };
    let booted = console.booted.map(|at| event(at, "Booted", format!("{id}: its console says that it started")));
    let troubles = console.lines.iter().filter_map(|l| Some(event(l.at?, name(l.sign), format!("{id}: {}", l.text))));
    booted.into_iter().chain(troubles).collect()
}

/// The event's name of a sign.
fn name(sign: ConsoleSign) -> &'static str {
    match sign {
        ConsoleSign::OutOfMemory => "OutOfMemory",
        ConsoleSign::Panic => "KernelPanic",
        ConsoleSign::Hung => "KernelHang",
        ConsoleSign::ConnectionTableFull => "ConnectionTableFull",
        ConsoleSign::SynFlood => "SynFlood",
        ConsoleSign::TooManyFiles => "TooManyFiles",
        ConsoleSign::DiskFull => "DiskFull",
        ConsoleSign::DiskError => "DiskError",
        ConsoleSign::Shutdown => "Shutdown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::rfc3339;
    use proptest::prelude::*;

    const OUTPUT: &str = "[ 9999.000000] Out of memory: Killed process 1 (old)\n\
        [    0.000000] Linux version 6.1.0 (mockbuild@host)\n\
        [    3.101000] XFS (nvme0n1p1): Mounting V5 Filesystem\n\
        [    9.450000] cloud-init[1431]: Cloud-init v. 22.2.2 running 'init' at Tue, 24 Nov 2026 02:12:16 +0000. Up 9.45 seconds.\n\
        DB_PASSWORD=hunter2\n\
        [  120.500000] Out of memory: Killed process 2211 (java) total-vm:8123456kB\u{1b}[2J\n\
        [  180.000000] nf_conntrack: nf_conntrack: table full, dropping packet\n";

    #[test]
    fn starts_and_troubles_are_dated_and_nothing_else_is_kept() {
        let console = read("i-0123456789abcdef0", None, OUTPUT);
        assert_eq!(console.booted.map(rfc3339).as_deref(), Some("2026-11-24T02:12:06Z"));
        let found: Vec<_> = console.lines.iter().map(|l| (l.sign, l.at.map(rfc3339))).collect();
        let time = |t: &str| Some(t.to_owned());
        assert_eq!(
            found,
            [
                (ConsoleSign::OutOfMemory, None),
                (ConsoleSign::OutOfMemory, time("2026-11-24T02:14:06Z")),
                (ConsoleSign::ConnectionTableFull, time("2026-11-24T02:15:06Z")),
            ]
        );
        let kept = format!("{console:?}");
        assert!(!kept.contains("hunter2") && !kept.contains('\u{1b}'), "{kept}");
        let names: Vec<_> = events(&console).iter().map(|e| e.name.to_string()).collect();
        assert_eq!(names, ["Booted", "OutOfMemory", "ConnectionTableFull"]);
    }

    #[test]
    fn the_kernels_own_clock_dates_a_start_and_each_start_its_own_lines() {
        let output = "[    0.000000] Linux version 6.1.0\n\
            [    0.913409] rtc_cmos 00:00: setting system clock to 2026-11-24T02:00:00 UTC (1795485600)\n\
            [  600.000000] Out of memory: Killed process 1 (java)\n\
            [  601.000000] Kernel panic - not syncing: System is deadlocked on memory\n\
            [    0.000000] Linux version 6.1.0\n\
            [    1.000000] rtc_cmos 00:00: setting system clock to 2026-11-24T02:11:00 UTC (1795486260)\n\
            [   60.000000] TCP: request_sock_TCP: Possible SYN flooding on port 8080. Sending cookies.\n\
            [   61.000000] VFS: file-max limit 65536 reached\n";
        let console = read("i-1", None, output);
        assert_eq!(console.booted.map(rfc3339).as_deref(), Some("2026-11-24T02:10:59Z"));
        let found: Vec<_> = console.lines.iter().map(|l| (l.sign, l.at.map(rfc3339).unwrap_or_default())).collect();
        assert_eq!(
            found,
            [
                (ConsoleSign::OutOfMemory, "2026-11-24T02:09:59Z".to_owned()),
                (ConsoleSign::Panic, "2026-11-24T02:10:00Z".to_owned()),
                (ConsoleSign::SynFlood, "2026-11-24T02:11:59Z".to_owned()),
                (ConsoleSign::TooManyFiles, "2026-11-24T02:12:00Z".to_owned()),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_output_breaks_it(text in "(\\PC|\n|Out of memory|Linux version |Cloud-init v. 1 running 'x' at |\\[ 1e9\\]| Up 9){0,40}") {
            prop_assert!(read("i-1", None, &text).lines.len() <= MOST);
        }
    }
}
