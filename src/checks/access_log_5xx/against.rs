//! The log's counts against CloudWatch's. Delivery of logs is best effort, so they differ, and how far
//! says how much of the picture the log holds.

use crate::accesslog::{AccessLog, Signature};
use crate::analysis::grid;
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::case::topology::dimension_of;
use crate::checks::{Book, Value};
use crate::exchange::Area;
use crate::metrics::ERRORS;
use crate::say;
use crate::text::Text;
use crate::time::Window;

/// Below this share of CloudWatch's count a log is said to have holes.
const WHOLE: f64 = 0.9;

/// A count of the log and the metric that counts the same.
struct Pair {
    id: &'static str,
    metric: &'static str,
    in_log: u64,
}

/// Files what can be compared.
pub fn file(case: &Case, log: &AccessLog, window: Window, book: &mut Book) -> Vec<String> {
    pairs(log, window).iter().filter_map(|p| compare(case, p, window, book)).collect()
}

fn pairs(log: &AccessLog, window: Window) -> [Pair; 2] {
    let sum = |wanted: &dyn Fn(Signature) -> bool| log.by_signature(window).iter().filter(|(s, _)| wanted(**s)).map(|(_, n)| n).sum();
    [
        Pair {
            id: "against.balancer-5xx",
            metric: "HTTPCode_ELB_5XX_Count",
            in_log: sum(&|s| !matches!(s, Signature::App5xx | Signature::ClientGone)),
        },
        Pair { id: "against.connections", metric: ERRORS, in_log: sum(&Signature::is_failed_connection) },
    ]
}

fn compare(case: &Case, pair: &Pair, window: Window, book: &mut Book) -> Option<String> {
    let balancer = dimension_of(&case.load_balancer.as_ref()?.arn);
    let key = SeriesKey::new(pair.metric, [("LoadBalancer", balancer)]);
    let counted = grid::of(case, &key, window).sum(window)?;
    if counted <= 0.0 && pair.in_log == 0 {
        return None;
    }
    let values = vec![Value::new("access log", pair.in_log as f64), Value::new(pair.metric, counted)];
    Some(book.add(format!("access-log.{}", pair.id), sentence(pair, counted), Area::AccessLog, values))
}

fn sentence(pair: &Pair, counted: f64) -> Text {
    let (metric, log) = (pair.metric, pair.in_log);
    let percent = if counted > 0.0 { log as f64 / counted * 100.0 } else { 100.0 };
    if counted > 0.0 && (log as f64) < counted * WHOLE {
        return say!(
            "the log holds {log} where CloudWatch's {metric} counts {counted:.0} ({percent:.0} %): logs are delivered as best effort, and some are missing or were not failures of a request",
            "log có {log}, còn {metric} của CloudWatch đếm {counted:.0} ({percent:.0} %): log được giao theo kiểu cố gắng hết sức, có phần thiếu hoặc không phải lỗi của một yêu cầu"
        );
    }
    say!(
        "the log holds {log} where CloudWatch's {metric} counts {counted:.0} ({percent:.0} %)",
        "log có {log}, {metric} của CloudWatch đếm {counted:.0} ({percent:.0} %)"
    )
}
