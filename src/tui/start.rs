//! The first screen of `alb-triage` alone: the region's alarms, those in ALARM first; Enter picks one.

use super::clock::age;
use super::options::Options;
use super::paint::{self, Look, piece};
use super::screen::Screen;
use super::terminal::Guard;
use super::theme::Theme;
use crate::case::alarm::{Alarm, AlarmState};
use crate::case::topology::short_name;
use crate::time::Time;
use color_eyre::eyre::Result;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::io::Write;

/// The list and where the user stands in it.
pub struct Start<'a> {
    alarms: &'a [Alarm],
    place: String,
    now: Time,
    look: Look,
    row: usize,
}

/// What a key comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Stay,
    Pick(usize),
    Quit,
}

/// Lets the user pick an alarm; `None` when they leave instead.
pub fn choose(alarms: &[Alarm], place: String, now: Time, options: &Options) -> Result<Option<usize>> {
    let name = options.theme.as_deref().unwrap_or("dark");
    let theme = Theme::named(name, options.colors).map_err(|e| color_eyre::eyre::eyre!(e))?;
    let look = Look { lang: options.lang, ascii: options.ascii, low_bandwidth: options.low_bandwidth, theme };
    let mut start = Start { alarms, place, now, look, row: 0 };
    let _guard = Guard::take(false)?;
    let mut screen = Screen::default();
    loop {
        let (width, height) = crossterm::terminal::size()?;
        let mut out = std::io::stdout();
        out.write_all(&screen.bytes(start.draw(Rect::new(0, 0, width, height))))?;
        out.flush()?;
        match read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => match start.press(key) {
                Step::Stay => {}
                Step::Pick(row) => return Ok(Some(row)),
                Step::Quit => return Ok(None),
            },
            Event::Resize(..) => screen.forget(),
            _ => {}
        }
    }
}

impl Start<'_> {
    fn press(&mut self, key: KeyEvent) -> Step {
        let last = self.alarms.len().saturating_sub(1);
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Step::Quit,
            KeyCode::Char('q') | KeyCode::Esc => return Step::Quit,
            KeyCode::Enter if !self.alarms.is_empty() => return Step::Pick(self.row),
            KeyCode::Char('j') | KeyCode::Down => self.row = (self.row + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => self.row = self.row.saturating_sub(1),
            KeyCode::Char('g') | KeyCode::Home => self.row = 0,
            KeyCode::Char('G') | KeyCode::End => self.row = last,
            _ => {}
        }
        Step::Stay
    }

    /// The frame for this size.
    pub fn draw(&self, area: Rect) -> Buffer {
        let mut buf = Buffer::empty(area);
        let theme = &self.look.theme;
        let title = self.look.say("TargetConnectionErrorCount alarms", "Báo động TargetConnectionErrorCount");
        paint::line(&mut buf, area, 0, 0, &[piece(format!(" {title}  "), theme.title), piece(self.place.clone(), theme.dim)]);
        let rows = usize::from(area.height.saturating_sub(3));
        let top = (self.row + 1).saturating_sub(rows);
        for (y, (i, alarm)) in self.alarms.iter().enumerate().skip(top).take(rows).enumerate() {
            paint::line(&mut buf, area, 0, y as u16 + 2, &self.row_of(i, alarm));
        }
        if self.alarms.is_empty() {
            let words = self.look.say(
                " none in this region: try --region, or: alb-triage demo",
                " không có ở region này: thử --region, hoặc: alb-triage demo",
            );
            paint::line(&mut buf, area, 0, 2, &[piece(words, theme.unknown)]);
        }
        let keys = self.look.say(" Enter investigate   j k move   q quit", " Enter điều tra   j k di chuyển   q thoát");
        paint::line(&mut buf, area, 0, area.height.saturating_sub(1), &[piece(keys, theme.dim)]);
        if self.look.ascii {
            super::ascii::translate(&mut buf);
        }
        buf
    }

    fn row_of(&self, i: usize, alarm: &Alarm) -> paint::Line {
        let theme = &self.look.theme;
        let (word, style) = match alarm.state {
            AlarmState::Alarm => ("‼ ALARM  ", theme.bad),
            AlarmState::Ok => ("✓ OK     ", theme.good),
            AlarmState::InsufficientData => ("? NO DATA", theme.unknown),
        };
        let since = alarm.state_updated.map(|t| age(t, self.now)).unwrap_or_default();
        let of = ["LoadBalancer", "TargetGroup"]
            .iter()
            .filter_map(|d| alarm.dimensions.get(*d))
            .map(|d| short_name(d))
            .collect::<Vec<_>>()
            .join(" ▸ ");
        let here = if i == self.row { "▶" } else { " " };
        vec![
            piece(here, theme.focus),
            piece(format!("{word} {since:>11}  "), style),
            piece(alarm.name.to_string(), if i == self.row { theme.focus } else { theme.text }),
            piece(format!("  {of}"), theme.dim),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::options::ColorMode;
    use super::*;
    use crate::text::Lang;

    fn alarms() -> Vec<Alarm> {
        let alarm = |name: &str, state| Alarm { name: name.into(), state, state_updated: Some(Time::default()), ..Alarm::default() };
        vec![alarm("web-errors", AlarmState::Alarm), alarm("api-errors", AlarmState::Ok)]
    }

    fn start(alarms: &[Alarm]) -> Start<'_> {
        let theme = Theme::named("dark", ColorMode::None).unwrap();
        let look = Look { lang: Lang::En, ascii: false, low_bandwidth: false, theme };
        Start { alarms, place: "ap-northeast-1".into(), now: Time::default(), look, row: 0 }
    }

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn down_and_enter_pick_the_second() {
        let alarms = alarms();
        let mut start = start(&alarms);
        assert_eq!(start.press(key(KeyCode::Char('j'))), Step::Stay);
        assert_eq!(start.press(key(KeyCode::Down)), Step::Stay);
        assert_eq!(start.press(key(KeyCode::Enter)), Step::Pick(1));
        assert_eq!(start.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Step::Quit);
    }

    #[test]
    fn an_empty_list_picks_nothing_and_every_size_draws() {
        let mut none = start(&[]);
        assert_eq!(none.press(key(KeyCode::Enter)), Step::Stay);
        let alarms = alarms();
        for (w, h) in (0..40).flat_map(|w| (0..12).map(move |h| (w, h))) {
            start(&alarms).draw(Rect::new(0, 0, w, h));
            none.draw(Rect::new(0, 0, w, h));
        }
    }
}
