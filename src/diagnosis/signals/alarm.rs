//! The alarm itself: whether it went off for something.

use super::Asked;
use crate::case::alarm::{AlarmChange, AlarmChangeKind, AlarmState};
use crate::checks::Value;
use crate::metrics::ERRORS;
use crate::say;
use crate::time::Time;
use chrono::Duration;

pub(super) fn ask(asked: &mut Asked) {
    let scene = asked.scene;
    let Some(alarm) = &scene.case.alarm else { return };
    went_off(asked);
    threshold(asked, alarm.threshold);
    edited(asked);
    by_hand(asked);
}

/// Transitions to ALARM inside the window looked at; the state of now where there is no history.
fn transitions<'a>(asked: &Asked<'_, 'a>) -> Vec<(Time, Option<&'a AlarmChange>)> {
    let case = asked.scene.case;
    let Some(window) = asked.scene.analysis.window else { return Vec::new() };
    let near = window.widened(Duration::zero(), Duration::minutes(10));
    let mut all: Vec<_> =
        case.alarm_changes.iter().filter(|c| c.kind == AlarmChangeKind::ToAlarm && near.contains(c.at)).map(|c| (c.at, Some(c))).collect();
    if all.is_empty()
        && let Some(alarm) = case.alarm.as_ref().filter(|a| a.state == AlarmState::Alarm)
        && let Some(at) = alarm.state_updated.filter(|t| near.contains(*t))
    {
        all.push((at, None));
    }
    all
}

fn went_off(asked: &mut Asked) {
    let scene = asked.scene;
    let times = transitions(asked);
    if times.is_empty() || scene.errors.is_blank() {
        return;
    }
    let explained = |t: Time| {
        let reach = Duration::minutes(15);
        scene.analysis.episodes.iter().any(|e| e.onset <= t && e.end.is_none_or(|end| t <= end + reach))
    };
    let idle = times.iter().filter(|(t, _)| !explained(*t)).count();
    let n = times.len();
    let words = say!(
        "{idle} of {n} transitions to ALARM have no errors to explain them",
        "{idle} trong {n} lần chuyển sang ALARM không có lỗi nào giải thích"
    );
    let values = vec![Value::new("transitions", n as f64), Value::new("without errors", idle as f64)];
    if idle > 0 && scene.analysis.episodes.is_empty() {
        asked.yes("alarm-without-errors", 1.0, words, values);
    } else if idle == 0 {
        asked.no("alarm-without-errors", 1.0, words, values);
    }
}

/// A threshold that a handful of errors breaches, and no more than a handful there.
fn threshold(asked: &mut Asked, threshold: f64) {
    let scene = asked.scene;
    let Some(alarm) = scene.case.alarm.as_ref().filter(|a| a.metric == ERRORS) else { return };
    let total = scene.total();
    let peak = scene.analysis.episodes.iter().map(|e| e.peak).fold(0.0, f64::max);
    let requests: f64 = scene.windows.iter().filter_map(|w| scene.requests.sum(*w)).sum();
    let percent = if requests > 0.0 { 100.0 * total / requests } else { 0.0 };
    let each = alarm.period;
    let words = say!(
        "the alarm goes off at {threshold} errors in {each} s; there were {total:.0} in all, {peak:.0} at the most in a minute",
        "báo động kêu ở mức {threshold} lỗi trong {each} giây; tổng cộng có {total:.0} lỗi, nhiều nhất {peak:.0} trong một phút"
    );
    let values = vec![Value::new("threshold", threshold), Value::new("errors", total), Value::new("share of requests", percent).unit("%")];
    let low = threshold <= 5.0;
    if scene.analysis.episodes.is_empty() {
        return;
    }
    if low && !scene.is_real() {
        asked.yes("alarm-too-sensitive", 1.0, words, values);
    } else if low && total <= 12.0 && peak <= 5.0 && percent < 0.5 {
        asked.yes("alarm-too-sensitive", 0.6, words, values);
    } else if total >= 50.0 {
        asked.no("alarm-too-sensitive", 1.0, words, values);
    }
}

fn edited(asked: &mut Asked) {
    let case = asked.scene.case;
    let times = transitions(asked);
    let Some((first, _)) = times.first() else { return };
    let recent = |t: Time| t <= *first && *first - t <= Duration::hours(2);
    let change = case.alarm_changes.iter().find(|c| c.kind == AlarmChangeKind::Edited && recent(c.at)).map(|c| c.at);
    let updated = case.alarm.as_ref().and_then(|a| a.configuration_updated).filter(|t| recent(*t));
    match change.or(updated) {
        Some(at) => {
            let clock = at.format("%H:%M").to_string();
            let words = say!("the alarm was edited at {clock} UTC, before it went off", "báo động bị sửa lúc {clock} UTC, trước khi kêu");
            asked.yes("alarm-edited", 1.0, words, vec![Value::new("edited", 1.0).at(at)]);
        }
        None => asked.no(
            "alarm-edited",
            1.0,
            say!("the alarm was not edited in the two hours before", "báo động không bị sửa trong hai giờ trước đó"),
            Vec::new(),
        ),
    }
}

/// A state that nobody's threshold made has somebody's own words as its reason.
fn by_hand(asked: &mut Asked) {
    let scene = asked.scene;
    let times = transitions(asked);
    let Some((_, change)) = times.last() else { return };
    let now = scene.case.alarm.as_ref().map(|a| a.state_reason.clone()).unwrap_or_default();
    let reason = change.map_or(now, |c| c.reason.clone());
    if reason.is_empty() {
        return;
    }
    let measured = ["Threshold Crossed", "threshold", "datapoint", "Insufficient Data", "Unchecked"].iter().any(|w| reason.contains(w));
    let shown: String = reason.chars().take(120).collect();
    let words = say!("the reason of the alarm's state: {shown}", "lý do trạng thái của báo động: {shown}");
    if measured { asked.no("alarm-by-hand", 1.0, words, Vec::new()) } else { asked.yes("alarm-by-hand", 1.0, words, Vec::new()) }
}
