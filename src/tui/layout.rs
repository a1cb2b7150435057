//! Which pane is where, by the size of the screen. Panes leave in this order: side by side becomes one
//! column below 110 columns; below 24 rows the verdict block shrinks; below 18 rows lanes and the other
//! panes take turns; below 40×10 one line remains.

use ratatui::layout::Rect;

/// The panes, in the order of their number keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    Runbook,
    #[default]
    Lanes,
    Findings,
    Hypotheses,
    Log,
    AppLog,
    Gaps,
    Topology,
}

impl Pane {
    pub const ALL: [Self; 8] =
        [Self::Runbook, Self::Lanes, Self::Findings, Self::Hypotheses, Self::Log, Self::AppLog, Self::Gaps, Self::Topology];

    /// Its place in [`Pane::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    fn stepped(self, by: usize) -> Self {
        Self::ALL[(self.index() + by) % Self::ALL.len()]
    }

    pub fn next(self) -> Self {
        self.stepped(1)
    }

    pub fn previous(self) -> Self {
        self.stepped(Self::ALL.len() - 1)
    }
}

/// Below this the screen is one line.
pub const SMALLEST: (u16, u16) = (40, 10);

/// Where everything is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub tiny: bool,
    pub header: Rect,
    pub verdict: Rect,
    pub panes: Vec<(Pane, Rect)>,
    /// Column of the line between left and right.
    pub divider: Option<Rect>,
    pub footer: Rect,
}

impl Plan {
    pub fn area_of(&self, pane: Pane) -> Option<Rect> {
        self.panes.iter().find(|(p, _)| *p == pane).map(|(_, area)| *area)
    }
}

/// What the plan depends on besides the size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    pub focus: Pane,
    /// The pane in the lower slot.
    pub lower: Pane,
    pub full: bool,
    /// Over a slow line one pane less is drawn.
    pub fewer: bool,
}

/// The plan for a screen.
pub fn plan(size: Rect, wants: Wants) -> Plan {
    if size.width < SMALLEST.0 || size.height < SMALLEST.1 {
        return Plan { tiny: true, header: size, ..Plan::default() };
    }
    let verdict = match size.height {
        24.. => 5,
        20.. => 4,
        16.. => 2,
        _ => 1,
    };
    let rows = |y: u16, height: u16| Rect { y: size.y + y, height, ..size };
    let body = rows(1 + verdict, size.height.saturating_sub(2 + verdict));
    let mut plan = Plan { header: rows(0, 1), verdict: rows(1, verdict), footer: rows(size.height - 1, 1), ..Plan::default() };
    if wants.full {
        plan.panes = vec![(wants.focus, body)];
    } else if size.width >= 110 && body.height >= 12 {
        wide(&mut plan, body, wants);
    } else {
        narrow(&mut plan, body, wants);
    }
    plan
}

fn narrow(plan: &mut Plan, body: Rect, wants: Wants) {
    if body.height < 13 || wants.fewer {
        plan.panes = vec![(wants.focus, body)];
        return;
    }
    let lower = (body.height * 36 / 100).clamp(5, 14);
    let (top, bottom) = split_rows(body, body.height - lower);
    plan.panes = vec![(Pane::Lanes, top), (wants.lower, bottom)];
}

fn wide(plan: &mut Plan, body: Rect, wants: Wants) {
    // The lanes keep the room for what they have to do with the errors.
    let left_width = (body.width * 3 / 10).clamp(33, 48).min(body.width.saturating_sub(86)).max(30);
    let left = Rect { width: left_width, ..body };
    let right = Rect { x: body.x + left_width + 1, width: body.width.saturating_sub(left_width + 1), ..body };
    plan.divider = Some(Rect { x: body.x + left_width, width: 1, ..body });
    let mut shown = vec![Pane::Runbook];
    if body.height >= 40 {
        let (top, bottom) = split_rows(left, 24);
        plan.panes.extend([(Pane::Runbook, top), (Pane::Hypotheses, bottom)]);
        shown.push(Pane::Hypotheses);
    } else {
        plan.panes.push((Pane::Runbook, left));
    }
    if wants.fewer {
        let pane = if shown.contains(&wants.focus) { Pane::Lanes } else { wants.focus };
        plan.panes.push((pane, right));
        return;
    }
    let lower = if shown.contains(&wants.lower) || wants.lower == Pane::Lanes { Pane::Findings } else { wants.lower };
    let height = (body.height * 3 / 10).clamp(5, 18);
    let (top, bottom) = split_rows(right, right.height.saturating_sub(height));
    plan.panes.push((Pane::Lanes, top));
    // One above the other, so that the log keeps the lanes' own axis.
    if bottom.height >= 14 {
        let second = if lower == Pane::Findings { Pane::Log } else { lower };
        let (upper, under) = split_rows(bottom, bottom.height / 2 + 1);
        plan.panes.extend([(Pane::Findings, upper), (second, under)]);
    } else {
        plan.panes.push((lower, bottom));
    }
}

fn split_rows(area: Rect, top: u16) -> (Rect, Rect) {
    let top = top.min(area.height);
    (Rect { height: top, ..area }, Rect { y: area.y + top, height: area.height - top, ..area })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No two panes overlap, none leaves the screen, and the focused one is always there.
    #[test]
    fn panes_tile_every_screen() {
        for w in 0..230 {
            for h in 0..80 {
                for focus in Pane::ALL {
                    for (full, fewer) in [(false, false), (true, false), (false, true)] {
                        let lower = if focus == Pane::Lanes { Pane::Findings } else { focus };
                        let size = Rect::new(0, 0, w, h);
                        let plan = plan(size, Wants { focus, lower, full, fewer });
                        if plan.tiny {
                            continue;
                        }
                        let all: Vec<Rect> = plan.panes.iter().map(|(_, r)| *r).chain([plan.header, plan.verdict, plan.footer]).collect();
                        for (i, a) in all.iter().enumerate() {
                            assert_eq!(a.intersection(size), *a, "{w}x{h}");
                            assert!(all[..i].iter().all(|b| !a.intersects(*b)), "{w}x{h} {focus:?} {plan:?}");
                        }
                        assert!(plan.area_of(focus).is_some_and(|a| a.height >= 3), "{w}x{h} {focus:?} {plan:?}");
                    }
                }
            }
        }
    }
}
