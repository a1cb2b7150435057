//! What the world says: facts arrive, a judgement is done, the verdict changes.

use crate::exchange::Fact;
use crate::judge::Judged;
use crate::time::{Time, Window};
use crate::tui::app::{App, Effect};
use crate::tui::options::Kind;
use crate::tui::view::View;
use crate::tui::words;
use chrono::Duration;
use std::sync::Arc;

impl App {
    pub(super) fn learn(&mut self, facts: Vec<Fact>) -> Vec<Effect> {
        let recorded = facts.clone();
        let case = Arc::make_mut(&mut self.case);
        for fact in facts {
            case.absorb(fact);
        }
        self.session.data_version += 1;
        if let Some(whole) = self.case.window() {
            self.adopt(whole);
        }
        vec![Effect::Record(recorded), Effect::Judge(self.view.judged_window())]
    }

    /// The gathered window is now this one.
    fn adopt(&mut self, whole: Window) {
        if self.view.whole() == whole {
            return;
        }
        let fresh = self.view.whole().start == Time::default();
        if fresh {
            self.view = View::new(whole);
            self.view.following =
                self.session.kind == Kind::Live && self.case.now().is_some_and(|now| whole.end + Duration::minutes(5) >= now);
        } else {
            self.view.grow(whole);
        }
    }

    pub(super) fn judged(&mut self, judged: Judged) {
        self.announce(&judged);
        self.judged = Some(Arc::new(judged));
        self.session.data_version += 1;
        self.place();
    }

    /// The first onset that is known brings the incident before one's eyes, once, and only if nobody has
    /// moved anything yet.
    fn place(&mut self) {
        let Some(onset) = self.onset().filter(|_| !self.session.placed && !self.view.touched) else { return };
        self.session.placed = true;
        self.go_to_incident();
        self.view.cursor = onset;
        self.view.touched = false;
    }

    /// A verdict that changes while somebody watches is said, not only shown.
    fn announce(&mut self, judged: &Judged) {
        let cause = judged.verdict.cause.id();
        let before = self.session.announced.replace(cause);
        let same_window = self.judged.as_ref().is_some_and(|j| j.window.start == judged.window.start);
        if before.is_some_and(|b| b != cause) && same_window && !self.session.verdict_hidden {
            let name = words::cause(&self.look, cause);
            self.session.notice = Some(format!("{} {name}", self.look.say("the verdict changed:", "kết luận đã đổi:")));
        }
    }
}
