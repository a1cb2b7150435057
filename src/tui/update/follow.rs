//! Following an incident by the minute, and asking for what the window needs: never while frozen, and not
//! beyond the ceiling on cost.

use crate::exchange::{Area, Ask, Fact, Subject, What};
use crate::say;
use crate::time::{Time, Window, floor_to};
use crate::tui::app::{App, Effect};
use crate::tui::asked::period_for;
use crate::tui::cost::{self, Price};
use crate::tui::layout::Pane;
use crate::tui::numbers;
use crate::tui::options::Kind;
use chrono::Duration;

impl App {
    pub(super) fn tick(&mut self, now: Time) -> Vec<Effect> {
        if self.session.kind != Kind::Live {
            return Vec::new();
        }
        let before = self.session.now.replace(now);
        let new_minute = before.is_none_or(|b| b.timestamp() / 60 != now.timestamp() / 60);
        if !(self.view.following && new_minute) {
            return Vec::new();
        }
        self.follow(floor_to(now, 60))
    }

    /// A new minute in follow mode: the gathered window grows, and what is new in it is asked for.
    pub(super) fn follow(&mut self, now: Time) -> Vec<Effect> {
        let Some(subject) = self.case.subject.clone().filter(|s| s.now < now) else { return Vec::new() };
        if !self.may_ask(cost::of_metrics(self.case.series.len())) {
            return Vec::new();
        }
        let from = subject.now.min(subject.window.end) - Duration::minutes(3);
        let window = Window::new(subject.window.start, now.max(subject.window.end));
        let grown = Fact { at: now, origin: None, what: What::Subject(Subject { window, now, ..subject }) };
        self.view.follow_to(now);
        let mut effects = self.learn(vec![grown]);
        let fresh = Window::new(from, now);
        self.remember_the_first();
        self.session.asked.add(fresh, 60);
        let areas = [Area::BalancerMetrics, Area::HostMetrics, Area::TargetHealth, Area::Changes];
        effects.extend(areas.map(|a| self.ask(a, fresh, Some(60))));
        effects
    }

    /// Whether the ceiling lets anything be asked; else the question stands.
    pub(super) fn may_ask(&mut self, price: f64) -> bool {
        self.session.budget.allows(self.case.cost.estimated_usd, price)
    }

    /// A newer ask of an area replaces one under way, so it takes over what that one was about.
    pub(super) fn ask(&mut self, area: Area, window: Window, period: Option<u32>) -> Effect {
        self.session.generation += 1;
        let window = self.session.open_asks.add(area, window);
        Effect::Ask(Ask::new(area, window, period, self.session.generation))
    }

    /// Ends the reading of the log that is looked at, or of both: it may take long, and cost.
    pub(super) fn stop_reading(&mut self) -> Vec<Effect> {
        let logs = match self.focus {
            Pane::Log => &[Area::AccessLog][..],
            Pane::AppLog => &[Area::AppLog],
            _ => &[Area::AccessLog, Area::AppLog],
        };
        let read: Vec<Area> = logs.iter().copied().filter(|a| self.session.kind == Kind::Live && self.case.busy.contains_key(a)).collect();
        let words = if read.is_empty() {
            self.look.say("no log is being read", "không có log nào đang đọc")
        } else {
            self.look.say("stopping: what was read so far stays", "đang dừng: phần đã đọc vẫn giữ")
        };
        self.session.notice = Some(words.into());
        let (window, generation) = (self.view.whole(), self.session.generation);
        read.into_iter().map(|area| Effect::Ask(Ask { stop: true, ..Ask::new(area, window, None, generation) })).collect()
    }

    /// Asks for what the window needs and nobody asked for: minutes before or after, or a finer period.
    pub(super) fn ask_for_window(&mut self) -> Vec<Effect> {
        if self.session.kind != Kind::Live || self.session.source_ended {
            return Vec::new();
        }
        self.remember_the_first();
        let window = self.view.window();
        let period = period_for(self.axis().step, self.now() - window.start);
        let wanted = Window { start: window.start, end: window.end.min(self.now()) }.aligned(period);
        let Some(missing) = self.session.asked.missing(wanted, period) else { return Vec::new() };
        if self.session.frozen {
            let words = self.look.say("frozen: nothing is fetched; f follows again", "đang đóng băng: không đọc thêm; f để theo dõi tiếp");
            self.session.notice = Some(words.into());
            return Vec::new();
        }
        let price = Price::of_window(&self.case, missing, period);
        if !self.may_ask(price.usd()) {
            return Vec::new();
        }
        self.session.notice = Some(self.priced(missing, period, price));
        self.session.asked.add(missing, period);
        [Area::BalancerMetrics, Area::HostMetrics].map(|a| self.ask(a, missing, Some(period))).into()
    }

    /// `asking CloudWatch for 02:00–02:30, a point every 60 s: 240 metrics in 2 calls, about $0.002`
    fn priced(&self, window: Window, period: u32, price: Price) -> String {
        let (look, when, usd) = (&self.look, self.clock().window(window), numbers::dollars(price.usd()));
        let Price { metrics, calls } = price;
        let words = say!(
            "asking CloudWatch for {when} by {period} s: {metrics} metrics in {calls} calls, about {usd}",
            "hỏi CloudWatch {when} theo {period} s: {metrics} chỉ số trong {calls} lệnh gọi, khoảng {usd}"
        );
        look.text(&words).to_owned()
    }

    /// What the first reading left out because of its price is asked about.
    pub(super) fn raise_unasked(&mut self) {
        let price: f64 = self.case.unasked.values().map(|u| u.estimated_usd).sum();
        self.session.budget.raise(self.case.cost.estimated_usd + price);
    }

    fn ask_over_ceiling(&mut self, area: Area) -> Effect {
        match self.ask(area, self.view.whole(), None) {
            Effect::Ask(ask) => Effect::Ask(Ask { over_ceiling: true, ..ask }),
            other => other,
        }
    }

    /// What is gathered without being asked for, at the period of the errors.
    fn remember_the_first(&mut self) {
        if self.session.asked.is_empty() {
            let period = self.board.lanes.first().map_or(60, |l| l.grid.period.max(60));
            self.session.asked.add(self.view.whole(), period);
        }
    }

    pub(super) fn toggle_follow(&mut self) -> Vec<Effect> {
        if self.session.kind != Kind::Live {
            self.session.notice = Some(self.look.say("a recording cannot be followed", "bản ghi không thể theo dõi tiếp").into());
            return Vec::new();
        }
        self.view.following = !self.view.following;
        self.session.frozen = !self.view.following;
        if !self.view.following {
            return Vec::new();
        }
        self.session.budget.reconsider();
        self.follow(floor_to(self.now(), 60))
    }

    pub(super) fn fetch_again(&mut self) -> Vec<Effect> {
        if self.session.kind != Kind::Live {
            self.session.notice = Some(self.look.say("a recording can learn nothing new", "bản ghi không thể biết thêm").into());
            return Vec::new();
        }
        self.session.budget.reconsider();
        if !self.case.unasked.is_empty() {
            self.raise_unasked();
            return Vec::new();
        }
        if !self.may_ask(0.0) {
            return Vec::new();
        }
        let mut areas: Vec<Area> = self.case.gaps.iter().map(|g| g.area).collect();
        areas.extend(unsettled(self));
        areas.sort_unstable();
        areas.dedup();
        let window = self.view.whole();
        self.session.notice = Some(format!("{} {}", self.look.say("asking again: ", "hỏi lại: "), areas.len()));
        areas.into_iter().map(|a| self.ask(a, window, None)).collect()
    }

    /// The ceiling is raised, and what waited for it goes on.
    pub(super) fn spend_on(&mut self) -> Vec<Effect> {
        self.session.budget.go_on(self.case.cost.estimated_usd);
        let left_out: Vec<Area> = self.case.unasked.keys().copied().collect();
        if !left_out.is_empty() {
            return left_out.into_iter().map(|area| self.ask_over_ceiling(area)).collect();
        }
        let mut effects = if self.view.following { self.follow(floor_to(self.now(), 60)) } else { Vec::new() };
        effects.extend(self.ask_for_window());
        effects
    }

    pub(super) fn spend_no_more(&mut self) {
        self.session.budget.stop();
        if !self.case.unasked.is_empty() {
            return;
        }
        self.view.following = false;
        self.session.frozen = true;
    }
}

/// Areas that were neither read nor given up.
fn unsettled(app: &App) -> Vec<Area> {
    [Area::BalancerMetrics, Area::HostMetrics, Area::Changes].into_iter().filter(|a| app.case.is_waiting_for(*a)).collect()
}
