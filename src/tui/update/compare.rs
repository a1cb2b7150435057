//! Comparing with another time: what it costs is said before it is fetched.

use crate::exchange::Area;
use crate::time::{Window, finest_period};
use crate::tui::app::{App, Effect};
use crate::tui::board;
use crate::tui::compare::{Compare, Compared};
use crate::tui::cost;
use crate::tui::options::Kind;
use crate::tui::overlays::{Overlay, Question};
use crate::tui::panes::lanes::compare_words;

impl App {
    /// The next choice. Each says which days it holds against each other, and what stands in its way.
    pub(super) fn next_compare(&mut self) -> Vec<Effect> {
        self.view.compare = Compare::next(self.view.compare);
        let Some(choice) = self.view.compare else { return Vec::new() };
        let Some(compared) = self.compared() else {
            self.session.notice =
                Some(self.look.say("no deployment before this window is known", "không biết lần triển khai nào trước đó").into());
            return Vec::new();
        };
        self.session.notice = Some(self.told(choice, compared));
        self.look_back(compared)
    }

    /// Asks for what is not held; a live session is told the price first.
    fn look_back(&mut self, compared: Compared) -> Vec<Effect> {
        let then = compared.then(self.view.window());
        if board::holds(&self.case, then) {
            return Vec::new();
        }
        if self.session.kind != Kind::Live {
            self.session.notice = Some(self.look.say("this recording does not hold that time", "bản ghi này không có thời điểm đó").into());
            return Vec::new();
        }
        self.overlay = Some(Overlay::Question(Question::Earlier { then, metrics: cost::metrics_of_earlier(&self.case) }));
        Vec::new()
    }

    pub(super) fn ask_earlier(&mut self, then: Window) -> Vec<Effect> {
        self.session.budget.reconsider();
        if !self.may_ask(cost::of_metrics(cost::metrics_of_earlier(&self.case))) {
            return Vec::new();
        }
        vec![self.ask(Area::Baseline, then, Some(finest_period(self.now() - then.start)))]
    }

    /// `against yesterday: Sun 22 Nov 02:58–03:58 UTC; a Sunday against a Monday: c again for last week`
    fn told(&self, choice: Compare, compared: Compared) -> String {
        let (look, window, zone) = (&self.look, self.view.window(), self.session.zone);
        let mut words =
            format!("{} {}: {}", look.say("against", "so với"), compare_words(look, choice), self.clock().window(compared.then(window)));
        if let Some((then, now)) = compared.unlike_days(window, zone) {
            let hint = if choice == Compare::Yesterday { look.say("; c: last week", "; c: tuần trước") } else { "" };
            words.push_str(&format!(" · {then} {} {now}{hint}", look.say("is not", "khác")));
        }
        if !compared.clocks_changed().is_zero() {
            words.push_str(look.say(" · the clocks were changed between", " · có đổi giờ ở giữa"));
        }
        words
    }
}
