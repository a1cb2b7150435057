//! What looks like failing connections and is something else, and what is nothing at all.

use super::Stage;
use crate::applog::Sign;
use crate::simulator::Scenario;
use crate::simulator::cause::Cause;
use crate::simulator::plan::{AlarmOddity, HarmKind};
use crate::simulator::random::Rng;
use crate::simulator::trail::Who;
use serde_json::json;

/// Stray errors only.
pub fn fit_quiet(s: &mut Scenario, rng: &mut Rng) {
    s.background = rng.range(0.02, 0.5);
    s.threshold = s.threshold.max(8.0);
    s.datapoints = (1, 1);
}

impl Stage<'_> {
    pub(super) fn lookalike(&mut self, cause: Cause) {
        let fleet = self.fleet();
        match cause {
            Cause::KeepaliveRace => {
                let share = self.rng.range(0.004, 0.03);
                self.harm(self.at, self.until, &fleet, HarmKind::Race { share });
            }
            Cause::SlowTarget => {
                let share = self.rng.range(0.03, 0.3);
                self.harm(self.at, self.until, &fleet, HarmKind::Hung { share });
            }
            Cause::AppErrors => {
                let share = self.rng.range(0.05, 0.5);
                self.harm(self.at, self.until, &fleet, HarmKind::AppErrors { share });
                self.lines(self.at, self.until, 9.0, &fleet, Sign::ServerError, "Unhandled exception in <*>: OperationalError");
            }
            Cause::NoTargets => self.no_targets(&fleet),
            Cause::TargetTls => self.target_tls(&fleet),
            Cause::AlarmArtefact => self.alarm_artefact(),
            Cause::LambdaAuthWaf => {
                let share = self.rng.range(0.05, 0.4);
                self.harm(self.at, self.until, &fleet, HarmKind::BalancerErrors { share });
                self.plan.wiring.balancer_attributes.push(("waf.fail_open.enabled".into(), "false".into()));
            }
            _ => return,
        }
        self.began(self.at, &fleet, &[]);
    }

    fn no_targets(&mut self, fleet: &[usize]) {
        let who = self.anybody();
        for t in fleet {
            self.plan.stay_of(*t).deregistered = self.at;
        }
        self.registration(self.at - 2, who, "DeregisterTargets", fleet);
    }

    fn target_tls(&mut self, fleet: &[usize]) {
        self.plan.wiring.https = true;
        let share = if self.rng.chance(0.6) { 1.0 } else { self.rng.range(0.2, 0.7) };
        self.harm(self.at, self.until, fleet, HarmKind::Tls { share });
        self.deployment(self.at - 60, self.at + 60, fleet);
    }

    fn alarm_artefact(&mut self) {
        self.plan.wiring.alarm = match self.rng.below(5) {
            0 => AlarmOddity::Sensitive,
            1 => AlarmOddity::SetByHand(self.at),
            2 => AlarmOddity::Lowered(self.at),
            3 => AlarmOddity::Sensitive,
            _ => AlarmOddity::Stale,
        };
        let alarm = format!("{}-{}-TargetConnectionErrors", self.world.balancer.name, self.world.groups[0].name);
        match self.plan.wiring.alarm {
            AlarmOddity::SetByHand(_) => {
                let p = json!({"alarmName": alarm, "stateValue": "ALARM", "stateReason": "testing the paging route"});
                self.call(self.at, Who::Person("suzuki"), "cloudwatch", "SetAlarmState", p);
            }
            AlarmOddity::Lowered(_) => {
                let p = json!({"alarmName": alarm, "threshold": 0});
                self.call(self.at, Who::Terraform, "cloudwatch", "PutMetricAlarm", p);
            }
            _ => {}
        }
    }
}
