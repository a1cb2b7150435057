//! What a word is: an account, an address, an ARN, a host, an id, a path, or just a word.

use super::names::{Kind, StandIns};
use crate::diagnosis::CAUSES;
use std::collections::HashSet;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::LazyLock;

/// Everyday words, the data model's own, AWS's nouns, and the usual parts of paths. A name that is one of
/// these tells nothing.
const PLAIN: &str = "\
access account action active add admin alarm alb all allow anomalous any api app application apps area arn assets assumed-role \
auth autoscaling autoscalinggroup autoscalinggroupname available average aws backend baseline batch beyond_retention bin blue bucket \
busy ci certificate changes client closed cluster code codedeploy com common config connection console container content core cost count cron \
css data db default deploy deployment denied dev dist dns done dont_know down draining ec2 ecs egress elastic \
elasticloadbalancing end error errors etc event events failed fail false favicon.ico fleet forward frontend function gateway get green \
group groups health health-check health_check_log healthcheck healthy healthz heartbeat home host hosts html http https iam identity \
images img impaired index info ingress initial initializing instance instance/ instances internal internet-facing ip ipv4 ipv6 job js json lambda \
launchtemplate launch-template lib lifecycle listener listener-rule live lb load loadbalancer local log log-group log-stream logs main maximum memory metric \
minimum module monitor monitoring name net network nginx node none not_applicable not_done not_enabled null ok oncall open opt other \
people person pending php ping policy pod pool port prod product production proxy process public python query queue ready readyz release \
request requests response role root rule running s3 sample sandbox scaling sdk search security security-group server service services session \
shared shutting-down sources spot srv stack stage staging standard start state static status stop stopped stopping storage sts subnet sum svc \
swap sys system tag target targetgroup targets task tcp team terminated terraform test throttled time timeout tls tmp too_fresh \
traffic-port traffic true type udp unavailable unhealthy unknown unlimited unused update upload uploads usr user users v1 v2 v3 value var version vpc warn \
alarm_code alarm_history alarm_changes app_log access_log auto_scaling aws_health balancer balancer_metrics before beyond code_deploy \
cloud_trail cidr debug edited fatal host_metrics insufficient_data prefix_list security_group target_health to_alarm to_insufficient_data to_ok unreadable zonal_shift \
address-in-use conntrack-full ephemeral-ports out-of-memory panic server-error static-file-error syn-flood too-many-files upstream-refused worker-connections worker-timeout boot \
web webhook worker workers www yes zone aws-service-role aws-cloudwatch autoscaling.amazonaws.com var.log console.amazonaws.com";

static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let words = PLAIN.split_whitespace().map(str::to_owned);
    let metrics = crate::metrics::CATALOG.iter().map(|m| m.name.to_lowercase());
    let checks = crate::checks::RUNBOOK.iter().map(|c| c.id().to_owned());
    let signatures = crate::accesslog::Signature::ALL.iter().map(|s| s.id().to_owned());
    words.chain(metrics).chain(checks).chain(signatures).chain(CAUSES.iter().map(|c| (*c).to_owned())).collect()
});

/// Ends of names that are hosts.
const ENDS: [&str; 22] = [
    "com",
    "net",
    "org",
    "io",
    "dev",
    "jp",
    "vn",
    "internal",
    "local",
    "localdomain",
    "corp",
    "lan",
    "intra",
    "cloud",
    "example",
    "test",
    "co",
    "uk",
    "de",
    "eu",
    "sg",
    "us",
];

/// Whether a word may stay wherever it stands.
pub(super) fn is_plain(word: &str) -> bool {
    let lower = word.to_lowercase();
    let number = word.len() != 12 && word.bytes().all(|b| b.is_ascii_digit() || b == b'.') && word.parse::<f64>().is_ok();
    number || WORDS.contains(&lower) || word.starts_with("AWSServiceRole") || lower.starts_with("com.amazonaws.") || is_region(&lower)
}

/// `ap-northeast-1`, `ap-northeast-1a`
fn is_region(word: &str) -> bool {
    let bare = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let parts: Vec<_> = bare.split('-').collect();
    let letters = |p: &&str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase());
    match parts.split_last() {
        Some((number, names)) => {
            word.len() - bare.len() <= 1
                && number.len() == 1
                && number.bytes().all(|b| b.is_ascii_digit())
                && (2..=3).contains(&names.len())
                && names[0].len() == 2
                && names.iter().all(letters)
        }
        None => false,
    }
}

/// Every word of a text.
pub(super) fn text<S: BuildHasher>(text: &str, to: &mut StandIns<S>) -> String {
    // A whole that is a name, blanks and all.
    if let Some(known) = to.known(text).filter(|_| to.is_settled()) {
        return known.clone();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
        if end == 0 {
            let next = rest.chars().next().map_or(1, char::len_utf8);
            out.push_str(&rest[..next]);
            rest = &rest[next..];
            continue;
        }
        out.push_str(&trimmed(&rest[..end], to));
        rest = &rest[end..];
    }
    out
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || "._-@:/+=~?&#%$[]".contains(c)
}

/// Punctuation at the ends belongs to the sentence.
fn trimmed<S: BuildHasher>(raw: &str, to: &mut StandIns<S>) -> String {
    let start = raw.len() - raw.trim_start_matches(['.', ':', '=', '?', ']', '-', '+', '&']).len();
    let word = raw[start..].trim_end_matches(['.', ':', '?', '=', '[', '&', '-', '+']);
    if word.is_empty() {
        return raw.to_owned();
    }
    format!("{}{}{}", &raw[..start], self::word(word, to), &raw[start + word.len()..])
}

fn word<S: BuildHasher>(word: &str, to: &mut StandIns<S>) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    if let Some(known) = to.known(word) {
        return known.clone();
    }
    if let Some(address) = address(word, to) {
        return address;
    }
    if word.starts_with("arn:") {
        return arn(word, to);
    }
    if let Some((scheme, rest)) = word.split_once("://") {
        return format!("{scheme}://{}", url(rest, to));
    }
    if let Some((local, domain)) = word.split_once('@').filter(|(l, d)| !l.is_empty() && !d.is_empty()) {
        let (local, domain) = (to.name(Kind::Person, local), to.name(Kind::Host, domain));
        return format!("{local}@{domain}");
    }
    if word.starts_with('/') {
        return path(word, to);
    }
    if ["app/", "net/", "gwy/", "targetgroup/", "loadbalancer/"].iter().any(|start| word.starts_with(start)) {
        return parts(word, &['/', ':'], |part| resource(part, to));
    }
    parts(word, &['/', ':', '=', '?', '&', '#', '%', '+', '~', '$', '[', ']'], |part| atom(part, to))
}

/// The parts between separators, each changed.
fn parts(word: &str, separators: &[char], mut change: impl FnMut(&str) -> String) -> String {
    let mut out = String::with_capacity(word.len());
    for piece in word.split_inclusive(separators) {
        let part = piece.strip_suffix(separators).unwrap_or(piece);
        out.push_str(&change(part));
        out.push_str(&piece[part.len()..]);
    }
    out
}

/// A word without separators.
fn atom<S: BuildHasher>(atom: &str, to: &mut StandIns<S>) -> String {
    if is_plain(atom) {
        return atom.to_owned();
    }
    if let Some(known) = to.known(atom) {
        return known.clone();
    }
    if let Some(kind) = id_kind(atom) {
        return to.name(kind, atom);
    }
    if let Some(address) = address(atom, to) {
        return address;
    }
    if let Some(dashed) = dashed_address(atom, to) {
        return dashed;
    }
    host(atom, to)
}

/// Account ids, resource ids, UUIDs and other long hexadecimal numbers.
fn id_kind(atom: &str) -> Option<Kind> {
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let hex = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if atom.len() == 12 && digits(atom) {
        return Some(Kind::Account);
    }
    let uuid = || atom.len() == 36 && atom.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && atom.split('-').all(|p| hex(&p.to_lowercase()));
    let resource = || {
        let (prefix, number) = atom.rsplit_once('-')?;
        let short = (1..=12).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_lowercase());
        (short && (number.len() == 8 || number.len() == 17) && hex(number)).then_some(())
    };
    let long = || atom.len() >= 16 && hex(&atom.to_lowercase()) && !digits(atom);
    (uuid() || resource().is_some() || long()).then_some(Kind::Id)
}

/// An address, a network, or an address with a port.
fn address<S: BuildHasher>(word: &str, to: &mut StandIns<S>) -> Option<String> {
    if !word.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    if let Ok(ip) = word.parse::<IpAddr>() {
        return Some(replaced(ip, full(ip), word, to));
    }
    if let Some((ip, length)) = word.split_once('/').and_then(|(a, n)| Some((a.parse::<IpAddr>().ok()?, n.parse::<u32>().ok()?))) {
        let length = length.min(full(ip));
        return Some(format!("{}/{length}", replaced(ip, length, &ip.to_string(), to)));
    }
    let (host, port) = word.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok())?;
    if let Some(inside) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        let ip = inside.parse::<IpAddr>().ok()?;
        return Some(format!("[{}]:{port}", replaced(ip, full(ip), inside, to)));
    }
    let ip = host.parse::<IpAddr>().ok()?;
    Some(format!("{}:{port}", replaced(ip, full(ip), host, to)))
}

fn full(ip: IpAddr) -> u32 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn replaced<S: BuildHasher>(ip: IpAddr, length: u32, as_written: &str, to: &mut StandIns<S>) -> String {
    if to.is_settled() {
        return to.addresses.stand_in(ip, length).to_string();
    }
    to.addresses.see(ip, length);
    as_written.to_owned()
}

/// `ip-10-20-1-57`, as EC2 names its hosts.
fn dashed_address<S: BuildHasher>(atom: &str, to: &mut StandIns<S>) -> Option<String> {
    let (name, domain) = atom.split_once('.').unwrap_or((atom, ""));
    let ip = name.strip_prefix("ip-")?.replace('-', ".").parse::<IpAddr>().ok()?;
    let stand_in = replaced(ip, full(ip), &ip.to_string(), to).replace('.', "-");
    let domain = if domain.is_empty() { String::new() } else { format!(".{}", host(domain, to)) };
    Some(format!("ip-{stand_in}{domain}"))
}

fn host<S: BuildHasher>(name: &str, to: &mut StandIns<S>) -> String {
    for aws in [".amazonaws.com", ".amazonaws.com.cn", ".compute.internal", ".ec2.internal", ".aws.amazon.com"] {
        if let Some(before) = name.strip_suffix(aws) {
            return format!("{}{aws}", of_aws(before, to));
        }
    }
    let labels: Vec<_> = name.split('.').collect();
    let sound = labels.len() >= 2 && labels.iter().all(|l| !l.is_empty() && l.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_'));
    let ends = labels.last().is_some_and(|end| ENDS.contains(&end.to_lowercase().as_str()));
    if sound && ends { to.name(Kind::Host, name) } else { name.to_owned() }
}

/// What stands before AWS's own domain: the service's name stays, the customer's does not.
fn of_aws<S: BuildHasher>(before: &str, to: &mut StandIns<S>) -> String {
    let labels: Vec<_> = before.split('.').collect();
    let theirs = |l: &&str| {
        is_region(l) || ["elb", "compute", "s3", "ec2", "ecs", "rds", "cache", "execute-api", "application-autoscaling", "spot"].contains(l)
    };
    let first_theirs = if labels.len() == 1 { 0 } else { labels.iter().position(theirs).unwrap_or(labels.len()) };
    let mut out = Vec::new();
    for (i, label) in labels.iter().enumerate() {
        out.push(if i < first_theirs {
            dashed_address(label, to).unwrap_or_else(|| to.name(Kind::Host, label))
        } else {
            (*label).to_owned()
        });
    }
    out.join(".")
}

/// `arn:partition:service:region:account:resource`
fn arn<S: BuildHasher>(arn: &str, to: &mut StandIns<S>) -> String {
    let fields: Vec<_> = arn.splitn(6, ':').collect();
    let [head @ .., account, named] = fields.as_slice() else { return arn.to_owned() };
    if head.len() != 4 {
        return parts(arn, &[':', '/'], |part| atom(part, to));
    }
    let account = if account.is_empty() { String::new() } else { atom(account, to) };
    format!("{}:{account}:{}", head.join(":"), parts(named, &['/', ':'], |part| resource(part, to)))
}

/// A part of an ARN or of a dimension: whatever is not AWS's word is somebody's name.
fn resource<S: BuildHasher>(part: &str, to: &mut StandIns<S>) -> String {
    let changed = atom(part, to);
    if changed != part || is_plain(part) || part == "*" || part.ends_with(".amazonaws.com") {
        return changed;
    }
    to.name(Kind::Resource, part)
}

fn url<S: BuildHasher>(rest: &str, to: &mut StandIns<S>) -> String {
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(at);
    let authority = match authority.rsplit_once('@') {
        Some((user, server)) => format!("{}@{}", to.name(Kind::Person, user), server_name(server, to)),
        None => server_name(authority, to),
    };
    format!("{authority}{}", path(tail, to))
}

/// A host or a bucket, with a port or without.
fn server_name<S: BuildHasher>(server: &str, to: &mut StandIns<S>) -> String {
    if let Some(address) = address(server, to) {
        return address;
    }
    let (name, port) = server.split_once(':').map_or((server, ""), |(n, _)| (n, &server[n.len()..]));
    let changed = atom(name, to);
    let kept = changed != name || is_plain(name) || name.ends_with(".amazonaws.com") || name.ends_with(".aws.amazon.com");
    let name = if kept { changed } else { to.name(Kind::Host, name) };
    format!("{name}{port}")
}

/// Parts of a path, and the values of its query.
fn path<S: BuildHasher>(path: &str, to: &mut StandIns<S>) -> String {
    let (path, query) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
    let path = parts(path, &['/', ':'], |part| path_part(part, to));
    let query = parts(query, &['?', '&', '=', '#', '/', '%', '+', ';'], |part| path_part(part, to));
    format!("{path}{query}")
}

fn path_part<S: BuildHasher>(part: &str, to: &mut StandIns<S>) -> String {
    if part.bytes().all(|b| b.is_ascii_digit()) && part.len() >= 3 && part.len() != 12 {
        return "0".repeat(part.len());
    }
    let changed = atom(part, to);
    if changed != part {
        return changed;
    }
    // The kind of file says something about the fault and nothing about the owner.
    match part
        .rsplit_once('.')
        .filter(|(stem, end)| !stem.is_empty() && (1..=5).contains(&end.len()) && end.bytes().all(|b| b.is_ascii_alphanumeric()))
    {
        Some((stem, end)) => format!("{}.{end}", to.segment(stem)),
        None => to.segment(part),
    }
}

/// Whether a word is neither an id nor an address.
pub(super) fn is_no_id(word: &str) -> bool {
    let bare = word.split([':', '/']).next().unwrap_or(word);
    id_kind(word).is_none() && bare.parse::<IpAddr>().is_err() && word.parse::<IpAddr>().is_err()
}
