//! Why it happened: the inference, the facts on both sides, the rivals, and what to do next.

use super::Story;
use super::opening::sentence;
use crate::checks::{Outcome, Status};
use crate::diagnosis::{Hypothesis, Likelihood, Named, Reason};
use crate::report::document::{Document, Line, Table};
use crate::report::words;
use crate::say;

/// The most rivals that get a row of their own.
const RIVALS: usize = 8;

impl Story<'_> {
    pub(super) fn cause(&self, doc: &mut Document) {
        doc.heading(2, self.t(say!("Cause", "Nguyên nhân")));
        doc.paragraph(self.inference());
        if let Some(h) = self.leading() {
            self.both_sides(doc, h);
        }
        self.contributing(doc);
        self.rivals(doc);
    }

    fn leading(&self) -> Option<&Hypothesis> {
        match self.judged.verdict.cause {
            Named::Cause(id) => self.judged.hypotheses.iter().find(|h| h.cause == id),
            Named::Nothing => None,
            // What comes nearest is worth its two sides even when it is not enough.
            Named::Inconclusive => self.judged.hypotheses.first().filter(|h| !h.reasons_for.is_empty()),
        }
    }

    fn inference(&self) -> Line {
        let mut line = Line::default().plain(self.t(say!("Inference: ", "Suy luận: ")));
        line.0.extend(self.verdict_line().0);
        let Some(h) = self.leading().filter(|h| h.probability > 0.0) else { return line };
        let (name, share) = (words::cause(h.cause).get(self.lang).to_owned(), words::share(h.probability, 1.0, self.lang));
        line.plain(self.t(say!(
            " Of the causes weighed, “{name}” gets {share}; that figure orders them, it is not a measured frequency.",
            " Trong các nguyên nhân được cân nhắc, “{name}” được {share}; con số này chỉ để xếp hạng, không phải tần suất đo được."
        )))
    }

    fn both_sides(&self, doc: &mut Document, h: &Hypothesis) {
        doc.heading(3, self.t(say!("Facts that speak for it", "Sự kiện ủng hộ")));
        let known =
            |reasons: &[Reason]| reasons.iter().filter(|r| self.judged.book.get(&r.evidence).is_some()).cloned().collect::<Vec<_>>();
        match known(&h.reasons_for).as_slice() {
            [] => doc.paragraph(self.t(say!("None.", "Không có."))),
            reasons => doc.list(reasons.iter().map(|r| self.fact(r)).collect()),
        }
        doc.heading(3, self.t(say!("Facts that speak against it", "Sự kiện phản bác")));
        match known(&h.reasons_against).as_slice() {
            [] => doc.paragraph(self.t(say!("None was found.", "Không tìm thấy."))),
            reasons => doc.list(reasons.iter().map(|r| self.fact(r)).collect()),
        }
        if !h.missing.is_empty() {
            doc.heading(3, self.t(say!("What would have told more", "Điều có thể cho biết thêm")));
            doc.list(h.missing.iter().map(|m| sentence(m.get(self.lang)).into()).collect());
        }
    }

    fn fact(&self, reason: &Reason) -> Line {
        let times = weight(reason.points);
        let weight = if reason.points > 0 {
            self.t(say!("{times} times likelier if so", "khả năng cao gấp {times} lần nếu đúng vậy"))
        } else {
            self.t(say!("{times} times less likely if so", "khả năng thấp đi {times} lần nếu đúng vậy"))
        };
        Line::from(sentence(&self.fact_of(&reason.evidence))).plain(format!(" ({weight}; ")).code(&reason.evidence).plain(")")
    }

    fn contributing(&self, doc: &mut Document) {
        let others: Vec<_> = self.judged.verdict.contributing.iter().map(|id| words::cause(id).get(self.lang).to_owned()).collect();
        if !others.is_empty() {
            let others = others.join("; ");
            doc.paragraph(self.t(say!("Also took part: {others}.", "Cũng góp phần: {others}.")));
        }
    }

    fn rivals(&self, doc: &mut Document) {
        let leading = self.leading().map(|h| h.cause);
        let weighed = |h: &&Hypothesis| h.verdict != Likelihood::Unknown && Some(h.cause) != leading;
        let rivals: Vec<_> = self.judged.hypotheses.iter().filter(weighed).collect();
        let unknown: Vec<_> = self.judged.hypotheses.iter().filter(|h| h.verdict == Likelihood::Unknown).collect();
        doc.heading(3, self.t(say!("Other causes that were considered", "Những nguyên nhân khác đã xét")));
        let head = [say!("Cause", "Nguyên nhân"), say!("Verdict", "Kết luận"), say!("Why", "Vì sao")];
        let mut table = Table::new(head.map(|h| self.t(h)));
        for h in rivals.iter().take(RIVALS) {
            let (name, verdict) = (words::cause(h.cause), words::likelihood(h.verdict));
            table.row([name.get(self.lang).into(), verdict.get(self.lang).into(), self.why(h).into()]);
        }
        doc.table(table);
        self.name_all(
            doc,
            rivals.get(RIVALS..).unwrap_or_default(),
            say!("Weighed and found less likely still:", "Đã xét và còn ít khả năng hơn:"),
        );
        self.name_all(
            doc,
            &unknown,
            say!("Not weighed, because nothing that bears on them was read:", "Chưa xét được vì không đọc được gì liên quan:"),
        );
    }

    fn name_all(&self, doc: &mut Document, some: &[&Hypothesis], label: crate::text::Text) {
        if !some.is_empty() {
            let names: Vec<_> = some.iter().map(|h| words::cause(h.cause).get(self.lang).to_owned()).collect();
            doc.paragraph(self.labelled(label, format!("{}.", names.join("; "))));
        }
    }

    /// The refuter, or else the strongest fact against, or else the strongest for.
    fn why(&self, h: &Hypothesis) -> String {
        let strongest = |reasons: &[Reason]| reasons.iter().max_by_key(|r| r.points.abs()).map(|r| r.evidence.clone());
        let against = h.refuted_by.clone().or_else(|| strongest(&h.reasons_against));
        match (against, strongest(&h.reasons_for), h.missing.first()) {
            (Some(id), _, _) => sentence(&self.fact_of(&id)),
            (None, Some(id), _) => {
                let fact = self.fact_of(&id);
                sentence(&self.t(say!("Only this speaks for it: {fact}", "Chỉ có điều này ủng hộ: {fact}")))
            }
            (None, None, Some(missing)) => {
                let missing = missing.get(self.lang);
                sentence(&self.t(say!("Not read: {missing}", "Chưa đọc được: {missing}")))
            }
            (None, None, None) => self.t(say!("Nothing speaks for it.", "Không có gì ủng hộ.")),
        }
    }

    /// What to check or change, the cheapest first, and what the steps of the runbook suggest.
    pub(super) fn next(&self, doc: &mut Document) {
        doc.heading(2, self.t(say!("What to check or change next", "Cần kiểm tra hoặc thay đổi gì tiếp")));
        let steps: Vec<Line> = self.judged.verdict.next_steps.iter().map(|s| sentence(s.get(self.lang)).into()).collect();
        let speaks = |o: &&Outcome| matches!(o.status, Status::Fail | Status::Warn) && o.check != "verdict" && !o.details.is_empty();
        let speaking: Vec<_> = self.judged.outcomes.iter().filter(speaks).collect();
        if steps.is_empty() && speaking.is_empty() {
            doc.paragraph(self.t(say!("Nothing follows from what was read.", "Những gì đọc được không gợi ra việc gì.")));
        }
        doc.steps(steps);
        for outcome in speaking {
            doc.paragraph(Line::default().strong(words::step(outcome.check).get(self.lang)));
            doc.list(outcome.details.iter().map(|d| d.get(self.lang).trim_start_matches(['•', '-', ' ']).into()).collect());
        }
    }
}

/// Decibans as a factor: 3 → `2`, 10 → `10`, 25 → `300`.
fn weight(decibans: i32) -> String {
    let factor = 10f64.powf(f64::from(decibans.abs()) / 10.0);
    match factor {
        ..9.5 => format!("{}", (factor * 2.0).round() / 2.0),
        ..95.0 => format!("{}", (factor / 5.0).round() * 5.0),
        ..950.0 => format!("{}", (factor / 50.0).round() * 50.0),
        _ => "1000+".into(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn weights_are_said_as_factors() {
        assert_eq!([3, 6, 10, 12, 20, -25, 40].map(super::weight), ["2", "4", "10", "15", "100", "300", "1000+"]);
    }
}
