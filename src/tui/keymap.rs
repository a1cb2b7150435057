//! Keys as data: `assets/keys.toml` is what is bound, what help shows, what the footer says and what
//! README prints. Knows no pane.

use crate::text::Lang;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::Deserialize;
use std::collections::HashMap;

/// Everything a key can ask for; the names are those of keys.toml.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
    NextPane,
    PreviousPane,
    PaneRunbook,
    PaneLanes,
    PaneFindings,
    PaneHypotheses,
    PaneLog,
    PaneAppLog,
    PaneGaps,
    PaneTopology,
    FullScreen,
    Open,
    Back,
    Working,
    ConsoleLink,
    Filter,
    Order,
    Unfold,
    TakeApart,
    CursorLeft,
    CursorRight,
    ZoomIn,
    ZoomOut,
    ZoomSelection,
    Undo,
    PanLeft,
    PanRight,
    Incident,
    Everything,
    FirstError,
    Alarm,
    Now,
    NextEvent,
    PreviousEvent,
    Mark,
    MarkOther,
    GoToTime,
    Clock,
    Zone,
    Compare,
    Pin,
    Follow,
    Tick,
    Note,
    Reveal,
    FetchAgain,
    StopReading,
    Consoles,
    Copy,
    Export,
    Palette,
    Theme,
    Language,
    Ascii,
    Redraw,
    Suspend,
    Help,
    Quit,
    QuitNow,
}

/// One row of the keys file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub action: Action,
    pub keys: Vec<String>,
    pub group: Group,
    pub en: String,
    pub vi: String,
    #[serde(default)]
    pub foot: Option<Foot>,
}

/// The headings of help, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    Move,
    Look,
    Time,
    Case,
}

impl Group {
    pub const ALL: [Self; 4] = [Self::Move, Self::Look, Self::Time, Self::Case];

    pub fn title(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Move, Lang::En) => "Moving",
            (Self::Move, Lang::Vi) => "Di chuyển",
            (Self::Look, Lang::En) => "Looking closer",
            (Self::Look, Lang::Vi) => "Xem kỹ",
            (Self::Time, Lang::En) => "Time",
            (Self::Time, Lang::Vi) => "Thời gian",
            (Self::Case, Lang::En) => "The case",
            (Self::Case, Lang::Vi) => "Vụ việc",
        }
    }
}

/// A word in the footer; the lowest place stays longest.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foot {
    pub place: u8,
    pub en: String,
    pub vi: String,
}

impl Row {
    pub fn says(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Vi => &self.vi,
        }
    }

    /// `h / left`
    pub fn keys_shown(&self) -> String {
        self.keys.join(" / ")
    }
}

impl Foot {
    pub fn says(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Vi => &self.vi,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    #[serde(default)]
    key: Vec<Row>,
}

/// A user's row: only what is to be changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnSheet {
    #[serde(default)]
    key: Vec<OwnRow>,
}

#[derive(Deserialize)]
struct OwnRow {
    action: Action,
    keys: Vec<String>,
}

const DEFAULT: &str = include_str!("../../assets/keys.toml");

/// What each key does.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    rows: Vec<Row>,
    bound: HashMap<(KeyCode, KeyModifiers), Action>,
}

impl Keymap {
    /// The shipped keys, with the user's own file over them.
    ///
    /// # Errors
    /// With line and column, the key that is none, or the key that two actions claim.
    pub fn new(own: Option<&str>) -> Result<Self, String> {
        let mut rows = toml::from_str::<Sheet>(DEFAULT).map_err(|e| e.to_string())?.key;
        if let Some(own) = own {
            for change in toml::from_str::<OwnSheet>(own).map_err(|e| e.to_string())?.key {
                rows.iter_mut().filter(|r| r.action == change.action).for_each(|r| r.keys.clone_from(&change.keys));
            }
        }
        Self::of(rows)
    }

    fn of(rows: Vec<Row>) -> Result<Self, String> {
        let mut bound = HashMap::new();
        for row in &rows {
            for key in &row.keys {
                let press = press_of(key).ok_or_else(|| format!("“{key}” is not a key (say h, H, ctrl-d, shift-tab, space, pgup, f1)"))?;
                match bound.insert(press, row.action) {
                    Some(other) if other != row.action => {
                        return Err(format!("the key “{key}” is claimed by {other:?} and by {:?}", row.action));
                    }
                    _ => {}
                }
            }
        }
        // Whatever a file says, there is a way out.
        bound.insert((KeyCode::Char('c'), KeyModifiers::CONTROL), Action::QuitNow);
        Ok(Self { rows, bound })
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub fn action(&self, key: KeyEvent) -> Option<Action> {
        self.bound.get(&normal(key.code, key.modifiers)).copied()
    }

    /// The first key of an action, as shown.
    pub fn key_of(&self, action: Action) -> &str {
        self.rows.iter().find(|r| r.action == action).and_then(|r| r.keys.first()).map_or("", String::as_str)
    }
}

/// Shift is part of a letter already.
fn normal(code: KeyCode, modifiers: KeyModifiers) -> (KeyCode, KeyModifiers) {
    let modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
    match code {
        KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => (KeyCode::Char(c.to_ascii_lowercase()), KeyModifiers::CONTROL),
        KeyCode::Char(_) => (code, modifiers - KeyModifiers::SHIFT),
        KeyCode::BackTab => (KeyCode::BackTab, KeyModifiers::NONE),
        _ => (code, modifiers),
    }
}

fn press_of(text: &str) -> Option<(KeyCode, KeyModifiers)> {
    let (mut modifiers, mut name) = (KeyModifiers::NONE, text);
    for (prefix, modifier) in [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)] {
        if let Some(rest) = name.strip_prefix(prefix).filter(|rest| !rest.is_empty()) {
            (modifiers, name) = (modifiers | modifier, rest);
        }
    }
    let mut chars = name.chars();
    let code = match (name, chars.next(), chars.next()) {
        (_, Some(c), None) => KeyCode::Char(c),
        ("left", ..) => KeyCode::Left,
        ("right", ..) => KeyCode::Right,
        ("up", ..) => KeyCode::Up,
        ("down", ..) => KeyCode::Down,
        ("home", ..) => KeyCode::Home,
        ("end", ..) => KeyCode::End,
        ("pgup", ..) => KeyCode::PageUp,
        ("pgdn", ..) => KeyCode::PageDown,
        ("tab", ..) if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        ("tab", ..) => KeyCode::Tab,
        ("enter", ..) => KeyCode::Enter,
        ("esc", ..) => KeyCode::Esc,
        ("space", ..) => KeyCode::Char(' '),
        ("backspace", ..) => KeyCode::Backspace,
        ("delete", ..) => KeyCode::Delete,
        (f, ..) => KeyCode::F(f.strip_prefix('f')?.parse().ok().filter(|n| (1..=12).contains(n))?),
    };
    Some(normal(code, modifiers))
}

/// The shipped keys as a Markdown table, for README and `--print-keys`.
pub fn keys_table(lang: Lang) -> String {
    let Ok(map) = Keymap::new(None) else { return String::new() };
    let head = match lang {
        Lang::En => "| key | does |\n|---|---|\n",
        Lang::Vi => "| phím | tác dụng |\n|---|---|\n",
    };
    Group::ALL.into_iter().fold(head.to_owned(), |mut table, group| {
        table.push_str(&format!("| **{}** | |\n", group.title(lang)));
        for row in map.rows().iter().filter(|r| r.group == group) {
            let keys: Vec<_> = row.keys.iter().map(|k| format!("`{k}`")).collect();
            table.push_str(&format!("| {} | {} |\n", keys.join(" "), row.says(lang)));
        }
        table
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn press(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
    }

    #[test]
    fn shipped_keys_are_sound_and_none_is_claimed_twice() {
        let map = Keymap::new(None).unwrap();
        assert_eq!(map.action(press('h')), Some(Action::CursorLeft));
        assert_eq!(map.action(KeyEvent::new(KeyCode::Char('H'), KeyModifiers::SHIFT)), Some(Action::PanLeft));
        assert_eq!(map.action(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)), Some(Action::PreviousPane));
    }

    #[test]
    fn own_keys_replace_and_the_way_out_stays() {
        let map =
            Keymap::new(Some("[[key]]\naction = \"quit\"\nkeys = [\"X\"]\n[[key]]\naction = \"quit-now\"\nkeys = [\"Q\"]\n")).unwrap();
        assert_eq!(map.action(press('X')), Some(Action::Quit));
        assert_eq!(map.action(press('q')), None);
        assert_eq!(map.action(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Action::QuitNow));
    }

    #[test]
    fn what_is_wrong_in_a_keys_file_is_named() {
        assert!(Keymap::new(Some("[[key]]\naction = \"quit\"\nkeys = [\"hyper-x\"]\n")).unwrap_err().contains("hyper-x"));
        assert!(Keymap::new(Some("[[key]]\naction = \"quit\"\nkeys = [\"j\"]\n")).unwrap_err().contains("claimed"));
        assert!(Keymap::new(Some("[[key]]\naction = \"fly\"\nkeys = [\"j\"]\n")).unwrap_err().contains("line 2"));
    }

    #[test]
    fn the_table_shows_exactly_the_keys() {
        let table = keys_table(Lang::En);
        let map = Keymap::new(None).unwrap();
        assert_eq!(table.lines().count(), 2 + Group::ALL.len() + map.rows().len());
        assert!(map.rows().iter().all(|r| table.contains(r.says(Lang::En)) && r.keys.iter().all(|k| table.contains(&format!("`{k}`")))));
    }

    proptest! {
        #[test]
        fn no_keys_file_makes_it_panic(text in "\\PC{0,80}") {
            let _ = Keymap::new(Some(&text));
            let _ = press_of(&text);
        }
    }
}
