//! The guard at the door: an interceptor on every client. It refuses any operation that is not in the
//! list of actions before a byte leaves the process, counts what is sent, and lets no answer in that is
//! larger than memory should hold.

use super::actions::Action;
use crate::exchange::Cost;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http_body_util::Limited;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// US dollars for one metric asked of GetMetricData: $0.01 a thousand.
pub const USD_PER_METRIC: f64 = 0.00001;

/// The largest answer that is held in memory at once, in MiB; S3 objects are streamed instead. The largest
/// that AWS sends, a page of CloudTrail events, stays below 13.
pub const ANSWER_MIB: usize = 32;

/// What has been sent so far, retries included.
#[derive(Debug, Default)]
pub struct Count {
    calls: Mutex<BTreeMap<Action, u64>>,
    metrics: Mutex<u64>,
    /// What queries over logs were billed, in US dollars.
    queries: Mutex<f64>,
}

impl Count {
    fn sent(&self, action: Action) {
        *self.calls.lock().unwrap_or_else(PoisonError::into_inner).entry(action).or_default() += 1;
    }

    /// A query over logs, by what it read.
    pub fn billed(&self, usd: f64) {
        *self.queries.lock().unwrap_or_else(PoisonError::into_inner) += usd;
    }

    /// Metrics asked of GetMetricData, which are billed one by one.
    pub fn metrics(&self, asked: usize) {
        *self.metrics.lock().unwrap_or_else(PoisonError::into_inner) += asked as u64;
    }

    /// As a fact.
    pub fn cost(&self) -> Cost {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let metrics_requested = *self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        Cost {
            calls: calls.iter().map(|(a, n)| (a.name(), *n)).collect(),
            metrics_requested,
            estimated_usd: metrics_requested as f64 * USD_PER_METRIC + *self.queries.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// An operation outside the list was tried.
#[derive(Debug, thiserror::Error)]
#[error("{service} {operation} is not in the list of actions: it was not sent")]
pub struct NotInTheList {
    service: String,
    operation: String,
}

/// The interceptor.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    pub count: Arc<Count>,
}

fn action(cfg: &ConfigBag) -> Result<Action, NotInTheList> {
    let (service, operation) = cfg.load::<Metadata>().map_or(("", ""), |m| (m.service(), m.name()));
    Action::find(service, operation).ok_or_else(|| NotInTheList { service: service.into(), operation: operation.into() })
}

#[dyn_dispatch_hint]
impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "Guard"
    }

    /// The first moment at which a client's interceptor knows the operation; nothing is written yet.
    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        action(cfg)?;
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.count.sent(action(cfg)?);
        Ok(())
    }

    /// Whether or not an answer says how long it is, reading ends at the limit.
    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if action(cfg)? != Action::GetObject {
            let body = context.response_mut().body_mut();
            let all = std::mem::replace(body, SdkBody::taken());
            *body = SdkBody::from_body_1_x(Limited::new(all, ANSWER_MIB << 20));
        }
        Ok(())
    }
}
