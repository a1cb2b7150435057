//! The screen's whole state. It changes only in `update`; drawing reads it and learns nothing.

use super::axis::Axis;
use super::board::{self, Board, Fold};
use super::clock::Clock;
use super::happenings::{self, Happening};
use super::keymap::Keymap;
use super::layout::{self, Pane, Plan, Wants};
use super::options::{ColorMode, Kind, Options};
use super::overlays::Overlay;
use super::paint::Look;
use super::panes::lanes::Geometry;
use super::theme::Theme;
use super::view::View;
use crate::case::Case;
use crate::exchange::{Ask, Fact};
use crate::judge::Judged;
use crate::time::{Time, Window};
use chrono_tz::Tz;
use ratatui::layout::Rect;
use std::sync::Arc;

/// What the world tells the screen.
#[derive(Debug)]
pub enum Msg {
    Key(crossterm::event::KeyEvent),
    Paste(String),
    Resize(u16, u16),
    Facts(Vec<Fact>),
    /// The source has nothing more to say.
    SourceEnded,
    Judged(Box<Judged>),
    /// The clock moved on.
    Tick(Time),
    /// Something to say in the footer: an export done, a copy made, a disk full.
    Notice(String),
}

/// What an update may cause; the runtime does it.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Ask(Ask),
    Judge(Window),
    Record(Vec<Fact>),
    Export,
    Copy(String),
    Suspend,
    Redraw,
    Quit,
}

/// A list's own state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    pub selected: usize,
    pub filter: String,
}

/// What the rows of the log's heat map are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogBy {
    #[default]
    Target,
    Node,
    Signature,
}

/// The panes' own states.
#[derive(Clone, Debug, Default)]
pub struct Panes {
    pub lists: [List; 8],
    pub lanes_order: board::Order,
    pub fold: Fold,
    pub findings_order: happenings::Order,
    pub log_by: LogBy,
}

/// What holds for the whole session.
#[derive(Clone, Debug)]
pub struct Session {
    pub kind: Kind,
    pub zone: Tz,
    pub person: String,
    /// In a drill, until asked for.
    pub verdict_hidden: bool,
    pub generation: u64,
    pub theme_name: String,
    pub colors: ColorMode,
    pub source_ended: bool,
    pub can_export: bool,
    /// The current time where there is one: live sessions; otherwise the case's own.
    pub now: Option<Time>,
    pub notice: Option<String>,
    /// Facts changed what is drawn; part of what the board is made from.
    pub data_version: u64,
    /// The verdict that was announced last.
    pub announced: Option<&'static str>,
}

/// How clock times are shown; the onset is filled in when they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockKind {
    Utc,
    Local,
    FromOnset,
}

/// The whole state.
pub struct App {
    pub case: Arc<Case>,
    pub judged: Option<Arc<Judged>>,
    pub view: View,
    pub look: Look,
    pub keys: Keymap,
    pub session: Session,
    pub clock: ClockKind,
    pub panes: Panes,
    pub focus: Pane,
    pub lower: Pane,
    pub full: bool,
    pub overlay: Option<Overlay>,
    pub size: Rect,
    pub board: Board,
    pub happenings: Vec<Happening>,
    made_for: Option<MadeFor>,
}

/// What the board was made for: when it changes, the board is made anew.
#[derive(Clone, Debug, PartialEq)]
struct MadeFor {
    axis: Axis,
    order: board::Order,
    fold: Fold,
    filter: String,
    compare: Option<super::view::Compare>,
    selected: usize,
    room: usize,
    data_version: u64,
}

impl App {
    /// # Errors
    /// When the keys or theme file is wrong, with line and column.
    pub fn new(options: &Options) -> Result<Self, String> {
        let theme_name = options.theme.clone().unwrap_or_else(|| "dark".into());
        let theme = Theme::named(&theme_name, options.colors).map_err(|e| format!("theme: {e}"))?;
        let keys = Keymap::new(options.keys.as_deref()).map_err(|e| format!("keys: {e}"))?;
        let look = Look { lang: options.lang, ascii: options.ascii, low_bandwidth: options.low_bandwidth, theme };
        let session = Session {
            kind: options.kind,
            zone: options.zone,
            person: options.person.clone(),
            verdict_hidden: options.drill,
            generation: 0,
            theme_name,
            colors: options.colors,
            source_ended: false,
            can_export: options.export.is_some(),
            now: None,
            notice: options.notice.clone(),
            data_version: 0,
            announced: None,
        };
        let clock = if options.utc { ClockKind::Utc } else { ClockKind::Local };
        Ok(Self::bare(look, keys, session, clock))
    }

    fn bare(look: Look, keys: Keymap, session: Session, clock: ClockKind) -> Self {
        let hour = Window::new(Time::default(), Time::default() + chrono::Duration::hours(1));
        Self {
            case: Arc::default(),
            judged: None,
            view: View::new(hour),
            look,
            keys,
            session,
            clock,
            panes: Panes::default(),
            focus: Pane::Lanes,
            lower: Pane::Findings,
            full: false,
            overlay: None,
            size: Rect::ZERO,
            board: Board::default(),
            happenings: Vec::new(),
            made_for: None,
        }
    }

    /// "Now": the clock's in a live session, the case's own in any other.
    pub fn now(&self) -> Time {
        self.session.now.or_else(|| self.case.now()).unwrap_or_default()
    }

    pub fn clock(&self) -> Clock {
        match self.clock {
            ClockKind::Utc => Clock::Utc,
            ClockKind::Local => Clock::Local(self.session.zone),
            ClockKind::FromOnset => Clock::FromOnset(self.onset()),
        }
    }

    pub fn onset(&self) -> Option<Time> {
        self.judged.as_ref().and_then(|j| j.analysis.onset())
    }

    pub fn plan(&self) -> Plan {
        layout::plan(self.size, Wants { focus: self.focus, lower: self.lower, full: self.full })
    }

    pub fn list(&self, pane: Pane) -> &List {
        &self.panes.lists[pane.index()]
    }

    pub fn list_mut(&mut self, pane: Pane) -> &mut List {
        &mut self.panes.lists[pane.index()]
    }

    /// The axis that every pane shares: that of the lanes, wherever they would be.
    pub fn axis(&self) -> Axis {
        let width = self.plan().area_of(Pane::Lanes).map_or(self.size.width, |a| a.width);
        Axis::new(self.view.window(), Geometry::of(width).bars)
    }

    /// The happenings marked on the lanes, with their numbers.
    pub fn marked(&self) -> Vec<(usize, u8)> {
        happenings::marked(&self.happenings, self.axis().window(), 9)
    }

    /// The findings as listed.
    pub fn findings(&self) -> Vec<usize> {
        happenings::listed(&self.happenings, &self.list(Pane::Findings).filter, self.panes.findings_order)
    }

    /// Makes anew what drawing reads, if what it depends on has changed.
    pub fn refresh(&mut self) {
        let area = self.plan().area_of(Pane::Lanes).unwrap_or(self.size);
        let list = self.list(Pane::Lanes);
        let wanted = MadeFor {
            axis: self.axis(),
            order: self.panes.lanes_order,
            fold: self.panes.fold,
            filter: list.filter.to_lowercase(),
            compare: self.view.compare,
            selected: list.selected,
            room: super::panes::lanes::room(area, self),
            data_version: self.session.data_version,
        };
        if self.made_for.as_ref() == Some(&wanted) {
            return;
        }
        if self.made_for.as_ref().is_none_or(|m| m.data_version != wanted.data_version) {
            self.happenings = happenings::all(&self.case, self.judged.as_deref(), &self.look);
        }
        let wish = board::Wish {
            axis: wanted.axis,
            order: wanted.order,
            fold: wanted.fold,
            filter: &wanted.filter,
            compare: wanted.compare,
            selected: wanted.selected,
            room: wanted.room,
        };
        let selected = self.board.subjects.get(wanted.selected).cloned();
        let resort = self.made_for.as_ref().is_some_and(|m| {
            (m.order, m.fold, m.data_version) != (wanted.order, wanted.fold, wanted.data_version) && m.selected == wanted.selected
        });
        self.board = Board::build(&self.case, self.judged.as_deref(), &wish);
        self.made_for = Some(wanted);
        if resort {
            self.keep_selected(selected);
        }
    }

    /// The selection stays on its lane when the order changes.
    fn keep_selected(&mut self, before: Option<board::Subject>) {
        let Some(before) = before else { return };
        let same = |s: &board::Subject| s.metric.name == before.metric.name && s.place == before.place;
        let found = self.board.subjects.iter().position(same);
        let found = found.or_else(|| self.board.subjects.iter().position(|s| s.metric.name == before.metric.name));
        if let Some(i) = found.filter(|i| *i != self.list(Pane::Lanes).selected) {
            self.list_mut(Pane::Lanes).selected = i;
            self.refresh();
        }
    }

    /// A judged case at once, without a session: for pictures.
    pub fn show(&mut self, case: &Case, judged: &Judged, (width, height): (u16, u16)) {
        self.case = Arc::new(case.clone());
        self.view = View::new(case.window().unwrap_or(judged.window));
        self.view.go(judged.window);
        if let Some(onset) = judged.analysis.onset().filter(|o| judged.window.contains(*o)) {
            self.view.cursor = onset;
        }
        self.judged = Some(Arc::new(judged.clone()));
        self.size = Rect::new(0, 0, width, height);
        self.session.data_version += 1;
        self.refresh();
    }
}
