//! How requests are written and answers are read: query forms, paths, and the error bodies of every
//! protocol. Knows nothing of signing or sending.

use aws_smithy_types::error::metadata::ErrorMetadata;
use quick_xml::events::Event;
use std::fmt::Write;

/// Parameters of a query call, numbered as the query protocols want lists.
#[derive(Clone, Debug, Default)]
pub struct Params {
    pairs: Vec<(String, String)>,
    filters: usize,
}

impl Params {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.push((name.into(), value.into()));
        self
    }

    /// EC2's way: `InstanceId.1=…`.
    pub fn list<S: AsRef<str>>(mut self, name: &str, values: impl IntoIterator<Item = S>) -> Self {
        for (i, v) in values.into_iter().enumerate() {
            self.pairs.push((format!("{name}.{}", i + 1), v.as_ref().to_owned()));
        }
        self
    }

    /// The others' way: `AutoScalingGroupNames.member.1=…`.
    pub fn members<S: AsRef<str>>(self, name: &str, values: impl IntoIterator<Item = S>) -> Self {
        self.list(&format!("{name}.member"), values)
    }

    /// One more of EC2's filters: any of `values`.
    pub fn filter<S: AsRef<str>>(mut self, name: &str, values: impl IntoIterator<Item = S>) -> Self {
        self.filters += 1;
        let n = self.filters;
        self.with(format!("Filter.{n}.Name"), name).list(&format!("Filter.{n}.Value"), values)
    }

    /// The same call for its next page.
    pub fn page(&self, token: &str) -> Self {
        self.clone().with("NextToken", token)
    }

    /// As pairs, for origins.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    pub(super) fn form(&self, operation: &str, version: &str) -> String {
        let mut out = format!("Action={operation}&Version={version}");
        for (k, v) in &self.pairs {
            let _ = write!(out, "&{}={}", percent(k, ""), percent(v, ""));
        }
        out
    }
}

/// Percent-encodes all but unreserved characters and those in `keep`.
pub(super) fn percent(raw: &str, keep: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for b in raw.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) || keep.as_bytes().contains(&b) {
            out.push(char::from(b));
        } else {
            let _ = write!(out, "%{b:02X}");
        }
    }
    out
}

/// `?a=1&b=2` from pairs; empty for none.
pub(super) fn query_string(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (k, v) in pairs {
        out.push(if out.is_empty() { '?' } else { '&' });
        let _ = write!(out, "{}={}", percent(k, ""), percent(v, ""));
    }
    out
}

/// Code and message of an error answer, in whatever protocol it came. `header` is `x-amzn-errortype`.
pub(super) fn fault(body: &[u8], header: Option<&str>) -> ErrorMetadata {
    let (code, message) = if body.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'<') { from_xml(body) } else { from_json(body) };
    let code = code.or_else(|| header.map(str::to_owned)).map(|c| short_code(&c).to_owned());
    let mut meta = ErrorMetadata::builder();
    if let Some(code) = code {
        meta = meta.code(code);
    }
    if let Some(message) = message {
        meta = meta.message(message);
    }
    meta.build()
}

/// `Throttling` out of `com.amazon.coral#Throttling:http://…`.
fn short_code(code: &str) -> &str {
    let code = code.split(':').next().unwrap_or(code);
    code.rsplit('#').next().unwrap_or(code)
}

fn from_json(body: &[u8]) -> (Option<String>, Option<String>) {
    let Ok(serde_json::Value::Object(map)) = serde_json::from_slice(body) else { return (None, None) };
    let text = |names: &[&str]| names.iter().find_map(|n| map.get(*n)?.as_str()).map(str::to_owned);
    (text(&["__type", "code", "Code"]), text(&["message", "Message", "errorMessage"]))
}

/// The first `Code` and the first `Message`, wherever the dialect puts them.
fn from_xml(body: &[u8]) -> (Option<String>, Option<String>) {
    let mut found: [Option<String>; 2] = [None, None];
    let mut reader = quick_xml::Reader::from_reader(body);
    let mut inside: Option<(usize, String)> = None;
    loop {
        match reader.read_event() {
            Ok(Event::Start(e)) => {
                let slot = ["Code", "Message"].iter().position(|n| e.name().as_ref() == *n);
                inside = slot.map(|slot| (slot, String::new()));
            }
            Ok(Event::Text(t)) => inside.iter_mut().for_each(|(_, text)| text.push_str(&t)),
            Ok(Event::GeneralRef(r)) => {
                let plain = quick_xml::escape::resolve_predefined_entity(&r).unwrap_or(" ");
                inside.iter_mut().for_each(|(_, text)| text.push_str(plain));
            }
            Ok(Event::End(_)) => {
                if let Some((slot, text)) = inside.take() {
                    found[slot].get_or_insert(text);
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    let [code, message] = found;
    (code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(body: &str, header: Option<&str>) -> (String, String) {
        let meta = fault(body.as_bytes(), header);
        (meta.code().unwrap_or_default().to_owned(), meta.message().unwrap_or_default().to_owned())
    }

    #[test]
    fn errors_of_every_protocol_are_read() {
        let ec2 = "<?xml version=\"1.0\"?><Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized</Message></Error></Errors><RequestID>x</RequestID></Response>";
        assert_eq!(pair(ec2, None), ("UnauthorizedOperation".into(), "You are not authorized".into()));
        let query = "<ErrorResponse xmlns=\"h\"><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
        assert_eq!(pair(query, None), ("Throttling".into(), "Rate exceeded".into()));
        let json = r#"{"__type":"com.amazonaws.logs#AccessDeniedException","message":"no"}"#;
        assert_eq!(pair(json, None), ("AccessDeniedException".into(), "no".into()));
        assert_eq!(pair("{}", Some("ThrottlingException:http://x")).0, "ThrottlingException");
        assert_eq!(pair("<html>oops", None).0, "");
        assert_eq!(pair("", None).0, "");
    }

    #[test]
    fn forms_number_their_lists_and_escape() {
        let p = Params::new().filter("vpc-id", ["vpc-1"]).filter("tag:Name", ["a b", "ü&"]).list("InstanceId", ["i-1"]);
        assert_eq!(
            p.form("DescribeInstances", "2016-11-15"),
            "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&Filter.2.Name=tag%3AName&Filter.2.Value.1=a%20b&Filter.2.Value.2=%C3%BC%26&InstanceId.1=i-1"
        );
    }
}
