//! `alb-triage logs s3://… athena:…`: the same question to logs that lie in AWS.

use super::output::Answer;
use super::{Means, Meter, Voice, answer, window_of};
use crate::accesslog::names::Kind;
use crate::accesslog::question::Question;
use crate::accesslog::scan::{Found, Scanned};
use crate::accesslog::tally::Grouping;
use crate::cli::Common;
use crate::say;
use crate::sources::aws::access_logs::cache::Cache;
use crate::sources::aws::access_logs::fetch::{self, Part};
use crate::sources::aws::access_logs::objects::{self, Place};
use crate::sources::aws::athena;
use crate::sources::aws::call::Aws;
use crate::sources::aws::context::enough;
use crate::sources::aws::errors::{CallError, Trouble};
use crate::sources::aws::session::Wishes;
use crate::text::Text;
use std::sync::Arc;
use std::time::Duration;

/// Why a question could not even be put.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub words: Text,
}

/// AWS could not be reached, or knows us not.
const UNREACHABLE: u8 = 69;
/// AWS says no.
const DENIED: u8 = 77;
const USAGE: u8 = 64;
/// As a shell says of a program that was ended by Ctrl-C.
const INTERRUPTED: u8 = 130;
/// How long leaving waits for queries to be stopped.
const STOPPING: Duration = Duration::from_secs(3);

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let code = if error.trouble == Trouble::Denied { DENIED } else { UNREACHABLE };
        Self { code, words: Text::same(error.to_string()) }
    }
}

/// Reads every path, all of which lie in AWS.
///
/// # Errors
/// When there is no session, a listing fails, or a query does.
pub fn read(question: &Arc<Question>, paths: &[String], common: &Common, means: Means, voice: Voice) -> Result<Vec<Answer>, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure { code: UNREACHABLE, words: Text::same(e.to_string()) })?;
    runtime.block_on(async {
        let opened = Aws::open(&Wishes::of(common)).await;
        let aws = opened.map_err(|e| Failure { code: USAGE, words: Text::same(e.to_string()) })?;
        let answered = tokio::select! {
            answers = all(&aws, question, paths, &means, voice) => answers,
            _ = tokio::signal::ctrl_c() => Err(Failure { code: INTERRUPTED, words: say!("stopped", "đã dừng") }),
        };
        // A query that nobody waits for any more would run on, and be billed.
        let _ = tokio::time::timeout(STOPPING, aws.queries_ended()).await;
        answered
    })
}

async fn all(aws: &Aws, question: &Arc<Question>, paths: &[String], means: &Means, voice: Voice) -> Result<Vec<Answer>, Failure> {
    let mut answers = Vec::new();
    for path in paths {
        answers.push(match path.strip_prefix("athena:") {
            Some(table) => ask(aws, table, question, means.ceiling, voice).await?,
            None => fetch_all(aws, means.cache.clone(), path, question).await?,
        });
    }
    Ok(answers)
}

async fn fetch_all(aws: &Aws, cache: Option<Cache>, path: &str, question: &Arc<Question>) -> Result<Answer, Failure> {
    let wrong =
        || Failure { code: USAGE, words: say!("{path}: this is not s3://BUCKET/PREFIX", "{path}: không phải s3://BUCKET/PREFIX") };
    let place = Place::read(path).ok_or_else(wrong)?;
    let listed = objects::under(aws, &place, Kind::Access, window_of(question.span)).await?;
    let (meter, screen) = (Arc::new(fetch::Meter::new(&listed)), Meter::new());
    let asked = question.clone();
    let mut parts = fetch::start(aws, cache, &place.bucket, listed, meter.clone(), move || Grouping::new(&asked));
    let (mut all, mut scanned) = (Grouping::new(question), Scanned::default());
    loop {
        match tokio::time::timeout(Duration::from_millis(200), parts.recv()).await {
            Ok(None) => break,
            Ok(Some(part)) => take(part, &mut all, &mut scanned)?,
            Err(_) => {}
        }
        screen.show(meter.progress());
    }
    screen.clear();
    scanned.bytes = meter.progress().bytes;
    Ok(answer(question, [all], &scanned, Found::default()))
}

/// Adds one object's lines. An error that every object will meet ends it all; any other names the object.
fn take(part: Part<Grouping>, all: &mut Grouping, scanned: &mut Scanned) -> Result<(), Failure> {
    if let Some(error) = part.error.filter(|e| e.is_hopeless() || (e.trouble == Trouble::Denied && scanned.files == 0)) {
        return Err(error.into());
    }
    scanned.files += u64::from(part.collector.is_some());
    if let Some(part) = part.collector {
        all.merge(part);
    }
    scanned.damaged.extend(part.damage);
    Ok(())
}

async fn ask(aws: &Aws, table: &str, question: &Question, ceiling: Option<f64>, voice: Voice) -> Result<Answer, Failure> {
    let expected = athena::estimate(aws, table, window_of(question.span)).await;
    voice.say(&Text::join([&Text::same("Athena".to_owned()), &expected.words()], ": "));
    // Whoever names a table here wants this one query: what is not known is said, what is too much is not run.
    if let Some((usd, ceiling)) = expected.dollars().zip(ceiling).filter(|(usd, ceiling)| usd > ceiling) {
        let enough = enough(usd);
        let words = say!(
            "not asked: that is more than the ceiling of ${ceiling}; --cost-ceiling {enough} would allow it, --from and --to would narrow it",
            "chưa hỏi: vượt mức trần ${ceiling}; --cost-ceiling {enough} sẽ cho phép, --from và --to sẽ thu hẹp"
        );
        return Err(Failure { code: USAGE, words });
    }
    let result = athena::ask(aws, table, question).await.map_err(|e| match e {
        athena::NoAnswer::Call(error) => (*error).into(),
        other => Failure { code: UNREACHABLE, words: Text::same(other.to_string()) },
    })?;
    let (megabytes, dollars) = (result.bytes / 1_000_000, format!("{:.4}", athena::dollars(result.bytes)));
    voice.say(&say!("Athena read {megabytes} MB, about ${dollars}", "Athena đã đọc {megabytes} MB, khoảng ${dollars}"));
    if result.cut {
        let rows = result.rows.len();
        voice.say(&say!("only the first {rows} rows were fetched", "chỉ lấy {rows} hàng đầu"));
    }
    Ok(Answer { columns: question.columns.clone(), bytes: result.bytes, rows: result.rows, queried: true, ..Answer::default() })
}
