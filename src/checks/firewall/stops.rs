//! The same rule stopping many targets, said once.

use super::utc;
use crate::case::Case;
use crate::checks::{Book, Value};
use crate::exchange::{Area, Origin};
use crate::path::{Blocker, HopKind, PathResult, Purpose};
use crate::say;
use crate::text::Text;
use crate::time::Time;
use std::collections::BTreeSet;

/// Names shown before "…".
const SHOWN: usize = 3;

/// One rule that stops connections to one port, and to whom.
#[derive(Clone, Debug)]
pub struct Stop {
    pub kind: HopKind,
    pub rule: String,
    pub port: u16,
    pub purpose: Purpose,
    pub words: Text,
    pub partly: bool,
    pub targets: BTreeSet<String>,
    /// Balancer subnets; empty when the place is passed from all of them alike.
    pub subnets: BTreeSet<String>,
    /// Out of how many.
    pub of: usize,
    /// All its targets are registered no more.
    pub only_gone: bool,
}

/// Two stops are the same when rule, place and port are.
impl PartialEq for Stop {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.rule, self.port) == (other.kind, &other.rule, other.port)
    }
}

/// Every stop of these ways, those of the traffic port and of most targets first.
pub fn stops(ways: &[&PathResult]) -> Vec<Stop> {
    let mut all: Vec<Stop> = Vec::new();
    for blocker in ways.iter().flat_map(|w| w.blockers()) {
        let new = Stop::new(&blocker);
        match all.iter_mut().find(|s| **s == new) {
            Some(old) => old.add(new),
            None => all.push(new),
        }
    }
    all.sort_by_key(|s| (s.only_gone, s.partly, s.purpose == Purpose::HealthCheck, std::cmp::Reverse(s.targets.len()), s.kind));
    all
}

impl Stop {
    fn new(b: &Blocker) -> Self {
        Self {
            kind: b.kind,
            rule: b.rule.into(),
            port: b.path.port,
            purpose: b.path.purpose,
            words: b.words.clone(),
            partly: b.partly,
            targets: [b.path.target.name()].into(),
            subnets: b.subnet.into_iter().map(String::from).collect(),
            of: b.path.legs.len(),
            only_gone: b.path.target.gone,
        }
    }

    fn add(&mut self, other: Self) {
        self.targets.extend(other.targets);
        self.subnets.extend(other.subnets);
        self.only_gone &= other.only_gone;
        self.partly &= other.partly;
    }

    /// `security group sg-0ab …: stops the traffic port 8080 of 3 targets (…) from every balancer subnet`
    pub fn sentence(&self) -> Text {
        let (Text { en, vi }, port, n) = (&self.words, self.port, self.targets.len());
        let Text { en: purpose, vi: purpose_vi } = self.purpose_words();
        let Text { en: from, vi: from_vi } = self.whence();
        let (verb, verb_vi) = if self.partly { ("partly stops", "chặn một phần") } else { ("stops", "chặn") };
        let names = self.names();
        say!(
            "{en}: {verb} the {purpose} {port} of {n} target(s) ({names}){from}",
            "{vi}: {verb_vi} {purpose_vi} {port} của {n} target ({names}){from_vi}"
        )
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.targets.iter().take(SHOWN).map(String::as_str).collect();
        format!("{}{}", names.join(", "), if self.targets.len() > SHOWN { ", …" } else { "" })
    }

    fn purpose_words(&self) -> Text {
        match self.purpose {
            Purpose::Traffic => say!("traffic port", "cổng traffic"),
            Purpose::HealthCheck => say!("health-check port", "cổng health check"),
            Purpose::Both => say!("traffic and health-check port", "cổng traffic và health check"),
        }
    }

    fn whence(&self) -> Text {
        let (n, of) = (self.subnets.len(), self.of);
        match n {
            0 => Text::default(),
            _ if n == of => say!(" from every balancer subnet", " từ mọi subnet của load balancer"),
            _ => say!(" from {n} of {of} balancer subnets", " từ {n} trên {of} subnet của load balancer"),
        }
    }

    /// Files it in the book: `path.sg-0ab.8080`, or `path.then.…` when it stands no more.
    pub fn file(&self, case: &Case, book: &mut Book, then: Option<Time>) -> String {
        let rule = self.rule.replace([' ', ',', '*'], "-");
        let (prefix, words) = match then {
            None => ("path", self.sentence()),
            Some(t) => {
                let (Text { en, vi }, t) = (self.sentence(), utc(t));
                ("path.then", say!("as it was at {t}: {en}", "như lúc {t}: {vi}"))
            }
        };
        let values = vec![Value::new("targets", self.targets.len() as f64), Value::new("balancer subnets", self.subnets.len() as f64)];
        let id = format!("{prefix}.{rule}.{}", self.port);
        book.add_from(id, words, Area::Network, values, origin(case, self.kind))
    }
}

/// The call that read the rule.
fn origin(case: &Case, kind: HopKind) -> Option<Origin> {
    let (area, operation) = match kind {
        HopKind::Listener | HopKind::Zone => (Area::Balancer, "DescribeRules"),
        HopKind::Address => (Area::Network, "DescribeNetworkInterfaces"),
        HopKind::BalancerSecurityGroup | HopKind::TargetSecurityGroup => (Area::Network, "DescribeSecurityGroup"),
        HopKind::BalancerAclOut | HopKind::TargetAclIn | HopKind::TargetAclOut | HopKind::BalancerAclIn => (Area::Network, "DescribeNetworkAcls"),
        HopKind::RouteOut | HopKind::RouteBack => (Area::Network, "DescribeRouteTables"),
    };
    case.origins.get(&area)?.iter().find(|o| o.operation.contains(operation)).cloned()
}
