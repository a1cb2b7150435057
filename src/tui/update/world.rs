//! What the world says: facts arrive, a judgement is done, the verdict changes.

use crate::analysis::Episode;
use crate::exchange::{Fact, What};
use crate::judge::Judged;
use crate::text::Text;
use crate::time::{NARROWEST, Time, Window};
use crate::tui::app::{App, Effect};
use crate::tui::board;
use crate::tui::options::Kind;
use crate::tui::view::View;
use crate::tui::words;
use chrono::Duration;
use std::sync::Arc;

impl App {
    pub(super) fn learn(&mut self, facts: Vec<Fact>) -> Vec<Effect> {
        let recorded = facts.clone();
        let case = Arc::make_mut(&mut self.case);
        for fact in facts {
            self.session.open_asks.hear(&fact.what);
            case.absorb(fact);
        }
        self.tell_of_consoles(&recorded);
        if self.session.kind == Kind::Live && recorded.iter().any(|f| matches!(f.what, What::Unasked(_))) {
            self.raise_unasked();
        }
        self.session.data_version += 1;
        self.session.facts_version += 1;
        if let Some(whole) = self.case.window() {
            self.adopt(whole);
        }
        vec![Effect::Record(recorded), Effect::Judge(self.view.judged_window())]
    }

    /// The gathered window is now this one.
    fn adopt(&mut self, whole: Window) {
        if self.view.whole() == whole {
            return;
        }
        let fresh = self.view.whole().start == Time::default();
        if fresh {
            self.view = View::new(whole);
            self.view.following =
                self.session.kind == Kind::Live && self.case.now().is_some_and(|now| whole.end + Duration::minutes(5) >= now);
        } else {
            self.view.grow(whole);
        }
    }

    pub(super) fn judged(&mut self, judged: Judged) {
        if let Some(words) = self.judged.clone().and_then(|before| self.news(&before, &judged)) {
            self.session.notice = Some(words);
        }
        if judged.window == self.view.whole() {
            self.session.incident = incident(&judged);
        }
        self.ranking = board::ranking(&judged);
        self.judged = Some(Arc::new(judged));
        self.session.data_version += 1;
        self.place();
    }

    /// The first onset that is known brings the incident before one's eyes, once, and only if nobody has
    /// moved anything yet.
    fn place(&mut self) {
        let Some(onset) = self.onset().filter(|_| !self.session.placed && !self.view.touched) else { return };
        self.session.placed = true;
        self.go_to_incident();
        self.view.cursor = onset;
        self.view.touched = false;
    }

    /// What a new judgement changes is said, not only shown: another verdict and what brought it, errors that
    /// ended, errors that came back.
    fn news(&mut self, before: &Judged, now: &Judged) -> Option<String> {
        let moved = before.window.start != now.window.start;
        let changed = before.verdict.cause.id() != now.verdict.cause.id();
        if changed && !moved {
            self.session.verdict_before = Some((before.verdict.cause.id().to_owned(), self.now()));
        }
        if self.session.verdict_hidden {
            return None;
        }
        match (changed, moved) {
            (true, _) => Some(self.changed_words(before, now, moved)),
            (false, false) => self.turn_words(before, now),
            (false, true) => None,
        }
    }

    fn changed_words(&self, before: &Judged, now: &Judged, moved: bool) -> String {
        let look = &self.look;
        let cause = words::verdict(look, now.verdict.cause);
        if moved {
            return format!("{}: {cause}", look.say("for this window", "xét khoảng này"));
        }
        let since = new_reason(before, now).map_or_else(String::new, |t| format!(": {}", look.text(t)));
        let was = words::verdict(look, before.verdict.cause);
        format!("{} {was} → {cause}{since}", look.say("the verdict changed:", "kết luận đã đổi:"))
    }

    /// Errors that ended or came back since.
    fn turn_words(&self, before: &Judged, now: &Judged) -> Option<String> {
        let (was, is) = (last_real(before)?, last_real(now)?);
        let clock = self.clock();
        match (was.end, is.end) {
            (None, Some(end)) if is.onset == was.onset => {
                Some(format!("{} {}", self.look.say("the errors ended at", "lỗi đã hết lúc"), clock.minute(end)))
            }
            (Some(_), None) if is.onset > was.onset => {
                Some(format!("{} {}", self.look.say("the errors are back since", "lỗi tái diễn từ"), clock.minute(is.onset)))
            }
            _ => None,
        }
    }
}

fn last_real(judged: &Judged) -> Option<&Episode> {
    judged.analysis.episodes.iter().rfind(|e| !e.isolated)
}

/// The weightiest reason for the new verdict that was not known, or not so, before.
fn new_reason<'a>(before: &Judged, now: &'a Judged) -> Option<&'a Text> {
    let hypothesis = now.hypotheses.iter().find(|h| h.cause == now.verdict.cause.id())?;
    let known = |id: &str| before.book.get(id).map(|e| &e.sentence);
    let mut reasons = hypothesis.reasons_for.iter().filter_map(|r| now.book.get(&r.evidence).map(|e| (&r.evidence, &e.sentence)));
    reasons.find(|(id, sentence)| known(id) != Some(sentence)).map(|(_, sentence)| sentence)
}

/// Every real episode with room on both sides, within what was gathered.
fn incident(judged: &Judged) -> Option<Window> {
    let whole = judged.window;
    let mut real = judged.analysis.episodes.iter().filter(|e| !e.isolated);
    let first = real.next()?;
    let last = real.next_back().unwrap_or(first);
    let span = Window::new(first.onset, last.end.unwrap_or(whole.end));
    let room = (span.span() / 2).clamp(Duration::minutes(15), Duration::hours(2));
    let wanted = span.widened(room, room);
    Some(wanted.intersect(&whole).filter(|w| w.span() >= NARROWEST).unwrap_or(wanted))
}
