//! The least read-only IAM policy, made from the list of actions that the program is able to call.

use crate::sources::aws::actions::{Action, Statement};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The policy as JSON. Without a bucket the access-log statements name any bucket whose objects lie where
/// load balancers put them.
pub fn policy(log_bucket: Option<&str>) -> Value {
    let statements: Vec<Value> = STATEMENTS
        .iter()
        .filter_map(|(statement, sid)| {
            let actions = actions(*statement);
            (!actions.is_empty())
                .then(|| json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource(*statement, log_bucket)}))
        })
        .collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// The policy as text for a terminal or a file.
pub fn print(log_bucket: Option<&str>) -> String {
    format!("{:#}\n", policy(log_bucket))
}

/// In the order in which they help; what stands further down can be left out with less loss.
const STATEMENTS: &[(Statement, &str)] = &[
    (Statement::Core, "Core"),
    (Statement::Lifecycle, "Lifecycle"),
    (Statement::AwsSide, "AwsSide"),
    (Statement::Logs, "ApplicationLogs"),
    (Statement::LogList, "LogList"),
    (Statement::LogBucket, "AccessLogBucket"),
    (Statement::LogObjects, "AccessLogObjects"),
    (Statement::Athena, "AccessLogByAthena"),
    (Statement::HostProof, "HostProof"),
];

fn actions(statement: Statement) -> BTreeSet<String> {
    let mut actions: BTreeSet<String> = Action::ALL.iter().filter(|a| a.row().statement == statement).map(|a| a.iam()).collect();
    if statement == Statement::Athena {
        // Athena reads the table's definition in the caller's name.
        actions.extend(["glue:GetTable", "glue:GetDatabase", "glue:GetPartitions"].map(str::to_owned));
    }
    actions
}

fn resource(statement: Statement, log_bucket: Option<&str>) -> Value {
    let bucket = log_bucket.unwrap_or("*");
    match statement {
        // Narrow it to the groups of the application.
        Statement::Logs => json!("arn:aws:logs:*:*:log-group:*"),
        Statement::LogBucket => json!(format!("arn:aws:s3:::{bucket}")),
        Statement::LogObjects => json!([format!("arn:aws:s3:::{bucket}/AWSLogs/*"), format!("arn:aws:s3:::{bucket}/*/AWSLogs/*")]),
        // Most of the rest can be allowed for everything or not at all.
        _ => json!("*"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(policy: &Value) -> BTreeSet<String> {
        let statements = policy["Statement"].as_array().unwrap();
        statements.iter().flat_map(|s| s["Action"].as_array().unwrap()).map(|a| a.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn it_allows_what_can_be_called_and_nothing_that_writes() {
        let allowed = all(&policy(None));
        for action in Action::ALL.iter().filter(|a| a.row().statement != Statement::Nothing) {
            assert!(allowed.contains(&action.iam()), "{}", action.iam());
        }
        for permission in &allowed {
            let verb = permission.split(':').nth(1).unwrap();
            let reads = ["Describe", "Get", "List", "Lookup", "Filter", "BatchGet", "StartQuery", "StopQuery"];
            assert!(reads.iter().any(|r| verb.starts_with(r)), "{permission}");
        }
    }

    #[test]
    fn the_bucket_narrows_the_access_log_statements() {
        let text = print(Some("my-logs"));
        assert!(text.contains("arn:aws:s3:::my-logs\""), "{text}");
        assert!(text.contains("arn:aws:s3:::my-logs/*/AWSLogs/*"));
        assert!(!text.contains("s3:::*"));
    }

    #[test]
    fn every_statement_is_printed() {
        let listed: BTreeSet<Statement> = STATEMENTS.iter().map(|s| s.0).chain([Statement::Nothing]).collect();
        for action in Action::ALL {
            assert!(listed.contains(&action.row().statement), "{}", action.name());
        }
    }
}
