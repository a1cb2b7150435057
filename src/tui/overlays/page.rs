//! A page to read: why a step stands as it does, a whole event, a hypothesis, a gap, the working behind a
//! number. Made anew from the case each time, so that it stays right while data arrives.

use super::frame;
use crate::applog::{Level, Template};
use crate::checks::Evidence;
use crate::diagnosis::Reason;
use crate::exchange::Origin as Source;
use crate::text::quoted;
use crate::time::rfc3339;
use crate::tui::app::App;
use crate::tui::happenings::{Happening, Origin};
use crate::tui::layout::Pane;
use crate::tui::paint::{self, Line, piece};
use crate::tui::panes::{lanes, log, runbook};
use crate::tui::{clock, words, working};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// What a page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    Step(&'static str),
    Happening(Origin),
    Cause(&'static str),
    /// The `i`th row of the gaps.
    Gap(usize),
    Working(working::Of),
    Log(String),
    /// Log name and template id.
    Template(String, u32),
}

/// Lines being gathered, wrapped to a width.
pub struct Sheet<'a> {
    app: &'a App,
    width: u16,
    lines: Vec<Line>,
}

impl Sheet<'_> {
    pub fn heading(&mut self, words: &str) {
        if !self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        self.lines.push(vec![piece(words.to_owned(), self.app.look.theme.title)]);
    }

    pub fn say(&mut self, words: &str, style: Style) {
        self.hanging("", words, style);
    }

    /// A sign, and words wrapped beside it.
    pub fn hanging(&mut self, sign: &str, words: &str, style: Style) {
        let indent = paint::width_of(sign);
        for (i, part) in paint::wrap(words, self.width.saturating_sub(indent)).into_iter().enumerate() {
            let left = if i == 0 { sign.to_owned() } else { " ".repeat(usize::from(indent)) };
            self.lines.push(vec![piece(left, style), piece(part, style)]);
        }
    }

    /// The same with one place in the words marked, whatever its case.
    fn marked(&mut self, sign: &str, words: &str, style: Style, mark: &str) {
        let from = self.lines.len();
        self.hanging(sign, words, style);
        let marking = self.app.look.theme.warn;
        for line in &mut self.lines[from..] {
            let Some(part) = line.pop() else { continue };
            match part.text.to_ascii_lowercase().find(mark).filter(|_| !mark.is_empty()) {
                Some(at) => {
                    let (before, rest) = part.text.split_at(at);
                    let (found, after) = rest.split_at(mark.len());
                    line.extend([(before, style), (found, marking), (after, style)].map(|(text, style)| piece(text.to_owned(), style)));
                }
                None => line.push(part),
            }
        }
    }
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, about: &About, scroll: usize) {
    let (title, lines) = made(app, about, area.width.saturating_sub(4));
    let fitting = super::middle(area, area.width, (lines.len() as u16).saturating_add(3).max(12));
    let inner = frame(buf, fitting, app, &title, app.look.say("j k scroll · y copy · Esc back", "j k cuộn · y sao chép · Esc quay lại"));
    let scroll = scroll.min(lines.len().saturating_sub(usize::from(inner.height)));
    for (y, line) in lines.iter().skip(scroll).take(usize::from(inner.height)).enumerate() {
        paint::line(buf, inner, 0, y as u16, line);
    }
}

/// Title and lines of a page.
pub fn made(app: &App, about: &About, width: u16) -> (String, Vec<Line>) {
    let mut sheet = Sheet { app, width: width.max(10), lines: Vec::new() };
    let title = match about {
        About::Step(id) => step(&mut sheet, id),
        About::Happening(origin) => happening(&mut sheet, origin),
        About::Cause(id) => cause(&mut sheet, id),
        About::Gap(i) => gap(&mut sheet, *i),
        About::Working(of) => working::page(&mut sheet, app, of),
        About::Log(name) => log_row(&mut sheet, name),
        About::Template(name, id) => template(&mut sheet, name, *id),
    };
    (title, sheet.lines)
}

/// The page as plain text, for the clipboard.
pub fn plain(app: &App, about: &About) -> String {
    let (title, lines) = made(app, about, 100);
    let body: Vec<String> = lines.iter().map(|l| l.iter().map(|p| p.text.as_ref()).collect::<String>().trim_end().to_owned()).collect();
    format!("{title}\n\n{}\n", body.join("\n"))
}

fn step(sheet: &mut Sheet, id: &str) -> String {
    let (app, theme) = (sheet.app, &sheet.app.look.theme);
    let look = &app.look;
    sheet.say(words::question(look, id), theme.text);
    let rows = runbook::rows(app);
    let outcome = app.judged.as_ref().and_then(|j| j.outcomes.iter().find(|o| o.check == id));
    let hidden = app.session.verdict_hidden && id == "verdict";
    if let Some(outcome) = outcome.filter(|_| !hidden) {
        let style = words::status_style(theme, outcome.status);
        sheet.heading(words::status(look, outcome.status));
        sheet.hanging(&format!("{} ", words::status_sign(outcome.status)), look.text(&outcome.summary), style);
        for detail in &outcome.details {
            sheet.hanging("  ", look.text(detail), theme.text);
        }
        if !outcome.evidence.is_empty() {
            sheet.heading(look.say("Evidence", "Bằng chứng"));
            let entries: Vec<_> = outcome.evidence.iter().filter_map(|e| Some((e, app.judged.as_ref()?.book.get(e)?))).collect();
            for (id, entry) in entries {
                evidence(sheet, id, entry, "· ");
            }
        }
    } else if rows.is_empty() || outcome.is_none() {
        sheet.say(look.say("not judged yet", "chưa xét"), theme.dim);
    }
    answers(sheet, id);
    words::step(look, id).to_owned()
}

fn answers(sheet: &mut Sheet, id: &str) {
    let (app, theme) = (sheet.app, &sheet.app.look.theme);
    let said: Vec<_> = app.case.answers.iter().filter(|a| a.check == id).collect();
    if said.is_empty() {
        return;
    }
    sheet.heading(app.look.say("What people said", "Con người nói"));
    for a in said {
        let by = if a.by.is_empty() { app.look.say("somebody", "ai đó") } else { a.by.as_str() };
        let words = format!("{} {by}: {} {}", app.clock().second(a.at), runbook::said(app, a.answer), a.note);
        sheet.hanging("· ", &words, theme.info);
    }
}

fn evidence(sheet: &mut Sheet, id: &str, entry: &Evidence, sign: &str) {
    let (app, theme) = (sheet.app, &sheet.app.look.theme);
    sheet.hanging(sign, app.look.text(&entry.sentence), theme.text);
    let values: Vec<String> = entry
        .values
        .iter()
        .take(12)
        .map(|v| {
            let at = v.at.map(|t| format!(" {} {}", app.look.say("at", "lúc"), app.clock().second(t))).unwrap_or_default();
            // A value that is only a moment needs no seconds since 1970.
            if v.name == "at" && !at.is_empty() {
                return at.trim_start().to_owned();
            }
            format!("{} {}{}{at}", v.name, plain_number(v.value), v.unit.map(|u| format!(" {u}")).unwrap_or_default())
        })
        .collect();
    if !values.is_empty() {
        sheet.hanging("    ", &values.join(" · "), theme.dim);
    }
    let from = entry.api.as_ref().map(source).unwrap_or_default();
    sheet.hanging("    ", &format!("[{id}] {} {from}", words::area(&app.look, entry.area)), theme.dim);
}

fn plain_number(v: f64) -> String {
    if v == v.trunc() && v.abs() < 1e15 { format!("{v:.0}") } else { format!("{v:.4}").trim_end_matches('0').to_owned() }
}

/// `cloudwatch:GetMetricData (Namespace=…)`
fn source(origin: &Source) -> String {
    let parameters: Vec<String> = origin.parameters.iter().map(|(k, v)| format!("{k}={v}")).collect();
    if parameters.is_empty() { origin.operation.clone() } else { format!("{} ({})", origin.operation, parameters.join(", ")) }
}

fn happening(sheet: &mut Sheet, origin: &Origin) -> String {
    let (app, theme) = (sheet.app, &sheet.app.look.theme);
    match origin {
        Origin::Events(keys) => {
            if let Some(h) = app.happenings.iter().find(|h| h.origin == *origin) {
                related(sheet, h);
            }
            for key in keys {
                if let Some(event) = app.case.events.get(key) {
                    one_event(sheet, event);
                }
            }
            app.look.say("Event", "Sự kiện").to_owned()
        }
        Origin::AlarmChange(i) => {
            if let Some(change) = app.case.alarm_changes.get(*i) {
                sheet.say(&rfc3339(change.at), theme.dim);
                sheet.say(&change.summary, theme.text);
                sheet.say(&change.reason, theme.text);
            }
            app.look.say("Alarm", "Alarm").to_owned()
        }
        Origin::Evidence(id) => {
            if let Some(entry) = app.judged.as_ref().and_then(|j| j.book.get(id)) {
                evidence(sheet, id, entry, "");
            }
            app.look.say("Evidence", "Bằng chứng").to_owned()
        }
    }
}

/// How it stands to the path: how near, on what, how long before or after the onset.
fn related(sheet: &mut Sheet, h: &Happening) {
    let look = &sheet.app.look;
    let place = h
        .relation
        .map_or_else(|| if h.elsewhere { look.say("not on this path", "không liên quan") } else { "" }, |r| words::relation(look, r));
    let touches = h.touches.as_ref().map(|t| format!(": {t}")).unwrap_or_default();
    let rank = if h.elsewhere { String::new() } else { format!(" · {} {}", look.say("rank", "hạng"), h.rank) };
    if !place.is_empty() {
        let style = sheet.app.look.theme.info;
        sheet.hanging(&paint::padded(look.say("path", "đường đi"), 12), &format!("{place}{touches}{rank}"), style);
    }
}

fn one_event(sheet: &mut Sheet, event: &crate::case::events::Event) {
    let (app, theme) = (sheet.app, &sheet.app.look.theme);
    sheet.heading(&event.name);
    sheet.say(&event.summary, theme.text);
    let distance = app.onset().map(|o| format!("  ({})", clock::from_onset((event.at - o).num_seconds()))).unwrap_or_default();
    let until = event.end.map(|e| format!(" … {}", app.clock().second(e))).unwrap_or_default();
    let zone = app.clock().zone_name(event.at);
    let rows = [
        (app.look.say("when", "khi nào"), format!("{}{until} {zone}{distance}", app.clock().second(event.at))),
        (app.look.say("who", "ai"), format!("{} {}", event.actor.name, event.actor.arn)),
        (app.look.say("from", "từ đâu"), format!("{} {}", event.actor.from, event.actor.user_agent)),
        (app.look.say("on", "trên gì"), event.resources.iter().map(crate::text::Foreign::as_str).collect::<Vec<_>>().join(" ")),
        (app.look.say("refused", "bị từ chối"), event.error.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("id", event.id.clone()),
    ];
    for (name, value) in rows {
        if !value.trim().is_empty() {
            sheet.hanging(&paint::padded(name, 12), value.trim(), theme.text);
        }
    }
    if let Some(raw) = &event.raw {
        for line in serde_json::to_string_pretty(raw).unwrap_or_default().lines() {
            // Strings inside are foreign: cleaned like all else before they reach the terminal.
            let clean = crate::text::clean(line);
            let indent = clean.len() - clean.trim_start().len();
            sheet.hanging(&" ".repeat(indent.min(24)), clean.trim_start(), theme.dim);
        }
    }
}

fn cause(sheet: &mut Sheet, id: &str) -> String {
    let (app, theme) = (sheet.app, &sheet.app.look.theme);
    let look = &app.look;
    let Some(h) = app.judged.as_ref().and_then(|j| j.hypotheses.iter().find(|h| h.cause == id)) else { return id.to_owned() };
    let points = format!("{:+}", h.points).replace('-', "−");
    sheet.say(
        &format!(
            "{} · {points} {}",
            words::likelihood(look, h.verdict),
            look.say("points (+10: ten times as likely)", "điểm (+10: khả năng gấp mười)")
        ),
        words::likelihood_style(theme, h.verdict),
    );
    if let Some(entry) = h.refuted_by.as_ref().and_then(|id| app.judged.as_ref()?.book.get(id)) {
        sheet.heading(look.say("Refuted by", "Bị bác bỏ bởi"));
        sheet.hanging("✗ ", look.text(&entry.sentence), theme.warn);
    }
    weighed(sheet, look.say("For", "Vì"), &h.reasons_for);
    weighed(sheet, look.say("Against", "Trái"), &h.reasons_against);
    if !h.missing.is_empty() {
        sheet.heading(look.say("Missing", "Còn thiếu"));
        for text in &h.missing {
            sheet.hanging("? ", look.text(text), theme.unknown);
        }
    }
    if !h.next_step.is_empty() {
        sheet.heading(look.say("Cheapest next test", "Cách kiểm tra rẻ nhất"));
        sheet.say(look.text(&h.next_step), theme.focus);
    }
    words::cause(look, id).to_owned()
}

fn weighed(sheet: &mut Sheet, title: &str, reasons: &[Reason]) {
    if reasons.is_empty() {
        return;
    }
    sheet.heading(title);
    let app = sheet.app;
    for r in reasons {
        if let Some(entry) = app.judged.as_ref().and_then(|j| j.book.get(&r.evidence)) {
            let points = paint::right(&format!("{:+}", r.points).replace('-', "−"), 4);
            evidence(sheet, &r.evidence, entry, &format!("{points}  "));
        }
    }
}

fn gap(sheet: &mut Sheet, i: usize) -> String {
    use crate::tui::panes::gaps::{Row, rows};
    let (app, theme) = (sheet.app, &sheet.app.look.theme);
    if let Some(Row::Gap(gap)) = rows(app).get(i) {
        sheet.say(&format!("{}: {}", words::area(&app.look, gap.area), gap.subject), theme.text);
        sheet.say(lanes::reason_words(&app.look, gap.reason), theme.unknown);
        sheet.say(&gap.detail, theme.text);
        if let Some(action) = &gap.action {
            sheet.heading(app.look.say("Would be unlocked by", "Mở khóa bằng"));
            sheet.say(action, theme.info);
        }
    }
    if let Some(statement) = crate::tui::panes::gaps::iam_statement(app) {
        sheet.heading(
            app.look
                .say("Everything that was denied, as one statement (y copies it)", "Mọi quyền bị từ chối, thành một câu lệnh (y sao chép)"),
        );
        for line in statement.lines() {
            sheet.lines.push(vec![piece(line.to_owned(), theme.dim)]);
        }
    }
    app.look.say("Gap", "Thiếu sót").to_owned()
}

/// Lines of one kind of failure that a row shows.
const LINES: usize = 3;

fn log_row(sheet: &mut Sheet, name: &str) -> String {
    let (app, theme) = (sheet.app, &sheet.app.look.theme);
    let Some(access) = &app.case.access_log else { return name.to_owned() };
    for (signature, count) in log::signatures_of(access, name, app.view.window()) {
        sheet.hanging(&format!("{count:>8}  "), &format!("{}: {}", signature.id(), log::signature_words(app, signature.id())), theme.text);
        let kept: Vec<&str> = access.samples.iter().filter(|(s, _)| *s == signature).map(|(_, line)| line.as_str()).collect();
        let (mine, others): (Vec<&str>, Vec<&str>) = kept.into_iter().partition(|line| line.contains(name));
        for line in mine.iter().chain(&others).take(if mine.is_empty() { 1 } else { mine.len().min(LINES) }) {
            sheet.marked("          ", line, theme.dim, &name.to_ascii_lowercase());
        }
    }
    arrivals(sheet);
    if !access.malformed_samples.is_empty() {
        let words = app.look.say("Malformed lines, the first few", "Vài dòng hỏng đầu tiên");
        sheet.heading(&format!("{words} ({})", access.malformed));
        access.malformed_samples.iter().take(LINES).for_each(|line| sheet.hanging("· ", app.look.text(&quoted(line)), theme.dim));
    }
    name.to_owned()
}

/// Whether failed requests are in the application's log, where trace ids tell.
fn arrivals(sheet: &mut Sheet) {
    let app = sheet.app;
    let Some(judged) = &app.judged else { return };
    let evidence = judged.outcomes.iter().flat_map(|o| &o.evidence).filter(|id| id.starts_with("applog.arrival."));
    let found: Vec<(&String, &Evidence)> = evidence.filter_map(|id| Some((id, judged.book.get(id)?))).collect();
    if !found.is_empty() {
        sheet.heading(app.look.say("In the application's log, by trace id", "Trong log ứng dụng, theo trace id"));
    }
    for (id, entry) in found {
        self::evidence(sheet, id, entry, "· ");
    }
    for request in app.case.app_logs.values().filter_map(|l| l.joined.as_ref()).flat_map(|j| &j.found).take(LINES) {
        let status = request.status.map(|s| s.to_string()).unwrap_or_default();
        let words = format!("{} {} {} {status}", request.request.id, request.request.target, request.request.signature.id());
        sheet.hanging("    ", words.trim_end(), app.look.theme.dim);
    }
}

/// What should be known about the reading of a log.
fn about_the_log(sheet: &mut Sheet, name: &str) {
    let app = sheet.app;
    let Some(log) = app.case.app_logs.get(name).filter(|l| !l.notes.is_empty()) else { return };
    sheet.heading(app.look.say("To know about this log", "Cần biết về log này"));
    log.notes.iter().for_each(|note| sheet.hanging("· ", note, app.look.theme.dim));
}

/// `600 lines, Error; first 02:10, last 02:35, most 60 at 02:14 UTC`
fn seen(app: &App, t: &Template) -> String {
    let (look, clock) = (&app.look, app.clock());
    let level = if t.level == Level::Unknown { String::new() } else { format!(", {:?}", t.level) };
    let lines = format!("{} {}{level}", t.total, look.say("lines", "dòng"));
    let some: Vec<_> = t.counts.iter().filter(|(_, n)| *n > 0).collect();
    let most = some.iter().max_by_key(|(at, n)| (*n, std::cmp::Reverse(*at)));
    let (Some((first, _)), Some((last, _)), Some((at, n))) = (some.first(), some.last(), most) else { return lines };
    let [from, to, top, when] = [look.say("first", "đầu"), look.say("last", "cuối"), look.say("most", "nhiều nhất"), look.say("at", "lúc")];
    let [first, last, at, zone] = [clock.minute(*first), clock.minute(*last), clock.minute(*at), clock.zone_name(*at)];
    format!("{lines}; {from} {first}, {to} {last}, {top} {n} {when} {at} {zone}")
}

fn template(sheet: &mut Sheet, name: &str, id: u32) -> String {
    let (app, theme) = (sheet.app, &sheet.app.look.theme);
    let Some(t) = app.case.app_logs.get(name).and_then(|l| l.templates.iter().find(|t| t.id == id)) else { return name.to_owned() };
    sheet.say(&t.pattern, theme.text);
    if let Some(sign) = t.sign {
        sheet.say(app.look.text(&sign.meaning()), theme.warn);
    }
    sheet.say(&seen(app, t), theme.dim);
    let streams: Vec<&str> = t.streams.iter().map(crate::text::Foreign::as_str).collect();
    sheet.say(&streams.join(" "), theme.dim);
    sheet.heading(app.look.say("Lines", "Các dòng"));
    let filter = app.list(Pane::AppLog).filter.to_ascii_lowercase();
    for sample in &t.samples {
        let filtered = !filter.is_empty() && sample.to_ascii_lowercase().contains(&filter);
        let mark = if filtered { &filter } else { t.sign.and_then(|s| s.words_in(sample)).unwrap_or_default() };
        sheet.marked("· ", sample, theme.text, mark);
    }
    arrivals(sheet);
    about_the_log(sheet, name);
    name.to_owned()
}
