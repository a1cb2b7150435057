//! Box-drawing, block and braille characters as rectangles, so that they meet whatever the font.

/// A rectangle inside a cell, in the cell's own pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub x: f32,
    pub y: f32,
    pub w: f32,
    pub h: f32,
}

/// The weights of the four arms (left, right, up, down) of U+2500–257F: 0 none, 1 light, 2 heavy, 3 double.
const ARMS: &str = "1100 2200 0011 0022 1100 2200 0011 0022 1100 2200 0011 0022 0101 0201 0102 0202 \
1001 2001 1002 2002 0110 0210 0120 0220 1010 2010 1020 2020 0111 0211 0121 0112 \
0122 0221 0212 0222 1011 2011 1021 1012 1022 2021 2012 2022 1101 2101 1201 2201 \
1102 2102 1202 2202 1110 2110 1210 2210 1120 2120 1220 2220 1111 2111 1211 2211 \
1121 1112 1122 2121 1221 2112 1212 2221 2212 2122 1222 2222 1100 2200 0011 0022 \
3300 0033 0301 0103 0303 3001 1003 3003 0310 0130 0330 3010 1030 3030 0311 0133 \
0333 3011 1033 3033 3301 1103 3303 3310 1130 3330 3311 1133 3333 0101 1001 1010 \
0110 0000 0000 0000 1000 0010 0100 0001 2000 0020 0200 0002 1200 0012 2100 0021";

/// Whether the character is drawn here and not by a font.
pub(super) fn is_shape(c: char) -> bool {
    matches!(c, '\u{2500}'..='\u{2570}' | '\u{2574}'..='\u{259f}' | '\u{2800}'..='\u{28ff}')
}

/// How much ink the rectangles carry: the shades are paler.
pub(super) fn density(c: char) -> f32 {
    match c {
        '░' => 0.25,
        '▒' => 0.5,
        '▓' => 0.75,
        _ => 1.0,
    }
}

/// The rectangles of a character in a cell of `w` by `h`.
pub(super) fn rects(c: char, w: f32, h: f32) -> Vec<Rect> {
    match c {
        '\u{2500}'..='\u{257f}' => lines(c, w, h),
        '\u{2580}'..='\u{259f}' => block(c, w, h),
        '\u{2800}'..='\u{28ff}' => braille(c as u32 - 0x2800, w, h),
        _ => Vec::new(),
    }
}

/// `x`, `y`, width and height in eighths of the cell.
fn eighths(parts: [f32; 4], w: f32, h: f32) -> Rect {
    let [x, y, dx, dy] = parts.map(|p| p / 8.0);
    Rect { x: x * w, y: y * h, w: dx * w, h: dy * h }
}

fn block(c: char, w: f32, h: f32) -> Vec<Rect> {
    let n = (c as u32 - 0x2580) as f32;
    let one = |parts| vec![eighths(parts, w, h)];
    match c {
        '▀' => one([0.0, 0.0, 8.0, 4.0]),
        '▁'..='█' => one([0.0, 8.0 - n, 8.0, n]),
        '▉'..='▏' => one([0.0, 0.0, 16.0 - n, 8.0]),
        '▐' => one([4.0, 0.0, 4.0, 8.0]),
        '░'..='▓' => one([0.0, 0.0, 8.0, 8.0]),
        '▔' => one([0.0, 0.0, 8.0, 1.0]),
        '▕' => one([7.0, 0.0, 1.0, 8.0]),
        _ => quadrants(c).into_iter().map(|(x, y)| eighths([x * 4.0, y * 4.0, 4.0, 4.0], w, h)).collect(),
    }
}

/// Which quarters are filled, as (column, row).
fn quadrants(c: char) -> Vec<(f32, f32)> {
    let all = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
    let filled: [bool; 4] = match c {
        '▖' => [false, false, true, false],
        '▗' => [false, false, false, true],
        '▘' => [true, false, false, false],
        '▙' => [true, false, true, true],
        '▚' => [true, false, false, true],
        '▛' => [true, true, true, false],
        '▜' => [true, true, false, true],
        '▝' => [false, true, false, false],
        '▞' => [false, true, true, false],
        _ => [false, true, true, true],
    };
    all.into_iter().zip(filled).filter(|(_, f)| *f).map(|(at, _)| at).collect()
}

fn braille(bits: u32, w: f32, h: f32) -> Vec<Rect> {
    const DOTS: [(f32, f32); 8] = [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0), (0.0, 3.0), (1.0, 3.0)];
    let side = w * 0.3;
    let dot = |(x, y): (f32, f32)| Rect { x: w * (0.25 + 0.5 * x) - side / 2.0, y: h * (0.125 + 0.25 * y) - side / 2.0, w: side, h: side };
    DOTS.into_iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, at)| dot(at)).collect()
}

fn arms(c: char) -> [u8; 4] {
    let at = (c as usize - 0x2500) * 5;
    let digits = ARMS.as_bytes().get(at..at + 4).unwrap_or(b"0000");
    [0, 1, 2, 3].map(|i| digits[i] - b'0')
}

fn dashes(c: char) -> usize {
    match c {
        '┄'..='┇' => 3,
        '┈'..='┋' => 4,
        '╌'..='╏' => 2,
        _ => 1,
    }
}

fn lines(c: char, w: f32, h: f32) -> Vec<Rect> {
    let [left, right, up, down] = arms(c);
    let light = (w / 8.0).max(1.0);
    // Arms reach past the middle by half of what they cross, so that corners close.
    let reach = |across: [u8; 2]| if across.contains(&3) { light * 1.5 } else { thickness(across[0].max(across[1]), light) / 2.0 };
    let (over_x, over_y) = (reach([up, down]), reach([left, right]));
    let mut out = Vec::new();
    out.extend(strokes(left, light).into_iter().map(|(at, t)| Rect { x: 0.0, y: h / 2.0 + at, w: w / 2.0 + over_x, h: t }));
    out.extend(strokes(right, light).into_iter().map(|(at, t)| Rect { x: w / 2.0 - over_x, y: h / 2.0 + at, w: w / 2.0 + over_x, h: t }));
    out.extend(strokes(up, light).into_iter().map(|(at, t)| Rect { x: w / 2.0 + at, y: 0.0, w: t, h: h / 2.0 + over_y }));
    out.extend(strokes(down, light).into_iter().map(|(at, t)| Rect { x: w / 2.0 + at, y: h / 2.0 - over_y, w: t, h: h / 2.0 + over_y }));
    match dashes(c) {
        1 => out,
        n => dashed(left > 0, n, thickness(left.max(up), light), w, h),
    }
}

fn thickness(weight: u8, light: f32) -> f32 {
    match weight {
        0 => 0.0,
        2 => light * 2.0,
        _ => light,
    }
}

/// Where the strokes of an arm lie off the middle, and how thick they are.
fn strokes(weight: u8, light: f32) -> Vec<(f32, f32)> {
    match weight {
        0 => Vec::new(),
        3 => vec![(-light * 1.5, light), (light * 0.5, light)],
        other => {
            let t = thickness(other, light);
            vec![(-t / 2.0, t)]
        }
    }
}

fn dashed(across: bool, n: usize, t: f32, w: f32, h: f32) -> Vec<Rect> {
    let length = if across { w } else { h } / n as f32;
    let dash = |i: usize| {
        let at = length * i as f32 + length * 0.15;
        if across {
            Rect { x: at, y: h / 2.0 - t / 2.0, w: length * 0.7, h: t }
        } else {
            Rect { x: w / 2.0 - t / 2.0, y: at, w: t, h: length * 0.7 }
        }
    };
    (0..n).map(dash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_fill_what_their_names_say() {
        let area = |c| rects(c, 8.0, 16.0).iter().map(|r| r.w * r.h).sum::<f32>() / 128.0;
        for (c, share) in
            [('█', 1.0), ('▀', 0.5), ('▁', 0.125), ('▇', 0.875), ('▌', 0.5), ('▏', 0.125), ('▐', 0.5), ('▙', 0.75), ('▚', 0.5)]
        {
            assert!((area(c) - share).abs() < 1e-6, "{c}");
        }
    }

    #[test]
    fn lines_reach_the_edges_they_should() {
        let touches = |c| {
            let all = rects(c, 8.0, 16.0);
            let any = |f: &dyn Fn(&Rect) -> bool| all.iter().any(f);
            [any(&|r| r.x <= 0.0), any(&|r| r.x + r.w >= 8.0), any(&|r| r.y <= 0.0), any(&|r| r.y + r.h >= 16.0)]
        };
        assert_eq!(touches('┌'), [false, true, false, true]);
        assert_eq!(touches('┤'), [true, false, true, true]);
        assert_eq!(touches('╬'), [true; 4]);
        assert_eq!(touches('╰'), [false, true, true, false]);
        assert_eq!(touches('╷'), [false, false, false, true]);
    }

    #[test]
    fn nothing_leaves_its_cell() {
        for c in ('\u{2500}'..='\u{259f}').chain('\u{2800}'..='\u{28ff}').filter(|c| is_shape(*c)) {
            for r in rects(c, 8.0, 16.0) {
                assert!(r.x >= -0.01 && r.y >= -0.01 && r.x + r.w <= 8.01 && r.y + r.h <= 16.01, "{c} {r:?}");
            }
        }
    }
}
