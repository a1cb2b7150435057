//! Why nothing can be judged at all, with the exit codes of `report`.

use super::errors::{CallError, Trouble};
use super::session::NoSession;
use crate::subject::NotASubject;

/// Why a report cannot even begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct Fatal {
    pub kind: FatalKind,
    pub words: String,
}

/// The kinds, with the exit codes of `report`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FatalKind {
    /// What was named does not exist or is something else.
    Usage,
    /// The JSON is not what it claims to be.
    Input,
    Unreachable,
    NotPermitted,
}

impl FatalKind {
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 64,
            Self::Input => 65,
            Self::Unreachable => 69,
            Self::NotPermitted => 77,
        }
    }
}

impl From<&CallError> for Fatal {
    fn from(error: &CallError) -> Self {
        let kind = match error.trouble {
            Trouble::Denied | Trouble::Credentials(_) => FatalKind::NotPermitted,
            _ => FatalKind::Unreachable,
        };
        Self { kind, words: error.to_string() }
    }
}

impl From<NoSession> for Fatal {
    fn from(why: NoSession) -> Self {
        Self { kind: FatalKind::Usage, words: why.to_string() }
    }
}

impl From<NotASubject> for Fatal {
    fn from(why: NotASubject) -> Self {
        let kind = match why {
            NotASubject::NotJson(_) | NotASubject::NoAlarm | NotASubject::Several(..) => FatalKind::Input,
            _ => FatalKind::Usage,
        };
        Self { kind, words: why.to_string() }
    }
}
