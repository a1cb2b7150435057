//! A document as one HTML file: nothing is fetched, nothing runs, everything foreign is escaped. Readable in
//! light and dark, and on paper.

use super::chart;
use super::document::{Block, Document, Line, Span, Table};
use crate::text::Lang;

const STYLE: &str = include_str!("../../assets/report.css");

/// The whole page.
pub fn write(doc: &Document, lang: Lang) -> String {
    let lang = match lang {
        Lang::En => "en",
        Lang::Vi => "vi",
    };
    let title = escape(&doc.title);
    let body: String = doc.blocks.iter().map(block).collect();
    // The policy stands even if something got past the escaping: no script, no request, no form.
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n"
    )
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(level, words) => format!("<h{level}>{}</h{level}>\n", escape(words)),
        Block::Paragraph(words) => format!("<p>{}</p>\n", line(words)),
        Block::List(lines) => format!("<ul>\n{}</ul>\n", items(lines)),
        Block::Steps(lines) => format!("<ol>\n{}</ol>\n", items(lines)),
        Block::Table(t) => table(t),
        Block::Code(text) => format!("<pre><code>{}</code></pre>\n", escape(text)),
        Block::Picture { alt, svg, .. } => format!("<figure class=\"screen\" aria-label=\"{}\">\n{svg}</figure>\n", escape(alt)),
        Block::Lanes(lanes) => format!("<figure class=\"lanes\">\n{}</figure>\n", chart::stack(lanes)),
    }
}

fn items(lines: &[Line]) -> String {
    lines.iter().map(|l| format!("<li>{}</li>\n", line(l))).collect()
}

fn line(line: &Line) -> String {
    let span = |s: &Span| match s {
        Span::Plain(words) => escape(words),
        Span::Strong(words) => format!("<strong>{}</strong>", escape(words)),
        Span::Code(words) => format!("<code>{}</code>", escape(words)),
    };
    line.0.iter().map(span).collect()
}

fn table(table: &Table) -> String {
    let head: String = table.head.iter().map(|h| format!("<th scope=\"col\">{}</th>", escape(h))).collect();
    let row = |r: &Vec<Line>| format!("<tr>{}</tr>\n", r.iter().map(|c| format!("<td>{}</td>", line(c))).collect::<String>());
    let rows: String = table.rows.iter().map(row).collect();
    format!("<div class=\"table\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}

/// Text for HTML and SVG, in elements and in quoted attributes; characters that XML does not allow vanish.
pub fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 8);
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push(c),
            '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
