//! Carries log objects, packed or plain, to a collector of lines: a queue with the largest first, one
//! worker a core, one reused buffer a worker. Knows nothing of what is in a line. Whatever an object
//! claims, memory stays at the buffer and what it unpacks to is bounded.

use super::names::{Kind, Name};
use crate::say;
use crate::text::{Text, clean};
use crate::time::Window;
use flate2::bufread::MultiGzDecoder;
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// The buffer of one worker; a longer line is no line of this format (its longest fields end at 8 and 16 KB).
pub const BUFFER: usize = 256 * 1024;
/// What is read from the disk at once.
const READ: usize = 64 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Logs shrink 6 to 30 times; an object that grows beyond this, after the first 256 MiB, is made to harm.
const BOMB_RATIO: u64 = 200;
const BOMB_FLOOR: u64 = 256 * 1024 * 1024;

/// Takes the lines of objects, one object after the other.
pub trait Collect: Send {
    /// A new object begins; its lines follow.
    fn begin(&mut self, name: &str);
    /// Whole lines, each ended by a line feed but perhaps the object's last.
    fn take(&mut self, lines: &[u8]);
    /// A line longer than the buffer, by its beginning.
    fn overlong(&mut self, beginning: &[u8]);
}

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub path: PathBuf,
    pub size: u64,
}

/// What could not be read, or not to its end, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Damage {
    pub name: String,
    pub why: String,
    /// Something of it was read.
    pub begun: bool,
}

/// The files under some paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub jobs: Vec<Job>,
    pub damaged: Vec<Damage>,
    /// Left out: the time in their name lies outside the window.
    pub outside: Vec<PathBuf>,
    /// Left out: no log of the wanted kind by their name.
    pub other: Vec<PathBuf>,
}

/// How far a scan has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub files: u64,
    pub of_files: u64,
    pub bytes: u64,
    pub of_bytes: u64,
}

impl Progress {
    /// `12 of 174 files, 120 of 203 MB, 95 MB/s, 1 s left`
    pub fn in_words(&self, seconds: f64) -> String {
        let rate = self.bytes as f64 / seconds.max(0.001);
        let left = self.of_bytes.saturating_sub(self.bytes) as f64 / rate.max(1.0);
        let left = crate::time::in_words(chrono::Duration::seconds(left.ceil().min(1e6) as i64));
        let mega = |bytes: f64| format!("{:.0}", bytes / 1e6);
        let (bytes, of, rate) = (mega(self.bytes as f64), mega(self.of_bytes as f64), mega(rate));
        format!("{} of {} files, {bytes} of {of} MB, {rate} MB/s, {left} left", self.files, self.of_files)
    }
}

/// What a scan came to, beside what its collectors hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Opened and read, wholly or up to the damage.
    pub files: u64,
    /// As they lie on the disk.
    pub bytes: u64,
    pub damaged: Vec<Damage>,
    pub stopped: bool,
}

impl Found {
    /// Looks for logs of one kind: a file that is named is read whatever its name, a directory is searched.
    pub fn under(paths: &[PathBuf], kind: Kind, window: Option<Window>) -> Self {
        let mut found = Self::default();
        let mut seen = BTreeSet::new();
        for path in paths {
            found.visit(path, true, kind, window, &mut seen);
        }
        found.jobs.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
        found
    }

    fn visit(&mut self, path: &Path, named: bool, kind: Kind, window: Option<Window>, seen: &mut BTreeSet<PathBuf>) {
        let meta = match std::fs::metadata(path) {
            Ok(meta) => meta,
            Err(e) => return self.damaged.push(Damage::unopened(path, &e)),
        };
        if meta.is_dir() {
            // A link to a directory may lead back here.
            if named || !path.is_symlink() {
                self.search(path, kind, window, seen);
            }
        } else if seen.insert(path.canonicalize().unwrap_or_else(|_| path.into())) {
            self.pick(path, meta.len(), named, kind, window);
        }
    }

    fn search(&mut self, dir: &Path, kind: Kind, window: Option<Window>, seen: &mut BTreeSet<PathBuf>) {
        let mut entries: Vec<PathBuf> = match std::fs::read_dir(dir) {
            Ok(entries) => entries.filter_map(|e| e.ok().map(|e| e.path())).collect(),
            Err(e) => return self.damaged.push(Damage::unopened(dir, &e)),
        };
        entries.sort();
        for path in entries {
            self.visit(&path, false, kind, window, seen);
        }
    }

    fn pick(&mut self, path: &Path, size: u64, named: bool, kind: Kind, window: Option<Window>) {
        let text = path.to_string_lossy();
        let name = Name::read(&text);
        if name.kind == Kind::Test {
            return;
        }
        if !named && (name.kind != kind || !looks_like_a_log(path)) {
            return self.other.push(path.into());
        }
        if window.is_some_and(|w| !name.may_hold(w)) {
            return self.outside.push(path.into());
        }
        self.jobs.push(Job { path: path.into(), size });
    }
}

/// In a directory there may be anything; a log has `.log` or `.gz` in its name, or no ending at all.
fn looks_like_a_log(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with('.') && (!name.contains('.') || name.contains(".log") || name.ends_with(".gz") || name.ends_with(".txt"))
}

impl Damage {
    /// It cannot even be opened.
    fn unopened(path: &Path, error: &io::Error) -> Self {
        Self { name: path.display().to_string(), why: error.to_string(), begun: false }
    }

    /// `could not be opened: No such file or directory (os error 2)`
    pub fn words(&self) -> Text {
        let why = clean(&self.why);
        if self.begun {
            say!("could not be read to its end: {why}", "không đọc được đến hết: {why}")
        } else {
            say!("could not be opened: {why}", "không mở được: {why}")
        }
    }
}

/// One worker a core.
pub fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Reads all jobs with `workers` threads, each with a collector of its own.
pub fn run<C: Collect>(
    jobs: &[Job],
    workers: usize,
    stop: &AtomicBool,
    progress: &(dyn Fn(Progress) + Sync),
    collector: impl Fn() -> C + Sync,
) -> (Vec<C>, Scanned) {
    let work = Work { jobs, next: AtomicUsize::new(0), files: AtomicU64::new(0), bytes: AtomicU64::new(0), stop, progress };
    let count = workers.clamp(1, jobs.len().max(1));
    let done = std::thread::scope(|scope| {
        let hands: Vec<_> = (0..count).map(|_| scope.spawn(|| work.carry_out(collector()))).collect();
        hands.into_iter().filter_map(|h| h.join().ok()).collect::<Vec<_>>()
    });
    let (collectors, damaged): (Vec<C>, Vec<Vec<Damage>>) = done.into_iter().unzip();
    let mut damaged = damaged.concat();
    damaged.sort();
    let scanned = Scanned { files: work.files.into_inner(), bytes: work.bytes.into_inner(), damaged, stopped: stop.load(Relaxed) };
    (collectors, scanned)
}

/// What the workers share.
struct Work<'a> {
    jobs: &'a [Job],
    next: AtomicUsize,
    files: AtomicU64,
    bytes: AtomicU64,
    stop: &'a AtomicBool,
    progress: &'a (dyn Fn(Progress) + Sync),
}

impl Work<'_> {
    fn carry_out<C: Collect>(&self, mut collector: C) -> (C, Vec<Damage>) {
        let mut damaged = Vec::new();
        let mut buffer = Buffer::default();
        while let Some(job) = self.jobs.get(self.next.fetch_add(1, Relaxed)) {
            if self.stop.load(Relaxed) {
                break;
            }
            let damage = self.read(job, &mut buffer, &mut collector).err();
            damaged.extend(damage.filter(|_| !self.stop.load(Relaxed)));
        }
        (collector, damaged)
    }

    fn read(&self, job: &Job, buffer: &mut Buffer, collector: &mut impl Collect) -> Result<(), Damage> {
        let file = std::fs::File::open(&job.path).map_err(|e| Damage::unopened(&job.path, &e))?;
        collector.begin(&job.path.to_string_lossy());
        let result = object(Watched { inner: file, work: self }, buffer, collector);
        self.files.fetch_add(1, Relaxed);
        self.tell();
        result.map_err(|e| Damage { begun: true, ..Damage::unopened(&job.path, &e) })
    }

    fn tell(&self) {
        (self.progress)(Progress {
            files: self.files.load(Relaxed),
            of_files: self.jobs.len() as u64,
            bytes: self.bytes.load(Relaxed),
            of_bytes: self.jobs.iter().map(|j| j.size).sum(),
        });
    }
}

/// Counts what is read, reports it now and then, and ends the reading when it is to stop.
struct Watched<'a, R> {
    inner: R,
    work: &'a Work<'a>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        const EVERY: u64 = 8 * 1024 * 1024;
        if self.work.stop.load(Relaxed) {
            return Err(io::Error::other("stopped"));
        }
        let n = self.inner.read(into)?;
        let before = self.work.bytes.fetch_add(n as u64, Relaxed);
        if before / EVERY != (before + n as u64) / EVERY {
            self.work.tell();
        }
        Ok(n)
    }
}

/// The place for text on its way from an object to a collector.
pub struct Buffer(Vec<u8>);

impl Default for Buffer {
    fn default() -> Self {
        Self(vec![0; BUFFER])
    }
}

/// Reads one object, packed or plain as its first bytes say, to its end. What was read before an error has
/// reached the collector.
///
/// # Errors
/// The source's own; a packed object that is damaged, ends early, or grows beyond all measure.
pub fn object(source: impl Read, buffer: &mut Buffer, collector: &mut impl Collect) -> io::Result<()> {
    let packed = std::cell::Cell::new(0);
    let mut source = BufReader::with_capacity(READ, Counted { inner: source, count: &packed });
    let first = first_two(&mut source)?;
    let is_packed = first == GZIP;
    let whole = Cursor::new(first).chain(source);
    if is_packed { lines(MultiGzDecoder::new(whole), Some(&packed), buffer, collector) } else { lines(whole, None, buffer, collector) }
}

fn first_two(source: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(2);
    source.take(2).read_to_end(&mut first)?;
    Ok(first)
}

struct Counted<'a, R> {
    inner: R,
    count: &'a std::cell::Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.count.set(self.count.get() + n as u64);
        Ok(n)
    }
}

/// Hands on whole lines; a beginning without its end waits at the front of the buffer for the rest.
fn lines(mut text: impl Read, packed: Option<&std::cell::Cell<u64>>, buffer: &mut Buffer, collector: &mut impl Collect) -> io::Result<()> {
    let room = &mut buffer.0;
    let (mut held, mut total, mut skipping) = (0, 0u64, false);
    loop {
        let n = text.read(&mut room[held..])?;
        if n == 0 {
            break;
        }
        total += n as u64;
        if packed.is_some_and(|p| total > BOMB_FLOOR && total > p.get().saturating_mul(BOMB_RATIO)) {
            return Err(io::Error::other(format!("unpacks to more than {BOMB_RATIO} times its size: not read further")));
        }
        let filled = held + n;
        match memchr::memrchr(b'\n', &room[held..filled]) {
            Some(last) => {
                let end = held + last + 1;
                let start = if skipping { memchr::memchr(b'\n', &room[..end]).map_or(end, |p| p + 1) } else { 0 };
                skipping = false;
                collector.take(&room[start..end]);
                room.copy_within(end..filled, 0);
                held = filled - end;
            }
            None if filled == room.len() => {
                if !skipping {
                    collector.overlong(&room[..room.len().min(1024)]);
                }
                (skipping, held) = (true, 0);
            }
            None => held = filled,
        }
    }
    if held > 0 && !skipping {
        collector.take(&room[..held]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use std::io::Write;

    #[derive(Default)]
    struct Texts {
        text: Vec<u8>,
        overlong: usize,
    }

    impl Collect for Texts {
        fn begin(&mut self, _: &str) {}
        fn take(&mut self, lines: &[u8]) {
            self.text.extend_from_slice(lines);
        }
        fn overlong(&mut self, _: &[u8]) {
            self.overlong += 1;
        }
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::default());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> (Texts, io::Result<()>) {
        let mut texts = Texts::default();
        let result = object(bytes, &mut Buffer::default(), &mut texts);
        (texts, result)
    }

    #[test]
    fn packed_plain_empty_and_many_members() {
        for bytes in [b"a\nb\nc".to_vec(), packed(b"a\nb\nc"), [packed(b"a\nb"), packed(b""), packed(b"\nc")].concat()] {
            let (texts, result) = read(&bytes);
            assert!(result.is_ok());
            assert_eq!(texts.text, b"a\nb\nc");
        }
        for bytes in [b"".to_vec(), packed(b"")] {
            assert_eq!(read(&bytes).0.text, b"");
        }
        assert_eq!(read(b"x").0.text, b"x");
    }

    #[test]
    fn what_came_before_the_damage_is_kept() {
        let text: Vec<u8> = (0..200_000u32).flat_map(|n| format!("{}\n", n.wrapping_mul(2_654_435_761)).into_bytes()).collect();
        let mut bytes = packed(&text);
        bytes.truncate(bytes.len() / 2);
        let (texts, result) = read(&bytes);
        assert!(result.is_err());
        assert!(texts.text.len() > 100_000 && text.starts_with(&texts.text));
    }

    #[test]
    fn a_wrong_checksum_is_told() {
        let mut bytes = packed(b"a\nb\n");
        let at = bytes.len() - 6;
        bytes[at] ^= 1;
        let (texts, result) = read(&bytes);
        assert_eq!(texts.text, b"a\nb\n");
        assert!(result.is_err());
    }

    #[test]
    fn an_endless_line_is_one_bad_line() {
        let text = [vec![b'x'; 3 * BUFFER], b"\nafter\n".to_vec()].concat();
        for bytes in [text.clone(), packed(&text)] {
            let (texts, result) = read(&bytes);
            assert!(result.is_ok());
            assert_eq!((texts.overlong, texts.text.as_slice()), (1, &b"after\n"[..]));
        }
    }

    #[test]
    fn a_bomb_is_not_followed_to_its_end() {
        struct Count(u64);
        impl Collect for Count {
            fn begin(&mut self, _: &str) {}
            fn take(&mut self, lines: &[u8]) {
                self.0 += lines.len() as u64;
            }
            fn overlong(&mut self, _: &[u8]) {}
        }
        let bomb = packed(&b"\n".repeat(300 * 1024 * 1024));
        let mut count = Count(0);
        let error = object(bomb.as_slice(), &mut Buffer::default(), &mut count).unwrap_err();
        assert!(error.to_string().contains("200 times"), "{error}");
        assert!(count.0 <= BOMB_FLOOR + BUFFER as u64);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn no_line_is_lost_or_changed(lines in proptest::collection::vec(0usize..60_000, 0..40), end in any::<bool>()) {
            let mut text = lines.iter().map(|n| "y".repeat(*n)).collect::<Vec<_>>().join("\n");
            if end { text.push('\n'); }
            prop_assert_eq!(read(text.as_bytes()).0.text, text.as_bytes());
            prop_assert_eq!(read(&packed(text.as_bytes())).0.text, text.as_bytes());
        }
    }
}
