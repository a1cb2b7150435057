//! The live source: AWS, read only.
//!
//! [`actions`] lists every call there is; [`call`] makes them; the other modules each read one area of
//! the world into facts, with a [`context::Context`] in hand. Knows nothing of screens.

pub mod access_logs;
pub mod actions;
pub mod alarms;
pub mod app_logs;
pub mod athena;
pub mod aws_health;
mod balancer;
pub mod call;
pub mod changes;
mod clock;
mod code;
mod consoles;
pub mod context;
mod encode;
pub mod errors;
pub mod fatal;
mod find;
pub mod gather;
pub mod guard;
pub mod identity;
pub mod insights;
pub mod instances;
pub mod lifecycle;
pub mod metrics;
mod network;
pub mod options;
mod pace;
mod queries;
pub mod s3;
pub mod session;
#[cfg(test)]
pub(crate) mod stub;
mod values;

pub use fatal::{Fatal, FatalKind};
pub use gather::{Live, start};
pub use options::LiveOptions;
