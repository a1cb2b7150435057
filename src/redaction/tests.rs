//! Words as they stand in facts.

use super::*;
use std::hash::{BuildHasherDefault, DefaultHasher};

type Fixed = BuildHasherDefault<DefaultHasher>;

fn changed(texts: &[&str]) -> Vec<String> {
    let mut s = StandIns::new(Fixed::default());
    for t in texts {
        s.text(t);
    }
    s.settle();
    texts.iter().map(|t| s.text(t)).collect()
}

#[test]
fn what_tells_who_and_where_is_replaced() {
    let originals = [
        "arn:aws:iam::123456789012:user/bob.tran",
        "alice.nguyen@acme.example",
        "203.0.113.77",
        "i-0ab12cd34ef56ab78 in sg-0f00dbabe00000002",
        "ip-10-20-1-57.ap-northeast-1.compute.internal",
        "app/web-prod/50dc6c495c0c9188",
        "s3://acme-alb-logs/prod/2026",
        "https://intranet.acme.example:8443/roster/page?token=s3cr3tvalue",
        "/var/log/acme/api.log",
    ];
    let out = changed(&originals);
    for (original, out) in originals.iter().zip(&out) {
        assert_eq!(original.len(), out.len(), "{original} → {out}");
        for secret in [
            "123456789012",
            "bob",
            "alice",
            "acme",
            "203.0.113.77",
            "0ab12cd",
            "0f00dba",
            "10-20-1-57",
            "web-prod",
            "50dc6c",
            "s3cr3t",
            "team",
        ] {
            assert!(!out.contains(secret), "{secret} in {out}");
        }
    }
    assert!(out[0].starts_with("arn:aws:iam::") && out[0].contains(":user/"));
    assert!(out[4].ends_with(".ap-northeast-1.compute.internal"));
    assert!(out[5].starts_with("app/") && out[8].starts_with("/var/log/") && out[8].ends_with(".log"));
}

#[test]
fn what_is_awss_own_or_just_a_word_stays() {
    for text in [
        "autoscaling.amazonaws.com",
        "ap-northeast-1a",
        "AWS/ApplicationELB",
        "Target.Timeout",
        "GreaterThanThreshold",
        "2026-11-20T02:00:00Z",
        "aws-cli/2.15 Python/3.11",
        "0.0.0.0/0",
        "tcp 8080 removed",
        "traffic-port",
        "HTTP/1.1",
        "02:13:04",
        "/healthz",
        "app-5xx",
    ] {
        assert_eq!(changed(&[text]), [text]);
    }
}

#[test]
fn a_name_is_found_inside_longer_words_and_in_any_order() {
    let out = changed(&["see web-prod-errors and web-prod's page", "app/web-prod/50dc6c495c0c9188"]);
    assert!(!out[0].contains("web-prod"), "{}", out[0]);
    let stand_in = out[1].split('/').nth(1).unwrap();
    assert_eq!(out[0], format!("see {stand_in}-errors and {stand_in}'s page"));
}
