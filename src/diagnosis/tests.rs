use super::*;
use crate::analysis::Analysis;

/// What most incidents do not show.
const ABSENT: &[&str] = &[
    "power-event",
    "deployment-event",
    "replacement-event",
    "scale-in-event",
    "spot-event",
    "acl-or-route-event",
    "target-sg-event",
    "log-oom",
    "log-limit",
    "system-check-failed",
    "instance-check-failed",
    "host-silent",
    "zone-silent",
    "allowance-exceeded",
    "requests-rose",
    "cpu-high",
    "gone-targets",
    "young-targets",
    "tls-errors",
    "no-target-503",
    "keepalive-cuts",
    "slow-answers",
    "app-errors",
    "auth-waf-lambda-errors",
    "target-sg-blocks",
    "balancer-sg-blocks",
    "acl-or-route-blocks",
    "address-without-owner",
    "alarm-too-sensitive",
    "rejected-connections",
    "subnets-full",
    "aws-event",
    "one-zone",
    "credits-empty",
    "on-box-event",
];

/// The winner of a few answers where the rest of the usual is absent.
fn winner_of(answers: &[(&'static str, bool)]) -> (&'static str, Decision) {
    let absent = ABSENT.iter().filter(|id| !answers.iter().any(|(a, _)| a == *id)).map(|id| (*id, false));
    winner(&answers.iter().copied().chain(absent).collect::<Vec<_>>())
}

/// The winner of a few answers when nothing else is known.
fn winner(answers: &[(&'static str, bool)]) -> (&'static str, Decision) {
    let signals = Signals::just(answers);
    let scores = weighing::weigh(&signals);
    let analysis = Analysis {
        episodes: vec![crate::analysis::Episode {
            onset: crate::time::Time::default(),
            onset_uncertainty: 60,
            end: None,
            peak: 50.0,
            total: 500.0,
            score: 100.0,
            isolated: false,
        }],
        ..Analysis::default()
    };
    let decision = verdict::decide(&scores, &signals, &analysis);
    (scores[0].cause.id, decision)
}

#[allow(clippy::too_many_lines, reason = "one case a cause, in one list")]
/// For each cause: what a clear case of it shows. The cause comes first and is named.
#[test]
fn a_clear_case_of_each_cause_is_named() {
    let clear: &[(&str, &[(&'static str, bool)])] = &[
        (
            "overload",
            &[
                ("connection-failures", true),
                ("requests-rose", true),
                ("load-per-target-rose", true),
                ("cpu-high", true),
                ("timeouts", true),
                ("successes-mixed", true),
                ("all-targets", true),
                ("power-event", false),
                ("deployment-event", false),
                ("target-sg-blocks", false),
                ("instance-check-failed", false),
                ("acl-or-route-blocks", false),
                ("balancer-sg-blocks", false),
            ],
        ),
        (
            "cpu-credits-exhausted",
            &[
                ("connection-failures", true),
                ("credits-empty", true),
                ("cpu-pinned", true),
                ("requests-rose", false),
                ("cpu-high", false),
                ("timeouts", true),
                ("response-time-rose-first", true),
                ("successes-mixed", true),
            ],
        ),
        (
            "memory-exhausted",
            &[
                ("connection-failures", true),
                ("log-oom", true),
                ("memory-full", true),
                ("mixed", true),
                ("one-target", true),
                ("power-event", false),
                ("deployment-event", false),
            ],
        ),
        (
            "process-down",
            &[
                ("connection-failures", true),
                ("refused", true),
                ("timeouts", false),
                ("one-target", true),
                ("log-exit", true),
                ("log-silent", true),
                ("power-event", false),
                ("deployment-event", false),
                ("instance-check-failed", false),
                ("host-silent", false),
                ("step", true),
                ("health-port-differs", false),
                ("requests-rose", false),
                ("gone-targets", false),
                ("young-targets", false),
            ],
        ),
        (
            "in-place-deploy",
            &[
                ("connection-failures", true),
                ("refused", true),
                ("deployment-event", true),
                ("one-after-another", true),
                ("log-restart", true),
                ("power-event", false),
                ("gone-targets", false),
                ("replacement-event", false),
            ],
        ),
        (
            "rolling-replacement",
            &[
                ("connection-failures", true),
                ("replacement-event", true),
                ("gone-targets", true),
                ("registration-event", true),
                ("targets-left", true),
                ("power-event", false),
                ("scale-in-event", false),
                ("young-targets", false),
            ],
        ),
        (
            "instance-power-event",
            &[
                ("connection-failures", true),
                ("power-event", true),
                ("instance-check-failed", true),
                ("host-silent", true),
                ("one-target", true),
                ("refused-then-timeouts", true),
                ("mixed", true),
            ],
        ),
        (
            "os-restart",
            &[
                ("connection-failures", true),
                ("power-event", false),
                ("instance-check-failed", true),
                ("log-boot", true),
                ("one-target", true),
                ("refused-then-timeouts", true),
                ("mixed", true),
                ("system-check-failed", false),
            ],
        ),
        (
            "host-failure",
            &[
                ("connection-failures", true),
                ("system-check-failed", true),
                ("host-silent", true),
                ("timeouts", true),
                ("one-target", true),
                ("power-event", false),
                ("zone-silent", false),
            ],
        ),
        (
            "scale-in",
            &[
                ("connection-failures", true),
                ("scale-in-event", true),
                ("gone-targets", true),
                ("targets-left", true),
                ("capacity-fell-first", true),
                ("deployment-event", false),
                ("replacement-event", false),
                ("spot-event", false),
                ("power-event", false),
            ],
        ),
        (
            "spot-interruption",
            &[
                ("connection-failures", true),
                ("spot-event", true),
                ("spot-targets", true),
                ("gone-targets", true),
                ("host-silent", true),
                ("power-event", false),
                ("timeouts", true),
            ],
        ),
        (
            "target-security-group",
            &[
                ("connection-failures", true),
                ("target-sg-blocks", true),
                ("target-sg-event", true),
                ("timeouts", true),
                ("refused", false),
                ("all-targets", true),
                ("path-open", false),
            ],
        ),
        (
            "balancer-security-group",
            &[
                ("connection-failures", true),
                ("balancer-sg-blocks", true),
                ("balancer-sg-event", true),
                ("timeouts", true),
                ("refused", false),
                ("all-groups", true),
                ("all-targets", true),
                ("target-sg-blocks", false),
            ],
        ),
        (
            "network-acl-or-route",
            &[
                ("connection-failures", true),
                ("acl-or-route-blocks", true),
                ("acl-or-route-event", true),
                ("timeouts", true),
                ("refused", false),
                ("one-zone", true),
                ("step", true),
                ("target-sg-blocks", false),
            ],
        ),
        (
            "host-firewall",
            &[
                ("connection-failures", true),
                ("path-open", true),
                ("timeouts", true),
                ("refused", false),
                ("one-target", true),
                ("on-box-event", true),
                ("instance-check-failed", false),
                ("system-check-failed", false),
                ("host-silent", false),
                ("target-sg-blocks", false),
                ("balancer-sg-blocks", false),
                ("acl-or-route-blocks", false),
                ("target-sg-event", false),
                ("acl-or-route-event", false),
                ("power-event", false),
                ("requests-rose", false),
                ("cpu-high", false),
                ("load-flat", true),
                ("deployment-event", false),
                ("successes-mixed", false),
                ("credits-empty", false),
                ("log-oom", false),
                ("log-limit", false),
                ("one-zone", false),
                ("gone-targets", false),
                // With little direct evidence it is named by excluding the others, and that takes nearly every answer.
                ("refuses-some", false),
                ("refused-then-timeouts", false),
                ("mixed", false),
                ("work-fell", true),
                ("stopped-by-call", false),
                ("allowance-exceeded", false),
                ("address-without-owner", false),
                ("all-groups", false),
                ("all-targets", false),
                ("log-exit", false),
                ("log-silent", true),
                ("log-boot", false),
                ("log-restarts", false),
                ("log-stopped", false),
                ("balancer-event", false),
                ("balancer-sg-event", false),
                ("tls-errors", false),
            ],
        ),
        (
            "port-mismatch",
            &[
                ("connection-failures", true),
                ("health-port-differs", true),
                ("refused", true),
                ("timeouts", false),
                ("nearly-all-fail", true),
                ("health-flat", true),
                ("all-targets", true),
                ("registration-event", true),
                ("one-target", false),
            ],
        ),
        (
            "network-allowance",
            &[
                ("connection-failures", true),
                ("allowance-exceeded", true),
                ("timeouts", true),
                ("refused", false),
                ("connections-without-requests", true),
                ("cpu-high", false),
                ("successes-mixed", true),
                ("requests-moved", false),
            ],
        ),
        (
            "os-limit",
            &[
                ("connection-failures", true),
                ("log-limit", true),
                ("ports-used-up", true),
                ("timeouts", true),
                ("cpu-high", false),
                ("successes-mixed", true),
                ("response-time-rose-first", true),
                ("power-event", false),
            ],
        ),
        (
            "zone-or-aws-event",
            &[
                ("connection-failures", true),
                ("aws-event", true),
                ("one-zone", true),
                ("zone-silent", true),
                ("timeouts", true),
                ("one-target", false),
                ("acl-or-route-blocks", false),
            ],
        ),
        (
            "balancer-capacity",
            &[
                ("connection-failures", true),
                ("rejected-connections", true),
                ("subnets-full", true),
                ("all-groups", true),
                ("requests-rose", true),
                ("timeouts", true),
                ("cpu-high", false),
                ("load-flat", false),
            ],
        ),
        (
            "new-target-not-ready",
            &[
                ("connection-failures", true),
                ("young-targets", true),
                ("scale-out-event", true),
                ("targets-joined-first", true),
                ("refused", true),
            ],
        ),
        (
            "stale-target-address",
            &[("connection-failures", true), ("address-without-owner", true), ("timeouts", true), ("refused", false), ("one-target", true)],
        ),
        (
            "traffic-shift",
            &[
                ("connection-failures", true),
                ("requests-moved", true),
                ("balancer-event", true),
                ("all-groups", false),
                ("one-target", false),
            ],
        ),
        ("keepalive-race", &[("connection-failures", false), ("keepalive-cuts", true), ("alarm-too-sensitive", false)]),
        (
            "slow-target",
            &[("connection-failures", false), ("slow-answers", true), ("response-time-rose-first", true), ("alarm-too-sensitive", false)],
        ),
        ("app-errors", &[("connection-failures", false), ("app-errors", true), ("deployment-event", true)]),
        (
            "no-targets",
            &[("connection-failures", false), ("no-target-503", true), ("no-registered-targets", true), ("registration-event", true)],
        ),
        (
            "target-tls",
            &[
                ("tls-errors", true),
                ("connection-failures", false),
                ("deployment-event", true),
                ("keepalive-cuts", false),
                ("app-errors", false),
            ],
        ),
        ("alarm-artefact", &[("connection-failures", false), ("alarm-too-sensitive", true), ("alarm-edited", true)]),
        ("lambda-auth-waf", &[("connection-failures", false), ("auth-waf-lambda-errors", true), ("lambda-targets", true)]),
    ];
    let mut wrong = Vec::new();
    for (cause, answers) in clear {
        let (first, decision) = winner_of(answers);
        let named = decision.named == Named::Cause(CAUSES.iter().find(|c| *c == cause).unwrap());
        if first != *cause || !named {
            wrong.push(format!("{cause}: first {first}, decided {decision:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let covered: std::collections::BTreeSet<_> = clear.iter().map(|c| c.0).collect();
    assert!(CAUSES.iter().all(|c| covered.contains(c) || *c == "fail-open"));
}

/// What must never be named, whatever else looks like it.
#[test]
fn what_is_refuted_is_never_named() {
    let refuted: &[(&str, &[(&'static str, bool)])] = &[
        (
            "target-security-group",
            &[("connection-failures", true), ("target-sg-event", true), ("timeouts", true), ("target-sg-blocks", false)],
        ),
        (
            "target-security-group",
            &[("connection-failures", true), ("target-sg-event", true), ("target-sg-blocks", true), ("refused", true), ("timeouts", false)],
        ),
        (
            "network-acl-or-route",
            &[("connection-failures", true), ("acl-or-route-event", true), ("one-zone", true), ("acl-or-route-blocks", false)],
        ),
        (
            "process-down",
            &[("connection-failures", true), ("one-target", true), ("log-exit", true), ("timeouts", true), ("refused", false)],
        ),
        (
            "instance-power-event",
            &[("connection-failures", true), ("instance-check-failed", true), ("one-target", true), ("power-event", false)],
        ),
        ("os-restart", &[("connection-failures", true), ("log-boot", true), ("one-target", true), ("instance-check-failed", false)]),
        ("host-failure", &[("connection-failures", true), ("host-silent", true), ("timeouts", true), ("system-check-failed", false)]),
        ("cpu-credits-exhausted", &[("connection-failures", true), ("response-time-rose-first", true), ("credits-empty", false)]),
        (
            "overload",
            &[
                ("connection-failures", true),
                ("timeouts", true),
                ("successes-mixed", true),
                ("all-targets", true),
                ("load-flat", true),
                ("requests-rose", false),
                ("cpu-high", false),
            ],
        ),
        (
            "new-target-not-ready",
            &[("connection-failures", true), ("scale-out-event", true), ("targets-joined-first", true), ("young-targets", false)],
        ),
        ("fail-open", &[("connection-failures", true), ("none-healthy", true), ("all-targets", true)]),
    ];
    for (cause, answers) in refuted {
        let (_, decision) = winner(answers);
        assert_ne!(decision.named.id(), *cause, "{answers:?}");
    }
}

#[test]
fn one_signal_names_nothing() {
    for signal in signals::SIGNALS {
        for yes in [true, false] {
            let (_, decision) = winner(&[(signal.id, yes)]);
            assert!(!matches!(decision.named, Named::Cause(_)), "{} {yes}: {decision:?}", signal.id);
        }
    }
}

#[test]
fn a_deployment_beside_a_blocked_group_is_a_second_fault_not_a_doubt() {
    let (_, decision) = winner(&[
        ("connection-failures", true),
        ("target-sg-blocks", true),
        ("target-sg-event", true),
        ("timeouts", true),
        ("refused", false),
        ("all-targets", true),
        ("none-healthy", true),
    ]);
    assert_eq!(decision.named, Named::Cause("target-security-group"));
    assert_eq!(decision.contributing, ["fail-open"]);
}

#[test]
fn credits_come_before_the_overload_they_cause() {
    let (_, decision) = winner_of(&[
        ("connection-failures", true),
        ("credits-empty", true),
        ("cpu-pinned", true),
        ("requests-rose", true),
        ("timeouts", true),
        ("response-time-rose-first", true),
        ("successes-mixed", true),
    ]);
    assert_eq!(decision.named, Named::Cause("cpu-credits-exhausted"));
}
