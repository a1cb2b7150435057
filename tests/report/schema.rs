//! The JSON report against its schema, and its promises to scripts.

use crate::sample::{self, generated_at};
use alb_triage::case::Case;
use alb_triage::diagnosis::{CAUSES, Named};
use alb_triage::report::{self, json};
use serde_json::Value;

fn schema() -> Value {
    serde_json::from_str(include_str!("../../assets/report.schema.json")).unwrap()
}

fn check(report: &Value) {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let errors: Vec<_> = validator.iter_errors(report).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn a_full_report_keeps_to_the_schema() {
    let (case, judged) = sample::both();
    check(&report::json(&case, &judged, generated_at()));
}

#[test]
fn a_case_that_knows_nothing_but_its_subject_keeps_to_the_schema() {
    let case = Case::from_facts(sample::facts().into_iter().take(1));
    let judged = alb_triage::judge::judge(&case, None).unwrap();
    let report = report::json(&case, &judged, generated_at());
    check(&report);
    assert_eq!(report["case"]["alarm"], Value::Null);
    assert_eq!(report["access_logs"], Value::Null);
}

#[test]
fn every_cause_is_present_and_the_schema_knows_each() {
    let (case, judged) = sample::both();
    let report = report::json(&case, &judged, generated_at());
    let mut ids: Vec<_> = report["hypotheses"].as_array().unwrap().iter().map(|h| h["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let mut all = CAUSES.to_vec();
    all.sort_unstable();
    assert_eq!(ids, all);
    let mut known: Vec<_> = schema()["$defs"]["cause"]["enum"].as_array().unwrap().iter().map(|c| c.as_str().unwrap().to_owned()).collect();
    known.sort_unstable();
    assert_eq!(known, all);
}

#[test]
fn evidence_ids_lead_somewhere() {
    let (case, judged) = sample::both();
    let report = report::json(&case, &judged, generated_at());
    for h in report["hypotheses"].as_array().unwrap() {
        for id in h["for"].as_array().unwrap().iter().chain(h["against"].as_array().unwrap()) {
            assert!(report["evidence"].get(id.as_str().unwrap()).is_some(), "{id}");
            assert!(h["points"][id.as_str().unwrap()].is_i64());
        }
    }
    assert_eq!(report["checks"][2]["status"], "unknown", "what is still being read is unknown to a script");
}

#[test]
fn the_same_case_gives_the_same_bytes_in_the_contracts_order() {
    let (case, judged) = sample::both();
    let text = json::text(&case, &judged, generated_at());
    let again = Case::from_facts(sample::facts());
    assert_eq!(text, json::text(&again, &sample::judged_with(&again, ""), generated_at()));
    let keys: Vec<_> = report::json(&case, &judged, generated_at()).as_object().unwrap().keys().cloned().collect();
    let expected = "schema tool_version generated_at case window coverage checks hypotheses verdict correlations events access_logs evidence cost answers";
    assert_eq!(keys.join(" "), expected);
    assert!(text.contains("\"probability\": 0.962346"), "numbers end after six decimals");
}

#[test]
fn the_exit_code_tells_a_script_what_to_do() {
    let (_, mut judged) = sample::both();
    judged.outcomes.retain(|o| o.check != "aws-status");
    assert_eq!(report::exit_code(&judged), 0);
    judged.verdict.cause = Named::Cause("overload");
    assert_eq!(report::exit_code(&judged), 21, "a cause that is ruled out was not named");
    judged.verdict.cause = Named::Nothing;
    assert_eq!(report::exit_code(&judged), 10);
    judged.verdict.cause = Named::Inconclusive;
    assert_eq!(report::exit_code(&judged), 21);
    judged.coverage.gaps.clear();
    assert_eq!(report::exit_code(&judged), 20);
}
