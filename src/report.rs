//! What remains of a case: documents and pictures, all made from the case and its judgement.
//! Pure: knows no network and reads no clock.

pub mod bundle;
pub mod chart;
pub mod csv;
pub mod document;
pub mod html;
pub mod impact;
pub mod json;
pub mod lanes;
pub mod markdown;
pub mod picture;
pub mod plain;
pub mod story;
pub mod summary;
pub mod words;
pub mod working;

use crate::case::Case;
use crate::diagnosis::{Likelihood, Named};
use crate::judge::Judged;
use crate::text::Lang;
use crate::time::Time;

pub use bundle::{Bundle, write_bundle};
pub use json::json;
pub use summary::summary;

/// The form of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For programs; English whatever the language.
    Json,
    Markdown,
    /// One self-contained page.
    Html,
    #[default]
    Text,
}

/// How a document is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub format: Format,
    pub lang: Lang,
    pub generated_at: Time,
}

/// One document. To redact it, redact the facts that the case is made of: [`crate::redaction::redact`].
pub fn render(case: &Case, judged: &Judged, options: &Options) -> String {
    let tell = || story::tell(case, judged, options.lang, options.generated_at);
    match options.format {
        Format::Json => json::text(case, judged, options.generated_at),
        Format::Markdown => markdown::write(&tell(), None),
        Format::Html => html::write(&tell(), options.lang),
        Format::Text => plain::write(&tell()),
    }
}

/// How `report` ends, as in the contract with scripts: 0 a cause was named, 10 nothing was wrong,
/// 20 inconclusive although everything readable was read, 21 inconclusive and evidence was missing.
pub fn exit_code(judged: &Judged) -> u8 {
    match judged.verdict.cause {
        Named::Nothing => 10,
        Named::Cause(id) if is_held(judged, id) => 0,
        _ if judged.coverage.evidence_missing() || judged.is_waiting() => 21,
        _ => 20,
    }
}

fn is_held(judged: &Judged, cause: &str) -> bool {
    let held = |l| matches!(l, Likelihood::Likely | Likelihood::Confirmed);
    judged.hypotheses.iter().any(|h| h.cause == cause && held(h.verdict))
}
