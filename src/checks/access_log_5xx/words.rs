//! What signatures mean, in words for a tired person.

use crate::accesslog::Signature;
use crate::accesslog::line::address_and_port;
use crate::case::Case;
use crate::case::addresses::Addresses;
use crate::say;
use crate::text::Text;

/// Follows a number: `3911 refused at once`.
pub fn name(signature: Signature) -> Text {
    match signature {
        Signature::Refused => say!("refused at once (502)", "bị từ chối ngay (502)"),
        Signature::ConnectTimeout => say!("unanswered for 10 s (504)", "không được trả lời trong 10 s (504)"),
        Signature::KeepaliveRace => say!("on a connection that the target closed (502)", "trên kết nối bị target đóng (502)"),
        Signature::SlowTarget => say!("connected but without an answer in time (504)", "đã kết nối nhưng không có trả lời kịp (504)"),
        Signature::Tls => say!("probably failed TLS handshakes (502)", "có lẽ lỗi bắt tay TLS (502)"),
        Signature::NoTarget => say!("without any target to send to (503)", "không có target nào để gửi (503)"),
        Signature::App5xx => say!("answered 5xx by the application itself", "do chính ứng dụng trả 5xx"),
        Signature::ClientGone => say!("given up by the client (460)", "bị client bỏ (460)"),
        Signature::DeregistrationCut => say!("cut off by deregistration (502)", "bị cắt khi gỡ đăng ký target (502)"),
        Signature::Other5xx => say!("failed in some other way", "lỗi theo cách khác"),
    }
}

/// The same in a word or two.
pub fn brief(signature: Signature) -> Text {
    match signature {
        Signature::Refused => say!("refused", "bị từ chối"),
        Signature::ConnectTimeout => say!("unanswered", "không trả lời"),
        Signature::KeepaliveRace => say!("closed early", "bị đóng sớm"),
        Signature::SlowTarget => say!("too slow", "quá chậm"),
        Signature::Tls => say!("TLS failed", "lỗi TLS"),
        Signature::NoTarget => say!("without target", "không có target"),
        Signature::App5xx => say!("from the app", "từ ứng dụng"),
        Signature::ClientGone => say!("given up", "client bỏ"),
        Signature::DeregistrationCut => say!("cut off", "bị cắt"),
        Signature::Other5xx => say!("other 5xx", "5xx khác"),
    }
}

/// What stands behind a signature.
pub fn meaning(signature: Signature) -> Text {
    match signature {
        Signature::Refused => say!(
            "Refused at once: the host is alive and said no. Nothing listens on that port, or a rule rejects: look at the process and its port first.",
            "Bị từ chối ngay: máy vẫn sống và trả lời không. Không có gì lắng nghe ở cổng đó, hoặc có luật REJECT: xem tiến trình và cổng trước."
        ),
        Signature::ConnectTimeout => say!(
            "Unanswered for 10 s: the connection attempt met silence. A firewall or route drops it, the host is down or hung, or its accept queue overflows.",
            "Không trả lời trong 10 s: yêu cầu kết nối rơi vào im lặng. Firewall hoặc định tuyến bỏ gói, máy chết hoặc treo, hoặc hàng đợi accept bị tràn."
        ),
        Signature::KeepaliveRace => say!(
            "The target closed an open connection under the request: its keep-alive is shorter than the balancer's idle timeout, or the process ended. The alarm's metric does not count this.",
            "Target đóng kết nối đang mở: keep-alive ngắn hơn idle timeout của load balancer, hoặc tiến trình kết thúc. Metric của alarm không đếm loại này."
        ),
        Signature::SlowTarget => say!(
            "The connection stood, the answer did not come in time: the application is slow. The alarm's metric does not count this.",
            "Kết nối được nhưng trả lời không kịp: ứng dụng chậm. Metric của alarm không đếm loại này."
        ),
        Signature::Tls => say!(
            "The connection broke before a request was sent, as in a failed TLS handshake; TargetTLSNegotiationErrorCount tells. The log alone cannot be sure.",
            "Kết nối đứt trước khi gửi yêu cầu, như khi bắt tay TLS lỗi; TargetTLSNegotiationErrorCount cho biết. Chỉ log thì chưa chắc."
        ),
        Signature::NoTarget => say!(
            "The group had no target to send to: none registered, or none in use. The alarm's metric does not count this.",
            "Nhóm không có target để gửi: chưa đăng ký hoặc không dùng. Metric của alarm không đếm loại này."
        ),
        Signature::App5xx => say!(
            "The application was reached and answered 5xx: its own log says why. No connection failed.",
            "Đã tới được ứng dụng và nó trả 5xx: log của ứng dụng cho biết lý do. Không có lỗi kết nối."
        ),
        Signature::ClientGone => say!("Clients gave up waiting: look at what was slow.", "Client không đợi nữa: xem cái gì chậm."),
        Signature::DeregistrationCut => say!(
            "Requests were still running when the target's deregistration delay ran out: raise the delay or shorten the requests.",
            "Yêu cầu còn đang chạy khi hết deregistration delay: tăng delay hoặc rút ngắn yêu cầu."
        ),
        Signature::Other5xx => say!(
            "The times fit no known way to fail; look at the lines themselves and at error_reason.",
            "Thời gian không khớp kiểu lỗi nào đã biết; hãy xem chính các dòng log và error_reason."
        ),
    }
}

/// The runbook says an overloaded instance "rejects" connections; on Linux it mostly does not.
pub fn correction(refused: u64, silent: u64) -> Text {
    say!(
        "{refused} refused (502), {silent} unanswered (504). The runbook speaks of an overloaded instance that rejects connections; an overloaded Linux host mostly drops attempts, which shows as 504 after 10 s. Refusal at once points to a closed port before it points to load.",
        "{refused} bị từ chối (502), {silent} không trả lời (504). Runbook nói máy quá tải từ chối kết nối; máy Linux quá tải thường bỏ gói, hiện ra là 504 sau 10 s. Bị từ chối ngay nghĩa là cổng đóng, trước khi nghĩ tới quá tải."
    )
}

/// `i-0ab… (10.0.1.5:8080)` where the instance is known.
pub fn target(case: &Case, target: &str) -> String {
    let address = address_and_port(target).map_or(target, |(a, _)| a);
    match case.derived::<Addresses>().instance(case, address) {
        Some(instance) => format!("{} ({target})", instance.id),
        None => target.to_owned(),
    }
}
