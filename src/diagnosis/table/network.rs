//! Something between balancer and target stops packets.

use super::{Cause, core, must, never, w};
use crate::say;

#[rustfmt::skip]
pub(super) const CAUSES: &[Cause] = &[
    Cause {
        id: "target-security-group", letter: "C12", prior: -2,
        name: || say!("the targets' security group does not let the balancer in", "security group của target không cho load balancer vào"),
        weights: &[
            must("target-sg-blocks", 15, -14), core("target-sg-event", 10, -4), w("timeouts", 7, -9), never("refused", -15, 1), w("ramp", 3, 0), w("step", -1, 0),
            w("all-targets", 3, -2), w("one-target", -4, 0), w("requests-rose", -3, 0), w("work-fell", 2, 0), w("cpu-high", -4, 0), w("instance-check-failed", -8, 0),
            w("host-silent", -8, 0), w("power-event", -5, 0), w("successes-mixed", -1, 0), w("one-zone", -3, 0), w("connection-failures", 1, -12), w("nearly-all-fail", 2, 0),
            w("log-oom", -5, 0), w("gone-targets", -4, 0), w("credits-empty", -4, 0), w("response-time-rose-first", -3, 0), w("health-flat", 0, 0), w("short", -2, 0),
            w("deployment-event", -1, 0), w("failed-arrived", -3, 0),
            w("console-oom", -5, 0), w("console-boot", -6, 0), w("agent-lost", -5, 1),
        ],
        next: || say!("`aws ec2 describe-security-group-rules --filters Name=group-id,Values=sg-…`: is the balancer's group allowed on the traffic port?", "`aws ec2 describe-security-group-rules --filters Name=group-id,Values=sg-…`: cổng nhận request có cho security group của load balancer không?"),
    },
    Cause {
        id: "balancer-security-group", letter: "C13", prior: -4,
        name: || say!("the balancer's own security group does not let it out", "security group của load balancer không cho nó đi ra"),
        weights: &[
            must("balancer-sg-blocks", 15, -14), core("balancer-sg-event", 10, -4), w("timeouts", 7, -9), never("refused", -15, 1), w("all-groups", 6, -5), w("ramp", 3, 0), w("step", -1, 0),
            w("all-targets", 3, -2), w("one-target", -8, 0), w("one-zone", -3, 0), w("requests-rose", -3, 0), w("work-fell", 2, 0), w("instance-check-failed", -8, 0),
            w("host-silent", -8, 0), w("power-event", -5, 0), w("nearly-all-fail", 2, 0), w("connection-failures", 1, -12), w("gone-targets", -4, 0), w("log-oom", -5, 0), w("short", -2, 0),
            w("cpu-high", -4, 0), w("response-time-rose-first", -3, 0), w("failed-arrived", -3, 0),
            w("console-oom", -5, 0), w("console-boot", -6, 0), w("agent-lost", -5, 1),
        ],
        next: || say!("`aws ec2 describe-security-group-rules` of the balancer's groups: egress to the targets on the traffic port?", "`aws ec2 describe-security-group-rules` của load balancer: egress tới target trên cổng nhận request?"),
    },
    Cause {
        id: "network-acl-or-route", letter: "C14", prior: -4,
        name: || say!("a network ACL, a route table or a subnet change stops packets", "network ACL, route table hoặc thay đổi subnet chặn gói tin"),
        weights: &[
            must("acl-or-route-blocks", 15, -13), core("acl-or-route-event", 10, -5), w("timeouts", 7, -9), never("refused", -15, 1), w("one-zone", 5, -1), w("step", 3, 0),
            w("ramp", -2, 0), w("one-target", -5, 0), w("all-targets", 0, 0), w("requests-rose", -3, 0), w("instance-check-failed", -8, 0), w("host-silent", -6, 0),
            w("power-event", -5, 0), w("work-fell", 1, 0), w("connection-failures", 1, -12), w("system-check-failed", -6, 0), w("gone-targets", -4, 0), w("log-oom", -5, 0), w("short", -2, 0),
            w("cpu-high", -4, 0), w("response-time-rose-first", -3, 0), w("one-node", 5, 0), w("aws-event", -2, 0), w("failed-arrived", -3, 0),
            w("console-oom", -5, 0), w("console-boot", -5, 0),
        ],
        next: || say!("`aws ec2 describe-network-acls` for both subnets: the traffic port in, 1024–65535 out, and the mirror at the balancer", "`aws ec2 describe-network-acls` của cả hai subnet: cổng nhận request chiều vào, 1024–65535 chiều ra, và ngược lại ở phía load balancer"),
    },
    Cause {
        id: "stale-target-address", letter: "C23", prior: -4,
        name: || say!("a registered address belongs to nothing any more, or lies behind a link that is down", "địa chỉ đã đăng ký không còn thuộc về ai, hoặc nằm sau đường kết nối đã đứt"),
        weights: &[
            must("address-without-owner", 17, -14), w("timeouts", 5, -4), w("one-target", 2, 0), w("registration-event", 1, 0), w("requests-rose", -2, 0),
            w("refused", -4, 0), w("power-event", -3, 0), w("connection-failures", 1, -10), w("replacement-event", 0, 0), w("target-sg-event", -3, 0), w("lambda-targets", -10, 0),
            w("successes-mixed", -2, 0), w("cpu-high", -3, 0), w("log-stopped", 1, 0), w("gone-targets", 2, 0),
        ],
        next: || say!("`aws ec2 describe-network-interfaces --filters Name=addresses.private-ip-address,Values=…`: who has the address?", "`aws ec2 describe-network-interfaces --filters Name=addresses.private-ip-address,Values=…`: địa chỉ thuộc về ai?"),
    },
];
