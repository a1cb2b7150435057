//! Actions that change where in time one looks.

use crate::time::{Time, Window};
use crate::tui::app::{App, ClockKind};
use crate::tui::happenings::Origin;
use crate::tui::keymap::Action;
use crate::tui::layout::Pane;
use crate::tui::view::About;
use chrono::Duration;

impl App {
    pub(super) fn act_on_time(&mut self, action: Action) {
        let step = self.axis().step;
        match action {
            Action::CursorLeft => self.view.step(-1, step),
            Action::CursorRight => self.view.step(1, step),
            Action::ZoomIn => self.view.zoom(0.5),
            Action::ZoomOut => self.view.zoom(2.0),
            Action::ZoomSelection if !self.view.zoom_to_selection() => {
                self.session.notice =
                    Some(self.look.say("set a mark first: m, then move, then z", "đặt dấu mốc trước: m, di chuyển, rồi z").into());
            }
            Action::Undo => drop(self.view.undo()),
            Action::PanLeft => self.view.pan(-0.5),
            Action::PanRight => self.view.pan(0.5),
            Action::Incident => self.go_to_incident(),
            Action::Everything => self.view.go(self.view.whole()),
            Action::FirstError => self.go_to_onset(),
            Action::Alarm => self.go_to_alarm(),
            Action::Now => self.view.look_at(self.now().min(self.view.whole().end) - Duration::seconds(1)),
            Action::NextEvent => self.go_to_event(true),
            Action::PreviousEvent => self.go_to_event(false),
            Action::Mark => self.view.mark(0),
            Action::MarkOther => self.view.mark(1),
            Action::Clock => self.next_clock(),
            Action::Pin => self.pin(),
            _ => {}
        }
    }

    fn pin(&mut self) {
        self.view.next_about();
        let words = match self.view.about {
            About::Seen => {
                self.look.say("the verdict follows the window you look at; p pins it", "kết luận đi theo khoảng đang xem; p để giữ lại")
            }
            About::Pinned(_) => {
                self.look.say("the verdict stays with this window; p: about everything", "kết luận giữ theo khoảng này; p: xét tất cả")
            }
            About::Everything => self.look.say(
                "the verdict is about everything gathered; p: what you look at",
                "kết luận xét mọi thứ đã thu thập; p: khoảng đang xem",
            ),
        };
        self.session.notice = Some(words.into());
    }

    fn next_clock(&mut self) {
        self.clock = match self.clock {
            ClockKind::Utc if self.session.zone != chrono_tz::Tz::UTC => ClockKind::Local,
            ClockKind::Utc | ClockKind::Local => ClockKind::FromOnset,
            ClockKind::FromOnset => ClockKind::Utc,
        };
        if self.clock == ClockKind::FromOnset && self.onset().is_none() {
            self.session.notice =
                Some(self.look.say("no onset known yet: times stay in UTC", "chưa biết lúc bắt đầu: giờ vẫn là UTC").into());
        }
    }

    /// Every real episode with room on both sides, within what was gathered.
    pub(super) fn go_to_incident(&mut self) {
        let whole = self.view.whole();
        let incident = self.session.incident.unwrap_or(whole);
        // Whoever follows looks at now as well.
        let end = if self.view.following { whole.end } else { incident.end };
        self.view.go_home(Window { end, ..incident });
    }

    fn go_to_onset(&mut self) {
        match self.onset() {
            Some(t) => self.view.look_at(t),
            None => self.session.notice = Some(self.look.say("no onset known", "chưa biết lúc bắt đầu").into()),
        }
    }

    /// The next transition after the cursor; from the last one back to the first.
    fn go_to_alarm(&mut self) {
        let times: Vec<Time> = self.case.alarm_changes.iter().map(|c| c.at).collect();
        let next = times.iter().find(|t| **t > self.view.cursor).or(times.first());
        match next {
            Some(t) => self.view.look_at(*t),
            None => self.session.notice = Some(self.look.say("the alarm's history is not known", "chưa biết lịch sử alarm").into()),
        }
    }

    /// The next or previous marked event; the findings' selection goes along.
    fn go_to_event(&mut self, forward: bool) {
        let cursor = self.view.cursor;
        let facts = |i: &usize| !self.happenings[*i].elsewhere && !matches!(self.happenings[*i].origin, Origin::Evidence(_));
        let mut all: Vec<usize> = (0..self.happenings.len()).filter(facts).collect();
        all.sort_by_key(|i| self.happenings[*i].at);
        let found = if forward {
            all.iter().find(|i| self.happenings[**i].at > cursor)
        } else {
            all.iter().rev().find(|i| self.happenings[**i].at < cursor)
        };
        if let Some(i) = found.copied() {
            self.view.look_at(self.happenings[i].at);
            self.select_happening(i);
        }
    }

    pub(super) fn select_happening(&mut self, i: usize) {
        if let Some(at) = self.findings().iter().position(|f| *f == i) {
            self.list_mut(Pane::Findings).selected = at;
        }
    }
}

/// Actions that change where in time one looks; they work under the big chart too.
pub(super) fn is_time(a: Action) -> bool {
    matches!(
        a,
        Action::CursorLeft
            | Action::CursorRight
            | Action::ZoomIn
            | Action::ZoomOut
            | Action::ZoomSelection
            | Action::Undo
            | Action::PanLeft
            | Action::PanRight
            | Action::Incident
            | Action::Everything
            | Action::FirstError
            | Action::Alarm
            | Action::Now
            | Action::NextEvent
            | Action::PreviousEvent
            | Action::Mark
            | Action::MarkOther
            | Action::Clock
            | Action::Compare
            | Action::Pin
    )
}
