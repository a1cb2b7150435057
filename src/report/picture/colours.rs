//! Terminal colours on paper: the same wherever the screen was drawn.

use ratatui::style::Color;

/// What a picture is drawn on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// For paper and for readers of any sight.
    #[default]
    Light,
    Dark,
}

/// A colour as it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Rgb(pub u8, pub u8, pub u8);

/// The colours of a ground.
struct Palette {
    ink: Rgb,
    paper: Rgb,
    /// What a grey area becomes.
    grey: Rgb,
    /// The sixteen colours, to be read on the paper, in the terminal's order.
    sixteen: [Rgb; 16],
}

const LIGHT: Palette = Palette {
    ink: Rgb(0x11, 0x14, 0x18),
    paper: Rgb(0xff, 0xff, 0xff),
    grey: Rgb(0xe3, 0xe6, 0xea),
    sixteen: [
        Rgb(0x11, 0x14, 0x18),
        Rgb(0xb0, 0x1e, 0x1e),
        Rgb(0x1a, 0x6b, 0x2d),
        Rgb(0x8a, 0x59, 0x00),
        Rgb(0x0b, 0x4f, 0x9e),
        Rgb(0x7d, 0x2c, 0x8f),
        Rgb(0x00, 0x6a, 0x75),
        Rgb(0x5a, 0x62, 0x6b),
        Rgb(0x44, 0x4b, 0x53),
        Rgb(0xc6, 0x2f, 0x2f),
        Rgb(0x22, 0x7d, 0x38),
        Rgb(0x9c, 0x68, 0x00),
        Rgb(0x1c, 0x63, 0xba),
        Rgb(0x93, 0x3e, 0xa6),
        Rgb(0x00, 0x7c, 0x89),
        Rgb(0x11, 0x14, 0x18),
    ],
};

const DARK: Palette = Palette {
    ink: Rgb(0xe6, 0xed, 0xf3),
    paper: Rgb(0x0d, 0x11, 0x17),
    grey: Rgb(0x2b, 0x32, 0x3b),
    sixteen: [
        Rgb(0x8b, 0x94, 0x9e),
        Rgb(0xff, 0x7b, 0x72),
        Rgb(0x56, 0xd3, 0x64),
        Rgb(0xe3, 0xb3, 0x41),
        Rgb(0x79, 0xb8, 0xff),
        Rgb(0xd2, 0xa8, 0xff),
        Rgb(0x56, 0xd4, 0xdd),
        Rgb(0xc9, 0xd1, 0xd9),
        Rgb(0x8b, 0x94, 0x9e),
        Rgb(0xff, 0xa1, 0x98),
        Rgb(0x7e, 0xe7, 0x87),
        Rgb(0xf2, 0xcc, 0x60),
        Rgb(0xa5, 0xd6, 0xff),
        Rgb(0xe2, 0xc5, 0xff),
        Rgb(0x76, 0xe3, 0xea),
        Rgb(0xf0, 0xf6, 0xfc),
    ],
};

impl Ground {
    /// Light or dark, by the colour that words have in a theme.
    pub fn under(words: Color) -> Self {
        match words {
            Color::Rgb(..) | Color::Indexed(16..) if Self::Light.settled(words).is_some_and(|c| c.luminance() > 0.4) => Self::Dark,
            _ => Self::Light,
        }
    }

    fn palette(self) -> &'static Palette {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }

    pub(super) fn blank(self) -> Rgb {
        self.palette().paper
    }

    pub(super) fn ink(self, colour: Color) -> Rgb {
        self.settled(colour).unwrap_or(self.palette().ink)
    }

    /// As a background, black and white keep their meaning and the others stay.
    pub(super) fn paper(self, colour: Color) -> Rgb {
        match colour {
            Color::White | Color::Indexed(15) => self.palette().paper,
            Color::Gray | Color::Indexed(7) => self.palette().grey,
            other => self.settled(other).unwrap_or(self.palette().paper),
        }
    }

    fn settled(self, colour: Color) -> Option<Rgb> {
        let sixteen = |i: usize| Some(self.palette().sixteen[i]);
        match colour {
            Color::Reset => None,
            Color::Black => sixteen(0),
            Color::Red => sixteen(1),
            Color::Green => sixteen(2),
            Color::Yellow => sixteen(3),
            Color::Blue => sixteen(4),
            Color::Magenta => sixteen(5),
            Color::Cyan => sixteen(6),
            Color::Gray => sixteen(7),
            Color::DarkGray => sixteen(8),
            Color::LightRed => sixteen(9),
            Color::LightGreen => sixteen(10),
            Color::LightYellow => sixteen(11),
            Color::LightBlue => sixteen(12),
            Color::LightMagenta => sixteen(13),
            Color::LightCyan => sixteen(14),
            Color::White => sixteen(15),
            Color::Indexed(i) => Some(self.indexed(i)),
            Color::Rgb(r, g, b) => Some(Rgb(r, g, b)),
        }
    }

    /// The 256 colours of xterm: sixteen, a cube of six levels, greys.
    fn indexed(self, i: u8) -> Rgb {
        let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
        match i {
            0..16 => self.palette().sixteen[usize::from(i)],
            16..232 => Rgb(level((i - 16) / 36), level((i - 16) / 6 % 6), level((i - 16) % 6)),
            232.. => {
                let grey = 8 + 10 * (i - 232);
                Rgb(grey, grey, grey)
            }
        }
    }
}

impl Rgb {
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    pub fn bytes(self) -> [u8; 3] {
        [self.0, self.1, self.2]
    }

    /// `share` of the other colour.
    pub fn mixed(self, other: Self, share: f32) -> Self {
        let mix = |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * share.clamp(0.0, 1.0)).round() as u8;
        Self(mix(self.0, other.0), mix(self.1, other.1), mix(self.2, other.2))
    }

    /// Moved towards black or white, whichever stands out, until the contrast is enough.
    pub fn legible_on(self, paper: Self, contrast: f32) -> Self {
        let away = if paper.luminance() > 0.18 { Self(0, 0, 0) } else { Self(255, 255, 255) };
        (0..=10).map(|step| self.mixed(away, step as f32 / 10.0)).find(|c| c.contrast(paper) >= contrast).unwrap_or(away)
    }

    /// The contrast ratio of the web's accessibility guidelines, from 1 to 21.
    fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn luminance(self) -> f32 {
        let linear = |c: u8| {
            let c = f32::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_text_can_be_read_on_every_ground(a in any::<(u8, u8, u8)>(), b in any::<(u8, u8, u8)>()) {
            let (ink, paper) = (Rgb(a.0, a.1, a.2), Rgb(b.0, b.1, b.2));
            prop_assert!(ink.legible_on(paper, 4.5).contrast(paper) >= 4.5);
        }
    }

    #[test]
    fn the_sixteen_colours_are_read_on_their_ground() {
        for palette in [LIGHT, DARK] {
            assert!(palette.sixteen.iter().chain([&palette.ink]).all(|c| c.contrast(palette.paper) >= 4.5));
        }
    }
}
