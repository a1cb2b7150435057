//! What AWS says about changes, turned into [`Event`](crate::case::events::Event)s: one module a source.
//! Pure: answers of the services in, events out. Knows no network, no clock, and not which balancer
//! is asked about; what an event is worth is judged by [`crate::analysis::timeline`].

pub mod alarms;
pub mod autoscaling;
pub mod calls;
pub mod cloudtrail;
pub mod codedeploy;
pub mod console;
pub mod ecs;
pub mod health;
pub mod instances;
pub mod json;
pub mod zonal_shift;

/// `a, b, c and 4 more`: a list that stays one line whatever its length.
pub(crate) fn listed(all: impl IntoIterator<Item = String>) -> String {
    const SHOWN: usize = 4;
    let mut all = all.into_iter();
    let shown: Vec<String> = all.by_ref().take(SHOWN).collect();
    match all.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
