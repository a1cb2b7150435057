//! The timeline for a spreadsheet: RFC 4180, and nothing in it that a spreadsheet would take for a formula.

use crate::analysis::timeline::Entry;
use crate::case::Case;
use crate::case::alarm::AlarmChange;
use crate::case::events::EventSource;
use crate::judge::Judged;
use crate::report::words;
use crate::text::Lang;
use crate::time::{Time, rfc3339};

const HEAD: [&str; 10] = ["time", "end", "seconds_from_onset", "kind", "source", "name", "actor", "resources", "relation", "summary"];

/// One row before it is written.
#[derive(Default)]
struct Row {
    at: Option<Time>,
    end: Option<Time>,
    /// kind, source, name, actor, resources, relation, summary
    words: [String; 7],
}

/// Events, stretches of errors, alarm transitions and answers, in order of time.
pub fn timeline(case: &Case, judged: &Judged) -> String {
    let mut rows: Vec<Row> = judged.analysis.timeline.entries.iter().filter_map(|e| event(e, case)).collect();
    rows.extend(judged.analysis.episodes.iter().map(episode));
    // The alarm's transitions are events already, where its history was read as such.
    let told = |c: &&AlarmChange| case.events.values().any(|e| e.source == EventSource::Alarm && e.at == c.at);
    rows.extend(case.alarm_changes.iter().filter(|c| !told(c)).map(alarm));
    rows.extend(case.answers.iter().map(answer));
    rows.sort_by_key(|r| r.at);
    let onset = judged.analysis.onset();
    let mut out = HEAD.join(",") + "\r\n";
    for row in rows {
        let from_onset = row.at.zip(onset).map_or_else(String::new, |(at, o)| (at - o).num_seconds().to_string());
        let time = |t: Option<Time>| t.map(rfc3339).unwrap_or_default();
        // Ours, and so no formulas; a negative number must stay a number.
        let own = [time(row.at), time(row.end), from_onset];
        let foreign = row.words.iter().map(|w| field(w));
        out.push_str(&own.into_iter().chain(foreign).collect::<Vec<_>>().join(","));
        out.push_str("\r\n");
    }
    out
}

fn event(entry: &Entry, case: &Case) -> Option<Row> {
    let e = entry.event(case)?;
    let resources = e.resources.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let words = ["event", e.source.id(), &e.name, &e.actor.name, &resources, entry.relation.id(), &e.summary];
    Some(Row { at: Some(entry.at), end: entry.end, words: words.map(str::to_owned) })
}

fn episode(e: &crate::analysis::Episode) -> Row {
    let summary = format!("{} errors, at most {} in one period", words::count(e.total, Lang::En), words::count(e.peak, Lang::En));
    let words = ["errors", "cloudwatch", "episode", "", "", "", &summary];
    Row { at: Some(e.onset), end: e.end, words: words.map(str::to_owned) }
}

fn alarm(c: &AlarmChange) -> Row {
    Row { at: Some(c.at), words: ["alarm", "alarm", &c.summary, "", "", "", &c.reason].map(str::to_owned), ..Row::default() }
}

fn answer(a: &crate::case::answers::Answer) -> Row {
    let words = ["answer", "person", &a.check, &a.by, "", "", &format!("{}: {}", words::said(a.answer).en, a.note)];
    Row { at: Some(a.at), words: words.map(str::to_owned), ..Row::default() }
}

/// Quoted where it must be; what a spreadsheet would compute gets an apostrophe in front.
pub fn field(words: &str) -> String {
    let formula =
        words.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%']) || words.starts_with(['\t', '\r', '\n']);
    let words = if formula { format!("'{words}") } else { words.to_owned() };
    if words.contains([',', '"', '\r', '\n', ';', '\'']) || words.starts_with(' ') || words.ends_with(' ') {
        format!("\"{}\"", words.replace('"', "\"\""))
    } else {
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_are_disarmed() {
        assert_eq!(field("=1+1"), "\"'=1+1\"");
        assert_eq!(field("  @SUM(A1)"), "\"'  @SUM(A1)\"");
        assert_eq!(field("plain words"), "plain words");
    }

    proptest! {
        #[test]
        fn a_reader_gets_back_what_was_written(words in "\\PC*") {
            let text = field(&words) + "\r\n";
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let read = reader.records().next().map(|r| r.unwrap().get(0).unwrap().to_owned()).unwrap_or_default();
            prop_assert_eq!(read.strip_prefix('\'').filter(|r| *r == words).unwrap_or(&read), &words);
            prop_assert!(!read.trim_start().starts_with(['=', '+', '-', '@']));
        }
    }
}
