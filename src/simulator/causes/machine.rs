//! Machines that stop: by an API call, by themselves, by the hardware under them.

use super::Stage;
use crate::applog::{Level, Sign};
use crate::simulator::plan::{HarmKind, Second, StatusCheck, Which};
use crate::simulator::trail::Who;
use serde_json::{Value, json};

/// States before and after, which a reboot does not tell.
fn power_answer(name: &str, id: &str) -> Value {
    let (before, after) = match name {
        "StopInstances" => ("running", "stopping"),
        "StartInstances" => ("stopped", "pending"),
        "TerminateInstances" => ("running", "shutting-down"),
        _ => return json!({"_return": true}),
    };
    json!({"instancesSet": {"items": [{"instanceId": id, "previousState": {"name": before}, "currentState": {"name": after}}]}})
}

impl Stage<'_> {
    /// Services stop, the machine is away, it boots, services come up: 502, 504, 502, well.
    fn restart(&mut self, t: usize, at: Second, away: Second) -> Second {
        let (stopping, booting) = (self.rng.between(3, 12), self.rng.between(15, 50));
        let back = at + stopping + away;
        self.harm(at, at + stopping, &[t], HarmKind::Closed { check_too: true });
        self.harm(at + stopping, back, &[t], HarmKind::Dead { metrics_stop: false });
        self.harm(back, back + booting, &[t], HarmKind::Closed { check_too: true });
        self.harm(back, back + booting + 30, &[t], HarmKind::Busy { percent: 55.0 });
        self.plan.checks.push(StatusCheck { from: at + 30, until: back + 70, target: t, which: Which::Instance });
        self.line(at, t, Level::Info, Some(Sign::Stop), "Stopping <*>.service", "Stopping api.service");
        self.plan.kernel.push((at + stopping, t, "reboot: Restarting system".into()));
        self.line(back + 4, t, Level::Info, Some(Sign::Boot), "Linux version <*>", "Linux version 6.1.112-124.190.amzn2023.x86_64");
        self.line(back + booting, t, Level::Info, Some(Sign::Start), "Started <*>.service", "Started api.service");
        back
    }

    /// Down and not coming back within the window.
    fn shut_down(&mut self, t: usize, at: Second, reason: &str) {
        self.harm(at, at + 6, &[t], HarmKind::Closed { check_too: true });
        self.harm(at + 6, Second::MAX, &[t], HarmKind::Dead { metrics_stop: true });
        self.plan.checks.push(StatusCheck { from: at + 30, until: at + 120, target: t, which: Which::Instance });
        let reason = self.state_reason(reason, at + 6);
        self.plan.wiring.states.push((t, "stopped".into(), reason, None));
        self.plan.kernel.push((at + 6, t, "reboot: Power down".into()));
        self.line(at, t, Level::Info, Some(Sign::Stop), "Stopping <*>.service", "Stopping api.service");
    }

    /// Somebody reboots, stops, starts or terminates targets.
    pub(super) fn power_event(&mut self) {
        let hit = self.some(2);
        let who = *self.rng.pick(&[Who::Person("nguyen.thi.lan"), Who::Person("佐藤"), Who::Lambda, Who::Terraform]);
        let kind = self.rng.below(4);
        for t in hit.clone() {
            let at = self.at + self.rng.between(0, 8);
            let id = self.world.targets[t].id.clone();
            let name = ["RebootInstances", "StopInstances", "StopInstances", "TerminateInstances"][kind];
            let p = json!({"instancesSet": {"items": [{"instanceId": id}]}});
            let said = at - self.rng.between(2, 9);
            self.answered_call(said, who, "ec2", name, p.clone(), power_answer(name, &id));
            match kind {
                0 => {
                    let away = self.rng.between(30, 110);
                    self.restart(t, at, away);
                }
                1 => {
                    let away = self.rng.between(150, 500);
                    let back = self.restart(t, at, away);
                    self.answered_call(back - 40, who, "ec2", "StartInstances", p, power_answer("StartInstances", &id));
                    self.plan.wiring.states.push((t, "running".into(), String::new(), Some(back - 38)));
                }
                2 => self.shut_down(t, at, "Client.UserInitiatedShutdown"),
                _ => self.end_instance(t, at, false),
            }
        }
        self.began(self.at, &hit, &["StatusCheckFailed_Instance", "StatusCheckFailed", "CPUUtilization", "NetworkIn", "NetworkOut"]);
    }

    /// The operating system restarts or shuts down by itself: no call anywhere.
    pub(super) fn os_restart(&mut self) {
        let hit = self.some(2);
        let for_good = self.rng.chance(0.25);
        for t in hit.clone() {
            let at = self.at + self.rng.between(0, 40);
            if for_good {
                self.shut_down(t, at, "Client.InstanceInitiatedShutdown");
            } else {
                let away = self.rng.between(50, 160);
                self.restart(t, at, away);
            }
        }
        self.began(self.at, &hit, &["StatusCheckFailed_Instance", "StatusCheckFailed", "CPUUtilization", "NetworkIn", "NetworkOut"]);
    }

    /// The hardware or the volume under one machine fails.
    pub(super) fn host_failure(&mut self) {
        let hit: Vec<usize> = self.some(1).into_iter().take(1).collect();
        let (t, end) = (hit[0], self.until);
        let volume = self.rng.chance(0.25);
        self.harm(self.at, end, &hit, HarmKind::Dead { metrics_stop: !volume });
        if volume {
            self.plan.kernel.push((self.at + 30, t, "nvme nvme0: I/O 24 QID 2 timeout, aborting".into()));
            self.plan.kernel.push((self.at + 61, t, "XFS (nvme0n1p1): log I/O error -5".into()));
        }
        let which = if volume { Which::Ebs } else { Which::System };
        self.plan.checks.push(StatusCheck { from: self.at + 40, until: end, target: t, which });
        let id = self.world.targets[t].id.clone();
        if !volume && self.rng.chance(0.6) {
            let code = *self.rng.pick(&["instance-retirement", "system-reboot", "instance-stop"]);
            self.plan.wiring.scheduled.push((t, code.into(), "The instance is running on degraded hardware".into()));
        }
        if self.rng.chance(0.6) {
            let words = "EC2 has detected degradation of the underlying hardware hosting your instance";
            let at = self.at + 700;
            let event = self.scribe().health("AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED", "scheduledChange", at, None, None, &[id], words);
            self.plan.events.extend(event);
        }
        if self.is_over() {
            self.harm(end, end + 40, &hit, HarmKind::Closed { check_too: true });
            self.line(end + 4, t, Level::Info, Some(Sign::Boot), "Linux version <*>", "Linux version 6.1.112-124.190.amzn2023.x86_64");
        }
        self.began(
            self.at,
            &hit,
            &[
                "StatusCheckFailed_System",
                "StatusCheckFailed_AttachedEBS",
                "StatusCheckFailed",
                "CPUUtilization",
                "NetworkIn",
                "NetworkOut",
            ],
        );
    }
}
