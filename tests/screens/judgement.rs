//! What is thought of the incident, written down by hand, so that the screens' tests are about screens.

use crate::incident::{HOSTS, LB, TG, at, window};
use alb_triage::analysis::timeline::{Entry, Relation};
use alb_triage::analysis::{Analysis, Correlation, Episode, Order};
use alb_triage::case::Case;
use alb_triage::case::series::SeriesKey;
use alb_triage::checks::{Book, Outcome, RUNBOOK, Status, Value};
use alb_triage::diagnosis::{CAUSES, Confidence, Hypothesis, Likelihood, Named, Reason, Verdict};
use alb_triage::exchange::Area;
use alb_triage::judge::{Coverage, Judged, judge};
use alb_triage::metrics::Role;
use alb_triage::say;
use alb_triage::text::Text;

fn book() -> Book {
    let mut book = Book::default();
    book.add(
        "load.per-target",
        say!("requests per healthy target ×3.1, 4 min before", "request trên mỗi target khỏe ×3.1, trước 4 phút"),
        Area::BalancerMetrics,
        vec![Value::new("before", 6500.0), Value::new("during", 20300.0).at(at(66))],
    );
    book.add(
        "cpu.peak",
        say!("CPU 96 % on 4 of 4, 3 min before", "CPU 96 % trên 4/4 máy, trước 3 phút"),
        Area::HostMetrics,
        vec![Value::new("peak", 96.0).unit("%").at(at(67))],
    );
    book.add(
        "log.shape",
        say!("504 after 10 s on all 4 targets, 2xx continue: queue overflow", "504 sau 10 s trên cả 4 target, 2xx vẫn chạy: tràn hàng đợi"),
        Area::AccessLog,
        vec![],
    );
    book.add(
        "load.week",
        say!("same load last Thursday without an error", "thứ Năm trước tải như vậy mà không lỗi"),
        Area::Baseline,
        vec![],
    );
    book.add(
        "path.open",
        say!("the path is open: sg-0aa allows 8080 from sg-0balancer", "đường thông: sg-0aa cho phép 8080 từ sg-0balancer"),
        Area::Network,
        vec![],
    );
    book
}

fn outcomes() -> Vec<Outcome> {
    let row = |id: &'static str| -> (Status, Text, Vec<&str>) {
        match id {
            "ask-infra-team" => (Status::Ask, say!("2 changes on the path before: who?", "2 thay đổi trên đường trước đó: ai?"), vec![]),
            "ask-app-team" => (Status::Ask, say!("a deployment ended 16 min before", "một lần triển khai xong trước 16 phút"), vec![]),
            "aws-status" => (Status::Unknown, say!("AWS Health is not in the plan", "gói hỗ trợ không có AWS Health"), vec![]),
            "request-count" => (Status::Fail, say!("×3.1 before the errors", "×3.1 trước khi lỗi"), vec!["load.per-target"]),
            "network-in" => (Status::Fail, say!("×2.8 on 4 of 4", "×2.8 trên 4/4"), vec![]),
            "status-check" => (Status::Pass, say!("0 on 4 of 4", "0 trên 4/4"), vec![]),
            "cpu" => (Status::Fail, say!("96 % on 4 of 4", "96 % trên 4/4"), vec!["cpu.peak"]),
            "access-log-5xx" => (Status::Fail, say!("7,612, connect timeout", "7.612, hết giờ kết nối"), vec!["log.shape"]),
            "alarm-definition" => (Status::Warn, say!("fires on noise twice a week", "báo nhầm hai lần mỗi tuần"), vec![]),
            "firewall" => (Status::Pass, say!("open", "thông"), vec!["path.open"]),
            "app-log" => (Status::Waiting, say!("reading: page 3", "đang đọc: trang 3"), vec![]),
            "verdict" => (Status::Fail, say!("overload", "quá tải"), vec![]),
            _ => (Status::Pass, say!("nothing", "không có gì"), vec![]),
        }
    };
    RUNBOOK
        .iter()
        .map(|c| {
            let (status, summary, evidence) = row(c.id());
            Outcome::new(c.id(), status, summary).with(evidence.into_iter().map(str::to_owned))
        })
        .collect()
}

/// Every hypothesis blank, then those that matter here.
fn hypotheses(mut all: Vec<Hypothesis>) -> Vec<Hypothesis> {
    let reason = |evidence: &str, points| Reason { evidence: evidence.into(), points };
    for h in &mut all {
        (h.verdict, h.probability, h.points) = (Likelihood::Unknown, 0.0, 0);
        (h.reasons_for, h.reasons_against, h.missing) = (vec![], vec![], vec![]);
        (h.refuted_by, h.next_step) = (None, Text::default());
    }
    all.sort_by_key(|h| CAUSES.iter().position(|c| *c == h.cause));
    for h in &mut all {
        match h.cause {
            "overload" => {
                h.verdict = Likelihood::Likely;
                h.points = 21;
                h.reasons_for = vec![reason("load.per-target", 10), reason("cpu.peak", 8), reason("log.shape", 7)];
                h.reasons_against = vec![reason("load.week", -4)];
                h.next_step = say!("accept-queue drops on i-0ab12: ss -lnt", "xem hàng đợi trên i-0ab12: ss -lnt");
            }
            "scale-in" => {
                h.verdict = Likelihood::Undecided;
                h.points = 3;
                h.missing = vec![say!("activity of the scaling group", "hoạt động của nhóm co giãn")];
            }
            "target-security-group" => {
                h.verdict = Likelihood::RuledOut;
                h.points = -20;
                h.refuted_by = Some("path.open".into());
                h.reasons_against = vec![reason("path.open", -20)];
            }
            _ => {}
        }
    }
    all.sort_by_key(|h| -h.points);
    all
}

fn correlation(
    base: &Correlation,
    metric: &str,
    dimensions: &[(&str, &str)],
    (rank, score): (u32, f64),
    lag: i64,
    order: Order,
) -> Correlation {
    let onset = Some(at(68) + chrono::Duration::seconds(lag));
    let key = SeriesKey::new(metric, dimensions.iter().copied());
    Correlation { key, role: Role::Cause, rank, score, lag, onset, order, associated: true, went_silent: false, ..base.clone() }
}

fn rewrite(mut analysis: Analysis) -> Analysis {
    let tg = [("LoadBalancer", LB), ("TargetGroup", TG)];
    let base = analysis.correlations.first().cloned().expect("the incident has series to rank");
    analysis.correlations = vec![
        correlation(&base, "RequestsPerHealthyTarget", &tg, (1, 0.93), -240, Order::Leads),
        correlation(&base, "RequestCount", &tg, (2, 0.9), -240, Order::Leads),
        correlation(&base, "CPUUtilization", &[("InstanceId", HOSTS[1])], (3, 0.88), -180, Order::Leads),
        correlation(&base, "HealthyHostCount", &tg, (4, 0.7), 120, Order::Follows),
        correlation(&base, "HTTPCode_ELB_504_Count", &[("LoadBalancer", LB)], (5, 0.99), 0, Order::Consequence),
    ];
    let entry = analysis.timeline.entries.first().cloned().expect("the incident has a timeline");
    analysis.timeline.entries = ["e3", "d1", "e1", "e2"].iter().map(|id| rewritten(&entry, id)).collect();
    analysis.timeline.folded = 24;
    let episode = analysis.episodes.first().cloned().expect("the incident has an episode");
    analysis.episodes =
        vec![Episode { onset: at(68), onset_uncertainty: 60, end: Some(at(98)), peak: 420.0, total: 9_100.0, isolated: false, ..episode }];
    analysis
}

fn rewritten(base: &Entry, id: &str) -> Entry {
    let event = crate::incident::events().into_iter().find(|e| e.id == id).expect("an event of the incident");
    let (relation, rank) = match id {
        "e1" => (Relation::Fleet, 1),
        "d1" => (Relation::Target, 2),
        "e2" => (Relation::Fleet, 3),
        _ => (Relation::AccountWide, 9),
    };
    Entry {
        events: vec![(event.at, event.source, event.id.clone())],
        at: event.at,
        end: event.end,
        relation,
        rank,
        seconds_from_onset: Some((event.at - at(68)).num_seconds()),
        attempt: false,
        ..base.clone()
    }
}

/// Overload, likely.
pub fn judged(case: &Case) -> Judged {
    let real = judge(case, Some(window())).expect("the incident has a window");
    let verdict = Verdict {
        cause: Named::Cause("overload"),
        confidence: Confidence::High,
        sentence: say!(
            "The load tripled within four minutes and four targets could not accept all connections.",
            "Tải tăng gấp ba trong bốn phút, bốn target không nhận nổi mọi kết nối."
        ),
        contributing: vec!["scale-in"],
        none_of_these: 0.03,
        next_steps: vec![say!("accept-queue drops on i-0ab12: ss -lnt", "xem hàng đợi trên i-0ab12: ss -lnt")],
    };
    Judged {
        window: window(),
        analysis: rewrite(real.analysis),
        outcomes: outcomes(),
        hypotheses: hypotheses(real.hypotheses),
        verdict,
        book: book(),
        coverage: Coverage { ran: 13, total: 15, gaps: case.gaps.iter().cloned().collect() },
    }
}
