//! Ticking and answering steps of the runbook.

use crate::case::answers::{Answer, Said};
use crate::checks::Status;
use crate::tui::app::{App, Effect};
use crate::tui::keymap::Action;
use crate::tui::layout::Pane;
use crate::tui::overlays::{Overlay, answer};
use crate::tui::panes::runbook;

impl App {
    pub(super) fn selected_step(&self) -> Option<&'static str> {
        runbook::rows(self).get(self.list(Pane::Runbook).selected).map(|r| r.id)
    }

    /// Ticks a step that was measured; a question is answered in a form.
    pub(super) fn tick_step(&mut self) -> Vec<Effect> {
        if self.focus != Pane::Runbook {
            self.choose_step(Action::Tick);
            return Vec::new();
        }
        let Some(id) = self.selected_step() else { return Vec::new() };
        if id.starts_with("ask-") || id == "aws-status" {
            return self.open_answer(id, false);
        }
        let done = self.case.answer_to(id).is_some_and(|a| a.answer == Said::Done);
        let answer = if done { Said::NotDone } else { Said::Done };
        let note = self.case.answer_to(id).map(|a| a.note.clone()).unwrap_or_default();
        let by = self.session.person.as_str().into();
        self.say_answer(Answer { check: id.into(), answer, note, by, at: self.now() })
    }

    pub(super) fn note(&mut self) -> Vec<Effect> {
        if let Some(id) = self.selected_step().filter(|_| self.focus == Pane::Runbook) {
            return self.open_answer(id, true);
        }
        self.choose_step(Action::Note);
        Vec::new()
    }

    /// From another pane the first press leads to the steps, and says that it did no more.
    fn choose_step(&mut self, action: Action) {
        self.go_to_pane(Pane::Runbook);
        let key = self.keys.key_of(action);
        self.session.notice = Some(format!("{} {key}", self.look.say("choose a step, then", "chọn một bước, rồi")));
    }

    pub(super) fn open_answer(&mut self, id: &'static str, at_note: bool) -> Vec<Effect> {
        let status = self.judged.as_ref().and_then(|j| j.outcomes.iter().find(|o| o.check == id)).map_or(Status::Waiting, |o| o.status);
        let mut form = answer::Form::new(id, status, self.case.answer_to(id), &self.session.person);
        if id == "aws-status" {
            form.choices = vec![Said::Yes, Said::No, Said::DontKnow];
        }
        form.field = if at_note { 2 } else { 0 };
        self.overlay = Some(Overlay::Answer(Box::new(form)));
        Vec::new()
    }
}
