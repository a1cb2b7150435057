//! The balancer, its groups, listeners and rules, their attributes, and the health of their targets.

use super::actions::Action;
use super::call::Aws;
use super::context::{Context, origin};
use super::errors::CallError;
use super::values::OrEmpty;
use crate::case::gaps::Reason;
use crate::case::health::TargetHealth;
use crate::case::topology::{Forward, HealthCheck, Listener, LoadBalancer, Rule, TargetGroup, Zone, dimension_of};
use crate::exchange::{Area, What};
use crate::text::Foreign;
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_elasticloadbalancingv2::types::DescribeTargetHealthInputIncludeEnum as Include;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use tokio::task::JoinSet;

/// Groups whose attributes and targets are read; an account's quota is 100 a balancer.
const GROUPS: usize = 100;

/// Pages of one list; quotas of AWS keep all of them below three.
const PAGES: usize = 10;

/// Resources whose tags come in one call.
const TAGGED: usize = 20;

/// The balancer whose metrics carry `dimension` (`app/name/id`).
pub(super) async fn by_dimension(aws: &Aws, dimension: &str) -> Result<Option<LoadBalancer>, CallError> {
    let Some(name) = dimension.split('/').nth(1) else { return Ok(None) };
    let answer = aws.sdk(Action::DescribeLoadBalancers, || aws.balancing().describe_load_balancers().names(name).send()).await?;
    Ok(answer.load_balancers().iter().map(balancer).find(|b| dimension_of(&b.arn) == dimension))
}

/// The balancer with this ARN.
pub(super) async fn by_arn(aws: &Aws, arn: &str) -> Result<Option<LoadBalancer>, CallError> {
    let answer =
        aws.sdk(Action::DescribeLoadBalancers, || aws.balancing().describe_load_balancers().load_balancer_arns(arn).send()).await?;
    Ok(answer.load_balancers().first().map(balancer))
}

/// The ARN of the balancer that a group hangs on.
pub(super) async fn of_group(aws: &Aws, group: &str) -> Result<Option<String>, CallError> {
    let answer = aws
        .sdk(Action::DescribeTargetGroups, || {
            let call = aws.balancing().describe_target_groups();
            if group.starts_with("arn:") { call.target_group_arns(group) } else { call.names(group) }.send()
        })
        .await?;
    Ok(answer.target_groups().first().and_then(|g| g.load_balancer_arns().first()).cloned())
}

/// Reads everything about the balancer that the case names; groups first, since others wait for them.
pub(super) async fn gather(ctx: &Context) {
    let Some(balancer) = ctx.case(|c| c.load_balancer.clone()) else { return };
    let mut groups = groups(ctx, &balancer.arn).await;
    groups.truncate(GROUPS);
    let tags = tags(ctx, std::iter::once(&balancer.arn).chain(groups.iter().map(|g| &g.arn))).await;
    let tags_of = |arn: &str| tags.get(arn).cloned().unwrap_or_default();
    attributes(ctx, LoadBalancer { tags: tags_of(&balancer.arn), ..balancer.clone() }).await;
    listeners(ctx, &balancer.arn).await;
    for group in groups {
        let tags = tags_of(&group.arn);
        if !group_attributes(ctx, TargetGroup { tags, ..group }).await {
            return;
        }
    }
}

async fn groups(ctx: &Context, arn: &str) -> Vec<TargetGroup> {
    let mut groups = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..PAGES {
        let answer = ctx
            .aws
            .sdk(Action::DescribeTargetGroups, || {
                let call = ctx.aws.balancing().describe_target_groups().load_balancer_arn(arn).page_size(400);
                call.set_marker(token.clone()).send()
            })
            .await;
        let Some(answer) = ctx.or_gap(Area::Balancer, "target groups", answer).await else { return groups };
        groups.extend(answer.target_groups().iter().map(group));
        token = answer.next_marker().filter(|t| !t.is_empty()).map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    unfinished(ctx, token.as_deref(), "target groups").await;
    // A group may hang on the balancer by two rules and then comes twice.
    let mut seen = BTreeSet::new();
    groups.retain(|g: &TargetGroup| seen.insert(g.arn.clone()));
    let asked = [("LoadBalancerArn", arn)];
    ctx.learn_from(origin(Action::DescribeTargetGroups, asked), What::TargetGroups(groups.clone())).await;
    groups
}

async fn attributes(ctx: &Context, mut balancer: LoadBalancer) {
    let arn = balancer.arn.clone();
    let answer = ctx
        .aws
        .sdk(Action::DescribeLoadBalancerAttributes, || {
            ctx.aws.balancing().describe_load_balancer_attributes().load_balancer_arn(&arn).send()
        })
        .await;
    if let Some(answer) = ctx.or_gap(Area::Balancer, "the balancer's attributes", answer).await {
        balancer.attributes = answer.attributes().iter().map(|a| (a.key().owned(), a.value().owned())).collect();
        ctx.learn_from(origin(Action::DescribeLoadBalancerAttributes, [("LoadBalancerArn", arn)]), What::LoadBalancer(balancer)).await;
    }
}

/// `false` when there is no point in asking for the next group's.
async fn group_attributes(ctx: &Context, mut group: TargetGroup) -> bool {
    let arn = group.arn.clone();
    let answer = ctx
        .aws
        .sdk(Action::DescribeTargetGroupAttributes, || ctx.aws.balancing().describe_target_group_attributes().target_group_arn(&arn).send())
        .await;
    let subject = format!("attributes of target group {}", group.name);
    let Some(answer) = ctx.or_gap(Area::Balancer, &subject, answer).await else { return false };
    group.attributes = answer.attributes().iter().map(|a| (a.key().owned(), a.value().owned())).collect();
    ctx.learn_from(origin(Action::DescribeTargetGroupAttributes, [("TargetGroupArn", arn)]), What::TargetGroups(vec![group])).await;
    true
}

type Tags = BTreeMap<String, Foreign>;

/// Tags by ARN: they say whose it is.
async fn tags<'a>(ctx: &Context, arns: impl Iterator<Item = &'a String>) -> BTreeMap<String, Tags> {
    let arns: Vec<String> = arns.cloned().collect();
    let mut all = BTreeMap::new();
    for arns in arns.chunks(TAGGED) {
        let answer =
            ctx.aws.sdk(Action::DescribeTags, || ctx.aws.balancing().describe_tags().set_resource_arns(Some(arns.to_vec())).send()).await;
        let Some(answer) = ctx.or_gap(Area::Balancer, "tags", answer).await else { break };
        for d in answer.tag_descriptions() {
            let tags = d.tags().iter().map(|t| (t.key().owned(), t.value().text())).collect();
            all.insert(d.resource_arn().owned(), tags);
        }
    }
    all
}

async fn listeners(ctx: &Context, arn: &str) {
    let mut listeners = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..PAGES {
        let answer = ctx
            .aws
            .sdk(Action::DescribeListeners, || {
                ctx.aws.balancing().describe_listeners().load_balancer_arn(arn).set_marker(token.clone()).send()
            })
            .await;
        let Some(answer) = ctx.or_gap(Area::Balancer, "listeners", answer).await else { break };
        listeners.extend(answer.listeners().iter().map(listener));
        token = answer.next_marker().filter(|t| !t.is_empty()).map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    unfinished(ctx, token.as_deref(), "listeners").await;
    for listener in &mut listeners {
        listener.rules = rules(ctx, &listener.arn).await;
    }
    if !listeners.is_empty() {
        ctx.learn_from(origin(Action::DescribeRules, [("LoadBalancerArn", arn)]), What::Listeners(listeners)).await;
    }
}

async fn rules(ctx: &Context, listener: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..PAGES {
        let answer = ctx
            .aws
            .sdk(Action::DescribeRules, || ctx.aws.balancing().describe_rules().listener_arn(listener).set_marker(token.clone()).send())
            .await;
        let Some(answer) = ctx.or_gap(Area::Balancer, "listener rules", answer).await else { break };
        rules.extend(answer.rules().iter().map(rule));
        token = answer.next_marker().filter(|t| !t.is_empty()).map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    unfinished(ctx, token.as_deref(), "listener rules").await;
    rules.sort_by_key(|r| r.priority.parse().unwrap_or(u32::MAX));
    rules
}

/// A list whose pages did not end is a gap.
async fn unfinished(ctx: &Context, token: Option<&str>, subject: &str) {
    if token.is_some() {
        let detail = format!("more than {PAGES} pages: the rest was not read");
        ctx.gap(Area::Balancer, subject, Reason::Unavailable, detail).await;
    }
}

/// Reads how the targets are now; there is no history of it, so this comes early.
pub(super) async fn health(ctx: &Context) {
    let arns = ctx.case(|c| c.target_groups.iter().map(|g| g.arn.clone()).collect::<Vec<_>>());
    let mut tasks = JoinSet::new();
    for arn in arns.into_iter().take(GROUPS) {
        let ctx = ctx.clone();
        tasks.spawn(async move { health_of(&ctx, &arn).await });
    }
    while let Some(done) = tasks.join_next().await {
        if let Err(broken) = done {
            std::panic::resume_unwind(broken.into_panic());
        }
    }
}

async fn health_of(ctx: &Context, arn: &str) {
    let answer = ctx
        .aws
        .sdk(Action::DescribeTargetHealth, || {
            ctx.aws.balancing().describe_target_health().target_group_arn(arn).include(Include::Anomaly).send()
        })
        .await;
    let subject = format!("target health of {}", crate::case::topology::short_name(arn));
    if let Some(answer) = ctx.or_gap(Area::TargetHealth, &subject, answer).await {
        let states = answer.target_health_descriptions().iter().map(|d| target(arn, d)).collect();
        let asked = [("TargetGroupArn", arn), ("Include", "AnomalyDetection")];
        ctx.learn_from(origin(Action::DescribeTargetHealth, asked), What::TargetHealth(states)).await;
    }
}

fn balancer(b: &elb::LoadBalancer) -> LoadBalancer {
    LoadBalancer {
        arn: b.load_balancer_arn().owned(),
        name: b.load_balancer_name().text(),
        scheme: b.scheme().map(|s| s.as_str().to_owned()).unwrap_or_default(),
        vpc: b.vpc_id().owned(),
        state: b.state().and_then(|s| s.code()).map(|c| c.as_str().to_owned()).unwrap_or_default(),
        security_groups: b.security_groups().to_vec(),
        zones: b.availability_zones().iter().map(|z| Zone { name: z.zone_name().owned(), subnet: z.subnet_id().owned() }).collect(),
        attributes: BTreeMap::new(),
        ip_address_type: b.ip_address_type().map(|t| t.as_str().to_owned()),
        tags: BTreeMap::new(),
    }
}

fn group(g: &elb::TargetGroup) -> TargetGroup {
    TargetGroup {
        arn: g.target_group_arn().owned(),
        name: g.target_group_name().text(),
        target_type: g.target_type().map_or("instance", |t| t.as_str()).to_owned(),
        protocol: g.protocol().map(|p| p.as_str().to_owned()),
        port: g.port().and_then(port),
        vpc: g.vpc_id().map(str::to_owned),
        ip_address_type: g.ip_address_type().map(|t| t.as_str().to_owned()),
        health_check: health_check(g),
        attributes: BTreeMap::new(),
        tags: BTreeMap::new(),
    }
}

fn health_check(g: &elb::TargetGroup) -> HealthCheck {
    let default = HealthCheck::default();
    let number = |n: Option<i32>, default: u32| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(default);
    HealthCheck {
        enabled: g.health_check_enabled().unwrap_or(true),
        protocol: g.health_check_protocol().map(|p| p.as_str().to_owned()),
        port: g.health_check_port().unwrap_or("traffic-port").to_owned(),
        path: g.health_check_path().map(Foreign::from),
        interval: number(g.health_check_interval_seconds(), default.interval),
        timeout: number(g.health_check_timeout_seconds(), default.timeout),
        healthy_threshold: number(g.healthy_threshold_count(), default.healthy_threshold),
        unhealthy_threshold: number(g.unhealthy_threshold_count(), default.unhealthy_threshold),
        matcher: g.matcher().and_then(|m| m.http_code().or(m.grpc_code())).map(str::to_owned),
    }
}

fn port(n: i32) -> Option<u16> {
    u16::try_from(n).ok()
}

fn listener(l: &elb::Listener) -> Listener {
    Listener {
        arn: l.listener_arn().owned(),
        port: l.port().and_then(port).unwrap_or_default(),
        protocol: l.protocol().map(|p| p.as_str().to_owned()).unwrap_or_default(),
        rules: Vec::new(),
    }
}

fn rule(r: &elb::Rule) -> Rule {
    // The last action decides where a request goes; those before it authenticate.
    let last = r.actions().iter().max_by_key(|a| a.order().unwrap_or_default());
    Rule {
        arn: r.rule_arn().owned(),
        priority: r.priority().owned(),
        conditions: r.conditions().iter().map(condition).collect(),
        action: last.and_then(|a| a.r#type()).map(|t| t.as_str().to_owned()).unwrap_or_default(),
        forwards: r.actions().iter().flat_map(forwards).collect(),
    }
}

fn forwards(action: &elb::Action) -> Vec<Forward> {
    let weighted: Vec<_> = action
        .forward_config()
        .map_or(&[][..], |c| c.target_groups())
        .iter()
        .map(|t| Forward { target_group: t.target_group_arn().owned(), weight: t.weight().map_or(1, i32::unsigned_abs) })
        .collect();
    if weighted.is_empty() {
        action.target_group_arn().map(|arn| Forward { target_group: arn.to_owned(), weight: 1 }).into_iter().collect()
    } else {
        weighted
    }
}

fn condition(c: &elb::RuleCondition) -> Foreign {
    let mut values: Vec<String> = c.values().to_vec();
    values.extend(c.path_pattern_config().map_or(&[][..], |p| p.values()).iter().cloned());
    values.extend(c.host_header_config().map_or(&[][..], |p| p.values()).iter().cloned());
    values.extend(c.http_request_method_config().map_or(&[][..], |p| p.values()).iter().cloned());
    values.extend(c.source_ip_config().map_or(&[][..], |p| p.values()).iter().cloned());
    if let Some(header) = c.http_header_config() {
        values.push(header.http_header_name().owned());
        values.extend(header.values().iter().cloned());
    }
    if let Some(query) = c.query_string_config() {
        values.extend(query.values().iter().map(|q| format!("{}={}", q.key().unwrap_or("*"), q.value().unwrap_or("*"))));
    }
    let mut seen = BTreeSet::new();
    values.retain(|v| seen.insert(v.clone()));
    format!("{} {}", c.field().unwrap_or("?"), values.join(" ")).into()
}

fn target(group: &str, d: &elb::TargetHealthDescription) -> TargetHealth {
    let health = d.target_health();
    TargetHealth {
        target_group: group.to_owned(),
        id: d.target().and_then(|t| t.id()).owned(),
        port: d.target().and_then(|t| t.port()).and_then(port),
        zone: d.target().and_then(|t| t.availability_zone()).map(str::to_owned),
        health_check_port: d.health_check_port().and_then(|p| p.parse().ok()),
        state: health.and_then(|h| h.state()).map(|s| s.as_str().to_owned()).unwrap_or_default(),
        reason: health.and_then(|h| h.reason()).map(|r| r.as_str().to_owned()),
        description: health.and_then(|h| h.description()).map(Foreign::from),
        anomalous: d.anomaly_detection().and_then(|a| a.result()).map(|r| *r == elb::AnomalyResultEnum::Anomalous),
    }
}
