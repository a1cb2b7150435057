//! The pictures of a bundle against stored ones, pixel by pixel, within what another processor's arithmetic may
//! change. After a change that is meant: `UPDATE_PICTURES=1 cargo test --test report pictures`, and look at them.

use alb_triage::case::Case;
use alb_triage::judge;
use alb_triage::report::picture::Ground;
use alb_triage::report::{Bundle, write_bundle};
use alb_triage::sources::demo;
use alb_triage::text::Lang;
use alb_triage::tui::{self, Theme};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// A channel may be off by this much; edges of letters are.
const CLOSE: u8 = 24;
/// Of a thousand pixels this many may be further off.
const FAR_OFF: usize = 1;

struct Picture {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

fn decoded(bytes: &[u8]) -> Picture {
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    pixels.truncate(info.buffer_size());
    Picture { width: info.width, height: info.height, pixels }
}

/// What is wrong with `new`, if it does not look like `old`.
fn difference(old: &Picture, new: &Picture) -> Option<String> {
    if (old.width, old.height) != (new.width, new.height) {
        return Some(format!("{}×{} pixels, it was {}×{}", new.width, new.height, old.width, old.height));
    }
    let far = |(a, b): &(&[u8], &[u8])| a.iter().zip(*b).any(|(x, y)| x.abs_diff(*y) > CLOSE);
    let off = old.pixels.chunks(3).zip(new.pixels.chunks(3)).filter(far).count();
    let all = old.pixels.len() / 3;
    (off * 1000 > all * FAR_OFF).then(|| format!("{off} of {all} pixels look different"))
}

fn stored(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/pictures").join(name)
}

fn look_at(dir: &Path, name: &str) {
    let new = fs::read(dir.join("pictures").join(name)).unwrap();
    let kept = stored(name);
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        fs::create_dir_all(kept.parent().unwrap()).unwrap();
        fs::write(&kept, &new).unwrap();
    }
    let old = fs::read(&kept).unwrap_or_else(|e| panic!("{}: {e}", kept.display()));
    if let Some(why) = difference(&decoded(&old), &decoded(&new)) {
        let beside = std::env::temp_dir().join(format!("new-{name}"));
        fs::write(&beside, &new).unwrap();
        panic!("{name}: {why}; the new one is {}", beside.display());
    }
}

#[test]
fn the_screen_and_the_lane_of_the_errors_look_as_they_did() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("bundle");
    write(&dir);
    let lane = fs::read_dir(dir.join("pictures")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let lane = lane.filter(|n| n.starts_with("lane-01") && n.ends_with(".png")).min().unwrap();
    look_at(&dir, "screen.png");
    look_at(&dir, &lane);
}

/// What remains of an incident that ships, of a date that does not change.
fn write(dir: &Path) {
    let facts = demo::open("process-down").unwrap().facts;
    let case = Case::from_facts(facts.clone());
    let judged = judge::judge(&case, None).unwrap();
    let screen = tui::snapshot(&case, &judged, (100, 32), &Theme::print(), Lang::En, false);
    let bundle = Bundle {
        case: &case,
        judged: &judged,
        facts: &facts,
        screens: vec![("screen".to_owned(), screen)],
        ground: Ground::Light,
        lang: Lang::En,
        generated_at: crate::sample::generated_at(),
    };
    write_bundle(dir, &bundle).unwrap();
}

#[test]
fn a_letter_that_moved_is_seen_and_a_softer_edge_is_not() {
    let ground = || vec![255_u8; 300 * 100 * 3];
    let inked = |from: usize, shade: u8| {
        let mut pixels = ground();
        (20..60).for_each(|y| pixels[(y * 300 + from) * 3..(y * 300 + from + 3) * 3].fill(shade));
        Picture { width: 300, height: 100, pixels }
    };
    assert_eq!(difference(&inked(40, 30), &inked(40, 45)), None);
    assert!(difference(&inked(40, 30), &inked(43, 30)).is_some());
    assert!(difference(&inked(40, 30), &Picture { width: 299, height: 100, pixels: ground() }).is_some());
}
