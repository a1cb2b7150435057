//! CloudTrail, scaling activities and other diaries: how one entry is written, and the writes of a busy
//! account that have nothing to do with the incident.

use super::Scenario;
use super::plan::{HarmKind, Plan, Second, Surge};
use super::random::Rng;
use super::scenario::Decoy;
use super::world::World;
use crate::case::events::Event;
use crate::changes::{self, cloudtrail};
use crate::time::rfc3339;
use serde_json::{Value, json};

/// People and programs that change things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Terraform,
    Person(&'static str),
    Pipeline,
    AutoScaling,
    Ecs,
    Lambda,
    CloudFormation,
    Controller,
}

/// Names of people, wide ones too.
pub const PEOPLE: [&str; 5] = ["tanaka.yuki", "nguyen.thi.lan", "suzuki", "phạm.văn.đức", "佐藤"];

impl Who {
    /// `userIdentity`, `sourceIPAddress` and `userAgent` as CloudTrail writes them.
    fn identity(self, account: &str) -> (Value, String, String) {
        let assumed = |role: &str, session: &str, from: &str, agent: &str| {
            let identity = json!({
                "type": "AssumedRole",
                "principalId": format!("AROAEXAMPLE0123456789:{session}"),
                "arn": format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
                "accountId": account,
                "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role, "arn": format!("arn:aws:iam::{account}:role/{role}")}},
            });
            (identity, from.to_owned(), agent.to_owned())
        };
        let service = |name: &str, host: &str| {
            let (mut identity, from, agent) = assumed(&format!("AWSServiceRoleFor{name}"), name, host, host);
            identity["invokedBy"] = json!(host);
            (identity, from, agent)
        };
        match self {
            Self::Terraform => assumed(
                "terraform-apply",
                "gha-terraform-4471",
                "20.102.41.7",
                "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.82.2",
            ),
            Self::Person(name) => {
                assumed("AWSReservedSSO_Admin_0a1b2c3d4e5f6071", name, "203.0.113.24", "Mozilla/5.0 (Macintosh) AppleWebKit/537.36")
            }
            Self::Pipeline => assumed("github-actions-deploy", "GitHubActions", "20.102.41.19", "aws-cli/2.27.1 exec-env/GitHubActions"),
            Self::Controller => {
                assumed("eks-lb-controller", "aws-load-balancer-controller", "10.20.18.7", "elbv2.k8s.aws/v2.11.0 aws-sdk-go-v2")
            }
            Self::Lambda => assumed("nightly-jobs-lambda", "nightly-jobs", "54.238.10.5", "Boto3/1.35 exec-env/AWS_Lambda_python3.13"),
            Self::CloudFormation => service("CloudFormation", "cloudformation.amazonaws.com"),
            Self::AutoScaling => service("AutoScaling", "autoscaling.amazonaws.com"),
            Self::Ecs => service("ECS", "ecs.amazonaws.com"),
        }
    }
}

/// One call to be written down.
pub struct Call<'a> {
    pub at: Second,
    pub who: Who,
    /// `ec2`, `elasticloadbalancing`, …
    pub service: &'a str,
    pub name: &'a str,
    /// What the lookup names beside the record.
    pub resources: Vec<String>,
    pub parameters: Value,
    pub answer: Value,
    pub error: Option<&'a str>,
}

/// Writes diaries as the services do, and reads them back the way the program reads the real ones.
pub struct Scribe<'a> {
    pub scenario: &'a Scenario,
    pub world: &'a World,
    pub rng: Rng,
}

impl Scribe<'_> {
    fn uuid(&mut self) -> String {
        let mut part = |n| self.rng.hex(n);
        format!("{}-{}-{}-{}-{}", part(8), part(4), part(4), part(4), part(12))
    }

    fn stamp(&self, t: Second) -> String {
        rfc3339(self.scenario.time(t))
    }

    pub fn call(&mut self, call: Call) -> Option<Event> {
        let host = if call.service == "cloudwatch" { "monitoring" } else { call.service };
        let (identity, from, agent) = call.who.identity(&self.world.account);
        let record = json!({
            "eventVersion": "1.11",
            "userIdentity": identity,
            "eventTime": self.stamp(call.at),
            "eventSource": format!("{host}.amazonaws.com"),
            "eventName": call.name,
            "awsRegion": self.world.region,
            "sourceIPAddress": from,
            "userAgent": agent,
            "errorCode": call.error,
            "requestParameters": call.parameters,
            "responseElements": call.answer,
            "eventID": self.uuid(),
            "readOnly": false,
            "eventType": "AwsApiCall",
            "managementEvent": true,
            "recipientAccountId": self.world.account,
        });
        self.read(record, call.resources)
    }

    fn read(&self, record: Value, resources: Vec<String>) -> Option<Event> {
        cloudtrail::read(&cloudtrail::Looked { resources, record: Some(record.to_string()), ..cloudtrail::Looked::default() })
    }

    /// What EC2 writes when spot capacity is taken back: no caller, no request.
    pub fn evicted(&mut self, at: Second, id: &str) -> Option<Event> {
        let record = json!({
            "eventVersion": "1.11",
            "userIdentity": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com", "accountId": self.world.account},
            "eventTime": self.stamp(at),
            "eventSource": "ec2.amazonaws.com",
            "eventName": "BidEvictedEvent",
            "awsRegion": self.world.region,
            "sourceIPAddress": "ec2.amazonaws.com",
            "userAgent": "ec2.amazonaws.com",
            "requestParameters": null,
            "responseElements": null,
            "eventID": self.uuid(),
            "eventType": "AwsServiceEvent",
            "serviceEventDetails": {"instanceIdSet": [id]},
        });
        self.read(record, Vec::new())
    }

    /// An activity of the scaling group.
    pub fn activity(&mut self, from: Second, to: Second, description: &str, cause: &str) -> Option<Event> {
        let done = self.scenario.time(to) < self.scenario.now;
        changes::autoscaling::activity(&changes::autoscaling::Activity {
            activity_id: self.uuid(),
            auto_scaling_group_name: self.world.fleet.clone(),
            description: description.into(),
            cause: format!("At {} {cause}", self.stamp(from - 9)),
            start_time: self.stamp(from),
            end_time: done.then(|| self.stamp(to)),
            status_code: if done { "Successful".into() } else { "InProgress".into() },
            status_message: None,
        })
    }

    /// Lines of the ECS service's own diary.
    pub fn service_events(&mut self, lines: &[(Second, String)], deployment: Option<(Second, Option<Second>)>) -> Vec<Event> {
        let events: Vec<Value> =
            lines.iter().map(|(t, words)| json!({"id": self.uuid(), "createdAt": self.stamp(*t), "message": words})).collect();
        let deployments: Vec<Value> = deployment
            .iter()
            .map(|(from, to)| {
                let state = if to.is_some() { "COMPLETED" } else { "IN_PROGRESS" };
                json!({
                    "id": format!("ecs-svc/{}", self.rng.below(1_000_000_000)), "status": "PRIMARY", "createdAt": self.stamp(*from),
                    "updatedAt": self.stamp(to.unwrap_or(*from)), "rolloutState": state,
                    "taskDefinition": format!("arn:aws:ecs:{}:{}:task-definition/{}:142", self.world.region, self.world.account, self.scenario.service),
                    "desiredCount": self.scenario.targets, "runningCount": self.scenario.targets, "failedTasks": 0,
                })
            })
            .collect();
        changes::ecs::service(&json!({
            "serviceName": self.world.fleet, "events": events, "deployments": deployments,
            "loadBalancers": [{"targetGroupArn": self.world.groups[0].arn}],
        }))
    }

    /// A CodeDeploy deployment of an application.
    pub fn deployment(&mut self, app: &str, from: Second, to: Second) -> Option<Event> {
        let done = self.scenario.time(to) < self.scenario.now;
        let ours = app == self.scenario.service;
        let groups = if ours { vec![json!({"name": self.world.groups[0].name})] } else { Vec::new() };
        let fleet = if ours { self.world.fleet.clone() } else { format!("{app}-asg") };
        changes::codedeploy::deployment(&json!({
            "deploymentId": format!("d-{}", self.rng.hex(9).to_uppercase()), "applicationName": app, "deploymentGroupName": "production",
            "status": if done { "Succeeded" } else { "InProgress" }, "creator": "user",
            "createTime": self.stamp(from - 6), "startTime": self.stamp(from), "completeTime": done.then(|| self.stamp(to)),
            "deploymentStyle": {"deploymentType": "IN_PLACE"},
            "loadBalancerInfo": {"targetGroupInfoList": groups}, "targetInstances": {"autoScalingGroups": [fleet]},
        }))
    }

    /// A public or own event of AWS Health.
    #[allow(clippy::too_many_arguments, reason = "one argument a field of the event")]
    pub fn health(
        &mut self,
        code: &str,
        category: &str,
        from: Second,
        to: Option<Second>,
        zone: Option<&str>,
        affected: &[String],
        words: &str,
    ) -> Option<Event> {
        let own = !affected.is_empty();
        let service = code.split('_').nth(1).unwrap_or("EC2");
        let event = json!({
            "arn": format!("arn:aws:health:{}::event/{service}/{code}/{}", self.world.region, self.uuid()),
            "service": service, "eventTypeCode": code, "eventTypeCategory": category, "region": self.world.region, "availabilityZone": zone,
            "startTime": self.stamp(from), "endTime": to.map(|t| self.stamp(t)), "statusCode": if to.is_some() { "closed" } else { "open" },
            "eventScopeCode": if own { "ACCOUNT_SPECIFIC" } else { "PUBLIC" },
        });
        changes::health::event(&event, Some(words), affected)
    }

    /// AWS takes traffic away from a zone.
    pub fn autoshift(&mut self, from: Second, zone: &str) -> Option<Event> {
        changes::zonal_shift::autoshift(&json!({"startTime": self.stamp(from), "awayFrom": zone, "status": "ACTIVE"}))
    }

    /// The hum of the account: Lambda, pipelines, other teams.
    pub fn noise(&mut self) -> Vec<Event> {
        (0..self.scenario.trail_noise).filter_map(|_| self.one_of_the_hum()).collect()
    }

    fn one_of_the_hum(&mut self) -> Option<Event> {
        let at = self.rng.between(0, self.scenario.seconds() - 1);
        let n = self.rng.between(100, 999);
        let instance = format!("i-0{}", self.rng.hex(16));
        let mut hex = |kind: &str| format!("{kind}-0{}", self.rng.hex(16));
        let (eni, volume) = (hex("eni"), hex("vol"));
        let items = |id: &str| json!({"instancesSet": {"items": [{"instanceId": id}]}});
        let (who, service, name, parameters) = match self.rng.below(14) {
            0 | 1 => (Who::Lambda, "logs", "CreateLogStream", json!({"logGroupName": format!("/aws/lambda/nightly-{n}")})),
            2 => (
                Who::Lambda,
                "ec2",
                "CreateNetworkInterface",
                json!({"description": "AWS Lambda VPC ENI", "subnetId": format!("subnet-{n}")}),
            ),
            3 => (Who::Lambda, "ec2", "DeleteNetworkInterface", json!({"networkInterfaceId": eni})),
            4 => (Who::Pipeline, "ecr", "PutImage", json!({"repositoryName": "billing-worker", "imageTag": format!("v{n}")})),
            5 => (Who::Pipeline, "ecs", "RegisterTaskDefinition", json!({"family": "billing-worker"})),
            6 => (Who::Lambda, "athena", "StartQueryExecution", json!({"workGroup": "reports"})),
            7 => (Who::Lambda, "ec2", "CreateSnapshot", json!({"volumeId": volume, "description": "nightly"})),
            8 => (Who::AutoScaling, "ec2", "RunInstances", json!({"launchTemplate": {"launchTemplateName": "batch-workers"}})),
            9 => (Who::AutoScaling, "ec2", "TerminateInstances", items(&instance)),
            10 => (Who::CloudFormation, "sqs", "SetQueueAttributes", json!({"queueUrl": format!("https://sqs/events-{n}")})),
            11 => (Who::Pipeline, "lambda", "UpdateFunctionCode20150331v2", json!({"functionName": format!("image-resize-{n}")})),
            12 => (Who::Person(PEOPLE[self.rng.below(PEOPLE.len())]), "ssm", "PutParameter", json!({"name": format!("/batch/limit-{n}")})),
            _ => (Who::Lambda, "dynamodb", "UpdateTable", json!({"tableName": format!("sessions-{n}")})),
        };
        let error = if self.rng.chance(0.03) { Some("Client.UnauthorizedOperation") } else { None };
        self.call(Call { at, who, service, name, resources: Vec::new(), parameters, answer: Value::Null, error })
    }
}

/// Carries out the decoys: events, and traffic or load where they have some.
pub fn decoys(scenario: &Scenario, world: &World, plan: &mut Plan, rng: &Rng) {
    let mut scribe = Scribe { scenario, world, rng: rng.fork("decoys") };
    for decoy in &scenario.decoys {
        decoy_of(*decoy, &mut scribe, plan);
    }
}

fn decoy_of(decoy: Decoy, scribe: &mut Scribe, plan: &mut Plan) {
    let at = scribe.scenario.onset - scribe.rng.between(120, 1500);
    let sg = |id: &str, port: u16, cidr: &str| json!({"groupId": id, "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": {"items": [{"cidrIp": cidr}]}}]}});
    let other = format!("sg-0{}", scribe.rng.hex(16));
    let ours = scribe.world.groups[0].security_group.clone();
    let spare = format!("i-0{}", scribe.rng.hex(16));
    let (who, service, name, parameters, error) = match decoy {
        Decoy::OtherDeployment => {
            plan.events.extend(scribe.deployment("billing-worker", at + 20, at + 400));
            (
                Who::Pipeline,
                "ecs",
                "UpdateService",
                json!({"cluster": "batch", "service": "billing-worker", "taskDefinition": "billing-worker:482"}),
                None,
            )
        }
        Decoy::OtherSecurityGroup => (Who::Terraform, "ec2", "AuthorizeSecurityGroupIngress", sg(&other, 5432, "10.40.0.0/16"), None),
        Decoy::SecretRotation => (Who::Lambda, "secretsmanager", "PutSecretValue", json!({"secretId": "prod/reports/db"}), None),
        Decoy::DeniedAttempt => (
            Who::Person("suzuki"),
            "ec2",
            "RevokeSecurityGroupIngress",
            sg(&ours, 22, "10.20.240.0/24"),
            Some("Client.UnauthorizedOperation"),
        ),
        Decoy::InstanceTypeChange => (
            Who::Person("tanaka.yuki"),
            "ec2",
            "ModifyInstanceAttribute",
            json!({"instanceId": spare, "instanceType": {"value": "r6i.xlarge"}}),
            None,
        ),
        quiet => return quiet_decoy(quiet, at, scribe, plan),
    };
    plan.events.extend(scribe.call(Call { at, who, service, name, resources: Vec::new(), parameters, answer: Value::Null, error }));
}

/// Decoys that only metrics show.
fn quiet_decoy(decoy: Decoy, at: Second, scribe: &mut Scribe, plan: &mut Plan) {
    match decoy {
        Decoy::CronCpu => cron(scribe, plan),
        Decoy::SmallSurge => {
            let factor = scribe.rng.range(1.12, 1.3);
            plan.surges.push(Surge { from: at - 600, until: at + 3600, ramp: 420, factor, group: None });
        }
        _ => {
            let targets = scribe.world.of_group(0);
            let share = scribe.rng.range(0.01, 0.04);
            plan.harm(at - 3600, at - 3300, &targets, HarmKind::AppErrors { share });
        }
    }
}

/// One host works on something else for a while, with room to spare.
fn cron(scribe: &mut Scribe, plan: &mut Plan) {
    let of = scribe.world.of_group(scribe.world.groups.len() - 1);
    let target = of[of.len() - 1];
    let at = scribe.scenario.onset - scribe.rng.between(300, 900);
    plan.harm(at, at + scribe.rng.between(600, 1500), &[target], HarmKind::Busy { percent: 42.0 });
}
