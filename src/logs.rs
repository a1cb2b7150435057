//! `alb-triage logs`: one question to access logs, answered as a table, JSON or CSV. Knows the command line
//! and standard output; the reading itself is [`crate::accesslog`]'s.

pub mod output;
mod remote;

use crate::accesslog::names::Kind;
use crate::accesslog::question::{Column, NoColumn, NoStatus, Question, Span};
use crate::accesslog::record;
use crate::accesslog::scan::{self, Damage, Found, Progress, Scanned};
use crate::accesslog::sql;
use crate::accesslog::tally::{Census, Grouping};
use crate::changes::json::cut;
use crate::cli::{Common, LangArg, Logs, LogsFormat};
use crate::say;
use crate::sources::aws::access_logs::cache::Cache;
use crate::text::{self, Lang, Text, clean};
use crate::time::{self, Time};
use chrono::Duration;
use output::Answer;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// The call itself was wrong.
const USAGE: u8 = 64;
/// A file could not be read, or not to its end.
const UNREADABLE: u8 = 65;
/// Damaged files and malformed lines that are named one by one.
const NAMED: usize = 20;
/// What `-` stands for.
const STDIN: &str = "/dev/stdin";
/// As much of a malformed line is shown.
const EXAMPLE: usize = 120;

/// What a question to logs in AWS may use.
#[derive(Clone, Debug, Default)]
pub struct Means {
    /// Where objects of S3 are kept.
    pub cache: Option<Cache>,
    /// US dollars that a query may cost.
    pub ceiling: Option<f64>,
}

/// Answers one call of `alb-triage logs` and gives back its exit code.
pub fn run(args: &Logs, common: &Common, means: Means, now: Time) -> u8 {
    let voice = Voice { lang: common.lang };
    let question = match question(args, common, now) {
        Ok(question) => question,
        Err(text) => {
            voice.say(&text);
            return USAGE;
        }
    };
    if args.print_sql {
        return printed(|out| out.write_all(sql::script(&question, &args.paths).as_bytes()));
    }
    let (elsewhere, here): (Vec<String>, Vec<String>) = args.paths.iter().cloned().partition(|p| is_remote(p));
    let mut whole = Answer { columns: question.columns.clone(), ..Answer::default() };
    let question = Arc::new(question);
    if !elsewhere.is_empty() {
        match remote::read(&question, &elsewhere, common, means, voice) {
            Ok(answers) => answers.into_iter().for_each(|a| whole.add(a)),
            Err(failure) => {
                voice.say(&failure.words);
                return failure.code;
            }
        }
    }
    if !here.is_empty() {
        let here: Vec<PathBuf> = here.into_iter().map(|p| if p == "-" { STDIN.into() } else { p.into() }).collect();
        whole.add(read(&question, &here, args.workers));
    }
    finish(&whole, args.format, voice)
}

fn is_remote(path: &str) -> bool {
    path.starts_with("s3://") || path.starts_with("athena:")
}

/// Writes the answer to standard output and what should be known about it to standard error.
pub fn finish(answer: &Answer, format: LogsFormat, voice: Voice) -> u8 {
    let written = printed(|out| output::write(answer, format, out));
    tell(answer, voice);
    if answer.damaged.is_empty() { written } else { UNREADABLE }
}

/// A reader that has seen enough (`head`) is no failure.
fn printed(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> u8 {
    const LOCAL: u8 = 74;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "alb-triage: standard output: {e}");
            LOCAL
        }
        _ => 0,
    }
}

/// Says sentences on standard error, in the user's language.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    pub lang: Option<LangArg>,
}

impl Voice {
    pub fn say(self, text: &Text) {
        let lang = if self.lang == Some(LangArg::Vi) { Lang::Vi } else { Lang::En };
        let _ = writeln!(io::stderr(), "alb-triage: {}", text.get(lang));
    }
}

/// The question in the words of the command line.
fn question(args: &Logs, common: &Common, now: Time) -> Result<Question, Text> {
    let mut columns: Vec<Column> = Vec::new();
    for word in args.by.iter().flat_map(|w| w.split(',')).filter(|w| !w.trim().is_empty()) {
        let column = word.parse().map_err(no_column)?;
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    if columns.is_empty() {
        return Err(say!("--by names no column", "--by không nêu cột nào"));
    }
    let statuses = args.status.iter().flat_map(|s| s.split(','));
    let statuses = statuses.map(|s| s.parse().map_err(no_status)).collect::<Result<_, _>>()?;
    Ok(Question { columns, span: span(common, now)?, statuses, all: args.all })
}

fn no_column(NoColumn(word): NoColumn) -> Text {
    let (word, all) = (clean(&word), Column::ALL.map(Column::word).join(" "));
    say!("--by: “{word}” is no column. The columns are: {all}", "--by: “{word}” không phải là cột. Các cột là: {all}")
}

fn no_status(NoStatus(word): NoStatus) -> Text {
    let word = clean(&word);
    say!("--status: “{word}” is no status: write 5xx, 502 or 460", "--status: “{word}” không phải mã trạng thái: viết 5xx, 502 hoặc 460")
}

/// From `--from`, `--to`, `--at` and `--window`; nothing given is no restriction.
fn span(common: &Common, now: Time) -> Result<Span, Text> {
    let time = |flag: &str, text: &Option<String>| -> Result<Option<Time>, Text> {
        let parse = |t: &String| time::parse(t, now, chrono_tz::Tz::UTC).map_err(|e| Text::same(format!("{flag}: {e}")));
        text.as_ref().map(parse).transpose()
    };
    let (from, to, at) = (time("--from", &common.from)?, time("--to", &common.to)?, time("--at", &common.at)?);
    let width = common.window.as_deref().map(width).transpose()?;
    let (from, to) = match (from, to, at, width) {
        (None, None, Some(at), width) => {
            let half = width.unwrap_or(Duration::hours(2)) / 2;
            (Some(at - half), Some(at + half))
        }
        (Some(from), None, _, Some(width)) => (Some(from), Some(from + width)),
        (None, Some(to), _, Some(width)) => (Some(to - width), Some(to)),
        (None, None, None, Some(width)) => (Some(now - width), Some(now)),
        (from, to, ..) => (from, to),
    };
    match (from, to) {
        (Some(from), Some(to)) if from >= to => Err(empty_span(from, to)),
        _ => Ok(Span::between(from, to)),
    }
}

fn width(text: &str) -> Result<Duration, Text> {
    let year = Duration::days(366);
    time::parse_duration(text).filter(|d| *d > Duration::zero() && *d <= year).ok_or_else(|| {
        let text = clean(text);
        say!("--window: “{text}” is not a duration such as 90m or 2h", "--window: “{text}” không phải khoảng thời gian như 90m hay 2h")
    })
}

fn empty_span(from: Time, to: Time) -> Text {
    let (from, to) = (time::rfc3339(from), time::rfc3339(to));
    say!("--from {from} is not before --to {to}: nothing can lie between", "--from {from} không trước --to {to}: không có gì ở giữa")
}

/// Reads files and directories.
pub fn read(question: &Arc<Question>, paths: &[PathBuf], workers: Option<usize>) -> Answer {
    let found = Found::under(paths, Kind::Access, window_of(question.span));
    let (never, meter) = (AtomicBool::new(false), Meter::new());
    let (parts, scanned) =
        scan::run(&found.jobs, workers.unwrap_or_else(scan::workers), &never, &|p| meter.show(p), || Grouping::new(question));
    meter.clear();
    answer(question, parts, &scanned, found)
}

/// A closed span as a window; an open one leaves no file out.
fn window_of(span: Span) -> Option<time::Window> {
    let start = Time::from_timestamp_micros(span.from).unwrap_or(Time::MIN_UTC + Duration::days(1));
    let end = Time::from_timestamp_micros(span.to).unwrap_or(Time::MAX_UTC - Duration::days(1));
    (span != Span::EVER).then_some(time::Window { start, end })
}

/// What all workers found, as it is written down.
fn answer(question: &Arc<Question>, parts: impl IntoIterator<Item = Grouping>, scanned: &Scanned, found: Found) -> Answer {
    let mut all = Grouping::new(question);
    for part in parts {
        all.merge(part);
    }
    let damaged: Vec<Damage> = found.damaged.into_iter().chain(scanned.damaged.iter().cloned()).collect();
    Answer {
        columns: question.columns.clone(),
        files: scanned.files,
        bytes: scanned.bytes,
        census: all.census.clone(),
        folded: all.folded(),
        rows: all.into_rows(),
        damaged,
        left_out: found.outside.len(),
        queried: false,
        other: found.other.iter().map(|p| p.display().to_string()).collect(),
    }
}

fn tell(answer: &Answer, voice: Voice) {
    for damage in answer.damaged.iter().take(NAMED) {
        voice.say(&Text::join([&Text::same(clean(&damage.name)), &damage.words()], ": "));
    }
    if let Some(more) = answer.damaged.len().checked_sub(NAMED + 1) {
        let more = more + 1;
        voice.say(&say!("and {more} more that could not be read", "và {more} tệp khác không đọc được"));
    }
    tell_of_files_left_out(answer, voice);
    tell_of_lines(answer, voice);
    if answer.rows.is_empty() {
        voice.say(&nothing(answer));
    }
}

fn tell_of_files_left_out(answer: &Answer, voice: Voice) {
    let (out, other) = (answer.left_out, answer.other.len());
    if out > 0 {
        let files = files(out);
        voice.say(&say!("{files} left out: the time in the name is another", "bỏ qua {out} tệp: tên cho biết thời gian khác"));
    }
    if let Some(first) = answer.other.first() {
        let (files, first) = (files(other), clean(first));
        voice.say(&say!(
            "{files} left out: no access logs by their names, such as {first}; name one to read it all the same",
            "bỏ qua {other} tệp: tên không phải access log, ví dụ {first}; nêu đích danh để vẫn đọc"
        ));
    }
}

fn files(n: usize) -> String {
    if n == 1 { "1 file".into() } else { format!("{n} files") }
}

/// Why there is no row.
fn nothing(answer: &Answer) -> Text {
    let Census { lines, malformed, outside, .. } = answer.census;
    let read = lines.saturating_sub(malformed).saturating_sub(outside);
    let files = usize::try_from(answer.files).unwrap_or(usize::MAX);
    match (answer.queried, files) {
        (true, _) => say!("no such request was found", "không tìm thấy yêu cầu nào như vậy"),
        (false, 0) if answer.damaged.is_empty() => say!("there is no log file to read there", "không có tệp log nào để đọc ở đó"),
        (false, 0) => say!("nothing was read", "không đọc được gì"),
        _ if lines == 0 => {
            let words = self::files(files);
            say!("{words} read, without a single line", "đã đọc {files} tệp, không có dòng nào")
        }
        _ if read == 0 && outside > 0 => say!(
            "no line lies in the window: {outside} of {lines} lie outside",
            "không dòng nào nằm trong khoảng thời gian: {outside} trên {lines} dòng nằm ngoài"
        ),
        _ if read == 0 => say!("so nothing was counted", "nên không đếm được gì"),
        _ => say!(
            "none of the {read} requests read is one that was asked for (those that failed, unless --all or --status says otherwise)",
            "không yêu cầu nào trong {read} yêu cầu đã đọc thuộc loại được hỏi (mặc định: yêu cầu lỗi; xem --all và --status)"
        ),
    }
}

/// What the lines are that could not be read as requests.
fn malformed_words(malformed: u64, lines: u64, first: &str) -> Text {
    let other = record::plain(first.as_bytes()).map(|(kind, _)| kind);
    let Text { en, vi } = text::quoted(&cut(first, EXAMPLE));
    match other {
        Some(Kind::HealthCheck) => say!(
            "{malformed} of {lines} lines are not counted; they look like those of a balancer's health-check log, which investigate --access-logs reads",
            "{malformed} trên {lines} dòng không được đếm; trông như health-check log của bộ cân bằng tải, investigate --access-logs đọc được"
        ),
        Some(Kind::Connection) => say!(
            "{malformed} of {lines} lines are not counted; they look like those of a balancer's connection log, which tells of clients, not of targets",
            "{malformed} trên {lines} dòng không được đếm; trông như connection log của bộ cân bằng tải, chỉ nói về phía client, không phải target"
        ),
        _ if malformed == lines => {
            say!(
                "none of the {lines} lines is of an ALB access log, such as {en}",
                "không dòng nào trong {lines} dòng là của access log ALB, ví dụ {vi}"
            )
        }
        _ => say!(
            "{malformed} of {lines} lines are malformed and not counted, such as {en}",
            "{malformed} trên {lines} dòng bị hỏng và không được đếm, ví dụ {vi}"
        ),
    }
}

fn tell_of_lines(answer: &Answer, voice: Voice) {
    let (lines, malformed, folded) = (answer.census.lines, answer.census.malformed, answer.folded);
    if let Some(first) = answer.census.examples().first().filter(|_| malformed > 0) {
        voice.say(&malformed_words(malformed, lines, first));
    }
    if folded > 0 {
        voice.say(&say!(
            "too many different rows: {folded} requests are counted together as (other)",
            "quá nhiều hàng khác nhau: {folded} yêu cầu được đếm gộp thành (other)"
        ));
    }
}

/// Progress on a terminal's standard error, from the second second on.
struct Meter {
    on: bool,
    start: Instant,
    shown: Mutex<Option<Instant>>,
}

impl Meter {
    fn new() -> Self {
        Self { on: io::stderr().is_terminal(), start: Instant::now(), shown: Mutex::new(None) }
    }

    fn show(&self, p: Progress) {
        let took = self.start.elapsed();
        if !self.on || took.as_millis() < 1000 {
            return;
        }
        let Ok(mut shown) = self.shown.try_lock() else { return };
        if shown.is_some_and(|t| t.elapsed().as_millis() < 200) {
            return;
        }
        *shown = Some(Instant::now());
        let _ = write!(io::stderr(), "\r{}\x1b[K", p.in_words(took.as_secs_f64()));
    }

    fn clear(&self) {
        if self.shown.lock().is_ok_and(|s| s.is_some()) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> Logs {
        Logs {
            paths: vec![".".into()],
            by: vec!["minute".into(), "target".into()],
            format: LogsFormat::Json,
            status: None,
            all: false,
            workers: None,
            print_sql: false,
        }
    }

    fn now() -> Time {
        time::parse("2026-11-20T13:30:00Z", Time::UNIX_EPOCH, chrono_tz::Tz::UTC).unwrap()
    }

    #[test]
    fn wrong_words_are_explained() {
        let wrong = |by: &str, status: Option<&str>| {
            let args = Logs { by: vec![by.into()], status: status.map(Into::into), ..args() };
            question(&args, &Common::default(), now()).unwrap_err().en
        };
        assert!(wrong("tarjet", None).contains("error_reason"));
        assert!(wrong("minute", Some("bad")).contains("5xx"));
        assert!(wrong("", None).contains("--by"));
    }

    #[test]
    fn windows_may_be_given_in_four_ways() {
        let span = |from: Option<&str>, to: Option<&str>, at: Option<&str>, window: Option<&str>| {
            let own = |t: Option<&str>| t.map(str::to_owned);
            let common = Common { from: own(from), to: own(to), at: own(at), window: own(window), ..Common::default() };
            super::span(&common, now()).map(|s| (s.to.saturating_sub(s.from)) / 60_000_000).map_err(|e| e.en)
        };
        assert_eq!(span(Some("13:00"), Some("13:20"), None, None), Ok(20));
        assert_eq!(span(Some("13:00"), None, None, Some("90m")), Ok(90));
        assert_eq!(span(None, None, Some("13:00"), None), Ok(120));
        assert_eq!(span(None, None, None, Some("1h")), Ok(60));
        assert!(span(Some("13:20"), Some("13:00"), None, None).is_err());
        assert!(span(None, None, None, Some("soon")).is_err());
    }

    #[test]
    fn columns_named_twice_count_once() {
        let args = Logs { by: vec!["status,minute".into(), "status".into()], ..args() };
        assert_eq!(question(&args, &Common::default(), now()).unwrap().columns, [Column::Status, Column::Minute]);
    }
}
