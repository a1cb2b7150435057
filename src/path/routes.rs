//! Where a subnet's route table sends a set of packets.

use super::traffic::{Addresses, Block, Ports, Traffic};
use super::{Verdict, unread};
use crate::case::Case;
use crate::case::network::{Route, RouteTable};
use crate::say;
use crate::text::Text;

/// The longest prefix decides; what no route speaks of is dropped.
pub fn route(case: &Case, subnet: &str, vpc: &str, to: &[Addresses]) -> Verdict {
    let Some(table) = table_of(case, subnet, vpc) else {
        return Verdict::CannotTell { why: unread(case, "ec2:DescribeRouteTables", subnet) };
    };
    let mut left = Traffic::new(to.iter().copied(), Ports::ALL);
    let (routes, unknown) = by_prefix(case, table);
    let mut seen = Seen::default();
    for (addresses, route) in routes {
        if !left.take(&Block { addresses, ports: Ports::ALL }).is_empty() {
            seen.note(&table.id, addresses, route);
        }
    }
    if !left.is_empty() {
        if let Some(list) = unknown {
            return Verdict::CannotTell { why: unread(case, "ec2:GetManagedPrefixListEntries", list) };
        }
        let (table, to) = (&table.id, names(to));
        seen.lost.push((table.clone(), say!("{table} has no route to {to}", "{table} không có đường tới {to}")));
    }
    seen.verdict()
}

/// The table a subnet is associated with, or else the network's main one.
fn table_of<'a>(case: &'a Case, subnet: &str, vpc: &str) -> Option<&'a RouteTable> {
    let own = case.route_tables.values().find(|t| t.subnets.iter().any(|s| s == subnet));
    own.or_else(|| case.route_tables.values().find(|t| t.main && t.vpc == vpc && !vpc.is_empty()))
}

/// Routes by falling prefix length, static ones as they stand; and a prefix list that could not be read.
fn by_prefix<'a>(case: &Case, table: &'a RouteTable) -> (Vec<(Addresses, &'a Route)>, Option<&'a str>) {
    let mut unknown = None;
    let mut routes = Vec::new();
    for route in &table.routes {
        match (Addresses::parse(&route.destination), case.prefix_lists.get(&route.destination)) {
            (Some(addresses), _) => routes.push((addresses, route)),
            (None, Some(list)) => routes.extend(list.cidrs.iter().filter_map(|c| Addresses::parse(c)).map(|a| (a, route))),
            (None, None) => unknown = Some(route.destination.as_str()),
        }
    }
    routes.sort_by_key(|(a, _)| std::cmp::Reverse(a.prefix()));
    (routes, unknown)
}

fn names(to: &[Addresses]) -> String {
    to.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[derive(Default)]
struct Seen {
    local: Vec<String>,
    beyond: Vec<Text>,
    lost: Vec<(String, Text)>,
}

impl Seen {
    fn note(&mut self, table: &str, to: Addresses, route: &Route) {
        let via = &route.via;
        if route.blackhole {
            let words = say!(
                "{table} sends {to} to {via}, which is gone (blackhole)",
                "{table} gửi {to} tới {via}, nơi không còn tồn tại (blackhole)"
            );
            self.lost.push((format!("{table} {to}"), words));
        } else if via == "local" {
            self.local.push(format!("{table} {to} local"));
        } else {
            self.beyond.push(say!(
                "{table} sends {to} on through {via}; what lies behind it is not visible from here",
                "{table} gửi {to} qua {via}; phía sau đó không nhìn thấy được từ đây"
            ));
        }
    }

    fn verdict(mut self) -> Verdict {
        if !self.lost.is_empty() {
            let partly = !self.local.is_empty() || !self.beyond.is_empty();
            let (rule, words) = self.lost.swap_remove(0);
            return Verdict::Blocked { rule, words, partly };
        }
        match self.beyond.into_iter().next() {
            Some(why) => Verdict::CannotTell { why },
            None => Verdict::Open { by: self.local.join(", ") },
        }
    }
}
