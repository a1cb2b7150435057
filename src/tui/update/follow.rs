//! Following an incident by the minute, and asking for what the window needs.

use crate::exchange::{Area, Ask, Fact, Subject, What};
use crate::time::{Time, Window, finest_period, floor_to};
use crate::tui::app::{App, Effect};
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
    fn follow(&mut self, now: Time) -> Vec<Effect> {
        let Some(subject) = self.case.subject.clone().filter(|s| s.now < now) else { return Vec::new() };
        let from = subject.now.min(subject.window.end) - Duration::minutes(3);
        let window = Window::new(subject.window.start, now.max(subject.window.end));
        let grown = Fact { at: now, origin: None, what: What::Subject(Subject { window, now, ..subject }) };
        self.view.follow_to(now);
        let mut effects = self.learn(vec![grown]);
        let fresh = Window::new(from, now);
        self.session.asked = self.session.asked.map(|(w, p)| (w.hull(&fresh), p));
        effects.extend([Area::BalancerMetrics, Area::HostMetrics, Area::TargetHealth, Area::Changes].map(|a| self.ask(a, fresh, Some(60))));
        effects
    }

    pub(super) fn ask(&mut self, area: Area, window: Window, period: Option<u32>) -> Effect {
        self.session.generation += 1;
        Effect::Ask(Ask { area, window, period, generation: self.session.generation })
    }

    /// Asks for what the window needs and nobody asked for: minutes before or after, or a finer period.
    pub(super) fn ask_for_window(&mut self) -> Vec<Effect> {
        if self.session.kind != Kind::Live || self.session.source_ended {
            return Vec::new();
        }
        let window = self.view.window();
        let (held, held_period) = self.session.asked.unwrap_or_else(|| held(self));
        let period = finest_period(self.now() - window.start);
        let wanted = Window { start: window.start, end: window.end.min(self.now()) }.aligned(period);
        let finer = self.axis().step < i64::from(held_period) && held_period > period;
        let missing: Vec<Window> = if finer {
            vec![wanted]
        } else {
            let sides = [Window { start: wanted.start, end: held.start }, Window { start: held.end, end: wanted.end }];
            sides.into_iter().filter(|w| w.start + Duration::seconds(i64::from(period)) <= w.end).collect()
        };
        self.session.asked = Some((held.hull(&wanted), if finer { period } else { held_period }));
        let areas = [Area::BalancerMetrics, Area::HostMetrics];
        missing.iter().flat_map(|w| areas.map(|a| (a, *w))).map(|(a, w)| self.ask(a, w, Some(period))).collect()
    }

    pub(super) fn toggle_follow(&mut self) -> Vec<Effect> {
        if self.session.kind != Kind::Live {
            self.session.notice = Some(self.look.say("a recording cannot be followed", "bản ghi không thể theo dõi tiếp").into());
            return Vec::new();
        }
        self.view.following = !self.view.following;
        let now = self.now();
        if self.view.following { self.follow(floor_to(now, 60)) } else { Vec::new() }
    }

    pub(super) fn fetch_again(&mut self) -> Vec<Effect> {
        if self.session.kind != Kind::Live {
            self.session.notice = Some(self.look.say("a recording can learn nothing new", "bản ghi không thể biết thêm").into());
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
}

/// What was gathered from the start, and the period of the errors in it.
fn held(app: &App) -> (Window, u32) {
    let period = app.board.lanes.first().map_or(60, |l| l.grid.period.max(60));
    (app.view.whole(), period)
}

/// Areas that were neither read nor given up.
fn unsettled(app: &App) -> Vec<Area> {
    [Area::BalancerMetrics, Area::HostMetrics, Area::Changes].into_iter().filter(|a| app.case.is_waiting_for(*a)).collect()
}
