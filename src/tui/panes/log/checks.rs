//! The balancer's health-check log as a strip of states a target, on the lanes' own axis.

use crate::case::health::HealthCheckRecord;
use crate::case::topology::short_name;
use crate::exchange::Area;
use crate::tui::app::App;
use crate::tui::axis::Axis;
use crate::tui::layout::Pane;
use crate::tui::paint;
use crate::tui::panes;
use crate::tui::panes::lanes::Geometry;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::collections::BTreeMap;

/// So long a state is drawn on after its check, dimly: the next one is due by then, or the target was taken out.
const HELD: i64 = 60;

/// What the checks of one target in one column came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    NoCheck,
    Passed,
    Both,
    Failed,
}

/// One target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub name: String,
    pub failed: usize,
    pub checks: usize,
    /// Why most of its checks failed.
    pub mostly: String,
    pub states: Vec<State>,
}

/// The rows, those that failed most first.
pub fn rows(records: &[HealthCheckRecord], axis: Axis, filter: &str) -> Vec<Row> {
    let mut all: BTreeMap<(&str, &str), Seen> = BTreeMap::new();
    for record in records {
        let Some(x) = axis.column(record.at) else { continue };
        all.entry((short_name(&record.target_group), &record.target)).or_default().add(record, axis.columns, x);
    }
    let groups = all.keys().map(|(group, _)| *group).collect::<std::collections::BTreeSet<_>>().len();
    let named =
        |((group, target), seen): ((&str, &str), Seen)| seen.row(if groups > 1 { format!("{target} {group}") } else { target.to_owned() });
    let passes = |r: &Row| filter.is_empty() || r.name.to_lowercase().contains(filter) || r.mostly.to_lowercase().contains(filter);
    let mut rows: Vec<Row> = all.into_iter().map(named).filter(passes).collect();
    rows.sort_by(|a, b| b.failed.cmp(&a.failed).then_with(|| a.name.cmp(&b.name)));
    rows
}

/// A row being counted.
#[derive(Default)]
struct Seen<'a> {
    row: Row,
    reasons: BTreeMap<&'a str, usize>,
}

impl<'a> Seen<'a> {
    fn add(&mut self, record: &'a HealthCheckRecord, columns: u16, x: u16) {
        let row = &mut self.row;
        row.states.resize(usize::from(columns), State::NoCheck);
        row.checks += 1;
        row.failed += usize::from(!record.passed);
        let state = &mut row.states[usize::from(x)];
        *state = state.and(record.passed);
        if let Some(reason) = record.reason.as_deref().filter(|_| !record.passed) {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    fn row(self, name: String) -> Row {
        let mostly = self.reasons.into_iter().max_by_key(|(_, n)| *n).map_or("", |(reason, _)| reason).to_owned();
        Row { name, mostly, ..self.row }
    }
}

impl State {
    fn and(self, passed: bool) -> Self {
        match (self, passed) {
            (Self::NoCheck | Self::Passed, true) => Self::Passed,
            (Self::NoCheck | Self::Failed, false) => Self::Failed,
            _ => Self::Both,
        }
    }

    /// Told apart by shape, not only by colour.
    fn sign(self, app: &App) -> (&'static str, Style) {
        let theme = &app.look.theme;
        match self {
            Self::NoCheck => ("·", theme.dim),
            Self::Passed => ("▁", theme.good),
            Self::Both => ("▄", theme.warn),
            Self::Failed => ("█", theme.bad),
        }
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, by: &str) {
    let look = &app.look;
    let legend = look.say("▁ passed  ▄ both  █ failed  · no check", "▁ đạt  ▄ cả hai  █ hỏng  · không kiểm tra");
    let body = panes::title(buf, area, app, Pane::Log, by, legend);
    let rows = &app.log_map.checks;
    if rows.is_empty() {
        let words = if app.case.health_checks.is_empty() {
            panes::absent(app, Area::HealthCheckLog)
        } else {
            look.say("no health check in this window", "không có health check trong khoảng này").into()
        };
        return panes::nothing(buf, body, &words, look.theme.dim);
    }
    let selected = app.list(Pane::Log).selected.min(rows.len() - 1);
    let offset = panes::offset(selected, rows.len(), body.height);
    for (y, row) in rows.iter().enumerate().skip(offset).take(usize::from(body.height)) {
        let area = paint::row(body, (y - offset) as u16);
        draw_row(buf, area, app, row);
        panes::select(buf, area, app, Pane::Log, y == selected);
    }
}

fn draw_row(buf: &mut Buffer, area: Rect, app: &App, row: &Row) {
    let (geometry, theme) = (Geometry::of(area.width), &app.look.theme);
    let width = geometry.name + geometry.statistic;
    let reason = if width < 28 { "" } else { &row.mostly };
    let left = width.saturating_sub(paint::width_of(reason) + 1);
    paint::text(buf, area, 1, 0, &paint::cut(&row.name, left), theme.text);
    paint::text(buf, area, 1 + left, 0, &paint::cut(reason, width - left.min(width)), theme.consequence);
    let failed = format!("{}/{}", row.failed, row.checks);
    paint::text(buf, area, geometry.bars_at() + geometry.bars, 0, &paint::right(&failed, geometry.value), theme.text);
    let Some(axis) = app.log_map.axis else { return };
    let bars = Rect { x: area.x + geometry.bars_at(), width: axis.columns.min(geometry.bars), ..area };
    let columns = usize::try_from(HELD / axis.step.max(1)).unwrap_or_default();
    for (x, state) in row.states.iter().enumerate() {
        let held = row.states[x.saturating_sub(columns)..x].iter().rev().find(|s| **s != State::NoCheck);
        let (sign, style) = match (state, held) {
            (State::NoCheck, Some(before)) => (before.sign(app).0, theme.dim),
            _ => state.sign(app),
        };
        paint::put(buf, bars, x as u16, 0, sign, style);
    }
    if let Some(x) = axis.column(app.view.cursor) {
        paint::tint(buf, bars, Rect { x, y: 0, width: 1, height: 1 }, theme.cursor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Time, Window};
    use chrono::Duration;

    #[test]
    fn each_target_is_a_strip_of_what_its_checks_came_to() {
        let start = Time::default();
        let axis = Axis::new(Window::new(start, start + Duration::minutes(10)), 10);
        let record = |target: &str, second: i64, passed: bool| HealthCheckRecord {
            at: start + Duration::seconds(second),
            target: target.into(),
            target_group: "api".into(),
            passed,
            status_code: None,
            reason: (!passed).then(|| "ConnectionTimedOut".into()),
            latency: None,
        };
        let all = [
            record("10.0.0.1:80", 5, true),
            record("10.0.0.2:80", 5, true),
            record("10.0.0.2:80", 65, true),
            record("10.0.0.2:80", 95, false),
            record("10.0.0.2:80", 125, false),
            record("10.0.0.2:80", 7200, false),
        ];
        let rows = rows(&all, axis, "");
        assert_eq!(
            rows.iter().map(|r| (r.name.as_str(), r.failed, r.checks)).collect::<Vec<_>>(),
            [("10.0.0.2:80", 2, 4), ("10.0.0.1:80", 0, 1)]
        );
        assert_eq!(rows[0].states[..4], [State::Passed, State::Both, State::Failed, State::NoCheck]);
        assert_eq!(rows[0].mostly, "ConnectionTimedOut");
        assert_eq!(super::rows(&all, axis, "0.1:").len(), 1);
    }
}
