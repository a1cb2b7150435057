//! Which target a stream belongs to, as far as its name tells.

/// The instance or the address that a stream's name holds: `web-i-0123…`, `ip-10-0-1-5`, `10.0.1.5`.
pub(super) fn target(name: &str) -> Option<String> {
    let words = || name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.');
    let instance = words().flat_map(|w| w.match_indices("i-").map(move |(i, _)| &w[i..])).find_map(|w| {
        let hex = w[2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        matches!(hex, 8 | 17).then(|| w[..2 + hex].to_owned())
    });
    let address = || {
        words().find_map(|w| {
            let w = w.trim_end_matches(".log").trim_matches('.');
            let dashed = w
                .split_once("ip-")
                .map(|(_, rest)| rest.split('.').next().unwrap_or(rest).splitn(5, '-').take(4).collect::<Vec<_>>().join("."));
            dashed.as_deref().unwrap_or(w).parse::<std::net::Ipv4Addr>().ok().map(|ip| ip.to_string())
        })
    };
    instance.or_else(address)
}
