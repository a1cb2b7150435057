//! The application's log: files and folders that were named, and log groups of CloudWatch Logs. Groups
//! that only look related are offered, never assumed.

mod arrival;
mod balancer;
mod groups;
mod offer;
mod sink;
mod size;

use super::context::{Context, file_origin};
use crate::applog::{AppLog, Progress, Read, Stamps, read_local};
use crate::case::gaps::Reason;
use crate::exchange::{Area, Origin, What};
use std::ops::ControlFlow;
use std::path::PathBuf;
use tokio::sync::mpsc;

/// Reads application logs of the window.
pub async fn gather(ctx: &Context) {
    let (paths, named) = (ctx.options.app_logs.clone(), ctx.options.app_log_groups.clone());
    if paths.is_empty() && named.is_empty() {
        offer::offer(ctx).await;
        return;
    }
    for path in paths {
        if path.as_os_str() == "-" && ctx.is_later() {
            // Standard input is read once; what was said of it still holds.
            let told = ctx.case(|c| c.gaps_of(&[Area::AppLog]).filter(|g| &*g.subject == "-").cloned().collect::<Vec<_>>());
            for gap in told {
                ctx.learn(What::Gap(gap)).await;
            }
        } else if !was_read(ctx, &path.display().to_string()) {
            local(ctx, path).await;
        }
    }
    for group in &named {
        groups::read(ctx, group).await;
    }
}

/// Whether this is a later reading, and an earlier one read all of it: nobody waits or pays for it twice.
fn was_read(ctx: &Context, name: &str) -> bool {
    let window = ctx.window.aligned(60);
    ctx.is_later() && ctx.case(|c| c.app_logs.get(name).is_some_and(|l| !l.incomplete && l.window == Some(window)))
}

/// What a reading on its own thread tells.
enum Told {
    Far(Progress, Box<AppLog>),
    Done(Box<Read>),
}

/// Reads a file or a folder beside everything else; what was found so far is told on the way.
async fn local(ctx: &Context, path: PathBuf) {
    let (tell, mut told) = mpsc::channel(4);
    let stamps = Stamps { zone: ctx.options.log_zone, shift: ctx.options.log_shift };
    let (window, from) = (ctx.window, path.clone());
    let origin = file_origin(&path);
    let reading = tokio::task::spawn_blocking(move || {
        let mut progress = |far, engine: &crate::applog::Engine| {
            // Nobody waits for the result any more: stop.
            match tell.blocking_send(Told::Far(far, Box::new(engine.snapshot()))) {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        };
        let read = read_local(&[from], window, stamps, &mut progress);
        let _ = tell.blocking_send(Told::Done(Box::new(read)));
    });
    while let Some(told) = told.recv().await {
        match told {
            Told::Far(far, log) => {
                ctx.learn_from(origin.clone(), What::AppLog(log)).await;
                ctx.busy(Area::AppLog, detail(&path, far)).await;
            }
            Told::Done(read) => learn(ctx, origin.clone(), *read).await,
        }
    }
    if reading.await.is_err() {
        ctx.gap(Area::AppLog, &path.display().to_string(), Reason::Unavailable, "the reading broke off").await;
    }
}

fn detail(path: &std::path::Path, far: Progress) -> String {
    let (name, mb) = (path.display(), far.bytes / 1_000_000);
    match far.total {
        0 => format!("{name}: {mb} MB"),
        total => format!("{name}: {mb} of {} MB", total / 1_000_000),
    }
}

async fn learn(ctx: &Context, origin: Origin, read: Read) {
    for (path, why) in &read.problems {
        ctx.gap(Area::AppLog, &path.display().to_string(), Reason::Unavailable, why).await;
    }
    ctx.learn_from(origin.clone(), What::AppLog(Box::new(read.log.clone()))).await;
    if !read.events.is_empty() {
        ctx.learn_from(origin.clone(), What::Events(read.events)).await;
    }
    arrival::among(ctx, origin, read.log, read.traces).await;
}

#[cfg(test)]
#[path = "app_logs/tests.rs"]
mod tests;
