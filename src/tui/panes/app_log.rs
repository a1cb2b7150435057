//! The application's log: kinds of lines, the telling ones first, each with its minutes on the lanes' axis.

use crate::applog::{Level, Template};
use crate::exchange::Area;
use crate::time::Time;
use crate::tui::app::App;
use crate::tui::axis::Axis;
use crate::tui::layout::Pane;
use crate::tui::numbers;
use crate::tui::paint;
use crate::tui::panes::lanes::Geometry;
use crate::tui::widgets::bar;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Log name and template.
pub fn rows(app: &App) -> Vec<(&str, &Template)> {
    let filter = app.list(Pane::AppLog).filter.to_lowercase();
    let mut rows: Vec<(&str, &Template)> = app
        .case
        .app_logs
        .iter()
        .flat_map(|(name, log)| log.templates.iter().map(move |t| (name.as_str(), t)))
        .filter(|(_, t)| filter.is_empty() || t.pattern.to_lowercase().contains(&filter))
        .collect();
    rows.sort_by_key(|(_, t)| (std::cmp::Reverse((t.sign.is_some(), t.level, t.total)), t.id));
    rows
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let rows = rows(app);
    let lines: u64 = app.case.app_logs.values().map(|l| l.lines).sum();
    let end = if lines > 0 { format!("{} {}", numbers::count(lines as f64), app.look.say("lines", "dòng")) } else { String::new() };
    let middle = if rows.is_empty() { String::new() } else { format!("{} {}", rows.len(), app.look.say("kinds of lines", "loại dòng")) };
    let body = super::title(buf, area, app, Pane::AppLog, &middle, &end);
    if rows.is_empty() {
        super::nothing(buf, body, &super::absent(app, Area::AppLog), app.look.theme.dim);
        return;
    }
    let geometry = Geometry::of(body.width);
    let axis = Axis::new(app.view.window(), geometry.bars);
    let selected = app.list(Pane::AppLog).selected.min(rows.len() - 1);
    let offset = super::offset(selected, rows.len(), body.height);
    for (y, (_, template)) in rows.iter().enumerate().skip(offset).take(usize::from(body.height)) {
        let row = paint::row(body, (y - offset) as u16);
        draw_row(buf, row, app, template, geometry, &axis);
        super::select(buf, row, app, Pane::AppLog, y == selected);
    }
}

fn draw_row(buf: &mut Buffer, row: Rect, app: &App, template: &Template, g: Geometry, axis: &Axis) {
    let theme = &app.look.theme;
    let style = level_style(app, template);
    paint::text(buf, row, 1, 0, &paint::cut(&template.pattern, (g.name + g.statistic).saturating_sub(1)), style);
    let bars = Rect { x: row.x + g.bars_at(), width: axis.columns, ..row };
    let counts = folded(&template.counts, axis);
    let top = counts.iter().copied().fold(0.0, f64::max);
    for (x, v) in counts.iter().enumerate() {
        let symbol = bar::part(bar::eighths(*v, top, 1), 0).unwrap_or("·");
        paint::put(buf, bars, x as u16, 0, symbol, if *v > 0.0 { style } else { theme.dim });
    }
    if let Some(x) = axis.column(app.view.cursor) {
        paint::tint(buf, bars, Rect { x, y: 0, width: 1, height: 1 }, theme.cursor);
    }
    paint::text(buf, row, g.bars_at() + g.bars, 0, &paint::right(&numbers::count(template.total as f64), g.value), theme.text);
}

fn level_style(app: &App, template: &Template) -> Style {
    let theme = &app.look.theme;
    match template.level {
        Level::Error | Level::Fatal => theme.errors,
        Level::Warn => theme.warn,
        _ if template.sign.is_some() => theme.warn,
        _ => theme.context,
    }
}

/// Counts a column.
pub fn folded(counts: &[(Time, u32)], axis: &Axis) -> Vec<f64> {
    let mut out = vec![0.0; usize::from(axis.columns)];
    for (t, n) in counts {
        if let Some(x) = axis.column(*t) {
            out[usize::from(x)] += f64::from(*n);
        }
    }
    out
}
