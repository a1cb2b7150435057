//! The step `health-check-config`: every setting against sense and against its effect, the contradiction
//! "healthy, yet refusing", and what the checks say today and said then.

mod effect;
mod settings;
mod states;
mod strip;

use super::{Book, Check, Outcome, Status, Value, cannot_tell};
use crate::analysis::Analysis;
use crate::analysis::scene::Scene;
use crate::case::Case;
use crate::case::topology::{TargetGroup, short_name};
use crate::exchange::Area;
use crate::say;
use crate::text::Text;

pub struct Step;

/// How much a finding matters, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Fail,
    Warn,
    /// Worth knowing, nothing wrong.
    Note,
}

/// One thing found about the checks of a group.
#[derive(Clone, Debug, PartialEq)]
struct Finding {
    weight: Weight,
    /// Last part of the evidence id.
    id: String,
    area: Area,
    words: Text,
    values: Vec<Value>,
}

impl Finding {
    fn new(weight: Weight, id: impl Into<String>, words: Text) -> Self {
        Self { weight, id: id.into(), area: Area::Balancer, words, values: Vec::new() }
    }

    fn from(mut self, area: Area) -> Self {
        self.area = area;
        self
    }

    fn value(mut self, name: &str, value: f64, unit: &'static str) -> Self {
        self.values.push(Value::new(name, value).unit(unit));
        self
    }
}

impl Check for Step {
    fn id(&self) -> &'static str {
        "health-check-config"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::Balancer, Area::TargetHealth]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let (case, analysis) = (scene.case, scene.analysis);
        let groups = case.groups_in_question();
        if groups.is_empty() {
            return cannot_tell(self.id(), case, self.needs());
        }
        let checked: Vec<_> = groups.iter().filter(|g| g.target_type != "lambda").copied().collect();
        if checked.is_empty() {
            let words = say!("the targets are Lambda functions: nothing is connected to", "target là hàm Lambda: không có kết nối nào");
            return Outcome::new(self.id(), Status::NotApplicable, words);
        }
        let mut findings: Vec<_> = checked.iter().flat_map(|g| about(case, analysis, g)).collect();
        findings.extend(settings::of_balancer(case));
        findings.sort_by_key(|f| f.weight);
        let (status, summary) = verdict(case, &findings, &checked);
        let n = findings.iter().filter(|f| f.weight < Weight::Note).count();
        let brief = match status {
            Status::Pass => say!("sound", "ổn"),
            _ if n == 0 => Text::default(),
            _ => say!("{n} to look at", "{n} điều cần xem"),
        };
        let evidence = findings.into_iter().map(|f| book.add(format!("health-check.{}", f.id), f.words, f.area, f.values));
        Outcome::new(self.id(), status, summary).brief(brief).with(evidence)
    }
}

fn about(case: &Case, analysis: &Analysis, group: &TargetGroup) -> Vec<Finding> {
    let mut all = settings::of_group(case, group);
    all.extend(effect::of(case, analysis, group));
    all.extend(states::of(case, group));
    all.extend(strip::of(case, analysis, group));
    let name = short_name(&group.arn);
    for finding in &mut all {
        let Text { en, vi } = &finding.words;
        finding.words = say!("{name}: {en}", "{name}: {vi}");
        finding.id = format!("{name}.{}", finding.id);
    }
    all
}

fn verdict(case: &Case, findings: &[Finding], groups: &[&TargetGroup]) -> (Status, Text) {
    let worst = findings.first().filter(|f| f.weight < Weight::Note);
    if let Some(f) = worst {
        let status = if f.weight == Weight::Fail { Status::Fail } else { Status::Warn };
        return (status, f.words.clone());
    }
    if case.target_health.is_empty() {
        let cannot = cannot_tell("health-check-config", case, &[Area::TargetHealth]);
        let Text { en, vi } = cannot.summary;
        return (cannot.status, say!("settings are sound; today's health: {en}", "cấu hình ổn; tình trạng hiện tại: {vi}"));
    }
    let longest = groups.iter().map(|g| g.health_check.detection_seconds()).max().unwrap_or(0);
    let words = say!(
        "settings are sound; a dead target keeps receiving traffic for about {longest} s",
        "cấu hình ổn; một target đã chết vẫn nhận traffic khoảng {longest} s"
    );
    (Status::Pass, words)
}

#[cfg(test)]
mod tests;
