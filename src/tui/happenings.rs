//! What happened, as the findings pane lists it and the lanes mark it: the timeline of changes, the
//! alarm's own transitions, and evidence that has a time.

use super::paint::Look;
use crate::analysis::timeline::{Entry, Relation};
use crate::case::Case;
use crate::case::alarm::AlarmChangeKind;
use crate::case::events::{Event, EventSource};
use crate::checks::Status;
use crate::exchange::Area;
use crate::judge::Judged;
use crate::time::{Time, Window};

/// Key of an event in the case.
pub type EventKey = (Time, EventSource, String);

/// Where a happening comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Events(Vec<EventKey>),
    AlarmChange(usize),
    Evidence(String),
}

/// One line of the findings.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    pub at: Time,
    pub end: Option<Time>,
    pub seconds_from_onset: Option<i64>,
    pub relation: Option<Relation>,
    /// What of the path it touches, by name.
    pub touches: Option<String>,
    /// From 1, the weightiest first.
    pub rank: u32,
    pub text: String,
    /// Did not change anything: a failed attempt.
    pub attempt: bool,
    /// Not about this path: shown on request only, and never on the lanes.
    pub elsewhere: bool,
    /// Who, from where and on what, for the filter; in lower case.
    pub search: String,
    pub origin: Origin,
}

/// How the findings are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Time,
    Relevance,
}

/// Everything that happened, in order of time; what is not about the path only with `elsewhere`.
pub fn all(case: &Case, judged: Option<&Judged>, look: &Look, elsewhere: bool) -> Vec<Happening> {
    // Before the timeline is made there is no telling what of a whole account is about this path.
    let entries = judged.map(|j| j.analysis.timeline.entries.as_slice()).unwrap_or_default();
    let mut list: Vec<Happening> = entries.iter().filter_map(|e| of_entry(case, e, look)).collect();
    if !list.iter().any(|h| matches!(&h.origin, Origin::Events(keys) if keys.iter().any(|k| k.1 == EventSource::Alarm))) {
        list.extend(alarm_changes(case, judged, look));
    }
    // What an event says by itself need not be inferred from it once more.
    let told: std::collections::HashSet<i64> = list.iter().map(|h| h.at.timestamp()).collect();
    list.extend(judged.map(|j| evidence(j, look)).unwrap_or_default().into_iter().filter(|h| !told.contains(&h.at.timestamp())));
    if let Some(judged) = judged.filter(|_| elsewhere) {
        list.extend(not_on_the_path(case, judged, look));
    }
    list.sort_by_key(|h| (h.at, h.rank));
    list
}

/// What the timeline folded into a count.
fn not_on_the_path<'a>(case: &'a Case, judged: &'a Judged, look: &'a Look) -> impl Iterator<Item = Happening> + 'a {
    let told: std::collections::HashSet<&EventKey> = judged.analysis.timeline.entries.iter().flat_map(|e| &e.events).collect();
    let inside = case
        .events
        .iter()
        .filter(|(key, e)| judged.window.overlaps(&Window::new(key.0, e.end.unwrap_or(key.0))) || judged.window.contains(key.0));
    inside.filter(move |(key, _)| !told.contains(key)).map(move |(key, event)| Happening {
        at: event.at,
        end: event.end,
        seconds_from_onset: from_onset(Some(judged), event.at),
        relation: None,
        touches: None,
        rank: 1000,
        text: sentence(event, look),
        attempt: event.error.is_some(),
        elsewhere: true,
        search: searched(event),
        origin: Origin::Events(vec![key.clone()]),
    })
}

fn searched(event: &Event) -> String {
    let actor = [&event.actor.name, &event.actor.arn, &event.actor.from, &event.actor.user_agent, &event.name, &event.service];
    let words: Vec<&str> = actor.into_iter().chain(&event.resources).map(crate::text::Foreign::as_str).collect();
    words.join(" ").to_lowercase()
}

fn of_entry(case: &Case, entry: &Entry, look: &Look) -> Option<Happening> {
    let event = entry.event(case)?;
    let more = entry.events.len().saturating_sub(1);
    let text = if more > 0 { format!("{} (×{})", sentence(event, look), more + 1) } else { sentence(event, look) };
    Some(Happening {
        at: entry.at,
        end: entry.end,
        seconds_from_onset: entry.seconds_from_onset,
        relation: Some(entry.relation),
        touches: entry.touches.clone(),
        rank: entry.rank,
        text,
        attempt: entry.attempt,
        elsewhere: false,
        search: entry.parts(case).map(searched).collect(),
        origin: Origin::Events(entry.events.clone()),
    })
}

fn from_onset(judged: Option<&Judged>, at: Time) -> Option<i64> {
    judged.and_then(|j| j.analysis.onset()).map(|onset| (at - onset).num_seconds())
}

/// What was done, by whom, with what.
pub fn sentence(event: &Event, look: &Look) -> String {
    let what = match (event.summary.is_empty(), event.summary.contains(event.name.as_str())) {
        (true, _) => event.name.to_string(),
        (_, true) => event.summary.to_string(),
        (_, false) => format!("{}: {}", event.name, event.summary),
    };
    let by = if event.actor.name.is_empty() || event.source == EventSource::Alarm || what.contains(event.actor.name.as_str()) {
        String::new()
    } else {
        format!("{}{}", look.say(" by ", " bởi "), event.actor.name)
    };
    let tool = event.actor.tool.as_ref().map(|t| format!(" ({t})")).unwrap_or_default();
    let error = event.error.as_ref().map(|e| format!("{}{e}", look.say(", refused: ", ", bị từ chối: "))).unwrap_or_default();
    format!("{what}{by}{tool}{error}")
}

fn alarm_changes<'a>(case: &'a Case, judged: Option<&'a Judged>, look: &'a Look) -> impl Iterator<Item = Happening> + 'a {
    case.alarm_changes.iter().enumerate().filter_map(move |(i, change)| {
        let word = match change.kind {
            AlarmChangeKind::ToAlarm => look.say("alarm → ALARM", "alarm → ALARM"),
            AlarmChangeKind::ToOk => look.say("alarm → OK", "alarm → OK"),
            AlarmChangeKind::ToInsufficientData => look.say("alarm → INSUFFICIENT_DATA", "alarm → INSUFFICIENT_DATA"),
            AlarmChangeKind::Edited => look.say("alarm edited", "alarm bị sửa"),
            AlarmChangeKind::Action => return None,
        };
        Some(Happening {
            at: change.at,
            end: None,
            seconds_from_onset: from_onset(judged, change.at),
            relation: None,
            touches: None,
            rank: 50,
            text: word.to_owned(),
            attempt: false,
            elsewhere: false,
            search: String::new(),
            origin: Origin::AlarmChange(i),
        })
    })
}

/// What failing steps rest on, where it has a time.
fn evidence(judged: &Judged, look: &Look) -> Vec<Happening> {
    let failing =
        judged.outcomes.iter().filter(|o| matches!(o.status, Status::Fail | Status::Warn) && !matches!(o.check, "verdict" | "correlation"));
    let mut ids: Vec<&String> = failing.flat_map(|o| o.evidence.iter().take(2)).collect();
    ids.sort_unstable();
    ids.dedup();
    let timed = ids.into_iter().filter_map(|id| {
        let entry = judged.book.get(id).filter(|e| !matches!(e.area, Area::Changes | Area::Lifecycle | Area::AlarmHistory))?;
        let at = entry.values.iter().find_map(|v| v.at)?;
        Some(Happening {
            at,
            end: None,
            seconds_from_onset: from_onset(Some(judged), at),
            relation: None,
            touches: None,
            rank: 100,
            text: look.text(&entry.sentence).to_owned(),
            attempt: false,
            elsewhere: false,
            search: String::new(),
            origin: Origin::Evidence(id.clone()),
        })
    });
    timed.collect()
}

/// The happenings that pass a filter, in the wanted order, as indices.
pub fn listed(all: &[Happening], filter: &str, order: Order) -> Vec<usize> {
    let filter = filter.to_lowercase();
    let passes = |h: &Happening| filter.is_empty() || h.text.to_lowercase().contains(&filter) || h.search.contains(&filter);
    let mut list: Vec<usize> = (0..all.len()).filter(|i| passes(&all[*i])).collect();
    if order == Order::Relevance {
        list.sort_by_key(|i| (all[*i].rank, all[*i].at));
    }
    list
}

/// The weightiest happenings of `window` that are marked on the lanes: index and number from 1 in order of time.
pub fn marked(all: &[Happening], window: Window, most: usize) -> Vec<(usize, u8)> {
    let inside = |h: &Happening| window.contains(h.at) || h.end.is_some_and(|end| Window::new(h.at, end).overlaps(&window));
    let mut picked: Vec<usize> =
        (0..all.len()).filter(|i| inside(&all[*i]) && !all[*i].elsewhere && !matches!(all[*i].origin, Origin::Evidence(_))).collect();
    picked.sort_by_key(|i| (all[*i].rank, all[*i].at));
    picked.truncate(most.min(9));
    picked.sort_by_key(|i| (all[*i].at, *i));
    picked.into_iter().zip(1..).collect()
}
