//! The run itself: requests arrive, connections are opened or reused, fail or are answered; nodes check
//! health and take targets out; hosts work. Metrics, logs and health all come from this one record.

mod condition;
mod record;

pub use record::{Cell, Failing, HealthMinute, HostMinute, Run};

use super::Scenario;
use super::plan::{Harm, HarmKind, Plan, Second, Stay};
use super::random::Rng;
use super::world::World;
use condition::{Condition, next_reuse, retry_share, unreachable};

/// Seconds a step.
pub const TICK: Second = 10;
/// Share of requests that ride on an open connection when all is well.
const REUSE: f64 = 0.88;

/// A node's view of one target.
#[derive(Clone, Copy, Debug)]
struct View {
    healthy: bool,
    passes: u32,
    fails: u32,
    next_check: Second,
    /// Share of requests on open connections.
    reuse: f64,
    reason: Failing,
}

struct Engine<'a> {
    scenario: &'a Scenario,
    world: &'a World,
    plan: &'a Plan,
    stays: Vec<Stay>,
    harms_of: Vec<Vec<&'a Harm>>,
    views: Vec<View>,
    queues: Vec<f64>,
    /// Requests a second each target can take.
    capacity: Vec<f64>,
    /// How long a pooled connection lives, in seconds.
    pool_life: f64,
    rng: Rng,
    /// Share of the clients that come through each node; DNS takes away nodes that see nothing healthy.
    weights: Vec<f64>,
    /// Slow wander of the traffic around its daily shape.
    wander: f64,
    run: Run,
}

/// Runs the plan from the window's start to its end.
pub fn run(scenario: &Scenario, world: &World, plan: &Plan, rng: &Rng) -> Run {
    let mut engine = Engine::new(scenario, world, plan, rng.fork("flow"));
    let mut t = 0;
    // The last, unfinished minute is not published yet.
    while t < engine.run.minutes as Second * 60 {
        engine.step(t);
        t += TICK;
    }
    engine.finish()
}

impl<'a> Engine<'a> {
    fn new(scenario: &'a Scenario, world: &'a World, plan: &'a Plan, mut rng: Rng) -> Self {
        let (targets, nodes, minutes) = (world.targets.len(), world.zones.len(), (scenario.seconds() / 60) as usize);
        let mut stays: Vec<Stay> = (0..targets).map(Stay::always).collect();
        for s in &plan.stays {
            stays[s.target] = *s;
        }
        let mut harms_of = vec![Vec::new(); targets];
        for harm in &plan.harms {
            harm.targets.iter().for_each(|t| harms_of[*t].push(harm));
        }
        let sick = |t: usize| harms_of[t].iter().any(|h: &&Harm| h.from == Second::MIN);
        let views = (0..nodes * targets).map(|i| first_view(world, &stays, i % targets, sick(i % targets), &mut rng)).collect();
        let capacity = (0..targets).map(|t| capacity_of(scenario, world, t)).collect();
        let run = Run {
            minutes,
            nodes,
            targets,
            cells: vec![Cell::default(); minutes * nodes * targets],
            hosts: vec![HostMinute::default(); minutes * targets],
            health: vec![HealthMinute::default(); minutes * targets],
            no_target: Vec::new(),
            last: Vec::new(),
        };
        let pool_life = rng.range(100.0, 420.0);
        Self {
            scenario,
            world,
            plan,
            stays,
            harms_of,
            views,
            queues: vec![0.0; targets],
            capacity,
            pool_life,
            rng,
            weights: vec![1.0; nodes],
            wander: 0.0,
            run,
        }
    }

    fn step(&mut self, t: Second) {
        self.check_health(t);
        let mut arrivals = vec![0u32; self.run.nodes * self.run.targets];
        self.wander = 0.98 * self.wander + 0.012 * self.rng.normal();
        self.fail_over();
        for group in 0..self.world.groups.len() {
            for node in 0..self.run.nodes {
                self.dispatch(t, group, node, &mut arrivals);
            }
        }
        for target in 0..self.run.targets {
            self.serve(t, target, &arrivals);
        }
        self.stray(t);
        if (t + TICK) % 60 == 0 {
            self.close_minute((t / 60) as usize);
        }
    }

    /// The odd lost connection of any busy balancer.
    fn stray(&mut self, t: Second) {
        for _ in 0..self.rng.poisson(self.scenario.background * TICK as f64 / 60.0) {
            let (node, target) = (self.rng.below(self.run.nodes), self.rng.below(self.run.targets));
            if self.views[node * self.run.targets + target].healthy {
                let cell = if self.rng.chance(0.5) {
                    Cell { refused: 1, sent: 1, ..Cell::default() }
                } else {
                    Cell { timeout: 1, sent: 1, ..Cell::default() }
                };
                self.put(t, node, target, &cell);
            }
        }
    }

    /// Resolvers forget a node whose targets all look unhealthy to it within some minutes, while others are left.
    fn fail_over(&mut self) {
        let n = self.run.targets;
        let blind: Vec<bool> = (0..self.run.nodes).map(|node| !(0..n).any(|t| self.views[node * n + t].healthy)).collect();
        let all = blind.iter().all(|b| *b);
        for (weight, blind) in self.weights.iter_mut().zip(blind) {
            let wanted = if blind && !all { 0.04 } else { 1.0 };
            *weight += (wanted - *weight) * 0.08;
        }
    }

    /// Requests that reach a group in one step through one node.
    fn demand(&mut self, t: Second, group: usize, node: usize) -> f64 {
        let s = self.scenario;
        let shape = s.daily_shape(t);
        let surge: f64 = self.plan.surges.iter().filter(|x| x.group.is_none_or(|g| g == group)).map(|x| x.at(t)).product();
        let share = match &self.plan.wiring.shares {
            Some((from, shares)) if t >= *from => shares[group],
            _ => self.world.groups[group].share,
        };
        let lean = 1.0 + 0.06 * ((node as f64) - (self.run.nodes as f64 - 1.0) / 2.0);
        let of_node = self.weights[node] / self.weights.iter().sum::<f64>();
        let rate = s.requests_per_minute / 60.0 * TICK as f64 * shape * surge * share * lean * of_node;
        rate * (self.wander + s.bumpiness * self.rng.normal()).exp()
    }

    /// Spreads a node's requests over the targets it would use.
    fn dispatch(&mut self, t: Second, group: usize, node: usize, arrivals: &mut [u32]) {
        let demand = self.demand(t, group, node);
        let n = self.run.targets;
        let registered: Vec<usize> = (0..n).filter(|i| self.world.targets[*i].group == group && self.is_registered(*i, t)).collect();
        if registered.is_empty() {
            let lost = self.rng.poisson(demand);
            self.run.no_target.push(((t / 60) as usize, node, group, lost));
            return;
        }
        let healthy: Vec<usize> = registered.iter().copied().filter(|i| self.views[node * n + i].healthy).collect();
        let open = healthy.is_empty();
        let routable = if open { registered } else { healthy };
        let each = demand / routable.len() as f64;
        for target in routable {
            let k = self.rng.poisson(each);
            arrivals[node * n + target] += k;
            if open && let Some(cell) = self.run.cell_mut((t / 60) as usize, node, target) {
                cell.fail_open += k;
            }
        }
    }

    fn is_registered(&self, target: usize, t: Second) -> bool {
        let s = &self.stays[target];
        // Nodes learn of a change within seconds, not at once.
        t >= s.registered && t < s.deregistered.saturating_add(self.scenario.deregistration_lag)
    }

    fn condition(&self, t: Second, target: usize, node: Option<usize>) -> Condition {
        let mut c = Condition::default();
        let s = &self.stays[target];
        if t < s.born || t >= s.gone {
            c.suffer(HarmKind::Dead { metrics_stop: true });
        }
        for harm in &self.harms_of[target] {
            if harm.from <= t && t < harm.until && (harm.node.is_none() || harm.node == node) {
                c.suffer(harm.kind);
            }
        }
        c
    }

    /// One step of one host: queue, work, and what becomes of each node's requests.
    fn serve(&mut self, t: Second, target: usize, arrivals: &[u32]) {
        let n = self.run.targets;
        let host = self.condition(t, target, None);
        let conditions: Vec<Condition> = (0..self.run.nodes).map(|node| self.condition(t, target, Some(node))).collect();
        let reaching: f64 = (0..self.run.nodes)
            .map(|node| {
                let reached = f64::from(arrivals[node * n + target]);
                if unreachable(&conditions[node]) {
                    0.0
                } else {
                    reached * (1.0 - conditions[node].drop * (1.0 - self.views[node * n + target].reuse))
                }
            })
            .sum();
        let work = self.capacity[target] * TICK as f64 * host.throttle / host.slow;
        let total = self.queues[target] + reaching;
        let handled = total.min(work);
        let waiting = total - handled;
        let overflow = (waiting - self.scenario.backlog).max(0.0);
        // What finds the accept queue full is dropped, not queued.
        self.queues[target] = if unreachable(&host) { 0.0 } else { waiting.min(self.scenario.backlog) };
        let fresh = reaching.max(1.0);
        let dropped = (overflow / fresh).clamp(0.0, 0.97);
        self.account_host(t, target, &host, handled, work);
        for node in 0..self.run.nodes {
            self.outcomes(t, target, node, arrivals[node * n + target], &conditions[node], dropped);
        }
    }

    fn account_host(&mut self, t: Second, target: usize, c: &Condition, handled: f64, work: f64) {
        let nominal = self.capacity[target] * TICK as f64;
        let load = 100.0 * handled / nominal.max(1e-9);
        let thrash = if c.slow > 1.5 { 25.0 } else { 0.0 };
        let noise = 1.5 * self.rng.normal();
        let idle = self.scenario.idle_cpu;
        let cpu = if c.dead {
            0.0
        } else {
            (idle + load * (1.0 - idle / 100.0) + c.busy + thrash + noise).clamp(0.1, 100.0 * c.throttle.min(1.0))
        };
        let service = self.scenario.service_time * c.slow / c.throttle.max(0.2);
        let busy_share = (handled / work.max(1e-9)).min(0.98);
        let wait = self.queues[target] / (work / TICK as f64).max(1e-9);
        let service = service * (0.07 * self.rng.normal()).exp();
        let latency = handled
            * (0.05 * self.rng.normal()).exp()
            * (service * (1.0 + busy_share * busy_share / (1.0 - busy_share) * 0.3) + wait).min(59.0);
        let minute = (t / 60) as usize;
        let steps = 60.0 / TICK as f64;
        if let Some(host) = self.run.hosts.get_mut(minute * self.run.targets + target) {
            host.cpu += cpu / steps;
            host.handled += handled;
            host.latency += latency;
            host.off |= c.dead;
            host.metrics_stopped |= c.metrics_stop;
        }
    }

    fn outcomes(&mut self, t: Second, target: usize, node: usize, n: u32, c: &Condition, overflow: f64) {
        let index = node * self.run.targets + target;
        let reuse = self.views[index].reuse;
        let drop = 1.0 - (1.0 - c.drop) * (1.0 - overflow);
        self.views[index].reuse = next_reuse(reuse, c, drop, self.pool_life);
        if n == 0 {
            return;
        }
        let pooled = self.rng.binomial(n, reuse);
        let fresh = n - pooled;
        let mut now = Cell { sent: n, new_connections: fresh, ..Cell::default() };
        // A connect timeout is known, counted and logged ten seconds later.
        let mut later = Cell::default();
        // An open connection that stays silent is given up after the idle timeout.
        let mut slowly = Cell::default();
        let mut alive = 0;
        if c.dead || c.cut {
            slowly.slow += self.rng.binomial(pooled, 0.5);
            later.timeout += n - slowly.slow;
        } else if c.closed || c.reject {
            let lost = if c.closed { pooled } else { 0 };
            // A closed socket resets what was in flight; the rest opens anew and is refused.
            now.race += self.rng.binomial(lost, 0.1);
            now.refused += fresh + lost - now.race;
            alive = pooled - lost;
        } else {
            let failed = self.rng.binomial(fresh, drop.powi(4));
            later.timeout += failed;
            now.syn_retries += self.rng.binomial(fresh - failed, retry_share(drop));
            alive = pooled + fresh - failed;
        }
        self.answers(alive, target, c, &mut now, &mut slowly);
        self.put(t, node, target, &now);
        self.put(t + 10, node, target, &later);
        self.put(t + 60, node, target, &slowly);
    }

    /// What the application does with requests that reached it.
    fn answers(&mut self, alive: u32, target: usize, c: &Condition, now: &mut Cell, slowly: &mut Cell) {
        let tls = self.rng.binomial(alive, c.tls);
        let race = self.rng.binomial(alive - tls, c.race);
        let own = self.rng.binomial(alive - tls - race, c.balancer_errors);
        let rest = alive - tls - race - own;
        let wait = self.queues[target] / (self.capacity[target] * c.throttle / c.slow).max(1e-9);
        let slow = self.rng.binomial(rest, c.hung.max(if wait > 50.0 { 0.3 } else { 0.0 }));
        let share = c.app_errors.max(self.scenario.app_error_share);
        let app_5xx = self.rng.binomial(rest - slow, share);
        now.tls += tls;
        now.race += race;
        now.own_5xx += own;
        slowly.slow += slow;
        now.app_5xx += app_5xx;
        now.ok += rest - slow - app_5xx;
    }

    fn put(&mut self, t: Second, node: usize, target: usize, cell: &Cell) {
        if let Some(c) = self.run.cell_mut((t / 60) as usize, node, target) {
            c.add(cell);
        }
    }

    fn check_health(&mut self, t: Second) {
        for index in 0..self.views.len() {
            let (node, target) = (index / self.run.targets, index % self.run.targets);
            if self.stays[target].registered > t && self.stays[target].registered != Second::MIN {
                self.views[index] = View { healthy: false, passes: 0, fails: 0, next_check: t + TICK, reuse: REUSE, reason: Failing::No };
            } else if self.views[index].next_check <= t {
                self.check_once(t, node, target);
            }
        }
    }

    fn check_once(&mut self, t: Second, node: usize, target: usize) {
        let health = &self.world.groups[self.world.targets[target].group].health;
        let own_port = health.port != "traffic-port";
        let c = self.condition(t, target, Some(node));
        let waiting = self.queues[target] / (self.capacity[target] * c.throttle / c.slow).max(1e-9);
        let failing = self.check_result(&c, own_port, waiting, f64::from(health.timeout));
        let (healthy_after, unhealthy_after, interval) = (health.healthy_threshold, health.unhealthy_threshold, health.interval);
        let view = &mut self.views[node * self.run.targets + target];
        view.next_check += i64::from(interval).max(TICK);
        view.reason = failing;
        if failing == Failing::No {
            let newcomer = view.passes == 0 && view.fails == 0 && !view.healthy;
            (view.passes, view.fails) = (view.passes + 1, 0);
            view.healthy |= newcomer || view.passes >= healthy_after;
        } else {
            (view.fails, view.passes) = (view.fails + 1, 0);
            view.healthy &= view.fails < unhealthy_after;
        }
    }

    fn check_result(&mut self, c: &Condition, own_port: bool, waiting: f64, timeout: f64) -> Failing {
        let closed = c.closed && (!own_port || c.closed_check);
        let rejected = c.reject && (!own_port || c.reject_check);
        let drop = if own_port { c.drop_check } else { c.drop };
        if c.dead || c.cut || self.rng.chance(drop.powi(3)) {
            Failing::Timeout
        } else if closed || rejected {
            Failing::Refused
        } else if c.check_fails {
            Failing::Code
        } else if !own_port && (c.hung > 0.5 || waiting > timeout) {
            Failing::Timeout
        } else {
            Failing::No
        }
    }

    fn close_minute(&mut self, minute: usize) {
        let t = minute as Second * 60 + 50;
        for target in 0..self.run.targets {
            let view = |node: usize| &self.views[node * self.run.targets + target];
            let healthy = (0..self.run.nodes).filter(|n| view(*n).healthy).fold(0, |bits, n| bits | (1 << n));
            let reason = (0..self.run.nodes).map(|n| view(n).reason).find(|r| *r != Failing::No).unwrap_or_default();
            let s = &self.stays[target];
            let registered = t >= s.registered && t < s.deregistered;
            self.run.health[minute * self.run.targets + target] = HealthMinute { registered, healthy, reason };
        }
    }

    fn finish(mut self) -> Run {
        let last = self.run.minutes.saturating_sub(1);
        self.run.last = (0..self.run.targets).map(|t| *self.run.health(last, t)).collect();
        self.run
    }
}

fn first_view(world: &World, stays: &[Stay], target: usize, sick: bool, rng: &mut Rng) -> View {
    let interval = i64::from(world.groups[world.targets[target].group].health.interval);
    let there = stays[target].registered == Second::MIN && !sick;
    View {
        healthy: there,
        passes: if there { 9 } else { 0 },
        fails: if sick { 9 } else { 0 },
        next_check: rng.between(0, interval),
        reuse: REUSE,
        reason: Failing::No,
    }
}

/// What a target can take: the usual peak leaves headroom.
fn capacity_of(scenario: &Scenario, world: &World, target: usize) -> f64 {
    let group = world.targets[target].group;
    let size = world.of_group(group).len().min(if group == 0 { scenario.targets } else { usize::MAX }).max(1);
    let usual = scenario.requests_per_minute / 60.0 * world.groups[group].sized_for / size as f64;
    (usual / scenario.usual_load).max(0.05)
}
