//! The only loop: sleeps until something happens, takes in everything that is ready, draws at most every
//! 16 ms and only what changed. Judging, recording and exporting happen beside it and never hold a key.

use super::app::{App, Effect, Msg};
use super::clipboard::{self, Through};
use super::options::{KeepPlace, Kind, Options, Record, RememberAscii, Resume};
use super::place::Place;
use super::replies::{ASK_BACKGROUND, Replies, Taken};
use super::screen::Screen;
use super::terminal::{self, Guard};
use crate::case::Case;
use crate::exchange::Fact;
use crate::judge::{self, Judged};
use crate::sources::Link;
use crate::text::Lang;
use crate::time::{Time, Window};
use color_eyre::eyre::{Context, Result, eyre};
use crossterm::event::{Event, EventStream};
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_stream::StreamExt;

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(16);
/// The same over a slow line.
const SLOW_FRAME: Duration = Duration::from_millis(250);

/// Nothing but a key or a fact ends this wait.
const NEVER: Duration = Duration::from_hours(24);

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Quit,
    /// The signal's number: it is raised again once the terminal is back, so that our parent sees the truth.
    Signal(i32),
}

/// Runs the screen until the user leaves.
pub fn run(link: Link, options: Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let end = runtime.block_on(session(link, options));
    // A judgement under way holds nothing back: the answers are on disk already.
    runtime.shutdown_timeout(Duration::from_millis(50));
    match end? {
        End::Quit => Ok(()),
        End::Signal(number) => {
            signal_hook::low_level::emulate_default_handler(number)?;
            Ok(())
        }
    }
}

/// Everything the loop listens to and speaks to.
struct Session {
    app: App,
    guard: Guard,
    screen: Screen,
    link: Link,
    keys: EventStream,
    judge: watch::Sender<Option<Request>>,
    judged: mpsc::Receiver<Box<Judged>>,
    said: mpsc::UnboundedReceiver<String>,
    say: mpsc::UnboundedSender<String>,
    record: Option<mpsc::UnboundedSender<Vec<Fact>>>,
    recorder: Option<JoinHandle<()>>,
    export: Option<super::options::Export>,
    exports: tokio::task::JoinSet<()>,
    signals: Signals,
    replies: Replies,
    place: Option<watch::Sender<Place>>,
    keeper: Option<JoinHandle<()>>,
    remember_ascii: Option<RememberAscii>,
    drawn: Option<Instant>,
    dirty: bool,
}

type Request = (Arc<Case>, Window);

struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    stop: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(signal_hook::consts::SIGTSTP))?,
        })
    }
}

async fn session(link: Link, mut options: Options) -> Result<End> {
    let mut app = App::new(&options).map_err(|e| eyre!(e))?;
    let (w, h) = crossterm::terminal::size().wrap_err("this is not a terminal; `alb-triage report` needs none")?;
    if app.session.kind == Kind::Live {
        app.update(Msg::Tick(now()));
    }
    app.update(Msg::Resize(w, h));
    let resumed = options.resume.take().map(|r| resume(&mut app, r)).unwrap_or_default();
    let guard = Guard::take(options.mouse).wrap_err("the terminal could not be taken; `alb-triage report` needs none")?;
    let (say, said) = mpsc::unbounded_channel();
    let (judge, judged) = judging();
    let (record, recorder) = options.record.take().map(|r| recording(r, say.clone(), options.lang)).unzip();
    let (place, keeper) = options.keep_place.take().map(keeping).unzip();
    let mut session = Session {
        app,
        guard,
        screen: Screen::default(),
        link,
        keys: EventStream::new(),
        judge,
        judged,
        said,
        say,
        record,
        recorder,
        export: options.export.take(),
        exports: tokio::task::JoinSet::new(),
        signals: Signals::new()?,
        replies: Replies::default(),
        place,
        keeper,
        remember_ascii: options.remember_ascii.take(),
        drawn: None,
        dirty: true,
    };
    for effect in resumed {
        session.perform(effect)?;
    }
    session.draw()?;
    if options.ask_background {
        session.replies.expect();
        write(ASK_BACKGROUND.as_bytes())?;
    }
    session.run().await
}

/// Everything that was known when the session was cut off, and where one stood. It is recorded already.
fn resume(app: &mut App, resume: Resume) -> Vec<Effect> {
    let effects = app.update(Msg::Facts(resume.facts));
    app.stand_at(&resume.place);
    effects.into_iter().filter(|e| !matches!(e, Effect::Record(_))).collect()
}

/// A task that keeps the newest place; whoever moves fast is not followed step by step.
fn keeping(mut keep: KeepPlace) -> (watch::Sender<Place>, JoinHandle<()>) {
    let (place, mut places) = watch::channel(Place::default());
    let worker = tokio::spawn(async move {
        while places.changed().await.is_ok() {
            let newest = places.borrow_and_update().clone();
            let kept = tokio::task::spawn_blocking(move || {
                keep(&newest);
                keep
            });
            let Ok(again) = kept.await else { break };
            keep = again;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    (place, worker)
}

/// A thread that judges the newest case it was given; older ones that were waiting are forgotten.
fn judging() -> (watch::Sender<Option<Request>>, mpsc::Receiver<Box<Judged>>) {
    let (ask, mut asked) = watch::channel(None::<Request>);
    let (answer, answers) = mpsc::channel(1);
    tokio::spawn(async move {
        while asked.changed().await.is_ok() {
            let Some((case, window)) = asked.borrow_and_update().clone() else { continue };
            let done = tokio::task::spawn_blocking(move || judge::judge(&case, Some(window))).await;
            match done {
                Ok(Some(judged)) => drop(answer.send(Box::new(judged)).await),
                Ok(None) => {}
                // A panic in the judgement is fatal to the session, in the loop, where the terminal is restored.
                Err(_) => break,
            }
        }
    });
    (ask, answers)
}

/// A thread that brings facts and answers to disk, in order.
fn recording(mut record: Record, say: mpsc::UnboundedSender<String>, lang: Lang) -> (mpsc::UnboundedSender<Vec<Fact>>, JoinHandle<()>) {
    let (facts, mut waiting) = mpsc::unbounded_channel::<Vec<Fact>>();
    let worker = tokio::task::spawn_blocking(move || {
        let mut failed = false;
        while let Some(facts) = waiting.blocking_recv() {
            if let Err(e) = record(&facts)
                && !std::mem::replace(&mut failed, true)
            {
                let words = match lang {
                    Lang::En => format!("the case is no longer recorded: {e}"),
                    Lang::Vi => format!("không ghi được vụ việc nữa: {e}"),
                };
                let _ = say.send(words);
            }
        }
    });
    (facts, worker)
}

#[allow(clippy::disallowed_methods, reason = "the loop is where the clock is read")]
fn now() -> Time {
    chrono::Utc::now()
}

impl Session {
    async fn run(mut self) -> Result<End> {
        let end = loop {
            let quit = match self.next().await? {
                Happened::Msg(msg) => self.take(msg)?,
                Happened::Event(event) => self.event(event)?,
                Happened::Redraw => false,
                Happened::Stop => {
                    self.suspend()?;
                    false
                }
                Happened::End(end) => break end,
            };
            if quit || self.drain()? {
                break End::Quit;
            }
            self.keep_place();
            if self.dirty && self.may_draw() {
                self.draw()?;
            }
        };
        self.close().await;
        Ok(end)
    }

    /// Whatever happens first.
    async fn next(&mut self) -> Result<Happened> {
        let wait = self.wait();
        tokio::select! {
            biased;
            _ = self.signals.terminate.recv() => Ok(Happened::End(End::Signal(signal_hook::consts::SIGTERM))),
            _ = self.signals.hang_up.recv() => Ok(Happened::End(End::Signal(signal_hook::consts::SIGHUP))),
            _ = self.signals.interrupt.recv() => Ok(Happened::End(End::Signal(signal_hook::consts::SIGINT))),
            _ = self.signals.stop.recv() => Ok(Happened::Stop),
            () = ended(&mut self.recorder) => Err(eyre!(NOT_RECORDED)),
            key = self.keys.next() => match key {
                Some(Ok(event)) => Ok(Happened::Event(event)),
                // The terminal is gone: the same as a hang-up.
                Some(Err(_)) | None => Ok(Happened::End(End::Signal(signal_hook::consts::SIGHUP))),
            },
            facts = self.link.facts.recv(), if !self.app.session.source_ended => Ok(Happened::Msg(facts.map_or(Msg::SourceEnded, Msg::Facts))),
            judged = self.judged.recv() => judged.map(|j| Happened::Msg(Msg::Judged(j))).ok_or_else(|| eyre!("judging stopped: please report this, with the case file")),
            Some(words) = self.said.recv() => Ok(Happened::Msg(Msg::Notice(words))),
            () = tokio::time::sleep(wait) => Ok(if self.dirty { Happened::Redraw } else { Happened::Msg(Msg::Tick(now())) }),
        }
    }

    /// Until the next frame may be drawn, or the clock says something new: each second while something is
    /// on its way, each minute in a live session, else never.
    fn wait(&self) -> Duration {
        if self.dirty {
            return self.frame_time().saturating_sub(self.drawn.map_or(FRAME, |t| t.elapsed()));
        }
        if self.app.session.kind != Kind::Live {
            return NEVER;
        }
        if !self.app.case.busy.is_empty() {
            return Duration::from_secs(if self.app.look.low_bandwidth { 10 } else { 1 });
        }
        let into_minute = now().timestamp_millis().rem_euclid(60_000) as u64;
        Duration::from_millis(60_050 - into_minute)
    }

    fn frame_time(&self) -> Duration {
        if self.app.look.low_bandwidth { SLOW_FRAME } else { FRAME }
    }

    fn may_draw(&self) -> bool {
        self.drawn.is_none_or(|t| t.elapsed() >= self.frame_time())
    }

    /// Everything else that is ready, so that a burst is drawn once.
    fn drain(&mut self) -> Result<bool> {
        for _ in 0..256 {
            match self.link.facts.try_recv() {
                Ok(facts) => {
                    self.take(Msg::Facts(facts))?;
                }
                Err(_) => break,
            }
        }
        while let Ok(judged) = self.judged.try_recv() {
            self.take(Msg::Judged(judged))?;
        }
        while self.exports.try_join_next().is_some() {}
        Ok(false)
    }

    /// A key, a click, a paste, another size; answers of the terminal are taken out of the keys.
    fn event(&mut self, event: Event) -> Result<bool> {
        match event {
            Event::Key(key) => match self.replies.take(key) {
                Taken::Keys(keys) => keys.into_iter().try_fold(false, |quit, key| Ok(self.take(Msg::Key(key))? || quit)),
                Taken::Background { light } => self.take(Msg::Background { light }),
                Taken::Nothing => Ok(false),
            },
            Event::Paste(text) => self.take(Msg::Paste(text)),
            Event::Resize(w, h) => self.take(Msg::Resize(w, h)),
            Event::Mouse(mouse) => self.take(Msg::Mouse(mouse)),
            Event::FocusGained | Event::FocusLost => Ok(false),
        }
    }

    fn keep_place(&mut self) {
        if let Some(place) = &self.place {
            let now = self.app.place_now();
            place.send_if_modified(|kept| {
                let moved = *kept != now;
                *kept = now;
                moved
            });
        }
    }

    /// Updates the app and does what follows; true to quit.
    fn take(&mut self, msg: Msg) -> Result<bool> {
        self.dirty = true;
        if matches!(msg, Msg::Resize(..)) {
            self.screen.forget();
        }
        // The recording gets what happened before the screen shows it.
        let mut quit = false;
        for effect in self.app.update(msg) {
            quit |= self.perform(effect)?;
        }
        Ok(quit)
    }

    fn perform(&mut self, effect: Effect) -> Result<bool> {
        match effect {
            Effect::Ask(ask) => drop(self.link.asks.send(ask)),
            Effect::Judge(window) => drop(self.judge.send(Some((self.app.case.clone(), window)))),
            Effect::Record(facts) => {
                if let Some(record) = &self.record {
                    record.send(facts).map_err(|_| eyre!(NOT_RECORDED))?;
                }
            }
            Effect::Export => self.export(),
            Effect::Copy(text) => self.copy(&text)?,
            Effect::RememberAscii(ascii) => {
                if let Some(remember) = &mut self.remember_ascii {
                    remember(ascii);
                }
            }
            Effect::Suspend => self.suspend()?,
            Effect::Redraw => self.screen.forget(),
            Effect::Quit => return Ok(true),
        }
        Ok(false)
    }

    fn export(&mut self) {
        let (Some(export), Some(judged)) = (self.export.clone(), self.app.judged.clone()) else { return };
        let (case, say) = (self.app.case.clone(), self.say.clone());
        self.exports.spawn_blocking(move || {
            let words = export(&case, &judged).unwrap_or_else(|e| e);
            let _ = say.send(words);
        });
    }

    fn copy(&mut self, text: &str) -> Result<()> {
        let through = Through::from_env(|name| std::env::var(name).ok());
        let words = match clipboard::sequence(text, through) {
            Ok(bytes) => {
                write(&bytes)?;
                clipboard::words(text, through, self.app.look.lang == Lang::Vi)
            }
            Err(words) => words,
        };
        self.app.update(Msg::Notice(words));
        Ok(())
    }

    /// Ctrl-Z: the terminal as it was, then stop; `fg` comes back here.
    fn suspend(&mut self) -> Result<()> {
        self.guard.leave()?;
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        self.guard.again()?;
        self.screen.forget();
        self.dirty = true;
        // Whoever comes back may have another window size.
        if let Ok((w, h)) = crossterm::terminal::size() {
            self.app.update(Msg::Resize(w, h));
        }
        Ok(())
    }

    fn draw(&mut self) -> Result<()> {
        // After a panic elsewhere the terminal is not ours any more; the reason is on its way.
        if !terminal::is_ours() {
            return Ok(());
        }
        let bytes = self.screen.bytes(super::draw(&self.app));
        (self.dirty, self.drawn) = (false, Some(Instant::now()));
        write(&bytes)
    }

    /// Waits until what was said is on disk; the terminal comes back with the guard.
    async fn close(mut self) {
        drop(self.record.take());
        drop(self.place.take());
        if let Some(keeper) = self.keeper.take() {
            let _ = tokio::time::timeout(Duration::from_secs(1), keeper).await;
        }
        if let Some(recorder) = self.recorder.take() {
            let _ = tokio::time::timeout(Duration::from_secs(2), recorder).await;
        }
    }
}

/// The recorder ends before the session only by a panic.
const NOT_RECORDED: &str = "recording stopped by a mistake of the program; what was recorded until then is in the case file";

async fn ended(worker: &mut Option<JoinHandle<()>>) {
    match worker {
        Some(worker) => drop(worker.await),
        None => std::future::pending().await,
    }
}

enum Happened {
    Msg(Msg),
    Event(Event),
    Redraw,
    Stop,
    End(End),
}

/// To the terminal, whole; nothing for nothing.
fn write(bytes: &[u8]) -> Result<()> {
    if bytes.is_empty() {
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}
