//! The command `alarms`: every alarm on failed target connections, live and in Terraform files, reviewed,
//! and where the two differ. Makes one document; whoever calls it has read both sides.

use crate::alarm::drift::{Difference, drift, matching};
use crate::alarm::edit;
use crate::alarm::review::{Remark, Weight, from_code, review};
use crate::case::alarm::{Alarm, AlarmState, CodeAlarm};
use crate::say;
use crate::terraform::Found;
use crate::text::{Lang, Text};

/// What is known of either side; `Err` says why it is not.
pub struct Sides<'a> {
    /// The live alarms of the region.
    pub live: Result<&'a [Alarm], String>,
    /// What was found in files, if a folder was given.
    pub code: Option<&'a Found>,
}

/// The whole document, in plain text.
pub fn document(sides: &Sides, lang: Lang) -> String {
    let mut page = Page { lang, text: String::new() };
    let code = sides.code.map(|f| f.alarms.as_slice()).unwrap_or_default();
    match &sides.live {
        Ok([]) => page.line(&say!(
            "No alarm on TargetConnectionErrorCount in this region.",
            "Không có báo động nào trên TargetConnectionErrorCount ở region này."
        )),
        Ok(live) => live.iter().for_each(|alarm| live_alarm(&mut page, alarm, code, sides.code.is_some())),
        Err(why) => page.line(&say!("The live alarms could not be read: {why}", "Không đọc được báo động đang chạy: {why}")),
    }
    let live = sides.live.as_ref().copied().unwrap_or_default();
    let matched: Vec<_> = live.iter().filter_map(|a| matching(a, code)).collect();
    for alarm in code.iter().filter(|c| !matched.contains(c)) {
        code_alarm(&mut page, alarm, sides.live.is_ok());
    }
    if let Some(found) = sides.code {
        files(&mut page, found);
    }
    page.text
}

struct Page {
    lang: Lang,
    text: String,
}

impl Page {
    fn line(&mut self, words: &Text) {
        self.text.push_str(words.get(self.lang));
        self.text.push('\n');
    }

    fn remarks(&mut self, remarks: &[Remark]) {
        for remark in remarks {
            let mark = match remark.weight {
                Weight::Wrong => "✗",
                Weight::Poor => "!",
                Weight::Note => "·",
            };
            let Text { en, vi } = &remark.words;
            self.line(&say!("  {mark} {en}", "  {mark} {vi}"));
        }
    }

    fn edit(&mut self, code: &CodeAlarm, remarks: &[Remark]) {
        let wanted = remarks.iter().filter(|r| r.weight < Weight::Note).filter_map(|r| Some((r.field, r.better.clone()?))).collect();
        let edit = edit::suggest(code, &wanted);
        if !edit.diff.is_empty() {
            self.line(&say!("  suggested edit (nothing is changed):", "  đề xuất sửa (không thay đổi gì):"));
            edit.diff.lines().for_each(|l| self.line(&Text::same(format!("    {l}"))));
        }
    }
}

fn state(alarm: &Alarm) -> &'static str {
    match alarm.state {
        AlarmState::Ok => "OK",
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    }
}

fn live_alarm(page: &mut Page, alarm: &Alarm, code: &[CodeAlarm], searched: bool) {
    let (name, state) = (&alarm.name, state(alarm));
    page.line(&say!("{name}  [{state}]", "{name}  [{state}]"));
    let Text { en, vi } = crate::checks::alarm_rule(alarm);
    page.line(&say!("  {en}", "  {vi}"));
    let dimensions: Vec<_> = alarm.dimensions.iter().map(|(k, v)| format!("{k}={v}")).collect();
    page.line(&Text::same(format!("  {}", dimensions.join(" "))));
    let remarks = review(alarm);
    page.remarks(&remarks);
    match matching(alarm, code) {
        Some(found) => compared(page, alarm, found, &remarks),
        None if searched => page.line(&say!("  not found in the Terraform files", "  không thấy trong tệp Terraform")),
        None => {}
    }
    page.text.push('\n');
}

fn compared(page: &mut Page, alarm: &Alarm, code: &CodeAlarm, remarks: &[Remark]) {
    let (file, line, address) = (&code.file, code.line, &code.address);
    page.line(&say!("  defined in {file}:{line} as {address}", "  định nghĩa ở {file}:{line}, {address}"));
    let all = drift(alarm, code);
    if all.iter().all(|d| !d.certain) {
        page.line(&say!("  live and file agree, as far as text tells", "  đang chạy và tệp khớp nhau, trong phạm vi đọc chữ"));
    }
    for d in &all {
        page.line(&difference(d));
    }
    page.edit(code, remarks);
}

fn difference(d: &Difference) -> Text {
    let Difference { field, live, code, .. } = d;
    if d.certain {
        say!("  ≠ {field}: live {live}, file {code}", "  ≠ {field}: đang chạy {live}, tệp {code}")
    } else {
        say!("  ? {field}: live {live}, file has {code}", "  ? {field}: đang chạy {live}, tệp ghi {code}")
    }
}

fn code_alarm(page: &mut Page, code: &CodeAlarm, live_known: bool) {
    let (file, line, address) = (&code.file, code.line, &code.address);
    page.line(&Text::same(format!("{file}:{line}  {address}")));
    if live_known {
        page.line(&say!("  no live alarm of this name in this region", "  không có báo động nào đang chạy với tên này ở region này"));
    }
    let alarm = from_code(code);
    if !alarm.comparison.is_empty() {
        let Text { en, vi } = crate::checks::alarm_rule(&alarm);
        page.line(&say!("  {en}", "  {vi}"));
    }
    for (field, text) in &code.unresolved {
        page.line(&say!("  ? {field} = {text} (text alone does not tell)", "  ? {field} = {text} (chỉ đọc chữ thì không biết)"));
    }
    let remarks = review(&alarm);
    page.remarks(&remarks);
    page.edit(code, &remarks);
    page.text.push('\n');
}

fn files(page: &mut Page, found: &Found) {
    let (files, alarms, problems) = (found.files, found.alarms.len(), found.problems.len());
    page.line(&say!(
        "{files} Terraform files read, {alarms} definitions, {problems} problems",
        "đã đọc {files} tệp Terraform, {alarms} định nghĩa, {problems} vấn đề"
    ));
    found.problems.iter().for_each(|p| page.line(&Text::same(format!("  {p}"))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::ERRORS;

    fn live() -> Alarm {
        Alarm {
            name: "conn".into(),
            metric: ERRORS.into(),
            statistic: "Average".into(),
            period: 60,
            threshold: 5.0,
            comparison: "GreaterThanThreshold".into(),
            evaluation_periods: 3,
            datapoints_to_alarm: 3,
            treat_missing_data: "notBreaching".into(),
            actions_enabled: true,
            actions: vec!["pager".into()],
            dimensions: [("LoadBalancer".into(), "app/web/1".into())].into(),
            ..Alarm::default()
        }
    }

    fn code(name: &str) -> CodeAlarm {
        let fields =
            [("alarm_name", name), ("threshold", "9"), ("evaluation_periods", "3"), ("comparison_operator", "GreaterThanThreshold")];
        CodeAlarm {
            file: "a.tf".into(),
            line: 3,
            address: "aws_cloudwatch_metric_alarm.x".into(),
            fields: fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            ..CodeAlarm::default()
        }
    }

    #[test]
    fn both_sides_and_the_difference() {
        let found = Found { alarms: vec![code("conn"), code("lost")], files: 2, ..Found::default() };
        let alarms = [live()];
        let page = document(&Sides { live: Ok(&alarms), code: Some(&found) }, Lang::En);
        for words in [
            "conn  [INSUFFICIENT_DATA]",
            "✗ statistic Average",
            "≠ threshold: live 5, file 9",
            "a.tf:3  aws_cloudwatch_metric_alarm.x",
            "no live alarm of this name",
            "2 Terraform files read, 2 definitions, 0 problems",
        ] {
            assert!(page.contains(words), "{words}\n{page}");
        }
    }

    #[test]
    fn a_side_that_cannot_be_read_is_said() {
        let page = document(&Sides { live: Err("expired".into()), code: None }, Lang::En);
        assert!(page.contains("could not be read: expired"));
    }
}
