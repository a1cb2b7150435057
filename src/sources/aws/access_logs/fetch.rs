//! Objects on their way from S3 to a collector of lines: many at once, parsed while bytes arrive, resumed
//! where a body broke off. Memory is a few pieces an object, whatever its size.

use super::cache::{Cache, Tee};
use crate::accesslog::scan::{self, Buffer, Collect, Damage, Progress};
use crate::sources::aws::call::Aws;
use crate::sources::aws::errors::{CallError, Trouble};
use crate::sources::aws::s3::Object;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

/// Objects on their way at once.
const IN_FLIGHT: usize = 16;
/// Pieces of an object that wait for the parser.
const PIECES: usize = 8;
/// How often a body that broke off is taken up again without having come further.
const TRIES: u32 = 4;

/// One object read: what its lines came to, and what went wrong.
#[derive(Debug)]
pub struct Part<C> {
    /// What was read, also when it was not all. Gone only if reading it failed inside this program.
    pub collector: Option<C>,
    pub damage: Option<Damage>,
    /// The call that failed, if one did.
    pub error: Option<CallError>,
}

/// How far all objects together have come.
#[derive(Debug)]
pub struct Meter {
    objects: AtomicU64,
    bytes: AtomicU64,
    of_objects: u64,
    of_bytes: u64,
    start: Instant,
}

impl Meter {
    pub fn new(objects: &[Object]) -> Self {
        Self {
            objects: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            of_objects: objects.len() as u64,
            of_bytes: objects.iter().map(|o| o.size).sum(),
            start: Instant::now(),
        }
    }

    pub fn progress(&self) -> Progress {
        Progress { files: self.objects.load(Relaxed), of_files: self.of_objects, bytes: self.bytes.load(Relaxed), of_bytes: self.of_bytes }
    }

    /// `12 of 48 files, 30 of 120 MB, 21 MB/s, 5 s left`
    pub fn in_words(&self) -> String {
        self.progress().in_words(self.start.elapsed().as_secs_f64())
    }
}

/// Begins to read objects in their order; parts come as they are done, and end when all are. Dropping the
/// receiver stops the reading.
pub fn start<C: Collect + 'static>(
    aws: &Aws,
    cache: Option<Cache>,
    bucket: &str,
    objects: Vec<Object>,
    meter: Arc<Meter>,
    collector: impl Fn() -> C + Send + 'static,
) -> mpsc::Receiver<Part<C>> {
    let (parts, receiver) = mpsc::channel(IN_FLIGHT);
    let store = Store { aws: aws.clone(), bucket: bucket.into(), cache };
    tokio::spawn(async move {
        let mut reading = JoinSet::new();
        for object in objects {
            if reading.len() >= IN_FLIGHT && !hand_on(&mut reading, &parts).await {
                return;
            }
            reading.spawn(read(store.clone(), object, meter.clone(), collector()));
        }
        while !reading.is_empty() && hand_on(&mut reading, &parts).await {}
    });
    receiver
}

/// Waits for one object and passes it on; says whether anyone still listens.
async fn hand_on<C: Send + 'static>(reading: &mut JoinSet<Part<C>>, parts: &mpsc::Sender<Part<C>>) -> bool {
    match reading.join_next().await {
        Some(Ok(part)) => parts.send(part).await.is_ok(),
        Some(Err(_)) => !parts.is_closed(),
        None => false,
    }
}

/// Where objects come from.
#[derive(Clone)]
struct Store {
    aws: Aws,
    bucket: Arc<str>,
    cache: Option<Cache>,
}

async fn read<C: Collect + 'static>(store: Store, object: Object, meter: Arc<Meter>, collector: C) -> Part<C> {
    let name = format!("s3://{}/{}", store.bucket, object.key);
    let (parsed, error) = match store.cache.as_ref().and_then(|c| c.find(&store.bucket, &object)) {
        Some(file) => {
            meter.bytes.fetch_add(object.size, Relaxed);
            (parse(name.clone(), file, collector, |_| {}).await, None)
        }
        None => arrive(&store, &object, &meter, &name, collector).await,
    };
    meter.objects.fetch_add(1, Relaxed);
    let (collector, why) = match parsed {
        Ok((collector, result)) => (Some(collector), result.err().map(|e| e.to_string())),
        Err(e) => (None, Some(e.to_string())),
    };
    let why = error.as_ref().map(ToString::to_string).or(why);
    Part { collector, damage: why.map(|why| Damage { name, why, begun: true }), error }
}

type Parsed<C> = Result<(C, io::Result<()>), JoinError>;

/// Parses an object while it arrives; keeps it if it was sound to its end.
async fn arrive<C: Collect + 'static>(
    store: &Store,
    object: &Object,
    meter: &Meter,
    name: &str,
    collector: C,
) -> (Parsed<C>, Option<CallError>) {
    let (pieces, arriving) = mpsc::channel(PIECES);
    let keeping = store.cache.as_ref().and_then(|c| c.keep(&store.bucket, object));
    let tee = Tee { from: Pieces::new(arriving), keeping };
    let parsing = parse(name.to_owned(), tee, collector, |tee| {
        if let Some(keeping) = tee.keeping {
            keeping.finish();
        }
    });
    let (streamed, parsed) = tokio::join!(stream(&store.aws, &store.bucket, object, meter, pieces), parsing);
    (parsed, streamed.err())
}

/// Reads a source to its end on a thread that may wait; `whole` gets it back if all was well.
async fn parse<C, R>(name: String, mut source: R, mut collector: C, whole: impl FnOnce(R) + Send + 'static) -> Parsed<C>
where
    C: Collect + 'static,
    R: io::Read + Send + 'static,
{
    tokio::task::spawn_blocking(move || {
        collector.begin(&name);
        let result = scan::object(&mut source, &mut Buffer::default(), &mut collector);
        if result.is_ok() {
            whole(source);
        }
        (collector, result)
    })
    .await
}

/// Sends an object's bytes piece by piece, taking it up again where it broke off.
async fn stream(aws: &Aws, bucket: &str, object: &Object, meter: &Meter, pieces: mpsc::Sender<io::Result<Piece>>) -> Result<(), CallError> {
    let (mut at, mut tries) = (0u64, 0);
    loop {
        let before = at;
        let Err(error) = body(aws, bucket, object, &mut at, meter, &pieces).await else { return Ok(()) };
        tries = if at > before { 0 } else { tries + 1 };
        let for_good = error.is_hopeless() || matches!(error.trouble, Trouble::Denied | Trouble::NotFound | Trouble::Invalid);
        if for_good || tries >= TRIES {
            // The parser must not take what came so far for the whole object.
            let _ = pieces.send(Err(io::Error::other(error.to_string()))).await;
            return Err(error);
        }
        tokio::time::sleep(Duration::from_millis(200) * 2u32.pow(tries)).await;
    }
}

async fn body(
    aws: &Aws,
    bucket: &str,
    object: &Object,
    at: &mut u64,
    meter: &Meter,
    pieces: &mpsc::Sender<io::Result<Piece>>,
) -> Result<(), CallError> {
    let rest = (*at > 0).then_some(*at..object.size);
    if rest.as_ref().is_some_and(std::ops::Range::is_empty) {
        return Ok(());
    }
    let mut body = aws.get_object(bucket, &object.key, rest).await?;
    while let Some(piece) = body.next().await {
        let piece = piece?;
        let len = piece.as_ref().len() as u64;
        *at += len;
        meter.bytes.fetch_add(len, Relaxed);
        if pieces.send(Ok(Box::new(piece))).await.is_err() {
            // The parser has seen enough: the object is damaged.
            return Ok(());
        }
    }
    Ok(())
}

type Piece = Box<dyn AsRef<[u8]> + Send>;

/// Pieces as they arrive, as one stream for a thread that may wait.
struct Pieces {
    arriving: mpsc::Receiver<io::Result<Piece>>,
    piece: Option<Piece>,
    used: usize,
}

impl Pieces {
    fn new(arriving: mpsc::Receiver<io::Result<Piece>>) -> Self {
        Self { arriving, piece: None, used: 0 }
    }
}

impl io::Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let rest = self.piece.as_ref().map_or(&[][..], |p| &(**p).as_ref()[self.used..]);
            if !rest.is_empty() {
                let n = rest.len().min(into.len());
                into[..n].copy_from_slice(&rest[..n]);
                self.used += n;
                return Ok(n);
            }
            match self.arriving.blocking_recv() {
                None => return Ok(0),
                Some(piece) => (self.piece, self.used) = (Some(piece?), 0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, Read, Write};

    #[test]
    fn pieces_are_one_stream_and_an_error_is_no_end() {
        let (send, arriving) = mpsc::channel::<io::Result<Piece>>(8);
        for text in ["ab", "", "c"] {
            send.try_send(Ok(Box::new(text))).unwrap();
        }
        send.try_send(Err(io::Error::other("broken"))).unwrap();
        let mut pieces = Pieces::new(arriving);
        let mut text = Vec::new();
        assert!(pieces.read_to_end(&mut text).is_err());
        assert_eq!(text, b"abc");
    }

    /// A bucket whose bodies break off: each answer brings half of what was asked for, the fourth the rest.
    fn breaking(body: Vec<u8>) -> (String, Arc<AtomicU64>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (url, asked) = (format!("http://{}", listener.local_addr().unwrap()), Arc::new(AtomicU64::new(0)));
        let count = asked.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let from = range(&mut stream);
                let rest = &body[from..];
                let sent = if count.fetch_add(1, Relaxed) < 3 { &rest[..rest.len() / 2] } else { rest };
                let status = if from > 0 { "206 Partial Content" } else { "200 OK" };
                let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", rest.len());
                let _ = stream.write_all(sent);
            }
        });
        (url, asked)
    }

    /// Where the request's range begins.
    fn range(stream: &mut std::net::TcpStream) -> usize {
        let mut lines = io::BufReader::new(stream).lines().map_while(Result::ok).take_while(|l| !l.is_empty());
        let range = lines.by_ref().find_map(|l| l.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
        lines.for_each(drop);
        range.and_then(|r| r.split('-').next()?.parse().ok()).unwrap_or(0)
    }

    #[derive(Default)]
    struct Text(Vec<u8>);

    impl Collect for Text {
        fn begin(&mut self, _: &str) {}
        fn take(&mut self, lines: &[u8]) {
            self.0.extend_from_slice(lines);
        }
        fn overlong(&mut self, _: &[u8]) {}
    }

    #[tokio::test]
    async fn an_object_that_breaks_off_is_taken_up_where_it_was_and_kept_for_the_next_time() {
        let text: Vec<u8> = (0..50_000u32).flat_map(|n| format!("{}\n", n.wrapping_mul(2_654_435_761)).into_bytes()).collect();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&text).unwrap();
        let body = packed.finish().unwrap();
        let object = Object { key: "k.log.gz".into(), size: body.len() as u64, ..Object::default() };
        let dir = tempfile::tempdir().unwrap();
        let (url, asked) = breaking(body);
        for _ in 0..2 {
            let meter = Arc::new(Meter::new(std::slice::from_ref(&object)));
            let cache = Cache::open(dir.path(), 1 << 30);
            let mut parts = start(&Aws::for_tests(&url), cache, "b", vec![object.clone()], meter.clone(), Text::default);
            let part = parts.recv().await.unwrap();
            assert_eq!((part.damage, part.error.map(|e| e.to_string())), (None, None));
            assert!(part.collector.unwrap().0 == text);
            assert_eq!(meter.progress().bytes, object.size);
            assert!(parts.recv().await.is_none());
        }
        assert_eq!(asked.load(Relaxed), 4, "the second time it came from this machine");
    }
}
