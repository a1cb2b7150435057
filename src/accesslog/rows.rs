//! Rows of a tally and the one way they are added up. Knows no line and no file.

use super::tally::{OTHER, Row};
use super::{FailureRow, PathRow, RequestRow};
use crate::time::Time;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a finished tally.
const MOST_ROWS: usize = 50_000;
/// Targets that are kept apart when there are too many rows.
const MOST_TARGETS: usize = 500;

/// A row: what it is about, and what was counted there.
pub trait Tallied {
    /// What makes two rows the same.
    type Key<'a>: Ord
    where
        Self: 'a;

    fn key(&self) -> Self::Key<'_>;
    /// Takes in the counts of a row with the same key.
    fn add(&mut self, other: &Self);
}

/// Puts rows in order and adds up those with the same key.
pub fn add_up<R: Tallied>(rows: &mut Vec<R>) {
    rows.sort_by(|a, b| a.key().cmp(&b.key()));
    rows.dedup_by(|next, kept| {
        let same = next.key() == kept.key();
        if same {
            kept.add(next);
        }
        same
    });
}

impl Tallied for Row {
    type Key<'a> = &'a [String];

    fn key(&self) -> &[String] {
        &self.values
    }

    fn add(&mut self, other: &Self) {
        super::tally::Add::add(&mut self.seen, other.seen);
    }
}

impl Tallied for FailureRow {
    type Key<'a> = (Time, &'a str, super::Signature, u16, &'a str, &'a str, bool);

    fn key(&self) -> Self::Key<'_> {
        (self.minute, &self.target, self.signature, self.status, &self.node, &self.group, self.static_file)
    }

    fn add(&mut self, other: &Self) {
        self.count += other.count;
    }
}

impl Tallied for RequestRow {
    type Key<'a> = (Time, &'a str, &'a str);

    fn key(&self) -> Self::Key<'_> {
        (self.minute, &self.target, &self.group)
    }

    fn add(&mut self, other: &Self) {
        self.ok += other.ok;
        self.failed += other.failed;
        self.syn_retries += other.syn_retries;
    }
}

/// A row about one target.
trait OfTarget: Tallied {
    fn target(&mut self) -> &mut String;
    fn requests(&self) -> u64;
}

impl OfTarget for FailureRow {
    fn target(&mut self) -> &mut String {
        &mut self.target
    }

    fn requests(&self) -> u64 {
        self.count
    }
}

impl OfTarget for RequestRow {
    fn target(&mut self) -> &mut String {
        &mut self.target
    }

    fn requests(&self) -> u64 {
        self.ok + self.failed
    }
}

/// Keeps failures at a bearable number of rows: first without the node, then without rare targets. Gives
/// back how many failures lost detail.
pub(super) fn fold_failures(rows: &mut Vec<FailureRow>) -> u64 {
    add_up(rows);
    if rows.len() <= MOST_ROWS {
        return 0;
    }
    rows.iter_mut().for_each(|row| OTHER.clone_into(&mut row.node));
    add_up(rows);
    fold_targets(rows);
    rows.iter().map(|r| r.count).sum()
}

/// The same for requests, whose rows name no node.
pub(super) fn fold_requests(rows: &mut Vec<RequestRow>) {
    add_up(rows);
    fold_targets(rows);
}

/// Puts the paths that fail most first.
pub fn rank_paths(rows: &mut [PathRow]) {
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.path, a.signature).cmp(&(&b.path, b.signature))));
}

/// Puts all but the busiest targets together when there are too many rows.
fn fold_targets<R: OfTarget>(rows: &mut Vec<R>) {
    if rows.len() <= MOST_ROWS {
        return;
    }
    let kept = busiest(rows);
    for row in rows.iter_mut().filter_map(|r| (!kept.contains(r.target())).then(|| r.target())) {
        OTHER.clone_into(row);
    }
    add_up(rows);
}

fn busiest<R: OfTarget>(rows: &mut [R]) -> BTreeSet<String> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        let requests = row.requests();
        *sums.entry(row.target().clone()).or_default() += requests;
    }
    let mut order: Vec<_> = sums.into_iter().collect();
    order.sort_by_key(|(_, n)| Reverse(*n));
    order.into_iter().take(MOST_TARGETS).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::Signature;

    fn failure(target: String, node: String) -> FailureRow {
        FailureRow {
            minute: Time::UNIX_EPOCH,
            target,
            signature: Signature::Refused,
            status: 502,
            node,
            group: "g".into(),
            static_file: false,
            count: 1,
        }
    }

    #[test]
    fn rows_that_are_alike_are_one() {
        let mut rows: Vec<FailureRow> = ["b", "a", "b"].map(|t| failure(t.into(), "n".into())).into();
        add_up(&mut rows);
        assert_eq!(rows.iter().map(|r| (r.target.as_str(), r.count)).collect::<Vec<_>>(), [("a", 1), ("b", 2)]);
    }

    #[test]
    fn too_many_rows_lose_their_node_and_then_rare_targets() {
        let mut rows: Vec<FailureRow> = (0..60_000).map(|n| failure(format!("t{}", n / 2), format!("n{n}"))).collect();
        assert_eq!(fold_failures(&mut rows), 60_000);
        assert_eq!((rows.len(), rows[0].node.as_str()), (30_000, OTHER));
        let mut rows: Vec<FailureRow> = (0..60_000).map(|n| failure(format!("t{n}"), "n".into())).collect();
        assert_eq!(fold_failures(&mut rows), 60_000);
        assert_eq!((rows.len(), rows.iter().map(|r| r.count).sum::<u64>()), (MOST_TARGETS + 1, 60_000));
    }
}
