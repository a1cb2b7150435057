//! Which objects of a bucket hold a balancer's log of a window: only the days of delivery that matter are
//! listed, and within a day only the keys from the window's start to its end.

use crate::accesslog::names::{self, Kind, Name};
use crate::sources::aws::call::Aws;
use crate::sources::aws::errors::CallError;
use crate::sources::aws::s3::{ListQuery, Object};
use crate::time::{Time, Window};
use chrono::Duration;
use std::collections::BTreeSet;

/// Pages of a listing, and the keys of one.
const MOST_PAGES: usize = 300;
const A_PAGE: usize = 1000;
/// Folders that are opened one by one when looking for logs under a short prefix.
const MOST_FOLDERS: usize = 500;

/// A bucket and the beginning of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub bucket: String,
    pub prefix: String,
}

impl Place {
    /// Reads `s3://BUCKET/PREFIX`.
    pub fn read(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("s3://")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        (!bucket.is_empty()).then(|| Self { bucket: bucket.into(), prefix: prefix.trim_start_matches('/').into() })
    }

    pub fn url(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }
}

/// A balancer as keys name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balancer {
    pub account: String,
    pub region: String,
    /// `app.web.50dc6c495c0c9188`
    pub name: String,
}

impl Balancer {
    /// From `arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID`.
    pub fn of(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':').skip(3);
        let (region, account) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Self { account, region, name: names::balancer_in_keys(arn) })
    }

    /// The folder with its days: `prefix` may end before, at or after `AWSLogs`.
    fn folder(&self, prefix: &str) -> String {
        let lead = prefix.find("AWSLogs").map_or(prefix, |at| &prefix[..at]);
        names::folder(lead, &self.account, &self.region)
    }

    /// What the keys of one day begin with.
    fn keys(&self, day_folder: &str, kind: Kind) -> String {
        let lead = if kind == Kind::HealthCheck { "health_check_log_" } else { "" };
        format!("{day_folder}{lead}{}_elasticloadbalancing_{}_{}_", self.account, self.region, self.name)
    }
}

/// The objects of one balancer whose five minutes touch the window.
pub async fn of_balancer(aws: &Aws, place: &Place, balancer: &Balancer, kind: Kind, window: Window) -> Result<Vec<Object>, CallError> {
    let folder = balancer.folder(&place.prefix);
    let mut found = Vec::new();
    for day in names::days(window) {
        let day_folder = format!("{folder}{day}");
        let keys = balancer.keys(&day_folder, kind);
        let after = format!("{keys}{}", (window.start - Duration::minutes(6)).format("%Y%m%dT%H%M"));
        let mut listed = list(aws, &place.bucket, &keys, Some(&after), |key| is_past(key, window)).await?;
        if listed.is_empty() {
            // A name built otherwise is still found by its parts.
            listed = list(aws, &place.bucket, &day_folder, None, |_| false).await?;
            listed.retain(|o| Name::read(&o.key).balancer.is_none_or(|b| b == balancer.name));
        }
        found.extend(listed);
    }
    found.retain(|o| fits(&o.key, kind, Some(window)));
    Ok(found)
}

/// Every log object under a place, of any balancer.
pub async fn under(aws: &Aws, place: &Place, kind: Kind, window: Option<Window>) -> Result<Vec<Object>, CallError> {
    let mut found = match window {
        Some(window) => by_days(aws, place, window).await?,
        None => list(aws, &place.bucket, &place.prefix, None, |_| false).await?,
    };
    found.retain(|o| fits(&o.key, kind, window));
    Ok(found)
}

/// Bytes and number of the objects under a place, and whether those are all.
pub async fn sizes(aws: &Aws, place: &Place) -> Result<(u64, usize, bool), CallError> {
    let query = ListQuery { bucket: &place.bucket, prefix: &place.prefix, ..ListQuery::default() };
    let objects = pages(aws, query, &|_| false).await?.0;
    Ok((objects.iter().map(|o| o.size).sum(), objects.len(), objects.len() < MOST_PAGES * A_PAGE))
}

/// Opens folder by folder until the days, and then only the days that matter.
async fn by_days(aws: &Aws, place: &Place, window: Window) -> Result<Vec<Object>, CallError> {
    let (mut found, mut opened) = (Vec::new(), 0);
    let mut folders: Vec<String> = vec![place.prefix.clone()];
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        opened += 1;
        if opened > MOST_FOLDERS || !seen.insert(folder.clone()) {
            continue;
        }
        if is_region_folder(&folder) {
            for day in names::days(window) {
                found.extend(list(aws, &place.bucket, &format!("{folder}{day}"), None, |_| false).await?);
            }
            continue;
        }
        let query = ListQuery { bucket: &place.bucket, prefix: &folder, delimiter: Some("/"), ..ListQuery::default() };
        let (objects, deeper) = pages(aws, query, &|_| false).await?;
        found.extend(objects);
        folders.extend(deeper);
    }
    Ok(found)
}

/// `…/elasticloadbalancing/REGION/`
fn is_region_folder(folder: &str) -> bool {
    let mut parts = folder.trim_end_matches('/').rsplit('/');
    folder.ends_with('/') && parts.next().is_some() && parts.next() == Some("elasticloadbalancing")
}

async fn list(aws: &Aws, bucket: &str, prefix: &str, after: Option<&str>, enough: impl Fn(&str) -> bool) -> Result<Vec<Object>, CallError> {
    let query = ListQuery { bucket, prefix, start_after: after, ..ListQuery::default() };
    Ok(pages(aws, query, &enough).await?.0)
}

/// Objects and folders, page by page, until a key is past what is wanted.
async fn pages(aws: &Aws, query: ListQuery<'_>, enough: &impl Fn(&str) -> bool) -> Result<(Vec<Object>, Vec<String>), CallError> {
    let (mut objects, mut folders, mut token) = (Vec::new(), Vec::new(), None::<String>);
    for _ in 0..MOST_PAGES {
        let page = aws.list_objects(&ListQuery { token: token.as_deref(), ..query }).await?;
        let last = page.objects.last().is_some_and(|o| enough(&o.key));
        objects.extend(page.objects);
        folders.extend(page.common_prefixes.into_iter().map(|p| p.prefix));
        token = page.next_continuation_token.filter(|_| page.is_truncated && !last);
        if token.is_none() {
            break;
        }
    }
    Ok((objects, folders))
}

/// Keys of one balancer and day are in order of time.
fn is_past(key: &str, window: Window) -> bool {
    Name::read(key).end.is_some_and(|end| end > window.end + Duration::minutes(15))
}

fn fits(key: &str, kind: Kind, window: Option<Window>) -> bool {
    let name = Name::read(key);
    !key.ends_with('/') && name.kind == kind && window.is_none_or(|w| name.may_hold(w))
}

/// Those nearest to the incident first, so that the first answer is about it.
pub fn nearest_first(objects: &mut [Object], incident: Time) {
    let distance = |o: &Object| Name::read(&o.key).end.map_or(i64::MAX, |end| (end - incident).num_seconds().abs());
    objects.sort_by(|a, b| (distance(a), &a.key).cmp(&(distance(b), &b.key)));
}

/// The latest end of five minutes among the objects.
pub fn newest_end(objects: &[Object]) -> Option<Time> {
    objects.iter().filter_map(|o| Name::read(&o.key).end).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188";

    #[test]
    fn keys_are_built_from_the_balancers_arn() {
        let balancer = Balancer::of(ARN).unwrap();
        let folder = "team/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/";
        for prefix in ["team", "team/", "team/AWSLogs", "team/AWSLogs/123456789012/elasticloadbalancing/eu-west-1/"] {
            assert_eq!(balancer.folder(prefix), folder, "{prefix}");
        }
        let keys = balancer.keys("d/", Kind::HealthCheck);
        assert_eq!(keys, "d/health_check_log_123456789012_elasticloadbalancing_eu-west-1_app.web.50dc6c495c0c9188_");
    }

    #[test]
    fn places_are_read_from_urls() {
        assert_eq!(Place::read("s3://b/p/q"), Some(Place { bucket: "b".into(), prefix: "p/q".into() }));
        assert_eq!(Place::read("s3://b").map(|p| p.prefix), Some(String::new()));
        assert!(Place::read("s3://").is_none() && Place::read("/tmp").is_none());
    }

    #[test]
    fn a_regions_folder_is_recognised() {
        assert!(is_region_folder("AWSLogs/1/elasticloadbalancing/eu-west-1/"));
        assert!(!is_region_folder("AWSLogs/1/elasticloadbalancing/") && !is_region_folder("AWSLogs/1/elasticloadbalancing/eu-west-1"));
    }

    #[test]
    fn the_incident_is_read_first() {
        let object = |end: &str| Object { key: format!("1_elasticloadbalancing_r_app.w.1_{end}_10.0.0.1_x.log.gz"), ..Object::default() };
        let mut objects = vec![object("20261120T1300Z"), object("20261120T1330Z"), object("20261120T1400Z")];
        let incident = chrono::DateTime::parse_from_rfc3339("2026-11-20T13:28:00Z").unwrap().to_utc();
        nearest_first(&mut objects, incident);
        assert!(objects[0].key.contains("1330Z") && objects[2].key.contains("1400Z"));
        assert_eq!(newest_end(&objects).map(crate::time::rfc3339), Some("2026-11-20T14:00:00Z".into()));
    }
}
