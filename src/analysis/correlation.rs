//! Which metric really moves with the errors.

use super::{Correlation, Episode};
use crate::case::Case;
use crate::time::Window;

/// Every series of the case, ranked within its role.
pub fn rank(_case: &Case, _window: Window, _episodes: &[Episode]) -> Vec<Correlation> {
    Vec::new()
}
