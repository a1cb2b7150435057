//! A machine went away: by an API call, by itself, or because AWS's hardware failed.

use super::{Cause, core, must, never, w};
use crate::say;

#[rustfmt::skip]
pub(super) const CAUSES: &[Cause] = &[
    Cause {
        id: "instance-power-event", letter: "C7", prior: -2,
        name: || say!("a target was rebooted, stopped or terminated through AWS", "target bị khởi động lại, dừng hoặc xoá qua AWS"),
        weights: &[
            must("power-event", 16, -15), core("stopped-by-call", 16, -4), w("instance-check-failed", 6, -3), w("host-silent", 5, -1), w("one-target", 3, -2), w("refused-then-timeouts", 6, -1),
            w("mixed", 3, -1), w("timeouts", 1, 0), w("refused", -3, 0), w("work-fell", 3, 0), w("log-boot", 3, 0), w("log-silent", 2, 0),
            w("system-check-failed", -4, 0), w("deployment-event", -3, 0), w("scale-in-event", -5, 0), w("spot-event", -8, 0), w("requests-rose", -2, 0),
            w("target-sg-blocks", -8, 0), w("acl-or-route-blocks", -8, 0), w("all-groups", -2, 0), w("successes-mixed", -3, 1), w("connection-failures", 1, -10),
            w("step", 1, 0), w("replacement-event", -4, 0), w("young-targets", -2, 0), w("all-targets", -2, 0), w("target-sg-event", -4, 0), w("log-stopped", 2, 0),
            w("console-boot", 4, -6), w("console-crash", -2, 0), w("agent-lost", 3, -3),
        ],
        next: || say!("`aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=i-…`: who, and why", "`aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=i-…`: ai làm, vì sao"),
    },
    Cause {
        id: "os-restart", letter: "C8", prior: -4,
        name: || say!("a target restarted from inside (reboot, shutdown, kernel panic): no API call", "target tự khởi động lại từ bên trong (reboot, shutdown, kernel panic): không có lệnh API"),
        weights: &[
            must("instance-check-failed", 13, -12), w("stopped-by-call", -12, 0), core("log-boot", 8, -2), w("refused-then-timeouts", 7, -2), w("mixed", 4, -1), w("one-target", 4, -2),
            w("host-silent", 2, 0), w("os-shutdown-event", 9, 0), w("work-fell", 3, 0), never("system-check-failed", -12, 1), w("power-event", -15, 4),
            w("maintenance-event", -3, 0), w("deployment-event", -4, 0), w("replacement-event", -5, 0), w("scale-in-event", -7, 0), w("spot-event", -10, 0),
            w("aws-event", -4, 0), w("requests-rose", -3, 0), w("cpu-high", -2, 0), w("log-oom", -5, 0), w("log-silent", 2, 0), w("target-sg-blocks", -8, 0),
            w("acl-or-route-blocks", -8, 0), w("connection-failures", 1, -10), w("timeouts", 0, 0), w("refused", -4, 0), w("successes-mixed", -4, 1),
            w("gone-targets", -4, 0), w("zone-silent", -6, 0), w("all-targets", -3, 0), w("on-box-event", 2, 0), w("target-sg-event", -4, 0), w("log-stopped", 3, 0),
            core("console-boot", 9, -9), w("console-crash", 6, 0), w("console-oom", -3, 0), w("agent-lost", 2, -2),
        ],
        next: || say!("on the target: `last -x reboot shutdown | head` and `journalctl -b -1 -e`; or `aws ec2 get-console-output --latest`", "trên target: `last -x reboot shutdown | head` và `journalctl -b -1 -e`; hoặc `aws ec2 get-console-output --latest`"),
    },
    Cause {
        id: "host-failure", letter: "C9", prior: -4,
        name: || say!("AWS's host or a volume under a target failed", "máy chủ vật lý hoặc ổ đĩa của AWS dưới target bị hỏng"),
        weights: &[
            must("system-check-failed", 15, -13), w("stopped-by-call", -8, 1), w("host-silent", 5, 0), w("timeouts", 4, -3), w("refused", -7, 0), w("one-target", 4, -3),
            w("maintenance-event", 6, 0), w("aws-event", 2, 0), w("power-event", -5, 1), w("zone-silent", -8, 1), w("one-zone", -2, 0),
            w("work-fell", 2, 0), w("deployment-event", -4, 0), w("target-sg-event", -4, 0), w("requests-rose", -3, 0), w("all-targets", -5, 0),
            w("successes-mixed", -4, 1), w("scale-in-event", -4, 0), w("spot-event", -6, 0), w("connection-failures", 1, -10), w("log-oom", -5, 0),
            w("target-sg-blocks", -8, 0), w("acl-or-route-blocks", -8, 0), w("instance-check-failed", 1, 0),
            core("console-disk", 8, 0), w("console-oom", -5, 0), w("agent-lost", 3, -7),
        ],
        next: || say!("`aws ec2 describe-instance-status --include-all-instances --instance-ids i-…`: system status and scheduled events", "`aws ec2 describe-instance-status --include-all-instances --instance-ids i-…`: system status và lịch bảo trì"),
    },
    Cause {
        id: "scale-in", letter: "C10", prior: -2,
        name: || say!("the fleet was made smaller and targets went away under requests", "nhóm máy bị thu nhỏ, target biến mất khi vẫn còn request"),
        weights: &[
            core("scale-in-event", 13, -10), core("gone-targets", 8, -5), core("targets-left", 6, -2), w("capacity-fell-first", 4, -2), w("load-per-target-rose", 1, 0),
            w("timeouts", 2, 0), w("short", 2, 0), w("deployment-event", -4, 1), w("replacement-event", -6, 1), w("spot-event", -9, 0), w("power-event", -4, 0),
            w("requests-rose", -1, 0), w("young-targets", -5, 0), w("target-sg-event", -4, 0), w("system-check-failed", -5, 0), w("host-silent", 4, 0),
            w("target-sg-blocks", -8, 0), w("acl-or-route-blocks", -8, 0), w("connection-failures", 1, -10), w("log-oom", -5, 0), w("nearly-all-fail", -3, 0),
            w("refused", -1, 0), w("work-fell", 1, 0), w("log-limit", -4, 0), w("log-stopped", 3, -1), w("mixed", 1, 0),
            w("console-boot", -3, 0),
        ],
        next: || say!("`aws autoscaling describe-scaling-activities --auto-scaling-group-name …`, and is there a lifecycle hook and a deregistration delay?", "`aws autoscaling describe-scaling-activities --auto-scaling-group-name …`; có lifecycle hook và deregistration delay không?"),
    },
    Cause {
        id: "spot-interruption", letter: "C11", prior: -4,
        name: || say!("AWS took spot capacity back", "AWS thu hồi spot instance"),
        weights: &[
            core("spot-event", 16, -11), w("spot-targets", 3, -7), w("gone-targets", 4, -2), w("host-silent", 3, 0), w("timeouts", 2, 0), w("targets-left", 2, 0),
            w("scale-in-event", -1, 0), w("power-event", -3, 0), w("deployment-event", -3, 0), w("requests-rose", -2, 0), w("young-targets", -4, 0),
            w("target-sg-event", -4, 0), w("connection-failures", 1, -10), w("target-sg-blocks", -8, 0), w("refused", -2, 0), w("replacement-event", -1, 0),
            w("log-stopped", 2, 0),
        ],
        next: || say!("`aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=BidEvictedEvent`", "`aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=BidEvictedEvent`"),
    },
];
