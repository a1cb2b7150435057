//! Weighs causes against each other. Each cause says what speaks for and against it, what is missing and
//! what refutes it; weights are decibans of evidence (+3 twice as likely, +10 ten times).

pub mod explain;
pub mod signals;
pub mod table;
mod verdict;
mod weighing;

use crate::analysis::scene::Scene;
use crate::case::Case;
use crate::checks::Book;
use crate::text::Text;
use serde::Serialize;
use signals::Signals;
use verdict::Decision;
use weighing::Score;

/// The cause ids of the report, by the letters of the method's table.
pub const CAUSES: &[&str] = &[
    "overload",
    "cpu-credits-exhausted",
    "memory-exhausted",
    "process-down",
    "in-place-deploy",
    "rolling-replacement",
    "instance-power-event",
    "os-restart",
    "host-failure",
    "scale-in",
    "spot-interruption",
    "target-security-group",
    "balancer-security-group",
    "network-acl-or-route",
    "host-firewall",
    "port-mismatch",
    "network-allowance",
    "os-limit",
    "zone-or-aws-event",
    "balancer-capacity",
    "fail-open",
    "new-target-not-ready",
    "stale-target-address",
    "traffic-shift",
    "keepalive-race",
    "slow-target",
    "app-errors",
    "no-targets",
    "target-tls",
    "alarm-artefact",
    "lambda-auth-waf",
];

/// What is thought of one cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    pub cause: &'static str,
    pub verdict: Likelihood,
    /// 0 to 1, over all hypotheses and "none of these". Not calibrated on real incidents.
    pub probability: f64,
    /// The prior and every weight together.
    pub points: i32,
    pub reasons_for: Vec<Reason>,
    pub reasons_against: Vec<Reason>,
    /// What could not be read and would weigh.
    pub missing: Vec<Text>,
    /// Evidence id of what rules it out.
    pub refuted_by: Option<String>,
    /// The cheapest next test.
    pub next_step: Text,
}

/// A piece of evidence and its weight for one hypothesis, in decibans (never 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub evidence: String,
    pub points: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Likelihood {
    Confirmed,
    Likely,
    Undecided,
    Unlikely,
    RuledOut,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// What it all comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub cause: Named,
    pub confidence: Confidence,
    pub sentence: Text,
    /// Causes that took part: the first of a chain, a second fault.
    pub contributing: Vec<&'static str>,
    /// What would change the verdict, the cheapest first.
    pub next_steps: Vec<Text>,
    /// The probability that is left for something that is not on the list.
    pub none_of_these: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    Cause(&'static str),
    /// Nothing was wrong in the window.
    Nothing,
    Inconclusive,
}

impl Named {
    /// The word in the JSON report.
    pub fn id(self) -> &'static str {
        match self {
            Self::Cause(id) => id,
            Self::Nothing => "none",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Weighs every cause; most probable first, every id present.
pub fn weigh(scene: &Scene, book: &mut Book) -> (Vec<Hypothesis>, Verdict) {
    let case = scene.case;
    let signals = Signals::of(scene, book);
    let scores = weighing::weigh(&signals);
    let decision = verdict::decide(&scores, &signals, scene.analysis);
    let hypotheses = scores.iter().map(|s| hypothesis(case, &signals, s, &decision)).collect();
    let verdict = verdict::said(case, &signals, &scores, &decision, book);
    (hypotheses, verdict)
}

fn hypothesis(case: &Case, signals: &Signals, score: &Score, decision: &Decision) -> Hypothesis {
    let reasons = |positive: bool| {
        let mut all: Vec<Reason> = score
            .parts
            .iter()
            .filter(|p| (p.points > 0) == positive && p.points != 0)
            .map(|p| Reason { evidence: p.evidence.clone(), points: p.points })
            .collect();
        all.sort_by(|a, b| b.points.abs().cmp(&a.points.abs()).then_with(|| a.evidence.cmp(&b.evidence)));
        all
    };
    Hypothesis {
        cause: score.cause.id,
        verdict: verdict::likelihood(score, decision),
        probability: score.probability,
        points: score.points,
        reasons_for: reasons(true),
        reasons_against: reasons(false),
        missing: score.unknown.iter().take(6).map(|s| signals::missing(case, s, why(signals, s.id))).collect(),
        refuted_by: score.refuted_by.clone(),
        next_step: (score.cause.next)(),
    }
}

fn why<'a>(signals: &'a Signals, id: &str) -> Option<&'a Text> {
    match signals.get(id) {
        signals::Answer::Unknown(why) => why.as_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
