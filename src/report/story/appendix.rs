//! How it was found: what was read, and each piece of evidence with the call behind it.

use super::Story;
use crate::report::document::{Document, Line, Table};
use crate::report::words;
use crate::say;

impl Story<'_> {
    pub(super) fn method(&self, doc: &mut Document) {
        doc.heading(2, self.t(say!("How it was found", "Tìm ra bằng cách nào")));
        let mut lines = vec![self.sources_line()];
        lines.extend(self.log_lines());
        lines.extend(self.cost_line());
        doc.list(lines.into_iter().map(Line::from).collect());
    }

    fn sources_line(&self) -> String {
        let (series, events, window) = (self.case.series.len(), self.case.events.len(), self.case.window());
        let window = words::span(window.unwrap_or(self.judged.window));
        self.t(say!(
            "For {window}, all read-only: {series} series of metrics, {events} event(s).",
            "Trong {window}, chỉ đọc: {series} chuỗi metric, {events} sự kiện."
        ))
    }

    fn log_lines(&self) -> Vec<String> {
        let mut out = Vec::new();
        if let Some(log) = &self.case.access_log {
            let (lines, files, source) = (self.count(log.lines as f64), self.count(log.files as f64), &log.source);
            let malformed = self.count(log.malformed as f64);
            out.push(self.t(say!(
                "Access log {source}: {lines} lines in {files} files, {malformed} of them malformed.",
                "Access log {source}: {lines} dòng trong {files} tệp, {malformed} dòng hỏng."
            )));
            if log.incomplete {
                out.push(self.t(say!("Reading it was stopped before the end.", "Việc đọc bị dừng trước khi hết.")));
            }
        }
        for log in self.case.app_logs.values() {
            let (name, lines, n) = (&log.name, self.count(log.lines as f64), log.templates.len());
            out.push(self.t(say!(
                "Application log {name}: {lines} lines, {n} kinds of messages.",
                "Log ứng dụng {name}: {lines} dòng, {n} loại thông điệp."
            )));
        }
        out
    }

    fn cost_line(&self) -> Option<String> {
        let cost = &self.case.cost;
        let calls: u64 = cost.calls.values().sum();
        if calls == 0 {
            return None;
        }
        let each = cost.calls.iter().map(|(operation, n)| format!("{operation} {n}")).collect::<Vec<_>>().join(", ");
        let (calls, metrics, usd) = (self.count(calls as f64), self.count(cost.metrics_requested as f64), cost.estimated_usd);
        Some(self.t(say!(
            "{calls} calls to AWS ({each}); {metrics} metrics requested, about {usd:.4} US dollars.",
            "{calls} lần gọi AWS ({each}); yêu cầu {metrics} metric, khoảng {usd:.4} đô la Mỹ."
        )))
    }

    /// Every piece of evidence by its id.
    pub(super) fn evidence(&self, doc: &mut Document) {
        if self.judged.book.entries.is_empty() {
            return;
        }
        doc.heading(2, self.t(say!("Evidence", "Bằng chứng")));
        let head = [say!("Id", "Mã"), say!("What was observed", "Quan sát được gì"), say!("From", "Nguồn")];
        let mut table = Table::new(head.map(|h| self.t(h)));
        for (id, e) in &self.judged.book.entries {
            let from = e.api.as_ref().map_or_else(|| words::area(e.area).get(self.lang).into(), |o| Line::default().code(&o.operation));
            table.row([Line::default().code(id), sentence(e.sentence.get(self.lang)), from]);
        }
        doc.table(table);
    }
}

fn sentence(words: &str) -> Line {
    super::opening::sentence(words).into()
}
