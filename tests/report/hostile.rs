//! Names, log lines and tags that want to be more than text, through every export.

use crate::sample::{self, generated_at};
use alb_triage::case::Case;
use alb_triage::report::picture::Ground;
use alb_triage::report::{self, Bundle, Format, Options, picture, write_bundle};
use alb_triage::text::Lang;

pub const CORPUS: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "' onmouseover='alert(1)",
    "]]><script>x</script><![CDATA[",
    "<!-- --><iframe src=//evil.example>",
    "&lt;b&gt;&#60;b&#62;&amp;",
    "javascript:alert(1) [click](javascript:alert(1))",
    "![x](https://evil.example/x.png) <https://evil.example>",
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{90}q\u{9c}",
    "\u{1b}]52;c;cm0gLXJm\u{7}\u{1b}_Gi=1\u{1b}\\",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!D2",
    "+1+1\t=1+1",
    "\u{202e}gnp.exe\u{202c}\u{2066}\u{200f}",
    "| a | b |\n|---|---|\n# heading\n- item\n```\ncode\n```",
    "`code` ``two`` ```three``` **bold** _it_ ~~no~~ $x$ \\",
    "\0\u{8}\u{7f}\u{fffe}\u{feff}",
    "負荷分散装置 Ứng dụng đã chết 🦀👨‍👩‍👧‍👦",
    "'; DROP TABLE alarms; -- $(reboot) `reboot` ${IFS}",
    "</style></title></svg></text></tspan>",
];

fn render(case: &Case, judged: &alb_triage::judge::Judged, format: Format) -> String {
    report::render(case, judged, &Options { format, lang: Lang::En, generated_at: generated_at() })
}

/// No control character but the line break, nothing that turns the direction of reading.
fn assert_tame(text: &str, what: &str) {
    for c in text.chars() {
        assert!(!(c.is_control() && c != '\n' && c != '\r'), "{c:?} in {what}");
        assert!(!matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}'), "{c:?} in {what}");
    }
}

/// Tags of a page or a picture that the program itself never writes, and attributes that run.
fn assert_no_foreign_markup(text: &str, what: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) | Err(_) => break,
            Ok(quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag)) => {
                let name = tag.name().as_ref().to_lowercase();
                assert!(!["script", "img", "iframe", "object", "a", "form", "b"].contains(&name.as_str()), "<{name}> in {what}");
                for attribute in tag.attributes().flatten() {
                    let key = attribute.key.as_ref().to_lowercase();
                    assert!(!key.starts_with("on"), "{key} in {what}");
                }
            }
            Ok(_) => {}
        }
    }
}

#[test]
fn html_holds_nothing_but_our_own_tags() {
    for word in CORPUS {
        let (case, judged) = sample::with(word);
        let html = render(&case, &judged, Format::Html);
        assert_tame(&html, word);
        assert_no_foreign_markup(&html, word);
        assert!(!html.to_lowercase().contains("<script") && !html.contains("<img") && !html.contains("<iframe"), "{word}");
    }
}

#[test]
fn markdown_renders_to_text_only() {
    for word in CORPUS {
        let (case, judged) = sample::with(word);
        let text = render(&case, &judged, Format::Markdown);
        assert_tame(&text, word);
        let mut html = String::new();
        let options = pulldown_cmark::Options::all();
        pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new_ext(&text, options));
        for never in ["<script", "<img", "<iframe", "<svg", "href=", "<del>", "<em>", "class=\"math", "<!--"] {
            assert!(!html.contains(never), "{never} from {word}");
        }
        let plain = {
            let (case, judged) = sample::both();
            render(&case, &judged, Format::Markdown)
        };
        let headings = |t: &str| t.lines().filter(|l| l.starts_with('#')).count();
        assert_eq!(headings(&text), headings(&plain), "{word} makes a heading");
        let bars = |t: &str| t.lines().filter(|l| l.starts_with("| ")).count();
        assert_eq!(bars(&text), bars(&plain), "{word} makes a row");
    }
}

#[test]
fn text_and_json_and_summary_are_tame() {
    for word in CORPUS {
        let (case, judged) = sample::with(word);
        assert_tame(&render(&case, &judged, Format::Text), word);
        assert_tame(&report::summary(&case, &judged, Lang::En), word);
        let json = render(&case, &judged, Format::Json);
        assert_tame(&json, word);
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    }
}

#[test]
fn spreadsheets_compute_nothing() {
    for word in CORPUS {
        // Also where the foreign text stands first.
        let mut facts = sample::facts_with(word);
        for fact in &mut facts {
            if let alb_triage::exchange::What::Events(events) = &mut fact.what {
                events[0].name = (*word).into();
                events[0].actor.name = (*word).into();
                events[0].summary = (*word).into();
            }
        }
        let case = Case::from_facts(facts);
        let judged = sample::judged_with(&case, "");
        let text = report::csv::timeline(&case, &judged);
        assert_tame(&text, word);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for record in reader.records().map(Result::unwrap) {
            for (i, field) in record.iter().enumerate() {
                let formula = field.trim_start().starts_with(['=', '+', '-', '@']);
                assert!(!formula || i == 2 && field.parse::<i64>().is_ok(), "{field}");
            }
        }
    }
}

#[test]
fn pictures_show_it_as_text() {
    use ratatui::{buffer::Buffer, layout::Rect, style::Style};
    for word in CORPUS {
        let (case, judged) = sample::with(word);
        let mut screen = Buffer::empty(Rect { x: 0, y: 0, width: 60, height: 3 });
        screen.set_string(0, 1, word, Style::new());
        let framed = picture::caption::framed(&screen, &picture::caption::Caption::of(&case, &judged, Lang::En));
        let svg = picture::svg(&framed, word, Ground::Light);
        assert_tame(&svg, word);
        assert_no_foreign_markup(&svg, word);
        let mut reader = quick_xml::Reader::from_str(&svg);
        while reader.read_event().unwrap_or_else(|e| panic!("{word}: {e}")) != quick_xml::events::Event::Eof {}
    }
}

#[test]
fn file_names_of_a_bundle_stay_inside_it() {
    for word in ["../../etc/passwd", "/abs", "con\u{0}", "..", "<script>alert(1)</script>"] {
        let (case, judged) = sample::with(word);
        let facts = sample::facts_with(word);
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("b");
        let screens = vec![(word.to_owned(), ratatui::buffer::Buffer::empty(ratatui::layout::Rect { x: 0, y: 0, width: 40, height: 2 }))];
        let bundle = Bundle {
            case: &case,
            judged: &judged,
            facts: &facts,
            screens,
            ground: Ground::Light,
            lang: Lang::En,
            generated_at: generated_at(),
        };
        for path in write_bundle(&dir, &bundle).unwrap() {
            assert!(path.canonicalize().unwrap().starts_with(dir.canonicalize().unwrap()), "{}", path.display());
        }
        assert!(!report::bundle::name(&case, &judged).contains(['/', '.', '<', '\0']));
    }
}
