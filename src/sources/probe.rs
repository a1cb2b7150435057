//! TCP connects from this machine to the targets. What they show is true from here, not from the balancer.

use crate::case::network::{Probe, ProbeOutcome};
use crate::time::Time;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// As long as the balancer itself waits would be 10 s; from here three tell enough.
pub const TIMEOUT: Duration = Duration::from_secs(3);
/// Addresses tried at most, and at once.
const MOST: usize = 64;
const AT_ONCE: usize = 16;

/// Connects to each address and hangs up, several at once. Blocks.
pub fn probe(targets: &[SocketAddr], timeout: Duration, at: Time) -> Vec<Probe> {
    let targets = &targets[..targets.len().min(MOST)];
    let mut all = Vec::with_capacity(targets.len());
    for some in targets.chunks(AT_ONCE) {
        all.extend(std::thread::scope(|scope| {
            let tries: Vec<_> = some.iter().map(|t| scope.spawn(move || connect(*t, timeout))).collect();
            let joined = tries.into_iter().zip(some).filter_map(|(t, target)| Some((target, t.join().ok()?)));
            joined.map(|(target, outcome)| Probe { target: target.to_string(), at, outcome }).collect::<Vec<_>>()
        }));
    }
    all
}

fn connect(target: SocketAddr, timeout: Duration) -> ProbeOutcome {
    let started = Instant::now();
    match TcpStream::connect_timeout(&target, timeout) {
        Ok(_) => ProbeOutcome::Open { milliseconds: started.elapsed().as_millis().min(u128::from(u32::MAX)) as u32 },
        Err(e) => match e.kind() {
            ErrorKind::ConnectionRefused => ProbeOutcome::Refused,
            ErrorKind::TimedOut | ErrorKind::WouldBlock => ProbeOutcome::TimedOut,
            _ => ProbeOutcome::Failed { why: e.to_string().into() },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn open_and_refused_are_told_apart() {
        let open = TcpListener::bind("127.0.0.1:0").unwrap();
        let shut = TcpListener::bind("127.0.0.1:0").unwrap();
        let (a, b) = (open.local_addr().unwrap(), shut.local_addr().unwrap());
        drop(shut);
        let found = probe(&[a, b], TIMEOUT, Time::default());
        assert!(matches!(found[0].outcome, ProbeOutcome::Open { .. }), "{found:?}");
        assert_eq!(found[1].outcome, ProbeOutcome::Refused);
    }
}
