//! Terraform trees in the styles people write, and what is found in each.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use alb_triage::alarm::drift::{composite_drift, composite_matching, drift, rule};
use alb_triage::alarm::review::{from_code, review};
use alb_triage::case::alarm::{CodeAlarm, CompositeAlarm};
use alb_triage::terraform::{Found, find_alarms, find_in_texts};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;

fn tree(name: &str) -> Found {
    find_alarms(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terraform").join(name))
}

/// `file:line address`, then one line a field, dimension (`.`) and unresolved text (`?`).
fn shown(alarm: &CodeAlarm) -> String {
    let mut out = format!("{}:{} {}\n", alarm.file, alarm.line, alarm.address);
    for (mark, all) in [(" ", &alarm.fields), (".", &alarm.dimensions), ("?", &alarm.unresolved)] {
        for (name, value) in all {
            writeln!(out, "{mark}{name}={value}").unwrap();
        }
    }
    out
}

fn field<'a>(alarm: &'a CodeAlarm, name: &str) -> &'a str {
    alarm.fields.get(name).map_or("—", |v| v.as_str())
}

#[test]
fn plain_resources_with_references() {
    let found = tree("plain");
    assert_eq!(found.problems, []);
    assert_eq!(found.alarms.len(), 1);
    assert_eq!(
        shown(&found.alarms[0]),
        "main.tf:11 aws_cloudwatch_metric_alarm.conn_errors
 alarm_actions=aws_sns_topic.pager.arn
 alarm_name=web-api-conn-errors
 comparison_operator=GreaterThanOrEqualToThreshold
 datapoints_to_alarm=2
 evaluation_periods=3
 metric_name=TargetConnectionErrorCount
 namespace=AWS/ApplicationELB
 period=60
 statistic=Sum
 threshold=5
.LoadBalancer=app/web/*
.TargetGroup=targetgroup/api-8080/*
?dimensions.LoadBalancer=aws_lb.web.arn_suffix
?dimensions.TargetGroup=aws_lb_target_group.api.arn_suffix
"
    );
    assert_eq!((found.alarms[0].lines["threshold"], found.alarms[0].text[8].text.trim()), (19, "threshold           = 5"));
}

#[test]
fn variables_locals_functions_and_tfvars() {
    let found = tree("variables");
    let alarm = &found.alarms[0];
    assert_eq!(field(alarm, "alarm_name"), "production-web-conn-errors");
    assert_eq!(field(alarm, "threshold"), "25");
    assert_eq!(field(alarm, "evaluation_periods"), "2");
    assert_eq!(field(alarm, "treat_missing_data"), "notBreaching");
    assert_eq!(alarm.dimensions["LoadBalancer"].as_str(), "app/production-web/*");
}

#[test]
fn modules_of_the_same_tree() {
    let found = tree("module");
    let addresses: Vec<_> = found.alarms.iter().map(|a| (a.address.as_str(), field(a, "alarm_name"), field(a, "threshold"))).collect();
    assert_eq!(
        addresses,
        [
            ("module.alarms[\"api\"].aws_cloudwatch_metric_alarm.this", "shop-api-conn", "3"),
            ("module.alarms[\"img\"].aws_cloudwatch_metric_alarm.this", "shop-img-conn", "30"),
        ]
    );
    assert_eq!(found.alarms[0].dimensions["LoadBalancer"].as_str(), "app/shop/*");
    assert_eq!(found.alarms[0].dimensions["TargetGroup"].as_str(), "targetgroup/api*");
    assert_eq!(
        found.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["main.tf:18: module “registry” comes from terraform-aws-modules/alb/aws, which is not in this folder: not followed"]
    );
}

#[test]
fn for_each_and_count() {
    let found = tree("for_each");
    let all: Vec<_> = found.alarms.iter().map(|a| (a.address.as_str(), field(a, "alarm_name"), field(a, "threshold"))).collect();
    assert_eq!(
        all,
        [
            ("aws_cloudwatch_metric_alarm.alb[\"TargetConnectionErrorCount\"]", "alb-targetconnectionerrorcount", "10"),
            ("aws_cloudwatch_metric_alarm.zone[0]", "zone-0", "1"),
            ("aws_cloudwatch_metric_alarm.zone[1]", "zone-1", "1"),
        ]
    );
    assert_eq!(found.alarms[0].dimensions["TargetGroup"].as_str(), "targetgroup/api/fedcba9876543210");
    assert_eq!(found.alarms[2].dimensions["AvailabilityZone"].as_str(), "eu-west-1b");
}

#[test]
fn the_json_syntax() {
    let found = tree("json");
    let alarm = &found.alarms[0];
    assert_eq!((alarm.line, field(alarm, "threshold"), alarm.lines["threshold"]), (6, "7", 13));
    assert_eq!(alarm.dimensions["LoadBalancer"].as_str(), "app/web/*");
}

#[test]
fn metric_math() {
    let found = tree("math");
    let alarm = &found.alarms[0];
    assert_eq!(field(alarm, "expression"), "100 * FILL(errors, 0) / requests");
    assert_eq!((field(alarm, "metric_name"), field(alarm, "statistic")), ("TargetConnectionErrorCount", "Sum"));
    let parts: Vec<_> = alarm.parts.iter().map(|p| (p.id.as_str(), p.metric.as_str(), p.period, p.judged)).collect();
    assert_eq!(
        parts,
        [("rate", "", 0, true), ("errors", "TargetConnectionErrorCount", 60, false), ("requests", "RequestCount", 60, false)]
    );
    let remarks = review(&from_code(alarm));
    assert!(
        !remarks.iter().any(|r| r.field == "metric_query" || r.field == "expression"),
        "gaps are filled and all is understood: {remarks:?}"
    );
}

#[test]
fn what_is_broken_is_named_and_the_rest_goes_on() {
    let found = tree("broken");
    assert_eq!(found.alarms.len(), 1);
    assert_eq!(
        shown(&found.alarms[0]),
        "main.tf:10 aws_cloudwatch_metric_alarm.still_found
 metric_name=TargetConnectionErrorCount
 namespace=AWS/ApplicationELB
?alarm_name=local.a
?dimensions=var.never_declared
?evaluation_periods=cidrhost(\"10.0.0.0/8\", 3)
?threshold=provider::custom::limit(3)
"
    );
    let problems: Vec<_> = found.problems.iter().map(ToString::to_string).collect();
    assert!(problems.iter().any(|p| p.starts_with("main.tf:7: cannot be read as Terraform")), "{problems:?}");
    assert!(problems.iter().any(|p| p.starts_with("loop/main.tf:1: module “again” calls itself")), "{problems:?}");
}

#[test]
fn a_folder_that_is_not_there() {
    let found = tree("nowhere");
    assert!(found.is_unreadable() && found.alarms.is_empty());
}

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
    std::fs::write(dir.join(name), text).unwrap();
}

/// Every file of every tree above, with its path inside its tree.
fn corpus() -> Vec<(String, String)> {
    fn walk(dir: &Path, root: &Path, all: &mut Vec<(String, String)>) {
        let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(&path, root, all);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                all.push((name, String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/terraform");
    let mut all = Vec::new();
    walk(&root, &root, &mut all);
    assert!(all.len() > 8);
    all
}

/// One change: at a place a piece goes, comes from elsewhere in the text, or is something else.
fn changed(text: &str, (at, len, from, put): &(usize, usize, usize, String)) -> String {
    let chars: Vec<char> = text.chars().collect();
    let n = chars.len() + 1;
    let (at, from) = (at % n, from % n);
    let (end, until) = ((at + len).min(chars.len()), (from + len).min(chars.len()));
    let moved: String = if put == "move" { chars[from..until].iter().collect() } else { put.clone() };
    chars[..at].iter().copied().chain(moved.chars()).chain(chars[end..].iter().copied()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What people write, broken in every way: found or named, bounded, and the same twice.
    #[test]
    fn no_broken_tree_breaks_the_search(
        changes in proptest::collection::vec((0usize..64, (0usize..4000, 0usize..60, 0usize..4000, "(move|[{}()\\[\\]\"$\\n=.,?:*<-]{1,4}|\\$\\{var\\.x\\}|for_each = |<<-E\n|\\PC{1,3})")), 1..8)
    ) {
        let mut files = corpus();
        for (which, change) in &changes {
            let which = which % files.len();
            files[which].1 = changed(&files[which].1, change);
        }
        let texts = || files.iter().map(|(name, text)| (Path::new(name.as_str()), text.as_str()));
        let found = find_in_texts(texts());
        prop_assert!(found.alarms.len() <= 5_000);
        prop_assert_eq!(&find_in_texts(texts()), &found);
        for alarm in &found.alarms {
            // Whatever was found can be reviewed and compared.
            let live = from_code(alarm);
            let _ = (review(&live), drift(&live, alarm));
        }
    }
}

const ALARM: &str = "resource \"aws_cloudwatch_metric_alarm\" \"a\" {\n  metric_name = \"TargetConnectionErrorCount\"\n}\n";

#[cfg(unix)]
#[test]
fn links_are_followed_inside_only_and_never_in_circles() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "secret.tf", ALARM);
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a/main.tf", ALARM);
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, dir.path().join(name)).unwrap();
    link(outside.path(), "out");
    link(&outside.path().join("secret.tf"), "stolen.tf");
    link(dir.path(), "a/circle");
    link(Path::new("nothing"), "dead.tf");
    let found = find_alarms(dir.path());
    assert_eq!(found.alarms.len(), 1);
    let named: Vec<_> = found.problems.iter().map(|p| p.file.to_string()).collect();
    assert_eq!(named, ["dead.tf", "out", "stolen.tf"]);
}

#[test]
fn ten_thousand_files_are_read_in_seconds() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..10_000 {
        write(dir.path(), &format!("d{}/f{n}.tf", n % 100), &format!("resource \"aws_lb\" \"r{n}\" {{\n  name = \"n{n}\"\n}}\n"));
    }
    write(dir.path(), "d7/alarm.tf", ALARM);
    let found = find_alarms(dir.path());
    assert_eq!((found.files, found.alarms.len(), found.problems.len()), (10_001, 1, 0));
}

#[test]
fn hostile_files_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "deep.tf", &format!("locals {{\n  x = {}{}\n}}\n", "(".repeat(50_000), ")".repeat(50_000)));
    write(dir.path(), "not.tf", &format!("locals {{\n  y = {}true\n}}\n", "!".repeat(100_000)));
    write(dir.path(), "huge.tf", &"# a\n".repeat(1_000_000));
    std::fs::write(dir.path().join("binary.tf"), [0xff, 0xfe, 0, 1, 2]).unwrap();
    let doubling: String = (1..60).map(|n| format!("  l{n} = [local.l{}, local.l{}]\n", n - 1, n - 1)).collect();
    write(
        dir.path(),
        "z/main.tf",
        &format!(
            "locals {{\n  l0 = \"x\"\n{doubling}}}\n{ALARM}resource \"aws_cloudwatch_metric_alarm\" \"b\" {{\n  metric_name = \"TargetConnectionErrorCount\"\n  threshold = local.l59\n}}\n"
        ),
    );
    let found = find_alarms(dir.path());
    assert_eq!(found.alarms.len(), 2);
    for name in ["deep.tf", "huge.tf", "binary.tf"] {
        assert!(found.problems.iter().any(|p| p.file.as_str() == name), "{name}: {:?}", found.problems);
    }
}

const COMPOSITES: &str = r#"
resource "aws_cloudwatch_metric_alarm" "conn" {
  for_each    = toset(["api", "web"])
  alarm_name  = "${each.key}-conn"
  namespace   = "AWS/ApplicationELB"
  metric_name = "TargetConnectionErrorCount"
  threshold   = 5
}
resource "aws_cloudwatch_metric_alarm" "cpu" {
  alarm_name  = "cpu"
  metric_name = "CPUUtilization"
}
resource "aws_cloudwatch_composite_alarm" "page" {
  alarm_name    = "page"
  alarm_actions = [aws_sns_topic.pager.arn]
  alarm_rule    = <<-EOT
    ALARM(${aws_cloudwatch_metric_alarm.conn["api"].alarm_name}) AND
    NOT ALARM("${aws_cloudwatch_composite_alarm.deploying.arn}")
  EOT
  actions_suppressor {
    alarm            = aws_cloudwatch_composite_alarm.deploying.alarm_name
    extension_period = 60
    wait_period      = 60
  }
}
resource "aws_cloudwatch_composite_alarm" "deploying" {
  alarm_name = "deploying"
  alarm_rule = "ALARM(${var.pipeline}-running)"
}
resource "aws_cloudwatch_composite_alarm" "any" {
  alarm_name = "any"
  alarm_rule = join(" OR ", [for a in aws_cloudwatch_metric_alarm.conn : "ALARM(${a.alarm_name})"])
}
resource "aws_cloudwatch_composite_alarm" "listed" {
  alarm_name = "listed"
  alarm_rule = join(" OR ", formatlist("ALARM(%s)", values(aws_cloudwatch_metric_alarm.conn)[*].arn))
}
resource "aws_cloudwatch_composite_alarm" "over" {
  alarm_name = "over"
  alarm_rule = "ALARM(${aws_cloudwatch_composite_alarm.any.id}) OR ALARM(cpu)"
}
resource "aws_cloudwatch_composite_alarm" "open" {
  alarm_name = "open"
  alarm_rule = "ALARM(${aws_cloudwatch_metric_alarm.conn[var.which].alarm_name}) OR ALARM(${var.other})"
}
resource "aws_cloudwatch_composite_alarm" "hosts" {
  alarm_name = "hosts"
  alarm_rule = "ALARM(${aws_cloudwatch_metric_alarm.cpu.alarm_name})"
}
"#;

#[test]
fn composite_alarms_are_resolved_as_far_as_text_allows() {
    let found = find_in_texts([(Path::new("a.tf"), COMPOSITES)]);
    assert_eq!(found.problems, []);
    let rules: Vec<_> = found.composites.iter().map(|c| (field(c, "alarm_name"), rule(c))).collect();
    assert_eq!(
        rules,
        [
            ("page", "ALARM(api-conn) AND NOT ALARM(\"deploying\")"),
            ("any", "ALARM(api-conn) OR ALARM(web-conn)"),
            ("listed", "ALARM(api-conn) OR ALARM(web-conn)"),
            ("open", "ALARM(${aws_cloudwatch_metric_alarm.conn[var.which].alarm_name}) OR ALARM(${var.other})"),
            ("over", "ALARM(any) OR ALARM(cpu)"),
            ("deploying", "ALARM(${var.pipeline}-running)"),
            ("hosts", "ALARM(cpu)"),
        ]
        .map(|(name, rule)| (name, rule.to_owned()))
    );
    assert_eq!(found.above, 5, "the last two are not above failed connections");
    assert_eq!(field(&found.composites[0], "actions_suppressor"), "deploying");
}

#[test]
fn a_live_composite_alarm_is_held_against_its_file() {
    let found = find_in_texts([(Path::new("a.tf"), COMPOSITES)]);
    let live = |name: &str, rule: &str| CompositeAlarm {
        name: name.into(),
        rule: rule.into(),
        actions_enabled: true,
        suppressor: (name == "page").then(|| "deploying".into()),
        ..CompositeAlarm::default()
    };
    let told = |live: &CompositeAlarm| {
        let code = composite_matching(live, &found.composites).unwrap();
        composite_drift(live, code).into_iter().map(|d| (d.field, d.certain)).collect::<Vec<_>>()
    };
    let arn = "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:deploying";
    assert_eq!(told(&live("page", &format!("ALARM(\"api-conn\")  AND NOT ALARM({arn})"))), [], "the same in other words");
    assert_eq!(told(&live("page", "ALARM(\"api-conn\")")), [("alarm_rule".to_owned(), true)]);
    assert_eq!(told(&live("open", "ALARM(web-conn) OR ALARM(disk)")), [("alarm_rule".to_owned(), false)], "it may be that");
    assert_eq!(told(&live("open", "OK(web-conn) OR ALARM(disk)")), [("alarm_rule".to_owned(), true)], "it cannot be that");
    let mute = CompositeAlarm { actions_enabled: false, ..live("any", "ALARM(api-conn) OR ALARM(web-conn)") };
    assert_eq!(told(&mute), [("actions_enabled".to_owned(), true)]);
    assert_eq!(composite_matching(&live("elsewhere", "ALARM(x)"), &found.composites), None);
}
