//! The step `aws-status`: was AWS itself failing? "No sign of it" and "not visible from here" are two answers.

use super::touches::{clock, evidence, with_answer};
use super::{Book, Check, Outcome, Status, Value};
use crate::analysis::Analysis;
use crate::analysis::scene::Scene;
use crate::analysis::timeline::{Entry, Kind};
use crate::case::Case;
use crate::case::gaps::{Gap, Reason};
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use chrono::Duration;

pub struct Step;

/// Public events are published this long after a fault begins.
const PUBLISHED_AFTER: Duration = Duration::minutes(60);

impl Check for Step {
    fn id(&self) -> &'static str {
        "aws-status"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::AwsHealth, Area::Instances]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let (case, analysis) = (scene.case, scene.analysis);
        let faults = faults(case, analysis, book);
        let hints = [system_checks(case, analysis, book), scheduled(case, analysis, book), one_zone(analysis, book)].concat();
        let worst = |ids: &[String], book: &Book| ids.first().and_then(|id| book.get(id)).map(|e| e.sentence.clone());
        let outcome = match (worst(&faults, book), worst(&hints, book)) {
            (Some(words), _) => Outcome::new(self.id(), Status::Fail, words),
            (None, Some(words)) => Outcome::new(self.id(), Status::Warn, words),
            (None, None) => no_sign(self.id(), case, analysis),
        };
        let says_yes = outcome.status == Status::Fail;
        let outcome = with_answer(outcome, case.answer_to(self.id()), says_yes).with(faults).with(hints);
        let outcome = health_gap(case).map(plain).into_iter().fold(outcome, Outcome::detail);
        outcome.detail(say!(
            "The public page is https://health.aws.amazon.com/health/status",
            "Trang trạng thái công khai: https://health.aws.amazon.com/health/status"
        ))
    }
}

/// Faults that AWS itself told of, while the errors lasted or just before.
fn faults(case: &Case, analysis: &Analysis, book: &mut Book) -> Vec<String> {
    let by_aws = |e: &&Entry| match e.kind {
        Kind::AwsFault => true,
        Kind::ZonalShift => e.event(case).is_some_and(|event| &*event.actor.name == "AWS"),
        _ => false,
    };
    let planned = |e: &Entry| e.event(case).is_some_and(|event| event.id.starts_with("scheduled/"));
    let mut all: Vec<&Entry> = analysis.timeline.entries.iter().filter(by_aws).filter(|e| !planned(e)).collect();
    all.sort_by_key(|e| e.rank);
    all.into_iter().take(5).map(|e| evidence(case, e, book)).collect()
}

/// Maintenance that AWS planned for a target inside the window.
fn scheduled(case: &Case, analysis: &Analysis, book: &mut Book) -> Vec<String> {
    let planned = |e: &&Entry| e.event(case).is_some_and(|event| event.id.starts_with("scheduled/"));
    analysis.timeline.entries.iter().filter(planned).take(5).map(|e| evidence(case, e, book)).collect()
}

/// The host under a target failed its check.
fn system_checks(case: &Case, analysis: &Analysis, book: &mut Book) -> Vec<String> {
    let Some(window) = analysis.window else { return Vec::new() };
    let failed = case.series.of("StatusCheckFailed_System").filter_map(|(key, track)| {
        let at = Some(track).filter(|t| t.may_exceed(0.0))?.best("Maximum", window)?.first(window, |v| v > 0.0)?;
        Some((key.instance()?, at))
    });
    let mut ids = Vec::new();
    for (id, at) in failed.take(5) {
        let time = clock(at);
        let words = say!(
            "the hardware or network under {id} failed AWS's system status check at {time} UTC",
            "phần cứng hoặc mạng bên dưới {id} không đạt system status check của AWS lúc {time} UTC"
        );
        ids.push(book.add(format!("aws.system.{id}"), words, Area::HostMetrics, vec![Value::new("StatusCheckFailed_System", 1.0).at(at)]));
    }
    let now = case.instance_statuses.values().filter(|s| s.system == "impaired").take(5);
    ids.extend(now.map(|s| {
        let id = &s.id;
        let words = say!("the system status of {id} is impaired now", "system status của {id} hiện đang lỗi");
        book.add(format!("aws.impaired.{id}"), words, Area::Instances, Vec::new())
    }));
    ids
}

/// Nearly all errors in one of several zones: what an impaired zone would look like, and not only that.
fn one_zone(analysis: &Analysis, book: &mut Book) -> Vec<String> {
    let zones = &analysis.place.zones;
    let Some(first) = zones.first().filter(|z| zones.len() > 1 && z.share >= 0.8) else { return Vec::new() };
    if first.expected.is_some_and(|e| e > 0.6) {
        return Vec::new();
    }
    let (name, share) = (&first.name, (first.share * 100.0).round());
    let words = say!(
        "{share} % of the errors are in {name} alone: one zone stands out",
        "{share} % lỗi chỉ ở {name}: một vùng sẵn sàng nổi bật hẳn"
    );
    vec![book.add("aws.zone", words, Area::BalancerMetrics, vec![Value::new(name.clone(), share).unit("%")])]
}

/// Nothing was found; whether that means anything depends on what could be looked at.
fn no_sign(check: &'static str, case: &Case, analysis: &Analysis) -> Outcome {
    if case.is_waiting_for(Area::AwsHealth) {
        return super::cannot_tell(check, case, &[Area::AwsHealth]);
    }
    if let Some(gap) = health_gap(case) {
        let why = plain(gap);
        let (en, vi) = (&why.en, &why.vi);
        let words = say!(
            "no sign of it in zonal shifts, instance checks and zones; but {en}",
            "không có dấu hiệu ở zonal shift, kiểm tra instance và các vùng; nhưng {vi}"
        );
        return Outcome::new(check, Status::Ask, words).brief(say!("not visible: ask", "không xem được"));
    }
    let early = analysis.onset().zip(case.now()).is_some_and(|(onset, now)| now - onset < PUBLISHED_AFTER);
    if early {
        let words = say!(
            "no sign of it yet; AWS often publishes an event 10–60 min after it began: look again later",
            "chưa có dấu hiệu; AWS thường công bố sự kiện sau 10–60 phút: hãy xem lại sau"
        );
        return Outcome::new(check, Status::Unknown, words).brief(say!("no sign yet", "chưa có dấu hiệu"));
    }
    let words = say!(
        "no sign of it: no AWS Health event, zonal autoshift, planned maintenance or failed system check",
        "không có dấu hiệu: không có sự kiện AWS Health, autoshift, bảo trì hay system check lỗi"
    );
    Outcome::new(check, Status::Pass, words).brief(say!("no sign of it", "không dấu hiệu"))
}

fn health_gap(case: &Case) -> Option<&Gap> {
    case.gaps_of(&[Area::AwsHealth]).find(|g| g.reason != Reason::NotApplicable && g.subject.to_lowercase().contains("health"))
        .or_else(|| case.gaps_of(&[Area::AwsHealth]).find(|g| g.reason != Reason::NotApplicable))
}

/// What the gap means, in words that tell what to do.
fn plain(gap: &Gap) -> Text {
    if gap.reason == Reason::NotEnabled || gap.detail.contains("SubscriptionRequired") {
        return say!(
            "AWS Health is not visible from here: its API needs a Business or Enterprise support plan",
            "không xem được AWS Health từ đây: API này cần gói hỗ trợ Business hoặc Enterprise"
        );
    }
    let (subject, detail) = (&gap.subject, &gap.detail);
    say!("AWS Health is not visible from here: {subject}: {detail}", "không xem được AWS Health từ đây: {subject}: {detail}")
}
