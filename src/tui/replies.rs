//! What the terminal answers arrives among the keys. It is taken out here, whenever it comes and in however
//! many pieces, so that no part of it is ever taken for a key.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The question for the background colour (OSC 11).
pub const ASK_BACKGROUND: &str = "\x1b]11;?\x1b\\";

/// The longest answer; what goes on beyond it is no answer.
const LONGEST: usize = 64;

/// Takes answers out of the keys.
#[derive(Debug, Default)]
pub struct Replies {
    reading: Option<String>,
    /// An Esc that may begin an answer, held while one is expected.
    held: Option<KeyEvent>,
    expecting: bool,
}

/// What became of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    Keys(Vec<KeyEvent>),
    /// Part of an answer.
    Nothing,
    /// The background is light, or dark.
    Background {
        light: bool,
    },
}

impl Replies {
    /// An answer may come.
    pub fn expect(&mut self) {
        self.expecting = true;
    }

    pub fn take(&mut self, key: KeyEvent) -> Taken {
        match self.reading.take() {
            Some(text) => self.read_on(text, key),
            None => self.begin(key),
        }
    }

    fn begin(&mut self, key: KeyEvent) -> Taken {
        let held = self.held.take();
        let whole = key.code == KeyCode::Char(']') && key.modifiers.contains(KeyModifiers::ALT);
        let in_pieces = held.is_some() && key.code == KeyCode::Char(']');
        if whole || in_pieces {
            self.reading = Some(String::new());
            return Taken::Nothing;
        }
        if self.expecting && key.code == KeyCode::Esc && held.is_none() {
            self.held = Some(key);
            return Taken::Nothing;
        }
        Taken::Keys(held.into_iter().chain([key]).collect())
    }

    fn read_on(&mut self, mut text: String, key: KeyEvent) -> Taken {
        let end_of_string = key.code == KeyCode::Char('\\') && (key.modifiers.contains(KeyModifiers::ALT) || text.ends_with('\x1b'));
        let bell = key.code == KeyCode::Char('g') && key.modifiers.contains(KeyModifiers::CONTROL);
        if end_of_string || bell {
            self.expecting = false;
            return is_light(&text).map_or(Taken::Nothing, |light| Taken::Background { light });
        }
        match key.code {
            KeyCode::Char(c) => text.push(c),
            KeyCode::Esc => text.push('\x1b'),
            _ => {}
        }
        if text.len() < LONGEST {
            self.reading = Some(text);
        }
        Taken::Nothing
    }
}

/// `11;rgb:ffff/ffff/ffff`, of one to four digits a colour.
fn is_light(answer: &str) -> Option<bool> {
    let colours = answer.trim_end_matches('\x1b').strip_prefix("11;")?;
    let colours = colours.strip_prefix("rgb:").or_else(|| colours.strip_prefix("rgba:"))?;
    let mut parts = colours.split('/').map(|hex| {
        let most = 16u32.checked_pow(hex.len().try_into().ok().filter(|n| (1..=4).contains(n))?)? - 1;
        Some(f64::from(u32::from_str_radix(hex, 16).ok()?) / f64::from(most))
    });
    let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
    Some(0.299 * red + 0.587 * green + 0.114 * blue > 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The keys that crossterm makes of an answer.
    fn keys(answer: &str, in_pieces: bool) -> Vec<KeyEvent> {
        let mut keys = Vec::new();
        let mut alt = false;
        for c in answer.chars() {
            match c {
                '\x1b' if in_pieces => keys.push(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)),
                '\x1b' => alt = true,
                '\x07' => keys.push(KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL)),
                c => {
                    let modifiers = if std::mem::take(&mut alt) { KeyModifiers::ALT } else { KeyModifiers::NONE };
                    keys.push(KeyEvent::new(KeyCode::Char(c), modifiers));
                }
            }
        }
        keys
    }

    fn taken(keys: Vec<KeyEvent>) -> (Vec<KeyEvent>, Option<bool>) {
        let mut replies = Replies::default();
        replies.expect();
        let (mut left, mut light) = (Vec::new(), None);
        for key in keys {
            match replies.take(key) {
                Taken::Keys(keys) => left.extend(keys),
                Taken::Background { light: l } => light = Some(l),
                Taken::Nothing => {}
            }
        }
        (left, light)
    }

    #[test]
    fn an_answer_is_read_and_leaves_no_key() {
        for (answer, light) in [
            ("\x1b]11;rgb:ffff/ffff/ffff\x1b\\", Some(true)),
            ("\x1b]11;rgb:1e1e/1e1e/2e2e\x07", Some(false)),
            ("\x1b]11;rgb:fd/f6/e3\x1b\\", Some(true)),
            ("\x1b]11;nonsense\x1b\\", None),
        ] {
            for in_pieces in [false, true] {
                assert_eq!(taken(keys(answer, in_pieces)), (Vec::new(), light), "{answer:?}");
            }
        }
    }

    #[test]
    fn keys_before_and_after_an_answer_are_keys() {
        let typed = [keys("jk", false), keys("\x1b]11;rgb:0/0/0\x07", false), keys("q", false)].concat();
        assert_eq!(taken(typed), ([keys("jk", false), keys("q", false)].concat(), Some(false)));
        let esc = KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE);
        assert_eq!(taken([vec![esc], keys("q", false)].concat()).0, [vec![esc], keys("q", false)].concat());
    }

    proptest! {
        #[test]
        fn whatever_is_typed_nothing_is_lost_that_does_not_look_like_an_answer(text in "[a-z0-9;:/]{0,80}") {
            prop_assert_eq!(taken(keys(&text, false)).0, keys(&text, false));
        }

        #[test]
        fn no_answer_makes_it_panic(text in "\\PC{0,80}") {
            let _ = is_light(&text);
            let _ = is_light(&format!("11;rgb:{text}"));
            taken(keys(&format!("\x1b]{text}"), false));
        }
    }
}
