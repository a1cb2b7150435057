//! The report for programs, `alb-triage/report/v1`: every key always there, `null` where unknown, times
//! in UTC, durations in seconds, the same case the same bytes. `assets/report.schema.json` describes it.

mod access_logs;

use crate::analysis::{Correlation, Direction, Order, timeline::Entry};
use crate::case::Case;
use crate::case::alarm::Alarm;
use crate::case::answers::{Answer, Said};
use crate::case::gaps::{Gap, Reason};
use crate::checks::{self, Evidence, Outcome, Status};
use crate::diagnosis::{Confidence, Hypothesis, Likelihood};
use crate::exchange::{Area, Cost, Origin};
use crate::judge::Judged;
use crate::text::Foreign;
use crate::time::{Time, rfc3339};
use access_logs::AccessLogsOut;
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// The format's name and version.
pub const SCHEMA: &str = "alb-triage/report/v1";

/// The report as JSON. English always; `generated_at` is the only thing that is not of the case.
pub fn json(case: &Case, judged: &Judged, generated_at: Time) -> Value {
    // Nothing in the report can fail to be written: its keys are strings and its numbers finite or null.
    serde_json::to_value(Report::of(case, judged, generated_at)).unwrap_or_default()
}

/// The same as text, one key a line, with a final line break.
pub fn text(case: &Case, judged: &Judged, generated_at: Time) -> String {
    let mut out = serde_json::to_string_pretty(&Report::of(case, judged, generated_at)).unwrap_or_default();
    out.push('\n');
    out
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    tool_version: &'static str,
    #[serde(serialize_with = "utc")]
    generated_at: Time,
    case: CaseOut<'a>,
    window: WindowOut,
    coverage: CoverageOut,
    checks: Vec<CheckOut<'a>>,
    hypotheses: Vec<HypothesisOut<'a>>,
    verdict: VerdictOut<'a>,
    correlations: Vec<CorrelationOut<'a>>,
    events: Vec<EventOut<'a>>,
    access_logs: Option<AccessLogsOut<'a>>,
    evidence: BTreeMap<&'a str, EvidenceOut<'a>>,
    cost: CostOut<'a>,
    answers: Vec<AnswerOut<'a>>,
}

impl<'a> Report<'a> {
    fn of(case: &'a Case, judged: &'a Judged, generated_at: Time) -> Self {
        Self {
            schema: SCHEMA,
            tool_version: env!("CARGO_PKG_VERSION"),
            generated_at,
            case: CaseOut::of(case),
            window: WindowOut::of(judged),
            coverage: CoverageOut::of(judged),
            checks: judged.outcomes.iter().map(|o| CheckOut::of(o, judged)).collect(),
            hypotheses: judged.hypotheses.iter().map(|h| HypothesisOut::of(h, judged)).collect(),
            verdict: VerdictOut::of(judged),
            correlations: judged.analysis.correlations.iter().map(CorrelationOut::of).collect(),
            events: judged.analysis.timeline.entries.iter().filter_map(|e| EventOut::of(e, case)).collect(),
            access_logs: case.access_log.as_ref().map(|log| AccessLogsOut::of(log, judged.window)),
            evidence: judged.book.entries.iter().map(|(id, e)| (id.as_str(), EvidenceOut::of(case, e))).collect(),
            cost: CostOut::of(&case.cost),
            answers: case.answers.iter().map(AnswerOut::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct CaseOut<'a> {
    account: Option<&'a str>,
    region: Option<&'a str>,
    alarm: Option<AlarmOut<'a>>,
    load_balancer: Option<Named<'a>>,
    target_groups: Vec<GroupOut<'a>>,
    targets: Vec<TargetOut<'a>>,
}

impl<'a> CaseOut<'a> {
    fn of(case: &'a Case) -> Self {
        Self {
            account: case.identity.as_ref().map(|i| i.account.as_str()),
            region: case.identity.as_ref().map(|i| i.region.as_str()),
            alarm: case.alarm.as_ref().map(AlarmOut::of),
            load_balancer: case.load_balancer.as_ref().map(|lb| Named { name: lb.name.as_str(), arn: &lb.arn }),
            target_groups: case.target_groups.iter().map(GroupOut::of).collect(),
            targets: targets(case),
        }
    }
}

#[derive(Serialize)]
struct AlarmOut<'a> {
    name: &'a str,
    arn: &'a str,
    metric: &'a str,
    statistic: &'a str,
    period: u32,
    threshold: Number,
    comparison: &'a str,
    evaluation_periods: u32,
    datapoints_to_alarm: u32,
    treat_missing_data: &'a str,
}

impl<'a> AlarmOut<'a> {
    fn of(a: &'a Alarm) -> Self {
        Self {
            name: a.name.as_str(),
            arn: &a.arn,
            metric: &a.metric,
            statistic: &a.statistic,
            period: a.period,
            threshold: Number(a.threshold),
            comparison: &a.comparison,
            evaluation_periods: a.evaluation_periods,
            datapoints_to_alarm: a.datapoints_to_alarm,
            treat_missing_data: &a.treat_missing_data,
        }
    }
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    arn: &'a str,
}

#[derive(Serialize)]
struct GroupOut<'a> {
    name: &'a str,
    arn: &'a str,
    target_type: &'a str,
    port: Option<u16>,
    protocol: Option<&'a str>,
}

impl<'a> GroupOut<'a> {
    fn of(g: &'a crate::case::topology::TargetGroup) -> Self {
        Self { name: g.name.as_str(), arn: &g.arn, target_type: &g.target_type, port: g.port, protocol: g.protocol.as_deref() }
    }
}

#[derive(Serialize)]
struct TargetOut<'a> {
    id: &'a str,
    address: Option<&'a str>,
    port: Option<u16>,
    zone: Option<&'a str>,
    /// The group's ARN; `null` for a target of then that is registered no more.
    target_group: Option<&'a str>,
}

/// Registered targets, then instances of the time that are registered no more.
fn targets(case: &Case) -> Vec<TargetOut<'_>> {
    let registered = case.target_health.values().map(|t| {
        let instance = case.instances.get(&t.id);
        let is_address = t.id.parse::<std::net::IpAddr>().is_ok();
        TargetOut {
            id: &t.id,
            address: instance.and_then(|i| i.private_ip.as_deref()).or_else(|| is_address.then_some(t.id.as_str())),
            port: t.port,
            zone: t.zone.as_deref().or_else(|| instance.map(|i| i.zone.as_str())),
            target_group: Some(&t.target_group),
        }
    });
    let gone = case.instances.values().filter(|i| !case.target_health.values().any(|t| t.id == i.id)).map(|i| TargetOut {
        id: &i.id,
        address: i.private_ip.as_deref(),
        port: None,
        zone: Some(&i.zone),
        target_group: None,
    });
    registered.chain(gone).collect()
}

#[derive(Serialize)]
struct WindowOut {
    #[serde(serialize_with = "utc")]
    start: Time,
    #[serde(serialize_with = "utc")]
    end: Time,
    episodes: Vec<EpisodeOut>,
}

#[derive(Serialize)]
struct EpisodeOut {
    #[serde(serialize_with = "utc")]
    onset: Time,
    onset_uncertainty: u32,
    #[serde(serialize_with = "checks::opt_time")]
    end: Option<Time>,
    peak: Number,
    total: Number,
}

impl WindowOut {
    fn of(judged: &Judged) -> Self {
        let episode = |e: &crate::analysis::Episode| EpisodeOut {
            onset: e.onset,
            onset_uncertainty: e.onset_uncertainty,
            end: e.end,
            peak: Number(e.peak),
            total: Number(e.total),
        };
        Self { start: judged.window.start, end: judged.window.end, episodes: judged.analysis.episodes.iter().map(episode).collect() }
    }
}

#[derive(Serialize)]
struct CoverageOut {
    checks_ran: usize,
    checks_total: usize,
    gaps: Vec<GapOut>,
}

impl CoverageOut {
    fn of(judged: &Judged) -> Self {
        let c = &judged.coverage;
        Self { checks_ran: c.ran, checks_total: c.total, gaps: c.gaps.iter().map(GapOut::of).collect() }
    }
}

#[derive(Serialize)]
struct GapOut {
    source: Area,
    reason: Reason,
    action: Option<String>,
    detail: String,
}

impl GapOut {
    fn of(gap: &Gap) -> Self {
        Self { source: gap.area, reason: gap.reason, action: gap.action.clone(), detail: gap.in_words() }
    }
}

#[derive(Serialize)]
struct CheckOut<'a> {
    id: &'a str,
    status: Status,
    summary: &'a str,
    evidence: Vec<&'a str>,
}

impl<'a> CheckOut<'a> {
    fn of(o: &'a Outcome, judged: &Judged) -> Self {
        let evidence = o.evidence.iter().map(String::as_str).filter(|id| judged.book.get(id).is_some()).collect();
        Self { id: o.check, status: o.status, summary: &o.summary.en, evidence }
    }
}

#[derive(Serialize)]
struct HypothesisOut<'a> {
    id: &'a str,
    verdict: Likelihood,
    probability: Number,
    r#for: Vec<&'a str>,
    against: Vec<&'a str>,
    missing: Vec<&'a str>,
    refuted_by: Option<&'a str>,
    next_step: &'a str,
    /// Decibans, by evidence id.
    points: BTreeMap<&'a str, i32>,
}

impl<'a> HypothesisOut<'a> {
    fn of(h: &'a Hypothesis, judged: &Judged) -> Self {
        let traced = |id: &&str| judged.book.get(id).is_some();
        let ids = |reasons: &'a [crate::diagnosis::Reason]| reasons.iter().map(|r| r.evidence.as_str()).filter(traced).collect::<Vec<_>>();
        let weighed = h.reasons_for.iter().chain(&h.reasons_against).filter(|r| traced(&r.evidence.as_str()));
        Self {
            id: h.cause,
            verdict: h.verdict,
            probability: Number(h.probability),
            r#for: ids(&h.reasons_for),
            against: ids(&h.reasons_against),
            missing: h.missing.iter().map(|t| t.en.as_str()).collect(),
            refuted_by: h.refuted_by.as_deref().filter(traced),
            next_step: &h.next_step.en,
            points: weighed.map(|r| (r.evidence.as_str(), r.points)).collect(),
        }
    }
}

#[derive(Serialize)]
struct VerdictOut<'a> {
    cause: &'a str,
    confidence: Confidence,
    sentence: &'a str,
    contributing: &'a [&'static str],
}

impl<'a> VerdictOut<'a> {
    fn of(judged: &'a Judged) -> Self {
        let v = &judged.verdict;
        Self { cause: v.cause.id(), confidence: v.confidence, sentence: &v.sentence.en, contributing: &v.contributing }
    }
}

#[derive(Serialize)]
struct CorrelationOut<'a> {
    metric: &'a str,
    dimensions: &'a BTreeMap<String, String>,
    rank: u32,
    score: Number,
    lag: i64,
    #[serde(serialize_with = "checks::opt_time")]
    onset: Option<Time>,
    direction: &'static str,
    role: &'static str,
}

impl<'a> CorrelationOut<'a> {
    fn of(c: &'a Correlation) -> Self {
        Self {
            metric: &c.key.metric,
            dimensions: &c.key.dimensions,
            rank: c.rank,
            score: Number(c.score),
            lag: c.lag,
            onset: c.onset,
            direction: match c.direction {
                Direction::Up => "up",
                Direction::Down => "down",
            },
            role: match c.order {
                Order::Leads => "leads",
                Order::Coincides => "coincides",
                Order::Follows => "follows",
                Order::Consequence => "consequence",
            },
        }
    }
}

#[derive(Serialize)]
struct EventOut<'a> {
    #[serde(serialize_with = "utc")]
    time: Time,
    source: &'static str,
    name: &'a str,
    actor: Option<&'a str>,
    resources: Vec<&'a str>,
    relation: &'static str,
    seconds_from_onset: Option<i64>,
}

impl<'a> EventOut<'a> {
    fn of(entry: &Entry, case: &'a Case) -> Option<Self> {
        let event = entry.event(case)?;
        Some(Self {
            time: event.at,
            source: event.source.id(),
            name: event.name.as_str(),
            actor: Some(event.actor.name.as_str()).filter(|name| !name.is_empty()),
            resources: event.resources.iter().map(Foreign::as_str).collect(),
            relation: entry.relation.id(),
            seconds_from_onset: entry.seconds_from_onset,
        })
    }
}

#[derive(Serialize)]
struct EvidenceOut<'a> {
    sentence: &'a str,
    source: Area,
    api: Option<ApiOut<'a>>,
    values: Vec<ValueOut<'a>>,
}

#[derive(Serialize)]
struct ApiOut<'a> {
    operation: &'a str,
    parameters: &'a BTreeMap<String, String>,
    #[serde(serialize_with = "checks::opt_time")]
    fetched_at: Option<Time>,
}

#[derive(Serialize)]
struct ValueOut<'a> {
    name: &'a str,
    value: Number,
    unit: Option<&'static str>,
    #[serde(serialize_with = "checks::opt_time")]
    at: Option<Time>,
}

impl<'a> EvidenceOut<'a> {
    fn of(case: &'a Case, e: &'a Evidence) -> Self {
        let fetched = |o: &Origin| case.fetched.get(o).copied();
        let api = |o: &'a Origin| ApiOut { operation: &o.operation, parameters: &o.parameters, fetched_at: fetched(o) };
        let value = |v: &'a checks::Value| ValueOut { name: &v.name, value: Number(v.value), unit: v.unit, at: v.at };
        Self { sentence: &e.sentence.en, source: e.area, api: e.api.as_ref().map(api), values: e.values.iter().map(value).collect() }
    }
}

#[derive(Serialize)]
struct CostOut<'a> {
    calls: &'a BTreeMap<String, u64>,
    metrics_requested: u64,
    estimated_usd: Number,
}

impl<'a> CostOut<'a> {
    fn of(cost: &'a Cost) -> Self {
        Self { calls: &cost.calls, metrics_requested: cost.metrics_requested, estimated_usd: Number(cost.estimated_usd) }
    }
}

#[derive(Serialize)]
struct AnswerOut<'a> {
    check: &'a str,
    answer: Said,
    note: &'a str,
    by: &'a str,
    #[serde(serialize_with = "utc")]
    at: Time,
}

impl<'a> AnswerOut<'a> {
    fn of(a: &'a Answer) -> Self {
        Self { check: &a.check, answer: a.answer, note: a.note.as_str(), by: a.by.as_str(), at: a.at }
    }
}

fn utc<S: Serializer>(t: &Time, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&rfc3339(*t))
}

/// A number with at most six decimals, so that the last bits of a sum are nobody's difference; whole
/// ones are written without a point, what is not finite as `null`.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let v = self.0;
        if !v.is_finite() {
            return s.serialize_none();
        }
        if v.fract() == 0.0 && v.abs() < 9e15 {
            return s.serialize_i64(v as i64);
        }
        let rounded = if v.abs() < 9e9 { (v * 1e6).round() / 1e6 } else { v };
        s.serialize_f64(rounded)
    }
}
