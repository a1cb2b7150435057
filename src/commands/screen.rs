//! The commands that open the screen.

use super::{Failure, LOCAL, Outcome, Run, USAGE, characters, leftover, open_demo, read_case};
use crate::case::Case;
use crate::cli::Color;
use crate::exchange::Fact;
use crate::headless::Gathered;
use crate::judge::Judged;
use crate::recording::Writer;
use crate::report::bundle::{self, Bundle};
use crate::report::picture::Ground;
use crate::sources::{self, Link};
use crate::text::Lang;
use crate::time::Time;
use crate::tui::{self, ColorMode, Kind, Place, Resume, Theme};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A case file being written, and where it is.
pub(super) struct CaseFile {
    pub writer: Writer,
    pub path: PathBuf,
}

/// Facts as they came, for the case file of a bundle.
type Kept = Arc<Mutex<Vec<Fact>>>;

impl Run {
    /// `open CASE`
    pub fn open(&self, case: &Path) -> Outcome {
        let recording = read_case(case)?;
        let notice = recording
            .truncated_after_line
            .map(|line| format!("the case ends in the middle, after line {line}: everything before it is shown"));
        self.replay(recording.facts, Kind::Replay, false, notice)
    }

    /// `demo [NAME]`, and `drill [NAME]` with the verdict hidden.
    pub fn demo(&self, name: Option<&str>, drill: bool) -> Outcome {
        self.replay(open_demo(name.unwrap_or_default())?.facts, Kind::Demo, drill, None)
    }

    fn replay(&self, facts: Vec<Fact>, kind: Kind, drill: bool, notice: Option<String>) -> Outcome {
        let kept = Kept::default();
        let options = tui::Options { kind, drill, notice, ..self.options(&kept, None)? };
        show(sources::replay(facts), options)
    }

    /// `investigate TARGET`
    pub fn investigate(&self, target: &str) -> Outcome {
        if Path::new(target).is_file() {
            return self.open(Path::new(target));
        }
        match self.offer_to_resume(Some(target))? {
            Some(outcome) => outcome,
            None => self.investigate_anew(target, target, self.case_file(target)?, None),
        }
    }

    /// Options of a live session; `named` is what was asked for.
    pub(super) fn live_options(&self, named: &str, file: Option<CaseFile>, resume: Option<Resume>) -> Result<tui::Options, Failure> {
        let kept = Kept::default();
        if let Some(resume) = &resume {
            kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&resume.facts);
        }
        let (writer, path) = file.map(|f| (f.writer, f.path)).unzip();
        let keep_place = path.map(|path| self.keep_place(named, path));
        Ok(tui::Options { kind: Kind::Live, resume, keep_place, ..self.options(&kept, writer)? })
    }

    fn keep_place(&self, named: &str, path: PathBuf) -> tui::KeepPlace {
        let note = self.note(named, Place::default());
        Box::new(move |place| {
            // Where it cannot be written the next start begins at the incident instead of there.
            let _ = leftover::write_note(&path, &leftover::Note { place: place.clone(), ..note.clone() });
        })
    }

    /// Options of a screen that records and exports nothing.
    pub(super) fn plain_options(&self) -> Result<tui::Options, Failure> {
        self.options(&Kept::default(), None)
    }

    fn options(&self, kept: &Kept, writer: Option<Writer>) -> Result<tui::Options, Failure> {
        let var = |name: &str| std::env::var(name).ok();
        let colors = match self.config.color {
            Color::Never => ColorMode::None,
            Color::Always => ColorMode::TrueColor,
            Color::Auto => ColorMode::from_env(var),
        };
        let remembered = characters::remembered(self.config.state.as_deref());
        let terminal = std::io::stdout().is_terminal();
        let keys = self.config.keys.as_ref().map(std::fs::read_to_string).transpose()?;
        Ok(tui::Options {
            lang: self.config.lang,
            colors,
            ascii: self.config.ascii || remembered.unwrap_or_else(|| tui::has_few_characters(var)),
            first_run: terminal
                && !self.config.ascii
                && remembered.is_none()
                && !tui::has_few_characters(var)
                && self.config.state.is_some(),
            remember_ascii: self.config.state.clone().map(|state| Box::new(characters::remember(state)) as _),
            ask_background: terminal && self.config.theme == "auto" && colors != ColorMode::None && tui::answers_for_its_background(var),
            low_bandwidth: self.config.low_bandwidth,
            zone: self.config.zone,
            utc: self.common.utc,
            theme: self.theme()?,
            keys,
            record: Some(recorder(kept.clone(), writer)),
            export: Some(self.exporter(kept.clone())),
            person: self.config.name.clone(),
            mouse: self.config.mouse,
            cost_ceiling: self.config.cost_ceiling(),
            ..tui::Options::default()
        })
    }

    /// The name of a shipped theme, or the text of a file.
    fn theme(&self) -> Result<Option<String>, Failure> {
        let theme = &self.config.theme;
        if theme == "auto" {
            return Ok(Some(tui::theme_from_env(|name| std::env::var(name).ok()).into()));
        }
        let path = Path::new(theme);
        Ok(Some(if path.is_file() { std::fs::read_to_string(path)? } else { theme.clone() }))
    }

    /// Where a live case is recorded: `--record`, or the folder of cases; nowhere with `--no-record`.
    pub(super) fn case_file(&self, target: &str) -> Result<Option<CaseFile>, Failure> {
        let path = match (&self.common.record, &self.config.cases) {
            (Some(path), _) => path.clone(),
            (None, Some(folder)) => {
                make_private(folder)?;
                folder.join(case_name(self.now, target))
            }
            (None, None) => return Ok(None),
        };
        match Writer::create(&path) {
            Ok(writer) => Ok(Some(CaseFile { writer, path })),
            Err(error) => {
                Err(Failure::new(LOCAL, format!("{}: cannot record here: {error}; give another --record, or --no-record", path.display())))
            }
        }
    }

    fn exporter(&self, kept: Kept) -> tui::Export {
        let (lang, generated_at) = (self.config.lang, self.now);
        let theme = self.picture_theme();
        Arc::new(move |case: &Case, judged: &Judged| {
            let facts = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let dir = bundle::fresh(Path::new("."), &bundle::name(case, judged));
            let theme = theme.as_ref().map_err(Clone::clone)?;
            write(&dir, &pictured(case, judged, &facts, theme, lang, generated_at)).map_err(|e| e.message)
        })
    }

    /// `report --output DIR`
    pub(super) fn bundle(&self, dir: &Path, gathered: &Gathered, judged: &Judged) -> Result<String, Failure> {
        let theme = self.picture_theme().map_err(|e| Failure::new(USAGE, format!("--theme: {e}")))?;
        write(dir, &pictured(&gathered.case, judged, &gathered.facts, &theme, self.config.lang, self.now))
    }

    /// The theme of pictures: the same whatever the terminal, unless one was asked for.
    fn picture_theme(&self) -> Result<Theme, String> {
        match self.common.theme.as_deref().filter(|t| *t != "auto") {
            Some(theme) if Path::new(theme).is_file() => {
                Theme::named(&std::fs::read_to_string(theme).map_err(|e| format!("{theme}: {e}"))?, ColorMode::TrueColor)
            }
            Some(theme) => Theme::named(theme, ColorMode::TrueColor),
            None => Ok(Theme::print()),
        }
    }
}

/// A bundle with the screen as it would be in that theme, wide enough that no event loses its words.
fn pictured<'a>(case: &'a Case, judged: &'a Judged, facts: &'a [Fact], theme: &Theme, lang: Lang, generated_at: Time) -> Bundle<'a> {
    let screen = tui::snapshot(case, judged, (160, 56), theme, lang, false);
    let ground = theme.text.fg.map_or(Ground::Light, Ground::under);
    Bundle { case, judged, facts, screens: vec![("screen".into(), screen)], ground, lang, generated_at }
}

/// Writes the bundle; gives back where it stands.
fn write(dir: &Path, bundle: &Bundle) -> Result<String, Failure> {
    bundle::write_bundle(dir, bundle).map_err(|e| Failure::new(LOCAL, format!("{}: {e}", dir.display())))?;
    Ok(dir.canonicalize().unwrap_or_else(|_| dir.into()).display().to_string())
}

pub(super) fn show(link: Link, options: tui::Options) -> Outcome {
    tui::run(link, options).map_err(|e| Failure::new(LOCAL, format!("{e:#}")))?;
    Ok(0)
}

/// Keeps every fact for a bundle and, where there is a case file, on the disk before anything else happens.
fn recorder(kept: Kept, writer: Option<Writer>) -> tui::Record {
    let mut ending = Ending(writer);
    Box::new(move |facts: &[Fact]| {
        kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(facts);
        ending.0.as_mut().map_or(Ok(()), |w| w.write(facts))
    })
}

/// Ends the file properly when the session lets go of it.
struct Ending(Option<Writer>);

impl Drop for Ending {
    fn drop(&mut self) {
        // Everything is on the disk already; a file without its end is read all the same.
        let _ = self.0.take().map(Writer::finish);
    }
}

/// A folder only its owner can look into.
pub(super) fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A name for a case file: when, of what, by which process, so that two sessions never share one.
fn case_name(now: Time, target: &str) -> String {
    let target: String = target
        .rsplit(['/', ':'])
        .next()
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(40)
        .collect();
    format!("{}-{}-{}.case", now.format("%Y%m%dT%H%M%S"), target.trim_matches('-'), std::process::id())
}
