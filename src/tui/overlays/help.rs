//! Help: made from the keymap, and what the signs on the lanes mean.

use super::{frame, middle};
use crate::tui::app::App;
use crate::tui::keymap::Group;
use crate::tui::paint::{self, Line, piece};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Every line of help, for a column of this width.
pub fn lines(app: &App, width: u16) -> Vec<Line> {
    let theme = &app.look.theme;
    let mut lines = Vec::new();
    for group in Group::ALL {
        lines.push(vec![piece(group.title(app.look.lang), theme.title)]);
        for row in app.keys.rows().iter().filter(|r| r.group == group) {
            let keys = paint::padded(&row.keys_shown(), 15);
            let wrapped = paint::wrap(row.says(app.look.lang), width.saturating_sub(17));
            for (i, words) in wrapped.into_iter().enumerate() {
                let left = if i == 0 { keys.clone() } else { " ".repeat(15) };
                lines.push(vec![piece(left, theme.focus), piece(format!("  {words}"), theme.text)]);
            }
        }
        lines.push(Vec::new());
    }
    lines.extend(legend(app));
    lines
}

/// What the signs mean.
fn legend(app: &App) -> Vec<Line> {
    let (look, theme) = (&app.look, &app.look.theme);
    let rows = [
        ("▁▂▃▄▅▆▇█", look.say("a value; a column shows the highest of its periods", "giá trị; mỗi cột là kỳ cao nhất trong cột")),
        ("_", look.say("zero, published", "số không, có công bố")),
        (
            "·",
            look.say(
                "zero, known because requests flowed and nothing was published",
                "số không, vì có request mà không có gì được công bố",
            ),
        ),
        ("?", look.say("no traffic: unknown", "không có lưu lượng: không rõ")),
        (" ", look.say("a gap: it should have been published and was not", "khoảng trống: lẽ ra phải có số liệu")),
        ("░", look.say("not asked of CloudWatch", "chưa hỏi CloudWatch")),
        ("╌", look.say("the alarm's threshold", "ngưỡng của alarm")),
        ("①", look.say("an event; ═ how long it lasted", "sự kiện; ═ kéo dài bao lâu")),
        ("✓ ! ‼", look.say("a step: nothing wrong, look at it, found", "bước: ổn, cần xem, phát hiện")),
        ("~ ? …", look.say("a step: cannot tell, ask somebody, on its way", "bước: không xác định, cần hỏi, đang chờ")),
        ("≈", look.say("inferred, not reported by anybody", "suy ra, không ai báo cáo")),
    ];
    let head = vec![piece(look.say("Signs", "Ký hiệu"), theme.title)];
    let body =
        rows.into_iter().map(|(sign, words)| vec![piece(paint::padded(sign, 15), theme.info), piece(format!("  {words}"), theme.text)]);
    std::iter::once(head)
        .chain(body)
        .chain(std::iter::once(vec![piece(
            look.say("underlined: a period that had not ended yet", "gạch dưới: kỳ chưa kết thúc"),
            theme.dim,
        )]))
        .collect()
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, scroll: usize) {
    let two = area.width >= 150;
    let width = if two { area.width - 10 } else { area.width.min(92) };
    let inner = frame(
        buf,
        middle(area, width, area.height),
        app,
        app.look.say("Keys", "Phím"),
        app.look.say("j k scroll · Esc back", "j k cuộn · Esc quay lại"),
    );
    let column = if two { inner.width / 2 } else { inner.width };
    let lines = lines(app, column);
    let height = usize::from(inner.height);
    let scroll = scroll.min(lines.len().saturating_sub(height));
    for (i, line) in lines.iter().skip(scroll).enumerate() {
        let (x, y) = if i < height {
            (0, i)
        } else if two && i < height * 2 {
            (column, i - height)
        } else {
            break;
        };
        let part = Rect { x: inner.x + x, width: column.min(inner.width), ..inner };
        paint::line(buf, part, 0, y as u16, line);
    }
}
