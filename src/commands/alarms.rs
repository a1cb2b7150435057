//! `alb-triage` alone, and `alarms`: what alarms there are.

use super::live::runtime;
use super::{BAD_INPUT, DENIED, Failure, LOCAL, Outcome, Run, UNREACHABLE, USAGE, print};
use crate::alarms::{self, Sides};
use crate::case::alarm::Alarm;
use crate::sources::aws::alarms::on_connection_errors;
use crate::sources::aws::call::Aws;
use crate::sources::aws::session::Wishes;
use crate::terraform::find_alarms;
use crate::tui;
use std::io::IsTerminal;

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

    /// Without a command: the list to pick from.
    pub fn alarm_list(&self) -> Outcome {
        let listed = self.list().map_err(|failure| Failure {
            message: format!("{}\nTo see what this looks like without AWS: alb-triage demo", failure.message),
            ..failure
        })?;
        if !std::io::stdout().is_terminal() {
            let lines: String = listed.alarms.iter().map(|a| format!("{:?}\t{}\n", a.state, a.name)).collect();
            print(&lines)?;
            return Ok(0);
        }
        let options = self.plain_options()?;
        let picked = tui::start::choose(&listed.alarms, listed.region.clone(), self.now, &options)
            .map_err(|e| Failure::new(LOCAL, format!("{e:#}")))?;
        match picked.and_then(|row| listed.alarms.get(row)) {
            Some(alarm) => self.investigate(&alarm.name),
            None => Ok(0),
        }
    }

    fn list(&self) -> Result<Listed, Failure> {
        runtime()?.block_on(async {
            let aws = Aws::open(&Wishes::of(&self.common)).await.map_err(|e| Failure::new(USAGE, e))?;
            let alarms = on_connection_errors(&aws).await.map_err(|e| {
                let code = if e.is_hopeless() { DENIED } else { UNREACHABLE };
                Failure::new(code, &e)
            })?;
            Ok(Listed { region: aws.region().to_owned(), alarms })
        })
    }
}
