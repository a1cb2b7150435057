//! What looks like failing connections and is something else: the connections are made, or there are none
//! to make.

use super::{Cause, core, must, w};
use crate::say;

#[rustfmt::skip]
pub(super) const CAUSES: &[Cause] = &[
    Cause {
        id: "keepalive-race", letter: "N1", prior: -2,
        name: || say!("targets close idle connections earlier than the balancer", "target đóng kết nối nhàn rỗi sớm hơn load balancer"),
        weights: &[
            must("keepalive-cuts", 16, -14), core("connection-failures", -13, 6), w("requests-rose", -1, 0), w("app-errors", -4, 0), w("slow-answers", -4, 0), w("none-healthy", -3, 0),
            w("deployment-event", -1, 0), w("power-event", -3, 0), w("tls-errors", -5, 0), w("alarm-without-errors", 1, 0),
        ],
        next: || say!("compare the application's keep-alive timeout with the balancer's idle timeout: it must be the longer one", "so keep-alive timeout của ứng dụng với idle timeout của load balancer: ứng dụng phải dài hơn"),
    },
    Cause {
        id: "slow-target", letter: "N2", prior: -2,
        name: || say!("targets accept connections and answer too late", "target nhận kết nối nhưng trả lời quá muộn"),
        weights: &[
            w("stopped-by-call", -6, 0), must("slow-answers", 16, -14), core("connection-failures", -13, 6), w("response-time-rose-first", 3, 0), w("keepalive-cuts", -4, 0), w("app-errors", -3, 0),
            w("tls-errors", -5, 0), w("power-event", -3, 0), w("log-worker-timeout", 2, 0), w("failed-arrived", 2, 0),
        ],
        next: || say!("TargetResponseTime p99 against the idle timeout, and the slow paths: `alb-triage logs … --by path,status`", "so TargetResponseTime p99 với idle timeout, và các path chậm: `alb-triage logs … --by path,status`"),
    },
    Cause {
        id: "app-errors", letter: "N3", prior: -2,
        name: || say!("the application itself answers 5xx", "chính ứng dụng trả về 5xx"),
        weights: &[
            must("app-errors", 16, -14), core("connection-failures", -13, 6), w("keepalive-cuts", -4, 0), w("slow-answers", -4, 0), w("deployment-event", 2, 0),
            w("tls-errors", -5, 0), w("no-target-503", -5, 0),
        ],
        next: || say!("the application's log at that minute; `alb-triage logs … --by path,target_status`", "log của ứng dụng tại phút đó; `alb-triage logs … --by path,target_status`"),
    },
    Cause {
        id: "no-targets", letter: "N4", prior: -3,
        name: || say!("a target group has no target to send to", "target group không có target nào để gửi tới"),
        weights: &[
            must("no-target-503", 16, -14), w("no-registered-targets", 6, -2), core("connection-failures", -7, 5), w("registration-event", 3, 0), w("scale-in-event", 2, 0),
            w("app-errors", -4, 0), w("balancer-event", 3, 0),
        ],
        next: || say!("`aws elbv2 describe-target-health --target-group-arn …`: registered and in use?", "`aws elbv2 describe-target-health --target-group-arn …`: đã đăng ký và đang dùng?"),
    },
    Cause {
        id: "target-tls", letter: "N5", prior: -2,
        name: || say!("TLS between balancer and targets fails", "TLS giữa load balancer và target bị lỗi"),
        weights: &[
            must("tls-errors", 18, -14), w("deployment-event", 2, 0), w("one-target", 0, 0), w("requests-rose", -2, 0), w("power-event", -3, 0), w("target-sg-blocks", -8, 0),
            w("connection-failures", 0, 5),
        ],
        next: || say!("`openssl s_client -connect TARGET:PORT` from a host in the subnet: protocol, cipher, certificate", "`openssl s_client -connect TARGET:PORT` từ một máy trong subnet: giao thức, cipher, chứng chỉ"),
    },
    Cause {
        id: "alarm-artefact", letter: "N6", prior: -3,
        name: || say!("the alarm went off for next to nothing: threshold, missing data, an edit or a hand", "báo động kêu vì gần như không có gì: ngưỡng, dữ liệu thiếu, bị sửa hoặc đặt tay"),
        weights: &[
            core("alarm-too-sensitive", 13, -7), core("alarm-without-errors", 11, -3), core("alarm-by-hand", 11, 0), w("alarm-edited", 5, 0),
            w("connection-failures", -9, 6), w("keepalive-cuts", -6, 0), w("slow-answers", -6, 0), w("app-errors", -5, 0), w("no-target-503", -6, 0), w("tls-errors", -8, 0),
            w("auth-waf-lambda-errors", -5, 0), w("none-healthy", -6, 0), w("nearly-all-fail", -6, 0), w("host-silent", -5, 0), w("instance-check-failed", -5, 0),
            w("power-event", -5, 0), w("deployment-event", -5, 0), w("replacement-event", -5, 0), w("scale-in-event", -5, 0), w("spot-event", -5, 0),
            w("target-sg-blocks", -8, 0), w("acl-or-route-blocks", -8, 0), w("balancer-sg-blocks", -8, 0), w("log-oom", -5, 0), w("aws-event", -4, 0),
        ],
        next: || say!("`alb-triage alarms`: how often would the alarm have gone off in the past weeks, and at which threshold would it tell incidents from noise?", "`alb-triage alarms`: báo động lẽ ra kêu bao nhiêu lần trong các tuần qua, ngưỡng nào phân biệt được sự cố với nhiễu?"),
    },
    Cause {
        id: "lambda-auth-waf", letter: "N7", prior: -4,
        name: || say!("authentication, WAF or a Lambda function fails, not a connection to a target", "lỗi ở xác thực, WAF hoặc hàm Lambda, không phải kết nối tới target"),
        weights: &[
            core("auth-waf-lambda-errors", 17, -11), core("lambda-targets", 8, -2), core("connection-failures", -10, 5), w("app-errors", -3, 0), w("keepalive-cuts", -3, 0),
            w("slow-answers", -3, 0),
        ],
        next: || say!("`alb-triage logs … --by error_reason,status`", "`alb-triage logs … --by error_reason,status`"),
    },
];
