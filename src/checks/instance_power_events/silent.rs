//! Restarts that no call asked for: what status checks, consoles, agents and launch times tell of them.

use crate::analysis::Analysis;
use crate::case::Case;
use crate::case::events::EventSource;
use crate::case::series::{Series, SeriesKey, Track};
use crate::case::topology::{Console, ConsoleSign, Instance};
use crate::checks::touches::clock;
use crate::checks::{Book, Value};
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use crate::time::{Time, Window};
use chrono::Duration;

/// Targets that are looked at.
const MOST: usize = 8;
/// A machine that answered so long before its launch time was there before.
const BEFORE: Duration = Duration::minutes(5);

/// A target that seems to have restarted by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    /// Its id in the book.
    pub evidence: String,
    /// A hint and no more.
    pub weak: bool,
}

/// Those in the window, the surest first.
pub fn restarts(case: &Case, analysis: &Analysis, book: &mut Book) -> Vec<Silent> {
    let Some(window) = analysis.window else { return Vec::new() };
    let untouched = |id: &str| !is_touched(case, analysis, id);
    let mut found = Vec::new();
    for console in case.consoles.values().filter(|c| untouched(&c.instance)) {
        if let Some(at) = console.booted.filter(|at| window.contains(*at)) {
            found.push(Silent { evidence: booted(&console.instance, at, book), weak: false });
        }
    }
    for (id, at) in failed_checks(case, window).into_iter().filter(|(id, _)| untouched(id)).take(MOST) {
        found.push(Silent { evidence: status(id, at, book), weak: false });
    }
    for agent in case.host_agents.values().filter(|a| a.ping == "ConnectionLost" && untouched(&a.instance)).take(MOST) {
        if let Some(at) = agent.last_heard.filter(|at| window.contains(*at)) {
            found.push(Silent { evidence: lost(&agent.instance, at, book), weak: true });
        }
    }
    for (instance, at) in case.instances.values().filter_map(|i| relaunched(case, i, window)).filter(|(i, _)| untouched(&i.id)).take(MOST) {
        found.push(Silent { evidence: launched(&instance.id, at, book), weak: true });
    }
    found
}

fn is_touched(case: &Case, analysis: &Analysis, id: &str) -> bool {
    let parts = analysis.timeline.entries.iter().filter(|e| !e.attempt).flat_map(|e| e.parts(case));
    parts.filter(|p| p.source != EventSource::Ec2).any(|p| p.resources.iter().any(|r| **r == *id))
}

/// Each instance's first failed check of its own.
fn failed_checks(case: &Case, window: Window) -> Vec<(&str, Time)> {
    let failed = case.series.of("StatusCheckFailed_Instance").filter_map(|(key, track)| {
        let first = Some(track).filter(|t| t.may_exceed(0.0))?.best("Maximum", window)?.first(window, |v| v > 0.0)?;
        Some((key.instance()?, first))
    });
    failed.collect()
}

/// A launch time in the window of a machine whose metrics go further back: it was stopped and started.
fn relaunched<'a>(case: &'a Case, instance: &'a Instance, window: Window) -> Option<(&'a Instance, Time)> {
    let at = instance.launch_time.filter(|at| window.contains(*at))?;
    let own = ["CPUUtilization", "NetworkIn", "StatusCheckFailed"].map(|m| SeriesKey::new(m, [("InstanceId", instance.id.as_str())]));
    let earlier = |s: &Series| s.first(Window { start: s.start, end: at - BEFORE }, |v| !v.is_nan()).is_some();
    own.iter().filter_map(|key| case.series.get(key)).flat_map(Track::stretches).any(earlier).then_some((instance, at))
}

fn booted(id: &str, at: Time, book: &mut Book) -> String {
    let time = at.format("%H:%M:%S").to_string();
    let words = say!(
        "{id} started at {time} UTC by its own console though no call touched it: it restarted from inside or crashed",
        "{id} khởi động lúc {time} UTC theo console của nó dù không có lệnh nào chạm tới: khởi động lại từ bên trong hoặc bị sập"
    );
    book.add(format!("power.booted.{id}"), words, Area::Instances, vec![Value::new("booted", 1.0).at(at)])
}

fn status(id: &str, at: Time, book: &mut Book) -> String {
    let time = clock(at);
    let words = say!(
        "{id} failed its instance status check at {time} UTC though no call touched it: it hung or was restarted from inside",
        "{id} không đạt status check của instance lúc {time} UTC dù không có lệnh nào chạm tới: máy treo hoặc được khởi động lại từ bên trong"
    );
    book.add(format!("power.silent.{id}"), words, Area::HostMetrics, vec![Value::new("StatusCheckFailed_Instance", 1.0).at(at)])
}

fn lost(id: &str, at: Time, book: &mut Book) -> String {
    let time = clock(at);
    let words = say!(
        "{id}: Systems Manager has not heard its agent since {time} UTC (weak evidence: the agent alone may have stopped)",
        "{id}: Systems Manager không nghe thấy agent từ {time} UTC (bằng chứng yếu: có thể chỉ agent bị dừng)"
    );
    book.add(format!("power.agent.{id}"), words, Area::Instances, vec![Value::new("last heard", 1.0).at(at)])
}

fn launched(id: &str, at: Time, book: &mut Book) -> String {
    let time = clock(at);
    let words = say!(
        "{id} has a launch time of {time} UTC though its metrics go further back: it was stopped and started, and no call for it was seen (weak evidence by itself)",
        "{id} có thời điểm khởi chạy {time} UTC nhưng số liệu của nó có từ trước: đã bị dừng rồi bật lại mà không thấy lệnh nào (tự nó là bằng chứng yếu)"
    );
    book.add(format!("power.launched.{id}"), words, Area::Instances, vec![Value::new("launched", 1.0).at(at)])
}

/// What consoles tell, the last lines of each.
pub fn consoles(case: &Case) -> Vec<Text> {
    const SHOWN: usize = 3;
    let mut all = Vec::new();
    for console in case.consoles.values() {
        let id = &console.instance;
        if console.lines.is_empty() {
            all.push(untroubled(console));
        }
        for line in console.lines.iter().rev().take(SHOWN) {
            let (text, sign) = (&line.text, in_words(line.sign));
            let at = line.at.map_or_else(|| say!("time not known", "không rõ lúc nào"), |t| Text::same(format!("{} UTC", t.format("%H:%M:%S"))));
            let (en, vi) = (format!("{} ({})", sign.en, at.en), format!("{} ({})", sign.vi, at.vi));
            all.push(say!("console of {id}: {en}: “{text}”", "console của {id}: {vi}: “{text}”"));
        }
    }
    all
}

fn untroubled(console: &Console) -> Text {
    let id = &console.instance;
    let clock = |t: Time| t.format("%d %b %H:%M:%S").to_string();
    match console.booted.map(clock) {
        Some(at) => say!(
            "console of {id}: no trouble of the kernel in it; running since {at} UTC",
            "console của {id}: không có lỗi kernel; chạy từ {at} UTC"
        ),
        None => say!(
            "console of {id}: no trouble of the kernel in it; it does not tell when the machine started",
            "console của {id}: không có lỗi kernel; không cho biết máy khởi động lúc nào"
        ),
    }
}

fn in_words(sign: ConsoleSign) -> Text {
    match sign {
        ConsoleSign::OutOfMemory => say!("out of memory", "hết bộ nhớ"),
        ConsoleSign::Panic => say!("the kernel crashed", "kernel bị sập"),
        ConsoleSign::Hung => say!("something hangs", "có tiến trình hoặc CPU bị treo"),
        ConsoleSign::ConnectionTableFull => say!("the connection table is full", "bảng kết nối đầy"),
        ConsoleSign::SynFlood => say!("more connections than it can accept", "nhiều kết nối hơn mức nhận được"),
        ConsoleSign::TooManyFiles => say!("too many open files", "quá nhiều file mở"),
        ConsoleSign::DiskFull => say!("a disk is full", "ổ đĩa đầy"),
        ConsoleSign::DiskError => say!("a disk fails", "lỗi ổ đĩa"),
        ConsoleSign::Shutdown => say!("it shut down", "máy đã tắt"),
    }
}
