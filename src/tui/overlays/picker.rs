//! A list that is narrowed by typing: what the palette and the zones have in common.

use super::{frame, middle};
use crate::tui::app::App;
use crate::tui::paint::{self, piece};
use crate::tui::panes;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// A row of the list.
pub struct Choice {
    pub left: String,
    pub right: String,
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, title: &str, text: &str, rows: &[Choice], selected: usize) {
    let theme = &app.look.theme;
    let inner = frame(buf, middle(area, 76, 18), app, title, "Enter · Esc");
    paint::line(buf, inner, 0, 0, &[piece("> ", theme.focus), piece(text.to_owned(), theme.text), piece("█", theme.focus)]);
    let body = paint::below(inner, 1);
    if rows.is_empty() {
        paint::text(buf, body, 2, 0, app.look.say("nothing of that name", "không có tên đó"), theme.dim);
    }
    rows_of(buf, body, app, rows, selected);
}

/// The same for a few choices, as high as they are.
pub fn list(buf: &mut Buffer, area: Rect, app: &App, title: &str, rows: &[Choice], selected: usize) {
    let inner = frame(buf, middle(area, 92, rows.len() as u16 + 2), app, title, "Enter · Esc");
    rows_of(buf, inner, app, rows, selected);
}

fn rows_of(buf: &mut Buffer, body: Rect, app: &App, rows: &[Choice], selected: usize) {
    let theme = &app.look.theme;
    let selected = selected.min(rows.len().saturating_sub(1));
    let offset = panes::offset(selected, rows.len(), body.height);
    for (y, row) in rows.iter().enumerate().skip(offset).take(usize::from(body.height)) {
        let line = paint::row(body, (y - offset) as u16);
        paint::line(buf, line, 0, 0, &[piece(paint::padded(&row.left, 14), theme.focus), piece(row.right.clone(), theme.text)]);
        if y == selected {
            paint::tint(buf, line, Rect { x: 0, y: 0, ..line }, theme.selection);
        }
    }
}
