//! The step `instance-power-events`: were targets of then or of now rebooted, stopped, started, taken away?

use super::touches::{brief_of, clock, coverage, evidence, in_question, sentence};
use super::{Book, Check, Outcome, Status, Value, cannot_tell};
use crate::analysis::Analysis;
use crate::analysis::timeline::{Entry, Kind, Relation, WEAK};
use crate::case::Case;
use crate::case::events::EventSource;
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use crate::time::Time;

pub struct Step;

impl Check for Step {
    fn id(&self) -> &'static str {
        "instance-power-events"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::Changes]
    }

    fn run(&self, case: &Case, analysis: &Analysis, book: &mut Book) -> Outcome {
        let events = on_targets(case, analysis);
        let silent = silent_restarts(case, analysis, book);
        let coverage = coverage(case, analysis, &[Area::Changes, Area::Lifecycle]);
        let mut ids: Vec<String> = events.iter().take(8).map(|e| evidence(case, e, book)).collect();
        ids.extend(silent.iter().cloned());
        let outcome = match (events.first(), silent.first()) {
            (Some(first), _) if first.likelihood >= WEAK => Outcome::new(self.id(), Status::Fail, sentence(case, first)),
            (_, Some(id)) => Outcome::new(self.id(), Status::Fail, book.get(id).map(|e| e.sentence.clone()).unwrap_or_default()),
            (Some(first), None) => Outcome::new(self.id(), Status::Warn, sentence(case, first)),
            (None, None) => nothing(self.id(), case, analysis, coverage.complete),
        };
        let brief = match (events.first(), silent.len()) {
            (Some(first), _) => brief_of(case, first),
            (None, 0) => say!("none", "không có"),
            (None, n) => say!("{n} restarted inside", "{n} máy tự khởi động lại"),
        };
        let outcome = if outcome.brief == Text::default() { outcome.brief(brief) } else { outcome };
        outcome.with(ids).detail(coverage.words).detail(say!(
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

/// Targets that came up or failed their own check though no call asked for it.
fn silent_restarts(case: &Case, analysis: &Analysis, book: &mut Book) -> Vec<String> {
    let Some(window) = analysis.window else { return Vec::new() };
    let touched = |id: &str| {
        let parts = analysis.timeline.entries.iter().filter(|e| !e.attempt).flat_map(|e| e.parts(case));
        parts.filter(|p| p.source != EventSource::Ec2).any(|p| p.resources.iter().any(|r| **r == *id))
    };
    let failed = case.series.of("StatusCheckFailed_Instance").filter_map(|(key, track)| {
        let series = track.best("Maximum", window)?;
        let first = series.points(window).find(|(_, v)| *v > 0.0)?.0;
        Some((key.instance()?, first))
    });
    let unasked: Vec<(&str, Time)> = failed.filter(|(id, _)| !touched(id)).collect();
    unasked.into_iter().take(8).map(|(id, at)| status_evidence(id, at, book)).collect()
}

fn status_evidence(id: &str, at: Time, book: &mut Book) -> String {
    let time = clock(at);
    let words = say!(
        "{id} failed its instance status check at {time} UTC though no call touched it: it hung or was restarted from inside",
        "{id} không đạt status check của instance lúc {time} UTC dù không có lệnh nào chạm tới: máy treo hoặc được khởi động lại từ bên trong"
    );
    book.add(format!("power.silent.{id}"), words, Area::HostMetrics, vec![Value::new("StatusCheckFailed_Instance", 1.0).at(at)])
}
