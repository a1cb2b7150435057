//! Who has which address, as far as instances, interfaces and registrations tell.

use super::topology::Instance;
use super::{Case, Derive};
use std::collections::{BTreeSet, HashMap};

/// What is known of the addresses of a case, and of targets by their ids.
#[derive(Default, PartialEq)]
pub struct Addresses {
    known: HashMap<String, Home>,
}

/// Where an address lives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Home {
    /// Id of the instance that has it.
    pub instance: Option<String>,
    pub zone: Option<String>,
}

impl Derive for Addresses {
    fn from(case: &Case) -> Self {
        let mut all = Self::default();
        // Addresses are given out again: who runs has it.
        let (running, others): (Vec<&Instance>, Vec<&Instance>) = case.instances.values().partition(|i| i.state == "running");
        for i in running.into_iter().chain(others) {
            i.private_ip.iter().chain(&i.ipv6).for_each(|ip| all.tell(ip, Some(&i.id), &i.zone));
        }
        for i in case.interfaces.values() {
            std::iter::once(&i.private_ip).chain(&i.ipv6).for_each(|ip| all.tell(ip, i.instance.as_ref(), &i.zone));
        }
        for t in case.target_health.values() {
            t.zone.iter().for_each(|zone| all.tell(&t.id, None, zone));
        }
        all
    }
}

impl Addresses {
    /// Whose an address is is said best by who is told first, where it is by who is told last.
    fn tell(&mut self, address: &str, instance: Option<&String>, zone: &str) {
        if address.is_empty() {
            return;
        }
        let home = self.known.entry(address.to_owned()).or_default();
        if home.instance.is_none() {
            home.instance = instance.cloned();
        }
        if !zone.is_empty() && home.zone.as_deref() != Some(zone) {
            home.zone = Some(zone.to_owned());
        }
    }

    pub fn home(&self, address: &str) -> Option<&Home> {
        self.known.get(address)
    }

    pub fn zone(&self, address: &str) -> Option<&str> {
        self.home(address)?.zone.as_deref()
    }

    /// The instance behind an address.
    pub fn instance<'a>(&self, case: &'a Case, address: &str) -> Option<&'a Instance> {
        case.instances.get(self.home(address)?.instance.as_ref()?)
    }

    /// Every zone that something lives in.
    pub fn zones(&self) -> BTreeSet<&str> {
        self.known.values().filter_map(|h| h.zone.as_deref()).collect()
    }
}
