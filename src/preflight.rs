//! `preflight`: in seconds, who you are, what this role can and cannot see, and what this terminal can
//! show. One cheap call for each action of the list; plain text, so that it can be pasted into a ticket.

use crate::cli::Common;
use crate::sources::aws::actions::{Action, Service};
use crate::sources::aws::call::{Aws, Params};
use crate::sources::aws::errors::{CallError, Trouble};
use crate::sources::aws::fatal::FatalKind;
use crate::sources::aws::gather::region_of_target;
use crate::sources::aws::identity::whoami;
use crate::sources::aws::s3::ListQuery;
use crate::sources::aws::session::Wishes;
use crate::time::{Time, in_words, rfc3339};
use aws_smithy_types::DateTime;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::fmt::Write;
use tokio::task::JoinSet;

/// What preflight has to say, and the exit code: 0, 69 or 77.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preflight {
    pub text: String,
    pub exit: u8,
}

/// Looks around. `target` narrows nothing yet but its region: alarms and balancers are read as a whole.
pub async fn run(common: &Common, target: Option<&str>, now: Time) -> Preflight {
    let mut wishes = Wishes::of(common);
    wishes.region = wishes.region.or_else(|| target.and_then(region_of_target));
    match Aws::open(&wishes).await {
        Ok(aws) => with_session(&aws, now).await,
        Err(why) => Preflight { text: format!("AWS\n  {why}\n\n{}", terminal()), exit: FatalKind::Usage.exit_code() },
    }
}

/// The same with a session at hand.
pub async fn with_session(aws: &Aws, now: Time) -> Preflight {
    let mut text = String::new();
    match whoami(aws).await {
        Ok(who) => {
            let _ = writeln!(text, "You are\n  {} (account {}, region {}{})", who.arn, who.account, who.region, profile(aws));
            if let Some(end) = who.expires {
                let _ = writeln!(text, "  these credentials end {} (in {})", rfc3339(end), in_words(end - now));
            }
        }
        Err(error) if error.is_hopeless() => {
            let exit = crate::sources::aws::Fatal::from(&error).kind.exit_code();
            return Preflight { text: format!("You are\n  unknown: {error}\n\n{}", terminal()), exit };
        }
        Err(error) => _ = writeln!(text, "You are\n  unknown: {error}"),
    }
    let found = Found::look(aws).await;
    let results = probe_all(aws, &found, now).await;
    let _ = write!(text, "\nWhat this role can see\n{}", sight(&results));
    let _ = write!(text, "\n{}", terminal());
    Preflight { text, exit: exit_code(&results) }
}

fn profile(aws: &Aws) -> String {
    aws.profile().map_or(String::new(), |p| format!(", profile {p}"))
}

/// Things to ask about, where an action needs one.
#[derive(Clone, Debug, Default)]
struct Found {
    balancer: Option<String>,
    group: Option<String>,
    listener: Option<String>,
    log_bucket: Option<(String, String)>,
}

impl Found {
    /// The first balancer and group there are; what cannot be read stays empty.
    async fn look(aws: &Aws) -> Self {
        let elb = aws.balancing();
        let balancer = aws.sdk(Action::DescribeLoadBalancers, || elb.describe_load_balancers().page_size(20).send()).await;
        let is_app = |b: &&aws_sdk_elasticloadbalancingv2::types::LoadBalancer| b.load_balancer_arn().is_some_and(|a| a.contains("/app/"));
        let balancer = balancer.ok().and_then(|a| a.load_balancers().iter().find(is_app)?.load_balancer_arn().map(str::to_owned));
        let group = aws.sdk(Action::DescribeTargetGroups, || elb.describe_target_groups().page_size(1).send()).await;
        let group = group.ok().and_then(|a| a.target_groups().first()?.target_group_arn().map(str::to_owned));
        let mut found = Self { balancer, group, ..Self::default() };
        if let Some(arn) = &found.balancer {
            let listeners = aws.sdk(Action::DescribeListeners, || elb.describe_listeners().load_balancer_arn(arn).send()).await;
            found.listener = listeners.ok().and_then(|a| a.listeners().first()?.listener_arn().map(str::to_owned));
            let attributes = aws
                .sdk(Action::DescribeLoadBalancerAttributes, || elb.describe_load_balancer_attributes().load_balancer_arn(arn).send())
                .await;
            let attributes = attributes.map(|a| a.attributes.unwrap_or_default()).unwrap_or_default();
            let value = |key: &str| attributes.iter().find(|a| a.key() == Some(key)).and_then(|a| a.value()).filter(|v| !v.is_empty());
            found.log_bucket =
                value("access_logs.s3.bucket").map(|b| (b.to_owned(), value("access_logs.s3.prefix").unwrap_or_default().to_owned()));
        }
        found
    }
}

/// What a probe showed.
#[derive(Clone, Debug)]
enum Seen {
    Yes,
    No(CallError),
    /// Nothing to ask it about, and why.
    NotTried(&'static str),
}

async fn probe_all(aws: &Aws, found: &Found, now: Time) -> Vec<(Action, Seen)> {
    let mut probes = JoinSet::new();
    for action in Action::ALL.iter().copied() {
        let (aws, found) = (aws.clone(), found.clone());
        probes.spawn(async move { (action, probe(&aws, action, &found, now).await) });
    }
    let mut results: Vec<(Action, Seen)> = Vec::new();
    while let Some(done) = probes.join_next().await {
        // A probe that broke shows as an action that is missing from the list, which a test would see.
        results.extend(done.ok());
    }
    results.sort_by_key(|(a, _)| *a);
    results
}

async fn probe(aws: &Aws, action: Action, found: &Found, now: Time) -> Seen {
    match action.row().service {
        Service::Ec2 | Service::AutoScaling | Service::Sts => probe_query(aws, action).await,
        Service::CloudWatch | Service::CloudTrail => probe_cloudwatch(aws, action, now).await,
        Service::Balancing => probe_balancing(aws, action, found).await,
        Service::S3 => probe_s3(aws, action, found).await,
        Service::ZonalShift => {
            let path = if action == Action::ListAutoshifts { "/autoshifts" } else { "/zonalshifts" };
            seen(aws.rest::<IgnoredAny>(action, path, &[("maxResults", "1")]).await)
        }
        Service::Athena => Seen::NotTried("a query would cost; only used with --access-logs athena:…"),
        _ => match json_body(action) {
            Some(body) => seen(aws.json::<IgnoredAny>(action, &body).await),
            None => Seen::NotTried("needs something to ask about"),
        },
    }
}

fn seen<T>(result: Result<T, CallError>) -> Seen {
    match result {
        Ok(_) => Seen::Yes,
        // Allowed to ask, and there was nothing: that is sight too.
        Err(e) if matches!(e.trouble, Trouble::NotFound | Trouble::Invalid) => Seen::Yes,
        Err(e) => Seen::No(e),
    }
}

async fn probe_query(aws: &Aws, action: Action) -> Seen {
    let params = match action {
        Action::GetConsoleOutput => return Seen::NotTried("only asked for an instance that is in question"),
        Action::GetManagedPrefixListEntries => return Seen::NotTried("only asked for a prefix list that a rule names"),
        Action::DescribeInstanceRefreshes => return Seen::NotTried("only asked for a scaling group that is in question"),
        Action::GetCallerIdentity => Params::new(),
        _ if action.row().service == Service::AutoScaling => Params::new().with("MaxRecords", "1"),
        _ => Params::new().with("MaxResults", "5"),
    };
    seen(aws.query::<IgnoredAny>(action, &params).await)
}

async fn probe_cloudwatch(aws: &Aws, action: Action, now: Time) -> Seen {
    let (cloudwatch, trail) = (aws.cloudwatch(), aws.cloudtrail());
    match action {
        Action::DescribeAlarms => seen(aws.sdk(action, || cloudwatch.describe_alarms().max_records(1).send()).await),
        Action::DescribeAlarmHistory => seen(aws.sdk(action, || cloudwatch.describe_alarm_history().max_records(1).send()).await),
        Action::ListMetrics => seen(
            aws.sdk(action, || cloudwatch.list_metrics().namespace("AWS/ApplicationELB").metric_name(crate::metrics::ERRORS).send()).await,
        ),
        Action::DescribeAlarmsForMetric => seen(
            aws.sdk(action, || {
                cloudwatch.describe_alarms_for_metric().namespace("AWS/ApplicationELB").metric_name(crate::metrics::ERRORS).send()
            })
            .await,
        ),
        Action::LookupEvents => seen(aws.sdk(action, || trail.lookup_events().max_results(1).send()).await),
        _ => {
            let end = DateTime::from_secs(crate::time::floor_to(now, 60).timestamp());
            aws.count().metrics(1);
            seen(
                aws.sdk(action, || {
                    cloudwatch
                        .get_metric_data()
                        .start_time(DateTime::from_secs(end.secs() - 300))
                        .end_time(end)
                        .metric_data_queries(one_metric())
                        .send()
                })
                .await,
            )
        }
    }
}

fn one_metric() -> aws_sdk_cloudwatch::types::MetricDataQuery {
    use aws_sdk_cloudwatch::types::{Metric, MetricDataQuery, MetricStat};
    let metric = Metric::builder().namespace("AWS/ApplicationELB").metric_name("RequestCount").build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Sum").build();
    MetricDataQuery::builder().id("q0").metric_stat(stat).build()
}

async fn probe_balancing(aws: &Aws, action: Action, found: &Found) -> Seen {
    let elb = aws.balancing();
    const NONE: Seen = Seen::NotTried("there is no balancer or group here to ask about");
    let (Some(balancer), Some(group)) = (&found.balancer, &found.group) else {
        return match action {
            Action::DescribeLoadBalancers => seen(aws.sdk(action, || elb.describe_load_balancers().page_size(1).send()).await),
            Action::DescribeTargetGroups => seen(aws.sdk(action, || elb.describe_target_groups().page_size(1).send()).await),
            _ => NONE,
        };
    };
    match action {
        Action::DescribeLoadBalancers | Action::DescribeTargetGroups => Seen::Yes,
        Action::DescribeLoadBalancerAttributes => {
            seen(aws.sdk(action, || elb.describe_load_balancer_attributes().load_balancer_arn(balancer).send()).await)
        }
        Action::DescribeListeners => seen(aws.sdk(action, || elb.describe_listeners().load_balancer_arn(balancer).send()).await),
        Action::DescribeRules => match &found.listener {
            Some(listener) => seen(aws.sdk(action, || elb.describe_rules().listener_arn(listener).send()).await),
            None => NONE,
        },
        Action::DescribeTargetGroupAttributes => {
            seen(aws.sdk(action, || elb.describe_target_group_attributes().target_group_arn(group).send()).await)
        }
        Action::DescribeTargetHealth => seen(aws.sdk(action, || elb.describe_target_health().target_group_arn(group).send()).await),
        _ => seen(aws.sdk(action, || elb.describe_tags().resource_arns(balancer).send()).await),
    }
}

async fn probe_s3(aws: &Aws, action: Action, found: &Found) -> Seen {
    let Some((bucket, prefix)) = &found.log_bucket else { return Seen::NotTried("the first balancer writes no access log") };
    match action {
        Action::ListObjects => seen(aws.list_objects(&ListQuery { bucket, prefix, ..ListQuery::default() }).await),
        Action::GetObject => {
            let listing = aws.list_objects(&ListQuery { bucket, prefix, ..ListQuery::default() }).await;
            match listing.ok().and_then(|l| l.objects.into_iter().find(|o| o.key.ends_with(".gz"))) {
                Some(object) => seen(aws.get_object(bucket, &object.key, Some(0..1)).await),
                None => Seen::NotTried("there is no access log in the bucket, or it cannot be listed"),
            }
        }
        _ => Seen::NotTried("only asked when S3 does not say by itself where a bucket is"),
    }
}

/// The smallest question of each JSON service that needs no name of a thing.
fn json_body(action: Action) -> Option<Value> {
    Some(match action {
        Action::ListClusters => json!({"maxResults": 1}),
        Action::DescribeLogGroups => json!({"limit": 1}),
        Action::ListDeployments => json!({}),
        Action::DescribeEvents => json!({"maxResults": 10}),
        Action::DescribeInstanceInformation => json!({"MaxResults": 5}),
        Action::ApplicationScalingActivities => json!({"ServiceNamespace": "ecs", "MaxResults": 1}),
        _ => return None,
    })
}

/// One line an action, those that are missing first said with what they blind.
fn sight(results: &[(Action, Seen)]) -> String {
    let mut out = String::new();
    for (action, seen) in results {
        let name = action.iam();
        let _ = match seen {
            Seen::Yes => writeln!(out, "  yes      {name}"),
            Seen::No(e) if e.trouble == Trouble::Denied => {
                writeln!(out, "  DENIED   {name}: ask for it; without it this part is blind: {:?}", action.row().area)
            }
            Seen::No(e) => writeln!(out, "  no       {e}"),
            Seen::NotTried(why) => writeln!(out, "  -        {name} was not tried: {why}"),
        };
    }
    out
}

/// Only the alarm and its metrics are indispensable.
fn exit_code(results: &[(Action, Seen)]) -> u8 {
    let needed = [Action::DescribeAlarms, Action::GetMetricData];
    let failed = results.iter().filter(|(a, _)| needed.contains(a)).find_map(|(_, s)| match s {
        Seen::No(e) => Some(crate::sources::aws::Fatal::from(e).kind.exit_code()),
        _ => None,
    });
    failed.unwrap_or(0)
}

/// What this terminal can show, as far as it says.
fn terminal() -> String {
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    let size = crossterm::terminal::size().map_or_else(|_| "unknown size".to_owned(), |(w, h)| format!("{w}×{h}"));
    let term = var("TERM");
    let colours = match (var("NO_COLOR").is_empty(), var("COLORTERM").as_str(), term.as_str()) {
        (false, ..) => "no colours (NO_COLOR is set)",
        (_, "truecolor" | "24bit", _) => "all colours",
        (.., t) if t.contains("256color") => "256 colours",
        (.., "dumb" | "") => "no colours",
        _ => "16 colours",
    };
    let locale = [var("LC_ALL"), var("LC_CTYPE"), var("LANG")].into_iter().find(|l| !l.is_empty()).unwrap_or_default();
    let utf8 = locale.to_lowercase().replace('-', "").contains("utf8");
    let letters = if utf8 { "boxes and blocks" } else { "ASCII only (the locale is not UTF-8); use --ascii" };
    let locale = if locale.is_empty() { "no locale".to_owned() } else { locale };
    format!(
        "This terminal\n  {term}, {size}, {colours}, {letters} ({locale})\n",
        term = if term.is_empty() { "TERM is not set" } else { &term }
    )
}
