//! The documents that remain of a case, read the way their readers read them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop")]
#![allow(clippy::too_many_lines, reason = "the sample is one long list of facts")]

mod browser;
mod bundle;
mod chromium;
mod compare;
mod documents;
mod hostile;
mod pictures;
mod redaction;
mod sample;
mod schema;
