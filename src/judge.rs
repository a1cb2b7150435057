//! From a case to everything that is said about it. One call, pure: the same case gives the same words.

use crate::analysis::Analysis;
use crate::analysis::scene::Scene;
use crate::case::Case;
use crate::case::gaps::{Gap, Reason};
use crate::checks::{self, Book, Outcome, Status};
use crate::diagnosis::{self, Hypothesis, Verdict};
use crate::time::Window;

/// Everything that is said about a case in a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub window: Window,
    pub analysis: Analysis,
    /// In runbook order.
    pub outcomes: Vec<Outcome>,
    /// Most probable first.
    pub hypotheses: Vec<Hypothesis>,
    pub verdict: Verdict,
    pub book: Book,
    pub coverage: Coverage,
}

impl Judged {
    /// Whether any step still waits for something to be read.
    pub fn is_waiting(&self) -> bool {
        self.outcomes.iter().any(|o| o.status == Status::Waiting)
    }
}

/// How much of the runbook could be carried out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    pub ran: usize,
    pub total: usize,
    pub gaps: Vec<Gap>,
}

impl Coverage {
    /// Gaps that a permission, a setting or another try could close.
    pub fn evidence_missing(&self) -> bool {
        self.gaps.iter().any(|g| g.reason != Reason::NotApplicable)
    }
}

/// Judges `window` of the case (all that was gathered, if `None`). `None` before anything was asked.
pub fn judge(case: &Case, window: Option<Window>) -> Option<Judged> {
    let window = window.or_else(|| case.window())?;
    let analysis = Analysis::of(case, window);
    let mut book = Book::default();
    let scene = Scene::of(case, &analysis);
    let mut outcomes = checks::run_all(&scene, &mut book);
    let (hypotheses, verdict) = diagnosis::weigh(&scene, &mut book);
    if let Some(last) = outcomes.iter_mut().find(|o| o.check == "verdict") {
        *last = checks::verdict_outcome(&hypotheses, &verdict);
    }
    let coverage = cover(case, &outcomes);
    drop(scene);
    Some(Judged { window, analysis, outcomes, hypotheses, verdict, book, coverage })
}

fn cover(case: &Case, outcomes: &[Outcome]) -> Coverage {
    let ran = outcomes.iter().filter(|o| !matches!(o.status, Status::Unknown | Status::Waiting)).count();
    Coverage { ran, total: outcomes.len(), gaps: case.gaps.iter().chain(&case.blind_spots).cloned().collect() }
}
