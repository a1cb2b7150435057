//! Whatever a server wrote into its log, in whatever clock, it is read, grouped and bounded.
#![no_main]

use alb_triage::applog::Engine;
use alb_triage::time::Window;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = chrono::DateTime::from_timestamp(1_795_500_000, 0).unwrap_or_default();
    let window = Window::new(now - chrono::Duration::hours(3), now);
    let mut engine = Engine::new("fuzz", window, chrono_tz::Asia::Ho_Chi_Minh);
    let stream = engine.stream("one");
    for line in bytes.split(|b| *b == b'\n') {
        engine.line(stream, line);
        engine.event(stream, now, line);
    }
    let log = engine.snapshot();
    assert!(log.templates.iter().all(|t| !t.pattern.as_str().contains('\u{1b}')));
});
