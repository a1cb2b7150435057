//! STS, CloudTrail and the services that are asked for lifecycle, health and logs.

use super::{Call, Reply, World};
use alb_triage::case::events::{Event, EventSource};
use serde_json::{Value, json};

pub fn reply(world: &World, call: &Call) -> Option<Reply> {
    Some(match call.operation.as_str() {
        "GetCallerIdentity" => {
            let who = world.case.identity.clone().unwrap_or_default();
            Reply::Xml(format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>{}</Arn><UserId>u</UserId><Account>{}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
                who.arn, who.account
            ))
        }
        "LookupEvents" => lookup(world, call),
        // The rest exists and has nothing to tell unless a test says otherwise.
        op if call.service == "autoscaling" => Reply::Xml(format!("<{op}Response><{op}Result/></{op}Response>")),
        _ if call.service == "health" => Reply::error(400, "SubscriptionRequiredException"),
        _ => Reply::Json(json!({})),
    })
}

/// Newest first, 50 a page, one attribute at most, as CloudTrail has it.
fn lookup(world: &World, call: &Call) -> Reply {
    let attributes = call.params["LookupAttributes"].as_array().cloned().unwrap_or_default();
    assert!(attributes.len() <= 1, "LookupEvents takes one attribute");
    let (key, value) =
        attributes.first().map_or(("", ""), |a| (a["AttributeKey"].as_str().unwrap_or(""), a["AttributeValue"].as_str().unwrap_or("")));
    let within = |e: &Event| {
        let t = e.at.timestamp() as f64;
        call.params["StartTime"].as_f64().is_none_or(|s| t >= s) && call.params["EndTime"].as_f64().is_none_or(|s| t <= s)
    };
    let fits = |e: &Event| match key {
        "ResourceName" => e.resources.iter().any(|r| r.as_str() == value),
        "EventName" => e.name.as_str() == value,
        "ReadOnly" => value == "false",
        _ => true,
    };
    let mut all: Vec<Value> =
        world.case.events.values().rev().filter(|e| e.source == EventSource::CloudTrail && within(e) && fits(e)).map(event).collect();
    all.sort_by_key(|e| std::cmp::Reverse(e["EventTime"].as_i64()));
    let most = call.params["MaxResults"].as_u64().unwrap_or(50).min(50) as usize;
    let (page, next) = world.page(&all, call.text("NextToken"), most);
    Reply::Json(json!({"Events": page, "NextToken": next}))
}

fn event(e: &Event) -> Value {
    let resources: Vec<Value> = e.resources.iter().map(|r| json!({"ResourceType": "AWS::Thing", "ResourceName": r.as_str()})).collect();
    json!({
        "EventId": e.id,
        "EventName": e.name.as_str(),
        "ReadOnly": "false",
        "EventTime": e.at.timestamp(),
        "EventSource": e.service.as_str(),
        "Username": e.actor.name.as_str(),
        "Resources": resources,
        "CloudTrailEvent": e.raw.clone().unwrap_or_default().to_string(),
    })
}
