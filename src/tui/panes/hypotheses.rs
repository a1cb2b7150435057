//! Every cause, most probable first: a word, points, and how much speaks for, against, or is missing.

use crate::diagnosis::{Hypothesis, Likelihood};
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::tui::paint::{self, piece};
use crate::tui::words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The hypotheses that pass the filter, in order; those that nothing is known of last.
pub fn listed(app: &App) -> Vec<&Hypothesis> {
    let Some(judged) = app.judged.as_ref().filter(|_| !app.session.verdict_hidden) else { return Vec::new() };
    let filter = app.list(Pane::Hypotheses).filter.to_lowercase();
    let passes = |h: &&Hypothesis| {
        filter.is_empty() || h.cause.contains(&filter) || words::cause(&app.look, h.cause).to_lowercase().contains(&filter)
    };
    let (known, unknown): (Vec<_>, Vec<_>) = judged.hypotheses.iter().filter(passes).partition(|h| h.verdict != Likelihood::Unknown);
    known.into_iter().chain(unknown).collect()
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let list = listed(app);
    let middle = if area.width >= 60 {
        app.look.say("points · for + · against − · missing ?", "điểm · vì + · trái − · thiếu ?")
    } else {
        ""
    };
    let body = super::title(buf, area, app, Pane::Hypotheses, middle, "");
    if list.is_empty() {
        let words = if app.session.verdict_hidden {
            app.look.say("hidden in this drill; ! shows them", "đang ẩn khi luyện tập; ! để hiện")
        } else {
            app.look.say("nothing weighed yet", "chưa cân nhắc gì")
        };
        super::nothing(buf, body, words, app.look.theme.dim);
        return;
    }
    let selected = app.list(Pane::Hypotheses).selected.min(list.len() - 1);
    let offset = super::offset(selected, list.len(), body.height);
    for (y, h) in list.iter().enumerate().skip(offset).take(usize::from(body.height)) {
        let row = paint::row(body, (y - offset) as u16);
        draw_row(buf, row, app, h);
        super::select(buf, row, app, Pane::Hypotheses, y == selected);
    }
}

fn draw_row(buf: &mut Buffer, row: Rect, app: &App, h: &Hypothesis) {
    let theme = &app.look.theme;
    let style = words::likelihood_style(theme, h.verdict);
    let narrow = row.width < 60;
    let cause_width = if narrow { row.width.saturating_sub(27).min(26) } else { 34.min(row.width / 3) };
    let points = if h.verdict == Likelihood::Unknown { String::new() } else { format!("{:+}", h.points).replace('-', "−") };
    let mut pieces = vec![
        piece(paint::padded(words::cause(&app.look, h.cause), cause_width), theme.text),
        piece(" ", theme.text),
        piece(paint::padded(words::likelihood(&app.look, h.verdict), 12), style),
        piece(paint::right(&points, 4), theme.text),
        piece("  ", theme.text),
    ];
    pieces.extend(tally(app, h));
    if row.width >= 90 {
        pieces.push(piece("  ", theme.text));
        pieces.push(strongest(app, h));
    }
    paint::line(buf, row, 1, 0, &pieces);
}

/// `+++` for, `−−` against, `?` missing: one sign a piece of evidence, heavy ones twice.
fn tally(app: &App, h: &Hypothesis) -> Vec<paint::Piece> {
    let theme = &app.look.theme;
    let signs = |reasons: &[crate::diagnosis::Reason], sign: &str| {
        let n: usize = reasons.iter().map(|r| if r.points.abs() >= 10 { 2 } else { 1 }).sum();
        sign.repeat(n.min(6))
    };
    let parts: [(String, Style); 3] = [
        (signs(&h.reasons_for, "+"), theme.good),
        (signs(&h.reasons_against, "−"), theme.warn),
        ("?".repeat(h.missing.len().min(4)), theme.unknown),
    ];
    let used: u16 = parts.iter().map(|(t, _)| paint::width_of(t)).sum();
    let mut pieces: Vec<paint::Piece> = parts.into_iter().map(|(t, s)| piece(t, s)).collect();
    pieces.push(piece(" ".repeat(usize::from(12u16.saturating_sub(used))), theme.text));
    pieces
}

/// The sentence that weighs most, or what refutes it.
fn strongest(app: &App, h: &Hypothesis) -> paint::Piece {
    let theme = &app.look.theme;
    let reason = h.reasons_for.iter().chain(&h.reasons_against).max_by_key(|r| r.points.abs());
    let id = h.refuted_by.as_ref().or(reason.map(|r| &r.evidence));
    let sentence = id.and_then(|id| app.judged.as_ref()?.book.get(id)).map(|e| app.look.text(&e.sentence).to_owned());
    piece(sentence.unwrap_or_default(), theme.dim)
}
