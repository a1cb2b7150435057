//! Opening, copying and linking what is selected.

use crate::tui::app::{App, Effect};
use crate::tui::happenings::Origin;
use crate::tui::keymap::Action;
use crate::tui::layout::Pane;
use crate::tui::overlays::Overlay;
use crate::tui::overlays::copying::{self, Copyable};
use crate::tui::overlays::page::About;
use crate::tui::panes::{self, runbook};
use crate::tui::working;
use crossterm::event::{KeyCode, KeyEvent};

impl App {
    pub(super) fn open(&mut self) -> Vec<Effect> {
        let selected = self.list(self.focus).selected;
        let about = match self.focus {
            Pane::Lanes => {
                self.overlay = self.board.subjects.get(selected).cloned().map(|s| Overlay::Chart(Box::new(s)));
                return Vec::new();
            }
            Pane::Runbook => runbook::rows(self).get(selected).map(|r| About::Step(r.id)),
            Pane::Findings => self.findings().get(selected).map(|i| About::Happening(self.happenings[*i].origin.clone())),
            Pane::Hypotheses => panes::hypotheses::listed(self).get(selected).map(|h| About::Cause(h.cause)),
            Pane::Log => self.log_map.rows.get(selected).map(|r| About::Log(r.name.clone())),
            Pane::AppLog => panes::app_log::rows(self).get(selected).map(|(log, t)| About::Template((*log).to_owned(), t.id)),
            Pane::Gaps => Some(About::Gap(selected)),
            Pane::Topology => None,
        };
        self.overlay = about.map(|about| Overlay::Page { about, scroll: 0 });
        Vec::new()
    }

    /// The working of the selected lane, of the lane that is charted, or of what speaks for the selected row.
    pub(super) fn open_working(&mut self) -> Vec<Effect> {
        let selected = self.list(self.focus).selected;
        let of = match self.focus {
            Pane::Lanes => self.board.subjects.get(selected).and_then(|s| s.key.clone()).map(working::Of::Series),
            Pane::Runbook => self.selected_step().and_then(|id| self.evidence_of(&About::Step(id))),
            Pane::Hypotheses => {
                panes::hypotheses::listed(self).get(selected).map(|h| h.cause).and_then(|c| self.evidence_of(&About::Cause(c)))
            }
            _ => return self.open(),
        };
        self.show_working(of);
        Vec::new()
    }

    /// From an opened step or cause to the working of its evidence.
    pub(super) fn open_working_of(&mut self, over: Overlay) -> Vec<Effect> {
        let of = match &over {
            Overlay::Page { about, .. } => self.evidence_of(about),
            _ => None,
        };
        self.overlay = Some(over);
        self.show_working(of);
        Vec::new()
    }

    fn show_working(&mut self, of: Option<working::Of>) {
        match of {
            Some(of) => self.overlay = Some(Overlay::Page { about: About::Working(of), scroll: 0 }),
            None => self.session.notice = Some(self.look.say("no number here yet", "chưa có số liệu nào ở đây").into()),
        }
    }

    /// The ids in the book that a page rests on.
    fn evidence_of(&self, about: &About) -> Option<working::Of> {
        let judged = self.judged.as_ref()?;
        let ids: Vec<String> = match about {
            About::Step(id) => judged.outcomes.iter().find(|o| o.check == *id)?.evidence.clone(),
            About::Cause(id) => {
                let h = judged.hypotheses.iter().find(|h| h.cause == *id)?;
                h.reasons_for.iter().chain(&h.reasons_against).map(|r| r.evidence.clone()).chain(h.refuted_by.clone()).collect()
            }
            About::Happening(Origin::Evidence(id)) => vec![id.clone()],
            _ => return None,
        };
        (!ids.is_empty()).then_some(working::Of::Evidence(ids))
    }

    /// Offers what can be copied from the focused pane.
    pub(super) fn offer_copies(&mut self) {
        let offered = copying::offered(self);
        self.overlay = Some(Overlay::Copying { offered, selected: 0 });
    }

    /// A choice's own letter, or Enter on it; the key that opened the list takes its first row.
    pub(super) fn copying_key(
        &mut self,
        mut offered: Vec<Copyable>,
        selected: usize,
        key: KeyEvent,
        action: Option<Action>,
    ) -> Vec<Effect> {
        let last = offered.len().saturating_sub(1);
        let by_letter = offered.iter().position(|c| key.code == KeyCode::Char(c.key));
        let chosen = match (by_letter, key.code, action) {
            (Some(i), ..) => Some(i),
            (_, KeyCode::Esc, _) | (_, _, Some(Action::Back | Action::Quit)) => return Vec::new(),
            (_, KeyCode::Enter, _) => Some(selected),
            (.., Some(Action::Copy)) => Some(0),
            _ => None,
        };
        if let Some(chosen) = chosen.filter(|i| *i <= last) {
            return vec![Effect::Copy(offered.swap_remove(chosen).text)];
        }
        let selected = match action {
            Some(Action::Down) => (selected + 1).min(last),
            Some(Action::Up) => selected.saturating_sub(1),
            _ => selected,
        };
        self.overlay = Some(Overlay::Copying { offered, selected });
        Vec::new()
    }

    pub(super) fn console_link(&mut self) -> Option<String> {
        let selected = self.list(self.focus).selected;
        match self.focus {
            Pane::Findings => {
                let i = *self.findings().get(selected)?;
                match &self.happenings[i].origin {
                    Origin::Events(keys) => keys.first().and_then(|(_, _, id)| working::event_link(self, id)),
                    _ => working::alarm_link(self),
                }
            }
            Pane::Lanes => self.board.subjects.get(selected).and_then(|s| s.key.clone()).and_then(|k| working::metric_link(self, &k)),
            _ => working::alarm_link(self),
        }
    }
}
