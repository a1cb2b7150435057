//! Where facts come from. Knows AWS and files, never the screen.

pub mod aws;
pub mod demo;
pub mod probe;

use crate::exchange::{Ask, Fact};
use tokio::sync::mpsc;

/// The wire between a session and its source. Asks never wait; facts come in handfuls, in order.
pub struct Link {
    pub asks: mpsc::UnboundedSender<Ask>,
    pub facts: mpsc::Receiver<Vec<Fact>>,
}

/// The ends a source holds: asks come in (closed when the session ends), facts go out.
pub struct SourceEnd {
    pub asks: mpsc::UnboundedReceiver<Ask>,
    pub facts: mpsc::Sender<Vec<Fact>>,
}

/// A new wire.
pub fn wire() -> (Link, SourceEnd) {
    let (asks, asked) = mpsc::unbounded_channel();
    let (learned, facts) = mpsc::channel(64);
    (Link { asks, facts }, SourceEnd { asks: asked, facts: learned })
}

/// A recorded case as a source: says everything it knows and then stays silent. Asks are heard and left
/// unanswered, since a recording can learn nothing new.
pub fn replay(facts: Vec<Fact>) -> Link {
    let (link, end) = wire();
    // The channel has room for one handful, so this cannot fail while both ends are here.
    let _ = end.facts.try_send(facts);
    link
}
