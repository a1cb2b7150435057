//! The step `alarm-definition`: the alarm against sense, against its file, and against what its metric did;
//! with the threshold that would have told incidents from noise.

mod past;

use super::{Book, Check, Outcome, Status, Value, cannot_tell};
use crate::alarm::drift::{Difference, composite_drift, composite_matching, drift, matching};
use crate::alarm::review::{Remark, Weight, review_below};
use crate::alarm::{composite, edit};
use crate::analysis::scene::Scene;
use crate::case::Case;
use crate::case::alarm::{Alarm, AlarmChangeKind, CodeAlarm, CompositeAlarm};
use crate::case::topology::dimension_of;
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
pub use past::Past;
use std::collections::BTreeMap;

pub struct Step;

impl Check for Step {
    fn id(&self) -> &'static str {
        "alarm-definition"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::Alarm, Area::AlarmHistory, Area::AlarmCode, Area::Baseline]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let case = scene.case;
        let Some(alarm) = &case.alarm else { return cannot_tell(self.id(), case, &[Area::Alarm]) };
        let code = matching(alarm, &case.code_alarms);
        let past = Past::of(case, alarm);
        let mut remarks = review_below(alarm, &case.composite_alarms);
        remarks.extend(foreign_group(case, alarm));
        remarks.extend(case.composite_alarms.iter().flat_map(above));
        remarks.sort_by_key(|r| r.weight);
        let differences = code.map(|c| drift(alarm, c)).unwrap_or_default();
        let above: Vec<Difference> = case.composite_alarms.iter().flat_map(|c| differences_above(case, c)).collect();
        let (status, summary) = verdict(alarm, &remarks, &[differences.clone(), above].concat(), &past);
        let mut evidence = vec![file_rule(alarm, book)];
        evidence.extend(past.file(book));
        evidence.extend(remarks.iter().enumerate().map(|(n, r)| file_remark(n, r, book)));
        evidence.extend(differences.iter().map(|d| file_difference(d, code, book)));
        evidence.extend(case.composite_alarms.iter().flat_map(|c| file_composite(case, c, book)).collect::<Vec<_>>());
        evidence.extend(file_edits(case, book));
        let brief = match (status, remarks.first().filter(|r| r.weight < Weight::Note)) {
            (Status::Pass, _) => say!("sound", "hợp lý"),
            (_, Some(r)) => Text::same(r.field.to_owned()),
            (_, None) if differences.iter().any(|d| d.certain) => say!("differs from file", "khác với tệp"),
            _ => say!("fires on noise", "kêu vì nhiễu"),
        };
        let outcome = Outcome::new(self.id(), status, summary).with(evidence).brief(brief);
        let outcome = past.details().into_iter().fold(outcome, Outcome::detail);
        code_details(case, code, &remarks, &past).into_iter().fold(outcome, Outcome::detail)
    }
}

/// The rule in one line: `Sum of TargetConnectionErrorCount ≥ 5 in 2 of 3 periods of 60 s, missing data notBreaching`.
pub(super) fn rule_words(alarm: &Alarm) -> Text {
    let sign = match alarm.comparison.as_str() {
        "GreaterThanThreshold" => ">",
        "GreaterThanOrEqualToThreshold" => "≥",
        "LessThanThreshold" => "<",
        "LessThanOrEqualToThreshold" => "≤",
        other => other,
    };
    let what = alarm.expression.as_ref().map_or_else(|| format!("{} of {}", alarm.statistic, alarm.metric), ToString::to_string);
    let (threshold, m, n, period) = (alarm.threshold, alarm.datapoints_to_alarm.max(1), alarm.evaluation_periods, alarm.period);
    if threshold.is_nan() {
        return say!("{what} outside its band in {m} of {n} periods of {period} s", "{what} ra ngoài dải trong {m} trên {n} period {period} s");
    }
    let missing = if alarm.treat_missing_data.is_empty() { "missing" } else { &alarm.treat_missing_data };
    say!(
        "{what} {sign} {threshold} in {m} of {n} periods of {period} s, missing data: {missing}",
        "{what} {sign} {threshold} trong {m} trên {n} period {period} s, dữ liệu thiếu: {missing}"
    )
}

fn file_rule(alarm: &Alarm, book: &mut Book) -> String {
    let values = vec![Value::new("threshold", alarm.threshold), Value::new("period", f64::from(alarm.period)).unit("s")];
    book.add("alarm.rule", rule_words(alarm), Area::Alarm, values)
}

/// A dimension that names a group the balancer does not have any more.
fn foreign_group(case: &Case, alarm: &Alarm) -> Option<Remark> {
    let named = alarm.dimensions.get("TargetGroup")?;
    let gone = !case.target_groups.is_empty() && case.target_groups.iter().all(|g| dimension_of(&g.arn) != named);
    gone.then(|| Remark {
        weight: Weight::Wrong,
        field: "dimensions",
        words: say!("it watches {named}, which is not a target group of this balancer now", "nó theo dõi {named}, hiện không phải target group của load balancer này"),
        better: None,
    })
}

/// What is to be said of a composite alarm above this one.
fn above(composite: &CompositeAlarm) -> Vec<Remark> {
    let name = &composite.name;
    let named = |r: Remark| {
        let Text { en, vi } = &r.words;
        Remark { words: say!("composite alarm {name} above it: {en}", "composite alarm {name} phía trên: {vi}"), ..r }
    };
    composite::review::review(composite).into_iter().map(named).collect()
}

fn verdict(alarm: &Alarm, remarks: &[Remark], differences: &[Difference], past: &Past) -> (Status, Text) {
    let Text { en, vi } = rule_words(alarm);
    let worst = remarks.first().filter(|r| r.weight < Weight::Note);
    let drifted = differences.iter().find(|d| d.certain);
    let status = match worst.map(|r| r.weight) {
        Some(Weight::Wrong) => Status::Fail,
        Some(_) => Status::Warn,
        None if drifted.is_some() || past.is_noisy() => Status::Warn,
        None => Status::Pass,
    };
    let drift = drifted.map(|d| {
        let (field, live, code) = (&d.field, &d.live, &d.code);
        say!("{field} is {live} live and {code} in the file", "{field} đang là {live} nhưng trong tệp là {code}")
    });
    let reason = worst.map(|r| r.words.clone()).or(drift).or_else(|| past.summary());
    let summary = match reason {
        Some(why) => {
            let (why, why_vi) = (why.en, why.vi);
            say!("{why} ({en})", "{why_vi} ({vi})")
        }
        None => say!("sound: {en}", "hợp lý: {vi}"),
    };
    (status, summary)
}

fn file_remark(n: usize, remark: &Remark, book: &mut Book) -> String {
    book.add(format!("alarm.review.{n}.{}", remark.field), remark.words.clone(), Area::Alarm, Vec::new())
}

fn file_difference(d: &Difference, code: Option<&CodeAlarm>, book: &mut Book) -> String {
    let id = format!("alarm.drift.{}", d.field);
    book.add(id, difference_words(d, code), Area::AlarmCode, Vec::new())
}

/// A composite alarm above, live against file; its name stands before each field.
fn differences_above(case: &Case, live: &CompositeAlarm) -> Vec<Difference> {
    let code = composite_matching(live, &case.code_composites);
    let named = |d: Difference| Difference { field: format!("{}.{}", live.name, d.field), ..d };
    code.map(|c| composite_drift(live, c)).unwrap_or_default().into_iter().map(named).collect()
}

fn file_composite(case: &Case, live: &CompositeAlarm, book: &mut Book) -> Vec<String> {
    let code = composite_matching(live, &case.code_composites);
    differences_above(case, live).iter().map(|d| file_difference(d, code, book)).collect()
}

fn difference_words(d: &Difference, code: Option<&CodeAlarm>) -> Text {
    let file = code.map(|c| c.file.to_string()).unwrap_or_default();
    let at = d.line.or(code.map(|c| c.line)).map_or(file.clone(), |l| format!("{file}:{l}"));
    let (field, live, code) = (&d.field, &d.live, &d.code);
    if d.certain {
        say!("{field}: {live} live, {code} in {at}", "{field}: đang chạy {live}, trong {at} là {code}")
    } else {
        say!("{field}: {live} live; {at} has {code}, which text alone does not tell", "{field}: đang chạy {live}; {at} ghi {code}, chỉ đọc chữ thì không biết giá trị")
    }
}

/// Edits of the alarm itself that are still in its history.
fn file_edits(case: &Case, book: &mut Book) -> Vec<String> {
    let edits = case.alarm_changes.iter().filter(|c| c.kind == AlarmChangeKind::Edited);
    let file = |(n, c): (usize, &crate::case::alarm::AlarmChange)| {
        let (at, summary) = (c.at.format("%Y-%m-%d %H:%M UTC"), &c.summary);
        let words = say!("the alarm was edited at {at}: {summary}", "báo động được sửa lúc {at}: {summary}");
        book.add(format!("alarm.edited.{n}"), words, Area::AlarmHistory, vec![Value::new("at", c.at.timestamp() as f64).at(c.at)])
    };
    edits.enumerate().map(file).collect()
}

/// Where the definition is, and the edit that would help, as a diff that nobody applies.
fn code_details(case: &Case, code: Option<&CodeAlarm>, remarks: &[Remark], past: &Past) -> Vec<Text> {
    let Some(code) = code else {
        let n = case.code_alarms.len();
        return if n == 0 {
            Vec::new()
        } else {
            vec![say!("none of the {n} definitions found in the Terraform files is this alarm", "không định nghĩa nào trong {n} định nghĩa tìm thấy ở tệp Terraform là báo động này")]
        };
    };
    let (file, line, address) = (&code.file, code.line, &code.address);
    let mut all = vec![say!("defined in {file}:{line} as {address}", "định nghĩa ở {file}:{line}, {address}")];
    let edit = edit::suggest(code, &wanted(remarks, past));
    if !edit.diff.is_empty() {
        all.push(say!("suggested edit (printed only, nothing is changed):", "đề xuất sửa (chỉ in ra, không thay đổi gì):"));
        all.extend(edit.diff.lines().map(Text::same));
    }
    all.extend(case.composite_alarms.iter().filter_map(|c| {
        let (name, code) = (&c.name, composite_matching(c, &case.code_composites)?);
        let (file, line, address) = (&code.file, code.line, &code.address);
        Some(say!("composite alarm {name} is defined in {file}:{line} as {address}", "composite alarm {name} định nghĩa ở {file}:{line}, {address}"))
    }));
    all.extend(edit.elsewhere.iter().map(|(field, text, value)| {
        say!("{field} is written elsewhere ({text}): set it to {value} there", "{field} được ghi ở nơi khác ({text}): hãy đặt thành {value} ở đó")
    }));
    all
}

/// What the file should say: the past's threshold, and what the review would change.
fn wanted(remarks: &[Remark], past: &Past) -> BTreeMap<&'static str, String> {
    let reviewed = remarks.iter().filter(|r| r.weight < Weight::Note).filter_map(|r| Some((r.field, r.better.clone()?)));
    reviewed.chain(past.wanted()).collect()
}

#[cfg(test)]
mod tests;
