//! One lane on the whole screen: a readable axis, the threshold, percentiles where they exist, the ghost.

use super::frame;
use crate::analysis::grid::columns::Column;
use crate::case::series::SeriesKey;
use crate::metrics::Unit;
use crate::tui::app::App;
use crate::tui::axis::Axis;
use crate::tui::board::{self, Board, Lane, Subject};
use crate::tui::paint::{self};
use crate::tui::panes::lanes;
use crate::tui::widgets::bar;
use crate::tui::{happenings, numbers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, subject: &Subject) {
    let gutter = 10.min(area.width / 4);
    let axis = Axis::new(app.view.window(), area.width.saturating_sub(4 + gutter));
    let lane = Board::one(&app.case, &app.scores(), subject.clone(), axis, app.compared());
    let title = format!("{} · {} {}s", lanes::name(&app.look, &lane, 60), lane.grid.statistic, lane.grid.period);
    let inner = frame(
        buf,
        area,
        app,
        &title,
        app.look.say("h l cursor · + - zoom · x working · Esc back", "h l con trỏ · + - phóng · x cách tính · Esc quay lại"),
    );
    let plot = Rect {
        x: inner.x + gutter,
        width: axis.columns.min(inner.width.saturating_sub(gutter)),
        height: inner.height.saturating_sub(4),
        ..inner
    };
    if plot.height == 0 || plot.width == 0 {
        return;
    }
    let top = scale_top(&lane);
    let lane = Lane { top, ..lane };
    scale(buf, inner, plot, app, &lane, gutter);
    let style = lanes::lane_style(&app.look, &lane);
    let threshold = board::threshold(&app.case).filter(|_| lane.is_errors());
    bar::bars(buf, plot, &lane, style, &app.look, threshold);
    overlay_ghost(buf, plot, app, &lane);
    percentiles(buf, plot, inner, app, &lane, axis);
    foot(buf, inner, plot, app, &lane, axis);
}

fn scale_top(lane: &Lane) -> f64 {
    if lane.subject.metric.unit == Unit::Percent && lane.top <= 100.0 { lane.top } else { numbers::nice_ceiling(lane.top) }
}

/// Round values at the left, with a light line through the plot.
fn scale(buf: &mut Buffer, inner: Rect, plot: Rect, app: &App, lane: &Lane, gutter: u16) {
    let theme = &app.look.theme;
    let ticks = match plot.height {
        16.. => 4u16,
        6.. => 2,
        _ => 1,
    };
    for i in 0..=ticks {
        let y = (plot.height - 1) - (plot.height - 1) * i / ticks;
        let value = lane.top * f64::from(i) / f64::from(ticks);
        let words = paint::right(&numbers::shown(value, lane.subject.metric.unit), gutter.saturating_sub(1));
        paint::text(buf, inner, 0, y, &words, theme.dim);
        for x in (0..plot.width).step_by(4) {
            paint::put(buf, plot, x, y, "·", theme.rule);
        }
    }
}

/// The same time before, as one dim mark a column.
fn overlay_ghost(buf: &mut Buffer, plot: Rect, app: &App, lane: &Lane) {
    let Some((_, columns)) = &lane.ghost else { return };
    for (x, column) in columns.iter().enumerate() {
        mark(buf, plot, x as u16, lane.level(column), lane.top, "o", app.look.theme.ghost);
    }
}

fn mark(buf: &mut Buffer, plot: Rect, x: u16, v: f64, top: f64, symbol: &str, style: Style) {
    if v.is_nan() || top <= 0.0 {
        return;
    }
    let height = bar::eighths(v, top, plot.height);
    let row = height.saturating_sub(1) / 8;
    paint::put(buf, plot, x, plot.height.saturating_sub(1 + row), symbol, style);
}

/// Other statistics of the same series that were fetched, a letter each.
fn percentiles(buf: &mut Buffer, plot: Rect, inner: Rect, app: &App, lane: &Lane, axis: Axis) {
    let theme = &app.look.theme;
    let Some(key) = &lane.subject.key else { return };
    let mut legend = String::new();
    for (letter, statistic) in ["a", "b", "c", "d"].into_iter().zip(other_statistics(app, key, &lane.grid.statistic)) {
        for (x, v) in statistic_columns(app, key, &statistic, axis).into_iter().enumerate() {
            mark(buf, plot, x as u16, v, lane.top, letter, theme.info);
        }
        legend.push_str(&format!("{letter} {statistic}  "));
    }
    paint::text(buf, inner, 0, plot.height + 2, &legend, theme.info);
}

fn other_statistics(app: &App, key: &SeriesKey, shown: &str) -> Vec<String> {
    let mut all: Vec<String> = app
        .case
        .series
        .get(key)
        .into_iter()
        .flat_map(crate::case::series::Track::stretches)
        .map(|s| s.statistic.clone())
        .filter(|s| s != shown)
        .collect();
    all.dedup();
    all
}

fn statistic_columns(app: &App, key: &SeriesKey, statistic: &str, axis: Axis) -> Vec<f64> {
    let mut out = vec![f64::NAN; usize::from(axis.columns)];
    let stretch = app.case.series.get(key).and_then(|t| t.best(statistic, axis.window()));
    for (t, v) in stretch.into_iter().flat_map(|s| s.points(axis.window())) {
        if let Some(x) = axis.column(t) {
            let cell = &mut out[usize::from(x)];
            *cell = if cell.is_nan() { v } else { cell.max(v) };
        }
    }
    out
}

/// Ticks, event marks and what is under the crosshair.
fn foot(buf: &mut Buffer, inner: Rect, plot: Rect, app: &App, lane: &Lane, axis: Axis) {
    below(buf, inner, plot, app, axis);
    let clock = app.clock();
    let at = format!("{} {}", clock.zoned(app.view.cursor), lanes::value_at_cursor(app, lane));
    paint::text(buf, inner, 0, plot.height + 3, &format!("{at}   {}", summary(app, lane)), app.look.theme.text);
}

/// Ticks and event marks under a plot, and the crosshair through it.
pub fn below(buf: &mut Buffer, inner: Rect, plot: Rect, app: &App, axis: Axis) {
    let theme = &app.look.theme;
    let ticks = Rect { y: plot.bottom(), height: 1, width: inner.right().saturating_sub(plot.x), ..plot };
    for (x, label) in axis.ticks(app.clock(), 10) {
        paint::text(buf, ticks, x, 0, &format!("╵{label}"), theme.dim);
    }
    let marks = Rect { y: plot.bottom() + 1, height: 1, ..plot };
    for (i, n) in happenings::marked(&app.happenings, axis.window(), 9) {
        paint::put(buf, marks, axis.clamped(app.happenings[i].at), 0, lanes::circled(n), theme.event);
    }
    if let Some(x) = axis.column(app.view.cursor) {
        let tall = Rect { height: plot.height + 2, ..plot };
        paint::tint(buf, tall, Rect { x, y: 0, width: 1, height: tall.height }, theme.cursor);
    }
}

/// Sum, highest, lowest and typical value of the window.
fn summary(app: &App, lane: &Lane) -> String {
    let (window, unit) = (app.view.window(), lane.subject.metric.unit);
    let shown = |v: Option<f64>| v.map_or_else(|| "–".into(), |v| numbers::shown(v, unit));
    let sum = if lane.subject.metric.statistic == "Sum" { format!("Σ {}  ", shown(lane.grid.sum(window))) } else { String::new() };
    let gaps: u32 = lane.columns.iter().map(|c: &Column| c.gaps).sum();
    let gaps = if gaps > 0 { format!("  {gaps} {}", app.look.say("periods unknown", "kỳ không rõ")) } else { String::new() };
    format!(
        "{sum}{} {}  {} {}  {} {}{gaps}",
        app.look.say("highest", "cao nhất"),
        shown(lane.grid.largest(window).map(|(_, v)| v)),
        app.look.say("lowest", "thấp nhất"),
        shown(lane.grid.smallest(window).map(|(_, v)| v)),
        app.look.say("median", "trung vị"),
        shown(lane.grid.median(window)),
    )
}
