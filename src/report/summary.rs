//! Ten lines for a chat, to be sent before anyone has read the report.

use super::document::Line;
use super::story::Story;
use crate::case::Case;
use crate::judge::Judged;
use crate::say;
use crate::text::{Lang, Text};

/// The longest line, in characters; chats fold longer ones into walls.
const LONGEST: usize = 240;

/// At most ten lines of plain text: place, verdict, when, impact, three facts for, the strongest against, next,
/// coverage.
pub fn summary(case: &Case, judged: &Judged, lang: Lang) -> String {
    let story = Story::new(case, judged, lang, judged.window.end);
    let mut lines = vec![story.place(), story.verdict_line().words()];
    let mut say = |label: Text, words: String| lines.push(format!("{} {words}", label.get(lang)));
    say(say!("When:", "Khi nào:"), story.when());
    say(say!("Impact:", "Ảnh hưởng:"), story.impact_line());
    let hypothesis = judged.hypotheses.iter().find(|h| h.cause == judged.verdict.cause.id());
    for reason in hypothesis.iter().flat_map(|h| &h.reasons_for).take(3) {
        say(say!("For:", "Ủng hộ:"), story.fact_of(&reason.evidence));
    }
    if let Some(reason) = hypothesis.and_then(|h| h.reasons_against.iter().min_by_key(|r| r.points)) {
        say(say!("Against:", "Phản bác:"), story.fact_of(&reason.evidence));
    }
    if let Some(step) = judged.verdict.next_steps.first() {
        say(say!("Next:", "Tiếp theo:"), step.get(lang).to_owned());
    }
    say(say!("Coverage:", "Mức độ đầy đủ:"), story.coverage_line());
    let kept = lines.iter().filter(|l| !l.trim().is_empty()).take(10);
    kept.map(|l| format!("{}\n", shortened(&Line::from(l.as_str()).words()))).collect()
}

fn shortened(line: &str) -> String {
    let line = crate::text::clean(line);
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST - 1).chain(['…']).collect() }
}
