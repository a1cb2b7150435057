//! Markdown, HTML and text, as people read them.

use crate::sample::{self, generated_at};
use alb_triage::report::{self, Format, Options};
use alb_triage::text::Lang;
use unicode_width::UnicodeWidthStr;

const BOTH: [Lang; 2] = [Lang::En, Lang::Vi];

fn render(format: Format, lang: Lang) -> String {
    let (case, judged) = sample::both();
    report::render(&case, &judged, &Options { format, lang, generated_at: generated_at() })
}

#[test]
fn text_fits_a_terminal_of_eighty_columns() {
    for lang in BOTH {
        for line in render(Format::Text, lang).lines() {
            assert!(line.width() <= 80, "{} wide: {line}", line.width());
        }
    }
}

#[test]
fn the_first_lines_say_what_when_how_much_and_what_next() {
    let text = render(Format::Text, Lang::En);
    let top: String = text.lines().take(22).collect::<Vec<_>>().join(" ");
    for words in [
        "Security group of the targets (confirmed, confidence high)",
        "02:12 UTC (±1 min)",
        "29 min",
        "1,914 requests failed, 6.2 %",
        "Put the rule back",
        "14 of 15 checks ran",
    ] {
        assert!(top.contains(words), "{words} is not in {top}");
    }
}

#[test]
fn every_format_says_the_same_things() {
    let said = [
        "bob.tran",
        "sg-0f00dbabe00000002",
        "AWS Health",
        "tightened the web rule at 02:11",
        "acme-prod",
        "access-log.connect-timeout",
        "overload",
    ];
    for format in [Format::Text, Format::Markdown, Format::Html] {
        // Line breaks may fall anywhere in text.
        let document = render(format, Lang::En).split_whitespace().collect::<Vec<_>>().join(" ");
        for words in said {
            assert!(document.contains(words), "{words} is not in {format:?}");
        }
    }
}

#[test]
fn vietnamese_is_vietnamese_throughout() {
    let text = render(Format::Text, Lang::Vi);
    for words in ["Tóm tắt", "Nguyên nhân", "Dòng thời gian", "29 phút", "1.914 yêu cầu thất bại"] {
        assert!(text.contains(words), "{words}");
    }
    for words in ["confidence", " checks ran", "Timeline", "What "] {
        assert!(!text.contains(words), "{words}");
    }
}

#[test]
fn what_people_said_stands_apart_from_what_was_measured() {
    let text = render(Format::Markdown, Lang::En);
    let said = text.split("## What people said").nth(1).unwrap().split("\n## ").next().unwrap();
    assert!(said.contains("Said, not measured") && said.contains("tightened the web rule"));
    assert_eq!(text.matches("tightened the web rule").count(), 1);
}

#[test]
fn markdown_renders_as_the_tables_and_headings_it_means() {
    let options = pulldown_cmark::Options::ENABLE_TABLES;
    let text = render(Format::Markdown, Lang::En);
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new_ext(&text, options));
    assert_eq!(html.matches("<h1>").count(), 1);
    assert!(html.matches("<table>").count() >= 5);
    assert!(html.contains("<td>−20 s</td>") && html.contains("<strong>RevokeSecurityGroupIngress</strong>"));
    assert!(!html.contains("| --- |"), "no table is left unparsed");
}

#[test]
fn html_asks_nothing_of_the_network_and_runs_nothing() {
    let html = render(Format::Html, Lang::En);
    for never in ["<script", "http://", "https://", "src=", "url(", "@import", "onload", "javascript:"] {
        assert!(!html.contains(never), "{never}");
    }
    assert!(html.contains("default-src 'none'") && html.contains("prefers-color-scheme: dark") && html.contains("@media print"));
    assert!(html.contains("<title>02:12 UTC: 52</title>"), "each column says its time and value");
}

#[test]
fn a_case_that_knows_nothing_still_makes_sense() {
    let case = alb_triage::case::Case::from_facts(sample::facts().into_iter().take(1));
    let judged = alb_triage::judge::judge(&case, None).unwrap();
    for lang in BOTH {
        for format in [Format::Text, Format::Markdown, Format::Html] {
            assert!(!report::render(&case, &judged, &Options { format, lang, generated_at: generated_at() }).is_empty());
        }
    }
}
