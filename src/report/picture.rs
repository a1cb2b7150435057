//! Pictures of what was on the screen, from the same cells: SVG whose text is text, and PNG. On light ground
//! unless another is wanted; everything that is needed to read them later is inside. Knows cells, no terminal.

pub mod caption;
mod colours;
mod font;
pub mod lane;
mod raster;
mod shapes;
mod svg;

use colours::Rgb;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

pub use colours::Ground;
pub use raster::png;
pub use svg::svg;

/// The height of a cell over its width; the font that ships is drawn to fit.
const CELL_HEIGHT: u32 = 2;

/// A cell with its colours settled.
#[derive(Clone, Debug, PartialEq)]
struct Cell {
    x: u16,
    y: u16,
    /// Columns it takes: 1 or 2.
    width: u16,
    symbol: String,
    ink: Rgb,
    paper: Rgb,
    bold: bool,
    italic: bool,
    underlined: bool,
}

impl Cell {
    /// The character, if it is one that is drawn as rectangles.
    fn shape(&self) -> Option<char> {
        let mut chars = self.symbol.chars();
        chars.next().filter(|c| chars.next().is_none() && shapes::is_shape(*c))
    }

    fn is_blank(&self) -> bool {
        self.symbol.trim().is_empty()
    }
}

/// The cells of a buffer, row by row; what lies under the second half of a wide character is left out.
fn cells(buffer: &Buffer, ground: Ground) -> Vec<Vec<Cell>> {
    let area = buffer.area;
    (0..area.height).map(|y| row(buffer, y, ground)).collect()
}

fn row(buffer: &Buffer, y: u16, ground: Ground) -> Vec<Cell> {
    let area = buffer.area;
    let mut out = Vec::with_capacity(usize::from(area.width));
    let mut x = 0;
    while x < area.width {
        let Some(cell) = buffer.cell((area.x + x, area.y + y)) else { break };
        let width = u16::try_from(cell.symbol().width()).unwrap_or(1).clamp(1, 2).min(area.width - x);
        out.push(settle(cell, (x, y), width, ground));
        x += width;
    }
    out
}

fn settle(cell: &ratatui::buffer::Cell, (x, y): (u16, u16), width: u16, ground: Ground) -> Cell {
    let style = cell.modifier;
    let (mut ink, mut paper) = (ground.ink(cell.fg), ground.paper(cell.bg));
    if style.contains(Modifier::REVERSED) {
        (ink, paper) = (paper, ink);
    }
    if style.contains(Modifier::DIM) {
        ink = ink.mixed(paper, 0.35);
    }
    let hidden = style.contains(Modifier::HIDDEN);
    let mut out = Cell {
        x,
        y,
        width,
        symbol: if hidden { " ".into() } else { crate::text::clean(cell.symbol()) },
        ink,
        paper,
        bold: style.contains(Modifier::BOLD),
        italic: style.contains(Modifier::ITALIC),
        underlined: style.contains(Modifier::UNDERLINED),
    };
    // Areas may be paler than letters and still be seen.
    out.ink = ink.legible_on(paper, if out.shape().is_some() { 2.5 } else { 4.5 });
    out
}

#[cfg(test)]
mod tests;
