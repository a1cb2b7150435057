//! One line: how grave it is, and whether it tells of a request.

use super::Level;
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::sync::LazyLock;

/// What ends a request line; the searcher is made once, not for each line.
static PROTOCOL: LazyLock<Finder> = LazyLock::new(|| Finder::new(b" HTTP/"));

/// The level of a line: the first word that is one, early in the line.
pub fn level(line: &[u8]) -> Level {
    let head = &line[..line.len().min(160)];
    let klog = match head {
        [letter, d1, d2, ..] if d1.is_ascii_digit() && d2.is_ascii_digit() => level_letter(*letter),
        [letter, b',', b' ', b'[', ..] => level_letter(*letter),
        _ => Level::Unknown,
    };
    if klog != Level::Unknown {
        return klog;
    }
    let words = head.split(|b| !b.is_ascii_alphabetic());
    words.map(exact_level).find(|l| *l != Level::Unknown).unwrap_or_default()
}

fn level_letter(letter: u8) -> Level {
    match letter {
        b'F' => Level::Fatal,
        b'E' => Level::Error,
        b'W' => Level::Warn,
        b'I' => Level::Info,
        b'D' => Level::Debug,
        _ => Level::Unknown,
    }
}

/// A word that is a level where one is expected.
pub fn level_word(word: &[u8]) -> Level {
    const WORDS: &[(&str, Level)] = &[
        ("trace", Level::Debug),
        ("debug", Level::Debug),
        ("info", Level::Info),
        ("information", Level::Info),
        ("notice", Level::Info),
        ("warn", Level::Warn),
        ("warning", Level::Warn),
        ("error", Level::Error),
        ("err", Level::Error),
        ("severe", Level::Error),
        ("fatal", Level::Fatal),
        ("crit", Level::Fatal),
        ("critical", Level::Fatal),
        ("alert", Level::Fatal),
        ("emerg", Level::Fatal),
        ("panic", Level::Fatal),
    ];
    WORDS.iter().find(|(w, _)| word.eq_ignore_ascii_case(w.as_bytes())).map_or(Level::Unknown, |(_, level)| *level)
}

/// In running text only words in one case are levels: `Error` may be part of a sentence.
fn exact_level(word: &[u8]) -> Level {
    let one_case = word.iter().all(u8::is_ascii_uppercase) || word.iter().all(u8::is_ascii_lowercase);
    if one_case && (3..=11).contains(&word.len()) { level_word(word) } else { Level::Unknown }
}

/// A request that a line tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub status: u16,
    pub static_file: bool,
}

/// `… "GET /app.js HTTP/1.1" 502 …`
pub fn access(line: &[u8]) -> Option<Access> {
    let at = PROTOCOL.find(&line[..line.len().min(8192)])?;
    let open = line[..at].iter().rposition(|b| *b == b'"')?;
    let request = &line[open + 1..at];
    let method = request.iter().position(|b| *b == b' ')?;
    if !(3..=8).contains(&method) || !request[..method].iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    let after = &line[at + 1..];
    let close = after.iter().take(12).position(|b| *b == b'"')?;
    let status = after.get(close + 1..)?.trim_ascii_start();
    let code = status.get(..3).filter(|s| s.iter().all(u8::is_ascii_digit) && status.get(3).is_none_or(|b| *b == b' '))?;
    let status = code.iter().fold(0u16, |n, b| n * 10 + u16::from(b - b'0'));
    (100..600).contains(&status).then(|| Access { status, static_file: is_static(&request[method + 1..]) })
}

/// A path that looks like a file which no program makes.
pub fn is_static(path: &[u8]) -> bool {
    const ENDINGS: &[&str] = &[
        "js",
        "mjs",
        "css",
        "map",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "ico",
        "webp",
        "avif",
        "woff",
        "woff2",
        "ttf",
        "otf",
        "eot",
        "mp4",
        "webm",
        "mp3",
        "pdf",
        "txt",
        "html",
        "htm",
        "wasm",
        "webmanifest",
    ];
    let path = path.split(|b| matches!(b, b'?' | b'#' | b';')).next().unwrap_or_default();
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let Some(dot) = name.iter().rposition(|b| *b == b'.') else { return false };
    ENDINGS.iter().any(|e| name[dot + 1..].eq_ignore_ascii_case(e.as_bytes()))
}

/// A line without the colours that loggers give to terminals (`ESC[31m`): they stand between a level and its end.
pub fn uncoloured(line: &[u8]) -> Cow<'_, [u8]> {
    const ESCAPE: u8 = 0x1b;
    if memchr::memchr(ESCAPE, line).is_none() {
        return line.into();
    }
    let (mut plain, mut rest) = (Vec::with_capacity(line.len()), line);
    while let Some(at) = memchr::memchr(ESCAPE, rest) {
        let (before, from) = rest.split_at(at);
        plain.extend_from_slice(before);
        let parameters = from.iter().skip(2).take_while(|b| b.is_ascii_digit() || **b == b';').count();
        let coloured = from.get(1) == Some(&b'[') && from.get(2 + parameters) == Some(&b'm');
        // Any other sequence stays, to be seen.
        let length = if coloured { 3 + parameters } else { 1 };
        plain.extend_from_slice(if coloured { &[] } else { &from[..1] });
        rest = &from[length..];
    }
    plain.extend_from_slice(rest);
    plain.into()
}

/// A line that goes on with what the line before began: a frame of a stack, an indented block.
pub fn is_indented(line: &[u8]) -> bool {
    matches!(line, [] | [b' ' | b'\t' | b'}' | b')' | b']', ..] | [b'a', b't', b' ', ..] | [b'.', b'.', b'.', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_found_where_servers_put_them() {
        let known = [
            ("2026/11/20 13:02:11 [error] 7#0: *5 connect() failed", Level::Error),
            ("[Fri Nov 20 13:02:11 2026] [core:crit] [pid 1] x", Level::Fatal),
            ("2026-11-20 13:02:11,123 WARN  [main] c.e.App - slow", Level::Warn),
            ("[2026-11-20 13:02:11 +0000] [7] [CRITICAL] WORKER TIMEOUT", Level::Fatal),
            ("E1120 13:02:11.123456       7 server.go:1] x", Level::Error),
            ("I, [2026-11-20T13:02:11 #7]  INFO -- : x", Level::Info),
            ("time=2026-11-20T13:02:11Z level=error msg=x", Level::Error),
            ("20-Nov-2026 13:02:11.123 SEVERE [main] x", Level::Error),
            ("All is well, the Error page was shown", Level::Unknown),
        ];
        for (line, level) in known {
            assert_eq!(super::level(line.as_bytes()), level, "{line}");
        }
    }

    #[test]
    fn colours_are_left_out_and_other_sequences_stay() {
        let plain = |text: &str| String::from_utf8(uncoloured(text.as_bytes()).into_owned()).unwrap();
        assert_eq!(plain("a \u{1b}[1;31mERROR\u{1b}[0m b\u{1b}[m"), "a ERROR b");
        assert_eq!(plain("\u{1b}]0;title\u{7} \u{1b}[2J \u{1b}[31"), "\u{1b}]0;title\u{7} \u{1b}[2J \u{1b}[31");
        assert_eq!(level(&uncoloured(b"\x1b[33mWARN\x1b[0m slow")), Level::Warn);
    }

    #[test]
    fn access_lines_are_told_apart_by_status_and_kind_of_file() {
        let read = |line: &str| access(line.as_bytes());
        let line = r#"10.0.1.5 - - [20/Nov/2026:13:02:11 +0000] "GET /static/app.3f.js?v=1 HTTP/1.1" 502 157 "-" "curl""#;
        assert_eq!(read(line), Some(Access { status: 502, static_file: true }));
        assert_eq!(read(r#"h - - [x] "POST /api/orders HTTP/2.0" 201 5"#), Some(Access { status: 201, static_file: false }));
        assert_eq!(read(r#"INFO:     10.0.1.5:4242 - "GET /health HTTP/1.1" 200 OK"#), Some(Access { status: 200, static_file: false }));
        assert_eq!(read("upstream sent no valid HTTP/1.0 header"), None);
        assert_eq!(read(r#""GET / HTTP/1.1" 20000"#), None);
    }
}
