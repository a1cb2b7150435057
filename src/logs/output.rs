//! An answer about access logs as a table, JSON or CSV. The words of columns are the same in all three.

use crate::accesslog::question::Column;
use crate::accesslog::rows::add_up;
use crate::accesslog::scan::Damage;
use crate::accesslog::tally::{Census, Row, as_written};
use crate::cli::LogsFormat;
use crate::text::clean;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// The schema of the JSON form.
pub const SCHEMA: &str = "alb-triage/logs/v1";
/// The widest value in a table; JSON and CSV have it whole.
const WIDEST: usize = 100;

/// What was found, and how well it could be read.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub columns: Vec<Column>,
    pub files: u64,
    pub bytes: u64,
    pub census: Census,
    /// Sorted by their columns.
    pub rows: Vec<Row>,
    /// Requests without a row of their own.
    pub folded: u64,
    pub damaged: Vec<Damage>,
    /// Files outside the window by their names.
    pub left_out: usize,
    /// All of it was asked of somebody who reads the files himself.
    pub queried: bool,
    /// Files that are no access logs by their names.
    pub other: Vec<String>,
}

impl Answer {
    /// Adds what was found elsewhere to the same question.
    pub fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.census.add(other.census);
        self.folded += other.folded;
        self.damaged.extend(other.damaged);
        self.left_out += other.left_out;
        self.queried |= other.queried;
        self.other.extend(other.other);
        self.rows.extend(other.rows);
        add_up(&mut self.rows);
    }
}

/// Writes the answer.
pub fn write(answer: &Answer, format: LogsFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        LogsFormat::Table => table(answer, out),
        LogsFormat::Json => json(answer, out),
        LogsFormat::Csv => csv(answer, out),
    }
}

/// One document, one row a line.
fn json(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let (files, bytes, census) = (answer.files, answer.bytes, &answer.census);
    write!(out, r#"{{"schema":"{SCHEMA}","files":{files},"bytes_read":{bytes},"lines":{},"#, census.lines)?;
    write!(out, r#""malformed":{},"skipped_outside_window":{},"rows":["#, census.malformed, census.outside)?;
    for (n, row) in answer.rows.iter().enumerate() {
        out.write_all(if n > 0 { b",\n" } else { b"\n" })?;
        serde_json::to_writer(&mut *out, &json_row(&answer.columns, row))?;
    }
    out.write_all(b"\n]}\n")
}

fn json_row(columns: &[Column], row: &Row) -> Value {
    let mut object = Map::new();
    for (column, value) in columns.iter().zip(&row.values) {
        object.insert(column.word().into(), value.as_str().into());
    }
    object.insert("count".into(), row.seen.count.into());
    object.insert("first".into(), as_written(row.seen.first).into());
    object.insert("last".into(), as_written(row.seen.last).into());
    Value::Object(object)
}

fn headers(columns: &[Column]) -> impl Iterator<Item = &'static str> + '_ {
    columns.iter().map(|c| c.word()).chain(["count", "first", "last"])
}

fn csv(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", headers(&answer.columns).collect::<Vec<_>>().join(","))?;
    for row in &answer.rows {
        for value in &row.values {
            write!(out, "{},", csv_value(value))?;
        }
        writeln!(out, "{},{},{}", row.seen.count, as_written(row.seen.first), as_written(row.seen.last))?;
    }
    Ok(())
}

/// Quoted where needed; a value that a spreadsheet would run as a formula gets a quote before it.
fn csv_value(value: &str) -> Cow<'_, str> {
    let formula = value.len() > 1 && value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !value.contains([',', '"', '\n', '\r']) {
        return value.into();
    }
    let lead = if formula { "'" } else { "" };
    format!("\"{lead}{}\"", value.replace('"', "\"\"")).into()
}

fn table(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Vec<String>> = answer.rows.iter().map(cells).collect();
    let headers: Vec<&str> = headers(&answer.columns).collect();
    let widths: Vec<usize> =
        (0..headers.len()).map(|n| rows.iter().map(|r| r[n].width()).chain([headers[n].width()]).max().unwrap_or(0)).collect();
    let number = answer.columns.len();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| -> io::Result<()> {
        let padded: Vec<String> = cells.zip(&widths).enumerate().map(|(n, (cell, width))| pad(cell, *width, n == number)).collect();
        writeln!(out, "{}", padded.join("  ").trim_end())
    };
    line(&mut headers.iter().copied())?;
    rows.iter().try_for_each(|row| line(&mut row.iter().map(String::as_str)))
}

fn cells(row: &Row) -> Vec<String> {
    let seen = [row.seen.count.to_string(), as_written(row.seen.first), as_written(row.seen.last)];
    row.values.iter().map(|v| shortened(&clean(v))).chain(seen).collect()
}

fn shortened(value: &str) -> String {
    if value.width() <= WIDEST {
        return value.to_owned();
    }
    let mut kept: String = value.chars().take(WIDEST - 1).collect();
    while kept.width() >= WIDEST {
        kept.pop();
    }
    kept + "…"
}

fn pad(cell: &str, width: usize, right: bool) -> String {
    let blank = " ".repeat(width.saturating_sub(cell.width()));
    if right { blank + cell } else { format!("{cell}{blank}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::tally::Seen;

    fn answer(path: &str) -> Answer {
        let seen = Seen { count: 12, first: 1_763_600_000_000_000, last: 1_763_600_001_500_000 };
        let row = Row { values: vec!["502".into(), path.into()], seen };
        let census = Census { lines: 20, malformed: 1, outside: 2, ..Census::default() };
        Answer { columns: vec![Column::Status, Column::Path], files: 3, bytes: 99, rows: vec![row], census, ..Answer::default() }
    }

    fn written(path: &str, format: LogsFormat) -> String {
        let mut out = Vec::new();
        write(&answer(path), format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_has_the_promised_keys() {
        let value: Value = serde_json::from_str(&written("/a\"b", LogsFormat::Json)).unwrap();
        let expected = serde_json::json!({
            "schema": "alb-triage/logs/v1", "files": 3, "bytes_read": 99, "lines": 20, "malformed": 1, "skipped_outside_window": 2,
            "rows": [{"status": "502", "path": "/a\"b", "count": 12, "first": "2025-11-20T00:53:20.000000Z", "last": "2025-11-20T00:53:21.500000Z"}],
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn csv_is_quoted_and_runs_no_formula() {
        assert_eq!(csv_value("-"), "-");
        assert_eq!(csv_value("/a,b"), "\"/a,b\"");
        assert_eq!(csv_value("=1+1"), "\"'=1+1\"");
        assert!(written("/x", LogsFormat::Csv).starts_with("status,path,count,first,last\n502,/x,12,2025-11-20T00:53:20.000000Z,"));
    }

    #[test]
    fn tables_line_up_and_carry_no_escapes() {
        let text = written("/é\u{1b}[2J", LogsFormat::Table);
        let mut lines = text.lines();
        assert_eq!(lines.next().unwrap().find("count").map(|n| n + 5), Some("status  path    count".len()));
        assert!(!text.contains('\u{1b}'));
        assert!(written(&"/x".repeat(200), LogsFormat::Table).contains('…'));
    }
}
