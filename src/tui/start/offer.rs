//! A session that was cut off: go on with it?

use super::{look, show};
use crate::say;
use crate::time::Time;
use crate::tui::clock::age;
use crate::tui::options::Options;
use crate::tui::paint::{self, Look, piece};
use crate::tui::screen::Screen;
use crate::tui::terminal::Guard;
use color_eyre::eyre::Result;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What is known of it.
#[derive(Clone, Debug)]
pub struct Left {
    pub target: String,
    pub last_seen: Time,
    pub now: Time,
    pub facts: usize,
    pub answers: usize,
    /// The case file, which stays in any case.
    pub case: String,
}

/// What somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    Resume,
    Forget,
    /// Out of the program; it will be offered again.
    Leave,
}

/// Asks.
///
/// # Errors
/// When there is no terminal.
pub fn offer(left: &Left, options: &Options) -> Result<Offer> {
    let look = look(options)?;
    let _guard = Guard::take(false)?;
    let mut screen = Screen::default();
    loop {
        show(&mut screen, &look, |area| draw(left, &look, area))?;
        match read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => {
                if let Some(answer) = answer(key) {
                    return Ok(answer);
                }
            }
            Event::Resize(..) => screen.forget(),
            _ => {}
        }
    }
}

fn answer(key: KeyEvent) -> Option<Offer> {
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Offer::Leave),
        KeyCode::Char('y' | 'Y') | KeyCode::Enter => Some(Offer::Resume),
        KeyCode::Char('n' | 'N') => Some(Offer::Forget),
        KeyCode::Char('q') | KeyCode::Esc => Some(Offer::Leave),
        _ => None,
    }
}

fn draw(left: &Left, look: &Look, area: Rect) -> Buffer {
    let mut buf = Buffer::empty(area);
    let theme = &look.theme;
    let Left { target, facts, answers, case, .. } = left;
    let age = age(left.last_seen, left.now);
    let title = say!("A session was cut off", "Có phiên làm việc bị ngắt giữa chừng");
    let about = say!(
        "It was about {target}, {age} ago: {facts} facts were recorded, {answers} answers among them.",
        "Phiên về {target}, {age} trước: đã ghi {facts} dữ kiện, trong đó {answers} câu trả lời."
    );
    let resume = say!("y  go on exactly there", "y  tiếp tục đúng chỗ đó");
    let forget = say!("n  begin anew; the recording stays in {case}", "n  bắt đầu lại; bản ghi vẫn ở {case}");
    let leave = say!("q  leave", "q  thoát");
    let margin = Rect { x: area.x + 2.min(area.width), width: area.width.saturating_sub(4), ..area };
    let mut y = 1;
    let mut put = |words: &str, style| {
        for line in paint::wrap(words, margin.width) {
            paint::line(&mut buf, margin, 0, y, &[piece(line, style)]);
            y += 1;
        }
        y += 1;
    };
    put(look.text(&title), theme.title);
    put(look.text(&about), theme.text);
    for line in [&resume, &forget, &leave] {
        put(look.text(line), theme.focus);
    }
    buf
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Lang;
    use crate::tui::options::ColorMode;
    use crate::tui::theme::Theme;

    fn left() -> Left {
        let now = crate::time::parse("2026-11-20T03:00:00Z", Time::default(), chrono_tz::Tz::UTC).unwrap();
        Left {
            target: "web-errors".into(),
            last_seen: now - chrono::Duration::minutes(12),
            now,
            facts: 214,
            answers: 2,
            case: "/home/mai/.local/state/alb-triage/cases/20261120T024800-web-errors-4711.case".into(),
        }
    }

    fn text(buf: &Buffer) -> String {
        let rows = buf.content.chunks(usize::from(buf.area.width).max(1));
        rows.map(|r| r.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn the_offer_says_what_there_is_and_what_each_key_does() {
        let look = Look { lang: Lang::En, ascii: false, low_bandwidth: false, theme: Theme::named("dark", ColorMode::None).unwrap() };
        let screen = text(&draw(&left(), &look, Rect::new(0, 0, 80, 24)));
        for words in
            ["about web-errors, 12 min ago: 214 facts were recorded, 2 answers", "y  go on exactly there", "n  begin anew", "4711.case"]
        {
            assert!(screen.contains(words), "{words}\n{screen}");
        }
        for (w, h) in (0..50).flat_map(|w| (0..14).map(move |h| (w, h))) {
            draw(&left(), &look, Rect::new(0, 0, w, h));
        }
    }

    #[test]
    fn one_key_answers() {
        let press = |c| answer(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        assert_eq!((press('y'), press('n'), press('q'), press('x')), (Some(Offer::Resume), Some(Offer::Forget), Some(Offer::Leave), None));
    }
}
