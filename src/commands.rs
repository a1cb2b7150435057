//! What each command does, from settings to exit code. Every failure is a sentence that says what to do.

mod alarms;
mod characters;
mod leftover;
mod live;
mod man;
mod resume;
mod screen;

use crate::case::Case;
use crate::cli::{Cli, Common, Format, Logs};
use crate::config::{BadConfig, Config, Environment};
use crate::diagnosis;
use crate::headless::Gathered;
use crate::judge::{Judged, judge};
use crate::recording::{self, NotACase, Recording};
use crate::redaction::{self, NotRedacted};
use crate::report;
use crate::sources::aws::access_logs::cache::Cache;
use crate::sources::demo;
use crate::time::Time;
use clap::CommandFactory;
use std::fmt;
use std::io::Write;
use std::path::Path;

/// The call itself was wrong.
pub const USAGE: u8 = 64;
/// A case file, alarm JSON or Terraform file is not what it claims to be.
pub const BAD_INPUT: u8 = 65;
/// Something on this machine failed: a disk, a pipe.
pub const LOCAL: u8 = 74;

/// Why a command gave up, in words that say what to do, and the exit code.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub message: String,
}

impl Failure {
    pub fn new(code: u8, message: impl fmt::Display) -> Self {
        Self { code, message: message.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<BadConfig> for Failure {
    fn from(error: BadConfig) -> Self {
        Self::new(USAGE, error)
    }
}

impl From<NotACase> for Failure {
    fn from(error: NotACase) -> Self {
        Self::new(BAD_INPUT, error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(LOCAL, error)
    }
}

/// An exit code, or why there is none.
pub type Outcome = Result<u8, Failure>;

/// One run of the program: its settings and its "now".
pub struct Run {
    pub common: Common,
    pub config: Config,
    pub now: Time,
}

impl Run {
    /// Settles the settings.
    ///
    /// # Errors
    /// When the settings' file cannot be used.
    #[allow(clippy::disallowed_methods, reason = "the one place where a run learns what time it is")]
    pub fn new(common: Common) -> Result<Self, Failure> {
        let config = Config::load(&common, &Environment::read())?;
        Ok(Self { common, config, now: chrono::Utc::now() })
    }

    pub fn list_demos(&self) -> Outcome {
        let mut out = std::io::stdout().lock();
        for (name, line) in demo::list() {
            writeln!(out, "{name:<18} {}", line.get(self.config.lang))?;
        }
        Ok(0)
    }

    /// `report TARGET|CASE`: one document on stdout, or a bundle in a directory.
    pub fn report(&self, target: &str, format: Format, output: Option<&Path>, redact: bool) -> Outcome {
        let mut gathered = self.gather(target)?;
        if redact {
            gathered = Gathered::from_facts(redaction::redact(&gathered.facts).map_err(|e| Failure::new(LOCAL, e))?.facts);
        }
        let judged = judged(&gathered.case)?;
        let options = report::Options { format: format.into(), lang: self.config.lang, generated_at: self.now };
        match output {
            Some(dir) => print(&format!("{}\n", self.bundle(dir, &gathered, &judged)?))?,
            None => print(&report::render(&gathered.case, &judged, &options))?,
        }
        Ok(report::exit_code(&judged))
    }

    /// A recorded case, or a live one gathered to its end.
    fn gather(&self, target: &str) -> Result<Gathered, Failure> {
        let path = Path::new(target);
        if path.is_file() {
            return Ok(Gathered::from_facts(read_case(path)?.facts));
        }
        match target.strip_prefix("demo:") {
            Some(name) => Ok(Gathered::from_facts(open_demo(name)?.facts)),
            None => self.gather_live(target),
        }
    }

    pub fn logs(&self, logs: &Logs) -> Outcome {
        let cache = self.config.cache().and_then(|(dir, limit)| Cache::open(&dir, limit));
        let means = crate::logs::Means { cache, ceiling: self.config.cost_ceiling() };
        Ok(crate::logs::run(logs, &self.common, means, self.now))
    }

    /// `redact CASE --output CASE2`
    pub fn redact(&self, case: &Path, output: &Path) -> Outcome {
        let replaced = redaction::run(case, output)
            .map_err(|e| Failure::new(if matches!(e, NotRedacted::Input(_)) { BAD_INPUT } else { LOCAL }, e))?;
        print(&replaced.iter().map(|line| format!("{}\n", line.get(self.config.lang))).collect::<String>())?;
        Ok(0)
    }

    /// `diff CASE CASE`
    pub fn diff(&self, first: &Path, second: &Path) -> Outcome {
        print(&crate::diff::run(first, second, self.config.lang).map_err(|e| Failure::new(BAD_INPUT, e))?)?;
        Ok(0)
    }

    /// `explain CAUSE|CASE`
    pub fn explain(&self, what: &str) -> Outcome {
        let lang = self.config.lang;
        if Path::new(what).is_file() || what.starts_with("demo:") {
            let gathered = self.gather(what)?;
            print(&diagnosis::explain::case(&judged(&gathered.case)?, lang))?;
            return Ok(0);
        }
        let words = diagnosis::explain::cause(what, lang);
        print(&words.ok_or_else(|| {
            Failure::new(USAGE, format!("“{what}” is neither a case file nor a cause; the causes are: {}", diagnosis::CAUSES.join(", ")))
        })?)?;
        Ok(0)
    }

    pub fn print_keys(&self) -> Outcome {
        print(include_str!("../assets/keys.toml"))?;
        Ok(0)
    }

    pub fn completions(&self, shell: clap_complete::Shell) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "alb-triage", &mut script);
        print(&String::from_utf8_lossy(&script))?;
        Ok(0)
    }

    pub fn man(&self) -> Outcome {
        print(&String::from_utf8_lossy(&man::page()?))?;
        Ok(0)
    }
}

/// A document on stdout; a reader that has gone away is not an error worth a word.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

impl From<Format> for report::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Json => Self::Json,
            Format::Markdown => Self::Markdown,
            Format::Html => Self::Html,
            Format::Text => Self::Text,
        }
    }
}

fn judged(case: &Case) -> Result<Judged, Failure> {
    judge(case, None).ok_or_else(|| Failure::new(BAD_INPUT, "the case is empty: it does not even say what was asked"))
}

fn open_demo(name: &str) -> Result<Recording, Failure> {
    demo::open(name).map_err(|e| Failure::new(USAGE, e))
}

/// Reads a case and says on stderr what was wrong with it.
pub fn read_case(path: &Path) -> Result<Recording, Failure> {
    let recording = recording::read(path)?;
    let shown = path.display();
    if let Some(line) = recording.truncated_after_line {
        eprintln!("alb-triage: {shown}: the file ends in the middle, after line {line}: everything before it is used");
    }
    for (kind, count) in &recording.unknown {
        eprintln!("alb-triage: {shown}: {count} facts of kind “{kind}” are from a newer alb-triage and are left out");
    }
    Ok(recording)
}
