//! What will happen, second by second from the window's start: the physics of faults and of decoys, and
//! what people, services and programs write down while it happens. Knows nothing of metrics.

use crate::applog::{Level, Sign};
use crate::case::events::Event;
use crate::case::gaps::Gap;

/// Seconds since the start of the window.
pub type Second = i64;

/// Everything planned for one run.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub surges: Vec<Surge>,
    pub harms: Vec<Harm>,
    /// By target; a target without a row was there all along.
    pub stays: Vec<Stay>,
    pub events: Vec<Event>,
    pub lines: Vec<Line>,
    /// What kernels write to their consoles and nowhere else.
    pub kernel: Vec<(Second, usize, String)>,
    pub checks: Vec<StatusCheck>,
    pub counters: Vec<Counter>,
    pub wiring: Wiring,
    /// Gaps that the fault itself causes (a zone that does not answer).
    pub gaps: Vec<Gap>,
    /// Connections that clients open without sending much: floods.
    pub floods: Vec<Surge>,
    /// The balancer itself turns clients away.
    pub balancer_full: Option<(Second, Second)>,
    /// For the truth: when connections were first harmed, what moves first, who is hit.
    pub began: Option<Second>,
    pub culprits: Vec<&'static str>,
    pub hit: Vec<usize>,
}

/// More requests for a while.
#[derive(Clone, Copy, Debug)]
pub struct Surge {
    pub from: Second,
    pub until: Second,
    /// Seconds to rise and to fall.
    pub ramp: Second,
    pub factor: f64,
    /// Only one group's share; all, if `None`.
    pub group: Option<usize>,
}

impl Surge {
    /// The factor at `t`.
    pub fn at(&self, t: Second) -> f64 {
        let rise = (t - self.from) as f64 / self.ramp.max(1) as f64;
        let fall = (self.until - t) as f64 / self.ramp.max(1) as f64;
        1.0 + (self.factor - 1.0) * rise.min(fall).clamp(0.0, 1.0)
    }
}

/// Something wrong with connections to some targets for a while.
#[derive(Clone, Debug)]
pub struct Harm {
    pub from: Second,
    pub until: Second,
    pub targets: Vec<usize>,
    /// Only for this balancer node (its zone's index).
    pub node: Option<usize>,
    pub kind: HarmKind,
}

/// What goes wrong, as the network and the host see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HarmKind {
    /// Nothing listens: new connections are refused, open ones were reset.
    Closed { check_too: bool },
    /// The host answers nothing, nor do its metrics move.
    Dead { metrics_stop: bool },
    /// New connections vanish with this chance a packet; open ones live on.
    DropNew { share: f64, check_too: bool },
    /// Every packet vanishes.
    Cut,
    /// A firewall that answers with a rejection; open connections live on.
    Reject { check_too: bool },
    /// The work takes longer: capacity falls by this factor.
    Slow { factor: f64 },
    /// The processor is held at this share of itself.
    Throttled { share: f64 },
    /// Other work on the host, in percent.
    Busy { percent: f64 },
    /// This share is accepted, then never answered.
    Hung { share: f64 },
    /// The balancer itself answers 5xx: a function, a login, a firewall rule that fails.
    BalancerErrors { share: f64 },
    /// Requests answered with 5xx by the application.
    AppErrors { share: f64 },
    /// The target closes idle connections under requests.
    Race { share: f64 },
    /// TLS to the target fails.
    Tls { share: f64 },
    /// The health check's page fails, the rest works.
    CheckFails,
}

/// When a target was registered, and when it was switched off.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    pub target: usize,
    pub registered: Second,
    /// When the balancer was told to let go of it.
    pub deregistered: Second,
    /// When it began to exist and to run.
    pub born: Second,
    /// When it stopped to answer for good.
    pub gone: Second,
}

impl Stay {
    pub fn always(target: usize) -> Self {
        Self { target, registered: Second::MIN, deregistered: Second::MAX, born: Second::MIN, gone: Second::MAX }
    }
}

/// Lines that the application or its host writes.
#[derive(Clone, Debug)]
pub struct Line {
    pub from: Second,
    pub until: Second,
    /// Lines a minute; a single line when `until == from`.
    pub per_minute: f64,
    pub targets: Vec<usize>,
    pub pattern: String,
    pub sample: String,
    pub level: Level,
    pub sign: Option<Sign>,
}

/// A status check that fails for a while.
#[derive(Clone, Copy, Debug)]
pub struct StatusCheck {
    pub from: Second,
    pub until: Second,
    pub target: usize,
    pub which: Which,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Instance,
    System,
    Ebs,
}

/// A counter of the CloudWatch agent or of EC2 that the fault moves.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    pub metric: &'static str,
    pub target: usize,
    pub from: Second,
    pub until: Second,
    /// Value at the start and at the end of the stretch.
    pub values: (f64, f64),
}

/// What the configuration looks like when it is read, after the incident or during it.
#[derive(Clone, Debug, Default)]
pub struct Wiring {
    /// Groups whose targets' security group lacks the rule for the traffic port.
    pub no_ingress: Vec<usize>,
    /// The rule for a health-check port of its own is missing too.
    pub no_check_ingress: bool,
    /// The balancer's security group may not send to the targets.
    pub no_egress: bool,
    /// Subnets that have a network ACL of their own: (zone, the balancer's subnet).
    pub own_acls: Vec<(usize, bool)>,
    /// Entries of such an ACL that deny: (zone, on the balancer's subnet, deny the answers instead of the requests).
    pub acl_denies: Vec<(usize, bool, bool)>,
    /// Zones whose app subnet routes into nowhere.
    pub blackholes: Vec<usize>,
    /// Free addresses left in the balancer's subnets.
    pub free_addresses: Option<u32>,
    /// Listener rule moved: shares of the groups after it, from a second on.
    pub shares: Option<(Second, Vec<f64>)>,
    /// Instances that are not running any more or again: (target, state, reason, launched).
    pub states: Vec<(usize, String, String, Option<Second>)>,
    /// Scheduled events: (target, code, words).
    pub scheduled: Vec<(usize, String, String)>,
    /// Addresses that no interface owns.
    pub orphans: Vec<usize>,
    /// Attributes of the first group.
    pub group_attributes: Vec<(String, String)>,
    /// Attributes of the balancer.
    pub balancer_attributes: Vec<(String, String)>,
    /// What the health check was changed to.
    pub check_path: Option<String>,
    /// The group was switched to HTTPS.
    pub https: bool,
    /// A Lambda group.
    pub lambda: bool,
    /// Alarm settings that are off.
    pub alarm: AlarmOddity,
}

/// What may be wrong with the alarm instead of with the targets.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum AlarmOddity {
    #[default]
    None,
    /// Fires on a single failed connection.
    Sensitive,
    /// Somebody set its state by hand.
    SetByHand(Second),
    /// Somebody lowered the threshold.
    Lowered(Second),
    /// Missing data count as breaching.
    MissingBreaches,
    /// It fired hours before the window and nothing failed since.
    Stale,
}

impl Plan {
    /// Adds a harm; the earliest one is when it began.
    pub fn harm(&mut self, from: Second, until: Second, targets: &[usize], kind: HarmKind) {
        self.harms.push(Harm { from, until, targets: targets.to_vec(), node: None, kind });
    }

    pub fn stay_of(&mut self, target: usize) -> &mut Stay {
        if let Some(i) = self.stays.iter().position(|s| s.target == target) {
            return &mut self.stays[i];
        }
        self.stays.push(Stay::always(target));
        let last = self.stays.len() - 1;
        &mut self.stays[last]
    }

    pub fn line(&mut self, at: Second, target: usize, level: Level, sign: Option<Sign>, pattern: &str, sample: &str) {
        self.lines.push(Line {
            from: at,
            until: at,
            per_minute: 1.0,
            targets: vec![target],
            pattern: pattern.into(),
            sample: sample.into(),
            level,
            sign,
        });
    }
}
