//! What can be copied of the selected row: each with a letter, so that two keys do it.

use super::picker::{self, Choice};
use crate::case::events::Event;
use crate::report;
use crate::report::markdown::escape;
use crate::time::rfc3339;
use crate::tui::app::App;
use crate::tui::happenings::{Happening, Origin};
use crate::tui::layout::Pane;
use crate::tui::overlays::page::{self, About};
use crate::tui::panes::{self, gaps, lanes, runbook};
use crate::tui::{paint, words, working};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The size at which a pane is copied as text.
const PANE: Rect = Rect { x: 0, y: 0, width: 120, height: 60 };

/// One thing that can be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copyable {
    pub key: char,
    pub name: &'static str,
    pub text: String,
}

/// What the focused pane offers, what is wanted most first.
pub fn offered(app: &App) -> Vec<Copyable> {
    let selected = app.list(app.focus).selected;
    let mut all = match app.focus {
        Pane::Lanes => lane(app, selected),
        Pane::Findings => app.findings().get(selected).map(|i| finding(app, &app.happenings[*i])).unwrap_or_default(),
        Pane::Runbook => runbook::rows(app).get(selected).map(|r| step(app, r.id)).unwrap_or_default(),
        Pane::Hypotheses => panes::hypotheses::listed(app).get(selected).map(|h| cause(app, h.cause)).unwrap_or_default(),
        Pane::Gaps => {
            gaps::iam_statement(app).map(|text| one('i', app.look.say("IAM statement", "câu lệnh IAM"), text)).into_iter().collect()
        }
        Pane::Log => row(app, app.log_map.rows.get(selected).map(|r| r.name.clone())),
        Pane::AppLog => row(app, panes::app_log::rows(app).get(selected).map(|(_, t)| t.pattern.to_string())),
        Pane::Topology => row(app, panes::topology::rows(app).get(selected).map(|l| l.iter().map(|p| p.text.as_ref()).collect::<String>())),
    };
    all.push(one('p', app.look.say("the pane as text", "cả khung dạng văn bản"), pane_as_text(app)));
    if let Some(judged) = app.judged.as_ref().filter(|_| !app.session.verdict_hidden) {
        let name = app.look.say("summary for the chat, ten lines", "tóm tắt cho chat, mười dòng");
        all.push(one('s', name, report::summary(&app.case, judged, app.look.lang)));
    }
    all.retain(|c| !c.text.trim().is_empty());
    all
}

fn one(key: char, name: &'static str, text: String) -> Copyable {
    Copyable { key, name, text }
}

fn row(app: &App, text: Option<String>) -> Vec<Copyable> {
    text.map(|text| one('r', app.look.say("the row", "dòng này"), text.trim().to_owned())).into_iter().collect()
}

fn time(app: &App, at: crate::time::Time) -> Copyable {
    one('t', app.look.say("time, UTC", "thời điểm, UTC"), rfc3339(at))
}

/// `| a | b |`
fn markdown(app: &App, cells: &[&str]) -> Copyable {
    let cells: Vec<String> = cells.iter().map(|c| escape(c)).collect();
    one('m', app.look.say("Markdown row", "dòng Markdown"), format!("| {} |", cells.join(" | ")))
}

fn command(app: &App, text: Option<String>) -> Option<Copyable> {
    text.map(|text| one('c', app.look.say("aws command", "lệnh aws"), text))
}

fn link(app: &App, text: Option<String>) -> Option<Copyable> {
    text.map(|text| one('l', app.look.say("link to the console", "liên kết console"), text))
}

fn lane(app: &App, selected: usize) -> Vec<Copyable> {
    let (Some(lane), Some(subject)) = (app.board.lanes.get(selected), app.board.subjects.get(selected)) else { return Vec::new() };
    let value = lanes::value_at_cursor(app, lane);
    let name = format!("{} {}", subject.metric.name, subject.key.as_ref().map(crate::tui::board::part_of).unwrap_or_default());
    let at = rfc3339(app.view.cursor);
    let key = subject.key.as_ref();
    let mut all: Vec<Copyable> = command(app, key.and_then(|k| working::command(app, k))).into_iter().collect();
    all.push(one('v', app.look.say("value under the cursor", "giá trị tại con trỏ"), value.trim().to_owned()));
    all.push(time(app, app.view.cursor));
    all.extend(link(app, key.and_then(|k| working::metric_link(app, k))));
    all.push(markdown(app, &[&at, name.trim(), value.trim()]));
    all
}

fn finding(app: &App, h: &Happening) -> Vec<Copyable> {
    let event: Option<&Event> = match &h.origin {
        Origin::Events(keys) => keys.first().and_then(|k| app.case.events.get(k)),
        _ => None,
    };
    let mut all = vec![one('r', app.look.say("the row", "dòng này"), format!("{} {}", rfc3339(h.at), h.text)), time(app, h.at)];
    if let Some(event) = event {
        let resources: Vec<&str> = event.resources.iter().map(crate::text::Foreign::as_str).collect();
        all.push(one('a', app.look.say("resources (ids, ARNs)", "tài nguyên (id, ARN)"), resources.join("\n")));
        all.push(one('e', app.look.say("event as JSON", "sự kiện dạng JSON"), json(event)));
        all.extend(link(app, working::event_link(app, &event.id)));
        all.push(markdown(app, &[&rfc3339(h.at), &event.actor.name, &h.text]));
    } else {
        all.push(markdown(app, &[&rfc3339(h.at), &h.text]));
    }
    all
}

/// The event as AWS sent it where that is known, or as the program keeps it.
fn json(event: &Event) -> String {
    let text = match &event.raw {
        Some(raw) => serde_json::to_string_pretty(raw),
        None => serde_json::to_string_pretty(event),
    };
    // Strings inside are foreign and may be pasted into a terminal.
    text.unwrap_or_default().lines().map(|l| format!("{}\n", crate::text::clean(l))).collect()
}

fn step(app: &App, id: &'static str) -> Vec<Copyable> {
    let outcome = app.judged.as_ref().and_then(|j| j.outcomes.iter().find(|o| o.check == id));
    let mut all = vec![one('r', app.look.say("the step, with its evidence", "bước này và bằng chứng"), page::plain(app, &About::Step(id)))];
    if let Some(o) = outcome.filter(|_| !(app.session.verdict_hidden && id == "verdict")) {
        all.push(markdown(app, &[words::step(&app.look, id), words::status(&app.look, o.status), app.look.text(&o.summary)]));
        all.extend(command(app, working::commands(app, &working::Of::Evidence(o.evidence.clone()))));
    }
    all
}

fn cause(app: &App, id: &'static str) -> Vec<Copyable> {
    let mut all =
        vec![one('r', app.look.say("the cause, for and against", "nguyên nhân, vì và trái"), page::plain(app, &About::Cause(id)))];
    if let Some(h) = app.judged.as_ref().and_then(|j| j.hypotheses.iter().find(|h| h.cause == id)) {
        let points = format!("{:+}", h.points);
        all.push(markdown(app, &[words::cause(&app.look, id), words::likelihood(&app.look, h.verdict), &points]));
    }
    all
}

/// The focused pane as it is drawn, without what is blank.
fn pane_as_text(app: &App) -> String {
    let mut buf = Buffer::empty(PANE);
    panes::draw(&mut buf, PANE, app, app.focus);
    let row = |y| (0..PANE.width).filter_map(|x| buf.cell((x, y))).map(ratatui::buffer::Cell::symbol).collect::<String>();
    let text: Vec<String> = (0..PANE.height).map(|y| row(y).trim_end().to_owned()).collect();
    text.join("\n").trim_end().to_owned()
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, offered: &[Copyable], selected: usize) {
    let choice = |c: &Copyable| {
        let preview = paint::cut(c.text.lines().next().unwrap_or_default(), 38);
        Choice { left: c.key.to_string(), right: format!("{} {preview}", paint::padded(c.name, 32)) }
    };
    picker::list(buf, area, app, app.look.say("Copy what?", "Sao chép gì?"), &offered.iter().map(choice).collect::<Vec<_>>(), selected);
}
