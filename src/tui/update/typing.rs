//! Overlays that are typed into: answers, filters, times, names of actions.

use crate::case::answers::Answer;
use crate::exchange::{Fact, What};
use crate::say;
use crate::text::Text;
use crate::time::Window;
use crate::tui::app::{App, ClockKind, Effect};
use crate::tui::overlays::{Overlay, Question, answer, palette, zones};
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
        match narrowed(&mut text, &mut selected, key, |text| palette::found(self, text).len()) {
            Narrowed::Left => Vec::new(),
            Narrowed::Chosen => {
                let chosen = palette::found(self, &text).get(selected).map(|r| r.action);
                chosen.map_or_else(Vec::new, |a| self.act(a))
            }
            Narrowed::Typing => {
                self.overlay = Some(Overlay::Palette { text, selected });
                Vec::new()
            }
        }
    }

    /// A zone that is chosen is the local one from now on, and the clock shows it.
    pub(super) fn zones_key(&mut self, mut text: String, mut selected: usize, key: KeyEvent) {
        match narrowed(&mut text, &mut selected, key, |text| zones::found(self, text).len()) {
            Narrowed::Left => {}
            Narrowed::Chosen => {
                if let Some(zone) = zones::found(self, &text).get(selected) {
                    self.session.zone = *zone;
                    self.clock = if *zone == chrono_tz::Tz::UTC { ClockKind::Utc } else { ClockKind::Local };
                    self.session.notice = Some(self.look.text(&kept_words(zone.name())).to_owned());
                }
            }
            Narrowed::Typing => self.overlay = Some(Overlay::Zones { text, selected }),
        }
    }

    pub(super) fn question_key(&mut self, question: Question, key: KeyEvent) -> Vec<Effect> {
        match (key.code, &question) {
            (KeyCode::Char('y' | 'Y') | KeyCode::Enter, Question::Earlier { then, .. }) => self.ask_earlier(*then),
            (KeyCode::Char('y' | 'Y') | KeyCode::Enter, Question::Consoles(ids)) => self.ask_consoles(ids.clone()),
            (KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc, Question::Consoles(_)) => Vec::new(),
            (KeyCode::Char('y' | 'Y'), Question::Ceiling) => self.spend_on(),
            (KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc, Question::Earlier { .. }) => {
                self.view.compare = None;
                Vec::new()
            }
            (KeyCode::Char('n' | 'N' | 'q') | KeyCode::Esc, Question::Ceiling) => {
                self.spend_no_more();
                Vec::new()
            }
            _ => {
                self.overlay = Some(Overlay::Question(question));
                Vec::new()
            }
        }
    }
}

fn kept_words(zone: &str) -> Text {
    say!("times in {zone}; to keep it: zone = \"{zone}\" in config.toml", "giờ theo {zone}; để giữ: zone = \"{zone}\" trong config.toml")
}

/// What a key does in a list that is narrowed by typing.
enum Narrowed {
    Typing,
    Chosen,
    Left,
}

fn narrowed(text: &mut String, selected: &mut usize, key: KeyEvent, rows: impl Fn(&str) -> usize) -> Narrowed {
    match key.code {
        KeyCode::Esc => return Narrowed::Left,
        KeyCode::Enter => return Narrowed::Chosen,
        KeyCode::Down => *selected = (*selected + 1).min(rows(text).saturating_sub(1)),
        KeyCode::Up => *selected = selected.saturating_sub(1),
        _ => {
            edit(text, key);
            *selected = 0;
        }
    }
    Narrowed::Typing
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
