//! From two frames to the fewest bytes that turn one into the other. Nothing changed: no bytes.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use std::fmt::Write as _;

/// What the terminal shows, as far as we know.
#[derive(Debug, Default)]
pub struct Screen {
    shown: Option<Buffer>,
}

impl Screen {
    /// Forgets what is shown: the next frame is written whole.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// The bytes for the next frame, inside one synchronized update; empty when nothing changed.
    pub fn bytes(&mut self, next: Buffer) -> Vec<u8> {
        let whole = self.shown.as_ref().is_none_or(|shown| shown.area != next.area);
        let before = match self.shown.take() {
            Some(shown) if !whole => shown,
            _ => Buffer::empty(next.area),
        };
        let mut out = String::new();
        if whole {
            out.push_str("\x1b[0m\x1b[2J");
        }
        write_changes(&mut out, &before, &next);
        self.shown = Some(next);
        if out.is_empty() { Vec::new() } else { format!("\x1b[?2026h{out}\x1b[?2026l").into_bytes() }
    }
}

fn write_changes(out: &mut String, before: &Buffer, next: &Buffer) {
    let mut pen = Pen::default();
    for (x, y, cell) in before.diff(next) {
        pen.go(out, x, y, next.area);
        pen.dress(out, cell);
        out.push_str(cell.symbol());
        pen.x = x.saturating_add(super::paint::width_of(cell.symbol()).max(1));
    }
    pen.undress(out);
}

/// Where the terminal's cursor is and how it writes.
#[derive(Debug)]
struct Pen {
    x: u16,
    y: u16,
    known: bool,
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Default for Pen {
    fn default() -> Self {
        Self { x: 0, y: 0, known: false, fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() }
    }
}

impl Pen {
    /// Moves by the shortest sequence. After the last column terminals differ, so there the place is said anew.
    fn go(&mut self, out: &mut String, x: u16, y: u16, area: Rect) {
        if self.known && self.y == y && self.x == x && x < area.right() {
            return;
        }
        if self.known && self.y == y && x > self.x && self.x < area.right() {
            let _ = write!(out, "\x1b[{}C", x - self.x);
        } else {
            let _ = write!(out, "\x1b[{};{}H", y + 1, x + 1);
        }
        (self.x, self.y, self.known) = (x, y, true);
    }

    fn dress(&mut self, out: &mut String, cell: &Cell) {
        let (fg, bg, modifier) = (cell.fg, cell.bg, cell.modifier);
        if (self.fg, self.bg, self.modifier) == (fg, bg, modifier) {
            return;
        }
        let mut codes = Vec::new();
        // What was switched on can only be switched off together: bold and dim share their off.
        let reset = !(self.modifier - modifier).is_empty();
        if reset {
            codes.push("0".to_owned());
            (self.fg, self.bg, self.modifier) = (Color::Reset, Color::Reset, Modifier::empty());
        }
        codes.extend(modifier_codes(modifier - self.modifier));
        if self.fg != fg {
            codes.push(color_code(fg, 30));
        }
        if self.bg != bg {
            codes.push(color_code(bg, 40));
        }
        let _ = write!(out, "\x1b[{}m", codes.join(";"));
        (self.fg, self.bg, self.modifier) = (fg, bg, modifier);
    }

    fn undress(&mut self, out: &mut String) {
        if (self.fg, self.bg, self.modifier) != (Color::Reset, Color::Reset, Modifier::empty()) {
            out.push_str("\x1b[0m");
        }
    }
}

fn modifier_codes(m: Modifier) -> impl Iterator<Item = String> {
    let table = [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::ITALIC, "3"),
        (Modifier::UNDERLINED, "4"),
        (Modifier::REVERSED, "7"),
        (Modifier::CROSSED_OUT, "9"),
    ];
    table.into_iter().filter(move |(one, _)| m.contains(*one)).map(|(_, code)| code.to_owned())
}

/// `base` 30 for the foreground, 40 for the background.
fn color_code(color: Color, base: u8) -> String {
    match color {
        Color::Reset => (base + 9).to_string(),
        Color::Indexed(i) => format!("{};5;{i}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
        named => {
            let n = sixteen(named);
            if n < 8 { (base + n).to_string() } else { (base + 60 + n - 8).to_string() }
        }
    }
}

fn sixteen(color: Color) -> u8 {
    match color {
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::style::Style;
    use std::num::NonZeroU16;

    fn frame(rows: &[&str]) -> Buffer {
        Buffer::with_lines(rows.iter().map(|r| (*r).to_owned()))
    }

    /// What a terminal shows after the bytes.
    fn shown(parser: &vt100::Parser) -> String {
        parser.screen().contents()
    }

    #[test]
    fn the_same_frame_twice_writes_nothing() {
        let mut screen = Screen::default();
        assert!(!screen.bytes(frame(&["abc", "def"])).is_empty());
        assert!(screen.bytes(frame(&["abc", "def"])).is_empty());
        screen.forget();
        assert!(!screen.bytes(frame(&["abc", "def"])).is_empty());
    }

    #[test]
    fn without_colours_no_colour_code_is_written() {
        let mut buf = frame(&["abc"]);
        buf.set_style(Rect::new(0, 0, 2, 1), Style::new().add_modifier(Modifier::BOLD));
        let bytes = String::from_utf8(Screen::default().bytes(buf)).unwrap();
        assert!(bytes.contains("\x1b[1m") && !bytes.contains("38;") && !bytes.contains("\x1b[39"), "{bytes:?}");
    }

    proptest! {
        /// Whatever two frames are shown one after the other, the terminal shows the second.
        #[test]
        fn the_terminal_shows_what_was_drawn(
            a in proptest::collection::vec("[ a-z▂█①]{12}", 4),
            b in proptest::collection::vec("[ a-z▂█①]{12}", 4),
            styled in proptest::collection::vec((0u16..12, 0u16..4, 0u8..6), 0..10),
        ) {
            let mut screen = Screen::default();
            let mut parser = vt100::Parser::new(NonZeroU16::new(4).unwrap(), NonZeroU16::new(12).unwrap(), 0);
            for rows in [&a, &b] {
                let mut buf = frame(&rows.iter().map(String::as_str).collect::<Vec<_>>());
                for (x, y, s) in &styled {
                    let style = [Style::new().fg(Color::Rgb(1, 2, 3)), Style::new().bg(Color::Indexed(7)), Style::new().fg(Color::LightRed), Style::new().add_modifier(Modifier::BOLD), Style::new().add_modifier(Modifier::REVERSED | Modifier::DIM), Style::new()][usize::from(*s)];
                    buf.set_style(Rect::new(*x, *y, 1, 1), style);
                }
                parser.process(&screen.bytes(buf.clone()));
                for y in 0..4 {
                    for x in 0..12 {
                        let cell = parser.screen().cell(y, x).unwrap();
                        let want = &buf[(x, y)];
                        let got = if cell.contents().is_empty() { " " } else { cell.contents() };
                        prop_assert_eq!(got, want.symbol());
                        // Terminals take bold and dim together as either.
                        if !want.modifier.contains(Modifier::DIM) {
                            prop_assert_eq!(cell.bold(), want.modifier.contains(Modifier::BOLD));
                        }
                        prop_assert_eq!(cell.inverse(), want.modifier.contains(Modifier::REVERSED));
                        let fg = match want.fg { Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b), Color::LightRed => vt100::Color::Idx(9), _ => vt100::Color::Default };
                        prop_assert_eq!(cell.fgcolor(), fg);
                    }
                }
            }
            prop_assert!(!shown(&parser).is_empty() || b.iter().all(|r| r.trim().is_empty()));
        }
    }
}
