//! What a message does to the app, and which effects it has. No I/O, no clock, no waiting.

use super::app::{App, ClockKind, Effect, LogBy, Msg};
use super::board;
use super::happenings::{self, Origin};
use super::keymap::Action;
use super::layout::Pane;
use super::options::{ColorMode, Kind};
use super::overlays::page::{self, About};
use super::overlays::{Overlay, answer, palette};
use super::panes::lanes::Geometry;
use super::panes::{self, gaps, runbook};
use super::theme::{BUILT_IN, Theme};
use super::view::{self, Compare};
use super::working;
use crate::case::answers::{Answer, Said};
use crate::exchange::{Area, Ask, Fact, What};
use crate::judge::Judged;
use crate::text::Lang;
use crate::time::{Time, Window, finest_period};
use chrono::Duration;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;
use std::sync::Arc;

/// Rows moved by a page key.
const PAGE: usize = 10;

impl App {
    /// Takes in one message. What drawing reads is right again afterwards.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let before = (self.view.judged_window(), self.view.window());
        let mut effects = match msg {
            Msg::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Msg::Key(_) => Vec::new(),
            Msg::Mouse(mouse) => {
                self.mouse(mouse);
                Vec::new()
            }
            Msg::Paste(text) => self.paste(&text),
            Msg::Resize(w, h) => {
                self.size = ratatui::layout::Rect::new(0, 0, w, h);
                Vec::new()
            }
            Msg::Facts(facts) => self.learn(facts),
            Msg::SourceEnded => {
                self.session.source_ended = true;
                Vec::new()
            }
            Msg::Judged(judged) => {
                self.judged(*judged);
                Vec::new()
            }
            Msg::Tick(now) => self.tick(now),
            Msg::Notice(words) => {
                self.session.notice = Some(words);
                Vec::new()
            }
        };
        if self.view.judged_window() != before.0 && self.case.subject.is_some() {
            effects.push(Effect::Judge(self.view.judged_window()));
        }
        if self.view.window() != before.1 && self.case.subject.is_some() {
            effects.extend(self.ask_for_window());
        }
        self.refresh();
        effects
    }

    // --- what the world says ---

    fn learn(&mut self, facts: Vec<Fact>) -> Vec<Effect> {
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
            self.view = super::view::View::new(whole);
            self.view.following =
                self.session.kind == Kind::Live && self.case.now().is_some_and(|now| whole.end + Duration::minutes(5) >= now);
        } else {
            self.view.grow(whole);
        }
    }

    fn judged(&mut self, judged: Judged) {
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
            let name = super::words::cause(&self.look, cause);
            self.session.notice = Some(format!("{} {name}", self.look.say("the verdict changed:", "kết luận đã đổi:")));
        }
    }

    fn tick(&mut self, now: Time) -> Vec<Effect> {
        if self.session.kind != Kind::Live {
            return Vec::new();
        }
        let before = self.session.now.replace(now);
        let new_minute = before.is_none_or(|b| b.timestamp() / 60 != now.timestamp() / 60);
        if !(self.view.following && new_minute) {
            return Vec::new();
        }
        self.follow(crate::time::floor_to(now, 60))
    }

    /// A new minute in follow mode: the gathered window grows, and what is new in it is asked for.
    fn follow(&mut self, now: Time) -> Vec<Effect> {
        let Some(subject) = self.case.subject.clone().filter(|s| s.now < now) else { return Vec::new() };
        let from = subject.now.min(subject.window.end) - Duration::minutes(3);
        let window = Window::new(subject.window.start, now.max(subject.window.end));
        let grown = Fact { at: now, origin: None, what: What::Subject(crate::exchange::Subject { window, now, ..subject }) };
        self.view.follow_to(now);
        let mut effects = self.learn(vec![grown]);
        let fresh = Window::new(from, now);
        self.session.asked = self.session.asked.map(|(w, p)| (w.hull(&fresh), p));
        effects.extend([Area::BalancerMetrics, Area::HostMetrics, Area::TargetHealth, Area::Changes].map(|a| self.ask(a, fresh, Some(60))));
        effects
    }

    fn ask(&mut self, area: Area, window: Window, period: Option<u32>) -> Effect {
        self.session.generation += 1;
        Effect::Ask(Ask { area, window, period, generation: self.session.generation })
    }

    /// Asks for what the window needs and nobody asked for: minutes before or after, or a finer period.
    fn ask_for_window(&mut self) -> Vec<Effect> {
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

    // --- keys ---

    fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        self.session.notice = None;
        if self.keys.action(key) == Some(Action::QuitNow) {
            return vec![Effect::Quit];
        }
        match self.overlay.take() {
            None => self.keys.action(key).map_or_else(Vec::new, |a| self.act(a)),
            Some(Overlay::Answer(form)) => self.answer_key(*form, key),
            Some(Overlay::Filter(text)) => self.filter_key(text, key),
            Some(Overlay::GoTo(text, _)) => self.go_to_key(text, key),
            Some(Overlay::Palette { text, selected }) => self.palette_key(text, selected, key),
            Some(over) => self.reading_key(over, key),
        }
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        let text = crate::text::clean(text);
        match &mut self.overlay {
            Some(Overlay::Answer(form)) => form.type_in(&text),
            Some(Overlay::Filter(t) | Overlay::GoTo(t, _) | Overlay::Palette { text: t, .. }) => {
                t.extend(text.chars().take(200));
            }
            _ => {}
        }
        Vec::new()
    }

    /// A click goes to its pane, and on the lanes to its time; the wheel zooms there and scrolls elsewhere.
    fn mouse(&mut self, mouse: MouseEvent) {
        if self.overlay.is_some() {
            return;
        }
        let at = Position { x: mouse.column, y: mouse.row };
        let Some((pane, area)) = self.plan().panes.iter().copied().find(|(_, area)| area.contains(at)) else { return };
        let x = mouse.column.saturating_sub(area.x).checked_sub(Geometry::of(area.width).bars_at());
        let axis = self.axis();
        let time = x.filter(|x| pane == Pane::Lanes && *x < axis.columns).map(|x| axis.time(x));
        let factor = match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => None,
            MouseEventKind::ScrollUp => Some(0.5),
            MouseEventKind::ScrollDown => Some(2.0),
            _ => return,
        };
        self.go_to_pane(pane);
        match (time, factor) {
            (Some(t), None) => self.view.look_at(t),
            (Some(t), Some(factor)) => {
                self.view.look_at(t);
                self.view.zoom(factor);
            }
            (None, Some(factor)) if pane != Pane::Lanes => self.move_by(if factor < 1.0 { -3 } else { 3 }),
            _ => {}
        }
    }

    /// Keys of help, pages and the chart: scrolling, and for the chart everything that moves time.
    fn reading_key(&mut self, mut over: Overlay, key: KeyEvent) -> Vec<Effect> {
        let Some(action) = self.keys.action(key) else {
            self.overlay = Some(over);
            return Vec::new();
        };
        let chart = matches!(over, Overlay::Chart(_));
        if let Overlay::Help(scroll) | Overlay::Page { scroll, .. } = &mut over {
            match action {
                Action::Down => *scroll += 1,
                Action::Up => *scroll = scroll.saturating_sub(1),
                Action::PageDown => *scroll += PAGE,
                Action::PageUp => *scroll = scroll.saturating_sub(PAGE),
                Action::Top => *scroll = 0,
                Action::Bottom => *scroll = usize::MAX / 2,
                _ => {}
            }
            self.clamp_scroll(&mut over);
        }
        match action {
            Action::Back | Action::Quit | Action::Open => Vec::new(),
            Action::Help if matches!(over, Overlay::Help(_)) => Vec::new(),
            Action::Copy => self.copy_overlay(over),
            Action::Working if chart => self.open_working(),
            Action::Tick | Action::Note => self.act_over(over, action),
            a if chart && (is_time(a) || a == Action::ConsoleLink) || is_global(a) => {
                self.overlay = Some(over);
                self.act(a)
            }
            _ => {
                self.overlay = Some(over);
                Vec::new()
            }
        }
    }

    /// Answering from an opened step.
    fn act_over(&mut self, over: Overlay, action: Action) -> Vec<Effect> {
        if let Overlay::Page { about: About::Step(id), .. } = &over {
            return self.open_answer(id, action == Action::Note);
        }
        self.overlay = Some(over);
        Vec::new()
    }

    /// Scrolling never runs past the last screenful.
    fn clamp_scroll(&self, over: &mut Overlay) {
        let height = usize::from(self.size.height.saturating_sub(2));
        let width = self.size.width.saturating_sub(4);
        match over {
            Overlay::Page { about, scroll } => *scroll = (*scroll).min(page::made(self, about, width).1.len().saturating_sub(height)),
            Overlay::Help(scroll) => {
                *scroll = (*scroll).min(super::overlays::help::lines(self, width.min(88)).len().saturating_sub(height));
            }
            _ => {}
        }
    }

    fn copy_overlay(&mut self, over: Overlay) -> Vec<Effect> {
        let text = match &over {
            Overlay::Page { about: About::Gap(_), .. } => gaps::iam_statement(self),
            Overlay::Page { about: About::Working(key), .. } => Some(working::command(self, key)),
            Overlay::Page { about, .. } => Some(page::plain(self, about)),
            _ => None,
        };
        self.overlay = Some(over);
        text.map(Effect::Copy).into_iter().collect()
    }

    fn answer_key(&mut self, mut form: answer::Form, key: KeyEvent) -> Vec<Effect> {
        match form.press(key) {
            answer::Pressed::Editing => self.overlay = Some(Overlay::Answer(Box::new(form))),
            answer::Pressed::Left => {}
            answer::Pressed::Given => {
                if !form.by.trim().is_empty() {
                    form.by.trim().clone_into(&mut self.session.person);
                }
                return self.say_answer(form.answer(self.now()));
            }
        }
        Vec::new()
    }

    fn say_answer(&mut self, answer: Answer) -> Vec<Effect> {
        let at = answer.at;
        self.learn(vec![Fact { at, origin: None, what: What::Answer(answer) }])
    }

    fn filter_key(&mut self, mut text: String, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Enter => return Vec::new(),
            KeyCode::Esc => text.clear(),
            _ => edit(&mut text, key),
        }
        let pane = self.focus;
        self.list_mut(pane).filter.clone_from(&text);
        self.list_mut(pane).selected = 0;
        if key.code != KeyCode::Esc {
            self.overlay = Some(Overlay::Filter(text));
        }
        Vec::new()
    }

    fn go_to_key(&mut self, mut text: String, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => {}
            KeyCode::Enter if text.trim().is_empty() => {}
            KeyCode::Enter => {
                if let Err(wrong) = self.go_to(&text) {
                    self.overlay = Some(Overlay::GoTo(text, Some(wrong)));
                }
            }
            _ => {
                edit(&mut text, key);
                self.overlay = Some(Overlay::GoTo(text, None));
            }
        }
        Vec::new()
    }

    /// `02:13`, or a window: `02:00..03:00`.
    fn go_to(&mut self, text: &str) -> Result<(), String> {
        let zone = if self.clock == ClockKind::Local { self.session.zone } else { chrono_tz::Tz::UTC };
        let near = self.view.whole().end.max(self.view.window().end);
        let read = |t: &str| crate::time::parse(t, near, zone).map_err(|e| e.to_string());
        match text.split_once("..") {
            Some((from, to)) => self.view.go(Window::new(read(from)?, read(to)?).zoomed(1.0, read(from)?)),
            None => self.view.look_at(read(text)?),
        }
        Ok(())
    }

    fn palette_key(&mut self, mut text: String, mut selected: usize, key: KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Esc => return Vec::new(),
            KeyCode::Enter => {
                let chosen = palette::found(self, &text).get(selected).map(|r| r.action);
                return chosen.map_or_else(Vec::new, |a| self.act(a));
            }
            KeyCode::Down => selected = (selected + 1).min(palette::found(self, &text).len().saturating_sub(1)),
            KeyCode::Up => selected = selected.saturating_sub(1),
            _ => {
                edit(&mut text, key);
                selected = 0;
            }
        }
        self.overlay = Some(Overlay::Palette { text, selected });
        Vec::new()
    }

    // --- actions ---

    fn act(&mut self, action: Action) -> Vec<Effect> {
        if is_time(action) {
            self.act_on_time(action);
            return if action == Action::Compare { self.ask_baseline() } else { Vec::new() };
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
            Action::Unfold => self.panes.fold = self.panes.fold.next(),
            Action::Palette => self.overlay = Some(Overlay::Palette { text: String::new(), selected: 0 }),
            Action::Help => self.overlay = Some(Overlay::Help(0)),
            Action::GoToTime => self.overlay = Some(Overlay::GoTo(String::new(), None)),
            Action::Theme => self.next_theme(),
            Action::Language => self.next_language(),
            Action::Ascii => self.look.ascii = !self.look.ascii,
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
            Action::Tick => self.tick_step(),
            Action::Note => self.note(),
            Action::Follow => self.toggle_follow(),
            Action::FetchAgain => self.fetch_again(),
            Action::ConsoleLink => self.console_link().map(Effect::Copy).into_iter().collect(),
            Action::Copy => self.copy().map(Effect::Copy).into_iter().collect(),
            Action::Export => self.export(),
            Action::Redraw => vec![Effect::Redraw],
            Action::Suspend => vec![Effect::Suspend],
            Action::Quit | Action::QuitNow => vec![Effect::Quit],
            _ => Vec::new(),
        }
    }

    fn act_on_time(&mut self, action: Action) {
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
            Action::Compare => self.view.compare = Compare::next(self.view.compare),
            Action::Pin => self.pin(),
            _ => {}
        }
    }

    fn pin(&mut self) {
        self.view.next_about();
        let words = match self.view.about {
            view::About::Everything => {
                self.look.say("the verdict is about everything that was gathered", "kết luận xét mọi thứ đã thu thập")
            }
            view::About::Seen => {
                self.look.say("the verdict follows the window you look at; p pins it", "kết luận đi theo khoảng đang xem; p để giữ lại")
            }
            view::About::Pinned(_) => {
                self.look.say("the verdict stays with this window; p: everything again", "kết luận giữ theo khoảng này; p: xét lại tất cả")
            }
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

    /// The worst episode with room on both sides, within what was gathered.
    fn go_to_incident(&mut self) {
        let whole = self.view.whole();
        let episodes = self.judged.as_ref().map(|j| j.analysis.episodes.as_slice()).unwrap_or_default();
        let real: Vec<_> = episodes.iter().filter(|e| !e.isolated).collect();
        let (Some(first), Some(last)) = (real.first(), real.last()) else { return self.view.go(whole) };
        let span = Window::new(first.onset, last.end.unwrap_or(whole.end));
        let room = (span.span() / 2).clamp(Duration::minutes(15), Duration::hours(2));
        let wanted = span.widened(room, room);
        self.view.go(wanted.intersect(&whole).filter(|w| w.span() >= crate::time::NARROWEST).unwrap_or(wanted));
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
        let facts = |i: &usize| !matches!(self.happenings[*i].origin, Origin::Evidence(_));
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

    fn select_happening(&mut self, i: usize) {
        if let Some(at) = self.findings().iter().position(|f| *f == i) {
            self.list_mut(Pane::Findings).selected = at;
        }
    }

    fn toggle_follow(&mut self) -> Vec<Effect> {
        if self.session.kind != Kind::Live {
            self.session.notice = Some(self.look.say("a recording cannot be followed", "bản ghi không thể theo dõi tiếp").into());
            return Vec::new();
        }
        self.view.following = !self.view.following;
        let now = self.now();
        if self.view.following { self.follow(crate::time::floor_to(now, 60)) } else { Vec::new() }
    }

    fn ask_baseline(&mut self) -> Vec<Effect> {
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

    fn fetch_again(&mut self) -> Vec<Effect> {
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

    fn export(&mut self) -> Vec<Effect> {
        if !self.session.can_export || self.judged.is_none() {
            self.session.notice = Some(self.look.say("nothing to export yet", "chưa có gì để xuất").into());
            return Vec::new();
        }
        self.session.notice = Some(self.look.say("writing the postmortem …", "đang ghi báo cáo …").into());
        vec![Effect::Export]
    }

    // --- moving about ---

    fn move_by(&mut self, by: i64) {
        let pane = self.focus;
        let rows = panes::rows(self, pane);
        let last = rows.saturating_sub(1) as i64;
        let list = self.list_mut(pane);
        list.selected = (list.selected as i64).saturating_add(by).clamp(0, last.max(0)) as usize;
        if pane == Pane::Findings {
            let at = self.findings().get(self.list(pane).selected).map(|i| self.happenings[*i].at);
            if let Some(t) = at.filter(|t| self.view.window().contains(*t)) {
                self.view.cursor = t;
                self.view.touched = true;
            }
        }
    }

    fn next_pane(&self, forward: bool) -> Pane {
        if forward { self.focus.next() } else { self.focus.previous() }
    }

    fn go_to_pane(&mut self, pane: Pane) {
        self.focus = pane;
        if pane != Pane::Lanes {
            self.lower = pane;
        }
    }

    fn back(&mut self) {
        let pane = self.focus;
        if !self.list(pane).filter.is_empty() {
            self.list_mut(pane).filter.clear();
        } else if self.view.marks.iter().any(Option::is_some) {
            self.view.marks = [None; 2];
        } else if self.full {
            self.full = false;
        } else {
            self.go_to_pane(Pane::Lanes);
        }
    }

    fn next_order(&mut self) {
        match self.focus {
            Pane::Findings => {
                let selected = self.findings().get(self.list(Pane::Findings).selected).copied();
                self.panes.findings_order = match self.panes.findings_order {
                    happenings::Order::Time => happenings::Order::Relevance,
                    happenings::Order::Relevance => happenings::Order::Time,
                };
                self.refresh();
                if let Some(i) = selected {
                    self.select_happening(i);
                }
            }
            Pane::Log => {
                self.panes.log_by = match self.panes.log_by {
                    LogBy::Target => LogBy::Node,
                    LogBy::Node => LogBy::Signature,
                    LogBy::Signature => LogBy::Target,
                }
            }
            _ => {
                self.panes.lanes_order = match self.panes.lanes_order {
                    board::Order::Correlation => board::Order::Runbook,
                    board::Order::Runbook => board::Order::Name,
                    board::Order::Name => board::Order::Correlation,
                }
            }
        }
    }

    fn next_theme(&mut self) {
        let at = BUILT_IN.iter().position(|(name, _)| *name == self.session.theme_name).unwrap_or(BUILT_IN.len() - 1);
        let (name, _) = BUILT_IN[(at + 1) % BUILT_IN.len()];
        name.clone_into(&mut self.session.theme_name);
        self.look.theme = Theme::built_in(name, self.session.colors);
        if self.session.colors == ColorMode::None {
            self.session.notice = Some(self.look.say("this terminal shows no colours", "terminal này không hiện màu").into());
        }
    }

    fn next_language(&mut self) {
        self.look.lang = match self.look.lang {
            Lang::En => Lang::Vi,
            Lang::Vi => Lang::En,
        };
        self.session.data_version += 1;
    }

    fn reveal(&mut self) {
        self.session.verdict_hidden = false;
    }

    // --- opening, answering, copying ---

    fn open(&mut self) -> Vec<Effect> {
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
    fn open_working(&mut self) -> Vec<Effect> {
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

    fn selected_step(&self) -> Option<&'static str> {
        runbook::rows(self).get(self.list(Pane::Runbook).selected).map(|r| r.id)
    }

    /// Ticks a step that was measured; a question is answered in a form.
    fn tick_step(&mut self) -> Vec<Effect> {
        if self.focus != Pane::Runbook {
            self.go_to_pane(Pane::Runbook);
            return Vec::new();
        }
        let Some(id) = self.selected_step() else { return Vec::new() };
        if id.starts_with("ask-") || id == "aws-status" {
            return self.open_answer(id, false);
        }
        let done = self.case.answer_to(id).is_some_and(|a| a.answer == Said::Done);
        let answer = if done { Said::NotDone } else { Said::Done };
        let note = self.case.answer_to(id).map(|a| a.note.clone()).unwrap_or_default();
        let by = self.session.person.as_str().into();
        self.say_answer(Answer { check: id.into(), answer, note, by, at: self.now() })
    }

    fn note(&mut self) -> Vec<Effect> {
        if let Some(id) = self.selected_step().filter(|_| self.focus == Pane::Runbook) {
            return self.open_answer(id, true);
        }
        self.go_to_pane(Pane::Runbook);
        Vec::new()
    }

    fn open_answer(&mut self, id: &'static str, at_note: bool) -> Vec<Effect> {
        let status = self
            .judged
            .as_ref()
            .and_then(|j| j.outcomes.iter().find(|o| o.check == id))
            .map_or(crate::checks::Status::Waiting, |o| o.status);
        let mut form = answer::Form::new(id, status, self.case.answer_to(id), &self.session.person);
        if id == "aws-status" {
            form.choices = vec![Said::Yes, Said::No, Said::DontKnow];
        }
        form.field = if at_note { 2 } else { 0 };
        self.overlay = Some(Overlay::Answer(Box::new(form)));
        Vec::new()
    }

    /// What `y` copies from the focused pane.
    fn copy(&mut self) -> Option<String> {
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

    fn console_link(&mut self) -> Option<String> {
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

/// What was gathered from the start, and the period of the errors in it.
fn held(app: &App) -> (Window, u32) {
    let period = app.board.lanes.first().map_or(60, |l| l.grid.period.max(60));
    (app.view.whole(), period)
}

/// Areas that were neither read nor given up.
fn unsettled(app: &App) -> Vec<Area> {
    [Area::BalancerMetrics, Area::HostMetrics, Area::Changes].into_iter().filter(|a| app.case.is_waiting_for(*a)).collect()
}

/// Actions that change where in time one looks; they work under the big chart too.
fn is_time(a: Action) -> bool {
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

/// Actions that work over any overlay that is only read.
fn is_global(a: Action) -> bool {
    matches!(a, Action::Suspend | Action::Redraw | Action::Theme | Action::Language | Action::Ascii | Action::Clock | Action::Export)
}

/// Typing into a line.
fn edit(text: &mut String, key: KeyEvent) {
    match key.code {
        KeyCode::Backspace => drop(text.pop()),
        KeyCode::Char('u' | 'w') if key.modifiers.contains(KeyModifiers::CONTROL) => text.clear(),
        KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) && text.len() < 200 => {
            text.push_str(&crate::text::clean(&c.to_string()));
        }
        _ => {}
    }
}
