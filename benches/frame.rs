//! What a frame costs: 24 lanes over 1,000 targets × 180 minutes at 200×60, beside the same over a tenth of
//! the data, and what a zoom step costs in memory. Figures are the median of many runs of this machine.

mod fleet;

use alb_triage::judge::judge;
use alb_triage::tui::{App, Effect, Msg, Options, Screen, draw};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::hint::black_box;
use std::time::{Duration, Instant};

fn median(n: usize, mut f: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<Duration> = (0..n).map(|_| f()).collect();
    all.sort_unstable();
    all[n / 2]
}

fn timed<T>(f: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(f());
    start.elapsed()
}

fn app(targets: i64, size: (u16, u16)) -> Option<App> {
    let mut app = App::new(&Options::default()).ok()?;
    app.update(Msg::Resize(size.0, size.1));
    app.update(Msg::Facts(fleet::facts(targets)));
    Some(app)
}

fn key(app: &mut App, c: char) -> Vec<Effect> {
    app.update(Msg::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)))
}

/// The whole step as a person waits for it: key, fold, order, the judgement of the new window, frame.
fn zoom_and_judge(app: &mut App) -> Duration {
    let window = |effects: Vec<Effect>| effects.into_iter().find_map(|e| if let Effect::Judge(w) = e { Some(w) } else { None });
    let all = timed(|| {
        let window = window(key(app, '+'));
        let judged = judge(&app.case, window);
        if let Some(judged) = judged {
            app.update(Msg::Judged(Box::new(judged)));
        }
        draw(app)
    });
    key(app, 'u');
    all
}

fn main() {
    println!("{:<58}{:>12}", "200×60, 24 lanes, 180 minutes", "median");
    let mut frames = Vec::new();
    for targets in [100, 1000] {
        let Some(mut app) = app(targets, (200, 60)) else { return };
        let frame = median(200, || timed(|| draw(&app)));
        frames.push(frame);
        println!("{:<58}{frame:>12.1?}", format!("frame, state to buffer, {targets} targets"));
        let mut screen = Screen::default();
        screen.bytes(draw(&app));
        let mut forward = false;
        let step = median(100, || {
            forward = !forward;
            timed(|| {
                key(&mut app, if forward { 'l' } else { 'h' });
                screen.bytes(draw(&app))
            })
        });
        println!("{:<58}{step:>12.1?}", format!("cursor step, key to bytes, {targets} targets"));
        let zoom = median(11, || {
            let zoom = timed(|| key(&mut app, '+'));
            key(&mut app, 'u');
            zoom
        });
        println!("{:<58}{zoom:>12.1?}", format!("zoom step, re-fold and re-order, {} series", targets * 12 + 12));
        let parts = median(5, || {
            key(&mut app, 'j');
            let apart = timed(|| {
                key(&mut app, 'W');
                draw(&app)
            });
            key(&mut app, 'W');
            apart
        });
        println!("{:<58}{parts:>12.1?}", format!("a lane taken apart, {targets} targets"));
        let whole = median(3, || zoom_and_judge(&mut app));
        println!("{:<58}{whole:>12.1?}", format!("zoom step with its judgement, {} series", targets * 12 + 12));
        let judging = median(3, || timed(|| judge(&app.case, None)));
        println!("{:<58}{judging:>12.1?}", format!("judgement of the whole window, {} series", targets * 12 + 12));
    }
    if let Some(mut app) = app(1000, (200, 60)) {
        let arriving = median(11, || {
            let judged = app.case.clone();
            let arriving = timed(|| app.update(Msg::Facts(fleet::one_more())));
            drop(judged);
            arriving
        });
        println!("{:<58}{arriving:>12.1?}", "a fact that comes while the facts before are judged");
    }
    let growth = frames[1].as_secs_f64() / frames[0].as_secs_f64();
    println!("{:<58}{growth:>11.2}×", "frame with ten times the data");
    if let Some(small) = app(1000, (80, 24)) {
        println!("{:<58}{:>12.1?}", "frame at 80×24, 1000 targets", median(200, || timed(|| draw(&small))));
    }
}
