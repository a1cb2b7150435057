//! Words: sentences in every language the program speaks, and text that came from outside.
//! Knows nothing of AWS, terminals or files.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::ops::Deref;

/// A language of the interface and of the reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    En,
    Vi,
}

/// A sentence in every language, written where its numbers are known. Make one with [`say!`](crate::say).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub en: String,
    pub vi: String,
}

impl Text {
    /// Words that read the same in every language: names, ids, numbers.
    pub fn same(words: impl Into<String>) -> Self {
        let en = words.into();
        Self { vi: en.clone(), en }
    }

    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Vi => &self.vi,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.en.is_empty()
    }

    /// The sentences one after another, separated by `between`.
    pub fn join<'a>(texts: impl IntoIterator<Item = &'a Text>, between: &str) -> Self {
        texts.into_iter().fold(Self::default(), |mut all, text| {
            for (to, from) in [(&mut all.en, &text.en), (&mut all.vi, &text.vi)] {
                if !to.is_empty() {
                    to.push_str(between);
                }
                to.push_str(from);
            }
            all
        })
    }
}

/// English words only, for what has no translation (errors from libraries, AWS's own messages).
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

/// `say!("CPU {cpu} %", "CPU {cpu} %")`: one sentence, English then Vietnamese, with captured arguments.
#[macro_export]
macro_rules! say {
    ($en:literal, $vi:literal $(,)?) => {
        $crate::text::Text { en: format!($en), vi: format!($vi) }
    };
}

/// The longest foreign text that is kept, in bytes; what is cut is marked with `…`.
pub const FOREIGN_LIMIT: usize = 16 * 1024;

/// Text from outside the program, made harmless on the way in: no control characters, no escape
/// sequences, no direction overrides, bounded length. Still to be escaped for HTML, Markdown and CSV.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Foreign(String);

impl Foreign {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Foreign {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Into::into)
    }
}

impl From<&str> for Foreign {
    fn from(raw: &str) -> Self {
        Self(clean(raw))
    }
}

impl From<String> for Foreign {
    fn from(raw: String) -> Self {
        Self(clean(&raw))
    }
}

impl Deref for Foreign {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Makes foreign text safe to show in one line: line breaks and tabs become spaces, other control and
/// direction characters become `␛` or vanish, everything past [`FOREIGN_LIMIT`] is cut.
pub fn clean(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len().min(FOREIGN_LIMIT));
    for c in raw.chars() {
        if out.len() >= FOREIGN_LIMIT {
            out.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            '\u{1b}' | '\u{9b}' => out.push('␛'),
            c if c.is_control() || is_invisible(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// A line as part of a sentence: itself in quotes, or in words where there is nothing to see.
pub fn quoted(line: &str) -> Text {
    let seen = clean(line);
    match (line.trim_end_matches(['\r', '\n']).chars().count(), seen.trim()) {
        (0, _) => say!("an empty line", "một dòng trống"),
        (1, "") => say!("a line of one blank", "một dòng chỉ có một khoảng trắng"),
        (n, "") => say!("a line of {n} blanks", "một dòng chỉ có {n} khoảng trắng"),
        _ => Text::same(format!("“{seen}”")),
    }
}

/// Characters that change how others are read or shown without being seen themselves.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_power() {
        assert_eq!(clean("a\u{1b}[2Jb\r\nc\u{202e}d\u{7}"), "a␛[2Jb  cd");
    }

    #[test]
    fn a_line_with_nothing_to_see_is_named() {
        let quoted = |line| quoted(line).en;
        assert_eq!((quoted("").as_str(), quoted("\r").as_str()), ("an empty line", "an empty line"));
        assert_eq!((quoted(" ").as_str(), quoted(" \t ").as_str()), ("a line of one blank", "a line of 3 blanks"));
        assert_eq!(quoted("https 2026\t"), "“https 2026 ”");
    }

    #[test]
    fn length_is_bounded() {
        assert!(clean(&"é".repeat(FOREIGN_LIMIT)).len() <= FOREIGN_LIMIT + 4);
    }
}
