//! What the report says, in the order in which a reader asks: what happened, to whom, why, what to do, what
//! is not known, how it was found. Measurements, inferences and people's words stay apart.

mod appendix;
mod cause;
mod opening;
mod runbook;
mod timeline;

use super::document::{Document, Line};
use super::impact::Impact;
use super::lanes::{self, Lanes};
use super::words;
use crate::case::Case;
use crate::case::topology::short_name;
use crate::judge::Judged;
use crate::say;
use crate::text::{Lang, Text};
use crate::time::Time;

/// Everything a section needs.
pub struct Story<'a> {
    pub case: &'a Case,
    pub judged: &'a Judged,
    pub lang: Lang,
    pub impact: Impact,
    pub lanes: Lanes,
    pub generated_at: Time,
}

/// The whole report.
pub fn tell(case: &Case, judged: &Judged, lang: Lang, generated_at: Time) -> Document {
    let story = Story::new(case, judged, lang, generated_at);
    let mut doc = Document { title: story.title(), ..Document::default() };
    story.opening(&mut doc);
    story.happened(&mut doc);
    story.hurt(&mut doc);
    story.cause(&mut doc);
    story.next(&mut doc);
    story.timeline(&mut doc);
    story.moved(&mut doc);
    story.unseen(&mut doc);
    story.people(&mut doc);
    story.runbook(&mut doc);
    story.method(&mut doc);
    story.evidence(&mut doc);
    doc
}

impl<'a> Story<'a> {
    pub fn new(case: &'a Case, judged: &'a Judged, lang: Lang, generated_at: Time) -> Self {
        let (impact, lanes) = (Impact::of(case, judged), lanes::choose(case, judged, lang));
        Self { case, judged, lang, impact, lanes, generated_at }
    }

    /// The words of this report's language.
    pub fn t(&self, text: Text) -> String {
        match self.lang {
            Lang::En => text.en,
            Lang::Vi => text.vi,
        }
    }

    pub fn count(&self, n: f64) -> String {
        words::count(n, self.lang)
    }

    pub fn clock(&self, t: Time) -> String {
        words::clock(t, self.judged.window)
    }

    /// `web-prod ▸ api-8080`, as far as it is known.
    pub fn place(&self) -> String {
        let balancer = self.case.load_balancer.as_ref().map(|lb| lb.name.to_string());
        let named = self.case.alarm.as_ref().and_then(|a| a.dimensions.get("TargetGroup"));
        let group = named.map(|d| short_name(d).to_owned());
        let parts: Vec<_> = balancer.into_iter().chain(group).collect();
        match (parts.is_empty(), &self.case.subject) {
            (false, _) => parts.join(" ▸ "),
            (true, Some(subject)) => subject.target.to_string(),
            (true, None) => String::new(),
        }
    }

    fn title(&self) -> String {
        let place = self.place();
        let at = self.judged.analysis.onset().map_or_else(|| words::span(self.judged.window), words::date_and_clock);
        self.t(say!("Connection errors: {place}, {at}", "Lỗi kết nối: {place}, {at}"))
    }

    /// The sentence of a piece of evidence; the id where the book has none.
    pub fn fact_of(&self, id: &str) -> String {
        self.judged.book.get(id).map_or_else(|| id.to_owned(), |e| e.sentence.get(self.lang).to_owned())
    }

    /// `**label** words`
    pub fn labelled(&self, label: Text, words: impl Into<String>) -> Line {
        Line::default().strong(self.t(label)).plain(" ").plain(words)
    }
}
