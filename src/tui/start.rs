//! Screens before the incident: the region's alarms to pick from, and a session that was cut off. Each is on
//! the terminal before anything has been asked of AWS.

mod list;
mod offer;

pub use list::{News, Picked, choose};
pub use offer::{Left, Offer, offer};

use super::ascii;
use super::options::Options;
use super::paint::Look;
use super::screen::Screen;
use super::theme::Theme;
use color_eyre::eyre::{Result, eyre};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::io::Write;

fn look(options: &Options) -> Result<Look> {
    let name = options.theme.as_deref().unwrap_or("dark");
    let theme = Theme::named(name, options.colors).map_err(|e| eyre!(e))?;
    Ok(Look { lang: options.lang, ascii: options.ascii, low_bandwidth: options.low_bandwidth, theme })
}

/// Brings a frame to the terminal.
fn show(screen: &mut Screen, look: &Look, frame: impl FnOnce(Rect) -> Buffer) -> Result<()> {
    let (width, height) = crossterm::terminal::size()?;
    let mut buf = frame(Rect::new(0, 0, width, height));
    if look.ascii {
        ascii::translate(&mut buf);
    }
    let mut out = std::io::stdout();
    out.write_all(&screen.bytes(buf))?;
    out.flush()?;
    Ok(())
}
