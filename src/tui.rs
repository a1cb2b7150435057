//! The screen: `App` is its whole state, `update` changes it and names effects, `draw` is a pure function of
//! it, and one loop in `runtime` does the rest. Never names an AWS type; no key ever waits for the network.

mod app;
mod ascii;
mod asked;
mod axis;
mod board;
mod clipboard;
mod clock;
mod compare;
mod cost;
mod happenings;
mod keymap;
mod layout;
mod numbers;
mod options;
mod overlays;
mod paint;
mod panes;
mod parts;
mod place;
mod replies;
mod runtime;
mod screen;
pub mod start;
mod terminal;
mod theme;
mod update;
mod view;
mod widgets;
mod words;
mod working;

pub use app::{App, Effect, Msg};
pub use keymap::keys_table;
pub use options::{
    ColorMode, Export, KeepPlace, Kind, Options, Record, Resume, answers_for_its_background, has_few_characters, theme_from_env,
};
pub use place::Place;
pub use runtime::run;
pub use screen::Screen;
pub use theme::Theme;

use crate::case::Case;
use crate::judge::Judged;
use crate::text::Lang;
use paint::{Look, piece};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// The frame for the app's own size.
pub fn draw(app: &App) -> Buffer {
    let mut buf = Buffer::empty(app.size);
    let plan = app.plan();
    if plan.tiny {
        paint::line(&mut buf, app.size, 0, 0, &[piece(panes::verdict::one_line(app), app.look.theme.verdict)]);
    } else {
        panes::header::draw(&mut buf, plan.header, app);
        panes::verdict::draw(&mut buf, plan.verdict, app);
        for (pane, area) in &plan.panes {
            panes::draw(&mut buf, *area, app, *pane);
        }
        if let Some(line) = plan.divider {
            for y in 0..line.height {
                paint::put(&mut buf, line, 0, y, "│", app.look.theme.rule);
            }
        }
        panes::footer::draw(&mut buf, plan.footer, app);
        if let Some(overlay) = &app.overlay {
            let over = Rect { height: app.size.height.saturating_sub(1), ..app.size };
            overlays::draw(&mut buf, over, app, overlay);
        }
    }
    if app.look.ascii {
        ascii::translate(&mut buf);
    }
    buf
}

/// The screen of a judged case as a picture: the same drawing, without a terminal.
pub fn snapshot(case: &Case, judged: &Judged, size: (u16, u16), theme: &Theme, lang: Lang, ascii: bool) -> Buffer {
    let options = Options { lang, ascii, kind: Kind::Replay, ..Options::default() };
    let Ok(mut app) = App::new(&options) else { return Buffer::empty(Rect::new(0, 0, size.0, size.1)) };
    app.look = Look { theme: theme.clone(), ..app.look };
    app.show(case, judged, size);
    draw(&app)
}
