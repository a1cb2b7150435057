//! What could not be read, why, and what would unlock it; then what is still on its way.

use crate::case::gaps::{Gap, Reason};
use crate::exchange::Area;
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::tui::paint::{self, piece};
use crate::tui::panes::lanes::reason_words;
use crate::tui::{clock, words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// A row: a gap, or an area that is being read.
#[derive(Clone, Debug, PartialEq)]
pub enum Row<'a> {
    Gap(&'a Gap),
    Busy(Area),
}

pub fn rows(app: &App) -> Vec<Row<'_>> {
    let filter = app.list(Pane::Gaps).filter.to_lowercase();
    let passes = |g: &&Gap| filter.is_empty() || g.subject.to_lowercase().contains(&filter) || g.detail.to_lowercase().contains(&filter);
    let mut gaps: Vec<&Gap> = app.case.gaps.iter().chain(&app.case.blind_spots).filter(passes).collect();
    gaps.sort_by_key(|g| (g.reason == Reason::NotApplicable, g.action.is_none(), g.area));
    gaps.into_iter().map(Row::Gap).chain(app.case.busy.keys().map(|a| Row::Busy(*a))).collect()
}

/// Why the list is empty: only what was read to its end and without a gap is good.
fn none(app: &App) -> (&'static str, Style) {
    let (look, theme) = (&app.look, &app.look.theme);
    if !app.list(Pane::Gaps).filter.is_empty() {
        (look.say("nothing of that name", "không có tên đó"), theme.dim)
    } else if app.judged.as_ref().is_none_or(|j| j.is_waiting()) {
        (look.say("not everything was read yet", "chưa đọc xong mọi thứ"), theme.dim)
    } else {
        (look.say("everything asked for could be read", "mọi thứ đã hỏi đều đọc được"), theme.good)
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let rows = rows(app);
    let denied = app.case.gaps.iter().filter(|g| g.action.is_some()).count();
    let end = if denied > 0 { app.look.say("yy copies the IAM statement", "yy sao chép câu lệnh IAM") } else { "" };
    let body = super::title(buf, area, app, Pane::Gaps, &format!("{}", app.case.gaps.len() + app.case.blind_spots.len()), end);
    if rows.is_empty() {
        let (words, style) = none(app);
        super::nothing(buf, body, words, style);
        return;
    }
    let selected = app.list(Pane::Gaps).selected.min(rows.len() - 1);
    let offset = super::offset(selected, rows.len(), body.height);
    for (y, row) in rows.iter().enumerate().skip(offset).take(usize::from(body.height)) {
        let line = paint::row(body, (y - offset) as u16);
        match row {
            Row::Gap(gap) => draw_gap(buf, line, app, gap),
            Row::Busy(area) => draw_busy(buf, line, app, *area),
        }
        super::select(buf, line, app, Pane::Gaps, y == selected);
    }
}

fn draw_gap(buf: &mut Buffer, row: Rect, app: &App, gap: &Gap) {
    let theme = &app.look.theme;
    let style = if gap.reason == Reason::NotApplicable { theme.dim } else { theme.unknown };
    let action = gap.action.as_ref().map(|a| format!("  {a}")).unwrap_or_default();
    paint::line(
        buf,
        row,
        1,
        0,
        &[
            piece(paint::padded(reason_words(&app.look, gap.reason), 18), style),
            piece(paint::padded(words::area(&app.look, gap.area), 24.min(row.width / 4)), theme.text),
            piece(format!(" {}", gap.subject), theme.text),
            piece(action, theme.info),
            piece(format!("  {}", gap.detail), theme.dim),
        ],
    );
}

fn draw_busy(buf: &mut Buffer, row: Rect, app: &App, area: Area) {
    let theme = &app.look.theme;
    let Some((since, detail)) = app.case.busy.get(&area) else { return };
    let words = format!("{} {}", app.look.say("on its way", "đang đọc"), clock::age(*since, app.now()));
    paint::line(
        buf,
        row,
        1,
        0,
        &[
            piece(paint::padded(&words, 18), theme.info),
            piece(paint::padded(words::area(&app.look, area), 24.min(row.width / 4)), theme.text),
            piece(format!(" {detail}"), theme.dim),
        ],
    );
}

/// The least statement that would unlock what was denied.
pub fn iam_statement(app: &App) -> Option<String> {
    let mut actions: Vec<&str> = app.case.gaps.iter().filter(|g| g.reason == Reason::Denied).filter_map(|g| g.action.as_deref()).collect();
    actions.sort_unstable();
    actions.dedup();
    if actions.is_empty() {
        return None;
    }
    let statement = serde_json::json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    serde_json::to_string_pretty(&statement).ok()
}
