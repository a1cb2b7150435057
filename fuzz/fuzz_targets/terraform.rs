//! Whatever stands in a file of Terraform, in either
//! syntax, the search ends, says the same twice, and what it found can be reviewed.
#![no_main]

use alb_triage::alarm::drift::drift;
use alb_triage::alarm::review::{from_code, review};
use alb_triage::terraform::find_in_texts;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for name in ["main.tf", "main.tf.json", "x.auto.tfvars"] {
        let found = find_in_texts([(Path::new(name), &*text)]);
        assert_eq!(find_in_texts([(Path::new(name), &*text)]), found);
        for alarm in &found.alarms {
            let live = from_code(alarm);
            let _ = (review(&live), drift(&live, alarm));
        }
    }
});
