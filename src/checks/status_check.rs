//! The step `status-check`: did a target's own check, AWS's host under it, or an attached volume fail?

use super::numbers::{no_hosts, origin};
use super::{Book, Check, Outcome, Status, Value};
use crate::analysis::grid;
use crate::analysis::scene::Scene;
use crate::analysis::states;
use crate::case::series::SeriesKey;
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use crate::time::{Time, Window};
use chrono::Duration;

pub struct Step;

/// The parts of the check, the most telling first; the sum of all last, for where only that was read.
const PARTS: [&str; 4] = ["StatusCheckFailed_System", "StatusCheckFailed_AttachedEBS", "StatusCheckFailed_Instance", "StatusCheckFailed"];

/// What was seen of one part on one host.
struct Failure<'a> {
    host: &'a str,
    part: &'static str,
    first: Time,
    periods: usize,
    near: bool,
}

impl Check for Step {
    fn id(&self) -> &'static str {
        "status-check"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::HostMetrics, Area::Instances]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let case = scene.case;
        let Some(window) = scene.analysis.window else { return no_hosts(self.id(), case, self.needs()) };
        let seen = seen(scene, window);
        let known: Vec<(&str, Seen)> = scene.hosts.iter().map(|h| h.id).zip(seen).filter(|(_, s)| s.share > 0.0).collect();
        if known.is_empty() {
            return no_hosts(self.id(), case, self.needs());
        }
        let raised = known.iter().filter(|(_, s)| s.raised);
        let failures: Vec<Failure> = raised.filter_map(|(id, _)| failure(scene, id, window)).collect();
        let gaps = scene.hosts.len() - known.iter().filter(|(_, s)| s.share >= 0.9).count();
        let (status, words) = judged(scene, &failures, gaps, known.len());
        let mut ids: Vec<String> = failures.iter().map(|f| file(scene, f, book)).collect();
        ids.extend(now(scene, book));
        let (failed, known) = (failures.len(), known.len());
        let brief = match status {
            Status::Unknown => say!("gaps on {gaps} of {known}", "thiếu ở {gaps}/{known}"),
            _ if failed > 0 => say!("failed on {failed} of {known}", "lỗi ở {failed}/{known}"),
            _ => say!("0 on all {known}", "0 ở cả {known}"),
        };
        Outcome::new(self.id(), status, words).with(ids).brief(brief).detail(say!(
            "The system check fails for AWS's host, power or network; the instance check for the machine itself (a reboot, no memory, a broken network setup); the EBS check for an attached volume. A very fast reboot can fall between two checks.",
            "System check lỗi khi máy chủ vật lý, điện hay mạng của AWS hỏng; instance check lỗi khi chính máy ảo có vấn đề (khởi động lại, hết bộ nhớ, cấu hình mạng sai); EBS check khi ổ đĩa gắn kèm hỏng. Khởi động lại rất nhanh có thể lọt giữa hai lần kiểm tra."
        ))
    }
}

fn series(scene: &Scene, part: &str, host: &str) -> grid::Grid {
    scene.grid(&SeriesKey::new(part, [("InstanceId", host)]))
}

/// What is known of one host.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Of the best known part, up to the end of what could have been published.
    share: f64,
    /// Some part was 1.
    raised: bool,
}

/// By the place of each host in the scene.
fn seen(scene: &Scene, window: Window) -> Vec<Seen> {
    let until = scene.data_end() - Duration::minutes(3);
    let mut all = vec![Seen::default(); scene.hosts.len()];
    for of_part in PARTS.iter().map(|part| states::of(scene, part, window, until)) {
        for (seen, state) in all.iter_mut().zip(of_part).filter_map(|(seen, state)| Some((seen, state?))) {
            *seen = Seen { share: seen.share.max(state.share_known()), raised: seen.raised || state.raised.is_some() };
        }
    }
    all
}

/// The first failing part of a host.
fn failure<'a>(scene: &Scene, host: &'a str, window: Window) -> Option<Failure<'a>> {
    PARTS.iter().find_map(|part| {
        let grid = series(scene, part, host);
        let failed: Vec<Time> = grid.numbers(window).filter(|(_, v)| *v >= 1.0).map(|(t, _)| t).collect();
        let first = *failed.first()?;
        let near = scene.onset().is_some_and(|o| failed.iter().any(|t| *t >= o - Duration::minutes(5) && *t <= scene.near.end + Duration::minutes(10)));
        Some(Failure { host, part, first, periods: failed.len(), near })
    })
}

fn part_words(part: &str) -> Text {
    match part {
        "StatusCheckFailed_System" => say!("system check (AWS's host)", "system check (máy chủ của AWS)"),
        "StatusCheckFailed_AttachedEBS" => say!("attached-EBS check (a volume)", "attached-EBS check (ổ đĩa)"),
        "StatusCheckFailed_Instance" => say!("instance check (the machine itself)", "instance check (chính máy ảo)"),
        _ => say!("status check (which part is not known)", "status check (không rõ phần nào)"),
    }
}

fn sentence(f: &Failure) -> Text {
    let (host, at, n) = (f.host, f.first.format("%H:%M").to_string(), f.periods);
    let Text { en: part, vi: part_vi } = part_words(f.part);
    say!("{host}: {part} failed from {at} UTC, {n} period(s)", "{host}: {part_vi} lỗi từ {at} UTC, {n} chu kỳ")
}

fn judged(scene: &Scene, failures: &[Failure], gaps: usize, known: usize) -> (Status, Text) {
    let near: Vec<&Failure> = failures.iter().filter(|f| f.near || !scene.is_real()).collect();
    if let Some(first) = near.first() {
        let Text { en, vi } = sentence(first);
        let more = near.len() - 1;
        let words = if more == 0 { say!("{en}", "{vi}") } else { say!("{en}; and {more} more", "{vi}; và {more} máy khác") };
        return (Status::Fail, words);
    }
    if let Some(first) = failures.first() {
        let Text { en, vi } = sentence(first);
        return (Status::Warn, say!("{en}, not near the errors", "{vi}, không gần lúc có lỗi"));
    }
    if gaps > 0 {
        let words = say!("0 where known, but {gaps} host(s) have gaps in it", "bằng 0 ở chỗ có số liệu, nhưng {gaps} máy thiếu số liệu");
        return (Status::Unknown, words);
    }
    (Status::Pass, say!("0 on all {known} hosts, every minute", "bằng 0 ở cả {known} máy, mọi phút"))
}

fn file(scene: &Scene, f: &Failure, book: &mut Book) -> String {
    let values = vec![Value::new(f.part, 1.0).at(f.first), Value::new("periods", f.periods as f64)];
    book.add_from(format!("status-check.{}", f.host), sentence(f), Area::HostMetrics, values, origin(scene.case, Area::HostMetrics))
}

/// What EC2 says now, where it is not well.
fn now(scene: &Scene, book: &mut Book) -> Vec<String> {
    let bad = |s: &str| matches!(s, "impaired" | "insufficient-data");
    let statuses = scene.hosts.iter().filter_map(|h| scene.case.instance_statuses.get(h.id));
    let unwell = statuses.filter(|s| bad(&s.system) || bad(&s.instance) || s.ebs.as_deref().is_some_and(bad));
    let mut ids = Vec::new();
    for s in unwell {
        let (id, system, instance) = (&s.id, &s.system, &s.instance);
        let ebs = s.ebs.as_deref().unwrap_or("?");
        let words = say!("{id} now: system {system}, instance {instance}, EBS {ebs}", "{id} hiện giờ: system {system}, instance {instance}, EBS {ebs}");
        ids.push(book.add_from(format!("status-check.now.{id}"), words, Area::Instances, Vec::new(), origin(scene.case, Area::Instances)));
    }
    ids
}
