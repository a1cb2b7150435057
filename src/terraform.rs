//! Alarm definitions in Terraform files, as far as text allows: variables, locals, modules of the same tree,
//! `for_each` and `count`. Reads files, runs nothing; what only `terraform` itself could tell stays text.

mod composite;
mod files;
mod functions;
mod module;
mod resource;
mod syntax;
mod value;

use crate::case::alarm::CodeAlarm;
use crate::case::gaps::{Gap, Reason};
use crate::exchange::{Area, Fact, Origin, What};
use crate::text::{Foreign, Text};
use crate::time::Time;
use std::path::Path;

/// What was found under a folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// In order of file, line and address.
    pub alarms: Vec<CodeAlarm>,
    /// Composite alarms, those with one of the alarms below them first.
    pub composites: Vec<CodeAlarm>,
    /// How many of them that are.
    pub above: usize,
    pub problems: Vec<Problem>,
    /// How many `.tf` and `.tf.json` files were read.
    pub files: usize,
}

/// Something that could not be read or followed; the rest went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Relative to the folder that was searched.
    pub file: Foreign,
    pub line: Option<usize>,
    pub words: Text,
    /// Something was not read at all, rather than not followed.
    pub unreadable: bool,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.words),
            None => write!(f, "{}: {}", self.file, self.words),
        }
    }
}

/// Every definition of an alarm on failed target connections under `dir`, and what stood in the way.
pub fn find_alarms(dir: &Path) -> Found {
    let mut problems = Vec::new();
    let tree = files::read(dir, &mut problems);
    let files = tree.files;
    let (alarms, composites) = module::alarms(&tree, &mut problems);
    problems.sort_by(|a, b| (&a.file, a.line, &a.words.en).cmp(&(&b.file, b.line, &b.words.en)));
    problems.dedup();
    Found::of(alarms, composites, problems, files)
}

/// The same of texts at hand, each under its path: for tests and fuzzing.
pub fn find_in_texts<'a>(texts: impl IntoIterator<Item = (&'a Path, &'a str)>) -> Found {
    let mut problems = Vec::new();
    let mut tree = files::Tree::default();
    for (path, text) in texts {
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        syntax::read(tree.folders.entry(folder).or_default(), path, text, &mut problems);
        tree.files += 1;
    }
    let (alarms, composites) = module::alarms(&tree, &mut problems);
    Found::of(alarms, composites, problems, tree.files)
}

fn in_order(a: &CodeAlarm, b: &CodeAlarm) -> std::cmp::Ordering {
    (&a.file, a.line, &a.address).cmp(&(&b.file, b.line, &b.address))
}

impl Found {
    fn of(mut alarms: Vec<CodeAlarm>, mut composites: Vec<CodeAlarm>, problems: Vec<Problem>, files: usize) -> Self {
        alarms.sort_by(in_order);
        composites.sort_by(in_order);
        let (mut composites, others) = composite::above(composites, &alarms);
        let above = composites.len();
        composites.extend(others);
        Self { alarms, composites, above, problems, files }
    }

    /// Composite alarms with an alarm on failed connections below them, as far as text tells.
    pub fn composites_above(&self) -> &[CodeAlarm] {
        &self.composites[..self.above.min(self.composites.len())]
    }

    /// The folder itself could not be read: not input at all.
    pub fn is_unreadable(&self) -> bool {
        self.files == 0 && self.problems.iter().any(|p| p.file.is_empty())
    }

    /// As facts of a case, ending with the area settled.
    pub fn into_facts(self, dir: &Path, at: Time) -> Vec<Fact> {
        let folder = dir.display().to_string();
        let origin = Origin { operation: "file".into(), parameters: [("path".into(), folder)].into() };
        let gaps = self.problems.into_iter().map(|p| {
            let subject = match p.line {
                Some(line) => format!("{}:{line}", p.file),
                None => p.file.to_string(),
            };
            let detail = p.words.en.into();
            What::Gap(Gap { area: Area::AlarmCode, subject: subject.into(), reason: Reason::Unavailable, action: None, detail })
        });
        let all = [What::CodeAlarms(self.alarms), What::CodeComposites(self.composites)]
            .into_iter()
            .chain(gaps)
            .chain([What::Settled { area: Area::AlarmCode }]);
        all.map(|what| Fact { at, origin: Some(origin.clone()), what }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = r#"
variable "limit" { default = { a = [1, 2], b = "x${1 + 2}" } }
locals { l = [for k, v in var.limit : "${k}-${v}" if k != "c"] }
resource "aws_cloudwatch_metric_alarm" "x" {
  for_each    = toset(keys(var.limit))
  metric_name = "TargetConnectionErrorCount"
  threshold   = try(var.limit[each.key][0], -1) * 2 >= 4 ? 1 : 0
  alarm_name  = <<-EOT
    ${local.l[0]}
  EOT
}
"#;

    fn read(text: &str, name: &str) -> Found {
        find_in_texts([(Path::new(name), text)])
    }

    #[test]
    fn the_untouched_text_is_understood() {
        let found = read(TEXT, "a.tf");
        assert_eq!(found.problems, []);
        let all: Vec<_> = found.alarms.iter().map(|a| (a.address.as_str(), a.fields["threshold"].as_str())).collect();
        assert_eq!(all, [("aws_cloudwatch_metric_alarm.x[\"a\"]", "0"), ("aws_cloudwatch_metric_alarm.x[\"b\"]", "0")]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(cuts in proptest::collection::vec((0usize..600, 0usize..12, "[\\PC\n]{0,6}"), 0..6), json in any::<bool>()) {
            let mut text: Vec<char> = TEXT.chars().collect();
            for (at, len, put) in cuts {
                let at = at.min(text.len());
                let end = (at + len).min(text.len());
                text.splice(at..end, put.chars());
            }
            let text: String = text.into_iter().collect();
            let _ = read(&text, if json { "a.tf.json" } else { "a.tf" });
        }
    }
}
