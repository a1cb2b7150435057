//! Stand-ins by kind, in order of appearance: nothing of the original is in them, so nothing can be computed
//! back. Each is as wide as what it stands for.

use super::addresses::Addresses;
use crate::say;
use crate::text::Text;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher;
use unicode_width::UnicodeWidthStr;

/// What something is that got a stand-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Account,
    Address,
    Host,
    Person,
    /// Names of balancers, groups, alarms, roles, buckets, and what ARNs are made of.
    Resource,
    /// `i-…`, `sg-…`, event ids.
    Id,
    Path,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Account | Self::Address | Self::Id => "",
            Self::Host => "host",
            Self::Person => "user",
            Self::Resource => "name",
            Self::Path => "path",
        }
    }

    pub fn in_words(self) -> Text {
        match self {
            Self::Account => say!("account ids", "mã tài khoản"),
            Self::Address => say!("addresses", "địa chỉ"),
            Self::Host => say!("host names", "tên máy"),
            Self::Person => say!("people and mail addresses", "tên người và địa chỉ thư"),
            Self::Resource => say!("names of resources", "tên tài nguyên"),
            Self::Id => say!("ids", "mã định danh"),
            Self::Path => say!("parts of paths", "thành phần đường dẫn"),
        }
    }
}

pub(super) struct StandIns<S> {
    /// Replaced wherever they stand.
    names: HashMap<String, String>,
    /// Replaced as parts of paths only: they are everyday words.
    segments: HashMap<String, String>,
    used: BTreeSet<String>,
    next: BTreeMap<(Kind, usize), u64>,
    counted: BTreeMap<Kind, usize>,
    pub(super) addresses: Addresses<S>,
    /// Whether everything was read once, so that stand-ins may be used.
    settled: bool,
    /// Names that words alone do not find: with blanks inside, or part of a longer word. Longest first.
    inside: Vec<(String, String)>,
    done: HashMap<String, String>,
}

impl<S: BuildHasher> StandIns<S> {
    pub fn new(secret: S) -> Self {
        Self {
            names: HashMap::new(),
            segments: HashMap::new(),
            used: BTreeSet::new(),
            next: BTreeMap::new(),
            counted: BTreeMap::new(),
            addresses: Addresses::new(secret),
            settled: false,
            inside: Vec::new(),
            done: HashMap::new(),
        }
    }

    /// From now on everything is known.
    pub fn settle(&mut self) {
        self.settled = true;
        self.done.clear();
        let long = self.names.iter().filter(|(name, _)| name.len() >= 5);
        self.inside = long.map(|(a, b)| (a.clone(), b.clone())).collect();
        self.inside.sort_by(|a, b| (std::cmp::Reverse(a.0.len()), &a.0).cmp(&(std::cmp::Reverse(b.0.len()), &b.0)));
    }

    pub fn is_settled(&self) -> bool {
        self.settled
    }

    pub fn counts(&self) -> BTreeMap<Kind, usize> {
        let mut all = self.counted.clone();
        if self.addresses.len() > 0 {
            all.insert(Kind::Address, self.addresses.len());
        }
        all
    }

    /// A text with everything in it replaced that must be.
    pub fn text(&mut self, text: &str) -> String {
        if text.len() < 3 || super::scan::is_plain(text) {
            return text.to_owned();
        }
        if let Some(done) = self.done.get(text) {
            return done.clone();
        }
        let words = super::scan::text(text, self);
        let out = self.scrub(words);
        if text.len() < 256 {
            self.done.insert(text.to_owned(), out.clone());
        }
        out
    }

    /// The names that are left inside longer words or that have blanks.
    fn scrub(&self, text: String) -> String {
        self.inside
            .iter()
            .fold(text, |text, (name, stand_in)| if text.contains(name.as_str()) { text.replace(name.as_str(), stand_in) } else { text })
    }

    pub fn known(&self, name: &str) -> Option<&String> {
        self.names.get(name)
    }

    /// The stand-in of a name, from now on replaced wherever it stands; everyday words stay.
    pub fn name(&mut self, kind: Kind, name: &str) -> String {
        if name.chars().count() < 3 || super::scan::is_plain(name) {
            return name.to_owned();
        }
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let stand_in = self.fresh(kind, name);
        self.names.insert(name.to_owned(), stand_in.clone());
        stand_in
    }

    /// The stand-in of a part of a path.
    pub fn segment(&mut self, part: &str) -> String {
        if part.chars().count() < 3 || super::scan::is_plain(part) {
            return part.to_owned();
        }
        if let Some(known) = self.names.get(part).or_else(|| self.segments.get(part)) {
            return known.clone();
        }
        let stand_in = self.fresh(Kind::Path, part);
        self.segments.insert(part.to_owned(), stand_in.clone());
        stand_in
    }

    /// The next stand-in of that kind and width that nobody has.
    fn fresh(&mut self, kind: Kind, name: &str) -> String {
        let width = name.width().max(1);
        loop {
            let next = self.next.entry((kind, width)).or_default();
            *next += 1;
            let stand_in = shaped(kind, name, width, *next);
            if !self.names.contains_key(&stand_in) && self.used.insert(stand_in.clone()) {
                *self.counted.entry(kind).or_default() += 1;
                return stand_in;
            }
        }
    }
}

/// `user0001`; ids keep their prefix and dashes: `i-00000000000000001`.
fn shaped(kind: Kind, name: &str, width: usize, n: u64) -> String {
    match kind {
        Kind::Account => format!("{n:0width$}"),
        Kind::Id => {
            let prefix = name.find('-').filter(|at| !name[..*at].bytes().all(|b| b.is_ascii_hexdigit())).map_or(0, |at| at + 1);
            let digits = format!("{n:x}");
            let blank: String = name[prefix..].chars().map(|c| if c == '-' { '-' } else { '0' }).collect();
            let keep = blank.len().saturating_sub(digits.len());
            format!("{}{}{digits}", &name[..prefix], &blank[..keep])
        }
        _ => {
            let digits = base36(n);
            let word: String = kind.word().chars().take(width.saturating_sub(digits.len())).collect();
            let zeros = width.saturating_sub(word.len() + digits.len());
            format!("{word}{}{digits}", "0".repeat(zeros))
        }
    }
}

fn base36(mut n: u64) -> String {
    let mut out = Vec::new();
    while n > 0 || out.is_empty() {
        out.push(char::from_digit((n % 36) as u32, 36).unwrap_or('0'));
        n /= 36;
    }
    out.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_as_wide_as_what_they_stand_for() {
        let mut s = StandIns::new(std::hash::RandomState::new());
        for (kind, name, expected) in [
            (Kind::Person, "bob.tran", "user0001"),
            (Kind::Account, "123456789012", "000000000001"),
            (Kind::Id, "i-0ab12cd34ef56ab78", "i-00000000000000001"),
            (Kind::Id, "9f1c0d9a-1111-2222-3333-444455556666", "00000000-0000-0000-0000-000000000001"),
            (Kind::Resource, "負荷分散", "name0001"),
            (Kind::Host, "db1", "ho1"),
        ] {
            assert_eq!(s.name(kind, name), expected);
            assert_eq!(s.name(kind, name), expected, "the same again");
        }
        assert_eq!(s.name(Kind::Resource, "running"), "running", "words of the program stay");
    }
}
