//! Failures of the access log as a heat map on the lanes' own axis: by target, balancer node, signature or path.

pub mod checks;

use crate::accesslog::{AccessLog, FailureRow, Signature};
use crate::case::Case;
use crate::exchange::Area;
use crate::time::Window;
use crate::tui::app::{App, LogBy};
use crate::tui::axis::Axis;
use crate::tui::layout::Pane;
use crate::tui::numbers;
use crate::tui::paint;
use crate::tui::panes::lanes::{self, Geometry};
use crate::tui::widgets::bar;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::collections::BTreeMap;

/// One row of the map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub name: String,
    pub total: u64,
    /// The signature that most of its failures have.
    pub mostly: &'static str,
    /// Failures by column.
    pub cells: Vec<f64>,
}

/// The map, folded to columns; made when the log or the window changes, not when it is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogMap {
    pub axis: Option<Axis>,
    /// Most failures first.
    pub rows: Vec<Row>,
    /// Of the health-check log, where that is wanted.
    pub checks: Vec<checks::Row>,
    /// The fullest cell.
    pub top: f64,
}

impl LogMap {
    pub fn build(case: &Case, axis: Axis, by: LogBy, filter: &str) -> Self {
        if by == LogBy::HealthCheck {
            return Self { axis: Some(axis), checks: checks::rows(&case.health_checks, axis, filter), ..Self::default() };
        }
        let Some(log) = &case.access_log else { return Self::default() };
        let sums = if by == LogBy::Path { by_path(log, axis) } else { by_minute(log, axis, by) };
        let passes = |name: &str, s: &Sums| {
            filter.is_empty() || name.to_lowercase().contains(filter) || s.signatures.keys().any(|k| k.id().contains(filter))
        };
        let mut rows: Vec<Row> = sums.into_iter().filter(|(name, s)| passes(name, s)).map(|(name, s)| s.row(name)).collect();
        rows.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.name.cmp(&b.name)));
        let top = rows.iter().flat_map(|r| &r.cells).copied().fold(0.0, f64::max);
        Self { axis: Some(axis), rows, top, checks: Vec::new() }
    }

    pub fn count(&self) -> usize {
        self.rows.len().max(self.checks.len())
    }
}

fn by_minute(log: &AccessLog, axis: Axis, by: LogBy) -> BTreeMap<&str, Sums> {
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    for f in &log.failures {
        let mut shares = axis.shares(f.minute).peekable();
        if shares.peek().is_some() {
            sums.entry(name_of(f, by)).or_insert_with(|| Sums::new(axis)).add(f.signature, f.count, shares);
        }
    }
    sums
}

fn by_path(log: &AccessLog, axis: Axis) -> BTreeMap<&str, Sums> {
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    for p in &log.paths {
        sums.entry(&p.path).or_insert_with(|| Sums::new(axis)).add(p.signature, p.count, std::iter::empty());
    }
    sums
}

/// How requests of one row failed, most first: a target, a node or a signature within the window, a path
/// over the whole log.
pub fn signatures_of(log: &AccessLog, name: &str, window: Window) -> Vec<(Signature, u64)> {
    let mut sums: BTreeMap<Signature, u64> = BTreeMap::new();
    let mine = |f: &&FailureRow| f.target == name || f.node == name || f.signature.id() == name;
    let rows = log.failures_in(window).iter().filter(mine).map(|f| (f.signature, f.count));
    let paths = log.paths.iter().filter(|p| p.path.as_str() == name).map(|p| (p.signature, p.count));
    for (signature, count) in rows.chain(paths) {
        *sums.entry(signature).or_default() += count;
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(signature, n)| (std::cmp::Reverse(*n), *signature));
    sums
}

struct Sums {
    signatures: BTreeMap<Signature, u64>,
    cells: Vec<f64>,
}

impl Sums {
    fn new(axis: Axis) -> Self {
        Self { signatures: BTreeMap::new(), cells: vec![0.0; usize::from(axis.columns)] }
    }

    fn add(&mut self, signature: Signature, count: u64, shares: impl Iterator<Item = (u16, f64)>) {
        *self.signatures.entry(signature).or_default() += count;
        for (x, share) in shares {
            self.cells[usize::from(x)] += count as f64 * share;
        }
    }

    fn row(self, name: &str) -> Row {
        Row {
            name: name.to_owned(),
            total: self.signatures.values().sum(),
            mostly: self.signatures.iter().max_by_key(|(_, n)| **n).map_or("", |(s, _)| s.id()),
            cells: self.cells,
        }
    }
}

fn name_of(row: &FailureRow, by: LogBy) -> &str {
    match by {
        LogBy::Target => &row.target,
        LogBy::Node => &row.node,
        LogBy::Signature => row.signature.id(),
        LogBy::Path | LogBy::HealthCheck => "-",
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let by = match app.panes.log_by {
        LogBy::Target => app.look.say("target × time", "target × thời gian"),
        LogBy::Node => app.look.say("balancer node × time", "node balancer × thời gian"),
        LogBy::Signature => app.look.say("signature × time", "dấu hiệu × thời gian"),
        LogBy::Path => app.look.say("paths, whole log", "đường dẫn, cả log"),
        LogBy::HealthCheck => app.look.say("health checks, target × time", "health check, target × thời gian"),
    };
    if app.panes.log_by == LogBy::HealthCheck {
        return checks::draw(buf, area, app, by);
    }
    let Some(log) = &app.case.access_log else {
        let body = super::title(buf, area, app, Pane::Log, by, &super::under_way(app, Area::AccessLog).unwrap_or_default());
        super::nothing(buf, body, &super::absent(app, Area::AccessLog), app.look.theme.dim);
        return;
    };
    let end = super::under_way(app, Area::AccessLog).unwrap_or_else(|| read_words(app, log));
    let body = super::title(buf, area, app, Pane::Log, by, &end);
    if app.log_map.rows.is_empty() {
        if let Some(words) = super::unmatched(app, Pane::Log) {
            return super::nothing(buf, body, words, app.look.theme.dim);
        }
        let (words, style) = if app.panes.log_by == LogBy::Path && log.paths.is_empty() {
            (app.look.say("paths were not kept with this log", "log này không giữ đường dẫn"), app.look.theme.dim)
        } else {
            (app.look.say("no failed request in this window", "không có request lỗi trong khoảng này"), app.look.theme.good)
        };
        super::nothing(buf, body, words, style);
        return;
    }
    draw_rows(buf, body, app, log);
}

/// `9.71 M lines, 12 malformed`
fn read_words(app: &App, log: &AccessLog) -> String {
    let lines = format!("{} {}", numbers::count(log.lines as f64), app.look.say("lines", "dòng"));
    if log.malformed == 0 {
        return lines;
    }
    format!("{lines}, {} {}", numbers::count(log.malformed as f64), app.look.say("malformed", "hỏng"))
}

fn draw_rows(buf: &mut Buffer, body: Rect, app: &App, log: &AccessLog) {
    let Some(axis) = app.log_map.axis else { return };
    let geometry = Geometry::of(body.width);
    let rows = &app.log_map.rows;
    let selected = app.list(Pane::Log).selected.min(rows.len().saturating_sub(1));
    let by_path = app.panes.log_by == LogBy::Path;
    // Alone on the screen there are no lanes whose ticks could be read.
    let room = body.height - u16::from(app.full && !by_path && body.height > 1);
    let offset = super::offset(selected, rows.len(), room);
    let bars = Rect { x: body.x + geometry.bars_at(), width: axis.columns.min(geometry.bars), ..body };
    let shown = rows.iter().enumerate().skip(offset).take(usize::from(room));
    let drawn = shown.len() as u16;
    for (y, row) in shown {
        let area = paint::row(body, (y - offset) as u16);
        if by_path {
            draw_path(buf, area, app, row, geometry);
        } else {
            draw_row(buf, area, app, row, geometry);
            draw_cells(buf, Rect { y: area.y, height: 1, ..bars }, app, log, row, axis);
        }
        super::select(buf, area, app, Pane::Log, y == selected);
        if let Some(x) = axis.column(app.view.cursor).filter(|_| !by_path) {
            paint::tint(buf, Rect { y: area.y, ..bars }, Rect { x, y: 0, width: 1, height: 1 }, app.look.theme.cursor);
        }
    }
    if room < body.height {
        lanes::draw_ticks(buf, paint::below(body, drawn), bars, app, axis);
    }
}

fn draw_cells(buf: &mut Buffer, bars: Rect, app: &App, log: &AccessLog, row: &Row, axis: Axis) {
    let theme = &app.look.theme;
    for (x, v) in (0..bars.width).zip(&row.cells) {
        let covered = log.window.is_none_or(|w| w.contains(axis.time(x)));
        let symbol = bar::shade(*v, app.log_map.top).unwrap_or(if covered { "·" } else { "░" });
        paint::put(buf, bars, x, 0, symbol, if *v > 0.0 { theme.errors } else { theme.dim });
    }
}

/// Name, what most of its failures are, number; the name is never cut for the signature's sake.
fn draw_row(buf: &mut Buffer, row: Rect, app: &App, r: &Row, g: Geometry) {
    let theme = &app.look.theme;
    let mostly = if app.panes.log_by == LogBy::Signature { "" } else { r.mostly };
    let width = g.name + g.statistic;
    let beside = if g.note > 0 { "" } else { fitting(mostly, width.saturating_sub(paint::width_of(&r.name) + 1)) };
    let left = width.saturating_sub(paint::width_of(beside) + 1);
    paint::text(buf, row, 1, 0, &paint::cut(&r.name, left), theme.text);
    paint::text(buf, row, 1 + left, 0, beside, theme.consequence);
    paint::text(buf, row, g.bars_at() + g.bars, 0, &paint::right(&numbers::count(r.total as f64), g.value), theme.text);
    paint::text(buf, row, note_at(g), 0, fitting(mostly, g.note.saturating_sub(2)), theme.consequence);
}

/// A path has no times: it gets their room.
fn draw_path(buf: &mut Buffer, row: Rect, app: &App, r: &Row, g: Geometry) {
    let theme = &app.look.theme;
    let beside = if g.note > 0 { "" } else { r.mostly };
    let width = (g.bars_at() + g.bars).saturating_sub(paint::width_of(beside) + 3);
    paint::text(buf, row, 1, 0, &paint::cut(&r.name, width), theme.text);
    paint::text(buf, row, width + 2, 0, beside, theme.consequence);
    paint::text(buf, row, g.bars_at() + g.bars, 0, &paint::right(&numbers::count(r.total as f64), g.value), theme.text);
    paint::text(buf, row, note_at(g), 0, fitting(r.mostly, g.note.saturating_sub(2)), theme.consequence);
}

pub(super) fn note_at(g: Geometry) -> u16 {
    g.bars_at() + g.bars + g.value + 1
}

/// A signature's id, or a word for it where there is no room, or nothing.
fn fitting(id: &'static str, width: u16) -> &'static str {
    let word = match id {
        "connect-timeout" => "timeout",
        "keepalive-race" => "race",
        "slow-target" => "slow",
        "no-target" => "none",
        "app-5xx" => "app",
        "client-gone" => "gone",
        "deregistration-cut" => "cut",
        "other-5xx" => "other",
        short => short,
    };
    [id, word].into_iter().find(|w| paint::width_of(w) <= width).unwrap_or_default()
}

/// Why a signature means what it means, for the opened row.
pub fn signature_words(app: &App, id: &str) -> &'static str {
    let look = &app.look;
    match id {
        "refused" => look.say("502 at once, nothing sent: the port was closed", "502 ngay lập tức: cổng đóng"),
        "connect-timeout" => {
            look.say("504 after 10 s, nothing sent: the connection was never answered", "504 sau 10 giây: không ai trả lời kết nối")
        }
        "keepalive-race" => look
            .say("502 on an open connection: the target closed it under the request", "502 trên kết nối đang mở: target đóng giữa chừng"),
        "slow-target" => {
            look.say("504 on an open connection: no answer within the idle timeout", "504 trên kết nối đang mở: target không trả lời kịp")
        }
        "tls" => look.say("TLS to the target failed", "TLS tới target lỗi"),
        "no-target" => look.say("503: there was no target to send to", "503: không có target để gửi"),
        "app-5xx" => look.say("the application itself answered 5xx", "chính ứng dụng trả 5xx"),
        "client-gone" => look.say("460: the client left first", "460: client bỏ đi trước"),
        "deregistration-cut" => look.say("502 when the deregistration delay ran out", "502 khi hết thời gian deregistration"),
        _ => look.say("another 5xx", "5xx khác"),
    }
}
