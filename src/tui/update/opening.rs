//! Opening, copying and linking what is selected.

use crate::tui::app::{App, Effect};
use crate::tui::happenings::Origin;
use crate::tui::layout::Pane;
use crate::tui::overlays::Overlay;
use crate::tui::overlays::page::{self, About};
use crate::tui::panes::{self, gaps, runbook};
use crate::tui::working;

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

    /// The working of the selected lane, or of the lane that is charted.
    pub(super) fn open_working(&mut self) -> Vec<Effect> {
        let selected = self.list(Pane::Lanes).selected;
        let key = self.board.subjects.get(selected).and_then(|s| s.key.clone());
        match (self.focus, key) {
            (Pane::Lanes, Some(key)) => self.overlay = Some(Overlay::Page { about: About::Working(key), scroll: 0 }),
            (Pane::Lanes, None) => {
                self.session.notice = Some(self.look.say("this lane has no data yet", "biểu đồ này chưa có số liệu").into());
            }
            _ => return self.open(),
        }
        Vec::new()
    }

    /// What `y` copies from the focused pane.
    pub(super) fn copy(&mut self) -> Option<String> {
        let selected = self.list(self.focus).selected;
        let text = match self.focus {
            Pane::Gaps => gaps::iam_statement(self),
            Pane::Findings => self.findings().get(selected).map(|i| {
                let h = &self.happenings[*i];
                format!("{} {}", crate::time::rfc3339(h.at), h.text)
            }),
            Pane::Lanes => self.board.subjects.get(selected).and_then(|s| s.key.clone()).map(|k| working::command(self, &k)),
            Pane::Runbook => self.selected_step().map(|id| page::plain(self, &About::Step(id))),
            Pane::Hypotheses => panes::hypotheses::listed(self).get(selected).map(|h| h.cause).map(|c| page::plain(self, &About::Cause(c))),
            Pane::Log => self.log_map.rows.get(selected).map(|r| r.name.clone()),
            Pane::AppLog => panes::app_log::rows(self).get(selected).map(|(_, t)| t.pattern.to_string()),
            Pane::Topology => {
                panes::topology::rows(self).get(selected).map(|l| l.iter().map(|p| p.text.as_ref()).collect::<String>().trim().to_owned())
            }
        };
        if text.is_none() {
            self.session.notice = Some(self.look.say("nothing to copy here", "không có gì để sao chép").into());
        }
        text
    }

    pub(super) fn console_link(&mut self) -> Option<String> {
        let selected = self.list(self.focus).selected;
        match self.focus {
            Pane::Findings => {
                let i = *self.findings().get(selected)?;
                match &self.happenings[i].origin {
                    Origin::Events(keys) => keys.first().map(|(_, _, id)| working::page_link(self, "event", id)),
                    _ => self.case.alarm.as_ref().map(|a| working::page_link(self, "alarm", &a.name)),
                }
            }
            Pane::Lanes => self.board.subjects.get(selected).and_then(|s| s.key.clone()).map(|k| working::metric_link(self, &k)),
            _ => self.case.alarm.as_ref().map(|a| working::page_link(self, "alarm", &a.name)),
        }
    }
}
