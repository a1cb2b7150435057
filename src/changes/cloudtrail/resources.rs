//! Everything that a record names: ids and ARNs wherever they stand, names where a key says so.

use crate::changes::json::cut;
use crate::text::Foreign;
use serde_json::Value;
use std::collections::BTreeSet;

/// The most names that are kept of one record, and the most parts that are looked at.
const NAMES: usize = 256;
const PARTS: usize = 20_000;

/// Keys whose values are names of things rather than ids.
const NAME_KEYS: &[&str] = &[
    "autoscalinggroupname",
    "service",
    "servicename",
    "cluster",
    "clustername",
    "applicationname",
    "deploymentgroupname",
    "deploymentid",
    "environmentname",
    "loadbalancername",
    "targetgroupname",
    "stackname",
    "alarmname",
    "alarmnames",
    "nodegroupname",
    "pipelinename",
    "functionname",
    "launchtemplatename",
    "launchconfigurationname",
    "groupname",
    "resourceidentifier",
    "privateipaddress",
    "availabilityzone",
    "instanceid",
    "family",
    "taskdefinition",
];

/// In the order of the record: what the lookup named first.
pub(super) fn of(record: &Value, looked: &[String]) -> Vec<Foreign> {
    let mut names = Names::default();
    for name in looked {
        names.add(name);
    }
    for part in ["resources", "requestParameters", "responseElements", "serviceEventDetails"] {
        if let Some(value) = record.get(part) {
            names.walk(value, "", 0);
        }
    }
    names.found
}

#[derive(Default)]
struct Names {
    found: Vec<Foreign>,
    seen: BTreeSet<String>,
    parts: usize,
}

impl Names {
    fn add(&mut self, name: &str) {
        let name = cut(name.trim(), 512);
        if !name.is_empty() && self.found.len() < NAMES && self.seen.insert(name.clone()) {
            self.found.push(name.into());
        }
    }

    fn walk(&mut self, value: &Value, key: &str, depth: usize) {
        self.parts += 1;
        if depth > 40 || self.parts > PARTS || is_about_the_caller(key) {
            return;
        }
        match value {
            Value::String(s) if is_id(s) || is_name(key, s) => self.add(s),
            // A target's id is an address or an instance; the key above says that it is a target.
            Value::Object(all) if key == "targets" => {
                all.iter().for_each(|(k, v)| {
                    if k == "id" { v.as_str().into_iter().for_each(|id| self.add(id)) } else { self.walk(v, k, depth + 1) }
                });
            }
            Value::Object(all) => all.iter().for_each(|(k, v)| self.walk(v, if k == "items" { key } else { k }, depth + 1)),
            Value::Array(all) => all.iter().for_each(|v| self.walk(v, key, depth + 1)),
            _ => {}
        }
    }
}

fn is_about_the_caller(key: &str) -> bool {
    matches!(key, "requesterId" | "ownerId" | "clientToken" | "accountId" | "requestId")
}

fn is_name(key: &str, value: &str) -> bool {
    !value.is_empty() && NAME_KEYS.iter().any(|k| key.eq_ignore_ascii_case(k))
}

/// `i-0123…`, `sg-…`, `arn:…`: something whose form alone says that it names a resource.
pub fn is_id(text: &str) -> bool {
    const KINDS: &[&str] = &[
        "i",
        "sg",
        "sgr",
        "eni",
        "subnet",
        "vpc",
        "acl",
        "rtb",
        "lt",
        "pl",
        "igw",
        "nat",
        "tgw",
        "tgw-rtb",
        "tgw-attach",
        "pcx",
        "vgw",
        "vpn",
        "eipalloc",
        "eipassoc",
        "vol",
        "ami",
        "aclassoc",
        "rtbassoc",
        "vpce",
    ];
    if text.starts_with("arn:") {
        return true;
    }
    let Some((kind, hex)) = text.rsplit_once('-') else { return false };
    hex.len() >= 8 && hex.len() <= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()) && KINDS.contains(&kind)
}
