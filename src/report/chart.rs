//! Lanes as inline SVG: one bar a column, silence drawn unlike zero, the errors shaded, the events numbered,
//! and a `<title>` on every column so that a pointer reads its value. Colours come from the page.

use super::html::escape;
use super::lanes::{Lane, Lanes};
use super::words;
use crate::analysis::grid::Mark;
use crate::analysis::grid::columns::Column;
use crate::metrics::ERRORS;
use crate::time::Time;

const WIDTH: f64 = 960.0;
const GUTTER: f64 = 70.0;
const PLOT: f64 = WIDTH - GUTTER - 10.0;
const HEIGHT: f64 = 64.0;
const HEAD: f64 = 18.0;
/// The most columns; more would be thinner than a pixel.
const COLUMNS: usize = 240;

/// All lanes, the axis and the words of the events.
pub fn stack(lanes: &Lanes) -> String {
    let drawn: String = lanes.lanes.iter().map(|l| lane(lanes, l)).collect();
    if drawn.is_empty() { drawn } else { format!("{drawn}{}{}", axis(lanes), legend(lanes)) }
}

fn lane(lanes: &Lanes, lane: &Lane) -> String {
    let count = lanes.window.bins(lane.grid.period.max(1)).clamp(1, COLUMNS);
    let columns = lane.grid.columns(lanes.window, count);
    let top = columns.iter().map(|c| c.high).filter(|v| v.is_finite()).fold(0.0, f64::max);
    let class = if lane.key.metric == ERRORS { " alarm" } else { "" };
    let (label, measure) = (escape(&lane.label), escape(&lane.measure()));
    let top_words = escape(&words::value(top, lane.unit, lanes.lang));
    let title = format!("{label}, {measure}, 0–{top_words}");
    let bottom = HEAD + HEIGHT;
    let mut out = format!(
        "<svg class=\"lane{class}\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{title}\">\n\
         <text class=\"label\" x=\"{GUTTER}\" y=\"12\">{label} <tspan class=\"soft\">{measure}</tspan></text>\n\
         <text class=\"soft\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{top_words}</text><text class=\"soft\" x=\"{}\" y=\"{bottom}\" text-anchor=\"end\">0</text>\n",
        bottom + 4.0,
        GUTTER - 6.0,
        HEAD + 10.0,
        GUTTER - 6.0,
    );
    out.push_str(&bands(lanes));
    let width = PLOT / count as f64;
    for (i, column) in columns.iter().enumerate() {
        out.push_str(&bar(lanes, lane, column, i, width, top));
    }
    out.push_str(&events(lanes));
    out.push_str(&format!("<path class=\"frame\" d=\"M{GUTTER} {HEAD}V{bottom}H{}\"/>\n</svg>\n", GUTTER + PLOT));
    out
}

fn x(lanes: &Lanes, t: Time) -> f64 {
    let span = lanes.window.span().num_seconds().max(1) as f64;
    GUTTER + PLOT * ((t - lanes.window.start).num_seconds() as f64 / span).clamp(0.0, 1.0)
}

fn bands(lanes: &Lanes) -> String {
    let band = |e: &crate::time::Window| {
        let (from, to) = (x(lanes, e.start), x(lanes, e.end));
        format!("<rect class=\"band\" x=\"{from:.1}\" y=\"{HEAD}\" width=\"{:.1}\" height=\"{HEIGHT}\"/>\n", (to - from).max(1.0))
    };
    lanes.episodes.iter().map(band).collect()
}

fn bar(lanes: &Lanes, lane: &Lane, column: &Column, i: usize, width: f64, top: f64) -> String {
    let left = GUTTER + width * i as f64;
    let bottom = HEAD + HEIGHT;
    let mark = match column.mark {
        Mark::Value | Mark::Quiet if column.high > 0.0 && top > 0.0 => {
            let h = (column.high / top * HEIGHT).max(1.0);
            format!(
                "<rect class=\"bar\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{h:.1}\"/>",
                bottom - h,
                (width * 0.86).max(0.6)
            )
        }
        Mark::Value | Mark::Quiet => format!(
            "<rect class=\"quiet\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"1\"/>",
            bottom - 1.0,
            (width * 0.5).max(0.5)
        ),
        Mark::Unknown => format!("<path class=\"unknown\" d=\"M{left:.1} {}h{width:.1}\"/>", bottom - HEIGHT / 2.0),
        Mark::NotAsked => return String::new(),
    };
    let title = hover(lanes, lane, column, i, width);
    format!(
        "{mark}<rect class=\"hover\" x=\"{left:.1}\" y=\"{HEAD}\" width=\"{width:.1}\" height=\"{HEIGHT}\"><title>{title}</title></rect>\n"
    )
}

/// `02:13 UTC: 52`, and what a silence means.
fn hover(lanes: &Lanes, lane: &Lane, column: &Column, i: usize, width: f64) -> String {
    let seconds = (i as f64 * width / PLOT * lanes.window.span().num_seconds() as f64).round() as i64;
    let at = words::clock(lanes.window.start + chrono::Duration::seconds(seconds), lanes.window);
    let value = match column.mark {
        Mark::Value => words::value(column.high, lane.unit, lanes.lang),
        Mark::Quiet => "0 (not published: nothing counted)".into(),
        Mark::Unknown | Mark::NotAsked => "not published: unknown".into(),
    };
    let unfinished = if column.unfinished { " (period not over)" } else { "" };
    escape(&format!("{at} UTC: {value}{unfinished}"))
}

fn events(lanes: &Lanes) -> String {
    let line = |m: &super::lanes::Mark| {
        let (at, bottom, words) = (x(lanes, m.at), HEAD + HEIGHT, escape(&m.words));
        format!("<path class=\"event\" d=\"M{at:.1} {HEAD}V{bottom}\"><title>{}: {words}</title></path>\n", m.number)
    };
    lanes.marks.iter().map(line).collect()
}

fn axis(lanes: &Lanes) -> String {
    let mut out =
        format!("<svg class=\"axis\" viewBox=\"0 0 {WIDTH} 34\" role=\"img\" aria-label=\"{}\">\n", escape(&words::span(lanes.window)));
    for m in &lanes.marks {
        out.push_str(&format!("<text class=\"number\" x=\"{:.1}\" y=\"12\">{}</text>\n", x(lanes, m.at), m.number));
    }
    for t in lanes.ticks() {
        let anchor = if x(lanes, t) > GUTTER + PLOT - 40.0 { "end" } else { "middle" };
        out.push_str(&format!(
            "<text class=\"soft\" x=\"{:.1}\" y=\"28\" text-anchor=\"{anchor}\">{}</text>\n",
            x(lanes, t),
            words::clock(t, lanes.window)
        ));
    }
    out.push_str(&format!("<text class=\"soft\" x=\"{}\" y=\"28\" text-anchor=\"end\">UTC</text>\n</svg>\n", GUTTER - 24.0));
    out
}

fn legend(lanes: &Lanes) -> String {
    if lanes.marks.is_empty() {
        return String::new();
    }
    let item = |m: &super::lanes::Mark| format!("<strong>{}</strong> {} {}", m.number, words::clock(m.at, lanes.window), escape(&m.words));
    format!("<figcaption>{}</figcaption>\n", lanes.marks.iter().map(item).collect::<Vec<_>>().join(" · "))
}
