//! The session: region, credentials, transport and endpoints from the SDK's whole chain, with the
//! command line's wishes over them.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::io::Read;
use std::time::Duration;

/// Bytes of a file of certificates; the whole web's are 300 kB.
const LARGEST_BUNDLE: u64 = 16 << 20;

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
    #[error("AWS_CA_BUNDLE names {path}, which cannot be used: {why}. Give it a file of certificates in PEM, or unset it")]
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
            let bundle = ca_bundle(&path).map_err(|why| NoSession::BadCaBundle { path, why })?;
            TrustStore::default().with_pem_certificate(bundle)
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

/// The file's bytes, once it is sure that every certificate in it can be used: the HTTP client takes that
/// for granted.
fn ca_bundle(path: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    file.take(LARGEST_BUNDLE + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() as u64 > LARGEST_BUNDLE {
        return Err("it is larger than 16 MiB".into());
    }
    let mut trusted = RootCertStore::empty();
    for (n, certificate) in (1..).zip(CertificateDer::pem_slice_iter(&bytes)) {
        let usable = certificate.map_err(|e| e.to_string()).and_then(|c| trusted.add(c).map_err(|e| e.to_string()));
        usable.map_err(|why| format!("certificate {n} in it is broken ({why})"))?;
    }
    if trusted.is_empty() { Err("there is no certificate in it".into()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle(text: &str) -> Result<usize, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, text).unwrap();
        ca_bundle(path.to_str().unwrap()).map(|b| b.len())
    }

    #[test]
    fn a_bundle_that_cannot_be_used_says_why() {
        assert_eq!(bundle("hello"), Err("there is no certificate in it".into()));
        let cut = "-----BEGIN CERTIFICATE-----\nMIIB\n";
        assert!(bundle(cut).unwrap_err().contains("certificate 1 in it is broken"), "{:?}", bundle(cut));
        let nonsense = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        assert!(bundle(nonsense).unwrap_err().contains("certificate 1 in it is broken"), "{:?}", bundle(nonsense));
        assert!(ca_bundle("/nowhere/ca.pem").is_err());
        let words = NoSession::BadCaBundle { path: "/etc/ca.pem".into(), why: "there is no certificate in it".into() }.to_string();
        assert!(words.starts_with("AWS_CA_BUNDLE names /etc/ca.pem, which cannot be used: there is no certificate in it"), "{words}");
    }
}
