//! Every time zone by its name, found by typing, with the time it has under the cursor.

use super::picker::{self, Choice};
use crate::tui::app::App;
use crate::tui::clock::Clock;
use chrono_tz::{TZ_VARIANTS, Tz};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Zones whose names hold every word that was typed; the ones in use first, then whole words before parts.
pub fn found(app: &App, text: &str) -> Vec<Tz> {
    let text = text.to_lowercase().replace(' ', "_");
    let name = |tz: &Tz| tz.name().to_lowercase();
    let mut all: Vec<Tz> = TZ_VARIANTS.iter().copied().filter(|tz| name(tz).contains(&text)).collect();
    let city = |tz: &Tz| name(tz).rsplit('/').next().is_some_and(|c| c.starts_with(&text));
    all.sort_by_key(|tz| (*tz != app.session.zone && *tz != Tz::UTC || !text.is_empty(), !city(tz), tz.name()));
    all
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, text: &str, selected: usize) {
    let title = app.look.say("Which time zone?", "Múi giờ nào?");
    let at = app.view.cursor;
    let row = |tz: &Tz| {
        let clock = Clock::Local(*tz);
        Choice { left: format!("{} {:<5}", clock.minute(at), clock.zone_name(at)), right: tz.name().to_owned() }
    };
    picker::draw(buf, area, app, title, text, &found(app, text).iter().map(row).collect::<Vec<_>>(), selected);
}
