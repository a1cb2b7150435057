//! Cells as a PNG of a stated size, drawn without any font of the machine.

use super::colours::{Ground, Rgb};
use super::font::{self, SIDE};
use super::{CELL_HEIGHT, Cell, cells, shapes};
use ratatui::buffer::Buffer;

/// The most pixels of a picture: a screen of 500 × 200 at twice its size.
const MOST_PIXELS: usize = 120_000_000;

/// Pixels in rows of red, green and blue.
struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
    /// Of a pixel nobody painted.
    blank: [u8; 3],
}

/// The picture at `column` pixels a column (8 is small, 20 is fine print).
///
/// # Errors
/// When the picture has no pixels or more than any reader takes.
pub fn png(buffer: &Buffer, column: u32, ground: Ground) -> Result<Vec<u8>, png::EncodingError> {
    let (w, h) = (column.clamp(4, 64), column.clamp(4, 64) * CELL_HEIGHT);
    let (width, height) = (usize::from(buffer.area.width) * w as usize, usize::from(buffer.area.height) * h as usize);
    if width * height > MOST_PIXELS {
        return Err(png::EncodingError::LimitsExceeded);
    }
    let blank = ground.blank().bytes();
    let mut canvas = Canvas { width, height, pixels: blank.repeat(width * height), blank };
    for cell in cells(buffer, ground).iter().flatten() {
        canvas.cell(cell, w, h);
    }
    encode(&canvas)
}

fn encode(canvas: &Canvas) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut out, size(canvas.width), size(canvas.height));
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&canvas.pixels)?;
    writer.finish()?;
    Ok(out)
}

/// How much of a pixel the bitmap covers when it is stretched to `side`: sixteen looks at it.
fn share_inked(rows: &[u16; SIDE], x: usize, y: usize, side: usize) -> f32 {
    let at = |pixel: usize, part: usize| (pixel * 4 + part) * SIDE / (side * 4);
    let inked = |i: usize| rows[at(y, i / 4)] >> (SIDE - 1 - at(x, i % 4)) & 1 == 1;
    (0..16).filter(|i| inked(*i)).count() as f32 / 16.0
}

impl Canvas {
    fn cell(&mut self, cell: &Cell, w: u32, h: u32) {
        let (left, top) = ((u32::from(cell.x) * w) as i32, (u32::from(cell.y) * h) as i32);
        let width = u32::from(cell.width) * w;
        if cell.paper.bytes() != self.blank {
            self.fill(left, top, width as i32, h as i32, cell.paper, 1.0);
        }
        match cell.shape() {
            Some(c) => self.shape(c, cell.ink, left, top, w, h),
            None if cell.is_blank() => {}
            None => self.letters(cell, left, top, w, h),
        }
        if cell.underlined {
            let thick = (h / 16).max(1) as i32;
            self.fill(left, top + h as i32 - 2 * thick, width as i32, thick, cell.ink, 1.0);
        }
    }

    fn shape(&mut self, c: char, ink: Rgb, left: i32, top: i32, w: u32, h: u32) {
        for r in shapes::rects(c, w as f32, h as f32) {
            // Edges on whole pixels, so that neighbours meet without a seam.
            let (x0, y0) = (r.x.round() as i32, r.y.round() as i32);
            let (x1, y1) = (((r.x + r.w).round() as i32).max(x0 + 1), ((r.y + r.h).round() as i32).max(y0 + 1));
            self.fill(left + x0, top + y0, x1 - x0, y1 - y0, ink, shapes::density(c));
        }
    }

    fn letters(&mut self, cell: &Cell, left: i32, top: i32, w: u32, h: u32) {
        for c in cell.symbol.chars() {
            if let Some(rows) = font::wide(c).filter(|_| cell.width == 2) {
                self.bitmap(&rows, cell.ink, left, top, w * 2, h);
            } else if !font::letter(c, cell.bold, w, h, |x, y, coverage| self.blend(left + x, top + y, cell.ink, coverage)) {
                self.unknown(cell.ink, left, top, w * u32::from(cell.width), h);
            }
        }
    }

    fn bitmap(&mut self, rows: &[u16; SIDE], ink: Rgb, left: i32, top: i32, w: u32, h: u32) {
        // Square, in the middle of the cell.
        let side = w.min(h) as usize;
        let (dx, dy) = ((w as usize - side) / 2, (h as usize - side) / 2);
        for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
            let coverage = share_inked(rows, x, y, side);
            if coverage > 0.0 {
                self.blend(left + (x + dx) as i32, top + (y + dy) as i32, ink, coverage);
            }
        }
    }

    /// An outlined box: here stands a character that no font at hand can draw.
    fn unknown(&mut self, ink: Rgb, left: i32, top: i32, w: u32, h: u32) {
        let (w, h, thin) = (w as i32, h as i32, (w / 12).max(1) as i32);
        let (x, y, dx, dy) = (left + w / 8, top + h / 6, w * 3 / 4, h * 2 / 3);
        self.fill(x, y, dx, thin, ink, 1.0);
        self.fill(x, y + dy - thin, dx, thin, ink, 1.0);
        self.fill(x, y, thin, dy, ink, 1.0);
        self.fill(x + dx - thin, y, thin, dy, ink, 1.0);
    }

    fn fill(&mut self, x: i32, y: i32, w: i32, h: i32, ink: Rgb, coverage: f32) {
        let inside = |v: i32, most: usize| usize::try_from(v.max(0)).unwrap_or(0).min(most);
        let (left, right) = (inside(x, self.width), inside(x + w, self.width));
        for y in inside(y, self.height)..inside(y + h, self.height) {
            let row = y * self.width * 3;
            let Some(pixels) = self.pixels.get_mut(row + left * 3..row + right * 3) else { continue };
            for pixel in pixels.chunks_exact_mut(3) {
                let mixed = if coverage >= 1.0 { ink } else { Rgb(pixel[0], pixel[1], pixel[2]).mixed(ink, coverage) };
                pixel.copy_from_slice(&[mixed.0, mixed.1, mixed.2]);
            }
        }
    }

    fn blend(&mut self, x: i32, y: i32, ink: Rgb, coverage: f32) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x >= self.width || y >= self.height {
            return;
        }
        let at = (y * self.width + x) * 3;
        if let Some([r, g, b]) = self.pixels.get_mut(at..at + 3) {
            let mixed = Rgb(*r, *g, *b).mixed(ink, coverage);
            (*r, *g, *b) = (mixed.0, mixed.1, mixed.2);
        }
    }
}
