//! Copying to the clipboard of the terminal, over SSH, tmux and screen, by OSC 52. No terminal says whether
//! it took the text, so neither do we.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Beyond this many bytes of base64 terminals drop the sequence without a word.
const LIMIT: usize = 74_994;

/// What stands between us and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Through {
    Nothing,
    Tmux,
    Screen,
}

impl Through {
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Self {
        if var("TMUX").is_some() {
            Self::Tmux
        } else if var("TERM").is_some_and(|t| t.starts_with("screen")) {
            Self::Screen
        } else {
            Self::Nothing
        }
    }
}

/// The bytes that ask the terminal to take `text`, or why they would be in vain.
///
/// # Errors
/// When the text is longer than terminals take.
pub fn sequence(text: &str, through: Through) -> Result<Vec<u8>, String> {
    let encoded = STANDARD.encode(text);
    if encoded.len() > LIMIT {
        return Err(format!("too long for the clipboard over a terminal: {} bytes, {} are taken", text.len(), LIMIT * 3 / 4));
    }
    let plain = format!("\x1b]52;c;{encoded}\x07");
    Ok(match through {
        Through::Nothing => plain.into_bytes(),
        // tmux takes the plain form itself (set-clipboard) and passes the wrapped one on (allow-passthrough).
        Through::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")).into_bytes(),
        // screen cuts its strings at 768 bytes.
        Through::Screen => encoded_in_pieces(&plain),
    })
}

fn encoded_in_pieces(plain: &str) -> Vec<u8> {
    plain.as_bytes().chunks(700).flat_map(|piece| [b"\x1bP".as_slice(), piece, b"\x1b\\"].concat()).collect()
}

/// What is truthfully said afterwards.
pub fn words(text: &str, through: Through, vietnamese: bool) -> String {
    let n = text.chars().count();
    let needs = match through {
        Through::Nothing => "",
        Through::Tmux if vietnamese => " (tmux cần set-clipboard on)",
        Through::Tmux => " (tmux needs set-clipboard on)",
        Through::Screen => " (screen)",
    };
    if vietnamese {
        format!("đã gửi {n} ký tự tới clipboard của terminal{needs}")
    } else {
        format!("sent {n} characters to the terminal's clipboard{needs}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_through_has_its_own_wrapping() {
        let plain = sequence("hi", Through::Nothing).unwrap();
        assert_eq!(plain, b"\x1b]52;c;aGk=\x07");
        let tmux = String::from_utf8(sequence("hi", Through::Tmux).unwrap()).unwrap();
        assert!(tmux.ends_with("\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"));
        let screen = sequence(&"x".repeat(2000), Through::Screen).unwrap();
        assert!(screen.starts_with(b"\x1bP\x1b]52;c;") && screen.ends_with(b"\x1b\\"));
    }

    #[test]
    fn what_terminals_would_drop_is_refused() {
        assert!(sequence(&"x".repeat(60_000), Through::Nothing).is_err());
    }
}
