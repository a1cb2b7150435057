//! Where the errors are: zone, target group, targets, balancer node.

use super::Episode;
use crate::case::Case;
use crate::time::Window;

/// Shares of the errors by place, largest first; each adds up to 1 as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    pub zones: Vec<Share>,
    pub groups: Vec<Share>,
    /// Only from the access log: CloudWatch has no such dimension.
    pub targets: Vec<Share>,
    pub nodes: Vec<Share>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    pub name: String,
    pub errors: f64,
    /// 0 to 1.
    pub share: f64,
    /// Its share of the requests, where known: what would be expected if all were alike.
    pub expected: Option<f64>,
}

/// Where the errors of these episodes are.
pub fn locate(_case: &Case, _window: Window, _episodes: &[Episode]) -> Place {
    Place::default()
}
