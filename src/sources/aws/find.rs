//! Finds what an incident is about: the alarm that was named and its balancer, or the balancer that was
//! named and its alarm.

use super::actions::Action;
use super::context::{Context, origin};
use super::errors::{CallError, Trouble};
use super::fatal::{Fatal, FatalKind};
use super::{alarms, balancer};
use crate::case::alarm::Alarm;
use crate::case::gaps::{Gap, Reason};
use crate::case::topology::{LoadBalancer, dimension_of, short_name};
use crate::exchange::{Area, What};
use crate::subject::Thing;
use std::collections::BTreeMap;

/// What ends an investigation before it begins, and the same as a gap.
pub(super) type Failure = (Fatal, Gap);

pub(super) fn no_alarm(fatal: Fatal, reason: Reason) -> Failure {
    let gap = Gap { area: Area::Alarm, subject: "the alarm".into(), reason, action: None, detail: fatal.words.as_str().into() };
    (fatal, gap)
}

fn failed(error: &CallError, subject: &str) -> Failure {
    (Fatal::from(error), error.gap(Area::Alarm, subject))
}

/// Finds the alarm and its balancer and says them. Only an alarm that cannot be read at all is fatal.
pub(super) async fn identify(ctx: &Context, thing: &Thing) -> Result<(), Failure> {
    match thing {
        Thing::Alarm(name) => {
            let alarm = alarm_named(ctx, name).await?;
            ctx.learn_from(origin(Action::DescribeAlarms, [("AlarmNames", name.as_str())]), What::Alarm(alarm)).await;
            of_alarm(ctx).await;
        }
        Thing::Balancer(arn) => {
            of_arn(ctx, arn).await?;
            watching(ctx, None).await;
        }
        Thing::TargetGroup(arn) => {
            let found = balancer::of_group(&ctx.aws, arn).await.map_err(|e| failed(&e, "the target group"))?;
            let Some(balancer) = found else {
                let words = format!("target group {arn} does not exist or hangs on no load balancer");
                return Err(no_alarm(Fatal { kind: FatalKind::Usage, words }, Reason::Unavailable));
            };
            of_arn(ctx, &balancer).await?;
            watching(ctx, Some(arn)).await;
        }
    }
    Ok(())
}

async fn alarm_named(ctx: &Context, name: &str) -> Result<Alarm, Failure> {
    let usage = |words: String| no_alarm(Fatal { kind: FatalKind::Usage, words }, Reason::Unavailable);
    match alarms::find(&ctx.aws, name).await.map_err(|e| failed(&e, "the alarm"))? {
        alarms::Found::Alarm(alarm) => Ok(*alarm),
        alarms::Found::Childless => Err(usage(format!("“{name}” is a composite alarm without a metric alarm among its children"))),
        alarms::Found::Nothing(near) => {
            let place = ctx.aws.region();
            let hint = if near.is_empty() {
                "look in another region with --region".to_owned()
            } else {
                format!("did you mean {}?", near.join(", "))
            };
            Err(usage(format!("there is no alarm “{name}” in {place}: {hint}")))
        }
    }
}

/// The balancer that the alarm's dimensions name, directly or by its group.
async fn of_alarm(ctx: &Context) {
    let dimension = |name: &str| ctx.case(|c| c.alarm.as_ref().and_then(|a| a.dimensions.get(name).cloned()));
    let found = match (dimension("LoadBalancer"), dimension("TargetGroup")) {
        (Some(balancer), _) => balancer::by_dimension(&ctx.aws, &balancer).await,
        (None, Some(group)) => match balancer::of_group(&ctx.aws, short_name(&group)).await {
            Ok(Some(arn)) => balancer::by_arn(&ctx.aws, &arn).await,
            Ok(None) => Ok(None),
            Err(e) => Err(e),
        },
        (None, None) => {
            let detail = "the alarm names no load balancer and no target group: it may watch something else";
            return ctx.gap(Area::Balancer, "the load balancer", Reason::NotApplicable, detail).await;
        }
    };
    match found {
        Ok(Some(balancer)) => learn_balancer(ctx, balancer).await,
        Ok(None) => {
            let detail = "the load balancer that the alarm watches does not exist (any more) in this account and region";
            ctx.gap(Area::Balancer, "the load balancer", Reason::Unavailable, detail).await;
        }
        Err(error) => ctx.learn(What::Gap(error.gap(Area::Balancer, "the load balancer"))).await,
    }
}

async fn of_arn(ctx: &Context, arn: &str) -> Result<(), Failure> {
    let found = balancer::by_arn(&ctx.aws, arn).await;
    let missing = || {
        let words = format!("load balancer {arn} does not exist in {}", ctx.aws.region());
        no_alarm(Fatal { kind: FatalKind::Usage, words }, Reason::Unavailable)
    };
    match found {
        Ok(Some(balancer)) => learn_balancer(ctx, balancer).await,
        Ok(None) => return Err(missing()),
        Err(e) if e.trouble == Trouble::NotFound => return Err(missing()),
        Err(e) => return Err(failed(&e, "the load balancer")),
    }
    Ok(())
}

async fn learn_balancer(ctx: &Context, balancer: LoadBalancer) {
    let asked = [("Names", balancer.name.to_string())];
    ctx.learn_from(origin(Action::DescribeLoadBalancers, asked), What::LoadBalancer(balancer)).await;
}

/// The alarm on what was named, if there is one; an incident can be looked at without.
async fn watching(ctx: &Context, group: Option<&str>) {
    let Some(balancer) = ctx.case(|c| c.load_balancer.as_ref().map(|b| dimension_of(&b.arn).to_owned())) else {
        return;
    };
    let alone: BTreeMap<_, _> = [("LoadBalancer".to_owned(), balancer)].into();
    let mut sets = vec![alone.clone()];
    if let Some(group) = group {
        let mut both = alone;
        both.insert("TargetGroup".into(), dimension_of(group).to_owned());
        sets.insert(0, both);
    }
    match alarms::watching(&ctx.aws, &sets).await {
        Ok(Some(alarm)) => {
            ctx.learn_from(origin(Action::DescribeAlarmsForMetric, [("MetricName", crate::metrics::ERRORS)]), What::Alarm(alarm)).await
        }
        Ok(None) => {
            let detail = "no alarm watches connection errors of this load balancer as a whole; the last two hours are read unless --at says otherwise";
            ctx.gap(Area::Alarm, "the alarm", Reason::NotApplicable, detail).await;
        }
        Err(error) => ctx.learn(What::Gap(error.gap(Area::Alarm, "the alarm"))).await,
    }
}
