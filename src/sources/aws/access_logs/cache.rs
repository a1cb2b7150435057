//! Objects of S3 kept on this machine for the next time: whole ones only, no more than a number of bytes,
//! the least recently used go first. Nobody else may read them.

use crate::sources::aws::clock;
use crate::sources::aws::s3::Object;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

/// Names of files that are being written.
static NUMBER: AtomicU64 = AtomicU64::new(0);
const UNFINISHED: &str = "part";

/// A folder of kept objects.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
    /// Bytes of all objects together.
    limit: u64,
}

impl Cache {
    /// The cache in a folder, made if it is not there; `None` when it may hold nothing or cannot be made.
    pub fn open(dir: &Path, limit: u64) -> Option<Self> {
        if limit == 0 {
            return None;
        }
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(dir).ok()?;
        Some(Self { dir: dir.into(), limit })
    }

    /// The object as it was kept, if it is there and still the same.
    pub fn find(&self, bucket: &str, object: &Object) -> Option<File> {
        let file = File::open(self.path(bucket, object)).ok()?;
        if file.metadata().ok()?.len() != object.size {
            return None;
        }
        // Only the order of going depends on it.
        let _ = file.set_modified(clock::now().into());
        Some(file)
    }

    /// A place for an object on its way.
    pub fn keep(&self, bucket: &str, object: &Object) -> Option<Keeping> {
        if object.size > self.limit {
            return None;
        }
        let temporary = self.dir.join(format!("{}-{}.{UNFINISHED}", std::process::id(), NUMBER.fetch_add(1, Relaxed)));
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = BufWriter::new(options.open(&temporary).ok()?);
        Some(Keeping { file, temporary, path: self.path(bucket, object), size: object.size, written: 0, cache: self.clone() })
    }

    /// An object that changed has another tag, and so another name.
    fn path(&self, bucket: &str, object: &Object) -> PathBuf {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, bucket, &object.key, &object.e_tag, object.size).hash(&mut hasher);
            hasher.finish()
        };
        self.dir.join(format!("{:016x}{:016x}", half(0), half(1)))
    }

    /// Removes the least recently used until the rest fits.
    fn prune(&self) {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = fs::read_dir(&self.dir).into_iter().flatten().flatten().filter_map(kept).collect();
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
        files.sort();
        for (_, size, path) in files {
            if total <= self.limit {
                break;
            }
            if fs::remove_file(path).is_ok() {
                total -= size;
            }
        }
    }
}

fn kept(entry: fs::DirEntry) -> Option<(SystemTime, u64, PathBuf)> {
    let meta = entry.metadata().ok().filter(fs::Metadata::is_file)?;
    let unfinished = entry.path().extension().is_some_and(|e| e == UNFINISHED);
    // What was left behind unfinished counts as old; what is being written is not touched.
    let abandoned = meta.modified().ok()?.elapsed().is_ok_and(|age| age.as_secs() > 86_400);
    (!unfinished || abandoned).then_some((meta.modified().ok()?, meta.len(), entry.path()))
}

/// An object being written; it vanishes unless it is finished.
#[derive(Debug)]
pub struct Keeping {
    file: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
    size: u64,
    written: u64,
    cache: Cache,
}

impl Keeping {
    /// All of it has come and was sound.
    pub fn finish(mut self) {
        if self.written == self.size && self.file.flush().is_ok() && fs::rename(&self.temporary, &self.path).is_ok() {
            self.cache.prune();
        }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        // After a rename there is nothing of that name any more.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Passes bytes on and keeps a copy. A disk that is full ends the keeping, not the reading.
pub struct Tee<R> {
    pub from: R,
    pub keeping: Option<Keeping>,
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.from.read(into)?;
        if let Some(keeping) = &mut self.keeping {
            keeping.written += n as u64;
            if keeping.file.write_all(&into[..n]).is_err() {
                self.keeping = None;
            }
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str, size: u64) -> Object {
        Object { key: key.into(), size, e_tag: "\"1\"".into(), ..Object::default() }
    }

    fn put(cache: &Cache, key: &str, bytes: &[u8], finished: bool) {
        let mut tee = Tee { from: bytes, keeping: cache.keep("b", &object(key, bytes.len() as u64)) };
        io::copy(&mut tee, &mut io::sink()).unwrap();
        if let Some(keeping) = tee.keeping.filter(|_| finished) {
            keeping.finish();
        }
    }

    fn text(file: Option<File>) -> Option<String> {
        let mut text = String::new();
        file?.read_to_string(&mut text).ok().map(|_| text)
    }

    #[test]
    fn whole_objects_come_back_and_parts_vanish() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("objects"), 1000).unwrap();
        put(&cache, "k", b"hello", true);
        put(&cache, "part", b"hello", false);
        assert_eq!(text(cache.find("b", &object("k", 5))), Some("hello".into()));
        let changed = Object { e_tag: "\"2\"".into(), ..object("k", 5) };
        for (bucket, other) in [("b", object("part", 5)), ("c", object("k", 5)), ("b", object("k", 6)), ("b", changed)] {
            assert!(cache.find(bucket, &other).is_none(), "{other:?}");
        }
        assert_eq!(fs::read_dir(dir.path().join("objects")).unwrap().count(), 1);
    }

    #[test]
    fn the_least_recently_used_go_first() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path(), 25).unwrap();
        let aged = |key: &str, hours: i64| {
            put(&cache, key, b"0123456789", true);
            let file = File::options().write(true).open(cache.path("b", &object(key, 10))).unwrap();
            file.set_modified((clock::now() - chrono::Duration::hours(hours)).into()).unwrap();
        };
        aged("a", 3);
        aged("b", 2);
        assert!(cache.find("b", &object("a", 10)).is_some(), "used just now");
        put(&cache, "c", b"0123456789", true);
        let there = ["a", "b", "c"].map(|k| cache.find("b", &object(k, 10)).is_some());
        assert_eq!(there, [true, false, true]);
        put(&cache, "huge", &[0; 40], true);
        assert!(cache.find("b", &object("huge", 40)).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_them() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(&dir.path().join("deep/objects"), 1000).unwrap();
        put(&cache, "k", b"hello", true);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&cache.dir), mode(&cache.path("b", &object("k", 5)))), (0o700, 0o600));
        assert!(Cache::open(dir.path(), 0).is_none());
    }
}
