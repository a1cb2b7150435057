//! A lane's minutes as bars, and every state a minute can be in looking unlike every other.
//!
//! bar · `_` zero · `·` quiet (nothing published while requests flowed: 0) · `?` no traffic, so unknown ·
//! blank: a gap · `░` not asked · underlined: not over yet.

use crate::analysis::grid::Mark;
use crate::analysis::grid::columns::Column;
use crate::case::alarm::Alarm;
use crate::tui::board::Lane;
use crate::tui::paint::{self, Look};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Eighths of a row, lowest first.
pub const EIGHTHS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// How many eighths high `v` stands on a scale up to `top` over `rows` rows; what is not zero never vanishes.
pub fn eighths(v: f64, top: f64, rows: u16) -> u16 {
    if v.is_nan() || v <= 0.0 || top <= 0.0 || rows == 0 {
        return 0;
    }
    let full = f64::from(rows) * 8.0;
    ((v / top * full).round().clamp(1.0, full)) as u16
}

/// The part of a bar of `height` eighths that falls in row `row` from the bottom.
pub fn part(height: u16, row: u16) -> Option<&'static str> {
    let here = height.saturating_sub(row * 8).min(8);
    here.checked_sub(1).map(|i| EIGHTHS[usize::from(i)])
}

/// What a column without a bar shows on the bottom row.
pub fn sign(column: &Column, level: f64, sparse: bool) -> Option<&'static str> {
    match column.mark {
        Mark::NotAsked => Some("░"),
        Mark::Unknown if sparse => Some("?"),
        Mark::Quiet => Some("·"),
        Mark::Value if level == 0.0 || level.is_nan() => Some("_"),
        Mark::Unknown | Mark::Value => None,
    }
}

/// Draws a lane's columns, with the threshold as a line where there is room for one.
pub fn bars(buf: &mut Buffer, area: Rect, lane: &Lane, style: Style, look: &Look, threshold: Option<f64>) {
    let theme = &look.theme;
    let line = threshold.filter(|t| *t > 0.0 && area.height >= 2).map(|t| eighths(t, lane.top, area.height).saturating_sub(1) / 8);
    for (x, column) in lane.columns.iter().enumerate() {
        let x = x as u16;
        let level = lane.level(column);
        let height = eighths(level, lane.top, area.height);
        let style = if column.unfinished { style.add_modifier(Modifier::UNDERLINED | Modifier::DIM) } else { style };
        for row in 0..area.height {
            let y = area.height - 1 - row;
            if let Some(symbol) = part(height, row) {
                paint::put(buf, area, x, y, symbol, style);
            } else if line == Some(row) {
                paint::put(buf, area, x, y, "╌", theme.threshold);
            }
        }
        if height == 0
            && let Some(symbol) = sign(column, level, lane.subject.metric.sparse)
        {
            let style = if column.mark == Mark::Unknown { theme.unknown } else { theme.dim };
            paint::put(buf, area, x, area.height.saturating_sub(1), symbol, style);
        }
    }
}

/// The same columns at another time, dim, on the lane's own scale.
pub fn ghost(buf: &mut Buffer, area: Rect, lane: &Lane, columns: &[Column], style: Style) {
    for (x, column) in columns.iter().enumerate() {
        let level = lane.level(column);
        let symbol = part(eighths(level, lane.top, 1), 0).or_else(|| sign(column, level, lane.subject.metric.sparse));
        if let Some(symbol) = symbol {
            paint::put(buf, area, x as u16, 0, symbol, style);
        }
    }
}

/// Shades from nothing to full, for heat maps; each differs from the next without any colour.
pub const SHADES: [&str; 5] = ["▁", "▃", "▅", "▇", "█"];

/// The shade of a share of the largest value.
pub fn shade(v: f64, top: f64) -> Option<&'static str> {
    if v.is_nan() || v <= 0.0 || top <= 0.0 {
        return None;
    }
    let i = ((v / top * 5.0).ceil() as usize).clamp(1, 5) - 1;
    Some(SHADES[i])
}

/// A lane as one row of a heat map.
pub fn shades(buf: &mut Buffer, area: Rect, lane: &Lane, style: Style, look: &Look) {
    for (x, column) in lane.columns.iter().enumerate() {
        let level = lane.level(column);
        let symbol = shade(level, lane.top).or_else(|| sign(column, level, lane.subject.metric.sparse));
        let drawn = if level > lane.top * 0.8 { style.add_modifier(Modifier::BOLD) } else { style };
        if let Some(symbol) = symbol {
            paint::put(buf, area, x as u16, 0, symbol, if level.is_nan() { look.theme.dim } else { drawn });
        }
    }
}

/// What the alarm makes of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evaluated {
    Quiet,
    Breaching,
    Alarm,
}

/// The alarm's M-of-N rule on the lane's own periods, folded to its columns. Missing points count as the
/// alarm treats them.
pub fn evaluation(alarm: &Alarm, lane: &Lane) -> Vec<Evaluated> {
    let breaches = |v: f64| match alarm.comparison.as_str() {
        "GreaterThanThreshold" => v > alarm.threshold,
        "GreaterThanOrEqualToThreshold" => v >= alarm.threshold,
        "LessThanThreshold" => v < alarm.threshold,
        "LessThanOrEqualToThreshold" => v <= alarm.threshold,
        _ => false,
    };
    let missing_breaches = alarm.treat_missing_data == "breaching";
    let grid = &lane.grid;
    let points: Vec<bool> = (0..grid.len())
        .map(|i| match grid.marks[i] {
            Mark::Value => breaches(grid.values[i]),
            // A quiet minute publishes nothing: to the alarm it is missing, not zero.
            Mark::Quiet | Mark::Unknown => missing_breaches,
            Mark::NotAsked => false,
        })
        .collect();
    let (m, n) = (alarm.datapoints_to_alarm.max(1) as usize, alarm.evaluation_periods.max(1) as usize);
    let states: Vec<Evaluated> = (0..points.len())
        .map(|i| {
            let recent = points[(i + 1).saturating_sub(n)..=i].iter().filter(|b| **b).count();
            match (recent >= m, points[i]) {
                (true, _) => Evaluated::Alarm,
                (false, true) => Evaluated::Breaching,
                (false, false) => Evaluated::Quiet,
            }
        })
        .collect();
    fold_states(lane, &states)
}

/// The gravest state of the periods in each column.
fn fold_states(lane: &Lane, states: &[Evaluated]) -> Vec<Evaluated> {
    let n = lane.columns.len();
    let mut out = vec![Evaluated::Quiet; n];
    let per_period = n as f64 / states.len().max(1) as f64;
    for (i, state) in states.iter().enumerate() {
        let from = (i as f64 * per_period) as usize;
        let to = (((i + 1) as f64 * per_period).ceil() as usize).max(from + 1).min(n);
        for cell in out.iter_mut().take(to).skip(from) {
            if (*cell as u8) < (*state as u8) {
                *cell = *state;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_of_many_still_shows() {
        assert_eq!(eighths(1.0, 100_000.0, 1), 1);
        assert_eq!(eighths(0.0, 100_000.0, 1), 0);
        assert_eq!(part(9, 1), Some("▁"));
        assert_eq!(part(9, 0), Some("█"));
        assert_eq!(part(8, 1), None);
    }

    #[test]
    fn every_state_of_a_minute_has_its_own_sign() {
        let column = |mark| Column { mark, ..Column::default() };
        let signs = [
            sign(&column(Mark::NotAsked), f64::NAN, true),
            sign(&column(Mark::Unknown), f64::NAN, true),
            sign(&column(Mark::Unknown), f64::NAN, false),
            sign(&column(Mark::Quiet), 0.0, true),
            sign(&column(Mark::Value), 0.0, true),
        ];
        for (i, a) in signs.iter().enumerate() {
            assert!(signs[..i].iter().all(|b| a != b) && !EIGHTHS.iter().any(|e| *a == Some(*e)), "{a:?}");
        }
    }

    proptest! {
        #[test]
        fn bars_stay_inside_their_rows(v in proptest::num::f64::ANY, top in proptest::num::f64::ANY, rows in 0u16..60) {
            prop_assert!(eighths(v, top, rows) <= rows * 8);
        }
    }
}
