//! The postmortem bundle: a new directory with the report, the pictures, the timeline, the evidence and the
//! case. Never over an old one, readable by its owner only, and nothing is left behind when it fails.

use super::document::{Block, Document};
use super::picture::{self, Ground, caption::Caption};
use super::{csv, html, json, lanes, markdown, story, summary};
use crate::case::Case;
use crate::exchange::Fact;
use crate::judge::Judged;
use crate::recording::Writer;
use crate::text::Lang;
use crate::time::Time;
use ratatui::buffer::Buffer;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Pixels a column of the PNG pictures: 120 columns make 1,440 pixels.
const COLUMN: u32 = 12;
/// The size of a lane's own picture, in cells.
const LANE: (u16, u16) = (120, 16);
/// Where pictures stand in the bundle.
const PICTURES: &str = "pictures";

/// What goes in. To redact it, redact the facts and judge the case made of them.
pub struct Bundle<'a> {
    pub case: &'a Case,
    pub judged: &'a Judged,
    /// What the case is made of; becomes the case file.
    pub facts: &'a [Fact],
    /// Screens by their names, drawn already.
    pub screens: Vec<(String, Buffer)>,
    /// What every picture is drawn on.
    pub ground: Ground,
    pub lang: Lang,
    pub generated_at: Time,
}

/// Writes the bundle and gives back its files.
///
/// # Errors
/// When the directory exists and is not empty, or the disk does not take a file.
pub fn write_bundle(dir: &Path, bundle: &Bundle) -> io::Result<Vec<PathBuf>> {
    make(dir)?;
    let mut files = Files { dir: dir.into(), written: Vec::new(), ground: bundle.ground };
    match fill(&mut files, bundle) {
        Ok(()) => Ok(files.written),
        Err(error) => {
            // What is half there would be taken for the whole.
            let _ = std::fs::remove_dir_all(dir);
            Err(error)
        }
    }
}

/// A name that tells incidents apart: `web-prod-20261120-0212`.
pub fn name(case: &Case, judged: &Judged) -> String {
    let place = case.load_balancer.as_ref().map_or("incident", |lb| lb.name.as_str());
    let place: String = place.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    let at = judged.analysis.onset().unwrap_or(judged.window.start);
    format!("{}-{}", place.trim_matches('-'), at.format("%Y%m%d-%H%M"))
}

/// The first of `base/name`, `base/name-2`, … that is not there yet.
pub fn fresh(base: &Path, name: &str) -> PathBuf {
    let numbered = (2u32..).map(|n| base.join(format!("{name}-{n}")));
    std::iter::once(base.join(name)).chain(numbered).find(|p| !p.exists()).unwrap_or_else(|| base.join(name))
}

fn make(dir: &Path) -> io::Result<()> {
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(dir) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists && is_empty(dir) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            Err(io::Error::new(e.kind(), format!("{}: exists already and is not empty; name a new directory", dir.display())))
        }
        other => other,
    }
}

fn is_empty(dir: &Path) -> bool {
    std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

fn fill(files: &mut Files, b: &Bundle) -> io::Result<()> {
    let mut doc = story::tell(b.case, b.judged, b.lang, b.generated_at);
    let shown = pictures(files, b)?;
    insert_before_details(&mut doc, shown);
    files.put("report.md", markdown::write(&doc, Some(PICTURES)).as_bytes())?;
    files.put("report.html", html::write(&doc, b.lang).as_bytes())?;
    files.put("summary.txt", summary(b.case, b.judged, b.lang).as_bytes())?;
    files.put("timeline.csv", csv::timeline(b.case, b.judged).as_bytes())?;
    files.put("evidence.json", json::text(b.case, b.judged, b.generated_at).as_bytes())?;
    files.case(b.facts)
}

/// Draws every screen and lane; gives back the screens, to be shown in the report.
fn pictures(files: &mut Files, b: &Bundle) -> io::Result<Vec<Block>> {
    files.directory(PICTURES)?;
    let caption = Caption::of(b.case, b.judged, b.lang);
    let mut shown = Vec::new();
    for (name, buffer) in &b.screens {
        let name = file_name(name);
        let svg = files.picture(&name, buffer, &caption)?;
        shown.push(Block::Picture { alt: caption.above.join(" · "), file: format!("{name}.svg"), svg });
    }
    let lanes = lanes::choose(b.case, b.judged, b.lang);
    for (i, lane) in lanes.lanes.iter().enumerate() {
        files.picture(&lane.file_name(i), &picture::lane::draw(&lanes, lane, LANE.0, LANE.1), &caption.for_lane(lane))?;
    }
    Ok(shown)
}

/// After "In short", before what happened.
fn insert_before_details(doc: &mut Document, shown: Vec<Block>) {
    let headings = doc.blocks.iter().enumerate().filter(|(_, b)| matches!(b, Block::Heading(2, _)));
    let at = headings.map(|(i, _)| i).nth(1).unwrap_or(doc.blocks.len());
    doc.blocks.splice(at..at, shown);
}

fn file_name(name: &str) -> String {
    let kept: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(60).collect();
    if kept.trim_matches('-').is_empty() { "screen".into() } else { kept.trim_matches('-').into() }
}

/// The files of the bundle as they are written.
struct Files {
    dir: PathBuf,
    written: Vec<PathBuf>,
    ground: Ground,
}

impl Files {
    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.dir.join(name);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path)?.write_all(bytes)?;
        self.written.push(path);
        Ok(())
    }

    fn directory(&self, name: &str) -> io::Result<()> {
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(self.dir.join(name))
    }

    /// SVG and PNG of the cells under their caption; gives back the SVG.
    fn picture(&mut self, name: &str, buffer: &Buffer, caption: &Caption) -> io::Result<String> {
        let framed = picture::caption::framed(buffer, caption);
        let svg = picture::svg(&framed, &caption.above.join(" · "), self.ground);
        self.put(&format!("{PICTURES}/{name}.svg"), svg.as_bytes())?;
        let png = picture::png(&framed, COLUMN, self.ground).map_err(io::Error::other)?;
        self.put(&format!("{PICTURES}/{name}.png"), &png)?;
        Ok(svg)
    }

    fn case(&mut self, facts: &[Fact]) -> io::Result<()> {
        let path = self.dir.join("incident.case");
        let mut writer = Writer::create(&path)?;
        writer.write(facts)?;
        writer.finish()?;
        self.written.push(path);
        Ok(())
    }
}
