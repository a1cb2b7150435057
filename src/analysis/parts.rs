//! Long lists dealt out to the cores. The result is the same as on one.

use crate::accesslog::scan::workers;

/// `f` of all items, in their order: in parts of `least` or more, one a core.
pub(super) fn in_parts<T: Sync, U: Send>(items: &[T], least: usize, f: impl Fn(&[T]) -> Vec<U> + Sync) -> Vec<U> {
    // Asking for the number of cores reads files.
    let part = if items.len() <= least { least } else { items.len().div_ceil(workers()).max(least) };
    let Some((first, rest)) = items.split_at_checked(part).filter(|(_, rest)| !rest.is_empty()) else { return f(items) };
    std::thread::scope(|scope| {
        let hands: Vec<_> = rest.chunks(part).map(|part| scope.spawn(|| f(part))).collect();
        let mut all = f(first);
        for hand in hands {
            all.extend(hand.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::in_parts;

    #[test]
    fn the_order_stays() {
        for n in [0, 1, 9, 10, 11, 1000] {
            let items: Vec<usize> = (0..n).collect();
            assert_eq!(
                in_parts(&items, 10, |part| part.iter().filter(|i| **i % 3 > 0).copied().collect()),
                items.iter().copied().filter(|i| i % 3 > 0).collect::<Vec<_>>()
            );
        }
    }
}
