//! Every action by its name, found by typing.

use super::{frame, middle};
use crate::tui::app::App;
use crate::tui::keymap::Row;
use crate::tui::paint::{self, piece};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Actions whose words hold every word that was typed.
pub fn found<'a>(app: &'a App, text: &str) -> Vec<&'a Row> {
    let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let holds = |row: &&Row| {
        let all = format!("{} {} {:?}", row.en, row.vi, row.action).to_lowercase();
        words.iter().all(|w| all.contains(w))
    };
    app.keys.rows().iter().filter(holds).collect()
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, text: &str, selected: usize) {
    let theme = &app.look.theme;
    let found = found(app, text);
    let inner = frame(buf, middle(area, 76, 18), app, app.look.say("What do you want to do?", "Bạn muốn làm gì?"), "Enter · Esc");
    paint::line(buf, inner, 0, 0, &[piece("> ", theme.focus), piece(text.to_owned(), theme.text), piece("█", theme.focus)]);
    let body = paint::below(inner, 1);
    let selected = selected.min(found.len().saturating_sub(1));
    let offset = crate::tui::panes::offset(selected, found.len(), body.height);
    for (y, row) in found.iter().enumerate().skip(offset).take(usize::from(body.height)) {
        let line = paint::row(body, (y - offset) as u16);
        paint::line(
            buf,
            line,
            0,
            0,
            &[piece(paint::padded(&row.keys_shown(), 14), theme.focus), piece(row.says(app.look.lang).to_owned(), theme.text)],
        );
        if y == selected {
            paint::tint(buf, line, Rect { x: 0, y: 0, ..line }, theme.selection);
        }
    }
}
