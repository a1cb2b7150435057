//! Case files: a header line, then one fact a line, as JSON Lines under zstd. `zstdcat case | jq .` reads
//! one. A file from a newer program is read as far as it is understood; what is skipped is said.

use crate::exchange::Fact;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// The format this program writes.
pub const SCHEMA: &str = "alb-triage/case/v1";

/// The longest line that is read; a fact beyond it is damage or an attack.
const LINE_LIMIT: u64 = 256 * 1024 * 1024;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    schema: String,
    tool_version: String,
}

/// Why a file is not a case.
#[derive(Debug, thiserror::Error)]
pub enum NotACase {
    #[error("{path}: cannot be read: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}: this is not a case file: its first line should be {{\"schema\":\"{SCHEMA}\", …}} under zstd ({found})")]
    NoHeader { path: PathBuf, found: String },
    #[error("{path}: written by a newer alb-triage ({schema}, version {version}); this one reads {SCHEMA}: install that version or later")]
    Newer { path: PathBuf, schema: String, version: String },
    #[error("{path}, line {line}: expected one fact as JSON: {source}")]
    BadFact { path: PathBuf, line: usize, source: serde_json::Error },
}

/// A case file as read: its facts, and what was wrong with it.
#[derive(Debug, Default)]
pub struct Recording {
    pub facts: Vec<Fact>,
    /// The file ends early: what was read before still counts.
    pub truncated_after_line: Option<usize>,
    /// Kinds of facts that this program does not know, with how many.
    pub unknown: std::collections::BTreeMap<String, usize>,
}

/// Reads a case file.
///
/// # Errors
/// [`NotACase`] names the file and the line. A file that ends early is no error: see
/// [`Recording::truncated_after_line`].
pub fn read(path: &Path) -> Result<Recording, NotACase> {
    let file = std::fs::File::open(path).map_err(|source| NotACase::Unreadable { path: path.into(), source })?;
    read_from(file, path)
}

/// The same from any bytes; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub fn read_from(bytes: impl Read, path: &Path) -> Result<Recording, NotACase> {
    let no_header = |found: &str| NotACase::NoHeader { path: path.into(), found: found.chars().take(120).collect() };
    let decoder = zstd::Decoder::new(bytes).map_err(|e| no_header(&e.to_string()))?;
    let mut lines = BufReader::new(decoder);
    let mut line = Vec::new();
    next_line(&mut lines, &mut line).map_err(|e| no_header(&e.to_string()))?;
    let header: Header = serde_json::from_slice(&line).map_err(|_| no_header(&String::from_utf8_lossy(&line)))?;
    check(&header, path, &no_header)?;
    let mut recording = Recording::default();
    for number in 2.. {
        match next_line(&mut lines, &mut line) {
            Ok(0) => break,
            Err(_) => {
                recording.truncated_after_line = Some(number - 1);
                break;
            }
            Ok(_) => {}
        }
        match fact(&line) {
            Ok(Known::Fact(f)) => recording.facts.push(*f),
            Ok(Known::Not(kind)) => *recording.unknown.entry(kind).or_default() += 1,
            // A last line without an end is a file that was cut, not a bad one.
            Err(_) if !line.ends_with(b"\n") => recording.truncated_after_line = Some(number - 1),
            Err(source) => return Err(NotACase::BadFact { path: path.into(), line: number, source }),
        }
    }
    Ok(recording)
}

fn next_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<usize> {
    line.clear();
    let n = lines.take(LINE_LIMIT).read_until(b'\n', line)?;
    if n as u64 == LINE_LIMIT {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a line is longer than any fact can be"));
    }
    Ok(n)
}

fn check(header: &Header, path: &Path, no_header: &dyn Fn(&str) -> NotACase) -> Result<(), NotACase> {
    if header.schema == SCHEMA {
        return Ok(());
    }
    match header.schema.strip_prefix("alb-triage/case/v") {
        Some(_) => Err(NotACase::Newer { path: path.into(), schema: header.schema.clone(), version: header.tool_version.clone() }),
        None => Err(no_header(&header.schema)),
    }
}

enum Known {
    Fact(Box<Fact>),
    Not(String),
}

/// A fact, or the name of a kind that a newer program knows.
fn fact(line: &[u8]) -> Result<Known, serde_json::Error> {
    let error = match serde_json::from_slice::<Fact>(line) {
        Ok(f) => return Ok(Known::Fact(Box::new(f))),
        Err(e) => e,
    };
    #[derive(Deserialize)]
    struct Kind {
        fact: String,
    }
    match serde_json::from_slice::<Kind>(line) {
        Ok(Kind { fact }) if error.to_string().contains("unknown variant") => Ok(Known::Not(fact)),
        _ => Err(error),
    }
}

/// Writes facts as they are learned; each [`Writer::write`] reaches the disk before it returns.
pub struct Writer {
    out: zstd::Encoder<'static, std::fs::File>,
}

impl Writer {
    /// A new file, readable by its owner only. Never writes over an old one.
    ///
    /// # Errors
    /// When the file exists or cannot be made.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        // Another session can tell that this one lives. Where files cannot be locked, nothing is lost by it.
        let _ = file.try_lock();
        let mut writer = Self { out: zstd::Encoder::new(file, 3)? };
        let header = Header { schema: SCHEMA.into(), tool_version: env!("CARGO_PKG_VERSION").into() };
        serde_json::to_writer(&mut writer.out, &header)?;
        writer.out.write_all(b"\n")?;
        writer.out.flush()?;
        Ok(writer)
    }

    /// Appends facts.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub fn write(&mut self, facts: &[Fact]) -> std::io::Result<()> {
        for fact in facts {
            serde_json::to_writer(&mut self.out, fact)?;
            self.out.write_all(b"\n")?;
        }
        self.out.flush()
    }

    /// Ends the file properly; one that was not ended can still be read.
    ///
    /// # Errors
    /// When the disk does not take the last bytes.
    pub fn finish(self) -> std::io::Result<()> {
        self.out.finish()?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::answers::{Answer, Said};
    use crate::exchange::What;
    use chrono::DateTime;
    use proptest::prelude::*;

    fn facts(n: usize) -> Vec<Fact> {
        let at = DateTime::from_timestamp(1_763_600_000, 0).unwrap();
        (0..n)
            .map(|i| Fact {
                at,
                origin: None,
                what: What::Answer(Answer {
                    check: "ask-infra-team".into(),
                    answer: Said::No,
                    note: format!("note {i}").into(),
                    by: "Linh".into(),
                    at,
                }),
            })
            .collect()
    }

    fn file_of(lines: &[&str]) -> Vec<u8> {
        zstd::encode_all(lines.join("\n").as_bytes(), 3).unwrap()
    }

    fn read_bytes(bytes: &[u8]) -> Result<Recording, NotACase> {
        read_from(bytes, Path::new("x.case"))
    }

    const HEADER: &str = r#"{"schema":"alb-triage/case/v1","tool_version":"0.1.0"}"#;

    #[test]
    fn what_is_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.case");
        let mut writer = Writer::create(&path).unwrap();
        writer.write(&facts(3)).unwrap();
        writer.write(&facts(2)).unwrap();
        writer.finish().unwrap();
        assert_eq!(read(&path).unwrap().facts, [facts(3), facts(2)].concat());
        assert!(Writer::create(&path).is_err(), "never over an old file");
    }

    #[test]
    fn a_session_that_was_killed_leaves_a_readable_case() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.case");
        let mut writer = Writer::create(&path).unwrap();
        writer.write(&facts(3)).unwrap();
        std::mem::forget(writer);
        let recording = read(&path).unwrap();
        assert_eq!(recording.facts, facts(3));
        assert!(recording.truncated_after_line.is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_case_is_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.case");
        Writer::create(&path).unwrap().finish().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn bad_files_are_refused_in_words() {
        for (bytes, words) in [
            (b"hello".to_vec(), "not a case file"),
            (Vec::new(), "not a case file"),
            (file_of(&["hello"]), "not a case file"),
            (file_of(&[r#"{"schema":"alb-triage/case/v9","tool_version":"4.0.0"}"#]), "newer alb-triage"),
            (file_of(&[HEADER, r#"{"fact":"answer","value":7}"#, ""]), "line 2"),
        ] {
            let error = read_bytes(&bytes).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("x.case"), "{error}");
        }
    }

    #[test]
    fn facts_of_a_newer_program_are_counted_not_lost_silently() {
        let bytes = file_of(&[HEADER, r#"{"at":"2026-11-20T00:00:00Z","fact":"moon_phase","value":{}}"#, ""]);
        assert_eq!(read_bytes(&bytes).unwrap().unknown["moon_phase"], 1);
    }

    proptest! {
        #[test]
        fn a_cut_file_keeps_what_came_before_and_never_panics(cut in 0usize..400) {
            let lines: Vec<String> = std::iter::once(HEADER.to_owned()).chain(facts(5).iter().map(|f| serde_json::to_string(f).unwrap())).chain([String::new()]).collect();
            let whole = file_of(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            let part = &whole[..cut.min(whole.len())];
            if let Ok(recording) = read_bytes(part) {
                prop_assert!(recording.facts.len() <= 5);
                prop_assert!(recording.facts.len() == 5 || recording.truncated_after_line.is_some());
            }
        }
    }
}
