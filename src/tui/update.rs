//! What a message does to the app, and which effects it has. No I/O, no clock, no waiting.

mod actions;
mod answering;
mod compare;
mod consoles;
mod follow;
mod keys;
mod moments;
mod moving;
mod opening;
mod taking_apart;
mod typing;
mod world;

use super::app::{App, Effect, Msg};
use super::overlays::{Overlay, Question};
use crossterm::event::KeyEventKind;

/// Rows moved by a page key.
const PAGE: usize = 10;

impl App {
    /// Takes in one message. What drawing reads is right again afterwards.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let before = (self.view.judged_window(), self.view.window());
        let mut effects = match msg {
            Msg::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Msg::Key(_) => Vec::new(),
            Msg::Mouse(mouse) => {
                self.mouse(mouse);
                Vec::new()
            }
            Msg::Paste(text) => self.paste(&text),
            Msg::Resize(w, h) => {
                self.size = ratatui::layout::Rect::new(0, 0, w, h);
                Vec::new()
            }
            Msg::Facts(facts) => self.learn(facts),
            Msg::SourceEnded => {
                self.session.source_ended = true;
                Vec::new()
            }
            Msg::Judged(judged) => {
                self.judged(*judged);
                Vec::new()
            }
            Msg::Tick(now) => self.tick(now),
            Msg::Background { light } => {
                self.show_on(light);
                Vec::new()
            }
            Msg::Notice(words) => {
                self.session.notice = Some(words).filter(|w| !w.is_empty());
                Vec::new()
            }
        };
        if self.view.judged_window() != before.0 && self.case.subject.is_some() {
            effects.push(Effect::Judge(self.view.judged_window()));
        }
        if self.view.window() != before.1 && self.case.subject.is_some() {
            effects.extend(self.ask_for_window());
        }
        self.raise_question();
        self.refresh();
        effects
    }

    /// A question waits until nothing else is open, so that it never takes a key that was meant for another.
    fn raise_question(&mut self) {
        if self.overlay.is_none() && self.session.budget.question_stands() {
            self.overlay = Some(Overlay::Question(Question::Ceiling));
        }
    }
}
