//! The screens as somebody sees them: each state at three sizes, every pane at every size, keys as pressed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, reason = "a test that cannot go on should stop")]

mod incident;
mod judgement;
mod live;
mod logs;

use alb_triage::case::Case;
use alb_triage::text::Lang;
use alb_triage::tui::{App, ColorMode, Effect, Kind, Msg, Options, Screen, draw, keys_table};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

fn options() -> Options {
    Options { colors: ColorMode::TrueColor, zone: chrono_tz::Tz::Asia__Tokyo, person: "mai".into(), ..Options::default() }
}

/// A session on the incident, judged by hand.
fn session(options: &Options, size: (u16, u16)) -> App {
    let mut app = App::new(options).unwrap();
    app.update(Msg::Resize(size.0, size.1));
    app.update(Msg::Facts(incident::facts()));
    let case = Case::from_facts(incident::facts());
    app.update(Msg::Judged(Box::new(judgement::judged(&case))));
    app
}

fn key_event(key: &str) -> KeyEvent {
    let (code, modifiers) = match key {
        "enter" => (KeyCode::Enter, KeyModifiers::NONE),
        "esc" => (KeyCode::Esc, KeyModifiers::NONE),
        "tab" => (KeyCode::Tab, KeyModifiers::NONE),
        "backtab" => (KeyCode::BackTab, KeyModifiers::SHIFT),
        "space" => (KeyCode::Char(' '), KeyModifiers::NONE),
        "ctrl-c" => (KeyCode::Char('c'), KeyModifiers::CONTROL),
        c => (KeyCode::Char(c.chars().next().unwrap()), KeyModifiers::NONE),
    };
    KeyEvent::new(code, modifiers)
}

/// Presses keys one after the other and gives the effects.
fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    keys.split_whitespace().flat_map(|k| app.update(Msg::Key(key_event(k)))).collect()
}

fn text(buf: &Buffer) -> String {
    let rows = (0..buf.area.height).map(|y| {
        let mut row = String::new();
        let mut skip = 0;
        for x in 0..buf.area.width {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buf[(x, y)].symbol();
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            row.push_str(symbol);
        }
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn shown(app: &App) -> String {
    text(&draw(app))
}

/// The styles of a frame as runs: `x..y fg bg modifiers`.
fn styles(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buf.area.height {
        let mut x = 0;
        while x < buf.area.width {
            let style = |x: u16| (buf[(x, y)].fg, buf[(x, y)].bg, buf[(x, y)].modifier);
            let start = x;
            while x < buf.area.width && style(x) == style(start) {
                x += 1;
            }
            let (fg, bg, modifier) = style(start);
            if (fg, bg, modifier) != (Color::Reset, Color::Reset, Modifier::empty()) {
                out.push_str(&format!("{y}: {start}..{x} {fg} {bg} {modifier:?}\n"));
            }
        }
    }
    out
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn the_incident_at_three_sizes() {
    for (w, h) in SIZES {
        insta::assert_snapshot!(format!("incident_{w}x{h}"), shown(&session(&options(), (w, h))));
    }
}

#[test]
fn the_styles_of_the_small_screen() {
    insta::assert_snapshot!("styles_80x24", styles(&draw(&session(&options(), (80, 24)))));
}

#[test]
fn in_vietnamese_and_in_ascii() {
    let vi = Options { lang: Lang::Vi, ..options() };
    insta::assert_snapshot!("vietnamese_120x40", shown(&session(&vi, (120, 40))));
    let ascii = Options { ascii: true, ..options() };
    let screen = shown(&session(&ascii, (120, 40)));
    assert!(screen.is_ascii());
    insta::assert_snapshot!("ascii_120x40", screen);
    let both = Options { ascii: true, lang: Lang::Vi, ..options() };
    assert!(shown(&session(&both, (200, 60))).is_ascii());
}

/// Nothing known, on its way, denied, without a verdict: each its own words.
#[test]
fn before_and_while_data_arrives() {
    let mut app = App::new(&Options { kind: Kind::Live, ..options() }).unwrap();
    app.update(Msg::Resize(120, 40));
    app.update(Msg::Tick(incident::at(181)));
    insta::assert_snapshot!("nothing_yet_120x40", shown(&app));
    use alb_triage::case::gaps::{Gap, Reason};
    use alb_triage::exchange::{Area, Fact, What};
    let busy = |area, detail: &str| Fact { at: incident::at(180), origin: None, what: What::Busy { area, detail: detail.into() } };
    let denied = What::Gap(Gap {
        area: Area::HostMetrics,
        subject: "GetMetricData".into(),
        reason: Reason::Denied,
        action: Some("cloudwatch:GetMetricData".into()),
        detail: "not authorized".into(),
    });
    let subject: Vec<Fact> = incident::known().into_iter().take(3).collect();
    app.update(Msg::Facts(subject));
    app.update(Msg::Facts(vec![busy(Area::BalancerMetrics, "page 2"), incident::fact(denied)]));
    let screen = shown(&app);
    assert!(screen.contains("on its way") && screen.contains("denied: cloudwatch:GetMetricData") && screen.contains("no verdict yet"));
    insta::assert_snapshot!("arriving_120x40", screen);
}

#[test]
fn every_overlay_and_pane_has_its_picture() {
    for (name, keys) in [
        ("help", "?"),
        ("palette", ": z o o m"),
        ("step", "1 j j j j j j enter"),
        ("answer", "1 space"),
        ("event", "3 j enter"),
        ("chart", "2 j enter"),
        ("working", "2 j x"),
        ("working_of_a_step", "1 j j j j j j x"),
        ("copying", "3 j y"),
        ("hypotheses", "4"),
        ("hypothesis", "4 enter"),
        ("log", "5"),
        ("log_row", "5 enter"),
        ("app_log", "6"),
        ("gaps", "7"),
        ("topology", "8"),
        ("marks", "m l l l l l l M"),
        ("unfolded", "w"),
        ("heat", "w w w"),
        ("parts", "2 j j j j W"),
        ("parts_by_zone", "2 j j j j W o j"),
        ("compare", "c"),
        ("zoomed", "+ +"),
        ("everything", "9"),
        ("from_onset", "t t"),
        ("filtered", "3 / s c a l e enter"),
        ("go_to", "T 2 5 : 9 9 enter"),
        ("full", "5 F"),
    ] {
        let mut app = session(&options(), (120, 40));
        press(&mut app, keys);
        insta::assert_snapshot!(format!("{name}_120x40"), shown(&app));
    }
}

/// Every pane and overlay, at every size from nothing to 60×30, in both alphabets.
#[test]
fn nothing_breaks_at_any_size() {
    let mut app = session(&options(), (0, 0));
    for keys in [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "F",
        "c",
        "w",
        "w",
        "w",
        "w",
        "m l l",
        "?",
        "esc : a",
        "esc esc 2 enter",
        "esc 1 enter",
        "esc space",
        "esc 2 W",
        "esc 3 enter",
        "esc T",
    ] {
        press(&mut app, keys);
        for w in 0..=60 {
            for h in 0..=30 {
                if (w * 31 + h * 17) % 11 == 0 || w < 4 || h < 4 || (38..43).contains(&w) && (8..12).contains(&h) {
                    app.update(Msg::Resize(w, h));
                    draw(&app);
                }
            }
        }
    }
}

/// A number is never cut in its middle: what the value column shows is whole or not there.
#[test]
fn the_smallest_screen_says_the_verdict_and_what_it_needs() {
    let screen = shown(&session(&options(), (39, 9)));
    assert!(screen.starts_with("OVERLOAD (needs 40×10)"), "{screen}");
    assert_eq!(shown(&session(&options(), (80, 24))).lines().filter(|l| l.contains("OVERLOAD")).count(), 1);
}

#[test]
fn help_shows_exactly_the_keys_of_the_file() {
    let mut app = session(&options(), (200, 200));
    press(&mut app, "?");
    let screen = shown(&app);
    let table = keys_table(Lang::En);
    let says: Vec<&str> =
        table.lines().skip(2).filter(|l| !l.starts_with("| **")).map(|l| l.split(" | ").nth(1).unwrap().trim_end_matches(" |")).collect();
    assert!(says.len() > 50);
    for words in says {
        let start: String = words.chars().take(40).collect();
        assert!(screen.contains(&start), "{start}");
    }
}

#[test]
fn a_cursor_step_writes_little_and_no_change_writes_nothing() {
    for colors in [ColorMode::TrueColor, ColorMode::Ansi256, ColorMode::Ansi16, ColorMode::None] {
        let mut app = session(&Options { colors, ..options() }, (120, 40));
        let mut screen = Screen::default();
        let whole = screen.bytes(draw(&app)).len();
        assert!(screen.bytes(draw(&app)).is_empty());
        press(&mut app, "l");
        let step = screen.bytes(draw(&app)).len();
        assert!(step > 0 && step < 2048, "{colors:?}: a step writes {step} bytes, the whole screen {whole}");
        press(&mut app, "§");
        assert!(screen.bytes(draw(&app)).is_empty(), "a key without meaning writes nothing");
    }
}

#[test]
fn without_colours_only_modifiers_are_used() {
    let app = session(&Options { colors: ColorMode::None, ..options() }, (200, 60));
    let buf = draw(&app);
    assert!(buf.content.iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset));
    assert!(buf.content.iter().any(|c| c.modifier.contains(Modifier::REVERSED)));
}

#[test]
fn an_answer_is_recorded_and_survives() {
    let mut app = session(&options(), (120, 40));
    press(&mut app, "1 space n tab tab");
    app.update(Msg::Paste("no change \u{1b}[31mtonight".into()));
    let effects = press(&mut app, "enter");
    let Some(Effect::Record(facts)) = effects.first() else { panic!("{effects:?}") };
    let case = Case::from_facts(facts.clone());
    let answer = case.answer_to("ask-infra-team").unwrap();
    assert_eq!((answer.by.as_str(), answer.note.as_str()), ("mai", "no change ␛[31mtonight"));
    assert!(shown(&app).contains("no, mai"));
}

#[test]
fn in_a_drill_nothing_gives_the_verdict_away() {
    let mut app = session(&Options { drill: true, ..options() }, (200, 60));
    for keys in ["1", "2", "3", "4", "F", "F", "1 G enter"] {
        press(&mut app, keys);
        let screen = shown(&app).to_lowercase();
        assert!(!screen.contains("overload") && !screen.contains("leads 4"), "{screen}");
    }
    press(&mut app, "esc !");
    assert!(shown(&app).contains("OVERLOAD"));
}

#[test]
fn the_way_out_is_always_open() {
    for keys in ["", "?", ":", "1 space", "/", "T", "enter", "3 enter"] {
        let mut app = session(&options(), (80, 24));
        press(&mut app, keys);
        assert_eq!(press(&mut app, "ctrl-c"), [Effect::Quit], "{keys}");
    }
}

#[test]
fn a_recording_asks_for_nothing_and_a_live_session_asks_for_what_is_missing() {
    let asks = |effects: &[Effect]| effects.iter().filter(|e| matches!(e, Effect::Ask(_))).count();
    let mut replay = session(&options(), (120, 40));
    assert_eq!(asks(&press(&mut replay, "- - H c r f")), 0);
    let mut live = session(&Options { kind: Kind::Live, ..options() }, (120, 40));
    live.update(Msg::Tick(incident::at(181)));
    assert_eq!(asks(&press(&mut live, "+ + l l u u")), 0, "what is held is not asked again");
    press(&mut live, "9");
    assert!(asks(&press(&mut live, "-")) > 0, "minutes outside are asked for");
    assert!(asks(&press(&mut live, "c y")) > 0, "the day before is asked for when wanted");
}

/// What a live session does as minutes go by.
#[test]
fn following_moves_with_the_minute_and_freezing_stops_it() {
    let mut live = App::new(&Options { kind: Kind::Live, ..options() }).unwrap();
    live.update(Msg::Resize(120, 40));
    live.update(Msg::Tick(incident::at(180)));
    live.update(Msg::Facts(incident::facts()));
    assert!(shown(&live).contains("LIVE"));
    let effects = live.update(Msg::Tick(incident::at(182)));
    assert!(effects.iter().any(|e| matches!(e, Effect::Ask(_))) && effects.iter().any(|e| matches!(e, Effect::Record(_))));
    assert!(live.update(Msg::Tick(incident::at(182) + chrono::Duration::seconds(9))).is_empty(), "nothing within a minute");
    press(&mut live, "f");
    assert!(shown(&live).contains("FROZEN"));
    assert!(live.update(Msg::Tick(incident::at(184))).is_empty(), "nothing is fetched while frozen");
}

#[test]
fn opposite_steps_bring_back_the_same_screen() {
    let mut app = session(&options(), (120, 40));
    press(&mut app, "l h");
    let before = shown(&app);
    for keys in [
        "+ u",
        "H u",
        "l h",
        "? esc",
        "tab backtab",
        "w w w w",
        "o o o",
        "t t t",
        "m m",
        "F F",
        "A A",
        "V V",
        "enter esc",
        "W esc",
        "p p p",
        "c c c c c",
    ] {
        let effects = press(&mut app, keys);
        assert!(!effects.contains(&Effect::Quit));
        app.update(Msg::Notice(String::new()));
        press(&mut app, "§");
        assert_eq!(shown(&app), before, "{keys}");
    }
}

mod random {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10))]
        /// Whatever is typed, at whatever size: no panic, and the cursor stays in the window.
        #[test]
        fn no_sequence_of_keys_breaks_it(keys in proptest::collection::vec("[ -~]", 0..40), w in 20u16..140, h in 5u16..50) {
            let mut app = session(&options(), (w, h));
            for key in &keys {
                app.update(Msg::Key(KeyEvent::new(KeyCode::Char(key.chars().next().unwrap()), KeyModifiers::NONE)));
                draw(&app);
            }
            app.update(Msg::Key(key_event("enter")));
            app.update(Msg::Key(key_event("esc")));
            draw(&app);
        }
    }
}
