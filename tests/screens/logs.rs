//! The two log panes: what a row shows, what opens behind it, and what a filter leaves over.

use super::incident;
use super::{options, press, session, shown};
use alb_triage::accesslog::trace::Traced;
use alb_triage::accesslog::{AccessLog, PathRow, Signature};
use alb_triage::applog::{AppLog, Found, Joined, Kind};
use alb_triage::case::Case;
use alb_triage::exchange::{Fact, What};
use alb_triage::judge::judge;
use alb_triage::tui::{App, Msg};

/// The incident with paths, malformed lines, and requests looked for in the application's log.
fn facts() -> Vec<Fact> {
    let path = |path: &str, signature, count| PathRow { path: path.into(), signature, count };
    let paths = vec![
        path("/api/v1/items", Signature::ConnectTimeout, 5_000),
        path(&format!("/a/path/that/is/longer/than/any/screen/{}", "x".repeat(200)), Signature::SlowTarget, 70),
        path("/API/Upper", Signature::ConnectTimeout, 7),
    ];
    let request =
        Traced { id: "1-58337262-36d228ad5d99923122bbe354".into(), signature: Signature::SlowTarget, target: "10.0.3.5:8080".into() };
    let kind = |signature, asked, arrived| Kind { signature, asked, arrived };
    let joined = Joined {
        requests: 80_000,
        answered: 81_000,
        kinds: vec![kind(Signature::ConnectTimeout, 120, 0), kind(Signature::SlowTarget, 40, 40)],
        statuses: vec![(200, 40)],
        found: vec![Found { request, status: Some(200) }],
        ..Joined::default()
    };
    let changed = |what| match what {
        What::AccessLog(log) => {
            let malformed_samples = vec!["https 2025-11-20T03:20:0".into(), "".into()];
            What::AccessLog(Box::new(AccessLog { paths: paths.clone(), malformed: 12, malformed_samples, ..*log }))
        }
        What::AppLog(log) => What::AppLog(Box::new(AppLog { joined: Some(joined.clone()), notes: vec!["read as UTC".into()], ..*log })),
        other => other,
    };
    incident::facts().into_iter().map(|fact| Fact { what: changed(fact.what), ..fact }).collect()
}

fn app(size: (u16, u16)) -> App {
    let mut app = session(&options(), size);
    app.update(Msg::Facts(facts()));
    let case = Case::from_facts(facts());
    app.update(Msg::Judged(Box::new(judge(&case, None).unwrap())));
    app
}

fn after(size: (u16, u16), keys: &str) -> String {
    let mut app = app(size);
    press(&mut app, keys);
    shown(&app)
}

#[test]
fn paths_and_kinds_of_lines_get_the_room_there_is() {
    insta::assert_snapshot!("paths_80x24", after((80, 24), "5 o o o"));
    insta::assert_snapshot!("paths_alone_120x40", after((120, 40), "5 F o o o"));
    insta::assert_snapshot!("lines_alone_120x40", after((120, 40), "6 F"));
}

#[test]
fn a_row_opens_on_what_was_read() {
    let row = after((120, 40), "5 enter");
    for words in [
        "In the application's log, by trace id",
        "none of 120 requests whose connection failed is in the application's log",
        "40 of 40 other failed requests reached the application (200 × 40)",
        "1-58337262-36d228ad5d99923122bbe354 10.0.3.5:8080 slow-target 200",
        "Malformed lines, the first few (12)",
        "“https 2025-11-20T03:20:0”",
        "· an empty line",
    ] {
        assert!(row.contains(words), "{words} in\n{row}");
    }
    let kind = after((120, 40), "6 enter");
    for words in [
        "workers hung and were killed",
        "87 lines, Error; first",
        "none of 120 requests whose connection failed",
        "To know about this log",
        "read as UTC",
    ] {
        assert!(kind.contains(words), "{words} in\n{kind}");
    }
}

#[test]
fn a_filter_that_matches_nothing_does_not_make_a_log_quiet() {
    for pane in ["5", "6"] {
        let screen = after((120, 40), &format!("{pane} / n o p e enter"));
        assert!(screen.contains("nothing matches; Esc clears the filter"), "{screen}");
        assert!(!screen.contains("no failed request") && !screen.contains("there is nothing"), "{screen}");
    }
    let upper = after((120, 40), "5 o o o / u p p e r enter");
    assert!(upper.contains("/API/Upper") && !upper.contains("/api/v1/items"), "{upper}");
}
