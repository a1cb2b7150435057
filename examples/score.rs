//! The score of the judgement: simulated incidents of every cause, judged, and compared with what was
//! really the matter. `docs/score.md` explains the table and holds its latest figures.
//!
//! `cargo run --release --example score -- --seeds 1000..1500 [--cause ID] [--consoles] [--list] [--explain] [--jobs 2]`

use alb_triage::analysis::scene::Scene;
use alb_triage::case::Case;
use alb_triage::checks::Book;
use alb_triage::diagnosis::signals::Signals;
use alb_triage::diagnosis::{Confidence, Named, Verdict, explain};
use alb_triage::exchange::Area;
use alb_triage::judge::{Judged, judge};
use alb_triage::metrics::Role;
use alb_triage::simulator::{Cause, Incident, Rng, Scenario, Sight, Truth, simulate};
use alb_triage::text::Lang;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// What an incident is meant to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Everything can be read: access log, application log, one-minute metrics, every permission.
    Readable,
    /// As it comes: logs off, five-minute metrics, no agent.
    Varied,
    /// The sources that would tell are denied.
    Denied,
    /// Two faults at once.
    Double,
}

/// One incident judged.
struct Outcome {
    kind: Kind,
    cause: Cause,
    seed: u64,
    named: Named,
    confidence: Confidence,
    right: bool,
    /// Periods between the onset that was found and the true one.
    onset_off: Option<i64>,
    /// Rank of the first metric that really moved first.
    culprit: Option<u32>,
    gaps_told: bool,
    took: Duration,
}

struct Options {
    seeds: Range<u64>,
    cause: Option<String>,
    kind: Option<String>,
    /// Somebody asked for the consoles of failing machines, too.
    consoles: bool,
    list: bool,
    /// How each case that was not named rightly was weighed.
    explain: bool,
    jobs: usize,
}

fn main() {
    let Some(options) = options(std::env::args().skip(1).collect()) else {
        eprintln!(
            "usage: score --seeds 1000..1500 [--cause ID] [--kind readable|varied|denied|double] [--consoles] [--list] [--explain] [--jobs N]"
        );
        std::process::exit(64);
    };
    let outcomes = all(&options);
    if options.list {
        outcomes.iter().filter(|o| !o.right || o.onset_off.is_some_and(|d| d.abs() > 1)).for_each(print_miss);
    }
    if options.explain {
        outcomes.iter().filter(|o| !o.right).for_each(|o| explain_miss(&options, o));
    }
    print_tables(&outcomes);
}

fn options(args: Vec<String>) -> Option<Options> {
    let mut options = Options { seeds: 1..40, cause: None, kind: None, consoles: false, list: false, explain: false, jobs: 1 };
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--seeds" => options.seeds = range(&args.next()?)?,
            "--cause" => options.cause = Some(args.next()?),
            "--kind" => options.kind = Some(args.next()?),
            "--consoles" => options.consoles = true,
            "--list" => options.list = true,
            "--explain" => options.explain = true,
            "--jobs" => options.jobs = args.next()?.parse().ok()?,
            _ => return None,
        }
    }
    Some(options)
}

fn range(text: &str) -> Option<Range<u64>> {
    let (from, to) = text.split_once("..")?;
    Some(from.parse().ok()?..to.parse().ok()?)
}

/// Judges every incident asked for, spread over a few threads.
fn all(options: &Options) -> Vec<Outcome> {
    let work: Vec<(Kind, Cause, u64)> = options.seeds.clone().flat_map(|seed| tasks(options, seed)).collect();
    let parts: Vec<Vec<_>> = (0..options.jobs).map(|j| work.iter().copied().skip(j).step_by(options.jobs).collect()).collect();
    let mut outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let running: Vec<_> =
            parts.iter().map(|part| scope.spawn(|| part.iter().filter_map(|task| judged(options, *task)).collect::<Vec<_>>())).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    outcomes.sort_by_key(|o| (o.kind, o.cause, o.seed));
    outcomes
}

/// Each seed gives every cause in one kind of visibility; kinds take turns.
fn tasks(options: &Options, seed: u64) -> Vec<(Kind, Cause, u64)> {
    let kind = match seed % 8 {
        0..3 => Kind::Readable,
        3..6 => Kind::Varied,
        6 => Kind::Denied,
        _ => Kind::Double,
    };
    let wanted = |c: &Cause| options.cause.as_ref().is_none_or(|id| id == c.id());
    let name = format!("{kind:?}").to_lowercase();
    let of_kind = options.kind.as_ref().is_none_or(|k| *k == name);
    Cause::ALL.into_iter().filter(|c| of_kind && wanted(c)).filter(|c| fits(kind, *c)).map(|c| (kind, c, seed)).collect()
}

/// Look-alikes have no evidence of connection failures to deny, and no second fault.
fn fits(kind: Kind, cause: Cause) -> bool {
    !matches!(kind, Kind::Denied | Kind::Double) || cause < Cause::KeepaliveRace
}

fn scenario(options: &Options, kind: Kind, cause: Cause, seed: u64) -> Scenario {
    let mut s = Scenario::random(cause, seed);
    match kind {
        Kind::Readable => {
            s.sight = Sight { agent: true, aws_health: true, host_agents: true, ..Sight::default() };
            s.detailed = 1.0;
        }
        Kind::Varied => {}
        Kind::Denied => {
            s.sight.denied = vec![
                Area::AccessLog,
                Area::Changes,
                Area::Lifecycle,
                Area::Network,
                Area::HostMetrics,
                Area::Instances,
                Area::AppLog,
                Area::AwsHealth,
            ];
        }
        Kind::Double => {
            let mut rng = Rng::new(seed);
            let second = *rng.pick(&[Cause::ProcessDown, Cause::PowerEvent, Cause::HostFailure]);
            if second != cause {
                s.causes.push(second);
            }
            s.sight = Sight::default();
        }
    }
    s.sight.consoles |= options.consoles;
    s
}

/// `None` when the fault did no harm that an alarm would have seen.
fn judged(options: &Options, (kind, cause, seed): (Kind, Cause, u64)) -> Option<Outcome> {
    let scenario = scenario(options, kind, cause, seed);
    let Incident { facts, truth } = simulate(&scenario);
    let connections = cause < Cause::KeepaliveRace;
    if connections && (truth.onset.is_none() || (truth.errors as f64) < 2.0 * scenario.threshold) {
        return None;
    }
    let case = Case::from_facts(facts);
    let begun = Instant::now();
    let judged = judge(&case, None)?;
    let took = begun.elapsed();
    let found = judged.analysis.onset();
    Some(Outcome {
        kind,
        cause,
        seed,
        named: judged.verdict.cause,
        confidence: judged.verdict.confidence,
        right: is_right(cause, &truth, &judged.verdict),
        onset_off: truth.onset.map(|t| found.map_or(i64::MAX, |f| (f - t).num_seconds() / 60)),
        culprit: culprit(&judged, &truth.culprits),
        gaps_told: scenario.sight.denied.iter().all(|a| judged.coverage.gaps.iter().any(|g| g.area == *a)),
        took,
    })
}

fn is_right(cause: Cause, truth: &Truth, said: &Verdict) -> bool {
    match cause {
        // Nothing but strays: either word for it is right.
        Cause::Noise | Cause::AlarmArtefact => matches!(said.cause, Named::Nothing | Named::Cause("alarm-artefact")),
        _ => {
            let told = truth.led_to.iter().all(|id| said.contributing.contains(id));
            matches!(said.cause, Named::Cause(id) if truth.causes.contains(&id)) && told
        }
    }
}

fn culprit(judged: &Judged, culprits: &[&str]) -> Option<u32> {
    let causes = judged.analysis.correlations.iter().filter(|c| c.role == Role::Cause);
    let ranks = causes.filter(|c| culprits.contains(&c.key.metric.as_str())).map(|c| c.rank);
    ranks.min().or((!culprits.is_empty()).then_some(u32::MAX))
}

fn print_miss(o: &Outcome) {
    let off = o.onset_off.map_or("–".into(), |d| if d == i64::MAX { "not found".into() } else { format!("{d:+} min") });
    let culprit = o.culprit.map_or("–".into(), |r| if r == u32::MAX { "unranked".into() } else { r.to_string() });
    println!("{:?} {} seed {}: named {} ({:?}), onset {off}, culprit {culprit}", o.kind, o.cause.id(), o.seed, o.named.id(), o.confidence);
}

/// What really happened, every answer, and how the causes were weighed by them.
fn explain_miss(options: &Options, o: &Outcome) {
    let scenario = scenario(options, o.kind, o.cause, o.seed);
    let Incident { facts, truth } = simulate(&scenario);
    let case = Case::from_facts(facts);
    let Some(judged) = judge(&case, None) else { return };
    println!("\n==== {:?} {} seed {}: {truth:?}", o.kind, o.cause.id(), o.seed);
    println!("episodes {:?}", judged.analysis.episodes.iter().map(|e| (e.onset, e.end, e.total, e.isolated)).collect::<Vec<_>>());
    println!("{}", explain::answers(&Signals::of(&Scene::of(&case, &judged.analysis), &mut Book::default()), Lang::En));
    println!("{}", explain::case(&judged, Lang::En));
}

/// Shares of some outcomes, in percent.
struct Row {
    n: usize,
    right: f64,
    wrong: f64,
    wrong_high: f64,
    inconclusive: f64,
    onset: f64,
    culprit_first: f64,
    culprit_three: f64,
}

impl Row {
    fn of(outcomes: &[&Outcome]) -> Self {
        let share = |f: &dyn Fn(&Outcome) -> bool, of: &dyn Fn(&Outcome) -> bool| {
            let all = outcomes.iter().filter(|o| of(o)).count();
            if all == 0 { f64::NAN } else { 100.0 * outcomes.iter().filter(|o| of(o) && f(o)).count() as f64 / all as f64 }
        };
        let any = |_: &Outcome| true;
        Self {
            n: outcomes.len(),
            right: share(&|o| o.right, &any),
            wrong: share(&is_wrong, &any),
            wrong_high: share(&|o| is_wrong(o) && o.confidence == Confidence::High, &any),
            inconclusive: share(&|o| o.named == Named::Inconclusive, &any),
            onset: share(&|o| o.onset_off.is_some_and(|d| d.abs() <= 1), &|o| o.onset_off.is_some()),
            culprit_first: share(&|o| o.culprit == Some(1), &|o| o.culprit.is_some()),
            culprit_three: share(&|o| o.culprit.is_some_and(|r| r <= 3), &|o| o.culprit.is_some()),
        }
    }

    fn print(&self, name: &str) {
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |",
            self.n,
            percent(self.right),
            percent(self.wrong),
            percent(self.wrong_high),
            percent(self.inconclusive),
            percent(self.onset),
            percent(self.culprit_first),
            percent(self.culprit_three),
        );
    }
}

/// A name that is not the cause's; saying nothing is not wrong.
fn is_wrong(o: &Outcome) -> bool {
    !o.right && o.named != Named::Inconclusive
}

fn percent(v: f64) -> String {
    if v.is_nan() { "–".into() } else { format!("{v:.1}") }
}

fn print_tables(outcomes: &[Outcome]) {
    for kind in [Kind::Readable, Kind::Varied, Kind::Denied, Kind::Double] {
        let of: Vec<&Outcome> = outcomes.iter().filter(|o| o.kind == kind).collect();
        if !of.is_empty() {
            print_kind(kind, &of);
        }
    }
    print_confusion(outcomes);
    print_calibration(outcomes);
    let mut took: Vec<Duration> = outcomes.iter().map(|o| o.took).collect();
    took.sort_unstable();
    if let (Some(median), Some(longest)) = (took.get(took.len() / 2), took.last()) {
        println!("\nJudging took {:.1} ms in the middle, {:.1} ms at most.", median.as_secs_f64() * 1e3, longest.as_secs_f64() * 1e3);
    }
}

fn print_kind(kind: Kind, of: &[&Outcome]) {
    println!("\n### {kind:?}\n");
    println!(
        "| cause | incidents | right % | wrong % | wrong and confident % | inconclusive % | onset within a period % | culprit metric first % | among three % |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for cause in Cause::ALL {
        let rows: Vec<&Outcome> = of.iter().copied().filter(|o| o.cause == cause).collect();
        if !rows.is_empty() {
            Row::of(&rows).print(cause.id());
        }
    }
    Row::of(of).print("**all**");
    if kind == Kind::Denied {
        let told = of.iter().filter(|o| o.gaps_told).count();
        println!("\nEvery denied source named as a gap: {} of {}.", told, of.len());
    }
}

/// What was named instead, most often first.
fn print_confusion(outcomes: &[Outcome]) {
    let mut pairs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for o in outcomes.iter().filter(|o| is_wrong(o)) {
        *pairs.entry((o.cause.id(), o.named.id())).or_default() += 1;
    }
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_by_key(|(pair, n)| (std::cmp::Reverse(*n), *pair));
    println!("\n### Wrong names\n\n| was | named | times |\n|---|---|--:|");
    for ((was, named), n) in pairs.iter().take(40) {
        println!("| {was} | {named} | {n} |");
    }
}

fn print_calibration(outcomes: &[Outcome]) {
    println!("\n### Calibration\n\n| confidence | named | right % |\n|---|--:|--:|");
    for confidence in [Confidence::High, Confidence::Medium, Confidence::Low] {
        let of: Vec<&Outcome> = outcomes.iter().filter(|o| o.confidence == confidence && o.named != Named::Inconclusive).collect();
        let right = of.iter().filter(|o| o.right).count();
        let share = if of.is_empty() { f64::NAN } else { 100.0 * right as f64 / of.len() as f64 };
        println!("| {confidence:?} | {} | {} |", of.len(), percent(share));
    }
}
