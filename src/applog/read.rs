//! Local logs: files, directories of them, rotated and compressed ones, standard input. Bounded whatever
//! the files hold; says how far it is and can be stopped.

use super::{AppLog, Engine, Seen, Stamps};
use crate::case::events::Event;
use crate::time::{Time, Window};
use chrono::{DateTime, Duration, Utc};
use std::fs::File;
use std::io::{self, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

const BUFFER: usize = 256 * 1024;
/// The longest line that is looked at; the rest of a longer one is skipped.
const LINE_LIMIT: usize = 64 * 1024;
const DEPTH: usize = 4;
const FILES: usize = 5000;
/// Bytes between two tellings of progress.
const STEP: u64 = 32 * 1024 * 1024;

/// How far a reading is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// As stored, compressed where files are.
    pub bytes: u64,
    /// Of the files that will be read.
    pub total: u64,
    pub lines: u64,
}

/// What local logs came to.
#[derive(Clone, Debug, Default)]
pub struct Read {
    pub log: AppLog,
    pub events: Vec<Event>,
    /// The trace ids of its lines.
    pub traces: Seen,
    /// Files that could not be read, and why.
    pub problems: Vec<(PathBuf, String)>,
}

/// Reads files and directories (`-` is standard input) as one log, its stamps as `stamps` says (a zone alone will
/// do). `progress` is told now and then, with what was found so far, and may stop the reading.
pub fn read_local(
    paths: &[PathBuf],
    window: Window,
    stamps: impl Into<Stamps>,
    progress: &mut dyn FnMut(Progress, &Engine) -> ControlFlow<()>,
) -> Read {
    let stamps = stamps.into();
    let name = paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ");
    let engine = Engine::new(&name, window, stamps);
    let mut reading =
        Reading { engine, shift: stamps.shift, far: Progress::default(), told: 0, overlong: 0, problems: Vec::new(), progress };
    let files = reading.files(paths, window);
    reading.far.total = files.iter().map(|f| f.size).sum();
    for file in files {
        if reading.file(&file).is_break() {
            reading.engine.stopped_early();
            break;
        }
    }
    if reading.overlong > 0 {
        let (n, kb) = (reading.overlong, LINE_LIMIT / 1024);
        reading.engine.note(format!("{n} lines are longer than {kb} KB: only their beginnings were looked at"));
    }
    let traces = reading.engine.take_traces();
    Read { log: reading.engine.snapshot(), events: reading.engine.events(), traces, problems: reading.problems }
}

struct Reading<'a> {
    engine: Engine,
    shift: Duration,
    far: Progress,
    told: u64,
    /// Lines of which only the beginning was looked at.
    overlong: u64,
    problems: Vec<(PathBuf, String)>,
    progress: &'a mut dyn FnMut(Progress, &Engine) -> ControlFlow<()>,
}

struct Source {
    path: PathBuf,
    size: u64,
    changed: Option<Time>,
}

impl Reading<'_> {
    fn files(&mut self, paths: &[PathBuf], window: Window) -> Vec<Source> {
        let mut files = Vec::new();
        for path in paths {
            self.walk(path, DEPTH, &mut files);
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        let before = files.len();
        // A file that was last written before the window holds nothing of it, whatever zone it is in.
        let earliest = window.start - Duration::hours(15) - self.shift.abs();
        files.retain(|f| f.changed.is_none_or(|t| t >= earliest));
        if files.len() < before {
            self.engine.note(format!("{} files were last written before the window and not read", before - files.len()));
        }
        files
    }

    fn walk(&mut self, path: &Path, depth: usize, files: &mut Vec<Source>) {
        if path == Path::new("-") {
            files.push(Source { path: path.into(), size: 0, changed: None });
            return;
        }
        let meta = match std::fs::metadata(path) {
            Ok(meta) => meta,
            Err(e) => return self.problem(path, &e.to_string()),
        };
        if !meta.is_dir() {
            let changed = meta.modified().ok().map(DateTime::<Utc>::from);
            files.push(Source { path: path.into(), size: meta.len(), changed });
            return;
        }
        match std::fs::read_dir(path) {
            Err(e) => self.problem(path, &e.to_string()),
            Ok(_) if depth == 0 => self.engine.note(format!("{}: folders deeper than {DEPTH} were not read", path.display())),
            Ok(entries) => {
                for entry in entries.flatten().take(FILES.saturating_sub(files.len())) {
                    // A link may lead back to where it lies.
                    if !entry.file_type().is_ok_and(|t| t.is_symlink()) {
                        self.walk(&entry.path(), depth - 1, files);
                    }
                }
            }
        }
    }

    fn problem(&mut self, path: &Path, why: &str) {
        self.engine.stopped_early();
        self.problems.push((path.into(), why.into()));
    }

    fn file(&mut self, source: &Source) -> ControlFlow<()> {
        let name = source.path.display().to_string();
        let before = self.far.bytes;
        let flow = match open(&source.path) {
            Ok(bytes) => {
                let stream = self.engine.stream(&name);
                let flow = self.lines(bytes, stream, source);
                self.check_clock(stream, source);
                flow
            }
            Err(e) => {
                self.problem(&source.path, &e.to_string());
                ControlFlow::Continue(())
            }
        };
        self.far.bytes = before + source.size;
        flow
    }

    fn lines(&mut self, bytes: Box<dyn io::Read>, stream: usize, source: &Source) -> ControlFlow<()> {
        let mut bytes = AfterZeros::new(bytes);
        let flow = self.whole(&mut bytes, stream, source);
        match (bytes.zeros, bytes.begun) {
            (0, _) => {}
            (_, false) => self.problem(&source.path, "it holds nothing but zero bytes"),
            (n, true) => self.engine.note(format!("{}: the {n} zero bytes that it begins with were skipped", source.path.display())),
        }
        flow
    }

    fn whole(&mut self, bytes: &mut impl io::Read, stream: usize, source: &Source) -> ControlFlow<()> {
        let mut buffer = vec![0; BUFFER];
        let (mut held, mut skipping, mut first) = (0, false, true);
        loop {
            let n = match bytes.read(&mut buffer[held..]) {
                Ok(0) => break,
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => {
                    self.problem(&source.path, &format!("it ends early: {e}"));
                    break;
                }
            };
            if let Some(why) = Some(&buffer[..n]).filter(|_| first).and_then(no_text) {
                self.problem(&source.path, why);
                return ControlFlow::Continue(());
            }
            first = false;
            let end = held + n;
            let rest = self.whole_lines(&buffer[..end], stream, &mut skipping);
            held = end - rest;
            buffer.copy_within(rest..end, 0);
            if held >= LINE_LIMIT {
                // The beginning of a line without end is all that is looked at.
                if !skipping {
                    self.overlong += 1;
                    self.engine.line(stream, &buffer[..LINE_LIMIT]);
                }
                (held, skipping) = (0, true);
            }
            self.tell(n as u64)?;
        }
        if held > 0 && !skipping {
            self.engine.line(stream, &buffer[..held]);
        }
        ControlFlow::Continue(())
    }

    /// Feeds every line that is whole; gives back where the unfinished one begins.
    fn whole_lines(&mut self, bytes: &[u8], stream: usize, skipping: &mut bool) -> usize {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            if !std::mem::take(skipping) {
                let line = &bytes[start..end];
                self.overlong += u64::from(line.len() > LINE_LIMIT);
                self.engine.line(stream, &line[..line.len().min(LINE_LIMIT)]);
                self.far.lines += 1;
            }
            start = end + 1;
        }
        start
    }

    fn tell(&mut self, read: u64) -> ControlFlow<()> {
        self.told += read;
        self.far.bytes += read;
        if self.told < STEP {
            return ControlFlow::Continue(());
        }
        self.told = 0;
        (self.progress)(self.far, &self.engine)
    }

    /// The last line was written when the file was: if their clocks differ by hours, one of them is off.
    fn check_clock(&mut self, stream: usize, source: &Source) {
        let Some((latest, changed)) = self.engine.latest(stream).zip(source.changed) else { return };
        let off = latest - changed.timestamp();
        let half_hours = (off as f64 / 1800.0).round() as i64;
        if self.shift.is_zero() && half_hours != 0 && half_hours.abs() <= 28 && (off - half_hours * 1800).abs() <= 120 {
            let hours = half_hours as f64 / 2.0;
            let path = source.path.display();
            self.engine.note(format!(
                "{path}: its last line is {hours:+} h from when the file was written: unless it was copied since, the clock or the zone is off by so much"
            ));
        }
    }
}

fn open(path: &Path) -> io::Result<Box<dyn io::Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let mut file = BufReader::with_capacity(BUFFER, File::open(path)?);
    let magic = io::BufRead::fill_buf(&mut file)?;
    if magic.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(flate2::bufread::MultiGzDecoder::new(file)));
    }
    if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Ok(Box::new(zstd::Decoder::with_buffer(file)?));
    }
    Ok(Box::new(file))
}

/// Why this is no text that can be read, if it is none. A few control characters do occur in logs.
fn no_text(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Some("it is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)");
    }
    let head = &head[..head.len().min(8192)];
    let strange = head.iter().filter(|b| matches!(b, 0..=6 | 14..=26 | 28..=31)).count();
    (strange * 20 > head.len()).then_some("it looks binary and was skipped")
}

/// Leaves out the zero bytes that a file begins with when it was truncated while its writer went on where it was.
struct AfterZeros<R> {
    inner: R,
    zeros: u64,
    /// Something else was found.
    begun: bool,
}

impl<R> AfterZeros<R> {
    fn new(inner: R) -> Self {
        Self { inner, zeros: 0, begun: false }
    }
}

impl<R: io::Read> io::Read for AfterZeros<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.inner.read(into)?;
            if self.begun || n == 0 {
                return Ok(n);
            }
            let zeros = into[..n].iter().take_while(|b| **b == 0).count();
            self.zeros += zeros as u64;
            if zeros < n {
                self.begun = true;
                into.copy_within(zeros..n, 0);
                return Ok(n - zeros);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Tz;
    use std::io::Write;

    fn window() -> Window {
        let start = DateTime::parse_from_rfc3339("2026-11-20T12:00:00Z").unwrap().to_utc();
        Window { start, end: start + Duration::hours(2) }
    }

    fn read(paths: &[PathBuf]) -> Read {
        read_local(paths, window(), Tz::UTC, &mut |_, _| ControlFlow::Continue(()))
    }

    fn lines(n: usize) -> String {
        (0..n).map(|i| format!("2026-11-20T13:02:11Z ERROR order {i} failed\n")).collect()
    }

    #[test]
    fn folders_with_rotated_and_compressed_files_are_one_log() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("old")).unwrap();
        std::fs::write(dir.path().join("app.log"), lines(3)).unwrap();
        let mut gz = flate2::write::GzEncoder::new(File::create(dir.path().join("old/app.log.1.gz")).unwrap(), flate2::Compression::fast());
        gz.write_all(lines(5).as_bytes()).unwrap();
        gz.finish().unwrap();
        std::fs::write(dir.path().join("old/app.log.2.zst"), zstd::encode_all(lines(7).as_bytes(), 1).unwrap()).unwrap();
        let read = read(&[dir.path().into()]);
        assert_eq!((read.log.lines, read.log.templates.len(), read.log.templates[0].total), (15, 1, 15));
        assert_eq!(read.log.streams.len(), 3);
        assert!(!read.log.incomplete && read.problems.is_empty());
    }

    #[test]
    fn binary_missing_and_damaged_files_are_named_and_the_rest_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("a.bin"), [0u8; 5000]).unwrap();
        std::fs::write(at("b.log"), lines(2)).unwrap();
        let whole = zstd::encode_all(lines(50_000).as_bytes(), 1).unwrap();
        std::fs::write(at("c.zst"), &whole[..whole.len() / 2]).unwrap();
        let read = read(&[dir.path().into(), at("missing.log")]);
        let mut named: Vec<_> = read.problems.iter().map(|(p, _)| p.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        named.sort();
        assert_eq!(named, ["a.bin", "c.zst", "missing.log"]);
        assert!(read.log.incomplete && read.log.lines > 2);
    }

    #[test]
    fn a_file_truncated_while_it_was_written_to_is_read_and_a_byte_does_not_make_it_binary() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("copytruncate.log"), [vec![0; 700_000], lines(3).into_bytes()].concat()).unwrap();
        std::fs::write(at("odd.log"), "2026-11-20T13:02:11Z ERROR a\0b\x1b[31m\n").unwrap();
        std::fs::write(at("wide.log"), [&[0xff, 0xfe][..], b"E\0R\0"].concat()).unwrap();
        let dice: Vec<u8> = (0..9000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        std::fs::write(at("random.log"), dice).unwrap();
        let read = read(&[dir.path().into()]);
        assert_eq!(read.log.lines, 4);
        assert!(read.log.notes.iter().any(|n| n.contains("copytruncate.log: the 700000 zero bytes")), "{:?}", read.log.notes);
        let named: Vec<_> = read.problems.iter().map(|(p, why)| (p.file_name().unwrap().to_str().unwrap(), &why[..8])).collect();
        assert_eq!(named, [("random.log", "it looks"), ("wide.log", "it is UT")]);
    }

    #[test]
    fn a_clock_that_is_off_can_be_moved() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        std::fs::write(&path, "2026-11-20T22:02:11Z ERROR order failed\n{\"time\":1795212131000,\"msg\":\"x\"}\n").unwrap();
        let stamps = Stamps { shift: Duration::hours(-9), ..Stamps::default() };
        let moved = read_local(std::slice::from_ref(&path), window(), stamps, &mut |_, _| ControlFlow::Continue(())).log;
        assert_eq!((moved.outside, moved.streams[0].counts[0]), (0, (window().start + Duration::minutes(62), 2)));
        assert!(moved.notes.iter().any(|n| n.contains("moved by -540 min")), "{:?}", moved.notes);
        let asis = read(&[path]).log;
        assert!(asis.notes.iter().any(|n| n.contains("--log-shift -")), "{:?}", asis.notes);
    }

    #[test]
    fn lines_of_megabytes_are_cut_and_memory_stays_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let long = "x".repeat(5_000_000);
        std::fs::write(&path, format!("2026-11-20T13:02:11Z ERROR {long}\n{}", lines(1))).unwrap();
        let read = read(&[path]);
        assert_eq!(read.log.templates.iter().map(|t| t.total).sum::<u64>(), 2);
        assert!(read.log.templates.iter().all(|t| t.pattern.len() < 700));
        assert!(read.log.notes.iter().any(|n| n.starts_with("1 lines are longer than 64 KB")), "{:?}", read.log.notes);
    }

    #[test]
    fn reading_can_be_stopped_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        std::fs::write(&path, lines(900_000)).unwrap();
        let read = read_local(&[path], window(), Tz::UTC, &mut |p, _| {
            assert!(p.bytes <= p.total);
            ControlFlow::Break(())
        });
        assert!(read.log.incomplete && read.log.lines < 900_000);
    }
}
