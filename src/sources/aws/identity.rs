//! Who asks: account, role, region, and until when the credentials last.

use super::actions::Action;
use super::call::{Aws, Params};
use super::context::{Context, origin};
use super::errors::CallError;
use crate::case::topology::Identity;
use crate::exchange::{Area, What};
use crate::time::Time;
use aws_credential_types::provider::ProvideCredentials;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Answer {
    #[serde(rename = "GetCallerIdentityResult")]
    result: Caller,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Caller {
    account: String,
    arn: String,
}

/// Asks AWS who we are.
pub async fn whoami(aws: &Aws) -> Result<Identity, CallError> {
    let answer: Answer = aws.query(Action::GetCallerIdentity, &Params::new()).await?;
    let Caller { account, arn } = answer.result;
    Ok(Identity { account, alias: None, arn: arn.into(), region: aws.region().to_owned(), expires: expiry(aws).await })
}

/// When the credentials end, if they do.
async fn expiry(aws: &Aws) -> Option<Time> {
    let credentials = aws.config().credentials_provider()?.provide_credentials().await.ok()?;
    Some(credentials.expiry()?.into())
}

pub(super) async fn gather(ctx: &Context) {
    let identity = whoami(&ctx.aws).await;
    if let Some(identity) = ctx.or_gap(Area::Identity, "who we are", identity).await {
        let none: [(&str, &str); 0] = [];
        ctx.learn_from(origin(Action::GetCallerIdentity, none), What::Identity(identity)).await;
    }
}
