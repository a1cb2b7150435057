//! The session: region, credentials, transport and endpoints from the SDK's whole chain, with the
//! command line's wishes over them.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use std::time::Duration;

/// What the command line says about the session.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
}

impl Wishes {
    /// From the flags that all commands share.
    pub fn of(common: &crate::cli::Common) -> Self {
        Self { region: common.region.clone(), profile: common.profile.clone(), endpoint_url: common.endpoint_url.clone() }
    }
}

/// Why no session could be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSession {
    #[error("no region is set: give --region, or set AWS_REGION, or `region` in the profile")]
    NoRegion,
    #[error("AWS_CA_BUNDLE names {path}, which cannot be used: {why}")]
    BadCaBundle { path: String, why: String },
}

/// Loads the configuration. Reads files and the environment; asks the network only where the SDK's
/// chain has to (instance role, region of the instance).
///
/// # Errors
/// When there is no region, or a named file of certificates cannot be used.
pub async fn load(wishes: &Wishes) -> Result<SdkConfig, NoSession> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(30))
        .operation_attempt_timeout(Duration::from_secs(60))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client()?)
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts);
    if let Some(region) = &wishes.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &wishes.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &wishes.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let config = loader.load().await;
    if config.region().is_none() { Err(NoSession::NoRegion) } else { Ok(config) }
}

/// HTTP over ring, through the proxy that the environment names, trusting also what `AWS_CA_BUNDLE` adds.
fn http_client() -> Result<SharedHttpClient, NoSession> {
    let trust = match std::env::var("AWS_CA_BUNDLE") {
        Ok(path) if !path.is_empty() => {
            let bad = |why: String| NoSession::BadCaBundle { path: path.clone(), why };
            TrustStore::default().with_pem_certificate(std::fs::read(&path).map_err(|e| bad(e.to_string()))?)
        }
        _ => TrustStore::default(),
    };
    let tls = TlsContext::builder()
        .with_trust_store(trust)
        .build()
        .map_err(|e| NoSession::BadCaBundle { path: "AWS_CA_BUNDLE".into(), why: e.to_string() })?;
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder();
        if let Some(settings) = settings {
            connector = connector.connector_settings(settings.clone());
        }
        connector.set_sleep_impl(components.and_then(aws_smithy_runtime_api::client::runtime_components::RuntimeComponents::sleep_impl));
        connector.proxy_config(ProxyConfig::from_env()).tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls.clone()).build()
    }))
}
