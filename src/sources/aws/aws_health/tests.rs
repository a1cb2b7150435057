use super::*;
use crate::case::gaps::Reason;
use crate::sources::aws::LiveOptions;
use crate::sources::aws::call::Aws;
use crate::sources::aws::stub::{Request, Stub};
use crate::time::Window;
use chrono::DateTime;

fn window() -> Window {
    let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    Window { start, end: start + Duration::hours(2) }
}

fn context(stub: &Stub) -> Context {
    let options = LiveOptions::new(&crate::cli::Common::default(), "alarm", None, window().end, chrono_tz::UTC).unwrap();
    let (ctx, mut facts) = Context::for_tests(Aws::for_tests(&stub.url), options, window());
    tokio::spawn(async move { while facts.recv().await.is_some() {} });
    ctx
}

fn answer(request: &Request) -> (u16, String) {
    let at = window().start.timestamp() + 600;
    let body = match request.operation.as_str() {
        "DescribeEvents" => json!({"events": [
            {"arn": "arn:aws:health:eu-west-1::event/EC2/A/1", "service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE", "eventTypeCategory": "issue", "region": "eu-west-1", "startTime": at, "statusCode": "open"},
            {"arn": "arn:aws:health:eu-west-1::event/EC2/A/0", "service": "EC2", "eventTypeCode": "X", "startTime": at - 90_000, "endTime": at - 80_000, "statusCode": "closed"}]}),
        "DescribeEventDetails" => {
            json!({"successfulSet": [{"event": {"arn": "arn:aws:health:eu-west-1::event/EC2/A/1"}, "eventDescription": {"latestDescription": "Increased error rates"}}]})
        }
        "DescribeAffectedEntities" => {
            json!({"entities": [{"eventArn": "arn:aws:health:eu-west-1::event/EC2/A/1", "entityValue": "i-0123456789abcdef0"}]})
        }
        "/autoshifts" if request.path.contains("ACTIVE") => {
            json!({"items": [{"awayFrom": "euw1-az1", "startTime": at, "status": "ACTIVE"}]})
        }
        _ => json!({"items": []}),
    };
    (200, body.to_string())
}

#[tokio::test]
async fn events_of_the_window_come_with_words_and_with_what_they_affect() {
    let stub = Stub::serve(|_, r| answer(r));
    let ctx = context(&stub);
    gather(&ctx).await;
    let summaries = ctx.case(|c| c.events.values().map(|e| (e.summary.to_string(), e.resources.len())).collect::<Vec<_>>());
    assert_eq!(
        summaries,
        [
            ("AWS_EC2_OPERATIONAL_ISSUE in eu-west-1, open : Increased error rates".replace(" :", ":"), 2),
            ("AWS shifted traffic away from euw1-az1 (ACTIVE)".to_owned(), 1)
        ]
    );
    assert!(ctx.case(|c| c.gaps.is_empty()), "{:?}", ctx.case(|c| c.gaps.clone()));
}

#[tokio::test]
async fn without_a_support_plan_it_is_a_gap_and_zonal_shifts_are_still_read() {
    let stub = Stub::serve(|_, r| {
        if r.operation == "DescribeEvents" {
            (400, json!({"__type": "SubscriptionRequiredException", "message": "plan"}).to_string())
        } else {
            answer(r)
        }
    });
    let ctx = context(&stub);
    gather(&ctx).await;
    assert_eq!(ctx.case(|c| c.gaps.iter().map(|g| g.reason).collect::<Vec<_>>()), [Reason::NotEnabled]);
    assert_eq!(ctx.case(|c| c.events.len()), 1);
}
