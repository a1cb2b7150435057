//! Comparing with another time.

use crate::exchange::Area;
use crate::time::{Window, finest_period};
use crate::tui::app::{App, Effect};
use crate::tui::options::Kind;

impl App {
    pub(super) fn ask_baseline(&mut self) -> Vec<Effect> {
        let Some(compare) = self.view.compare else { return Vec::new() };
        let w = self.view.window();
        let then = Window { start: w.start - compare.back(), end: w.end - compare.back() };
        let held = self.case.series.iter().any(|(_, t)| t.best("", then).is_some());
        if held {
            return Vec::new();
        }
        if self.session.kind != Kind::Live {
            self.session.notice = Some(self.look.say("this recording does not hold that time", "bản ghi này không có thời điểm đó").into());
            return Vec::new();
        }
        vec![self.ask(Area::Baseline, then, Some(finest_period(self.now() - then.start)))]
    }
}
