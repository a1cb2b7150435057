//! A question that waits for yes or no, with what each comes to.

use super::{frame, middle};
use crate::say;
use crate::text::Text;
use crate::time::Window;
use crate::tui::app::App;
use crate::tui::{cost, numbers, paint, words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// An earlier time has to be read before it can be compared with.
    Earlier { then: Window, metrics: usize },
    /// Consoles of these instances are to be read.
    Consoles(Vec<String>),
    /// The ceiling on cost is reached: go on?
    Ceiling,
}

/// Title, what is the matter, what yes does, what no does.
fn asked(app: &App, question: &Question) -> [Text; 4] {
    match question {
        Question::Earlier { then, metrics } => earlier(app, *then, *metrics),
        Question::Consoles(ids) => consoles(ids),
        Question::Ceiling => ceiling(app),
    }
}

fn earlier(app: &App, then: Window, metrics: usize) -> [Text; 4] {
    let (when, price) = (app.clock().window(then), numbers::dollars(cost::of_metrics(metrics)));
    [
        say!("Fetch the other time?", "Đọc thời điểm kia?"),
        say!("{when} has not been read: about {metrics} metrics, {price}.", "{when} chưa được đọc: khoảng {metrics} chỉ số, {price}."),
        say!("y  fetch it", "y  đọc"),
        say!("n  leave it", "n  thôi"),
    ]
}

fn consoles(ids: &[String]) -> [Text; 4] {
    let (n, names) = (ids.len(), ids.join(", "));
    [
        say!("Read consoles?", "Đọc console?"),
        say!(
            "{names}: {n} call(s) of ec2:GetConsoleOutput, which cost nothing (older types take a second one). A console may hold secrets: only lines that tell of starts and kernel troubles are kept. They arrive in the findings (3), in the step “power events” and in what speaks for each cause.",
            "{names}: {n} lệnh gọi ec2:GetConsoleOutput, không tốn phí (loại máy cũ cần gọi hai lần). Console có thể chứa bí mật: chỉ giữ các dòng về khởi động và lỗi kernel. Kết quả nằm ở phần phát hiện (3), bước “tắt / bật máy” và lập luận của từng nguyên nhân."
        ),
        say!("y  read them", "y  đọc"),
        say!("n  leave it", "n  thôi"),
    ]
}

fn ceiling(app: &App) -> [Text; 4] {
    let (spent, budget) = (app.case.cost.estimated_usd, app.session.budget);
    let ceiling = numbers::dollars(budget.ceiling().unwrap_or_default());
    let (spent, next) = (numbers::dollars(spent), numbers::dollars(budget.next_ceiling(spent)));
    let minute = numbers::dollars(cost::of_metrics(app.case.series.len()));
    if let Some(words) = unasked(app, &spent, &ceiling) {
        let yes = if app.case.unasked.values().any(|u| u.at_least) {
            say!("y  ask for it, whatever it comes to", "y  đọc, tốn bao nhiêu cũng được")
        } else {
            say!("y  ask for it, up to {next} in all", "y  đọc, tổng cộng tới {next}")
        };
        return [
            say!("Go on spending?", "Tiếp tục chi phí?"),
            words,
            yes,
            say!("n  do without: it stays a gap, r asks again", "n  bỏ qua: vẫn là chỗ thiếu, r để hỏi lại"),
        ];
    }
    [
        say!("Go on spending?", "Tiếp tục chi phí?"),
        say!(
            "Asking AWS has cost about {spent}; your ceiling is {ceiling}. Nothing further is fetched. Following costs {minute} a minute.",
            "Việc hỏi AWS đã tốn khoảng {spent}; mức trần là {ceiling}. Không đọc thêm gì nữa. Theo dõi tốn {minute} mỗi phút."
        ),
        say!("y  go on, up to {next}", "y  tiếp tục, tới {next}"),
        say!("n  stop here: the screen is frozen, f asks again", "n  dừng ở đây: màn hình đóng băng, f để hỏi lại"),
    ]
}

/// What the first reading left out.
fn unasked(app: &App, spent: &str, ceiling: &str) -> Option<Text> {
    let all = &app.case.unasked;
    let areas: Vec<&str> = all.keys().map(|a| words::area(&app.look, *a)).collect();
    let (areas, metrics) = (areas.join(", "), all.values().map(|u| u.metrics).sum::<u64>());
    let price = numbers::dollars(all.values().map(|u| u.estimated_usd).sum());
    let of = if metrics > 0 { say!(", {metrics} metrics", ", {metrics} chỉ số") } else { Text::default() };
    let (of, of_vi) = (of.en, of.vi);
    if all.values().any(|u| u.at_least) {
        return Some(say!(
            "Not asked yet: {areas}{of}, for {price} at least: how much there is to read is not known before, so nobody can tell whether it stays under your ceiling of {ceiling}.",
            "Chưa đọc: {areas}{of_vi}, ít nhất {price}: không biết trước phải đọc bao nhiêu, nên không rõ có vượt mức trần {ceiling} hay không."
        ));
    }
    (!all.is_empty()).then(|| {
        say!(
            "Not asked yet: {areas}{of}, for about {price}. With the {spent} spent so far that is more than your ceiling of {ceiling}.",
            "Chưa đọc: {areas}{of_vi}, khoảng {price}. Cộng với {spent} đã tốn thì vượt mức trần {ceiling}."
        )
    })
}

pub fn draw(buf: &mut Buffer, area: Rect, app: &App, question: &Question) {
    let theme = &app.look.theme;
    let texts = asked(app, question);
    let [title, matter, yes, no] = [0, 1, 2, 3].map(|i| app.look.text(&texts[i]));
    let width = 68.min(area.width);
    let lines = paint::wrap(matter, width.saturating_sub(4));
    let inner = frame(buf, middle(area, width, lines.len() as u16 + 5), app, title, "y · n");
    for (y, line) in lines.iter().enumerate() {
        paint::text(buf, inner, 0, y as u16, line, theme.text);
    }
    let below = lines.len() as u16 + 1;
    paint::text(buf, inner, 0, below, yes, theme.focus);
    paint::text(buf, inner, 0, below + 1, no, theme.focus);
}
