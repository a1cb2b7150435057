//! Access logs through Athena, for balancers whose logs outgrow one machine. Only when it is asked for by
//! name (`athena:DATABASE.TABLE`): a query reads, but it costs and leaves its result in a bucket.

mod estimate;

pub use estimate::{Estimate, estimate};

use super::actions::Action;
use super::call::Aws;
use super::context::{Context, origin};
use super::errors::CallError;
use super::queries::Running;
use crate::accesslog::line::{Stamp, minute_number};
use crate::accesslog::question::{Column, Question};
use crate::accesslog::rows::add_up;
use crate::accesslog::sql::{Table, statement};
use crate::accesslog::tally::{Row, Seen};
use crate::accesslog::{AccessLog, FailureRow, RequestRow, Signature};
use crate::case::gaps::Reason;
use crate::exchange::{Area, What};
use crate::time::Time;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// How long a query may take before it is stopped.
const PATIENCE: Duration = Duration::from_mins(10);
/// Between two looks at a query: short at first, since most take seconds.
const POLL: Duration = Duration::from_millis(250);
const LONGEST_POLL: Duration = Duration::from_secs(3);
/// Pages of a result, a thousand rows each.
const MOST_PAGES: usize = 100;
/// List price of a terabyte read, in US dollars.
const USD_A_TERABYTE: f64 = 5.0;

/// What reading so much costs, in US dollars; a query is billed for 10 MB at least.
pub fn dollars(bytes: u64) -> f64 {
    bytes.max(10_000_000) as f64 / 1e12 * USD_A_TERABYTE
}

/// Rows as they would have been counted here, and what the query read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    pub rows: Vec<Row>,
    pub bytes: u64,
    /// There were more rows than were fetched.
    pub cut: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error("“{0}” is no table: write athena:DATABASE.TABLE, with letters, digits and underscores")]
    NoTable(String),
    #[error("{0}")]
    Call(Box<CallError>),
    #[error("the query failed: {0}")]
    Failed(String),
    #[error("the query was cancelled: {0}")]
    Cancelled(String),
    #[error("the query was stopped after {} s", PATIENCE.as_secs())]
    Stopped,
}

impl From<CallError> for NoAnswer {
    fn from(error: CallError) -> Self {
        Self::Call(Box::new(error))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Started {
    query_execution_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Execution {
    query_execution: Query,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    status: QueryStatus,
    #[serde(default)]
    statistics: Statistics,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueryStatus {
    state: String,
    #[serde(default)]
    state_change_reason: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Statistics {
    data_scanned_in_bytes: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    result_set: ResultSet,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResultSet {
    rows: Vec<ResultRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ResultRow {
    data: Vec<Datum>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datum {
    /// Absent for NULL.
    #[serde(default)]
    var_char_value: Option<String>,
}

/// Puts one question to a table and waits for its answer.
///
/// # Errors
/// When the table's name is none, a call fails, or the query does.
pub async fn ask(aws: &Aws, table: &str, question: &Question) -> Result<Answered, NoAnswer> {
    let table = Table::read(table).ok_or_else(|| NoAnswer::NoTable(table.chars().take(80).collect()))?;
    let sql = statement(question, &table);
    let context = table.database.as_ref().map_or_else(|| json!({}), |d| json!({ "Database": d }));
    let started: Started = aws.json(Action::AthenaStartQuery, &json!({ "QueryString": sql, "QueryExecutionContext": context })).await?;
    let running = Running::of_athena(aws, &started.query_execution_id);
    let bytes = finished(aws, &started.query_execution_id).await;
    if matches!(bytes, Ok(_) | Err(NoAnswer::Failed(_) | NoAnswer::Cancelled(_))) {
        running.ended();
    }
    let bytes = bytes?;
    aws.count().billed(dollars(bytes));
    let (rows, cut) = results(aws, &started.query_execution_id, question.columns.len()).await?;
    Ok(Answered { rows, bytes, cut })
}

/// Waits until the query is done; says how many bytes it read.
async fn finished(aws: &Aws, id: &str) -> Result<u64, NoAnswer> {
    let (began, mut pause) = (tokio::time::Instant::now(), POLL);
    loop {
        let execution: Execution = aws.json(Action::AthenaGetQuery, &json!({ "QueryExecutionId": id })).await?;
        let Query { status, statistics } = execution.query_execution;
        match status.state.as_str() {
            "SUCCEEDED" => return Ok(statistics.data_scanned_in_bytes),
            "FAILED" => return Err(NoAnswer::Failed(status.why())),
            "CANCELLED" => return Err(NoAnswer::Cancelled(status.why())),
            // Whoever lets go of a query stops it.
            _ if began.elapsed() > PATIENCE => return Err(NoAnswer::Stopped),
            // QUEUED, RUNNING, and states to come.
            _ => tokio::time::sleep(pause).await,
        }
        pause = (pause * 2).min(LONGEST_POLL);
    }
}

impl QueryStatus {
    fn why(self) -> String {
        if self.state_change_reason.is_empty() { "Athena gives no reason".into() } else { self.state_change_reason }
    }
}

async fn results(aws: &Aws, id: &str, columns: usize) -> Result<(Vec<Row>, bool), NoAnswer> {
    let (mut rows, mut token) = (Vec::new(), None::<String>);
    for page in 0..MOST_PAGES {
        let mut input = json!({ "QueryExecutionId": id, "MaxResults": 1000 });
        if let Some(token) = &token {
            input["NextToken"] = token.as_str().into();
        }
        let answer: Page = aws.json(Action::AthenaGetResults, &input).await?;
        // The first row of the first page repeats the names of the columns.
        rows.extend(answer.result_set.rows.into_iter().skip(usize::from(page == 0)).filter_map(|r| row(r, columns)));
        token = answer.next_token;
        if token.is_none() {
            break;
        }
    }
    Ok((rows, token.is_some()))
}

/// The columns, then count, first and last.
fn row(row: ResultRow, columns: usize) -> Option<Row> {
    let mut values: Vec<String> = row.data.into_iter().map(|d| d.var_char_value.unwrap_or_else(|| "-".into())).collect();
    let micros = |text: &str| Stamp::read(text.as_bytes()).map(|t| t.micros());
    let (count, first, last) = (values.get(columns)?.parse().ok()?, micros(values.get(columns + 1)?)?, micros(values.get(columns + 2)?)?);
    values.truncate(columns);
    Some(Row { values, seen: Seen { count, first, last } })
}

/// The columns a case's tallies are made of.
const CASE: [Column; 6] = [Column::Minute, Column::Target, Column::Group, Column::Node, Column::Status, Column::Signature];

/// Asks a case's question of a table (`athena:DATABASE.TABLE`).
pub async fn gather(ctx: &Context, table: &str) {
    let area = Area::AccessLog;
    let name = table.strip_prefix("athena:").unwrap_or(table);
    ctx.busy(area, format!("how much Athena would read ({name})")).await;
    let expected = estimate(&ctx.aws, name, Some(ctx.window)).await;
    if !ctx.may_spend(area, table, expected.price()).await {
        return;
    }
    ctx.busy(area, format!("asking Athena: {}", expected.words().en)).await;
    let question = Question { columns: CASE.to_vec(), span: ctx.window.into(), statuses: Vec::new(), all: true };
    match ask(&ctx.aws, name, &question).await {
        Ok(answered) => {
            let dollars = dollars(answered.bytes);
            let log = AccessLog { source: table.into(), window: Some(ctx.window), bytes: answered.bytes, ..tallied(&answered) };
            let parameters = [("table", name.to_owned()), ("estimated_usd", format!("{dollars:.4}"))];
            ctx.learn_from(origin(Action::AthenaStartQuery, parameters), What::AccessLog(Box::new(log))).await;
        }
        Err(NoAnswer::Call(error)) => ctx.learn(What::Gap(error.gap(area, table))).await,
        Err(error) => ctx.gap(area, table, Reason::Unavailable, error.to_string()).await,
    }
}

/// Rows of [`CASE`] as a case keeps them.
fn tallied(answered: &Answered) -> AccessLog {
    let mut log = AccessLog { incomplete: answered.cut, ..AccessLog::default() };
    for row in &answered.rows {
        let [minute, target, group, node, status, signature] = row.values.as_slice() else { continue };
        let Some(minute) = Time::from_timestamp(minute_number(minute.as_bytes()) * 60, 0) else { continue };
        let (count, signature) = (row.seen.count, Signature::from_id(signature));
        let (target, node, group) = (target.clone(), node.clone(), group.clone());
        log.lines += count;
        if target != "-" {
            let (ok, failed) = if signature.is_some() { (0, count) } else { (count, 0) };
            log.requests.push(RequestRow { minute, target: target.clone(), group: group.clone(), ok, failed, syn_retries: 0 });
        }
        if let (Some(signature), Ok(status)) = (signature, status.parse()) {
            log.failures.push(FailureRow { minute, target, signature, status, node, group, static_file: false, count });
        }
    }
    add_up(&mut log.failures);
    add_up(&mut log.requests);
    log
}

#[cfg(test)]
#[path = "athena/tests.rs"]
mod tests;
