//! The runbook: one check a step, in the runbook's order. A check is pure and total: it looks at the case
//! and says what it sees, what it cannot tell and why.

use crate::analysis::scene::Scene;
use crate::case::Case;
use crate::case::gaps::Reason;
use crate::exchange::{Area, Origin};
use crate::text::Text;
use crate::time::Time;
use serde::Serialize;
use std::collections::BTreeMap;

/// A step of the runbook.
pub trait Check: Sync {
    /// As in the JSON report.
    fn id(&self) -> &'static str;
    /// What must be read for it; the union over all checks is what is fetched.
    fn needs(&self) -> &'static [Area];
    /// Looks. Puts what it refers to into the book.
    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Pass,
    Warn,
    Fail,
    NotApplicable,
    Unknown,
    /// Only a person can answer, and none has yet.
    Ask,
    /// What it needs is still on its way; `unknown` in the JSON report.
    #[serde(rename = "unknown")]
    Waiting,
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub check: &'static str,
    pub status: Status,
    /// One line.
    pub summary: Text,
    /// The same in some twenty cells, for a narrow column; may be empty.
    pub brief: Text,
    /// Ids in the book, the weightiest first.
    pub evidence: Vec<String>,
    /// Further lines for the opened step: corrections of the runbook, what to do, commands.
    pub details: Vec<Text>,
}

impl Outcome {
    pub fn new(check: &'static str, status: Status, summary: Text) -> Self {
        Self { check, status, summary, brief: Text::default(), evidence: Vec::new(), details: Vec::new() }
    }

    pub fn brief(mut self, text: Text) -> Self {
        self.brief = text;
        self
    }

    pub fn with(mut self, evidence: impl IntoIterator<Item = String>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    pub fn detail(mut self, text: Text) -> Self {
        self.details.push(text);
        self
    }
}

/// One thing that was observed, in words and with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    pub sentence: Text,
    pub area: Area,
    pub api: Option<Origin>,
    pub values: Vec<Value>,
}

/// A number behind a sentence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Value {
    pub name: String,
    pub value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "crate::checks::opt_time")]
    pub at: Option<Time>,
}

/// Writes times as the report does.
pub fn opt_time<S: serde::Serializer>(t: &Option<Time>, s: S) -> Result<S::Ok, S::Error> {
    match t {
        Some(t) => s.serialize_str(&crate::time::rfc3339(*t)),
        None => s.serialize_none(),
    }
}

impl Value {
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self { name: name.into(), value, unit: None, at: None }
    }

    pub fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    pub fn at(mut self, at: Time) -> Self {
        self.at = Some(at);
        self
    }
}

/// Every piece of evidence by its id (`cpu.peak`, `path.sg-0ab.8080`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    pub entries: BTreeMap<String, Evidence>,
}

impl Book {
    /// Files a piece of evidence and gives back its id.
    pub fn add(&mut self, id: impl Into<String>, sentence: Text, area: Area, values: Vec<Value>) -> String {
        let id = id.into();
        self.entries.insert(id.clone(), Evidence { sentence, area, api: None, values });
        id
    }

    /// The same with the call it came from.
    pub fn add_from(&mut self, id: impl Into<String>, sentence: Text, area: Area, values: Vec<Value>, api: Option<Origin>) -> String {
        let id = id.into();
        self.entries.insert(id.clone(), Evidence { sentence, area, api, values });
        id
    }

    pub fn get(&self, id: &str) -> Option<&Evidence> {
        self.entries.get(id)
    }
}

mod numbers;
pub(crate) mod touches;

/// Names the steps and lists them in order.
macro_rules! runbook {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*
        /// Every step in the runbook's order.
        pub const RUNBOOK: &[&dyn Check] = &[$(&$module::Step),*];
    };
}

runbook![
    ask_infra_team,
    ask_app_team,
    aws_status,
    request_count,
    network_in,
    status_check,
    cpu,
    instance_power_events,
    access_log_5xx,
    alarm_definition,
    health_check_config,
    firewall,
    app_log,
    correlation,
    verdict,
];

/// `Waiting`, or `Unknown` with the gaps, when the areas a step needs gave nothing.
pub fn cannot_tell(check: &'static str, case: &Case, areas: &[Area]) -> Outcome {
    if let Some(area) = areas.iter().find(|a| case.is_waiting_for(**a)) {
        let detail = case.busy.get(area).map(|(_, d)| d.to_string()).unwrap_or_default();
        return Outcome::new(
            check,
            Status::Waiting,
            if detail.is_empty() {
                crate::say!("not read yet", "chưa đọc")
            } else {
                crate::say!("reading: {detail}", "đang đọc: {detail}")
            },
        );
    }
    let gaps: Vec<_> = case.gaps_of(areas).collect();
    let words = match gaps.first() {
        Some(gap) => {
            let (subject, detail) = (&gap.subject, &gap.detail);
            crate::say!("cannot tell: {subject}: {detail}", "không xác định được: {subject}: {detail}")
        }
        None => crate::say!("cannot tell: nothing was read", "không xác định được: không đọc được gì"),
    };
    Outcome::new(check, Status::Unknown, words).brief(gaps.first().map_or_else(Text::default, |g| why_brief(g.reason)))
}

/// Why something could not be read, in a word or two.
fn why_brief(reason: Reason) -> Text {
    match reason {
        Reason::Denied => crate::say!("denied", "bị từ chối"),
        Reason::Throttled => crate::say!("throttled", "bị giới hạn"),
        Reason::NotEnabled => crate::say!("not enabled", "chưa bật"),
        Reason::TooFresh => crate::say!("too fresh", "còn quá mới"),
        Reason::BeyondRetention => crate::say!("no longer kept", "không còn lưu"),
        Reason::Timeout => crate::say!("timed out", "quá thời gian"),
        Reason::Unavailable => crate::say!("not readable", "không đọc được"),
        Reason::NotApplicable => crate::say!("not applicable", "không áp dụng"),
    }
}

pub(crate) use alarm_definition::Past;

/// An alarm's rule in one line.
pub fn alarm_rule(alarm: &crate::case::alarm::Alarm) -> Text {
    alarm_definition::rule_words(alarm)
}

/// Runs every step.
pub fn run_all(scene: &Scene, book: &mut Book) -> Vec<Outcome> {
    RUNBOOK.iter().map(|c| c.run(scene, book)).collect()
}

/// The last step says what the diagnosis came to.
pub fn verdict_outcome(hypotheses: &[crate::diagnosis::Hypothesis], verdict: &crate::diagnosis::Verdict) -> Outcome {
    use crate::diagnosis::Named;
    let status = match verdict.cause {
        Named::Cause(_) => Status::Fail,
        Named::Nothing => Status::Pass,
        Named::Inconclusive => Status::Unknown,
    };
    let reasons = hypotheses
        .iter()
        .find(|h| h.cause == verdict.cause.id())
        .map(|h| h.reasons_for.iter().map(|r| r.evidence.clone()).collect::<Vec<_>>());
    Outcome {
        details: verdict.next_steps.clone(),
        ..Outcome::new("verdict", status, verdict.sentence.clone()).with(reasons.unwrap_or_default())
    }
}
