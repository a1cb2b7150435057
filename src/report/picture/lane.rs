//! One lane as cells, drawn larger than on the screen: bars of eighths, the stretch of errors shaded, events
//! numbered above the time axis.

use crate::analysis::grid::Mark;
use crate::metrics::ERRORS;
use crate::report::lanes::{Lane, Lanes};
use crate::report::words;
use crate::time::Time;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

/// Columns for the scale.
const GUTTER: u16 = 11;
/// Title, events, axis.
const AROUND: u16 = 4;
const BARS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const BAND: Color = Color::Rgb(0xf6, 0xe3, 0xcf);

/// The lane in `width` by `height` cells.
pub fn draw(lanes: &Lanes, lane: &Lane, width: u16, height: u16) -> Buffer {
    let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width, height });
    if width <= GUTTER + 10 || height <= AROUND + 2 {
        return buffer;
    }
    let plot = Rect { x: GUTTER, y: 1, width: width - GUTTER - 1, height: height - AROUND };
    buffer.set_stringn(0, 0, format!("{} ({})", lane.label, lane.measure()), usize::from(width), Style::new().add_modifier(Modifier::BOLD));
    shade(&mut buffer, lanes, plot);
    bars(&mut buffer, lanes, lane, plot);
    events(&mut buffer, lanes, plot);
    axis(&mut buffer, lanes, plot);
    buffer
}

fn column(lanes: &Lanes, plot: Rect, t: Time) -> u16 {
    let span = lanes.window.span().num_seconds().max(1);
    let at = (t - lanes.window.start).num_seconds().clamp(0, span) * i64::from(plot.width) / span;
    plot.x + u16::try_from(at).unwrap_or(0).min(plot.width - 1)
}

fn shade(buffer: &mut Buffer, lanes: &Lanes, plot: Rect) {
    for e in &lanes.episodes {
        let (from, to) = (column(lanes, plot, e.start), column(lanes, plot, e.end));
        buffer.set_style(Rect { x: from, width: (to - from).max(1), ..plot }, Style::new().bg(BAND));
    }
}

fn bars(buffer: &mut Buffer, lanes: &Lanes, lane: &Lane, plot: Rect) {
    let columns = lane.grid.columns(lanes.window, usize::from(plot.width));
    let top = columns.iter().map(|c| c.high).filter(|v| v.is_finite()).fold(0.0, f64::max);
    let ink = Style::new().fg(if lane.key.metric == ERRORS { Color::Rgb(0xb3, 0x47, 0x00) } else { Color::Rgb(0x0b, 0x4f, 0x9e) });
    for (x, c) in (plot.x..).zip(&columns) {
        let eighths = if top > 0.0 && c.high > 0.0 { ((c.high / top) * f64::from(plot.height) * 8.0).ceil() as u16 } else { 0 };
        for row in 0..plot.height {
            let full = eighths.saturating_sub((plot.height - 1 - row) * 8).min(8);
            if full > 0 {
                buffer.set_string(x, plot.y + row, BARS[usize::from(full)], ink);
            }
        }
        let ground = plot.y + plot.height - 1;
        match c.mark {
            Mark::Value | Mark::Quiet if eighths == 0 => buffer.set_string(x, ground, "·", ink),
            Mark::Unknown => buffer.set_string(x, ground - plot.height / 2, "┄", Style::new().fg(Color::DarkGray)),
            _ => {}
        }
    }
    let words = words::value(top, lane.unit, lanes.lang);
    buffer.set_stringn(0, plot.y, format!("{words:>9} ┤"), usize::from(GUTTER), Style::new());
    buffer.set_stringn(0, plot.y + plot.height - 1, format!("{:>9} ┤", "0"), usize::from(GUTTER), Style::new());
    for row in 1..plot.height - 1 {
        buffer.set_string(GUTTER - 1, plot.y + row, "│", Style::new());
    }
}

fn events(buffer: &mut Buffer, lanes: &Lanes, plot: Rect) {
    let y = plot.y + plot.height;
    buffer.set_string(plot.x - 1, y, format!("└{}", "─".repeat(usize::from(plot.width))), Style::new());
    for m in &lanes.marks {
        buffer.set_string(column(lanes, plot, m.at), y, m.number.to_string(), Style::new().add_modifier(Modifier::BOLD));
    }
}

fn axis(buffer: &mut Buffer, lanes: &Lanes, plot: Rect) {
    let y = plot.y + plot.height + 1;
    let mut free = plot.x;
    for t in lanes.ticks() {
        let label = words::clock(t, lanes.window);
        let x = column(lanes, plot, t);
        let fits = x >= free && usize::from(x) + label.len() <= usize::from(buffer.area.width);
        if fits {
            buffer.set_string(x, y, &label, Style::new());
            free = x + u16::try_from(label.len()).unwrap_or(0) + 1;
        }
    }
    buffer.set_string(0, y, "      UTC", Style::new());
}
