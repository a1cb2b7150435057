//! The page of a working, and what of it is copied: the report's own lines, in the screen's colours.

use super::app::App;
use super::overlays::page::Sheet;
use crate::case::series::SeriesKey;
use crate::exchange::Area;
use crate::report::working::{self, Kind, Line};

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    Series(SeriesKey),
    /// Ids in the book.
    Evidence(Vec<String>),
}

/// Fills the page; gives back its title.
pub fn page(sheet: &mut Sheet, app: &App, of: &Of) -> String {
    let theme = &app.look.theme;
    for line in lines(app, of) {
        let words = app.look.text(&line.text);
        match line.kind {
            Kind::Heading => sheet.heading(words),
            Kind::Said => sheet.say(words, theme.text),
            Kind::Detail => sheet.hanging("  ", words, theme.dim),
            Kind::Command => sheet.hanging("$ ", words, theme.focus),
            Kind::Link => sheet.say(words, theme.info),
        }
    }
    match of {
        Of::Series(key) => format!("{} {}", key.metric, super::board::part_of(key)),
        Of::Evidence(_) => app.look.say("The working", "Cách tính").to_owned(),
    }
}

fn lines(app: &App, of: &Of) -> Vec<Line> {
    let window = app.view.window();
    match (of, &app.judged) {
        (Of::Series(key), _) => working::of_series(&app.case, key, window),
        (Of::Evidence(ids), Some(judged)) => ids.iter().flat_map(|id| working::of_evidence(&app.case, judged, id, window)).collect(),
        (Of::Evidence(_), None) => Vec::new(),
    }
}

/// The commands of a working, for a shell.
pub fn commands(app: &App, of: &Of) -> Option<String> {
    let commands = lines(app, of).into_iter().filter(|l| l.kind == Kind::Command);
    let mut commands: Vec<String> = commands.map(|l| l.text.en).collect();
    commands.dedup();
    (!commands.is_empty()).then(|| commands.join("\n"))
}

/// The command of one series.
pub fn command(app: &App, key: &SeriesKey) -> Option<String> {
    working::series_command(&app.case, key, app.view.window())
}

/// The console's graph of one series.
pub fn metric_link(app: &App, key: &SeriesKey) -> Option<String> {
    working::series_link(&app.case, key, app.view.window())
}

/// The console's page of the alarm.
pub fn alarm_link(app: &App) -> Option<String> {
    working::page(&app.case, Area::Alarm, app.view.window())
}

/// The console's page of an event of CloudTrail.
pub fn event_link(app: &App, id: &str) -> Option<String> {
    working::event_link(&app.case, id)
}
