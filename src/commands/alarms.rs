//! `alb-triage` alone, and `alarms`: what alarms there are.

use super::live::runtime;
use super::{BAD_INPUT, Failure, LOCAL, Outcome, Run, USAGE, print};
use crate::alarms::{self, Listed, Sides};
use crate::sources::aws::alarms::{of_region, pasts};
use crate::sources::aws::call::Aws;
use crate::sources::aws::metrics::recent;
use crate::sources::aws::session::Wishes;
use crate::sources::aws::{Fatal, LiveOptions};
use crate::terraform::find_alarms;
use crate::time::Window;
use crate::tui;
use crate::tui::start::{News, Picked};
use chrono::Duration;
use std::io::IsTerminal;
use std::sync::mpsc::{Sender, channel};

/// Five minutes a point show the shape of three hours.
const RECENT_PERIOD: u32 = 300;

/// The region's alarms and the region's name.
struct Region {
    name: String,
    alarms: Listed,
}

impl Run {
    /// `alarms [--terraform DIR]`: files alone are worth a review when AWS cannot be asked.
    pub fn alarms(&self) -> Outcome {
        let listed = self.list(true);
        let found = self.common.terraform.as_deref().map(find_alarms);
        if let Some(problem) = found.as_ref().filter(|f| f.is_unreadable()).and_then(|f| f.problems.first()) {
            let folder = self.common.terraform.as_ref().map(|d| d.display().to_string()).unwrap_or_default();
            return Err(Failure::new(BAD_INPUT, format!("--terraform {folder}: {}", problem.words)));
        }
        let live = listed.as_ref().map(|r| &r.alarms).map_err(|f| f.message.clone());
        print(&alarms::document(&Sides { live, code: found.as_ref() }, self.config.lang))?;
        match listed {
            Err(failure) if found.is_none() => Ok(failure.code),
            // Files that are not what they claim to be are named in the document.
            _ if found.is_some_and(|f| f.problems.iter().any(|p| p.unreadable)) => Ok(BAD_INPUT),
            _ => Ok(0),
        }
    }

    /// Without a command: the list to pick from, on the screen before AWS has answered.
    pub fn alarm_list(&self) -> Outcome {
        if !std::io::stdout().is_terminal() {
            let region = self.list(false).map_err(with_demo)?;
            let lines: String = region.alarms.metric.iter().map(|a| format!("{:?}\t{}\n", a.state, a.name)).collect();
            print(&lines)?;
            return Ok(0);
        }
        if let Some(outcome) = self.offer_to_resume(None)? {
            return outcome;
        }
        let options = self.plain_options()?;
        let (tell, news) = channel();
        let (run, runtime) = (Self { common: self.common.clone(), config: self.config.clone(), now: self.now }, runtime()?);
        let reading = runtime.spawn(async move { run.tell_alarms(&tell).await });
        let picked = tui::start::choose(&news, self.now, &options).map_err(|e| Failure::new(LOCAL, format!("{e:#}")))?;
        match picked {
            Picked::Alarm(alarm) => {
                runtime.shutdown_background();
                self.investigate(&alarm.name)
            }
            Picked::Left => {
                runtime.shutdown_background();
                Ok(0)
            }
            Picked::NoNews => match runtime.block_on(reading) {
                Ok(Err(failure)) => Err(with_demo(failure)),
                _ => Err(Failure::new(LOCAL, "the alarms could not be read: please report this")),
            },
        }
    }

    /// The alarms first, then what each of them saw lately.
    async fn tell_alarms(&self, tell: &Sender<News>) -> Result<(), Failure> {
        let (aws, region) = self.listed().await?;
        let window = Window { start: self.now - Duration::hours(3), end: self.now }.aligned(RECENT_PERIOD);
        let alarms = region.alarms.metric;
        // Whoever has picked already needs no news.
        let _ = tell.send(News::Alarms { region: region.name, alarms: alarms.clone() });
        let _ = tell.send(News::Recent(recent(&aws, &alarms, window, RECENT_PERIOD).await));
        Ok(())
    }

    /// `with_past` reads two weeks of each alarm's metric, too.
    fn list(&self, with_past: bool) -> Result<Region, Failure> {
        let options = LiveOptions::new(&self.common, "", None, self.now, self.config.zone).map_err(|e| Failure::new(USAGE, e))?;
        runtime()?.block_on(async {
            let (aws, mut region) = self.listed().await?;
            if with_past {
                region.alarms.pasts = pasts(&aws, &region.alarms.metric, &options).await;
            }
            Ok(region)
        })
    }

    async fn listed(&self) -> Result<(Aws, Region), Failure> {
        let aws = Aws::open(&Wishes::of(&self.common)).await.map_err(|e| Failure::new(USAGE, e))?;
        let alarms = of_region(&aws).await.map_err(|e| Failure::new(Fatal::from(&e).kind.exit_code(), &e))?;
        let name = aws.region().to_owned();
        Ok((aws, Region { name, alarms }))
    }
}

fn with_demo(failure: Failure) -> Failure {
    Failure { message: format!("{}\nTo see what this looks like without AWS: alb-triage demo", failure.message), ..failure }
}
