//! The same questions as one SQL statement for Athena, and the table it is asked of. The columns are those
//! of AWS's own `CREATE TABLE` for these logs, so a table that is already there will do.

use super::question::{Column, Question, Span, Statuses};
use crate::time::Time;
use chrono::Duration;

/// The table's name when none is given.
const TABLE: &str = "alb_access_logs";
/// Where the logs lie when no one said.
const LOCATION: &str = "s3://BUCKET/PREFIX/AWSLogs/ACCOUNT/elasticloadbalancing/REGION/";

/// The columns in order, with their types; what a line's regular expression captures.
const COLUMNS: [(&str, &str); 34] = [
    ("type", "string"),
    ("time", "string"),
    ("elb", "string"),
    ("client_ip", "string"),
    ("client_port", "int"),
    ("target_ip", "string"),
    ("target_port", "int"),
    ("request_processing_time", "double"),
    ("target_processing_time", "double"),
    ("response_processing_time", "double"),
    ("elb_status_code", "int"),
    ("target_status_code", "string"),
    ("received_bytes", "bigint"),
    ("sent_bytes", "bigint"),
    ("request_verb", "string"),
    ("request_url", "string"),
    ("request_proto", "string"),
    ("user_agent", "string"),
    ("ssl_cipher", "string"),
    ("ssl_protocol", "string"),
    ("target_group_arn", "string"),
    ("trace_id", "string"),
    ("domain_name", "string"),
    ("chosen_cert_arn", "string"),
    ("matched_rule_priority", "string"),
    ("request_creation_time", "string"),
    ("actions_executed", "string"),
    ("redirect_url", "string"),
    ("lambda_error_reason", "string"),
    ("target_port_list", "string"),
    ("target_status_code_list", "string"),
    ("classification", "string"),
    ("classification_reason", "string"),
    ("conn_trace_id", "string"),
];

/// AWS's expression; what follows the last field it knows is let through.
const REGEX: &str = r#"([^ ]*) ([^ ]*) ([^ ]*) ([^ ]*):([0-9]*) ([^ ]*)[:-]([0-9]*) ([-.0-9]*) ([-.0-9]*) ([-.0-9]*) (|[-0-9]*) (-|[-0-9]*) ([-0-9]*) ([-0-9]*) \"([^ ]*) (.*) (- |[^ ]*)\" \"([^\"]*)\" ([A-Z0-9-_]+) ([A-Za-z0-9.-]*) ([^ ]*) \"([^\"]*)\" \"([^\"]*)\" \"([^\"]*)\" ([-.0-9]*) ([^ ]*) \"([^\"]*)\" \"([^\"]*)\" \"([^ ]*)\" \"([^\\s]+?)\" \"([^\\s]+)\" \"([^ ]*)\" \"([^ ]*)\" ?([^ ]*)?( .*)?"#;

/// A table as `DATABASE.TABLE` or `TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub database: Option<String>,
    pub name: String,
}

impl Table {
    /// `DATABASE.TABLE` with letters, digits and underscores only: it becomes part of a statement.
    pub fn read(text: &str) -> Option<Self> {
        let word = |w: &str| !w.is_empty() && w.len() <= 255 && w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let (database, name) = match text.split_once('.') {
            Some((database, name)) => (Some(database), name),
            None => (None, text),
        };
        (word(name) && database.is_none_or(word)).then(|| Self { database: database.map(Into::into), name: name.into() })
    }

    fn quoted(&self) -> String {
        let database = self.database.as_ref().map(|d| format!("\"{d}\".")).unwrap_or_default();
        format!("{database}\"{}\"", self.name)
    }
}

/// Table and statement, for `--print-sql`. `paths` may name the bucket (`s3://…`) or the table (`athena:…`).
pub fn script(question: &Question, paths: &[String]) -> String {
    let table = paths.iter().find_map(|p| Table::read(p.strip_prefix("athena:")?));
    let table = table.unwrap_or_else(|| Table { database: None, name: TABLE.into() });
    let location = paths.iter().find(|p| p.starts_with("s3://")).map_or(LOCATION, String::as_str);
    format!("{}\n\n{}\n", ddl(&table, location), statement(question, &table))
}

/// The table, with one partition a day that Athena computes instead of listing.
pub fn ddl(table: &Table, location: &str) -> String {
    let location = format!("{}/", location.trim_end_matches('/')).replace('\'', "");
    let name = [table.database.as_deref().unwrap_or_default(), &table.name].join(".");
    let columns: Vec<String> = COLUMNS.iter().map(|(name, kind)| format!("  {name} {kind}")).collect();
    format!(
        "CREATE EXTERNAL TABLE IF NOT EXISTS {} (\n{}\n)\nPARTITIONED BY (day string)\n\
         ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'\n\
         WITH SERDEPROPERTIES ('serialization.format' = '1', 'input.regex' = '{REGEX}')\n\
         LOCATION '{location}'\n\
         TBLPROPERTIES (\n  'projection.enabled' = 'true',\n  'projection.day.type' = 'date',\n  'projection.day.range' = '2020/01/01,NOW',\n  \
         'projection.day.format' = 'yyyy/MM/dd',\n  'projection.day.interval' = '1',\n  'projection.day.interval.unit' = 'DAYS',\n  \
         'storage.location.template' = '{location}${{day}}'\n);",
        name.trim_start_matches('.'),
        columns.join(",\n"),
    )
}

/// One statement for the whole question: only the days that matter are read.
pub fn statement(question: &Question, table: &Table) -> String {
    let selected: Vec<String> = question.columns.iter().map(|c| format!("  {} AS \"{}\"", expression(*c), c.word())).collect();
    let numbers: Vec<String> = (1..=question.columns.len()).map(|n| n.to_string()).collect();
    let numbers = numbers.join(", ");
    format!(
        "SELECT\n{},\n  count(*) AS \"count\",\n  min(time) AS \"first\",\n  max(time) AS \"last\"\nFROM {}\nWHERE {}\nGROUP BY {numbers}\nORDER BY {numbers}",
        selected.join(",\n"),
        table.quoted(),
        conditions(question).join("\n  AND "),
    )
}

const ELAPSED: &str =
    "(TRY(date_diff('millisecond', from_iso8601_timestamp(request_creation_time), from_iso8601_timestamp(time))) / 1000.0)";
const TARGET: &str = "(CASE WHEN target_ip IS NULL OR target_ip = '' OR target_port IS NULL THEN '-' ELSE target_ip || ':' || CAST(target_port AS varchar) END)";

fn expression(column: Column) -> String {
    match column {
        Column::Minute => "substr(time, 1, 16)".into(),
        Column::Target => TARGET.into(),
        Column::Status => "CAST(elb_status_code AS varchar)".into(),
        Column::TargetStatus => "target_status_code".into(),
        Column::Signature => signature(),
        Column::Zone => "'-'".into(),
        Column::Node => r#"coalesce(regexp_extract("$path", '_[0-9]{8}T[0-9]{4}Z_([0-9a-f.:]+)_', 1), '-')"#.into(),
        Column::Group => "coalesce(nullif(split_part(target_group_arn, '/', 2), ''), target_group_arn)".into(),
        Column::Method => "request_verb".into(),
        Column::Path => "coalesce(regexp_extract(request_url, '^(?:[a-z]+://)?[^/]*(/[^?]*)', 1), '-')".into(),
        Column::ErrorReason => "lambda_error_reason".into(),
    }
}

/// The rows of [`super::signature`], in its order.
fn signature() -> String {
    let none = "request_processing_time < 0 AND target_processing_time < 0 AND response_processing_time < 0";
    let at_ten = format!("({ELAPSED} BETWEEN 9.7 AND 10.3)");
    let soon = format!("coalesce({ELAPSED}, 0.0)");
    let rows = [
        ("NOT (elb_status_code BETWEEN 500 AND 599 OR elb_status_code = 460)".to_owned(), "-"),
        ("elb_status_code = 460".into(), "client-gone"),
        ("lambda_error_reason <> '-'".into(), "other-5xx"),
        ("target_status_code LIKE '5%'".into(), "app-5xx"),
        ("target_status_code <> '-'".into(), "other-5xx"),
        (format!("elb_status_code = 503 AND {TARGET} = '-' AND actions_executed NOT LIKE '%fixed-response%'"), "no-target"),
        (format!("{TARGET} = '-'"), "other-5xx"),
        (
            format!("elb_status_code = 502 AND {none} AND ({soon} < 1.5 OR {soon} BETWEEN 2.7 AND 3.3 OR {soon} BETWEEN 6.7 AND 7.3)"),
            "refused",
        ),
        (
            format!(
                "elb_status_code = 502 AND request_processing_time >= 0 AND target_processing_time >= 0 AND response_processing_time < 0 AND {soon} < 5.0"
            ),
            "keepalive-race",
        ),
        (format!("elb_status_code = 502 AND response_processing_time < 0 AND ({soon} < 1.5 OR {at_ten})"), "tls"),
        ("elb_status_code = 502 AND request_processing_time >= 0 AND response_processing_time < 0".into(), "deregistration-cut"),
        (format!("elb_status_code = 504 AND {none} AND ({ELAPSED} IS NULL OR {at_ten})"), "connect-timeout"),
        ("elb_status_code = 504 AND request_processing_time >= 0 AND response_processing_time < 0".into(), "slow-target"),
    ];
    let rows: Vec<String> = rows.iter().map(|(when, id)| format!("    WHEN {when} THEN '{id}'")).collect();
    format!("CASE\n{}\n    ELSE 'other-5xx' END", rows.join("\n"))
}

fn conditions(question: &Question) -> Vec<String> {
    let mut all = days(question.span);
    let instant = |micros: i64| super::tally::as_written(micros);
    if question.span.from != i64::MIN {
        all.push(format!("time >= '{}'", instant(question.span.from)));
    }
    if question.span.to != i64::MAX {
        all.push(format!("time < '{}'", instant(question.span.to)));
    }
    if !question.all {
        all.push("(elb_status_code BETWEEN 500 AND 599 OR elb_status_code = 460)".into());
    }
    if !question.statuses.is_empty() {
        let any: Vec<String> = question.statuses.iter().copied().map(between).collect();
        all.push(format!("({})", any.join(" OR ")));
    }
    if all.is_empty() {
        all.push("true".into());
    }
    all
}

fn between(statuses: Statuses) -> String {
    format!("elb_status_code BETWEEN {} AND {}", statuses.from, statuses.to)
}

/// An object lies under the day it was delivered: a little after its entries.
fn days(span: Span) -> Vec<String> {
    let day = |t: Time| t.format("%Y/%m/%d").to_string();
    let from = Time::from_timestamp_micros(span.from).filter(|_| span.from != i64::MIN);
    let to = Time::from_timestamp_micros(span.to).filter(|_| span.to != i64::MAX);
    let from = from.map(|t| format!("day >= '{}'", day(t)));
    let to = to.map(|t| format!("day <= '{}'", day(t + Duration::hours(1))));
    from.into_iter().chain(to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        let at = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc();
        Question {
            columns: vec![Column::Minute, Column::Signature, Column::Path],
            span: Span::between(Some(at("2026-11-20T13:00:00Z")), Some(at("2026-11-20T23:30:00Z"))),
            statuses: vec!["5xx".parse().unwrap()],
            all: false,
        }
    }

    #[test]
    fn the_statement_reads_only_the_days_that_matter() {
        let sql = statement(&question(), &Table::read("logs.alb").unwrap());
        for part in [
            "FROM \"logs\".\"alb\"",
            "day >= '2026/11/20'",
            "day <= '2026/11/21'",
            "time >= '2026-11-20T13:00:00.000000Z'",
            "time < '2026-11-20T23:30:00.000000Z'",
            "GROUP BY 1, 2, 3",
            "BETWEEN 500 AND 599",
        ] {
            assert!(sql.contains(part), "{part} in {sql}");
        }
    }

    #[test]
    fn the_table_projects_its_days_and_has_a_group_a_column() {
        let script = script(&question(), &["s3://b/AWSLogs/1/elasticloadbalancing/eu-west-1".into()]);
        assert!(script.contains("'storage.location.template' = 's3://b/AWSLogs/1/elasticloadbalancing/eu-west-1/${day}'"));
        assert!(script.contains("'projection.enabled' = 'true'"));
        // The last group of the expression is the rest of the line.
        assert_eq!(REGEX.matches('(').count(), COLUMNS.len() + 1);
    }

    #[test]
    fn names_that_are_no_names_stay_out_of_statements() {
        assert!(Table::read("db.t").is_some() && Table::read("t").is_some());
        for wrong in ["", "a.b.c", "a;drop", "a b", "\"a\"", "a.", "é"] {
            assert_eq!(Table::read(wrong), None, "{wrong}");
        }
    }
}
