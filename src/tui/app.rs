//! The screen's whole state. It changes only in `update`; drawing reads it and learns nothing.

use super::asked::{Asked, OpenAsks};
use super::axis::Axis;
use super::board::{self, Board, Fold};
use super::clock::Clock;
use super::compare::Compared;
use super::cost::Budget;
use super::happenings::{self, Happening};
use super::keymap::Keymap;
use super::layout::{self, Pane, Plan, Wants};
use super::options::{self, ColorMode, Options};
use super::overlays::Overlay;
use super::paint::Look;
use super::panes::lanes::Geometry;
use super::panes::log::LogMap;
use super::parts::{self, Parts};
use super::theme::Theme;
use super::view::View;
use crate::analysis::timeline::Kind;
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
    Mouse(crossterm::event::MouseEvent),
    Paste(String),
    Resize(u16, u16),
    Facts(Vec<Fact>),
    /// The source has nothing more to say.
    SourceEnded,
    Judged(Box<Judged>),
    /// The clock moved on.
    Tick(Time),
    /// The terminal says what its background is.
    Background {
        light: bool,
    },
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
    RememberAscii(bool),
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
    /// Without times: paths are only counted over the whole log.
    Path,
    /// The balancer's health-check log: states of each target.
    HealthCheck,
}

/// The panes' own states.
#[derive(Clone, Debug, Default)]
pub struct Panes {
    pub lists: [List; 8],
    pub lanes_order: board::Order,
    pub fold: Fold,
    pub findings_order: happenings::Order,
    /// What is not about this path is listed, too.
    pub findings_elsewhere: bool,
    pub log_by: LogBy,
}

/// What holds for the whole session.
#[derive(Clone, Debug)]
pub struct Session {
    pub kind: options::Kind,
    pub zone: Tz,
    pub person: String,
    /// In a drill, until asked for.
    pub verdict_hidden: bool,
    pub generation: u64,
    pub theme_name: String,
    /// Nobody has chosen a theme: the terminal may.
    pub theme_open: bool,
    /// The first session ever, until a key is pressed.
    pub first_run: bool,
    pub colors: ColorMode,
    pub source_ended: bool,
    pub can_export: bool,
    /// The current time where there is one: live sessions; otherwise the case's own.
    pub now: Option<Time>,
    pub notice: Option<String>,
    /// Facts changed what is drawn; part of what the board is made from.
    pub data_version: u64,
    /// Grows with every fact, not with a judgement.
    pub facts_version: u64,
    /// The incident was brought before one's eyes.
    pub placed: bool,
    pub asked: Asked,
    /// What each area was asked for and has not answered yet.
    pub open_asks: OpenAsks,
    pub budget: Budget,
    /// Somebody froze it: nothing is fetched.
    pub frozen: bool,
    /// The window of every episode there is.
    pub incident: Option<Window>,
    /// The verdict before this one, and until when it stood.
    pub verdict_before: Option<(String, Time)>,
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
    /// Where each series stands in the last judgement's ranking.
    pub ranking: board::Ranking,
    pub happenings: Vec<Happening>,
    pub log_map: LogMap,
    /// The lane that is taken apart, if one is.
    pub parts: Parts,
    findings: Vec<usize>,
    marked: Vec<(usize, u8)>,
    made: Made,
}

/// What each thing that drawing reads was made from: when that changes, and only then, it is made anew.
#[derive(Clone, Debug, Default, PartialEq)]
struct Made {
    happenings: Option<(u64, bool)>,
    arranged: Option<(u64, board::Wish)>,
    filled: Option<(u64, board::Wish, board::Sight)>,
    findings: Option<(u64, String, happenings::Order)>,
    marked: Option<(u64, Window)>,
    log: Option<(u64, Axis, LogBy, String)>,
    parts: Option<(u64, parts::Wish)>,
}

/// Asked once in the life of an installation.
const FIRST_EN: &str = "boxes or question marks here? ▂▅█ ① ‼ ✓ · then press A: plain characters";
const FIRST_VI: &str = "ở đây hiện ô vuông hay dấu hỏi? ▂▅█ ① ‼ ✓ · nếu vậy nhấn A: ký tự ASCII";

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
            theme_open: options.ask_background,
            first_run: options.first_run,
            colors: options.colors,
            source_ended: false,
            can_export: options.export.is_some(),
            now: None,
            notice: options.notice.clone().or_else(|| options.first_run.then(|| look.say(FIRST_EN, FIRST_VI).to_owned())),
            data_version: 0,
            facts_version: 0,
            placed: false,
            asked: Asked::default(),
            open_asks: OpenAsks::default(),
            budget: Budget::new(options.cost_ceiling),
            frozen: false,
            incident: None,
            verdict_before: None,
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
            ranking: board::Ranking::default(),
            happenings: Vec::new(),
            log_map: LogMap::default(),
            parts: Parts::default(),
            findings: Vec::new(),
            marked: Vec::new(),
            made: Made::default(),
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

    pub fn scores(&self) -> board::Scores<'_> {
        board::Scores { judged: self.judged.as_deref(), ranking: &self.ranking }
    }

    /// What the window is compared with, settled; `None` without a wish or without anything to compare with.
    pub fn compared(&self) -> Option<Compared> {
        let choice = self.view.compare?;
        let window = self.view.window();
        Compared::of(choice, window, self.session.zone, self.deployment_before(window.end))
    }

    /// When the last deployment on the path began, before the errors where they are known.
    fn deployment_before(&self, end: Time) -> Option<Time> {
        let judged = self.judged.as_ref()?;
        let latest = self.onset().map_or(end, |onset| onset.min(end));
        let all = judged.analysis.timeline.on_path().into_iter();
        all.filter(|e| e.kind == Kind::Deployment && !e.attempt && e.at < latest).map(|e| e.at).max()
    }

    /// Something is known, nothing is on its way, and nothing has been said about it yet.
    pub fn is_judging(&self) -> bool {
        self.judged.is_none() && self.case.busy.is_empty() && !self.case.settled.is_empty()
    }

    pub fn plan(&self) -> Plan {
        layout::plan(self.size, Wants { focus: self.focus, lower: self.lower, full: self.full, fewer: self.look.low_bandwidth })
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
    pub fn marked(&self) -> &[(usize, u8)] {
        &self.marked
    }

    /// The findings as listed.
    pub fn findings(&self) -> &[usize] {
        &self.findings
    }

    /// Makes anew what drawing reads, as far as what it depends on has changed.
    pub fn refresh(&mut self) {
        let version = self.session.data_version;
        self.find_happenings(version);
        self.arrange_lanes(version);
        self.fill_lanes(version);
        self.list_findings(version);
        self.mark_happenings(version);
        self.map_log(version);
        self.take_apart(version);
    }

    fn find_happenings(&mut self, version: u64) {
        let wanted = (version, self.panes.findings_elsewhere);
        if self.made.happenings == Some(wanted) {
            return;
        }
        let selected = self.selected_happening().cloned();
        self.happenings = happenings::all(&self.case, self.judged.as_deref(), &self.look, wanted.1);
        self.made.happenings = Some(wanted);
        // Their numbers are others now.
        (self.made.findings, self.made.marked) = (None, None);
        self.list_findings(version);
        // The selection stays on its finding when others arrive before it.
        let found = selected.and_then(|s| self.findings.iter().position(|i| self.happenings[*i].origin == s.origin));
        if let Some(at) = found {
            self.list_mut(Pane::Findings).selected = at;
        }
    }

    /// The happening selected in the findings.
    pub fn selected_happening(&self) -> Option<&Happening> {
        self.findings.get(self.list(Pane::Findings).selected).and_then(|i| self.happenings.get(*i))
    }

    fn arrange_lanes(&mut self, version: u64) {
        let wish = board::Wish {
            window: self.axis().window(),
            order: self.panes.lanes_order,
            fold: self.panes.fold,
            filter: self.list(Pane::Lanes).filter.to_lowercase(),
        };
        if self.made.arranged.as_ref() == Some(&(version, wish.clone())) {
            return;
        }
        let selected = self.board.subjects.get(self.list(Pane::Lanes).selected).cloned();
        let scores = board::Scores { judged: self.judged.as_deref(), ranking: &self.ranking };
        self.board.arrange(&self.case, &scores, &wish);
        self.made.arranged = Some((version, wish));
        if let Some(before) = selected {
            self.keep_selected(&before);
        }
    }

    /// The selection stays on its lane when the order changes.
    fn keep_selected(&mut self, before: &board::Subject) {
        let same = |s: &board::Subject| s.metric.name == before.metric.name && s.place == before.place;
        let found = self.board.subjects.iter().position(same);
        let found = found.or_else(|| self.board.subjects.iter().position(|s| s.metric.name == before.metric.name));
        let last = self.board.subjects.len().saturating_sub(1);
        let list = self.list_mut(Pane::Lanes);
        list.selected = found.unwrap_or(list.selected.min(last));
    }

    fn fill_lanes(&mut self, version: u64) {
        let area = self.plan().area_of(Pane::Lanes).unwrap_or(self.size);
        let room = super::panes::lanes::room(area, self);
        let offset = self.board.offset_for(self.list(Pane::Lanes).selected, room);
        let sight = board::Sight { axis: self.axis(), compare: self.compared(), offset, room };
        let Some((_, wish)) = &self.made.arranged else { return };
        let wanted = (version, wish.clone(), sight);
        if self.made.filled.as_ref() != Some(&wanted) {
            let scores = board::Scores { judged: self.judged.as_deref(), ranking: &self.ranking };
            self.board.fill(&self.case, self.session.facts_version, &scores, &sight);
            self.made.filled = Some(wanted);
        }
    }

    fn list_findings(&mut self, version: u64) {
        let wanted = (version, self.list(Pane::Findings).filter.clone(), self.panes.findings_order);
        if self.made.findings.as_ref() != Some(&wanted) {
            self.findings = happenings::listed(&self.happenings, &wanted.1, wanted.2);
            self.made.findings = Some(wanted);
        }
    }

    fn mark_happenings(&mut self, version: u64) {
        let wanted = (version, self.axis().window());
        if self.made.marked.as_ref() != Some(&wanted) {
            self.marked = happenings::marked(&self.happenings, wanted.1, 9);
            self.made.marked = Some(wanted);
        }
    }

    fn map_log(&mut self, version: u64) {
        let Some(area) = self.plan().area_of(Pane::Log) else { return };
        let axis = Axis::new(self.view.window(), Geometry::of(area.width).bars);
        let wanted = (version, axis, self.panes.log_by, self.list(Pane::Log).filter.to_lowercase());
        if self.made.log.as_ref() != Some(&wanted) {
            self.log_map = LogMap::build(&self.case, axis, wanted.2, &wanted.3);
            self.made.log = Some(wanted);
        }
    }

    fn take_apart(&mut self, version: u64) {
        let Some(Overlay::Parts(view)) = &self.overlay else { return };
        let wanted = (version, super::overlays::parts::wish(self, view));
        if self.made.parts.as_ref() != Some(&wanted) {
            self.parts = Parts::build(&self.case, &wanted.1);
            self.made.parts = Some(wanted);
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
        self.ranking = board::ranking(judged);
        self.judged = Some(Arc::new(judged.clone()));
        self.size = Rect::new(0, 0, width, height);
        self.session.data_version += 1;
        self.session.facts_version += 1;
        self.refresh();
    }
}
