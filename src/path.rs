//! The way from the balancer to each target and back, hop by hop, computed from configuration: listener,
//! zone, security groups, network ACLs with the answer's ephemeral ports, routes. Pure: knows no AWS call,
//! no clock. What could not be read is "cannot tell", never "open".

pub mod changes;
mod history;
pub mod hops;
pub mod routes;
pub mod rules;
pub mod target;
pub mod traffic;

use crate::case::Case;
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
pub use history::{changes, evaluate, evaluate_at};
use hops::Network;
use target::Endpoint;

/// What a way is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    Traffic,
    HealthCheck,
    /// The health check asks the traffic port.
    Both,
}

impl Purpose {
    pub fn serves(self, other: Self) -> bool {
        self == Self::Both || self == other
    }
}

/// A place on the way where packets can be stopped, in the order they pass it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HopKind {
    Listener,
    Zone,
    /// Something has the target's address.
    Address,
    BalancerSecurityGroup,
    BalancerAclOut,
    RouteOut,
    TargetAclIn,
    TargetSecurityGroup,
    TargetAclOut,
    RouteBack,
    BalancerAclIn,
}

impl HopKind {
    /// All that NACLs and routes decide.
    pub const ACL_AND_ROUTE: [Self; 6] =
        [Self::BalancerAclOut, Self::RouteOut, Self::TargetAclIn, Self::TargetAclOut, Self::RouteBack, Self::BalancerAclIn];

    pub fn label(self) -> Text {
        match self {
            Self::Listener => say!("listener and rule", "listener và luật"),
            Self::Zone => say!("zone of the target", "zone của target"),
            Self::Address => say!("target's address", "địa chỉ của target"),
            Self::BalancerSecurityGroup => say!("balancer's security group, out", "security group của load balancer, chiều ra"),
            Self::BalancerAclOut => say!("balancer subnet's ACL, out", "ACL của subnet load balancer, chiều ra"),
            Self::RouteOut => say!("route to the target", "đường tới target"),
            Self::TargetAclIn => say!("target subnet's ACL, in", "ACL của subnet target, chiều vào"),
            Self::TargetSecurityGroup => say!("target's security group, in", "security group của target, chiều vào"),
            Self::TargetAclOut => say!("target subnet's ACL, answers out", "ACL của subnet target, chiều trả lời ra"),
            Self::RouteBack => say!("route back", "đường về"),
            Self::BalancerAclIn => say!("balancer subnet's ACL, answers in", "ACL của subnet load balancer, chiều trả lời vào"),
        }
    }
}

/// What a hop does to the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Let through, by this rule.
    Open {
        by: String,
    },
    /// Stopped; `partly` when only some addresses or ports are.
    Blocked {
        rule: String,
        words: Text,
        partly: bool,
    },
    CannotTell {
        why: Text,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    pub kind: HopKind,
    pub verdict: Verdict,
}

/// The way from one of the balancer's subnets, there and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    pub subnet: String,
    pub zone: String,
    pub hops: Vec<Hop>,
}

/// The way to one port of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathResult {
    pub target: Endpoint,
    pub purpose: Purpose,
    pub port: u16,
    /// What holds whichever subnet the connection starts in.
    pub common: Vec<Hop>,
    /// One a balancer subnet.
    pub legs: Vec<Leg>,
    /// Every hop lets it through, from every subnet: of thousands of ways most need no second look.
    pub open: bool,
}

/// What stops connections, ready to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker<'a> {
    pub path: &'a PathResult,
    /// Balancer subnet; `None` when it stops all of them.
    pub subnet: Option<&'a str>,
    pub kind: HopKind,
    pub rule: &'a str,
    pub words: &'a Text,
    pub partly: bool,
}

/// A way in one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overall {
    Open,
    /// From how many of how many balancer subnets; `partly` when no subnet is stopped wholly.
    Blocked {
        from: usize,
        of: usize,
        partly: bool,
    },
    CannotTell {
        why: Text,
    },
}

/// See [`evaluate`].
fn compute(case: &Case) -> Vec<PathResult> {
    let network = Network::of(case);
    target::find(case).into_iter().flat_map(|endpoint| ways(&network, endpoint)).collect()
}

fn ways(network: &Network, target: Endpoint) -> Vec<PathResult> {
    let other = target.health_check_port.filter(|p| *p != target.port);
    let purpose = if other.is_none() && target.health_check_port.is_some() { Purpose::Both } else { Purpose::Traffic };
    let checks = other.map(|port| way(network, target.clone(), Purpose::HealthCheck, port));
    let port = target.port;
    std::iter::once(way(network, target, purpose, port)).chain(checks).collect()
}

fn way(network: &Network, target: Endpoint, purpose: Purpose, port: u16) -> PathResult {
    let case = network.case;
    let group = case.target_groups.iter().find(|g| g.arn == target.group);
    let common = [
        (HopKind::Listener, hops::listener(case, &target.group)),
        (HopKind::Zone, hops::zone(case, &target)),
        (HopKind::Address, hops::address(case, &target)),
    ];
    let common = common.map(|(kind, verdict)| Hop { kind, verdict }).into();
    let legs: Vec<Leg> = hops::sending_zones(case, &target, group).into_iter().map(|z| hops::leg(network, z, &target, port)).collect();
    let mut way = PathResult { target, purpose, port, common, legs, open: false };
    way.open = !way.legs.is_empty() && way.hops().all(|(_, h)| matches!(h.verdict, Verdict::Open { .. }));
    way
}

/// The gap that an operation left. Only a denied one names its action; the others begin with it.
fn gap_of<'a>(case: &'a Case, area: Area, action: &str) -> Option<&'a crate::case::gaps::Gap> {
    case.gaps.iter().find(|g| g.area == area && (g.action.as_deref() == Some(action) || g.detail.starts_with(action)))
}

/// Why something of the network is not there: denied, still to come, or simply not found.
pub(crate) fn unread(case: &Case, action: &str, subject: &str) -> Text {
    missing(case, Area::Network, action, subject)
}

fn missing(case: &Case, area: Area, action: &str, subject: &str) -> Text {
    if let Some(gap) = gap_of(case, area, action) {
        let detail = &gap.detail;
        return say!("{subject} could not be read ({action}): {detail}", "không đọc được {subject} ({action}): {detail}");
    }
    if case.is_waiting_for(area) {
        return say!("{subject} is not read yet", "chưa đọc {subject}");
    }
    say!("{subject} was not found", "không tìm thấy {subject}")
}

impl PathResult {
    /// Every hop with the balancer subnet it belongs to.
    pub fn hops(&self) -> impl Iterator<Item = (Option<&str>, &Hop)> {
        let legs = self.legs.iter().flat_map(|l| l.hops.iter().map(move |h| (Some(l.subnet.as_str()), h)));
        self.common.iter().map(|h| (None, h)).chain(legs)
    }

    /// The same without those of an open way.
    fn unclear(&self) -> impl Iterator<Item = (Option<&str>, &Hop)> {
        self.hops().take_while(|_| !self.open)
    }

    /// Everything that stops connections, not only the first.
    pub fn blockers(&self) -> Vec<Blocker<'_>> {
        let mut all = Vec::new();
        for (subnet, hop) in self.unclear() {
            if let Verdict::Blocked { rule, words, partly } = &hop.verdict {
                all.push(Blocker { path: self, subnet, kind: hop.kind, rule, words, partly: *partly });
            }
        }
        all
    }

    /// Why it cannot be told, each reason once.
    pub fn doubts(&self) -> Vec<&Text> {
        let mut all: Vec<&Text> = Vec::new();
        for (_, hop) in self.unclear() {
            match &hop.verdict {
                Verdict::CannotTell { why } if !all.contains(&why) => all.push(why),
                _ => {}
            }
        }
        all
    }

    pub fn overall(&self) -> Overall {
        if self.open {
            return Overall::Open;
        }
        let of = self.legs.len();
        let whole = |hops: &[Hop]| hops.iter().any(|h| matches!(h.verdict, Verdict::Blocked { partly: false, .. }));
        let some = |hops: &[Hop]| hops.iter().any(|h| matches!(h.verdict, Verdict::Blocked { .. }));
        let wholly = if whole(&self.common) { of } else { self.legs.iter().filter(|l| whole(&l.hops)).count() };
        if wholly > 0 || whole(&self.common) {
            return Overall::Blocked { from: wholly, of, partly: false };
        }
        let partly = self.legs.iter().filter(|l| some(&l.hops)).count();
        if partly > 0 {
            return Overall::Blocked { from: partly, of, partly: true };
        }
        match self.doubts().first() {
            Some(why) => Overall::CannotTell { why: (*why).clone() },
            None if of == 0 => {
                Overall::CannotTell { why: say!("the balancer's subnets are not known", "không biết các subnet của load balancer") }
            }
            None => Overall::Open,
        }
    }

    /// `10.0.1.5:8080: blocked from 1 of 3 balancer subnets: …`
    pub fn sentence(&self) -> Text {
        let name = format!("{}:{}", self.target.id, self.port);
        match self.overall() {
            Overall::Open => say!("{name}: open, there and back", "{name}: thông, cả chiều đi và về"),
            Overall::CannotTell { why } => {
                let Text { en, vi } = why;
                say!("{name}: cannot tell, because {en}", "{name}: không xác định được, vì {vi}")
            }
            Overall::Blocked { from, of, partly } => {
                let words = self.blockers().first().map(|b| b.words.clone()).unwrap_or_default();
                let (en, vi) = (words.en, words.vi);
                let (how, how_vi) = if partly { ("partly blocked", "bị chặn một phần") } else { ("blocked", "bị chặn") };
                match of {
                    0 => say!("{name}: {how}: {en}", "{name}: {how_vi}: {vi}"),
                    _ if from == of => {
                        say!("{name}: {how} from every balancer subnet: {en}", "{name}: {how_vi} từ mọi subnet của load balancer: {vi}")
                    }
                    _ => say!(
                        "{name}: {how} from {from} of {of} balancer subnets: {en}",
                        "{name}: {how_vi} từ {from} trên {of} subnet của load balancer: {vi}"
                    ),
                }
            }
        }
    }
}

/// What a question about some hops of some ways comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    Open,
    Blocked(Vec<Blocker<'a>>),
    CannotTell(Vec<&'a Text>),
    /// No way was asked about.
    Nothing,
}

/// Asks `kinds` of every one of `ways`. A block anywhere is `Blocked`; a doubt anywhere else is `CannotTell`.
pub fn ask<'a>(ways: impl IntoIterator<Item = &'a PathResult>, kinds: &[HopKind]) -> Answer<'a> {
    let (mut blockers, mut doubts, mut none): (Vec<Blocker>, Vec<&Text>, bool) = (Vec::new(), Vec::new(), true);
    for way in ways {
        none = false;
        for (subnet, hop) in way.unclear().filter(|(_, h)| kinds.contains(&h.kind)) {
            match &hop.verdict {
                Verdict::Open { .. } => {}
                Verdict::CannotTell { why } if doubts.contains(&why) => {}
                Verdict::CannotTell { why } => doubts.push(why),
                Verdict::Blocked { rule, words, partly } => {
                    blockers.push(Blocker { path: way, subnet, kind: hop.kind, rule, words, partly: *partly });
                }
            }
        }
    }
    match (none, blockers.is_empty(), doubts.is_empty()) {
        (true, ..) => Answer::Nothing,
        (_, false, _) => Answer::Blocked(blockers),
        (_, _, false) => Answer::CannotTell(doubts),
        _ => Answer::Open,
    }
}

/// A balancer subnet too full for the balancer to grow in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TightSubnet {
    pub subnet: String,
    pub free: u32,
}

/// AWS asks for this many free addresses in each balancer subnet.
pub const FREE_ADDRESSES_NEEDED: u32 = 8;

/// Balancer subnets with fewer free addresses than the balancer needs to scale.
pub fn tight_subnets(case: &Case) -> Vec<TightSubnet> {
    let zones = case.load_balancer.as_ref().map(|lb| lb.zones.as_slice()).unwrap_or_default();
    let known = zones.iter().filter_map(|z| case.subnets.get(&z.subnet));
    known
        .filter(|s| s.free_addresses < FREE_ADDRESSES_NEEDED)
        .map(|s| TightSubnet { subnet: s.id.clone(), free: s.free_addresses })
        .collect()
}
