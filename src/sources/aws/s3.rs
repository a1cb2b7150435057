//! Reading S3: listing, and objects as streams of bytes. Finds the bucket's region by itself.

use super::actions::{Action, Service};
use super::call::{Aws, Destination, Wire};
use super::encode::{percent, query_string};
use super::errors::{CallError, Trouble};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::byte_stream::ByteStream;
use serde::Deserialize;
use std::ops::Range;
use std::sync::PoisonError;

/// One page of a listing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Listing {
    #[serde(rename = "Contents")]
    pub objects: Vec<Object>,
    pub common_prefixes: Vec<CommonPrefix>,
    pub is_truncated: bool,
    pub next_continuation_token: Option<String>,
}

/// An object as listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Object {
    pub key: String,
    pub size: u64,
    /// Changes when the object does.
    pub e_tag: String,
    /// ISO 8601.
    pub last_modified: String,
}

/// A folder, when a delimiter was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CommonPrefix {
    pub prefix: String,
}

/// What to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListQuery<'a> {
    pub bucket: &'a str,
    pub prefix: &'a str,
    /// Only keys after this one.
    pub start_after: Option<&'a str>,
    /// `/` to list folder by folder.
    pub delimiter: Option<&'a str>,
    /// Of the page before.
    pub token: Option<&'a str>,
}

/// An object being read.
#[derive(Debug)]
pub struct ObjectBody {
    stream: ByteStream,
    /// Bytes to come, as S3 said.
    pub length: Option<u64>,
    /// It broke: nothing more will come.
    broken: bool,
    aws: Aws,
}

impl ObjectBody {
    /// The next piece; `None` at the end and after an error. An object that ends early is an error.
    pub async fn next(&mut self) -> Option<Result<impl AsRef<[u8]> + Send + 'static, CallError>> {
        if self.broken {
            return None;
        }
        let piece = self.stream.next().await?;
        self.broken = piece.is_err();
        Some(piece.map_err(|e| self.aws.garbled(Action::GetObject, &aws_smithy_types::error::display::DisplayErrorContext(&e))))
    }
}

impl Aws {
    /// One page of a bucket's keys, in order.
    pub async fn list_objects(&self, q: &ListQuery<'_>) -> Result<Listing, CallError> {
        let mut query = vec![("list-type", "2"), ("prefix", q.prefix)];
        let optional = [("start-after", q.start_after), ("delimiter", q.delimiter), ("continuation-token", q.token)];
        query.extend(optional.into_iter().filter_map(|(k, v)| Some((k, v?))));
        let query = query_string(&query);
        let mut answer = self.s3(Action::ListObjects, q.bucket, "", &query, &[]).await?;
        let body = answer.take_body();
        let text = std::str::from_utf8(body.bytes().unwrap_or_default()).map_err(|e| self.garbled(Action::ListObjects, &e))?;
        quick_xml::de::from_str(text).map_err(|e| self.garbled(Action::ListObjects, &e))
    }

    /// An object, or a part of it.
    pub async fn get_object(&self, bucket: &str, key: &str, range: Option<Range<u64>>) -> Result<ObjectBody, CallError> {
        let headers: Vec<_> =
            range.filter(|r| r.end > r.start).map(|r| ("range", format!("bytes={}-{}", r.start, r.end - 1))).into_iter().collect();
        let mut answer = self.s3(Action::GetObject, bucket, key, "", &headers).await?;
        let length = answer.headers().get("content-length").and_then(|l| l.parse().ok());
        Ok(ObjectBody { stream: ByteStream::new(answer.take_body()), length, broken: false, aws: self.clone() })
    }

    async fn s3(
        &self,
        action: Action,
        bucket: &str,
        key: &str,
        query: &str,
        headers: &[(&'static str, String)],
    ) -> Result<HttpResponse, CallError> {
        let mut to = self.destination(Service::S3);
        if let Some(region) = self.known_region(bucket) {
            to = at_region(to, region);
        }
        match self.s3_at(action, &to, (bucket, key), query, headers).await {
            Err(e) if e.trouble == Trouble::WrongRegion || e.region.as_ref().is_some_and(|r| *r != to.region) => {
                let Some(region) = e.region.clone().filter(|r| *r != to.region) else { return Err(e) };
                self.bucket_regions().lock().unwrap_or_else(PoisonError::into_inner).insert(bucket.to_owned(), region.clone());
                self.s3_at(action, &at_region(to, region), (bucket, key), query, headers).await
            }
            other => other,
        }
    }

    async fn s3_at(
        &self,
        action: Action,
        to: &Destination,
        (bucket, key): (&str, &str),
        query: &str,
        headers: &[(&'static str, String)],
    ) -> Result<HttpResponse, CallError> {
        let (url, path) = address(to, bucket, key);
        let to = Destination { url, ..to.clone() };
        let wire = || Wire { method: "GET", path: format!("{path}{query}"), headers: headers.to_vec(), body: Vec::new() };
        self.paced(action, || self.once(action, &to, wire())).await
    }

    fn known_region(&self, bucket: &str) -> Option<String> {
        self.bucket_regions().lock().unwrap_or_else(PoisonError::into_inner).get(bucket).cloned()
    }
}

/// The same destination in another region; a custom endpoint keeps its address and is signed anew.
fn at_region(to: Destination, region: String) -> Destination {
    let url = if to.custom { to.url } else { to.url.replace(&format!(".{}.", to.region), &format!(".{region}.")) };
    Destination { url, region, custom: to.custom }
}

/// Host and path: the bucket is part of the name, unless the endpoint is custom or dots in the bucket's
/// name would not fit the certificate.
fn address(to: &Destination, bucket: &str, key: &str) -> (String, String) {
    let key = percent(key, "/");
    if to.custom || bucket.contains('.') {
        return (to.url.clone(), format!("/{}/{key}", percent(bucket, "")));
    }
    (to.url.replacen("https://", &format!("https://{bucket}."), 1), format!("/{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aws(custom: bool) -> Destination {
        let url = if custom { "http://127.0.0.1:5555" } else { "https://s3.eu-west-1.amazonaws.com" };
        Destination { url: url.into(), region: "eu-west-1".into(), custom }
    }

    #[test]
    fn buckets_are_hosts_unless_that_cannot_work() {
        let host = ("https://logs.s3.eu-west-1.amazonaws.com".to_owned(), "/a/b%20c".to_owned());
        assert_eq!(address(&aws(false), "logs", "a/b c"), host);
        assert_eq!(address(&aws(false), "my.logs", "k").1, "/my.logs/k");
        assert_eq!(address(&aws(true), "logs", "k"), ("http://127.0.0.1:5555".into(), "/logs/k".into()));
        assert_eq!(at_region(aws(false), "us-west-2".into()).url, "https://s3.us-west-2.amazonaws.com");
    }

    #[test]
    fn listings_are_read() {
        let xml = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><IsTruncated>true</IsTruncated><Contents><Key>a</Key><Size>7</Size><ETag>\"x\"</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents><Contents><Key>b</Key><Size>9</Size></Contents><NextContinuationToken>t</NextContinuationToken></ListBucketResult>";
        let listing: Listing = quick_xml::de::from_str(xml).unwrap();
        assert_eq!(listing.objects.len(), 2);
        assert_eq!((listing.objects[1].key.as_str(), listing.objects[1].size), ("b", 9));
        assert_eq!(listing.next_continuation_token.as_deref(), Some("t"));
    }
}
