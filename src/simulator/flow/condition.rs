//! What is wrong with one path from a node to a target at one moment, and what that does to connections.

use super::{REUSE, TICK};
use crate::simulator::plan::HarmKind;

/// What is wrong with one path at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    pub(super) closed: bool,
    pub(super) closed_check: bool,
    pub(super) dead: bool,
    pub(super) metrics_stop: bool,
    pub(super) cut: bool,
    pub(super) drop: f64,
    pub(super) drop_check: f64,
    pub(super) reject: bool,
    pub(super) reject_check: bool,
    pub(super) slow: f64,
    pub(super) throttle: f64,
    pub(super) busy: f64,
    pub(super) hung: f64,
    pub(super) balancer_errors: f64,
    pub(super) app_errors: f64,
    pub(super) race: f64,
    pub(super) tls: f64,
    pub(super) check_fails: bool,
}

impl Default for Condition {
    fn default() -> Self {
        Self {
            closed: false,
            closed_check: false,
            dead: false,
            metrics_stop: false,
            cut: false,
            drop: 0.0,
            drop_check: 0.0,
            reject: false,
            reject_check: false,
            slow: 1.0,
            throttle: 1.0,
            busy: 0.0,
            hung: 0.0,
            balancer_errors: 0.0,
            app_errors: 0.0,
            race: 0.0,
            tls: 0.0,
            check_fails: false,
        }
    }
}

impl Condition {
    pub(super) fn suffer(&mut self, kind: HarmKind) {
        match kind {
            HarmKind::Closed { check_too } => {
                self.closed = true;
                self.closed_check |= check_too;
            }
            HarmKind::Dead { metrics_stop } => {
                self.dead = true;
                self.metrics_stop |= metrics_stop;
            }
            HarmKind::DropNew { share, check_too } => {
                self.drop = self.drop.max(share);
                if check_too {
                    self.drop_check = self.drop_check.max(share);
                }
            }
            HarmKind::Cut => self.cut = true,
            HarmKind::Reject { check_too } => {
                self.reject = true;
                self.reject_check |= check_too;
            }
            HarmKind::Slow { factor } => self.slow *= factor,
            HarmKind::Throttled { share } => self.throttle = self.throttle.min(share),
            HarmKind::Busy { percent } => self.busy += percent,
            HarmKind::Hung { share } => self.hung = self.hung.max(share),
            HarmKind::BalancerErrors { share } => self.balancer_errors = self.balancer_errors.max(share),
            HarmKind::AppErrors { share } => self.app_errors = self.app_errors.max(share),
            HarmKind::Race { share } => self.race = self.race.max(share),
            HarmKind::Tls { share } => self.tls = self.tls.max(share),
            HarmKind::CheckFails => self.check_fails = true,
        }
    }
}

pub(super) fn unreachable(c: &Condition) -> bool {
    c.dead || c.cut || c.closed
}

/// Successes among new connections that lost at least their first SYN: tries at 0, 1, 3 and 7 s.
pub(super) fn retry_share(drop: f64) -> f64 {
    if drop >= 1.0 { 0.0 } else { (drop - drop.powi(4)) / (1.0 - drop.powi(4)) }
}

/// Open connections die of age; each success opens new ones.
pub(super) fn next_reuse(reuse: f64, c: &Condition, drop: f64, life: f64) -> f64 {
    if unreachable(c) {
        return 0.0;
    }
    let fails = if c.reject { 1.0 } else { drop.powi(4) };
    let aged = reuse * (-(TICK as f64) / life).exp();
    let wanted = REUSE * (1.0 - fails);
    // Pools refill within a few requests once connections succeed.
    if wanted >= reuse { reuse + (wanted - reuse) * 0.5 } else { aged.max(wanted) }
}
