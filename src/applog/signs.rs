//! Known signs of trouble in a log line, and what each means for connections.

use super::Sign;
use crate::say;
use crate::text::Text;

/// What to look for, without regard to case. The first row that fits names the sign.
const SIGNS: &[(Sign, &[&str])] = &[
    (Sign::ConntrackFull, &["conntrack: table full", "nf_conntrack: nf_conntrack: table full"]),
    (Sign::SynFlood, &["possible syn flooding"]),
    (
        Sign::OutOfMemory,
        &[
            "out of memory",
            "outofmemoryerror",
            "oom-kill",
            "oomkilled",
            "killed process",
            "cannot allocate memory",
            "memoryerror",
            "gc overhead limit",
            "status=9/kill",
            "was sent sigkill",
        ],
    ),
    (Sign::TooManyFiles, &["too many open files", "emfile", "enfile"]),
    (
        Sign::WorkerConnections,
        &[
            "worker_connections are not enough",
            "maxrequestworkers",
            "max_children",
            "rejectedexecutionexception",
            "thread pool is exhausted",
            "threads are busy",
            "maxclients",
        ],
    ),
    (Sign::AddressInUse, &["address already in use", "eaddrinuse", "only one usage of each socket address"]),
    (Sign::EphemeralPorts, &["cannot assign requested address", "eaddrnotavail"]),
    (Sign::UpstreamRefused, &["no live upstreams", "econnrefused", "connection refused", "(111: "]),
    (Sign::WorkerTimeout, &["worker timeout", "upstream timed out", "worker failed to boot", "request timed out after"]),
    (
        Sign::Panic,
        &[
            "panicked at",
            "panic: ",
            "segfault at",
            "segmentation fault",
            "core dumped",
            "uncaughtexception",
            "uncaught exception",
            "unhandled exception",
            "fatal error:",
            "main process exited",
        ],
    ),
    (Sign::Boot, &["kernel: linux version", "booting linux", "boot_image=", "systemd[1]: startup finished"]),
    (
        Sign::Deployment,
        &[
            "deploying ",
            "deployed version",
            "deployment of ",
            "starting version",
            "running version",
            "new release",
            "application version",
            "build version",
        ],
    ),
    (
        Sign::Stop,
        &[
            "shutting down",
            "graceful shutdown",
            "gracefully stop",
            "received signal 15",
            "signal 15",
            "handling signal: term",
            "caught sigterm",
            "received sigterm",
            "sigquit",
            "systemd[1]: stopping ",
            "systemd[1]: stopped ",
            "shutdown hook",
            "worker exiting",
            "server stopped",
        ],
    ),
    (
        Sign::Start,
        &[
            "listening at",
            "listening on",
            "server startup in",
            "start worker process",
            "resuming normal operations",
            "application startup complete",
            "systemd[1]: started ",
            "systemd[1]: starting ",
            "ready to handle connections",
            "tomcat started on port",
            "booting worker",
            "starting gunicorn",
            "server started",
            "now listening",
        ],
    ),
    (Sign::ServerError, &["internal server error"]),
];

/// The sign in a line, if it is one.
pub fn of(line: &str) -> Option<Sign> {
    let lower = line.to_ascii_lowercase();
    SIGNS.iter().find(|(_, words)| words.iter().any(|w| lower.contains(w))).map(|(sign, _)| *sign)
}

impl Sign {
    /// The id, as in files.
    pub fn id(self) -> &'static str {
        match self {
            Self::UpstreamRefused => "upstream-refused",
            Self::WorkerTimeout => "worker-timeout",
            Self::OutOfMemory => "out-of-memory",
            Self::TooManyFiles => "too-many-files",
            Self::WorkerConnections => "worker-connections",
            Self::ConntrackFull => "conntrack-full",
            Self::AddressInUse => "address-in-use",
            Self::EphemeralPorts => "ephemeral-ports",
            Self::SynFlood => "syn-flood",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Deployment => "deployment",
            Self::Panic => "panic",
            Self::ServerError => "server-error",
            Self::StaticFileError => "static-file-error",
            Self::Boot => "boot",
        }
    }

    /// The words in a line that it is known by, in lower case.
    pub fn words_in(self, line: &str) -> Option<&'static str> {
        let lower = line.to_ascii_lowercase();
        let (_, words) = SIGNS.iter().find(|(sign, _)| *sign == self)?;
        words.iter().copied().find(|w| lower.contains(w))
    }

    /// Whether it can make connections fail by itself.
    pub fn breaks_connections(self) -> bool {
        !matches!(self, Self::Start | Self::Deployment | Self::ServerError | Self::StaticFileError)
    }

    /// What it means for connections to the target.
    pub fn meaning(self) -> Text {
        match self {
            Self::UpstreamRefused => say!(
                "the web server on the target was refused by the program behind it: that program is down or restarting",
                "máy chủ web trên target bị chương trình phía sau từ chối: chương trình đó đang tắt hoặc khởi động lại"
            ),
            Self::WorkerTimeout => say!(
                "workers hung and were killed: fewer are left to accept connections",
                "worker bị treo và bị dừng: còn ít worker để nhận kết nối"
            ),
            Self::OutOfMemory => say!(
                "memory ran out: the kernel or the runtime kills the process, and its port refuses until it is back",
                "hết bộ nhớ: tiến trình bị dừng và cổng từ chối kết nối cho tới khi chạy lại"
            ),
            Self::TooManyFiles => {
                say!("no file descriptor is left: new connections cannot be accepted", "hết file descriptor: không nhận được kết nối mới")
            }
            Self::WorkerConnections => say!(
                "every worker or connection slot is taken: new connections wait or are dropped",
                "mọi worker hoặc chỗ kết nối đã dùng hết: kết nối mới phải chờ hoặc bị bỏ"
            ),
            Self::ConntrackFull => say!(
                "the kernel's connection table is full: packets of new connections are dropped in silence",
                "bảng kết nối của kernel đã đầy: gói tin của kết nối mới bị bỏ âm thầm"
            ),
            Self::AddressInUse => say!(
                "the program could not open its port: nobody listens there, connections are refused",
                "chương trình không mở được cổng: không ai lắng nghe, kết nối bị từ chối"
            ),
            Self::EphemeralPorts => say!(
                "local ports ran out: the target cannot open connections of its own",
                "hết cổng cục bộ: target không mở được kết nối ra ngoài"
            ),
            Self::SynFlood => say!(
                "the accept queue overflows: connection attempts are dropped in silence",
                "hàng đợi nhận kết nối bị tràn: các lần kết nối bị bỏ âm thầm"
            ),
            Self::Start => say!("a process started", "một tiến trình bắt đầu chạy"),
            Self::Stop => say!(
                "a process stopped: its port refuses connections until it is back",
                "một tiến trình dừng: cổng của nó từ chối kết nối cho tới khi chạy lại"
            ),
            Self::Deployment => say!("a version was deployed", "một phiên bản được triển khai"),
            Self::Panic => say!(
                "the program crashed: its port refuses connections until it is back",
                "chương trình bị sập: cổng của nó từ chối kết nối cho tới khi chạy lại"
            ),
            Self::ServerError => say!(
                "the application answered with an error: the connection itself worked",
                "ứng dụng trả lời lỗi: bản thân kết nối vẫn thành công"
            ),
            Self::StaticFileError => say!(
                "errors on static files: the web server itself, its disk or its workers are in trouble, not the program behind it",
                "lỗi ở file tĩnh: bản thân máy chủ web, ổ đĩa hoặc worker gặp vấn đề, không phải chương trình phía sau"
            ),
            Self::Boot => {
                say!("the machine booted: it was restarted, whoever did it", "máy vừa khởi động: đã bị khởi động lại, bất kể ai làm")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_real_servers_are_known() {
        let known = [
            (
                "2026/11/20 13:02:11 [error] 7#0: *5 connect() failed (111: Connection refused) while connecting to upstream",
                Sign::UpstreamRefused,
            ),
            ("[CRITICAL] WORKER TIMEOUT (pid:12)", Sign::WorkerTimeout),
            ("kernel: Out of memory: Killed process 123 (java)", Sign::OutOfMemory),
            ("java.lang.OutOfMemoryError: Java heap space", Sign::OutOfMemory),
            ("accept4() failed (24: Too many open files)", Sign::TooManyFiles),
            ("[alert] 7#0: 1024 worker_connections are not enough", Sign::WorkerConnections),
            ("AH00484: server reached MaxRequestWorkers setting", Sign::WorkerConnections),
            ("nf_conntrack: nf_conntrack: table full, dropping packet", Sign::ConntrackFull),
            ("bind() to 0.0.0.0:80 failed (98: Address already in use)", Sign::AddressInUse),
            ("TCP: request_sock_TCP: Possible SYN flooding on port 8080. Sending cookies.", Sign::SynFlood),
            ("systemd[1]: Stopped The Application.", Sign::Stop),
            ("thread 'main' panicked at src/main.rs:1", Sign::Panic),
            ("Server startup in [1234] milliseconds", Sign::Start),
        ];
        for (line, sign) in known {
            assert_eq!(of(line), Some(sign), "{line}");
        }
        assert_eq!(of("GET /health 200"), None);
        assert_eq!(Sign::WorkerTimeout.words_in("[CRITICAL] WORKER TIMEOUT (pid:12)"), Some("worker timeout"));
    }
}
