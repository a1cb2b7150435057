//! The same lane at another time: a dim row under it and the difference beside it.

use super::geometry::Geometry;
use crate::analysis::grid::{Grid, Mark};
use crate::exchange::Area;
use crate::tui::app::App;
use crate::tui::board::Lane;
use crate::tui::compare::Compare;
use crate::tui::options::Kind;
use crate::tui::paint::{self, Look};
use crate::tui::{numbers, widgets::bar};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn difference(app: &App, lane: &Lane, then: &Grid) -> String {
    let Some(compared) = app.compared() else { return String::new() };
    let now = lane.grid.at(app.view.cursor).number();
    let before = then.at(app.view.cursor - compared.back).number();
    match (now, before) {
        (Some(a), Some(b)) => format!("Δ {} {}", numbers::signed(a - b, lane.subject.metric.unit), numbers::ratio(a, b)),
        (_, None) => app.look.say("then: ?", "khi đó: ?").into(),
        (None, _) => app.look.say("now: ?", "nay: ?").into(),
    }
}

pub fn compare_words(look: &Look, compare: Compare) -> &'static str {
    match compare {
        Compare::Yesterday => look.say("yesterday", "hôm qua"),
        Compare::LastWeek => look.say("a week before", "tuần trước"),
        Compare::HourBefore => look.say("an hour before", "một giờ trước"),
        Compare::Deployment => look.say("before the deployment", "trước lần triển khai"),
    }
}

pub(super) fn draw_ghost(buf: &mut Buffer, row: Rect, bars: Rect, app: &App, lane: &Lane, g: Geometry) {
    let (Some(compared), Some((grid, columns))) = (app.compared(), &lane.ghost) else { return };
    let theme = &app.look.theme;
    paint::text(buf, row, 1, 0, &paint::padded(&format!("  {}", compare_words(&app.look, compared.with)), g.name), theme.ghost);
    let room = Rect { y: row.y, height: 1, ..bars };
    if grid.is_blank() {
        paint::text(buf, room, 1, 0, no_ghost(app, grid), theme.unknown);
        return;
    }
    bar::ghost(buf, room, lane, columns, theme.ghost);
    let then = grid.at(app.view.cursor - compared.back).number();
    let value = then.map_or_else(|| "–".into(), |v| numbers::shown(v, lane.subject.metric.unit));
    paint::text(buf, row, g.bars_at() + g.bars, 0, &paint::right(&value, g.value), theme.ghost);
}

fn no_ghost(app: &App, grid: &Grid) -> &'static str {
    let live = app.session.kind == Kind::Live;
    if !live && !app.board.holds_then {
        app.look.say("not in this recording", "không có trong bản ghi này")
    } else if live && (app.case.busy.contains_key(&Area::Baseline) || app.session.open_asks.is_open(Area::Baseline)) {
        app.look.say("on its way", "đang đọc")
    } else if live && !app.board.holds_then {
        app.look.say("not read", "chưa đọc")
    } else if grid.marks.iter().all(|m| *m == Mark::NotAsked) {
        app.look.say("not among what was read then", "không nằm trong số đã đọc của lúc đó")
    } else {
        app.look.say("nothing published then", "khi đó không có số liệu")
    }
}
