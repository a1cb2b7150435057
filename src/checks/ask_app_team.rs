//! The step `ask-app-team`: was anything deployed or restarted?

use super::touches::{Question, ask};
use super::{Book, Check, Outcome};
use crate::analysis::scene::Scene;
use crate::analysis::timeline::Kind;
use crate::exchange::Area;
use crate::say;

pub struct Step;

const KINDS: &[Kind] = &[Kind::Deployment, Kind::TargetRegistration, Kind::SomebodyOnTheBox, Kind::Process];

impl Check for Step {
    fn id(&self) -> &'static str {
        "ask-app-team"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::Changes, Area::Lifecycle]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let (case, analysis) = (scene.case, scene.analysis);
        let question = Question {
            check: self.id(),
            areas: self.needs(),
            kinds: KINDS,
            services_count: true,
            nothing: say!("no deployment to the targets", "không có lần triển khai nào tới các target"),
            blind: say!(
                "A deployment over ssh or by a tool that asks AWS for nothing leaves no event: only a person can tell.",
                "Triển khai qua ssh hoặc công cụ không gọi AWS thì không để lại sự kiện: chỉ người làm mới biết."
            ),
        };
        let outcome = ask(&question, case, analysis, book);
        match analysis.timeline.folded_kinds.get(&Kind::Deployment).copied().unwrap_or(0) {
            0 => outcome,
            n => outcome.detail(say!(
                "{n} deployments elsewhere in the account, on none of these targets",
                "{n} lần triển khai ở nơi khác trong tài khoản, không phải các target này"
            )),
        }
    }
}
