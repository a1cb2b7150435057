//! The working behind a number: the call and its parameters, the raw points, the formula, the command that a
//! colleague can paste, and the console's page of the same window.

use super::lanes::{self, Lane};
use super::words;
use crate::analysis::grid::Cell;
use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::checks::Evidence;
use crate::exchange::{Area, Origin};
use crate::judge::Judged;
use crate::metrics;
use crate::say;
use crate::text::Text;
use crate::time::{Window, rfc3339};

/// The most raw points that are listed.
const POINTS: usize = 120;

/// How a line of the working is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What the working is about.
    Heading,
    Said,
    /// A parameter, a value, a raw point.
    Detail,
    /// For a shell.
    Command,
    /// For a browser.
    Link,
}

/// A line of the working.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub kind: Kind,
    pub text: Text,
}

impl Line {
    fn heading(text: Text) -> Self {
        Self { kind: Kind::Heading, text }
    }

    fn said(text: Text) -> Self {
        Self { kind: Kind::Said, text }
    }

    fn detail(text: Text) -> Self {
        Self { kind: Kind::Detail, text }
    }

    fn command(words: String) -> Self {
        Self { kind: Kind::Command, text: Text::same(words) }
    }

    fn link(address: String) -> Self {
        Self { kind: Kind::Link, text: Text::same(address) }
    }
}

/// The working behind an id in the book, line by line.
pub fn of_evidence(case: &Case, judged: &Judged, id: &str, window: Window) -> Vec<Line> {
    match judged.book.get(id) {
        Some(e) => evidence(case, judged, id, e, window),
        None => vec![Line::said(say!("nothing is known of “{id}”", "không biết gì về “{id}”"))],
    }
}

fn evidence(case: &Case, judged: &Judged, id: &str, e: &Evidence, window: Window) -> Vec<Line> {
    let Text { en, vi } = words::area(e.area);
    let mut out = vec![Line::heading(e.sentence.clone()), Line::said(say!("id {id}; source: {en}", "mã {id}; nguồn: {vi}"))];
    out.extend(e.values.iter().map(value));
    out.extend(weights(judged, id));
    let calls: Vec<&Origin> = match &e.api {
        Some(origin) => vec![origin],
        None => case.origins.get(&e.area).map(|all| all.iter().take(3).collect()).unwrap_or_default(),
    };
    for origin in calls {
        out.extend(call(case, origin));
    }
    out.extend(page(case, e.area, window).map(Line::link));
    out
}

fn value(v: &crate::checks::Value) -> Line {
    let unit = v.unit.map(|u| format!(" {u}")).unwrap_or_default();
    let at = v.at.map(|t| format!(" @ {}", rfc3339(t))).unwrap_or_default();
    Line::detail(Text::same(format!("{} = {}{unit}{at}", v.name, v.value)))
}

/// For which causes it weighs, and how much.
fn weights(judged: &Judged, id: &str) -> Vec<Line> {
    let all = judged.hypotheses.iter().flat_map(|h| h.reasons_for.iter().chain(&h.reasons_against).map(move |r| (h.cause, r)));
    let weighs = all.filter(|(_, r)| r.evidence == id).map(|(cause, r)| {
        let (points, Text { en, vi }) = (r.points, words::cause(cause));
        Line::said(say!(
            "weighs {points:+} decibans for “{en}” (+10: ten times likelier)",
            "nặng {points:+} deciban cho “{vi}” (+10: khả năng gấp mười)"
        ))
    });
    weighs.collect()
}

/// The call, when it was made, its parameters and the command.
fn call(case: &Case, origin: &Origin) -> Vec<Line> {
    let operation = &origin.operation;
    let mut out = vec![Line::said(match case.fetched.get(origin).map(|at| rfc3339(*at)) {
        Some(at) => say!("call: {operation}, answered {at}", "lời gọi: {operation}, trả lời lúc {at}"),
        None => say!("call: {operation}", "lời gọi: {operation}"),
    })];
    out.extend(origin.parameters.iter().map(|(k, v)| Line::detail(Text::same(format!("{k}: {v}")))));
    out.extend(command(case, origin).map(Line::command));
    out
}

/// The working behind a series, which needs no judgement.
pub fn of_series(case: &Case, key: &SeriesKey, window: Window) -> Vec<Line> {
    let lane = Lane::of(case, key, window);
    let label = lanes::label(case, key);
    let measure = lane.measure();
    let (from, to) = (rfc3339(window.start), rfc3339(window.end));
    let mut out = vec![Line::heading(say!("{label}: {measure}, {from} to {to}", "{label}: {measure}, từ {from} đến {to}"))];
    out.extend(formula(&key.metric).map(Line::said));
    if let Some(now) = case.now() {
        let now = rfc3339(now);
        out.push(Line::said(say!("nothing after {now} was gathered", "không thu thập gì sau {now}")));
    }
    if is_published(key) {
        out.extend(origin(case, key).into_iter().flat_map(|o| call(case, o)));
        out.push(Line::command(statistics(case, key, &lane, window)));
        out.extend(graph(case, key, &lane, window).map(Line::link));
    }
    out.extend(points(&lane, window));
    out
}

/// Whether it is CloudWatch's, not computed here.
fn is_published(key: &SeriesKey) -> bool {
    metrics::find(&key.metric).is_none_or(|m| !m.namespace.is_empty())
}

/// The call a series came from: the newest that names its metric, or the newest of its area.
fn origin<'a>(case: &'a Case, key: &SeriesKey) -> Option<&'a Origin> {
    let area = if key.instance().is_some() { Area::HostMetrics } else { Area::BalancerMetrics };
    let all = case.origins.get(&area)?;
    all.iter().rev().find(|o| o.parameters.values().any(|v| v.contains(&key.metric))).or_else(|| all.last())
}

fn formula(metric: &str) -> Option<Text> {
    Some(match metric {
        "ErrorRate" => say!(
            "computed here: 100 × TargetConnectionErrorCount / RequestCount, where at least 20 requests a minute came",
            "tính tại đây: 100 × TargetConnectionErrorCount / RequestCount, khi có ít nhất 20 yêu cầu mỗi phút"
        ),
        "RequestsPerHealthyTarget" => {
            say!("computed here: RequestCount / HealthyHostCount (Minimum)", "tính tại đây: RequestCount / HealthyHostCount (Minimum)")
        }
        "LogFailures" => say!("counted here, line by line, from the access log", "đếm tại đây, từng dòng, từ access log"),
        _ => return None,
    })
}

/// Raw points, with what silence means.
fn points(lane: &Lane, window: Window) -> Vec<Line> {
    let range = lane.grid.range(window);
    let left = range.len().saturating_sub(POINTS);
    let (statistic, period) = (&lane.statistic, lane.grid.period);
    let mut out = vec![Line::heading(say!("raw points: {statistic}, every {period} s", "điểm gốc: {statistic}, mỗi {period} giây"))];
    out.extend(range.take(POINTS).filter_map(|i| point(lane, i)));
    if left > 0 {
        out.push(Line::said(say!("… and {left} more points", "… và {left} điểm nữa")));
    }
    out
}

fn point(lane: &Lane, i: usize) -> Option<Line> {
    let at = rfc3339(lane.grid.time(i)?);
    let partial = lane.grid.unfinished_from.is_some_and(|from| i >= from);
    let (en, vi) = if partial { ("  not over yet", "  chưa hết kỳ") } else { ("", "") };
    Some(Line::detail(match lane.grid.cell(i) {
        Cell::Value(v) => say!("{at}  {v}{en}", "{at}  {v}{vi}"),
        Cell::Quiet => say!("{at}  0 (not published while requests flowed){en}", "{at}  0 (không được gửi trong khi vẫn có yêu cầu){vi}"),
        Cell::Unknown => say!("{at}  not published: unknown{en}", "{at}  không được gửi: không rõ{vi}"),
        Cell::NotAsked => say!("{at}  not asked", "{at}  chưa hỏi"),
    }))
}

/// The command that prints a series, `None` for what is computed here.
pub fn series_command(case: &Case, key: &SeriesKey, window: Window) -> Option<String> {
    is_published(key).then(|| statistics(case, key, &Lane::of(case, key, window), window))
}

/// The console's graph of a series, `None` for what is computed here.
pub fn series_link(case: &Case, key: &SeriesKey, window: Window) -> Option<String> {
    is_published(key).then(|| graph(case, key, &Lane::of(case, key, window), window))?
}

/// `aws cloudwatch get-metric-statistics …`
fn statistics(case: &Case, key: &SeriesKey, lane: &Lane, window: Window) -> String {
    let metric = metrics::find(&key.metric);
    let (namespace, name) = metric.map_or(("AWS/ApplicationELB", key.metric.as_str()), |m| (m.namespace, m.cloudwatch_name()));
    let dimensions: Vec<_> = key.dimensions.iter().map(|(k, v)| quoted(&format!("Name={k},Value={v}"))).collect();
    let statistic = if lane.statistic.starts_with('p') { "--extended-statistics" } else { "--statistics" };
    let words = [
        format!("aws cloudwatch get-metric-statistics --namespace {} --metric-name {}", quoted(namespace), quoted(name)),
        format!("--dimensions {}", dimensions.join(" ")),
        format!("--start-time {} --end-time {}", rfc3339(window.start), rfc3339(window.end)),
        format!("--period {} {statistic} {}{}", lane.grid.period.max(60), quoted(&lane.statistic), region_flag(case)),
    ];
    words.join(" ")
}

/// The command line of a recorded call, where its service has one.
pub fn command(case: &Case, origin: &Origin) -> Option<String> {
    let (service, operation) = origin.operation.split_once(':')?;
    // Its queries are hundreds; a series has a command of its own.
    if operation == "GetMetricData" {
        return None;
    }
    let service = match service {
        "elasticloadbalancing" => "elbv2",
        "s3" => "s3api",
        known @ ("cloudwatch" | "cloudtrail" | "ec2" | "autoscaling" | "logs" | "health" | "sts" | "ecs" | "codedeploy" | "athena"
        | "arc-zonal-shift") => known,
        _ => return None,
    };
    let flags: String = origin.parameters.iter().map(|(k, v)| format!(" --{} {}", kebab(k), quoted(v))).collect();
    Some(format!("aws {service} {}{flags}{}", kebab(operation), region_flag(case)))
}

fn region(case: &Case) -> Option<&str> {
    case.identity.as_ref().map(|i| i.region.as_str()).filter(|r| !r.is_empty())
}

fn region_flag(case: &Case) -> String {
    region(case).map(|r| format!(" --region {}", quoted(r))).unwrap_or_default()
}

/// `DescribeSecurityGroups` → `describe-security-groups`
fn kebab(name: &str) -> String {
    let mut out = String::new();
    let mut before = None;
    for c in name.chars() {
        if c.is_uppercase() && before.is_some_and(|b: char| b.is_lowercase() || b.is_ascii_digit()) {
            out.push('-');
        }
        out.extend(c.to_lowercase());
        before = Some(c);
    }
    out
}

/// One word for a shell, whatever is in it.
pub fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:=,@+".contains(&b));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// The console's page of an event, an instance or the alarm.
pub fn event_link(case: &Case, id: &str) -> Option<String> {
    let region = region(case)?;
    Some(format!("https://{region}.console.aws.amazon.com/cloudtrailv2/home?region={region}#/events/{}", percent(id)))
}

/// The console's page for an area, with the same window.
pub fn page(case: &Case, area: Area, window: Window) -> Option<String> {
    let region = region(case)?;
    let base = |service: &str| format!("https://{region}.console.aws.amazon.com/{service}/home?region={region}");
    let (from, to) = (rfc3339(window.start), rfc3339(window.end));
    Some(match area {
        Area::Alarm | Area::AlarmHistory => {
            format!("{}#alarmsV2:alarm/{}", base("cloudwatch"), percent(case.alarm.as_ref()?.name.as_str()))
        }
        Area::Changes => format!("{}#/events?StartTime={from}&EndTime={to}", base("cloudtrailv2")),
        Area::TargetHealth => format!("{}#TargetGroup:targetGroupArn={}", base("ec2"), case.groups_in_question().first()?.arn),
        Area::Balancer => format!("{}#LoadBalancer:loadBalancerArn={}", base("ec2"), case.load_balancer.as_ref()?.arn),
        Area::Network => format!("{}#SecurityGroups:", base("ec2")),
        Area::Instances | Area::HostMetrics | Area::Consoles => format!("{}#Instances:", base("ec2")),
        Area::BalancerMetrics => format!("{}#metricsV2:", base("cloudwatch")),
        Area::AppLog => format!("{}#logsV2:log-groups", base("cloudwatch")),
        _ => return None,
    })
}

/// The graph of a metric in the console, in the notation its address uses.
fn graph(case: &Case, key: &SeriesKey, lane: &Lane, window: Window) -> Option<String> {
    let region = region(case)?;
    let metric = metrics::find(&key.metric);
    let (namespace, name) = metric.map_or(("AWS/ApplicationELB", key.metric.as_str()), |m| (m.namespace, m.cloudwatch_name()));
    let dimensions = key.dimensions.iter().flat_map(|(k, v)| [k.as_str(), v.as_str()]);
    let path: String = [namespace, name].into_iter().chain(dimensions).map(|w| format!("~'{}", starred(w))).collect();
    let time = |t: crate::time::Time| starred(&t.format("%Y-%m-%dT%H:%M:%S.000Z").to_string());
    Some(format!(
        "https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#metricsV2:graph=~(metrics~(~({path}))~view~'timeSeries~stacked~false~region~'{region}~start~'{}~end~'{}~stat~'{}~period~{})",
        time(window.start),
        time(window.end),
        starred(&lane.statistic),
        lane.grid.period.max(60)
    ))
}

/// Every byte that is no letter, digit, dash, dot or underscore as `*2f`.
fn starred(word: &str) -> String {
    escaped(word, '*')
}

fn percent(word: &str) -> String {
    escaped(word, '%')
}

fn escaped(word: &str, sign: char) -> String {
    let byte = |b: u8| if b.is_ascii_alphanumeric() || b"-._".contains(&b) { char::from(b).to_string() } else { format!("{sign}{b:02x}") };
    word.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_become_commands() {
        assert_eq!(
            ["DescribeSecurityGroups", "LookupEvents", "StartTime", "VpcId"].map(kebab),
            ["describe-security-groups", "lookup-events", "start-time", "vpc-id"]
        );
        let origin = Origin {
            operation: "elasticloadbalancing:DescribeTargetHealth".into(),
            parameters: [("TargetGroupArn".to_owned(), "arn:x; rm -rf ~".to_owned())].into(),
        };
        assert_eq!(command(&Case::default(), &origin).unwrap(), "aws elbv2 describe-target-health --target-group-arn 'arn:x; rm -rf ~'");
    }

    #[test]
    fn quotes_cannot_be_left() {
        assert_eq!(quoted("it's $(x)"), r"'it'\''s $(x)'");
        assert_eq!(quoted(""), "''");
    }
}
