//! The real binary in a pseudo-terminal: it starts, zooms, resizes and leaves the terminal as it was,
//! whatever ends it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, reason = "a test that cannot go on should stop")]

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(1);

/// A program in a terminal of its own, with a screen that shows what a terminal would.
struct Tty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    chunks: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: Vec<u8>,
    before: String,
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

fn cells(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}

impl Tty {
    fn start(command: CommandBuilder, cols: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(cols, rows)).unwrap();
        let before = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, chunks) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || send.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        let parser = vt100::Parser::new(cells(rows), cells(cols), 0);
        Self { master: pair.master, writer, child, chunks, parser, raw: Vec::new(), before }
    }

    fn demo(cols: u16, rows: u16) -> Self {
        Self::start(program(&["demo", "--no-record"]), cols, rows)
    }

    /// Takes in what was written until `enough`, or gives up.
    fn until(&mut self, what: &str, mut enough: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !enough(self) {
            let left = end.saturating_duration_since(Instant::now());
            match self.chunks.recv_timeout(left) {
                Ok(bytes) => {
                    self.parser.process(&bytes);
                    self.raw.extend(bytes);
                }
                Err(_) => panic!("waited in vain for {what}; the screen shows:\n{}", self.screen()),
            }
        }
    }

    fn wait_for(&mut self, text: &str) {
        self.until(text, |tty| tty.screen().contains(text));
    }

    /// Until nothing has been written for a while.
    fn settle(&mut self) {
        while let Ok(bytes) = self.chunks.recv_timeout(Duration::from_millis(900)) {
            self.parser.process(&bytes);
            self.raw.extend(bytes);
        }
    }

    fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    fn send(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// The rest of what is written, and how it ended.
    fn end(&mut self) -> portable_pty::ExitStatus {
        while let Ok(bytes) = self.chunks.recv_timeout(PATIENCE) {
            self.parser.process(&bytes);
            self.raw.extend(bytes);
        }
        self.child.wait().unwrap()
    }

    /// Everything a program may leave behind.
    fn assert_as_it_was(&self) {
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "still on the other screen");
        assert!(!screen.hide_cursor(), "the cursor is gone");
        assert!(!screen.bracketed_paste(), "pasting is still bracketed");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert_eq!(format!("{:?}", self.master.get_termios()), self.before, "the line discipline changed");
        let raw = String::from_utf8_lossy(&self.raw);
        assert_eq!(raw.matches("\x1b[?2026h").count(), raw.matches("\x1b[?2026l").count() - 1, "an update was left open");
    }
}

/// A home in which the question about characters has been answered.
fn home() -> PathBuf {
    let home = std::env::temp_dir().join("alb-triage-terminal-test");
    let state = home.join(".local/state/alb-triage");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("characters"), "all\n").unwrap();
    home
}

/// A command with an environment of its own.
fn command(path: &str, args: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(path);
    command.args(args);
    for name in ["NO_COLOR", "COLORTERM", "COLORFGBG", "TMUX", "LC_ALL", "ALB_TRIAGE_CONFIG", "XDG_STATE_HOME", "XDG_CONFIG_HOME"] {
        command.env_remove(name);
    }
    command.env("HOME", home());
    command.cwd(env!("CARGO_MANIFEST_DIR"));
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("TZ", "UTC")] {
        command.env(name, value);
    }
    command
}

fn program(args: &[&str]) -> CommandBuilder {
    command(env!("CARGO_BIN_EXE_alb-triage"), args)
}

/// The window in the first row.
fn header(tty: &Tty) -> String {
    tty.screen().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_demo_starts_zooms_resizes_and_quits() {
    let mut tty = Tty::demo(120, 40);
    tty.wait_for("TargetConnectionErrors");
    tty.wait_for("onset");
    let whole = header(&tty);
    tty.send("+");
    tty.until("another window", |t| header(t) != whole);
    tty.send("u");
    tty.until("the first window again", |t| header(t) == whole);
    tty.master.resize(size(80, 24)).unwrap();
    tty.parser.screen_mut().set_size(cells(24), cells(80));
    tty.until("the small screen", |t| {
        t.screen().lines().count() <= 24
            && t.screen().contains("3 Findings")
            && t.screen().lines().last().is_some_and(|l| l.contains("quit"))
    });
    tty.send("?");
    tty.wait_for("next row");
    tty.send("\x1b");
    tty.settle();
    tty.send("q");
    let status = tty.end();
    assert!(status.success(), "{status:?}");
    tty.assert_as_it_was();
}

#[test]
fn signals_end_it_and_the_terminal_is_as_it_was() {
    for name in ["TERM", "HUP", "INT"] {
        let mut tty = Tty::demo(100, 30);
        tty.wait_for("onset");
        tty.signal(name);
        let status = tty.end();
        assert!(!status.success(), "our parent should see that SIG{name} ended it: {status:?}");
        tty.assert_as_it_was();
    }
}

#[test]
fn ctrl_c_quits_from_anywhere() {
    for keys in ["", "?", ":zoom", "1 ", "/abc"] {
        let mut tty = Tty::demo(90, 30);
        tty.wait_for("TargetConnectionErrors");
        tty.send(keys);
        tty.send("\x03");
        assert!(tty.end().success(), "{keys:?}");
        tty.assert_as_it_was();
    }
}

#[test]
fn nothing_is_written_while_nothing_happens() {
    let mut tty = Tty::demo(120, 40);
    tty.wait_for("onset");
    tty.settle();
    let written = tty.raw.len();
    assert!(tty.chunks.recv_timeout(Duration::from_secs(3)).is_err(), "an idle screen wrote something");
    tty.send("§");
    assert!(tty.chunks.recv_timeout(Duration::from_secs(1)).is_err(), "a key without meaning wrote something");
    tty.send("l");
    tty.settle();
    let step = tty.raw.len() - written;
    assert!(step > 0 && step < 2048, "a cursor step wrote {step} bytes");
    tty.send("q");
    tty.end();
}

#[test]
fn no_color_means_no_colour() {
    let mut demo = program(&["demo", "--no-record"]);
    demo.env("NO_COLOR", "1");
    let mut tty = Tty::start(demo, 120, 40);
    tty.wait_for("onset");
    tty.send("q");
    tty.end();
    let raw = String::from_utf8_lossy(&tty.raw).into_owned();
    assert!(raw.contains("\x1b[1m") || raw.contains("\x1b[0;1m"), "bold is still there");
    let sequences = raw.split("\x1b[").skip(1);
    let styles = sequences.filter_map(|s| {
        s.split_once(|c: char| c.is_ascii_alphabetic() || c == '?').filter(|(p, _)| s.as_bytes().get(p.len()) == Some(&b'm'))
    });
    for (codes, _) in styles {
        let plain = codes.split(';').all(|c| matches!(c, "" | "0" | "1" | "2" | "3" | "4" | "7" | "9"));
        assert!(plain, "the style {codes:?} was written");
    }
}

#[test]
fn ascii_writes_only_ascii() {
    let mut tty = Tty::start(program(&["demo", "--ascii", "--no-record"]), 120, 40);
    tty.wait_for("onset");
    tty.send("q");
    tty.end();
    assert!(tty.raw.is_ascii());
}

#[test]
fn to_the_shell_and_back() {
    let mut shell = command("bash", &["--norc", "--noprofile", "-i"]);
    shell.env("PS1", "prompt> ");
    let mut tty = Tty::start(shell, 120, 40);
    tty.wait_for("prompt>");
    tty.send(&format!("{} demo --no-record\r", env!("CARGO_BIN_EXE_alb-triage")));
    tty.wait_for("onset");
    tty.send("\x1a");
    tty.wait_for("Stopped");
    assert!(!tty.parser.screen().alternate_screen() && !tty.parser.screen().hide_cursor());
    tty.send("fg\r");
    tty.until("the screen again", |t| t.parser.screen().alternate_screen() && t.screen().contains("TargetConnectionErrors"));
    tty.send("q");
    tty.until("the shell again", |t| !t.parser.screen().alternate_screen());
    tty.send("exit\r");
    tty.end();
}

/// The first session ever asks what the characters look like; the answer holds for the next one.
#[test]
fn boxes_or_question_marks_is_asked_once() {
    let home = tempfile::tempdir().unwrap();
    let demo = || {
        let mut command = program(&["demo"]);
        command.env("HOME", home.path());
        command
    };
    let mut tty = Tty::start(demo(), 120, 40);
    tty.wait_for("boxes or question marks here?");
    tty.wait_for("onset");
    tty.send("A");
    tty.until("plain characters", |t| t.screen().is_ascii() && t.screen().contains("onset"));
    tty.send("q");
    assert!(tty.end().success());
    let mut tty = Tty::start(demo(), 120, 40);
    tty.wait_for("onset");
    tty.settle();
    assert!(tty.raw.is_ascii() && !tty.screen().contains("question marks"));
    tty.send("q");
    tty.end();
}

/// What the terminal answers about its background changes the theme and is never taken for keys.
#[test]
fn the_background_is_asked_for_and_the_answer_is_no_key() {
    let mut tty = Tty::demo(120, 40);
    tty.wait_for("onset");
    tty.settle();
    assert!(String::from_utf8_lossy(&tty.raw).contains("\x1b]11;?"));
    let (screen, written) = (tty.screen(), tty.raw.len());
    tty.send("\x1b]11;rgb:ffff/ffff/ffff\x1b\\");
    tty.until("other colours", |t| t.raw.len() > written + 500);
    tty.settle();
    assert_eq!(tty.screen(), screen, "no key was pressed");
    // An answer that comes a second time, or in pieces, changes nothing.
    let written = tty.raw.len();
    for piece in ["\x1b]11;rgb:00", "00/0000/00", "00\x07"] {
        tty.send(piece);
    }
    tty.settle();
    assert_eq!((tty.screen(), tty.raw.len()), (screen, written));
    tty.send("q");
    assert!(tty.end().success());
    tty.assert_as_it_was();
}

/// A live session that never reaches AWS: enough to be cut off.
fn investigate(home: &Path) -> CommandBuilder {
    live(&["investigate", "web-errors", "--endpoint-url", "http://127.0.0.1:9"], home)
}

fn live(args: &[&str], home: &Path) -> CommandBuilder {
    let mut command = program(args);
    command.args(["--region", "eu-west-1"]);
    for (name, value) in [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_EC2_METADATA_DISABLED", "true")]
    {
        command.env(name, value);
    }
    let state = home.join(".local/state/alb-triage");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::write(state.join("characters"), "all\n").unwrap();
    command.env("HOME", home);
    command
}

/// Whoever waits for AWS sees a screen and can leave it.
#[test]
fn the_list_of_alarms_stands_before_aws_has_answered() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let home = tempfile::tempdir().unwrap();
    let mut tty = Tty::start(live(&["--endpoint-url", &url], home.path()), 80, 24);
    tty.wait_for("asking AWS for the alarms");
    tty.send("q");
    assert!(tty.end().success());
    tty.assert_as_it_was();
}

fn answered(tty: &Tty) -> bool {
    tty.screen().lines().any(|l| l.contains("infra team") && l.contains("yes"))
}

#[test]
fn a_session_that_was_killed_is_offered_again_exactly_where_it_was() {
    let home = tempfile::tempdir().unwrap();
    let mut first = Tty::start(investigate(home.path()), 120, 40);
    first.wait_for("1 Runbook");
    first.wait_for("web-errors");
    // Yes, the infra team touched it; then to the gaps.
    first.send("1 ");
    first.wait_for("Enter save");
    first.send("\r");
    first.until("the answer", answered);
    first.send("7");
    first.wait_for("▶7 Gaps");
    let notes = || -> Vec<String> {
        let cases = std::fs::read_dir(home.path().join(".local/state/alb-triage/cases")).unwrap().flatten();
        cases.filter(|e| e.path().extension().is_some_and(|x| x == "open")).map(|e| std::fs::read_to_string(e.path()).unwrap()).collect()
    };
    let end = Instant::now() + PATIENCE;
    while !notes().iter().any(|n| n.contains("\"focus\":6")) {
        assert!(Instant::now() < end, "{:?}", notes());
        first.settle();
    }

    // A second session beside the first one takes nothing from it.
    let mut second = Tty::start(investigate(home.path()), 120, 40);
    second.wait_for("1 Runbook");
    assert!(!second.screen().contains("cut off"));
    second.send("q");
    assert!(second.end().success());
    assert_eq!(notes().len(), 1, "what was left on purpose is not offered");

    first.signal("KILL");
    first.end();
    let mut again = Tty::start(investigate(home.path()), 120, 40);
    again.wait_for("A session was cut off");
    again.send("y");
    again.wait_for("▶7 Gaps");
    again.send("1");
    again.until("the answer again", answered);
    again.send("q");
    assert!(again.end().success());
    assert!(notes().is_empty());
}

/// Not a test by itself: what the next one runs inside a terminal.
#[test]
#[ignore = "runs inside the terminal of another test"]
fn a_session_that_panics() {
    use alb_triage::tui::{Options, run};
    let facts =
        alb_triage::recording::read(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/overload.case"))).unwrap().facts;
    let options = Options { record: Some(Box::new(|_| panic!("the disk exploded"))), ..Options::default() };
    run(alb_triage::sources::replay(facts), options).unwrap();
}

#[test]
fn a_panic_leaves_the_terminal_as_it_was_and_says_why() {
    let this = std::env::current_exe().unwrap();
    let session = command(this.to_str().unwrap(), &["--exact", "a_session_that_panics", "--ignored", "--nocapture"]);
    let mut tty = Tty::start(session, 100, 30);
    assert!(!tty.end().success());
    assert!(!tty.parser.screen().alternate_screen() && !tty.parser.screen().hide_cursor());
    assert_eq!(format!("{:?}", tty.master.get_termios()), tty.before);
    assert!(String::from_utf8_lossy(&tty.raw).contains("the disk exploded"));
}
