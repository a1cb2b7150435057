//! Colours by role, from a theme file, brought down to what the terminal can show.

use super::options::ColorMode;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

macro_rules! roles {
    ($($role:ident),* $(,)?) => {
        /// One style a role. Nothing on the screen names a colour itself.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Theme { $(pub $role: Style),* }

        /// A theme file as written.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Sheet { $($role: Row),* }

        impl Sheet {
            fn style(&self, mode: ColorMode) -> Result<Theme, String> {
                Ok(Theme { $($role: self.$role.style(mode).map_err(|e| format!("{}: {e}", stringify!($role)))?),* })
            }
        }
    };
}

roles![
    text,
    dim,
    title,
    rule,
    focus,
    verdict,
    good,
    warn,
    bad,
    unknown,
    info,
    errors,
    cause,
    consequence,
    context,
    ghost,
    threshold,
    event,
    cursor,
    selection,
    mark,
];

/// `["#rrggbb" or "on #rrggbb", one of sixteen or reversed, modifiers]`
#[derive(Deserialize)]
struct Row(String, String, String);

/// The themes in the binary.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("dark", include_str!("../../assets/themes/dark.toml")),
    ("light", include_str!("../../assets/themes/light.toml")),
    ("contrast", include_str!("../../assets/themes/contrast.toml")),
];

impl Theme {
    /// A built-in theme by its name, or the text of a theme file.
    ///
    /// # Errors
    /// With line and column, or the role whose colour is none.
    pub fn named(name_or_text: &str, mode: ColorMode) -> Result<Self, String> {
        let text = BUILT_IN.iter().find(|(name, _)| *name == name_or_text).map_or(name_or_text, |(_, text)| text);
        if !text.contains('=') {
            let names: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            return Err(format!("there is no theme “{name_or_text}”; there are {}, or the path of a file", names.join(", ")));
        }
        let sheet: Sheet = toml::from_str(text).map_err(|e| e.to_string())?;
        sheet.style(mode)
    }

    /// A built-in theme; the first one if there is none of that name.
    pub fn built_in(name: &str, mode: ColorMode) -> Self {
        Self::named(name, mode).or_else(|_| Self::named(BUILT_IN[0].0, mode)).unwrap_or_else(|_| Self::plain())
    }

    /// The high-contrast light theme of pictures.
    pub fn print() -> Self {
        Self::built_in("contrast", ColorMode::TrueColor)
    }

    fn plain() -> Self {
        let s = Style::new();
        let (bold, reversed) = (s.add_modifier(Modifier::BOLD), s.add_modifier(Modifier::REVERSED));
        Self {
            text: s,
            dim: s,
            title: bold,
            rule: s,
            focus: bold,
            verdict: bold,
            good: s,
            warn: bold,
            bad: bold,
            unknown: s,
            info: s,
            errors: bold,
            cause: s,
            consequence: s,
            context: s,
            ghost: s,
            threshold: s,
            event: bold,
            cursor: reversed,
            selection: reversed,
            mark: reversed,
        }
    }
}

impl Row {
    fn style(&self, mode: ColorMode) -> Result<Style, String> {
        let Self(rich, sixteen, modifiers) = self;
        let modifiers = modifiers_of(modifiers)?;
        let (rich_ground, rich) = ground(rich);
        let (plain_ground, plain) = ground(sixteen);
        let rgb = rgb_of(rich).ok_or_else(|| format!("“{rich}” is not a colour: write #rrggbb"))?;
        let sixteenth = (plain == "reversed").then(|| Style::new().add_modifier(Modifier::REVERSED));
        let named = ansi_of(plain)
            .or(sixteenth.map(|_| Color::Reset))
            .ok_or_else(|| format!("“{plain}” is none of the sixteen colours (red, light-red, …, default), nor “reversed”"))?;
        // A ground that colours can show needs no modifier as well; bold stays in every mode.
        let kept = if rich_ground { Modifier::empty() } else { modifiers & (Modifier::BOLD | Modifier::ITALIC | Modifier::UNDERLINED) };
        Ok(match mode {
            ColorMode::None => Style::new().add_modifier(modifiers),
            ColorMode::Ansi16 => sixteenth.unwrap_or_else(|| on(plain_ground, named)).add_modifier(kept),
            ColorMode::Ansi256 => on(rich_ground, Color::Indexed(nearest_256(rgb))).add_modifier(kept),
            ColorMode::TrueColor => on(rich_ground, Color::Rgb(rgb.0, rgb.1, rgb.2)).add_modifier(kept),
        })
    }
}

fn ground(text: &str) -> (bool, &str) {
    text.strip_prefix("on ").map_or((false, text), |rest| (true, rest))
}

fn on(ground: bool, color: Color) -> Style {
    if ground { Style::new().bg(color) } else { Style::new().fg(color) }
}

fn rgb_of(text: &str) -> Option<(u8, u8, u8)> {
    let hex = text.strip_prefix('#').filter(|h| h.len() == 6 && h.is_ascii())?;
    let part = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).ok();
    Some((part(0)?, part(2)?, part(4)?))
}

fn ansi_of(text: &str) -> Option<Color> {
    Some(match text {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "gray" => Color::Gray,
        "dark-gray" => Color::DarkGray,
        "light-red" => Color::LightRed,
        "light-green" => Color::LightGreen,
        "light-yellow" => Color::LightYellow,
        "light-blue" => Color::LightBlue,
        "light-magenta" => Color::LightMagenta,
        "light-cyan" => Color::LightCyan,
        "white" => Color::White,
        _ => return None,
    })
}

fn modifiers_of(text: &str) -> Result<Modifier, String> {
    text.split_whitespace().try_fold(Modifier::empty(), |all, word| {
        Ok(all
            | match word {
                "bold" => Modifier::BOLD,
                "dim" => Modifier::DIM,
                "italic" => Modifier::ITALIC,
                "underlined" => Modifier::UNDERLINED,
                "reversed" => Modifier::REVERSED,
                _ => return Err(format!("“{word}” is none of bold, dim, italic, underlined, reversed")),
            })
    })
}

/// The nearest of the 6×6×6 cube and the greys of the 256-colour palette.
fn nearest_256((r, g, b): (u8, u8, u8)) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |v: u8| (0..6).min_by_key(|i| STEPS[*i].abs_diff(v)).unwrap_or(0);
    let (ri, gi, bi) = (step(r), step(g), step(b));
    let grey = (0..24u8).min_by_key(|i| (8 + 10 * u16::from(*i)).abs_diff((u16::from(r) + u16::from(g) + u16::from(b)) / 3)).unwrap_or(0);
    let far = |x: u8, y: u8, z: u8| u32::from(x.abs_diff(r)).pow(2) + u32::from(y.abs_diff(g)).pow(2) + u32::from(z.abs_diff(b)).pow(2);
    let shade = 8 + 10 * grey;
    if far(shade, shade, shade) < far(STEPS[ri], STEPS[gi], STEPS[bi]) { 232 + grey } else { (16 + 36 * ri + 6 * gi + bi) as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_themes_are_sound_in_every_mode() {
        for (name, _) in BUILT_IN {
            for mode in [ColorMode::TrueColor, ColorMode::Ansi256, ColorMode::Ansi16, ColorMode::None] {
                assert!(Theme::named(name, mode).is_ok(), "{name} {mode:?}: {:?}", Theme::named(name, mode));
            }
        }
    }

    #[test]
    fn without_colours_there_are_only_modifiers() {
        let theme = Theme::built_in("dark", ColorMode::None);
        assert_eq!((theme.bad.fg, theme.cursor.bg), (None, None));
        assert!(theme.bad.add_modifier.contains(Modifier::BOLD) && theme.cursor.add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn a_wrong_theme_says_where() {
        let text = BUILT_IN[0].1.replace("#d8dee9", "#d8dee");
        assert!(Theme::named(&text, ColorMode::TrueColor).unwrap_err().contains("text"));
        assert!(Theme::named("dark = [", ColorMode::TrueColor).unwrap_err().contains("line 1"));
        assert!(Theme::named("neon", ColorMode::TrueColor).unwrap_err().contains("contrast"));
    }

    #[test]
    fn greys_and_primaries_find_their_place() {
        assert_eq!(nearest_256((255, 0, 0)), 196);
        assert_eq!(nearest_256((128, 128, 128)), 244);
    }

    fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
        let part = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.03928 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    }

    /// WCAG's contrast of every text role against a ground.
    fn contrasts(t: &Theme, ground: (u8, u8, u8), shown: fn(Color) -> Option<(u8, u8, u8)>) -> Vec<(&'static str, f64)> {
        let roles = [
            ("text", t.text),
            ("dim", t.dim),
            ("good", t.good),
            ("warn", t.warn),
            ("bad", t.bad),
            ("unknown", t.unknown),
            ("info", t.info),
            ("errors", t.errors),
            ("cause", t.cause),
            ("consequence", t.consequence),
        ];
        let contrast = |style: Style| {
            let (a, b) = (style.fg.and_then(shown).map_or(1.0 - luminance(ground).round(), luminance), luminance(ground));
            (a.max(b) + 0.05) / (a.min(b) + 0.05)
        };
        roles.into_iter().map(|(role, style)| (role, contrast(style))).collect()
    }

    #[test]
    fn text_can_be_read_on_its_ground() {
        fn rich(c: Color) -> Option<(u8, u8, u8)> {
            if let Color::Rgb(r, g, b) = c { Some((r, g, b)) } else { None }
        }
        for (name, ground) in [("dark", (16, 16, 16)), ("light", (250, 250, 250)), ("contrast", (255, 255, 255))] {
            for (role, contrast) in contrasts(&Theme::built_in(name, ColorMode::TrueColor), ground, rich) {
                assert!(contrast >= 4.5, "{name}.{role}: {contrast:.1}");
            }
        }
    }

    /// As xterm shows the sixteen, which every theme has to get by with; the selected row is the same, reversed.
    #[test]
    fn sixteen_colours_can_be_read_too() {
        fn xterm(c: Color) -> Option<(u8, u8, u8)> {
            Some(match c {
                Color::Black => (0, 0, 0),
                Color::Red => (205, 0, 0),
                Color::Green => (0, 205, 0),
                Color::Yellow => (205, 205, 0),
                Color::Blue => (0, 0, 238),
                Color::Magenta => (205, 0, 205),
                Color::Cyan => (0, 205, 205),
                Color::Gray => (229, 229, 229),
                Color::DarkGray => (127, 127, 127),
                Color::LightRed => (255, 0, 0),
                Color::LightBlue => (92, 92, 255),
                Color::LightCyan => (0, 255, 255),
                Color::White => (255, 255, 255),
                _ => return None,
            })
        }
        for (name, ground) in [("dark", (0, 0, 0)), ("light", (255, 255, 255)), ("contrast", (255, 255, 255))] {
            let theme = Theme::built_in(name, ColorMode::Ansi16);
            for (role, contrast) in contrasts(&theme, ground, xterm) {
                assert!(contrast >= 3.9, "{name}.{role}: {contrast:.1}");
            }
            assert!(theme.selection.bg.is_none() && theme.selection.add_modifier.contains(Modifier::REVERSED), "{name}");
        }
    }
}
