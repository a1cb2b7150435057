use super::*;
use chrono::TimeZone;

fn reach(from: i64, to: i64, settled: i64) -> Reach {
    let t = |n: i64| chrono::Utc.timestamp_opt(n * 60, 0).unwrap();
    Reach {
        area: Area::Changes,
        source: EventSource::CloudTrail,
        from: t(from),
        to: t(to),
        capped: false,
        pages: 1,
        settled_until: t(settled),
    }
}

fn span(from: i64, to: i64) -> Window {
    let r = reach(from, to, to);
    Window { start: r.from, end: r.to }
}

#[test]
fn the_next_asking_reads_only_what_is_missing() {
    assert_eq!(missing(None, span(0, 100)), [span(0, 100)]);
    assert_eq!(missing(Some(&reach(40, 100, 100)), span(0, 100)), [span(0, 40)]);
    assert_eq!(missing(Some(&reach(0, 100, 85)), span(0, 110)), [span(85, 110)]);
    assert_eq!(missing(Some(&reach(40, 100, 85)), span(0, 110)), [span(85, 110), span(0, 40)]);
    assert!(missing(Some(&reach(0, 100, 100)), span(10, 90)).is_empty());
}

#[test]
fn readings_that_touch_become_one() {
    let both = joined(&reach(40, 100, 85), reach(85, 110, 95));
    assert_eq!((both.from, both.to, both.settled_until), (reach(40, 110, 95).from, reach(0, 110, 0).to, reach(0, 0, 95).settled_until));
    assert_eq!(joined(&reach(40, 50, 50), reach(80, 90, 90)), reach(80, 90, 90));
}

#[test]
fn what_may_not_have_arrived_is_a_gap_until_it_has() {
    let mut case = crate::case::Case::default();
    let learn = |case: &mut crate::case::Case, reach| {
        case.absorb(crate::exchange::Fact { at: span(0, 1).start, origin: None, what: What::Reach(reach) });
        case.blind_spots.iter().map(|g| (g.reason, g.subject.to_string())).collect::<Vec<_>>()
    };
    let fresh = learn(&mut case, reach(0, 100, 85));
    assert_eq!(fresh, [(Reason::TooFresh, "CloudTrail events after 01:25 UTC".to_owned())]);
    assert_eq!(learn(&mut case, reach(0, 100, 100)), []);
}

#[test]
fn fresh_events_are_looked_for_again_until_they_must_have_arrived() {
    let now = |n: i64| reach(0, n, 0).to;
    assert_eq!(until_settled(&reach(0, 100, 100), now(120)), None);
    let wait = until_settled(&reach(0, 100, 85), now(100)).unwrap();
    assert_eq!(wait.as_secs(), 300);
    let last = until_settled(&reach(0, 100, 98), now(113)).unwrap();
    assert_eq!(last.as_secs(), 125);
}

mod live {
    use super::*;
    use crate::exchange::Fact;
    use crate::sources::aws::LiveOptions;
    use crate::sources::aws::call::Aws;
    use crate::sources::aws::stub::{Request, Stub};
    use serde_json::json;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::mpsc::Receiver;

    const EVENTS: i64 = 130;

    fn start() -> Time {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn window() -> Window {
        Window { start: start(), end: start() + Duration::seconds(EVENTS + 1) }
    }

    /// One write a second, as `LookupEvents` pages them: fifty, the newest first, tokens that are positions.
    fn history(request: &Request) -> (u16, String) {
        let asked = request.json();
        if asked["LookupAttributes"][0]["AttributeKey"] != "ReadOnly" {
            return (200, json!({"Events": []}).to_string());
        }
        let (from, to) = (asked["StartTime"].as_f64().unwrap() as i64, asked["EndTime"].as_f64().unwrap() as i64);
        let mut all: Vec<i64> = (0..EVENTS).map(|i| start().timestamp() + i).filter(|t| (from..=to).contains(t)).collect();
        all.reverse();
        let at: usize = asked["NextToken"].as_str().map_or(0, |t| t.parse().unwrap());
        let page: Vec<_> = all
            .iter()
            .skip(at)
            .take(50)
            .map(|t| json!({"EventId": format!("e{t}"), "EventName": "CreateTags", "EventTime": t, "CloudTrailEvent": "{}"}))
            .collect();
        let mut answer = json!({"Events": page});
        if at + 50 < all.len() {
            answer["NextToken"] = json!((at + 50).to_string());
        }
        (200, answer.to_string())
    }

    fn context(stub: &Stub) -> (Context, Receiver<Vec<Fact>>) {
        let common = crate::cli::Common::default();
        let options = LiveOptions::new(&common, "alarm", None, window().end, chrono_tz::UTC).unwrap();
        Context::for_tests(Aws::for_tests(&stub.url), options, window())
    }

    fn ids(facts: &mut Receiver<Vec<Fact>>) -> Vec<String> {
        let mut all = Vec::new();
        while let Ok(facts) = facts.try_recv() {
            for fact in facts {
                if let What::Events(events) = fact.what {
                    all.extend(events.into_iter().map(|e| e.id));
                }
            }
        }
        all
    }

    #[tokio::test]
    async fn every_page_is_read_once_and_never_faster_than_two_a_second() {
        let stub = Stub::serve(|_, r| history(r));
        let (ctx, mut facts) = context(&stub);
        gather(&ctx).await;
        let mut all = ids(&mut facts);
        assert!(ctx.case(|c| c.gaps.is_empty()), "{:?}", ctx.case(|c| c.gaps.clone()));
        assert_eq!(all.len() as i64, EVENTS);
        all.sort();
        all.dedup();
        assert_eq!(all.len() as i64, EVENTS);
        let reach = ctx.case(|c| c.reaches[&EventSource::CloudTrail].clone());
        assert_eq!((reach.from, reach.to, reach.capped, reach.settled_until), (window().start, window().end, false, window().end));
        let requests = stub.requests();
        assert_eq!(requests.len(), 4);
        for (a, b) in requests.iter().zip(requests.iter().skip(2)) {
            assert!((b.at - a.at).as_millis() >= 1000, "three calls within {:?}", b.at - a.at);
        }
    }

    #[tokio::test]
    async fn a_throttled_page_is_asked_again_and_nothing_is_lost() {
        let stub = Stub::serve(|n, r| match n {
            1 => (400, json!({"__type": "ThrottlingException", "message": "Rate exceeded"}).to_string()),
            _ => history(r),
        });
        let (ctx, mut facts) = context(&stub);
        gather(&ctx).await;
        assert_eq!(ids(&mut facts).len() as i64, EVENTS);
        assert!(ctx.case(|c| c.gaps.is_empty()));
    }

    /// A throttle that outlasts all patience stops the reading; the next one goes on where it stopped.
    #[tokio::test]
    async fn after_a_throttle_without_end_the_next_asking_loses_and_repeats_nothing() {
        let throttling = Arc::new(AtomicBool::new(true));
        let until = throttling.clone();
        let stub = Stub::serve(move |n, r| match n {
            0 => history(r),
            _ if until.load(Ordering::SeqCst) => (400, json!({"__type": "ThrottlingException", "message": "Rate exceeded"}).to_string()),
            _ => history(r),
        });
        let common = crate::cli::Common::default();
        let options = LiveOptions::new(&common, "alarm", None, window().end, chrono_tz::UTC).unwrap();
        let aws = Aws::for_impatient_tests(&stub.url, std::time::Duration::ZERO);
        let (ctx, mut facts) = Context::for_tests(aws, options, window());
        gather(&ctx).await;
        let gap = ctx.case(|c| c.gaps.first().cloned()).unwrap();
        assert_eq!((gap.reason, gap.area), (Reason::Throttled, Area::Changes));
        let first = ids(&mut facts);
        let reach = ctx.case(|c| c.reaches[&EventSource::CloudTrail].clone());
        assert_eq!(first.len(), 50);
        assert!(reach.from > window().start, "what was not read is not said to be");
        throttling.store(false, Ordering::SeqCst);
        gather(&ctx).await;
        let second = ids(&mut facts);
        let all: std::collections::BTreeSet<&String> = first.iter().chain(&second).collect();
        assert_eq!(all.len() as i64, EVENTS, "nothing is lost");
        let twice = first.iter().filter(|id| second.contains(id)).count();
        assert!(twice <= 2, "only the seconds at the seam may be read twice: {twice}");
        assert_eq!(ctx.case(|c| c.events.len()) as i64, EVENTS, "and stand in the case once");
        assert_eq!(ctx.case(|c| c.reaches[&EventSource::CloudTrail].from), window().start);
    }

    #[tokio::test]
    async fn a_cap_is_told_and_the_next_asking_goes_on_from_there() {
        let stub = Stub::serve(|_, r| history(r));
        let (ctx, mut facts) = context(&stub);
        for area in [Area::Balancer, Area::Instances] {
            ctx.learn(What::Settled { area }).await;
        }
        up_to(&ctx, 1).await;
        let reach = ctx.case(|c| c.reaches[&EventSource::CloudTrail].clone());
        assert!(reach.capped && reach.from > window().start);
        let capped = ctx.case(|c| c.blind_spots.first().cloned()).unwrap();
        assert_eq!(capped.reason, Reason::Unavailable);
        assert!(capped.detail.contains("its cap of 1 pages"), "{capped:?}");
        let first = ids(&mut facts);
        up_to(&ctx, 20).await;
        let second = ids(&mut facts);
        let twice = (first.len() + second.len()) as i64 - EVENTS;
        assert!((0..=2).contains(&twice), "only the second at the seam may be read twice: {twice}");
        let reach = ctx.case(|c| c.reaches[&EventSource::CloudTrail].clone());
        assert_eq!((reach.from, reach.capped), (window().start, false));
        assert!(ctx.case(|c| c.blind_spots.is_empty()), "asking again closes what the cap left open");
        assert_eq!(ctx.case(|c| c.events.len()) as i64, EVENTS);
    }

    #[tokio::test]
    async fn a_denied_call_is_a_gap_with_its_action() {
        let stub = Stub::serve(|_, _| (400, json!({"__type": "AccessDeniedException", "message": "no"}).to_string()));
        let (ctx, _facts) = context(&stub);
        gather(&ctx).await;
        let gap = ctx.case(|c| c.gaps.first().cloned()).unwrap();
        assert_eq!((gap.reason, gap.action.as_deref()), (Reason::Denied, Some("cloudtrail:LookupEvents")));
    }
}
