//! What the alarm did in the 30 days that CloudWatch keeps.

use super::{AlarmChange, AlarmChangeKind};
use crate::exchange::{Area, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::context::{Context, origin};
use crate::sources::aws::values::time;
use aws_sdk_cloudwatch::types::{AlarmHistoryItem, HistoryItemType, ScanBy};
use chrono::Duration;

/// Pages of 100 items each.
const PAGES: usize = 10;

/// Reads what the alarm did in the 30 days that CloudWatch keeps.
pub(in crate::sources::aws) async fn history(ctx: &Context) {
    let Some(alarm) = ctx.case(|c| c.alarm.clone()) else { return };
    let from = ctx.now - Duration::days(30);
    let mut token: Option<String> = None;
    for page in 1..=PAGES {
        let answer = ctx
            .aws
            .sdk(Action::DescribeAlarmHistory, || {
                let call = ctx.aws.cloudwatch().describe_alarm_history().alarm_name(&*alarm.name).scan_by(ScanBy::TimestampDescending);
                let call = call.start_date(aws_smithy_types::DateTime::from_secs(from.timestamp())).max_records(100);
                call.set_next_token(token.clone()).send()
            })
            .await;
        let Some(answer) = ctx.or_gap(Area::AlarmHistory, "alarm history", answer).await else { return };
        let changes = answer.alarm_history_items().iter().filter_map(change).collect();
        let asked = [("AlarmName", alarm.name.to_string()), ("StartDate", crate::time::rfc3339(from))];
        ctx.learn_from(origin(Action::DescribeAlarmHistory, asked), What::AlarmChanges(changes)).await;
        token = answer.next_token().filter(|t| !t.is_empty()).map(str::to_owned);
        if token.is_none() {
            return;
        }
        ctx.busy(Area::AlarmHistory, format!("page {}", page + 1)).await;
    }
}

fn change(item: &AlarmHistoryItem) -> Option<AlarmChange> {
    let at = item.timestamp().and_then(time)?;
    let data: serde_json::Value = serde_json::from_str(item.history_data().unwrap_or("{}")).unwrap_or_default();
    let at_pointer = |p: &str| data.pointer(p).and_then(serde_json::Value::as_str);
    let summary = item.history_summary().unwrap_or_default();
    let kind = match item.history_item_type()? {
        HistoryItemType::StateUpdate => match at_pointer("/newState/stateValue").or_else(|| summary.rsplit(' ').next())? {
            "ALARM" => AlarmChangeKind::ToAlarm,
            "OK" => AlarmChangeKind::ToOk,
            _ => AlarmChangeKind::ToInsufficientData,
        },
        HistoryItemType::ConfigurationUpdate => AlarmChangeKind::Edited,
        HistoryItemType::Action => AlarmChangeKind::Action,
        _ => return None,
    };
    let reason = at_pointer("/newState/stateReason").or(at_pointer("/type")).unwrap_or_default();
    Some(AlarmChange { at, kind, summary: summary.into(), reason: reason.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_items_are_read_from_their_nested_json() {
        let data = r#"{"version":"1.0","oldState":{"stateValue":"OK"},"newState":{"stateValue":"ALARM","stateReason":"Threshold Crossed","stateReasonData":{"version":"1.0"}}}"#;
        let item = AlarmHistoryItem::builder()
            .timestamp(aws_smithy_types::DateTime::from_secs(1000))
            .history_item_type(HistoryItemType::StateUpdate)
            .history_summary("Alarm updated from OK to ALARM")
            .history_data(data);
        let c = change(&item.clone().build()).unwrap();
        assert_eq!((c.kind, c.reason.as_str()), (AlarmChangeKind::ToAlarm, "Threshold Crossed"));
        let c = change(&item.history_data("{broken").build()).unwrap();
        assert_eq!(c.kind, AlarmChangeKind::ToAlarm, "the summary says it too");
    }
}
