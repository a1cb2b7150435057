//! What a picture needs to be read a year later, written around the cells: account, region, resource, window
//! with zone, coverage and version above; events, statistics and legend below.

use crate::case::Case;
use crate::judge::Judged;
use crate::report::lanes::{self, Lane, Lanes};
use crate::report::plain::wrap;
use crate::report::words;
use crate::say;
use crate::text::{Lang, Text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

/// Columns left free on both sides.
const MARGIN: u16 = 2;

/// Lines above and below a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Caption {
    pub above: Vec<String>,
    pub below: Vec<String>,
}

impl Caption {
    pub fn of(case: &Case, judged: &Judged, lang: Lang) -> Self {
        let lanes = lanes::choose(case, judged, lang);
        let get = |t: Text| t.get(lang).to_owned();
        let mut below = events(case, &lanes, lang);
        below.extend(measures(&lanes.lanes, lang));
        below.push(get(say!(
            "A dot or a line on the ground is 0; a blank or a dashed line is unknown, not 0.",
            "Dấu chấm hoặc vạch sát đáy là 0; khoảng trống hoặc nét đứt là không rõ, không phải 0."
        )));
        let (version, demo) = (env!("CARGO_PKG_VERSION"), case.subject.as_ref().and_then(|s| s.demo.as_deref()));
        below.push(match demo {
            Some(name) => {
                get(say!("alb-triage {version}, demo “{name}”: invented data", "alb-triage {version}, minh họa “{name}”: dữ liệu dựng nên"))
            }
            None => format!("alb-triage {version}"),
        });
        Self { above: vec![place(case, judged, lang), coverage(judged, lang)], below }
    }

    /// The same without the measures of other lanes: a lane's picture has its own in its title.
    pub fn for_lane(&self, lane: &Lane) -> Self {
        let below = self.below.iter().filter(|line| !line.contains(&lane.measure()) || !line.contains(&lane.label));
        Self { above: self.above.clone(), below: below.cloned().collect() }
    }
}

/// Statistic and period of each lane.
fn measures(lanes: &[Lane], lang: Lang) -> Option<String> {
    let label = say!("Statistic / period:", "Thống kê / chu kỳ:");
    let each: Vec<_> = lanes.iter().map(|l| format!("{} ({})", l.label, l.measure())).collect();
    (!each.is_empty()).then(|| format!("{} {}", label.get(lang), each.join("; ")))
}

fn place(case: &Case, judged: &Judged, lang: Lang) -> String {
    let story = crate::report::story::Story::new(case, judged, lang, judged.window.end);
    let identity = case.identity.as_ref();
    let account = identity.map(|i| i.alias.as_ref().map_or_else(|| i.account.clone(), |a| format!("{a} ({})", i.account)));
    let parts = [Some(story.place()), account, identity.map(|i| i.region.clone()), Some(words::span(judged.window))];
    parts.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn coverage(judged: &Judged, lang: Lang) -> String {
    let (ran, total, gaps) = (judged.coverage.ran, judged.coverage.total, judged.coverage.gaps.len());
    let text =
        say!("{ran} of {total} checks ran, {gaps} things could not be read", "{ran}/{total} bước đã chạy, {gaps} thứ không đọc được");
    text.get(lang).to_owned()
}

fn events(case: &Case, lanes: &Lanes, lang: Lang) -> Vec<String> {
    if lanes.marks.is_empty() {
        let words = if case.may_miss_changes() {
            say!(
                "Events: none seen on the load balancer's path; not all changes could be read",
                "Sự kiện: không thấy gì trên đường đi của load balancer; không đọc được hết các thay đổi"
            )
        } else {
            say!("Events: none on the load balancer's path", "Sự kiện: không có gì trên đường đi của load balancer")
        };
        return vec![words.get(lang).to_owned()];
    }
    lanes.marks.iter().map(|m| format!("{} {} UTC  {}", m.number, words::clock(m.at, lanes.window), m.words)).collect()
}

/// The picture with its caption around it.
pub fn framed(buffer: &Buffer, caption: &Caption) -> Buffer {
    let inner = usize::from(buffer.area.width).max(1);
    let width = buffer.area.width.saturating_add(2 * MARGIN);
    let fold = |lines: &[String]| lines.iter().flat_map(|l| wrap(&crate::text::clean(l), inner)).collect::<Vec<_>>();
    let (above, below) = (fold(&caption.above), fold(&caption.below));
    let rows = |lines: &[String]| u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let height = buffer.area.height.saturating_add(rows(&above)).saturating_add(rows(&below)).saturating_add(4);
    let mut out = Buffer::empty(Rect { x: 0, y: 0, width, height });
    let bold = Style::new().add_modifier(Modifier::BOLD);
    for (y, line) in (1..).zip(&above) {
        put(&mut out, y, line, if y == 1 { bold } else { Style::new() });
    }
    let top = rows(&above).saturating_add(2);
    paste(&mut out, buffer, top);
    for (y, line) in (top.saturating_add(buffer.area.height).saturating_add(1)..).zip(&below) {
        put(&mut out, y, line, Style::new());
    }
    out
}

fn put(buffer: &mut Buffer, y: u16, line: &str, style: Style) {
    if y < buffer.area.height {
        buffer.set_string(MARGIN, y, line, style);
    }
}

fn paste(into: &mut Buffer, from: &Buffer, top: u16) {
    for y in 0..from.area.height {
        for x in 0..from.area.width {
            let cell = from.cell((from.area.x + x, from.area.y + y));
            if let (Some(to), Some(cell)) = (into.cell_mut((x.saturating_add(MARGIN), top.saturating_add(y))), cell) {
                *to = cell.clone();
            }
        }
    }
}
