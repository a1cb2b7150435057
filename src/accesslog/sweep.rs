//! Finds the lines of a text and glances at them in one pass over their bytes, 64 at a time, by whatever vectors
//! the processor has. Decides only what is plainly well formed; anything long, odd or malformed, and the last
//! few bytes of a text, it leaves to [`glance`], which says the same of every line.
#![allow(clippy::inline_always, reason = "a vector is only a vector in a function compiled for its processor")]

use super::line::{Glance, HEAD, LONGEST_KIND, QUOTES, Stamp, glance, status};
use fearless_simd::{Level, dispatch, i8x64, prelude::*, u8x64};
use std::hint::select_unpredictable;

/// Where the first quote must be to be found: behind the first block and in one of the next two.
const REACH: usize = 192;

/// Hands on each line of a text, without its end, and what a glance tells of it.
#[inline]
pub fn each_glance<'a>(text: &'a [u8], take: impl FnMut(&'a [u8], Option<Glance<'a>>)) {
    dispatch!(Level::new(), simd => lines(simd, text, take));
}

#[inline(always)]
fn lines<'a, S: Simd>(simd: S, mut text: &'a [u8], mut take: impl FnMut(&'a [u8], Option<Glance<'a>>)) {
    while !text.is_empty() {
        let (length, glance) = match plain(simd, text) {
            Some((length, glance)) => (length, Some(glance)),
            None => odd(text),
        };
        take(without_return(&text[..length]), glance);
        text = text.get(length + 1..).unwrap_or_default();
    }
}

#[inline(always)]
fn without_return(line: &[u8]) -> &[u8] {
    if let [line @ .., b'\r'] = line { line } else { line }
}

/// The length of a text's first line and a glance at it, by searching it again and again.
#[cold]
#[inline(never)]
fn odd(text: &[u8]) -> (usize, Option<Glance<'_>>) {
    let length = memchr::memchr(b'\n', text).unwrap_or(text.len());
    (length, glance(without_return(&text[..length])))
}

/// The same in one pass, for a line that is well formed beyond doubt.
#[inline(always)]
fn plain<S: Simd>(simd: S, text: &[u8]) -> Option<(usize, Glance<'_>)> {
    let (first, rest) = text.split_first_chunk::<REACH>()?;
    let ([a, b, c], _) = first.as_chunks::<64>() else { return None };
    let (a, b, c) = (u8x64::from_slice(simd, a), u8x64::from_slice(simd, b), u8x64::from_slice(simd, c));
    let too_early = a.simd_eq(b'\n') | b.simd_eq(b'\n') | c.simd_eq(b'\n') | a.simd_eq(b'"');
    if too_early.any_true() {
        return None;
    }
    let (b_quotes, c_quotes) = (b.simd_eq(b'"'), c.simd_eq(b'"'));
    let head = Head::of([bits(a, b' '), bits(b, b' '), bits(c, b' ')], [b_quotes.to_bitmask(), c_quotes.to_bitmask()])?;
    let glance = head.glance(text)?;
    let none = i8x64::splat(simd, 0);
    let length = end(rest, none - b_quotes.to_vector() - c_quotes.to_vector())?;
    Some((REACH + length, glance))
}

/// One bit a byte, the first one's lowest: is it this one?
#[inline(always)]
fn bits<S: Simd>(block: u8x64<S>, byte: u8) -> u64 {
    block.simd_eq(byte).to_bitmask()
}

/// Where the line ends, if the quotes up to there are closed and enough. What is true is -1 in a vector, so
/// taking it off counts up. Lanes and sum keep their lowest eight bits, which is all that is asked of a number that must
/// be even and large: one that seems small is not decided here.
#[inline(always)]
fn end<S: Simd>(rest: &[u8], mut quotes: i8x64<S>) -> Option<usize> {
    let simd = quotes.token();
    for (n, block) in rest.as_chunks::<64>().0.iter().enumerate() {
        let block = u8x64::from_slice(simd, block);
        let (quote, line_feed) = (block.simd_eq(b'"'), block.simd_eq(b'\n'));
        if line_feed.any_true() {
            let end = line_feed.to_bitmask().trailing_zeros();
            let last = (quote.to_bitmask() & below(end)).count_ones();
            let count = (quotes.reduce_sum() as u8).wrapping_add(last as u8);
            let closed = count.is_multiple_of(2) && usize::from(count) >= QUOTES;
            return closed.then_some(n * 64 + end as usize);
        }
        quotes -= quote.to_vector();
    }
    None
}

/// The bits under the one at a place from 0 to 63.
#[inline(always)]
fn below(place: u32) -> u64 {
    (1 << place) - 1
}

/// What is before the first quote of a line. Straight-line code throughout: fields differ in length from line to
/// line, so that the processor would guess every branch wrong.
struct Head {
    length: usize,
    kind: usize,
    spaces: u32,
    /// The spaces in the last 64 bytes, one bit a byte, the last one's topmost.
    last: u64,
}

impl Head {
    /// By the spaces in a line's first three blocks, and the quotes in the second and the third.
    #[inline(always)]
    fn of([a, b, c]: [u64; 3], [in_second, in_third]: [u64; 2]) -> Option<Self> {
        let second = in_second != 0;
        let quote = select_unpredictable(second, in_second, in_third).trailing_zeros();
        if quote == 64 {
            return None;
        }
        let before = select_unpredictable(second, a, b);
        let partly = select_unpredictable(second, b, c);
        Some(Self {
            length: select_unpredictable(second, 64, 128) + quote as usize,
            kind: a.trailing_zeros() as usize,
            spaces: select_unpredictable(second, 0, a).count_ones() + before.count_ones() + (partly & below(quote)).count_ones(),
            last: before >> quote | partly << 1 << (63 - quote),
        })
    }

    #[inline(always)]
    fn glance<'a>(&self, line: &'a [u8]) -> Option<Glance<'a>> {
        let ends_in_space = self.last >> 63 == 1;
        if !ends_in_space || self.spaces as usize != HEAD || !(1..=LONGEST_KIND).contains(&self.kind) {
            return None;
        }
        let head = line.get(..self.length)?;
        Some(Glance { time: Stamp::read(head.get(self.kind + 1..)?)?, status: status(head.get(self.status()?)?)? })
    }

    /// The head ends `… 502 - 34 366 `, with the status between the fifth and the fourth space from its end.
    #[inline(always)]
    fn status(&self) -> Option<std::ops::Range<usize>> {
        if self.last.count_ones() < 5 {
            return None;
        }
        let (mut left, mut end) = (self.last, self.length);
        for _ in 0..4 {
            let field = left.leading_zeros() + 1;
            // Neither wraps while there are spaces left.
            left = left.wrapping_shl(field);
            end = end.wrapping_sub(field as usize);
        }
        (left.leading_zeros() == 3).then_some(end.wrapping_sub(3)..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accesslog::line::tests::REFUSED;
    use proptest::prelude::*;

    type Seen<'a> = Vec<(&'a [u8], Option<Glance<'a>>)>;

    /// One byte after the other, one line after the other.
    fn obvious(text: &[u8]) -> Seen<'_> {
        let lines = text.split_inclusive(|b| *b == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line));
        lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line)).map(|line| (line, glance(line))).collect()
    }

    /// By the vectors that every processor of this kind has, and by the widest that this one has.
    fn swept(text: &[u8]) -> [Seen<'_>; 2] {
        [Level::baseline(), Level::new()].map(|level| {
            let mut seen = Vec::new();
            dispatch!(level, simd => lines(simd, text, |line, glance| seen.push((line, glance))));
            seen
        })
    }

    fn is_obvious(text: &[u8]) -> bool {
        let expected = obvious(text);
        swept(text).iter().all(|seen| *seen == expected)
    }

    /// A line with a longer balancer's name, a longer path, and more pairs of quotes.
    fn line(head: usize, tail: usize, pairs: usize) -> String {
        let long = REFUSED.replace("app/web", &format!("app/{}", "w".repeat(head))).replace("/cart/", &format!("/{}/", "c".repeat(tail)));
        long + &" \"-\"".repeat(pairs)
    }

    #[test]
    fn a_well_formed_line_needs_no_second_look() {
        let text = line(3, 20, 0) + "\n" + &line(3, 20, 0) + "\n";
        let read = dispatch!(Level::new(), simd => plain(simd, text.as_bytes()));
        assert_eq!(read.map(|(length, glance)| (length, glance.status)), Some((line(3, 20, 0).len(), 502)));
    }

    #[test]
    fn heads_and_lines_may_end_at_any_place_of_a_block() {
        for head in 0..200 {
            let text = format!("{0}\n{0}\r\n{0}", line(head, 1, 0));
            assert!(is_obvious(text.as_bytes()), "{head}");
            assert!(obvious(text.as_bytes()).iter().all(|(_, glance)| glance.is_some_and(|g| g.status == 502)));
        }
        for tail in 0..200 {
            assert!(is_obvious(format!("{0}\n{1}\n", line(3, tail, 0), line(3, 1, 0)).as_bytes()), "{tail}");
        }
    }

    #[test]
    fn a_text_may_be_cut_anywhere() {
        let text = format!("{0}\n\n{0}\r\n{0}\n", line(3, 9, 0));
        assert!((0..text.len()).all(|n| is_obvious(&text.as_bytes()[..n]) && is_obvious(&text.as_bytes()[n..])));
    }

    #[test]
    fn quotes_are_counted_however_many_there_are() {
        for pairs in 0..600 {
            let closed = line(3, 9, pairs) + "\n" + REFUSED + "\n";
            let open = closed.replacen("\" \"", " \"", 1);
            assert!(is_obvious(closed.as_bytes()) && is_obvious(open.as_bytes()), "{pairs}");
            assert!(obvious(closed.as_bytes())[0].1.is_some() && obvious(open.as_bytes())[0].1.is_none());
        }
    }

    #[test]
    fn a_text_of_many_lines_is_read_to_its_end() {
        let text: String = (0..400).map(|n| line(n % 90, n % 310, n % 5) + if n % 7 == 0 { "\r\n" } else { "\n" }).collect();
        assert!(text.len() > 128 * 1024 && is_obvious(text.as_bytes()));
    }

    fn odd_byte() -> impl Strategy<Value = u8> {
        prop_oneof![Just(b'"'), Just(b' '), Just(b'\n'), Just(b'\r'), Just(b'5'), any::<u8>()]
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_as_by_the_obvious_reader(text in proptest::collection::vec(odd_byte(), 0..700)) {
            prop_assert!(is_obvious(&text));
        }

        #[test]
        fn damaged_lines_are_read_as_by_the_obvious_reader(
            sizes in proptest::collection::vec((0usize..150, 0usize..400, 0usize..4), 1..6),
            damage in proptest::collection::vec((any::<proptest::sample::Index>(), odd_byte()), 0..6),
            from in 0usize..300,
        ) {
            let mut text = sizes.into_iter().map(|(head, tail, pairs)| line(head, tail, pairs)).collect::<Vec<_>>().join("\n").into_bytes();
            for (at, byte) in damage {
                let at = at.index(text.len());
                text[at] = byte;
            }
            prop_assert!(is_obvious(&text[from..]));
        }
    }
}
