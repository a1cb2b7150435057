//! Too much for what there is: requests, credits, memory, limits.

use super::{Cause, core, must, never, w};
use crate::say;

#[rustfmt::skip]
pub(super) const CAUSES: &[Cause] = &[
    Cause {
        id: "overload", letter: "C1", prior: 0,
        name: || say!("overload: more requests than the targets can accept", "quá tải: nhiều request hơn mức target nhận nổi"),
        weights: &[
            core("requests-rose", 10, -7), core("load-per-target-rose", 4, -4), core("cpu-high", 8, -8),
            never("load-flat", -14, 1), w("response-time-rose-first", 5, -2), w("timeouts", 3, -2), w("refused", -6, 0),
            w("successes-mixed", 6, -5), w("lost-syns", 6, 0), w("one-target", -8, 2), w("all-targets", 3, -2),
            w("carried-before", -6, 2), w("capacity-fell-first", 1, 0), w("log-worker-timeout", 4, 0), w("work-fell", -8, 1),
            w("host-silent", -6, 0), w("instance-check-failed", -4, 0), w("one-zone", -4, 0), w("credits-empty", -8, 0),
            w("power-event", -4, 0), w("target-sg-event", -5, 0), w("acl-or-route-event", -5, 0), w("deployment-event", -2, 0),
            w("target-sg-blocks", -12, 0), w("acl-or-route-blocks", -12, 0), w("balancer-sg-blocks", -12, 0),
            w("log-oom", -4, 0), w("log-limit", -4, 0), w("allowance-exceeded", -5, 0), w("gone-targets", -6, 0), w("young-targets", -6, 0),
            w("requests-moved", -8, 0), w("subnets-full", -2, 0), w("rejected-connections", -5, 0), w("connections-without-requests", -3, 0),
            w("one-after-another", -4, 0), w("nearly-all-fail", -4, 1), w("connection-failures", 2, -14), w("step", -1, 1), w("balancer-event", -6, 0),
            w("aws-event", -4, 0), w("one-node", -4, 0),
            w("console-syn-flood", 5, 0), w("console-oom", -4, 0), w("console-limit", -4, 0), w("console-boot", -4, 0), w("agent-lost", -2, 0),
        ],
        next: || say!("on a target: `ss -lnt` (Recv-Q at its limit?) and `nstat -az TcpExtListenDrops TcpExtListenOverflows`", "trên target: `ss -lnt` (Recv-Q có chạm giới hạn?) và `nstat -az TcpExtListenDrops TcpExtListenOverflows`"),
    },
    Cause {
        id: "cpu-credits-exhausted", letter: "C2", prior: -3,
        name: || say!("CPU credits exhausted on burstable instances", "hết CPU credit trên instance burstable"),
        weights: &[
            must("credits-empty", 16, -16), core("cpu-pinned", 8, -3), w("requests-rose", -2, 1), w("response-time-rose-first", 4, -2),
            w("timeouts", 2, -1), w("refused", -7, 0), w("successes-mixed", 4, -3), w("cpu-high", -4, 1), w("slow-answers", 2, 0),
            w("work-fell", -2, 0), w("power-event", -5, 0), w("target-sg-event", -5, 0), w("instance-check-failed", -5, 0),
            w("deployment-event", -3, 0), w("connection-failures", 1, -10), w("host-silent", -6, 0), w("log-oom", -4, 0), w("step", -1, 0), w("log-worker-timeout", 3, 0),
            w("load-flat", 1, 0),
            w("console-oom", -4, 0), w("console-boot", -4, 0), w("agent-lost", -2, 0),
        ],
        next: || say!("`aws ec2 describe-instance-credit-specifications --instance-ids …`: standard or unlimited?", "`aws ec2 describe-instance-credit-specifications --instance-ids …`: standard hay unlimited?"),
    },
    Cause {
        id: "memory-exhausted", letter: "C3", prior: -3,
        name: || say!("memory exhausted on a target", "target hết bộ nhớ"),
        weights: &[
            w("stopped-by-call", -9, 0), core("log-oom", 15, -5), core("memory-full", 12, -11), w("mixed", 3, 0), w("response-time-rose-first", 3, 0), w("one-target", 2, -1),
            w("requests-rose", -1, 0), w("instance-check-failed", 1, 0), w("power-event", -7, 0), w("deployment-event", -3, 0),
            w("target-sg-event", -5, 0), w("acl-or-route-event", -5, 0), w("task-died-event", 3, 0), w("connection-failures", 1, -10),
            w("log-exit", 1, 0), w("one-zone", -3, 0), w("log-limit", -4, 0), w("system-check-failed", -6, 0),
            w("target-sg-blocks", -10, 0), w("acl-or-route-blocks", -10, 0), w("credits-empty", -5, 0), w("cpu-high", 0, 1),
            w("replacement-event", -3, 0), w("scale-in-event", -5, 0), w("log-boot", -5, 0), w("refused", 2, 0), w("log-restart", 1, 0),
            core("console-oom", 15, -6), w("console-crash", 2, 0), w("console-boot", -2, 0), w("console-limit", -4, 0), w("agent-lost", 1, 0),
        ],
        next: || say!("`aws ec2 get-console-output --latest --instance-id …` and look for “Out of memory: Killed process”", "`aws ec2 get-console-output --latest --instance-id …` rồi tìm “Out of memory: Killed process”"),
    },
    Cause {
        id: "network-allowance", letter: "C17", prior: -6,
        name: || say!("a network allowance of the instance type (tracked connections, packets a second) exceeded", "vượt hạn mức mạng của loại instance (số kết nối theo dõi, gói mỗi giây)"),
        weights: &[
            w("stopped-by-call", -8, 0), must("allowance-exceeded", 18, -16), w("timeouts", 4, -4), w("refused", -8, 0), w("connections-without-requests", 4, -1),
            w("requests-rose", 2, 0), w("cpu-high", -3, 2), w("successes-mixed", 4, -3), w("lost-syns", 4, 0), w("power-event", -4, 0),
            w("target-sg-event", -4, 0), w("instance-check-failed", -6, 0), w("connection-failures", 1, -10), w("host-silent", -6, 0),
            w("console-limit", -4, 0), w("console-oom", -4, 0), w("console-boot", -4, 0), w("agent-lost", -2, 0),
        ],
        next: || say!("on a target: `ethtool -S eth0 | grep allowance`, twice a minute apart", "trên target: `ethtool -S eth0 | grep allowance`, hai lần cách nhau một phút"),
    },
    Cause {
        id: "os-limit", letter: "C18", prior: -3,
        name: || say!("a limit of the operating system or the application (open files, conntrack, ports, workers)", "chạm giới hạn của hệ điều hành hoặc ứng dụng (file mở, conntrack, cổng, worker)"),
        weights: &[
            w("stopped-by-call", -8, 0), core("log-limit", 16, -7), core("ports-used-up", 7, -2), w("timeouts", 2, -1), w("cpu-high", -2, 2), w("response-time-rose-first", 2, 0),
            w("successes-mixed", 4, -4), w("requests-rose", 1, 0), w("power-event", -5, 0), w("target-sg-event", -5, 0), w("deployment-event", -2, 0),
            w("instance-check-failed", -5, 0), w("host-silent", -5, 0), w("log-oom", -4, 0), w("connection-failures", 1, -10), w("lost-syns", 2, 0),
            w("allowance-exceeded", -5, 0), w("one-zone", -3, 0), w("target-sg-blocks", -10, 0), w("acl-or-route-blocks", -10, 0),
            core("console-limit", 15, -5), w("console-syn-flood", 3, 0), w("console-oom", -4, 0), w("console-boot", -4, 0), w("agent-lost", -3, 0),
        ],
        next: || say!("on a target: `ls /proc/PID/fd | wc -l` against `/proc/PID/limits`, and `dmesg | grep -i conntrack`", "trên target: so `ls /proc/PID/fd | wc -l` với `/proc/PID/limits`, và `dmesg | grep -i conntrack`"),
    },
];
