//! Console output of the instances in question: asked for only when the user wants it, since it may hold
//! secrets; only lines that tell of starts and troubles stay.

use crate::accesslog::count_by;
use crate::case::Case;
use crate::case::gaps::Reason;
use crate::changes::console::read;
use crate::exchange::{Area, What};
use crate::sources::aws::actions::Action;
use crate::sources::aws::call::Params;
use crate::sources::aws::context::{Context, origin};
use crate::sources::aws::errors::{CallError, Trouble};
use crate::sources::aws::values::iso;
use base64::Engine;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Instances whose console is read.
const INSTANCES: usize = 5;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    timestamp: Option<String>,
    output: Option<String>,
}

pub(super) async fn gather(ctx: &Context) {
    // Which ones are in question is known from their failures.
    ctx.until(Area::AccessLog).await;
    ctx.until(Area::HostMetrics).await;
    let total = ctx.case(|c| c.instances.len());
    if total > INSTANCES {
        let detail = format!("the consoles of {INSTANCES} of {total} instances are read, those in question first");
        ctx.gap(Area::Instances, "consoles of the other instances", Reason::NotApplicable, detail).await;
    }
    for id in ctx.case(in_question) {
        ctx.busy(Area::Lifecycle, format!("console output of {id}")).await;
        let subject = format!("console output of {id}");
        let Some(answer) = ctx.or_gap(Area::Instances, &subject, ask(ctx, &id).await).await else { continue };
        let bytes = answer.output.map(|o| o.split_whitespace().collect::<String>()).unwrap_or_default();
        let bytes = base64::engine::general_purpose::STANDARD.decode(bytes).unwrap_or_default();
        let console = read(&id, answer.timestamp.as_deref().and_then(iso), &String::from_utf8_lossy(&bytes));
        ctx.learn_from(origin(Action::GetConsoleOutput, [("InstanceId", id.as_str())]), What::Consoles(vec![console])).await;
    }
}

/// The newest output, which only newer machines have; else the one of the last start.
async fn ask(ctx: &Context, id: &str) -> Result<Answer, CallError> {
    let params = Params::new().with("InstanceId", id);
    match ctx.aws.query(Action::GetConsoleOutput, &params.clone().with("Latest", "true")).await {
        Err(e) if e.trouble == Trouble::Invalid => ctx.aws.query(Action::GetConsoleOutput, &params).await,
        other => other,
    }
}

/// Those that failed most, by the access log; those that failed their status check or are not healthy now; then
/// any, as far as they go.
fn in_question(case: &Case) -> Vec<String> {
    let by_address: BTreeMap<&str, &str> =
        case.instances.values().filter_map(|i| Some((i.private_ip.as_deref()?, i.id.as_str()))).collect();
    let failed = case.access_log.iter().flat_map(|l| &l.failures).filter(|r| r.signature.is_failed_connection());
    let mut counts: Vec<_> = count_by(failed, |r| r.target.as_str()).into_iter().collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let address = |target: &str| target.rsplit_once(':').map_or(target, |(host, _)| host).trim_matches(['[', ']']).to_owned();
    let failing = counts.iter().filter_map(|(target, _)| by_address.get(address(target).as_str()).copied());
    let status = case.series.of("StatusCheckFailed").filter(|(_, t)| t.stretches().iter().any(|s| s.values.iter().any(|v| *v > 0.0)));
    let unwell = case.target_health.values().filter(|t| t.state != "healthy" || t.anomalous == Some(true)).map(|t| t.id.as_str());
    let unwell = unwell.filter(|id| case.instances.contains_key(*id));
    let all = failing.chain(status.filter_map(|(k, _)| k.instance())).chain(unwell);
    let mut chosen: Vec<String> = Vec::new();
    for id in all.chain(case.instances.keys().map(String::as_str)) {
        if chosen.len() < INSTANCES && !chosen.iter().any(|c| c == id) {
            chosen.push(id.to_owned());
        }
    }
    chosen
}
