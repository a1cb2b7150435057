//! Whatever bytes a log holds, reading a line neither panics nor
//! disagrees with itself.
#![no_main]

use alb_triage::accesslog::line::{Fields, Line, glance};
use alb_triage::accesslog::names::Kind;
use alb_triage::accesslog::other_logs::{connection, health_check};
use alb_triage::accesslog::sweep::each_glance;
use alb_triage::accesslog::trace::TraceId;
use alb_triage::accesslog::{record, signature};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let line = Line::read(bytes);
    let _ = (signature::of(&line), line.path(), line.group(), line.node(), line.elapsed());
    let _ = (health_check(bytes), connection(bytes), TraceId::find(bytes));
    // A record is written out as one line that reads as what it says it is.
    if let Some((Kind::Access, line)) = record::plain(bytes) {
        assert!(glance(&line).is_some());
    }
    // Many lines at once, whole or not, are what each is alone.
    for text in [bytes, &[bytes, b"\n", bytes].concat()] {
        each_glance(text, |line, seen| assert_eq!(seen, glance(line)));
    }
    if let Some(glance) = glance(bytes) {
        assert_eq!(line.time().map(|t| t.minute().to_vec()), Some(glance.time.minute().to_vec()));
        assert!(Fields::of(bytes).count() >= 13);
    }
});
