//! What the change timeline answers to "did anybody touch it?", how far that answer reaches, and what a
//! person says to it. Shared by the questions of the runbook; knows no single question's kinds of change.

use super::{Book, Outcome, Status, Value};
use crate::analysis::Analysis;
use crate::analysis::timeline::{Entry, Kind, WEAK};
use crate::case::Case;
use crate::case::answers::{Answer, Said};
use crate::case::events::{ActorKind, EventSource};
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use crate::time::{Time, Window, in_words};
use chrono::Duration;

/// How long before the onset a change can matter: the runbook's hour.
const BEFORE: Duration = Duration::minutes(60);

/// How much of the time in question the sources of events cover.
pub(super) struct Coverage {
    /// "CloudTrail was read from 01:05 to 02:40; later events may not have arrived".
    pub words: Text,
    /// Everything up to the onset was read and has arrived.
    pub complete: bool,
}

/// `02:13`
pub(super) fn clock(t: Time) -> String {
    t.format("%H:%M").to_string()
}

/// The time in which a cause would lie.
pub(super) fn in_question(analysis: &Analysis) -> Option<Window> {
    let window = analysis.window?;
    let (start, end) = analysis.onset().map_or((window.start, window.end), |o| (o - BEFORE, o + Duration::minutes(2)));
    Some(Window::new(start.max(window.start), end.clamp(window.start, window.end)))
}

/// How far CloudTrail, and of other areas what they could not read, covers the time in question.
pub(super) fn coverage(case: &Case, analysis: &Analysis, areas: &[Area]) -> Coverage {
    let trail = trail(case, analysis);
    let gaps: Vec<_> = case.gaps_of(areas).filter(|g| g.reason != crate::case::gaps::Reason::NotApplicable).collect();
    let gap_words: Vec<Text> = gaps.iter().take(3).map(|g| Text::same(format!("{}: {}", g.subject, g.detail))).collect();
    let waiting = areas.iter().any(|a| case.is_waiting_for(*a));
    let still = waiting.then(|| say!("still reading", "đang đọc tiếp"));
    let words: Vec<&Text> = std::iter::once(&trail.words).chain(&still).chain(&gap_words).collect();
    Coverage { words: Text::join(words, "; "), complete: trail.complete && gaps.is_empty() && !waiting }
}

fn trail(case: &Case, analysis: &Analysis) -> Coverage {
    let (Some(reach), Some(asked)) = (case.reaches.get(&EventSource::CloudTrail), in_question(analysis)) else {
        return Coverage { words: say!("CloudTrail was not read", "chưa đọc CloudTrail"), complete: false };
    };
    let (from, to, settled) = (clock(reach.from), clock(reach.to), clock(reach.settled_until));
    let read = say!("CloudTrail was read from {from} to {to} UTC", "đã đọc CloudTrail từ {from} đến {to} UTC");
    let fresh = (reach.settled_until < reach.to)
        .then(|| say!("events after {settled} may not have arrived", "sự kiện sau {settled} có thể chưa tới"));
    let pages = reach.pages;
    let capped = reach
        .capped
        .then(|| say!("a cap of {pages} pages stopped it before {from}", "đã dừng ở giới hạn {pages} trang, chưa đọc trước {from}"));
    let words: Vec<&Text> = std::iter::once(&read).chain(&capped).chain(&fresh).collect();
    Coverage {
        words: Text::join(words, "; "),
        complete: reach.from <= asked.start && reach.to >= asked.end && reach.settled_until >= asked.end,
    }
}

/// Files a happening in the book; the same happening has the same id in every step.
pub(crate) fn evidence(case: &Case, entry: &Entry, book: &mut Book) -> String {
    let mut values = vec![Value::new("likelihood_ratio", (entry.likelihood * 100.0).round() / 100.0).at(entry.at)];
    values.extend(entry.seconds_from_onset.map(|s| Value::new("seconds_from_onset", s as f64).unit("s")));
    let area = entry.event(case).map_or(Area::Changes, |e| area(e.source));
    book.add(format!("change.{}", entry.rank), sentence(case, entry), area, values)
}

fn area(source: EventSource) -> Area {
    match source {
        EventSource::CloudTrail => Area::Changes,
        EventSource::AutoScaling | EventSource::Ecs | EventSource::CodeDeploy => Area::Lifecycle,
        EventSource::AwsHealth | EventSource::ZonalShift => Area::AwsHealth,
        EventSource::Alarm => Area::AlarmHistory,
        EventSource::Ec2 => Area::Instances,
        EventSource::AppLog => Area::AppLog,
    }
}

/// One line about a happening: when, how far from the onset, who, what.
pub(super) fn sentence(case: &Case, entry: &Entry) -> Text {
    let Some(event) = entry.event(case) else { return Text::default() };
    let time = match entry.end {
        Some(end) => format!("{}–{}", clock(entry.at), clock(end)),
        None => clock(entry.at),
    };
    let tool = event.actor.tool.as_ref().map(|t| format!(" ({t})")).unwrap_or_default();
    let who = if event.actor.name.is_empty() { "?".to_owned() } else { format!("{}{tool}", event.actor.name) };
    let what = shortened(&format!("{}: {}", event.name, event.summary));
    let distance = distance(entry);
    let failed = event.error.as_ref().map(|e| shortened(e));
    let failed = failed.map_or_else(Text::default, |e| say!("; it failed and changed nothing: {e}", "; lệnh lỗi, không đổi gì: {e}"));
    let parts = entry.events.len().saturating_sub(1);
    let parts = if parts == 0 { Text::default() } else { say!(" (+{parts} parts)", " (+{parts} phần)") };
    Text {
        en: format!("{time} UTC{}: {who}: {what}{}{}", distance.en, parts.en, failed.en),
        vi: format!("{time} UTC{}: {who}: {what}{}{}", distance.vi, parts.vi, failed.vi),
    }
}

/// `02:06 SetDesiredCapacity`
pub(super) fn brief_of(case: &Case, entry: &Entry) -> Text {
    entry.event(case).map_or_else(Text::default, |event| Text::same(format!("{} {}", clock(entry.at), event.name)))
}

fn distance(entry: &Entry) -> Text {
    let Some(seconds) = entry.seconds_from_onset else { return Text::default() };
    let words = in_words(Duration::seconds(seconds));
    if seconds <= 0 {
        say!(", {words} before the errors", ", {words} trước khi có lỗi")
    } else {
        say!(", {words} after the errors began", ", {words} sau khi bắt đầu lỗi")
    }
}

fn shortened(text: &str) -> String {
    crate::changes::json::cut(text, 220)
}

/// A question of the runbook that people and the timeline both answer.
pub(super) struct Question {
    pub check: &'static str,
    pub areas: &'static [Area],
    /// The changes that such a team makes.
    pub kinds: &'static [Kind],
    /// Whether what AWS services do by themselves counts, too.
    pub services_count: bool,
    pub nothing: Text,
    /// What no event shows, so that only a person can tell.
    pub blind: Text,
}

/// The outcome of a question: evidence first, its limits, then what a person said.
pub(super) fn ask(q: &Question, case: &Case, analysis: &Analysis, book: &mut Book) -> Outcome {
    let touched = touched(q, case, analysis);
    let coverage = coverage(case, analysis, q.areas);
    let evidence: Vec<String> = touched.iter().take(8).map(|e| self::evidence(case, e, book)).collect();
    let outcome = match touched.first() {
        Some(first) => touched_outcome(q, case, first, touched.len()),
        None => untouched(q, case, analysis, &coverage),
    };
    let outcome = with_answer(outcome, case.answer_to(q.check), !touched.is_empty());
    let attempts = analysis.timeline.entries.iter().filter(|e| e.attempt && e.relation.is_on_path() && q.kinds.contains(&e.kind));
    let attempts = attempts.take(3).fold(outcome.with(evidence).detail(coverage.words), |o, e| o.detail(sentence(case, e)));
    attempts.detail(q.blind.clone())
}

/// What touched the path before or at the onset, most telling first.
fn touched<'a>(q: &Question, case: &Case, analysis: &'a Analysis) -> Vec<&'a Entry> {
    let asked = in_question(analysis);
    let begun = |e: &&Entry| asked.is_none_or(|w| e.at <= w.end && e.end.unwrap_or(e.at) >= w.start);
    let counts = |e: &&Entry| q.services_count || e.event(case).is_some_and(|event| event.actor.kind != ActorKind::Service);
    let all = analysis.timeline.on_path().into_iter();
    all.filter(|e| q.kinds.contains(&e.kind)).filter(begun).filter(counts).collect()
}

fn touched_outcome(q: &Question, case: &Case, first: &Entry, n: usize) -> Outcome {
    let near = first.likelihood >= WEAK;
    let what = sentence(case, first);
    let others = n - 1;
    let more = if others > 0 { say!(" (and {others} more)", " (và {others} việc nữa)") } else { Text::default() };
    let words = Text { en: what.en + &more.en, vi: what.vi + &more.vi };
    Outcome::new(q.check, if near { Status::Fail } else { Status::Warn }, words).brief(brief_of(case, first))
}

fn untouched(q: &Question, case: &Case, analysis: &Analysis, coverage: &Coverage) -> Outcome {
    if q.areas.iter().any(|a| case.is_waiting_for(*a)) {
        return super::cannot_tell(q.check, case, q.areas);
    }
    let span = in_question(analysis).map(|w| (clock(w.start), clock(w.end))).unwrap_or_default();
    let (from, to) = span;
    let (none, nothing_vi) = (&q.nothing.en, &q.nothing.vi);
    if coverage.complete {
        let words = say!("{none} between {from} and {to} UTC", "{nothing_vi} từ {from} đến {to} UTC");
        return Outcome::new(q.check, Status::Pass, words).brief(say!("nothing seen", "không thấy gì"));
    }
    let (limits, limits_vi) = (&coverage.words.en, &coverage.words.vi);
    let words = say!("{none} as far as can be seen: {limits}; ask them", "{nothing_vi} trong phần đọc được: {limits_vi}; hãy hỏi họ");
    Outcome::new(q.check, Status::Ask, words).brief(say!("nothing seen: ask", "không thấy: hãy hỏi"))
}

/// What a person said, beside the evidence and never instead of it.
pub(super) fn with_answer(outcome: Outcome, answer: Option<&Answer>, evidence_says_yes: bool) -> Outcome {
    let Some(answer) = answer else { return outcome };
    let said = said(answer);
    let (by, by_vi, seen, seen_vi) = (&said.en, &said.vi, &outcome.summary.en, &outcome.summary.vi);
    let (status, summary) = match answer.answer {
        Said::No if evidence_says_yes => (outcome.status, say!("{by}, yet: {seen}", "{by_vi}, nhưng: {seen_vi}")),
        Said::Yes if !evidence_says_yes => {
            (Status::Fail, say!("{by}; no event shows it: {seen}", "{by_vi}; không có sự kiện nào cho thấy: {seen_vi}"))
        }
        Said::Yes => (Status::Fail, say!("{by}; {seen}", "{by_vi}; {seen_vi}")),
        Said::No => (Status::Pass, say!("{by}; {seen}", "{by_vi}; {seen_vi}")),
        Said::DontKnow | Said::Done | Said::NotDone => return outcome.detail(said),
    };
    Outcome { status, summary, ..outcome }
}

/// `Linh at 02:40: no: "we only scaled out"`
fn said(a: &Answer) -> Text {
    let (by, at) = (&a.by, clock(a.at));
    let word = match a.answer {
        Said::Yes => say!("yes", "có"),
        Said::No => say!("no", "không"),
        Said::DontKnow => say!("doesn't know", "không biết"),
        Said::Done => say!("done", "đã làm"),
        Said::NotDone => say!("not done", "chưa làm"),
    };
    let note = if a.note.is_empty() { String::new() } else { format!(" (“{}”)", shortened(&a.note)) };
    let (en, vi) = (&word.en, &word.vi);
    say!("{by} at {at} UTC: {en}{note}", "{by} lúc {at} UTC: {vi}{note}")
}

#[cfg(test)]
#[path = "touches/tests.rs"]
mod tests;
