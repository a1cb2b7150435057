//! Whatever stands in a file of keys or of a theme, it is taken, or a sentence says where it is wrong.
#![no_main]

use alb_triage::tui::{App, ColorMode, Options, Theme};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes).into_owned();
    if let Err(why) = Theme::named(&text, ColorMode::TrueColor) {
        assert!(!why.is_empty());
    }
    if let Err(why) = App::new(&Options { keys: Some(text), ..Options::default() }) {
        assert!(!why.is_empty());
    }
});
