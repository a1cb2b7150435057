//! The page in a real browser: it shows, it fits, and nothing foreign in it runs.

use crate::chromium::Chromium;
use crate::{hostile::CORPUS, sample};
use alb_triage::case::Case;
use alb_triage::report::{self, Format, Options};
use alb_triage::text::Lang;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const NARROW: u32 = 420;
const WIDE: u32 = 1280;

fn page(dir: &Path, name: &str, word: &str) -> PathBuf {
    let (case, judged): (Case, _) = sample::with(word);
    let html = report::render(&case, &judged, &Options { format: Format::Html, lang: Lang::En, generated_at: sample::generated_at() });
    let file = dir.join(format!("{name}.html"));
    std::fs::write(&file, html).unwrap();
    file
}

/// Nothing was asked for but the file, nothing was said on the console, nothing asked the reader anything.
fn assert_quiet(browser: &Chromium, file: &Path, what: &str) {
    let own = format!("file://{}", file.display());
    for request in browser.seen("Network.requestWillBeSent") {
        let url = request["request"]["url"].as_str().unwrap();
        assert!(url == own || url.starts_with("data:"), "{what}: {url}");
    }
    for loud in ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening"] {
        assert_eq!(browser.seen(loud), Vec::<&Value>::new(), "{what}");
    }
}

fn assert_fits(browser: &mut Chromium, what: &str) {
    let [content, width] = ["document.documentElement.scrollWidth", "innerWidth"].map(|e| browser.value(e).as_f64().unwrap());
    assert!(content <= width, "{what}: {content} of {width} pixels");
}

/// Lightness of the page's ground and letters, 0 to 255.
fn ground_and_ink(browser: &mut Chromium) -> (f64, f64) {
    let lightness = |property: &str| {
        format!("(c => (c[0] * 2 + c[1] * 5 + c[2]) / 8)(getComputedStyle(document.body).{property}.match(/[0-9.]+/g).map(Number))")
    };
    [lightness("backgroundColor"), lightness("color")].map(|e| browser.value(&e).as_f64().unwrap()).into()
}

fn prefer(browser: &mut Chromium, media: &str, scheme: &str) {
    browser.call("Emulation.setEmulatedMedia", json!({"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]}));
}

#[test]
#[ignore = "needs Chromium: .ci/run installs it and runs this"]
fn the_report_is_read_at_two_widths_in_light_and_dark_and_on_paper() {
    let dir = tempfile::tempdir().unwrap();
    let file = page(dir.path(), "report", "");
    let mut browser = Chromium::start();
    for width in [NARROW, WIDE] {
        browser.open(&file, width);
        assert_quiet(&browser, &file, "report");
        assert_fits(&mut browser, "report");
    }
    assert!(browser.value("document.querySelectorAll('svg title').length").as_u64() > Some(10), "no values to hover over");
    prefer(&mut browser, "screen", "light");
    let (ground, ink) = ground_and_ink(&mut browser);
    assert!(ground > 200.0 && ink < 80.0, "light: {ink} on {ground}");
    prefer(&mut browser, "screen", "dark");
    let (ground, ink) = ground_and_ink(&mut browser);
    assert!(ground < 80.0 && ink > 180.0, "dark: {ink} on {ground}");
    // On paper it is light whatever the screen prefers.
    prefer(&mut browser, "print", "dark");
    let (ground, ink) = ground_and_ink(&mut browser);
    assert!(ground > 200.0 && ink < 80.0, "paper: {ink} on {ground}");
    let pdf = browser.call("Page.printToPDF", json!({"printBackground": true}));
    assert!(pdf["data"].as_str().is_some_and(|data| data.starts_with("JVBERi0") && data.len() > 20_000));
}

#[test]
#[ignore = "needs Chromium: .ci/run installs it and runs this"]
fn hostile_text_is_only_text() {
    let dir = tempfile::tempdir().unwrap();
    let plain = page(dir.path(), "plain", "");
    let mut browser = Chromium::start();
    browser.open(&plain, WIDE);
    let elements = "[...document.querySelectorAll('*')].map(e => e.localName)";
    let ours = format!("[...new Set({elements})].sort().join()");
    let known = browser.value(&ours);
    for (n, word) in CORPUS.iter().enumerate() {
        let file = page(dir.path(), &n.to_string(), word);
        browser.open(&file, NARROW);
        assert_quiet(&browser, &file, word);
        assert_fits(&mut browser, word);
        assert_eq!(browser.value(&ours), known, "{word} made an element of its own");
        let handlers = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()).filter(a => a.startsWith('on'))";
        assert_eq!(browser.value(handlers), json!([]), "{word}");
    }
}
