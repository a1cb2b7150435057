//! Where somebody stands on the screen: enough to stand there again after a crash or a dropped connection.

use super::app::{App, ClockKind};
use super::layout::Pane;
use super::options::Kind;
use crate::time::{Time, Window};
use serde::{Deserialize, Serialize};

/// Written beside the case while it is recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    pub window: Option<Window>,
    pub cursor: Option<Time>,
    pub marks: [Option<Time>; 2],
    pub following: bool,
    pub frozen: bool,
    /// Panes by their number keys, from 0.
    pub focus: usize,
    pub lower: usize,
    pub full: bool,
    pub selected: Vec<usize>,
    pub filters: Vec<String>,
    /// `utc`, `local` or `onset`.
    pub clock: String,
    pub zone: String,
}

impl App {
    /// Where one stands now.
    pub fn place_now(&self) -> Place {
        let clock = match self.clock {
            ClockKind::Utc => "utc",
            ClockKind::Local => "local",
            ClockKind::FromOnset => "onset",
        };
        Place {
            window: self.case.subject.as_ref().map(|_| self.view.window()),
            cursor: Some(self.view.cursor),
            marks: self.view.marks,
            following: self.view.following,
            frozen: self.session.frozen,
            focus: self.focus.index(),
            lower: self.lower.index(),
            full: self.full,
            selected: self.panes.lists.iter().map(|l| l.selected).collect(),
            filters: self.panes.lists.iter().map(|l| l.filter.clone()).collect(),
            clock: clock.to_owned(),
            zone: self.session.zone.name().to_owned(),
        }
    }

    /// Stands there again. What does not fit the case any more is left as it is.
    pub fn stand_at(&mut self, place: &Place) {
        if let Some(window) = place.window {
            self.view.go(window);
            self.session.placed = true;
        }
        if let Some(cursor) = place.cursor.filter(|c| self.view.window().contains(*c)) {
            self.view.cursor = cursor;
        }
        self.view.marks = place.marks;
        self.view.following = place.following && self.session.kind == Kind::Live;
        self.session.frozen = place.frozen;
        let pane = |i: usize, or: Pane| Pane::ALL.get(i).copied().unwrap_or(or);
        (self.focus, self.lower, self.full) = (pane(place.focus, self.focus), pane(place.lower, self.lower), place.full);
        for (list, (selected, filter)) in self.panes.lists.iter_mut().zip(place.selected.iter().zip(&place.filters)) {
            list.selected = *selected;
            list.filter = crate::text::clean(filter);
        }
        self.session.zone = place.zone.parse().unwrap_or(self.session.zone);
        self.clock = match place.clock.as_str() {
            "local" => ClockKind::Local,
            "onset" => ClockKind::FromOnset,
            _ => ClockKind::Utc,
        };
        self.refresh();
    }
}
