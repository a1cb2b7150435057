//! Sessions that ended without being left: a crash, a dropped connection. While a session records its case, a
//! note beside the case file says what it is about and where somebody stands; it goes when the session is
//! left. The case file is locked while its session lives, so that two sessions never take each other's.

use crate::recording;
use crate::tui::Place;
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Older ones are history.
const OLDEST: Duration = Duration::from_hours(7 * 24);

/// The longest note that is read.
const NOTE_LIMIT: u64 = 1 << 20;

/// What a note says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Note {
    pub target: String,
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    pub process: u32,
    pub place: Place,
}

/// A session that was cut off, with the case it had recorded.
#[derive(Clone, Debug)]
pub struct Leftover {
    pub note: Note,
    pub case: PathBuf,
    pub last_seen: SystemTime,
}

/// Where the note of a case file is.
fn note_path(case: &Path) -> PathBuf {
    let mut name = case.as_os_str().to_owned();
    name.push(".open");
    name.into()
}

/// Writes the note anew; a reader sees the one before or this one, never half of it.
pub fn write_note(case: &Path, note: &Note) -> std::io::Result<()> {
    let path = note_path(case);
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&fresh)?.write_all(&serde_json::to_vec(note)?)?;
    std::fs::rename(&fresh, &path)
}

/// The session was left, or nobody wants it back: the case stays, the note goes.
pub fn forget(case: &Path) {
    // A note that cannot be removed is offered again, which harms nobody.
    let _ = std::fs::remove_file(note_path(case));
}

/// The newest session that was cut off in this folder, about `target` if one is given.
pub fn newest(folder: &Path, target: Option<&str>) -> Option<Leftover> {
    let notes = std::fs::read_dir(folder).ok()?.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "open"));
    let all = notes.filter_map(|path| read(&path)).filter(|l| target.is_none_or(|t| l.note.target == t));
    all.max_by_key(|l| l.last_seen)
}

fn read(note: &Path) -> Option<Leftover> {
    let case = note.with_extension("");
    let seen = |p: &Path| p.metadata().and_then(|m| m.modified()).ok();
    let last_seen = seen(&case)?.max(seen(note)?);
    if last_seen.elapsed().is_ok_and(|age| age > OLDEST) || note.metadata().ok()?.len() > NOTE_LIMIT {
        return None;
    }
    let parsed: Note = serde_json::from_slice(&std::fs::read(note).ok()?).ok()?;
    (!is_alive(&case, parsed.process)).then_some(Leftover { note: parsed, case, last_seen })
}

/// Whether some session still records it. Where files cannot be locked, the process is looked for.
fn is_alive(case: &Path, process: u32) -> bool {
    let Ok(file) = File::open(case) else { return false };
    match file.try_lock() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(_)) => Path::new("/proc").join(process.to_string()).exists(),
    }
}

impl Leftover {
    /// What was recorded until it was cut off.
    ///
    /// # Errors
    /// When the file is not a case.
    pub fn facts(&self) -> Result<Vec<crate::exchange::Fact>, recording::NotACase> {
        recording::read(&self.case).map(|r| r.facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Writer;

    fn note(target: &str) -> Note {
        Note { target: target.into(), place: Place { focus: 2, ..Place::default() }, ..Note::default() }
    }

    #[test]
    fn a_session_that_lives_is_left_alone_and_one_that_died_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let case = dir.path().join("a.case");
        let living = Writer::create(&case).unwrap();
        write_note(&case, &note("errors")).unwrap();
        assert!(newest(dir.path(), None).is_none(), "its session lives");
        drop(living);
        let found = newest(dir.path(), Some("errors")).unwrap();
        assert_eq!((found.note, &found.case), (note("errors"), &case));
        assert!(newest(dir.path(), Some("others")).is_none());
        forget(&case);
        assert!(newest(dir.path(), None).is_none() && case.exists());
    }

    #[test]
    fn a_note_that_is_damaged_offers_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let case = dir.path().join("a.case");
        Writer::create(&case).unwrap().finish().unwrap();
        std::fs::write(note_path(&case), "{\"target\":").unwrap();
        assert!(newest(dir.path(), None).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_note_is_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let case = dir.path().join("a.case");
        write_note(&case, &note("errors")).unwrap();
        assert_eq!(note_path(&case).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
