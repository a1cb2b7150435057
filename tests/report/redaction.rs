//! What leaves the company: searched for every original value, and judged as before.

use crate::sample::{self, generated_at};
use alb_triage::case::Case;
use alb_triage::exchange::{Fact, What};
use alb_triage::judge::{self, Judged};
use alb_triage::recording;
use alb_triage::redaction::{self, redact_with};
use alb_triage::report::picture::Ground;
use alb_triage::report::{Bundle, write_bundle};
use alb_triage::text::Lang;
use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::path::Path;

type Fixed = BuildHasherDefault<DefaultHasher>;

/// Everything in the sample that tells who and where.
const SECRETS: &[&str] = &[
    "123456789012",
    "acme",
    "alice",
    "bob",
    "web-prod",
    "api-8080",
    "50dc6c495c0c9188",
    "73e2d6bc24d8a067",
    "i-0ab12cd34ef56ab78",
    "sg-0f00dbabe00000002",
    "sg-0ba1a9ce400000001",
    "subnet-0a1a1a1a1a1a1a1a1",
    "vpc-0aa11bb22cc33dd44",
    "10.20.1.57",
    "10.20.0.9",
    "203.0.113.77",
    "oncall-readonly",
    "9f1c0d9a-1111-2222-3333-444455556666",
    "envs",
];

fn redacted(facts: &[Fact]) -> Vec<Fact> {
    redact_with(facts, Fixed::default()).unwrap().facts
}

#[test]
fn no_original_value_is_left_anywhere_in_a_redacted_bundle() {
    let facts = redacted(&sample::facts());
    let case = Case::from_facts(facts.clone());
    let judged = judge::judge(&case, None).unwrap();
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("bundle");
    let bundle = Bundle {
        case: &case,
        judged: &judged,
        facts: &facts,
        screens: vec![],
        ground: Ground::Light,
        lang: Lang::En,
        generated_at: generated_at(),
    };
    for path in write_bundle(&dir, &bundle).unwrap() {
        let bytes = fs::read(&path).unwrap();
        let text = if path.extension().is_some_and(|e| e == "case") { zstd::decode_all(&bytes[..]).unwrap() } else { bytes };
        let text = format!("{} {}", path.display(), String::from_utf8_lossy(&text));
        for secret in SECRETS {
            // The directory of the test is not of the bundle.
            let found = text.replace(home.path().to_str().unwrap(), "").contains(secret);
            assert!(!found, "{secret} is left in {}", path.display());
        }
    }
}

#[test]
fn names_stay_as_wide_and_facts_stay_facts() {
    let (before, after) = (sample::facts(), redacted(&sample::facts()));
    assert_eq!(before.len(), after.len());
    let alarm = |facts: &[Fact]| facts.iter().find_map(|f| if let What::Alarm(a) = &f.what { Some(a.clone()) } else { None }).unwrap();
    let (a, b) = (alarm(&before), alarm(&after));
    assert_eq!((a.name.len(), a.arn.len(), a.threshold, a.metric), (b.name.len(), b.arn.len(), b.threshold, b.metric));
    assert!(b.arn.ends_with(b.name.as_str()), "{} has the same stand-in as {}", b.arn, b.name);
    let series =
        |facts: &[Fact]| Case::from_facts(facts.to_vec()).series.iter().map(|(_, t)| t.stretches()[0].values.len()).collect::<Vec<_>>();
    assert_eq!(series(&before), series(&after));
}

/// What a judgement comes to, without the names in it.
fn essence(j: &Judged) -> (String, Vec<String>, BTreeSet<String>, usize) {
    let checks = j.outcomes.iter().map(|o| format!("{} {:?} {}", o.check, o.status, o.evidence.len())).collect();
    let hypotheses = j.hypotheses.iter().map(|h| format!("{} {:?} {} {:.3}", h.cause, h.verdict, h.points, h.probability)).collect();
    (format!("{:?} {:?}", j.verdict.cause, j.verdict.confidence), checks, hypotheses, j.analysis.timeline.entries.len())
}

#[test]
fn a_redacted_case_is_judged_as_before() {
    for entry in fs::read_dir("assets/demo").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "case") {
            continue;
        }
        let facts = recording::read(&path).unwrap().facts;
        let judged = |facts: Vec<Fact>| judge::judge(&Case::from_facts(facts), None).unwrap();
        let (before, after) = (judged(facts.clone()), judged(redacted(&facts)));
        assert_eq!(essence(&before), essence(&after), "{}", path.display());
    }
}

#[test]
fn the_command_writes_a_case_and_says_what_it_replaced() {
    let home = tempfile::tempdir().unwrap();
    let output = home.path().join("out.case");
    let told = redaction::run(Path::new("assets/demo/security-group.case"), &output).unwrap();
    let told: Vec<_> = told.iter().map(|t| t.en.clone()).collect();
    assert!(told.iter().any(|t| t.contains("account ids")) && told.iter().any(|t| t.contains("addresses")), "{told:?}");
    let text = String::from_utf8(zstd::decode_all(&fs::read(&output).unwrap()[..]).unwrap()).unwrap();
    for secret in ["123456789012", "web-prod", "10.20.16.12", "suzuki", "gha-terraform", "sg-08b88fd041f6e67bd", "i-0653eaa71974a23db"] {
        assert!(!text.contains(secret), "{secret} is left");
    }
    assert!(redaction::run(Path::new("assets/demo/security-group.case"), &output).is_err(), "never over an old file");
    assert!(redaction::run(Path::new("Cargo.toml"), &home.path().join("x")).is_err());
}
