//! A document as plain text of 80 columns, for terminals, tickets and mail.

use super::document::{Block, Document, Line, Span, Table};
use super::markdown::rows;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// No line is wider, but a single word that cannot be broken sensibly is cut where it must.
pub const WIDTH: usize = 80;
/// A column is never squeezed below this.
const NARROWEST: usize = 8;

/// The whole document.
pub fn write(doc: &Document) -> String {
    let mut out = wrap(&clean(&doc.title), WIDTH).join("\n");
    let widest = out.lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
    out.push_str(&format!("\n{}\n", "═".repeat(widest)));
    for block in &doc.blocks {
        out.push('\n');
        for line in self::block(block) {
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

fn block(block: &Block) -> Vec<String> {
    match block {
        Block::Heading(2, words) => heading(words),
        Block::Heading(_, words) => wrap(&clean(words), WIDTH),
        Block::Paragraph(line) => wrap(&text(line), WIDTH),
        Block::List(lines) => lines.iter().flat_map(|l| hung("• ", &text(l))).collect(),
        Block::Steps(lines) => lines.iter().enumerate().flat_map(|(i, l)| hung(&format!("{}. ", i + 1), &text(l))).collect(),
        Block::Table(t) => table(t),
        Block::Code(code) => code.lines().map(|l| format!("    {}", clean(l))).collect(),
        Block::Picture { alt, file, .. } => wrap(&clean(&format!("[{file}: {alt}]")), WIDTH),
        Block::Lanes(lanes) => {
            rows(lanes, 60).into_iter().flat_map(|row| if row.width() > WIDTH { wrap(&row, WIDTH) } else { vec![row] }).collect()
        }
    }
}

fn heading(words: &str) -> Vec<String> {
    let mut lines = wrap(&clean(words), WIDTH);
    let widest = lines.iter().map(|l| l.width()).max().unwrap_or(0);
    lines.push("─".repeat(widest));
    lines
}

fn text(line: &Line) -> String {
    clean(&line.0.iter().map(Span::words).collect::<String>())
}

fn clean(words: &str) -> String {
    crate::text::clean(words)
}

fn hung(bullet: &str, words: &str) -> Vec<String> {
    let indent = bullet.width();
    let lines = wrap(words, WIDTH - indent);
    lines.into_iter().enumerate().map(|(i, l)| if i == 0 { format!("{bullet}{l}") } else { format!("{}{l}", " ".repeat(indent)) }).collect()
}

/// Lines of at most `width` columns, broken between words, inside one only if it is wider than a line.
pub fn wrap(words: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in words.split(' ').filter(|w| !w.is_empty()) {
        let gap = usize::from(!line.is_empty());
        if line.width() + gap + word.width() <= width {
            line.push_str(&" ".repeat(gap));
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut pieces = pieces(word, width);
        line = pieces.pop().unwrap_or_default();
        lines.extend(pieces);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// A word in pieces of at most `width` columns.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for cluster in word.graphemes(true) {
        let full = pieces.last().is_some_and(|p| !p.is_empty() && p.width() + cluster.width() > width);
        if full {
            pieces.push(String::new());
        }
        if let Some(last) = pieces.last_mut() {
            last.push_str(cluster);
        }
    }
    pieces
}

fn table(table: &Table) -> Vec<String> {
    let rows: Vec<Vec<String>> = table.rows.iter().map(|r| r.iter().map(text).collect()).collect();
    let head: Vec<String> = table.head.iter().map(|h| clean(h)).collect();
    let widths = widths(&head, &rows);
    let mut out = table_row(&head, &widths);
    out.push(widths.iter().map(|w| "─".repeat(*w)).collect::<Vec<_>>().join("  "));
    out.extend(rows.iter().flat_map(|r| table_row(r, &widths)));
    out
}

/// What each column would like, the widest ones squeezed until the table fits.
fn widths(head: &[String], rows: &[Vec<String>]) -> Vec<usize> {
    let natural = |c: usize| rows.iter().filter_map(|r| r.get(c)).chain(head.get(c)).map(|cell| cell.width()).max().unwrap_or(0);
    let mut widths: Vec<usize> = (0..head.len()).map(natural).collect();
    let room = WIDTH.saturating_sub(2 * head.len().saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max().filter(|w| **w > NARROWEST) else { break };
        *widest -= 1;
    }
    widths
}

/// A row over as many lines as its tallest cell needs.
fn table_row(cells: &[String], widths: &[usize]) -> Vec<String> {
    let wrapped: Vec<Vec<String>> = cells.iter().zip(widths).map(|(cell, w)| wrap(cell, *w)).collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let part = |cell: &Vec<String>, i: usize, w: usize| {
        let words = cell.get(i).map_or("", String::as_str);
        format!("{words}{}", " ".repeat(w.saturating_sub(words.width())))
    };
    (0..height).map(|i| wrapped.iter().zip(widths).map(|(c, w)| part(c, i, *w)).collect::<Vec<_>>().join("  ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_words_are_broken_and_wide_characters_counted() {
        assert_eq!(wrap("ab cdefgh i", 4), ["ab", "cdef", "gh i"]);
        assert_eq!(wrap("負荷分散装置", 4), ["負荷", "分散", "装置"]);
        assert_eq!(wrap("", 4), [""]);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_asked_and_no_letter_is_lost(words in "[a-zđ負 ]{0,200}", width in 2usize..40) {
            let lines = wrap(&words, width);
            prop_assert!(lines.iter().all(|l| l.width() <= width));
            prop_assert_eq!(lines.concat().replace(' ', ""), words.replace(' ', ""));
        }

        #[test]
        fn tables_fit(cells in proptest::collection::vec("[a-z ]{0,60}", 4)) {
            let t = Table { head: vec!["a".into(), "b".into(), "c".into(), "d".into()], rows: vec![cells.into_iter().map(Line::from).collect()] };
            prop_assert!(table(&t).iter().all(|l| l.width() <= WIDTH));
        }
    }
}
