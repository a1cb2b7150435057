//! Whether this terminal draws more than ASCII: asked once, remembered beside the cases.

use std::path::{Path, PathBuf};

const FILE: &str = "characters";

/// What was remembered; `None` before anybody was asked.
pub fn remembered(state: Option<&Path>) -> Option<bool> {
    let text = std::fs::read_to_string(state?.join(FILE)).ok()?;
    match text.trim() {
        "ascii" => Some(true),
        "all" => Some(false),
        _ => None,
    }
}

/// Remembers it for every session to come. Where that cannot be written, one is asked again.
pub fn remember(state: PathBuf) -> impl FnMut(bool) + Send {
    move |ascii| {
        let _ =
            super::screen::make_private(&state).and_then(|()| std::fs::write(state.join(FILE), if ascii { "ascii\n" } else { "all\n" }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("alb-triage");
        assert_eq!(remembered(Some(&state)), None);
        assert_eq!(remembered(None), None);
        let mut remember = remember(state.clone());
        for ascii in [true, false, true] {
            remember(ascii);
            assert_eq!(remembered(Some(&state)), Some(ascii));
        }
    }
}
