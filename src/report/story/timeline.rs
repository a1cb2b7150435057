//! What happened when, and which metrics moved with the errors.

use super::Story;
use crate::analysis::timeline::{Entry, Relation};
use crate::analysis::{Correlation, Order};
use crate::metrics::{self, ERRORS, Role, Unit};
use crate::report::document::{Document, Line, Table};
use crate::report::{lanes, words};
use crate::say;
use crate::text::Text;
use crate::time::Time;

/// The most rows of the timeline.
const ROWS: usize = 60;

/// One row before it is a row.
struct Row {
    at: Time,
    what: Line,
    who: String,
}

impl Story<'_> {
    pub(super) fn timeline(&self, doc: &mut Document) {
        doc.heading(2, self.t(say!("Timeline", "Dòng thời gian")));
        let mut rows = self.happenings();
        rows.extend(self.ends_of_episodes());
        rows.sort_by_key(|r| r.at);
        let head = [say!("UTC", "UTC"), say!("From onset", "So với lúc bắt đầu"), say!("What", "Chuyện gì"), say!("Who", "Ai")];
        let mut table = Table::new(head.map(|h| self.t(h)));
        let onset = self.judged.analysis.onset();
        for row in rows {
            let from = onset.map_or_else(String::new, |o| words::offset((row.at - o).num_seconds(), self.lang));
            table.row([self.clock(row.at).into(), from.into(), row.what, row.who.into()]);
        }
        if table.rows.is_empty() {
            doc.paragraph(
                self.t(say!("No change was seen on the load balancer's path.", "Không thấy thay đổi nào trên đường đi của load balancer.")),
            );
        }
        doc.table(table);
        self.blind_spots(doc);
    }

    fn happenings(&self) -> Vec<Row> {
        let near = |e: &&Entry| e.relation < Relation::Vpc;
        let mut best: Vec<_> = self.judged.analysis.timeline.entries.iter().filter(near).collect();
        best.sort_by_key(|e| e.rank);
        best.truncate(ROWS);
        best.into_iter().filter_map(|e| self.happening(e)).collect()
    }

    fn happening(&self, entry: &Entry) -> Option<Row> {
        let event = entry.event(self.case)?;
        let mark = self.lanes.marks.iter().find(|m| Some(&m.event) == entry.events.first());
        let mut what = Line::from(mark.map_or_else(String::new, |m| format!("[{}] ", m.number))).strong(event.name.as_str());
        if !event.summary.is_empty() && event.summary != event.name {
            what = what.plain(": ").plain(event.summary.as_str());
        }
        if let Some(error) = event.error.as_deref().filter(|_| entry.attempt) {
            what = what.plain(self.t(say!(" (failed: {error})", " (thất bại: {error})")));
        }
        if let Some(end) = entry.end.filter(|end| *end > entry.at) {
            let end = self.clock(end);
            what = what.plain(self.t(say!(" (until {end})", " (đến {end})")));
        }
        let same = entry.events.len().saturating_sub(1);
        if same > 0 {
            what = what.plain(self.t(say!(" (and {same} more like it)", " (và {same} sự kiện tương tự)")));
        }
        Some(Row { at: entry.at, what, who: self.who(&event.actor) })
    }

    fn who(&self, actor: &crate::case::events::Actor) -> String {
        match &actor.tool {
            Some(tool) if !tool.is_empty() => {
                let name = &actor.name;
                self.t(say!("{name} with {tool}", "{name} bằng {tool}"))
            }
            _ => actor.name.to_string(),
        }
    }

    fn ends_of_episodes(&self) -> Vec<Row> {
        let row = |at, text: Text| Row { at, what: Line::default().strong(self.t(text)), who: String::new() };
        let ends = |e: &crate::analysis::Episode| {
            let sure = words::seconds(i64::from(e.onset_uncertainty), self.lang);
            let begin = row(e.onset, say!("Errors begin (±{sure})", "Lỗi bắt đầu (±{sure})"));
            std::iter::once(begin).chain(e.end.map(|end| row(end, say!("Errors end", "Lỗi kết thúc")))).collect::<Vec<_>>()
        };
        self.judged.analysis.episodes.iter().take(ROWS).flat_map(ends).collect()
    }

    fn blind_spots(&self, doc: &mut Document) {
        let folded = self.judged.analysis.timeline.folded;
        if folded > 0 {
            doc.paragraph(self.t(say!(
                "{folded} further events in the window have nothing to do with this load balancer's path and are left out.",
                "Bỏ qua {folded} sự kiện khác trong khoảng thời gian này vì không liên quan đến đường đi của load balancer."
            )));
        }
        let mut lines = Vec::new();
        for reach in self.case.reaches.values() {
            let (source, from, to) = (words::source(reach.source), self.clock(reach.from), self.clock(reach.to));
            let (source, settled) = (source.get(self.lang), self.clock(reach.settled_until));
            lines.push(if reach.capped {
                self.t(say!(
                    "{source}: read only from {from} to {to}; what came before is not known",
                    "{source}: chỉ đọc từ {from} đến {to}; trước đó không rõ"
                ))
            } else {
                self.t(say!(
                    "{source}: read from {from} to {to}; events after {settled} may not have arrived",
                    "{source}: đã đọc từ {from} đến {to}; sự kiện sau {settled} có thể chưa về tới"
                ))
            });
        }
        doc.list(lines.into_iter().map(Line::from).collect());
    }

    /// The metrics that move with the errors beyond chance.
    pub(super) fn moved(&self, doc: &mut Document) {
        doc.heading(2, self.t(say!("What moved with the errors", "Cái gì biến động cùng lỗi")));
        let claimed = self.claimed();
        if claimed.is_empty() {
            doc.paragraph(self.t(say!(
                "No metric moves with the errors more than chance allows.",
                "Không metric nào biến động cùng lỗi quá mức ngẫu nhiên."
            )));
            return;
        }
        let head = [
            say!("Metric", "Metric"),
            say!("Before", "Trước"),
            say!("During", "Trong lúc lỗi"),
            say!("Moved", "Biến động"),
            say!("Strength", "Độ mạnh"),
        ];
        let mut table = Table::new(head.map(|h| self.t(h)));
        for (c, others) in claimed.into_iter().take(15) {
            let unit = metrics::find(&c.key.metric).map_or(Unit::Count, |m| m.unit);
            let value = |v: f64| if v.is_finite() { words::value(v, unit, self.lang) } else { "?".into() };
            let strength = words::number(c.score, self.lang);
            let label = lanes::label(self.case, &c.key);
            let label = match others {
                0 => label,
                _ => self.t(say!("{label} (and {others} more like it)", "{label} (và {others} chuỗi tương tự)")),
            };
            table.row([label, value(c.before), value(c.during), self.order(c), strength].map(Line::from));
        }
        doc.table(table);
        doc.paragraph(self.t(say!(
            "Strength is the association beyond chance, from 0 to 1. Moving together is not causing: what follows from the errors is marked as a consequence.",
            "Độ mạnh là mức liên hệ vượt ngẫu nhiên, từ 0 đến 1. Biến động cùng nhau chưa phải là nguyên nhân: thứ gì do lỗi gây ra được ghi là hệ quả."
        )));
    }

    /// The strongest series of each metric, with how many more of that metric move as well.
    fn claimed(&self) -> Vec<(&Correlation, usize)> {
        let mut out: Vec<(&Correlation, usize)> = Vec::new();
        let all = self.judged.analysis.correlations.iter();
        for c in all.filter(|c| c.associated && c.role != Role::Alarm && c.key.metric != ERRORS) {
            match out.iter_mut().find(|(o, _)| o.key.metric == c.key.metric && o.direction == c.direction) {
                Some((best, others)) => {
                    *best = if c.score > best.score { c } else { best };
                    *others += 1;
                }
                None => out.push((c, 0)),
            }
        }
        out
    }

    fn order(&self, c: &Correlation) -> String {
        let by = words::seconds(c.lag, self.lang);
        match c.order {
            _ if c.went_silent => self.t(say!("fell silent", "ngừng gửi số liệu")),
            Order::Leads => self.t(say!("{by} before", "trước {by}")),
            Order::Follows => self.t(say!("{by} after", "sau {by}")),
            Order::Coincides => self.t(say!("with them", "cùng lúc")),
            Order::Consequence => self.t(say!("a consequence", "hệ quả")),
        }
    }
}
