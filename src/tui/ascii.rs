//! The ASCII twin of every character the screen uses. Drawing knows one alphabet; with `--ascii` this is
//! the last hand that touches a frame.

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

/// Replaces every cell that is not ASCII by its twin of the same width.
pub fn translate(buf: &mut Buffer) {
    for i in 0..buf.content.len() {
        let symbol = buf.content[i].symbol();
        if symbol.is_ascii() {
            continue;
        }
        let first = symbol.chars().next().unwrap_or(' ');
        if symbol.width() > 1 {
            buf.content[i].set_symbol("??");
        } else if let (Some([a, b]), true) = (pair(first), is_space_before_more(buf, i + 1)) {
            buf.content[i].set_char(a);
            buf.content[i + 1].set_char(b);
        } else {
            buf.content[i].set_char(twin(first));
        }
    }
}

/// Signs that read wrongly as one character: `3 > 6` for 3 → 6.
fn pair(c: char) -> Option<[char; 2]> {
    match c {
        '→' => Some(['-', '>']),
        '←' => Some(['<', '-']),
        '≥' => Some(['>', '=']),
        '≤' => Some(['<', '=']),
        '±' => Some(['+', '-']),
        _ => None,
    }
}

/// A space between two signs of the same row: there is room for a second character.
fn is_space_before_more(buf: &Buffer, i: usize) -> bool {
    let width = usize::from(buf.area.width).max(1);
    let in_row = !i.is_multiple_of(width) && !(i + 1).is_multiple_of(width);
    in_row && buf.content.get(i).is_some_and(|c| c.symbol() == " ") && buf.content.get(i + 1).is_some_and(|c| c.symbol() != " ")
}

/// One character for one.
#[allow(clippy::match_same_arms, reason = "a table: one row a kind of sign")]
pub fn twin(c: char) -> char {
    match c {
        // Bars, lowest first.
        '▁' => ',',
        '▂' => ':',
        '▃' => '-',
        '▄' => '=',
        '▅' => '+',
        '▆' => '*',
        '▇' => '%',
        '█' => '#',
        // States of a minute.
        '·' => '.',
        '░' => '/',
        '┄' | '╌' => '~',
        // Lines.
        '─' | '═' | '–' | '—' | '−' | '━' => '-',
        '│' | '┃' | '╎' | '┆' | '╵' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '╞' | '╡' => '+',
        // Signs.
        '✓' => 'v',
        // A failure must not look like a warning.
        '‼' => 'X',
        '✗' | '×' => 'x',
        '▶' | '▸' | '→' | '›' | '⟩' => '>',
        '◀' | '◂' | '←' | '‹' | '⟨' => '<',
        '▲' | '↑' | '▴' => '^',
        '▼' | '↓' | '▾' => 'v',
        '●' | '■' | '▪' => '#',
        '○' | '□' | '◦' => 'o',
        '…' | '⋯' => '~',
        '±' | '≈' | '∼' => '~',
        '≥' => '>',
        '≤' => '<',
        'Δ' => 'd',
        'Σ' => 'S',
        '∞' => '8',
        '“' | '”' | '„' => '"',
        '‘' | '’' => '\'',
        '␛' => '^',
        '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
        // Letters: digits would run into the time that follows.
        '①'..='⑨' => char::from(b'a' + (c as u32 - '①' as u32) as u8),
        _ => letter(c),
    }
}

/// A Latin letter without its marks, as Vietnamese is written where marks cannot be.
#[allow(clippy::match_same_arms, reason = "a table: one row a letter")]
fn letter(c: char) -> char {
    let lower = c.to_lowercase().next().unwrap_or(c);
    let plain = match lower {
        'à'..='å' | 'ă' | 'ạ'..='ặ' => 'a',
        'è'..='ë' | 'ẹ'..='ệ' => 'e',
        'ì'..='ï' | 'ĩ' | 'ỉ'..='ị' => 'i',
        'ò'..='ö' | 'ơ' | 'ọ'..='ợ' => 'o',
        'ù'..='ü' | 'ũ' | 'ư' | 'ụ'..='ự' => 'u',
        'ý' | 'ÿ' | 'ỳ'..='ỹ' => 'y',
        'đ' => 'd',
        'ç' => 'c',
        'ñ' => 'n',
        'µ' | 'μ' => 'u',
        _ => return '?',
    };
    if lower == c { plain } else { plain.to_ascii_uppercase() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    #[test]
    fn vietnamese_stays_readable() {
        let plain: String =
            "Không có cảnh báo nào, ĐÃ XỬ LÝ, được ưu tiên".chars().map(|c| if c.is_ascii() { c } else { twin(c) }).collect();
        assert_eq!(plain, "Khong co canh bao nao, DA XU LY, duoc uu tien");
    }

    #[test]
    fn bars_and_states_stay_apart() {
        let all: Vec<char> = "▁▂▃▄▅▆▇█·░┄".chars().map(twin).chain(['_', '?', ' ']).collect();
        let mut unique = all.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), all.len());
    }

    #[test]
    fn a_frame_is_ascii_afterwards_and_columns_keep_their_place() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
        buf.set_string(0, 0, "接続▅→Lỗi", Style::new());
        translate(&mut buf);
        let row: String = (0..12).map(|x| buf[(x, 0)].symbol().to_owned()).collect();
        assert!(row.is_ascii());
        assert!(row.contains("+>Loi"), "{row}");
    }

    #[test]
    fn an_arrow_with_room_is_no_greater_than_sign() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 26, 1));
        buf.set_string(0, 0, "desired 3 → 6, ≥ 5, a→b →", Style::new());
        translate(&mut buf);
        let row: String = (0..26).map(|x| buf[(x, 0)].symbol().to_owned()).collect();
        assert_eq!(row, "desired 3 ->6, >=5, a>b > ");
    }
}
