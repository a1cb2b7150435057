//! The step `instance-power-events`: were targets of then or of now rebooted, stopped, started, taken away?

mod silent;

use super::touches::{brief_of, clock, coverage, evidence, in_question, sentence};
use super::{Book, Check, Outcome, Status, cannot_tell};
use crate::analysis::Analysis;
use crate::analysis::scene::Scene;
use crate::analysis::timeline::{Entry, Kind, Relation, WEAK};
use crate::case::Case;
use crate::exchange::Area;
use crate::say;
use crate::text::Text;

pub struct Step;

impl Check for Step {
    fn id(&self) -> &'static str {
        "instance-power-events"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::Changes]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let (case, analysis) = (scene.case, scene.analysis);
        let events = on_targets(case, analysis);
        let silent = silent::restarts(case, analysis, book);
        let coverage = coverage(case, analysis, &[Area::Changes, Area::Lifecycle]);
        let mut ids: Vec<String> = events.iter().take(8).map(|e| evidence(case, e, book)).collect();
        ids.extend(silent.iter().map(|s| s.evidence.clone()));
        let said = |s: &silent::Silent| book.get(&s.evidence).map(|e| e.sentence.clone()).unwrap_or_default();
        let outcome = match (events.first(), silent.first()) {
            (Some(first), _) if first.likelihood >= WEAK => Outcome::new(self.id(), Status::Fail, sentence(case, first)),
            (_, Some(s)) if !s.weak => Outcome::new(self.id(), Status::Fail, said(s)),
            (Some(first), _) => Outcome::new(self.id(), Status::Warn, sentence(case, first)),
            (None, Some(s)) => Outcome::new(self.id(), Status::Warn, said(s)),
            (None, None) => nothing(self.id(), case, analysis, coverage.complete),
        };
        let restarted = silent.iter().filter(|s| !s.weak).count();
        let brief = match (events.first(), restarted) {
            (Some(first), _) => brief_of(case, first),
            (None, 0) => say!("none", "không có"),
            (None, n) => say!("{n} restarted inside", "{n} máy tự khởi động lại"),
        };
        let outcome = if outcome.brief == Text::default() { outcome.brief(brief) } else { outcome };
        let told = silent::consoles(case).into_iter().fold(outcome.with(ids), Outcome::detail);
        told.detail(coverage.words).detail(say!(
            "A reboot from inside the machine leaves no event: the instance status check, the launch time and the system log tell of it.",
            "Khởi động lại từ bên trong máy không để lại sự kiện: hãy xem status check của instance, thời điểm khởi chạy và log hệ thống."
        ))
    }
}

fn nothing(check: &'static str, case: &Case, analysis: &Analysis, complete: bool) -> Outcome {
    if !complete {
        return cannot_tell(check, case, &[Area::Changes]);
    }
    let (from, to) = in_question(analysis).map(|w| (clock(w.start), clock(w.end))).unwrap_or_default();
    let words = say!(
        "no target was rebooted, stopped, started or terminated through AWS between {from} and {to} UTC",
        "không target nào bị khởi động lại, dừng, bật hay xoá qua AWS từ {from} đến {to} UTC"
    );
    Outcome::new(check, Status::Pass, words)
}

/// What AWS did to machines behind the balancer, most telling first.
fn on_targets<'a>(case: &Case, analysis: &'a Analysis) -> Vec<&'a Entry> {
    let takes_away = |e: &Entry| e.parts(case).any(|p| p.name.contains("Terminat") || p.name.contains("Launch") || &*p.name == "RunInstances");
    let powers = |e: &&Entry| match e.kind {
        Kind::InstancePower | Kind::Spot => true,
        Kind::Scaling => e.relation == Relation::Target && takes_away(e),
        _ => false,
    };
    analysis.timeline.on_path().into_iter().filter(powers).collect()
}
