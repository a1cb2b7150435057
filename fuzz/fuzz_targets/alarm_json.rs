//! Whatever comes as an alarm's message, a rule or an expression, it names
//! one thing or says why not, and never panics.
#![no_main]

use alb_triage::alarm::{composite, math};
use alb_triage::subject::{message, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let _ = (message(&text).map_err(|e| e.to_string()), read(&text).map_err(|e| e.to_string()));
    if let Some(rule) = composite::parse(&text) {
        rule.holds_alone(&rule.names());
    }
    if let Ok(formula) = math::parse(&text) {
        let _ = formula.points(4, &|_| Some(vec![Some(1.0), None, Some(0.0), Some(-2.5)]));
    }
});
