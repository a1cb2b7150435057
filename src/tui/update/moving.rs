//! Moving among rows and panes; the order and the look of things.

use crate::text::Lang;
use crate::tui::app::{App, Effect, LogBy};
use crate::tui::keymap::Action;
use crate::tui::layout::Pane;
use crate::tui::options::ColorMode;
use crate::tui::theme::{BUILT_IN, Theme};
use crate::tui::{board, happenings, panes};

impl App {
    pub(super) fn move_by(&mut self, by: i64) {
        let pane = self.focus;
        let rows = panes::rows(self, pane);
        let last = rows.saturating_sub(1) as i64;
        let list = self.list_mut(pane);
        list.selected = (list.selected as i64).saturating_add(by).clamp(0, last.max(0)) as usize;
        if pane == Pane::Findings {
            let at = self.findings().get(self.list(pane).selected).map(|i| self.happenings[*i].at);
            if let Some(t) = at.filter(|t| self.view.window().contains(*t)) {
                self.view.cursor = t;
                self.view.touched = true;
            }
        }
    }

    pub(super) fn next_pane(&self, forward: bool) -> Pane {
        if forward { self.focus.next() } else { self.focus.previous() }
    }

    pub(super) fn go_to_pane(&mut self, pane: Pane) {
        self.focus = pane;
        if pane != Pane::Lanes {
            self.lower = pane;
        }
    }

    pub(super) fn back(&mut self) {
        let pane = self.focus;
        if !self.list(pane).filter.is_empty() {
            self.list_mut(pane).filter.clear();
        } else if self.view.marks.iter().any(Option::is_some) {
            self.view.marks = [None; 2];
        } else if self.full {
            self.full = false;
        } else {
            self.go_to_pane(Pane::Lanes);
        }
    }

    pub(super) fn next_order(&mut self) {
        match self.focus {
            Pane::Findings => {
                let selected = self.findings().get(self.list(Pane::Findings).selected).copied();
                self.panes.findings_order = match self.panes.findings_order {
                    happenings::Order::Time => happenings::Order::Relevance,
                    happenings::Order::Relevance => happenings::Order::Time,
                };
                self.refresh();
                if let Some(i) = selected {
                    self.select_happening(i);
                }
            }
            Pane::Log => {
                self.panes.log_by = match self.panes.log_by {
                    LogBy::Target => LogBy::Node,
                    LogBy::Node => LogBy::Signature,
                    LogBy::Signature => LogBy::Path,
                    LogBy::Path => LogBy::HealthCheck,
                    LogBy::HealthCheck => LogBy::Target,
                }
            }
            _ => {
                self.panes.lanes_order = match self.panes.lanes_order {
                    board::Order::Correlation => board::Order::Runbook,
                    board::Order::Runbook => board::Order::Name,
                    board::Order::Name => board::Order::Correlation,
                }
            }
        }
    }

    /// The terminal said what its background is; nobody has chosen a theme yet.
    pub(super) fn show_on(&mut self, light: bool) {
        if std::mem::take(&mut self.session.theme_open) {
            self.wear(if light { "light" } else { "dark" });
        }
    }

    fn wear(&mut self, name: &str) {
        name.clone_into(&mut self.session.theme_name);
        self.look.theme = Theme::built_in(name, self.session.colors);
    }

    pub(super) fn toggle_ascii(&mut self) -> Vec<Effect> {
        self.look.ascii = !self.look.ascii;
        vec![Effect::RememberAscii(self.look.ascii)]
    }

    pub(super) fn next_theme(&mut self) {
        self.session.theme_open = false;
        let at = BUILT_IN.iter().position(|(name, _)| *name == self.session.theme_name).unwrap_or(BUILT_IN.len() - 1);
        let (name, _) = BUILT_IN[(at + 1) % BUILT_IN.len()];
        self.wear(name);
        if self.session.colors == ColorMode::None {
            self.session.notice = Some(self.look.say("this terminal shows no colours", "terminal này không hiện màu").into());
        } else {
            let (colours, key) = (self.look.say("colours:", "màu:"), self.keys.key_of(Action::Theme));
            self.session.notice = Some(format!("{colours} {name} · {key}: {}", self.look.say("others", "màu khác")));
        }
    }

    pub(super) fn next_language(&mut self) {
        self.look.lang = match self.look.lang {
            Lang::En => Lang::Vi,
            Lang::Vi => Lang::En,
        };
        self.session.data_version += 1;
    }
}
