//! The commands that open the screen.

use super::{Failure, LOCAL, Outcome, Run, open_demo, read_case};
use crate::cli::Color;
use crate::exchange::Fact;
use crate::sources;
use crate::tui::{self, ColorMode, Kind};
use std::path::Path;

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
        let options = tui::Options { kind, drill, notice, ..self.options()? };
        tui::run(sources::replay(facts), options).map_err(|e| Failure::new(LOCAL, format!("{e:#}")))?;
        Ok(0)
    }

    fn options(&self) -> Result<tui::Options, Failure> {
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
            person: self.config.name.clone(),
            mouse: self.config.mouse,
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
}
