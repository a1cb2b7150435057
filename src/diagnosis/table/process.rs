//! Nobody listens: the process died, was restarted in place, or listens elsewhere.

use super::{Cause, core, must, never, w};
use crate::say;

#[rustfmt::skip]
pub(super) const CAUSES: &[Cause] = &[
    Cause {
        id: "process-down", letter: "C4", prior: 0,
        name: || say!("the application's process is down: nobody listens on the port", "tiến trình ứng dụng đã dừng: không ai lắng nghe trên cổng"),
        weights: &[
            w("stopped-by-call", -9, 0), core("refused", 10, -10), never("timeouts", -14, 2), w("one-target", 4, -1), w("all-targets", -3, 0), w("instance-check-failed", -10, 1),
            w("system-check-failed", -10, 0), w("host-silent", -10, 1), w("power-event", -9, 2), w("deployment-event", -8, 2), w("replacement-event", -7, 1),
            w("scale-in-event", -5, 0), w("scale-out-event", -4, 0), w("spot-event", -6, 0), w("log-exit", 8, -3), w("log-silent", 4, -4), w("task-died-event", 5, 0),
            w("log-oom", -8, 0), w("log-boot", -6, 0), w("log-restart", 1, 0), w("step", 2, 0), w("work-fell", 2, 0), w("requests-rose", -3, 1),
            w("one-after-another", -8, 1), w("young-targets", -9, 1), w("gone-targets", -7, 1), w("health-port-differs", -1, 1),
            w("target-sg-blocks", -8, 0), w("acl-or-route-blocks", -8, 0), w("mixed", -5, 1), w("refused-then-timeouts", -7, 0),
            w("on-box-event", 1, 0), w("connection-failures", 2, -14), w("one-zone", -2, 0), w("short", -2, 1), w("successes-mixed", -3, 1),
            w("registration-event", -3, 0), w("nearly-all-fail", -1, 0), w("log-deployment", -5, 0), w("none-healthy", 2, 0), w("balancer-event", -7, 0),
            w("requests-moved", -8, 0), w("log-limit", -4, 0), w("os-shutdown-event", -8, 0), w("cpu-high", -3, 0), w("maintenance-event", -3, 0), w("log-stopped", -1, 0),
            w("log-restarts", -4, 0), w("unhealthy-before", 6, 0), w("refuses-some", -6, 1), w("memory-full", -6, 0), w("failed-arrived", -3, 0),
            w("console-oom", -8, 0), w("console-boot", -6, 0), w("console-limit", -4, 0), w("console-crash", -3, 0), w("console-syn-flood", -5, 0), w("agent-lost", -6, 2), w("lived-through", -8, 0),
        ],
        next: || say!("on the target: `ss -lntp | grep :PORT` and `systemctl status …` or `journalctl -u … --since`", "trên target: `ss -lntp | grep :PORT` và `systemctl status …` hoặc `journalctl -u … --since`"),
    },
    Cause {
        id: "in-place-deploy", letter: "C5", prior: -1,
        name: || say!("a deployment restarted the application in place, without taking targets out first", "triển khai khởi động lại ứng dụng tại chỗ, không rút target ra trước"),
        weights: &[
            core("deployment-event", 12, -9), core("log-deployment", 5, -1), w("log-restart", 4, -4), w("refused", 6, -5), w("timeouts", -9, 1),
            w("one-after-another", 9, -3), w("short", 3, -1), w("one-target", -4, 1), w("gone-targets", -8, 2), w("young-targets", -6, 1),
            w("targets-left", -5, 1), w("instance-check-failed", -8, 1), w("host-silent", -6, 0), w("replacement-event", -7, 0), w("power-event", -6, 0),
            w("scale-in-event", -4, 0), w("requests-rose", -3, 0), w("on-box-event", 7, 0), w("log-exit", 1, 0), w("target-sg-event", -5, 0),
            w("target-sg-blocks", -9, 0), w("acl-or-route-blocks", -9, 0), w("connection-failures", 1, -10), w("nearly-all-fail", -3, 0),
            w("health-port-differs", -1, 0), w("none-healthy", -1, 0), w("log-oom", -5, 0), w("mixed", -3, 0), w("registration-event", -3, 1),
            w("requests-moved", -4, 0), w("spot-event", -6, 0), w("log-limit", -3, 0), w("one-zone", -3, 0), w("health-flat", 1, 0), w("log-stopped", 4, -3),
            w("log-restarts", 5, -2), w("refuses-some", -3, 0),
            w("console-oom", -5, 0), w("console-boot", -6, 0), w("console-limit", -3, 0), w("agent-lost", -3, 0), w("lived-through", -4, 0),
        ],
        next: || say!("ask who deployed then, and whether targets are deregistered and drained before the restart", "hỏi ai đã triển khai lúc đó, và target có được gỡ và chờ hết kết nối trước khi khởi động lại không"),
    },
    Cause {
        id: "host-firewall", letter: "C15", prior: -5,
        name: || say!("a firewall on the target itself", "tường lửa ngay trên target"),
        weights: &[
            w("stopped-by-call", -9, 0), core("path-open", 4, -10), w("timeouts", 6, -3), w("refused", -2, 0), w("one-target", 3, -1), w("one-node", 2, 0), w("all-targets", -5, 0), w("on-box-event", 7, -1),
            w("requests-rose", -4, 1), w("cpu-high", -7, 1), w("load-flat", 1, 0), w("instance-check-failed", -12, 1), w("system-check-failed", -10, 1),
            w("host-silent", -12, 1), w("log-limit", -10, 0), w("allowance-exceeded", -12, 1), w("power-event", -8, 1), w("deployment-event", -4, 0),
            w("replacement-event", -5, 0), w("scale-in-event", -6, 0), w("scale-out-event", -3, 0), w("spot-event", -6, 0), w("target-sg-event", -6, 1),
            w("balancer-sg-event", -6, 0), w("acl-or-route-event", -6, 1), w("gone-targets", -7, 1), w("young-targets", -3, 0), w("log-oom", -6, 0),
            w("successes-mixed", -5, 2), w("mixed", -4, 0), w("refused-then-timeouts", -6, 0), w("step", 1, 0), w("none-healthy", 0, 0),
            w("credits-empty", -9, 0), w("connection-failures", 1, -12), w("log-exit", -7, 0), w("log-silent", -5, 2), w("one-zone", -4, 0),
            w("failed-arrived", -3, 0),
            w("aws-event", -5, 0), w("address-without-owner", -12, 0), w("response-time-rose-first", -4, 1), w("all-groups", -7, 0), w("log-boot", -4, 0),
            w("subnets-full", -3, 0), w("rejected-connections", -4, 0), w("requests-moved", -4, 0), w("balancer-event", -5, 0), w("work-fell", 2, 0),
            w("lost-syns", -2, 0), w("tls-errors", -5, 0), w("maintenance-event", -3, 0), w("log-restarts", -5, 0), w("log-stopped", -5, 0), w("one-after-another", -4, 0),
            w("refuses-some", 9, -2), w("log-restart", -3, 0), w("unhealthy-before", -2, 0),
            w("console-oom", -6, 0), w("console-boot", -6, 0), w("console-limit", -9, 1), w("console-crash", -6, 0), w("console-syn-flood", -5, 0), w("console-disk", -4, 0), w("agent-lost", -7, 3), w("lived-through", 5, 0),
        ],
        next: || say!("on the target: `iptables -L -n -v` or `nft list ruleset`, and `tcpdump -n port PORT` while errors last: do SYNs arrive?", "trên target: `iptables -L -n -v` hoặc `nft list ruleset`, và `tcpdump -n port PORT` khi còn lỗi: SYN có tới không?"),
    },
    Cause {
        id: "port-mismatch", letter: "C16", prior: -3,
        name: || say!("requests go to a port that the application does not listen on", "request tới cổng mà ứng dụng không lắng nghe"),
        weights: &[
            core("health-port-differs", 7, -9), w("refused", 8, -11), never("timeouts", -14, 1), w("nearly-all-fail", 7, -8), w("health-flat", 4, -6),
            w("all-targets", 5, -6), w("one-target", -7, 1), w("registration-event", 4, 0), w("deployment-event", 2, 0), w("balancer-event", 2, 0),
            w("short", -4, 1), w("power-event", -6, 0), w("instance-check-failed", -8, 0), w("requests-rose", -2, 0), w("host-silent", -8, 0),
            w("log-exit", -4, 0), w("successes-mixed", -5, 1), w("connection-failures", 1, -12), w("one-after-another", -5, 0), w("gone-targets", -4, 0),
            w("log-oom", -6, 0), w("mixed", -4, 0), w("log-silent", -1, 1), w("none-healthy", -5, 0), w("log-restart", 1, 0), w("young-targets", -5, 0),
            w("replacement-event", 1, 0), w("log-restarts", 2, 0), w("requests-moved", -6, 0), w("health-check-event", 3, 0),
            w("console-oom", -6, 0), w("console-boot", -4, 0), w("agent-lost", -5, 1), w("lived-through", 1, 0),
        ],
        next: || say!("compare `aws elbv2 describe-target-health` (registered port) with `ss -lnt` on a target", "so cổng trong `aws elbv2 describe-target-health` với `ss -lnt` trên target"),
    },
    Cause {
        id: "new-target-not-ready", letter: "C22", prior: -3,
        name: || say!("new targets got requests before they were ready", "target mới nhận request khi chưa sẵn sàng"),
        weights: &[
            must("young-targets", 14, -13), w("scale-out-event", 6, -3), core("targets-joined-first", 6, -3), w("registration-event", 3, 0),
            w("deployment-event", 1, 0), w("replacement-event", 1, 0), w("requests-rose", 1, 0), w("gone-targets", -5, 0), w("power-event", -6, 0),
            w("target-sg-event", -3, 0), w("one-after-another", 0, 0), w("capacity-fell-first", -3, 0), w("host-silent", -5, 0), w("work-fell", -3, 0),
            w("scale-in-event", -5, 0), w("spot-event", -5, 0), w("connection-failures", 1, -10), w("refused", 2, 0), w("log-boot", 1, 0),
            w("log-oom", -5, 0), w("target-sg-blocks", -5, 0), w("nearly-all-fail", -8, 2), w("balancer-event", -4, 0), w("requests-moved", -3, 0),
            w("address-without-owner", -6, 0), w("health-flat", 2, 0), w("health-port-differs", 3, -1), w("log-restart", 2, 0), w("all-targets", -3, 0),
        ],
        next: || say!("compare when the new targets' application was ready (its log) with when the group called them healthy", "so thời điểm ứng dụng trên target mới sẵn sàng (log) với lúc group coi là khoẻ"),
    },
];
