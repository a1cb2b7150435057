//! Whether the balancer's failed requests ever arrived: looked for in the application's log by their trace ids.

use super::{Book, Value, short};
use crate::accesslog::Signature;
use crate::applog::{AppLog, Joined};
use crate::case::Case;
use crate::exchange::Area;
use crate::say;
use crate::text::Text;

/// What each log says of it.
pub(super) fn file(case: &Case, book: &mut Book) -> Vec<String> {
    let of_log = |log: &AppLog| {
        let joined = log.joined.as_ref()?;
        let sentence = words(joined)?;
        let kinds = joined.kinds.iter();
        let values = kinds.flat_map(|k| {
            let id = k.signature.id();
            [Value::new(format!("{id} looked for"), k.asked as f64), Value::new(format!("{id} arrived"), k.arrived as f64)]
        });
        Some((format!("applog.arrival.{}", short(&log.name)), sentence, values.collect()))
    };
    let filed: Vec<(String, Text, Vec<Value>)> = case.app_logs.values().filter_map(of_log).collect();
    filed.into_iter().map(|(id, sentence, values)| book.add(id, sentence, Area::AppLog, values)).collect()
}

/// In one sentence; `None` when nothing was looked for.
pub(super) fn words(joined: &Joined) -> Option<Text> {
    let parts: Vec<Text> = [connections(joined), others(joined)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Text::join(&parts, "; "))
}

/// Requests whose connection to the target failed.
fn connections(joined: &Joined) -> Option<Text> {
    let (asked, arrived) = joined.of(Signature::is_failed_connection);
    let share = joined.requests * 100 / joined.answered.max(1);
    match (asked, arrived) {
        (0, _) => None,
        (_, 0) if joined.tells_absence() => Some(say!(
            "none of {asked} requests whose connection failed is in the application's log, by their trace ids: they never reached it",
            "không yêu cầu nào trong {asked} yêu cầu lỗi kết nối có trong log ứng dụng, theo trace id: chúng chưa từng tới nơi"
        )),
        (_, 0) => Some(say!(
            "none of {asked} requests whose connection failed is in the application's log, but it tells of only {share} % of those answered: that says little",
            "không yêu cầu nào trong {asked} yêu cầu lỗi kết nối có trong log ứng dụng, nhưng log chỉ có {share} % yêu cầu được trả lời: chưa nói lên gì"
        )),
        _ => {
            let statuses = answered(joined);
            Some(say!(
                "{arrived} of {asked} requests whose connection failed are in the application's log all the same{statuses}: they reached it",
                "{arrived} trên {asked} yêu cầu lỗi kết nối vẫn có trong log ứng dụng{statuses}: chúng đã tới nơi"
            ))
        }
    }
}

/// Requests that failed in any other way, but for those that had no target.
fn others(joined: &Joined) -> Option<Text> {
    let (asked, arrived) = joined.of(|s| !s.is_failed_connection() && s != Signature::NoTarget);
    let statuses = answered(joined);
    (asked > 0 && (arrived > 0 || joined.tells_absence())).then(|| {
        say!(
            "{arrived} of {asked} other failed requests reached the application{statuses}",
            "{arrived} trên {asked} yêu cầu lỗi khác đã tới ứng dụng{statuses}"
        )
    })
}

/// ` (answered 200 × 3)`
fn answered(joined: &Joined) -> String {
    let statuses = joined.statuses_in_words();
    if statuses.is_empty() { String::new() } else { format!(" ({statuses})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::applog::Kind;

    fn joined(kinds: &[(Signature, u64, u64)], requests: u64) -> Joined {
        let kinds = kinds.iter().map(|(signature, asked, arrived)| Kind { signature: *signature, asked: *asked, arrived: *arrived });
        Joined { requests, answered: 1000, kinds: kinds.collect(), statuses: vec![(0, 1), (200, 3)], ..Joined::default() }
    }

    #[test]
    fn what_never_arrived_is_said_only_where_the_log_would_show_it() {
        let said = |kinds: &[_], requests| words(&joined(kinds, requests)).map(|t| t.en);
        let refused = [(Signature::Refused, 120, 0)];
        assert!(said(&refused, 900).unwrap().contains("none of 120 requests whose connection failed") );
        assert!(said(&refused, 900).unwrap().ends_with("they never reached it"));
        assert!(said(&refused, 100).unwrap().contains("only 10 % of those answered"));
        let slow = said(&[(Signature::Refused, 9, 0), (Signature::SlowTarget, 5, 4), (Signature::NoTarget, 9, 0)], 900).unwrap();
        assert!(slow.ends_with("4 of 5 other failed requests reached the application (200 × 3)"), "{slow}");
        assert!(said(&[(Signature::ConnectTimeout, 5, 2)], 900).unwrap().contains("2 of 5"));
        assert_eq!(said(&[(Signature::NoTarget, 9, 0)], 900), None);
    }
}
