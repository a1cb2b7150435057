//! A lane taken apart: which one, and the keys while it is on the screen.

use super::PAGE;
use super::keys::is_global;
use super::moments::is_time;
use crate::tui::app::{App, Effect};
use crate::tui::board::{Place, Shows, Subject, part_of};
use crate::tui::keymap::Action;
use crate::tui::layout::Pane;
use crate::tui::overlays::Overlay;
use crate::tui::overlays::parts::View;
use crate::tui::parts::{self, By};

impl App {
    pub(super) fn take_lane_apart(&mut self) {
        let selected = self.board.subjects.get(self.list(Pane::Lanes).selected);
        let Some(metric) = selected.map(|s| s.metric) else { return };
        if parts::keys(&self.case, metric).is_empty() {
            self.session.notice = Some(self.look.say("nothing is published of this metric", "chỉ số này không có số liệu").into());
            return;
        }
        self.overlay = Some(Overlay::Parts(View { metric, by: By::default(), selected: 0 }));
    }

    pub(super) fn parts_key(&mut self, mut view: View, action: Option<Action>) -> Vec<Effect> {
        let last = self.parts.rows.len().saturating_sub(1);
        match action {
            Some(Action::Back | Action::Quit | Action::TakeApart) => return Vec::new(),
            Some(Action::Open) => {
                self.overlay = self.parts.rows.get(view.selected.min(last)).map(|r| Overlay::Chart(Box::new(subject_of(view, r))));
                return Vec::new();
            }
            Some(Action::Down) => view.selected = (view.selected + 1).min(last),
            Some(Action::Up) => view.selected = view.selected.min(last).saturating_sub(1),
            Some(Action::PageDown) => view.selected = (view.selected + PAGE).min(last),
            Some(Action::PageUp) => view.selected = view.selected.min(last).saturating_sub(PAGE),
            Some(Action::Top) => view.selected = 0,
            Some(Action::Bottom) => view.selected = last,
            Some(Action::Order) => view.by = view.by.next(),
            _ => {}
        }
        self.overlay = Some(Overlay::Parts(view));
        match action {
            Some(a) if is_time(a) || is_global(a) => self.act(a),
            _ => Vec::new(),
        }
    }
}

/// The worst of a row, as a lane of its own.
fn subject_of(view: View, row: &parts::Row) -> Subject {
    Subject {
        metric: view.metric,
        place: Place::Named(part_of(&row.key)),
        shows: Shows::one(&row.key),
        key: Some(row.key.clone()),
        child: true,
    }
}
