//! Groups lines that differ only in their variable parts, after Drain (He et al., 2017): words with digits
//! are variable; lines of the same length, beginning and level that agree in most words are one template.
//!
//! Written here because the published crates mine with a regular expression a line or keep every line:
//! what is needed is one pass over bytes with memory that is bounded whatever the log holds.

use super::{Level, Sign};
use std::collections::HashMap;

/// Words of a line that are looked at.
const WORDS: usize = 40;
/// Templates of one log; what comes after goes into one for the rest.
pub const MOST: usize = 1000;
/// Templates that are compared with a line.
const A_LEAF: usize = 64;
/// Shapes of lines that are remembered.
const SHAPES: usize = 60_000;
/// Bytes of a word that are kept.
const WORD_LIMIT: usize = 120;

/// The id of the template for everything beyond [`MOST`].
pub const REST: u32 = 0;

/// Templates and the way to them.
pub struct Drain {
    /// The shape of a line as a number → its template: what nearly every line takes.
    shapes: HashMap<u64, u32>,
    leaves: HashMap<Leaf, Vec<u32>>,
    templates: Vec<Vec<Word>>,
}

/// What lines must share before their words are compared.
#[derive(PartialEq, Eq, Hash)]
struct Leaf {
    words: usize,
    first: Word,
    level: Level,
    sign: Option<Sign>,
}

/// A word of a template; `None` is variable.
type Word = Option<Box<str>>;

impl Default for Drain {
    fn default() -> Self {
        Self { shapes: HashMap::new(), leaves: HashMap::new(), templates: vec![vec![Some("(more lines of other kinds)".into())]] }
    }
}

impl Drain {
    /// The template of a line whose shape was seen before.
    pub fn seen(&self, shape: u64) -> Option<u32> {
        self.shapes.get(&shape).copied()
    }

    /// The template of a line with a new shape; true when the template is new, too.
    pub fn learn(&mut self, shape: u64, line: &[u8], level: Level, sign: Option<Sign>) -> (u32, bool) {
        let words: Vec<Word> = words(line).map(|w| w.fixed()).collect();
        let leaf = Leaf { words: words.len(), first: words.first().cloned().flatten(), level, sign };
        let known = self.leaves.get(&leaf).and_then(|all| all.iter().copied().find(|id| alike(&self.templates[*id as usize], &words)));
        let (id, new) = match known {
            Some(id) => {
                widen(&mut self.templates[id as usize], &words);
                (id, false)
            }
            None => self.add(leaf, words),
        };
        if self.shapes.len() >= SHAPES {
            self.shapes.clear();
        }
        self.shapes.insert(shape, id);
        (id, new)
    }

    fn add(&mut self, leaf: Leaf, words: Vec<Word>) -> (u32, bool) {
        let full = self.templates.len() > MOST || self.leaves.get(&leaf).is_some_and(|all| all.len() >= A_LEAF);
        if full {
            return (REST, false);
        }
        let id = self.templates.len() as u32;
        self.templates.push(words);
        self.leaves.entry(leaf).or_default().push(id);
        (id, true)
    }

    /// The template as text, variable parts as `<*>`.
    pub fn pattern(&self, id: u32) -> String {
        let Some(words) = self.templates.get(id as usize) else { return String::new() };
        words.iter().map(|w| w.as_deref().unwrap_or("<*>")).collect::<Vec<_>>().join(" ")
    }
}

/// Whether most words agree.
fn alike(template: &[Word], words: &[Word]) -> bool {
    let same = template.iter().zip(words).filter(|(a, b)| a == b).count();
    let fixed = template.iter().zip(words).filter(|(a, b)| a == b && a.is_some()).count();
    // Short lines say little: there all fixed words but one must agree.
    same * 10 >= words.len() * 6 && (fixed > 0 || same == words.len())
}

fn widen(template: &mut [Word], words: &[Word]) {
    template.iter_mut().zip(words).filter(|(a, b)| *a != *b).for_each(|(mine, _)| *mine = None);
}

/// A word of a line, and how much of it stands fixed.
struct Piece<'a> {
    bytes: &'a [u8],
    /// Bytes before the variable part; the whole word if it has none.
    fixed: usize,
}

impl Piece<'_> {
    fn is_variable(&self) -> bool {
        self.fixed < self.bytes.len()
    }

    /// `None` for a variable word; `id=<*>` keeps its name.
    fn fixed(&self) -> Word {
        let text = |bytes: &[u8]| crate::changes::json::cut(&String::from_utf8_lossy(bytes), WORD_LIMIT);
        match (self.is_variable(), self.fixed) {
            (false, _) => Some(text(self.bytes).into()),
            (true, 0) => None,
            (true, fixed) => Some((text(&self.bytes[..fixed]) + "<*>").into()),
        }
    }
}

fn words(line: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    line.split(u8::is_ascii_whitespace).filter(|w| !w.is_empty()).take(WORDS).map(piece)
}

fn piece(bytes: &[u8]) -> Piece<'_> {
    match bytes.iter().position(u8::is_ascii_digit) {
        None if is_long_hex(bytes) => Piece { bytes, fixed: 0 },
        None => Piece { bytes, fixed: bytes.len() },
        Some(digit) => {
            let named = bytes[..digit].iter().position(|b| *b == b'=').map_or(0, |i| i + 1);
            Piece { bytes, fixed: named }
        }
    }
}

/// Hashes and ids may come out without a single digit.
fn is_long_hex(bytes: &[u8]) -> bool {
    bytes.len() >= 16 && bytes.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-')
}

/// What a byte is to [`shape`]: a bit each.
const SPACE: u8 = 1;
const DIGIT: u8 = 2;
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        classes[byte] = if b.is_ascii_whitespace() { SPACE } else { b.is_ascii_digit() as u8 * DIGIT };
        byte += 1;
    }
    classes
};

/// The shape of a line as a number: its fixed words, and where variable ones stand.
pub fn shape(line: &[u8]) -> u64 {
    let mut hash = 0x9e37_79b9_7f4a_7c15;
    let (mut at, mut count) = (0, 0);
    while at < line.len() && count < WORDS {
        let (mut next, mut seen) = (at, 0);
        while next < line.len() && seen & SPACE == 0 {
            seen |= CLASSES[usize::from(line[next])];
            next += 1;
        }
        let word = &line[at..next - usize::from(seen & SPACE > 0)];
        if word.is_empty() {
            at = next;
            continue;
        }
        let variable = seen & DIGIT > 0;
        hash = if variable || word.len() >= 16 { mix_piece(hash, &piece(word)) } else { mix_bytes(hash, word) };
        (at, count) = (next, count + 1);
    }
    hash
}

fn mix_piece(hash: u64, piece: &Piece) -> u64 {
    let hash = mix_bytes(hash, &piece.bytes[..piece.fixed]);
    if piece.is_variable() { mix(hash, 0x2a2a) } else { hash }
}

/// Eight bytes at a time; the length keeps words apart.
fn mix_bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        hash = mix(hash, u64::from_le_bytes(*eight));
    }
    let rest = rest.iter().fold(0, |n, b| n << 8 | u64::from(*b));
    mix(mix(hash, rest), bytes.len() as u64)
}

fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn group(lines: &[&str]) -> (Vec<u32>, Drain) {
        let mut drain = Drain::default();
        let ids = lines.iter().map(|line| {
            let shape = shape(line.as_bytes());
            drain.seen(shape).unwrap_or_else(|| drain.learn(shape, line.as_bytes(), Level::Unknown, None).0)
        });
        (ids.collect(), drain)
    }

    #[test]
    fn lines_that_differ_in_variable_parts_are_one_template() {
        let (ids, drain) = group(&[
            "user 17 logged in from 10.0.1.5",
            "user 4242 logged in from 10.9.9.9",
            "order id=17 failed for customer alice after 3 tries",
            "order id=99 failed for customer bob after 12 tries",
            "cache warmed",
        ]);
        assert_eq!((ids[0], ids[2]), (ids[1], ids[3]));
        assert!(ids[0] != ids[2] && ids[2] != ids[4]);
        assert_eq!(drain.pattern(ids[0]), "user <*> logged in from <*>");
        assert_eq!(drain.pattern(ids[2]), "order id=<*> failed for customer <*> after <*> tries");
    }

    #[test]
    fn memory_is_bounded_whatever_comes() {
        let mut drain = Drain::default();
        for i in 0..20_000u32 {
            let mut line = String::new();
            let mut n = i.wrapping_mul(2_654_435_761);
            for _ in 0..8 {
                line.push_str(["alpha ", "beta ", "gamma ", "delta ", "eps ", "zeta "][(n % 6) as usize]);
                n /= 6;
                line.push(char::from(b'a' + (n % 26) as u8));
            }
            let shape = shape(line.as_bytes());
            if drain.seen(shape).is_none() {
                drain.learn(shape, line.as_bytes(), Level::Unknown, None);
            }
        }
        assert!(drain.templates.len() <= MOST + 1 && drain.shapes.len() <= SHAPES);
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_shape_and_a_template(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20)) {
            let mut drain = Drain::default();
            for line in &lines {
                let (id, _) = drain.learn(shape(line), line, Level::Unknown, None);
                prop_assert_eq!(drain.seen(shape(line)), Some(id));
                let _ = drain.pattern(id);
            }
        }

        #[test]
        fn digits_do_not_change_the_shape(a in 0u64..u64::MAX, b in 0u64..u64::MAX) {
            prop_assert_eq!(shape(format!("took {a} ms id={a}").as_bytes()), shape(format!("took {b} ms id={b}").as_bytes()));
        }
    }
}
