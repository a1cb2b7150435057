//! The incidents that ship in the binary: case files like any other, replayed without a network.
//! `examples/make_demos.rs` writes them.

use crate::recording::{self, NotACase, Recording};
use crate::say;
use crate::text::Text;
use std::path::Path;

/// One demo: its name, and what its users would have said. The cause is for the reader to find.
struct Demo {
    name: &'static str,
    case: &'static [u8],
    line: fn() -> Text,
}

macro_rules! demos {
    ($($name:literal: $en:literal, $vi:literal;)*) => {
        &[$(Demo {
            name: $name,
            case: include_bytes!(concat!("../../assets/demo/", $name, ".case")),
            line: || say!($en, $vi),
        }),*]
    };
}

/// The default one first.
const DEMOS: &[Demo] = demos! {
    "overload": "a shop at 11:10 in Tokyo: pages hang, some come back as 504 after ten seconds", "một cửa hàng lúc 11:10 ở Tokyo: trang treo, một số trả về 504 sau mười giây";
    "process-down": "a payment service at night: one request in six fails at once, every target is healthy", "dịch vụ thanh toán ban đêm: cứ sáu yêu cầu thì một lỗi ngay, mọi target đều healthy";
    "security-group": "an API whose errors began small and grow every minute; still going on", "một API có lỗi lúc đầu ít rồi tăng từng phút; vẫn đang tiếp diễn";
    "reboot": "a member portal in the afternoon: two minutes of errors, three kinds of them, then calm", "cổng thành viên buổi chiều: hai phút lỗi, ba kiểu lỗi, rồi yên";
    "scale-in": "a picture service in the evening: a short burst of errors, then fewer targets than before", "dịch vụ ảnh buổi tối: một đợt lỗi ngắn, rồi ít target hơn trước";
    "deploy": "a booking site before noon: errors wander from target to target", "trang đặt phòng trước trưa: lỗi đi từ target này sang target khác";
    "nacl": "an order API at closing time: half of the targets gone at one stroke", "API đơn hàng cuối ngày: mất một nửa target trong chốc lát";
    "credits": "a learning platform on small instances: usual traffic, unusual errors", "nền tảng học trên máy nhỏ: lưu lượng như thường, lỗi bất thường";
    "zone": "a chat in three zones: one of them falls silent", "dịch vụ chat ở ba vùng: một vùng im lặng";
    "noise": "a wiki whose alarm rings again and again, and whose users noticed nothing", "trang wiki có cảnh báo kêu mãi mà người dùng không thấy gì";
    "double": "a till system with a bad half hour: is it one fault or two?", "hệ thống bán hàng nửa giờ tồi tệ: một lỗi hay hai?";
};

/// Every demo with one line about it, the default one first.
pub fn list() -> Vec<(&'static str, Text)> {
    DEMOS.iter().map(|d| (d.name, (d.line)())).collect()
}

/// The demo of that name; the default one for an empty name.
///
/// # Errors
/// [`NoDemo::Unknown`] lists the names there are.
pub fn open(name: &str) -> Result<Recording, NoDemo> {
    let wanted = if name.is_empty() { DEMOS.first() } else { DEMOS.iter().find(|d| d.name == name) };
    let demo = wanted.ok_or_else(|| NoDemo::Unknown { name: name.chars().take(80).collect(), names: names() })?;
    Ok(recording::read_from(demo.case, Path::new(demo.name))?)
}

fn names() -> String {
    DEMOS.iter().map(|d| d.name).collect::<Vec<_>>().join(", ")
}

/// Why there is no such demo.
#[derive(Debug, thiserror::Error)]
pub enum NoDemo {
    #[error("there is no demo called “{name}”; there are: {names}")]
    Unknown { name: String, names: String },
    #[error(transparent)]
    Damaged(#[from] NotACase),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::exchange::What;

    #[test]
    fn every_demo_opens_whole_and_knows_its_name() {
        for demo in DEMOS {
            let recording = open(demo.name).unwrap();
            assert_eq!(recording.truncated_after_line, None, "{}", demo.name);
            assert!(recording.unknown.is_empty(), "{}: {:?}", demo.name, recording.unknown);
            let subject = recording.facts.iter().find_map(|f| if let What::Subject(s) = &f.what { Some(s) } else { None });
            assert_eq!(subject.unwrap().demo.as_deref(), Some(demo.name));
            assert!(!Case::from_facts(recording.facts).series.is_empty());
            assert!(demo.case.len() < 300_000, "{} is {} bytes", demo.name, demo.case.len());
        }
    }

    #[test]
    fn the_default_is_the_first() {
        assert_eq!(list()[0].0, "overload");
        assert_eq!(open("").unwrap().facts, open("overload").unwrap().facts);
    }

    #[test]
    fn an_unknown_name_says_which_there_are() {
        let words = open("nothing-like-it").unwrap_err().to_string();
        assert!(words.contains("overload") && words.contains("security-group"), "{words}");
    }
}
