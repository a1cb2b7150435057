//! CloudWatch Logs Insights: one query, waited for in all its states. It bills by the gigabyte scanned, so
//! whoever asks says the price first.

use super::actions::Action;
use super::call::Aws;
use super::errors::CallError;
use super::queries::Running;
use crate::time::Window;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

pub use crate::accesslog::insights::{MOST_ROWS, Row};

/// List price of a gigabyte scanned, in US dollars.
const USD_A_GIGABYTE: f64 = 0.005;
/// How long a query may take before it is stopped.
const PATIENCE: Duration = Duration::from_mins(5);
const POLL: Duration = Duration::from_millis(250);
const LONGEST_POLL: Duration = Duration::from_secs(3);

/// What scanning so much costs, in US dollars.
pub fn dollars(bytes: u64) -> f64 {
    bytes as f64 / 1e9 * USD_A_GIGABYTE
}

/// What a query found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    pub rows: Vec<Row>,
    pub scanned: u64,
    /// There may be more rows than an answer holds.
    pub cut: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error("{0}")]
    Call(Box<CallError>),
    #[error("the query ended as {0}")]
    Ended(String),
    #[error("the query was stopped after {} s", PATIENCE.as_secs())]
    Stopped,
}

impl From<CallError> for NoAnswer {
    fn from(error: CallError) -> Self {
        Self::Call(Box::new(error))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    query_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status: String,
    #[serde(default)]
    results: Vec<Vec<Field>>,
    #[serde(default)]
    statistics: Statistics,
}

#[derive(Deserialize)]
struct Field {
    field: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Statistics {
    bytes_scanned: f64,
}

/// Puts a query to one group and waits for its answer.
///
/// # Errors
/// When a call fails, or the query does not end well.
pub async fn ask(aws: &Aws, group: &str, window: Window, query: &str) -> Result<Found, NoAnswer> {
    let mut asked = json!({
        "startTime": window.start.timestamp(), "endTime": window.end.timestamp() - 1, "queryString": query, "limit": MOST_ROWS,
    });
    let names = if group.starts_with("arn:") { "logGroupIdentifiers" } else { "logGroupNames" };
    asked[names] = json!([group]);
    let started: Started = aws.json(Action::StartQuery, &asked).await?;
    let running = Running::of_logs(aws, &started.query_id);
    let answer = finished(aws, &started.query_id).await;
    if matches!(answer, Ok(_) | Err(NoAnswer::Ended(_))) {
        running.ended();
    }
    let answer = answer?;
    let rows: Vec<Row> = answer.results.into_iter().map(|row| row.into_iter().map(|f| (f.field, f.value)).collect()).collect();
    let scanned = answer.statistics.bytes_scanned.max(0.0) as u64;
    aws.count().billed(dollars(scanned));
    Ok(Found { cut: rows.len() >= MOST_ROWS, rows, scanned })
}

async fn finished(aws: &Aws, id: &str) -> Result<Answer, NoAnswer> {
    let (began, mut pause) = (tokio::time::Instant::now(), POLL);
    loop {
        let answer: Answer = aws.json(Action::GetQueryResults, &json!({ "queryId": id })).await?;
        match answer.status.as_str() {
            "Complete" => return Ok(answer),
            "Failed" | "Cancelled" | "Timeout" => return Err(NoAnswer::Ended(answer.status)),
            // Whoever lets go of a query stops it.
            _ if began.elapsed() > PATIENCE => return Err(NoAnswer::Stopped),
            // Scheduled, Running, Unknown, and states to come.
            _ => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(LONGEST_POLL);
    }
}
