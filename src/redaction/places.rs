//! Where names stand in facts that nothing in their looks would tell: they are replaced wherever they occur.

use super::names::{Kind, StandIns};
use super::scan::is_plain;
use crate::alarm::composite;
use crate::case::events::{Actor, ActorKind, Event};
use crate::case::topology::{Identity, Instance};
use crate::exchange::{Fact, What};
use crate::text::Foreign;
use std::collections::BTreeMap;
use std::hash::BuildHasher;

/// Learns the names of a fact.
pub(super) fn collect<S: BuildHasher>(fact: &Fact, to: &mut StandIns<S>) {
    match &fact.what {
        What::Subject(s) => named(Kind::Resource, &s.target, to),
        What::Identity(i) => identity(i, to),
        What::Alarm(a) => named(Kind::Resource, &a.name, to),
        What::CompositeAlarms(all) => all.iter().for_each(|a| {
            named(Kind::Resource, &a.name, to);
            let rule = composite::parse(&a.rule);
            let named_in_rule = rule.iter().flat_map(composite::Condition::names);
            a.children.keys().map(String::as_str).chain(named_in_rule).for_each(|name| named(Kind::Resource, name, to));
        }),
        What::LoadBalancer(lb) => {
            named(Kind::Resource, &lb.name, to);
            tags(&lb.tags, to);
        }
        What::TargetGroups(all) => all.iter().for_each(|g| {
            named(Kind::Resource, &g.name, to);
            tags(&g.tags, to);
        }),
        What::Instances(all) => all.iter().for_each(|i| instance(i, to)),
        What::EcsServices(all) => {
            all.iter().for_each(|s| [&s.cluster, &s.name, &s.container].into_iter().for_each(|n| named(Kind::Resource, n, to)))
        }
        What::SecurityGroups(all) => all.iter().for_each(|g| named(Kind::Resource, &g.name, to)),
        What::PrefixLists(all) => all.iter().for_each(|p| named(Kind::Resource, &p.name, to)),
        What::Events(all) => all.iter().for_each(|e| event(e, to)),
        What::AppLog(log) => log.streams.iter().for_each(|s| each_part(Kind::Host, &s.name, &['/'], to)),
        What::CodeAlarms(all) | What::CodeComposites(all) => all.iter().for_each(|a| {
            each_part(Kind::Path, &a.file, &['/'], to);
            each_part(Kind::Resource, &a.address, &['.', '[', ']', '"'], to);
            a.fields.get("alarm_name").iter().for_each(|n| named(Kind::Resource, n, to));
        }),
        What::Answer(a) => named(Kind::Person, &a.by, to),
        _ => {}
    }
}

/// A whole that is a name: not an ARN, an address, an id or a path, which are known by their looks.
fn named<S: BuildHasher>(kind: Kind, name: &str, to: &mut StandIns<S>) {
    let looks = name.starts_with("arn:") || name.contains("://") || name.contains('@') || name.starts_with('/');
    if !looks && !is_plain(name) && super::scan::is_no_id(name) {
        to.name(kind, name);
    }
}

fn each_part<S: BuildHasher>(kind: Kind, name: &str, between: &[char], to: &mut StandIns<S>) {
    if name.starts_with("arn:") {
        return;
    }
    for part in name.split(between).filter(|p| !p.starts_with("aws_")) {
        named(kind, part, to);
    }
}

fn identity<S: BuildHasher>(i: &Identity, to: &mut StandIns<S>) {
    i.alias.iter().for_each(|a| named(Kind::Resource, a, to));
    // The last part of the caller's ARN is a person or a session.
    if let Some(person) = i.arn.rsplit('/').next() {
        named(Kind::Person, person, to);
    }
}

fn instance<S: BuildHasher>(i: &Instance, to: &mut StandIns<S>) {
    i.name.iter().for_each(|n| named(Kind::Host, n, to));
    i.auto_scaling_group.iter().for_each(|n| named(Kind::Resource, n, to));
    tags(&i.tags, to);
}

fn tags<S: BuildHasher>(tags: &BTreeMap<String, Foreign>, to: &mut StandIns<S>) {
    for value in tags.values() {
        named(Kind::Resource, value, to);
    }
}

fn event<S: BuildHasher>(e: &Event, to: &mut StandIns<S>) {
    actor(&e.actor, to);
    e.resources.iter().for_each(|r| each_part(Kind::Resource, r, &['/'], to));
}

fn actor<S: BuildHasher>(a: &Actor, to: &mut StandIns<S>) {
    let of_aws = a.kind == ActorKind::Service || a.name.ends_with(".amazonaws.com");
    if !of_aws {
        named(Kind::Person, &a.name, to);
    }
}
