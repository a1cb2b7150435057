//! Pictures, read back.

use super::*;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

fn sample() -> Buffer {
    let mut b = Buffer::empty(Rect { x: 0, y: 0, width: 24, height: 4 });
    b.set_string(0, 0, "┌─ TargetConnection ─┐", Style::new());
    b.set_string(0, 1, "│▁▂▃▄▅▆▇█│ 本番 <b>&", Style::new().fg(Color::White));
    b.set_string(0, 2, "tiến trình đã chết", Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD));
    b.set_string(0, 3, "░▒▓ ⣿⡇ 🦀", Style::new().bg(Color::Rgb(0xf6, 0xe3, 0xcf)));
    b
}

fn decoded(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = ::png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height, pixels)
}

#[test]
fn text_in_the_svg_is_text_and_fills_its_columns() {
    let svg = svg(&sample(), "lanes & <more>", Ground::Light);
    assert!(svg.contains(">TargetConnection</text>") && svg.contains("textLength=\"160\""));
    assert!(svg.contains(">本番</text>") && svg.contains("textLength=\"40\""), "two wide letters are four columns");
    assert!(svg.contains("&lt;b&gt;&amp;") && svg.contains("<title>lanes &amp; &lt;more&gt;</title>"));
    assert!(!svg.contains('█') && !svg.contains('─'), "boxes and blocks are drawn");
}

#[test]
fn the_svg_is_well_formed() {
    let text = svg(&sample(), "x", Ground::Light);
    let mut reader = quick_xml::Reader::from_str(&text);
    while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
}

#[test]
fn the_png_has_the_stated_size_and_ink_where_the_blocks_are() {
    let (width, height, pixels) = decoded(&png(&sample(), 10, Ground::Light).unwrap());
    assert_eq!((width, height), (240, 80));
    let at = |x: usize, y: usize| &pixels[(y * 240 + x) * 3..][..3];
    // The full block of row 1 is in column 8, cells are 10 × 20.
    for (x, y) in [(80, 20), (85, 30), (89, 39)] {
        assert_eq!(at(x, y), [0x11, 0x14, 0x18], "{x},{y}");
    }
    assert_eq!(at(239, 5), [255, 255, 255]);
    assert_eq!(at(235, 65), [255, 255, 255], "beyond the coloured text the paper is white");
}

#[test]
fn every_letter_leaves_ink_in_its_own_cell() {
    let text = "aW0ệ本▸✓①🦀";
    let mut b = Buffer::empty(Rect { x: 0, y: 0, width: 14, height: 1 });
    b.set_string(0, 0, text, Style::new());
    let (width, _, pixels) = decoded(&png(&b, 12, Ground::Light).unwrap());
    for cell in cells(&b, Ground::Light).iter().flatten().filter(|c| !c.is_blank()) {
        let from = usize::from(cell.x) * 12;
        let inked = (0..24).any(|y| (from..from + 12).any(|x| pixels[(y * width as usize + x) * 3] < 128));
        assert!(inked, "{}", cell.symbol);
    }
}

#[test]
fn a_picture_of_nothing_or_of_everything_is_no_panic() {
    let empty = Buffer::empty(Rect { x: 0, y: 0, width: 0, height: 0 });
    assert!(svg(&empty, "", Ground::Dark).contains("<svg"));
    assert!(png(&empty, 10, Ground::Dark).is_err());
    assert!(png(&Buffer::empty(Rect { x: 0, y: 0, width: 2000, height: 1000 }), 64, Ground::Light).is_err());
}
