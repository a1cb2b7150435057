//! What happened, in order of time or of weight. Numbers are those on the lanes.

use crate::tui::app::App;
use crate::tui::clock;
use crate::tui::happenings::{Happening, Order, Origin};
use crate::tui::keymap::Action;
use crate::tui::layout::Pane;
use crate::tui::paint::{self, piece};
use crate::tui::words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let listed = app.findings();
    let order = match app.panes.findings_order {
        Order::Time => app.look.say("by time", "theo giờ"),
        Order::Relevance => app.look.say("nearest the path first", "gần đường đi nhất trước"),
    };
    let folded = app.judged.as_ref().map_or(0, |j| j.analysis.timeline.folded);
    let shown = app.panes.findings_elsewhere;
    let key = if app.focus == Pane::Findings { format!(" ({})", app.keys.key_of(Action::Unfold)) } else { String::new() };
    let more = match (folded, shown) {
        (0, _) => String::new(),
        (_, false) => format!(" · {folded} {}{key}", app.look.say("not on this path", "không liên quan")),
        (_, true) => app.look.say(" · with what is not on this path", " · cả những gì không liên quan").into(),
    };
    let body = super::title(buf, area, app, Pane::Findings, &format!("{} · {order}{more}", listed.len()), &reach_words(app));
    if listed.is_empty() {
        super::nothing(buf, body, empty_words(app), app.look.theme.dim);
        return;
    }
    let selected = app.list(Pane::Findings).selected.min(listed.len() - 1);
    let offset = super::offset(selected, listed.len(), body.height);
    let marked = app.marked();
    for (y, i) in listed.iter().enumerate().skip(offset).take(usize::from(body.height)) {
        let row = paint::row(body, (y - offset) as u16);
        let number = marked.iter().find(|(m, _)| m == i).map(|(_, n)| *n);
        draw_row(buf, row, app, &app.happenings[*i], number);
        super::select(buf, row, app, Pane::Findings, y == selected);
    }
}

fn draw_row(buf: &mut Buffer, row: Rect, app: &App, h: &Happening, number: Option<u8>) {
    let theme = &app.look.theme;
    let distance = h.seconds_from_onset.map(clock::from_onset).unwrap_or_default();
    let fact = !matches!(h.origin, Origin::Evidence(_));
    let style = match (h.attempt || h.elsewhere, fact, h.rank) {
        (true, ..) => theme.dim,
        (false, true, 0..=3) => theme.warn,
        (false, false, _) => theme.context,
        _ => theme.text,
    };
    let (time_width, distance_width) = if row.width >= 60 { (9, 12) } else { (6, 0) };
    let time = if time_width == 9 { app.clock().second(h.at) } else { app.clock().minute(h.at) };
    paint::line(
        buf,
        row,
        0,
        0,
        &[
            piece(number.map_or(" ", super::lanes::circled), theme.event),
            piece(format!("{} ", paint::padded(&time, time_width)), theme.dim),
            piece(paint::padded(&distance, distance_width), theme.info),
            piece(if row.width >= 100 { paint::padded(&place(app, h), 24) } else { String::new() }, theme.info),
            piece(if fact { "" } else { "≈ " }, theme.dim),
            piece(h.text.clone(), style),
        ],
    );
}

/// What of the path it is about.
fn place(app: &App, h: &Happening) -> String {
    h.relation.map_or("", |r| words::relation(&app.look, r)).to_owned()
}

/// How far the sources of events have been read: what came after may be missing.
fn reach_words(app: &App) -> String {
    let settled = app.case.reaches.values().map(|r| r.settled_until).min();
    let window_end = app.view.window().end;
    match settled {
        Some(t) if t < window_end => {
            format!("{} {} {}", app.look.say("after", "sau"), app.clock().minute(t), app.look.say("may be missing", "có thể còn thiếu"))
        }
        _ => String::new(),
    }
}

fn empty_words(app: &App) -> &'static str {
    use crate::exchange::Area;
    if !app.list(Pane::Findings).filter.is_empty() {
        app.look.say("nothing matches; Esc clears the filter", "không có gì khớp; Esc xóa bộ lọc")
    } else if app.is_judging() {
        app.look.say("being judged", "đang xét")
    } else if app.case.is_waiting_for(Area::Changes) {
        app.look.say("changes have not been read yet", "chưa đọc các thay đổi")
    } else if app.case.gaps.iter().any(|g| g.area == Area::Changes) {
        app.look.say("changes could not be read: see 7, gaps", "không đọc được các thay đổi: xem 7, thiếu sót")
    } else {
        app.look.say("read, and nothing happened", "đã đọc, không có gì xảy ra")
    }
}
