//! Two incidents compared, and the working behind a number.

use crate::sample;
use alb_triage::diff;
use alb_triage::report::working::{of_evidence, of_series};
use alb_triage::text::Lang;
use std::path::Path;
use unicode_width::UnicodeWidthStr;

#[test]
fn an_incident_is_like_itself() {
    let (case, judged) = sample::both();
    let text = diff::diff((&case, &judged), (&case, &judged), Lang::En);
    for words in ["same verdict: security group of the targets", "same shape", "same hour", "same worst target: 10.20.1.57:8080", "None."] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
}

#[test]
fn two_demos_differ_and_the_text_fits() {
    let [a, b] = ["assets/demo/overload.case", "assets/demo/security-group.case"].map(Path::new);
    for lang in [Lang::En, Lang::Vi] {
        let text = diff::run(a, b, lang).unwrap();
        assert!(text.lines().all(|l| l.width() <= 80), "{text}");
    }
    assert!(diff::run(a, Path::new("Cargo.toml"), Lang::En).is_err());
}

#[test]
fn the_working_of_a_series_can_be_pasted_and_followed() {
    let (case, judged) = sample::both();
    let key = case.series.of("TargetConnectionErrorCount").next().unwrap().0.clone();
    let lines: Vec<_> = of_series(&case, &key, judged.window).into_iter().map(|l| l.text.en).collect();
    let command = lines.iter().find(|l| l.starts_with("aws cloudwatch get-metric-statistics")).unwrap();
    for words in [
        "--namespace AWS/ApplicationELB",
        "Name=TargetGroup,Value=targetgroup/api-8080/73e2d6bc24d8a067",
        "--start-time 2026-11-20T02:00:00Z",
        "--period 60 --statistics Sum",
        "--region ap-northeast-1",
    ] {
        assert!(command.contains(words), "{words} is not in {command}");
    }
    let link = lines.iter().find(|l| l.starts_with("https://")).unwrap();
    assert!(
        link.contains("~'AWS*2fApplicationELB~'TargetConnectionErrorCount~'LoadBalancer")
            && link.contains("start~'2026-11-20T02*3a00*3a00.000Z"),
        "{link}"
    );
    assert!(
        lines.iter().any(|l| l.contains("2026-11-20T02:12:00Z  52"))
            && lines.iter().any(|l| l.contains("0 (not published while requests flowed)"))
    );
}

#[test]
fn the_working_of_evidence_says_what_it_weighs_and_where_it_is_from() {
    let (case, judged) = sample::both();
    let lines: Vec<_> = of_evidence(&case, &judged, "access-log.connect-timeout", judged.window).into_iter().map(|l| l.text.en).collect();
    let all = lines.join("\n");
    for words in [
        "weighs +12 decibans for “security group of the targets”",
        "call: s3:GetObject",
        "Bucket: acme-alb-logs",
        "aws s3api get-object --bucket acme-alb-logs",
        "requests = 1914 count",
    ] {
        assert!(all.contains(words), "{words} is not in {all}");
    }
    assert_eq!(of_evidence(&case, &judged, "no.such", judged.window).len(), 1);
}
