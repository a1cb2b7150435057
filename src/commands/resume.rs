//! Going on with a session that was cut off: offered once, and then exactly where it was.

use super::leftover::{self, Leftover};
use super::live::Live;
use super::screen::CaseFile;
use super::{Failure, LOCAL, Outcome, Run};
use crate::case::Case;
use crate::cli::Common;
use crate::exchange::{Fact, What};
use crate::time::{Time, rfc3339};
use crate::tui::start::Offer;
use crate::tui::{self, Resume};
use std::io::IsTerminal;

impl Run {
    /// Offers the newest session that was cut off, about `target` if one is given. `None`: nothing was there,
    /// or nobody wants it.
    pub(super) fn offer_to_resume(&self, target: Option<&str>) -> Result<Option<Outcome>, Failure> {
        let found = self.config.cases.as_deref().filter(|_| is_terminal()).and_then(|folder| leftover::newest(folder, target));
        let Some(found) = found else { return Ok(None) };
        let Some(facts) = found.facts().ok().filter(|facts| !facts.is_empty()) else {
            leftover::forget(&found.case);
            return Ok(None);
        };
        let wanted = tui::start::offer(&self.offer_of(&found, &facts), &self.plain_options()?);
        match wanted.map_err(|e| Failure::new(LOCAL, format!("{e:#}")))? {
            Offer::Resume => self.resume(&found, facts).map(|code| Some(Ok(code))),
            Offer::Forget => {
                leftover::forget(&found.case);
                Ok(None)
            }
            Offer::Leave => Ok(Some(Ok(0))),
        }
    }

    fn offer_of(&self, found: &Leftover, facts: &[Fact]) -> tui::start::Left {
        let answers = facts.iter().filter(|f| matches!(f.what, What::Answer(_))).count();
        tui::start::Left {
            target: found.note.target.clone(),
            last_seen: Time::from(found.last_seen),
            now: self.now,
            facts: facts.len(),
            answers,
            case: found.case.display().to_string(),
        }
    }

    /// The same incident, in the same account and region, with everything that was known.
    fn resume(&self, found: &Leftover, facts: Vec<Fact>) -> Outcome {
        let case = Case::from_facts(facts.iter().cloned());
        let target = case.alarm.as_ref().map_or_else(|| found.note.target.clone(), |a| a.name.to_string());
        let run = Self { common: self.common_of(found, &case), config: self.config.clone(), now: self.now };
        let mut file = run.case_file(&found.note.target)?;
        if let Some(file) = &mut file {
            file.writer.write(&facts)?;
        }
        // What was recorded is in the new file now.
        leftover::forget(&found.case);
        run.investigate_anew(&target, &found.note.target, file, Some(Resume { facts, place: found.note.place.clone() }))
    }

    /// The flags of then, with the window that was gathered; whoever followed, follows on.
    fn common_of(&self, found: &Leftover, case: &Case) -> Common {
        let note = &found.note;
        let mut common = self.common.clone();
        common.region = common.region.or_else(|| note.region.clone());
        common.profile = common.profile.or_else(|| note.profile.clone());
        common.endpoint_url = common.endpoint_url.or_else(|| note.endpoint_url.clone());
        if let Some(window) = case.window() {
            (common.at, common.window) = (None, None);
            common.from = Some(rfc3339(window.start));
            common.to = Some(rfc3339(if note.place.following { self.now.max(window.end) } else { window.end }));
        }
        common
    }
}

fn is_terminal() -> bool {
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

impl Run {
    /// A session on a live target, recorded into `file`, from the start or from where one was.
    pub(super) fn investigate_anew(&self, target: &str, named: &str, file: Option<CaseFile>, resume: Option<Resume>) -> Outcome {
        let live = self.start_live(target)?;
        let place = file.as_ref().map(|f| f.path.clone());
        if let Some(path) = &place {
            let note = self.note(named, resume.as_ref().map(|r| r.place.clone()).unwrap_or_default());
            leftover::write_note(path, &note)?;
        }
        let options = self.live_options(named, file, resume)?;
        let outcome = super::screen::show(live.link, options);
        Live::close(live.runtime, &live.source);
        // Left on purpose: nothing to resume. Whoever is cut off never comes here.
        if let (Ok(_), Some(path)) = (&outcome, &place) {
            leftover::forget(path);
        }
        outcome
    }

    pub(super) fn note(&self, target: &str, place: tui::Place) -> leftover::Note {
        leftover::Note {
            target: target.to_owned(),
            region: self.common.region.clone(),
            profile: self.common.profile.clone(),
            endpoint_url: self.common.endpoint_url.clone(),
            process: std::process::id(),
            place,
        }
    }
}
