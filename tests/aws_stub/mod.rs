//! A server that speaks AWS's protocols as AWS does and tells a case: what the simulator knows of an
//! incident comes over the wire as CloudWatch's CBOR, ELB's and EC2's XML, CloudTrail's JSON. It pages as
//! AWS pages, can deny, throttle and break, and remembers every call.

#![allow(dead_code, reason = "each test binary uses the part it needs")]

mod cloudwatch;
mod ec2;
mod elb;
mod json;
mod s3;

use alb_triage::case::Case;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// How a call was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Cbor,
    Json,
    Query,
    Ec2,
    RestXml,
    RestJson,
}

/// One call as it arrived.
#[derive(Clone, Debug)]
pub struct Call {
    pub protocol: Protocol,
    /// The signing name: `monitoring`, `ec2`, `s3`.
    pub service: String,
    pub region: String,
    pub operation: String,
    pub params: Value,
    pub path: String,
    pub method: String,
    pub headers: BTreeMap<String, String>,
    pub at: Instant,
}

impl Call {
    pub fn text(&self, key: &str) -> &str {
        self.params.get(key).and_then(Value::as_str).unwrap_or("")
    }

    /// The values of a numbered list: `Filter.1.Value.1`, `Names.member.1`.
    pub fn list(&self, prefix: &str) -> Vec<String> {
        (1..).map_while(|n| self.params.get(format!("{prefix}.{n}"))?.as_str().map(str::to_owned)).collect()
    }

    /// Filter values by name, as EC2 numbers them.
    pub fn filters(&self) -> BTreeMap<String, Vec<String>> {
        (1..)
            .map_while(|n| {
                let name = self.params.get(format!("Filter.{n}.Name"))?.as_str()?.to_owned();
                Some((name, self.list(&format!("Filter.{n}.Value"))))
            })
            .collect()
    }
}

/// What the server says.
#[derive(Clone, Debug)]
pub enum Reply {
    Cbor(ciborium::Value),
    Xml(String),
    Json(Value),
    Bytes(Vec<u8>),
    Error {
        status: u16,
        code: &'static str,
        message: String,
    },
    /// Any status, headers and bytes.
    Raw {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// Half of a body, then the connection breaks.
    CutOff(Box<Reply>),
    /// Bytes without a length and without an end.
    Endless,
    /// No answer, ever.
    Silence,
}

impl Reply {
    pub fn error(status: u16, code: &'static str) -> Self {
        Self::Error { status, code, message: format!("{code}: said by the test") }
    }
}

/// A map of texts.
pub fn cbor(pairs: &[(&str, &str)]) -> ciborium::Value {
    cloudwatch::map(pairs.iter().map(|(k, v)| (*k, cloudwatch::text(v))).collect())
}

/// A map with one list.
pub fn cbor_list(name: &str, list: Vec<ciborium::Value>) -> ciborium::Value {
    cloudwatch::map(vec![(name, ciborium::Value::Array(list))])
}

type Rule = Box<dyn Fn(&Call) -> Option<Reply> + Send + Sync>;

struct Shared {
    case: Case,
    rules: Mutex<Vec<(String, Rule)>>,
    calls: Mutex<Vec<Call>>,
    objects: Mutex<BTreeMap<(String, String), Vec<u8>>>,
    page: Mutex<usize>,
}

/// The running server; it stops with the test's runtime.
#[derive(Clone)]
pub struct Stub {
    pub url: String,
    shared: Arc<Shared>,
}

impl Stub {
    /// A server that tells this case.
    pub async fn telling(case: Case) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            case,
            rules: Mutex::default(),
            calls: Mutex::default(),
            objects: Mutex::default(),
            page: Mutex::new(usize::MAX),
        });
        let stub = Self { url, shared };
        let serving = stub.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let stub = serving.clone();
                tokio::spawn(async move {
                    let service = hyper::service::service_fn(move |request| {
                        let stub = stub.clone();
                        async move { stub.serve(request).await }
                    });
                    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        stub
    }

    /// From now on this answers calls of that operation, unless it says `None`. The newest rule goes first.
    pub fn on(&self, operation: &str, rule: impl Fn(&Call) -> Option<Reply> + Send + Sync + 'static) {
        self.shared.rules.lock().unwrap().insert(0, (operation.to_owned(), Box::new(rule)));
    }

    /// The operation fails so, `times` times.
    pub fn fail(&self, operation: &str, times: usize, status: u16, code: &'static str) {
        let left = Mutex::new(times);
        self.on(operation, move |_| {
            let mut left = left.lock().unwrap();
            *left = left.checked_sub(1)?;
            Some(Reply::error(status, code))
        });
    }

    /// Pages hold at most this many items.
    pub fn page_size(&self, items: usize) {
        *self.shared.page.lock().unwrap() = items;
    }

    pub fn object(&self, bucket: &str, key: &str, bytes: &[u8]) {
        self.shared.objects.lock().unwrap().insert((bucket.to_owned(), key.to_owned()), bytes.to_vec());
    }

    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    pub fn count(&self, operation: &str) -> usize {
        self.calls().iter().filter(|c| c.operation == operation).count()
    }

    async fn serve(&self, request: Request<Incoming>) -> Result<Response<BoxBody<Bytes, std::io::Error>>, hyper::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let call = understand(&head, &body);
        self.shared.calls.lock().unwrap().push(call.clone());
        let reply = self.reply(&call);
        if matches!(reply, Reply::Silence) {
            std::future::pending::<()>().await;
        }
        Ok(said(&call, reply))
    }

    fn reply(&self, call: &Call) -> Reply {
        for (operation, rule) in self.shared.rules.lock().unwrap().iter() {
            if *operation == call.operation
                && let Some(reply) = rule(call)
            {
                return reply;
            }
        }
        let world = World { case: &self.shared.case, page: *self.shared.page.lock().unwrap() };
        match call.service.as_str() {
            "monitoring" => cloudwatch::reply(&world, call),
            "elasticloadbalancing" => elb::reply(&world, call),
            "ec2" => ec2::reply(&world, call),
            "s3" => s3::reply(&self.shared.objects.lock().unwrap(), call),
            _ => json::reply(&world, call),
        }
        .unwrap_or_else(|| Reply::error(400, "UnknownOperationException"))
    }
}

/// What the answers are made from.
pub struct World<'a> {
    pub case: &'a Case,
    pub page: usize,
}

impl World<'_> {
    /// One page of a list and the token of the next.
    pub fn page<T: Clone>(&self, all: &[T], token: &str, most: usize) -> (Vec<T>, Option<String>) {
        let from = token.parse::<usize>().unwrap_or(0).min(all.len());
        let to = from.saturating_add(most.min(self.page)).min(all.len());
        (all[from..to].to_vec(), (to < all.len()).then(|| to.to_string()))
    }
}

fn understand(head: &hyper::http::request::Parts, body: &[u8]) -> Call {
    let headers: BTreeMap<String, String> =
        head.headers.iter().map(|(k, v)| (k.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned())).collect();
    let path = head.uri.path().to_owned();
    // AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request
    let scope: Vec<String> = headers.get("authorization").map_or(Vec::new(), |a| a.split(['/', ',']).map(str::to_owned).collect());
    let (region, service) = (scope.get(2).cloned().unwrap_or_default(), scope.get(3).cloned().unwrap_or_default());
    let (protocol, operation, params) = if let Some(operation) = path.split("/operation/").nth(1) {
        let value: ciborium::Value = ciborium::from_reader(body).unwrap_or(ciborium::Value::Null);
        (Protocol::Cbor, operation.to_owned(), from_cbor(&value))
    } else if let Some(target) = headers.get("x-amz-target") {
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        (Protocol::Json, operation, serde_json::from_slice(body).unwrap_or_default())
    } else if body.starts_with(b"Action=") {
        let params = form(&String::from_utf8_lossy(body));
        let protocol = if service == "ec2" { Protocol::Ec2 } else { Protocol::Query };
        (protocol, params["Action"].as_str().unwrap_or_default().to_owned(), params)
    } else {
        let params = form(head.uri.query().unwrap_or_default());
        let protocol = if service == "s3" { Protocol::RestXml } else { Protocol::RestJson };
        (protocol, rest_operation(&service, &path, &params), params)
    };
    Call { protocol, service, region, operation, params, path, method: head.method.to_string(), headers, at: Instant::now() }
}

fn rest_operation(service: &str, path: &str, params: &Value) -> String {
    let operation = match (service, path) {
        ("s3", _) if params.get("list-type").is_some() => "ListObjectsV2",
        ("s3", _) if params.get("location").is_some() => "GetBucketLocation",
        ("s3", _) => "GetObject",
        (_, "/autoshifts") => "ListAutoshifts",
        (_, "/zonalshifts") => "ListZonalShifts",
        _ => "Unknown",
    };
    operation.to_owned()
}

fn form(text: &str) -> Value {
    let pairs = text.split('&').filter(|p| !p.is_empty()).map(|pair| {
        let (k, v) = pair.split_once('=').unwrap_or((pair, ""));
        (unescape(k), Value::String(unescape(v)))
    });
    Value::Object(pairs.collect::<Map<_, _>>())
}

pub fn unescape(text: &str) -> String {
    let bytes = text.replace('+', " ").into_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == b'%' && i + 2 < bytes.len() {
            let hex = std::str::from_utf8(&bytes[i + 1..i + 3]).unwrap_or("");
            out.push(u8::from_str_radix(hex, 16).unwrap_or(b'?'));
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn from_cbor(value: &ciborium::Value) -> Value {
    use ciborium::Value as C;
    match value {
        C::Text(t) => Value::String(t.clone()),
        C::Integer(i) => Value::from(i64::try_from(i128::from(*i)).unwrap_or_default()),
        C::Float(f) => Value::from(*f),
        C::Bool(b) => Value::from(*b),
        C::Array(a) => a.iter().map(from_cbor).collect(),
        C::Tag(_, inner) => from_cbor(inner),
        C::Map(m) => Value::Object(m.iter().map(|(k, v)| (k.as_text().unwrap_or_default().to_owned(), from_cbor(v))).collect()),
        _ => Value::Null,
    }
}

fn endless() -> Response<BoxBody<Bytes, std::io::Error>> {
    let (pieces, body) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, std::io::Error>>(2);
    tokio::spawn(async move { while pieces.send(Ok(Frame::data(Bytes::from_static(&[b' '; 1 << 18])))).await.is_ok() {} });
    Response::new(BodyExt::boxed(StreamBody::new(tokio_stream::wrappers::ReceiverStream::new(body))))
}

fn said(call: &Call, reply: Reply) -> Response<BoxBody<Bytes, std::io::Error>> {
    if matches!(reply, Reply::Endless) {
        return endless();
    }
    let (status, headers, body) = encoded(call, reply.clone());
    let mut response = Response::builder().status(status);
    for (k, v) in headers {
        response = response.header(k, v);
    }
    let body = if matches!(reply, Reply::CutOff(_)) {
        let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
        response = response.header("content-length", body.len());
        let (pieces, body) = tokio::sync::mpsc::channel(2);
        tokio::spawn(async move {
            let _ = pieces.send(Ok(Frame::data(half))).await;
            // Long enough for the half to be on its way.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let _ = pieces.send(Err(std::io::Error::other("cut off by the test"))).await;
        });
        BodyExt::boxed(StreamBody::new(tokio_stream::wrappers::ReceiverStream::new(body)))
    } else {
        Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed()
    };
    response.body(body).unwrap()
}

fn encoded(call: &Call, reply: Reply) -> (u16, Vec<(&'static str, String)>, Vec<u8>) {
    let with = |kind: &str| vec![("content-type", kind.to_owned())];
    match reply {
        Reply::Cbor(value) => {
            let mut body = Vec::new();
            ciborium::into_writer(&value, &mut body).unwrap();
            (200, vec![("content-type", "application/cbor".into()), ("smithy-protocol", "rpc-v2-cbor".into())], body)
        }
        Reply::Xml(xml) => (200, with("text/xml"), xml.into_bytes()),
        Reply::Json(json) => (200, with("application/x-amz-json-1.1"), json.to_string().into_bytes()),
        Reply::Bytes(bytes) => (200, with("application/octet-stream"), bytes),
        Reply::Raw { status, headers, body } => (status, headers, body),
        Reply::CutOff(inner) => encoded(call, *inner),
        Reply::Endless | Reply::Silence => unreachable!("it never ends"),
        Reply::Error { status, code, message } => error(call, status, code, &message),
    }
}

/// An error in the words of each protocol.
fn error(call: &Call, status: u16, code: &str, message: &str) -> (u16, Vec<(&'static str, String)>, Vec<u8>) {
    match call.protocol {
        Protocol::Cbor => {
            use ciborium::Value as C;
            let value = C::Map(vec![
                (C::Text("__type".into()), C::Text(format!("com.amazonaws.cloudwatch#{code}"))),
                (C::Text("message".into()), C::Text(message.into())),
            ]);
            let mut body = Vec::new();
            ciborium::into_writer(&value, &mut body).unwrap();
            let headers = vec![
                ("content-type", "application/cbor".to_owned()),
                ("smithy-protocol", "rpc-v2-cbor".to_owned()),
                ("x-amzn-query-error", format!("{code};Sender")),
            ];
            (status, headers, body)
        }
        Protocol::Json | Protocol::RestJson => {
            let body = serde_json::json!({"__type": format!("com.amazonaws.test#{code}"), "message": message});
            (status, vec![("content-type", "application/x-amz-json-1.1".into())], body.to_string().into_bytes())
        }
        Protocol::Query => {
            let xml = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error><RequestId>r</RequestId></ErrorResponse>",
                escape(message)
            );
            (status, vec![("content-type", "text/xml".into())], xml.into_bytes())
        }
        Protocol::Ec2 => {
            let xml = format!(
                "<Response><Errors><Error><Code>{code}</Code><Message>{}</Message></Error></Errors><RequestID>r</RequestID></Response>",
                escape(message)
            );
            (status, vec![("content-type", "text/xml".into())], xml.into_bytes())
        }
        Protocol::RestXml => {
            let xml = format!("<Error><Code>{code}</Code><Message>{}</Message><RequestId>r</RequestId></Error>", escape(message));
            (status, vec![("content-type", "application/xml".into())], xml.into_bytes())
        }
    }
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// `<name>text</name>`, or nothing for nothing.
pub fn tag(name: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<{name}>{}</{name}>", escape(text)) }
}

/// `<list><item>…</item></list>`
pub fn items(list: &str, each: impl IntoIterator<Item = String>) -> String {
    let inner: String = each.into_iter().map(|i| format!("<item>{i}</item>")).collect();
    format!("<{list}>{inner}</{list}>")
}

/// `<List><member>…</member></List>`
pub fn members(list: &str, each: impl IntoIterator<Item = String>) -> String {
    let inner: String = each.into_iter().map(|i| format!("<member>{i}</member>")).collect();
    format!("<{list}>{inner}</{list}>")
}
