//! The letters: DejaVu Sans Mono, what it lacks (some Vietnamese letters, circled numbers) from DejaVu Sans,
//! and for double-width characters the bitmaps of GNU Unifont. All ship compressed, with their licences, in
//! `assets/fonts`.

use ab_glyph::{Font, FontVec, Glyph, GlyphId, PxScale, ScaleFont, point};
use std::sync::LazyLock;

/// A font, and the one that is asked when it has no such letter.
type Face = [Option<FontVec>; 2];

static REGULAR: LazyLock<Face> = LazyLock::new(|| {
    let main = outline(include_bytes!("../../../assets/fonts/DejaVuSansMono.ttf.zst"));
    [main, outline(include_bytes!("../../../assets/fonts/DejaVuSans-rest.ttf.zst"))]
});
static BOLD: LazyLock<Face> = LazyLock::new(|| {
    let main = outline(include_bytes!("../../../assets/fonts/DejaVuSansMono-Bold.ttf.zst"));
    [main, outline(include_bytes!("../../../assets/fonts/DejaVuSans-rest-Bold.ttf.zst"))]
});
static WIDE: LazyLock<Vec<u8>> =
    LazyLock::new(|| zstd::decode_all(&include_bytes!("../../../assets/fonts/unifont-wide.bin.zst")[..]).unwrap_or_default());

/// The code points of the bitmaps, in the order in which they are stored, 32 bytes each.
const RANGES: [(u32, u32); 10] = [
    (0x1100, 0x115f),
    (0x2e80, 0x303e),
    (0x3041, 0x33ff),
    (0x3400, 0x4dbf),
    (0x4e00, 0x9fff),
    (0xac00, 0xd7a3),
    (0xf900, 0xfaff),
    (0xfe30, 0xfe4f),
    (0xff01, 0xff60),
    (0xffe0, 0xffe6),
];
/// The side of a bitmap.
pub(super) const SIDE: usize = 16;

fn outline(packed: &[u8]) -> Option<FontVec> {
    FontVec::try_from_vec(zstd::decode_all(packed).ok()?).ok()
}

/// A letter at the size of a cell: calls `paint` with pixels and their coverage. `false` if the font has none.
pub(super) fn letter(c: char, bold: bool, cell_width: u32, cell_height: u32, mut paint: impl FnMut(i32, i32, f32)) -> bool {
    let face = if bold { &BOLD } else { &REGULAR };
    let (Some(main), Some((font, id))) = (face[0].as_ref(), face.iter().flatten().find_map(|f| glyph_of(f, c))) else { return false };
    let scale = fitting(main, cell_width);
    let line = main.as_scaled(scale);
    let baseline = ((cell_height as f32 - line.height()) / 2.0 + line.ascent()).round();
    // A letter of the proportional font is squeezed into the cell, or set in its middle.
    let advance = font.as_scaled(scale).h_advance(id);
    let squeeze = (cell_width as f32 / advance.max(1.0)).min(1.0);
    let left = ((cell_width as f32 - advance * squeeze) / 2.0).max(0.0);
    let glyph: Glyph = id.with_scale_and_position(PxScale { x: scale.x * squeeze, y: scale.y }, point(left, baseline));
    if let Some(outline) = font.outline_glyph(glyph) {
        let bounds = outline.px_bounds();
        outline.draw(|x, y, coverage| paint(x as i32 + bounds.min.x as i32, y as i32 + bounds.min.y as i32, coverage));
    }
    true
}

fn glyph_of(font: &FontVec, c: char) -> Option<(&FontVec, GlyphId)> {
    let id = font.glyph_id(c);
    (id.0 != 0).then_some((font, id))
}

/// The scale at which a letter of the main font is as wide as a cell.
fn fitting(main: &FontVec, cell_width: u32) -> PxScale {
    let advance = main.as_scaled(PxScale::from(100.0)).h_advance(main.glyph_id('0')).max(1.0);
    PxScale::from(100.0 * cell_width as f32 / advance)
}

/// The bitmap of a double-width character: one row a `u16`, the leftmost pixel the highest bit.
pub(super) fn wide(c: char) -> Option<[u16; SIDE]> {
    let mut before = 0;
    for (from, to) in RANGES {
        if (from..=to).contains(&(c as u32)) {
            let at = (before + (c as u32 - from) as usize) * SIDE * 2;
            let bytes = WIDE.get(at..at + SIDE * 2)?;
            let mut rows = [0; SIDE];
            for (row, pair) in rows.iter_mut().zip(bytes.chunks_exact(2)) {
                *row = u16::from_be_bytes([pair[0], pair[1]]);
            }
            return rows.iter().any(|r| *r != 0).then_some(rows);
        }
        before += (to - from + 1) as usize;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_every_letter_of_both_languages_and_of_the_screen() {
        let letters = "abcXYZ0123456789ÀÁẢÃẠăắằẳẵặâấầẩẫậđêếềểễệôốồổỗộơớờởỡợưứừửữựỳýỷỹỵ±×÷≤≥→←▸▶✓‼①②③④⑤⑥⑦⑧⑨●○◆–—…“”·•";
        for bold in [false, true] {
            for c in letters.chars() {
                assert!(letter(c, bold, 10, 20, |_, _, _| {}), "{c} bold {bold}");
            }
        }
    }

    #[test]
    fn double_width_characters_have_bitmaps() {
        assert!("日本語本番環境漢字かなカナ한국어ＡＢ".chars().all(|c| wide(c).is_some()));
        assert_eq!(wide('a'), None);
        // The first row of 一 that is not empty is one stroke.
        assert_eq!(wide('一').map(|rows| rows.iter().filter(|r| **r != 0).count() <= 3), Some(true));
    }
}
