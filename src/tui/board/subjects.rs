//! Which lanes there are, in which order, and how far those of many hosts or zones are unfolded.

use super::{Fold, Order, Place, Scores, Subject, Wish};
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
    let score = |s: &Subject| scores.best(s.key.iter().chain(&s.keys)).map_or((false, 0.0), |c| (c.associated, c.score));
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
        return if always { vec![Subject { metric, place: Place::Itself, keys: Vec::new(), key: None, child: false }] } else { Vec::new() };
    }
    if keys.iter().any(|k| k.instance().is_some()) { hosts(metric, &found, scores, wish) } else { places(metric, &keys, main, wish) }
}

/// A metric of the balancer: the place of the alarm first, zones and groups when unfolded.
fn places(metric: &'static Metric, keys: &[&SeriesKey], main: Option<&SeriesKey>, wish: &Wish) -> Vec<Subject> {
    let beside = main.map(|m| grid::beside(m, metric.name));
    let first = keys.iter().find(|k| Some(**k) == beside.as_ref()).or_else(|| keys.iter().min_by_key(|k| (k.dimensions.len(), *k)));
    let Some(first) = first.copied() else { return Vec::new() };
    let place = first.zone().map_or(Place::Itself, |z| Place::Named(z.into()));
    let head = Subject { metric, place, keys: vec![first.clone()], key: Some(first.clone()), child: false };
    if wish.fold == Fold::One {
        return vec![head];
    }
    let children = keys.iter().filter(|k| **k != first).map(|k| Subject {
        metric,
        place: Place::Named(part_of(k)),
        keys: vec![(*k).clone()],
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
        keys: vec![key.clone()],
        key: Some(key.clone()),
        child,
    };
    if let [(only, _)] = found {
        return vec![one(only, false)];
    }
    let ranked = worst_first(metric, found, scores, wish.window);
    let worst = ranked[0].clone();
    let head = if metric.statistic == "Sum" {
        let all = found.iter().map(|(k, _)| (*k).clone()).collect();
        Subject { metric, place: Place::Hosts(found.len()), keys: all, key: Some(worst), child: false }
    } else {
        Subject { metric, place: Place::WorstOf(part_of(&worst), found.len()), keys: vec![worst.clone()], key: Some(worst), child: false }
    };
    let shown = match wish.fold {
        Fold::One => 0,
        Fold::Worst => 3.min(ranked.len()),
        Fold::All | Fold::Heat => ranked.len(),
    };
    let rest = &ranked[shown..];
    let band = (wish.fold == Fold::Worst && !rest.is_empty()).then(|| Subject {
        metric,
        place: Place::RestOf(rest.len()),
        key: rest.first().map(|k| (*k).clone()),
        keys: rest.iter().map(|k| (*k).clone()).collect(),
        child: true,
    });
    std::iter::once(head).chain(ranked[..shown].iter().map(|k| one(k, true))).chain(band).collect()
}

/// By how they move with the errors where that is known, then by their extreme.
fn worst_first<'a>(metric: &Metric, found: &[Found<'a>], scores: &Scores, window: Window) -> Vec<&'a SeriesKey> {
    let sign = if metric.statistic == "Minimum" || metric.name == "CPUCreditBalance" { -1.0 } else { 1.0 };
    let extreme = |track: &Track| {
        let best = track.best(metric.statistic, window).or_else(|| track.best("", window));
        best.map_or(f64::NEG_INFINITY, |s| s.values_in(window).iter().map(|v| v * sign).fold(f64::NEG_INFINITY, f64::max))
    };
    let score = |key: &SeriesKey| scores.of_key(key).filter(|c| c.associated).map_or(0.0, |c| c.score);
    let mut ranked: Vec<(f64, f64, &SeriesKey)> =
        found.iter().map(|(k, track)| (score(k), track.map_or(f64::NEG_INFINITY, extreme), *k)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(b.2)));
    ranked.into_iter().map(|(_, _, k)| k).collect()
}
