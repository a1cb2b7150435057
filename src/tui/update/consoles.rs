//! Console output on request: of the target one looks at, else of those in question. What it takes is said
//! first, and where it arrived afterwards.

use crate::case::addresses::Addresses;
use crate::case::topology::Console;
use crate::changes::console::in_question;
use crate::exchange::{Area, Ask, Fact, What};
use crate::tui::app::{App, Effect};
use crate::tui::layout::Pane;
use crate::tui::options::Kind;
use crate::tui::overlays::{Overlay, Question};
use crate::tui::panes;

/// Targets that are asked at once where none is selected.
const MOST: usize = 5;

impl App {
    pub(super) fn offer_consoles(&mut self) {
        if self.session.kind != Kind::Live || self.session.source_ended {
            let words = match self.case.consoles.len() {
                0 => self.look.say("a recording can learn nothing new", "bản ghi không thể biết thêm").into(),
                n => self.arrived(n),
            };
            self.session.notice = Some(words);
            return;
        }
        let ids = self.selected_instance().map_or_else(|| in_question(&self.case, MOST), |id| vec![id]);
        if ids.is_empty() {
            self.session.notice = Some(self.look.say("no target here is an instance", "không target nào ở đây là instance").into());
            return;
        }
        self.overlay = Some(Overlay::Question(Question::Consoles(ids)));
    }

    /// The instance that the selected row is about.
    fn selected_instance(&self) -> Option<String> {
        let selected = self.list(self.focus).selected;
        let known = |id: &str| self.case.instances.contains_key(id).then(|| id.to_owned());
        match self.focus {
            Pane::Lanes => known(self.board.subjects.get(selected)?.key.as_ref()?.instance()?),
            Pane::Topology => {
                let row: String = panes::topology::rows(self).get(selected)?.iter().map(|p| p.text.to_string()).collect();
                self.case.instances.keys().find(|id| row.contains(id.as_str())).cloned()
            }
            Pane::Log => {
                let rows = (self.log_map.rows.get(selected).map(|r| &r.name), self.log_map.checks.get(selected).map(|r| &r.name));
                let (address, _) = rows.0.or(rows.1)?.rsplit_once(':')?;
                self.case.derived::<Addresses>().instance(&self.case, address).map(|i| i.id.clone())
            }
            _ => None,
        }
    }

    pub(super) fn ask_consoles(&mut self, subjects: Vec<String>) -> Vec<Effect> {
        self.session.generation += 1;
        let n = subjects.len();
        self.session.notice = Some(format!("{} {n}", self.look.say("reading consoles:", "đang đọc console:")));
        let ask = Ask::new(Area::Consoles, self.view.whole(), None, self.session.generation);
        vec![Effect::Ask(Ask { subjects, ..ask })]
    }

    /// Where what was asked for has arrived.
    pub(super) fn tell_of_consoles(&mut self, facts: &[Fact]) {
        let read = |f: &Fact| if let What::Consoles(all) = &f.what { all.clone() } else { Vec::new() };
        let read: Vec<Console> = facts.iter().flat_map(read).collect();
        if self.session.kind == Kind::Live && !read.is_empty() {
            self.session.notice = Some(self.arrived(self.case.consoles.len()));
        }
    }

    fn arrived(&self, consoles: usize) -> String {
        let lines: usize = self.case.consoles.values().map(|c| c.lines.len()).sum();
        match self.look.lang {
            crate::text::Lang::En => {
                format!("{consoles} console(s) read, {lines} line(s) of trouble: findings (3), step “power events” (1)")
            }
            crate::text::Lang::Vi => format!("đã đọc {consoles} console, {lines} dòng báo lỗi: phát hiện (3), bước “tắt / bật máy” (1)"),
        }
    }
}
