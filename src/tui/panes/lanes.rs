//! Every metric on one time axis: one gutter, one crosshair, the errors on top, events in words below.

mod alarm;
mod compare;
mod events;
mod geometry;
mod names;
mod row;

pub use compare::compare_words;
pub use events::{circled, draw_ticks};
pub use geometry::{Geometry, room};
pub use names::{name, reason_words, short_id};
pub use row::{lane_style, value_at_cursor};

use crate::metrics::Unit;
use crate::time::in_words;
use crate::tui::app::App;
use crate::tui::axis::Axis;
use crate::tui::board::{self, Fold};
use crate::tui::layout::Pane;
use crate::tui::{numbers, paint};
use geometry::{alarm_row, below_rows, ghost_rows, heights};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let body = paint::title_below(area);
    let end = cursor_words(app, area.width);
    super::title(buf, area, app, Pane::Lanes, &title_words(app, area.width), &end);
    let g = Geometry::of(area.width);
    let axis = app.board.axis.unwrap_or_else(|| app.axis());
    let lanes_area = Rect { height: body.height.saturating_sub(below_rows(area)), ..body };
    let bars = Rect { x: body.x + g.bars_at(), width: axis.columns.min(g.bars), ..body };
    let used = draw_lanes(buf, area, lanes_area, bars, app, g);
    let rest = paint::below(body, used);
    events::draw_time(buf, area, rest, bars, app, axis);
    // Over a slow line the crosshair stays on the errors.
    let tall = if app.look.low_bandwidth { 1 } else { used.saturating_add(2) };
    let inside = Rect { height: tall.min(body.height), ..bars };
    crosshair(buf, inside, app, axis);
}

fn draw_lanes(buf: &mut Buffer, area: Rect, lanes_area: Rect, bars: Rect, app: &App, g: Geometry) -> u16 {
    let (errors, each) = heights(area, app, app.board.subjects.len());
    let mut y = 0;
    for (i, lane) in app.board.lanes.iter().enumerate() {
        let height = if lane.is_errors() && i == 0 { errors } else { each };
        if y + height > lanes_area.height {
            break;
        }
        let row = Rect { y: lanes_area.y + y, height, ..lanes_area };
        let selected = app.board.subject_index(i) == app.list(Pane::Lanes).selected;
        row::draw_lane(buf, row, Rect { y: row.y, height, ..bars }, app, lane, g, selected);
        y += height;
        if i == 0 && lane.is_errors() && alarm_row(area, app) == 1 && y < lanes_area.height {
            alarm::draw_alarm(buf, paint::row(lanes_area, y), bars, app, lane, g);
            y += 1;
        }
        if ghost_rows(app) == 1 && y < lanes_area.height {
            compare::draw_ghost(buf, paint::row(lanes_area, y), bars, app, lane, g);
            y += 1;
        }
    }
    y
}

/// The crosshair and the marks, through every lane.
fn crosshair(buf: &mut Buffer, area: Rect, app: &App, axis: Axis) {
    let theme = &app.look.theme;
    if let Some(between) = app.view.selection() {
        let (from, to) = (axis.clamped(between.start), axis.clamped(between.end));
        for x in [from, to] {
            paint::tint(buf, area, Rect { x, y: 0, width: 1, height: area.height }, theme.mark);
        }
    }
    if let Some(x) = axis.column(app.view.cursor) {
        paint::tint(buf, area, Rect { x, y: 0, width: 1, height: area.height }, theme.cursor);
    }
}

fn title_words(app: &App, width: u16) -> String {
    let look = &app.look;
    let order = match app.panes.lanes_order {
        board::Order::Correlation => look.say("by correlation", "theo tương quan"),
        board::Order::Runbook => look.say("runbook order", "theo quy trình"),
        board::Order::Name => look.say("by name", "theo tên"),
    };
    let fold = match app.panes.fold {
        Fold::One => "",
        Fold::Worst => look.say(" · worst three", " · ba tệ nhất"),
        Fold::All => look.say(" · every one", " · từng cái"),
        Fold::Heat => look.say(" · heat map", " · bản đồ nhiệt"),
    };
    let total = app.board.subjects.len();
    let shown = app.board.lanes.len();
    let count = if shown < total && width >= 70 { format!(" · {shown}/{total}") } else { String::new() };
    format!("{order}{fold}{count}")
}

/// The crosshair's time, and what lies between the marks.
fn cursor_words(app: &App, width: u16) -> String {
    let clock = app.clock();
    let cursor = app.view.cursor;
    let at = format!("{} {}", app.look.say("at", "lúc"), clock.zoned(cursor));
    let Some(between) = app.view.selection() else { return at };
    let mut words = format!("Δt {}", in_words(between.span()));
    let selected = app.board.lane_of(app.list(Pane::Lanes).selected);
    if let Some(lane) = selected.filter(|_| width >= 60) {
        if let Some(d) = row::change(app, lane) {
            words.push_str(&format!(" · Δ {}", numbers::signed(d, lane.subject.metric.unit)));
        }
        if let (Some(sum), Unit::Count | Unit::Bytes) = (lane.grid.sum(between), lane.subject.metric.unit) {
            words.push_str(&format!(" · Σ {}", numbers::shown(sum, lane.subject.metric.unit)));
        }
    }
    format!("{words} · {at}")
}
