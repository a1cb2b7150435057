//! What the console output of an instance tells: when it started, and troubles of its kernel. Everything else
//! in it is dropped at once, since it may hold secrets.

use crate::case::events::{Actor, Event, EventSource};
use crate::case::topology::{Console, ConsoleLine, ConsoleSign};
use crate::time::{Time, floor_to};
use chrono::{DateTime, Duration};

/// Bytes that are looked at, from the end; EC2 keeps 64 kB.
const LONGEST: usize = 256 * 1024;
/// Lines of trouble that are kept, and characters of each.
const MOST: usize = 40;
const WIDEST: usize = 200;

/// Words that tell, the surest first.
const SIGNS: &[(ConsoleSign, &[&str])] = &[
    (ConsoleSign::OutOfMemory, &["Out of memory", "oom-kill", "oom_reaper", "Killed process"]),
    (ConsoleSign::Panic, &["Kernel panic", "BUG: unable to handle", "general protection fault"]),
    (ConsoleSign::ConnectionTableFull, &["nf_conntrack: table full", "nf_conntrack: nf_conntrack: table full"]),
    (ConsoleSign::SynFlood, &["Possible SYN flooding"]),
    (ConsoleSign::Hung, &["blocked for more than", "soft lockup", "hung_task", "rcu_sched self-detected stall"]),
    (ConsoleSign::DiskError, &["I/O error", "Remounting filesystem read-only", "EXT4-fs error", "XFS (", "nvme nvme0: I/O"]),
    (ConsoleSign::Shutdown, &["reboot: Power down", "reboot: Restarting system", "Reached target Shutdown", "Reached target Reboot"]),
];

/// Reads the output of one instance. Hostile text is bounded and cleaned.
pub fn read(instance: &str, updated: Option<Time>, output: &str) -> Console {
    let tail = &output[output.ceil_char_boundary(output.len().saturating_sub(LONGEST))..];
    // Only the newest start dates the lines after it.
    let start = tail.rmatch_indices("Linux version ").next().map_or(0, |(at, _)| at);
    let booted = tail[start..].lines().find_map(booted);
    let mut lines: Vec<ConsoleLine> = Vec::new();
    let mut offset = 0;
    for line in tail.split_inclusive('\n') {
        let dated = booted.filter(|_| offset >= start);
        lines.extend(sign(line).map(|sign| ConsoleLine {
            sign,
            at: dated.and_then(|b| at(b, line)),
            text: super::json::cut(line.trim(), WIDEST).into(),
        }));
        offset += line.len();
    }
    lines.drain(..lines.len().saturating_sub(MOST));
    Console { instance: instance.into(), updated, booted, lines }
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

/// `Cloud-init v. 24.1 running 'init' at Tue, 24 Nov 2026 02:12:16 +0000. Up 9.45 seconds.`
fn booted(line: &str) -> Option<Time> {
    let (_, rest) = line.split_once("Cloud-init v.")?;
    let (_, rest) = rest.split_once("' at ")?;
    let (date, rest) = rest.split_once(". Up ")?;
    let up: f64 = rest.split_whitespace().next()?.parse().ok()?;
    let at = DateTime::parse_from_rfc2822(date.trim()).ok()?.to_utc();
    let up = Duration::milliseconds((up.clamp(0.0, 1e7) * 1000.0) as i64);
    at.checked_sub_signed(up).map(|t| floor_to(t, 1))
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

    proptest! {
        #[test]
        fn no_output_breaks_it(text in "(\\PC|\n|Out of memory|Linux version |Cloud-init v. 1 running 'x' at |\\[ 1e9\\]| Up 9){0,40}") {
            prop_assert!(read("i-1", None, &text).lines.len() <= MOST);
        }
    }
}
