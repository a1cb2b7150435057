//! The last row: the keys that matter here, what was just said, calls and cost.

use crate::tui::app::App;
use crate::tui::numbers;
use crate::tui::overlays::Overlay;
use crate::tui::paint::{self, Line, piece};
use crate::tui::words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let theme = &app.look.theme;
    if let Some(Overlay::Filter(text)) = &app.overlay {
        paint::line(buf, area, 1, 0, &[piece("/", theme.focus), piece(text.clone(), theme.text), piece("█", theme.focus)]);
        return;
    }
    let who = if area.width < super::header::WITH_ACCOUNT { super::header::account(app) } else { String::new() };
    let cost = [who, cost(app)].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join("  ");
    let cost_width = paint::width_of(&cost);
    let right = if area.width > cost_width + 24 { cost_width + 1 } else { 0 };
    if right > 0 {
        paint::text(buf, area, area.width - right, 0, &cost, theme.dim);
    }
    let left = Rect { width: area.width.saturating_sub(right + 1), ..area };
    if let Some(words) = &app.session.notice {
        // What was just said matters more than what it cost.
        let room = if paint::width_of(words) < left.width { left } else { area };
        paint::clear(buf, Rect { height: room.height.min(1), ..room });
        paint::text(buf, room, 1, 0, words, theme.warn);
    } else {
        let pieces = hints(app, left.width.saturating_sub(2));
        let used = paint::line(buf, left, 1, 0, &pieces);
        busy(buf, left, used + 2, app);
    }
}

/// Hints in the footer's own order, as many as fit; the lowest places stay longest.
fn hints(app: &App, width: u16) -> Line {
    let theme = &app.look.theme;
    let mut rows: Vec<_> =
        app.keys.rows().iter().filter_map(|r| r.foot.as_ref().map(|f| (f, r.keys.first().map_or("", String::as_str)))).collect();
    rows.sort_by_key(|(f, _)| f.place);
    let cost = |f: &crate::tui::keymap::Foot, key: &str| paint::width_of(key) + paint::width_of(f.says(app.look.lang)) + 3;
    let mut used = 0;
    rows.retain(|(f, key)| {
        used += cost(f, key);
        used <= width
    });
    rows.iter()
        .flat_map(|(f, key)| [piece((*key).to_owned(), theme.focus), piece(format!(" {}  ", f.says(app.look.lang)), theme.dim)])
        .collect()
}

/// What is on its way, by name and age.
fn busy(buf: &mut Buffer, area: Rect, x: u16, app: &App) {
    let Some((what, (since, detail))) = app.case.busy.iter().next() else { return };
    let more = app.case.busy.len() - 1;
    let more = if more > 0 { format!(" +{more}") } else { String::new() };
    let words = format!("… {}: {detail} {}{more}", words::area(&app.look, *what), crate::tui::clock::age(*since, app.now()));
    if x + 12 < area.width {
        paint::text(buf, area, x, 0, &paint::cut(&words, area.width - x), app.look.theme.info);
    }
}

/// `27 calls  $0.004`
fn cost(app: &App) -> String {
    let cost = &app.case.cost;
    let calls: u64 = cost.calls.values().sum();
    if calls == 0 {
        return String::new();
    }
    let one = if calls == 1 { app.look.say("call", "lệnh gọi") } else { app.look.say("calls", "lệnh gọi") };
    format!("{} {one}  {}", numbers::count(calls as f64), numbers::dollars(cost.estimated_usd))
}
