//! What `benches/accesslog.sh` measures with: logs from a seed, and unpacking without looking at a line.
//!
//! `access_logs write DIR [OBJECTS]`, `access_logs unpack DIR [WORKERS]`

#[path = "../benches/accesslog/generate.rs"]
mod generate;

use alb_triage::accesslog::names::Kind;
use alb_triage::accesslog::scan::{self, Collect, Found};
use generate::Plan;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = arguments.get(2).map(|n| n.parse()).transpose()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", dir, ..] => write(dir.as_ref(), number.unwrap_or(Plan::LARGE.objects))?,
        ["unpack", dir, ..] => unpack(dir.into(), number.map_or_else(scan::workers, |n| n as usize)),
        _ => return Err("access_logs write DIR [OBJECTS] | unpack DIR [WORKERS]".into()),
    }
    Ok(())
}

fn write(dir: &Path, objects: u32) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let text = generate::write(Plan { objects, ..Plan::LARGE }, dir)?;
    println!("{objects} objects, {text} bytes of text");
    Ok(())
}

/// Counts the bytes it is handed and looks at none of them.
struct Unread(u64);

impl Collect for Unread {
    fn begin(&mut self, _: &str) {}
    fn take(&mut self, lines: &[u8]) {
        self.0 += lines.len() as u64;
    }
    fn overlong(&mut self, _: &[u8]) {}
}

fn unpack(dir: PathBuf, workers: usize) {
    let found = Found::under(&[dir], Kind::Access, None);
    let (parts, scanned) = scan::run(&found.jobs, workers, &AtomicBool::new(false), &|_| {}, || Unread(0));
    println!("{} files, {} bytes of text", scanned.files, parts.iter().map(|p| p.0).sum::<u64>());
}
