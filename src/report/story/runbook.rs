//! What could not be read, what people said, and every step with its result.

use super::Story;
use super::opening::{full_stop, sentence};
use crate::case::gaps::{Gap, Reason};
use crate::checks::Status;
use crate::report::document::{Document, Line, Table};
use crate::report::words;
use crate::say;
use std::collections::BTreeSet;

impl Story<'_> {
    pub(super) fn unseen(&self, doc: &mut Document) {
        doc.heading(2, self.t(say!("What could not be read", "Những gì không đọc được")));
        let gaps = &self.judged.coverage.gaps;
        if gaps.is_empty() {
            doc.paragraph(self.t(say!("Everything that was asked for was read.", "Mọi thứ cần đọc đều đã đọc được.")));
        }
        doc.list(gaps.iter().map(|g| self.gap(g)).collect());
        let actions: BTreeSet<_> = gaps.iter().filter(|g| g.reason == Reason::Denied).filter_map(|g| g.action.as_deref()).collect();
        if !actions.is_empty() {
            doc.paragraph(self.t(say!(
                "This statement in the role's IAM policy would let it read the rest:",
                "Thêm câu lệnh sau vào IAM policy của role thì sẽ đọc được phần còn lại:"
            )));
            let statement = serde_json::json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
            doc.blocks.push(crate::report::document::Block::Code(serde_json::to_string_pretty(&statement).unwrap_or_default()));
        }
    }

    fn gap(&self, gap: &Gap) -> Line {
        let area = super::opening::capitalised(words::area(gap.area).get(self.lang));
        let reason = words::reason(gap.reason);
        Line::default().strong(area).plain(format!(" ({}): {}", reason.get(self.lang), full_stop(&gap.in_words())))
    }

    /// Kept apart from everything that was measured.
    pub(super) fn people(&self, doc: &mut Document) {
        doc.heading(2, self.t(say!("What people said", "Mọi người nói gì")));
        if self.case.answers.is_empty() {
            doc.paragraph(self.t(say!("Nobody's answer was recorded.", "Không ghi nhận câu trả lời của ai.")));
            return;
        }
        doc.paragraph(self.t(say!("Said, not measured:", "Lời người nói, không phải số đo:")));
        let line = |a: &crate::case::answers::Answer| {
            let (by, at, said) = (&a.by, words::date_and_clock(a.at), words::said(a.answer));
            let note = if a.note.is_empty() { String::new() } else { format!(" “{}”", a.note) };
            let line = Line::default()
                .strong(words::step(&a.check).get(self.lang))
                .plain(format!(" {}.{note}", super::opening::capitalised(said.get(self.lang))));
            line.plain(self.t(say!(" ({by}, {at})", " ({by}, {at})")))
        };
        doc.list(self.case.answers.iter().map(line).collect());
    }

    pub(super) fn runbook(&self, doc: &mut Document) {
        doc.heading(2, self.t(say!("The runbook, step by step", "Từng bước của runbook")));
        let head = [say!("Step", "Bước"), say!("Result", "Kết quả"), say!("What was found", "Thấy gì")];
        let mut table = Table::new(head.map(|h| self.t(h)));
        for o in &self.judged.outcomes {
            let result = Line::from(words::status(o.status).get(self.lang));
            let result = if matches!(o.status, Status::Fail | Status::Warn) { Line::default().strong(result.words()) } else { result };
            table.row([words::step(o.check).get(self.lang).into(), result, sentence(o.summary.get(self.lang)).into()]);
        }
        doc.table(table);
    }
}
