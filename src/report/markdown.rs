//! A document as GitHub-flavoured Markdown. Every character that could be markup is escaped, so foreign
//! text stays text in any renderer.

use super::document::{Block, Document, Line, Span, Table};
use super::lanes::{Lanes, sparkline};
use super::words;

/// How many characters wide the lanes are drawn.
const LANE_COLUMNS: usize = 60;

/// The document; with `pictures`, the lanes are pictures in that folder and not drawn in characters.
pub fn write(doc: &Document, pictures: Option<&str>) -> String {
    let mut out = format!("# {}\n", escape(&doc.title));
    for block in &doc.blocks {
        out.push('\n');
        out.push_str(&self::block(block, pictures));
    }
    out
}

fn block(block: &Block, pictures: Option<&str>) -> String {
    match block {
        Block::Heading(level, words) => format!("{} {}\n", "#".repeat(usize::from(*level)), escape(words)),
        Block::Paragraph(words) => format!("{}\n", line(words)),
        Block::List(lines) => lines.iter().map(|l| format!("- {}\n", line(l))).collect(),
        Block::Steps(lines) => lines.iter().enumerate().map(|(i, l)| format!("{}. {}\n", i + 1, line(l))).collect(),
        Block::Table(t) => table(t),
        Block::Code(text) => fenced(text),
        Block::Picture { alt, file, .. } => match pictures {
            Some(folder) => format!("![{}]({folder}/{file})\n", escape(alt)),
            None => String::new(),
        },
        Block::Lanes(lanes) => match pictures {
            Some(folder) => lane_pictures(lanes, folder),
            None => fenced(&lane_rows(lanes)),
        },
    }
}

fn lane_pictures(lanes: &Lanes, folder: &str) -> String {
    lanes.lanes.iter().enumerate().map(|(i, l)| format!("![{}]({folder}/{}.svg)\n\n", escape(&l.label), l.file_name(i))).collect()
}

fn lane_rows(lanes: &Lanes) -> String {
    rows(lanes, LANE_COLUMNS).join("\n")
}

/// Label and measure over a row of blocks with its largest value, for each lane; then the time axis.
pub(super) fn rows(lanes: &Lanes, columns: usize) -> Vec<String> {
    let mut out = Vec::new();
    for lane in &lanes.lanes {
        let top = lane.grid.largest(lanes.window).map_or_else(|| "?".into(), |(_, v)| words::value(v, lane.unit, lanes.lang));
        out.push(format!("{} ({})", lane.label, lane.measure()));
        out.push(format!("{}│ ≤ {top}", sparkline(&lane.grid, lanes.window, columns)));
    }
    if !out.is_empty() {
        out.push(mark_row(lanes, columns));
        out.push(axis(lanes, columns));
    }
    out
}

/// The numbers of the events where they lie.
fn mark_row(lanes: &Lanes, columns: usize) -> String {
    let mut row = vec![' '; columns];
    let span = lanes.window.span().num_seconds().max(1);
    for mark in &lanes.marks {
        let at = ((mark.at - lanes.window.start).num_seconds() * columns as i64 / span).clamp(0, columns as i64 - 1);
        row[at as usize] = char::from_digit(mark.number as u32, 10).unwrap_or('*');
    }
    row.into_iter().collect::<String>().trim_end().to_owned()
}

fn axis(lanes: &Lanes, columns: usize) -> String {
    let (start, end) = (words::clock(lanes.window.start, lanes.window), words::clock(lanes.window.end, lanes.window));
    let gap = columns.saturating_sub(start.len() + end.len() + 4);
    format!("{start}{}{end} UTC", " ".repeat(gap))
}

fn line(line: &Line) -> String {
    let spans: String = line.0.iter().map(span).collect();
    shield_start(&spans)
}

fn span(span: &Span) -> String {
    match span {
        Span::Plain(words) => escape(words),
        Span::Strong(words) if words.trim().is_empty() => escape(words),
        Span::Strong(words) => format!("**{}**", escape(words.trim())),
        Span::Code(words) => code(words),
    }
}

/// A code span whose fence is longer than any run of backticks inside.
fn code(words: &str) -> String {
    let words = one_line(words);
    if words.trim().is_empty() {
        return words;
    }
    let fence = "`".repeat(longest_run(&words) + 1);
    let pad = if words.starts_with('`') || words.ends_with('`') || (words.starts_with(' ') && words.ends_with(' ')) { " " } else { "" };
    format!("{fence}{pad}{words}{pad}{fence}")
}

fn fenced(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn table(table: &Table) -> String {
    let head: Vec<_> = table.head.iter().map(|h| escape(h)).collect();
    let rule = vec!["---"; head.len()].join(" | ");
    let mut out = format!("| {} |\n| {rule} |\n", head.join(" | "));
    for row in &table.rows {
        let cells: Vec<_> = row.iter().map(cell).collect();
        out.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    out
}

fn cell(cell: &Line) -> String {
    // In a table a bar ends the cell even inside a code span, and the backslash goes before the span is read.
    let code_bars = |s: &Span| match s {
        Span::Code(words) => code(words).replace('|', "\\|"),
        other => span(other),
    };
    let words: String = cell.0.iter().map(code_bars).collect();
    words.trim().to_owned()
}

/// Text as text: whatever Markdown, HTML in Markdown or autolinks would make of it.
pub fn escape(words: &str) -> String {
    let words = one_line(words);
    let mut out = String::with_capacity(words.len() + 8);
    let mut before = None;
    let mut chars = words.chars().peekable();
    while let Some(c) = chars.next() {
        if is_markup(before, c, chars.peek().copied()) {
            out.push('\\');
        }
        out.push(c);
        before = Some(c);
    }
    // The address of a page is no link unless we make it one.
    out.replace("www.", "www\\.").replace("WWW.", "WWW\\.")
}

fn is_markup(before: Option<char>, c: char, after: Option<char>) -> bool {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    match c {
        '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '|' | '~' | '$' => true,
        // Inside a word an underscore is only an underscore.
        '_' => !(word(before) && word(after)),
        '&' => word(after) || after == Some('#'),
        ':' => after == Some('/') || after == Some('{'),
        '!' => after == Some('['),
        '@' => word(after),
        _ => false,
    }
}

/// At the start of a line some characters begin a block.
fn shield_start(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &line.as_bytes()[digits..];
    let numbers = digits > 0 && matches!(rest, [b'.' | b')'] | [b'.' | b')', b' ', ..]);
    match line.bytes().next() {
        Some(b'#' | b'-' | b'+' | b'=') => format!("\\{line}"),
        Some(_) if numbers => format!("{}\\{}", &line[..digits], &line[digits..]),
        _ => line.trim_start().to_owned(),
    }
}

fn one_line(words: &str) -> String {
    words.replace(['\n', '\r', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_stays_text() {
        assert_eq!(escape("a*b* <b> [x](y) `c` | on_call _x_ &amp;"), r"a\*b\* \<b\> \[x\](y) \`c\` \| on_call \_x\_ \&amp;");
        assert_eq!(escape("https://evil.example www.evil.example"), r"https\://evil.example www\.evil.example");
        assert_eq!(shield_start("# not a heading"), r"\# not a heading");
        assert_eq!(shield_start("1. not a list"), r"1\. not a list");
        assert_eq!(shield_start("60.5 % stays"), "60.5 % stays");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert!(fenced("```\nx").starts_with("````text\n"));
    }
}
