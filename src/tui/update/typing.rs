//! Overlays that are typed into: answers, filters, times, names of actions.

use crate::case::answers::Answer;
use crate::exchange::{Fact, What};
use crate::time::Window;
use crate::tui::app::{App, ClockKind, Effect};
use crate::tui::overlays::{Overlay, answer, palette};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

impl App {
    pub(super) fn answer_key(&mut self, mut form: answer::Form, key: KeyEvent) -> Vec<Effect> {
        match form.press(key) {
            answer::Pressed::Editing => self.overlay = Some(Overlay::Answer(Box::new(form))),
            answer::Pressed::Left => {}
            answer::Pressed::Given => {
                if !form.by.trim().is_empty() {
                    form.by.trim().clone_into(&mut self.session.person);
                }
                return self.say_answer(form.answer(self.now()));
            }
        }
        Vec::new()
    }

    pub(super) fn say_answer(&mut self, answer: Answer) -> Vec<Effect> {
        let at = answer.at;
        self.learn(vec![Fact { at, origin: None, what: What::Answer(answer) }])
    }

    pub(super) fn filter_key(&mut self, mut text: String, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Enter => return Vec::new(),
            KeyCode::Esc => text.clear(),
            _ => edit(&mut text, key),
        }
        let pane = self.focus;
        self.list_mut(pane).filter.clone_from(&text);
        self.list_mut(pane).selected = 0;
        if key.code != KeyCode::Esc {
            self.overlay = Some(Overlay::Filter(text));
        }
        Vec::new()
    }

    pub(super) fn go_to_key(&mut self, mut text: String, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => {}
            KeyCode::Enter if text.trim().is_empty() => {}
            KeyCode::Enter => {
                if let Err(wrong) = self.go_to(&text) {
                    self.overlay = Some(Overlay::GoTo(text, Some(wrong)));
                }
            }
            _ => {
                edit(&mut text, key);
                self.overlay = Some(Overlay::GoTo(text, None));
            }
        }
        Vec::new()
    }

    /// `02:13`, or a window: `02:00..03:00`.
    fn go_to(&mut self, text: &str) -> Result<(), String> {
        let zone = if self.clock == ClockKind::Local { self.session.zone } else { chrono_tz::Tz::UTC };
        let near = self.view.whole().end.max(self.view.window().end);
        let read = |t: &str| crate::time::parse(t, near, zone).map_err(|e| e.to_string());
        match text.split_once("..") {
            Some((from, to)) => self.view.go(Window::new(read(from)?, read(to)?).zoomed(1.0, read(from)?)),
            None => self.view.look_at(read(text)?),
        }
        Ok(())
    }

    pub(super) fn palette_key(&mut self, mut text: String, mut selected: usize, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Enter => {
                let chosen = palette::found(self, &text).get(selected).map(|r| r.action);
                return chosen.map_or_else(Vec::new, |a| self.act(a));
            }
            KeyCode::Down => selected = (selected + 1).min(palette::found(self, &text).len().saturating_sub(1)),
            KeyCode::Up => selected = selected.saturating_sub(1),
            _ => {
                edit(&mut text, key);
                selected = 0;
            }
        }
        self.overlay = Some(Overlay::Palette { text, selected });
        Vec::new()
    }
}

/// Typing into a line.
fn edit(text: &mut String, key: KeyEvent) {
    match key.code {
        KeyCode::Backspace => drop(text.pop()),
        KeyCode::Char('u' | 'w') if key.modifiers.contains(KeyModifiers::CONTROL) => text.clear(),
        KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) && text.len() < 200 => {
            text.push_str(&crate::text::clean(&c.to_string()));
        }
        _ => {}
    }
}
