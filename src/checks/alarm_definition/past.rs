//! How often the alarm fired over the history that is held, for what, and which rule would have done better.

use crate::alarm::Rule;
use crate::alarm::advice::{Advice, Trial, advise};
use crate::alarm::replay::{History, NoHistory, Score, bounds, incidents, score};
use crate::case::Case;
use crate::case::alarm::Alarm;
use crate::checks::{Book, Value};
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use crate::time::in_words;
use chrono::Duration;

/// The alarm's past, or why there is none.
#[allow(clippy::large_enum_variant, reason = "there is one, made once an alarm")]
pub enum Past {
    Held { covered: Text, score: Score, advice: Option<Advice>, range: Option<Text> },
    None(NoHistory),
}

impl Past {
    pub fn of(case: &Case, alarm: &Alarm) -> Self {
        let Some(rule) = Rule::of(alarm) else { return Self::None(NoHistory::NotPlain) };
        let history = match History::of(case, alarm) {
            Ok(history) => history,
            Err(why) => return Self::None(why),
        };
        let incidents = incidents(case, &history);
        let covered = Text::same(in_words(Duration::seconds(history.seconds())));
        let score = score(&rule, &history, &incidents);
        let range = (!rule.range_is_published()).then(|| range_words(&rule, score.firings, bounds(&rule, &history)));
        Self::Held { covered, score, advice: advise(&rule, &history, &incidents), range }
    }

    /// It fired more often without a reason than with one.
    pub fn is_noisy(&self) -> bool {
        matches!(self, Self::Held { score, .. } if score.without_incident() > score.with_incident)
    }

    /// `over 14 d 2 h it fires 12 times, 3 with an incident behind; it catches 3 of 3 incidents`
    pub fn summary(&self) -> Option<Text> {
        let Self::Held { covered, score, .. } = self else { return None };
        let (fired, with, caught, of) = (times(score.firings), score.with_incident, score.caught, score.incidents);
        let incidents = if of == 1 { "incident" } else { "incidents" };
        let Text { en, vi } = fired;
        Some(say!(
            "played over {covered} of data it fires {en}, {with} with an incident behind, and catches {caught} of {of} {incidents}",
            "phát lại trên {covered} dữ liệu, nó kêu {vi}, {with} lần có sự cố thật, và bắt được {caught} trên {of} sự cố"
        ))
    }

    pub fn file(&self, book: &mut Book) -> Option<String> {
        let Self::Held { score, .. } = self else { return None };
        let values = vec![
            Value::new("firings", score.firings as f64),
            Value::new("with an incident", score.with_incident as f64),
            Value::new("incidents", score.incidents as f64),
            Value::new("incidents caught", score.caught as f64),
            Value::new("delay", score.delay).unit("s"),
        ];
        Some(book.add("alarm.replay", self.summary()?, Area::BalancerMetrics, values))
    }

    /// The table of rules that were tried, the current one first; or why the past cannot be played.
    pub fn details(&self) -> Vec<Text> {
        let (advice, range) = match self {
            Self::None(why) => return vec![unplayed(why)],
            Self::Held { advice: None, range, .. } => return range.iter().cloned().collect(),
            Self::Held { advice: Some(advice), range, .. } => (advice, range),
        };
        let n = advice.current.score.incidents;
        let mut all = vec![say!("rules tried over the same data ({n} incident(s): a hint, not a proof):", "các quy tắc thử trên cùng dữ liệu ({n} sự cố: gợi ý, không phải bằng chứng):")];
        all.push(row(&advice.current, &say!("now ", "nay ")));
        all.extend(advice.better.iter().map(|t| row(t, &Text::same("  → "))));
        all.extend(range.clone());
        all
    }

    /// What the file should say, if another rule is clearly better.
    pub fn wanted(&self) -> Vec<(&'static str, String)> {
        let Self::Held { advice: Some(advice), .. } = self else { return Vec::new() };
        let Some(best) = advice.better.first().filter(|b| is_better(b, &advice.current)) else { return Vec::new() };
        vec![
            ("threshold", best.rule.threshold.to_string()),
            ("comparison_operator", "\"GreaterThanOrEqualToThreshold\"".into()),
            ("evaluation_periods", best.rule.periods.to_string()),
            ("datapoints_to_alarm", best.rule.datapoints.to_string()),
        ]
    }
}

fn times(n: usize) -> Text {
    let en = match n {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    Text { en, vi: format!("{n} lần") }
}

fn unplayed(why: &NoHistory) -> Text {
    match why {
        NoHistory::NotPlain => say!(
            "the past cannot be played again: the alarm is on a band or on a metric that is not read here",
            "không thể phát lại quá khứ: báo động dựa trên dải hoặc trên metric không đọc ở đây"
        ),
        NoHistory::NotUnderstood(part) => say!(
            "the past cannot be played again: {part} in the alarm's expression is not reckoned here",
            "không thể phát lại quá khứ: ở đây không tính được {part} trong biểu thức của báo động"
        ),
        NoHistory::NotHeld => say!(
            "the past cannot be played again: the alarm's own statistic and period were not read",
            "không thể phát lại quá khứ: chưa đọc đúng statistic và period của báo động"
        ),
    }
}

/// What is published of the evaluation, what is assumed, and what hangs on it.
fn range_words(rule: &Rule, fired: usize, (least, most): (usize, usize)) -> Text {
    let (n, assumed, (few, many)) = (rule.periods, rule.range(), rule.possible_ranges());
    let known = say!(
        "AWS publishes how many points it looks at only for 3 periods (5 points); for {n} this assumes {assumed}",
        "AWS chỉ công bố số điểm được xét cho 3 period (5 điểm); với {n} period, ở đây giả định {assumed}"
    );
    let hangs = if least == most {
        let Text { en, vi } = times(fired);
        say!("; with {few} to {many} points it fires {en} all the same", "; với {few} đến {many} điểm thì vẫn kêu {vi}")
    } else {
        say!("; with {few} to {many} points it fires {least} to {most} times", "; với {few} đến {many} điểm thì kêu từ {least} đến {most} lần")
    };
    Text { en: known.en + &hangs.en, vi: known.vi + &hangs.vi }
}

fn is_better(a: &Trial, b: &Trial) -> bool {
    let (a, b) = (&a.score, &b.score);
    a.caught > b.caught || (a.caught == b.caught && a.without_incident() < b.without_incident())
}

fn row(trial: &Trial, mark: &Text) -> Text {
    let (r, s) = (&trial.rule, &trial.score);
    let sign = if r.breaches(r.threshold) { '≥' } else { '>' };
    let rule = format!("{sign} {} in {} of {}", r.threshold, r.datapoints, r.periods);
    let (fired, without, caught, of) = (s.firings, s.without_incident(), s.caught, s.incidents);
    let delay = in_words(Duration::seconds(s.delay as i64));
    let Text { en, vi } = mark;
    say!(
        "{en}{rule:<18} fires {fired:>3}×, {without:>3} without an incident, catches {caught} of {of}, {delay} after the beginning",
        "{vi}{rule:<18} kêu {fired:>3}×, {without:>3} lần không có sự cố, bắt {caught} trên {of}, {delay} sau khi bắt đầu"
    )
}
