//! Systems Manager's agents: whether the operating system of an instance still speaks.

use crate::case::topology::HostAgent;
use crate::changes::json::{items, time, word};
use crate::exchange::{Area, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::context::{Context, origin};
use serde_json::{Value, json};

/// Instances a call.
const A_CALL: usize = 50;

/// Instances without an agent have no row, and so no fact.
pub(super) async fn gather(ctx: &Context, ids: &[String]) {
    for ids in ids.chunks(A_CALL) {
        let asked = json!({"Filters": [{"Key": "InstanceIds", "Values": ids}], "MaxResults": A_CALL});
        let answer = ctx.aws.json::<Value>(Action::DescribeInstanceInformation, &asked).await;
        let Some(answer) = ctx.or_gap(Area::Instances, "Systems Manager's agents", answer).await else { return };
        let agents: Vec<_> = items(&answer, "InstanceInformationList").into_iter().filter_map(agent).collect();
        if !agents.is_empty() {
            ctx.learn_from(origin(Action::DescribeInstanceInformation, [("InstanceIds", ids.join(","))]), What::HostAgents(agents)).await;
        }
    }
}

fn agent(row: &Value) -> Option<HostAgent> {
    let last_heard = time(row, "LastPingDateTime");
    Some(HostAgent { instance: word(row, "InstanceId")?, ping: word(row, "PingStatus").unwrap_or_default(), last_heard })
}
