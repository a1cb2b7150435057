//! What an action does, by name.

use super::PAGE;
use super::moments::is_time;
use crate::tui::app::{App, Effect};
use crate::tui::keymap::Action;
use crate::tui::layout::Pane;
use crate::tui::overlays::Overlay;

impl App {
    pub(super) fn act(&mut self, action: Action) -> Vec<Effect> {
        if is_time(action) {
            self.act_on_time(action);
            return if action == Action::Compare { self.next_compare() } else { Vec::new() };
        }
        match action {
            Action::Down => self.move_by(1),
            Action::Up => self.move_by(-1),
            Action::PageDown => self.move_by(PAGE as i64),
            Action::PageUp => self.move_by(-(PAGE as i64)),
            Action::Top => self.move_by(i64::MIN / 2),
            Action::Bottom => self.move_by(i64::MAX / 2),
            Action::NextPane => self.go_to_pane(self.next_pane(true)),
            Action::PreviousPane => self.go_to_pane(self.next_pane(false)),
            Action::PaneRunbook => self.go_to_pane(Pane::Runbook),
            Action::PaneLanes => self.go_to_pane(Pane::Lanes),
            Action::PaneFindings => self.go_to_pane(Pane::Findings),
            Action::PaneHypotheses => self.go_to_pane(Pane::Hypotheses),
            Action::PaneLog => self.go_to_pane(Pane::Log),
            Action::PaneAppLog => self.go_to_pane(Pane::AppLog),
            Action::PaneGaps => self.go_to_pane(Pane::Gaps),
            Action::PaneTopology => self.go_to_pane(Pane::Topology),
            Action::FullScreen => self.full = !self.full,
            Action::Back => self.back(),
            Action::Filter => self.overlay = Some(Overlay::Filter(self.list(self.focus).filter.clone())),
            Action::Order => self.next_order(),
            Action::Unfold if self.focus == Pane::Findings => self.panes.findings_elsewhere = !self.panes.findings_elsewhere,
            Action::Unfold => self.panes.fold = self.panes.fold.next(),
            Action::Palette => self.overlay = Some(Overlay::Palette { text: String::new(), selected: 0 }),
            Action::Help => self.overlay = Some(Overlay::Help(0)),
            Action::GoToTime => self.overlay = Some(Overlay::GoTo(String::new(), None)),
            Action::Zone => self.overlay = Some(Overlay::Zones { text: String::new(), selected: 0 }),
            Action::Theme => self.next_theme(),
            Action::Language => self.next_language(),
            Action::Reveal => self.reveal(),
            _ => return self.act_outside(action),
        }
        Vec::new()
    }

    /// Actions with effects.
    fn act_outside(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Open => self.open(),
            Action::Working => self.open_working(),
            Action::TakeApart => {
                self.take_lane_apart();
                Vec::new()
            }
            Action::Tick => self.tick_step(),
            Action::Note => self.note(),
            Action::Follow => self.toggle_follow(),
            Action::FetchAgain => self.fetch_again(),
            Action::StopReading => self.stop_reading(),
            Action::Consoles => {
                self.offer_consoles();
                Vec::new()
            }
            Action::ConsoleLink => self.console_link().map(Effect::Copy).into_iter().collect(),
            Action::Copy => {
                self.offer_copies();
                Vec::new()
            }
            Action::Export => self.export(),
            Action::Ascii => self.toggle_ascii(),
            Action::Redraw => vec![Effect::Redraw],
            Action::Suspend => vec![Effect::Suspend],
            Action::Quit | Action::QuitNow => vec![Effect::Quit],
            _ => Vec::new(),
        }
    }

    fn export(&mut self) -> Vec<Effect> {
        if !self.session.can_export || self.judged.is_none() {
            self.session.notice = Some(self.look.say("nothing to export yet", "chưa có gì để xuất").into());
            return Vec::new();
        }
        self.session.notice = Some(self.look.say("writing the postmortem …", "đang ghi báo cáo …").into());
        vec![Effect::Export]
    }

    fn reveal(&mut self) {
        self.session.verdict_hidden = false;
    }
}
