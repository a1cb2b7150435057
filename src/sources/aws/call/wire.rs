//! One request on its way through the SDK's orchestrator: where it goes, how it is signed, how its answer
//! is read. Knows nothing of pace, and of actions only which service and operation they name.

use super::super::actions::Service;
use super::super::encode::fault;
use super::super::errors::Fault;
use super::super::guard::Guard;
use aws_config::SdkConfig;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_runtime::service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor};
use aws_runtime::user_agent::{ApiMetadata, AwsUserAgent, UserAgentInterceptor};
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime::client::stalled_stream_protection::StalledStreamProtectionInterceptor;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::interceptors::context::{Error as AnyError, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::DeserializeResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use std::sync::{Mutex, PoisonError};

/// A request before it is signed and sent.
#[derive(Debug)]
pub(in crate::sources::aws) struct Wire {
    pub method: &'static str,
    /// Path and query, already encoded.
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// Where a request goes and for which region it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources::aws) struct Destination {
    pub url: String,
    pub region: String,
    /// Set by the user rather than derived from the region.
    pub custom: bool,
}

/// First part of the host name, and the region to sign for. Health has one home a partition.
pub(super) fn home(service: Service, region: &str) -> (String, String) {
    let region = match service {
        Service::Health if region.starts_with("cn-") => "cn-northwest-1",
        Service::Health if region.starts_with("us-gov-") => "us-gov-west-1",
        Service::Health => "us-east-1",
        _ => region,
    };
    (format!("{}.{region}", service.facts().host), region.to_owned())
}

pub(super) fn dns_suffix(region: &str) -> &'static str {
    match region {
        r if r.starts_with("cn-") => "amazonaws.com.cn",
        r if r.starts_with("us-iso-") => "c2s.ic.gov",
        r if r.starts_with("us-isob-") => "sc2s.sgov.gov",
        r if r.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

/// S3 signs its paths as they are and wants the checksum of the (empty) body in a header.
pub(super) fn signing_config(service: Service) -> SigV4OperationSigningConfig {
    let mut options = SigningOptions::default();
    if service == Service::S3 {
        options.double_uri_encode = false;
        options.normalize_uri_path = false;
        options.content_sha256_header = true;
    }
    SigV4OperationSigningConfig { signing_options: options, ..Default::default() }
}

/// Everything that is the same for all calls of the thin layer, put together as the SDK's own crates do.
pub(super) fn signing_plugin(config: &SdkConfig, guard: Guard) -> StaticRuntimePlugin {
    let mut layer = Layer::new("alb-triage");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(AwsUserAgent::new_from_environment(
        aws_types::os_shim_internal::Env::real(),
        ApiMetadata::new("alb-triage", env!("CARGO_PKG_VERSION")),
    ));
    let mut components = RuntimeComponentsBuilder::new("alb-triage")
        .with_http_client(config.http_client())
        .with_sleep_impl(config.sleep_impl())
        .with_time_source(config.time_source())
        .with_identity_cache(config.identity_cache())
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
        .with_interceptor(UserAgentInterceptor::new())
        .with_interceptor(ServiceClockSkewInterceptor::new())
        .with_interceptor(StalledStreamProtectionInterceptor::default())
        .with_interceptor(guard)
        .with_retry_classifier(HttpStatusCodeClassifier::default())
        .with_retry_classifier(TransientErrorClassifier::<Fault>::new())
        .with_retry_classifier(AwsErrorCodeClassifier::<Fault>::new())
        .with_retry_classifier(ServiceClockSkewClassifier::<Fault>::new());
    if let Some(credentials) = config.credentials_provider() {
        components.set_identity_resolver(SCHEME_ID, credentials);
    }
    StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
}

pub(super) fn serialize(wire: Wire) -> Result<HttpRequest, aws_smithy_runtime_api::box_error::BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(wire.body));
    request.set_method(wire.method)?;
    request.set_uri(wire.path)?;
    for (name, value) in wire.headers {
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

/// The answer on its way out of the orchestrator, which wants outputs that can be shared.
#[derive(Debug)]
pub(super) struct Answer(Mutex<Option<HttpResponse>>);

impl Answer {
    fn new(response: HttpResponse) -> Self {
        Self(Mutex::new(Some(response)))
    }

    pub(super) fn take(&self) -> Option<HttpResponse> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Hands the answer on, or makes a [`Fault`] of it.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) streaming: bool,
}

impl DeserializeResponse for Reading {
    fn deserialize_streaming_with_config(
        &self,
        response: &mut HttpResponse,
        _: &ConfigBag,
    ) -> Option<Result<Output, OrchestratorError<AnyError>>> {
        let good = response.status().is_success();
        if good && self.streaming {
            return Some(Ok(Output::erase(Answer::new(taken(response)))));
        }
        None
    }

    fn deserialize_nonstreaming_with_config(&self, response: &HttpResponse, _: &ConfigBag) -> Result<Output, OrchestratorError<AnyError>> {
        let body = response.body().bytes().unwrap_or_default();
        if !response.status().is_success() {
            let meta = fault(body, response.headers().get("x-amzn-errortype"));
            return Err(OrchestratorError::operation(AnyError::erase(Fault { meta })));
        }
        let mut copy = HttpResponse::new(response.status(), SdkBody::from(body.to_vec()));
        *copy.headers_mut() = response.headers().clone();
        Ok(Output::erase(Answer::new(copy)))
    }
}

fn taken(response: &mut HttpResponse) -> HttpResponse {
    let mut out = HttpResponse::new(response.status(), response.take_body());
    *out.headers_mut() = response.headers().clone();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_is_asked_at_its_one_home() {
        assert_eq!(home(Service::Health, "ap-northeast-1"), ("health.us-east-1".into(), "us-east-1".into()));
        assert_eq!(home(Service::Ec2, "ap-northeast-1"), ("ec2.ap-northeast-1".into(), "ap-northeast-1".into()));
        assert_eq!(dns_suffix("cn-north-1"), "amazonaws.com.cn");
    }
}
