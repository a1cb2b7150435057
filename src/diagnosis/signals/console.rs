//! What the machines themselves say around the onset: lines of their consoles, read on request, and whether
//! Systems Manager still heard their agents. What was not asked, and what carries no time, answers nothing.

use super::Asked;
use crate::analysis::scene::{Host, Scene};
use crate::case::topology::{Console, ConsoleLine, ConsoleSign, HostAgent};
use crate::checks::Value;
use crate::say;
use crate::text::Text;
use crate::time::{Time, Window};
use chrono::Duration;

const SIGNS: &[(&str, &[ConsoleSign])] = &[
    ("console-oom", &[ConsoleSign::OutOfMemory]),
    ("console-limit", &[ConsoleSign::ConnectionTableFull, ConsoleSign::TooManyFiles, ConsoleSign::DiskFull]),
    ("console-syn-flood", &[ConsoleSign::SynFlood]),
    ("console-crash", &[ConsoleSign::Panic, ConsoleSign::Hung]),
    ("console-disk", &[ConsoleSign::DiskError]),
];

/// An agent is heard every five minutes: one that fell silent with the errors was heard last within so much.
const HEARD_EVERY: Duration = Duration::minutes(6);
/// So long after the onset a machine is still on its way down.
const GOING: Duration = Duration::minutes(2);

pub(super) fn ask(asked: &mut Asked) {
    let scene = asked.scene;
    let Some(onset) = scene.onset().filter(|_| scene.is_real()) else { return };
    agents(asked, onset);
    let near = Window { start: onset - Duration::minutes(5), end: scene.near.end.max(onset + Duration::minutes(2)) };
    let read = Read::of(scene);
    for (id, signs) in SIGNS {
        match &read {
            Some(read) => sign(asked, id, signs, read, near),
            None => unasked(asked, id),
        }
    }
    match &read {
        Some(read) => boot(asked, read, near),
        None => unasked(asked, "console-boot"),
    }
}

fn unasked(asked: &mut Asked, id: &'static str) {
    if !asked.scene.hosts.is_empty() {
        let words = say!(
            "no console was read; `--console`, or the key for it on the screen, asks EC2 once a machine",
            "chưa đọc console nào; `--console` hoặc phím trên màn hình sẽ hỏi EC2 mỗi máy một lần"
        );
        asked.unknown(id, words);
    }
}

/// The consoles of the targets in question that were read.
struct Read<'a> {
    consoles: Vec<&'a Console>,
    /// How many targets are in question.
    of: usize,
    /// How sure one of them speaks for the incident.
    sure: f64,
}

impl<'a> Read<'a> {
    fn of(scene: &Scene<'a>) -> Option<Self> {
        let suspects = scene.suspects();
        let consoles: Vec<&Console> = suspects.iter().filter_map(|h| scene.case.consoles.get(h.id)).collect();
        let sure = if scene.knows_failing() || consoles.len() * 3 >= suspects.len() { 1.0 } else { 0.6 };
        (!consoles.is_empty()).then_some(Self { of: suspects.len(), sure, consoles })
    }

    /// How sure it is that there is nothing in what was not read.
    fn share(&self) -> f64 {
        self.consoles.len() as f64 / self.of.max(1) as f64
    }

    /// Whether each reaches past the onset and dates its lines.
    fn covers(&self, near: Window) -> bool {
        self.consoles.iter().all(|c| c.booted.is_some_and(|b| b < near.end) && c.updated.is_none_or(|u| u >= near.start))
    }
}

fn sign(asked: &mut Asked, id: &'static str, signs: &[ConsoleSign], read: &Read, near: Window) {
    let lines = || read.consoles.iter().flat_map(|c| c.lines.iter().map(move |l| (*c, l))).filter(|(_, l)| signs.contains(&l.sign));
    let inside = lines().filter(|(_, l)| l.at.is_some_and(|t| near.contains(t))).min_by_key(|(_, l)| l.at);
    let undated = lines().find(|(_, l)| l.at.is_none());
    match (inside, undated) {
        (Some((console, line)), _) => found(asked, id, console, line, read.sure),
        (None, Some((console, line))) => asked.unknown(id, without_time(console, line)),
        (None, None) if read.covers(near) => {
            let (n, of, what) = (read.consoles.len(), read.of, id.trim_start_matches("console-").replace('-', " "));
            let words = say!(
                "the consoles of {n} of {of} targets in question have no such line then: {what}",
                "console của {n} trong {of} target liên quan không có dòng như vậy lúc đó: {what}"
            );
            asked.no(id, read.share(), words, vec![Value::new("consoles", n as f64)]);
        }
        (None, None) => asked.unknown(id, not_that_far()),
    }
}

fn found(asked: &mut Asked, id: &'static str, console: &Console, line: &ConsoleLine, sure: f64) {
    let (host, text) = (&console.instance, &line.text);
    let clock = line.at.map(|t| t.format("%H:%M:%S").to_string()).unwrap_or_default();
    let words = say!("console of {host} at {clock} UTC: {text}", "console của {host} lúc {clock} UTC: {text}");
    let value = Value::new(host.as_str(), 1.0).at(line.at.unwrap_or_default());
    asked.yes(id, sure, words, vec![value]);
}

fn without_time(console: &Console, line: &ConsoleLine) -> Text {
    let (host, text) = (&console.instance, &line.text);
    say!(
        "the console of {host} has “{text}”, and nothing in it tells when",
        "console của {host} có “{text}”, nhưng không có gì cho biết lúc nào"
    )
}

fn not_that_far() -> Text {
    say!("the consoles that were read do not tell of that time", "console đã đọc không cho biết về thời điểm đó")
}

/// A start in the window; a machine that has been up since before did not restart.
fn boot(asked: &mut Asked, read: &Read, near: Window) {
    let booted = |c: &Console| c.booted.filter(|t| near.contains(*t));
    let started = read.consoles.iter().filter_map(|c| Some((c, booted(c)?))).min_by_key(|(_, at)| *at);
    let ended = |l: &&ConsoleLine| l.sign == ConsoleSign::Shutdown && l.at.is_some_and(|t| near.contains(t));
    if let Some((console, line)) = read.consoles.iter().find_map(|c| Some((*c, c.lines.iter().find(ended)?))) {
        return found(asked, "console-boot", console, line, read.sure);
    }
    let up = read.consoles.iter().filter(|c| c.booted.is_some_and(|t| t < near.start)).count();
    match started {
        Some((console, at)) => {
            let (host, clock) = (&console.instance, at.format("%H:%M:%S").to_string());
            let words = say!("{host} started at {clock} UTC by its own console", "{host} khởi động lúc {clock} UTC theo console của nó");
            asked.yes("console-boot", read.sure, words, vec![Value::new(host.as_str(), 1.0).at(at)]);
        }
        None if up == read.consoles.len() => {
            let of = read.of;
            let words = say!(
                "{up} of {of} targets in question have been up since before, by their consoles",
                "{up} trong {of} target liên quan đã chạy liên tục từ trước, theo console"
            );
            asked.no("console-boot", read.share(), words, vec![Value::new("consoles", up as f64)]);
        }
        None => asked.unknown("console-boot", not_that_far()),
    }
}

/// What one agent tells of the time of the errors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// Last heard about when the errors began.
    Lost(Time),
    /// Heard while they lasted.
    Alive,
    /// It tells of another time only.
    Nothing,
}

fn heard(agent: &HostAgent, onset: Time, main: Window) -> Heard {
    let Some(last) = agent.last_heard else { return Heard::Nothing };
    let silent = agent.ping != "Online";
    if silent && last >= onset - HEARD_EVERY && last <= onset + GOING {
        Heard::Lost(last)
    } else if last > onset + GOING && last <= main.end.max(onset + HEARD_EVERY) + HEARD_EVERY {
        // Whatever it did since: it spoke while connections failed.
        Heard::Alive
    } else {
        Heard::Nothing
    }
}

fn agents(asked: &mut Asked, onset: Time) {
    let scene = asked.scene;
    let suspects = scene.suspects();
    let of = |h: &&Host| scene.case.host_agents.get(h.id).map(|a| (a.instance.as_str(), heard(a, onset, scene.main())));
    let told: Vec<(&str, Heard)> = suspects.iter().filter_map(of).collect();
    let lost = told.iter().filter_map(|(id, h)| if let Heard::Lost(at) = h { Some((*id, *at)) } else { None }).min_by_key(|l| l.1);
    let alive = told.iter().filter(|(_, h)| *h == Heard::Alive).count();
    let n = told.iter().filter(|(_, h)| matches!(h, Heard::Lost(_))).count();
    let all = suspects.len();
    match lost {
        Some((id, at)) => {
            let clock = at.format("%H:%M:%S").to_string();
            let words = say!(
                "Systems Manager has not heard the agent of {id} since {clock} UTC ({n} of {all} targets in question): the machine or its network was gone",
                "Systems Manager không nghe thấy agent của {id} từ {clock} UTC ({n} trong {all} target liên quan): máy hoặc mạng của nó đã mất"
            );
            let sure = if scene.knows_failing() || n * 3 >= all { 1.0 } else { 0.6 };
            asked.yes("agent-lost", sure, words, vec![Value::new(id, 1.0).at(at)]);
        }
        None if alive > 0 => {
            let words = say!(
                "Systems Manager heard the agents of {alive} of {all} targets in question while connections failed: those machines were alive",
                "Systems Manager vẫn nghe thấy agent của {alive} trong {all} target liên quan khi kết nối đang lỗi: các máy đó vẫn sống"
            );
            asked.no("agent-lost", alive as f64 / all.max(1) as f64, words, vec![Value::new("agents", alive as f64)]);
        }
        None if !told.is_empty() => {
            let words = say!(
                "the agents were last heard at another time, which says nothing of then",
                "lần cuối nghe thấy agent là lúc khác, không nói gì về thời điểm đó"
            );
            asked.unknown("agent-lost", words);
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::analysis::scene::Scene;
    use crate::case::Case;
    use crate::checks::Book;
    use crate::diagnosis::signals::{Answer, Signals};
    use crate::judge::judge;
    use crate::simulator::{Cause, Scenario, simulate};

    /// What the signals say of an incident whose agents speak, with its consoles read or not.
    fn signals(cause: Cause, consoles: bool) -> Signals {
        let mut scenario = Scenario::plain(cause, 5);
        (scenario.sight.host_agents, scenario.sight.consoles) = (true, consoles);
        if cause != Cause::Memory {
            // Still going on: agents tell of now.
            scenario.lasts = None;
            scenario.now = scenario.time(scenario.onset + 900);
        }
        let case = Case::from_facts(simulate(&scenario).facts);
        let judged = judge(&case, None).unwrap();
        Signals::of(&Scene::of(&case, &judged.analysis), &mut Book::default())
    }

    fn is_no(signals: &Signals, id: &str) -> bool {
        matches!(signals.get(id), Answer::No(..))
    }

    #[test]
    fn a_kernel_that_killed_for_memory_says_so_on_its_console() {
        let read = signals(Cause::Memory, true);
        assert!(read.is_yes("console-oom") && is_no(&read, "console-boot") && is_no(&read, "console-limit"), "{read:?}");
        let unread = signals(Cause::Memory, false);
        assert!(matches!(unread.get("console-oom"), Answer::Unknown(Some(why)) if why.en.contains("no console was read")), "{unread:?}");
    }

    #[test]
    fn a_machine_that_is_gone_has_an_agent_that_fell_silent() {
        assert!(signals(Cause::HostFailure, false).is_yes("agent-lost"));
    }

    #[test]
    fn an_agent_that_speaks_while_connections_fail_tells_that_the_machine_lives() {
        let dead_process = signals(Cause::ProcessDown, true);
        assert!(is_no(&dead_process, "agent-lost") && is_no(&dead_process, "console-boot"), "{dead_process:?}");
    }
}
