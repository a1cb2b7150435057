//! One timeline of everything that changed: merged, related to the balancer's path, ranked.

use super::Episode;
use crate::case::Case;
use crate::case::events::{Event, EventSource};
use crate::time::{Time, Window};

/// Happenings in order of time, noise folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    pub entries: Vec<Entry>,
    /// How many events in the window are not about this balancer's path.
    pub folded: usize,
}

/// One happening on the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Keys into [`Case::events`], the first one leading.
    pub events: Vec<(Time, EventSource, String)>,
    pub at: Time,
    pub end: Option<Time>,
    pub kind: Kind,
    pub relation: Relation,
    /// What of the path it touches, by name: `i-0ab…`, `sg-0cd…`.
    pub touches: Option<String>,
    /// Negative before the onset.
    pub seconds_from_onset: Option<i64>,
    /// From 1; nearest the path and the onset first.
    pub rank: u32,
    /// How much likelier such an event is here than anywhere (1 = no news).
    pub likelihood: f64,
    /// The call failed and changed nothing.
    pub attempt: bool,
}

/// What a happening can do to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    InstancePower,
    InstanceChange,
    SecurityGroup,
    NetworkAclOrRoute,
    Balancer,
    TargetRegistration,
    Scaling,
    Deployment,
    Spot,
    ZonalShift,
    AwsFault,
    Alarm,
    SomebodyOnTheBox,
    Certificate,
    Other,
}

/// How near to the balancer's path, nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// A target of then or of now.
    Target,
    TargetGroup,
    /// A security group or interface of the targets, or their subnet's ACL or routes.
    TargetNetwork,
    /// The balancer, its listeners or rules.
    Balancer,
    /// The balancer's own security group, subnets.
    BalancerNetwork,
    /// The scaling group, service or deployment behind the targets.
    Fleet,
    /// The same network, nothing of the path.
    Vpc,
    AccountWide,
    Unrelated,
}

impl Relation {
    /// The word in the JSON report.
    pub fn id(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::TargetGroup => "target_group",
            Self::TargetNetwork => "target_network",
            Self::Balancer => "balancer",
            Self::BalancerNetwork => "balancer_network",
            Self::Fleet => "fleet",
            Self::Vpc => "vpc",
            Self::AccountWide => "account",
            Self::Unrelated => "unrelated",
        }
    }
}

impl Entry {
    /// The leading event.
    pub fn event<'a>(&self, case: &'a Case) -> Option<&'a Event> {
        self.events.first().and_then(|key| case.events.get(key))
    }
}

/// The timeline of the window.
pub fn build(_case: &Case, _window: Window, _episodes: &[Episode]) -> Timeline {
    Timeline::default()
}
