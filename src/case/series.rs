//! Metric data as it was published: on its own period, with what is absent kept absent.

use crate::metrics::usual::{Room, Usual};
use crate::metrics::{self, Metric};
use crate::time::{Time, Window, floor_to};
use chrono::{DateTime, Duration};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

/// Which metric of which thing. The metric's row in the catalog is [`crate::metrics::find`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesKey {
    pub metric: String,
    /// Exactly as CloudWatch wants them; derived series use the same names.
    pub dimensions: BTreeMap<String, String>,
}

impl SeriesKey {
    pub fn new<'a>(metric: &str, dimensions: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self { metric: metric.into(), dimensions: dimensions.into_iter().map(|(k, v)| (k.into(), v.into())).collect() }
    }

    pub fn dimension(&self, name: &str) -> Option<&str> {
        self.dimensions.get(name).map(String::as_str)
    }

    pub fn instance(&self) -> Option<&str> {
        self.dimension("InstanceId")
    }

    pub fn zone(&self) -> Option<&str> {
        self.dimension("AvailabilityZone")
    }

    /// `targetgroup/name/id`
    pub fn group(&self) -> Option<&str> {
        self.dimension("TargetGroup")
    }
}

/// One answer of CloudWatch: consecutive periods from `start`. A value that was not published is absent
/// (`null` in files, NaN in memory); periods outside were not asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Written")]
pub struct Series {
    #[serde(flatten)]
    pub key: SeriesKey,
    /// `Sum`, `Average`, `Maximum`, `Minimum`, `p99`.
    pub statistic: String,
    /// Seconds.
    pub period: u32,
    pub start: Time,
    #[serde(serialize_with = "nan_to_null")]
    pub values: Vec<f64>,
}

/// As it stands in a file: a key that is read as part of the whole would be copied number by number.
#[derive(Deserialize)]
struct Written {
    metric: String,
    dimensions: BTreeMap<String, String>,
    statistic: String,
    period: u32,
    start: Time,
    #[serde(deserialize_with = "null_to_nan")]
    values: Vec<f64>,
}

impl From<Written> for Series {
    fn from(w: Written) -> Self {
        let key = SeriesKey { metric: w.metric, dimensions: w.dimensions };
        Self { key, statistic: w.statistic, period: w.period, start: w.start, values: w.values }
    }
}

impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
        self.key == other.key
            && (&self.statistic, self.period, self.start) == (&other.statistic, other.period, other.start)
            && self.values.len() == other.values.len()
            && self.values.iter().zip(&other.values).all(same)
    }
}

impl Series {
    pub fn window(&self) -> Window {
        Window { start: self.start, end: self.start + Duration::seconds(i64::from(self.period) * self.values.len() as i64) }
    }

    /// The time at which period `i` begins.
    pub fn time(&self, i: usize) -> Time {
        self.start + Duration::seconds(i64::from(self.period) * i as i64)
    }

    /// The index of the period that `t` falls in.
    pub fn index(&self, t: Time) -> Option<usize> {
        let i = (t - self.start).num_seconds().div_euclid(i64::from(self.period.max(1)));
        usize::try_from(i).ok().filter(|i| *i < self.values.len())
    }

    /// What was read of the periods that begin inside `window`, unpublished ones included.
    pub fn values_in(&self, window: Window) -> &[f64] {
        &self.values[self.places_in(window)]
    }

    /// Indices of the periods that begin inside `window`.
    pub fn places_in(&self, window: Window) -> Range<usize> {
        let period = i64::from(self.period.max(1));
        let from = |t: Time| {
            let seconds = (t - self.start).num_seconds();
            (seconds.div_euclid(period) + i64::from(seconds.rem_euclid(period) > 0)).clamp(0, self.values.len() as i64) as usize
        };
        let (first, last) = (from(window.start), from(window.end));
        first..last.max(first)
    }

    /// Published points inside `window`.
    pub fn points(&self, window: Window) -> impl Iterator<Item = (Time, f64)> + '_ {
        self.places_in(window).map(|i| (i, self.values[i])).filter(|(_, v)| !v.is_nan()).map(|(i, v)| (self.time(i), v))
    }

    /// When the first published value in `window` begins that is as wanted.
    pub fn first(&self, window: Window, wanted: impl Fn(f64) -> bool) -> Option<Time> {
        self.places_in(window).find(|i| wanted(self.values[*i])).map(|i| self.time(i))
    }
}

fn nan_to_null<S: Serializer>(values: &[f64], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(values.iter().map(|v| (!v.is_nan()).then_some(*v)))
}

/// Number by number: a list of optional numbers is twice as large, and would keep its room.
fn null_to_nan<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<f64>, D::Error> {
    struct Numbers;

    impl<'de> Visitor<'de> for Numbers {
        type Value = Vec<f64>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a list of numbers and nulls")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<f64>, A::Error> {
            let mut values = Vec::new();
            while let Some(value) = seq.next_element::<Option<f64>>()? {
                values.push(value.unwrap_or(f64::NAN));
            }
            values.shrink_to_fit();
            Ok(values)
        }
    }

    d.deserialize_seq(Numbers)
}

/// Everything fetched for one key: for each statistic and period, stretches that never overlap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Track {
    /// Sorted by (statistic, period, start).
    stretches: Vec<Series>,
    outline: Option<Outline>,
}

/// What there is to know of a track that is one stretch of a metric in the catalog without reading its values again:
/// thousands of tracks are looked at in every step of a zoom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outline {
    pub metric: &'static Metric,
    pub period: u32,
    pub window: Window,
    pub usual: Usual,
}

impl Outline {
    fn of(series: &Series) -> Option<Self> {
        let metric = metrics::find(&series.key.metric)?;
        Some(Self {
            metric,
            period: series.period,
            window: series.window(),
            usual: Usual::of(metric, &series.values, &mut Room::default()),
        })
    }
}

impl Track {
    fn absorb(&mut self, new: Series) {
        let same = |s: &Series| s.period == new.period && s.statistic == new.statistic;
        let touches = |s: &Series| same(s) && s.start <= new.window().end && new.start <= s.window().end;
        let (touched, mut apart): (Vec<Series>, Vec<Series>) = std::mem::take(&mut self.stretches).into_iter().partition(touches);
        apart.push(touched.iter().fold(None, |merged, old| Some(merge(old, merged.as_ref().unwrap_or(&new)))).unwrap_or(new));
        self.stretches = apart;
        self.stretches.sort_by(|a, b| (&a.statistic, a.period, a.start).cmp(&(&b.statistic, b.period, b.start)));
        self.outline = if let [only] = &self.stretches[..] { Outline::of(only) } else { None };
    }

    /// The stretch that shows `window` best with the statistic that is right, with any where there is none of that.
    pub fn shows(&self, statistic: &str, window: Window) -> Option<&Series> {
        if let Some(only) = &self.outline {
            return self.stretches.first().filter(|_| only.window.overlaps(&window));
        }
        self.best(statistic, window).or_else(|| self.best("", window))
    }

    /// Whether a value may be above `level`, without reading them all again.
    pub fn may_exceed(&self, level: f64) -> bool {
        self.outline.is_none_or(|o| o.usual.high > level)
    }

    /// `None` of several stretches, and of a metric that the catalog does not have.
    pub fn outline(&self) -> Option<&Outline> {
        self.outline.as_ref()
    }

    pub fn stretches(&self) -> &[Series] {
        &self.stretches
    }

    /// The stretch that shows `window` best with this statistic (any, if empty): the one that covers most
    /// of it, the finer of equals.
    pub fn best(&self, statistic: &str, window: Window) -> Option<&Series> {
        let covered = |s: &Series| s.window().intersect(&window).map_or(0, |w| w.span().num_seconds());
        let shows = |s: &&Series| (statistic.is_empty() || s.statistic == statistic) && covered(s) > 0;
        if let [only] = &self.stretches[..] {
            return Some(only).filter(shows);
        }
        self.stretches
            .iter()
            .filter(shows)
            .max_by_key(|s| (covered(s) * 100 / window.span().num_seconds().max(1) / 5, std::cmp::Reverse(s.period), covered(s)))
    }
}

/// Where the series of a key is among those of its metric, or where it belongs.
fn place(family: &[(SeriesKey, Track)], key: &SeriesKey) -> Result<usize, usize> {
    match family.last() {
        Some((last, _)) if last.dimensions < key.dimensions => Err(family.len()),
        _ => family.binary_search_by(|(other, _)| other.dimensions.cmp(&key.dimensions)),
    }
}

/// `new` over `old`, both of one period, touching or overlapping.
fn merge(old: &Series, new: &Series) -> Series {
    let start = old.start.min(new.start);
    let end = old.window().end.max(new.window().end);
    let mut out = Series { start, values: vec![f64::NAN; Window { start, end }.bins(new.period)], ..new.clone() };
    for s in [old, new] {
        let offset = ((s.start - start).num_seconds() / i64::from(new.period.max(1))).max(0) as usize;
        for (to, v) in out.values[offset..].iter_mut().zip(&s.values) {
            *to = *v;
        }
    }
    out
}

/// CloudWatch is younger than 2009 and keeps less than two years; a file may say anything.
fn is_plausible(series: &Series) -> bool {
    const DAY: i64 = 86400;
    (1_200_000_000..8_000_000_000).contains(&series.start.timestamp())
        && i64::from(series.period) <= DAY
        && series.values.len() as i64 * i64::from(series.period) <= 800 * DAY
}

/// Every series of the case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesStore {
    /// By metric, in the order of the keys: thousands are walked through in every step of a zoom, which a list is
    /// quicker for than a tree. They come in order, nearly always.
    families: BTreeMap<String, Vec<(SeriesKey, Track)>>,
}

impl SeriesStore {
    pub fn absorb(&mut self, mut series: Series) {
        if series.period == 0 || series.values.is_empty() || !is_plausible(&series) {
            return;
        }
        series.start = floor_to(series.start, series.period);
        if !self.families.contains_key(&series.key.metric) {
            self.families.insert(series.key.metric.clone(), Vec::new());
        }
        let Some(family) = self.families.get_mut(&series.key.metric) else { return };
        let place = place(family, &series.key).unwrap_or_else(|place| {
            family.insert(place, (series.key.clone(), Track::default()));
            place
        });
        family[place].1.absorb(series);
    }

    pub fn get(&self, key: &SeriesKey) -> Option<&Track> {
        let family = self.families.get(&key.metric)?;
        place(family, key).ok().map(|place| &family[place].1)
    }

    /// In the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&SeriesKey, &Track)> {
        self.families.values().flatten().map(|(key, track)| (key, track))
    }

    /// Every track of one metric, whatever its dimensions.
    pub fn of(&self, metric: &str) -> impl ExactSizeIterator<Item = (&SeriesKey, &Track)> + use<'_> {
        self.families.get(metric).map_or(&[][..], |family| family).iter().map(|(key, track)| (key, track))
    }

    pub fn is_empty(&self) -> bool {
        self.families.is_empty()
    }

    pub fn len(&self) -> usize {
        self.families.values().map(Vec::len).sum()
    }

    /// When the newest published point of any series begins.
    pub fn newest(&self) -> Option<Time> {
        self.iter()
            .flat_map(|(_, track)| track.stretches())
            .filter_map(|s| s.values.iter().rposition(|v| !v.is_nan()).map(|i| s.time(i)))
            .max()
            .or(None::<DateTime<_>>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(start: i64, values: &[f64]) -> Series {
        Series {
            key: SeriesKey::new("M", [("D", "d")]),
            statistic: "Sum".into(),
            period: 60,
            start: DateTime::from_timestamp(1_700_000_040 + start * 60, 0).unwrap(),
            values: values.to_vec(),
        }
    }

    #[test]
    fn touching_answers_become_one_and_the_newer_wins() {
        let mut store = SeriesStore::default();
        store.absorb(series(0, &[1.0, 2.0]));
        store.absorb(series(5, &[9.0]));
        store.absorb(series(1, &[3.0, f64::NAN, 4.0]));
        let track = store.get(&SeriesKey::new("M", [("D", "d")])).unwrap();
        assert_eq!(track.stretches().len(), 2);
        assert_eq!(track.stretches()[0], series(0, &[1.0, 3.0, f64::NAN, 4.0]));
    }

    proptest! {
        #[test]
        fn values_in_a_window_are_its_points(start in -50i64..50, n in 1usize..60, from in -100i64..100, length in 0i64..200) {
            let values: Vec<f64> = (0..n).map(|i| i as f64).collect();
            let s = series(start, &values);
            let window = Window { start: s.start + Duration::seconds(from * 17), end: s.start + Duration::seconds((from + length) * 17) };
            let points: Vec<f64> = s.points(window).map(|(_, v)| v).collect();
            prop_assert_eq!(s.values_in(window), points);
        }

        #[test]
        fn stretches_never_overlap_and_lose_nothing(parts in proptest::collection::vec((0i64..60, 1usize..20), 1..12)) {
            let mut store = SeriesStore::default();
            let mut truth = BTreeMap::new();
            for (n, (start, len)) in parts.iter().enumerate() {
                store.absorb(series(*start, &vec![n as f64; *len]));
                for m in *start..*start + *len as i64 { truth.insert(m, n as f64); }
            }
            let track = store.iter().next().unwrap().1;
            for pair in track.stretches().windows(2) { prop_assert!(pair[0].window().end < pair[1].start); }
            let got: BTreeMap<i64, f64> = track.stretches().iter().flat_map(|s| (0..s.values.len()).map(|i| ((s.time(i).timestamp() - 1_700_000_040) / 60, s.values[i])).collect::<Vec<_>>()).collect();
            prop_assert_eq!(got, truth);
        }
    }
}
