//! What happened on the path at the right time. "Nothing happened" is said only of sources that were read
//! past the onset and have settled.

use super::{Answer, Asked};
use crate::analysis::timeline::{Entry, Kind, Relation};
use crate::case::Case;
use crate::case::events::{Event, EventSource};
use crate::checks::touches;
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use crate::time::Time;
use chrono::Duration;

/// A kind of event, as a signal.
struct Wanted {
    id: &'static str,
    is: fn(&Case, &Entry) -> bool,
    /// Sources that would all have shown it.
    sources: &'static [EventSource],
}

/// Below this an event on the path is no more likely here than anywhere.
const SOME: f64 = 1.4;
/// From here on an event on the path is taken for what it is.
const CONVINCING: f64 = 6.0;

const TRAIL: &[EventSource] = &[EventSource::CloudTrail];
const FLEET: &[EventSource] = &[EventSource::CloudTrail, EventSource::AutoScaling];

const WANTED: &[Wanted] = &[
    Wanted { id: "power-event", is: is_power, sources: TRAIL },
    Wanted { id: "target-sg-event", is: |_, e| e.kind == Kind::SecurityGroup && !at_balancer(e), sources: TRAIL },
    Wanted { id: "balancer-sg-event", is: |_, e| e.kind == Kind::SecurityGroup && at_balancer(e), sources: TRAIL },
    Wanted { id: "acl-or-route-event", is: |_, e| e.kind == Kind::NetworkAclOrRoute, sources: TRAIL },
    Wanted { id: "deployment-event", is: |c, e| e.kind == Kind::Deployment && !replaces(c, e), sources: TRAIL },
    Wanted { id: "replacement-event", is: |c, e| e.kind == Kind::Deployment && replaces(c, e), sources: FLEET },
    Wanted { id: "scale-in-event", is: |c, e| is_scaling(e) && shrinks(c, e), sources: FLEET },
    Wanted { id: "scale-out-event", is: |c, e| is_scaling(e) && grows(c, e), sources: FLEET },
    Wanted { id: "registration-event", is: |_, e| e.kind == Kind::TargetRegistration, sources: TRAIL },
    Wanted { id: "spot-event", is: |_, e| e.kind == Kind::Spot, sources: TRAIL },
    Wanted { id: "balancer-event", is: |c, e| e.kind == Kind::Balancer && !of_health_check(c, e), sources: TRAIL },
    Wanted { id: "health-check-event", is: |c, e| e.kind == Kind::Balancer && of_health_check(c, e), sources: TRAIL },
    Wanted { id: "aws-event", is: |_, e| matches!(e.kind, Kind::AwsFault | Kind::ZonalShift), sources: &[EventSource::AwsHealth] },
    Wanted { id: "on-box-event", is: |_, e| e.kind == Kind::SomebodyOnTheBox, sources: TRAIL },
    Wanted { id: "os-shutdown-event", is: shuts_itself_down, sources: &[EventSource::Ec2] },
    Wanted { id: "maintenance-event", is: is_maintenance, sources: &[EventSource::Ec2] },
    Wanted {
        id: "task-died-event",
        is: |c, e| e.kind == Kind::Process && leading(c, e).is_some_and(|v| v.source == EventSource::Ecs),
        sources: &[EventSource::Ecs],
    },
];

pub(super) fn ask(asked: &mut Asked) {
    let scene = asked.scene;
    let Some(onset) = scene.onset().filter(|_| scene.is_real()) else { return };
    for wanted in WANTED {
        let answer = answer(asked, wanted, onset);
        asked.put(wanted.id, answer);
    }
    if asked.is_yes("on-box-event") && asked.is_no("deployment-event") {
        asked.unknown(
            "deployment-event",
            say!(
                "a command was run on targets, and what it did is not recorded",
                "có lệnh chạy trên target, nhưng không ghi lại nó làm gì"
            ),
        );
    }
}

fn answer(asked: &mut Asked, wanted: &Wanted, onset: Time) -> Answer {
    let case = asked.scene.case;
    let found = asked
        .scene
        .analysis
        .timeline
        .entries
        .iter()
        .filter(|e| counts(e) && (wanted.is)(case, e) && e.likelihood >= SOME)
        .max_by(|a, b| a.likelihood.total_cmp(&b.likelihood).then_with(|| b.rank.cmp(&a.rank)));
    if let Some(entry) = found {
        // A long happening spreads its likelihood over its length; on the path and in time it still counts.
        let strength = (entry.likelihood.ln() / CONVINCING.ln()).clamp(0.25, 1.0);
        return Answer::Yes(strength, touches::evidence(case, entry, asked.book));
    }
    match unread(case, wanted.sources, onset) {
        Some(why) => Answer::Unknown(Some(why)),
        None => Answer::No(1.0, none(asked, wanted)),
    }
}

/// On the path, or a fault of AWS that names no path.
fn counts(e: &Entry) -> bool {
    let account = matches!(e.kind, Kind::AwsFault | Kind::ZonalShift) && e.relation <= Relation::AccountWide;
    e.may_be_a_cause() || (account && !e.attempt && !e.symptom)
}

fn none(asked: &mut Asked, wanted: &Wanted) -> String {
    let id = wanted.id.trim_end_matches("-event").replace('-', " ");
    let words = say!(
        "no event of this kind on the path shortly before the errors: {id}",
        "không có sự kiện loại này trên đường đi ngay trước khi có lỗi: {id}"
    );
    let area = super::find(wanted.id).map_or(Area::Changes, |s| s.area);
    let api = asked.scene.case.origins.get(&area).and_then(|all| all.last()).cloned();
    asked.book.add_from(format!("signal.{}", wanted.id), words, area, Vec::new(), api)
}

/// Why the silence of these sources proves nothing, if it does not.
fn unread(case: &Case, sources: &[EventSource], onset: Time) -> Option<Text> {
    sources.iter().find_map(|source| silent_for_a_reason(case, *source, onset))
}

fn silent_for_a_reason(case: &Case, source: EventSource, onset: Time) -> Option<Text> {
    let area = area_of(source);
    if let Some(reach) = case.reaches.get(&source) {
        let clock = |t: Time| t.format("%H:%M").to_string();
        if reach.from > onset - Duration::minutes(10) {
            let from = clock(reach.from);
            return Some(say!("only events from {from} UTC on were read", "chỉ đọc được sự kiện từ {from} UTC trở đi"));
        }
        if reach.settled_until < onset {
            let until = clock(reach.settled_until);
            return Some(say!("events after {until} UTC may not have arrived", "sự kiện sau {until} UTC có thể chưa tới"));
        }
        return None;
    }
    if let Some(gap) = case.gaps_of(&[area]).find(|g| g.reason != crate::case::gaps::Reason::NotApplicable) {
        let words = gap.in_words();
        let unlock = gap.action.as_ref().map(|a| format!(" ({a})")).unwrap_or_default();
        return Some(Text::same(format!("{words}{unlock}")));
    }
    // CloudTrail always says how far it was read; the others are read whole or leave a gap.
    let unsaid = source == EventSource::CloudTrail || case.is_waiting_for(area);
    unsaid.then(|| say!("not read", "chưa đọc"))
}

fn area_of(source: EventSource) -> Area {
    match source {
        EventSource::CloudTrail => Area::Changes,
        EventSource::AutoScaling | EventSource::Ecs | EventSource::CodeDeploy => Area::Lifecycle,
        EventSource::AwsHealth | EventSource::ZonalShift => Area::AwsHealth,
        EventSource::Alarm => Area::AlarmHistory,
        EventSource::Ec2 => Area::Instances,
        EventSource::AppLog => Area::AppLog,
    }
}

fn leading<'a>(case: &'a Case, e: &Entry) -> Option<&'a Event> {
    e.event(case)
}

fn at_balancer(e: &Entry) -> bool {
    matches!(e.relation, Relation::Balancer | Relation::BalancerNetwork)
}

/// By a call of somebody, not of a service that manages the fleet.
fn is_power(case: &Case, e: &Entry) -> bool {
    e.kind == Kind::InstancePower && e.parts(case).any(|p| p.source == EventSource::CloudTrail && !by_fleet(p))
}

fn by_fleet(event: &Event) -> bool {
    ["autoscaling", "AutoScaling", "ecs.amazonaws", "eks"].iter().any(|w| event.actor.name.contains(w) || event.actor.from.contains(w))
}

fn is_scaling(e: &Entry) -> bool {
    matches!(e.kind, Kind::Scaling | Kind::InstancePower)
}

fn any(case: &Case, e: &Entry, words: &[&str]) -> bool {
    e.parts(case).any(|p| words.iter().any(|w| p.name.contains(w) || p.summary.contains(w)))
}

/// Target groups' settings are their health checks; where requests go is set by listeners and rules.
fn of_health_check(case: &Case, e: &Entry) -> bool {
    e.parts(case).all(|p| p.name.starts_with("ModifyTargetGroup"))
}

fn shrinks(case: &Case, e: &Entry) -> bool {
    let by_fleet_only = e.kind == Kind::Scaling || e.parts(case).any(by_fleet);
    let named = any(case, e, &["Terminat", "shrinking", "DetachInstances", "EnterStandby", "scale-in", "scale in"]);
    by_fleet_only && (named || e.parts(case).any(|p| desired_change(&p.summary) < 0))
}

fn grows(case: &Case, e: &Entry) -> bool {
    let named = any(case, e, &["Launch", "increasing the capacity", "RunInstances", "AttachInstances", "ExitStandby", "scale-out"]);
    named || e.parts(case).any(|p| desired_change(&p.summary) > 0)
}

/// The difference in `from 6 to 4`, `6→4` or `6 → 4`, where a summary tells of capacity.
fn desired_change(summary: &str) -> i64 {
    let spaced = summary.replace("->", " → ").replace('→', " → ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let number = |w: &str| w.trim_matches(|c: char| !c.is_ascii_digit()).parse::<i64>().ok();
    words.windows(3).filter(|w| matches!(w[1], "→" | "to")).find_map(|w| Some(number(w[2])? - number(w[0])?)).unwrap_or(0)
}

/// Deployments that put new targets in the place of old ones, rather than restart the application in place.
fn replaces(case: &Case, e: &Entry) -> bool {
    let names =
        ["InstanceRefresh", "UpdateService", "instance refresh", "UpdateNodegroupVersion", "Terminat", "TasksStopped", "TasksDraining"];
    any(case, e, &names)
        || e.parts(case).any(|p| p.source == EventSource::Ecs)
        || e.parts(case).any(|p| &*p.name == "DeregisterTargets") && e.parts(case).any(|p| &*p.name == "RegisterTargets")
}

fn shuts_itself_down(case: &Case, e: &Entry) -> bool {
    e.kind == Kind::InstancePower && any(case, e, &["InstanceInitiatedShutdown"])
}

fn is_maintenance(case: &Case, e: &Entry) -> bool {
    let planned = |p: &Event| p.source == EventSource::Ec2 && p.summary.contains("planned by AWS");
    e.parts(case).any(planned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_changes_are_read_from_words() {
        assert_eq!(desired_change("web: desired 6 → 4 by policy"), -2);
        assert_eq!(desired_change("changing the desired capacity from 4 to 8."), 4);
        assert_eq!(desired_change("desired 6→4"), -2);
        assert_eq!(desired_change("nothing to see"), 0);
    }
}
