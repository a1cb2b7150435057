//! What no configuration shows, each with the one command that would, to be run on the target.

use crate::path::PathResult;
use crate::say;
use crate::text::Text;

/// Lines for the opened step.
pub fn commands(ways: &[&PathResult]) -> Vec<Text> {
    let mut ports: Vec<_> = ways.iter().map(|w| w.port).collect();
    ports.sort_unstable();
    ports.dedup();
    let filter = ports.iter().map(|p| format!("sport = :{p}")).collect::<Vec<_>>().join(" or ");
    vec![
        say!("Configuration cannot show the inside of the target. On the target:", "Cấu hình không cho thấy bên trong target. Chạy trên target:"),
        say!("• is anybody listening, and is the queue full (Recv-Q near Send-Q)?  ss -lnt '( {filter} )'", "• có tiến trình nào đang lắng nghe, hàng đợi có đầy không (Recv-Q gần Send-Q)?  ss -lnt '( {filter} )'"),
        say!("• were connections dropped for a full queue?  nstat -az TcpExtListenOverflows TcpExtListenDrops", "• có kết nối bị bỏ vì hàng đợi đầy không?  nstat -az TcpExtListenOverflows TcpExtListenDrops"),
        say!("• does a host firewall drop or reject?  sudo iptables -S; sudo nft list ruleset", "• tường lửa của máy có chặn hay từ chối không?  sudo iptables -S; sudo nft list ruleset"),
        say!("• is connection tracking full?  sudo sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max", "• bảng theo dõi kết nối có đầy không?  sudo sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max"),
    ]
}
