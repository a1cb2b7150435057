use super::*;
use crate::case::events::ActorKind;
use proptest::prelude::*;
use serde_json::json;

fn event(record: Value) -> Event {
    read(&Looked { record: Some(record.to_string()), ..Looked::default() }).unwrap()
}

fn record(name: &str, request: Value, response: Value) -> Value {
    json!({
        "eventVersion": "1.10", "eventID": "e-1", "eventTime": "2026-11-20T13:02:11Z", "eventSource": "ec2.amazonaws.com",
        "eventName": name, "awsRegion": "ap-northeast-1", "sourceIPAddress": "203.0.113.9",
        "userAgent": "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io)",
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/ci-deploy/run-42",
            "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "ci-deploy"}}},
        "requestParameters": request, "responseElements": response,
    })
}

#[test]
fn a_revoked_rule_says_what_may_no_longer_pass_and_who_did_it() {
    let e = event(record(
        "RevokeSecurityGroupIngress",
        json!({"groupId": "sg-0aaaaaaaaaaaaaaaa", "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 8080, "toPort": 8080,
            "groups": {"items": [{"groupId": "sg-0bbbbbbbbbbbbbbbb"}]}, "ipRanges": {}, "ipv6Ranges": {}, "prefixListIds": {}}]}}),
        json!({"_return": true}),
    ));
    assert_eq!(&*e.summary, "sg-0aaaaaaaaaaaaaaaa: ingress removed: tcp 8080 with sg-0bbbbbbbbbbbbbbbb");
    assert_eq!((&*e.actor.name, e.actor.kind), ("ci-deploy/run-42", ActorKind::Role));
    assert_eq!(e.actor.tool.as_deref(), Some("Terraform 1.9.5"));
    assert_eq!(e.resources.iter().map(|r| &**r).collect::<Vec<_>>(), ["sg-0aaaaaaaaaaaaaaaa", "sg-0bbbbbbbbbbbbbbbb"]);
}

#[test]
fn a_rule_removed_by_its_id_is_told_from_the_answer() {
    let e = event(record(
        "RevokeSecurityGroupIngress",
        json!({"groupId": "sg-0aaaaaaaaaaaaaaaa", "securityGroupRuleIds": {"items": [{"securityGroupRuleId": "sgr-0123456789abcdef0"}]}}),
        json!({"revokedSecurityGroupRuleSet": {"items": [{"securityGroupRuleId": "sgr-0123456789abcdef0", "ipProtocol": "tcp",
            "fromPort": 8080, "toPort": 8080, "referencedGroupId": "sg-0bbbbbbbbbbbbbbbb"}]}}),
    ));
    assert_eq!(&*e.summary, "sg-0aaaaaaaaaaaaaaaa: ingress removed: sgr-0123456789abcdef0 tcp 8080 with sg-0bbbbbbbbbbbbbbbb");
}

#[test]
fn power_calls_tell_the_states_before_and_after() {
    let e = event(record(
        "StopInstances",
        json!({"instancesSet": {"items": [{"instanceId": "i-0aaaaaaaaaaaaaaaa"}]}, "force": true}),
        json!({"instancesSet": {"items": [{"instanceId": "i-0aaaaaaaaaaaaaaaa", "previousState": {"code": 16, "name": "running"}, "currentState": {"code": 64, "name": "stopping"}}]}}),
    ));
    assert_eq!(&*e.summary, "i-0aaaaaaaaaaaaaaaa: running → stopping (forced)");
}

#[test]
fn targets_are_named_with_their_ports_and_addresses() {
    let arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/api/0123456789abcdef";
    let e = event(record("DeregisterTargets", json!({"targetGroupArn": arn, "targets": [{"id": "10.0.1.5", "port": 8080}]}), Value::Null));
    assert_eq!(&*e.summary, "api: 10.0.1.5:8080");
    assert_eq!(e.resources.iter().map(|r| &**r).collect::<Vec<_>>(), [arn, "10.0.1.5"]);
}

#[test]
fn an_ecs_update_tells_the_task_definition_before_and_after() {
    let e = event(record(
        "UpdateService",
        json!({"service": "api", "cluster": "main", "taskDefinition": "api:42"}),
        json!({"service": {"deployments": [{"status": "PRIMARY", "taskDefinition": "arn:aws:ecs:r:1:task-definition/api:42", "desiredCount": 4},
            {"status": "ACTIVE", "taskDefinition": "arn:aws:ecs:r:1:task-definition/api:41", "desiredCount": 4}]}}),
    ));
    assert_eq!(&*e.summary, "api: task definition api:41 → api:42");
}

#[test]
fn a_spot_interruption_names_its_instances_though_it_has_no_request() {
    let e = event(
        json!({"eventTime": "2026-11-20T13:02:11Z", "eventName": "BidEvictedEvent", "eventID": "e", "eventType": "AwsServiceEvent",
        "userIdentity": {"accountId": "123456789012", "invokedBy": "ec2.amazonaws.com"}, "requestParameters": null, "responseElements": null,
        "serviceEventDetails": {"instanceIdSet": ["i-0aaaaaaaaaaaaaaaa"]}}),
    );
    assert_eq!(&*e.summary, "spot interruption of i-0aaaaaaaaaaaaaaaa");
    assert_eq!(e.actor.kind, ActorKind::Service);
    assert_eq!(&*e.resources[0], "i-0aaaaaaaaaaaaaaaa");
}

#[test]
fn people_roles_and_services_are_told_apart() {
    let who = |identity: Value| {
        let e = event(json!({"eventTime": "2026-11-20T13:02:11Z", "eventName": "X", "userIdentity": identity}));
        (e.actor.name.to_string(), e.actor.kind)
    };
    let role =
        |arn: &str, issuer: &str| json!({"type": "AssumedRole", "arn": arn, "sessionContext": {"sessionIssuer": {"userName": issuer}}});
    assert_eq!(who(json!({"type": "IAMUser", "userName": "linh"})), ("linh".into(), ActorKind::Person));
    assert_eq!(who(json!({"type": "IAMUser", "userName": "github-ci"})), ("github-ci".into(), ActorKind::Role));
    let sso =
        role("arn:aws:sts::1:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/linh@example.com", "AWSReservedSSO_Admin_0123456789abcdef");
    assert_eq!(who(sso), ("linh@example.com (SSO Admin)".into(), ActorKind::Person));
    let linked = role("arn:aws:sts::1:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling", "AWSServiceRoleForAutoScaling");
    assert_eq!(who(linked), ("AutoScaling".into(), ActorKind::Service));
    assert_eq!(who(role("arn:aws:sts::1:assumed-role/app/i-0abc", "app")), ("app/i-0abc".into(), ActorKind::Role));
    assert_eq!(who(json!({"type": "AWSService", "invokedBy": "codedeploy.amazonaws.com"})), ("CodeDeploy".into(), ActorKind::Service));
}

#[test]
fn a_failed_call_is_kept_with_its_error() {
    let mut r = record("RebootInstances", json!({"instancesSet": {"items": [{"instanceId": "i-0aaaaaaaaaaaaaaaa"}]}}), Value::Null);
    r["errorCode"] = json!("Client.UnauthorizedOperation");
    r["errorMessage"] = json!("no \u{1b}[31m");
    assert_eq!(event(r).error.as_deref(), Some("Client.UnauthorizedOperation: no ␛[31m"));
}

#[test]
fn without_a_readable_record_the_lookup_itself_is_used() {
    let looked = Looked {
        name: Some("RebootInstances".into()),
        time: crate::changes::json::parse_time("2026-11-20T13:00:00Z"),
        username: Some("linh".into()),
        record: Some("{broken".into()),
        ..Looked::default()
    };
    let e = read(&looked).unwrap();
    assert_eq!((&*e.name, &*e.actor.name), ("RebootInstances", "linh"));
    assert!(read(&Looked { record: Some("null".into()), ..Looked::default() }).is_none());
}

fn anything() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        "[a-z]{1,4}",
        Just("items".into()),
        Just("instancesSet".into()),
        Just("targets".into()),
        Just("groupId".into()),
        Just("ipPermissions".into()),
        Just("forwardConfig".into())
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(key.clone(), inner, 0..5).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_a_record_holds_it_is_read_and_bounded(
        name in prop_oneof!["[A-Za-z]{0,8}", Just("RevokeSecurityGroupIngress".to_owned()), Just("UpdateService".to_owned()), Just("StopInstances".to_owned()), Just("ModifyRule".to_owned()), Just("DeleteNetworkAclEntry".to_owned()), Just("ModifySecurityGroupRules".to_owned())],
        identity in anything(), request in anything(), response in anything(),
    ) {
        let e = event(json!({"eventTime": "2026-11-20T13:02:11Z", "eventName": name, "userIdentity": identity, "requestParameters": request, "responseElements": response}));
        prop_assert!(e.summary.len() <= 420 && e.resources.len() <= 256);
        prop_assert!(e.raw.unwrap().to_string().len() <= crate::changes::json::RAW_LIMIT);
    }

    #[test]
    fn text_that_is_no_record_never_panics(text in "\\PC*") {
        let _ = read(&Looked { record: Some(text), ..Looked::default() });
    }
}
