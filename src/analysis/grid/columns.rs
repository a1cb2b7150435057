//! A grid folded into the columns of a screen or a picture. Sums of counts and extremes of gauges survive
//! every width; a value that is wider than a column is drawn on, never counted twice.

use super::{Cell, Grid, Mark};
use crate::time::Window;

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
        let (Some(start), span) = (self.start, window.span().num_milliseconds()) else { return columns };
        if n == 0 || span <= 0 {
            return columns;
        }
        let (first, period) = ((start - window.start).num_milliseconds(), i64::from(self.period) * 1000);
        for i in 0..self.len() {
            let begin = first.saturating_add(period.saturating_mul(i as i64));
            let Some((first, last)) = reach(span, n, begin, begin.saturating_add(period)) else { continue };
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

/// First and last of `n` columns over `span` that the time from `begin` to `end` reaches into; all in milliseconds.
fn reach(span: i64, n: usize, begin: i64, end: i64) -> Option<(usize, usize)> {
    if end <= 0 || begin >= span {
        return None;
    }
    // Only thousands of years do not fit in 64 bits.
    let column = |at: i64| match at.max(0).checked_mul(n as i64) {
        Some(product) => (product / span) as usize,
        None => (i128::from(at) * n as i128 / i128::from(span)) as usize,
    };
    let first = column(begin).min(n - 1);
    Some((first, column(end - 1).clamp(first, n - 1)))
}
