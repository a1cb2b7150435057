//! Below the lanes: the ticks of the axis, the numbered marks of events, and their words.

use super::geometry::{below_rows, words_rows};
use crate::tui::app::App;
use crate::tui::axis::Axis;
use crate::tui::clock;
use crate::tui::layout::Pane;
use crate::tui::paint::{self, piece};
use chrono::Duration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Ticks, marks and the events' words.
pub(super) fn draw_time(buf: &mut Buffer, area: Rect, rest: Rect, bars: Rect, app: &App, axis: Axis) {
    if below_rows(area) == 0 {
        return;
    }
    draw_ticks(buf, rest, bars, app, axis);
    if below_rows(area) > 1 {
        draw_marks(buf, Rect { y: rest.y + 1, height: rest.height.saturating_sub(1).min(1), ..bars }, app, axis);
        let words = paint::below(rest, 2);
        draw_words(buf, Rect { height: words.height.min(words_rows(area)), ..words }, app);
    }
}

/// One row: how long a column is, and round times under the bars.
pub fn draw_ticks(buf: &mut Buffer, rest: Rect, bars: Rect, app: &App, axis: Axis) {
    let dim = app.look.theme.dim;
    let width = bars.width.saturating_add(6).min(rest.right().saturating_sub(bars.x));
    let labels = Rect { y: rest.y, height: rest.height.min(1), width, ..bars };
    for (x, label) in axis.ticks(app.clock(), 9) {
        paint::text(buf, labels, x, 0, &format!("╵{label}"), dim);
    }
    let gutter = bars.x.saturating_sub(rest.x).saturating_sub(1);
    paint::text(buf, rest, 0, 0, &paint::right(&column_words(app, axis), gutter), dim);
}

/// `1 col = 5 min · UTC`
fn column_words(app: &App, axis: Axis) -> String {
    let step = if axis.step % 60 == 0 { clock::minutes(Duration::seconds(axis.step)) } else { format!("{} s", axis.step) };
    format!("{} = {step} · {}", app.look.say("1 col", "1 cột"), app.clock().zone_name(axis.start))
}

/// `①` on the column of each event; a range is drawn as long as it is.
fn draw_marks(buf: &mut Buffer, row: Rect, app: &App, axis: Axis) {
    let theme = &app.look.theme;
    let selected = looked_at(app);
    for (i, _) in app.marked() {
        let h = &app.happenings[*i];
        if let Some(end) = h.end {
            for x in axis.clamped(h.at)..=axis.clamped(end) {
                paint::put(buf, row, x, 0, "═", theme.event);
            }
        }
    }
    for (i, number) in app.marked() {
        let style = if Some(*i) == selected { theme.event.patch(theme.selection) } else { theme.event };
        paint::put(buf, row, axis.clamped(app.happenings[*i].at), 0, circled(*number), style);
    }
    for mark in app.view.marks.iter().flatten() {
        if let Some(x) = axis.column(*mark) {
            paint::put(buf, row, x, 0, "▲", theme.info);
        }
    }
}

pub fn circled(n: u8) -> &'static str {
    ["⓪", "①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧", "⑨"].get(usize::from(n)).copied().unwrap_or("●")
}

/// The happening that is looked at: selected in the findings, with the cursor on it.
fn looked_at(app: &App) -> Option<usize> {
    let i = app.findings().get(app.list(Pane::Findings).selected).copied()?;
    (app.focus == Pane::Findings || app.happenings[i].at == app.view.cursor).then_some(i)
}

/// The marked events in words, the selected one and the weightiest first when there is not room for all.
fn draw_words(buf: &mut Buffer, area: Rect, app: &App) {
    let marked = app.marked();
    let theme = &app.look.theme;
    if marked.is_empty() {
        let words = if app.case.may_miss_changes() {
            app.look.say("no event seen in this window; not all was read", "chưa thấy sự kiện trong khoảng này; chưa đọc hết")
        } else {
            app.look.say("no event in this window", "không có sự kiện trong khoảng này")
        };
        paint::text(buf, area, 1, 0, words, theme.dim);
        return;
    }
    let (lines, left_out) = flow(app, marked, area);
    for (y, line) in lines.iter().enumerate() {
        let end = paint::line(buf, area, 1, y as u16, line);
        if left_out > 0 && y + 1 == usize::from(area.height) {
            let more = format!(" +{left_out} {}", app.look.say("in 3", "ở 3"));
            let at = end.min(area.width.saturating_sub(paint::width_of(&more)));
            paint::text(buf, area, at, y as u16, &more, theme.dim);
        }
    }
}

/// Lays the words of the events into the rows; says how many found no room.
fn flow(app: &App, marked: &[(usize, u8)], area: Rect) -> (Vec<paint::Line>, usize) {
    let theme = &app.look.theme;
    let space = u32::from(area.width) * u32::from(area.height);
    let each = (space / marked.len().max(1) as u32).clamp(34, u32::from(area.width / 2 + 10).max(34)) as u16;
    let width = area.width.saturating_sub(9);
    let mut by_weight = marked.to_vec();
    let selected = looked_at(app);
    by_weight.sort_by_key(|(i, _)| (Some(*i) != selected, app.happenings[*i].rank));
    by_weight.truncate(usize::from(((width + 1) / (each.min(width) + 1).max(1)).max(1)) * usize::from(area.height.max(1)));
    by_weight.sort_by_key(|(_, n)| *n);
    let mut lines: Vec<paint::Line> = vec![Vec::new()];
    for (i, number) in &by_weight {
        let h = &app.happenings[*i];
        let style = if Some(*i) == selected { theme.text.patch(theme.selection) } else { theme.text };
        let words = format!("{} {}", app.clock().minute(h.at), h.text);
        let item = vec![
            piece(circled(*number), theme.event),
            piece(format!("{} ", paint::cut(&words, each.min(width).saturating_sub(2))), style),
            piece(" ", theme.text),
        ];
        let used = lines.last().map_or(0, |l| paint::line_width(l));
        if used > 0 && used + paint::line_width(&item) > width && lines.len() < usize::from(area.height) {
            lines.push(Vec::new());
        }
        if let Some(last) = lines.last_mut() {
            last.extend(item);
        }
    }
    (lines, marked.len() - by_weight.len())
}
