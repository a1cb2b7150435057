//! The record of a run: who sent how much to whom and what became of it, by the minute.

/// Requests of one minute from one node to one target, by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    pub sent: u32,
    pub ok: u32,
    pub app_5xx: u32,
    pub refused: u32,
    pub timeout: u32,
    pub race: u32,
    pub slow: u32,
    pub tls: u32,
    /// 5xx of the balancer's own making.
    pub own_5xx: u32,
    /// Successes that needed a second SYN or more.
    pub syn_retries: u32,
    pub new_connections: u32,
    /// Sent because every target was unhealthy.
    pub fail_open: u32,
}

impl HealthMinute {
    pub fn is_healthy_for(&self, node: usize) -> bool {
        self.healthy & (1 << node) != 0
    }
}

impl Cell {
    pub fn connection_errors(&self) -> u32 {
        self.refused + self.timeout
    }
}

/// One minute of one host.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostMinute {
    /// Percent, mean of the minute; NaN when the host was off.
    pub cpu: f64,
    pub handled: f64,
    /// Sum over requests of seconds to the first byte.
    pub latency: f64,
    pub metrics_stopped: bool,
    pub off: bool,
}

/// One minute of one target as the nodes see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HealthMinute {
    pub registered: bool,
    /// Nodes that call it healthy, a bit a node.
    pub healthy: u8,
    pub reason: Failing,
}

/// Why the last check failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failing {
    #[default]
    No,
    Timeout,
    Refused,
    Code,
}

/// All that happened, by minute.
#[derive(Clone, Debug)]
pub struct Run {
    pub minutes: usize,
    pub nodes: usize,
    pub targets: usize,
    pub(super) cells: Vec<Cell>,
    pub(super) hosts: Vec<HostMinute>,
    pub(super) health: Vec<HealthMinute>,
    /// Requests that found no target, by minute, node, group.
    pub no_target: Vec<(usize, usize, usize, u32)>,
    /// State at the end: healthy in the eyes of how many nodes.
    pub last: Vec<HealthMinute>,
}

impl Run {
    pub fn cell(&self, minute: usize, node: usize, target: usize) -> &Cell {
        &self.cells[(minute * self.nodes + node) * self.targets + target]
    }

    pub(super) fn cell_mut(&mut self, minute: usize, node: usize, target: usize) -> Option<&mut Cell> {
        self.cells.get_mut((minute * self.nodes + node) * self.targets + target)
    }

    pub fn host(&self, minute: usize, target: usize) -> &HostMinute {
        &self.hosts[minute * self.targets + target]
    }

    pub fn health(&self, minute: usize, target: usize) -> &HealthMinute {
        &self.health[minute * self.targets + target]
    }

    /// All nodes' requests to one target in one minute.
    pub fn target_minute(&self, minute: usize, target: usize) -> Cell {
        let mut sum = Cell::default();
        for node in 0..self.nodes {
            sum.add(self.cell(minute, node, target));
        }
        sum
    }
}

impl Cell {
    pub fn add(&mut self, o: &Self) {
        self.sent += o.sent;
        self.ok += o.ok;
        self.app_5xx += o.app_5xx;
        self.refused += o.refused;
        self.timeout += o.timeout;
        self.race += o.race;
        self.slow += o.slow;
        self.tls += o.tls;
        self.own_5xx += o.own_5xx;
        self.syn_retries += o.syn_retries;
        self.new_connections += o.new_connections;
        self.fail_open += o.fail_open;
    }
}
