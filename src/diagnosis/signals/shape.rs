//! How the errors began, how long they lasted, and what share of the requests they were.

use super::Asked;
use crate::checks::Value;
use crate::say;
use crate::time::{Window, in_words};
use chrono::Duration;

pub(super) fn ask(asked: &mut Asked) {
    if !asked.scene.is_real() {
        return;
    }
    beginning(asked);
    length(asked);
    share(asked);
}

/// Minutes from the onset until four fifths of the highest of the first fifteen.
fn beginning(asked: &mut Asked) {
    let scene = asked.scene;
    let Some(onset) = scene.onset() else { return };
    let first = Window { start: onset, end: (onset + Duration::minutes(15)).min(scene.near.end) };
    let points: Vec<_> = scene.errors.numbers(first).collect();
    let top = points.iter().map(|(_, v)| *v).fold(0.0, f64::max);
    if scene.errors.period > 60 || points.len() < 5 || top < 10.0 {
        return;
    }
    let Some((t, _)) = points.iter().find(|(_, v)| *v >= 0.7 * top) else { return };
    let minutes = (*t - onset).num_minutes();
    let words = say!(
        "the errors were at most of their height {minutes} min after they began",
        "lỗi đạt gần mức cao nhất sau {minutes} phút kể từ khi bắt đầu"
    );
    let values = vec![Value::new("minutes", minutes as f64).unit("min")];
    match minutes {
        ..=1 => {
            asked.yes("step", 1.0, words.clone(), values.clone());
            asked.no("ramp", 1.0, words, values);
        }
        4.. => {
            asked.yes("ramp", 1.0, words.clone(), values.clone());
            asked.no("step", 1.0, words, values);
        }
        _ => {}
    }
}

fn length(asked: &mut Asked) {
    let scene = asked.scene;
    let Some(episode) = scene.episode else { return };
    let long = in_words(scene.main().span());
    let values = vec![Value::new("length", scene.length() as f64).unit("s")];
    match episode.end {
        Some(_) if scene.length() <= 180 => {
            asked.yes("short", 1.0, say!("the errors were over after {long}", "lỗi hết sau {long}"), values);
        }
        _ if scene.length() > 360 => {
            asked.no("short", 1.0, say!("the errors lasted {long}", "lỗi kéo dài {long}"), values);
        }
        _ => {}
    }
}

fn share(asked: &mut Asked) {
    let scene = asked.scene;
    let group = scene.group.as_deref();
    let keys = scene.case.series.of(crate::metrics::ERRORS).map(|(k, _)| k);
    let key =
        keys.filter(|k| k.group() == group && group.is_some() && k.zone().is_none()).min().cloned().or_else(|| scene.errors_key.clone());
    let Some(key) = key else { return };
    let of = |key: &crate::case::series::SeriesKey| scene.grid(key).sum(scene.main());
    let requests = of(&crate::analysis::grid::beside(&key, "RequestCount"));
    let (Some(errors), Some(requests)) = (of(&key), requests.filter(|r| *r >= 20.0)) else { return };
    let percent = 100.0 * errors / requests;
    let words = say!(
        "{percent:.1} % of the requests met a failed connection ({errors:.0} of {requests:.0})",
        "{percent:.1} % request gặp kết nối lỗi ({errors:.0} trong {requests:.0})"
    );
    asked.grade("nearly-all-fail", percent, 75.0, 40.0, words, vec![Value::new("share", percent).unit("%")]);
}
