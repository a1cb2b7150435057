//! What lies over the panes: one at a time.

pub mod answer;
pub mod chart;
pub mod copying;
pub mod help;
pub mod page;
pub mod palette;
pub mod parts;
mod picker;
pub mod question;
pub mod zones;

pub use question::Question;

use super::app::App;
use super::board::Subject;
use super::paint::{self, piece};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The one overlay that may be open.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// Scrolled by so many rows.
    Help(usize),
    Palette {
        text: String,
        selected: usize,
    },
    /// What can be copied of the selected row.
    Copying {
        offered: Vec<copying::Copyable>,
        selected: usize,
    },
    /// Zones, found by typing.
    Zones {
        text: String,
        selected: usize,
    },
    Page {
        about: page::About,
        scroll: usize,
    },
    Chart(Box<Subject>),
    /// A lane taken apart: heat map or small charts.
    Parts(parts::View),
    Answer(Box<answer::Form>),
    Question(Question),
    /// The filter of the focused pane, being typed in the footer.
    Filter(String),
    /// A time being typed, and what was wrong with the last one.
    GoTo(String, Option<String>),
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, overlay: &Overlay) {
    match overlay {
        Overlay::Help(scroll) => help::draw(buf, area, app, *scroll),
        Overlay::Palette { text, selected } => palette::draw(buf, area, app, text, *selected),
        Overlay::Copying { offered, selected } => copying::draw(buf, area, app, offered, *selected),
        Overlay::Zones { text, selected } => zones::draw(buf, area, app, text, *selected),
        Overlay::Question(question) => question::draw(buf, area, app, question),
        Overlay::Page { about, scroll } => page::draw(buf, area, app, about, *scroll),
        Overlay::Parts(view) => parts::draw(buf, area, app, view),
        Overlay::Chart(subject) => chart::draw(buf, area, app, subject),
        Overlay::Answer(form) => answer::draw(buf, area, app, form),
        Overlay::Filter(_) => {}
        Overlay::GoTo(text, wrong) => go_to(buf, area, app, text, wrong.as_deref()),
    }
}

fn go_to(buf: &mut Buffer, area: Rect, app: &App, text: &str, wrong: Option<&str>) {
    let theme = &app.look.theme;
    let inner = frame(buf, middle(area, 64, 6), app, app.look.say("Go to a time or a window", "Tới thời điểm hoặc khoảng"), "");
    let hint = app
        .look
        .say("02:13 · 02:00..03:00 · 2h ago · yesterday 14:00 Asia/Tokyo", "02:13 · 02:00..03:00 · 2h ago · yesterday 14:00 Asia/Tokyo");
    paint::line(buf, inner, 0, 0, &[piece("> ", theme.focus), piece(text.to_owned(), theme.text), piece("█", theme.focus)]);
    paint::text(buf, inner, 0, 1, hint, theme.dim);
    if let Some(wrong) = wrong {
        for (y, line) in paint::wrap(wrong, inner.width).iter().enumerate().take(2) {
            paint::text(buf, inner, 0, 2 + y as u16, line, theme.warn);
        }
    }
}

/// A box in the middle, as large as wanted and possible.
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// Clears a box, draws its border with a title and a hint, and gives the inside.
pub fn frame(buf: &mut Buffer, area: Rect, app: &App, title: &str, hint: &str) -> Rect {
    let theme = &app.look.theme;
    paint::clear(buf, area);
    let (last_x, last_y) = (area.width.saturating_sub(1), area.height.saturating_sub(1));
    for x in 0..area.width {
        paint::put(buf, area, x, 0, "─", theme.rule);
        paint::put(buf, area, x, last_y, "─", theme.rule);
    }
    for y in 0..area.height {
        paint::put(buf, area, 0, y, "│", theme.rule);
        paint::put(buf, area, last_x, y, "│", theme.rule);
    }
    for (x, y, corner) in [(0, 0, "┌"), (last_x, 0, "┐"), (0, last_y, "└"), (last_x, last_y, "┘")] {
        paint::put(buf, area, x, y, corner, theme.rule);
    }
    let inside_row =
        |y| Rect { x: area.x + 2.min(area.width), y: area.y + y, width: area.width.saturating_sub(4), height: u16::from(y < area.height) };
    paint::text(buf, inside_row(0), 0, 0, &format!(" {title} "), theme.focus);
    if !hint.is_empty() && area.height > 1 {
        let hint = format!(" {hint} ");
        let row = inside_row(last_y);
        let at = row.width.saturating_sub(paint::width_of(&hint));
        paint::text(buf, row, at, 0, &hint, theme.dim);
    }
    Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    }
}
