//! A live case, recorded: the file says to the byte what the live session said.

use super::{alarm_of, incident, run, said, session};
use crate::aws_stub::Stub;

/// The document without the one line that tells when it was made.
fn without_time(json: &[u8]) -> String {
    let text = String::from_utf8(json.to_vec()).unwrap();
    let kept: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("\"generated_at\"")).collect();
    assert_eq!(kept.len() + 1, text.lines().count(), "the document has one generated_at");
    kept.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_case_gives_the_same_report_to_the_byte() {
    let case = incident();
    let stub = Stub::telling(case.clone()).await;
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("night.case");
    let path = file.to_str().unwrap();
    let live = run(session(home.path(), &stub), &["report", &alarm_of(&case), "--record", path, "--format", "json"]).await;
    assert!(matches!(live.status.code(), Some(0 | 10 | 20 | 21)), "{}", said(&live));
    let calls = stub.calls().len();
    let replayed = run(session(home.path(), &stub), &["report", path, "--format", "json"]).await;
    assert_eq!(stub.calls().len(), calls, "a recorded case asks nobody");
    assert_eq!(replayed.status.code(), live.status.code(), "{}", said(&replayed));
    assert_eq!(without_time(&live.stdout), without_time(&replayed.stdout));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "a case is private");
    }
}
