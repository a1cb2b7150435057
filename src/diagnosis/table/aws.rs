//! AWS itself: a zone, a service event, the balancer's own capacity.

use super::{Cause, core, w};
use crate::say;

#[rustfmt::skip]
pub(super) const CAUSES: &[Cause] = &[
    Cause {
        id: "zone-or-aws-event", letter: "C19", prior: -4,
        name: || say!("a fault of AWS in one zone or service", "sự cố của AWS ở một zone hoặc dịch vụ"),
        weights: &[
            core("aws-event", 11, -2), core("one-zone", 8, -9), core("zone-silent", 9, -1), w("timeouts", 4, -3), w("refused", -6, 0), w("one-target", -12, 1),
            w("acl-or-route-blocks", -12, 1), w("acl-or-route-event", -9, 1), w("system-check-failed", 2, 0), w("target-sg-blocks", -9, 0), w("target-sg-event", -4, 0),
            w("power-event", -6, 0), w("deployment-event", -4, 0), w("requests-rose", -3, 0), w("cpu-high", -3, 0), w("scale-in-event", -3, 0), w("spot-event", -4, 0),
            w("all-groups", 2, -1), w("connection-failures", 1, -10), w("one-node", 1, 0), w("successes-mixed", 1, 0), w("log-oom", -5, 0), w("subnets-full", -4, 0),
            w("replacement-event", -4, 0), w("registration-event", -2, 0), w("step", 1, 0), w("credits-empty", -5, 0),
            w("console-oom", -5, 0), w("console-boot", -3, 0), w("agent-lost", 2, -3),
        ],
        next: || say!("AWS Health dashboard and `aws arc-zonal-shift list-autoshifts`; look again in 30 min: public notices come late", "AWS Health dashboard và `aws arc-zonal-shift list-autoshifts`; xem lại sau 30 phút vì thông báo công khai thường đến muộn"),
    },
    Cause {
        id: "balancer-capacity", letter: "C20", prior: -6,
        name: || say!("the balancer itself cannot grow: addresses, connections, capacity", "chính load balancer không mở rộng được: địa chỉ, kết nối, dung lượng"),
        weights: &[
            core("rejected-connections", 10, -2), core("subnets-full", 11, -7), core("balancer-impaired", 10, -1), w("all-groups", 5, -5), w("one-node", 3, 0), w("requests-rose", 4, -2),
            w("connections-without-requests", 3, 0), w("timeouts", 3, -2), w("refused", -8, 0), w("one-target", -10, 1), w("cpu-high", -2, 1), w("power-event", -5, 0),
            w("target-sg-event", -5, 0), w("target-sg-blocks", -10, 0), w("acl-or-route-blocks", -10, 0), w("deployment-event", -3, 0), w("one-zone", 1, 0),
            w("connection-failures", 1, -8), w("instance-check-failed", -6, 0), w("host-silent", -6, 0), w("carried-before", -2, 1), w("work-fell", -2, 0),
            w("balancer-sg-blocks", -10, 0), w("gone-targets", -6, 0), w("young-targets", -5, 0), w("log-oom", -5, 0),
        ],
        next: || say!("`aws ec2 describe-subnets` of the balancer: at least 8 free addresses each? and `RejectedConnectionCount`", "`aws ec2 describe-subnets` của load balancer: mỗi subnet còn ít nhất 8 địa chỉ? và `RejectedConnectionCount`"),
    },
];
