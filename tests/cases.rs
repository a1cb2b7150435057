//! Whole cases through the whole engine: the incidents that ship, and simulated ones, judged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, reason = "a test that cannot go on should stop")]

use alb_triage::case::Case;
use alb_triage::diagnosis::{Confidence, Likelihood, Named};
use alb_triage::exchange::{Area, Fact, What};
use alb_triage::judge::{Judged, judge};
use alb_triage::recording::{self, Writer};
use alb_triage::simulator::{Cause, Rng, Scenario, demos, simulate};
use alb_triage::sources::demo;
use alb_triage::text::Lang;
use std::path::Path;

fn facts(name: &str) -> Vec<Fact> {
    demo::open(name).unwrap().facts
}

fn judged(facts: Vec<Fact>) -> Judged {
    judge(&Case::from_facts(facts), None).unwrap()
}

/// The cause, how sure, and that the reasons say what they should.
fn expect(name: &str, cause: &'static str, at_least: Confidence, reasons: &[&str]) {
    let judged = judged(facts(name));
    assert_eq!(judged.verdict.cause, Named::Cause(cause), "{name}: {}", judged.verdict.sentence);
    assert!(judged.verdict.confidence >= at_least, "{name}: {:?}", judged.verdict.confidence);
    let first = &judged.hypotheses[0];
    assert!(matches!(first.verdict, Likelihood::Likely | Likelihood::Confirmed), "{name}: {:?}", first.verdict);
    let said: Vec<String> =
        first.reasons_for.iter().filter_map(|r| judged.book.get(&r.evidence)).map(|e| e.sentence.get(Lang::En).to_lowercase()).collect();
    for words in reasons {
        assert!(said.iter().any(|s| s.contains(words)), "{name}: nothing about “{words}” in {said:#?}");
    }
}

#[test]
fn the_overload_demo_is_an_overload() {
    expect("overload", "overload", Confidence::Medium, &["request", "cpu"]);
}

#[test]
fn the_process_demo_is_a_dead_process_though_every_target_is_healthy() {
    expect("process-down", "process-down", Confidence::Medium, &["refused"]);
}

#[test]
fn the_security_group_demo_is_the_removed_rule() {
    expect("security-group", "target-security-group", Confidence::High, &["sg-"]);
}

#[test]
fn every_demo_is_judged_as_what_it_is_or_nearest_to_it() {
    for scenario in demos::all() {
        let name = scenario.demo.clone().unwrap();
        let judged = judged(facts(&name));
        let truth: Vec<&str> = scenario.causes.iter().map(|c| c.id()).collect();
        match judged.verdict.cause {
            Named::Cause(id) => assert!(truth.contains(&id) || truth == ["none"] && id == "alarm-artefact", "{name}: {id}"),
            Named::Nothing => assert!(truth == ["none"] || truth == ["alarm-artefact"], "{name}: none"),
            // Keeping silent is allowed only with the truth nearest at hand.
            Named::Inconclusive => assert!(truth.contains(&judged.hypotheses[0].cause), "{name}: {}", judged.verdict.sentence),
        }
    }
}

#[test]
fn the_shipped_files_are_what_the_scenarios_make() {
    for scenario in demos::all() {
        let name = scenario.demo.clone().unwrap();
        let made = simulate(&scenario).facts;
        let shipped = facts(&name);
        assert_eq!(shipped.len(), made.len(), "{name}: run `cargo run --example make_demos`");
        let kinds = |facts: &[Fact]| facts.iter().map(|f| std::mem::discriminant(&f.what)).collect::<Vec<_>>();
        assert_eq!(kinds(&shipped), kinds(&made), "{name}");
    }
}

#[test]
fn a_case_recorded_and_opened_again_is_judged_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for (name, _) in demo::list() {
        let before = facts(name);
        let path = folder.path().join(name);
        let mut writer = Writer::create(&path).unwrap();
        before.chunks(7).for_each(|some| writer.write(some).unwrap());
        writer.finish().unwrap();
        let again = recording::read(&path).unwrap();
        assert_eq!(again.facts, before);
        let (a, b) = (judged(again.facts), judged(before));
        assert_eq!((a.verdict, a.hypotheses, a.coverage), (b.verdict, b.hypotheses, b.coverage), "{name}");
    }
}

#[test]
fn facts_in_another_order_or_twice_come_to_the_same_judgement() {
    for (name, _) in demo::list() {
        let straight = facts(name);
        let mut shuffled = straight.clone();
        let mut rng = Rng::new(17);
        for i in (1..shuffled.len()).rev() {
            shuffled.swap(i, rng.below(i + 1));
        }
        // Progress is about order; everything else may come late and twice.
        shuffled.retain(|f| !matches!(f.what, What::Busy { .. }));
        shuffled.extend(straight.iter().filter(|f| matches!(f.what, What::Series(_) | What::Events(_))).cloned());
        let (a, b) = (judged(straight), judged(shuffled));
        assert_eq!(a.verdict, b.verdict, "{name}");
        assert_eq!(a.hypotheses, b.hypotheses, "{name}");
    }
}

#[test]
#[ignore = "minutes without optimisation: cargo test --release -- --ignored"]
fn any_first_part_of_a_case_can_be_judged_and_names_no_wrong_cause_with_confidence() {
    for (name, _) in demo::list() {
        let all = facts(name);
        let right = judged(all.clone()).verdict.cause;
        let mut case = Case::default();
        for (i, fact) in all.into_iter().enumerate() {
            case.absorb(fact);
            let Some(early) = judge(&case, None) else { continue };
            let sure = early.verdict.confidence == Confidence::High;
            assert!(!sure || early.verdict.cause == right, "{name} after {i} facts: {} for sure", early.verdict.cause.id());
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("whole.case");
    let mut writer = Writer::create(&path).unwrap();
    facts("process-down").iter().for_each(|f| writer.write(std::slice::from_ref(f)).unwrap());
    writer.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for share in [3, 10, 35, 60, 90, 99] {
        let cut = &bytes[..bytes.len() * share / 100];
        if let Ok(read) = recording::read_from(cut, Path::new("cut.case")) {
            assert!(read.truncated_after_line.is_some() || share == 99, "{share} %");
            let _ = judge(&Case::from_facts(read.facts), None);
        }
    }
}

#[test]
fn denied_sources_are_named_and_lead_to_no_wrong_name() {
    let denied = [Area::AccessLog, Area::Changes, Area::Network, Area::HostMetrics, Area::Instances, Area::Lifecycle, Area::AppLog];
    for cause in [Cause::ProcessDown, Cause::TargetSecurityGroup, Cause::HostFailure] {
        let mut scenario = Scenario::plain(cause, 4);
        scenario.sight.denied = denied.to_vec();
        let judged = judged(simulate(&scenario).facts);
        assert!(
            matches!(judged.verdict.cause, Named::Inconclusive) || judged.verdict.cause == Named::Cause(cause.id()),
            "{}",
            judged.verdict.cause.id()
        );
        assert!(judged.verdict.confidence < Confidence::High);
        assert!(denied.iter().all(|a| judged.coverage.gaps.iter().any(|g| g.area == *a)));
        assert!(judged.coverage.evidence_missing());
    }
}

#[test]
fn strays_of_a_busy_balancer_are_nothing() {
    for seed in 1..=6 {
        let judged = judged(simulate(&Scenario::random(Cause::Noise, seed)).facts);
        assert!(
            matches!(judged.verdict.cause, Named::Nothing | Named::Cause("alarm-artefact")),
            "seed {seed}: {}",
            judged.verdict.cause.id()
        );
    }
}

#[test]
fn a_thousand_targets_are_judged_within_bounds() {
    let scenario = Scenario { targets: 1000, requests_per_minute: 60_000.0, ..Scenario::plain(Cause::ProcessDown, 3) };
    let facts = simulate(&scenario).facts;
    let values: usize =
        facts.iter().map(|f| if let What::Series(all) = &f.what { all.iter().map(|s| s.values.len()).sum() } else { 0 }).sum();
    assert!(values < 6_000_000, "{values} values");
    let judged = judged(facts);
    assert_eq!(judged.hypotheses.len(), alb_triage::diagnosis::CAUSES.len());
    let rows = judged.analysis.correlations.len();
    assert!((200..=1000).contains(&rows), "{rows} rows: the best of each role are kept, whatever their number");
    assert_eq!(judged.verdict.cause, Named::Cause(Cause::ProcessDown.id()), "{}", judged.verdict.sentence);
}
