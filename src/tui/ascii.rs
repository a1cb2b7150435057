//! The ASCII twin of every character the screen uses. Drawing knows one alphabet; with `--ascii` this is
//! the last hand that touches a frame.

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

/// Replaces every cell that is not ASCII by its twin of the same width.
pub fn translate(buf: &mut Buffer) {
    for cell in &mut buf.content {
        let symbol = cell.symbol();
        if symbol.is_ascii() {
            continue;
        }
        let wide = symbol.width() > 1;
        let first = symbol.chars().next().unwrap_or(' ');
        if wide {
            cell.set_symbol("??");
        } else {
            cell.set_char(twin(first));
        }
    }
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
}
