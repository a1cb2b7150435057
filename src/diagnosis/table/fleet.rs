//! Targets come and go, or requests go elsewhere.

use super::{Cause, core, must, w};
use crate::say;

#[rustfmt::skip]
pub(super) const CAUSES: &[Cause] = &[
    Cause {
        id: "rolling-replacement", letter: "C6", prior: -2,
        name: || say!("targets were replaced and killed before the balancer stopped sending to them", "target được thay và bị tắt trước khi load balancer ngừng gửi request tới"),
        weights: &[
            core("replacement-event", 12, -8), core("gone-targets", 9, -6), w("deployment-event", 3, -2), w("one-after-another", 4, 0), w("targets-left", 4, -2),
            w("registration-event", 4, -1), w("one-target", -4, 0), w("short", 2, 0), w("scale-in-event", -4, 0), w("spot-event", -8, 0), w("requests-rose", -2, 0),
            w("power-event", -3, 0), w("young-targets", -5, 1), w("target-sg-event", -4, 0), w("system-check-failed", -5, 0), w("connection-failures", 1, -10),
            w("target-sg-blocks", -9, 0), w("acl-or-route-blocks", -9, 0), w("log-oom", -4, 0), w("instance-check-failed", -2, 0), w("nearly-all-fail", -3, 0),
            w("task-died-event", -3, 0), w("log-deployment", 1, 0), w("requests-moved", -3, 0), w("log-stopped", 3, -2), w("log-restarts", 2, 0), w("targets-joined-first", 4, -1),
            w("refused-then-timeouts", 2, 0), w("mixed", 2, 0), w("health-flat", 1, 0), w("log-silent", 1, 0),
        ],
        next: || say!("compare the deregistration delay and stop timeout: `aws ecs describe-services` or `aws autoscaling describe-instance-refreshes`", "so deregistration delay với stop timeout: `aws ecs describe-services` hoặc `aws autoscaling describe-instance-refreshes`"),
    },
    Cause {
        id: "fail-open", letter: "C21", prior: -14,
        name: || say!("fail-open: no target is healthy, so the balancer sends to all of them (always a consequence)", "fail-open: không target nào khoẻ nên load balancer gửi tới tất cả (luôn là hệ quả)"),
        weights: &[
            must("none-healthy", 8, -16), w("connection-failures", 0, -8), w("all-targets", 2, -2), w("health-flat", -6, 0), w("health-check-event", 5, 0),
        ],
        next: || say!("find why all targets are unhealthy: reason codes in `aws elbv2 describe-target-health`, and the health-check log", "tìm vì sao mọi target không khoẻ: mã lý do trong `aws elbv2 describe-target-health` và log health check"),
    },
    Cause {
        id: "traffic-shift", letter: "C24", prior: -3,
        name: || say!("requests were sent elsewhere: a listener rule, a weight, or a flood of connections", "request bị chuyển hướng: luật listener, trọng số, hoặc ồ ạt kết nối"),
        weights: &[
            core("requests-moved", 12, -5), core("balancer-event", 11, -4), core("connections-without-requests", 6, -2), w("one-target", -8, 0), w("all-groups", -2, 1),
            w("power-event", -5, 0), w("target-sg-event", -5, 0), w("deployment-event", 1, 0), w("requests-rose", 2, 0), w("instance-check-failed", -4, 0),
            w("host-silent", -5, 0), w("gone-targets", -4, 0), w("target-sg-blocks", -8, 0), w("acl-or-route-blocks", -8, 0), w("connection-failures", 1, -10),
            w("one-zone", -4, 0), w("step", 1, 0), w("allowance-exceeded", -4, 0), w("young-targets", -2, 0), w("log-oom", -4, 0), w("log-exit", -3, 0),
            w("nearly-all-fail", 2, 0),
        ],
        next: || say!("`aws elbv2 describe-rules --listener-arn …`: where does traffic go now, and who changed it?", "`aws elbv2 describe-rules --listener-arn …`: giờ traffic đi đâu, và ai đã đổi?"),
    },
];
