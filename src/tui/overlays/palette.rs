//! Every action by its name, found by typing.

use super::picker::{self, Choice};
use crate::tui::app::App;
use crate::tui::keymap::Row;
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
    let title = app.look.say("What do you want to do?", "Bạn muốn làm gì?");
    let row = |row: &&Row| Choice { left: row.keys_shown(), right: row.says(app.look.lang).to_owned() };
    picker::draw(buf, area, app, title, text, &found(app, text).iter().map(row).collect::<Vec<_>>(), selected);
}
