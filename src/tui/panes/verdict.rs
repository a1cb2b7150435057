//! The verdict block: read first, in five seconds. Fact and inference look different; in a drill it is
//! hidden.

use crate::analysis::Episode;
use crate::checks::Status;
use crate::diagnosis::{Confidence, Hypothesis, Likelihood, Named, Reason};
use crate::judge::Judged;
use crate::time::in_words;
use crate::tui::app::App;
use crate::tui::clock;
use crate::tui::options::Kind;
use crate::tui::paint::{self, Line, Look, piece};
use crate::tui::view::About;
use crate::tui::words;
use chrono::Duration;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::borrow::Cow;

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let lines = match &app.judged {
        None => vec![waiting(app)],
        Some(_) if app.session.verdict_hidden => drill(app),
        Some(judged) => block(app, judged, area),
    };
    for (y, line) in lines.iter().enumerate().take(usize::from(area.height)) {
        paint::line(buf, area, 1, y as u16, line);
    }
}

/// The whole screen below 40×10.
pub fn one_line(app: &App) -> String {
    let word = match app.judged.as_deref() {
        Some(j) if !app.session.verdict_hidden => headline(&app.look, j),
        _ => "alb-triage".into(),
    };
    format!("{word} ({} 40×10)", app.look.say("needs", "cần"))
}

fn waiting(app: &App) -> Line {
    let theme = &app.look.theme;
    let words = if app.is_judging() {
        app.look.say("no verdict yet: being judged", "chưa có kết luận: đang xét")
    } else {
        app.look.say("no verdict yet", "chưa có kết luận")
    };
    let mut line = vec![piece(words, theme.unknown)];
    if let Some((area, (since, detail))) = app.case.busy.iter().next() {
        let age = clock::age(*since, app.now());
        line.push(piece(format!("  {}: {detail} ({age})", words::area(&app.look, *area)), theme.dim));
    }
    line
}

fn drill(app: &App) -> Vec<Line> {
    let theme = &app.look.theme;
    vec![
        vec![piece(app.look.say("DRILL: what happened here?", "LUYỆN TẬP: chuyện gì đã xảy ra?"), theme.verdict)],
        vec![piece(
            app.look.say(
                "The verdict is hidden. Look around, decide, then press ! and compare.",
                "Kết luận đang ẩn. Hãy xem xét, quyết định, rồi nhấn ! để so sánh.",
            ),
            theme.text,
        )],
    ]
}

fn block(app: &App, judged: &Judged, area: Rect) -> Vec<Line> {
    let mut lines = vec![first(app, judged, area.width)];
    let width = area.width.saturating_sub(2);
    let hypothesis = judged.hypotheses.iter().find(|h| h.cause == judged.verdict.cause.id());
    let two_rows = area.width < 100 && area.height >= 5;
    let next = next(app, judged, (width, if two_rows { 2 } else { 1 }));
    let mut against = reasons(app, judged, hypothesis, false, (width, 1));
    let mut speaking_for = reasons(app, judged, hypothesis, true, (width, if two_rows { 2 } else { 1 }));
    if two_rows && speaking_for.len() + against.len() + next.len() >= usize::from(area.height) {
        // A command is of use only whole: that nothing speaks against, or the rest of the reasons, makes way for it.
        if hypothesis.is_some_and(|h| h.reasons_against.is_empty()) {
            against.clear();
        } else {
            speaking_for = reasons(app, judged, hypothesis, true, (width, 1));
        }
    }
    // The row that the reasons leave says it in a sentence.
    if lines.len() + speaking_for.len() + against.len() + next.len() < usize::from(area.height.min(5)) {
        lines.push(vec![piece(whole_sentences(app.look.text(&judged.verdict.sentence), width).into_owned(), app.look.theme.text)]);
    }
    lines.extend(speaking_for);
    lines.extend(against);
    lines.extend(next);
    if area.height < 4 {
        // The next step says more than what speaks against.
        lines.truncate(2);
    }
    lines
}

/// The sentences that fit whole; where not even the first does, as much of it as fits.
fn whole_sentences(text: &str, width: u16) -> Cow<'_, str> {
    let ends = text.match_indices(". ").map(|(at, _)| &text[..=at]);
    let fitting = ends.chain([text]).take_while(|t| paint::width_of(t) <= width).last();
    fitting.map_or_else(|| paint::cut(text, width), Cow::Borrowed)
}

/// `OVERLOAD  likely · confidence high   onset 02:13 ±1 min   recovered 02:41   13 of 15 checks ran, 2 could not`
fn first(app: &App, judged: &Judged, width: u16) -> Line {
    let theme = &app.look.theme;
    let mut line = vec![piece(headline(&app.look, judged), theme.verdict)];
    let mut optional = vec![
        likelihood(app, judged, width),
        onset(app, judged),
        state(app, judged, width),
        about(app, judged),
        coverage(app, judged),
        before(app),
    ];
    optional.retain(|p| !p.text.is_empty());
    let between = if width < 100 { 2 } else { 3 };
    while optional.len() > 1 && optional.iter().map(|p| paint::width_of(&p.text) + between).sum::<u16>() + paint::line_width(&line) > width
    {
        optional.pop();
    }
    for part in optional {
        line.push(piece(" ".repeat(usize::from(between)), theme.text));
        line.push(part);
    }
    line
}

/// The cause in capitals, or why there is none.
fn headline(look: &Look, judged: &Judged) -> String {
    words::verdict(look, judged.verdict.cause).to_uppercase()
}

fn likelihood(app: &App, judged: &Judged, width: u16) -> paint::Piece {
    let (look, theme) = (&app.look, &app.look.theme);
    let confidence = match judged.verdict.confidence {
        Confidence::High => look.say("confidence high", "độ tin cậy cao"),
        Confidence::Medium => look.say("confidence medium", "độ tin cậy vừa"),
        Confidence::Low => look.say("confidence low", "độ tin cậy thấp"),
    };
    let likely = judged.hypotheses.iter().find(|h| h.cause == judged.verdict.cause.id()).map(|h| words::likelihood(look, h.verdict));
    let style = match judged.verdict.confidence {
        Confidence::High => theme.bad,
        Confidence::Medium => theme.warn,
        Confidence::Low => theme.unknown,
    };
    let also: Vec<&str> = judged.verdict.contributing.iter().map(|c| words::cause(look, c)).collect();
    let also =
        if also.is_empty() || width < 100 { String::new() } else { format!(" · {} {}", look.say("with", "cùng với"), also.join(", ")) };
    piece(likely.map_or_else(|| confidence.to_owned(), |l| format!("{l} · {confidence}{also}")), style)
}

fn onset(app: &App, judged: &Judged) -> paint::Piece {
    let words = judged.analysis.main_episode().map(|e| {
        let sure = clock::minutes(Duration::seconds(i64::from(e.onset_uncertainty)));
        format!("{} {} ±{sure}", app.look.say("onset", "bắt đầu"), app.clock().minute(e.onset))
    });
    piece(words.unwrap_or_default(), app.look.theme.text)
}

/// Ongoing or recovered, and how many stretches there were.
fn state(app: &App, judged: &Judged, width: u16) -> paint::Piece {
    let (look, theme) = (&app.look, &app.look.theme);
    let real: Vec<&Episode> = judged.analysis.episodes.iter().filter(|e| !e.isolated).collect();
    let Some(last) = real.last() else { return piece("", theme.text) };
    let times = if real.len() > 1 { format!(" · {} {}", real.len(), look.say("episodes", "đợt")) } else { String::new() };
    match last.end {
        None => {
            let since = clock::age(last.onset, app.now().max(last.onset));
            let word = if recovering(app, last) {
                look.say("recovering, began ago:", "đang hồi phục, đã:")
            } else if real.len() > 1 {
                look.say("recurred, ongoing for", "tái diễn,")
            } else {
                look.say("ongoing for", "đang diễn ra,")
            };
            piece(format!("{word} {since}{times}"), theme.bad)
        }
        Some(end) => {
            let since = in_words((app.now() - end).max(Duration::zero()));
            let at = app.clock().minute(end);
            if app.view.following {
                let for_so_long = format!("{} {since} ({at}){times}", look.say("recovered for", "đã hồi phục"));
                return piece(for_so_long, theme.good);
            }
            let ago = if width < 100 { String::new() } else { format!(", {since} {}", look.say("ago", "trước")) };
            piece(format!("{} {at}{ago}{times}", look.say("recovered", "hồi phục")), theme.good)
        }
    }
}

/// The last three finished periods are all far below the peak.
fn recovering(app: &App, episode: &Episode) -> bool {
    let Some(grid) = app.board.lanes.first().filter(|l| l.is_errors()).map(|l| &l.grid) else { return false };
    let finished = grid.unfinished_from.unwrap_or(grid.len());
    let recent: Vec<f64> = grid.values[..finished].iter().rev().copied().filter(|v| !v.is_nan()).take(3).collect();
    recent.len() == 3 && recent.iter().all(|v| *v < episode.peak / 4.0)
}

fn coverage(app: &App, judged: &Judged) -> paint::Piece {
    let (look, theme) = (&app.look, &app.look.theme);
    let (ran, total) = (judged.coverage.ran, judged.coverage.total);
    let waiting = judged.outcomes.iter().filter(|o| o.status == Status::Waiting).count();
    let unknown = total.saturating_sub(ran + waiting);
    let mut text = format!("{ran} {} {total} {}", look.say("of", "trên"), look.say("checks ran", "bước đã chạy"));
    if unknown > 0 {
        text.push_str(&format!(", {unknown} {}", look.say("could not", "không thể")));
    }
    if waiting > 0 {
        text.push_str(&format!(", {waiting} {}", look.say("waiting", "đang chờ")));
    }
    piece(text, if unknown + waiting > 0 { theme.unknown } else { theme.dim })
}

/// `until 03:20: scale-in`: what the verdict was, while it changes.
fn before(app: &App) -> paint::Piece {
    let Some((cause, until)) = app.session.verdict_before.as_ref().filter(|_| app.session.kind == Kind::Live) else {
        return piece("", app.look.theme.dim);
    };
    let was = words::verdict_of(&app.look, cause);
    piece(format!("{} {}: {was}", app.look.say("until", "đến"), app.clock().minute(*until)), app.look.theme.dim)
}

/// The window that was judged, when it is not all that was gathered.
fn about(app: &App, judged: &Judged) -> paint::Piece {
    let theme = &app.look.theme;
    if judged.window == app.view.whole() {
        return piece("", theme.dim);
    }
    let clock = app.clock();
    let pinned =
        if matches!(app.view.about, About::Pinned(_)) { app.look.say("pinned to", "giữ ở") } else { app.look.say("for", "xét") };
    piece(format!("{pinned} {}–{}", clock.minute(judged.window.start), clock.minute(judged.window.end)), theme.info)
}

/// The three strongest reasons, as many as fit whole.
fn reasons(app: &App, judged: &Judged, hypothesis: Option<&Hypothesis>, speaking_for: bool, (width, rows): (u16, u16)) -> Vec<Line> {
    let (look, theme) = (&app.look, &app.look.theme);
    let (label, style) =
        if speaking_for { (look.say("  for ", "  vì  "), theme.good) } else { (look.say("  not ", "  trái"), theme.warn) };
    let all: Vec<&Reason> = hypothesis
        .map_or_else(Vec::new, |h| if speaking_for { h.reasons_for.iter().collect() } else { h.reasons_against.iter().collect() });
    let sentences: Vec<&str> = all.iter().filter_map(|r| judged.book.get(&r.evidence)).map(|e| look.text(&e.sentence)).collect();
    let text = if sentences.is_empty() { none(app, judged, speaking_for) } else { joined(&sentences, width.saturating_sub(8) * rows) };
    labelled(label, style, &text, (width, rows), theme.text)
}

/// A text behind its label, on as many rows as it takes and may take.
fn labelled(label: &'static str, style: Style, text: &str, (width, rows): (u16, u16), of_text: Style) -> Vec<Line> {
    let room = width.saturating_sub(7).max(1);
    let mut parts = paint::wrap(text, room);
    let last = usize::from(rows).saturating_sub(1);
    // What does not fit the last row ends there with its sign.
    let rest = parts.split_off(last.min(parts.len())).join(" ");
    parts.push(paint::cut(&rest, room).into_owned());
    parts.retain(|p| !p.is_empty());
    let labels = std::iter::once(label).chain(std::iter::repeat("      "));
    labels.zip(parts).map(|(label, part)| vec![piece(label, style), piece(format!(" {part}"), of_text)]).collect()
}

/// When the verdict names no cause: the leading suspicion, or what rules the rest out.
fn none(app: &App, judged: &Judged, speaking_for: bool) -> String {
    let look = &app.look;
    match (judged.verdict.cause, speaking_for) {
        (Named::Cause(_), true) => look.say("nothing on record", "không có gì").into(),
        (Named::Cause(_), false) => look.say("nothing speaks against it", "không có gì phản bác").into(),
        (_, true) => {
            let leading: Vec<String> = judged
                .hypotheses
                .iter()
                .filter(|h| matches!(h.verdict, Likelihood::Confirmed | Likelihood::Likely | Likelihood::Undecided))
                .take(3)
                .map(|h| format!("{} ({})", words::cause(look, h.cause), words::likelihood(look, h.verdict)))
                .collect();
            if leading.is_empty() {
                look.say("no cause stands out", "không nguyên nhân nào nổi bật").into()
            } else {
                leading.join(" · ")
            }
        }
        (_, false) => {
            let out = judged.hypotheses.iter().filter(|h| h.verdict == Likelihood::RuledOut).count();
            format!("{out} {}", look.say("causes ruled out", "nguyên nhân bị loại"))
        }
    }
}

/// Sentences joined as long as they fit; at least the first.
fn joined(sentences: &[&str], width: u16) -> String {
    let mut out = String::new();
    for sentence in sentences.iter().take(4) {
        if !out.is_empty() && paint::width_of(&out) + 3 + paint::width_of(sentence) > width {
            break;
        }
        if !out.is_empty() {
            out.push_str(" · ");
        }
        out.push_str(sentence);
    }
    out
}

fn next(app: &App, judged: &Judged, size: (u16, u16)) -> Vec<Line> {
    let (look, theme) = (&app.look, &app.look.theme);
    let step = judged.verdict.next_steps.iter().find(|t| !t.is_empty());
    let text = step.map_or_else(|| look.say("nothing more to look at", "không còn gì để xem"), |t| look.text(t));
    labelled(look.say("  next", "  tiếp"), theme.focus, text, size, theme.text)
}
