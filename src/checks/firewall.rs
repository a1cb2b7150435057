//! The step `firewall`: the computed way to every target, then and now, with who changed it; and what no
//! configuration can show.

mod hidden;
mod probes;
mod shape;
mod stops;

use super::{Book, Check, Outcome, Status, Value, cannot_tell};
use crate::analysis::Analysis;
use crate::analysis::scene::Scene;
use crate::case::Case;
use crate::case::events::Event;
use crate::exchange::Area;
use crate::path::{PathResult, TightSubnet, changes, evaluate, evaluate_at, tight_subnets};
use crate::say;
use crate::text::Text;
use crate::time::{Time, in_words};
use chrono::Duration;
use std::collections::HashSet;
use stops::{Stop, stops};

pub struct Step;

impl Check for Step {
    fn id(&self) -> &'static str {
        "firewall"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::Network, Area::TargetHealth]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let (case, analysis) = (scene.case, scene.analysis);
        let groups = case.groups_in_question();
        if !groups.is_empty() && groups.iter().all(|g| g.target_type == "lambda") {
            let words = say!("the targets are Lambda functions: there is no connection to block", "target là hàm Lambda: không có kết nối nào để chặn");
            return Outcome::new(self.id(), Status::NotApplicable, words);
        }
        let asked = |way: &&PathResult| groups.iter().any(|g| g.arn == way.target.group);
        let all = evaluate(case);
        let now: Vec<&PathResult> = all.iter().filter(asked).collect();
        if now.is_empty() || (case.is_waiting_for(Area::Network) && case.security_groups.is_empty()) {
            return cannot_tell(self.id(), case, self.needs());
        }
        let then = moment(analysis).map(|t| (t, evaluate_at(case, t)));
        let then = then.as_ref().map(|(t, all)| (*t, all.iter().filter(asked).collect::<Vec<_>>()));
        let found = Found::of(case, analysis, &now, then.as_ref());
        found.outcome(self.id(), case, analysis, book, &now)
    }
}

/// Just after the onset, when whatever caused it had been done.
fn moment(analysis: &Analysis) -> Option<Time> {
    let episode = analysis.main_episode()?;
    Some(episode.onset + Duration::seconds(i64::from(episode.onset_uncertainty.max(60))))
}

struct Found<'a> {
    now: Vec<Stop>,
    /// When, and what stopped connections then and does not any more.
    then: Option<(Time, Vec<Stop>)>,
    tight: Vec<TightSubnet>,
    changes: Vec<&'a Event>,
    doubt: Option<Text>,
}

impl<'a> Found<'a> {
    fn of(case: &'a Case, analysis: &Analysis, now: &[&PathResult], then: Option<&(Time, Vec<&PathResult>)>) -> Self {
        let stopped = stops(now);
        let then = then.map(|(t, ways)| (*t, stops(ways).into_iter().filter(|s| !stopped.contains(s)).collect()));
        let near = analysis.window.map(|w| w.widened(Duration::hours(1), Duration::zero()));
        let changes = changes(case).into_iter().filter(|e| near.is_none_or(|w| w.contains(e.at))).collect();
        let doubt = now.iter().filter(|w| !w.target.gone).find_map(|w| w.doubts().first().map(|d| (*d).clone()));
        Self { now: stopped, then, tight: tight_subnets(case), changes, doubt }
    }

    /// What stopped connections when the errors began, whether it still does or not.
    fn at_onset(&self) -> impl Iterator<Item = &Stop> {
        self.now.iter().chain(self.then.iter().flat_map(|(_, s)| s))
    }

    fn outcome(&self, check: &'static str, case: &Case, analysis: &Analysis, book: &mut Book, ways: &[&PathResult]) -> Outcome {
        let (status, summary) = self.verdict(ways);
        let mut evidence: Vec<_> = self.now.iter().map(|s| s.file(case, book, None)).collect();
        if let Some((t, stops)) = &self.then {
            evidence.extend(stops.iter().map(|s| s.file(case, book, Some(*t))));
        }
        evidence.extend(self.changes.iter().map(|e| file_change(e, analysis.onset(), book)));
        evidence.extend(self.at_onset().next().and_then(|s| shape::file(case, analysis, s.kind, book)));
        evidence.extend(self.tight.iter().map(|t| file_tight(t, book)));
        evidence.extend(case.probes.values().map(|p| probes::file(case, p, book)));
        if !matches!(status, Status::Fail) {
            evidence.push(file_open(ways, book));
        }
        let outcome = Outcome::new(check, status, summary).with(evidence).brief(self.brief(status, ways));
        let doubts = self.doubt.iter().fold(outcome, |o, d| o.detail(d.clone()));
        hidden::commands(ways).into_iter().fold(doubts, Outcome::detail)
    }

    fn brief(&self, status: Status, ways: &[&PathResult]) -> Text {
        let open = targets(ways);
        match status {
            Status::Fail if self.now.iter().any(|s| !s.only_gone) => say!("blocked now", "đang bị chặn"),
            Status::Fail => {
                let at = self.then.as_ref().map_or_else(String::new, |(t, _)| t.format(" %H:%M").to_string());
                say!("was blocked{at}", "đã bị chặn{at}")
            }
            Status::Unknown => say!("cannot tell", "không rõ"),
            Status::Warn if !self.tight.is_empty() => say!("few addresses left", "sắp hết địa chỉ"),
            Status::Warn => say!("a target is gone", "có target đã gỡ"),
            _ => say!("open to all {open}", "thông tới cả {open}"),
        }
    }

    fn verdict(&self, ways: &[&PathResult]) -> (Status, Text) {
        let living = |s: &&Stop| !s.only_gone;
        if let Some(stop) = self.now.iter().find(|s| living(s) && !s.partly).or_else(|| self.now.iter().find(living)) {
            return (Status::Fail, stop.sentence());
        }
        if let Some((t, stop)) = self.then.as_ref().and_then(|(t, s)| Some((t, s.iter().find(living)?))) {
            let (Text { en, vi }, t) = (stop.sentence(), utc(*t));
            return (Status::Fail, say!("open now, but at {t}: {en}", "nay đã thông, nhưng lúc {t}: {vi}"));
        }
        if let Some(Text { en, vi }) = &self.doubt {
            return (Status::Unknown, say!("cannot tell whether the way is open: {en}", "không xác định được đường có thông không: {vi}"));
        }
        if let Some(t) = self.tight.first() {
            return (Status::Warn, tight_words(t));
        }
        match self.now.first() {
            Some(gone) => (Status::Warn, gone.sentence()),
            None => (Status::Pass, open_words(ways)),
        }
    }
}

/// How many of the targets of now there are, whatever group they are in.
fn targets(ways: &[&PathResult]) -> usize {
    ways.iter().filter(|w| !w.target.gone).map(|w| (&w.target.id, w.target.port)).collect::<HashSet<_>>().len()
}

fn open_words(ways: &[&PathResult]) -> Text {
    let open: Vec<_> = ways.iter().filter(|w| !w.target.gone).collect();
    let subnets = open.first().map_or(0, |w| w.legs.len());
    let mut ports: Vec<_> = open.iter().map(|w| w.port).collect();
    ports.sort_unstable();
    ports.dedup();
    let ports = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let n = targets(ways);
    say!(
        "open there and back: {n} targets, port {ports}, from {subnets} balancer subnets",
        "thông cả chiều đi và về: {n} target, cổng {ports}, từ {subnets} subnet của load balancer"
    )
}

fn file_open(ways: &[&PathResult], book: &mut Book) -> String {
    let open = ways.iter().filter(|w| w.overall() == crate::path::Overall::Open).count();
    let (open, of) = (open as f64, ways.len());
    let words = say!(
        "{open} of {of} ways (target and port) are open by configuration, there and back",
        "{open} trên {of} đường (target và cổng) thông theo cấu hình, cả đi và về"
    );
    let values = vec![Value::new("open", open), Value::new("ways", of as f64)];
    book.add("path.open", words, Area::Network, values)
}

/// `02:11:05 UTC: RevokeSecurityGroupIngress by alice (console): …, 55 s before the errors began`
fn file_change(event: &Event, onset: Option<Time>, book: &mut Book) -> String {
    let (t, name, summary) = (utc(event.at), &event.name, &event.summary);
    let who = if event.actor.name.is_empty() { "?" } else { &event.actor.name };
    let tool = event.actor.tool.as_ref().map(|t| format!(" ({t})")).unwrap_or_default();
    let (when, when_vi) = match onset {
        Some(o) if event.at <= o => {
            let d = in_words(o - event.at);
            (format!(", {d} before the errors began"), format!(", {d} trước khi lỗi bắt đầu"))
        }
        Some(o) => {
            let d = in_words(event.at - o);
            (format!(", {d} after the errors began"), format!(", {d} sau khi lỗi bắt đầu"))
        }
        None => Default::default(),
    };
    let words = say!("{t}: {name} by {who}{tool}: {summary}{when}", "{t}: {name} bởi {who}{tool}: {summary}{when_vi}");
    let values = vec![Value::new("at", event.at.timestamp() as f64).unit("s").at(event.at)];
    book.add(format!("path.change.{}", event.id), words, Area::Changes, values)
}

fn tight_words(t: &TightSubnet) -> Text {
    let (subnet, free, need) = (&t.subnet, t.free, crate::path::FREE_ADDRESSES_NEEDED);
    say!(
        "balancer subnet {subnet} has {free} free addresses (AWS asks for {need}): the balancer may fail to scale there",
        "subnet {subnet} của load balancer chỉ còn {free} địa chỉ trống (AWS cần {need}): load balancer có thể không mở rộng được ở đó"
    )
}

fn file_tight(t: &TightSubnet, book: &mut Book) -> String {
    let values = vec![Value::new("free addresses", f64::from(t.free))];
    book.add(format!("path.free.{}", t.subnet), tight_words(t), Area::Network, values)
}

fn utc(t: Time) -> String {
    t.format("%H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests;
