//! What a session costs from outside, in a terminal of its own: the time to the first frame, processor time and
//! bytes of an idle minute, bytes of a cursor step, the most memory for the largest case. Two other terminal
//! programs made with the same library are started beside it, when they are installed. The terminal answers what
//! programs ask it, as terminals do.
//!
//!     cargo bench --bench session [-- IDLE_SECONDS]

mod fleet;

use alb_triage::recording::Writer;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 15;
/// The end of a frame.
const FRAME: &[u8] = b"\x1b[?2026l";
/// What a real terminal answers, at once: where the cursor is, its colours, what it can do.
const ANSWERS: [(&[u8], &[u8]); 4] = [
    (b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b]10;?", b"\x1b]10;rgb:d0d0/d0d0/d0d0\x1b\\"),
    (b"\x1b]11;?", b"\x1b]11;rgb:1010/1010/1010\x1b\\"),
    (b"\x1b[c", b"\x1b[?62;22c"),
];

/// Another program made with the same library.
struct Other {
    program: &'static str,
    args: &'static [&'static str],
    install: &'static str,
}

const OTHERS: [Other; 2] = [
    Other { program: "btm", args: &[], install: "cargo install bottom --version 0.15.0 --locked" },
    Other { program: "csvlens", args: &["numbers.csv"], install: "cargo install csvlens --version 0.15.1 --locked" },
];

struct Terminal {
    /// Kept open as long as the program runs.
    _master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    chunks: Receiver<Vec<u8>>,
    begun: Instant,
}

impl Terminal {
    fn start(program: &str, args: &[&str], home: &Path) -> Fallible<Self> {
        let pair = native_pty_system().openpty(PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("HOME", home);
        command.cwd(home);
        command.env("TERM", "xterm-256color");
        command.env_remove("COLORFGBG");
        let begun = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let (send, chunks) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || send.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let writer = pair.master.take_writer()?;
        Ok(Self { _master: pair.master, writer, child, chunks, begun })
    }

    /// When what was written so far is enough.
    fn until(&mut self, enough: impl Fn(&[u8]) -> bool) -> Option<Duration> {
        let (mut written, mut read) = (Vec::new(), 0);
        while let Ok(bytes) = self.chunks.recv_timeout(Duration::from_secs(20)) {
            written.extend(bytes);
            read += self.answer(&written[read..]);
            if enough(&written) {
                return Some(self.begun.elapsed());
            }
        }
        None
    }

    /// Answers the questions in these bytes, in their order; how many bytes need not be looked at again.
    fn answer(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0;
        for at in 0..bytes.len() {
            if let Some((question, answer)) = ANSWERS.iter().find(|(question, _)| bytes[at..].starts_with(question)) {
                let _ = self.writer.write_all(answer);
                done = at + question.len();
            }
        }
        done
    }

    /// The bytes that come until nothing has come for so long.
    fn drain(&self, quiet: Duration) -> usize {
        let mut bytes = 0;
        while let Ok(chunk) = self.chunks.recv_timeout(quiet) {
            bytes += chunk.len();
        }
        bytes
    }

    fn press(&mut self, key: &str) -> std::io::Result<()> {
        self.writer.write_all(key.as_bytes())?;
        self.writer.flush()
    }

    /// A file of the process's folder in /proc.
    fn proc(&self, file: &str) -> String {
        let id = self.child.process_id().unwrap_or_default();
        std::fs::read_to_string(format!("/proc/{id}/{file}")).unwrap_or_default()
    }

    /// In hundredths of a second.
    fn processor_time(&self) -> u64 {
        let stat = self.proc("stat");
        let after_name = stat.rsplit(')').next().unwrap_or_default();
        after_name.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum()
    }

    fn most_memory(&self) -> String {
        let status = self.proc("status");
        let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap_or("VmHWM: ?").to_owned();
        line.split_once(':').map_or_else(String::new, |(_, v)| v.trim().to_owned())
    }

    fn end(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|w| w == what)
}

/// The median time until `enough` was written.
fn first_frame(program: &str, args: &[&str], home: &Path, enough: fn(&[u8]) -> bool) -> Fallible<Option<Duration>> {
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        let mut terminal = Terminal::start(program, args, home)?;
        all.extend(terminal.until(enough));
        terminal.end();
    }
    all.sort_unstable();
    Ok(all.get(all.len() / 2).copied())
}

fn main() -> Fallible<()> {
    let idle = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(60);
    let home = tempfile::tempdir()?;
    let ours = env!("CARGO_BIN_EXE_alb-triage");
    println!("{:<58}{:>14}", format!("120×40, median of {ROUNDS}"), "to the frame");
    let shown = |name: &str, time: Option<Duration>| println!("{name:<58}{:>14}", time.map_or("–".into(), |t| format!("{t:.1?}")));
    shown("alb-triage demo", first_frame(ours, &["demo"], home.path(), |b| contains(b, FRAME))?);
    std::fs::write(home.path().join("numbers.csv"), "minute,errors\n02:10,7\n02:11,12\n")?;
    for Other { program, args, install } in OTHERS {
        match first_frame(program, args, home.path(), |b| b.len() > 400) {
            Ok(time) => shown(program, time),
            Err(_) => println!("{program} is missing here: {install}"),
        }
    }
    quiet(ours, home.path(), idle)?;
    largest(ours, home.path())
}

/// A minute in which nothing happens, then one step of the cursor.
fn quiet(program: &str, home: &Path, seconds: u64) -> Fallible<()> {
    let mut terminal = Terminal::start(program, &["demo"], home)?;
    terminal.drain(Duration::from_secs(3));
    terminal.press("l")?;
    let step = terminal.drain(Duration::from_secs(1));
    let before = terminal.processor_time();
    let written = terminal.drain(Duration::from_secs(seconds));
    println!("{:<58}{:>11} ms", format!("processor time of {seconds} idle seconds"), (terminal.processor_time() - before) * 10);
    println!("{:<58}{written:>12} B", "written in them");
    println!("{:<58}{step:>12} B", "written for a cursor step");
    terminal.end();
    Ok(())
}

fn largest(program: &str, home: &Path) -> Fallible<()> {
    let path = home.join("large.case");
    let mut writer = Writer::create(&path)?;
    writer.write(&fleet::facts(1000))?;
    writer.finish()?;
    let mut terminal = Terminal::start(program, &["open", &path.to_string_lossy()], home)?;
    terminal.drain(Duration::from_secs(15));
    for key in ["+", "+", "u", "w", "w", "w", "W", "\x1b", "9"] {
        terminal.press(key)?;
        terminal.drain(Duration::from_secs(3));
    }
    println!("{:<58}{:>14}", "most memory, 12,012 series × 180 min, zoomed and unfolded", terminal.most_memory());
    terminal.end();
    Ok(())
}
