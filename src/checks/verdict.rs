//! The step `verdict`: what all the others come to. It is filled in by [`crate::judge::judge`] once the causes
//! have been weighed; by itself it only knows that this has not been done.

use super::{Book, Check, Outcome, Status};
use crate::analysis::scene::Scene;
use crate::exchange::Area;
use crate::say;

pub struct Step;

impl Check for Step {
    fn id(&self) -> &'static str {
        "verdict"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::BalancerMetrics]
    }

    fn run(&self, _scene: &Scene, _book: &mut Book) -> Outcome {
        Outcome::new(self.id(), Status::Waiting, say!("the causes have not been weighed yet", "chưa cân nhắc các nguyên nhân"))
    }
}
