//! The step `access-log-5xx`: failed requests before, during and after the errors, by how they failed,
//! where, and against what CloudWatch counted. The only place where single targets can be told apart.

mod against;
mod words;

use super::{Book, Check, Outcome, Status, Value, cannot_tell};
use crate::accesslog::{AccessLog, FailureRow, Signature, count_by};
use crate::analysis::Analysis;
use crate::analysis::scene::Scene;
use crate::accesslog::Roster;
use crate::case::Case;
use crate::exchange::{Area, Origin};
use crate::metrics::Unit;
use crate::say;
use crate::text::Text;
use crate::time::{Time, Window};
use std::cmp::Reverse;

pub struct Step;

impl Check for Step {
    fn id(&self) -> &'static str {
        "access-log-5xx"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::AccessLog]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let (case, analysis) = (scene.case, scene.analysis);
        let window = analysis.window.or_else(|| case.window());
        let (Some(log), Some(window)) = (&case.access_log, window) else {
            return cannot_tell(self.id(), case, self.needs());
        };
        let Some(window) = log.window.unwrap_or(window).intersect(&window) else {
            let words = say!("the log that was read is of another time", "log đã đọc thuộc khoảng thời gian khác");
            return Outcome::new(self.id(), Status::Unknown, words);
        };
        Seen::of(case, log, window, analysis).outcome(self.id(), book)
    }
}

/// The three stretches the runbook asks about.
#[derive(Clone, Copy)]
struct Phases {
    before: Option<Window>,
    during: Window,
    after: Option<Window>,
}

impl Phases {
    /// Around the main stretch of errors; without one the whole window is "during".
    fn of(window: Window, analysis: &Analysis) -> Self {
        let Some(episode) = analysis.main_episode() else { return Self { before: None, during: window, after: None } };
        let end = episode.end.unwrap_or(window.end);
        let part = |start: Time, end: Time| (start < end).then(|| Window { start, end }.intersect(&window)).flatten();
        let during = part(episode.onset, end).unwrap_or(window);
        Self { before: part(window.start, during.start), during, after: part(during.end, window.end) }
    }
}

/// What the log holds, ready to be said.
struct Seen<'a> {
    case: &'a Case,
    log: &'a AccessLog,
    window: Window,
    phases: Phases,
    /// How requests failed during the errors, most first.
    signatures: Vec<(Signature, u64)>,
    origin: Option<Origin>,
}

fn most_first<K: Ord>(sums: impl IntoIterator<Item = (K, u64)>) -> Vec<(K, u64)> {
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    sums
}

impl<'a> Seen<'a> {
    fn of(case: &'a Case, log: &'a AccessLog, window: Window, analysis: &Analysis) -> Self {
        let phases = Phases::of(window, analysis);
        let signatures = most_first(log.by_signature(phases.during));
        let origin = case.origins.get(&Area::AccessLog).and_then(|all| all.last().cloned());
        Self { case, log, window, phases, signatures, origin }
    }

    fn count(&self, window: Option<Window>) -> u64 {
        window.map_or(0, |w| self.log.failures_in(w).iter().map(|r| r.count).sum())
    }

    fn outcome(&self, check: &'static str, book: &mut Book) -> Outcome {
        let (status, summary) = self.verdict();
        let mut evidence = vec![self.file_phases(book)];
        evidence.extend(self.signatures.iter().take(5).map(|(s, n)| self.file_signature(*s, *n, book)));
        evidence.extend(self.file_targets(book));
        evidence.extend(self.file_node(book));
        evidence.extend(against::file(self.case, self.log, self.window, book));
        evidence.extend(self.file_retries(book));
        evidence.extend(self.file_paths(book));
        evidence.extend(self.file_reading(book));
        let outcome = Outcome::new(check, status, summary).with(evidence).brief(self.brief());
        let explained = self.signatures.first().map(|(s, _)| words::meaning(*s));
        explained.into_iter().chain(self.correction()).fold(outcome, Outcome::detail)
    }

    /// Failures make a step fail; silence makes it pass only when all of the log could be read.
    fn verdict(&self) -> (Status, Text) {
        let total = self.count(Some(self.window));
        let during = self.count(Some(self.phases.during));
        let unread = self.log.incomplete || !self.log.damaged.is_empty() || self.case.gaps_of(&[Area::AccessLog]).next().is_some();
        if total == 0 && (unread || self.log.lines == 0 || self.case.is_waiting_for(Area::AccessLog)) {
            let lines = self.log.lines;
            let words = say!(
                "no failed request in the {lines} lines read so far, but not all of the log could be read",
                "không có yêu cầu lỗi trong {lines} dòng đã đọc, nhưng chưa đọc được hết log"
            );
            return (Status::Unknown, words);
        }
        if total == 0 {
            let lines = self.log.lines;
            return (Status::Pass, say!("no failed request in {lines} lines", "không có yêu cầu lỗi trong {lines} dòng"));
        }
        let Some((first, n)) = self.signatures.first() else {
            let words = say!(
                "{total} failed requests, none of them while connections failed",
                "{total} yêu cầu lỗi, không có cái nào trong lúc lỗi kết nối"
            );
            return (Status::Warn, words);
        };
        let (Text { en, vi }, n) = (words::name(*first), *n);
        let status = if self.signatures.iter().any(|(s, _)| s.is_failed_connection()) { Status::Fail } else { Status::Warn };
        (status, say!("{during} failed requests: {n} {en}", "{during} yêu cầu lỗi: {n} {vi}"))
    }

    fn brief(&self) -> Text {
        let during = self.count(Some(self.phases.during));
        match self.signatures.first() {
            Some((signature, _)) => {
                let (Text { en, vi }, n) = (words::brief(*signature), super::numbers::short(during as f64, Unit::Count));
                say!("{n} {en}", "{n} {vi}")
            }
            None => say!("none", "không có"),
        }
    }

    fn add(&self, id: &str, sentence: Text, values: Vec<Value>, book: &mut Book) -> String {
        book.add_from(format!("access-log.{id}"), sentence, Area::AccessLog, values, self.origin.clone())
    }

    fn file_phases(&self, book: &mut Book) -> String {
        let [before, during, after] = [self.phases.before, Some(self.phases.during), self.phases.after].map(|w| self.count(w));
        let [m0, m1, m2] = [self.phases.before, Some(self.phases.during), self.phases.after].map(minutes);
        let sentence = say!(
            "failed requests in the access log: {before} in {m0} min before, {during} in {m1} min of errors, {after} in {m2} min after",
            "yêu cầu lỗi trong access log: {before} trong {m0} phút trước, {during} trong {m1} phút lúc lỗi, {after} trong {m2} phút sau"
        );
        let value = |name: &str, n: u64| Value::new(name, n as f64);
        self.add("phases", sentence, vec![value("before", before), value("during", during), value("after", after)], book)
    }

    fn file_signature(&self, signature: Signature, count: u64, book: &mut Book) -> String {
        let before = self.phases.before.map_or(0, |w| self.log.by_signature(w).get(&signature).copied().unwrap_or(0));
        let (Text { en, vi }, id) = (words::name(signature), signature.id());
        let mut values = vec![Value::new("count", count as f64), Value::new("before", before as f64)];
        let took = self.log.elapsed.iter().find(|e| e.signature == signature);
        let sentence = match took {
            Some(took) => {
                let median = took.median;
                values.push(Value::new("median elapsed", median).unit("s"));
                say!("{count} {en} ({id}), half of them within {median:.3} s; {before} before", "{count} {vi} ({id}), một nửa trong vòng {median:.3} s; trước đó {before}")
            }
            None => say!("{count} {en} ({id}); {before} before", "{count} {vi} ({id}); trước đó {before}"),
        };
        self.add(&format!("signature.{id}"), sentence, values, book)
    }

    /// Failed connections by target, or all failures if there are none.
    fn rows_in_question(&self) -> Vec<&'a FailureRow> {
        let rows: Vec<_> = self.log.failures_in(self.phases.during).iter().filter(|r| r.target != "-").collect();
        let connecting: Vec<_> = rows.iter().copied().filter(|r| r.signature.is_failed_connection()).collect();
        if connecting.is_empty() { rows } else { connecting }
    }

    fn file_targets(&self, book: &mut Book) -> Option<String> {
        let targets = most_first(count_by(self.rows_in_question().into_iter(), |r| r.target.as_str()));
        let (worst, n) = *targets.first()?;
        let total: u64 = targets.iter().map(|(_, n)| n).sum();
        let (share, failing) = (n * 100 / total.max(1), targets.len());
        let seen = self.targets_with_requests().max(failing);
        let name = words::target(self.case, worst);
        let sentence = say!(
            "{failing} of {seen} targets in the log fail; {name} most: {n} of {total} ({share} %)",
            "{failing} trên {seen} target trong log bị lỗi; {name} nhiều nhất: {n} trên {total} ({share} %)"
        );
        let values = targets.iter().take(10).map(|(t, n)| Value::new(*t, *n as f64)).collect();
        Some(self.add("targets", sentence, values, book))
    }

    fn targets_with_requests(&self) -> usize {
        let roster = self.case.derived::<Roster>();
        let mut asked = vec![false; roster.len()];
        roster.requests(self.log, self.window).for_each(|(target, _)| asked[target] = true);
        asked.into_iter().filter(|asked| *asked).count()
    }

    /// Worth saying only when one of several nodes has nearly all of it.
    fn file_node(&self, book: &mut Book) -> Option<String> {
        let nodes = most_first(count_by(self.rows_in_question().into_iter(), |r| r.node.as_str()));
        let others = self.log.by_node(self.window).len();
        let ((node, n), total) = (*nodes.first()?, nodes.iter().map(|(_, n)| n).sum::<u64>());
        if others < 2 || n * 10 < total * 9 || node == "-" {
            return None;
        }
        let sentence = say!(
            "{n} of {total} failures went through one balancer node, {node}, of {others} that log failures",
            "{n} trên {total} lỗi đi qua một node của load balancer, {node}, trong {others} node có lỗi"
        );
        Some(self.add("node", sentence, vec![Value::new(node, n as f64), Value::new("total", total as f64)], book))
    }

    /// Successes that needed a second SYN: the early sign of an accept queue that overflows.
    fn file_retries(&self, book: &mut Book) -> Option<String> {
        let retries = |w: Option<Window>| {
            let rows = w.map_or(&[][..], |w| self.log.requests_in(w));
            rows.iter().map(|r| r.syn_retries).sum::<u64>()
        };
        let (before, during) = (retries(self.phases.before), retries(Some(self.phases.during)));
        if before + during == 0 {
            return None;
        }
        let sentence = say!(
            "{during} requests succeeded only after 1, 3 or 7 s of connecting ({before} before): lost SYNs, as when an accept queue overflows",
            "{during} yêu cầu chỉ thành công sau 1, 3 hoặc 7 s kết nối (trước đó {before}): SYN bị mất, như khi hàng đợi accept bị tràn"
        );
        Some(self.add("syn-retries", sentence, vec![Value::new("during", during as f64), Value::new("before", before as f64)], book))
    }

    /// The runbook asks whether static files fail too: then it is not the application's code.
    fn file_paths(&self, book: &mut Book) -> Option<String> {
        let rows = self.log.failures_in(self.phases.during);
        let total: u64 = rows.iter().map(|r| r.count).sum();
        let fixed: u64 = rows.iter().filter(|r| r.static_file).map(|r| r.count).sum();
        let path = self.log.paths.first().filter(|p| p.path.starts_with('/'))?;
        if total == 0 {
            return None;
        }
        let (worst, n) = (&path.path, path.count);
        let sentence = say!(
            "{fixed} of {total} failures are static files; the path that fails most is {worst} ({n})",
            "{fixed} trên {total} lỗi là tệp tĩnh; đường dẫn lỗi nhiều nhất là {worst} ({n})"
        );
        Some(self.add("paths", sentence, vec![Value::new("static", fixed as f64), Value::new("total", total as f64)], book))
    }

    /// How well the log could be read.
    fn file_reading(&self, book: &mut Book) -> Option<String> {
        let log = self.log;
        let (lines, files, malformed, damaged) = (log.lines, log.files, log.malformed, log.damaged.len());
        let sentence = say!(
            "read {lines} lines in {files} files; {malformed} lines malformed, {damaged} files damaged",
            "đã đọc {lines} dòng trong {files} tệp; {malformed} dòng hỏng, {damaged} tệp hỏng"
        );
        let rest = say!("reading goes on or was stopped", "đang đọc tiếp hoặc đã dừng");
        let sentence = if log.incomplete { Text::join([&sentence, &rest], "; ") } else { sentence };
        (lines > 0).then(|| self.add("reading", sentence, vec![Value::new("lines", lines as f64), Value::new("malformed", malformed as f64)], book))
    }

    /// Where the runbook's word misleads: an overloaded host mostly does not refuse.
    fn correction(&self) -> Option<Text> {
        let of = |wanted: Signature| self.signatures.iter().find(|(s, _)| *s == wanted).map_or(0, |(_, n)| *n);
        let (refused, silent) = (of(Signature::Refused), of(Signature::ConnectTimeout));
        (refused + silent > 0).then(|| words::correction(refused, silent))
    }
}

fn minutes(window: Option<Window>) -> u64 {
    window.map_or(0, |w| u64::try_from(w.span().num_minutes()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::{Elapsed, RequestRow};
    use crate::analysis::Episode;
    use crate::case::gaps::{Gap, Reason};
    use crate::case::series::{Series, SeriesKey};
    use crate::case::topology::{Instance, LoadBalancer};
    use crate::exchange::{Fact, Subject, What};
    use chrono::Duration;

    fn at(minute: i64) -> Time {
        Time::from_timestamp(1_763_640_000, 0).unwrap() + Duration::minutes(minute)
    }

    fn window() -> Window {
        Window { start: at(0), end: at(60) }
    }

    fn failures(minute: i64, target: &str, signature: Signature, status: u16, count: u64) -> FailureRow {
        let (target, node, group) = (target.into(), "10.0.9.7".into(), "api".into());
        FailureRow { minute: at(minute), target, signature, status, node, group, static_file: false, count }
    }

    fn log(failures: Vec<FailureRow>) -> AccessLog {
        let elapsed = vec![Elapsed { signature: Signature::Refused, count: 90, shortest: 0.001, median: 0.002, p95: 0.004, longest: 0.01 }];
        let ok = |t: &str| RequestRow { minute: at(5), target: t.into(), group: "api".into(), ok: 50, failed: 0, syn_retries: 0 };
        let requests = vec![ok("10.0.1.5:80"), ok("10.0.1.6:80")];
        AccessLog { window: Some(window()), files: 4, lines: 1000, failures, requests, elapsed, ..AccessLog::default() }
    }

    fn case(log: AccessLog, more: Vec<What>) -> Case {
        let subject = Subject { target: "a".into(), at: None, window: window(), now: at(120), demo: None };
        let settled = What::Settled { area: Area::AccessLog };
        let facts = [What::Subject(subject), What::AccessLog(Box::new(log))].into_iter().chain(more).chain([settled]);
        Case::from_facts(facts.map(|what| Fact { at: at(60), origin: None, what }))
    }

    fn run(case: &Case) -> (Outcome, Book) {
        let mut book = Book::default();
        let episode =
            Episode { onset: at(20), onset_uncertainty: 60, end: Some(at(40)), peak: 9.0, total: 90.0, score: 50.0, isolated: false };
        let analysis = Analysis { window: Some(window()), episodes: vec![episode], ..Analysis::default() };
        let outcome = Step.run(&Scene::of(case, &analysis), &mut book);
        (outcome, book)
    }

    fn sentence(book: &Book, id: &str) -> String {
        book.get(id).map(|e| e.sentence.en.clone()).unwrap_or_default()
    }

    #[test]
    fn before_during_and_after_are_kept_apart_and_the_runbook_is_corrected() {
        let refused = |minute, n| failures(minute, "10.0.1.5:80", Signature::Refused, 502, n);
        let instance = Instance { id: "i-0ab".into(), private_ip: Some("10.0.1.5".into()), ..Instance::default() };
        let (outcome, book) = run(&case(log(vec![refused(10, 1), refused(25, 90), refused(50, 2)]), vec![What::Instances(vec![instance])]));
        assert_eq!(outcome.status, Status::Fail);
        assert_eq!(outcome.summary.en, "90 failed requests: 90 refused at once (502)");
        assert!(sentence(&book, "access-log.phases").contains("1 in 20 min before, 90 in 20 min of errors, 2 in 20 min after"));
        assert!(sentence(&book, "access-log.targets").contains("1 of 2 targets in the log fail; i-0ab (10.0.1.5:80)"));
        assert!(sentence(&book, "access-log.signature.refused").contains("0.002 s; 1 before"));
        assert!(outcome.details.iter().any(|d| d.en.contains("mostly drops attempts")));
    }

    #[test]
    fn the_difference_to_cloudwatch_is_said() {
        let balancer = LoadBalancer { arn: "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/web/1".into(), ..LoadBalancer::default() };
        let mut values = vec![0.0; 60];
        values[25] = 120.0;
        let series = Series {
            key: SeriesKey::new("HTTPCode_ELB_5XX_Count", [("LoadBalancer", "app/web/1")]),
            statistic: "Sum".into(),
            period: 60,
            start: at(0),
            values,
        };
        let timeouts = vec![failures(25, "10.0.1.5:80", Signature::ConnectTimeout, 504, 90), failures(25, "10.0.1.5:80", Signature::App5xx, 500, 7)];
        let (_, book) = run(&case(log(timeouts), vec![What::LoadBalancer(balancer), What::Series(vec![series])]));
        let said = sentence(&book, "access-log.against.balancer-5xx");
        assert!(said.contains("the log holds 90") && said.contains("counts 120 (75 %)") && said.contains("best effort"), "{said}");
    }

    #[test]
    fn silence_is_no_pass_when_something_could_not_be_read() {
        assert_eq!(run(&case(log(vec![]), vec![])).0.status, Status::Pass);
        let gap = Gap { area: Area::AccessLog, subject: "x".into(), reason: Reason::Denied, action: None, detail: "no".into() };
        assert_eq!(run(&case(log(vec![]), vec![What::Gap(gap.clone())])).0.status, Status::Unknown);
        let damaged = AccessLog { damaged: vec!["f".into()], ..log(vec![]) };
        assert_eq!(run(&case(damaged, vec![])).0.status, Status::Unknown);
        let nothing = Case { access_log: None, ..case(log(vec![]), vec![What::Gap(gap)]) };
        assert_eq!(run(&nothing).0.status, Status::Unknown);
    }

    #[test]
    fn failures_of_the_application_are_a_warning_only() {
        let (outcome, _) = run(&case(log(vec![failures(25, "10.0.1.5:80", Signature::App5xx, 500, 9)]), vec![]));
        assert_eq!(outcome.status, Status::Warn);
    }
}
