//! `alb-triage` alone, and `alarms`: what alarms there are.

use super::live::runtime;
use super::{BAD_INPUT, DENIED, Failure, LOCAL, Outcome, Run, UNREACHABLE, USAGE, print};
use crate::alarms::{self, Sides};
use crate::case::alarm::Alarm;
use crate::sources::aws::alarms::on_connection_errors;
use crate::sources::aws::call::Aws;
use crate::sources::aws::metrics::recent;
use crate::sources::aws::session::Wishes;
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
struct Listed {
    region: String,
    alarms: Vec<Alarm>,
}

impl Run {
    /// `alarms [--terraform DIR]`: files alone are worth a review when AWS cannot be asked.
    pub fn alarms(&self) -> Outcome {
        let listed = self.list();
        let found = self.common.terraform.as_deref().map(find_alarms);
        if let Some(problem) = found.as_ref().filter(|f| f.is_unreadable()).and_then(|f| f.problems.first()) {
            let folder = self.common.terraform.as_ref().map(|d| d.display().to_string()).unwrap_or_default();
            return Err(Failure::new(BAD_INPUT, format!("--terraform {folder}: {}", problem.words)));
        }
        let live = listed.as_ref().map(|l| l.alarms.as_slice()).map_err(|f| f.message.clone());
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
            let lines: String = self.list().map_err(with_demo)?.alarms.iter().map(|a| format!("{:?}\t{}\n", a.state, a.name)).collect();
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
        let (aws, listed) = self.listed().await?;
        let window = Window { start: self.now - Duration::hours(3), end: self.now }.aligned(RECENT_PERIOD);
        let alarms = listed.alarms.clone();
        // Whoever has picked already needs no news.
        let _ = tell.send(News::Alarms { region: listed.region, alarms: listed.alarms });
        let _ = tell.send(News::Recent(recent(&aws, &alarms, window, RECENT_PERIOD).await));
        Ok(())
    }

    fn list(&self) -> Result<Listed, Failure> {
        runtime()?.block_on(self.listed()).map(|(_, listed)| listed)
    }

    async fn listed(&self) -> Result<(Aws, Listed), Failure> {
        let aws = Aws::open(&Wishes::of(&self.common)).await.map_err(|e| Failure::new(USAGE, e))?;
        let alarms = on_connection_errors(&aws).await.map_err(|e| {
            let code = if e.is_hopeless() { DENIED } else { UNREACHABLE };
            Failure::new(code, &e)
        })?;
        let region = aws.region().to_owned();
        Ok((aws, Listed { region, alarms }))
    }
}

fn with_demo(failure: Failure) -> Failure {
    Failure { message: format!("{}\nTo see what this looks like without AWS: alb-triage demo", failure.message), ..failure }
}
