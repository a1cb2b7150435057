//! What an investigation is about, out of what a person has at hand: an alarm's name or ARN, a balancer's
//! or a target group's ARN, a console URL, or the alarm's JSON as it arrives by mail, chat or pipe.
//! Pure: knows nothing of AWS's API, files or the clock.

use crate::time::{Time, parse};
use serde_json::Value;

/// What was named, and what its text says beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub what: Thing,
    pub region: Option<String>,
    pub account: Option<String>,
    /// When the alarm went off, if the message says so.
    pub at: Option<Time>,
}

/// A thing that can be investigated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Thing {
    /// By name.
    Alarm(String),
    /// By ARN.
    Balancer(String),
    /// By ARN.
    TargetGroup(String),
}

/// Why a text names nothing that can be investigated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASubject {
    #[error(
        "nothing was named: give an alarm's name or ARN, a load balancer's or target group's ARN, a CloudWatch console URL, or - for JSON"
    )]
    Empty,
    #[error("{arn} is the ARN of something else: I can start from a CloudWatch alarm, an Application Load Balancer or a target group")]
    OtherArn { arn: String },
    #[error("the address names no alarm: open the alarm in the CloudWatch console and copy its address (…#alarmsV2:alarm/NAME)")]
    OtherUrl,
    #[error("this is not JSON ({0}): expected an SNS message, an EventBridge event, or the output of `aws cloudwatch describe-alarms`")]
    NotJson(String),
    #[error("this JSON names no alarm: expected an SNS message, an EventBridge event, or the output of `aws cloudwatch describe-alarms`")]
    NoAlarm,
    #[error("this JSON describes {0} alarms: name the one that is meant ({1})")]
    Several(usize, String),
}

/// The longest JSON that is read, in bytes.
pub const MESSAGE_LIMIT: usize = 4 * 1024 * 1024;

/// JSON inside strings inside JSON: SNS in SQS in Lambda is the deepest that AWS sends.
const NESTING: usize = 5;

/// Reads what was given as the target.
///
/// # Errors
/// [`NotASubject`] says what would have been understood.
pub fn read(text: &str) -> Result<Named, NotASubject> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NotASubject::Empty);
    }
    if text.starts_with("arn:") {
        return arn(text);
    }
    if text.starts_with("https://") || text.starts_with("http://") {
        return url(text);
    }
    if text.starts_with('{') || text.starts_with('[') {
        return message(text);
    }
    Ok(alarm(text))
}

fn alarm(name: &str) -> Named {
    Named { what: Thing::Alarm(name.to_owned()), region: None, account: None, at: None }
}

fn arn(text: &str) -> Result<Named, NotASubject> {
    let other = || NotASubject::OtherArn { arn: text.chars().take(200).collect() };
    let mut parts = text.splitn(6, ':').skip(2);
    let [Some(service), Some(region), Some(account), Some(resource)] = std::array::from_fn(|_| parts.next()) else { return Err(other()) };
    let what = match (service, resource.split_once([':', '/'])) {
        ("cloudwatch", Some(("alarm", name))) if !name.is_empty() => Thing::Alarm(name.to_owned()),
        ("elasticloadbalancing", Some(("loadbalancer", path))) if path.starts_with("app/") => Thing::Balancer(text.to_owned()),
        ("elasticloadbalancing", Some(("listener" | "listener-rule", path))) if path.starts_with("app/") => {
            Thing::Balancer(balancer_of(text, path).ok_or_else(other)?)
        }
        ("elasticloadbalancing", Some(("targetgroup", path))) if !path.is_empty() => Thing::TargetGroup(text.to_owned()),
        _ => return Err(other()),
    };
    let some = |s: &str| (!s.is_empty()).then(|| s.to_owned());
    Ok(Named { what, region: some(region), account: some(account), at: None })
}

/// The balancer's ARN out of a listener's: `…:listener/app/NAME/ID/LISTENER`.
fn balancer_of(arn: &str, path: &str) -> Option<String> {
    let head: Vec<&str> = path.split('/').take(3).collect();
    let prefix = arn.split(":listener").next()?;
    (head.len() == 3).then(|| format!("{prefix}:loadbalancer/{}", head.join("/")))
}

fn url(text: &str) -> Result<Named, NotASubject> {
    let (page, hash) = text.split_once('#').ok_or(NotASubject::OtherUrl)?;
    let name = hash_name(hash).filter(|n| !n.is_empty()).ok_or(NotASubject::OtherUrl)?;
    let region = query_value(page, "region").or_else(|| region_of_host(page));
    Ok(Named { region, ..alarm(&name) })
}

/// The alarm in `#alarmsV2:alarm/NAME?…` or `#alarm:alarmFilter=ANY;name=NAME`.
fn hash_name(hash: &str) -> Option<String> {
    let raw = hash
        .split_once("alarm/")
        .map(|(_, rest)| rest)
        .or_else(|| hash.split_once("name=").map(|(_, rest)| rest.split(['&', ';']).next().unwrap_or(rest)))?;
    let raw = raw.split('?').next().unwrap_or(raw);
    Some(console_decoded(raw))
}

fn query_value(page: &str, key: &str) -> Option<String> {
    let query = page.split_once('?')?.1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))?;
    Some(percent_decoded(value))
}

/// `ap-northeast-1.console.aws.amazon.com`
fn region_of_host(page: &str) -> Option<String> {
    let host = page.split("://").nth(1)?.split('/').next()?;
    let first = host.split('.').next()?;
    (host.contains(".console.") && first.matches('-').count() >= 2).then(|| first.to_owned())
}

/// The console escapes a name once or twice, and writes `$` for `%` where it does it twice.
fn console_decoded(raw: &str) -> String {
    let once = percent_decoded(raw);
    if !has_escape(&once, b'$') {
        return once;
    }
    let twice = percent_decoded(&once.replace('$', "%"));
    if has_escape(&twice, b'%') { percent_decoded(&twice) } else { twice }
}

fn has_escape(text: &str, mark: u8) -> bool {
    text.as_bytes().windows(3).any(|w| w[0] == mark && w[1].is_ascii_hexdigit() && w[2].is_ascii_hexdigit())
}

fn percent_decoded(raw: &str) -> String {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
    let bytes = raw.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        match (bytes[i], digit(bytes.get(i + 1)), digit(bytes.get(i + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                i += 3;
            }
            (other, ..) => {
                out.push(other);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads the alarm's JSON in any of the shapes in which AWS hands it out.
///
/// # Errors
/// When it is not JSON, names no alarm, or names several.
pub fn message(text: &str) -> Result<Named, NotASubject> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(NotASubject::Empty);
    }
    if text.len() > MESSAGE_LIMIT {
        return Err(NotASubject::NotJson(format!("longer than {MESSAGE_LIMIT} bytes")));
    }
    let value: Value = serde_json::from_str(text).map_err(|e| NotASubject::NotJson(e.to_string()))?;
    from_value(&value, NESTING)
}

fn from_value(value: &Value, depth: usize) -> Result<Named, NotASubject> {
    let Some(depth) = depth.checked_sub(1) else { return Err(NotASubject::NoAlarm) };
    if let Some(first) = value.as_array().and_then(|a| a.first()) {
        return from_value(first, depth);
    }
    if let Some(inner) = wrapped(value) {
        return match inner {
            Value::String(text) => message_inside(text, depth),
            other => from_value(other, depth),
        };
    }
    if value.get("MetricAlarms").is_some() || value.get("CompositeAlarms").is_some() {
        return described(value);
    }
    bare(value).ok_or(NotASubject::NoAlarm)
}

/// What SNS, SQS and Lambda wrap a message in.
fn wrapped(value: &Value) -> Option<&Value> {
    let at = |path: &str| value.pointer(path);
    at("/Records/0/Sns/Message").or_else(|| at("/Records/0/body")).or_else(|| at("/Sns/Message")).or_else(|| {
        let is_envelope = value.get("AlarmName").is_none() && value.get("Message").is_some_and(Value::is_string);
        is_envelope.then(|| value.get("Message")).flatten()
    })
}

fn message_inside(text: &str, depth: usize) -> Result<Named, NotASubject> {
    let value: Value = serde_json::from_str(text).map_err(|_| NotASubject::NoAlarm)?;
    from_value(&value, depth)
}

/// `describe-alarms`: the one alarm there is, or the one about connection errors that is in ALARM.
fn described(value: &Value) -> Result<Named, NotASubject> {
    let list = |key: &str| value.get(key).and_then(Value::as_array).into_iter().flatten();
    let all: Vec<&Value> = list("MetricAlarms").chain(list("CompositeAlarms")).collect();
    let is = |v: &&&Value, key: &str, wanted: &str| v.get(key).and_then(Value::as_str) == Some(wanted);
    let ours: Vec<_> = all.iter().filter(|v| is(v, "MetricName", crate::metrics::ERRORS)).collect();
    let firing: Vec<_> = ours.iter().copied().filter(|v| is(v, "StateValue", "ALARM")).collect();
    match (&all[..], &ours[..], &firing[..]) {
        ([one], ..) => bare(one).ok_or(NotASubject::NoAlarm),
        (_, [one], _) | (.., [one]) => bare(one).ok_or(NotASubject::NoAlarm),
        ([], ..) => Err(NotASubject::NoAlarm),
        _ => {
            let names: Vec<_> = all.iter().filter_map(|v| v.get("AlarmName")?.as_str()).take(8).collect();
            Err(NotASubject::Several(all.len(), names.join(", ")))
        }
    }
}

/// An SNS message's own text, an EventBridge event, a Lambda action's event, or one alarm as described.
fn bare(value: &Value) -> Option<Named> {
    let text = |paths: &[&str]| paths.iter().find_map(|p| value.pointer(p)?.as_str()).map(str::to_owned);
    let name = text(&["/AlarmName", "/detail/alarmName", "/alarmData/alarmName"])?;
    let from_arn = text(&["/AlarmArn", "/alarmArn", "/resources/0"]).and_then(|a| arn(&a).ok());
    let account = text(&["/AWSAccountId", "/account", "/accountId"]);
    let region = text(&["/region"]);
    let firing = text(&["/NewStateValue", "/StateValue", "/detail/state/value", "/alarmData/state/value"]).is_none_or(|s| s == "ALARM");
    let at = text(&["/StateChangeTime", "/detail/state/timestamp", "/alarmData/state/timestamp", "/StateTransitionedTimestamp"])
        .or_else(|| text(&["/StateUpdatedTimestamp"]))
        .filter(|_| firing)
        .and_then(|t| moment(&t));
    Some(Named {
        what: Thing::Alarm(name),
        region: from_arn.as_ref().and_then(|a| a.region.clone()).or(region),
        account: from_arn.and_then(|a| a.account).or(account),
        at,
    })
}

/// A time as AWS writes it; never one that depends on "now".
fn moment(text: &str) -> Option<Time> {
    let absolute = text.len() >= 16 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    absolute.then(|| parse(text, Time::UNIX_EPOCH, chrono_tz::UTC).ok()).flatten()
}

/// The names most like `wanted`, nearest first: those within half its length of it, or that contain it.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let contained = !wanted.is_empty() && (lower.contains(&wanted) || wanted.contains(&lower));
            let far = distance(&wanted, &lower);
            let limit = wanted.chars().count().div_ceil(2).max(3);
            (contained || far <= limit).then_some((if contained { far.min(limit) } else { far }, name))
        })
        .collect();
    scored.sort_unstable();
    scored.into_iter().take(most).map(|(_, name)| name).collect()
}

/// Levenshtein's distance, for names of at most 255 characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(255).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(255).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(text: &str) -> Named {
        read(text).unwrap()
    }

    #[test]
    fn arns_say_what_they_are_of_and_where() {
        let a = named("arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:api: connection errors");
        assert_eq!(a.what, Thing::Alarm("api: connection errors".into()));
        assert_eq!((a.region.as_deref(), a.account.as_deref()), (Some("ap-northeast-1"), Some("123456789012")));
        let lb = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/web/50dc6c495c0c9188";
        assert_eq!(named(lb).what, Thing::Balancer(lb.into()));
        let listener = "arn:aws:elasticloadbalancing:eu-west-1:1:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2";
        assert_eq!(named(listener).what, Thing::Balancer(lb.into()));
        let tg = "arn:aws-cn:elasticloadbalancing:cn-north-1:1:targetgroup/api/73e2d6bc24d8a067";
        assert_eq!(named(tg).what, Thing::TargetGroup(tg.into()));
        for other in ["arn:aws:s3:::bucket", "arn:aws:elasticloadbalancing:x:1:loadbalancer/net/nlb/1", "arn:"] {
            assert!(matches!(read(other), Err(NotASubject::OtherArn { .. })), "{other}");
        }
    }

    #[test]
    fn both_styles_of_console_address_are_read() {
        let v2 = "https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-1#alarmsV2:alarm/api$2520conn$252Ferrors?~(timeRange~-86400000)";
        let a = named(v2);
        assert_eq!(a.what, Thing::Alarm("api conn/errors".into()));
        assert_eq!(a.region.as_deref(), Some("ap-northeast-1"));
        let once = "https://eu-west-1.console.aws.amazon.com/cloudwatch/home#alarmsV2:alarm/api%20conn";
        assert_eq!(named(once), Named { region: Some("eu-west-1".into()), ..alarm("api conn") });
        let old = "https://console.aws.amazon.com/cloudwatch/home?region=us-east-1#alarm:alarmFilter=ANY;name=conn-errors";
        assert_eq!(named(old).what, Thing::Alarm("conn-errors".into()));
        assert_eq!(read("https://example.com/"), Err(NotASubject::OtherUrl));
        assert_eq!(named("https://x/#alarmsV2:alarm/cost$in").what, Thing::Alarm("cost$in".into()));
    }

    #[test]
    fn every_envelope_is_opened() {
        let sns = r#"{"AlarmName":"conn","AlarmArn":"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:conn","AWSAccountId":"111122223333","NewStateValue":"ALARM","StateChangeTime":"2026-11-20T02:17:03.123+0000","Region":"EU (Ireland)","Trigger":{"MetricName":"TargetConnectionErrorCount"}}"#;
        let expected = message(sns).unwrap();
        assert_eq!(expected.region.as_deref(), Some("eu-west-1"));
        assert_eq!(expected.at.map(|t| t.timestamp()), Some(1_795_141_023));
        let quoted = serde_json::to_string(sns).unwrap();
        let envelope = format!(r#"{{"Type":"Notification","Message":{quoted}}}"#);
        assert_eq!(message(&envelope).unwrap(), expected);
        let lambda = format!(r#"{{"Records":[{{"Sns":{{"Message":{quoted}}}}}]}}"#);
        assert_eq!(message(&lambda).unwrap(), expected);
        let sqs = format!(r#"{{"Records":[{{"body":{}}}]}}"#, serde_json::to_string(&envelope).unwrap());
        assert_eq!(message(&sqs).unwrap(), expected);
    }

    #[test]
    fn events_and_descriptions_are_read() {
        let event = r#"{"source":"aws.cloudwatch","account":"1","region":"eu-west-1","resources":["arn:aws:cloudwatch:eu-west-1:1:alarm:conn"],"detail":{"alarmName":"conn","state":{"value":"ALARM","timestamp":"2026-11-20T02:17:03.123+0000"}}}"#;
        let e = message(event).unwrap();
        assert_eq!((e.what, e.at.is_some()), (Thing::Alarm("conn".into()), true));
        let ok = event.replace("\"ALARM\"", "\"OK\"");
        assert_eq!(message(&ok).unwrap().at, None, "the time of an OK is not the time of the incident");
        let one = r#"{"MetricAlarms":[{"AlarmName":"a","MetricName":"CPUUtilization","StateValue":"OK"},{"AlarmName":"b","MetricName":"TargetConnectionErrorCount","StateValue":"ALARM"}],"CompositeAlarms":[]}"#;
        assert_eq!(message(one).unwrap().what, Thing::Alarm("b".into()));
        let two = r#"{"MetricAlarms":[{"AlarmName":"a"},{"AlarmName":"b"}]}"#;
        assert_eq!(message(two), Err(NotASubject::Several(2, "a, b".into())));
        assert_eq!(message("{}"), Err(NotASubject::NoAlarm));
        assert!(matches!(message("{\"a\""), Err(NotASubject::NotJson(_))));
    }

    #[test]
    fn the_nearest_names_are_offered() {
        let names = ["api-conn-errors", "api-5xx", "web-conn-errors", "billing"];
        assert_eq!(nearest("api-con-errors", names, 2), ["api-conn-errors", "web-conn-errors"]);
        assert_eq!(nearest("API", names, 5), ["api-5xx", "api-conn-errors"]);
        assert!(nearest("zzzzzz", names, 5).is_empty());
    }

    proptest! {
        #[test]
        fn no_text_can_hurt(text in "\\PC*", json in "[\\[\\]{}\":,a-zA-Z$%0-9]*") {
            let _ = read(&text);
            let _ = message(&json);
            let _ = read(&format!("https://x/#alarmsV2:alarm/{text}"));
        }

        #[test]
        fn a_name_survives_the_console(name in "[ -~]{1,40}") {
            let encode = |s: &str| s.bytes().map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }).collect::<String>();
            let twice = encode(&encode(&name)).replace('%', "$");
            let url = format!("https://x.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/{twice}");
            if !name.contains(['$', '%']) {
                prop_assert_eq!(named(&url).what, Thing::Alarm(name));
            }
        }
    }
}
