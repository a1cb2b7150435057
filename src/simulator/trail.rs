//! CloudTrail, scaling activities and other diaries: how one entry is written, and the writes of a busy
//! account that have nothing to do with the incident.

use super::Scenario;
use super::plan::{Plan, Second};
use super::random::Rng;
use super::scenario::Decoy;
use super::world::World;
use crate::case::events::{Actor, ActorKind, Event, EventSource};
use crate::text::Foreign;
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
    pub fn actor(self, account: &str) -> Actor {
        let role = |role: &str, session: &str, agent: &str, tool: Option<&str>, from: &str| Actor {
            name: session.into(),
            kind: ActorKind::Role,
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{session}").into(),
            from: from.into(),
            user_agent: agent.into(),
            tool: tool.map(Foreign::from),
        };
        let service = |name: &str, host: &str| Actor {
            name: name.into(),
            kind: ActorKind::Service,
            arn: format!("arn:aws:sts::{account}:assumed-role/AWSServiceRoleFor{name}/{name}").into(),
            from: host.into(),
            user_agent: host.into(),
            tool: None,
        };
        match self {
            Self::Terraform => role(
                "terraform-apply",
                "gha-terraform-4471",
                "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.82.2",
                Some("Terraform 1.9.5"),
                "20.102.41.7",
            ),
            Self::Person(name) => Actor {
                name: name.into(),
                kind: ActorKind::Person,
                arn: format!("arn:aws:sts::{account}:assumed-role/AWSReservedSSO_Admin_0a1b2c3d/{name}").into(),
                from: "203.0.113.24".into(),
                user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36".into(),
                tool: Some("console".into()),
            },
            Self::Pipeline => role(
                "github-actions-deploy",
                "GitHubActions",
                "aws-cli/2.27.1 exec-env/GitHubActions",
                Some("aws-cli 2.27.1"),
                "20.102.41.19",
            ),
            Self::Controller => {
                role("eks-lb-controller", "aws-load-balancer-controller", "elbv2.k8s.aws/v2.11.0 aws-sdk-go-v2", None, "10.20.18.7")
            }
            Self::Lambda => {
                role("nightly-jobs-lambda", "nightly-jobs", "Boto3/1.35 exec-env/AWS_Lambda_python3.13", None, "lambda.amazonaws.com")
            }
            Self::CloudFormation => {
                Actor { tool: Some("CloudFormation".into()), ..service("CloudFormation", "cloudformation.amazonaws.com") }
            }
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
    pub resources: Vec<String>,
    pub summary: String,
    pub parameters: Value,
    pub error: Option<&'a str>,
}

/// Writes diaries with ids of its own.
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

    pub fn call(&mut self, call: Call) -> Event {
        let actor = call.who.actor(&self.world.account);
        let service = if call.service == "cloudwatch" { "monitoring".to_owned() } else { call.service.to_owned() } + ".amazonaws.com";
        let id = self.uuid();
        let at = self.scenario.time(call.at);
        let raw = json!({
            "eventVersion": "1.11",
            "eventTime": crate::time::rfc3339(at),
            "eventSource": service,
            "eventName": call.name,
            "awsRegion": self.world.region,
            "sourceIPAddress": actor.from.as_str(),
            "userAgent": actor.user_agent.as_str(),
            "userIdentity": {"type": "AssumedRole", "arn": actor.arn.as_str(), "accountId": self.world.account},
            "requestParameters": call.parameters,
            "errorCode": call.error,
            "eventID": id,
            "readOnly": false,
            "eventType": "AwsApiCall",
        });
        Event {
            id,
            at,
            end: None,
            source: EventSource::CloudTrail,
            name: call.name.into(),
            service: service.into(),
            actor,
            resources: call.resources.into_iter().map(Foreign::from).collect(),
            summary: call.summary.into(),
            error: call.error.map(Foreign::from),
            raw: Some(raw),
        }
    }

    /// An entry in another diary than CloudTrail.
    pub fn entry(
        &mut self,
        source: EventSource,
        from: Second,
        to: Option<Second>,
        name: &str,
        resources: Vec<String>,
        summary: String,
    ) -> Event {
        let who = match source {
            EventSource::AutoScaling => Who::AutoScaling.actor(&self.world.account),
            EventSource::Ecs => Who::Ecs.actor(&self.world.account),
            EventSource::CodeDeploy => Who::Pipeline.actor(&self.world.account),
            _ => Actor::default(),
        };
        Event {
            id: self.uuid(),
            at: self.scenario.time(from),
            end: to.map(|t| self.scenario.time(t)),
            source,
            name: name.into(),
            service: Foreign::default(),
            actor: who,
            resources: resources.into_iter().map(Foreign::from).collect(),
            summary: summary.into(),
            error: None,
            raw: None,
        }
    }

    /// The hum of the account: Lambda, pipelines, other teams.
    pub fn noise(&mut self) -> Vec<Event> {
        (0..self.scenario.trail_noise).map(|_| self.one_of_the_hum()).collect()
    }

    fn one_of_the_hum(&mut self) -> Event {
        let at = self.rng.between(0, self.scenario.seconds() - 1);
        let n = self.rng.between(100, 999);
        let instance = format!("i-0{}", self.rng.hex(16));
        let (who, service, name, resource, words, parameters) = match self.rng.below(14) {
            0 | 1 => (
                Who::Lambda,
                "logs",
                "CreateLogStream",
                format!("/aws/lambda/nightly-{n}"),
                "new log stream".into(),
                json!({"logGroupName": format!("/aws/lambda/nightly-{n}")}),
            ),
            2 => (
                Who::Lambda,
                "ec2",
                "CreateNetworkInterface",
                format!("eni-0{}", self.rng.hex(16)),
                "interface for a function".into(),
                json!({"description": "AWS Lambda VPC ENI"}),
            ),
            3 => (
                Who::Lambda,
                "ec2",
                "DeleteNetworkInterface",
                format!("eni-0{}", self.rng.hex(16)),
                "interface of a function removed".into(),
                json!({}),
            ),
            4 => (
                Who::Pipeline,
                "ecr",
                "PutImage",
                format!("billing-worker:{n}"),
                "new image of billing-worker".into(),
                json!({"repositoryName": "billing-worker"}),
            ),
            5 => (
                Who::Pipeline,
                "ecs",
                "RegisterTaskDefinition",
                format!("billing-worker:{n}"),
                "task definition of billing-worker".into(),
                json!({"family": "billing-worker"}),
            ),
            6 => (Who::Lambda, "athena", "StartQueryExecution", "reports".into(), "nightly report".into(), json!({"workGroup": "reports"})),
            7 => (
                Who::Lambda,
                "ec2",
                "CreateSnapshot",
                format!("vol-0{}", self.rng.hex(16)),
                "backup of a volume".into(),
                json!({"description": "DLM"}),
            ),
            8 => (
                Who::AutoScaling,
                "ec2",
                "RunInstances",
                instance.clone(),
                "batch-workers starts an instance".into(),
                json!({"launchTemplate": {"launchTemplateName": "batch-workers"}}),
            ),
            9 => (
                Who::AutoScaling,
                "ec2",
                "TerminateInstances",
                instance.clone(),
                "batch-workers ends an instance".into(),
                json!({"instancesSet": {"items": [{"instanceId": instance}]}}),
            ),
            10 => (Who::CloudFormation, "sqs", "SetQueueAttributes", format!("events-{n}"), "queue setting".into(), json!({})),
            11 => (
                Who::Pipeline,
                "lambda",
                "UpdateFunctionCode20150331v2",
                format!("image-resize-{n}"),
                "new code of a function".into(),
                json!({"functionName": format!("image-resize-{n}")}),
            ),
            12 => (
                Who::Person(PEOPLE[self.rng.below(PEOPLE.len())]),
                "ssm",
                "PutParameter",
                format!("/batch/limit-{n}"),
                "parameter of batch".into(),
                json!({"name": format!("/batch/limit-{n}")}),
            ),
            _ => (
                Who::Lambda,
                "dynamodb",
                "UpdateTable",
                format!("sessions-{n}"),
                "capacity of a table".into(),
                json!({"tableName": format!("sessions-{n}")}),
            ),
        };
        let error = if self.rng.chance(0.03) { Some("Client.UnauthorizedOperation") } else { None };
        self.call(Call { at, who, service, name, resources: vec![resource], summary: words, parameters, error })
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
    let other_sg = format!("sg-0{}", scribe.rng.hex(16));
    let (who, service, name, resource, summary, parameters, error) = match decoy {
        Decoy::OtherDeployment => {
            let words = "deployment of billing-worker v482 to cluster batch".to_owned();
            let e = scribe.entry(
                EventSource::CodeDeploy,
                at + 20,
                Some(at + 400),
                "Deployment d-BILLING42 Succeeded",
                vec!["billing-worker".into()],
                words,
            );
            plan.events.push(e);
            (
                Who::Pipeline,
                "ecs",
                "UpdateService",
                "batch/billing-worker".to_owned(),
                "billing-worker: new task definition :482".to_owned(),
                json!({"cluster": "batch", "service": "billing-worker"}),
                None,
            )
        }
        Decoy::OtherSecurityGroup => {
            let p = json!({"groupId": other_sg, "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432}]}});
            (
                Who::Terraform,
                "ec2",
                "AuthorizeSecurityGroupIngress",
                other_sg.clone(),
                format!("{other_sg} (analytics): tcp 5432 allowed from 10.40.0.0/16"),
                p,
                None,
            )
        }
        Decoy::CronCpu => return cron(scribe, plan),
        Decoy::SecretRotation => (
            Who::Lambda,
            "secretsmanager",
            "PutSecretValue",
            "prod/reports/db".to_owned(),
            "secret prod/reports/db rotated".to_owned(),
            json!({"secretId": "prod/reports/db"}),
            None,
        ),
        Decoy::DeniedAttempt => {
            let sg = scribe.world.groups[0].security_group.clone();
            let p = json!({"groupId": sg, "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22}]}});
            (
                Who::Person("suzuki"),
                "ec2",
                "RevokeSecurityGroupIngress",
                sg.clone(),
                format!("{sg}: tcp 22 (refused, nothing changed)"),
                p,
                Some("Client.UnauthorizedOperation"),
            )
        }
        Decoy::InstanceTypeChange => {
            let id = format!("i-0{}", scribe.rng.hex(16));
            let p = json!({"instanceId": id, "instanceType": {"value": "r6i.xlarge"}});
            (
                Who::Person("tanaka.yuki"),
                "ec2",
                "ModifyInstanceAttribute",
                id.clone(),
                format!("{id} (reports-db): type r6i.large → r6i.xlarge"),
                p,
                None,
            )
        }
        Decoy::SmallSurge => {
            let factor = scribe.rng.range(1.12, 1.3);
            plan.surges.push(super::plan::Surge { from: at - 600, until: at + 3600, ramp: 420, factor, group: None });
            return;
        }
        Decoy::AppErrorBlip => {
            let targets = scribe.world.of_group(0);
            let share = scribe.rng.range(0.01, 0.04);
            plan.harm(at - 3600, at - 3300, &targets, super::plan::HarmKind::AppErrors { share });
            return;
        }
    };
    let e = scribe.call(Call { at, who, service, name, resources: vec![resource], summary, parameters, error });
    plan.events.push(e);
}

/// One host works on something else for a while, with room to spare.
fn cron(scribe: &mut Scribe, plan: &mut Plan) {
    let of = scribe.world.of_group(scribe.world.groups.len() - 1);
    let target = of[of.len() - 1];
    let at = scribe.scenario.onset - scribe.rng.between(300, 900);
    plan.harm(at, at + scribe.rng.between(600, 1500), &[target], super::plan::HarmKind::Busy { percent: 42.0 });
}
