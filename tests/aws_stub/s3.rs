//! S3: listing by prefix and reading objects, in path style.

use super::{Call, Reply, escape, unescape};
use std::collections::BTreeMap;

type Objects = BTreeMap<(String, String), Vec<u8>>;

pub fn reply(objects: &Objects, call: &Call) -> Option<Reply> {
    let path = unescape(call.path.trim_start_matches('/'));
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    if !objects.keys().any(|(b, _)| b == bucket) {
        return Some(Reply::error(404, "NoSuchBucket"));
    }
    match call.operation.as_str() {
        "ListObjectsV2" => Some(list(objects, bucket, call)),
        "GetObject" => {
            Some(objects.get(&(bucket.to_owned(), key.to_owned())).map_or(Reply::error(404, "NoSuchKey"), |b| Reply::Bytes(b.clone())))
        }
        _ => None,
    }
}

fn list(objects: &Objects, bucket: &str, call: &Call) -> Reply {
    let after = call.text("continuation-token").max(call.text("start-after"));
    let keys: Vec<_> =
        objects.iter().filter(|((b, k), _)| b == bucket && k.starts_with(call.text("prefix")) && k.as_str() > after).collect();
    let most = call.text("max-keys").parse().unwrap_or(1000).min(1000);
    let more = keys.len() > most;
    let shown = &keys[..keys.len().min(most)];
    let contents: String = shown
        .iter()
        .map(|((_, k), v)| {
            format!(
                "<Contents><Key>{}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>\"{}\"</ETag><Size>{}</Size></Contents>",
                escape(k),
                v.len(),
                v.len()
            )
        })
        .collect();
    let token = if more {
        format!("<NextContinuationToken>{}</NextContinuationToken>", escape(&shown[shown.len() - 1].0.1))
    } else {
        String::new()
    };
    Reply::Xml(format!(
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>{bucket}</Name><IsTruncated>{more}</IsTruncated>{contents}{token}</ListBucketResult>"
    ))
}
