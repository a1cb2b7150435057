//! The statements written for Athena, run by another engine on the same files: they must give the rows that
//! the program counts itself, and that engine's own reader must count as the program does.

use super::generate::{self, Plan};
use super::{Rows, engine, python, question, written};
use alb_triage::accesslog::question::{Column, Question, Span};
use alb_triage::accesslog::sql::{self, Table};
use serde::Deserialize;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

const PACKAGES: [&str; 2] = ["duckdb==2.0.0", "sqlglot==30.30.0"];

#[derive(Deserialize)]
struct Answers {
    /// Lines that the table's expression does not read.
    unread: u64,
    answers: Vec<Vec<Vec<String>>>,
    plain: Vec<(String, u64)>,
}

fn asked(dir: &Path, questions: &[Arc<Question>]) -> Answers {
    let python = python::installed("duckdb", &PACKAGES).join("python");
    let table = Table::read("alb_access_logs").unwrap();
    let statements: Vec<String> = questions.iter().map(|q| sql::statement(q, &table)).collect();
    let input = serde_json::json!({ "dir": dir, "ddl": sql::ddl(&table, "s3://b/p/"), "statements": statements });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs/athena.py");
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn rows(answer: &[Vec<String>], columns: usize) -> Rows {
    let row = |cells: &Vec<String>| {
        let [count, first, last] = &cells[columns..] else { panic!("{cells:?}") };
        (cells[..columns].to_vec(), (count.parse().unwrap(), first.clone(), last.clone()))
    };
    answer.iter().map(row).collect()
}

fn questions() -> Vec<Arc<Question>> {
    let middle = (generate::START + 900) * 1_000_000;
    vec![
        question(&Column::ALL, Span::EVER, &[], false),
        question(&Column::ALL, Span::EVER, &[], true),
        question(&[Column::Minute, Column::Target, Column::Status], Span { from: middle, to: middle + 600_000_000 }, &[], false),
        question(&[Column::Signature], Span::EVER, &["502", "46x"], false),
        question(&[Column::Path, Column::Method], Span::EVER, &["4xx"], true),
    ]
}

#[test]
fn the_statements_for_athena_give_the_rows_of_the_engine() {
    let dir = written(Plan { seed: 5, objects: 12, lines_an_object: 600, oddities: 0 });
    let questions = questions();
    let answers = asked(dir.path(), &questions);
    assert_eq!(answers.unread, 0);
    for (question, answer) in questions.iter().zip(&answers.answers) {
        let expected = engine(dir.path(), question, 2).0;
        let got = rows(answer, question.columns.len());
        let different = expected.iter().find(|(k, v)| got.get(*k) != Some(v));
        assert_eq!(different.map(|(k, v)| (k, v, got.get(k))), None, "{:?}", question.columns);
        assert_eq!(got.len(), expected.len(), "{:?}", question.columns);
        assert!(got.len() > 1);
    }
    let plain: Vec<(String, u64)> = engine(dir.path(), &question(&[Column::Status], Span::EVER, &[], false), 2)
        .0
        .into_iter()
        .map(|(mut values, (count, ..))| (values.remove(0), count))
        .collect();
    assert_eq!(answers.plain, plain, "as DuckDB counts by itself");
}
