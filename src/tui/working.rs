//! The working behind a lane: the call, the equivalent `aws` command, the raw points, the console link.

use super::app::App;
use super::overlays::page::Sheet;
use crate::analysis::grid::{self, Cell};
use crate::case::series::SeriesKey;
use crate::exchange::{Area, Origin};
use crate::metrics;
use crate::time::rfc3339;

/// Fills the page.
pub fn page(sheet: &mut Sheet, app: &App, key: &SeriesKey) -> String {
    let theme = &app.look.theme;
    let look = &app.look;
    let grid = grid::of(&app.case, key, app.view.window());
    let metric = metrics::find(&key.metric);
    let namespace = metric.map_or("", |m| m.namespace);
    if namespace.is_empty() {
        sheet.say(formula(app, &key.metric), theme.text);
    } else {
        sheet.heading(look.say("The same from a shell", "Chạy từ shell"));
        sheet.say(&command(app, key), theme.text);
    }
    if let Some(origin) = origin(app, key) {
        sheet.heading(look.say("The call", "Lệnh gọi"));
        sheet.say(&origin.operation, theme.text);
        for (name, value) in &origin.parameters {
            sheet.hanging("  ", &format!("{name} = {value}"), theme.dim);
        }
    }
    sheet.heading(&format!("{} · {} {} s", look.say("Raw points", "Điểm gốc"), grid.statistic, grid.period));
    for i in 0..grid.len() {
        let (Some(t), cell) = (grid.time(i), grid.cell(i)) else { continue };
        let words = match cell {
            Cell::Value(v) => format!("{v}"),
            Cell::Quiet => look.say("0 (nothing published while requests flowed)", "0 (không công bố gì khi có request)").into(),
            Cell::Unknown => look.say("not published", "không công bố").into(),
            Cell::NotAsked => continue,
        };
        let partial =
            if grid.unfinished_from.is_some_and(|from| i >= from) { look.say("  not over yet", "  chưa hết kỳ") } else { "" };
        sheet.hanging(
            &format!("{}  ", rfc3339(t)),
            &format!("{words}{partial}"),
            if matches!(cell, Cell::Value(_)) { theme.text } else { theme.dim },
        );
    }
    let place = super::board::part_of(key);
    format!("{} {place}", key.metric)
}

fn formula(app: &App, metric: &str) -> &'static str {
    match metric {
        "ErrorRate" => app.look.say(
            "computed: 100 × TargetConnectionErrorCount ÷ RequestCount, minute by minute; unknown below 20 requests a minute",
            "tính toán: 100 × TargetConnectionErrorCount ÷ RequestCount theo phút; không rõ khi dưới 20 request/phút",
        ),
        "RequestsPerHealthyTarget" => app.look.say(
            "computed: RequestCount ÷ HealthyHostCount, minute by minute; unknown where no target was healthy",
            "tính toán: RequestCount ÷ HealthyHostCount theo phút; không rõ khi không có target khỏe",
        ),
        "LogFailures" => app.look.say("counted from the lines of the access log, minute by minute", "đếm từ các dòng access log theo phút"),
        _ => app.look.say("computed here", "tính tại đây"),
    }
}

/// Where the series came from: a call that names its metric, or the newest of its area.
fn origin<'a>(app: &'a App, key: &SeriesKey) -> Option<&'a Origin> {
    let area = if key.instance().is_some() { Area::HostMetrics } else { Area::BalancerMetrics };
    let all = app.case.origins.get(&area)?;
    all.iter().rev().find(|o| o.parameters.values().any(|v| v.contains(&key.metric))).or_else(|| all.last())
}

/// The equivalent command of the AWS CLI.
pub fn command(app: &App, key: &SeriesKey) -> String {
    let window = app.view.window();
    let metric = metrics::find(&key.metric);
    let name = metric.map_or(key.metric.as_str(), |m| m.cloudwatch_name());
    let grid = grid::of(&app.case, key, window);
    let statistic = if grid.statistic.is_empty() { metric.map_or("Sum", |m| m.statistic) } else { &grid.statistic };
    let flag = if statistic.starts_with('p') { "--extended-statistics" } else { "--statistics" };
    let dimensions: Vec<String> = key.dimensions.iter().map(|(k, v)| quoted(&format!("Name={k},Value={v}"))).collect();
    let region = app.case.identity.as_ref().map(|i| format!(" --region {}", quoted(&i.region))).unwrap_or_default();
    format!(
        "aws cloudwatch get-metric-statistics{region} --namespace {} --metric-name {} --dimensions {} --start-time {} --end-time {} --period {} {flag} {statistic}",
        metric.map_or("", |m| m.namespace),
        quoted(name),
        dimensions.join(" "),
        rfc3339(window.start),
        rfc3339(window.end),
        grid.period.max(60),
    )
}

/// Safe in a shell: quoted unless it is plain.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// A link into the console for a metric.
pub fn metric_link(app: &App, key: &SeriesKey) -> String {
    let region = app.case.identity.as_ref().map_or("us-east-1", |i| i.region.as_str());
    let metric = metrics::find(&key.metric);
    let mut parts =
        vec![metric.map_or("", |m| m.namespace).to_owned(), metric.map_or(key.metric.as_str(), |m| m.cloudwatch_name()).to_owned()];
    parts.extend(key.dimensions.iter().flat_map(|(k, v)| [k.clone(), v.clone()]));
    let encoded: Vec<String> = parts.iter().map(|p| format!("~'{}", console_quoted(p))).collect();
    let window = app.view.window();
    format!(
        "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#metricsV2?graph=~(metrics~(~({}))~region~'{region}~start~'{}~end~'{}~period~60)",
        encoded.concat(),
        console_quoted(&rfc3339(window.start)),
        console_quoted(&rfc3339(window.end)),
    )
}

/// The console's own quoting: `*2f` for `/`.
fn console_quoted(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-_.".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("*{b:02x}"));
        }
        out
    })
}

/// A link for an event of CloudTrail, an instance, or the alarm.
pub fn page_link(app: &App, kind: &str, id: &str) -> String {
    let region = app.case.identity.as_ref().map_or("us-east-1", |i| i.region.as_str());
    let id: String = url_quoted(id);
    match kind {
        "event" => format!("https://{region}.console.aws.amazon.com/cloudtrailv2/home?region={region}#/events/{id}"),
        "instance" => format!("https://{region}.console.aws.amazon.com/ec2/home?region={region}#InstanceDetails:instanceId={id}"),
        _ => format!("https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#alarmsV2:alarm/{id}"),
    }
}

fn url_quoted(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_words_cannot_break_out() {
        assert_eq!(quoted("app/web/0123"), "app/web/0123");
        assert_eq!(quoted("a'; rm -rf ~"), r"'a'\''; rm -rf ~'");
    }

    #[test]
    fn console_links_are_quoted_as_the_console_does() {
        assert_eq!(console_quoted("AWS/EC2 x"), "AWS*2fEC2*20x");
        assert_eq!(url_quoted("a b/ü"), "a%20b%2F%C3%BC");
    }
}
