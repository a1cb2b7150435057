//! The live source behind a command: a runtime of its own, so that the screen never waits for it.

use super::{Failure, Outcome, Run, USAGE, print};
use crate::headless::{self, Gathered};
use crate::sources::aws::{LiveOptions, gather};
use crate::sources::{self, Link};
use std::io::Read;
use std::time::Duration;
use tokio::runtime::Runtime;

/// A running live source.
pub(super) struct Live {
    pub link: Link,
    pub source: gather::Live,
    /// Kept while the link is used.
    pub runtime: Runtime,
}

/// As a shell says of a program that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;
/// How long leaving waits for queries to be stopped.
const STOPPING: Duration = Duration::from_secs(3);

impl Live {
    /// Leaves without waiting for calls under way, but not without stopping what would run on and be billed.
    /// Whoever held the link has let go of it.
    pub(super) fn close(runtime: Runtime, source: &gather::Live) {
        let _ = runtime.block_on(async { tokio::time::timeout(STOPPING, source.queries_ended()).await });
        runtime.shutdown_background();
    }
}

/// The longest alarm message read from stdin.
const MESSAGE_LIMIT: u64 = 1 << 20;

impl Run {
    pub(super) fn start_live(&self, target: &str) -> Result<Live, Failure> {
        let message = if target == "-" { Some(stdin()?) } else { None };
        let options = LiveOptions::new(&self.common, target, message, self.now, self.config.zone).map_err(|e| Failure::new(USAGE, e))?;
        let cost_ceiling = self.config.cost_ceiling();
        let options = LiveOptions { log_zone: self.config.log_zone, cache: self.config.cache(), cost_ceiling, ..options };
        let runtime = runtime()?;
        let (link, end) = sources::wire();
        let source = {
            let _inside = runtime.enter();
            gather::start(options, end)
        };
        Ok(Live { link, source, runtime })
    }

    pub(super) fn gather_live(&self, target: &str) -> Result<Gathered, Failure> {
        let mut writer = self.common.record.as_ref().map(|_| self.case_file(target)).transpose()?.flatten().map(|f| f.writer);
        let live = self.start_live(target)?;
        let mut failed = None;
        let record = |facts: &[crate::exchange::Fact]| {
            if let Some(Err(error)) = writer.as_mut().map(|w| w.write(facts)) {
                failed = Some(error);
            }
        };
        let gathered = live.runtime.block_on(async {
            let mut progress = std::io::stderr();
            tokio::select! {
                gathered = headless::gather(live.link, &mut progress, record) => Some(gathered),
                _ = tokio::signal::ctrl_c() => None,
            }
        });
        Live::close(live.runtime, &live.source);
        if let Some(error) = failed {
            eprintln!("alb-triage: the case could not be recorded: {error}");
        }
        if let Some(writer) = writer {
            writer.finish()?;
        }
        match live.source.fatal() {
            Some(fatal) => Err(Failure::new(fatal.kind.exit_code(), &fatal.words)),
            None => gathered.ok_or_else(|| Failure::new(INTERRUPTED, "stopped before everything was read; nothing was judged")),
        }
    }

    /// `preflight [TARGET]`
    pub fn preflight(&self, target: Option<&str>) -> Outcome {
        let preflight = runtime()?.block_on(crate::preflight::run(&self.common, target, self.now));
        print(&preflight.text)?;
        Ok(preflight.exit)
    }

    /// `policy`
    pub fn policy(&self, log_bucket: Option<&str>) -> Outcome {
        print(&crate::policy::print(log_bucket))?;
        Ok(0)
    }
}

pub(super) fn runtime() -> Result<Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

fn stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().take(MESSAGE_LIMIT).read_to_string(&mut text)?;
    Ok(text)
}
