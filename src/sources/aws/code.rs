//! The alarm's definition in Terraform files on this machine.

use super::context::Context;
use crate::case::gaps::Reason;
use crate::exchange::Area;

pub(super) async fn gather(ctx: &Context) {
    let (reason, detail) = match &ctx.options.terraform {
        None => (Reason::NotApplicable, "no folder with the alarm's code was given (--terraform DIR)"),
        Some(_) => (Reason::Unavailable, "this version does not read Terraform files yet"),
    };
    ctx.gap(Area::AlarmCode, "Terraform", reason, detail).await;
}
