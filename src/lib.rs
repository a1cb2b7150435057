//! alb-triage: from a `TargetConnectionErrorCount` alarm to a verdict.
//!
//! Everything the program learns is a [`exchange::Fact`]; a [`case::Case`] changes only by absorbing
//! facts; checks, diagnosis, screens and reports are pure functions of the case. So a live session is
//! already a recording, a replay is a live session, and a test is a replay. `docs/architecture.md`
//! draws the house.

pub mod accesslog;
pub mod alarm;
pub mod alarms;
pub mod analysis;
pub mod applog;
pub mod case;
pub mod changes;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod config;
pub mod diagnosis;
pub mod diff;
pub mod exchange;
pub mod headless;
pub mod judge;
pub mod logs;
pub mod metrics;
pub mod path;
pub mod policy;
pub mod preflight;
pub mod recording;
pub mod redaction;
pub mod report;
pub mod simulator;
pub mod sources;
pub mod subject;
pub mod terraform;
pub mod text;
pub mod time;
pub mod tui;
