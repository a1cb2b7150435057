//! Whatever is given as a time or a duration is one, or a sentence says why not.
#![no_main]

use alb_triage::time::{in_words, parse, parse_duration, rfc3339};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let now = chrono::DateTime::from_timestamp(1_795_500_000, 0).unwrap_or_default();
    for zone in [chrono_tz::UTC, chrono_tz::Asia::Tokyo, chrono_tz::America::New_York] {
        match parse(&text, now, zone) {
            Ok(time) => assert!(!rfc3339(time).is_empty()),
            Err(why) => assert!(!why.to_string().is_empty()),
        }
    }
    if let Some(duration) = parse_duration(&text) {
        let _ = in_words(duration);
    }
});
