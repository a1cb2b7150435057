//! The terminal while we have it, and as it was when we leave: after an error, a panic, a signal, Ctrl-Z.

use crossterm::event::{DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours; the panic hook asks it.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

pub fn is_ours() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Has the terminal; gives it back when dropped.
#[derive(Debug)]
pub struct Guard {
    mouse: bool,
}

impl Guard {
    /// Takes the terminal: raw mode, other screen, no cursor, bracketed paste.
    ///
    /// # Errors
    /// When there is no terminal.
    pub fn take(mouse: bool) -> io::Result<Self> {
        HOOK.call_once(restore_on_panic);
        enter(mouse)?;
        Ok(Self { mouse })
    }

    /// Gives the terminal back for a while: Ctrl-Z.
    #[allow(clippy::unused_self, reason = "only who has the terminal can give it back")]
    pub fn leave(&self) -> io::Result<()> {
        leave()
    }

    /// Takes it again.
    pub fn again(&self) -> io::Result<()> {
        enter(self.mouse)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = leave();
    }
}

fn enter(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let mut out = io::stdout();
    execute!(out, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    if mouse {
        execute!(out, EnableMouseCapture)?;
    }
    Ok(())
}

/// Safe to call twice.
fn leave() -> io::Result<()> {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return Ok(());
    }
    let mut out = io::stdout();
    // An update that was interrupted must not leave the terminal waiting for its end.
    let written = out
        .write_all(b"\x1b[?2026l\x1b[0m")
        .and_then(|()| execute!(out, DisableMouseCapture, DisableBracketedPaste, DisableFocusChange, LeaveAlternateScreen, cursor::Show));
    let cooked = disable_raw_mode();
    written.and(cooked)
}

fn restore_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let _ = leave();
        before(info);
    }));
}
