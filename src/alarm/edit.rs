//! A suggested edit of the Terraform file as a unified diff: printed, never applied.

use crate::case::alarm::{CodeAlarm, SourceLine};
use std::collections::BTreeMap;

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// What an edit comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// A unified diff; empty when nothing can be changed in the block itself.
    pub diff: String,
    /// Fields whose value is written elsewhere: (field, the text in the block, the value it should have).
    pub elsewhere: Vec<(String, String, String)>,
}

/// Sets `wanted` (field → value as Terraform writes it) in the block of a definition.
pub fn suggest(code: &CodeAlarm, wanted: &BTreeMap<&str, String>) -> Edit {
    let mut edit = Edit::default();
    let mut lines: Vec<Line> = code.text.iter().map(|l| Line { old: Some(l), new: Some(l.text.to_string()) }).collect();
    for (field, value) in wanted {
        let at = code.lines.get(*field).and_then(|n| code.text.iter().position(|l| l.line == *n));
        match at {
            Some(i) => replace(&mut lines, i, field, value, &mut edit),
            None if code.lines.contains_key(*field) || code.text.is_empty() => {
                edit.elsewhere.push(((*field).into(), String::new(), value.clone()));
            }
            None => insert(&mut lines, code, field, value),
        }
    }
    edit.diff = unified(&code.file, &lines);
    edit
}

struct Line<'a> {
    /// `None` for a line that is added.
    old: Option<&'a SourceLine>,
    new: Option<String>,
}

/// Only a literal is replaced: a reference is somebody's decision elsewhere.
fn replace(lines: &mut [Line], at: usize, field: &str, value: &str, edit: &mut Edit) {
    let Some(text) = lines.iter().filter(|l| l.old.is_some()).nth(at).and_then(|l| l.new.clone()) else { return };
    let Some((left, right)) = text.split_once('=') else { return };
    let (right, comment) = right.split_once('#').map_or((right, None), |(r, c)| (r, Some(c)));
    let right = right.trim();
    let literal = right.parse::<f64>().is_ok() || (right.starts_with('"') && right.ends_with('"') && !right.contains("${"));
    if !literal {
        edit.elsewhere.push((field.into(), right.into(), value.into()));
        return;
    }
    let comment = comment.map(|c| format!(" #{c}")).unwrap_or_default();
    if let Some(line) = lines.iter_mut().filter(|l| l.old.is_some()).nth(at) {
        line.new = Some(format!("{left}= {value}{comment}"));
    }
}

/// After the line with the threshold, or the first of the block.
fn insert(lines: &mut Vec<Line>, code: &CodeAlarm, field: &str, value: &str) {
    let anchor = code.lines.get("threshold").or_else(|| code.lines.get("metric_name"));
    let after = anchor.and_then(|n| lines.iter().position(|l| l.old.is_some_and(|o| o.line == *n))).unwrap_or(0);
    let model = lines.get(after).and_then(|l| l.old).map(|l| l.text.to_string()).unwrap_or_default();
    let indent: String = if after == 0 { "  ".into() } else { model.chars().take_while(|c| c.is_whitespace()).collect() };
    let width = model.find('=').filter(|_| after > 0).map_or(0, |i| i.saturating_sub(indent.len() + 1));
    let new = format!("{indent}{field:width$} = {value}");
    if !lines.is_empty() {
        lines.insert(after + 1, Line { old: None, new: Some(new) });
    }
}

fn is_changed(line: &Line) -> bool {
    line.old.map(|o| o.text.as_str()) != line.new.as_deref()
}

fn unified(file: &str, lines: &[Line]) -> String {
    let changed: Vec<usize> = lines.iter().enumerate().filter(|(_, l)| is_changed(l)).map(|(i, _)| i).collect();
    let (Some(first), Some(last)) = (changed.first(), changed.last()) else { return String::new() };
    let hunk = &lines[first.saturating_sub(CONTEXT)..(last + 1 + CONTEXT).min(lines.len())];
    let old = hunk.iter().filter(|l| l.old.is_some()).count();
    let new = hunk.iter().filter(|l| l.new.is_some()).count();
    let start = hunk.iter().find_map(|l| l.old).map_or(1, |l| l.line);
    let mut out = format!("--- a/{file}\n+++ b/{file}\n@@ -{start},{old} +{start},{new} @@\n");
    for line in hunk {
        match (line.old, &line.new, is_changed(line)) {
            (Some(o), _, false) => out.push_str(&format!(" {}\n", o.text)),
            (o, n, _) => {
                out.extend(o.iter().map(|o| format!("-{}\n", o.text)));
                out.extend(n.iter().map(|n| format!("+{n}\n")));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> CodeAlarm {
        let text = "resource \"aws_cloudwatch_metric_alarm\" \"a\" {\n  metric_name        = \"TargetConnectionErrorCount\"\n  evaluation_periods = 1\n  threshold          = 0 # any\n  period             = var.period\n}";
        let lines = text.lines().enumerate().map(|(n, t)| SourceLine { line: n + 11, text: t.into() });
        let at = [("metric_name", 12), ("evaluation_periods", 13), ("threshold", 14), ("period", 15)];
        CodeAlarm {
            file: "prod/alarm.tf".into(),
            text: lines.collect(),
            lines: at.iter().map(|(k, n)| ((*k).into(), *n)).collect(),
            ..CodeAlarm::default()
        }
    }

    #[test]
    fn literals_change_absent_fields_come_and_references_stay() {
        let wanted =
            [("threshold", "10".to_owned()), ("treat_missing_data", "\"notBreaching\"".to_owned()), ("period", "60".to_owned())].into();
        let edit = suggest(&code(), &wanted);
        assert_eq!(
            edit.diff,
            "--- a/prod/alarm.tf
+++ b/prod/alarm.tf
@@ -11,6 +11,7 @@
 resource \"aws_cloudwatch_metric_alarm\" \"a\" {
   metric_name        = \"TargetConnectionErrorCount\"
   evaluation_periods = 1
-  threshold          = 0 # any
+  threshold          = 10 # any
+  treat_missing_data = \"notBreaching\"
   period             = var.period
 }
"
        );
        assert_eq!(edit.elsewhere, [("period".to_owned(), "var.period".to_owned(), "60".to_owned())]);
    }

    #[test]
    fn nothing_to_change_is_no_diff() {
        assert_eq!(suggest(&code(), &[("evaluation_periods", "1".to_owned())].into()).diff, "");
        let json = CodeAlarm { lines: [("threshold".into(), 3)].into(), ..CodeAlarm::default() };
        assert_eq!(suggest(&json, &[("threshold", "1".to_owned())].into()).elsewhere.len(), 1);
    }
}
