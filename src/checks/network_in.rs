//! The step `network-in`: what came in at the targets, each and all together, the worst first.

use super::numbers::{no_hosts, origin, short, when};
use super::{Book, Check, Outcome, Status, Value};
use crate::analysis::scene::Scene;
use crate::analysis::shift::{self, Shift};
use crate::analysis::Order;
use crate::exchange::Area;
use crate::metrics::Unit;
use crate::say;
use crate::text::Text;
use std::sync::Arc;

pub struct Step;

/// Hosts named one by one.
const SHOWN: usize = 5;

impl Check for Step {
    fn id(&self) -> &'static str {
        "network-in"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::HostMetrics]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let case = scene.case;
        let mut hosts: Vec<(Arc<str>, Shift)> = shift::of_hosts(scene, "NetworkIn").to_vec();
        if hosts.is_empty() {
            return no_hosts(self.id(), case, self.needs());
        }
        let change = |s: &Shift| s.ratio().max(1.0 / s.ratio());
        hosts.sort_by(|a, b| change(&b.1).total_cmp(&change(&a.1)).then_with(|| a.0.cmp(&b.0)));
        let silent = scene.hosts.len() - hosts.len();
        let rose: Vec<&Shift> = hosts.iter().map(|(_, s)| s).filter(|s| s.rose(scene, 1.5)).collect();
        let (status, words) = judged(scene, &hosts, &rose, silent);
        let mut ids = vec![together(scene, &hosts, words.clone(), book)];
        ids.extend(hosts.iter().take(SHOWN).map(|(id, s)| one(scene, id, s, book)));
        let (before, during) = total(&hosts);
        let (ratio, rose, n) = (during / before.max(1.0), rose.len(), hosts.len());
        let brief = say!("×{ratio:.1}, up on {rose}/{n}", "×{ratio:.1}, tăng ở {rose}/{n}");
        Outcome::new(self.id(), status, words).with(ids).brief(brief).detail(say!(
            "NetworkIn counts bytes on all interfaces of the instance, health checks and downloads included; CloudWatch publishes it every 5 min unless detailed monitoring is on.",
            "NetworkIn đếm byte trên mọi giao diện mạng của instance, gồm cả health check và tải xuống; CloudWatch ghi 5 phút một lần nếu không bật detailed monitoring."
        ))
    }
}

/// All hosts as one series.
fn total(hosts: &[(Arc<str>, Shift)]) -> (f64, f64) {
    hosts.iter().fold((0.0, 0.0), |(a, b), (_, s)| (a + s.before, b + s.during))
}

fn judged(scene: &Scene, hosts: &[(Arc<str>, Shift)], risen: &[&Shift], silent: usize) -> (Status, Text) {
    let (before, during) = total(hosts);
    let ratio = during / before.max(1.0);
    let (a, b, n) = (short(before, Unit::Bytes), short(during, Unit::Bytes), hosts.len());
    let Text { en: missing, vi: missing_vi } = match silent {
        0 => Text::default(),
        _ => say!("; {silent} host(s) without data", "; {silent} máy không có số liệu"),
    };
    let rose = risen.len();
    let fell = hosts.iter().filter(|(_, s)| s.fell(scene, 0.6)).count();
    let each = hosts.iter().map(|(_, s)| s.period).max().unwrap_or(60);
    let words = say!(
        "NetworkIn of {n} hosts together ×{ratio:.1}: {a} → {b} in {each} s; rose on {rose}, fell on {fell}{missing}",
        "NetworkIn của {n} máy cộng lại ×{ratio:.1}: {a} → {b} mỗi {each} giây; tăng ở {rose}, giảm ở {fell}{missing_vi}"
    );
    let first = risen.iter().any(|s| s.order(scene) != Some(Order::Follows));
    let status = match () {
        () if !scene.is_real() => Status::Pass,
        () if ratio >= 1.5 && first => Status::Fail,
        () if rose + fell > 0 || silent > 0 => Status::Warn,
        () => Status::Pass,
    };
    (status, words)
}

fn together(scene: &Scene, hosts: &[(Arc<str>, Shift)], words: Text, book: &mut Book) -> String {
    let (before, during) = total(hosts);
    let values = vec![Value::new("before", before).unit("bytes"), Value::new("during", during).unit("bytes")];
    book.add_from("network-in.all", words, Area::HostMetrics, values, origin(scene.case, Area::HostMetrics))
}

fn one(scene: &Scene, id: &str, s: &Shift, book: &mut Book) -> String {
    let (before, during, ratio) = (short(s.before, Unit::Bytes), short(s.during, Unit::Bytes), s.ratio());
    let Text { en: when, vi: when_vi } = when(scene, s);
    let words = say!("{id}: {before} → {during} (×{ratio:.1}){when}", "{id}: {before} → {during} (×{ratio:.1}){when_vi}");
    let values = vec![Value::new("before", s.before).unit("bytes"), Value::new("during", s.during).unit("bytes")];
    book.add_from(format!("network-in.{id}"), words, Area::HostMetrics, values, origin(scene.case, Area::HostMetrics))
}
