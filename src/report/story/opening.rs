//! In short, what happened, and what it meant for clients.

use super::Story;
use crate::analysis::Episode;
use crate::analysis::localisation::Share;
use crate::case::addresses::Addresses;
use crate::case::alarm::AlarmChangeKind;
use crate::diagnosis::Named;
use crate::metrics::ERRORS;
use crate::report::document::{Document, Line, Table};
use crate::report::impact::Logged;
use crate::report::words;
use crate::say;
use crate::text::Text;

impl Story<'_> {
    /// The byline and the five lines that most readers read.
    pub(super) fn opening(&self, doc: &mut Document) {
        doc.paragraph(self.byline());
        if let Some(demo) = self.case.subject.as_ref().and_then(|s| s.demo.as_deref()) {
            doc.paragraph(self.t(say!(
                "This is the demo incident “{demo}”: invented, not measured.",
                "Đây là sự cố minh họa “{demo}”: được dựng nên, không phải đo thật."
            )));
        }
        doc.heading(2, self.t(say!("In short", "Tóm tắt")));
        let mut lines = vec![self.verdict_line(), self.labelled(say!("When:", "Khi nào:"), sentence(&self.when()))];
        lines.push(self.labelled(say!("Impact:", "Ảnh hưởng:"), sentence(&self.impact_line())));
        if let Some(step) = self.judged.verdict.next_steps.first() {
            lines.push(self.labelled(say!("Next:", "Việc tiếp theo:"), sentence(step.get(self.lang))));
        }
        lines.push(self.labelled(say!("Coverage:", "Mức độ đầy đủ:"), sentence(&self.coverage_line())));
        doc.list(lines);
    }

    fn byline(&self) -> String {
        let mut parts = vec![self.place()];
        if let Some(identity) = &self.case.identity {
            let account = identity.alias.as_ref().map_or_else(|| identity.account.clone(), |a| format!("{a} ({})", identity.account));
            parts.push(self.t(say!("account {account}", "tài khoản {account}")));
            parts.push(identity.region.clone());
        }
        let window = words::span(self.judged.window);
        parts.push(self.t(say!("window {window}", "khoảng thời gian {window}")));
        let (at, version) = (words::date_and_clock(self.generated_at), env!("CARGO_PKG_VERSION"));
        parts.push(self.t(say!("written by alb-triage {version} on {at}", "alb-triage {version} viết lúc {at}")));
        parts.retain(|p| !p.is_empty());
        parts.join(" · ")
    }

    /// `Security group of the targets: likely, confidence high.` and the sentence.
    pub fn verdict_line(&self) -> Line {
        let verdict = &self.judged.verdict;
        let name = capitalised(words::named(verdict.cause).get(self.lang));
        let confidence = words::confidence(verdict.confidence);
        let confidence = confidence.get(self.lang);
        let sure = match self.likelihood() {
            Some(l) => {
                let l = l.get(self.lang).to_owned();
                self.t(say!("{l}, confidence {confidence}", "{l}, độ tin cậy {confidence}"))
            }
            None => self.t(say!("confidence {confidence}", "độ tin cậy {confidence}")),
        };
        Line::default().strong(format!("{name} ({sure}).")).plain(" ").plain(sentence(verdict.sentence.get(self.lang)))
    }

    fn likelihood(&self) -> Option<Text> {
        let Named::Cause(id) = self.judged.verdict.cause else { return None };
        self.judged.hypotheses.iter().find(|h| h.cause == id).map(|h| words::likelihood(h.verdict))
    }

    /// `02:12 UTC (±1 min) to 02:41, 29 min`
    pub fn when(&self) -> String {
        let Some(e) = self.judged.analysis.main_episode() else {
            let window = words::span(self.judged.window);
            return self.t(say!("no stretch of errors stands out in {window}", "không có đợt lỗi nào nổi bật trong {window}"));
        };
        let more = self.judged.analysis.episodes.len() - 1;
        let first = self.stretch(e);
        match more {
            0 => first,
            1 => self.t(say!("{first}; and one more stretch", "{first}; và một đợt nữa")),
            _ => self.t(say!("{first}; and {more} more stretches", "{first}; và {more} đợt nữa")),
        }
    }

    fn stretch(&self, e: &Episode) -> String {
        let (onset, sure) = (words::date_and_clock(e.onset), words::seconds(i64::from(e.onset_uncertainty), self.lang));
        match e.end {
            Some(end) => {
                let (to, lasted) = (self.clock(end), words::seconds((end - e.onset).num_seconds(), self.lang));
                self.t(say!("from {onset} (±{sure}) to {to}, {lasted}", "từ {onset} (±{sure}) đến {to}, {lasted}"))
            }
            None => self.t(say!(
                "from {onset} (±{sure}), and it still lasted when this was gathered",
                "từ {onset} (±{sure}), và vẫn đang diễn ra khi thu thập dữ liệu"
            )),
        }
    }

    /// Failed requests and their share, or what is known instead.
    pub fn impact_line(&self) -> String {
        let impact = &self.impact;
        if let Some(log) = impact.logged.as_ref().filter(|l| l.failed > 0) {
            let (failed, share) = (self.count(log.failed as f64), words::share(log.failed as f64, log.all as f64, self.lang));
            return self.t(say!(
                "{failed} requests failed, {share} of all while it lasted (from the access log)",
                "{failed} yêu cầu thất bại, {share} tổng số trong lúc đó (theo access log)"
            ));
        }
        let errors = self.count(impact.errors);
        let answered = impact.answered();
        match impact.requests {
            Some(requests) if answered > 0.0 => {
                let (n, share) = (self.count(answered), words::share(answered, requests, self.lang));
                self.t(say!(
                    "about {n} requests were answered 502, 503 or 504 by the load balancer itself, {share} of all while it lasted (from CloudWatch)",
                    "khoảng {n} yêu cầu bị chính load balancer trả 502, 503 hoặc 504, {share} tổng số trong lúc đó (theo CloudWatch)"
                ))
            }
            _ if impact.errors > 0.0 => self.t(say!(
                "{errors} failed attempts to connect to a target; how many requests that hit is not known",
                "{errors} lần kết nối tới target thất bại; không rõ bao nhiêu yêu cầu bị ảnh hưởng"
            )),
            _ => self.t(say!("none seen", "không thấy")),
        }
    }

    /// `13 of 15 checks ran; 2 sources could not be read`
    pub fn coverage_line(&self) -> String {
        let c = &self.judged.coverage;
        let (ran, total) = (c.ran, c.total);
        match c.gaps.len() {
            0 => self.t(say!(
                "{ran} of {total} checks ran, everything asked for was read",
                "{ran}/{total} bước đã chạy, đọc được mọi thứ cần đọc"
            )),
            1 => self
                .t(say!("{ran} of {total} checks ran, one thing could not be read", "{ran}/{total} bước đã chạy, một thứ không đọc được")),
            n => self
                .t(say!("{ran} of {total} checks ran, {n} things could not be read", "{ran}/{total} bước đã chạy, {n} thứ không đọc được")),
        }
    }

    /// The stretches of errors, the alarm and its transitions.
    pub(super) fn happened(&self, doc: &mut Document) {
        doc.heading(2, self.t(say!("What happened", "Chuyện gì đã xảy ra")));
        let episodes = &self.judged.analysis.episodes;
        match episodes.as_slice() {
            [] => doc.paragraph(sentence(&self.when())),
            [e] => doc.paragraph(self.one_stretch(e)),
            _ => self.stretches(doc),
        }
        doc.paragraph(self.alarm_line());
        doc.list(self.transitions());
        doc.blocks.push(crate::report::document::Block::Lanes(self.lanes.clone()));
    }

    fn one_stretch(&self, e: &Episode) -> String {
        let (place, stretch) = (self.place(), self.stretch(e));
        let (total, peak) = (self.count(e.total), self.count(e.peak));
        let (metric, period) = (ERRORS, self.period());
        self.t(say!(
            "{metric} of {place} stood out of its background {stretch}: {total} failed connection attempts, at most {peak} in {period}.",
            "{metric} của {place} vượt hẳn mức nền {stretch}: {total} lần kết nối thất bại, cao nhất {peak} trong {period}."
        ))
    }

    /// The period of the alarm's metric.
    fn period(&self) -> String {
        let period = self.lanes.lanes.iter().find(|l| l.key.metric == ERRORS).map(|l| i64::from(l.grid.period));
        match period {
            Some(p) => words::seconds(p, self.lang),
            None => self.t(say!("one period", "một chu kỳ")),
        }
    }

    fn stretches(&self, doc: &mut Document) {
        let head = [
            say!("Onset (UTC)", "Bắt đầu (UTC)"),
            say!("± ", "± "),
            say!("End", "Kết thúc"),
            say!("Peak", "Đỉnh"),
            say!("Errors", "Số lỗi"),
        ];
        let mut table = Table::new(head.map(|h| self.t(h)));
        for e in &self.judged.analysis.episodes {
            let end = e.end.map_or_else(|| self.t(say!("still lasts", "chưa dứt")), |end| self.clock(end));
            let cells = [
                self.clock(e.onset),
                words::seconds(i64::from(e.onset_uncertainty), self.lang),
                end,
                self.count(e.peak),
                self.count(e.total),
            ];
            table.row(cells.map(Line::from));
        }
        let metric = ERRORS;
        doc.paragraph(self.t(say!("{metric} stood out of its background more than once:", "{metric} vượt hẳn mức nền nhiều lần:")));
        doc.table(table);
    }

    fn alarm_line(&self) -> String {
        let Some(a) = &self.case.alarm else {
            return self.t(say!("No alarm was read.", "Không đọc được cảnh báo nào."));
        };
        let (name, statistic, comparison) = (&a.name, &a.statistic, comparison(&a.comparison));
        let (threshold, period) = (words::number(a.threshold, self.lang), words::seconds(i64::from(a.period), self.lang));
        let (m, n, missing) = (a.datapoints_to_alarm, a.evaluation_periods, &a.treat_missing_data);
        self.t(say!(
            "The alarm “{name}” fires when the {statistic} over {period} is {comparison} {threshold} in {m} of {n} periods; missing data counts as {missing}.",
            "Cảnh báo “{name}” kêu khi {statistic} trong {period} {comparison} {threshold} ở {m}/{n} chu kỳ; thiếu dữ liệu được coi là {missing}."
        ))
    }

    fn transitions(&self) -> Vec<Line> {
        let window = self.judged.window;
        let words = |kind| match kind {
            AlarmChangeKind::ToAlarm => Some(say!("the alarm went to ALARM", "cảnh báo chuyển sang ALARM")),
            AlarmChangeKind::ToOk => Some(say!("the alarm went back to OK", "cảnh báo trở lại OK")),
            AlarmChangeKind::ToInsufficientData => Some(say!("the alarm had not enough data", "cảnh báo không đủ dữ liệu")),
            AlarmChangeKind::Edited => Some(say!("the alarm was edited", "cảnh báo bị sửa")),
            AlarmChangeKind::Action => None,
        };
        let inside = self.case.alarm_changes.iter().filter(|c| window.contains(c.at));
        let lines = inside.filter_map(|c| Some(Line::default().strong(self.clock(c.at)).plain(" ").plain(self.t(words(c.kind)?))));
        lines.take(20).collect()
    }

    /// What clients met.
    pub(super) fn hurt(&self, doc: &mut Document) {
        doc.heading(2, self.t(say!("Impact", "Ảnh hưởng")));
        doc.paragraph(sentence(&self.impact_line()));
        doc.paragraph(self.clients_view());
        match &self.impact.logged {
            Some(log) => self.logged(doc, log),
            None => doc.paragraph(self.t(say!(
                "No access log was read, so single requests, clients and targets cannot be named.",
                "Không đọc được access log nên không thể nêu từng yêu cầu, client hay target."
            ))),
        }
        doc.list(self.places());
    }

    fn clients_view(&self) -> String {
        if self.impact.answers.is_empty() {
            return String::new();
        }
        let each = self.impact.answers.iter().map(|(code, n)| format!("{code} × {}", self.count(*n)));
        let each = each.collect::<Vec<_>>().join(", ");
        self.t(say!(
            "Clients saw answers of the load balancer's own making (CloudWatch): {each}.",
            "Client nhận các câu trả lời do chính load balancer tạo ra (CloudWatch): {each}."
        ))
    }

    fn logged(&self, doc: &mut Document, log: &Logged) {
        let mut table = Table::new([
            self.t(say!("How requests failed", "Yêu cầu thất bại thế nào")),
            self.t(say!("Requests", "Số yêu cầu")),
            self.t(say!("Share", "Tỷ lệ")),
        ]);
        let share = |n: u64| words::share(n as f64, log.failed as f64, self.lang);
        for (signature, n) in &log.signatures {
            table.row([Line::from(self.t(words::signature(*signature))), self.count(*n as f64).into(), share(*n).into()]);
        }
        doc.table(table);
        let mut table = Table::new([
            self.t(say!("Target", "Target")),
            self.t(say!("Failed requests", "Yêu cầu thất bại")),
            self.t(say!("Share", "Tỷ lệ")),
        ]);
        for (target, n) in log.targets.iter().take(10) {
            table.row([self.target(target), self.count(*n as f64).into(), share(*n).into()]);
        }
        doc.table(table);
        let outside = self.count(log.failed_outside as f64);
        doc.paragraph(self.t(say!(
            "Outside the stretches of errors {outside} requests failed in the same window.",
            "Ngoài các đợt lỗi, trong cùng khoảng thời gian có {outside} yêu cầu thất bại."
        )));
    }

    /// The address with the instance it belongs to.
    fn target(&self, target: &str) -> Line {
        if target == "-" {
            return self.t(say!("no target was chosen", "không chọn được target")).into();
        }
        let address = target.rsplit_once(':').map_or(target, |(a, _)| a);
        let instance = self.case.derived::<Addresses>().instance(self.case, address);
        let line = Line::default().code(target);
        match instance {
            Some(i) => line.plain(" ").plain(i.name.as_ref().map_or_else(|| i.id.clone(), |name| format!("{name} ({})", i.id))),
            None => line,
        }
    }

    fn places(&self) -> Vec<Line> {
        let place = &self.judged.analysis.place;
        let parts = [(say!("By zone:", "Theo zone:"), &place.zones), (say!("By target group:", "Theo target group:"), &place.groups)];
        parts
            .into_iter()
            .filter(|(_, shares)| !shares.is_empty())
            .map(|(label, shares)| self.labelled(label, self.shares(shares)))
            .collect()
    }

    fn shares(&self, shares: &[Share]) -> String {
        let one = |s: &Share| {
            let (name, has) = (&s.name, words::share(s.share, 1.0, self.lang));
            match s.expected {
                Some(e) => {
                    let e = words::share(e, 1.0, self.lang);
                    self.t(say!("{name} {has} of the errors ({e} of the requests)", "{name} {has} số lỗi ({e} số yêu cầu)"))
                }
                None => self.t(say!("{name} {has} of the errors", "{name} {has} số lỗi")),
            }
        };
        shares.iter().take(8).map(one).collect::<Vec<_>>().join("; ")
    }
}

fn comparison(aws: &str) -> &str {
    match aws {
        "GreaterThanThreshold" => ">",
        "GreaterThanOrEqualToThreshold" => "≥",
        "LessThanThreshold" => "<",
        "LessThanOrEqualToThreshold" => "≤",
        other => other,
    }
}

/// With a full stop, unless it ends as a sentence already.
pub(super) fn full_stop(words: &str) -> String {
    let ended = words.is_empty() || words.ends_with(['.', '!', '?', ':', '…']);
    if ended { words.to_owned() } else { format!("{words}.") }
}

/// Capital letter and full stop.
pub(super) fn sentence(words: &str) -> String {
    full_stop(&capitalised(words))
}

/// With a capital letter, unless the first word is a name such as `api-8080`.
pub(super) fn capitalised(words: &str) -> String {
    let first = words.split(' ').next().unwrap_or_default().trim_end_matches([',', ':', '.', ';']);
    if !first.chars().all(char::is_alphabetic) {
        return words.to_owned();
    }
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
