//! What remains of a case: documents and pictures, all made from the case and its judgement.
//! Pure: knows no network and reads no clock.

pub mod json;

use crate::diagnosis::{Likelihood, Named};
use crate::judge::Judged;

pub use json::json;

/// How `report` ends, as in the contract with scripts: 0 a cause was named, 10 nothing was wrong,
/// 20 inconclusive although everything readable was read, 21 inconclusive and evidence was missing.
pub fn exit_code(judged: &Judged) -> u8 {
    match judged.verdict.cause {
        Named::Nothing => 10,
        Named::Cause(id) if is_held(judged, id) => 0,
        _ if judged.coverage.evidence_missing() || judged.is_waiting() => 21,
        _ => 20,
    }
}

fn is_held(judged: &Judged, cause: &str) -> bool {
    let held = |l| matches!(l, Likelihood::Likely | Likelihood::Confirmed);
    judged.hypotheses.iter().any(|h| h.cause == cause && held(h.verdict))
}
