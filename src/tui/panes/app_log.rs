//! The application's log: kinds of lines, the telling ones first, each with its minutes on the lanes' axis.

use crate::applog::{Level, Sign, Template};
use crate::exchange::Area;
use crate::time::Time;
use crate::tui::app::App;
use crate::tui::axis::Axis;
use crate::tui::layout::Pane;
use crate::tui::numbers;
use crate::tui::paint;
use crate::tui::panes::lanes::{self, Geometry};
use crate::tui::panes::log::note_at;
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
    let end = super::under_way(app, Area::AppLog).unwrap_or(end);
    let middle = if rows.is_empty() { String::new() } else { format!("{} {}", rows.len(), app.look.say("kinds of lines", "loại dòng")) };
    let body = super::title(buf, area, app, Pane::AppLog, &middle, &end);
    if rows.is_empty() {
        let words = super::unmatched(app, Pane::AppLog).map_or_else(|| super::absent(app, Area::AppLog), str::to_owned);
        super::nothing(buf, body, &words, app.look.theme.dim);
        return;
    }
    let geometry = Geometry::of_words(body.width, app.full);
    let axis = Axis::new(app.view.window(), geometry.bars);
    let selected = app.list(Pane::AppLog).selected.min(rows.len() - 1);
    // Alone on the screen there are no lanes whose ticks could be read.
    let room = body.height - u16::from(app.full && body.height > 1);
    let offset = super::offset(selected, rows.len(), room);
    let shown = rows.iter().enumerate().skip(offset).take(usize::from(room));
    let drawn = shown.len() as u16;
    for (y, (_, template)) in shown {
        let row = paint::row(body, (y - offset) as u16);
        draw_row(buf, row, app, template, geometry, &axis);
        super::select(buf, row, app, Pane::AppLog, y == selected);
    }
    if room < body.height {
        let bars = Rect { x: body.x + geometry.bars_at(), width: axis.columns.min(geometry.bars), ..body };
        lanes::draw_ticks(buf, paint::below(body, drawn), bars, app, axis);
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
    let sign = template.sign.map_or("", |sign| word(app, sign));
    paint::text(buf, row, note_at(g), 0, &paint::cut(sign, g.note.saturating_sub(2)), theme.consequence);
}

/// A sign in a word or two.
fn word(app: &App, sign: Sign) -> &'static str {
    let look = &app.look;
    match sign {
        Sign::UpstreamRefused => look.say("refused", "từ chối"),
        Sign::WorkerTimeout => look.say("worker hung", "worker treo"),
        Sign::OutOfMemory => look.say("memory", "hết bộ nhớ"),
        Sign::TooManyFiles => look.say("open files", "hết file"),
        Sign::WorkerConnections => look.say("connections", "hết kết nối"),
        Sign::ConntrackFull => "conntrack",
        Sign::AddressInUse => look.say("port in use", "cổng bận"),
        Sign::EphemeralPorts => look.say("no ports", "hết cổng"),
        Sign::SynFlood => "SYN flood",
        Sign::Start => look.say("start", "khởi động"),
        Sign::Stop => look.say("stop", "dừng"),
        Sign::Deployment => look.say("deployment", "triển khai"),
        Sign::Panic => look.say("crash", "sập"),
        Sign::ServerError => "5xx",
        Sign::StaticFileError => look.say("static 5xx", "file tĩnh 5xx"),
        Sign::Boot => look.say("boot", "bật máy"),
    }
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
        for (x, share) in axis.shares(*t) {
            out[usize::from(x)] += f64::from(*n) * share;
        }
    }
    out
}
