//! From a key, a click or a paste to what it means where one is.

use super::PAGE;
use super::moments::is_time;
use crate::tui::app::{App, Effect};
use crate::tui::keymap::Action;
use crate::tui::layout::Pane;
use crate::tui::overlays::Overlay;
use crate::tui::overlays::help;
use crate::tui::overlays::page::{self, About};
use crate::tui::panes::gaps;
use crate::tui::panes::lanes::Geometry;
use crate::tui::working;
use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

impl App {
    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let action = self.keys.action(key);
        if action.is_some() || self.overlay.is_some() {
            self.session.notice = None;
        }
        let mut effects = self.settle_characters(action);
        effects.extend(self.press(key, action));
        effects
    }

    /// Any key but the one for plain characters says that these are well.
    fn settle_characters(&mut self, action: Option<Action>) -> Vec<Effect> {
        let asked = self.session.first_run && action.is_some();
        self.session.first_run &= !asked;
        if asked && action != Some(Action::Ascii) { vec![Effect::RememberAscii(self.look.ascii)] } else { Vec::new() }
    }

    fn press(&mut self, key: KeyEvent, action: Option<Action>) -> Vec<Effect> {
        if action == Some(Action::QuitNow) {
            return vec![Effect::Quit];
        }
        match self.overlay.take() {
            None => action.map_or_else(Vec::new, |a| self.act(a)),
            Some(Overlay::Answer(form)) => self.answer_key(*form, key),
            Some(Overlay::Filter(text)) => self.filter_key(text, key),
            Some(Overlay::GoTo(text, _)) => self.go_to_key(text, key),
            Some(Overlay::Palette { text, selected }) => self.palette_key(text, selected, key),
            Some(Overlay::Copying { offered, selected }) => self.copying_key(offered, selected, key, action),
            Some(Overlay::Zones { text, selected }) => {
                self.zones_key(text, selected, key);
                Vec::new()
            }
            Some(Overlay::Parts(view)) => self.parts_key(view, action),
            Some(Overlay::Question(question)) => self.question_key(question, key),
            Some(over) => self.reading_key(over, key),
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Vec<Effect> {
        let text = crate::text::clean(text);
        match &mut self.overlay {
            Some(Overlay::Answer(form)) => form.type_in(&text),
            Some(Overlay::Filter(t) | Overlay::GoTo(t, _) | Overlay::Palette { text: t, .. } | Overlay::Zones { text: t, .. }) => {
                t.extend(text.chars().take(200));
            }
            _ => {}
        }
        Vec::new()
    }

    /// A click goes to its pane, and on the lanes to its time; the wheel zooms there and scrolls elsewhere.
    pub(super) fn mouse(&mut self, mouse: MouseEvent) {
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
            Action::Working => self.open_working_of(over),
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
                *scroll = (*scroll).min(help::lines(self, width.min(88)).len().saturating_sub(height));
            }
            _ => {}
        }
    }

    fn copy_overlay(&mut self, over: Overlay) -> Vec<Effect> {
        let text = match &over {
            Overlay::Page { about: About::Gap(_), .. } => gaps::iam_statement(self),
            Overlay::Page { about: About::Working(of), .. } => working::commands(self, of),
            Overlay::Page { about, .. } => Some(page::plain(self, about)),
            _ => None,
        };
        self.overlay = Some(over);
        text.map(Effect::Copy).into_iter().collect()
    }
}

/// Actions that work over any overlay that is only read.
pub(super) fn is_global(a: Action) -> bool {
    matches!(a, Action::Suspend | Action::Redraw | Action::Theme | Action::Language | Action::Ascii | Action::Clock | Action::Export)
}
