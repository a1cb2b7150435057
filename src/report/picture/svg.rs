//! Cells as SVG: text stays text and can be searched; each run says how long it is, so that it fills its
//! columns in any font.

use super::colours::{Ground, Rgb};
use super::{CELL_HEIGHT, Cell, cells, shapes};
use crate::report::html::escape;
use ratatui::buffer::Buffer;
use std::collections::BTreeMap;

/// Pixels a column at natural size.
const W: u32 = 10;
const H: u32 = W * CELL_HEIGHT;
/// At this size a letter of DejaVu Sans Mono is a column wide.
const FONT_SIZE: f32 = 16.6;
/// From the top of a cell to the line that letters stand on.
const BASELINE: f32 = 15.2;

/// The picture as one SVG document of its own; `title` is what a pointer or a screen reader is told.
pub fn svg(buffer: &Buffer, title: &str, ground: Ground) -> String {
    let (width, height) = (u32::from(buffer.area.width) * W, u32::from(buffer.area.height) * H);
    let rows = cells(buffer, ground);
    let title = escape(&crate::text::clean(title));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>{title}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
        ground.blank().hex()
    );
    out.extend(rows.iter().map(|row| grounds(row, ground.blank())));
    out.push_str(&drawn(&rows));
    out.push_str(&format!(
        "<g font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"{FONT_SIZE}\" xml:space=\"preserve\">\n"
    ));
    out.extend(rows.iter().map(|row| texts(row)));
    out.push_str("</g>\n</svg>\n");
    out
}

/// Neighbours for which `same` holds, together.
fn runs(row: &[Cell], same: impl Fn(&Cell, &Cell) -> bool) -> Vec<&[Cell]> {
    row.chunk_by(|a, b| same(a, b)).collect()
}

fn columns(run: &[Cell]) -> u32 {
    run.iter().map(|c| u32::from(c.width)).sum()
}

fn grounds(row: &[Cell], blank: Rgb) -> String {
    let coloured = runs(row, |a, b| a.paper == b.paper).into_iter().filter(|run| run[0].paper != blank);
    let rect = |run: &[Cell]| {
        let (x, y) = (u32::from(run[0].x) * W, u32::from(run[0].y) * H);
        format!("<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{H}\" fill=\"{}\"/>\n", columns(run) * W, run[0].paper.hex())
    };
    coloured.map(rect).collect()
}

/// Everything that is drawn as rectangles, one path a colour.
fn drawn(rows: &[Vec<Cell>]) -> String {
    let mut paths: BTreeMap<(Rgb, u32), String> = BTreeMap::new();
    for cell in rows.iter().flatten() {
        let Some(c) = cell.shape() else { continue };
        let path = paths.entry((cell.ink, (shapes::density(c) * 100.0) as u32)).or_default();
        let (left, top) = ((u32::from(cell.x) * W) as f32, (u32::from(cell.y) * H) as f32);
        for r in shapes::rects(c, W as f32, H as f32) {
            path.push_str(&format!("M{} {}h{}v{}h-{}z", short(left + r.x), short(top + r.y), short(r.w), short(r.h), short(r.w)));
        }
    }
    let element = |((ink, density), d): ((Rgb, u32), String)| {
        let opacity = if density < 100 { format!(" fill-opacity=\"{}\"", density as f32 / 100.0) } else { String::new() };
        format!("<path fill=\"{}\"{opacity} shape-rendering=\"crispEdges\" d=\"{d}\"/>\n", ink.hex())
    };
    paths.into_iter().map(element).collect()
}

fn short(v: f32) -> String {
    format!("{}", (v * 100.0).round() / 100.0)
}

fn texts(row: &[Cell]) -> String {
    let same = |a: &Cell, b: &Cell| {
        let style = |c: &Cell| (c.ink, c.bold, c.italic, c.underlined, c.width, c.shape().is_some());
        style(a) == style(b)
    };
    runs(row, same).into_iter().filter(|run| run[0].shape().is_none()).map(text).collect()
}

fn text(run: &[Cell]) -> String {
    let blank_end = run.iter().rev().take_while(|c| c.is_blank() && !c.underlined).count();
    let blank_start = run.iter().take_while(|c| c.is_blank() && !c.underlined).count();
    let Some(run) = run.get(blank_start..run.len() - blank_end).filter(|r| !r.is_empty()) else { return String::new() };
    let first = &run[0];
    let (x, y) = (u32::from(first.x) * W, (u32::from(first.y) * H) as f32 + BASELINE);
    let mut style = format!("fill=\"{}\"", first.ink.hex());
    for (on, attribute) in [
        (first.bold, " font-weight=\"700\""),
        (first.italic, " font-style=\"italic\""),
        (first.underlined, " text-decoration=\"underline\""),
    ] {
        style.push_str(if on { attribute } else { "" });
    }
    let words: String = run.iter().map(|c| if c.symbol.is_empty() { " " } else { c.symbol.as_str() }).collect();
    format!(
        "<text x=\"{x}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" {style}>{}</text>\n",
        short(y),
        columns(run) * W,
        escape(&words)
    )
}
