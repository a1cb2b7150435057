//! Walks a tree of Terraform files: bounded, never out of it, never twice through the same folder.

use super::Problem;
use super::syntax::{self, Items};
use crate::say;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Files read at most; a tree beyond it is cut and said so.
const MOST_FILES: usize = 20_000;
/// Bytes of one file read at most.
const LARGEST: u64 = 2 * 1024 * 1024;
/// Folders inside folders.
const DEEPEST: usize = 64;

/// Every folder with Terraform files, by its path relative to the root.
#[derive(Default)]
pub struct Tree {
    pub folders: BTreeMap<PathBuf, Items>,
    pub files: usize,
}

/// Reads the tree under `root`.
pub fn read(root: &Path, problems: &mut Vec<Problem>) -> Tree {
    let mut tree = Tree::default();
    match root.canonicalize() {
        Ok(real) => folder(&mut Walk { root: real, tree: &mut tree, problems }, Path::new(""), 0),
        Err(e) => problems.push(Problem { file: "".into(), line: None, words: say!("{e}", "{e}"), unreadable: true }),
    }
    tree
}

struct Walk<'a> {
    root: PathBuf,
    tree: &'a mut Tree,
    problems: &'a mut Vec<Problem>,
}

impl Walk<'_> {
    fn problem(&mut self, at: &Path, words: crate::text::Text) {
        self.problems.push(Problem { file: at.display().to_string().into(), line: None, words, unreadable: true });
    }
}

fn folder(walk: &mut Walk, at: &Path, depth: usize) {
    if depth > DEEPEST {
        return walk.problem(at, say!("folders are nested too deeply", "thư mục lồng nhau quá sâu"));
    }
    let mut entries: Vec<_> = match std::fs::read_dir(walk.root.join(at)) {
        Ok(entries) => entries.filter_map(Result::ok).collect(),
        Err(e) => return walk.problem(at, say!("{e}", "{e}")),
    };
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let path = at.join(&name);
        match entry.file_type() {
            Ok(kind) if kind.is_symlink() => link(walk, &path),
            Ok(kind) if kind.is_dir() && !is_skipped(&name.to_string_lossy()) => folder(walk, &path, depth + 1),
            Ok(kind) if kind.is_file() => file(walk, &path),
            _ => {}
        }
    }
}

/// Downloaded modules and version control are not the team's files.
fn is_skipped(name: &str) -> bool {
    matches!(name, ".terraform" | ".git" | "node_modules" | ".terragrunt-cache")
}

/// A link to a file inside the tree is read there; folders are walked once, at their own place.
fn link(walk: &mut Walk, path: &Path) {
    let words = match walk.root.join(path).canonicalize() {
        Ok(real) if real.is_file() && real.starts_with(&walk.root) => return file(walk, path),
        Ok(real) if real.starts_with(&walk.root) => return,
        Ok(_) if !wanted(path) && path.extension().is_some() => return,
        Ok(_) => say!("a symbolic link out of the folder is not followed", "liên kết trỏ ra ngoài thư mục, không đi theo"),
        Err(e) => say!("a symbolic link that leads nowhere: {e}", "liên kết không dẫn tới đâu: {e}"),
    };
    walk.problem(path, words);
}

fn wanted(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    [".tf", ".tf.json", ".tfvars", ".tfvars.json"].iter().any(|end| name.ends_with(end))
}

fn file(walk: &mut Walk, path: &Path) {
    if !wanted(path) {
        return;
    }
    if walk.tree.files >= MOST_FILES {
        if walk.tree.files == MOST_FILES {
            walk.tree.files += 1;
            walk.problem(
                path,
                say!(
                    "more than {MOST_FILES} files: this and the rest were not read",
                    "hơn {MOST_FILES} tệp: tệp này và các tệp sau không được đọc"
                ),
            );
        }
        return;
    }
    walk.tree.files += 1;
    let text = match bounded(&walk.root.join(path)) {
        Ok(Some(text)) => text,
        Ok(None) => return walk.problem(path, say!("larger than 2 MiB: not read", "lớn hơn 2 MiB: không đọc")),
        Err(e) => return walk.problem(path, say!("{e}", "{e}")),
    };
    let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
    syntax::read(walk.tree.folders.entry(folder).or_default(), path, &text, walk.problems);
}

fn bounded(path: &Path) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= LARGEST).then(|| String::from_utf8_lossy(&bytes).into_owned()))
}

/// `source` of a module seen from `folder`, if it is a folder of the same tree.
pub fn local(folder: &Path, source: &str) -> Option<PathBuf> {
    if !source.starts_with("./") && !source.starts_with("../") {
        return None;
    }
    let mut at = folder.to_path_buf();
    for part in Path::new(source).components() {
        match part {
            Component::Normal(name) => at.push(name),
            Component::ParentDir if !at.pop() => return None,
            _ => {}
        }
    }
    Some(at)
}
