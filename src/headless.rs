//! The engine without a screen: gathers until nothing more will come, then judges once.

use crate::case::Case;
use crate::exchange::{Area, Fact, What};
use crate::sources::Link;
use std::collections::BTreeSet;
use std::io::Write;

/// A finished case and the facts it was made from, in the order they came.
#[derive(Debug, Default)]
pub struct Gathered {
    pub case: Case,
    pub facts: Vec<Fact>,
}

impl Gathered {
    pub fn from_facts(facts: Vec<Fact>) -> Self {
        Self { case: Case::from_facts(facts.iter().cloned()), facts }
    }
}

/// Takes in facts until the source hangs up; says on `progress` what is being read, once a change.
pub async fn gather(link: Link, progress: &mut impl Write, mut each: impl FnMut(&[Fact])) -> Gathered {
    let Link { asks, mut facts } = link;
    // Nothing further will be asked: the source may go home when it has read everything.
    drop(asks);
    let mut gathered = Gathered::default();
    let mut said = BTreeSet::new();
    while let Some(handful) = facts.recv().await {
        each(&handful);
        for fact in handful {
            report_progress(&fact, progress, &mut said);
            gathered.case.absorb(fact.clone());
            gathered.facts.push(fact);
        }
    }
    gathered
}

/// Progress is a courtesy: a closed stderr is no reason to stop.
fn report_progress(fact: &Fact, progress: &mut impl Write, said: &mut BTreeSet<(Area, String)>) {
    match &fact.what {
        What::Busy { area, detail } if said.insert((*area, detail.to_string())) => {
            let _ = writeln!(progress, "reading {area:?}: {detail}");
        }
        What::Gap(gap) => {
            let _ = writeln!(progress, "not readable: {}: {}", gap.subject, gap.detail);
        }
        _ => {}
    }
}
