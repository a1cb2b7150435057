//! What machines say of themselves: Systems Manager's agents, and the text of their consoles.

use super::plan::{HarmKind, Plan, Second};
use super::random::Rng;
use super::world::World;
use super::{Scenario, TargetKind};
use crate::applog::Sign;
use crate::case::topology::HostAgent;
use crate::time::Time;
use chrono::Duration;
use std::fmt::Write as _;

/// Agents speak every so many seconds, and are called lost some time after they should have.
const EVERY: Second = 300;
const LOST_AFTER: Second = 400;
/// Lines of one console; a kernel that repeats itself is cut short by its own rate limit.
const MOST: usize = 60;

/// Agents of the instances that run now, each with its own rhythm.
pub fn agents(scenario: &Scenario, world: &World, plan: &Plan) -> Vec<HostAgent> {
    let now = scenario.seconds();
    let running = machines(world).filter(|t| plan.wiring.states.iter().all(|(i, state, ..)| i != t || state == "running"));
    running
        .filter(|t| exists(plan, *t, now))
        .map(|t| {
            let phase = Rng::new(scenario.seed).fork(&world.targets[t].id).between(0, EVERY - 1);
            let heard = (0..=now).rev().find(|s| (s - phase) % EVERY == 0 && is_alive(plan, t, *s)).unwrap_or(phase - EVERY);
            let ping = if now - heard > LOST_AFTER { "ConnectionLost" } else { "Online" };
            HostAgent { instance: world.targets[t].id.clone(), ping: ping.into(), last_heard: Some(scenario.time(heard)) }
        })
        .collect()
}

/// Instances behind the balancer, each once.
fn machines(world: &World) -> impl Iterator<Item = usize> {
    (0..world.targets.len()).filter(|t| !world.targets[*t].alias && world.groups[world.targets[*t].group].kind == TargetKind::Instance)
}

fn exists(plan: &Plan, t: usize, at: Second) -> bool {
    plan.stays.iter().all(|s| s.target != t || (s.born <= at && at < s.gone))
}

/// Whether its operating system runs and reaches AWS; what only keeps others out does not silence an agent.
fn is_alive(plan: &Plan, t: usize, at: Second) -> bool {
    let dead = |h: &&super::plan::Harm| matches!(h.kind, HarmKind::Dead { .. }) && h.targets.contains(&t) && h.from <= at && at < h.until;
    exists(plan, t, at) && !plan.harms.iter().any(|h| dead(&h))
}

/// The console of an instance, as its kernel wrote it; `None` when EC2 knows the instance no more.
pub fn console(scenario: &Scenario, world: &World, plan: &Plan, id: &str) -> Option<String> {
    let t = machines(world).find(|t| world.targets[*t].id == id)?;
    if !exists(plan, t, scenario.seconds()) {
        return None;
    }
    let born = plan.stays.iter().find(|s| s.target == t && s.born > Second::MIN).map(|s| s.born);
    let first = born.unwrap_or_else(|| -Rng::new(scenario.seed).fork(id).between(3, 40) * 86_400);
    let mut boots = vec![scenario.start + Duration::seconds(first)];
    let booted = plan.lines.iter().filter(|l| l.sign == Some(Sign::Boot) && l.targets.contains(&t));
    boots.extend(booted.map(|l| scenario.time(l.from) - Duration::seconds(4)));
    boots.retain(|at| *at < scenario.now);
    boots.sort_unstable();
    Some(written(&boots, &said(scenario, plan, t)))
}

/// The kernel's lines in order of time.
fn said(scenario: &Scenario, plan: &Plan, t: usize) -> Vec<(Time, String)> {
    let own = plan.kernel.iter().filter(|(_, target, _)| *target == t).map(|(at, _, words)| (*at, words.clone()));
    let logged =
        plan.lines.iter().filter(|l| l.targets.contains(&t)).filter_map(|l| Some((l.from, l.sample.strip_prefix("kernel: ")?.to_owned())));
    let mut all: Vec<(Time, String)> =
        own.chain(logged).map(|(at, words)| (scenario.time(at), words)).filter(|(at, _)| *at < scenario.now).collect();
    all.sort();
    all.truncate(MOST);
    all
}

/// Each line with its seconds since the start before it.
fn written(boots: &[Time], lines: &[(Time, String)]) -> String {
    let mut out = String::new();
    for (i, boot) in boots.iter().enumerate() {
        let end = boots.get(i + 1);
        let clock = *boot + Duration::seconds(1);
        let _ = writeln!(out, "[    0.000000] Linux version 6.1.112-124.190.amzn2023.x86_64 (mockbuild@ip-10-0-0-1)");
        let _ = writeln!(
            out,
            "[    1.000000] rtc_cmos 00:00: setting system clock to {} UTC ({})",
            clock.format("%Y-%m-%dT%H:%M:%S"),
            clock.timestamp()
        );
        for (at, words) in lines.iter().filter(|(at, _)| at >= boot && end.is_none_or(|e| at < e)) {
            let _ = writeln!(out, "[{:>12.6}] {words}", (*at - *boot).num_milliseconds() as f64 / 1000.0);
        }
    }
    out
}
