//! Where we look: window, cursor, marks. Every pane reads it, only its own methods change it. Knows no
//! terminal and no clock.

use super::compare::Compare;
use crate::time::{Time, Window};
use chrono::Duration;

/// What the verdict is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum About {
    /// The window that is looked at; everything while that is the one things began with.
    #[default]
    Seen,
    /// It stands still while one looks around.
    Pinned(Window),
    /// All that was gathered.
    Everything,
}

/// The viewport.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    window: Window,
    /// Everything that was gathered.
    whole: Window,
    /// The window that shows the incident, from which one sets out.
    home: Window,
    pub cursor: Time,
    pub marks: [Option<Time>; 2],
    /// The window ends at now and moves with it.
    pub following: bool,
    pub about: About,
    pub compare: Option<Compare>,
    /// Windows before this one, with the cursor as it was.
    history: Vec<(Window, Time)>,
    /// The user moved something: nothing may move by itself any more.
    pub touched: bool,
}

/// How many windows `undo` remembers.
const REMEMBERED: usize = 64;

impl View {
    pub fn new(whole: Window) -> Self {
        Self {
            window: whole,
            whole,
            home: whole,
            cursor: whole.middle(),
            marks: [None; 2],
            following: false,
            about: About::default(),
            compare: None,
            history: Vec::new(),
            touched: false,
        }
    }

    pub fn window(&self) -> Window {
        self.window
    }

    pub fn whole(&self) -> Window {
        self.whole
    }

    /// What is judged.
    pub fn judged_window(&self) -> Window {
        match self.about {
            About::Seen if self.window != self.home => self.window,
            About::Seen | About::Everything => self.whole,
            About::Pinned(window) => window,
        }
    }

    /// The verdict pinned to what is looked at, then about everything, then following again.
    pub fn next_about(&mut self) {
        self.about = match self.about {
            About::Seen => About::Pinned(self.judged_window()),
            About::Pinned(_) => About::Everything,
            About::Everything => About::Seen,
        };
    }

    /// Goes to the window that shows the incident; there the verdict is about everything.
    pub fn go_home(&mut self, home: Window) {
        self.home = home;
        self.go(home);
    }

    /// More was gathered; what is looked at stays, unless nobody has touched it.
    pub fn grow(&mut self, whole: Window) {
        let looked_at_all = self.window == self.whole && !self.touched;
        self.whole = whole;
        if looked_at_all {
            (self.window, self.home) = (whole, whole);
        }
        self.cursor = clamp(self.cursor, self.window);
    }

    /// Goes to a window, remembering the one before. The cursor stays inside.
    pub fn go(&mut self, window: Window) {
        self.touched = true;
        if window == self.window || window.span() <= Duration::zero() {
            return;
        }
        if self.history.len() == REMEMBERED {
            self.history.remove(0);
        }
        self.history.push((self.window, self.cursor));
        self.window = window;
        self.cursor = clamp(self.cursor, window);
    }

    /// Zooms about the cursor; below 1 is nearer.
    pub fn zoom(&mut self, factor: f64) {
        self.go(self.window.zoomed(factor, self.cursor));
    }

    /// Moves by a share of the width; the cursor keeps its column.
    pub fn pan(&mut self, share: f64) {
        let moved = self.window.panned(share);
        let by = moved.start - self.window.start;
        self.following = false;
        self.go(moved);
        self.cursor = clamp(self.cursor + by, self.window);
    }

    /// Back to the window before.
    pub fn undo(&mut self) -> bool {
        let Some((window, cursor)) = self.history.pop() else { return false };
        self.window = window;
        self.cursor = clamp(cursor, window);
        true
    }

    /// To what lies between the marks, or between the mark and the cursor.
    pub fn zoom_to_selection(&mut self) -> bool {
        let Some(selection) = self.selection() else { return false };
        let widened = if selection.span() < crate::time::NARROWEST {
            Window { start: selection.middle() - crate::time::NARROWEST / 2, end: selection.middle() + crate::time::NARROWEST / 2 }
        } else {
            selection
        };
        self.go(widened);
        self.marks = [None; 2];
        true
    }

    /// What lies between the marks, or between one mark and the cursor.
    pub fn selection(&self) -> Option<Window> {
        let window = match self.marks {
            [Some(a), Some(b)] => Window::new(a, b),
            [Some(a), None] | [None, Some(a)] => Window::new(a, self.cursor),
            [None, None] => return None,
        };
        (window.span() > Duration::zero()).then_some(window)
    }

    /// Sets a mark at the cursor, or takes it off when it is there.
    pub fn mark(&mut self, which: usize) {
        let at = Some(self.cursor);
        if let Some(mark) = self.marks.get_mut(which) {
            *mark = if *mark == at { None } else { at };
        }
    }

    /// The cursor to `t`; the window follows when it must.
    pub fn look_at(&mut self, t: Time) {
        self.touched = true;
        if !self.window.contains(t) {
            let half = self.window.span() / 2;
            self.go(Window { start: t - half, end: t - half + self.window.span() });
        }
        self.cursor = t;
    }

    /// Moves the cursor by whole columns of `step` seconds; at the edge the window moves along.
    pub fn step(&mut self, columns: i64, step: i64) {
        self.touched = true;
        let to = self.cursor + Duration::seconds(columns * step);
        // Whoever follows has nothing to see beyond now, and goes on following.
        if self.following && to >= self.window.end {
            self.cursor = clamp(to, self.window);
            return;
        }
        if !self.window.contains(to) {
            let by = if to < self.window.start { to - self.window.start } else { to - self.window.end + Duration::seconds(step) };
            self.window = Window { start: self.window.start + by, end: self.window.end + by };
            self.following = false;
        }
        self.cursor = clamp(to, self.window);
    }

    /// Follow mode: the window keeps its width and ends at `now`.
    pub fn follow_to(&mut self, now: Time) {
        let by = now - self.window.end;
        if by > Duration::zero() {
            let at_end = self.cursor >= self.window.end - Duration::minutes(2);
            let moved = Window { start: self.window.start + by, end: now };
            if self.window == self.home {
                self.home = moved;
            }
            self.window = moved;
            self.cursor = if at_end { clamp(now, self.window) } else { clamp(self.cursor, self.window) };
        }
    }
}

fn clamp(t: Time, window: Window) -> Time {
    let last = (window.end - Duration::seconds(1)).max(window.start);
    t.clamp(window.start, last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn at(s: i64) -> Time {
        DateTime::from_timestamp(s, 0).unwrap()
    }

    fn hour() -> View {
        View::new(Window::new(at(1_700_000_000), at(1_700_003_600)))
    }

    #[test]
    fn undo_goes_back_through_every_window() {
        let mut view = hour();
        let first = view.window();
        view.zoom(0.5);
        let second = view.window();
        view.pan(0.5);
        assert!(view.undo() && view.window() == second);
        assert!(view.undo() && view.window() == first);
        assert!(!view.undo());
    }

    #[test]
    fn two_marks_zoom_to_what_is_between_them() {
        let mut view = hour();
        view.cursor = at(1_700_000_600);
        view.mark(0);
        view.cursor = at(1_700_002_400);
        view.mark(1);
        assert!(view.zoom_to_selection());
        assert_eq!(view.window(), Window::new(at(1_700_000_600), at(1_700_002_400)));
    }

    #[test]
    fn the_verdict_follows_the_window_until_it_is_pinned() {
        let mut view = hour();
        assert_eq!(view.judged_window(), hour().window());
        view.zoom(0.5);
        assert_eq!(view.judged_window(), view.window());
        view.next_about();
        let pinned = view.window();
        view.zoom(4.0);
        assert_eq!(view.judged_window(), pinned);
        view.next_about();
        assert_eq!(view.judged_window(), hour().window());
        view.next_about();
        assert_eq!(view.judged_window(), view.window());
    }

    #[test]
    fn at_home_the_verdict_is_about_everything() {
        let mut view = hour();
        let home = Window::new(at(1_700_001_000), at(1_700_002_000));
        view.go_home(home);
        assert_eq!((view.window(), view.judged_window()), (home, hour().window()));
        view.zoom(0.5);
        assert_eq!(view.judged_window(), view.window());
        view.undo();
        assert_eq!(view.judged_window(), hour().window());
        view.follow_to(at(1_700_004_000));
        assert_eq!(view.judged_window(), hour().window(), "following keeps it");
    }

    proptest! {
        #[test]
        fn the_cursor_never_leaves_the_window(steps in proptest::collection::vec((0u8..8, -5i64..5), 0..60)) {
            let mut view = hour();
            for (what, n) in steps {
                match what {
                    0 => view.zoom(0.5),
                    1 => view.zoom(2.0),
                    2 => view.pan(n as f64 / 4.0),
                    3 => { view.undo(); }
                    4 => view.step(n, 60),
                    5 => view.mark((n.unsigned_abs() % 2) as usize),
                    6 => { view.zoom_to_selection(); }
                    _ => view.look_at(at(1_700_000_000 + n * 7000)),
                }
                prop_assert!(view.window().contains(view.cursor), "{:?} {:?}", view.window(), view.cursor);
                prop_assert!(view.window().span() >= crate::time::NARROWEST);
            }
        }
    }
}
