//! The method in print: the table of one cause, or how one case was weighed.

use super::signals::{self, Answer};
use super::table::{self, Cause, Weight};
use super::{Hypothesis, Likelihood};
use crate::judge::Judged;
use crate::say;
use crate::text::{Lang, Text};
use std::fmt::Write;

/// The table of a cause: prior, weights, what refutes it, the next test. `None` for an unknown id.
pub fn cause(id: &str, lang: Lang) -> Option<String> {
    let cause = table::find(id)?;
    let mut out = String::new();
    head(&mut out, cause, lang);
    let legend = say!(
        "Weights in decibans: +3 is twice as likely, +10 ten times, -10 a tenth; what is unknown weighs nothing.",
        "Trọng số tính bằng deciban: +3 là khả năng gấp đôi, +10 gấp mười, -10 còn một phần mười; điều chưa biết không có trọng số."
    );
    let prior = cause.prior;
    let start = say!("before anything is known: {prior:+}", "khi chưa biết gì: {prior:+}");
    let _ = writeln!(
        out,
        "{}\n{}\n\n  {:>4} {:>4}",
        legend.get(lang),
        start.get(lang),
        say!("yes", "có").get(lang),
        say!("no", "không").get(lang)
    );
    let mut weights: Vec<&Weight> = cause.weights.iter().filter(|w| (w.yes, w.no) != (0, 0)).collect();
    weights.sort_by_key(|w| (std::cmp::Reverse(w.yes.abs().max(w.no.abs())), w.signal));
    for weight in weights {
        row(&mut out, weight, lang);
    }
    let Text { en, vi } = (cause.next)();
    let next = say!("next test: {en}", "kiểm tra tiếp: {vi}");
    let _ = writeln!(out, "\n{}", next.get(lang));
    Some(out)
}

fn head(out: &mut String, cause: &Cause, lang: Lang) {
    let _ = writeln!(out, "{} ({}): {}\n", cause.id, cause.letter, (cause.name)().get(lang));
}

fn row(out: &mut String, weight: &Weight, lang: Lang) {
    let question = signals::find(weight.signal).map_or(weight.signal, |s| if lang == Lang::Vi { s.vi } else { s.en });
    let refutes = match weight.refutes {
        Some(true) => say!("  [yes rules it out]", "  [có thì loại trừ]"),
        Some(false) => say!("  [no rules it out]", "  [không thì loại trừ]"),
        None => Text::default(),
    };
    let _ = writeln!(out, "  {:>+4} {:>+4}  {question}{}", weight.yes, weight.no, refutes.get(lang));
}

/// How a case was weighed: every hypothesis that is not ruled out at once, with each argument and its points.
pub fn case(judged: &Judged, lang: Lang) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}\n", judged.verdict.sentence.get(lang));
    for h in judged.hypotheses.iter().filter(|h| h.verdict != Likelihood::Unlikely).take(8) {
        hypothesis(&mut out, judged, h, lang);
    }
    let rest = 100.0 * judged.verdict.none_of_these;
    let words = say!("none of these: {rest:.0} %", "không phải các nguyên nhân trên: {rest:.0} %");
    let _ = writeln!(out, "{}", words.get(lang));
    out
}

fn hypothesis(out: &mut String, judged: &Judged, h: &Hypothesis, lang: Lang) {
    let (id, points, percent) = (h.cause, h.points, 100.0 * h.probability);
    let prior = table::find(id).map_or(0, |c| c.prior);
    let head = say!(
        "{id}: {points:+} points (from {prior:+}), {percent:.0} % of the weight",
        "{id}: {points:+} điểm (từ {prior:+}), {percent:.0} % trọng số"
    );
    let _ = writeln!(out, "{}", head.get(lang));
    for reason in h.reasons_for.iter().chain(&h.reasons_against) {
        let sentence = judged.book.get(&reason.evidence).map(|e| e.sentence.get(lang).to_owned()).unwrap_or_default();
        let _ = writeln!(out, "  {:>+4}  {sentence} [{}]", reason.points, reason.evidence);
    }
    for missing in &h.missing {
        let _ = writeln!(out, "     ?  {}", missing.get(lang));
    }
    out.push('\n');
}

/// Answers as one line each, for the opened case.
pub fn answers(signals: &signals::Signals, lang: Lang) -> String {
    let mut out = String::new();
    for signal in signals::SIGNALS {
        let question = if lang == Lang::Vi { signal.vi } else { signal.en };
        let answer = match signals.get(signal.id) {
            Answer::Yes(strength, _) => format!("yes {strength:.1}"),
            Answer::No(strength, _) => format!("no  {strength:.1}"),
            Answer::Unknown(_) => "?".into(),
        };
        let _ = writeln!(out, "{answer:<8} {:<28} {question}", signal.id);
    }
    out
}
