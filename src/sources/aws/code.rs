//! The alarm's definition in Terraform files on this machine.

use super::context::Context;
use crate::case::gaps::Reason;
use crate::exchange::{Area, What};
use crate::terraform::find_alarms;

pub(super) async fn gather(ctx: &Context) {
    let Some(folder) = ctx.options.terraform.clone() else {
        let detail = "no folder with the alarm's code was given (--terraform DIR)";
        return ctx.gap(Area::AlarmCode, "Terraform", Reason::NotApplicable, detail).await;
    };
    ctx.busy(Area::AlarmCode, folder.display().to_string()).await;
    let reading = tokio::task::spawn_blocking(move || find_alarms(&folder).into_facts(&folder, super::clock::now()));
    match reading.await {
        // The area is settled by whoever runs this reader.
        Ok(facts) => {
            for fact in facts.into_iter().filter(|f| !matches!(f.what, What::Settled { .. })) {
                match fact.origin {
                    Some(origin) => ctx.learn_from(origin, fact.what).await,
                    None => ctx.learn(fact.what).await,
                }
            }
        }
        Err(broken) => ctx.gap(Area::AlarmCode, "Terraform", Reason::Unavailable, broken.to_string()).await,
    }
}
