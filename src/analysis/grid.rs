//! Series on the common grid of the window: what a lane draws and what arithmetic uses.

use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::time::Window;

/// Values of one series on periods of `period` seconds from the window's aligned start. NaN is unknown.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    pub start: Option<crate::time::Time>,
    pub period: u32,
    pub values: Vec<f64>,
}

/// The series on its own period inside `window`; sparse counts are 0 where requests flowed and nothing was
/// published.
pub fn of(_case: &Case, _key: &SeriesKey, _window: Window) -> Grid {
    Grid::default()
}
