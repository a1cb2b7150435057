//! Which lanes there are, in which order, and how far those of many hosts or zones are unfolded.

use super::{Fold, Order, Place, Scores, Shows, Subject, Wish};
use crate::analysis::grid::{self, derived};
use crate::case::Case;
use crate::case::series::{SeriesKey, Track};
use crate::case::topology::short_name;
use crate::metrics::{CATALOG, ERRORS, Metric, Scope};
use crate::time::Window;

/// A series by its key, with what is known of it; derived ones are computed.
type Found<'a> = (&'a SeriesKey, Option<&'a Track>);

/// Metrics that have a lane even while, or because, nothing is known of them.
const ALWAYS: [&str; 6] = [ERRORS, "RequestCount", "NetworkIn", "StatusCheckFailed", "CPUUtilization", "HealthyHostCount"];

pub(super) fn subjects(case: &Case, scores: &Scores, wish: &Wish) -> Vec<Subject> {
    let derived = derived::keys(case);
    let main = grid::errors_key(case);
    let mut families: Vec<Vec<Subject>> = CATALOG
        .iter()
        .filter(|m| m.name == ERRORS || wish.filter.is_empty() || m.name.to_lowercase().contains(&wish.filter))
        .map(|m| family(case, m, main.as_ref(), &derived, scores, wish))
        .filter(|f| !f.is_empty())
        .collect();
    arrange(&mut families, scores, wish.order);
    families.into_iter().flatten().collect()
}

fn arrange(families: &mut Vec<Vec<Subject>>, scores: &Scores, order: Order) {
    let head = |f: &Vec<Subject>| f.first().map_or((true, 0, ""), |s| (s.metric.name != ERRORS, s.metric.order, s.metric.name));
    match order {
        Order::Runbook => families.sort_by_key(|f| (head(f).0, head(f).1)),
        Order::Name => families.sort_by_key(|f| (head(f).0, head(f).2)),
        Order::Correlation => by_correlation(families, scores),
    }
}

/// What is claimed comes before what is not, the stronger first. A family may be of thousands: each is looked at
/// once.
fn by_correlation(families: &mut Vec<Vec<Subject>>, scores: &Scores) {
    let score = |s: &Subject| scores.best(s).map_or((false, 0.0), |c| (c.associated, c.score));
    let mut ranked: Vec<_> = families
        .drain(..)
        .map(|f| (f.first().map_or((true, 0, (false, 0.0)), |s| (s.metric.name != ERRORS, s.metric.order, score(s))), f))
        .collect();
    ranked.sort_by(|((a_rest, a_order, a), _), ((b_rest, b_order, b), _)| {
        (a_rest, b.0).cmp(&(b_rest, a.0)).then(b.1.total_cmp(&a.1)).then(a_order.cmp(b_order))
    });
    families.extend(ranked.into_iter().map(|(_, f)| f));
}

/// The lanes of one metric: the one that stands for it, then what is unfolded.
fn family(
    case: &Case,
    metric: &'static Metric,
    main: Option<&SeriesKey>,
    derived: &[SeriesKey],
    scores: &Scores,
    wish: &Wish,
) -> Vec<Subject> {
    let found: Vec<Found> = if metric.scopes == [Scope::Derived] {
        derived.iter().filter(|k| k.metric == metric.name).map(|k| (k, None)).collect()
    } else {
        case.series.of(metric.name).map(|(k, track)| (k, Some(track))).collect()
    };
    let keys: Vec<&SeriesKey> = found.iter().map(|(k, _)| *k).collect();
    if keys.is_empty() {
        let always = ALWAYS.contains(&metric.name);
        return if always {
            vec![Subject { metric, place: Place::Itself, shows: Shows::These([].into()), key: None, child: false }]
        } else {
            Vec::new()
        };
    }
    if keys.iter().any(|k| k.instance().is_some()) { hosts(metric, &found, scores, wish) } else { places(metric, &keys, main, wish) }
}

/// A metric of the balancer: the place of the alarm first, zones and groups when unfolded.
fn places(metric: &'static Metric, keys: &[&SeriesKey], main: Option<&SeriesKey>, wish: &Wish) -> Vec<Subject> {
    let beside = main.map(|m| grid::beside(m, metric.name));
    let first = keys.iter().find(|k| Some(**k) == beside.as_ref()).or_else(|| keys.iter().min_by_key(|k| (k.dimensions.len(), *k)));
    let Some(first) = first.copied() else { return Vec::new() };
    let place = first.zone().map_or(Place::Itself, |z| Place::Named(z.into()));
    let head = Subject { metric, place, shows: Shows::one(first), key: Some(first.clone()), child: false };
    if wish.fold == Fold::One {
        return vec![head];
    }
    let children = keys.iter().filter(|k| **k != first).map(|k| Subject {
        metric,
        place: Place::Named(part_of(k)),
        shows: Shows::one(k),
        key: Some((*k).clone()),
        child: true,
    });
    std::iter::once(head).chain(children).collect()
}

/// What a key is about, in a word: instance, zone, group, signature.
pub fn part_of(key: &SeriesKey) -> String {
    if let Some(id) = key.instance() {
        return id.to_owned();
    }
    for name in ["Signature", "Target"] {
        if let Some(v) = key.dimension(name) {
            return v.to_owned();
        }
    }
    match (key.group(), key.zone()) {
        (Some(g), Some(z)) => format!("{} {z}", short_name(g)),
        (Some(g), None) => short_name(g).to_owned(),
        (None, Some(z)) => z.to_owned(),
        (None, None) => key.dimension("LoadBalancer").map_or_else(String::new, |lb| short_name(lb).to_owned()),
    }
}

/// A metric of hosts: their sum or the worst one, then as far as it is unfolded.
fn hosts(metric: &'static Metric, found: &[Found], scores: &Scores, wish: &Wish) -> Vec<Subject> {
    let one = |key: &SeriesKey, child| Subject {
        metric,
        place: Place::Named(part_of(key)),
        shows: Shows::one(key),
        key: Some(key.clone()),
        child,
    };
    if let [(only, _)] = found {
        return vec![one(only, false)];
    }
    let shown = match wish.fold {
        Fold::One => 0,
        Fold::Worst => 3,
        Fold::All | Fold::Heat => found.len(),
    };
    let ranked = worst_first(metric, found, shown + 1, scores, wish.window);
    let worst = ranked[0].clone();
    let head = if metric.statistic == "Sum" {
        Subject { metric, place: Place::Hosts(found.len()), shows: Shows::Every, key: Some(worst), child: false }
    } else {
        Subject { metric, place: Place::WorstOf(part_of(&worst), found.len()), shows: Shows::one(&worst), key: Some(worst), child: false }
    };
    let (first, rest) = ranked.split_at(shown.min(ranked.len()));
    let band = (wish.fold == Fold::Worst && !rest.is_empty()).then(|| Subject {
        metric,
        place: Place::RestOf(rest.len()),
        key: rest.first().map(|k| (*k).clone()),
        shows: Shows::These(rest.iter().map(|k| (*k).clone()).collect()),
        child: true,
    });
    std::iter::once(head).chain(first.iter().map(|k| one(k, true))).chain(band).collect()
}

/// By how they move with the errors where that is known, then by their extreme, then by name: in that order they come.
/// Only the first `wanted` places are exact, so that few of thousands need be read.
fn worst_first<'a>(metric: &Metric, found: &[Found<'a>], wanted: usize, scores: &Scores, window: Window) -> Vec<&'a SeriesKey> {
    let at_most = |track: Option<&Track>| track.map_or(f64::NEG_INFINITY, |t| worst_ever(metric, t));
    let mut ranked: Vec<(f64, f64, usize)> = found.iter().enumerate().map(|(i, (_, track))| (0.0, at_most(*track), i)).collect();
    for row in scores.of_metric(metric.name).filter(|row| row.associated) {
        if let Ok(i) = found.binary_search_by(|(key, _)| (*key).cmp(&row.key)) {
            ranked[i].0 = row.score;
        }
    }
    let worst = |a: &(f64, f64, usize), b: &(f64, f64, usize)| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2));
    ranked.sort_unstable_by(worst);
    for n in 0..ranked.len() {
        // The places before are exact; none that follows can come before them.
        if n >= wanted && worst(&ranked[wanted - 1], &ranked[n]).is_lt() {
            break;
        }
        ranked[n].1 = found[ranked[n].2].1.map_or(f64::NEG_INFINITY, |track| extreme(metric, track, window));
        let (exact, read) = ranked.split_at(n);
        let place = exact.partition_point(|other| worst(other, &read[0]).is_lt());
        ranked[place..=n].rotate_right(1);
    }
    ranked.into_iter().map(|(_, _, i)| found[i].0).collect()
}

/// Larger is worse: of minima and of credits the low ones are.
fn sign(metric: &Metric) -> f64 {
    if metric.statistic == "Minimum" || metric.name == "CPUCreditBalance" { -1.0 } else { 1.0 }
}

/// What no value can be worse than.
fn worst_ever(metric: &Metric, track: &Track) -> f64 {
    let of = |low: f64, high: f64| if sign(metric) > 0.0 { high } else { -low };
    track.outline().map_or(f64::INFINITY, |o| of(o.usual.low, o.usual.high))
}

/// The worst value inside `window`.
fn extreme(metric: &Metric, track: &Track, window: Window) -> f64 {
    let values = track.shows(metric.statistic, window).map_or(&[][..], |s| s.values_in(window));
    values.iter().map(|v| v * sign(metric)).fold(f64::NEG_INFINITY, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::series::Series;
    use crate::exchange::{Fact, What};
    use crate::metrics;
    use crate::tui::board::Ranking;
    use chrono::{DateTime, Duration};
    use proptest::prelude::*;

    proptest! {
        /// Reading few of the hosts names the same worst ones as reading all.
        #[test]
        fn the_worst_are_the_worst(
            hosts in prop::collection::vec(prop::collection::vec(prop::option::of(0u8..9), 1..30), 2..12),
            from in 0i64..20, length in 1i64..20, wanted in 1usize..5, low in any::<bool>(),
        ) {
            let name = if low { "CPUCreditBalance" } else { "CPUUtilization" };
            let start = DateTime::from_timestamp(1_763_604_300, 0).unwrap();
            let series = |(i, values): (usize, &Vec<Option<u8>>)| Series {
                key: SeriesKey::new(name, [("InstanceId", format!("i-{i:02}").as_str())]),
                statistic: "Average".into(),
                period: 60,
                start,
                values: values.iter().map(|v| v.map_or(f64::NAN, f64::from)).collect(),
            };
            let what = What::Series(hosts.iter().enumerate().map(series).collect());
            let case = Case::from_facts([Fact { at: start, origin: None, what }]);
            let window = Window { start: start + Duration::minutes(from), end: start + Duration::minutes(from + length) };
            let metric = metrics::find(name).unwrap();
            let found: Vec<Found> = case.series.of(name).map(|(k, track)| (k, Some(track))).collect();
            let scores = Scores { judged: None, ranking: &Ranking::default() };
            let mut all: Vec<(f64, &SeriesKey)> = found.iter().map(|(k, t)| (extreme(metric, t.unwrap(), window), *k)).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
            let ranked = worst_first(metric, &found, wanted, &scores, window);
            prop_assert_eq!(ranked.len(), found.len());
            for (n, (_, key)) in all.iter().enumerate().take(wanted) {
                prop_assert_eq!(ranked[n], *key);
            }
        }
    }
}
