//! From probabilities to a verdict. A cause is named when it stands far above its rivals, on several kinds of
//! evidence, with nothing heavy against it; otherwise the outcome is "inconclusive" and says what would
//! decide. Never more than likely on one signal.

use super::signals::{self, Answer, Signals, find};
use super::table::Cause;
use super::weighing::{Score, none_of_these, odds};
use super::{Confidence, Likelihood, Named, Verdict};
use crate::analysis::Analysis;
use crate::case::Case;
use crate::checks::Book;
use crate::say;
use crate::text::Text;
use std::collections::BTreeMap;

/// What is decided before it is put into words.
#[derive(Clone, Debug)]
pub struct Decision {
    pub named: Named,
    pub confidence: Confidence,
    pub confirmed: bool,
    pub contributing: Vec<&'static str>,
}

/// The bars that a cause must pass to be named.
struct Bars {
    probability: f64,
    lead: i32,
    support: i32,
    groups: usize,
    /// No single argument against, and not all together, may weigh as much.
    worst: i32,
    counter: i32,
    coverage: f64,
}

const HIGH: Bars = Bars { probability: 0.75, lead: 10, support: 18, groups: 3, worst: -7, counter: -14, coverage: 0.5 };
const MEDIUM: Bars = Bars { probability: 0.6, lead: 7, support: 14, groups: 2, worst: -9, counter: -18, coverage: 0.3 };
const LOW: Bars = Bars { probability: 0.45, lead: 4, support: 10, groups: 2, worst: -11, counter: -24, coverage: 0.15 };
/// With less direct evidence a cause is named by excluding the others, and that takes nearly every answer.
const DIRECT: i32 = 5;
const BY_EXCLUSION: f64 = 0.85;
/// Points and direct evidence from which a second cause is said to take part.
const SECOND_POINTS: i32 = 8;
const SECOND_DIRECT: i32 = 8;

/// So many points may the beginning of a chain have less than its effect, which shows in more places.
const BEGINNING: i32 = 10;

/// Requests that fail with their connections made.
const OTHER_FAILURES: &[&str] = &["keepalive-cuts", "slow-answers", "app-errors", "no-target-503", "tls-errors", "auth-waf-lambda-errors"];

/// What keeps "nothing was wrong" from being said though every connection was made.
const OTHER_SIGNS: &[&str] = &["alarm-without-errors", "no-registered-targets", "instance-check-failed", "system-check-failed"];

/// What leads to what: the first explains the second.
const CHAINS: &[(&str, &str)] = &[
    ("cpu-credits-exhausted", "overload"),
    ("memory-exhausted", "process-down"),
    ("scale-in", "overload"),
    ("spot-interruption", "overload"),
    ("balancer-capacity", "overload"),
    ("traffic-shift", "overload"),
    ("zone-or-aws-event", "overload"),
];

/// Decides; `scores` most probable first.
pub fn decide(scores: &[Score], signals: &Signals, analysis: &Analysis) -> Decision {
    let inconclusive = Decision { named: Named::Inconclusive, confidence: Confidence::Low, confirmed: false, contributing: Vec::new() };
    let Some(best) = first(scores) else { return inconclusive };
    let contributing = contributing(scores, best, signals);
    let rivals: Vec<&Score> = scores.iter().filter(|s| s.cause.id != best.cause.id && !contributing.contains(&s.cause.id)).collect();
    let confidence = [(HIGH, Confidence::High), (MEDIUM, Confidence::Medium), (LOW, Confidence::Low)]
        .into_iter()
        .find(|(bars, _)| passes(best, &rivals, bars))
        .map(|(_, c)| c);
    if is_quiet(signals, analysis) && (confidence.is_none() || best.cause.letter.starts_with('C')) {
        let others = OTHER_FAILURES.iter().chain(OTHER_SIGNS);
        let other = others.into_iter().any(|id| signals.is_yes(id));
        let named = if other { Named::Inconclusive } else { Named::Nothing };
        return Decision { named, confidence: quiet_confidence(signals, analysis), ..inconclusive };
    }
    let Some(confidence) = confidence else { return inconclusive };
    let confirmed = confidence == Confidence::High && is_confirmed(best);
    Decision { named: Named::Cause(best.cause.id), confidence, confirmed, contributing }
}

/// The most probable that can be a first cause; of a chain, its beginning if that has evidence of its own.
fn first(scores: &[Score]) -> Option<&Score> {
    let best = scores.iter().find(|s| s.refuted_by.is_none() && s.cause.id != "fail-open")?;
    let begins = |s: &&Score| CHAINS.contains(&(s.cause.id, best.cause.id)) && takes_part(s) && s.points + BEGINNING >= best.points;
    Some(scores.iter().find(begins).unwrap_or(best))
}

fn takes_part(s: &Score) -> bool {
    s.refuted_by.is_none() && s.points >= SECOND_POINTS && s.direct() >= SECOND_DIRECT && s.worst() > -9
}

fn contributing(scores: &[Score], best: &Score, signals: &Signals) -> Vec<&'static str> {
    let own = |s: &Score| -> Vec<&str> { s.parts.iter().filter(|p| p.direct && p.points >= SECOND_DIRECT).map(|p| p.signal.id).collect() };
    let of_best = own(best);
    let second = |s: &&Score| {
        s.cause.id != best.cause.id && takes_part(s) && s.cause.id != "fail-open" && own(s).iter().any(|id| !of_best.contains(id))
    };
    let effect = |s: &&Score| CHAINS.contains(&(best.cause.id, s.cause.id)) && s.points >= 0 && s.direct() >= 5;
    let mut all: Vec<&'static str> = scores.iter().filter(|s| second(s) || effect(s)).map(|s| s.cause.id).take(3).collect();
    if signals.is_yes("none-healthy") && best.cause.id != "no-targets" {
        all.push("fail-open");
    }
    all
}

fn passes(best: &Score, rivals: &[&Score], bars: &Bars) -> bool {
    let among = rivals.iter().map(|s| odds(f64::from(s.points))).sum::<f64>() + odds(super::weighing::NONE_OF_THESE);
    let own = odds(f64::from(best.points));
    let next = rivals.iter().map(|s| s.points).max().unwrap_or(i32::MIN / 2).max(super::weighing::NONE_OF_THESE as i32);
    own / (own + among) >= bars.probability
        && best.points - next >= bars.lead
        && best.support() >= bars.support
        && best.supporting_groups() >= bars.groups
        && best.worst() > bars.worst
        && best.counter() > bars.counter
        && best.coverage >= if best.direct() >= DIRECT { bars.coverage } else { BY_EXCLUSION }
}

/// An effect, an order in time or an event, and the mechanism: three kinds of evidence, one of them direct.
fn is_confirmed(best: &Score) -> bool {
    let event = best.parts.iter().any(|p| matches!(p.signal.group, signals::Group::Event(_) | signals::Group::Log) && p.points >= 8);
    event && best.direct() >= 12 && best.supporting_groups() >= 3 && best.probability >= 0.97 && best.worst() > -4
}

/// No errors that stand out, and they would have been seen.
fn is_quiet(signals: &Signals, analysis: &Analysis) -> bool {
    let real = analysis.episodes.iter().any(|e| !e.isolated);
    !real && matches!(signals.get("connection-failures"), Answer::No(..))
}

/// Sure only where every other way of failing was looked at, too.
fn quiet_confidence(signals: &Signals, analysis: &Analysis) -> Confidence {
    let looked = OTHER_FAILURES.iter().all(|id| matches!(signals.get(id), Answer::No(..)));
    match (analysis.episodes.is_empty(), looked) {
        (true, true) => Confidence::High,
        (true, false) | (false, true) => Confidence::Medium,
        (false, false) => Confidence::Low,
    }
}

/// What is thought of one cause, given the decision.
pub fn likelihood(score: &Score, decision: &Decision) -> Likelihood {
    let id = score.cause.id;
    if decision.named == Named::Cause(id) {
        return if decision.confirmed { Likelihood::Confirmed } else { Likelihood::Likely };
    }
    if decision.contributing.contains(&id) && score.refuted_by.is_none() {
        return Likelihood::Likely;
    }
    match score.probability {
        _ if score.refuted_by.is_some() => Likelihood::RuledOut,
        0.1.. => Likelihood::Undecided,
        _ if score.coverage < 0.25 => Likelihood::Unknown,
        _ => Likelihood::Unlikely,
    }
}

/// The verdict in words.
pub fn said(case: &Case, signals: &Signals, scores: &[Score], decision: &Decision, book: &Book) -> Verdict {
    let sentence = match decision.named {
        Named::Cause(id) => scores.iter().find(|s| s.cause.id == id).map_or_else(Text::default, |s| named(s, decision, book)),
        Named::Nothing => nothing(decision),
        Named::Inconclusive => inconclusive(scores, signals),
    };
    Verdict {
        cause: decision.named,
        confidence: decision.confidence,
        sentence,
        contributing: decision.contributing.clone(),
        next_steps: next_steps(case, signals, scores, decision),
        none_of_these: none_of_these(scores),
    }
}

fn named(s: &Score, decision: &Decision, book: &Book) -> Text {
    let Text { en: name, vi: name_vi } = (s.cause.name)();
    let best = s.parts.iter().filter(|p| p.direct || p.points >= 5).max_by_key(|p| (p.points, std::cmp::Reverse(p.signal.id)));
    let because = best.and_then(|p| book.get(&p.evidence)).map(|e| e.sentence.clone()).unwrap_or_default();
    let (en, vi) = (because.en, because.vi);
    if decision.confirmed {
        say!("Confirmed: {name}. {en}", "Xác nhận: {name_vi}. {vi}")
    } else if decision.confidence == Confidence::Low {
        say!("Possibly {name}. {en}", "Có thể là {name_vi}. {vi}")
    } else {
        say!("Most likely {name}. {en}", "Nhiều khả năng nhất: {name_vi}. {vi}")
    }
}

fn nothing(decision: &Decision) -> Text {
    if decision.confidence == Confidence::High {
        say!(
            "Nothing was wrong in this window: no more connections to targets failed than usual.",
            "Không có gì bất thường trong khoảng này: số kết nối lỗi tới target không hơn thường ngày."
        )
    } else {
        say!(
            "Nothing stands out in this window: a few failed connections, no more than usual.",
            "Không có gì nổi bật trong khoảng này: vài kết nối lỗi, không hơn thường ngày."
        )
    }
}

fn inconclusive(scores: &[Score], signals: &Signals) -> Text {
    let unknown = signals::SIGNALS.iter().filter(|s| matches!(signals.get(s.id), Answer::Unknown(_))).count();
    let all = signals::SIGNALS.len();
    let names: Vec<Text> = scores.iter().filter(|s| s.refuted_by.is_none() && s.support() > 0).take(2).map(|s| (s.cause.name)()).collect();
    let Text { en, vi } = Text::join(&names, " / ");
    if names.is_empty() {
        return say!(
            "Not enough evidence to name a cause: {unknown} of {all} questions could not be answered.",
            "Chưa đủ bằng chứng để nêu nguyên nhân: {unknown} trên {all} câu hỏi chưa trả lời được."
        );
    }
    say!(
        "Not enough evidence to name one cause; nearest: {en}. {unknown} of {all} questions could not be answered.",
        "Chưa đủ bằng chứng để nêu một nguyên nhân; gần nhất: {vi}. {unknown} trên {all} câu hỏi chưa trả lời được."
    )
}

/// The tests that would change most: of a named cause its own, then the unknown that would move the front.
fn next_steps(case: &Case, signals: &Signals, scores: &[Score], decision: &Decision) -> Vec<Text> {
    if decision.named == Named::Nothing {
        return Vec::new();
    }
    let front: Vec<&Score> = scores.iter().filter(|s| s.refuted_by.is_none() && s.cause.id != "fail-open").take(3).collect();
    let mut value: BTreeMap<&'static str, f64> = BTreeMap::new();
    for s in &front {
        for weight in s.cause.weights.iter().filter(|w| matches!(signals.get(w.signal), Answer::Unknown(_))) {
            *value.entry(weight.signal).or_default() += s.probability.max(0.02) * f64::from((weight.yes - weight.no).abs());
        }
    }
    let mut worth: Vec<(&'static str, f64)> = value.into_iter().filter(|(_, v)| *v >= 1.0).collect();
    worth.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let unknown = worth.into_iter().filter_map(|(id, _)| find(id)).map(|s| find_out(case, signals, s));
    let own = front.first().map(|s| test(s.cause));
    match decision.named {
        Named::Cause(_) => own.into_iter().chain(unknown.take(2)).collect(),
        _ => unknown.take(2).chain(own).collect(),
    }
}

fn test(cause: &Cause) -> Text {
    (cause.next)()
}

fn find_out(case: &Case, signals: &Signals, signal: &'static signals::Signal) -> Text {
    let Text { en, vi } = signals::missing(case, signal, super::why(signals, signal.id));
    say!("find out {en}", "tìm hiểu {vi}")
}
