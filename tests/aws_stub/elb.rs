//! Elastic Load Balancing v2 in query XML.

use super::{Call, Reply, World, members, tag};
use alb_triage::case::topology::{Listener, LoadBalancer, Rule, TargetGroup};
use std::collections::BTreeMap;

pub fn reply(world: &World, call: &Call) -> Option<Reply> {
    let case = world.case;
    let arn = |key: &str| call.text(key).to_owned();
    let inner = match call.operation.as_str() {
        "DescribeLoadBalancers" => {
            let (names, arns) = (call.list("Names.member"), call.list("LoadBalancerArns.member"));
            let wanted =
                |b: &&LoadBalancer| names.contains(&b.name.to_string()) || arns.contains(&b.arn) || (names.is_empty() && arns.is_empty());
            let Some(found) = case.load_balancer.as_ref().filter(wanted) else { return Some(Reply::error(400, "LoadBalancerNotFound")) };
            members("LoadBalancers", [balancer(found)])
        }
        "DescribeTargetGroups" => {
            let (names, arns) = (call.list("Names.member"), call.list("TargetGroupArns.member"));
            let by_balancer = !call.text("LoadBalancerArn").is_empty();
            let wanted = |g: &&TargetGroup| by_balancer || names.contains(&g.name.to_string()) || arns.contains(&g.arn);
            let all: Vec<TargetGroup> = case.target_groups.iter().filter(wanted).cloned().collect();
            let (page, next) = world.page(&all, call.text("Marker"), 400);
            let balancer = case.load_balancer.as_ref().map_or("", |b| &b.arn);
            members("TargetGroups", page.iter().map(|g| group(g, balancer))) + &tag("NextMarker", &next.unwrap_or_default())
        }
        "DescribeLoadBalancerAttributes" => attributes(&case.load_balancer.as_ref()?.attributes),
        "DescribeTargetGroupAttributes" => attributes(&case.target_groups.iter().find(|g| g.arn == arn("TargetGroupArn"))?.attributes),
        "DescribeListeners" => {
            let (page, next) = world.page(&case.listeners, call.text("Marker"), 400);
            members("Listeners", page.iter().map(listener)) + &tag("NextMarker", &next.unwrap_or_default())
        }
        "DescribeRules" => {
            let listener = case.listeners.iter().find(|l| l.arn == arn("ListenerArn"))?;
            let (page, next) = world.page(&listener.rules, call.text("Marker"), 400);
            members("Rules", page.iter().map(rule)) + &tag("NextMarker", &next.unwrap_or_default())
        }
        "DescribeTags" => {
            let arns = call.list("ResourceArns.member");
            assert!(arns.len() <= 20);
            let of_balancer = case.load_balancer.iter().map(|b| (&b.arn, &b.tags));
            let all = of_balancer.chain(case.target_groups.iter().map(|g| (&g.arn, &g.tags))).filter(|(a, _)| arns.contains(a));
            members(
                "TagDescriptions",
                all.map(|(arn, tags)| {
                    tag("ResourceArn", arn) + &members("Tags", tags.iter().map(|(k, v)| tag("Key", k) + &tag("Value", v)))
                }),
            )
        }
        "DescribeTargetHealth" => {
            assert_eq!(call.list("Include.member"), ["AnomalyDetection"]);
            let targets = case.target_health.values().filter(|t| t.target_group == arn("TargetGroupArn"));
            members(
                "TargetHealthDescriptions",
                targets.map(|t| {
                    let target = tag("Id", &t.id)
                        + &tag("Port", &t.port.map(|p| p.to_string()).unwrap_or_default())
                        + &tag("AvailabilityZone", t.zone.as_deref().unwrap_or(""));
                    let health = tag("State", &t.state)
                        + &tag("Reason", t.reason.as_deref().unwrap_or(""))
                        + &tag("Description", t.description.as_deref().unwrap_or(""));
                    let anomaly = t.anomalous.map_or(String::new(), |a| {
                        format!(
                            "<AnomalyDetection><Result>{}</Result><MitigationInEffect>no</MitigationInEffect></AnomalyDetection>",
                            if a { "anomalous" } else { "normal" }
                        )
                    });
                    let port = tag("HealthCheckPort", &t.health_check_port.map(|p| p.to_string()).unwrap_or_default());
                    format!("<Target>{target}</Target><TargetHealth>{health}</TargetHealth>{port}{anomaly}")
                }),
            )
        }
        _ => return None,
    };
    let op = &call.operation;
    Some(Reply::Xml(format!(
        "<{op}Response xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><{op}Result>{inner}</{op}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{op}Response>"
    )))
}

fn attributes(all: &BTreeMap<String, String>) -> String {
    members("Attributes", all.iter().map(|(k, v)| format!("<Key>{k}</Key><Value>{v}</Value>")))
}

fn balancer(b: &LoadBalancer) -> String {
    let zones = b.zones.iter().map(|z| tag("ZoneName", &z.name) + &tag("SubnetId", &z.subnet));
    tag("LoadBalancerArn", &b.arn)
        + &tag("LoadBalancerName", &b.name)
        + &tag("Scheme", &b.scheme)
        + &tag("VpcId", &b.vpc)
        + &format!("<State><Code>{}</Code></State><Type>application</Type>", b.state)
        + &tag("IpAddressType", b.ip_address_type.as_deref().unwrap_or(""))
        + &members("SecurityGroups", b.security_groups.iter().cloned())
        + &members("AvailabilityZones", zones)
}

fn group(g: &TargetGroup, balancer: &str) -> String {
    let h = &g.health_check;
    let number = |name: &str, n: u32| tag(name, &n.to_string());
    tag("TargetGroupArn", &g.arn)
        + &tag("TargetGroupName", &g.name)
        + &tag("TargetType", &g.target_type)
        + &tag("Protocol", g.protocol.as_deref().unwrap_or(""))
        + &tag("Port", &g.port.map(|p| p.to_string()).unwrap_or_default())
        + &tag("VpcId", g.vpc.as_deref().unwrap_or(""))
        + &tag("IpAddressType", g.ip_address_type.as_deref().unwrap_or(""))
        + &tag("HealthCheckEnabled", &h.enabled.to_string())
        + &tag("HealthCheckProtocol", h.protocol.as_deref().unwrap_or(""))
        + &tag("HealthCheckPort", &h.port)
        + &tag("HealthCheckPath", h.path.as_deref().unwrap_or(""))
        + &number("HealthCheckIntervalSeconds", h.interval)
        + &number("HealthCheckTimeoutSeconds", h.timeout)
        + &number("HealthyThresholdCount", h.healthy_threshold)
        + &number("UnhealthyThresholdCount", h.unhealthy_threshold)
        + &h.matcher.as_ref().map_or(String::new(), |m| format!("<Matcher><HttpCode>{m}</HttpCode></Matcher>"))
        + &members("LoadBalancerArns", [balancer.to_owned()])
}

fn listener(l: &Listener) -> String {
    tag("ListenerArn", &l.arn) + &tag("Port", &l.port.to_string()) + &tag("Protocol", &l.protocol)
}

fn rule(r: &Rule) -> String {
    let conditions = r.conditions.iter().map(|c| {
        let (field, values) = c.split_once(' ').unwrap_or((c, ""));
        tag("Field", field) + &members("Values", values.split(' ').filter(|v| !v.is_empty()).map(str::to_owned))
    });
    let weights = r.forwards.iter().map(|f| tag("TargetGroupArn", &f.target_group) + &tag("Weight", &f.weight.to_string()));
    let forward =
        if r.forwards.is_empty() { String::new() } else { format!("<ForwardConfig>{}</ForwardConfig>", members("TargetGroups", weights)) };
    tag("RuleArn", &r.arn)
        + &tag("Priority", &r.priority)
        + &members("Conditions", conditions)
        + &members("Actions", [tag("Type", &r.action) + &forward])
        + &tag("IsDefault", if r.priority == "default" { "true" } else { "false" })
}
