//! Settings: defaults < file < environment < flags, by one overlay. Knows where files lie, not what the
//! program does with them.

use crate::cli::{Color, Common, LangArg};
use crate::text::Lang;
use chrono_tz::Tz;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The commented defaults that ship; a test holds them against [`Config::default`].
pub const SAMPLE: &str = include_str!("../assets/config.toml");

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub lang: Lang,
    /// Zone for reading and showing times.
    pub zone: Tz,
    pub color: Color,
    /// Name of a shipped theme or path of a file; `auto` finds out whether the terminal is light or dark.
    pub theme: String,
    pub ascii: bool,
    pub low_bandwidth: bool,
    pub mouse: bool,
    /// US dollars of calls after which a session asks whether to go on; 0 never asks.
    pub cost_ceiling_usd: f64,
    /// Where cases are kept; `None` records nothing.
    pub cases: Option<PathBuf>,
    /// Who answers the runbook's questions.
    pub name: String,
    /// A file of keys laid over the shipped ones.
    pub keys: Option<PathBuf>,
    /// Zone of log files whose lines name none.
    pub log_zone: Tz,
    /// Megabytes of log objects from S3 that are kept for the next time; 0 keeps none.
    pub cache_mb: u64,
    /// Where the program remembers what it was told by hand; not a setting.
    pub state: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lang: Lang::En,
            zone: Tz::UTC,
            color: Color::Auto,
            theme: "auto".into(),
            ascii: false,
            low_bandwidth: false,
            mouse: false,
            cost_ceiling_usd: 1.0,
            cases: None,
            name: String::new(),
            keys: None,
            log_zone: Tz::UTC,
            cache_mb: 1024,
            state: None,
        }
    }
}

/// One layer: what it does not say is left to the layers below.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Layer {
    lang: Option<Lang>,
    zone: Option<String>,
    color: Option<Color>,
    theme: Option<String>,
    ascii: Option<bool>,
    low_bandwidth: Option<bool>,
    mouse: Option<bool>,
    cost_ceiling_usd: Option<f64>,
    cases: Option<PathBuf>,
    name: Option<String>,
    keys: Option<PathBuf>,
    log_zone: Option<String>,
    cache_mb: Option<u64>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    #[error("{path}: cannot be read: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    NotToml { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{path}: zone = \"{zone}\" is not a zone I know: write an IANA name such as Asia/Ho_Chi_Minh, or UTC")]
    NoSuchZone { path: PathBuf, zone: String },
}

/// The environment variables that matter, read once by `main`.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    pub home: Option<PathBuf>,
    pub config_home: Option<PathBuf>,
    pub state_home: Option<PathBuf>,
    pub locale: String,
    pub user: String,
    pub timezone: Option<String>,
}

impl Environment {
    /// Reads the process's own.
    pub fn read() -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        Self {
            home: var("HOME").map(Into::into),
            config_home: var("XDG_CONFIG_HOME").map(Into::into),
            state_home: var("XDG_STATE_HOME").map(Into::into),
            locale: var("LC_ALL").or_else(|| var("LC_MESSAGES")).or_else(|| var("LANG")).unwrap_or_default(),
            user: var("USER").or_else(|| var("LOGNAME")).unwrap_or_default(),
            timezone: var("TZ"),
        }
    }

    fn file(&self) -> Option<PathBuf> {
        let home = self.config_home.clone().or_else(|| self.home.as_ref().map(|h| h.join(".config")))?;
        Some(home.join("alb-triage/config.toml"))
    }

    fn state(&self) -> Option<PathBuf> {
        let home = self.state_home.clone().or_else(|| self.home.as_ref().map(|h| h.join(".local/state")))?;
        Some(home.join("alb-triage"))
    }
}

impl Config {
    /// The settings for one run.
    ///
    /// # Errors
    /// [`BadConfig`] names the file, the line and what was expected.
    pub fn load(flags: &Common, environment: &Environment) -> Result<Self, BadConfig> {
        let asked_for = flags.config.clone();
        let path = asked_for.clone().or_else(|| environment.file());
        let file = match path {
            Some(path) if asked_for.is_some() || path.exists() => read(&path)?,
            _ => (Layer::default(), PathBuf::new()),
        };
        let state = environment.state();
        let mut config = Self { cases: state.as_ref().map(|s| s.join("cases")), state, ..Self::default() };
        config.overlay(environment.layer(), Path::new("the environment"))?;
        config.overlay(file.0, &file.1)?;
        config.overlay(Layer::from(flags), Path::new("the command line"))?;
        if flags.no_record {
            (config.cases, config.cache_mb) = (None, 0);
        }
        Ok(config)
    }

    /// In US dollars; 0 in the settings is no ceiling.
    pub fn cost_ceiling(&self) -> Option<f64> {
        Some(self.cost_ceiling_usd).filter(|c| *c > 0.0)
    }

    /// The folder for log objects from S3, and how many bytes of them.
    pub fn cache(&self) -> Option<(PathBuf, u64)> {
        Some((self.state.as_ref()?.join("objects"), self.cache_mb.saturating_mul(1_000_000)))
    }

    fn overlay(&mut self, layer: Layer, path: &Path) -> Result<(), BadConfig> {
        fn set<T>(to: &mut T, from: Option<T>) {
            if let Some(value) = from {
                *to = value;
            }
        }
        set(&mut self.lang, layer.lang);
        set(&mut self.color, layer.color);
        set(&mut self.theme, layer.theme);
        set(&mut self.ascii, layer.ascii);
        set(&mut self.low_bandwidth, layer.low_bandwidth);
        set(&mut self.mouse, layer.mouse);
        set(&mut self.cost_ceiling_usd, layer.cost_ceiling_usd);
        set(&mut self.name, layer.name);
        self.cases = layer.cases.or(self.cases.take());
        self.keys = layer.keys.or(self.keys.take());
        set(&mut self.cache_mb, layer.cache_mb);
        set(&mut self.zone, layer.zone.map(|z| zone(z, path)).transpose()?);
        set(&mut self.log_zone, layer.log_zone.map(|z| zone(z, path)).transpose()?);
        Ok(())
    }
}

fn zone(zone: String, path: &Path) -> Result<Tz, BadConfig> {
    zone.parse().map_err(|_| BadConfig::NoSuchZone { path: path.into(), zone })
}

impl Environment {
    fn layer(&self) -> Layer {
        Layer {
            lang: Some(if self.locale.starts_with("vi") { Lang::Vi } else { Lang::En }),
            // A TZ that names a file or a rule is the C library's business, not an error of ours.
            zone: self.timezone.clone().filter(|tz| tz.parse::<Tz>().is_ok()),
            name: Some(self.user.clone()),
            ..Layer::default()
        }
    }
}

impl From<&Common> for Layer {
    fn from(flags: &Common) -> Self {
        let on = |flag: bool| flag.then_some(true);
        Self {
            lang: flags.lang.map(|l| match l {
                LangArg::En => Lang::En,
                LangArg::Vi => Lang::Vi,
            }),
            zone: flags.utc.then(|| "UTC".into()),
            color: flags.color,
            theme: flags.theme.clone(),
            ascii: on(flags.ascii),
            low_bandwidth: on(flags.low_bandwidth),
            cost_ceiling_usd: flags.cost_ceiling,
            log_zone: flags.log_zone.clone(),
            ..Self::default()
        }
    }
}

fn read(path: &Path) -> Result<(Layer, PathBuf), BadConfig> {
    let text = std::fs::read_to_string(path).map_err(|source| BadConfig::Unreadable { path: path.into(), source })?;
    let layer = toml::from_str(&text).map_err(|source| BadConfig::NotToml { path: path.into(), source: Box::new(source) })?;
    Ok((layer, path.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str) -> Result<Config, BadConfig> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&Common { config: Some(path), ..Common::default() }, &Environment::default())
    }

    #[test]
    fn the_shipped_file_says_exactly_the_defaults() {
        let uncommented: String = SAMPLE.lines().map(|l| l.strip_prefix("#: ").unwrap_or(l)).map(|l| format!("{l}\n")).collect();
        assert_ne!(uncommented, SAMPLE);
        assert_eq!(with_file(&uncommented).unwrap(), Config::default());
        assert_eq!(with_file(SAMPLE).unwrap(), Config::default());
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_the_environment() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.toml");
        std::fs::write(&path, "lang = \"en\"\nzone = \"Asia/Tokyo\"\ncost-ceiling-usd = 0.1\n").unwrap();
        let environment = Environment { locale: "vi_VN.UTF-8".into(), ..Environment::default() };
        let flags = Common { config: Some(path), utc: true, cost_ceiling: Some(2.5), ..Common::default() };
        let config = Config::load(&flags, &environment).unwrap();
        assert_eq!((config.lang, config.zone, config.cost_ceiling()), (Lang::En, Tz::UTC, Some(2.5)));
        assert_eq!(Config::load(&Common::default(), &environment).unwrap().lang, Lang::Vi);
    }

    #[test]
    fn errors_name_file_and_line() {
        let error = with_file("lang = \"en\"\ncolour = 3\n").unwrap_err().to_string();
        assert!(error.contains("config.toml") && error.contains("line 2") && error.contains("colour"), "{error}");
        assert!(with_file("zone = \"Mars/Base\"").unwrap_err().to_string().contains("Mars/Base"));
    }
}
