//! The instances behind the balancer: what they are, how they are, and what happened to them by EC2's own
//! account. Addresses that are targets are followed to their interfaces.

mod agents;

use super::actions::Action;
use super::call::{Items, Params};
use super::context::{Context, origin};
use super::network::{interfaces_of, learn_interfaces};
use super::values::iso;
use crate::case::events::Event;
use crate::case::topology::{Instance, InstanceStatus, ScheduledEvent};
use crate::changes::instances::{of_instance, of_status};
use crate::exchange::{Area, What};
use crate::text::Foreign;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Values that a filter of EC2 takes.
const FILTER: usize = 200;
const PAGES: usize = 20;

/// Reads the instances among the targets, and those behind addresses that are targets.
pub(super) async fn gather(ctx: &Context) {
    let targets: BTreeSet<String> = ctx.case(|c| c.target_health.values().map(|t| t.id.clone()).collect());
    let mut ids: BTreeSet<String> = targets.iter().filter(|t| t.starts_with("i-")).cloned().collect();
    let addresses: Vec<IpAddr> = targets.iter().filter_map(|t| t.parse().ok()).collect();
    if !addresses.is_empty() {
        let interfaces = interfaces_of(ctx, &addresses).await;
        ids.extend(interfaces.iter().filter_map(|i| i.instance.clone()));
        learn_interfaces(ctx, interfaces).await;
    }
    describe(ctx, &ids.into_iter().collect::<Vec<_>>()).await;
}

/// Reads these instances, which may be gone by now. Also for readers that learn of others.
pub async fn describe(ctx: &Context, ids: &[String]) {
    for ids in ids.chunks(FILTER) {
        let Some(instances) = described(ctx, ids).await else { return };
        let instances = with_credits(ctx, instances.iter().map(Description::convert).collect()).await;
        let events: Vec<Event> = instances.iter().flat_map(of_instance).collect();
        let asked = [("instance-id", ids.join(","))];
        ctx.learn_from(origin(Action::DescribeInstances, asked), What::Instances(instances)).await;
        statuses(ctx, ids).await;
        agents::gather(ctx, ids).await;
        if !events.is_empty() {
            ctx.learn_from(origin(Action::DescribeInstances, [("instance-id", ids.join(","))]), What::Events(events)).await;
        }
    }
}

async fn described(ctx: &Context, ids: &[String]) -> Option<Vec<Description>> {
    // By filter and not by id: one id that is gone would fail the whole call.
    let params = Params::new().filter("instance-id", ids).with("MaxResults", "1000");
    let pages = ctx.aws.query_all(Action::DescribeInstances, &params, PAGES, |a: &Reservations| a.next_token.clone()).await;
    let pages = ctx.or_gap(Area::Instances, "instances", pages).await?;
    Some(pages.into_iter().flat_map(|p| p.reservations.items).flat_map(|r| r.instances.items).collect())
}

async fn statuses(ctx: &Context, ids: &[String]) {
    let params = Params::new().filter("instance-id", ids).with("IncludeAllInstances", "true").with("MaxResults", "1000");
    // Servers that know no such filter answer with all instances; only those asked for are kept.
    let pages = ctx.aws.query_all(Action::DescribeInstanceStatus, &params, PAGES, |a: &Statuses| a.next_token.clone()).await;
    let Some(pages) = ctx.or_gap(Area::Instances, "instance status checks and scheduled events", pages).await else { return };
    let all: Vec<_> = pages.into_iter().flat_map(|p| p.statuses.items).filter(|s| ids.contains(&s.id)).collect();
    let statuses: Vec<_> = all.iter().map(StatusItem::convert).collect();
    let scheduled: Vec<Event> = statuses.iter().flat_map(of_status).collect();
    let asked = [("instance-id", ids.join(",")), ("IncludeAllInstances", "true".into())];
    ctx.learn_from(origin(Action::DescribeInstanceStatus, asked.clone()), What::InstanceStatuses(statuses)).await;
    if !scheduled.is_empty() {
        ctx.learn_from(origin(Action::DescribeInstanceStatus, asked), What::Events(scheduled)).await;
    }
}

/// Adds how burstable instances pay for credits they do not have.
async fn with_credits(ctx: &Context, mut instances: Vec<Instance>) -> Vec<Instance> {
    let burstable: Vec<String> = instances.iter().filter(|i| i.is_burstable() && i.state == "running").map(|i| i.id.clone()).collect();
    if burstable.is_empty() {
        return instances;
    }
    let params = Params::new().list("InstanceId", &burstable);
    let answer = ctx.aws.query::<CreditAnswer>(Action::DescribeInstanceCreditSpecifications, &params).await;
    if let Some(answer) = ctx.or_gap(Area::Instances, "credit settings of burstable instances", answer).await {
        let credits: BTreeMap<_, _> = answer.specs.items.into_iter().map(|c| (c.id, c.credits)).collect();
        for i in &mut instances {
            i.credits = credits.get(&i.id).cloned();
        }
    }
    instances
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reservations {
    #[serde(rename = "reservationSet")]
    reservations: Items<Reservation>,
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reservation {
    #[serde(rename = "instancesSet")]
    instances: Items<Description>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Description {
    #[serde(rename = "instanceId")]
    id: String,
    instance_type: String,
    #[serde(rename = "instanceState")]
    state: Named,
    /// Why it changed state, with the time.
    reason: Option<String>,
    state_reason: Option<Coded>,
    launch_time: Option<String>,
    placement: Placement,
    subnet_id: String,
    vpc_id: String,
    private_ip_address: Option<String>,
    monitoring: State,
    #[serde(rename = "groupSet")]
    groups: Items<GroupId>,
    #[serde(rename = "networkInterfaceSet")]
    interfaces: Items<OwnInterface>,
    #[serde(rename = "tagSet")]
    tags: Items<Tag>,
    instance_lifecycle: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Coded {
    code: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Placement {
    availability_zone: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    state: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct GroupId {
    pub(super) group_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OwnInterface {
    #[serde(rename = "groupSet")]
    groups: Items<GroupId>,
    #[serde(rename = "ipv6AddressesSet")]
    ipv6: Items<Ipv6>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Ipv6 {
    #[serde(rename = "ipv6Address")]
    pub(super) address: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tag {
    key: String,
    value: String,
}

impl Description {
    /// The code, and the words with the time that EC2 writes beside it.
    fn why(&self) -> Option<Foreign> {
        let code = self.state_reason.as_ref().map_or("", |r| r.code.as_str());
        let words = self.reason.as_deref().unwrap_or_default();
        match (code, words) {
            ("", "") => None,
            (code, "") => Some(code.into()),
            ("", words) => Some(words.into()),
            (code, words) => Some(format!("{code}: {words}").into()),
        }
    }

    fn convert(&self) -> Instance {
        let mut tags: BTreeMap<String, Foreign> = self.tags.items.iter().map(|t| (t.key.clone(), t.value.as_str().into())).collect();
        let groups = self.groups.items.iter().chain(self.interfaces.items.iter().flat_map(|i| &i.groups.items));
        let groups: BTreeSet<String> = groups.map(|g| g.group_id.clone()).filter(|g| !g.is_empty()).collect();
        Instance {
            id: self.id.clone(),
            name: tags.remove("Name"),
            instance_type: self.instance_type.clone(),
            zone: self.placement.availability_zone.clone(),
            subnet: self.subnet_id.clone(),
            vpc: self.vpc_id.clone(),
            private_ip: self.private_ip_address.clone(),
            ipv6: self.interfaces.items.iter().flat_map(|i| &i.ipv6.items).map(|a| a.address.clone()).collect(),
            state: self.state.name.clone(),
            state_reason: self.why(),
            launch_time: self.launch_time.as_deref().and_then(iso),
            detailed_monitoring: self.monitoring.state == "enabled",
            security_groups: groups.into_iter().collect(),
            auto_scaling_group: tags.remove("aws:autoscaling:groupName"),
            lifecycle: self.instance_lifecycle.clone(),
            credits: None,
            tags,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Statuses {
    #[serde(rename = "instanceStatusSet")]
    statuses: Items<StatusItem>,
    next_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StatusItem {
    #[serde(rename = "instanceId")]
    id: String,
    system_status: Checked,
    instance_status: Checked,
    attached_ebs_status: Option<Checked>,
    #[serde(rename = "eventsSet")]
    events: Items<Planned>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Checked {
    status: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Planned {
    code: String,
    description: String,
    not_before: Option<String>,
    not_after: Option<String>,
}

impl StatusItem {
    fn convert(&self) -> InstanceStatus {
        let scheduled = self.events.items.iter().map(|e| ScheduledEvent {
            code: e.code.clone(),
            description: e.description.as_str().into(),
            not_before: e.not_before.as_deref().and_then(iso),
            not_after: e.not_after.as_deref().and_then(iso),
        });
        InstanceStatus {
            id: self.id.clone(),
            system: self.system_status.status.clone(),
            instance: self.instance_status.status.clone(),
            ebs: self.attached_ebs_status.as_ref().map(|s| s.status.clone()),
            scheduled: scheduled.collect(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CreditAnswer {
    #[serde(rename = "instanceCreditSpecificationSet")]
    specs: Items<CreditItem>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CreditItem {
    #[serde(rename = "instanceId")]
    id: String,
    #[serde(rename = "cpuCredits")]
    credits: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = r#"<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><reservationSet><item><reservationId>r-1</reservationId><instancesSet><item><instanceId>i-1</instanceId><instanceState><code>80</code><name>stopped</name></instanceState><reason>User initiated (2026-11-20 13:05:00 GMT)</reason><stateReason><code>Client.UserInitiatedShutdown</code><message>Client.UserInitiatedShutdown: User initiated shutdown</message></stateReason><instanceType>t3.micro</instanceType><launchTime>2026-11-01T00:00:00.000Z</launchTime><placement><availabilityZone>eu-west-1a</availabilityZone></placement><monitoring><state>disabled</state></monitoring><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><privateIpAddress>10.0.0.4</privateIpAddress><groupSet><item><groupId>sg-1</groupId><groupName>app</groupName></item></groupSet><tagSet><item><key>Name</key><value>web &amp; co</value></item><item><key>aws:autoscaling:groupName</key><value>web-asg</value></item></tagSet></item></instancesSet></item></reservationSet><nextToken>t</nextToken></DescribeInstancesResponse>"#;

    #[test]
    fn instances_are_read_from_xml() {
        let answer: Reservations = quick_xml::de::from_str(XML).unwrap();
        assert_eq!(answer.next_token.as_deref(), Some("t"));
        let d = &answer.reservations.items[0].instances.items[0];
        let i = d.convert();
        assert_eq!((i.id.as_str(), i.state.as_str(), i.name.as_deref()), ("i-1", "stopped", Some("web & co")));
        assert_eq!((i.security_groups.as_slice(), i.auto_scaling_group.as_deref()), (&["sg-1".to_owned()][..], Some("web-asg")));
        assert_eq!(i.state_reason.as_deref(), Some("Client.UserInitiatedShutdown: User initiated (2026-11-20 13:05:00 GMT)"));
        let events = of_instance(&i);
        assert_eq!(crate::time::rfc3339(events[1].at), "2026-11-20T13:05:00Z");
    }

    #[test]
    fn an_empty_answer_is_no_error() {
        let answer: Reservations =
            quick_xml::de::from_str("<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>").unwrap();
        assert!(answer.reservations.items.is_empty());
    }
}
