//! A lane taken apart on the whole screen: a heat map of targets × time, or small charts side by side in time.

use super::{chart, frame};
use crate::metrics::Metric;
use crate::tui::app::App;
use crate::tui::axis::Axis;
use crate::tui::numbers;
use crate::tui::paint;
use crate::tui::panes::lanes;
use crate::tui::parts::{By, Parts, Wish, name};
use crate::tui::widgets::bar;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What is taken apart, and where one stands in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    pub metric: &'static Metric,
    pub by: By,
    pub selected: usize,
}

/// Below the rows: ticks, events, the row under the cursor.
const BELOW: u16 = 3;
const VALUE: u16 = 9;

fn name_width(width: u16) -> u16 {
    if width >= 100 { 26 } else { 24.min(width / 3) }
}

/// What has to be built for this screen.
pub fn wish(app: &App, view: &View) -> Wish {
    let inner = app.size.width.saturating_sub(4);
    let columns = inner.saturating_sub(name_width(inner) + VALUE);
    let rows = app.size.height.saturating_sub(3 + BELOW);
    Wish { metric: view.metric, axis: Axis::new(app.view.window(), columns), by: view.by, rows }
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, view: &View) {
    let hint = app.look.say("j k row · o order · Enter chart · h l + - time · Esc", "j k dòng · o thứ tự · Enter biểu đồ · h l + - · Esc");
    let inner = frame(buf, area, app, &title(app, view), hint);
    let (axis, left) = (wish(app, view).axis, name_width(inner.width));
    let rows = Rect { height: inner.height.saturating_sub(BELOW), ..inner };
    let bars = Rect { x: inner.x + left, width: axis.columns.min(inner.width.saturating_sub(left)), ..rows };
    let selected = view.selected.min(app.parts.rows.len().saturating_sub(1));
    for (i, _) in app.parts.rows.iter().enumerate() {
        let y = i as u16 * app.parts.height;
        if y >= rows.height {
            break;
        }
        let row = Rect { y: rows.y + y, height: app.parts.height.min(rows.height - y), ..rows };
        draw_row(buf, row, Rect { y: row.y, height: row.height, ..bars }, app, axis, (i, i == selected));
    }
    chart::below(buf, inner, bars, app, axis);
    paint::text(buf, inner, 0, inner.height.saturating_sub(1), &standing(app, selected), app.look.theme.text);
}

fn draw_row(buf: &mut Buffer, row: Rect, bars: Rect, app: &App, axis: Axis, (i, selected): (usize, bool)) {
    let theme = &app.look.theme;
    let part = &app.parts.rows[i];
    let style = lanes::lane_style(&app.look, &part.lane);
    paint::text(buf, row, 0, 0, if selected { "▶" } else { " " }, theme.focus);
    paint::text(buf, row, 1, 0, &paint::cut_inside(&name(part), name_width(row.width).saturating_sub(2)), theme.text);
    if row.height == 1 {
        bar::shades(buf, bars, &part.lane, style, &app.look);
    } else {
        bar::bars(buf, bars, &part.lane, style, &app.look, None);
    }
    let column = axis.column(app.view.cursor).and_then(|x| part.lane.columns.get(usize::from(x)));
    let value = column.map(|c| part.lane.level(c)).filter(|v| !v.is_nan());
    let words = value.map_or_else(|| "–".into(), |v| numbers::shown(v, part.lane.subject.metric.unit));
    paint::text(buf, row, row.width.saturating_sub(VALUE), 0, &paint::right(&words, VALUE), theme.text);
    if selected {
        paint::tint(buf, row, Rect { x: 0, y: 0, width: name_width(row.width), height: 1 }, theme.selection);
    }
}

/// `CPUUtilization · 240 parts, up to 8 a row · worst first`
fn title(app: &App, view: &View) -> String {
    let look = &app.look;
    let Parts { rows, total, .. } = &app.parts;
    let each = rows.iter().map(|r| r.count).max().unwrap_or(1);
    let folded = if each > 1 {
        format!(", {} {each} {}", look.say("up to", "tới"), look.say("a row, the worst shown", "mỗi dòng, hiện cái tệ nhất"))
    } else {
        String::new()
    };
    let by = match view.by {
        By::Worst => look.say("worst first", "tệ nhất trước"),
        By::Zone => look.say("by zone", "theo zone"),
        By::Name => look.say("by name", "theo tên"),
    };
    format!("{} · {total} {}{folded} · {by}", view.metric.name, look.say("series", "chuỗi"))
}

/// The selected row in full.
fn standing(app: &App, selected: usize) -> String {
    let Some(row) = app.parts.rows.get(selected) else {
        return app.look.say("nothing is published of this metric", "chỉ số này không có số liệu").into();
    };
    let clock = app.clock();
    let at = clock.zoned(app.view.cursor);
    format!("{at}   {}   {}", crate::tui::board::part_of(&row.key), row.zone)
}
