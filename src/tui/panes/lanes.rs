//! Every metric on one time axis: one gutter, one crosshair, the errors on top, events in words below.

use crate::analysis::Order;
use crate::analysis::grid::Cell;
use crate::case::gaps::Reason;
use crate::metrics::{Role, Unit};
use crate::time::in_words;
use crate::tui::app::App;
use crate::tui::axis::Axis;
use crate::tui::board::{self, Empty, Fold, Lane, Place};
use crate::tui::layout::Pane;
use crate::tui::paint::{self, Look, piece};
use crate::tui::view::Compare;
use crate::tui::widgets::bar;
use crate::tui::{clock, numbers};
use chrono::Duration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The columns of a lane's row; the same for all lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    pub name: u16,
    pub statistic: u16,
    pub bars: u16,
    pub value: u16,
    pub note: u16,
}

impl Geometry {
    /// For a pane of this width.
    pub fn of(width: u16) -> Self {
        let (name, statistic, value, note) = match width {
            130.. => (28, 9, 10, 16),
            84.. => (25, 8, 9, 13),
            70.. => (25, 8, 9, 0),
            50.. => (16, 0, 9, 0),
            _ => (12.min(width / 3), 0, if width > 30 { 8 } else { 0 }, 0),
        };
        let bars = width.saturating_sub(1 + name + statistic + value + 1 + note);
        Self { name, statistic, bars, value, note }
    }

    pub fn bars_at(&self) -> u16 {
        1 + self.name + self.statistic
    }
}

/// Rows below the lanes: ticks, marks, words.
fn words_rows(area: Rect) -> u16 {
    match area.height {
        26.. => 3,
        16.. => 2,
        9.. => 1,
        _ => 0,
    }
}

fn below_rows(area: Rect) -> u16 {
    match area.height {
        7.. => 2 + words_rows(area),
        4.. => 1,
        _ => 0,
    }
}

/// Whether there is a row for the alarm's own evaluation.
fn alarm_row(area: Rect, app: &App) -> u16 {
    u16::from(area.height >= 16 && app.case.alarm.is_some() && app.panes.fold != Fold::Heat)
}

/// The heights of lanes: (of the errors, of any other).
fn heights(area: Rect, app: &App, wanted: usize) -> (u16, u16) {
    let space = area.height.saturating_sub(1 + below_rows(area) + alarm_row(area, app));
    let lanes = wanted.max(1) as u16;
    let ghost = ghost_rows(app);
    let each = if app.panes.fold == Fold::Heat { 1 } else { (space / (lanes + 1)).saturating_sub(ghost).clamp(1, 3) };
    let least = if space >= 6 { each.max(2) } else { each };
    // What the others leave over makes the errors taller.
    let left = space.saturating_sub((lanes - 1).saturating_mul(each + ghost) + ghost);
    (left.clamp(least, least.max(5)), each)
}

fn ghost_rows(app: &App) -> u16 {
    u16::from(app.view.compare.is_some())
}

/// How many lanes are shown in an area; asked before the board is built.
pub fn room(area: Rect, app: &App) -> usize {
    let wanted = app.board.subjects.len().clamp(1, usize::from(u16::MAX / 4));
    let (errors, each) = heights(area, app, wanted);
    let space = area.height.saturating_sub(1 + below_rows(area) + alarm_row(area, app));
    let per_lane = each + ghost_rows(app);
    usize::from(1 + space.saturating_sub(errors + ghost_rows(app)) / per_lane.max(1))
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let body = paint::title_below(area);
    let end = cursor_words(app, area.width);
    super::title(buf, area, app, Pane::Lanes, &title_words(app, area.width), &end);
    let g = Geometry::of(area.width);
    let axis = app.board.axis.unwrap_or_else(|| app.axis());
    let lanes_area = Rect { height: body.height.saturating_sub(below_rows(area)), ..body };
    let bars = Rect { x: body.x + g.bars_at(), width: axis.columns.min(g.bars), ..body };
    let used = draw_lanes(buf, area, lanes_area, bars, app, g);
    let rest = paint::below(body, used);
    draw_time(buf, area, rest, bars, app, axis);
    // Over a slow line the crosshair stays on the errors.
    let tall = if app.look.low_bandwidth { 1 } else { used.saturating_add(2) };
    let inside = Rect { height: tall.min(body.height), ..bars };
    crosshair(buf, inside, app, axis);
}

fn draw_lanes(buf: &mut Buffer, area: Rect, lanes_area: Rect, bars: Rect, app: &App, g: Geometry) -> u16 {
    let (errors, each) = heights(area, app, app.board.subjects.len());
    let mut y = 0;
    for (i, lane) in app.board.lanes.iter().enumerate() {
        let height = if lane.is_errors() && i == 0 { errors } else { each };
        if y + height > lanes_area.height {
            break;
        }
        let row = Rect { y: lanes_area.y + y, height, ..lanes_area };
        let selected = app.board.subject_index(i) == app.list(Pane::Lanes).selected;
        draw_lane(buf, row, Rect { y: row.y, height, ..bars }, app, lane, g, selected);
        y += height;
        if i == 0 && lane.is_errors() && alarm_row(area, app) == 1 && y < lanes_area.height {
            draw_alarm(buf, paint::row(lanes_area, y), bars, app, lane, g);
            y += 1;
        }
        if ghost_rows(app) == 1 && y < lanes_area.height {
            draw_ghost(buf, paint::row(lanes_area, y), bars, app, lane, g);
            y += 1;
        }
    }
    y
}

fn draw_lane(buf: &mut Buffer, row: Rect, bars: Rect, app: &App, lane: &Lane, g: Geometry, selected: bool) {
    let theme = &app.look.theme;
    let style = lane_style(&app.look, lane);
    let first = paint::row(row, 0);
    if selected && app.focus == Pane::Lanes {
        paint::text(buf, first, 0, 0, "▶", theme.focus);
    }
    let name_style = if lane.is_errors() { theme.errors } else { theme.text };
    paint::text(buf, first, 1, 0, &name(&app.look, lane, g.name.saturating_sub(1)), name_style);
    paint::text(buf, first, 1 + g.name, 0, &paint::padded(&statistic(lane), g.statistic), theme.dim);
    match &lane.empty {
        Some(empty) => {
            let words = empty_words(app, lane, empty);
            let room = Rect { width: row.right().saturating_sub(bars.x), height: 1, ..bars };
            paint::text(buf, room, 0, 0, &words, if matches!(empty, Empty::Gap(_)) { theme.unknown } else { theme.dim });
        }
        None if app.panes.fold == Fold::Heat && lane.subject.child => bar::shades(buf, bars, lane, style, &app.look),
        None => bar::bars(buf, bars, lane, style, &app.look, board::threshold(&app.case).filter(|_| lane.is_errors())),
    }
    if selected && app.focus == Pane::Lanes {
        paint::tint(buf, row, Rect { x: 0, y: 0, width: g.bars_at(), height: 1 }, theme.selection);
    }
    if lane.empty.is_some() {
        return;
    }
    let value = value_at_cursor(app, lane);
    let at = g.bars_at() + g.bars;
    paint::text(buf, first, at, 0, &paint::right(&value, g.value), theme.text);
    if g.note > 1 {
        let (note, note_style) = note(app, lane);
        paint::text(buf, first, at + g.value + 1, 0, &paint::cut(&note, g.note), note_style);
    }
}

/// The style of a lane's bars, by what its metric may be.
pub fn lane_style(look: &Look, lane: &Lane) -> Style {
    match lane.subject.metric.role {
        Role::Alarm => look.theme.errors,
        Role::Cause => look.theme.cause,
        Role::Consequence => look.theme.consequence,
        Role::Context => look.theme.context,
    }
}

/// `CPUUtilization i-0ab12`, cut at the metric first so that the place stays readable.
pub fn name(look: &Look, lane: &Lane, width: u16) -> String {
    let metric = short_metric(lane.subject.metric.name);
    let place = place_words(look, &lane.subject.place);
    if lane.subject.child {
        return paint::cut(&format!("  {place}"), width).into_owned();
    }
    if place.is_empty() {
        return paint::cut(metric, width).into_owned();
    }
    let left = width.saturating_sub(paint::width_of(&place) + 1);
    if left < 8 {
        return paint::cut(&format!("{metric} {place}"), width).into_owned();
    }
    format!("{} {place}", paint::cut(metric, left))
}

/// The metric's name without what every name here has in common.
fn short_metric(name: &str) -> &str {
    match name {
        "TargetConnectionErrorCount" => "TargetConnectionErrors",
        "RequestsPerHealthyTarget" => "Requests/healthy target",
        "HTTPCode_ELB_500_Count" => "ELB 500",
        "HTTPCode_ELB_502_Count" => "ELB 502",
        "HTTPCode_ELB_503_Count" => "ELB 503",
        "HTTPCode_ELB_504_Count" => "ELB 504",
        "HTTPCode_ELB_5XX_Count" => "ELB 5XX",
        "HTTPCode_Target_5XX_Count" => "Target 5XX",
        "HTTPCode_Target_2XX_Count" => "Target 2XX",
        "StatusCheckFailed_Instance" => "Status inst.",
        "StatusCheckFailed_System" => "Status system",
        "StatusCheckFailed_AttachedEBS" => "Status EBS",
        "ClientTLSNegotiationErrorCount" => "Client TLS errors",
        "TargetTLSNegotiationErrorCount" => "Target TLS errors",
        "LogFailures" => "Failures in access log",
        "ErrorRate" => "Errors / requests",
        _ => name,
    }
}

fn place_words(look: &Look, place: &Place) -> String {
    match place {
        Place::Itself => String::new(),
        Place::Named(id) => short_id(id),
        Place::Hosts(n) => format!("{n} {}", look.say("hosts", "máy")),
        Place::WorstOf(id, n) => format!("{}/{n}", tail_of(id)),
        Place::RestOf(n) => format!("{} {n}", look.say("highest of the other", "cao nhất của")),
    }
}

/// `…7890`: enough to tell the worst host from the others.
fn tail_of(id: &str) -> String {
    match id.strip_prefix("i-") {
        Some(hex) if hex.len() > 5 && hex.is_ascii() => format!("…{}", &hex[hex.len() - 4..]),
        _ => id.to_owned(),
    }
}

/// `i-0abcdef1234567890` as `i-0ab…7890`: both ends tell instances apart.
pub fn short_id(id: &str) -> String {
    match id.strip_prefix("i-") {
        Some(hex) if hex.len() > 9 && hex.is_ascii() => format!("i-{}…{}", &hex[..3], &hex[hex.len() - 4..]),
        _ => id.to_owned(),
    }
}

fn statistic(lane: &Lane) -> String {
    let statistic = if lane.grid.statistic.is_empty() { lane.subject.metric.statistic } else { &lane.grid.statistic };
    let short = match statistic {
        "Maximum" => "Max",
        "Minimum" => "Min",
        "Average" => "Avg",
        other => other,
    };
    match lane.grid.period {
        0 => short.to_owned(),
        p if p < 300 => format!("{short} {p}s"),
        p if p < 3600 => format!("{short} {}m", p / 60),
        p => format!("{short} {}h", p / 3600),
    }
}

/// Why there are no bars.
fn empty_words(app: &App, lane: &Lane, empty: &Empty) -> String {
    let say = |en, vi| app.look.say(en, vi).to_owned();
    match empty {
        Empty::NotAsked => say("not asked yet", "chưa hỏi"),
        Empty::Nothing if lane.subject.metric.sparse => say("nothing published", "không có số liệu"),
        Empty::Nothing => say("CloudWatch has no data here", "CloudWatch không có số liệu"),
        Empty::OnItsWay => {
            let since = app.case.busy.values().map(|(t, _)| *t).min();
            let age = since.map(|t| clock::age(t, app.now())).unwrap_or_default();
            format!("{} {age}", app.look.say("on its way,", "đang đọc,"))
        }
        Empty::Gap(gap) => {
            let why = reason_words(&app.look, gap.reason);
            gap.action.as_ref().map_or_else(|| format!("{why}: {}", gap.detail), |a| format!("{why}: {a}"))
        }
    }
}

pub fn reason_words(look: &Look, reason: Reason) -> &'static str {
    match reason {
        Reason::Denied => look.say("denied", "bị từ chối quyền"),
        Reason::Throttled => look.say("throttled", "bị giới hạn tốc độ"),
        Reason::NotEnabled => look.say("not enabled", "chưa bật"),
        Reason::TooFresh => look.say("too fresh to tell", "còn quá mới"),
        Reason::BeyondRetention => look.say("too old, no longer kept", "quá cũ, không còn lưu"),
        Reason::Timeout => look.say("timed out", "quá thời gian"),
        Reason::Unavailable => look.say("unavailable", "không truy cập được"),
        Reason::NotApplicable => look.say("not applicable", "không áp dụng"),
    }
}

/// The number under the crosshair, as it was published.
pub fn value_at_cursor(app: &App, lane: &Lane) -> String {
    let cell = lane.grid.at(app.view.cursor);
    match cell {
        Cell::Value(v) => numbers::shown(v, lane.subject.metric.unit),
        Cell::Quiet => "0".into(),
        Cell::Unknown if lane.subject.metric.sparse => app.look.say("no traffic", "vắng").into(),
        Cell::Unknown => app.look.say("gap", "trống").into(),
        Cell::NotAsked => "–".into(),
    }
}

/// What stands at the right of a lane: the difference, the sum between marks, or lead and lag.
fn note(app: &App, lane: &Lane) -> (String, Style) {
    let theme = &app.look.theme;
    if let Some((then, _)) = &lane.ghost {
        return (difference(app, lane, then), theme.info);
    }
    if let Some(between) = app.view.selection() {
        let unit = lane.subject.metric.unit;
        let sum = lane.grid.sum(between).filter(|_| lane.subject.metric.statistic == "Sum");
        let words = match sum {
            Some(sum) => format!("Σ {}", numbers::shown(sum, unit)),
            None => change(app, lane).map(|d| format!("Δ {}", numbers::signed(d, unit))).unwrap_or_default(),
        };
        return (words, theme.info);
    }
    if lane.subject.metric.role == Role::Alarm || app.session.verdict_hidden {
        return (String::new(), theme.dim);
    }
    correlation_words(app, lane)
}

/// How the lane moves with the errors.
pub fn correlation_words(app: &App, lane: &Lane) -> (String, Style) {
    let (look, theme) = (&app.look, &app.look.theme);
    let Some(c) = lane.correlation.as_ref().filter(|c| c.associated || c.went_silent) else { return (String::new(), theme.dim) };
    if c.went_silent {
        return (look.say("went silent", "ngừng báo").into(), theme.warn);
    }
    let by = clock::minutes(Duration::seconds(c.lag));
    match c.order {
        Order::Leads => (format!("{} {by}", look.say("leads", "trước")), theme.warn),
        Order::Follows => (format!("{} {by}", look.say("follows", "sau")), theme.dim),
        Order::Coincides => (look.say("coincides", "cùng lúc").into(), theme.text),
        Order::Consequence => (look.say("consequence", "hệ quả").into(), theme.dim),
    }
}

fn difference(app: &App, lane: &Lane, then: &crate::analysis::grid::Grid) -> String {
    let Some(compare) = app.view.compare else { return String::new() };
    let now = lane.grid.at(app.view.cursor).number();
    let before = then.at(app.view.cursor - compare.back()).number();
    match (now, before) {
        (Some(a), Some(b)) => format!("Δ {} {}", numbers::signed(a - b, lane.subject.metric.unit), numbers::ratio(a, b)),
        (_, None) => app.look.say("then: not known", "khi đó: không rõ").into(),
        (None, _) => app.look.say("now: not known", "nay: không rõ").into(),
    }
}

/// The change of a lane from one end of the selection to the other.
fn change(app: &App, lane: &Lane) -> Option<f64> {
    let between = app.view.selection()?;
    Some(lane.grid.at(between.end).number()? - lane.grid.at(between.start).number()?)
}

pub fn compare_words(look: &Look, compare: Compare) -> &'static str {
    match compare {
        Compare::Yesterday => look.say("yesterday", "hôm qua"),
        Compare::LastWeek => look.say("a week before", "tuần trước"),
        Compare::HourBefore => look.say("an hour before", "một giờ trước"),
    }
}

fn draw_ghost(buf: &mut Buffer, row: Rect, bars: Rect, app: &App, lane: &Lane, g: Geometry) {
    let (Some(compare), Some((grid, columns))) = (app.view.compare, &lane.ghost) else { return };
    let theme = &app.look.theme;
    paint::text(buf, row, 1, 0, &paint::padded(&format!("  {}", compare_words(&app.look, compare)), g.name), theme.ghost);
    let room = Rect { y: row.y, height: 1, ..bars };
    if grid.is_blank() {
        paint::text(buf, room, 1, 0, no_ghost(app), theme.unknown);
        return;
    }
    bar::ghost(buf, room, lane, columns, theme.ghost);
    let then = grid.at(app.view.cursor - compare.back()).number();
    let value = then.map_or_else(|| "–".into(), |v| numbers::shown(v, lane.subject.metric.unit));
    paint::text(buf, row, g.bars_at() + g.bars, 0, &paint::right(&value, g.value), theme.ghost);
}

fn no_ghost(app: &App) -> &'static str {
    use crate::exchange::Area;
    if app.session.kind != super::super::options::Kind::Live {
        app.look.say("not in this recording", "không có trong bản ghi này")
    } else if app.case.busy.contains_key(&Area::Baseline) || !app.case.settled.contains(&Area::Baseline) {
        app.look.say("on its way", "đang đọc")
    } else {
        app.look.say("nothing published then", "khi đó không có số liệu")
    }
}

/// The alarm's own M-of-N evaluation of each column: breaching points, and where enough of them make ALARM.
fn draw_alarm(buf: &mut Buffer, row: Rect, bars: Rect, app: &App, lane: &Lane, g: Geometry) {
    let Some(alarm) = &app.case.alarm else { return };
    let (look, theme) = (&app.look, &app.look.theme);
    let (m, n) = (alarm.datapoints_to_alarm.max(1), alarm.evaluation_periods.max(1));
    let rule = format!("  {} {}, {m}/{n}", comparison(&alarm.comparison), numbers::count(alarm.threshold));
    paint::text(buf, row, 1, 0, &paint::padded(&rule, g.name + g.statistic), theme.threshold);
    let room = Rect { y: row.y, height: 1, ..bars };
    for (x, state) in bar::evaluation(alarm, lane).into_iter().enumerate() {
        let (symbol, style) = match state {
            bar::Evaluated::Quiet => continue,
            bar::Evaluated::Breaching => ("▪", theme.threshold),
            bar::Evaluated::Alarm => ("█", theme.threshold),
        };
        paint::put(buf, room, x as u16, 0, symbol, style);
    }
    let words = look.say("▪ breach █ ALARM", "▪ vượt █ ALARM");
    if g.note > 0 {
        paint::text(buf, row, g.bars_at() + g.bars + 1, 0, &paint::cut(words, g.value + g.note), theme.dim);
    }
}

fn comparison(word: &str) -> &'static str {
    match word {
        "GreaterThanThreshold" => ">",
        "GreaterThanOrEqualToThreshold" => "≥",
        "LessThanThreshold" => "<",
        "LessThanOrEqualToThreshold" => "≤",
        _ => "?",
    }
}

/// Ticks, marks and the events' words.
fn draw_time(buf: &mut Buffer, area: Rect, rest: Rect, bars: Rect, app: &App, axis: Axis) {
    if below_rows(area) == 0 {
        return;
    }
    let theme = &app.look.theme;
    let ticks = Rect { y: rest.y, height: rest.height.min(1), ..bars };
    let labels = Rect { width: bars.width.saturating_add(6).min(area.right().saturating_sub(bars.x)), ..ticks };
    for (x, label) in axis.ticks(app.clock(), 9) {
        paint::text(buf, labels, x, 0, &format!("╵{label}"), theme.dim);
    }
    let gutter = bars.x.saturating_sub(rest.x).saturating_sub(1);
    paint::text(buf, rest, 0, 0, &paint::right(&column_words(app, axis), gutter), theme.dim);
    if below_rows(area) > 1 {
        draw_marks(buf, Rect { y: rest.y + 1, height: rest.height.saturating_sub(1).min(1), ..bars }, app, axis);
        let words = paint::below(rest, 2);
        draw_words(buf, Rect { height: words.height.min(words_rows(area)), ..words }, app);
    }
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
        let words = app.look.say("no event in this window", "không có sự kiện trong khoảng này");
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

/// The crosshair and the marks, through every lane.
fn crosshair(buf: &mut Buffer, area: Rect, app: &App, axis: Axis) {
    let theme = &app.look.theme;
    if let Some(between) = app.view.selection() {
        let (from, to) = (axis.clamped(between.start), axis.clamped(between.end));
        for x in [from, to] {
            paint::tint(buf, area, Rect { x, y: 0, width: 1, height: area.height }, theme.mark);
        }
    }
    if let Some(x) = axis.column(app.view.cursor) {
        paint::tint(buf, area, Rect { x, y: 0, width: 1, height: area.height }, theme.cursor);
    }
}

fn title_words(app: &App, width: u16) -> String {
    let look = &app.look;
    let order = match app.panes.lanes_order {
        board::Order::Correlation => look.say("by correlation", "theo tương quan"),
        board::Order::Runbook => look.say("runbook order", "theo quy trình"),
        board::Order::Name => look.say("by name", "theo tên"),
    };
    let fold = match app.panes.fold {
        Fold::One => "",
        Fold::Worst => look.say(" · worst three", " · ba tệ nhất"),
        Fold::All => look.say(" · every one", " · từng cái"),
        Fold::Heat => look.say(" · heat map", " · bản đồ nhiệt"),
    };
    let total = app.board.subjects.len();
    let shown = app.board.lanes.len();
    let count = if shown < total && width >= 70 { format!(" · {shown}/{total}") } else { String::new() };
    format!("{order}{fold}{count}")
}

/// The crosshair's time, and what lies between the marks.
fn cursor_words(app: &App, width: u16) -> String {
    let clock = app.clock();
    let cursor = app.view.cursor;
    let at = format!("{} {} {}", app.look.say("at", "lúc"), clock.second(cursor), clock.zone_name(cursor));
    let Some(between) = app.view.selection() else { return at };
    let mut words = format!("Δt {}", in_words(between.span()));
    let selected = app.board.lane_of(app.list(Pane::Lanes).selected);
    if let Some(lane) = selected.filter(|_| width >= 60) {
        if let Some(d) = change(app, lane) {
            words.push_str(&format!(" · Δ {}", numbers::signed(d, lane.subject.metric.unit)));
        }
        if let (Some(sum), Unit::Count | Unit::Bytes) = (lane.grid.sum(between), lane.subject.metric.unit) {
            words.push_str(&format!(" · Σ {}", numbers::shown(sum, lane.subject.metric.unit)));
        }
    }
    format!("{words} · {at}")
}
