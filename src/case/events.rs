//! Things that happened at a point or over a range of time, whoever reported them.

use super::gaps::{Gap, Reason};
use crate::exchange::Area;
use crate::text::Foreign;
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// One happening. Everything that is not about connections is kept too: relevance is judged later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Unique at its source: CloudTrail event id, activity id, …
    pub id: String,
    pub at: Time,
    /// For ranges such as deployments; `None` while it lasts or when it has no length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Time>,
    pub source: EventSource,
    /// `RevokeSecurityGroupIngress`, `Terminating EC2 instance`, …
    pub name: Foreign,
    /// `ec2.amazonaws.com` for API calls; empty otherwise.
    #[serde(default)]
    pub service: Foreign,
    pub actor: Actor,
    /// Ids, names and ARNs the event names.
    pub resources: Vec<Foreign>,
    /// What was done, in one line, before → after where the request tells.
    pub summary: Foreign,
    /// Set when the call failed and so changed nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Foreign>,
    /// The record as it came, bounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<serde_json::Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventSource {
    CloudTrail,
    AutoScaling,
    Ecs,
    CodeDeploy,
    AwsHealth,
    ZonalShift,
    Alarm,
    /// Scheduled instance events, launch times, state reasons.
    Ec2,
    /// Lines of the application's log that mark a start, a stop, a version.
    AppLog,
}

impl EventSource {
    /// The word in the JSON report.
    pub fn id(self) -> &'static str {
        match self {
            Self::CloudTrail => "cloudtrail",
            Self::AutoScaling => "auto_scaling",
            Self::Ecs => "ecs",
            Self::CodeDeploy => "codedeploy",
            Self::AwsHealth => "aws_health",
            Self::ZonalShift => "zonal_shift",
            Self::Alarm => "alarm",
            Self::Ec2 => "ec2",
            Self::AppLog => "app_log",
        }
    }
}

/// Who did it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// User, role session or service, as short as it can be said.
    pub name: Foreign,
    pub kind: ActorKind,
    #[serde(default)]
    pub arn: Foreign,
    /// Address or service the call came from.
    #[serde(default)]
    pub from: Foreign,
    #[serde(default)]
    pub user_agent: Foreign,
    /// `Terraform 1.9`, `CloudFormation`, `console`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Foreign>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    Person,
    /// A role assumed by a pipeline or a program.
    Role,
    /// An AWS service acting by itself.
    Service,
    #[default]
    Unknown,
}

/// How far a source of events has been read, so that "no event" can be told from "not read".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    pub area: Area,
    pub source: EventSource,
    /// Read completely between these times.
    pub from: Time,
    pub to: Time,
    /// A cap stopped the reading before the window's start.
    pub capped: bool,
    pub pages: u32,
    /// Events after this may not have arrived yet.
    pub settled_until: Time,
}

impl Reach {
    /// What this reading could not see, as gaps: it stopped at a cap, or the newest events have not arrived. A
    /// later reading closes them.
    pub fn gaps(&self) -> Vec<Gap> {
        let gap = |subject: String, reason, detail: String| Gap {
            area: self.area,
            subject: subject.into(),
            reason,
            action: None,
            detail: detail.into(),
        };
        let (from, settled, pages) = (self.from.format("%H:%M"), self.settled_until.format("%H:%M"), self.pages);
        let source = if self.source == EventSource::CloudTrail { "CloudTrail" } else { self.source.id() };
        let fresh = (self.settled_until < self.to).then(|| {
            let detail = "they may not have arrived yet; a live session asks again by itself until they must have";
            gap(format!("{source} events after {settled} UTC"), Reason::TooFresh, detail.into())
        });
        let capped = self.capped.then(|| {
            let detail = format!(
                "reading stopped at its cap of {pages} pages; earlier ones were asked only by the names on the path; asking again goes on from there"
            );
            gap(format!("{source} events before {from} UTC"), Reason::Unavailable, detail)
        });
        fresh.into_iter().chain(capped).collect()
    }
}
