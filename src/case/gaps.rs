//! What could not be learned, and why. A gap turns nothing green.

use crate::exchange::Area;
use crate::text::Foreign;
use serde::{Deserialize, Serialize};

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    pub area: Area,
    /// What exactly: an operation, a resource, a file.
    pub subject: Foreign,
    pub reason: Reason,
    /// The IAM action that would unlock it (`ec2:DescribeSecurityGroups`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// AWS's or the file's own words, with what to do.
    pub detail: Foreign,
}

impl Gap {
    /// What could not be read and why, in one line.
    pub fn in_words(&self) -> String {
        match (self.subject.is_empty(), self.detail.is_empty()) {
            (false, false) if !self.detail.starts_with(self.subject.as_str()) => format!("{}: {}", self.subject, self.detail),
            (_, false) => self.detail.to_string(),
            (_, true) => self.subject.to_string(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Denied,
    Throttled,
    NotEnabled,
    TooFresh,
    BeyondRetention,
    Timeout,
    Unavailable,
    NotApplicable,
}

impl Reason {
    /// Another try may succeed: after new credentials, a pause, a repaired network.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Denied | Self::Throttled | Self::TooFresh | Self::Timeout | Self::Unavailable)
    }
}
