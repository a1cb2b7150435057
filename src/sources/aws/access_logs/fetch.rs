//! Objects on their way from S3 to a collector of lines: many at once, parsed while bytes arrive, resumed
//! where a body broke off. Memory is a few pieces an object, whatever its size.

use crate::accesslog::scan::{self, Buffer, Collect, Damage, Progress};
use crate::sources::aws::call::Aws;
use crate::sources::aws::errors::{CallError, Trouble};
use crate::sources::aws::s3::Object;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

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
    bucket: &str,
    objects: Vec<Object>,
    meter: Arc<Meter>,
    collector: impl Fn() -> C + Send + 'static,
) -> mpsc::Receiver<Part<C>> {
    let (parts, receiver) = mpsc::channel(IN_FLIGHT);
    let (aws, bucket): (Aws, Arc<str>) = (aws.clone(), bucket.into());
    tokio::spawn(async move {
        let mut reading = JoinSet::new();
        for object in objects {
            if reading.len() >= IN_FLIGHT && !hand_on(&mut reading, &parts).await {
                return;
            }
            reading.spawn(read(aws.clone(), bucket.clone(), object, meter.clone(), collector()));
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

async fn read<C: Collect + 'static>(aws: Aws, bucket: Arc<str>, object: Object, meter: Arc<Meter>, mut collector: C) -> Part<C> {
    let (pieces, arriving) = mpsc::channel(PIECES);
    let name = format!("s3://{bucket}/{}", object.key);
    let parsing = tokio::task::spawn_blocking({
        let name = name.clone();
        move || {
            collector.begin(&name);
            let result = scan::object(Pieces::new(arriving), &mut Buffer::default(), &mut collector);
            (collector, result)
        }
    });
    let error = stream(&aws, &bucket, &object, &meter, pieces).await.err();
    let parsed = parsing.await;
    meter.objects.fetch_add(1, Relaxed);
    let (collector, why) = match parsed {
        Ok((collector, result)) => (Some(collector), result.err().map(|e| e.to_string())),
        Err(e) => (None, Some(e.to_string())),
    };
    let why = error.as_ref().map(ToString::to_string).or(why);
    Part { collector, damage: why.map(|why| Damage { name, why }), error }
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
    use std::io::Read;

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
}
