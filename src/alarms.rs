//! The command `alarms`: every alarm on failed target connections, live and in Terraform files, reviewed,
//! and where the two differ. Makes one document; whoever calls it has read both sides.

use crate::alarm::composite::review as composites;
use crate::alarm::drift::{Difference, composite_drift, composite_matching, drift, matching, rule};
use crate::alarm::edit;
use crate::alarm::review::{Remark, Weight, from_code, review_below};
use crate::case::Case;
use crate::case::alarm::{Alarm, AlarmState, CodeAlarm, CompositeAlarm};
use crate::checks::Past;
use crate::say;
use crate::terraform::Found;
use crate::text::{Lang, Text};
use std::collections::BTreeMap;

/// A region's live alarms that are about failed connections, those in ALARM first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// On the metric itself or on an expression with it.
    pub metric: Vec<Alarm>,
    /// Composite alarms that have one of them below; `None` when they may not be read.
    pub composite: Option<Vec<CompositeAlarm>>,
    /// What the first of them have been judging lately, by name: each a case with an alarm and its series.
    pub pasts: BTreeMap<String, Case>,
}

/// What is known of either side; `Err` says why it is not.
pub struct Sides<'a> {
    /// The live alarms of the region.
    pub live: Result<&'a Listed, String>,
    /// What was found in files, if a folder was given.
    pub code: Option<&'a Found>,
}

/// The whole document, in plain text.
pub fn document(sides: &Sides, lang: Lang) -> String {
    let mut page = Page { lang, text: String::new() };
    let code = sides.code.map(|f| f.alarms.as_slice()).unwrap_or_default();
    match &sides.live {
        Ok(listed) => region(&mut page, listed, sides.code),
        Err(why) => page.line(&say!("The live alarms could not be read: {why}", "Không đọc được báo động đang chạy: {why}")),
    }
    let live = sides.live.as_ref().map(|l| l.metric.as_slice()).unwrap_or_default();
    let matched: Vec<_> = live.iter().filter_map(|a| matching(a, code)).collect();
    let above: Vec<CompositeAlarm> =
        sides.code.iter().flat_map(|f| f.composites_above().iter().map(|c| composites::from_code(c, &f.alarms))).collect();
    for alarm in code.iter().filter(|c| !matched.contains(c)) {
        code_alarm(&mut page, alarm, &above, sides.live.is_ok());
    }
    composites_left(&mut page, sides);
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

    /// The metrics inside an expression.
    fn parts(&mut self, alarm: &Alarm) {
        for part in alarm.parts.iter().filter(|p| !p.metric.is_empty()) {
            self.line(&Text::same(format!("    {} = {} of {}, {} s", part.id, part.statistic, part.metric, part.period)));
        }
    }

    /// How it did over what CloudWatch still holds, and what would have done better.
    fn past(&mut self, case: &Case, alarm: &Alarm) -> Past {
        let past = Past::of(case, alarm);
        case.gaps.iter().for_each(|gap| self.line(&Text::same(format!("  {}", gap.in_words()))));
        for words in past.summary().into_iter().chain(past.details()) {
            let Text { en, vi } = words;
            self.line(&say!("  {en}", "  {vi}"));
        }
        past
    }

    fn unresolved(&mut self, code: &CodeAlarm) {
        for (field, text) in &code.unresolved {
            self.line(&say!("  ? {field} = {text} (text alone does not tell)", "  ? {field} = {text} (chỉ đọc chữ thì không biết)"));
        }
    }

    fn edit(&mut self, code: &CodeAlarm, wanted: &BTreeMap<&'static str, String>) {
        let edit = edit::suggest(code, wanted);
        if !edit.diff.is_empty() {
            self.line(&say!("  suggested edit (nothing is changed):", "  đề xuất sửa (không thay đổi gì):"));
            edit.diff.lines().for_each(|l| self.line(&Text::same(format!("    {l}"))));
        }
    }
}

fn region(page: &mut Page, listed: &Listed, found: Option<&Found>) {
    if listed.metric.is_empty() {
        page.line(&say!(
            "No alarm on TargetConnectionErrorCount in this region.",
            "Không có báo động nào trên TargetConnectionErrorCount ở region này."
        ));
    }
    listed.metric.iter().for_each(|alarm| live_alarm(page, alarm, listed, found));
    match &listed.composite {
        Some(all) => all.iter().for_each(|alarm| composite(page, alarm, found)),
        None => page.line(&say!(
            "Composite alarms could not be read: that needs cloudwatch:DescribeAlarms for every alarm (\"*\").\n",
            "Không đọc được composite alarm: cần quyền cloudwatch:DescribeAlarms cho mọi báo động (\"*\").\n"
        )),
    }
}

/// A rule over other alarms, with what each of them is and does now.
fn composite(page: &mut Page, alarm: &CompositeAlarm, found: Option<&Found>) {
    let (name, state, rule) = (&alarm.name, state(alarm.state), &alarm.rule);
    page.line(&say!("{name}  [{state}]  composite", "{name}  [{state}]  composite"));
    page.line(&Text::same(format!("  {rule}")));
    for (name, child) in &alarm.children {
        let state = self::state(child.state);
        let what = if child.watches.is_empty() { "composite".into() } else { child.watches.clone() };
        page.line(&Text::same(format!("    {name}  [{state}]  {what}")));
    }
    page.remarks(&composites::review(alarm));
    match found.map(|f| composite_matching(alarm, &f.composites)) {
        Some(Some(code)) => compared(page, code, &composite_drift(alarm, code)),
        Some(None) => not_found(page),
        None => {}
    }
    page.text.push('\n');
}

/// Composite alarms above one on failed connections that are only in files.
fn composites_left(page: &mut Page, sides: &Sides) {
    let Some(found) = sides.code else { return };
    let live = sides.live.as_ref().ok().and_then(|l| l.composite.as_deref());
    let matched: Vec<_> = live.unwrap_or_default().iter().filter_map(|a| composite_matching(a, &found.composites)).collect();
    for code in found.composites_above().iter().filter(|c| !matched.contains(c)) {
        let (file, line, address) = (&code.file, code.line, &code.address);
        page.line(&Text::same(format!("{file}:{line}  {address}  composite")));
        if live.is_some() {
            no_live(page);
        }
        page.line(&Text::same(format!("  {}", rule(code))));
        page.unresolved(code);
        page.remarks(&composites::review_written(&composites::from_code(code, &found.alarms)));
        page.text.push('\n');
    }
}

fn not_found(page: &mut Page) {
    page.line(&say!("  not found in the Terraform files", "  không thấy trong tệp Terraform"));
}

fn no_live(page: &mut Page) {
    page.line(&say!("  no live alarm of this name in this region", "  không có báo động nào đang chạy với tên này ở region này"));
}

fn state(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "OK",
        AlarmState::Alarm => "ALARM",
        AlarmState::InsufficientData => "INSUFFICIENT_DATA",
    }
}

fn live_alarm(page: &mut Page, alarm: &Alarm, listed: &Listed, found: Option<&Found>) {
    let (name, state) = (&alarm.name, state(alarm.state));
    page.line(&say!("{name}  [{state}]", "{name}  [{state}]"));
    let Text { en, vi } = crate::checks::alarm_rule(alarm);
    page.line(&say!("  {en}", "  {vi}"));
    page.parts(alarm);
    let dimensions: Vec<_> = alarm.dimensions.iter().map(|(k, v)| format!("{k}={v}")).collect();
    page.line(&Text::same(format!("  {}", dimensions.join(" "))));
    let remarks = review_below(alarm, listed.composite.as_deref().unwrap_or_default());
    page.remarks(&remarks);
    let past = listed.pasts.get(alarm.name.as_str());
    let past = past.map(|case| page.past(case, alarm));
    match found.map(|f| matching(alarm, &f.alarms)) {
        Some(Some(code)) => {
            compared(page, code, &drift(alarm, code));
            page.edit(code, &wanted(&remarks, past.as_ref()));
        }
        Some(None) => not_found(page),
        None => {}
    }
    page.text.push('\n');
}

/// What the file should say: what the review would change, and the rule that did best over the past.
fn wanted(remarks: &[Remark], past: Option<&Past>) -> BTreeMap<&'static str, String> {
    let reviewed = remarks.iter().filter(|r| r.weight < Weight::Note).filter_map(|r| Some((r.field, r.better.clone()?)));
    reviewed.chain(past.map(Past::wanted).unwrap_or_default()).collect()
}

fn compared(page: &mut Page, code: &CodeAlarm, differences: &[Difference]) {
    let (file, line, address) = (&code.file, code.line, &code.address);
    page.line(&say!("  defined in {file}:{line} as {address}", "  định nghĩa ở {file}:{line}, {address}"));
    if differences.iter().all(|d| !d.certain) {
        page.line(&say!("  live and file agree, as far as text tells", "  đang chạy và tệp khớp nhau, trong phạm vi đọc chữ"));
    }
    for d in differences {
        page.line(&difference(d));
    }
}

fn difference(d: &Difference) -> Text {
    let Difference { field, live, code, .. } = d;
    if d.certain {
        say!("  ≠ {field}: live {live}, file {code}", "  ≠ {field}: đang chạy {live}, tệp {code}")
    } else {
        say!("  ? {field}: live {live}, file has {code}", "  ? {field}: đang chạy {live}, tệp ghi {code}")
    }
}

fn code_alarm(page: &mut Page, code: &CodeAlarm, above: &[CompositeAlarm], live_known: bool) {
    let (file, line, address) = (&code.file, code.line, &code.address);
    page.line(&Text::same(format!("{file}:{line}  {address}")));
    if live_known {
        no_live(page);
    }
    let alarm = from_code(code);
    if !alarm.comparison.is_empty() {
        let Text { en, vi } = crate::checks::alarm_rule(&alarm);
        page.line(&say!("  {en}", "  {vi}"));
    }
    page.parts(&alarm);
    page.unresolved(code);
    let remarks = review_below(&alarm, above);
    page.remarks(&remarks);
    page.edit(code, &wanted(&remarks, None));
    page.text.push('\n');
}

fn files(page: &mut Page, found: &Found) {
    let (files, alarms, above, problems) = (found.files, found.alarms.len(), found.above, found.problems.len());
    page.line(&say!(
        "{files} Terraform files read, {alarms} definitions, {above} composite above them, {problems} problems",
        "đã đọc {files} tệp Terraform, {alarms} định nghĩa, {above} composite phía trên, {problems} vấn đề"
    ));
    found.problems.iter().for_each(|p| page.line(&Text::same(format!("  {p}"))));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::alarm::ChildAlarm;
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
        let listed = Listed { metric: vec![live()], composite: Some(vec![above()]), ..Listed::default() };
        let page = document(&Sides { live: Ok(&listed), code: Some(&found) }, Lang::En);
        for words in [
            "conn  [INSUFFICIENT_DATA]",
            "✗ statistic Average",
            "≠ threshold: live 5, file 9",
            "a.tf:3  aws_cloudwatch_metric_alarm.x",
            "no live alarm of this name",
            "2 Terraform files read, 2 definitions, 0 composite above them, 0 problems",
            "page  [OK]  composite\n  ALARM(conn)\n    conn  [ALARM]  Sum of TargetConnectionErrorCount\n",
            "conn alone fires it",
        ] {
            assert!(page.contains(words), "{words}\n{page}");
        }
    }

    fn above() -> CompositeAlarm {
        let child = ChildAlarm {
            state: AlarmState::Alarm,
            watches: "Sum of TargetConnectionErrorCount".into(),
            on_connection_errors: true,
            tells: false,
        };
        CompositeAlarm {
            name: "page".into(),
            rule: "ALARM(conn)".into(),
            state: AlarmState::Ok,
            children: [("conn".into(), child)].into(),
            ..CompositeAlarm::default()
        }
    }

    #[test]
    fn composites_that_may_not_be_read_are_no_silence() {
        let page = document(&Sides { live: Ok(&Listed::default()), code: None }, Lang::En);
        assert!(page.contains("No alarm on TargetConnectionErrorCount") && page.contains("Composite alarms could not be read"), "{page}");
    }

    #[test]
    fn a_side_that_cannot_be_read_is_said() {
        let page = document(&Sides { live: Err("expired".into()), code: None }, Lang::En);
        assert!(page.contains("could not be read: expired"));
    }
}
