//! A person's answer to a question of the runbook: what, who, and a note.

use super::{frame, middle};
use crate::case::answers::{Answer, Said};
use crate::checks::Status;
use crate::time::Time;
use crate::tui::app::App;
use crate::tui::paint::{self, piece};
use crate::tui::panes::runbook::said;
use crate::tui::words;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The longest name and note that are taken.
const LONGEST: usize = 500;
/// Rows of what was measured.
const MEASURED: usize = 5;

/// An answer being given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub check: &'static str,
    pub choices: Vec<Said>,
    pub chosen: usize,
    pub by: String,
    pub note: String,
    /// 0 the choice, 1 who, 2 the note.
    pub field: usize,
}

/// What a key in the form came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    Editing,
    Given,
    Left,
}

impl Form {
    /// For a step in this state, with what was said before filled in.
    pub fn new(check: &'static str, status: Status, before: Option<&Answer>, person: &str) -> Self {
        let question = check.starts_with("ask-") || status == Status::Ask;
        let choices = if question { vec![Said::Yes, Said::No, Said::DontKnow] } else { vec![Said::Done, Said::NotDone] };
        let chosen = before.and_then(|b| choices.iter().position(|c| *c == b.answer)).unwrap_or(0);
        let by = before.map_or_else(|| person.to_owned(), |b| b.by.to_string());
        Self { check, choices, chosen, by, note: before.map(|b| b.note.to_string()).unwrap_or_default(), field: 0 }
    }

    pub fn answer(&self, at: Time) -> Answer {
        Answer {
            check: self.check.to_owned(),
            answer: self.choices.get(self.chosen).copied().unwrap_or(Said::DontKnow),
            note: self.note.trim().into(),
            by: self.by.trim().into(),
            at,
        }
    }

    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        match (key.code, self.field) {
            (KeyCode::Esc, _) => return Pressed::Left,
            (KeyCode::Enter, _) => return Pressed::Given,
            (KeyCode::Tab | KeyCode::Down, _) => self.field = (self.field + 1) % 3,
            (KeyCode::BackTab | KeyCode::Up, _) => self.field = (self.field + 2) % 3,
            (KeyCode::Left | KeyCode::Char('h'), 0) => self.chosen = (self.chosen + self.choices.len() - 1) % self.choices.len(),
            (KeyCode::Right | KeyCode::Char(' ' | 'l'), 0) => self.chosen = (self.chosen + 1) % self.choices.len(),
            (KeyCode::Char(c), 0) => self.choose(c),
            (KeyCode::Char(c), _) => self.type_in(&c.to_string()),
            (KeyCode::Backspace, 1) => drop(self.by.pop()),
            (KeyCode::Backspace, 2) => drop(self.note.pop()),
            _ => {}
        }
        Pressed::Editing
    }

    /// `y`, `n`, `d`: the first letters of the answers.
    fn choose(&mut self, c: char) {
        let wanted = match c.to_ascii_lowercase() {
            'y' | 'c' => Said::Yes,
            'n' | 'k' => Said::No,
            'd' => Said::DontKnow,
            _ => return,
        };
        if let Some(i) = self.choices.iter().position(|s| *s == wanted) {
            self.chosen = i;
        }
    }

    /// Typed or pasted text into the field.
    pub fn type_in(&mut self, text: &str) {
        let field = match self.field {
            1 => &mut self.by,
            2 => &mut self.note,
            _ => return,
        };
        let room = LONGEST.saturating_sub(field.len());
        field.extend(crate::text::clean(text).chars().take(room));
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, form: &Form) {
    let (look, theme) = (&app.look, &app.look.theme);
    let asked = asked(app, form, 76.min(area.width).saturating_sub(4));
    let below = asked.len() as u16 + 1;
    let inner = frame(
        buf,
        middle(area, 76, below + 7),
        app,
        words::step(look, form.check),
        look.say("Tab next field · Enter save · Esc leave", "Tab ô sau · Enter lưu · Esc bỏ"),
    );
    for (y, (line, style)) in asked.iter().enumerate() {
        paint::text(buf, inner, 0, y as u16, line, *style);
    }
    let mut choices = vec![piece(paint::padded(look.say("answer", "trả lời"), 9), label(app, form, 0))];
    for (i, choice) in form.choices.iter().enumerate() {
        let (sign, style) = if i == form.chosen { ("●", theme.focus) } else { ("○", theme.dim) };
        choices.push(piece(format!("{sign} {}   ", said(app, *choice)), style));
    }
    paint::line(buf, inner, 0, below, &choices);
    field(buf, inner, app, form, 1, (below + 1, look.say("who", "ai"), &form.by));
    field(buf, inner, app, form, 2, (below + 2, look.say("note", "ghi chú"), &form.note));
    paint::text(buf, inner, 0, below + 4, look.say("kept apart from what was measured", "giữ riêng với số liệu đo được"), theme.dim);
}

/// The question, and what was measured before anyone is asked.
fn asked(app: &App, form: &Form, width: u16) -> Vec<(String, Style)> {
    let (look, theme) = (&app.look, &app.look.theme);
    let mut lines: Vec<(String, Style)> =
        paint::wrap(words::question(look, form.check), width).into_iter().map(|l| (l, theme.text)).collect();
    let hidden = app.session.verdict_hidden && form.check == "verdict";
    let outcome = app.judged.as_ref().and_then(|j| j.outcomes.iter().find(|o| o.check == form.check)).filter(|_| !hidden);
    if let Some(outcome) = outcome {
        let words = format!("{} {}", words::status_sign(outcome.status), look.text(&outcome.summary));
        let style = words::status_style(theme, outcome.status);
        lines.extend(paint::wrap(&words, width).into_iter().take(MEASURED).map(|l| (l, style)));
    }
    lines
}

fn label(app: &App, form: &Form, field: usize) -> Style {
    if form.field == field { app.look.theme.focus } else { app.look.theme.dim }
}

fn field(buf: &mut Buffer, inner: Rect, app: &App, form: &Form, i: usize, (y, name, text): (u16, &str, &str)) {
    let theme = &app.look.theme;
    let room = inner.width.saturating_sub(11);
    let mut shown = text;
    while paint::width_of(shown) > room {
        shown = &shown[shown.chars().next().map_or(1, char::len_utf8)..];
    }
    let cursor = if form.field == i { "█" } else { "" };
    paint::line(
        buf,
        inner,
        0,
        y,
        &[piece(paint::padded(name, 9), label(app, form, i)), piece(shown.to_owned(), theme.text), piece(cursor, theme.focus)],
    );
}
