//! Whatever a case file holds, packed or not, it is read up to its damage, judged, and told in every form.
#![no_main]

use alb_triage::case::Case;
use alb_triage::judge::judge;
use alb_triage::recording::read_from;
use alb_triage::report::{Format, Options, render};
use alb_triage::text::Lang;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let packed = zstd::encode_all(bytes, 1).unwrap_or_default();
    for form in [bytes, &packed] {
        let Ok(recording) = read_from(form, Path::new("x.case")) else { continue };
        let case = Case::from_facts(recording.facts);
        let Some(judged) = judge(&case, None) else { continue };
        let generated_at = chrono::DateTime::from_timestamp(1_795_500_000, 0).unwrap_or_default();
        for format in [Format::Json, Format::Markdown, Format::Html, Format::Text] {
            let _ = render(&case, &judged, &Options { format, lang: Lang::Vi, generated_at });
        }
    }
});
