//! What a happening can do to connections, by its source and its name.

use super::Kind;
use crate::case::events::{Event, EventSource};
use crate::changes::json::{at, get, text};
use crate::changes::{autoscaling, calls, ecs, health};

/// API calls by what they can do; the rest is [`Kind::Other`].
const CALLS: &[(Kind, &[&str])] = &[
    (Kind::InstancePower, &["RebootInstances", "StopInstances", "StartInstances", "TerminateInstances"]),
    (Kind::Spot, &["BidEvictedEvent"]),
    (Kind::InstanceChange, calls::INTERFACE),
    (
        Kind::InstanceChange,
        &[
            "AttachNetworkInterface",
            "AssociateAddress",
            "DisassociateAddress",
            "ModifyInstanceCreditSpecification",
            "AttachVolume",
            "DetachVolume",
        ],
    ),
    (Kind::SecurityGroup, calls::SECURITY_GROUP),
    (Kind::NetworkAclOrRoute, calls::ACL_OR_ROUTE),
    (Kind::NetworkAclOrRoute, &["ModifyTransitGateway", "DeleteVpnConnection", "ModifySubnetAttribute"]),
    (Kind::Balancer, calls::BALANCER_SUBNETS),
    (
        Kind::Balancer,
        &[
            "ModifyTargetGroup",
            "ModifyTargetGroupAttributes",
            "ModifyLoadBalancerAttributes",
            "SetIpAddressType",
            "CreateListener",
            "ModifyListener",
            "DeleteListener",
            "CreateRule",
            "ModifyRule",
            "SetRulePriorities",
            "DeleteRule",
            "DeleteTargetGroup",
            "DeleteLoadBalancer",
            "ModifyCapacityReservation",
            "AssociateWebACL",
            "DisassociateWebACL",
            "UpdateWebACL",
        ],
    ),
    (Kind::TargetRegistration, &["RegisterTargets", "DeregisterTargets"]),
    (
        Kind::Scaling,
        &[
            "RunInstances",
            "UpdateAutoScalingGroup",
            "SetDesiredCapacity",
            "TerminateInstanceInAutoScalingGroup",
            "SuspendProcesses",
            "ResumeProcesses",
            "EnterStandby",
            "ExitStandby",
            "AttachInstances",
            "DetachInstances",
            "SetInstanceHealth",
            "PutScalingPolicy",
            "PutScheduledUpdateGroupAction",
            "AttachLoadBalancerTargetGroups",
            "DetachLoadBalancerTargetGroups",
            "AttachTrafficSources",
            "DetachTrafficSources",
            "DeleteAutoScalingGroup",
            "UpdateCapacityProvider",
            "UpdateContainerInstancesState",
            "UpdateNodegroupConfig",
        ],
    ),
    (
        Kind::Deployment,
        &[
            "StartInstanceRefresh",
            "UpdateService",
            "DeleteService",
            "StopTask",
            "RunTask",
            "CreateTaskSet",
            "UpdateServicePrimaryTaskSet",
            "CreateDeployment",
            "StopDeployment",
            "ContinueDeployment",
            "StartPipelineExecution",
            "StartBuild",
            "UpdateStack",
            "ExecuteChangeSet",
            "UpdateEnvironment",
            "RestartAppServer",
            "RebuildEnvironment",
            "SwapEnvironmentCNAMEs",
            "UpdateNodegroupVersion",
            "UpdateClusterVersion",
            "UpdateFunctionCode20150331v2",
        ],
    ),
    (Kind::ZonalShift, &["StartZonalShift", "UpdateZonalShift", "CancelZonalShift", "UpdateZonalAutoshiftConfiguration"]),
    (
        Kind::SomebodyOnTheBox,
        &["SendCommand", "StartAutomationExecution", "StartSession", "ResumeSession", "SendSSHPublicKey", "SendSerialConsoleSSHPublicKey"],
    ),
    (
        Kind::Certificate,
        &["ImportCertificate", "RenewCertificate", "DeleteCertificate", "AddListenerCertificates", "RemoveListenerCertificates"],
    ),
    (Kind::Alarm, &["PutMetricAlarm", "DeleteAlarms", "SetAlarmState", "DisableAlarmActions", "EnableAlarmActions"]),
];

/// What the event can do to connections.
pub(super) fn of(event: &Event) -> Kind {
    match event.source {
        EventSource::CloudTrail => of_call(event),
        EventSource::AutoScaling => match &*event.name {
            "InstanceRefresh" => Kind::Deployment,
            _ if autoscaling::is_spot(&event.summary) => Kind::Spot,
            _ if event.summary.contains("instance refresh") => Kind::Deployment,
            _ => Kind::Scaling,
        },
        EventSource::Ecs => of_ecs(event),
        EventSource::CodeDeploy => Kind::Deployment,
        EventSource::AwsHealth if health::is_issue(event) => Kind::AwsFault,
        EventSource::AwsHealth => Kind::Other,
        EventSource::ZonalShift => Kind::ZonalShift,
        EventSource::Alarm => Kind::Alarm,
        EventSource::Ec2 => of_instance(event),
        EventSource::AppLog if &*event.name == "Deployment" => Kind::Deployment,
        EventSource::AppLog => Kind::Process,
    }
}

fn of_call(event: &Event) -> Kind {
    // Lambda has a deployment of its own name; its functions are no hosts behind connections.
    let kind = CALLS.iter().find(|(_, names)| names.contains(&&*event.name)).map_or(Kind::Other, |(kind, _)| *kind);
    let request = event.raw.as_ref().and_then(|r| get(r, "requestParameters"));
    let sets_groups = request.is_some_and(|r| get(r, "groupSet").is_some());
    if kind == Kind::InstanceChange && sets_groups { Kind::SecurityGroup } else { kind }
}

fn of_ecs(event: &Event) -> Kind {
    let exited = ["EssentialContainerExited", "OutOfMemory", "TaskFailedToStart"].iter().any(|w| event.summary.contains(w));
    match &*event.name {
        "TaskStopped" if event.summary.contains("SpotInterruption") => Kind::Spot,
        "TaskStopped" if exited => Kind::Process,
        "SteadyState" | "ServiceEvent" | "TargetUnhealthy" => Kind::Other,
        _ if ecs::is_scaling(event) => Kind::Scaling,
        _ => Kind::Deployment,
    }
}

fn of_instance(event: &Event) -> Kind {
    match &*event.name {
        "Launched" => Kind::Scaling,
        "StateChanged" if event.summary.contains("Spot") => Kind::Spot,
        "StateChanged" | "Booted" | "Shutdown" | "KernelPanic" => Kind::InstancePower,
        "OutOfMemory" => Kind::Process,
        "KernelHang" | "ConnectionTableFull" | "SynFlood" | "TooManyFiles" | "DiskFull" | "DiskError" => Kind::Other,
        name if name.contains("reboot") || name.contains("stop") || name.contains("retirement") => Kind::InstancePower,
        _ => Kind::AwsFault,
    }
}

/// Follows from targets that failed, and so begins nothing: replacements of unhealthy targets, alarms.
pub(super) fn is_symptom(event: &Event) -> bool {
    match event.source {
        EventSource::AutoScaling => autoscaling::is_replacement(&event.summary),
        EventSource::Ecs => ecs::is_symptom(&event.summary),
        EventSource::Alarm => &*event.name != "Edited",
        _ => false,
    }
}

/// How much of its kind's power an event has: a rule added breaks nothing, a tag even less. From 0 to 1.
pub(super) fn power(event: &Event, kind: Kind, of_balancer: bool) -> f64 {
    let name = &*event.name;
    let egress = name.contains("Egress");
    match kind {
        Kind::Other | Kind::Certificate | Kind::Alarm => 0.05,
        // Towards a target only its own ingress and the balancer's egress matter: groups are stateful.
        Kind::SecurityGroup if name.starts_with("Authorize") => 0.1,
        Kind::SecurityGroup if name.contains("SecurityGroup") && name.ends_with("gress") && egress != of_balancer => 0.1,
        Kind::NetworkAclOrRoute if allows(event) => 0.3,
        Kind::InstanceChange => 0.5,
        Kind::Scaling if name.starts_with("Put") || name.starts_with("Resume") => 0.1,
        Kind::Balancer if name.contains("WebACL") || name.contains("Attributes") => 0.5,
        _ => 1.0,
    }
}

fn allows(event: &Event) -> bool {
    let action = event.raw.as_ref().and_then(|r| at(r, &["requestParameters", "ruleAction"]));
    &*event.name == "CreateNetworkAclEntry" && action.and_then(|a| a.as_str()) == Some("allow")
}

/// The region that the record is of, where it says.
pub(super) fn region(event: &Event) -> Option<&str> {
    event.raw.as_ref().filter(|_| event.source == EventSource::CloudTrail).and_then(|r| text(r, "awsRegion"))
}
