//! The step `access-log-5xx`.

use super::{Book, Check, Outcome, cannot_tell};
use crate::analysis::Analysis;
use crate::case::Case;
use crate::exchange::Area;

pub struct Step;

impl Check for Step {
    fn id(&self) -> &'static str {
        "access-log-5xx"
    }

    fn needs(&self) -> &'static [Area] {
        &[Area::AccessLog]
    }

    fn run(&self, case: &Case, _analysis: &Analysis, _book: &mut Book) -> Outcome {
        cannot_tell(self.id(), case, self.needs())
    }
}
