//! One file a pane. A pane draws itself from the app and changes nothing.

pub mod app_log;
pub mod findings;
pub mod footer;
pub mod gaps;
pub mod header;
pub mod hypotheses;
pub mod lanes;
pub mod log;
pub mod runbook;
pub mod topology;
pub mod verdict;

use super::app::App;
use super::layout::Pane;
use super::paint::{self, piece};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Draws a pane into its area.
pub fn draw(buf: &mut Buffer, area: Rect, app: &App, pane: Pane) {
    match pane {
        Pane::Runbook => runbook::draw(buf, area, app),
        Pane::Lanes => lanes::draw(buf, area, app),
        Pane::Findings => findings::draw(buf, area, app),
        Pane::Hypotheses => hypotheses::draw(buf, area, app),
        Pane::Log => log::draw(buf, area, app),
        Pane::AppLog => app_log::draw(buf, area, app),
        Pane::Gaps => gaps::draw(buf, area, app),
        Pane::Topology => topology::draw(buf, area, app),
    }
}

/// How many rows of a pane can be selected.
pub fn rows(app: &App, pane: Pane) -> usize {
    match pane {
        Pane::Runbook => runbook::rows(app).len(),
        Pane::Lanes => app.board.subjects.len(),
        Pane::Findings => app.findings().len(),
        Pane::Hypotheses => hypotheses::listed(app).len(),
        Pane::Log => app.log_map.count(),
        Pane::AppLog => app_log::rows(app).len(),
        Pane::Gaps => gaps::rows(app).len(),
        Pane::Topology => topology::rows(app).len(),
    }
}

/// A pane's name.
pub fn name(app: &App, pane: Pane) -> &'static str {
    match pane {
        Pane::Runbook => app.look.say("Runbook", "Quy trình"),
        Pane::Lanes => app.look.say("Lanes", "Biểu đồ"),
        Pane::Findings => app.look.say("Findings", "Phát hiện"),
        Pane::Hypotheses => app.look.say("Hypotheses", "Giả thuyết"),
        Pane::Log => app.look.say("Access log", "Access log"),
        Pane::AppLog => app.look.say("Application log", "Log ứng dụng"),
        Pane::Gaps => app.look.say("Gaps", "Thiếu sót"),
        Pane::Topology => app.look.say("Topology", "Sơ đồ"),
    }
}

/// The title row: name, what it shows, a rule, and words at the right end. Gives what is left below.
pub fn title(buf: &mut Buffer, area: Rect, app: &App, pane: Pane, middle: &str, end: &str) -> Rect {
    let theme = &app.look.theme;
    let focused = app.focus == pane && app.overlay.is_none();
    let (mark, style) = if focused { ("▶", theme.focus) } else { ("─", theme.title) };
    for x in 0..area.width {
        paint::put(buf, area, x, 0, "─", theme.rule);
    }
    let filter = &app.list(pane).filter;
    let mut pieces = vec![
        piece(mark, if focused { theme.focus } else { theme.rule }),
        piece(format!("{} {} ", pane.index() + 1, name(app, pane)), style),
    ];
    if !filter.is_empty() {
        pieces.push(piece(format!("/{filter} "), theme.warn));
    }
    if !middle.is_empty() {
        pieces.push(piece("─ ", theme.rule));
        pieces.push(piece(format!("{middle} "), theme.dim));
    }
    let used = paint::line(buf, area, 0, 0, &pieces);
    let width = paint::width_of(end);
    if width > 0 && used + width + 3 <= area.width {
        let at = area.width - width - 3;
        paint::text(buf, area, at, 0, &format!(" {end} "), theme.text);
    }
    paint::below(area, 1)
}

/// The first row to show so that the selected one is in sight, near the middle.
pub fn offset(selected: usize, len: usize, height: u16) -> usize {
    let height = usize::from(height);
    selected.saturating_sub(height / 2).min(len.saturating_sub(height))
}

/// Tints the selected row of the focused pane.
pub fn select(buf: &mut Buffer, row: Rect, app: &App, pane: Pane, selected: bool) {
    if selected && app.focus == pane {
        paint::tint(buf, row, Rect { x: 0, y: 0, ..row }, app.look.theme.selection);
    }
}

/// A sentence in place of rows that are not there.
pub fn nothing(buf: &mut Buffer, area: Rect, words: &str, style: Style) {
    for (y, line) in paint::wrap(words, area.width.saturating_sub(2)).iter().enumerate().take(usize::from(area.height)) {
        paint::text(buf, area, 1, y as u16, line, style);
    }
}

/// How far the reading of a log is, and the key that stops it; nothing when it is not being read.
pub fn under_way(app: &App, area: crate::exchange::Area) -> Option<String> {
    let (_, detail) = app.case.busy.get(&area)?;
    let key = app.keys.rows().iter().find(|r| r.action == super::keymap::Action::StopReading)?.keys.first()?;
    Some(format!("{detail}, {key} {}", app.look.say("stops", "dừng")))
}

/// That a filter leaves nothing over, if there is one: nothing shown is not nothing there.
pub fn unmatched(app: &App, pane: Pane) -> Option<&'static str> {
    let filtered = !app.list(pane).filter.is_empty();
    filtered.then(|| app.look.say("nothing matches; Esc clears the filter", "không có gì khớp; Esc xóa bộ lọc"))
}

/// Why an area has nothing to show: on its way, not asked, or the gap's own words.
pub fn absent(app: &App, area: crate::exchange::Area) -> String {
    let look = &app.look;
    if let Some((since, detail)) = app.case.busy.get(&area) {
        return format!("{} ({detail}, {})", look.say("on its way", "đang đọc"), super::clock::age(*since, app.now()));
    }
    if let Some(gap) = app.case.gaps.iter().find(|g| g.area == area) {
        let action = gap.action.as_ref().map(|a| format!(" ({a})")).unwrap_or_default();
        return format!("{}: {}: {}{action}", lanes::reason_words(look, gap.reason), gap.subject, gap.detail);
    }
    if app.case.settled.contains(&area) {
        look.say("read, and there is nothing", "đã đọc, không có gì").into()
    } else {
        look.say("not read yet", "chưa đọc").into()
    }
}
