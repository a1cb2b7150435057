//! Numbers about series: when errors happened, what moved with them, where. Pure functions of the case
//! and a window; knows nothing of causes.

pub mod baseline;
pub mod correlation;
pub mod episodes;
pub mod grid;
pub mod localisation;
pub mod onset;
mod parts;
pub mod scene;
pub mod shift;
pub mod states;
pub mod timeline;

use crate::case::Case;
use crate::case::series::SeriesKey;
use crate::metrics::Role;
use crate::time::{Time, Window};

/// What the numbers say about one window of a case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    pub window: Option<Window>,
    /// In order of time.
    pub episodes: Vec<Episode>,
    /// By role, then best first; `rank` counts within a role.
    pub correlations: Vec<Correlation>,
    pub place: localisation::Place,
    pub timeline: timeline::Timeline,
}

/// One stretch of errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    pub onset: Time,
    /// How far off the onset may be, in seconds either way.
    pub onset_uncertainty: u32,
    /// `None` while it lasts.
    pub end: Option<Time>,
    /// The most errors in one period.
    pub peak: f64,
    pub total: f64,
    /// Log-likelihood ratio of this stretch against the background.
    pub score: f64,
    /// A breach of the threshold that does not stand out of the background.
    pub isolated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    Up,
    Down,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    Leads,
    Coincides,
    Follows,
    Consequence,
}

/// How one series moves with the errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    pub key: SeriesKey,
    pub role: Role,
    /// From 1 within its role.
    pub rank: u32,
    /// Association beyond chance, 0 to 1; the plain correlation less what shifted time reaches.
    pub score: f64,
    pub r: f64,
    /// The correlation that 95 of 100 other alignments in time stay below.
    pub r_by_chance: f64,
    /// Seconds; negative when the series moves before the errors.
    pub lag: i64,
    pub onset: Option<Time>,
    pub onset_uncertainty: u32,
    pub direction: Direction,
    pub order: Order,
    /// Typical value before and during the errors.
    pub before: f64,
    pub during: f64,
    /// The step at onset in units of the series' usual change.
    pub step: f64,
    /// Passed the threshold for this many candidates: the association is claimed.
    pub associated: bool,
    /// The series stopped being published when the errors began.
    pub went_silent: bool,
    /// The errors fill too much of the data to know what chance would reach: ranked by the size of the effect.
    pub by_effect: bool,
}

impl Analysis {
    /// Looks at `window` of the case.
    pub fn of(case: &Case, window: Window) -> Self {
        let episodes = episodes::find(case, window);
        let correlations = correlation::rank(case, window, &episodes);
        let place = localisation::locate(case, window, &episodes);
        let timeline = timeline::build(case, window, &episodes);
        Self { window: Some(window), episodes, correlations, place, timeline }
    }

    /// The first real episode, or else the first breach.
    pub fn main_episode(&self) -> Option<&Episode> {
        self.episodes.iter().filter(|e| !e.isolated).max_by(|a, b| a.total.total_cmp(&b.total)).or_else(|| self.episodes.first())
    }

    /// The onset that everything is measured against.
    pub fn onset(&self) -> Option<Time> {
        self.main_episode().map(|e| e.onset)
    }
}
