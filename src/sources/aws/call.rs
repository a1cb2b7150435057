//! Calls to AWS: paced, counted, signed and classified. Three services through their SDK crates, every
//! other through one thin layer on the SDK's own orchestrator, so that nothing about signing, retrying
//! or timeouts is written by hand.
//!
//! ```ignore
//! // EC2, Auto Scaling, STS: a form goes in, XML comes out, read into the fields that are used.
//! #[derive(Deserialize)] struct Answer { #[serde(default, rename = "subnetSet")] subnets: Items<Subnet>, }
//! let answer: Answer = aws.query(Action::DescribeSubnets, &Params::new().filter("vpc-id", [vpc])).await?;
//! // Every page of it, at most `CAP`:
//! let pages: Vec<Answer> = aws.query_all(Action::DescribeInstances, &params, CAP, |a: &Answer| a.next_token.clone()).await?;
//! // Logs, ECS, CodeDeploy, Health, SSM, Athena: JSON both ways.
//! let answer: Answer = aws.json(Action::FilterLogEvents, &json!({"logGroupName": group})).await?;
//! // ARC zonal shift: a path, a query, JSON back.
//! let answer: Answer = aws.rest(Action::ListAutoshifts, "/autoshifts", &[("status", "ACTIVE")]).await?;
//! // S3 (see `s3.rs`): aws.list_objects(bucket, prefix, after, token), aws.get_object(bucket, key, range).
//! // The SDK crates; the closure is called again when AWS throttles:
//! let events = aws.sdk(Action::LookupEvents, || aws.cloudtrail().lookup_events().set_next_token(token.clone()).send()).await?;
//! ```
//! An error is a [`CallError`]; `error.gap(area, subject)` makes the gap.

mod wire;

use super::actions::{Action, Protocol, Service};
pub use super::encode::Params;
use super::encode::query_string;
use super::errors::{CallError, Fault, Trouble, classify};
use super::guard::{Count, Guard};
use super::pace::Pace;
use super::queries::Queries;
use super::session::{NoSession, Wishes, load};
use aws_config::SdkConfig;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::client::runtime_plugin::{SharedRuntimePlugin, StaticRuntimePlugin};
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::region::{Region, SigningRegion};
use aws_types::{SigningName, service_config::ServiceConfigKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use wire::{Answer, Reading, dns_suffix, home, serialize, signing_config, signing_plugin};
pub(super) use wire::{Destination, Wire};

/// How long a throttled call is tried again.
const PATIENCE: Duration = Duration::from_secs(120);

/// A handle on AWS; clones share connections, credentials, pace and count.
#[derive(Clone, Debug)]
pub struct Aws(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: SdkConfig,
    region: String,
    profile: Option<String>,
    guard: Guard,
    pace: Pace,
    queries: Queries,
    patience: Duration,
    signing: SharedRuntimePlugin,
    cloudwatch: aws_sdk_cloudwatch::Client,
    cloudtrail: aws_sdk_cloudtrail::Client,
    balancing: aws_sdk_elasticloadbalancingv2::Client,
    /// Told when a call has to wait because AWS throttles.
    waits: Mutex<Option<mpsc::UnboundedSender<Wait>>>,
    /// Where buckets turned out to be.
    pub(super) bucket_regions: Mutex<BTreeMap<String, String>>,
}

/// A call is waiting because AWS throttled it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    pub action: Action,
    pub delay: Duration,
    pub attempt: u32,
}

/// A list in EC2's XML: `<subnetSet><item>…</item></subnetSet>`.
#[derive(Clone, Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub struct Items<T> {
    #[serde(default = "Vec::new", rename = "item")]
    pub items: Vec<T>,
}

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

/// A list in the query protocols' XML: `<Activities><member>…</member></Activities>`.
#[derive(Clone, Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub struct Members<T> {
    #[serde(default = "Vec::new", rename = "member")]
    pub members: Vec<T>,
}

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self { members: Vec::new() }
    }
}

impl Aws {
    /// A session with AWS.
    ///
    /// # Errors
    /// When there is no region, or a file of certificates cannot be used. Credentials are first needed,
    /// and missed, by the first call.
    pub async fn open(wishes: &Wishes) -> Result<Self, NoSession> {
        let config = load(wishes).await?;
        let profile = wishes.profile.clone().or_else(|| std::env::var("AWS_PROFILE").ok());
        Ok(Self::from_config(config, profile, PATIENCE))
    }

    /// A session from a configuration at hand.
    pub fn from_config(config: SdkConfig, profile: Option<String>, patience: Duration) -> Self {
        let guard = Guard::default();
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        let cloudwatch = aws_sdk_cloudwatch::config::Builder::from(&config).interceptor(guard.clone()).build();
        let cloudtrail = aws_sdk_cloudtrail::config::Builder::from(&config).interceptor(guard.clone()).build();
        let balancing = aws_sdk_elasticloadbalancingv2::config::Builder::from(&config).interceptor(guard.clone()).build();
        Self(Arc::new(Inner {
            region,
            profile,
            patience,
            pace: Pace::default(),
            queries: Queries::default(),
            signing: SharedRuntimePlugin::new(signing_plugin(&config, guard.clone())),
            cloudwatch: aws_sdk_cloudwatch::Client::from_conf(cloudwatch),
            cloudtrail: aws_sdk_cloudtrail::Client::from_conf(cloudtrail),
            balancing: aws_sdk_elasticloadbalancingv2::Client::from_conf(balancing),
            waits: Mutex::new(None),
            bucket_regions: Mutex::new(BTreeMap::new()),
            guard,
            config,
        }))
    }

    /// A session with a server of a test's own.
    #[cfg(test)]
    pub(crate) fn for_tests(url: &str) -> Self {
        Self::for_impatient_tests(url, Duration::from_secs(5))
    }

    /// The same that gives up on a throttled call after `patience`.
    #[cfg(test)]
    pub(crate) fn for_impatient_tests(url: &str, patience: Duration) -> Self {
        let credentials = aws_credential_types::Credentials::new("testing", "testing", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .endpoint_url(url)
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        Self::from_config(config, None, patience)
    }

    pub fn region(&self) -> &str {
        &self.0.region
    }

    pub fn profile(&self) -> Option<&str> {
        self.0.profile.as_deref()
    }

    pub fn config(&self) -> &SdkConfig {
        &self.0.config
    }

    /// What has been sent so far.
    pub fn count(&self) -> &Count {
        &self.0.guard.count
    }

    /// The queries that run for this session.
    pub(super) fn queries(&self) -> &Queries {
        &self.0.queries
    }

    /// Until no query runs for this session, neither wanted nor being stopped.
    pub async fn queries_ended(&self) {
        self.queries().all_ended().await;
    }

    /// Sends a word whenever a call has to wait because AWS throttles.
    pub fn report_waits_to(&self, waits: mpsc::UnboundedSender<Wait>) {
        *self.0.waits.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(waits);
    }

    /// For [`Aws::sdk`] only: by itself a client is guarded and counted, but not paced.
    pub fn cloudwatch(&self) -> &aws_sdk_cloudwatch::Client {
        &self.0.cloudwatch
    }

    /// For [`Aws::sdk`] only.
    pub fn cloudtrail(&self) -> &aws_sdk_cloudtrail::Client {
        &self.0.cloudtrail
    }

    /// For [`Aws::sdk`] only.
    pub fn balancing(&self) -> &aws_sdk_elasticloadbalancingv2::Client {
        &self.0.balancing
    }

    /// A call through one of the SDK crates: waits for its turn, is sent again when throttled.
    pub async fn sdk<T, E, F>(&self, action: Action, send: impl Fn() -> F) -> Result<T, CallError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let send = &send;
        self.paced(action, move || async move { send().await.map_err(|e| self.classified(action, &e)) }).await
    }

    /// A query call: a form in, XML out.
    pub async fn query<T: DeserializeOwned>(&self, action: Action, params: &Params) -> Result<T, CallError> {
        let row = action.row();
        let facts = row.service.facts();
        debug_assert_eq!(facts.protocol, Protocol::Query, "{}", action.name());
        let form = params.form(row.operation, facts.version);
        let wire = || Wire {
            method: "POST",
            path: "/".into(),
            headers: vec![("content-type", "application/x-www-form-urlencoded".into())],
            body: form.clone().into_bytes(),
        };
        let body = self.send(action, wire).await?;
        let text = std::str::from_utf8(&body).map_err(|e| self.garbled(action, &e))?;
        quick_xml::de::from_str(text).map_err(|e| self.garbled(action, &e))
    }

    /// Every page of a query call, at most `cap` of them.
    pub async fn query_all<T: DeserializeOwned>(
        &self,
        action: Action,
        params: &Params,
        cap: usize,
        next: impl Fn(&T) -> Option<String>,
    ) -> Result<Vec<T>, CallError> {
        let mut pages: Vec<T> = Vec::new();
        let mut token: Option<String> = None;
        while pages.len() < cap {
            let params = token.as_ref().map_or_else(|| params.clone(), |t| params.page(t));
            let page: T = self.query(action, &params).await?;
            let following = next(&page).filter(|t| !t.is_empty() && Some(t) != token.as_ref());
            pages.push(page);
            match following {
                Some(t) => token = Some(t),
                None => break,
            }
        }
        Ok(pages)
    }

    /// A JSON call.
    pub async fn json<T: DeserializeOwned>(&self, action: Action, input: &impl Serialize) -> Result<T, CallError> {
        let row = action.row();
        let target = format!("{}.{}", row.service.facts().version, row.operation);
        let input = serde_json::to_vec(input).map_err(|e| self.garbled(action, &e))?;
        let wire = || Wire {
            method: "POST",
            path: "/".into(),
            headers: vec![("content-type", "application/x-amz-json-1.1".into()), ("x-amz-target", target.clone())],
            body: input.clone(),
        };
        let body = self.send(action, wire).await?;
        serde_json::from_slice(&body).map_err(|e| self.garbled(action, &e))
    }

    /// A GET that answers with JSON.
    pub async fn rest<T: DeserializeOwned>(&self, action: Action, path: &str, query: &[(&str, &str)]) -> Result<T, CallError> {
        let path = format!("{path}{}", query_string(query));
        let wire = || Wire { method: "GET", path: path.clone(), headers: Vec::new(), body: Vec::new() };
        let body = self.send(action, wire).await?;
        serde_json::from_slice(&body).map_err(|e| self.garbled(action, &e))
    }

    async fn send(&self, action: Action, wire: impl Fn() -> Wire) -> Result<Vec<u8>, CallError> {
        let to = self.destination(action.row().service);
        let mut answer = self.paced(action, || self.once(action, &to, wire())).await?;
        let bytes = answer.take_body().bytes().map(<[u8]>::to_vec);
        bytes.ok_or_else(|| self.garbled(action, &"the answer was not read"))
    }

    /// Takes turns with everyone who draws on the same allowance; waits and asks again when throttled.
    pub(super) async fn paced<T, F>(&self, action: Action, send: impl Fn() -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let started = Instant::now();
        for attempt in 1.. {
            self.0.pace.take(action).await;
            match send().await {
                Err(e) if e.trouble == Trouble::Throttled && started.elapsed() < self.0.patience => {
                    let delay = self.0.pace.throttled(action).await;
                    self.tell(Wait { action, delay, attempt });
                }
                Err(e) => return Err(e),
                Ok(answer) => {
                    self.0.pace.went_well(action).await;
                    return Ok(answer);
                }
            }
        }
        unreachable!("the loop ends only by returning")
    }

    fn tell(&self, wait: Wait) {
        let waits = self.0.waits.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(waits) = waits.as_ref() {
            // Nobody listening is fine: waits are told as a courtesy.
            let _ = waits.send(wait);
        }
    }

    /// One signed request through the orchestrator. A successful answer to [`Action::GetObject`] is not
    /// read; any other is, up to a limit.
    pub(super) async fn once(&self, action: Action, to: &Destination, wire: Wire) -> Result<HttpResponse, CallError> {
        let row = action.row();
        let mut layer = Layer::new("call");
        layer.store_put(SigningName::from_static(row.service.facts().signing));
        layer.store_put(SigningRegion::from(Region::new(to.region.clone())));
        layer.store_put(signing_config(row.service));
        let operation: Operation<Wire, Answer, Fault> = Operation::builder()
            .service_name(row.service.facts().id)
            .operation_name(row.operation)
            .endpoint_url(&to.url)
            .standard_retry(self.0.config.retry_config().unwrap_or(&aws_smithy_types::retry::RetryConfig::standard()))
            .timeout_config(self.0.config.timeout_config().cloned().unwrap_or_else(aws_smithy_types::timeout::TimeoutConfig::disabled))
            .runtime_plugin(self.0.signing.clone())
            .runtime_plugin(StaticRuntimePlugin::new().with_config(layer.freeze()))
            .serializer(serialize)
            .deserializer_impl(Reading { streaming: action == Action::GetObject })
            .build();
        let answer = operation.invoke(wire).await.map_err(|e| self.classified(action, &e))?;
        answer.take().ok_or_else(|| self.garbled(action, &"the answer was taken twice"))
    }

    fn classified<E>(&self, action: Action, error: &SdkError<E, HttpResponse>) -> CallError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let mut error = classify(action, error, super::clock::now().timestamp());
        error.profile.clone_from(&self.0.profile);
        error
    }

    pub(super) fn garbled(&self, action: Action, why: &dyn std::fmt::Display) -> CallError {
        CallError {
            action,
            trouble: Trouble::Garbled,
            code: String::new(),
            message: format!("the answer could not be understood: {why}").into(),
            profile: self.0.profile.clone(),
            region: None,
        }
    }

    /// Where a service is reached: the user's endpoint, or AWS's own for the region.
    pub(super) fn destination(&self, service: Service) -> Destination {
        let (host, region) = home(service, &self.0.region);
        match self.custom_endpoint(service) {
            Some(url) => Destination { url, region, custom: true },
            None => Destination { url: format!("https://{host}.{}", dns_suffix(&self.0.region)), region, custom: false },
        }
    }

    /// Flags go before `AWS_ENDPOINT_URL_<SERVICE>`, which goes before `AWS_ENDPOINT_URL`; profiles say the same.
    fn custom_endpoint(&self, service: Service) -> Option<String> {
        let config = &self.0.config;
        let general = || config.endpoint_url().map(str::to_owned);
        if config.get_origin("endpoint_url").is_client_config() {
            return general();
        }
        let key =
            ServiceConfigKey::builder().service_id(service.facts().id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?;
        config.service_config().and_then(|c| c.load_config(key)).or_else(general)
    }

    pub(super) fn bucket_regions(&self) -> &Mutex<BTreeMap<String, String>> {
        &self.0.bucket_regions
    }
}
