//! A simulator of incidents: one model of requests, connections, hosts and health checks, from which
//! everything that AWS would show is derived, as the same facts that live collection sends.
//!
//! Seeded and pure. It is written from how AWS and Linux behave and knows nothing of the diagnosis: the
//! demos, the tests and the score of the judgement are all made with it.

mod baseline;
pub mod cause;
mod causes;
mod collect;
mod config;
pub mod demos;
mod flow;
mod hosts;
mod logs;
mod plan;
mod publish;
mod random;
mod scenario;
mod traces;
mod trail;
mod voices;
mod world;

pub use cause::Cause;
pub use random::Rng;
pub use scenario::{Decoy, Scenario, Sight, TargetKind};

use crate::exchange::Fact;
use crate::time::Time;

/// A simulated incident: what a program can see of it, and what was really the matter.
#[derive(Clone, Debug)]
pub struct Incident {
    pub facts: Vec<Fact>,
    pub truth: Truth,
}

/// What was really the matter; no fact says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    /// Cause ids that a right answer may name, the best first.
    pub causes: Vec<&'static str>,
    /// What they led to, which an answer must not leave out.
    pub led_to: Vec<&'static str>,
    /// The first minute whose connection errors come from the fault.
    pub onset: Option<Time>,
    /// Connection errors from the fault, all told.
    pub errors: u64,
    /// Metric names of which one should lead the ranking.
    pub culprits: Vec<&'static str>,
    /// Ids of what was hit: instances, addresses.
    pub hit: Vec<String>,
}

/// Lets an incident happen and collects what can be seen of it.
pub fn simulate(scenario: &Scenario) -> Incident {
    let mut rng = Rng::new(scenario.seed);
    let mut world = world::World::of(scenario, &mut rng);
    let plan = causes::plan(scenario, &mut world, &rng);
    let run = flow::run(scenario, &world, &plan, &rng);
    let truth = causes::truth(scenario, &world, &plan, &run);
    Incident { facts: collect::facts(scenario, &world, &plan, &run, &rng), truth }
}

#[cfg(test)]
#[path = "simulator/tests.rs"]
mod tests;
