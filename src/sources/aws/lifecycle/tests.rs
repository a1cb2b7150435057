use super::*;
use crate::case::events::EventSource;
use crate::case::topology::{Instance, TargetGroup};
use crate::exchange::What;
use crate::sources::aws::LiveOptions;
use crate::sources::aws::call::Aws;
use crate::sources::aws::stub::{Request, Stub};
use crate::time::Window;
use chrono::{DateTime, Duration};
use serde_json::json;

const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/0123456789abcdef";

fn window() -> Window {
    let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    Window { start, end: start + Duration::hours(2) }
}

fn at(minutes: i64) -> i64 {
    (window().start + Duration::minutes(minutes)).timestamp()
}

fn activities(request: &Request) -> String {
    let start = crate::time::rfc3339(window().start + Duration::minutes(10));
    let second = request.body.contains("NextToken=t1");
    let token = if second { "" } else { "<NextToken>t1</NextToken>" };
    format!(
        "<DescribeScalingActivitiesResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\"><DescribeScalingActivitiesResult><Activities>\
         <member><ActivityId>a{n}</ActivityId><AutoScalingGroupName>web</AutoScalingGroupName><Cause>At {start} a user request &lt;x&gt;.</Cause>\
         <Description>Terminating EC2 instance: i-0123456789abcdef{n}</Description><StartTime>{start}</StartTime><StatusCode>Successful</StatusCode><Progress>100</Progress></member>\
         </Activities>{token}</DescribeScalingActivitiesResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeScalingActivitiesResponse>",
        n = u8::from(second),
    )
}

fn answer(request: &Request) -> (u16, String) {
    let body = match request.operation.as_str() {
        "DescribeScalingActivities" if request.body.starts_with('{') => json!({"ScalingActivities": [
            {"ActivityId": "s2", "StartTime": at(4), "Description": "Setting desired count to 2.", "Cause": "monitor alarm low in state ALARM triggered policy cpu", "StatusCode": "Successful"},
            {"ActivityId": "s1", "StartTime": at(-900), "Description": "Setting desired count to 5.", "Cause": "x", "StatusCode": "Successful"}]})
        .to_string(),
        "DescribeTaskDefinition" => json!({"taskDefinition": {"containerDefinitions": [{"name": "log"}, {"name": "app", "stopTimeout": 5}]}}).to_string(),
        "DescribeScalingActivities" => activities(request),
        "DescribeInstanceRefreshes" => "<DescribeInstanceRefreshesResponse><DescribeInstanceRefreshesResult><InstanceRefreshes/></DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>".into(),
        "ListClusters" => json!({"clusterArns": ["arn:aws:ecs:eu-west-1:1:cluster/main"]}).to_string(),
        "ListServices" => json!({"serviceArns": ["arn:aws:ecs:eu-west-1:1:service/main/api", "arn:aws:ecs:eu-west-1:1:service/main/job"]}).to_string(),
        "DescribeServices" => json!({"services": [
            {"serviceName": "api", "serviceArn": "arn:aws:ecs:eu-west-1:1:service/main/api", "clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/main", "taskDefinition": "api:7", "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app"}], "events": [{"id": "e", "createdAt": at(5), "message": "(service api) has stopped 1 running tasks"}, {"id": "old", "createdAt": at(-900), "message": "x"}]},
            {"serviceName": "job", "events": [{"id": "f", "createdAt": at(5), "message": "(service job) has started 1 tasks"}]}]})
        .to_string(),
        "ListTasks" => json!({"taskArns": ["arn:aws:ecs:eu-west-1:1:task/main/0a"]}).to_string(),
        "DescribeTasks" => json!({"tasks": [{"taskArn": "arn:aws:ecs:eu-west-1:1:task/main/0a", "group": "service:api", "stoppingAt": at(6), "stopCode": "EssentialContainerExited"}]}).to_string(),
        "ListDeployments" => json!({"deployments": ["d-ABCDEFGHI"]}).to_string(),
        "BatchGetDeployments" => json!({"deploymentsInfo": [{"deploymentId": "d-ABCDEFGHI", "applicationName": "shop", "createTime": at(1), "status": "InProgress"}]}).to_string(),
        other => return (400, json!({"__type": "AccessDeniedException", "message": other}).to_string()),
    };
    (200, body)
}

async fn case(stub: &Stub, group_type: &str) -> Context {
    let options = LiveOptions::new(&crate::cli::Common::default(), "alarm", None, window().end, chrono_tz::UTC).unwrap();
    let (ctx, mut facts) = Context::for_tests(Aws::for_tests(&stub.url), options, window());
    tokio::spawn(async move { while facts.recv().await.is_some() {} });
    let group = TargetGroup { arn: GROUP.into(), target_type: group_type.into(), ..TargetGroup::default() };
    let instance = Instance { id: "i-0123456789abcdef0".into(), auto_scaling_group: Some("web".into()), ..Instance::default() };
    ctx.learn(What::TargetGroups(vec![group])).await;
    ctx.learn(What::Instances(vec![instance])).await;
    for area in [Area::Balancer, Area::Instances] {
        ctx.learn(What::Settled { area }).await;
    }
    ctx
}

#[tokio::test]
async fn activities_of_the_targets_groups_are_read_page_by_page() {
    let stub = Stub::serve(|_, r| answer(r));
    let ctx = case(&stub, "instance").await;
    gather(&ctx).await;
    let summaries =
        ctx.case(|c| c.events.values().filter(|e| e.source == EventSource::AutoScaling).map(|e| e.summary.to_string()).collect::<Vec<_>>());
    assert_eq!(
        summaries,
        [
            "Terminating EC2 instance: i-0123456789abcdef0: a user request <x>",
            "Terminating EC2 instance: i-0123456789abcdef1: a user request <x>"
        ]
    );
    assert!(!stub.requests().iter().any(|r| r.operation == "ListClusters"), "machines of a scaling group are no containers");
    assert!(ctx.case(|c| c.gaps.is_empty()), "{:?}", ctx.case(|c| c.gaps.clone()));
}

#[tokio::test]
async fn the_service_behind_the_target_group_is_found_and_no_other() {
    let stub = Stub::serve(|_, r| answer(r));
    let ctx = case(&stub, "ip").await;
    gather(&ctx).await;
    let names = ctx.case(|c| c.events.values().filter(|e| e.source == EventSource::Ecs).map(|e| e.name.to_string()).collect::<Vec<_>>());
    assert_eq!(names, ["Setting desired count to 2", "TasksStopped", "TaskStopped"]);
    let scaled = ctx.case(|c| c.events.values().find(|e| crate::changes::ecs::is_scaling(e)).map(|e| e.summary.to_string()));
    assert_eq!(
        scaled.as_deref(),
        Some("api: Setting desired count to 2 (from 5 to 2): monitor alarm low in state ALARM triggered policy cpu")
    );
    let service = ctx.case(|c| c.ecs_services.values().next().cloned()).unwrap();
    assert_eq!((service.cluster.as_str(), service.name.as_str(), service.stop_timeout), ("main", "api", Some(5)));
    assert!(ctx.case(|c| c.events.values().any(|e| e.source == EventSource::CodeDeploy)));
}

#[tokio::test]
async fn each_service_fails_alone() {
    let stub = Stub::serve(|_, r| {
        if r.operation.contains("Cluster") { (400, json!({"__type": "AccessDeniedException"}).to_string()) } else { answer(r) }
    });
    let ctx = case(&stub, "ip").await;
    gather(&ctx).await;
    let actions = ctx.case(|c| c.gaps.iter().filter_map(|g| g.action.clone()).collect::<Vec<_>>());
    assert_eq!(actions, ["ecs:ListClusters"]);
    assert!(ctx.case(|c| c.events.values().any(|e| e.source == EventSource::CodeDeploy)
        && c.events.values().any(|e| e.source == EventSource::AutoScaling)));
}
