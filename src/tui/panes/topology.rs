//! What is wired to what: balancer, listeners and rules, groups, targets with their health.

use crate::case::health::TargetHealth;
use crate::case::topology::{TargetGroup, short_name};
use crate::exchange::Area;
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::tui::paint::{self, Line, line, piece};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The tree, line by line.
pub fn rows(app: &App) -> Vec<Line> {
    let mut rows = balancer(app);
    rows.extend(listeners(app));
    for group in &app.case.target_groups {
        rows.extend(group_rows(app, group));
    }
    let filter = app.list(Pane::Topology).filter.to_lowercase();
    rows.retain(|r| filter.is_empty() || r.iter().any(|p| p.text.to_lowercase().contains(&filter)));
    rows
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App) {
    let rows = rows(app);
    let body = super::title(buf, area, app, Pane::Topology, "", "");
    if rows.is_empty() {
        super::nothing(buf, body, &super::absent(app, Area::Balancer), app.look.theme.dim);
        return;
    }
    let selected = app.list(Pane::Topology).selected.min(rows.len() - 1);
    let offset = super::offset(selected, rows.len(), body.height);
    for (y, pieces) in rows.iter().enumerate().skip(offset).take(usize::from(body.height)) {
        let row = paint::row(body, (y - offset) as u16);
        line(buf, row, 1, 0, pieces);
        super::select(buf, row, app, Pane::Topology, y == selected);
    }
}

fn balancer(app: &App) -> Vec<Line> {
    let theme = &app.look.theme;
    let Some(lb) = &app.case.load_balancer else { return Vec::new() };
    let zones: Vec<&str> = lb.zones.iter().map(|z| z.name.as_str()).collect();
    vec![vec![
        piece(lb.name.to_string(), theme.title),
        piece(format!("  {}, {}  {}  {}", lb.scheme, lb.state, lb.vpc, zones.join(" ")), theme.text),
        piece(format!("  {}", lb.security_groups.join(" ")), theme.dim),
    ]]
}

fn listeners(app: &App) -> Vec<Line> {
    let theme = &app.look.theme;
    let mut rows = Vec::new();
    for listener in &app.case.listeners {
        rows.push(vec![piece(format!("├ {} :{}", listener.protocol, listener.port), theme.text)]);
        for rule in &listener.rules {
            let conditions: Vec<&str> = rule.conditions.iter().map(crate::text::Foreign::as_str).collect();
            let to: Vec<String> = rule.forwards.iter().map(|f| format!("{} ({})", short_name(&f.target_group), f.weight)).collect();
            rows.push(vec![
                piece(format!("│  {}", rule.priority), theme.dim),
                piece(
                    format!(
                        "  {}",
                        if conditions.is_empty() { app.look.say("anything", "mọi thứ").to_owned() } else { conditions.join(" & ") }
                    ),
                    theme.text,
                ),
                piece(format!(" → {} {}", rule.action, to.join(" ")), theme.text),
            ]);
        }
    }
    rows
}

fn group_rows(app: &App, group: &TargetGroup) -> Vec<Line> {
    let theme = &app.look.theme;
    let targets: Vec<&TargetHealth> = app.case.target_health.values().filter(|t| t.target_group == group.arn).collect();
    let healthy = targets.iter().filter(|t| t.state == "healthy").count();
    let hc = &group.health_check;
    let port = group.port.map(|p| format!(":{p}")).unwrap_or_default();
    let mut rows = vec![vec![
        piece(format!("└ {}", group.name), theme.title),
        piece(format!("  {} {}{port}", group.target_type, group.protocol.as_deref().unwrap_or("")), theme.text),
        piece(
            format!("  {healthy}/{} {}", targets.len(), app.look.say("healthy now", "đang khỏe")),
            if healthy < targets.len() { theme.warn } else { theme.good },
        ),
        piece(
            format!(
                "  {} {}:{}{} {}s ×{}",
                app.look.say("check", "kiểm tra"),
                hc.protocol.as_deref().unwrap_or(""),
                hc.port,
                hc.path.as_ref().map_or("", |p| p.as_str()),
                hc.interval,
                hc.unhealthy_threshold
            ),
            theme.dim,
        ),
    ]];
    rows.extend(targets.into_iter().map(|t| target_row(app, t)));
    rows
}

fn target_row(app: &App, t: &TargetHealth) -> Line {
    let theme = &app.look.theme;
    let instance = app.case.instances.get(&t.id);
    let address = instance.and_then(|i| i.private_ip.clone()).unwrap_or_default();
    let kind = instance.map(|i| format!("{} {}", i.instance_type, i.state)).unwrap_or_default();
    let reason = t.reason.as_ref().map(|r| format!(" {r}")).unwrap_or_default();
    let odd = if t.anomalous == Some(true) { app.look.say("  anomalous", "  bất thường") } else { "" };
    vec![
        piece(format!("   {}", state_sign(&t.state)), state_style(app, &t.state)),
        piece(format!(" {}{}", t.id, t.port.map(|p| format!(":{p}")).unwrap_or_default()), theme.text),
        piece(format!("  {}{reason}", t.state), state_style(app, &t.state)),
        piece(odd, theme.warn),
        piece(format!("  {} {address} {kind}", t.zone.as_deref().unwrap_or("")), theme.dim),
    ]
}

fn state_sign(state: &str) -> &'static str {
    match state {
        "healthy" => "✓",
        "unhealthy" => "‼",
        "draining" | "initial" => "…",
        _ => "?",
    }
}

fn state_style(app: &App, state: &str) -> Style {
    let theme = &app.look.theme;
    match state {
        "healthy" => theme.good,
        "unhealthy" => theme.bad,
        "draining" | "initial" => theme.warn,
        _ => theme.unknown,
    }
}
