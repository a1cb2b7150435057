//! What configuration alone tells: the computed way to the targets, ports, addresses, the balancer's room.

use super::Asked;
use crate::accesslog::Signature;
use crate::analysis::scene::address;
use crate::case::Case;
use crate::case::events::{Event, EventSource};
use crate::checks::Value;
use crate::exchange::Area;
use crate::path::{self, HopKind, Overall, PathResult, Purpose};
use crate::say;
use crate::text::Text;
use crate::time::Time;
use chrono::Duration;
use std::sync::Arc;

pub(super) fn ask(asked: &mut Asked) {
    ways(asked);
    ports(asked);
    registered(asked);
    room(asked);
    lambda(asked);
}

/// The way as it was when the errors began; without an onset, as it is.
fn ways(asked: &mut Asked) {
    let scene = asked.scene;
    let case = scene.case;
    if case.security_groups.is_empty() && case.network_acls.is_empty() && case.route_tables.is_empty() {
        return;
    }
    let groups = case.groups_in_question();
    let ours = |w: &&PathResult| w.purpose.serves(Purpose::Traffic) && groups.iter().any(|g| g.arn == w.target.group);
    let then = moments(asked).into_iter().map(|t| path::evaluate_at(case, t));
    let blocked = |all: &[PathResult]| all.iter().filter(ours).filter(|w| matches!(w.overall(), Overall::Blocked { .. })).count();
    let first_most = then.reduce(|a, b| if !Arc::ptr_eq(&a, &b) && blocked(&b) > blocked(&a) { b } else { a });
    let all = first_most.unwrap_or_else(|| path::evaluate(case));
    let (gone, ours): (Vec<&PathResult>, Vec<&PathResult>) = all.iter().filter(ours).partition(|w| w.target.gone);
    hops(asked, &ours, "target-sg-blocks", &[HopKind::TargetSecurityGroup]);
    hops(asked, &ours, "balancer-sg-blocks", &[HopKind::BalancerSecurityGroup]);
    hops(asked, &ours, "acl-or-route-blocks", &HopKind::ACL_AND_ROUTE);
    addresses(asked, &ours, &gone);
    whole(asked, &ours);
}

/// When the way counts: as the errors begin, and at their height, in case they began with something else.
fn moments(asked: &Asked) -> Vec<Time> {
    let Some(episode) = asked.scene.episode else { return Vec::new() };
    let begun = episode.onset + Duration::seconds(i64::from(episode.onset_uncertainty.max(60)));
    let height = asked.scene.errors.largest(asked.scene.main()).map(|(t, _)| t).filter(|t| *t > begun);
    std::iter::once(begun).chain(height).collect()
}

fn hops(asked: &mut Asked, ways: &[&PathResult], id: &'static str, kinds: &[HopKind]) {
    match path::ask(ways.iter().copied(), kinds) {
        path::Answer::Blocked(blockers) => {
            let partly = blockers.iter().all(|b| b.partly);
            let Some(first) = blockers.first() else { return };
            let (Text { en, vi }, n) = (first.words.clone(), blockers.len());
            let words = say!("{en} ({n} place(s))", "{vi} ({n} chỗ)");
            asked.yes(id, if partly { 0.7 } else { 1.0 }, words, vec![Value::new("blocked ways", n as f64)]);
        }
        path::Answer::Open => {
            let n = ways.len();
            let words =
                say!("open on the way to all {n} targets when the errors began", "thông trên đường tới cả {n} target khi bắt đầu lỗi");
            // What was put right since is known only as far as the changes were read.
            let sure = if kinds.contains(&HopKind::Address) || is_as_it_was(asked) { 1.0 } else { 0.4 };
            asked.no(id, sure, words, vec![Value::new("ways", n as f64)]);
        }
        path::Answer::CannotTell(why) => {
            if let Some(why) = why.first() {
                asked.unknown(id, (*why).clone());
            }
        }
        path::Answer::Nothing => {}
    }
}

/// Whether the network of now, with every change since undone, is that of the errors: they last, or the changes
/// were read to the end of them.
fn is_as_it_was(asked: &Asked) -> bool {
    let Some(episode) = asked.scene.episode else { return true };
    let Some(end) = episode.end else { return true };
    let read = asked.scene.case.reaches.get(&EventSource::CloudTrail);
    read.is_some_and(|r| r.from <= episode.onset && r.settled_until >= end + Duration::minutes(1))
}

fn whole(asked: &mut Asked, ways: &[&PathResult]) {
    let open = ways.iter().filter(|w| w.overall() == Overall::Open).count();
    let blocked = ways.iter().find(|w| matches!(w.overall(), Overall::Blocked { .. }));
    let n = ways.len();
    match blocked {
        Some(way) => asked.no("path-open", 1.0, way.sentence(), Vec::new()),
        None if n > 0 && open == n => {
            let words = say!(
                "security groups, ACLs and routes let the balancer reach all {n} targets and let answers back",
                "security group, ACL và route đều cho load balancer tới cả {n} target và cho trả lời về"
            );
            asked.yes("path-open", 1.0, words, vec![Value::new("ways", n as f64)]);
        }
        None => {}
    }
}

/// Addresses that nothing has, of targets that are addresses.
fn addresses(asked: &mut Asked, ways: &[&PathResult], gone: &[&PathResult]) {
    let case = asked.scene.case;
    let by_address = case.groups_in_question().iter().any(|g| g.target_type == "ip");
    if !by_address {
        if !case.target_groups.is_empty() {
            let words = say!("targets are instances: their addresses are their own", "target là instance: địa chỉ là của chính nó");
            asked.no("address-without-owner", 1.0, words, Vec::new());
        }
        return;
    }
    // A target may have been taken out since because it had no owner; one that failed counts.
    let log = asked.scene.log.as_ref();
    let failed = |w: &&&PathResult| w.target.log_name().is_some_and(|n| log.is_some_and(|l| l.by_target.contains_key(n.as_str())));
    let with_failed: Vec<&PathResult> = ways.iter().chain(gone.iter().filter(failed)).copied().collect();
    // Who fails is known from the log only: without it, those who left may be the ones.
    let is_open = matches!(path::ask(with_failed.iter().copied(), &[HopKind::Address]), path::Answer::Open);
    if log.is_none() && !gone.is_empty() && is_open {
        return asked.unknown(
            "address-without-owner",
            say!(
                "targets have left since, and no access log tells whether they failed",
                "có target đã rời đi, và không có access log để biết chúng có lỗi không"
            ),
        );
    }
    hops(asked, &with_failed, "address-without-owner", &[HopKind::Address]);
    if !asked.is_yes("address-without-owner") {
        let left: Vec<String> = gone.iter().filter(failed).filter_map(|w| w.target.log_name()).filter(|n| let_go_late(asked, n)).collect();
        if let Some(name) = left.first() {
            let n = left.len();
            let words = say!(
                "{n} address(es) that failed belong to nothing now and were deregistered only minutes after they began to fail: {name}",
                "{n} địa chỉ bị lỗi nay không thuộc về ai và chỉ được gỡ đăng ký vài phút sau khi bắt đầu lỗi: {name}"
            );
            asked.yes("address-without-owner", 0.9, words, vec![Value::new("addresses", n as f64)]);
        }
    }
}

/// How long after its first failure a target that is let go of in time may still be asked.
const IN_TIME: Duration = Duration::seconds(100);

/// Whether an address has no owner and was let go of only after it had failed for a while: what it belonged to
/// went first.
fn let_go_late(asked: &Asked, target: &str) -> bool {
    let (case, ip) = (asked.scene.case, address(target));
    let owned =
        case.interfaces.values().any(|i| i.private_ip == ip) || case.instances.values().any(|i| i.private_ip.as_deref() == Some(ip));
    if owned || case.interfaces.is_empty() || !is_read(case, Area::Network) {
        return false;
    }
    let connection = |s| matches!(s, Signature::Refused | Signature::ConnectTimeout);
    let rows = asked.scene.log.iter().flat_map(|l| &l.log.failures);
    let first =
        rows.filter(|r| r.target == target && connection(r.signature)).map(|r| r.minute).filter(|t| asked.scene.near.contains(*t)).min();
    let let_go = |e: &&Event| &*e.name == "DeregisterTargets" && e.error.is_none() && e.resources.iter().any(|r| **r == *ip);
    let left = case.events.values().filter(let_go).map(|e| e.at).max();
    first.zip(left).is_some_and(|(first, left)| left > first + IN_TIME)
}

fn ports(asked: &mut Asked) {
    let scene = asked.scene;
    let groups: Vec<_> = scene.target_group().map_or_else(|| scene.case.groups_in_question(), |g| vec![g]);
    let targets = |arn: &str| scene.case.target_health.values().filter(|t| t.target_group == arn).collect::<Vec<_>>();
    for group in &groups {
        let differing: Vec<(u16, u16)> = targets(&group.arn)
            .iter()
            .filter_map(|t| {
                let traffic = t.port.or(group.port)?;
                let checked = t.health_check_port.unwrap_or_else(|| group.health_check.port_for(traffic));
                (checked != traffic).then_some((checked, traffic))
            })
            .chain(group.port.map(|p| (group.health_check.port_for(p), p)).filter(|(a, b)| a != b))
            .collect();
        if let Some((checked, traffic)) = differing.first() {
            let name = &group.name;
            let words = say!(
                "health checks of {name} ask port {checked}, requests go to port {traffic}: green health proves nothing about port {traffic}",
                "health check của {name} dùng cổng {checked}, request tới cổng {traffic}: health xanh không chứng minh gì cho cổng {traffic}"
            );
            let values = vec![Value::new("health-check port", f64::from(*checked)), Value::new("traffic port", f64::from(*traffic))];
            return asked.yes("health-port-differs", 1.0, words, values);
        }
    }
    if !groups.is_empty() {
        let words = say!("health checks ask the port that requests use", "health check dùng đúng cổng nhận request");
        asked.no("health-port-differs", 1.0, words, Vec::new());
    }
}

fn registered(asked: &mut Asked) {
    let case = asked.scene.case;
    if !is_read(case, Area::TargetHealth) || case.target_groups.is_empty() {
        return;
    }
    let usable = |arn: &str| case.target_health.values().filter(|t| t.target_group == arn && t.state != "unused").count();
    let empty: Vec<&str> =
        case.groups_in_question().iter().filter(|g| g.target_type != "lambda" && usable(&g.arn) == 0).map(|g| &*g.name).collect();
    match empty.first() {
        Some(name) => {
            let words = say!("target group {name} has no target in use now", "target group {name} hiện không có target nào đang dùng");
            asked.yes("no-registered-targets", 1.0, words, vec![Value::new("groups", empty.len() as f64)]);
        }
        None => asked.no("no-registered-targets", 1.0, say!("every group has targets", "group nào cũng có target"), Vec::new()),
    }
}

/// Read to the end without a gap.
fn is_read(case: &Case, area: Area) -> bool {
    !case.is_waiting_for(area) && case.gaps_of(&[area]).next().is_none()
}

fn room(asked: &mut Asked) {
    let case = asked.scene.case;
    let Some(lb) = &case.load_balancer else { return };
    let state = &lb.state;
    if !state.is_empty() {
        let words = say!("the balancer's state is “{state}”", "trạng thái của load balancer là “{state}”");
        let fine = matches!(state.as_str(), "active" | "provisioning");
        if fine { asked.no("balancer-impaired", 1.0, words, Vec::new()) } else { asked.yes("balancer-impaired", 1.0, words, Vec::new()) }
    }
    let known = lb.zones.iter().filter(|z| case.subnets.contains_key(&z.subnet)).count();
    let tight = path::tight_subnets(case);
    match tight.first() {
        Some(t) => {
            let (subnet, free) = (&t.subnet, t.free);
            let words = say!(
                "{subnet} of the balancer has {free} free addresses; it needs 8 to grow",
                "{subnet} của load balancer còn {free} địa chỉ trống; cần 8 để mở rộng"
            );
            asked.yes("subnets-full", 1.0, words, vec![Value::new(subnet.clone(), f64::from(free)).unit("addresses")]);
        }
        None if known > 0 && known == lb.zones.len() => {
            asked.no(
                "subnets-full",
                1.0,
                say!("the balancer's subnets have free addresses", "subnet của load balancer còn địa chỉ trống"),
                Vec::new(),
            );
        }
        None => {}
    }
}

fn lambda(asked: &mut Asked) {
    let groups = asked.scene.case.groups_in_question();
    if groups.is_empty() {
        return;
    }
    if groups.iter().all(|g| g.target_type == "lambda") {
        asked.yes("lambda-targets", 1.0, say!("the targets are Lambda functions", "target là hàm Lambda"), Vec::new());
    } else {
        asked.no("lambda-targets", 1.0, say!("the targets are not Lambda functions", "target không phải hàm Lambda"), Vec::new());
    }
}
