//! What a session of the screen is started with. Knows no terminal.

use super::place::Place;
use crate::case::Case;
use crate::exchange::Fact;
use crate::judge::Judged;
use crate::text::Lang;
use chrono_tz::Tz;
use std::sync::Arc;

/// Takes facts and answers as they come; returns when they are on disk.
pub type Record = Box<dyn FnMut(&[Fact]) -> std::io::Result<()> + Send>;

/// Writes the postmortem; says where it is, or why it could not be written.
pub type Export = Arc<dyn Fn(&Case, &Judged) -> Result<String, String> + Send + Sync>;

/// Keeps where one stands, for the next start.
pub type KeepPlace = Box<dyn FnMut(&Place) + Send>;

/// Remembers for all sessions to come whether only ASCII characters are shown.
pub type RememberAscii = Box<dyn FnMut(bool) + Send>;

/// What a session that was cut off left behind.
pub struct Resume {
    pub facts: Vec<Fact>,
    pub place: Place,
}

/// What kind of session the title shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    Live,
    #[default]
    Demo,
    Replay,
}

/// How many colours the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorMode {
    TrueColor,
    #[default]
    Ansi256,
    Ansi16,
    /// Bold, dim, underlined and reversed only.
    None,
}

impl ColorMode {
    /// From the environment: `NO_COLOR`, `TERM`, `COLORTERM`.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Self {
        let term = var("TERM").unwrap_or_default();
        if var("NO_COLOR").is_some_and(|v| !v.is_empty()) || term == "dumb" || term.starts_with("vt") {
            return Self::None;
        }
        match var("COLORTERM").as_deref() {
            Some("truecolor" | "24bit") => Self::TrueColor,
            _ if term.contains("256color") || term.contains("direct") => Self::Ansi256,
            _ => Self::Ansi16,
        }
    }
}

/// Everything a session is started with.
pub struct Options {
    pub lang: Lang,
    pub colors: ColorMode,
    pub ascii: bool,
    /// Halves what is drawn, for slow lines.
    pub low_bandwidth: bool,
    /// The local zone.
    pub zone: Tz,
    /// Start with times in UTC.
    pub utc: bool,
    /// `dark`, `light`, `contrast`, or the text of a theme file; found out if `None`.
    pub theme: Option<String>,
    /// The text of the user's own keys file.
    pub keys: Option<String>,
    pub record: Option<Record>,
    pub resume: Option<Resume>,
    pub keep_place: Option<KeepPlace>,
    pub remember_ascii: Option<RememberAscii>,
    /// The first session ever: somebody is asked what the characters look like.
    pub first_run: bool,
    /// Whether to ask the terminal if its background is light.
    pub ask_background: bool,
    pub export: Option<Export>,
    pub kind: Kind,
    /// Practice: the verdict stays hidden until asked for.
    pub drill: bool,
    /// Who answers questions, unless they say otherwise.
    pub person: String,
    pub mouse: bool,
    /// US dollars at which somebody is asked whether to go on.
    pub cost_ceiling: Option<f64>,
    /// Something to say at once: a recording that was cut, a resumed case.
    pub notice: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lang: Lang::En,
            colors: ColorMode::default(),
            ascii: false,
            low_bandwidth: false,
            zone: Tz::UTC,
            utc: true,
            theme: None,
            keys: None,
            record: None,
            resume: None,
            keep_place: None,
            remember_ascii: None,
            first_run: false,
            ask_background: false,
            export: None,
            kind: Kind::default(),
            drill: false,
            person: String::new(),
            mouse: false,
            cost_ceiling: None,
            notice: None,
        }
    }
}

/// `light` or `dark` from what terminals say in `COLORFGBG` (`15;0`: foreground; background).
pub fn theme_from_env(var: impl Fn(&str) -> Option<String>) -> &'static str {
    let background = var("COLORFGBG").and_then(|v| v.rsplit(';').next().and_then(|b| b.parse::<u8>().ok()));
    match background {
        Some(7 | 9..=15) => "light",
        _ => "dark",
    }
}

/// Consoles and terminals whose fonts hold a few hundred characters: bars and circled numbers are not among them.
pub fn has_few_characters(var: impl Fn(&str) -> Option<String>) -> bool {
    let term = var("TERM").unwrap_or_default();
    matches!(term.as_str(), "dumb" | "linux" | "cons25") || term.starts_with("vt")
}

/// Whether it is worth asking the terminal for its background: it has colours, says nothing about them in the
/// environment, and is none of those that show the question instead of answering it.
pub fn answers_for_its_background(var: impl Fn(&str) -> Option<String>) -> bool {
    let mute = var("TERM").unwrap_or_default().is_empty() || has_few_characters(&var);
    !mute && var("COLORFGBG").is_none() && ColorMode::from_env(var) != ColorMode::None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| pairs.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned())
    }

    #[test]
    fn colours_follow_the_terminal_and_no_color() {
        for (pairs, mode) in [
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")][..], ColorMode::TrueColor),
            (&[("TERM", "xterm-256color")], ColorMode::Ansi256),
            (&[("TERM", "linux")], ColorMode::Ansi16),
            (&[("TERM", "dumb")], ColorMode::None),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "1")], ColorMode::None),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], ColorMode::Ansi256),
        ] {
            assert_eq!(ColorMode::from_env(env(pairs)), mode, "{pairs:?}");
        }
    }

    #[test]
    fn only_terminals_that_answer_are_asked() {
        assert!(has_few_characters(env(&[("TERM", "linux")])) && !has_few_characters(env(&[("TERM", "tmux-256color")])));
        assert!(answers_for_its_background(env(&[("TERM", "xterm-256color")])));
        assert!(answers_for_its_background(env(&[("TERM", "tmux-256color")])));
        for pairs in [
            &[("TERM", "linux")][..],
            &[("TERM", "dumb")],
            &[],
            &[("TERM", "xterm"), ("COLORFGBG", "15;0")],
            &[("TERM", "xterm"), ("NO_COLOR", "1")],
        ] {
            assert!(!answers_for_its_background(env(pairs)), "{pairs:?}");
        }
    }

    #[test]
    fn a_light_background_is_recognised() {
        assert_eq!(theme_from_env(env(&[("COLORFGBG", "0;15")])), "light");
        assert_eq!(theme_from_env(env(&[("COLORFGBG", "15;default;0")])), "dark");
        assert_eq!(theme_from_env(env(&[])), "dark");
    }
}
