//! What is asked of a case before causes are weighed: one row a signal, each answered once, with yes, no or
//! unknown. Unknown weighs nothing and is listed. Signals know no cause.

mod alarm;
mod config;
mod console;
mod events;
mod failures;
mod health;
mod hosts;
mod load;
mod logs;
mod place;
mod shape;

use crate::analysis::scene::Scene;
use crate::case::Case;
use crate::checks::{Book, Value};
use crate::exchange::Area;
use crate::say;
use crate::text::Text;
use std::collections::BTreeMap;

/// Signals of one group measure the same thing more than once: together they weigh no more than a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// How requests failed.
    Failures,
    /// Where.
    Place,
    Load,
    /// The targets' machines.
    Target,
    Health,
    Config,
    /// How errors began and how many.
    Magnitude,
    Log,
    Alarm,
    /// What happened, each kind by itself.
    Event(&'static str),
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// With how sure that is, from 0 to 1, and the evidence.
    Yes(f64, String),
    No(f64, String),
    /// Why it cannot be told, if more is known than that nothing was read.
    Unknown(Option<Text>),
}

/// A question and where its answer comes from.
#[derive(Clone, Copy, Debug)]
pub struct Signal {
    pub id: &'static str,
    pub group: Group,
    pub area: Area,
    /// What is asked, as the end of "it is not known …".
    pub en: &'static str,
    pub vi: &'static str,
}

macro_rules! signals {
    ($($id:literal $group:expr, $area:ident, $en:literal, $vi:literal;)*) => {
        /// Every signal that causes are weighed by.
        pub const SIGNALS: &[Signal] = &[$(Signal { id: $id, group: $group, area: Area::$area, en: $en, vi: $vi }),*];
    };
}

use Group::{Alarm, Config, Event, Failures, Health, Load, Log, Magnitude, Place, Target};

#[rustfmt::skip]
signals! {
    "connection-failures" Magnitude, BalancerMetrics, "whether connections to targets failed", "kết nối tới target có lỗi không";
    "refused" Failures, AccessLog, "whether connections were refused at once", "kết nối có bị từ chối ngay không";
    "timeouts" Failures, AccessLog, "whether connections were never answered", "kết nối có bị bỏ mặc đến hết giờ không";
    "mixed" Failures, AccessLog, "whether connections both were refused and timed out", "kết nối có vừa bị từ chối vừa hết giờ không";
    "refused-then-timeouts" Failures, AccessLog, "whether refusals, silence and refusals followed one another, as in a restart", "lỗi có theo thứ tự từ chối, im lặng, từ chối như khi khởi động lại không";
    "successes-mixed" Failures, AccessLog, "whether the failing targets answered other requests meanwhile", "target lỗi có trả lời các request khác trong lúc đó không";
    "refuses-some" Failures, AccessLog, "whether targets refused new connections and went on answering on open ones", "target có từ chối kết nối mới mà vẫn trả lời trên kết nối cũ không";
    "lost-syns" Failures, AccessLog, "whether successful connections took 1, 3 or 7 s", "kết nối thành công có mất 1, 3 hay 7 giây không";
    "keepalive-cuts" Failures, AccessLog, "whether targets closed connections under requests", "target có đóng kết nối giữa chừng request không";
    "slow-answers" Failures, AccessLog, "whether answers took longer than the idle timeout", "trả lời có lâu hơn idle timeout không";
    "app-errors" Failures, AccessLog, "whether the application answered 5xx itself", "ứng dụng có tự trả về 5xx không";
    "no-target-503" Failures, AccessLog, "whether there was no target to send to", "có phải không có target nào để gửi tới không";
    "tls-errors" Failures, BalancerMetrics, "whether TLS with the targets failed", "TLS với target có lỗi không";
    "auth-waf-lambda-errors" Failures, AccessLog, "whether authentication, WAF or Lambda failed", "xác thực, WAF hay Lambda có lỗi không";
    "one-target" Place, AccessLog, "whether one target failed alone", "có phải chỉ một target lỗi không";
    "all-targets" Place, AccessLog, "whether all targets failed", "có phải mọi target đều lỗi không";
    "one-zone" Place, BalancerMetrics, "whether one zone failed alone", "có phải chỉ một zone lỗi không";
    "all-groups" Place, BalancerMetrics, "whether every target group of the balancer failed", "có phải mọi target group của load balancer đều lỗi không";
    "one-node" Place, AccessLog, "whether one balancer node failed alone", "có phải chỉ một node của load balancer lỗi không";
    "young-targets" Place, AccessLog, "whether only targets failed that had just come", "có phải chỉ target mới vào bị lỗi không";
    "gone-targets" Place, AccessLog, "whether only targets failed that have left", "có phải chỉ target đã rời đi bị lỗi không";
    "one-after-another" Place, AccessLog, "whether targets failed one after another", "các target có lỗi lần lượt không";
    "requests-rose" Load, BalancerMetrics, "whether requests rose before the errors", "request có tăng trước khi lỗi không";
    "load-per-target-rose" Load, BalancerMetrics, "whether each healthy target got more requests", "mỗi target khoẻ có nhận nhiều request hơn không";
    "capacity-fell-first" Load, BalancerMetrics, "whether healthy targets became fewer first", "số target khoẻ có giảm trước không";
    "cpu-high" Load, HostMetrics, "whether targets' CPU was near 100 %", "CPU của target có gần 100 % không";
    "load-flat" Load, HostMetrics, "whether requests, network and CPU all stayed as they were", "request, mạng và CPU có giữ nguyên không";
    "response-time-rose-first" Load, BalancerMetrics, "whether answers slowed down before the errors", "thời gian trả lời có tăng trước khi lỗi không";
    "carried-before" Load, Baseline, "whether the same load passed without errors before", "trước đây cùng mức tải có qua được mà không lỗi không";
    "connections-without-requests" Load, BalancerMetrics, "whether connections rose more than requests", "số kết nối có tăng hơn số request không";
    "rejected-connections" Config, BalancerMetrics, "whether the balancer turned clients away", "load balancer có từ chối client không";
    "requests-moved" Place, BalancerMetrics, "whether requests moved from one target group to another", "request có chuyển từ target group này sang target group khác không";
    "credits-empty" Target, HostMetrics, "whether CPU credits had run out", "CPU credit có cạn không";
    "cpu-pinned" Target, HostMetrics, "whether CPU stood at the type's baseline", "CPU có đứng ở mức cơ sở của loại máy không";
    "memory-full" Target, HostMetrics, "whether memory was full (needs the CloudWatch agent)", "bộ nhớ có đầy không (cần CloudWatch agent)";
    "instance-check-failed" Target, HostMetrics, "whether a target's instance status check failed", "instance status check của target có lỗi không";
    "system-check-failed" Target, HostMetrics, "whether a target's system or EBS status check failed", "system hoặc EBS status check của target có lỗi không";
    "host-silent" Target, HostMetrics, "whether a target stopped reporting altogether", "có target nào ngừng gửi số liệu hẳn không";
    "stopped-by-call" Event("instance-state"), Instances, "whether a silent target was stopped through the API", "target im lặng có bị dừng qua API không";
    "zone-silent" Target, HostMetrics, "whether several machines of one zone failed together", "nhiều máy trong một zone có cùng hỏng không";
    "work-fell" Target, HostMetrics, "whether the failing targets' CPU and network fell", "CPU và mạng của target lỗi có giảm không";
    "allowance-exceeded" Target, HostMetrics, "whether a network allowance of the instances was exceeded (needs ethtool metrics)", "hạn mức mạng của instance có bị vượt không (cần số liệu ethtool)";
    "ports-used-up" Target, HostMetrics, "whether sockets piled up (needs the CloudWatch agent)", "socket có dồn lại không (cần CloudWatch agent)";
    "spot-targets" Target, Instances, "whether targets are spot instances", "target có phải spot instance không";
    "none-healthy" Health, BalancerMetrics, "whether no target was healthy while requests came", "có phải không target nào khoẻ trong khi vẫn có request không";
    "unhealthy-before" Health, BalancerMetrics, "whether targets were unhealthy already before", "có target đã không khoẻ từ trước không";
    "health-flat" Health, BalancerMetrics, "whether health checks noticed nothing", "health check có không thấy gì không";
    "targets-left" Health, BalancerMetrics, "whether targets were taken out rather than found unhealthy", "target bị rút ra chứ không phải bị coi là không khoẻ";
    "targets-joined-first" Health, BalancerMetrics, "whether new targets became healthy just before", "có target mới vừa vào ngay trước đó không";
    "target-sg-blocks" Config, Network, "whether the targets' security groups let the balancer in", "security group của target có cho load balancer vào không";
    "balancer-sg-blocks" Config, Network, "whether the balancer's security group lets it out", "security group của load balancer có cho đi ra không";
    "acl-or-route-blocks" Config, Network, "whether a network ACL or a route stops packets", "network ACL hay route có chặn gói tin không";
    "path-open" Config, Network, "whether the whole way is open by configuration", "theo cấu hình toàn bộ đường đi có thông không";
    "health-port-differs" Config, Balancer, "whether health checks ask another port than requests use", "health check có dùng cổng khác cổng nhận request không";
    "no-registered-targets" Config, TargetHealth, "whether a group has no targets", "có group nào không có target không";
    "subnets-full" Config, Network, "whether the balancer's subnets have free addresses", "subnet của load balancer còn địa chỉ trống không";
    "balancer-impaired" Config, Balancer, "whether the balancer is impaired", "load balancer có bị suy giảm không";
    "address-without-owner" Config, Network, "whether every target's address belongs to something", "địa chỉ của mọi target có chủ không";
    "lambda-targets" Config, Balancer, "whether the targets are Lambda functions", "target có phải hàm Lambda không";
    "power-event" Event("power"), Changes, "whether somebody rebooted, stopped or terminated a target", "có ai khởi động lại, dừng hay xoá target không";
    "target-sg-event" Event("target-sg"), Changes, "whether the targets' security groups were changed", "security group của target có bị đổi không";
    "balancer-sg-event" Event("balancer-sg"), Changes, "whether the balancer's security group was changed", "security group của load balancer có bị đổi không";
    "acl-or-route-event" Event("acl"), Changes, "whether an ACL, a route or a subnet was changed", "ACL, route hay subnet có bị đổi không";
    "deployment-event" Event("deployment"), Changes, "whether something was deployed to the targets", "có triển khai lên target không";
    "replacement-event" Event("replacement"), Lifecycle, "whether targets were being replaced", "target có đang được thay không";
    "scale-in-event" Event("scale-in"), Lifecycle, "whether the fleet was made smaller", "nhóm máy có bị thu nhỏ không";
    "scale-out-event" Event("scale-out"), Lifecycle, "whether the fleet was made larger", "nhóm máy có được mở rộng không";
    "registration-event" Event("registration"), Changes, "whether targets were registered or deregistered", "có đăng ký hay gỡ target không";
    "spot-event" Event("spot"), Changes, "whether spot capacity was taken back", "spot có bị thu hồi không";
    "balancer-event" Event("balancer"), Changes, "whether listeners or rules were changed", "listener hay rule có bị đổi không";
    "health-check-event" Event("health-check"), Changes, "whether the health check was changed", "health check có bị đổi không";
    "aws-event" Event("aws"), AwsHealth, "whether AWS reported a fault", "AWS có báo sự cố không";
    "maintenance-event" Event("maintenance"), Instances, "whether AWS planned work on a target's host", "AWS có lịch bảo trì máy chủ của target không";
    "on-box-event" Event("on-box"), Changes, "whether somebody was on a target", "có ai đăng nhập hay chạy lệnh trên target không";
    "os-shutdown-event" Event("os-shutdown"), Instances, "whether a machine shut itself down", "có máy nào tự tắt từ bên trong không";
    "task-died-event" Event("task-died"), Lifecycle, "whether a task or process ended by itself", "có task hay tiến trình tự kết thúc không";
    "log-oom" Log, AppLog, "whether memory ran out in the log", "log có báo hết bộ nhớ không";
    "log-limit" Log, AppLog, "whether a limit was hit in the log (files, connections, ports)", "log có báo chạm giới hạn không (file, kết nối, cổng)";
    "log-worker-timeout" Log, AppLog, "whether workers timed out in the log", "log có báo worker quá giờ không";
    "log-exit" Log, AppLog, "whether the application crashed in the log", "log có ghi ứng dụng bị sập không";
    "log-stopped" Log, AppLog, "whether the application was told to stop in the log", "log có ghi ứng dụng được lệnh dừng không";
    "log-restart" Log, AppLog, "whether the application started again in the log", "log có ghi ứng dụng khởi động lại không";
    "log-restarts" Log, AppLog, "whether the application started again on several hosts", "ứng dụng có khởi động lại trên nhiều máy không";
    "log-boot" Log, AppLog, "whether the machine booted in the log", "log có ghi máy khởi động không";
    "log-deployment" Log, AppLog, "whether a new version started in the log", "log có ghi phiên bản mới không";
    "failed-arrived" Log, AppLog, "whether requests whose connection failed reached the application after all", "yêu cầu lỗi kết nối có thật ra đã tới ứng dụng không";
    "console-oom" Log, Consoles, "whether memory ran out by a target's console", "console của target có báo hết bộ nhớ không";
    "console-limit" Log, Consoles, "whether a limit was hit by a target's console (connection table, files, disk)", "console của target có báo chạm giới hạn không (bảng kết nối, file, ổ đĩa)";
    "console-syn-flood" Log, Consoles, "whether more connections came than a target could queue, by its console", "console của target có báo kết nối tới nhiều hơn hàng đợi không";
    "console-crash" Log, Consoles, "whether a target's kernel crashed or hung by its console", "console của target có báo kernel sập hay treo không";
    "console-disk" Log, Consoles, "whether a disk failed or turned read-only by a target's console", "console của target có báo lỗi ổ đĩa hay chỉ đọc không";
    "console-boot" Log, Consoles, "whether a target went down or started anew by its console", "console của target có báo máy tắt hay khởi động lại không";
    "agent-lost" Target, Instances, "whether Systems Manager's agent on a target fell silent (its machine or its network was gone)", "agent Systems Manager trên target có im lặng không (máy hoặc mạng đã mất)";
    "lived-through" Log, AppLog, "whether the application wrote its log all through the errors", "ứng dụng có ghi log suốt lúc lỗi không";
    "log-silent" Log, AppLog, "whether the application's log fell silent", "log của ứng dụng có im lặng không";
    "ramp" Magnitude, BalancerMetrics, "whether errors grew slowly", "lỗi có tăng dần không";
    "step" Magnitude, BalancerMetrics, "whether errors began at once", "lỗi có bắt đầu đột ngột không";
    "short" Magnitude, BalancerMetrics, "whether errors were over within three minutes", "lỗi có hết trong ba phút không";
    "nearly-all-fail" Magnitude, BalancerMetrics, "whether nearly all requests failed", "có gần như mọi request đều lỗi không";
    "alarm-without-errors" Alarm, AlarmHistory, "whether the alarm went off without errors", "báo động có kêu khi không có lỗi không";
    "alarm-too-sensitive" Alarm, Alarm, "whether the alarm's threshold means something", "ngưỡng của báo động có ý nghĩa không";
    "alarm-edited" Alarm, AlarmHistory, "whether the alarm itself was changed", "chính báo động có bị sửa không";
    "alarm-by-hand" Alarm, AlarmHistory, "whether the alarm was set by hand", "trạng thái báo động có bị đặt bằng tay không";
}

/// Whether somebody has to ask for it: that nobody did is no hole in what was read.
pub fn is_on_request(id: &str) -> bool {
    id.starts_with("console-")
}

/// A signal by its id.
pub fn find(id: &str) -> Option<&'static Signal> {
    SIGNALS.iter().find(|s| s.id == id)
}

/// Every signal's answer for one case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    answers: BTreeMap<&'static str, Answer>,
}

impl Signals {
    /// Answers them all; what was observed is filed in the book.
    pub fn of(scene: &Scene, book: &mut Book) -> Self {
        let mut asked = Asked { scene, book, answers: BTreeMap::new() };
        failures::ask(&mut asked);
        place::ask(&mut asked);
        load::ask(&mut asked);
        hosts::ask(&mut asked);
        health::ask(&mut asked);
        config::ask(&mut asked);
        events::ask(&mut asked);
        logs::ask(&mut asked);
        console::ask(&mut asked);
        shape::ask(&mut asked);
        alarm::ask(&mut asked);
        load::ask_flat(&mut asked);
        Self { answers: asked.answers }
    }

    /// For tests: only these, each with full strength.
    #[cfg(test)]
    pub fn just(answers: &[(&'static str, bool)]) -> Self {
        let answer = |id: &str, yes: bool| if yes { Answer::Yes(1.0, id.into()) } else { Answer::No(1.0, id.into()) };
        Self { answers: answers.iter().map(|(id, yes)| (*id, answer(id, *yes))).collect() }
    }

    pub fn get(&self, id: &str) -> &Answer {
        self.answers.get(id).unwrap_or(&Answer::Unknown(None))
    }

    pub fn is_yes(&self, id: &str) -> bool {
        matches!(self.get(id), Answer::Yes(s, _) if *s >= 0.4)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Answer)> {
        self.answers.iter().map(|(id, a)| (*id, a))
    }
}

/// Where answers are collected.
pub(super) struct Asked<'s, 'a> {
    pub scene: &'s Scene<'a>,
    pub book: &'s mut Book,
    answers: BTreeMap<&'static str, Answer>,
}

impl Asked<'_, '_> {
    pub fn yes(&mut self, id: &'static str, strength: f64, sentence: Text, values: Vec<Value>) {
        let evidence = self.file(id, sentence, values);
        self.answers.insert(id, Answer::Yes(strength.clamp(0.0, 1.0), evidence));
    }

    pub fn no(&mut self, id: &'static str, strength: f64, sentence: Text, values: Vec<Value>) {
        let evidence = self.file(id, sentence, values);
        self.answers.insert(id, Answer::No(strength.clamp(0.0, 1.0), evidence));
    }

    /// An answer with evidence that is already in the book.
    pub fn put(&mut self, id: &'static str, answer: Answer) {
        self.answers.insert(id, answer);
    }

    pub fn unknown(&mut self, id: &'static str, why: Text) {
        self.answers.insert(id, Answer::Unknown(Some(why)));
    }

    /// Yes from `yes_from` on, no below `no_below`, in between unknown.
    pub fn grade(&mut self, id: &'static str, value: f64, yes_from: f64, no_below: f64, sentence: Text, values: Vec<Value>) {
        if value >= yes_from {
            self.yes(id, 1.0, sentence, values);
        } else if value < no_below {
            self.no(id, 1.0, sentence, values);
        } else {
            self.unknown(id, Text { en: format!("undecided: {}", sentence.en), vi: format!("chưa rõ: {}", sentence.vi) });
        }
    }

    pub fn is_yes(&self, id: &str) -> bool {
        matches!(self.answers.get(id), Some(Answer::Yes(s, _)) if *s >= 0.4)
    }

    pub fn is_no(&self, id: &str) -> bool {
        matches!(self.answers.get(id), Some(Answer::No(..)))
    }

    fn file(&mut self, id: &'static str, sentence: Text, values: Vec<Value>) -> String {
        let area = find(id).map_or(Area::BalancerMetrics, |s| s.area);
        let api = self.scene.case.origins.get(&area).and_then(|all| all.last()).cloned();
        self.book.add_from(format!("signal.{id}"), sentence, area, values, api)
    }
}

/// Why a signal could not be answered, with what would unlock it.
pub fn missing(case: &Case, signal: &Signal, why: Option<&Text>) -> Text {
    let (en, vi) = (signal.en, signal.vi);
    if let Some(Text { en: why, vi: why_vi }) = why {
        return say!("{en}: {why}", "{vi}: {why_vi}");
    }
    let gap = case.gaps_of(std::slice::from_ref(&signal.area)).next();
    match gap {
        Some(gap) => {
            let words = gap.in_words();
            let unlock = gap.action.as_ref().map(|a| format!(" ({a})")).unwrap_or_default();
            say!("{en}: {words}{unlock}", "{vi}: {words}{unlock}")
        }
        None if case.is_waiting_for(signal.area) => say!("{en}: not read yet", "{vi}: chưa đọc"),
        None => say!("{en}: no data", "{vi}: không có dữ liệu"),
    }
}
