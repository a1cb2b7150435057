//! The network between balancer and targets, as configuration tells it.

use crate::text::Foreign;
use crate::time::Time;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    pub id: String,
    pub name: Foreign,
    pub vpc: String,
    pub rules: Vec<SecurityGroupRule>,
}

/// One rule with one peer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    /// `sgr-…`, where AWS told it.
    pub id: Option<String>,
    pub egress: bool,
    /// `tcp`, `udp`, `icmp`, a number, or `-1` for all.
    pub protocol: String,
    /// `None` for all ports.
    pub from_port: Option<u16>,
    pub to_port: Option<u16>,
    pub peer: Peer,
    pub description: Option<Foreign>,
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// IPv4 or IPv6.
    Cidr(String),
    Group(String),
    PrefixList(String),
}

impl Default for Peer {
    fn default() -> Self {
        Self::Cidr("0.0.0.0/0".into())
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkAcl {
    pub id: String,
    pub vpc: String,
    pub subnets: Vec<String>,
    pub entries: Vec<AclEntry>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AclEntry {
    pub number: u32,
    pub egress: bool,
    pub allow: bool,
    /// A protocol number as text; `-1` for all, `6` for TCP.
    pub protocol: String,
    pub cidr: String,
    /// `None` for all ports.
    pub from_port: Option<u16>,
    pub to_port: Option<u16>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    pub id: String,
    pub vpc: String,
    pub main: bool,
    /// Subnets explicitly associated.
    pub subnets: Vec<String>,
    pub routes: Vec<Route>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// A CIDR or a prefix-list id.
    pub destination: String,
    /// `local`, `igw-…`, `nat-…`, `pcx-…`, `tgw-…`, `vgw-…`, `eni-…`.
    pub via: String,
    pub blackhole: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    pub id: String,
    pub vpc: String,
    pub zone: String,
    pub cidr: String,
    #[serde(default)]
    pub ipv6_cidrs: Vec<String>,
    pub free_addresses: u32,
}

/// A network interface: of the balancer's nodes, or behind an address that is a target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Interface {
    pub id: String,
    pub private_ip: String,
    #[serde(default)]
    pub ipv6: Vec<String>,
    pub subnet: String,
    pub zone: String,
    pub security_groups: Vec<String>,
    pub instance: Option<String>,
    pub description: Foreign,
    pub status: String,
}

/// A TCP connect that was tried from where the program runs, which is not where the balancer is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// `10.0.1.5:8080`
    pub target: String,
    pub at: Time,
    pub outcome: ProbeOutcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeOutcome {
    Open {
        milliseconds: u32,
    },
    Refused,
    TimedOut,
    /// Neither: no route, not permitted.
    Failed {
        why: Foreign,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PrefixList {
    pub id: String,
    pub name: Foreign,
    pub cidrs: Vec<String>,
}
