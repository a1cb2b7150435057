//! Who may know whom, read from the source itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, reason = "a test that cannot go on should stop")]

use std::fs;
use std::path::{Path, PathBuf};

/// A part of the house, and the words its code must not contain.
const RULES: &[(&[&str], &[&str])] = &[
    (
        &[
            "time",
            "text",
            "exchange",
            "case",
            "metrics",
            "recording",
            "accesslog",
            "applog",
            "terraform",
            "analysis",
            "checks",
            "diagnosis",
            "judge",
            "path",
            "alarm",
            "changes",
            "simulator",
            "redaction",
            "diff",
        ],
        &[
            "tokio",
            "aws_sdk",
            "aws_config",
            "aws_smithy",
            "ratatui",
            "crossterm",
            "crate::sources",
            "crate::tui",
            "crate::cli",
            "Utc::now",
            "SystemTime",
            "Instant::now",
        ],
    ),
    (
        &["report"],
        &[
            "tokio",
            "aws_sdk",
            "aws_config",
            "aws_smithy",
            "crossterm",
            "crate::sources",
            "crate::tui",
            "Utc::now",
            "SystemTime",
            "Instant::now",
        ],
    ),
    (&["analysis"], &["crate::diagnosis", "crate::report"]),
    (&["checks", "diagnosis"], &["crate::report"]),
    (&["sources"], &["ratatui", "crossterm", "crate::tui"]),
    (&["tui"], &["aws_sdk", "aws_config", "aws_smithy"]),
    (&["cli"], &["tokio", "aws_", "ratatui"]),
];

fn files_of(module: &str) -> Vec<PathBuf> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![src.join(format!("{module}.rs"))];
    let mut folders = vec![src.join(module)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.retain(|f| f.exists());
    files
}

/// The code without comments and without its tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let before_tests = text.split("#[cfg(test)]").next().unwrap_or_default();
    before_tests.lines().filter(|l| !l.trim_start().starts_with("//")).map(|l| format!("{l}\n")).collect()
}

#[test]
fn every_part_knows_only_whom_it_may() {
    let mut broken = Vec::new();
    for (modules, forbidden) in RULES {
        for module in *modules {
            let files = files_of(module);
            assert!(!files.is_empty(), "src/{module}.rs is gone: take it out of the rules");
            for file in files {
                let text = code(&file);
                broken.extend(forbidden.iter().filter(|w| text.contains(**w)).map(|w| format!("{} names {w}", file.display())));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
