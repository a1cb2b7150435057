//! One lane: its name, its bars, the value under the crosshair and what it has to do with the errors.

use super::compare::difference;
use super::geometry::Geometry;
use super::names::{empty_words, name, statistic};
use crate::analysis::Order;
use crate::analysis::grid::Cell;
use crate::metrics::Role;
use crate::tui::app::App;
use crate::tui::board::{self, Empty, Fold, Lane};
use crate::tui::layout::Pane;
use crate::tui::paint::{self, Look};
use crate::tui::widgets::bar;
use crate::tui::{clock, numbers};
use chrono::Duration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub(super) fn draw_lane(buf: &mut Buffer, row: Rect, bars: Rect, app: &App, lane: &Lane, g: Geometry, selected: bool) {
    let theme = &app.look.theme;
    let style = lane_style(&app.look, lane);
    let first = paint::row(row, 0);
    if selected && app.focus == Pane::Lanes {
        paint::text(buf, first, 0, 0, "▶", theme.focus);
    }
    let name_style = if lane.is_errors() { theme.errors } else { theme.text };
    paint::text(buf, first, 1, 0, &name(&app.look, lane, g.name.saturating_sub(1)), name_style);
    paint::text(buf, first, 1 + g.name, 0, &paint::padded(&statistic(lane), g.statistic), theme.dim);
    match &lane.empty {
        Some(empty) => {
            let words = empty_words(app, lane, empty);
            let room = Rect { width: row.right().saturating_sub(bars.x), height: 1, ..bars };
            paint::text(buf, room, 0, 0, &words, if matches!(empty, Empty::Gap(_)) { theme.unknown } else { theme.dim });
        }
        None if app.panes.fold == Fold::Heat && lane.subject.child => bar::shades(buf, bars, lane, style, &app.look),
        None => bar::bars(buf, bars, lane, style, &app.look, board::threshold(&app.case).filter(|_| lane.is_errors())),
    }
    if selected && app.focus == Pane::Lanes {
        paint::tint(buf, row, Rect { x: 0, y: 0, width: g.bars_at(), height: 1 }, theme.selection);
    }
    if lane.empty.is_some() {
        return;
    }
    let value = value_at_cursor(app, lane);
    let at = g.bars_at() + g.bars;
    paint::text(buf, first, at, 0, &paint::right(&value, g.value), theme.text);
    if g.note > 1 {
        let (note, note_style) = note(app, lane);
        paint::text(buf, first, at + g.value + 1, 0, &paint::cut(&note, g.note), note_style);
    }
}

/// The style of a lane's bars, by what its metric may be.
pub fn lane_style(look: &Look, lane: &Lane) -> Style {
    match lane.subject.metric.role {
        Role::Alarm => look.theme.errors,
        Role::Cause => look.theme.cause,
        Role::Consequence => look.theme.consequence,
        Role::Context => look.theme.context,
    }
}

/// The number under the crosshair, as it was published.
pub fn value_at_cursor(app: &App, lane: &Lane) -> String {
    let cell = lane.grid.at(app.view.cursor);
    match cell {
        Cell::Value(v) => numbers::shown(v, lane.subject.metric.unit),
        Cell::Quiet => "0".into(),
        Cell::Unknown if lane.subject.metric.sparse => app.look.say("no traffic", "vắng").into(),
        Cell::Unknown => app.look.say("gap", "trống").into(),
        Cell::NotAsked => "–".into(),
    }
}

/// What stands at the right of a lane: the difference, the sum between marks, or lead and lag.
fn note(app: &App, lane: &Lane) -> (String, Style) {
    let theme = &app.look.theme;
    if let Some((then, _)) = &lane.ghost {
        return (difference(app, lane, then), theme.info);
    }
    if let Some(between) = app.view.selection() {
        let unit = lane.subject.metric.unit;
        let sum = lane.grid.sum(between).filter(|_| lane.subject.metric.statistic == "Sum");
        let words = match sum {
            Some(sum) => format!("Σ {}", numbers::shown(sum, unit)),
            None => change(app, lane).map(|d| format!("Δ {}", numbers::signed(d, unit))).unwrap_or_default(),
        };
        return (words, theme.info);
    }
    if lane.subject.metric.role == Role::Alarm || app.session.verdict_hidden {
        return (String::new(), theme.dim);
    }
    correlation_words(app, lane)
}

/// How the lane moves with the errors.
pub fn correlation_words(app: &App, lane: &Lane) -> (String, Style) {
    let (look, theme) = (&app.look, &app.look.theme);
    let Some(c) = lane.correlation.as_ref().filter(|c| c.associated || c.went_silent) else { return (String::new(), theme.dim) };
    if c.went_silent {
        return (look.say("went silent", "ngừng báo").into(), theme.warn);
    }
    // Within the same period there is an order, and nothing to measure it by.
    let by = if c.lag.abs() < 30 { String::new() } else { format!(" {}", clock::minutes(Duration::seconds(c.lag))) };
    match c.order {
        Order::Leads => (format!("{}{by}", look.say("leads", "trước")), theme.warn),
        Order::Follows => (format!("{}{by}", look.say("follows", "sau")), theme.dim),
        Order::Coincides => (look.say("coincides", "cùng lúc").into(), theme.text),
        Order::Consequence => (look.say("consequence", "hệ quả").into(), theme.dim),
    }
}

/// The change of a lane from one end of the selection to the other.
pub(super) fn change(app: &App, lane: &Lane) -> Option<f64> {
    let between = app.view.selection()?;
    Some(lane.grid.at(between.end).number()? - lane.grid.at(between.start).number()?)
}
