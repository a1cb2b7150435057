//! The alarm's own evaluation under the errors.

use super::geometry::Geometry;
use crate::tui::app::App;
use crate::tui::board::Lane;
use crate::tui::numbers;
use crate::tui::paint;
use crate::tui::widgets::bar;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The alarm's own M-of-N evaluation of each column: breaching points, and where enough of them make ALARM.
pub(super) fn draw_alarm(buf: &mut Buffer, row: Rect, bars: Rect, app: &App, lane: &Lane, g: Geometry) {
    let Some(alarm) = &app.case.alarm else { return };
    let (look, theme) = (&app.look, &app.look.theme);
    let (m, n) = (alarm.datapoints_to_alarm.max(1), alarm.evaluation_periods.max(1));
    let rule = format!("  {} {}, {m}/{n}", comparison(&alarm.comparison), numbers::count(alarm.threshold));
    paint::text(buf, row, 1, 0, &paint::padded(&rule, g.name + g.statistic), theme.threshold);
    let room = Rect { y: row.y, height: 1, ..bars };
    for (x, state) in bar::evaluation(alarm, lane).into_iter().enumerate() {
        let (symbol, style) = match state {
            bar::Evaluated::Quiet => continue,
            bar::Evaluated::Breaching => ("▪", theme.threshold),
            bar::Evaluated::Alarm => ("█", theme.threshold),
        };
        paint::put(buf, room, x as u16, 0, symbol, style);
    }
    let words = look.say("▪ breach █ ALARM", "▪ vượt █ ALARM");
    if g.note > 0 {
        paint::text(buf, row, g.bars_at() + g.bars + 1, 0, &paint::cut(words, g.value + g.note), theme.dim);
    }
}

fn comparison(word: &str) -> &'static str {
    match word {
        "GreaterThanThreshold" => ">",
        "GreaterThanOrEqualToThreshold" => "≥",
        "LessThanThreshold" => "<",
        "LessThanOrEqualToThreshold" => "≤",
        _ => "?",
    }
}
