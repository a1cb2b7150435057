//! The first screen of `alb-triage` alone: the region's alarms, those in ALARM first, each with its errors of
//! the last hours; Enter picks one. It stands before the alarms are known and takes keys while they come.

use super::{look, show};
use crate::case::alarm::{Alarm, AlarmState};
use crate::case::series::Series;
use crate::case::topology::short_name;
use crate::time::Time;
use crate::tui::clock::age;
use crate::tui::options::Options;
use crate::tui::paint::{self, Look, piece};
use crate::tui::screen::Screen;
use crate::tui::terminal::Guard;
use crate::tui::widgets::bar;
use color_eyre::eyre::Result;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, poll, read};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

/// How often news are looked for while they may come; after that only a key wakes us.
const GLANCE: Duration = Duration::from_millis(40);
const NEVER: Duration = Duration::from_hours(24);

/// What arrives while the list stands.
pub enum News {
    Alarms {
        region: String,
        alarms: Vec<Alarm>,
    },
    /// The errors of each alarm, in the same order; `None` where they could not be read.
    Recent(Vec<Option<Series>>),
}

/// What came of it.
#[derive(Debug, PartialEq)]
pub enum Picked {
    Alarm(Box<Alarm>),
    Left,
    /// Whoever brings the news gave up before there were any.
    NoNews,
}

/// The list and where the user stands in it.
struct List {
    region: String,
    alarms: Option<Vec<Alarm>>,
    recent: Option<Vec<Option<Series>>>,
    now: Time,
    look: Look,
    row: usize,
}

/// What a key comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Stay,
    Pick,
    Quit,
}

/// Lets the user pick an alarm.
///
/// # Errors
/// When there is no terminal.
pub fn choose(news: &Receiver<News>, now: Time, options: &Options) -> Result<Picked> {
    let mut list = List { region: String::new(), alarms: None, recent: None, now, look: look(options)?, row: 0 };
    let _guard = Guard::take(false)?;
    let mut screen = Screen::default();
    let mut more = true;
    loop {
        show(&mut screen, &list.look, |area| list.draw(area))?;
        while more {
            match news.try_recv() {
                Ok(news) => list.learn(news),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => more = false,
            }
        }
        if !more && list.alarms.is_none() {
            return Ok(Picked::NoNews);
        }
        show(&mut screen, &list.look, |area| list.draw(area))?;
        if !poll(if more { GLANCE } else { NEVER })? {
            continue;
        }
        match read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => match list.press(key) {
                Step::Stay => {}
                Step::Pick => return Ok(list.picked()),
                Step::Quit => return Ok(Picked::Left),
            },
            Event::Resize(..) => screen.forget(),
            _ => {}
        }
    }
}

impl List {
    fn learn(&mut self, news: News) {
        match news {
            News::Alarms { region, alarms } => (self.region, self.alarms) = (region, Some(alarms)),
            News::Recent(recent) => self.recent = Some(recent),
        }
    }

    fn alarms(&self) -> &[Alarm] {
        self.alarms.as_deref().unwrap_or_default()
    }

    fn picked(&self) -> Picked {
        self.alarms().get(self.row).map_or(Picked::Left, |a| Picked::Alarm(Box::new(a.clone())))
    }

    fn press(&mut self, key: KeyEvent) -> Step {
        let last = self.alarms().len().saturating_sub(1);
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Step::Quit,
            KeyCode::Char('q') | KeyCode::Esc => return Step::Quit,
            KeyCode::Enter if !self.alarms().is_empty() => return Step::Pick,
            KeyCode::Char('j') | KeyCode::Down => self.row = (self.row + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => self.row = self.row.saturating_sub(1),
            KeyCode::Char('g') | KeyCode::Home => self.row = 0,
            KeyCode::Char('G') | KeyCode::End => self.row = last,
            _ => {}
        }
        Step::Stay
    }

    /// The frame for this size.
    fn draw(&self, area: Rect) -> Buffer {
        let mut buf = Buffer::empty(area);
        let (look, theme) = (&self.look, &self.look.theme);
        let title = look.say("TargetConnectionErrorCount alarms", "Báo động TargetConnectionErrorCount");
        paint::line(&mut buf, area, 0, 0, &[piece(format!(" {title}  "), theme.title), piece(self.region.clone(), theme.dim)]);
        let rows = usize::from(area.height.saturating_sub(4));
        let top = (self.row + 1).saturating_sub(rows);
        if !self.alarms().is_empty() {
            paint::line(&mut buf, area, 0, 2, &self.heading(area.width));
        }
        for (y, i) in (top..self.alarms().len()).take(rows).enumerate() {
            self.draw_row(&mut buf, paint::row(area, y as u16 + 3), i);
        }
        let none = match &self.alarms {
            None => look.say(" asking AWS for the alarms of this region …", " đang hỏi AWS các báo động của region này …"),
            Some(all) if all.is_empty() => look.say(
                " none in this region: try --region, or: alb-triage demo",
                " không có ở region này: thử --region, hoặc: alb-triage demo",
            ),
            Some(_) => "",
        };
        paint::text(&mut buf, area, 0, 2 + u16::from(!self.alarms().is_empty()), none, theme.unknown);
        let keys = look.say(" Enter investigate   j k move   q quit", " Enter điều tra   j k di chuyển   q thoát");
        paint::text(&mut buf, area, 0, area.height.saturating_sub(1), keys, theme.dim);
        buf
    }

    fn heading(&self, width: u16) -> paint::Line {
        let (look, dim) = (&self.look, self.look.theme.dim);
        let bars = paint::padded(look.say("errors, 3 h", "lỗi, 3 giờ"), bars_width(width));
        vec![
            piece(format!("  {} ", paint::padded(look.say("state", "trạng thái"), 9)), dim),
            piece(format!("{:>11}  ", look.say("for", "đã")), dim),
            piece(format!("{bars}  "), dim),
            piece(look.say("alarm", "báo động"), dim),
        ]
    }

    fn draw_row(&self, buf: &mut Buffer, row: Rect, i: usize) {
        let (theme, alarm) = (&self.look.theme, &self.alarms()[i]);
        let (word, style) = match alarm.state {
            AlarmState::Alarm => ("‼ ALARM  ", theme.bad),
            AlarmState::Ok => ("✓ OK     ", theme.good),
            AlarmState::InsufficientData => ("? NO DATA", theme.unknown),
        };
        let since = alarm.state_updated.map(|t| age(t, self.now)).unwrap_or_default();
        let here = i == self.row;
        let x = paint::line(
            buf,
            row,
            0,
            0,
            &[piece(if here { "▶ " } else { "  " }, theme.focus), piece(format!("{word} {since:>11}  "), style)],
        );
        let width = bars_width(row.width);
        self.draw_errors(buf, Rect { x: row.x.saturating_add(x), width: width.min(row.width.saturating_sub(x)), ..row }, i);
        let of = ["LoadBalancer", "TargetGroup"].iter().filter_map(|d| alarm.dimensions.get(*d)).map(|d| short_name(d));
        let of = of.collect::<Vec<_>>().join(" ▸ ");
        let name = piece(alarm.name.to_string(), if here { theme.focus } else { theme.text });
        paint::line(buf, row, x + width + 2, 0, &[name, piece(format!("  {of}"), theme.dim)]);
    }

    /// The errors of the last hours, each alarm on its own scale: the shape matters here, not the height.
    fn draw_errors(&self, buf: &mut Buffer, area: Rect, i: usize) {
        let theme = &self.look.theme;
        let series = match self.recent.as_ref().map(|all| all.get(i).and_then(Option::as_ref)) {
            Some(Some(series)) => series,
            Some(None) => return paint::put(buf, area, 0, 0, "?", theme.unknown),
            None => return paint::put(buf, area, 0, 0, "…", theme.dim),
        };
        let columns = columns(&series.values, usize::from(area.width));
        let top = columns.iter().copied().fold(0.0, f64::max);
        for (x, v) in columns.into_iter().enumerate() {
            let bar = bar::part(bar::eighths(v, top, 1), 0);
            paint::put(buf, area, x as u16, 0, bar.unwrap_or("·"), if bar.is_some() { theme.errors } else { theme.dim });
        }
    }
}

fn bars_width(width: u16) -> u16 {
    match width {
        100.. => 36,
        70.. => 18,
        _ => 0,
    }
}

/// `values` on so many columns, the largest of each; nothing published is no errors.
fn columns(values: &[f64], n: usize) -> Vec<f64> {
    let value = |v: &f64| if v.is_nan() { 0.0 } else { *v };
    (0..n)
        .map(|x| {
            let (from, to) = (x * values.len() / n, ((x + 1) * values.len()).div_ceil(n));
            values[from..to].iter().map(value).fold(0.0, f64::max)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::series::SeriesKey;
    use crate::text::Lang;
    use crate::tui::options::ColorMode;
    use crate::tui::theme::Theme;

    fn list(news: Vec<News>) -> List {
        let theme = Theme::named("dark", ColorMode::None).unwrap();
        let look = Look { lang: Lang::En, ascii: false, low_bandwidth: false, theme };
        let mut list =
            List { region: String::new(), alarms: None, recent: None, now: Time::default() + chrono::Duration::minutes(12), look, row: 0 };
        news.into_iter().for_each(|n| list.learn(n));
        list
    }

    fn alarms() -> News {
        let alarm = |name: &str, state| Alarm {
            name: name.into(),
            state,
            state_updated: Some(Time::default()),
            dimensions: [("LoadBalancer".into(), "app/web-prod/50dc6c495c0c9188".into())].into(),
            ..Alarm::default()
        };
        News::Alarms {
            region: "ap-northeast-1".into(),
            alarms: vec![alarm("web-errors", AlarmState::Alarm), alarm("api-errors", AlarmState::Ok)],
        }
    }

    fn recent() -> News {
        let values = (0..36).map(|i| if (20..30).contains(&i) { f64::from(i) - 15.0 } else { f64::NAN }).collect();
        let key = SeriesKey::new("TargetConnectionErrorCount", [("LoadBalancer", "app/web-prod/50dc6c495c0c9188")]);
        let series = Series { key, statistic: "Sum".into(), period: 300, start: Time::default(), values };
        News::Recent(vec![Some(series), None])
    }

    fn text(buf: &Buffer) -> String {
        let rows = buf.content.chunks(usize::from(buf.area.width).max(1));
        rows.map(|r| r.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned() + "\n").collect()
    }

    fn key(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    #[test]
    fn it_stands_before_anything_is_known_and_fills() {
        let frame = |news| text(&list(news).draw(Rect::new(0, 0, 80, 10)));
        assert!(frame(vec![]).contains("asking AWS for the alarms"));
        let early = frame(vec![alarms()]);
        assert!(early.contains("▶ ‼ ALARM        12 min  …") && early.contains("web-errors  web-prod"), "{early}");
        let whole = frame(vec![alarms(), recent()]);
        assert!(whole.contains("··········▃▅▆▇█···  web-errors") && whole.contains("?                   api-errors"), "{whole}");
        assert!(frame(vec![News::Alarms { region: "r".into(), alarms: vec![] }]).contains("none in this region"));
    }

    #[test]
    fn down_and_enter_pick_the_second() {
        let mut list = list(vec![alarms()]);
        assert_eq!(list.press(key(KeyCode::Char('j'))), Step::Stay);
        assert_eq!(list.press(key(KeyCode::Down)), Step::Stay);
        assert_eq!(list.press(key(KeyCode::Enter)), Step::Pick);
        let Picked::Alarm(alarm) = list.picked() else { panic!("nothing picked") };
        assert_eq!(&*alarm.name, "api-errors");
        assert_eq!(list.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Step::Quit);
    }

    #[test]
    fn an_empty_list_picks_nothing_and_every_size_draws() {
        let mut none = list(vec![]);
        assert_eq!(none.press(key(KeyCode::Enter)), Step::Stay);
        let full = list(vec![alarms(), recent()]);
        for (w, h) in (0..110).step_by(3).flat_map(|w| (0..12).map(move |h| (w, h))) {
            full.draw(Rect::new(0, 0, w, h));
            none.draw(Rect::new(0, 0, w, h));
        }
    }
}
