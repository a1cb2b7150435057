//! Console output of the instances in question: asked for only when the user wants it, since it may hold
//! secrets; only lines that tell of starts and troubles stay.

use super::actions::Action;
use super::call::Params;
use super::context::{Context, origin};
use super::errors::{CallError, Trouble};
use super::values::iso;
use crate::case::gaps::Reason;
use crate::changes::console::{UNASKED, in_question, read};
use crate::exchange::{Area, Ask, What};
use base64::Engine;
use serde::Deserialize;

/// Instances whose console is read where none is named.
pub const INSTANCES: usize = 5;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    timestamp: Option<String>,
    output: Option<String>,
}

/// Those asked for; without a wish those in question, if the user wants consoles read at all.
pub(super) async fn gather(ctx: &Context, ask: Option<&Ask>) {
    let named = ask.map(|a| a.subjects.clone()).unwrap_or_default();
    if named.is_empty() && !ctx.options.console {
        let detail = "nobody asked for it (--console, or its key on the screen): it may hold secrets";
        return ctx.gap(Area::Consoles, UNASKED, Reason::NotApplicable, detail).await;
    }
    let wanted = if named.is_empty() { in_question_now(ctx).await } else { named };
    for id in wanted {
        ctx.busy(Area::Consoles, format!("console output of {id}")).await;
        let subject = format!("console output of {id}");
        let Some(answer) = ctx.or_gap(Area::Consoles, &subject, read_one(ctx, &id).await).await else { continue };
        let bytes = answer.output.map(|o| o.split_whitespace().collect::<String>()).unwrap_or_default();
        let bytes = base64::engine::general_purpose::STANDARD.decode(bytes).unwrap_or_default();
        let console = read(&id, answer.timestamp.as_deref().and_then(iso), &String::from_utf8_lossy(&bytes));
        ctx.learn_from(origin(Action::GetConsoleOutput, [("InstanceId", id.as_str())]), What::Consoles(vec![console])).await;
    }
}

async fn in_question_now(ctx: &Context) -> Vec<String> {
    let total = ctx.case(|c| c.instances.len());
    if total > INSTANCES {
        let detail = format!("the consoles of {INSTANCES} of {total} instances are read, those in question first");
        ctx.gap(Area::Consoles, "consoles of the other instances", Reason::NotApplicable, detail).await;
    }
    ctx.case(|c| in_question(c, INSTANCES))
}

/// The newest output, which only newer machines have; else the one of the last start.
async fn read_one(ctx: &Context, id: &str) -> Result<Answer, CallError> {
    let params = Params::new().with("InstanceId", id);
    match ctx.aws.query(Action::GetConsoleOutput, &params.clone().with("Latest", "true")).await {
        Err(e) if e.trouble == Trouble::Invalid => ctx.aws.query(Action::GetConsoleOutput, &params).await,
        other => other,
    }
}
