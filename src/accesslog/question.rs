//! What is asked of the log: which requests, and by which columns they are counted. The words are those of
//! the command line, of JSON keys and of CSV headers.

use super::line::{FIELDS, Line, at};
use super::signature;
use crate::time::{Time, Window};
use std::fmt;
use std::str::FromStr;

/// What failed requests can be counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    Minute,
    Target,
    Status,
    TargetStatus,
    Signature,
    Zone,
    Node,
    Group,
    Method,
    Path,
    ErrorReason,
}

impl Column {
    pub const ALL: [Self; 11] = [
        Self::Minute,
        Self::Target,
        Self::Status,
        Self::TargetStatus,
        Self::Signature,
        Self::Zone,
        Self::Node,
        Self::Group,
        Self::Method,
        Self::Path,
        Self::ErrorReason,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Target => "target",
            Self::Status => "status",
            Self::TargetStatus => "target_status",
            Self::Signature => "signature",
            Self::Zone => "zone",
            Self::Node => "node",
            Self::Group => "group",
            Self::Method => "method",
            Self::Path => "path",
            Self::ErrorReason => "error_reason",
        }
    }

    /// How many fields of a line must be read for it.
    fn fields(self) -> usize {
        match self {
            Self::Zone => 0,
            Self::Minute => at::TIME + 1,
            Self::Target => at::TARGET + 1,
            Self::Status => at::STATUS + 1,
            Self::TargetStatus => at::TARGET_STATUS + 1,
            Self::Method | Self::Path => at::REQUEST + 1,
            Self::Group => at::GROUP + 1,
            Self::Signature | Self::ErrorReason => at::REASON + 1,
            Self::Node => FIELDS,
        }
    }

    /// The value in one line. `node` is the address in the object's name, for lines without one.
    pub fn of<'a>(self, line: &Line<'a>, status: u16, node: &'a str) -> &'a [u8] {
        match self {
            Self::Minute => line.time().map_or(b"-", |t| t.minute()),
            Self::Target => line.target(),
            Self::Status => line.status(),
            Self::TargetStatus => line.target_status(),
            Self::Signature if signature::is_failure(status) => signature::of(line).id().as_bytes(),
            // The log names no zone; only a case, which knows the targets, can tell it.
            Self::Signature | Self::Zone => b"-",
            Self::Node => line.node().unwrap_or(node.as_bytes()),
            Self::Group => line.group(),
            Self::Method => line.method(),
            Self::Path => line.path(),
            Self::ErrorReason => line.error_reason(),
        }
    }
}

/// A word that is no column.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” is no column. The columns are: {all}", all = words())]
pub struct NoColumn(pub String);

fn words() -> String {
    Column::ALL.map(Column::word).join(" ")
}

impl FromStr for Column {
    type Err = NoColumn;

    fn from_str(word: &str) -> Result<Self, NoColumn> {
        Self::ALL.into_iter().find(|c| c.word() == word.trim()).ok_or_else(|| NoColumn(word.chars().take(60).collect()))
    }
}

/// Statuses from one to another, both included: `5xx`, `50x`, `502`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statuses {
    pub from: u16,
    pub to: u16,
}

/// A text that names no statuses.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("“{0}” is no status: write 5xx, 502 or 460")]
pub struct NoStatus(pub String);

impl FromStr for Statuses {
    type Err = NoStatus;

    fn from_str(text: &str) -> Result<Self, NoStatus> {
        let no = || NoStatus(text.chars().take(60).collect());
        let text = text.trim().to_ascii_lowercase();
        let digits = text.trim_end_matches('x').len();
        if text.len() != 3 || digits == 0 || !text[..digits].bytes().all(|b| b.is_ascii_digit()) {
            return Err(no());
        }
        let number = |filler: &str| text.replace('x', filler).parse().map_err(|_| no());
        Ok(Self { from: number("0")?, to: number("9")? })
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to { write!(f, "{}", self.from) } else { write!(f, "{}–{}", self.from, self.to) }
    }
}

/// A stretch of time in microseconds since 1970: the first is inside, the last is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
}

impl Span {
    pub const EVER: Self = Self { from: i64::MIN, to: i64::MAX };

    pub fn contains(&self, micros: i64) -> bool {
        self.from <= micros && micros < self.to
    }

    /// Open ends are those not given.
    pub fn between(from: Option<Time>, to: Option<Time>) -> Self {
        Self { from: from.map_or(i64::MIN, |t| t.timestamp_micros()), to: to.map_or(i64::MAX, |t| t.timestamp_micros()) }
    }
}

impl From<Window> for Span {
    fn from(window: Window) -> Self {
        Self::between(Some(window.start), Some(window.end))
    }
}

/// Which requests, counted by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub columns: Vec<Column>,
    pub span: Span,
    /// Any of these; none given is no restriction.
    pub statuses: Vec<Statuses>,
    /// Successes too.
    pub all: bool,
}

impl Question {
    /// How many fields of a line must be read to answer.
    pub fn fields(&self) -> usize {
        self.columns.iter().map(|c| c.fields()).max().unwrap_or(0)
    }

    /// Whether requests of this status are asked for.
    #[inline]
    pub fn wants(&self, status: u16) -> bool {
        (self.all || signature::is_failure(status))
            && (self.statuses.is_empty() || self.statuses.iter().any(|s| s.from <= status && status <= s.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_columns_are_told_the_known_ones() {
        assert_eq!("target_status".parse(), Ok(Column::TargetStatus));
        let error = "tarjet".parse::<Column>().unwrap_err().to_string();
        assert!(error.contains("tarjet") && error.contains("minute target status target_status signature"), "{error}");
    }

    #[test]
    fn statuses_are_written_as_people_say_them() {
        assert_eq!("5xx".parse(), Ok(Statuses { from: 500, to: 599 }));
        assert_eq!("50X".parse(), Ok(Statuses { from: 500, to: 509 }));
        assert_eq!("460".parse(), Ok(Statuses { from: 460, to: 460 }));
        for wrong in ["", "xxx", "5x2", "5", "5000", "abc", "５xx"] {
            assert!(wrong.parse::<Statuses>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn failures_are_5xx_and_460_unless_all_are_asked_for() {
        let mut question = Question { columns: vec![], span: Span::EVER, statuses: vec![], all: false };
        let wanted = |q: &Question| [200, 404, 460, 499, 502, 599].into_iter().filter(|s| q.wants(*s)).collect::<Vec<_>>();
        assert_eq!(wanted(&question), [460, 502, 599]);
        question.statuses = vec!["5xx".parse().unwrap()];
        assert_eq!(wanted(&question), [502, 599]);
        question.all = true;
        question.statuses = vec!["4xx".parse().unwrap()];
        assert_eq!(wanted(&question), [404, 460, 499]);
    }
}
