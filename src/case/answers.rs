//! What people said, kept apart from what was measured.

use crate::text::Foreign;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// A person's word on one step of the runbook; the newest of a step holds, all are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The check's id.
    pub check: String,
    pub answer: Said,
    pub note: Foreign,
    /// Who answered.
    pub by: Foreign,
    pub at: Time,
}

/// To "did you touch it?" or "is this step all right?".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    Yes,
    No,
    DontKnow,
    /// A step that a person ticks off or takes back.
    Done,
    NotDone,
}
