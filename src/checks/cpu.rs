//! The step `cpu`: how busy the targets were, the worst first; credits for types that live on them. Averages
//! of five minutes show a long overload and hide a short one: they are never used to say there was none.

use super::numbers::{no_hosts, origin, when};
use super::{Book, Check, Outcome, Status, Value};
use crate::analysis::scene::Scene;
use crate::analysis::shift::{self, Shift};
use crate::case::series::SeriesKey;
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use chrono::Duration;
use std::sync::Arc;

pub struct Step;

/// Near the limit: in one-minute data, and in averages of five.
const HIGH: f64 = 85.0;
const HIGH_AVERAGE: f64 = 70.0;
/// Hosts named one by one.
const SHOWN: usize = 5;
/// Credits that are as good as none.
const NO_CREDITS: f64 = 3.0;

impl Check for Step {
    fn id(&self) -> &'static str {
        "cpu"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::HostMetrics]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let case = scene.case;
        let mut hosts = busy(scene);
        if hosts.is_empty() {
            return no_hosts(self.id(), case, self.needs());
        }
        hosts.sort_by(|a, b| b.1.highest.1.total_cmp(&a.1.highest.1).then_with(|| a.0.cmp(&b.0)));
        let credits = credits(scene, book);
        let (status, words) = judged(scene, &hosts, credits.as_ref().map(|c| &c.1));
        let ids: Vec<String> = hosts.iter().take(SHOWN).map(|(id, s)| one(scene, id, s, book)).collect();
        let brief = brief(&hosts, credits.is_some());
        Outcome::new(self.id(), status, words)
            .brief(brief)
            .with(credits.map(|c| c.0).into_iter().chain(ids))
            .detail(say!(
                "An overloaded Linux host mostly drops connection attempts (504 after 10 s) rather than refusing them (502 at once): high CPU with refusals points to a process that died under load.",
                "Máy Linux quá tải thường bỏ qua yêu cầu kết nối (504 sau 10 giây) chứ không từ chối ngay (502): CPU cao kèm từ chối cho thấy tiến trình đã chết vì tải."
            ))
            .detail(say!(
                "A burstable type without credits is throttled to its baseline: it is overloaded at 10 to 40 % CPU.",
                "Loại burstable hết credit bị giảm về mức cơ sở: nó quá tải ngay ở 10–40 % CPU."
            ))
    }
}

/// Hosts and ECS services with a known CPU.
fn busy(scene: &Scene) -> Vec<(Arc<str>, Shift)> {
    let services = scene.case.series.of("ECSCPUUtilization").filter_map(|(k, _)| Some((k.dimension("ServiceName")?.into(), shift::of(scene, k)?)));
    let mut all = shift::of_hosts(scene, "CPUUtilization").to_vec();
    all.extend(services);
    all
}

fn is_high(s: &Shift) -> bool {
    s.highest.1 >= if s.period > 60 { HIGH_AVERAGE } else { HIGH }
}

fn judged(scene: &Scene, hosts: &[(Arc<str>, Shift)], no_credits: Option<&Text>) -> (Status, Text) {
    let (name, worst) = (&hosts[0].0, &hosts[0].1);
    let (peak, n) = (worst.highest.1, hosts.len());
    let high = hosts.iter().filter(|(_, s)| is_high(s)).count();
    let coarse = hosts.iter().any(|(_, s)| s.period > 60);
    let minutes = worst.period / 60;
    let Text { en: when, vi: when_vi } = when(scene, worst);
    let words = say!(
        "near its limit on {high} of {n}: {name} {peak:.0} % ({minutes}-minute data){when}",
        "gần giới hạn ở {high} trong {n}: {name} {peak:.0} % (số liệu {minutes} phút){when_vi}"
    );
    let low = say!(
        "{peak:.0} % at the most ({name}), of {n} ({minutes}-minute data)",
        "cao nhất {peak:.0} % ({name}), trong {n} (số liệu {minutes} phút)"
    );
    if let Some(Text { en, vi }) = no_credits {
        return (Status::Fail, say!("{en}; CPU {peak:.0} % at the most ({name})", "{vi}; CPU cao nhất {peak:.0} % ({name})"));
    }
    match () {
        () if !scene.is_real() => (Status::Pass, low),
        () if high * 2 >= n => (Status::Fail, words),
        () if high > 0 => (Status::Warn, words),
        () if coarse && scene.length() < 900 => {
            let Text { en, vi } = low;
            let words = say!(
                "{en}: five-minute averages cannot rule out a short overload; detailed monitoring would",
                "{vi}: trung bình 5 phút không loại trừ được quá tải ngắn; cần detailed monitoring"
            );
            (Status::Unknown, words)
        }
        () => (Status::Pass, low),
    }
}

fn brief(hosts: &[(Arc<str>, Shift)], no_credits: bool) -> Text {
    let (peak, n) = (hosts[0].1.highest.1, hosts.len());
    match hosts.iter().filter(|(_, s)| is_high(s)).count() {
        _ if no_credits => say!("credits used up", "hết credit"),
        0 => say!("{peak:.0} % at the most", "cao nhất {peak:.0} %"),
        high => say!("{peak:.0} %, high on {high}/{n}", "{peak:.0} %, cao ở {high}/{n}"),
    }
}

fn one(scene: &Scene, id: &str, s: &Shift, book: &mut Book) -> String {
    let (before, during, peak) = (s.before, s.during, s.highest.1);
    let Text { en: when, vi: when_vi } = when(scene, s);
    let words = say!(
        "{id}: CPU {before:.0} % before, {during:.0} % during the errors, {peak:.0} % at the most{when}",
        "{id}: CPU {before:.0} % trước, {during:.0} % trong lúc lỗi, cao nhất {peak:.0} %{when_vi}"
    );
    let values = vec![Value::new("before", before).unit("%"), Value::new("during", during).unit("%"), Value::new("highest", peak).unit("%").at(s.highest.0)];
    book.add_from(format!("cpu.{id}"), words, Area::HostMetrics, values, origin(scene.case, Area::HostMetrics))
}

/// The burstable host with the fewest credits near the errors; the sentence comes back if they had run out.
fn credits(scene: &Scene, book: &mut Book) -> Option<(String, Text)> {
    let near = scene.near.widened(Duration::minutes(5), Duration::zero());
    let throttled = |h: &&crate::analysis::scene::Host| h.instance.is_none_or(|i| i.is_burstable() && i.credits.as_deref() != Some("unlimited"));
    let balance = |id: &str| scene.grid(&SeriesKey::new("CPUCreditBalance", [("InstanceId", id)])).smallest(near);
    let (id, (at, least)) = scene
        .hosts
        .iter()
        .filter(throttled)
        .filter_map(|h| Some((h.id, balance(h.id)?)))
        .min_by(|a, b| a.1.1.total_cmp(&b.1.1))?;
    let words = say!("CPU credits of {id} down to {least:.1}", "CPU credit của {id} còn {least:.1}");
    let values = vec![Value::new("CPUCreditBalance", least).unit("credits").at(at)];
    let filed = book.add_from("cpu.credits", words.clone(), Area::HostMetrics, values, origin(scene.case, Area::HostMetrics));
    (least <= NO_CREDITS).then_some((filed, words))
}
