//! Small conversions from AWS's types.

use crate::text::Foreign;
use crate::time::Time;

/// An SDK's time as ours; `None` outside of what can be shown.
pub(super) fn time(t: &aws_smithy_types::DateTime) -> Option<Time> {
    chrono::DateTime::from_timestamp(t.secs(), t.subsec_nanos())
}

/// A time as XML and JSON write it.
pub(super) fn iso(text: &str) -> Option<Time> {
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc())
}

/// What an optional text says, empty for nothing.
pub(super) trait OrEmpty {
    fn owned(self) -> String;
    fn text(self) -> Foreign;
}

impl OrEmpty for Option<&str> {
    fn owned(self) -> String {
        self.unwrap_or_default().to_owned()
    }

    fn text(self) -> Foreign {
        self.unwrap_or_default().into()
    }
}
