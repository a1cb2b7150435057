//! The step `ask-infra-team`: did anybody change instances, network, balancer or capacity?

use super::touches::{Question, ask};
use super::{Book, Check, Outcome};
use crate::analysis::scene::Scene;
use crate::analysis::timeline::Kind;
use crate::exchange::Area;
use crate::say;

pub struct Step;

const KINDS: &[Kind] = &[
    Kind::InstancePower,
    Kind::InstanceChange,
    Kind::SecurityGroup,
    Kind::NetworkAclOrRoute,
    Kind::Balancer,
    Kind::TargetRegistration,
    Kind::Scaling,
    Kind::ZonalShift,
    Kind::SomebodyOnTheBox,
    Kind::Certificate,
];

impl Check for Step {
    fn id(&self) -> &'static str {
        "ask-infra-team"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::Changes]
    }

    fn run(&self, scene: &Scene, book: &mut Book) -> Outcome {
        let (case, analysis) = (scene.case, scene.analysis);
        let question = Question {
            check: self.id(),
            areas: self.needs(),
            kinds: KINDS,
            services_count: false,
            nothing: say!("no write on the balancer's path in CloudTrail", "CloudTrail không có lệnh ghi nào trên đường đi của bộ cân bằng tải"),
            blind: say!(
                "What is done inside a machine (ssh, configuration management, firewall rules) leaves no event in CloudTrail: only a person can tell.",
                "Việc làm bên trong máy (ssh, công cụ cấu hình, luật tường lửa) không để lại sự kiện trong CloudTrail: chỉ người làm mới biết."
            ),
        };
        ask(&question, case, analysis, book)
    }
}
