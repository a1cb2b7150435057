//! Words and cells onto a buffer, cut to width and never outside it. Knows no pane.

use super::theme::Theme;
use crate::text::{Lang, Text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How things are shown: language, characters, colours.
#[derive(Clone, Debug)]
pub struct Look {
    pub lang: Lang,
    pub ascii: bool,
    pub low_bandwidth: bool,
    pub theme: Theme,
}

impl Look {
    /// The words in the language of the screen.
    pub fn say(&self, en: &'static str, vi: &'static str) -> &'static str {
        match self.lang {
            Lang::En => en,
            Lang::Vi => vi,
        }
    }

    pub fn text<'a>(&self, text: &'a Text) -> &'a str {
        text.get(self.lang)
    }
}

/// A piece of a line in one style.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    pub text: Cow<'static, str>,
    pub style: Style,
}

pub fn piece(text: impl Into<Cow<'static, str>>, style: Style) -> Piece {
    Piece { text: text.into(), style }
}

/// A line of pieces.
pub type Line = Vec<Piece>;

pub fn width_of(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

pub fn line_width(line: &[Piece]) -> u16 {
    line.iter().fold(0u16, |sum, p| sum.saturating_add(width_of(&p.text)))
}

/// `text` within `max` columns; what is cut is marked by `…`. A number is never cut in its middle: it goes
/// as a whole.
pub fn cut(text: &str, max: u16) -> Cow<'_, str> {
    if width_of(text) <= max {
        return Cow::Borrowed(text);
    }
    let trimmed = text.trim_end();
    if max == 0 || width_of(trimmed) <= max {
        return Cow::Borrowed(if max == 0 { "" } else { trimmed });
    }
    let mut kept = prefix(text, max - 1);
    let next = text[kept.len()..].chars().next();
    if next.is_some_and(|c| c.is_ascii_digit()) {
        let whole = kept.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ':'));
        if !whole.is_empty() {
            kept = whole;
        }
    }
    Cow::Owned(format!("{}…", kept.trim_end()))
}

/// `text` within `max` columns, cut in its middle: names that begin alike are told apart by their ends.
pub fn cut_inside(text: &str, max: u16) -> Cow<'_, str> {
    let tail = max / 3;
    if width_of(text) <= max || tail == 0 {
        return cut(text, max);
    }
    let ends = text.grapheme_indices(true).map(|(at, _)| &text[at..]);
    let end = ends.into_iter().find(|rest| width_of(rest) <= tail).unwrap_or_default();
    Cow::Owned(format!("{}…{end}", prefix(text, max - 1 - width_of(end))))
}

/// The longest start of `text` that fits `max` columns.
pub fn prefix(text: &str, max: u16) -> &str {
    let (mut used, mut end) = (0u16, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        used = used.saturating_add(width_of(grapheme));
        if used > max {
            return &text[..at];
        }
        end = at + grapheme.len();
    }
    &text[..end]
}

/// `text` cut or filled up to exactly `width` columns.
pub fn padded(text: &str, width: u16) -> String {
    let mut out = cut(text, width).into_owned();
    let missing = width.saturating_sub(width_of(&out));
    out.extend(std::iter::repeat_n(' ', usize::from(missing)));
    out
}

/// The same with the filling in front.
pub fn right(text: &str, width: u16) -> String {
    let out = cut(text, width);
    let missing = width.saturating_sub(width_of(&out));
    format!("{}{out}", " ".repeat(usize::from(missing)))
}

/// Breaks a text into lines of at most `width` columns at spaces, and inside words longer than a line.
pub fn wrap(text: &str, width: u16) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        place(&mut lines, word, width.max(1));
    }
    lines
}

fn place(lines: &mut Vec<String>, word: &str, width: u16) {
    let Some(last) = lines.last_mut() else { return };
    let gap = u16::from(!last.is_empty());
    if width_of(last) + gap + width_of(word) <= width {
        if gap == 1 {
            last.push(' ');
        }
        last.push_str(word);
        return;
    }
    let mut rest = word;
    while width_of(rest) > width {
        let head = prefix(rest, width);
        if head.is_empty() {
            // One sign with its marks is wider than the line.
            push_line(lines, "…");
            rest = &rest[rest.graphemes(true).next().map_or(rest.len(), str::len)..];
        } else {
            push_line(lines, head);
            rest = &rest[head.len()..];
        }
    }
    push_line(lines, rest);
}

fn push_line(lines: &mut Vec<String>, text: &str) {
    match lines.last_mut() {
        Some(last) if last.is_empty() => last.push_str(text),
        _ => lines.push(text.to_owned()),
    }
}

/// Writes `text` at a place inside `area` (relative), cut to it; gives the columns used.
pub fn text(buf: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) -> u16 {
    let area = area.intersection(*buf.area());
    if x >= area.width || y >= area.height {
        return 0;
    }
    let room = area.width - x;
    let shown = cut(text, room);
    buf.set_stringn(area.x + x, area.y + y, &shown, usize::from(room), style);
    width_of(&shown)
}

/// Writes a line of pieces in row `y` of `area`, from column `x`.
pub fn line(buf: &mut Buffer, area: Rect, x: u16, y: u16, pieces: &[Piece]) -> u16 {
    pieces.iter().fold(x, |x, p| x.saturating_add(text(buf, area, x, y, &p.text, p.style)))
}

/// Puts one symbol; outside `area` nothing happens.
pub fn put(buf: &mut Buffer, area: Rect, x: u16, y: u16, symbol: &str, style: Style) {
    if x >= area.width || y >= area.height {
        return;
    }
    if let Some(cell) = buf.cell_mut((area.x + x, area.y + y)) {
        cell.set_symbol(symbol);
        cell.set_style(style);
    }
}

/// Styles a part of `area` given relative to it.
pub fn tint(buf: &mut Buffer, area: Rect, part: Rect, style: Style) {
    let moved = Rect { x: area.x.saturating_add(part.x), y: area.y.saturating_add(part.y), ..part };
    buf.set_style(moved.intersection(area).intersection(*buf.area()), style);
}

/// Blanks `area`.
pub fn clear(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(*buf.area());
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buf.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }
}

/// Row `y` of an area, as an area; empty below its end.
pub fn row(area: Rect, y: u16) -> Rect {
    Rect { y: area.y.saturating_add(y), height: u16::from(y < area.height), ..area }
}

/// `area` without its first `n` rows.
pub fn below(area: Rect, n: u16) -> Rect {
    let n = n.min(area.height);
    Rect { y: area.y + n, height: area.height - n, ..area }
}

/// What is left of a pane below its title row.
pub fn title_below(area: Rect) -> Rect {
    below(area, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_never_cut_in_their_middle() {
        assert_eq!(cut("peak 4123 errors", 8), "peak…");
        assert_eq!(cut("peak 4123 errors", 16), "peak 4123 errors");
        assert_eq!(cut("đường dẫn tới target", 10), "đường dẫn…");
        assert_eq!(cut("接続エラー多発", 7), "接続エ…");
    }

    #[test]
    fn what_is_cut_inside_keeps_both_ends() {
        assert_eq!(cut_inside("storefront-8080 ap-northeast-1a", 16), "storefront…st-1a");
        assert_eq!(cut_inside("接続エラー多発 1a", 10), "接続エ… 1a");
        assert_eq!(cut_inside("short", 16), "short");
    }

    #[test]
    fn long_words_break() {
        assert_eq!(wrap("see arn:aws:elasticloadbalancing now", 10), ["see", "arn:aws:el", "asticloadb", "alancing", "now"]);
    }

    proptest! {
        #[test]
        fn widths_hold_for_any_text(s in "[ -~à-ỹぁ-ん一-龥]{0,60}", max in 0u16..40) {
            prop_assert!(width_of(&cut(&s, max)) <= max);
            prop_assert!(width_of(&cut_inside(&s, max)) <= max);
            prop_assert_eq!(width_of(&padded(&s, max)), max);
            for l in wrap(&s, max.max(2)) { prop_assert!(width_of(&l) <= max.max(2)); }
        }

        #[test]
        fn nothing_is_written_outside(s in "\\PC{0,30}", x in 0u16..20, y in 0u16..6, w in 0u16..12, h in 0u16..4) {
            let mut buf = Buffer::empty(Rect::new(0, 0, 10, 3));
            text(&mut buf, Rect::new(2, 1, w, h), x, y, &s, Style::new());
            put(&mut buf, Rect::new(2, 1, w, h), x, y, "x", Style::new());
            tint(&mut buf, Rect::new(2, 1, w, h), Rect::new(x, y, w, h), Style::new());
        }
    }
}
