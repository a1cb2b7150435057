//! When there are no usable credentials: the one remedy that fits, and no panic.

use super::{alarm_of, environment, incident, run, said, session};
use crate::aws_stub::{Reply, Stub};
use std::path::Path;

/// A profile that signs in with SSO; the cached token is the file that the SDK derives from the session's name.
fn with_sso(home: &Path, token: Option<&str>) -> Vec<(&'static str, String)> {
    let config = "[profile night]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = ReadOnly\nregion = ap-northeast-1\n\
        [sso-session corp]\nsso_region = ap-northeast-1\nsso_start_url = https://corp.awsapps.com/start\nsso_registration_scopes = sso:account:access\n";
    std::fs::write(home.join("aws-config"), config).unwrap();
    if let Some(token) = token {
        let cache = home.join(".aws/sso/cache");
        std::fs::create_dir_all(&cache).unwrap();
        // The SHA-1 of `corp`.
        std::fs::write(cache.join("ee0bfd2552fbd840c02cc48b6e823320543c450f.json"), token).unwrap();
    }
    environment(home).into_iter().chain([("AWS_PROFILE", "night".to_owned())]).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_credentials_the_ways_to_get_some_are_said() {
    let home = tempfile::tempdir().unwrap();
    let output = run(environment(home.path()), &["report", "any"]).await;
    assert_eq!(output.status.code(), Some(77), "{}", said(&output));
    let words = said(&output);
    assert!(
        words.contains("no AWS credentials were found") && words.contains("aws configure sso") && words.contains("alb-triage demo"),
        "{words}"
    );
    assert!(!words.contains("aws sso login"), "another remedy than the fitting one: {words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_sso_session_wants_a_login_with_its_profile() {
    let expired =
        r#"{"accessToken":"x","expiresAt":"2020-01-01T00:00:00Z","region":"ap-northeast-1","startUrl":"https://corp.awsapps.com/start"}"#;
    for token in [Some(expired), None] {
        let home = tempfile::tempdir().unwrap();
        let output = run(with_sso(home.path(), token), &["report", "any"]).await;
        let words = said(&output);
        assert_eq!(output.status.code(), Some(77), "{words}");
        assert!(words.contains("run `aws sso login --profile night`"), "{words}");
        assert!(!words.contains("assume the role"), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_role_wants_to_be_assumed_again() {
    let stub = Stub::telling(incident()).await;
    stub.fail("DescribeAlarms", usize::MAX, 403, "ExpiredToken");
    let home = tempfile::tempdir().unwrap();
    let output = run(session(home.path(), &stub), &["alarms"]).await;
    let words = said(&output);
    assert!(words.contains("the credentials have expired: renew them") && !words.contains("sso login"), "{words}");
    assert_eq!(output.status.code(), Some(77), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::disallowed_methods, reason = "the binary under test reads the clock, too")]
async fn a_wrong_clock_is_told_with_how_wrong_it_is() {
    let case = incident();
    let stub = Stub::telling(case.clone()).await;
    let early = chrono::Utc::now() - chrono::Duration::hours(1);
    stub.on("GetCallerIdentity", move |_| {
        let body =
            "<ErrorResponse><Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large</Message></Error></ErrorResponse>";
        let headers = vec![("date", early.format("%a, %d %b %Y %H:%M:%S GMT").to_string()), ("content-type", "text/xml".into())];
        Some(Reply::Raw { status: 403, headers, body: body.into() })
    });
    let home = tempfile::tempdir().unwrap();
    let output = run(session(home.path(), &stub), &["preflight"]).await;
    let words = said(&output);
    let seconds = words.split("this machine's clock is ").nth(1).and_then(|w| w.split(' ').next()?.parse::<u64>().ok());
    assert!(seconds.is_some_and(|s| s >= 3600) && words.contains("s ahead of AWS's: set it"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_bundle_of_certificates_is_named_and_nothing_panics() {
    let home = tempfile::tempdir().unwrap();
    let bundle = home.path().join("ca.pem");
    std::fs::write(&bundle, "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n").unwrap();
    let path = bundle.display().to_string();
    for command in [vec!["report", "any"], vec!["alarms"], vec!["preflight"], vec!["logs", "s3://bucket/logs"]] {
        let with_bundle = environment(home.path()).into_iter().chain([("AWS_CA_BUNDLE", path.clone())]).collect();
        let output = run(with_bundle, &command).await;
        let words = said(&output);
        assert_eq!(output.status.code(), Some(64), "{command:?}: {words}");
        assert!(words.contains(&format!("AWS_CA_BUNDLE names {path}")) && !words.contains("panicked"), "{command:?}: {words}");
    }
}

/// One alarm's report with its name misspelt still says what is near, whatever else is wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_alarm_is_a_usage_error_with_the_nearest_name() {
    let case = incident();
    let stub = Stub::telling(case.clone()).await;
    let home = tempfile::tempdir().unwrap();
    let output = run(session(home.path(), &stub), &["report", &alarm_of(&case).replace("Errors", "Error"), "--no-record"]).await;
    assert_eq!(output.status.code(), Some(64), "{}", said(&output));
    assert!(said(&output).contains(&format!("did you mean {}?", alarm_of(&case))), "{}", said(&output));
}
