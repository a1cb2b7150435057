//! The commands that open the screen.

use super::{Failure, LOCAL, Outcome, Run, open_demo, read_case};
use crate::case::Case;
use crate::cli::Color;
use crate::exchange::Fact;
use crate::headless::Gathered;
use crate::judge::Judged;
use crate::recording::Writer;
use crate::report::bundle::{self, Bundle};
use crate::sources::{self, Link};
use crate::text::Lang;
use crate::time::Time;
use crate::tui::{self, ColorMode, Kind, Theme};
use ratatui::buffer::Buffer;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

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
        let live = self.start_live(target)?;
        let writer = self.case_file(target)?;
        let kept = Kept::default();
        let options = tui::Options { kind: Kind::Live, ..self.options(&kept, writer)? };
        let outcome = show(live.link, options);
        live.runtime.shutdown_background();
        outcome
    }

    /// Options of a screen that records and exports nothing.
    pub(super) fn plain_options(&self) -> Result<tui::Options, Failure> {
        self.options(&Kept::default(), None)
    }

    fn options(&self, kept: &Kept, writer: Option<Writer>) -> Result<tui::Options, Failure> {
        let var = |name: &str| std::env::var(name).ok();
        let keys = self.config.keys.as_ref().map(std::fs::read_to_string).transpose()?;
        Ok(tui::Options {
            lang: self.config.lang,
            colors: match self.config.color {
                Color::Never => ColorMode::None,
                Color::Always => ColorMode::TrueColor,
                Color::Auto => ColorMode::from_env(var),
            },
            ascii: self.config.ascii,
            low_bandwidth: self.config.low_bandwidth,
            zone: self.config.zone,
            utc: self.common.utc,
            theme: self.theme()?,
            keys,
            record: Some(recorder(kept.clone(), writer)),
            export: Some(self.exporter(kept.clone())),
            person: self.config.name.clone(),
            mouse: self.config.mouse,
            cost_ceiling: Some(self.config.cost_ceiling_usd).filter(|c| *c > 0.0),
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
    pub(super) fn case_file(&self, target: &str) -> Result<Option<Writer>, Failure> {
        let path = match (&self.common.record, &self.config.cases) {
            (Some(path), _) => path.clone(),
            (None, Some(folder)) => {
                make_private(folder)?;
                folder.join(case_name(self.now, target))
            }
            (None, None) => return Ok(None),
        };
        Writer::create(&path).map(Some).map_err(|error| {
            Failure::new(LOCAL, format!("{}: cannot record here: {error}; give another --record, or --no-record", path.display()))
        })
    }

    fn exporter(&self, kept: Kept) -> tui::Export {
        let (lang, now) = (self.config.lang, self.now);
        Arc::new(move |case: &Case, judged: &Judged| {
            let facts = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let dir = bundle::fresh(Path::new("."), &bundle::name(case, judged));
            let bundle = Bundle { case, judged, facts: &facts, screens: screens(case, judged, lang), lang, generated_at: now };
            write(&dir, &bundle).map_err(|e| e.message)
        })
    }

    /// `report --output DIR`
    pub(super) fn bundle(&self, dir: &Path, gathered: &Gathered, judged: &Judged) -> Result<String, Failure> {
        let (case, lang) = (&gathered.case, self.config.lang);
        write(dir, &Bundle { case, judged, facts: &gathered.facts, screens: screens(case, judged, lang), lang, generated_at: self.now })
    }
}

/// Writes the bundle; gives back where it stands.
fn write(dir: &Path, bundle: &Bundle) -> Result<String, Failure> {
    bundle::write_bundle(dir, bundle).map_err(|e| Failure::new(LOCAL, format!("{}: {e}", dir.display())))?;
    Ok(dir.canonicalize().unwrap_or_else(|_| dir.into()).display().to_string())
}

/// The screen as pictures, wide enough that no event loses its words.
fn screens(case: &Case, judged: &Judged, lang: Lang) -> Vec<(String, Buffer)> {
    vec![("screen".into(), tui::snapshot(case, judged, (160, 56), &Theme::print(), lang, false))]
}

fn show(link: Link, options: tui::Options) -> Outcome {
    tui::run(link, options).map_err(|e| Failure::new(LOCAL, format!("{e:#}")))?;
    Ok(0)
}

/// Keeps every fact for a bundle and, where there is a case file, on the disk before anything else happens.
fn recorder(kept: Kept, mut writer: Option<Writer>) -> tui::Record {
    Box::new(move |facts: &[Fact]| {
        kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(facts);
        writer.as_mut().map_or(Ok(()), |w| w.write(facts))
    })
}

/// A folder only its owner can look into.
fn make_private(folder: &Path) -> std::io::Result<()> {
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
