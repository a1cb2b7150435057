//! The bundle on disk, opened with the tools its readers use.

use crate::sample::{self, generated_at};
use alb_triage::case::Case;
use alb_triage::judge;
use alb_triage::recording;
use alb_triage::report::picture::Ground;
use alb_triage::report::{Bundle, bundle, write_bundle};
use alb_triage::text::Lang;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::fs;
use std::path::Path;

fn screen() -> Buffer {
    let mut b = Buffer::empty(Rect { x: 0, y: 0, width: 100, height: 6 });
    b.set_string(0, 0, "┌ Lanes ───────────┐ web-prod ▸ api-8080 本番", Style::new());
    b.set_string(0, 1, "│▁▂▃▄▅▆▇█          │", Style::new());
    b
}

fn write(dir: &Path) -> std::io::Result<Vec<std::path::PathBuf>> {
    let (case, judged) = sample::both();
    let facts = sample::facts();
    let screens = vec![("screen".to_owned(), screen())];
    write_bundle(
        dir,
        &Bundle {
            case: &case,
            judged: &judged,
            facts: &facts,
            screens,
            ground: Ground::Light,
            lang: Lang::En,
            generated_at: generated_at(),
        },
    )
}

#[test]
fn everything_is_there_and_only_for_its_owner() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("new/bundle");
    let written = write(&dir).unwrap();
    for name in [
        "report.md",
        "report.html",
        "summary.txt",
        "timeline.csv",
        "evidence.json",
        "incident.case",
        "pictures/screen.svg",
        "pictures/screen.png",
    ] {
        assert!(written.contains(&dir.join(name)), "{name}");
    }
    assert!(written.iter().filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("lane-")).count() >= 4);
    #[cfg(unix)]
    for path in &written {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn an_old_directory_is_never_written_over() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("bundle");
    write(&dir).unwrap();
    let before = fs::read(dir.join("report.md")).unwrap();
    let error = write(&dir).unwrap_err();
    assert!(error.to_string().contains("name a new directory"), "{error}");
    assert_eq!(fs::read(dir.join("report.md")).unwrap(), before);
    assert_eq!(bundle::fresh(home.path(), "bundle"), home.path().join("bundle-2"));
}

#[test]
fn the_case_inside_gives_the_same_case_again() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("bundle");
    write(&dir).unwrap();
    let recording = recording::read(&dir.join("incident.case")).unwrap();
    assert_eq!(Case::from_facts(recording.facts), sample::both().0);
}

#[test]
fn the_pictures_of_the_report_are_beside_it() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("bundle");
    write(&dir).unwrap();
    let markdown = fs::read_to_string(dir.join("report.md")).unwrap();
    let links: Vec<_> = markdown.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    assert!(links.len() >= 3);
    for link in links {
        assert!(dir.join(link).exists(), "{link}");
    }
    let svg = fs::read_to_string(dir.join("pictures/screen.svg")).unwrap();
    for words in [
        "acme-prod (123456789012)",
        "ap-northeast-1",
        "2026-11-20 02:00–03:00 UTC",
        "14 of 15 checks ran",
        "RevokeSecurityGroupIngress",
        "Sum / 1 min",
        "alb-triage 0",
    ] {
        assert!(svg.contains(words), "{words} is not in the picture");
    }
}

#[test]
fn the_timeline_is_read_by_a_real_reader() {
    let (case, judged) = sample::both();
    let text = alb_triage::report::csv::timeline(&case, &judged);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<_> = reader.records().map(|r| r.unwrap()).map(|r| (r[2].to_owned(), r[5].to_owned())).collect();
    assert!(names.contains(&("-20".into(), "RevokeSecurityGroupIngress".into())), "{names:?}");
}

#[test]
fn the_summary_is_ten_lines_at_most() {
    let (case, judged) = sample::both();
    for lang in [Lang::En, Lang::Vi] {
        let text = alb_triage::report::summary(&case, &judged, lang);
        assert!((7..=10).contains(&text.lines().count()), "{text}");
    }
}

#[test]
fn a_demo_makes_a_bundle_too() {
    let recording = recording::read(Path::new("assets/demo/security-group.case")).unwrap();
    let case = Case::from_facts(recording.facts.clone());
    let judged = judge::judge(&case, None).unwrap();
    let home = tempfile::tempdir().unwrap();
    let dir = std::env::var("BUNDLE_OUT").map_or_else(|_| home.path().join("b"), Into::into);
    let bundle = Bundle {
        case: &case,
        judged: &judged,
        facts: &recording.facts,
        screens: vec![("screen".into(), screen())],
        ground: Ground::Dark,
        lang: Lang::En,
        generated_at: generated_at(),
    };
    assert!(write_bundle(&dir, &bundle).unwrap().len() > 10);
}
