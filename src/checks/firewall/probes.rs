//! Connects that were tried from where the program runs.

use crate::case::Case;
use crate::case::network::{Probe, ProbeOutcome};
use crate::checks::{Book, Value};
use crate::exchange::Area;
use crate::say;

/// `from here, not from the balancer: 10.0.1.5:8080 refused the connection`
pub fn file(case: &Case, probe: &Probe, book: &mut Book) -> String {
    let (target, at) = (&probe.target, super::utc(probe.at));
    let words = match &probe.outcome {
        ProbeOutcome::Open { milliseconds } => say!(
            "from here, not from the balancer: {target} accepts connections ({milliseconds} ms, {at})",
            "từ máy này, không phải từ load balancer: {target} nhận kết nối ({milliseconds} ms, {at})"
        ),
        ProbeOutcome::Refused => say!(
            "from here, not from the balancer: {target} refused the connection ({at}): the machine answers, nobody listens there or it is rejected",
            "từ máy này, không phải từ load balancer: {target} từ chối kết nối ({at}): máy có trả lời, nhưng không ai lắng nghe hoặc bị từ chối"
        ),
        ProbeOutcome::TimedOut => say!(
            "from here, not from the balancer: {target} did not answer ({at}): dropped on the way, or nobody is there; this machine may simply not be allowed to reach it",
            "từ máy này, không phải từ load balancer: {target} không trả lời ({at}): bị bỏ trên đường hoặc không có ai; cũng có thể máy này không được phép tới đó"
        ),
        ProbeOutcome::Failed { why } => say!(
            "from here, not from the balancer: {target} could not be tried: {why} ({at})",
            "từ máy này, không phải từ load balancer: không thử được {target}: {why} ({at})"
        ),
    };
    let open = f64::from(u8::from(matches!(probe.outcome, ProbeOutcome::Open { .. })));
    let origin = case.origins.get(&Area::Network).and_then(|all| all.iter().find(|o| o.operation == "tcp-connect")).cloned();
    book.add_from(format!("probe.{target}"), words, Area::Network, vec![Value::new("open", open).at(probe.at)], origin)
}
