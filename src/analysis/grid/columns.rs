//! A grid folded into the columns of a screen or a picture. Sums of counts and extremes of gauges survive
//! every width; a value that is wider than a column is drawn on, never counted twice.

use super::{Cell, Grid, Mark};
use crate::time::{Time, Window};

/// One column of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// The weakest claim that is true of it: `Value` if any period has one, `NotAsked` only if none was asked.
    pub mark: Mark,
    /// The smallest and the largest number of one period in it; NaN if there is none. Draw counts by `high`:
    /// columns hold unequal numbers of periods, so their sums would saw.
    pub low: f64,
    pub high: f64,
    /// The sum of the periods that begin in it: over all columns, the sum over the window.
    pub sum: f64,
    /// Periods that begin in it and have a number.
    pub known: u32,
    /// Periods that begin in it and have none.
    pub gaps: u32,
    /// Its number belongs to a period that began in an earlier column.
    pub held: bool,
    /// Some of it had not ended yet.
    pub unfinished: bool,
}

impl Default for Column {
    fn default() -> Self {
        Self { mark: Mark::NotAsked, low: f64::NAN, high: f64::NAN, sum: 0.0, known: 0, gaps: 0, held: false, unfinished: false }
    }
}

impl Column {
    fn take(&mut self, cell: Cell, mark: Mark) {
        self.mark = self.mark.max(mark);
        if let Some(v) = cell.number() {
            self.low = self.low.min(v);
            self.high = self.high.max(v);
        }
    }

    fn count(&mut self, cell: Cell) {
        match cell.number() {
            Some(v) => (self.sum, self.known) = (self.sum + v, self.known + 1),
            None => self.gaps += 1,
        }
    }
}

impl Grid {
    /// The grid in `n` columns over `window`. Each period is counted in the column it begins in and shown in
    /// every column it reaches into, unless another period begins there.
    pub fn columns(&self, window: Window, n: usize) -> Vec<Column> {
        let mut columns = vec![Column::default(); n];
        for i in 0..self.len() {
            let (Some(begin), Some(end)) = (self.time(i), self.time(i + 1)) else { continue };
            let Some((first, last)) = reach(window, n, begin, end) else { continue };
            let cell = self.cell(i);
            let unfinished = self.unfinished_from.is_some_and(|from| i >= from);
            for (c, column) in columns.iter_mut().enumerate().take(last + 1).skip(first) {
                if c > first && column.known + column.gaps > 0 {
                    break;
                }
                column.take(cell, self.marks[i]);
                column.unfinished |= unfinished;
                if c == first {
                    column.count(cell);
                }
                column.held = c > first;
            }
        }
        columns
    }
}

/// First and last column that the time from `begin` to `end` reaches into.
fn reach(window: Window, n: usize, begin: Time, end: Time) -> Option<(usize, usize)> {
    let span = window.span().num_milliseconds();
    if n == 0 || span <= 0 || end <= window.start || begin >= window.end {
        return None;
    }
    let column = |t: Time| (i128::from((t - window.start).num_milliseconds().max(0)) * n as i128 / i128::from(span)) as usize;
    let first = column(begin).min(n - 1);
    let last = column(end - chrono::Duration::milliseconds(1)).clamp(first, n - 1);
    Some((first, last))
}
