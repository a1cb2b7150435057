//! Where things lie in the lanes pane: columns of a row, rows of a lane, rows below the lanes.

use crate::tui::app::App;
use crate::tui::board::Fold;
use ratatui::layout::Rect;

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
            85.. => (23, 8, 9, 13),
            70.. => (25, 8, 9, 0),
            50.. => (16, 0, 9, 0),
            _ => (12.min(width / 3), 0, if width > 30 { 8 } else { 0 }, 0),
        };
        let bars = width.saturating_sub(1 + name + statistic + value + 1 + note);
        Self { name, statistic, bars, value, note }
    }

    /// For rows of words that may be long: the bars stand under the lanes' own, unless the pane has the screen
    /// to itself, where the words get the room.
    pub fn of_words(width: u16, alone: bool) -> Self {
        let lanes = Self::of(width);
        if !alone || width < 70 {
            return lanes;
        }
        let wider = (width / 2).saturating_sub(1 + lanes.name + lanes.statistic).min(40);
        Self { name: lanes.name + wider, bars: lanes.bars.saturating_sub(wider), ..lanes }
    }

    pub fn bars_at(&self) -> u16 {
        1 + self.name + self.statistic
    }
}

/// Rows below the lanes: ticks, marks, words.
pub(super) fn words_rows(area: Rect) -> u16 {
    match area.height {
        26.. => 3,
        16.. => 2,
        9.. => 1,
        _ => 0,
    }
}

pub(super) fn below_rows(area: Rect) -> u16 {
    match area.height {
        7.. => 2 + words_rows(area),
        4.. => 1,
        _ => 0,
    }
}

/// Whether there is a row for the alarm's own evaluation.
pub(super) fn alarm_row(area: Rect, app: &App) -> u16 {
    u16::from(area.height >= 16 && app.case.alarm.is_some() && app.panes.fold != Fold::Heat)
}

/// The heights of lanes: (of the errors, of any other).
pub(super) fn heights(area: Rect, app: &App, wanted: usize) -> (u16, u16) {
    let space = area.height.saturating_sub(1 + below_rows(area) + alarm_row(area, app));
    let lanes = wanted.max(1) as u16;
    let ghost = ghost_rows(app);
    let each = if app.panes.fold == Fold::Heat { 1 } else { (space / (lanes + 1)).saturating_sub(ghost).clamp(1, 3) };
    let least = if space >= 6 { each.max(2) } else { each };
    // What the others leave over makes the errors taller.
    let left = space.saturating_sub((lanes - 1).saturating_mul(each + ghost) + ghost);
    (left.clamp(least, least.max(5)), each)
}

pub(super) fn ghost_rows(app: &App) -> u16 {
    u16::from(app.compared().is_some())
}

/// How many lanes are shown in an area; asked before the board is built.
pub fn room(area: Rect, app: &App) -> usize {
    let wanted = app.board.subjects.len().clamp(1, usize::from(u16::MAX / 4));
    let (errors, each) = heights(area, app, wanted);
    let space = area.height.saturating_sub(1 + below_rows(area) + alarm_row(area, app));
    let per_lane = each + ghost_rows(app);
    usize::from(1 + space.saturating_sub(errors + ghost_rows(app)) / per_lane.max(1))
}
