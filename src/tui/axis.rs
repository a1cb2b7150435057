//! The one time axis: which column is which time. Every lane, heat map and mark asks it.

use super::clock::Clock;
use crate::time::{Time, Window};
use chrono::{DateTime, Duration};

/// Steps a column may have below a minute.
const SHORT: [i64; 10] = [1, 2, 5, 6, 10, 12, 15, 20, 30, 60];

/// The roundest step that is not below `raw` seconds and wastes at most a fifth of the width.
fn round_step(raw: i64) -> i64 {
    let up = |unit: i64| (raw + unit - 1) / unit * unit;
    let long = [3600, 1800, 600, 300, 60].into_iter().map(up);
    long.chain(SHORT.into_iter().filter(|s| *s >= raw)).find(|s| *s * 5 <= raw * 6).unwrap_or(raw).max(1)
}

/// Columns of equal width in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    pub start: Time,
    /// Seconds a column.
    pub step: i64,
    pub columns: u16,
}

impl Axis {
    /// `window` on at most `width` columns, every one of the same number of seconds.
    pub fn new(window: Window, width: u16) -> Self {
        let span = window.span().num_seconds().max(1);
        let raw = (span + i64::from(width.max(1)) - 1) / i64::from(width.max(1));
        let step = round_step(raw);
        let start = DateTime::from_timestamp(window.start.timestamp(), 0).unwrap_or(window.start);
        let columns = u16::try_from((span + step - 1) / step).unwrap_or(u16::MAX).min(width);
        Self { start, step, columns }
    }

    /// When column `x` begins.
    pub fn time(&self, x: u16) -> Time {
        self.start + Duration::seconds(self.step * i64::from(x))
    }

    pub fn window(&self) -> Window {
        Window { start: self.start, end: self.time(self.columns) }
    }

    /// The column that holds `t`.
    pub fn column(&self, t: Time) -> Option<u16> {
        let x = (t - self.start).num_seconds().div_euclid(self.step);
        u16::try_from(x).ok().filter(|x| *x < self.columns)
    }

    /// The columns that a minute lies in, and the share of it in each: what was counted by the minute is
    /// neither bunched up in wide columns nor torn apart in narrow ones.
    pub fn shares(&self, minute: Time) -> impl Iterator<Item = (u16, f64)> + use<> {
        let axis = *self;
        let from = (minute - axis.start).num_seconds();
        let (first, last) = (from.div_euclid(axis.step), (from + 59).div_euclid(axis.step));
        (first.max(0)..=last.min(i64::from(axis.columns) - 1)).map(move |x| {
            let inside = ((x + 1) * axis.step).min(from + 60) - (x * axis.step).max(from);
            (x as u16, inside as f64 / 60.0)
        })
    }

    /// The nearest column, for what begins before or ends after.
    pub fn clamped(&self, t: Time) -> u16 {
        let x = (t - self.start).num_seconds().div_euclid(self.step);
        x.clamp(0, i64::from(self.columns.saturating_sub(1))) as u16
    }

    /// Ticks at round times, at least `apart` columns from one another: (column, label).
    pub fn ticks(&self, clock: Clock, apart: u16) -> Vec<(u16, String)> {
        let round = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];
        let wanted = self.step * i64::from(apart.max(1));
        let every = round.into_iter().find(|s| *s >= wanted).unwrap_or(604_800);
        let offset = clock.offset(self.start);
        let first = self.start.timestamp() + (-(self.start.timestamp() + offset)).rem_euclid(every);
        (0..)
            .map(|i| first + every * i)
            .map_while(|s| {
                DateTime::from_timestamp(s, 0).and_then(|t| self.column(t).map(|x| (x, clock.tick(t, Duration::seconds(every)))))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(s: i64) -> Time {
        DateTime::from_timestamp(s, 0).unwrap()
    }

    #[test]
    fn an_hour_on_sixty_columns_is_a_minute_a_column() {
        let axis = Axis::new(Window::new(at(7200), at(10_800)), 60);
        assert_eq!((axis.step, axis.columns), (60, 60));
        assert_eq!(axis.column(at(7200 + 61)), Some(1));
        let ticks = axis.ticks(Clock::Utc, 8);
        assert_eq!(ticks[0], (0, "02:00".to_owned()));
        assert_eq!(ticks[1], (10, "02:10".to_owned()));
    }

    proptest! {
        #[test]
        fn columns_and_times_agree(start in 0i64..2_000_000_000, span in 1i64..2_000_000, width in 0u16..400) {
            let axis = Axis::new(Window::new(at(start), at(start + span)), width);
            prop_assert!(axis.columns <= width);
            prop_assert!(width == 0 || axis.window().end >= at(start + span));
            for x in 0..axis.columns { prop_assert_eq!(axis.column(axis.time(x)), Some(x)); }
            // A minute inside is shared out wholly, one outside not at all.
            let share = |minute: i64| axis.shares(at(minute)).map(|(_, share)| share).sum::<f64>();
            prop_assert!(share(start - 60) == 0.0 && share(axis.window().end.timestamp()) == 0.0);
            if width > 0 && axis.window().span().num_seconds() >= 60 { prop_assert!((share(start) - 1.0).abs() < 1e-9); }
            let ticks = axis.ticks(Clock::Utc, 8);
            prop_assert!(ticks.len() <= 400 && ticks.windows(2).all(|p| p[1].0 >= p[0].0 + 8 || axis.step * 8 > 604_800));
        }
    }
}
