//! Lines in, templates with counts per minute out. One engine a log, one stream a file, host or container.

use super::clock::{Clock, Stamps, shift_into};
use super::drain::{Drain, shape};
use super::json::{self, Moment};
use super::line::{self, Access};
use super::place::target;
use super::stamp::{self, Stamp, Zone};
use super::{AppLog, Level, Seen, Sign, Stream, Template, signs};
use crate::case::events::{Actor, ActorKind, Event, EventSource};
use crate::text::Foreign;
use crate::time::{Time, Window};
use chrono::{DateTime, Duration};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const SAMPLES: usize = 3;
const SAMPLE_LIMIT: usize = 2048;
const STREAMS_OF_TEMPLATE: usize = 8;
const STREAMS: usize = 2000;
const EVENTS: usize = 500;
/// A stamp that begins this early leads the line; the text is what follows it.
const LEADS: usize = 6;

/// Reads the lines of one log.
pub struct Engine {
    name: Foreign,
    window: Window,
    clock: Clock,
    drain: Drain,
    tallies: BTreeMap<Key, Tally>,
    streams: Vec<StreamTally>,
    by_name: HashMap<String, usize>,
    events: BTreeMap<(i64, usize, Sign), Event>,
    lines: u64,
    bytes: u64,
    undated: u64,
    outside: u64,
    balancer_lines: u64,
    assumed_zone: bool,
    notes: BTreeSet<String>,
    incomplete: bool,
    traces: Seen,
}

/// What is counted together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Drained(u32),
    Request { status: u16, static_file: bool },
}

/// Counts per minute since the window's start, in order of time.
#[derive(Default)]
struct Minutes(Vec<(u32, u32)>);

impl Minutes {
    fn add(&mut self, minute: u32) {
        match self.0.last_mut() {
            Some((last, n)) if *last == minute => *n = n.saturating_add(1),
            Some((last, _)) if *last > minute => match self.0.binary_search_by_key(&minute, |(m, _)| *m) {
                Ok(i) => self.0[i].1 = self.0[i].1.saturating_add(1),
                Err(i) => self.0.insert(i, (minute, 1)),
            },
            _ => self.0.push((minute, 1)),
        }
    }

    /// Sets a minute's count; gives back what it was.
    fn set(&mut self, minute: u32, count: u32) -> u32 {
        match self.0.binary_search_by_key(&minute, |(m, _)| *m) {
            Ok(i) => std::mem::replace(&mut self.0[i].1, count),
            Err(i) => {
                self.0.insert(i, (minute, count));
                0
            }
        }
    }

    fn counts(&self, start: Time) -> Vec<(Time, u32)> {
        self.0.iter().map(|(m, n)| (start + Duration::minutes(i64::from(*m)), *n)).collect()
    }
}

#[derive(Default)]
struct Tally {
    level: Level,
    sign: Option<Sign>,
    total: u64,
    minutes: Minutes,
    samples: Vec<String>,
    streams: Vec<usize>,
}

#[derive(Default)]
struct StreamTally {
    name: String,
    minutes: Minutes,
    /// Where the last stamps began, in lines of one kind and of another.
    hints: [Option<usize>; 2],
    /// The last dated line: its minute if it lies in the window, and what it was counted as.
    last: Option<(Option<i64>, Option<Key>)>,
    /// The latest time read, in seconds, and the earliest.
    latest: Option<i64>,
    earliest: Option<i64>,
}

/// One line, taken apart.
struct Parts<'a> {
    seconds: Option<i64>,
    text: std::borrow::Cow<'a, [u8]>,
    level: Level,
    access: Option<Access>,
    /// The machine or the container that it names.
    host: Option<std::borrow::Cow<'a, str>>,
}

impl Engine {
    /// An engine for lines of `window`; stamps without a zone are read in the one given.
    pub fn new(name: &str, window: Window, stamps: impl Into<Stamps>) -> Self {
        let window = window.aligned(60);
        Self {
            name: name.into(),
            window,
            clock: Clock::new(stamps.into(), window.end),
            drain: Drain::default(),
            tallies: BTreeMap::new(),
            streams: Vec::new(),
            by_name: HashMap::new(),
            events: BTreeMap::new(),
            lines: 0,
            bytes: 0,
            undated: 0,
            outside: 0,
            balancer_lines: 0,
            assumed_zone: false,
            notes: BTreeSet::new(),
            incomplete: false,
            traces: Seen::default(),
        }
    }

    /// The stream of this name; beyond a limit all are one.
    pub fn stream(&mut self, name: &str) -> usize {
        let name = if self.streams.len() < STREAMS || self.by_name.contains_key(name) { name } else { "(more streams)" };
        if let Some(i) = self.by_name.get(name) {
            return *i;
        }
        self.streams.push(StreamTally { name: crate::changes::json::cut(name, 256), ..StreamTally::default() });
        self.by_name.insert(name.to_owned(), self.streams.len() - 1);
        self.streams.len() - 1
    }

    /// Something that should be known about the reading.
    pub fn note(&mut self, note: impl Into<String>) {
        if self.notes.len() < 20 {
            self.notes.insert(note.into());
        }
    }

    /// Not everything was read.
    pub fn stopped_early(&mut self) {
        self.incomplete = true;
    }

    /// A line as it stands in a file.
    pub fn line(&mut self, stream: usize, raw: &[u8]) {
        self.told(stream, None, raw);
    }

    /// A line whose time its source tells; a frame of a stack still goes on with the line before.
    pub fn event(&mut self, stream: usize, at: Time, raw: &[u8]) {
        let goes_on = line::is_indented(raw) && self.streams[stream].last.is_some();
        self.told(stream, (!goes_on).then(|| at.timestamp()), raw);
    }

    /// Lines of a stream that somebody else counted: what was seen of that minute is part of them.
    pub fn counted(&mut self, stream: usize, minute: Time, lines: u32) {
        let at = (minute - self.window.start).num_minutes();
        if !self.window.contains(minute) || at < 0 {
            return;
        }
        let seen = self.streams[stream].minutes.set(at as u32, lines);
        self.lines += u64::from(lines.saturating_sub(seen));
    }

    fn told(&mut self, stream: usize, seconds: Option<i64>, raw: &[u8]) {
        self.lines += 1;
        self.bytes += raw.len() as u64 + 1;
        let raw = &*line::uncoloured(raw.strip_suffix(b"\r").unwrap_or(raw));
        self.balancer_lines += u64::from(is_balancer_line(raw));
        let mut parts = self.take_apart(stream, raw);
        // A source that tells the time has a stream for each host.
        let stream = parts.host.take().filter(|_| seconds.is_none()).map_or(stream, |host| self.stream(&host));
        parts.seconds = seconds.or(parts.seconds);
        match parts.seconds.filter(|_| !self.goes_on(stream, &parts)) {
            Some(seconds) => self.dated(stream, seconds, &parts, raw),
            None => self.undated(stream, &parts, raw),
        }
    }

    /// Docker gives each line of a trace a time of its own.
    fn goes_on(&self, stream: usize, parts: &Parts) -> bool {
        matches!(parts.text.first(), Some(b' ' | b'\t')) && self.streams[stream].last.is_some()
    }

    fn dated(&mut self, stream: usize, seconds: i64, parts: &Parts, raw: &[u8]) {
        let s = &mut self.streams[stream];
        s.latest = s.latest.max(Some(seconds));
        s.earliest = Some(s.earliest.map_or(seconds, |e| e.min(seconds)));
        let inside = self.window.start.timestamp() <= seconds && seconds < self.window.end.timestamp();
        let key = inside.then(|| self.count(stream, seconds, parts, raw));
        self.outside += u64::from(!inside);
        self.streams[stream].last = Some((inside.then_some(seconds), key));
    }

    /// A line without a time goes on with the one before: a frame in its sample, the rest counted with its time.
    fn undated(&mut self, stream: usize, parts: &Parts, raw: &[u8]) {
        match self.streams[stream].last {
            None => self.undated += 1,
            Some((None, _)) => self.outside += 1,
            Some((Some(_), Some(key))) if line::is_indented(&parts.text) => self.lengthen(key, &parts.text),
            Some((Some(seconds), _)) => {
                let key = self.count(stream, seconds, parts, raw);
                self.streams[stream].last = Some((Some(seconds), Some(key)));
            }
        }
    }

    fn lengthen(&mut self, key: Key, raw: &[u8]) {
        let Some(tally) = self.tallies.get_mut(&key).filter(|t| t.total == 1) else { return };
        if let Some(sample) = tally.samples.last_mut().filter(|s| s.len() + raw.len() < SAMPLE_LIMIT) {
            sample.push('\n');
            sample.push_str(&String::from_utf8_lossy(raw));
        }
    }

    fn count(&mut self, stream: usize, seconds: i64, parts: &Parts, raw: &[u8]) -> Key {
        let minute = ((seconds - self.window.start.timestamp()) / 60) as u32;
        let key = match parts.access {
            Some(a) => Key::Request { status: a.status, static_file: a.static_file },
            None => self.drained(parts),
        };
        self.streams[stream].minutes.add(minute);
        self.traces.line(raw, parts.access);
        let tally = self.tallies.entry(key).or_insert_with(|| first(key, parts));
        tally.total += 1;
        tally.minutes.add(minute);
        if tally.samples.len() < SAMPLES {
            tally.samples.push(String::from_utf8_lossy(&raw[..raw.len().min(SAMPLE_LIMIT)]).into_owned());
        }
        if tally.streams.len() < STREAMS_OF_TEMPLATE && !tally.streams.contains(&stream) {
            tally.streams.push(stream);
        }
        if let Some(sign) = tally.sign.filter(|s| matches!(s, Sign::Start | Sign::Stop | Sign::Deployment | Sign::Boot)) {
            self.happened(stream, sign, seconds, raw);
        }
        key
    }

    fn drained(&mut self, parts: &Parts) -> Key {
        // The level is part of the shape: the same words at another level mean something else.
        let shape = shape(&parts.text) ^ (parts.level as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if let Some(id) = self.drain.seen(shape) {
            return Key::Drained(id);
        }
        let sign = signs::of(&String::from_utf8_lossy(&parts.text[..parts.text.len().min(4096)]));
        let (id, _) = self.drain.learn(shape, &parts.text, graded(parts), sign);
        Key::Drained(id)
    }

    /// A start, a stop, a version: one event a stream, sign and minute.
    fn happened(&mut self, stream: usize, sign: Sign, seconds: i64, raw: &[u8]) {
        let key = (seconds.div_euclid(60), stream, sign);
        if self.events.len() >= EVENTS || self.events.contains_key(&key) {
            return;
        }
        let Some(at) = DateTime::from_timestamp(seconds, 0) else { return };
        let place = &self.streams[stream].name;
        let event = Event {
            id: format!("{}/{place}/{}/{}", self.name, sign.id(), key.0),
            at,
            end: None,
            source: EventSource::AppLog,
            name: format!("{sign:?}").into(),
            service: Foreign::default(),
            actor: Actor { name: place.as_str().into(), kind: ActorKind::Unknown, ..Actor::default() },
            resources: target(place).into_iter().map(Into::into).collect(),
            summary: crate::changes::json::cut(&String::from_utf8_lossy(&raw[..raw.len().min(400)]), 300).into(),
            error: None,
            raw: None,
        };
        self.events.insert(key, event);
    }

    fn take_apart<'a>(&mut self, stream: usize, raw: &'a [u8]) -> Parts<'a> {
        if raw.first() == Some(&b'{')
            && let Some(parts) = self.of_json(raw)
        {
            return parts;
        }
        if line::is_indented(raw) {
            return Parts { seconds: None, text: raw.into(), level: Level::Unknown, access: None, host: None };
        }
        let found = self.stamp(stream, raw);
        let seconds = found.map(|s| self.clock.seconds(s));
        self.assumed_zone |= found.is_some_and(|s| s.zone == Zone::Local);
        let text = found.filter(|s| s.start <= LEADS).map_or(raw, |s| after(raw, s.end));
        if text.first() == Some(&b'{')
            && let Some(parts) = self.of_json(text)
        {
            return Parts { seconds: seconds.or(parts.seconds), ..parts };
        }
        Parts { seconds, text: text.into(), level: Level::Unknown, access: line::access(raw), host: None }
    }

    /// The stamp where the last lines of the stream had their own, else wherever it is.
    fn stamp(&mut self, stream: usize, raw: &[u8]) -> Option<Stamp> {
        let hints = &mut self.streams[stream].hints;
        let hinted = hints.iter().flatten().find_map(|at| stamp::begins(raw, *at));
        let found = hinted.or_else(|| stamp::find(raw));
        if let Some(at) = found.map(|s| s.start).filter(|at| !hints.contains(&Some(*at))) {
            *hints = [Some(at), hints[0]];
        }
        found
    }

    fn of_json<'a>(&mut self, raw: &'a [u8]) -> Option<Parts<'a>> {
        let fields = json::read(raw)?;
        let seconds = match &fields.time {
            Some(Moment::Millis(ms)) => Some(ms.div_euclid(1000).saturating_add(self.clock.shift)),
            Some(Moment::Text(t)) => stamp::find(t.as_bytes()).map(|s| self.clock.seconds(s)),
            None => None,
        };
        let request = request(&fields);
        let (message, host) = (fields.message.unwrap_or_default(), fields.stream.filter(|h| !h.is_empty()));
        let plain = line::uncoloured(message.trim_end().as_bytes());
        let inner = wrapped(&plain);
        let level = if fields.level == Level::Unknown { inner.level } else { fields.level };
        Some(Parts { seconds, text: inner.text.into_owned().into(), level, access: request.or(inner.access), host })
    }

    /// What was read so far.
    pub fn snapshot(&self) -> AppLog {
        let start = self.window.start;
        let mut templates: Vec<Template> = self.tallies.iter().map(|(key, tally)| self.template(*key, tally)).collect();
        templates.sort_by(|a, b| (b.total, &a.pattern).cmp(&(a.total, &b.pattern)));
        templates.iter_mut().zip(1..).for_each(|(t, id)| t.id = id);
        // A file whose lines are all of hosts that they name, or without a time, is no stream of its own.
        let told = self.streams.iter().filter(|s| s.latest.is_some() || !s.minutes.0.is_empty());
        let streams = told.map(|s| Stream { name: s.name.as_str().into(), target: target(&s.name), counts: s.minutes.counts(start) });
        AppLog {
            name: self.name.clone(),
            window: Some(self.window),
            lines: self.lines,
            bytes: self.bytes,
            undated: self.undated,
            outside: self.outside,
            templates,
            streams: streams.collect(),
            notes: self.all_notes().into_iter().map(Into::into).collect(),
            incomplete: self.incomplete,
            joined: None,
        }
    }

    /// The trace ids of the lines read, taken out of the engine.
    pub fn take_traces(&mut self) -> Seen {
        std::mem::take(&mut self.traces)
    }

    fn template(&self, key: Key, tally: &Tally) -> Template {
        let pattern = match key {
            Key::Drained(id) => self.drain.pattern(id),
            Key::Request { status, static_file: true } => format!("requests for static files answered with {status}"),
            Key::Request { status, static_file: false } => format!("requests answered with {status}"),
        };
        Template {
            id: 0,
            pattern: crate::changes::json::cut(&pattern, 600).into(),
            level: tally.level,
            sign: tally.sign,
            total: tally.total,
            counts: tally.minutes.counts(self.window.start),
            samples: tally.samples.iter().map(|s| Foreign::from(s.as_str())).collect(),
            streams: tally.streams.iter().map(|i| self.streams[*i].name.as_str().into()).collect(),
        }
    }

    fn all_notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.notes.iter().cloned().collect();
        if self.assumed_zone {
            notes.push(format!("time stamps without a zone were read as {}", self.clock.zone));
        }
        if self.balancer_lines * 2 > self.lines {
            notes.push("most lines are of a load balancer's access log: give them to --access-logs".into());
        }
        if self.clock.shift != 0 {
            notes.push(format!("every time stamp was moved by {:+} min, as asked for (--log-shift)", self.clock.shift / 60));
        }
        if self.undated * 10 > self.lines {
            let (undated, lines) = (self.undated, self.lines);
            notes.push(format!(
                "{undated} of {lines} lines have no time that could be read, nor one before them: they are not on the time axis"
            ));
        }
        if self.lines > self.undated && self.outside + self.undated == self.lines {
            notes.extend(self.nothing_inside());
        }
        notes
    }

    /// All lines lie outside: perhaps by a clock or a zone that is off.
    fn nothing_inside(&self) -> Option<String> {
        let earliest = self.streams.iter().filter_map(|s| s.earliest).min()?;
        let latest = self.streams.iter().filter_map(|s| s.latest).max()?;
        let say = |s: i64| DateTime::from_timestamp(s, 0).map(crate::time::rfc3339).unwrap_or_default();
        let shift = shift_into(self.window, earliest, latest);
        let offer = shift.map(|h| self.offer(h)).unwrap_or_default();
        Some(format!("no line lies in the window: they run from {} to {}{offer}", say(earliest), say(latest)))
    }

    fn offer(&self, hours: i64) -> String {
        let zone = if self.assumed_zone { "; --log-zone ZONE reads them in another zone" } else { "" };
        format!("; moved by {hours:+} h they would lie in it: is the zone or the clock off? --log-shift {hours}h moves them{zone}")
    }

    /// The events that lines tell of: starts, stops, versions, boots.
    pub fn events(&self) -> Vec<Event> {
        self.events.values().cloned().collect()
    }

    /// The latest time of a stream, in seconds since 1970.
    pub fn latest(&self, stream: usize) -> Option<i64> {
        self.streams.get(stream)?.latest
    }
}

/// The program's own line inside what Docker or journald made of it.
fn wrapped(message: &[u8]) -> Parts<'_> {
    let fields = if message.first() == Some(&b'{') { json::read(message) } else { None };
    if let Some(fields) = fields {
        let (level, access) = (fields.level, request(&fields));
        let text = fields.message.map_or_else(Vec::new, |m| m.as_bytes().to_vec());
        return Parts { seconds: None, text: text.into(), level, access, host: None };
    }
    let stamped = stamp::find(message).filter(|s| s.start <= LEADS);
    let text = stamped.map_or(message, |s| after(message, s.end));
    Parts { seconds: None, text: text.into(), level: Level::Unknown, access: line::access(message), host: None }
}

fn request(fields: &json::Fields) -> Option<Access> {
    let (status, path) = fields.status.zip(fields.path.as_ref())?;
    Some(Access { status, static_file: line::is_static(path.as_bytes()) })
}

fn first(key: Key, parts: &Parts) -> Tally {
    let (level, sign) = match key {
        Key::Request { status: 500.., static_file: true } => (Level::Error, Some(Sign::StaticFileError)),
        Key::Request { status: 500.., static_file: false } => (Level::Error, Some(Sign::ServerError)),
        Key::Request { .. } => (Level::Info, None),
        Key::Drained(super::drain::REST) => (Level::Unknown, None),
        Key::Drained(_) => (graded(parts), signs::of(&String::from_utf8_lossy(&parts.text[..parts.text.len().min(4096)]))),
    };
    Tally { level, sign, ..Tally::default() }
}

fn graded(parts: &Parts) -> Level {
    match parts.level {
        Level::Unknown => exception(&parts.text).unwrap_or_else(|| line::level(&parts.text)),
        level => level,
    }
}

/// `java.lang.IllegalStateException: …`, `ValueError: …`, `Caused by: …`
fn exception(text: &[u8]) -> Option<Level> {
    let first = text.split(|b| matches!(b, b' ' | b':' | b'(')).next()?;
    let named = first.ends_with(b"Error")
        || first.ends_with(b"Exception")
        || text.starts_with(b"Caused by:")
        || text.starts_with(b"Traceback (most");
    named.then_some(Level::Error)
}

/// The text after a stamp, without the brackets, colons and stream names that lead to it.
fn after(raw: &[u8], end: usize) -> &[u8] {
    let mut text = raw.get(end..).unwrap_or_default();
    while let Some((b']' | b':' | b' ' | b'\t' | b'|' | b'-', rest)) = text.split_first().map(|(b, r)| (*b, r)) {
        text = rest;
    }
    // The container runtime's own words: `stdout F `.
    let container = text.strip_prefix(b"stdout ").or_else(|| text.strip_prefix(b"stderr "));
    container.and_then(|rest| rest.strip_prefix(b"F ").or_else(|| rest.strip_prefix(b"P "))).unwrap_or(text)
}

fn is_balancer_line(raw: &[u8]) -> bool {
    if !matches!(raw.first(), Some(b'h' | b'w' | b'g')) {
        return false;
    }
    let kinds: [&[u8]; 6] = [b"http 2", b"https 2", b"h2 2", b"ws 2", b"wss 2", b"grpcs 2"];
    kinds.iter().any(|k| raw.starts_with(k)) && memchr::memmem::find(&raw[..raw.len().min(200)], b" app/").is_some()
}

#[cfg(test)]
#[path = "engine/tests.rs"]
mod tests;
