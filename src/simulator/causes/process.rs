//! The program behind the port: it dies, is restarted under traffic, or listens somewhere else.

use super::Stage;
use crate::applog::{Level, Sign};
use crate::simulator::TargetKind;
use crate::simulator::plan::{HarmKind, Second};
use crate::simulator::trail::Who;
use serde_json::json;

impl Stage<'_> {
    /// The process dies; the kernel refuses for it until somebody starts it again.
    pub(super) fn process_down(&mut self) {
        let hit = if self.rng.chance(0.1) { self.fleet() } else { self.some(2) };
        let loops = self.rng.chance(0.25);
        for t in hit.clone() {
            let at = self.at + self.rng.between(0, 20);
            self.crash_lines(at, t);
            if loops {
                self.crash_loop(at, t);
            } else {
                self.harm(at, self.until, &[t], HarmKind::Closed { check_too: false });
                if self.is_over() {
                    self.line(self.until, t, Level::Info, Some(Sign::Start), "Started <*>.service", "Started api.service");
                }
            }
        }
        self.began(self.at, &hit, &["CPUUtilization", "NetworkIn", "NetworkOut"]);
    }

    fn crash_lines(&mut self, at: Second, t: usize) {
        let (sign, level, words) = *self.rng.pick(&[
            (Sign::Panic, Level::Fatal, "FATAL ERROR: <*> unexpected signal SIGSEGV"),
            (Sign::Panic, Level::Error, "systemd[1]: api.service: Main process exited, code=exited, status=<*>/FAILURE"),
            (Sign::Panic, Level::Fatal, "panic: runtime error: invalid memory address or nil pointer dereference"),
        ]);
        self.line(at, t, level, Some(sign), words, &words.replace("<*>", "1"));
    }

    fn crash_loop(&mut self, from: Second, t: usize) {
        let mut at = from;
        while at < self.end() {
            let down = self.rng.between(30, 110);
            self.harm(at, at + down, &[t], HarmKind::Closed { check_too: false });
            self.line(at + down, t, Level::Info, Some(Sign::Start), "Started <*>.service", "Started api.service");
            at += down + self.rng.between(40, 200);
            self.crash_lines(at, t);
        }
    }

    /// New code is put on each host in turn while requests still come in.
    pub(super) fn in_place_deploy(&mut self) {
        let fleet = self.fleet();
        let batch = fleet.len().div_ceil(12);
        let gap = self.rng.between(25, 70);
        let mut at = self.at;
        for hosts in fleet.chunks(batch) {
            for t in hosts {
                let down = self.rng.between(8, 34);
                let from = at + self.rng.between(0, 9);
                self.harm(from, from + down, &[*t], HarmKind::Closed { check_too: true });
                self.line(from, *t, Level::Info, Some(Sign::Stop), "Stopping <*>.service", "Stopping api.service");
                self.line(
                    from + down - 3,
                    *t,
                    Level::Info,
                    Some(Sign::Start),
                    "api <*> started, listening on <*>",
                    "api v2.41.0 started, listening on :8080",
                );
            }
            at += gap;
        }
        self.deployment(self.at - 25, at + 40, &fleet);
        self.began(self.at, &fleet, &[]);
    }

    /// What the deployment writes into its own diary and into CloudTrail.
    pub(super) fn deployment(&mut self, from: Second, to: Second, on: &[usize]) {
        let ids = self.ids(on);
        if self.rng.chance(0.65) {
            let app = self.scenario.service.clone();
            let event = self.scribe().deployment(&app, from, to);
            self.plan.events.extend(event);
            let p = json!({"applicationName": app, "deploymentGroupName": "production", "revision": {"revisionType": "S3"}});
            self.call(from - 8, Who::Pipeline, "codedeploy", "CreateDeployment", p);
        } else {
            let p = json!({"documentName": "AWS-RunShellScript", "instanceIds": ids, "comment": "deploy v2.41.0", "timeoutSeconds": 600});
            self.call(from, Who::Pipeline, "ssm", "SendCommand", p);
        }
    }

    /// Requests go to a port where nothing listens, while the health check looks at another.
    pub(super) fn port_mismatch(&mut self) {
        let fleet = self.fleet();
        if self.scenario.kind == TargetKind::Instance && !self.is_over() && self.rng.chance(0.5) {
            self.registered_on_the_wrong_port(&fleet);
        } else {
            self.listens_elsewhere(&fleet);
        }
        self.began(self.at, &fleet, &["NetworkIn", "CPUUtilization", "NetworkOut"]);
    }

    fn registered_on_the_wrong_port(&mut self, fleet: &[usize]) {
        let port = self.scenario.port + 1;
        let aliases: Vec<usize> = fleet.iter().map(|t| self.world.add_alias(*t, port)).collect();
        for (old, new) in fleet.iter().zip(&aliases) {
            self.plan.stay_of(*old).deregistered = self.at + 20;
            self.plan.stay_of(*new).registered = self.at - 30;
        }
        self.harm(Second::MIN + 1, Second::MAX, &aliases, HarmKind::Closed { check_too: false });
        let who = self.anybody();
        self.registration(self.at - 30, who, "RegisterTargets", &aliases);
        self.registration(self.at + 20, who, "DeregisterTargets", fleet);
    }

    fn listens_elsewhere(&mut self, fleet: &[usize]) {
        self.deployment(self.at - 40, self.at + 60, fleet);
        self.harm(self.at, self.until, fleet, HarmKind::Closed { check_too: false });
        for t in fleet {
            let sample = format!("api v2.41.0 started, listening on :{}", self.scenario.port + 1);
            self.line(self.at + 6, *t, Level::Info, Some(Sign::Start), "api <*> started, listening on <*>", &sample);
        }
        if self.is_over() {
            self.deployment(self.until - 40, self.until + 30, fleet);
        }
    }
}
