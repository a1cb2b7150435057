//! The runbook as a checklist: every step with its state in a sign and in words, whoever answered it.

use crate::case::answers::Said;
use crate::checks::{Outcome, RUNBOOK, Status};
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::tui::paint::{self, piece};
use crate::tui::words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

/// One selectable row.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    pub id: &'static str,
    pub outcome: Option<&'a Outcome>,
}

/// Under which heading a step stands.
fn heading(app: &App, id: &str) -> &'static str {
    match id {
        "ask-infra-team" | "ask-app-team" | "aws-status" => app.look.say("Ask", "Hỏi"),
        "correlation" | "verdict" => app.look.say("Judge", "Kết luận"),
        _ => app.look.say("Check", "Kiểm tra"),
    }
}

pub fn rows(app: &App) -> Vec<Row<'_>> {
    let filter = app.list(Pane::Runbook).filter.to_lowercase();
    RUNBOOK
        .iter()
        .map(|c| c.id())
        .filter(|id| filter.is_empty() || words::step(&app.look, id).to_lowercase().contains(&filter))
        .map(|id| Row { id, outcome: app.judged.as_ref().and_then(|j| j.outcomes.iter().find(|o| o.check == id)) })
        .collect()
}

/// The state of a step; in a drill the verdict keeps its own.
pub fn status_of(app: &App, row: &Row) -> Status {
    match row.outcome {
        Some(o) if row.id == "verdict" && app.session.verdict_hidden && o.status != Status::Waiting => Status::Ask,
        Some(o) => o.status,
        None => Status::Waiting,
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let rows = rows(app);
    let done = rows.iter().filter(|r| !matches!(status_of(app, r), Status::Waiting | Status::Ask)).count();
    let body = super::title(buf, area, app, Pane::Runbook, &format!("{done}/{}", rows.len()), "");
    let lines = lines(app, &rows, body);
    let selected = app.list(Pane::Runbook).selected.min(rows.len().saturating_sub(1));
    let at = lines.iter().position(|l| matches!(l, Shown::Step(i) if *i == selected)).unwrap_or(0);
    let spare = body.height.saturating_sub(lines.len() as u16);
    let list = Rect { height: body.height - spare, ..body };
    let offset = super::offset(at, lines.len(), list.height);
    for (y, line) in lines.iter().skip(offset).take(usize::from(list.height)).enumerate() {
        let row = paint::row(list, y as u16);
        match line {
            Shown::Heading(words) => {
                paint::text(buf, row, 1, 0, words, app.look.theme.title);
            }
            Shown::Step(i) => draw_step(buf, row, app, &rows[*i], *i == selected),
        }
    }
    if spare >= 3
        && let Some(row) = rows.get(selected)
    {
        draw_whole(buf, paint::below(body, list.height), app, row);
    }
}

/// The selected step's words, whole, where the list leaves room.
fn draw_whole(buf: &mut Buffer, area: Rect, app: &App, row: &Row) {
    let theme = &app.look.theme;
    for x in (1..area.width.saturating_sub(1)).step_by(2) {
        paint::put(buf, area, x, 0, "·", theme.rule);
    }
    let status = status_of(app, row);
    let words = format!("{} {}", words::status_sign(status), summary(app, row, status));
    let lines = paint::wrap(&words, area.width.saturating_sub(2));
    for (y, line) in lines.iter().enumerate().take(usize::from(area.height.saturating_sub(1))) {
        paint::text(buf, area, 1, 1 + y as u16, line, words::status_style(theme, status));
    }
}

enum Shown {
    Heading(&'static str),
    Step(usize),
}

/// Headings only where every step keeps its row.
fn lines(app: &App, rows: &[Row], body: Rect) -> Vec<Shown> {
    let headed = usize::from(body.height) >= rows.len() + 3;
    let mut lines = Vec::new();
    let mut last = "";
    for (i, row) in rows.iter().enumerate() {
        let heading = heading(app, row.id);
        if headed && heading != last {
            lines.push(Shown::Heading(heading));
            last = heading;
        }
        lines.push(Shown::Step(i));
    }
    lines
}

fn draw_step(buf: &mut Buffer, row: Rect, app: &App, step: &Row, selected: bool) {
    let theme = &app.look.theme;
    let status = status_of(app, step);
    let answered = app.case.answer_to(step.id);
    let ticked = answered.is_some_and(|a| a.answer == Said::Done);
    let sign = if ticked { "✓" } else { words::status_sign(status) };
    let style = words::status_style(theme, status);
    let wide = row.width >= 60;
    let label = if wide { words::step(&app.look, step.id) } else { words::step_short(&app.look, step.id) };
    let label_width = if wide { 24 } else { 13.min(row.width.saturating_sub(4)) };
    let mut name = theme.text;
    if ticked {
        name = name.add_modifier(Modifier::CROSSED_OUT);
    }
    paint::line(
        buf,
        row,
        1,
        0,
        &[
            piece(sign, style),
            piece(" ", theme.text),
            piece(paint::padded(label, label_width), name),
            piece(" ", theme.text),
            piece(fitting(app, step, status, row.width.saturating_sub(label_width + 4)), style),
        ],
    );
    super::select(buf, row, app, Pane::Runbook, selected);
}

/// The summary where it fits whole, else what it comes to in a word or two.
fn fitting(app: &App, row: &Row, status: Status, width: u16) -> String {
    let whole = summary(app, row, status);
    if paint::width_of(&whole) <= width || app.case.answer_to(row.id).is_some_and(|a| a.answer != Said::NotDone) {
        return paint::cut(&whole, width).into_owned();
    }
    let brief = match (row.outcome, app.judged.as_ref()) {
        (Some(_), Some(judged)) if row.id == "verdict" && !app.session.verdict_hidden => words::verdict(&app.look, judged.verdict.cause),
        (Some(o), _) => app.look.text(&o.brief),
        _ => "",
    };
    paint::cut(if brief.is_empty() { &whole } else { brief }, width).into_owned()
}

/// What a person said comes first, then what was measured.
fn summary(app: &App, row: &Row, status: Status) -> String {
    if let Some(answer) = app.case.answer_to(row.id).filter(|a| a.answer != Said::NotDone) {
        let said = said(app, answer.answer);
        let by = if answer.by.is_empty() { String::new() } else { format!(", {}", answer.by) };
        return format!("{said}{by}");
    }
    match row.outcome {
        Some(_) if row.id == "verdict" && app.session.verdict_hidden => app.look.say("press !", "nhấn !").into(),
        Some(o) if !o.summary.is_empty() => app.look.text(&o.summary).to_owned(),
        _ if app.is_judging() => app.look.say("being judged", "đang xét").into(),
        _ => words::status(&app.look, status).to_owned(),
    }
}

pub fn said(app: &App, said: Said) -> &'static str {
    match said {
        Said::Yes => app.look.say("yes", "có"),
        Said::No => app.look.say("no", "không"),
        Said::DontKnow => app.look.say("nobody knows", "không ai biết"),
        Said::Done => app.look.say("done", "xong"),
        Said::NotDone => app.look.say("not done", "chưa xong"),
    }
}
