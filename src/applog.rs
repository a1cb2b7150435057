//! The application's own log: lines grouped into templates with counts per minute. Knows no network.

mod clock;
mod drain;
mod engine;
mod json;
mod line;
mod place;
mod read;
mod search;
mod signs;
mod stamp;
mod traces;

pub use clock::Stamps;
pub use engine::Engine;
pub use read::{Progress, Read, read_local};
pub use search::Search;
pub use traces::{Found, Joined, Kind, Seen};

use crate::text::Foreign;
use crate::time::{Time, Window};
use serde::{Deserialize, Serialize};

/// One application log, read and grouped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AppLog {
    /// Log group or path.
    pub name: Foreign,
    pub window: Option<Window>,
    pub lines: u64,
    pub bytes: u64,
    /// Lines without a time that could be read and no line before them to belong to.
    pub undated: u64,
    /// Lines whose time lies outside the window.
    #[serde(default)]
    pub outside: u64,
    pub templates: Vec<Template>,
    /// Lines per minute and stream (host, task, file), to see who fell silent.
    pub streams: Vec<Stream>,
    /// What should be known about the reading: a guessed zone, a clock that is off, a file cut.
    pub notes: Vec<Foreign>,
    pub incomplete: bool,
    /// The balancer's failed requests that were looked for by their trace ids, where the lines have any.
    #[serde(default)]
    pub joined: Option<Joined>,
}

/// Lines that differ only in their variable parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Template {
    pub id: u32,
    /// Variable parts as `<*>`.
    pub pattern: Foreign,
    pub level: Level,
    /// The known trouble it is a sign of, if it is.
    pub sign: Option<Sign>,
    pub total: u64,
    /// Per minute, sorted.
    pub counts: Vec<(Time, u32)>,
    pub samples: Vec<Foreign>,
    /// Streams it was seen in, at most a few.
    pub streams: Vec<Foreign>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    pub name: Foreign,
    /// The instance or address it belongs to, where the name or the lines tell.
    pub target: Option<String>,
    pub counts: Vec<(Time, u32)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    #[default]
    Unknown,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

/// Known signs of trouble and what they mean for connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    UpstreamRefused,
    WorkerTimeout,
    OutOfMemory,
    TooManyFiles,
    WorkerConnections,
    ConntrackFull,
    AddressInUse,
    EphemeralPorts,
    SynFlood,
    Start,
    Stop,
    Deployment,
    Panic,
    ServerError,
    StaticFileError,
    Boot,
}
