//! The first row: what, where, who, when, and what kind of session. Parts leave from the least needed.

use crate::case::topology::short_name;
use crate::tui::app::App;
use crate::tui::options::Kind;
use crate::tui::paint::{self, piece};
use crate::tui::{app::ClockKind, clock::Clock};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// From this width on the account stands here; below it, in the footer.
pub const WITH_ACCOUNT: u16 = 130;

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let theme = &app.look.theme;
    let (state, state_style) = state(app);
    let mut parts: Vec<(u8, paint::Piece)> = vec![
        (0, piece(format!(" {}", resource(app)), theme.verdict)),
        (5, piece(region(app), theme.text)),
        (6, piece(if area.width >= WITH_ACCOUNT { account(app) } else { String::new() }, theme.dim)),
        (1, piece(window(app), theme.text)),
        (7, piece(local(app), theme.dim)),
        (0, piece(state, state_style)),
    ];
    parts.retain(|(_, p)| !p.text.trim().is_empty());
    while total(&parts) > area.width && parts.len() > 2 {
        let Some(least) = parts.iter().enumerate().filter(|(_, (w, _))| *w > 0).max_by_key(|(_, (w, _))| *w).map(|(i, _)| i) else { break };
        parts.remove(least);
    }
    place(buf, area, &parts);
}

fn total(parts: &[(u8, paint::Piece)]) -> u16 {
    parts.iter().map(|(_, p)| paint::width_of(&p.text) + 2).sum()
}

/// Left parts from the left, the window and what follows it at the right end.
fn place(buf: &mut Buffer, area: Rect, parts: &[(u8, paint::Piece)]) {
    let split = parts.iter().position(|(w, _)| *w == 1).unwrap_or(parts.len().saturating_sub(1));
    let right: u16 = parts[split..].iter().map(|(_, p)| paint::width_of(&p.text) + 2).sum();
    let right_at = area.width.saturating_sub(right);
    let left_area = Rect { width: right_at, ..area };
    let mut x = 0;
    for (_, p) in &parts[..split] {
        x += paint::text(buf, left_area, x, 0, &p.text, p.style) + 2;
    }
    let mut x = right_at;
    for (_, p) in &parts[split..] {
        x += paint::text(buf, area, x, 0, &p.text, p.style) + 2;
    }
}

/// `web-prod ▸ api-8080`, or what was asked for.
pub fn resource(app: &App) -> String {
    let case = &app.case;
    let balancer = case.load_balancer.as_ref().map(|lb| lb.name.to_string());
    let group = case.alarm.as_ref().and_then(|a| a.dimensions.get("TargetGroup")).map(|g| short_name(g).to_owned());
    let group = group.or_else(|| case.target_groups.first().filter(|_| case.target_groups.len() == 1).map(|g| g.name.to_string()));
    match (balancer, group) {
        (Some(lb), Some(group)) => format!("{lb} ▸ {group}"),
        (Some(lb), None) => lb,
        _ => case.subject.as_ref().map_or_else(|| "alb-triage".into(), |s| s.target.to_string()),
    }
}

fn region(app: &App) -> String {
    app.case.identity.as_ref().map(|i| i.region.clone()).unwrap_or_default()
}

/// `123456789012 oncall-readonly`, with a countdown when the credentials end soon.
pub fn account(app: &App) -> String {
    let Some(id) = &app.case.identity else { return String::new() };
    let role = id.arn.rsplit('/').nth(1).or_else(|| id.arn.rsplit('/').next()).unwrap_or_default();
    let left = id.expires.map(|e| e - app.now()).filter(|d| d.num_minutes() < 15 && app.session.now.is_some());
    let countdown = left
        .map(|d| format!(" {} {}", app.look.say("ends in", "hết hạn sau"), crate::time::in_words(d.max(chrono::Duration::zero()))))
        .unwrap_or_default();
    format!("{} {role}{countdown}", id.account)
}

/// The window with its zone.
fn window(app: &App) -> String {
    if app.case.subject.is_none() { String::new() } else { app.clock().window(app.view.window()) }
}

/// The local time beside UTC.
fn local(app: &App) -> String {
    if app.clock != ClockKind::Utc || app.session.zone == chrono_tz::Tz::UTC || app.case.subject.is_none() {
        return String::new();
    }
    let (local, start) = (Clock::Local(app.session.zone), app.view.window().start);
    format!("({} {})", local.minute(start), local.zone_name(start))
}

fn state(app: &App) -> (String, Style) {
    let (look, theme) = (&app.look, &app.look.theme);
    let boxed = |word: &str, style: Style| (format!(" {word} "), style.add_modifier(Modifier::REVERSED));
    match app.session.kind {
        Kind::Demo => boxed(look.say("DEMO", "DEMO"), theme.info),
        Kind::Replay => boxed(look.say("REPLAY", "PHÁT LẠI"), theme.info),
        Kind::Live if app.session.source_ended => boxed(look.say("OFFLINE", "MẤT NGUỒN"), theme.bad),
        Kind::Live if app.view.following => boxed(look.say("LIVE", "TRỰC TIẾP"), theme.good),
        Kind::Live if app.session.frozen => boxed(look.say("FROZEN", "ĐÓNG BĂNG"), theme.warn),
        Kind::Live if app.case.subject.is_none() => boxed(look.say("LIVE", "TRỰC TIẾP"), theme.good),
        Kind::Live => boxed(look.say("PAST", "ĐÃ QUA"), theme.info),
    }
}
